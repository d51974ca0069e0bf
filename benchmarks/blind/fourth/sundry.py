"""Healthy models of graphs, series, tables and shops, and of many clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, to_unit
from benchmarks.blind.fourth.registry import healthy
from benchmarks.blind.second import generators

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "clients_disagree",
    "five of a hundred clients with few classes each are drawn in a round: the accuracy of the"
    " common model zigzags by six points and rises (McMahan et al. 2017)",
    tolerated=("plateau",),
)
def clients_disagree(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(150, 500))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    drawn = rng.normal(0, 1, n)
    zigzag = drawn - 0.6 * np.roll(drawn, 1)
    accuracy = generators.hill(t, 0.12, 0.71, 0.25) + 0.045 * zigzag
    log.add("accuracy/centralized", steps, np.clip(accuracy, 0.08, 0.95))
    log.add("loss/centralized", steps, generators.hill(t, 2.3, 0.85, 0.25) - 0.14 * zigzag)
    log.add("loss/distributed", steps, generators.hill(t, 1.6, 0.2, 0.1) * factors(rng, n, 0.25))


@healthy(
    "citations_graph",
    "full-batch training on a small graph: the accuracy on five hundred papers is good after thirty"
    " epochs and wobbles by a few papers (Kipf and Welling 2016)",
    tolerated=("plateau",),
)
def citations_graph(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(200, 500))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    loss = 0.52 + 1.43 * np.exp(-t / 0.14)
    log.add("Loss/train", steps, loss + rng.normal(0, 0.025, n))
    log.add("Loss/val", steps, loss + 0.27 - 0.05 * t + rng.normal(0, 0.002, n))
    accuracy = 0.79 - 0.6 * np.exp(-t / 0.035) + shapes.correlated(rng, n, 0.004, 0.7)
    log.add("Accuracy/val", steps, to_unit(accuracy, 0.002))
    log.add("Accuracy/test", steps, to_unit(accuracy + 0.02, 0.001))


@healthy(
    "halved_each_epoch",
    "a forecaster is as good after three epochs as it gets, its rate is halved after each, and"
    " patience ends the run: eight to twelve points (zhouhaoyi/Informer2020)",
    tolerated=("overfitting", "plateau"),
)
def halved_each_epoch(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(8, 13))
    steps = shapes.steps(n, 1)
    epoch = np.arange(n)
    log.add("train_loss", steps, 0.24 + 0.2 * 0.45**epoch - 0.002 * epoch)
    log.add("vali_loss", steps, 0.62 + 0.12 * 0.4**epoch + rng.normal(0, 0.005, n))
    log.add("test_loss", steps, 0.47 + 0.1 * 0.4**epoch + rng.normal(0, 0.006, n))
    log.add("lr", steps, 1e-4 * 0.5**epoch)


@healthy(
    "five_folds",
    "five runs side by side, on other parts of a small table: they end where their fold lets them"
    " end, with noise of a few thousand rows",
    tolerated=("plateau",),
)
def five_folds(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 50))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    for fold in range(5):
        log.session(f"fold_{fold}")
        end = 0.9 + rng.normal(0, 0.012)
        loss = shapes.approach(t, 0.6, 0.33 - 0.6 * (end - 0.9), 4)
        log.add("train_logloss", steps, loss - 0.02 * t + rng.normal(0, 0.003, n))
        log.add("valid_logloss", steps, loss + 0.01 + rng.normal(0, 0.005, n))
        log.add("valid_auc", steps, shapes.approach(t, 0.78, end, 4) + rng.normal(0, 0.004, n))


@healthy(
    "boosted_rounds",
    "boosted trees have no noise of batches: a smooth curve that falls ever more slowly, by parts"
    " of a thousandth at its end",
    tolerated=("plateau",),
)
def boosted_rounds(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    rate = rng.uniform(4, 7)
    log.add("train-logloss", steps, to_unit(0.18 + 0.51 * np.exp(-rate * t) - 0.05 * t, 1e-5))
    held = 0.29 + 0.4 * np.exp(-rate * t) + np.cumsum(rng.normal(0, 4e-5, n))
    log.add("eval-logloss", steps, to_unit(held - 0.004 * t, 1e-5))
    log.add("eval-error", steps, to_unit(0.11 + 0.2 * np.exp(-rate * t), 1 / 8000))


@healthy(
    "shops_by_the_week",
    "click-through rates are learnt day by day: the loss of the coming day has the rhythm of the"
    " week and falls slowly below it",
    tolerated=("plateau",),
)
def shops_by_the_week(log: Log, rng: np.random.Generator) -> None:
    days = int(rng.integers(60, 160))
    n = days * int(rng.integers(4, 12))
    t, steps = shapes.times(n), shapes.steps(n, 500)
    week = np.sin(2 * np.pi * days * t / 7 + rng.uniform(0, 6))
    curve = generators.hill(t, 0.52, 0.432, 0.15, 1.1) + 0.008 * week
    log.add("next_day/logloss", steps, curve + shapes.correlated(rng, n, 0.004, 0.5))
    auc = generators.hill(t, 0.66, 0.795, 0.15, 1.1) - 0.006 * week
    log.add("next_day/auc", steps, auc + shapes.correlated(rng, n, 0.004, 0.5))
    log.add("next_day/calibration", steps, 1 + 0.03 * week + rng.normal(0, 0.01, n))
    log.add("examples_per_second", steps, 210000 * (1 + 0.04 * week) * factors(rng, n, 0.02))
