"""Pictures: classes, boxes, masks, and those that are painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import at, counted, interval, jitter, linear, noise
from benchmarks.blind.tenth.making import (
    falling,
    grows,
    overfits,
    rising,
    significant,
    worsens,
)
from benchmarks.blind.tenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "the_critic_wins_for_good",
    "divergence",
    "the discriminator tells all pictures apart: its loss falls to nothing, the generator's grows,"
    " and the FID with it (lucidrains, NVlabs/stylegan2-ada on small data)",
    clear=60.0,
    medium=28.0,
    faint=18.0,
    tolerated=("plateau", "gradient"),
)
def the_critic_wins_for_good(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    begun = int(n * rng.uniform(0.4, 0.55))
    up = np.clip((t - t[begun]) / (1 - t[begun]), 0, None)
    beaten = np.minimum(up / 0.4, 1)
    d, g = 0.6 * 0.0005**beaten, 1.1 * 120**beaten
    log.add("loss/D", steps, d * np.exp(noise(rng, n, 0.18, 0.3)))
    log.add("loss/G", steps, g * np.exp(noise(rng, n, 0.18, 0.3)))
    evaluated = interval(steps, int(steps[-1]) // 30)
    where = np.searchsorted(steps, evaluated)
    worse = strength * at(evaluated, steps, up) ** 0.9
    late = evaluated / steps[-1]
    fid = 21 + 130 * np.exp(-7 * late)
    log.add("metrics/fid50k", evaluated, fid + worse + noise(rng, len(evaluated), 0.7))
    grows(log, "collapse", "loss/D", steps, d, begun, 0.25)
    grows(log, "explosion", "loss/G", steps, g, begun, 0.25, also=("divergence",))
    first = int(np.argmax(where >= begun))
    worsens(log, "divergence", "metrics/fid50k", evaluated, fid + worse, first, 0.7)


@labelled(
    "all_pictures_look_alike",
    "collapse",
    "a network without its predictor maps all to one point: the spread of its features falls to"
    " nothing, the nearest neighbours to chance (Chen and He 2021, SimSiam)",
    clear=0.0004,
    medium=0.004,
    tolerated=("plateau",),
)
def all_pictures_look_alike(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 200)
    t, steps = shapes.times(n), shapes.steps(n)
    begun = int(n * rng.uniform(0.35, 0.55))
    lost = 1 - np.exp(-np.clip(np.arange(n) - begun, 0, None) / (0.03 * n))
    spread = 0.03 * np.exp(np.log(strength) * lost)
    right = rising(t, 0.2, 0.6, 4)
    log.add("ssl/feature_std", steps, spread * np.exp(noise(rng, n, 0.05, 0.4)))
    log.add("ssl/knn_top1", steps, counted(rng, right * (1 - lost) + 0.1 * lost, 5000))
    log.add("ssl/cosine_loss", steps, -0.6 - 0.25 * t - 0.14 * lost + noise(rng, n, 0.008))
    log.add("ssl/ema_momentum", steps, 0.996 + 0.004 * t)
    grows(log, "collapse", "ssl/feature_std", steps, spread, begun, 0.08)
    worsens(log, "divergence", "ssl/knn_top1", steps, right[begun] * lost, begun, 0.008)


@labelled(
    "two_hundred_patients",
    "overfitting",
    "a segmentation of two hundred scans: the training loss goes on falling, the validation's turns"
    " after a third, for half a day (students on medical challenges)",
    clear=0.22,
    medium=0.1,
    faint=0.06,
    tolerated=("plateau",),
)
def two_hundred_patients(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 50, 250)
    t, steps = shapes.times(n), shapes.steps(n, first=0)
    log.add("train_loss", steps, falling(rng, t, 0.9, 0.05, 0.04, 6, 0.25))
    overfits(log, rng, "val_loss", steps, (0.5, 0.31, strength))
    log.add("val_dice", steps, significant(rising(t, 0.3, 0.79, 9, 0) + noise(rng, n, 0.006), 5))
    log.add("lr", steps, 1e-3 * (1 - t + 1e-3) ** 0.9)


@healthy(
    "mosaic_off_at_the_end",
    "a hundred epochs of boxes: ten before the end the mosaic is off and the training losses fall"
    " at once (ultralytics; 1527171/HandRaisingDetector-YOLO12n, results.csv)",
)
def mosaic_off_at_the_end(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 150)
    t, steps = shapes.times(n), shapes.steps(n)
    off = np.arange(n) >= n - 10
    for name, high, low in (("box", 1.95, 1.19), ("cls", 2.6, 1.17), ("dfl", 1.93, 1.38)):
        clean = low + (high - low) * (0.45 * np.exp(-5 * t) + 0.55 * (1 - t))
        share = 0.09 * (name == "cls") + 0.04
        log.add(
            f"train/{name}_loss",
            steps,
            significant(jitter(rng, clean * (1 - share * off), 0.006), 6),
        )
        val = low * 0.94 + (high - low) * np.exp(-4 * t) + 0.05 * (1 - t)
        log.add(f"val/{name}_loss", steps, significant(jitter(rng, val, 0.025 * (1.2 - t)), 6))
    score = 0.06 + 0.46 * (1 - np.exp(-3 * t)) + noise(rng, n, 1) * 0.014 * (1.15 - t)
    log.add("metrics/mAP50-95(B)", steps, significant(np.abs(score), 5))
    rate = 1.98e-3 * np.minimum(np.arange(1, n + 1) / 3, 1) * (1 - 0.98 * t)
    for group in range(3):
        log.add(f"lr/pg{group}", steps, significant(rate, 6))


@healthy(
    "noise_of_a_diffusion_loss",
    "the loss is noise about a level from the first hundred steps on; the FID tells the progress",
    tolerated=("plateau",),
)
def noise_of_a_diffusion_loss(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    clean = 0.021 + 0.6 * np.exp(-150 * t) + 0.004 * np.exp(-3 * t)
    log.add("train/loss_simple", steps, jitter(rng, clean, 0.16, 0))
    log.add("train/grad_norm", steps, (0.04 + 0.8 * np.exp(-80 * t)) * np.exp(noise(rng, n, 0.2)))
    evaluated = interval(steps, int(steps[-1]) // 15)
    late = shapes.times(len(evaluated))
    fid = 9 + 40 * np.exp(-5 * late) + 4 * (1 - late)
    log.add("eval/FID", evaluated, fid + noise(rng, len(evaluated), 0.25))


@healthy(
    "adapter_of_a_style",
    "twenty photographs, two thousand steps: the loss is hardly more than noise (kohya-ss)",
    tolerated=("plateau",),
)
def adapter_of_a_style(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1000, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    loss = np.abs(0.11 + 0.02 * np.exp(-4 * t)) * rng.gamma(5, 1 / 5, n)
    log.add("loss/current", steps, loss)
    log.add("loss/average", steps, shapes.moving_mean(loss, 100))
    log.add("lr/textencoder", steps, 5e-5 * np.minimum(t / 0.05, 1))
    log.add("lr/unet", steps, 1e-4 * np.minimum(t / 0.05, 1))


@healthy("queries_find_their_boxes", "a detection transformer: slow, six losses that fall together")
def queries_find_their_boxes(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 150)
    t, steps = shapes.times(n), shapes.steps(n, first=0)
    drop = 0.05 * (t > 0.8)
    for name, high, low in (("ce", 0.9, 0.32), ("bbox", 0.7, 0.23), ("giou", 1.1, 0.5)):
        clean = low + (high - low) * (0.6 * np.exp(-6 * t) + 0.4 * (1 - t))
        log.add(f"train_loss_{name}", steps, jitter(rng, clean * (1 - drop), 0.008))
        log.add(f"test_loss_{name}", steps, jitter(rng, clean * (1.04 - drop), 0.016))
    log.add("test_class_error", steps, 11 + 60 * np.exp(-5 * t) + 4 * (1 - t) + noise(rng, n, 0.6))
    log.add("train_lr", steps, np.where(t > 0.8, 1e-5, 1e-4))


@healthy("masks_of_organs", "nnU-Net: a moving mean of the dice that climbs to the end, poly rate")
def masks_of_organs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1000)
    t, steps = shapes.times(n), shapes.steps(n, first=0)
    dice = rising(t, 0.05, 0.87, 9, 0.1)
    raw = dice + noise(rng, n, 0.012, 0.2)
    log.add("train_losses", steps, -dice - 0.03 * t + noise(rng, n, 0.008))
    log.add("val_losses", steps, -dice + 0.02 + noise(rng, n, 0.014))
    log.add("mean_fg_dice", steps, raw)
    log.add("ema_fg_dice", steps, shapes.moving_mean(raw, 12))
    log.add("lrs", steps, 0.01 * (1 - t * 0.999) ** 0.9)


@healthy("patches_are_guessed", "a masked autoencoder: the loss falls slowly to the very end")
def patches_are_guessed(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 800)
    t, steps = shapes.times(n), shapes.steps(n, first=0)
    log.add("train_loss", steps, jitter(rng, 0.405 + 0.5 * np.exp(-30 * t) + 0.03 * (1 - t), 0.002))
    log.add("train_lr", steps, shapes.warmup_cosine(t, 2.4e-3, 0.05, 0))
    evaluated = interval(steps, max(n // 10, 1))
    late = shapes.times(len(evaluated))
    log.add(
        "linear_probe/acc1",
        evaluated,
        rising(late, 31, 66, 3, 0.4) + rng.normal(0, 0.2, len(evaluated)),
    )


@healthy(
    "painter_and_critic_in_balance",
    "both losses of a GAN wander about their levels, none wins; the FID falls",
    tolerated=("plateau",),
)
def painter_and_critic_in_balance(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    swing = noise(rng, n, 0.08, 0.9, 8)
    log.add("Loss/D/loss", steps, 0.9 + 0.3 * np.exp(-20 * t) - swing + noise(rng, n, 0.08, 0.2))
    log.add("Loss/G/loss", steps, 1.4 - 0.4 * np.exp(-20 * t) + swing + noise(rng, n, 0.13, 0.2))
    log.add("Loss/scores/real", steps, 0.55 + noise(rng, n, 0.1, 0.5))
    evaluated = interval(steps, int(steps[-1]) // 20)
    late = shapes.times(len(evaluated))
    fid = 14 + 180 * np.exp(-7 * late) + 7 * (1 - late)
    log.add("Metrics/fid5k", evaluated, fid * np.exp(noise(rng, len(evaluated), 0.02)))


@healthy(
    "integers_after_all",
    "quantization-aware training from a trained network: a dip of the accuracy is over before the"
    " log begins, and the rest is a slow way back up",
    tolerated=("plateau",),
)
def integers_after_all(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 12, 50)
    t, steps = shapes.times(n), shapes.steps(n)
    log.add("qat/val_top1", steps, counted(rng, rising(t, 0.61, 0.752, 4, 0.2), 50_000))
    log.add("qat/train_loss", steps, falling(rng, t, 1.5, 1.02, 0.01))
    log.add("qat/observer_min", steps, -2.1 - 0.2 * t + noise(rng, n, 0.01))
    log.add("qat/lr", steps, linear(t, 1e-4, 0.05))


@healthy("crops_of_many_sizes", "DINOv2: the loss falls slowly, the teacher's temperature warms up")
def crops_of_many_sizes(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    for name, high, low in (("dino_local_crops", 10.2, 6.4), ("ibot", 10.9, 7.1)):
        log.add(
            f"{name}_loss",
            steps,
            jitter(rng, low + (high - low) * np.exp(-5 * t) + 0.5 * (1 - t), 0.01),
        )
    log.add("koleo_loss", steps, -0.2 - 0.6 * (1 - np.exp(-9 * t)) + noise(rng, n, 0.02))
    log.add("teacher_temp", steps, 0.04 + 0.03 * np.minimum(t / 0.3, 1))
    log.add("last_layer_lr", steps, shapes.warmup_cosine(t, 4e-3, 0.1, 0.001))


@healthy("numerals_by_a_beginner", "ten epochs of MNIST with Keras, two writers")
def numerals_by_a_beginner(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(9, 16))
    t, steps = shapes.times(n), shapes.steps(n, first=0)
    for run, gap, examples in (("train", 0.0, 60_000), ("validation", 0.004, 10_000)):
        log.session(run)
        log.add(
            "epoch_accuracy",
            steps,
            counted(rng, 0.985 - 0.05 * np.exp(-4 * t) + 0.004 * t - gap, examples),
        )
        log.add(
            "epoch_loss",
            steps,
            jitter(rng, 0.04 + gap + 0.2 * np.exp(-5 * t) + 0.02 * (1 - t), 0.015),
        )
