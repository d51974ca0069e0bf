"""Logs in which something goes wrong around the model, and as many in which nothing does.

What is true of each is known from how it is made. Each is a list of sessions; a session has the
values of its tags, at steps that follow one another, and how many seconds a point takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import tbtools

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Array = np.ndarray
    Made = tuple[list["Session"], int, int]
    Make = Callable[[np.random.Generator], Made]
    Sound = Callable[[np.random.Generator], list["Session"]]

START = 1.7e9


@dataclass(frozen=True)
class Session:
    """What one writer wrote: values by tag, one at each step, and the seconds before each."""

    values: dict[str, Any]
    seconds: Any = 1.0


SICK: dict[str, tuple[str, Make]] = {}
SOUND: dict[str, Sound] = {}


def sick(kind: str) -> Callable[[Make], Make]:
    """Registers a situation; it gives the first and the last point that are right as an onset."""

    def register(make: Make) -> Make:
        SICK[make.__name__] = (kind, make)
        return make

    return register


def sound(make: Sound) -> Sound:
    """Registers a situation that deserves no finding about the machinery, or an info at most."""
    SOUND[make.__name__] = make
    return make


def write(folder: Path, sessions: list[Session]) -> list[int]:
    """Writes the sessions, an hour apart, a file each; gives the steps of the points."""
    step, time = 0, START
    steps = []
    for session in sessions:
        n = max(np.size(value) for value in session.values.values())
        seconds = np.broadcast_to(np.asarray(session.seconds, float), n)
        with tbtools.EventFileWriter(folder, wall_time=time) as writer:
            for at in range(n):
                time += seconds[at]
                for tag, value in session.values.items():
                    value = np.broadcast_to(np.asarray(value, float), n)
                    writer.add_scalar(tag, float(value[at]), step, time)
                steps.append(step)
                step += 10
        time += 3600
    return steps


def split(values: dict[str, Array], at: int, seconds: Any = 1.0) -> list[Session]:
    """Two sessions, the second of which begins at a point."""
    seconds = np.broadcast_to(np.asarray(seconds, float), len(next(iter(values.values()))))
    return [
        Session({tag: value[part] for tag, value in values.items()}, seconds[part])
        for part in (slice(None, at), slice(at, None))
    ]


def whole(rng: np.random.Generator, low: int, high: int) -> int:
    return int(np.exp(rng.uniform(np.log(low), np.log(high))))


def factors(rng: np.random.Generator, n: int, spread: float) -> Array:
    return np.exp(rng.normal(0, spread, n))


def falling(n: int, end: float = 1.0, until: float = 1.0) -> Array:
    """A loss that falls along a power law until a part of the run."""
    t = np.minimum(np.arange(n) / n, until)
    return end + 1.5 * (1 + 30 * t) ** -0.6


def loss(rng: np.random.Generator, n: int, until: float = 1.0, noise: float = 0.01) -> Array:
    return falling(n, until=until) + rng.normal(0, noise, n)


def cosine(n: int, warm: float = 0.05, floor: float = 0.0) -> Array:
    t = np.arange(n) / max(1, n - 1)
    down = floor + (1 - floor) * (1 + np.cos(np.pi * np.clip((t - warm) / (1 - warm), 0, 1))) / 2
    return 1e-3 * np.where(t < warm, (t + 1 / n) / (warm + 1 / n), down)


def scaler(limits: Array, start: float, interval: int, floor: float = -100.0) -> Array:
    """A dynamic loss scale: halved beyond a limit, doubled after so many good points."""
    exponent, good, out = start, 0, []
    for limit in limits:
        out.append(exponent)
        if exponent > limit:
            exponent, good = max(floor, exponent - 1), 0
        else:
            good += 1
            if good == interval:
                exponent, good = exponent + 1, 0
    return 2.0 ** np.array(out)


# -- throughput


@sick("throughput")
def epochs_take_twice_as_long(rng: np.random.Generator) -> Made:
    n = int(rng.integers(11, 18))
    at = int(rng.integers(4, n - 5))
    seconds = 300 * factors(rng, n, 0.03) * np.where(np.arange(n) < at, 1, 2.0)
    return [Session({"epoch_time": seconds, "val_loss": loss(rng, n)}, seconds)], at - 1, at + 1


@sick("throughput")
def few_epochs_by_the_clock(rng: np.random.Generator) -> Made:
    n = int(rng.integers(12, 18))
    at = int(rng.integers(5, n - 5))
    seconds = 300 * factors(rng, n, 0.03) * np.where(np.arange(n) < at, 1, 2.5)
    return [Session({"train/loss": loss(rng, n)}, seconds)], at - 1, at + 1


@sick("throughput")
def slower_in_three_steps(rng: np.random.Generator) -> Made:
    n = whole(rng, 200, 800)
    parts = np.arange(n) * 4 // n
    seconds = 0.4 * 1.25**parts * factors(rng, n, 0.06)
    return [Session({"it/s": 1 / seconds, "loss": loss(rng, n)}, seconds)], n // 4 - 3, n // 4 + 3


@sick("throughput")
def speed_drifts_down(rng: np.random.Generator) -> Made:
    n = whole(rng, 200, 800)
    speed = 2000 * (1 - 0.35 * np.arange(n) / n) * factors(rng, n, 0.04)
    return [Session({"perf/tokens_per_sec": speed, "loss": loss(rng, n)}, 2000 / speed)], 0, n // 10


@sick("throughput")
def starved_from_the_start(rng: np.random.Generator) -> Made:
    n = whole(rng, 100, 800)
    data = 0.5 * factors(rng, n, 0.2)
    step = 0.2 * factors(rng, n, 0.03) + data
    tags = {"train/data_time": data, "train/batch_time": step, "train/loss": loss(rng, n)}
    return [Session(tags, step)], 0, n // 10


@sick("throughput")
def share_of_waiting_grows(rng: np.random.Generator) -> Made:
    n = whole(rng, 100, 800)
    at = int(n * rng.uniform(0.3, 0.6))
    share = np.clip(np.where(np.arange(n) < at, 0.1, 0.75) * factors(rng, n, 0.15), 0, 0.98)
    return [Session({"data_wait_fraction": share, "loss": loss(rng, n)})], at - 2, at + 2


@sick("throughput")
def a_little_slower_when_hot(rng: np.random.Generator) -> Made:
    n = whole(rng, 300, 900)
    at = int(n * rng.uniform(0.3, 0.6))
    seconds = 0.3 * np.where(np.arange(n) < at, 1, 1.13) * factors(rng, n, 0.02)
    return [Session({"sec_per_step": seconds, "loss": loss(rng, n)}, seconds)], at - 3, at + 3


@sick("throughput")
def pauses_grow(rng: np.random.Generator) -> Made:
    n = whole(rng, 400, 900)
    every = 15
    pause = (np.arange(n) % every == every - 1) * (2 + 40 * (np.arange(n) / n) ** 1.5)
    seconds = factors(rng, n, 0.03) + pause * factors(rng, n, 0.1)
    return [Session({"time_per_iteration": seconds, "loss": loss(rng, n)}, seconds)], 0, n // 2


@sick("throughput")
def utilization_falls_in_much_noise(rng: np.random.Generator) -> Made:
    n = whole(rng, 300, 900)
    at = int(n * rng.uniform(0.3, 0.6))
    speed = 0.5 * np.where(np.arange(n) < at, 1, 0.5) * factors(rng, n, 0.2)
    return [Session({"perf/mfu": speed, "loss": loss(rng, n)}, 1 / speed)], at - 8, at + 8


@sound
def speeds_that_vary(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 100, 800)
    seconds = 0.3 * rng.lognormal(0, 0.25, n)
    return [Session({"iter_time": seconds, "loss": loss(rng, n)}, seconds)]


@sound
def epochs_that_vary(rng: np.random.Generator) -> list[Session]:
    n = int(rng.integers(9, 19))
    seconds = 300 * factors(rng, n, 0.05)
    return [Session({"epoch_time": seconds, "loss": loss(rng, n)}, seconds)]


@sound
def first_epoch_fills_the_cache(rng: np.random.Generator) -> list[Session]:
    n = int(rng.integers(9, 19))
    seconds = 300 * factors(rng, n, 0.05) * np.where(np.arange(n) == 0, 4, 1)
    return [Session({"epoch_time": seconds, "samples_per_sec": 1e4 / seconds}, seconds)]


@sound
def every_fifth_epoch_evaluates(rng: np.random.Generator) -> list[Session]:
    n = int(rng.integers(15, 60))
    seconds = 100 * factors(rng, n, 0.05) * np.where(np.arange(n) % 5 == 4, 2.5, 1)
    return [Session({"time/epoch": seconds, "loss": loss(rng, n)}, seconds)]


@sound
def machine_is_shared(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 200, 900)
    wave = 0.08 * np.sin(2 * np.pi * np.arange(n) / n * rng.uniform(3, 7) + rng.uniform(0, 6))
    seconds = 0.3 * np.exp(wave) * factors(rng, n, 0.08)
    return [Session({"fps": 32 / seconds, "loss": loss(rng, n)}, seconds)]


@sound
def loader_keeps_up(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 100, 800)
    data = 0.02 * rng.lognormal(0, 0.8, n)
    step = 0.3 * factors(rng, n, 0.03) + data
    return [Session({"data_time": data, "time": step, "loss": loss(rng, n)}, step)]


@sound
def speed_goes_up(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 100, 800)
    speed = 900 * (1 + np.arange(n) / n) * factors(rng, n, 0.05)
    return [Session({"samples_per_second": speed, "loss": loss(rng, n)}, 900 / speed)]


# -- learning rate


@sick("learning_rate")
def zero_after_a_few_epochs(rng: np.random.Generator) -> Made:
    n = int(rng.integers(10, 19))
    at = int(rng.integers(3, n - 4))
    rate = np.where(np.arange(n) < at, 1e-3, 0)
    return [Session({"lr": rate, "train_loss": loss(rng, n, at / n)})], at, at


@sick("learning_rate")
def step_multiplies_with_nothing(rng: np.random.Generator) -> Made:
    n = whole(rng, 100, 900)
    at = int(n * rng.uniform(0.2, 0.7))
    rate = np.where(np.arange(n) < at, 3e-4, 0)
    return [Session({"optim/lr-group0": rate, "loss": loss(rng, n, at / n)})], at, at


@sick("learning_rate")
def linear_beyond_its_end(rng: np.random.Generator) -> Made:
    n = whole(rng, 100, 900)
    rate = 1e-3 * (1 - np.arange(n) / (0.7 * n))
    at = int(np.flatnonzero(rate <= 0)[0])
    return [Session({"learning_rate": rate, "loss": loss(rng, n, 0.7)})], at, at + 1


@sick("learning_rate")
def none_until_the_warm_up_is_over(rng: np.random.Generator) -> Made:
    n = whole(rng, 100, 900)
    rate = np.where(np.arange(n) < n // 4, 0, cosine(n, 0.0))
    curve = np.r_[np.full(n // 4, 2.5), falling(n - n // 4)] + rng.normal(0, 0.01, n)
    return [Session({"lr": rate, "loss": curve})], 0, 0


@sick("learning_rate")
def doubled_at_a_restart(rng: np.random.Generator) -> Made:
    n = whole(rng, 60, 900)
    at = int(n * rng.uniform(0.3, 0.7))
    rate = cosine(n) * np.where(np.arange(n) < at, 1, 1.8)
    return split({"lr": rate, "loss": loss(rng, n)}, at), at, at


@sick("learning_rate")
def back_at_the_first_rate(rng: np.random.Generator) -> Made:
    n = whole(rng, 40, 900)
    at = int(n * rng.uniform(0.55, 0.8))
    rate = 0.1 * 0.1 ** (np.arange(n) * 3 // n).astype(float)
    rate[at:] = 0.1
    return split({"lr": rate, "loss": loss(rng, n)}, at), at, at


@sick("learning_rate")
def back_at_the_first_rate_in_few_epochs(rng: np.random.Generator) -> Made:
    n = int(rng.integers(10, 18))
    rate = 0.1 * 0.3 ** (np.arange(n) * 3 // n).astype(float)
    at = int(n * 0.7)
    rate[at:] = 0.1
    return split({"lr": rate, "loss": loss(rng, n)}, at), at, at


@sick("learning_rate")
def warmed_up_again_early_in_the_decay(rng: np.random.Generator) -> Made:
    n = whole(rng, 100, 900)
    at = int(n * 0.35)
    rate = np.r_[cosine(n)[:at], cosine(n)[: n - at]]
    return split({"lr": rate, "loss": loss(rng, n)}, at), at, at


@sick("learning_rate")
def warmed_up_again_at_a_constant_rate(rng: np.random.Generator) -> Made:
    n = whole(rng, 100, 900)
    at = int(n * rng.uniform(0.4, 0.8))
    once = 1e-4 * np.minimum(1, (np.arange(n) + 1) / (0.05 * n))
    return split({"lr": np.r_[once[:at], once[: n - at]], "loss": loss(rng, n)}, at), at, at


@sick("learning_rate")
def stands_still_after_a_restart(rng: np.random.Generator) -> Made:
    n = whole(rng, 100, 900)
    at = int(n * rng.uniform(0.3, 0.7))
    rate = cosine(n)
    rate[at:] = rate[at]
    return split({"train/lr": rate, "loss": loss(rng, n)}, at), at, at


@sick("learning_rate")
def cosine_climbs_again(rng: np.random.Generator) -> Made:
    n = whole(rng, 60, 900)
    rate = 5e-4 * (1 + np.cos(np.pi * np.arange(n) / (0.6 * n))) / 2
    at = int(np.argmin(rate))
    return [Session({"lr": rate, "loss": loss(rng, n)})], at - 1, at + 2


@sick("learning_rate")
def schedule_of_a_shorter_run(rng: np.random.Generator) -> Made:
    n = whole(rng, 60, 900)
    short = int(n * rng.uniform(0.3, 0.5))
    rate = np.r_[cosine(short, floor=0.05), np.full(n - short, 5e-5)]
    return [Session({"lr": rate, "loss": loss(rng, n)})], short - 2, short + 1


@sick("learning_rate")
def decays_with_each_batch(rng: np.random.Generator) -> Made:
    n = whole(rng, 60, 900)
    rate = 1e-2 * 10 ** (-30 * np.arange(n) / n)
    tenth, thousandth = (int(np.flatnonzero(rate < part * 1e-2)[0]) for part in (0.1, 1e-3))
    return [Session({"lr": rate, "loss": loss(rng, n, 0.1)})], tenth, thousandth + 2


@sick("learning_rate")
def ten_times_as_high_at_once(rng: np.random.Generator) -> Made:
    n = whole(rng, 60, 900)
    at = int(n * rng.uniform(0.3, 0.8))
    rate = cosine(n, floor=0.2) * np.where(np.arange(n) < at, 1, 12)
    return [Session({"lr": rate, "loss": loss(rng, n)})], at, at


@sick("learning_rate")
def grows_beyond_all_before(rng: np.random.Generator) -> Made:
    n = whole(rng, 100, 900)
    at = int(n * rng.uniform(0.3, 0.6))
    rate = 1e-3 * 8 ** (np.clip(np.arange(n) - at, 0, None) / (n - at))
    return [Session({"lr": rate, "loss": loss(rng, n)})], at, at + 2


@sound
def usual_schedules(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 9, 900)
    t = np.arange(n)
    every = max(2, n // 5)
    rates = [
        cosine(n),
        cosine(n, floor=0.1),
        np.full(n, 3e-4),
        1e-3 * 0.1 ** (t * 3 // n).astype(float),
        1e-3 * 0.5 ** (t // every).astype(float),
        1e-3 * 0.97 ** (t * 60 / n),
        1e-3 / np.sqrt(1 + t),
        1e-3 * (1 - t / n) ** 0.9,
        1e-3 * np.minimum(1, (n - t) / (0.2 * n)),
        cosine(n, 0.3),
        np.resize(cosine(every, 0.0), n),
        1e-4 + 9e-4 * np.abs((t / every) % 2 - 1),
    ]
    return [Session({"lr": rates[int(rng.integers(len(rates)))], "loss": loss(rng, n)})]


@sound
def resumed_where_it_was(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 30, 900)
    t = np.arange(n)
    rates = [
        cosine(n),
        cosine(n, floor=0.1),
        np.full(n, 3e-4),
        1e-3 * 0.1 ** (t * 3 // n).astype(float),
        1e-3 * 0.97 ** (t * 60 / n),
        1e-3 / np.sqrt(1 + t),
        1e-3 * np.minimum(1, (t + 1) / (0.4 * n)),
        1e-4 + 9e-4 * np.abs((t / (n / 5)) % 2 - 1),
    ]
    rate = rates[int(rng.integers(len(rates)))]
    at = int(n * rng.uniform(0.1, 0.9))
    return split({"lr": rate, "loss": loss(rng, n)}, at)


@sound
def warmed_up_again_to_the_schedule(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 100, 900)
    at = int(n * rng.uniform(0.3, 0.7))
    warm = np.minimum(1, np.maximum(np.arange(n) - at + 1, 0) / (0.03 * n))
    rate = cosine(n) * np.where(np.arange(n) < at, 1, warm)
    return split({"lr": rate, "loss": loss(rng, n)}, at)


@sound
def group_that_is_frozen(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 30, 900)
    backbone = np.where(np.arange(n) < n // 3, 0, cosine(n))
    return [Session({"lr/backbone": backbone, "lr/head": cosine(n), "loss": loss(rng, n)})]


@sound
def second_stage_with_its_own_schedule(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 60, 600)
    rate = np.r_[cosine(n), 0.1 * cosine(n)]
    return split({"lr": rate, "loss": np.r_[loss(rng, n), 0.8 * loss(rng, n)]}, n)


# -- gradients


@sick("gradient")
def clipped_in_all_epochs(rng: np.random.Generator) -> Made:
    n = int(rng.integers(9, 18))
    norm = np.minimum(1.0, 5 * factors(rng, n, 0.3)) * (1 - rng.uniform(0, 1e-6, n))
    return [Session({"grad_norm": norm, "loss": loss(rng, n)})], 0, 1


@sick("gradient")
def clipping_becomes_the_rule(rng: np.random.Generator) -> Made:
    n = whole(rng, 100, 900)
    at = int(n * rng.uniform(0.3, 0.7))
    share = rng.binomial(50, np.where(np.arange(n) < at, 0.05, 0.97), n) / 50
    tags = {"optim/clipped_fraction": share, "optim/grad_norm": factors(rng, n, 0.2)}
    return [Session({**tags, "loss": loss(rng, n)})], at - 2, at + 2


@sick("gradient")
def multiplied_with_next_to_nothing(rng: np.random.Generator) -> Made:
    n = whole(rng, 20, 900)
    tags = {"grad_clip_coef": 0.05 * factors(rng, n, 0.3), "loss": loss(rng, n)}
    return [Session(tags)], 0, n // 10


@sick("gradient")
def rises_for_a_few_epochs(rng: np.random.Generator) -> Made:
    n = int(rng.integers(13, 19))
    at = 5
    norm = 0.5 * 2.5 ** np.clip(np.arange(n) - at, 0, None) * factors(rng, n, 0.1)
    return [Session({"train/grad_norm": norm, "train/loss": loss(rng, n, at / n)})], at - 1, at + 2


@sick("gradient")
def rises_slowly_and_nothing_is_learned(rng: np.random.Generator) -> Made:
    n = whole(rng, 150, 900)
    at = n * 0.4
    rise = np.clip((np.arange(n) - at) / (n - at), 0, 1)
    norm = 2 * 5.0**rise * factors(rng, n, 0.15)
    window = int(at - n * 0.1), int(at + n * 0.15)
    return [Session({"global_norm": norm, "loss": loss(rng, n, 0.4)})], *window


@sick("gradient")
def rises_and_no_loss_is_logged(rng: np.random.Generator) -> Made:
    n = whole(rng, 150, 900)
    at = int(n * rng.uniform(0.3, 0.6))
    norm = factors(rng, n, 0.3) * np.where(np.arange(n) < at, 1, 15)
    return [Session({"gradients/total_norm": norm})], at - 2, at + 2


@sick("gradient")
def rises_and_no_reward_comes(rng: np.random.Generator) -> Made:
    n = whole(rng, 150, 900)
    at = int(n * rng.uniform(0.3, 0.6))
    norm = factors(rng, n, 0.3) * np.where(np.arange(n) < at, 1, 10)
    reward = 20 + rng.normal(0, 3, n)
    tags = {"learner/grad_gnorm": norm, "env_runners/episode_reward_mean": reward}
    return [Session({**tags, "learner/policy_loss": rng.normal(0, 0.1, n)})], at - 2, at + 2


@sick("gradient")
def zero_in_all_epochs(rng: np.random.Generator) -> Made:
    n = int(rng.integers(9, 18))
    return [Session({"grad_norm": np.zeros(n), "loss": 2.3 + rng.normal(0, 0.01, n)})], 0, 0


@sick("collapse")
def becomes_zero_after_some_epochs(rng: np.random.Generator) -> Made:
    n = int(rng.integers(12, 19))
    at = int(rng.integers(6, n - 5))
    norm = np.where(np.arange(n) < at, 0.8 * factors(rng, n, 0.2), 0.0)
    return [Session({"grad_norm": norm, "loss": loss(rng, n, at / n)})], at - 1, at + 1


@sick("collapse")
def vanishes_at_once(rng: np.random.Generator) -> Made:
    n = whole(rng, 60, 900)
    at = int(n * rng.uniform(0.3, 0.7))
    norm = factors(rng, n, 0.3) * np.where(np.arange(n) < at, 1, 1e-6)
    return [Session({"grad_norm": norm, "loss": loss(rng, n, at / n)})], at - 2, at + 2


@sick("collapse")
def vanishes_by_and_by(rng: np.random.Generator) -> Made:
    n = whole(rng, 150, 900)
    at = int(n * 0.4)
    fall = np.clip((np.arange(n) - at) / (0.3 * n), 0, 1)
    norm = factors(rng, n, 0.2) * 1e-3**fall
    return [Session({"grad_norm": norm, "loss": loss(rng, n, 0.4)})], at - n // 20, at + n // 10


@sound
def norms_that_fall_with_the_loss(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 30, 900)
    norm = (falling(n, 0.3) - 0.25) * factors(rng, n, 0.3)
    return [Session({"grad_norm": norm, "loss": loss(rng, n)})]


@sound
def norms_that_grow_while_the_loss_falls(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 60, 900)
    norm = 0.3 * 4 ** (np.arange(n) / n) * factors(rng, n, 0.2)
    steady = 4 - 2 * np.arange(n) / n + rng.normal(0, 0.02, n)
    return [Session({"total_norm": norm, "loss": steady})]


@sound
def norms_with_a_heavy_tail(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 9, 900)
    norm = 0.4 * np.exp(0.5 * rng.standard_t(4, n))
    return [Session({"train/grad_norm": norm, "train/loss": loss(rng, n)})]


@sound
def norms_of_an_agent_that_learns(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 60, 900)
    learned = 1 / (1 + np.exp(-12 * (np.arange(n) / n - 0.4)))
    norm = 0.5 * (1 + 9 * learned) * factors(rng, n, 0.3)
    reward = 10 + 200 * learned + rng.normal(0, 8, n)
    return [Session({"grad_norm": norm, "rollout/ep_rew_mean": reward})]


@sound
def norms_of_two_players(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 60, 900)
    norm = 0.5 * 10 ** (np.arange(n) / n) * factors(rng, n, 0.3)
    players = {"d_loss": 0.7 + rng.normal(0, 0.05, n), "g_loss": 1.5 + rng.normal(0, 0.2, n)}
    return [Session({"grad_norm": norm, **players})]


@sound
def clipped_now_and_then(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 9, 900)
    norm = np.minimum(1, 0.6 * factors(rng, n, 0.5))
    share = rng.binomial(50, 0.3, n) / 50
    return [Session({"grad_norm": norm, "grad_clipped": share, "loss": loss(rng, n)})]


@sound
def warmed_up_norms(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 60, 900)
    t = np.arange(n) / n
    norm = (0.5 + 8 * np.exp(-t / 0.02)) * factors(rng, n, 0.25)
    return [Session({"grad_norm": norm, "loss": loss(rng, n)})]


# -- the scale of the loss


@sick("loss_scale")
def scale_of_a_few_epochs(rng: np.random.Generator) -> Made:
    n = int(rng.integers(11, 18))
    at = int(rng.integers(4, 7))
    exponent = np.where(np.arange(n) < at, 16, np.maximum(0, 16 - 4 * (np.arange(n) - at + 1)))
    return [Session({"loss_scale": 2.0**exponent, "loss": loss(rng, n, at / n)})], at, at


@sick("loss_scale")
def scale_far_below(rng: np.random.Generator) -> Made:
    n = whole(rng, 200, 900)
    at = int(n * rng.uniform(0.3, 0.6))
    limits = np.where(np.arange(n) < at, 15.5, 8.5) + rng.normal(0, 0.3, n)
    scale = scaler(limits, 15, max(8, n // 40))
    return [Session({"train/loss_scale": scale, "train/loss": loss(rng, n)})], at - 1, at + 4


@sick("loss_scale")
def scale_that_begins_at_a_thousand(rng: np.random.Generator) -> Made:
    n = whole(rng, 80, 900)
    at = int(n * rng.uniform(0.3, 0.6))
    scale = 1000 * 0.5 ** np.clip(np.arange(n) - at + 1, 0, 12)
    return [Session({"fp16_scale": scale, "loss": loss(rng, n, at / n)})], at - 1, at + 1


@sick("loss_scale")
def scale_without_an_end(rng: np.random.Generator) -> Made:
    n = whole(rng, 120, 900)
    scale = 2.0 ** (16 + np.arange(n) * 60 // n)
    return [Session({"amp/scale": scale, "loss": 0.69 + rng.normal(0, 0.001, n)})], 0, n // 10


@sick("loss_scale")
def steps_are_lost_again_and_again(rng: np.random.Generator) -> Made:
    n = whole(rng, 200, 900)
    at = int(n * rng.uniform(0.3, 0.5))
    exponent = np.where(np.arange(n) < at, 14, 14 - (np.arange(n) - at) % 3 // 2)
    return [Session({"grad_scaler/scale": 2.0**exponent, "loss": loss(rng, n)})], at, at + 6


@sick("loss_scale")
def scale_halved_from_the_first_step(rng: np.random.Generator) -> Made:
    n = whole(rng, 60, 900)
    scale = 2.0 ** np.maximum(0, 16 - np.arange(n))
    return [Session({"scaler": scale, "loss": 2.3 + rng.normal(0, 0.01, n)})], 0, 10


@sound
def scales_that_are_dynamic(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 9, 900)
    limits = rng.uniform(9, 16) + rng.normal(0, 0.5, n) + 2 * np.arange(n) / n
    scale = scaler(limits, 16, max(4, n // int(rng.integers(8, 40))))
    return [Session({"loss_scale": scale, "loss": loss(rng, n)})]


@sound
def scales_that_are_static(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 9, 900)
    scale = float(rng.choice([1.0, 128.0, 1000.0, 65536.0]))
    return [Session({"train/loss_scale": np.full(n, scale), "loss": loss(rng, n)})]


@sound
def scales_that_begin_high(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 200, 900)
    limits = np.full(n, 13.0) + rng.normal(0, 0.5, n)
    return [Session({"loss_scale": scaler(limits, 32, 2000), "loss": loss(rng, n)})]


@sound
def scales_that_grow(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 30, 900)
    scale = 2.0 ** (10 + np.arange(n) * 8 // n)
    return [Session({"amp/scale": scale, "loss": loss(rng, n)})]


@sound
def weights_of_a_loss(rng: np.random.Generator) -> list[Session]:
    n = whole(rng, 30, 900)
    return [Session({"loss_scale": np.linspace(10, 0.1, n), "loss": loss(rng, n)})]
