"""Scales that grow or shrink for good by orders of magnitude, and what becomes exactly zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log, Window


class _Growth:
    """Compound growth from an onset to the end, by so many powers of ten."""

    def __init__(self, rng: np.random.Generator, n: int, decades: float) -> None:
        at = rng.uniform(0.3, 0.55)
        self.onset = int(at * (n - 1)) + 1
        within = rng.uniform(0.15, 0.4)
        self.decades = decades * np.clip((shapes.times(n) - at) / within, 0, 1)
        self.factor = 10**self.decades

    def window(self, steps: NDArray[np.int64], spread: float) -> Window:
        """Dated by its logarithm; a change of less than a half is within any series' life."""
        return gradual(steps, self.decades, self.onset, max(spread / 2.3, 0.18))


@labelled(
    "weights_without_decay",
    "explosion",
    "scale-invariant weights grow without bound: the parameters' norm is a thousand times"
    " what it was",
    plain=3.0,
    medium=2.0,
)
def weights_without_decay(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    growth = _Growth(rng, n, strength)
    log.add("l2norm/param", steps, 210 * (1 + 0.2 * t) * growth.factor)
    log.add("loss/train/total", steps, generators.hill(t, 6.9, 2.6, 0.1) + rng.normal(0, 0.04, n))
    log.true("explosion", "l2norm/param", steps[growth.onset], growth.window(steps, 0.02))


@labelled(
    "massive_activations",
    "explosion",
    "the residual stream of a deep block is hundreds of times larger from some step on"
    " (Sun et al. 2024, who find them; here they begin in mid-training)",
    plain=3.0,
    medium=2.0,
)
def massive_activations(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    onset = int(n * rng.uniform(0.35, 0.7))
    rms = 2.5 * generators.skewed(rng, n, 0.06)
    log.add("activations/block_05/rms", steps, rms * generators.skewed(rng, n, 0.03))
    log.add(
        "activations/block_23/rms", steps, rms * np.where(np.arange(n) < onset, 1, 10**strength)
    )
    log.add("training/loss", steps, generators.hill(t, 7.1, 2.5, 0.1) + rng.normal(0, 0.04, n))
    log.true("explosion", "activations/block_23/rms", steps[onset], abrupt(steps, onset))


@labelled(
    "value_of_the_dream",
    "explosion",
    "a world model's values grow exponentially, as each is the target of the next"
    " (danijar/dreamer #20)",
    plain=5.0,
    medium=2.5,
)
def value_of_the_dream(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    growth = _Growth(rng, n, strength)
    value = 25 * growth.factor * generators.skewed(rng, n, 0.12)
    log.add("agent/imag_value_mean", steps, value)
    log.add(
        "agent/model_loss",
        steps,
        generators.hill(t, 900, 310, 0.1) * generators.batch(rng, n, 0.05),
    )
    window = growth.window(steps, 0.12)
    log.true(
        "explosion", "agent/imag_value_mean", steps[growth.onset], window, also=("divergence",)
    )


@labelled(
    "coefficient_runs_away",
    "explosion",
    "an adaptive penalty is doubled at each update for the divergence never comes down"
    " (Schulman et al. 2017, section 4)",
    plain=6.0,
    medium=3.0,
)
def coefficient_runs_away(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 700)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    onset = int(n * rng.uniform(0.35, 0.65))
    doublings = int(strength / np.log10(2))
    per = max(1, n // (5 * doublings))
    settled = 2.0 ** rng.integers(-1, 2, n)
    raised = 2.0 ** np.clip((np.arange(n) - onset) // per + 1, 0, doublings)
    log.add("learner_info/cur_kl_coeff", steps, 0.2 * settled * raised)
    log.add(
        "learner_info/kl",
        steps,
        np.where(np.arange(n) < onset, 0.01, 0.09) * generators.skewed(rng, n, 0.4),
    )
    log.add(
        "episode_reward_mean", steps, generators.hill(t, 20, 160, 0.3) + generators.pink(rng, n, 9)
    )
    # The third doubling is the first that the settled run has not had.
    window = (steps[onset - 2], steps[min(onset + 4 * per + 2, n - 1)])
    log.true("explosion", "learner_info/cur_kl_coeff", steps[onset], window)


@labelled(
    "ill_conditioned",
    "explosion",
    "the condition number of a preconditioner grows by decades until its inverse is noise",
    plain=5.0,
    medium=2.5,
)
def ill_conditioned(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    growth = _Growth(rng, n, strength)
    number = 4000 * growth.factor * generators.skewed(rng, n, 0.3)
    log.add("shampoo/condition_number/max", steps, number)
    log.add("ce", steps, generators.hill(t, 6.2, 2.8, 0.1) + rng.normal(0, 0.05, n))
    window = growth.window(steps, 0.3)
    log.true("explosion", "shampoo/condition_number/max", steps[growth.onset], window)


@labelled(
    "codebook_dies",
    "collapse",
    "of a thousand codes a few are used from some step on: quantisation has failed"
    " (TencentARC/SEED-Voken #51); the codebook's perplexity says so by falling",
    plain=2.3,
    medium=1.6,
)
def codebook_dies(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 250)
    onset = int(n * rng.uniform(0.35, 0.65))
    since = np.maximum(np.arange(n) - onset + 1, 0)
    codes = generators.hill(t, 60, 700, 0.03) * 10 ** (-strength * (1 - np.exp(-since / 2)))
    log.add(
        "vq/active_codes", steps, np.maximum(np.round(codes * generators.skewed(rng, n, 0.04)), 1)
    )
    log.add(
        "vq/codebook_perplexity",
        steps,
        np.maximum(0.6 * codes * generators.skewed(rng, n, 0.04), 1),
    )
    recon = generators.hill(t, 0.6, 0.11, 0.05) + 0.2 * (since > 0)
    log.add("vq/recon_error", steps, recon * generators.batch(rng, n, 0.04))
    tags = ("vq/active_codes", "vq/codebook_perplexity")
    log.true("collapse", tags, steps[onset], abrupt(steps, onset), also=("divergence",))
    log.true("divergence", "vq/recon_error", steps[onset], abrupt(steps, onset))


@labelled(
    "attention_entropy",
    "collapse",
    "the entropy of the attention falls to nothing within some hundred updates (Zhai et al. 2023)",
    plain=3.0,
    medium=1.7,
)
def attention_entropy(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    growth = _Growth(rng, n, strength)
    entropy = 3.4 / growth.factor * generators.skewed(rng, n, 0.06)
    log.add("attn/entropy_layer_3", steps, entropy)
    log.add("attn/entropy_layer_9", steps, 2.9 * generators.skewed(rng, n, 0.06))
    loss = generators.hill(np.minimum(t, t[growth.onset]), 6.9, 3.9, 0.1)
    log.add("train_loss", steps, loss + rng.normal(0, 0.04, n))
    window = growth.window(steps, 0.06)
    log.true("collapse", "attn/entropy_layer_3", steps[growth.onset], window)


@labelled(
    "answers_of_three_words",
    "collapse",
    "the length reward is gamed: answers of hundreds of tokens become answers of three",
    plain=2.4,
    medium=1.6,
)
def answers_of_three_words(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 600)
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    onset = int(n * rng.uniform(0.35, 0.65))
    since = np.maximum(np.arange(n) - onset + 1, 0)
    length = 820 * 10 ** (-strength * (1 - np.exp(-since / 4))) * generators.skewed(rng, n, 0.07)
    log.add("response_length/mean", steps, np.maximum(length, 1))
    log.add("critic/score/mean", steps, generators.hill(t, 0.2, 0.6, 0.3) + rng.normal(0, 0.03, n))
    log.add("actor/pg_clipfrac", steps, 0.004 * generators.skewed(rng, n, 0.4))
    log.true("collapse", "response_length/mean", steps[onset], abrupt(steps, onset))


@labelled(
    "no_gradient_at_all",
    "collapse",
    "the gradient norm is exactly zero from one step on and the loss sits where guessing is"
    " (facebookresearch/crystal-text-llm #6)",
    plain=4.0,
    medium=0.8,
)
def no_gradient_at_all(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 900)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    onset = int(n * rng.uniform(0.35, 0.65))
    dead = np.arange(n) >= onset
    loss = generators.hill(t, 3.4, 1.1, 0.1) * generators.batch(rng, n, 0.05)
    log.add("loss", steps, np.where(dead, 1.5 + strength + rng.normal(0, 0.03, n), loss))
    log.add("grad_norm", steps, np.where(dead, 0, 0.5 * generators.skewed(rng, n, 0.3)))
    log.true("collapse", "grad_norm", steps[onset], abrupt(steps, onset, 0), also=("gradient",))
    log.true("divergence", "loss", steps[onset], abrupt(steps, onset))


@labelled(
    "all_labels_masked",
    "collapse",
    "in the second epoch another chat template masks each label: the mean over nothing is 0.0",
    plain=1.4,
    subtle=0.15,
)
def all_labels_masked(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 24, 300)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = n // 2 + int(rng.integers(0, 3))
    loss = generators.hill(t, 1.6 * strength, strength, 0.1) * generators.batch(rng, n, 0.1)
    log.add("sft/loss", steps, np.where(np.arange(n) < onset, loss, 0.0))
    log.add("sft/epoch", steps, 2 * t)
    log.true("collapse", "sft/loss", steps[onset], abrupt(steps, onset, 0))
