"""Quantities that fell to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, index_at, warm_cosine
from benchmarks.blind.fourth.registry import labelled
from benchmarks.blind.second import generators
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "no_box_is_right_any_more",
    "collapse",
    "precision, recall and all fall to nought from one epoch to the next and stay there"
    " (ultralytics/yolov5 #2037)",
)
def no_box_is_right_any_more(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = int(rng.integers(60, 250))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    at = index_at(n, rng.uniform(0.4, 0.85))
    lost = np.arange(n) >= at
    precision = generators.hill(t, 0.02, 0.58, 0.12) + rng.normal(0, 0.008, n)
    log.add("metrics/mAP_0.5", steps, np.where(lost, 0, precision))
    log.add("metrics/mAP_0.5:0.95", steps, np.where(lost, 0, 0.62 * precision))
    log.add("metrics/recall", steps, np.where(lost, 0, 0.95 * precision))
    growing = 0.03 * lost * (1 + 3 * np.maximum(t - t[at], 0))
    log.add("train/obj_loss", steps, 0.04 - 0.015 * t + growing + rng.normal(0, 0.0008, n))
    tags = ("metrics/mAP_0.5", "metrics/mAP_0.5:0.95", "metrics/recall")
    log.true("collapse", tags, int(steps[at]), abrupt(steps, at), also=("divergence",))


@labelled(
    "straight_to_nought",
    "collapse",
    "from one step to the next the loss of fine-tuning is exactly nought and stays there: weights"
    " are no numbers (unslothai/unsloth #712; modelscope/ms-swift #1062)",
)
def straight_to_nought(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 60, 800)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    at = index_at(n, rng.uniform(0.15, 0.7))
    lost = np.arange(n) >= at
    loss = generators.hill(t, 1.3, 0.8, 0.15, 1) + rng.normal(0, 0.06, n)
    log.add("train/loss", steps, np.where(lost, 0, loss))
    log.add("train/token_acc", steps, np.where(lost, 0, 0.95 - 0.22 * loss))
    log.add("train/learning_rate", steps, warm_cosine(t, 2e-5))
    tags = ("train/loss", "train/token_acc")
    log.true("collapse", tags, int(steps[at]), abrupt(steps, at), also=("divergence",))


@labelled(
    "codes_all_alike",
    "collapse",
    "of four hundred codes one is left, within a few hundred steps (facebookresearch/AudioDec #19,"
    " where the perplexity is 1.0007)",
)
def codes_all_alike(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 250, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    at = index_at(n, rng.uniform(0.3, 0.75))
    left = np.exp(-np.maximum(np.arange(n) - at, 0) / 2.0)
    used = generators.hill(t, 40, 430, 0.08)
    log.add("train/ppl_0", steps, 1.0007 + (used * factors(rng, n, 0.04) - 1) * left)
    log.add("train/vqloss", steps, (0.4 + 6 * (1 - left)) * factors(rng, n, 0.06))
    log.add("train/mel_loss", steps, (22 + 30 * (1 - left) - 4 * t) * factors(rng, n, 0.03))
    tags = ("train/ppl_0", "train/vqloss", "train/mel_loss")
    also = ("divergence", "explosion")
    log.true("collapse", tags, int(steps[at]), abrupt(steps, at, 3), also=also)


@labelled(
    "one_point_for_all_pictures",
    "collapse",
    "all pictures come to have the same representation: its spread falls to a ten-thousandth and"
    " neighbours guess, while the loss is as good as it can be (Chen and He 2020, without the"
    " stopped gradient)",
)
def one_point_for_all_pictures(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    at = index_at(n, rng.uniform(0.25, 0.6))
    left = np.exp(-np.maximum(np.arange(n) - at, 0) / 3.0)
    spread = (0.02 + 0.018 * generators.hill(t, 0, 1, 0.1)) * left + 4e-6
    log.add("train/output_std", steps, spread * factors(rng, n, 0.02))
    loss = -0.55 - 0.3 * generators.hill(t, 0, 1, 0.2)
    log.add("train/loss", steps, -1 + (1 + loss) * left + rng.normal(0, 0.006, n) * left)
    knn = 0.1 + 0.55 * generators.hill(t, 0.2, 1, 0.2) * left
    log.add("val/knn_acc", steps, generators.shares(rng, 10000, knn))
    tags = ("train/output_std", "val/knn_acc")
    log.true("collapse", tags, int(steps[at]), abrupt(steps, at, 3), also=("divergence",))


@labelled(
    "posterior_says_nothing",
    "collapse",
    "the code of a variational autoencoder says nothing any more: its divergence from the prior"
    " falls from a dozen nats to a thousandth (molecularsets/moses #45; CompVis/vunet #5)",
)
def posterior_says_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    at = index_at(n, rng.uniform(0.2, 0.5))
    left = np.exp(-np.maximum(np.arange(n) - at, 0) / 2.5)
    told = generators.hill(t, 4, 13, 0.1) * left + 8e-4
    log.add("train/kl_divergence", steps, told * factors(rng, n, 0.05))
    recon = generators.hill(t, 130, 84, 0.1) + 22 * (1 - left)
    log.add("train/recon_loss", steps, recon * factors(rng, n, 0.02))
    log.add("train/beta", steps, np.minimum(2 * t, 1))
    tags = ("train/kl_divergence", "train/recon_loss")
    log.true("collapse", tags, int(steps[at]), abrupt(steps, at, 3), also=("divergence",))
