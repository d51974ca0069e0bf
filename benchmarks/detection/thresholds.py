"""Thresholds, simulated: how `signals/chance.py` and `signals/contrast.py` got theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.curves import Array, autocorrelated
from tbtools.analysis.detect.signals import contrast
from tbtools.analysis.detect.signals.chance import (
    LEAST_BESIDE_A_TWIN,
    LEAST_EXPLAINED,
    LEAST_OF_A_LINE,
    LEAST_RISE,
    MOST_OF_A_RISE,
    beside_a_twin,
    explained_by_a_line,
    rise_in_noise,
)
from tbtools.analysis.detect.signals.unimodal import explained_by_a_valley

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Statistic = Callable[[Array], float]

CORRELATIONS = (0.0, 0.3, 0.5, 0.7)
SERIES = 4000


def print_thresholds() -> None:
    """What some statistics reach in noise, by points and correlation, and what is asked for."""
    _print("a valley", LEAST_EXPLAINED, lambda y: explained_by_a_valley(y)[0], 0.99)
    _print("a line", LEAST_OF_A_LINE, explained_by_a_line, 0.995)
    _print("a line beside a twin", LEAST_BESIDE_A_TWIN, beside_a_twin, 0.99)
    few = {points: LEAST_RISE for points in LEAST_EXPLAINED if points <= MOST_OF_A_RISE}
    _print("a rise in noise", few, rise_in_noise, 0.995)
    apart = {points: contrast.least_errors(points) for points in LEAST_EXPLAINED}
    _print("all points behind a split", apart, contrast.standard_errors, 0.99)


def _print(name: str, table: Mapping[int, float], statistic: Statistic, exceeded: float) -> None:
    print(f"\n{name}, {exceeded:.1%} of series\n")
    print("| points | used |", " | ".join(f"correlation {phi}" for phi in CORRELATIONS), "|")
    print("| --- " * (2 + len(CORRELATIONS)) + "|")
    for points, used in table.items():
        cells = [f"{threshold(points, phi, statistic, exceeded):.3g}" for phi in CORRELATIONS]
        print(f"| {points} | {used:g} |", " | ".join(cells), "|")


def threshold(points: int, correlation: float, statistic: Statistic, exceeded: float) -> float:
    """The quantile of a statistic in noise about a constant level.

    Args:
        points: Points of a series.
        correlation: From one point to the next.
        statistic: What is asked of each.
        exceeded: Which quantile.
    """
    rng = np.random.default_rng([points, int(100 * correlation)])
    noise = (autocorrelated(rng, points, correlation) for _ in range(SERIES))
    return float(np.quantile([statistic(y) for y in noise], exceeded))
