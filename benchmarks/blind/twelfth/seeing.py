"""Pictures: classes, boxes, masks and medicine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import (
    at,
    cosine,
    counted,
    from_the_start,
    interval,
    jitter,
    noise,
    says_overfitting,
)
from benchmarks.blind.twelfth.making import (
    by_epochs,
    jumps,
    kept_scale,
    levels,
    lost_scale,
    saturating,
    says_scale,
    scales,
    since,
    single,
    sinking,
)
from benchmarks.blind.twelfth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "mosaic_closed_at_last",
    "boxes of five decimals an epoch: the rate of the biases comes down during the warm-up, and the"
    " training losses step down when mosaics end (ultralytics, results.csv)",
    tolerated=("plateau",),
)
def mosaic_closed_at_last(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(60, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    closed = np.arange(n) >= n - 10
    for part, start, end in (("box", 1.72, 1.02), ("cls", 3.1, 0.66), ("dfl", 1.6, 1.05)):
        curve = sinking(t, start, end, 0.8, 0.05)
        log.add(f"train/{part}_loss", steps, np.round(jitter(rng, curve - 0.06 * closed, 0.008), 5))
        log.add(f"val/{part}_loss", steps, np.round(jitter(rng, 1.06 * curve, 0.03), 5))
    wide = saturating(t, 0.08, 0.71, 5) + noise(rng, n, 0.014)
    log.add("metrics/mAP50(B)", steps, np.round(wide, 5))
    log.add(
        "metrics/mAP50-95(B)",
        steps,
        np.round(saturating(t, 0.03, 0.49, 5) + noise(rng, n, 0.006), 5),
    )
    rate = 0.01 * (1 - 0.99 * t)
    warm = np.clip(np.arange(1, n + 1) / 3, 0, 1)
    log.add("lr/pg0", steps, rate * warm + 0.07 * (1 - warm))
    log.add("lr/pg1", steps, rate * warm)


@healthy(
    "a_thousand_poly_epochs",
    "overlap with a minus sign as a loss, a rate that goes to zero as a power, a smoothed score"
    " (MIC-DKFZ/nnUNet, ema_fg_dice)",
    tolerated=("plateau",),
)
def a_thousand_poly_epochs(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.choice((250, 500, 1000)))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.add(
        "train_losses",
        steps,
        np.round(sinking(t, -0.1, -0.88, 0.9, 0.03) + noise(rng, n, 0.008), 4),
    )
    seen = sinking(t, -0.2, -0.81, 0.9, 0.03) + noise(rng, n, 0.014)
    log.add("val_losses", steps, np.round(seen, 4))
    dice = saturating(t, 0.3, 0.874, 9)
    log.add("mean_fg_dice", steps, np.round(dice + noise(rng, n, 0.009), 4))
    log.add("ema_fg_dice", steps, np.round(dice + noise(rng, n, 0.0015, 0.9), 4))
    log.add("lrs", steps, 0.01 * (1 - steps / n) ** 0.9)


@healthy(
    "four_bits_from_the_start",
    "training with quantised weights from a float model: the first epochs repair what rounding"
    " broke (Xilinx/brevitas, examples)",
    tolerated=("plateau",),
)
def four_bits_from_the_start(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(15, 45))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.add("val/top1", steps, np.round(saturating(t, 34.2, 69.1, 4.5) + noise(rng, n, 0.35), 3))
    log.add("val/loss", steps, sinking(t, 2.9, 1.24, 1.1, 0.08) + noise(rng, n, 0.008))
    log.add("train/loss", steps, sinking(t, 3.0, 1.31, 1.1, 0.08) + noise(rng, n, 0.006))
    log.add("lr", steps, cosine(t, 1e-4, 0.01, 0))


@healthy(
    "few_patients",
    "a hundred and twenty patients to validate with: the area under the curve leaps about and rises"
    " (MONAI tutorials, val_mean_auc)",
)
def few_patients(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(20, 50))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.add("train_loss", steps, jitter(rng, sinking(t, 0.72, 0.31, 0.8, 0.1), 0.03))
    log.add("val_loss", steps, jitter(rng, sinking(t, 0.7, 0.41, 0.8, 0.1), 0.035))
    log.add("val_mean_auc", steps, single(saturating(t, 0.58, 0.87, 2.5) + noise(rng, n, 0.018)))


@healthy(
    "digits_of_the_first_course",
    "ten epochs on handwritten digits, two writers, accuracy near one (Keras callback)",
    tolerated=("plateau",),
)
def digits_of_the_first_course(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(8, 16))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.session("train")
    log.add("epoch_loss", steps, single(jitter(rng, sinking(t, 0.31, 0.016, 0.9, 0.1), 0.02)))
    log.add("epoch_accuracy", steps, counted(rng, 1 - sinking(t, 0.09, 0.005, 0.9, 0.1), 60_000))
    log.session("validation")
    log.add("epoch_loss", steps, single(jitter(rng, sinking(t, 0.12, 0.031, 0.9, 0.2), 0.08)))
    log.add("epoch_accuracy", steps, counted(rng, 1 - sinking(t, 0.04, 0.0095, 0.9, 0.2), 10_000))


@labelled(
    "no_box_left",
    "divergence",
    "from one epoch on there is hardly a box that is right and the class loss of the validation is"
    " far up; it never comes back (ultralytics, issues on mAP that drops to zero)",
    tolerated=("collapse", "explosion", "plateau", "overfitting"),
    clear=0.97,
    faint=0.45,
)
def no_box_left(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(70, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    index = int(n * rng.uniform(0.5, 0.7))
    lost = strength * (np.arange(n) >= index)
    score = saturating(t, 0.05, 0.62, 5) * (1 - lost)
    score = np.clip(score + noise(rng, n, 0.008) * (1.02 - lost), 0, 1)
    log.add("metrics/mAP50-95(B)", steps, np.round(score, 5))
    jumps(log, "divergence", "metrics/mAP50-95(B)", steps, index, points=3, also=("collapse",))
    curve = sinking(t, 2.6, 0.8, 0.8, 0.05)
    log.add("val/cls_loss", steps, np.round(jitter(rng, curve + 2.1 * lost, 0.015), 5))
    jumps(
        log, "divergence", "val/cls_loss", steps, index, points=3, also=("overfitting", "explosion")
    )
    log.add("train/cls_loss", steps, np.round(jitter(rng, curve, 0.008), 5))
    log.add("lr/pg0", steps, 0.01 * (1 - 0.99 * t))


@labelled(
    "small_set_of_scans",
    "overfitting",
    "thirty scans to learn from: the training loss falls to the end, the validation's overlap turns"
    " (MIC-DKFZ/nnUNet, issues on small data sets)",
    tolerated=("divergence",),
    clear=0.16,
    faint=0.09,
)
def small_set_of_scans(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(120, 280))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    worse = -0.72 + 0.6 * np.exp(-16 * t) + strength * np.clip((t - 0.3) / 0.7, 0, None)
    log.add(
        "train_loss", steps, np.round(sinking(t, -0.05, -0.95, 1.0, 0.05) + noise(rng, n, 0.006), 4)
    )
    log.add("val_loss", steps, np.round(worse + noise(rng, n, 0.012), 4))
    says_overfitting(log, "val_loss", steps, worse, 0.016)
    log.add("lr", steps, 0.01 * (1 - t * 0.999) ** 0.9)


@labelled(
    "at_chance_with_no_gradient",
    "plateau",
    "all units are dead: the gradient's norm goes to nothing within a few epochs and the loss stays"
    " at that of guessing (Lu et al. 2019, dying ReLU; course projects)",
    tolerated=("divergence", "gradient"),
)
def at_chance_with_no_gradient(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(40, 140))
    steps = shapes.steps(n, 1, 0)
    first = int(n * rng.uniform(0.1, 0.15))
    norm = 0.9 * strength * np.exp(-9 * (1 - np.exp(-12 * since(n, first))))
    log.add("Loss/train", steps, np.log(10) + noise(rng, n, 0.0015, 0.1))
    log.add("Loss/val", steps, np.log(10) + noise(rng, n, 0.0012, 0.1))
    both_losses = ("Loss/train", "Loss/val", "Accuracy/val")
    log.add("Accuracy/val", steps, counted(rng, np.full(n, 0.1), 5000))
    log.true("plateau", both_losses, steps[0], from_the_start(steps), also=("divergence",))
    log.add("GradNorm/total", steps, norm * np.exp(noise(rng, n, 0.1)))
    scales(log, "collapse", "GradNorm/total", steps, norm, first, 0.14, also=("gradient",))


@labelled(
    "boxes_no_better_since_long",
    "plateau",
    "the mean precision is where it was after a quarter of the run, at a third of what is possible;"
    " one epoch was far off (open-mmlab/mmdetection, coco/bbox_mAP)",
    tolerated=("overfitting",),
)
def boxes_no_better_since_long(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(60, 150))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    leap = int(n * rng.uniform(0.6, 0.8))
    score = 0.31 - 0.29 * np.exp(-t / 0.04)
    loss = 0.74 + 1.5 * np.exp(-t / 0.04)
    loss[leap] += 2.4 * strength
    log.add("coco/bbox_mAP", steps, np.round(score + noise(rng, n, 0.003, 0.1), 3))
    levels(log, "coco/bbox_mAP", steps, int(0.17 * n), int(0.42 * n))
    log.add("val/loss", steps, loss + noise(rng, n, 0.012, 0.1))
    jumps(log, "spike", "val/loss", steps, leap)
    log.add("lr", steps, 0.02)


@labelled(
    "infinite_norm_then_none",
    "nonfinite",
    "mixed precision: the norm grows, the scale is halved down to the bottom, and the loss is NaN"
    " for the rest (facebookresearch/ConvNeXt and timm, issues on NaN loss)",
    tolerated=("explosion",),
)
def infinite_norm_then_none(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    first = int(n * rng.uniform(0.4, 0.5))
    dead = int(n * rng.uniform(0.72, 0.85))
    norm = 1.4 * strength * np.exp(4 * since(n, first))
    noisy = norm * np.exp(noise(rng, n, 0.18))
    loss = sinking(t, 6.9, 2.9, 0.6) + noise(rng, n, 0.05)
    noisy[dead:] = loss[dead:] = np.nan
    scale = lost_scale(kept_scale(rng, n, 16, 2), first + n // 12, n / 90, -1)
    log.add("train_loss_iter", steps, loss)
    jumps(log, "nonfinite", ("train_loss_iter", "grad_norm"), steps, dead)
    log.add("grad_norm", steps, noisy)
    alive = slice(None, dead)
    also = ("explosion", "nonfinite")
    scales(log, "gradient", "grad_norm", steps[alive], norm[alive], first, 0.24, also=also)
    log.add("loss_scale", steps, scale)
    says_scale(log, "loss_scale", steps, scale, first + n // 12)


@labelled(
    "one_bad_scan",
    "nonfinite",
    "since a file was added to the validation set its loss is NaN at each evaluation, and the"
    " training goes on (Project-MONAI/MONAI, discussions)",
)
def one_bad_scan(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 500)
    t, steps = shapes.times(n), shapes.steps(n, 8)
    curve = sinking(t, 0.95, 0.21 * strength, 0.7, 0.05)
    log.add("train/dice_ce", steps, jitter(rng, curve, 0.05))
    evals = interval(steps, int(steps[-1]) // 24)
    seen = jitter(rng, 1.1 * at(evals, steps, curve), 0.02)
    dead = int(rng.integers(9, 19))
    seen[dead:] = np.nan
    log.add("val/dice_ce", evals, seen)
    jumps(log, "nonfinite", "val/dice_ce", evals, dead)
    log.add("lr", steps, cosine(t, 1e-3, 0.05, 0))
    worst = noise(rng, len(evals), 0.005)
    log.add("val/hd95_mm", evals[:dead], (31 * np.exp(-evals / evals[-1]) * (1 + worst))[:dead])
