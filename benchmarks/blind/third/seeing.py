"""Healthy runs on pictures: classes, boxes, masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, factor
from benchmarks.blind.third.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "mosaic_closed",
    "Ultralytics: biases warm up from a rate ten times the others' downwards, and in the last ten"
    " epochs pictures are no longer mixed: training losses fall by a step",
)
def mosaic_closed(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    closed = np.where(np.arange(n) >= n - 10, 0.88, 1.0)
    for name, start, end in (("box", 1.9, 0.95), ("cls", 3.1, 0.62), ("dfl", 1.8, 1.08)):
        curve = end + (start - end) * (1 + t / 0.03) ** -0.6
        log.add(f"train/{name}_loss", steps, curve * closed * factor(rng, n, 0.008))
        log.add(f"val/{name}_loss", steps, 1.06 * curve * factor(rng, n, 0.012))
    score = shapes.approach(t, 0.02, 0.47, 5)
    log.add("metrics/mAP50-95(B)", steps, np.maximum(score + batches(rng, n, 0.006), 0))
    log.add("metrics/recall(B)", steps, np.maximum(score * 1.2 + batches(rng, n, 0.012), 0))
    log.add("lr/pg0", steps, 0.01 * (1 - 0.99 * t) * np.minimum((np.arange(n) + 1) / 3, 1))
    biases = np.where(np.arange(n) < 3, 0.1 - 0.03 * np.arange(n), 0.01 * (1 - 0.99 * t))
    log.add("lr/pg2", steps, biases)


@healthy(
    "average_of_weights_lags",
    "timm: the model of averaged weights (decay 0.9999) stays at chance for a dozen epochs while"
    " the model itself learns, then overtakes it",
    tolerated=("plateau",),
)
def average_of_weights_lags(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    top1 = shapes.approach(t, 4, 77, 3.6)
    late = np.interp(t - 0.045, t, top1)
    lag = shapes.logistic(t, 0.0, 1.0, 0.09, 0.012)
    log.add("eval/top1", steps, top1 + batches(rng, n, 0.5))
    log.add("eval_ema/top1", steps, 0.1 + (late + 2.4) * lag + batches(rng, n, 0.02))
    log.add("eval_ema/loss", steps, 6.91 - (6.91 - 0.95) * lag * (late / 77) ** 0.7)
    log.add("train/loss", steps, shapes.approach(t, 6.6, 2.7, 2.6) + batches(rng, n, 0.02))


@healthy(
    "class_that_is_not_there",
    "segmentation: one class does not occur among the validation's pictures, and its IoU is NaN at"
    " every evaluation; the mean leaves it out",
    tolerated=("nonfinite",),
)
def class_that_is_not_there(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 30, 120)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    mean = shapes.approach(t, 0.3, 0.77, 3.2)
    log.add("val/mIoU", steps, mean + batches(rng, n, 0.006))
    log.add("val/IoU/road", steps, 0.96 + 0.02 * mean + batches(rng, n, 0.002))
    log.add("val/IoU/rider", steps, 0.7 * mean + batches(rng, n, 0.03))
    log.add("val/IoU/caravan", steps, np.nan)
    often = shapes.steps(40 * n, 100)
    u = shapes.times(40 * n)
    log.add("train/loss_decode", often, shapes.approach(u, 1.5, 0.19, 4) * factor(rng, 40 * n, 0.2))
    log.add("train/lr", often, 0.01 * (1 - u) ** 0.9)


@healthy(
    "twenty_patients",
    "a Dice score of twenty volumes: one that fails moves the mean by three points, so the curve"
    " rises through noise as high as a third of its climb",
    tolerated=("plateau",),
)
def twenty_patients(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 250)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    failing = rng.binomial(2, 0.25, n) * rng.uniform(0.02, 0.05, n)
    log.add("val/mean_fg_dice", steps, shapes.approach(t, 0.55, 0.83, 2.6) - failing)
    log.add("val/loss", steps, -shapes.approach(t, 0.4, 0.74, 2.6) + 0.7 * failing)
    log.add("train/loss", steps, -shapes.approach(t, 0.35, 0.8, 2.4) + batches(rng, n, 0.012))
    log.add("lr", steps, 0.01 * (1 - t) ** 0.9)


@healthy(
    "pictures_grow",
    "progressive resizing (Howard 2018): at each of two sizes more the accuracy dips by some"
    " points for some epochs, then passes what it was; steps take longer, as meant",
    tolerated=("throughput",),
)
def pictures_grow(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 160)
    t, steps = shapes.times(n), shapes.steps(n, 500)
    size = 128 + 48 * ((t >= 0.4).astype(int) + (t >= 0.75))
    dips = sum((-0.035 * np.exp(-(t - at) / 0.02) + 0.025) * (t >= at) for at in (0.4, 0.75))
    accuracy = shapes.approach(t, 0.25, 0.74, 4) + dips
    log.add("val/accuracy", steps, accuracy + batches(rng, n, 0.005))
    log.add("train/image_size", steps, size)
    log.add("train/loss", steps, 3.4 - 3.3 * accuracy + batches(rng, n, 0.02))
    log.add("train/images_per_second", steps, 2900 * (128 / size) ** 2 * factor(rng, n, 0.02))
    for at, slower in ((0.4, 1.89), (0.75, 1.62)):
        log.slower(int(steps[np.argmax(t >= at)]), slower)
