"""Scales, norms and rates: what settings do to models that are well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine, jitter, linear
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, settling
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import approach, decay_after, power_law, ramp_after, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    from_the_start,
    grows,
    half_cosine,
    jumps,
    scaler,
    spikes,
    warmed,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


def deepspeed(log: Log, rng: np.random.Generator, steps: Steps, rate: Array) -> None:
    """What DeepSpeed's monitor writes, but for the loss scale."""
    t = times(len(steps))
    near(log, rng, "Train/Samples/train_loss", steps, power_law(t, 8, 2.1, 0.4), 0.02)
    log.add("Train/Samples/lr", steps, rate)
    near(log, rng, "Train/Samples/elapsed_time_ms_forward", steps, 210, 0.01)
    near(log, rng, "Train/Samples/elapsed_time_ms_backward", steps, 430, 0.01)
    near(log, rng, "Train/Samples/elapsed_time_ms_step", steps, 38, 0.02)


@healthy(
    "gradients_of_a_gan_part",
    "Norms of two parts, one noisy by a factor, both level.",
    tolerated=("plateau",),
)
def gradients_of_a_gan_part(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 600), 10)
    t = times(len(steps))
    near(log, rng, "grad_norm/encoder", steps, 0.5 + np.exp(-t / 0.05), 0.2)
    near(log, rng, "grad_norm/head", steps, 2.0, 0.45)
    near(log, rng, "train/loss", steps, approach(t, 2, 0.8, 6), 0.03)
    log.add("train/lr", steps, cosine(t, 1e-3))


@healthy(
    "deepspeed_scale_grows",
    "From 2^16 it is doubled every two thousand steps, and halved.",
    tolerated=("plateau",),
)
def deepspeed_scale_grows(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 600), 100)
    deepspeed(log, rng, steps, warmed(times(len(steps)), 0.05, 1 + 0 * steps) * 1e-4)
    log.add("Train/Samples/loss_scale", steps, scaler(rng, np.full(len(steps), 20.0), 16, 20))


@healthy(
    "rate_of_a_plateau_scheduler",
    "The rate is cut tenfold thrice, when validation is level.",
    tolerated=("plateau",),
)
def rate_of_a_plateau_scheduler(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(whole(rng, 80, 160), 1)
    t = times(len(epochs))
    cuts = 1.0 * (t > 0.4) + (t > 0.65) + (t > 0.85)
    near(log, rng, "train/loss", epochs, 0.2 + 1.6 * np.exp(-t / 0.1) + 0.1 * 0.3**cuts, 0.02)
    near(log, rng, "val/loss", epochs, 0.34 + 1.4 * np.exp(-t / 0.09) + 0.06 * 0.3**cuts, 0.025)
    log.add("lr", epochs, 1e-3 * 0.1**cuts)


@healthy(
    "constant_rate_by_intent",
    "A rate that never moves, as Adam is often used.",
    tolerated=("plateau",),
)
def constant_rate_by_intent(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 400), 50)
    t = times(len(steps))
    near(log, rng, "train/loss", steps, 0.4 + 2 * np.exp(-t / 0.2), 0.05)
    scores(log, rng, "train/acc", steps, 0.88 - 0.7 * np.exp(-t / 0.2), 3200)
    log.add("lr-Adam", steps, 1e-3)


def sinking(t: Array, index: int, scale: Array, least: float) -> Array:
    """A scale that is halved at each point from one on."""
    halved = 2.0 ** -np.clip(np.arange(len(t)) - index, 0, 60).astype(np.float64)
    return np.maximum(scale * halved, least)


@labelled(
    "deepspeed_scale_to_one", "loss_scale", "It is halved to one and stays.", early=0.3, late=0.75
)
def deepspeed_scale_to_one(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 600), 100)
    t = times(len(steps))
    index = index_of(t, strength + rng.uniform(-0.05, 0.05))
    deepspeed(log, rng, steps, warmed(t, 0.05, 1 + 0 * t) * 1e-4)
    scale = sinking(t, index, scaler(rng, np.full(len(t), 18.0), 16, 25), 1.0)
    log.add("Train/Samples/loss_scale", steps, scale)
    window = int(steps[index - 2]), int(steps[min(index + 20, len(steps) - 1)])
    log.true(
        "loss_scale", "Train/Samples/loss_scale", int(steps[index]), window, also=("collapse",)
    )


@labelled(
    "apex_scale_to_nothing",
    "loss_scale",
    "No minimum: it is halved to 1e-10 and below.",
    early=0.7,
    late=1.2,
)
def apex_scale_to_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 100)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.35, 0.75) * strength)
    near(log, rng, "train/loss", steps, approach(t, 6.9, 2.4, 5), 0.02)
    log.add(
        "train/amp_scale", steps, sinking(t, index, scaler(rng, np.full(len(t), 15.0), 16, 20), 0)
    )
    log.add("train/lr", steps, cosine(t, 0.1))
    window = int(steps[index - 2]), int(steps[min(index + 20, len(steps) - 1)])
    log.true("loss_scale", "train/amp_scale", int(steps[index]), window, also=("collapse",))


@labelled(
    "lightning_scaler_sinks", "loss_scale", "GradScaler's scale sinks to a thousandth.", plain=1.0
)
def lightning_scaler_sinks(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 50, 49)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.35, 0.75) * strength)
    near(log, rng, "train_loss", steps, approach(t, 2.3, 0.6, 5), 0.05)
    log.add("scaler/scale", steps, sinking(t, index, np.full(len(t), 65536.0), 2.0**-10))
    log.add("lr-AdamW", steps, cosine(t, 1e-3))
    window = int(steps[index - 2]), int(steps[min(index + 20, len(steps) - 1)])
    log.true("loss_scale", "scaler/scale", int(steps[index]), window, also=("collapse",))


