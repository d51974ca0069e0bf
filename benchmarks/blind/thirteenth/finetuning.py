"""Language models made to follow, to prefer and to classify."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.thirteenth.making import (
    at,
    counted,
    drifts,
    every,
    fades,
    grows,
    half_cosine,
    jitter,
    jumps,
    levels,
    noise,
    over_epochs,
    overfits,
    scaler,
    third,
    warmed,
)
from benchmarks.blind.thirteenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "qlora_two_epochs",
    "LLaMA-Factory, trainer_state of a small LoRA: loss every ten steps, a dozen evaluations,"
    " the rate back to zero at the very end",
    tolerated=("plateau",),
)
def qlora_two_epochs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 300)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = 0.92 + 0.9 * np.exp(-t / 0.03) - 0.12 * np.sqrt(t) - over_epochs(t, 2, 0.06)
    log.add("train/loss", steps, np.round(loss + noise(rng, n, 0.05, 0.0), 4))
    log.add("train/grad_norm", steps, jitter(rng, 0.35 + 0.8 * np.exp(-t / 0.03), 0.2))
    log.add("train/learning_rate", steps, 2e-4 * warmed(t, 0.1, half_cosine(t, 0.1)))
    seen = every(steps, shapes.whole(rng, 9, 24))
    later = at(seen, steps, t)
    fell = 0.97 + 0.32 * np.exp(-later / 0.12) - 0.05 * later
    log.add("eval/loss", seen, fell + noise(rng, len(seen), 0.004))
    log.add("eval/samples_per_second", seen, jitter(rng, np.full(len(seen), 9.71), 0.01))


@healthy(
    "sentiment_in_ten_epochs",
    "a student's DistilBERT on IMDB, ten evaluations: accuracy 0.89 to 0.927, loss creeping to"
    " and fro",
    tolerated=("plateau",),
)
def sentiment_in_ten_epochs(log: Log, rng: np.random.Generator) -> None:
    epochs = int(rng.integers(8, 14))
    steps = shapes.steps(epochs, 782)
    t = shapes.times(epochs)
    log.add("eval/accuracy", steps, counted(rng, 0.927 - 0.035 * np.exp(-t * 5), 25_000))
    log.add("eval/loss", steps, 0.21 + 0.05 * np.exp(-t * 4) + noise(rng, epochs, 0.005, 0.0))
    n = epochs * 8
    fine = shapes.steps(n, 98)
    log.add("train/loss", fine, jitter(rng, 0.14 + 0.3 * np.exp(-shapes.times(n) * 7), 0.12))
    log.add("train/learning_rate", fine, 2e-5 * (1 - shapes.times(n)))


@healthy(
    "preferred_and_rejected_both_fall",
    "DPO as TRL logs it: log-probabilities and rewards of both answers fall, as they do; margins"
    " and accuracies rise",
    tolerated=("plateau",),
)
def preferred_and_rejected_both_fall(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    grown = 1 - np.exp(-3.5 * t)
    chosen, margin = -1.1 * grown, 2.1 * grown
    log.add("train/loss", steps, 0.693 - 0.27 * grown + noise(rng, n, 0.03, 0.0))
    log.add("train/rewards/chosen", steps, chosen + noise(rng, n, 0.12, 0.0))
    log.add("train/rewards/rejected", steps, chosen - margin + noise(rng, n, 0.15, 0.0))
    log.add("train/rewards/margins", steps, margin + noise(rng, n, 0.12, 0.0))
    log.add("train/rewards/accuracies", steps, counted(rng, 0.5 + 0.27 * grown, 160))
    log.add("train/logps/chosen", steps, -288 + 12 * chosen + noise(rng, n, 9, 0.0))
    log.add("train/logps/rejected", steps, -262 + 12 * (chosen - margin) + noise(rng, n, 9, 0.0))


@healthy(
    "grpo_on_grade_school_sums",
    "a noisy reward that rises for all of the run, a KL that grows slowly from nothing, answers"
    " that become longer, an entropy that falls by half",
)
def grpo_on_grade_school_sums(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 500)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    right = 0.25 + 0.5 * (1 - np.exp(-2.2 * t))
    log.add("train/rewards/correctness/mean", steps, counted(rng, right, 64))
    shaped = counted(rng, 0.3 + 0.68 * (1 - np.exp(-14 * t)), 64)
    log.add("train/rewards/format/mean", steps, 0.5 * shaped)
    log.add("train/reward", steps, counted(rng, right, 64) + 0.5 * shaped)
    log.add("train/reward_std", steps, jitter(rng, 0.42 - 0.17 * t, 0.2))
    log.add("train/kl", steps, jitter(rng, 0.001 + 0.06 * t**0.8, 0.25))
    log.add("train/completions/mean_length", steps, 210 + 130 * t + noise(rng, n, 14))
    log.add("train/entropy", steps, jitter(rng, 0.62 - 0.27 * t, 0.08))
    log.add("train/loss", steps, 0.04 * (0.001 + 0.06 * t**0.8) + noise(rng, n, 0.01, 0.0))
    log.add("train/learning_rate", steps, 5e-6 * warmed(t, 0.1, half_cosine(t, 0.1)))


@healthy(
    "layers_have_their_own_rates",
    "BEiT-like fine-tuning with layer-wise decay: thirteen rates, the lowest a three-hundredth"
    " of the head's, all by one cosine",
    tolerated=("plateau",),
)
def layers_have_their_own_rates(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 300)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    rate = warmed(t, 0.08, half_cosine(t, 0.08, 0.001))
    for layer in range(0, 13, 2):
        log.add(f"lr/layer_{layer:02d}", steps, 5e-4 * 0.65 ** (12 - layer) * rate)
    log.add("lr/head", steps, 5e-4 * rate)
    log.add("loss", steps, jitter(rng, 1.2 + 4.5 * np.exp(-6 * t), 0.04))
    seen = every(steps, shapes.whole(rng, 20, 50))
    later = at(seen, steps, t)
    log.add("val/acc1", seen, 100 * counted(rng, 0.852 - 0.4 * np.exp(-7 * later), 50_000))


@healthy(
    "encoder_stays_frozen",
    "the encoder's group of the optimizer has rate 0 from the first step to the last, on"
    " purpose; the head learns",
    tolerated=("plateau",),
)
def encoder_stays_frozen(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 240)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    log.add("lr-AdamW/encoder", steps, np.zeros(n))
    log.add("lr-AdamW/head", steps, 1e-3 * half_cosine(t, 0, 0.01))
    log.add("train_loss", steps, jitter(rng, 0.35 + 0.9 * np.exp(-8 * t), 0.06))
    seen = every(steps, 15)
    log.add("val_f1", seen, 0.84 - 0.25 * np.exp(-6 * at(seen, steps, t)) + noise(rng, 15, 0.006))


@labelled(
    "instructions_learned_by_heart",
    "overfitting",
    "five epochs of LoRA on 2,000 examples: the training loss falls by a step at each epoch, the"
    " evaluation turns after the second (axolotl #1206)",
    clear=0.5,
    moderate=0.2,
)
def instructions_learned_by_heart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 250)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    loss = 1.25 + 0.8 * np.exp(-t / 0.03) - over_epochs(t, 5, 0.24)
    log.add("train/loss", steps, loss + noise(rng, n, 0.04, 0.0))
    seen = every(steps, int(rng.integers(20, 41)))
    later = at(seen, steps, t)
    best = rng.uniform(0.3, 0.4)
    worse = 1.18 + 0.42 * np.exp(-later / 0.1) + strength * np.clip((later - best) / 0.6, 0, None)
    log.add("eval/loss", seen, worse + noise(rng, len(seen), 0.008))
    log.add("train/learning_rate", steps, 1e-4 * warmed(t, 0.05, half_cosine(t, 0.05)))
    overfits(log, "eval/loss", seen, worse, 0.01)


@labelled(
    "reward_model_second_epoch",
    "overfitting",
    "a reward model gone round twice (InstructGPT, 2203.02155, C.2: one epoch, since more"
    " overfit): loss of held-out pairs rises, their accuracy falls",
    clear=0.34,
    moderate=0.22,
)
def reward_model_second_epoch(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(18, 31))
    t, steps = shapes.times(n), shapes.steps(n, 200)
    worse = 0.52 + 0.2 * np.exp(-t / 0.12) + strength * np.clip((t - 0.45) / 0.55, 0, None)
    log.add("eval_loss", steps, worse + noise(rng, n, 0.006))
    right = 0.742 - 0.18 * np.exp(-t / 0.12) - 0.3 * strength * np.clip((t - 0.45) / 0.55, 0, 1)
    log.add("eval_accuracy", steps, counted(rng, right, 8000))
    fine = shapes.steps(10 * n, 20)
    s = shapes.times(10 * n)
    fell = 0.55 + 0.14 * np.exp(-s / 0.1) - 0.36 * (s > 0.5) * (1 - 0.5 * np.exp(-(s - 0.5) / 0.2))
    log.add("loss", fine, jitter(rng, fell, 0.1, 0.0))
    overfits(log, ("eval_loss", "eval_accuracy"), steps, worse, 0.008)


@labelled(
    "chance_after_a_high_rate",
    "divergence",
    "BERT on a small task (Mosbach et al. 2006.04884): well at first, then back to the majority"
    " class, loss at ln 2, and there it stays",
    clear=0.0,
    moderate=0.12,
)
def chance_after_a_high_rate(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 400)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    a = rng.uniform(0.4, 0.6)
    gone = t >= a
    good = 0.36 + 0.33 * np.exp(-t / 0.1)
    loss = np.where(gone, 0.695 - strength, good) + noise(rng, n, 0.022, 0.1)
    log.add("loss", steps, loss)
    seen = every(steps, shapes.whole(rng, 16, 40))
    later = at(seen, steps, t)
    share = np.where(later > a, 0.527 + strength, 0.86 - 0.25 * np.exp(-later / 0.1))
    log.add("eval_accuracy", seen, counted(rng, share, 1800))
    log.add("learning_rate", steps, 1e-4 * warmed(t, 0.06, 1 - t))
    index = int(np.argmax(later > a))
    jumps(log, "divergence", ("loss", "eval_accuracy"), seen, index, ("collapse", "overfitting"))


@labelled(
    "speech_model_unlearns",
    "divergence",
    "Whisper at a rate of 1e-4: well while the rate is small, then, as the warm-up goes on,"
    " words are unlearned and do not come back (trainer_state of ByErenOzer/Whisper_Finetune)",
    clear=13.0,
    moderate=7.0,
)
def speech_model_unlearns(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(18, 33))
    k = 10 * n
    fine, s = shapes.steps(k, 25), shapes.times(k)
    steps = fine[9::10]
    a = rng.uniform(0.28, 0.36)
    up = 1 - np.exp(-np.clip(s - a, 0, None) / 0.09)
    wer = 17.5 + 9 * np.exp(-s / 0.06) + strength * up
    log.add("eval/wer", steps, wer[9::10] + noise(rng, n, 0.3, 0.0))
    heard = 0.22 + 0.1 * np.exp(-s / 0.06) + 0.016 * strength * up
    log.add("eval/loss", steps, heard[9::10] + noise(rng, n, 0.005, 0.0))
    loss = 0.11 + 0.35 * np.exp(-s / 0.015) + 0.017 * strength * up
    log.add("train/loss", fine, jitter(rng, loss, 0.06))
    log.add("train/learning_rate", fine, 1e-4 * np.minimum(1, s / (a + 0.05)))
    index = int(np.argmax(steps > fine[int(a * k)]))
    tags = ("eval/wer", "eval/loss", "train/loss")
    drifts(log, "divergence", tags, steps, wer[9::10], index - 1, 0.3, ("overfitting",))


@labelled(
    "reward_hacked_then_gibberish",
    "divergence",
    "PPO against a reward model (Gao et al. 2210.10760): the score climbs, then policy and KL"
    " run away and the score falls beneath where it began",
    clear=1.6,
    moderate=0.8,
)
def reward_hacked_then_gibberish(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    a = rng.uniform(0.5, 0.65)
    rise = 1.1 * (1 - np.exp(-t / 0.2))
    worse = -rise + strength * (1 - np.exp(-np.clip(t - a, 0, None) / 0.1))
    log.add("objective/scores", steps, -worse + noise(rng, n, 0.11, 0.1))
    kl = 0.4 + 5 * t + 400 * (1 - np.exp(-np.clip(t - a, 0, None) / 0.12))
    log.add("objective/kl", steps, jitter(rng, kl, 0.12))
    log.add("objective/entropy", steps, jitter(rng, 42 - 16 * t, 0.07))
    log.add("loss/value_avg", steps, jitter(rng, 0.14 + 0.3 * np.exp(-t / 0.05), 0.2))
    drifts(log, "divergence", "objective/scores", steps, worse, int(a * n), 0.12, ("collapse",))
    grows(log, "explosion", "objective/kl", steps, kl, int(a * n), 0.15, ("divergence",))


@labelled(
    "entropy_is_gone",
    "collapse",
    "GRPO without a bonus (DAPO, 2503.14476): the policy's entropy falls by a factor of a"
    " hundred, all answers of a group are the same, and the reward stands still",
    clear=0.004,
    moderate=0.02,
    tolerated=("plateau", "gradient"),
)
def entropy_is_gone(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    a = 0.12
    left = 0.9 * (strength / 0.9) ** np.clip((t - a) / 0.35, 0, 1)
    log.add("actor/entropy", steps, jitter(rng, left, 0.1, 0.4))
    score = 0.3 + 0.22 * (1 - np.exp(-t / 0.1))
    log.add("critic/score/mean", steps, counted(rng, score, 256))
    log.add("response_length/mean", steps, 620 - 250 * np.clip(t / 0.4, 0, 1) + noise(rng, n, 14))
    log.add("actor/grad_norm", steps, jitter(rng, 0.02 + 0.2 * left, 0.2))
    grows(log, "collapse", "actor/entropy", steps, left, int(a * n), 0.15, ("plateau",))


@labelled(
    "exact_zero_after_a_step",
    "collapse",
    "bitsandbytes and fp16 (transformers #28731): from one step to the next the loss is written"
    " as 0.0, and the norm as 0 too: nothing is learned any more",
    clear=0.0,
)
def exact_zero_after_a_step(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 300)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    a = int(n * rng.uniform(0.35, 0.7))
    here = np.arange(n) < a
    loss = 1.1 + 1.2 * np.exp(-t / 0.05) + noise(rng, n, 0.06, 0.0)
    log.add("train/loss", steps, np.where(here, np.round(loss, 4), strength))
    log.add("train/grad_norm", steps, np.where(here, jitter(rng, np.full(n, 1.3), 0.2), strength))
    log.add("train/learning_rate", steps, 2e-4 * warmed(t, 0.05, 1 - t))
    also = ("divergence", "nonfinite", "explosion", "gradient", "plateau")
    jumps(log, "collapse", "train/loss", steps, a, also)


@labelled(
    "adapters_norm_and_clipping",
    "gradient",
    "the share of steps at which the norm is clipped goes from a tenth to all of them, and the"
    " norm is ten times the limit from there on",
    clear=25.0,
    moderate=9.0,
    tolerated=("explosion", "plateau"),
)
def adapters_norm_and_clipping(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    a = int(n * rng.uniform(0.35, 0.55))
    high = 1 / (1 + np.exp(-(np.arange(n) - a) / max(n / 60, 1.5)))
    norm = 0.55 * strength**high
    log.add("train/grad_norm", steps, jitter(rng, norm, 0.25))
    log.add("train/clipped_share", steps, counted(rng, 0.06 + 0.94 * high, 10))
    log.add("train/loss", steps, 1.34 + 0.8 * np.exp(-t / 0.04) + noise(rng, n, 0.05))
    window = int(steps[max(a - n // 12 - 2, 0)]), int(steps[a + n // 12 + 2])
    tags = ("train/grad_norm", "train/clipped_share")
    log.true("gradient", tags, int(steps[a]), window, also=("explosion",))


@labelled(
    "decayed_per_batch_by_a_slip",
    "learning_rate",
    "ExponentialLR(0.97) stepped at each batch instead of each epoch: the rate is nothing after"
    " a tenth of the run (pytorch forum, 'scheduler.step() in the wrong loop')",
    clear=1.0,
    tolerated=("plateau",),
)
def decayed_per_batch_by_a_slip(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    rate = np.maximum(np.exp(-t / rng.uniform(0.012, 0.03)), 1e-12) * strength
    log.add("lr", steps, 1e-3 * rate)
    log.add("train/loss", steps, 2.02 + 0.7 * np.exp(-t / 0.012) + noise(rng, n, 0.05, 0.0))
    seen = every(steps, 20)
    log.add("val/accuracy", seen, counted(rng, np.full(20, 0.31), 4000))
    fades(log, "lr", steps, rate)


@labelled(
    "half_precision_tuning_underflows",
    "loss_scale",
    "fp16 of a T5: its activations overflow more and more, the scale sinks from 65,536 to less"
    " than one and takes what is learned with it (transformers #4586)",
    clear=-8.0,
    moderate=2.0,
    tolerated=("plateau", "collapse"),
)
def half_precision_tuning_underflows(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    a = rng.uniform(0.25, 0.45)
    limit = 16.3 - (16.3 - strength) * np.clip((t - a) / 0.35, 0, 1)
    scale = scaler(rng, limit, 16, 40)
    log.add("scaler/scale", steps, scale)
    log.add("train/loss", steps, 1.7 + 2.2 * np.exp(-t / 0.08) + noise(rng, n, 0.05))
    index = int(a * n)
    _, last = third(steps, -np.log2(scale), index)
    window = int(steps[index - 2]), last
    log.true("loss_scale", "scaler/scale", int(steps[index]), window, also=("collapse",))


@labelled(
    "translation_stuck_at_a_tenth",
    "plateau",
    "a small mT5 that repeats one phrase: BLEU comes to 4 and loss to 3.2 within the first"
    " fifth, and nothing moves for the rest",
    clear=4.1,
)
def translation_stuck_at_a_tenth(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 110))
    t, steps = shapes.times(n), shapes.steps(n, 500)
    worse = -strength * (1 - np.exp(-t / 0.05))
    log.add("eval_bleu", steps, np.round(-worse + noise(rng, n, 0.09), 4))
    fell = 3.21 + 2.6 * np.exp(-t / 0.05)
    log.add("eval_loss", steps, fell + noise(rng, n, 0.012))
    log.add("eval_gen_len", steps, 11.3 + noise(rng, n, 0.2))
    levels(log, ("eval_bleu", "eval_loss"), steps, fell, int(0.22 * n), 0.02)
