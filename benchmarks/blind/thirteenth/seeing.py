"""Boxes, masks, classes and scans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.thirteenth.making import (
    at,
    counted,
    descent,
    every,
    fades,
    half_cosine,
    jitter,
    jumps,
    levels,
    noise,
    overfits,
    spikes,
    warmed,
)
from benchmarks.blind.thirteenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "hands_raised",
    "YOLO12n after results.csv of a public repository: a bump in the first epochs while rates of"
    " three groups warm up, training losses that drop where the mosaic is closed",
    tolerated=("plateau",),
)
def hands_raised(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(80, 201))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    bump = 0.35 * np.exp(-(((np.arange(n) - 2.5) / 1.3) ** 2))
    closed = np.arange(n) >= n - 10
    for name, end, span in (("box", 1.22, 0.75), ("cls", 1.18, 1.35), ("dfl", 1.38, 0.5)):
        fall = end + span * (0.45 * np.exp(-7 * t) + 0.55 * (1 - t) ** 1.2)
        train = fall - 0.09 * end * closed + 0.1 * span * bump
        log.add(f"train/{name}_loss", steps, np.round(jitter(rng, train, 0.006), 5))
        val = fall - 0.07 + span * bump + 0.02 * closed
        val = val + noise(rng, n, 0.07 * span) * (0.2 + np.exp(-4 * t))
        log.add(f"val/{name}_loss", steps, np.round(val, 5))
    wobble = noise(rng, n, 0.02) * (0.25 + np.exp(-3 * t))
    score = 0.77 - 0.52 * np.exp(-4.2 * t) - 0.12 * bump + wobble
    log.add("metrics/mAP50(B)", steps, np.round(score, 5))
    log.add("metrics/mAP50-95(B)", steps, np.round(0.68 * score, 5))
    log.add("metrics/recall(B)", steps, np.round(0.91 * score + noise(rng, n, 0.012), 5))
    rate = np.where(np.arange(n) < 3, (np.arange(n) + 1) / 3, 1 - 0.99 * t)
    for group in range(3):
        log.add(f"lr/pg{group}", steps, 0.002 * rate)


@healthy(
    "ct_organs_by_nnunet",
    "nnU-Net: pseudo dice of few patches per epoch jumps about its moving mean, losses are"
    " negative and still fall at the end, epochs take as long as each other",
    tolerated=("plateau",),
)
def ct_organs_by_nnunet(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.add("train_losses", steps, -0.84 + 0.9 * np.exp(-9 * t) - 0.04 * t + noise(rng, n, 0.012))
    log.add("val_losses", steps, -0.79 + 0.8 * np.exp(-9 * t) + noise(rng, n, 0.035))
    dice = 0.87 - 0.87 * np.exp(-11 * t)
    seen = dice + noise(rng, n, 0.02, 0.1)
    log.add("mean_fg_dice", steps, seen)
    smooth = np.empty(n)
    smooth[0] = seen[0]
    for i in range(1, n):
        smooth[i] = 0.9 * smooth[i - 1] + 0.1 * seen[i]
    log.add("ema_fg_dice", steps, smooth)
    log.add("lrs", steps, 0.01 * (1 - steps / n) ** 0.9)
    log.add("epoch_time", steps, jitter(rng, np.full(n, 97.0), 0.012))


@healthy(
    "restarts_from_the_first_epoch",
    "SGDR from the first epoch on, its rate logged: at each restart the loss goes up and ends"
    " lower",
    tolerated=("plateau",),
)
def restarts_from_the_first_epoch(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(90, 220))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    _, into = shapes.cycle(t, int(rng.integers(4, 7)))
    rate = 0.01 + 0.99 * (1 + np.cos(np.pi * into)) / 2
    loss = 0.25 + 3.0 * descent(rate, 900, 0.09)
    log.add("Loss/train", steps, jitter(rng, loss, 0.02))
    log.add("Loss/test", steps, jitter(rng, loss + 0.22, 0.025))
    log.add("Accuracy/test", steps, counted(rng, 0.965 - 0.2 * (loss - 0.25), 10_000))
    log.add("LR", steps, 0.1 * rate)


@healthy(
    "rate_cut_when_it_stands",
    "ReduceLROnPlateau: the rate is cut a tenth of itself after ten epochs without a better"
    " loss, two or three times, the loss takes a step down each time",
    tolerated=("plateau",),
)
def rate_cut_when_it_stands(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(90, 160))
    steps = shapes.steps(n, 1)
    now, best, since, low, rates, seen = 1.0, np.inf, 0, 1.8, [], []
    for _ in range(n):
        low += (0.42 + 0.5 * now**0.5 - low) * 0.09
        value = low * float(np.exp(rng.normal(0, 0.015)))
        rates.append(now)
        seen.append(value)
        since = 0 if value < best * 0.9999 else since + 1
        best = min(best, value)
        if since > 10:
            now, since = max(now * 0.1, 1e-3), 0
    log.add("val_loss", steps, np.array(seen))
    log.add("train_loss", steps, jitter(rng, np.array(seen) * 0.9, 0.01))
    log.add("learning_rate", steps, 1e-3 * np.array(rates))


@healthy(
    "one_cycle_for_pets",
    "one-cycle: the rate up to its peak in the first third and down to nothing; in between the"
    " loss is shaken, and ends best",
)
def one_cycle_for_pets(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    up = 0.04 + 0.96 * (1 - np.cos(np.pi * np.clip(t / 0.3, 0, 1))) / 2
    rate = np.where(t < 0.3, up, half_cosine(t, 0.3, 1e-4))
    loss = 0.35 + 3.2 * descent(rate, 2500, 0.05)
    log.add("train/smooth_loss", steps, jitter(rng, loss, 0.03, 0.85))
    log.add("lr_0", steps, 3e-3 * rate)
    log.add("mom_0", steps, 0.95 - 0.1 * rate)
    seen = every(steps, int(rng.integers(8, 21)))
    log.add(
        "valid/error_rate",
        seen,
        1 - counted(rng, 0.95 - 0.12 * (at(seen, steps, loss) - 0.35), 7390),
    )


@healthy(
    "mammograms_small_validation",
    "AUC of 180 scans of a rare finding: a step of 0.02 up or down from epoch to epoch is chance",
    tolerated=("plateau",),
)
def mammograms_small_validation(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(30, 80))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    fell = 0.31 + 0.33 * np.exp(-6 * t)
    log.add("train/loss_epoch", steps, jitter(rng, fell, 0.03))
    log.add("val/loss_epoch", steps, jitter(rng, fell + 0.05 * np.exp(-2 * t), 0.06))
    log.add("val/auroc", steps, np.round(0.86 - 0.25 * np.exp(-6 * t) + noise(rng, n, 0.016), 4))
    log.add("val/sensitivity", steps, np.round(counted(rng, 0.8 - 0.3 * np.exp(-6 * t), 31), 4))


@healthy(
    "digits_done_in_twelve",
    "MNIST: 0.991 after the fifth epoch and there it hovers, beneath its bound",
    tolerated=("plateau",),
)
def digits_done_in_twelve(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(10, 21))
    steps = np.arange(n, dtype=np.int64)
    log.session("train")
    log.add("epoch_loss", steps, jitter(rng, 0.012 + 0.25 * np.exp(-steps / 1.1), 0.08))
    log.add("epoch_accuracy", steps, counted(rng, 0.997 - 0.075 * np.exp(-steps / 1.1), 60_000))
    log.session("validation")
    log.add("epoch_loss", steps, jitter(rng, 0.031 + 0.07 * np.exp(-steps / 1.0), 0.06))
    log.add("epoch_accuracy", steps, counted(rng, 0.9908 - 0.02 * np.exp(-steps), 10_000))


@healthy(
    "detector_waits_for_evaluation",
    "MMDetection: after each epoch an evaluation of ten minutes, in which no step is logged;"
    " time and data_time are those of steps alone",
    tolerated=("plateau",),
)
def detector_waits_for_evaluation(log: Log, rng: np.random.Generator) -> None:
    epochs, each = 12, int(rng.integers(20, 60))
    n = epochs * each
    t, steps = shapes.times(n), shapes.steps(n, 50)
    log.seconds_per_step = 0.41
    for name, share in (("loss_cls", 0.45), ("loss_bbox", 0.4)):
        log.add(f"train/{name}", steps, jitter(rng, share * (0.55 + 0.9 * np.exp(-t / 0.12)), 0.08))
    log.add("train/time", steps, jitter(rng, np.full(n, 0.41), 0.02))
    log.add("train/data_time", steps, jitter(rng, np.full(n, 0.011), 0.15))
    stepped = np.where(t < 0.66, 1.0, np.where(t < 0.91, 0.1, 0.01))
    log.add("train/lr", steps, 0.02 * np.minimum(1, steps / 500) * stepped)
    seen = steps[each - 1 :: each]
    s = at(seen, steps, t)
    log.add("val/coco/bbox_mAP", seen, 0.33 + 0.045 * (s > 0.66) - 0.2 * np.exp(-s / 0.2))
    for first in steps[each::each].tolist():
        log.pause(first, float(rng.uniform(560, 680)))


@labelled(
    "boxes_blow_up",
    "divergence",
    "a detector with lr0 = 0.1: well for a third of its epochs, then classification loss of"
    " hundreds and no box is found any more (ultralytics #9222)",
    clear=1.0,
    moderate=0.55,
)
def boxes_blow_up(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(60, 150))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    a = int(n * rng.uniform(0.3, 0.5))
    gone = np.arange(n) >= a
    fall = 0.9 + 1.6 * np.exp(-5 * t)
    val = np.where(gone, 380 * strength**2, fall)
    log.add(
        "train/cls_loss",
        steps,
        jitter(rng, np.where(gone, fall * (1 + 1.2 * strength), fall), 0.02),
    )
    log.add("val/cls_loss", steps, jitter(rng, val, 0.06))
    score = 0.55 - 0.5 * np.exp(-5 * t)
    score = np.where(gone, score * (1 - strength), score)
    log.add("metrics/mAP50(B)", steps, np.round(np.clip(jitter(rng, score + 1e-5, 0.03), 0, 1), 5))
    log.add("lr/pg0", steps, 0.1 * (1 - 0.99 * t))
    jumps(log, "divergence", "metrics/mAP50(B)", steps, a, ("collapse", "overfitting"))
    jumps(log, "explosion", "val/cls_loss", steps, a, ("divergence", "overfitting"))


@labelled(
    "dice_is_not_a_number",
    "nonfinite",
    "an empty mask under mixed precision: 0 / 0 in the dice loss, and from that batch on every"
    " loss and each dice is NaN (MONAI #5213)",
    clear=1.0,
)
def dice_is_not_a_number(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(30, 120))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    a = int(n * rng.uniform(0.3, 0.8))
    dead = np.where(np.arange(n) < a, 0.0, np.nan) * strength
    log.add("train/dice_loss", steps, jitter(rng, 0.22 + 0.7 * np.exp(-5 * t), 0.04) + dead)
    log.add("val/mean_dice", steps, 0.81 - 0.7 * np.exp(-5 * t) + noise(rng, n, 0.015) + dead)
    log.add("train/lr", steps, 2e-4 * half_cosine(t))
    jumps(log, "nonfinite", ("train/dice_loss", "val/mean_dice"), steps, a)


@labelled(
    "lesions_learned_by_heart",
    "overfitting",
    "a U-Net on 60 scans for 150 epochs: its validation loss turns early and rises to half of"
    " where it began, through much noise, while training loss goes to nothing",
    clear=0.5,
    moderate=0.27,
)
def lesions_learned_by_heart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(70, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    best = rng.uniform(0.2, 0.32)
    worse = 0.3 + 0.6 * np.exp(-t / 0.06) + strength * np.clip((t - best) / (1 - best), 0, None)
    log.add("train_loss", steps, jitter(rng, 0.02 + 0.85 * np.exp(-t / 0.13), 0.05))
    log.add("val_loss", steps, worse + noise(rng, n, 0.03, 0.1))
    log.add("val_dice", steps, 0.78 - 0.6 * np.exp(-t / 0.06) + noise(rng, n, 0.012))
    overfits(log, "val_loss", steps, worse, 0.034)


@labelled(
    "students_flowers_in_thirty",
    "overfitting",
    "Keras, five kinds of flowers, no augmentation: validation loss turns at epoch six and more"
    " than doubles, accuracy stays (the tutorial of TensorFlow shows it)",
    clear=1.0,
    moderate=0.45,
)
def students_flowers_in_thirty(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(18, 45))
    t, steps = shapes.times(n), np.arange(n, dtype=np.int64)
    log.session("train")
    log.add("epoch_loss", steps, jitter(rng, 0.02 + 1.2 * np.exp(-t / 0.16), 0.07))
    log.add("epoch_accuracy", steps, counted(rng, 0.995 - 0.5 * np.exp(-t / 0.16), 2936))
    log.session("validation")
    worse = 0.86 + 0.7 * np.exp(-t / 0.07) + strength * np.clip((t - 0.22) / 0.78, 0, None)
    log.add("epoch_loss", steps, worse + noise(rng, n, 0.035, 0.0))
    log.add("epoch_accuracy", steps, counted(rng, 0.69 - 0.25 * np.exp(-t / 0.07), 734))
    overfits(log, "epoch_loss", steps, worse, 0.035)


@labelled(
    "fine_grained_stands_at_a_third",
    "plateau",
    "mAP rises to 0.31 within 60 epochs and for the other 240 nothing is better: half of the"
    " labels are shifted",
    clear=0.31,
)
def fine_grained_stands_at_a_third(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(150, 301))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    score = strength * (1 - np.exp(-t / 0.05))
    log.add("metrics/mAP50-95(B)", steps, np.round(score + noise(rng, n, 0.004), 5))
    log.add(
        "val/box_loss", steps, np.round(1.9 + 0.9 * np.exp(-t / 0.05) + noise(rng, n, 0.015), 5)
    )
    log.add("train/box_loss", steps, jitter(rng, 1.55 + 1.1 * np.exp(-t / 0.07) - 0.25 * t, 0.004))
    tags = ("metrics/mAP50-95(B)", "val/box_loss")
    levels(log, tags, steps, -score, int(0.2 * n), 0.005)


@labelled(
    "one_bad_validation",
    "spike",
    "batch statistics of one odd batch: validation loss of a single epoch is five times its"
    " neighbours', and the next is as before (pytorch #4741)",
    tolerated=("spike",),
    clear=6.0,
    moderate=1.5,
)
def one_bad_validation(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 130))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    i = int(n * rng.uniform(0.35, 0.85))
    val = jitter(rng, 0.5 + 1.6 * np.exp(-5 * t), 0.025)
    val[i] += strength
    log.add("loss/val", steps, val)
    log.add("loss/train", steps, jitter(rng, 0.42 + 1.7 * np.exp(-5 * t), 0.015))
    top = counted(rng, 0.87 - 0.5 * np.exp(-5 * t), 5000)
    top[i] *= 1 - 0.12 * strength / 1.5 if strength < 2 else 0.45
    log.add("top1/val", steps, top)
    spikes(log, ("loss/val", "top1/val"), steps, i, 1)


@labelled(
    "plateau_mode_is_max",
    "learning_rate",
    "ReduceLROnPlateau(mode='max') of a loss: it sees no better value ever and cuts the rate to"
    " nothing while the loss is still falling fast",
    clear=0.1,
    moderate=0.3,
    tolerated=("plateau",),
)
def plateau_mode_is_max(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(60, 150))
    steps = shapes.steps(n, 1)
    rate = strength ** ((np.arange(n) - 1) // 6).clip(0).astype(float)
    rate = np.maximum(rate, 1e-8)
    loss = 0.5 + 2 * descent(rate, 700, 0.02)
    log.add("val_loss", steps, jitter(rng, loss, 0.012))
    log.add("train_loss", steps, jitter(rng, 0.97 * loss, 0.01))
    log.add("lr", steps, 1e-3 * rate)
    fades(log, "lr", steps, rate)


@labelled(
    "warm_restart_breaks_it",
    "divergence",
    "no restarts before: late in the run the rate is set back to ten times its peak by a slip in"
    " the configuration of the second job, and losses rise and stay up",
    clear=10.0,
    moderate=4.0,
)
def warm_restart_breaks_it(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(80, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    a = int(n * rng.uniform(0.5, 0.7))
    rate = warmed(t, 0.05, half_cosine(t, 0.05, 0.02))
    rate[a:] = strength
    fall = 0.6 + 1.8 * np.exp(-t / 0.12)
    up = 0.28 * strength * (1 - np.exp(-np.clip(np.arange(n) - a + 1, 0, None) / 1.5))
    for part in (slice(None, a), slice(a, None)):
        log.session()
        log.add("train/loss", steps[part], jitter(rng, (fall + up)[part], 0.025))
        log.add("val/loss", steps[part], jitter(rng, (fall + 0.1 + up)[part], 0.035))
        log.add("lr", steps[part], 3e-4 * rate[part])
    jumps(log, "divergence", ("train/loss", "val/loss"), steps, a, ("overfitting",))
    jumps(log, "learning_rate", "lr", steps, a)
