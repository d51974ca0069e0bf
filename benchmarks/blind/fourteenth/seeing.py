"""Classes, segments and scans: Lightning, timm, Keras, the Trainer of Hugging Face."""

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


@healthy(
    "resnet_steps_at_30_60_90",
    "Two drops of the loss where the rate is cut tenfold.",
    tolerated=("plateau",),
)
def resnet_steps_at_30_60_90(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(100, 1, 0)
    t = times(100)
    rate = 0.1 ** np.floor(epochs / 30)
    excess = descent(rate, 1500, 0.35)
    near(log, rng, "loss/train", epochs, 0.8 + 6 * excess, 0.01)
    near(log, rng, "loss/val", epochs, 0.95 + 5 * excess, 0.03)
    scores(log, rng, "acc1/val", epochs, 0.765 - 0.75 * excess, 3000)
    log.add("lr", epochs, 0.1 * rate + 0 * t)


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


@healthy(
    "segformer_city_poly",
    "IoU still creeping up, with classes too few to be sure of.",
    tolerated=("plateau",),
)
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
    near(log, rng, "epoch_loss/validation", epochs, val, 0.05)
    scores(log, rng, "epoch_accuracy/validation", epochs, approach(t, 0.55, 0.79, 9), 1000)
    overfits(log, "epoch_loss/validation", epochs, val, 0.03)


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
