"""Boxes, masks and depths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine, counted, jitter
from benchmarks.blind.fifteenth.making import SURE, abouts, epochs, nears, stairs, ultralytics
from benchmarks.blind.fourteenth.making import averaged, index_of, settling
from benchmarks.blind.seventeenth.making import digits, eased, lags, stops_getting_better
from benchmarks.blind.seventeenth.registry import healthy, labelled
from benchmarks.blind.shapes import correlated, times, whole
from benchmarks.blind.shapes import steps as every
from benchmarks.blind.sixteenth.making import bent, learning, left, slow_epochs, turns_soon
from benchmarks.blind.thirteenth.making import grows, jumps

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@labelled(
    "yolov8_finds_no_more",
    "plateau",
    "mAP stands for most of a long run, far from the bound",
    quarter=0.22,
    two_fifths=0.38,
    tolerated=("overfitting",),
)
def yolov8_finds_no_more(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n) + 1
    learnt = eased(t, 0, 1, strength)
    shown = ultralytics(log, rng, t, steps, 0.38, learnt)
    drop = eased(t, 0, 0.4, strength)
    for tag, start, share in (("box", 2.0, 0.012), ("cls", 2.6, 0.018), ("dfl", 1.6, 0.008)):
        log.add(f"val/{tag}_loss", steps, jitter(rng, start * (1 - drop), share))
    tags = ("metrics/mAP50(B)", "metrics/mAP50-95(B)", "metrics/precision(B)", "metrics/recall(B)")
    losses = ("val/box_loss", "val/cls_loss", "val/dfl_loss")
    stops_getting_better(log, (*tags, *losses), steps, -shown, strength, 0.01)


@labelled(
    "yolov5_obj_is_level",
    "plateau",
    "Objectness and mAP stand where they were early on",
    quarter=0.2,
    third=0.32,
)
def yolov5_obj_is_level(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 50, 150)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    for part, start, end in (("box", 0.11, 0.067), ("obj", 0.052, 0.031), ("cls", 0.05, 0.027)):
        curve = eased(t, start, end, strength)
        nears(
            log,
            rng,
            steps,
            {f"train/{part}_loss": (curve, 0.01), f"val/{part}_loss": (curve, 0.014)},
        )
    found = eased(t, 0.0, 0.21, strength)
    near = {"metrics/mAP_0.5": (found, 0.005), "metrics/mAP_0.5:0.95": (0.5 * found, 0.003)}
    abouts(log, rng, steps, near)
    log.add("x/lr0", steps, 0.01 * (1 - 0.99 * t))
    tags = (
        *near,
        *(f"{of}/{part}_loss" for of in ("train", "val") for part in ("box", "obj", "cls")),
    )
    stops_getting_better(log, tags, steps, -found, strength, 0.005)


@healthy(
    "yolox_without_mosaic", "The last fifteen epochs have no mosaic: losses jump down, L1 comes"
)
def yolox_without_mosaic(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 300)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    last = t > 1 - 15 / n
    loss = learning(t, 14, 5.2, 8) - 0.9 * last
    log.add("train/total_loss", steps, jitter(rng, loss, 0.015))
    nears(
        log,
        rng,
        steps,
        {"train/iou_loss": (0.4 * loss, 0.015), "train/cls_loss": (0.2 * loss, 0.02)},
    )
    log.add("train/lr", steps, cosine(t, 0.01, 0.02, 0.05))
    some = steps[9::10] if n >= 60 else steps
    score = 0.40 * (1 - np.exp(-4 * times(len(some)) - 0.4)) + 0.02 * at(some, steps, last * 1.0)
    abouts(
        log, rng, some, {"val/COCOAP50_95": (score, 0.003), "val/COCOAP50": (score * 1.45, 0.004)}
    )


@healthy(
    "faster_rcnn_1x",
    "Twelve epochs of MMDetection: drops where the rate is cut at 8 and 11",
    tolerated=SURE,
)
def faster_rcnn_1x(log: Log, rng: Rng) -> None:
    n = 12 * whole(rng, 20, 60)
    t, steps = times(n), every(n, 50)
    rate = 0.02 * stairs(t, 2 / 3, 11 / 12) * np.minimum(1, 0.1 + t / 0.008)
    loss = 0.62 + 0.9 * np.exp(-t / 0.05) - 0.12 * (t >= 2 / 3) - 0.02 * (t >= 11 / 12) - 0.1 * t
    parts = {"loss_rpn_cls": 0.08, "loss_rpn_bbox": 0.08, "loss_cls": 0.42, "loss_bbox": 0.42}
    log.add("loss", steps, jitter(rng, loss, 0.07))
    nears(log, rng, steps, {tag: (share * loss, 0.1) for tag, share in parts.items()})
    log.add("acc", steps, 100 * counted(rng, 0.97 - 0.1 * loss, 4096))
    log.add("lr", steps, rate)
    nears(
        log, rng, steps, {"time": (0.31, 0.03), "data_time": (0.012, 0.1), "memory": (5400, 1e-4)}
    )
    ends = steps[n // 12 - 1 :: n // 12]
    score = 0.30 * (1 - np.exp(-5 * times(12) - 0.6)) + 0.07 * (np.arange(12) >= 8)
    log.add("coco/bbox_mAP", ends, digits(score + rng.normal(0, 0.002, 12), 3))


@healthy("detectron2_on_own_boxes", "1,500 iterations and a new task in them; medians of 20")
def detectron2_on_own_boxes(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 150)
    t, steps = times(n), every(n, 20, 19)
    loss = learning(t, 2.3, 0.35, 5)
    log.add("total_loss", steps, jitter(rng, loss, 0.07))
    shares = {"loss_cls": 0.35, "loss_box_reg": 0.4, "loss_rpn_cls": 0.05, "loss_rpn_loc": 0.1}
    nears(log, rng, steps, {tag: (share * loss, 0.1) for tag, share in shares.items()})
    right = np.clip(0.97 - 0.1 * loss, 0, 1)
    log.add("fast_rcnn/cls_accuracy", steps, counted(rng, right, 2048))
    log.add("fast_rcnn/fg_cls_accuracy", steps, counted(rng, np.clip(1 - 0.45 * loss, 0, 1), 300))
    log.add("lr", steps, 2.5e-4 * np.minimum(1, (np.arange(n) + 1) / 15))
    nears(log, rng, steps, {"time": (0.42, 0.03), "data_time": (0.02, 0.2)})
    if n >= 100:
        log.add("bbox/AP50", steps[19::20], 70 * (1 - np.exp(-np.arange(1, n // 20 + 1) / 1.5)))


@labelled(
    "detr_norms_rise",
    "gradient",
    "The norm before clipping goes up from 20 to hundreds",
    tenfold=10,
    fortyfold=40,
)
def detr_norms_rise(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 50, 300)
    t, steps = times(n), epochs(n)
    onset = rng.uniform(0.35, 0.55)
    norm = 22 * strength ** np.clip((t - onset) / (1 - onset), 0, 1) * (1 + 2 * np.exp(-t / 0.02))
    loss = learning(t, 21, 8.5, 6)
    log.add("train_loss", steps, jitter(rng, loss, 0.008))
    log.add("test_loss", steps, jitter(rng, loss + 1.2, 0.01))
    nears(log, rng, steps, {"train_loss_ce": (0.05 * loss, 0.012), "train_grad_norm": (norm, 0.12)})
    log.add("coco_eval_bbox_AP", steps, 0.36 * (1 - np.exp(-4 * t)) + rng.normal(0, 0.002, n))
    log.add("train_lr", steps, 1e-4 * stairs(t, 0.8))
    grows(log, "gradient", "train_grad_norm", steps, norm, index_of(t, onset), 0.12, ("explosion",))


@labelled(
    "mmseg_on_200_tiles",
    "overfitting",
    "Ten evaluations: the loss of validation doubles, mIoU falls",
    some=0.25,
    much=0.6,
)
def mmseg_on_200_tiles(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 10, 14)
    t, steps = times(n), every(n, 1600)
    worse = bent(t, 0.3, 0.75, 0.41, 0.41 + strength)
    log.add("val/decode.loss_ce", steps, jitter(rng, worse, 0.025))
    log.add("val/mIoU", steps, digits(eased(t, 48, 61, 0.4) + rng.normal(0, 0.5, n), 2))
    often = every(32 * n, 50)
    fine = times(32 * n)
    loss = learning(fine, 1.4, 0.05, 5)
    log.add("train/decode.loss_ce", often, jitter(rng, loss, 0.1))
    log.add("train/decode.acc_seg", often, 100 * counted(rng, 1 - 0.2 * loss, 9000))
    log.add("train/lr", often, 0.01 * (1 - 0.999 * fine) ** 0.9)
    turns_soon(log, "val/decode.loss_ce", steps, worse, 0.011)


@labelled(
    "nnunet_shares_its_cpu",
    "throughput",
    "Epochs take 3 times as long from some on",
    twice=2.0,
    five=5.0,
)
def nnunet_shares_its_cpu(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 1000)
    t, steps = times(n), epochs(n)
    log.seconds_per_step = 110.0
    index = index_of(t, rng.uniform(0.35, 0.7))
    log.add("train_losses", steps, learning(t, -0.2, -0.82, 6) + rng.normal(0, 0.012, n))
    log.add("val_losses", steps, learning(t, -0.2, -0.74, 6) + rng.normal(0, 0.025, n))
    abouts(
        log,
        rng,
        steps,
        {"mean_fg_dice": (eased(t, 0.35, 0.83), 0.02), "ema_fg_dice": (eased(t, 0.3, 0.83), 0.001)},
    )
    log.add("lrs", steps, 0.01 * (1 - 0.999 * t) ** 0.9)
    pace = np.where(np.arange(n) < index, 1, strength)
    nears(log, rng, steps, {"epoch_duration": (110 * pace, 0.02)})
    lags(log, steps, index, strength)


@healthy("monai_spleen", "A mean dice of nine volumes, at rest at a good value", tolerated=SURE)
def monai_spleen(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n) + 1
    log.add("epoch_average_loss", steps, jitter(rng, learning(t, 0.62, 0.06, 6), 0.03))
    seldom = steps[1::2]
    dice = eased(times(len(seldom)), 0.3, 0.945, 0.75) + correlated(rng, len(seldom), 0.006, 0.3)
    log.add("val_mean_dice", seldom, dice)


@healthy("smp_unet_of_roads", "Fourteen epochs of dice loss and IoU")
def smp_unet_of_roads(log: Log, rng: Rng) -> None:
    n = whole(rng, 10, 14)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    for run, end, sd in (("train", 0.12, 0.006), ("valid", 0.16, 0.012)):
        log.session(run)
        loss = eased(t, 0.55, end, 1.1)
        abouts(log, rng, steps, {"dice_loss": (loss, sd), "iou_score": (1 - 1.5 * loss, sd)})


@healthy(
    "deeplab_of_a_student", "A noisy loss of a batch each ten, mIoU(val) each epoch", tolerated=SURE
)
def deeplab_of_a_student(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1500)
    t, steps = times(n), every(n, 10)
    loss = jitter(rng, learning(t, 1.6, 0.22, 7), 0.2)
    log.add("Loss/train_iter", steps, loss)
    log.add("running_loss", steps, averaged(loss, 50))
    seldom = steps[n // 30 - 1 :: n // 30]
    score = 0.72 - 0.45 * np.exp(-3.5 * times(len(seldom))) + 0.015 * times(len(seldom))
    log.add("mIoU(val)", seldom, digits(score + rng.normal(0, 0.011, len(seldom)), 2))
    log.add(
        "PixelAcc(val)", seldom, digits(0.8 + 0.2 * score + rng.normal(0, 0.004, len(seldom)), 2)
    )


@labelled(
    "unet_calls_all_background",
    "collapse",
    "The dice coefficient is next to nought from an epoch on",
    near_nought=1e-4,
    nought=0.0,
)
def unet_calls_all_background(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 10, 14)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    index = index_of(t, rng.uniform(0.35, 0.6))
    kept = left(t, index, strength)
    for run, end in (("train", 0.68), ("validation", 0.61)):
        log.session(run)
        dice = jitter(rng, eased(t, 0.25, end, 1.2), 0.02) * kept
        log.add("epoch_dice_coef", steps, dice)
        log.add("epoch_loss", steps, 1 - dice)
        jumps(log, "collapse", ("epoch_dice_coef", "epoch_loss"), steps, index, ("divergence",))


@labelled(
    "depth_of_log_nought",
    "nonfinite",
    "The logarithm of an empty depth: the loss is NaN and stays it",
    early=0.3,
    late=0.8,
)
def depth_of_log_nought(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 600)
    t, steps = times(n), every(n, 100)
    index = index_of(t, strength)
    kept = left(t, index, np.nan)
    log.add("train/silog_loss", steps, kept * jitter(rng, learning(t, 8.5, 2.2, 6), 0.08))
    log.add("train/grad_norm", steps, kept * jitter(rng, settling(t, 1.1), 0.2))
    log.add("train/lr", steps, cosine(t, 1e-4, 0.02))
    jumps(log, "nonfinite", ("train/silog_loss", "train/grad_norm"), steps, index)
