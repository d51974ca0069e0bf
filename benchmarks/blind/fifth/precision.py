"""Loss scales that collapse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, exponents, fall, linear
from benchmarks.blind.fifth.registry import labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "halved_sixteen_times",
    "loss_scale",
    "overflow after overflow: the scale is halved at each step from 65536 to 1 and stays there"
    " (ymcui/Chinese-LLaMA-Alpaca #534, DeepSpeed)",
    tolerated=("collapse", "plateau"),
    plain=1.0,
)
def halved_sixteen_times(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(3, 60)
    onset = int(n * rng.uniform(0.3, 0.7))
    since = np.maximum(np.arange(n) - onset + 1, 0)
    log.add("Train/Samples/loss_scale", steps, 2.0 ** np.maximum(16 - strength * since, 0))
    down = fall(t, 3.1, 1.9, 0.05, 0.5)
    skipped = np.where(since > 0, down[onset], down)
    log.add("Train/Samples/train_loss", steps, skipped + rng.normal(0, 0.05, n))
    log.add("Train/Samples/lr", steps, linear(t, 2e-4, 0.03))
    window = (steps[onset - 2], steps[onset + 8])
    log.true("loss_scale", "Train/Samples/loss_scale", steps[onset], window, also=("collapse",))


@labelled(
    "sinks_for_days",
    "loss_scale",
    "the scale is halved more often than doubled and sinks by fifteen octaves over the second half:"
    " gradients grow (BigScience's chronicles, Megatron)",
    tolerated=("collapse", "gradient", "explosion"),
    plain=15.0,
)
def sinks_for_days(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 1000, 6000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(2, 8)
    onset = int(n * rng.uniform(0.4, 0.55))
    usual = exponents(rng, n, 17, max(n // 40, 5), 16)
    sinks = strength * np.clip((t - t[onset]) / (1 - t[onset]), 0, 1)
    scale = np.maximum(usual - np.round(sinks), 0)
    log.add("loss-scale/loss-scale", steps, 2.0**scale)
    norm = fall(t, 3, 0.35, 0.005, 0.6) * (1 + 2 * sinks / strength)
    log.add("grad-norm/grad-norm", steps, norm * batches(rng, n, 0.15))
    loss = fall(t, 10.6, 2.5, 0.002, 0.42) + rng.normal(0, 0.03, n)
    log.add("lm-loss-training/lm loss", steps, loss)
    # It moves by an octave either way as usual: four octaves lower is new to it.
    seen = int(np.searchsorted(sinks, 5.5))
    first = steps[max(onset - n // 20, 0)]
    window = (first, steps[min(seen, n - 1)])
    log.true("loss_scale", "loss-scale/loss-scale", steps[onset], window, also=("collapse",))


@labelled(
    "scale_of_zero",
    "loss_scale",
    "no update is finite any more: the scaler halves until its scale is zero and the loss is no"
    " number (deepinsight/insightface #2262)",
    tolerated=("collapse",),
    plain=1.0,
)
def scale_of_zero(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(0.1, 0.8)
    onset = int(n * rng.uniform(0.3, 0.75))
    since = np.maximum(np.arange(n) - onset + 1, 0)
    scale = np.where(since > 0, 2.0 ** (16 - 10 * strength * since), 2.0**16)
    log.add("Training/Fp16 Grad Scale", steps, np.where(scale < 2.0**-40, 0, scale))
    loss = fall(t, 42, 6.5, 0.03, 0.6) + rng.normal(0, 0.35, n)
    log.add("Training/Loss", steps, np.where(since > 0, np.nan, loss))
    log.add("Training/Learning Rate", steps, 0.02 * (1 - t) ** 2)
    window = (steps[onset - 2], steps[onset + 3])
    log.true("loss_scale", "Training/Fp16 Grad Scale", steps[onset], window, also=("collapse",))
    log.true("nonfinite", "Training/Loss", steps[onset], (steps[onset - 1], steps[onset + 1]))
