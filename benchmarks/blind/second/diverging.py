"""Objectives that get worse for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "rate_above_the_edge",
    "divergence",
    "plain descent above 2 over the curvature: the error is multiplied at each step, as"
    " theory says",
    plain=4.0,
    medium=0.7,
    subtle=0.2,
)
def rate_above_the_edge(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    onset = int(n * rng.uniform(0.4, 0.75))
    loss = generators.spectral(t, 3.1, 0.7)
    # Growth by so many powers of ten until the end, from a hundredth of the level at the onset.
    since = np.maximum(np.arange(n) - onset, 0) / (n - onset)
    grown = 0.01 * loss[onset] * (10 ** ((2 + strength) * since) - 1)
    noise = 0.05 * rng.normal(0, 1, n)
    log.add("Train/Samples/train_loss", steps, (loss + grown) * (1 + noise))
    log.add("Train/Samples/lr", steps, 0.012)
    log.true(
        "divergence",
        "Train/Samples/train_loss",
        steps[onset],
        gradual(steps, loss + grown, onset, 0.05 * float(loss[onset])),
        also=("explosion",),
    )


@labelled(
    "finetuning_forgets",
    "divergence",
    "1.3, then 0.5, and within a fiftieth of the epoch 6, where it hovers"
    " (facebookresearch/crystal-text-llm #6)",
    plain=5.0,
    medium=1.2,
    subtle=0.35,
    tolerated=("gradient", "explosion", "collapse"),
)
def finetuning_forgets(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    onset = int(n * rng.uniform(0.25, 0.7))
    width = max(3, n // 50)
    loss = generators.hill(t, 1.35, 0.45, 0.06)
    loss += strength * np.clip((np.arange(n) - onset + 1) / width, 0, 1)
    log.add("train/loss", steps, loss * generators.batch(rng, n, 0.09))
    norm = np.where(np.arange(n) < onset, 0.26, 9.0) * generators.skewed(rng, n, 0.5)
    log.add("train/grad_norm", steps, norm)
    log.add("train/learning_rate", steps, shapes.warmup_cosine(t, 5e-4, 0.02))
    log.add("train/epoch", steps, t)
    window = gradual(steps, loss, onset - 1, 0.09 * float(loss[onset - 1]))
    log.true("divergence", "train/loss", steps[onset], window)


@labelled(
    "forces_diverge",
    "divergence",
    "the errors of forces and energies of a potential jump, and creep on from there",
    plain=2.0,
    subtle=0.35,
)
def forces_diverge(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(60, 400))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    onset = int(n * rng.uniform(0.5, 0.75))
    force = generators.spectral(t, 0.3, 0.031)
    force[onset:] = force[onset] * (1 + strength * (1 + 0.4 * (t[onset:] - t[onset])))
    energy = 0.25 * force
    log.add("validation_f_mae", steps, force * generators.skewed(rng, n, 0.05))
    log.add("validation_e_mae", steps, energy * generators.skewed(rng, n, 0.08))
    log.add("LR", steps, 5e-3)
    tags = ("validation_f_mae", "validation_e_mae")
    log.true("divergence", tags, steps[onset], abrupt(steps, onset))


@labelled(
    "skill_unlearnt",
    "divergence",
    "the success rate slides from nine in ten over the rest of the run while entropy grows",
    plain=0.8,
    medium=0.4,
    subtle=0.2,
)
def skill_unlearnt(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 700)
    t, steps = shapes.times(n), shapes.steps(n, 8192)
    at = rng.uniform(0.4, 0.6)
    onset = int(at * (n - 1)) + 1
    success = 0.92 * generators.spreading(t, 0.03, 40)
    success -= shapes.ramp_after(t, at, strength)
    log.add("rollout/success_rate", steps, generators.shares(rng, 100, success))
    log.add("train/entropy", steps, 1.1 - 0.5 * t + 0.9 * np.maximum(t - at, 0))
    window = gradual(steps, -success, onset, 0.035)
    log.true("divergence", "rollout/success_rate", steps[onset], window)


@labelled(
    "short_run_diverges",
    "divergence",
    "of 9 to 18 epochs the last third is worse than the second",
    plain=1.0,
    medium=0.4,
    subtle=0.3,
)
def short_run_diverges(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(9, 19))
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    onset = int(np.ceil(n * rng.uniform(0.5, 0.65)))
    loss = generators.hill(t, 2.1, 0.5, 0.15)
    loss[onset:] += strength * (1 - 0.5 ** np.arange(1, n - onset + 1))
    log.add("loss/train/total", steps, loss + rng.normal(0, 0.02, n))
    log.true("divergence", "loss/train/total", steps[onset], abrupt(steps, onset, 1))
