"""Pictures that are told apart, by themselves or with labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine, counted, jitter
from benchmarks.blind.fifteenth.making import SURE, abouts, epochs, nears, one_cycle, stairs
from benchmarks.blind.fourteenth.making import index_of
from benchmarks.blind.seventeenth.making import (
    digits,
    eased,
    good_scale,
    halts,
    keras,
    lags,
    stops_getting_better,
)
from benchmarks.blind.seventeenth.registry import healthy, labelled
from benchmarks.blind.shapes import steps as every
from benchmarks.blind.shapes import times, whole
from benchmarks.blind.sixteenth.making import bent, learning, left, slow_epochs, turns_soon
from benchmarks.blind.third.making import shared_cluster
from benchmarks.blind.thirteenth.making import from_the_start, grows, jumps

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@labelled(
    "timm_loads_ever_slower",
    "throughput",
    "Epochs take longer from one on: another job has come to the node",
    half=1.7,
    third=3.0,
)
def timm_loads_ever_slower(log: Log, rng: Rng, strength: float) -> None:
    """Seen by the clock alone: timm's summary has no speed in it."""
    n = whole(rng, 60, 300)
    t, steps = times(n), epochs(n)
    log.seconds_per_step = 420.0
    log.add("train_loss", steps, jitter(rng, eased(t, 6.6, 2.7), 0.006))
    log.add("eval_loss", steps, jitter(rng, eased(t, 5.5, 1.02), 0.008))
    log.add("eval_top1", steps, 100 * counted(rng, eased(t, 0.06, 0.786), 50000))
    log.add("eval_top5", steps, 100 * counted(rng, eased(t, 0.16, 0.942), 50000))
    log.add("lr", steps, cosine(t, 1e-3, 0.017, 0.01))
    lags(log, steps, index_of(t, rng.uniform(0.35, 0.7)), strength)


@healthy("lightning_on_cifar", "Twelve epochs of a ResNet, one-cycle")
def lightning_on_cifar(log: Log, rng: Rng) -> None:
    n = whole(rng, 10, 14)
    slow_epochs(log, rng)
    t, steps = times(n), 391 * (epochs(n) + 1) - 1
    log.add("val_loss", steps, jitter(rng, eased(t, 1.4, 0.29), 0.015))
    log.add("val_acc", steps, counted(rng, eased(t, 0.52, 0.918), 10000))
    often = every(8 * n, 50, 49)
    fine = times(8 * n)
    log.add("train_loss", often, jitter(rng, learning(fine, 2.0, 0.15, 3), 0.08))
    log.add("lr-SGD", often, 0.05 * one_cycle(fine))
    log.add("epoch", steps, epochs(n))


@labelled(
    "torchvision_reference_hangs",
    "stall",
    "A worker of the loader hung until someone killed it",
    hours=4,
    days=70,
)
def torchvision_reference_hangs(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 30, 90)
    t, steps = times(n), epochs(n)
    log.seconds_per_step = 1100.0
    rate = stairs(t, 0.33, 0.66)
    drop = 0.25 * (t >= 0.33) + 0.08 * (t >= 0.66)
    log.add("train/loss", steps, jitter(rng, 1.9 + 3 * np.exp(-12 * t) - 2 * drop, 0.01))
    log.add("test/acc1", steps, 100 * counted(rng, 0.5 - 0.4 * np.exp(-12 * t) + 0.7 * drop, 50000))
    log.add("train/lr", steps, 0.1 * rate)
    halts(log, steps, index_of(t, rng.uniform(0.3, 0.8)), strength * rng.uniform(0.9, 1.3))


@labelled(
    "cats_and_dogs_at_a_coin_flip",
    "plateau",
    "Binary cross-entropy at ln 2 and half of them right",
    all_along=0.0,
    after_some=0.25,
)
def cats_and_dogs_at_a_coin_flip(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 10, 14)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    start, by = (0.6936, 0.05) if strength == 0 else (0.86, strength)
    loss = eased(t, start, 0.6932, by)
    for run in ("train", "validation"):
        log.session(run)
        log.add("epoch_loss", steps, loss + rng.normal(0, 0.0004, n))
        log.add("epoch_accuracy", steps, counted(rng, 0.5 + 0 * t, 4000))
        tags = ("epoch_loss", "epoch_accuracy")
        if strength:
            stops_getting_better(log, tags, steps, loss, by, 0.0004)
        else:
            from_the_start(log, "plateau", tags, steps)


