"""Healthy models that make images and sounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, volatile, warm_cosine
from benchmarks.blind.fourth.registry import healthy
from benchmarks.blind.second import generators

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "noise_predicted_early",
    "the loss of a diffusion model falls in the first hundredth and hardly moves after; the noise"
    " of drawn times hides what is still learnt, which the distance of samples shows",
    tolerated=("plateau",),
)
def noise_predicted_early(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 15000, 50000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = shapes.power_law(t, 1.0, 0.028, 0.9, 0.0015)
    log.add("train/loss", steps, loss * generators.batch(rng, n, 0.3))
    log.add("train/lr", steps, 1e-4 * np.minimum(t / 0.01 + 1e-3, 1))
    where = slice(n // 25, None, n // 25)
    fid = generators.hill(t[where], 190, 8, 0.1, 1.3)
    log.add("eval/fid", steps[where], fid * factors(rng, len(fid), 0.03))


@healthy(
    "feature_matching_rises",
    "as discriminators learn, the distance of their features grows to a level, and with it the"
    " total; the spectrogram still gets better (jik876/hifi-gan #59 and #107: no problem, its"
    " author says)",
    tolerated=("divergence", "plateau", "overfitting"),
)
def feature_matching_rises(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 8000)
    t, steps = shapes.times(n), shapes.steps(n, 100, 0)
    mel = generators.hill(t, 1.1, 0.27, 0.006, 0.9) * factors(rng, n, 0.08)
    features = generators.hill(t, 1.5, 17, 0.2, 1.2) * factors(rng, n, 0.1)
    log.add("training/mel_spec_error", steps, mel)
    log.add("training/gen_loss_total", steps, 45 * mel + features + rng.normal(3.4, 0.4, n))
    where = slice(n // 60, None, n // 60)
    held = generators.hill(t[where], 1.0, 0.24, 0.03, 0.9)
    log.add("validation/mel_spec_error", steps[where], held * factors(rng, len(held), 0.015))


@healthy(
    "ignore_the_adversaries",
    "losses of both players stand level about where neither wins, those of the mel spectrogram and"
    " of durations fall (jaywalnut310/vits #14)",
    tolerated=("plateau",),
)
def ignore_the_adversaries(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 500, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 200, 0)
    mel = generators.hill(t, 70, 18.5, 0.03, 0.9) * factors(rng, n, 0.05)
    feature = generators.hill(t, 0.5, 6.2, 0.1, 1.2) * factors(rng, n, 0.12)
    adversary = 2.4 + shapes.correlated(rng, n, 0.2, 0.5)
    log.add("loss/d/total", steps, 2.45 + shapes.correlated(rng, n, 0.12, 0.4))
    log.add("loss/g/mel", steps, mel)
    log.add("loss/g/dur", steps, generators.hill(t, 3.1, 1.15, 0.05) + rng.normal(0, 0.08, n))
    log.add("loss/g/kl", steps, generators.hill(t, 40, 1.5, 0.004, 1.2) * factors(rng, n, 0.08))
    log.add("loss/g/fm", steps, feature)
    log.add("loss/g/gen", steps, adversary)
    log.add("loss/g/total", steps, mel + 0.3 * feature + adversary)
    log.add("grad_norm_d", steps, 11 * factors(rng, n, 0.6))
    log.add("grad_norm_g", steps, 320 * factors(rng, n, 0.7))
    log.add("learning_rate", steps, 2e-4 * 0.9 ** (3 * t))


@healthy(
    "codebook_comes_into_use",
    "the codes of a quantised autoencoder come into use, and with them the commitment term grows"
    " from nothing to a level, while the reconstruction gets better (van den Oord et al. 2017)",
    tolerated=("plateau", "divergence"),
)
def codebook_comes_into_use(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    used = generators.hill(t, 8, 610, 0.12, 1.5)
    log.add("train/recon_error", steps, generators.hill(t, 0.4, 0.021, 0.03) * factors(rng, n, 0.1))
    log.add("train/perplexity", steps, used * factors(rng, n, 0.05))
    commit = generators.hill(t, 0.002, 0.03, 0.1, 1.4) * factors(rng, n, 0.06)
    log.add("train/commitment_loss", steps, commit)
    log.add("train/dead_codes", steps, np.round(1024 - 1.3 * used))


@healthy(
    "adapter_of_one_face",
    "a small adapter is trained on twenty pictures: the loss of a few random times a step is all"
    " noise, 0.02 to 0.4, and tells nothing (kohya-ss/sd-scripts' loss/current, loss/average)",
    tolerated=("plateau",),
)
def adapter_of_one_face(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    loss = (0.135 - 0.02 * t) * generators.batch(rng, n, 0.6)
    log.add("loss/current", steps, loss)
    log.add("loss/average", steps, shapes.moving_mean(loss, 200))
    log.add("lr/unet", steps, warm_cosine(t, 1e-4, 0.05))
    log.add("lr/textencoder", steps, warm_cosine(t, 5e-5, 0.05))
    log.add("max_norm/keys_scaled", steps, np.round(np.abs(volatile(rng, n, 2))))
