"""Runs that were stopped and resumed: several event files, of which later ones go back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import healthy, labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


def _stretches(rng: np.random.Generator, n: int, parts: int) -> list[tuple[int, int]]:
    """First and last point of each session; each goes back a little behind the end before."""
    ends = np.sort(rng.choice(np.arange(n // 8, n - n // 8), parts - 1, replace=False))
    stops = [*ends.tolist(), n]
    starts = [0, *(int(end - rng.integers(1, max(2, n // 30))) for end in ends)]
    return [(start, stop) for start, stop in zip(starts, stops, strict=True) if stop - start > 1]


@healthy(
    "resumed_rewound",
    "two to five files; each begins at a checkpoint before the last one's end",
    tolerated=("stall",),
)
def resumed_rewound(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss, rate = shapes.power_law(t, 10.5, 2, 0.3), shapes.warmup_cosine(t, 3e-4)
    log.hours_between_sessions = float(rng.choice([0.05, 2, 14]))
    for number, (a, b) in enumerate(_stretches(rng, n, int(rng.integers(2, 6)))):
        if number:
            log.session()
        log.add("train/loss", steps[a:b], loss[a:b] + shapes.white(rng, b - a, 0.04))
        log.add("train/lr", steps[a:b], rate[a:b])


@healthy(
    "resumed_without_optimizer",
    "a bump after each restart, as the moments of Adam are lost",
    tolerated=("stall",),
)
def resumed_without_optimizer(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = shapes.power_law(t, 6, 1.5, 0.35)
    for number, (a, b) in enumerate(_stretches(rng, n, int(rng.integers(3, 5)))):
        bump = shapes.decay_after(b - a, 0, rng.uniform(0.15, 0.4), n / 80) if number else 0
        if number:
            log.session()
        log.add("loss", steps[a:b], loss[a:b] + bump + shapes.white(rng, b - a, 0.03))


@healthy(
    "restarted_before_divergence",
    "the file that blew up is superseded by one from before it",
    tolerated=("stall", "spike"),
    monitored=False,
)
def restarted_before_divergence(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = shapes.power_law(t, 10, 2, 0.3)
    blown = int(n * rng.uniform(0.4, 0.6))
    stop, back = blown + n // 12, blown - n // 20
    first = loss[:stop] + shapes.white(rng, stop, 0.04)
    first[blown:] += np.linspace(0.5, 5, stop - blown)
    if rng.random() < 0.5:
        first[-3:] = np.nan
    log.add("train/loss", steps[:stop], first)
    log.session()
    log.add("train/loss", steps[back:], loss[back:] + shapes.white(rng, n - back, 0.04))


@labelled(
    "resumed_worse",
    "divergence",
    "after the restart the loss is higher and stays so"
    " (ultralytics/yolov3 #902): weights or data are not those of before",
    plain=0.5,
    subtle=0.15,
)
def resumed_worse(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = shapes.approach(t, 2.0, 0.6, 4)
    a = int(n * rng.uniform(0.45, 0.65))
    log.add("train/loss", steps[:a], loss[:a] + shapes.white(rng, a, 0.03))
    log.session()
    log.add("train/loss", steps[a:], loss[a] + strength + shapes.white(rng, n - a, 0.03))
    log.true("divergence", "train/loss", steps[a], abrupt(steps, a))
