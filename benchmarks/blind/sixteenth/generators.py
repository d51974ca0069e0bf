"""What makes pictures: diffusion, flows, GANs, autoencoders, codebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, jitter
from benchmarks.blind.fifteenth.making import SURE, epochs, nears, settled
from benchmarks.blind.fourteenth.making import about, averaged, index_of, near, turns
from benchmarks.blind.shapes import steps, times, whole
from benchmarks.blind.sixteenth.making import bent, learning, left, slow_epochs
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import every, grows, jumps, levels, overfits

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "ddpm_flowers",
    "the noisy loss falls at once and then hardly; samples get better",
    tolerated=SURE,
)
def _ddpm(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 2000)
    t, at_ = times(n), steps(n, 50)
    near(log, rng, "train_loss", at_, 0.022 + 0.12 * np.exp(-t / 0.02) - 0.004 * t, 0.25)
    log.add("lr", at_, 1e-4 * np.minimum(1, t / 0.05))
    log.add("ema_decay", at_, np.minimum(0.9999, 1 - 1 / (at_ + 10.0)))


@healthy("kdiffusion_fid", "a running loss, and FID now and then")
def _kdiffusion(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 800)
    t, at_ = times(n), steps(n, 25)
    log.add("avg_loss", at_, averaged(jitter(rng, learning(t, 0.16, 0.105, 6), 0.05), 25))
    seen = every(at_, 12)
    fid = learning(times(12), 60, 9, 4)
    near(log, rng, "FID", seen, fid, 0.02)
    near(log, rng, "KID", seen, fid / 2500, 0.05)


@healthy("flow_matching", "a rectified flow, logged rarely")
def _flow(log: Log, rng: Rng) -> None:
    n = whole(rng, 30, 120)
    t, at_ = times(n), steps(n, 1000)
    near(log, rng, "loss/flow", at_, learning(t, 0.42, 0.24, 6), 0.012)
    near(log, rng, "loss/val", at_, learning(t, 0.43, 0.26, 6), 0.012)


@healthy(
    "pix2pix_facades", "adversarial losses go where they like, L1 falls", tolerated=("plateau",)
)
def _pix2pix(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 100)
    nears(
        log,
        rng,
        at_,
        {
            "G_GAN": (0.9 + 1.6 * t**0.6, 0.25),
            "G_L1": (learning(t, 38, 19, 4), 0.1),
            "D_real": (0.6 - 0.35 * t**0.6, 0.4),
            "D_fake": (0.6 - 0.35 * t**0.6, 0.4),
        },
    )


@healthy(
    "stylegan_two_ada", "the loss of G rises, FID falls: as in the paper", tolerated=("plateau",)
)
def _stylegan(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 600)
    t, at_ = times(n), steps(n, 4)
    log.seconds_per_step = float(rng.uniform(40, 90))
    near(log, rng, "Loss/G/loss", at_, 0.75 + 1.1 * t**0.7, 0.07)
    near(log, rng, "Loss/D/loss", at_, 1.3 - 0.45 * t**0.7, 0.05)
    about(log, rng, "Loss/signs/real", at_, 0.3 + 0.3 * (1 - np.exp(-6 * t)), 0.03)
    near(log, rng, "Loss/r1_penalty", at_, 0.012 + 0.02 * t, 0.15)
    about(log, rng, "Progress/augment", at_, 0.35 * t, 0.002)
    near(log, rng, "Timing/sec_per_kimg", at_, 28, 0.02)
    seen = every(at_, 14)
    near(log, rng, "Metrics/fid50k_full", seen, learning(times(14), 140, 8, 7), 0.02)


@healthy(
    "beta_vae_warmed",
    "the weight of the KL rises from 0, and the loss for a while with it",
    tolerated=("plateau", "divergence", "collapse"),
    monitored=False,
)
def _beta_vae(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 120)
    t, at_ = times(n), epochs(n)
    beta = np.minimum(1, t / 0.25)
    near(log, rng, "recon_loss", at_, learning(t, 190, 82, 7) + 4 * beta, 0.006)
    near(log, rng, "kl_loss", at_, 24.5 + 30 * (1 - beta) ** 2, 0.01)
    log.add("beta", at_, beta)


@healthy("vq_commitment", "the commitment rises with the codebook in use, as it does in sound runs")
def _vq(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 600)
    t, at_ = times(n), steps(n, 100)
    near(log, rng, "train/recon_loss", at_, learning(t, 0.22, 0.03, 8), 0.05)
    near(log, rng, "train/commit_loss", at_, 0.002 + 0.011 * (1 - np.exp(-3 * t)), 0.06)
    near(log, rng, "train/perplexity", at_, 20 + 370 * (1 - np.exp(-4 * t)), 0.03)


@healthy("dreambooth_few_steps", "800 steps on five pictures: a loss of pure noise", tolerated=SURE)
def _dreambooth(log: Log, rng: Rng) -> None:
    n = whole(rng, 80, 400)
    t, at_ = times(n), steps(n, 2)
    near(log, rng, "loss", at_, 0.14 - 0.035 * t, 0.45)
    log.add("lr", at_, 5e-6)


@healthy("gan_of_a_course", "DCGAN on digits, ten epochs of means", tolerated=("plateau",))
def _course_gan(log: Log, rng: Rng) -> None:
    n = int(rng.integers(8, 15))
    t, at_ = times(n), epochs(n)
    near(log, rng, "Loss/G", at_, 1.4 + 0.9 * t, 0.08)
    near(log, rng, "Loss/D", at_, 0.95 - 0.25 * t, 0.06)


@labelled(
    "critic_of_nought",
    "collapse",
    "the discriminator is right about all: its loss goes by decades",
    clear=4.0,
    tolerated=("divergence", "explosion", "plateau"),
)
def _critic(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 500)
    t, at_ = times(n), steps(n, 50)
    onset = rng.uniform(0.3, 0.5)
    gone = np.clip((t - onset) / 0.25, 0, 1)
    loss = 0.9 * 10 ** (-strength * gone)
    near(log, rng, "Loss/D", at_, loss, 0.25)
    near(log, rng, "Loss/G", at_, 1.6 + 9 * gone, 0.15)
    near(log, rng, "D(x)", at_, 0.65 + 0.34 * gone, 0.01)
    grows(log, "collapse", "Loss/D", at_, loss, index_of(t, onset), 0.25)


@labelled(
    "posterior_is_the_prior",
    "collapse",
    "the KL of a sentence VAE goes to nothing",
    medium=0.02,
    tolerated=("plateau",),
)
def _posterior(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 250)
    t, at_ = times(n), steps(n, 100)
    onset = rng.uniform(0.15, 0.3)
    kl = 9 * strength ** np.clip((t - onset) / 0.2, 0, 1)
    near(log, rng, "train/kl", at_, kl, 0.08)
    near(log, rng, "train/nll", at_, learning(t, 140, 96, 6), 0.012)
    grows(log, "collapse", "train/kl", at_, kl, index_of(t, onset), 0.08)


@labelled(
    "fid_turns",
    "divergence",
    "after its best the FID doubles: the discriminator overfits",
    medium=1.7,
    tolerated=("overfitting",),
)
def _fid(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 24, 80)
    t, at_ = times(n), steps(n, 200)
    onset = rng.uniform(0.35, 0.55)
    fid = bent(t, onset, 190, 22, 22 * (1 + strength))
    near(log, rng, "Metrics/fid50k_full", at_, fid, 0.04)
    near(log, rng, "Loss/D/loss", at_, 1.2 - 0.8 * t, 0.05)
    near(log, rng, "Loss/G/loss", at_, 0.9 + 1.8 * t, 0.06)
    turns(
        log,
        "divergence",
        "Metrics/fid50k_full",
        at_,
        fid,
        index_of(t, onset),
        1.0,
        ("overfitting",),
    )


@labelled("denoiser_nan", "nonfinite", "attention overflows in half precision", plain=1.0)
def _denoiser(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 800)
    t, at_ = times(n), steps(n, 50)
    index = index_of(t, rng.uniform(0.2, 0.9))
    gone = strength * np.log(left(t, index, np.nan))
    near(log, rng, "train_loss", at_, 0.05 + 0.5 * np.exp(-t / 0.05) + gone, 0.2)
    log.add("lr", at_, 1e-4)
    jumps(log, "nonfinite", "train_loss", at_, index)


@labelled(
    "generator_loss_runs",
    "explosion",
    "a Wasserstein critic without its penalty: values by decades",
    clear=5.0,
    tolerated=("divergence",),
)
def _wasserstein(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 100)
    onset = rng.uniform(0.35, 0.6)
    size = 10 ** (strength * np.clip((t - onset) / 0.3, 0, 1))
    near(log, rng, "critic/gp", at_, 0.2 * size, 0.25)
    log.add("critic/loss", at_, -jitter(rng, 4 * size, 0.2))
    grows(
        log,
        "explosion",
        ("critic/gp", "critic/loss"),
        at_,
        size,
        index_of(t, onset),
        0.25,
        ("divergence",),
    )


@labelled("latents_by_heart", "overfitting", "an autoencoder of 2,000 spectra", medium=0.35)
def _latents(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 50, 200)
    t, at_ = times(n), epochs(n)
    valid = 0.012 * bent(t, rng.uniform(0.2, 0.4), 3.5, 1.0, 1 + strength)
    near(log, rng, "loss", at_, 0.03 * np.exp(-4 * t) + 0.003, 0.02)
    near(log, rng, "val_loss", at_, valid, 0.03)
    slow_epochs(log, rng)
    overfits(log, "val_loss", at_, valid, 0.0004)


@labelled(
    "blurs_for_ever",
    "plateau",
    "the reconstruction is level after a tenth at a blur",
    later=0.25,
)
def _blurs(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, at_ = times(n), steps(n, 100)
    loss = 0.061 + 0.12 * settled(t, strength)
    near(log, rng, "train/rec_loss", at_, loss, 0.03)
    seen = every(at_, 20)
    near(log, rng, "val/rec_loss", seen, at(seen, at_, loss), 0.012)
    levels(log, ("train/rec_loss", "val/rec_loss"), at_, loss, index_of(t, strength), 0.0018)


@labelled(
    "flow_creeps_up",
    "divergence",
    "weights without decay: the flow's loss creeps up",
    medium=0.3,
)
def _flow_creeps(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 500)
    onset = rng.uniform(0.35, 0.55)
    loss = bent(t, onset, 1.0, 0.4, 0.4 + 0.4 * strength)
    near(log, rng, "loss/flow", at_, loss, 0.03)
    turns(log, "divergence", "loss/flow", at_, loss, index_of(t, onset), 0.013)
