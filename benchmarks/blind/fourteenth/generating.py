"""Generators: diffusers, k-diffusion, GANs, VAEs, codecs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine, turned
from benchmarks.blind.fourteenth.making import about, averaged, index_of, near, scores, turns
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import decay_after, logistic, ramp_after, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    every,
    from_the_start,
    grows,
    jitter,
    jumps,
    levels,
    noise,
    overfits,
    spikes,
    warmed,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


def adversaries(
    log: Log, rng: np.random.Generator, steps: Steps, generator: Array, discriminator: Array
) -> None:
    """What StyleGAN2-ADA writes of its losses and signs."""
    about(log, rng, "Loss/G/loss", steps, generator, 0.06)
    about(log, rng, "Loss/D/loss", steps, discriminator, 0.04)
    about(log, rng, "Loss/scores/fake", steps, -generator, 0.1)
    about(log, rng, "Loss/scores/real", steps, 1.2 - discriminator, 0.1)
    near(log, rng, "Timing/sec_per_kimg", steps, 14.2, 0.01)


def coded(
    log: Log, rng: np.random.Generator, steps: Steps, t: Array, perplexity: Array, commit: Array
) -> None:
    """What a VQ-VAE logs."""
    near(log, rng, "train/rec_loss", steps, 0.04 + 0.5 * np.exp(-t / 0.03), 0.04)
    near(log, rng, "train/perplexity", steps, perplexity, 0.03)
    near(log, rng, "train/commit_loss", steps, commit, 0.06)


@healthy(
    "dreambooth_noise_of_timesteps",
    "The loss of single batches of random timesteps: its fall drowns in noise.",
    tolerated=("plateau",),
)
def dreambooth_noise_of_timesteps(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 400, 1000), 1)
    n = len(steps)
    log.add("loss", steps, 0.13 * rng.gamma(1.6, 1 / 1.6, n) * (1 + 0.1 * np.exp(-6 * times(n))))
    log.add("lr", steps, 5e-6)


@healthy(
    "diffusers_unet_averaged",
    "A fall at once, then nearly level, while FID still improves.",
    tolerated=("plateau",),
)
def diffusers_unet_averaged(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 300, 800), 100)
    t = times(len(steps))
    near(log, rng, "train_loss", steps, 0.022 + 0.2 * np.exp(-t / 0.01) + 0.006 * (1 - t), 0.05)
    log.add("lr", steps, 1e-4 * warmed(t, 0.02, 1 + 0 * t))
    log.add("ema_decay", steps, np.minimum(1 - (1 + steps) ** -0.67, 0.9999))
    few = every(steps, 12)
    near(log, rng, "fid", few, 9 + 60 * np.exp(-times(12) * 5), 0.02)


@healthy(
    "stylegan_ada_usual",
    "Losses level, r_t held by the augmentation, FID falls in the end.",
    tolerated=("plateau",),
)
def stylegan_ada_usual(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 120, 350), 4)
    t = times(len(steps))
    adversaries(log, rng, steps, 1.1 + 0.5 * (1 - np.exp(-t / 0.1)), 0.9 - 0.25 * t**0.5)
    about(log, rng, "Progress/augment", steps, 0.35 * np.clip((t - 0.1) / 0.5, 0, 1), 0.004)
    few = every(steps, 25)
    near(log, rng, "Metrics/fid50k_full", few, 6 + 200 * np.exp(-times(25) * 7), 0.02)


@healthy(
    "beta_vae_warm_kl",
    "The KL's weight is warmed up: the KL falls, and the reconstruction pays for it.",
    tolerated=(
        "plateau",
        "divergence",
    ),
)
def beta_vae_warm_kl(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(whole(rng, 60, 150), 1)
    t = times(len(epochs))
    weight = np.clip(t / 0.4, 0, 1)
    rec = 78 + 90 * np.exp(-t / 0.04) + 3 * weight
    kl = 32 + 30 * np.exp(-weight / 0.2) * (1 - np.exp(-t / 0.02))
    near(log, rng, "train/recon_loss", epochs, rec, 0.006)
    near(log, rng, "val/recon_loss", epochs, rec + 2, 0.008)
    near(log, rng, "train/kl_loss", epochs, kl, 0.015)
    log.add("kl_weight", epochs, weight)


@healthy("vqvae_commitment_rises", "The commitment rises from nothing as codes begin to be used.")
def vqvae_commitment_rises(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 100)
    t = times(len(steps))
    coded(
        log, rng, steps, t, 20 + 400 * (1 - np.exp(-t / 0.2)), 0.02 + 0.1 * (1 - np.exp(-t / 0.2))
    )
    log.add("train/lr", steps, cosine(t, 3e-4))


@healthy(
    "latent_codec_gan_starts",
    "At a third the discriminator starts: a step up of g, then on.",
    tolerated=("plateau", "divergence", "explosion"),
    monitored=False,
)
def latent_codec_gan_starts(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 50)
    t = times(len(steps))
    on = t > 0.33
    near(log, rng, "train/rec_loss", steps, 0.08 + 0.4 * np.exp(-t / 0.06) - 0.012 * on, 0.03)
    about(log, rng, "train/g_loss", steps, np.where(on, 0.5 + 0.3 * t, 0.0), 0.02)
    near(log, rng, "train/disc_loss", steps, np.where(on, 0.95, 0.0), 0.02)
    near(log, rng, "train/p_loss", steps, 0.22 + 0.4 * np.exp(-t / 0.1), 0.03)
    near(log, rng, "train/kl_loss", steps, 21000 + 30000 * (1 - np.exp(-t / 0.1)), 0.02)
    log.add("lr-Adam", steps, 4.5e-6)


@healthy(
    "edm_loss_bumps_of_kimg",
    "k-diffusion: loss averaged over 50 kimg, FID down.",
    tolerated=("plateau",),
)
def edm_loss_bumps_of_kimg(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 100, 300), 50)
    t = times(len(steps))
    log.add("Loss/loss", steps, averaged(jitter(rng, 0.33 + 0.3 * np.exp(-t / 0.04), 0.02), 5))
    near(log, rng, "Timing/sec_per_tick", steps, 118, 0.01)
    near(log, rng, "Resources/cpu_mem_gb", steps, 6.1 + 0.3 * t, 0.002)
    few = every(steps, 10)
    near(log, rng, "Metrics/fid", few, 2.2 + 20 * np.exp(-times(10) * 6), 0.02)


@healthy(
    "wgan_gp_critic_distance",
    "The critic's distance shrinks towards zero and is noisy.",
    tolerated=("plateau",),
)
def wgan_gp_critic_distance(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 100)
    t = times(len(steps))
    distance = 3 + 18 * np.exp(-t / 0.1)
    about(log, rng, "wasserstein_distance", steps, distance, 0.7)
    near(log, rng, "gradient_penalty", steps, 0.12 + 0.3 * np.exp(-t / 0.1), 0.2)
    about(log, rng, "generator/output", steps, 12 * np.sin(3 * t) + noise(rng, len(t), 1, 0.9), 1.5)
    few = every(steps, 16)
    near(log, rng, "fid", few, 24 + 150 * np.exp(-times(16) * 5), 0.02)


@labelled(
    "gan_modes_are_lost",
    "divergence",
    "FID had come down to 15; then the modes go, and it climbs to the end.",
    tolerated=("collapse", "explosion", "overfitting"),
    mild=30.0,
    strong=150.0,
)
def gan_modes_are_lost(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 350), 4)
    t = times(len(steps))
    onset = rng.uniform(0.35, 0.55)
    adversaries(log, rng, steps, 1.2 + 0 * t, 0.8 - 0.2 * t)
    few = every(steps, 40)
    x = times(40)
    worse = 15 + 180 * np.exp(-x * 14) + ramp_after(x, onset, strength)
    near(log, rng, "Metrics/fid50k_full", few, worse, 0.03)
    turns(
        log, "divergence", "Metrics/fid50k_full", few, worse, index_of(x, onset), 0.6,
        ("overfitting", "explosion"),
    )  # fmt: skip


@labelled(
    "dcgan_discriminator_wins",
    "divergence",
    "Within few points the generator's loss goes from 2 to many times that, and stays.",
    tolerated=("collapse", "explosion", "spike"),
    low=8.0,
    high=30.0,
)
def dcgan_discriminator_wins(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 50)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.3, 0.7))
    gone = np.arange(len(t)) >= index
    near(log, rng, "Loss/generator", steps, np.where(gone, strength, 2.0), 0.12)
    near(log, rng, "Loss/discriminator", steps, np.where(gone, 2e-4, 0.9), 0.12)
    scores(log, rng, "D_fake", steps, np.where(gone, 0.0, 0.25), 64 * 50)
    jumps(log, "divergence", "Loss/generator", steps, index, ("explosion", "spike"))
    jumps(log, "collapse", ("Loss/discriminator", "D_fake"), steps, index, ("divergence",))


@labelled(
    "vae_posterior_collapses",
    "collapse",
    "The KL of a text VAE falls to nothing within the first epochs and stays there.",
    tolerated=("plateau",),
)
def vae_posterior_collapses(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 100)
    t = times(len(steps))
    onset = rng.uniform(0.15, 0.3)
    kl = 8 * 10.0 ** -np.minimum(strength * np.clip((t - onset) / 0.1, 0, None), 4)
    near(log, rng, "train/kl_loss", steps, kl, 0.08)
    near(log, rng, "train/recon_loss", steps, 95 + 60 * np.exp(-t / 0.04) - 4 * t, 0.01)
    log.add("train/lr", steps, 1e-3)
    grows(log, "collapse", "train/kl_loss", steps, kl, index_of(t, onset), 0.08)


@labelled(
    "vq_codebook_shrinks",
    "collapse",
    "The perplexity falls from hundreds of codes to one or two.",
    tolerated=("plateau", "divergence"),
)
def vq_codebook_shrinks(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 100)
    t = times(len(steps))
    onset = rng.uniform(0.25, 0.55)
    codes = 420 * 10.0 ** -np.minimum(strength * 2.5 * np.clip((t - onset) / 0.25, 0, 1), 2.5)
    coded(log, rng, steps, t, codes, np.full(len(t), 0.08))
    index = index_of(t, onset)
    grows(log, "collapse", "train/perplexity", steps, codes, index, 0.03, ("divergence",))


@labelled(
    "commitment_without_bound",
    "explosion",
    "The commitment loss of a codec grows by decades, to the end.",
    tolerated=("plateau",),
    thousandfold=3.0,
    millionfold=6.0,
)
def commitment_without_bound(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 100)
    t = times(len(steps))
    onset = rng.uniform(0.2, 0.45)
    commit = 0.05 * 10.0 ** ramp_after(t, onset, strength)
    coded(log, rng, steps, t, np.full(len(t), 300.0), commit)
    index = index_of(t, onset)
    grows(log, "explosion", "train/commit_loss", steps, commit, index, 0.06, ("divergence",))


@labelled(
    "few_faces_ddpm",
    "overfitting",
    "Two thousand faces: the loss of held-out ones rises from a third on.",
    mild=0.006,
    strong=0.02,
)
def few_faces_ddpm(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 80, 200), 10)
    t = times(len(epochs))
    near(log, rng, "train/loss", epochs, 0.008 + 0.1 * np.exp(-t / 0.04) + 0.022 * (1 - t), 0.015)
    val = turned(t, rng.uniform(0.25, 0.4), 0.02, strength, 0.026)
    near(log, rng, "val/loss", epochs, val, 0.02)
    log.add("lr", epochs, 1e-4)
    overfits(log, "val/loss", epochs, val, 0.0006)


@labelled("ddpm_is_no_number", "nonfinite", "Mixed precision: NaN from an update on.")
def ddpm_is_no_number(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 500), 100)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.1, 0.9) * strength)
    loss = jitter(rng, 0.03 + 0.3 * np.exp(-t / 0.02), 0.05)
    loss[index:] = np.nan
    log.add("train_loss", steps, loss)
    log.add("lr", steps, 1e-4)
    jumps(log, "nonfinite", "train_loss", steps, index)


@labelled("flow_inverse_blows_once", "spike", "A batch out of range of a flow: once far up.")
def flow_inverse_blows_once(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 100)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.3, 0.8))
    bits = 3.3 + 3 * np.exp(-t / 0.05) + decay_after(len(t), index, 20 * strength, 0.7)
    near(log, rng, "train/bits_per_dim", steps, bits, 0.006)
    log.add("train/lr", steps, cosine(t, 1e-3))
    near(log, rng, "train/loss", steps, bits * 0.69, 0.006)
    spikes(log, ("train/bits_per_dim", "train/loss"), steps, index, 4)


@labelled(
    "autoencoder_says_the_mean",
    "plateau",
    "A dead bottleneck: the reconstruction is the mean picture, and the loss level at once.",
    at_once=0.03,
    later=0.12,
)
def autoencoder_says_the_mean(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 60, 150), 1)
    t = times(len(epochs))
    loss = 0.0676 + 0.1 * np.exp(-t / (strength / 4))
    near(log, rng, "train/mse_loss", epochs, loss, 0.004)
    near(log, rng, "val/mse_loss", epochs, loss + 0.0003, 0.004)
    log.add("lr", epochs, 1e-3)
    index = index_of(t, strength)
    levels(log, ("train/mse_loss", "val/mse_loss"), epochs, loss, index, 0.0003)


@labelled(
    "cyclegan_falls_apart",
    "divergence",
    "Cycle losses climb back to where they began, and stay.",
    tolerated=("collapse", "explosion"),
)
def cyclegan_falls_apart(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 100, 200), 1)
    t = times(len(epochs))
    onset = rng.uniform(0.35, 0.6)
    back = strength * logistic(t, 0, 1, onset + 0.1, 0.025)
    cycle = 0.9 + 1.6 * np.exp(-t / 0.08) + 1.6 * back
    for side in ("cycle_A", "cycle_B"):
        near(log, rng, side, epochs, cycle, 0.06)
    for side in ("G_A", "G_B"):
        near(log, rng, side, epochs, 0.35 + 0.05 * t, 0.15)
    for side in ("D_A", "D_B"):
        near(log, rng, side, epochs, 0.22, 0.15)
    log.add("lr", epochs, 2e-4 * np.clip(2 - 2 * t, 0, 1))
    turns(log, "divergence", ("cycle_A", "cycle_B"), epochs, cycle, index_of(t, onset), 0.06)


@labelled(
    "consistency_rate_of_nothing",
    "learning_rate",
    "A schedule of whole numbers: the rate is rounded to zero, and nothing is learned.",
    tolerated=("plateau",),
)
def consistency_rate_of_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 100)
    near(log, rng, "train_loss", steps, 0.41 * strength, 0.03)
    log.add("lr", steps, 0.0)
    from_the_start(log, "learning_rate", "lr", steps, ("collapse",))
