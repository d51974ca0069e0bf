"""Speeds and gaps: what machines do to models that are well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine
from benchmarks.blind.fourteenth.making import index_of, near, settling
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import approach, power_law, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    every,
    hangs,
    jumps,
    noise,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


def sound(log: Log, rng: np.random.Generator, steps: Steps) -> None:
    """A language model's run that is well, but for its speed."""
    t = times(len(steps))
    near(log, rng, "train/loss", steps, power_law(t, 10, 2.5, 0.35), 0.012)
    log.add("train/lr", steps, cosine(t, 3e-4))
    near(log, rng, "train/grad_norm", steps, settling(t, 0.4), 0.15)


def slows(log: Log, steps: Steps, index: int, factor: float) -> Array:
    """How many times as long a step takes at each point."""
    log.slower(int(steps[index]), factor)
    return np.where(np.arange(len(steps)) < index, 1.0, factor)


@healthy(
    "speed_of_a_shared_cluster",
    "Neighbours come and go: the speed waves by a fifth.",
    tolerated=("throughput",),
)
def speed_of_a_shared_cluster(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 600), 10)
    sound(log, rng, steps)
    near(
        log,
        rng,
        "perf/tokens_per_second",
        steps,
        52000 * (1 + noise(rng, len(steps), 0.06, 0.7)),
        0.02,
    )


@healthy("speed_dips_at_checkpoints", "At each checkpoint one point is slow.")
def speed_dips_at_checkpoints(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 600), 10)
    sound(log, rng, steps)
    saved = np.arange(len(steps)) % 25 == 24
    near(log, rng, "perf/tokens_per_second", steps, np.where(saved, 31000, 52000), 0.01)
    for step in steps[saved].tolist():
        log.pause(step, 30)


@healthy("first_steps_are_compiled", "torch.compile: the first points are slow, all others fast.")
def first_steps_are_compiled(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 600), 10)
    sound(log, rng, steps)
    speed = np.where(np.arange(len(steps)) < 2, 9000.0, 61000.0)
    near(log, rng, "perf/tokens_per_second", steps, speed, 0.012)
    near(log, rng, "perf/mfu", steps, speed / 61000 * 0.41, 0.012)


@healthy("evaluations_take_an_hour", "Long gaps at regular steps: the evaluations.")
def evaluations_take_an_hour(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 240, 600), 10)
    sound(log, rng, steps)
    log.seconds_per_step = 2.0
    few = every(steps, 12)
    near(log, rng, "eval/loss", few, 2.6 + 1.5 * np.exp(-times(12) * 4), 0.004)
    for step in few.tolist():
        log.pause(step, 2400)


@healthy("speed_after_moving_to_new_cards", "Resumed on faster cards: the speed leaps up.")
def speed_after_moving_to_new_cards(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 600), 10)
    t = times(len(steps))
    loss = power_law(t, 10, 2.5, 0.35)
    stop = index_of(t, rng.uniform(0.3, 0.6))
    for part, speed in ((slice(0, stop), 24000), (slice(stop, None), 52000)):
        log.session()
        near(log, rng, "train/loss", steps[part], loss[part], 0.012)
        log.add("train/lr", steps[part], cosine(t, 3e-4)[part])
        near(log, rng, "perf/tokens_per_second", steps[part], speed, 0.012)


@labelled(
    "one_node_is_slow", "throughput", "From a point on one node slows all.", quarter=1.35, half=2.0
)
def one_node_is_slow(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 600), 10)
    index = index_of(times(len(steps)), rng.uniform(0.25, 0.7))
    sound(log, rng, steps)
    slow = slows(log, steps, index, strength)
    near(log, rng, "perf/tokens_per_second", steps, 52000 / slow, 0.012)
    near(log, rng, "perf/mfu", steps, 0.41 / slow, 0.012)
    jumps(log, "throughput", ("perf/tokens_per_second", "perf/mfu"), steps, index)


