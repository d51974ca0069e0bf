"""Rates of learning that are not what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, index_at, stairs_of, warm_cosine
from benchmarks.blind.fourth.registry import labelled
from benchmarks.blind.second import generators
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "once_for_each_process",
    "learning_rate",
    "the schedule is stepped once for each process: the rate is zero after a quarter of the run, or"
    " half of it, and nothing is learnt after (Lightricks/LTX-Video-Trainer #67;"
    " huggingface/diffusers #3954)",
    tolerated=("plateau",),
    plain=4.0,
    medium=2.0,
)
def once_for_each_process(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    used = np.minimum(strength * t, 1)
    rate = np.where(used < 1, warm_cosine(used, 1e-4), 0)
    log.add("train/learning_rate", steps, rate)
    log.add("train/loss", steps, generators.hill(used, 1.1, 0.6, 0.3) * factors(rng, n, 0.12))
    at = int(np.argmax(used >= 1))
    # A cosine is as good as zero a little before its end.
    first = int(np.argmax((rate < 2e-6) & (used > 0.5)))
    window = (steps[first], steps[min(at + 2, n - 1)])
    log.true("learning_rate", "train/learning_rate", int(steps[at]), window, also=("plateau",))


@labelled(
    "resumed_at_the_top",
    "learning_rate",
    "the second session begins its schedule anew in the middle of the first one's: the rate jumps"
    " and the loss goes up a little",
    plain=0.75,
    medium=0.5,
)
def resumed_at_the_top(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    at = index_at(n, strength)
    rate = warm_cosine(t, 6e-4, 0.02)
    rate[at:] = 6e-4
    loss = shapes.power_law(t, 9.5, 2.3) + rng.normal(0, 0.03, n)
    loss[at:] += 0.05
    log.hours_between_sessions = 3
    for where in (slice(None, at), slice(at, None)):
        log.session()
        log.add("loss", steps[where], loss[where])
        log.add("lr", steps[where], rate[where])
    log.true("learning_rate", "lr", int(steps[at]), abrupt(steps, at))


@labelled(
    "decays_with_every_batch",
    "learning_rate",
    "a decay that is meant for epochs is applied to each batch: the rate falls by a hundred decades"
    " (coqui-ai/TTS #1003, where it is 7e-111)",
    tolerated=("plateau",),
)
def decays_with_every_batch(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    decades = rng.uniform(60, 110) * t
    rate = 1e-4 * 10**-decades
    rate[rate < 1e-38] = 0
    learnt = 1 - np.exp(-decades / 0.43 / 2)
    log.add("current_lr_0", steps, rate)
    log.add("current_lr_1", steps, 1e-4 * 0.999 ** (100 * t))
    log.add("G_l1_spec_loss", steps, (0.9 - 0.5 * learnt) * factors(rng, n, 0.06))
    log.add("grad_norm_0", steps, 22 * factors(rng, n, 0.3))
    # It is zero to all intents once it is a thousandth, and in single precision after 38 decades.
    first, last = int(np.argmax(decades > 0.7)), int(np.argmax(rate == 0))
    onset = int(np.argmax(decades > 3))
    window = (steps[max(first - 2, 0)], steps[last + 2])
    also = ("collapse", "plateau")
    log.true("learning_rate", "current_lr_0", int(steps[onset]), window, also=also)


@labelled(
    "nobody_steps_the_schedule",
    "learning_rate",
    "a warm-up begins at zero, and nothing ever steps it: the rate is zero from first to last, and"
    " the loss is that of the beginning",
    tolerated=("plateau",),
)
def nobody_steps_the_schedule(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 100, 1500)
    steps = shapes.steps(n, 10)
    log.add("train/learning_rate", steps, 0.0)
    log.add("train/loss", steps, 2.71 + rng.normal(0, 0.09, n))
    log.add("train/grad_norm", steps, 1.4 * factors(rng, n, 0.15))
    window = (steps[0], steps[min(n // 20 + 2, n - 1)])
    log.true("learning_rate", "train/learning_rate", int(steps[0]), window)


@labelled(
    "factor_upside_down",
    "learning_rate",
    "at a milestone the rate is multiplied by ten where it should be divided; the loss rises",
    tolerated=("divergence", "plateau", "overfitting"),
    plain=10.0,
    medium=4.0,
)
def factor_upside_down(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    share = rng.uniform(0.4, 0.7)
    rate = stairs_of(t, 1e-3, strength, (share,))
    at = int(np.argmax(rate > 1e-3))
    worse = 0.12 * np.log(strength) * (1 - np.exp(-np.maximum(t - share, 0) / 0.02))
    loss = 0.5 + 1.4 * np.exp(-t / 0.1) + worse
    log.add("train/loss", steps, loss + rng.normal(0, 0.02, n))
    log.add("val/loss", steps, loss + 0.05 + rng.normal(0, 0.03, n))
    log.add("lr-Adam", steps, rate)
    log.true("learning_rate", "lr-Adam", int(steps[at]), abrupt(steps, at))
