"""Healthy runs whose numbers look odd: how they are counted, averaged or rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, factor
from benchmarks.blind.third.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "settings_as_series",
    "a loop that logs whatever it has: weight decay, momentum, batch size and seed at every step,"
    " all constant, counters that grow for ever, and a loss that is fine",
)
def settings_as_series(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("trainer/weight_decay", steps, 0.05)
    log.add("trainer/momentum", steps, 0.9)
    log.add("trainer/batch_size", steps, 64)
    log.add("trainer/seed", steps, 1337)
    log.add("trainer/num_bad_batches", steps, 0)
    log.add("trainer/samples_seen", steps, steps * 64)
    log.add("trainer/tokens_seen", steps, steps * 131072)
    log.add("trainer/loss", steps, shapes.power_law(t, 4, 0.9, 0.4, 0.01) * factor(rng, n, 0.08))


@healthy(
    "logged_more_rarely_later",
    "every step is logged for the first tenth, the mean of a hundred from then on: noise falls to"
    " a tenth at the seam, and points are far apart",
)
def logged_more_rarely_later(log: Log, rng: np.random.Generator) -> None:
    early, late = shapes.whole(rng, 200, 900), shapes.whole(rng, 60, 200)
    steps = np.concatenate([np.arange(1, early + 1), early + 100 * np.arange(1, late + 1)])
    n, t = len(steps), steps / steps[-1]
    loss = shapes.power_law(t, 8.5, 2.6, 0.5, 0.004)
    sd = np.where(np.arange(n) < early, 0.3, 0.03)
    log.add("loss", steps, loss + sd * rng.normal(0, 1, n))
    log.add("lr", steps, 3e-4 * np.minimum(steps / 50, 1))


@healthy(
    "average_from_zero",
    "an exponential average that begins at zero and is not corrected: it rises for some dozen"
    " points before it falls, while the loss itself falls from the first",
)
def average_from_zero(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 6000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    loss = shapes.power_law(t, 2.4, 0.5, 0.5, 0.03) * factor(rng, n, 0.15)
    average = np.empty(n)
    kept = 0.0
    for i, one in enumerate(loss.tolist()):
        kept = 0.93 * kept + 0.07 * one
        average[i] = kept
    log.add("train/loss_smooth", steps, average)
    log.add("train/loss", steps, loss)


@healthy(
    "dozen_of_epochs",
    "a dozen epochs from a sweep, with noise of a fifth of the climb: good enough to rank, not to"
    " judge",
    tolerated=("plateau", "overfitting"),
)
def dozen_of_epochs(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(9, 15))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.add("val/f1_macro", steps, shapes.approach(t, 0.41, 0.66, 2.5) + batches(rng, n, 0.035))
    log.add("val/loss", steps, shapes.approach(t, 1.1, 0.72, 2.2) + batches(rng, n, 0.035))
    log.add("train/loss", steps, shapes.approach(t, 1.2, 0.6, 2.0) + batches(rng, n, 0.02))


@healthy(
    "episodes_as_they_come",
    "each episode's own return, 20,000 of them, heavy-tailed and twice as noisy as the whole gain;"
    " the mean of a hundred beside it rises",
    tolerated=("plateau",),
)
def episodes_as_they_come(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 4000, 20000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    returns = shapes.approach(t, 40, 210, 2.5) * rng.gamma(1.6, 1 / 1.6, n)
    log.add("episode/return", steps, np.round(returns, 1))
    log.add("episode/return_mean_100", steps, shapes.moving_mean(returns, 100))
    log.add("episode/length", steps, np.round(180 * rng.gamma(3, 1 / 3, n)) + 5)
    log.seconds_per_step = 2.0


@healthy(
    "mean_of_the_epoch_so_far",
    "Keras logs per batch the mean since the epoch began: saw teeth, a leap at each epoch's first"
    " batch and ever less scatter towards its last",
)
def mean_of_the_epoch_so_far(log: Log, rng: np.random.Generator) -> None:
    epochs, per_epoch = int(rng.integers(8, 25)), shapes.whole(rng, 40, 200)
    n = epochs * per_epoch
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    loss = shapes.approach(t, 1.4, 0.35, 3) * factor(rng, n, 0.25)
    means = np.concatenate(
        [shapes.moving_mean(loss[i : i + per_epoch], per_epoch) for i in range(0, n, per_epoch)]
    )
    log.add("batch_loss", steps, means)
    ends = steps[per_epoch - 1 :: per_epoch]
    u = np.linspace(0, 1, epochs)
    log.add("epoch_val_loss", ends, shapes.approach(u, 1.0, 0.4, 3) + batches(rng, epochs, 0.008))
