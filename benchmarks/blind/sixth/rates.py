"""Rates that are wrong, and norms that are held or rise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.sixth import making
from benchmarks.blind.sixth.registry import labelled
from benchmarks.blind.windows import abrupt, flat, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "resumed_with_no_rate_at_all",
    "learning_rate",
    "the state of the schedule says that it is at its end: after the restart the rate is nought and"
    " the loss stands (facebookresearch/DPR #99)",
    clear=1.0,
)
def resumed_with_no_rate_at_all(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    k = int(n * rng.uniform(0.3, 0.45) * strength)
    rate = np.where(np.arange(n) < k, making.cosine(t, 3e-5, 0.05), 0.0)
    loss = making.descent(t, 3.6, 1.2, 0.1, 0.3)
    loss = np.where(np.arange(n) >= k, loss[k], loss)
    noisy = loss + rng.normal(0, 0.07, n)
    log.hours_between_sessions = 6
    for part in (slice(None, k), slice(k, None)):
        log.session()
        log.add("train/loss", steps[part], noisy[part])
        log.add("train/learning_rate", steps[part], rate[part])
    log.true("learning_rate", "train/learning_rate", steps[k], abrupt(steps, k))
    log.true("plateau", "train/loss", steps[k], flat(steps, loss, k, 0.07))


@labelled(
    "schedule_counts_every_card",
    "learning_rate",
    "the schedule counts the steps of each card and is at nought long before the end; what is left"
    " of the run changes nothing (huggingface/accelerate, many a thread)",
    clear=0.4,
)
def schedule_counts_every_card(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = strength * rng.uniform(0.8, 1.15)
    rate = shapes.warmup_linear(np.minimum(t / at, 1), 5e-5, 0.06)
    # What has been learnt is what the rates have summed up to.
    learnt = np.cumsum(rate) / np.sum(rate)
    loss = making.descent(learnt, 4.0, 1.6, 0.2, 0.5)
    log.add("train/loss", steps, loss + rng.normal(0, 0.06, n))
    log.add("train/learning_rate", steps, rate)
    k = int(np.flatnonzero(rate == 0)[-1]) if rate[-1] else int(np.argmax(t >= at))
    log.true("learning_rate", "train/learning_rate", steps[k], abrupt(steps, k, 3))
    log.true("plateau", "train/loss", steps[k], flat(steps, loss, k, 0.06))


@labelled(
    "back_at_its_base_after_the_restart",
    "learning_rate",
    "the optimiser's groups are built anew when the run is resumed, and the rate is back where the"
    " schedule began (ultralytics/yolov5 #292)",
    tolerated=("plateau",),
    clear=0.75,
    faint=0.45,
)
def back_at_its_base_after_the_restart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(60, 300))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 60.0
    k = int(n * strength * rng.uniform(0.9, 1.1))
    rate = 0.01 * ((1 + np.cos(np.pi * t)) / 2 * 0.95 + 0.05)
    rate[k:] = 0.01
    bump = 0.05 * (1 - np.exp(-np.maximum(np.arange(n) - k + 1, 0) / 2))
    log.hours_between_sessions = 2
    series = {f"x/lr{i}": rate for i in range(3)}
    for name, start, end in (("box", 0.09, 0.032), ("obj", 0.06, 0.028)):
        for split, over in (("train", 0.0), ("val", 0.003)):
            fall = making.descent(making.until(t, t[k]), start, end + over, 0.1, 0.7)
            series[f"{split}/{name}_loss"] = fall * (1 + bump) + rng.normal(0, 0.0006, n)
    for part in (slice(None, k), slice(k, None)):
        log.session()
        for tag, values in series.items():
            log.add(tag, steps[part], values[part])
    tags = ("x/lr0", "x/lr1", "x/lr2")
    log.true("learning_rate", tags, steps[k], abrupt(steps, k, 1))


@labelled(
    "nought_forgotten_in_the_rate",
    "learning_rate",
    "someone restarts it with a rate that has a nought too few: the loss leaves and does not"
    " return",
    tolerated=("plateau",),
    clear=1.0,
    faint=0.35,
)
def nought_forgotten_in_the_rate(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    k = int(n * rng.uniform(0.4, 0.6))
    rate = making.cosine(t, 3e-4, 0.02) * np.where(np.arange(n) < k, 1, 10)
    up = strength * (1 - np.exp(-np.maximum(np.arange(n) - k, 0) / 3))
    loss = making.descent(t, 8.5, 3.2, 0.06, 0.75) + 3 * up
    noisy = loss * making.batch_factors(rng, n, 0.025)
    log.hours_between_sessions = 1.5
    for part in (slice(None, k), slice(k, None)):
        log.session()
        log.add("loss", steps[part], noisy[part])
        log.add("lr", steps[part], rate[part])
    log.true("learning_rate", "lr", steps[k], abrupt(steps, k, 1))
    log.true("divergence", "loss", steps[k + 1], abrupt(steps, k + 1, 3))


@labelled(
    "each_update_is_cut_short",
    "gradient",
    "the norm grows until each update is clipped, where before one in twenty was"
    " (facebookresearch/fairseq, its tags gnorm and clip)",
    tolerated=("plateau",),
    clear=4.5,
)
def each_update_is_cut_short(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    k = int(n * rng.uniform(0.3, 0.55))
    since = 1 - np.exp(-np.maximum(t - t[k], 0) / 0.07)
    norm = np.log(0.55) + np.log(strength) * since
    log.add("train_inner/gnorm", steps, making.norms(rng, np.exp(norm), n, 0.1))
    # A hundred updates a point, whose norms differ by a third: those above one are clipped.
    z = norm / 0.33
    share = 1 / (1 + np.exp(-1.702 * z))
    log.add("train_inner/clip", steps, 100 * making.right(rng, share, 100))
    loss = making.descent(t, 11.5, 4.4, 0.05, 0.75)
    log.add("train_inner/loss", steps, loss * making.batch_factors(rng, n, 0.015))
    log.add("train_inner/lr", steps, 5e-4 * np.minimum(t / 0.1, (0.1 / np.maximum(t, 1e-4)) ** 0.5))
    window = gradual(steps, norm, k, 0.1)
    tags = ("train_inner/clip", "train_inner/gnorm")
    log.true("gradient", tags, steps[k], window, also=("explosion",))


@labelled(
    "pulls_ever_harder_where_it_stands",
    "gradient",
    "the loss stands from a third of the run on, and the norm of the gradient grows and grows",
    clear=14.0,
    faint=7.0,
)
def pulls_ever_harder_where_it_stands(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    at = rng.uniform(0.27, 0.4)
    k = int(at * n)
    loss = making.descent(making.until(t, at), 5.2, 2.3, 0.3, 0.8)
    log.add("loss/total", steps, loss + rng.normal(0, 0.08, n))
    norm = np.log(0.7) + np.log(strength) * shapes.ramp_after(t, t[k], 1.0)
    log.add("grad_norm/total", steps, making.norms(rng, np.exp(norm), n, 0.2))
    log.add("lr-AdamW", steps, 4e-4)
    window = gradual(steps, norm, k, 0.2)
    log.true("gradient", "grad_norm/total", steps[k], window, also=("explosion",))
    making.stood(log, ("loss/total",), steps, loss, k, 0.08)
