"""Healthy language models, preference tuning and speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy("lm_pretraining", "Megatron-LM: power law, warm-up, cosine; the gradient norm settles")
def lm_pretraining(log: Log, rng: np.random.Generator) -> None:
    n, every = shapes.whole(rng, 500, 6000), int(rng.choice([1, 10, 100]))
    t, steps = shapes.times(n), shapes.steps(n, every)
    loss = shapes.power_law(t, 10.9, rng.uniform(1.5, 2.2), rng.uniform(0.25, 0.35))
    log.add("lm loss", steps, loss + shapes.correlated(rng, n, rng.uniform(0.02, 0.06), 0.3))
    log.add("learning-rate", steps, shapes.warmup_cosine(t, rng.choice([1e-4, 3e-4, 6e-4])))
    norm = 0.25 + 4 * np.exp(-t * 60)
    log.add("grad-norm", steps, norm * np.exp(shapes.white(rng, n, 0.12)))
    log.add("batch-size", steps, 1024)
    log.add("loss-scale", steps, 65536)
    log.add("iteration-time", steps, 1.8 * np.exp(shapes.white(rng, n, 0.02)))
    evals = steps[n // 12 - 1 :: n // 12]
    valid = np.interp(evals, steps, loss) + shapes.white(rng, len(evals), 0.01)
    log.add("lm loss validation", evals, valid)
    log.add("lm loss validation ppl", evals, np.exp(valid))


@healthy(
    "lm_warmup_stable_decay", "the rate is held, so the loss falls slowly, and fast in the decay"
)
def lm_warmup_stable_decay(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    decay = rng.uniform(0.8, 0.9)
    loss = shapes.power_law(t, 10.8, 2.0, 0.28)
    loss -= shapes.ramp_after(t, decay, rng.uniform(0.15, 0.3), 0.7)
    log.add("train/loss", steps, loss + shapes.white(rng, n, 0.04))
    rate = 1e-3 * np.minimum(t / 0.02, 1) * np.clip((1 - t) / (1 - decay), 0.02, 1)
    log.add("lr-AdamW", steps, rate)
    log.add("train/grad_norm", steps, 0.4 * np.exp(shapes.white(rng, n, 0.15)))


@healthy(
    "lm_finetuning_epochs", "three epochs: a step down at each epoch, as examples are seen again"
)
def lm_finetuning_epochs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 600)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    epoch, _ = shapes.cycle(t, 3)
    loss = shapes.approach(t, 1.6, 1.15, 12) - rng.uniform(0.12, 0.3) * epoch
    log.add("train/loss", steps, loss + shapes.white(rng, n, 0.05))
    log.add("train/learning_rate", steps, shapes.warmup_linear(t, 2e-5))
    log.add("train/grad_norm", steps, 1.3 * np.exp(shapes.white(rng, n, 0.3)))
    log.add("train/epoch", steps, 3 * t)
    evals = steps[[n // 3 - 1, 2 * n // 3 - 1, n - 1]]
    log.add("eval/loss", evals, np.array([1.18, 1.09, 1.06]) + shapes.white(rng, 3, 0.004))
    log.add("eval/runtime", evals, 61 + shapes.white(rng, 3, 0.2))


@healthy(
    "lora_instruction_tuning",
    "each step logged, batches of two: the noise is as large as the gain",
    tolerated=("plateau",),
)
def lora_instruction_tuning(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 300)
    t, steps = shapes.times(n), shapes.steps(n)
    loss = shapes.approach(t, rng.uniform(1.3, 2.2), rng.uniform(0.8, 1.1), 8) - 0.08 * t
    log.add("train/loss", steps, loss * np.exp(shapes.white(rng, n, rng.uniform(0.08, 0.2))))
    log.add("train/learning_rate", steps, shapes.warmup_linear(t, 2e-4))
    log.add("train/grad_norm", steps, 0.5 * np.exp(shapes.white(rng, n, 0.4)))


@healthy("benchmark_scores_sparse", "8 to 14 checkpoints on benchmarks of a few hundred questions")
def benchmark_scores_sparse(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(8, 15))
    t, steps = shapes.times(n), shapes.steps(n, 5000)
    for tag, low, high in [
        ("eval/mmlu_acc", 0.26, 0.42),
        ("eval/hellaswag_acc_norm", 0.34, 0.68),
        ("eval/gsm8k_exact_match", 0.02, 0.21),
        ("eval/humaneval_pass@1", 0.03, 0.2),
    ]:
        score = low + (high - low) * t ** rng.uniform(0.6, 1) + shapes.white(rng, n, 0.013)
        log.add(tag, steps, np.clip(score, 0, 1))


@healthy("dpo", "TRL: both rewards fall below zero while the margin grows", tolerated=("plateau",))
def dpo(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    chosen = shapes.approach(t, 0, rng.uniform(-2.5, -0.8), 2) + shapes.white(rng, n, 0.12)
    margin = shapes.approach(t, 0, rng.uniform(1.0, 2.5), 2.5) + shapes.white(rng, n, 0.15)
    log.add("train/loss", steps, shapes.approach(t, 0.693, 0.5, 2.5) + shapes.white(rng, n, 0.03))
    log.add("train/rewards/chosen", steps, chosen)
    log.add("train/rewards/rejected", steps, chosen - margin)
    log.add("train/rewards/margins", steps, margin)
    accuracy = shapes.approach(t, 0.5, 0.76, 3) + shapes.white(rng, n, 0.04)
    log.add("train/rewards/accuracies", steps, np.clip(accuracy, 0, 1))
    log.add("train/logps/chosen", steps, -280 + 10 * chosen)
    log.add("train/logps/rejected", steps, -270 + 10 * (chosen - margin))
    log.add("train/learning_rate", steps, shapes.warmup_linear(t, 5e-7, 0.1))


@healthy("grpo", "TRL: the loss starts at zero and grows with the divergence from the reference")
def grpo(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1000)
    t, steps = shapes.times(n), shapes.steps(n)
    kl = 0.09 * t**1.2 * np.exp(shapes.white(rng, n, 0.25))
    log.add("train/loss", steps, 0.04 * kl + shapes.white(rng, n, 2e-4))
    log.add("train/kl", steps, kl)
    reward = shapes.approach(t, 0.25, rng.uniform(0.7, 0.95), 2.2)
    log.add("train/reward", steps, reward + shapes.white(rng, n, 0.12))
    log.add("train/reward_std", steps, 0.3 * (1 - 0.5 * t) + shapes.white(rng, n, 0.05))
    length = 220 * (1 + rng.uniform(0.5, 3) * t) * np.exp(shapes.white(rng, n, 0.1))
    log.add("train/completion_length", steps, length)
    log.add("train/learning_rate", steps, shapes.warmup_cosine(t, 1e-6))


@healthy("machine_translation", "fairseq: perplexity from tens of thousands; the loss scale saws")
def machine_translation(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    loss = shapes.power_law(t, 14.5, 2.2, 0.45, 0.003)
    log.add("train/nll_loss", steps, loss + shapes.white(rng, n, 0.05))
    log.add("train/ppl", steps, 2 ** (loss + shapes.white(rng, n, 0.05)))
    scale = 128 * 2.0 ** ((np.arange(n) // 20) % 4 - (np.arange(n) % 23 == 0))
    log.add("train/loss_scale", steps, scale)
    log.add("train/clip", steps, np.clip(100 * np.exp(-t * 12) + shapes.white(rng, n, 4), 0, 100))
    log.add("train/wps", steps, 92_000 * np.exp(shapes.white(rng, n, 0.03)))
    log.add("train/gnorm", steps, (0.9 + 3 * np.exp(-40 * t)) * np.exp(shapes.white(rng, n, 0.1)))
    log.add("train/lr", steps, 5e-4 * np.minimum(t / 0.05, np.sqrt(0.05 / np.maximum(t, 1e-9))))
    evals = shapes.steps(16, steps[-1] // 16)
    bleu = shapes.approach(shapes.times(16), 4, 29, 4) + shapes.white(rng, 16, 0.25)
    log.add("valid/bleu", evals, bleu)


@healthy("speech_recognition", "NeMo: the word error rate starts above one, then falls in stairs")
def speech_recognition(log: Log, rng: np.random.Generator) -> None:
    n, m = shapes.whole(rng, 400, 3000), int(rng.integers(15, 61))
    t, u, steps = shapes.times(n), shapes.times(m), shapes.steps(n, 50)
    loss = shapes.approach(t, 180, 22, 7) + 30 * np.exp(-1.5 * t)
    log.add("train_loss", steps, loss * np.exp(shapes.white(rng, n, 0.15)))
    log.add("learning_rate", steps, shapes.warmup_cosine(t, 1e-3, 0.1))
    evals = shapes.steps(m, steps[-1] // m)
    wer = 0.08 + 0.95 * np.exp(-5 * u) + 0.06 * (1 - u) + 0.15 * (u < 0.1)
    log.add("val_wer", evals, wer * np.exp(shapes.white(rng, m, 0.02)))
    log.add("val_loss", evals, 150 * wer * np.exp(shapes.white(rng, m, 0.03)))


@healthy("speech_separation", "the loss is the negative SI-SDR: it falls through zero to -15")
def speech_separation(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(40, 150))
    t, steps = shapes.times(n), shapes.steps(n)
    best = rng.uniform(11, 17)
    train = shapes.approach(t, 3, -best, 3)
    log.add("train_loss", steps, train + shapes.white(rng, n, 0.15))
    valid = shapes.approach(t, -3, best - 1, 3) + shapes.white(rng, n, 0.25)
    log.add("val_SI-SDR", steps, valid)
    log.add("val_stoi", steps, np.clip(0.62 + 0.3 * (1 - np.exp(-4 * t)), 0, 1))
    log.add("val_pesq", steps, 1.3 + 1.4 * (1 - np.exp(-3 * t)) + shapes.white(rng, n, 0.02))


@healthy("speech_synthesis", "VITS: mel loss falls, the adversarial losses hover, KL settles")
def speech_synthesis(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 200, 0)
    mel = shapes.power_law(t, 70, 14, 0.4, 0.003) * np.exp(shapes.white(rng, n, 0.05))
    gen = 2.3 + 0.5 * t + shapes.white(rng, n, 0.25)
    log.add("loss/g/total", steps, mel + gen + 8)
    log.add("loss/g/mel", steps, mel)
    log.add("loss/g/fm", steps, 2 + 3 * (1 - np.exp(-6 * t)) + shapes.white(rng, n, 0.4))
    log.add("loss/g/kl", steps, 1.5 + 3 * np.exp(-20 * t) + shapes.white(rng, n, 0.1))
    log.add("loss/d/total", steps, 2.5 + shapes.white(rng, n, 0.18))
    log.add("learning_rate", steps, 2e-4 * 0.999875 ** np.arange(n))
    log.add("grad_norm_g", steps, 90 * np.exp(shapes.heavy(rng, n, 0.5)))


@healthy(
    "speech_finetuning_late_start", "Whisper repeats itself at first: the WER rises, then falls"
)
def speech_finetuning_late_start(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(8, 21))
    t, steps = shapes.times(n), shapes.steps(n, 500)
    wer = shapes.approach(t, 62, 24, 3)
    wer[1] += rng.uniform(25, 60)
    log.add("eval/wer", steps, wer + shapes.white(rng, n, 0.8))
    log.add("eval/loss", steps, shapes.approach(t, 0.9, 0.42, 3) + shapes.white(rng, n, 0.01))
    log.add("train/loss", steps, shapes.approach(t, 1.1, 0.25, 3) + shapes.white(rng, n, 0.04))


@healthy(
    "sequence_length_warmup", "the loss steps up each time the sequences get longer, then falls"
)
def sequence_length_warmup(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    stage, within = shapes.cycle(t, 4)
    bump = np.where(stage > 0, rng.uniform(0.05, 0.12) * np.exp(-8 * within), 0)
    loss = shapes.power_law(t, 10.5, 1.8, 0.3) + bump
    log.add("train/loss", steps, loss + shapes.white(rng, n, 0.03))
    log.add("data/sequence_length", steps, 512 * 2**stage)
    log.add("train/lr", steps, shapes.warmup_cosine(t, 3e-4))


@healthy("distillation", "the weight of the teacher falls on schedule; all parts improve")
def distillation(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 800)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    student = shapes.approach(t, 4.2, 1.9, 3) + shapes.white(rng, n, 0.05)
    teacher = shapes.approach(t, 2.8, 0.35, 3.5) + shapes.white(rng, n, 0.04)
    log.add("train/ce_loss", steps, student)
    log.add("train/kd_loss", steps, teacher)
    log.add("train/alpha", steps, 0.9 - 0.4 * t)
    accuracy = shapes.approach(t, 0.2, 0.74, 3) + shapes.white(rng, n, 0.012)
    log.add("val/top1", steps[9::10], accuracy[9::10])


@healthy(
    "mixture_of_experts", "the balance loss starts high; the router settles at its floor of one"
)
def mixture_of_experts(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = shapes.power_law(t, 10.7, 1.9, 0.3)
    log.add("train/lm_loss", steps, loss + shapes.white(rng, n, 0.04))
    log.add("train/z_loss", steps, 12 * np.exp(-30 * t) + 0.4 + 0.02 * shapes.heavy(rng, n, 1))
    balance = 1.01 + 2 * np.exp(-50 * t) + np.abs(shapes.white(rng, n, 0.004))
    log.add("moe/load_balancing", steps, balance)
    log.add("moe/dropped_fraction", steps, 0.2 * np.exp(-10 * t) * rng.uniform(0.7, 1.3, n))
