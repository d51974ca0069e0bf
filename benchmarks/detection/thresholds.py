"""The threshold of the valley's fit, simulated: how the table in `signals/unimodal.py` was made."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.curves import autocorrelated
from tbtools.analysis.detect.signals.unimodal import LEAST_EXPLAINED, explained_by_a_valley

CORRELATIONS = (0.0, 0.3, 0.5, 0.7)
SERIES = 4000
EXCEEDED = 0.99


def print_thresholds() -> None:
    """What the rise explains in noise, in one series of a hundred, by points and correlation."""
    print("| points | used |", " | ".join(f"correlation {phi}" for phi in CORRELATIONS), "|")
    print("| --- " * (2 + len(CORRELATIONS)) + "|")
    for points, used in LEAST_EXPLAINED.items():
        cells = [f"{threshold(points, phi):.3g}" for phi in CORRELATIONS]
        print(f"| {points} | {used:g} |", " | ".join(cells), "|")


def threshold(points: int, correlation: float) -> float:
    """The quantile of what the rise explains in noise about a constant level.

    Args:
        points: Points of a series.
        correlation: From one point to the next.
    """
    rng = np.random.default_rng([points, int(100 * correlation)])
    noise = (autocorrelated(rng, points, correlation) for _ in range(SERIES))
    return float(np.quantile([explained_by_a_valley(y)[0] for y in noise], EXCEEDED))
