"""Healthy classifiers, detectors and segmenters: schedules and epochs shape their curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy("step_decay", "Lightning: noisy at a high rate, a step at each drop of it")
def step_decay(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 200))
    t, steps = shapes.times(n), shapes.steps(n, 391)
    stage = (t > 0.5).astype(int) + (t > 0.75)
    jitter = np.array([0.03, 0.004, 0.002])[stage]
    log.add(
        "train_loss",
        steps,
        shapes.approach(t, 1.6, 0.35, 6) - 0.13 * stage + rng.normal(0, 0.01, n),
    )
    val = shapes.approach(t, 0.5, 0.82, 6) + 0.05 * stage + 0.02 * t
    log.add("val_acc", steps, val + rng.normal(0, 1, n) * jitter)
    log.add("val_loss", steps, 2.2 * (1 - val) + rng.normal(0, 1, n) * jitter * 2)
    if rng.random() < 0.5:
        log.add("lr-SGD", steps, 0.1 * 0.1**stage)


@healthy(
    "warm_restarts_logged", "the loss goes up at each restart of the logged rate, and lower after"
)
def warm_restarts_logged(log: Log, rng: np.random.Generator) -> None:
    _warm_restarts(log, rng, logged=True)


@healthy(
    "warm_restarts_not_logged", "the same, where one must know it from the run's own precedents"
)
def warm_restarts_not_logged(log: Log, rng: np.random.Generator) -> None:
    _warm_restarts(log, rng, logged=False)


def _warm_restarts(log: Log, rng: np.random.Generator, *, logged: bool) -> None:
    n, cycles = shapes.whole(rng, 120, 1200), int(rng.integers(3, 7))
    t, steps = shapes.times(n), shapes.steps(n, 50)
    number, within = shapes.cycle(t, cycles)
    heat = (1 + np.cos(np.pi * within)) / 2
    loss = 0.4 + 1.5 * np.exp(-25 * t) + 0.35 * heat - 0.06 * number + 0.1
    log.add("train/loss", steps, loss + shapes.white(rng, n, 0.02))
    log.add(
        "val/loss", steps[9::10], (loss + 0.08)[9::10] + shapes.white(rng, len(steps[9::10]), 0.015)
    )
    if logged:
        log.add("train/lr", steps, 0.05 * heat + 1e-5)


@healthy(
    "reduce_on_plateau",
    "each plateau ends when the scheduler lowers the rate",
    tolerated=("plateau",),
)
def reduce_on_plateau(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 200))
    t, steps = shapes.times(n), shapes.steps(n)
    ends = np.sort(rng.uniform(0.25, 0.9, 3))
    stage = np.searchsorted(ends, t)
    since = t - np.insert(ends, 0, 0)[stage]
    loss = np.array([0.9, 0.72, 0.64, 0.6])[stage]
    loss = loss + np.array([1.4, 0.18, 0.08, 0.04])[stage] * np.exp(-30 * since)
    log.add("val/loss", steps, loss + shapes.white(rng, n, 0.012))
    log.add("train/loss", steps, loss - 0.1 + shapes.white(rng, n, 0.01))
    log.add("lr-Adam", steps, 1e-3 * 0.1**stage)


@healthy("cyclical_rate", "triangular cycles: the loss swings while its level falls (Smith 2017)")
def cyclical_rate(log: Log, rng: np.random.Generator) -> None:
    n, cycles = shapes.whole(rng, 200, 1500), int(rng.integers(5, 12))
    t, steps = shapes.times(n), shapes.steps(n, 10)
    _, within = shapes.cycle(t, cycles)
    heat = 1 - np.abs(2 * within - 1)
    loss = shapes.power_law(t, 2.3, 0.2, 0.35, 0.01) * (1 + 0.25 * heat)
    log.add("train/loss", steps, loss * np.exp(shapes.white(rng, n, 0.04)))
    if rng.random() < 0.5:
        log.add("train/learning_rate", steps, 1e-4 + 3e-3 * heat)


@healthy("imagenet_mixup", "timm: mixup keeps the training loss above the validation loss")
def imagenet_mixup(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(90, 310))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.add(
        "train_loss", steps, shapes.power_law(t, 6.9, 2.2, 0.6, 0.02) + shapes.white(rng, n, 0.02)
    )
    top1 = shapes.approach(t, 1, 74, 6) + 6 * t + shapes.white(rng, n, 0.25)
    log.add(
        "eval_loss", steps, shapes.approach(t, 6.5, 1.05, 6) - 0.2 * t + shapes.white(rng, n, 0.012)
    )
    log.add("eval_top1", steps, top1)
    log.add("eval_top5", steps, np.minimum(top1 + 14 * np.exp(-0.5 * t), 96))
    log.add("lr", steps, shapes.warmup_cosine(t, 1e-3, 0.02, 0.01))


@healthy(
    "accuracy_at_bound", "0.99 and a little more each epoch; what is left to gain is in the noise"
)
def accuracy_at_bound(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(12, 100))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    final = rng.uniform(0.991, 0.999)
    accuracy = shapes.approach(t, 0.95, final, 15) + shapes.white(rng, n, 0.0007)
    tag = str(rng.choice(["val/accuracy", "val_f1", "test/auroc", "eval/dice", "valid/iou"]))
    log.add(tag, steps, np.clip(accuracy, 0, 0.9998))
    log.add(
        "train/loss",
        steps,
        shapes.power_law(t, 0.3, 0.0, 0.9, 0.03) * np.exp(shapes.white(rng, n, 0.1)),
    )


@healthy(
    "yolo", "Ultralytics: mAP zero at first, mosaic off for ten epochs, the biases' rate falls"
)
def yolo(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 300))
    t, steps = shapes.times(n), shapes.steps(n)
    closing = (np.arange(n) >= n - 10).astype(float)
    for loss, level in [("box_loss", 1.1), ("cls_loss", 0.8), ("dfl_loss", 1.1)]:
        curve = level * (0.75 + 0.9 * np.exp(-6 * t)) * (1 - 0.2 * t)
        log.add(f"train/{loss}", steps, curve - 0.1 * level * closing + shapes.white(rng, n, 0.006))
        log.add(f"val/{loss}", steps, 1.08 * curve + shapes.white(rng, n, 0.012))
    quality = shapes.approach(t, 0, 0.66, 5) * (np.arange(n) > 1) + 0.04 * t + 0.01 * closing
    for tag, factor in [
        ("mAP50(B)", 1),
        ("mAP50-95(B)", 0.7),
        ("precision(B)", 1.1),
        ("recall(B)", 0.95),
    ]:
        noise = shapes.white(rng, n, 0.006) * (quality > 0)
        log.add(f"metrics/{tag}", steps, np.clip(factor * quality + noise, 0, 1))
    rate = np.minimum(t / 0.03, 1) * 0.01 * (1 - 0.99 * t)
    log.add("lr/pg0", steps, rate)
    log.add("lr/pg2", steps, np.where(t < 0.03, 0.1 - (0.1 - 0.01) * t / 0.03, rate))


@healthy("mmdetection", "twelve epochs, the rate drops after 8 and 11, twelve evaluations")
def mmdetection(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 240, 1800)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    stage = (t > 8 / 12).astype(int) + (t > 11 / 12)
    parts = {"loss_cls": 0.45, "loss_bbox": 0.4, "loss_rpn_cls": 0.1, "loss_rpn_bbox": 0.08}
    total = np.zeros(n)
    for tag, level in parts.items():
        curve = level * (0.6 + 0.9 * np.exp(-10 * t) + 0.2 * (1 - t) - 0.1 * (stage > 0))
        total += (part := curve * np.exp(shapes.white(rng, n, 0.12)))
        log.add(f"train/{tag}", steps, part)
    log.add("train/loss", steps, total)
    log.add("train/grad_norm", steps, 6 * np.exp(shapes.white(rng, n, 0.2)))
    log.add("train/lr", steps, np.minimum(t / 0.006 + 0.001, 1) * 0.02 * 0.1**stage)
    epochs = np.arange(1, 13)
    quality = (
        0.4 - 0.3 * np.exp(-0.35 * epochs) + 0.03 * (epochs > 8) + shapes.white(rng, 12, 0.002)
    )
    log.add("coco/bbox_mAP", steps[(epochs * n // 12) - 1], quality)


@healthy(
    "segmentation_dice", "dice and its loss are mirror images; the classes differ in difficulty"
)
def segmentation_dice(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 250))
    t, steps = shapes.times(n), shapes.steps(n)
    for part, best in [("Air", 0.95), ("CSF", 0.78), ("GM", 0.66)]:
        dice = shapes.approach(t, 0.2, best, 3) + shapes.white(rng, n, 0.006)
        log.add(f"{part}/train", steps, dice)
        log.add(f"{part}/val", steps, dice - 0.02 + shapes.white(rng, n, 0.008))
    loss = 1 - shapes.approach(t, 0.3, 0.8, 3)
    log.add("Loss/train", steps, loss + shapes.white(rng, n, 0.003))
    log.add("Loss/val", steps, loss + 0.03 + shapes.white(rng, n, 0.006))


@healthy(
    "epoch_running_mean", "the logged mean starts anew each epoch: a saw whose teeth get lower"
)
def epoch_running_mean(log: Log, rng: np.random.Generator) -> None:
    epochs, per = int(rng.integers(6, 25)), int(rng.integers(20, 80))
    n = epochs * per
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = shapes.power_law(t, 2.3, 0.3, 0.4, 0.01) * np.exp(shapes.white(rng, n, 0.15))
    means = [shapes.moving_mean(one, per) for one in loss.reshape(epochs, per)]
    log.add("batch_loss", steps, np.concatenate(means))
    log.add("epoch_loss", steps[per - 1 :: per], [one[-1] for one in means])


@healthy("sorted_data", "the data are not shuffled: the same hills come back in each epoch")
def sorted_data(log: Log, rng: np.random.Generator) -> None:
    epochs, per = int(rng.integers(6, 20)), int(rng.integers(30, 80))
    n = epochs * per
    t, steps = shapes.times(n), shapes.steps(n, 10)
    hills = np.tile(
        1 + 0.4 * np.sin(np.linspace(0, 2 * np.pi, per) * 2) * np.linspace(0.5, 1, per), epochs
    )
    loss = shapes.power_law(t, 2.0, 0.25, 0.4, 0.02) * hills
    log.add("training/loss", steps, loss * np.exp(shapes.white(rng, n, 0.05)))
    log.add("training/epoch", steps, np.repeat(np.arange(epochs), per))


@healthy(
    "pruning",
    "accuracy falls at each pruning step and comes back, while sparsity rises",
    tolerated=("plateau",),
)
def pruning(log: Log, rng: np.random.Generator) -> None:
    n, rounds = int(rng.integers(100, 300)), int(rng.integers(4, 9))
    t, steps = shapes.times(n), shapes.steps(n)
    number, within = shapes.cycle(t, rounds)
    drop = np.where(number > 0, rng.uniform(0.1, 0.3) * np.exp(-15 * within), 0)
    accuracy = shapes.approach(t, 0.5, 0.9, 12) + 0.02 * t - drop
    log.add("val/accuracy", steps, accuracy + shapes.white(rng, n, 0.004))
    log.add("sparsity", steps, 1 - 0.8**number)


@healthy("gradual_unfreezing", "layers are thawed in turn: the loss bumps up, and ends lower")
def gradual_unfreezing(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(40, 200))
    t, steps = shapes.times(n), shapes.steps(n)
    stage, within = shapes.cycle(t, 3)
    loss = np.array([0.75, 0.55, 0.42])[stage] + np.array([1.2, 0.35, 0.25])[stage] * np.exp(
        -8 * within
    )
    log.add("valid_loss", steps, loss + shapes.white(rng, n, 0.015))
    log.add("train_loss", steps, loss + 0.05 + shapes.white(rng, n, 0.015))
    log.add("trainable_parameters", steps, 1e6 * 10**stage)


@healthy("batch_norm_validation", "single validations go wild early, for the statistics lag behind")
def batch_norm_validation(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(40, 150))
    t, steps = shapes.times(n), shapes.steps(n)
    loss = shapes.approach(t, 2.0, 0.5, 3)
    wild = (rng.random(n) < 0.15) & (t < 0.5)
    log.add(
        "val_loss", steps, loss + 0.1 + shapes.white(rng, n, 0.02) + wild * rng.exponential(3, n)
    )
    log.add("loss", steps, loss + shapes.white(rng, n, 0.01))
    log.add(
        "val_accuracy",
        steps,
        np.clip(1 - loss / 2.4 - 0.4 * wild + shapes.white(rng, n, 0.01), 0.1, 1),
    )


@healthy("keras_two_writers", "Keras: the same tags in the runs train and validation")
def keras_two_writers(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(8, 60))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    loss = shapes.approach(t, 0.7, 0.3, 2.5)
    for run, gap, noise in [("train", 0, 0.004), ("validation", 0.05, 0.01)]:
        log.session(run)
        log.add("epoch_loss", steps, loss + gap + shapes.white(rng, n, noise))
        log.add(
            "epoch_accuracy", steps, 1.02 - loss / 2 - gap / 2 + shapes.white(rng, n, noise / 2)
        )
        if run == "train":
            log.add("epoch_learning_rate", steps, 1e-3)
