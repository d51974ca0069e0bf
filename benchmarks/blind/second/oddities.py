"""Healthy runs with odd numbers: few, many, far out, near their bounds, on other clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy("three_points", "three or four points, of which the second may be a little worse")
def three_points(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(3, 5))
    steps = shapes.steps(n, 1000, 0)
    loss = np.array([2.1, 1.5, 1.2, 1.1])[:n]
    log.add("avg_loss", steps, loss + rng.normal(0, 0.05, n))
    log.add("avg_f1", steps, np.array([0.41, 0.4, 0.52, 0.55])[:n] + rng.normal(0, 0.01, n))
    log.add("final_test_score", steps[-1:], 0.53)


@healthy(
    "uneven_clock",
    "steps are tokens, up to 10^12, logged ever less often; the evaluations come at powers of two",
)
def uneven_clock(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 800)
    steps = np.unique(np.geomspace(1e8, 1e12, n).astype(np.int64))
    log.seconds_per_step = 2e-7
    u = np.log10(steps / 1e8) / 4
    loss = 1.7 + 2.9 * 10 ** (-0.9 * u)
    log.add("cross_entropy/c4", steps, loss + rng.normal(0, 0.012, len(steps)))
    evals = 2 ** np.arange(27, 40)
    log.add("cross_entropy/wikitext", evals, 2.0 + 2.6 * 10 ** (-0.9 * np.log10(evals / 1e8) / 4))


@healthy(
    "thirty_thousand_points",
    "very many points with 1/f noise and a slow gain; the last percent is gained in the last third",
)
def thirty_thousand_points(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 20_000, 32_000)
    t, steps = shapes.times(n), shapes.steps(n)
    loss = generators.spectral(t, 3.2, 1.05, 500, 1.7)
    log.add(
        "iter/loss_total",
        steps,
        loss * generators.batch(rng, n, 0.12) + generators.pink(rng, n, 0.02),
    )


@healthy(
    "batches_from_another_world",
    "one batch in a hundred is ten to a hundred times the others, and always was",
)
def batches_from_another_world(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    far = np.where(rng.random(n) < 0.01, 10 ** rng.uniform(1, 2, n), 1)
    log.add(
        "batch/l2_error",
        steps,
        generators.hill(t, 0.8, 0.12, 0.12) * generators.batch(rng, n, 0.3) * far,
    )
    log.add("batch/gnorm", steps, 1.4 * generators.skewed(rng, n, 0.4) * far)


@healthy(
    "nothing_left_to_gain",
    "AUC at 0.9993, accuracy at 99.7 percent, a bit per character at its floor: as good as it gets",
    tolerated=("plateau",),
)
def nothing_left_to_gain(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(30, 200))
    t, steps = shapes.times(n), shapes.steps(n, 250)
    near = 1 - np.exp(-14 * t)
    log.add("holdout/roc_auc", steps, np.minimum(0.97 + 0.0293 * near + rng.normal(0, 1e-4, n), 1))
    log.add(
        "holdout/accuracy_pct", steps, np.minimum(96 + 3.7 * near + rng.normal(0, 0.05, n), 100)
    )
    log.add("holdout/eer_pct", steps, np.maximum(2.4 - 2.2 * near + rng.normal(0, 0.03, n), 0.05))
    log.add("optim/lr", steps, 1e-3 * (1 - t))


@healthy(
    "the_cluster_by_day",
    "speed dips by an eighth each working day and comes back at night; waits for data have a"
    " long tail",
)
def the_cluster_by_day(log: Log, rng: np.random.Generator) -> None:
    n, days = shapes.whole(rng, 400, 2000), rng.uniform(4, 9)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    load = np.clip(np.sin(2 * np.pi * days * t), 0, 1)
    log.add("speed/seq_per_s", steps, 2300 * (1 - 0.125 * load) * generators.skewed(rng, n, 0.02))
    log.add("speed/data_wait_s", steps, 0.01 * (1 + load) * generators.skewed(rng, n, 0.8))
    log.add("speed/gpu_mem_gib", steps, 71.3)
    log.add("xent_per_token", steps, generators.spectral(t, 7.7, 2.9, 200) + rng.normal(0, 0.04, n))


@healthy(
    "compiled_first",
    "the first steps take fifty times as long, as kernels are compiled; later each save of a"
    " checkpoint takes as long as the one before",
)
def compiled_first(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    seconds = 0.8 * generators.skewed(rng, n, 0.02)
    seconds[:3] *= (50, 20, 3)
    seconds[n // 10 :: n // 10] += 12
    log.add("s_per_it", steps, seconds)
    log.add("tflops", steps, 260 / seconds)
    log.add(
        "clipped_steps_share",
        steps,
        np.clip(np.exp(-40 * t) + np.abs(rng.normal(0, 0.02, n)), 0, 1),
    )
    log.add("nll", steps, generators.hill(t, 8.8, 3.1, 0.1) + rng.normal(0, 0.05, n))


@healthy(
    "rounds_of_clients",
    "federated: accuracy zigzags with the clients of a round, whose data differ, and climbs",
)
def rounds_of_clients(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(80, 500))
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    level = generators.hill(t, 0.1, 0.78, 0.2)
    drift = 0.09 * np.where(np.arange(n) % 2, 1, -1) * rng.uniform(0.2, 1, n) * (1 - 0.5 * t)
    log.add("server/test_accuracy", steps, np.clip(level + drift, 0.02, 1))
    log.add("server/test_xent", steps, 2.4 * (1 - level) - 2 * drift + 0.15)
    log.add(
        "clients/mean_update_norm",
        steps,
        (0.4 + 2 * np.exp(-8 * t)) * generators.skewed(rng, n, 0.15),
    )


@healthy(
    "undefined_now_and_then",
    "a correlation of constant targets is NaN in a few evaluations, and a masked loss in one"
    " batch of hundreds",
    tolerated=("nonfinite", "plateau"),
)
def undefined_now_and_then(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(120, 600))
    t, steps = shapes.times(n), shapes.steps(n, 10)
    rank = generators.hill(t, 0.05, 0.74, 0.2) + rng.normal(0, 0.02, n)
    rank[rng.random(n) < 0.04 * (1 - t)] = np.nan
    log.add("dev/pearson", steps, rank)
    loss = generators.hill(t, 1.3, 0.5, 0.15) * generators.batch(rng, n, 0.08)
    loss[rng.integers(n // 8, n - 5, 2)] = np.nan
    log.add("masked_mse", steps, loss)
