"""Adversaries and autoencoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import jitter, noise
from benchmarks.blind.fifteenth.making import abouts, epochs, nears
from benchmarks.blind.fourteenth.making import index_of
from benchmarks.blind.seventeenth.registry import healthy, labelled
from benchmarks.blind.shapes import correlated, times, whole
from benchmarks.blind.shapes import steps as every
from benchmarks.blind.sixteenth.making import learning, slow_epochs
from benchmarks.blind.thirteenth.making import grows

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("dcgan_tutorial", "Loss_G rises and swings, Loss_D stays low: the faces get better")
def dcgan_tutorial(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 800)
    t, steps = times(n), every(n, 50, 0)
    swing = correlated(rng, n, 0.25, 0.6)
    log.add("Loss_G", steps, np.exp(np.log(2.4 + 1.6 * np.minimum(1, t / 0.4)) + swing))
    log.add("Loss_D", steps, np.exp(np.log(0.75 - 0.3 * np.minimum(1, t / 0.4)) - 0.8 * swing))
    log.add("D(x)", steps, np.clip(0.72 + 0.12 * t + noise(rng, n, 0.06), 0, 1))
    log.add("D(G(z))", steps, np.clip(0.25 - 0.1 * t + noise(rng, n, 0.06), 0, 1))


@labelled(
    "stylegan2_scores_run_away",
    "explosion",
    "The scores of the discriminator grow by decades",
    hundredfold=100,
    two_thousandfold=2000,
)
def stylegan2_scores_run_away(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, steps = times(n), every(n, 4)
    onset = rng.uniform(0.35, 0.55)
    size = strength ** np.clip((t - onset) / (1 - onset), 0, 1)
    sway = jitter(rng, size, 0.1)
    log.add("Loss/scores/real", steps, 0.8 * sway)
    log.add("Loss/scores/fake", steps, -0.9 * jitter(rng, size, 0.1))
    log.add(
        "Loss/signs/real",
        steps,
        np.minimum(1, 0.35 + 0.6 * np.clip(t - onset, 0, 1)) + noise(rng, n, 0.02),
    )
    nears(
        log,
        rng,
        steps,
        {"Timing/sec_per_kimg": (21.5, 0.01), "Loss/r1_penalty": (0.02 * size, 0.2)},
    )
    tags = ("Loss/scores/real", "Loss/scores/fake", "Loss/r1_penalty")
    grows(log, "explosion", tags, steps, size, index_of(t, onset), 0.1, ("divergence",))


@healthy(
    "cyclegan_horses", "Eight losses of a batch each; the rate goes to nought in the second half"
)
def cyclegan_horses(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 1000)
    t, steps = times(n), every(n, 100)
    for side in ("A", "B"):
        cycle = 0.8 + 1.6 * np.exp(-t / 0.1) + 0.5 * (1 - t)
        nears(
            log, rng, steps, {f"cycle_{side}": (cycle, 0.25), f"idt_{side}": (0.45 * cycle, 0.25)}
        )
        nears(
            log,
            rng,
            steps,
            {f"G_{side}": (0.32 + 0.1 * t, 0.35), f"D_{side}": (0.22 - 0.06 * t, 0.4)},
        )
    log.add("lr", steps, 2e-4 * np.minimum(1, 2 * (1 - t) + 1e-3))


@healthy("pix2pix_of_facades", "G_GAN climbs slowly while L1 falls: the discriminator learns too")
def pix2pix_of_facades(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, steps = times(n), every(n, 200)
    nears(
        log,
        rng,
        steps,
        {
            "G_L1": (learning(t, 42, 18, 5), 0.12),
            "G_GAN": (0.9 + 1.3 * t, 0.25),
            "D_real": (0.55 - 0.25 * t, 0.35),
            "D_fake": (0.55 - 0.25 * t, 0.35),
        },
    )


@healthy(
    "wgan_gp_of_a_student",
    "A distance that rises at first and then falls, a critic about nought",
    monitored=False,
)
def wgan_gp_of_a_student(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 1000)
    t, steps = times(n), every(n, 100)
    distance = 14 * (1 - np.exp(-t / 0.01)) * (0.25 + 0.75 * np.exp(-t / 0.3))
    abouts(log, rng, steps, {"Wasserstein_D": (distance, 0.5), "D_cost": (0.6 - distance, 0.5)})
    nears(log, rng, steps, {"gradient_penalty": (0.6, 0.3)})
    abouts(log, rng, steps, {"G_cost": (-2 + correlated(rng, n, 3, 0.97), 0.5)})


@healthy(
    "vae_with_annealed_kl",
    "KL rises while its weight does; the total rises with it and falls again",
    monitored=False,
)
def vae_with_annealed_kl(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 120)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n)
    weight = np.minimum(1, t / 0.3)
    divergence = 4 + 20 * np.minimum(1, t / 0.25)
    rebuilt = 80 + 130 * np.exp(-t / 0.06) - 9 * t
    nears(log, rng, steps, {"train/recon_loss": (rebuilt, 0.006), "train/kld": (divergence, 0.01)})
    log.add("train/beta", steps, weight)
    nears(log, rng, steps, {"val/recon_loss": (rebuilt + 2, 0.008), "val/kld": (divergence, 0.012)})


@healthy(
    "vqvae_commitment", "The commitment loss rises from nought and stays: the codes are in use"
)
def vqvae_commitment(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, steps = times(n), every(n, 100)
    used = 1 - np.exp(-t / 0.1)
    nears(
        log,
        rng,
        steps,
        {
            "recon_error": (0.045 + 0.3 * np.exp(-t / 0.03) + 0.02 * (1 - t), 0.05),
            "vq_loss": (0.004 + 0.045 * used, 0.06),
            "codebook/perplexity": (20 + 330 * used + 20 * t, 0.02),
        },
    )
