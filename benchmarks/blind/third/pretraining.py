"""Healthy runs of language models that are trained from scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import (
    batches,
    bfloat16,
    bump,
    cosine,
    evaluations,
    factor,
    settling,
    shared_cluster,
)
from benchmarks.blind.third.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "utilisation_begins_at_minus_one",
    "nanoGPT logs mfu as -100 until it has measured it, and a loss that is estimated at"
    " evaluations only, train and val within a hundredth of each other",
)
def utilisation_begins_at_minus_one(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 300)
    t, steps = shapes.times(n), shapes.steps(n, 2000, 0)
    common = batches(rng, n, 0.004, 0.3)
    loss = shapes.power_law(t, 10.9, 2.55, 0.55, 0.004) + common
    log.add("train/loss", steps, loss + batches(rng, n, 0.003))
    log.add("val/loss", steps, loss + 0.012 + batches(rng, n, 0.004))
    log.add("lr", steps, cosine(t, 6e-4, 0.005))
    mfu = 38 * factor(rng, n, 0.015, 0.6)
    mfu[0] = -100
    log.add("mfu", steps, mfu)
    log.seconds_per_step = 0.25
    evaluations(log, steps, 35)


@healthy(
    "stable_then_decay",
    "WSD (Hu et al. 2024, MiniCPM): hardly anything is gained at a constant rate, and a lot in the"
    " last tenth, while the rate falls",
    tolerated=("plateau",),
)
def stable_then_decay(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 9000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    last = np.clip((t - 0.9) / 0.1, 0, 1)
    loss = shapes.power_law(t, 11.1, 2.5, 0.42, 0.003) - 0.16 * (1 - (1 - last) ** 1.7)
    log.add("train/lm_loss", steps, loss + batches(rng, n, 0.045, 0.2, 0.01))
    log.add("train/lr", steps, 1e-2 * np.minimum(t / 0.01, 1) * 0.1**last)
    log.add("train/grad_norm", steps, (0.25 + 0.9 * np.exp(-t / 0.01)) * factor(rng, n, 0.15, 0.2))
    shared_cluster(log, rng, steps)


@healthy(
    "stairs_of_epochs",
    "a large model remembers what it has seen once: the loss falls where an epoch begins and is"
    " flat within it (huggingface/transformers #18730, THUDM/GLM #88)",
    tolerated=("plateau", "overfitting"),
)
def stairs_of_epochs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 900)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    epoch = np.minimum((t * 3).astype(int), 2)
    loss = np.array([1.92, 1.47, 1.06])[epoch] + 0.5 * np.exp(-t / 0.03)
    log.add("train/loss", steps, loss + batches(rng, n, 0.07))
    log.add("train/epoch", steps, 3 * t)
    log.add("train/learning_rate", steps, shapes.warmup_linear(t, 2e-5, 0.03))
    rare = steps[n // 9 :: n // 9]
    log.add("eval/loss", rare, 1.83 - 0.05 * np.linspace(0, 1, len(rare)) ** 0.5)


@healthy(
    "waves_of_shards",
    "shards that are poorly shuffled: within each pass the loss rises and falls by more than a"
    " pass gains (mlfoundations/open_clip #101 and #822)",
)
def waves_of_shards(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1500, 12000)
    t, steps = shapes.times(n), shapes.steps(n, 100, 0)
    _, inside = shapes.cycle(t, int(rng.integers(14, 32)))
    wave = 0.22 * np.sin(2 * np.pi * inside) * np.exp(-0.6 * t)
    loss = shapes.power_law(t, 8.2, 1.1, 0.38, 0.01) + wave
    log.add("train/loss", steps, np.maximum(loss + batches(rng, n, 0.07, 0.1), 0.05))
    log.add("train/logit_scale", steps, 14.3 + 85 * (1 - np.exp(-4 * t)))
    log.add("train/samples_per_second", steps, 4300 * factor(rng, n, 0.03, 0.5))
    passes = shapes.steps(30, int(steps[-1]) // 31)
    top1 = shapes.approach(shapes.times(30), 0.02, 0.19, 2.5)
    log.add("val/imagenet-zeroshot-val-top1", passes, top1 + batches(rng, 30, 0.003))


@healthy(
    "batch_grows",
    "the batch grows from 192 to 2,048 (BLOOM's chronicles): a step takes ever longer, as meant,"
    " and the loss scatters ever less",
    tolerated=("throughput",),
)
def batch_grows(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 900, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    size = np.round(192 + 1856 * np.minimum(t / 0.3, 1), -1)
    loss = shapes.power_law(t, 11.5, 2.1, 0.42, 0.002)
    log.add("lm-loss-training/lm loss", steps, loss + batches(rng, n, 1.3) / np.sqrt(size))
    log.add("batch-size/batch-size", steps, size)
    seconds = (8 + size / 21) * factor(rng, n, 0.01)
    log.add("iteration-time/iteration-time", steps, seconds)
    log.add("grad-norm/grad-norm", steps, 5.5 / np.sqrt(size / 192) * factor(rng, n, 0.2, 0.2))
    log.seconds_per_step = 20.0
    for at in (0.05, 0.1, 0.2, 0.3):
        log.slower(int(steps[int(at * n)]), 1.45)


@healthy(
    "router_losses",
    "a mixture of experts: the balance loss falls to its floor of one, the z loss falls and creeps"
    " up again, dropped tokens vanish (ST-MoE, Zoph et al. 2022)",
)
def router_losses(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 600, 6000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = shapes.power_law(t, 10.8, 2.3, 0.45, 0.003)
    log.add("lm loss", steps, loss + batches(rng, n, 0.04, 0.15, 0.01))
    balance = 1 + 1.6 * np.exp(-t / 0.01) + 0.012
    log.add("load_balancing_loss", steps, balance * factor(rng, n, 0.004, 0.3))
    z_loss = 9 * np.exp(-t / 0.02) + 0.9 + 0.35 * t
    log.add("z_loss", steps, z_loss * factor(rng, n, 0.03, 0.2))
    log.add("tokens_dropped", steps, 0.24 * np.exp(-t / 0.04) * factor(rng, n, 0.3) + 1e-4)
    shared_cluster(log, rng, steps)


@healthy(
    "norm_grows_as_loss_falls",
    "the norm of the gradient doubles in the course of the run while the loss falls as it should"
    " (allenai/OLMo #596)",
    tolerated=("gradient",),
)
def norm_grows_as_loss_falls(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 2000, 20000)
    t, steps = shapes.times(n), shapes.steps(n, 5, 0)
    loss = shapes.power_law(t, 11.2, 2.25, 0.45, 0.002) + batches(rng, n, 0.035, 0.1, 0.005)
    log.add("train/CrossEntropyLoss", steps, loss)
    log.add("train/Perplexity", steps, np.exp(loss))
    norm = (0.3 + 0.35 * t + 2.4 * np.exp(-t / 0.004)) * factor(rng, n, 0.1, 0.2, 0.005)
    log.add("optim/total_grad_norm", steps, norm)
    log.add("throughput/total_tokens", steps, steps * 4.19e6)
    log.add("optim/learning_rate_group0", steps, cosine(t, 4e-4, 0.01))
    shared_cluster(log, rng, steps)


@healthy(
    "loss_in_bfloat16",
    "the loss is logged before it is cast: at 3 its steps are a 64th, and whole stretches repeat"
    " few values",
    tolerated=("plateau",),
)
def loss_in_bfloat16(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    loss = shapes.power_law(t, 10.6, 2.7, 0.5, 0.004) + batches(rng, n, 0.02)
    log.add("training/loss", steps, bfloat16(loss))
    log.add("training/grad_norm", steps, bfloat16(0.6 * factor(rng, n, 0.2)))


@healthy(
    "mixture_changes",
    "at three quarters the data change to cleaner text and code: the loss falls to another level"
    " at once, and goes on falling there (Llama 3, Dubey et al. 2024: annealing)",
    tolerated=("plateau",),
)
def mixture_changes(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 700, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = shapes.power_law(t, 11.0, 2.35, 0.4, 0.003) + settling(t, 0.75, 0.38, 0.003)
    loss = loss + bump(t, 0.75, 0.05, 0.004)
    log.add("train_loss", steps, loss + batches(rng, n, 0.05, 0.1))
    log.add("consumed_tokens", steps, steps * 2.1e6)
    log.add("learning_rate", steps, cosine(t, 3e-4, 0.01, 0.02))
