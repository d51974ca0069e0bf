"""What frameworks write beside what one looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.making import grain, places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.blind.runs import Log
    from benchmarks.blind.seventh.making import Array, Steps


def keras(
    log: Log,
    train: Mapping[str, Array],
    validation: Mapping[str, Array],
    rate: Array | float | None = None,
) -> Steps:
    """`keras.callbacks.TensorBoard`: a writer for training, one for validation, a step an epoch."""
    steps = np.arange(len(next(iter(train.values()))), dtype=np.int64)
    log.session("train")
    for name, values in train.items():
        log.add(f"epoch_{name}", steps, values)
    if rate is not None:
        log.add("epoch_learning_rate", steps, rate)
    log.session("validation")
    for name, values in validation.items():
        log.add(f"epoch_{name}", steps, values)
    return steps


def trainer(
    log: Log, steps: Steps, loss: Array, norm: Array, rate: Array, per_epoch: float
) -> None:
    """`transformers.Trainer`: losses to four places, epochs to two."""
    log.add("train/loss", steps, places(loss, 4))
    log.add("train/grad_norm", steps, norm)
    log.add("train/learning_rate", steps, rate)
    log.add("train/epoch", steps, places(steps / per_epoch, 2))


def evaluated(
    log: Log, rng: np.random.Generator, at: Steps, scores: Mapping[str, Array], examples: int
) -> None:
    """What `Trainer.evaluate` adds."""
    for name, values in scores.items():
        log.add(f"eval/{name}", at, values)
    runtime = examples / rng.uniform(20, 200) * rng.gamma(400, 1 / 400, len(at))
    log.add("eval/runtime", at, places(runtime, 4))
    log.add("eval/samples_per_second", at, places(examples / runtime, 3))


def norms(rng: np.random.Generator, n: int, level: Array | float, spread: float = 0.25) -> Array:
    """Gradient norms: skewed, and neighbours alike."""
    return np.asarray(level * np.exp(grain(rng, n, spread, 0.4, 6)))


def linear(steps: Steps, total: int, peak: float, warmup: float = 0.05) -> Array:
    """The default schedule of `transformers`, to zero after `total` steps."""
    share = steps / total
    return peak * np.clip(np.minimum(share / max(warmup, 1e-9), (1 - share) / (1 - warmup)), 0, 1)


def cosine(steps: Steps, total: int, peak: float, warmup: float = 0.03) -> Array:
    """Up in a line, down in half a wave to zero."""
    share = steps / total
    after = np.clip((share - warmup) / (1 - warmup), 0, 1)
    return np.where(
        share < warmup, peak * share / max(warmup, 1e-9), peak * (1 + np.cos(np.pi * after)) / 2
    )


def rollouts(
    log: Log,
    rng: np.random.Generator,
    steps: Steps,
    reward: Array,
    *,
    length: Array | float = 200.0,
    fps: float = 900,
) -> None:
    """The part of Stable-Baselines3's log that all of its algorithms have."""
    n = len(steps)
    log.seconds_per_step = 1 / fps
    log.add("rollout/ep_rew_mean", steps, reward)
    log.add("rollout/ep_len_mean", steps, places(length * np.exp(grain(rng, n, 0.01)), 1))
    log.add("time/fps", steps, np.round(fps * (1 + 0.05 * np.exp(-np.arange(n) / 4))))


def ppo(log: Log, rng: np.random.Generator, steps: Steps, entropy: Array, value: Array) -> None:
    """What PPO of Stable-Baselines3 adds after its first update."""
    n = len(steps) - 1
    later = steps[1:]
    log.add("train/entropy_loss", later, -entropy[1:])
    log.add("train/value_loss", later, value[1:])
    log.add("train/approx_kl", later, 0.008 * np.exp(grain(rng, n, 0.35)))
    log.add("train/clip_fraction", later, np.clip(0.09 + grain(rng, n, 0.02), 0, 1))
    log.add("train/policy_gradient_loss", later, -0.006 + grain(rng, n, 0.002))
    log.add("train/learning_rate", later, 3e-4)
