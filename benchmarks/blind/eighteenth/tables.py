"""Tables, graphs, recommendation, forecasts and equations."""

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
from benchmarks.blind.eighteenth.registry import healthy, labelled
from benchmarks.blind.eighth.making import counted, interval, lasting, turned
from benchmarks.blind.seventeenth.making import eased, halts, lags
from benchmarks.blind.shapes import decay_after, power_law
from benchmarks.blind.thirteenth.making import drifts, grows, jumps, overfits, spikes

if TYPE_CHECKING:
    from benchmarks.blind.eighteenth.making import Rng
    from benchmarks.blind.runs import Log


@healthy("boosted_trees_of_claims", "smooth curves of 300 to 900 rounds; early stopping held back")
def boosted(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 300, 900, 1)
    loss = 0.31 + 0.38 * np.exp(-6 * t)
    log.add("training/binary_logloss", steps, loss - 0.05 * t + rng.normal(0, 2e-5, len(t)))
    log.add(
        "valid_0/binary_logloss", steps, loss + 0.012 * (1 - t) ** 2 + rng.normal(0, 4e-5, len(t))
    )
    log.add(
        "valid_0/auc", steps, 0.87 - 0.1 * np.exp(-6 * t) + 0.004 * t + rng.normal(0, 5e-5, len(t))
    )


@healthy(
    "gcn_of_citations_two_hundred",
    "dropout makes the training noisy; 500 nodes to validate",
    tolerated=("plateau",),
)
def gcn(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 200, 201, 1)
    put(log, rng, steps, {"Loss/train": (0.35 + 1.6 * np.exp(-t / 0.15) + 0.15 * (1 - t), 0.05)})
    log.add("Acc/val", steps, counted(rng, 0.79 - 0.6 * np.exp(-t / 0.1), 500))
    log.add("Acc/test", steps, counted(rng, 0.81 - 0.6 * np.exp(-t / 0.1), 1000))


@healthy("two_tower_of_films_recall", "hit rates of ten epochs", tolerated=("plateau",))
def two_tower(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 10, 14, 15)
    put(log, rng, steps, {"train_loss": (6.9 + 1.8 * np.exp(-3 * t) - 0.2 * t, 0.004)})
    around(log, rng, steps, {"val_recall@20": (eased(t, 0.11, 0.187, 1), 0.0012)})
    around(log, rng, steps, {"val_ndcg@20": (eased(t, 0.05, 0.094, 1), 0.0008)})


@healthy(
    "transformer_of_electric_load", "seasons in the validation make it rock", tolerated=("plateau",)
)
def load(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 20, 50, 2)
    put(log, rng, steps, {"train_loss": (0.17 + 0.4 * np.exp(-5 * t) + 0.04 * (1 - t), 0.02)})
    put(log, rng, steps, {"val_loss": (0.24 + 0.3 * np.exp(-5 * t) + 0.03 * (1 - t), 0.05)}, 0.4)


