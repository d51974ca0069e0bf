"""Healthy pre-training of language models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import checkpoints, factors, volatile, warm_cosine, warm_linear
from benchmarks.blind.fourth.registry import healthy
from benchmarks.blind.second import generators

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "masked_words_wait",
    "a masked language model stands at the frequencies of words for the first tenth, then learns"
    " to look at the others (BERT from scratch)",
)
def masked_words_wait(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 6000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    at = rng.uniform(0.07, 0.14)
    loss = 6.95 + 3.4 * np.exp(-t / 0.004) - 0.4 * np.minimum(t / at, 1)
    loss = np.where(t > at, 1.9 + 4.65 * (1 + np.maximum(t - at, 0) / 0.04) ** -0.7, loss)
    log.add("mlm_loss", steps, loss + volatile(rng, n, 0.06))
    log.add("nsp_loss", steps, generators.hill(t, 0.69, 0.06, 0.2) * factors(rng, n, 0.1))
    log.add("learning_rate", steps, warm_linear(t, 1e-4, 0.01))


@healthy(
    "router_balances",
    "the auxiliary loss of a mixture of experts falls to its least possible value, one, and stays;"
    " the fullest expert is loaded now more, now less (Fedus et al. 2021)",
    tolerated=("plateau",),
)
def router_balances(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1000, 8000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    checkpoints(log, rng, steps, 30)
    unfair = np.exp(-t / 0.01)
    log.add("lm loss", steps, shapes.power_law(t, 11, 1.7) + volatile(rng, n, 0.025))
    log.add("load_balancing_loss", steps, 1.01 + 2 * unfair + np.abs(rng.normal(0, 0.004, n)))
    log.add("z_loss", steps, generators.hill(t, 0.4, 0.01, 0.05) * factors(rng, n, 0.06))
    log.add("max_expert_load", steps, 1 + (0.35 + 4 * unfair) * factors(rng, n, 0.4))
    log.add("learning-rate", steps, warm_cosine(t, 3e-4, 0.01, 3e-5))


@healthy(
    "norm_creeps_up",
    "the norm of the gradients doubles in the course of the run while the loss keeps falling: most"
    " published runs look so (allenai/OLMo #596)",
    tolerated=("gradient",),
)
def norm_creeps_up(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1500, 12000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    checkpoints(log, rng, steps, 20)
    norm = (0.24 + 4 * np.exp(-t / 0.006)) * (1 + 1.1 * t) * factors(rng, n, 0.1)
    log.add("train/CrossEntropyLoss", steps, shapes.power_law(t, 11, 1.9) + volatile(rng, n, 0.03))
    log.add("optim/total_grad_norm", steps, norm)
    log.add("optim/learning_rate_group0", steps, warm_cosine(t, 4e-4, 0.01, 4e-5))
    log.add("optim/clipping_rate", steps, generators.shares(rng, 10, np.exp(-t / 0.004)))
    log.add("throughput/device/tokens_per_second", steps, 9900 * factors(rng, n, 0.01))


@healthy(
    "all_in_the_decay",
    "with a rate that is constant and then comes down in the last seventh, the loss falls slowly"
    " for long and fast at the end (MiniCPM; Hägele et al. 2024)",
    tolerated=("plateau",),
)
def all_in_the_decay(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 600, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    checkpoints(log, rng, steps, 12)
    decay = np.clip((t - 0.86) / 0.14, 0, 1)
    loss = shapes.power_law(t, 10.9, 2.2, 0.4) - 0.17 * np.sqrt(decay)
    log.add("train/loss", steps, loss + volatile(rng, n, 0.03))
    rate = 1e-3 * np.minimum(t / 0.01 + 1e-3, 1) * (1 - decay + 1e-2 * decay)
    log.add("train/lr", steps, rate)
    where = slice(n // 30, None, n // 30)
    log.add("val/loss", steps[where], loss[where] + 0.02 + rng.normal(0, 0.004, len(loss[where])))


@healthy(
    "batch_ramps_up",
    "the batch grows sixteen-fold in steps in the first fifth: the noise of the loss shrinks and an"
    " iteration takes longer, as meant (Megatron-LM's --rampup-batch-size)",
    tolerated=("throughput",),
)
def batch_ramps_up(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 6000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    size = 2.0 ** np.minimum(np.floor(t / 0.05), 4)
    noise = rng.normal(0, 0.09, n) / np.sqrt(size)
    log.add("lm loss", steps, shapes.power_law(t, 10.8, 1.8) + noise)
    log.add("batch-size", steps, 64 * size)
    log.add("iteration-time", steps, (0.9 + 0.22 * size) * factors(rng, n, 0.012))
    log.add("learning-rate", steps, warm_cosine(t, 2e-4, 0.01, 2e-5))
    log.add("grad-norm", steps, 0.5 * factors(rng, n, 0.2) * (1 + 3 / size))
    for stair in range(1, 5):
        log.slower(int(steps[int(np.searchsorted(t, 0.05 * stair))]), 1.3)


@healthy(
    "downstream_wanders",
    "perplexity falls steadily; a task that the model is too small for wanders about what guessing"
    " gives, two per cent up and down (OLMo's in-loop evaluations)",
    tolerated=("plateau",),
)
def downstream_wanders(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 25, 80)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    loss = shapes.power_law(t + 0.02, 10.8, 2.3)
    log.add("eval/c4_en-validation/CrossEntropyLoss", steps, loss + rng.normal(0, 0.006, n))
    log.add("eval/c4_en-validation/Perplexity", steps, np.exp(loss + rng.normal(0, 0.006, n)))
    arc = generators.shares(rng, 570, generators.hill(t, 0.27, 0.62, 0.3, 1))
    log.add("eval/downstream/arc_easy_acc", steps, arc)
    hella = generators.shares(rng, 10042, generators.hill(t, 0.26, 0.6, 0.4, 1))
    log.add("eval/downstream/hellaswag_len_norm", steps, hella)
    wander = 0.6 + shapes.correlated(rng, n, 0.012, 0.6)
    log.add("eval/downstream/boolq_acc", steps, generators.shares(rng, 3270, wander))


@healthy(
    "perplexity_from_the_vocabulary",
    "perplexity begins at the size of the vocabulary and falls three thousand-fold; at first every"
    " gradient is clipped (fairseq's train_inner and valid)",
)
def perplexity_from_the_vocabulary(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    loss = shapes.power_law(t, 15.4, 3.1, 0.5)
    log.session("train_inner")
    seen = loss + volatile(rng, n, 0.05)
    log.add("loss", steps, seen)
    log.add("ppl", steps, 2**seen)
    log.add("wps", steps, 61000 * factors(rng, n, 0.03))
    log.add("ups", steps, 1.9 * factors(rng, n, 0.03))
    log.add("lr", steps, 5e-4 * np.minimum(t / 0.04 + 1e-3, np.sqrt(0.04 / np.maximum(t, 0.04))))
    log.add("gnorm", steps, (0.7 + 4 * np.exp(-t / 0.02)) * factors(rng, n, 0.1))
    log.add("clip", steps, 100 * generators.shares(rng, 100, 0.04 + 0.96 * np.exp(-t / 0.02)))
    where = slice(n // 20, None, n // 20)
    log.session("valid")
    valid = loss[where] + 0.08 + rng.normal(0, 0.01, len(loss[where]))
    log.add("loss", steps[where], valid)
    log.add("ppl", steps[where], 2**valid)