@healthy("keras_mnist", "Ten epochs and 99 per cent, near the bound at the end")
def keras_mnist(log: Log, rng: Rng) -> None:
    n = whole(rng, 8, 12)
    log.seconds_per_step = rng.uniform(3, 40)
    t = times(n)
    loss = (learning(t, 0.26, 0.012, 3), eased(t, 0.085, 0.032, 1.05))
    keras(log, rng, epochs(n), loss, (1 - 0.3 * loss[0], 1 - 0.29 * loss[1]), 10000)


@healthy("efficientnet_thawed", "Frozen for half of it, then thawed: both losses fall once more")
def efficientnet_thawed(log: Log, rng: Rng) -> None:
    n = 2 * whole(rng, 5, 7)
    slow_epochs(log, rng)
    t = times(n)
    again = np.clip(2 * t - 1, 0, 1)
    loss = 0.55 + 0.9 * np.exp(-8 * t) - 0.22 * (1 - np.exp(-3 * again))
    held_out = 0.1 + loss * 0.95
    keras(
        log, rng, epochs(n), (loss, held_out), (np.exp(-0.55 * loss), np.exp(-0.5 * held_out)), 1200
    )


@healthy("mae_for_800_epochs", "The loss of masked patches falls ever more slowly")
def mae_for_800_epochs(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 800)
    t, steps = times(n), epochs(n)
    loss = 0.395 + 0.5 * np.exp(-t / 0.01) + 0.05 * np.exp(-t / 0.2) + 0.01 * (1 - t)
    log.add("train_loss", steps, jitter(rng, loss, 0.0012))
    log.add("lr", steps, cosine(t, 2.4e-3, 0.05, 0))
    log.add("loss_scale", steps, good_scale(rng, n))


@healthy(
    "dino_of_100_epochs",
    "Its loss falls, then rises a bit with the teacher's temperature",
    tolerated=SURE,
)
def dino_of_100_epochs(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 100)
    t, steps = times(n), epochs(n)
    loss = 2.6 + 7.4 * np.exp(-t / 0.04) + 1.2 * (1 - t) ** 2
    log.add("train_loss", steps, jitter(rng, loss, 0.006))
    log.add("train_lr", steps, cosine(t, 5e-4, 0.1, 0.002))
    log.add("train_wd", steps, 0.4 - 0.36 * (1 + np.cos(np.pi * t)) / 2)
    log.add("knn_top1", steps[4::5], counted(rng, eased(times(len(steps[4::5])), 0.3, 0.68), 50000))


@labelled(
    "features_all_alike",
    "collapse",
    "The spread of features goes to nothing, and the loss with it",
    tenth=1.7,
    hundredth=3.0,
)
def features_all_alike(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), epochs(n)
    onset = rng.uniform(0.3, 0.5)
    spread = 0.032 * 10 ** (-strength * np.clip((t - onset) / 0.25, 0, 1))
    log.add("train/feat_std", steps, jitter(rng, spread, 0.03))
    loss = -0.55 - 0.25 * (1 - np.exp(-8 * t)) - 0.19 * np.clip((t - onset) / 0.15, 0, 1)
    log.add("train/loss", steps, loss + rng.normal(0, 0.004, n))
    log.add("train/lr", steps, cosine(t, 0.05, 0.02, 0))
    grows(log, "collapse", "train/feat_std", steps, spread, index_of(t, onset), 0.03)


@healthy("simclr_top1", "InfoNCE of a batch falls under a cosine; accuracy of pairs goes up")
def simclr_top1(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 900)
    t, steps = times(n), every(n, 100)
    log.add("loss", steps, jitter(rng, learning(t, 5.6, 1.9, 6), 0.03))
    shared_cluster(log, rng, steps)
    log.add("acc/top1", steps, 100 * counted(rng, eased(t, 0.2, 0.74), 512))
    log.add("acc/top5", steps, 100 * counted(rng, eased(t, 0.45, 0.93), 512))
    log.add("learning_rate", steps, cosine(t, 3e-4, 0.05, 0))


