"""Six to fourteen lines, as people paste them into issues: fine-tunings and evaluations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fifteenth.making import epochs, settled
from benchmarks.blind.fourteenth.making import about, index_of, near, scores
from benchmarks.blind.shapes import times
from benchmarks.blind.sixteenth.making import bent, learning, left, slow_epochs, turns_soon
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import from_the_start, jumps, levels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]
    Rng = np.random.Generator


def _lines(log: Log, rng: Rng, least: int = 8, most: int = 14) -> tuple[Array, Steps]:
    """The share of the run and the number of each epoch."""
    n = int(rng.integers(least, most + 1))
    slow_epochs(log, rng)
    return times(n), epochs(n) + 1


@healthy("issue_t_five", "summaries: the loss and ROUGE still get better")
def _t_five(log: Log, rng: Rng) -> None:
    t, at_ = _lines(log, rng, 6, 10)
    near(log, rng, "eval/loss", 500 * at_, learning(t, 2.05, 1.62, 3), 0.003)
    about(log, rng, "eval/rouge1", 500 * at_, learning(t, 37.2, 42.6, 3), 0.12)
    about(log, rng, "eval/rougeL", 500 * at_, learning(t, 30.1, 34.9, 3), 0.12)


@healthy("issue_keras_dozen", "Epoch 12/12, both losses fall")
def _keras_dozen(log: Log, rng: Rng) -> None:
    t, at_ = _lines(log, rng, 8, 12)
    near(log, rng, "loss", at_, learning(t, 0.69, 0.31, 2), 0.01)
    near(log, rng, "val_loss", at_, learning(t, 0.66, 0.36, 2), 0.015)
    scores(log, rng, "val_accuracy", at_, learning(t, 0.61, 0.845, 2), 5000)


@healthy("issue_translation", "BLEU after each epoch")
def _translation(log: Log, rng: Rng) -> None:
    t, at_ = _lines(log, rng)
    near(log, rng, "valid/ppl", at_, learning(t, 21, 5.8, 4), 0.012)
    about(log, rng, "valid/bleu", at_, learning(t, 14, 33.5, 4), 0.2)


@healthy("issue_segmenter", "mIoU of eight epochs, a little noise")
def _segmenter(log: Log, rng: Rng) -> None:
    t, at_ = _lines(log, rng, 8, 12)
    near(log, rng, "epoch_train_loss", at_, learning(t, 0.9, 0.3, 3), 0.02)
    about(log, rng, "epoch_mIoU", at_, learning(t, 0.42, 0.71, 3), 0.008)


@healthy("issue_single_loss", "one series of one's own, every thousand steps")
def _single(log: Log, rng: Rng) -> None:
    t, at_ = _lines(log, rng, 8, 14)
    near(log, rng, "Loss", 1000 * at_, learning(t, 1.9, 0.55, 2.5), 0.04)


@healthy("issue_unfrozen_halfway", "better again, and faster, when the backbone is let loose")
def _unfrozen(log: Log, rng: Rng) -> None:
    t, at_ = _lines(log, rng, 10, 14)
    loose = np.clip((t - 0.5) / 0.3, 0, 1)
    near(log, rng, "valid_loss", at_, learning(t, 1.2, 0.75, 3) - 0.3 * loose, 0.012)
    scores(log, rng, "valid_accuracy", at_, learning(t, 0.62, 0.76, 3) + 0.12 * loose, 4000)


@healthy(
    "issue_small_set_jumps",
    "80 examples to validate: each is a percent and more; upward all the same",
    tolerated=("plateau",),
)
def _jumps(log: Log, rng: Rng) -> None:
    t, at_ = _lines(log, rng, 10, 14)
    near(log, rng, "train_loss", at_, learning(t, 1.05, 0.3, 3), 0.02)
    scores(log, rng, "val_acc", at_, learning(t, 0.5, 0.84, 2), 80)


@healthy(
    "issue_rewards_of_a_course",
    "the deep RL course: twelve evaluations, upward",
    tolerated=("plateau",),
)
def _course(log: Log, rng: Rng) -> None:
    t, at_ = _lines(log, rng, 10, 14)
    about(log, rng, "mean_reward", 10_000 * at_, learning(t, -180, 225, 2), 12)
    log.seconds_per_step = 0.01


@healthy(
    "issue_best_then_done",
    "two epochs of gain, one of rest: early stopping will end it here",
    tolerated=("plateau",),
)
def _best_then_done(log: Log, rng: Rng) -> None:
    t, at_ = _lines(log, rng, 7, 10)
    near(log, rng, "train/epoch_loss", at_, learning(t, 0.62, 0.2, 3), 0.015)
    near(log, rng, "val/epoch_loss", at_, 0.3 + 0.28 * np.clip(1 - t / 0.8, 0, 1) ** 1.4, 0.008)


@labelled(
    "issue_val_loss_rises",
    "overfitting",
    "the most frequent question of all forums",
    clear=1.2,
    medium=0.6,
)
def _val_rises(log: Log, rng: Rng, strength: float) -> None:
    t, at_ = _lines(log, rng, 10, 14)
    valid = bent(t, rng.uniform(0.15, 0.3), 0.6, 0.4, 0.4 * (1 + strength))
    near(log, rng, "loss", at_, 0.6 * np.exp(-4 * t) + 0.005, 0.02)
    near(log, rng, "val_loss", at_, valid, 0.018)
    turns_soon(log, "val_loss", at_, valid, 0.007)


@labelled(
    "issue_wer_and_loss",
    "overfitting",
    "speech: the loss of validation doubles",
    medium=0.5,
)
def _wer(log: Log, rng: Rng, strength: float) -> None:
    t, at_ = _lines(log, rng, 9, 14)
    valid = bent(t, rng.uniform(0.2, 0.35), 0.62, 0.33, 0.33 * (1 + strength))
    near(log, rng, "train/loss", 400 * at_, 0.8 * np.exp(-5 * t) + 0.01, 0.04)
    near(log, rng, "eval/loss", 400 * at_, valid, 0.015)
    log.seconds_per_step = 1.5
    turns_soon(log, "eval/loss", 400 * at_, valid, 0.006)


@labelled(
    "issue_it_explodes",
    "divergence",
    "two good lines, and then each higher than the last",
    clear=3.0,
    medium=1.0,
    tolerated=("gradient", "explosion"),
)
def _it_explodes(log: Log, rng: Rng, strength: float) -> None:
    t, at_ = _lines(log, rng, 10, 14)
    best = rng.uniform(0.2, 0.35)
    loss = bent(t, best, 2.1, 1.3, 1.3 * (1 + strength))
    near(log, rng, "train/loss", 10 * at_, loss, 0.02)
    near(log, rng, "train/grad_norm", 10 * at_, 2 * loss**2, 0.15)
    log.seconds_per_step = 2.0
    lowest = int(np.argmin(loss))
    log.true(
        "divergence",
        "train/loss",
        10 * at_[lowest],
        (10 * at_[max(lowest - 2, 0)], 10 * at_[min(lowest + 3, len(at_) - 1)]),
    )


@labelled(
    "issue_back_to_chance",
    "divergence",
    "accuracy falls to chance in one epoch and stays",
    ten=0.1,
    two=0.5,
)
def _back_to_chance(log: Log, rng: Rng, strength: float) -> None:
    t, at_ = _lines(log, rng, 9, 14)
    index = index_of(t, rng.uniform(0.45, 0.65))
    right = np.where(np.arange(len(t)) < index, learning(t, 0.72, 0.92, 5), strength)
    scores(log, rng, "Accuracy/val", at_, right, 2000)
    jumps(log, "divergence", "Accuracy/val", at_, index, ("collapse",), points=1)


@labelled("issue_loss_is_nan", "nonfinite", "loss: nan from some epoch on", plain=1.0)
def _is_nan(log: Log, rng: Rng, strength: float) -> None:
    t, at_ = _lines(log, rng, 6, 14)
    gone = strength * np.log(left(t, index_of(t, rng.uniform(0.3, 0.8)), np.nan))
    near(log, rng, "loss", at_, learning(t, 0.9, 0.5, 3) + gone, 0.02)
    near(log, rng, "val_loss", at_, learning(t, 0.9, 0.6, 3) + gone, 0.02)
    index = int(np.argmax(np.isnan(gone)))
    jumps(log, "nonfinite", ("loss", "val_loss"), at_, index, points=1)


@labelled(
    "issue_not_learning", "plateau", "0.6931, 0.6932, 0.6931: why does it not learn?", plain=1.0
)
def _not_learning(log: Log, rng: Rng, strength: float) -> None:
    _, at_ = _lines(log, rng, 10, 14)
    about(log, rng, "loss", at_, 0.6931 * strength, 0.0006)
    scores(log, rng, "accuracy", at_, 0.5, 4000)
    from_the_start(log, "plateau", ("loss", "accuracy"), at_)


@labelled(
    "issue_stuck_after_three",
    "plateau",
    "better for three epochs, level for nine and more",
    plain=0.3,
)
def _stuck(log: Log, rng: Rng, strength: float) -> None:
    t, at_ = _lines(log, rng, 13, 14)
    loss = 1.1 + 0.9 * settled(t, strength)
    near(log, rng, "train_loss", at_, loss, 0.006)
    near(log, rng, "val_loss", at_, loss + 0.06, 0.008)
    levels(log, ("train_loss", "val_loss"), at_, loss, index_of(t, strength), 0.008)


@labelled(
    "issue_zero_again",
    "collapse",
    "the loss is 0.0 from the third line on",
    plain=1.0,
    tolerated=("divergence", "plateau"),
)
def _zero_again(log: Log, rng: Rng, strength: float) -> None:
    t, at_ = _lines(log, rng, 8, 14)
    index = int(rng.integers(3, 5))
    near(
        log, rng, "train/loss", 25 * at_, strength * learning(t, 1.8, 1.1, 3) * left(t, index), 0.03
    )
    log.seconds_per_step = 2.0
    jumps(log, "collapse", "train/loss", 25 * at_, index)


@labelled(
    "issue_rate_is_zero",
    "learning_rate",
    "the rate is 0 for the last two thirds",
    plain=0.35,
    tolerated=("plateau", "collapse"),
)
def _rate_is_zero(log: Log, rng: Rng, strength: float) -> None:
    t, at_ = _lines(log, rng, 11, 14)
    index = index_of(t, strength)
    rate = 5e-5 * np.clip(1 - np.arange(len(t)) / index, 0, 1)
    near(log, rng, "train/loss", 100 * at_, 1.6 + 0.7 * rate / 5e-5, 0.01)
    log.add("train/learning_rate", 100 * at_, rate)
    log.seconds_per_step = 1.0
    log.true(
        "learning_rate",
        "train/learning_rate",
        100 * at_[index],
        (100 * at_[index - 2], 100 * at_[index + 1]),
        also=("collapse",),
    )


@labelled(
    "issue_norm_by_decades",
    "explosion",
    "grad_norm: 1, 2, 1, 80, 3,000, 70,000",
    clear=6.0,
    medium=4.0,
    tolerated=("gradient", "divergence"),
)
def _decades(log: Log, rng: Rng, strength: float) -> None:
    t, at_ = _lines(log, rng, 11, 14)
    index = index_of(t, 0.4)
    decades = strength * np.clip((np.arange(len(t)) - index + 1) / 4, 0, 1)
    near(log, rng, "train/loss", 10 * at_, learning(t, 2.2, 1.7, 3), 0.02)
    near(log, rng, "train/grad_norm", 10 * at_, 1.2 * 10**decades, 0.2)
    log.seconds_per_step = 2.0
    jumps(log, "explosion", "train/grad_norm", 10 * at_, index, ("gradient",))
