"""What the state of a model shows beside its loss: what vanishes, what grows, and what may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.curves import Array, steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.detection.development.shapes import Made, Rng

ENTROPIES = (
    "train/entropy_loss",  # Stable-Baselines3
    "losses/entropy",  # CleanRL, rl_games
    "actor/entropy",  # verl
    "objective/entropy",  # TRL
    "Policy/Entropy",  # ML-Agents
    "Loss/entropy",  # rsl_rl
    "loss/ent",  # tianshou
    "info/learner/default_policy/learner_stats/entropy",  # RLlib
    "policy_entropy",
)
CODES = (
    "vq/perplexity",
    "train/codebook_perplexity",
    "quantizer/codebook_usage",
    "codebook/active_codes",
    "val/code_usage",
    "vq_codes_used",
    "train/num_active_codes",
    "cluster_usage",
)
RANKS = (
    "effective_rank",
    "eval/rankme",
    "features/srank",
    "repr/stable_rank",
    "train/feature_rank",
)
SPREADS = (
    "train/embedding_std",
    "ssl/z_std",
    "std_of_features",
    "representation/std",
    "avg_output_std",
    "repr_variance",
)
DIVERSITIES = (
    "sample_diversity",
    "gan/diversity",
    "eval/lpips_diversity",
    "num_modes",
    "modes_covered",
)
POSTERIORS = (
    "train/kl",
    "kld",
    "loss/kl_divergence",
    "KL/train",
    "elbo/kl_term",
    "latent/active_units",
)
DISCRIMINATORS = (
    "d_loss",
    "loss_D",
    "Loss/D/loss",
    "errD",
    "discriminator_loss",
    "losses/disc",
    "D_loss/fake",
)
NORMS = (
    "grad_norm",
    "train/grad_norm",
    "gradient_norm",
    "gnorm",
    "l2_norm/grad/global",
    "optim/total_grad_norm",
    "grad_2.0_norm_total",
    "actor/grad_norm",
)
LAYERS = ("grad_norm/encoder.layer.0", "gradients/conv1.weight_norm", "grad_2.0_norm/embed")
DEAD = (
    "activations/dead_fraction",
    "dead_neurons",
    "dormant_ratio",
    "dnn/hiddenlayer_0/fraction_of_zero_values",
    "relu1/sparsity",
    "fraction_dead",
)
CRITICS = (
    "train/critic_loss",
    "losses/qf1_loss",
    "Losses/Value Loss",
    "Loss/value_function",
    "critic/vf_loss",
    "loss/value_avg",
    "info/learner/default_policy/learner_stats/vf_loss",
    "td_error",
)
VALUES = (
    "losses/qf1_values",
    "train/mean_q",
    "q_values_mean",
    "critic/values/mean",
    "mean_q_value",
)
SIZES = (
    "weight_norm",
    "params/norm",
    "l2_norm/param/global",
    "model/param_norm",
    "hidden_state_norm",
)
LOGITS = ("logits/max", "attn/max_logit", "layer_3/attention_logits", "z_loss", "router/z_loss")
ACTIVATIONS = ("activations/layer_12/max", "act/rms", "block5/output_abs_max", "residual/norm")
DIVERGENCES = (
    "objective/kl",
    "actor/ppo_kl",
    "train/approx_kl",
    "kl_to_reference",
    "losses/approx_kl",
)
RATIOS = ("val/ratio", "actor/ratio_max", "importance_ratio", "policy/ratio", "train/is_weight_max")
TERMS = (
    "loss/gradient_penalty",
    "train/gp",
    "commitment_loss",
    "vq_loss",
    "aux_loss",
    "reg_loss",
    "loss/orthogonality_penalty",
)


def since(n: int, at: int) -> Array:
    return np.clip(np.arange(n) - at, 0, None).astype(float)


def moves(rng: Rng, n: int, at: int, factor: float, part: float) -> Array:
    """A factor that a series is multiplied with: 1 before a point, along one of three ways."""
    way = np.minimum(since(n, at - 1) / max(1.0, part * n), 1)
    kind = int(rng.integers(0, 3))
    if kind == 1:
        way = 1 - np.exp(-3 * since(n, at - 1) / max(1.0, part * n))
    elif kind == 2:
        way = way**2 * (3 - 2 * way) if part * n > 6 else way
    return np.asarray(factor**way)


def one(rng: Rng, tags: tuple[str, ...], y: Array, at: int, *, sudden: bool = False) -> Made:
    tag = str(rng.choice(tags))
    return tag, {tag: (steps(rng, len(y)), y)}, at, sudden


def beside(rng: Rng, tags: tuple[str, ...], y: Array, at: int, other: Mapping[str, Array]) -> Made:
    tag = str(rng.choice(tags))
    x = steps(rng, len(y))
    return tag, {tag: (x, y)} | {name: (x, each) for name, each in other.items()}, at, False


def place(rng: Rng, n: int, low: float = 0.15, high: float = 0.75) -> int:
    return int(n * rng.uniform(low, high))


def flat_reward(rng: Rng, n: int) -> dict[str, Array]:
    y = 20 + 60 * np.minimum(np.arange(n) / (0.15 * n), 1) + 8 * rng.normal(size=n)
    return {str(rng.choice(["rollout/ep_rew_mean", "reward", "eval/return"])): y}


def lost_reward(rng: Rng, n: int, at: int) -> dict[str, Array]:
    y = 80 * np.minimum(np.arange(n) / max(1, at), 1) * np.exp(-since(n, at) / (0.1 * n))
    return {"episode_reward": y + 4 * rng.normal(size=n)}
