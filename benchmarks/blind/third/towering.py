"""Series whose scale grows by decades, and that should not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, factor, until
from benchmarks.blind.third.registry import labelled
from benchmarks.blind.windows import gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


def growth(t: shapes.Array, onset: float, decades: float, within: float) -> shapes.Array:
    """Decades of growth: none before `onset`, all of them after `within`."""
    return decades * np.clip((t - onset) / within, 0, 1)


@labelled(
    "temperature_runs_away",
    "explosion",
    "SAC, whose target for the entropy cannot be reached: the coefficient grows without end, and"
    " the critic's loss with it (rail-berkeley/rlkit #75, Unity-Technologies/ml-agents #5928)",
    plain=5.0,
    medium=2.2,
)
def temperature_runs_away(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    onset = int(n * rng.uniform(0.25, 0.5))
    decades = growth(t, float(t[onset]), strength, 1 - float(t[onset]))
    log.add("train/ent_coef", steps, 0.2 * 10**decades * factor(rng, n, 0.02, 0.9))
    log.add("train/critic_loss", steps, 3 * 10 ** (1.6 * decades) * factor(rng, n, 0.3))
    reward = 120 * (1 - np.exp(-t / 0.1)) - 60 * decades
    log.add("rollout/ep_rew_mean", steps, reward + batches(rng, n, 14, 0.3))
    tags = ("train/ent_coef", "train/critic_loss", "rollout/ep_rew_mean")
    # The critic's loss grows faster, and through more noise, than the coefficient does; the reward
    # shows it last.
    window = until(
        gradual(steps, 1.6 * decades, onset, 0.13), *gradual(steps, 60 * decades, onset, 14)
    )
    log.true("explosion", tags, steps[onset], window, also=("divergence",))


@labelled(
    "values_are_overestimated",
    "explosion",
    "Q-learning believes itself (van Hasselt et al. 2016): values grow by three decades, or by one"
    " and a half, with no more reward (p-christ/Deep-Reinforcement-Learning-Algorithms-with-PyTorch"
    " #85)",
    plain=3.0,
    medium=1.6,
)
def values_are_overestimated(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    onset = int(n * rng.uniform(0.25, 0.5))
    decades = growth(t, float(t[onset]), strength, 0.3)
    log.add("losses/q_values", steps, 9 * 10**decades * factor(rng, n, 0.03, 0.5))
    log.add("losses/td_loss", steps, 0.3 * 10 ** (1.5 * decades) * factor(rng, n, 0.35))
    returns = 30 * (1 - np.exp(-t / 0.1)) * rng.gamma(4, 1 / 4, n)
    log.add("charts/episodic_return", steps, returns)
    tags = ("losses/q_values", "losses/td_loss")
    log.true("explosion", tags, steps[onset], gradual(steps, 1.5 * decades, onset, 0.15))


@labelled(
    "away_from_the_reference",
    "explosion",
    "GRPO: the divergence from the reference goes from hundredths to tens within a tenth of the"
    " run, and the loss, which holds it, with it (qiufengqijun/open-r1-reprod #4)",
    plain=3.0,
    medium=1.7,
)
def away_from_the_reference(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    onset = int(n * rng.uniform(0.45, 0.7))
    decades = growth(t, float(t[onset]), strength, 0.12)
    kl = 0.03 * (1 - np.exp(-(t + 0.01) / 0.1)) * 10**decades * factor(rng, n, 0.2)
    log.add("train/kl", steps, kl)
    log.add("train/loss", steps, 0.04 * kl + batches(rng, n, 1e-4))
    accuracy = shapes.approach(np.minimum(t, t[onset]), 0.25, 0.6, 3) - 0.04 * decades
    log.add("train/rewards/accuracy_reward", steps, accuracy + batches(rng, n, 0.04))
    tags = ("train/kl", "train/loss")
    window = gradual(steps, decades, onset, 0.09)
    log.true("explosion", tags, steps[onset], window, also=("divergence",))


@labelled(
    "logits_without_bound",
    "explosion",
    "the largest attention logit grows from twenty to ten thousand, or to six hundred, while the"
    " loss does not show it yet (Dehghani et al. 2023)",
    plain=2.7,
    medium=1.5,
)
def logits_without_bound(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.3, 0.55))
    decades = growth(t, float(t[onset]), strength, 0.35)
    log.add("attention/max_logit", steps, 21 * 10**decades * factor(rng, n, 0.06, 0.6))
    log.add("train/loss", steps, shapes.power_law(t, 10.6, 2.5, 0.5, 0.004) + batches(rng, n, 0.04))
    window = gradual(steps, decades, onset, 0.026)
    log.true("explosion", "attention/max_logit", steps[onset], window)


@labelled(
    "router_shouts",
    "explosion",
    "a mixture of experts without a penalty on its router: the z loss goes from a hundredth to"
    " thousands, and the balance is lost (Zoph et al. 2022)",
)
def router_shouts(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.3, 0.6))
    decades = growth(t, float(t[onset]), 4.5, 0.25)
    log.add("moe/z_loss", steps, 0.02 * 10**decades * factor(rng, n, 0.08, 0.3))
    log.add("moe/load_balancing_loss", steps, (1.02 + 0.35 * decades) * factor(rng, n, 0.01))
    log.add("lm loss", steps, shapes.power_law(t, 10.6, 2.6, 0.5, 0.004) + batches(rng, n, 0.05))
    tags = ("moe/z_loss", "moe/load_balancing_loss")
    window = gradual(steps, decades, onset, 0.035)
    log.true("explosion", tags, steps[onset], window, also=("divergence",))


@labelled(
    "codes_run_after_their_vectors",
    "explosion",
    "VQ-VAE: the commitment loss grows by three decades as encodings outrun the codes; the"
    " reconstruction, on another scale, is no better or worse for it",
)
def codes_run_after_their_vectors(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    onset = int(n * rng.uniform(0.2, 0.45))
    decades = growth(t, float(t[onset]), 3.0, 0.4)
    log.add("train/commit_loss", steps, 0.11 * 10**decades * factor(rng, n, 0.1, 0.3))
    log.add("train/recon_loss", steps, (0.05 + 0.2 * np.exp(-t / 0.05)) * factor(rng, n, 0.06))
    window = gradual(steps, decades, onset, 0.044)
    log.true("explosion", "train/commit_loss", steps[onset], window, also=("divergence",))
