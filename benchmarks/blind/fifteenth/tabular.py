"""Tables, recommendations and forecasts: PyTorch, Keras, TabNet, RecBole, GluonTS, Darts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fifteenth.making import SURE, abouts, epochs, settled, since, stairs
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, turns
from benchmarks.blind.shapes import approach, power_law, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    at,
    every,
    fades,
    from_the_start,
    grows,
    half_cosine,
    jumps,
    levels,
    overfits,
    spikes,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "boosted-trees-churn",
    "Two log losses of XGBoost part a little, and AUC is level.",
    tolerated=("plateau", "overfitting"),
)
def churn(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, steps = times(n), epochs(n)
    abouts(
        log,
        rng,
        steps,
        {
            "train/logloss": (0.36 + 0.33 * np.exp(-9 * t) - 0.05 * t, 0.0002),
            "validation/logloss": (0.39 + 0.3 * np.exp(-9 * t) - 0.004 * t, 0.0006),
            "validation/auc": (0.83 - 0.1 * np.exp(-8 * t), 0.0006),
        },
    )


@healthy(
    "click-rates-one-pass",
    "One pass over clicks: days differ, the AUC hardly moves.",
    tolerated=SURE,
)
def clicks(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 1500)
    t, steps = times(n), stepping(n, 1000)
    days = 0.006 * np.sin(2 * np.pi * 7 * t)
    loss = 0.452 + 0.09 * (1 + t / 0.01) ** -0.6 + days
    about(log, rng, "train/bce_loss", steps, loss, 0.006)
    about(log, rng, "train/auc", steps, 0.80 - 0.06 * (1 + t / 0.01) ** -0.6, 0.005)
    near(log, rng, "examples_per_second", steps, 2.1e5, 0.06)
    near(log, rng, "calibration", steps, 1.0, 0.02)
    log.add("learning_rate", steps, 1e-3)


@healthy("forecast-of-load", "Short run: 15 epochs, validation rough by the season it is from.")
def load(log: Log, rng: Rng) -> None:
    n = int(rng.integers(12, 21))
    t, steps = times(n), epochs(n)
    known = 1 - np.exp(-3 * t)
    near(log, rng, "train_loss", steps, 0.31 - 0.19 * known, 0.02)
    near(log, rng, "val_loss", steps, 0.34 - 0.16 * known, 0.05)
    near(log, rng, "val_MAPE", steps, 9.1 - 3.8 * known, 0.05)


@healthy(
    "house-prices-mae",
    "Keras regression: hundreds of epochs, each better by ever less.",
    tolerated=SURE,
)
def houses(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 1000)
    t, steps = times(n), epochs(n)
    loss = power_law(t, 9.0, 0.13, 1.0, 0.01)
    for part, more, share in (("train", 1.0, 0.02), ("validation", 1.08, 0.05)):
        log.session(part)
        near(log, rng, "epoch_loss", steps, loss * more, share)
        near(log, rng, "epoch_mean_absolute_error", steps, np.sqrt(loss) * more, share / 2)


@healthy("sequence-of-baskets", "NDCG@10 rises from nothing; the loss is cut with the rate.")
def baskets(log: Log, rng: Rng) -> None:
    n = int(rng.integers(40, 101))
    t, steps = times(n), epochs(n)
    rate = stairs(t, 0.6, 0.85)
    known = (1 - np.exp(-5 * t)) + 0.08 * (t >= 0.6) + 0.02 * (t >= 0.85)
    near(log, rng, "Loss/train", steps, 6.9 - 1.5 * known, 0.006)
    abouts(
        log,
        rng,
        steps,
        {
            "Valid_score": (0.072 * known, 0.0012),
            "NDCG@10": (0.075 * known, 0.0012),
            "Recall@10": (0.13 * known, 0.002),
        },
    )
    log.add("lr", steps, 1e-3 * rate)


@labelled(
    "wide-and-deep-second-pass",
    "overfitting",
    "Validation loss jumps at the second pass.",
    clear=0.05,
    medium=0.028,
)
def second_pass(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 90, 400)
    t, steps = times(n), stepping(n, 500)
    loss = 0.45 + 0.12 * np.exp(-7 * t) - 0.05 * np.clip((t - 1 / 3) / 0.02, 0, 1)
    about(log, rng, "train/logloss", steps, loss - 0.03 * t, 0.004)
    seen = every(steps, 30)
    since_pass = np.clip((t - 1 / 3) / 0.3, 0, 1)
    valid = at(seen, steps, 0.462 + 0.11 * np.exp(-10 * t) + strength * since_pass)
    about(log, rng, "valid/logloss", seen, valid, 0.0016)
    about(log, rng, "valid/auc", seen, 0.8 - 0.8 * (valid - 0.462), 0.0014)
    overfits(log, ("valid/logloss", "valid/auc"), seen, valid, 0.0018)


@labelled(
    "tabnet-on-a-small-table",
    "overfitting",
    "valid_rmse turns up after a fifth of the run.",
    clear=0.22,
    medium=0.11,
)
def tabnet(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(50, 151))
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.18, 0.3)
    valid = 0.62 + 0.5 * np.exp(-5 * t / best) + strength * since(t, best)
    near(log, rng, "loss", steps, 0.08 + 0.9 * np.exp(-4 * t), 0.05)
    near(log, rng, "train_rmse", steps, np.sqrt(0.08 + 0.9 * np.exp(-4 * t)), 0.02)
    about(log, rng, "valid_rmse", steps, valid, 0.012)
    overfits(log, "valid_rmse", steps, valid, 0.014)


@labelled(
    "recall-turns-down",
    "overfitting",
    "Recall and NDCG of validation fall from their best.",
    clear=0.05,
    medium=0.03,
)
def recall(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 151))
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.25, 0.4)
    right = 0.04 + 0.1 * (1 - np.exp(-5 * t / best)) - strength * since(t, best)
    near(log, rng, "train/bpr_loss", steps, 0.02 + 0.67 * np.exp(-4 * t), 0.03)
    abouts(
        log,
        rng,
        steps,
        {"valid/recall@20": (right, 0.0025), "valid/ndcg@20": (0.6 * right, 0.0015)},
    )
    overfits(log, ("valid/recall@20", "valid/ndcg@20"), steps, -right, 0.003)


@labelled(
    "unscaled-inputs",
    "plateau",
    "Loss stands at the variance of prices after two epochs.",
    plain=0.05,
    later=0.15,
)
def unscaled_inputs(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(50, 201))
    t, steps = times(n), epochs(n)
    loss = 1.0 + 1.5 * settled(t, strength)
    near(log, rng, "train_mse", steps, loss, 0.004)
    near(log, rng, "val_mse", steps, loss * 1.03, 0.004)
    about(log, rng, "val_r2", steps, -0.03, 0.004)
    levels(log, ("train_mse", "val_mse", "val_r2"), steps, loss, index_of(t, strength), 0.005)


@labelled(
    "auc-is-a-half",
    "plateau",
    "Labels are shuffled: the AUC is a half and the loss level.",
    plain=0.5,
)
def half_auc(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(30, 91))
    _, steps = times(n), epochs(n)
    about(log, rng, "train_loss", steps, 0.6932, 0.0012)
    about(log, rng, "val_loss", steps, 0.6935, 0.0008)
    about(log, rng, "val_auc", steps, strength, 0.006)
    from_the_start(log, "plateau", ("train_loss", "val_loss", "val_auc"), steps)


@labelled(
    "market-shifts-online",
    "divergence",
    "Loss of an online model jumps up and stays.",
    far=0.3,
    near=0.12,
)
def market(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 1200)
    t, steps = times(n), stepping(n, 1000)
    made = index_of(t, rng.uniform(0.4, 0.75))
    loss = 0.3 + 0.2 * np.exp(-t / 0.08) + np.where(np.arange(n) >= made, strength, 0)
    about(log, rng, "online/mae_loss", steps, loss, 0.015)
    near(log, rng, "online/events_per_sec", steps, 5200, 0.05)
    jumps(log, "divergence", "online/mae_loss", steps, made)


@labelled(
    "transformer-forecaster-diverges",
    "divergence",
    "Both losses climb steadily.",
    clear=0.5,
    medium=0.25,
)
def forecaster(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(50, 151))
    t, steps = times(n), epochs(n)
    onset = rng.uniform(0.35, 0.5)
    loss = 0.42 + 0.6 * np.exp(-10 * t) + strength * since(t, onset)
    near(log, rng, "train_loss", steps, loss, 0.025)
    near(log, rng, "val_loss", steps, loss * 1.06, 0.04)
    log.add("lr-Adam", steps, 1e-3)
    turns(log, "divergence", ("train_loss", "val_loss"), steps, loss, index_of(t, onset), 0.013)


@labelled(
    "embedding-table-grows",
    "explosion",
    "Norm of embeddings grows by decades.",
    plain=3.0,
    less=2.0,
)
def embedding_table(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 500)
    t, steps = times(n), stepping(n, 1000)
    onset = rng.uniform(0.3, 0.5)
    made = index_of(t, onset)
    norm = 2.2 * 10 ** (strength * since(t, onset))
    about(log, rng, "train/bce_loss", steps, 0.44 + 0.2 * np.exp(-9 * t), 0.006)
    near(log, rng, "embedding/user_norm", steps, norm, 0.05)
    near(log, rng, "embedding/item_norm", steps, 3.1 + 0.5 * t, 0.01)
    grows(log, "explosion", "embedding/user_norm", steps, norm, made, 0.05)


@labelled(
    "holiday-in-the-data",
    "spike",
    "A day of odd traffic: loss is high and comes back.",
    tall=0.35,
    short=0.15,
)
def holiday(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), stepping(n, 1000)
    made = index_of(t, rng.uniform(0.35, 0.85))
    loss = 0.45 + 0.12 * (1 + t / 0.01) ** -0.6
    loss[made : made + 2] += strength
    about(log, rng, "train/logloss", steps, loss, 0.007)
    log.add("lr", steps, 1e-3)
    spikes(log, "train/logloss", steps, made, 2)


@labelled(
    "scheduler-called-per-batch",
    "learning_rate",
    "The rate is nothing after a few epochs.",
    tenth=0.1,
    quarter=0.25,
)
def per_batch(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(40, 121))
    t, steps = times(n), epochs(n)
    learnt = 1 - np.exp(-5 * np.minimum(t, strength) / 0.3)
    rate = 1e-3 * 10.0 ** (-3 * t / strength).clip(-14)
    near(log, rng, "train_loss", steps, 1.4 - 0.9 * learnt, 0.01)
    scores(log, rng, "val_acc", steps, 0.5 + 0.3 * learnt, 2000)
    log.add("lr", steps, rate)
    fades(log, "lr", steps, rate)


@labelled(
    "rate-back-at-its-peak",
    "learning_rate",
    "The rate jumps to many times its start while it decays.",
    ten=10.0,
    hundred=100.0,
)
def back_at_peak(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, steps = times(n), stepping(n, 100)
    made = index_of(t, rng.uniform(0.6, 0.8))
    rate = 1e-3 * half_cosine(t)
    rate[made:] = 1e-3 * strength * half_cosine(t)[: n - made]
    near(log, rng, "train/loss", steps, approach(t, 1.4, 0.7, 6), 0.03)
    log.add("train/lr", steps, rate)
    jumps(log, "learning_rate", "train/lr", steps, made)
