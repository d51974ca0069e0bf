"""Learning rates that went wrong, and those that are as they were meant."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import (
    at,
    both,
    cosine,
    counted,
    from_the_start,
    interval,
    jitter,
    linear,
    noise,
)
from benchmarks.blind.twelfth.making import (
    by_epochs,
    faded,
    jumps,
    kept_scale,
    levels,
    lost_scale,
    says_scale,
    since,
    single,
    sinking,
    slows_at,
    worsens,
)
from benchmarks.blind.twelfth.registry import labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "schedule_lost_at_the_restart",
    "learning_rate",
    "the second session starts with ten times the rate: the loss is higher from there on and the"
    " scale of float16 falls (Lightning-AI/pytorch-lightning, resume issues)",
    tolerated=("stall", "spike"),
    clear=10.0,
    middling=5.0,
)
def schedule_lost_at_the_restart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    cut = int(n * rng.uniform(0.5, 0.7))
    rate = cosine(t, 2e-4, 0.03, 0.2)
    rate[cut:] *= strength
    worse = sinking(t, 6.0, 2.2, 0.6) + 0.1 * strength * (np.arange(n) >= cut)
    seen = single(worse + noise(rng, n, 0.04, 0.3))
    scale = lost_scale(kept_scale(rng, n, 16, 2), cut + n // 20, n / 100, -3)
    for part in (slice(None, cut), slice(cut, None)):
        log.session()
        log.add("train_loss", steps[part], seen[part])
        log.add("lr-AdamW", steps[part], rate[part])
        log.add("amp_scale", steps[part], scale[part])
    jumps(log, "learning_rate", "lr-AdamW", steps, cut, also=("explosion",))
    jumps(log, "divergence", "train_loss", steps, cut, points=4)
    says_scale(log, "amp_scale", steps, scale, cut + n // 20)


@labelled(
    "distance_overestimated",
    "learning_rate",
    "a rate that estimates itself goes up by a factor of hundreds within a few steps, and the loss"
    " with it (konstmish/prodigy, d0 and growth_rate issues)",
    tolerated=("explosion", "gradient"),
    clear=400.0,
    middling=40.0,
)
def distance_overestimated(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    index = int(n * rng.uniform(0.4, 0.65))
    worse = sinking(t, 0.14, 0.085, 0.8) + 0.11 * (1 - np.exp(-since(n, index) * 20))
    log.add("loss/average", steps, jitter(rng, worse, 0.05))
    worsens(log, "loss/average", steps, worse, index, 0.006)
    rate = 1.1e-4 * np.where(np.arange(n) < index, np.minimum(1, 30 * t + 0.01), strength)
    log.add("lr/d*lr", steps, rate)
    jumps(log, "learning_rate", "lr/d*lr", steps, index, also=("explosion",))


@labelled(
    "decay_below_zero",
    "learning_rate",
    "a linear decay that nobody clamps goes on below zero when the run is longer than it was told:"
    " the loss climbs (pytorch/pytorch, LambdaLR)",
    tolerated=("plateau",),
)
def decay_below_zero(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    end = rng.uniform(0.55, 0.68)
    index = int(np.argmax(t >= end))
    rate = 3e-4 * np.minimum(t / 0.03, (1 - t / end) / (1 - 0.03 / end)) * strength
    worse = sinking(t, 4.1, 1.7, 0.8) + 2.4 * np.clip((t - end) / (1 - end), 0, None) ** 2
    log.add("loss", steps, single(worse + noise(rng, n, 0.04, 0.3)))
    worsens(log, "loss", steps, worse, index, 0.055)
    log.add("lr", steps, rate)
    tenth, below = int(np.argmax(t >= 0.88 * end)), int(np.argmax(t >= 1.2 * end))
    log.true("learning_rate", "lr", steps[index], (steps[tenth], steps[below]))


@labelled(
    "gamma_for_each_batch",
    "learning_rate",
    "a decay meant for each epoch is taken at each batch: the rate is nothing after a few percent"
    " and the accuracy stands still (PyTorch forum, ExponentialLR)",
    clear=0.04,
    late=0.1,
)
def gamma_for_each_batch(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 10, 0)
    rate = 0.01 * 10 ** (-t / strength * 1.5)
    rate = np.where(rate < 1e-12, 0, rate)
    learned = 1 - np.exp(-t / strength * 3)
    log.add("train/loss", steps, 2.3 - 0.75 * learned + noise(rng, n, 0.05, 0.05))
    log.add("train/lr", steps, rate)
    faded(log, "train/lr", steps, rate)
    evals = interval(steps, int(steps[-1]) // 45)
    share = 0.1 + 0.27 * at(evals, steps, learned)
    log.add("val/accuracy", evals, counted(rng, share, 10_000))
    levels(
        log,
        ("val/accuracy", "train/loss"),
        evals,
        int(60 * strength),
        int(45 * (2.2 * strength + 0.25)),
    )


@labelled(
    "counted_without_accumulation",
    "learning_rate",
    "the schedule ends at a half of the run since steps were counted before accumulation: the rate"
    " is zero for the rest and nothing is learned (huggingface/accelerate, scheduler issues)",
)
def counted_without_accumulation(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    end = rng.uniform(0.3, 0.45)
    inner = np.minimum(t / end, 1) * strength
    rate = linear(inner, 5e-5, 0.08)
    log.add("train/learning_rate", steps, rate)
    faded(log, "train/learning_rate", steps, rate)
    loss = sinking(inner, 3.3, 1.42, 0.9)
    log.add("train/loss", steps, np.round(loss + noise(rng, n, 0.06, 0.1), 4))
    evals = interval(steps, int(steps[-1]) // 40)
    seen = at(evals, steps, loss) + 0.05 + noise(rng, len(evals), 0.0006)
    log.add("eval/loss", evals, single(seen))
    levels(log, ("eval/loss", "train/loss"), evals, int(40 * end * 0.9), int(40 * end) + 6)


@labelled(
    "zero_throughout",
    "learning_rate",
    "each rate that is logged is 0 from the first step to the last and the loss is where it began"
    " (facebookresearch/detectron2, issues on lr 0.000000)",
)
def zero_throughout(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 300)
    steps = shapes.steps(n, 20, 19)
    log.add("total_loss", steps, 4.62 * strength + noise(rng, n, 0.08, 0.02))
    log.true("plateau", "total_loss", steps[0], from_the_start(steps), also=("divergence",))
    log.add("lr", steps, 0.0)
    log.true("learning_rate", "lr", steps[0], from_the_start(steps))
    log.add("time", steps, 0.41 * np.exp(noise(rng, n, 0.02)))
    log.add("data_time", steps, 0.012 * np.exp(noise(rng, n, 0.15)))


@labelled(
    "wrong_digit_for_a_while",
    "learning_rate",
    "somebody edits the rate of a running job, a thousandfold by mistake, and takes it back after a"
    " few steps: the loss leaps and returns (a training diary)",
    tolerated=("divergence", "stall"),
    thousandfold=1000.0,
    hundredfold=100.0,
)
def wrong_digit_for_a_while(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    index, lasts = int(n * rng.uniform(0.3, 0.55)), max(n // 60, 4)
    inside = (np.arange(n) >= index) & (np.arange(n) < index + lasts)
    height = 1.1 + 0.5 * np.log10(strength / 100)
    leap = np.where(inside, height, shapes.decay_after(n, index + lasts, height, lasts / 2))
    log.add("train/loss", steps, single(sinking(t, 7, 2.4) + leap + noise(rng, n, 0.035, 0.3)))
    last = steps[min(index + lasts + 2, n - 1)]
    log.true("spike", "train/loss", steps[index], (steps[index - 2], last), also=("divergence",))
    rate = cosine(t, 3e-4) * np.where(inside, strength, 1)
    log.add("train/lr", steps, rate)
    window = both((steps[index - 2], last), (steps[index], steps[index]))
    log.true("learning_rate", "train/lr", steps[index], window, also=("spike", "explosion"))


@labelled(
    "reducer_of_the_wrong_sign",
    "learning_rate",
    "a reducer that waits for its metric to fall is given an accuracy: the rate is cut again and"
    " again until nothing is left (PyTorch, ReduceLROnPlateau mode)",
    tolerated=("plateau",),
)
def reducer_of_the_wrong_sign(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(60, 140))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    patience = int(rng.integers(3, 6))
    cuts = np.arange(n) // (patience + 1)
    rate = np.where(cuts > 8, 1e-11, 1e-3 * 10.0**-cuts) * strength
    stopped = 1 - np.exp(-np.arange(n) / (1.2 * patience))
    log.add("val_acc", steps, counted(rng, 0.32 + 0.31 * stopped, 2000))
    log.add("val_loss", steps, 1.9 - 0.7 * stopped + noise(rng, n, 0.008, 0.1) + 0 * t)
    log.add("lr", steps, rate)
    faded(log, "lr", steps, rate)


@labelled(
    "no_rate_after_the_restart",
    "learning_rate",
    "the second session has a rate of zero, for its schedule thinks that it is over, and a slower"
    " card: nothing is learned any more (NVIDIA/NeMo, resume issues)",
    tolerated=("stall",),
)
def no_rate_after_the_restart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    cut = int(n * rng.uniform(0.28, 0.4))
    clock = np.minimum(np.arange(n), cut)
    rate = np.where(np.arange(n) < cut, cosine(t, 1e-4 * strength, 0.05), 0)
    loss = sinking(t, 5.2, 1.5, 0.6)[clock] + noise(rng, n, 0.05, 0.2)
    took = np.where(np.arange(n) < cut, 0.82, 1.61) * np.exp(noise(rng, n, 0.02))
    log.slower(int(steps[cut]), 1.96)
    for part in (slice(None, cut), slice(cut, None)):
        log.session()
        log.add("reduced_train_loss", steps[part], loss[part])
        log.add("lr", steps[part], rate[part])
        log.add("train_step_timing in s", steps[part], took[part])
    jumps(log, "learning_rate", "lr", steps, cut, also=("collapse",))
    tags = ("train_step_timing in s", "reduced_train_loss", "lr")
    slows_at(log, tags, steps, cut)
    log.true("plateau", "reduced_train_loss", steps[cut], (steps[cut // 2], steps[cut + n // 8]))


@labelled(
    "peak_again_after_the_restart",
    "learning_rate",
    "a restart begins the schedule anew although the steps go on: from a tenth to the full peak,"
    " and much of what was won is lost for a while (PyTorch forum, load_state_dict of schedulers)",
    tolerated=("spike", "stall", "divergence"),
)
def peak_again_after_the_restart(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(80, 220))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    cut = int(n * rng.uniform(0.7, 0.8))
    rate = 0.1 * strength * (1 + np.cos(np.pi * t)) / 2
    rate[cut:] = 0.1 * (1 + np.cos(np.pi * t[: n - cut])) / 2
    wrong = sinking(t, 0.62, 0.235, 0.7, 0.05) + shapes.decay_after(n, cut, 0.06, n / 12)
    share = 1 - np.clip(wrong + noise(rng, n, 0.006), 0, 1)
    for part in (slice(None, cut), slice(cut, None)):
        log.session()
        log.add("Accuracy/test", steps[part], np.round(100 * share[part], 2))
        log.add("Learning rate", steps[part], rate[part])
    jumps(log, "learning_rate", "Learning rate", steps, cut)


@labelled(
    "tenth_at_each_epoch",
    "learning_rate",
    "a step of one where thirty was meant: the rate is cut to a tenth after each epoch"
    " (Keras LearningRateScheduler, course projects)",
    tolerated=("plateau",),
)
def tenth_at_each_epoch(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(20, 45))
    steps = shapes.steps(n, 1, 0)
    rate = 0.001 * strength * 10.0 ** -np.arange(n, dtype=np.float64)
    stopped = 1 - 0.45 ** np.arange(1, n + 1)
    log.session("train")
    log.add("epoch_loss", steps, 2.0 - 0.9 * stopped + noise(rng, n, 0.004, 0))
    log.add("epoch_learning_rate", steps, single(rate))
    faded(log, "epoch_learning_rate", steps, rate)
    log.session("validation")
    log.add("epoch_loss", steps, 2.02 - 0.86 * stopped + noise(rng, n, 0.0004, 0))
    log.add(
        "epoch_accuracy", steps, counted(rng, np.repeat(0.41, n) - 0.2 * 0.4 ** np.arange(n), 9000)
    )


@labelled(
    "scaled_by_devices_each_time",
    "learning_rate",
    "at each of its restarts a job multiplies the rate by the number of devices again, and the"
    " gradient's norm goes up with it (horovod, elastic examples)",
    tolerated=("stall", "explosion", "spike"),
    eight=8.0,
    four=4.0,
)
def scaled_by_devices_each_time(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    cuts = (0, int(n * rng.uniform(0.4, 0.5)), int(n * rng.uniform(0.72, 0.8)), n)
    times = np.sum([np.arange(n) >= cut for cut in cuts[1:3]], axis=0)
    rate = 1e-3 * strength**times
    norm = 0.8 * strength ** (0.8 * times)
    worse = sinking(t, 3.4, 1.9, 0.6) + 0.06 * strength * times
    values = (worse + noise(rng, n, 0.05, 0.2), rate, norm * np.exp(noise(rng, n, 0.15, 0.2)))
    for first, last in itertools.pairwise(cuts):
        log.session()
        for tag, series in zip(("batch_loss", "lr", "total_norm"), values, strict=True):
            log.add(tag, steps[first:last], series[first:last])
    ends = steps[cuts[1] - 2], steps[cuts[2] + 2]
    log.true("learning_rate", "lr", steps[cuts[1]], ends, also=("explosion",))
    log.true("gradient", "total_norm", steps[cuts[1]], ends, also=("explosion",))
    log.true("divergence", "batch_loss", steps[cuts[1]], (ends[0], steps[cuts[2] + 4]))
