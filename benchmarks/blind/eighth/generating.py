"""What makes pictures: diffusion, adversaries, autoencoders, splats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import jitter, lasting, learned, noise
from benchmarks.blind.eighth.registry import healthy, labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "denoiser_of_pokemon",
    "Stable Diffusion fine-tuned: a loss that is all noise about one level, as random time steps"
    " make it (huggingface/diffusers #3604)",
    tolerated=("plateau",),
)
def denoiser_of_pokemon(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 300)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    log.add("train_loss", steps, rng.gamma(6, (0.118 - 0.006 * t) / 6))
    log.add("lr", steps, np.minimum(t / 0.03, 1) * 1e-5)


@healthy(
    "transformer_of_noise",
    "a diffusion transformer: the loss falls by a sixth and is level to the eye, while FID improves"
    " at every evaluation (facebookresearch/DiT #17)",
    tolerated=("plateau",),
)
def transformer_of_noise(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 300)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.add(
        "Train Loss",
        steps,
        jitter(rng, 0.168 + 0.8 * np.exp(-80 * t) + 0.03 * np.exp(-4 * t), 0.012),
    )
    log.add("Train Steps/Sec", steps, np.round(jitter(rng, np.full(n, 3.11), 0.01), 2))
    seen = steps[n // 10 - 1 :: n // 10]
    s = shapes.times(len(seen))
    log.add("eval/FID-10k", seen, jitter(rng, 38 + 110 * np.exp(-2.5 * s) - 5 * s, 0.012))
    log.add("eval/IS", seen, jitter(rng, 8 + 24 * (1 - np.exp(-2 * s)), 0.015))


@healthy(
    "faces_by_adversaries",
    "StyleGAN: losses of both sides sway about their levels, FID falls with bumps (its tags)",
    tolerated=("plateau",),
)
def faces_by_adversaries(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 150)
    t, steps = shapes.times(n), shapes.steps(n, 200, 0)
    log.add(
        "Metrics/fid50k_full",
        steps,
        jitter(rng, 7 + 260 * np.exp(-30 * t) + 22 * np.exp(-4 * t), 0.025),
    )
    log.add("Loss/G/loss", steps, 1.1 + 0.5 * (1 - np.exp(-8 * t)) + noise(rng, n, 0.1, 0.6))
    log.add("Loss/D/loss", steps, 1.05 - 0.25 * (1 - np.exp(-8 * t)) + noise(rng, n, 0.06, 0.6))
    log.add("Loss/scores/fake", steps, -0.9 * (1 - np.exp(-8 * t)) + noise(rng, n, 0.15, 0.6))
    log.add(
        "Progress/augment",
        steps,
        0.3 * (1 - np.exp(-5 * t)) + noise(rng, n, 0.004, 0.8).clip(-0.02, 0.02),
    )
    log.add("Timing/sec_per_kimg", steps, np.round(jitter(rng, np.full(n, 21.4), 0.01), 2))


@healthy(
    "latents_given_room",
    "a VAE whose KL term is phased in: the KL rises first and settles, the reconstruction falls",
    tolerated=("plateau",),
)
def latents_given_room(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 150)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 15.0
    log.add("val/recon_loss", steps, jitter(rng, learned(t, 210, 82, 7, 0.12), 0.006))
    log.add("train/recon_loss", steps, jitter(rng, learned(t, 206, 80, 7, 0.15), 0.004))
    log.add("train/kl_loss", steps, jitter(rng, 2 + 23 * (1 - np.exp(-7 * t)), 0.008))
    log.add("beta", steps, np.minimum(t / 0.25, 1))


@healthy(
    "splats_made_transparent",
    "3D Gaussian Splatting: opacities are reset every three thousand steps up to the middle, each"
    " time the loss leaps and is back soon; PSNR at tests climbs, and more splats take more time",
    tolerated=("throughput",),
)
def splats_made_transparent(log: Log, rng: np.random.Generator) -> None:
    n = 300
    steps = shapes.steps(n, 100)
    t = shapes.times(n)
    loss = jitter(rng, 0.035 + 0.12 * np.exp(-25 * t) + 0.02 * np.exp(-3 * t), 0.08)
    for reset in range(3000, 15001, 3000):
        loss += shapes.decay_after(n, reset // 100, 0.11, 2.5)
    log.add("train_loss_patches/total_loss", steps, loss)
    log.add("iter_time", steps, jitter(rng, 18 + 35 * np.minimum(t / 0.5, 1), 0.05))
    log.add("total_points", steps, np.round(2e5 + 2.4e6 * np.minimum(t / 0.5, 1) ** 0.7))
    seen = np.arange(3500, 30001, 2000)
    s = shapes.times(len(seen))
    log.add(
        "test/loss_viewpoint - psnr", seen, learned(s, 22.5, 27.4, 4) + noise(rng, len(seen), 0.05)
    )


@labelled(
    "critic_wins",
    "collapse",
    "a DCGAN of a course: the discriminator's loss falls to nothing, the generator's rises,"
    " pictures become noise and FID with them",
    clear=1.0,
    medium=0.5,
)
def critic_wins(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 50, 200)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 70.0
    onset = int(n * rng.uniform(0.35, 0.65))
    gone = np.where(np.arange(n) >= onset, 1 - np.exp(-(np.arange(n) - onset + 1) / 2), 0)
    log.add("Loss/D", steps, jitter(rng, 0.8 * 10 ** (-3.5 * gone), 0.12))
    log.add("Loss/G", steps, jitter(rng, 1.6 + 9 * strength * gone, 0.1))
    log.add("D(x)", steps, np.clip(0.72 + 0.28 * gone + (1 - gone) * noise(rng, n, 0.03), 0, 1))
    fid = jitter(rng, 45 + 180 * np.exp(-9 * t) + 260 * strength * gone, 0.04)
    log.add("FID", steps, np.round(fid, 2))
    window = abrupt(steps, onset, 3)
    log.true("collapse", "Loss/D", steps[onset], window, also=("divergence",))
    log.true("divergence", "FID", steps[onset], window, also=("explosion",))


@labelled(
    "finetuned_too_hot",
    "divergence",
    "a CLIP model tuned with too high a rate: retrieval on the validation set declines from an"
    " early best to a fraction, and the losses rise with it (mlfoundations/open_clip's"
    " discussions)",
    clear=0.75,
    medium=0.35,
    faint=0.14,
)
def finetuned_too_hot(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 24, 90)
    t, steps = shapes.times(n), shapes.steps(n, 250)
    begins = rng.uniform(0.25, 0.45)
    onset = int(begins * (n - 1)) + 1
    lost = shapes.ramp_after(t, begins, strength)
    recall = (0.52 - 0.12 * np.exp(-12 * t)) * (1 - lost)
    log.add("val/recall@1", steps, np.round(recall + noise(rng, n, 0.006), 4))
    loss = 0.9 + 0.5 * np.exp(-12 * t) + 1.6 * lost
    log.add("train/loss", steps, jitter(rng, loss, 0.03))
    log.add("train/lr", steps, np.full(n, 1e-3))
    window = gradual(steps, -recall, onset, lasting(0.006))
    also = ("overfitting",)
    log.true("divergence", "val/recall@1", steps[onset], window, also=("overfitting", "collapse"))
    log.true("divergence", "train/loss", steps[onset], gradual(steps, loss, onset, 0.05), also=also)


@labelled(
    "shared_with_someone",
    "throughput",
    "CycleGAN: an epoch takes 390 seconds, after the twenty-ninth 890, then 1200"
    " (junyanz/pytorch-CycleGAN-and-pix2pix #281)",
    clear=3.0,
    medium=1.5,
    tolerated=("plateau",),
)
def shared_with_someone(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 200)
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    onset = int(n * rng.uniform(0.3, 0.6))
    longer = np.where(np.arange(n) < onset, 1.0, strength)
    longer[onset] = 1 + 0.7 * (strength - 1)
    log.seconds_per_step = 390.0
    log.add("epoch_time", steps, np.round(jitter(rng, 390 * longer, 0.012)))
    for name, level in (("G_A", 0.42), ("G_B", 0.39), ("D_A", 0.17), ("D_B", 0.18)):
        log.add(f"loss/{name}", steps, level + noise(rng, n, 0.04, 0.5))
    for name in ("cycle_A", "cycle_B"):
        log.add(f"loss/{name}", steps, jitter(rng, learned(t, 2.6, 1.0, 6), 0.04))
    log.slower(int(steps[onset]), strength)
    log.true("throughput", "epoch_time", steps[onset], abrupt(steps, onset, 2), also=("explosion",))
