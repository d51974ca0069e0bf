"""Regression and forecasts: units of money and watts, and little data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.frameworks import keras
from benchmarks.blind.seventh.making import (
    bend,
    count,
    dirt,
    ends_of_epochs,
    grain,
    kept_until,
    places,
    settle,
    significant,
)
from benchmarks.blind.seventh.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "houses_and_their_prices",
    "squared errors of dollars: 10^10 and less, R2 far below nought at first (Keras notebooks on"
    " the Ames houses)",
    tolerated=("plateau",),
)
def houses_and_their_prices(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 30, 60)
    log.seconds_per_step = rng.uniform(0.1, 0.5)
    loss = settle(n, 3.6e10, 1.05e9, 9)
    seen = loss * 1.1 * np.exp(grain(rng, n, 0.11 * dirt(rng)))
    keras(
        log,
        {
            "loss": significant(loss * np.exp(grain(rng, n, 0.03)), 5),
            "mae": significant(0.68 * np.sqrt(loss), 5),
        },
        {
            "loss": significant(seen, 5),
            "mae": significant(0.7 * np.sqrt(seen) * np.exp(grain(rng, n, 0.01)), 5),
            "r2": places(1 - seen / 6.2e9, 4),
        },
    )


@healthy(
    "load_of_the_grid_next_week",
    "the rate is halved after each epoch, so that all is decided in four of them, and patience"
    " ends it (zhouhaoyi/Informer2020, thuml/Time-Series-Library)",
    tolerated=("plateau",),
)
def load_of_the_grid_next_week(log: Log, rng: np.random.Generator) -> None:
    n, batches = 20, count(rng, 60, 400)
    rate = 1e-4 * 0.5 ** np.arange(n)
    left = 0.75 ** np.cumsum(rate / 3e-5)
    train = 0.305 + 0.13 * left + 0.002 * grain(rng, n, 1)
    val = 0.43 + 0.09 * left * np.exp(grain(rng, n, 0.1)) + grain(rng, n, 0.0012)
    n = max(kept_until(val, 5), 9)
    at = ends_of_epochs(n, batches)
    log.seconds_per_step = rng.uniform(0.05, 0.4)
    log.add("Train Loss", at, places(train[:n], 7))
    log.add("Vali Loss", at, places(val[:n], 7))
    log.add("Test Loss", at, places(0.6 * val[:n] + grain(rng, n, 0.0015), 7))
    log.add("lr", at, rate[:n])


@healthy(
    "molecules_that_bind",
    "graphs with one positive in thirty: areas under the curve that jump by two in a hundred from"
    " epoch to epoch, after a gain in the first twenty (snap-stanford/ogb, ogbg-molhiv)",
    tolerated=("plateau",),
)
def molecules_that_bind(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 50, 100)
    epoch = np.arange(1, n + 1, dtype=np.int64)
    log.seconds_per_step = rng.uniform(10, 40)
    skill = settle(n, 0.62, 0.802, 7)
    log.add("Train/loss", epoch, bend(n, 0.166, 0.112, 5) * np.exp(grain(rng, n, 0.012)))
    log.add("Train/rocauc", epoch, settle(n, 0.66, 0.9, 3) + grain(rng, n, 0.006))
    log.add("Valid/rocauc", epoch, skill + grain(rng, n, 0.014 * dirt(rng), 0.2))
    log.add("Test/rocauc", epoch, skill - 0.035 + grain(rng, n, 0.015, 0.2))


@healthy(
    "equation_in_the_loss",
    "an equation and its boundaries as a loss: down by four decades, and up and down by a factor"
    " of two or three on the way (lululxvi/deepxde, PINN repositories)",
)
def equation_in_the_loss(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 40, 120)
    steps = np.arange(n, dtype=np.int64) * 1000
    log.seconds_per_step = 0.02
    t = steps / steps[-1]
    level = 1.4 * 10 ** (-4.2 * t**0.8)
    shaken = np.exp(grain(rng, n, 0.42, 0.2) * (0.3 + 0.7 * np.minimum(5 * t, 1)))
    pde = significant(level * shaken, 3)
    data = significant(0.4 * level * np.exp(grain(rng, n, 0.3, 0.2)), 3)
    log.add("loss/pde", steps, pde)
    log.add("loss/bc", steps, data)
    log.add("loss/total", steps, pde + data)
    log.add("l2_relative_error", steps, significant(0.8 * level**0.5 * shaken**0.3, 3))
    log.add("lr", steps, 1e-3 * 0.85 ** (steps // 5000))
