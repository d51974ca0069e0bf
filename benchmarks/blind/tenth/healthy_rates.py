"""Learning rates that are as they should be, and look odd only to one who does not know them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import counted, interval, jitter, linear, noise
from benchmarks.blind.tenth.making import (
    falling,
    learns,
    one_cycle,
    rising,
    significant,
    stable_then_down,
)
from benchmarks.blind.tenth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "cosine_begun_again_thrice",
    "SGDR with its rate logged from the start: at each restart the loss goes up a little and falls"
    " below what it was",
)
def cosine_begun_again_thrice(log: Log, rng: np.random.Generator) -> None:
    cycles = int(rng.integers(3, 6))
    n = cycles * shapes.whole(rng, 25, 60)
    t, steps = shapes.times(n), shapes.steps(n)
    _, inside = shapes.cycle(t, cycles)
    rate = 0.05 * (1 + np.cos(np.pi * inside)) / 2 + 1e-5
    clean = 0.5 + 1.7 * np.exp(-7 * t) + 0.3 * (1 - t) + 0.22 * (rate / 0.05) * (1 - 0.4 * t)
    log.add("train/lr", steps, rate)
    log.add("train/loss", steps, jitter(rng, clean, 0.02))
    log.add("valid/acc1", steps, 86 - 16 * clean + noise(rng, n, 0.35))


@healthy(
    "reduced_thrice_as_meant",
    "ReduceLROnPlateau with patience: the rate is halved where nothing is gained, and then some is",
    tolerated=("plateau",),
)
def reduced_thrice_as_meant(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 140)
    t, steps = shapes.times(n), shapes.steps(n)
    cuts = (t > 0.4).astype(int) + (t > 0.62) + (t > 0.82)
    rate = 1e-3 * 0.5**cuts
    clean = 0.2 + 0.9 * np.exp(-11 * t) + 0.05 * 0.6**cuts + 0.05 * (1 - t)
    log.add("lr", steps, rate)
    log.add("val_loss", steps, significant(jitter(rng, clean, 0.02), 4))
    log.add("loss", steps, significant(jitter(rng, clean * 0.93, 0.012), 4))
    log.add("val_mean_iou", steps, 0.93 - 0.5 * clean + noise(rng, n, 0.004))


@healthy("stable_then_down_at_once", "WSD: a level for most of the run, and a fall at its end")
def stable_then_down_at_once(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    rate = stable_then_down(t, 4.2e-4)
    gain = 0.12 * (1 - np.clip((1 - t) / 0.2, 0, 1))
    log.add("optim/learning_rate_group0", steps, rate)
    loss = jitter(rng, shapes.power_law(t, 10.8, 2.2) - gain, 0.012)
    log.add("train/CrossEntropyLoss", steps, loss)
    log.add(
        "optim/total_grad_norm", steps, 0.35 * np.exp(noise(rng, n, 0.12, 0.3)) + 3 / (1 + 900 * t)
    )


@healthy("one_cycle_to_nothing", "OneCycleLR: up for a third, down to a millionth, as planned")
def one_cycle_to_nothing(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 30, 120)
    t, steps = shapes.times(n), shapes.steps(n)
    rate = one_cycle(t, 0.4)
    log.add("train/lr", steps, rate)
    log.add("train/momentum", steps, 0.95 - 0.1 * rate / 0.4)
    log.add("train/loss", steps, falling(rng, t, 1.9, 0.12, 0.03, 3, 0.6))
    log.add("eval/accuracy", steps, counted(rng, rising(t, 0.4, 0.943, 3, 0.4), 10_000))


@healthy("a_rate_for_each_layer", "twelve groups, each at 0.75 of the one above it (BEiT, ELECTRA)")
def a_rate_for_each_layer(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 300)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    for layer in range(0, 12, 2):
        log.add(f"lr/layer_{layer}", steps, linear(t, 1e-3 * 0.75 ** (12 - layer), 0.1))
    log.add("train/loss", steps, falling(rng, t, 1.1, 0.34, 0.07))
    evaluated = interval(steps, 200)
    late = shapes.times(len(evaluated))
    log.add("eval/mcc", evaluated, rising(late, 0.2, 0.61) + noise(rng, len(evaluated), 0.008))


@healthy(
    "frozen_until_it_is_not",
    "the backbone's rate is 0 from the start, and after the epochs that were meant it gets its own"
    " warm-up (fastai, Lightning's BackboneFinetuning)",
)
def frozen_until_it_is_not(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 160)
    t, steps = shapes.times(n), shapes.steps(n, first=0)
    thaw = 0.1
    rate = 1e-4 * np.clip((t - thaw) / 0.08, 0, 1) * (1 - 0.9 * t)
    log.add("lr/backbone", steps, rate)
    log.add("lr/head", steps, 1e-3 * (1 - 0.9 * t))
    gain = 0.5 * (1 - np.exp(-6 * np.clip(t - thaw, 0, None)))
    clean = 0.75 + 0.9 * np.exp(-30 * t) - gain + 0.06 * (1 - t)
    log.add("train_loss_epoch", steps, jitter(rng, clean, 0.015))
    log.add("val_loss", steps, jitter(rng, clean + 0.05, 0.02))


@healthy(
    "linear_to_the_very_end", "the Trainer's default: up for a tenth, down to 0 at the last step"
)
def linear_to_the_very_end(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 25, 120)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    log.add("train/learning_rate", steps, significant(linear(t, 2e-5, 0.1), 8))
    log.add("train/loss", steps, significant(falling(rng, t, 0.69, 0.21, 0.06), 4))
    log.add("train/grad_norm", steps, 3.2 * np.exp(noise(rng, n, 0.4, 0.1)))
    log.add("train/epoch", steps, 3 * t)


@healthy("milestones_of_a_detector", "a hundredth at the end in two steps, as 1x schedules have it")
def milestones_of_a_detector(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 1800)
    t, steps = shapes.times(n), shapes.steps(n, 50, 50)
    cuts = (t > 8 / 12).astype(int) + (t > 11 / 12)
    rate = 0.02 * 0.1**cuts * np.clip(t / 0.006, 0.001, 1)
    gain = 0.1 * (cuts > 0) + 0.02 * (cuts > 1)
    log.add("lr", steps, rate)
    clean = 0.38 + 0.9 * np.exp(-25 * t) + 0.14 * (1 - t)
    for name, share in (("loss_cls", 0.45), ("loss_bbox", 0.4), ("loss_rpn_cls", 0.08)):
        log.add(name, steps, significant(jitter(rng, share * (clean - gain), 0.1), 4))
    epochs = steps[np.searchsorted(t, np.arange(1, 13) / 12).clip(0, n - 1)]
    late = np.arange(1, 13) / 12
    score = 0.36 - 0.3 * np.exp(-4 * late) + 0.02 * (late > 8 / 12)
    log.add("coco/bbox_mAP", epochs, significant(score + noise(rng, 12, 0.002), 3))


@healthy("a_fifth_of_warm_up", "a warm-up of a fifth of the run, for large batches (LAMB)")
def a_fifth_of_warm_up(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 8)
    rate = np.where(t < 0.2, 6e-3 * t / 0.2, 6e-3 * np.sqrt(np.clip((1 - t) / 0.8, 0, None)))
    log.add("dynamic_lr", steps, rate)
    log.add("step_loss", steps, jitter(rng, learns(rate, 11.2, 1.4, 7), 0.03))
    log.add("mlm_acc", steps, 0.71 - 0.06 * learns(rate, 11.2, 1.4, 7) + noise(rng, n, 0.008))


@healthy(
    "rate_led_by_the_divergence",
    "rsl_rl's adaptive schedule: by the KL of each update the rate goes up and down by 1.5 all the"
    " way (Isaac Lab)",
    tolerated=("plateau",),
)
def rate_led_by_the_divergence(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, first=0)
    power = np.zeros(n)
    for i in range(1, n):
        # The further it has gone, the likelier is the way back.
        back = np.clip(0.25 + 0.05 * power[i - 1], 0.02, 0.48)
        power[i] = power[i - 1] + rng.choice((-1, 0, 1), p=(back, 0.5, 0.5 - back))
    rate = np.clip(4e-4 * 1.5**power, 1e-5, 1e-2)
    log.add("Loss/learning_rate", steps, rate)
    log.add("Train/mean_reward", steps, rising(t, -3, 27, 4, 0.3) + noise(rng, n, 0.7, 0.7))
    log.add("Train/mean_episode_length", steps, rising(t, 18, 960, 9, 0.1) + noise(rng, n, 12, 0.6))
    log.add("Loss/value_function", steps, jitter(rng, 0.02 + 0.3 * np.exp(-8 * t), 0.2))
    log.add(
        "Policy/mean_noise_std", steps, 0.35 + 0.65 * np.exp(-3 * t) + noise(rng, n, 0.002, 0.9)
    )
