"""Runs that get worse for good, and values that leave their scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.sixth import making
from benchmarks.blind.sixth.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "answers_turn_to_noise",
    "divergence",
    "fine-tuning at too high a rate: as the warm-up ends the loss leaves for a higher level and the"
    " norm with it (huggingface/transformers, many a thread)",
    tolerated=("plateau",),
    clear=1.0,
    faint=0.25,
)
def answers_turn_to_noise(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    k = int(n * rng.uniform(0.2, 0.5))
    up = (1 - np.exp(-np.maximum(np.arange(n) - k + 1, 0) / 3)) * strength
    loss = making.descent(t, 1.7, 1.25, 0.03) + 4.2 * up
    log.add("train/loss", steps, loss * making.batch_factors(rng, n, 0.05))
    log.add("train/grad_norm", steps, making.norms(rng, 0.9 * (1 + 40 * up), n))
    log.add("train/learning_rate", steps, making.cosine(t, 1e-3, k / n))
    log.add("train/epoch", steps, 3 * t)
    log.true("divergence", "train/loss", steps[k], abrupt(steps, k, 3))
    log.true("gradient", "train/grad_norm", steps[k], abrupt(steps, k, 3), also=("explosion",))


@labelled(
    "agent_unlearns_it_all",
    "divergence",
    "the return falls from its height within a tenth of the run and stays down"
    " (Unity-Technologies/ml-agents #101 and #2007)",
    tolerated=("plateau",),
    clear=1.0,
    faint=0.45,
)
def agent_unlearns_it_all(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 500)
    t, steps = shapes.times(n), shapes.steps(n, 10000)
    making.seconds_a_point(log, 10000, 25)
    k = int(n * rng.uniform(0.5, 0.68))
    mean = making.ascent(t, 2, 70, 0.2, 0.06)
    mean *= 1 - strength * (1 - np.exp(-np.maximum(t - t[k], 0) / 0.035))
    log.add("Environment/Cumulative Reward", steps, mean + making.lazy(rng, n, 2.2))
    log.add("Policy/Entropy", steps, 1.4 - 0.6 * t + rng.normal(0, 0.01, n))
    log.add("Policy/Learning Rate", steps, 3e-4 * (1.001 - t))
    log.add("Losses/Value Loss", steps, making.norms(rng, 1.5, n, 0.3))
    window = gradual(steps, -mean, k, 2.2)
    log.true("divergence", "Environment/Cumulative Reward", steps[k], window, also=("collapse",))


@labelled(
    "loss_turns_upward_for_days",
    "divergence",
    "pre-training in half precision: the norm begins to climb, and the loss, which had fallen until"
    " then, rises with it to the end (allenai/OLMo #596; Wortsman et al. 2023)",
    clear=0.55,
    faint=0.22,
)
def loss_turns_upward_for_days(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    log.seconds_per_step = 2.2
    k = int(n * rng.uniform(0.45, 0.62))
    ramp = shapes.ramp_after(t, t[k], 1.0)
    loss = making.descent(making.until(t, t[k]), 10.6, 3.0, 0.05, 0.8) + strength * ramp
    log.add("lm loss", steps, loss * making.batch_factors(rng, n, 0.012))
    norm = np.log(0.35) + np.log(12) * ramp
    log.add("grad-norm", steps, making.norms(rng, np.exp(norm), n, 0.18))
    log.add("learning-rate", steps, making.cosine(t, 3e-4, 0.01))
    log.true("divergence", "lm loss", steps[k], gradual(steps, loss, k, 0.036))
    window = gradual(steps, norm, k, 0.18)
    log.true("gradient", "grad-norm", steps[k], window, also=("explosion",))


@labelled(
    "critic_leaves_for_millions",
    "explosion",
    "the critic's loss grows by decades, and the walker, who had learnt, falls over"
    " (DLR-RM/stable-baselines3, threads on SAC)",
    tolerated=(
        "explosion",
        "plateau",
    ),
    clear=5.0,
    faint=3.0,
)
def critic_leaves_for_millions(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 800)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    making.seconds_a_point(log, 4000, 50)
    k = int(n * rng.uniform(0.4, 0.6))
    since = np.maximum(t - t[k], 0)
    decades = np.log10(6.0) + strength * (1 - np.exp(-since / 0.06))
    log.add("train/critic_loss", steps, making.norms(rng, 10**decades, n, 0.3))
    log.add("train/ent_coef", steps, 0.2 * np.exp(-3 * t) + 0.01)
    log.add("train/actor_loss", steps, -60 * t - 0.02 * 10**decades + making.lazy(rng, n, 2))
    mean = making.descent(t, 100, 3400, 0.15, 0.8)
    mean = np.where(t > t[k], 150 + (mean - 150) * np.exp(-since / 0.04), mean)
    log.add("rollout/ep_rew_mean", steps, mean + making.lazy(rng, n, 90))
    grown = gradual(steps, decades, k, 0.13)
    log.true("explosion", "train/critic_loss", steps[k], grown, also=("divergence",))
    fallen = gradual(steps, -mean, k, 90)
    log.true("divergence", "rollout/ep_rew_mean", steps[k], fallen, also=("collapse",))


@labelled(
    "values_beyond_any_return",
    "explosion",
    "a bootstrapped value estimates itself ever higher, tens of thousands of times what an episode"
    " can pay; and the buffer that fills makes each step slower (DQN; van Hasselt et al. 2016)",
    tolerated=("plateau", "divergence"),
    clear=4.0,
)
def values_beyond_any_return(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    k, slow = int(n * rng.uniform(0.3, 0.5)), int(n * rng.uniform(0.2, 0.6))
    decades = 1.0 + strength * np.clip((t - t[k]) / (1 - t[k]), 0, None) ** 0.8
    log.add("losses/q_values", steps, making.norms(rng, 10**decades, n, 0.1))
    log.add("losses/td_loss", steps, making.norms(rng, 0.01 * 10 ** (1.5 * decades), n, 0.4))
    sag = 0.55 * (1 - np.exp(-np.maximum(t - t[slow], 0) / 0.15))
    making.seconds_a_point(log, 1000, 2.5)
    log.slower(int(steps[(slow + n) // 2]), 1.8)
    log.add("charts/SPS", steps, 410 * (1 - sag) * np.exp(rng.normal(0, 0.02, n)))
    log.add("charts/episodic_return", steps, 25 + rng.normal(0, 6, n))
    log.add("charts/epsilon", steps, np.maximum(0.05, 1 - 5 * t))
    tags = ("losses/q_values", "losses/td_loss")
    log.true("explosion", tags, steps[k], gradual(steps, decades, k, 0.1), also=("divergence",))
    log.true("throughput", "charts/SPS", steps[slow], gradual(steps, sag, slow, 0.02))


@labelled(
    "logits_of_attention_in_thousands",
    "explosion",
    "the largest logit of attention grows by two decades and a half while the loss still looks well"
    " (Dehghani et al. 2023)",
    clear=2.6,
    faint=1.7,
)
def logits_of_attention_in_thousands(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    k = int(n * rng.uniform(0.35, 0.6))
    decades = 0.9 + 0.15 * t + strength * (1 - np.exp(-np.maximum(t - t[k], 0) / 0.08))
    log.add("stats/max_attention_logit", steps, making.norms(rng, 10**decades, n, 0.08))
    loss = making.descent(t, 10.4, 3.1, 0.03, 0.8)
    log.add("train/loss", steps, loss * making.batch_factors(rng, n, 0.012))
    log.add("train/lr", steps, making.cosine(t, 6e-4, 0.02))
    window = gradual(steps, decades, k, 0.05)
    log.true("explosion", "stats/max_attention_logit", steps[k], window)


@labelled(
    "far_away_from_its_reference",
    "explosion",
    "the judge is flattered: scores climb on while the divergence from the reference grows"
    " a hundredfold and more (TRL's PPOTrainer, its tags)",
    tolerated=("plateau",),
    clear=2.7,
    faint=2.0,
)
def far_away_from_its_reference(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 500)
    t, steps = shapes.times(n), shapes.steps(n)
    log.seconds_per_step = 70.0
    k = int(n * rng.uniform(0.35, 0.55))
    decades = 0.3 + 0.15 * t + strength * (1 - np.exp(-np.maximum(t - t[k], 0) / 0.07))
    log.add("objective/kl", steps, making.norms(rng, 10**decades, n, 0.1))
    log.add("objective/scores", steps, making.descent(t, 0.4, 4.6, 0.3) + rng.normal(0, 0.2, n))
    log.add("objective/entropy", steps, 48 - 9 * t + rng.normal(0, 1.5, n))
    log.add("loss/value_avg", steps, making.norms(rng, 0.12, n, 0.25))
    log.add("val/ratio", steps, 1 + rng.normal(0, 0.004, n))
    log.true("explosion", "objective/kl", steps[k], gradual(steps, decades, k, 0.06))
