"""Healthy runs with something that looks odd, in what is measured or around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.frameworks import cosine, norms
from benchmarks.blind.seventh.making import bend, count, every, grain, places, settle
from benchmarks.blind.seventh.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "faces_drawn_at_balance",
    "a GAN in balance: neither loss goes anywhere, the one of the generator creeps up a little,"
    " and FID falls and then stays (NVlabs/stylegan2-ada-pytorch, stats.jsonl)",
    tolerated=("plateau",),
)
def faces_drawn_at_balance(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 120, 300)
    steps = every(4 * n, 4)
    log.seconds_per_step = rng.uniform(30, 90)
    t = np.arange(n) / (n - 1)
    log.add("Loss/G/loss", steps, 0.85 + 0.5 * t + grain(rng, n, 0.09, 0.5))
    log.add("Loss/D/loss", steps, 1.12 - 0.22 * t + grain(rng, n, 0.06, 0.5))
    log.add("Loss/signs/real", steps, np.clip(0.22 + 0.3 * t + grain(rng, n, 0.04), -1, 1))
    log.add("Progress/augment", steps, np.maximum(np.cumsum(0.004 * (t - 0.25)), 0))
    log.add("Timing/sec_per_kimg", steps, 22 + grain(rng, n, 0.3))
    at = steps[:: n // count(rng, 14, 28)]
    m = len(at)
    log.add("Metrics/fid50k_full", at, settle(m, 260, 9.5, 9) * np.exp(grain(rng, m, 0.035)))


@healthy(
    "keys_of_a_queue",
    "contrastive learning against a queue that has yet to fill: its loss goes up for the first"
    " hundreds of steps, and then down for days (facebookresearch/moco, issues about its loss)",
)
def keys_of_a_queue(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 300, 700)
    steps = every(50 * n, 50)
    log.seconds_per_step = rng.uniform(0.3, 0.6)
    filling = np.exp(-np.arange(n) / (0.008 * n))
    loss = bend(n, 8.9, 6.45, 14, 0.7) - 1.6 * filling
    log.add("train/loss", steps, loss + grain(rng, n, 0.04, 0.1))
    log.add("train/acc1", steps, places(np.clip(95 * filling + bend(n, 6, 46, 5), 0, 100), 2))
    at = steps[n // 30 :: n // 20]
    m = len(at)
    log.add("eval/knn_top1", at, places(bend(m, 17, 51, 5) + grain(rng, m, 0.4), 2))
    log.add("lr", steps, cosine(steps, 50 * n, 0.03, 0))


@healthy(
    "codes_under_a_growing_weight",
    "a VAE: the divergence of its codes is no more than a penalty and grows as the codes learn to"
    " say something, while errors and the sum of both fall (PyTorch examples, VAE)",
    tolerated=("plateau",),
)
def codes_under_a_growing_weight(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 20, 60)
    epoch = np.arange(n, dtype=np.int64)
    log.seconds_per_step = rng.uniform(4, 15)
    error = bend(n, 205, 79.5, 12)
    codes = bend(n, 3.5, 25.3, 9)
    log.add("train/recon_loss", epoch, places(error + grain(rng, n, 0.5), 4))
    log.add("train/kl_loss", epoch, places(codes + grain(rng, n, 0.1), 4))
    log.add("train/loss", epoch, places(error + codes, 4))
    log.add("test/loss", epoch, places(error + codes + 0.6 + grain(rng, n, 0.9), 4))


@healthy(
    "machine_shared_with_others",
    "samples a second on a machine with other users: some minutes at two thirds of the speed, as"
    " often in the first half as in the second, and no worse at the end (timm, train.py)",
)
def machine_shared_with_others(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 200, 600)
    steps = every(50 * n, 50)
    log.seconds_per_step = rng.uniform(0.3, 0.5)
    busy = np.zeros(n)
    for start in (np.linspace(0.06, 0.9, 8) * n + rng.integers(-4, 4, 8)).astype(int):
        length = count(rng, 2, 6)
        busy[start : start + length] = rng.uniform(0.2, 0.4)
        log.slower(int(steps[start]), 1 / (1 - busy[start]))
        log.slower(int(steps[start + length]), 1 - busy[start])
    speed = 1480 * (1 - busy) * np.exp(-np.abs(grain(rng, n, 0.03)))
    log.add("train_samples_per_sec", steps, places(speed, 1))
    log.add("train_loss", steps, bend(n, 6.9, 2.7, 8) + grain(rng, n, 0.09, 0.1))
    log.add("lr", steps, cosine(steps, 50 * n, 1e-3, 0.05))


@healthy(
    "scale_doubles_and_halves",
    "the dynamic scale of losses doubles after two thousand good steps and is halved when that was"
    " too much: between 2^15 and 2^18 for all of the run (torch.amp.GradScaler)",
    tolerated=("plateau",),
)
def scale_doubles_and_halves(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 30, 60)
    batches = count(rng, 500, 900)
    at = every(n * batches, batches)
    log.seconds_per_step = rng.uniform(0.1, 0.4)
    scale, scales = 16.0, []
    for i in range(n):
        scale = scale - rng.integers(0, 2) if scale >= 17 else scale + (i % 3 == 2)
        scales.append(2.0 ** max(scale, 15))
    log.add("scaler/scale", at, np.array(scales))
    loss = settle(n, 1.2, 0.41, 5)
    log.add("train_loss", at, places(loss * np.exp(grain(rng, n, 0.015)), 4))
    log.add("val_loss", at, places((loss + 0.05) * np.exp(grain(rng, n, 0.06)), 4))
    log.add("val_iou", at, places(1.03 - 0.6 * loss + grain(rng, n, 0.015), 3))


@healthy(
    "clipped_only_while_it_warms",
    "norms of ten and more, clipped, while the rate warms up, and far below the limit of one for"
    " the rest (torchtitan and nanotron logs)",
)
def clipped_only_while_it_warms(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 250, 700)
    steps = every(10 * n, 10)
    log.seconds_per_step = rng.uniform(0.6, 2)
    t = np.arange(n) / n
    norm = norms(rng, n, 0.38 + 12 * np.exp(-t / 0.018), 0.2)
    log.add("grad_norm", steps, norm)
    log.add("grad_norm_clipped", steps, np.minimum(norm, 1))
    log.add("loss_metrics/global_avg_loss", steps, bend(n, 11, 3.3, 50, 0.6) + grain(rng, n, 0.04))
    log.add("lr", steps, cosine(steps, 10 * n, 4e-4, 0.06))
    log.add("wps", steps, np.round(6900 + grain(rng, n, 40)))
