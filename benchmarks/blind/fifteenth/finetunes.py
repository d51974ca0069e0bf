"""Models fine-tuned with the Trainer of Hugging Face, axolotl, LLaMA-Factory and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import linear
from benchmarks.blind.fifteenth.making import SURE, abouts, settled, shares, since
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, hugging, index_of, near, scores, turns
from benchmarks.blind.shapes import approach, times, warmup_cosine, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    at,
    every,
    fades,
    from_the_start,
    jumps,
    levels,
    overfits,
    spikes,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "adapter-three-epochs", "LoRA on instructions: two drops at epochs, then level.", tolerated=SURE
)
def adapter(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 400)
    t, steps = times(n), stepping(n, 10)
    loss = approach(t, 1.9, 1.02, 25) - 0.12 * np.minimum(np.floor(3 * t), 2)
    hugging(log, rng, steps, warmup_cosine(t, 2e-4), 0.4 + 0.3 * t)
    near(log, rng, "train/loss", steps, loss, 0.06)
    seen = every(steps, int(rng.integers(6, 13)))
    valid = approach(t, 1.6, 1.0, 9)
    near(log, rng, "eval/loss", seen, at(seen, steps, valid), 0.003)
    near(log, rng, "eval/runtime", seen, 42, 0.01)
    near(log, rng, "eval/samples_per_second", seen, 23.8, 0.01)


@healthy(
    "sentiment-two-epochs",
    "BERT is done after one epoch; few evaluations, small changes.",
    tolerated=SURE,
)
def sentiment(log: Log, rng: Rng) -> None:
    n = whole(rng, 24, 80)
    t, steps = times(n), stepping(n, 100)
    hugging(log, rng, steps, linear(t, 2e-5, 0.1), 5.0)
    near(log, rng, "train/loss", steps, approach(t, 0.68, 0.2, 7), 0.12)
    seen = every(steps, 8)
    known = at(seen, steps, 1 - np.exp(-9 * t))
    near(log, rng, "eval/loss", seen, 0.62 - 0.38 * known, 0.02)
    shares(
        log, rng, seen, 872, {"eval/accuracy": 0.52 + 0.4 * known, "eval/f1": 0.52 + 0.4 * known}
    )


@healthy(
    "names-in-clinical-notes",
    "A tagger whose F1 is close to its bound for half of the run.",
    tolerated=SURE,
)
def clinical(log: Log, rng: Rng) -> None:
    n = int(rng.integers(15, 31))
    t, steps = times(n), stepping(n, 312)
    known = 1 - np.exp(-7 * t)
    near(log, rng, "train/loss", steps, 0.5 - 0.47 * known, 0.06)
    near(log, rng, "eval/loss", steps, 0.33 - 0.24 * known, 0.025)
    abouts(
        log,
        rng,
        steps,
        {
            "eval/precision": (0.45 + 0.42 * known, 0.004),
            "eval/recall": (0.40 + 0.49 * known, 0.004),
            "eval/f1": (0.42 + 0.46 * known, 0.003),
        },
    )
    log.add("train/learning_rate", steps, linear(t, 3e-5, 0.0001 + 1 / n))


@healthy("summaries-by-beam-search", "T5: ROUGE of a small validation set goes up and down.")
def summaries(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), stepping(n, 50)
    hugging(log, rng, steps, linear(t, 5e-5, 0.03), 1.1)
    near(log, rng, "train/loss", steps, approach(t, 2.9, 1.9, 6) - 0.15 * t, 0.04)
    seen = every(steps, 20)
    known = at(seen, steps, 1 - np.exp(-4 * t))
    about(log, rng, "eval/loss", seen, 2.3 - 0.45 * known, 0.006)
    abouts(
        log,
        rng,
        seen,
        {
            "eval/rouge1": (28 + 12 * known, 0.5),
            "eval/rouge2": (8 + 9 * known, 0.45),
            "eval/rougeL": (20 + 11 * known, 0.45),
            "eval/gen_len": (17.5 + known, 0.25),
        },
    )


@healthy("merged-pool-of-tasks", "The loss goes up and down with the task of the batch.")
def pool(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 700)
    t, steps = times(n), stepping(n, 5)
    hugging(log, rng, steps, warmup_cosine(t, 1e-5), 1.6)
    near(log, rng, "train/loss", steps, approach(t, 1.35, 0.85, 4), 0.2)
    near(log, rng, "train/num_tokens", steps, 1e5 * steps, 0.0001)
    about(log, rng, "train/mean_token_accuracy", steps, approach(t, 0.66, 0.77, 4), 0.03)
    near(log, rng, "train/entropy", steps, approach(t, 1.4, 0.9, 4), 0.15)


@labelled(
    "adapter-ten-epochs",
    "overfitting",
    "Evaluation rises from the second epoch on.",
    clear=0.9,
    medium=0.4,
    faint=0.18,
)
def ten_epochs(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, steps = times(n), stepping(n, 10)
    hugging(log, rng, steps, warmup_cosine(t, 2e-4), 0.5 + 0.8 * t)
    loss = approach(t, 1.8, 0.25, 2.5) - 0.012 * np.minimum(np.floor(10 * t), 9)
    near(log, rng, "train/loss", steps, loss, 0.05)
    seen = every(steps, 20)
    best = rng.uniform(0.2, 0.32)
    valid = 1.15 + 0.75 * np.exp(-6 * t / best) + strength * since(t, best)
    worse = at(seen, steps, valid)
    about(log, rng, "eval/loss", seen, worse, 0.012)
    overfits(log, "eval/loss", seen, worse, 0.012)


@labelled(
    "few-shot-classifier",
    "overfitting",
    "Loss of 200 held-out examples doubles and more.",
    strong=1.4,
    fair=0.6,
)
def few_shot(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(20, 41))
    t, steps = times(n), stepping(n, 25)
    known = 1 - np.exp(-10 * t)
    near(log, rng, "train/loss", steps, 0.75 * np.exp(-6 * t) + 0.003, 0.15)
    best = rng.uniform(0.18, 0.26)
    valid = 0.45 + 0.4 * np.exp(-6 * t / best) + strength * since(t, best)
    about(log, rng, "eval/loss", steps, valid, 0.02)
    scores(log, rng, "eval/accuracy", steps, 0.5 + 0.3 * known, 200)
    log.add("train/learning_rate", steps, linear(t, 5e-5, 1 / n))
    overfits(log, "eval/loss", steps, valid, 0.02)


@labelled(
    "one-class-for-all",
    "plateau",
    "The classifier says one class: loss stays at ln 2.",
    half=0.06,
    third=0.2,
)
def one_class(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 40, 160)
    t, steps = times(n), stepping(n, 50)
    loss = 0.693 + 0.12 * settled(t, strength)
    hugging(log, rng, steps, linear(t, 5e-4, 0.05), 0.4)
    near(log, rng, "train/loss", steps, loss, 0.02)
    seen = every(steps, 16)
    near(log, rng, "eval/loss", seen, at(seen, steps, loss), 0.002)
    log.add("eval/accuracy", seen, 0.5)
    levels(
        log, ("train/loss", "eval/loss", "eval/accuracy"), steps, loss, index_of(t, strength), 0.014
    )


@labelled(
    "forgets-at-high-rate",
    "divergence",
    "The loss jumps at the peak of warm-up and stays.",
    far=4.5,
    near=1.6,
)
def forgets(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 400)
    t, steps = times(n), stepping(n, 10)
    made = index_of(t, rng.uniform(0.2, 0.45))
    jump = np.where(np.arange(n) >= made, strength, 0.0)
    rise = jump * (1 - 0.25 * since(t, t[made]))
    hugging(log, rng, steps, warmup_cosine(t, 1e-3, 0.1), 0.9 + jump)
    near(log, rng, "train/loss", steps, approach(t, 1.9, 1.0, 9) + rise, 0.06)
    jumps(log, "divergence", "train/loss", steps, made)


@labelled(
    "drifts-apart-in-bfloat",
    "divergence",
    "Training and evaluation both climb at the end.",
    steep=1.2,
    gentle=0.55,
)
def drifts_apart(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 500)
    t, steps = times(n), stepping(n, 10)
    onset = rng.uniform(0.4, 0.55)
    made = index_of(t, onset)
    loss = approach(t, 2.0, 1.1, 9) + strength * since(t, onset)
    hugging(log, rng, steps, np.full(n, 1e-4), 0.7 + since(t, onset))
    near(log, rng, "train/loss", steps, loss, 0.05)
    seen = every(steps, 20)
    about(log, rng, "eval/loss", seen, at(seen, steps, loss) + 0.05, 0.02)
    turns(log, "divergence", ("train/loss", "eval/loss"), steps, loss, made, 0.07)


@labelled(
    "zero-loss-from-bad-labels",
    "collapse",
    "All labels are masked: the loss is exactly 0.",
    early=0.2,
    late=0.6,
)
def zero_loss(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 50, 250)
    t, steps = times(n), stepping(n, 10)
    made = index_of(t, strength)
    on = np.where(np.arange(n) >= made, 0.0, 1.0)
    near(log, rng, "train/loss", steps, approach(t, 1.8, 1.1, 8) * on, 0.05)
    near(log, rng, "train/grad_norm", steps, 0.8 * on, 0.2)
    log.add("train/learning_rate", steps, linear(t, 1e-4))
    jumps(log, "collapse", ("train/loss", "train/grad_norm"), steps, made, also=("gradient",))


@labelled(
    "nan-in-grad-norm", "nonfinite", "The norm is not a number, then the loss is 0.", plain=0.5
)
def nan_norm(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 50, 250)
    t, steps = times(n), stepping(n, 10)
    made = index_of(t, strength)
    after = np.arange(n) >= made
    near(log, rng, "train/loss", steps, np.where(after, 0.0, approach(t, 1.9, 1.1, 8)), 0.05)
    near(log, rng, "train/grad_norm", steps, np.where(after, np.nan, 0.9), 0.2)
    log.add("train/learning_rate", steps, linear(t, 2e-5))
    jumps(log, "nonfinite", "train/grad_norm", steps, made)
    jumps(log, "collapse", "train/loss", steps, made)


@labelled(
    "all-frozen-but-logged", "plateau", "No weight is trainable: the loss is noise.", plain=1.0
)
def all_frozen(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, steps = times(n), stepping(n, 10)
    near(log, rng, "train/loss", steps, 2.3 * strength, 0.05)
    log.add("train/learning_rate", steps, linear(t, 2e-4))
    seen = every(steps, 10)
    near(log, rng, "eval/loss", seen, 2.31, 0.0002)
    from_the_start(log, "plateau", ("train/loss", "eval/loss"), steps)


@labelled(
    "rate-gone-in-the-first-epoch",
    "learning_rate",
    "num_training_steps was of one epoch.",
    tenth=0.12,
    third=0.3,
)
def gone_early(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, steps = times(n), stepping(n, 10)
    rate = linear(np.minimum(t / strength, 1), 3e-5, 0.1)
    learnt = 1 - np.exp(-6 * np.minimum(t, 0.7 * strength))
    near(log, rng, "train/loss", steps, 2.2 - 1.2 * learnt, 0.04)
    log.add("train/learning_rate", steps, rate)
    near(log, rng, "train/grad_norm", steps, 1.4, 0.25)
    fades(log, "train/learning_rate", steps, rate)


@labelled(
    "one-odd-evaluation",
    "spike",
    "One evaluation far off, and the next as before.",
    tall=6.0,
    short=2.0,
)
def odd_evaluation(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 300)
    t, steps = times(n), stepping(n, 10)
    hugging(log, rng, steps, linear(t, 3e-5), 1.2)
    near(log, rng, "train/loss", steps, approach(t, 2.4, 1.2, 5) - 0.1 * t, 0.05)
    seen = every(steps, 40)
    odd = int(rng.integers(16, 34))
    valid = at(seen, steps, approach(t, 2.3, 1.3, 5) - 0.1 * t)
    valid[odd] += strength
    about(log, rng, "eval/loss", seen, valid, 0.02)
    spikes(log, "eval/loss", seen, odd, 1)
