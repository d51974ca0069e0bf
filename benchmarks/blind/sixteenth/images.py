"""Pictures told apart: Keras, Lightning, timm, fastai, and scripts of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine, jitter
from benchmarks.blind.fifteenth.making import SURE, epochs, one_cycle, settled, stairs
from benchmarks.blind.fourteenth.making import about, averaged, index_of, near, scores, turns
from benchmarks.blind.shapes import cycle, ramp_after, steps, times, whole
from benchmarks.blind.sixteenth.making import bent, learning, left, slow_epochs, turns_soon
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import every, from_the_start, hangs, jumps, levels, overfits

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


def _keras(
    log: Log, rng: Rng, train: ArrayLike, valid: ArrayLike, right: ArrayLike, examples: int
) -> None:
    """What the callback of Keras writes: losses and accuracies of both, once an epoch."""
    at_ = epochs(len(np.asarray(train)))
    slow_epochs(log, rng)
    log.session("train")
    near(log, rng, "epoch_loss", at_, train, 0.015)
    scores(log, rng, "epoch_accuracy", at_, 1 - 0.33 * np.asarray(train), 50000)
    log.session("validation")
    near(log, rng, "epoch_loss", at_, valid, 0.02)
    scores(log, rng, "epoch_accuracy", at_, right, examples)


@healthy("keras_small_cnn", "a course's exercise: ten to thirty epochs, still getting better")
def _keras_small(log: Log, rng: Rng) -> None:
    t = times(whole(rng, 8, 30))
    _keras(
        log,
        rng,
        learning(t, 1.55, 0.65, 2.5),
        learning(t, 1.3, 0.78, 2.5),
        learning(t, 0.53, 0.735, 2.5),
        10000,
    )


@healthy(
    "lightning_transfer", "a frozen backbone: a head is learned in a few epochs", tolerated=SURE
)
def _lightning_transfer(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 50, 49)
    near(log, rng, "train_loss_step", at_, learning(t, 1.6, 0.45, 5), 0.12)
    log.add("epoch", at_, np.floor(t * 11.99))
    seen = every(at_, 12)
    u = times(12)
    near(log, rng, "train_loss_epoch", seen, learning(u, 0.95, 0.43, 3), 0.01)
    near(log, rng, "val_loss", seen, learning(u, 0.74, 0.47, 3), 0.012)
    scores(log, rng, "val_acc", seen, learning(u, 0.78, 0.862, 3), 3000)


@healthy("timm_cosine", "ImageNet for 100 to 300 epochs with strong augmentation")
def _timm(log: Log, rng: Rng) -> None:
    n = whole(rng, 90, 300)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    top = 79 * (1 - np.exp(-5 * t)) * 0.93 + 5.2 * t**2
    near(log, rng, "train_loss", at_, learning(t, 6.8, 2.9, 6), 0.01)
    near(log, rng, "eval_loss", at_, learning(t, 6.2, 0.95, 6), 0.012)
    about(log, rng, "eval_top1", at_, top, 0.25)
    about(log, rng, "eval_top5", at_, np.minimum(top + 18 * np.exp(-t), 95), 0.15)
    log.add("lr", at_, cosine(t, 1e-3, 0.05, 0.01))


@healthy(
    "three_drops_of_the_rate",
    "a ResNet's stairs: level, then down at each cut",
    monitored=False,
    tolerated=SURE,
)
def _three_drops(log: Log, rng: Rng) -> None:
    n = whole(rng, 80, 200)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    level = 0.55 * np.exp(-t / 0.05) + np.select([t < 0.4, t < 0.7], [0.62, 0.36], 0.28) - 0.08 * t
    near(log, rng, "Loss/train", at_, level * 1.2, 0.012)
    near(log, rng, "Loss/test", at_, level + 0.1, 0.03)
    scores(log, rng, "Accuracy/test", at_, 0.97 - 0.2 * level, 10000)
    log.add("Learning rate", at_, 0.1 * stairs(t, 0.4, 0.7))


@healthy(
    "fastai_one_cycle",
    "the loss is highest where the rate is, and lowest at the end",
    tolerated=SURE,
)
def _fastai(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 1000)
    t, at_ = times(n), steps(n)
    loss = learning(t, 1.7, 0.5, 4) + 0.12 * one_cycle(t)
    log.add("train_loss", at_, averaged(jitter(rng, loss, 0.1), 30))
    for group in range(2):
        log.add(f"lr_{group}", at_, 2e-3 / 10**group * one_cycle(t))
    seen = every(at_, 8)
    near(log, rng, "valid_loss", seen, at(seen, at_, loss) - 0.04, 0.015)
    scores(log, rng, "accuracy", seen, at(seen, at_, learning(t, 0.5, 0.83, 3)), 4000)


@healthy(
    "warm_restarts",
    "SGDR: the loss goes up at each restart",
    monitored=False,
    tolerated=("spike", "learning_rate"),
)
def _warm_restarts(log: Log, rng: Rng) -> None:
    n = whole(rng, 120, 300)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    _, within = cycle(t, 4)
    rate = 0.05 * (1 + np.cos(np.pi * within)) / 2 + 1e-5
    loss = learning(t, 1.9, 0.35, 6) + 6 * rate * np.minimum(1, 5 * t)
    near(log, rng, "train/loss", at_, loss, 0.015)
    near(log, rng, "val/loss", at_, loss + 0.15, 0.025)
    log.add("lr", at_, rate)


@healthy("mixup_and_smoothing", "the training loss is far above that of validation, as it should")
def _mixup(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 120)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    near(log, rng, "loss/train", at_, learning(t, 3.9, 2.1, 4), 0.01)
    near(log, rng, "loss/val", at_, learning(t, 3.1, 1.05, 4), 0.012)
    scores(log, rng, "acc/val", at_, learning(t, 0.2, 0.79, 4), 10000)


@healthy("digits_of_a_student", "MNIST, five to ten epochs: 98, 99, 99.2", tolerated=SURE)
def _digits(log: Log, rng: Rng) -> None:
    n = int(rng.integers(6, 11))
    t, at_ = times(n), epochs(n) + 1
    near(log, rng, "train_loss", at_, 0.21 * np.exp(-2.2 * t), 0.03)
    near(log, rng, "test_loss", at_, learning(t, 0.061, 0.027, 3), 0.04)
    scores(log, rng, "test_accuracy", at_, learning(t, 0.980, 0.9915, 3), 10000)


@healthy(
    "skin_lesions_fold",
    "a fold of 200 pictures: validation jumps about a good level",
    tolerated=SURE,
)
def _fold(log: Log, rng: Rng) -> None:
    n = whole(rng, 20, 60)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    near(log, rng, "fold_0/train_loss", at_, learning(t, 0.66, 0.25, 3), 0.03)
    near(log, rng, "fold_0/val_loss", at_, learning(t, 0.62, 0.36, 4), 0.08)
    scores(log, rng, "fold_0/val_auc", at_, learning(t, 0.72, 0.89, 4), 200)


@healthy("mean_of_the_weights", "the average of weights is tested beside them")
def _averaged_weights(log: Log, rng: Rng) -> None:
    n = whole(rng, 50, 150)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    near(log, rng, "train/loss", at_, learning(t, 2.3, 0.5, 4), 0.012)
    scores(
        log, rng, "test/acc", at_, learning(t, 0.4, 0.925, 5) - 0.02 * np.sin(40 * t) ** 2, 10000
    )
    scores(log, rng, "test/acc_ema", at_, learning(t, 0.3, 0.951, 5), 10000)


@labelled(
    "keras_by_heart",
    "overfitting",
    "no augmentation: the validation loss climbs for most of the run",
    clear=0.9,
    faint=0.2,
    tolerated=SURE,
)
def _keras_by_heart(log: Log, rng: Rng, strength: float) -> None:
    t = times(whole(rng, 20, 60))
    valid = bent(t, rng.uniform(0.2, 0.4), 1.4, 0.82, 0.82 + strength)
    _keras(log, rng, 1.5 * np.exp(-3 * t) + 0.02, valid, 0.73 - 0.2 * np.exp(-8 * t), 10000)
    overfits(log, "epoch_loss", epochs(len(t)), valid, 0.022)


@labelled(
    "birds_transfer",
    "overfitting",
    "all weights of a large backbone on 3,000 birds; twelve epochs",
    medium=0.25,
)
def _birds(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(9, 14))
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    valid = bent(t, rng.uniform(0.2, 0.35), 2.1, 1.05, 1.05 + strength)
    near(log, rng, "train_loss", at_, 2.4 * np.exp(-4 * t) + 0.02, 0.03)
    near(log, rng, "valid_loss", at_, valid, 0.015)
    turns_soon(log, "valid_loss", at_, valid, 0.018)


@labelled(
    "no_better_than_chance",
    "plateau",
    "labels are shuffled against pictures: ln 1000 it stays",
    plain=1.0,
)
def _chance(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 20, 90)
    at_ = epochs(n)
    slow_epochs(log, rng)
    about(log, rng, "train_loss", at_, 6.909 * strength, 0.002)
    about(log, rng, "eval_loss", at_, 6.911, 0.003)
    scores(log, rng, "eval_top1", at_, 0.001, 50000)
    from_the_start(log, "plateau", ("train_loss", "eval_loss", "eval_top1"), at_)


@labelled(
    "half_precision_breaks",
    "divergence",
    "AMP without clipping: the loss jumps to ln 100 and stays there",
    late=0.7,
    early=0.35,
)
def _half_breaks(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 250)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    index = index_of(t, strength)
    gone = np.arange(n) >= index
    near(log, rng, "Loss/train", at_, np.where(gone, 4.606, learning(t, 4.2, 0.9, 4)), 0.012)
    near(log, rng, "Loss/val", at_, np.where(gone, 4.61, learning(t, 4.0, 1.3, 4)), 0.015)
    scores(log, rng, "Acc/val", at_, np.where(gone, 0.01, learning(t, 0.1, 0.68, 4)), 10000)
    jumps(log, "divergence", ("Loss/train", "Loss/val", "Acc/val"), at_, index)


@labelled(
    "rate_too_high_from_half",
    "divergence",
    "a cyclic rate that rises too far: the loss goes up with it",
    medium=0.45,
)
def _too_high(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 200)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    onset = rng.uniform(0.4, 0.6)
    loss = learning(np.minimum(t, onset), 2.2, 0.5, 4) + ramp_after(t, onset, strength)
    near(log, rng, "train/loss", at_, loss, 0.02)
    log.add("lr", at_, 1e-3 + 0.05 * np.clip(t - onset + 0.1, 0, 1))
    turns(log, "divergence", "train/loss", at_, loss, index_of(t, onset), 0.02)


@labelled(
    "level_at_half_its_run",
    "plateau",
    "it has learned what it can in a third, and goes on",
    third=0.3,
    half=0.45,
)
def _level_half(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 200)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    loss = 0.62 + 1.6 * settled(t, strength)
    near(log, rng, "Train/Loss", at_, loss, 0.012)
    near(log, rng, "Val/Loss", at_, loss + 0.15, 0.02)
    levels(log, ("Train/Loss", "Val/Loss"), at_, loss, index_of(t, strength), 0.01)


@labelled(
    "units_die",
    "collapse",
    "activations of the last block become exactly 0",
    plain=1.0,
    tolerated=("plateau", "divergence", "explosion"),
)
def _units_die(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 100)
    index = index_of(t, rng.uniform(0.3, 0.6))
    near(
        log,
        rng,
        "loss/train",
        at_,
        np.where(left(t, index) > 0, learning(t, 2.3, 0.9, 4), 2.303),
        0.03,
    )
    near(log, rng, "activations/block4_mean", at_, 0.42 * strength * left(t, index), 0.05)
    near(log, rng, "activations/block3_mean", at_, 0.61, 0.05)
    jumps(log, "collapse", "activations/block4_mean", at_, index)
    jumps(log, "divergence", "loss/train", at_, index, ("plateau",))


@labelled(
    "loader_on_a_slow_disk",
    "throughput",
    "the cache is full; from then on each image is read from a network disk",
    clear=4.0,
    medium=2.0,
    tolerated=("collapse",),
)
def _slow_disk(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 400)
    t, at_ = times(n), steps(n, 100)
    index = index_of(t, rng.uniform(0.3, 0.6))
    slow = np.where(left(t, index) > 0, 1.0, strength)
    near(log, rng, "train/loss", at_, learning(t, 6.5, 2.6, 5), 0.02)
    near(log, rng, "images_per_sec", at_, 1850 / slow, 0.03)
    log.slower(int(at_[index]), strength)
    jumps(log, "throughput", "images_per_sec", at_, index, ("collapse",))


@labelled("cluster_is_down", "stall", "the file server is away over the week-end", plain=40.0)
def _cluster_down(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 50, 200)
    t, at_ = times(n), epochs(n)
    log.seconds_per_step = float(rng.uniform(60, 240))
    near(log, rng, "train_loss", at_, learning(t, 3.2, 1.1, 4), 0.012)
    scores(log, rng, "val_acc", at_, learning(t, 0.2, 0.74, 4), 10000)
    hangs(log, ("train_loss", "val_acc"), at_, index_of(t, rng.uniform(0.3, 0.8)), strength)
