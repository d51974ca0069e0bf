"""Generators: diffusers, k-diffusion, StyleGAN, DCGAN, CycleGAN, VAEs, VQ-VAEs, flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    around,
    course,
    decades,
    epochs,
    from_point,
    paced,
    put,
    where,
)
from benchmarks.blind.eighteenth.registry import healthy, labelled
from benchmarks.blind.eighth.making import cosine, interval, jitter, lasting, turned
from benchmarks.blind.seventeenth.making import eased, halts, lags, says_scale, scale_lost
from benchmarks.blind.shapes import decay_after, logistic, moving_mean
from benchmarks.blind.thirteenth.making import (
    drifts,
    from_the_start,
    grows,
    jumps,
    overfits,
    spikes,
)

if TYPE_CHECKING:
    from benchmarks.blind.eighteenth.making import Rng
    from benchmarks.blind.runs import Log


@healthy(
    "dreambooth_of_a_dog_each_step",
    "the loss is that of a drawn time: no trend",
    tolerated=("plateau",),
)
def dreambooth(log: Log, rng: Rng) -> None:
    steps, _ = course(rng, 400, 1200, 1)
    log.add("loss", steps, np.exp(rng.normal(np.log(0.11), 0.85, len(steps))).clip(0.002, 0.9))
    log.add("lr", steps, np.full(len(steps), 5e-6))


@healthy(
    "ddpm_of_flowers_from_scratch",
    "falls in the first tenth, then slowly; FID each tenth",
    tolerated=("plateau",),
)
def ddpm(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 500, 2500, 100)
    loss = 0.021 + 0.2 * np.exp(-t / 0.01) + 0.02 * (1 + t / 0.02) ** -0.7
    put(log, rng, steps, {"train_loss": (loss, 0.09)}, 0)
    log.add("lr", steps, cosine(t, 1e-4, 0.01, 0.001))
    rare = interval(steps, int(steps[-1]) // 10)
    now = np.linspace(0.1, 1, len(rare))
    put(log, rng, rare, {"metrics/FID": (eased(now, 62, 14, 1), 0.02)})


@healthy("flow_matching_running_loss", "a mean of the last hundred batches", tolerated=("plateau",))
def flow_matching(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 400, 1500, 20)
    loss = jitter(rng, 0.52 + 0.5 * np.exp(-t / 0.03) + 0.09 * (1 - t), 0.12, 0)
    log.add("running_loss", steps, moving_mean(loss, 100))


@healthy("stylegan_ada_of_pottery", "losses rest, p rises and is held, FID falls")
def stylegan(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 150, 500, 4)
    paced(log, rng, 4, 3)
    around(log, rng, steps, {"Loss/G/loss": (0.9 + 0.5 * t, 0.12)})
    around(log, rng, steps, {"Loss/D/loss": (1.1 - 0.25 * t, 0.07)})
    around(log, rng, steps, {"Loss/scores/real": (0.4 + 0.5 * t, 0.1)})
    around(log, rng, steps, {"Loss/scores/fake": (-0.4 - 0.5 * t, 0.1)})
    put(log, rng, steps, {"Loss/r1_penalty": (0.02 + 0.02 * t, 0.25)})
    log.add("Progress/augment", steps, np.minimum(0.45, 0.9 * t))
    put(log, rng, steps, {"Timing/sec_per_kimg": (41.0, 0.02)})
    rare = interval(steps, int(steps[-1]) // 20)
    now = np.linspace(0.05, 1, len(rare))
    put(
        log, rng, rare, {"Metrics/fid50k_full": (12 + 180 * np.exp(-5 * now) + 6 * (1 - now), 0.02)}
    )


@healthy("dcgan_faces_of_a_tutorial", "both losses swing, without end and without harm")
def dcgan(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 200, 800, 50)
    put(log, rng, steps, {"Loss/D": (0.5 + 0.6 * np.exp(-t / 0.03), 0.35)})
    put(log, rng, steps, {"Loss/G": (3.2 + 2.2 * np.exp(-t / 0.02) + t, 0.3)})
    around(log, rng, steps, {"D(x)": (np.full(len(t), 0.78), 0.07)})
    put(log, rng, steps, {"D(G(z))": (0.15, 0.4)})


@healthy("pix2pix_of_facades_l1_falls", "the adversary's part rises while L1 falls")
def pix2pix(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 100, 201, 0.7)
    put(log, rng, steps, {"G_L1": (0.16 + 0.25 * np.exp(-4 * t) + 0.06 * (1 - t), 0.05)})
    put(log, rng, steps, {"G_GAN": (1.1 + 1.6 * t, 0.15), "D_real": (0.5 - 0.2 * t, 0.2)})
    put(log, rng, steps, {"D_fake": (0.48 - 0.2 * t, 0.2)})


@healthy(
    "beta_vae_with_annealing",
    "KL rises with its weight, and the total with it",
    tolerated=("plateau",),
)
def beta_vae(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 40, 120, 0.6)
    weight = np.minimum(1, t / 0.3)
    recon = 95 + 90 * np.exp(-t / 0.06) - 16 * t
    kl = 4 + 18 * (1 - np.exp(-t / 0.15))
    put(log, rng, steps, {"recon_loss": (recon, 0.012), "kl_loss": (kl, 0.015)})
    put(log, rng, steps, {"loss/train": (recon + weight * kl, 0.012)})
    log.add("beta", steps, weight)


@healthy("vqgan_discriminator_starts_late", "commitment rises, loss leaps as the adversary enters")
def vqgan(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 200, 700, 100)
    late = (t > 0.4).astype(float)
    put(log, rng, steps, {"train/rec_loss": (0.2 + 0.6 * np.exp(-t / 0.06) + 0.05 * (1 - t), 0.05)})
    put(log, rng, steps, {"train/quant_loss": (0.003 + 0.018 * (1 - np.exp(-4 * t)), 0.08)})
    put(log, rng, steps, {"train/perplexity": (60 + 700 * (1 - np.exp(-5 * t)), 0.03)})
    around(log, rng, steps, {"train/disc_loss": (late - 0.1 * late * t, 0.04)})
    around(log, rng, steps, {"train/g_loss": (-0.15 * late, 0.05)})


@healthy("lora_of_a_style_ten_validations", "CLIP score of ten validations", tolerated=("plateau",))
def style_lora(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 10, 12, 500)
    around(log, rng, steps, {"validation/clip_score": (25 + 4 * t, 0.3)})
    put(log, rng, steps, {"train/avg_loss": (0.105 - 0.008 * t, 0.015)})


@labelled("codebook_of_one_entry", "collapse", "perplexity of the codes falls to one", late=0.5)
def codebook(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 400, 100)
    level = 350 * (1 - np.exp(-t / 0.05)) + 5
    perplexity = np.maximum(decades(t, strength, level, 1 / 400, strength + 0.15), 1.0)
    values = np.maximum(jitter(rng, perplexity, 0.04), 1.0)
    log.add("train/perplexity", steps, np.where(perplexity <= 1, 1.0, values))
    rec = 0.08 + 0.3 * np.exp(-t / 0.06)
    put(
        log,
        rng,
        steps,
        {"train/rec_loss": (rec + 0.12 * logistic(t, 0, 1, strength + 0.1, 0.02), 0.03)},
    )
    worse = rec + 0.12 * logistic(t, 0, 1, strength + 0.1, 0.02)
    index = where(t, strength)
    grows(log, "collapse", "train/perplexity", steps, perplexity, index, 0.04, ("divergence",))
    drifts(log, "divergence", "train/rec_loss", steps, worse, index, 0.006)


@labelled("text_vae_ignores_its_latents", "collapse", "KL goes to nothing", plain=1e-4)
def text_vae(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 100)
    kl = decades(t, 0.1, 6.0, strength, 0.45)
    put(log, rng, steps, {"train/KL": (kl, 0.1)})
    put(log, rng, steps, {"train/NLL": (98 + 60 * np.exp(-t / 0.08) + 6 * (1 - t), 0.015)})
    grows(log, "collapse", "train/KL", steps, kl, where(t, 0.1), 0.1)


@labelled("generator_has_lost_the_game", "explosion", "its loss grows without end", tenfold=15)
def lost_game(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 500, 100)
    onset = rng.uniform(0.3, 0.5)
    generator = decades(t, onset, 1.6, strength)
    critic = decades(t, onset, 0.6, 1e-4)
    put(log, rng, steps, {"Loss/G": (generator, 0.15), "Loss/D": (critic, 0.25)})
    index = where(t, onset)
    grows(log, "explosion", "Loss/G", steps, generator, index, 0.2, ("divergence",))
    grows(log, "collapse", "Loss/D", steps, critic, index, 0.3)


@labelled("gradient_penalty_of_wgan_explodes", "explosion", "penalty by decades", plain=3000)
def penalty(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 300, 100)
    onset = rng.uniform(0.45, 0.65)
    values = decades(t, onset, 0.4 + 2 * np.exp(-t / 0.05), strength)
    put(log, rng, steps, {"gradient_penalty": (values, 0.25)})
    around(log, rng, steps, {"wasserstein_distance": (14 - 9 * (1 - np.exp(-6 * t)), 0.4)})
    grows(
        log, "explosion", "gradient_penalty", steps, values, where(t, onset), 0.25, ("divergence",)
    )


@labelled("latent_diffusion_of_floors", "overfitting", "validation loss rises", plain=0.02)
def floors(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 60, 150, 2)
    put(log, rng, steps, {"train/loss": (0.055 + 0.1 * np.exp(-t / 0.06) + 0.03 * (1 - t), 0.025)})
    worse = turned(t, rng.uniform(0.25, 0.4), 0.09, strength, 0.086)
    put(log, rng, steps, {"val/loss": (worse, 0.02)})
    overfits(log, "val/loss", steps, worse, lasting(0.0018, 0.2))


@labelled(
    "sd_turbo_scale_in_fp16", "loss_scale", "halved to nothing", plain=2, tolerated=("plateau",)
)
def sd_scale(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 250, 50)
    index = where(t, rng.uniform(0.3, 0.5))
    scale, bottom = scale_lost(rng, len(t), index, 16, strength, -8)
    log.add("grad_scale", steps, scale)
    put(log, rng, steps, {"train_loss": (0.13 + 0.1 * np.exp(-t / 0.05), 0.08)})
    says_scale(log, "grad_scale", steps, index, bottom)


@labelled(
    "unet_nan_after_a_bad_caption",
    "nonfinite",
    "NaN until stopped",
    plain=0.8,
    tolerated=("plateau",),
)
def bad_caption(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 300, 50)
    index = where(t, strength)
    values = jitter(rng, 0.13 + 0.2 * np.exp(-t / 0.05), 0.06)
    log.add("train_loss", steps, from_point(values, index, np.nan))
    log.add("lr", steps, np.full(len(t), 1e-5))
    jumps(log, "nonfinite", "train_loss", steps, index)


@labelled(
    "warmup_never_ends_at_zero", "learning_rate", "zero at each step: nothing learnt", plain=1
)
def never_warm(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 200, 50)
    paced(log, rng, 50, strength)
    log.add("lr", steps, np.zeros(len(t)))
    around(log, rng, steps, {"train_loss": (np.full(len(t), 0.98), 0.012)})
    from_the_start(log, "learning_rate", "lr", steps)
    from_the_start(log, "plateau", "train_loss", steps)


@labelled(
    "fid_turns_back",
    "divergence",
    "FID is best at a half, then worse for good",
    plain=1.2,
    tolerated=("plateau",),
)
def fid_turns(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 30, 80, 200)
    paced(log, rng, 200, 20)
    onset = rng.uniform(0.4, 0.55)
    fid = 16 + 150 * np.exp(-t / 0.08)
    fid = fid * (1 + strength * np.clip((t - onset) / (1 - onset), 0, 1))
    put(log, rng, steps, {"Metrics/fid50k_full": (fid, 0.03)})
    put(log, rng, steps, {"Loss/D/loss": (0.9, 0.08), "Loss/G/loss": (1.4, 0.1)})
    index = int(np.argmin(fid))
    drifts(log, "divergence", "Metrics/fid50k_full", steps, fid, index, lasting(0.6, 0.2))


@labelled("cyclegan_leaps_at_a_restart", "spike", "losses leap and are back soon", plain=3)
def cyclegan(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 500, 100)
    index = where(t, rng.uniform(0.4, 0.8))
    loss = 1.5 + 3 * np.exp(-t / 0.08) - 0.3 * t
    leap = loss * (1 + decay_after(len(t), index, strength, 2))
    put(log, rng, steps, {"cycle_A": (leap, 0.06), "idt_A": (0.5 * loss, 0.08)})
    put(log, rng, steps, {"D_A": (0.2, 0.25)})
    spikes(log, "cycle_A", steps, index, 5)


@labelled("sampler_shares_the_card", "throughput", "seconds per kimg triple for good", plain=2.5)
def shares_card(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 4)
    paced(log, rng, 4, 2)
    index = where(t, rng.uniform(0.4, 0.6))
    time = np.where(np.arange(len(t)) < index, 30.0, 30 * strength)
    put(log, rng, steps, {"Timing/sec_per_kimg": (time, 0.02), "Loss/G/loss": (1.2 + 0.3 * t, 0.1)})
    put(log, rng, steps, {"Loss/D/loss": (0.95, 0.07)})
    lags(log, steps, index, strength)


@labelled(
    "video_latents_from_a_slow_store",
    "stall",
    "hours before a step",
    plain=6,
    tolerated=("plateau",),
)
def slow_store(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 250, 10)
    paced(log, rng, 10, 1.5)
    put(log, rng, steps, {"train_loss": (0.2 + 0.3 * np.exp(-t / 0.05) - 0.07 * t, 0.06)})
    log.add("lr", steps, np.full(len(t), 2e-5))
    halts(log, steps, where(t, rng.uniform(0.2, 0.8)), strength)
