"""Sound shapes that one sees less often, and runs that were done long before they ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine, jitter
from benchmarks.blind.fifteenth.making import epochs
from benchmarks.blind.fourteenth.making import about, averaged, index_of, near, scores
from benchmarks.blind.shapes import cycle, logistic, steps, times, whole
from benchmarks.blind.sixteenth.making import learning, slow_epochs
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import every, levels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Rng = np.random.Generator


def _remaining(t: Array, by: float) -> Array:
    """What is left to gain until a share of the run, where the gaining ends at once."""
    return np.clip(1 - t / by, 0, 1) ** 1.4


@healthy("done_in_the_last_quarter", "it has learned what it can, and the job ends soon after")
def _done(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 200)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    left = _remaining(t, rng.uniform(0.75, 0.85))
    near(log, rng, "Loss/train", at_, 0.12 + 1.4 * left, 0.02)
    near(log, rng, "Loss/valid", at_, 0.2 + 1.3 * left, 0.03)
    scores(log, rng, "Acc/valid", at_, 0.94 - 0.5 * left, 5000)


@healthy(
    "dialogues_in_two_epochs", "level near its bound for the last evaluations of a fine-tuning"
)
def _dialogues(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 200)
    t, at_ = times(n), steps(n, 10)
    left = _remaining(t, rng.uniform(0.75, 0.85))
    near(log, rng, "train/loss", at_, 0.35 + 1.2 * left, 0.05)
    log.add("train/learning_rate", at_, cosine(t, 1e-4))
    seen = every(at_, 14)
    scores(log, rng, "eval/accuracy", seen, at(seen, at_, 0.965 - 0.4 * left), 2000)


@healthy(
    "rewound_to_a_checkpoint",
    "killed, and resumed some hundred steps before where it was",
    monitored=False,
)
def _rewound(log: Log, rng: Rng) -> None:
    n = whole(rng, 120, 500)
    t, at_ = times(n), steps(n, 20)
    loss = learning(t, 4.1, 2.2, 5)
    cut, back = int(0.55 * n), int(0.5 * n)
    near(log, rng, "train/loss", at_[:cut], loss[:cut], 0.015)
    log.session()
    near(log, rng, "train/loss", at_[back:], loss[back:], 0.015)


@healthy(
    "sums_modulo_a_prime",
    "sums modulo 97: validation is at chance for half of the run, and then right",
    monitored=False,
    tolerated=("overfitting", "divergence", "plateau", "collapse"),
)
def _grokking(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 100)
    found = logistic(t, 0, 1, rng.uniform(0.5, 0.6), 0.05)
    scores(log, rng, "training/accuracy", at_, 1 - 0.99 * np.exp(-t / 0.02), 512)
    scores(log, rng, "validation/accuracy", at_, 0.02 + 0.97 * found, 4700)
    near(
        log,
        rng,
        "validation/loss",
        at_,
        0.03 + (4.6 + 6 * (1 - np.exp(-t / 0.1))) * (1 - found),
        0.02,
    )


@healthy("mean_since_the_start", "avg_loss is the mean of all batches so far: smooth, and late")
def _mean(log: Log, rng: Rng) -> None:
    n = whole(rng, 50, 400)
    t, at_ = times(n), steps(n, 10)
    log.add("avg_loss", at_, averaged(jitter(rng, learning(t, 2.4, 0.7, 3), 0.08), n))


@healthy(
    "harder_mazes",
    "a level harder whenever four in five are solved: a saw, each tooth back up",
    monitored=False,
    tolerated=("plateau", "divergence", "spike"),
)
def _mazes(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 600)
    t, at_ = times(n), steps(n, 2048)
    log.seconds_per_step = 0.001
    number, within = cycle(t, 5)
    solved = np.where(number == 0, 0.05, 0.4) + np.where(number == 0, 0.77, 0.42) * within**0.6
    scores(log, rng, "train/epoch_solved_mean", at_, solved, 100)
    about(log, rng, "train/epoch_reward_mean", at_, 2 * solved - 0.8, 0.06)
    log.add("curriculum/level", at_, number)


@healthy(
    "second_descent",
    "the test error has a hump in its first half, and is best at its end",
    monitored=False,
    tolerated=("overfitting", "divergence"),
)
def _second_descent(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 300)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    hump = 0.09 * np.exp(-((t - 0.3) ** 2) / 0.008)
    near(log, rng, "train_error", at_, 0.6 * np.exp(-6 * t) + 0.002, 0.03)
    near(log, rng, "test_error", at_, learning(t, 0.55, 0.22, 6) + hump, 0.015)


@labelled(
    "solved_long_ago",
    "plateau",
    "the bound of the task is reached, and it runs on for longer than it took",
    third=0.3,
    half=0.42,
)
def _solved(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 400)
    t, at_ = times(n), steps(n, 1024)
    log.seconds_per_step = 0.001
    left = _remaining(t, strength)
    reward = 195 - 170 * left
    log.add("reward/mean", at_, reward - np.abs(rng.normal(0, 2.5, n)))
    log.add("reward/max", at_, np.minimum(200, reward + 30 * left + 5))
    levels(log, ("reward/mean", "reward/max"), at_, -reward, index_of(t, strength), 2.0)


@labelled(
    "tuned_for_too_long",
    "plateau",
    "good after a third; two thirds of the epochs change nothing",
    plain=0.3,
)
def _too_long(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 30, 90)
    t, at_ = times(n), epochs(n) + 1
    slow_epochs(log, rng)
    left = _remaining(t, strength)
    near(log, rng, "val_loss", at_, 0.21 + 0.6 * left, 0.015)
    near(log, rng, "train_loss", at_, 0.18 + 0.7 * left, 0.012)
    scores(log, rng, "val_f1", at_, 0.93 - 0.25 * left, 8000)
    levels(
        log,
        ("val_loss", "train_loss", "val_f1"),
        at_,
        0.21 + 0.6 * left,
        index_of(t, strength),
        0.004,
    )
