"""Runs that stop improving, and values that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.sixth import making
from benchmarks.blind.sixth.registry import labelled
from benchmarks.blind.windows import gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "ten_classes_at_a_tenth",
    "plateau",
    "nothing is learnt from the first epoch on: the loss is the logarithm of ten and one answer in"
    " ten is right (a rate far too high, or pictures without labels)",
    clear=1.0,
)
def ten_classes_at_a_tenth(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(20, 90))
    steps = shapes.steps(n, 391, 390)
    making.seconds_a_point(log, 391, 22)
    level = np.log(10) * strength
    log.add("train_loss_epoch", steps, level + 0.0012 + np.abs(rng.normal(0, 0.0006, n)))
    log.add("val_loss", steps, level + 0.0006 + np.abs(rng.normal(0, 0.0006, n)))
    log.add("train_acc_epoch", steps, making.right(rng, np.full(n, 0.1), 50000))
    log.add("val_acc", steps, 0.1)
    tags = ("train_loss_epoch", "val_loss", "train_acc_epoch", "val_acc")
    # It stands from the first point on; who waits for a third of the run to say so is right.
    log.true("plateau", tags, steps[0], (steps[0], steps[n // 3]))


@labelled(
    "no_better_since_the_second_day",
    "plateau",
    "both losses fall well and stand from then on for more than half of the run, at a constant rate"
    " and far from nought",
    clear=0.3,
    late=0.45,
)
def no_better_since_the_second_day(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    at = strength * rng.uniform(0.85, 1.1)
    k = int(at * n)
    loss = making.descent(making.until(t, at), 3.4, 1.35, 0.25, 0.8)
    log.add("train/loss", steps, loss + rng.normal(0, 0.06, n))
    every = np.arange(n // 30, n, n // 30)
    log.add("val/loss", steps[every], loss[every] + 0.1 + rng.normal(0, 0.02, len(every)))
    log.add("train/lr", steps, 3e-4)
    making.waits(log, steps[every], 30)
    making.stood(log, ("train/loss", "val/loss"), steps, loss, k, 0.06)


@labelled(
    "critic_is_never_fooled",
    "collapse",
    "the discriminator knows all pictures apart: its loss falls by decades, the generator's rises,"
    " and nothing is learnt from it any more (Goodfellow et al. 2014)",
    tolerated=("explosion", "divergence"),
    clear=4.5,
    faint=3.0,
)
def critic_is_never_fooled(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    k = int(n * rng.uniform(0.25, 0.5))
    since = 1 - np.exp(-np.maximum(t - t[k], 0) / 0.1)
    decades = np.log10(1.05) - strength * since
    log.add("Loss_D", steps, making.norms(rng, 10**decades, n, 0.3))
    log.add("Loss_G", steps, (1.4 + 2.3 * strength * since) * making.batch_factors(rng, n, 0.18))
    log.add(
        "D(x)", steps, np.clip(0.66 + 0.335 * since + rng.normal(0, 0.05, n) * (1 - since), 0, 1)
    )
    window = gradual(steps, -decades, k, 0.13)
    log.true("collapse", ("Loss_D",), steps[k], window)


@labelled(
    "one_entry_of_the_codebook",
    "collapse",
    "all vectors are mapped to one or a few codes: the perplexity of the codebook falls from"
    " hundreds (van den Oord et al. 2017; Dhariwal et al. 2020)",
    tolerated=("divergence",),
    clear=1.2,
    faint=6.0,
)
def one_entry_of_the_codebook(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    k = int(n * rng.uniform(0.3, 0.6))
    since = 1 - np.exp(-np.maximum(np.arange(n) - k + 1, 0) / max(n / 60, 2))
    level = np.log(420 * (1 - 0.8 * np.exp(-t / 0.02)))
    log_level = level + (np.log(strength) - level) * since
    noise = rng.normal(0, 0.03, n)
    log.add("train/perplexity", steps, np.maximum(np.exp(log_level + noise), 1))
    recon = making.descent(t, 0.3, 0.052, 0.05, 0.8) + 0.09 * since
    log.add("train/recon_loss", steps, recon * making.batch_factors(rng, n, 0.05))
    window = gradual(steps, -log_level, k, 0.03)
    log.true("collapse", "train/perplexity", steps[k], window, also=("divergence",))


@labelled(
    "no_choice_left_to_explore",
    "collapse",
    "the entropy of the policy is spent: it falls by two decades, all answers of a group are alike"
    " and the reward stands (sunblaze-ucb/Intuitor #26; Cui et al. 2025)",
    clear=2.4,
)
def no_choice_left_to_explore(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 500)
    t, steps = shapes.times(n), shapes.steps(n)
    log.seconds_per_step = 110.0
    k = int(n * rng.uniform(0.2, 0.35))
    since = 1 - np.exp(-np.maximum(t - t[k], 0) / 0.08)
    decades = -0.25 - 0.3 * t - strength * since
    log.add("actor/entropy", steps, making.norms(rng, 10**decades, n, 0.12))
    reward = making.descent(making.until(t, t[k]), 0.18, 0.52, 0.7, 0.8)
    log.add("critic/rewards/mean", steps, reward + rng.normal(0, 0.022, n))
    log.add("actor/grad_norm", steps, making.norms(rng, 0.25 - 0.2 * since, n, 0.2))
    log.add("response_length/mean", steps, 600 - 120 * since + making.lazy(rng, n, 12))
    log.true("collapse", "actor/entropy", steps[k], gradual(steps, -decades, k, 0.06))
    making.stood(log, ("critic/rewards/mean",), steps, -reward, k, 0.022)
