"""Tables, graphs, recommendations, time series, and equations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import jitter
from benchmarks.blind.fifteenth.making import SURE, epochs, nears, settled
from benchmarks.blind.fourteenth.making import about, averaged, index_of, near, scores, turns
from benchmarks.blind.shapes import ramp_after, steps, times, whole
from benchmarks.blind.sixteenth.making import bent, learning, left, slow_epochs
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import every, from_the_start, grows, jumps, levels, overfits

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("pinn_burgers", "residuals fall by decades, with the ripple of Adam")
def _pinn(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 600)
    t, at_ = times(n), steps(n, 100)
    nears(
        log,
        rng,
        at_,
        {
            "loss_pde": (10 ** learning(t, -0.5, -4.0, 2), 0.25),
            "loss_ic": (10 ** learning(t, -0.4, -4.5, 2), 0.25),
            "loss_bc": (10 ** learning(t, -1.0, -5.0, 2), 0.3),
            "loss_total": (2 * 10 ** learning(t, -0.3, -3.9, 2), 0.2),
        },
    )


@healthy("click_rates_one_pass", "DeepFM, one pass over a month of clicks: AUC .78", tolerated=SURE)
def _clicks(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 600)
    t, at_ = times(n), steps(n, 1000)
    near(log, rng, "batch_logloss", at_, learning(t, 0.52, 0.445, 6), 0.02)
    seen = every(at_, 12)
    about(log, rng, "val/auc", seen, learning(times(12), 0.748, 0.789, 3), 0.0008)
    near(log, rng, "val/logloss", seen, learning(times(12), 0.475, 0.451, 3), 0.0012)


@healthy("cora_two_hundred", "a GCN: 140 nodes to learn, 500 to validate", tolerated=SURE)
def _cora(log: Log, rng: Rng) -> None:
    t, at_ = times(200), epochs(200)
    log.seconds_per_step = 0.02
    near(log, rng, "Loss/train", at_, learning(t, 1.95, 0.35, 3), 0.05)
    near(log, rng, "Loss/val", at_, learning(t, 1.94, 0.9, 3), 0.006)
    about(log, rng, "Accuracy/val", at_, learning(t, 0.4, 0.79, 7), 0.004)


@healthy("forecasts_of_a_shop", "pytorch-forecasting; few windows to validate", tolerated=SURE)
def _shop(log: Log, rng: Rng) -> None:
    n = whole(rng, 20, 50)
    t, at_ = times(n), epochs(n)
    near(log, rng, "train_loss_epoch", at_, learning(t, 92, 48, 4), 0.012)
    near(log, rng, "val_loss", at_, learning(t, 85, 55, 4), 0.03)
    near(log, rng, "val_SMAPE", at_, learning(t, 0.42, 0.26, 4), 0.03)
    near(log, rng, "val_MAE", at_, learning(t, 160, 105, 4), 0.03)


@healthy("boosted_trees", "xgboost through a callback: smooth, and slower and slower")
def _boosted(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, at_ = times(n), epochs(n)
    log.seconds_per_step = 0.1
    near(log, rng, "train-rmse", at_, learning(t, 3.1, 0.9, 5), 0.0008)
    near(log, rng, "valid-rmse", at_, learning(t, 3.1, 1.3, 5), 0.0012)


@healthy("light_gcn", "BPR, told once in ten epochs")
def _light(log: Log, rng: Rng) -> None:
    n = whole(rng, 20, 100)
    t, at_ = times(n), steps(n, 10)
    slow_epochs(log, rng)
    near(log, rng, "BPR Loss", at_, learning(t, 0.5, 0.012, 6), 0.03)
    about(log, rng, "Test/Recall@20", at_, learning(t, 0.06, 0.178, 4), 0.0015)
    about(log, rng, "Test/NDCG@20", at_, learning(t, 0.05, 0.151, 4), 0.0013)


@healthy(
    "molecules_reduced_rate",
    "a rate cut where the error is level; the error falls at each",
    monitored=False,
    tolerated=SURE,
)
def _molecules(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    stair = np.select([t < 0.35, t < 0.65, t < 0.85], [1.0, 0.7, 0.55], 0.48)
    near(log, rng, "loss_train", at_, 0.03 * stair + 0.5 * np.exp(-t / 0.04), 0.04)
    near(log, rng, "mae_val", at_, 0.055 * (stair + 0.25) + 0.6 * np.exp(-t / 0.04), 0.07)
    log.add(
        "learning_rate",
        at_,
        np.select([t < 0.35, t < 0.65, t < 0.85], [5e-4, 2.5e-4, 1.2e-4], 6e-5),
    )


@healthy("machines_that_hum", "an autoencoder of sound levels of a factory; loss alone")
def _hum(log: Log, rng: Rng) -> None:
    n = whole(rng, 10, 40)
    t, at_ = times(n), epochs(n)
    near(log, rng, "mse", at_, learning(t, 0.9, 0.12, 4), 0.02)


@healthy("running_mean_of_tutorial", "running_loss as in the tutorial of PyTorch")
def _running(log: Log, rng: Rng) -> None:
    n = whole(rng, 24, 120)
    t, at_ = times(n), steps(n, 1000, 999)
    log.add("training loss", at_, averaged(jitter(rng, learning(t, 2.2, 0.75, 4), 0.05), 3))


@labelled(
    "second_pass_of_clicks",
    "overfitting",
    "with the second pass the loss of validation is higher at once, and then at each",
    medium=0.045,
)
def _second_pass(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 240)
    t, at_ = times(n), steps(n, 1000)
    near(log, rng, "batch_logloss", at_, 0.45 + 0.06 * np.exp(-9 * t) - 0.11 * t, 0.015)
    seen = every(at_, 15)
    valid = bent(times(15), 0.3, 0.475, 0.452, 0.452 + strength)
    near(log, rng, "val/logloss", seen, valid, 0.006)
    overfits(log, "val/logloss", seen, valid, 0.003)


@labelled(
    "all_nodes_alike",
    "plateau",
    "sixteen layers: features are the same everywhere, from the start",
    plain=1.0,
)
def _alike(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 250)
    at_ = epochs(n)
    log.seconds_per_step = 0.1
    about(log, rng, "Loss/train", at_, 1.946 * strength, 0.002)
    about(log, rng, "Loss/val", at_, 1.945, 0.002)
    scores(log, rng, "Accuracy/val", at_, 0.16, 500)
    from_the_start(log, "plateau", ("Loss/train", "Loss/val", "Accuracy/val"), at_)


@labelled(
    "stuck_in_the_trivial",
    "plateau",
    "a wave equation solved by nothing: residuals are level",
    later=0.3,
)
def _trivial(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 200)
    loss = 0.24 + 0.8 * settled(t, strength)
    near(log, rng, "loss_ic", at_, loss, 0.01)
    near(log, rng, "loss_pde", at_, 1e-4 * (1 + 9 * settled(t, strength)), 0.15)
    levels(log, ("loss_ic", "loss_pde"), at_, loss, index_of(t, strength), 0.0025)


@labelled(
    "thousand_deep_trees",
    "overfitting",
    "a thousand trees of depth ten",
    clear=0.2,
)
def _trees(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 1000)
    t, at_ = times(n), epochs(n)
    log.seconds_per_step = 0.1
    valid = bent(t, rng.uniform(0.15, 0.3), 0.68, 0.41, 0.41 + strength)
    near(log, rng, "train-logloss", at_, 0.66 * np.exp(-5 * t) + 0.01, 0.004)
    near(log, rng, "eval-logloss", at_, valid, 0.003)
    overfits(log, "eval-logloss", at_, valid, 0.0014)


@labelled(
    "load_of_a_grid",
    "overfitting",
    "an LSTM on two years of load",
    clear=0.7,
    medium=0.35,
    faint=0.2,
)
def _grid(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 40, 150)
    t, at_ = times(n), epochs(n)
    valid = 0.03 * bent(t, rng.uniform(0.2, 0.4), 3.2, 1.0, 1 + strength)
    near(log, rng, "Loss/train", at_, 0.09 * np.exp(-6 * t) + 0.008 * (1.5 - t), 0.03)
    near(log, rng, "Loss/validation", at_, valid, 0.03)
    overfits(log, "Loss/validation", at_, valid, 0.0011)


@labelled(
    "tables_of_users_swell",
    "explosion",
    "embeddings without decay, by decades",
    medium=2.0,
    tolerated=("gradient",),
)
def _users(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, at_ = times(n), steps(n, 500)
    onset = rng.uniform(0.2, 0.4)
    norm = 11 * 10 ** (strength * np.clip((t - onset) / 0.5, 0, 1))
    near(log, rng, "train/bpr_loss", at_, learning(t, 0.69, 0.2, 4), 0.04)
    near(log, rng, "embedding_norm/user", at_, norm, 0.01)
    near(log, rng, "embedding_norm/item", at_, 14 + t, 0.01)
    grows(log, "explosion", "embedding_norm/user", at_, norm, index_of(t, onset), 0.01)


@labelled("adjacency_divided_by_nought", "nonfinite", "a node without neighbours", plain=1.0)
def _adjacency(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 30, 200)
    t, at_ = times(n), epochs(n)
    index = index_of(t, rng.uniform(0.15, 0.8))
    gone = strength * np.log(left(t, index, np.nan))
    near(log, rng, "train_loss", at_, learning(t, 2.0, 0.7, 4) + gone, 0.02)
    near(log, rng, "valid_loss", at_, learning(t, 2.0, 0.9, 4) + gone, 0.02)
    jumps(log, "nonfinite", ("train_loss", "valid_loss"), at_, index)


@labelled(
    "equation_takes_over",
    "divergence",
    "the adaptive weights of a PINN run to the boundary: its error against the solution rises",
    medium=0.5,
)
def _takes_over(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 200)
    onset = rng.uniform(0.4, 0.6)
    error = bent(t, onset, 1.0, 0.15, 0.15 + 0.5 * strength)
    near(log, rng, "l2_error", at_, error, 0.04)
    near(log, rng, "loss_bc", at_, 10 ** learning(t, -1, -4, 3), 0.2)
    turns(log, "divergence", "l2_error", at_, error, index_of(t, onset), 0.012)


@labelled(
    "graph_gradients",
    "gradient",
    "residual messages without a norm: gradients grow all along",
    clear=20.0,
    medium=7.0,
    tolerated=("explosion",),
)
def _graph_gradients(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    onset = rng.uniform(0.3, 0.5)
    norm = 0.8 + ramp_after(t, onset, 0.8 * strength)
    near(log, rng, "loss/train", at_, learning(t, 1.2, 0.5, 3), 0.03)
    near(log, rng, "gradient_norm", at_, norm, 0.12)
    turns(log, "gradient", "gradient_norm", at_, norm, index_of(t, onset), 0.1, ("explosion",))


@labelled(
    "one_huge_order", "spike", "an order of a million pieces in a batch", clear=6.0, medium=2.5
)
def _huge(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 400)
    t, at_ = times(n), steps(n, 50)
    index = index_of(t, rng.uniform(0.3, 0.85))
    loss = learning(t, 1.1, 0.5, 4) + strength * (np.arange(n) == index)
    near(log, rng, "train_loss_step", at_, loss, 0.06)
    log.true("spike", "train_loss_step", at_[index], (at_[index - 2], at_[index + 2]))
