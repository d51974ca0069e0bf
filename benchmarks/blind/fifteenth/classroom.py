"""Short runs of students and notebooks: eight to forty points, one or two series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fifteenth.making import SURE, epochs, nears, settled, since
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, averaged, index_of, near, scores, turns
from benchmarks.blind.shapes import approach, logistic, times
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import jumps, levels, noise, overfits

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "digits-in-ten-epochs",
    "Accuracy near 1 after two epochs; validation is level and rough.",
    tolerated=("plateau", "overfitting"),
)
def digits(log: Log, rng: Rng) -> None:
    n = int(rng.integers(8, 16))
    steps = epochs(n)
    fall = np.exp(-np.arange(n) / 1.6)
    log.session("train")
    near(log, rng, "epoch_loss", steps, 0.012 + 0.3 * fall, 0.05)
    scores(log, rng, "epoch_accuracy", steps, 0.997 - 0.09 * fall, 60000)
    log.session("validation")
    near(log, rng, "epoch_loss", steps, 0.034 + 0.08 * fall, 0.09)
    scores(log, rng, "epoch_accuracy", steps, 0.989 - 0.025 * fall, 10000)


@healthy(
    "cifar-tutorial-running-loss", "running_loss each 2,000 batches of two epochs of a tutorial."
)
def tutorial(log: Log, rng: Rng) -> None:
    n = int(rng.choice([12, 24, 36]))
    t, steps = times(n), stepping(n, 2000)
    near(log, rng, "running_loss", steps, 1.1 + 1.15 * np.exp(-4 * t), 0.015)


@healthy("names-of-countries", "Average of a thousand single examples: falls and bends.")
def countries(log: Log, rng: Rng) -> None:
    n = int(rng.integers(20, 41))
    t, steps = times(n), stepping(n, 1000)
    near(log, rng, "avg_loss", steps, 1.2 + 1.7 * np.exp(-3 * t), 0.03)


@healthy("segment-the-pets", "U-Net for fifteen epochs, Dice of validation a little rough.")
def pets(log: Log, rng: Rng) -> None:
    n = int(rng.integers(12, 26))
    t, steps = times(n), np.arange(1, n + 1)
    known = 1 - np.exp(-3 * t)
    near(log, rng, "Train/Loss", steps, 0.62 - 0.45 * known, 0.03)
    near(log, rng, "Val/Loss", steps, 0.58 - 0.36 * known, 0.05)
    about(log, rng, "Val/Dice", steps, 0.55 + 0.33 * known, 0.012)


@healthy("lake-by-table", "Score of a table of Q: nothing at first, then ever more wins.")
def lake(log: Log, rng: Rng) -> None:
    n = int(rng.integers(20, 61))
    t, steps = times(n), stepping(n, 100)
    win = 0.72 * logistic(t, 0, 1, 0.4, 0.12)
    log.add("wins_per_100", steps, rng.binomial(100, win))
    log.add("epsilon", steps, np.exp(-5 * t))


@healthy("first-agent-on-a-cart", "Scores of single episodes and their mean of a hundred.")
def cart(log: Log, rng: Rng) -> None:
    n = int(rng.integers(150, 601))
    t, steps = times(n), epochs(n)
    mean = 20 + 170 * logistic(t, 0, 1, 0.55, 0.1)
    score = np.minimum(200, np.floor(8 + rng.gamma(4, (mean - 8) / 4)))
    log.add("Score", steps, score)
    log.add("Average Score", steps, averaged(score, 100))
    log.add("eps", steps, np.maximum(0.01, np.exp(-6 * t)))


@healthy(
    "dogs-and-cats-transfer",
    "A good model from the first epoch: little is left to gain.",
    tolerated=("plateau", "overfitting"),
)
def dogs(log: Log, rng: Rng) -> None:
    n = int(rng.integers(8, 13))
    steps = epochs(n)
    fall = np.exp(-np.arange(n) / 1.5)
    near(log, rng, "train_loss", steps, 0.05 + 0.2 * fall, 0.06)
    near(log, rng, "valid_loss", steps, 0.06 + 0.06 * fall, 0.08)
    near(log, rng, "error_rate", steps, 0.02 + 0.02 * fall, 0.07)


@healthy("reviews-by-lstm", "Nothing is learned for some epochs, and then all at once.")
def reviews(log: Log, rng: Rng) -> None:
    n = int(rng.integers(16, 31))
    t, steps = times(n), epochs(n)
    known = logistic(t, 0, 1, 0.35, 0.07)
    near(log, rng, "Loss/train", steps, 0.694 - 0.5 * known, 0.015)
    near(log, rng, "Loss/valid", steps, 0.695 - 0.36 * known, 0.03)
    scores(log, rng, "Accuracy/valid", steps, 0.5 + 0.36 * known, 5000)


@healthy(
    "stock-prices-again",
    "Mean squared error of scaled prices, over decades in thirty epochs.",
    tolerated=SURE,
)
def stock(log: Log, rng: Rng) -> None:
    n = int(rng.integers(25, 51))
    t, steps = times(n), epochs(n)
    near(log, rng, "loss", steps, 0.0009 + 0.05 * np.exp(-14 * t) + 0.002 * (1 - t), 0.08)
    near(log, rng, "val_loss", steps, 0.0014 + 0.03 * np.exp(-14 * t) + 0.002 * (1 - t), 0.2)


@healthy("one-batch-by-heart", "A sanity check: the loss of one batch falls by decades to nothing.")
def one_batch(log: Log, rng: Rng) -> None:
    n = int(rng.integers(30, 201))
    t, steps = times(n), epochs(n)
    near(log, rng, "overfit_batch/loss", steps, 2.3 * 10 ** (-4.5 * t), 0.12)
    log.add("overfit_batch/acc", steps, np.minimum(1, np.round(32 * (0.1 + 4 * t)) / 32))


@healthy(
    "style-of-a-painting",
    "Total, content and style of one picture: content rises a little.",
    tolerated=("plateau", "divergence"),
    monitored=False,
)
def painting(log: Log, rng: Rng) -> None:
    n = int(rng.integers(20, 61))
    t, steps = times(n), stepping(n, 50)
    style = 2.0e5 * (1 + t / 0.01) ** -1.2 + 900
    content = 9.0 + 4.5 * (1 - np.exp(-t / 0.1))
    nears(
        log,
        rng,
        steps,
        {
            "style_loss": (style, 0.02),
            "content_loss": (content, 0.01),
            "total_loss": (style + 100 * content, 0.02),
        },
    )


@healthy(
    "five-evaluations-in-all",
    "A fine-tuning of five epochs, told once an epoch.",
    tolerated=("plateau", "overfitting"),
)
def five(log: Log, rng: Rng) -> None:
    _, steps = times(5), stepping(5, 625)
    fall = np.array([0.0, 0.55, 0.8, 0.93, 1.0])
    near(log, rng, "train/loss", steps, 0.75 - 0.6 * fall, 0.03)
    near(log, rng, "eval/loss", steps, 0.52 - 0.16 * fall, 0.02)
    scores(log, rng, "eval/accuracy", steps, 0.78 + 0.08 * fall, 1500)
    log.add("train/learning_rate", steps, 2e-5 * (1 - np.arange(1, 6) / 5.0001))


@healthy("hp-metric-of-lightning", "A constant hp_metric beside a small job that goes well.")
def hp_metric(log: Log, rng: Rng) -> None:
    n = int(rng.integers(10, 41))
    t, steps = times(n), stepping(n, 94, 93)
    log.add("hp_metric", steps, -1.0)
    log.add("epoch", steps, np.arange(n))
    near(log, rng, "train_loss", steps, 0.2 + 0.7 * np.exp(-3 * t), 0.03)
    near(log, rng, "val_loss", steps, 0.25 + 0.6 * np.exp(-3 * t), 0.04)


@labelled(
    "sixteen-epochs-of-reviews",
    "overfitting",
    "Keras: val_loss doubles from the third epoch.",
    strong=0.6,
    fair=0.3,
)
def sixteen(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(16, 26))
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.15, 0.22)
    valid = 0.29 + 0.35 * np.exp(-5 * t / best) + strength * since(t, best)
    near(log, rng, "loss", steps, 0.01 + 0.6 * np.exp(-6 * t), 0.05)
    about(log, rng, "val_loss", steps, valid, 0.015)
    scores(log, rng, "val_accuracy", steps, 0.6 + 0.26 * (1 - np.exp(-5 * t / best)), 10000)
    overfits(log, "val_loss", steps, valid, 0.018)


@labelled(
    "two-hundred-x-rays",
    "overfitting",
    "A small folder: valid loss U-shaped in thirty epochs.",
    strong=1.2,
    fair=0.6,
)
def x_rays(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(24, 41))
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.22, 0.32)
    valid = 0.5 + 0.3 * np.exp(-5 * t / best) + strength * since(t, best)
    near(log, rng, "Loss/Train", steps, 0.72 * np.exp(-5 * t) + 0.005, 0.06)
    about(log, rng, "Loss/Valid", steps, valid, 0.04)
    overfits(log, "Loss/Valid", steps, valid, 0.05)


@labelled(
    "sigmoid-and-softmax-both",
    "plateau",
    "Twenty epochs at ln 10: nothing is learned.",
    plain=2.303,
)
def both_outputs(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(18, 31))
    steps = epochs(n)
    near(log, rng, "train_loss", steps, strength, 0.0008)
    near(log, rng, "test_loss", steps, strength, 0.0008)
    scores(log, rng, "test_accuracy", steps, np.full(n, 0.1), 10000)
    tags = ("train_loss", "test_loss", "test_accuracy")
    log.true("plateau", tags, 0, (0, int(steps[n // 5 + 1])))


@labelled(
    "autograd-from-scratch",
    "divergence",
    "Loss of an own network doubles each few epochs.",
    plain=1.6,
    slow=0.9,
)
def from_scratch(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(26, 41))
    t, steps = times(n), epochs(n)
    onset = rng.uniform(0.35, 0.45)
    loss = 0.6 + 1.6 * np.exp(-10 * t) + np.expm1(strength * 2.2 * since(t, onset))
    near(log, rng, "Training loss", steps, loss, 0.04)
    turns(
        log,
        "divergence",
        "Training loss",
        steps,
        np.log(loss),
        index_of(t, onset),
        0.05,
        also=("explosion",),
    )


@labelled(
    "agent-unlearns-the-cart",
    "divergence",
    "The mean score falls back to that of chance.",
    wholly=150.0,
    half=85.0,
)
def unlearns(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 201))
    t, steps = times(n), stepping(n, 10)
    onset = rng.uniform(0.5, 0.6)
    mean = 20 + 160 * (1 - np.exp(-9 * t)) - strength * np.clip((t - onset) / 0.2, 0, 1)
    log.add("avg_score", steps, mean + noise(rng, n, 9, 0.4))
    near(log, rng, "loss_q", steps, 1.2 + 2 * t, 0.3)
    turns(log, "divergence", "avg_score", steps, -mean, index_of(t, onset), 14, also=("collapse",))


@labelled(
    "stops-at-a-third-of-the-way",
    "plateau",
    "After two epochs accuracy and loss stand still.",
    plain=0.12,
    later=0.22,
)
def stops(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(25, 41))
    t, steps = times(n), epochs(n)
    loss = 1.75 + 0.6 * settled(t, strength)
    near(log, rng, "Loss/train", steps, loss, 0.006)
    near(log, rng, "Loss/val", steps, loss + 0.02, 0.01)
    levels(log, ("Loss/train", "Loss/val"), steps, loss, index_of(t, strength), 0.015)


@labelled(
    "log-of-zero",
    "nonfinite",
    "An own cross entropy becomes NaN in a short run.",
    plain=0.4,
    late=0.7,
)
def log_of_zero(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(10, 31))
    t, steps = times(n), epochs(n)
    made = index_of(t, strength)
    loss = approach(t, 2.2, 0.4, 4)
    near(log, rng, "loss", steps, np.where(np.arange(n) >= made, np.nan, loss), 0.03)
    jumps(log, "nonfinite", "loss", steps, made)


@labelled(
    "adam-at-a-tenth",
    "divergence",
    "Loss leaves at once in the middle and stays high.",
    far=6.0,
    near=2.0,
)
def at_a_tenth(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(20, 41))
    t, steps = times(n), epochs(n)
    made = index_of(t, rng.uniform(0.35, 0.55))
    loss = approach(t, 2.0, 0.7, 6) + np.where(np.arange(n) >= made, strength, 0)
    near(log, rng, "Train Loss", steps, loss, 0.05)
    near(log, rng, "Test Loss", steps, loss * 1.05, 0.06)
    jumps(log, "divergence", ("Train Loss", "Test Loss"), steps, made, also=("explosion",))
