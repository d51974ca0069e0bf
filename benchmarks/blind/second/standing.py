"""Objectives that stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import labelled
from benchmarks.blind.windows import flat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log


def _halts(t: NDArray[np.float64], at: float, start: float, end: float) -> NDArray[np.float64]:
    """Saturates until `at`, and is level from there."""
    whole = generators.hill(np.array([1.0]), 0, 1, 0.25)[0]
    return start + (end - start) * generators.hill(np.minimum(t / at, 1), 0, 1, 0.25) / whole


@labelled(
    "constant_log_two",
    "plateau",
    "0.6931 to the last digit: the logits are equal for ever (tensorflow/tensorflow #12287)",
    plain=0.0,
    noisy=0.0015,
)
def constant_log_two(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 500))
    steps = shapes.steps(n, 10, 0)
    first = int(rng.integers(3, 8))
    loss = np.full(n, np.log(2)) + strength * rng.normal(0, 1, n)
    loss[:first] = np.log(2) + rng.exponential(1.2, first) + 0.1
    log.add("loss_1", steps, loss)
    log.add("accuracy_1", steps, generators.shares(rng, 64, np.full(n, 0.5)))
    window = (steps[0], steps[first + max(2, n // 10)])
    log.true("plateau", ("loss_1", "accuracy_1"), steps[first], window)


@labelled(
    "loss_at_its_margin",
    "plateau",
    "all embeddings are one point, so the triplet loss is its margin (Hermans et al. 2017)",
)
def loss_at_its_margin(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 900)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    margin = float(rng.choice([0.2, 0.3, 1.0]))
    loss = margin * (1 + 2.5 * np.exp(-90 * t))
    log.add("metric_learning/triplet_loss", steps, loss + margin * 0.002 * rng.normal(0, 1, n))
    log.add("metric_learning/recall_at_1", steps, 0.011 + np.abs(rng.normal(0, 0.002, n)))
    onset = int(np.searchsorted(-loss, -1.005 * margin))
    tags = ("metric_learning/triplet_loss", "metric_learning/recall_at_1")
    window = flat(steps, loss, onset, 0.002 * margin)
    log.true("plateau", tags, steps[onset], (steps[0], window[1]))


@labelled(
    "validation_stuck",
    "plateau",
    "the validation loss is level from an early step on, the training loss falls"
    " (NVIDIA/tacotron2 #344); it does not rise, so nothing is unlearnt",
    plain=0.004,
    noisy=0.015,
)
def validation_stuck(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 160))
    t, steps = shapes.times(n), shapes.steps(n, 500, 0)
    at = rng.uniform(0.15, 0.35)
    loss = _halts(t, at, 1.1, 0.55)
    log.add("validation.loss", steps, loss + rng.normal(0, strength, n))
    fine = shapes.times(5 * n)
    train = generators.hill(fine, 1.3, 0.2, 0.2) * generators.batch(rng, 5 * n, 0.06)
    log.add("training.loss", shapes.steps(5 * n, 100, 0), train)
    log.add("learning.rate", shapes.steps(5 * n, 100, 0), 1e-3)
    onset = int(at * (n - 1))
    log.true("plateau", "validation.loss", steps[onset], flat(steps, loss, onset, strength))


@labelled(
    "one_goal_of_eight",
    "plateau",
    "an agent that masters one task of eight: an eighth of the episodes succeeds, for ever",
    plain=200,
    noisy=40,
)
def one_goal_of_eight(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 900)
    t, steps = shapes.times(n), shapes.steps(n, 12_000)
    rate = float(rng.uniform(40, 80))
    chance = 0.125 * generators.spreading(t, 0.004, rate)
    episodes = int(strength)
    log.add("eval/goal_success_ratio", steps, generators.shares(rng, episodes, chance))
    log.add("Policy/mean_noise_std", steps, 1 - 0.4 * t)
    onset = int(np.searchsorted(chance, 0.12))
    sd = float(np.sqrt(0.125 * 0.875 / episodes))
    window = flat(steps, -chance, onset, sd)
    log.true("plateau", "eval/goal_success_ratio", steps[onset], window)


@labelled(
    "perplexity_level",
    "plateau",
    "validation perplexity stands at 61 under noise of all time scales, at a constant rate",
    plain=0.25,
    noisy=0.9,
)
def perplexity_level(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 800)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    at = rng.uniform(0.2, 0.4)
    level = _halts(t, at, 410, 61)
    log.add("valid_ppl", steps, level + generators.pink(rng, n, strength))
    log.add("lr", steps, 2.0)
    onset = int(at * (n - 1))
    # Slow noise alone moves the best within the level by more than one point's spread says.
    window = flat(steps, level, onset, 2 * strength)
    log.true("plateau", "valid_ppl", steps[onset], window)
