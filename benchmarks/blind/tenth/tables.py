"""Tables, series, graphs, recommendations and speech: healthy runs of what is not a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import counted, interval, jitter, noise
from benchmarks.blind.tenth.making import falling, rising, significant, speed
from benchmarks.blind.tenth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "trees_until_nothing_is_gained",
    "boosting: both losses fall smoothly, the validation's is level at the end (XGBoost)",
    tolerated=("plateau",),
)
def trees_until_nothing_is_gained(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, first=0)
    grain = 2e-4 * np.cumsum(rng.normal(0, 1, n)) / np.sqrt(n)
    log.add("train-logloss", steps, significant(0.24 + 0.45 * np.exp(-7 * t) - 0.05 * t, 6))
    log.add("eval-logloss", steps, significant(0.287 + 0.4 * np.exp(-8 * t) + grain, 6))
    log.add("eval-auc", steps, significant(0.923 - 0.2 * np.exp(-9 * t) + grain, 6))


@healthy("clicks_of_a_day", "one pass over a log of clicks: AUC by the million, a slow climb")
def clicks_of_a_day(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 600)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    log.add(
        "train/logloss", steps, jitter(rng, 0.452 + 0.06 * np.exp(-12 * t) + 0.006 * (1 - t), 0.008)
    )
    log.add(
        "train/windowed_auc",
        steps,
        0.795 - 0.07 * np.exp(-10 * t) + 0.006 * t + noise(rng, n, 0.002),
    )
    log.add("train/calibration", steps, 1 + noise(rng, n, 0.012))
    log.add("perf/examples_per_sec", steps, speed(rng, n, 181_000, 0.03))


@healthy(
    "users_meet_items", "a two-tower model: recall at every epoch, still a little better at the end"
)
def users_meet_items(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 20, 100)
    t, steps = shapes.times(n), shapes.steps(n)
    log.add(
        "val/recall@50",
        steps,
        significant(rising(t, 0.04, 0.231, 5, 0.25) + noise(rng, n, 0.0015), 4),
    )
    log.add(
        "val/ndcg@50",
        steps,
        significant(rising(t, 0.015, 0.094, 5, 0.25) + noise(rng, n, 0.0008), 4),
    )
    log.add("train/in_batch_softmax_loss", steps, falling(rng, t, 6.9, 4.4, 0.006))


@healthy("energies_of_molecules", "an equivariant network: errors that fall over three decades")
def energies_of_molecules(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 400)
    t, steps = shapes.times(n), shapes.steps(n, first=0)
    for name, start, end in (("e", 900, 4.1), ("f", 210, 11)):
        clean = end * (start / end) ** np.exp(-5 * t) * (1.25 - 0.25 * t)
        log.add(f"validation_{name}_mae", steps, jitter(rng, clean, 0.05 * (1.1 - t)))
        log.add(f"training_{name}_rmse", steps, jitter(rng, clean * 1.1, 0.03))
    log.add("LR", steps, 0.005 * 0.8 ** (np.arange(n) // max(n // 12, 1)))
    log.add("wall", steps, 31.0 * np.arange(1, n + 1))


@healthy(
    "demand_of_a_thousand_shops",
    "quantile losses of a forecaster, two dozen epochs; then it is as good as it gets",
    tolerated=("plateau",),
)
def demand_of_a_thousand_shops(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 20, 50)
    t, steps = shapes.times(n), shapes.steps(n, 350, 349)
    log.add("train_loss_epoch", steps, falling(rng, t, 0.21, 0.118, 0.012))
    log.add("val_loss", steps, jitter(rng, 0.131 + 0.07 * np.exp(-6 * t) + 0.003 * (1 - t), 0.012))
    log.add("val_SMAPE", steps, jitter(rng, 0.24 + 0.2 * np.exp(-6 * t) + 0.008 * (1 - t), 0.012))
    log.add("val_MAE", steps, jitter(rng, 3.1 + 2 * np.exp(-6 * t) + 0.08 * (1 - t), 0.01))


@healthy(
    "words_are_heard", "a conformer: losses of two heads, WER at each epoch, a warm-up of Noam's"
)
def words_are_heard(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 25, 100)
    t, steps = shapes.times(n), shapes.steps(n)
    log.add("valid/loss_ctc", steps, jitter(rng, 14 + 150 * np.exp(-8 * t) + 3 * (1 - t), 0.01))
    log.add("valid/loss_att", steps, jitter(rng, 9 + 90 * np.exp(-8 * t) + 2 * (1 - t), 0.01))
    log.add(
        "valid/wer", steps, 0.071 + 0.9 * np.exp(-9 * t) + 0.02 * (1 - t) + noise(rng, n, 0.0012)
    )
    k = np.arange(1, n + 1) / n
    log.add("train/optim0_lr0", steps, 2e-3 * np.minimum(np.sqrt(0.12 / k), k / 0.12))


@healthy(
    "a_voice_from_letters",
    "a synthesiser: mel and adversarial losses, the latter level from early on",
    tolerated=("plateau",),
)
def a_voice_from_letters(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 200, 0)
    log.add("loss/g/mel", steps, falling(rng, t, 75, 17, 0.03))
    log.add("loss/g/kl", steps, falling(rng, t, 4.2, 1.25, 0.05))
    log.add("loss/g/dur", steps, falling(rng, t, 2.6, 1.3, 0.03))
    log.add("loss/d/total", steps, 2.4 + 0.6 * np.exp(-20 * t) + noise(rng, n, 0.12))
    log.add("learning_rate", steps, 2e-4 * 0.999875 ** (900 * t))


@healthy(
    "shadows_on_a_lung",
    "a classifier of X-rays, three hundred images to validate on: an AUC in steps of its ranks",
    tolerated=("plateau",),
)
def shadows_on_a_lung(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 15, 60)
    t, steps = shapes.times(n), shapes.steps(n)
    log.add("train/bce", steps, falling(rng, t, 0.66, 0.31, 0.015))
    log.add("val/bce", steps, jitter(rng, 0.36 + 0.25 * np.exp(-4 * t) + 0.02 * (1 - t), 0.015))
    log.add(
        "val/auroc", steps, significant(rising(t, 0.62, 0.885, 4, 0.15) + noise(rng, n, 0.006), 4)
    )
    log.add("val/sensitivity", steps, counted(rng, rising(t, 0.4, 0.81, 4, 0.15), 150))


@healthy(
    "phones_that_take_turns", "a federation of phones, other ones each round: noise, and a climb"
)
def phones_that_take_turns(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 400)
    t, steps = shapes.times(n), shapes.steps(n)
    log.seconds_per_step = 70.0
    right = rising(t, 0.12, 0.83, 4, 0.25)
    log.add("centralized/accuracy", steps, counted(rng, right + noise(rng, n, 0.008, 0.3), 5000))
    log.add("centralized/loss", steps, jitter(rng, 2.3 * np.exp(-2.4 * right), 0.03))
    evaluated = interval(steps, 5)
    log.add("clients/failures", evaluated, rng.poisson(0.6, len(evaluated)).astype(float))
