"""What a tag says of the state of a model: what may not vanish in it, and what may not grow.

None of it has an objective. Most of it moves while a model learns; but an entropy, a rank or the
use of a codebook that is next to nothing is a collapse, and a norm, a logit or the loss of a critic
that grows by an order of magnitude is an explosion, where another quantity would be just another.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from tbtools.analysis.objective.machinery import machinery_of
from tbtools.analysis.objective.meaning import meaning_of
from tbtools.analysis.objective.table import TAGS_KEPT, words

Vital = Literal[
    "spread",  # how many, or how different: may not vanish
    "noise",  # of a policy's actions: may neither vanish nor grow
    "adversary",  # the loss of a discriminator: may not vanish
    "gradient",  # may neither vanish nor grow
    "code",  # the divergence of a code from its prior: may not vanish
    "divergence",  # of a code, or of a policy: its words do not say
    "player",  # what a critic foretells, and its loss: grows with the rewards only
    "size",  # may not grow
    "generator",  # its loss: may not grow, or the discriminator tells all apart
    "dead",  # a share of units that is of no use: may not become all
    "coefficient",  # of a divergence: adapts to it, and may not run away from it
]

# Spreads by one word ...
_SPREADS = frozenset(
    {
        "entropy",  # of policies, attention, routers, codes; SB3's entropy_loss is minus that
        "ent",  # tianshou
        "rankme",  # Garrido 2023
        "srank",  # Kumar 2021
        "diversity",
        "modes",
        "alive",
        "uniformity",  # of embeddings (Wang 2020)
    }
)
# ... or by one of some words beside one of others.
_SPREADS_OF = (
    ({"rank"}, {"effective", "eff", "stable", "feature", "features", "numerical", "repr"}),
    (
        {"perplexity", "usage", "utilization", "utilisation", "active", "used"},
        {
            "code",
            "codes",
            "codebook",
            "vq",
            "cluster",
            "clusters",
            "quantizer",
            "expert",
            "experts",
        },
    ),
    ({"active"}, {"units", "latents", "neurons", "dims"}),
    ({"dirichlet"}, {"energy"}),  # of the features of a graph (Cai 2020)
    (
        {"std", "var", "variance"},
        {
            *("feature", "features", "feat", "feats", "embedding", "embeddings", "emb", "embed"),
            *("z", "representation", "representations"),
            *("repr", "output", "outputs", "latent", "latents", "reward", "rewards", "logits"),
        },
    ),
    (
        {"length", "len"},
        {"response", "responses", "completion", "completions", "generation", "generated"},
    ),
)
_DEVIATIONS = frozenset({"std", "var", "variance"})
_ACTIONS = frozenset({"policy", "action", "actions", "actor", "noise"})
# What a router gives to one of its experts, by number, and what else is measured of them.
_GIVEN = frozenset({"share", "load", "fraction", "frac", "tokens"})
_OF_ALL_EXPERTS = frozenset(
    {"balance", "balancing", "imbalance", "std", "var", "max", "dropped", "unused", "overflow"}
    | {"loss", "time"}
)
_DEAD = (
    ({"dead", "dormant", "saturated"}, {"fraction", "frac", "ratio", "share", "rate", "neurons"}),
    ({"zero", "zeros"}, {"fraction", "frac"}),  # TF-Slim, Estimators
    ({"sparsity"}, {"relu", "activation", "activations", "act"}),
)
_DIVERGENCES = frozenset({"kl", "kld", "kldiv", "kullback"})
# Of a policy from what it was, or from what it was made of.
_OF_A_POLICY = frozenset(
    {"approx", "ppo", "policy", "actor", "old", "ref", "reference", "objective", "pi"}
)
_OF_A_CODE = frozenset({"latent", "latents", "z", "elbo", "vae", "posterior", "prior"})
# What adaptive penalties multiply a divergence with (Schulman 2017, section 4): RLlib, TRL.
_COEFFICIENTS = frozenset({"coef", "coeff", "coefficient"})
_LOGITS = frozenset({"logit", "logits"})
_STATES = frozenset(
    {
        *("activation", "activations", "act", "acts", "hidden", "output", "attn", "mlp", "ffn"),
        *("residual", "resid", "param", "params", "weight", "weights"),
    }
)
_MEASURES_OF_SIZE = frozenset({"max", "rms", "abs", "mean", "norm", "l2"})
# The squared logarithm of the sum of a router's exponentials (ST-MoE, 2022).
_ROUTERS = frozenset({"router", "routing"})
_CURVATURES = frozenset({"sharpness", "eigenvalue", "eigenvalues", "condition", "hessian"})
_RATIOS = (
    ({"ratio", "ratios"}, {"importance", "policy", "actor", "is", "val", "prob"}),
    ({"weight", "weights"}, {"importance", "is"}),
)
_VALUES = frozenset({"q", "qf", "qs", "value", "values", "critic", "vf", "td", "advantage"})
_NORMS = frozenset({"norm", "norms"})
_PENALTIES = frozenset({"penalty", "gp", "commitment", "commit", "vq", "reg", "regularization"})
_GENERATORS = frozenset({"d", "g", "disc", "gen", "discriminator", "generator", "fake", "real"})
_MAKERS = frozenset({"g", "gen", "generator", "netg", "errg"})
_DISCRIMINATORS = frozenset({"d", "disc", "dis", "discriminator", "errd", "netd", "fake", "real"})
_LOSSES = frozenset({"loss", "losses"})
# Shares that are clipped, and what a term is multiplied with.
_ABOUT = frozenset({"clip", "clipped", "clipfrac", "clipping", "coef", "coeff", "weight", "beta"})


@lru_cache(TAGS_KEPT)
def vital_of(tag: str) -> Vital | None:
    """Says what of the state of a model a tag measures; None for everything else.

    Args:
        tag: The tag.
    """
    known = frozenset(words(tag))
    if known & _COEFFICIENTS and known & _DIVERGENCES:
        return "coefficient"
    if machinery_of(tag) is not None:
        return "gradient" if machinery_of(tag) == "gradient_norm" else None
    if known & _ABOUT and not known & (_NORMS | _MEASURES_OF_SIZE) - {"mean"}:
        return None
    if any(known & one and known & other for one, other in _DEAD):
        return "dead"
    if (spread := _spread_of(known)) is not None:
        return spread
    if known & _DIVERGENCES:
        if known & _OF_A_CODE:
            return "code"
        return "size" if known & _OF_A_POLICY else "divergence"
    if (meaning_of(tag).plays and known & _DISCRIMINATORS) or "errd" in known:
        return "adversary"
    if (meaning_of(tag).plays and known & _MAKERS) or "errg" in known:
        return "generator"
    return _of_size(tag, known)


def is_deviation(tag: str) -> bool:
    """Whether a tag is how far apart values are, and not how many there are.

    Args:
        tag: The tag.
    """
    return not _DEVIATIONS.isdisjoint(words(tag))


def _spread_of(known: frozenset[str]) -> Literal["spread", "noise"] | None:
    if known & _SPREADS or any(known & one and known & other for one, other in _SPREADS_OF):
        return "spread"
    if known & _DEVIATIONS and known & _ACTIONS:
        return "spread" if known & (_VALUES | {"diffusion"}) else "noise"
    given = "expert" in known and known & _GIVEN and not known & _OF_ALL_EXPERTS
    return "spread" if given and any(word.isdigit() for word in known) else None


def _of_size(tag: str, known: frozenset[str]) -> Vital | None:
    if known & _VALUES and not known & _GENERATORS:
        return "player"
    if known & _LOGITS or known & _NORMS or (known & _STATES and known & _MEASURES_OF_SIZE):
        return "size"
    if known & _ROUTERS and "z" in known:
        return "size"
    if any(known & one and known & other for one, other in _RATIOS):
        return "size"
    if known & _PENALTIES or known & _CURVATURES:
        return "size"
    # Beside a reward it is that of who foretells it.
    return "player" if known & _LOSSES and not meaning_of(tag).plays else None
