"""Healthy runs on pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.sixth import making
from benchmarks.blind.sixth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "tenfold_down_twice",
    "the rate falls to a tenth twice, the losses step down with it, and what is left of the run"
    " stands level (Lightning's tags, He et al. 2016)",
    tolerated=("plateau",),
)
def tenfold_down_twice(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    epochs = int(rng.integers(60, 130))
    per = int(rng.integers(6, 30))
    n = epochs * per
    t, steps = shapes.times(n), shapes.steps(n, 50, 49)
    drops = [(1 + np.tanh((t - at) / 0.004)) / 2 for at in (0.5, 0.76)]
    loss = making.descent(t, 2.2, 0.72, 0.08 * pace, 0.85) - 0.4 * drops[0] - 0.11 * drops[1]
    log.add("train_loss_step", steps, loss * making.batch_factors(rng, n, 0.14))
    at = np.arange(per - 1, n, per)
    log.add("train_loss_epoch", steps[at], loss[at] + rng.normal(0, 0.006, epochs))
    held = np.clip(0.35 + 0.5 * loss[at] + making.lazy(rng, epochs, 0.03) * loss[at], 0.2, None)
    log.add("val_loss", steps[at], held)
    log.add("val_acc", steps[at], making.right(rng, 1.03 - 0.27 * held, 5000))
    log.add("lr-SGD", steps, 0.1 * np.where(t < 0.5, 1, np.where(t < 0.76, 0.1, 0.01)))
    log.add("epoch", steps, np.arange(n) // per)
    making.waits(log, steps[at], 12)


@healthy(
    "helmets_on_a_building_site",
    "a detector is trained on one's own pictures for the epochs of the manual; all improves, the"
    " last gains are small (ultralytics' tags)",
    tolerated=("plateau",),
)
def helmets_on_a_building_site(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = int(rng.choice([50, 100, 150, 200, 300]))
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = float(rng.uniform(15, 120))
    for name, start, end in (("box", 1.7, 0.9), ("cls", 2.6, 0.55), ("dfl", 1.5, 1.02)):
        log.add(
            f"train/{name}_loss",
            steps,
            making.descent(t, start, end, 0.04 * pace) + rng.normal(0, 0.012, n) * start,
        )
        log.add(
            f"val/{name}_loss",
            steps,
            making.descent(t, start + 0.1, end + 0.12, 0.05 * pace, 0.8)
            + making.lazy(rng, n, 0.014) * start,
        )
    best = rng.uniform(0.55, 0.75)
    wobble = making.lazy(rng, n, 0.012) * (1.6 - t)
    log.add(
        "metrics/mAP50(B)",
        steps,
        making.descent(t, 0.03, best + 0.18, 0.06 * pace, 0.8) + abs(wobble),
    )
    log.add(
        "metrics/mAP50-95(B)",
        steps,
        making.descent(t, 0.01, best - 0.1, 0.08 * pace, 0.8) + abs(wobble),
    )
    for group in range(3):
        log.add(f"lr/pg{group}", steps, 0.01 * np.minimum(1, (np.arange(n) + 1) / 3) * (1.01 - t))


@healthy(
    "mixed_and_cut_pictures",
    "labels are mixed in training only, so that its loss is above the held-out one throughout, and"
    " the accuracy is that of the average of the weights (timm's summary, its tags)",
)
def mixed_and_cut_pictures(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = int(rng.choice([30, 50, 100, 300]))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 600.0
    log.add(
        "train_loss", steps, making.descent(t, 6.7, 3.1, 0.15 * pace, 0.7) + rng.normal(0, 0.015, n)
    )
    loss = making.descent(t, 5.6, 0.95, 0.13 * pace, 0.8)
    log.add("eval_loss", steps, loss + rng.normal(0, 0.008, n))
    log.add("eval_top1", steps, 100 * np.exp(-0.24 * loss) + rng.normal(0, 0.1, n))
    log.add("eval_top5", steps, 100 * np.exp(-0.06 * loss) + rng.normal(0, 0.06, n))
    log.add("lr", steps, making.cosine(t, 1e-3, 0.05))


@healthy(
    "scenes_in_a_hundred_classes",
    "the losses of batches of four crops, an overlap every tenth of the run, a rate that falls by a"
    " power (mmsegmentation's tags)",
)
def scenes_in_a_hundred_classes(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 800, 3200)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    ce = making.descent(t, 3.4, 0.55, 0.03 * pace, 0.7)
    for name, part in (("loss", 1.4), ("decode.loss_ce", 1.0), ("aux.loss_ce", 0.4)):
        log.add(f"train/{name}", steps, part * ce * making.batch_factors(rng, n, 0.16))
    log.add("train/decode.acc_seg", steps, 100 * np.exp(-0.35 * ce) + rng.normal(0, 2.2, n))
    log.add("train/lr", steps, 0.01 * (1.0001 - t) ** 0.9)
    log.add("train/data_time", steps, 0.011 * np.exp(rng.normal(0, 0.2, n)))
    log.add("train/time", steps, 0.41 * np.exp(rng.normal(0, 0.02, n)))
    making.seconds_a_point(log, 50, 20.5)
    at = np.arange(n // 10 - 1, n, n // 10)
    overlap = making.descent(t[at], 12, rng.uniform(38, 45), 0.12 * pace, 0.6)
    log.add("mIoU", steps[at], overlap + rng.normal(0, 0.25, len(at)))
    log.add("aAcc", steps[at], 60 + 0.5 * overlap + rng.normal(0, 0.2, len(at)))
    making.waits(log, steps[at], 240)


@healthy(
    "ultrasound_of_nerves",
    "a network of U shape on a few hundred slices, with augmentation: the held-out overlap is noisy"
    " and rises all the same (Keras' callback, its two directories)",
    tolerated=("plateau",),
)
def ultrasound_of_nerves(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = int(rng.integers(40, 110))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 35.0
    loss = making.descent(t, 0.85, 0.19, 0.1 * pace, 0.7)
    noise = making.lazy(rng, n, 0.022)
    log.session("train")
    log.add("epoch_loss", steps, loss + rng.normal(0, 0.006, n))
    log.add("epoch_dice_coef", steps, 1 - loss + rng.normal(0, 0.006, n))
    log.session("validation")
    log.add("epoch_loss", steps, loss + 0.04 + noise)
    log.add("epoch_dice_coef", steps, 0.96 - loss - noise)


@healthy(
    "stopped_after_ten_that_were_no_better",
    "early stopping ends it when the held-out loss has not improved for a few epochs, in which it"
    " stands level (Keras)",
    tolerated=("plateau",),
)
def stopped_after_ten_that_were_no_better(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    patience = int(rng.integers(5, 11))
    n = int(rng.integers(18, 60)) + patience
    steps = shapes.steps(n, 1, 0)
    t = making.until(shapes.times(n), 1 - patience / n)
    log.seconds_per_step = 20.0
    for run, gap, sd in (("train", 0.0, 0.004), ("validation", 0.06, 0.009)):
        log.session(run)
        loss = making.descent(t, 1.5, 0.42 + gap, 0.15 * pace, 0.8) + rng.normal(0, sd, n)
        if run == "train":
            loss -= 0.02 * shapes.times(n)
        log.add("epoch_loss", steps, loss)
        log.add("epoch_accuracy", steps, np.clip(1.02 - 0.4 * loss + rng.normal(0, sd, n), 0, 1))


@healthy(
    "three_dozen_test_pictures",
    "the test set has three dozen pictures: the accuracy is one of a few numbers, and jumps by"
    " several hundredths from epoch to epoch",
    tolerated=("plateau",),
)
def three_dozen_test_pictures(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = int(rng.integers(20, 80))
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 8.0
    log.add("Loss/train", steps, making.descent(t, 1.1, 0.22, 0.15 * pace) + rng.normal(0, 0.02, n))
    log.add(
        "Accuracy/train", steps, making.right(rng, making.descent(t, 0.45, 0.93, 0.15 * pace), 240)
    )
    log.add("Loss/test", steps, making.descent(t, 1.05, 0.5, 0.15 * pace) + rng.normal(0, 0.035, n))
    log.add(
        "Accuracy/test", steps, making.right(rng, making.descent(t, 0.4, 0.82, 0.15 * pace), 36)
    )
