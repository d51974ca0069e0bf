"""Things found in pictures and cut out of them: Ultralytics, MMDetection, Detectron2, nnU-Net."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fifteenth.making import (
    SURE,
    abouts,
    epochs,
    nears,
    since,
    stairs,
    ultralytics,
)
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, index_of, near, turns
from benchmarks.blind.shapes import approach, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    at,
    every,
    from_the_start,
    half_cosine,
    hangs,
    jumps,
    overfits,
    warmed,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "yolo-hundred-epochs",
    "Training losses drop when mosaic is closed ten epochs before end.",
    tolerated=SURE,
)
def yolo(log: Log, rng: Rng) -> None:
    n = int(rng.choice([100, 150, 200]))
    t, steps = times(n), epochs(n)
    shown = ultralytics(log, rng, t, steps, rng.uniform(0.5, 0.9))
    closed = np.where(np.arange(n) >= n - 10, 0.05, 0.0)
    nears(
        log,
        rng,
        steps,
        {
            "val/box_loss": (1.95 - 0.9 * shown - closed, 0.012),
            "val/cls_loss": (2.9 - 2.1 * shown - closed, 0.018),
            "val/dfl_loss": (1.65 - 0.6 * shown - closed, 0.008),
        },
    )


@healthy(
    "yolo-small-folder",
    "Sixty pictures: mAP jumps about at first and is good at the end.",
    tolerated=SURE,
)
def yolo_small(log: Log, rng: Rng) -> None:
    n = int(rng.integers(30, 61))
    t, steps = times(n), epochs(n)
    learnt = 1 / (1 + np.exp(-(t - 0.3) / 0.08))
    shown = ultralytics(log, rng, t, steps, 0.8, learnt)
    nears(
        log,
        rng,
        steps,
        {
            "val/box_loss": (1.9 - 0.8 * shown, 0.04),
            "val/cls_loss": (3.4 - 2.6 * shown, 0.05),
            "val/dfl_loss": (1.6 - 0.4 * shown, 0.03),
        },
    )


@healthy("mmdet-one-x", "Twelve epochs, two cuts of the rate, twelve evaluations.")
def one_x(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), stepping(n, 50)
    rate = warmed(t, 0.01, stairs(t, 8 / 12, 11 / 12))
    level = approach(t, 1.6, 0.72, 14) - 0.1 * t - 0.13 * (t >= 8 / 12)
    nears(
        log,
        rng,
        steps,
        {
            "loss": (level, 0.07),
            "loss_cls": (0.34 * level, 0.1),
            "loss_bbox": (0.36 * level, 0.08),
            "loss_rpn_cls": (0.05 * level, 0.2),
            "loss_rpn_bbox": (0.07 * level, 0.15),
            "grad_norm": (4 + 6 * np.exp(-t / 0.02), 0.2),
            "time": (0.41, 0.03),
            "data_time": (0.012, 0.15),
        },
    )
    about(log, rng, "acc", steps, 96 - 3.5 * level, 0.8)
    log.add("lr", steps, 0.02 * rate)
    log.add("memory", steps, 7311.0)
    seen = every(steps, 12)
    mean = at(seen, steps, 0.30 - 0.25 * np.exp(-7 * t) + 0.065 * (t >= 8 / 12))
    abouts(
        log,
        rng,
        seen,
        {
            "coco/bbox_mAP": (mean, 0.003),
            "coco/bbox_mAP_50": (mean * 1.6, 0.004),
            "coco/bbox_mAP_s": (mean * 0.55, 0.004),
        },
    )


@healthy(
    "nnunet-pseudo-dice",
    "The mean of few cases goes up and down; its average rises.",
    tolerated=SURE,
)
def pseudo_dice(log: Log, rng: Rng) -> None:
    n = int(rng.choice([250, 500, 1000]))
    t, steps = times(n), epochs(n)
    known = 1 - np.exp(-9 * t)
    dice = 0.15 + 0.68 * known + 0.02 * t
    abouts(
        log,
        rng,
        steps,
        {
            "train_losses": (-0.1 - 0.68 * known - 0.06 * t, 0.018),
            "val_losses": (-0.1 - 0.6 * known - 0.02 * t, 0.04),
            "dice_per_class_or_region": (dice, 0.03),
            "mean_fg_dice": (dice, 0.025),
            "ema_fg_dice": (dice - 0.1 * np.exp(-t / 0.02), 0.003),
        },
    )
    log.add("lrs", steps, 0.01 * (1 - t * 0.999) ** 0.9)


@healthy("road-scenes-mm", "mIoU(val) each tenth of the run, losses of two heads.")
def road(log: Log, rng: Rng) -> None:
    n = whole(rng, 160, 800)
    t, steps = times(n), stepping(n, 50)
    loss = approach(t, 2.3, 0.42, 12) - 0.14 * t
    nears(
        log,
        rng,
        steps,
        {
            "loss": (1.4 * loss, 0.12),
            "decode.loss_ce": (loss, 0.13),
            "aux.loss_ce": (0.4 * loss, 0.14),
        },
    )
    about(log, rng, "decode.acc_seg", steps, 93 - 25 * loss / 2.3, 1.5)
    log.add("base_lr", steps, 0.01 * (1 - t * 0.99) ** 0.9)
    seen = every(steps, 10)
    about(log, rng, "mIoU(val)", seen, at(seen, steps, 76 - 42 * np.exp(-5 * t)), 0.5)


@labelled(
    "defects-of-one-factory",
    "overfitting",
    "val/cls_loss turns up; train/ losses fall on.",
    clear=1.2,
    medium=0.55,
)
def defects(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(100, 201))
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.25, 0.4)
    fall = 1 - np.exp(-5 * t / best)
    valid = 2.9 - 1.9 * fall + strength * since(t, best)
    ultralytics(log, rng, t, steps, 0.55, fall - 0.12 * since(t, best))
    near(log, rng, "val/box_loss", steps, 1.9 - 0.6 * fall + 0.2 * strength * since(t, best), 0.015)
    about(log, rng, "val/cls_loss", steps, valid, 0.04)
    near(log, rng, "val/dfl_loss", steps, 1.6 - 0.5 * fall + 0.1 * strength * since(t, best), 0.01)
    overfits(log, ("val/cls_loss", "val/box_loss", "val/dfl_loss"), steps, valid, 0.05)


@labelled(
    "organs-of-twelve-patients",
    "overfitting",
    "Validation loss rises from early on.",
    clear=0.28,
    medium=0.14,
)
def organs(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(80, 251))
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.2, 0.35)
    valid = 0.42 + 0.5 * np.exp(-5 * t / best) + strength * since(t, best)
    near(log, rng, "train_dice_ce_loss", steps, 0.03 + 0.9 * np.exp(-4 * t), 0.04)
    about(log, rng, "val_dice_ce_loss", steps, valid, 0.012)
    about(log, rng, "val_mean_dice", steps, 0.2 + 0.5 * (1 - np.exp(-5 * t / best)), 0.012)
    log.add("learning_rate", steps, 1e-3 * half_cosine(t))
    overfits(log, "val_dice_ce_loss", steps, valid, 0.014)


@labelled(
    "boxes-blow-up",
    "divergence",
    "loss_bbox and the total jump at once and stay high.",
    far=8.0,
    near=2.0,
)
def boxes_blow(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 700)
    t, steps = times(n), stepping(n, 20, 19)
    made = index_of(t, rng.uniform(0.2, 0.6))
    gone = np.where(np.arange(n) >= made, strength, 0)
    level = approach(t, 1.9, 0.8, 9)
    nears(
        log,
        rng,
        steps,
        {
            "total_loss": (level + gone, 0.08),
            "loss_box_reg": (0.4 * level + 0.8 * gone, 0.1),
            "loss_cls": (0.4 * level + 0.2 * gone, 0.1),
            "loss_rpn_cls": (0.06 * level, 0.2),
            "loss_rpn_loc": (0.08 * level, 0.2),
            "data_time": (0.01, 0.2),
            "time": (0.32, 0.03),
        },
    )
    log.add("lr", steps, 0.02 * np.minimum(1, t / 0.05))
    jumps(log, "divergence", ("total_loss", "loss_box_reg", "loss_cls"), steps, made)


@labelled(
    "never-found-a-box", "plateau", "mAP is almost 0 throughout, and so are its parts.", plain=1.0
)
def never_found(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 151))
    t, steps = times(n), epochs(n)
    log.add("metrics/mAP50(B)", steps, strength * 0.002 * np.abs(rng.standard_normal(n)))
    log.add("metrics/mAP50-95(B)", steps, 0.0006 * np.abs(rng.standard_normal(n)))
    nears(
        log,
        rng,
        steps,
        {
            "train/box_loss": (3.4, 0.008),
            "train/cls_loss": (4.6, 0.01),
            "val/box_loss": (3.5, 0.01),
            "val/cls_loss": (4.7, 0.012),
        },
    )
    log.add("lr/pg0", steps, 0.01 * (1 - 0.99 * t))
    tags = (
        "metrics/mAP50(B)",
        "metrics/mAP50-95(B)",
        "train/box_loss",
        "train/cls_loss",
        "val/box_loss",
        "val/cls_loss",
    )
    from_the_start(log, "plateau", tags, steps)


@labelled(
    "focal-loss-decays-late",
    "divergence",
    "mAP falls steadily from its best on.",
    clear=0.25,
    medium=0.14,
)
def focal(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 141))
    t, steps = times(n), epochs(n)
    onset = rng.uniform(0.4, 0.55)
    mean = 0.05 + 0.42 * (1 - np.exp(-8 * t)) - strength * since(t, onset)
    near(log, rng, "train_loss", steps, 1.9 - 2 * mean, 0.02)
    about(log, rng, "val_map", steps, mean, 0.009)
    about(log, rng, "val_map_50", steps, 1.6 * mean, 0.012)
    log.add("lr-AdamW", steps, 4e-4)
    turns(
        log,
        "divergence",
        ("val_map", "val_map_50", "train_loss"),
        steps,
        -mean,
        index_of(t, onset),
        0.011,
        also=("overfitting",),
    )


@labelled(
    "loader-waits-on-the-network",
    "throughput",
    "Time goes to data from one moment on.",
    thrice=3.0,
    half_more=1.6,
)
def loader_waits(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 800)
    t, steps = times(n), stepping(n, 50)
    made = index_of(t, rng.uniform(0.35, 0.65))
    late = np.arange(n) >= made
    level = approach(t, 1.7, 0.7, 10) - 0.1 * t
    nears(
        log,
        rng,
        steps,
        {
            "loss": (level, 0.08),
            "loss_cls": (0.5 * level, 0.1),
            "loss_bbox": (0.5 * level, 0.09),
            "time": (0.4 * np.where(late, strength, 1), 0.04),
            "data_time": (0.01 + 0.4 * (strength - 1) * late, 0.12),
        },
    )
    log.add("lr", steps, 0.01)
    log.slower(int(steps[made]), strength)
    jumps(log, "throughput", ("time", "data_time"), steps, made)


@labelled(
    "nan-at-first-warm-up",
    "nonfinite",
    "loss_bbox and total are NaN from a point on.",
    early=0.15,
    middle=0.5,
)
def nan_boxes(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, steps = times(n), stepping(n, 50)
    made = index_of(t, strength)
    bad = np.where(np.arange(n) >= made, np.nan, 1.0)
    level = approach(t, 1.8, 0.9, 8)
    nears(
        log,
        rng,
        steps,
        {
            "loss": (level * bad, 0.08),
            "loss_bbox": (0.4 * level * bad, 0.1),
            "loss_cls": (0.6 * level, 0.1),
            "time": (0.4, 0.03),
        },
    )
    log.add("lr", steps, 0.02 * np.minimum(1, t / 0.1))
    jumps(log, "nonfinite", ("loss", "loss_bbox"), steps, made)


@labelled(
    "queue-of-the-cluster",
    "stall",
    "Preempted: hours without a point in one event file.",
    long=11.0,
    short=3.0,
)
def preempted(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), stepping(n, 50)
    log.seconds_per_step = rng.uniform(0.3, 1.0)
    level = approach(t, 2.2, 0.5, 10) - 0.1 * t
    nears(log, rng, steps, {"loss": (level, 0.1), "decode.loss_ce": (0.7 * level, 0.1)})
    log.add("lr", steps, 6e-5 * (1 - 0.99 * t))
    hangs(log, ("loss", "decode.loss_ce", "lr"), steps, int(n * rng.uniform(0.25, 0.8)), strength)


@labelled(
    "scores-fall-to-nothing",
    "collapse",
    "mIoU falls to that of one class between two evaluations.",
    plain=1.0,
)
def to_nothing(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(40, 81))
    t, steps = times(n), epochs(n)
    made = index_of(t, rng.uniform(0.4, 0.7))
    gone = np.arange(n) >= made
    near(log, rng, "train_loss", steps, np.where(gone, 2.6, approach(t, 2.4, 0.5, 6)), 0.03)
    about(log, rng, "grad_rms", steps, np.where(gone, 0.0, 0.6), 0.0)
    log.add(
        "val_iou_small_objects",
        steps,
        np.where(gone, 0.0, strength * approach(t, 0.05, 0.44, 6) + rng.normal(0, 0.008, n)),
    )
    jumps(
        log,
        "collapse",
        ("val_iou_small_objects", "grad_rms"),
        steps,
        made,
        also=("divergence", "gradient"),
    )
    jumps(log, "divergence", "train_loss", steps, made)