@labelled(
    "megatron_network_degraded",
    "throughput",
    "An iteration takes longer for good.",
    half_more=1.5,
    thrice=3.0,
)
def megatron_network_degraded(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 600), 100)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.25, 0.7))
    near(log, rng, "lm loss", steps, power_law(t, 10.9, 2.4), 0.01)
    log.add("learning-rate", steps, cosine(t, 2e-4))
    slow = slows(log, steps, index, strength)
    near(log, rng, "iteration-time", steps, 5.4 * slow, 0.015)
    near(log, rng, "throughput", steps, 410 / slow, 0.015)
    jumps(log, "throughput", ("iteration-time", "throughput"), steps, index)


@labelled(
    "loader_starves_the_cards", "throughput", "The wait for data grows twentyfold.", plain=1.0
)
def loader_starves_the_cards(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 600), 50)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.25, 0.7))
    near(log, rng, "loss", steps, approach(t, 1.9, 0.7, 6), 0.05)
    log.add("lr", steps, cosine(t, 0.02))
    slow = slows(log, steps, index, 1 + 1.2 * strength)
    near(log, rng, "time", steps, 0.31 * slow, 0.03)
    near(log, rng, "data_time", steps, 0.018 + 0.31 * (slow - 1), 0.1)
    tags = "time", "data_time"
    jumps(log, "throughput", tags, steps, index, ("explosion",))


@labelled(
    "card_throttles_slowly",
    "throughput",
    "The speed sinks slowly by a third or a half.",
    third=0.33,
    half=0.5,
)
def card_throttles_slowly(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 600), 20)
    t = times(len(steps))
    sound(log, rng, steps)
    onset = rng.uniform(0.3, 0.5)
    lost = strength * np.clip((t - onset) / 0.12, 0, 1)
    near(log, rng, "train/samples_per_second", steps, 640 * (1 - lost), 0.012)
    log.slower(int(steps[index_of(t, onset + 0.06)]), 1 / (1 - strength))
    index = index_of(t, onset)
    window = int(steps[max(index - 3, 0)]), int(steps[index_of(t, onset + 0.12) + 2])
    log.true("throughput", "train/samples_per_second", int(steps[index]), window)


@labelled("video_decoder_falls_back", "throughput", "Pictures a second fall to a tenth.")
def video_decoder_falls_back(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 50)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.2, 0.7))
    near(log, rng, "train/loss", steps, approach(t, 5.9, 2.2, 5), 0.03)
    slow = slows(log, steps, index, 10 * strength)
    near(log, rng, "perf/images_per_second", steps, 3100 / slow, 0.03)
    log.add("train/lr", steps, cosine(t, 0.1))
    jumps(log, "throughput", "perf/images_per_second", steps, index, ("collapse",))


def paused(name: str, why: str, hours: float, seconds: float) -> None:
    """Registers a sound run that hangs once for so many hours."""

    @labelled(name, "stall", why)
    def make(log: Log, rng: np.random.Generator, strength: float) -> None:
        steps = spaced(whole(rng, 150, 500), 10)
        sound(log, rng, steps)
        log.seconds_per_step = seconds
        tags = "train/loss", "train/lr", "train/grad_norm"
        index = index_of(times(len(steps)), rng.uniform(0.15, 0.85))
        hangs(log, tags, steps, index, hours * strength)


paused("nccl_waits_all_night", "A collective waits for a lost rank until morning.", 9, 1.5)
paused("file_system_was_away", "Storage does not answer for three hours.", 3, 0.6)
paused("laptop_was_closed", "A small run on a laptop that slept over a weekend.", 60, 0.2)
paused("preempted_for_a_day", "Its cards were given to another for a day.", 26, 2.5)
paused("queue_held_it", "The job is suspended for five hours in its middle.", 5, 0.4)
paused("deadlocked_loader", "Workers of the loader wait for each other for an hour.", 1.5, 0.1)


@labelled("evaluation_hangs_once", "stall", "All evaluations take minutes, one of them a night.")
def evaluation_hangs_once(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 240, 600), 10)
    sound(log, rng, steps)
    log.seconds_per_step = 1.0
    few = every(steps, 12)
    near(log, rng, "eval/loss", few, 2.6 + 1.5 * np.exp(-times(12) * 4), 0.004)
    for step in few.tolist():
        log.pause(step, 300)
    hung = int(few[int(rng.integers(3, 10))])
    tags = "train/loss", "train/lr", "train/grad_norm", "eval/loss"
    hangs(log, tags, steps, int(np.argmax(steps >= hung)), 11 * strength)
