"""Graphs, molecules, physics, weather: PyG, DGL, MACE, DeepXDE, Modulus, neural operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fifteenth.making import (
    SURE,
    abouts,
    epochs,
    nears,
    one_cycle,
    settled,
    shares,
    since,
)
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, turns
from benchmarks.blind.shapes import approach, power_law, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    at,
    descent,
    every,
    grows,
    jumps,
    levels,
    overfits,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "cora-two-hundred",
    "A graph of papers: done after fifty epochs, level for the rest.",
    tolerated=SURE,
)
def cora(log: Log, rng: Rng) -> None:
    n = 200
    t, steps = times(n), epochs(n)
    known = 1 - np.exp(-14 * t)
    near(log, rng, "Loss/train", steps, 1.95 - 1.45 * known, 0.04)
    near(log, rng, "Loss/val", steps, 1.94 - 0.95 * known, 0.01)
    shares(log, rng, steps, 500, {"Acc/train": 0.2 + 0.77 * known})
    about(log, rng, "Acc/val", steps, 0.25 + 0.54 * known, 0.003)


@healthy(
    "forces-then-energies", "The weights of two losses are swapped late: energy falls at once."
)
def forces(log: Log, rng: Rng) -> None:
    n = int(rng.integers(120, 301))
    t, steps = times(n), epochs(n)
    swap = rng.uniform(0.65, 0.8)
    late = t >= swap
    fall = power_law(t, 1.0, 0.12, 0.8, 0.01)
    energy = np.where(late, 0.35, 1.0) * fall
    nears(
        log,
        rng,
        steps,
        {
            "train/energy_mae": (21 * energy, 0.06),
            "train/forces_mae": (240 * fall, 0.03),
            "val/energy_mae": (23 * energy, 0.08),
            "val/forces_mae": (255 * fall, 0.04),
        },
    )
    log.add("energy_weight", steps, np.where(late, 1000.0, 1.0))
    log.add("lr", steps, np.where(late, 1e-4, 1e-3))


@healthy("burgers-collocated", "A loss of a PINN over four decades, with excursions of Adam.")
def burgers(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 600)
    t, steps = times(n), stepping(n, 100, 0)
    fall = 10 ** (-0.4 - 3.2 * (1 - np.exp(-2.5 * t)))
    nears(
        log,
        rng,
        steps,
        {
            "loss/pde": (0.6 * fall, 0.3),
            "loss/bc": (0.25 * fall, 0.35),
            "loss/ic": (0.15 * fall, 0.35),
            "error/rel_l2": (np.sqrt(fall), 0.1),
        },
    )
    log.add("lr", steps, 1e-3 * 0.9 ** (20 * t))


@healthy("fourier-operator", "One-cycle rate: the relative error is worst at its peak.")
def fourier(log: Log, rng: Rng) -> None:
    n = int(rng.choice([100, 250, 500]))
    t, steps = times(n), epochs(n)
    rate = one_cycle(t, 0.2)
    excess = descent(rate, 400, 0.15)
    near(log, rng, "train_l2", steps, 0.006 + 0.4 * excess, 0.03)
    near(log, rng, "test_l2", steps, 0.011 + 0.4 * excess, 0.05)
    log.add("lr", steps, 1e-3 * rate)


@healthy(
    "rollouts-get-longer",
    "A model of weather: error goes up when twelve steps are asked for.",
    tolerated=("divergence", "plateau"),
)
def rollouts(log: Log, rng: Rng) -> None:
    n = whole(rng, 120, 500)
    t, steps = times(n), stepping(n, 500)
    length = 1 + np.floor(4 * np.clip((t - 0.5) / 0.5, 0, 0.999)) * (t >= 0.5)
    loss = (0.09 + 0.7 * np.exp(-t / 0.05)) * (1 + 0.12 * (length - 1)) - 0.02 * t
    near(log, rng, "train_loss", steps, loss, 0.02)
    log.add("rollout_steps", steps, length)
    seen = every(steps, 25)
    near(
        log,
        rng,
        "val/z500_rmse",
        seen,
        at(seen, steps, 420 - 310 * (1 - np.exp(-5 * t)) - 25 * t),
        0.01,
    )


@labelled(
    "citations-deep-net",
    "overfitting",
    "Loss of validation nodes climbs, training is at 0.",
    clear=0.7,
    medium=0.3,
)
def citations(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(100, 301))
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.12, 0.25)
    valid = 0.95 + 1.0 * np.exp(-5 * t / best) + strength * since(t, best)
    near(log, rng, "train_loss", steps, 1.9 * np.exp(-9 * t) + 0.01, 0.06)
    about(log, rng, "val_loss", steps, valid, 0.02)
    scores(log, rng, "val_acc", steps, 0.2 + 0.5 * (1 - np.exp(-5 * t / best)), 500)
    overfits(log, "val_loss", steps, valid, 0.025)


@labelled(
    "toxicity-of-molecules",
    "overfitting",
    "ROC-AUC of the scaffold split falls from its best.",
    clear=0.1,
    medium=0.06,
)
def toxicity(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 151))
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.2, 0.35)
    right = 0.6 + 0.17 * (1 - np.exp(-5 * t / best)) - strength * since(t, best)
    near(log, rng, "train/bce", steps, 0.03 + 0.4 * np.exp(-4 * t), 0.03)
    about(log, rng, "train/roc_auc", steps, 0.99 - 0.35 * np.exp(-6 * t), 0.003)
    about(log, rng, "valid/roc_auc", steps, right, 0.006)
    overfits(log, "valid/roc_auc", steps, -right, 0.007)


@labelled(
    "potential-leaves-the-surface",
    "divergence",
    "Errors of forces jump by a bad step for good.",
    far=30.0,
    near=6.0,
)
def potential(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(80, 201))
    t, steps = times(n), epochs(n)
    made = index_of(t, rng.uniform(0.35, 0.7))
    gone = np.where(np.arange(n) >= made, strength, 1.0)
    fall = power_law(t, 1.0, 0.15, 0.8, 0.01)
    nears(
        log,
        rng,
        steps,
        {
            "train/loss": (fall * gone, 0.06),
            "val/forces_mae": (190 * fall * gone, 0.04),
            "val/energy_mae": (17 * fall * gone, 0.08),
        },
    )
    log.add("lr", steps, 1e-2)
    jumps(log, "divergence", ("train/loss", "val/forces_mae", "val/energy_mae"), steps, made)


@labelled(
    "boundary-loss-climbs",
    "divergence",
    "Boundary and total climb from the middle of the run.",
    clear=1.3,
    medium=0.6,
)
def boundary(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 500)
    t, steps = times(n), stepping(n, 200, 0)
    onset = rng.uniform(0.4, 0.55)
    loss = 0.35 + 2.2 * np.exp(-9 * t) + strength * since(t, onset)
    near(log, rng, "loss/total", steps, loss, 0.06)
    near(log, rng, "loss/boundary", steps, 0.8 * loss, 0.08)
    near(log, rng, "loss/residual", steps, 0.02 + 0.1 * np.exp(-6 * t), 0.15)
    turns(log, "divergence", ("loss/total", "loss/boundary"), steps, loss, index_of(t, onset), 0.03)


@labelled(
    "trivial-solution",
    "plateau",
    "The network is zero everywhere: error stays at 1.",
    soon=0.04,
    later=0.15,
)
def trivial(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 400)
    t, steps = times(n), stepping(n, 100, 0)
    error = 0.998 + 0.6 * settled(t, strength)
    near(log, rng, "loss/pde", steps, 0.31 * error, 0.02)
    near(log, rng, "error/rel_l2", steps, error, 0.002)
    log.add("lr", steps, 1e-3)
    levels(log, ("loss/pde", "error/rel_l2"), steps, error, index_of(t, strength), 0.02)


@labelled(
    "nodes-all-alike",
    "collapse",
    "Features are smoothed until their variance is nothing.",
    fast=0.04,
    slow=0.12,
)
def alike(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(100, 301))
    t, steps = times(n), epochs(n)
    onset = rng.uniform(0.25, 0.4)
    made = index_of(t, onset)
    spread = 0.6 * np.exp(-np.clip((t - onset) / strength, 0, 9))
    near(log, rng, "features/dirichlet_energy", steps, spread, 0.05)
    near(log, rng, "Loss/train", steps, 1.9 - 0.5 * (1 - np.exp(-10 * t)), 0.012)
    grows(log, "collapse", "features/dirichlet_energy", steps, spread, made, 0.05)


@labelled(
    "stiff-term",
    "gradient",
    "The norm of gradients rises tenfold and more, steadily.",
    steep=40.0,
    gentle=15.0,
)
def stiff(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), stepping(n, 100)
    onset = rng.uniform(0.2, 0.4)
    made = index_of(t, onset)
    norm = 0.5 * (1 + strength * since(t, onset))
    near(log, rng, "train_loss", steps, approach(t, 1.2, 0.4, 5) - 0.05 * t, 0.04)
    near(log, rng, "grad_norm", steps, norm, 0.2)
    log.add("lr", steps, 1e-3)
    grows(log, "gradient", "grad_norm", steps, norm, made, 0.2, also=("explosion",))


@labelled(
    "clip-at-a-tenth",
    "gradient",
    "The norm after clipping is the limit at each step.",
    plain=0.1,
    other=0.5,
)
def clip_at(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 400)
    t, steps = times(n), stepping(n, 50)
    near(log, rng, "train_loss", steps, approach(t, 1.5, 0.8, 4) - 0.1 * t, 0.03)
    log.add("train/clipped_grad_norm", steps, strength)
    log.add("train/clip_fraction_of_steps", steps, 1.0)
    log.add("lr", steps, 1e-3)
    log.true(
        "gradient",
        ("train/clipped_grad_norm", "train/clip_fraction_of_steps"),
        int(steps[0]),
        (int(steps[0]), int(steps[n // 5])),
    )


@labelled("square-root-of-zero", "nonfinite", "A distance of 0 gives NaN, in one epoch.", plain=0.6)
def root(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(30, 101))
    t, steps = times(n), epochs(n)
    made = index_of(t, strength)
    bad = np.where(np.arange(n) >= made, np.nan, 1.0)
    near(log, rng, "train_mae", steps, approach(t, 0.9, 0.2, 5) * bad, 0.03)
    near(log, rng, "val_mae", steps, approach(t, 0.95, 0.24, 5) * bad, 0.04)
    jumps(log, "nonfinite", ("train_mae", "val_mae"), steps, made)


@labelled(
    "weights-of-a-norm-grow",
    "explosion",
    "The norm of all weights grows by decades.",
    plain=3.0,
    less=2.0,
)
def weights(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 400)
    t, steps = times(n), stepping(n, 100)
    onset = rng.uniform(0.3, 0.5)
    made = index_of(t, onset)
    norm = 31 * 10 ** (strength * since(t, onset))
    abouts(log, rng, steps, {"train/loss": (approach(t, 0.8, 0.3, 6), 0.01)})
    near(log, rng, "weights/l2_norm", steps, norm, 0.01)
    grows(log, "explosion", "weights/l2_norm", steps, norm, made, 0.01)
