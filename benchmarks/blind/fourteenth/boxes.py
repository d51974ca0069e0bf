"""Boxes and masks: Ultralytics, MMDetection, Detectron2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import turned
from benchmarks.blind.fourteenth.making import about, index_of, near, scores
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import approach, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    every,
    jumps,
    overfits,
    warmed,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]

BOXES = "train/box_loss", "train/cls_loss", "train/dfl_loss"
SEEN = "val/box_loss", "val/cls_loss", "val/dfl_loss"


def yolo(
    log: Log, rng: np.random.Generator, epochs: Steps, val: Array, precision: Array, floor: float
) -> None:
    """What Ultralytics writes to results.csv; `val` is for each of the three losses."""
    t = times(len(epochs))
    for tag, first in zip(BOXES, (1.6, 2.2, 1.5), strict=True):
        near(log, rng, tag, epochs, first * approach(t, 1, floor, 4), 0.012)
    for tag, first, worse in zip(SEEN, (1.7, 2.0, 1.55), val, strict=True):
        near(log, rng, tag, epochs, first * worse, 0.012)
    about(log, rng, "metrics/precision(B)", epochs, precision + 0.15, 0.012)
    about(log, rng, "metrics/recall(B)", epochs, precision + 0.08, 0.012)
    about(log, rng, "metrics/mAP50(B)", epochs, precision + 0.12, 0.007)
    about(log, rng, "metrics/mAP50-95(B)", epochs, precision, 0.005)
    rate = 0.01 * warmed(t, 0.03, 1.01 - t)
    for group in range(3):
        log.add(f"lr/pg{group}", epochs, rate)


@healthy("yolo_own_data_long", "300 epochs; metrics rise fast, then slowly to the end.")
def yolo_own_data_long(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(whole(rng, 100, 300), 1)
    t = times(len(epochs))
    val = np.array([approach(t, 1, 0.55, 4)] * 3)
    yolo(log, rng, epochs, val, approach(t, 0.05, 0.52, 5) + 0.02 * t, 0.45)


@healthy(
    "yolo_mosaic_closed",
    "For the last ten epochs mosaic is off: training losses step down, validation goes on.",
    tolerated=("plateau",),
)
def yolo_mosaic_closed(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(100, 1)
    t = times(100)
    val = np.array([approach(t, 1, 0.6, 5)] * 3)
    yolo(log, rng, epochs, val, approach(t, 0.1, 0.6, 5), 0.5)
    for tag, first in zip(BOXES, (1.6, 2.2, 1.5), strict=True):
        curve = first * (approach(t, 1, 0.5, 4) - 0.09 * (epochs > 90))
        near(log, rng, tag, epochs, curve, 0.012)


@healthy(
    "mmdet_coco_1x",
    "Twelve epochs with two cuts; the mAP leaps at the first of them.",
    tolerated=("plateau",),
)
def mmdet_coco_1x(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 250, 700), 50)
    t = times(len(steps))
    cut = 1.0 * (t > 8 / 12) + (t > 11 / 12)
    for tag, start, end in (
        ("loss_rpn_cls", 0.35, 0.03),
        ("loss_rpn_bbox", 0.12, 0.04),
        ("loss_cls", 1.2, 0.25),
        ("loss_bbox", 0.5, 0.24),
    ):
        near(log, rng, tag, steps, approach(t, start, end, 7) * (1 - 0.12 * cut), 0.1)
    near(log, rng, "loss", steps, approach(t, 2.2, 0.56, 7) * (1 - 0.12 * cut), 0.08)
    log.add("lr", steps, 0.02 * warmed(t, 0.006, 0.1**cut))
    near(log, rng, "time", steps, 0.24, 0.05)
    near(log, rng, "data_time", steps, 0.011, 0.2)
    log.add("memory", steps, 5437.0)
    few = every(steps, 12)
    value = 0.12 + 0.2 * (1 - np.exp(-np.arange(12) / 3)) + 0.045 * (np.arange(12) >= 8)
    about(log, rng, "coco/bbox_mAP", few, value, 0.004)
    about(log, rng, "coco/bbox_mAP_50", few, value + 0.2, 0.005)


@healthy(
    "detectron_mask_usual",
    "Total and part losses, warm-up and two cuts, hours to go.",
    tolerated=("plateau",),
)
def detectron_mask_usual(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 300, 900), 20, 19)
    t = times(len(steps))
    cut = 1.0 * (t > 0.75) + (t > 0.92)
    for tag, start, end in (
        ("total_loss", 3.6, 0.75),
        ("loss_cls", 1.3, 0.2),
        ("loss_box_reg", 0.5, 0.24),
        ("loss_mask", 0.69, 0.24),
        ("loss_rpn_cls", 0.5, 0.03),
        ("loss_rpn_loc", 0.15, 0.05),
    ):
        near(log, rng, tag, steps, approach(t, start, end, 9) * (1 - 0.1 * cut), 0.1)
    log.add("lr", steps, 0.02 * warmed(t, 0.02, 0.1**cut))
    scores(log, rng, "fast_rcnn/fg_cls_accuracy", steps, approach(t, 0.3, 0.88, 9), 512)
    near(log, rng, "time", steps, 0.41, 0.03)


@labelled(
    "yolo_few_pictures",
    "overfitting",
    "Validation's losses rise for most of the run, while training's fall.",
    mild=0.12,
    strong=0.4,
)
def yolo_few_pictures(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 120, 300), 1)
    t = times(len(epochs))
    val = turned(t, rng.uniform(0.2, 0.35), 0.35, strength, 0.65)
    level = approach(t, 0.1, 0.4, 14)
    yolo(log, rng, epochs, np.array([val, val, val]), level, 0.2)
    for tag in SEEN:
        overfits(log, tag, epochs, val, 0.012)


@labelled(
    "mmdet_without_warmup",
    "divergence",
    "In the first epochs the losses leap to many times what they were, and stay.",
    tolerated=("gradient", "plateau"),
    double=2.0,
    tenfold=10.0,
)
def mmdet_without_warmup(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 50)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.2, 0.5))
    leap = np.where(np.arange(len(t)) < index, 1, 1 + strength)
    for tag, start, end in (("loss_cls", 1.1, 0.3), ("loss_bbox", 0.6, 0.3), ("loss", 1.9, 0.7)):
        near(log, rng, tag, steps, approach(t, start, end, 12) * leap, 0.09)
    log.add("lr", steps, 0.02)
    near(log, rng, "time", steps, 0.3, 0.05)
    near(log, rng, "grad_norm", steps, 4.0 * np.sqrt(leap), 0.25)
    jumps(
        log, "divergence", ("loss", "loss_cls", "loss_bbox"), steps, index,
        ("spike", "explosion"),
    )  # fmt: skip


@labelled(
    "yolo_numbers_gone",
    "nonfinite",
    "AMP on an old card: the losses are NaN from an epoch on, the metrics zero.",
    tolerated=("collapse", "divergence", "plateau"),
)
def yolo_numbers_gone(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 50, 150), 1)
    t = times(len(epochs))
    index = index_of(t, rng.uniform(0.1, 0.6) * strength)
    good = np.arange(len(t)) < index
    for tag, first in zip((*BOXES, *SEEN), (1.6, 2.2, 1.5, 1.7, 2.0, 1.5), strict=True):
        near(log, rng, tag, epochs, np.where(good, first * approach(t, 1, 0.5, 4), np.nan), 0.012)
    value = approach(t, 0.05, 0.5, 5)
    for tag in ("metrics/mAP50(B)", "metrics/mAP50-95(B)"):
        near(log, rng, tag, epochs, np.where(good, value, 0.0), 0.01)
    log.add("lr/pg0", epochs, 0.01 * warmed(t, 0.03, 1.01 - t))
    jumps(log, "nonfinite", (*BOXES, *SEEN), epochs, index)
    jumps(
        log, "collapse", ("metrics/mAP50(B)", "metrics/mAP50-95(B)"), epochs, index,
        ("divergence",),
    )  # fmt: skip
