"""Values that are not a number or infinite, and losses that become exactly zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled("nan_for_good", "nonfinite", "mixed precision overflows: not a number from one step on")
def nan_for_good(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 30, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.1, 0.9))
    loss = shapes.approach(t, 5, 2.4, 3) + shapes.white(rng, n, 0.06)
    loss[onset:] = np.nan
    log.add("train/loss", steps, loss)
    log.add("train/learning_rate", steps, shapes.warmup_linear(t, 5e-5))
    log.true("nonfinite", "train/loss", steps[onset], abrupt(steps, onset, 0))


@labelled(
    "infinite_then_nan",
    "nonfinite",
    "infinities first, finite ones between, then not a number: it began at the first infinity",
)
def infinite_then_nan(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 1500)
    t, steps = shapes.times(n), shapes.steps(n)
    onset = int(n * rng.uniform(0.2, 0.8))
    loss = shapes.approach(t, 5, 2.4, 3) + shapes.white(rng, n, 0.06)
    loss[[onset, onset + 1]] = np.inf
    loss[onset + 6 :] = np.nan
    log.add("loss", steps, loss)
    log.true("nonfinite", "loss", steps[onset], (steps[onset], steps[min(onset + 6, n - 1)]))


@labelled(
    "nan_in_validation",
    "nonfinite",
    "evaluation is not a number while training looks well: no label is left after masking",
)
def nan_in_validation(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(8, 40))
    t, fine = shapes.times(n), shapes.times(10 * n)
    steps = shapes.steps(n, 500)
    onset = int(rng.integers(0, n // 2))
    loss = shapes.approach(t, 2, 1, 3) + shapes.white(rng, n, 0.02)
    loss[onset:] = np.nan
    log.add("eval/loss", steps, loss)
    log.add(
        "train/loss",
        shapes.steps(10 * n, 50),
        shapes.approach(fine, 2.2, 0.9, 3) + shapes.white(rng, 10 * n, 0.1),
    )
    log.true("nonfinite", "eval/loss", steps[onset], abrupt(steps, onset, 0))


@labelled(
    "nan_returns",
    "nonfinite",
    "a tenth of the steps is not a number at first, in the end most:"
    " single ones are skipped, so many are not",
    plain=0.8,
    subtle=0.4,
)
def nan_returns(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n)
    at = rng.uniform(0.3, 0.5)
    share = shapes.ramp_after(t, at, strength, 0.7) + 0.05 * (t > at)
    loss = shapes.approach(t, 3, 1, 3) + shapes.white(rng, n, 0.05)
    bad = rng.random(n) < share
    loss[bad] = np.nan
    log.add("train/loss", steps, loss)
    onset = int(np.flatnonzero(bad)[0])
    last = int(np.flatnonzero(bad)[max(1, bad.sum() // 10)])
    log.true("nonfinite", "train/loss", steps[onset], (steps[onset], steps[last]))


@labelled(
    "nan_in_one_part", "nonfinite", "only the box loss is not a number (WongKinYiu/yolov7 #613)"
)
def nan_in_one_part(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 300))
    t, steps = shapes.times(n), shapes.steps(n)
    onset = int(n * rng.uniform(0.15, 0.85))
    box = shapes.approach(t, 0.08, 0.03, 4) + shapes.white(rng, n, 0.001)
    box[onset:] = np.nan
    log.add("train/box_loss", steps, box)
    log.add(
        "train/obj_loss", steps, shapes.approach(t, 0.05, 0.015, 4) + shapes.white(rng, n, 5e-4)
    )
    log.add(
        "train/cls_loss", steps, shapes.approach(t, 0.03, 0.004, 4) + shapes.white(rng, n, 3e-4)
    )
    log.true("nonfinite", "train/box_loss", steps[onset], abrupt(steps, onset, 0))


@labelled(
    "nan_and_no_detections",
    "nonfinite",
    "losses not a number, and all metrics zero (ultralytics/yolov5 #6907)",
)
def nan_and_no_detections(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(60, 300))
    t, steps = shapes.times(n), shapes.steps(n)
    onset = int(n * rng.uniform(0.4, 0.8))
    alive = np.arange(n) < onset
    quality = shapes.approach(t, 0.05, 0.6, 5) + shapes.white(rng, n, 0.008)
    loss = shapes.approach(t, 0.08, 0.03, 4) + shapes.white(rng, n, 0.001)
    log.add("train/box_loss", steps, np.where(alive, loss, np.nan))
    log.add("metrics/mAP50(B)", steps, np.where(alive, quality, 0))
    log.true("nonfinite", "train/box_loss", steps[onset], abrupt(steps, onset, 0))


@labelled("nan_in_short_run", "nonfinite", "6 to 14 epochs, not a number from some epoch on")
def nan_in_short_run(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(6, 15))
    steps = shapes.steps(n, 1, 0)
    onset = int(rng.integers(2, n - 1))
    loss = shapes.approach(shapes.times(n), 1.2, 0.4, 3) + shapes.white(rng, n, 0.02)
    loss[onset:] = np.nan
    log.add("epoch_loss", steps, loss)
    log.true("nonfinite", "epoch_loss", steps[onset], abrupt(steps, onset, 0))


@labelled(
    "zero_loss",
    "collapse",
    "the loss is 0.0 from one step on (unslothai/unsloth #712,"
    " tloen/alpaca-lora #391): the logits are not a number",
    plain=0.8,
    subtle=0.1,
)
def zero_loss(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 600)
    t, steps = shapes.times(n), shapes.steps(n)
    onset = int(n * rng.uniform(0.1, 0.6))
    loss = (strength + 0.5 * strength * np.exp(-5 * t)) * np.exp(shapes.white(rng, n, 0.12))
    loss[onset:] = 0
    log.add("train/loss", steps, loss)
    norm = 0.6 * np.exp(shapes.white(rng, n, 0.3))
    norm[onset:] = rng.choice([np.nan, 1.0])
    log.add("train/grad_norm", steps, norm)
    log.add("train/learning_rate", steps, shapes.warmup_linear(t, 2e-4))
    log.true("collapse", "train/loss", steps[onset], abrupt(steps, onset, 0))
    if np.isnan(norm[-1]):
        log.true("nonfinite", "train/grad_norm", steps[onset], abrupt(steps, onset, 0))


@labelled(
    "zero_loss_from_start",
    "collapse",
    "1.08 once, then zero, the norm never a number (OpenBMB/MiniCPM-V #212)",
)
def zero_loss_from_start(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(20, 200))
    t, steps = shapes.times(n), shapes.steps(n)
    onset = int(rng.integers(1, 3))
    loss = np.full(n, 1.08) + shapes.white(rng, n, 0.05)
    loss[onset:] = 0
    log.add("train/loss", steps, loss)
    log.add("train/grad_norm", steps, np.nan)
    log.add("train/learning_rate", steps, shapes.warmup_linear(t, 1e-5, 0.1))
    log.true("collapse", "train/loss", steps[onset], abrupt(steps, onset, 1))
    log.true("nonfinite", "train/grad_norm", steps[0], abrupt(steps, 0, 0))
