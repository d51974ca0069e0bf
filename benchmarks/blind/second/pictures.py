"""Healthy generators, renderers and tokenisers: resets, stages and opponents shape their curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "opacity_resets",
    "Gaussian splatting: at each reset of the opacities the loss jumps and PSNR drops by"
    " decibels, and both come back better (nerfstudio-project/gsplat #1012)",
    tolerated=("plateau", "throughput"),
)
def opacity_resets(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 30_000 // n)
    drop = np.zeros(n)
    for reset in (0.1, 0.2, 0.3, 0.4, 0.5):
        at = int(reset * n)
        drop += shapes.decay_after(n, at, rng.uniform(3, 7), n / 70)
    psnr = generators.hill(t, 13, 28, 0.06) - drop + rng.normal(0, 0.6, n)
    log.add("train_loss_patches/psnr", steps, psnr)
    log.add("train_loss_patches/total_loss", steps, 0.9 * 10 ** (-psnr / 20))
    log.add("total_points", steps, np.floor(1.3e5 + 9e5 * np.minimum(2 * t, 1)))
    log.add("iter_time", steps, (9 + 12 * np.minimum(2 * t, 1)) * generators.skewed(rng, n, 0.06))


@healthy(
    "radiance_field",
    "batches of random rays: PSNR is noisy and creeps up; rates fall a hundredfold by design",
)
def radiance_field(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10, 0)
    mse = generators.spectral(t, 0.09, 0.0016, 300) * generators.batch(rng, n, 0.12)
    log.add("Train Loss Dict/rgb_loss", steps, mse)
    log.add("Train Metrics Dict/psnr", steps, -10 * np.log10(mse))
    log.add(
        "Train Metrics Dict/distortion",
        steps,
        0.002 * (1 - np.exp(-9 * t)) * generators.batch(rng, n, 0.2),
    )
    log.add("learning_rate/fields", steps, 1e-2 * 100.0**-t)
    log.add("Train Rays / Sec", steps, 1.1e6 * generators.skewed(rng, n, 0.03))
    at = steps[n // 10 - 1 :: n // 10]
    psnr = np.interp(at, steps, -10 * np.log10(generators.spectral(t, 0.1, 0.0021, 300)))
    log.add("Eval Images Metrics/psnr", at, psnr + rng.normal(0, 0.15, len(at)))
    log.add("Eval Images Metrics/lpips", at, 0.6 - 0.016 * psnr + rng.normal(0, 0.004, len(at)))


@healthy(
    "codebook_fills",
    "a codebook's perplexity rises as it should; its loss rises before it settles"
    " (facebookresearch/AudioDec #38)",
    tolerated=("divergence", "plateau"),
)
def codebook_fills(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 500)
    for book in range(3):
        usage = generators.hill(t, 12, rng.uniform(250, 460), 0.1)
        log.add(f"train/ppl_{book}", steps, usage * generators.skewed(rng, n, 0.05))
    log.add(
        "train/vqloss", steps, (0.02 + 0.06 * (1 - np.exp(-12 * t))) * generators.batch(rng, n, 0.1)
    )
    log.add(
        "train/mel_loss", steps, generators.hill(t, 44, 17, 0.08) * generators.batch(rng, n, 0.05)
    )


@healthy(
    "growing_resolution",
    "the resolution doubles in stages: each begins worse than the last one ended, on another scale"
    " (Karras et al. 2018)",
    tolerated=("plateau",),
)
def growing_resolution(log: Log, rng: np.random.Generator) -> None:
    n, stages = shapes.whole(rng, 200, 900), int(rng.integers(4, 7))
    steps = shapes.steps(n, 40, 0)
    stage, within = generators.blocks(n, stages)
    log.add("Progress/lod", steps, stages - 1.0 - stage)
    log.add("Progress/minibatch", steps, 128.0 / 2**stage)
    swd = (38 - 3.5 * stage) * (0.62 + 0.38 * np.exp(-6 * within)) + 6 * (stage > 0) * np.exp(
        -25 * within
    )
    log.add("Metrics/swd", steps, swd * generators.skewed(rng, n, 0.03))
    log.add("Loss/D_loss", steps, -3.0 / (1 + stage) + rng.normal(0, 0.3, n))
    log.add("Loss/G_loss", steps, 6 * np.sin(0.7 * stage) + generators.pink(rng, n, 4))


@healthy(
    "rotating_players",
    "a two-player game circles its equilibrium and comes near slowly (Mescheder et al. 2018)",
    tolerated=("plateau",),
)
def rotating_players(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    angle = 2 * np.pi * rng.uniform(5, 12) * t + rng.uniform(0, 6)
    size = 0.5 * np.exp(-1.6 * t)
    log.add("gen/adv", steps, 0.72 + size * np.cos(angle) + rng.normal(0, 0.05, n))
    log.add("disc/adv", steps, 1.35 + size * np.sin(angle) + rng.normal(0, 0.05, n))
    log.add("disc/r1", steps, 0.06 * generators.skewed(rng, n, 0.4))
    log.add("disc/acc_real", steps, generators.shares(rng, 64, 0.62 + 0.2 * size * np.cos(angle)))


@healthy(
    "adapter_of_a_diffusion_model",
    "the loss of random noise levels is all noise, and its long mean falls by a tenth",
    tolerated=("plateau",),
)
def adapter_of_a_diffusion_model(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n)
    loss = (0.118 - 0.014 * (1 - np.exp(-3 * t))) * rng.gamma(2.5, 1 / 2.5, n)
    log.add("loss/current", steps, loss)
    log.add("loss/average", steps, np.cumsum(loss) / np.arange(1, n + 1))
    log.add("lr/unet", steps, 1e-4)
    log.add("lr/textencoder", steps, 5e-5)


@healthy(
    "temperature_cooled",
    "a Gumbel temperature, a KL weight and a noise level follow their schedules over decades",
)
def temperature_cooled(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 120, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.add("schedule/gumbel_temperature", steps, np.maximum(5 * np.exp(-5 * t), 0.06))
    log.add("schedule/kl_weight", steps, 6.6 * np.clip(t / 0.6, 0, 1))
    log.add("schedule/sigma", steps, 50 * 1e4**-t)
    log.add(
        "train/recon", steps, generators.hill(t, 0.31, 0.06, 0.12) * generators.batch(rng, n, 0.05)
    )
    log.add("train/code_kl", steps, 3.2 + 2.1 * np.exp(-6 * t) + rng.normal(0, 0.05, n))


@healthy(
    "free_bits",
    "the KL of each latent lies on the floor that the objective gives it, while"
    " reconstruction improves",
    tolerated=("plateau",),
)
def free_bits(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    log.add(
        "train/dyn_loss", steps, np.maximum(1.0, 4 * np.exp(-30 * t) + rng.normal(0.95, 0.06, n))
    )
    log.add(
        "train/rep_loss", steps, np.maximum(1.0, 4 * np.exp(-30 * t) + rng.normal(0.95, 0.06, n))
    )
    log.add(
        "train/image_loss",
        steps,
        generators.spectral(t, 1900, 310) * generators.batch(rng, n, 0.05),
    )
    scores = generators.hill(t, 10, 640, 0.4) * (
        0.6 + 0.4 * generators.shares(rng, 5, np.full(n, 0.9))
    )
    log.add("episode/score", steps, scores)


@healthy(
    "sparse_features",
    "an autoencoder gets sparse: its active features fall from thousands to tens in the beginning",
    tolerated=("plateau",),
)
def sparse_features(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.add("metrics/l0", steps, (45 + 5200 * np.exp(-45 * t)) * generators.skewed(rng, n, 0.03))
    log.add("sparsity/dead_features", steps, np.floor(2400 * generators.hill(t, 0, 1, 0.15)))
    log.add(
        "losses/mse_loss", steps, generators.hill(t, 310, 84, 0.05) * generators.batch(rng, n, 0.03)
    )
    log.add(
        "metrics/explained_variance",
        steps,
        generators.hill(t, 0.2, 0.86, 0.05) + rng.normal(0, 0.004, n),
    )
    log.add("details/l1_coefficient", steps, 5 * np.clip(t / 0.05, 0, 1))
