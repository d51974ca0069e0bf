"""Series whose scale falls to nothing, and that should not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, cosine, factor, until
from benchmarks.blind.third.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "discriminator_always_wins",
    "collapse",
    "the discriminator's loss falls by five or by two decades within a tenth of the run and stays,"
    " the generator's climbs (PKU-YuanGroup/Open-Sora-Plan #569, soumith/ganhacks #36)",
    plain=5.0,
    medium=2.0,
)
def discriminator_always_wins(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    onset = int(n * rng.uniform(0.25, 0.55))
    decades = strength * (1 - np.exp(-np.maximum(t - t[onset], 0) / 0.04))
    loss = 0.62 * 10**-decades
    log.add("d_loss", steps, loss * factor(rng, n, 0.15, 0.2))
    log.add("g_loss", steps, 1.1 + 1.9 * decades + batches(rng, n, 0.2, 0.2))
    window = until(
        gradual(steps, decades, onset, 0.065), *gradual(steps, 1.9 * decades, onset, 0.2)
    )
    also = ("divergence", "explosion")
    log.true("collapse", ("d_loss", "g_loss"), steps[onset], window, also=also)


@labelled(
    "nought_point_nought",
    "collapse",
    "fine-tuning at a rate that is too high: from one step to the next the loss is exactly zero"
    " and stays so (hiyouga/ChatGLM-Efficient-Tuning #267)",
)
def nought_point_nought(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 600)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = int(n * rng.uniform(0.15, 0.7))
    loss = (2.0 + 0.5 * np.exp(-t / 0.05)) * factor(rng, n, 0.09)
    loss[at:] = 0
    log.add("train/loss", steps, loss)
    log.add("train/learning_rate", steps, cosine(t, 2e-2, 0.02, 0))
    log.true("collapse", "train/loss", steps[at], abrupt(steps, at), also=("divergence",))


@labelled(
    "prior_is_all_there_is",
    "collapse",
    "posterior collapse: the divergence from the prior falls from twelve to some thousandths, the"
    " reconstruction is no better (molecularsets/moses #45, jxhe/vae-lagging-encoder #8)",
    plain=3.4,
    medium=2.0,
)
def prior_is_all_there_is(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    onset = int(n * rng.uniform(0.15, 0.45))
    decades = strength * (1 - np.exp(-np.maximum(t - t[onset], 0) / 0.06))
    kl = 12 * 10**-decades
    log.add("train/kl_loss", steps, kl * factor(rng, n, 0.08, 0.2))
    reconstruction = 92 + 30 * np.exp(-t / 0.04) + 10 * decades / strength
    log.add("train/recon_loss", steps, reconstruction * factor(rng, n, 0.015))
    window = until(
        gradual(steps, decades, onset, 0.035),
        *gradual(steps, 10 * decades / strength, onset, 1.4),
    )
    tags = ("train/kl_loss", "train/recon_loss")
    log.true("collapse", tags, steps[onset], window, also=("divergence",))


@labelled(
    "one_code_for_everything",
    "collapse",
    "the perplexity of a code book of 1,024 falls from 300 to little more than one within some"
    " hundred steps (ByteVisionLab/TokenFlow #28), and reconstructions get worse",
)
def one_code_for_everything(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    onset = int(n * rng.uniform(0.35, 0.65))
    lost = 1 - np.exp(-np.maximum(t - t[onset], 0) / 0.02)
    decades = 2.4 * lost
    codes = 1.05 + 310 * (1 - np.exp(-t / 0.05)) * 10**-decades
    log.add("train/codebook_perplexity", steps, codes * factor(rng, n, 0.02))
    error = 0.012 + 0.08 * np.exp(-t / 0.06) + 0.03 * lost
    log.add("train/rec_loss", steps, error * factor(rng, n, 0.05))
    # The error gets worse for good, which is the same to the whole run.
    tags = ("train/codebook_perplexity", "train/rec_loss")
    window = gradual(steps, decades, onset, 0.01)
    log.true("collapse", tags, steps[onset], window, also=("divergence",))


@labelled(
    "certain_of_one_action",
    "collapse",
    "the entropy of a policy falls by three decades, or by one and a half, and with it all"
    " exploration; the reward stays at what one action gives",
    plain=3.0,
    medium=1.6,
)
def certain_of_one_action(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    onset = int(n * rng.uniform(0.2, 0.5))
    decades = strength * (1 - np.exp(-np.maximum(t - t[onset], 0) / 0.05))
    log.add("policy/entropy", steps, 1.35 * 10**-decades * factor(rng, n, 0.05, 0.5))
    reward = 12 + 20 * np.minimum(t, t[onset]) + batches(rng, n, 1.3, 0.2)
    log.add("rollout/episode_reward", steps, reward)
    log.true("collapse", "policy/entropy", steps[onset], gradual(steps, decades, onset, 0.022))


@labelled(
    "nothing_is_found_any_more",
    "collapse",
    "precision, recall and mAP of a detector fall to zero from one epoch to the next and stay"
    " there (ultralytics/yolov5 #2037); losses rise",
)
def nothing_is_found_any_more(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 160)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    at = int(n * rng.uniform(0.4, 0.75))
    lost = np.arange(n) >= at
    score = np.maximum(shapes.approach(t, 0.03, 0.55, 5) + batches(rng, n, 0.012), 0)
    log.add("metrics/mAP_0.5", steps, np.where(lost, 0, score))
    log.add("metrics/recall", steps, np.where(lost, 0, 1.1 * score))
    loss = shapes.approach(t, 0.11, 0.05, 5) + np.where(lost, 0.05, 0)
    log.add("train/obj_loss", steps, loss * factor(rng, n, 0.025))
    tags = ("metrics/mAP_0.5", "metrics/recall", "train/obj_loss")
    log.true("collapse", tags, steps[at], abrupt(steps, at), also=("divergence",))
