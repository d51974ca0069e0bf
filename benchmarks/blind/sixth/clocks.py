"""Runs that become slower or stop for hours, and excursions that are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.sixth import making
from benchmarks.blind.sixth.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "another_job_on_the_same_node",
    "throughput",
    "tokens a second fall at once and for good when a second job comes to the node; one bad shard"
    " of the data makes the loss jump, long before or after",
    tolerated=("stall",),
    clear=0.5,
    faint=0.8,
)
def another_job_on_the_same_node(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    k = int(n * rng.uniform(0.3, 0.7))
    making.seconds_a_point(log, 10, 14)
    speed = np.where(np.arange(n) < k, 118000, 118000 * strength)
    log.add("throughput/tokens_per_sec", steps, speed * np.exp(rng.normal(0, 0.02, n)))
    log.slower(int(steps[k]), 1 / strength)
    at = int(n * rng.choice([0.2, 0.85]))
    loss = making.descent(t, 10.5, 2.9, 0.03, 0.8) + shapes.decay_after(n, at, 1.6, 2.0)
    log.add("loss/train", steps, loss * making.batch_factors(rng, n, 0.015))
    log.true("throughput", "throughput/tokens_per_sec", steps[k], abrupt(steps, k, 3))
    log.true("spike", "loss/train", steps[at], (steps[at - 1], steps[at + 4]))


@labelled(
    "waits_ever_longer_for_its_pictures",
    "throughput",
    "an iteration takes longer and longer, since it waits for its data"
    " (facebookresearch/Detectron #526, facebookresearch/mmf #27; MMDetection's tags)",
    clear=2.2,
    faint=0.7,
)
def waits_ever_longer_for_its_pictures(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    k = int(n * rng.uniform(0.2, 0.5))
    making.seconds_a_point(log, 50, 21)
    longer = strength * np.clip((t - t[k]) / (1 - t[k]), 0, None)
    wait = (0.015 + 0.4 * longer) * np.exp(rng.normal(0, 0.1, n))
    log.add("train/time", steps, 0.4 * np.exp(rng.normal(0, 0.015, n)) + wait)
    log.add("train/data_time", steps, wait)
    for i in range(1, 6):
        log.slower(int(steps[k + (n - 1 - k) * i // 6]), (1 + strength) ** 0.19)
    for name, start, end in (("loss_cls", 1.3, 0.22), ("loss_bbox", 0.6, 0.24)):
        fall = making.descent(t, start, end, 0.04, 0.7)
        log.add(f"train/{name}", steps, fall * making.batch_factors(rng, n, 0.12))
    log.add("train/lr", steps, 0.02 * np.minimum(1, t / 0.02) * np.where(t < 0.7, 1, 0.1))
    window = gradual(steps, longer, k, 0.03)
    tags = ("train/time", "train/data_time")
    log.true("throughput", tags, steps[k], window, also=("explosion",))


@labelled(
    "server_of_files_was_down",
    "stall",
    "the server of files is away for some hours; when it is back, it is slower than it was, and so"
    " is each step",
    clear=1.9,
    faint=1.35,
)
def server_of_files_was_down(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    making.seconds_a_point(log, 20, rng.uniform(8, 20))
    k = int(n * rng.uniform(0.35, 0.7))
    factor = np.where(np.arange(n) < k, 1.0, strength)
    log.add("step_time", steps, 0.62 * factor * np.exp(rng.normal(0, 0.025, n)))
    log.slower(int(steps[k]), strength)
    log.pause(int(steps[k]), 3600 * rng.uniform(2.5, 6))
    loss = making.descent(t, 7.3, 2.4, 0.04, 0.75)
    log.add("loss", steps, loss * making.batch_factors(rng, n, 0.03))
    log.add("lr", steps, making.cosine(t, 1e-3, 0.02))
    log.true("throughput", "step_time", steps[k], abrupt(steps, k, 3))
    log.true("stall", ("step_time", "loss", "lr"), steps[k], abrupt(steps, k))


@labelled(
    "all_ranks_wait_for_one",
    "stall",
    "a collective hangs until somebody looks, half a day later; then all goes on as before"
    " (horovod/horovod #777, pytorch/pytorch #20630)",
    clear=12.0,
    faint=2.0,
)
def all_ranks_wait_for_one(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    making.seconds_a_point(log, 10, rng.uniform(5, 25))
    k = int(n * rng.uniform(0.2, 0.9))
    log.pause(int(steps[k]), 3600 * strength * rng.uniform(0.8, 1.2))
    loss = making.descent(t, 2.1, 1.1, 0.05, 0.6)
    log.add("train/loss", steps, loss * making.batch_factors(rng, n, 0.04))
    log.add("train/grad_norm", steps, making.norms(rng, 0.8, n))
    log.add("train/learning_rate", steps, making.cosine(t, 1e-4, 0.03))
    every = np.arange(n // 10, n, n // 10)
    log.add("eval/loss", steps[every], loss[every] + 0.05)
    making.waits(log, steps[every], 60)
    tags = ("train/loss", "train/grad_norm", "train/learning_rate", "eval/loss")
    log.true("stall", tags, steps[k], abrupt(steps, k))


@labelled(
    "bad_shards_of_the_crawl",
    "spike",
    "the loss of a language model jumps once or twice and is back on its curve within a few dozen"
    " steps (Chowdhery et al. 2022)",
    clear=1.8,
    faint=0.5,
)
def bad_shards_of_the_crawl(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = making.descent(t, 10.8, 2.7, 0.02, 0.85)
    jumps = np.array([0.35, 0.7]) + rng.uniform(-0.08, 0.08, 2)
    for at in (jumps * n).astype(int).tolist():
        loss = loss + shapes.decay_after(n, at, strength, 3.0)
        log.true("spike", "lm loss", steps[at], (steps[at - 1], steps[at + 6]))
    log.add("lm loss", steps, loss * making.batch_factors(rng, n, 0.012))
    log.add("grad-norm", steps, making.norms(rng, 0.3, n, 0.15))
    log.add("learning-rate", steps, making.cosine(t, 3e-4, 0.01))


@labelled(
    "one_epoch_off_the_curve",
    "spike",
    "a single held-out loss is far above the others, and the next one is where it should be"
    " (statistics of batches from an odd last batch)",
    tolerated=("plateau",),
    clear=1.5,
    faint=0.35,
)
def one_epoch_off_the_curve(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(30, 120))
    t, steps = shapes.times(n), shapes.steps(n, 196, 195)
    making.seconds_a_point(log, 196, 30)
    k = int(n * rng.uniform(0.3, 0.8))
    loss = making.descent(t, 1.9, 0.45, 0.12, 0.75)
    log.add("train_loss", steps, loss - 0.05 + rng.normal(0, 0.01, n))
    held = loss + making.lazy(rng, n, 0.018)
    held[k] += strength
    log.add("val_loss", steps, held)
    log.add("val_acc", steps, making.right(rng, np.exp(-0.4 * held), 10000))
    log.true("spike", ("val_loss", "val_acc"), steps[k], abrupt(steps, k, 0))


@labelled(
    "a_stumble_and_up_again",
    "spike",
    "for a handful of updates the walker falls over and then walks as well as before"
    " (rsl_rl, its tags)",
    tolerated=("plateau",),
    clear=1.0,
    faint=0.45,
)
def a_stumble_and_up_again(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(200, 1200))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 1.2
    k = int(n * rng.uniform(0.45, 0.75))
    reward = making.descent(t, -2, 24, 0.12, 0.75)
    dip = shapes.decay_after(n, k, strength, 2.5)
    log.add(
        "Train/mean_reward", steps, reward * (1 - 0.9 * dip) + shapes.correlated(rng, n, 0.4, 0.6)
    )
    length = 950 * (1 - np.exp(-t / 0.05)) * (1 - 0.8 * dip) + making.lazy(rng, n, 9)
    log.add("Train/mean_episode_length", steps, np.clip(length, 8, 1000))
    log.add("Loss/value_function", steps, making.norms(rng, 0.03, n, 0.2))
    log.add("Policy/mean_noise_std", steps, 1 - 0.6 * (1 - np.exp(-4 * t)))
    tags = ("Train/mean_reward", "Train/mean_episode_length")
    log.true("spike", tags, steps[k], (steps[k - 1], steps[k + 5]))
