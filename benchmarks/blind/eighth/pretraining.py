"""Language models from scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import (
    at,
    cosine,
    interval,
    jitter,
    lasting,
    noise,
    says_overfitting,
    turned,
)
from benchmarks.blind.eighth.registry import healthy, labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy("gpt_on_web_text", "nanoGPT as its train.py logs it: both losses at each evaluation")
def gpt_on_web_text(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 20, 120)
    t, steps = shapes.times(n), shapes.steps(n, 500, 0)
    curve = shapes.power_law(t, 10.9, rng.uniform(2.6, 3.0), 0.45)
    log.add("train/loss", steps, np.round(jitter(rng, curve, 0.004), 4))
    log.add("val/loss", steps, np.round(jitter(rng, curve + 0.02 * t, 0.004), 4))
    log.add("lr", steps, cosine(t, 6e-4))
    log.add("mfu", steps, np.round(np.append(-1, 38.4 + noise(rng, n - 1, 0.15)), 2))


@healthy(
    "trunk_and_decay",
    "warm-up, a constant rate, decay in the last fifth, at which the loss bends down (WSD: MiniCPM,"
    " SmolLM, torchtitan's tags)",
)
def trunk_and_decay(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 120, 300)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    decay = np.clip((t - 0.8) / 0.2, 0, 1)
    curve = shapes.power_law(t, 11.2, 2.35, 0.35) - 0.13 * decay
    log.add("loss_metrics/global_avg_loss", steps, jitter(rng, curve, 0.007))
    log.add("lr", steps, 3e-4 * np.minimum(t / 0.02, 1) * (1 - 0.97 * decay))
    log.add("grad_norm", steps, jitter(rng, 0.25 + 2 * np.exp(-30 * t), 0.15))
    log.add("throughput(tps)", steps, np.round(jitter(rng, np.full(n, 7180), 0.012)))
    log.add("memory/max_reserved(GiB)", steps, np.round(np.full(n, 71.34), 2))
    seen = interval(steps, 1000)
    log.add("validation_metrics/loss", seen, jitter(rng, at(seen, steps, curve) + 0.03, 0.002))


@healthy(
    "spot_machines",
    "preempted three times, begun again at the last checkpoint: steps are written twice",
    tolerated=("stall", "throughput"),
)
def spot_machines(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 280)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    curve = shapes.power_law(t, 9.8, 3.1, 0.4)
    log.hours_between_sessions = rng.uniform(0.3, 5)
    ends = np.sort(rng.choice(np.arange(15, n - 10), 3, replace=False))
    back = rng.integers(0, 9, 3)
    starts = np.concatenate([[0], np.maximum(ends - back, 1)])
    for number, (first, last) in enumerate(zip(starts, [*ends, n], strict=True)):
        if number:
            log.session()
        where = slice(int(first), int(last))
        log.add("train/loss", steps[where], jitter(rng, curve[where], 0.012))
        log.add("train/lr", steps[where], cosine(t[where], 1e-3))
        log.add("train/tokens_per_sec", steps[where], jitter(rng, np.full(n, 41e3)[where], 0.02))


@healthy(
    "experts_balanced",
    "a mixture of experts: its auxiliary loss settles at a level slightly above one and stays",
    tolerated=("plateau",),
)
def experts_balanced(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    curve = shapes.power_law(t, 10.4, 2.7, 0.4)
    log.add("train/ce_loss", steps, jitter(rng, curve, 0.01))
    log.add("train/aux_loss", steps, jitter(rng, 1.02 + 0.4 * np.exp(-25 * t), 0.003))
    log.add("train/grad_norm", steps, jitter(rng, 0.4 + 1.5 * np.exp(-20 * t), 0.2))
    log.add("train/lr", steps, cosine(t, 4e-4))
    log.add(
        "train/expert_load_max", steps, np.round(jitter(rng, 1.4 + 3 * np.exp(-15 * t), 0.05), 3)
    )


@labelled(
    "shakespeare_by_heart",
    "overfitting",
    "ten million parameters on a megabyte of text: the validation loss turns after a third"
    " (nanoGPT's config for Shakespeare's characters, with more iterations)",
    clear=0.45,
    medium=0.22,
    faint=0.14,
)
def shakespeare_by_heart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 24, 50)
    t, steps = shapes.times(n), shapes.steps(n, 250, 0)
    best = rng.uniform(0.2, 0.32)
    worse = turned(t, best, 2.7, strength, 1.47)
    log.add("train/loss", steps, np.round(jitter(rng, 0.6 + 3.6 * np.exp(-4 * t), 0.008), 4))
    log.add("val/loss", steps, np.round(worse + noise(rng, n, 0.01), 4))
    log.add("lr", steps, cosine(t, 1e-3))
    log.add("iter/time_ms", steps, np.round(jitter(rng, np.full(n, 21.0), 0.04), 2))
    says_overfitting(log, "val/loss", steps, worse, lasting(0.01))


@labelled(
    "never_came_back",
    "divergence",
    "the loss leaps within some dozens of steps and stays far above, the norm of gradients with it"
    " (PaLM, OPT-175B's logbook)",
    clear=3.0,
    medium=0.9,
)
def never_came_back(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 90, 300)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.45, 0.8))
    since = np.arange(n) - onset
    leap = np.where(since >= 0, 1 - 0.8 * np.exp(-np.maximum(since, 0) / 4), 0)
    worse = shapes.power_law(t, 10.5, 2.7, 0.4) + strength * leap
    log.add("loss", steps, jitter(rng, worse, 0.012))
    norm = jitter(rng, 0.5 + 3 * np.exp(-20 * t), 0.15)
    log.add("grad_norm", steps, norm * (1 + 12 * strength * (since >= 0)))
    log.add("learning_rate", steps, cosine(t, 1.2e-4))
    log.add("tokens_per_second_per_gpu", steps, jitter(rng, np.full(n, 3275), 0.01))
    log.true("divergence", "loss", steps[onset], abrupt(steps, onset, 3), also=("explosion",))
    window = abrupt(steps, onset, 3)
    also = ("gradient", "divergence")
    log.true("explosion", "grad_norm", steps[onset], window, also=also)


@labelled(
    "half_warmed_up",
    "divergence",
    "fine-tuned with the rate of pre-training: the loss rises all through the warm-up and beyond"
    " (NVIDIA-NeMo/Speech #15207)",
    clear=9.0,
    medium=2.0,
    faint=0.4,
)
def half_warmed_up(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 120)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    begins = rng.uniform(0.12, 0.25)
    onset = int(begins * (n - 1)) + 1
    worse = 0.5 - 0.05 * np.minimum(t / begins, 1)
    worse = worse + strength * shapes.logistic(t, 0, 1, begins + 0.25, 0.06)
    worse[:onset] -= worse[onset - 1] - 0.45
    log.add("reduced_train_loss", steps, np.round(jitter(rng, worse, 0.04), 4))
    log.add("lr", steps, 3e-5 * np.minimum((steps + 1) / (0.6 * n), 1))
    log.add("train_step_timing in s", steps, np.round(jitter(rng, np.full(n, 69.5), 0.02), 2))
    log.add("consumed_samples", steps, 48 * (steps + 1.0))
    window = gradual(steps, worse, onset, 0.03)
    log.true("divergence", "reduced_train_loss", steps[onset], window, also=("explosion",))


@labelled(
    "recovered_leap",
    "spike",
    "two spikes from bad batches, over within a few steps (PaLM's report; clipped and gone)",
    clear=2.0,
    medium=0.7,
)
def recovered_leap(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 300)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    curve = shapes.power_law(t, 10.6, 2.8, 0.4)
    first, second = int(n * rng.uniform(0.35, 0.5)), int(n * rng.uniform(0.65, 0.85))
    loss = jitter(rng, curve, 0.008)
    norm = jitter(rng, 0.4 + 2 * np.exp(-20 * t), 0.12)
    for index in (first, second):
        loss += shapes.decay_after(n, index, strength, 1.2)
        norm += shapes.decay_after(n, index, 10 * strength, 0.6)
        log.true("spike", ("train/loss", "train/grad_norm"), steps[index], abrupt(steps, index, 2))
    log.add("train/loss", steps, loss)
    log.add("train/grad_norm", steps, norm)
    log.add("train/lr", steps, cosine(t, 3e-4))


@labelled(
    "nodes_throttled",
    "throughput",
    "from one step on a node clocks down: tokens a second fall for good; a bad batch earlier"
    " (torchtitan's tags)",
    clear=0.5,
    medium=0.8,
    faint=0.91,
)
def nodes_throttled(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 300)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    slow, spike = int(n * rng.uniform(0.5, 0.75)), int(n * rng.uniform(0.25, 0.4))
    speed = np.where(np.arange(n) < slow, 7400, 7400 * strength)
    loss = jitter(rng, shapes.power_law(t, 10.8, 2.9, 0.4), 0.008)
    log.add("loss_metrics/global_avg_loss", steps, loss + shapes.decay_after(n, spike, 1.5, 0.9))
    log.add("throughput(tps)", steps, np.round(jitter(rng, speed, 0.015)))
    log.add("mfu(%)", steps, np.round(jitter(rng, speed / 190, 0.015), 2))
    log.add("lr", steps, cosine(t, 3e-4))
    log.slower(int(steps[slow]), 1 / strength)
    tags = ("throughput(tps)", "mfu(%)")
    log.true("throughput", tags, steps[slow], abrupt(steps, slow, 3))
    log.true("spike", "loss_metrics/global_avg_loss", steps[spike], abrupt(steps, spike, 2))
