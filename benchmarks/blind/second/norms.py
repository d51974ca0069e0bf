"""Gradients that are always clipped, or grow while nothing is learnt."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "each_step_clipped",
    "gradient",
    "the rate of clipping is one in all steps: the norm's limit, not the rate, sets the step's size"
    " (wandb/senpai #978)",
    plain=0.0,
    noisy=0.01,
)
def each_step_clipped(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    clipped = np.minimum(1.0, 1 - np.abs(rng.normal(0, 1, n)) * strength)
    log.add("optim/clipping_rate", steps, clipped)
    log.add("optim/total_grad_norm", steps, 20 * generators.skewed(rng, n, 0.3))
    log.add(
        "train/CrossEntropyLoss", steps, generators.hill(t, 9.5, 4.1, 0.2) + rng.normal(0, 0.05, n)
    )
    tags = ("optim/clipping_rate", "optim/total_grad_norm")
    log.true("gradient", tags, steps[0], (steps[0], steps[n // 10]))


@labelled(
    "clipping_takes_over",
    "gradient",
    "one step in a hundred is clipped, then all for the rest: the norm has grown past its"
    " limit and the loss no longer falls",
    plain=6.0,
    medium=4.0,
    tolerated=("plateau",),
)
def clipping_takes_over(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    onset = int(n * rng.uniform(0.4, 0.6))
    norm = 0.5 * generators.skewed(rng, n, 0.3) * np.where(np.arange(n) < onset, 1, strength)
    log.add("optim/grad_norm", steps, norm)
    # The share of a log-normal norm that is above its limit of one, before and after.
    before, after = (
        math.erfc(np.log(1 / level) / (0.3 * 2**0.5)) / 2 for level in (0.5, 0.5 * strength)
    )
    share = np.where(np.arange(n) < onset, before, after)
    log.add("optim/clipped_fraction", steps, generators.shares(rng, 50, share))
    loss = generators.hill(np.minimum(t, t[onset]), 8.2, 3.1, 0.12)
    log.add("optim/train_ce", steps, loss + rng.normal(0, 0.04, n))
    tags = ("optim/grad_norm", "optim/clipped_fraction")
    log.true("gradient", tags, steps[onset], abrupt(steps, onset, 3), also=("explosion",))


@labelled(
    "one_layer_boils",
    "gradient",
    "the norm of one layer's gradient climbs to many times what it was, the loss stands still",
    plain=30.0,
    medium=8.0,
    tolerated=("plateau",),
)
def one_layer_boils(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    at = rng.uniform(0.35, 0.55)
    onset = int(at * (n - 1)) + 1
    rise = np.log(strength) * np.clip((t - at) / (0.8 - at), 0, 1)
    for layer in (0, 5, 11):
        norm = 0.15 * generators.skewed(rng, n, 0.2) * np.exp(rise if layer == 11 else 0)
        log.add(f"grad_2.0_norm/layers.{layer}.mlp", steps, norm)
    log.add("grad_2.0_norm_total", steps, 0.35 * generators.skewed(rng, n, 0.15) * np.exp(rise))
    loss = generators.hill(np.minimum(t, t[onset]), 7.7, 3.3, 0.1)
    log.add("train_ce_loss", steps, loss + rng.normal(0, 0.03, n))
    tags = ("grad_2.0_norm/layers.11.mlp", "grad_2.0_norm_total")
    window = gradual(steps, rise, onset, 0.2)
    log.true("gradient", tags, steps[onset], window, also=("explosion",))


@labelled(
    "norm_to_the_moon",
    "gradient",
    "the loss has stopped at its level and the norm grows exponentially beside it"
    " (yuantianyuan01/StreamMapNet #37)",
    plain=3.0,
    medium=1.2,
    tolerated=("plateau",),
)
def norm_to_the_moon(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 900)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    at = rng.uniform(0.3, 0.5)
    onset = int(at * (n - 1)) + 1
    decades = strength * np.clip((t - at) / (1 - at), 0, 1)
    log.add("grad_norm", steps, 60 * generators.skewed(rng, n, 0.3) * 10**decades)
    total = generators.hill(np.minimum(t, t[onset]), 50, 27, 0.1)
    log.add("total", steps, total * generators.batch(rng, n, 0.04))
    log.add("reg", steps, 0.15 * total * generators.batch(rng, n, 0.06))
    window = gradual(steps, 2.3 * decades, onset, 0.3)
    log.true("gradient", "grad_norm", steps[onset], window, also=("explosion",))


@labelled(
    "second_stage_pushes",
    "gradient",
    "with the new objective the norm doubles every tenth of the run, the loss is as it was at"
    " its start",
    plain=4.0,
    medium=2.5,
    tolerated=("plateau",),
)
def second_stage_pushes(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 900)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    at = rng.uniform(0.3, 0.5)
    onset = int(at * (n - 1)) + 1
    rise = np.log(2) * strength * np.clip((t - at) / (1 - at), 0, 1)
    log.add("policy/gradient_norm", steps, 0.9 * generators.skewed(rng, n, 0.25) * np.exp(rise))
    level = generators.hill(np.minimum(t, t[onset]), 1.9, 1.25, 0.1)
    log.add("policy/sft_nll", steps, level * generators.batch(rng, n, 0.04))
    window = gradual(steps, rise, onset, 0.25)
    log.true("gradient", "policy/gradient_norm", steps[onset], window, also=("explosion",))
