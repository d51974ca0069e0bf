"""Pictures told apart: timm, Lightning, Keras, torchvision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fifteenth.making import (
    SURE,
    abouts,
    epochs,
    nears,
    one_cycle,
    settled,
    shares,
    since,
    stairs,
)
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, turns
from benchmarks.blind.shapes import approach, cycle, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    at,
    descent,
    every,
    half_cosine,
    hangs,
    jumps,
    levels,
    overfits,
    spikes,
    warmed,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("imagenet-300-epochs", "timm with mixup: training is above validation throughout.")
def imagenet(log: Log, rng: Rng) -> None:
    n = int(rng.choice([100, 200, 300]))
    t, steps = times(n), epochs(n)
    rate = warmed(t, 0.02, half_cosine(t, 0.02, 0.01))
    excess = descent(rate, 500, 0.3)
    near(log, rng, "train_loss", steps, 2.6 + 4.2 * excess, 0.006)
    near(log, rng, "eval_loss", steps, 0.85 + 4.0 * excess, 0.012)
    abouts(
        log,
        rng,
        steps,
        {"eval_top1": (80.5 - 62 * excess, 0.18), "eval_top5": (95.2 - 48 * excess, 0.1)},
    )
    log.add("lr", steps, 1e-3 * rate)


@healthy("staircase-at-30-60-90", "The loss falls with each cut of the rate and is level between.")
def staircase(log: Log, rng: Rng) -> None:
    n = 90 + int(rng.integers(0, 11))
    t, steps = times(n), epochs(n)
    rate = stairs(t, 1 / 3, 2 / 3)
    level = 1.0 * rate**0.35
    loss = level + 5.5 * np.exp(-t / 0.03)
    near(log, rng, "train/loss", steps, 1.1 + loss, 0.01)
    near(log, rng, "val/loss", steps, 1.05 + loss, 0.03)
    abouts(
        log,
        rng,
        steps,
        {
            "val/acc1": (72 - 14 * level - 50 * np.exp(-t / 0.03), 0.6),
            "val/acc5": (91 - 9 * level - 40 * np.exp(-t / 0.03), 0.4),
        },
    )
    log.add("train/lr", steps, 0.1 * rate)


@healthy("warm-restarts-of-cifar", "At each restart all gets worse for a while, and then better.")
def warm_restarts(log: Log, rng: Rng) -> None:
    n = int(rng.choice([80, 120, 200]))
    t, steps = times(n), epochs(n)
    _, gone = cycle(t, 4)
    rate = (1 + np.cos(np.pi * gone)) / 2 + 0.002
    excess = descent(rate, 300, 0.5)
    nears(
        log,
        rng,
        steps,
        {"train_loss": (0.02 + 2.1 * excess, 0.04), "val_loss": (0.21 + 1.9 * excess, 0.05)},
    )
    shares(
        log, rng, steps, 5000, {"train_acc": 0.995 - 0.75 * excess, "val_acc": 0.945 - 0.7 * excess}
    )
    log.add("lr-SGD", steps, 0.1 * rate)


@healthy(
    "frozen-then-unfrozen",
    "Keras: the head alone for ten epochs, then all at a low rate.",
    tolerated=SURE,
)
def unfrozen(log: Log, rng: Rng) -> None:
    head, n = int(rng.integers(8, 13)), int(rng.integers(24, 41))
    t, steps = times(n), epochs(n)
    later = np.maximum(np.arange(n) - head, 0)
    gain = 0.7 * (1 - np.exp(-np.arange(n) / 2.5)) + 0.3 * (1 - np.exp(-later / 4))
    log.session("train")
    near(log, rng, "epoch_loss", steps, 1.5 - 1.4 * gain, 0.03)
    scores(log, rng, "epoch_accuracy", steps, 0.45 + 0.52 * gain, 2000)
    log.add("epoch_learning_rate", steps, np.where(later > 0, 1e-5, 1e-3))
    log.session("validation")
    near(log, rng, "epoch_loss", steps, 1.3 - 1.05 * gain + 0.02 * t, 0.05)
    scores(log, rng, "epoch_accuracy", steps, 0.5 + 0.42 * gain, 800)


@healthy("one-cycle-lightning", "Validation is worst at the peak of the rate and best at the end.")
def cyclic(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), stepping(n, 50, 49)
    rate = one_cycle(t)
    excess = descent(rate, 220, 0.4)
    near(log, rng, "train_loss_step", steps, 0.1 + 2.0 * excess, 0.12)
    log.add("lr-AdamW", steps, 3e-3 * rate)
    log.add("epoch", steps, np.floor(30 * t))
    seen = every(steps, 30)
    slow = at(seen, steps, excess)
    near(log, rng, "train_loss_epoch", seen, 0.1 + 2.0 * slow, 0.015)
    near(log, rng, "val_loss", seen, 0.3 + 1.8 * slow, 0.04)
    scores(log, rng, "val_acc", seen, 0.91 - 0.8 * slow, 4000)


@healthy("twelve-lesions", "Validation of 90 pictures: curves are rough, and nothing is wrong.")
def lesions(log: Log, rng: Rng) -> None:
    n = int(rng.integers(25, 61))
    t, steps = times(n), epochs(n)
    known = 1 - np.exp(-3 * t)
    near(log, rng, "Loss/train", steps, 1.9 - 1.2 * known, 0.04)
    near(log, rng, "Loss/val", steps, 1.8 - 0.9 * known, 0.09)
    scores(log, rng, "Accuracy/val", steps, 0.3 + 0.4 * known, 90)
    about(log, rng, "AUC/val", steps, 0.62 + 0.23 * known, 0.02)


@labelled(
    "flowers-from-scratch",
    "overfitting",
    "val_loss of Keras turns while loss goes to 0.",
    clear=1.4,
    medium=0.6,
    faint=0.3,
)
def flowers(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(30, 81))
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.22, 0.36)
    valid = 0.85 + 0.9 * np.exp(-5 * t / best) + strength * since(t, best)
    log.session("train")
    near(log, rng, "epoch_loss", steps, 1.6 * np.exp(-5 * t) + 0.01, 0.05)
    scores(log, rng, "epoch_accuracy", steps, 1 - 0.75 * np.exp(-5 * t), 2900)
    log.session("validation")
    about(log, rng, "epoch_loss", steps, valid, 0.035)
    scores(log, rng, "epoch_accuracy", steps, 0.4 + 0.3 * (1 - np.exp(-5 * t / best)), 730)
    overfits(log, "epoch_loss", steps, valid, 0.04)


@labelled(
    "accuracy-turns-too",
    "overfitting",
    "Both loss and accuracy of validation get worse.",
    clear=0.18,
    medium=0.1,
)
def accuracy_turns(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(40, 101))
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.25, 0.35)
    right = 0.35 + 0.37 * (1 - np.exp(-5 * t / best)) - strength * since(t, best)
    near(log, rng, "train_loss", steps, 2.0 * np.exp(-4 * t) + 0.02, 0.05)
    scores(log, rng, "train_acc", steps, 1 - 0.7 * np.exp(-4 * t), 8000)
    about(log, rng, "val_acc", steps, right, 0.012)
    about(log, rng, "val_loss", steps, 3.0 - 2.5 * right, 0.04)
    overfits(log, ("val_acc", "val_loss"), steps, -right, 0.014)


@labelled(
    "dead-units-from-epoch-four",
    "plateau",
    "Loss is ln 10 for good: all units are dead.",
    plain=2.303,
    hundred=4.605,
)
def dead_units(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(20, 61))
    t, steps = times(n), epochs(n)
    start = 3 / n
    loss = strength * (1 + 0.08 * settled(t, start))
    near(log, rng, "train/loss", steps, loss, 0.0015)
    near(log, rng, "val/loss", steps, loss, 0.0015)
    scores(log, rng, "val/acc", steps, np.full(n, np.exp(-strength)), 10000)
    log.add("lr", steps, 0.1 * half_cosine(t))
    tags = ("train/loss", "val/loss", "val/acc")
    levels(log, tags, steps, loss, index_of(t, start), 0.002 * strength)


@labelled(
    "network-too-small",
    "plateau",
    "Training itself stops at half of the way, early on.",
    early=0.12,
    later=0.22,
)
def too_small(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 151))
    t, steps = times(n), epochs(n)
    loss = 1.62 + 0.68 * settled(t, strength)
    near(log, rng, "Loss/train", steps, loss, 0.012)
    near(log, rng, "Loss/test", steps, loss + 0.05, 0.02)
    scores(log, rng, "Accuracy/test", steps, 0.42 - 0.3 * (loss - 1.62), 2000)
    log.add("lr", steps, 0.05)
    levels(
        log, ("Loss/train", "Loss/test", "Accuracy/test"), steps, loss, index_of(t, strength), 0.02
    )


@labelled(
    "batch-norm-of-a-few",
    "divergence",
    "Validation leaves for good, in one epoch.",
    wild=9.0,
    mild=2.0,
)
def batch_norm(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(40, 91))
    t, steps = times(n), epochs(n)
    made = index_of(t, rng.uniform(0.35, 0.6))
    gone = np.arange(n) >= made
    near(log, rng, "train_loss", steps, approach(t, 2.1, 0.35, 4), 0.03)
    loss = approach(t, 2.0, 0.7, 4) + strength * gone
    near(log, rng, "val_loss", steps, loss, 0.07)
    scores(
        log, rng, "val_acc", steps, np.where(gone, 0.18, 0.2 + 0.55 * (1 - np.exp(-4 * t))), 3000
    )
    jumps(log, "divergence", ("val_loss", "val_acc"), steps, made, also=("overfitting", "collapse"))


@labelled(
    "adversarial-training-fails",
    "divergence",
    "Robust accuracy decays after its best.",
    clear=0.3,
    medium=0.2,
)
def robust(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(80, 181))
    t, steps = times(n), epochs(n)
    onset = rng.uniform(0.5, 0.6)
    right = 0.12 + 0.36 * (1 - np.exp(-7 * t)) - strength * since(t, onset)
    near(log, rng, "train/loss", steps, 2.2 - 1.8 * right, 0.02)
    about(log, rng, "test/robust_acc", steps, right, 0.013)
    scores(log, rng, "test/clean_acc", steps, 0.3 + 0.5 * (1 - np.exp(-6 * t)), 5000)
    log.add("lr", steps, 0.1)
    turns(
        log,
        "divergence",
        ("test/robust_acc", "train/loss"),
        steps,
        -right,
        index_of(t, onset),
        0.015,
        also=("overfitting",),
    )


@labelled(
    "night-of-a-full-disk",
    "stall",
    "No point for hours, then all goes on as before.",
    day=20.0,
    evening=5.0,
)
def full_disk(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 201))
    t, steps = times(n), epochs(n)
    log.seconds_per_step = rng.uniform(30, 240)
    near(log, rng, "train_loss", steps, approach(t, 5.5, 2.0, 5) - 0.3 * t, 0.01)
    near(log, rng, "eval_loss", steps, approach(t, 5.0, 1.3, 5) - 0.25 * t, 0.02)
    about(log, rng, "eval_top1", steps, approach(t, 8, 68, 5) + 4 * t, 0.4)
    hangs(
        log,
        ("train_loss", "eval_loss", "eval_top1"),
        steps,
        int(n * rng.uniform(0.3, 0.8)),
        strength,
    )


@labelled(
    "corrupt-shard-of-pictures",
    "spike",
    "One epoch is much worse and the next is not.",
    clear=1.8,
    low=0.9,
)
def corrupt_shard(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 121))
    t, steps = times(n), epochs(n)
    made = index_of(t, rng.uniform(0.4, 0.8))
    loss = approach(t, 2.3, 0.6, 5) - 0.1 * t
    loss[made] += strength
    near(log, rng, "Loss/train", steps, loss, 0.02)
    near(log, rng, "Loss/val", steps, approach(t, 2.2, 0.8, 5) - 0.1 * t, 0.04)
    log.add("LR", steps, 0.05 * half_cosine(t, 0, 0.01))
    spikes(log, "Loss/train", steps, made, 1)
