"""Models that draw: adversarial ones, autoencoders and diffusion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    around,
    course,
    decades,
    epochs,
    from_point,
    put,
    where,
)
from benchmarks.blind.eighth.making import interval, jitter, learned
from benchmarks.blind.nineteenth.making import drifts, grows, leaps, levels
from benchmarks.blind.nineteenth.registry import healthy, labelled
from benchmarks.blind.shapes import ramp_after

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "recipe_diffusers_noisy_loss",
    "the loss looks level in its noise; samples still get better",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 400, 3000, 50)
    put(log, rng, steps, {"loss": (0.021 + 0.3 * np.exp(-80 * t) + 0.008 * np.exp(-4 * t), 0.35)})
    log.add("lr", steps, 1e-4 * np.minimum(t / 0.02, 1))
    log.add("ema_decay", steps, 1 - (1 + 10 * t * len(t)) ** -0.75)
    rare = interval(steps, 50 * (len(steps) // 15))
    put(log, rng, rare, {"fid": (learned(np.linspace(0, 1, len(rare)), 95, 9, 4), 0.03)})


@healthy(
    "lesson_dcgan_generator_loses_slowly",
    "the generator's loss rises while pictures get better",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 200, 1000, 50)
    curves = {
        "Loss/G": (1.6 + 2.2 * t**0.6, 0.22),
        "Loss/D": (1.0 - 0.45 * t**0.5, 0.25),
    }
    put(log, rng, steps, curves)
    around(log, rng, steps, {"D(x)": (0.62 + 0.15 * t, 0.06), "D(G(z))": (0.36 - 0.16 * t, 0.06)})


@healthy(
    "lesson_vae_kl_is_let_in",
    "the KL term rises as its weight does, and so does the sum",
    tolerated=(
        "overfitting",
        "plateau",
    ),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 40, 120, 1)
    beta = np.minimum(t / 0.3, 1)
    kl = 26 * (1 - np.exp(-6 * t)) + 1
    curves = {
        "recon_loss": (learned(t, 190, 78, 8), 0.006),
        "kl_loss": (kl, 0.012),
        "test/recon_loss": (learned(t, 180, 81, 8), 0.004),
    }
    put(log, rng, steps, curves)
    log.add("beta", steps, beta)


@healthy(
    "recipe_vqvae_commitment_rises",
    "codes move apart: commitment grows while the pictures get sharper",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 100, 500, 100)
    curves = {
        "train/recon_error": (learned(t, 0.2, 0.031, 9), 0.04),
        "train/commitment_loss": (0.006 + 0.03 * (1 - np.exp(-3 * t)), 0.05),
        "train/perplexity": (30 + 340 * (1 - np.exp(-5 * t)), 0.03),
    }
    put(log, rng, steps, curves)


@healthy(
    "recipe_wgan_gp",
    "the critic's loss is below nought and comes up; it is no error",
    tolerated=("divergence",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 200, 800, 100)
    far = learned(t, 14, 3.2, 7)
    curves = {
        "critic_loss": (-far * (1 - np.exp(-60 * t)), 0.35),
        "wasserstein_distance": (far * (1 - np.exp(-60 * t)), 0.35),
    }
    around(log, rng, steps, curves)
    put(log, rng, steps, {"gradient_penalty": (0.12 + 0.3 * np.exp(-20 * t), 0.15)})
    rare = interval(steps, 100 * (len(steps) // 14))
    put(log, rng, rare, {"FID": (learned(np.linspace(0, 1, len(rare)), 180, 31, 5), 0.025)})


@labelled(
    "lesson_discriminator_wins",
    "collapse",
    "one is never wrong any more and teaches nothing",
    tolerated=("divergence",),
    plain=0.3,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 600, 50)
    i = where(t, rng.uniform(0.25, 0.45))
    d = decades(t, t[i], 0.95 + 0.3 * np.exp(-20 * t), 1e-4, t[i] + strength)
    g = decades(t, t[i], 1.4, 14, t[i] + strength)
    put(log, rng, steps, {"errD": (d, 0.12), "errG": (g, 0.1)})
    grows(log, "collapse", "errD", steps, d, i)
    grows(log, "explosion", "errG", steps, g, i, ("divergence",))


@labelled(
    "lesson_posterior_collapse",
    "collapse",
    "the KL term goes to nothing: codes say nothing",
    tolerated=("plateau",),
    plain=0.25,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 50, 120, 1)
    i = where(t, rng.uniform(0.15, 0.3))
    kl = decades(t, t[i], 8.0, 1e-4, t[i] + strength)
    put(log, rng, steps, {"train/kl": (kl, 0.06), "train/nll": (learned(t, 620, 334, 9), 0.004)})
    grows(log, "collapse", "train/kl", steps, kl, i)


@labelled(
    "lesson_clipped_critic_runs_off",
    "explosion",
    "without a bound on its slope the critic's output grows by decades",
    tolerated=("divergence", "spike", "gradient"),
    plain=1e4,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 500, 100)
    i = where(t, rng.uniform(0.3, 0.5))
    far = decades(t, t[i], 4.0, strength)
    put(
        log,
        rng,
        steps,
        {
            "critic/real_logit_abs": (far, 0.15),
            "critic/grad_norm": (decades(t, t[i], 1.2, strength), 0.2),
        },
    )
    grows(log, "explosion", "critic/real_logit_abs", steps, far, i, ("divergence",))
    grows(log, "gradient", "critic/grad_norm", steps, far, i, ("explosion",))


@labelled(
    "recipe_stylegan_fid_turns",
    "divergence",
    "on few pictures FID falls and then rises for good",
    tolerated=("plateau",),
    plain=2.0,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 40, 120, 40)
    fid = 18 + 250 * np.exp(-14 * t) + ramp_after(t, 0.4, 18 * strength)
    put(log, rng, steps, {"Metrics/fid50k_full": (fid, 0.02), "Loss/D/loss": (1.2 - 0.5 * t, 0.08)})
    around(
        log,
        rng,
        steps,
        {"Loss/scores/real": (0.4 + 1.6 * t, 0.12), "Loss/scores/fake": (-0.4 - 1.6 * t, 0.12)},
    )
    drifts(
        log, "divergence", "Metrics/fid50k_full", steps, fid, where(t, 0.4), 0.6, ("overfitting",)
    )


@labelled(
    "lesson_autoencoder_gives_the_mean",
    "plateau",
    "each picture comes out as the mean of all: the loss is level early",
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 10, 14, 1)
    loss = 0.0672 * strength + 0.16 * np.exp(-25 * t)
    put(log, rng, steps, {"mse/train": (loss, 0.004), "mse/test": (loss, 0.003)})
    levels(log, ("mse/train", "mse/test"), steps, loss, where(t, 0.12), 0.0004)


@labelled(
    "lesson_log_variance_without_a_bound",
    "nonfinite",
    "its exponential overflows: infinite first, then NaN",
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 10, 14, 1)
    i = where(t, rng.uniform(0.4, 0.7) * strength)
    for tag, curve in (
        ("elbo_loss", learned(t, 300, 105, 8)),
        ("val_elbo_loss", learned(t, 300, 108, 8)),
    ):
        values = from_point(jitter(rng, curve, 0.006), i, np.inf)
        log.add(tag, steps, from_point(values, i + 1, np.nan))
    leaps(log, "nonfinite", ("elbo_loss", "val_elbo_loss"), steps, i)


@labelled(
    "recipe_lora_on_five_pictures",
    "spike",
    "one batch of a broken picture, and all is as before",
    small=3,
    large=6,
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 400, 10)
    i = where(t, rng.uniform(0.3, 0.8))
    loss = learned(t, 0.2, 0.09, 8)
    loss[i] *= strength * 1.5
    put(log, rng, steps, {"train_loss": (loss, 0.1)})
    leaps(log, "spike", "train_loss", steps, i)
