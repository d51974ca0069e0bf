"""Rates that are nothing, and norms that are always cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.frameworks import cosine, norms
from benchmarks.blind.seventh.making import bend, count, ends_of_epochs, every, grain, places
from benchmarks.blind.seventh.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "schedule_for_one_epoch_of_three",
    "learning_rate",
    "the number of steps was that of one epoch: after a third of the run the rate is nought, and"
    " the rest changes nothing (huggingface/accelerate, scheduler and num_processes)",
    tolerated=("plateau",),
)
def schedule_for_one_epoch_of_three(log: Log, rng: np.random.Generator, strength: float) -> None:
    batches = count(rng, 300, 900)
    total = 3 * batches
    steps, at = every(total, 10), every(total, total // 12)
    log.seconds_per_step = rng.uniform(0.3, 2)
    n, m = len(steps), len(at)
    rate = cosine(steps, batches, 3e-5, 0.1) * (steps < batches)
    end = int(np.argmin(rate > 0))
    level = bend(end, 2.3, 1.41, 6)
    level = np.append(level, np.full(n - end, level[-1]))
    log.add("loss", steps, places(level + grain(rng, n, 0.07, 0.1), 4))
    log.add("lr", steps, rate)
    log.add("epoch", steps, places(steps / batches, 2))
    seen = np.interp(at, steps, level)
    log.add("eval_loss", at, places(seen + 0.04 + grain(rng, m, 0.0015), 4))
    log.true("learning_rate", "lr", steps[end], (steps[end - 6], steps[end + 3]))


@labelled(
    "stepped_with_each_batch",
    "learning_rate",
    "a decay meant for epochs is made with each batch: within two epochs nothing is left of the"
    " rate, and the losses lie where that found them (PyTorch forum, ExponentialLR)",
    tolerated=("plateau", "collapse"),
)
def stepped_with_each_batch(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, batches = count(rng, 16, 40), count(rng, 80, 250)
    steps, at = every(n * batches, 10), ends_of_epochs(n, batches)
    log.seconds_per_step = rng.uniform(0.05, 0.3)
    kept = rng.uniform(0.94, 0.97)
    rate = np.maximum(1e-3 * kept**steps, 1e-20)
    done = 1 - kept ** (0.8 * np.arange(1, n + 1) * batches)
    log.add("train/lr", steps, rate)
    log.add("train/loss", at, places(1.02 + grain(rng, n, 0.008), 4))
    log.add("val/loss", at, places(1.85 - 0.8 * done + grain(rng, n, 0.0008), 4))
    log.add("val/acc", at, places(64.2 * done + grain(rng, n, 0.02), 2))
    log.add("train/time", at, places(31 + grain(rng, n, 0.4), 2))
    nothing = int(np.searchsorted(-rate, -1e-6))
    last = min(int(np.searchsorted(-rate, -1.1e-20)), len(steps) - 1)
    log.true(
        "learning_rate", "train/lr", steps[nothing], (steps[0], steps[last]), also=("collapse",)
    )


@labelled(
    "cut_to_one_at_every_step",
    "gradient",
    "from some step on all norms are above the limit, and what is told after the cut is 1.0, line"
    " by line, up to the end (torch.nn.utils.clip_grad_norm_ with norms logged after it)",
    clear=5.0,
    faint=2.2,
)
def cut_to_one_at_every_step(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 120, 400)
    steps = every(20 * n, 20)
    log.seconds_per_step = rng.uniform(0.2, 1)
    a = int(n * rng.uniform(0.3, 0.5))
    above = 1 / (1 + np.exp(-(np.arange(n) - a) / 1.5))
    norm = norms(rng, n, 0.42 + strength * above, 0.2 if strength > 3 else 0.14)
    level = bend(n, 4.8, 2.5, 8)
    slower = np.where(np.arange(n) < a, level, level[a] - 0.3 * (level[a] - level))
    log.add("train/loss", steps, slower + grain(rng, n, 0.06))
    log.add("train/grad_norm_after_clip", steps, places(np.minimum(norm, 1), 4))
    log.add("train/lr", steps, cosine(steps, 24 * n, 5e-4))
    log.add("val/loss", steps[9::10], slower[9::10] + 0.06 + grain(rng, len(steps[9::10]), 0.01))
    log.true("gradient", "train/grad_norm_after_clip", steps[a], abrupt(steps, a, 5))
