"""Pictures and sounds that are made: diffusion, adversaries, autoencoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import cosine, interval, jitter, noise
from benchmarks.blind.twelfth.making import (
    by_epochs,
    hangs,
    saturating,
    scales,
    since,
    single,
    sinking,
    slows_at,
    worsens,
)
from benchmarks.blind.twelfth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "faces_better_and_better",
    "the distance between made and real faces falls and is noisy, the losses of both sides stay"
    " where they are (NVlabs/stylegan3, stats.jsonl)",
    tolerated=("plateau",),
)
def faces_better_and_better(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 40)
    log.add("Metrics/fid50k_full", steps, jitter(rng, sinking(t, 240, 6.1, 0.9, 0.02), 0.08))
    log.add("Loss/G/loss", steps, 1.05 + noise(rng, n, 0.1, 0.5))
    log.add("Loss/D/loss", steps, 0.84 + noise(rng, n, 0.04, 0.5))
    log.add("Loss/r1_penalty", steps, 0.02 * np.exp(noise(rng, n, 0.25)))
    log.add("Progress/augment", steps, saturating(t, 0, 0.31, 4))
    log.add("Timing/sec_per_kimg", steps, 21.4 * np.exp(noise(rng, n, 0.01)))


@healthy(
    "noise_that_is_guessed",
    "the loss of a diffusion model is level after an hour and noisy, the pictures get better for"
    " days (huggingface/diffusers, train_unconditional)",
    tolerated=("plateau",),
)
def noise_that_is_guessed(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    log.add(
        "loss", steps, single(sinking(t, 0.6, 0.021, 1.2, 0.004) * np.exp(noise(rng, n, 0.16, 0)))
    )
    log.add("lr", steps, np.minimum(1e-4, 1e-4 * steps / 500))
    log.add("ema_decay", steps, np.minimum(0.9999, 1 - (1 + steps) ** -0.75))
    evals = interval(steps, int(steps[-1]) // 15)
    log.add("eval/fid", evals, jitter(rng, sinking(evals / steps[-1], 62, 9.4, 0.7, 0.1), 0.02))


@healthy(
    "voice_from_frames",
    "a vocoder: the spectral error falls, the adversaries hold each other"
    " (jik876/hifi-gan, training/gen_loss_total)",
    tolerated=("plateau",),
)
def voice_from_frames(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100, 0)
    mel = sinking(t, 1.3, 0.22, 0.7)
    log.add("training/mel_spec_error", steps, jitter(rng, mel, 0.06))
    log.add("training/gen_loss_total", steps, jitter(rng, 45 * mel + 14, 0.05))
    log.add("training/disc_loss_total", steps, jitter(rng, 3.2 + 0.6 * np.exp(-20 * t), 0.04))
    evals = interval(steps, 1000)
    log.add(
        "validation/mel_spec_error", evals, jitter(rng, np.interp(evals, steps, mel) * 1.02, 0.01)
    )


@healthy(
    "weight_brought_in_slowly",
    "the weight of the divergence is brought in over the first fifth and logged: the bound is first"
    " loose, then tight (Bowman et al. 2016)",
)
def weight_brought_in_slowly(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(100, 260))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    weight = np.clip(t / 0.2, 0, 1)
    recon = sinking(t, 210, 78, 0.9, 0.03)
    kl = 26 * (1 - np.exp(-t / 0.02)) - 6 * weight
    log.add("train/recon", steps, jitter(rng, recon, 0.008))
    log.add("train/kl", steps, jitter(rng, np.maximum(kl, 1), 0.012))
    log.add("train/beta", steps, weight)
    log.add("val/recon", steps, jitter(rng, 1.03 * recon, 0.01))


@labelled(
    "judge_that_is_never_wrong",
    "divergence",
    "the discriminator wins: its loss goes to nothing, the generator's grows many times over, the"
    " pictures get worse for good (soumith/ganhacks; pytorch/examples dcgan)",
    clear=1.0,
    middling=0.5,
)
def judge_that_is_never_wrong(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 500)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    first = int(n * rng.uniform(0.4, 0.55))
    wins = 1 - np.exp(-7 * since(n, first))
    judge = 1.1 * np.exp(-8 * wins)
    maker = 1.6 * np.exp(3.2 * wins)
    log.add("loss/D", steps, judge * np.exp(noise(rng, n, 0.15)))
    scales(log, "collapse", "loss/D", steps, judge, first, 0.2)
    log.add("loss/G", steps, maker * np.exp(noise(rng, n, 0.12)))
    scales(log, "explosion", "loss/G", steps, maker, first, 0.16, also=("divergence",))
    some = slice(None, None, max(n // 50, 1))
    worse = (sinking(t, 210, 38, 0.9) + 130 * strength * wins)[some]
    evals = steps[some]
    turn = int(np.argmax(evals >= steps[first]))
    log.add("eval/FID", evals, worse * np.exp(noise(rng, len(evals), 0.03)))
    worsens(log, "eval/FID", evals, worse, turn, 2.5, also=("explosion",))


@labelled(
    "latent_unused",
    "collapse",
    "the divergence goes to nothing within a few epochs: the decoder does without its code"
    " (Bowman et al. 2016; He et al. 2019)",
    tolerated=("plateau",),
)
def latent_unused(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(60, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    first = int(n * rng.uniform(0.12, 0.25))
    kl = (
        8.5
        * strength
        * (1 - 0.7 * np.exp(-30 * t))
        * np.exp(-8 * (1 - np.exp(-7 * since(n, first))))
    )
    log.add("train/kl_loss", steps, kl * np.exp(noise(rng, n, 0.08)))
    scales(log, "collapse", "train/kl_loss", steps, kl, first, 0.11)
    log.add("train/rec_loss", steps, jitter(rng, sinking(t, 160, 97, 0.8, 0.03), 0.006))
    log.add("lr", steps, 1e-3)


@labelled(
    "latents_from_the_network_disk",
    "throughput",
    "the disk of the cluster hangs for hours, and behind that each step takes twice as long or half"
    " as long again for good; only the clock tells (kohya-ss/sd-scripts)",
    clear=2.4,
    faint=1.5,
)
def latents_from_the_network_disk(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = float(rng.uniform(0.8, 2))
    gap = int(n * rng.uniform(0.35, 0.6))
    tags = ("loss/current", "loss/average", "lr/unet")
    loss = sinking(t, 0.16, 0.1, 0.8) * np.exp(noise(rng, n, 0.25, 0))
    log.add(tags[0], steps, loss)
    log.add(tags[1], steps, shapes.moving_mean(loss, max(n // 10, 20)))
    log.add(tags[2], steps, cosine(t, 1e-4, 0.05, 0))
    log.slower(int(steps[gap]), strength)
    hangs(log, tags, steps, gap, 4)
    slows_at(log, tags, steps, gap)
