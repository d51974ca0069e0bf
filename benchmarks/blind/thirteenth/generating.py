"""Pictures, codes and their adversaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.thirteenth.making import (
    at,
    drifts,
    every,
    grows,
    jitter,
    jumps,
    noise,
    scaler,
    spikes,
    warmed,
)
from benchmarks.blind.thirteenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "denoising_loss_looks_flat",
    "a diffusion model: after the first hundredth the loss of a batch is noise about a level"
    " that falls by a tenth, since time steps are drawn at random; FID still falls",
    tolerated=("plateau",),
)
def denoising_loss_looks_flat(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    loss = 0.043 + 0.9 * (1 + t / 0.0008) ** -1.1 - 0.004 * t
    log.add("train_loss", steps, jitter(rng, loss, 0.16, 0.0))
    log.add("lr", steps, 1e-4 * np.minimum(1, steps / 5000))
    seen = every(steps, int(rng.integers(10, 26)))
    fid = 7.5 + 60 * np.exp(-at(seen, steps, t) / 0.13) - 2.2 * at(seen, steps, t)
    log.add("eval/fid_10k", seen, jitter(rng, fid, 0.015))
    log.add("ema_decay", steps, 1 - 1 / np.minimum(10_000, 10 + steps))


@healthy(
    "style_and_critic_in_balance",
    "StyleGAN-ADA: losses of both sides hover about each other for all of the run, augmentation"
    " finds its strength, FID falls from 300 to 9",
    tolerated=("plateau",),
)
def style_and_critic_in_balance(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 4)
    log.add("Loss/G/loss", steps, 1.1 + 0.25 * (1 - np.exp(-t / 0.1)) + noise(rng, n, 0.07, 0.6))
    log.add("Loss/D/loss", steps, 0.72 + 0.2 * np.exp(-t / 0.05) + noise(rng, n, 0.04, 0.6))
    log.add("Loss/scores/real", steps, 0.6 + noise(rng, n, 0.12, 0.7))
    log.add("Loss/scores/fake", steps, -0.7 + noise(rng, n, 0.12, 0.7))
    drift = np.clip(0.35 * (1 - np.exp(-t / 0.2)) + noise(rng, n, 0.01, 0.9), 0, None)
    log.add("Progress/augment", steps, drift)
    log.add("Timing/sec_per_kimg", steps, jitter(rng, np.full(n, 24.1), 0.006))
    seen = every(steps, int(rng.integers(20, 51)))
    fid = 9 + 320 * np.exp(-at(seen, steps, t) / 0.045) + 9 * np.exp(-at(seen, steps, t) / 0.35)
    log.add("Metrics/fid50k_full", seen, jitter(rng, fid, 0.03, 0.0))


@healthy(
    "weight_of_the_prior_is_warmed",
    "a VAE whose KL is weighted from 0 to 1 over its first fifth: the KL falls to its level and"
    " the reconstruction goes on getting better",
    tolerated=("plateau",),
)
def weight_of_the_prior_is_warmed(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    weight = np.clip(t / 0.2, 0, 1)
    log.add("train/recon_loss", steps, jitter(rng, 78 + 105 * np.exp(-t / 0.06) - 3 * t, 0.008))
    log.add("train/kl_divergence", steps, jitter(rng, 24.5 + 30 * np.exp(-t / 0.08), 0.012))
    log.add("train/beta", steps, weight)
    elbo = 102 + 160 * np.exp(-t / 0.05) - 2.5 * t
    log.add("val/neg_elbo", steps, jitter(rng, elbo, 0.006))


@healthy(
    "a_face_in_eighty_epochs",
    "kohya's LoRA of one person: two rates, that of the text encoder without a schedule, a loss"
    " that is noise, and its average of the last steps, which wanders",
    tolerated=("plateau",),
)
def a_face_in_eighty_epochs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 600, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    now = jitter(rng, np.full(n, 0.115), 0.45, 0.0)
    log.add("loss/current", steps, now)
    log.add("loss/average", steps, shapes.moving_mean(now, 200))
    log.add("lr/unet", steps, 1e-4 * warmed(t, 0.05, (1 + np.cos(np.pi * t)) / 2))
    log.add("lr/textencoder", steps, np.full(n, 5e-5))


@labelled(
    "critic_wins_outright",
    "collapse",
    "a GAN whose discriminator tells all apart: its loss goes to nothing, the generator's grows"
    " twentyfold and FID rises to where it began (pytorch/examples #70)",
    clear=1e-4,
    moderate=0.01,
)
def critic_wins_outright(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 700)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    a = rng.uniform(0.4, 0.55)
    gone = np.clip((t - a) / 0.15, 0, 1)
    critic = 0.65 * (strength / 0.65) ** gone
    maker = 1.25 * 24.0**gone
    log.add("loss/discriminator", steps, jitter(rng, critic, 0.14, 0.4))
    log.add("loss/generator", steps, jitter(rng, maker, 0.14, 0.4))
    seen = every(steps, int(rng.integers(24, 50)))
    s = at(seen, steps, t)
    worse = 28 + 200 * np.exp(-s / 0.07) + 180 * np.clip((s - a) / 0.25, 0, 1)
    log.add("metrics/fid", seen, jitter(rng, worse, 0.03, 0.0))
    index = int(a * n)
    grows(log, "collapse", "loss/discriminator", steps, critic, index, 0.2, ("divergence",))
    grows(log, "explosion", "loss/generator", steps, maker, index, 0.2, ("divergence",))
    first = int(np.argmax(s > a)) - 1
    drifts(log, "divergence", "metrics/fid", seen, worse, first, 2.0, ("overfitting",))


@labelled(
    "two_codes_are_used",
    "collapse",
    "VQ-VAE: of 1,024 codes fewer and fewer are used until two are left (perplexity), and"
    " pictures become grey; no code is ever restarted",
    clear=2.0,
    moderate=14.0,
    tolerated=("divergence", "plateau"),
)
def two_codes_are_used(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    a = rng.uniform(0.3, 0.45)
    used = (60 + 380 * (1 - np.exp(-t / 0.07))) ** (1 - np.clip((t - a) / 0.3, 0, 1))
    used = np.maximum(used, 1) * strength ** np.clip((t - a) / 0.3, 0, 1)
    log.add("train/codebook_perplexity", steps, jitter(rng, used, 0.03, 0.4))
    log.add("train/commit_loss", steps, jitter(rng, 0.02 + 0.06 * np.exp(-t / 0.1), 0.08))
    log.add("train/lr", steps, np.full(n, 3e-4))
    grows(log, "collapse", "train/codebook_perplexity", steps, used, int(a * n), 0.04)


@labelled(
    "pictures_get_worse_again",
    "divergence",
    "a latent diffusion fine-tuned at a constant rate on few pictures: FID is best at a third of"
    " the run and then rises all the way, while the training loss says nothing",
    clear=26.0,
    moderate=9.0,
)
def pictures_get_worse_again(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(18, 40))
    t, steps = shapes.times(n), shapes.steps(n, 2500)
    worse = 14 + 30 * np.exp(-t / 0.09) + strength * np.clip((t - 0.36) / 0.64, 0, None) ** 1.1
    log.add("eval/FID", steps, jitter(rng, worse, 0.022, 0.0))
    fine = shapes.steps(n * 10, 250)
    log.add("train/mse", fine, jitter(rng, np.full(n * 10, 0.131), 0.09, 0.0))
    lowest = int(np.argmin(worse))
    drifts(log, "divergence", "eval/FID", steps, worse, lowest, 0.4, ("overfitting",))


@labelled(
    "encoder_in_half_precision",
    "nonfinite",
    "SDXL's encoder overflows in fp16 (diffusers #4310): first a batch now and then, then each:"
    " the loss is NaN from there to the end, and the scaler halves at each step",
    clear=1.0,
)
def encoder_in_half_precision(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    a = int(n * rng.uniform(0.4, 0.7))
    dead = np.arange(n) >= a
    loss = jitter(rng, 0.12 + 0.06 * np.exp(-t / 0.05), 0.22, 0.0)
    log.add("train_loss", steps, np.where(dead, np.nan, loss) * strength)
    scale = np.where(dead, 2.0 ** np.maximum(15.0 - (np.arange(n) - a + 1), -20), 2.0**15)
    log.add("grad_scaler", steps, scale)
    log.add("lr", steps, np.full(n, 1e-5))
    jumps(log, "nonfinite", "train_loss", steps, a)
    window = int(steps[a - 2]), int(steps[min(a + 17, n - 1)])
    log.true("loss_scale", "grad_scaler", int(steps[a]), window, also=("collapse",))


@labelled(
    "flow_norm_creeps_up",
    "gradient",
    "a flow without weight decay: the norm of its gradients creeps up twelvefold from the first"
    " third on; its bits per dimension have long been level",
    clear=30.0,
    moderate=10.0,
    tolerated=("plateau", "explosion"),
)
def flow_norm_creeps_up(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    a = 0.3
    norm = 1.4 * (1 + (strength - 1) * np.clip((t - a) / (1 - a), 0, 1) ** 1.5)
    log.add("grad/global_norm", steps, jitter(rng, norm, 0.18, 0.3))
    log.add("train/bpd", steps, 3.42 + 2.1 * np.exp(-t / 0.04) + noise(rng, n, 0.03))
    grows(log, "gradient", "grad/global_norm", steps, norm, int(a * n), 0.25, ("explosion",))


@labelled(
    "texture_loss_leaps",
    "spike",
    "super-resolution with an adversary: its perceptual loss leaps at two places for a few"
    " hundred steps and comes back each time",
    tolerated=("spike",),
    clear=6.0,
    moderate=2.0,
)
def texture_loss_leaps(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    loss = jitter(rng, 1.05 + 1.3 * np.exp(-t / 0.1), 0.035)
    for place in (rng.uniform(0.3, 0.5), rng.uniform(0.65, 0.9)):
        i = int(place * n)
        loss += shapes.decay_after(n, i, strength, 1.5)
        spikes(log, "losses/l_g_percep", steps, i, 6)
    log.add("losses/l_g_percep", steps, loss)
    log.add("losses/l_g_pix", steps, jitter(rng, 0.021 + 0.03 * np.exp(-t / 0.1), 0.06))
    seen = every(steps, 30)
    psnr = 27.9 - 3.5 * np.exp(-at(seen, steps, t) / 0.2)
    log.add("metrics/psnr", seen, psnr + noise(rng, 30, 0.03))


@labelled(
    "scale_sinks_in_stages",
    "loss_scale",
    "apex: with each stage of growing resolution less of the scale is left, 2^17 at first, 2^3"
    " at last, while losses are level: underflow is near",
    clear=-3.0,
    moderate=3.0,
    tolerated=("plateau", "collapse"),
)
def scale_sinks_in_stages(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 900)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    a = rng.uniform(0.3, 0.45)
    stage = np.clip(np.floor((t - a) / 0.1) + 1, 0, 4) / 4
    limit = 17.2 - (17.2 - strength) * stage
    log.add("amp/loss_scale", steps, scaler(rng, limit, 17, 60))
    log.add("loss/total", steps, jitter(rng, 0.5 + 1.2 * np.exp(-t / 0.08), 0.05))
    first = int(np.argmax(stage > 0))
    window = int(steps[first - 2]), int(steps[min(first + int(0.22 * n), n - 1)])
    log.true("loss_scale", "amp/loss_scale", int(steps[first]), window, also=("collapse",))
