"""What is learned by heart: validation turns while training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.frameworks import evaluated, keras, linear, norms, trainer
from benchmarks.blind.seventh.making import (
    bend,
    count,
    ends_of_epochs,
    every,
    felt,
    grain,
    places,
    scored,
    settle,
    significant,
)
from benchmarks.blind.seventh.registry import labelled
from benchmarks.blind.windows import basin, flat, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "three_hundred_photographs",
    "overfitting",
    "a small convolutional network on a few hundred pictures: the loss of validation is lowest"
    " after a third, then rises, and its accuracy stays where it is (Keras, cats and dogs)",
    clear=1.0,
    faint=0.45,
)
def three_hundred_photographs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, of = count(rng, 20, 45), count(rng, 100, 400)
    log.seconds_per_step = rng.uniform(3, 20)
    low = int(n * rng.uniform(0.25, 0.4))
    back = np.maximum(np.arange(n) - low, 0) / (n - 1 - low)
    level = 0.52 + 0.17 * np.maximum(1 - np.arange(n) / low, 0) ** 1.5 + strength * 0.55 * back
    train = settle(n, 0.69, 0.03, 3)
    steps = keras(
        log,
        {
            "loss": train * np.exp(grain(rng, n, 0.04)),
            "accuracy": np.minimum(1 - 0.62 * train + grain(rng, n, 0.008), 1),
        },
        {
            "loss": level * np.exp(grain(rng, n, 0.05)),
            "accuracy": scored(rng, settle(n, 0.56, 0.765, 6), of),
        },
    )
    sd = felt(0.05 * 0.55)
    log.true(
        "overfitting",
        "epoch_loss",
        steps[low],
        gradual(steps, level, low, sd),
        best_window=basin(steps, level, sd),
        also=("divergence",),
    )


@labelled(
    "adapters_over_and_over",
    "overfitting",
    "LoRA for six epochs on a thousand examples: the loss of training goes down in stairs, one an"
    " epoch, and that of evaluation is lowest on the second (peft, unsloth issues)",
    clear=0.5,
    faint=0.16,
)
def adapters_over_and_over(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs, batches = count(rng, 5, 8), count(rng, 90, 250)
    total = epochs * batches
    steps, at = every(total, 5), every(total, max(total // 20, 5))
    log.seconds_per_step = rng.uniform(2, 8)
    n, m = len(steps), len(at)
    stair = np.minimum(steps // batches, epochs - 1)
    loss = 1.62 * 0.66**stair + 0.35 * np.exp(-steps / 30) + grain(rng, n, 0.05)
    low = int(rng.integers(3, 6))
    level = 1.38 + 0.24 * np.maximum(1 - np.arange(m) / low, 0) ** 1.6
    level = level + strength * np.maximum(np.arange(m) - low, 0) / (m - 1 - low)
    norm = norms(rng, n, 0.5 + 0.25 * stair)
    trainer(log, steps, np.maximum(loss, 0.03), norm, linear(steps, total, 2e-4), batches)
    evaluated(log, rng, at, {"loss": level + grain(rng, m, 0.016)}, 200)
    sd = felt(0.016)
    log.true(
        "overfitting",
        "eval/loss",
        at[low],
        gradual(at, level, low, sd),
        best_window=basin(at, level, sd),
        also=("divergence",),
    )


@labelled(
    "starfish_learned_by_heart",
    "overfitting",
    "a detector on frames of few films: the loss of objectness in validation turns after a sixth"
    " of the epochs and rises by a third, while mAP neither gains nor loses much (YOLOv5,"
    " results.csv of Kaggle runs)",
    tolerated=("plateau",),
    clear=1.0,
    faint=0.55,
)
def starfish_learned_by_heart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 50, 110)
    epoch = np.arange(n, dtype=np.int64)
    log.seconds_per_step = rng.uniform(60, 300)
    low = int(n * rng.uniform(0.16, 0.26))
    back = strength * np.maximum(epoch - low, 0) / (n - 1 - low)
    level = 0.0342 + 0.021 * np.maximum(1 - epoch / low, 0) ** 2 + 0.015 * np.sqrt(back)
    log.add(
        "train/box_loss",
        epoch,
        significant(bend(n, 0.06, 0.0178, 9) * np.exp(grain(rng, n, 0.015)), 5),
    )
    log.add(
        "train/obj_loss",
        epoch,
        significant(bend(n, 0.034, 0.0108, 5) * np.exp(grain(rng, n, 0.01)), 5),
    )
    log.add(
        "val/box_loss",
        epoch,
        significant(settle(n, 0.047, 0.0247, 12) * np.exp(grain(rng, n, 0.02)), 5),
    )
    log.add("val/obj_loss", epoch, significant(level * np.exp(grain(rng, n, 0.04)), 5))
    score = settle(n, 0.06, 0.635, 12) + grain(rng, n, 0.016)
    log.add("metrics/mAP_0.5", epoch, significant(score.clip(0.001), 5))
    log.add("metrics/mAP_0.5:0.95", epoch, significant((0.5 * score).clip(0.0005), 5))
    log.add(
        "metrics/precision",
        epoch,
        significant((score + 0.2 + grain(rng, n, 0.03)).clip(0.01, 1), 5),
    )
    log.add("x/lr0", epoch, significant(0.01 * (1 - 0.99 * epoch / n), 5))
    sd = felt(0.04 * 0.036)
    log.true(
        "overfitting",
        "val/obj_loss",
        epoch[low],
        gradual(epoch, level, low, sd),
        best_window=basin(epoch, level, sd),
        also=("divergence",),
    )


@labelled(
    "best_at_its_first_evaluation",
    "overfitting",
    "a large model and few examples: it is never as good as at its first evaluation, and the loss"
    " of training goes to nothing (transformers forum, eval loss increases from the first epoch)",
    clear=1.0,
    faint=0.4,
)
def best_at_its_first_evaluation(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs, batches, of = count(rng, 9, 20), count(rng, 60, 220), count(rng, 80, 400)
    total = epochs * batches
    steps, at = every(total, 10), ends_of_epochs(epochs, batches) + 1
    log.seconds_per_step = rng.uniform(0.2, 1)
    n = len(steps)
    loss = (0.62 * np.exp(-steps / (1.1 * batches)) + 0.01) * np.exp(grain(rng, n, 0.18, 0.1))
    trainer(log, steps, loss, norms(rng, n, 4.0, 0.6), linear(steps, total, 5e-5), batches)
    level = 0.455 + strength * 0.65 * np.linspace(0, 1, epochs) ** 0.8
    sd = 0.03
    scores = {
        "loss": level + grain(rng, epochs, sd),
        "f1": places(0.81 - 0.01 * np.linspace(0, 1, epochs) + grain(rng, epochs, 0.008), 4),
        "accuracy": scored(rng, np.full(epochs, 0.82), of),
    }
    evaluated(log, rng, at, scores, of)
    log.true(
        "overfitting",
        "eval/loss",
        at[0],
        gradual(at, level, 0, felt(sd)),
        best_window=basin(at, level, felt(sd)),
        also=("divergence",),
    )


@labelled(
    "area_of_a_coin",
    "overfitting",
    "brain scans of a hundred people: training reaches all, validation is at chance from the first"
    " epoch to the last, and its loss only rises (medical classification, threads on AUC of 0.5)",
)
def area_of_a_coin(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, of = count(rng, 20, 50), count(rng, 40, 90)
    at = ends_of_epochs(n, count(rng, 10, 60))
    log.seconds_per_step = rng.uniform(0.5, 3)
    train = settle(n, 0.7, 0.05, 4)
    level = 0.7 + 0.95 * np.linspace(0, 1, n)
    log.add("train_loss", at, places(train * np.exp(grain(rng, n, 0.05)), 4))
    log.add("train_auc", at, places(np.minimum(0.5 + 0.5 * (1 - train / 0.72), 0.9999), 4))
    log.add("val_loss", at, places(level * np.exp(grain(rng, n, 0.04)), 4))
    log.add("val_auc", at, places(0.5 + grain(rng, n, 0.028), 4))
    log.add("val_acc", at, scored(rng, np.full(n, 0.5), of))
    sd = felt(0.04)
    log.true(
        "overfitting",
        "val_loss",
        at[0],
        gradual(at, level, 0, sd),
        best_window=basin(at, level, sd),
        also=("divergence",),
    )
    window = flat(at, np.zeros(n), 0, 0.028)
    log.true("plateau", ("val_auc", "val_acc"), at[0], window, also=("overfitting",))
