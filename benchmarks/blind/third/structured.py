"""Healthy runs on graphs, tables, time series, clicks and scattered data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, counted, factor
from benchmarks.blind.third.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "citations",
    "a graph network on Cora: 200 epochs of the whole graph, accuracies of 500 and 1,000 nodes"
    " that move in steps of a node and stand still from a third of the run on",
    tolerated=("plateau",),
)
def citations(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 400)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    truth = shapes.approach(t, 0.3, 0.81, 14)
    wander = batches(rng, n, 0.004, 0.8)
    log.add("val_acc", steps, np.round((truth - 0.02 + wander) * 500) / 500)
    log.add("test_acc", steps, np.round((truth + wander) * 1000) / 1000)
    log.add("train_loss", steps, shapes.approach(t, 1.95, 0.55, 5) + batches(rng, n, 0.03))
    log.add("val_loss", steps, shapes.approach(t, 1.95, 1.02, 4))


@healthy(
    "fraud_is_ranked_well",
    "boosted trees: the area under the curve is within a thousandth of its bound for most of the"
    " rounds",
    tolerated=("plateau",),
)
def fraud_is_ranked_well(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 800)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    auc = 1 - 0.0007 - 0.03 * (1 + t / 0.01) ** -1.2
    log.add("valid/auc", steps, np.round(auc, 5))
    log.add("train/auc", steps, np.round(np.minimum(auc + 0.0006, 0.99999), 5))
    log.add("valid/binary_logloss", steps, 0.02 + 0.5 * (1 + t / 0.03) ** -1.1)


@healthy(
    "clients_that_differ",
    "federated averaging of clients that have two classes each (McMahan et al. 2017): the accuracy"
    " leaps up and down from round to round by a third of its climb",
    tolerated=("plateau",),
)
def clients_that_differ(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 500)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    leaps = batches(rng, n, 0.065, -0.35) * (1.15 - 0.75 * t)
    accuracy = np.clip(shapes.approach(t, 0.16, 0.66, 2.4) + leaps, 0.08, 0.8)
    log.add("centralized/accuracy", steps, accuracy)
    log.add("centralized/loss", steps, (3.1 - 2.9 * accuracy) * factor(rng, n, 0.03))
    log.add("fit/clients", steps, rng.integers(8, 11, n))


@healthy(
    "tasks_of_five_examples",
    "MAML: each point is the mean of four tasks that are unlike each other, noise is three times"
    " what a tenth of the run gains; both loops improve to the end",
)
def tasks_of_five_examples(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 600, 6000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    accuracy = shapes.approach(t, 0.21, 0.63, 2.0)
    log.add(
        "meta_train/post_adapt_accuracy", steps, counted(rng, accuracy + batches(rng, n, 0.04), 300)
    )
    loss = 1.63 - 1.45 * (accuracy - 0.2)
    log.add("meta_train/post_adapt_loss", steps, loss * factor(rng, n, 0.11))
    rare = steps[n // 40 - 1 :: n // 40]
    valid = np.interp(rare, steps, accuracy) - 0.03
    log.add("meta_val/post_adapt_accuracy", rare, valid + batches(rng, len(rare), 0.008))


@healthy(
    "window_rolls_on",
    "forecasts that are evaluated on the week that follows: the error has the season of the data,"
    " a tenth up and down, about a trend that falls",
    tolerated=("plateau",),
)
def window_rolls_on(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 300)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    season = 1 + 0.09 * np.sin(2 * np.pi * (t * rng.uniform(5, 9) + rng.uniform()))
    error = (0.31 + 0.3 * np.exp(-t / 0.12) - 0.03 * t) * season
    log.add("valid_mae", steps, error * factor(rng, n, 0.015))
    log.add("valid_smape", steps, 42 * error * factor(rng, n, 0.015))
    log.add("train_loss", steps, (0.28 + 0.35 * np.exp(-t / 0.1) - 0.03 * t) * factor(rng, n, 0.05))


@healthy(
    "residuals_by_decades",
    "a physics-informed network: residuals fall by four decades in falls and flats, with"
    " excursions of a few points to three times as much (Wang et al. 2021)",
    tolerated=("plateau",),
)
def residuals_by_decades(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 500, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 100, 0)
    falls = sum(shapes.logistic(t, 0, 1, at, 0.03) for at in (0.08, 0.34, 0.62))
    decades = -1.1 * falls - 1.4 * t + batches(rng, n, 0.1, 0.6)
    for at in rng.uniform(0.1, 0.95, 6):
        decades = decades + bump_of_points(n, int(at * n), 0.5)
    log.add("loss/pde", steps, 3 * 10**decades)
    log.add("loss/boundary", steps, 0.6 * 10 ** (1.1 * decades + batches(rng, n, 0.08)))
    log.add("error/l2_relative", steps, 0.9 * 10 ** (0.45 * decades))


def bump_of_points(n: int, index: int, height: float) -> shapes.Array:
    """Two or three points that are far out."""
    return shapes.decay_after(n, index, height, 1.5)


@healthy(
    "pruned_by_hyperband",
    "a trial that a scheduler stopped at an eighth of its budget: few points, the rate still near"
    " its peak, all on their way",
)
def pruned_by_hyperband(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(12, 28))
    t, steps = np.arange(n) / (8 * n), shapes.steps(n, 1)
    log.add(
        "ray/tune/mean_accuracy", steps, 0.85 - 0.7 * np.exp(-t / 0.06) + batches(rng, n, 0.008)
    )
    log.add("ray/tune/val_loss", steps, 0.4 + 1.9 * np.exp(-t / 0.06) + batches(rng, n, 0.02))
    log.add("ray/tune/lr", steps, 0.05 * (1 + np.cos(np.pi * t)) / 2)
