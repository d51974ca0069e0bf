"""Healthy training on images: classes, boxes and masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, warm_cosine
from benchmarks.blind.fourth.registry import healthy
from benchmarks.blind.second import generators

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "mosaic_closes",
    "for the last ten epochs images are no longer mixed: the losses of training fall by a step and"
    " the precision rises a little (Ultralytics' close_mosaic); the rate of biases comes down from"
    " a tenth",
    tolerated=("plateau",),
)
def mosaic_closes(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(80, 300))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    closed = steps > n - 10
    for tag, start, end, drop in (
        ("box_loss", 2.1, 1.02, 0.12),
        ("cls_loss", 3.6, 0.6, 0.16),
        ("dfl_loss", 1.9, 1.1, 0.06),
    ):
        curve = shapes.approach(t, start, end, 2.5) - drop * closed
        log.add(f"train/{tag}", steps, curve + rng.normal(0, 0.008 * start, n))
        held = generators.hill(t, start, end + 0.12, 0.08)
        log.add(f"val/{tag}", steps, held + shapes.correlated(rng, n, 0.012 * start, 0.4))
    precision = generators.hill(t, 0.03, 0.55, 0.1) + 0.012 * closed
    log.add("metrics/mAP50-95(B)", steps, precision + rng.normal(0, 0.006, n))
    log.add("metrics/mAP50(B)", steps, 1.35 * precision + rng.normal(0, 0.008, n))
    log.add("metrics/recall(B)", steps, 1.2 * precision * factors(rng, n, 0.025))
    down = 0.01 * (1 - 0.99 * t)
    for group, first in (("pg0", 1e-3), ("pg1", 1e-3), ("pg2", 0.07)):
        warm = np.clip(1 - np.arange(n) / 3, 0, 1)
        log.add(f"lr/{group}", steps, down * (1 - warm) + first * warm)


@healthy(
    "extra_term_switched_on",
    "when augmentation ends one more term joins the loss, which jumps by so much; the other terms"
    " fall and the precision rises (YOLOX's use_l1)",
    tolerated=("divergence", "plateau"),
)
def extra_term_switched_on(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    on = t > 0.9
    parts = {
        "iou_loss": shapes.approach(t, 4.1, 2.2) - 0.15 * on,
        "conf_loss": shapes.approach(t, 9.5, 2.4, 6) - 0.2 * on,
        "cls_loss": shapes.approach(t, 2.6, 0.9) - 0.06 * on,
        "l1_loss": np.where(on, 1.35 - 1.1 * (t - 0.9), 0),
    }
    for tag, curve in parts.items():
        parts[tag] = curve * factors(rng, n, 0.05)
        log.add(f"train/{tag}", steps, parts[tag])
    log.add("train/total_loss", steps, sum(parts.values()))
    log.add("train/lr", steps, warm_cosine(t, 0.01, 0.02, 5e-4))
    where = slice(n // 30, None, n // 30)
    held = generators.hill(t[where], 3, 41, 0.2) + 2.2 * on[where]
    log.add("val/COCOAP50_95", steps[where], held + rng.normal(0, 0.35, len(held)))


@healthy(
    "twenty_patients_to_validate",
    "a mean Dice over twenty patients jumps with each that is missed, and dips now and then; the"
    " median rises (nnU-Net's pseudo Dice; MONAI)",
    tolerated=("plateau",),
)
def twenty_patients_to_validate(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    dice = generators.hill(t, 0.3, 0.87, 0.12)
    missed = rng.binomial(20, 0.02 + 0.1 * np.exp(-t / 0.15)) / 20
    log.add("train_loss", steps, 0.3 - 1.1 * dice + rng.normal(0, 0.015, n))
    log.add("val_mean_dice", steps, dice * (1 - missed) + rng.normal(0, 0.012, n))
    log.add("val_hausdorff95", steps, (4 + 60 * (1 - dice)) * factors(rng, n, 0.3))
    log.add("lr", steps, 0.01 * (1 - 0.999 * t) ** 0.9)


@healthy(
    "statistics_not_settled",
    "while the rate is high, running statistics lag and single evaluations are several times too"
    " bad; that ends as the rate comes down (batch normalisation)",
    tolerated=("spike", "plateau"),
)
def statistics_not_settled(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 160))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    off = rng.exponential(1, n) * (rng.random(n) < 0.25) * (1 - t) ** 2
    off[t > 0.75] = 0
    log.add("Loss/train", steps, shapes.approach(t, 1.9, 0.28, 4) + rng.normal(0, 0.012, n))
    log.add("Loss/valid", steps, (shapes.approach(t, 1.8, 0.42, 4) + off) * factors(rng, n, 0.05))
    accuracy = 0.92 - 0.62 * np.exp(-4 * t) - 0.35 * np.tanh(off)
    log.add("Accuracy/valid", steps, generators.shares(rng, 5000, accuracy))
    log.add("LR", steps, warm_cosine(t, 0.1, 0.02))


@healthy(
    "pruned_again_and_again",
    "each time a fifth of the weights is cut, the accuracy dips and comes back within a few epochs;"
    " the last cuts cost a little for good (Zhu and Gupta 2017)",
    tolerated=("divergence", "plateau", "overfitting"),
)
def pruned_again_and_again(log: Log, rng: np.random.Generator) -> None:
    cuts = int(rng.integers(5, 9))
    n = cuts * int(rng.integers(14, 26))
    steps = shapes.steps(n, 1)
    number, position = generators.blocks(n, cuts)
    dip = np.where(number > 0, 0.035 * (1 + 0.3 * number), 0) * np.exp(-position / 0.1)
    start = np.where(number == 0, 0.4 * np.exp(-position / 0.2), 0)
    level = 0.936 - 0.001 * np.maximum(number - cuts + 3, 0)
    log.add("val/acc", steps, level - dip - start + rng.normal(0, 0.0022, n))
    log.add("train/loss", steps, 0.11 + 1.6 * (dip + start) + np.abs(rng.normal(0, 0.008, n)))
    log.add("pruning/sparsity", steps, 1 - 0.8**number)


@healthy(
    "one_cycle_hump",
    "as the rate of one cycle nears its top, losses stand still or rise a little; on the way down"
    " they fall below all that was (Smith and Topin 2017)",
)
def one_cycle_hump(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 50, 49)
    top = rng.uniform(0.3, 0.42)
    up = np.where(t < top, t / top, 1 - (t - top) / (1 - top))
    rate = 0.004 + 0.076 * (1 - np.cos(np.pi * up)) / 2
    fast = 2.0 * np.exp(-t / 0.04) + 0.75 * np.exp(-t / 0.8)
    loss = 0.16 + fast * (0.35 + 0.65 * np.clip(1.5 * (1 - t), 0, 1)) + 2.2 * rate * (1 - t)
    log.add("train_loss_step", steps, loss * factors(rng, n, 0.11))
    log.add("lr-SGD", steps, rate)
    log.add("lr-SGD-momentum", steps, 0.95 - 0.1 * up)
    where = slice(n // 30, None, n // 30)
    log.add("val_loss", steps[where], (loss[where] + 0.08) * factors(rng, len(loss[where]), 0.06))
