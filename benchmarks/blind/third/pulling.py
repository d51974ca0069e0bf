"""Runs whose gradients are not what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, cosine, factor
from benchmarks.blind.third.registry import labelled
from benchmarks.blind.windows import gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "never_below_the_limit",
    "gradient",
    "the norm after clipping is one at every step: raw norms are twenty, and the rate means"
    " nothing (wandb/senpai #978)",
)
def never_below_the_limit(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("train/grad_norm", steps, np.minimum(20 * factor(rng, n, 0.3), 1.0))
    log.add("train/loss", steps, shapes.power_law(t, 3.4, 1.4, 0.4, 0.01) + batches(rng, n, 0.06))
    log.add("train/lr", steps, cosine(t, 1e-3))
    log.true("gradient", "train/grad_norm", steps[0], (steps[0], steps[n // 10]))


@labelled(
    "clipped_a_hundred_per_cent",
    "gradient",
    "fairseq: the share of steps that were clipped is 100 in every line of the log, the norm eight"
    " to twelve where the limit is 0.1",
)
def clipped_a_hundred_per_cent(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.add("train_inner/clip", steps, 100.0)
    log.add("train_inner/gnorm", steps, 9.5 * factor(rng, n, 0.12, 0.2))
    log.add(
        "train_inner/loss", steps, shapes.power_law(t, 12, 4.9, 0.4, 0.01) + batches(rng, n, 0.06)
    )
    log.add("train_inner/lr", steps, cosine(t, 5e-4, 0.05))
    tags = ("train_inner/clip", "train_inner/gnorm")
    log.true("gradient", tags, steps[0], (steps[0], steps[n // 10]))


@labelled(
    "clipped_from_there_on",
    "gradient",
    "the norm after clipping is about 0.3 for two fifths of the run, then climbs and is at the"
    " limit of one in 97 of 100 steps to the end; the loss gets no better",
)
def clipped_from_there_on(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    onset = int(n * rng.uniform(0.3, 0.5))
    raised = 0.3 * np.exp(np.log(8) * np.clip((t - t[onset]) / 0.08, 0, 1))
    log.add("optim/clipped_grad_norm", steps, np.minimum(raised * factor(rng, n, 0.4), 1.0))
    loss = shapes.power_law(np.minimum(t, t[onset]), 9, 2.6, 0.5, 0.005)
    log.add("train/loss", steps, loss + batches(rng, n, 0.05))
    window = (steps[onset - 2], steps[min(onset + n // 10 + 2, n - 1)])
    log.true("gradient", "optim/clipped_grad_norm", steps[onset], window)


@labelled(
    "pulls_harder_for_nothing",
    "gradient",
    "the norm rises to thirty or to eight times what it was while the loss is flat (Wortsman et"
    " al. 2023: what precedes a divergence)",
    plain=30.0,
    medium=8.0,
)
def pulls_harder_for_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.35, 0.55))
    decades = np.log10(strength) * np.clip((t - t[onset]) / (1 - t[onset]), 0, 1)
    log.add("train/grad_norm", steps, 0.45 * 10**decades * factor(rng, n, 0.2, 0.2))
    loss = shapes.power_law(np.minimum(t, t[onset]), 10.6, 2.4, 0.5, 0.004)
    log.add("train/loss", steps, loss + batches(rng, n, 0.04))
    window = gradual(steps, decades, onset, 0.087)
    log.true("gradient", "train/grad_norm", steps[onset], window, also=("explosion",))


@labelled(
    "one_layer_pulls",
    "gradient",
    "norms of each layer: that of the embedding grows fortyfold from a third of the run on, the"
    " loss stays where it was, the other layers' norms too",
)
def one_layer_pulls(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    onset = int(n * rng.uniform(0.25, 0.4))
    decades = 1.6 * np.clip((t - t[onset]) / 0.4, 0, 1)
    log.add("grad_norm/embed_tokens", steps, 0.12 * 10**decades * factor(rng, n, 0.15))
    for layer in (0, 11, 23):
        log.add(f"grad_norm/layers.{layer}", steps, 0.07 * factor(rng, n, 0.15))
    loss = shapes.approach(np.minimum(t, t[onset]), 5.1, 2.9, 9)
    log.add("loss", steps, loss + batches(rng, n, 0.06))
    window = gradual(steps, decades, onset, 0.065)
    log.true("gradient", "grad_norm/embed_tokens", steps[onset], window, also=("explosion",))
