"""Healthy players of games against each other, and generators: their losses have no objective."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy("gan_balanced", "both losses hover and the generator's creeps up (junyanz/CycleGAN #335)")
def gan_balanced(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    g, d = [("Loss_G", "Loss_D"), ("G/loss", "D/loss"), ("g_loss", "d_loss")][rng.integers(3)]
    rise = rng.uniform(0.5, 2.5)
    log.add(g, steps, 1.2 + rise * t + shapes.correlated(rng, n, 0.5, 0.4))
    log.add(d, steps, np.abs(1.3 - 0.15 * rise * t + shapes.correlated(rng, n, 0.2, 0.4)))
    log.add("D/real", steps, np.clip(0.6 + 0.1 * t + shapes.white(rng, n, 0.08), 0, 1))
    log.add("D/fake", steps, np.clip(0.4 - 0.1 * t + shapes.white(rng, n, 0.08), 0, 1))


@healthy("wgan_gp", "the critic's loss starts far below zero and comes up: that is its progress")
def wgan_gp(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    distance = shapes.approach(t, rng.uniform(20, 80), 3, 5)
    log.add("critic_loss", steps, -distance * np.exp(shapes.white(rng, n, 0.1)))
    log.add("generator_loss", steps, shapes.correlated(rng, n, 12, 0.9))
    log.add("gradient_penalty", steps, 0.4 * np.exp(shapes.white(rng, n, 0.3)))


@healthy("stylegan_fid", "FID rises before it falls (mit-han-lab/data-efficient-gans #61)")
def stylegan_fid(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(25, 90))
    t, steps = shapes.times(n), shapes.steps(n, 200, 0)
    fid = shapes.approach(t, 330, 5, 9) + 14 * np.exp(-2 * t)
    fid[1:3] += rng.uniform(30, 90, 2)
    log.add("Metrics/fid50k_full", steps, fid * np.exp(shapes.white(rng, n, 0.03)))
    many = shapes.times(20 * n)
    fine = shapes.steps(20 * n, 10, 0)
    log.add("Loss/G/loss", fine, 0.9 + 0.6 * many + shapes.white(rng, 20 * n, 0.12))
    log.add("Loss/D/loss", fine, 0.9 - 0.2 * many + shapes.white(rng, 20 * n, 0.08))
    log.add("Loss/scores/fake", fine, -0.5 - 1.2 * many + shapes.white(rng, 20 * n, 0.1))
    log.add("Progress/augment", fine, 0.5 * np.minimum(many * 3, 1))


@healthy("cyclegan", "the generators' loss rises as the discriminators get better; cycles improve")
def cyclegan(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    for side in "AB":
        log.add(f"G_{side}", steps, 0.3 + 0.25 * t + shapes.white(rng, n, 0.09))
        log.add(f"D_{side}", steps, np.abs(0.25 - 0.08 * t + shapes.white(rng, n, 0.06)))
        cycle = shapes.power_law(t, 3, 0.5, 0.4, 0.01)
        log.add(f"cycle_{side}", steps, cycle * np.exp(shapes.white(rng, n, 0.15)))


@healthy("diffusion", "the loss is noisy and falls by a tenth; the samples get better")
def diffusion(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 2000, 8000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    loss = 0.035 + 0.06 * np.exp(-60 * t) + 0.012 * (1 - t)
    log.add("train/loss", steps, loss * np.exp(shapes.white(rng, n, 0.25)))
    log.add("train/lr", steps, 1e-4)
    log.add(
        "train/grad_norm", steps, (0.05 + 0.3 * np.exp(-50 * t)) * np.exp(shapes.white(rng, n, 0.4))
    )
    m = int(rng.integers(8, 20))
    u = shapes.times(m)
    fid = shapes.approach(u, 120, 9, 4) * np.exp(shapes.white(rng, m, 0.03))
    log.add("eval/fid", shapes.steps(m, steps[-1] // m), fid)


@healthy("vae_annealed", "the weight of the KL term rises on schedule, and with it the total")
def vae_annealed(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(80, 300))
    t, steps = shapes.times(n), shapes.steps(n)
    beta = np.minimum(t / 0.2, 1)
    recon = shapes.approach(t, 200, 78, 5) + shapes.white(rng, n, 0.8)
    kl = 24 + 20 * np.exp(-8 * t) * (1 - np.exp(-40 * t)) + shapes.white(rng, n, 0.3)
    log.add("train/recon_loss", steps, recon)
    log.add("train/kl", steps, kl)
    log.add("train/beta", steps, beta)
    log.add("train/elbo", steps, -(recon + kl))


@healthy(
    "self_play",
    "the reward stays about zero, as in any zero-sum game, while the rating rises",
    tolerated=("plateau",),
)
def self_play(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 800)
    t, steps = shapes.times(n), shapes.steps(n, 20_000)
    log.add("Self-play/ELO", steps, 1200 + 700 * t**0.7 + shapes.correlated(rng, n, 12, 0.7))
    log.add("Environment/Cumulative Reward", steps, shapes.white(rng, n, 0.15))
    log.add("Environment/Group Cumulative Reward", steps, shapes.white(rng, n, 0.3))
    log.add("Losses/Policy Loss", steps, 0.02 + np.abs(shapes.white(rng, n, 0.006)))
    log.add("Losses/Value Loss", steps, 0.08 + 0.05 * np.exp(-4 * t) + shapes.white(rng, n, 0.01))
    log.add("Policy/Entropy", steps, 2.9 - 0.9 * t + shapes.white(rng, n, 0.02))
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - t))
