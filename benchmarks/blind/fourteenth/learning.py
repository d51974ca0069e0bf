"""Clients, teachers, pairs and tasks: federated, distilled, contrastive and meta learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine, turned
from benchmarks.blind.fourteenth.making import about, averaged, index_of, near, scores, turns
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import approach, logistic, ramp_after, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    every,
    fades,
    grows,
    half_cosine,
    jitter,
    jumps,
    levels,
    noise,
    overfits,
    warmed,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


def rounds_of(
    log: Log, rng: np.random.Generator, rounds: Steps, accuracy: Array, loss: Array, sd: float
) -> None:
    """What a server of federated averaging logs: its own tests, and means of the clients."""
    shaken = noise(rng, len(rounds), sd, 0)
    log.add("server/test_accuracy", rounds, np.clip(accuracy + shaken, 0, 1))
    log.add("server/test_loss", rounds, loss * np.exp(-2 * shaken))
    near(log, rng, "clients/train_loss", rounds, 0.8 * loss, 0.04)
    near(log, rng, "clients/round_seconds", rounds, 48.0, 0.15)
    log.add("clients/selected", rounds, 10.0)


@healthy("fedavg_unlike_clients", "Clients unlike each other: accuracy jumps about and rises.")
def fedavg_unlike_clients(log: Log, rng: np.random.Generator) -> None:
    rounds = spaced(whole(rng, 150, 400), 1)
    t = times(len(rounds))
    accuracy = 0.1 + 0.56 * (1 - np.exp(-t / 0.25))
    rounds_of(log, rng, rounds, accuracy, 2.3 - 2 * (accuracy - 0.1), 0.03)


@healthy(
    "flower_three_hospitals",
    "Three clients, few rounds, one of them with few scans.",
    tolerated=("plateau",),
)
def flower_three_hospitals(log: Log, rng: np.random.Generator) -> None:
    rounds = spaced(whole(rng, 25, 60), 1)
    t = times(len(rounds))
    for name, sick, best in (("a", 400, 0.84), ("b", 250, 0.8), ("c", 40, 0.77)):
        scores(log, rng, f"client_{name}/val_accuracy", rounds, approach(t, 0.55, best, 6), sick)
    near(log, rng, "aggregated/val_loss", rounds, approach(t, 0.7, 0.4, 6), 0.03)
    near(log, rng, "aggregated/train_loss", rounds, approach(t, 0.7, 0.33, 5), 0.02)


@healthy(
    "student_of_bert",
    "Soft and hard losses fall; their weights are as they were set.",
    tolerated=("plateau",),
)
def student_of_bert(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 400), 50)
    t = times(len(steps))
    near(log, rng, "losses/cum_avg_loss_epoch", steps, 2.4 + 3.2 * np.exp(-t / 0.08), 0.01)
    near(log, rng, "losses/loss_ce", steps, 1.1 + 2.4 * np.exp(-t / 0.06), 0.05)
    near(log, rng, "losses/loss_mlm", steps, 2.1 + 4 * np.exp(-t / 0.05), 0.05)
    near(log, rng, "losses/loss_cos", steps, 0.05 + 0.5 * np.exp(-t / 0.04), 0.05)
    log.add("learning_rate/lr", steps, warmed(t, 0.05, (1 - t) / 0.95) * 5e-4)
    log.add("global/speed", steps, jitter(rng, np.full(len(t), 3.1), 0.02))


@healthy(
    "simclr_top1_of_pairs",
    "The contrastive loss falls, and the probe goes on rising.",
    tolerated=("plateau",),
)
def simclr_top1_of_pairs(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 100)
    t = times(len(steps))
    near(log, rng, "loss", steps, 5.2 + 2.4 * np.exp(-t / 0.08) - 0.3 * t, 0.008)
    scores(log, rng, "acc/top1", steps, 0.72 - 0.6 * np.exp(-t / 0.2), 1024)
    scores(log, rng, "acc/top5", steps, 0.93 - 0.6 * np.exp(-t / 0.15), 1024)
    log.add("learning_rate", steps, cosine(t, 3e-4, 0.1, 0))
    few = every(steps, 20)
    about(log, rng, "probe/acc", few, 0.68 - 0.3 * np.exp(-times(20) * 4), 0.004)


@healthy(
    "clip_scale_rises_to_bound",
    "The logits' scale rises to 100, its bound, and stays.",
    tolerated=("plateau",),
)
def clip_scale_rises_to_bound(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 250, 700), 100)
    t = times(len(steps))
    near(log, rng, "train/loss", steps, 1.1 + 8.6 * np.exp(-t / 0.03) + 2 * np.exp(-t / 0.3), 0.02)
    log.add("train/scale", steps, np.minimum(14.3 * np.exp(t / 0.2), 100.0))
    log.add("train/lr", steps, cosine(t, 1e-3, 0.04, 0))
    near(log, rng, "train/data_time", steps, 0.03, 0.3)
    near(log, rng, "train/samples_per_second", steps, 14200, 0.02)
    few = every(steps, 16)
    about(
        log, rng, "val/imagenet-zeroshot-val-top1", few, 0.4 - 0.4 * np.exp(-times(16) * 3), 0.004
    )


@healthy(
    "byol_loss_dips_and_rises",
    "BYOL: down, up to a level while features get richer.",
    tolerated=(
        "plateau",
        "divergence",
    ),
    monitored=False,
)
def byol_loss_dips_and_rises(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 100)
    t = times(len(steps))
    loss = 0.9 - 0.75 * (1 - np.exp(-t / 0.02)) + 0.1 * logistic(t, 0, 1, 0.12, 0.03) - 0.03 * t
    near(log, rng, "train/byol_loss", steps, loss, 0.03)
    log.add("train/ema_tau", steps, 1 - 0.004 * half_cosine(t))
    log.add("train/lr", steps, cosine(t, 0.2, 0.1, 0))
    near(log, rng, "train/feature_std", steps, 0.02 + 0.02 * (1 - np.exp(-t / 0.2)), 0.02)
    few = every(steps, 20)
    about(log, rng, "val/knn_acc", few, 0.62 - 0.35 * np.exp(-times(20) * 4), 0.004)


@healthy(
    "maml_tasks_are_few",
    "The accuracy of few tasks after adaptation: noisy, and it rises.",
    tolerated=("plateau",),
)
def maml_tasks_are_few(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 400), 100)
    t = times(len(steps))
    scores(log, rng, "meta_train/post_accuracy", steps, 0.68 - 0.4 * np.exp(-t / 0.15), 300)
    near(log, rng, "meta_train/loss", steps, 0.85 + 0.7 * np.exp(-t / 0.15), 0.06)
    few = every(steps, 30)
    scores(log, rng, "meta_val/post_accuracy", few, 0.62 - 0.3 * np.exp(-times(30) * 6), 1500)


@healthy(
    "grokking_of_sums",
    "Training is done at once; validation follows late, all of a sudden.",
    tolerated=("plateau", "overfitting", "divergence"),
    monitored=False,
)
def grokking_of_sums(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 100)
    t = times(len(steps))
    known = logistic(t, 0, 1, rng.uniform(0.5, 0.7), 0.025)
    near(log, rng, "train/loss", steps, 4.6 * np.exp(-t / 0.012) + 1e-3, 0.1)
    log.add("train/accuracy", steps, np.minimum(1 - 0.99 * np.exp(-t / 0.012), 1))
    near(log, rng, "val/loss", steps, 4.7 * (1 - known) + 0.01, 0.02)
    scores(log, rng, "val/accuracy", steps, 0.02 + 0.975 * known, 4000)


@healthy(
    "mean_teacher_ramped_weight",
    "The consistency's weight is ramped up, and its loss rises.",
    tolerated=("plateau",),
)
def mean_teacher_ramped_weight(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(whole(rng, 80, 180), 1)
    t = times(len(epochs))
    weight = np.exp(-5 * (1 - np.clip(t / 0.3, 0, 1)) ** 2)
    near(log, rng, "train/class_loss", epochs, 0.1 + 2.2 * np.exp(-t / 0.08), 0.04)
    near(log, rng, "train/cons_loss", epochs, 0.02 + 0.3 * weight * np.exp(-t), 0.05)
    log.add("train/cons_weight", epochs, 100 * weight)
    error = 0.12 + 0.7 * np.exp(-t / 0.1)
    near(log, rng, "validation/top1_error", epochs, error, 0.03)
    near(log, rng, "validation_ema/top1_error", epochs, averaged(error, 6) - 0.01, 0.01)


@labelled(
    "fedavg_drifts_apart",
    "divergence",
    "Too many local epochs: the server's loss turns at a third and rises to the end.",
    tolerated=("overfitting", "plateau"),
    mild=0.8,
    strong=2.5,
)
def fedavg_drifts_apart(log: Log, rng: np.random.Generator, strength: float) -> None:
    rounds = spaced(whole(rng, 150, 350), 1)
    t = times(len(rounds))
    onset = rng.uniform(0.3, 0.5)
    rise = ramp_after(t, onset, strength)
    loss = 1.0 + 1.3 * np.exp(-t / 0.08) + rise
    falling = 0.45 * np.exp(-t / 0.08) + 0.15 * rise
    rounds_of(log, rng, rounds, 0.6 - falling, loss, 0.015)
    index = index_of(t, onset)
    tags = "server/test_loss", "clients/train_loss"
    turns(log, "divergence", tags, rounds, loss, index, 0.045, ("overfitting",))
    accuracy = "server/test_accuracy"
    turns(log, "divergence", accuracy, rounds, falling, index, 0.015, ("overfitting",))


@labelled(
    "poisoned_client_joins",
    "divergence",
    "In one round the accuracy of the server falls to chance, and it stays there.",
    tolerated=("plateau", "explosion", "collapse", "overfitting"),
)
def poisoned_client_joins(log: Log, rng: np.random.Generator, strength: float) -> None:
    rounds = spaced(whole(rng, 100, 300), 1)
    t = times(len(rounds))
    index = index_of(t, rng.uniform(0.4, 0.75))
    gone = np.arange(len(t)) >= index
    accuracy = np.where(gone, 0.11, 0.1 + 0.7 * (1 - np.exp(-t / 0.1)))
    loss = np.where(gone, 2.35 + strength, 0.7 + 1.6 * np.exp(-t / 0.1))
    rounds_of(log, rng, rounds, accuracy, loss, 0.012)
    also = "overfitting", "spike", "collapse", "explosion"
    jumps(log, "divergence", ("server/test_accuracy", "server/test_loss"), rounds, index, also)
    jumps(log, "divergence", "clients/train_loss", rounds, index, ("spike",))


@labelled(
    "simsiam_features_are_one",
    "collapse",
    "The standard deviation of the features falls to nothing: all pictures are one.",
    tolerated=("plateau",),
)
def simsiam_features_are_one(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 100)
    t = times(len(steps))
    onset = rng.uniform(0.1, 0.35)
    std = 0.022 * 10.0 ** -np.minimum(strength * 3 * np.clip((t - onset) / 0.2, 0, 1), 3)
    near(log, rng, "train/feature_std", steps, std, 0.04)
    about(log, rng, "train/loss", steps, -1 + np.exp(-t / 0.02) * 0.9, 0.001)
    log.add("train/lr", steps, cosine(t, 0.05, 0.02, 0))
    grows(log, "collapse", "train/feature_std", steps, std, index_of(t, onset), 0.04)


@labelled(
    "contrast_of_one_temperature",
    "plateau",
    "The loss sits at the logarithm of the batch: no pair is told from another.",
    at_once=0.02,
    later=0.1,
)
def contrast_of_one_temperature(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 100)
    t = times(len(steps))
    loss = 6.2383 + 0.5 * np.exp(-t / (strength / 4))
    near(log, rng, "loss", steps, loss, 0.0006)
    scores(log, rng, "acc/top1", steps, 1 / 512, 51200)
    log.add("learning_rate", steps, cosine(t, 3e-4, 0.1, 0))
    levels(log, "loss", steps, loss, index_of(t, strength), 0.004)


@labelled(
    "student_of_few_examples",
    "overfitting",
    "A student with hard labels only: the held-out loss turns at a quarter.",
    mild=0.2,
    strong=0.7,
)
def student_of_few_examples(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 120, 300), 20)
    t = times(len(steps))
    near(log, rng, "train/loss", steps, 1.1 * np.exp(-4 * t) + 0.02, 0.06)
    near(log, rng, "train/kd_loss", steps, 0.6 * np.exp(-4 * t) + 0.01, 0.06)
    log.add("train/lr", steps, cosine(t, 1e-4, 0.05, 0))
    few = every(steps, 30)
    val = turned(times(30), rng.uniform(0.22, 0.35), 0.3, strength, 0.5)
    near(log, rng, "val/loss", few, val, 0.025)
    overfits(log, "val/loss", few, val, 0.015)


@labelled(
    "prototypes_of_seen_classes",
    "overfitting",
    "Episodes of the seen classes get ever better, those of new ones ever worse.",
    mild=0.06,
    strong=0.15,
)
def prototypes_of_seen_classes(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 60, 150), 1)
    t = times(len(epochs))
    worse = turned(t, rng.uniform(0.25, 0.4), 0.25, strength, 0.3)
    scores(log, rng, "train/acc", epochs, 0.98 - 0.5 * np.exp(-4 * t), 20000)
    near(log, rng, "train/loss", epochs, 1.2 * np.exp(-4 * t) + 0.04, 0.03)
    scores(log, rng, "val/acc", epochs, 1 - worse, 9000)
    log.add("lr", epochs, 1e-3 * 0.5 ** np.floor(4 * t))
    overfits(log, "val/acc", epochs, worse, 0.006)


@labelled(
    "distillation_rate_dies",
    "learning_rate",
    "An exponential decay per step that was meant per epoch.",
    tolerated=("plateau", "collapse"),
)
def distillation_rate_dies(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 100)
    t = times(len(steps))
    rate = 10.0 ** (-20 * strength * t)
    near(log, rng, "train/loss", steps, 2.9 + 0.6 * np.exp(-t / 0.03), 0.02)
    log.add("train/lr", steps, 1e-3 * rate)
    few = every(steps, 12)
    near(log, rng, "val/loss", few, at(few, steps, 2.95 + 0.6 * np.exp(-t / 0.03)), 0.006)
    fades(log, "train/lr", steps, rate, ("collapse",))
