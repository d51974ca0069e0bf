"""Jumps that recover: worth an info, and neither a warning nor an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.blind import shapes
from benchmarks.blind.runs import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    import numpy as np

    from benchmarks.blind.runs import Log


@labelled(
    "lm_spike",
    "spike",
    "one spike of a pretraining that dies away within some tens of points (PaLM, section 5.1)",
    plain=2.5,
    medium=0.6,
)
def lm_spike(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.3, 0.75))
    loss = shapes.power_law(t, 10.8, 1.9, 0.3) + shapes.decay_after(
        n, onset, strength, rng.uniform(3, 20)
    )
    log.add("train/loss", steps, loss + shapes.white(rng, n, 0.04))
    log.true("spike", "train/loss", steps[onset], abrupt(steps, onset))


@labelled(
    "long_excursion",
    "spike",
    "an excursion over a twentieth of the run that recovers fully",
    plain=2.0,
    medium=0.5,
)
def long_excursion(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    onset = int(n * rng.uniform(0.3, 0.65))
    loss = shapes.approach(t, 4, 2, 2.2) + shapes.decay_after(n, onset, strength, n / 60)
    log.add("train/loss", steps, loss + shapes.white(rng, n, 0.04))
    log.true("spike", "train/loss", steps[onset], abrupt(steps, onset), also=("divergence",))


@labelled(
    "reward_dip", "spike", "the return falls to nothing for some updates, and comes back", plain=0.9
)
def reward_dip(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 800)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    onset, width = int(n * rng.uniform(0.4, 0.7)), max(3, int(n * rng.uniform(0.02, 0.05)))
    level = shapes.approach(t, 10, 200, 3)
    level[onset : onset + width] *= 1 - strength
    log.add("rollout/ep_rew_mean", steps, level + shapes.white(rng, n, 5))
    log.true(
        "spike", "rollout/ep_rew_mean", steps[onset], abrupt(steps, onset), also=("divergence",)
    )


@labelled("single_validation", "spike", "one evaluation of many is far out", plain=1.0, medium=0.35)
def single_validation(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(30, 120))
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    onset = int(n * rng.uniform(0.3, 0.8))
    loss = shapes.approach(t, 1.8, 0.7, 2.5)
    loss[onset] += strength
    log.add("val/loss", steps, loss + shapes.white(rng, n, 0.02))
    log.true("spike", "val/loss", steps[onset], abrupt(steps, onset, 1))


@labelled(
    "bleu_dip", "spike", "one decoding of 360 falls to a third (a real log of Lingvo)", plain=1.0
)
def bleu_dip(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(150, 400))
    t, steps = shapes.times(n), shapes.steps(n, 500)
    onset = int(n * rng.uniform(0.1, 0.6))
    bleu = shapes.approach(t, 0.11, 0.27, 8) + 0.015 * t
    bleu[onset] *= 0.45
    log.add("bleu/dev", steps, bleu + shapes.white(rng, n, 0.001))
    log.true("spike", "bleu/dev", steps[onset], abrupt(steps, onset, 1))
