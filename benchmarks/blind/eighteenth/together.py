"""Contrastive, distilled and federated: open_clip, SimCLR, DINO, BYOL, Flower, FedML, students."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    around,
    course,
    decades,
    epochs,
    paced,
    put,
    where,
)
from benchmarks.blind.eighteenth.registry import healthy, labelled
from benchmarks.blind.eighth.making import cosine, counted, interval, lasting, turned
from benchmarks.blind.seventeenth.making import (
    good_scale,
    halts,
    lags,
    says_scale,
    scale_lost,
)
from benchmarks.blind.thirteenth.making import fades, grows, levels, overfits

if TYPE_CHECKING:
    from benchmarks.blind.eighteenth.making import Rng
    from benchmarks.blind.runs import Log


@healthy("open_clip_of_captions_to_the_cap", "the scale rises to a hundred and is held there")
def open_clip(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 200, 700, 100)
    put(log, rng, steps, {"train/loss": (0.7 + 7 * (1 + t / 0.01) ** -0.7, 0.04)})
    log.add("train/scale", steps, np.minimum(100, 14.3 * np.exp(2.6 * t**0.7)))
    put(
        log,
        rng,
        steps,
        {"train/samples_per_second": (5400.0, 0.05), "train/data_time": (0.06, 0.4)},
    )
    log.add("train/lr", steps, cosine(t, 5e-4, 0.05, 0))
    rare = interval(steps, int(steps[-1]) // 12)
    now = np.linspace(1 / 12, 1, len(rare))
    log.add("val/imagenet-zeroshot-val-top1", rare, counted(rng, 0.34 * now**0.6, 50_000))


@healthy(
    "dino_of_cells_loss_rises_first", "the temperature of the teacher makes it rise, then fall"
)
def dino(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 80, 200, 10)
    loss = 9.2 - 2.2 * np.exp(-t / 0.04) * (t < 0.1) - 5.4 * t**0.5 + 1.2 * np.exp(-t / 0.1)
    put(log, rng, steps, {"train_loss": (loss, 0.012)}, 0.3)
    log.add("train_wd", steps, 0.4 - 0.36 * (1 + np.cos(np.pi * t)) / 2)
    log.add("train_lr", steps, cosine(t, 5e-4, 0.1, 0.002))


@healthy("flower_of_ten_hospitals", "clients with other data: the mean rocks from round to round")
def flower(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 40, 120, 1)
    paced(log, rng, 1, 6)
    put(log, rng, steps, {"loss_distributed": (0.5 + 1.3 * np.exp(-5 * t) + 0.15 * (1 - t), 0.07)})
    log.add("accuracy_centralized", steps, counted(rng, 0.83 - 0.5 * np.exp(-5 * t), 600))


@labelled(
    "siamese_outputs_all_the_same",
    "collapse",
    "spread of features vanishes",
    plain=1e-3,
    tolerated=("plateau",),
)
def siamese(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 50, 150, 3)
    std = decades(t, 0.08, 0.044, strength, 0.25)
    put(log, rng, steps, {"train/feature_std": (std, 0.05)})
    around(log, rng, steps, {"train/loss": (-1 + 0.4 * np.exp(-t / 0.05), 0.0015)})
    log.add("knn/top1", steps, counted(rng, 0.1 + 0.2 * np.exp(-t / 0.07), 10_000))
    grows(log, "collapse", "train/feature_std", steps, std, where(t, 0.08), 0.05)
    window = int(steps[0]), int(steps[where(t, 0.35)])
    log.true("divergence", "knn/top1", int(steps[0]), window, also=("collapse", "plateau"))


@labelled(
    "temperature_without_a_bound", "explosion", "scale by decades; loss of fp16 scale", plain=400
)
def temperature(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 400, 100)
    onset = rng.uniform(0.3, 0.45)
    scale = decades(t, onset, 14.3 + 30 * t, strength)
    put(log, rng, steps, {"train/logit_scale": (scale, 0.01)})
    loss = 2.6 + 4 * np.exp(-t / 0.1)
    put(log, rng, steps, {"train/contrastive_loss": (loss, 0.02)})
    index = where(t, onset)
    grows(log, "explosion", "train/logit_scale", steps, scale, index, 0.012)
    lost = where(t, 0.75)
    values, bottom = scale_lost(rng, len(t), lost, 16, 2, 0)
    log.add("train/grad_scale", steps, values)
    says_scale(log, "train/grad_scale", steps, lost, bottom)
    levels(log, "train/contrastive_loss", steps, loss, where(t, 0.45), lasting(0.052, 0.2))


@labelled("simclr_in_half_precision_ends", "loss_scale", "halved at each step", plain=1)
def simclr(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 50)
    index = where(t, rng.uniform(0.35, 0.65))
    values, bottom = scale_lost(rng, len(t), index, 16, strength, 0)
    log.add("scaler/scale", steps, values)
    put(log, rng, steps, {"loss": (5.1 + 2 * np.exp(-t / 0.1) - 0.3 * t, 0.01)})
    says_scale(log, "scaler/scale", steps, index, bottom)


@labelled("clients_wait_for_one_phone", "stall", "a round takes hours, others minutes", plain=9)
def phone(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 40, 150, 1)
    paced(log, rng, 1, 3)
    put(log, rng, steps, {"server/loss": (0.9 + 1.5 * np.exp(-4 * t) - 0.1 * t, 0.03)})
    log.add("server/accuracy", steps, counted(rng, 0.75 - 0.5 * np.exp(-4 * t), 5000))
    halts(log, steps, where(t, rng.uniform(0.2, 0.45)), strength)
    halts(log, steps, where(t, rng.uniform(0.55, 0.85)), strength / 2)


@labelled(
    "round_rate_decays_to_nothing", "learning_rate", "decay per batch, not per round", plain=0.3
)
def round_rate(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 150, 1)
    paced(log, rng, 1, 3)
    rate = 0.1 * np.exp(-t / (strength / 7))
    log.add("client/lr", steps, rate)
    loss = 1.05 + 1.2 * np.exp(-np.minimum(t, strength) / 0.06)
    put(log, rng, steps, {"server/loss": (loss, 0.015)})
    fades(log, "client/lr", steps, rate, ("collapse",))
    levels(log, "server/loss", steps, loss, where(t, strength), lasting(0.016, 0.2))


@labelled(
    "teacher_is_known_by_heart", "overfitting", "distance to the teacher on new texts", plain=0.25
)
def known_by_heart(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 20, 60, 5)
    put(log, rng, steps, {"distill/train_kl": (0.05 + 1.1 * np.exp(-4 * t), 0.03)})
    worse = turned(t, rng.uniform(0.25, 0.4), 0.5, strength, 0.55)
    put(log, rng, steps, {"distill/val_kl": (worse, 0.015)})
    overfits(log, "distill/val_kl", steps, worse, lasting(0.009, 0.2))


@labelled(
    "gather_of_embeddings_is_slow", "throughput", "a node joins over the slow network", plain=1.9
)
def slow_network(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 300, 50)
    paced(log, rng, 50, 1.5)
    index = where(t, rng.uniform(0.35, 0.6))
    put(log, rng, steps, {"train/loss": (0.9 + 5 * np.exp(-t / 0.1) + 0.3 * (1 - t), 0.03)})
    speed = np.where(np.arange(len(t)) < index, 5400, 5400 / strength)
    put(log, rng, steps, {"train/samples_per_second": (speed, 0.03)})
    log.add("train/scaler", steps, good_scale(rng, len(t), 15))
    lags(log, steps, index, strength)