@labelled(
    "norm_after_unfreezing",
    "gradient",
    "From the unfreezing on the norm is tens of times.",
    tenfold=12.0,
    hundredfold=100.0,
)
def norm_after_unfreezing(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 20)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.3, 0.6))
    norm = np.where(np.arange(len(t)) < index, 0.5, 0.5 * strength)
    near(log, rng, "train/grad_norm", steps, norm, 0.2)
    near(log, rng, "train/loss", steps, approach(t, 1.4, 0.7, 4), 0.05)
    log.add("train/learning_rate", steps, linear(t, 1e-4))
    jumps(log, "gradient", "train/grad_norm", steps, index, ("explosion", "spike", "divergence"))


@labelled(
    "recurrent_norm_grows",
    "gradient",
    "An RNN without clipping: its norm grows by decades.",
    hundredfold=2.0,
    myriadfold=4.0,
)
def recurrent_norm_grows(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 50)
    t = times(len(steps))
    onset = rng.uniform(0.2, 0.5)
    norm = 0.8 * 10.0 ** ramp_after(t, onset, strength)
    near(log, rng, "grad/total_norm", steps, norm, 0.25)
    near(log, rng, "train/loss", steps, approach(t, 4.5, 3.1, 5), 0.02)
    log.add("train/lr", steps, 1e-3)
    index = index_of(t, onset)
    grows(log, "gradient", "grad/total_norm", steps, norm, index, 0.25, ("explosion", "divergence"))


@labelled(
    "resumed_with_another_rate",
    "learning_rate",
    "Resumed with ten times the rate.",
    tolerated=("gradient",),
    tenfold=10.0,
    thirtyfold=30.0,
)
def resumed_with_another_rate(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 10)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.35, 0.65))
    loss = power_law(t, 10, 2.5, 0.35)
    near(log, rng, "train/loss", steps, loss, 0.012)
    after = np.arange(len(t)) >= index
    rate = 1e-4 * half_cosine(t, end=0.1)
    log.add("train/lr", steps, np.where(after, rate * strength, rate))
    jumps(log, "learning_rate", "train/lr", steps, index, ("explosion", "spike"))


@labelled("warmup_that_never_ends", "learning_rate", "The rate is zero for all of the run.")
def warmup_that_never_ends(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 100, 300), 50)
    near(log, rng, "loss/train", steps, 6.9 * strength, 0.01)
    about(log, rng, "acc/train", steps, np.full(len(steps), 0.1), 0.004)
    log.add("lr", steps, 0.0)
    from_the_start(log, "learning_rate", "lr", steps, ("collapse",))
    from_the_start(log, "plateau", ("loss/train", "acc/train"), steps)


@labelled(
    "decay_ends_at_half",
    "learning_rate",
    "A schedule for half of the steps: then zero.",
    tolerated=("plateau", "collapse"),
)
def decay_ends_at_half(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 20)
    t = times(len(steps))
    end = rng.uniform(0.35, 0.55) * strength
    rate = warmed(t, 0.03, np.clip(1 - t / end, 0, 1))
    near(log, rng, "train/loss", steps, 1.5 + 2 * np.exp(-np.minimum(t, end) / 0.12), 0.03)
    log.add("train/learning_rate", steps, 2e-4 * rate)
    index = int(np.flatnonzero(rate > 0)[-1]) + 1
    window = int(steps[index_of(t, 0.9 * end) - 2]), int(steps[index + 2])
    tag = "train/learning_rate"
    log.true("learning_rate", tag, int(steps[index]), window, also=("collapse",))


@labelled("loss_of_no_number_at_resume", "nonfinite", "Resumed from a broken state: NaN at once.")
def loss_of_no_number_at_resume(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 100)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.3, 0.7) * strength)
    loss = jitter(rng, power_law(t, 10, 2.5, 0.35), 0.012)
    loss[index:] = np.nan
    log.add("train/loss", steps, loss)
    log.add("train/lr", steps, cosine(t, 3e-4))
    near(log, rng, "perf/tokens_per_second", steps, 52000, 0.012)
    jumps(log, "nonfinite", "train/loss", steps, index)


@labelled("norm_is_infinite", "nonfinite", "The norm is infinite from a point on, losses NaN.")
def norm_is_infinite(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 20)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.3, 0.85) * strength)
    norm = jitter(rng, settling(t, 0.5), 0.2)
    loss = jitter(rng, approach(t, 2, 1.1, 6), 0.04)
    norm[index:], loss[index:] = np.inf, np.nan
    log.add("train/grad_norm", steps, norm)
    log.add("train/loss", steps, loss)
    log.add("train/learning_rate", steps, linear(t, 1e-4))
    jumps(log, "nonfinite", ("train/grad_norm", "train/loss"), steps, index)


@labelled("bit_flips_once", "spike", "One point a thousand times as high, and back at once.")
def bit_flips_once(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 50)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.25, 0.85))
    loss = power_law(t, 10, 2.5, 0.35) + decay_after(len(t), index, 2000 * strength, 0.1)
    near(log, rng, "train/loss", steps, loss, 0.012)
    log.add("train/lr", steps, cosine(t, 3e-4))
    spikes(log, "train/loss", steps, index, 2)
