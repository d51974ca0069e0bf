"""Validation that turns for the worse while training goes on improving, from a V to a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import labelled
from benchmarks.blind.windows import basin, gradual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log


def _overfits(
    log: Log,
    tags: str | tuple[str, ...],
    steps: NDArray[np.int64],
    worse: NDArray[np.float64],
    sd: float,
) -> None:
    """It begins at the best step, or where the basin ends in which that lies."""
    best = basin(steps, worse, sd)
    lowest = int(np.argmin(worse))
    _, last = gradual(steps, worse, lowest, sd)
    window = (best[0], max(best[1], last))
    log.true("overfitting", tags, steps[lowest], window, best_window=best)


def _turn(
    t: NDArray[np.float64], at: float, start: float, fall: float, rise: float
) -> NDArray[np.float64]:
    """Falls by `fall` until `at`, then rises by `rise` to the end."""
    down = shapes.approach(np.minimum(t / at, 1), start, start - fall, 3)
    return down + shapes.ramp_after(t, at, rise, 1.2)


@labelled(
    "classic",
    "overfitting",
    "a textbook U over 50 to 150 epochs",
    plain=0.8,
    medium=0.3,
    subtle=0.12,
)
def classic(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(50, 150))
    t, steps = shapes.times(n), shapes.steps(n)
    train, val = [
        ("loss/train", "loss/val"),
        ("train_loss", "val_loss"),
        ("train/loss", "valid/loss"),
        ("Loss/train", "Loss/test"),
    ][rng.integers(4)]
    loss = _turn(t, rng.uniform(0.25, 0.5), 1.5, 1.0, strength)
    log.add(train, steps, shapes.approach(t, 1.5, 0.02, 4) + shapes.white(rng, n, 0.01))
    log.add(val, steps, loss + shapes.white(rng, n, 0.025))
    _overfits(log, val, steps, loss, 0.025)


@labelled(
    "few_epochs",
    "overfitting",
    "a V of 10 to 14 evaluations: falls by 1, rises by half of it",
    plain=0.8,
    medium=0.4,
)
def few_epochs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(10, 15))
    t, steps = shapes.times(n), shapes.steps(n, 500)
    at = rng.uniform(0.35, 0.6)
    loss = 1.6 - np.minimum(t / at, 1) + shapes.ramp_after(t, at, strength)
    log.add("eval/loss", steps, loss + shapes.white(rng, n, 0.02))
    fine = shapes.times(10 * n)
    log.add(
        "train/loss",
        shapes.steps(10 * n, 50),
        shapes.approach(fine, 1.8, 0.15, 3) + shapes.white(rng, 10 * n, 0.04),
    )
    _overfits(log, "eval/loss", steps, loss, 0.02)


@labelled(
    "finetuning_epochs",
    "overfitting",
    "6 to 10 evaluations of a fine-tuning: best after the second epoch",
    plain=0.5,
    medium=0.2,
)
def finetuning_epochs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(6, 11))
    t, steps = shapes.times(n), shapes.steps(n, 200)
    loss = _turn(t, rng.uniform(0.3, 0.45), 0.95, 0.35, strength)
    log.add("eval/loss", steps, loss + shapes.white(rng, n, 0.006))
    epoch, _ = shapes.cycle(shapes.times(8 * n), n)
    log.add(
        "train/loss", shapes.steps(8 * n, 25), 1.1 * 0.7**epoch + shapes.white(rng, 8 * n, 0.02)
    )
    _overfits(log, "eval/loss", steps, loss, 0.006)


@labelled(
    "keras_two_runs",
    "overfitting",
    "the same tag in the runs train and validation",
    plain=0.6,
    medium=0.2,
)
def keras_two_runs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(20, 80))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    loss = _turn(t, rng.uniform(0.25, 0.45), 0.7, 0.38, strength)
    log.session("train")
    log.add("epoch_loss", steps, shapes.approach(t, 0.7, 0.03, 4) + shapes.white(rng, n, 0.004))
    log.session("validation")
    log.add("epoch_loss", steps, loss + shapes.white(rng, n, 0.012))
    _overfits(log, "epoch_loss", steps, loss, 0.012)


@labelled(
    "accuracy_declines",
    "overfitting",
    "labels are memorised: validation accuracy peaks early and falls (Arpit et al. 2017)",
    plain=0.2,
    subtle=0.06,
)
def accuracy_declines(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(50, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    accuracy = -_turn(t, rng.uniform(0.12, 0.3), -0.3, 0.48, strength)
    log.add(
        "train/acc",
        steps,
        np.minimum(shapes.approach(t, 0.3, 1.02, 4) + shapes.white(rng, n, 0.004), 1),
    )
    log.add("val/acc", steps, accuracy + shapes.white(rng, n, 0.01))
    _overfits(log, "val/acc", steps, -accuracy, 0.01)


@labelled(
    "overconfident",
    "overfitting",
    "the validation loss rises while the accuracy still improves"
    " (Guo et al. 2017): the loss is overfitted",
    plain=0.5,
    medium=0.2,
)
def overconfident(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 150))
    t, steps = shapes.times(n), shapes.steps(n)
    loss = _turn(t, rng.uniform(0.25, 0.45), 1.4, 0.75, strength)
    log.add("train_loss", steps, shapes.approach(t, 1.4, 0.03, 4) + shapes.white(rng, n, 0.01))
    log.add("val_loss", steps, loss + shapes.white(rng, n, 0.02))
    log.add("val_acc", steps, shapes.approach(t, 0.5, 0.8, 3) + shapes.white(rng, n, 0.006))
    _overfits(log, "val_loss", steps, loss, 0.02)


@labelled(
    "detector_overfits",
    "overfitting",
    "the validation losses of a detector turn, and its mAP sinks a little",
    plain=0.5,
    medium=0.2,
)
def detector_overfits(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(80, 300))
    t, steps = shapes.times(n), shapes.steps(n)
    at = rng.uniform(0.25, 0.5)
    loss = _turn(t, at, 1.8, 0.9, strength)
    log.add("train/cls_loss", steps, shapes.approach(t, 1.9, 0.2, 3) + shapes.white(rng, n, 0.008))
    log.add("val/cls_loss", steps, loss + shapes.white(rng, n, 0.02))
    quality = shapes.approach(np.minimum(t / at, 1), 0.05, 0.55, 4) - shapes.ramp_after(
        t, at, 0.1 * strength
    )
    log.add("metrics/mAP50-95(B)", steps, quality + shapes.white(rng, n, 0.006))
    _overfits(log, "val/cls_loss", steps, loss, 0.02)


@labelled(
    "after_rate_drop",
    "overfitting",
    "the drop of the rate gives the best validation, from which"
    " it rises (ResNets after their first step)",
    plain=0.3,
    medium=0.12,
)
def after_rate_drop(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(80, 200))
    t, steps = shapes.times(n), shapes.steps(n)
    low = (t > 0.5).astype(float)
    loss = shapes.approach(t, 1.6, 0.9, 6) - 0.25 * low + shapes.ramp_after(t, 0.52, strength)
    noise = rng.normal(0, 1, n) * np.where(low, 0.012, 0.06)
    log.add("val/loss", steps, loss + noise)
    log.add(
        "train/loss",
        steps,
        shapes.approach(t, 1.5, 0.5, 6)
        - 0.3 * low * (1 - np.exp(-(t - 0.5) * 8))
        + shapes.white(rng, n, 0.008),
    )
    log.add("lr-SGD", steps, np.where(low, 0.01, 0.1))
    _overfits(log, "val/loss", steps, loss, 0.012)


@labelled("late", "overfitting", "only the last fifth turns", plain=0.35, subtle=0.12)
def late(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(60, 200))
    t, steps = shapes.times(n), shapes.steps(n)
    loss = _turn(t, rng.uniform(0.75, 0.85), 1.5, 0.9, strength)
    log.add("train/loss", steps, shapes.approach(t, 1.5, 0.1, 3) + shapes.white(rng, n, 0.01))
    log.add("val/loss", steps, loss + shapes.white(rng, n, 0.015))
    _overfits(log, "val/loss", steps, loss, 0.015)


@labelled(
    "noisy_evaluations",
    "overfitting",
    "20 to 60 evaluations whose noise is a tenth of the rise or a third",
    plain=0.05,
    medium=0.12,
)
def noisy_evaluations(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(20, 61))
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    loss = _turn(t, rng.uniform(0.3, 0.5), 2.0, 0.8, 0.45)
    log.add("eval_loss", steps, loss + shapes.white(rng, n, strength))
    fine = shapes.times(10 * n)
    log.add(
        "train_loss",
        shapes.steps(10 * n, 100),
        shapes.approach(fine, 2.1, 0.3, 3) + shapes.white(rng, 10 * n, 0.1),
    )
    _overfits(log, "eval_loss", steps, loss, strength)


@labelled(
    "folder_speaks_of_test",
    "overfitting",
    "the run is called test_lr0.1 or o_val-00: its tags still say what is training",
    plain=0.6,
    medium=0.25,
)
def folder_speaks_of_test(log: Log, rng: np.random.Generator, strength: float) -> None:
    log.name = str(rng.choice(["test_lr0.1", "o_val-00", "train_only_debug", "eval/run_7"]))
    n = int(rng.integers(40, 120))
    t, steps = shapes.times(n), shapes.steps(n)
    loss = _turn(t, rng.uniform(0.25, 0.5), 1.4, 0.9, strength)
    log.add("train/loss", steps, shapes.approach(t, 1.4, 0.04, 4) + shapes.white(rng, n, 0.01))
    log.add("val/loss", steps, loss + shapes.white(rng, n, 0.02))
    _overfits(log, "val/loss", steps, loss, 0.02)


@labelled(
    "speech_overfits",
    "overfitting",
    "validation loss and word error rate turn together",
    plain=0.5,
    medium=0.2,
)
def speech_overfits(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(15, 60))
    t, steps = shapes.times(n), shapes.steps(n, 2000)
    loss = _turn(t, rng.uniform(0.3, 0.5), 60, 40, 40 * strength)
    log.add("val_loss", steps, loss + shapes.white(rng, n, 0.8))
    log.add("val_wer", steps, loss / 120 + shapes.white(rng, n, 0.006))
    fine = shapes.times(20 * n)
    log.add(
        "train_loss",
        shapes.steps(20 * n, 100),
        shapes.approach(fine, 80, 3, 4) * np.exp(shapes.white(rng, 20 * n, 0.1)),
    )
    _overfits(log, "val_loss", steps, loss, 0.8)
