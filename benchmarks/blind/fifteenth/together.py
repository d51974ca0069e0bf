"""Clients, teachers and pairs: Flower, distillation, SimCLR, DINO, CLIP, sentence vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine
from benchmarks.blind.fifteenth.making import nears, settled, shares, since
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, turns
from benchmarks.blind.shapes import approach, logistic, power_law, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    at,
    every,
    grows,
    half_cosine,
    jumps,
    levels,
    overfits,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("rounds-of-ten-clients", "Clients differ: accuracy goes up and down by rounds, and rises.")
def rounds(log: Log, rng: Rng) -> None:
    n = int(rng.integers(30, 121))
    t, steps = times(n), np.arange(1, n + 1)
    known = 1 - np.exp(-4 * t)
    nears(
        log,
        rng,
        steps,
        {
            "server/centralized_loss": (2.3 - 1.5 * known, 0.06),
            "clients/fit_loss": (2.1 - 1.6 * known, 0.1),
        },
    )
    about(log, rng, "server/centralized_accuracy", steps, 0.12 + 0.6 * known, 0.025)
    log.add("clients/sampled", steps, 10.0)


@healthy(
    "student-at-half-the-size", "Distillation loss, hard loss and accuracy, cosine to nothing."
)
def student(log: Log, rng: Rng) -> None:
    n = int(rng.choice([60, 100, 240]))
    t, steps = times(n), np.arange(n)
    known = 0.75 * (1 - np.exp(-8 * t)) + 0.25 * t**2
    nears(
        log,
        rng,
        steps,
        {
            "train/loss_kd": (6.2 - 4.3 * known, 0.015),
            "train/loss_ce": (3.1 - 2.3 * known, 0.02),
            "train/loss": (9.3 - 6.6 * known, 0.012),
            "test/loss": (3.2 - 2.1 * known, 0.04),
        },
    )
    shares(log, rng, steps, 10000, {"test/acc": 0.1 + 0.64 * known})
    log.add("train/lr", steps, 0.05 * half_cosine(t))


@healthy("simclr-linear-probe", "Contrastive loss falls slowly; a probe is run each tenth of it.")
def simclr(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), stepping(n, 50)
    loss = power_law(t, 8.3, 5.2, 0.6, 0.006)
    near(log, rng, "loss/contrastive", steps, loss, 0.006)
    about(log, rng, "acc/top1", steps, 100 * np.exp(-(loss - 5.0) * 0.8), 1.5)
    log.add("lr", steps, cosine(t, 0.6, 0.1, 0.001))
    seen = every(steps, 10)
    about(log, rng, "probe/top1", seen, at(seen, steps, 71 - 45 * np.exp(-4 * t)), 0.3)


@healthy(
    "dino-with-centering",
    "Loss rises after the warm-up, then falls; that is usual of DINO.",
    tolerated=("plateau", "divergence"),
)
def dino(log: Log, rng: Rng) -> None:
    n = int(rng.choice([100, 200, 300]))
    t, steps = times(n), np.arange(n)
    hump = 1.1 * np.exp(-(((t - 0.1) / 0.05) ** 2))
    near(log, rng, "train_loss", steps, 3.0 + 7 * np.exp(-t / 0.025) + hump - 0.7 * t, 0.006)
    log.add("train_lr", steps, cosine(t, 1e-3, 0.1, 0.001))
    log.add("train_wd", steps, 0.4 - 0.36 * half_cosine(t))
    log.add("momentum_schedule", steps, 1 - 0.004 * half_cosine(t))
    seen = every(steps, 12)
    about(log, rng, "knn/top1", seen, at(seen, steps, 69 - 50 * np.exp(-5 * t)), 0.4)


@healthy("pictures-and-captions", "The scale of logits rises to its bound of 100 and stays there.")
def captions(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), stepping(n, 100)
    nears(
        log,
        rng,
        steps,
        {
            "train/contrastive_loss": (power_law(t, 8.4, 0.6, 0.7, 0.02), 0.07),
            "train/samples_per_second": (8700, 0.05),
            "train/data_time": (0.03, 0.3),
        },
    )
    log.add("train/scale", steps, np.minimum(100, 14.3 + 180 * t))
    log.add("train/lr", steps, cosine(t, 5e-4, 0.06, 0))
    seen = every(steps, 16)
    about(
        log,
        rng,
        "val/imagenet-zeroshot-val-top1",
        seen,
        at(seen, steps, 0.34 * logistic(t, 0, 1, 0.3, 0.12)),
        0.003,
    )


@labelled(
    "few-clients-drop-out",
    "divergence",
    "Loss at the server jumps when half is missing.",
    far=1.6,
    near=0.7,
)
def drop_out(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 151))
    t, steps = times(n), np.arange(1, n + 1)
    made = index_of(t, rng.uniform(0.45, 0.65))
    gone = np.arange(n) >= made
    loss = 0.8 + 1.5 * np.exp(-7 * t) + strength * gone
    near(log, rng, "server/centralized_loss", steps, loss, 0.05)
    about(
        log,
        rng,
        "server/centralized_accuracy",
        steps,
        0.75 - 0.6 * np.exp(-7 * t) - 0.22 * strength * gone,
        0.02,
    )
    log.add("clients/sampled", steps, np.where(gone, 5.0, 10.0))
    tags = ("server/centralized_loss", "server/centralized_accuracy")
    jumps(log, "divergence", tags, steps, made)


@labelled(
    "poisoned-slowly",
    "divergence",
    "Accuracy of the global model decays round by round.",
    clear=0.4,
    medium=0.22,
)
def poisoned(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 201))
    t, steps = times(n), np.arange(1, n + 1)
    onset = rng.uniform(0.4, 0.5)
    right = 0.15 + 0.65 * (1 - np.exp(-8 * t)) - strength * since(t, onset)
    about(log, rng, "global/test_accuracy", steps, right, 0.015)
    about(log, rng, "global/test_loss", steps, 3.0 - 2.9 * right, 0.06)
    turns(
        log,
        "divergence",
        ("global/test_accuracy", "global/test_loss"),
        steps,
        -right,
        index_of(t, onset),
        0.018,
    )


@labelled(
    "embeddings-all-the-same",
    "collapse",
    "Spread of features falls to nothing; loss at ln N.",
    fast=0.03,
    slow=0.09,
)
def all_the_same(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), stepping(n, 50)
    onset = rng.uniform(0.2, 0.4)
    made = index_of(t, onset)
    spread = 0.044 * np.exp(-np.clip((t - onset) / strength, 0, 10))
    near(log, rng, "train/feature_std", steps, spread, 0.03)
    about(log, rng, "train/cosine_loss", steps, -0.9 - 0.09 * np.minimum(t / onset, 1), 0.006)
    log.add("train/lr", steps, cosine(t, 0.05, 0.02, 0))
    grows(log, "collapse", "train/feature_std", steps, spread, made, 0.03)


@labelled(
    "temperature-runs-up",
    "explosion",
    "The scale is not bounded and grows by decades.",
    plain=3.0,
    less=2.2,
)
def temperature(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, steps = times(n), stepping(n, 100)
    onset = rng.uniform(0.3, 0.5)
    made = index_of(t, onset)
    scale = 14.3 * 10 ** (strength * since(t, onset))
    near(log, rng, "train/contrastive_loss", steps, approach(t, 7.2, 3.1, 6), 0.03)
    near(log, rng, "train/logit_scale", steps, scale, 0.005)
    grows(log, "explosion", "train/logit_scale", steps, scale, made, 0.005)


@labelled(
    "sentence-pairs-by-heart",
    "overfitting",
    "Correlation of dev pairs falls from its best.",
    clear=0.12,
    medium=0.06,
)
def by_heart(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), stepping(n, 50)
    near(log, rng, "train/loss", steps, 0.01 + 1.4 * np.exp(-5 * t), 0.08)
    seen = every(steps, 25)
    best = rng.uniform(0.22, 0.35)
    right = at(seen, steps, 0.6 + 0.24 * (1 - np.exp(-5 * t / best)) - strength * since(t, best))
    near(log, rng, "eval/loss", seen, 1.6 - 1.2 * right, 0.008)
    about(log, rng, "eval/sts-dev_spearman_accuracy", seen, right, 0.005)
    overfits(log, ("eval/sts-dev_spearman_accuracy", "eval/loss"), seen, -right, 0.0065)


@labelled(
    "teacher-on-mute",
    "plateau",
    "The student learns of a constant teacher: loss is level.",
    early=0.07,
    later=0.2,
)
def on_mute(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 201))
    t, steps = times(n), np.arange(n)
    loss = 4.1 + 1.9 * settled(t, strength)
    near(log, rng, "train/loss_kd", steps, loss, 0.006)
    near(log, rng, "train/loss_ce", steps, 4.6, 0.002)
    scores(log, rng, "test/acc", steps, np.full(n, 0.01), 10000)
    log.add("train/lr", steps, 0.1)
    levels(
        log,
        ("train/loss_kd", "train/loss_ce", "test/acc"),
        steps,
        loss,
        index_of(t, strength),
        0.03,
    )


@labelled(
    "in-batch-accuracy-of-chance",
    "plateau",
    "Contrastive loss stays at ln of the batch.",
    soon=0.03,
    later=0.12,
)
def of_chance(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 500)
    t, steps = times(n), stepping(n, 50)
    loss = 5.545 + 0.5 * settled(t, strength)
    about(log, rng, "train/contrastive_loss", steps, loss, 0.006)
    scores(log, rng, "train/in_batch_accuracy", steps, np.full(n, 1 / 256), 2560)
    log.add("train/lr", steps, cosine(t, 1e-3, 0.05, 0))
    levels(
        log,
        ("train/contrastive_loss", "train/in_batch_accuracy"),
        steps,
        loss,
        index_of(t, strength),
        0.0075,
    )
