"""Logs of 6 to 14 points, as people paste them into issues."""

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
)
from benchmarks.blind.eighteenth.registry import healthy, labelled
from benchmarks.blind.eighth.making import counted, jitter, lasting, linear, turned
from benchmarks.blind.seventeenth.making import eased, epoch_table, halts
from benchmarks.blind.thirteenth.making import (
    drifts,
    from_the_start,
    grows,
    jumps,
    levels,
    overfits,
    spikes,
)

if TYPE_CHECKING:
    from benchmarks.blind.eighteenth.making import Rng
    from benchmarks.blind.runs import Log


@healthy("six_epochs_of_a_translator", "loss and BLEU of each epoch")
def translator(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 6, 8, 30)
    put(log, rng, steps, {"eval/loss": (1.35 + 0.6 * np.exp(-2.5 * t), 0.004)})
    around(log, rng, steps, {"eval/bleu": (31 - 9 * np.exp(-2.5 * t), 0.15)})


@healthy("eight_epochs_rest_at_the_end", "evaluation rests for the last two epochs")
def rests(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 8, 12, 10)
    loss = eased(t, 0.58, 0.31, 0.85)
    train = eased(t, 0.7, 0.22, 1)
    values = {"Train Loss": jitter(rng, train, 0.015), "Valid Loss": jitter(rng, loss, 0.008)}
    epoch_table(log, steps, values)
    log.add("Valid Acc", steps, counted(rng, eased(t, 0.72, 0.88, 0.85), 6000))


@healthy("ten_lines_of_logging_steps", "ten lines of the console of a fine-tuning")
def ten_lines(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 10, 14, 500)
    put(log, rng, steps, {"train/loss": (2.1 + 0.8 * np.exp(-3 * t) - 0.15 * t, 0.02)})
    put(log, rng, steps, {"train/grad_norm": (1.1, 0.25)})
    log.add("train/learning_rate", steps, linear(t * 0.98 + 0.01, 5e-5, 0.02))


@healthy("evaluations_of_a_walker_robot", "nine evaluations of an agent that learns")
def walker(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 9, 13, 100_000)
    around(log, rng, steps, {"eval/mean_reward": (120 + 1900 * t**0.8, 90)})
    put(log, rng, steps, {"eval/mean_ep_length": (300 + 650 * t**0.6, 0.06)})


@healthy("rounds_of_a_federation", "a dozen rounds")
def federation(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 10, 14, 1)
    paced(log, rng, 1, 10)
    put(log, rng, steps, {"fed/loss": (0.45 + 1.5 * np.exp(-3.5 * t), 0.03)})
    log.add("fed/acc", steps, counted(rng, 0.88 - 0.55 * np.exp(-3.5 * t), 2000))


@healthy("seven_epochs_overfit_hardly", "the gap grows, the validation does not get worse")
def hardly(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 7, 9, 10)
    put(log, rng, steps, {"loss/train": (0.2 + 0.7 * np.exp(-2.5 * t), 0.015)})
    put(log, rng, steps, {"loss/val": (eased(t, 0.83, 0.56, 1), 0.007)})


@labelled(
    "eight_epochs_with_a_u",
    "overfitting",
    "best at the third of eight to twelve",
    low=0.25,
    high=0.9,
)
def short_u(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 8, 12, 8)
    put(log, rng, steps, {"Train/loss": (0.04 + 1.0 * np.exp(-4 * t), 0.03)})
    worse = turned(t, 0.27, 0.3, strength, 0.48)
    put(log, rng, steps, {"Valid/loss": (worse, 0.015)})
    overfits(log, "Valid/loss", steps, worse, lasting(0.009, 0.2))


@labelled(
    "total_loss_of_millions_at_seven",
    "divergence",
    "five decades at epoch seven",
    plain=5,
    tolerated=("plateau",),
)
def millions(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 12, 14, 10)
    loss = from_point(1.5 + 2.5 * np.exp(-4 * t), 6, 10**strength)
    put(log, rng, steps, {"Total_loss/train": (loss, 0.15), "Total_loss/val": (0.9 * loss, 0.1)})
    tags = ("Total_loss/train", "Total_loss/val")
    jumps(log, "divergence", tags, steps, 6, ("explosion",))


@labelled("evaluations_climb_back", "divergence", "each one worse than the last", plain=0.9)
def climb(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 11, 14, 1000)
    worse = 2.2 + 0.9 * np.exp(-t / 0.07) + strength * np.clip((t - 0.3) / 0.7, 0, 1)
    put(log, rng, steps, {"eval/loss": (worse, 0.008), "train/loss": (worse - 0.1, 0.015)})
    index = int(np.argmin(worse))
    drifts(log, "divergence", ("eval/loss", "train/loss"), steps, worse, index, lasting(0.03, 0.2))


