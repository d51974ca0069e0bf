"""Healthy runs on tables, series, graphs and physics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.sixth import making
from benchmarks.blind.sixth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "a_thousand_small_trees",
    "boosting: the error in training falls on, that of the held-out rows reaches its level and"
    " stays there (XGBoost, through tensorboardX)",
    tolerated=("plateau",),
)
def a_thousand_small_trees(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 150, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 0.08
    train = making.descent(t, 1.15, 0.31, 0.05 * pace, 0.8)
    held = making.descent(t, 1.16, 0.47, 0.07 * pace, 0.985)
    log.add("train-rmse", steps, train + rng.normal(0, 0.0004, n))
    log.add("valid-rmse", steps, held + shapes.correlated(rng, n, 0.0012, 0.9))


@healthy(
    "kilowatts_of_tomorrow",
    "a forecaster: losses of batches with the noise of households, and a few dozen held-out losses"
    " that wander downwards (pytorch-forecasting, its tags)",
    tolerated=("plateau",),
)
def kilowatts_of_tomorrow(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    epochs = int(rng.integers(15, 60))
    n = epochs * 30
    t, steps = shapes.times(n), shapes.steps(n, 10, 9)
    loss = making.descent(t, 210, 82, 0.05 * pace, 0.8)
    log.add("train_loss_step", steps, loss * making.batch_factors(rng, n, 0.12))
    at = np.arange(29, n, 30)
    log.add("train_loss_epoch", steps[at], loss[at] + rng.normal(0, 0.9, epochs))
    log.add("val_loss", steps[at], 1.05 * loss[at] + making.lazy(rng, epochs, 1.6))
    log.add("val_SMAPE", steps[at], 0.0024 * loss[at] + 0.05 + making.lazy(rng, epochs, 0.005))
    log.add("val_MAE", steps[at], 2.1 * loss[at] + making.lazy(rng, epochs, 3.5))
    making.waits(log, steps[at], 6)


@healthy(
    "electrons_and_their_forces",
    "errors of energies and forces by decades; the rate is halved by itself whenever they stand"
    " (NequIP, its tags)",
)
def electrons_and_their_forces(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = int(rng.integers(150, 700))
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 70.0
    halvings = np.floor(7 * t)
    decades = making.descent(t, 0.4, -1.9, 0.06 * pace, 0.5)
    for name, level, sd in (("training", 0.0, 0.03), ("validation", 0.06, 0.05)):
        noise = making.lazy(rng, n, sd) * 0.75**halvings
        log.add(f"{name}_loss", steps, 10 ** (decades + level + noise))
        log.add(f"{name}_f_mae", steps, 10 ** (0.5 * decades - 1.2 + level + noise))
        log.add(f"{name}_e_mae", steps, 10 ** (0.6 * decades - 0.5 + level + 2 * noise))
    log.add("LR", steps, 5e-3 * 0.5**halvings)


@healthy(
    "shock_in_a_tube",
    "a network is fitted to an equation: the terms of the residual fall by decades with the noise"
    " of the points drawn (DeepXDE; Raissi et al. 2019)",
)
def shock_in_a_tube(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 500, 20000)
    t, steps = shapes.times(n), shapes.steps(n, 10, 0)
    log.seconds_per_step = 0.02
    total = np.zeros(n)
    for name, start, end, fast in (
        ("residual", -0.4, -3.9, 0.06),
        ("boundary", -0.8, -4.6, 0.04),
        ("initial", -0.2, -4.1, 0.05),
    ):
        term = 10 ** (making.descent(t, start, end, fast * pace, 0.45) + rng.normal(0, 0.12, n))
        total += term
        log.add(f"loss/{name}", steps, term)
    log.add("loss/total", steps, total)
    log.add("test/l2_relative_error", steps[:: n // 50], np.sqrt(0.3 * total[:: n // 50]))


@healthy(
    "who_will_leave_next_month",
    "a table and a dozen epochs: four fifths are right from the first on, and all that is gained"
    " are two hundredths (Keras' callback)",
    tolerated=("plateau",),
)
def who_will_leave_next_month(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = int(rng.integers(10, 26))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 1.5
    for run, gap, sd in (("train", 0.0, 0.0015), ("validation", 0.008, 0.003)):
        log.session(run)
        log.add(
            "epoch_loss",
            steps,
            making.descent(t, 0.5, 0.425 + gap, 0.2 * pace) + rng.normal(0, sd, n),
        )
        share = making.descent(t, 0.772, 0.803, 0.2 * pace)
        log.add("epoch_accuracy", steps, share - gap / 2 + rng.normal(0, 2 * sd, n))
        log.add(
            "epoch_auc",
            steps,
            making.descent(t, 0.77, 0.846 - gap, 0.2 * pace) + rng.normal(0, sd, n),
        )


@healthy(
    "likelihood_of_five_columns",
    "a flow on a table: its negative log-likelihood goes from above nought to below it and falls on"
    " (nflows; Papamakarios et al. 2017)",
)
def likelihood_of_five_columns(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 300, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    nll = making.descent(t, 9.5, rng.uniform(-13, -9), 0.06 * pace, 0.75)
    log.add("train/nll", steps, nll + rng.normal(0, 0.5, n))
    at = np.arange(n // 20, n, n // 20)
    log.add("val/nll", steps[at], nll[at] + 0.4 + rng.normal(0, 0.09, len(at)))
    log.add("train/grad_norm", steps, making.norms(rng, 6 - 2 * t, n, 0.4))
    log.add("lr", steps, making.cosine(t, 5e-4, 0.001))


@healthy(
    "rate_that_starts_afresh",
    "the logged rate goes back to its peak at each of three restarts; the loss rises a little there"
    " and is at a new low before the next (Loshchilov and Hutter 2017)",
    tolerated=("spike", "plateau"),
)
def rate_that_starts_afresh(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 240, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 30)
    _, into = shapes.cycle(t, 4)
    rate = 0.5 * (1 + np.cos(np.pi * into))
    loss = making.descent(t, 2.3, 0.55, 0.06 * pace, 0.7) + 0.16 * rate * np.minimum(1, 4 * t)
    log.add("Train/Loss", steps, loss * making.batch_factors(rng, n, 0.05))
    log.add("Train/LR", steps, 0.05 * rate + 1e-6)
    at = np.arange(n // 40, n, n // 40)
    log.add("Valid/Top1", steps[at], 100 * np.exp(-0.4 * loss[at]) + rng.normal(0, 0.3, len(at)))
    making.waits(log, steps[at], 20)
