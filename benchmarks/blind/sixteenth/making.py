"""Curves and what frameworks write together, in the sixteenth set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import both
from benchmarks.blind.fifteenth.making import abouts, nears
from benchmarks.blind.fourteenth.making import settling
from benchmarks.blind.shapes import times
from benchmarks.blind.windows import basin

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]
    Rng = np.random.Generator


def learning(t: Array, start: float, end: float, haste: float = 4) -> Array:
    """Falls, or rises, at a pace that slows down, and still moves at the end."""
    return end + (start - end) * (0.8 * np.exp(-haste * t) + 0.2 * (1 - t))


def bent(t: Array, best: float, start: float, low: float, end: float) -> Array:
    """Smoothly from `start` to `low` at `best`, then in a straight line to `end`."""
    falls = low + (start - low) * np.clip(1 - t / best, 0, None) ** 2
    return falls + (end - low) * np.clip((t - best) / (1 - best), 0, None)


def turns_soon(log: Log, tags: str, steps: Steps, worse: Array, sd: float) -> None:
    """Labels a U of few points: from where it is lowest to where it is a third of its way up."""
    lowest = int(np.argmin(worse))
    rise = worse[lowest:] - worse[lowest]
    gone = lowest + int(np.argmax(rise >= rise.max() / 3))
    best = basin(steps, worse, sd)
    window = both(best, (int(steps[max(lowest - 1, 0)]), int(steps[gone])))
    log.true(
        "overfitting",
        tags,
        int(steps[lowest]),
        window,
        best_window=best,
        also=("divergence",),
    )


def left(t: Array, index: int, lost: float = 0.0) -> Array:
    """1 before a point and `lost` from there on."""
    return np.where(np.arange(len(t)) < index, 1.0, lost)


def slow_epochs(log: Log, rng: Rng) -> None:
    """Has an epoch take from half a minute to a quarter of an hour."""
    log.seconds_per_step = float(np.exp(rng.uniform(np.log(30), np.log(900))))


def megatron(log: Log, rng: Rng, steps: Steps, rate: Array) -> None:
    """What Megatron-LM writes beside its losses."""
    t = times(len(steps))
    log.add("learning-rate/learning-rate", steps, rate)
    log.add("batch-size/batch-size", steps, 512)
    nears(
        log,
        rng,
        steps,
        {
            "grad-norm/grad-norm": (settling(t, 0.4), 0.12),
            "params-norm/params-norm": (200 + 60 * np.sqrt(t), 0.0005),
            "iteration-time/iteration-time": (1.4, 0.01),
        },
    )


def titan(log: Log, rng: Rng, steps: Steps, speed: Array | float = 1.0) -> None:
    """What torchtitan writes beside its losses.

    Args:
        log: Takes it down.
        rng: Draws the noise.
        steps: When it is written.
        speed: Throughput beside the usual one.
    """
    noise = np.exp(rng.normal(0, 0.006, len(steps))) * speed
    log.add("throughput(tps)", steps, 7200 * noise)
    log.add("tflops", steps, 390 * noise)
    log.add("mfu(%)", steps, 39.4 * noise)
    log.add("time_metrics/end_to_end(s)", steps, 11.4 / noise)
    log.add("memory/max_reserved(GiB)", steps, 62.5)


def cleanrl(log: Log, rng: Rng, steps: Steps, learnt: Array) -> None:
    """What PPO of CleanRL writes beside returns."""
    t = times(len(steps))
    log.add("charts/learning_rate", steps, 2.5e-4 * (1 - t * 0.999))
    nears(
        log,
        rng,
        steps,
        {
            "charts/SPS": (900 * (1 - 0.15 * np.exp(-t / 0.05)), 0.006),
            "losses/value_loss": (0.6 - 0.3 * learnt, 0.3),
            "losses/entropy": (1.38 - 0.8 * learnt, 0.02),
            "losses/approx_kl": (0.006 - 0.003 * t, 0.3),
            "losses/clipfrac": (0.12 - 0.06 * t, 0.25),
        },
    )
    abouts(
        log,
        rng,
        steps,
        {
            "losses/policy_loss": (-0.008, 0.004),
            "losses/explained_variance": (0.2 + 0.7 * np.minimum(1, 2 * t), 0.05),
        },
    )


def unity(log: Log, rng: Rng, steps: Steps, learnt: Array) -> None:
    """What ML-Agents writes of its PPO beside rewards."""
    t = times(len(steps))
    nears(
        log,
        rng,
        steps,
        {
            "Policy/Entropy": (1.42 - 0.6 * learnt, 0.006),
            "Losses/Value Loss": (0.02 + 0.3 * learnt * np.exp(-2 * t), 0.25),
            "Losses/Policy Loss": (0.024, 0.08),
        },
    )
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - 0.999 * t))
    log.add("Policy/Beta", steps, 5e-3 * (1 - 0.998 * t))
    log.add("Policy/Epsilon", steps, 0.2 - 0.1 * t)


def nemo(log: Log, rng: Rng, steps: Steps, rate: Array) -> None:
    """What NeMo writes of its trainer beside losses."""
    t = times(len(steps))
    log.add("lr", steps, rate)
    log.add("global_step", steps, steps)
    log.add("consumed_samples", steps, 256.0 * steps)
    nears(
        log,
        rng,
        steps,
        {"grad_norm": (settling(t, 0.7), 0.15), "train_step_timing in s": (2.1, 0.015)},
    )
