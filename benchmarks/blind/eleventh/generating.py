"""Pictures, codes and voices out of noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import cosine
from benchmarks.blind.eleventh.making import (
    grown,
    interval,
    jitter,
    kept,
    lasting,
    noise,
    paced,
    places,
    shrunk,
    sunk,
    worsened,
)
from benchmarks.blind.eleventh.registry import healthy, labelled
from benchmarks.blind.windows import flat, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "latents_lose_their_scale",
    "loss_scale",
    "a diffusion model in half precision: every step overflows and is skipped, the scale goes to"
    " nothing and the loss stands (huggingface/diffusers, accelerate GradScaler)",
    clear=0.3,
    medium=0.5,
)
def latents_lose_their_scale(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    index = int(strength * n)
    since = np.maximum(np.arange(n) - index, 0)
    exponent = 16 - np.minimum(since * 60 / n, 50)
    log.add("scaler/scale", steps, 2.0 ** np.round(exponent))
    loss = kept(0.16 + 0.85 * np.exp(-3.5 * t / strength), index)
    log.add("train_loss", steps, jitter(rng, loss, 0.09, 0.2))
    log.add("lr", steps, np.minimum(t / 0.01, 1) * 1e-4)
    last = int(steps[min(index + int(0.5 * (n - index)), n - 1)])
    log.true("loss_scale", "scaler/scale", steps[index], (int(steps[index - 3]), last))
    window = flat(steps, loss, index, 0.2 * loss[index])
    log.true("plateau", "train_loss", steps[index], window)


@labelled(
    "noise_guess_creeps_up",
    "divergence",
    "the loss of a diffusion transformer creeps up again for the second half of the run, and the"
    " norm of its gradients with it (facebookresearch/DiT, bf16 instability)",
    clear=0.35,
    medium=0.16,
    tolerated=("explosion",),
)
def noise_guess_creeps_up(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 1600)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    turn = rng.uniform(0.4, 0.55)
    worse = 0.152 + 0.6 * np.exp(-14 * t) + shapes.ramp_after(t, turn, 0.152 * strength * 1.6, 1.1)
    log.add("train/mse", steps, jitter(rng, worse, 0.02, 0.2))
    norm = 0.09 + 0.5 * np.exp(-18 * t) + shapes.ramp_after(t, turn - 0.08, 4 * strength, 1.3)
    log.add("train/grad_norm", steps, jitter(rng, norm, 0.1, 0.3))
    log.add("train/steps_per_sec", steps, 3.4 * (1 + noise(rng, n, 0.01)))
    worsened(log, "train/mse", steps, worse, int(turn * n), lasting(0.003, 0.2))
    index = int((turn - 0.08) * n)
    grown(log, "gradient", "train/grad_norm", steps, norm, index, 0.02, ("explosion",))


@labelled(
    "faces_and_a_judge_without_doubt",
    "collapse",
    "the discriminator is never fooled any more: its loss is nothing, the pictures get worse by the"
    " thousand (NVlabs/stylegan2-ada-pytorch, small data)",
    clear=2.0,
    medium=1.0,
    tolerated=("explosion",),
)
def faces_and_a_judge_without_doubt(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 900)
    t, steps = shapes.times(n), shapes.steps(n, 4)
    fall = rng.uniform(0.4, 0.5)
    doubt = np.exp(-np.maximum(t - fall, 0) / 0.045)
    loss_d = 0.95 * doubt + 2e-4
    log.add("Loss/D/loss", steps, jitter(rng, loss_d, 0.12))
    log.add("Loss/G/loss", steps, jitter(rng, 1.1 + 7 * (1 - doubt), 0.1))
    log.add("Loss/scores/real", steps, 0.3 + 6 * (1 - doubt) + noise(rng, n, 0.2))
    at = interval(steps, 4 * max(n // 36, 1))
    u = at / steps[-1]
    fid = 28 + 180 * np.exp(-14 * u) + shapes.ramp_after(u, fall, 40 * strength, 0.9)
    log.add("Metrics/fid50k_full", at, jitter(rng, fid, 0.02))
    index = int(fall * n)
    shrunk(log, "Loss/D/loss", steps, loss_d, index, 0.1)
    first = int(np.argmax(at >= steps[index]))
    worsened(log, "Metrics/fid50k_full", at, fid, first, lasting(0.7))


@labelled(
    "codes_of_pictures_die_out",
    "collapse",
    "of a codebook's entries almost none is used any more: its perplexity goes to one and the"
    " reconstruction gets no better (CompVis/taming-transformers, VQ-VAE)",
    clear=1.0,
    medium=4.0,
)
def codes_of_pictures_die_out(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    fall = rng.uniform(0.18, 0.3)
    used = 420 * (1 - np.exp(-20 * t)) * np.exp(-np.maximum(t - fall, 0) / 0.03) + strength
    log.add("train/perplexity_codebook", steps, jitter(rng, used, 0.05))
    index = int(fall * n)
    loss = kept(0.105 + 0.5 * np.exp(-5 * t / fall), index)
    log.add("train/rec_loss", steps, jitter(rng, loss, 0.025))
    log.add("train/commit_loss", steps, jitter(rng, 0.02 + 0.05 * np.exp(-6 * t), 0.1))
    shrunk(log, "train/perplexity_codebook", steps, used, index, 15)
    window = flat(steps, loss, index, lasting(0.003))
    log.true("plateau", "train/rec_loss", steps[index], window)


@labelled(
    "estimate_of_distance_runs_off",
    "learning_rate",
    "a rate without a parameter is estimated ever higher, a hundred times what was right, and the"
    " loss with it (konstmish/prodigy, kohya-ss/sd-scripts)",
    clear=300.0,
    medium=60.0,
    tolerated=("explosion",),
)
def estimate_of_distance_runs_off(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    first = int(n * rng.uniform(0.5, 0.62))
    jumps = np.array([0, int(0.025 * n), int(0.05 * n), int(0.075 * n)]) + first
    stage = np.searchsorted(jumps, np.arange(n), side="right")
    early = 1e-6 * np.minimum(100, 1.18 ** np.minimum(np.arange(n), 40))
    rate = early * strength ** (stage / 4)
    log.add("lr/d*lr", steps, rate)
    since = np.maximum(np.arange(n) - first, 0) / n
    worse = (
        0.118 + 0.05 * np.exp(-9 * t) + 0.2 * (1 - np.exp(-since / 0.05)) * (strength / 300) ** 0.2
    )
    log.add("loss/average", steps, jitter(rng, worse, 0.035, 0.4))
    log.true(
        "learning_rate",
        "lr/d*lr",
        steps[first],
        (int(steps[first - 2]), int(steps[min(jumps[-1] + 2, n - 1)])),
        also=("explosion",),
    )
    log.true("divergence", "loss/average", steps[first], gradual(steps, worse, first, 0.009))


@healthy(
    "a_thousand_steps_to_say_nothing",
    "the loss of a latent diffusion's fine-tuning is noise from its third line on; the samples get"
    " better unseen (kohya-ss/sd-scripts, diffusers)",
    tolerated=("plateau", "divergence"),
)
def a_thousand_steps_to_say_nothing(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 700, 1600)
    steps = shapes.steps(n, 1)
    loss = 0.115 * rng.gamma(16, 1 / 16, n)
    log.add("loss/current", steps, loss)
    log.add("loss/average", steps[99:], shapes.moving_mean(loss, 100)[99:])
    log.add("lr/unet", steps, 1e-4)
    log.add("lr/textencoder", steps, 5e-5)


@healthy(
    "restarts_of_the_cosine_for_a_style",
    "cosine with restarts, planned and logged from the first step: the loss swells a little at each"
    " (kohya-ss lr_scheduler_num_cycles=4)",
    tolerated=("plateau",),
)
def restarts_of_the_cosine_for_a_style(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 240, 900)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    _, within = shapes.cycle(t, 5)
    rate = 1e-4 * (0.02 + 0.98 * (1 + np.cos(np.pi * within)) / 2)
    log.add("learning_rate", steps, rate)
    loss = sunk(t, 0.29, 0.118, 8) + 0.009 * rate / 1e-4
    log.add("train_loss", steps, jitter(rng, loss, 0.05))


@healthy(
    "flow_matched_with_an_average",
    "rectified flow: training loss falls slowly, FID of the averaged weights starts high and comes"
    " down late (SiT, flow matching)",
    tolerated=("plateau",),
)
def flow_matched_with_an_average(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 1600)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.add("train/loss", steps, jitter(rng, sunk(t, 1.2, 0.54, 30, 0.25), 0.012))
    log.add("train/grad_norm", steps, jitter(rng, 0.15 + 0.7 * np.exp(-30 * t), 0.12))
    at = interval(steps, 100 * max(n // 20, 1))
    u = at / steps[-1]
    log.add("eval/fid10k", at, places(jitter(rng, 7 + 240 * np.exp(-6.5 * u), 0.015), 2))
    log.add("ema/decay", at, np.minimum((1 + at) / (10 + at), 0.9999))


@healthy(
    "forger_and_judge_level",
    "a small GAN that holds its balance: both losses wander and go nowhere (pytorch/examples"
    " dcgan)",
    tolerated=("plateau",),
)
def forger_and_judge_level(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    log.add("Loss_D", steps, jitter(rng, 0.62 + 0.7 * np.exp(-30 * t), 0.22, 0.5))
    log.add("Loss_G", steps, jitter(rng, 2.2 + 2.5 * np.exp(-30 * t), 0.2, 0.5))
    log.add("D(x)", steps, np.clip(0.72 + noise(rng, n, 0.05, 0.5), 0, 1))
    log.add("D(G(z))", steps, np.clip(0.28 + noise(rng, n, 0.05, 0.5), 0, 1))


@healthy(
    "codebook_with_restarted_entries",
    "a tokenizer of pictures: usage climbs to nearly all entries, the reconstruction falls, the"
    " adversary comes in after a third, as planned (taming-transformers, disc_start)",
    tolerated=("plateau",),
)
def codebook_with_restarted_entries(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    on = t >= 0.33
    log.add("train/rec_loss", steps, jitter(rng, sunk(t, 0.7, 0.11, 20), 0.03))
    log.add("train/perplexity", steps, jitter(rng, 40 + 820 * (1 - np.exp(-6 * t)), 0.02))
    log.add("train/disc_factor", steps, on.astype(float))
    log.add("train/disc_loss", steps, np.where(on, 0.93 + noise(rng, n, 0.04), 0.0))
    log.add("train/lr", steps, 4.5e-6)


@healthy(
    "wavelets_with_pauses_to_sample",
    "every so often pictures are drawn for minutes before the next step is logged, from the first"
    " time on alike (lucidrains/denoising-diffusion-pytorch, save_and_sample_every)",
    tolerated=("plateau",),
)
def wavelets_with_pauses_to_sample(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    paced(log, steps, np.full(n, 0.3))
    every = max(n // 20, 5)
    for index in range(every, n, every):
        log.pause(int(steps[index]), 75.0 * (1 + 0.1 * rng.normal()))
    log.add("loss", steps, jitter(rng, sunk(t, 0.5, 0.03, 25, 0.2), 0.12))
    log.add("lr", steps, cosine(t, 8e-5, 0.02, 0.0))
    log.add("grad_norm", steps, jitter(rng, 0.2 + np.exp(-20 * t), 0.2))
