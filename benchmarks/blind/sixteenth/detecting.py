"""Objects and regions: Ultralytics, MMDetection, Detectron2, MMSegmentation, nnU-Net."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fifteenth.making import SURE, epochs, nears, settled, stairs, ultralytics
from benchmarks.blind.fourteenth.making import about, index_of, near, turns
from benchmarks.blind.shapes import ramp_after, steps, times, whole
from benchmarks.blind.sixteenth.making import bent, learning, left, slow_epochs
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import every, hangs, jumps, levels, overfits, spikes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]
    Rng = np.random.Generator

YOLO = ("val/box_loss", "val/cls_loss", "val/dfl_loss")


def _yolo_losses(log: Log, rng: Rng, at_: Steps, curve: Array) -> None:
    """The losses of validation, in proportion to one curve."""
    for tag, size in zip(YOLO, (1.0, 1.1, 0.9), strict=True):
        near(log, rng, tag, at_, size * curve, 0.012)


@healthy("yolo_hundred", "Ultralytics on a small set of one's own", tolerated=SURE)
def _yolo(log: Log, rng: Rng) -> None:
    t = times(whole(rng, 50, 150))
    at_ = epochs(len(t)) + 1
    slow_epochs(log, rng)
    ultralytics(log, rng, t, at_, rng.uniform(0.6, 0.9))
    _yolo_losses(log, rng, at_, learning(t, 1.9, 1.1, 4))


@healthy("yolo_ten_epochs", "a first try with ten epochs", tolerated=SURE)
def _yolo_ten(log: Log, rng: Rng) -> None:
    t = times(int(rng.integers(8, 13)))
    at_ = epochs(len(t)) + 1
    slow_epochs(log, rng)
    ultralytics(log, rng, t, at_, 0.62, 1 - 0.8 * np.exp(-2.2 * t))
    _yolo_losses(log, rng, at_, learning(t, 1.9, 1.3, 2.5))


@healthy("mosaic_is_closed", "training losses step down for the last ten epochs", tolerated=SURE)
def _mosaic(log: Log, rng: Rng) -> None:
    t = times(100)
    at_ = epochs(100) + 1
    slow_epochs(log, rng)
    closed = 1 - 0.12 * (t > 0.9)
    for tag, size in (("train/box_loss", 1.5), ("train/cls_loss", 2.2), ("train/dfl_loss", 1.3)):
        near(log, rng, tag, at_, size * learning(t, 1.0, 0.6, 4) * closed, 0.01)
    _yolo_losses(log, rng, at_, learning(t, 1.8, 1.15, 4))
    about(log, rng, "metrics/mAP50-95(B)", at_, learning(t, 0.02, 0.46, 4), 0.005)


@healthy(
    "mmdet_one_x",
    "twelve epochs with two cuts of the rate; the loss told every fifty steps",
    tolerated=SURE,
)
def _mmdet(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1500)
    t, at_ = times(n), steps(n, 50)
    loss = learning(t, 1.5, 0.62, 5) - 0.06 * (t > 8 / 12) - 0.03 * (t > 11 / 12)
    nears(
        log,
        rng,
        at_,
        {
            "loss": (loss, 0.08),
            "loss_rpn_cls": (0.12 * loss, 0.25),
            "loss_rpn_bbox": (0.1 * loss, 0.2),
            "loss_cls": (0.4 * loss, 0.1),
            "loss_bbox": (0.38 * loss, 0.1),
            "grad_norm": (3.5, 0.2),
            "data_time": (0.02, 0.2),
            "time": (0.41, 0.03),
        },
    )
    about(log, rng, "acc", at_, 88 + 7 * (1 - np.exp(-4 * t)), 1.0)
    log.add("lr", at_, 0.02 * np.minimum(1, t / 0.006 + 0.001) * stairs(t, 8 / 12, 11 / 12))
    seen = every(at_, 12)
    box = learning(times(12), 0.14, 0.34, 3) + 0.03 * (np.arange(12) >= 8)
    about(log, rng, "coco/bbox_mAP", seen, box, 0.002)
    about(log, rng, "coco/bbox_mAP_50", seen, box + 0.2, 0.003)


@healthy("detectron_balloon", "the tutorial: 300 iterations, told every twenty")
def _detectron(log: Log, rng: Rng) -> None:
    n = int(rng.integers(12, 16))
    t, at_ = times(n), steps(n, 20, 19)
    near(log, rng, "total_loss", at_, learning(t, 2.1, 0.35, 3.5), 0.04)
    near(log, rng, "loss_mask", at_, learning(t, 0.68, 0.1, 3.5), 0.05)
    near(log, rng, "loss_cls", at_, learning(t, 0.7, 0.06, 4), 0.06)
    about(log, rng, "fast_rcnn/cls_accuracy", at_, learning(t, 0.7, 0.97, 4), 0.006)
    log.add("lr", at_, 2.5e-4 * np.minimum(1, t + 0.07))
    near(log, rng, "time", at_, 0.52, 0.02)


@healthy("mmseg_few_evaluations", "mIoU ten times in a run", tolerated=SURE)
def _mmseg(log: Log, rng: Rng) -> None:
    n = whole(rng, 400, 1600)
    t, at_ = times(n), steps(n, 50)
    near(log, rng, "decode.loss_ce", at_, learning(t, 1.6, 0.24, 7), 0.18)
    near(log, rng, "aux.loss_ce", at_, learning(t, 0.7, 0.13, 7), 0.18)
    about(log, rng, "decode.acc_seg", at_, learning(t, 55, 90, 7), 2.5)
    log.add("lr", at_, 0.01 * (1 - t) ** 0.9 + 1e-4)
    seen = every(at_, 10)
    about(log, rng, "mIoU(val)", seen, learning(times(10), 0.58, 0.772, 3), 0.004)


@healthy("nnunet_fold", "a thousand epochs of patches; the pseudo dice is noisy", tolerated=SURE)
def _nnunet(log: Log, rng: Rng) -> None:
    n = whole(rng, 250, 1000)
    t, at_ = times(n), epochs(n)
    log.seconds_per_step = float(rng.uniform(60, 200))
    about(log, rng, "train_losses", at_, learning(t, -0.1, -0.88, 6), 0.012)
    about(log, rng, "val_losses", at_, learning(t, -0.15, -0.80, 6), 0.02)
    about(log, rng, "mean_fg_dice", at_, learning(t, 0.3, 0.87, 7), 0.015)
    about(log, rng, "ema_fg_dice", at_, learning(t, 0.3, 0.87, 6), 0.001)
    log.add("lrs", at_, 0.01 * (1 - t) ** 0.9 + 1e-6)


@healthy("unet_of_a_thesis", "dice of a dozen epochs")
def _unet(log: Log, rng: Rng) -> None:
    t = times(int(rng.integers(9, 15)))
    at_ = epochs(len(t))
    slow_epochs(log, rng)
    near(log, rng, "train_loss", at_, learning(t, 0.52, 0.13, 3), 0.02)
    near(log, rng, "val_loss", at_, learning(t, 0.45, 0.18, 3), 0.025)
    about(log, rng, "val_dice", at_, learning(t, 0.61, 0.86, 3), 0.006)


@labelled(
    "yolo_overfits",
    "overfitting",
    "300 epochs over 400 pictures: losses of validation rise",
    clear=0.8,
    medium=0.35,
    tolerated=SURE,
)
def _yolo_overfits(log: Log, rng: Rng, strength: float) -> None:
    t = times(whole(rng, 100, 300))
    at_ = epochs(len(t)) + 1
    slow_epochs(log, rng)
    valid = bent(t, rng.uniform(0.2, 0.35), 2.2, 1.25, 1.25 + strength)
    ultralytics(log, rng, t, at_, 0.55)
    _yolo_losses(log, rng, at_, valid)
    overfits(log, YOLO, at_, valid, 0.018)


@labelled(
    "map_of_nothing",
    "plateau",
    "wrong paths of labels: the mAP stays at 0.3 after a few epochs",
    later=0.3,
    tolerated=("overfitting",),
)
def _map_level(log: Log, rng: Rng, strength: float) -> None:
    t = times(whole(rng, 60, 200))
    at_ = epochs(len(t)) + 1
    slow_epochs(log, rng)
    shown = 0.31 * (1 - settled(t, strength))
    near(log, rng, "train/loss", at_, 1.9 + 2 * settled(t, strength), 0.012)
    about(log, rng, "metrics/mAP50(B)", at_, shown, 0.008)
    levels(log, ("metrics/mAP50(B)", "train/loss"), at_, -shown, index_of(t, strength), 0.008)


@labelled(
    "yolo_val_nan",
    "nonfinite",
    "half precision in validation: its losses are NaN",
    plain=0.5,
    tolerated=SURE,
)
def _yolo_nan(log: Log, rng: Rng, strength: float) -> None:
    t = times(whole(rng, 40, 120))
    at_ = epochs(len(t)) + 1
    slow_epochs(log, rng)
    index = index_of(t, strength * rng.uniform(0.5, 1.5))
    ultralytics(log, rng, t, at_, 0.5)
    _yolo_losses(log, rng, at_, learning(t, 1.9, 1.2, 4) + np.log(left(t, index, np.nan)))
    jumps(log, "nonfinite", YOLO, at_, index)


@labelled(
    "rpn_blows_up",
    "divergence",
    "a rate for eight GPUs on one",
    medium=1.2,
    tolerated=("gradient", "explosion"),
)
def _rpn(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 50)
    onset = rng.uniform(0.3, 0.55)
    loss = learning(np.minimum(t, onset), 1.9, 1.0, 6) + ramp_after(t, onset, strength, 1.3)
    near(log, rng, "loss", at_, loss, 0.05)
    near(log, rng, "loss_rpn_bbox", at_, 0.3 * loss, 0.12)
    near(log, rng, "loss_cls", at_, 0.3 * loss, 0.08)
    near(log, rng, "grad_norm", at_, 8 * loss, 0.2)
    log.add("lr", at_, 0.02)
    turns(
        log,
        "divergence",
        ("loss", "loss_cls", "loss_rpn_bbox"),
        at_,
        loss,
        index_of(t, onset),
        0.06,
    )


@labelled(
    "map_falls_again",
    "divergence",
    "the mAP falls from its best to half of it",
    clear=0.5,
    tolerated=("overfitting",),
)
def _map_falls(log: Log, rng: Rng, strength: float) -> None:
    t = times(whole(rng, 60, 150))
    at_ = epochs(len(t)) + 1
    slow_epochs(log, rng)
    onset = rng.uniform(0.35, 0.55)
    shown = 0.6 * (1 - np.exp(-9 * np.minimum(t, onset))) * (1 - ramp_after(t, onset, strength))
    about(log, rng, "metrics/mAP50", at_, shown, 0.010)
    near(log, rng, "train/loss", at_, learning(t, 4.2, 2.6, 4), 0.012)
    turns(
        log, "divergence", "metrics/mAP50", at_, -shown, index_of(t, onset), 0.010, ("overfitting",)
    )


@labelled(
    "queue_of_workers_hangs",
    "stall",
    "a dead worker of the loader; it went on at the time-out",
    hour=1.5,
    day=20.0,
)
def _workers_hang(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 600)
    t, at_ = times(n), steps(n, 20, 19)
    log.seconds_per_step = float(rng.uniform(0.3, 0.8))
    near(log, rng, "total_loss", at_, learning(t, 1.9, 0.6, 5), 0.08)
    near(log, rng, "data_time", at_, 0.01, 0.2)
    log.add("lr", at_, 2.5e-4)
    hangs(
        log, ("total_loss", "data_time", "lr"), at_, index_of(t, rng.uniform(0.25, 0.8)), strength
    )


@labelled(
    "bad_picture",
    "spike",
    "a box of no area gives one huge loss",
    clear=9.0,
    medium=3.0,
    tolerated=("gradient",),
)
def _bad_picture(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 800)
    t, at_ = times(n), steps(n, 20)
    index = index_of(t, rng.uniform(0.3, 0.85))
    loss = learning(t, 1.6, 0.7, 5) + strength * (np.arange(n) == index)
    near(log, rng, "loss_box_reg", at_, 0.5 * loss, 0.05)
    near(log, rng, "total_loss", at_, loss, 0.05)
    spikes(log, ("total_loss", "loss_box_reg"), at_, index, 1)


@labelled(
    "dice_by_heart",
    "overfitting",
    "thirty scans: validation dice loss turns early",
    medium=0.1,
    tolerated=SURE,
)
def _dice(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 40, 150)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    valid = bent(t, rng.uniform(0.2, 0.4), 0.6, 0.25, 0.25 + strength)
    near(log, rng, "Loss/train", at_, 0.03 + 0.55 * np.exp(-4 * t), 0.03)
    near(log, rng, "Loss/val", at_, valid, 0.04)
    about(log, rng, "Dice/val", at_, 0.86 * (1 - np.exp(-9 * t)), 0.012)
    overfits(log, "Loss/val", at_, valid, 0.012)
