"""Gradients that are always clipped, that grow though nothing is learned, or come in bursts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.curves import Array, decay, noise, size, steps

if TYPE_CHECKING:
    from benchmarks.detection.development.shapes import Made, Rng

NORMS = (
    "grad_norm",
    "train/grad_norm",
    "gradient_norm",
    "gnorm",
    "optim/total_grad_norm",
    "grad_2.0_norm_total",
    "train/gradient-norm",
    "l2_norm/grad/global",
)
SHARES = (
    "train/clip",  # fairseq, in percent
    "optim/clipping_rate",  # OLMo
    "grad_clip_fraction",
    "gradients/clipped",
    "train/grad_clipped_ratio",
    "gradient_clip_rate",
    "grad/was_clipped",
    "clip_grad_frac",
)
POLICY_SHARES = (
    "train/clip_fraction",  # Stable-Baselines3
    "losses/clipfrac",  # CleanRL
    "actor/pg_clipfrac",  # verl
    "policy/clipfrac_avg",  # TRL
    "clip_ratio/region_mean",
    "clip_ratio",
)


def _loss(rng: Rng, n: int) -> Array:
    return decay(rng, n) + 0.5 + 0.03 * rng.normal(size=n)


def _made(rng: Rng, tag: str, y: Array, loss: Array, at: int, *, sudden: bool = False) -> Made:
    x = steps(rng, len(y))
    return tag, {str(rng.choice(["train/loss", "loss"])): (x, loss), tag: (x, y)}, at, sudden


def clipped_from_the_start(rng: Rng) -> Made:
    """The norm is logged after it was clipped, in nine steps of ten and more at the limit."""
    n = size(rng, 40, 2000)
    limit = float(rng.choice([0.1, 0.5, 1.0, 5.0]))
    free = rng.random(n) < rng.uniform(0, 0.1)
    norm = limit * np.where(free, rng.uniform(0.5, 1, n), 1 - 1e-6 * rng.random(n))
    return _made(rng, str(rng.choice(NORMS)), norm, _loss(rng, n), 0)


def clipped_later(rng: Rng) -> Made:
    n = size(rng, 80, 2000)
    at = int(n * rng.uniform(0.15, 0.5))
    norm = np.minimum(0.4 * np.exp(0.3 * rng.normal(size=n)), 1.0)
    free = rng.random(n) < rng.uniform(0, 0.08)
    norm[at:] = np.where(free, rng.uniform(0.6, 1, n), 1 - 1e-6 * rng.random(n))[at:]
    return _made(rng, str(rng.choice(NORMS)), norm, _loss(rng, n), at)


def share_that_is_clipped(rng: Rng) -> Made:
    n = size(rng, 40, 1000)
    at = int(n * rng.uniform(0.1, 0.5)) if rng.random() < 0.5 else 0
    tag = str(rng.choice(SHARES))
    share = np.where(np.arange(n) < at, 0.1, 0.97) + 0.02 * rng.normal(size=n)
    y = share.clip(0, 1)
    if tag.endswith("clipped"):
        y = (rng.random(n) < np.where(np.arange(n) < at, 0.1, 0.97)).astype(float)
    elif rng.random() < 0.3 or tag == "train/clip":
        y = 100 * y
    x = steps(rng, n)
    norm = 3 * np.exp(0.3 * rng.normal(size=n))
    series = {"train/loss": (x, _loss(rng, n)), "train/gnorm": (x, norm), tag: (x, y)}
    return tag, series, at, False


def rises_while_the_loss_rests(rng: Rng) -> Made:
    n = size(rng, 80, 2000)
    at = int(n * rng.uniform(0.2, 0.6))
    k = np.minimum(np.clip(np.arange(n) - at, 0, None) / (n * rng.uniform(0.05, 0.4)), 1)
    norm = rng.uniform(0.2, 3) * np.exp(np.log(rng.uniform(5, 80)) * k)
    norm = norm * np.exp(rng.uniform(0.05, 0.35) * rng.normal(size=n))
    loss = 1.2 + 2 * np.exp(-np.arange(n) / (0.2 * at)) + 0.04 * noise(rng, n).clip(-4, 4)
    return _made(rng, str(rng.choice(NORMS)), norm, loss, at)


def rises_from_the_start(rng: Rng) -> Made:
    """The loss stays where it was."""
    n = size(rng, 80, 2000)
    k = np.arange(n) / n
    norm = rng.uniform(0.2, 3) * np.exp(np.log(rng.uniform(8, 80)) * k ** rng.uniform(0.7, 1.2))
    norm = norm * np.exp(rng.uniform(0.05, 0.3) * rng.normal(size=n))
    loss = 2.3 + rng.uniform(0.01, 0.1) * rng.normal(size=n)
    return _made(rng, str(rng.choice(NORMS)), norm, loss, 0)


def comes_in_bursts(rng: Rng) -> Made:
    """From some point on one step in ten has a gradient of ten times the usual norm and more."""
    n = size(rng, 150, 2000)
    at = int(n * rng.uniform(0.15, 0.6))
    norm = rng.uniform(0.2, 3) * np.exp(rng.uniform(0.1, 0.3) * rng.normal(size=n))
    bursts = (rng.random(n) < rng.uniform(0.06, 0.2)) & (np.arange(n) >= at)
    bursts[at] = True
    norm = np.where(bursts, norm * np.exp(rng.uniform(np.log(12), np.log(200), n)), norm)
    return _made(rng, str(rng.choice(NORMS)), norm, _loss(rng, n), at)


# ---- and what is sound


def clipped_at_first(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    norm = (4 * np.exp(-np.arange(n) / (n * rng.uniform(0.03, 0.15))) + 0.3) * np.exp(
        0.2 * rng.normal(size=n)
    )
    return _made(rng, str(rng.choice(NORMS)), np.minimum(norm, 1.0), _loss(rng, n), -1)


def norm_rises_as_the_loss_falls(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    t = np.arange(n) / n
    norm = 0.3 * (1 + rng.uniform(3, 12) * t) * np.exp(0.25 * rng.normal(size=n))
    loss = 4 * (1 + t / 0.02) ** -0.3 + 0.03 * rng.normal(size=n)
    return _made(rng, str(rng.choice(NORMS)), norm, loss, -1)


def tails_are_heavy(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    norm = np.exp(rng.uniform(0.2, 0.8) * rng.standard_t(4, n))
    return _made(rng, str(rng.choice(NORMS)), norm, _loss(rng, n), -1)


def policies_are_clipped(rng: Rng) -> Made:
    n = size(rng, 60, 1000)
    y = (0.3 + 0.1 * rng.normal(size=n)).clip(0, 1)
    x = steps(rng, n)
    tag = str(rng.choice(POLICY_SHARES))
    norm = 0.5 + 0.1 * rng.random(n)
    return tag, {tag: (x, y), "train/grad_norm": (x, norm)}, -1, False


TROUBLED = (
    clipped_from_the_start,
    clipped_later,
    share_that_is_clipped,
    rises_while_the_loss_rests,
    rises_from_the_start,
    comes_in_bursts,
)
CALM = (
    clipped_at_first,
    norm_rises_as_the_loss_falls,
    tails_are_heavy,
    policies_are_clipped,
)
