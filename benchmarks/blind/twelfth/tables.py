"""Tables, recommendations, graphs, series of times, clients and tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import (
    counted,
    jitter,
    noise,
    says_overfitting,
)
from benchmarks.blind.twelfth.making import (
    by_epochs,
    drift,
    hangs,
    saturating,
    scales,
    since,
    single,
    sinking,
    slows,
    worsens,
)
from benchmarks.blind.twelfth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "trees_still_growing",
    "five hundred rounds of boosting, smooth as its curves are: the held-out loss falls to the end"
    " (dmlc/xgboost, evals_result)",
)
def trees_still_growing(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(200, 600))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    small = noise(rng, n, 0.0004, 0.9)
    log.add("train-logloss", steps, np.round(sinking(t, 0.67, 0.17, 0.9, 0.08), 5))
    log.add("validation-logloss", steps, np.round(sinking(t, 0.672, 0.262, 0.9, 0.08) + small, 5))
    log.add("validation-auc", steps, np.round(saturating(t, 0.79, 0.913, 4) + small, 5))


@healthy(
    "area_near_its_bound",
    "leaves of a boosted forest: the area under the curve is near one and creeps up"
    " (microsoft/LightGBM, record_evaluation)",
    tolerated=("plateau",),
)
def area_near_its_bound(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(80, 300))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.add("training/auc", steps, saturating(t, 0.952, 0.9992, 4))
    log.add("valid_0/auc", steps, saturating(t, 0.947, 0.9886, 4) + noise(rng, n, 0.00015, 0.6))
    log.add(
        "valid_0/binary_logloss",
        steps,
        sinking(t, 0.5, 0.121, 0.9, 0.1) + noise(rng, n, 0.0003, 0.6),
    )


@healthy(
    "what_to_watch_next",
    "ranking of a hundred items, every fifth epoch, in four decimals (RUCAIBox/RecBole)",
)
def what_to_watch_next(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 60))
    t, steps = shapes.times(n), shapes.steps(n, 5, 4)
    log.add(
        "Vaild/ndcg@10", steps, np.round(saturating(t, 0.038, 0.121, 3) + noise(rng, n, 0.0008), 4)
    )
    log.add(
        "Vaild/recall@10", steps, np.round(saturating(t, 0.06, 0.187, 3) + noise(rng, n, 0.0012), 4)
    )
    every = shapes.steps(5 * n, 1, 0)
    log.add(
        "Loss/Train", every, jitter(rng, sinking(shapes.times(5 * n), 330, 96, 0.7, 0.05), 0.008)
    )


@healthy(
    "citations_as_one_graph",
    "the whole graph in each of its epochs, with much dropout: accuracies leap about and rise"
    " (snap-stanford/ogb, arxiv)",
    tolerated=("plateau",),
)
def citations_as_one_graph(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(200, 500))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.add("loss", steps, jitter(rng, sinking(t, 3.9, 0.88, 0.9, 0.03), 0.008))
    for part, top, sd in (("train", 0.78, 0.009), ("valid", 0.725, 0.015), ("test", 0.714, 0.017)):
        wrong = sinking(t, 1 - 0.2, 1 - top, 0.9, 0.03)
        log.add(f"acc/{part}", steps, 1 - wrong - np.abs(noise(rng, n, sd, 0.2, 4)))


@healthy(
    "load_of_tomorrow",
    "a forecaster of one power grid: thirty epochs, the validation noisier than the training and"
    " better to the end (unit8co/darts)",
)
def load_of_tomorrow(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 50))
    t, steps = shapes.times(n), shapes.steps(n, 212, 211)
    log.add("train_loss", steps, jitter(rng, sinking(t, 0.62, 0.118, 0.8, 0.06), 0.012))
    log.add("val_loss", steps, jitter(rng, sinking(t, 0.58, 0.139, 0.8, 0.06), 0.07))
    log.add(
        "val_MeanAbsolutePercentageError", steps, jitter(rng, sinking(t, 19, 5.2, 0.8, 0.06), 0.03)
    )


@healthy(
    "clients_unlike_each_other",
    "a few of a hundred unlike clients a round: the common accuracy goes up and down, mostly up"
    " (adap/flower, FedAvg)",
)
def clients_unlike_each_other(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(50, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    share = saturating(t, 0.16, 0.79, 3.5)
    swing = noise(rng, n, 0.03, 0.1) * (1 - 0.5 * t)
    log.add("accuracy/centralized", steps, counted(rng, share + swing, 10_000))
    log.add("loss/centralized", steps, 2.25 - 2.1 * (share + swing) + noise(rng, n, 0.02))
    log.add("loss/distributed_fit", steps, jitter(rng, sinking(t, 2.0, 0.4, 0.7, 0.05), 0.05))


@healthy(
    "tasks_in_a_row",
    "each task has its own curve from its beginning to its end, one behind the other"
    " (ContinualAI/avalanche, per-experience metrics)",
)
def tasks_in_a_row(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(15, 40))
    t = shapes.times(n)
    for task in range(4):
        steps = shapes.steps(n, 1, task * n)
        hard = 1 + 0.15 * task
        log.add(
            f"Loss_Epoch/train_phase/Task00{task}",
            steps,
            jitter(rng, sinking(t, 1.9, 0.34 * hard, 0.9, 0.08), 0.02),
        )
        share = saturating(t, 0.45, 0.93 - 0.03 * task, 4)
        log.add(f"Top1_Acc_Epoch/train_phase/Task00{task}", steps, counted(rng, share, 5000))


@healthy(
    "one_model_for_each_fold",
    "the same model on five folds, of ten epochs or so each (Kaggle notebooks)",
)
def one_model_for_each_fold(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(9, 16))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    for fold in range(5):
        log.session(f"fold_{fold}")
        end = 0.41 + 0.02 * rng.standard_normal()
        log.add("valid/loss", steps, jitter(rng, sinking(t, 0.8, end, 0.8, 0.15), 0.02))
        log.add("train/loss", steps, jitter(rng, sinking(t, 0.9, end - 0.06, 0.8, 0.15), 0.006))
        log.add(
            "valid/f1",
            steps,
            np.round(saturating(t, 0.6, 0.8 - end / 10, 3) + noise(rng, n, 0.003), 4),
        )


@labelled(
    "clients_pull_apart",
    "divergence",
    "too many local steps on unlike data: the common model gets worse from round to round, and once"
    " the server waited for clients for hours (Karimireddy et al. 2020, SCAFFOLD; FedML)",
    tolerated=("overfitting", "collapse"),
    clear=0.4,
    faint=0.15,
)
def clients_pull_apart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(80, 220))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = float(rng.uniform(20, 60))
    turn, gap = int(n * rng.uniform(0.35, 0.5)), int(n * rng.uniform(0.15, 0.3))
    share = saturating(t, 0.2, 0.71, 9) - strength * since(n, turn) ** 0.8
    log.add("Test/Acc", steps, counted(rng, share + noise(rng, n, 0.012), 10_000))
    worsens(log, "Test/Acc", steps, -share, turn, 0.018)
    loss = 2.3 - 2.1 * share + noise(rng, n, 0.03)
    log.add("Test/Loss", steps, loss)
    worsens(log, "Test/Loss", steps, -2.1 * share, turn, 0.045)
    hangs(log, ("Test/Acc", "Test/Loss"), steps, gap, 7)


@labelled(
    "deeper_than_the_data",
    "overfitting",
    "trees of depth twelve without early stopping: the held-out loss turns after a third, and each"
    " round takes longer since another job came (dmlc/xgboost, forum)",
    tolerated=("divergence",),
    clear=0.12,
    faint=0.045,
)
def deeper_than_the_data(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(200, 500))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    worse = 0.31 + 0.36 * np.exp(-18 * t) + strength * np.clip((t - 0.3) / 0.7, 0, None)
    log.add("train-mlogloss", steps, np.round(sinking(t, 0.66, 0.02, 1.1, 0.06), 5))
    log.add("test-mlogloss", steps, np.round(worse + noise(rng, n, 0.0006, 0.8), 5))
    says_overfitting(log, "test-mlogloss", steps, worse, 0.0018)
    index = int(n * rng.uniform(0.45, 0.6))
    slower = 1 + 1.8 * (1 - np.exp(-12 * since(n, index)))
    log.add("time/round_seconds", steps, 0.48 * slower * np.exp(noise(rng, n, 0.05)))
    drift(log, steps, slower)
    tags = ("time/round_seconds", "train-mlogloss", "test-mlogloss")
    slows(log, tags, steps, slower, index, 0.07)


@labelled(
    "every_node_by_heart",
    "overfitting",
    "a small citation graph for three hundred epochs without decay: the held-out loss rises, and"
    " the norm of the weights grows by orders (pyg-team, Planetoid examples)",
    tolerated=("divergence",),
    clear=0.5,
    faint=0.22,
)
def every_node_by_heart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(180, 320))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    worse = 0.82 + 1.1 * np.exp(-20 * t) + strength * np.clip((t - 0.25) / 0.75, 0, None)
    first = int(0.4 * n)
    norm = 7 * np.exp(0.3 * t + 5 * since(n, first))
    log.add("train/loss", steps, jitter(rng, sinking(t, 1.94, 0.004, 1.3, 0.05), 0.03))
    log.add("val/loss", steps, worse + noise(rng, n, 0.012))
    says_overfitting(log, "val/loss", steps, worse, 0.016)
    log.add("val/acc", steps, counted(rng, 0.79 - 0.5 * np.exp(-20 * t), 500))
    log.add("weight_norm", steps, norm * np.exp(noise(rng, n, 0.02)))
    scales(log, "explosion", "weight_norm", steps, norm, first, 0.03)


@labelled(
    "popular_items_only",
    "overfitting",
    "the ranking of held-out items is best after a quarter and falls from then on, the training"
    " loss goes down (RUCAIBox/RecBole; LightGCN issues)",
    tolerated=("divergence",),
    clear=0.045,
    faint=0.014,
)
def popular_items_only(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(30, 80))
    t, steps = shapes.times(n), shapes.steps(n, 5, 5)
    good = 0.118 - 0.07 * np.exp(-14 * t) - strength * np.clip((t - 0.28) / 0.72, 0, None)
    log.add("train/bpr_loss", steps, jitter(rng, sinking(t, 0.62, 0.06, 0.9, 0.06), 0.015))
    log.add("valid/ndcg@20", steps, np.round(good + noise(rng, n, 0.001), 5))
    says_overfitting(log, "valid/ndcg@20", steps, -good, 0.0013)


@labelled(
    "last_winter_by_heart",
    "overfitting",
    "a forecaster with more weights than days: the validation's error is least after a few epochs"
    " and rises (Nixtla/neuralforecast, issues)",
    tolerated=("divergence",),
    clear=0.5,
    faint=0.16,
)
def last_winter_by_heart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(20, 45))
    t, steps = shapes.times(n), shapes.steps(n, 50, 49)
    worse = 0.31 + 0.3 * np.exp(-16 * t) + strength * 0.31 * np.clip((t - 0.25) / 0.75, 0, None)
    log.add("train_loss_epoch", steps, jitter(rng, sinking(t, 0.6, 0.09, 0.9, 0.08), 0.015))
    log.add("ptl/val_loss", steps, single(worse + noise(rng, n, 0.004)))
    says_overfitting(log, "ptl/val_loss", steps, worse, 0.006)
