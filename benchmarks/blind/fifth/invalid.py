"""Numbers that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, fall, held_out, settle
from benchmarks.blind.fifth.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "not_a_number_any_more",
    "nonfinite",
    "mixed precision: from one step on the loss is no number, and with it the validation's"
    " (Lightning, many reports)",
    plain=0.6,
    late=0.93,
)
def not_a_number_any_more(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50, 49)
    log.seconds_per_step = rng.uniform(0.1, 0.8)
    onset = int(n * (strength + rng.uniform(-0.03, 0.03)))
    loss = fall(t, 2.3, 0.7, 0.03, 0.6) * batches(rng, n, 0.08)
    loss[onset:] = np.nan
    log.add("train_loss", steps, loss)
    log.add("lr-AdamW", steps, 3e-4)
    each = np.arange(n // 12, n, n // 12)
    held = fall(t[each], 1.5, 0.8, 0.05, 0.6) + rng.normal(0, 0.01, len(each))
    held[each >= onset] = np.nan
    log.add("val_loss", steps[each], held)
    # At the end of the epoch in which it happened the validation tells it, too.
    later = steps[each[np.searchsorted(each, onset)]] if (each >= onset).any() else steps[onset]
    first, last = abrupt(steps, onset, 1)
    log.true("nonfinite", ("train_loss", "val_loss"), steps[onset], (first, max(last, later)))


@labelled(
    "endless_and_then_nothing",
    "nonfinite",
    "half precision in fairseq: the scale is halved at each update down to 0.0001, the gradient's"
    " norm is infinite, then the loss is no number",
    plain=0.5,
)
def endless_and_then_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.seconds_per_step = rng.uniform(0.2, 0.8)
    onset = int(n * (strength + rng.uniform(-0.15, 0.25)))
    since = np.arange(n) - onset
    log.session("train_inner")
    scale = np.where(since < -8, 7.0, np.maximum(7.0 - 2.6 * (since + 9), np.log2(1e-4)))
    loss = fall(t, 12.9, 4.6, 0.01, 0.6) + rng.normal(0, 0.05, n)
    loss[since >= 2] = np.nan
    norm = fall(t, 2.4, 0.6, 0.01, 0.6) * batches(rng, n, 0.1)
    norm[since >= 0] = np.inf
    norm[since >= 2] = np.nan
    log.add("loss", steps, loss)
    log.add("gnorm", steps, norm)
    log.add("loss_scale", steps, 2.0**scale)
    log.add("lr", steps, shapes.warmup_linear(t, 5e-4, 0.1))
    log.true("nonfinite", ("gnorm", "loss"), steps[onset], (steps[onset - 1], steps[onset + 3]))
    log.true("loss_scale", "loss_scale", steps[onset - 8], (steps[onset - 10], steps[onset - 2]))


@labelled(
    "kl_without_end",
    "nonfinite",
    "a policy's probability underflows: the divergence is infinite, then no loss is a number, and"
    " returns are those of a policy that does nothing (ray-project/ray, PPO with kl: inf)",
    tolerated=("divergence", "collapse", "plateau"),
    plain=0.55,
)
def kl_without_end(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 600)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(10, 40)
    onset = int(n * (strength + rng.uniform(-0.1, 0.2)))
    since = np.arange(n) - onset
    returns = settle(t, 20, 170, 2) + shapes.correlated(rng, n, 6, 0.7)
    returns = np.where(since > 1, 18 + rng.normal(0, 2, n), returns)
    log.add("ray/tune/episode_reward_mean", steps, returns)
    stem = "ray/tune/info/learner/default_policy/learner_stats/"
    kl = 0.011 * batches(rng, n, 0.3)
    kl[since >= 0] = np.inf
    kl[since >= 1] = np.nan
    for name, values in (
        ("kl", kl),
        ("total_loss", settle(t, 9.4, 3.2, 2) * batches(rng, n, 0.15)),
        ("entropy", settle(t, 1.35, 0.8, 1)),
    ):
        values = np.where(since >= 1, np.nan, values)
        log.add(stem + name, steps, values)
    tags = (stem + "kl", stem + "total_loss", stem + "entropy")
    log.true("nonfinite", tags, steps[onset], (steps[onset - 1], steps[onset + 2]))


@labelled(
    "logarithm_of_nothing",
    "nonfinite",
    "only the validation: once a probability is exactly zero its loss is infinite at every"
    " evaluation, while the training's falls on",
    plain=0.5,
)
def logarithm_of_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(20, 101))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(20, 120)
    onset = int(n * (strength + rng.uniform(-0.15, 0.25)))
    log.add("train/bce_loss", steps, fall(t, 0.66, 0.09, 0.1, 0.6) * batches(rng, n, 0.03))
    held = fall(t, 0.63, 0.17, 0.1, 0.7) + held_out(rng, n, 0.006)
    held[onset:] = np.inf
    log.add("val/bce_loss", steps, held)
    log.add("val/auroc", steps, fall(t, 0.71, 0.93, 0.1, 0.7) + rng.normal(0, 0.003, n))
    log.true("nonfinite", "val/bce_loss", steps[onset], abrupt(steps, onset, 1))
