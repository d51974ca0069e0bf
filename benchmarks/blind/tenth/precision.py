"""Numbers that are too small for what they have to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import (
    beside_the_gap,
    cosine,
    counted,
    interval,
    jitter,
    linear,
    noise,
)
from benchmarks.blind.tenth.making import (
    clocked,
    falling,
    grows,
    jumps,
    rising,
    significant,
    speed,
    worsens,
)
from benchmarks.blind.tenth.registry import labelled
from benchmarks.blind.windows import flat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log


def halved(
    rng: np.random.Generator, n: int, high: int, begun: int, low: int, every: float
) -> NDArray[np.float64]:
    """The exponent of a loss scale: steady about `high`, and from `begun` on down to `low`.

    Before, it is halved now and then and doubled again; after, it is halved each `every` points.
    """
    steady = high - (noise(rng, n, 1, 0.9, 8) > 0.9)
    since = np.clip(np.arange(n) - begun + 1, 0, None)
    down = np.maximum(high - np.ceil(since / every), low)
    return np.where(np.arange(n) < begun, steady, down)


@labelled(
    "scale_of_one_and_nothing_learnt",
    "loss_scale",
    "each step overflows: the scale is halved down to 1, steps are skipped, and the loss stays"
    " where it was (deepspeedai/DeepSpeed #697)",
    clear=1.0,
    medium=8.0,
)
def scale_of_one_and_nothing_learnt(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    begun = int(n * rng.uniform(0.2, 0.35))
    scale = 2.0 ** halved(rng, n, 16, begun, 0, strength)
    clean = np.where(
        np.arange(n) < begun, 2.1 + 6 * np.exp(-8 * t), 2.1 + 6 * np.exp(-8 * t[begun])
    )
    log.add("Train/Samples/loss_scale", steps, scale)
    log.add("Train/Samples/train_loss", steps, jitter(rng, clean, 0.03))
    log.add("Train/Samples/lr", steps, linear(t, 1e-4, 0.03))
    last = int(steps[min(begun + int(17 * strength) + 2, n - 1)])
    window = (int(steps[begun - 2]), last)
    log.true(
        "loss_scale", "Train/Samples/loss_scale", int(steps[begun]), window, also=("collapse",)
    )
    window = flat(steps, clean, begun, 0.08)
    log.true("plateau", "Train/Samples/train_loss", int(steps[begun]), window)


@labelled(
    "scale_sinks_as_the_loss_climbs",
    "loss_scale",
    "norms grow, the scale sinks below one ten-thousandth, and the loss climbs (fairseq's `Minimum"
    " loss scale reached`, TsinghuaAI/CPM-1-Finetune #28)",
    clear=1.0,
    medium=0.5,
    tolerated=("plateau",),
)
def scale_sinks_as_the_loss_climbs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    begun = int(n * rng.uniform(0.45, 0.65))
    up = np.clip((t - t[begun]) / (1 - t[begun]), 0, None)
    worse = 4.5 * strength * up**0.8
    size = 0.9 * 200 ** np.minimum(2 * up, 1)
    scale = 2.0 ** halved(rng, n, 7, begun, -14, 0.025 * n)
    log.add("train_inner/loss", steps, falling(rng, t, 13.5, 4.2, 0.02) + jitter(rng, worse, 0.04))
    log.add("train_inner/gnorm", steps, size * np.exp(noise(rng, n, 0.2, 0.3)))
    log.add("train_inner/loss_scale", steps, scale)
    window = (int(steps[begun - 2]), int(steps[min(begun + int(0.35 * n), n - 1)]))
    log.true("loss_scale", "train_inner/loss_scale", int(steps[begun]), window, also=("collapse",))
    worsens(log, "divergence", "train_inner/loss", steps, worse - 0.5 * t, begun, 0.1)
    grows(log, "gradient", "train_inner/gnorm", steps, size, begun, 0.27, also=("explosion",))


@labelled(
    "scaler_at_nought",
    "loss_scale",
    "a NaN in the weights: GradScaler halves at every step until its scale is 0, and the loss is no"
    " number (pytorch, `amp` with a square root of nought)",
)
def scaler_at_nought(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 900)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    begun = int(n * rng.uniform(0.3, 0.6))
    power = halved(rng, n, 16, begun, -1100, 1.0 / strength)
    bad = np.arange(n) >= begun
    log.add("amp/scale", steps, np.where(power < -149, 0, 2.0 ** np.maximum(power, -149)))
    log.add("train/l1_charbonnier", steps, np.where(bad, np.nan, falling(rng, t, 0.2, 0.03, 0.08)))
    evaluated = interval(steps, n // 12)
    gone = int(np.argmax(evaluated > steps[begun]))
    psnr = rising(shapes.times(len(evaluated)), 22, 31) + noise(rng, len(evaluated), 0.1)
    psnr[gone:] = np.nan
    log.add("val/psnr", evaluated, psnr)
    window = (int(steps[begun - 2]), int(steps[min(begun + 30, n - 1)]))
    log.true("loss_scale", "amp/scale", int(steps[begun]), window, also=("collapse",))
    jumps(log, "nonfinite", "train/l1_charbonnier", steps, begun, 1)
    jumps(log, "nonfinite", "val/psnr", evaluated, gone, 1)


@labelled(
    "gradients_below_half_precision",
    "loss_scale",
    "a variational autoencoder in half precision: the scale falls by fits to 2, and the divergence"
    " to the prior falls to nothing: posterior collapse (Bowman et al. 2016)",
    clear=1.0,
    medium=0.6,
)
def gradients_below_half_precision(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 400)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    begun = int(n * rng.uniform(0.3, 0.5))
    scale = 2.0 ** halved(rng, n, 15, begun, 1, 0.012 * n)
    kl = 9.5 * (0.0004 ** (strength * np.clip((t - t[begun]) / 0.25, 0, 1)))
    log.add("fp16/loss_scale", steps, scale)
    log.add("train/kl_divergence", steps, kl * np.exp(noise(rng, n, 0.1, 0.4)))
    log.add("train/reconstruction", steps, 61 + 90 * np.exp(-9 * t) + noise(rng, n, 0.8))
    window = (int(steps[begun - 2]), int(steps[min(begun + int(0.2 * n), n - 1)]))
    log.true("loss_scale", "fp16/loss_scale", int(steps[begun]), window, also=("collapse",))
    grows(log, "collapse", "train/kl_divergence", steps, kl, begun, 0.15)


@labelled(
    "overflow_at_every_third_step",
    "loss_scale",
    "after a night without a machine the job goes on with another driver: a third of the steps"
    " overflow and are done again, it is slower by half, and the scale sinks from 2^19 to 2^5",
    clear=1.7,
    medium=1.35,
)
def overflow_at_every_third_step(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 450)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    log.seconds_per_step = 1.4
    begun = int(n * rng.uniform(0.35, 0.6))
    slow = np.where(np.arange(n) < begun, 1, strength)
    clocked(log, steps, slow)
    log.pause(int(steps[begun]), rng.uniform(13, 20) * 3600)
    scale = 2.0 ** halved(rng, n, 19, begun, 5, 0.01 * n)
    log.add("scaler/scale", steps, scale)
    log.add("perf/images_per_second", steps, speed(rng, n, 2650 / slow, 0.02))
    log.add("train/contrastive_loss", steps, falling(rng, t, 9.1, 2.9, 0.03))
    window = (int(steps[begun - 2]), int(steps[min(begun + int(0.16 * n), n - 1)]))
    log.true("loss_scale", "scaler/scale", int(steps[begun]), window, also=("collapse",))
    tags = ("perf/images_per_second", "train/contrastive_loss")
    jumps(log, "throughput", tags, steps, begun)
    log.true("stall", ("scaler/scale", *tags), int(steps[begun]), beside_the_gap(steps, begun))


@labelled(
    "activations_up_to_infinity",
    "explosion",
    "the largest activation of a block grows a thousandfold, the scale gives way to it, and at last"
    " the loss is no number (LLM.int8() on outliers; T5 in half precision)",
    clear=3000.0,
    medium=300.0,
)
def activations_up_to_infinity(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 800)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    begun = int(n * rng.uniform(0.3, 0.45))
    gone = int(n * rng.uniform(0.9, 0.95))
    up = np.clip((t - t[begun]) / (t[gone] - t[begun]), 0, 1)
    largest = 21 * strength**up
    scale = 2.0 ** np.round(16 - np.log2(largest / 21) * 1.2)
    bad = np.arange(n) >= gone
    noisy = largest * np.exp(noise(rng, n, 0.1, 0.4))
    log.add("debug/max_abs_activation", steps, np.where(bad, np.inf, noisy))
    log.add("debug/loss_scale", steps, scale)
    log.add("train/loss", steps, np.where(bad, np.nan, falling(rng, t, 6.2, 2.2, 0.02)))
    log.add("train/learning_rate", steps, cosine(t, 1e-4))
    log.add("train/accuracy", steps, significant(counted(rng, rising(t, 0.2, 0.58), 4096), 4))
    grows(log, "explosion", "debug/max_abs_activation", steps, largest, begun, 0.15)
    grows(log, "loss_scale", "debug/loss_scale", steps, scale, begun, 0.4, also=("collapse",))
    jumps(log, "nonfinite", ("train/loss", "debug/max_abs_activation"), steps, gone, 1)
