"""Ordinary training of classifiers and regressors, as courses and tutorials have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, counted, evaluations, fall, held_out, settle
from benchmarks.blind.fifth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "digits_of_the_tutorial",
    "ten to fifteen epochs of MNIST with Keras' callback: nearly done after three"
    " (keras.io, simple MNIST convnet)",
    tolerated=("plateau",),
)
def digits_of_the_tutorial(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(10, 16))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(4, 20)
    log.session("train")
    log.add("epoch_loss", steps, fall(t, 0.37, 0.034, 0.05, 0.8) * batches(rng, n, 0.02))
    log.add("epoch_accuracy", steps, fall(t, 0.887, 0.9893, 0.05, 0.8))
    log.session("validation")
    log.add("epoch_loss", steps, fall(t, 0.085, 0.0255, 0.2, 1) + rng.normal(0, 0.001, n))
    log.add("epoch_accuracy", steps, counted(rng, fall(t, 0.976, 0.9925, 0.2, 1), 6000))


@healthy(
    "minibatches_of_the_tutorial",
    "the running loss of a thousand batches at a time, for two to four epochs of CIFAR-10"
    " (pytorch.org, training a classifier)",
)
def minibatches_of_the_tutorial(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(12, 49))
    t, steps = shapes.times(n), shapes.steps(n, 1000, 999)
    log.seconds_per_step = 0.006
    log.add("training loss", steps, fall(t, 2.22, 1.02, 0.1, 0.5) + rng.normal(0, 0.022, n))


@healthy(
    "thousand_classes_by_thirds",
    "ResNet-50 on ImageNet for ninety epochs, the rate a tenth at thirty and sixty: the loss"
    " falls at each (pytorch/examples, imagenet)",
    tolerated=("plateau",),
)
def thousand_classes_by_thirds(log: Log, rng: np.random.Generator) -> None:
    n = 90
    steps, epoch = shapes.steps(n, 1, 0), np.arange(n)
    third = epoch // 30
    since = epoch % 30 / 30
    log.seconds_per_step = rng.uniform(500, 1500)
    top = np.array([1.95, 1.22, 0.98])[third]
    low = np.array([1.83, 1.14, 0.945])[third]
    start = np.array([5.6, 1.4, 1.06])[third]
    loss = low + (top - low) * (1 - since) + (start - top) * np.exp(-since * 30 / 2)
    log.add("Train/Loss", steps, loss * batches(rng, n, 0.004))
    held = loss - np.array([-0.15, -0.18, 0.0])[third] + np.where(third == 0, 0.0, 0.05)
    held += held_out(rng, n, 0.06) * np.array([1, 0.25, 0.12])[third]
    log.add("Test/Loss", steps, held)
    right = 0.925 - 0.163 * loss
    log.add("Train/Acc1", steps, np.maximum(100 * right, 0.3) + rng.normal(0, 0.05, n))
    wobble = held_out(rng, n, 1.6) * np.array([1, 0.2, 0.08])[third]
    log.add("Test/Acc1", steps, np.maximum(100 * right - 2.5 + wobble, 0.1))
    log.add("lr", steps, 0.1 * 0.1**third)


@healthy(
    "small_pictures_to_the_cosine",
    "CIFAR with a cosine rate in Lightning: validation wobbles in the middle and is best at the"
    " end (lightning.ai, CIFAR-10 baseline)",
)
def small_pictures_to_the_cosine(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 201))
    per = 391
    t, steps = shapes.times(n), shapes.steps(n, per, per - 1)
    log.seconds_per_step = rng.uniform(0.03, 0.1)
    heat = (1 + np.cos(np.pi * t)) / 2
    m = n * 7
    fine = shapes.times(m)
    inner = shapes.steps(m, 50, 49)
    hot = (1 + np.cos(np.pi * fine)) / 2
    train = fall(fine, 2.1, 0.28, 0.02, 0.5) * (0.35 + 0.65 * hot**0.7)
    log.add("train_loss", inner, train * batches(rng, m, 0.11))
    right = fall(t, 0.42, 0.9, 0.03, 0.8) + 0.055 * (1 - heat)
    right += held_out(rng, n, 0.022) * heat
    log.add("val_acc", steps, np.clip(right, 0, 0.968))
    held = fall(t, 1.6, 0.37, 0.03, 0.8) - 0.17 * (1 - heat)
    log.add("val_loss", steps, held + np.abs(held_out(rng, n, 0.07)) * heat)
    log.add("lr-SGD", inner, shapes.warmup_cosine(fine, 0.1, 0.02, 0.0))
    log.add("epoch", inner, inner // per)


@healthy(
    "flowers_on_a_frozen_network",
    "fifteen to thirty epochs of a new head on a pre-trained network"
    " (tensorflow.org, transfer learning)",
    tolerated=("plateau",),
)
def flowers_on_a_frozen_network(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(15, 31))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(8, 40)
    log.session("train")
    log.add("epoch_loss", steps, fall(t, 0.98, 0.24, 0.1, 0.7) * batches(rng, n, 0.015))
    log.add("epoch_accuracy", steps, fall(t, 0.62, 0.918, 0.08, 0.8) + rng.normal(0, 0.004, n))
    log.add("epoch_learning_rate", steps, 1e-3)
    log.session("validation")
    log.add("epoch_loss", steps, fall(t, 0.62, 0.31, 0.1, 0.7) + rng.normal(0, 0.008, n))
    log.add("epoch_accuracy", steps, counted(rng, fall(t, 0.77, 0.893, 0.1, 0.8), 734))


@healthy(
    "prices_of_houses",
    "a small table: the squared error of batches varies by half of itself, the validation's falls"
    " slowly until it is stopped early (Lightning)",
)
def prices_of_houses(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(30, 121))
    t, steps = shapes.times(n), shapes.steps(n, 46, 45)
    log.seconds_per_step = rng.uniform(0.01, 0.04)
    log.add("train_loss", steps, fall(t, 1.02, 0.14, 0.05, 0.7) * batches(rng, n, 0.35))
    log.add("val_loss", steps, fall(t, 0.74, 0.172, 0.05, 0.7) + held_out(rng, n, 0.006))
    log.add("val_rmse", steps, np.sqrt(fall(t, 0.74, 0.172, 0.05, 0.7)) + held_out(rng, n, 0.005))
    log.add("hp_metric", steps[:1], -1.0)


@healthy(
    "papers_that_cite",
    "a graph network on Cora: two hundred full-batch epochs, the validation's 500 nodes are as"
    " right as they get after fifty (Kipf and Welling 2017; PyG)",
    tolerated=("plateau",),
)
def papers_that_cite(log: Log, rng: np.random.Generator) -> None:
    n = 200
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(0.005, 0.03)
    loss = settle(t, 1.946, 0.42, rng.uniform(3, 4.5))
    log.add("Loss/train", steps, loss + rng.normal(0, 0.03, n))
    log.add("Loss/val", steps, settle(t, 1.946, 0.86, 3.2) + rng.normal(0, 0.0015, n))
    right = settle(t, 0.2, 0.79, 14) + shapes.correlated(rng, n, 0.004, 0.8)
    log.add("Accuracy/val", steps, np.round(right * 500) / 500)


@healthy(
    "loads_of_tomorrow",
    "a forecaster: validation falls to less than half and wobbles by a few per cent"
    " (PyTorch Forecasting, temporal fusion transformer)",
)
def loads_of_tomorrow(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 61))
    t, steps = shapes.times(n), shapes.steps(n, 30, 29)
    log.seconds_per_step = rng.uniform(0.3, 1.5)
    m = n * 3
    fine = shapes.times(m)
    log.add(
        "train_loss_step",
        shapes.steps(m, 10, 9),
        fall(fine, 210, 52, 0.05, 0.8) * batches(rng, m, 0.09),
    )
    shape = fall(t, 1, 0.36, 0.08, 0.8)
    log.add("val_loss", steps, 172 * shape + held_out(rng, n, 2.2))
    log.add("val_MAE", steps, 510 * shape + held_out(rng, n, 7))
    log.add("val_SMAPE", steps, 0.61 * shape + held_out(rng, n, 0.01))


@healthy(
    "estimator_with_its_evaluator",
    "TensorFlow's Estimator: the loss each hundred steps, a speed that dips at checkpoints, and an"
    " eval directory with a dozen points",
)
def estimator_with_its_evaluator(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 600)
    t, steps = shapes.times(n), shapes.steps(n, 100, 1)
    log.seconds_per_step = rng.uniform(0.02, 0.1)
    k = max(8, n // 20)
    at = np.linspace(n // k, n - 1, k).astype(int)
    log.add("loss", steps, fall(t, 1.1, 0.29, 0.03, 0.5) * batches(rng, n, 0.16))
    speed = np.full(n, 1 / log.seconds_per_step) * rng.gamma(150, 1 / 150, n)
    speed[at] *= rng.uniform(0.55, 0.8, len(at))
    log.add("global_step/sec", steps[1:], speed[1:])
    evaluations(log, steps[at], 12)
    log.session("eval")
    right = fall(t[at], 0.66, 0.874, 0.1, 0.7)
    log.add("accuracy", steps[at], counted(rng, right, 5000))
    log.add("loss", steps[at], fall(t[at], 0.66, 0.318, 0.1, 0.7) + rng.normal(0, 0.004, k))
