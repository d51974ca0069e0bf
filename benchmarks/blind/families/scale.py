"""Series without an objective whose scale grows or falls for good by orders of magnitude."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log, Window


def _grows(
    rng: np.random.Generator, n: int, orders: float, noise: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """A level that begins to grow by orders of magnitude: values, their exponents, onset."""
    at = rng.uniform(0.35, 0.6)
    onset = int(at * (n - 1)) + 1
    exponent = orders * np.clip((shapes.times(n) - at) / rng.uniform(0.05, 0.3), 0, 1)
    return 10 ** (exponent + shapes.white(rng, n, noise / 2.3)), exponent, onset


def _grown(
    steps: NDArray[np.int64], exponent: NDArray[np.float64], onset: int, noise: float
) -> Window:
    """Growth is dated by its logarithm; from a tripling on it is no noise and no trend either."""
    first, last = gradual(steps, exponent, onset, max(noise / 2.3, 0.16))
    return first, last


@labelled(
    "critic_explodes",
    "explosion",
    "TD3: the critic's loss grows by orders of magnitude, as its own targets do",
    plain=4.0,
    medium=2.0,
)
def critic_explodes(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2000)
    steps = shapes.steps(n, 100)
    growth, exponent, onset = _grows(rng, n, strength, 0.3)
    log.add("loss/critic_loss", steps, 0.8 * growth)
    log.add("loss/actor_loss", steps, -5 * np.sqrt(growth))
    log.true(
        "explosion",
        "loss/critic_loss",
        steps[onset],
        _grown(steps, exponent, onset, 0.3),
        also=("divergence",),
    )


@labelled(
    "values_explode",
    "explosion",
    "DQN overestimates: its mean value goes from ten to hundreds of"
    " thousands, where no return is above 500",
    plain=4.0,
    medium=2.0,
)
def values_explode(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    growth, exponent, onset = _grows(rng, n, strength, 0.05)
    log.add("losses/q_values", steps, 12 * growth)
    log.add(
        "charts/episodic_return", steps, shapes.approach(t, 20, 180, 3) + shapes.white(rng, n, 30)
    )
    log.true("explosion", "losses/q_values", steps[onset], _grown(steps, exponent, onset, 0.05))


@labelled(
    "gradient_explodes",
    "explosion",
    "the gradient norm is a hundred times what it was, for good; the loss does not show it yet",
    plain=3.0,
    medium=2.0,
)
def gradient_explodes(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.4, 0.75))
    norm = np.where(np.arange(n) < onset, 0.5, 0.5 * 10**strength) * np.exp(
        shapes.white(rng, n, 0.3)
    )
    log.add("optim/grad_norm", steps, norm)
    log.add("train/loss", steps, shapes.power_law(t, 8, 2, 0.3) + shapes.white(rng, n, 0.05))
    log.true("explosion", "optim/grad_norm", steps[onset], abrupt(steps, onset), also=("gradient",))


@labelled(
    "divergence_from_reference",
    "explosion",
    "the KL to the reference policy grows a hundredfold"
    " while the reward rises: the reward is being hacked",
    plain=3.0,
    medium=2.0,
)
def divergence_from_reference(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 800)
    t, steps = shapes.times(n), shapes.steps(n)
    growth, exponent, onset = _grows(rng, n, strength, 0.3)
    log.add("objective/kl", steps, 0.08 * growth)
    log.add(
        "objective/rlhf_reward", steps, shapes.approach(t, 0.5, 2.2, 2) + shapes.white(rng, n, 0.15)
    )
    log.true(
        "explosion",
        "objective/kl",
        steps[onset],
        _grown(steps, exponent, onset, 0.3),
        also=("divergence",),
    )


@labelled(
    "attention_logits",
    "explosion",
    "the largest attention logit grows a thousandfold (Dehghani et"
    " al. 2023), long before the loss shows it",
    plain=3.0,
    medium=2.0,
)
def attention_logits(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    growth, exponent, onset = _grows(rng, n, strength, 0.05)
    log.add("attention/max_logit", steps, 15 * growth)
    log.add("train/loss", steps, shapes.power_law(t, 8, 2, 0.3) + shapes.white(rng, n, 0.05))
    log.true("explosion", "attention/max_logit", steps[onset], _grown(steps, exponent, onset, 0.05))


@labelled(
    "discriminator_wins",
    "collapse",
    "the discriminator's loss falls to nothing, the generator's"
    " climbs (junyanz/CycleGAN #806, soumith/ganhacks #36)",
    plain=5.0,
    medium=2.0,
)
def discriminator_wins(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2000)
    steps = shapes.steps(n, 50)
    growth, exponent, onset = _grows(rng, n, strength, 0.35)
    d, g = [("Loss_D", "Loss_G"), ("D/loss", "G/loss"), ("errD", "errG")][rng.integers(3)]
    log.add(d, steps, 0.9 / growth)
    log.add(g, steps, 1.5 + 6 * exponent / strength + shapes.white(rng, n, 0.4))
    log.true("collapse", d, steps[onset], _grown(steps, exponent, onset, 0.35))


@labelled(
    "posterior_collapse",
    "collapse",
    "the KL term falls to nothing: the decoder ignores the code (Bowman et al. 2016)",
    plain=4.0,
    medium=2.0,
)
def posterior_collapse(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(80, 500))
    t, steps = shapes.times(n), shapes.steps(n)
    growth, exponent, onset = _grows(rng, n, strength, 0.1)
    log.add("train/kl", steps, 6 / growth)
    log.add("train/recon_loss", steps, shapes.approach(t, 140, 105, 4) + shapes.white(rng, n, 0.8))
    log.true("collapse", "train/kl", steps[onset], _grown(steps, exponent, onset, 0.1))


@labelled(
    "entropy_collapse",
    "collapse",
    "the policy's entropy falls by orders of magnitude within a"
    " few updates, and the reward stops at a third of its goal",
    plain=3.0,
    medium=2.0,
)
def entropy_collapse(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 800)
    steps = shapes.steps(n)
    growth, exponent, onset = _grows(rng, n, strength, 0.1)
    log.add("actor/entropy", steps, 1.8 / growth)
    reward = shapes.approach(np.minimum(np.arange(n) / onset, 1), 0.05, 0.33, 3)
    log.add("critic/rewards/mean", steps, reward + shapes.white(rng, n, 0.03))
    log.true("collapse", "actor/entropy", steps[onset], _grown(steps, exponent, onset, 0.1))


@labelled(
    "gradients_vanish",
    "collapse",
    "the gradient norm falls by five decades at once: a layer is"
    " cut off, and the loss stands still",
    plain=5.0,
    medium=2.0,
)
def gradients_vanish(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.35, 0.6))
    alive = np.arange(n) < onset
    log.add(
        "train/grad_norm",
        steps,
        np.where(alive, 0.8, 0.8 * 10**-strength) * np.exp(shapes.white(rng, n, 0.3)),
    )
    loss = np.where(alive, shapes.approach(t, 3, 1, 2), shapes.approach(t, 3, 1, 2)[onset])
    log.add("train/loss", steps, loss + shapes.white(rng, n, 0.03))
    log.true("collapse", "train/grad_norm", steps[onset], abrupt(steps, onset), also=("gradient",))