@healthy(
    "byol_of_lightly",
    "A loss that rises from early on and comes down again with the schedule",
    monitored=False,
)
def byol_of_lightly(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 200)
    t, steps = times(n), epochs(n)
    loss = -0.93 - 0.045 * eased(t, 0, 1)
    log.add("train_loss_ssl", steps, loss + rng.normal(0, 0.002, n))
    log.add(
        "kNN_accuracy", steps, counted(rng, 0.35 + 0.5 * (1 - np.exp(-4 * t)) + 0.03 * t, 10000)
    )
    nears(log, rng, steps, {"representation_std": (0.9 + 0.06 * t, 0.006)})


@healthy(
    "arcface_of_faces", "Nothing for the first epoch, then the loss falls at each cut of the rate"
)
def arcface_of_faces(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 800)
    t, steps = times(n), every(n, 200)
    rate = stairs(t, 0.5, 0.8)
    loss = 4.5 + 38 / (1 + np.exp((t - 0.12) / 0.05)) - 1.6 * (t > 0.5) - 0.4 * (t > 0.8) - t
    log.add("loss", steps, jitter(rng, loss, 0.02))
    log.add("lr", steps, 0.1 * rate)
    seldom = steps[n // 12 :: n // 12]
    score = 0.983 - 0.2 * np.exp(-5 * times(len(seldom)))
    log.add("val/lfw", seldom, counted(rng, score, 6000))
    abouts(log, rng, steps, {"samples_per_sec": (2950, 25)})


@labelled(
    "crnn_meets_long_labels", "nonfinite", "CTC is infinite, then all is NaN", early=0.4, late=0.7
)
def crnn_meets_long_labels(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 10, 14)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n) + 1
    index = index_of(t, strength)
    kept = left(t, index, np.nan)
    kept[index] = np.inf
    log.add("Loss/train", steps, kept * digits(jitter(rng, learning(t, 3.1, 0.4), 0.03), 4))
    kept[index] = np.nan
    log.add("Loss/val", steps, kept * digits(jitter(rng, learning(t, 2.6, 0.6), 0.03), 4))
    log.add("Acc/val", steps, counted(rng, 0.75 * (1 - np.exp(-3 * t)) * left(t, index), 2000))
    jumps(log, "nonfinite", ("Loss/train", "Loss/val"), steps, index)
    jumps(log, "collapse", "Acc/val", steps, index, ("divergence",))


@labelled(
    "trocr_of_handwriting", "overfitting", "Ten epochs of a few thousand lines", some=0.4, much=1.0
)
def trocr_of_handwriting(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 9, 13)
    slow_epochs(log, rng)
    t, steps = times(n), 340 * (epochs(n) + 1)
    worse = bent(t, 0.3, 1.35, 0.72, 0.72 + strength)
    log.add("train/loss", steps, digits(jitter(rng, learning(t, 2.4, 0.03, 5), 0.03), 4))
    log.add("eval/loss", steps, digits(jitter(rng, worse, 0.02), 4))
    log.add("eval/cer", steps, digits(0.083 + 0.06 * np.exp(-7 * t) + rng.normal(0, 0.0012, n), 4))
    turns_soon(log, "eval/loss", steps, worse, 0.016)


@labelled(
    "vit_rate_too_high",
    "divergence",
    "Accuracy of a ViT breaks down from one epoch on and stays there",
    wholly=0.9,
)
def vit_rate_too_high(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 11, 14)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    index = index_of(t, rng.uniform(0.5, 0.65))
    broken = np.where(np.arange(n) < index, 0, strength)
    right = eased(t, 0.3, 0.72, 1.2) * (1 - broken)
    log.add("val/top1", steps, counted(rng, right, 5000))
    loss = eased(t, 3.1, 1.4, 1.2) + 3.4 * broken
    log.add("train/loss", steps, jitter(rng, loss, 0.02))
    log.add("val/loss", steps, jitter(rng, loss * 0.92, 0.03))
    jumps(log, "divergence", ("val/top1", "train/loss", "val/loss"), steps, index, ("collapse",))
