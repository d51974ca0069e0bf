"""Healthy models of equations, molecules and scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, stairs_of
from benchmarks.blind.fourth.registry import healthy
from benchmarks.blind.second import generators

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "residual_by_decades",
    "the residual of an equation falls by five decades, with bursts of Adam that are over after a"
    " few points, and by one more when a quasi-Newton method takes over (lululxvi/deepxde #1662)",
    tolerated=("spike", "plateau"),
)
def residual_by_decades(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 100, 0)
    at = rng.uniform(0.78, 0.88)
    decades = -4.4 * np.minimum(t / at, 1) ** 0.6 - 1.3 * np.sqrt(np.clip((t - at) / 0.1, 0, 1))
    bursts = np.zeros(n)
    for _ in range(int(rng.integers(5, 12))):
        burst = int(rng.uniform(0.1, at - 0.05) * n)
        bursts += shapes.decay_after(n, burst, rng.uniform(0.4, 1.0), 3)
    rough = np.where(t < at, shapes.correlated(rng, n, 0.09, 0.5), 0)
    loss = 10 ** (0.7 + decades + bursts + rough)
    log.add("train/loss", steps, loss)
    log.add("train/pde_residual", steps, 0.8 * loss * factors(rng, n, 0.1))
    log.add("train/boundary", steps, 0.2 * loss * factors(rng, n, 0.15))
    error = 10 ** (-0.1 + 0.55 * (decades + 0.5 * rough))
    log.add("test/l2_relative_error", steps[:: max(n // 60, 1)], error[:: max(n // 60, 1)])


@healthy(
    "forces_and_energies",
    "of a potential the error of the forces falls smoothly, that of the energies jumps by factors"
    " for half the run, as each step shifts them all (NequIP; MACE)",
    tolerated=("spike", "plateau"),
)
def forces_and_energies(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(150, 600))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    shift = np.exp(0.9 * np.abs(rng.normal(0, 1, n)) * (1 - t) ** 0.7)
    force = 9.5 + 130 * (1 + t / 0.01) ** -0.75
    log.add("validation_f_rmse", steps, force * factors(rng, n, 0.03))
    log.add("training_f_rmse", steps, 0.9 * force * factors(rng, n, 0.02))
    log.add("validation_e/N_rmse", steps, (0.4 + 11 * (1 + t / 0.02) ** -0.8) * shift)
    log.add("validation_loss", steps, 0.01 * force * factors(rng, n, 0.05))
    log.add("LR", steps, stairs_of(t, 5e-3, 0.5, (0.5, 0.66, 0.8, 0.9)))


@healthy(
    "opacities_are_reset",
    "every three thousand iterations splats are made transparent again: the loss jumps and is back"
    " within a few hundred; splats multiply, and so an iteration takes longer"
    " (graphdeco-inria/gaussian-splatting)",
    tolerated=("throughput", "spike", "plateau"),
)
def opacities_are_reset(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(600, 3000))
    t, steps = shapes.times(n), np.linspace(30000 / n, 30000, n).round().astype(np.int64)
    points = np.where(t < 0.5, 0.16e6 + 2.6e6 * (2 * t) ** 1.5, 2.76e6)
    jumps = sum(
        0.09 * np.exp(-np.maximum(t - 0.1 * k, 0) / 0.006) * (t >= 0.1 * k) for k in range(1, 5)
    )
    loss = 0.028 + 0.22 * np.exp(-t / 0.012) + 0.05 * np.exp(-t / 0.3) + jumps
    log.add("train_loss_patches/l1_loss", steps, 0.6 * loss * factors(rng, n, 0.16))
    log.add("train_loss_patches/total_loss", steps, loss * factors(rng, n, 0.15))
    log.add("iter_time", steps, (14 + 11e-6 * points) * factors(rng, n, 0.08))
    log.add("total_points", steps, points.round())
    where = slice(n // 15 - 1, None, n // 15)
    quality = generators.hill(t[where], 21, 27.6, 0.1, 1.1)
    log.add("test/loss_viewpoint - psnr", steps[where], quality + rng.normal(0, 0.04, len(quality)))
    for share in (0.12, 0.24, 0.4):
        log.slower(int(steps[int(share * n)]), 1.3)


@healthy(
    "rays_of_any_view",
    "the quality of the rays of a batch depends on the picture they come from, by three decibels up"
    " and down; whole pictures get better slowly (nerfstudio)",
    tolerated=("plateau",),
)
def rays_of_any_view(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1000, 6000)
    t, steps = shapes.times(n), shapes.steps(n, 10, 0)
    quality = generators.hill(t, 11, 26.5, 0.02, 0.8)
    view = rng.normal(0, 1.6, n)
    log.add("Train Metrics Dict/psnr", steps, quality + view)
    log.add("Train Loss", steps, 1.3 * 10 ** (-(quality + view) / 10))
    log.add("Train Rays / Sec", steps, 610000 * factors(rng, n, 0.04))
    log.add("learning_rate/fields", steps, 1e-2 * 0.01**t)
    where = slice(n // 30, None, n // 30)
    held = quality[where] - 1.2 + rng.normal(0, 0.08, len(quality[where]))
    log.add("Eval Images Metrics Dict (all images)/psnr", steps[where], held)
