"""Healthy curves that are known to look wrong: representations, generalisation, regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "momentum_contrast", "the loss rises while the queue fills (PRBonn/segcontrast #18), then falls"
)
def momentum_contrast(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    loss = 7.0 + 2.2 * np.exp(-3 * t) - rng.uniform(0.4, 1.2) * np.exp(-t * 120)
    log.add("train/loss", steps, loss + shapes.white(rng, n, 0.06))
    log.add("train/acc@1", steps, shapes.approach(t, 2, 55, 3) + shapes.white(rng, n, 1.5))


@healthy("contrastive_pairs", "SimCLR: the accuracy on positives is noisy and rises for long")
def contrastive_pairs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    epoch = np.floor(500 * t)
    log.add(
        "train_loss", steps, shapes.power_law(t, 5.5, 3.6, 0.5, 0.01) + shapes.white(rng, n, 0.04)
    )
    log.add(
        "train_acc_top1",
        steps,
        shapes.approach(t, 0.35, 0.9, 5) + 0.05 * t + shapes.white(rng, n, 0.02),
    )
    log.add("train_acc_mean_pos", steps, 1 + 40 * (1 - t) ** 3 * np.exp(shapes.white(rng, n, 0.1)))
    log.add("epoch", steps, epoch)


@healthy(
    "self_distillation",
    "DINO: the loss rises as the teacher sharpens; the probe improves",
    tolerated=("divergence",),
)
def self_distillation(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(100, 400))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    loss = 11.09 - 5 * (1 - np.exp(-12 * t)) + 0.9 * np.clip(t / 0.3, 0, 1) - 2.2 * t
    log.add("train_loss", steps, loss + shapes.white(rng, n, 0.03))
    log.add("train_teacher_temp", steps, 0.04 + 0.03 * np.clip(t / 0.3, 0, 1))
    log.add("train_wd", steps, 0.04 + 0.36 * (1 - np.cos(np.pi * t)) / 2)
    log.add("test_knn_top1", steps, shapes.approach(t, 8, 70, 4) + shapes.white(rng, n, 0.4))


@healthy(
    "grokking",
    "validation at chance and its loss high for long, then perfect (Power et al. 2022)",
    tolerated=("plateau",),
)
def grokking(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    late = rng.uniform(0.55, 0.7)
    train = shapes.logistic(t, 0.01, 1, 0.05, 0.01)
    val = shapes.logistic(t, 0.01, 0.998, late, 0.035)
    log.add("train/accuracy", steps, np.clip(train + shapes.white(rng, n, 0.002), 0, 1))
    log.add("val/accuracy", steps, np.clip(val + shapes.white(rng, n, 0.004), 0, 1))
    log.add("train/loss", steps, 4.6 * np.exp(-t * 60) + 1e-4 * np.exp(shapes.white(rng, n, 0.3)))
    val_loss = (4.6 + 6 * shapes.logistic(t, 0, 1, 0.12, 0.03)) * (1 - val) + 0.02
    log.add("val/loss", steps, val_loss * np.exp(shapes.white(rng, n, 0.03)))


@healthy("double_descent", "the test error falls, rises and falls below (Nakkiran et al. 2020)")
def double_descent(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(80, 400))
    t, steps = shapes.times(n), shapes.steps(n)
    bump = rng.uniform(0.06, 0.15) * np.exp(-(((t - 0.22) / 0.09) ** 2))
    error = 0.24 + 0.5 * np.exp(-25 * t) - 0.1 * t + bump
    log.add("test/error", steps, error + shapes.white(rng, n, 0.006))
    log.add("train/error", steps, 0.7 * np.exp(-9 * t) + np.abs(shapes.white(rng, n, 0.003)))


@healthy("generalisation_gap", "validation stays above training, and still falls")
def generalisation_gap(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(15, 120))
    t, steps = shapes.times(n), shapes.steps(n)
    log.add("loss/train", steps, shapes.approach(t, 1.5, 0.05, 4) + shapes.white(rng, n, 0.01))
    log.add("loss/val", steps, shapes.approach(t, 1.6, 0.7, 2.5) + shapes.white(rng, n, 0.02))
    log.add("acc/val", steps, shapes.approach(t, 0.4, 0.76, 2.5) + shapes.white(rng, n, 0.008))


@healthy("label_noise", "a fifth of the labels is wrong: losses stay high, and fall slowly")
def label_noise(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(30, 150))
    t, steps = shapes.times(n), shapes.steps(n)
    log.add("train/loss", steps, shapes.approach(t, 2.3, 1.3, 2.5) + shapes.white(rng, n, 0.02))
    log.add("val/loss", steps, shapes.approach(t, 2.2, 1.35, 2.5) + shapes.white(rng, n, 0.03))
    log.add("val/acc", steps, shapes.approach(t, 0.2, 0.71, 2.5) + shapes.white(rng, n, 0.012))


@healthy(
    "early_validation_bump", "the validation loss rises in the warm-up, and then falls for good"
)
def early_validation_bump(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 80))
    t, steps = shapes.times(n), shapes.steps(n)
    bump = rng.uniform(0.15, 0.5) * np.exp(-(((t - 0.12) / 0.05) ** 2))
    log.add("train/loss", steps, shapes.approach(t, 1.4, 0.5, 3) + shapes.white(rng, n, 0.015))
    log.add(
        "val/loss", steps, shapes.approach(t, 1.3, 0.62, 2.5) + bump + shapes.white(rng, n, 0.02)
    )


@healthy("few_evaluations", "8 to 25 noisy evaluations of an improving model")
def few_evaluations(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(8, 26))
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    log.add("eval/loss", steps, shapes.approach(t, 2.0, 1.0, 2.2) + shapes.white(rng, n, 0.05))
    log.add("eval/f1", steps, shapes.approach(t, 0.3, 0.68, 2.2) + shapes.white(rng, n, 0.02))
    fine = shapes.times(20 * n)
    log.add(
        "train/loss",
        shapes.steps(20 * n, 50),
        shapes.approach(fine, 2.1, 0.9, 2.2) + shapes.white(rng, 20 * n, 0.15),
    )


@healthy("regression", "r2 from far below zero; RMSE, NRMSE, MAE and a rank correlation")
def regression(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(30, 200))
    t, steps = shapes.times(n), shapes.steps(n)
    rmse = shapes.power_law(t, rng.uniform(3, 8), 0.2, 0.8, 0.02) * np.exp(
        shapes.white(rng, n, 0.03)
    )
    log.add("val/rmse", steps, rmse)
    log.add("val/r2", steps, 1 - rmse**2)
    log.add("val/NRMSE", steps, rmse / 4.2)
    log.add("val/huber", steps, np.where(rmse < 1, rmse**2 / 2, rmse - 0.5))
    log.add("val/spearmanr", steps, np.clip(1 - rmse / 6 + shapes.white(rng, n, 0.005), -1, 1))


@healthy("boosting", "CatBoost: smooth to the last digit, ever slower")
def boosting(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(100, 1000))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    for run, floor in [("learn", 0.62), ("test", 0.8)]:
        log.session(run)
        log.add("RMSE", steps, shapes.power_law(t, 1.13, floor, 0.6, 0.1))


@healthy("log_scale", "a physics-informed net: the loss falls over six decades, with swings")
def log_scale(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    exponent = 1 - rng.uniform(5, 7) * t**0.7 + shapes.correlated(rng, n, 0.25, 0.8)
    log.add("loss", steps, 10**exponent)
    log.add("loss_pde", steps, 10 ** (exponent - 0.3))
    log.add("loss_bc", steps, 10 ** (exponent - 0.5) * np.exp(shapes.white(rng, n, 0.2)))


@healthy("negative_likelihood", "the negative log-likelihood of a density goes through zero")
def negative_likelihood(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 500))
    t, steps = shapes.times(n), shapes.steps(n, 20)
    nll = shapes.approach(t, 4, rng.uniform(-5, -1), 2.5)
    log.add("train/nll", steps, nll + shapes.white(rng, n, 0.12))
    log.add("val/nll", steps[4::5], nll[4::5] + 0.1 + shapes.white(rng, len(nll[4::5]), 0.06))
    log.add("val/log_likelihood", steps[4::5], -nll[4::5] + shapes.white(rng, len(nll[4::5]), 0.06))


@healthy("multi_task", "uncertainty weighting: the total goes below zero, the tasks take turns")
def multi_task(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    depth = shapes.approach(t, 1.2, 0.3, 3) + 0.08 * np.exp(-(((t - 0.35) / 0.08) ** 2))
    normal = shapes.approach(t, 0.9, 0.25, 2) + shapes.white(rng, n, 0.02)
    log.add("loss/depth", steps, depth + shapes.white(rng, n, 0.02))
    log.add("loss/normals", steps, normal)
    weights = np.log(0.1) * (1 - np.exp(-2 * t))
    log.add("loss/total", steps, depth + normal + weights + shapes.white(rng, n, 0.03))


@healthy("recommender", "HR@10 and NDCG@10 rise fast, then slowly, over few epochs")
def recommender(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(15, 60))
    t, steps = shapes.times(n), shapes.steps(n)
    hits = shapes.approach(t, 0.25, 0.62, 4) + 0.05 * t
    log.add("HR@10", steps, hits + shapes.white(rng, n, 0.003))
    log.add("NDCG@10", steps, 0.6 * hits + shapes.white(rng, n, 0.003))
    log.add(
        "bpr_loss", steps, shapes.power_law(t, 0.69, 0.1, 0.5, 0.03) + shapes.white(rng, n, 0.004)
    )


@healthy(
    "graph_network",
    "training accuracy 1 after a tenth of the run; validation flat near its best",
    tolerated=("plateau",),
)
def graph_network(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(100, 300))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.add("train/acc", steps, np.minimum(shapes.approach(t, 0.14, 1.0, 30), 1))
    log.add(
        "val/acc",
        steps,
        np.round((shapes.approach(t, 0.2, 0.79, 20) + shapes.white(rng, n, 0.003)) * 500) / 500,
    )
    log.add("train/loss", steps, shapes.approach(t, 1.95, 0.1, 5) + shapes.white(rng, n, 0.02))
    log.add("val/loss", steps, shapes.approach(t, 1.95, 0.72, 4) + shapes.white(rng, n, 0.004))
