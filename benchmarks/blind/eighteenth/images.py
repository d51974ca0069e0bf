"""Pictures and their classes: Lightning, timm, Keras, torchvision, MMPretrain, own loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    around,
    course,
    decades,
    epochs,
    from_point,
    frozen_at,
    paced,
    put,
    where,
)
from benchmarks.blind.eighteenth.registry import healthy, labelled
from benchmarks.blind.eighth.making import (
    at,
    cosine,
    counted,
    interval,
    jitter,
    lasting,
    turned,
)
from benchmarks.blind.seventeenth.making import (
    digits,
    eased,
    epoch_table,
    halts,
    keras,
    lags,
    stops_getting_better,
)
from benchmarks.blind.shapes import cycle, decay_after
from benchmarks.blind.thirteenth.making import (
    from_the_start,
    grows,
    jumps,
    overfits,
    spikes,
)

if TYPE_CHECKING:
    from benchmarks.blind.eighteenth.making import Array, Rng
    from benchmarks.blind.runs import Log


def classes(t: Array, first: float, last: float) -> Array:
    """An accuracy that grows fast and then slowly, to the end."""
    return last + (first - last) * (0.7 * np.exp(-8 * t) + 0.3 * (1 - t) ** 2)


@healthy("timm_vit_small_with_mixup", "training loss above validation loss, as mixup does")
def timm(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 100, 300, 8)
    put(log, rng, steps, {"train/loss": (6.9 - 4.1 * (1 - np.exp(-4 * t)) - 0.3 * t, 0.008)})
    put(log, rng, steps, {"eval/loss": (6.7 - 5.3 * (1 - np.exp(-4 * t)) - 0.25 * t, 0.01)})
    top = 100 * classes(t, 0.02, 0.79)
    around(log, rng, steps, {"eval/top1": (top, 0.15), "eval/top5": (55 + top / 2, 0.1)})
    log.add("train/lr", steps, cosine(t, 1e-3, 0.03, 0.01))


@healthy("torchvision_step_decay_resnet", "the rate falls by ten at 30 and 60 of 90 epochs")
def torchvision(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 90, 91, 12)
    cut = np.minimum(steps // 31, 2)
    level = np.array([2.0, 1.25, 1.05])[cut]
    since = steps - 31 * cut
    put(log, rng, steps, {"loss/train": (level + 2.2 * np.exp(-steps / 4) - 0.004 * since, 0.01)})
    acc = np.array([57.0, 71.0, 73.6])[cut] - 40 * np.exp(-steps / 4) + 0.02 * since
    noise = np.array([1.6, 0.35, 0.12])[cut]
    log.add("acc1/val", steps, acc + noise * rng.normal(size=len(t)))
    log.add("lr", steps, 0.1 * 0.1**cut)


@healthy("keras_cifar_with_augmentation", "what Keras writes; sound to the end")
def keras_cifar(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 30, 80, 0.5)
    keras(
        log,
        rng,
        steps - 1,
        (1.6 * np.exp(-4 * t) + 0.45 - 0.1 * t, 1.5 * np.exp(-4 * t) + 0.55 - 0.1 * t),
        (classes(t, 0.4, 0.87), classes(t, 0.45, 0.84)),
        5000,
    )


@healthy("lightning_cyclic_rate_of_leaves", "warm restarts: waves in loss and score")
def restarts(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 120, 360, 50)
    number, inside = cycle(t, 4)
    loss = 0.4 * 0.72**number + 0.35 * 0.8**number * (1 - inside) ** 2 + 0.9 * np.exp(-t / 0.03)
    put(log, rng, steps, {"train_loss_step": (loss, 0.08)})
    log.add("lr-SGD", steps, 0.05 * (1 + np.cos(np.pi * inside)) / 2 + 1e-4)
    rare = interval(steps, int(steps[-1]) // 40)
    put(log, rng, rare, {"val_loss": (at(rare, steps, loss * 1.1 + 0.05), 0.03)})
    log.add("val_acc", rare, counted(rng, 0.97 - 0.35 * at(rare, steps, loss), 1200))


@healthy("one_cycle_in_thirty_epochs", "validation rocks at the peak of the rate, then settles")
def one_cycle(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 25, 40, 1)
    rate = np.where(t < 0.3, 0.1 + 0.9 * t / 0.3, 0.5 * (1 + np.cos(np.pi * (t - 0.3) / 0.7)))
    log.add("lr", steps, 0.1 * rate + 1e-6)
    put(log, rng, steps, {"train_loss": (1.6 * np.exp(-5 * t) + 0.35 * (1 - t) + 0.08, 0.02)})
    rocks = np.abs(rng.normal(0, 0.12, len(t))) * rate
    log.add("valid_loss", steps, 1.4 * np.exp(-5 * t) + 0.3 + 0.2 * (1 - t) + rocks)
    right = 0.62 + 0.31 * t**0.6 - rocks / 3
    log.add("accuracy", steps, counted(rng, right, 3000))


@healthy("skin_lesions_of_two_hundred", "sixty pictures to validate: a staircase of noise")
def lesions(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 25, 60, 0.4)
    put(log, rng, steps, {"Train/Loss": (0.66 - 0.3 * t**0.7, 0.06)})
    put(log, rng, steps, {"Val/Loss": (0.68 - 0.2 * t**0.7, 0.07)})
    log.add("Val/Accuracy", steps, counted(rng, 0.58 + 0.26 * t**0.7, 60))
    log.add("Val/AUC", steps, digits(0.62 + 0.25 * t**0.7 + rng.normal(0, 0.02, len(t)), 3))


@healthy("finetuned_swin_eight_epochs", "done after two, the rest is the tail of the cosine")
def swin(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 8, 10, 20)
    put(log, rng, steps, {"train_loss": (0.9 * np.exp(-4 * t) + 0.35 - 0.08 * t, 0.02)})
    around(log, rng, steps, {"val_acc": (eased(t, 0.88, 0.934, 1), 0.0012)})
    log.add("lr", steps, cosine(t, 5e-5, 0.05, 0))


@healthy("mmpretrain_table_of_ten", "a table of ten evaluations with two digits")
def mmpretrain(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 10, 11, 10)
    top = 71 + 7.2 * t + rng.normal(0, 0.25, len(t))
    epoch_table(log, steps, {"accuracy/top1": top, "accuracy/top5": 90 + (top - 71) / 2}, 2)


@healthy("mnist_is_done_at_once", "99 of 100; noise near the bound", tolerated=("plateau",))
def mnist(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 12, 14, 0.3)
    put(log, rng, steps, {"loss/train": (0.05 * np.exp(-3 * t) + 0.012 * (1 - t) + 0.004, 0.06)})
    put(log, rng, steps, {"loss/test": (eased(t, 0.06, 0.027, 1), 0.04)})
    log.add("accuracy/test", steps, counted(rng, eased(t, 0.981, 0.992, 1), 10_000))


@labelled(
    "keras_cats_without_dropout", "overfitting", "val loss rises", mild=0.3, tolerated=("plateau",)
)
def keras_cats(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 25, 60, 0.5)
    worse = turned(t, rng.uniform(0.2, 0.35), 0.35, strength, 0.5)
    train = 0.65 * np.exp(-3.5 * t) + 0.01
    keras(
        log,
        rng,
        steps - 1,
        (train, worse),
        (classes(t, 0.55, 0.995), 0.8 - 0.2 * np.exp(-9 * t)),
        2000,
    )
    overfits(log, "epoch_loss", steps - 1, worse, lasting(0.02, 0.3))


@labelled(
    "resnet_of_flowers_pasted", "overfitting", "ten epochs pasted", high=0.6, tolerated=("plateau",)
)
def flowers(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 10, 13, 1)
    worse = turned(t, 0.3, 0.5, strength, 0.62)
    values = {"train_loss": jitter(rng, 1.4 * np.exp(-4.5 * t) + 0.02, 0.04)}
    epoch_table(log, steps, {**values, "val_loss": jitter(rng, worse, 0.02)}, 3)
    log.add("val_acc", steps, digits(0.8 - 0.15 * np.exp(-8 * t) + rng.normal(0, 0.006, len(t)), 3))
    overfits(log, "val_loss", steps, worse, lasting(0.013, 0.2))


@labelled("timm_amp_goes_nan_midway", "nonfinite", "loss NaN, accuracy that of a guess", half=0.5)
def timm_nan(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 60, 200, 6)
    index = where(t, strength)
    around(log, rng, steps, {"train_loss": (from_point(4 - 1.6 * t**0.5, index, np.nan), 0.02)})
    around(log, rng, steps, {"eval_loss": (from_point(3.6 - 1.8 * t**0.5, index, np.nan), 0.02)})
    top = from_point(72 * t**0.4 + rng.normal(0, 0.3, len(t)), index, 0.1)
    log.add("eval_top1", steps, top)
    log.add("lr", steps, cosine(t, 1e-3))
    jumps(log, "nonfinite", ("train_loss", "eval_loss"), steps, index)
    jumps(log, "divergence", "eval_top1", steps, index, ("collapse",))


@labelled(
    "vgg_deep_without_norms", "gradient", "first layers get nothing; loss at chance", plain=1e-6
)
def vgg(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 200, 100)
    around(log, rng, steps, {"train/loss": (np.full(len(t), 4.605), 0.004)})
    log.add("train/acc", steps, counted(rng, np.full(len(t), 0.01), 5000))
    norm = decades(t, 0.02, 3e-2, strength, 0.2)
    put(log, rng, steps, {"grad_norm/features.0": (norm, 0.2)})
    grows(log, "gradient", "grad_norm/features.0", steps, norm, where(t, 0.02), 0.2, ("collapse",))
    from_the_start(log, "plateau", ("train/loss", "train/acc"), steps)


@labelled("mobilenet_with_a_dead_head", "plateau", "ten epochs at the same", few=10)
def dead_head(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, int(strength), int(strength) + 4, 2)
    put(log, rng, steps, {"train_loss": (2.303, 0.0006), "val_loss": (2.3028, 0.0004)}, 0)
    log.add("val_accuracy", steps, np.round(counted(rng, np.full(len(t), 0.1), 10_000), 4))
    from_the_start(log, "plateau", ("train_loss", "val_loss", "val_accuracy"), steps)


@labelled("reduce_on_plateau_to_dust", "learning_rate", "cut by ten until nothing", early=0.35)
def dust(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 60, 150, 2)
    index = where(t, strength)
    loss = 0.35 + 1.4 * np.exp(-np.minimum(t, t[index]) / 0.1)
    cuts = np.clip((np.arange(len(t)) - index + 12) // 4, 0, 5)
    rate = 1e-3 * 0.1**cuts
    log.add("lr", steps, rate)
    put(log, rng, steps, {"train_loss": (loss, 0.015), "val_loss": (loss + 0.12, 0.02)})
    first = int(np.argmax(cuts >= 1))
    last = int(np.argmax(cuts >= 5))
    window = int(steps[max(first - 2, 0)]), int(steps[min(last + 2, len(steps) - 1)])
    log.true("learning_rate", "lr", int(steps[last]), window, also=("collapse",))
    stops_getting_better(log, ("train_loss", "val_loss"), steps, loss, strength, 0.012)


@labelled("loader_of_a_full_cache", "throughput", "epochs take twice as long", twice=2)
def full_cache(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 50, 120, 4)
    index = where(t, rng.uniform(0.35, 0.6))
    put(log, rng, steps, {"loss/train": (2.5 * np.exp(-3 * t) + 0.5 - 0.1 * t, 0.015)})
    time = np.where(np.arange(len(t)) < index, 240.0, 240 * strength)
    put(log, rng, steps, {"time/epoch_seconds": (time, 0.04)})
    lags(log, steps, index, strength)


@labelled("quota_of_the_night_shift", "stall", "preempted for hours", five=5)
def quota(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 40, 120, 3)
    put(log, rng, steps, {"train/loss": (3 * np.exp(-3 * t) + 1.2 - 0.2 * t, 0.01)})
    around(log, rng, steps, {"val/top1": (70 * classes(t, 0.1, 1), 0.4)})
    halts(log, steps, where(t, rng.uniform(0.2, 0.8)), strength)


@labelled("validation_of_a_broken_batch", "spike", "one epoch is far out", up=3)
def broken_batch(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 40, 100, 2)
    index = where(t, rng.uniform(0.4, 0.8))
    loss = 1.2 * np.exp(-3 * t) + 0.5 - 0.1 * t
    put(log, rng, steps, {"train_loss": (loss, 0.015)})
    put(
        log,
        rng,
        steps,
        {"val_loss": (loss + 0.1 + decay_after(len(t), index, strength, 0.4), 0.02)},
    )
    spikes(log, "val_loss", steps, index, 2)


@labelled(
    "batch_norm_frozen_by_mistake",
    "divergence",
    "val loss jumps and stays",
    two=2.2,
    tolerated=("plateau",),
)
def frozen_norm(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 200, 100)
    paced(log, rng, 100, 2)
    index = where(t, rng.uniform(0.4, 0.6))
    loss = 1.5 * np.exp(-4 * t) + 0.6 - 0.1 * t
    put(log, rng, steps, {"train/loss": (loss, 0.03)})
    val = from_point(loss + 0.1, index, frozen_at(loss, index) + strength)
    put(log, rng, steps, {"val/loss": (val, 0.03)})
    around(
        log, rng, steps, {"val/acc": (from_point(0.85 - 0.3 * np.exp(-4 * t), index, 0.31), 0.008)}
    )
    jumps(log, "divergence", ("val/loss", "val/acc"), steps, index, ("collapse", "explosion"))
