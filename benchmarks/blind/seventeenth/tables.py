"""Tables, graphs, recommendations and forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import counted, jitter
from benchmarks.blind.fifteenth.making import SURE, epochs, nears
from benchmarks.blind.fourteenth.making import index_of
from benchmarks.blind.seventeenth.making import (
    digits,
    eased,
    epoch_table,
    stops_getting_better,
)
from benchmarks.blind.seventeenth.registry import healthy, labelled
from benchmarks.blind.shapes import steps as every
from benchmarks.blind.shapes import times, whole
from benchmarks.blind.sixteenth.making import bent, learning, left, slow_epochs, turns_soon
from benchmarks.blind.thirteenth.making import jumps, overfits

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("fastai_adult", "Eight epochs of a table, one-cycle, validation level for the last two")
def fastai_adult(log: Log, rng: Rng) -> None:
    n = whole(rng, 8, 10)
    t, steps = times(n), epochs(n)
    train, held_out = eased(t, 0.42, 0.345), eased(t, 0.385, 0.352, 0.9)
    curves = {
        "train_loss": jitter(rng, train, 0.004),
        "valid_loss": jitter(rng, held_out, 0.003),
        "accuracy": 0.8 + 0.105 * (0.5 - held_out) / 0.15 + rng.normal(0, 0.0007, n),
    }
    epoch_table(log, steps, curves, 6)


@labelled(
    "boosted_trees_go_on",
    "overfitting",
    "A thousand rounds: eval-logloss turns, train-logloss falls",
    some=0.12,
    much=0.35,
)
def boosted_trees_go_on(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 1000)
    log.seconds_per_step = 0.05
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.15, 0.35)
    low = 0.42
    worse = (
        low
        + 0.27 * np.exp(-5 * t / best)
        + strength * np.clip((t - best) / (1 - best), 0, None) ** 0.9
    )
    log.add("train-logloss", steps, digits(0.02 + 0.67 * np.exp(-6 * t), 5))
    log.add("eval-logloss", steps, digits(jitter(rng, worse, 0.001), 5))
    overfits(log, "eval-logloss", steps, worse, 0.0006)


@healthy(
    "lightgbm_stops_early",
    "AUC rises and rests; it stops after 50 rounds without a better one",
    tolerated=SURE,
)
def lightgbm_stops_early(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 500)
    log.seconds_per_step = 0.03
    t, steps = times(n), epochs(n)
    log.add("training/auc", steps, digits(learning(t, 0.81, 0.97, 3) + rng.normal(0, 0.0002, n), 5))
    log.add("valid_1/auc", steps, digits(eased(t, 0.80, 0.893, 0.85) + rng.normal(0, 0.0003, n), 5))


@healthy("tabnet_of_a_bank", "Noisy AUC of a small validation, twenty-odd epochs")
def tabnet_of_a_bank(log: Log, rng: Rng) -> None:
    n = whole(rng, 18, 40)
    t, steps = times(n), epochs(n)
    log.add("loss", steps, digits(jitter(rng, learning(t, 0.72, 0.29, 4), 0.015), 5))
    log.add("val_0_auc", steps, digits(eased(t, 0.62, 0.87) + rng.normal(0, 0.012, n), 5))
    log.add("lr", steps, 0.02 * 0.9 ** np.floor(np.arange(n) / 10))


@healthy(
    "gcn_on_cora",
    "140 labels: training is perfect soon, validation rests at 79 per cent",
    tolerated=("plateau", "overfitting"),
)
def gcn_on_cora(log: Log, rng: Rng) -> None:
    n = 200
    log.seconds_per_step = 0.02
    t, steps = times(n), epochs(n) + 1
    log.add("Loss/train", steps, jitter(rng, learning(t, 1.95, 0.35, 3), 0.02))
    log.add("Acc/train", steps, counted(rng, 0.99 - 0.75 * np.exp(-t / 0.05), 140))
    log.add("Acc/val", steps, digits(eased(t, 0.35, 0.79, 0.75) + rng.normal(0, 0.004, n), 3))


@healthy("sage_of_products", "Ten epochs of a large graph, speed a bit different each")
def sage_of_products(log: Log, rng: Rng) -> None:
    n = whole(rng, 10, 14)
    t, steps = times(n), epochs(n)
    log.seconds_per_step = 45.0
    log.add("train_loss", steps, jitter(rng, learning(t, 0.9, 0.34, 5), 0.006))
    log.add("val_acc", steps, counted(rng, 0.906 - 0.12 * np.exp(-5 * t) + 0.006 * t, 39000))
    nears(log, rng, steps, {"epoch_time": (45, 0.08)})


@healthy(
    "molecules_of_ogb",
    "ROC-AUC of a split by scaffold: validation swings by points, as it does",
    tolerated=SURE,
)
def molecules_of_ogb(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 100)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    for name, high, sd in (
        ("Train", 0.93, 0.006),
        ("Validation", 0.80, 0.017),
        ("Test", 0.765, 0.017),
    ):
        curve = 0.62 + (high - 0.62) * (0.85 * (1 - np.exp(-6 * t)) + 0.15 * t)
        log.add(name, steps, curve + rng.normal(0, sd, n))


@healthy(
    "recbole_bpr",
    "Recall@10 of evaluation is at rest in the last quarter, loss still falls",
    tolerated=SURE,
)
def recbole_bpr(log: Log, rng: Rng) -> None:
    n = whole(rng, 30, 120)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    log.add("Loss/Train", steps, jitter(rng, learning(t, 410, 95, 6), 0.006))
    for tag, start, end in (
        ("Recall@10", 0.09, 0.241),
        ("NDCG@10", 0.07, 0.196),
        ("MRR@10", 0.14, 0.345),
    ):
        log.add(tag, steps, digits(eased(t, start, end, 0.8) + rng.normal(0, 0.0011, n), 4))


@healthy(
    "dlrm_one_epoch", "Clicks of a day: the loss of a batch with correlated noise, AUC goes up"
)
def dlrm_one_epoch(log: Log, rng: Rng) -> None:
    n = whole(rng, 500, 2000)
    t, steps = times(n), every(n, 1000)
    loss = 0.126 + 0.02 * np.exp(-t / 0.06) - 0.003 * t
    log.add("train/bce_loss", steps, jitter(rng, loss, 0.02, 0.7))
    nears(log, rng, steps, {"train/qps": (1.9e6, 0.04)})
    seldom = steps[n // 20 :: n // 20]
    log.add(
        "val/auroc",
        seldom,
        0.802 - 0.02 * np.exp(-5 * times(len(seldom))) + rng.normal(0, 0.0003, len(seldom)),
    )


@healthy("two_towers_of_films", "Eight to ten epochs, top-k accuracy low as it always is")
def two_towers_of_films(log: Log, rng: Rng) -> None:
    n = whole(rng, 8, 10)
    t = times(n)
    loss = learning(t, 72000, 66500, 3)
    curves = {
        "epoch_loss": jitter(rng, loss, 0.001),
        "epoch_val_loss": jitter(rng, loss / 4 + 60, 0.0015),
        "epoch_val_top_100": counted(rng, eased(t, 0.14, 0.23, 1.1), 20000),
    }
    epoch_table(log, epochs(n), curves, 3)


@labelled(
    "tft_learns_a_mean",
    "plateau",
    "val_loss of quantiles is level after a few epochs of many",
    early=0.1,
    later=0.3,
    tolerated=("overfitting",),
)
def tft_learns_a_mean(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 30, 60)
    slow_epochs(log, rng)
    t, steps = times(n), 30 * (epochs(n) + 1) - 1
    curve = eased(t, 0.62, 0.405, strength)
    log.add("val_loss", steps, jitter(rng, curve, 0.008))
    nears(log, rng, steps, {"val_SMAPE": (curve * 1.1, 0.01), "val_MAE": (curve * 300, 0.01)})
    log.add("train_loss_epoch", steps, jitter(rng, curve * 0.95, 0.008))
    log.add("epoch", steps, epochs(n))
    tags = ("val_loss", "val_SMAPE", "val_MAE", "train_loss_epoch")
    stops_getting_better(log, tags, steps, curve, strength, 0.0035)


@labelled(
    "informer_of_ett",
    "overfitting",
    "Vali Loss rises from the second or third epoch on",
    some=0.12,
    much=0.35,
)
def informer_of_ett(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 8, 12)
    t, steps = times(n), epochs(n) + 1
    worse = bent(t, 0.22, 0.86, 0.66, 0.66 + strength)
    epoch_table(
        log,
        steps,
        {
            "Train Loss": jitter(rng, learning(t, 0.41, 0.12, 4), 0.015),
            "Vali Loss": jitter(rng, worse, 0.014),
        },
        7,
    )
    turns_soon(log, "Vali Loss", steps, worse, 0.01)


@healthy("lstm_of_a_share", "Ten epochs of a lag-one predictor; two losses that go down together")
def lstm_of_a_share(log: Log, rng: Rng) -> None:
    n = whole(rng, 10, 14)
    log.seconds_per_step = 2.0
    t, steps = times(n), epochs(n)
    log.add(
        "epoch_loss", steps, jitter(rng, 0.0011 + 0.02 * np.exp(-6 * t) + 0.0006 * (1 - t), 0.03)
    )
    log.add(
        "epoch_val_loss",
        steps,
        jitter(rng, 0.0016 + 0.008 * np.exp(-5 * t) + 0.0006 * (1 - t), 0.05),
    )


@labelled(
    "nbeats_divides_by_nought",
    "nonfinite",
    "MAPE of a series with noughts: the loss is NaN from then on",
    early=0.35,
    late=0.7,
)
def nbeats_divides_by_nought(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 10, 14)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    index = index_of(t, strength)
    kept = left(t, index, np.nan)
    log.add("train_loss", steps, kept * jitter(rng, learning(t, 1.9, 0.8), 0.02))
    log.add("val_loss", steps, kept * jitter(rng, learning(t, 1.7, 0.9), 0.02))
    jumps(log, "nonfinite", ("train_loss", "val_loss"), steps, index)
