"""Ordinary training of detectors and segmenters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, evaluations, fall, held_out, settle
from benchmarks.blind.fifth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "own_pictures_to_find",
    "Ultralytics on a data set of one's own: a hundred epochs, the mosaic closed for the last ten,"
    " so that the training's losses fall by a step (docs.ultralytics.com)",
    tolerated=("plateau",),
)
def own_pictures_to_find(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.choice([50, 100, 150, 300]))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(10, 90)
    closed = np.where(np.arange(n) >= n - 10, 0.93, 1.0)
    for name, start, end in (("box", 1.75, 0.92), ("cls", 3.1, 0.58), ("dfl", 1.72, 1.03)):
        falls = fall(t, start, end, 0.05, 0.5)
        log.add(f"train/{name}_loss", steps, falls * closed * batches(rng, n, 0.009))
        held = fall(t, start * 1.02, end * 1.14, 0.05, 0.7)
        log.add(f"val/{name}_loss", steps, held + held_out(rng, n, 0.012 * start))
    found = settle(t, 0.02, 0.885, 7)
    wobble = held_out(rng, n, 0.02) * np.exp(-2 * t)
    log.add("metrics/mAP50(B)", steps, np.clip(found + wobble, 0, 1))
    log.add("metrics/mAP50-95(B)", steps, np.clip(settle(t, 0.008, 0.61, 5) + wobble * 0.7, 0, 1))
    log.add("metrics/precision(B)", steps, np.clip(settle(t, 0.1, 0.87, 8) + 1.5 * wobble, 0, 1))
    log.add("metrics/recall(B)", steps, np.clip(settle(t, 0.08, 0.82, 7) + 1.5 * wobble, 0, 1))
    rate = 0.01 * np.minimum(1, (np.arange(n) + 1) / 3) * (1 - 0.99 * t)
    for group in range(3):
        log.add(f"lr/pg{group}", steps, rate)


@healthy(
    "common_objects_by_the_schedule",
    "Detectron2's 1x: a point each twenty iterations, the rate a tenth at two thirds and at eight"
    " ninths, the box AP at each checkpoint",
    tolerated=("plateau",),
)
def common_objects_by_the_schedule(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1500, 4500)
    t, steps = shapes.times(n), shapes.steps(n, 20, 19)
    log.seconds_per_step = rng.uniform(0.2, 0.5)
    cut = np.where(t < 2 / 3, 1.0, np.where(t < 8 / 9, 0.83, 0.8))
    warm = np.minimum(1, (np.arange(n) + 1) * 20 / 1000)
    for name, start, end, share in (
        ("loss_cls", 4.1, 0.27, 0.17),
        ("loss_box_reg", 0.3, 0.29, 0.12),
        ("loss_rpn_cls", 0.66, 0.045, 0.4),
        ("loss_rpn_loc", 0.16, 0.07, 0.45),
    ):
        log.add(name, steps, fall(t, start, end, 0.0006, 0.7) * cut * batches(rng, n, share))
    total = fall(t, 5.2, 0.68, 0.0006, 0.7) * cut * batches(rng, n, 0.14)
    log.add("total_loss", steps, total)
    log.add("lr", steps, 0.02 * warm * np.where(t < 2 / 3, 1, np.where(t < 8 / 9, 0.1, 0.01)))
    log.add("time", steps, log.seconds_per_step * rng.gamma(900, 1 / 900, n))
    log.add("data_time", steps, 0.008 * batches(rng, n, 0.5))
    at = np.linspace(n // 18, n - 1, 18).astype(int)
    gain = np.where(t[at] < 2 / 3, 0.0, np.where(t[at] < 8 / 9, 5.0, 5.6))
    log.add("bbox/AP", steps[at], fall(t[at], 10, 32.2, 0.15, 0.8) + gain + rng.normal(0, 0.4, 18))
    evaluations(log, steps[at], 200)


@healthy(
    "streets_in_colours",
    "MMSegmentation: 80k iterations logged each fifty, ten evaluations of the mean IoU,"
    " a polynomial rate",
)
def streets_in_colours(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.choice([800, 1600, 3200]))
    t, steps = shapes.times(n), shapes.steps(n, 50)
    log.seconds_per_step = rng.uniform(0.25, 0.7)
    loss = fall(t, 2.9, 0.21, 0.004, 0.6) * batches(rng, n, 0.24)
    log.add("decode.loss_ce", steps, loss)
    log.add("decode.acc_seg", steps, np.clip(100 - 27 * loss**0.8 + rng.normal(0, 2.5, n), 0, 99))
    log.add("loss", steps, loss * 1.4 * batches(rng, n, 0.03))
    log.add("lr", steps, 0.01 * (1 - t * 0.999) ** 0.9)
    k = int(rng.integers(10, 17))
    at = np.linspace(n // k - 1, n - 1, k).astype(int)
    evaluations(log, steps[at], 90)
    scored = fall(t[at], 47, 77.6, 0.2, 0.8)
    log.add("mIoU", steps[at], scored + rng.normal(0, 0.8, k) * (1.2 - t[at]))
    log.add("aAcc", steps[at], 88 + (scored - 45) * 0.23 + rng.normal(0, 0.1, k))
    log.add("memory", steps, 11471.0)


@healthy(
    "organs_in_slices",
    "nnU-Net: the loss is below zero since the Dice is subtracted, a moving pseudo-Dice rises,"
    " the rate goes to zero as a polynomial (Isensee et al. 2021)",
    tolerated=("plateau",),
)
def organs_in_slices(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.choice([250, 500, 1000]))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(60, 180)
    log.add("train_losses", steps, fall(t, 0.22, -0.87, 0.02, 0.7) + rng.normal(0, 0.016, n))
    log.add("val_losses", steps, fall(t, 0.08, -0.785, 0.02, 0.9) + rng.normal(0, 0.024, n))
    dice = np.clip(fall(t, 0.2, 0.89, 0.02, 1.0) + rng.normal(0, 0.014, n), 0, 1)
    log.add("mean_fg_dice", steps, dice)
    smooth = np.empty(n)
    smooth[0] = dice[0]
    for i in range(1, n):
        smooth[i] = 0.9 * smooth[i - 1] + 0.1 * dice[i]
    log.add("ema_fg_dice", steps, smooth)
    log.add("lrs", steps, 0.01 * (1 - np.arange(n) / n) ** 0.9)


@healthy(
    "object_detection_api",
    "TensorFlow's Object Detection API: a cosine rate with a warm-up, a loss each hundred steps,"
    " an evaluator beside it (tensorflow/models)",
)
def object_detection_api(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.seconds_per_step = rng.uniform(0.2, 0.6)
    log.session("train")
    kinds = (("classification", 1.15, 0.14, 0.17), ("localization", 0.62, 0.07, 0.22))
    total = np.full(n, 0.13) - 0.03 * t
    for name, start, end, share in kinds:
        part = fall(t, start, end, 0.02, 0.6) * batches(rng, n, share)
        log.add(f"Loss/{name}_loss", steps, part)
        total = total + part
    log.add("Loss/regularization_loss", steps, 0.13 - 0.03 * t)
    log.add("Loss/total_loss", steps, total)
    log.add("learning_rate", steps, shapes.warmup_cosine(t, 0.08, 0.08, 0.0))
    log.add("steps_per_sec", steps, rng.gamma(700, 1 / 700, n) / log.seconds_per_step)
    log.session("eval")
    k = int(rng.integers(10, 26))
    at = np.linspace(n // k - 1, n - 1, k).astype(int)
    found = fall(t[at], 0.06, 0.43, 0.3, 1) + rng.normal(0, 0.006, k)
    log.add("DetectionBoxes_Precision/mAP", steps[at], found)
    log.add("Loss/total_loss", steps[at], fall(t[at], 1.1, 0.44, 0.1, 0.8) + rng.normal(0, 0.01, k))
