"""Runs that become slower for good, and nobody meant it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import interval, jitter, lasting, noise
from benchmarks.blind.ninth.making import paced, rounded, train_loss
from benchmarks.blind.ninth.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "one_node_clocks_down",
    "throughput",
    "all wait for the one node whose cards have become too hot: tokens a second fall within a"
    " point and stay there; a checkpoint now and then costs a point (mosaicml/composer,"
    " SpeedMonitor)",
    clear=0.55,
    medium=0.72,
)
def one_node_clocks_down(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 90, 300)
    steps = shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.3, 0.7))
    pace = np.where(np.arange(n) < onset, 1.0, strength)
    saved = np.where(np.arange(n) % (n // 6) == n // 6 - 1, rng.uniform(0.75, 0.85, n), 1.0)
    speed = jitter(rng, rng.uniform(2.2e4, 2.8e4) * pace * saved, 0.015, 0.4)
    per_device = np.round(speed / 8, 1)
    paced(log, steps, 2.1e5 / speed)
    log.add("throughput/tokens_per_sec", steps, np.round(speed))
    log.add("throughput/device/tokens_per_sec", steps, per_device)
    log.add("loss/train/total", steps, train_loss(rng, n, 10.4, 2.6, 0.01))
    tags = ("throughput/tokens_per_sec", "throughput/device/tokens_per_sec", "loss/train/total")
    log.true("throughput", tags, steps[onset], abrupt(steps, onset, 3))


@labelled(
    "others_read_from_the_same_drive",
    "throughput",
    "the data lie on a network drive that others begin to use: words a second sag over a tenth of"
    " the run and stay low (fairseq's wps and ups)",
    clear=0.4,
    medium=0.65,
)
def others_read_from_the_same_drive(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 300)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    at = rng.uniform(0.3, 0.6)
    onset = int(at * (n - 1)) + 1
    sag = (1 - strength) * np.clip((t - at) / 0.1, 0, 1)
    updates = jitter(rng, rng.uniform(2.4, 3.4) * (1 - sag), 0.03, 0.5)
    words = updates * 3580 * rng.normal(1, 0.004, n)
    paced(log, steps, 1 / updates)
    log.add("wps", steps, np.round(words, 1))
    log.add("ups", steps, np.round(updates, 2))
    log.add("wpb", steps, np.round(words / updates, 1))
    log.add("loss", steps, np.round(train_loss(rng, n, 12.5, 4.1, 0.008), 3))
    log.add("ppl", steps, np.round(2 ** train_loss(rng, n, 10.5, 3.3, 0.008), 2))
    window = gradual(steps, sag, onset, lasting(0.03, 0.5))
    log.true("throughput", ("wps", "ups", "loss", "ppl", "wpb"), steps[onset], window)


@labelled(
    "memory_in_ever_smaller_pieces",
    "throughput",
    "the allocator must free and ask again ever more often: each iteration takes a little longer"
    " than the last, until twice and more (Megatron-LM's iteration-time)",
    clear=2.0,
    medium=0.8,
)
def memory_in_ever_smaller_pieces(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 30, 300)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    at = rng.uniform(0.15, 0.45)
    onset = int(at * (n - 1)) + 1
    longer = strength * np.clip((t - at) / (1 - at), 0, None)
    seconds = jitter(rng, rng.uniform(0.6, 3.5) * (1 + longer), 0.02, 0.3)
    paced(log, steps, seconds)
    log.add("iteration-time", steps, rounded(seconds, 5))
    log.add("lm loss", steps, train_loss(rng, n, 10.8, 2.9, 0.01))
    log.add("batch-size", steps, 512)
    log.add("grad-norm", steps, rounded(jitter(rng, 0.4 + 3 * np.exp(-20 * t), 0.12), 4))
    tags = ("iteration-time", "lm loss", "batch-size", "grad-norm")
    window = gradual(steps, longer, onset, lasting(0.02, 0.3))
    log.true("throughput", tags, steps[onset], window, also=("explosion",))


@labelled(
    "another_job_on_the_card",
    "throughput",
    "from one epoch on each takes longer: somebody else's job has come to the same card and"
    " stays to the end (a small loop that logs the seconds of its epochs)",
    clear=2.1,
    medium=1.5,
)
def another_job_on_the_card(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 12, 80)
    epochs = shapes.steps(n)
    onset = int(n * rng.uniform(0.4, 0.65))
    pace = np.where(np.arange(n) < onset, 1.0, strength)
    seconds = jitter(rng, rng.uniform(25, 400) * pace, 0.03, 0.3)
    paced(log, epochs, seconds)
    log.add("epoch_time", epochs, np.round(seconds, 1))
    log.add("train_loss", epochs, train_loss(rng, n, 2.3, 0.4, 0.02))
    log.add("val_loss", epochs, train_loss(rng, n, 2.2, 0.55, 0.02))
    tags = ("epoch_time", "train_loss", "val_loss")
    log.true("throughput", tags, epochs[onset], abrupt(epochs, onset), also=("explosion",))


@labelled(
    "went_on_upon_a_slower_machine",
    "throughput",
    "the second session runs on a machine with fewer cores: frames a second, a mean since the start"
    " of the session, are at once lower (stable-baselines3's time/fps)",
    tolerated=("stall",),
    clear=0.45,
    medium=0.68,
)
def went_on_upon_a_slower_machine(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 24, 300)
    t, steps = shapes.times(n), shapes.steps(n, 16384)
    second = int(n * rng.uniform(0.35, 0.65))
    pace = np.where(np.arange(n) < second, 1.0, strength)
    now = jitter(rng, rng.uniform(900, 2600) * pace, 0.05, 0.5)
    returns = shapes.logistic(t, 40, 900, 0.45, 0.16) + noise(rng, n, 25, 0.6)
    variance = shapes.approach(t, 0.1, 0.9, 4) + noise(rng, n, 0.03)
    paced(log, steps, 1 / now)
    log.hours_between_sessions = float(rng.uniform(0.5, 8))
    for where in (slice(None, second), slice(second, None)):
        log.session()
        mean = np.arange(1, len(now[where]) + 1) / np.cumsum(1 / now[where])
        log.add("time/fps", steps[where], np.floor(mean))
        log.add("rollout/ep_rew_mean", steps[where], rounded(returns[where], 4))
        log.add("train/explained_variance", steps[where], rounded(variance[where], 3))
    tags = ("time/fps", "rollout/ep_rew_mean", "train/explained_variance")
    log.true("throughput", tags, steps[second], abrupt(steps, second, 3))


@labelled(
    "told_by_wall_times_alone",
    "throughput",
    "nobody logs a speed, but from one point on the same hundred steps take longer by the wall"
    " times of every series",
    clear=2.6,
    medium=1.8,
)
def told_by_wall_times_alone(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 250)
    steps = shapes.steps(n, 100)
    onset = int(n * rng.uniform(0.35, 0.65))
    log.slower(int(steps[onset]), strength)
    log.add("train/loss", steps, train_loss(rng, n, 3.1, 1.2, 0.03))
    log.add("train/grad_norm", steps, rounded(jitter(rng, np.full(n, 1.4), 0.15), 4))
    evals = interval(steps, 500)
    log.add("eval/loss", evals, train_loss(rng, len(evals), 2.7, 1.3, 0.006))
    tags = ("train/loss", "train/grad_norm", "eval/loss")
    log.true("throughput", tags, steps[onset], abrupt(steps, onset, 5))


@labelled(
    "spilt_into_host_memory",
    "throughput",
    "longer sequences no longer fit the card, and the driver moves what is over into the memory of"
    " the host: from then on it crawls (NVIDIA's system memory fallback; torchtune's tags)",
    clear=0.25,
    medium=0.6,
)
def spilt_into_host_memory(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 20, 260)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    onset = int(n * rng.uniform(0.3, 0.65))
    pace = np.where(np.arange(n) < onset, 1.0, strength)
    speed = jitter(rng, rng.uniform(1100, 3400) * pace, 0.06, 0.2)
    paced(log, steps, 9000 / speed)
    log.add("tokens_per_second_per_gpu", steps, rounded(speed, 6))
    log.add("loss", steps, train_loss(rng, n, 1.9, 0.8, 0.05))
    log.add("lr", steps, 2e-5 * np.minimum(t / 0.1, 1) * np.cos(np.pi / 2 * t * 0.95))
    full = np.where(np.arange(n) < onset, rng.uniform(19.2, 20.1), 23.4)
    log.add("peak_memory_reserved", steps, np.round(full, 2))
    tags = ("tokens_per_second_per_gpu", "loss", "lr", "peak_memory_reserved")
    log.true("throughput", tags, steps[onset], abrupt(steps, onset))


@labelled(
    "replay_is_paged_out",
    "throughput",
    "the buffer has grown beyond the memory and is paged to disk: steps a second since the start,"
    " as CleanRL logs them, sink and sink (charts/SPS)",
    clear=0.25,
    medium=0.42,
)
def replay_is_paged_out(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 300)
    t, steps = shapes.times(n), shapes.steps(n, 5000)
    onset = int(n * rng.uniform(0.3, 0.45))
    pace = np.where(np.arange(n) < onset, 1.0, strength)
    seconds = 1 / jitter(rng, rng.uniform(180, 700) * pace, 0.03, 0.3)
    paced(log, steps, seconds)
    means = np.arange(1, n + 1) / np.cumsum(seconds)
    log.add("charts/SPS", steps, np.floor(means))
    returns = shapes.logistic(t, 2, 350, 0.5, 0.14) + noise(rng, n, 15, 0.5)
    log.add("charts/episodic_return", steps, np.round(returns))
    log.add(
        "losses/q_values", steps, rounded(shapes.approach(t, 0.1, 6, 2) + noise(rng, n, 0.1), 5)
    )
    since = np.maximum(np.arange(n) - onset + 1, 0)
    worse = 1 - 1 / (1 + since / np.arange(1, n + 1) * (1 / strength - 1))
    tags = ("charts/SPS", "charts/episodic_return", "losses/q_values")
    log.true("throughput", tags, steps[onset], gradual(steps, worse, onset, 0.02))
