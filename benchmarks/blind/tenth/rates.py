"""Learning rates that went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import cosine, from_the_start, interval, jitter, linear, noise
from benchmarks.blind.tenth.making import (
    fades,
    falling,
    grows,
    jumps,
    learns,
    overfits,
    rising,
    significant,
    speed,
    stopped,
    worsens,
)
from benchmarks.blind.tenth.registry import labelled
from benchmarks.blind.windows import abrupt, flat

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "adapter_resumed_at_rate_nought",
    "learning_rate",
    "resumed from a saved state the rate is 0 from the first step on, and nothing is learnt any"
    " more (kohya-ss/musubi-tuner #497)",
)
def adapter_resumed_at_rate_nought(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 600)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    at = int(n * rng.uniform(0.3, 0.45))
    rate = np.where(np.arange(n) < at, cosine(t, 2e-4 * strength, 0.05, 0), 0)
    clean = learns(rate, 0.21, 0.09, 5)
    loss = jitter(rng, clean, 0.05)
    for where in (slice(None, at), slice(at, None)):
        log.session()
        log.add("loss/average", steps[where], loss[where])
        log.add("lr/unet", steps[where], rate[where])
    jumps(log, "learning_rate", "lr/unet", steps, at)
    log.true("plateau", "loss/average", int(steps[at]), flat(steps, clean, at, 0.006))


@labelled(
    "rate_begins_anew_at_the_resume",
    "learning_rate",
    "the scheduler's state was not saved: after the restart the rate is that of the first day again"
    " (KaiyangZhou/deep-person-reid #270)",
    clear=30.0,
    medium=6.0,
)
def rate_begins_anew_at_the_resume(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n)
    at = int(n * rng.uniform(0.55, 0.8))
    peak = 1.5e-3
    before = peak * strength ** -(t / t[at])
    rate = np.where(np.arange(n) < at, before, peak * strength ** -((t - t[at]) / t[at]))
    bump = shapes.decay_after(n, at, 0.25, n / 12)
    loss = falling(rng, t, 6.1, 1.4, 0.015) * (1 + bump)
    for where in (slice(None, at), slice(at, None)):
        log.session()
        log.add("Train/loss", steps[where], loss[where])
        log.add("Train/lr", steps[where], rate[where])
    jumps(log, "learning_rate", "Train/lr", steps, at)


@labelled(
    "stepped_each_batch_not_each_epoch",
    "learning_rate",
    "StepLR is called each batch instead of each epoch: within a tenth of the run nothing is left"
    " of the rate (pytorch forum, often)",
    clear=1.0,
    medium=2.5,
)
def stepped_each_batch_not_each_epoch(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 300)
    steps = shapes.steps(n)
    every = max(int(n * 0.02 * strength), 1)
    rate = 0.1 * 0.1 ** (np.arange(n) // every).astype(float)
    clean = learns(np.maximum(rate, 1e-300), 2.31, 0.4, 12)
    log.add("lr", steps, rate)
    log.add("train_loss", steps, jitter(rng, clean, 0.012))
    log.add("test_acc", steps, significant(100 * (1.05 - clean / 2.5) + noise(rng, n, 0.5), 4))
    # The first stair of StepLR is at a tenth already: nothing is left when a thousandth is.
    window = (steps[max(every - 2, 0)], steps[min(5 * every + 2, n - 1)])
    log.true("learning_rate", "lr", int(steps[every]), window)
    still = 2 * every
    log.true(
        "plateau", ("train_loss", "test_acc"), int(steps[still]), flat(steps, clean, still, 0.02)
    )


@labelled(
    "schedule_of_one_card_on_many",
    "learning_rate",
    "the number of steps was computed for one card, so the cosine is at nought at half of the run,"
    " and stays there (huggingface/accelerate, prepared schedulers)",
    clear=0.4,
    medium=0.55,
)
def schedule_of_one_card_on_many(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 600)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    ends = strength * rng.uniform(0.9, 1.1)
    rate = np.where(t < ends, cosine(np.clip(t / ends, 0, 1), 5e-5, 0.05, 0), 0)
    clean = learns(rate, 2.4, 1.1, 4)
    log.add("train/learning_rate", steps, rate)
    log.add("train/loss", steps, significant(jitter(rng, clean, 0.02), 5))
    log.add("train/grad_norm", steps, 0.8 * np.exp(noise(rng, n, 0.15)))
    fades(log, "train/learning_rate", steps, rate, int(n * 0.1))
    level = int(np.argmax(clean < clean[-1] + 0.01))
    log.true("plateau", "train/loss", int(steps[level]), flat(steps, clean, level, 0.028))


@labelled(
    "never_got_a_rate",
    "learning_rate",
    "the warm-up is longer than the run, in whole numbers: the rate is 0 at each step"
    " (facebookresearch/DPR #99)",
    tolerated=("gradient",),
)
def never_got_a_rate(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 300)
    steps = shapes.steps(n, 100)
    clean = np.full(n, 4.86 * strength)
    log.add("train/lr", steps, 0.0)
    log.add("train/loss", steps, jitter(rng, clean, 0.02))
    log.add("train/correct_ratio", steps, rng.binomial(512, 1 / 128, n) / 512)
    log.true("learning_rate", "train/lr", int(steps[0]), from_the_start(steps))
    tags = ("train/loss", "train/correct_ratio")
    log.true("plateau", tags, int(steps[0]), from_the_start(steps))


@labelled(
    "scaled_twice_on_more_cards",
    "learning_rate",
    "resumed on four times as many cards, the rate is multiplied by their number once more: words"
    " are recognised worse from then on (linear scaling, applied twice)",
    clear=0.55,
    medium=0.25,
    faint=0.12,
)
def scaled_twice_on_more_cards(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 140)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    at = int(n * rng.uniform(0.5, 0.65))
    rate = 8e-4 * np.minimum(t / 0.1, 1) * np.where(np.arange(n) < at, 1, 8)
    worse = np.where(np.arange(n) < at, 0, strength)
    wer = stopped(rising(t, 0.98, 0.142, 11, 0.06), at) + worse
    clean = stopped(31 + 150 * np.exp(-11 * t) + 12 * (1 - t), at)
    loss = jitter(rng, clean * (1 + 2.5 * worse), 0.02)
    size = np.where(np.arange(n) < at, 1.4, 60) * np.exp(noise(rng, n, 0.25))
    for where in (slice(None, at), slice(at, None)):
        log.session()
        log.add("valid/wer", steps[where], (wer + noise(rng, n, 0.006))[where])
        log.add("train/loss_ctc", steps[where], loss[where])
        log.add("train/optim0_lr0", steps[where], rate[where])
        log.add("train/grad_norm", steps[where], size[where])
    jumps(log, "gradient", "train/grad_norm", steps, at, also=("explosion",))
    jumps(log, "learning_rate", "train/optim0_lr0", steps, at)
    jumps(log, "divergence", ("valid/wer", "train/loss_ctc"), steps, at)


@labelled(
    "typed_one_nought_too_few",
    "learning_rate",
    "a callback edits the rate in the midst of the run, a hundred times too high; the loss goes up"
    " and is no number soon after",
)
def typed_one_nought_too_few(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 400)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    at = int(n * rng.uniform(0.4, 0.7))
    rate = np.where(np.arange(n) < at, 3e-4, 3e-2 * strength)
    loss = falling(rng, t, 3.2, 0.9, 0.03)
    gone = at + int(rng.integers(3, 7))
    loss[at:gone] *= 4.0 ** np.arange(1, gone - at + 1)
    loss[gone:] = np.nan
    log.add("lr", steps, rate)
    log.add("batch_loss", steps, loss)
    jumps(log, "learning_rate", "lr", steps, at)
    window = (steps[at - 1], steps[min(gone + 1, n - 1)])
    log.true("nonfinite", "batch_loss", int(steps[gone]), window)


@labelled(
    "estimated_rate_runs_away",
    "learning_rate",
    "an optimiser that estimates its own rate never stops to raise it, and the loss follows"
    " (konstmish/prodigy, d keeps growing)",
    clear=1.4,
    medium=0.7,
    tolerated=("explosion",),
)
def estimated_rate_runs_away(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    begun = int(n * rng.uniform(0.45, 0.6))
    up = np.clip((t - t[begun]) / (1 - t[begun]), 0, None)
    rate = 1e-6 * 400 ** np.clip(t / 0.08, 0, 1) * 300**up
    worse = 0.42 * strength * up**1.1
    log.add("lr/d*lr", steps, significant(rate, 6))
    log.add("loss/current", steps, jitter(rng, 0.42 + 0.5 * np.exp(-9 * t) + worse, 0.09))
    grows(log, "learning_rate", "lr/d*lr", steps, rate, begun, 0.01, also=("explosion",))
    worsens(log, "divergence", "loss/current", steps, worse, begun, 0.05)


@labelled(
    "beyond_its_end_below_nought",
    "learning_rate",
    "a linear decay that nobody bounded: trained longer than planned, the rate is negative and the"
    " loss is climbed up instead of down (facebookresearch/detectron2 #2424 is its poly cousin)",
    clear=1.8,
    medium=0.8,
)
def beyond_its_end_below_nought(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 400)
    t, steps = shapes.times(n), shapes.steps(n, 20, 19)
    ends = rng.uniform(0.55, 0.7)
    rate = 1e-3 * (1 - t / ends)
    begun = int(np.argmax(rate <= 0))
    worse = strength * np.clip((t - ends) / (1 - ends), 0, None) ** 1.7
    log.add("lr", steps, rate)
    log.add("total_loss", steps, falling(rng, t, 3.4, 1.2, 0.03) + jitter(rng, worse, 0.03))
    window = (int(steps[int(begun * 0.88)]), int(steps[min(begun + 4, n - 1)]))
    log.true("learning_rate", "lr", int(steps[begun]), window)
    worsens(log, "divergence", "total_loss", steps, worse - 0.2 * t, begun, 0.04)


@labelled(
    "warm_up_after_each_preemption",
    "learning_rate",
    "each of eight restarts begins the warm-up anew, and the rate never comes to where it should"
    " (Trainer without its scheduler.pt)",
    tolerated=("stall",),
)
def warm_up_after_each_preemption(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 240, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    parts = 7
    number, inside = shapes.cycle(t, parts)
    rate = 2e-4 * strength * np.clip(inside / 0.8, 0.003, 1)
    loss = falling(rng, t, 5.2, 2.8, 0.015)
    for part in range(parts):
        where = number == part
        log.session()
        log.add("train_loss", steps[where], loss[where])
        log.add("learning_rate", steps[where], rate[where])
    first = int(np.argmax(number == 1))
    last = int(np.argmax(number == parts - 1))
    window = (steps[first - 2], steps[last + 2])
    log.true("learning_rate", "learning_rate", int(steps[first]), window)


@labelled(
    "two_schedulers_at_odds",
    "learning_rate",
    "the framework and the user's loop both set the rate: from some epoch on it jumps to and fro"
    " between two values (Lightning with a manual scheduler)",
    clear=12.0,
    medium=4.0,
)
def two_schedulers_at_odds(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 500)
    t, steps = shapes.times(n), shapes.steps(n, 50, 49)
    at = int(n * rng.uniform(0.25, 0.6))
    other = (np.arange(n) >= at) & (np.arange(n) % 2 == at % 2)
    rate = linear(t, 6e-4) * np.where(other, 1 / strength, 1)
    log.add("lr-AdamW/pg1", steps, rate)
    log.add("train_loss", steps, falling(rng, t, 1.9, 0.2, 0.09))
    overfits(log, rng, "val_loss", interval(steps, int(steps[-1]) // 30), (1.1, 0.9, 0.35))
    jumps(log, "learning_rate", "lr-AdamW/pg1", steps, at, 3)


@labelled(
    "head_loses_its_rate",
    "learning_rate",
    "of two groups the head's rate falls to nought at the unfreezing of the backbone, by a lambda"
    " that is wrong by an index; on a machine that also got slower with all layers to train",
)
def head_loses_its_rate(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 200)
    t, steps = shapes.times(n), shapes.steps(n)
    at = int(n * rng.uniform(0.3, 0.5))
    early = np.arange(n) < at
    log.slower(int(steps[at]), 2.2 * strength)
    log.add("lr/head", steps, np.where(early, 1e-3, 0))
    log.add("lr/backbone", steps, np.where(early, 1e-5, 1e-4))
    log.add("fit/img_per_s", steps, speed(rng, n, np.where(early, 900, 410), 0.03))
    log.add("fit/xent", steps, falling(rng, t, 2.7, 0.8, 0.02))
    log.add("fit/top1", steps, significant(rising(t, 0.2, 0.77) + noise(rng, n, 0.006), 4))
    jumps(log, "learning_rate", ("lr/head", "lr/backbone"), steps, at)
    log.true(
        "throughput", ("fit/img_per_s", "fit/xent", "fit/top1"), int(steps[at]), abrupt(steps, at)
    )
