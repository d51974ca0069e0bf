"""Fine-tuned language models: SFT, LoRA, preferences, rewards."""

from __future__ import annotations

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
    lasting,
    learned,
    linear,
    noise,
    says_overfitting,
    turned,
)
from benchmarks.blind.eighth.registry import healthy, labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log


def evaluation_speed(log: Log, rng: np.random.Generator, seen: NDArray[np.int64]) -> None:
    """What the Trainer of Hugging Face adds to each evaluation."""
    seconds = jitter(rng, np.full(len(seen), 311.2), 0.004)
    log.add("eval/runtime", seen, np.round(seconds, 4))
    log.add("eval/samples_per_second", seen, np.round(4182 / seconds, 3))


@healthy(
    "instructions_in_three_epochs",
    "LoRA with TRL's SFTTrainer: the training loss takes a step down at each epoch, the evaluated"
    " one falls slowly (Dheena731/tinyLlama-finetune)",
    tolerated=("plateau",),
)
def instructions_in_three_epochs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 280)
    t, steps = shapes.times(n), shapes.steps(n, 15)
    seen = interval(steps, 15 * (n // shapes.whole(rng, 9, 16)))
    curve = 1.09 + 0.9 * np.exp(-t / 0.04) + 0.18 * (1 - t) ** 2
    stairs = curve - 0.07 * np.minimum((3 * t).astype(int), 2)
    log.add("train/loss", steps, np.round(jitter(rng, stairs, 0.015), 4))
    log.add("train/mean_token_accuracy", steps, 0.9 - 0.16 * jitter(rng, stairs, 0.012))
    log.add("train/grad_norm", steps, jitter(rng, 1.0 + 0.9 * t, 0.13))
    log.add("train/learning_rate", steps, cosine(t, 1e-5, 0.05, 0))
    log.add("train/epoch", steps, np.round(3 * t, 4))
    log.add("eval/loss", seen, at(seen, steps, curve) + 0.01 + noise(rng, len(seen), 0.002))
    evaluation_speed(log, rng, seen)


@healthy(
    "preferred_answers",
    "DPO: rewards of chosen and of rejected answers both fall, which is usual; their margin grows"
    " (TRL's DPOTrainer)",
    tolerated=("plateau",),
)
def preferred_answers(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 50, 200)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    margin = 1.7 * (1 - np.exp(-4 * t)) * (1 + 0.2 * t)
    margins = margin + noise(rng, n, 0.16)
    chosen = -0.9 * (1 - np.exp(-3 * t)) + noise(rng, n, 0.1)
    log.add(
        "train/loss", steps, np.round(0.34 + 0.353 * np.exp(-margin / 0.9) + noise(rng, n, 0.02), 4)
    )
    log.add("train/rewards/chosen", steps, chosen)
    log.add("train/rewards/rejected", steps, chosen - margins)
    log.add("train/rewards/margins", steps, margins)
    right = counted(rng, 0.5 + 0.3 * (1 - np.exp(-margin)), 160)
    log.add("train/rewards/accuracies", steps, right)
    log.add("train/logps/chosen", steps, -290 + 10 * chosen + noise(rng, n, 14))
    log.add("train/grad_norm", steps, jitter(rng, np.full(n, 18.0), 0.2))
    log.add("train/learning_rate", steps, linear(t, 5e-7, 0.1))


@healthy(
    "reasons_rewarded",
    "GRPO: a noisy reward that climbs, a loss that starts at zero and rises with KL, which is how"
    " it is defined (huggingface/open-r1 #239)",
)
def reasons_rewarded(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    kl = 0.09 * (1 - np.exp(-3 * t)) * (1 + 0.5 * t)
    right = 0.2 + 0.5 * (1 - np.exp(-3 * t)) + 0.08 * t
    reward = right + noise(rng, n, 0.055)
    log.add("train/reward", steps, reward)
    log.add("train/rewards/accuracy_reward/mean", steps, counted(rng, right, 64))
    log.add("train/rewards/format_reward/mean", steps, counted(rng, 1 - 0.6 * np.exp(-12 * t), 64))
    log.add("train/reward_std", steps, jitter(rng, 0.42 - 0.14 * t, 0.12))
    log.add("train/kl", steps, jitter(rng, kl + 1e-4, 0.12))
    log.add("train/loss", steps, 0.04 * kl + noise(rng, n, 0.0015))
    log.add("train/completions/mean_length", steps, jitter(rng, 310 + 140 * t, 0.06))
    log.add("train/grad_norm", steps, jitter(rng, np.full(n, 0.28), 0.25))
    log.add("train/learning_rate", steps, linear(t, 1e-6, 0.1))


@healthy(
    "sentences_sorted",
    "BERT fine-tuned for a handful of epochs: accuracy creeps up while the evaluated loss, more and"
    " more sure of its errors, may rise",
    tolerated=("overfitting", "divergence", "plateau"),
)
def sentences_sorted(log: Log, rng: np.random.Generator) -> None:
    epochs = shapes.whole(rng, 8, 12)
    steps = shapes.steps(epochs * 8, 50)
    t = shapes.times(len(steps))
    seen = interval(steps, 400)
    s = shapes.times(epochs)
    accuracy = 0.93 - 0.09 * np.exp(-5 * s) + noise(rng, epochs, 0.002)
    log.add("train/loss", steps, np.round(jitter(rng, 0.03 + 0.55 * np.exp(-6 * t), 0.12), 4))
    log.add("train/learning_rate", steps, linear(t, 2e-5, 0.1))
    log.add("train/grad_norm", steps, jitter(rng, np.full(len(steps), 4.2), 0.6))
    log.add("eval/loss", seen, 0.22 + 0.12 * np.exp(-8 * s) + 0.06 * s + noise(rng, epochs, 0.008))
    log.add("eval/accuracy", seen, np.round(accuracy, 4))
    log.add("eval/f1", seen, np.round(accuracy - 0.006 + noise(rng, epochs, 0.001), 4))
    evaluation_speed(log, rng, seen)


@healthy(
    "summaries",
    "T5 on summaries: the loss and three ROUGE scores that rise by a point or two over the run",
)
def summaries(log: Log, rng: np.random.Generator) -> None:
    epochs = shapes.whole(rng, 8, 20)
    steps = shapes.steps(epochs * 5, 500)
    t, s = shapes.times(len(steps)), shapes.times(epochs)
    seen = interval(steps, 2500)
    log.add("train/loss", steps, np.round(jitter(rng, learned(t, 2.4, 1.62, 8), 0.008), 4))
    log.add("train/learning_rate", steps, linear(t, 5.6e-5, 0.01))
    log.add("eval/loss", seen, learned(s, 1.95, 1.71, 4) + noise(rng, epochs, 0.003))
    rise = learned(s, 0, 1, 4)
    for name, low in (("rouge1", 33.0), ("rouge2", 11.6), ("rougeL", 26.9)):
        log.add(f"eval/{name}", seen, np.round(low + 3.4 * rise + noise(rng, epochs, 0.15), 4))
    log.add("eval/gen_len", seen, np.round(18.7 + noise(rng, epochs, 0.05), 4))


@labelled(
    "adapter_over_and_over_again",
    "overfitting",
    "LoRA on a few hundred dialogues for many epochs: stairs in the training loss, and the"
    " evaluated one climbs from the third on",
    clear=0.6,
    medium=0.12,
    faint=0.06,
)
def adapter_over_and_over_again(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = shapes.whole(rng, 14, 24)
    steps = shapes.steps(epochs * 6, 10)
    t, s = shapes.times(len(steps)), shapes.times(epochs)
    seen = interval(steps, 60)
    worse = turned(s, rng.uniform(0.18, 0.28), 0.35, strength, 1.21)
    stairs = 1.5 * np.exp(-2.6 * np.floor(epochs * t * 0.999) / epochs) - 0.04 * t
    log.add("train/loss", steps, np.round(jitter(rng, stairs, 0.03), 4))
    log.add("train/grad_norm", steps, jitter(rng, 0.5 + t, 0.15))
    log.add("train/learning_rate", steps, linear(t, 2e-4))
    log.add("eval/loss", seen, worse + noise(rng, epochs, 0.006))
    evaluation_speed(log, rng, seen)
    says_overfitting(log, "eval/loss", seen, worse, lasting(0.006))


@labelled(
    "reward_gives_way",
    "divergence",
    "GRPO: within some steps KL leaves its scale and the reward falls to nothing for good"
    " (PeterGriffinJin/Search-R1 #88, XueZeyue/DanceGRPO #55)",
    clear=1.0,
    medium=0.55,
)
def reward_gives_way(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 240)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    onset = int(n * rng.uniform(0.5, 0.75))
    gone = np.where(np.arange(n) >= onset, 1 - np.exp(-(np.arange(n) - onset + 1) / 3), 0)
    reward = (0.15 + 0.3 * (1 - np.exp(-5 * t))) * (1 - strength * gone)
    log.add("critic/rewards/mean", steps, np.clip(reward + noise(rng, n, 0.025), 0, 1))
    log.add("critic/score/mean", steps, np.clip(reward + noise(rng, n, 0.025), 0, 1))
    kl = jitter(rng, 0.004 + 0.02 * t, 0.12)
    log.add("actor/kl_loss", steps, kl * np.where(gone > 0, 10 ** (1 + 2 * strength * gone), 1))
    log.add("actor/grad_norm", steps, jitter(rng, 0.3 + 6 * strength * gone, 0.2))
    log.add("response_length/mean", steps, jitter(rng, 420 + 350 * gone, 0.05))
    log.add("actor/lr", steps, np.full(n, 1e-6))
    tags = ("critic/rewards/mean", "critic/score/mean")
    log.true("divergence", tags, steps[onset], abrupt(steps, onset, 4), also=("collapse",))
    window = abrupt(steps, onset, 4)
    log.true("explosion", "actor/kl_loss", steps[onset], window, also=("divergence",))


@labelled(
    "norms_without_end",
    "gradient",
    "GRPO for very long: gradients grow and grow while the reward stands (huggingface/trl #2980)",
    tolerated=("plateau",),
    clear=3.2,
    medium=2.0,
)
def norms_without_end(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 300)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    begins = rng.uniform(0.3, 0.5)
    onset = int(begins * (n - 1)) + 1
    grown = shapes.ramp_after(t, begins, strength)
    log.add("train/grad_norm", steps, jitter(rng, 0.3 * np.exp(grown), 0.2))
    log.add("train/reward", steps, 1.6 - 0.9 * np.exp(-12 * t) + noise(rng, n, 0.05))
    log.add("train/loss", steps, 0.002 + noise(rng, n, 0.001))
    log.add("train/clip_ratio", steps, jitter(rng, 0.002 + 0.004 * grown, 0.2))
    log.add("train/learning_rate", steps, np.full(n, 3e-6))
    window = gradual(steps, grown, onset, lasting(0.2, 0.2))
    tripled = min(int(np.searchsorted(grown, np.log(3))) + 2, n - 1)
    window = both(window, (steps[onset], steps[tripled]))  # on a linear scale it is seen later
    log.true("gradient", "train/grad_norm", steps[onset], window, also=("explosion", "divergence"))


@labelled(
    "all_answers_alike",
    "gradient",
    "GRPO: all answers of a group get the same reward, nothing is left to prefer: gradients are"
    " exactly zero from then on (TRL's frac_reward_zero_std)",
    tolerated=("plateau", "collapse"),
)
def all_answers_alike(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 50, 200)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    onset = int(n * rng.uniform(0.3, 0.55))
    alive = np.arange(n) < onset
    reward = 0.25 + 0.2 * t + noise(rng, n, 0.05)
    log.add("train/reward", steps, np.where(alive, reward, 0.1))
    log.add("train/reward_std", steps, np.where(alive, jitter(rng, np.full(n, 0.4), 0.1), 0))
    log.add(
        "train/frac_reward_zero_std", steps, np.where(alive, counted(rng, np.full(n, 0.2), 40), 1)
    )
    log.add(
        "train/grad_norm", steps, strength * np.where(alive, jitter(rng, np.full(n, 0.3), 0.2), 0)
    )
    log.add("train/kl", steps, np.where(alive, jitter(rng, 0.01 + 0.1 * t, 0.1), 0.31))
    log.add("train/learning_rate", steps, linear(t, 5e-6, 0.1))
    window = abrupt(steps, onset, 2)
    log.true("gradient", "train/grad_norm", steps[onset], window, also=("collapse", "plateau"))


@labelled(
    "loss_of_nought_from_one_line_on",
    "collapse",
    "LoRA in half precision: the loss is exactly 0.0 from one line to the next, and the norm is NaN"
    " (unslothai/unsloth #712, hiyouga/LlamaFactory #7263)",
)
def loss_of_nought_from_one_line_on(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 30, 200)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.3, 0.75))
    dead = np.arange(n) >= onset
    loss = np.round(jitter(rng, 0.85 + 0.4 * np.exp(-8 * t), 0.03), 4)
    log.add("train/loss", steps, np.where(dead, 0.0, strength * loss))
    log.add("train/grad_norm", steps, np.where(dead, np.nan, jitter(rng, np.full(n, 1.1), 0.15)))
    log.add("train/learning_rate", steps, cosine(t, 2e-5, 0.1, 0))
    log.add("train/epoch", steps, np.round(2 * t, 2))
    window = abrupt(steps, onset, 1)
    log.true("collapse", "train/loss", steps[onset], window, also=("divergence",))
    log.true("nonfinite", "train/grad_norm", steps[onset], window)


@labelled(
    "four_choices_at_random",
    "plateau",
    "a large encoder that fails to start: the loss of four choices stays at log 4, accuracy at a"
    " quarter (yuanhuanghuang/quality, trainer_state.json)",
)
def four_choices_at_random(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 20, 80)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    log.add("train/loss", steps, np.round(1.3885 + noise(rng, n, 0.004 * strength, 0.1), 4))
    log.add("train/learning_rate", steps, linear(t, 1e-5, 0.1))
    log.add("eval/loss", steps, 1.3862 + noise(rng, n, 0.0003, 0.1))
    log.add("eval/accuracy", steps, counted(rng, np.full(n, 0.26), 2086))
    evaluation_speed(log, rng, steps)
    tags = ("train/loss", "eval/loss", "eval/accuracy")
    log.true("plateau", tags, steps[0], from_the_start(steps))


@labelled(
    "too_few_steps_planned",
    "learning_rate",
    "the schedule was made for fewer steps than are trained: the rate is exactly zero for the rest",
    tolerated=("plateau",),
)
def too_few_steps_planned(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    ends = rng.uniform(0.45, 0.7)
    rate = linear(np.minimum(t / ends, 1), 3e-4)
    onset = int(np.flatnonzero(rate > 0)[-1]) + 1
    curve = 1.3 + 1.1 * np.exp(-7 * np.minimum(t, ends))
    seen = interval(steps, 25 * (n // 12))
    log.add("train/loss", steps, np.round(jitter(rng, curve, 0.025 * strength), 4))
    log.add("train/learning_rate", steps, rate)
    log.add("train/grad_norm", steps, jitter(rng, np.full(n, 0.9), 0.15))
    log.add(
        "eval/loss", seen, at(seen, steps, curve) + 0.05 + 1e-4 * rng.standard_normal(len(seen))
    )
    window = abrupt(steps, onset, max(3, n // 30))
    log.true("learning_rate", "train/learning_rate", steps[onset], window, also=("collapse",))


@labelled(
    "scheduler_never_stepped",
    "learning_rate",
    "DeepSpeed's warm-up never advances: the rate is zero throughout, the losses stand where they"
    " began (microsoft/DeepSpeed: overflow skips the scheduler)",
)
def scheduler_never_stepped(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 30, 150)
    steps = shapes.steps(n, 10)
    log.add("train/loss", steps, np.round(jitter(rng, np.full(n, 2.31), 0.02 * strength, 0), 4))
    log.add("train/learning_rate", steps, 0.0)
    log.add("train/grad_norm", steps, jitter(rng, np.full(n, 3.2), 0.15))
    log.add("eval/loss", steps, np.round(np.full(n, 2.2873), 4))
    log.add("eval/perplexity", steps, np.round(np.full(n, 9.848), 3))
    tags = ("train/loss", "eval/loss", "eval/perplexity")
    log.true("learning_rate", "train/learning_rate", steps[0], from_the_start(steps))
    log.true("plateau", tags, steps[0], from_the_start(steps))
