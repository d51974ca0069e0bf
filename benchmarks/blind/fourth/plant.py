"""Healthy runs whose clocks, rates, norms and scales look odd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, warm_cosine, warm_linear
from benchmarks.blind.fourth.registry import healthy
from benchmarks.blind.second import generators

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "neighbours_on_the_switch",
    "other jobs share the network: for minutes at a time the speed is at seven tenths and then"
    " again as before, to the last",
)
def neighbours_on_the_switch(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 600, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    busy = np.zeros(n)
    for _ in range(int(rng.integers(12, 30))):
        first = int(rng.uniform(0, 0.86) * n)
        busy[first : first + int(rng.uniform(0.005, 0.03) * n)] = 1
    busy[int(0.9 * n) :] = 0
    speed = 21500 * (1 - 0.3 * busy) * factors(rng, n, 0.02)
    log.add("perf/tokens_per_second", steps, speed)
    log.add("perf/step_time", steps, 2.6e4 / speed)
    log.add("loss", steps, shapes.power_law(t, 10.2, 2.3) + rng.normal(0, 0.03, n))


@healthy(
    "scale_starts_far_too_high",
    "the scale begins at two to the thirty-second and is halved at each of the first steps until"
    " gradients fit; then it stays (DeepSpeed's initial_scale_power)",
    tolerated=("plateau",),
)
def scale_starts_far_too_high(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    limits = 15.5 + shapes.correlated(rng, n, 0.4, 0.97)
    exponents = generators.loss_scale(limits, 32, int(rng.integers(60, 150)))
    log.add("Train/Samples/loss_scale", steps, 2.0**exponents)
    log.add("Train/Samples/lr", steps, warm_cosine(t, 2e-4, 0.02))
    log.add(
        "Train/Samples/train_loss", steps, shapes.power_law(t, 3.1, 0.9) * factors(rng, n, 0.07)
    )


@healthy(
    "backbone_waits_at_zero",
    "the rate of the backbone is zero for the first fifth by plan, and then a tenth of the head's"
    " (Lightning's BackboneFinetuning)",
    tolerated=("learning_rate", "plateau"),
)
def backbone_waits_at_zero(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50, 49)
    free = t > 0.2
    rate = 1e-3 * (1 + np.cos(np.pi * t)) / 2
    gain = 0.35 * (1 - np.exp(-np.maximum(t - 0.2, 0) / 0.15))
    loss = 0.62 + 1.6 * np.exp(-t / 0.04) - gain
    log.add("lr-AdamW/pg1", steps, rate)
    log.add("lr-AdamW/pg2", steps, 0.1 * rate * free)
    log.add("train_loss", steps, loss * factors(rng, n, 0.09))
    where = slice(n // 25, None, n // 25)
    log.add("val_f1", steps[where], 0.98 - 0.3 * loss[where] + rng.normal(0, 0.004, len(t[where])))


@healthy(
    "ranks_side_by_side",
    "each of four ranks logs its own loss: one has the harder quarter of the data and lies above"
    " the others all along",
)
def ranks_side_by_side(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = shapes.power_law(t, 8.4, 1.6, 0.5, 0.01)
    for rank in range(4):
        log.session(f"rank{rank}")
        log.add("loss", steps, (loss + 0.35 * (rank == 3)) * (1 + shapes.heavy(rng, n, 0.03)))
        log.add("step_time", steps, 0.83 * factors(rng, n, 0.02))


@healthy(
    "evaluations_take_minutes",
    "every so often training waits for an evaluation and a checkpoint, a thousand times as long as"
    " for a step, and as long at the end as at the start",
)
def evaluations_take_minutes(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 600, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = float(rng.uniform(0.3, 0.9))
    every = n // int(rng.integers(12, 25))
    log.add("train_loss", steps, generators.hill(t, 3.4, 0.8, 0.06, 0.9) * factors(rng, n, 0.1))
    at = np.arange(every, n, every)
    held = generators.hill(t[at], 0.2, 0.82, 0.15)
    log.add("val_iou", steps[at], held + rng.normal(0, 0.006, len(at)))
    for index in at:
        log.pause(int(steps[index]), float(rng.uniform(500, 620)))


@healthy(
    "adapter_norms_grow",
    "the weights of an adapter begin at zero, so that their norm grows a thousand-fold, and to a"
    " level (Hu et al. 2021)",
    tolerated=("plateau",),
)
def adapter_norms_grow(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    log.add("weights/lora_B_norm", steps, 1e-3 + 1.4 * generators.hill(t, 0, 1, 0.25, 1.1))
    log.add("weights/lora_A_norm", steps, 9.2 + 0.3 * t)
    log.add("train/loss", steps, generators.hill(t, 1.9, 0.92, 0.12, 0.9) * factors(rng, n, 0.09))
    log.add("train/grad_norm", steps, (0.3 + 0.25 * t) * factors(rng, n, 0.25))
    log.add("train/learning_rate", steps, warm_linear(t, 2e-4))
