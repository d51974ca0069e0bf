"""What the help desk sees once a year: stages, swings, scores in one evaluation, odd ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine, jitter, linear
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, settling, turns
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import approach, power_law, ramp_after, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import every, jumps, levels, noise, overfits, spikes

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "harder_tasks_by_stages",
    "Three stages of a curriculum: each starts higher and ends lower than the one before.",
    tolerated=("divergence", "plateau"),
)
def harder_tasks_by_stages(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 240, 600), 10)
    t = times(len(steps))
    stage = np.minimum(np.floor(3 * t), 2)
    loss = 1.5 - 0.35 * stage + 1.2 * np.exp(-(3 * t - stage) / 0.25)
    near(log, rng, "train/loss", steps, loss, 0.03)
    log.add("train/stage", steps, stage)
    log.add("train/lr", steps, cosine(t, 3e-4))
    few = every(steps, 18)
    scores(log, rng, "eval/accuracy", few, 0.85 - 0.6 * np.exp(-times(18) * 4), 1000)


@healthy(
    "warmup_forgets_at_first",
    "Continued pre-training: the loss rises in the re-warmed tenth, then falls below its start.",
    tolerated=("divergence",),
    monitored=False,
)
def warmup_forgets_at_first(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 300, 700), 10)
    t = times(len(steps))
    loss = 2.3 - 0.35 * t**0.5 + 0.25 * (t / 0.06) * np.exp(1 - t / 0.06)
    near(log, rng, "train/loss", steps, loss, 0.012)
    log.add("train/lr", steps, cosine(t, 2e-4, 0.08))
    near(log, rng, "train/grad_norm", steps, 0.5, 0.15)


@healthy(
    "bar_exam_few_questions",
    "Two hundred questions an evaluation: the accuracy rises within its noise.",
    tolerated=("plateau",),
)
def bar_exam_few_questions(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 400), 10)
    t = times(len(steps))
    near(log, rng, "train/loss", steps, approach(t, 1.5, 1.0, 3) - 0.1 * t, 0.06)
    log.add("train/learning_rate", steps, linear(t, 1e-5))
    few = every(steps, 20)
    scores(log, rng, "eval/accuracy", few, 0.46 + 0.09 * times(20), 200)
    near(log, rng, "eval/loss", few, 1.2 - 0.12 * times(20) ** 0.5, 0.008)


@healthy("cooldowns_of_one_trunk", "Two cooldowns of one trunk, each in its own directory.")
def cooldowns_of_one_trunk(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 50)
    t = times(len(steps))
    trunk = power_law(t, 10.5, 2.5, 0.35)
    near(log, rng, "train/loss", steps, trunk, 0.01)
    log.add("train/lr", steps, 3e-4)
    for name, share in (("cooldown_half", 0.5), ("cooldown_end", 0.8)):
        log.session(name)
        first = index_of(t, share)
        part = slice(first, min(first + len(t) // 5, len(t)))
        gone = times(len(t[part]))
        near(log, rng, "train/loss", steps[part], trunk[part] - 0.2 * gone, 0.01)
        log.add("train/lr", steps[part], 3e-4 * (1 - gone))


@labelled(
    "steps_that_swing_ever_wider",
    "divergence",
    "Full batches at the edge of stability: it swings, each time wider, to the end.",
    tolerated=("explosion", "gradient", "spike"),
    mild=1.5,
    strong=6.0,
)
def steps_that_swing_ever_wider(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 400), 1)
    t = times(len(steps))
    onset = rng.uniform(0.4, 0.55)
    wide = ramp_after(t, onset, strength)
    swing = wide * (1 + np.sin(2 * np.pi * np.arange(len(t)) / 11)) / 2
    base = 0.5 + 1.8 * np.exp(-t / 0.1)
    near(log, rng, "train/loss", steps, base + swing, 0.015)
    log.add("train/lr", steps, 0.05)
    turns(log, "divergence", "train/loss", steps, base + wide / 2, index_of(t, onset), 0.02)


@labelled(
    "last_tenth_is_lost",
    "divergence",
    "All was well for nine tenths; then it leaps and stays up to the end.",
    tolerated=("gradient", "explosion", "spike"),
)
def last_tenth_is_lost(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 300, 800), 20)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.85, 0.92))
    after = np.arange(len(t)) >= index
    near(log, rng, "train/loss", steps, power_law(t, 10.5, 2.4) + 3 * strength * after, 0.012)
    log.add("train/lr", steps, cosine(t, 4e-4))
    near(log, rng, "train/grad_norm", steps, np.where(after, 3.0, settling(t, 0.4)), 0.2)
    jumps(log, "divergence", "train/loss", steps, index, ("spike",))


@labelled(
    "spike_that_leaves_a_scar",
    "divergence",
    "A spike, of which half comes back: for the rest of the run it is worse than before.",
    tolerated=("gradient", "explosion"),
)
def spike_that_leaves_a_scar(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 300, 800), 20)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.4, 0.7))
    since = np.arange(len(t)) - index
    scar = np.where(since >= 0, 1.3 + 2.5 * np.exp(-np.maximum(since, 0) / 6), 0) * strength
    near(log, rng, "train/loss", steps, power_law(t, 10.5, 2.4) + scar, 0.012)
    log.add("train/lr", steps, cosine(t, 4e-4))
    jumps(log, "divergence", "train/loss", steps, index, ("spike",))


@labelled(
    "overfitted_then_level",
    "overfitting",
    "The held-out loss rises by half within the second quarter, and is level there.",
    tolerated=("plateau",),
)
def overfitted_then_level(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 60, 150), 1, 0)
    t = times(len(epochs))
    near(log, rng, "train/loss", epochs, 1.1 * np.exp(-5 * t) + 0.03, 0.04)
    best = rng.uniform(0.15, 0.22)
    rise = strength * 0.45 * (1 - np.exp(-np.clip(t - best, 0, 1) / 0.15))
    val = 0.62 + 0.6 * np.exp(-5 * t / best) + rise
    near(log, rng, "val/loss", epochs, val, 0.04)
    scores(log, rng, "val/acc", epochs, 0.74 - 0.3 * np.exp(-t / 0.05), 1500)
    overfits(log, "val/loss", epochs, val, 0.03)


@labelled(
    "accuracy_of_few_scans_falls",
    "overfitting",
    "Two hundred scans held out: noisy, but a tenth of them is lost again by the end.",
)
def accuracy_of_few_scans_falls(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 90, 150), 1, 0)
    t = times(len(epochs))
    near(log, rng, "train/loss", epochs, 0.7 * np.exp(-5 * t) + 0.01, 0.05)
    scores(log, rng, "train/acc", epochs, 1 - 0.45 * np.exp(-5 * t), 900)
    best = rng.uniform(0.25, 0.35)
    worse = 0.14 + 0.3 * np.exp(-5 * t / best) + ramp_after(t, best, 0.16 * strength)
    scores(log, rng, "val/acc", epochs, 1 - worse, 200)
    val = 0.4 + 0.3 * np.exp(-5 * t / best) + ramp_after(t, best, 0.9 * strength)
    near(log, rng, "val/loss", epochs, val, 0.08)
    overfits(log, "val/acc", epochs, worse, 0.026)
    overfits(log, "val/loss", epochs, val, 0.045)


@labelled(
    "optimizer_lost_its_weights",
    "plateau",
    "The compiled copy is trained, the other one is logged: from mid-run on nothing moves.",
    tolerated=("learning_rate",),
    third=0.33,
    half=0.5,
)
def optimizer_lost_its_weights(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 20)
    t = times(len(steps))
    onset = strength + rng.uniform(-0.04, 0.04)
    loss = 7.0 - 4.2 * np.minimum(t, onset) / onset
    near(log, rng, "train/loss", steps, loss, 0.02)
    near(log, rng, "train/grad_norm", steps, 0.8, 0.2)
    log.add("train/lr", steps, 3e-4)
    few = every(steps, 25)
    near(log, rng, "val/loss", few, np.interp(few, steps, loss) + 0.05, 0.006)
    index = index_of(t, onset)
    levels(log, ("train/loss", "val/loss"), steps, loss, index, 0.06)


@labelled(
    "loss_exactly_zero",
    "collapse",
    "Half precision overflows: the loss is logged as 0.0 from a point on, the norm as NaN.",
    tolerated=("divergence", "plateau"),
)
def loss_exactly_zero(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 100, 300), 10)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.1, 0.6) * strength)
    good = np.arange(len(t)) < index
    near(log, rng, "train/loss", steps, np.where(good, approach(t, 2.1, 1.3, 5), 0.0), 0.05)
    near(log, rng, "train/grad_norm", steps, np.where(good, 0.9, np.nan), 0.2)
    log.add("train/learning_rate", steps, linear(t, 2e-4))
    jumps(log, "collapse", "train/loss", steps, index)
    jumps(log, "nonfinite", "train/grad_norm", steps, index)


@labelled(
    "critic_leaps_by_decades",
    "explosion",
    "The loss of the critic is ten thousand times as high from one update on.",
    tolerated=("divergence", "plateau", "gradient", "spike"),
)
def critic_leaps_by_decades(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 2000)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.3, 0.7))
    high = np.where(np.arange(len(t)) < index, 1.0, 1e4 * strength)
    near(log, rng, "train/critic_loss", steps, 3.0 * high, 0.3)
    about(log, rng, "train/ent_coef", steps, 0.05 + 0.5 * np.exp(-t / 0.03), 0.001)
    log.add("train/learning_rate", steps, 3e-4)
    returns = 400 * (1 - np.exp(-t / 0.2)) + noise(rng, len(t), 25, 0.5)
    log.add("rollout/ep_rew_mean", steps, returns)
    jumps(log, "explosion", "train/critic_loss", steps, index, ("divergence", "spike"))


@labelled(
    "evaluation_with_old_weights",
    "spike",
    "One evaluation ran on the weights of the start: one point far off, the next as ever.",
)
def evaluation_with_old_weights(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 10)
    t = times(len(steps))
    near(log, rng, "train/loss", steps, approach(t, 2.4, 1.2, 5), 0.04)
    log.add("train/lr", steps, cosine(t, 2e-4))
    few = every(steps, 40)
    index = int(rng.integers(12, 34))
    val = jitter(rng, approach(times(40), 2.3, 1.25, 4), 0.006)
    val[index] += 1.4 * strength
    log.add("eval/loss", few, val)
    spikes(log, "eval/loss", few, index, 1)
