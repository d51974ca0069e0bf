"""Rows, series, graphs, recommendations and equations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.thirteenth.making import (
    at,
    counted,
    drifts,
    every,
    grows,
    half_cosine,
    jitter,
    jumps,
    noise,
    overfits,
    warmed,
)
from benchmarks.blind.thirteenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "trees_stopped_early",
    "XGBoost with early stopping after 50 rounds: validation falls and is level at its end,"
    " training goes on falling",
    tolerated=("plateau",),
)
def trees_stopped_early(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 1500)
    t, steps = shapes.times(n), np.arange(n, dtype=np.int64)
    fell = np.exp(-t / 0.12)
    val = 0.287 + 0.4 * fell + 0.012 * np.exp(-t / 0.3) + noise(rng, n, 0.0002, 0.9)
    log.add("train-logloss", steps, np.round(0.21 + 0.4 * fell + 0.07 * (1 - t), 5))
    log.add("validation-logloss", steps, np.round(val, 5))
    log.add("validation-auc", steps, np.round(0.934 - 0.13 * fell + noise(rng, n, 2e-4, 0.9), 5))


@healthy(
    "films_for_everyone",
    "a two-tower recommender: recall and NDCG of a sampled evaluation wander by a hundredth,"
    " rising",
    tolerated=("plateau",),
)
def films_for_everyone(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(25, 90))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    up = 1 - np.exp(-t / 0.22)
    log.add("val/recall@20", steps, 0.05 + 0.19 * up + noise(rng, n, 0.003))
    log.add("val/ndcg@10", steps, 0.02 + 0.11 * up + noise(rng, n, 0.002))
    log.add("train/bpr_loss", steps, jitter(rng, 0.69 - 0.5 * up, 0.012))
    log.add("train/emb_reg", steps, 0.02 + 0.09 * np.sqrt(t) + noise(rng, n, 0.0006))


@healthy(
    "citations_two_hundred_epochs",
    "a GCN on Cora: 140 labels in training, a validation of 500, dropout's noise; loss and"
    " accuracy level in the last half",
    tolerated=("plateau",),
)
def citations_two_hundred_epochs(log: Log, rng: np.random.Generator) -> None:
    n = 200
    t, steps = shapes.times(n), shapes.steps(n, 1)
    fell = np.exp(-t / 0.14)
    log.add("loss/train", steps, jitter(rng, 0.42 + 1.52 * fell, 0.035, 0.0))
    log.add("loss/val", steps, jitter(rng, 0.82 + 1.12 * fell, 0.008, 0.3))
    log.add("acc/val", steps, np.round(counted(rng, 0.788 - 0.5 * np.exp(-t / 0.05), 500), 3))


@healthy(
    "demand_by_quantiles",
    "a temporal fusion transformer on demand: quantile loss of validation weeks is jumpy and"
    " falls to its floor; the rate is cut once",
    tolerated=("plateau",),
)
def demand_by_quantiles(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 60))
    t, steps = shapes.times(n), np.arange(1, n + 1, dtype=np.int64) * 137 - 1
    log.add("train_loss_epoch", steps, jitter(rng, 92 + 130 * np.exp(-t / 0.1) - 9 * t, 0.015))
    log.add("val_loss", steps, jitter(rng, 101 + 120 * np.exp(-t / 0.1), 0.045))
    log.add("val_SMAPE", steps, jitter(rng, 0.213 + 0.2 * np.exp(-t / 0.1), 0.03))
    log.add("lr-Ranger", steps, np.where(t < 0.7, 0.03, 0.003))


@healthy(
    "heat_equation_then_newton",
    "a PINN: Adam for most of the run, its losses wide on a log axis, then L-BFGS, which takes"
    " them down by another decade",
    tolerated=("plateau",),
)
def heat_equation_then_newton(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    newton = np.clip((t - 0.8) / 0.06, 0, 1)
    fall = 10 ** (-3.2 * np.sqrt(t / 0.8).clip(0, 1) - 1.0 * newton)
    grain = 0.16 * (1 - 0.85 * newton)
    for name, share in (("pde", 1.0), ("bc", 0.35), ("ic", 0.5)):
        log.add(f"loss/{name}", steps, share * fall * np.exp(noise(rng, n, 0.3) * grain * 3))
    log.add("error/rel_l2", steps, 0.9 * np.sqrt(fall) * np.exp(noise(rng, n, 0.05)))


@healthy(
    "five_folds_in_one_log",
    "five folds, a tag each, of a Kaggle notebook: ten epochs, AUC within 0.005 of each other",
    tolerated=("plateau",),
)
def five_folds_in_one_log(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(8, 16))
    steps = np.arange(n, dtype=np.int64)
    for fold in range(5):
        level = 0.893 + rng.normal(0, 0.003)
        auc = level - 0.12 * np.exp(-steps / 1.6) + noise(rng, n, 0.0015, 0.0)
        log.add(f"fold_{fold}/val_auc", steps, np.round(auc, 5))
        loss = 0.31 + 0.2 * np.exp(-steps / 1.6) - 0.003 * steps
        log.add(f"fold_{fold}/train_loss", steps, np.round(jitter(rng, loss, 0.006), 5))


@labelled(
    "two_thousand_trees_too_many",
    "overfitting",
    "LightGBM without early stopping: binary log-loss of the validation turns at round 300 and"
    " goes up, smooth as trees are, for the rest of its rounds",
    clear=0.16,
    moderate=0.06,
)
def two_thousand_trees_too_many(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 800, 3000)
    t, steps = shapes.times(n), np.arange(n, dtype=np.int64)
    best = rng.uniform(0.12, 0.22)
    worse = 0.44 + 0.25 * np.exp(-t / 0.035) + strength * np.clip((t - best) / (1 - best), 0, 1)
    log.add("valid_0/binary_logloss", steps, worse + noise(rng, n, 0.0006, 0.8))
    log.add("training/binary_logloss", steps, 0.02 + 0.66 * np.exp(-t / 0.25))
    overfits(log, "valid_0/binary_logloss", steps, worse, 0.002)


@labelled(
    "shoppers_remembered",
    "overfitting",
    "SASRec on a small shop: NDCG and hit rate of the next month's sales are best after a"
    " quarter of the epochs and then decline to half",
    clear=0.055,
    moderate=0.028,
)
def shoppers_remembered(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(30, 100))
    t, steps = shapes.times(n), shapes.steps(n, 5)
    worse = -0.115 * (1 - np.exp(-t / 0.06)) + strength * np.clip((t - 0.25) / 0.75, 0, None)
    log.add("valid/NDCG@10", steps, -worse + noise(rng, n, 0.0022))
    log.add("valid/HR@10", steps, -1.8 * worse + noise(rng, n, 0.004))
    log.add("train/loss", steps, jitter(rng, 0.18 + 1.2 * np.exp(-t / 0.2), 0.015))
    overfits(log, ("valid/NDCG@10", "valid/HR@10"), steps, worse, 0.0025)


@labelled(
    "transformer_of_few_hours",
    "overfitting",
    "a transformer for series of a few thousand hours (Zeng et al. 2205.13504 shows how they"
    " overfit): validation MSE turns at the third epoch",
    clear=0.42,
    moderate=0.2,
)
def transformer_of_few_hours(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(16, 40))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    worse = (
        0.46 + 0.5 * np.exp(-t / 0.06) + strength * (1 - np.exp(-np.clip(t - 0.2, 0, None) / 0.4))
    )
    log.add("Loss/vali", steps, worse + noise(rng, n, 0.012, 0.0))
    log.add("Loss/test", steps, 0.93 * worse + noise(rng, n, 0.012, 0.0))
    log.add("Loss/train", steps, jitter(rng, 0.12 + 0.6 * np.exp(-t / 0.3), 0.02))
    overfits(log, ("Loss/vali", "Loss/test"), steps, worse, 0.013)


@labelled(
    "edges_of_the_equation_run_off",
    "explosion",
    "a PINN with adaptive weights that have no bound (Wang et al. 2001.04536): the weight of the"
    " boundary grows by four decades, and the error rises again with it",
    clear=1e4,
    moderate=300.0,
)
def edges_of_the_equation_run_off(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    a = rng.uniform(0.4, 0.5)
    weight = 12 * strength ** np.clip((t - a) / (1 - a), 0, 1)
    log.add("weights/lambda_bc", steps, jitter(rng, weight, 0.05))
    worse = -1.9 * np.sqrt(t / a).clip(0, 1) + 1.5 * np.clip((t - a) / (1 - a), 0, 1)
    log.add("val/rel_l2", steps, 10 ** (worse + noise(rng, n, 0.035)))
    log.add("loss/residual", steps, 10 ** (-2.4 * np.sqrt(t) + noise(rng, n, 0.1)))
    index = int(a * n)
    tag = "weights/lambda_bc"
    grows(log, "explosion", tag, steps, weight, index, 0.06, ("gradient", "divergence"))
    curve = 10**worse
    drifts(log, "divergence", "val/rel_l2", steps, curve, index, 0.003, ("overfitting",))


@labelled(
    "multiplied_each_epoch",
    "learning_rate",
    "a schedule that multiplies what it had multiplied: the rate grows by a third each epoch,"
    " without end, and the loss follows it up",
    clear=1.45,
    moderate=1.25,
)
def multiplied_each_epoch(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(36, 70))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    growth = strength ** (30 * t)
    log.add("hp/lr", steps, 1e-5 * growth)
    top = growth[-1]
    loss = 0.4 + 1.3 * np.exp(-t / 0.12) + 2.4 * (growth / top) ** 0.8
    log.add("loss/valid", steps, jitter(rng, loss, 0.03))
    log.add("loss/train", steps, jitter(rng, loss * 0.95, 0.02))
    # It is wrong from the first; that it is no warm-up is plain by the middle.
    log.true("learning_rate", "hp/lr", int(steps[0]), (int(steps[0]), int(steps[2 * n // 3])))
    lowest = int(np.argmin(loss))
    tags = ("loss/valid", "loss/train")
    drifts(log, "divergence", tags, steps, loss, lowest, 0.03, ("overfitting", "explosion"))


@labelled(
    "below_zero_at_the_end",
    "learning_rate",
    "LambdaLR written for 100 epochs in a run of 150: the rate falls on through zero, and with a"
    " negative one the network climbs its loss",
    clear=0.6,
    moderate=0.72,
)
def below_zero_at_the_end(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(70, 180))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    rate = 1 - t / strength
    a = int(np.argmax(rate < 0))
    log.add("lr", steps, 0.05 * rate)
    worse = 0.3 + 1.7 * np.exp(-t / 0.1) + 0.9 * (np.clip(-rate, 0, None) / 0.4) ** 1.2
    log.add("train_loss", steps, jitter(rng, worse, 0.03))
    log.add("test_acc", steps, counted(rng, 0.93 - 0.22 * (worse - 0.3), 10_000))
    window = int(steps[max(a - max(n // 12, 2), 0)]), int(steps[min(a + 3, n - 1)])
    log.true("learning_rate", "lr", int(steps[a]), window)
    tags = ("train_loss", "test_acc")
    drifts(log, "divergence", tags, steps, worse, a, 0.02, ("overfitting",))


@labelled(
    "embeddings_grow_for_ever",
    "explosion",
    "an embedding table without decay (DLRM): its norm grows by three decades in the latter half"
    " and click-through's log-loss does not see it yet",
    clear=1500.0,
    moderate=120.0,
    tolerated=("gradient", "plateau"),
)
def embeddings_grow_for_ever(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    a = rng.uniform(0.45, 0.6)
    norm = 3.1 * strength ** np.clip((t - a) / 0.35, 0, 1)
    log.add("embedding/weight_norm", steps, jitter(rng, norm, 0.02))
    log.add("train/logloss", steps, 0.452 + 0.2 * np.exp(-t / 0.05) + noise(rng, n, 0.004))
    seen = every(steps, 24)
    log.add(
        "test/auc", seen, 0.792 - 0.05 * np.exp(-at(seen, steps, t) / 0.1) + noise(rng, 24, 4e-4)
    )
    grows(log, "explosion", "embedding/weight_norm", steps, norm, int(a * n), 0.03, ("gradient",))


@labelled(
    "fraud_log_of_zero",
    "nonfinite",
    "a probability of exactly 1 in float32: log(0) in the loss of one batch, NaN weights, and an"
    " AUC that cannot be computed at each later evaluation",
    clear=1.0,
)
def fraud_log_of_zero(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    a = int(n * rng.uniform(0.35, 0.75))
    loss = jitter(rng, 0.021 + 0.09 * np.exp(-t / 0.06), 0.15) * strength
    loss[a:] = np.nan
    log.add("batch/loss", steps, loss)
    log.add("batch/lr", steps, 1e-3 * warmed(t, 0.02, half_cosine(t, 0.02, 0.05)))
    weight = 41.0 + 6 * np.sqrt(t) + noise(rng, n, 0.02)
    weight[a:] = np.nan
    log.add("batch/weight_norm", steps, weight)
    jumps(log, "nonfinite", ("batch/loss", "batch/weight_norm"), steps, a)


@labelled(
    "swings_wider_and_wider",
    "divergence",
    "full batches of a graph at a rate beyond the edge of stability: the loss swings with a"
    " growing width, and at last not one swing comes back near the best",
    clear=2.4,
    moderate=1.3,
)
def swings_wider_and_wider(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(140, 320))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    a = rng.uniform(0.4, 0.55)
    since = np.clip((t - a) / (1 - a), 0, 1)
    swing = np.abs(np.sin(np.arange(n) * 0.9)) * 0.5 + 0.5
    rise = strength * since**1.2
    loss = 0.35 + 1.5 * np.exp(-t / 0.1) + rise * swing
    log.add("loss/train", steps, jitter(rng, loss, 0.02))
    log.add(
        "acc/val", steps, counted(rng, 0.81 - 0.5 * np.exp(-t / 0.08) - 0.14 * rise * swing, 3000)
    )
    tags = ("loss/train", "acc/val")
    index = int(a * n)
    rise = 0.35 + rise * 0.75
    drifts(log, "divergence", tags, steps, rise, index, 0.03 + 0.1 * strength, ("overfitting",))
