"""Detectors of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.making import (
    bend,
    count,
    dirt,
    every,
    grain,
    places,
    settle,
    significant,
)
from benchmarks.blind.seventh.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "dents_in_cars",
    "a pretrained YOLO: its warm-up costs what it knew for two or three epochs, then it climbs;"
    " ten epochs before the end the mosaic is closed and the losses of training fall by a step"
    " (ultralytics, results.csv)",
    tolerated=("plateau",),
)
def dents_in_cars(log: Log, rng: np.random.Generator) -> None:
    n = 100
    epoch = np.arange(1, n + 1, dtype=np.int64)
    log.seconds_per_step = rng.uniform(12, 60)
    closed = np.where(epoch > n - 10, 0.9, 1.0)
    warm = 0.35 * np.exp(-((epoch - 3) ** 2) / 2.0)
    for name, start, end in (("box", 1.75, 0.98), ("cls", 2.9, 0.62), ("dfl", 1.62, 1.08)):
        train = bend(n, start, end, 9) * closed * np.exp(grain(rng, n, 0.008))
        val = settle(n, start * 0.98, end * 1.18, 6) * (1 + warm) * np.exp(grain(rng, n, 0.025))
        log.add(f"train/{name}_loss", epoch, significant(train, 5))
        log.add(f"val/{name}_loss", epoch, significant(val, 5))
    score = settle(n, 0.3, 0.715, 6) * (1 - 1.3 * warm) + grain(rng, n, 0.018 * dirt(rng), 0.1)
    log.add("metrics/mAP50(B)", epoch, significant(score, 5))
    log.add("metrics/mAP50-95(B)", epoch, significant(0.64 * score**1.1, 5))
    log.add("metrics/precision(B)", epoch, significant(score + 0.05 + grain(rng, n, 0.03, 0), 5))
    log.add("metrics/recall(B)", epoch, significant(score - 0.03 + grain(rng, n, 0.02, 0), 5))
    rate = np.minimum(epoch / 3, 1) * 0.00167 * (1 - 0.99 * (epoch - 1) / n)
    log.add("lr/pg0", epoch, significant(rate, 5))


@healthy(
    "parcels_in_twelve_epochs",
    "the schedule 1x of a two-stage detector: twelve evaluations to three places, a step up where"
    " the rate is cut after the eighth and the eleventh (open-mmlab/mmdetection, logs of its zoo)",
    tolerated=("plateau",),
)
def parcels_in_twelve_epochs(log: Log, rng: np.random.Generator) -> None:
    batches = count(rng, 1000, 3500)
    total = 12 * batches
    steps, at = every(total, 50), np.arange(1, 13, dtype=np.int64) * batches
    log.seconds_per_step = rng.uniform(0.3, 0.6)
    n = len(steps)
    cut = (steps > 8 * batches) * 0.09 + (steps > 11 * batches) * 0.02
    warm = np.minimum(steps / 500, 1)
    loss = bend(n, 1.05, 0.66, 14) - cut
    log.add("loss", steps, places(loss * np.exp(grain(rng, n, 0.06, 0.1)), 4))
    log.add("loss_rpn_cls", steps, places(0.07 * loss * np.exp(grain(rng, n, 0.15, 0.1)), 4))
    log.add("loss_bbox", steps, places(0.42 * loss * np.exp(grain(rng, n, 0.07, 0.1)), 4))
    log.add("acc", steps, places(97.5 - 5 * loss + grain(rng, n, 0.6, 0.1), 4))
    log.add("grad_norm", steps, places(3.2 * np.exp(grain(rng, n, 0.2)), 4))
    log.add("data_time", steps, places(0.012 * np.exp(grain(rng, n, 0.25)), 4))
    log.add("time", steps, places(0.41 * np.exp(grain(rng, n, 0.02)), 4))
    log.add(
        "lr", steps, 0.02 * warm * 0.1 ** ((steps > 8 * batches) + 0.0 + (steps > 11 * batches))
    )
    epoch = np.arange(12)
    score = bend(12, 0.13, 0.318, 6) + 0.045 * (epoch >= 8) + 0.008 * (epoch >= 11)
    score = score + grain(rng, 12, 0.004)
    for name, factor in (("mAP", 1.0), ("mAP_50", 1.6), ("mAP_s", 0.55)):
        log.add(f"coco/bbox_{name}", at, places(factor * score, 3))
