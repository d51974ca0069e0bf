"""More logs around the model: other shapes, tags and units than those of `machinery_situations`.

`SICK` and `SOUND` have them in addition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.analysis.machinery_situations import (
    SICK,
    SOUND,
    Session,
    cosine,
    factors,
    loss,
    scaler,
    sick,
    sound,
    split,
    whole,
)

if TYPE_CHECKING:
    from tests.analysis.machinery_situations import Made

__all__ = ["SICK", "SOUND"]


def since(n: int, at: int) -> np.ndarray:
    """How much of what comes after a point has passed."""
    return np.clip(np.arange(n) - at, 0, None) / (n - at)


# -- throughput


@sick("throughput")
def frames_counted_from_the_start_fall(rng: np.random.Generator) -> Made:
    n = whole(rng, 150, 900)
    at = int(n * rng.uniform(0.15, 0.4))
    seconds = np.cumsum(1 + rng.uniform(3, 8) * since(n, at)) / np.arange(1, n + 1)
    fps = np.floor(rng.choice([200.0, 2e4]) / seconds * factors(rng, n, 0.01))
    values = {"time/fps": fps, "rollout/ep_rew_mean": -loss(rng, n)}
    # The mean has risen by 1 % after this part of what is left.
    return [Session(values)], at - n // 10, at + n // 8


@sick("throughput")
def slower_at_first_quickly(rng: np.random.Generator) -> Made:
    n = whole(rng, 150, 900)
    at = int(n * rng.uniform(0.2, 0.5))
    times = rng.uniform(2, 6) ** (1 - np.exp(-since(n, at) / 0.3))
    seconds = 0.3 * times * factors(rng, n, 0.04)
    margin = n // 20 + 2
    values = {"Perf/samples/s": 32 / seconds, "loss": loss(rng, n)}
    return [Session(values, seconds)], at - margin, at + margin


@sick("throughput")
def slower_at_once_in_much_noise(rng: np.random.Generator) -> Made:
    n = whole(rng, 150, 900)
    at = int(n * rng.uniform(0.25, 0.6))
    seconds = 0.5 * np.where(np.arange(n) < at, 1, 1.6) * factors(rng, n, 0.25)
    return [Session({"iter_time": seconds, "loss": loss(rng, n)}, seconds)], at - 6, at + 6


@sick("throughput")
def a_quarter_slower_between_evaluations(rng: np.random.Generator) -> Made:
    n = whole(rng, 150, 900)
    at = int(n * rng.uniform(0.3, 0.6))
    seconds = 80 * np.where(np.arange(n) < at, 1, 1.25) * factors(rng, n, 0.05)
    seconds = seconds * np.where(np.arange(n) % 20 == 19, 4, 1)
    return [Session({"perf/step_time_ms": seconds, "loss": loss(rng, n)})], at - 3, at + 3


@sick("throughput")
def slower_after_a_busy_hour(rng: np.random.Generator) -> Made:
    n = whole(rng, 200, 900)
    at, t = int(0.6 * n), np.arange(n) / n
    seconds = np.where(np.arange(n) < at, 1, 1.6) * np.where((t > 0.2) & (t < 0.25), 1.6, 1)
    seconds = seconds * factors(rng, n, 0.05)
    return [Session({"sec/iter": seconds, "loss": loss(rng, n)}, seconds)], at - 3, at + 3


@sound
def speeds_with_habits(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 60, 900)
    t = np.arange(n)
    wave = 2 * np.pi * t / n * rng.uniform(1.5, 6) + rng.uniform(0, 6)
    habits = [
        1 + 2 * np.exp(-t / 5),
        np.where(t % 10 == 0, 3, 1),
        1 + 0.2 * np.sin(wave),
        np.where((t > 0.4 * n) & (t < 0.6 * n), 1.7, 1),
        np.where(rng.random(n) < 0.05, 6, 1),
        1 - 0.3 * t / n,
    ]
    seconds = habits[int(rng.integers(len(habits)))] * factors(rng, n, 0.06)
    return [Session({"samples_per_second": 64 / seconds, "loss": loss(rng, n)}, seconds)]


# -- learning rate


@sick("learning_rate")
def cut_by_hand_in_a_decay(rng: np.random.Generator) -> Made:
    n = whole(rng, 40, 900)
    at = int(n * rng.uniform(0.3, 0.7))
    rate = cosine(n, floor=0.03) * np.where(np.arange(n) < at, 1, rng.choice([0.01, 0.1, 0.4]))
    return [Session({"hyperparameters/lr": rate, "loss": loss(rng, n, at / n)})], at, at


@sick("learning_rate")
def cut_by_hand_after_some_epochs(rng: np.random.Generator) -> Made:
    n = int(rng.integers(14, 19))
    at = int(0.55 * n)
    rate = cosine(n) * np.where(np.arange(n) < at, 1, 0.1)
    return [Session({"lr": rate, "loss": loss(rng, n, at / n)})], at, at


@sick("learning_rate")
def hundredth_of_a_constant(rng: np.random.Generator) -> Made:
    n = whole(rng, 40, 900)
    at = int(n * rng.uniform(0.3, 0.7))
    rate = np.where(np.arange(n) < at, 3e-4, 3e-6)
    return [Session({"lr": rate, "loss": loss(rng, n, at / n)})], at, at


@sick("learning_rate")
def raised_by_hand(rng: np.random.Generator) -> Made:
    n = whole(rng, 40, 900)
    at = int(n * rng.uniform(0.3, 0.7))
    rate = 3e-4 * np.where(np.arange(n) < at, 1, rng.choice([1.5, 2.0, 3.0]))
    return [Session({"train/lr": rate, "loss": loss(rng, n)})], at, at


@sick("learning_rate")
def scheduler_is_made_anew(rng: np.random.Generator) -> Made:
    n = whole(rng, 60, 900)
    at = int(n * rng.uniform(0.45, 0.6))
    whole_rate = cosine(n, warm=0.0)
    rate = np.r_[whole_rate[:at], whole_rate[: n - at]]
    return [Session({"lr-AdamW": rate, "loss": loss(rng, n)})], at, at


@sick("learning_rate")
def below_zero_for_the_last_epochs(rng: np.random.Generator) -> Made:
    n = whole(rng, 14, 900)
    at = int(np.ceil(0.85 * n))
    rate = 1e-3 * (1 - np.arange(n) / (0.85 * n))
    return [Session({"lr": rate, "loss": loss(rng, n, 0.85)})], at - 1, at + 1


@sick("learning_rate")
def schedule_is_asked_no_more(rng: np.random.Generator) -> Made:
    n = whole(rng, 40, 900)
    at = int(n * rng.uniform(0.3, 0.5))
    rate = cosine(n)
    rate[at:] = rate[at]
    return [Session({"lr": rate, "loss": loss(rng, n)})], at - 1, at + 1


@sick("learning_rate")
def zero_beside_a_momentum(rng: np.random.Generator) -> Made:
    n = whole(rng, 40, 900)
    at = int(n * rng.uniform(0.3, 0.7))
    rate = np.where(np.arange(n) < at, 0.1, 0)
    values = {"lr-SGD": rate, "lr-SGD-momentum": 0.9, "loss": loss(rng, n, at / n)}
    return [Session(values)], at, at


@sound
def schedules_in_parts(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 9, 900)
    t = np.arange(n)
    u = t / n
    warm = np.minimum(1, (t + 1) / max(1, 0.02 * n))
    rates = [
        np.where(u < 0.8, 1e-3, 1e-3 * (1 - (u - 0.8) / 0.2 * 0.99)),
        np.where(u < 0.5, 1e-3, 1e-4),
        1e-3 * np.select([u < 0.6, u < 0.85], [1, 0.1], 0.01),
        1e-3 * np.select([u < 0.8, u < 0.9], [1, 0.316], 0.1) * warm,
        np.resize(cosine(max(4, n // 4), warm=0.0, floor=0.2), n),
        np.resize(np.linspace(1e-4, 1e-3, max(3, n // 6)), n),
        1e-3 * 0.9 ** np.floor(20 * u),
        np.where(u < 0.45, u / 0.45, (1 - u) / 0.55) * 0.1 + 1e-4,
        1e-3 * (1 - u) ** 2,
        1e-3 * np.exp(-5 * u),
    ]
    return [Session({"lr": rates[int(rng.integers(len(rates)))], "loss": loss(rng, n)})]


@sound
def decay_at_a_restart_of_the_job(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 40, 900)
    rate = np.where(np.arange(n) < n // 2, 1e-3, 1e-4) * 0.5 ** (np.arange(n) * 6 // n)
    return split({"lr": rate, "loss": loss(rng, n)}, n // 3)


# -- gradients


@sick("gradient")
def never_below_the_limit(rng: np.random.Generator) -> Made:
    n = whole(rng, 12, 900)
    norm = np.minimum(5 * factors(rng, n, 0.1), rng.choice([0.1, 0.5, 1.0]))
    return [Session({"grad_norm": norm, "loss": loss(rng, n)})], 0, n // 10


@sick("gradient")
def clipped_norm_behind_the_clipping(rng: np.random.Generator) -> Made:
    n = whole(rng, 30, 900)
    norm = np.minimum(0.5, 3 * factors(rng, n, 0.2)) * (1 - rng.uniform(0, 1e-6, n))
    return [Session({"grad_norm_after_clip": norm, "loss": loss(rng, n)})], 0, n // 10


@sound
def limits_that_are_logged(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 20, 900)
    values = {"grad_norm": 0.4 * factors(rng, n, 0.5), "max_grad_norm": 1.0, "grad_norm_clip": 1.0}
    return [Session({**values, "loss": loss(rng, n)})]


# -- the scale of the loss


@sick("loss_scale")
def scale_that_was_low_already(rng: np.random.Generator) -> Made:
    """It goes up and down between 8 and 64, and from 64 on it is halved at every other point."""
    n = whole(rng, 200, 900)
    at = 48 * (whole(rng, 80, int(0.7 * n)) // 48) + 25
    exponents = 3 + np.abs((np.arange(n) // 8) % 6 - 3)
    exponents[at:] = np.maximum(6 - (np.arange(n - at) // 2 + 1), -13)
    exponents[at - 9 : at] = 6
    return [Session({"train/loss_scale": 2.0**exponents, "loss": loss(rng, n)})], at - 1, at + 1


@sound
def scales_that_overflow_now_and_then(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 20, 900)
    scale = scaler(12 + rng.normal(0, 0.5, n), 16, max(3, n // 20))
    return [Session({"loss_scale": scale, "loss": loss(rng, n)})]


# -- stalls


@sick("stall")
def two_pauses_a_third_of_the_run_apart(rng: np.random.Generator) -> Made:
    n = whole(rng, 300, 900)
    first, second = int(0.3 * n), int(0.65 * n)
    seconds = factors(rng, n, 0.1)
    seconds[[first, second]] += rng.uniform(2000, 3500, 2)
    return [Session({"loss": loss(rng, n)}, seconds)], first - 1, second


@sound
def evaluations_that_take_long(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 120, 900)
    every = max(10, n // int(rng.integers(2, 9)))
    pauses = np.where(np.arange(n) % every == every - 1, 2000 * factors(rng, n, 0.05), 0)
    return [Session({"loss": loss(rng, n)}, factors(rng, n, 0.1) + pauses)]
