"""Tables, graphs, series in time, recommendations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import (
    counted,
    jitter,
    lasting,
    learned,
    noise,
    says_overfitting,
    turned,
)
from benchmarks.blind.eighth.registry import healthy, labelled
from benchmarks.blind.windows import gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "trees_added",
    "XGBoost with a small step: the log loss of both sets falls smoothly, ever more slowly, in five"
    " digits",
    tolerated=("plateau",),
)
def trees_added(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 0.2
    curve = 0.28 + 0.38 * np.exp(-5 * t) + 0.02 * (1 - t)
    log.add("train-logloss", steps, np.round(curve - 0.05 * t + noise(rng, n, 0.00008), 5))
    log.add("eval-logloss", steps, np.round(curve + 0.006 + noise(rng, n, 0.00015), 5))


@healthy(
    "leaves_and_rank",
    "LightGBM stopped early: the area under the curve rises to a level that is short of one",
    tolerated=("plateau",),
)
def leaves_and_rank(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 0.4
    log.add("training/auc", steps, np.round(0.83 + 0.12 * (1 - np.exp(-4 * t)), 6))
    log.add(
        "valid_1/auc",
        steps,
        np.round(0.82 + 0.061 * (1 - np.exp(-5 * t)) + noise(rng, n, 0.0002, 0.6), 6),
    )


@healthy(
    "films_recommended",
    "a recommender: BPR's loss falls, hits and gains among ten rise and level off, in four digits",
    tolerated=("plateau",),
)
def films_recommended(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 15, 60)
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 14.0
    hits = 0.31 + 0.37 * (1 - np.exp(-5 * t)) + 0.01 * t
    log.add("train/bpr_loss", steps, np.round(jitter(rng, 0.12 + 0.5 * np.exp(-6 * t), 0.008), 4))
    log.add("valid/HR@10", steps, counted(rng, hits, 6040))
    log.add("valid/NDCG@10", steps, np.round(0.6 * hits + noise(rng, n, 0.0025), 4))
    log.add("valid/MRR", steps, np.round(0.5 * hits + noise(rng, n, 0.0025), 4))


@healthy(
    "five_hundred_nodes",
    "a graph network on Cora: five hundred nodes to validate on, scores that dance by some of them",
    tolerated=("plateau",),
)
def five_hundred_nodes(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 0.02
    log.add("loss/train", steps, jitter(rng, 0.32 + 1.62 * np.exp(-5 * t), 0.035))
    log.add("loss/val", steps, 0.72 + 1.22 * np.exp(-5 * t) + noise(rng, n, 0.004, 0.6))
    for name, nodes in (("val", 500), ("test", 1000)):
        values = 0.79 - 0.5 * np.exp(-14 * t) + noise(rng, n, 0.004, 0.6)
        log.add(f"acc/{name}", steps, np.round(values * nodes) / nodes)


@healthy(
    "molecules_ranked",
    "a graph network on ogbg-molhiv: a noisy ROC-AUC on a set split by scaffolds, level for long",
    tolerated=("plateau",),
)
def molecules_ranked(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 50, 100)
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 40.0
    log.add("Train/loss", steps, jitter(rng, learned(t, 0.16, 0.09, 5), 0.012))
    log.add("Train/rocauc", steps, learned(t, 0.62, 0.92, 4) + noise(rng, n, 0.004))
    log.add("Validation/rocauc", steps, 0.81 - 0.16 * np.exp(-9 * t) + noise(rng, n, 0.01, 0.1))


@healthy(
    "sales_forecast",
    "a forecaster with a few epochs: MASE and sMAPE fall by a fifth amid noise of a tenth of that",
    tolerated=("plateau",),
)
def sales_forecast(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 15, 45)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 50.0
    fall = learned(t, 1, 0, 4)
    log.add("train_loss", steps, jitter(rng, 5.1 + 1.9 * fall, 0.01))
    log.add("val/MASE", steps, np.round(0.88 + 0.25 * fall + noise(rng, n, 0.018), 3))
    log.add("val/sMAPE", steps, np.round(12.9 + 2.8 * fall + noise(rng, n, 0.23), 2))
    log.add("val/RMSE", steps, np.round(41.5 + 13 * fall + noise(rng, n, 1.0), 2))


@labelled(
    "too_many_trees",
    "overfitting",
    "boosting with deep trees and no stop: the evaluated loss turns after a quarter of the rounds",
    clear=0.14,
    medium=0.04,
    faint=0.018,
)
def too_many_trees(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 0.3
    worse = turned(t, rng.uniform(0.2, 0.35), 0.27, strength, 0.42)
    log.add("train-logloss", steps, np.round(0.02 + 0.64 * np.exp(-5 * t), 5))
    log.add("eval-logloss", steps, np.round(worse + noise(rng, n, 0.0008, 0.5), 5))
    log.add(
        "eval-auc", steps, np.round(0.87 - 0.1 * np.exp(-12 * t) + noise(rng, n, 0.0006, 0.5), 5)
    )
    says_overfitting(log, "eval-logloss", steps, worse, lasting(0.0008, 0.5))


@labelled(
    "known_baskets",
    "overfitting",
    "a recommender of sessions: hits and gains fall from an early best while the loss of training"
    " still falls",
    clear=0.4,
    medium=0.17,
    faint=0.14,
)
def known_baskets(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 20, 80)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 33.0
    worse = turned(t, rng.uniform(0.2, 0.35), 0.35, strength, 0)
    log.add("train/loss", steps, np.round(jitter(rng, 0.9 + 6 * np.exp(-5 * t), 0.01), 4))
    for name, top, sd in (("NDCG@10", 0.245, 0.014), ("HR@10", 0.43, 0.012)):
        log.add(f"valid/{name}", steps, np.round(top * (1 - worse + noise(rng, n, sd)), 4))
    says_overfitting(log, ("valid/NDCG@10", "valid/HR@10"), steps, worse, lasting(0.014))


@labelled(
    "slower_each_epoch",
    "throughput",
    "an interatomic potential: the first epoch takes an hour, the eighth eight"
    " (mir-group/allegro #60)",
    clear=7.0,
    medium=1.2,
)
def slower_each_epoch(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 15, 50)
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 3600.0
    factor = 1 + strength * t
    log.add("epoch_seconds", steps, np.round(jitter(rng, 3600 * factor, 0.02), 1))
    log.add("train_loss_f", steps, jitter(rng, learned(t, 0.09, 0.011, 5), 0.03))
    log.add("val_f_mae", steps, jitter(rng, learned(t, 0.08, 0.012, 5), 0.02))
    log.add("LR", steps, np.full(n, 0.002))
    for index in range(1, n):
        log.slower(int(steps[index]), factor[index] / factor[index - 1])
    doubt = int(np.searchsorted(factor, 1.5)) + 2
    _, seen = gradual(steps, factor, 0, 0.02)
    last = max(int(seen), int(steps[min(doubt, n - 1)]))
    log.true("throughput", "epoch_seconds", steps[0], (steps[0], last), also=("explosion",))


@labelled(
    "resumed_at_ten_times_the_rate",
    "learning_rate",
    "resumed with a rate ten times as high by a slip of the configuration: the forecast's errors"
    " leap at once and climb",
    clear=1.0,
    medium=0.35,
)
def resumed_at_ten_times_the_rate(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 120)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 80.0
    onset = int(n * rng.uniform(0.45, 0.7))
    after = np.arange(n) >= onset
    worse = learned(t, 1, 0, 5, 0.1) + strength * after * (
        0.8 + 0.6 * shapes.ramp_after(t, t[onset], 1)
    )
    rate = np.where(after, 1e-2, 1e-3)
    for where in (slice(None, onset), slice(onset, None)):
        log.session()
        log.add("train/loss", steps[where], jitter(rng, 0.21 + 0.3 * worse, 0.03)[where])
        log.add("val/sMAPE", steps[where], np.round(14 + 9 * worse + noise(rng, n, 0.3), 2)[where])
        log.add("lr", steps[where], rate[where])
    window = (steps[onset - 1], steps[min(onset + 2, n - 1)])
    log.true("learning_rate", "lr", steps[onset], window, also=("explosion",))
    tags = ("val/sMAPE", "train/loss")
    log.true("divergence", tags, steps[onset], window, also=("overfitting",))
