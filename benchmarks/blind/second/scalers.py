"""Loss scales of mixed precision that find no bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log, Window


def _falls(steps: NDArray[np.int64], exponents: NDArray[np.float64], onset: int) -> Window:
    """From the last halving that is as usual to the fourth in a row, which is not."""
    below = np.flatnonzero(exponents < exponents[:onset].min() - 3)
    last = below[0] if len(below) else len(steps) - 1
    return steps[max(onset - 2, 0)], steps[min(last + 2, len(steps) - 1)]


@labelled(
    "gradients_outgrow_half",
    "loss_scale",
    "gradients grow by a power of two every few points: what is added after good steps is taken at"
    " once, down to the minimum of one (deepspeedai/DeepSpeed #697)",
    plain=1.0,
    medium=0.6,
    tolerated=("plateau",),
)
def gradients_outgrow_half(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = rng.uniform(0.35, 0.6)
    onset = int(at * n)
    limits = 15.5 + rng.normal(0, 0.4, n) - 17 * strength * np.clip((t - at) / 0.25, 0, 1)
    exponents = generators.loss_scale(limits, 16, max(8, n // 60), 0)
    log.add("Train/Samples/loss_scale", steps, 2.0**exponents)
    loss = generators.hill(np.minimum(t, t[onset]), 8.8, 3.4, 0.1)
    log.add("Train/Samples/train_loss", steps, loss + rng.normal(0, 0.05, n))
    tag = "Train/Samples/loss_scale"
    log.true("loss_scale", tag, steps[onset], _falls(steps, exponents, onset), also=("collapse",))


@labelled(
    "scale_gone_at_once",
    "loss_scale",
    "131072, and 5e-23 at the next point (pytorch/pytorch #157436)",
    plain=22.0,
    medium=9.0,
    tolerated=("plateau",),
)
def scale_gone_at_once(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 900)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    onset = int(n * rng.uniform(0.3, 0.7))
    exponents = generators.loss_scale(17.5 + rng.normal(0, 0.5, n), 16, max(5, n // 30))
    scale = 2.0**exponents
    scale[onset:] = scale[onset - 1] * 10.0**-strength
    log.add("amp/grad_scaler", steps, scale)
    loss = generators.hill(np.minimum(t, t[onset]), 1.9, 0.8, 0.1)
    log.add("train/dice_ce", steps, loss + rng.normal(0, 0.02, n))
    tag = "amp/grad_scaler"
    log.true("loss_scale", tag, steps[onset], abrupt(steps, onset, 1), also=("collapse",))


@labelled(
    "never_finds_a_scale",
    "loss_scale",
    "every step overflows from the first on: 4294967296 is halved to one, and no update is"
    " ever made (deepspeedai/DeepSpeed #697)",
    tolerated=("plateau",),
)
def never_finds_a_scale(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 800)
    steps = shapes.steps(n, 1)
    exponents = np.maximum(32 - np.arange(n), 0)
    log.add("deepspeed/loss_scale", steps, 2.0**exponents)
    log.add("deepspeed/lm_loss", steps, 10.9 + rng.normal(0, 0.06, n))
    tag = "deepspeed/loss_scale"
    window = (steps[0], steps[min(36, n - 1)])
    log.true("loss_scale", tag, steps[0], window, also=("collapse",))


@labelled(
    "scale_reaches_zero",
    "loss_scale",
    "halved at each step until the scale is below what float32 holds, and zero; the loss is"
    " NaN then",
)
def scale_reaches_zero(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    onset = int(n * rng.uniform(0.25, 0.4))
    limits = np.where(np.arange(n) < onset, 14.5 + rng.normal(0, 0.4, n), -np.inf)
    exponents = generators.loss_scale(limits, 15, max(10, n // 60), -160)
    scale = (2.0**exponents).astype(np.float32).astype(np.float64)
    log.add("scaler", steps, scale)
    loss = generators.hill(t, 3.3, 1.0, 0.05) + rng.normal(0, 0.04, n)
    loss[onset:] = np.nan
    log.add("losses/total", steps, loss)
    log.true(
        "loss_scale", "scaler", steps[onset], _falls(steps, exponents, onset), also=("collapse",)
    )
    log.true("nonfinite", "losses/total", steps[onset], abrupt(steps, onset, 0))


@labelled(
    "half_precision_after_resume",
    "loss_scale",
    "resumed in float16 what was trained in bfloat16: halved from the first step of the session on",
    plain=14.0,
    medium=7.0,
    tolerated=("stall", "plateau"),
)
def half_precision_after_resume(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    a = int(n * rng.uniform(0.4, 0.6))
    limits = np.where(np.arange(n) < a, 12.5 + rng.normal(0, 0.4, n), 12.5 - strength)
    exponents = generators.loss_scale(limits, 13, max(10, n // 50))
    loss = generators.hill(np.minimum(t, t[a]), 8.1, 2.9, 0.1) + rng.normal(0, 0.05, n)
    for where in (slice(None, a), slice(a, None)):
        log.session()
        log.add("train_inner/loss_scale", steps[where], 2.0 ** exponents[where])
        log.add("train_inner/nll", steps[where], loss[where])
    tag = "train_inner/loss_scale"
    log.true("loss_scale", tag, steps[a], _falls(steps, exponents, a), also=("collapse",))
