"""Pictures, boxes, masks and volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import cosine
from benchmarks.blind.eleventh.making import (
    counted,
    jitter,
    kept,
    lasting,
    noise,
    paced,
    places,
    says_overfitting,
    shrunk,
    sunk,
    worsened,
)
from benchmarks.blind.eleventh.registry import healthy, labelled
from benchmarks.blind.windows import abrupt, flat, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "polyps_of_few_clinics",
    "overfitting",
    "a classifier of medical pictures: the loss on other clinics' patients turns up while their"
    " AUC sags a little (Lightning metrics.csv, MONAI)",
    clear=0.35,
    medium=0.17,
    faint=0.08,
    tolerated=("plateau", "divergence"),
)
def polyps_of_few_clinics(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 36, 110)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    best = rng.uniform(0.25, 0.4)
    log.seconds_per_step = 44.0
    log.add("train_loss_epoch", steps, jitter(rng, sunk(t, 0.62, 0.04, 6), 0.05))
    worse = 0.38 + 0.3 * np.exp(-10 * t / best) + shapes.ramp_after(t, best, strength, 1.1)
    log.add("val_loss", steps, worse + noise(rng, n, 0.013, 0.2))
    auc = 0.88 - 0.3 * np.exp(-9 * t / best) - shapes.ramp_after(t, best, 0.02)
    log.add("val_auroc", steps, auc + noise(rng, n, 0.006))
    log.add("lr-AdamW", steps, 1e-4)
    says_overfitting(log, "val_loss", steps, worse, lasting(0.013, 0.2))


@labelled(
    "boxes_vanish_in_mixed_precision",
    "collapse",
    "with automatic mixed precision the loss of the boxes is NaN from one epoch on, the scale is"
    " halved at each step and nothing is found any more (ultralytics #1148 and its like)",
    clear=0.45,
    medium=0.7,
    tolerated=("divergence", "gradient"),
)
def boxes_vanish_in_mixed_precision(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 140)
    t, steps = shapes.times(n), shapes.steps(n)
    index = int(strength * n)
    late = np.arange(n) >= index
    log.seconds_per_step = 62.0
    for part, start, end in (("box", 1.9, 0.9), ("cls", 2.9, 0.6), ("dfl", 1.7, 1.05)):
        loss = sunk(t, start, end, 8) + noise(rng, n, 0.012)
        log.add(f"train/{part}_loss", steps, np.where(late, np.nan, places(loss)))
    for name, top in (("mAP50(B)", 0.74), ("mAP50-95(B)", 0.49)):
        score = top * (1 - np.exp(-6 * t)) + noise(rng, n, 0.008)
        log.add(f"metrics/{name}", steps, np.where(late, 0.0, places(np.clip(score, 0, 1))))
    exponent = np.where(late, np.maximum(15 - 14 * (np.arange(n) - index + 1), -120), 15)
    log.add("amp/scale", steps, 2.0**exponent)
    window = abrupt(steps, index)
    log.true(
        "collapse",
        ("metrics/mAP50(B)", "metrics/mAP50-95(B)"),
        steps[index],
        window,
        also=("divergence",),
    )
    losses = ("train/box_loss", "train/cls_loss", "train/dfl_loss")
    log.true("nonfinite", losses, steps[index], window)
    last = int(steps[min(index + 10, n - 1)])
    log.true("loss_scale", "amp/scale", steps[index], (window[0], last))


@labelled(
    "streets_from_a_slow_disk",
    "throughput",
    "the pictures come ever later: waiting for data outgrows the step itself, while the mean"
    " overlap no longer moves (open-mmlab/mmsegmentation, data_time)",
    clear=6.0,
    medium=2.0,
    faint=0.8,
)
def streets_from_a_slow_disk(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    start = rng.uniform(0.2, 0.4)
    wait = 0.02 + shapes.ramp_after(t, start, 0.45 * strength, 1.2)
    seconds = 0.45 + wait
    paced(log, steps, seconds)
    log.add("data_time", steps, jitter(rng, wait, 0.1))
    log.add("time", steps, jitter(rng, seconds, 0.02))
    log.add("loss", steps, jitter(rng, 0.35 + 1.6 * np.exp(-10 * t), 0.1))
    m = int(rng.integers(30, 50))
    at = steps[np.linspace(n // m, n - 1, m).astype(int)]
    u = at / steps[-1]
    worse = -np.where(u < 0.35, 0.61 - 0.35 * np.exp(-5 * u / 0.35), 0.61 - 0.35 * np.exp(-5))
    log.add("mIoU", at, places(-100 * worse + noise(rng, m, 0.5), 2))
    index = int(start * n)
    window = gradual(steps, wait, index, 0.012)
    last = int(steps[min(index + (n - index) // 3, n - 1)])
    log.true(
        "throughput",
        ("data_time", "time", "loss"),
        steps[index],
        (window[0], max(window[1], last)),
        also=("explosion",),
    )
    at_index = int(np.argmax(u >= 0.35))
    log.true("plateau", "mIoU", at[at_index], flat(at, 100 * worse, at_index, lasting(0.5)))


@labelled(
    "volumes_that_overflow",
    "loss_scale",
    "a network of volumes in half precision: the scale sinks for a third of the run as the Dice"
    " loss climbs back (MIC-DKFZ/nnUNet, Project-MONAI)",
    clear=0.5,
    medium=0.25,
)
def volumes_that_overflow(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 400)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    turn = rng.uniform(0.55, 0.68)
    index = int(turn * n)
    since = np.maximum(np.arange(n) - index, 0) / (n - index)
    log.seconds_per_step = 95.0
    log.add("grad_scale", steps, 2.0 ** (16 - np.round(18 * np.minimum(since * 1.2, 1))))
    worse = sunk(t, 0.1, -0.83, 9, 0.15) + 1.1 * strength * np.minimum(since * 1.1, 1)
    log.add("train_loss", steps, places(worse + noise(rng, n, 0.02)))
    log.add("lr", steps, 0.01 * (1 - t) ** 0.9 + 1e-5)
    log.true(
        "loss_scale",
        "grad_scale",
        steps[index],
        (int(steps[index - 2]), int(steps[index + (n - index) // 2])),
    )
    low = int(np.argmin(worse))
    worsened(log, "train_loss", steps, worse, low, lasting(0.02))


@labelled(
    "fake_quantisers_switched_on",
    "divergence",
    "quantisation is simulated from some epoch on: accuracy falls at once and does not come back,"
    " and every step is clipped (pytorch/ao, quantization-aware training)",
    clear=0.3,
    medium=0.12,
    faint=0.05,
    tolerated=("plateau", "collapse"),
)
def fake_quantisers_switched_on(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 120)
    t, steps = shapes.times(n), shapes.steps(n)
    index = int(n * rng.uniform(0.45, 0.65))
    late = np.arange(n) >= index
    log.seconds_per_step = 130.0
    right = 0.71 - 0.45 * np.exp(-9 * t) - np.where(late, strength, 0)
    log.add("val/top1", steps, counted(rng, right, 10_000))
    log.add("train/loss", steps, jitter(rng, sunk(t, 4.2, 1.4, 8) + late * strength * 2, 0.015))
    share = np.where(late, 1.0, np.clip(0.04 + 0.5 * np.exp(-20 * t), 0, 1))
    clipped = np.where(late, 1.0, counted(rng, share, 1200))
    log.add("train/grad_clipped_fraction", steps, clipped)
    tags = ("val/top1", "train/loss")
    log.true("divergence", tags, steps[index], abrupt(steps, index), also=("collapse",))
    log.true("gradient", "train/grad_clipped_fraction", steps[index], abrupt(steps, index))


@labelled(
    "views_that_agree_on_nothing",
    "collapse",
    "all views of all pictures are one point: the spread of the embedding goes to nothing and the"
    " neighbours' accuracy stands where it was (facebookresearch/vicreg, solo-learn)",
    clear=0.25,
    medium=0.4,
    tolerated=("divergence",),
)
def views_that_agree_on_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 320)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    index = int(strength * n)
    log.seconds_per_step = 300.0
    spread = 0.9 * np.exp(-np.maximum(t - strength, 0) / 0.02) + 3e-4
    log.add("train/z_std", steps, jitter(rng, spread, 0.02))
    knn = kept(0.1 + 0.26 * (1 - np.exp(-4 * t / strength)), index)
    log.add("eval/knn_top1", steps, counted(rng, knn, 10_000))
    log.add("train/lr", steps, cosine(t, 0.3, 0.05, 0.01))
    shrunk(log, "train/z_std", steps, spread, index, 0.018)
    window = flat(steps, -knn, index, lasting(0.005, 0))
    log.true("plateau", "eval/knn_top1", steps[index], window)


@labelled(
    "reduced_into_the_floor",
    "learning_rate",
    "too short a patience: the rate is divided by ten whenever the noise has no new best, within a"
    " third of the run it is nothing and the validation stands (torch ReduceLROnPlateau,"
    " patience=2)",
    clear=0.28,
    medium=0.4,
    tolerated=("overfitting",),
)
def reduced_into_the_floor(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 200)
    t, steps = shapes.times(n), shapes.steps(n)
    log.seconds_per_step = 21.0
    first, last = int(0.4 * strength * n), int(strength * n)
    cuts = np.linspace(first, last, 6).astype(int)
    rate = 1e-3 * 10.0 ** -np.minimum(np.searchsorted(cuts, np.arange(n), side="right"), 7)
    log.add("lr", steps, rate)
    index = cuts[1]
    worse = kept(0.42 + 1.1 * np.exp(-3 * t / t[index]), index)
    log.add("train/loss", steps, jitter(rng, worse - 0.05, 0.015))
    log.add("val/loss", steps, places(worse + noise(rng, n, 0.012)))
    window = (int(steps[cuts[0] - 1]), int(steps[min(cuts[-1] + 2, n - 1)]))
    log.true("learning_rate", "lr", steps[cuts[0]], window)
    level = flat(steps, worse, index, lasting(0.012))
    log.true("plateau", ("val/loss", "train/loss"), steps[index], level)


@labelled(
    "one_batch_of_broken_frames",
    "spike",
    "a damaged video in the data: two or three points far out, and all is as before"
    " (facebookresearch/detectron2)",
    clear=6.0,
    medium=3.0,
    tolerated=("plateau",),
)
def one_batch_of_broken_frames(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 900)
    t, steps = shapes.times(n), shapes.steps(n, 20, 19)
    index = int(n * rng.uniform(0.4, 0.75))
    loss = sunk(t, 2.4, 0.62, 14) + shapes.decay_after(n, index, 0.62 * strength, 0.9)
    log.add("total_loss", steps, loss * np.exp(noise(rng, n, 0.06)))
    log.add("loss_mask", steps, jitter(rng, sunk(t, 0.69, 0.24, 14), 0.05))
    log.add("lr", steps, 0.02 * np.minimum(t / 0.02, 1) * np.where(t > 0.78, 0.1, 1.0))
    log.true("spike", "total_loss", steps[index], abrupt(steps, index))


@healthy(
    "patience_in_decimal_steps",
    "the rate is divided where the validation stood for ten epochs: three times, each followed by"
    " progress (Keras ReduceLROnPlateau)",
    tolerated=("plateau",),
)
def patience_in_decimal_steps(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 160)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    stage = np.searchsorted([0.4, 0.65, 0.85], t, side="right")
    within = np.where(stage == 0, t / 0.4, 0.0)
    for cut in (0.4, 0.65, 0.85):
        within = np.where(t >= cut, t - cut, within)
    level = np.array([0.92, 0.74, 0.66, 0.63])
    start = np.array([2.3, 0.92, 0.74, 0.66])
    haste = np.array([4.0, 60.0, 60.0, 60.0])
    loss = level[stage] + (start - level)[stage] * np.exp(-haste[stage] * within)
    log.add("epoch_learning_rate", steps, 1e-3 * 0.2**stage)
    log.session("validation")
    log.add("epoch_loss", steps, loss + noise(rng, n, 0.018))
    log.add("epoch_accuracy", steps, counted(rng, 0.96 - 0.28 * loss, 5000))


@healthy(
    "one_cycle_on_small_pictures",
    "up for a third and down to nothing at the very end: the accuracy climbs most in the last third"
    " (torch OneCycleLR; Smith & Topin)",
    tolerated=("plateau",),
)
def one_cycle_on_small_pictures(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 30, 120)
    t, steps = shapes.times(n), shapes.steps(n)
    up = t < 0.3
    rate = np.where(
        up,
        0.02 + 0.48 * (1 - np.cos(np.pi * t / 0.3)) / 2,
        0.25 * (1 + np.cos(np.pi * (t - 0.3) / 0.7)) + 1e-5,
    )
    log.add("lr", steps, rate)
    right = 0.5 + 0.28 * (1 - np.exp(-10 * t)) + 0.16 / (1 + np.exp(-(t - 0.75) / 0.09))
    log.add("valid_acc", steps, counted(rng, right - 0.015 * rate / 0.5, 10_000))
    log.add("train_loss", steps, jitter(rng, 0.05 + 2.2 * (0.97 - right), 0.02))


@healthy(
    "steady_ships_in_radar",
    "a detector of ships, 100 epochs: three losses fall, mosaic is closed for the last ten and the"
    " training losses step down (ultralytics results.csv)",
    tolerated=("plateau",),
)
def steady_ships_in_radar(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.choice([80, 100, 150]))
    t, steps = shapes.times(n), shapes.steps(n)
    last = np.where(np.arange(n) >= n - 10, 0.86, 1.0)
    for part, start, end in (("box", 1.8, 0.95), ("cls", 2.4, 0.55), ("dfl", 1.5, 1.02)):
        fall = sunk(t, start, end, 7, 0.5)
        log.add(f"train/{part}_loss", steps, places(fall * last + noise(rng, n, 0.012), 5))
        val = sunk(t, start * 1.03, end * 1.08, 8, 0.25)
        log.add(f"val/{part}_loss", steps, places(val + noise(rng, n, 0.015), 5))
    for name, top in (("mAP50(B)", 0.86), ("mAP50-95(B)", 0.57)):
        score = top * (1 - np.exp(-7 * t)) - 0.03 * (1 - t) + noise(rng, n, 0.006)
        log.add(f"metrics/{name}", steps, places(np.clip(score, 0, 1), 5))
    warm = np.minimum((steps - 0.0) / 3, 1)
    log.add("lr/pg0", steps, places(0.01 * warm * (1 - 0.99 * t), 6))


@healthy(
    "kidneys_over_a_thousand_epochs",
    "the pseudo Dice of the validation is noisy, its average creeps up, the rate falls as a"
    " polynomial (nnUNet progress)",
    tolerated=("plateau",),
)
def kidneys_over_a_thousand_epochs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    dice = 0.9 - 0.75 * np.exp(-14 * t) - 0.05 * (1 - t)
    seen = np.clip(dice + noise(rng, n, 0.012), 0, 1)
    smooth = seen.copy()
    for i in range(1, n):
        smooth[i] = 0.9 * smooth[i - 1] + 0.1 * seen[i]
    log.add(
        "train_losses",
        steps,
        places(-0.93 + 0.9 * np.exp(-12 * t) - 0.02 * t + noise(rng, n, 0.012)),
    )
    log.add(
        "val_losses", steps, places(-0.87 + 0.8 * np.exp(-14 * t) - 0.02 * t + noise(rng, n, 0.02))
    )
    log.add("mean_fg_dice", steps, places(seen))
    log.add("ema_fg_dice", steps, places(smooth))
    log.add("lrs", steps, 0.01 * (1 - steps / (n + 1)) ** 0.9)
    log.add("epoch_duration", steps, jitter(rng, np.full(n, 71.0), 0.02))


@healthy(
    "masked_patches_for_weeks",
    "a loss that falls in its third decimal for most of the run and a probe that climbs all the"
    " while (MAE)",
    tolerated=("plateau",),
)
def masked_patches_for_weeks(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.add("train_loss", steps, sunk(t, 0.88, 0.402, 40, 0.15) + noise(rng, n, 0.0008))
    log.add("train_lr", steps, cosine(t, 2.4e-3, 0.05, 0.0) + 1e-6)
    at = steps[:: max(n // 20, 1)]
    u = at / steps[-1]
    log.add("probe_top1", at, counted(rng, 0.32 + 0.36 * (1 - np.exp(-2.5 * u)), 50_000))


@healthy(
    "weeds_with_a_frozen_body",
    "ten epochs with the backbone frozen, its rate logged as 0, then all are trained: a dent and"
    " on, each epoch now longer (tf.keras fine-tuning guide)",
    tolerated=("throughput", "plateau", "spike"),
)
def weeds_with_a_frozen_body(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 36, 90)
    steps = shapes.steps(n)
    k = max(n // 4, 8)
    open_ = np.arange(n) >= k
    paced(log, steps, np.where(open_, 47.0, 19.0))
    log.add("lr/backbone", steps, np.where(open_, 1e-5, 0.0))
    log.add("lr/head", steps, np.where(open_, 1e-4, 1e-3))
    first = 0.62 + 1.3 * np.exp(-np.arange(n) / (k / 3))
    second = 0.27 + 0.33 * np.exp(-np.maximum(np.arange(n) - k, 0) / (n / 5))
    log.add("val_loss", steps, np.where(open_, second, first) + noise(rng, n, 0.012))
    log.add("val_accuracy", steps, counted(rng, 0.99 - 0.28 * np.where(open_, second, first), 1600))


@healthy(
    "a_few_slides_of_pathology",
    "thirty epochs with few slides to validate on: scores are coarse and jump, yet climb (MIL)",
    tolerated=("plateau",),
)
def a_few_slides_of_pathology(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(24, 44))
    t, steps = shapes.times(n), shapes.steps(n)
    log.add("train/loss", steps, places(jitter(rng, sunk(t, 0.69, 0.22, 4), 0.07)))
    log.add("val/auc", steps, np.clip(0.86 - 0.3 * np.exp(-5 * t) + noise(rng, n, 0.022), 0, 1))
    log.add("val/acc", steps, counted(rng, 0.8 - 0.25 * np.exp(-5 * t), 48))
    log.add("val/loss", steps, sunk(t, 0.69, 0.42, 6, 0.3) + noise(rng, n, 0.02))
