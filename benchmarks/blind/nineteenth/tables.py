"""Tables, graphs, time series, equations, clients, teachers and pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    around,
    course,
    decades,
    epochs,
    from_point,
    paced,
    put,
    where,
)
from benchmarks.blind.eighth.making import (
    cosine,
    jitter,
    learned,
    linear,
    turned,
)
from benchmarks.blind.nineteenth.making import grows, halts, leaps, levels, turns_up
from benchmarks.blind.nineteenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "lesson_federated_rounds", "the mean of a few clients that differ by round: it goes up by bumps"
)
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 10, 14, 6)
    around(log, rng, steps, {"centralized/accuracy": (learned(t, 0.22, 0.71, 4), 0.022)})
    put(log, rng, steps, {"centralized/loss": (learned(t, 2.2, 0.86, 4), 0.03)})


@healthy("lesson_recommender_ndcg", "the BPR loss falls on while NDCG grows ever more slowly")
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 8, 14, 3)
    put(log, rng, steps, {"train/bpr_loss": (learned(t, 0.66, 0.14, 5), 0.006)})
    curves = {
        "valid/ndcg@10": (learned(t, 0.05, 0.118, 3), 0.0012),
        "valid/recall@20": (learned(t, 0.08, 0.19, 3), 0.0018),
    }
    around(log, rng, steps, curves)


@healthy(
    "lesson_forecast_noisy_validation",
    "the months to validate on are few and loud",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 10, 14, 2)
    put(
        log,
        rng,
        steps,
        {
            "train_loss_epoch": (learned(t, 1.1, 0.42, 4), 0.012),
            "val_loss": (learned(t, 1.0, 0.55, 4), 0.05),
        },
    )
    put(log, rng, steps, {"val_SMAPE": (learned(t, 0.5, 0.29, 4), 0.04)})


@healthy(
    "lesson_burgers_equation",
    "one of the terms rises while the sum falls by decades",
    tolerated=("spike",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 100, 400, 100)
    curves = {
        "loss_total": (decades(t, 0, 0.4, 1e-3), 0.12),
        "loss_pde": (0.003 * (1 + 4 * np.exp(-(((t - 0.12) / 0.08) ** 2))) * 0.01**t, 0.15),
        "loss_bc": (decades(t, 0, 0.2, 3e-4), 0.15),
        "loss_ic": (decades(t, 0, 0.2, 6e-4), 0.15),
        "l2_error": (decades(t, 0, 0.7, 4e-3), 0.04),
    }
    put(log, rng, steps, curves)


@healthy("recipe_clip_pairs", "the temperature's inverse grows to its bound of 100 and rests there")
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 150, 600, 100)
    curves = {
        "train/contrastive_loss": (learned(t, 6.2, 1.3, 8), 0.03),
        "train/logit_scale": (np.minimum(14.3 * 7.5 ** (t / 0.7), 100), 0.0005),
        "train/samples_per_second": (4100, 0.03),
    }
    put(log, rng, steps, curves)
    log.add("train/lr", steps, cosine(t, 5e-4))
    around(
        log,
        rng,
        steps[19::20],
        {"val/imagenet-zeroshot-val-top1": (learned(t[19::20], 0.02, 0.37, 5), 0.004)},
    )


@healthy(
    "lesson_student_of_a_teacher",
    "at a high temperature the loss of distillation moves little, and the score much",
)
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 9, 14, 5)
    put(
        log,
        rng,
        steps,
        {
            "train/kd_loss": (learned(t, 0.9, 0.71, 4), 0.003),
            "train/ce_loss": (learned(t, 2.1, 0.7, 4), 0.01),
        },
    )
    around(log, rng, steps, {"val/top1": (learned(t, 48, 71.5, 4), 0.35)})
    log.add("lr", steps, cosine(t, 0.1))


@labelled(
    "lesson_bert_on_few_reviews",
    "overfitting",
    "after two or three evaluations the loss goes up, as in the course's notebook",
    some=0.35,
    much=0.8,
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 9, 13, 500)
    paced(log, rng, 500, 4)
    worse = turned(t, 0.25, 0.25, strength, 0.27)
    put(
        log,
        rng,
        steps,
        {"train/loss": (0.01 + 0.5 * np.exp(-4 * t), 0.04), "eval/loss": (worse, 0.02)},
    )
    around(log, rng, steps, {"eval/accuracy": (0.905 - 0.1 * np.exp(-12 * t), 0.002)})
    log.add("train/learning_rate", steps, linear(t, 2e-5, 0.01))
    turns_up(log, "eval/loss", steps, worse, 0.008)


@labelled(
    "lesson_net_for_a_small_table",
    "overfitting",
    "by rote on 800 rows, on a laptop that slept for a night",
    some=0.4,
    much=1.0,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 11, 14, 1)
    worse = turned(t, rng.uniform(0.25, 0.4), 0.5, 0.6 * strength, 0.42)
    curves = {"train_mse": (0.03 + 0.9 * np.exp(-4 * t), 0.03), "val_mse": (worse, 0.02)}
    put(log, rng, steps, curves)
    turns_up(log, "val_mse", steps, worse, 0.012)
    halts(log, tuple(curves), steps, where(t, rng.uniform(0.4, 0.8)), 9)


@labelled(
    "lesson_root_of_nought",
    "nonfinite",
    "the slope of a root at 0 is infinite: NaN for all epochs that follow",
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 9, 14, 1)
    i = where(t, rng.uniform(0.35, 0.6) * strength)
    for tag, end in (("train_rmse", 0.31), ("valid_rmse", 0.36)):
        log.add(tag, steps, from_point(jitter(rng, learned(t, 1.2, end, 4), 0.015), i, np.nan))
    leaps(log, "nonfinite", ("train_rmse", "valid_rmse"), steps, i)


@labelled(
    "lesson_siamese_twins_agree_on_all",
    "collapse",
    "without a stopped gradient all features are one point",
    tolerated=("plateau",),
    plain=1e-4,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 200, 1)
    paced(log, rng, 1, 2)
    i = where(t, 0.06)
    spread = decades(t, t[i], 0.044, strength, 0.35)
    put(log, rng, steps, {"feature_std": (spread, 0.06)})
    loss = -1 + decades(t, t[i], 0.7, 0.001, 0.3)
    around(log, rng, steps, {"neg_cosine_loss": (loss, 0.0008)})
    acc = 0.02 + 0.2 * np.clip(1 - t / 0.3, 0, 1)
    around(log, rng, steps, {"knn_accuracy": (acc, 0.003)})
    grows(log, "collapse", "feature_std", steps, spread, i)
    grows(log, "collapse", "knn_accuracy", steps, acc, i, ("divergence",))
    levels(log, "neg_cosine_loss", steps, loss, where(t, 0.3), 0.001)
