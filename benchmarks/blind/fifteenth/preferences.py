"""Preferences and rewards of language models: TRL's DPO, ORPO, KTO, PPO, GRPO, OpenRLHF, verl."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import linear
from benchmarks.blind.fifteenth.making import abouts, nears, preferred, settled, shares, since
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, hugging, index_of, near, scores, turns
from benchmarks.blind.shapes import logistic, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import at, every, grows, jumps, levels, overfits

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "dpo-one-epoch", "Margins grow while both rewards fall, as they do.", tolerated=("plateau",)
)
def dpo(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 300)
    t, steps = times(n), stepping(n, 10)
    margin = 1.3 * (1 - np.exp(-4 * t))
    hugging(log, rng, steps, linear(t, 5e-7, 0.1), 14)
    near(log, rng, "train/loss", steps, 0.693 - 0.16 * margin, 0.04)
    preferred(log, rng, steps, margin)
    seen = every(steps, 6)
    near(log, rng, "eval/loss", seen, 0.695 - 0.13 * at(seen, steps, margin), 0.006)
    scores(log, rng, "eval/rewards/accuracies", seen, 0.55 + 0.15 * at(seen, steps, margin), 512)


@healthy("grpo-arithmetic", "Rewards and lengths rise, entropy falls, KL rises: all as it should.")
def grpo(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 800)
    t, steps = times(n), stepping(n, 1)
    known = 1 - np.exp(-3.5 * t)
    shares(log, rng, steps, 128, {"train/rewards/accuracy_reward/mean": 0.25 + 0.45 * known})
    abouts(
        log,
        rng,
        steps,
        {
            "train/reward": (0.4 + 1.1 * known, 0.09),
            "train/reward_std": (0.55 - 0.15 * known, 0.05),
            "train/rewards/format_reward/mean": (0.3 + 0.68 * (1 - np.exp(-15 * t)), 0.012),
            "train/loss": (0.002 + 0.01 * known, 0.004),
        },
    )
    nears(
        log,
        rng,
        steps,
        {
            "train/kl": (0.0008 + 0.12 * known, 0.2),
            "train/entropy": (0.6 - 0.35 * known, 0.08),
            "train/completions/mean_length": (310 + 420 * t, 0.07),
            "train/grad_norm": (0.3, 0.25),
        },
    )
    log.add("train/clip_ratio/region_mean", steps, 0.0)
    log.add("train/learning_rate", steps, 1e-6)


@healthy("ppo-rlhf-kl-controller", "objective/kl climbs to its target and stays there.")
def ppo_rlhf(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), stepping(n, 1)
    known = 1 - np.exp(-4 * t)
    abouts(
        log,
        rng,
        steps,
        {
            "objective/scores": (-0.8 + 2.6 * known, 0.22),
            "objective/rlhf_reward": (-0.85 + 2.2 * known, 0.24),
            "loss/policy_avg": (-0.01, 0.006),
            "val/ratio": (1.0, 0.004),
        },
    )
    nears(
        log,
        rng,
        steps,
        {
            "objective/kl": (0.05 + 6 * known, 0.1),
            "objective/entropy": (48 - 15 * known, 0.07),
            "loss/value_avg": (0.12 + 0.5 * np.exp(-t / 0.06), 0.15),
            "policy/approxkl_avg": (0.02, 0.3),
            "policy/clipfrac_avg": (0.12, 0.15),
            "val/num_eos_tokens": (30, 0.15),
        },
    )
    log.add("lr", steps, linear(t, 3e-6, 0.001))


@healthy("reward-model-one-epoch", "Accuracy of pairs goes from chance to 70 % and is noisy.")
def reward_model(log: Log, rng: Rng) -> None:
    n = whole(rng, 50, 250)
    t, steps = times(n), stepping(n, 10)
    known = 1 - np.exp(-5 * t)
    hugging(log, rng, steps, linear(t, 1e-5), 3.5)
    near(log, rng, "train/loss", steps, 0.70 - 0.14 * known, 0.08)
    seen = every(steps, 10)
    near(log, rng, "eval/loss", seen, at(seen, steps, 0.695 - 0.13 * known), 0.01)
    scores(log, rng, "eval/accuracy", seen, at(seen, steps, 0.5 + 0.21 * known), 1000)


@labelled(
    "reward-hacked-then-lost",
    "divergence",
    "Reward falls back for good after its best.",
    clear=1.6,
    medium=0.9,
)
def hacked(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, steps = times(n), stepping(n, 1)
    onset = rng.uniform(0.5, 0.6)
    reward = 0.2 + 1.5 * (1 - np.exp(-8 * t)) - strength * since(t, onset) ** 0.7
    made = index_of(t, onset)
    about(log, rng, "train/reward", steps, reward, 0.1)
    about(log, rng, "train/loss", steps, 0.01, 0.006)
    nears(
        log,
        rng,
        steps,
        {
            "train/kl": (0.02 + 0.15 * t + 0.8 * since(t, onset), 0.2),
            "train/completions/mean_length": (260 + 200 * t, 0.08),
            "train/grad_norm": (0.5, 0.3),
        },
    )
    log.add("train/learning_rate", steps, 1e-6)
    turns(log, "divergence", "train/reward", steps, -reward, made, 0.12, also=("collapse",))


@labelled(
    "policy-entropy-gone",
    "collapse",
    "The policy becomes certain: entropy falls to nothing.",
    fast=0.03,
    slow=0.1,
)
def entropy_gone(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 500)
    t, steps = times(n), stepping(n, 1)
    onset = rng.uniform(0.25, 0.4)
    made = index_of(t, onset)
    entropy = 0.9 * np.exp(-np.clip((t - onset) / strength, 0, 6.5))
    reward = 0.3 + 0.3 * (1 - np.exp(-10 * t))
    about(log, rng, "critic/rewards/mean", steps, reward, 0.05)
    nears(
        log,
        rng,
        steps,
        {
            "actor/entropy": (entropy, 0.1),
            "actor/grad_norm": (0.2, 0.25),
            "response_length/mean": (480, 0.06),
            "perf/throughput": (2400, 0.04),
        },
    )
    log.add("actor/lr", steps, 1e-6)
    grows(log, "collapse", "actor/entropy", steps, entropy, made, 0.1)


@labelled(
    "kl-leaves-the-reference",
    "explosion",
    "KL to the reference grows by decades.",
    plain=3.2,
    less=2.2,
)
def leaves(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, steps = times(n), stepping(n, 1)
    onset = rng.uniform(0.45, 0.6)
    made = index_of(t, onset)
    kl = (0.3 + 0.7 * (1 - np.exp(-10 * t))) * 10 ** (strength * since(t, onset))
    about(log, rng, "objective/scores", steps, -0.5 + 1.6 * (1 - np.exp(-6 * t)), 0.2)
    nears(
        log,
        rng,
        steps,
        {
            "objective/kl": (kl, 0.15),
            "policy/clipfrac_avg": (0.15, 0.2),
            "loss/value_avg": (0.2 + 0.4 * np.exp(-t / 0.05), 0.2),
        },
    )
    grows(log, "explosion", "objective/kl", steps, kl, made, 0.15, also=("divergence",))


@labelled(
    "three-epochs-of-pairs",
    "overfitting",
    "The loss on held-out pairs rises while that of training goes to nothing.",
    clear=0.45,
    medium=0.2,
)
def three_epochs(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 90, 300)
    t, steps = times(n), stepping(n, 10)
    margin = 4.5 * (1 - np.exp(-1.5 * t))
    hugging(log, rng, steps, linear(t, 1e-6, 0.1), 9)
    near(log, rng, "train/loss", steps, 0.693 * np.exp(-0.75 * margin), 0.08)
    preferred(log, rng, steps, margin)
    seen = every(steps, 28)
    best = rng.uniform(0.28, 0.4)
    valid = 0.56 + 0.13 * np.exp(-5 * t / best) + strength * since(t, best)
    worse = at(seen, steps, valid)
    about(log, rng, "eval/loss", seen, worse, 0.008)
    overfits(log, "eval/loss", seen, worse, 0.008)


@labelled(
    "nothing-is-preferred",
    "plateau",
    "Margins stay at 0 and the loss at ln 2 throughout.",
    plain=1.0,
)
def nothing(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, steps = times(n), stepping(n, 10)
    hugging(log, rng, steps, linear(t, 1e-9, 0.1), 20)
    about(log, rng, "train/loss", steps, 0.6931 * strength, 0.004)
    preferred(log, rng, steps, 0 * t)
    seen = every(steps, 10)
    about(log, rng, "eval/loss", seen, 0.6932, 0.0006)
    last = int(steps[n // 5])
    tags = ("train/loss", "eval/loss", "train/rewards/accuracies", "train/rewards/margins")
    log.true("plateau", tags, int(steps[0]), (int(steps[0]), last))


@labelled(
    "all-answers-wrong",
    "plateau",
    "After the format is learned the reward does not move.",
    soon=0.1,
    later=0.25,
)
def all_wrong(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), stepping(n, 1)
    reward = 0.02 + 0.1 * (1 - settled(t, strength))
    about(log, rng, "train/reward", steps, reward, 0.02)
    nears(
        log,
        rng,
        steps,
        {
            "train/completions/mean_length": (256, 0.05),
            "train/entropy": (0.5, 0.1),
            "train/kl": (0.0004 + 0.001 * t, 0.25),
            "train/grad_norm": (0.1, 0.3),
        },
    )
    log.add("train/learning_rate", steps, 1e-7)
    levels(log, "train/reward", steps, -reward, index_of(t, strength), 0.025)


@labelled(
    "critic-is-lost",
    "divergence",
    "The value loss jumps and never comes back.",
    plain=6.0,
    less=2.5,
)
def critic(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 400)
    t, steps = times(n), stepping(n, 1)
    made = index_of(t, rng.uniform(0.35, 0.6))
    value = 0.15 + 0.6 * np.exp(-t / 0.05) + np.where(np.arange(n) >= made, strength, 0)
    about(log, rng, "critic/score/mean", steps, logistic(t, 0.1, 0.6, 0.2, 0.06), 0.05)
    nears(
        log,
        rng,
        steps,
        {
            "critic/vf_loss": (value, 0.12),
            "critic/grad_norm": (1.0, 0.3),
            "actor/entropy": (0.6, 0.05),
            "actor/ppo_kl": (0.001, 0.3),
        },
    )
    jumps(log, "divergence", "critic/vf_loss", steps, made, also=("explosion",))


@labelled(
    "norm-always-clipped",
    "gradient",
    "Every step is clipped to 1: the norm shows nothing.",
    plain=1.0,
    nearly=0.9,
)
def always_clipped(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 400)
    t, steps = times(n), stepping(n, 1)
    about(log, rng, "critic/rewards/mean", steps, 0.2 + 0.3 * (1 - np.exp(-4 * t)), 0.05)
    near(log, rng, "actor/entropy", steps, 0.5 - 0.2 * t, 0.05)
    clipped = 1.0 - 1e-4 * rng.random(n) * (rng.random(n) < (1 - strength))
    log.add("actor/grad_norm", steps, clipped)
    log.add("actor/lr", steps, 2e-6)
    log.true("gradient", "actor/grad_norm", int(steps[0]), (int(steps[0]), int(steps[n // 5])))
