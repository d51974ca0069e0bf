"""Ordinary training of what makes pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, fall, held_out, settle
from benchmarks.blind.fifth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "style_from_forty_pictures",
    "an adapter of a diffusion model: the loss of a step is whatever its noise level makes it and"
    " hardly falls; the mean of an epoch says a little (kohya-ss/sd-scripts)",
    tolerated=("plateau",),
)
def style_from_forty_pictures(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1500, 6000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(0.5, 2)
    current = (0.128 - 0.022 * settle(t, 0, 1, 2)) * batches(rng, n, 0.55) * 0.86
    log.add("loss/current", steps, current)
    log.add("loss/average", steps, shapes.moving_mean(current, n // 10))
    log.add("lr/unet", steps, 1e-4)
    log.add("lr/textencoder", steps, 5e-5)


@healthy(
    "noise_taken_from_faces",
    "a diffusion model from nothing: the loss falls by nine tenths in a hundredth of the run, then"
    " by a few per cent in the noise of batches (Ho et al. 2020; diffusers)",
    tolerated=("plateau",),
)
def noise_taken_from_faces(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 2000, 15000)
    t, steps = shapes.times(n), shapes.steps(n, int(rng.choice([1, 10, 50])))
    log.seconds_per_step = rng.uniform(0.1, 0.6)
    log.add("loss", steps, fall(t, 1.01, 0.0262, 0.0005, 0.75) * batches(rng, n, 0.13))
    log.add("lr", steps, shapes.warmup_cosine(t, 1e-4, 0.01, 0.0))
    log.add("ema_decay", steps, 1 - (1 + np.arange(n)) ** -0.75)


@healthy(
    "scene_from_a_hundred_views",
    "a radiance field: the signal-to-noise of one batch of rays varies by a decibel or two while"
    " the mean climbs (nerfstudio)",
    tolerated=("plateau",),
)
def scene_from_a_hundred_views(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.choice([300, 1000, 3000]))
    t, steps = shapes.times(n), shapes.steps(n, 10, 0)
    log.seconds_per_step = rng.uniform(0.02, 0.06)
    psnr = fall(t, 9.5, 27.6, 0.006, 0.45) + rng.normal(0, 0.8, n)
    log.add("Train Metrics Dict/psnr", steps, psnr)
    rgb = 10 ** (-psnr / 10)
    log.add("Train Loss Dict/rgb_loss", steps, rgb)
    distortion = fall(t, 0.0004, 0.0017, 0.05, 0.6) * batches(rng, n, 0.12)
    log.add("Train Loss Dict/distortion_loss", steps, distortion)
    log.add("Train Loss", steps, rgb + distortion)
    log.add("learning_rate/fields", steps, 1e-2 * 0.01**t)
    log.add("Train Rays / Sec (num_rays_per_batch=4096)", steps, 4.2e5 * rng.gamma(300, 1 / 300, n))
    k = 30
    at = np.linspace(n // k, n - 1, k).astype(int)
    scored = fall(t[at], 19.4, 25.4, 0.03, 0.6) + rng.normal(0, 0.9, k)
    log.add("Eval Images Metrics/psnr", steps[at], scored)


@healthy(
    "faces_and_their_distance",
    "StyleGAN2-ADA: both losses hover while the Fréchet distance falls from hundreds to ten"
    " (NVlabs/stylegan2-ada-pytorch)",
    tolerated=("plateau",),
)
def faces_and_their_distance(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 4000, 0)
    log.seconds_per_step = 0.02
    quiet = 0.02 + shapes.correlated(rng, n, 0.04, 0.9)
    log.add("Loss/G/loss", steps, 0.95 + 0.35 * settle(t, 0, 1, 6) + 2 * quiet)
    log.add("Loss/D/loss", steps, 1.02 - 0.2 * settle(t, 0, 1, 6) - quiet)
    log.add("Loss/scores/real", steps, 0.55 * settle(t, 0, 1, 5) + quiet)
    log.add("Loss/scores/fake", steps, -0.75 * settle(t, 0, 1, 5) - 2 * quiet)
    augmented = settle(t, 0, 0.42, 4) + shapes.correlated(rng, n, 0.004, 0.95)
    log.add("Progress/augment", steps, np.maximum(augmented, 0))
    k = int(rng.integers(15, 51))
    at = np.linspace(0, n - 1, k).astype(int)
    distance = np.exp(fall(t[at], np.log(390), np.log(9.4), 0.06, 1.0) + held_out(rng, k, 0.03))
    log.add("Metrics/fid50k_full", steps[at], distance)
    log.add("Resources/peak_gpu_mem_gb", steps, 9.21)
