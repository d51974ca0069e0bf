"""Pictures: classified, segmented and searched for things."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    around,
    epochs,
    frozen_at,
    put,
    where,
)
from benchmarks.blind.eighth.making import (
    cosine,
    counted,
    learned,
    noise,
    says_overfitting,
    turned,
)
from benchmarks.blind.nineteenth.making import drifts, leaps, levels, never_learns
from benchmarks.blind.nineteenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "lesson_keras_dropout_and_augmentation", "training is worse than validation, for it is harder"
)
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 10, 14, 1)
    put(log, rng, steps, {"epoch_learning_rate": (cosine(t, 1e-3), 1e-9)})
    for run, start, end, top, sd in (
        ("train", 1.9, 0.62, 0.79, 0.008),
        ("validation", 1.5, 0.5, 0.84, 0.02),
    ):
        log.session(run)
        put(log, rng, steps, {"epoch_loss": (learned(t, start, end, 5), sd)})
        around(log, rng, steps, {"epoch_accuracy": (learned(t, 0.3, top, 5), sd / 2)})


@healthy("recipe_timm_resnet_with_mixup", "mixed labels keep the training loss above the other")
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 90, 300, 8)
    put(
        log,
        rng,
        steps,
        {
            "train_loss": (learned(t, 6.7, 2.9, 7), 0.008),
            "eval_loss": (learned(t, 6.2, 1.1, 7), 0.02),
        },
    )
    around(
        log,
        rng,
        steps,
        {"eval_top1": (learned(t, 5, 77, 7), 0.5), "eval_top5": (learned(t, 14, 93.4, 8), 0.3)},
    )
    log.add("lr", steps, cosine(t, 0.1, 0.05, 0.001))


@healthy(
    "recipe_ultralytics_mosaic_closes",
    "losses step down when mosaics end, ten epochs before the end",
)
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 60, 150, 2)
    close = 0.12 * (np.arange(len(t)) >= len(t) - 10)
    curves = {
        "train/box_loss": (learned(t, 1.9, 1.05) - close, 0.01),
        "train/cls_loss": (learned(t, 2.6, 0.62) - close, 0.012),
        "train/dfl_loss": (learned(t, 1.6, 1.1) - close / 2, 0.006),
        "val/box_loss": (learned(t, 1.8, 1.18), 0.014),
        "val/cls_loss": (learned(t, 2.4, 0.72), 0.018),
        "val/dfl_loss": (learned(t, 1.6, 1.18), 0.009),
    }
    put(log, rng, steps, curves)
    curves = {
        "metrics/mAP50(B)": (learned(t, 0.1, 0.81, 5), 0.008),
        "metrics/mAP50-95(B)": (learned(t, 0.03, 0.56, 5), 0.006),
        "metrics/recall(B)": (learned(t, 0.2, 0.75, 5), 0.015),
    }
    around(log, rng, steps, curves)
    log.add("lr/pg0", steps, 0.01 * np.minimum((np.arange(len(t)) + 1) / 3, 1 - 0.99 * t))


@healthy(
    "recipe_mmdet_steps_of_the_rate",
    "the loss falls at once where the rate is cut",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    n = int(rng.integers(200, 600))
    steps, t = np.arange(1, n + 1, dtype=np.int64) * 50, np.linspace(0, 1, n)
    cut = 0.11 * (t > 8 / 12) + 0.03 * (t > 11 / 12)
    curves = {
        "loss": (0.62 + 0.75 * np.exp(-8 * t) - cut, 0.06),
        "loss_cls": (0.27 + 0.4 * np.exp(-8 * t) - cut / 2, 0.07),
        "loss_bbox": (0.24 + 0.25 * np.exp(-6 * t) - cut / 2, 0.06),
        "grad_norm": (5.5, 0.2),
    }
    put(log, rng, steps, curves)
    log.add("lr", steps, 0.02 * 0.1 ** ((t > 8 / 12) * 1.0 + (t > 11 / 12)))


@healthy(
    "lesson_warm_restarts",
    "at each restart of the rate the loss leaps up and comes back",
    tolerated=(
        "spike",
        "learning_rate",
        "plateau",
    ),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 120, 240, 1)
    turn = (t * 4) % 1
    rate = np.where(t == 1, 0.0, (1 + np.cos(np.pi * turn)) / 2)
    loss = 0.2 + 1.2 * np.exp(-7 * t) + 0.28 * rate * (1.1 - 0.4 * t)
    put(log, rng, steps, {"train_loss": (loss, 0.02), "test_loss": (loss + 0.12, 0.04)})
    around(log, rng, steps, {"test_acc": (97 - 22 * loss, 0.5)})
    log.add("lr", steps, 0.05 * rate + 1e-5)


@healthy(
    "recipe_backbone_is_thawed",
    "where the backbone is let loose both losses go on down",
    tolerated=(
        "spike",
        "plateau",
    ),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 10, 14, 2)
    i = where(t, 0.35)
    late = np.clip((t - t[i]) / (1 - t[i]), 0, 1)
    head = 0.95 + 1.2 * np.exp(-14 * t)
    loss = head - 0.55 * (1 - np.exp(-4 * late)) * (t >= t[i])
    put(log, rng, steps, {"Loss/train": (loss, 0.015), "Loss/valid": (loss + 0.08, 0.03)})
    around(log, rng, steps, {"Acc/valid": (1 - loss / 3, 0.008)})
    log.add("lr", steps, np.where(t < t[i], 1e-3, 1e-4))


@healthy("lesson_few_scans_to_validate_on", "dice of 14 scans leaps about while it rises")
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 60, 200, 3)
    put(
        log,
        rng,
        steps,
        {
            "train_loss": (learned(t, 0.85, 0.17, 6), 0.03),
            "val_loss": (learned(t, 0.8, 0.24, 6), 0.1),
        },
    )
    log.add("val_dice", steps, np.clip(learned(t, 0.2, 0.77, 6) + noise(rng, len(t), 0.045), 0, 1))


@healthy(
    "lesson_lightning_mnist", "a score near its bound moves in thousandths", tolerated=("plateau",)
)
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 8, 14, 1)
    put(log, rng, steps, {"train_loss": (0.01 + 0.3 * np.exp(-6 * t), 0.05)})
    put(log, rng, steps, {"val_loss": (0.036 + 0.08 * np.exp(-6 * t), 0.03)})
    log.add("val_acc", steps, counted(rng, 0.9905 - 0.02 * np.exp(-6 * t), 10000))


@labelled(
    "lesson_small_set_without_augmentation",
    "overfitting",
    "the textbook's gap",
    weak=0.35,
    strong=1.1,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 40, 100, 1)
    worse = turned(t, rng.uniform(0.2, 0.35), 1.1, strength, 0.82)
    curves = {
        "loss/train": (0.02 + 1.9 * np.exp(-5 * t), 0.03),
        "loss/val": (worse, 0.025),
    }
    put(log, rng, steps, curves)
    around(
        log,
        rng,
        steps,
        {
            "accuracy/train": (1 - 0.7 * np.exp(-5 * t), 0.005),
            "accuracy/val": (learned(t, 0.35, 0.74, 9), 0.008),
        },
    )
    says_overfitting(log, "loss/val", steps, worse, 0.03)


@labelled(
    "lesson_units_that_died",
    "plateau",
    "ten classes, and the loss stays at ln 10 from the first epoch on",
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 8, 14, 1)
    put(
        log,
        rng,
        steps,
        {"training loss": (2.3031 * strength + 0 * t, 0.0004), "validation loss": (2.3027, 0.0003)},
    )
    log.add("validation accuracy", steps, 0.1 + 0 * t)
    never_learns(log, ("training loss", "validation loss", "validation accuracy"), steps)


@labelled(
    "recipe_vit_without_warm_up",
    "divergence",
    "rises again and stays near chance",
    plain=0.35,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 60, 120, 5)
    i = where(t, strength)
    up = 1 - np.exp(-np.clip(t - t[i], 0, None) * 30)
    loss = learned(t, 6.9, 3.2, 5)
    loss = loss * (1 - up) + 6.75 * up
    put(log, rng, steps, {"train/loss": (loss, 0.008), "val/loss": (loss, 0.012)})
    around(log, rng, steps, {"val/acc1": (62 - 9 * loss, 0.4)})
    log.add("train/lr", steps, cosine(t, 3e-3, 1e-3, 0.01))
    drifts(
        log,
        "divergence",
        ("train/loss", "val/loss", "val/acc1"),
        steps,
        loss,
        i,
        0.06,
        ("spike", "collapse"),
    )


@labelled(
    "lesson_all_is_background",
    "collapse",
    "from an epoch on nothing is segmented, and dice is 0",
    plain=0.5,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 10, 14, 2)
    i = where(t, rng.uniform(0.3, strength))
    dice = learned(t, 0.15, 0.68, 7) + noise(rng, len(t), 0.015)
    dice[i:] = 0
    loss = np.where(t < t[i], learned(t, 0.9, 0.33, 7), 0.98)
    put(log, rng, steps, {"train/dice_loss": (loss, 0.01)})
    log.add("val/mDice", steps, dice)
    leaps(log, "collapse", "val/mDice", steps, i, ("divergence", "plateau"))
    leaps(log, "divergence", "train/dice_loss", steps, i, ("explosion", "spike"))


@labelled(
    "lesson_rate_cut_far_too_soon",
    "plateau",
    "a step schedule in the wrong unit ends the learning",
    plain=0.25,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 60, 160, 1)
    i = where(t, strength)
    loss = frozen_at(learned(t, 2.2, 0.6, 4), i)
    put(log, rng, steps, {"loss": (loss, 0.012), "val_loss": (loss + 0.05, 0.015)})
    log.add(
        "lr",
        steps,
        1e-3 * 0.1 ** np.clip(np.floor(np.clip(t - strength, -0.01, 1) / 0.02 + 1), 0, 12),
    )
    window = int(steps[max(i - 2, 0)]), int(steps[where(t, strength + 0.27)])
    log.true("learning_rate", "lr", int(steps[i]), window, also=("collapse",))
    levels(log, ("loss", "val_loss"), steps, loss, i, 0.018)
