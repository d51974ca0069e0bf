"""Tables, graphs, recommendation, forecasts and equations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine, turned
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, turns
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import approach, logistic, ramp_after, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    every,
    from_the_start,
    grows,
    jitter,
    jumps,
    levels,
    overfits,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


@healthy(
    "xgboost_stopped_early",
    "Boosted trees end fifty rounds after the best one, as they were told.",
    tolerated=("plateau", "overfitting"),
)
def xgboost_stopped_early(log: Log, rng: np.random.Generator) -> None:
    rounds = spaced(whole(rng, 200, 500), 1, 0)
    t = times(len(rounds))
    near(log, rng, "train/logloss", rounds, 0.25 + 0.44 * np.exp(-4 * t), 2e-4)
    near(log, rng, "valid/logloss", rounds, 0.34 + 0.35 * np.exp(-7 * t), 2e-4)
    about(log, rng, "valid/auc", rounds, 0.915 - 0.1 * np.exp(-7 * t), 1e-4)


@healthy(
    "gnn_molecules_usual",
    "The error of a graph network falls by steps of its rate.",
    tolerated=("plateau",),
)
def gnn_molecules_usual(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(whole(rng, 120, 300), 1)
    t = times(len(epochs))
    cuts = np.floor(t / 0.25)
    error = 0.03 + 0.4 * np.exp(-t / 0.06) + 0.03 * 0.4**cuts
    near(log, rng, "train/mae", epochs, error * 0.8, 0.02)
    near(log, rng, "val/mae", epochs, error, 0.05)
    near(log, rng, "train/loss", epochs, error**1.2, 0.025)
    log.add("lr", epochs, 5e-4 * 0.5**cuts)


@healthy(
    "cora_is_done_in_an_instant",
    "200 epochs of a GCN: level from the fortieth on, the held-out accuracy by 500 nodes.",
    tolerated=("plateau", "overfitting"),
)
def cora_is_done_in_an_instant(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(200, 1)
    t = times(200)
    near(log, rng, "loss/train", epochs, 0.3 + 1.65 * np.exp(-t / 0.2), 0.03)
    log.add("acc/train", epochs, np.minimum(0.14 + 0.86 * (1 - np.exp(-t / 0.03)), 1.0))
    scores(log, rng, "acc/val", epochs, 0.79 - 0.6 * np.exp(-t / 0.05), 20000)
    scores(log, rng, "acc/test", epochs, 0.81 - 0.6 * np.exp(-t / 0.05), 20000)


@healthy(
    "dlrm_one_pass_of_clicks",
    "One pass over the clicks: noisy losses, AUC still creeping up.",
    tolerated=("plateau",),
)
def dlrm_one_pass_of_clicks(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 300, 800), 1000)
    t = times(len(steps))
    near(log, rng, "Train/Loss", steps, 0.447 + 0.05 * np.exp(-t / 0.05) + 0.012 * (1 - t), 0.012)
    near(log, rng, "Train/Samples_per_second", steps, 1.9e6, 0.03)
    few = every(steps, 20)
    about(log, rng, "Test/AUC", few, 0.803 - 0.02 * np.exp(-times(20) * 4), 1.5e-4)
    about(log, rng, "Test/Accuracy", few, 0.789 - 0.008 * np.exp(-times(20) * 4), 2e-4)


@healthy(
    "two_towers_recall_grows",
    "Recall at 20 is what counts: it grows when the loss is level.",
    tolerated=("plateau",),
)
def two_towers_recall_grows(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(whole(rng, 40, 100), 1)
    t = times(len(epochs))
    near(log, rng, "train/bpr_loss", epochs, 0.18 + 0.5 * np.exp(-t / 0.06), 0.012)
    about(log, rng, "valid/recall@20", epochs, 0.16 - 0.13 * np.exp(-t / 0.25), 0.0012)
    about(log, rng, "valid/ndcg@20", epochs, 0.13 - 0.11 * np.exp(-t / 0.25), 0.001)


@healthy(
    "tft_forecast_of_sales",
    "Quantile losses with a week's swing in their batches.",
    tolerated=("plateau",),
)
def tft_forecast_of_sales(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 400), 50, 49)
    t = times(len(steps))
    swing = 1 + 0.06 * np.sin(2 * np.pi * np.arange(len(t)) / 7)
    near(log, rng, "train_loss_step", steps, (85 + 160 * np.exp(-t / 0.08)) * swing, 0.05)
    few = every(steps, 30)
    near(log, rng, "val_loss", few, 98 + 70 * np.exp(-times(30) * 5), 0.025)
    near(log, rng, "val_SMAPE", few, 0.31 + 0.3 * np.exp(-times(30) * 5), 0.02)
    near(log, rng, "val_MAE", few, 210 + 160 * np.exp(-times(30) * 5), 0.025)
    log.add("lr-Ranger", steps, 0.03)


@healthy(
    "pinn_heat_two_optimisers",
    "Adam is level; with L-BFGS it falls by two decades more.",
    tolerated=("plateau",),
)
def pinn_heat_two_optimisers(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 400), 100)
    t = times(len(steps))
    decades = (
        2 * (1 - np.exp(-t / 0.08)) + 0.5 * t + 2 * (1 - np.exp(-np.clip(t - 0.7, 0, 1) / 0.08))
    )
    for tag, first in (("loss/pde", 1.0), ("loss/bc", 0.3), ("loss/ic", 0.5)):
        near(log, rng, tag, steps, first * 10**-decades, np.log(10) * 0.06)
    near(log, rng, "metric/l2_relative_error", steps, 0.8 * 10 ** (-0.7 * decades), 0.06)


@healthy(
    "weights_of_a_pinn_adapt",
    "Adaptive weights grow fifteenfold, as they are meant to.",
    tolerated=("plateau",),
)
def weights_of_a_pinn_adapt(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 400), 100)
    t = times(len(steps))
    near(log, rng, "loss/residual", steps, 0.5 * 10 ** (-2.5 * (1 - np.exp(-t / 0.2))), 0.12)
    near(log, rng, "loss/boundary", steps, 0.2 * 10 ** (-2 * (1 - np.exp(-t / 0.2))), 0.12)
    near(log, rng, "weights/boundary", steps, 1 + 14 * (1 - np.exp(-t / 0.1)), 0.03)
    near(log, rng, "weights/residual", steps, 1.0, 0.02)
    log.add("lr", steps, 1e-3 * 0.9 ** np.floor(20 * t))


@labelled(
    "xgboost_a_thousand_rounds",
    "overfitting",
    "No early stop: the held-out log loss rises for two thirds of the rounds.",
    mild=0.03,
    strong=0.15,
)
def xgboost_a_thousand_rounds(log: Log, rng: np.random.Generator, strength: float) -> None:
    rounds = spaced(whole(rng, 400, 1000), 1, 0)
    t = times(len(rounds))
    near(log, rng, "train/logloss", rounds, 0.02 + 0.67 * np.exp(-4 * t), 2e-4)
    val = turned(t, rng.uniform(0.2, 0.35), 0.1, strength, 0.41)
    near(log, rng, "valid/logloss", rounds, val, 6e-4)
    overfits(log, "valid/logloss", rounds, val, 3e-4)


@labelled(
    "click_model_second_pass",
    "overfitting",
    "From the second pass over the clicks on: the training loss leaps down, the AUC falls.",
    mild=0.008,
    strong=0.025,
)
def click_model_second_pass(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 500)
    t = times(len(steps))
    again = np.floor(np.minimum(t * 3, 2.999))
    near(log, rng, "Train/Loss", steps, 0.45 + 0.05 * np.exp(-t / 0.05) - 0.05 * again, 0.012)
    few = every(steps, 30)
    x = times(30)
    worse = 0.02 * np.exp(-x / 0.06) + ramp_after(x, 1 / 3, strength)
    about(log, rng, "Test/AUC", few, 0.8 - worse, 2.5e-4)
    overfits(log, "Test/AUC", few, worse, 2.5e-4)


@labelled(
    "forecaster_learns_by_heart",
    "overfitting",
    "An LSTM on three years of one shop: validation rises from the tenth epoch on.",
    mild=0.25,
    strong=0.8,
)
def forecaster_learns_by_heart(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 50, 120), 1, 0)
    t = times(len(epochs))
    near(log, rng, "train_loss", epochs, 0.05 + 0.9 * np.exp(-5 * t), 0.025)
    val = turned(t, rng.uniform(0.2, 0.35), 0.4, strength, 0.5)
    near(log, rng, "val_loss", epochs, val, 0.035)
    near(log, rng, "val_mae", epochs, np.sqrt(val), 0.02)
    overfits(log, ("val_loss", "val_mae"), epochs, val, 0.02)


@labelled(
    "graph_smoothed_to_one",
    "plateau",
    "Sixteen layers make all nodes alike: the loss is that of chance from the start.",
)
def graph_smoothed_to_one(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 100, 250), 1)
    t = times(len(epochs))
    near(log, rng, "loss/train", epochs, 1.946 + 0.06 * strength * np.exp(-t / 0.01), 0.0008)
    near(log, rng, "loss/val", epochs, 1.95, 0.0008)
    log.add("acc/val", epochs, 0.122)
    from_the_start(log, "plateau", ("loss/train", "loss/val", "acc/val"), epochs, ("collapse",))


@labelled(
    "pinn_trivial_solution",
    "plateau",
    "The boundary's loss stops at a third of its start, for the solution is zero everywhere.",
    early=0.08,
    later=0.2,
)
def pinn_trivial_solution(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 100)
    t = times(len(steps))
    loss = 0.33 + 0.7 * np.exp(-t / (strength / 4))
    near(log, rng, "loss/total", steps, loss, 0.01)
    near(log, rng, "metric/l2_relative_error", steps, 0.99 + 0.2 * np.exp(-t / 0.02), 0.002)
    log.add("lr", steps, 1e-3)
    levels(log, "loss/total", steps, loss, index_of(t, strength), 0.0035)
    levels(
        log, "metric/l2_relative_error", steps, 0.2 * np.exp(-t / 0.02), index_of(t, 0.08), 0.002
    )


@labelled(
    "embedding_norms_run_off",
    "explosion",
    "Without weight decay the norm of the item embeddings grows by decades.",
    tolerated=("plateau",),
)
def embedding_norms_run_off(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 80, 200), 1)
    t = times(len(epochs))
    onset = rng.uniform(0.15, 0.35)
    norm = 4 * 10.0 ** ramp_after(t, onset, 3 * strength)
    near(log, rng, "train/loss", epochs, 0.3 + 0.4 * np.exp(-t / 0.1), 0.01)
    near(log, rng, "embedding/item_norm", epochs, norm, 0.02)
    near(log, rng, "embedding/user_norm", epochs, 3.0, 0.01)
    about(log, rng, "valid/ndcg@10", epochs, 0.21 - 0.1 * np.exp(-t / 0.1), 0.0015)
    index = index_of(t, onset)
    grows(log, "explosion", "embedding/item_norm", epochs, norm, index, 0.02, ("gradient",))


@labelled(
    "tabular_net_leaves",
    "divergence",
    "Targets that are not scaled: the loss climbs by decades from an epoch on.",
    tolerated=("gradient",),
    hundredfold=2.0,
    millionfold=6.0,
)
def tabular_net_leaves(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 60, 150), 1)
    t = times(len(epochs))
    onset = rng.uniform(0.35, 0.6)
    loss = (0.4 + 2 * np.exp(-t / 0.06)) * 10.0 ** ramp_after(t, onset, strength)
    near(log, rng, "train/mse", epochs, loss, 0.06)
    near(log, rng, "val/mse", epochs, 1.1 * loss, 0.08)
    log.add("lr", epochs, 0.05)
    index = index_of(t, onset)
    tags = "train/mse", "val/mse"
    turns(log, "divergence", tags, epochs, np.log(loss), index, 0.07, ("explosion", "overfitting"))


@labelled(
    "retrained_on_a_new_week",
    "divergence",
    "Labels of the new week are broken: log loss and AUC are worse at once, and stay.",
    mild=0.04,
    strong=0.15,
)
def retrained_on_a_new_week(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 1000)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.4, 0.7))
    broken = np.arange(len(t)) >= index
    near(log, rng, "Train/Loss", steps, approach(t, 0.5, 0.45, 15) + strength * broken, 0.012)
    jumps(log, "divergence", "Train/Loss", steps, index)
    few = every(steps, 40)
    worse = 0.02 * np.exp(-times(40) * 9) + 0.5 * strength * (few >= steps[index])
    about(log, rng, "Test/AUC", few, 0.802 - worse, 3e-4)
    later = int(np.argmax(few >= steps[index]))
    jumps(log, "divergence", "Test/AUC", few, later, ("overfitting",))


@labelled("cox_loss_is_no_number", "nonfinite", "A batch with no event: NaN to the end.")
def cox_loss_is_no_number(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 60, 200), 1)
    t = times(len(epochs))
    index = index_of(t, rng.uniform(0.15, 0.8) * strength)
    for tag, curve in (
        ("train/loss", approach(t, 4, 3.1, 6)),
        ("valid/loss", approach(t, 4, 3.3, 7)),
    ):
        seen = jitter(rng, curve, 0.01)
        seen[index:] = np.nan
        log.add(tag, epochs, seen)
    log.add("lr", epochs, 1e-3)
    jumps(log, "nonfinite", ("train/loss", "valid/loss"), epochs, index)


@labelled(
    "recommender_of_hits_only",
    "collapse",
    "The share of items that are ever shown falls from a third to a few in ten thousand.",
    tolerated=("plateau",),
)
def recommender_of_hits_only(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 80, 200), 1)
    t = times(len(epochs))
    onset = rng.uniform(0.2, 0.5)
    share = 0.33 * 10.0 ** -np.minimum(strength * 3 * np.clip((t - onset) / 0.3, 0, 1), 3)
    near(log, rng, "valid/coverage@20", epochs, share, 0.05)
    near(log, rng, "train/loss", epochs, 0.35 + 0.35 * np.exp(-t / 0.1), 0.01)
    about(log, rng, "valid/hit@20", epochs, 0.3 - 0.2 * np.exp(-t / 0.1), 0.002)
    index = index_of(t, onset)
    grows(log, "collapse", "valid/coverage@20", epochs, share, index, 0.05, ("divergence",))


@labelled(
    "neural_ode_stiffens",
    "explosion",
    "The number of function evaluations of an ODE grows from tens to tens of thousands.",
    tolerated=("throughput", "plateau"),
)
def neural_ode_stiffens(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 100, 300), 50)
    t = times(len(steps))
    onset = rng.uniform(0.2, 0.4)
    evaluations = 40 * 10.0 ** ramp_after(t, onset, 3 * strength)
    near(log, rng, "train/nfe_forward", steps, evaluations, 0.08)
    near(log, rng, "train/loss", steps, 0.08 + 0.9 * np.exp(-t / 0.2), 0.04)
    log.add("train/lr", steps, cosine(t, 1e-3))
    index = index_of(t, onset)
    grows(log, "explosion", "train/nfe_forward", steps, evaluations, index, 0.08, ("throughput",))


@healthy(
    "tabnet_sparsity_falls",
    "The masks get sparse: their entropy halves, and is meant to.",
    tolerated=("plateau",),
)
def tabnet_sparsity_falls(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(whole(rng, 60, 150), 1, 0)
    t = times(len(epochs))
    near(log, rng, "loss", epochs, 0.31 + 0.4 * np.exp(-t / 0.12), 0.012)
    near(log, rng, "M_loss", epochs, 1.1 - 0.5 * logistic(t, 0, 1, 0.3, 0.1), 0.01)
    about(log, rng, "train_auc", epochs, 0.94 - 0.3 * np.exp(-t / 0.12), 0.002)
    about(log, rng, "valid_auc", epochs, 0.92 - 0.3 * np.exp(-t / 0.12), 0.003)
