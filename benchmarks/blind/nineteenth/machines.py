"""What machines, number formats and schedules do to runs, and what only looks like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    course,
    decades,
    epochs,
    from_point,
    frozen_at,
    paced,
    put,
    where,
)
from benchmarks.blind.eighth.making import cosine, jitter, learned, linear
from benchmarks.blind.nineteenth.making import grows, halts, jump, leaps, levels, slows
from benchmarks.blind.nineteenth.registry import healthy, labelled
from benchmarks.blind.shapes import power_law

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("lesson_shared_cluster_speeds", "neighbours come and go; the speed wanders and comes back")
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 150, 500, 10)
    paced(log, rng, 10, 0.3)
    busy = 1 - 0.2 * np.sin(2 * np.pi * (4 * t + rng.uniform())) ** 2
    curves = {
        "train/loss": (power_law(t, 10.5, 2.8, 0.45), 0.01),
        "train/tokens_per_second": (52000 * busy, 0.04),
        "train/grad_norm": (0.6 + 2 * np.exp(-40 * t), 0.12),
    }
    put(log, rng, steps, curves)
    log.add("train/learning_rate", steps, cosine(t, 3e-4))


@healthy(
    "lesson_first_epoch_fills_the_cache",
    "the first epoch reads from disk, and the others do not",
    tolerated=("throughput",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 8, 14, 4)
    log.seconds_per_step *= 3
    log.slower(int(steps[2]), 1 / 3)
    loss = learned(t, 2.0, 0.5, 5)
    put(log, rng, steps, {"train_loss": (loss, 0.01), "val_loss": (loss + 0.1, 0.025)})
    put(log, rng, steps, {"images_per_sec": (np.where(np.arange(len(t)) < 2, 310, 930), 0.03)})


@healthy(
    "recipe_rate_cut_on_a_ledge",
    "the rate is cut where validation rests, and the loss goes on down",
    tolerated=("learning_rate",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 50, 100, 1)
    rate = 1e-3 * 0.3 ** ((t > 0.4) * 1.0 + (t > 0.65) + (t > 0.85))
    drop = 0.12 * (t > 0.4) + 0.06 * (t > 0.65) + 0.03 * (t > 0.85)
    loss = 0.55 + 1.5 * np.exp(-10 * t) - drop
    put(log, rng, steps, {"train_loss": (loss, 0.01), "valid_loss": (loss + 0.1, 0.02)})
    log.add("lr-Adam", steps, rate)


@healthy("lesson_loss_scale_goes_up_and_down", "halved at an overflow now and then, doubled again")
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 150, 500, 50)
    scale = 2.0 ** (15 + ((np.arange(len(t)) // 12 + 1) % 3))
    log.add("loss_scale", steps, scale)
    put(
        log,
        rng,
        steps,
        {"loss": (power_law(t, 9.5, 2.9, 0.45), 0.012), "gnorm": (0.8 + 3 * np.exp(-40 * t), 0.15)},
    )
    log.add("lr", steps, linear(t, 5e-4))


@healthy("lesson_gradients_clipped_at_first", "the norm is above one only while the rate warms up")
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 100, 400, 25)
    curves = {
        "train/loss": (learned(t, 4.5, 1.9, 8), 0.02),
        "train/grad_norm": (0.45 + 6 * np.exp(-25 * t), 0.18),
    }
    put(log, rng, steps, curves)
    log.add("train/learning_rate", steps, linear(t, 3e-4, 0.1))


@labelled(
    "lesson_loader_starves_the_gpu",
    "throughput",
    "the disk is nearly full: each step takes long for the rest",
    double=2.2,
    ten=10,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 400, 20)
    paced(log, rng, 20, 0.4)
    i = where(t, rng.uniform(0.4, 0.7))
    curves = {
        "loss": (learned(t, 6.9, 2.4, 6), 0.02),
        "samples_per_second": (np.where(t < t[i], 1450, 1450 / strength), 0.03),
    }
    put(log, rng, steps, curves)
    slows(log, tuple(curves), steps, i, strength)


@labelled("lesson_gpu_is_throttled", "throughput", "a hot device at half its clock", plain=2.5)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 300, 50)
    paced(log, rng, 50, 1)
    i = where(t, rng.uniform(0.3, 0.6))
    seconds = np.where(t < t[i], 0.61, 0.61 * strength)
    curves = {
        "Train/Loss": (learned(t, 3.2, 0.9, 6), 0.02),
        "Perf/seconds_per_batch": (seconds, 0.03),
        "Perf/imgs_per_sec": (256 / seconds, 0.03),
    }
    put(log, rng, steps, curves)
    slows(log, tuple(curves), steps, i, strength)


@labelled(
    "lesson_job_was_suspended",
    "stall",
    "nothing for hours; the optimizer begins anew with a leap of the loss, and then on as before",
    night=12,
    shift=4,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 10)
    paced(log, rng, 10, 0.8)
    i = where(t, rng.uniform(0.3, 0.8))
    loss = learned(t, 4, 1.6, 6) + jump(len(t), i, 0.9, 2)
    curves = {
        "train/loss": (loss, 0.02),
        "train/grad_norm": (0.9 + np.exp(-30 * t), 0.15),
        "train/learning_rate": (linear(t, 2e-4) + 1e-8, 1e-9),
    }
    put(log, rng, steps, curves)
    halts(log, tuple(curves), steps, i, strength)
    leaps(log, "spike", "train/loss", steps, i)


@labelled(
    "recipe_share_hangs_and_comes_back_slow",
    "stall",
    "hours without a point, and from there each step takes longer",
    shift=6,
    night=11,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 250, 100)
    paced(log, rng, 100, 1.2)
    i = where(t, rng.uniform(0.35, 0.65))
    curves = {
        "Loss/train": (learned(t, 2.4, 0.7, 6), 0.015),
        "Speed/it_per_s": (np.where(t < t[i], 3.1, 3.1 / 3.5), 0.03),
    }
    put(log, rng, steps, curves)
    halts(log, tuple(curves), steps, i, strength)
    slows(log, tuple(curves), steps, i + 1, 3.5)


@labelled(
    "lesson_scale_falls_to_one",
    "loss_scale",
    "halved at each step to its floor, and the loss is NaN",
    tolerated=("collapse",),
    late=1,
    early=0.6,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 400, 10)
    i = where(t, rng.uniform(0.4, 0.75) * strength)
    n = np.arange(len(t))
    scale = 2.0 ** np.clip(16 - 4 * (n - i + 1), 0, 16)
    log.add("train/loss_scale", steps, scale)
    log.add("train/loss", steps, from_point(jitter(rng, power_law(t, 9, 3, 0.45), 0.01), i, np.nan))
    log.true(
        "loss_scale",
        "train/loss_scale",
        int(steps[i]),
        (int(steps[i - 2]), int(steps[i + 6])),
        also=("collapse",),
    )
    leaps(log, "nonfinite", "train/loss", steps, i)


@labelled(
    "recipe_scale_sinks_for_good",
    "loss_scale",
    "overflow upon overflow: the scale sinks, and little is learnt",
    tolerated=("collapse", "plateau"),
    fast=0.08,
    slow=0.4,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 400, 100)
    i = where(t, rng.uniform(0.3, 0.5))
    power = np.round(15 - 15 * np.clip((t - t[i]) / strength, 0, 1))
    log.add("loss_scale", steps, 2.0**power)
    put(log, rng, steps, {"loss": (frozen_at(learned(t, 9, 2.5, 6), i), 0.012)})
    log.add("lr", steps, linear(t, 5e-4))
    first = int(np.argmax(power < 15))
    low = int(np.argmax(power <= 7))
    log.true(
        "loss_scale",
        "loss_scale",
        int(steps[first]),
        (int(steps[i - 2]), int(steps[low])),
        also=("collapse",),
    )


@labelled(
    "lesson_scale_too_small_from_a_resume",
    "loss_scale",
    "after an overflow the scale is a thousandth and does not rise again",
    tolerated=("collapse",),
    plain=10,
    much=14,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 50)
    i = where(t, rng.uniform(0.35, 0.6))
    log.add("amp/scale", steps, from_point(np.full(len(t), 2.0**16), i, 2.0 ** (16 - strength)))
    put(log, rng, steps, {"train/loss": (learned(t, 3.1, 1.2, 6), 0.015)})
    leaps(log, "loss_scale", "amp/scale", steps, i, ("collapse",))


@labelled(
    "lesson_gradients_explode_in_an_lstm",
    "gradient",
    "the norm grows by decades, and then all is NaN",
    tolerated=("divergence", "explosion"),
    plain=1e5,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 300, 10)
    i, end = where(t, rng.uniform(0.4, 0.55)), where(t, 0.85)
    norm = decades(t, t[i], 0.9, strength, t[end])
    log.add("grad_norm", steps, from_point(jitter(rng, norm, 0.2), end, np.nan))
    loss = learned(t, 4.8, 1.7, 8)
    log.add("train_loss", steps, from_point(jitter(rng, loss, 0.02), end, np.nan))
    grows(log, "gradient", "grad_norm", steps, norm, i, ("explosion",))
    leaps(log, "nonfinite", ("grad_norm", "train_loss"), steps, end)


@labelled(
    "lesson_gradients_vanish",
    "gradient",
    "of a deep net of sigmoids none is left, and it does not learn",
    tolerated=("collapse",),
    plain=1e-6,
    less=1e-3,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 250, 20)
    i, end = where(t, 0.1), where(t, 0.25)
    norm = decades(t, t[i], 0.4, strength, 0.45)
    loss = 2.05 + 0.3 * np.clip(1 - t / 0.25, 0, 1)
    put(log, rng, steps, {"grad_norm": (norm, 0.12), "loss": (loss, 0.008)})
    grows(log, "gradient", "grad_norm", steps, norm, i, ("collapse",))
    levels(log, "loss", steps, loss, end, 0.018)


@labelled(
    "lesson_scheduler_called_each_batch",
    "learning_rate",
    "the rate is nothing after a tenth of the run, and the loss stays",
    plain=0.1,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 250, 50)
    rate = 1e-3 * 10 ** (-4 * np.clip(t / strength, 0, 2.5))
    end = where(t, strength * 0.6)
    loss = 1.7 + 2.2 * np.exp(-t / 0.015)
    put(log, rng, steps, {"train/loss": (loss, 0.015), "train/lr": (rate, 1e-9)})
    last = where(t, 2.6 * strength)
    log.true(
        "learning_rate",
        "train/lr",
        int(steps[where(t, strength)]),
        (int(steps[0]), int(steps[last])),
        also=("collapse",),
    )
    levels(log, "train/loss", steps, loss, end, 0.03)


@labelled(
    "lesson_rate_is_zero_half_way",
    "learning_rate",
    "a schedule for half of the steps: the rest is at a rate of 0",
    plain=0.45,
    late=0.3,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 25)
    i = where(t, strength)
    rate = 2e-4 * np.clip(np.minimum(t / 0.05, 1 - t / t[i]), 0, 1)
    loss = learned(np.minimum(t / t[i], 1), 3.2, 1.3, 4)
    put(log, rng, steps, {"train/loss": (loss, 0.012)})
    log.add("train/learning_rate", steps, rate)
    first = where(t, 0.85 * strength)
    log.true(
        "learning_rate",
        "train/learning_rate",
        int(steps[i]),
        (int(steps[first]), int(steps[min(i + 3, len(t) - 1)])),
        also=("collapse",),
    )
    levels(log, "train/loss", steps, loss, i, 0.018)


@labelled(
    "recipe_rate_leaps_at_a_resume",
    "learning_rate",
    "the schedule begins anew with ten times the rate, and stays there",
    tolerated=("divergence",),
    plain=10,
    twenty=20,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 300, 20)
    i = where(t, rng.uniform(0.4, 0.6))
    rate = from_point(linear(t, 3e-4, 0.05) + 1e-6, i, linear(t, 3e-4, 0.05)[i] * strength)
    loss = frozen_at(learned(t, 5, 1.9, 6), i) + 0.9 * (
        1 - np.exp(-np.clip(t - t[i], 0, None) * 60)
    )
    put(log, rng, steps, {"loss": (loss, 0.012), "lr": (rate, 1e-9)})
    leaps(log, "learning_rate", "lr", steps, i, ("explosion",))
    leaps(log, "divergence", "loss", steps, i, ("spike",))