@healthy("pinn_of_burgers_adam_then_lbfgs", "residual in decades, a fast fall as L-BFGS begins")
def burgers(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 150, 400, 100)
    way = -0.6 - 1.9 * t**0.5 - 1.2 * np.clip((t - 0.8) / 0.2, 0, 1) ** 0.5
    for tag, level in (("loss/pde", 0.0), ("loss/ic", -0.7), ("loss/bc", -1.0)):
        put(log, rng, steps, {tag: (10 ** (way + level), 0.18)}, 0.5)
    rare = interval(steps, int(steps[-1]) // 10)
    put(log, rng, rare, {"rel_l2": (10 ** (0.6 * np.interp(rare, steps, way)), 0.05)})


@healthy("force_field_of_water", "energies and forces with weights that change over the run")
def force_field(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 120, 500, 1)
    paced(log, rng, 1, 5)
    put(log, rng, steps, {"validation_f_mae": (power_law(t, 0.6, 0.011, 0.6, 0.004), 0.03)})
    put(log, rng, steps, {"validation_e_mae": (power_law(t, 0.2, 0.001, 0.6, 0.004), 0.2)})
    log.add("LR", steps, 0.005 * 0.8 ** np.floor(10 * t))


@labelled("network_of_a_small_table", "overfitting", "log loss of the validation", low=0.1)
def small_table(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 40, 200, 0.1)
    put(log, rng, steps, {"train_loss": (0.62 * np.exp(-2.5 * t) + 0.02, 0.03)})
    worse = turned(t, rng.uniform(0.2, 0.4), 0.15, strength, 0.52)
    put(log, rng, steps, {"valid_loss": (worse, 0.012)})
    overfits(log, "valid_loss", steps, worse, lasting(0.0065, 0.2))


@labelled("rounds_without_early_stopping", "overfitting", "smooth and up", plain=0.05)
def rounds(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 200, 900, 1)
    train = 0.1 + 0.55 * np.exp(-3 * t)
    log.add("training/rmse", steps, train + rng.normal(0, 1e-4, len(t)))
    worse = turned(t, rng.uniform(0.25, 0.4), 0.25, strength, 0.41)
    log.add("valid_1/rmse", steps, worse + rng.normal(0, 4e-4, len(t)))
    overfits(log, "valid_1/rmse", steps, worse, 4e-4)


@labelled(
    "clicks_with_a_broken_feature",
    "nonfinite",
    "NaN from a bad day of data on",
    plain=0.6,
    tolerated=("plateau",),
)
def broken_feature(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 400, 1000)
    index = where(t, strength)
    around(log, rng, steps, {"bce_loss": (from_point(0.46 - 0.03 * t, index, np.nan), 0.004)})
    around(log, rng, steps, {"auc": (from_point(0.74 + 0.03 * t, index, 0.5), 0.003)})
    jumps(log, "nonfinite", "bce_loss", steps, index)
    jumps(log, "divergence", "auc", steps, index, ("collapse",))


@labelled("holiday_in_the_click_stream", "spike", "two days of another traffic", one=0.5)
def holiday(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 1000)
    index = where(t, rng.uniform(0.4, 0.75))
    bump = strength * (decay_after(len(t), index, 1, 2.5))
    put(log, rng, steps, {"train/logloss": (0.5 - 0.14 * t**0.7 + bump, 0.012)})
    spikes(log, "train/logloss", steps, index, 9)


@labelled("message_passing_levels_out", "collapse", "energy between nodes vanishes", plain=1e-5)
def smooths(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 10)
    energy = decades(t, 0.15, 0.8, strength, 0.6)
    put(log, rng, steps, {"stats/dirichlet_energy": (energy, 0.15)})
    put(log, rng, steps, {"train/loss": (1.9 - 0.12 * t**0.5, 0.006)})
    grows(log, "collapse", "stats/dirichlet_energy", steps, energy, where(t, 0.15), 0.15)


@labelled(
    "lambda_of_the_boundary_explodes", "explosion", "a weight that is learnt grows", plain=5e3
)
def boundary(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 400, 100)
    onset = rng.uniform(0.3, 0.5)
    weight = decades(t, onset, 1.0 + 2 * t, strength)
    put(log, rng, steps, {"lambda_bc": (weight, 0.05)})
    residual = 10 ** (-1.0 - 1.2 * np.minimum(t, onset)) * 10 ** (2.0 * np.clip(t - onset, 0, 1))
    put(log, rng, steps, {"loss/pde": (residual, 0.15)}, 0.4)
    index = where(t, onset)
    grows(log, "explosion", "lambda_bc", steps, weight, index, 0.06)
    drifts(log, "divergence", "loss/pde", steps, np.log10(residual), index, lasting(0.065, 0.4))


@labelled(
    "feature_store_is_overloaded",
    "throughput",
    "slower for good, after hours of nothing",
    plain=2.5,
)
def feature_store(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 1000)
    paced(log, rng, 1000, 2)
    put(log, rng, steps, {"train/logloss": (0.5 - 0.05 * t**0.5, 0.012)})
    halts(log, steps, where(t, rng.uniform(0.2, 0.35)), 5)
    lags(log, steps, where(t, rng.uniform(0.5, 0.65)), strength)


@labelled(
    "rate_leaps_on_a_new_day",
    "learning_rate",
    "a job resumed with the peak rate",
    plain=30,
    tolerated=("plateau",),
)
def new_day(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 500)
    index = where(t, rng.uniform(0.55, 0.75))
    rate = 1e-3 * np.exp(-5 * t)
    rate = np.where(np.arange(len(t)) < index, rate, rate[index - 1] * strength)
    log.add("learning_rate", steps, rate)
    loss = from_point(0.3 + 0.5 * np.exp(-6 * t), index, 0.62)
    put(log, rng, steps, {"train_loss": (loss, 0.025)})
    jumps(log, "learning_rate", "learning_rate", steps, index, ("explosion",))
    jumps(log, "divergence", "train_loss", steps, index)
