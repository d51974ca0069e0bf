"""Healthy runs whose numbers are awkward: few, many, coarse, far out, constant, oddly named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy("tiny", "4 to 9 epochs that improve")
def tiny(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(4, 10))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.add("train/loss", steps, shapes.approach(t, 0.6, 0.1, 2.5) + shapes.white(rng, n, 0.008))
    log.add("val/loss", steps, shapes.approach(t, 0.55, 0.2, 2.5) + shapes.white(rng, n, 0.015))
    log.add("val/accuracy", steps, shapes.approach(t, 0.8, 0.94, 2.5) + shapes.white(rng, n, 0.004))


@healthy(
    "tiny_noisy", "10 to 20 points of which the noise is half of all change", tolerated=("plateau",)
)
def tiny_noisy(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(10, 21))
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.add("loss", steps, shapes.approach(t, 1.4, 1.1, 2.5) + shapes.white(rng, n, 0.1))
    log.add(
        "accuracy",
        steps,
        np.clip(shapes.approach(t, 0.5, 0.65, 2) + shapes.white(rng, n, 0.06), 0, 1),
    )


@healthy("long_coarse", "10,000 to 20,000 accuracies of batches of 24: steps of a twenty-fourth")
def long_coarse(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 10_000, 20_000)
    t, steps = shapes.times(n), shapes.steps(n)
    right = np.clip(shapes.approach(t, 0.5, 0.88, 2.5), 0, 1)
    log.add("reward_pred/train/accuracy", steps, rng.binomial(24, right) / 24)
    loss = shapes.approach(t, 4.5, 1.4, 2.5) * rng.gamma(2, 0.5, n) + 3000 * np.exp(
        -np.arange(n) / 30
    )
    log.add("reward_pred/train/loss", steps, loss)


@healthy("long_smooth", "20,000 points of a language model")
def long_smooth(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 12_000, 20_000)
    t, steps = shapes.times(n), shapes.steps(n)
    loss = shapes.power_law(t, 10.9, 1.9, 0.3, 0.001)
    log.add("Training/Loss", steps, loss + shapes.correlated(rng, n, 0.06, 0.2))
    log.add("Training/Learning Rate", steps, shapes.warmup_cosine(t, 3e-4, 0.01))


@healthy("heavy_tails", "batches far out on either side; the level falls")
def heavy_tails(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 4000)
    t, steps = shapes.times(n), shapes.steps(n)
    loss = shapes.approach(t, 2.0, 0.8, 2.5)
    log.add(
        "loss/batch", steps, loss * np.exp(shapes.heavy(rng, n, 0.15, rng.choice([2.0, 2.5, 3.0])))
    )


@healthy("wandering", "neighbours err alike for a hundred points; the level falls")
def wandering(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 6000)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    loss = shapes.approach(t, 3.0, 1.6, 2)
    log.add("train/loss_ema", steps, loss + shapes.correlated(rng, n, 0.05, 0.98))
    log.add(
        "rollout/success_rate",
        steps,
        np.clip(shapes.approach(t, 0.05, 0.7, 2) + shapes.correlated(rng, n, 0.03, 0.97), 0, 1),
    )


@healthy(
    "coarse_metric", "50 validation examples: accuracy in steps of 0.02", tolerated=("plateau",)
)
def coarse_metric(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 80))
    t, steps = shapes.times(n), shapes.steps(n)
    right = shapes.approach(t, 0.4, 0.84, 2.2)
    log.add("val_acc", steps, rng.binomial(50, right) / 50)
    log.add("val/exact_match", steps, rng.binomial(50, right * 0.7) / 50)


@healthy("constants", "rates, counters and metrics that never move, beside one that does")
def constants(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(50, 400))
    t, steps = shapes.times(n), shapes.steps(n, 500)
    log.add("bleu/dev", steps, shapes.approach(t, 0.11, 0.28, 3) + shapes.white(rng, n, 0.001))
    log.add("brevity_penalty/dev", steps, 1.0)
    log.add("log_perplexity/dev", steps, 0.0)
    log.add("learning_rate", steps, 1e-3)
    log.add("dropout/dropout_keep_probability", steps, 0.9)
    log.add("loss_regularization", steps, 0.0)
    log.add("dnn/dnn/logits/fraction_of_zero_values", steps, 0.0)
    log.add("epoch", steps, np.floor(10 * t))


@healthy(
    "weight_statistics", "means and spreads of weights drift; nothing about them is good or bad"
)
def weight_statistics(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(50, 300))
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("cross_entropy_1", steps, shapes.approach(t, 2.3, 0.4, 3) + shapes.white(rng, n, 0.05))
    for layer in ("layer1", "layer2"):
        log.add(
            f"{layer}/weights/summaries/mean", steps, 1e-4 - 0.003 * t + shapes.white(rng, n, 2e-5)
        )
        log.add(f"{layer}/weights/summaries/max", steps, 0.2 + 0.3 * t)
        log.add(f"{layer}/weights/summaries/min", steps, -0.2 - 0.35 * t)
        log.add(f"{layer}/weights/summaries/stddev_1", steps, 0.088 + 0.05 * t)
    log.add("activation/D/expected_module_mean", steps, shapes.correlated(rng, n, 0.3, 0.9))


@healthy("step_and_epoch", "Lightning logs the same loss by step and by epoch")
def step_and_epoch(log: Log, rng: np.random.Generator) -> None:
    epochs, per = int(rng.integers(5, 30)), int(rng.integers(10, 40))
    n = epochs * per
    t, steps = shapes.times(n), shapes.steps(n, 50, 49)
    loss = shapes.power_law(t, 2.2, 0.2, 0.4, 0.02) * np.exp(shapes.white(rng, n, 0.2))
    log.add("train_loss_step", steps, loss)
    log.add("train_loss_epoch", steps[per - 1 :: per], loss.reshape(epochs, per).mean(1))
    log.add("val_loss", steps[per - 1 :: per], 1.1 * loss.reshape(epochs, per).mean(1))
    log.add("epoch", steps, np.floor(np.arange(n) / per))


@healthy(
    "folder_named_test", "a run called test_lr0.1 holds training and validation that both improve"
)
def folder_named_test(log: Log, rng: np.random.Generator) -> None:
    names = [
        "test_lr0.1",
        "o_val-00",
        "val_split3/lr_0.5",
        "eval-baseline",
        "debug_train_only",
        "loss_test",
    ]
    log.name = str(rng.choice(names))
    n = int(rng.integers(20, 120))
    t, steps = shapes.times(n), shapes.steps(n)
    log.add("train/loss", steps, shapes.approach(t, 1.5, 0.3, 3) + shapes.white(rng, n, 0.015))
    log.add("val/loss", steps, shapes.approach(t, 1.5, 0.6, 2.5) + shapes.white(rng, n, 0.02))
    log.add("lr", steps, 0.1 * (1 + np.cos(np.pi * t)) / 2)


@healthy("unfinished", "stopped early: the loss is still falling fast, the warm-up hardly over")
def unfinished(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 20, 300)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("train/loss", steps, shapes.approach(t, 10.8, 5.5, 1.8) + shapes.white(rng, n, 0.08))
    log.add("train/learning_rate", steps, 3e-4 * np.minimum(t / 0.8, 1))
    log.add("train/grad_norm", steps, (1 + 6 * np.exp(-4 * t)) * np.exp(shapes.white(rng, n, 0.25)))


@healthy("single_nan", "one batch of many is not a number, and training goes on")
def single_nan(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n)
    loss = shapes.approach(t, 2.0, 0.6, 2.5) + shapes.white(rng, n, 0.05)
    loss[rng.integers(n // 10, int(0.9 * n))] = np.nan
    log.add("train/loss", steps, loss)


@healthy("steps_of_one", "all points lie at one or two steps: the counter was never passed on")
def steps_of_one(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 60))
    steps = np.zeros(n, np.int64) + (rng.random() < 0.5) * (np.arange(n) >= n // 2)
    for goal in range(4):
        log.add(f"scalars/train/final_reward/goal_{goal}", steps, -2.5 + shapes.white(rng, n, 0.6))
        log.add(f"scalars/train/final_success/goal_{goal}", steps, rng.random(n) < 0.1)


@healthy("checkpoint_pauses", "minutes pass at each evaluation and checkpoint, as at all before")
def checkpoint_pauses(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = 0.2
    for at in range(n // 20, n, n // 12):
        log.pause(int(steps[at]), float(rng.uniform(120, 300)))
    log.add("train/loss", steps, shapes.power_law(t, 8, 2, 0.3) + shapes.white(rng, n, 0.04))
    speed = 50_000 * np.exp(shapes.white(rng, n, 0.02))
    speed[n // 20 :: n // 12] *= 0.1
    speed[0] *= 0.2
    log.add("perf/tokens_per_second", steps, speed)


@healthy("mixed_precision", "the loss scale falls from its start, and then doubles and halves")
def mixed_precision(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    exponent = np.maximum(24 - np.arange(n), 13) + np.where(
        np.arange(n) > 11, (np.arange(n) // 25) % 3, 0
    )
    log.add("train/loss_scale", steps, 2.0**exponent)
    log.add("train/loss", steps, shapes.power_law(t, 9, 2, 0.3) + shapes.white(rng, n, 0.05))
    log.add(
        "train/grad_norm", steps, (0.3 + 2 * np.exp(-40 * t)) * np.exp(shapes.white(rng, n, 0.2))
    )
    log.add("train/lr", steps, shapes.warmup_linear(t, 2e-4))


@healthy("gradient_norm_grows", "late in training the norm doubles while the loss still falls")
def gradient_norm_grows(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("train/loss", steps, shapes.power_law(t, 10.8, 1.9, 0.3) + shapes.white(rng, n, 0.04))
    log.add(
        "train/grad_norm",
        steps,
        0.4 * (1 + rng.uniform(0.5, 1.5) * t) * np.exp(shapes.white(rng, n, 0.15)),
    )
    log.add("train/weight_norm", steps, 120 + 200 * np.sqrt(t))
