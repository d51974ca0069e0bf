"""Pictures: classes, boxes, masks, and what is learned without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import (
    beside_the_gap,
    cosine,
    counted,
    jitter,
    lasting,
    learned,
    noise,
    says_overfitting,
    turned,
)
from benchmarks.blind.eighth.registry import healthy, labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "boxes_without_mosaic",
    "YOLO: scores shaky in the warm-up, training losses step down where mosaic is closed for the"
    " last ten epochs (004Saichaithanya/nidar_human_detection, results.csv)",
    tolerated=("plateau",),
)
def boxes_without_mosaic(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 150)
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 200.0
    closed = 0.25 * (steps > n - 10)
    shaky = 1 + 4 * np.exp(-steps / 2.5)
    for name, high, low in (("box", 3.0, 2.45), ("cls", 2.5, 1.6), ("dfl", 1.14, 0.99)):
        curve = learned(t, high, low, 7)
        log.add(
            f"train/{name}_loss", steps, np.round(jitter(rng, curve - closed * low / 2.5, 0.005), 5)
        )
        log.add(
            f"val/{name}_loss", steps, np.round(jitter(rng, 0.9 * curve, 0.006) * shaky**0.02, 5)
        )
    score = learned(t, 0.17, 0.42, 6)
    for name, part in (("precision", 1.35), ("recall", 0.93), ("mAP50", 1), ("mAP50-95", 0.38)):
        values = part * (score + shaky * noise(rng, n, 0.006))
        log.add(f"metrics/{name}(B)", steps, np.round(np.clip(values, 0.01, 1), 5))
    log.add("lr/pg0", steps, 2e-3 * np.minimum(steps / 3, 1) * (1 - 0.99 * t))


@healthy(
    "organs_outlined",
    "nnU-Net: a loss that is negative by design, a pseudo Dice that is noisy, its moving mean",
    tolerated=("plateau",),
)
def organs_outlined(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 45.0
    dice = learned(t, 0.25, 0.86, 14, 0.12) + noise(rng, n, 0.012)
    mean = np.empty(n)
    mean[0] = dice[0]
    for i in range(1, n):
        mean[i] = 0.9 * mean[i - 1] + 0.1 * dice[i]
    log.add(
        "train_losses", steps, np.round(learned(t, -0.05, -0.88, 12, 0.2) + noise(rng, n, 0.01), 4)
    )
    log.add(
        "val_losses", steps, np.round(learned(t, -0.1, -0.79, 14, 0.12) + noise(rng, n, 0.015), 4)
    )
    log.add("mean_fg_dice", steps, np.round(dice, 4))
    log.add("ema_fg_dice", steps, np.round(mean, 4))
    log.add("lrs", steps, 0.01 * (1 - steps / n) ** 0.9)


@healthy(
    "thumbnails_in_two_hundred_epochs",
    "CIFAR with SGD: validation is wild while the rate is high and settles as the cosine ends",
)
def thumbnails_in_two_hundred_epochs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 200)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 24.0
    rate = cosine(t, 0.1, 1 / n, 0)
    error = 6 + 42 * np.exp(-9 * t) + 14 * rate / 0.1
    wild = 0.12 * rate / 0.1 + 0.006
    log.add(
        "train/loss", steps, jitter(rng, 0.01 + 1.5 * np.exp(-8 * t) + 0.45 * (1 - t) ** 1.5, 0.02)
    )
    log.add("test/loss", steps, 0.03 * error * np.exp(wild * noise(rng, n, 1)))
    log.add("test/acc", steps, np.round(100 - error * np.exp(wild * noise(rng, n, 1)), 2))
    log.add("lr", steps, rate)


@healthy(
    "kept_by_early_stopping",
    "a student's network in Keras: validation is better than training, because of dropout, and"
    " the callback ends the run a few epochs behind the best",
    tolerated=("plateau",),
)
def kept_by_early_stopping(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 12, 35)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 30.0
    loss = learned(t, 1.4, 0.42, 7, 0.03)
    for run, lead, sd in (("train", 0.08, 0.006), ("validation", 0, 0.03)):
        log.session(run)
        log.add("epoch_loss", steps, loss + lead + noise(rng, n, sd))
        log.add(
            "epoch_accuracy",
            steps,
            np.clip(0.97 - 0.3 * loss - lead / 3 + noise(rng, n, sd / 3), 0, 1),
        )
        if run == "train":
            log.add("epoch_learning_rate", steps, 0.001)


@healthy(
    "cut_by_patience",
    "ReduceLROnPlateau: level for some epochs, a step down at each cut of the rate",
    tolerated=("plateau",),
)
def cut_by_patience(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 120)
    steps = shapes.steps(n, 1, 0)
    log.seconds_per_step = 75.0
    cuts = np.cumsum([0.35 * n, 0.25 * n, 0.2 * n]).astype(int) + rng.integers(-3, 4, 3)
    era = np.searchsorted(cuts, np.arange(n), side="right")
    since = np.arange(n) - np.concatenate([[0], cuts])[era]
    floors = np.array([0.62, 0.45, 0.41, 0.40])
    starts = np.array([2.2, 0.62, 0.45, 0.41])
    curve = floors[era] + (starts - floors)[era] * np.exp(
        -since / np.where(era == 0, 0.07 * n, 1.5)
    )
    log.add("train_loss", steps, jitter(rng, 0.9 * curve, 0.02))
    log.add("val_loss", steps, jitter(rng, curve, 0.03))
    log.add("val_acc", steps, counted(rng, 1 - 0.33 * curve, 5000))
    log.add("lr-Adam", steps, 1e-3 * 0.1**era)


@healthy(
    "masked_patches",
    "MAE: a long warm-up, one loss an epoch that falls ever more slowly (its log.txt)",
    tolerated=("plateau",),
)
def masked_patches(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 400.0
    curve = 0.405 + 0.45 * np.exp(-t / 0.03) + 0.05 * (1 + t / 0.1) ** -0.8
    log.add("train_loss", steps, jitter(rng, curve, 0.0015))
    log.add("lr", steps, cosine(t, 2.4e-3, 0.1, 0))


@healthy(
    "words_and_pictures",
    "CLIP: the scale of the logits climbs sevenfold to its limit of a hundred and stays there, as"
    " it is made to",
    tolerated=("plateau",),
)
def words_and_pictures(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.add(
        "train/contrastive_loss", steps, jitter(rng, 1.1 + 4 * np.exp(-7 * t) + 0.9 * (1 - t), 0.04)
    )
    log.add("train/logit_scale", steps, np.minimum(14.3 * np.exp(3.1 * t), 100))
    log.add("train/lr", steps, cosine(t, 5e-4, 0.08, 0))
    seen = steps[9::10]
    s = shapes.times(len(seen))
    for name, top in (("image_to_text_R@1", 0.36), ("text_to_image_R@5", 0.55)):
        log.add(f"val/{name}", seen, counted(rng, learned(s, 0.05, top, 4), 1000))
    log.add("val/clip_val_loss", seen, jitter(rng, learned(s, 2.6, 1.35, 4), 0.012))


@healthy(
    "restarts_planned",
    "warm restarts, the rate beside them: each costs some points of accuracy, which are won back"
    " with interest (SGDR)",
)
def restarts_planned(log: Log, rng: np.random.Generator) -> None:
    cycles, each = 3, shapes.whole(rng, 12, 30)
    n = cycles * each
    number, inside = shapes.cycle(np.arange(n) / n, cycles)
    steps = shapes.steps(n, 1, 0)
    log.seconds_per_step = 40.0
    rate = 0.05 * (1 + np.cos(np.pi * inside)) / 2
    hot = rate / 0.05 * (0.9**number)
    level = np.array([0.74, 0.79, 0.815])[number]
    accuracy = level - 0.13 * hot - 0.4 * (number == 0) * np.exp(-6 * inside)
    log.add("val/accuracy", steps, counted(rng, accuracy, 10000))
    log.add("val/loss", steps, jitter(rng, 3.2 * (1 - accuracy), 0.02))
    log.add(
        "train/loss", steps, jitter(rng, 2.6 * (1 - accuracy) * (0.9 - 0.25 * number / 2), 0.02)
    )
    log.add("lr", steps, rate)


@labelled(
    "cats_and_dogs_on_a_laptop",
    "overfitting",
    "a small network on two thousand pictures: the validation loss turns after some epochs; the"
    " laptop slept in between",
    clear=1.1,
    medium=0.35,
    faint=0.17,
)
def cats_and_dogs_on_a_laptop(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 20, 50)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 35.0
    worse = turned(t, rng.uniform(0.2, 0.35), 0.25, strength, 0.47)
    log.add("train_loss", steps, np.round(jitter(rng, 0.03 + 0.65 * np.exp(-5 * t), 0.05), 4))
    log.add(
        "train_acc", steps, np.round(1 - 0.45 * jitter(rng, np.exp(-5 * t), 0.05).clip(0, 1), 4)
    )
    log.add("val_loss", steps, np.round(worse + noise(rng, n, 0.022), 4))
    log.add("val_acc", steps, counted(rng, 0.79 - 0.25 * np.exp(-8 * t), 500))
    says_overfitting(log, "val_loss", steps, worse, lasting(0.022))
    index = int(n * rng.uniform(0.4, 0.8))
    log.pause(int(steps[index]), rng.uniform(4, 11) * 3600)
    tags = ("train_loss", "train_acc", "val_loss", "val_acc")
    log.true("stall", tags, steps[index - 1], beside_the_gap(steps, index))


@labelled(
    "boxes_lost",
    "divergence",
    "YOLO with too high a rate: within two epochs no box is right any more, and losses on the"
    " validation set have left their scale (an issue that Ultralytics' users open often)",
    clear=1.0,
    medium=0.6,
)
def boxes_lost(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 30, 100)
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 120.0
    onset = int(n * rng.uniform(0.4, 0.75))
    gone = strength * (np.arange(n) >= onset) * np.where(np.arange(n) == onset, 0.8, 1)
    for name, high, low, up in (
        ("box", 1.9, 1.2, 1.8),
        ("cls", 2.8, 0.9, 4),
        ("dfl", 1.5, 1.1, 1.2),
    ):
        curve = learned(t, high, low, 6)
        log.add(
            f"train/{name}_loss", steps, np.round(jitter(rng, curve * (1 + gone * up / 4), 0.01), 5)
        )
        log.add(f"val/{name}_loss", steps, np.round(jitter(rng, curve * (1 + gone * up), 0.02), 5))
    score = learned(t, 0.2, 0.7, 7) * (1 - gone)
    metrics = {"precision": 1.1, "recall": 0.9, "mAP50": 1.0, "mAP50-95": 0.6}
    for name, part in metrics.items():
        values = part * score * np.exp(noise(rng, n, 0.02))
        log.add(f"metrics/{name}(B)", steps, np.round(np.clip(values, 0, 1), 5))
    log.add("lr/pg0", steps, 0.02 * np.minimum(steps / 3, 1) * (1 - 0.9 * t))
    window = abrupt(steps, onset, 2)
    tags = tuple(f"metrics/{name}(B)" for name in metrics)
    log.true("divergence", tags, steps[onset], window, also=("collapse",))
    tags = tuple(f"val/{name}_loss" for name in ("box", "cls", "dfl"))
    log.true("divergence", tags, steps[onset], window, also=("explosion", "overfitting"))


@labelled(
    "dip_in_the_sixth_epoch",
    "spike",
    "a transformer on ImageNet: one epoch falls far below the last, and the next are back"
    " (facebookresearch/deit #63)",
    clear=0.35,
    medium=0.15,
)
def dip_in_the_sixth_epoch(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 50, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 600.0
    index = int(n * rng.uniform(0.3, 0.7))
    accuracy = learned(t, 0.05, 0.79, 9)
    dip = 1 - strength * (np.arange(n) == index)
    log.add("test_acc1", steps, np.round(100 * accuracy * dip + noise(rng, n, 0.25), 3))
    loss = 5.2 - 5.4 * accuracy
    log.add("test_loss", steps, jitter(rng, loss * (1 + 2 * (1 - dip)), 0.008))
    log.add("train_loss", steps, jitter(rng, learned(t, 6.6, 2.9, 6), 0.006))
    log.add("train_lr", steps, cosine(t, 1e-3, 0.02, 0.01))
    log.true("spike", ("test_acc1", "test_loss"), steps[index], abrupt(steps, index, 1))


@labelled(
    "batch_statistics_gone_astray",
    "spike",
    "one validation epoch with a loss ten times as high, as batch normalisation's running means"
    " make it; nothing before and nothing after",
    clear=9.0,
    medium=2.5,
)
def batch_statistics_gone_astray(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 30, 90)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 60.0
    index = int(n * rng.uniform(0.3, 0.8))
    here = np.arange(n) == index
    val = jitter(rng, learned(t, 1.3, 0.5, 5), 0.025) * (1 + strength * here)
    log.add("Loss/train", steps, jitter(rng, learned(t, 1.2, 0.38, 5), 0.01))
    log.add("Loss/val", steps, val)
    log.add(
        "Dice/val",
        steps,
        np.round(
            np.clip(learned(t, 0.3, 0.82, 6) - 0.08 * strength * here, 0.02, 1)
            + noise(rng, n, 0.008),
            4,
        ),
    )
    log.true("spike", ("Loss/val", "Dice/val"), steps[index], abrupt(steps, index, 1))


@labelled(
    "all_pictures_one_point",
    "collapse",
    "SimSiam without its stop-gradient: the loss reaches -1, the spread of outputs falls to nothing"
    " and neighbours are guessed (Chen & He 2021, figure 2)",
    tolerated=("plateau",),
)
def all_pictures_one_point(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 120)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 90.0
    onset = int(n * rng.uniform(0.25, 0.5))
    gone = np.where(np.arange(n) >= onset, 1 - np.exp(-strength * (np.arange(n) - onset + 1)), 0)
    log.add(
        "train/loss",
        steps,
        -0.2
        - 0.5 * (1 - np.exp(-5 * t)) * (1 - gone)
        - 0.8 * gone
        + (1 - gone) * noise(rng, n, 0.008),
    )
    spread = jitter(rng, 0.8 + 0.15 * (1 - np.exp(-5 * t)), 0.01)
    log.add("train/z_std_sqrt_d", steps, spread * (1 - gone) + 0.0005)
    knn = (0.25 + 0.25 * (1 - np.exp(-6 * t))) * (1 - gone) + 0.1 * gone
    log.add("val/knn_acc", steps, counted(rng, knn, 10000))
    log.add("lr", steps, cosine(t, 0.05, 0.05, 0))
    window = abrupt(steps, onset, 3)
    also = ("divergence", "plateau")
    log.true("collapse", "train/z_std_sqrt_d", steps[onset], window, also=also)
    log.true("divergence", "val/knn_acc", steps[onset], window, also=("collapse", "overfitting"))


@labelled(
    "units_died",
    "gradient",
    "a network of ReLUs whose units all die at once: no gradient, chance from then on",
    tolerated=("collapse",),
)
def units_died(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 25, 90)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 20.0
    onset = int(n * rng.uniform(0.2, 0.45))
    alive = np.arange(n) < onset
    loss = np.where(alive, learned(t, 2.1, 0.8, 5), 2.3026)
    log.add(
        "train_loss", steps, np.where(alive, jitter(rng, loss, 0.02), loss + noise(rng, n, 0.0002))
    )
    log.add("val_loss", steps, np.where(alive, jitter(rng, 1.05 * loss, 0.02), 2.3026))
    log.add("val_accuracy", steps, np.where(alive, counted(rng, 0.97 - 0.32 * loss, 10000), 0.1))
    log.add(
        "grad_norm", steps, np.where(alive, strength * jitter(rng, 1 + 2 * np.exp(-5 * t), 0.2), 0)
    )
    window = abrupt(steps, onset, 2)
    log.true("gradient", "grad_norm", steps[onset], window, also=("collapse", "plateau"))
    also = ("collapse", "plateau", "overfitting")
    tags = ("val_loss", "val_accuracy", "train_loss")
    log.true("divergence", tags, steps[onset], window, also=also)


@labelled(
    "stepped_at_each_batch",
    "learning_rate",
    "the schedule of epochs is stepped at each batch: after few epochs the rate is nothing, and a"
    " segmentation stays where it then is",
)
def stepped_at_each_batch(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 30, 100)
    steps = shapes.steps(n, 1, 0)
    log.seconds_per_step = 150.0
    stops = 4 + int(rng.integers(0, 3))
    t = np.minimum(np.arange(n), stops) / stops
    log.add("train/loss", steps, jitter(rng, 0.62 + 0.3 * np.exp(-3 * t), 0.008 * strength))
    log.add("val/loss", steps, jitter(rng, 0.64 + 0.3 * np.exp(-3 * t), 0.003))
    iou = np.round(0.31 - 0.22 * np.exp(-3 * t) + noise(rng, n, 0.0006), 4)
    log.add("val/mean_iou", steps, iou)
    log.add("lr", steps, 1e-3 * 0.1 ** (3 * np.arange(1, n + 1)))
    early = (int(steps[0]), int(steps[max(n // 5, stops + 3)]))
    log.true("learning_rate", "lr", steps[1], early, also=("collapse",))
    tags = ("val/mean_iou", "val/loss", "train/loss")
    log.true("plateau", tags, steps[stops], early)
