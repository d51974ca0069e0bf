"""Jumps from which a run recovers by itself: an information, no alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    import numpy as np

    from benchmarks.blind.runs import Log


@labelled(
    "three_spikes",
    "spike",
    "three spikes of a pretraining, of different heights, each gone within a fiftieth of the run",
    plain=2.0,
    medium=0.8,
    subtle=0.45,
)
def three_spikes(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 600, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    loss = generators.spectral(t, 10.4, 2.3, 400)
    for at in (0.3, 0.52, 0.78):
        onset = int(n * (at + rng.uniform(-0.06, 0.06)))
        loss += shapes.decay_after(n, onset, strength * rng.uniform(0.7, 1.4), n / 250)
        log.true("spike", "learning/loss", steps[onset], abrupt(steps, onset))
    log.add("learning/loss", steps, loss + rng.normal(0, 0.05, n))


@labelled(
    "epoch_thirty_seven",
    "spike",
    "the loss of one epoch goes up with the gradient's norm and both come back"
    " (facebookresearch/demucs #315)",
    plain=0.6,
    medium=0.25,
    subtle=0.13,
)
def epoch_thirty_seven(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(60, 240))
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    onset = int(n * rng.uniform(0.25, 0.7))
    loss = generators.hill(t, 0.24, 0.1, 0.1)
    out = shapes.decay_after(n, onset, 1.0, 0.7)
    log.add("Train/Loss", steps, loss * (1 + strength * out) * generators.skewed(rng, n, 0.012))
    log.add("Train/Grad", steps, 0.07 * (1 + 12 * out) * generators.skewed(rng, n, 0.05))
    log.true("spike", "Train/Loss", steps[onset], abrupt(steps, onset, 1))


@labelled(
    "bump_of_decades",
    "spike",
    "a loss that falls over many decades is back at an earlier one for a moment, and falls on",
    plain=3.0,
    medium=1.5,
)
def bump_of_decades(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 500)
    onset = int(n * rng.uniform(0.35, 0.7))
    exponent = 0.5 - 5.5 * generators.hill(t, 0, 1, 0.3, 1.2)
    exponent += shapes.decay_after(n, onset, strength, n / 120)
    log.add("residual_mse", steps, 10 ** (exponent + 0.08 * rng.normal(0, 1, n)))
    log.true("spike", "residual_mse", steps[onset], abrupt(steps, onset))


@labelled(
    "moments_lost_once",
    "spike",
    "resumed without Adam's moments: up at the first step of the new session, down within forty",
    plain=0.8,
    medium=0.35,
)
def moments_lost_once(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 500, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    a = int(n * rng.uniform(0.4, 0.7))
    loss = generators.spectral(t, 7.5, 1.9, 200) + shapes.decay_after(n, a, strength, 10)
    noise = rng.normal(0, 0.03, n)
    log.add("train_inner/loss", steps[:a], (loss + noise)[:a])
    log.session()
    log.add("train_inner/loss", steps[a:], (loss + noise)[a:])
    log.true("spike", "train_inner/loss", steps[a], abrupt(steps, a))


@labelled(
    "success_interrupted",
    "spike",
    "the simulator hung for some updates: no episode succeeds, then all is as before",
    plain=1.0,
)
def success_interrupted(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 900)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    onset = int(n * rng.uniform(0.4, 0.75))
    width = max(2, int(n * rng.uniform(0.01, 0.03)))
    success = 0.9 * generators.spreading(t, 0.05, 25)
    success[onset : onset + width] = 0
    log.add("rollout/success", steps, generators.shares(rng, 120, success))
    log.true("spike", "rollout/success", steps[onset], abrupt(steps, onset, 1))
