"""Schedules and what frameworks write together, in the fifteenth set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fourteenth.making import about, near, scores
from benchmarks.blind.shapes import times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]
    Rng = np.random.Generator
    Curves = Mapping[str, tuple[ArrayLike, float]]

SURE = ("plateau",)  # what a healthy curve that is level for long may be told as


def nears(log: Log, rng: Rng, steps: Steps, curves: Curves) -> None:
    """Adds positive series, each with noise in proportion to it."""
    for tag, (curve, share) in curves.items():
        near(log, rng, tag, steps, curve, share)


def abouts(log: Log, rng: Rng, steps: Steps, curves: Curves) -> None:
    """Adds series, each with noise that is the same everywhere."""
    for tag, (curve, sd) in curves.items():
        about(log, rng, tag, steps, curve, sd)


def shares(
    log: Log, rng: Rng, steps: Steps, examples: int, curves: Mapping[str, ArrayLike]
) -> None:
    """Adds scores on the same examples."""
    for tag, chance in curves.items():
        scores(log, rng, tag, steps, chance, examples)


def held(t: Array, warmup: float, decay: float) -> Array:
    """Warm-up, a constant rate, and a linear decay over the last part: WSD."""
    return np.minimum(np.minimum(t / warmup, 1), (1 - t) / decay).clip(1e-3, 1)


def one_cycle(t: Array, up: float = 0.3) -> Array:
    """Up by half a cosine, and down by another to nothing."""
    rise = 0.04 + 0.96 * (1 - np.cos(np.pi * t / up)) / 2
    return np.where(t < up, rise, (1 + np.cos(np.pi * (t - up) / (1 - up))) / 2 + 1e-5)


def stairs(t: Array, *drops: float) -> Array:
    """A rate that is cut to a tenth at each of these shares of the run."""
    return 10.0 ** -np.sum([t >= drop for drop in drops], axis=0)


def epochs(n: int) -> Steps:
    """What is logged once an epoch, from 0 on."""
    return np.arange(n, dtype=np.int64)


def since(t: Array, onset: float) -> Array:
    """From 0 at the onset to 1 at the end of the run."""
    return np.clip((t - onset) / (1 - onset), 0, 1)


def settled(t: Array, by: float) -> Array:
    """From 1 to nothing that one sees at a share of the run: what is left to gain."""
    return np.exp(-6 * t / by)


def stable_baselines(log: Log, rng: Rng, steps: Steps, learnt: Array) -> None:
    """What PPO of Stable-Baselines3 writes under train/ and time/.

    Args:
        log: Takes it down.
        rng: Draws the noise.
        steps: When it is written.
        learnt: How much of the task has been learned, from 0 to 1.
    """
    t = times(len(steps))
    nears(
        log,
        rng,
        steps,
        {
            "train/approx_kl": (0.006 + 0.006 * learnt, 0.25),
            "train/clip_fraction": (0.05 + 0.09 * learnt, 0.2),
            "train/std": (np.exp(-0.7 * learnt), 0.004),
            "time/fps": (rng.uniform(400, 1500) * (1 + 0.05 * np.exp(-t / 0.03)), 0.02),
        },
    )
    abouts(
        log,
        rng,
        steps,
        {
            "train/entropy_loss": (-2.8 + 1.4 * learnt, 0.03),
            "train/explained_variance": (0.1 + 0.8 * np.minimum(1, 3 * t), 0.05),
            "train/policy_gradient_loss": (-0.006, 0.002),
        },
    )
    log.add("train/clip_range", steps, 0.2)
    log.add("train/learning_rate", steps, 3e-4)
    log.add("train/n_updates", steps, 10.0 * np.arange(1, len(steps) + 1))


def rsl(log: Log, rng: Rng, steps: Steps, learnt: Array) -> None:
    """What rsl_rl writes of its PPO beside rewards."""
    n = len(steps)
    nears(
        log,
        rng,
        steps,
        {
            "Loss/entropy": (12 - 9 * learnt, 0.01),
            "Loss/learning_rate": (1e-3 * np.ones(n), 0.3),
            "Policy/mean_noise_std": (0.25 + 0.75 * np.exp(-4 * learnt), 0.006),
            "Perf/total_fps": (rng.uniform(4e4, 1e5), 0.03),
            "Perf/collection time": (0.9, 0.04),
            "Perf/learning_time": (0.25, 0.03),
        },
    )
    about(log, rng, "Loss/surrogate", steps, -0.004, 0.002)


def preferred(log: Log, rng: Rng, steps: Steps, margin: Array, beta: float = 0.1) -> None:
    """What TRL's DPO writes of its rewards, given the mean margin at each point."""
    chosen = -0.35 * margin
    right = 0.5 + 0.45 * (1 - np.exp(-1.5 * margin))
    abouts(
        log,
        rng,
        steps,
        {
            "train/rewards/chosen": (chosen, 0.06),
            "train/rewards/rejected": (chosen - margin, 0.08),
            "train/rewards/margins": (margin, 0.08),
            "train/logps/chosen": (-260 + chosen / beta, 9),
            "train/logps/rejected": (-245 + (chosen - margin) / beta, 9),
            "train/logits/chosen": (-1.9 - 0.1 * margin, 0.04),
            "train/logits/rejected": (-1.8 - 0.1 * margin, 0.04),
        },
    )
    scores(log, rng, "train/rewards/accuracies", steps, right, 128)


def ultralytics(
    log: Log, rng: Rng, t: Array, steps: Steps, best: float, learnt: Array | None = None
) -> Array:
    """What Ultralytics writes once an epoch, but for the losses of validation; gives the mAP."""
    learnt = 1 - np.exp(-5 * t) if learnt is None else learnt
    rate = 0.01 * np.minimum(t / 0.03 + 0.05, 1 - 0.99 * t)
    drop = 1 - 0.5 * learnt - 0.1 * t
    nears(
        log,
        rng,
        steps,
        {
            "train/box_loss": (1.9 * drop, 0.008),
            "train/cls_loss": (3.1 * drop**1.5, 0.012),
            "train/dfl_loss": (1.6 * (0.5 + 0.5 * drop), 0.005),
        },
    )
    shown = best * learnt
    abouts(
        log,
        rng,
        steps,
        {
            "metrics/precision(B)": (0.25 + shown * 0.7, 0.02),
            "metrics/recall(B)": (0.15 + shown * 0.75, 0.015),
            "metrics/mAP50(B)": (shown, 0.010),
            "metrics/mAP50-95(B)": (shown * 0.65, 0.006),
        },
    )
    for group in range(3):
        log.add(f"lr/pg{group}", steps, rate)
    return shown
