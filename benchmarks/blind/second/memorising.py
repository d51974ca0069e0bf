"""Models that learn their training set by heart: curves of linear regression on noisy labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import labelled
from benchmarks.blind.windows import basin, gradual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log


def _turns(
    log: Log,
    tags: str | tuple[str, ...],
    steps: NDArray[np.int64],
    worse: NDArray[np.float64],
    sd: float,
) -> None:
    """From the best step on, or from where the basin ends in which that lies."""
    best = basin(steps, worse, sd)
    lowest = int(np.argmin(worse))
    _, last = gradual(steps, worse, lowest, sd)
    log.true("overfitting", tags, steps[lowest], (best[0], max(best[1], last)), best_window=best)


@labelled(
    "attention_synthesiser",
    "overfitting",
    "ESPnet: the validation loss turns after 20,000 steps (espnet/espnet #1635)",
    plain=0.5,
    medium=0.2,
    subtle=0.08,
)
def attention_synthesiser(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 160))
    t, steps = shapes.times(n), shapes.steps(n, 600)
    curve = generators.memorised(rng, t, rng.uniform(0.2, 0.45), 0.6, strength)
    log.add("main/l1_loss", steps, 0.2 + 0.9 * curve.train + rng.normal(0, 0.01, n))
    loss = 0.48 + curve.worse
    log.add("validation/main/l1_loss", steps, loss + rng.normal(0, 0.016, n))
    _turns(log, "validation/main/l1_loss", steps, loss, 0.016)


@labelled(
    "trees_too_many",
    "overfitting",
    "boosting goes on long after the log-loss of the test set was best; smooth to the last digit",
    plain=0.08,
    medium=0.02,
)
def trees_too_many(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(200, 1200))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    curve = generators.memorised(rng, t, rng.uniform(0.15, 0.4), 0.3, strength)
    log.session("learn")
    log.add("Logloss", steps, 0.05 + 0.62 * curve.train)
    log.session("test")
    loss = 0.37 + curve.worse
    log.add("Logloss", steps, loss)
    log.add("best_iteration", steps, np.minimum(np.arange(n), curve.best))
    _turns(log, "Logloss", steps, loss, 2e-4)


@labelled(
    "small_corpus",
    "overfitting",
    "a language model reads a small corpus many times: the validation perplexity is U-shaped",
    plain=0.35,
    medium=0.12,
    subtle=0.06,
)
def small_corpus(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(25, 90))
    t, steps = shapes.times(n), shapes.steps(n)
    curve = generators.memorised(rng, t, rng.uniform(0.25, 0.5), 1.4, strength)
    nll = 4.35 + curve.worse + rng.normal(0, 0.012, n)
    log.add("perplexity/validation", steps, np.exp(nll))
    log.add("perplexity/train", steps, np.exp(2.2 + 3.4 * curve.train + rng.normal(0, 0.01, n)))
    clean = np.exp(4.35 + curve.worse)
    _turns(log, "perplexity/validation", steps, clean, 0.012 * float(clean.min()))


@labelled(
    "organ_segmenter",
    "overfitting",
    "dice of the held-out patients sinks while that of the training patients nears one",
    plain=0.12,
    subtle=0.04,
)
def organ_segmenter(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(50, 250))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    curve = generators.memorised(rng, t, rng.uniform(0.2, 0.45), 0.55, strength)
    dice = 0.78 - curve.worse
    log.add("train_mean_dice", steps, 0.97 - 0.8 * curve.train + rng.normal(0, 0.004, n))
    log.add("val_mean_dice", steps, dice + rng.normal(0, 0.009, n))
    _turns(log, "val_mean_dice", steps, -dice, 0.009)


@labelled(
    "reward_model",
    "overfitting",
    "a reward model's second and third epoch: the loss of held-out pairs rises, their"
    " accuracy slips",
    plain=0.3,
    medium=0.1,
)
def reward_model(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(14, 40))
    t, steps = shapes.times(n), shapes.steps(n, 50)
    curve = generators.memorised(rng, t, rng.uniform(0.3, 0.45), 0.2, strength)
    loss = 0.5 + curve.worse
    log.add("eval_loss", steps, loss + rng.normal(0, 0.006, n))
    log.add("eval_accuracy", steps, 0.76 - 0.25 * curve.worse + rng.normal(0, 0.004, n))
    fine = shapes.times(10 * n)
    train = np.interp(fine, t, 0.06 + 0.63 * curve.train) * generators.batch(rng, 10 * n, 0.15)
    log.add("loss", shapes.steps(10 * n, 5), train)
    _turns(log, ("eval_loss", "eval_accuracy"), steps, loss, 0.006)
