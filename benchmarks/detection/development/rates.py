"""Learning rates that nobody meant: of what is left of them, where they leap, and what is a plan.

The window of what dwindles reaches from where a fiftieth of its way is left to where nothing is,
and two points more to either side, if that is soon after; of what comes near nothing ever more
slowly, from where a twentieth of the peak is left to where 0.3 % are: not one of these moments can
be called wrong. A leap is right to a point and what lies next to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.detection.curves import Array, size, steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.detection.development.shapes import Rng

    Made = tuple[Any, ...]

TAGS = (
    "train/learning_rate",  # transformers
    "lr",
    "train/lr",
    "learning-rate",  # Megatron-LM
    "lr-AdamW",  # Lightning
    "epoch_learning_rate",  # Keras
    "lr/pg0",  # Ultralytics
    "optim/lr",
)
PEAKS = (0.1, 1e-2, 1e-3, 3e-4, 2e-5, 5e-5)


def made(
    rng: Rng, rate: Array, window: tuple[int, int] | None = None, at: Sequence[int] = ()
) -> Made:
    """A rate as it was logged, beside a loss that falls with it, or to the end if it is sound."""
    tag, n = str(rng.choice(TAGS)), len(rate)
    kind = int(rng.integers(0, 3))
    logged = rate.astype(np.float32).astype(float)
    if kind == 1:  # five digits
        size = 10.0 ** (np.floor(np.log10(np.maximum(np.abs(rate), 1e-30))) - 4)
        logged = np.round(rate / size) * size
    work = np.cumsum(np.maximum(rate, 0)) / max(np.abs(rate).max(), 1e-30)
    work = 3 * np.arange(n) if window is None else 6 * work
    loss = 1.2 + 2.5 * np.exp(-work / n)
    loss = loss * np.exp(rng.normal(0, 0.015, n))
    x = steps(rng, n)
    series = {str(rng.choice(["train/loss", "loss"])): (x, loss), tag: (x, logged)}
    onset = -1 if window is None else window[0]
    return tag, series, onset, True, window, None, tuple(at)


def warmed_up(rate: Array, part: float) -> Array:
    """With a linear warm-up at first."""
    points = round(part * len(rate))
    rate = rate.copy()
    rate[:points] *= np.arange(1, points + 1) / (points + 1)
    return rate


def along(n: int, end: float = 1.0) -> Array:
    """How far a schedule has come that is over after a part of the run."""
    return np.minimum((np.arange(n) + 1) / (end * n), 1.0)


def cosine(way: Array, floor: float = 0.0) -> Array:
    return np.asarray(floor + (1 - floor) * (1 + np.cos(np.pi * way)) / 2)


def plan(rng: Rng, way: Array, floor: float = 0.0) -> Array:
    """One of the schedules that come to their end in a finite time."""
    kind = int(rng.integers(0, 4))
    if kind == 0:
        return cosine(way, floor)
    power = (1.0, 1.0, 0.9, 2.0)[kind]
    return np.asarray(floor + (1 - floor) * (1 - way) ** power)


def dwindled(rate: Array) -> tuple[int, int]:
    """From where a fiftieth of its way is left to where nothing is, and two points more."""
    left = rate - rate[-1]
    first, last = (_below(left, part * left.max()) for part in (0.02, 1e-9))
    return max(first - 2, 0), min(last + 2, len(rate) - 1)


def faded(rate: Array) -> tuple[int, int]:
    """From where a twentieth of it is left to where 0.3 % are."""
    first, last = (_below(rate, part * rate.max()) for part in (0.05, 0.003))
    return max(first - 1, 0), min(last + 1, len(rate) - 1)


def _below(left: Array, limit: float) -> int:
    return int(np.flatnonzero(left > limit)[-1]) + 1


def leap(n: int, at: int, points: int = 1) -> tuple[int, int]:
    return max(0, at - points), min(n - 1, at + points)


def peak(rng: Rng) -> float:
    return float(rng.choice(PEAKS))


# -- of which nothing is left


def schedule_of_fewer_steps(rng: Rng) -> Made:
    """Linear, cosine or polynomial to zero, and then training goes on at zero."""
    n = size(rng, 14, 4000)
    rate = warmed_up(plan(rng, along(n, rng.uniform(0.2, 0.85))), rng.choice([0, 0.03, 0.08]))
    return made(rng, peak(rng) * rate, dwindled(rate))


def schedule_of_fewer_steps_with_a_floor(rng: Rng) -> Made:
    """The same down to a tenth or less, where it stays."""
    n = size(rng, 14, 4000)
    floor = float(rng.choice([0.1, 0.05, 0.01, 1e-3]))
    rate = warmed_up(plan(rng, along(n, rng.uniform(0.2, 0.65)), floor), rng.choice([0, 0.03]))
    return made(rng, peak(rng) * rate, dwindled(rate))


def decays_with_each_step(rng: Rng) -> Made:
    """An exponential decay that was meant for epochs."""
    n = size(rng, 30, 4000)
    rate = warmed_up(np.exp(-rng.uniform(13, 150) * np.arange(n) / n), rng.choice([0, 0.02]))
    if rng.random() < 0.3:
        rate = np.maximum(rate, 1e-5)
    return made(rng, peak(rng) * rate, faded(rate))


def decays_with_each_epoch_too_fast(rng: Rng) -> Made:
    """In stairs by a small factor, until nothing is left."""
    n = size(rng, 40, 2000)
    stairs = int(rng.integers(20, min(60, n // 2 + 1)))
    stair = np.arange(n) * stairs // n
    rate = float(rng.choice([0.5, 0.6, 0.3])) ** stair.astype(float)
    return made(rng, peak(rng) * rate, faded(rate))


def cut_again_and_again(rng: Rng) -> Made:
    """ReduceLROnPlateau that sees no progress where there is some."""
    n = size(rng, 24, 400)
    factor = float(rng.choice([0.1, 0.2, 0.5]))
    wait = max(1, int(n * rng.uniform(0.02, 0.07) * (1 if factor < 0.5 else 0.4)))
    cuts = np.maximum(np.arange(n) - int(n * rng.uniform(0.05, 0.2)), 0) // wait
    rate = factor ** cuts.astype(float)
    lowest = float(rng.choice([0.0, 1e-8, 1e-5]))
    rate = np.maximum(rate, lowest)
    return made(rng, peak(rng) * rate, faded(rate))


def zero_from_a_point_on(rng: Rng) -> Made:
    """At once, with a restart or without."""
    n = size(rng, 14, 3000)
    at = int(n * rng.uniform(0.2, 0.8))
    rate = plan(rng, along(n), 0.05) if rng.random() < 0.6 else np.ones(n)
    rate[at:] = float(rng.choice([0.0, 1e-12]))
    restart = [at] if rng.random() < 0.5 else []
    return made(rng, peak(rng) * rate, leap(n, at), restart)


def never_any(rng: Rng) -> Made:
    n = size(rng, 12, 2000)
    rate = np.full(n, float(rng.choice([0.0, 0.0, 1e-10, 1e-9])))
    return made(rng, rate, (0, 2))


def below_zero(rng: Rng) -> Made:
    """A line that goes on beyond its end."""
    n = size(rng, 20, 3000)
    end = rng.uniform(0.5, 0.85)
    rate = 1 - (np.arange(n) + 1) / (end * n)
    first = int(np.argmax(rate <= 0))
    return made(rng, peak(rng) * rate, leap(n, first, 2))


# -- where it leaps


def resumed_from_the_top(rng: Rng) -> Made:
    """A schedule begun anew when the run is resumed, with its warm-up or without."""
    n = size(rng, 24, 3000)
    at = int(n * rng.uniform(0.35, 0.85))
    warm = float(rng.choice([0.0, 0.0, 0.03, 0.06]))
    floor = float(rng.choice([0.0, 0.1]))
    whole = warmed_up(plan(rng, along(n), floor), warm)
    rate = np.concatenate([whole[:at], whole[: n - at]])
    return made(rng, peak(rng) * rate, leap(n, at, 2), [at])


def resumed_with_another_peak(rng: Rng) -> Made:
    n = size(rng, 20, 3000)
    at = int(n * rng.uniform(0.3, 0.8))
    factor = float(rng.choice([2, 3, 8, 10, 0.5, 0.25, 0.1]))
    rate = warmed_up(plan(rng, along(n), 0.05), float(rng.choice([0, 0.05])))
    if rng.random() < 0.3:
        rate = np.ones(n)
    rate[at:] *= factor
    return made(rng, peak(rng) * rate, leap(n, at, 2), [at])


def resumed_at_the_end(rng: Rng) -> Made:
    """Steps are counted otherwise: the schedule thinks that it is over."""
    n = size(rng, 20, 3000)
    at = int(n * rng.uniform(0.25, 0.7))
    rate = plan(rng, along(n), 0.0)
    rate[at:] = float(rng.choice([0.0, 0.01, 0.1])) * min(1.0, 3 * rate[at])
    return made(rng, peak(rng) * rate, leap(n, at), [at])


def raised_by_hand(rng: Rng) -> Made:
    n = size(rng, 14, 3000)
    at = int(n * rng.uniform(0.3, 0.8))
    rate = np.ones(n) if rng.random() < 0.5 else warmed_up(plan(rng, along(n), 0.1), 0.05)
    rate[at:] *= float(rng.choice([2, 3, 5, 10, 100]))
    return made(rng, peak(rng) * rate, leap(n, at))


def lowered_by_hand(rng: Rng) -> Made:
    """A schedule that runs on at a part of what it was."""
    n = size(rng, 20, 3000)
    at = int(n * rng.uniform(0.25, 0.7))
    rate = warmed_up(plan(rng, along(n), 0.1), float(rng.choice([0, 0.05])))
    rate[at:] *= float(rng.choice([0.5, 0.2, 0.1, 0.01]))
    return made(rng, peak(rng) * rate, leap(n, at))


def factor_above_one(rng: Rng) -> Made:
    """MultiStepLR with a gamma of 2, 5 or 10, or one of its two that is turned over."""
    n = size(rng, 20, 1500)
    first, second = int(n * rng.uniform(0.3, 0.5)), int(n * rng.uniform(0.6, 0.8))
    gamma = float(rng.choice([2, 5, 10]))
    rate = np.where(np.arange(n) >= first, gamma, 1.0)
    rate[second:] *= gamma
    return made(rng, peak(rng) * rate, leap(n, first))


def back_up_between_steps(rng: Rng) -> Made:
    """Steps down as planned, and then once back to where it was, for good."""
    n = size(rng, 30, 2000)
    first, second = int(n * rng.uniform(0.25, 0.4)), int(n * rng.uniform(0.55, 0.75))
    rate = np.where(np.arange(n) < first, 1.0, 0.1)
    rate[second:] = 1.0
    restart = [second] if rng.random() < 0.5 else []
    return made(rng, peak(rng) * rate, leap(n, second), restart)


def swings_that_grow(rng: Rng) -> Made:
    """A cyclic schedule whose amplitude is multiplied with each cycle instead of divided."""
    n = size(rng, 60, 3000)
    cycles = int(rng.integers(5, 10))
    way = np.arange(n) / n * cycles
    up = 1 - np.abs(2 * (way % 1) - 1)
    high = float(rng.choice([1.6, 2.0, 3.0])) ** np.floor(way)
    rate = 0.1 + 0.9 * up * high
    second, third = n // cycles, int(3.2 * n / cycles)
    return made(rng, peak(rng) * rate / rate.max(), (second, third))


def warm_up_without_end(rng: Rng) -> Made:
    """As many steps of warm-up as the run has, or more."""
    n = size(rng, 14, 3000)
    rate = (np.arange(n) + 1) / n * rng.uniform(0.1, 1.0)
    return made(rng, peak(rng) * rate, (0, n // 5))


def grows_with_each_step(rng: Rng) -> Made:
    """ExponentialLR with a gamma above one; a hundredfold and more would be a test of rates."""
    n = size(rng, 20, 3000)
    rate = np.exp(rng.uniform(1.5, 4.5) * np.arange(n) / n)
    return made(rng, peak(rng) * rate / 30, (0, n // 3))


LOST_RATES = (
    schedule_of_fewer_steps,
    schedule_of_fewer_steps_with_a_floor,
    decays_with_each_step,
    decays_with_each_epoch_too_fast,
    cut_again_and_again,
    zero_from_a_point_on,
    never_any,
    below_zero,
    resumed_from_the_top,
    resumed_with_another_peak,
    resumed_at_the_end,
    raised_by_hand,
    lowered_by_hand,
    factor_above_one,
    back_up_between_steps,
    swings_that_grow,
    warm_up_without_end,
    grows_with_each_step,
)


# -- as planned


def plans_to_the_end(rng: Rng) -> Made:
    """Constant, or to zero or a floor at the very end."""
    n = size(rng, 12, 5000)
    rate = plan(rng, along(n), float(rng.choice([0.0, 0.0, 0.01, 0.1])))
    if rng.random() < 0.2:
        rate = np.ones(n) * (1 + 1e-8 * rng.normal(size=n))
    return made(rng, peak(rng) * warmed_up(rate, float(rng.choice([0, 0.01, 0.05, 0.3]))))


def plans_in_steps(rng: Rng) -> Made:
    """To a tenth at some of the usual milestones, or a little each epoch."""
    n = size(rng, 12, 3000)
    if rng.random() < 0.4:
        epochs = min(n, int(rng.integers(10, 101)))
        return made(
            rng, peak(rng) * rng.uniform(0.01, 0.5) ** (np.arange(n) * epochs // n / epochs)
        )
    milestones = ([0.5, 0.75], [0.3, 0.6, 0.9], [0.67, 0.92], [0.8, 0.9], [0.4, 0.7])
    at = np.array(milestones[int(rng.integers(0, len(milestones)))]) * n
    stair = (np.arange(n)[:, None] >= at).sum(axis=1)
    return made(rng, peak(rng) * float(rng.choice([0.1, 0.1, 0.2, 0.5])) ** stair)


def plans_in_cycles(rng: Rng) -> Made:
    """Restarts of a cosine, each as long or twice as long, as high or less; triangles."""
    n = size(rng, 60, 4000)
    kind = int(rng.integers(0, 4))
    if kind == 0:
        way = np.arange(n) / n * int(rng.integers(2, 8))
        return made(rng, peak(rng) * cosine(way % 1) * float(rng.choice([1, 0.7])) ** (way // 1))
    if kind == 1:
        way = np.log2(1 + np.arange(n) / n * (2 ** int(rng.integers(2, 5)) - 1))
        inside = (2 ** (way % 1) - 1) * 1.0
        return made(rng, peak(rng) * cosine(inside, 0.001))
    way = np.arange(n) / n * int(rng.integers(2, 12))
    up = 1 - np.abs(2 * (way % 1) - 1)
    high = 0.5 ** np.floor(way) if kind == 2 else 1.0
    return made(rng, peak(rng) * (0.1 + 0.9 * up * high))


def plans_of_language_models(rng: Rng) -> Made:
    """Inverse square roots, stable and then down, one cycle, Adafactor's relative steps."""
    n = size(rng, 20, 5000)
    x = np.arange(n) + 1.0
    kind = int(rng.integers(0, 5))
    if kind == 4:  # which rate is best?
        return made(rng, 1e-6 * 10.0 ** (x / n * rng.uniform(3, 6)))
    if kind == 0:
        warm = n * rng.uniform(0.01, 0.2)
        return made(rng, peak(rng) * np.minimum(x / warm, (warm / x) ** 0.5))
    if kind == 1:
        down = np.clip((x / n - rng.uniform(0.7, 0.9)) / 0.1, 0, 1)
        floor = float(rng.choice([0.0, 0.1]))
        part = np.clip((1 - x / n) / rng.uniform(0.1, 0.3), floor, 1)
        return made(rng, peak(rng) * warmed_up(part if floor < 0.1 else 1 - 0.9 * down, 0.03))
    if kind == 2:
        top = rng.uniform(0.2, 0.4)
        up = (1 - np.cos(np.pi * np.clip(x / n / top, 0, 1))) / 2
        fall = cosine(np.clip((x / n - top) / (1 - top), 0, 1))
        return made(rng, peak(rng) * np.where(x / n < top, 0.04 + 0.96 * up, 1e-5 + fall))
    return made(rng, np.minimum(1e-2, 1 / np.sqrt(x * 10)) * np.minimum(1, x / (0.05 * n)))


def plans_that_ask_the_loss(rng: Rng) -> Made:
    """ReduceLROnPlateau with a plateau before each cut, a few epochs at the end without a rate."""
    n = size(rng, 30, 400)
    cuts = np.sort(rng.uniform(0.3, 0.95, int(rng.integers(1, 4)))) * n
    stair = (np.arange(n)[:, None] >= cuts).sum(axis=1)
    return made(rng, peak(rng) * float(rng.choice([0.1, 0.5, 0.2])) ** stair)


def resumed_as_it_was(rng: Rng) -> Made:
    """Restarts that go on exactly where they were; one that overlaps by nothing."""
    n = size(rng, 30, 3000)
    rate = warmed_up(plan(rng, along(n), float(rng.choice([0.0, 0.1]))), 0.03)
    at = np.sort(rng.choice(np.arange(n // 10, n - 3), int(rng.integers(1, 4)), replace=False))
    return made(rng, peak(rng) * rate, None, at.tolist())


PLANNED_RATES = (
    plans_to_the_end,
    plans_in_steps,
    plans_in_cycles,
    plans_of_language_models,
    plans_that_ask_the_loss,
    resumed_as_it_was,
)
