"""Runs that become slow, or stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.frameworks import cosine
from benchmarks.blind.seventh.making import bend, count, every, felt, grain, places, scored, settle
from benchmarks.blind.seventh.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "another_node_after_the_fault",
    "throughput",
    "a fault of the network, some hours of nothing, and then a node that is slower"
    " (PyTorch elastic launch; cluster mailing lists)",
    clear=0.5,
    faint=0.78,
)
def another_node_after_the_fault(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 60, 220)
    steps = every(100 * n, 100)
    log.seconds_per_step = rng.uniform(0.2, 0.8)
    a = int(n * rng.uniform(0.35, 0.65))
    speed = np.where(np.arange(n) < a, 1, strength) * 2210 * np.exp(grain(rng, n, 0.02, 0.2))
    log.slower(int(steps[a]), 1 / strength)
    log.pause(int(steps[a]), rng.uniform(2, 7) * 3600)
    log.add("train/samples_per_sec", steps, places(speed, 1))
    log.add("train/loss", steps, places(bend(n, 5.6, 2.4, 8) + grain(rng, n, 0.06), 3))
    log.add("train/lr", steps, cosine(steps, 110 * n, 1e-3))
    tags = ("train/samples_per_sec", "train/loss", "train/lr")
    log.true("throughput", tags, steps[a], abrupt(steps, a))
    log.true("stall", tags, steps[a], (steps[a - 1], steps[a]))


@labelled(
    "epochs_longer_and_longer",
    "throughput",
    "lists that are never emptied: each epoch takes longer than the one before, and once the"
    " loader hung for an hour (PyTorch #13246, memory of workers grows)",
    clear=3.0,
    faint=0.7,
)
def epochs_longer_and_longer(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, of = count(rng, 24, 70), count(rng, 300, 2000)
    epoch = np.arange(1, n + 1, dtype=np.int64)
    took = 44.0
    log.seconds_per_step = took
    onset = int(n * rng.uniform(0.15, 0.3))
    longer = 1 + strength * np.maximum(np.arange(n) - onset, 0) / (n - 1 - onset)
    for i in range(onset + 1, n):
        log.slower(int(epoch[i]), longer[i] / longer[i - 1])
    hung = int(n * rng.uniform(0.5, 0.8))
    log.pause(int(epoch[hung]), 3600 * rng.uniform(1, 3))
    log.add("epoch_time", epoch, places(took * longer * np.exp(grain(rng, n, 0.02, 0)), 1))
    log.add("loss", epoch, places(settle(n, 1.4, 0.5, 3) * np.exp(grain(rng, n, 0.02)), 4))
    log.add("val_acc", epoch, scored(rng, settle(n, 0.55, 0.82, 3), of))
    tags = ("epoch_time", "loss", "val_acc")
    window = gradual(epoch, longer, onset, felt(0.06, 0))
    log.true("throughput", tags, epoch[onset], window, also=("explosion",))
    log.true("stall", tags, epoch[hung], (epoch[hung - 1], epoch[hung]))


@labelled(
    "frames_ever_fewer",
    "throughput",
    "frames a second as Stable-Baselines3 tells them, a mean since the start: it sinks slowly from"
    " where the simulation became slow (DLR-RM/stable-baselines3, issues on fps)",
    clear=4.0,
    faint=1.0,
)
def frames_ever_fewer(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 60, 200)
    steps = every(2048 * n, 2048)
    onset = int(n * rng.uniform(0.25, 0.45))
    each = np.where(np.arange(n) < onset, 1.0, 1 + strength) * 2048 / 850
    log.seconds_per_step = 1 / 850
    log.slower(int(steps[onset]), 1 + strength)
    spent = np.cumsum(each * np.exp(grain(rng, n, 0.02)))
    fps = np.round(steps / spent)
    reward = bend(n, -410, 120, 2) + grain(rng, n, 22, 0.5)
    log.add("rollout/ep_rew_mean", steps, places(reward, 1))
    log.add("rollout/ep_len_mean", steps, places(400 + grain(rng, n, 9), 1))
    log.add("time/fps", steps, fps)
    tags = ("time/fps", "rollout/ep_rew_mean", "rollout/ep_len_mean")
    smooth = np.cumsum(each)
    window = gradual(steps, -steps / smooth, onset, felt(4.0))
    log.true("throughput", tags, steps[onset], window)


@labelled(
    "pictures_come_late",
    "throughput",
    "the file server stood for half an hour and was slow ever after: times of the data go up by"
    " ten, those of a step double (open-mmlab/mmdetection, data_time in its logs)",
    clear=1.0,
    faint=0.35,
)
def pictures_come_late(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 80, 300)
    steps = every(50 * n, 50)
    log.seconds_per_step = 0.42
    a = int(n * rng.uniform(0.3, 0.6))
    slow = np.arange(n) >= a
    data = np.where(slow, 0.012 + 0.42 * strength, 0.012) * np.exp(grain(rng, n, 0.15))
    log.slower(int(steps[a]), 1 + strength)
    log.pause(int(steps[a]), 60 * rng.uniform(25, 60))
    log.add("data_time", steps, places(data, 4))
    log.add("time", steps, places(0.408 * np.exp(grain(rng, n, 0.012)) + data, 4))
    log.add("loss", steps, places(bend(n, 1.3, 0.58, 7) * np.exp(grain(rng, n, 0.07, 0.1)), 4))
    log.add("lr", steps, 0.02 * np.minimum(steps / 500, 1))
    tags = ("time", "data_time", "loss", "lr")
    log.true("throughput", tags, steps[a], abrupt(steps, a), also=("explosion",))
    log.true("stall", tags, steps[a], (steps[a - 1], steps[a]))


@labelled(
    "hung_until_the_morning",
    "stall",
    "a collective call that waits for a rank that is gone: nothing for a night, and when somebody"
    " has killed it, it goes on from there (NCCL timeouts; pytorch/pytorch issues)",
    clear=10.0,
    faint=0.6,
)
def hung_until_the_morning(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 40, 160)
    steps = every(25 * n, 25)
    log.seconds_per_step = rng.uniform(0.5, 1.5)
    a = int(n * rng.uniform(0.3, 0.8))
    log.pause(int(steps[a]), 3600 * strength * rng.uniform(0.8, 1.3))
    log.add("train_loss", steps, bend(n, 8.2, 3.9, 9) + grain(rng, n, 0.06))
    log.add("train_ppl", steps, np.exp(bend(n, 8.2, 3.9, 9)))
    log.add("learning_rate", steps, cosine(steps, 25 * n, 6e-4))
    tags = ("train_loss", "train_ppl", "learning_rate")
    log.true("stall", tags, steps[a], (steps[a - 1], steps[a]))
