"""Fine-tuned and preferred language models: TRL, the Trainer of Hugging Face, axolotl."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, linear, turned
from benchmarks.blind.fourteenth.making import about, hugging, index_of, near, scores
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import approach, decay_after, ramp_after, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    every,
    from_the_start,
    grows,
    jumps,
    levels,
    over_epochs,
    overfits,
    spikes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


@healthy(
    "sft_alpaca_two_epochs",
    "A drop at the second epoch; held-out loss falls and is level.",
    tolerated=("plateau",),
)
def sft_alpaca_two_epochs(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 100, 400), 10)
    t = times(len(steps))
    loss = approach(t, 1.6, 1.05, 8) - over_epochs(t, 2, 0.08)
    hugging(log, rng, steps, linear(t, 2e-5), 1.1 + 2 * np.exp(-t / 0.03))
    near(log, rng, "train/loss", steps, loss, 0.05)
    few = every(steps, 8)
    near(log, rng, "eval/loss", few, approach(times(8), 1.14, 1.06, 4), 0.002)
    near(log, rng, "eval/runtime", few, 84.0, 0.01)


@healthy(
    "qlora_level_after_a_third",
    "It has learned the form at once; nothing is left but the words' own entropy.",
    tolerated=("plateau",),
)
def qlora_level_after_a_third(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 80, 250), 5)
    t = times(len(steps))
    loss = approach(t, 2.1, 0.93, 18)
    hugging(log, rng, steps, linear(t, 2e-4), 0.4)
    near(log, rng, "train/loss", steps, loss, 0.07)
    scores(log, rng, "train/mean_token_accuracy", steps, approach(t, 0.6, 0.77, 18), 9000)
    near(log, rng, "train/num_tokens", steps, steps * 16000.0, 0)


@healthy(
    "axolotl_grouped_by_length",
    "Batches of like length: the loss swings with the length.",
    tolerated=("plateau",),
)
def axolotl_grouped_by_length(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 600), 5)
    t = times(len(steps))
    swing = 0.12 * np.sin(2 * np.pi * np.arange(len(t)) / 25)
    loss = approach(t, 1.7, 1.15, 5) + swing
    hugging(log, rng, steps, linear(t, 1e-4), 0.6)
    near(log, rng, "train/loss", steps, loss, 0.06)


@healthy(
    "mrpc_small_dev",
    "BERT on few pairs: 408 held out, noisy, level after the second epoch.",
    tolerated=("plateau", "overfitting"),
)
def mrpc_small_dev(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(30, 20)
    t = times(len(steps))
    hugging(log, rng, steps, linear(t, 2e-5), 6.0)
    near(log, rng, "train/loss", steps, approach(t, 0.64, 0.3, 2.5), 0.08)
    few = every(steps, 3 + 3)
    scores(log, rng, "eval/accuracy", few, approach(times(6), 0.72, 0.86, 5), 408)
    scores(log, rng, "eval/f1", few, approach(times(6), 0.82, 0.9, 5), 560)
    near(log, rng, "eval/loss", few, approach(times(6), 0.55, 0.36, 5), 0.03)


@healthy(
    "t5_summaries_rouge",
    "A loss that is done early and a ROUGE that still rises.",
    tolerated=("plateau",),
)
def t5_summaries_rouge(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 100, 300), 100)
    t = times(len(steps))
    loss = approach(t, 2.6, 1.65, 4)
    hugging(log, rng, steps, linear(t, 5e-5, 0.01), 1.2)
    near(log, rng, "train/loss", steps, loss, 0.03)
    few = every(steps, 8)
    near(log, rng, "eval/loss", few, approach(times(8), 1.75, 1.58, 4), 0.002)
    about(log, rng, "eval/rouge1", few, approach(times(8), 38.5, 42.6, 3), 0.12)
    about(log, rng, "eval/rougeL", few, approach(times(8), 27.0, 30.4, 3), 0.12)
    near(log, rng, "eval/gen_len", few, 19.6, 0.004)


@healthy(
    "instruct_resumed_from_checkpoint",
    "Two sessions; the rate goes on where it was.",
    tolerated=("plateau",),
)
def instruct_resumed_from_checkpoint(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 400), 10)
    t = times(len(steps))
    loss, rate = approach(t, 1.9, 1.2, 5), linear(t, 2e-5)
    stop = index_of(t, rng.uniform(0.35, 0.7))
    for part in (slice(0, stop), slice(stop, None)):
        log.session()
        near(log, rng, "train/loss", steps[part], loss[part], 0.05)
        near(log, rng, "train/grad_norm", steps[part], 0.9, 0.2)
        log.add("train/learning_rate", steps[part], rate[part])
    log.hours_between_sessions = 11.0


@healthy(
    "classifier_near_its_bound",
    "98 of 100 right after an epoch; what is left is noise.",
    tolerated=("plateau",),
)
def classifier_near_its_bound(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 60, 200), 50)
    t = times(len(steps))
    hugging(log, rng, steps, linear(t, 3e-5), 1.5 * np.exp(-3 * t) + 0.2)
    near(log, rng, "train/loss", steps, 0.03 + 0.6 * np.exp(-t / 0.06), 0.3)
    few = every(steps, 10)
    scores(log, rng, "eval/accuracy", few, approach(times(10), 0.965, 0.985, 5), 2000)
    near(log, rng, "eval/loss", few, approach(times(10), 0.1, 0.058, 5), 0.03)


@labelled(
    "sft_five_epochs",
    "overfitting",
    "The loss falls by stairs, the held-out one rises from the second epoch on.",
    mild=0.25,
    strong=0.8,
)
def sft_five_epochs(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 120, 350), 10)
    t = times(len(steps))
    loss = approach(t, 1.5, 1.15, 6) - over_epochs(t, 5, 0.18)
    hugging(log, rng, steps, linear(t, 5e-5), 0.8 + 1.2 * t)
    near(log, rng, "train/loss", steps, loss, 0.04)
    few = every(steps, 20)
    val = turned(times(20), rng.uniform(0.25, 0.4), 0.2, strength, 1.12)
    near(log, rng, "eval/loss", few, val, 0.01)
    near(log, rng, "eval/runtime", few, 61.0, 0.01)
    overfits(log, "eval/loss", few, val, 0.013)


@labelled(
    "bert_ten_epochs",
    "overfitting",
    "The held-out loss doubles while its accuracy is level, as sure errors do.",
    tolerated=("plateau",),
    double=0.45,
    more=0.9,
)
def bert_ten_epochs(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 60, 150), 50)
    t = times(len(steps))
    hugging(log, rng, steps, linear(t, 3e-5), 4 + 4 * np.sin(7 * t) ** 2)
    near(log, rng, "train/loss", steps, 0.6 * np.exp(-4 * t) + 0.012, 0.2)
    few = every(steps, 10 + 2)
    val = turned(times(12), rng.uniform(0.15, 0.28), 0.12, strength, 0.4)
    near(log, rng, "eval/loss", few, val, 0.025)
    scores(log, rng, "eval/accuracy", few, approach(times(12), 0.82, 0.85, 9), 3000)
    overfits(log, "eval/loss", few, val, 0.012)


@labelled(
    "full_tuning_forgets",
    "divergence",
    "Both losses jump in the third epoch and stay a good deal higher.",
    tolerated=("gradient", "explosion", "overfitting", "spike"),
    mild=0.8,
    strong=3.0,
)
def full_tuning_forgets(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 120, 350), 10)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.35, 0.75))
    loss = approach(t, 1.8, 1.1, 7) + strength * (np.arange(len(t)) >= index)
    hugging(log, rng, steps, linear(t, 1e-4), np.where(np.arange(len(t)) < index, 1, 4.0))
    near(log, rng, "train/loss", steps, loss, 0.05)
    jumps(log, "divergence", "train/loss", steps, index, also=("spike",))
    few = every(steps, 25)
    near(log, rng, "eval/loss", few, at(few, steps, loss) + 0.03, 0.01)
    later = int(np.argmax(few >= steps[index]))
    jumps(log, "divergence", "eval/loss", few, later, also=("overfitting", "spike"))


@labelled(
    "classifier_of_one_class",
    "plateau",
    "Too high a rate: after the first points it says the larger class for ever.",
    tolerated=("learning_rate",),
)
def classifier_of_one_class(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 100, 250), 20)
    t = times(len(steps))
    loss = 0.67 + 0.3 * strength * np.exp(-t / 0.012)
    hugging(log, rng, steps, linear(t, 5e-4), 0.5)
    near(log, rng, "train/loss", steps, loss, 0.015)
    levels(log, "train/loss", steps, loss, index_of(t, 0.05), 0.01)
    few = every(steps, 12)
    log.add("eval/accuracy", few, 0.6137)
    near(log, rng, "eval/loss", few, 0.667, 0.001)
    from_the_start(log, "plateau", ("eval/accuracy", "eval/loss"), few, ("collapse",))


@labelled("lora_of_no_number", "nonfinite", "fp16 without scaling: NaN early, to the end.")
def lora_of_no_number(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 80, 250), 10)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.1, 0.5) * strength)
    loss = np.where(np.arange(len(t)) < index, approach(t, 1.8, 1.2, 6), np.nan)
    near(log, rng, "train/loss", steps, loss, 0.05)
    near(log, rng, "train/grad_norm", steps, np.where(np.isnan(loss), np.nan, 0.7), 0.2)
    log.add("train/learning_rate", steps, linear(t, 2e-4))
    jumps(log, "nonfinite", ("train/loss", "train/grad_norm"), steps, index)


@labelled("sft_one_bad_batch", "spike", "One batch of garbage: three points far up, and back.")
def sft_one_bad_batch(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 120, 350), 10)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.3, 0.8))
    loss = approach(t, 1.6, 1.1, 6) + decay_after(len(t), index, 2.5 * strength, 0.8)
    hugging(log, rng, steps, linear(t, 2e-5), 0.8)
    near(log, rng, "train/loss", steps, loss, 0.04)
    spikes(log, "train/loss", steps, index, 3)


@labelled(
    "scheduler_of_no_steps",
    "learning_rate",
    "The scheduler was made with no steps: the rate is zero, and the loss as at the start.",
    tolerated=("plateau",),
)
def scheduler_of_no_steps(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 60, 200), 10)
    loss = np.full(len(steps), 1.9 * strength)
    hugging(log, rng, steps, np.zeros(len(steps)), 1.3)
    near(log, rng, "train/loss", steps, loss, 0.04)
    from_the_start(log, "learning_rate", "train/learning_rate", steps, ("collapse",))


@labelled(
    "mixture_norm_grows",
    "gradient",
    "The norm of the gradients grows by decades while the loss is as ever.",
    thirtyfold=30.0,
)
def mixture_norm_grows(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 10)
    t = times(len(steps))
    onset = rng.uniform(0.3, 0.6)
    norm = 0.6 * np.exp(ramp_after(t, onset, np.log(strength)))
    hugging(log, rng, steps, linear(t, 1e-4), norm)
    near(log, rng, "train/loss", steps, approach(t, 1.7, 1.2, 4), 0.04)
    grows(
        log, "gradient", "train/grad_norm", steps, norm, index_of(t, onset), 0.25,
        ("explosion", "divergence"),
    )  # fmt: skip
