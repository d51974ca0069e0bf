"""Language models tuned, preferred and rewarded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import (
    cosine,
    interval,
    jitter,
    linear,
    noise,
    says_overfitting,
)
from benchmarks.blind.twelfth.making import (
    by_epochs,
    drift,
    jumps,
    kept_scale,
    lost_scale,
    saturating,
    says_scale,
    scales,
    since,
    single,
    sinking,
    slows,
    worsens,
)
from benchmarks.blind.twelfth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "adapters_for_three_epochs",
    "low-rank adapters on an instruction set: the loss steps down at each epoch, the evaluations"
    " fall to the end (Hugging Face trainer_state.json, TRL's SFTTrainer)",
)
def adapters_for_three_epochs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 240)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    epoch = np.floor(3 * t).clip(0, 2)
    log.add(
        "train/loss", steps, np.round(jitter(rng, sinking(t, 1.9, 1.05) - 0.08 * epoch, 0.05), 4)
    )
    log.add("train/learning_rate", steps, linear(t, 2e-4, 0.1))
    log.add("train/grad_norm", steps, single((0.4 + np.exp(-20 * t)) * np.exp(noise(rng, n, 0.12))))
    evals = interval(steps, int(steps[-1]) // 12)
    log.add(
        "eval/loss",
        evals,
        single(sinking(evals / steps[-1], 1.6, 1.08) + noise(rng, len(evals), 0.004)),
    )


@healthy(
    "both_answers_less_likely",
    "direct preferences: both rewards sink, the margin grows, which is how it works"
    " (Rafailov et al. 2023; TRL's DPOTrainer)",
)
def both_answers_less_likely(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 200)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    margin = saturating(t, 0, 1.6, 3)
    log.add("train/loss", steps, np.round(0.693 - 0.2 * margin + noise(rng, n, 0.025), 4))
    log.add("train/rewards/chosen", steps, -0.5 * margin + noise(rng, n, 0.06))
    log.add("train/rewards/rejected", steps, -1.5 * margin + noise(rng, n, 0.08))
    log.add("train/rewards/margins", steps, margin + noise(rng, n, 0.08))
    right = 0.5 + 0.25 * saturating(t, 0, 1, 4) + noise(rng, n, 0.04)
    log.add("train/rewards/accuracies", steps, np.round(right.clip(0, 1) * 80) / 80)
    log.add("train/logps/chosen", steps, -210 - 12 * margin + noise(rng, n, 6))
    log.add("train/learning_rate", steps, cosine(t, 5e-7, 0.1, 0))


@healthy(
    "thoughts_in_more_words",
    "a group-relative policy learns to reason: reward rises, answers grow to twice their length and"
    " each step takes longer with them (DeepSeek-R1; TRL's GRPOTrainer)",
    tolerated=("throughput",),
)
def thoughts_in_more_words(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    length = saturating(t, 310, 690, 2)
    log.add("train/reward", steps, single(saturating(t, 0.22, 0.78, 3) + noise(rng, n, 0.06, 0.2)))
    log.add("train/completions/mean_length", steps, length * np.exp(noise(rng, n, 0.07)))
    log.add("train/kl", steps, single(0.09 * t**0.7 * np.exp(noise(rng, n, 0.2))))
    log.add("train/grad_norm", steps, 0.21 * np.exp(noise(rng, n, 0.2, 0.2, 4)))
    log.add("train/learning_rate", steps, linear(t, 1e-6, 0.05))
    drift(log, steps, length / length[0])


@healthy(
    "short_classifier",
    "a small encoder on a classification task: eight to fourteen evaluations, all of them fine"
    " (Hugging Face, GLUE examples)",
)
def short_classifier(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(8, 15))
    t = shapes.times(n)
    steps = shapes.steps(n, 500)
    log.add("eval/loss", steps, single(sinking(t, 0.46, 0.29, 0.6, 0.1) + noise(rng, n, 0.005)))
    log.add(
        "eval/accuracy", steps, np.round(saturating(t, 0.81, 0.905, 3) + noise(rng, n, 0.003), 4)
    )
    inner = np.linspace(0, 1, 2 * n)
    log.add(
        "train/loss",
        shapes.steps(2 * n, 250),
        np.round(jitter(rng, sinking(inner, 0.6, 0.24), 0.06), 4),
    )
    log.add("train/learning_rate", shapes.steps(2 * n, 250), linear(inner, 2e-5, 0.06))


@healthy(
    "pupil_of_a_large_model",
    "a small model learns a large one's distributions: forward KL and cross-entropy both fall, rate"
    " after a warm-up of a tenth (TRL's GKDTrainer)",
)
def pupil_of_a_large_model(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 400)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    log.add("train/kd_loss", steps, jitter(rng, sinking(t, 2.6, 0.42), 0.05))
    log.add("train/ce_loss", steps, jitter(rng, sinking(t, 3.4, 1.62), 0.03))
    log.add("train/lr", steps, cosine(t, 1e-4, 0.1, 0.05))
    log.add("train/grad_norm", steps, (0.8 + 3 * np.exp(-25 * t)) * np.exp(noise(rng, n, 0.15)))


@healthy(
    "pairs_that_people_ranked",
    "a reward model for one epoch: accuracy of pairs near 0.7 is as much as people agree"
    " (TRL's RewardTrainer, Anthropic HH)",
    tolerated=("plateau",),
)
def pairs_that_people_ranked(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 20, 60)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.add("eval/loss", steps, single(sinking(t, 0.69, 0.553, 0.8, 0.1) + noise(rng, n, 0.003)))
    log.add(
        "eval/accuracy", steps, np.round(saturating(t, 0.55, 0.716, 4) + noise(rng, n, 0.004), 4)
    )
    log.add("train/loss", steps, jitter(rng, sinking(t, 0.69, 0.54, 0.8, 0.1), 0.05))
    log.add("train/learning_rate", steps, linear(t, 1e-5, 0.03))


@labelled(
    "entropy_spent",
    "divergence",
    "a policy spends its entropy on one answer: it goes to nothing and the reward falls to a"
    " fraction and stays (Cui et al. 2025, The entropy mechanism)",
    tolerated=("plateau",),
    clear=0.85,
    faint=0.4,
)
def entropy_spent(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_epochs(log, rng)
    n = shapes.whole(rng, 150, 500)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    first = int(n * rng.uniform(0.35, 0.5))
    entropy = 0.5 * np.exp(-0.5 * t - 4.5 * since(n, first) ** 0.7)
    turn = first + n // 10
    reward = saturating(t, 0.2, 0.65, 5) * (1 - strength * (1 - np.exp(-8 * since(n, turn))))
    log.add("reward", steps, single(reward + noise(rng, n, 0.045, 0.2)))
    worsens(log, "reward", steps, -reward, turn, 0.055, also=("collapse",))
    log.add("entropy", steps, single(entropy * np.exp(noise(rng, n, 0.08))))
    scales(log, "collapse", "entropy", steps, entropy, first, 0.11)
    log.add("learning_rate", steps, 1e-6)
    log.add("completions/mean_length", steps, 420 * np.exp(noise(rng, n, 0.06, 0.5)))


@labelled(
    "preferred_by_heart",
    "overfitting",
    "three epochs of direct preferences: the evaluation loss turns after the first while the"
    " training loss goes to nothing (huggingface/alignment-handbook)",
    tolerated=("divergence",),
    clear=0.3,
    faint=0.07,
)
def preferred_by_heart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(15, 31))
    t, steps = shapes.times(n), shapes.steps(n, 100)
    worse = 0.5 + 0.19 * np.exp(-14 * t) + strength * np.clip((t - 0.3) / 0.7, 0, None)
    inner = np.linspace(0, 1, 5 * n)
    train = 0.69 * np.exp(-4 * inner) * (1 - 0.3 * (inner > 1 / 3)) + 0.01
    log.add("train/loss", shapes.steps(5 * n, 20), np.round(jitter(rng, train, 0.1), 4))
    log.add("train/learning_rate", shapes.steps(5 * n, 20), linear(inner, 5e-7, 0.1))
    log.add("eval/loss", steps, single(worse + noise(rng, n, 0.006)))
    says_overfitting(log, "eval/loss", steps, worse, 0.007)


@labelled(
    "slower_evaluations",
    "throughput",
    "each evaluation takes longer than the last for what is kept of the ones before, and the loss"
    " on held-out text turns (huggingface/transformers, eval_accumulation issues)",
    tolerated=("divergence",),
    clear=4.0,
    middling=1.4,
)
def slower_evaluations(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(24, 50))
    t, steps = shapes.times(n), shapes.steps(n, 200)
    index = n // 4
    slower = 1 + strength * since(n, index)
    worse = 1.21 + 0.5 * np.exp(-12 * t) + 0.28 * np.clip((t - 0.35) / 0.65, 0, None)
    log.add("eval/loss", steps, single(worse + noise(rng, n, 0.008)))
    says_overfitting(log, "eval/loss", steps, worse, 0.01)
    took = 61 * slower * np.exp(noise(rng, n, 0.025))
    log.add("eval/runtime", steps, np.round(took, 4))
    log.add("eval/samples_per_second", steps, np.round(2000 / took, 3))
    log.add("train/loss", steps, np.round(jitter(rng, sinking(t, 1.7, 0.62), 0.04), 4))
    slows(log, ("eval/runtime", "eval/samples_per_second"), steps, slower, index, 0.035)


@labelled(
    "nothing_left_to_learn_from",
    "collapse",
    "the scale of float16 falls from overflow to overflow, and the loss is exactly 0.0 from then on"
    " (huggingface/transformers, issues on loss 0.0)",
    tolerated=("plateau", "gradient"),
)
def nothing_left_to_learn_from(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    index = int(n * rng.uniform(0.35, 0.6))
    scale = lost_scale(kept_scale(rng, n, 15, 1), index, max(n / 150, 1), -2)
    dead = index + max(n // 20, 3)
    loss = np.round(jitter(rng, sinking(t, 2.1, 1.3), 0.05), 4) * strength
    loss[dead:] = 0
    log.add("train/loss", steps, loss)
    also = ("divergence", "plateau", "explosion")
    jumps(log, "collapse", "train/loss", steps, dead, points=3, also=also)
    log.add("train/loss_scale", steps, scale)
    says_scale(log, "train/loss_scale", steps, scale, index)
    log.add("train/learning_rate", steps, linear(t, 1e-4, 0.03))


@labelled(
    "ratio_without_a_bound",
    "nonfinite",
    "importance ratios grow by orders until the policy's loss and the reward are no numbers"
    " (volcengine/verl, issues on NaN in GRPO)",
    tolerated=("gradient",),
)
def ratio_without_a_bound(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_epochs(log, rng)
    n = shapes.whole(rng, 100, 350)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    first = int(n * rng.uniform(0.4, 0.55))
    dead = int(n * rng.uniform(0.78, 0.92))
    ratio = np.exp(11 * since(n, first)) * strength
    noisy = ratio * np.exp(noise(rng, n, 0.05))
    reward = saturating(t, 0.1, 0.45, 3) + noise(rng, n, 0.04)
    loss = noise(rng, n, 0.01, 0.1)
    for series in (noisy, reward, loss):
        series[dead:] = np.nan
    log.add("actor/ppo_ratio_max", steps, noisy)
    scales(log, "explosion", "actor/ppo_ratio_max", steps[:dead], ratio[:dead], first, 0.07)
    log.add("actor/pg_loss", steps, loss)
    log.add("critic/rewards/mean", steps, reward)
    tags = ("critic/rewards/mean", "actor/pg_loss", "actor/ppo_ratio_max")
    jumps(log, "nonfinite", tags, steps, dead)
    log.add("actor/lr", steps, 1e-6)
