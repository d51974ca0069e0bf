"""Curves and labels that several families of the seventeenth set share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import both, counted
from benchmarks.blind.fifteenth.making import nears
from benchmarks.blind.thirteenth.making import hangs, levels
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]
    Rng = np.random.Generator


def eased(t: Array, start: float, end: float, by: float = 1.0) -> Array:
    """Goes to `end` ever more slowly and is there at a share of the run, for good."""
    return end + (start - end) * np.clip(1 - t / by, 0, None) ** 2


def rises(t: Array, low: float, high: float, middle: float = 0.3, width: float = 0.1) -> Array:
    """What an agent gets: nothing for long, then much, and a little more to the end."""
    learnt = 1 / (1 + np.exp(-(t - middle) / width))
    return low + (high - low) * (0.9 * learnt + 0.1 * t)


def digits(values: ArrayLike, places: int) -> Array:
    """As a table shows them."""
    return np.round(np.asarray(values, np.float64), places)


def named(log: Log) -> tuple[str, ...]:
    """All that the session has written so far."""
    return tuple(log.close().sessions[-1].series)


def epoch_table(log: Log, steps: Steps, curves: dict[str, Array], places: int = 4) -> None:
    """Adds series as a table of epochs has them, in so many places."""
    for tag, values in curves.items():
        log.add(tag, steps, digits(values, places))


def stops_getting_better(
    log: Log, tags: str | tuple[str, ...], steps: Steps, worse: Array, share: float, sd: float
) -> None:
    """Labels a plateau from a share of the run on."""
    t = np.linspace(0, 1, len(steps))
    levels(log, tags, steps, worse, int(np.argmax(t >= share)), sd)


def lags(log: Log, steps: Steps, index: int, factor: float) -> None:
    """From a point on each step takes `factor` times as long; all series' clocks show it."""
    log.slower(int(steps[index]), factor)
    log.true("throughput", named(log), int(steps[index]), abrupt(steps, index))


def halts(log: Log, steps: Steps, index: int, hours: float) -> None:
    """Nothing is written for hours, which the clocks of all series show."""
    hangs(log, named(log), steps, index, hours)


def scale_lost(
    rng: Rng, n: int, index: int, top: int, points: float, least: int
) -> tuple[Array, int]:
    """A dynamic loss scale that is halved for good from a point on; and where it is at its least.

    Args:
        rng: Draws when it is doubled or halved in good times.
        n: How many points.
        index: Where it begins to be halved for good.
        top: The exponent in good times.
        points: How many points a halving takes.
        least: The exponent below which it does not go.
    """
    exponent = top + np.repeat(rng.integers(-1, 1, n // 8 + 1), 8)[:n].astype(np.float64)
    since = np.arange(n) - index
    lost = np.floor(np.clip(since + points, 0, None) / points)
    exponent = np.maximum(np.where(since >= 0, top - 1 - lost, exponent), least)
    return np.exp2(exponent), int(np.argmax(exponent <= least)) if exponent[-1] <= least else n - 1


def says_scale(log: Log, tag: str, steps: Steps, index: int, bottom: int) -> None:
    """Labels a loss scale, from its first halving until it is at the bottom."""
    window = both(
        abrupt(steps, index), (int(steps[index]), int(steps[min(bottom + 2, len(steps) - 1)]))
    )
    log.true("loss_scale", tag, int(steps[index]), window, also=("collapse",))


def good_scale(rng: Rng, n: int, top: int = 16) -> Array:
    """A dynamic loss scale in good times: halved now and then, and doubled again."""
    return np.exp2(top + np.repeat(rng.integers(-1, 2, n // 6 + 1), 6)[:n].astype(np.float64))


def keras(
    log: Log, rng: Rng, steps: Steps, loss: tuple[Array, Array], right: tuple[Array, Array], of: int
) -> None:
    """What Keras' TensorBoard callback writes, in the directories train and validation."""
    for run, one, share, count, sd in zip(
        ("train", "validation"), loss, right, (8 * of, of), (0.006, 0.02), strict=True
    ):
        log.session(run)
        nears(log, rng, steps, {"epoch_loss": (one, sd)})
        log.add("epoch_accuracy", steps, counted(rng, share, count))
