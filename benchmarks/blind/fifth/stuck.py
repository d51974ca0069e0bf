"""Training that gets no better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, counted, held_out
from benchmarks.blind.fifth.registry import labelled
from benchmarks.blind.windows import flat

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "nothing_moves",
    "plateau",
    "the rate is zero from the first step on: ten classes at chance, a loss of ln 10 throughout"
    " (Lightning #3900; keras #4066 for the picture)",
    plain=1.0,
)
def nothing_moves(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(25, 91))
    steps = shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(10, 60)
    log.add("Loss/train", steps, 2.3072 + strength * rng.normal(0, 0.0012, n))
    log.add("Loss/val", steps, 2.3069 + strength * rng.normal(0, 0.0003, n))
    log.add("Accuracy/val", steps, counted(rng, np.full(n, 0.1), 10000))
    log.add("LR", steps, 0.0)
    # It never moved: any of the first points may be called the last that did.
    window = (steps[0], steps[n // 4])
    log.true("plateau", ("Loss/train", "Loss/val", "Accuracy/val"), steps[0], window)
    log.true("learning_rate", "LR", steps[0], (steps[0], steps[2]))


@labelled(
    "hovers_and_never_lands",
    "plateau",
    "a lander that learns not to crash within a seventh of the run and nothing more: returns stay"
    " about -110 where 200 is a landing (Stable-Baselines3, LunarLander)",
    plain=10.0,
    noisy=25.0,
)
def hovers_and_never_lands(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 800)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    log.seconds_per_step = rng.uniform(0.001, 0.003)
    worse = 110 + 320 * np.exp(-t / 0.045)
    returns = -worse + shapes.correlated(rng, n, strength, 0.5)
    log.add("rollout/ep_rew_mean", steps, returns)
    log.add("rollout/ep_len_mean", steps, 1000 - 860 * np.exp(-t / 0.05) + rng.normal(0, 8, n))
    log.add("train/entropy_loss", steps, -1.37 + 0.5 * t + rng.normal(0, 0.01, n))
    log.add("train/value_loss", steps, 35 * batches(rng, n, 0.5))
    log.add("train/explained_variance", steps, 0.5 + rng.normal(0, 0.1, n))
    window = flat(steps, worse, int(0.045 * 3 * n), strength)
    log.true("plateau", "rollout/ep_rew_mean", steps[int(0.045 * 3 * n)], window)


@labelled(
    "all_is_silence",
    "plateau",
    "a recogniser with the CTC loss that says only blanks: after some epochs the loss stands at"
    " about 2.9 a letter and the error rate at almost one (ESPnet, DeepSpeech)",
    plain=0.012,
)
def all_is_silence(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 151))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(200, 900)
    worse = 2.88 + 5.1 * np.exp(-t / 0.05)
    log.session("train")
    log.add("loss", steps, worse + rng.normal(0, strength, n))
    log.session("valid")
    log.add("loss", steps, worse + 0.04 + held_out(rng, n, strength))
    log.add("cer_ctc", steps, np.minimum(1, 0.965 + 0.3 * np.exp(-t / 0.03)))
    end = int(0.05 * 4 * n)
    log.true("plateau", ("loss", "cer_ctc"), steps[end], flat(steps, worse, end, strength))


@labelled(
    "reduced_to_nothing",
    "plateau",
    "the rate is reduced at each epoch that is not better, with a patience of one: after a quarter"
    " of the run it is a billionth and both losses stand where they were (ReduceLROnPlateau)",
    tolerated=("learning_rate", "collapse"),
    plain=0.008,
)
def reduced_to_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(60, 201))
    steps = shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(10, 90)
    first = int(n * rng.uniform(0.1, 0.16))
    times = np.clip((np.arange(n) - first) // 3 + 1, 0, 6)
    rate = 1e-3 * 10.0 ** -times.astype(float)
    moved = np.cumsum(rate / 1e-3) / n
    worse = 0.71 + 1.15 * np.exp(-moved / 0.16)
    log.add("train_loss", steps, worse * batches(rng, n, strength))
    log.add("val_loss", steps, worse * 1.06 + held_out(rng, n, strength))
    log.add("learning_rate", steps, rate)
    end = first + 2
    sd = strength * 1.4
    log.true("plateau", ("train_loss", "val_loss"), steps[end], flat(steps, worse, end, sd))
