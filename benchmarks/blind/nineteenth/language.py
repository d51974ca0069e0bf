"""Language models: from scratch, fine-tuned and preferred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import around, course, decades, paced, put, where
from benchmarks.blind.eighth.making import (
    at,
    cosine,
    interval,
    jitter,
    learned,
    linear,
    says_overfitting,
    turned,
)
from benchmarks.blind.nineteenth.making import (
    drifts,
    grows,
    jump,
    leaps,
    levels,
    never_learns,
    stepped,
)
from benchmarks.blind.nineteenth.registry import healthy, labelled
from benchmarks.blind.shapes import power_law, ramp_after

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("lesson_nanogpt_characters", "the validation loss of nanoGPT settles above the other")
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 18, 24, 250)
    paced(log, rng, 250, 1)
    curves = {
        "train/loss": (learned(t, 4.2, 1.25, 9), 0.006),
        "val/loss": (learned(t, 4.2, 1.47, 9), 0.006),
    }
    put(log, rng, steps, curves)
    log.add("lr", steps, cosine(t, 1e-3, 0.02))


@healthy("recipe_gpt2_stable_then_decay", "the loss drops once more when the rate decays")
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 400, 1500, 20)
    rate = 6e-4 * np.minimum(t / 0.02, np.clip((1 - t) / 0.2, 0, 1)).clip(0, 1)
    loss = power_law(t, 10.9, 2.9, 0.5) - 0.12 * np.clip((t - 0.8) / 0.2, 0, 1) ** 0.7
    put(log, rng, steps, {"lm loss": (loss, 0.008), "grad-norm": (0.35 + np.exp(-40 * t), 0.12)})
    log.add("learning-rate", steps, rate)
    rare = interval(steps, 20 * max(len(steps) // 25, 1))
    put(log, rng, rare, {"lm loss validation": (at(rare, steps, loss) + 0.02, 0.002)})


@healthy("recipe_resumed_from_a_checkpoint", "a killed run goes on from its last checkpoint")
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 200, 500, 10)
    loss = power_law(t, 10.5, 2.6, 0.4)
    cut, back = where(t, 0.6), where(t, 0.55)
    for piece in (slice(0, cut), slice(back, len(t))):
        part = t[piece]
        curves = {
            "loss_metrics/global_avg_loss": (loss[piece], 0.008),
            "grad_norm": (0.5 + 2 * np.exp(-40 * part), 0.1),
        }
        put(log, rng, steps[piece], curves)
        log.add("lr", steps[piece], cosine(part, 3e-4))
        log.session()


@healthy("lesson_sft_loss_in_stairs", "each epoch begins with a step down, for the rows are known")
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 90, 240, 10)
    curves = {
        "train/loss": (1.35 + 0.5 * np.exp(-25 * t) - stepped(t, 3, 0.16), 0.04),
        "train/grad_norm": (0.6 + 0.4 * t, 0.15),
        "train/mean_token_accuracy": (0.66 - 0.1 * np.exp(-25 * t) + stepped(t, 3, 0.04), 0.015),
    }
    put(log, rng, steps, curves)
    log.add("train/learning_rate", steps, linear(t, 2e-4))
    rare = interval(steps, 10 * (len(steps) // 9))
    put(log, rng, rare, {"eval/loss": (1.24 + 0.25 * (1 - at(rare, steps, t)) ** 2, 0.002)})


@healthy(
    "recipe_dpo_both_rewards_sink",
    "the chosen answers become less likely too, as they do",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 80, 250, 5)
    gone = 1 - np.exp(-4 * t)
    margin = 1.9 * gone * (0.8 + 0.2 * t)
    curves = {
        "train/rewards/chosen": (0.05 - 0.6 * gone - 0.3 * t, 0.12),
        "train/rewards/rejected": (0.05 - 0.6 * gone - 0.3 * t - margin, 0.16),
        "train/rewards/margins": (margin, 0.12),
        "train/rewards/accuracies": (0.5 + 0.26 * gone, 0.05),
        "train/logps/chosen": (-250 - 10 * gone, 12),
        "train/logps/rejected": (-240 - 25 * gone, 12),
    }
    around(log, rng, steps, curves)
    put(log, rng, steps, {"train/loss": (0.69 - 0.2 * gone - 0.04 * t, 0.06)})
    log.add("train/learning_rate", steps, linear(t, 5e-7, 0.1))


@healthy(
    "recipe_grpo_sums",
    "answers grow longer, KL rises from nothing, and the reward rises",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 120, 500, 1)
    paced(log, rng, 1, 1.2)
    up = 1 / (1 + np.exp(-(t - 0.3) / 0.12))
    curves = {
        "train/reward": (0.15 + 0.55 * up + 0.1 * t, 0.06),
        "train/reward_std": (0.38 - 0.15 * up, 0.03),
        "train/rewards/accuracy_reward/mean": (0.1 + 0.5 * up + 0.1 * t, 0.06),
        "train/loss": (0.0004 + 0.003 * up, 0.01),
    }
    around(log, rng, steps, curves)
    curves = {
        "train/completions/mean_length": (170 + 130 * t, 0.06),
        "train/kl": (0.0005 + 0.09 * up, 0.15),
        "train/entropy": (0.55 - 0.3 * up, 0.06),
        "train/grad_norm": (0.3, 0.25),
    }
    put(log, rng, steps, curves)
    log.add("train/learning_rate", steps, linear(t, 1e-6, 0.03))


@healthy(
    "recipe_longer_contexts_by_stages",
    "the speed halves where the context doubles",
    tolerated=("spike", "throughput"),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 200, 500, 10)
    loss = power_law(t, 10.8, 2.4, 0.45)
    for share in (0.4, 0.75):
        loss = loss + jump(len(t), where(t, share), 0.25, len(t) / 40)
    speed = 41000 * np.where(t < 0.4, 1, np.where(t < 0.75, 0.86, 0.74))
    put(log, rng, steps, {"train/loss": (loss, 0.008), "tokens_per_sec": (speed, 0.02)})
    log.add("sequence_length", steps, np.where(t < 0.4, 1024, np.where(t < 0.75, 2048, 4096)))


@healthy(
    "recipe_mixture_of_experts_balanced",
    "a balancing loss lies at its floor",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 200, 600, 20)
    curves = {
        "reduced_train_loss": (power_law(t, 10.8, 2.7, 0.45), 0.008),
        "load_balancing_loss": (1.01 + 0.4 * np.exp(-30 * t), 0.004),
        "z_loss": (0.004 + 0.05 * np.exp(-20 * t), 0.08),
        "grad_norm": (0.3 + np.exp(-30 * t), 0.12),
    }
    put(log, rng, steps, curves)
    log.add("lr", steps, cosine(t, 3e-4))


@labelled(
    "lesson_rate_ten_times_too_high",
    "divergence",
    "falls, and leaps back to what words alone tell",
    plain=0.4,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 500, 10)
    i = where(t, strength + rng.uniform(0, 0.1))
    loss = power_law(t, 10.8, 3.3, 0.5)
    loss = np.where(np.arange(len(t)) < i, loss, 7.4 + 0.2 * np.exp(-(t - t[i]) * 20))
    put(log, rng, steps, {"lm loss": (loss, 0.01)})
    log.add("learning-rate", steps, cosine(t, 6e-3))
    leaps(log, "divergence", "lm loss", steps, i)


@labelled("lesson_roberta_stays_at_chance", "plateau", "the loss of two classes stays at ln 2")
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 40, 120, 50)
    put(log, rng, steps, {"train/loss": (0.6945 * strength, 0.012)})
    log.add("train/learning_rate", steps, linear(t, 5e-5))
    rare = interval(steps, 50 * (len(steps) // 7))
    put(log, rng, rare, {"eval/loss": (0.6935, 0.002)})
    never_learns(log, ("train/loss", "eval/loss"), steps)


@labelled(
    "lesson_sft_on_few_rows",
    "overfitting",
    "by rote: known rows in stairs, others worse",
    three=0.35,
    six=0.6,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 300, 10)
    passes = 5
    put(
        log,
        rng,
        steps,
        {"train/loss": (1.6 + 0.4 * np.exp(-20 * t) - stepped(t, passes, 0.3), 0.04)},
    )
    log.add("train/learning_rate", steps, linear(t, 1e-4))
    rare = interval(steps, 10 * (len(steps) // 20))
    late = at(rare, steps, t)
    worse = turned(late, rng.uniform(0.25, 0.4), 0.5, strength, 1.35)
    log.add("eval/loss", rare, jitter(rng, worse, 0.006))
    says_overfitting(log, "eval/loss", rare, worse, 0.01)


@labelled(
    "lesson_router_logits_grow",
    "explosion",
    "the router's z loss grows by decades, without an end",
    hundred=100,
    thousand=3000,
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 500, 20)
    i = where(t, rng.uniform(0.3, 0.5))
    z = decades(t, t[i], 0.02, strength)
    curves = {
        "lm loss": (power_law(t, 10.8, 2.9, 0.45), 0.008),
        "z_loss": (z, 0.08),
        "load_balancing_loss": (1.02 + 0.3 * np.exp(-30 * t), 0.004),
    }
    put(log, rng, steps, curves)
    grows(log, "explosion", "z_loss", steps, z, i, ("divergence",))


@labelled(
    "lesson_reward_model_is_fooled",
    "divergence",
    "the judge's score falls while the reward and KL grow",
    tolerated=("overfitting", "explosion"),
    plain=0.5,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 300, 5)
    i = where(t, 0.4)
    put(log, rng, steps, {"objective/kl": (1 + 40 * t**2, 0.06)})
    curves = {
        "objective/rlhf_reward": (-0.5 + 2.5 * t, 0.15),
        "objective/scores": (-0.4 + 3 * t, 0.15),
        "policy/entropy_avg": (1.1 - 0.4 * t, 0.04),
    }
    around(log, rng, steps, curves)
    worse = 0.45 - 0.35 * np.clip(t / 0.4, 0, 1) + ramp_after(t, 0.4, strength)
    around(log, rng, steps, {"eval/judge_winrate_score": (1 - worse, 0.03)})
    drifts(
        log,
        "divergence",
        "eval/judge_winrate_score",
        steps,
        worse,
        i,
        0.035,
        ("collapse", "overfitting"),
    )


@labelled(
    "recipe_loss_spikes_that_heal",
    "spike",
    "a bad batch: the loss is back on its way soon",
    small=0.8,
    large=3,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 300, 1500, 10)
    loss = power_law(t, 10.8, 2.6, 0.45)
    for share in (0.45, 0.7):
        i = where(t, share + rng.uniform(0, 0.1))
        loss = loss + jump(len(t), i, strength, 3)
        leaps(log, "spike", "train/loss", steps, i)
    put(log, rng, steps, {"train/loss": (loss, 0.006), "train/lr": (cosine(t, 3e-4), 1e-9)})


@labelled(
    "lesson_norm_climbs_on_a_flat_loss",
    "gradient",
    "the norm grows for good while nothing is learnt",
    tolerated=("divergence",),
    tenfold=12,
    hundredfold=100,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 500, 20)
    i, end = where(t, 0.4), where(t, 0.3)
    norm = decades(t, 0.4, 0.5, strength)
    loss = 3.4 + 6 * np.clip(1 - t / 0.3, 0, 1) ** 4
    put(log, rng, steps, {"train/loss": (loss, 0.01), "train/grad_norm": (norm, 0.12)})
    log.add("train/learning_rate", steps, linear(t, 4e-4))
    grows(log, "gradient", "train/grad_norm", steps, norm, i, ("explosion",))
    levels(log, "train/loss", steps, loss, end, 0.04)
