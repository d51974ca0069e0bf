"""Runs that get worse for good: divergence and overfitting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.grammar.attributes import descent, measure, noise, rounded, steps
from benchmarks.detection.grammar.logged import logged, window
from benchmarks.detection.grammar.oracle import clear, lost

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log
    from benchmarks.detection.grammar.attributes import Array, Draw, Noise

WORDS = ("training loss", "training loss", "held-out loss", "error", "share", "percent", "ratio",
         "reward")  # fmt: skip
HEIGHTS = (0.4, 0.7, 1.0, 3.0, 30.0)
EVENTS = (
    "jump", "ramp to the end", "ramp, then a level", "ever faster", "jump, half made good",
    "stairs up", "to the start", "relapses, then for good", "between two levels",
    "slower and slower",
)  # fmt: skip
PLACES = (0.05, 0.2, 0.5, 0.8, 0.95)


def divergence(draw: Draw, log: Log) -> bool:
    """A curve that has got worse, and stays so."""
    one = measure(draw, WORDS)
    at = steps(draw)
    n = len(at)
    t = np.linspace(0, 1, n)
    onset = round(n * draw.pick("onset", PLACES))
    if onset < 5 or n - onset < 5:
        return False
    before = descent(draw, t)
    height = draw.pick("height", HEIGHTS)
    event = draw.pick("event", EVENTS)
    rises = rise(event, n - onset)
    reached = 1 - before[:onset].min()
    worse = before.copy()
    # Nothing is learned any more from the onset on.
    worse[onset:] = before[onset - 1] + rises * height * reached
    if event == "to the start":
        worse[onset:] = before[0]
    worse = np.minimum(worse, one.worst)
    hum = noise(draw, worse)
    loss, had = lost(worse, onset)
    logged(draw, log, one, at, worse, hum)
    first, last = onset_window(worse, onset, hum)
    if event == "relapses, then for good":
        last = max(last, onset + round(0.4 * (n - onset)) + 2)
    log.true("divergence", one.tag, at[onset], window(at, first, last),
             also=("overfitting", "collapse"))  # fmt: skip
    return had >= 0.1 and loss >= 0.35 * had and clear(loss, hum, onset, n - onset)


def rise(event: str, n: int) -> Array:
    """The course of what gets worse, from the onset on: about 1 at its end."""
    t = np.arange(1, n + 1) / n
    if event == "ramp to the end":
        return t
    if event == "ramp, then a level":
        return np.minimum(t / 0.4, 1)
    if event == "ever faster":
        return np.asarray(np.expm1(4 * t) / np.expm1(4))
    if event == "slower and slower":
        return np.asarray(np.sqrt(t))
    if event == "jump, half made good":
        return np.asarray(1 + np.exp(-t / 0.15))
    if event == "stairs up":
        return np.asarray(np.ceil(4 * t) / 4)
    if event == "relapses, then for good":
        return np.where((t < 0.1) | ((t > 0.2) & (t < 0.3)) | (t > 0.4), 1.0, 0.0)
    if event == "between two levels":
        period = max(n // 12, 1)
        return np.where(np.arange(n) // period % 2 == 0, 1.0, 0.5)
    return np.ones(n)


def onset_window(worse: Array, onset: int, hum: Noise) -> tuple[int, int]:
    """The points at which nobody could say that it had not begun.

    From two points before the onset (three of what is averaged), or as long before as the rise
    takes to be seen, to where all that has come since is seen: its mean lies four standard errors
    above the level.
    """
    n, grace = len(worse), 3 if hum.kind == "smoothed" else 2
    counted = (1 - hum.correlation) / (1 + hum.correlation)
    gain = np.cumsum(worse[onset:] - worse[onset - 1])
    number = np.arange(1, n - onset + 1)
    height = float(np.max(worse[onset:]) - worse[onset - 1])
    needed = 4 * hum.sd * np.sqrt(number / counted)
    # Where there is no noise at all, a twentieth of the rise is what is seen.
    seen = (gain > needed) & (worse[onset:] - worse[onset - 1] > 0.05 * height)
    last = int(np.argmax(seen)) if seen.any() else n - onset - 1
    early = min(last, onset // 2)
    flat = _nearly_best(worse, onset, hum)
    return min(onset - early, flat) - grace, onset + last + grace


def _nearly_best(worse: Array, onset: int, hum: Noise) -> int:
    """From where on the curve before is as good as it ever was, but for the noise."""
    out = np.flatnonzero(worse[:onset] > np.min(worse[:onset]) + max(2 * hum.sd, 1e-9))
    return max(int(out[-1]) + 1 if len(out) else 0, onset - max(len(worse) // 20, 2))


FALLS = ("power law", "exponential", "fast and slow", "straight", "late")
RISES = ("straight", "slower and slower", "ever faster", "then a level", "jump", "stairs")
LEARNED = ("power law", "exponential", "straight")


def overfitting(draw: Draw, log: Log) -> bool:
    """What is held out gets worse while training goes on to improve."""
    one = measure(draw, ("held-out loss", "held-out loss", "error", "share", "percent", "ratio"))
    at = steps(draw, (8, 12, 20, 40, 100, 300, 1000))
    n = len(at)
    t = np.linspace(0, 1, n)
    best = draw.pick("best at", (0.1, 0.2, 0.35, 0.5, 0.7))
    bottom = max(round(best * n), 2)
    if n - bottom < 4:
        return False
    fall = descent(draw, np.arange(n) / bottom, FALLS)
    height = draw.pick("height", (0.2, 0.35, 0.6, 1.0, 3.0))
    form = draw.pick("event", RISES)
    left = np.arange(1, n - bottom + 1) / (n - bottom)
    shapes = {
        "straight": left,
        "slower and slower": np.sqrt(left),
        "ever faster": left**2.5,
        "then a level": np.minimum(left / 0.5, 1),
        "jump": np.ones(n - bottom),
        "stairs": np.ceil(4 * left) / 4,
    }
    worse = fall.copy()
    reached = 1 - fall[bottom - 1]
    worse[bottom:] = fall[bottom - 1] + shapes[form] * height * reached
    worse = np.minimum(worse, one.worst)
    hum = noise(draw, worse)
    learned = {"power law": (1 + 20 * t) ** -0.8, "exponential": np.exp(-4 * t), "straight": 1 - t}
    trained = learned[draw.pick("training", LEARNED)]
    trained = one._replace(bad=one.bad, good=one.good).values(trained * 0.95 - 0.1)
    if one.twin.endswith("loss") and not one.tag.endswith("loss"):
        trained = 0.2 + 3 * learned[draw.picked["training"]]
    trained = trained + np.std(trained) * 0.05 * draw.rng.normal(size=n)
    logged(draw, log, one, at, worse, hum, others={one.twin: rounded(hum, trained)})
    first, last = onset_window(worse, bottom, hum)
    log.true("overfitting", one.tag, at[bottom], window(at, first, last), also=("divergence",))
    loss, had = lost(worse, bottom)
    floor = 0.2 * had
    after = worse[bottom:] - worse[bottom - 1]
    shown = int(np.count_nonzero(after > 0.3 * after.max()))
    return loss >= floor and clear(loss, hum, bottom, shown)


__all__ = ["divergence", "overfitting"]
