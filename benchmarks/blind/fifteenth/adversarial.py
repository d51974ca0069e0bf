"""Adversarial and variational generators: GANs, VAEs, VQ-VAEs, translation of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fifteenth.making import SURE, epochs, nears, settled, since
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, index_of, near, turns
from benchmarks.blind.shapes import approach, correlated, power_law, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    at,
    every,
    grows,
    jumps,
    levels,
    overfits,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "dcgan-tutorial",
    "The generator's loss rises as the discriminator learns: no trouble.",
    tolerated=SURE,
)
def dcgan(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 800)
    t, steps = times(n), stepping(n, 50, 0)
    sway = correlated(rng, n, 0.12, 0.9)
    nears(
        log,
        rng,
        steps,
        {
            "Loss/G": ((2.4 + 1.8 * t) * np.exp(sway), 0.3),
            "Loss/D": ((0.75 - 0.35 * t) * np.exp(-sway), 0.3),
        },
    )
    log.add("D(x)", steps, 1 / (1 + np.exp(-(0.9 + 0.9 * t + rng.normal(0, 0.4, n)))))
    log.add("D(G(z))", steps, 1 / (1 + np.exp(0.9 + 1.2 * t + rng.normal(0, 0.4, n))))


@healthy(
    "stylegan-ada",
    "Augmentation rises until signs balance; FID falls, then is level.",
    tolerated=SURE,
)
def stylegan(log: Log, rng: Rng) -> None:
    n = whole(rng, 80, 400)
    t, steps = times(n), stepping(n, 4)
    nears(
        log,
        rng,
        steps,
        {
            "Loss/G/loss": (0.9 + 0.5 * (1 - np.exp(-4 * t)), 0.1),
            "Loss/D/loss": (1.2 - 0.35 * (1 - np.exp(-4 * t)), 0.06),
            "Loss/r1_penalty": (0.02 + 0.05 * t, 0.25),
            "Timing/sec_per_kimg": (24.6, 0.01),
            "Resources/cpu_mem_gb": (5.1 + 0.3 * t, 0.003),
        },
    )
    about(log, rng, "Loss/signs/real", steps, 0.6 - 0.2 * np.exp(-5 * t), 0.02)
    log.add("Progress/augment", steps, np.clip(0.6 * t + correlated(rng, n, 0.01, 0.95), 0, 1))
    seen = every(steps, 20)
    near(
        log,
        rng,
        "Metrics/fid50k_full",
        seen,
        at(seen, steps, power_law(t, 310, 6, 1.1, 0.02)),
        0.03,
    )


@healthy(
    "cycles-of-horses",
    "Six losses that sway against each other, one falling cycle loss.",
    tolerated=SURE,
)
def horses(log: Log, rng: Rng) -> None:
    n = int(rng.choice([100, 200]))
    t, steps = times(n), epochs(n)
    nears(
        log,
        rng,
        steps,
        {
            "loss_G_A": (0.38 + 0.2 * t, 0.12),
            "loss_G_B": (0.40 + 0.18 * t, 0.12),
            "loss_D_A": (0.22 - 0.09 * t, 0.12),
            "loss_D_B": (0.21 - 0.08 * t, 0.12),
            "loss_cycle_A": (approach(t, 2.3, 0.95, 5) - 0.15 * t, 0.04),
            "loss_cycle_B": (approach(t, 2.5, 1.0, 5) - 0.15 * t, 0.04),
            "loss_idt_A": (approach(t, 1.1, 0.45, 5), 0.05),
        },
    )
    log.add("lr", steps, 2e-4 * np.minimum(1, 2 * (1 - t) + 1e-3))


@healthy(
    "vae-with-warm-beta",
    "KL rises while its weight warms up; the total goes up and down.",
    tolerated=("plateau", "divergence"),
)
def warm_beta(log: Log, rng: Rng) -> None:
    n = int(rng.integers(40, 121))
    t, steps = times(n), epochs(n)
    weight = np.minimum(1, t / 0.15)
    kl = 24 + 30 * np.exp(-t / 0.1)
    recon = 78 + 120 * np.exp(-t / 0.04) + 6 * weight - 4 * t
    for part, share in (("train", 0.004), ("val", 0.008)):
        nears(
            log,
            rng,
            steps,
            {
                f"{part}/recon_loss": (recon, share),
                f"{part}/kl": (kl, share),
                f"{part}/loss": (recon + weight * kl, share),
            },
        )
    log.add("beta", steps, weight)


@healthy(
    "codebook-of-music", "Commitment grows from its first value, perplexity rises to hundreds."
)
def music(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 900)
    t, steps = times(n), stepping(n, 100)
    known = 1 - np.exp(-8 * t)
    nears(
        log,
        rng,
        steps,
        {
            "train/recon_error": (0.25 * (1 + t / 0.004) ** -0.4 + 0.01, 0.04),
            "train/commitment_loss": (0.004 + 0.02 * known, 0.06),
            "train/perplexity": (8 + 420 * known, 0.02),
            "train/codebook_usage": (0.1 + 0.8 * known, 0.01),
        },
    )
    log.add("train/lr", steps, 3e-4)


@labelled(
    "discriminator-wins",
    "collapse",
    "Loss of D falls to nothing and G learns no more.",
    fast=0.04,
    slow=0.12,
)
def wins(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 700)
    t, steps = times(n), stepping(n, 50, 0)
    onset = rng.uniform(0.35, 0.55)
    made = index_of(t, onset)
    lost = np.clip((t - onset) / strength, 0, 7)
    d_loss = 0.7 * np.exp(-1.2 * lost)
    nears(log, rng, steps, {"D_loss": (d_loss, 0.2), "G_loss": (1.8 + 1.6 * lost, 0.1)})
    grows(log, "collapse", "D_loss", steps, d_loss, made, 0.2)


@labelled(
    "posterior-is-the-prior",
    "collapse",
    "KL of the VAE falls to 0: latents tell nothing.",
    quick=0.03,
    slow=0.08,
)
def posterior(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 201))
    t, steps = times(n), epochs(n)
    onset = rng.uniform(0.2, 0.35)
    made = index_of(t, onset)
    kl = 9 * np.exp(-np.clip((t - onset) / strength, 0, 8))
    nears(
        log,
        rng,
        steps,
        {"train/kl_loss": (kl, 0.06), "train/recon_loss": (approach(t, 240, 176, 12), 0.006)},
    )
    log.add("train/beta", steps, np.minimum(1, t / 0.4))
    grows(log, "collapse", "train/kl_loss", steps, kl, made, 0.06)


@labelled(
    "critic-without-penalty", "explosion", "Wasserstein losses grow by decades.", far=4.0, less=2.5
)
def penalty(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 600)
    t, steps = times(n), stepping(n, 100)
    onset = rng.uniform(0.25, 0.45)
    made = index_of(t, onset)
    size = 4.0 * 10 ** (strength * since(t, onset))
    nears(log, rng, steps, {"critic_real": (size, 0.15), "critic_fake_abs": (0.7 * size, 0.15)})
    near(log, rng, "critic_weight_norm", steps, 11 + 60 * since(t, onset), 0.01)
    grows(log, "explosion", ("critic_real", "critic_fake_abs"), steps, size, made, 0.15)


@labelled(
    "modes-are-dropped",
    "divergence",
    "FID jumps and stays many times its best.",
    far=120.0,
    less=35.0,
)
def modes(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 161))
    t, steps = times(n), stepping(n, 1000)
    made = index_of(t, rng.uniform(0.4, 0.65))
    score = 18 + 180 * np.exp(-8 * t) + np.where(np.arange(n) >= made, strength, 0)
    near(log, rng, "metrics/FID", steps, score, 0.03)
    nears(log, rng, steps, {"train/loss_gen": (2.1 + 0.6 * t, 0.2), "train/loss_dis": (0.9, 0.15)})
    jumps(log, "divergence", "metrics/FID", steps, made)


@labelled(
    "autoencoder-of-few-cells",
    "overfitting",
    "Reconstruction of held-out cells gets worse.",
    clear=0.4,
    medium=0.2,
)
def cells(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(80, 301))
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.2, 0.35)
    valid = 1.6 + 0.9 * np.exp(-5 * t / best) + strength * since(t, best)
    near(log, rng, "reconstruction_loss_train", steps, 1.1 + 1.4 * np.exp(-3 * t), 0.008)
    about(log, rng, "reconstruction_loss_validation", steps, valid, 0.015)
    near(log, rng, "kl_local_train", steps, 12 + 6 * (1 - np.exp(-4 * t)), 0.02)
    log.add("kl_weight", steps, np.minimum(1, t / 0.5))
    overfits(log, "reconstruction_loss_validation", steps, valid, 0.018)


@labelled(
    "blurred-from-the-second-epoch",
    "plateau",
    "Reconstruction stops at the mean picture.",
    early=0.06,
    later=0.18,
)
def blurred(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(40, 151))
    t, steps = times(n), epochs(n)
    loss = 0.231 + 0.2 * settled(t, strength)
    near(log, rng, "running_loss", steps, loss, 0.006)
    near(log, rng, "test_loss", steps, loss, 0.004)
    near(log, rng, "kld", steps, 0.0004, 0.2)
    levels(log, ("running_loss", "test_loss"), steps, loss, index_of(t, strength), 0.0017)


@labelled(
    "mixed-losses-drift-up",
    "divergence",
    "loss_cycle climbs from the middle to the end.",
    clear=1.0,
    medium=0.45,
)
def mixed(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), stepping(n, 200)
    onset = rng.uniform(0.45, 0.6)
    loss = approach(t, 2.4, 0.8, 8) + strength * since(t, onset)
    nears(
        log,
        rng,
        steps,
        {"loss_cycle": (loss, 0.06), "loss_G": (0.5 + 0.1 * t, 0.15), "loss_D": (0.2, 0.15)},
    )
    log.add("lr", steps, 2e-4)
    turns(log, "divergence", "loss_cycle", steps, loss, index_of(t, onset), 0.06)


@labelled("generator-is-nan", "nonfinite", "Losses of both are NaN after a step.", plain=0.55)
def generator_nan(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 500)
    t, steps = times(n), stepping(n, 100)
    made = index_of(t, strength)
    bad = np.where(np.arange(n) >= made, np.nan, 1.0)
    nears(log, rng, steps, {"g_loss": ((1.5 + 0.5 * t) * bad, 0.25), "d_loss": (0.9 * bad, 0.2)})
    jumps(log, "nonfinite", ("g_loss", "d_loss"), steps, made)


@labelled(
    "encoder-without-signal",
    "gradient",
    "grad_norm/encoder rises without end.",
    steep=60.0,
    gentle=20.0,
)
def encoder(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, steps = times(n), stepping(n, 50)
    onset = rng.uniform(0.25, 0.45)
    made = index_of(t, onset)
    norm = 0.8 * (1 + strength * since(t, onset) ** 1.2)
    near(log, rng, "train/loss", steps, approach(t, 1.9, 0.9, 6) - 0.05 * t, 0.03)
    near(log, rng, "grad_norm/encoder", steps, norm, 0.15)
    near(log, rng, "grad_norm/decoder", steps, 0.6, 0.15)
    grows(log, "gradient", "grad_norm/encoder", steps, norm, made, 0.15, also=("explosion",))
