"""Runs that end in no numbers, with what their scalers and norms show before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.sixth import making
from benchmarks.blind.sixth.registry import labelled
from benchmarks.blind.windows import abrupt, flat, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log
    from benchmarks.blind.shapes import Array


def doublings(rng: np.random.Generator, n: int, high: float, every: int) -> Array:
    """Exponents of a healthy scale: doubled after so many points, and halved at an overflow."""
    phase = (np.arange(n) + rng.integers(every)) % every
    lower = np.cumsum(rng.random(n) < 0.3 / every) % 2
    return high - lower - (phase < every // 2)


@labelled(
    "loss_of_nought_and_no_norm",
    "nonfinite",
    "the weights are no numbers any more; the Trainer writes such a loss as exactly nought, and"
    " only the norm and the next evaluation tell (huggingface/transformers,"
    " logging_nan_inf_filter)",
    clear=1.0,
)
def loss_of_nought_and_no_norm(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 400)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    k = int(n * rng.uniform(0.3, 0.6) * strength)
    gone = np.arange(n) >= k
    loss = making.descent(t, 2.2, 1.2, 0.05) * making.batch_factors(rng, n, 0.05)
    log.add("train/loss", steps, np.where(gone, 0.0, loss))
    log.add("train/grad_norm", steps, np.where(gone, np.nan, making.norms(rng, 1.6, n)))
    log.add("train/learning_rate", steps, shapes.warmup_linear(t, 2e-5, 0.03))
    at = np.arange(n // 8, n, n // 8)
    held = making.descent(t[at], 1.6, 1.25, 0.1)
    log.add("eval/loss", steps[at], np.where(at >= k, np.nan, held))
    making.waits(log, steps[at], 60)
    late = int(steps[at[at >= k][0]])
    window = (int(steps[k]), max(late, int(steps[k + 1])))
    log.true("nonfinite", ("train/grad_norm", "eval/loss"), steps[k], window)
    also = ("nonfinite", "divergence")
    log.true("collapse", "train/loss", steps[k], abrupt(steps, k, 1), also=also)


@labelled(
    "halved_until_nothing_is_left",
    "nonfinite",
    "a GradScaler halves its scale at every step since each gradient overflows, and the loss is no"
    " number (pytorch/pytorch #40497)",
    clear=1.0,
)
def halved_until_nothing_is_left(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    k = int(n * rng.uniform(0.35, 0.75) * strength)
    scale = doublings(rng, n, 17, max(n // 7, 8))
    since = np.maximum(np.arange(n) - k + 1, 0)
    log.add("train/grad_scale", steps, 2.0 ** np.maximum(scale - 4 * since, -100))
    late = k + int(rng.integers(0, 4))
    loss = making.descent(t, 6.5, 2.6, 0.05) * making.batch_factors(rng, n, 0.07)
    log.add("train/loss", steps, np.where(np.arange(n) >= late, np.nan, loss))
    log.add("train/lr", steps, making.cosine(t, 5e-4, 0.05))
    log.true("loss_scale", "train/grad_scale", steps[k], abrupt(steps, k, 3), also=("collapse",))
    log.true("nonfinite", "train/loss", steps[late], abrupt(steps, late, 1))


@labelled(
    "at_one_and_then_no_number",
    "loss_scale",
    "the scale goes from a quarter of a million down to its least of one within a few dozen logged"
    " steps, and the loss ends (NVIDIA/DeepLearningExamples #543; Megatron-LM's tags)",
    clear=1.0,
)
def at_one_and_then_no_number(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    k = int(n * rng.uniform(0.4, 0.75) * strength)
    scale = doublings(rng, n, 18, max(n // 6, 10))
    since = np.maximum(np.arange(n) - k + 1, 0)
    log.add("loss-scale", steps, 2.0 ** np.maximum(scale - since, 0))
    late = k + 22
    gone = np.arange(n) >= late
    loss = making.descent(t, 10.7, 2.7, 0.03, 0.8) * making.batch_factors(rng, n, 0.015)
    log.add("lm loss", steps, np.where(gone, np.nan, loss))
    log.add("grad-norm", steps, np.where(gone, np.nan, making.norms(rng, 0.4, n)))
    log.add("learning-rate", steps, making.cosine(t, 2e-4, 0.01))
    log.true("loss_scale", "loss-scale", steps[k], abrupt(steps, k, 5), also=("collapse",))
    tags = ("lm loss", "grad-norm")
    log.true("nonfinite", tags, steps[late], abrupt(steps, late, 1))


@labelled(
    "perplexity_that_has_no_end",
    "nonfinite",
    "the loss grows by decades, and two to the power of it is infinite from some epoch on"
    " (facebookresearch/fairseq #118, its tags)",
    tolerated=(
        "explosion",
        "gradient",
    ),
    clear=3.3,
)
def perplexity_that_has_no_end(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 600)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    k = int(n * rng.uniform(0.35, 0.6))
    since = np.clip((t - t[k]) / 0.25, 0, 1)
    loss = making.descent(making.until(t, t[k]), 13, 6.1, 0.06, 0.8) * 10 ** (strength * since)
    noisy = loss * making.batch_factors(rng, n, 0.02)
    log.add("train_inner/loss", steps, noisy)
    with np.errstate(over="ignore"):
        ppl = np.exp2(np.minimum(noisy, 2000))
    ppl[noisy >= 127] = np.inf
    log.add("train_inner/ppl", steps, ppl)
    log.add("train_inner/gnorm", steps, making.norms(rng, 1.1 * 10 ** (2 * since), n))
    log.add("train_inner/wps", steps, 23000 * np.exp(rng.normal(0, 0.02, n)))
    window = gradual(steps, loss, k, 0.12)
    log.true("divergence", "train_inner/loss", steps[k], window, also=("explosion",))
    first = int(np.flatnonzero(np.isinf(ppl))[0])
    log.true("nonfinite", "train_inner/ppl", steps[first], abrupt(steps, first, 2))


@labelled(
    "every_step_is_skipped",
    "loss_scale",
    "the scale has sunk to one and each step is skipped: nothing is learnt from there on, the loss"
    " stands where it was (deepspeedai/DeepSpeed, skipped steps)",
    clear=1.0,
)
def every_step_is_skipped(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    k = int(n * rng.uniform(0.25, 0.45) * strength)
    scale = doublings(rng, n, 16, max(n // 6, 10))
    since = np.maximum(np.arange(n) - k + 1, 0)
    log.add("Train/Samples/loss_scale", steps, 2.0 ** np.maximum(scale - 2 * since, 0))
    loss = making.descent(t, 9.8, 3.0, 0.05, 0.35)
    loss = np.where(np.arange(n) > k, loss[k], loss)
    log.add("Train/Samples/train_loss", steps, loss + rng.normal(0, 0.07, n))
    log.add("Train/Samples/lr", steps, making.cosine(t, 3e-4, 0.05))
    tag = "Train/Samples/loss_scale"
    log.true("loss_scale", tag, steps[k], abrupt(steps, k, 5), also=("collapse",))
    log.true("plateau", "Train/Samples/train_loss", steps[k], flat(steps, loss, k, 0.07))


@labelled(
    "scale_sinks_for_hours",
    "loss_scale",
    "gradients outgrow half precision little by little, the scale is halved once in a while and"
    " never doubled; and once all wait four hours for a file system",
    clear=14.0,
    faint=9.0,
)
def scale_sinks_for_hours(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    making.seconds_a_point(log, 10, 12)
    k, gap = int(n * rng.uniform(0.25, 0.4)), int(n * rng.uniform(0.5, 0.85))
    sunk = np.floor(strength * np.clip((t - t[k]) / (0.9 - t[k]), 0, 1))
    log.add("amp/loss_scale", steps, 2.0 ** (doublings(rng, n, 16, max(n // 9, 8)) - sunk))
    loss = making.descent(t, 7.1, 2.2, 0.05, 0.7)
    log.add("loss/train", steps, loss * making.batch_factors(rng, n, 0.05))
    log.add("lr", steps, making.cosine(t, 1e-3, 0.02))
    log.pause(int(steps[gap]), 3600 * rng.uniform(3, 6))
    # Two halvings more than a healthy scale ever has are beyond doubt.
    doubt = int(np.searchsorted(sunk, 4))
    window = (steps[k - max(n // 20, 2)], steps[doubt])
    log.true("loss_scale", "amp/loss_scale", steps[k], window, also=("collapse",))
    log.true("stall", ("loss/train", "amp/loss_scale", "lr"), steps[gap], abrupt(steps, gap))
