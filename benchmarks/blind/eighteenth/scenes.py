"""Boxes, masks, depth and fields: Ultralytics, MMDetection, detectron2, nnU-Net, NeRF, splats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    around,
    course,
    decades,
    epochs,
    from_point,
    paced,
    put,
    where,
)
from benchmarks.blind.eighteenth.registry import healthy, labelled
from benchmarks.blind.eighth.making import at, interval, lasting, linear, turned
from benchmarks.blind.seventeenth.making import digits, eased, rises
from benchmarks.blind.shapes import decay_after
from benchmarks.blind.thirteenth.making import (
    grows,
    jumps,
    levels,
    overfits,
    spikes,
)

if TYPE_CHECKING:
    from benchmarks.blind.eighteenth.making import Array, Rng
    from benchmarks.blind.runs import Log

PARTS_OF_A_BOX = {"box_loss": 0.9, "cls_loss": 0.6, "dfl_loss": 0.95}


def yolo(log: Log, rng: Rng, steps: Array, t: Array, val: float = 0.15) -> None:
    """The three losses of Ultralytics, with the mosaic closed at nine tenths."""
    for name, end in PARTS_OF_A_BOX.items():
        loss = end * (1 + 1.1 * np.exp(-9 * t) + 0.35 * (1 - t)) - 0.08 * (t > 0.9)
        put(log, rng, steps, {f"train/{name}": (loss, 0.012)})
        put(
            log, rng, steps, {f"val/{name}": (end * (1.25 + np.exp(-9 * t) + val * (1 - t)), 0.015)}
        )
    log.add("lr/pg0", steps, 0.01 * (1 - 0.99 * t) * np.minimum(1, 0.1 + t / 0.03))


@healthy("ultralytics_hundred_epochs_of_cones", "what it writes; scores come to rest at the end")
def cones(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 90, 160, 1)
    yolo(log, rng, steps - 1, t)
    level = 0.82 - 0.7 * np.exp(-7 * t) - 0.06 * (1 - t)
    for name, scale, sd in (("mAP50(B)", 1.0, 0.006), ("mAP50-95(B)", 0.7, 0.004)):
        around(log, rng, steps - 1, {f"metrics/{name}": (scale * level, sd)})
    around(log, rng, steps - 1, {"metrics/precision(B)": (level + 0.03, 0.015)})
    around(log, rng, steps - 1, {"metrics/recall(B)": (level - 0.05, 0.015)})


@healthy("mmdet_faster_rcnn_twelve_epochs", "rate falls at 8 and 11; twelve evaluations")
def faster_rcnn(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 400, 900, 50)
    cut = (t > 8 / 12) * 1.0 + (t > 11 / 12)
    loss = 0.55 + 0.7 * np.exp(-t / 0.06) - 0.1 * t - 0.07 * np.minimum(cut, 1.2)
    put(log, rng, steps, {"loss": (loss, 0.05), "loss_cls": (0.45 * loss, 0.06)})
    put(log, rng, steps, {"loss_bbox": (0.4 * loss, 0.06), "data_time": (0.01, 0.3)})
    put(log, rng, steps, {"time": (0.41, 0.03)})
    log.add("lr", steps, 0.02 * 0.1**cut * np.minimum(1, t / 0.01 + 0.001))
    rare = np.arange(1, 13)
    log.session("val")
    box = np.array([12, 19, 23, 25.5, 27, 28.2, 29, 29.4, 34.2, 34.9, 35.2, 36.3]) / 100
    around(log, rng, rare, {"coco/bbox_mAP": (box, 0.003), "coco/bbox_mAP_50": (1.55 * box, 0.004)})


@healthy("detectron_with_a_long_warmup", "total_loss falls; few evaluations with three digits")
def detectron(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 250, 700, 20)
    loss = 0.5 + 1.7 * np.exp(-t / 0.05) + 0.35 * (1 - t)
    put(log, rng, steps, {"total_loss": (loss, 0.09), "loss_box_reg": (0.35 * loss, 0.1)})
    put(log, rng, steps, {"loss_rpn_cls": (0.06 * loss, 0.2), "time": (0.32, 0.04)})
    around(
        log,
        rng,
        steps,
        {"fast_rcnn/cls_accuracy": (0.93 - 0.1 * np.exp(-t / 0.1) + 0.03 * t, 0.01)},
    )
    log.add("lr", steps, 2.5e-4 * np.minimum(1, t / 0.1))
    rare = interval(steps, int(steps[-1]) // 7)
    now = np.linspace(1 / 7, 1, len(rare))
    log.add("bbox/AP", rare, digits(eased(now, 21, 39, 1) + rng.normal(0, 0.3, len(rare)), 3))


@healthy("nnunet_thousand_epochs_of_livers", "the pseudo Dice is noisy, its average is not")
def nnunet(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 1000, 1001, 1)
    paced(log, rng, 1, 1.2)
    loss = -0.35 - 0.5 * (1 - np.exp(-5 * t)) - 0.05 * t
    around(log, rng, steps, {"train_losses": (loss, 0.015), "val_losses": (loss + 0.08, 0.03)})
    dice = 0.55 + 0.35 * (1 - np.exp(-5 * t)) + 0.02 * t
    around(log, rng, steps, {"mean_fg_dice": (dice, 0.02)})
    around(log, rng, steps, {"ema_fg_dice": (dice - 0.02 * np.exp(-t / 0.02), 0.004)}, 0.9)
    log.add("lrs", steps, 0.01 * (1 - t) ** 0.9 + 1e-6)


@healthy("segformer_of_own_streets", "a shared card, slower now and then; scores in two digits")
def segformer(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 160, 400, 100)
    put(log, rng, steps, {"decode.loss_ce": (0.25 + 1.3 * np.exp(-t / 0.05) + 0.2 * (1 - t), 0.09)})
    put(log, rng, steps, {"decode.acc_seg": (91 - 25 * np.exp(-t / 0.06) + 2 * t, 0.012)})
    log.add("lr", steps, linear(t, 6e-5, 0.02))
    shared = (np.sin(2 * np.pi * (5 * t + rng.uniform())) > 0.3) & (t < 0.9)
    put(log, rng, steps, {"time": (np.where(shared, 0.62, 0.5), 0.04)})
    for index in np.flatnonzero(np.diff(shared.astype(int))) + 1:
        log.slower(int(steps[index]), 1.24 if shared[index] else 1 / 1.24)
    rare = interval(steps, int(steps[-1]) // 10)
    now = np.linspace(0.1, 1, len(rare))
    values = digits(eased(now, 58, 71, 1) + rng.normal(0, 0.25, len(rare)), 2)
    log.add("mIoU(val)", rare, values)


@healthy("instant_ngp_of_a_statue", "PSNR rises ever more slowly")
def ngp(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 150, 400, 100)
    psnr = 33 - 14 * (1 + t / 0.01) ** -0.5
    around(log, rng, steps, {"train/psnr": (psnr, 0.35)}, 0)
    put(log, rng, steps, {"train/loss": (10 ** (-psnr / 10), 0.08)}, 0)
    rare = interval(steps, int(steps[-1]) // 9)
    around(log, rng, rare, {"test/psnr": (at(rare, steps, psnr) - 1.2, 0.05)})


@healthy(
    "splats_are_reset_each_3000", "opacities are reset: the loss leaps and comes back each time"
)
def splats(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 300, 301, 100)
    leaps = sum(decay_after(len(t), i, 0.05, 3) for i in range(30, 150, 30))
    put(
        log,
        rng,
        steps,
        {
            "train_loss_patches/total_loss": (
                0.02 + 0.1 * np.exp(-t / 0.1) + 0.02 * (1 - t) + leaps,
                0.1,
            )
        },
    )
    log.add("total_points", steps, 2e5 + 2.5e6 * np.minimum(t / 0.5, 1) ** 0.7)
    put(log, rng, steps, {"iter_time": (18 + 30 * np.minimum(t / 0.5, 1), 0.1)})


@healthy("keypoints_of_mice_in_dlc", "an error in pixels of each tenth epoch, some ten of them")
def mice(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 10, 14, 10)
    put(log, rng, steps, {"losses/train.total_loss": (0.012 * np.exp(-2.5 * t) + 0.001, 0.04)})
    put(log, rng, steps, {"metrics/test.rmse": (14 * np.exp(-2.2 * t) + 3.5, 0.03)})
    around(log, rng, steps, {"metrics/test.mAP": (92 - 30 * np.exp(-2.5 * t), 0.5)})


@labelled("yolo_val_losses_rise_on_few_pictures", "overfitting", "cls loss rises", mild=0.3)
def few_pictures(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 60, 150, 0.5)
    for name, end in PARTS_OF_A_BOX.items():
        loss = end * (0.4 + 1.3 * np.exp(-5 * t) + 0.4 * (1 - t))
        put(log, rng, steps, {f"train/{name}": (loss, 0.015)})
    worse = turned(t, rng.uniform(0.2, 0.35), 1.2, strength, 1.1)
    put(log, rng, steps, {"val/cls_loss": (worse, 0.025)})
    around(log, rng, steps, {"metrics/mAP50(B)": (0.55 - 0.5 * np.exp(-15 * t), 0.012)})
    overfits(log, "val/cls_loss", steps, worse, lasting(0.03, 0.2))
    level = where(t, 0.25)
    levels(log, "metrics/mAP50(B)", steps, 0.5 * np.exp(-15 * t), level, lasting(0.012, 0.2))


@labelled("unet_of_vessels_one_hundred", "overfitting", "Dice loss of the validation", plain=0.12)
def vessels(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 60, 100, 0.5)
    put(log, rng, steps, {"Loss/train": (0.55 * np.exp(-4 * t) + 0.04, 0.02)})
    worse = turned(t, rng.uniform(0.25, 0.4), 0.4, strength, 0.22)
    put(log, rng, steps, {"Loss/validation": (worse, 0.025)})
    overfits(log, "Loss/validation", steps, worse, lasting(0.007, 0.2))


@labelled("mmdet_norm_of_millions", "divergence", "loss leaps by decades", plain=3.0)
def millions(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 500, 50)
    index = where(t, rng.uniform(0.3, 0.6))
    good = 0.7 + 0.9 * np.exp(-t / 0.06)
    loss = from_point(good, index, good * 10**strength)
    norm = from_point(4 + 8 * np.exp(-t / 0.05), index, 3e6)
    put(log, rng, steps, {"loss": (loss, 0.1), "loss_cls": (0.6 * loss, 0.1)})
    put(log, rng, steps, {"grad_norm": (norm, 0.3)})
    log.add("lr", steps, np.full(len(t), 0.02))
    jumps(log, "divergence", ("loss", "loss_cls"), steps, index, ("explosion",))
    jumps(log, "gradient", "grad_norm", steps, index, ("explosion",))


@labelled(
    "map_falls_to_zero_at_once", "collapse", "scores gone from one epoch on", late=0.6, short=0.45
)
def map_zero(log: Log, rng: Rng, strength: float) -> None:
    low, high = (10, 14) if strength < 0.5 else (60, 150)
    steps, t = epochs(log, rng, low, high, 2)
    index = where(t, strength)
    score = rises(t, 0.05, 0.62, 0.15, 0.06) + rng.normal(0, 0.006, len(t))
    log.add("metrics/mAP50(B)", steps, from_point(score, index, 0.0))
    put(log, rng, steps, {"train/box_loss": (1.2 + 0.9 * np.exp(-4 * t) - 0.1 * t, 0.02)})
    jumps(log, "collapse", "metrics/mAP50(B)", steps, index, ("divergence",))


@labelled("density_of_the_field_runs_off", "explosion", "by decades", thousand=1000)
def density(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 400, 100)
    onset = rng.uniform(0.35, 0.55)
    sigma = decades(t, onset, 40 + 60 * t, strength)
    put(log, rng, steps, {"stats/sigma_max": (sigma, 0.15)})
    around(log, rng, steps, {"train/psnr": (30 - 12 * (1 + t / 0.02) ** -0.5, 0.3)}, 0)
    grows(log, "explosion", "stats/sigma_max", steps, sigma, where(t, onset), 0.15)


@labelled("depth_of_one_black_frame", "spike", "a leap that is gone at the next", plain=8)
def black_frame(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 300, 50)
    index = where(t, rng.uniform(0.3, 0.8))
    leap = decay_after(len(t), index, strength, 0.3)
    put(log, rng, steps, {"Train/silog": (1.2 + 1.5 * np.exp(-t / 0.08) - 0.2 * t + leap, 0.05)})
    log.add("lr", steps, linear(t, 1e-4, 0.05))
    spikes(log, "Train/silog", steps, index, 3)
