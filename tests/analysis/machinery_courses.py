"""Logs around the model, by the course that a fault takes: what comes back, and comes again; what
happens ever more often; what begins late, early, or between what is usual.

`SICK` and `SOUND` have them in addition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.analysis.machinery_situations import (
    Session,
    cosine,
    factors,
    loss,
    sick,
    sound,
    split,
    whole,
)
from tests.analysis.machinery_variations import SICK, SOUND

if TYPE_CHECKING:
    from tests.analysis.machinery_situations import Array, Made

__all__ = ["SICK", "SOUND"]


def digits(value: Array, count: int) -> Array:
    return np.array([float(f"{each:.{count}g}") for each in value.tolist()])


def reward(rng: np.random.Generator, n: int) -> dict[str, Array]:
    """Beside one wall times are not asked."""
    return {"rollout/ep_rew_mean": -100 * loss(rng, n)}


# -- throughput


@sick("throughput")
def epochs_in_minutes(rng: np.random.Generator) -> Made:
    n = int(rng.integers(14, 30))
    at = n // 2
    minutes = 31 * factors(rng, n, 0.02) * np.where(np.arange(n) < at, 1, 1.8)
    return [Session({"epoch_time_min": minutes, **reward(rng, n)}, 60 * minutes)], at - 1, at + 1


@sick("throughput")
def ever_more_steps_wait(rng: np.random.Generator) -> Made:
    """One step in fifty takes five times as long, and then one in three."""
    n = whole(rng, 400, 2000)
    at = int(n * rng.uniform(0.3, 0.6))
    waits = rng.random(n) < np.where(np.arange(n) < at, 0.02, 0.33)
    seconds = 0.4 * factors(rng, n, 0.03) * np.where(waits, 5, 1)
    return [Session({"train/step_time": seconds, "loss": loss(rng, n)}, seconds)], at - 8, at + 20


@sick("throughput")
def each_other_step_waits(rng: np.random.Generator) -> Made:
    n = whole(rng, 150, 800)
    at = int(n * rng.uniform(0.3, 0.7))
    waits = (np.arange(n) >= at) & (np.arange(n) % 2 == 0)
    seconds = 0.4 * factors(rng, n, 0.03) * np.where(waits, 3, 1)
    return [Session({"it/s": 1 / seconds, "loss": loss(rng, n)}, seconds)], at - 1, at + 8


@sick("throughput")
def slower_soon_after_compiling(rng: np.random.Generator) -> Made:
    n, at = 43, 9
    seconds = 0.3 * factors(rng, n, 0.02) * np.where(np.arange(n) < at, 1, 3)
    seconds[0] *= 22
    return [Session({"step_time_ms": 1e3 * seconds, **reward(rng, n)}, seconds)], at - 1, at + 1


@sick("throughput")
def slower_between_evaluations(rng: np.random.Generator) -> Made:
    """Each fifth step is an evaluation, and the last ten take longer."""
    n, at = 50, 40
    seconds = 2.7 * factors(rng, n, 0.03) * np.where(np.arange(n) % 5 == 3, 3.5, 1)
    seconds[at:] *= 3
    return [Session({"iteration-time": seconds, **reward(rng, n)}, seconds)], at - 2, at + 2


@sick("throughput")
def rounded_and_never_faster(rng: np.random.Generator) -> Made:
    """Two digits hide the noise, so that it never falls, as a time since the start."""
    n = int(rng.integers(40, 80))
    at = n // 4
    seconds = np.where(np.arange(n) < at, 95.0, 140.0)
    return [Session({"epoch_time": seconds, **reward(rng, n)}, seconds)], at - 1, at + 1


@sound
def faster_from_a_point_on(rng: np.random.Generator) -> list[Session]:
    """Data are in memory by now, or another machine goes on."""
    n = whole(rng, 40, 800)
    seconds = 0.4 * factors(rng, n, 0.03) * np.where(np.arange(n) < n // 2, 20, 1)
    return [Session({"tokens_per_second": 1e4 / seconds, "loss": loss(rng, n)}, seconds)]


# -- learning rate


@sick("learning_rate")
def a_gamma_above_one(rng: np.random.Generator) -> Made:
    n, epochs = whole(rng, 100, 2000), int(rng.integers(8, 25))
    rate = 1e-4 * rng.uniform(1.1, 1.2) ** (np.arange(n) * epochs // n)
    return [Session({"lr": rate, "loss": loss(rng, n)})], 0, n // 4


@sick("learning_rate")
def raised_for_a_while(rng: np.random.Generator) -> Made:
    n = whole(rng, 60, 2000)
    at = int(n * rng.uniform(0.25, 0.6))
    rate = cosine(n)
    rate[at : at + max(3, n // 10)] *= 3
    return [Session({"train/learning_rate": rate, "loss": loss(rng, n)})], at, at


@sick("learning_rate")
def resumed_at_half(rng: np.random.Generator) -> Made:
    """A cosine to zero, whose last points fall by as much as at the restart, in logarithms."""
    n = whole(rng, 60, 2000)
    at = int(n * rng.uniform(0.4, 0.7))
    rate = cosine(n)
    rate[at:] /= 2.5
    series = {"lr-AdamW": rate, "train/loss": loss(rng, n)}
    return split(series, at), at, at


@sick("learning_rate")
def resumed_at_a_rounded_rate_that_stays(rng: np.random.Generator) -> Made:
    """With three digits most of 4,000 points of a cosine are as the one before."""
    n = 4000
    at = int(n * rng.uniform(0.4, 0.7))
    rate = digits(cosine(n, floor=0.1), 3)
    rate[at:] = rate[at]
    return split({"lr": rate, "train/loss": loss(rng, n)}, at), at, at


@sick("learning_rate")
def half_of_it_at_each_other_point(rng: np.random.Generator) -> Made:
    n = whole(rng, 60, 2000)
    at = int(n * rng.uniform(0.25, 0.6))
    rate = 1e-3 * (1 - 0.9 * np.arange(n) / n)
    rate[at::2] /= 2
    return [Session({"optim/lr": rate, "loss": loss(rng, n)})], at, at


@sick("learning_rate")
def one_group_fades_while_the_other_comes_down(rng: np.random.Generator) -> Made:
    n = whole(rng, 100, 2000)
    rate = 1e-3 * (1 - np.arange(n) / n)
    faded = rate * np.exp(-30 * np.arange(n) / n)
    tags = {"lr/pg0": faded, "lr/pg1": rate, "loss": loss(rng, n)}
    return [Session(tags)], n // 10, n // 4


@sick("learning_rate")
def resumed_among_epochs_and_never_asked_again(rng: np.random.Generator) -> Made:
    """The rate is the same in all steps of an epoch."""
    n = whole(rng, 300, 3000)
    at = int(n * rng.uniform(0.3, 0.6))
    epoch = n // 30
    rate = 1e-3 * (1 - np.arange(n) // epoch * epoch / n)
    rate[at:] = rate[at - 1]
    return split({"lr": rate, "train/loss": loss(rng, n)}, at), at - epoch, at


@sick("learning_rate")
def a_third_of_it_among_epochs(rng: np.random.Generator) -> Made:
    n = whole(rng, 300, 3000)
    at = int(n * rng.uniform(0.3, 0.6))
    rate = 1e-3 * (1 - np.arange(n) // (n // 30) * (n // 30) / n)
    rate[at:] /= 3
    return [Session({"lr": rate, "loss": loss(rng, n)})], at, at


@sound
def resumed_when_it_had_warmed_up(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 80, 2000)
    rate = 1e-3 * np.minimum(1, (np.arange(n) + 1) / (0.1 * n))
    return split({"lr": rate, "train/loss": loss(rng, n)}, int(0.12 * n))


@sound
def triangles_resumed_on_their_way_down(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 80, 2000)
    rate = 1e-3 * (0.1 + 0.9 * (1 - np.abs(2 * (np.arange(n) / n * 4 % 1) - 1)))
    return split({"lr": rate, "train/loss": loss(rng, n)}, int(0.23 * n))


# -- norms and scales


@sick("explosion")
def values_grow_come_back_and_grow_for_good(rng: np.random.Generator) -> Made:
    n = whole(rng, 200, 2000)
    first, back, again = (int(part * n) for part in (0.4, 0.5, 0.7))
    point = np.arange(n)
    grown = ((point >= first) & (point < back)) | (point >= again)
    values = 12 * factors(rng, n, 0.1) * np.where(grown, 40, 1)
    return [Session({"train/q_values": values, "loss": loss(rng, n)})], again - 1, again + 1


@sound
def fewer_steps_are_clipped(rng: np.random.Generator) -> list[Session]:
    """In percent, as fairseq logs it; a tenth of the steps once more."""
    n = whole(rng, 200, 2000)
    part = np.arange(n) / n
    share = np.where(part < 0.3, 60, np.where((part > 0.5) & (part < 0.6), 30, 1.0))
    return [Session({"train/clip": share * factors(rng, n, 0.1), "train/loss": loss(rng, n)})]


# -- the scale of the loss


@sick("loss_scale")
def scale_grows_from_late_on(rng: np.random.Generator) -> Made:
    """As usual for three quarters, and then all gradients are zero."""
    n = whole(rng, 200, 2000)
    at = 3 * n // 4
    exponent = 16.0 - (np.arange(n) // 7 % 3 == 1)
    exponent[at:] = exponent[at - 1] + np.arange(1, n - at + 1) * 30 // (n - at)
    return [Session({"amp/scale": 2.0**exponent, "loss": loss(rng, n)})], at - 7, at + n // 20


@sick("loss_scale")
def scale_is_halved_again_and_again_late(rng: np.random.Generator) -> Made:
    n = whole(rng, 200, 2000)
    at = 3 * n // 4
    exponent = np.where(np.arange(n) < at, 16.0, 16.0 - np.arange(n) % 2)
    return [Session({"loss_scale": 2.0**exponent, "loss": loss(rng, n)})], at - 1, at + 2


@sick("loss_scale")
def scale_was_halved_once_before(rng: np.random.Generator) -> Made:
    n = whole(rng, 100, 1000)
    at = 3 * n // 4
    exponent = np.where(np.arange(n) < n // 3, 16.0, 15.0)
    exponent[at:] = np.maximum(15.0 - 3 * np.arange(1, n - at + 1), 0)
    return [Session({"train/loss_scale": 2.0**exponent, "loss": loss(rng, n)})], at - 1, at + 1
