"""Scenes that are rendered anew, and pictures by diffusion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine, jitter
from benchmarks.blind.fifteenth.making import SURE, abouts, nears
from benchmarks.blind.fourteenth.making import index_of
from benchmarks.blind.seventeenth.making import (
    digits,
    eased,
    lags,
    says_scale,
    scale_lost,
    stops_getting_better,
)
from benchmarks.blind.seventeenth.registry import healthy, labelled
from benchmarks.blind.shapes import decay_after, power_law, times, whole
from benchmarks.blind.shapes import steps as every
from benchmarks.blind.sixteenth.making import learning
from benchmarks.blind.thirteenth.making import grows, jumps, spikes

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "nerfacto",
    "PSNR of a batch of rays and of one held-out view, which differ from one another",
    tolerated=SURE,
)
def nerfacto(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 3000)
    t, steps = times(n), every(n, 10, 0)
    psnr = 25.5 - 12 * np.exp(-t / 0.03) - 2.8 * (1 - t)
    log.add("Train Loss", steps, jitter(rng, 1.3 * 10 ** (-psnr / 10) + 0.004, 0.08))
    nears(
        log,
        rng,
        steps,
        {"Train Loss Dict/distortion_loss": (0.0015 + 0.01 * np.exp(-t / 0.05), 0.1)},
    )
    log.add("Train Metrics Dict/psnr", steps, psnr + rng.normal(0, 0.45, n))
    log.add("learning_rate/fields", steps, 0.01 * np.exp(-3 * t))
    nears(log, rng, steps, {"Train Rays / Sec": (1.4e6, 0.05)})
    seldom = steps[n // 12 :: n // 12]
    views = rng.normal(0, 1.1, len(seldom))
    log.add("Eval Images Metrics/psnr", seldom, at(seldom, steps, psnr) - 1.5 + views)
    log.add(
        "Eval Images Metrics/ssim",
        seldom,
        0.8 + 0.03 * views - 0.1 * np.exp(-np.arange(len(seldom))),
    )


@labelled(
    "gaussians_leave_the_card",
    "throughput",
    "Memory is full and paged from one point on",
    threefold=3.0,
    tenfold=10.0,
)
def gaussians_leave_the_card(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), every(n, 100, 0)
    index = index_of(t, rng.uniform(0.4, 0.7))
    pace = np.where(np.arange(n) < index, 1, strength)
    loss = 0.035 + 0.15 * np.exp(-t / 0.04) + 0.015 * (1 - t)
    log.add("train/loss", steps, jitter(rng, loss, 0.12))
    nears(
        log, rng, steps, {"train/l1loss": (0.6 * loss, 0.12), "train/ssimloss": (1.5 * loss, 0.12)}
    )
    log.add("train/num_GS", steps, np.floor(2e5 + 2.8e6 * np.minimum(1, 2.5 * t)))
    nears(log, rng, steps, {"train/mem": (2 + 9 * np.minimum(1, 2.5 * t), 0.001)})
    nears(log, rng, steps, {"iter_time": (48 * pace, 0.05)})
    lags(log, steps, index, strength)


@labelled(
    "ngp_density_explodes",
    "explosion",
    "The largest density of the field grows by decades",
    hundredfold=100,
    a_million=1e6,
)
def ngp_density_explodes(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), every(n, 50)
    onset = rng.uniform(0.3, 0.5)
    density = 90 * strength ** np.clip((t - onset) / (1 - onset), 0, 1)
    log.add("train/density_max", steps, jitter(rng, density, 0.1))
    log.add("train/loss", steps, jitter(rng, 0.004 + 0.04 * np.exp(-t / 0.05), 0.1))
    log.add("train/psnr", steps, 24 - 9 * np.exp(-t / 0.05) + 0.5 * t + rng.normal(0, 0.4, n))
    log.add("train/lr", steps, 0.01 * 0.33 ** np.floor(4 * t))
    grows(log, "explosion", "train/density_max", steps, density, index_of(t, onset), 0.1)


@labelled(
    "lora_of_one_face_is_level",
    "plateau",
    "The averaged loss of a LoRA comes to rest early and stays, as do the pictures' scores",
    early=0.15,
    later=0.3,
)
def lora_of_one_face_is_level(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), every(n, 5)
    mean = eased(t, 0.162, 0.124, strength)
    log.add("loss/average", steps, mean + rng.normal(0, 0.0011, n))
    log.add("lr/unet", steps, 1e-4)
    log.add("lr/textencoder", steps, 5e-5)
    seldom = steps[n // 20 :: n // 20]
    score = eased(times(len(seldom)), 0.22, 0.27, strength)
    log.add("validation/clip_score", seldom, score + rng.normal(0, 0.0025, len(seldom)))
    stops_getting_better(
        log, ("loss/average", "validation/clip_score"), steps, mean, strength, 0.0011
    )


@labelled(
    "ddpm_scaler_gives_up",
    "loss_scale",
    "Each step overflows from some point on",
    to_one=0,
    to_nothing=-30,
    tolerated=("plateau",),
)
def ddpm_scaler_gives_up(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), every(n, 50)
    index = index_of(t, rng.uniform(0.3, 0.7))
    scale, bottom = scale_lost(rng, n, index, 15, 1, round(strength))
    log.add(
        "train_loss", steps, jitter(rng, learning(np.minimum(t, t[index]), 0.11, 0.03, 9), 0.15)
    )
    log.add("grad_scaler/scale", steps, scale)
    log.add("lr", steps, cosine(t, 1e-4, 0.02, 0))
    log.add("ema_decay", steps, np.minimum(0.9999, (1 + steps) / (10 + steps)))
    says_scale(log, "grad_scaler/scale", steps, index, bottom)


@labelled(
    "k_diffusion_blows_up",
    "divergence",
    "The loss of denoising leaves its level and does not return",
    twice=1.0,
    tenfold=9.0,
)
def k_diffusion_blows_up(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 1000)
    t, steps = times(n), every(n, 25)
    index = index_of(t, rng.uniform(0.4, 0.75))
    loss = learning(t, 0.62, 0.36, 8)
    loss = loss * (
        1 + strength * (np.arange(n) >= index) * (1 - np.exp(-(np.arange(n) - index) / 4))
    )
    log.add("loss", steps, jitter(rng, loss, 0.06))
    log.add("lr", steps, 1e-4)
    log.add("ema_decay", steps, np.minimum(0.9999, 1 - (1 + steps) ** -0.67))
    jumps(log, "divergence", "loss", steps, index, ("explosion",), points=6)


@labelled(
    "edm_skips_a_beat",
    "spike",
    "One jump of the loss that is gone at the next point",
    small=0.5,
    large=6.0,
)
def edm_skips_a_beat(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 800)
    t, steps = times(n), every(n, 10)
    index = index_of(t, rng.uniform(0.4, 0.85))
    loss = power_law(t, 0.85, 0.19, 0.6, 0.008)
    log.add("Loss/loss", steps, jitter(rng, loss, 0.02) + decay_after(n, index, strength, 0.6))
    nears(
        log,
        rng,
        steps,
        {"Timing/sec_per_kimg": (6.1, 0.01), "Resources/peak_gpu_mem_gb": (21.5, 1e-4)},
    )
    spikes(log, "Loss/loss", steps, index, 4)


@labelled(
    "latents_without_bounds",
    "explosion",
    "The spread of the latents grows by decades: KL weighs nothing",
    fortyfold=40,
    thousandfold=1000,
)
def latents_without_bounds(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, steps = times(n), every(n, 100)
    onset = rng.uniform(0.25, 0.45)
    spread = 1.3 * strength ** np.clip((t - onset) / (1 - onset), 0, 1)
    log.add("train/rec_loss", steps, jitter(rng, learning(t, 0.55, 0.11, 7), 0.04))
    log.add("train/latent_std", steps, jitter(rng, spread, 0.04))
    abouts(
        log,
        rng,
        steps,
        {"train/logits_real": (0.4 + 0.2 * t, 0.1), "train/logits_fake": (-0.4 - 0.2 * t, 0.1)},
    )
    grows(log, "explosion", "train/latent_std", steps, spread, index_of(t, onset), 0.04)


@healthy(
    "depth_anything_tuned", "A metric depth model for five epochs: abs_rel at rest at the very end"
)
def depth_anything_tuned(log: Log, rng: Rng) -> None:
    n = whole(rng, 10, 14)
    t, steps = times(n), every(n, 1)
    rel = eased(t, 0.12, 0.056, 0.9)
    log.add("eval/abs_rel", steps, digits(jitter(rng, rel, 0.008), 4))
    log.add("eval/rmse", steps, digits(jitter(rng, 3.6 * rel + 0.1, 0.006), 4))
    log.add("eval/d1", steps, digits(1 - 0.35 * rel + rng.normal(0, 0.0004, n), 4))


@healthy(
    "controlnet_converges_suddenly",
    "Level loss with noise of timesteps; the score jumps once, up",
    tolerated=SURE,
)
def controlnet_converges_suddenly(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1200)
    t, steps = times(n), every(n, 10)
    loss = 0.115 + 0.06 * np.exp(-t / 0.02) - 0.02 * t
    log.add("train/loss_simple_step", steps, jitter(rng, loss, 0.55))
    log.add(
        "train/loss_simple_epoch",
        steps[n // 10 - 1 :: n // 10],
        jitter(rng, loss[n // 10 - 1 :: n // 10], 0.01),
    )
    seldom = steps[n // 14 :: n // 14]
    fine = times(len(seldom))
    score = 0.14 + 0.55 / (1 + np.exp((0.5 - fine) / 0.03)) + 0.22 * np.clip(fine - 0.5, 0, None)
    log.add("val/edge_f1", seldom, score + rng.normal(0, 0.01, len(seldom)))
