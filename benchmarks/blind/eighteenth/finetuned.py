"""Language models that are fine-tuned: Trainer, TRL's SFT, axolotl, LLaMA-Factory, own loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    around,
    course,
    decades,
    epochs,
    from_point,
    frozen_at,
    paced,
    put,
    where,
)
from benchmarks.blind.eighteenth.registry import healthy, labelled
from benchmarks.blind.eighth.making import (
    cosine,
    counted,
    interval,
    jitter,
    lasting,
    linear,
    turned,
)
from benchmarks.blind.seventeenth.making import eased, halts, says_scale, scale_lost
from benchmarks.blind.shapes import decay_after, ramp_after
from benchmarks.blind.thirteenth.making import (
    drifts,
    fades,
    from_the_start,
    grows,
    jumps,
    levels,
    overfits,
    spikes,
)

if TYPE_CHECKING:
    from benchmarks.blind.eighteenth.making import Array, Rng
    from benchmarks.blind.runs import Log


def by_epoch(t: Array, of: int, first: float, drop: float) -> Array:
    """A training loss that falls at the seams of epochs, as text is seen again."""
    epoch = np.minimum((t * of).astype(int), of - 1)
    return first * (1 - drop) ** epoch + 0.5 * np.exp(-t / 0.02) - 0.03 * first * t


@healthy("sft_three_epochs_in_steps", "the usual staircase; the evaluation comes to rest")
def sft_stairs(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 150, 600, 10)
    put(log, rng, steps, {"train/loss": (by_epoch(t, 3, 1.3, 0.09), 0.04)})
    put(log, rng, steps, {"train/grad_norm": (0.5 + 1.5 * np.exp(-t / 0.03) + 0.15 * t, 0.2)})
    log.add("train/learning_rate", steps, cosine(t, 2e-4, 0.03, 0))
    log.add("train/epoch", steps, 3 * t)
    rare = interval(steps, int(steps[-1]) // 12)
    now = np.linspace(1 / 12, 1, len(rare))
    put(log, rng, rare, {"eval/loss": (eased(now, 1.32, 1.14, 0.95), 0.003)})
    put(log, rng, rare, {"eval/runtime": (61.0, 0.01), "eval/samples_per_second": (16.4, 0.01)})


@healthy(
    "alpaca_notebook_of_sixty_steps",
    "one batch a point, each of another length",
    tolerated=("plateau",),
)
def notebook(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 60, 61, 1)
    put(log, rng, steps, {"train/loss": (0.85 + 1.0 * np.exp(-t / 0.1) - 0.05 * t, 0.13)}, 0)
    put(log, rng, steps, {"train/grad_norm": (0.3 + 1.2 * np.exp(-t / 0.1), 0.25)})
    log.add("train/learning_rate", steps, linear(t, 2e-4, 0.08))


@healthy(
    "qlora_in_two_epochs_of_chat",
    "a heavy tail of short answers in the loss",
    tolerated=("plateau",),
)
def qlora_chat(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 400, 1500, 5)
    values = (1.05 + 0.4 * np.exp(-t / 0.03) - 0.3 * t) * np.exp(
        0.12 * np.clip(rng.standard_t(4, len(t)), -5, 5)
    )
    log.add("train/loss", steps, values)
    put(log, rng, steps, {"train/grad_norm": (0.4, 0.3)}, 0)
    log.add("train/learning_rate", steps, cosine(t, 1e-4, 0.05, 0))


@healthy("ner_f1_rests_near_the_top", "ten epochs; score near its bound", tolerated=("plateau",))
def ner(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 10, 12)
    put(log, rng, steps, {"train/loss": (0.3 * np.exp(-4 * t) + 0.006, 0.03)})
    put(log, rng, steps, {"eval/loss": (eased(t, 0.09, 0.055, 1), 0.01)})
    score = eased(t, 0.83, 0.948, 1)
    around(log, rng, steps, {"eval/f1": (score, 0.002), "eval/precision": (score - 0.004, 0.003)})
    around(log, rng, steps, {"eval/recall": (score + 0.004, 0.003)})


@healthy("continued_pretraining_new_mixture", "the data change at a half: another level, then down")
def mixture(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 300, 900, 10)
    loss = np.where(t < 0.5, 1.9 + 0.2 * np.exp(-6 * t), 1.75 + 0.12 * np.exp(-6 * (t - 0.5)))
    put(log, rng, steps, {"train/loss": (loss, 0.015), "train/grad_norm": (0.9, 0.15)})
    log.add("train/learning_rate", steps, cosine(t, 5e-5, 0.01))


@healthy("llava_projector_then_all", "two stages in two sessions, as the recipe has it")
def llava(log: Log, rng: Rng) -> None:
    for run, start, end, rate in (("stage1", 5.5, 2.1, 1e-3), ("stage2", 1.3, 0.9, 2e-5)):
        log.session(run)
        steps, t = course(rng, 150, 400, 10)
        loss = end + (start - end) * np.exp(-t / 0.05) + 0.35 * (1 - t)
        put(log, rng, steps, {"train/loss": (loss, 0.04)})
        log.add("train/learning_rate", steps, cosine(t, rate, 0.03, 0))


@healthy("topics_of_tickets_eight_epochs", "a small validation set, scores in steps of a hundredth")
def tickets(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 8, 10)
    put(log, rng, steps, {"Loss/train": (1.6 * np.exp(-3 * t) + 0.12, 0.03)})
    put(log, rng, steps, {"Loss/val": (1.5 * np.exp(-3 * t) + 0.35 - 0.06 * t, 0.02)})
    log.add("Acc/val", steps, np.round(counted(rng, 0.9 - 0.35 * np.exp(-3 * t), 800), 2))


@labelled("lora_learns_thousand_by_heart", "overfitting", "eval rises", mild=0.1, much=0.5)
def by_heart(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 400, 10)
    train = 0.12 + 1.2 * (1 - t) ** 1.7 + 0.4 * np.exp(-t / 0.02)
    put(log, rng, steps, {"train/loss": (train, 0.05)})
    log.add("train/learning_rate", steps, cosine(t, 2e-4, 0.03, 0))
    rare = interval(steps, int(steps[-1]) // 20)
    now = np.linspace(0, 1, len(rare))
    worse = turned(now, rng.uniform(0.25, 0.4), 0.25, strength, 1.12)
    put(log, rng, rare, {"eval/loss": (worse, 0.006)})
    overfits(log, "eval/loss", rare, worse, lasting(0.0075, 0.2))


@labelled(
    "bert_reviews_past_the_second",
    "overfitting",
    "ten epochs on few reviews",
    low=0.12,
    tolerated=("plateau",),
)
def reviews(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 10, 14)
    put(log, rng, steps, {"train/loss": (0.55 * np.exp(-4 * t) + 0.01, 0.06)})
    worse = turned(t, 0.2, 0.2, strength, 0.29)
    put(log, rng, steps, {"eval/loss": (worse, 0.02)})
    log.add("eval/accuracy", steps, counted(rng, 0.9 - 0.04 * np.exp(-6 * t), 2000))
    overfits(log, "eval/loss", steps, worse, lasting(0.006, 0.2))


@labelled(
    "full_tuning_at_a_rate_too_high",
    "divergence",
    "jumps and stays",
    two=2.0,
    tolerated=("plateau",),
)
def rate_too_high(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 10)
    index = where(t, rng.uniform(0.2, 0.6))
    good = 1.0 + 0.6 * np.exp(-t / 0.04) - 0.1 * t
    loss = from_point(good, index, good + strength + decay_after(len(t), index, 0.8, 6))
    put(log, rng, steps, {"train/loss": (loss, 0.04)})
    log.add("train/learning_rate", steps, cosine(t, 1e-4, 0.1, 0))
    jumps(log, "divergence", "train/loss", steps, index, ("explosion",))


@labelled(
    "factory_loss_zero_norm_nan",
    "collapse",
    "loss exactly zero, norm NaN",
    late=0.6,
    tolerated=("plateau",),
)
def zero_and_nan(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 300, 10)
    index = where(t, strength)
    good = jitter(rng, 1.1 + 0.7 * np.exp(-t / 0.05), 0.05)
    log.add("train/loss", steps, from_point(np.round(good, 4), index, 0.0))
    norm = jitter(rng, np.full(len(t), 0.8), 0.2)
    log.add("train/grad_norm", steps, from_point(norm, index, np.nan))
    log.add("train/learning_rate", steps, linear(t, 1e-4, 0.1))
    jumps(log, "collapse", "train/loss", steps, index, ("divergence",))
    jumps(log, "nonfinite", "train/grad_norm", steps, index)


@labelled("yes_or_no_at_ln_two", "plateau", "never leaves chance", short=40)
def ln_two(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, int(0.7 * strength), int(strength), 50)
    around(log, rng, steps, {"train/loss": (np.full(len(t), 0.694), 0.006)})
    log.add("train/learning_rate", steps, linear(t, 1e-3, 0.06))
    rare = interval(steps, int(steps[-1]) // 10)
    around(log, rng, rare, {"eval/loss": (np.full(len(rare), 0.6935), 0.0006)})
    log.add("eval/accuracy", rare, counted(rng, np.full(len(rare), 0.5), 3000))
    from_the_start(log, "plateau", ("train/loss", "eval/loss", "eval/accuracy"), steps)


@labelled("adapter_learns_no_more", "plateau", "level at a bad value", half=0.4)
def adapter_level(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 500, 10)
    loss = eased(t, 4.2, 2.9, strength)
    put(log, rng, steps, {"train/loss": (loss, 0.012), "train/grad_norm": (0.4, 0.2)})
    log.add("train/learning_rate", steps, np.full(len(t), 1e-4))
    levels(log, "train/loss", steps, loss, where(t, strength), lasting(0.035, 0.2))


@labelled("norm_dies_in_half_precision", "gradient", "falls to nothing; loss stays", tiny=1e-5)
def norm_dies(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 400, 10)
    index = where(t, rng.uniform(0.25, 0.45))
    loss = frozen_at(1.5 + 2.5 * np.exp(-t / 0.15), index)
    put(log, rng, steps, {"train/loss": (loss, 0.01)})
    norm = jitter(rng, from_point(np.full(len(t), 1.1), index, 1.1 * strength), 0.15)
    log.add("train/grad_norm", steps, norm)
    log.add("train/learning_rate", steps, linear(t, 5e-5, 0.05))
    jumps(log, "gradient", "train/grad_norm", steps, index, ("collapse",))
    levels(log, "train/loss", steps, loss, index, lasting(0.02, 0.2))


@labelled("clipped_norm_is_one_ever_after", "gradient", "the clipped norm is one", half=0.45)
def always_clipped(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 400, 10)
    onset = strength
    before = decades(t, 0.0, 0.35, 2.2, onset)
    norm = np.minimum(jitter(rng, before, 0.12), 1.0)
    index = where(t, onset)
    log.add("train/grad_norm_clipped", steps, from_point(norm, index, 1.0))
    put(log, rng, steps, {"train/loss": (1.2 + 1.5 * np.exp(-5 * t), 0.02)})
    jumps(log, "gradient", "train/grad_norm_clipped", steps, index, (), 3)


@labelled(
    "scheduler_counts_microbatches",
    "learning_rate",
    "zero long before the end",
    half=0.4,
    early=0.25,
)
def microbatches(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 400, 10)
    rate = linear(np.minimum(t / strength, 1), 1e-4, 0.05)
    log.add("train/learning_rate", steps, rate)
    loss = 1.1 + 1.2 * np.exp(-np.minimum(t, strength) / 0.15)
    put(log, rng, steps, {"train/loss": (loss, 0.02), "train/grad_norm": (0.7, 0.2)})
    fades(log, "train/learning_rate", steps, rate, ("collapse",))
    levels(log, "train/loss", steps, loss, where(t, strength), lasting(0.023, 0.2))


@labelled("deepspeed_scale_below_one", "loss_scale", "overflow at each step", slow=4, fast=1)
def deepspeed_scale(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 300, 10)
    index = where(t, rng.uniform(0.3, 0.6))
    scale, bottom = scale_lost(rng, len(t), index, 16, strength, 0)
    log.add("Train/Samples/loss_scale", steps, scale)
    put(log, rng, steps, {"Train/Samples/train_loss": (1.1 + 1.4 * np.exp(-4 * t), 0.03)})
    log.add("Train/Samples/lr", steps, cosine(t, 1e-5, 0.05))
    says_scale(log, "Train/Samples/loss_scale", steps, index, bottom)


@labelled("evaluation_waits_for_a_judge", "stall", "hours between two evaluations", three=3)
def judge(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 200, 10)
    paced(log, rng, 10, 1.5)
    put(log, rng, steps, {"train/loss": (0.9 + 0.6 * np.exp(-t / 0.05) - 0.3 * t, 0.05)})
    log.add("train/learning_rate", steps, cosine(t, 2e-5, 0.03, 0))
    halts(log, steps, where(t, rng.uniform(0.3, 0.8)), strength)


@labelled("sft_drifts_up_after_the_warmup", "divergence", "up for good", some=0.8)
def drifts_up(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 10)
    onset = rng.uniform(0.25, 0.45)
    loss = 1.3 + 0.7 * np.exp(-t / 0.07) + ramp_after(t, onset, strength)
    put(log, rng, steps, {"train/loss": (loss, 0.03)})
    norm = decades(t, onset, 0.8, 20)
    put(log, rng, steps, {"train/grad_norm": (norm, 0.25)})
    log.add("train/learning_rate", steps, np.full(len(t), 3e-4))
    index = int(np.argmin(loss))
    drifts(log, "divergence", "train/loss", steps, loss, index, lasting(0.045, 0.2))
    grows(log, "gradient", "train/grad_norm", steps, norm, where(t, onset), 0.25, ("explosion",))


@labelled("one_document_of_zeros", "spike", "one leap and back", tall=5)
def zeros(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 10)
    index = where(t, rng.uniform(0.3, 0.8))
    leap = decay_after(len(t), index, strength, 1.2)
    put(log, rng, steps, {"train/loss": (1.0 + 0.6 * np.exp(-t / 0.05) - 0.25 * t + leap, 0.03)})
    log.add("train/learning_rate", steps, cosine(t, 2e-5, 0.03, 0))
    spikes(log, "train/loss", steps, index, 4)
