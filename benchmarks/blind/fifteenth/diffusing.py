"""Generators that denoise: diffusers, kohya, k-diffusion, flow matching; and their machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fifteenth.making import SURE, abouts, nears, since
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, averaged, index_of, near, settling, turns
from benchmarks.blind.shapes import power_law, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    at,
    every,
    grows,
    half_cosine,
    hangs,
    jitter,
    jumps,
    overfits,
    warmed,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "dreambooth-noise",
    "Loss of random timesteps: noise from first to last, and no trouble.",
    tolerated=SURE,
)
def dreambooth(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 2000)
    steps = stepping(n, 1, 0)
    log.add("loss", steps, jitter(rng, np.full(n, 0.11), 0.7, 0.0))
    log.add("lr", steps, 5e-6)


@healthy(
    "kohya-average-of-epoch", "loss/current jumps about and loss/average is smooth.", tolerated=SURE
)
def kohya(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1500)
    t, steps = times(n), stepping(n, 1)
    current = jitter(rng, 0.105 + 0.02 * np.exp(-t / 0.05), 0.45, 0.0)
    log.add("loss/current", steps, current)
    log.add("loss/average", steps, averaged(current, max(n // 10, 50)))
    for part, rate in (("unet", 1e-4), ("textencoder", 5e-5)):
        log.add(f"lr/{part}", steps, rate * half_cosine(t))


@healthy(
    "unconditional-faces",
    "Loss levels within hours, while FID improves to the end.",
    tolerated=SURE,
)
def faces(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), stepping(n, 100)
    loss = power_law(t, 0.9, 0.018, 0.9, 0.002)
    nears(
        log,
        rng,
        steps,
        {"train_loss": (loss, 0.08), "ema_decay": (0.9999 - 0.1 * np.exp(-t / 0.01), 1e-6)},
    )
    log.add("lr", steps, 1e-4 * warmed(t, 0.02, half_cosine(t)))
    seen = every(steps, 16)
    near(log, rng, "FID", seen, at(seen, steps, power_law(t, 260, 5, 0.8, 0.01)), 0.02)


@healthy("latent-flow-matching", "Slow descent of a rough loss, norms that settle.")
def flow(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1800)
    t, steps = times(n), stepping(n, 50)
    nears(
        log,
        rng,
        steps,
        {
            "train/fm_loss": (power_law(t, 1.6, 0.55, 0.5, 0.004), 0.06),
            "train/grad_norm": (settling(t, 0.25), 0.2),
            "train/samples_per_sec": (310, 0.03),
        },
    )
    seen = every(steps, 25)
    near(log, rng, "val/fm_loss", seen, at(seen, steps, power_law(t, 1.6, 0.56, 0.5, 0.004)), 0.006)
    log.add("train/lr", steps, 1e-4)


@healthy("super-resolution-psnr", "PSNR of validation rises by parts of a decibel to the end.")
def resolution(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 300)
    t, steps = times(n), stepping(n, 1000)
    cut = 0.25 * (t >= 0.5) + 0.12 * (t >= 0.8)
    psnr = 29.2 + 2.4 * (1 - np.exp(-t / 0.08)) + cut
    near(log, rng, "losses/l_pix", steps, 0.045 - 0.004 * (psnr - 29.2), 0.03)
    log.add("lr", steps, 2e-4 * 0.5 ** ((t >= 0.5).astype(int) + (t >= 0.8)))
    abouts(
        log,
        rng,
        steps,
        {
            "metrics/Set5/psnr": (psnr, 0.06),
            "metrics/Set5/ssim": (0.8 + 0.025 * (psnr - 29), 0.0015),
        },
    )


@labelled(
    "style-of-ten-pictures",
    "overfitting",
    "Validation noise loss rises, training falls.",
    clear=0.08,
    medium=0.045,
)
def style(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 800)
    t, steps = times(n), stepping(n, 10)
    near(log, rng, "train_loss", steps, 0.02 + 0.13 * np.exp(-2.5 * t), 0.12)
    log.add("lr", steps, 1e-4)
    seen = every(steps, 25)
    best = rng.uniform(0.2, 0.35)
    valid = at(seen, steps, 0.115 + 0.05 * np.exp(-5 * t / best) + strength * since(t, best))
    about(log, rng, "val_loss", seen, valid, 0.0035)
    overfits(log, "val_loss", seen, valid, 0.004)


@labelled(
    "fid-gets-worse",
    "divergence",
    "FID climbs from its best though the loss is level.",
    clear=28.0,
    medium=20.0,
)
def fid(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 700)
    t, steps = times(n), stepping(n, 200)
    near(log, rng, "train/loss", steps, power_law(t, 0.8, 0.03, 0.8, 0.003), 0.06)
    log.add("train/lr", steps, 2e-4)
    seen = every(steps, 30)
    onset = rng.uniform(0.35, 0.5)
    worse = at(seen, steps, 11 + 200 * np.exp(-9 * t) + strength * since(t, onset))
    about(log, rng, "eval/FID", seen, worse, 0.6)
    turns(
        log,
        "divergence",
        "eval/FID",
        seen,
        worse,
        int(np.argmax(seen >= onset * steps[-1])),
        0.7,
        also=("overfitting",),
    )


@labelled(
    "velocity-target-wrong", "plateau", "Loss stays at the variance of the target, 1.", plain=1.0
)
def velocity(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 700)
    t, steps = times(n), stepping(n, 10)
    near(log, rng, "train_loss", steps, strength * (1.0 + 0.02 * np.exp(-t / 0.01)), 0.02)
    near(log, rng, "grad_norm", steps, 0.05, 0.2)
    log.add("lr", steps, 1e-4 * np.minimum(1, t / 0.05))
    log.true("plateau", "train_loss", int(steps[0]), (int(steps[0]), int(steps[n // 5])))


@labelled(
    "denoiser-turns-to-noise",
    "divergence",
    "Loss jumps to 1 and stays: samples are noise.",
    plain=1.0,
    half=0.5,
)
def turns_to_noise(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), stepping(n, 20)
    made = index_of(t, rng.uniform(0.3, 0.7))
    gone = np.arange(n) >= made
    loss = np.where(gone, strength, power_law(t, 0.9, 0.04, 0.8, 0.003))
    near(log, rng, "loss", steps, loss, 0.08)
    near(log, rng, "grad_norm", steps, np.where(gone, 0.4, settling(t, 0.1)), 0.2)
    log.add("lr", steps, 1e-4)
    jumps(log, "divergence", "loss", steps, made, also=("explosion",))


@labelled(
    "autocast-scale-falls",
    "loss_scale",
    "scaler/scale halves from 65536 to less than 1.",
    plain=1.0,
    slow=3.0,
)
def autocast(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 500)
    t, steps = times(n), stepping(n, 50)
    made = index_of(t, rng.uniform(0.4, 0.55))
    halved = np.minimum(np.maximum(np.arange(n) - made + 1, 0) // strength, 20)
    scale = 65536 * 0.5**halved
    near(log, rng, "train/mse", steps, power_law(t, 0.9, 0.05, 0.8, 0.003), 0.07)
    log.add("scaler/scale", steps, scale)
    log.add("lr", steps, 1e-4)
    tenth = made + int(np.argmax(scale[made:] < 65536 / 64))
    log.true(
        "loss_scale",
        "scaler/scale",
        int(steps[made]),
        (int(steps[made - 2]), int(steps[tenth + 2])),
        also=("collapse",),
    )


@labelled(
    "latents-unscaled",
    "explosion",
    "A norm of activations grows by decades to the end.",
    plain=3.5,
    less=2.3,
)
def unscaled(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, steps = times(n), stepping(n, 50)
    onset = rng.uniform(0.3, 0.55)
    made = index_of(t, onset)
    norm = 3.0 * 10 ** (strength * since(t, onset))
    near(log, rng, "train/loss", steps, power_law(t, 0.9, 0.06, 0.8, 0.003), 0.08)
    near(log, rng, "debug/mid_block_act_norm", steps, norm, 0.08)
    grows(log, "explosion", "debug/mid_block_act_norm", steps, norm, made, 0.08)


@labelled(
    "latents-not-a-number",
    "nonfinite",
    "fp16 VAE gives NaN, and no step is good after it.",
    plain=0.4,
    late=0.9,
)
def latents(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 600)
    t, steps = times(n), stepping(n, 1)
    made = index_of(t, strength)
    loss = jitter(rng, np.full(n, 0.12), 0.5, 0.0)
    loss[made:] = np.nan
    log.add("train_loss", steps, loss)
    log.add("lr", steps, 1e-5)
    jumps(log, "nonfinite", "train_loss", steps, made)


@labelled(
    "cloud-instance-reclaimed",
    "stall",
    "A spot instance goes away and the job waits.",
    long=30.0,
    short=4.0,
)
def reclaimed(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), stepping(n, 50)
    log.seconds_per_step = rng.uniform(0.3, 1.2)
    near(log, rng, "train/fm_loss", steps, power_law(t, 1.5, 0.6, 0.5, 0.004), 0.06)
    log.add("train/lr", steps, 1e-4)
    hangs(log, ("train/fm_loss", "train/lr"), steps, int(n * rng.uniform(0.25, 0.8)), strength)


@labelled(
    "sampling-beside-training",
    "throughput",
    "Another job takes the card: speed is halved.",
    half=0.5,
    fifth_less=0.72,
)
def beside(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 700)
    t, steps = times(n), stepping(n, 50)
    made = index_of(t, rng.uniform(0.35, 0.65))
    near(log, rng, "train/fm_loss", steps, power_law(t, 1.5, 0.6, 0.5, 0.004), 0.06)
    near(
        log,
        rng,
        "perf/images_per_sec",
        steps,
        128 * np.where(np.arange(n) >= made, strength, 1),
        0.02,
    )
    log.slower(int(steps[made]), 1 / strength)
    jumps(log, "throughput", "perf/images_per_sec", steps, made)
