"""Runs that learn their examples by heart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, counted, factor, until
from benchmarks.blind.third.registry import labelled
from benchmarks.blind.windows import basin, gradual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log, Window


def valley(t: shapes.Array, best: float, fall: float, rise: float, bend: float) -> shapes.Array:
    """How much worse than at its best a model does on what it has not seen."""
    down = fall * np.clip(1 - t / best, 0, 1) ** 2.2
    return down + rise * np.clip((t - best) / (1 - best), 0, 1) ** bend


def label(
    log: Log, tags: tuple[str, ...], steps: NDArray[np.int64], worse: shapes.Array, sd: float
) -> None:
    """It began at its best, which no one can know more closely than to the basin of the curve.

    The lowest of the points may be any in the basin; the bend of hundreds is seen more closely, as
    one who looks takes a hundredth of them together.
    """
    best = int(np.argmin(worse))
    lowest: Window = basin(steps, worse, sd)
    bend = basin(steps, worse, sd / np.sqrt(max(len(steps) / 100, 1)))
    window = until(gradual(steps, worse, best, sd), *bend)
    log.true("overfitting", tags, steps[best], window, best_window=lowest)


@labelled(
    "a_hundred_patients",
    "overfitting",
    "few volumes of one hospital (bowang-lab/MedSAM #273): the validation's loss turns after a"
    " quarter of the epochs and ends 10, 6 or 4 times its noise above its best",
    plain=10.0,
    medium=6.0,
    faint=4.0,
)
def a_hundred_patients(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 30, 120)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    worse = valley(t, rng.uniform(0.2, 0.35), 0.4, 0.02 * strength, 1.0)
    log.add("train_loss", steps, 0.1 + 0.6 * np.exp(-3 * t) + batches(rng, n, 0.008))
    log.add("val_loss", steps, 0.32 + worse + batches(rng, n, 0.02))
    label(log, ("val_loss",), steps, worse, 0.02)


@labelled(
    "third_epoch_of_an_adapter",
    "overfitting",
    "LoRA on a few thousand answers: the loss of the evaluation is lowest within the first epoch"
    " and leaps up where the second and third begin, as the training's leaps down",
    plain=0.14,
    medium=0.06,
)
def third_epoch_of_an_adapter(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 90, 300)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    epoch = np.minimum((t * 3).astype(int), 2)
    loss = np.array([1.35, 0.95, 0.5])[epoch] + 0.4 * np.exp(-t / 0.03)
    log.add("train/loss", steps, loss * factor(rng, n, 0.09))
    log.add("train/learning_rate", steps, shapes.warmup_linear(t, 2e-4))
    rare = steps[n // 18 - 1 :: n // 18]
    u = rare / steps[-1]
    worse = 0.2 * np.exp(-u / 0.1) + strength * np.maximum(np.floor(3 * u - 1e-9), 0) * (1 + u)
    log.add("eval/loss", rare, 1.3 + worse + batches(rng, len(rare), 0.006))
    label(log, ("eval/loss",), rare, worse, 0.006)


@labelled(
    "captions_by_the_thousand",
    "overfitting",
    "contrastive training on a small set of captions: the validation's loss turns within the first"
    " fifth and rises for the rest (moein-shariatnia/OpenAI-CLIP #9); 15 to 40 evaluations",
    plain=1.2,
    medium=0.35,
)
def captions_by_the_thousand(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(15, 41))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    worse = valley(t, rng.uniform(0.12, 0.22), 1.1, strength, 0.8)
    log.add("train/clip_loss", steps, 0.15 + 2.6 * np.exp(-4 * t) + batches(rng, n, 0.02))
    log.add("valid/clip_loss", steps, 1.9 + worse + batches(rng, n, 0.035))
    label(log, ("valid/clip_loss",), steps, worse, 0.035)


@labelled(
    "pupils_answers",
    "overfitting",
    "knowledge tracing: the area under the curve is best after a fifth of the epochs and declines"
    " while the training loss falls (hcnoh/knowledge-tracing-collection-pytorch #5)",
    plain=0.06,
    medium=0.025,
    faint=0.012,
)
def pupils_answers(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 50, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    worse = valley(t, rng.uniform(0.15, 0.28), 0.14, strength, 0.9)
    log.add("test/auc", steps, 0.792 - worse + batches(rng, n, 0.002))
    log.add("train/loss", steps, 0.3 + 0.3 * np.exp(-2.5 * t) + batches(rng, n, 0.004))
    label(log, ("test/auc",), steps, worse, 0.002)


@labelled(
    "table_with_few_rows",
    "overfitting",
    "a network on a table, trained for a thousand epochs: from a seventh on the validation's error"
    " rises slowly through noise; at the end 5 or 2 standard deviations of a point",
    plain=5.0,
    faint=2.0,
)
def table_with_few_rows(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 600, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    worse = valley(t, rng.uniform(0.12, 0.25), 0.5, 0.03 * strength, 0.8)
    log.add("train/rmse", steps, 0.2 + 0.7 * np.exp(-4 * t) + batches(rng, n, 0.012))
    log.add("valid/rmse", steps, 0.61 + worse + batches(rng, n, 0.03, 0.2))
    label(log, ("valid/rmse",), steps, worse, 0.03)


@labelled(
    "same_tokens_many_times",
    "overfitting",
    "a language model that sees its tokens for the tenth time (Muennighoff et al. 2023): the"
    " validation's loss is lowest at the fourth pass and rises, the training's falls on",
    plain=0.5,
    medium=0.12,
)
def same_tokens_many_times(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 200)
    t, steps = shapes.times(n), shapes.steps(n, 500)
    worse = valley(t, rng.uniform(0.32, 0.5), 1.5, strength, 1.4)
    log.add("val/loss", steps, 3.1 + worse + batches(rng, n, 0.012))
    often = shapes.steps(20 * n, 25)
    u = shapes.times(20 * n)
    train = shapes.power_law(np.minimum(u, 0.4), 9.5, 2.3, 0.5, 0.01) - 1.3 * np.maximum(u - 0.4, 0)
    log.add("train/loss", often, train + batches(rng, 20 * n, 0.06, 0.1))
    label(log, ("val/loss",), steps, worse, 0.012)


@labelled(
    "users_who_were_seen",
    "overfitting",
    "a recommender: hit rate and NDCG of held-out clicks are best after a quarter of the epochs"
    " and fall, as the loss of clicks that are known goes to zero",
    plain=0.1,
    medium=0.045,
)
def users_who_were_seen(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 200)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    worse = valley(t, rng.uniform(0.18, 0.32), 0.35, strength, 1.0)
    log.add("valid/HR@10", steps, counted(rng, 0.66 - worse, 6040))
    log.add("valid/NDCG@10", steps, 0.6 * (0.66 - worse) + batches(rng, n, 0.004))
    log.add("train/bpr_loss", steps, 0.02 + 0.5 * np.exp(-4 * t) + batches(rng, n, 0.004))
    label(log, ("valid/HR@10", "valid/NDCG@10"), steps, worse, 0.0065)
