"""Healthy runs of models that make pictures and sounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, evaluations, factor
from benchmarks.blind.third.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "denoising_says_little",
    "a diffusion model: the loss is where it will be after a fiftieth of the run, the distance of"
    " its pictures falls to the end (huggingface/diffusers #3604, PRBonn/LiDiff #27)",
    tolerated=("plateau",),
)
def denoising_says_little(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1500, 50000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    loss = 0.029 + 0.9 * (1 + t / 0.0008) ** -1.3 - 0.001 * t
    log.add("train/loss", steps, loss * factor(rng, n, 0.17, 0.0, 0.004))
    log.add("train/ema_decay", steps, np.minimum(0.9999, 1 - (1 + steps) ** -0.75))
    rare = steps[n // 25 - 1 :: n // 25]
    fid = 7.5 + 60 * np.exp(-4 * np.linspace(0, 1, len(rare))) - np.linspace(0, 1.5, len(rare))
    log.add("eval/fid", rare, fid * factor(rng, len(rare), 0.02))
    evaluations(log, rare, 1500)


@healthy(
    "augmentation_finds_its_strength",
    "StyleGAN2-ADA: the losses of the two players mean little and drift, the probability of"
    " augmentation climbs from zero and hovers, fid50k_full falls",
)
def augmentation_finds_its_strength(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 4, 0)
    log.add("Loss/G/loss", steps, 0.8 + 0.5 * t + batches(rng, n, 0.12, 0.7))
    log.add("Loss/D/loss", steps, 0.95 - 0.12 * np.sqrt(t) + batches(rng, n, 0.07, 0.7))
    log.add("Loss/signs/real", steps, 0.6 - 0.25 * np.exp(-t / 0.02) + batches(rng, n, 0.03, 0.4))
    log.add("Progress/augment", steps, 0.55 * (1 - np.exp(-t / 0.2)) + batches(rng, n, 0.01, 0.95))
    log.add("Loss/r1_penalty", steps, (0.02 + 0.1 * np.exp(-t / 0.05)) * factor(rng, n, 0.3))
    rare = steps[:: max(n // 40, 1)]
    u = np.linspace(0, 1, len(rare))
    fid = (6.2 + 300 * (1 + u / 0.008) ** -1.0) * factor(rng, len(rare), 0.025)
    log.add("Metrics/fid50k_full", rare, fid)


@healthy(
    "weight_of_the_prior_grows",
    "a variational autoencoder whose prior is weighted in slowly (Bowman et al. 2016): the KL term"
    " is high at first and falls, the sum creeps up while the weight grows; all are logged",
    tolerated=("divergence", "overfitting", "plateau"),
)
def weight_of_the_prior_grows(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 600)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    beta = np.minimum(t / 0.35, 1)
    kl = 19 + 24 * np.exp(-t / 0.05) * (1 - beta) + 3 * t
    reconstruction = 86 + 120 * np.exp(-t / 0.03) - 7 * t**0.5
    log.add("train/kl_weight", steps, beta)
    log.add("train/kl", steps, kl * factor(rng, n, 0.02))
    log.add("train/recon", steps, reconstruction * factor(rng, n, 0.015))
    total = reconstruction + beta * kl
    log.add("train/loss", steps, total * factor(rng, n, 0.012))
    log.add("val/loss", steps, (total + 2) * factor(rng, n, 0.006))


@healthy(
    "distance_of_two_players",
    "WGAN-GP: the critic's loss is negative and its size shrinks as pictures improve; the"
    " generator's is the mean of an output whose zero is nowhere, and wanders",
)
def distance_of_two_players(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 600, 6000)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    distance = 2.5 + 26 * (1 + t / 0.02) ** -0.55
    log.add("critic/wasserstein_distance", steps, distance * factor(rng, n, 0.1, 0.2))
    log.add("critic/loss", steps, -distance * factor(rng, n, 0.12, 0.2))
    log.add("critic/gradient_penalty", steps, 0.05 * factor(rng, n, 0.35))
    wandering = 40 * np.sin(2 * np.pi * (0.9 * t + rng.uniform())) + batches(rng, n, 9, 0.98)
    log.add("generator/loss", steps, wandering)


@healthy(
    "codes_come_into_use",
    "VQ-VAE: the perplexity of the code book rises from a few codes to some hundreds, which is"
    " what one wants (google-deepmind/dm-haiku #577), as the reconstruction improves",
    tolerated=("divergence",),
)
def codes_come_into_use(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.add("perplexity", steps, (6 + 410 * (1 - np.exp(-t / 0.22))) * factor(rng, n, 0.03, 0.3))
    error = 0.004 + 0.09 * (1 + t / 0.01) ** -0.7
    log.add("recon_error", steps, error * factor(rng, n, 0.06))
    log.add("vq_loss", steps, (0.05 + 0.05 * t - 0.045 * np.exp(-t / 0.02)) * factor(rng, n, 0.05))


@healthy(
    "likelihood_through_zero",
    "a normalising flow: the negative log-likelihood falls through zero and on, so that ratios of"
    " it mean nothing",
)
def likelihood_through_zero(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    curve = shapes.approach(t, 3.1, -2.2, 2.4)
    log.add("train_nll", steps, curve + batches(rng, n, 0.16, 0.0, 0.01))
    rare = steps[n // 30 - 1 :: n // 30]
    seen = np.interp(rare, steps, curve)
    log.add("valid_nll", rare, seen + 0.08 + batches(rng, len(rare), 0.05))
