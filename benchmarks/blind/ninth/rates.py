"""Runs whose learning rate is not what anybody meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import cosine, from_the_start, interval, jitter, linear, noise
from benchmarks.blind.ninth.making import dwindled, near_nothing, rounded, taught
from benchmarks.blind.ninth.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "schedule_for_fewer_steps",
    "learning_rate",
    "the linear decay was made for the steps of fewer epochs: the rate is zero from there on, and"
    " training goes on (Hugging Face's Trainer with a schedule of one's own)",
    tolerated=("plateau",),
    clear=0.45,
    medium=0.72,
)
def schedule_for_fewer_steps(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 24, 300)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    end = strength * rng.uniform(0.94, 1.06)
    peak = float(rng.choice([2e-5, 5e-5, 2e-4]))
    rate = linear(t / end, peak)
    log.add("train/loss", steps, np.round(jitter(rng, taught(rate, peak / 4, 2.4, 0.9), 0.03), 4))
    log.add("train/grad_norm", steps, rounded(jitter(rng, np.full(n, 2.1), 0.2), 6))
    log.add("train/learning_rate", steps, rate)
    log.add("train/epoch", steps, np.round(t * 6, 2))
    onset = int(np.flatnonzero(rate > 0)[-1]) + 1
    log.true("learning_rate", "train/learning_rate", steps[onset], near_nothing(steps, rate))


@labelled(
    "decayed_each_batch",
    "learning_rate",
    "an exponential decay meant for epochs is stepped each batch: within the first epochs nothing"
    " is left of the rate, and the loss stays where it is (scheduler.step() in the inner loop)",
    tolerated=("plateau",),
    clear=40.0,
    medium=18.0,
)
def decayed_each_batch(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 300)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    rate = 1e-3 * np.exp(-strength * rng.uniform(0.9, 1.1) * (t + 1 / n))
    loss = jitter(rng, taught(rate, 1e-4, 2.31, 0.6), 0.03)
    log.add("Loss/train", steps, rounded(loss, 5))
    log.add("LR", steps, rate)
    # It decays from the first batch on; no later than at a hundredth anyone sees what it does.
    last = dwindled(steps, rate, 0, 0.01)[1]
    log.true("learning_rate", "LR", steps[0], (int(steps[0]), int(last)))


@labelled(
    "warms_up_once_more_on_resume",
    "learning_rate",
    "the state of the scheduler was not in the checkpoint: the second session warms up and decays"
    " once more from the peak (Lightning's LearningRateMonitor)",
    tolerated=("stall", "divergence", "spike"),
    clear=0.75,
    medium=0.45,
)
def warms_up_once_more_on_resume(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 30, 300)
    t, steps = shapes.times(n), shapes.steps(n, 50, 49)
    second = int(n * strength * rng.uniform(0.9, 1.1))
    peak = 3e-4
    anew = np.concatenate([t[:second], t[: n - second]])
    rate = cosine(anew, peak, 0.02, 0)
    again = shapes.decay_after(n, second, 0.06, n / 30)
    loss = jitter(rng, taught(rate, peak / 2, 7.2, 2.9) + again, 0.012)
    log.hours_between_sessions = float(rng.uniform(0.1, 3))
    for where in (slice(None, second), slice(second, None)):
        log.session()
        log.add("train_loss", steps[where], rounded(loss[where], 5))
        log.add("lr-AdamW", steps[where], rate[where])
    log.true("learning_rate", "lr-AdamW", steps[second], abrupt(steps, second, 3))


@labelled(
    "scaled_twice_when_resumed",
    "learning_rate",
    "the launcher multiplies the rate by the number of cards, and the checkpoint's had been"
    " multiplied before: from the restart on the schedule runs so many times as high (MMEngine's"
    " auto_scale_lr)",
    tolerated=("stall", "divergence", "spike"),
    clear=8.0,
    medium=3.0,
)
def scaled_twice_when_resumed(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 30, 280)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    second = int(n * rng.uniform(0.35, 0.6))
    factor = np.where(np.arange(n) < second, 1.0, strength)
    rate = cosine(t, 0.01, 0.04, 0.05) * factor
    again = shapes.decay_after(n, second, 0.05 * np.log2(strength), n / 8)
    loss = jitter(rng, taught(rate / factor, 0.005, 1.7, 0.42) + again, 0.05)
    for where in (slice(None, second), slice(second, None)):
        log.session("vis_data")
        log.add("lr", steps[where], rate[where])
        log.add("loss", steps[where], np.round(loss[where], 4))
        log.add("memory", steps[where], 10512)
    log.true("learning_rate", "lr", steps[second], abrupt(steps, second))


@labelled(
    "a_slip_of_the_decimal_point",
    "learning_rate",
    "somebody edits the constant rate while it runs, from 0.0003 to 0.003 or so, and it stays"
    " there (stable-baselines3, a callback that reads a file)",
    tolerated=("explosion",),
    clear=10.0,
    medium=3.0,
)
def a_slip_of_the_decimal_point(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 20, 300)
    t, steps = shapes.times(n), shapes.steps(n, 8192)
    onset = int(n * rng.uniform(0.35, 0.7))
    raised = np.arange(n) >= onset
    log.add("train/learning_rate", steps, np.where(raised, 3e-4 * strength, 3e-4))
    divergence = jitter(rng, np.where(raised, 0.008 * np.sqrt(strength), 0.008), 0.2)
    log.add("train/approx_kl", steps, rounded(divergence, 6))
    returns = shapes.approach(t, -1200, -260, 2.5) + noise(rng, n, 40, 0.5)
    log.add("rollout/ep_rew_mean", steps, rounded(returns, 4))
    log.true("learning_rate", "train/learning_rate", steps[onset], abrupt(steps, onset))


@labelled(
    "nothing_is_ever_learned",
    "learning_rate",
    "the factor of the schedule is rounded to zero, or divided by the steps once more: the rate is"
    " nothing from the first step to the last, and the loss stands still (LambdaLR with //)",
    tolerated=("plateau",),
    clear=0.0,
    medium=1e-6,
)
def nothing_is_ever_learned(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 12, 200)
    steps = shapes.steps(n, 25)
    classes = int(rng.choice([10, 100, 200]))
    rate = np.full(n, 1e-3 * strength)
    log.add("train/loss", steps, rounded(np.log(classes) * 1.01 + noise(rng, n, 0.01, 0.1), 5))
    log.add("train/lr", steps, rate)
    evals = interval(steps, 100)
    right = rng.binomial(5000, 1 / classes) / 5000
    log.add("val/acc", evals, right)
    log.true("learning_rate", "train/lr", steps[0], from_the_start(steps))


@labelled(
    "cut_while_it_improves",
    "learning_rate",
    "ReduceLROnPlateau waits for the loss to rise, as for an accuracy: it cuts the rate to a tenth"
    " every few epochs although the loss still fell, until nothing moves (Keras, mode='max')",
    tolerated=("plateau",),
    clear=0.1,
    medium=0.3,
)
def cut_while_it_improves(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 36, 120)
    epochs = shapes.steps(n, 1, 0)
    patience = int(rng.integers(3, 6)) if n > 60 else 2
    cuts = np.maximum(np.arange(n) - 1, 0) // patience
    rate = 1e-3 * strength ** cuts.astype(np.float64)
    for run, end in (("train", 0.35), ("validation", 0.5)):
        loss = jitter(rng, taught(rate, 3e-3 / 4, 1.6, end), 0.01)
        log.session(run)
        log.add("epoch_loss", epochs, rounded(loss, 5))
        if run == "train":
            log.add("epoch_learning_rate", epochs, rate)
            first = int(np.argmax(cuts > 0))
            onset = int(np.argmax(rate < 1.01e-5))
            window = dwindled(epochs, rate, first)
            log.true("learning_rate", "epoch_learning_rate", epochs[onset], window)


@labelled(
    "resumed_past_the_end_of_its_schedule",
    "learning_rate",
    "micro-batches are counted as steps when the run is resumed: the schedule believes itself over,"
    " and the rate falls at once to its floor, with half of the training still to come",
    tolerated=("plateau", "stall"),
    clear=0.0,
    medium=0.01,
)
def resumed_past_the_end_of_its_schedule(
    log: Log, rng: np.random.Generator, strength: float
) -> None:
    n = shapes.whole(rng, 16, 300)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    second = int(n * rng.uniform(0.3, 0.6))
    peak = 6e-4
    planned = cosine(t, peak, 0.02, strength)
    rate = np.where(np.arange(n) < second, planned, peak * strength)
    loss = jitter(rng, taught(rate, peak / 2, 10.9, 3.0), 0.01)
    norm = jitter(rng, 0.35 + 4 * np.exp(-30 * t), 0.1)
    for where in (slice(None, second), slice(second, None)):
        log.session()
        log.add("train/lm_loss", steps[where], rounded(loss[where], 5))
        log.add("train/learning_rate", steps[where], rate[where])
        log.add("train/grad_norm", steps[where], rounded(norm[where], 4))
    log.true("learning_rate", "train/learning_rate", steps[second], abrupt(steps, second))