@labelled("accuracy_says_the_same_each_epoch", "plateau", "to the last digit", plain=0.4737)
def same_accuracy(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 9, 14, 2)
    log.add("val_accuracy", steps, np.full(len(t), strength))
    around(log, rng, steps, {"loss": (np.full(len(t), 0.6935), 0.0008)}, 0)
    around(log, rng, steps, {"val_loss": (np.full(len(t), 0.6941), 0.0006)}, 0)
    from_the_start(log, "plateau", ("val_accuracy", "loss", "val_loss"), steps)


@labelled("reward_model_done_at_the_fourth", "plateau", "nothing after a third", plain=0.3)
def done_early(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 12, 14, 200)
    loss = eased(t, 0.69, 0.6, strength)
    put(log, rng, steps, {"eval/loss": (loss, 0.003), "train/loss": (loss, 0.012)})
    index = int(np.argmax(t >= strength))
    levels(log, ("eval/loss", "train/loss"), steps, loss, index, lasting(0.005, 0.2))


@labelled("grad_norm_times_ten_each_line", "gradient", "by a decade each other line", plain=1e4)
def each_line(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 12, 14, 10)
    norm = decades(t, 0.35, 1.4, strength)
    put(log, rng, steps, {"train/grad_norm": (norm, 0.2)})
    put(log, rng, steps, {"train/loss": (2.2 + 0.5 * np.exp(-4 * t), 0.015)})
    index = int(np.argmax(t >= 0.35))
    grows(log, "gradient", "train/grad_norm", steps, norm, index, 0.2, ("explosion",))


@labelled(
    "loss_zero_from_the_fifth_line",
    "collapse",
    "0.0 and no gradient",
    plain=5,
    tolerated=("plateau",),
)
def fifth_line(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 11, 14, 10)
    index = int(strength)
    loss = np.round(jitter(rng, 1.4 + 0.8 * np.exp(-4 * t), 0.03), 4)
    log.add("train/loss", steps, from_point(loss, index, 0.0))
    log.add("train/grad_norm", steps, from_point(jitter(rng, np.ones(len(t)), 0.2), index, 0.0))
    log.add("train/learning_rate", steps, linear(t * 0.98 + 0.01, 1e-4, 0.02))
    jumps(log, "collapse", "train/loss", steps, index, ("divergence",))
    jumps(log, "gradient", "train/grad_norm", steps, index, ("collapse",))


@labelled("nan_at_the_sixth_epoch", "nonfinite", "NaN to the end", plain=5)
def sixth_epoch(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 9, 14, 5)
    index = int(strength)
    values = jitter(rng, 0.6 + 1.2 * np.exp(-3 * t), 0.02)
    log.add("loss", steps, from_point(values, index, np.nan))
    log.add("val_loss", steps, from_point(values + 0.1, index, np.nan))
    jumps(log, "nonfinite", ("loss", "val_loss"), steps, index)


@labelled("one_evaluation_far_out", "spike", "one of a dozen", plain=6)
def far_out(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 12, 14, 500)
    loss = 0.5 + 0.8 * np.exp(-4 * t)
    values = jitter(rng, loss, 0.015)
    values[7] = strength
    log.add("val/loss", steps, values)
    put(log, rng, steps, {"train/loss": (loss - 0.1, 0.015)})
    spikes(log, "val/loss", steps, 7, 1)


@labelled(
    "rate_zero_after_four_epochs", "learning_rate", "max_epochs of another script", plain=0.33
)
def four_epochs(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 12, 14, 6)
    index = int(np.argmax(t >= strength))
    log.add(
        "lr",
        steps,
        np.where(np.arange(len(t)) < index, 1e-3 * (1 - np.arange(len(t)) / index), 0.0),
    )
    loss = 0.7 + 1.1 * np.exp(-np.minimum(t, t[index]) / 0.12)
    put(log, rng, steps, {"train_loss": (loss, 0.008), "val_loss": (loss + 0.1, 0.008)})
    window = int(steps[index - 2]), int(steps[index + 1])
    log.true("learning_rate", "lr", int(steps[index]), window, also=("collapse",))
    levels(log, ("train_loss", "val_loss"), steps, loss, index, lasting(0.007, 0.2))


@labelled("an_epoch_of_a_day", "stall", "a day between two of twelve epochs", plain=22)
def day(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 10, 14, 5)
    put(log, rng, steps, {"train/loss": (0.8 + 1.2 * np.exp(-3 * t), 0.015)})
    log.add("val/acc", steps, counted(rng, 0.8 - 0.4 * np.exp(-3 * t), 3000))
    halts(log, steps, int(rng.integers(4, len(t) - 2)), strength)
