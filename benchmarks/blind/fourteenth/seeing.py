"""Pictures: Lightning, timm, Ultralytics, MMDetection, Keras, Detectron2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine, turned
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, turns
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import approach, decay_after, ramp_after, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    descent,
    every,
    fades,
    from_the_start,
    half_cosine,
    jumps,
    levels,
    overfits,
    spikes,
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


@healthy("timm_imagenet_mixup", "With mix-up the training loss is above the evaluation's.")
def timm_imagenet_mixup(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(300, 1, 0)
    t = times(300)
    excess = descent(warmed(t, 0.02, half_cosine(t, 0.02)), 2000, 0.2)
    near(log, rng, "train_loss", epochs, 2.5 + 5 * excess, 0.006)
    near(log, rng, "eval_loss", epochs, 0.78 + 5 * excess, 0.012)
    about(log, rng, "eval_top1", epochs, 81.5 - 85 * excess, 0.15)
    about(log, rng, "eval_top5", epochs, 95.6 - 55 * excess, 0.09)
    log.add("lr", epochs, 1e-3 * warmed(t, 0.02, half_cosine(t, 0.02)))


@healthy(
    "lightning_cifar_one_cycle", "Noisy while the rate is high; the accuracy rises in the end."
)
def lightning_cifar_one_cycle(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 50, 49)
    t = times(len(steps))
    rate = warmed(t, 0.3, half_cosine(t, 0.3))
    excess = descent(rate, 2000, 0.25)
    near(log, rng, "train_loss_step", steps, 0.02 + 3.5 * excess, 0.1)
    log.add("lr-SGD", steps, 0.1 * rate)
    few = every(steps, 30)
    near(log, rng, "val_loss", few, 0.22 + 3 * at(few, steps, excess), 0.06)
    scores(log, rng, "val_acc", few, 0.945 - 0.9 * at(few, steps, excess), 5000)
    log.add("epoch", steps, np.floor(30 * t))


@healthy("resnet_steps_at_30_60_90", "Two drops of the loss where the rate is cut tenfold.")
def resnet_steps_at_30_60_90(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(100, 1, 0)
    t = times(100)
    rate = 0.1 ** np.floor(epochs / 30)
    excess = descent(rate, 1500, 0.35)
    near(log, rng, "loss/train", epochs, 0.8 + 6 * excess, 0.01)
    near(log, rng, "loss/val", epochs, 0.95 + 5 * excess, 0.03)
    scores(log, rng, "acc1/val", epochs, 0.765 - 0.75 * excess, 3000)
    log.add("lr", epochs, 0.1 * rate + 0 * t)


@healthy("mmdet_coco_1x", "Twelve epochs with two cuts; the mAP leaps at the first of them.")
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
    "keras_scans_small_val",
    "Sixty scans held out: the accuracy jumps about by a few of them, around a level.",
    tolerated=("plateau",),
)
def keras_scans_small_val(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(whole(rng, 30, 60), 1, 0)
    t = times(len(epochs))
    near(log, rng, "epoch_loss/train", epochs, approach(t, 0.7, 0.35, 4), 0.03)
    scores(log, rng, "epoch_accuracy/train", epochs, approach(t, 0.55, 0.86, 4), 600)
    near(log, rng, "epoch_loss/validation", epochs, approach(t, 0.69, 0.42, 5), 0.08)
    scores(log, rng, "epoch_accuracy/validation", epochs, approach(t, 0.55, 0.82, 5), 60)
    log.add("epoch_learning_rate", epochs, 1e-4)


@healthy("detectron_mask_usual", "Total and part losses, warm-up and two cuts, hours to go.")
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


@healthy("segformer_city_poly", "IoU still creeping up, with classes too few to be sure of.")
def segformer_city_poly(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 50)
    t = times(len(steps))
    near(log, rng, "decode.loss_ce", steps, 0.14 + 1.6 * np.exp(-t / 0.05) + 0.2 * (1 - t), 0.15)
    scores(log, rng, "decode.acc_seg", steps, approach(t, 0.7, 0.95, 8), 4000)
    log.add("lr", steps, 6e-5 * warmed(t, 0.01, 1.001 - t))
    few = every(steps, 16)
    about(log, rng, "mIoU", few, 60 + 17 * (1 - np.exp(-times(16) * 3)), 0.6)
    about(log, rng, "mAcc", few, 70 + 15 * (1 - np.exp(-times(16) * 3)), 0.6)
    about(log, rng, "aAcc", few, 93 + 2.6 * (1 - np.exp(-times(16) * 3)), 0.08)


@healthy("vit_tuned_then_level", "Done after two of ten epochs, and level.", tolerated=("plateau",))
def vit_tuned_then_level(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 100, 250), 10)
    t = times(len(steps))
    near(log, rng, "train/loss", steps, 0.18 + 4.4 * np.exp(-t / 0.05), 0.12)
    log.add("train/learning_rate", steps, cosine(t, 3e-5, end=0))
    few = every(steps, 10)
    scores(log, rng, "eval/accuracy", few, 0.925 - 0.1 * np.exp(-np.arange(10) / 0.8), 4000)
    near(log, rng, "eval/loss", few, 0.27 + 0.6 * np.exp(-np.arange(10) / 0.7), 0.012)


@labelled(
    "keras_cats_and_dogs",
    "overfitting",
    "The classic: training to nothing, validation from a tenth of the way up.",
    mild=0.35,
    strong=1.2,
)
def keras_cats_and_dogs(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 30, 80), 1, 0)
    t = times(len(epochs))
    near(log, rng, "epoch_loss/train", epochs, 0.72 * np.exp(-4 * t) + 0.01, 0.04)
    scores(log, rng, "epoch_accuracy/train", epochs, 1 - 0.48 * np.exp(-4 * t), 2000)
    val = turned(t, rng.uniform(0.2, 0.35), 0.25, strength, 0.46)
    near(log, rng, "epoch_loss/validation", epochs, val, 0.025)
    scores(log, rng, "epoch_accuracy/validation", epochs, approach(t, 0.55, 0.79, 9), 1000)
    overfits(log, "epoch_loss/validation", epochs, val, 0.017)


@labelled(
    "lightning_unet_too_long",
    "overfitting",
    "The Dice score of the held-out scans falls while that of the others rises.",
    mild=0.07,
    strong=0.2,
)
def lightning_unet_too_long(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 80, 200), 30, 29)
    t = times(len(epochs))
    best = rng.uniform(0.25, 0.4)
    worse = turned(t, best, 0.5, strength, 0.17)
    near(log, rng, "train_loss_epoch", epochs, 0.5 * np.exp(-5 * t) + 0.03, 0.03)
    about(log, rng, "train_dice", epochs, 0.97 - 0.5 * np.exp(-5 * t), 0.004)
    about(log, rng, "val_dice", epochs, 1 - worse, 0.008)
    val = turned(t, best, 0.4, 2 * strength, 0.22)
    near(log, rng, "val_loss", epochs, val, 0.025)
    overfits(log, "val_dice", epochs, worse, 0.01)
    overfits(log, "val_loss", epochs, val, 0.008)


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
    "timm_rate_too_high",
    "divergence",
    "The evaluation leaves its best for good, and so does the training loss.",
    tolerated=("overfitting",),
    mild=0.9,
    strong=2.0,
)
def timm_rate_too_high(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 60, 200), 1, 0)
    t = times(len(epochs))
    onset = rng.uniform(0.3, 0.6)
    rise = ramp_after(t, onset, strength)
    loss = approach(t, 6.9, 3.0, 9) + rise
    near(log, rng, "train_loss", epochs, loss, 0.01)
    near(log, rng, "eval_loss", epochs, loss - 1.5, 0.02)
    about(log, rng, "eval_top1", epochs, 67 - 66 * np.exp(-9 * t) - 22 * rise, 0.6)
    log.add("lr", epochs, cosine(t, 4e-3))
    index = index_of(t, onset)
    turns(log, "divergence", "train_loss", epochs, loss, index, 0.035)
    turns(log, "divergence", "eval_loss", epochs, loss, index, 0.04, ("overfitting",))
    falling = 66 * np.exp(-9 * t) + 22 * rise
    turns(log, "divergence", "eval_top1", epochs, falling, index, 0.6, ("overfitting",))


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


@labelled("lightning_odd_batches", "spike", "A batch with a broken mask: one point far up.")
def lightning_odd_batches(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 600), 50, 49)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.25, 0.85))
    loss = approach(t, 2.3, 0.6, 4) + decay_after(len(t), index, 8 * strength, 0.5)
    near(log, rng, "train_loss_step", steps, loss, 0.06)
    log.add("lr-AdamW", steps, cosine(t, 1e-3, end=0))
    few = every(steps, 15)
    near(log, rng, "val_loss", few, approach(times(15), 1.6, 0.7, 3), 0.02)
    spikes(log, "train_loss_step", steps, index, 3)


@labelled(
    "keras_relu_all_dead",
    "plateau",
    "ln 10 to the end: nothing is learned after the first epoch.",
    tolerated=("collapse",),
)
def keras_relu_all_dead(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 40, 100), 1, 0)
    t = times(len(epochs))
    near(log, rng, "epoch_loss/train", epochs, 2.3026 + 0.4 * strength * np.exp(-t / 0.01), 3e-4)
    scores(log, rng, "epoch_accuracy/train", epochs, 0.1, 50000)
    near(log, rng, "epoch_loss/validation", epochs, 2.3027, 2e-4)
    log.add("epoch_accuracy/validation", epochs, 0.1)
    log.add("epoch_learning_rate", epochs, 0.01)
    tags = (
        *("epoch_loss/train", "epoch_accuracy/train"),
        *("epoch_loss/validation", "epoch_accuracy/validation"),
    )
    from_the_start(log, "plateau", tags, epochs, ("collapse",))


@labelled(
    "scheduler_stepped_each_batch",
    "learning_rate",
    "A schedule of epochs is stepped each batch: the rate is nothing after a sixth of the run.",
    tolerated=("plateau", "collapse"),
)
def scheduler_stepped_each_batch(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 50, 49)
    t = times(len(steps))
    end = rng.uniform(0.12, 0.2) * strength
    rate = half_cosine(np.clip(t / end, 0, 1), end=1e-7)
    near(log, rng, "train_loss", steps, 1.5 + 3 * descent(rate, 2000, 0.1), 0.03)
    log.add("lr-SGD", steps, 0.1 * rate)
    fades(log, "lr-SGD", steps, rate, ("collapse",))


@labelled(
    "segmenter_stuck_on_background",
    "plateau",
    "It says background everywhere: the IoU leaps to 0.31 and stays, far from the 0.75 of others.",
    early=0.05,
    later=0.15,
)
def segmenter_stuck_on_background(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 60, 150), 1, 0)
    t = times(len(epochs))
    loss = 0.42 + 0.9 * np.exp(-t / (strength / 4))
    near(log, rng, "train/loss", epochs, loss, 0.012)
    near(log, rng, "val/loss", epochs, loss + 0.02, 0.02)
    worse = 0.28 * np.exp(-t / (strength / 4))
    about(log, rng, "val/mIoU", epochs, 0.31 - worse, 0.002)
    log.add("lr", epochs, 1e-3)
    index = index_of(t, strength)
    levels(log, ("train/loss", "val/loss"), epochs, loss, index, 0.007)
    levels(log, "val/mIoU", epochs, worse, index, 0.002)
