"""What goes wrong around the model: rates, throughput, gradient clipping, loss scaling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "rate_becomes_zero",
    "learning_rate",
    "the schedule ends at a third of the run: the rate is zero from there on, and the loss is flat",
    tolerated=("plateau",),
)
def rate_becomes_zero(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = rng.uniform(0.3, 0.6)
    onset = int(np.searchsorted(t, at))
    tag = str(rng.choice(["train/learning_rate", "lr-AdamW", "learning-rate", "lr/pg0"]))
    log.add(tag, steps, 3e-4 * np.clip(1 - t / at, 0, 1))
    log.add(
        "train/loss",
        steps,
        shapes.approach(np.minimum(t / at, 1), 4, 2.4, 2.5) + shapes.white(rng, n, 0.05),
    )
    log.true("learning_rate", tag, steps[onset], abrupt(steps, onset))


@labelled(
    "rate_always_zero",
    "learning_rate",
    "the rate is zero in all steps, so nothing moves",
    tolerated=("plateau",),
)
def rate_always_zero(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 400))
    steps = shapes.steps(n, 5)
    log.add("train/learning_rate", steps, 0.0)
    log.add("train/loss", steps, 2.31 + shapes.white(rng, n, 0.05))
    log.true("learning_rate", "train/learning_rate", steps[0], abrupt(steps, 0))


@labelled(
    "rate_jumps_on_resume",
    "learning_rate",
    "after the restart the rate is that of the first step"
    " (pytorch #60265, KaiyangZhou/deep-person-reid #270), and the loss jumps",
    plain=1.0,
    medium=0.6,
    tolerated=("divergence",),
)
def rate_jumps_on_resume(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    a = int(n * rng.uniform(0.7, 0.85))
    rate = 1e-3 * (1 + np.cos(np.pi * t)) / 2 + 1e-6
    loss = shapes.power_law(t, 6, 1.8, 0.4)
    log.add("lr", steps[:a], rate[:a])
    log.add("train/loss", steps[:a], loss[:a] + shapes.white(rng, a, 0.03))
    log.session()
    log.add("lr", steps[a:], strength * rate[: n - a])
    log.add(
        "train/loss",
        steps[a:],
        loss[a:] + 0.3 * np.exp(-(t[a:] - t[a]) * 5) + shapes.white(rng, n - a, 0.03),
    )
    log.true("learning_rate", "lr", steps[a], abrupt(steps, a, 1))


@labelled(
    "slower_for_good",
    "throughput",
    "from one step on every step takes longer: a node is throttled, or the data come late",
    plain=0.4,
    medium=0.65,
    subtle=0.8,
)
def slower_for_good(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.3, 0.7))
    speed = np.where(np.arange(n) < onset, 1, strength) * np.exp(shapes.white(rng, n, 0.03))
    tag, level = [
        ("perf/tokens_per_second", 50_000),
        ("train/wps", 92_000),
        ("time/fps", 900),
        ("samples-per-sec", 310),
        ("global_step/sec", 12.5),
    ][rng.integers(5)]
    log.add(tag, steps, level * speed)
    log.slower(int(steps[onset]), 1 / strength)
    log.add("train/loss", steps, shapes.power_law(t, 8, 2, 0.3) + shapes.white(rng, n, 0.04))
    log.true("throughput", tag, steps[onset], abrupt(steps, onset, 3))


@labelled(
    "ever_slower",
    "throughput",
    "each epoch is slower than the one before (Lightning-AI/litData #138)",
    plain=0.6,
    medium=0.3,
)
def ever_slower(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = rng.uniform(0.1, 0.4)
    onset = int(at * (n - 1)) + 1
    slower = shapes.ramp_after(t, at, strength)
    log.add(
        "train/samples_per_second", steps, 240 * (1 - slower) * np.exp(shapes.white(rng, n, 0.03))
    )
    log.add("train/loss", steps, shapes.power_law(t, 8, 2, 0.3) + shapes.white(rng, n, 0.04))
    window = gradual(steps, slower, onset, 0.05)
    log.true("throughput", "train/samples_per_second", steps[onset], window)


@labelled(
    "iterations_take_longer",
    "throughput",
    "the time of an iteration doubles",
    plain=3.0,
    medium=1.6,
)
def iterations_take_longer(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.3, 0.7))
    tag = str(rng.choice(["iteration-time", "time/step_seconds", "train/step_time"]))
    log.add(
        tag,
        steps,
        1.7 * np.where(np.arange(n) < onset, 1, strength) * np.exp(shapes.white(rng, n, 0.03)),
    )
    log.slower(int(steps[onset]), strength)
    log.add("lm loss", steps, shapes.power_law(t, 8, 2, 0.3) + shapes.white(rng, n, 0.04))
    log.true("throughput", tag, steps[onset], abrupt(steps, onset, 3))


@labelled(
    "always_clipped",
    "gradient",
    "fairseq clips every update of the run: its `clip` stays at 100 percent",
)
def always_clipped(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.add("train/clip", steps, np.minimum(100, 99.8 + np.abs(shapes.white(rng, n, 0.2))))
    log.add("train/gnorm", steps, 14 * np.exp(shapes.white(rng, n, 0.25)))
    log.add(
        "train/loss", steps, shapes.power_law(t, 12, 3.5, 0.3, 0.01) + shapes.white(rng, n, 0.05)
    )
    log.true("gradient", ("train/clip", "train/gnorm"), steps[0], (steps[0], steps[n // 10]))


@labelled(
    "norm_rises_loss_flat",
    "gradient",
    "the gradient norm rises for the rest of the run while the"
    " loss stands still: instability builds up (Wortsman et al. 2023)",
    plain=10,
    medium=4,
    tolerated=("plateau",),
)
def norm_rises_loss_flat(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = rng.uniform(0.35, 0.55)
    onset = int(at * (n - 1)) + 1
    rise = np.log(strength) * np.clip((t - at) / (1 - at), 0, 1)
    log.add("train/grad_norm", steps, 0.4 * np.exp(rise + shapes.white(rng, n, 0.15)))
    log.add(
        "train/loss",
        steps,
        shapes.approach(np.minimum(t / at, 1), 5, 2.6, 4) + shapes.white(rng, n, 0.04),
    )
    window = gradual(steps, rise, onset, 0.15)
    log.true("gradient", "train/grad_norm", steps[onset], window, also=("explosion",))


@labelled(
    "loss_scale_falls",
    "loss_scale",
    "the scale is halved again and again down to its minimum"
    " (ymcui/Chinese-LLaMA-Alpaca #534, OPT's logbook)",
    plain=1.0,
    medium=128.0,
)
def loss_scale_falls(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.4, 0.7))
    per = max(1, n // 150)
    halvings = np.clip((np.arange(n) - onset) // per + 1, 0, None)
    tag = str(rng.choice(["loss-scale", "train/loss_scale", "scaler/scale"]))
    log.add(
        tag, steps, np.maximum(65536.0 * 2.0 ** ((np.arange(n) // 40) % 2 - halvings), strength)
    )
    log.add("train/loss", steps, shapes.approach(t, 5, 2.6, 3) + shapes.white(rng, n, 0.05))
    log.true(
        "loss_scale",
        tag,
        steps[onset],
        (steps[max(onset - 2, 0)], steps[min(onset + 4 * per + 2, n - 1)]),
        also=("collapse",),
    )
