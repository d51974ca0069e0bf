"""`python -m benchmarks.evidence`: how often `diff` tells apart what differs by noise alone.

Prints the two tables of docs/diff.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.reading.document import markdown_table
from tbtools.analysis.diff.evidence import across_runs, against_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRIALS = 2000
_POINTS = (20, 100, 500, 2000)
_CORRELATIONS = (0.0, 0.5, 0.9, 0.97)
_SEEDS = (3, 4, 5, 10, 20)


def _noise(random: np.random.Generator, points: int, correlation: float) -> NDArray[np.float64]:
    """A stationary autoregressive series of order one, of variance one."""
    innovations = random.normal(size=points) * np.sqrt(1 - correlation**2)
    values = np.empty(points)
    values[0] = random.normal()
    for i in range(1, points):
        values[i] = correlation * values[i - 1] + innovations[i]
    return values


def _told_apart(points: int, correlation: float, shift: float) -> float:
    random = np.random.default_rng([points, int(1000 * correlation)])
    verdicts = [
        against_noise(
            _noise(random, points, correlation), _noise(random, points, correlation) + shift, "max"
        ).verdict
        for _ in range(_TRIALS)
    ]
    return 1 - verdicts.count("no evidence") / _TRIALS


def _groups(seeds: int, shift: float) -> tuple[float, float]:
    """How often a verdict is given, and how often the bootstrap interval alone excludes zero."""
    random = np.random.default_rng(seeds)
    verdicts = intervals = 0
    for _ in range(_TRIALS):
        a, b = random.normal(size=seeds), random.normal(shift, size=seeds)
        found = across_runs(a.tolist(), b.tolist(), "max")
        verdicts += found.verdict != "no evidence"
        assert found.low is not None
        assert found.high is not None
        intervals += not found.low <= 0 <= found.high
    return verdicts / _TRIALS, intervals / _TRIALS


def main() -> None:
    """Prints the tables."""
    header = ["points", *(f"correlation {each:g}" for each in _CORRELATIONS)]
    for shift in (0.0, 1.0):
        rows = [
            [str(points), *(f"{_told_apart(points, each, shift):.1%}" for each in _CORRELATIONS)]
            for points in _POINTS
        ]
        print(f"\nlevels {shift:g} standard deviations apart\n\n{markdown_table(header, rows)}")
    header = ["seeds a side", "same: verdict", "same: interval alone", "2 sd apart: verdict"]
    rows = []
    for seeds in _SEEDS:
        same, interval = _groups(seeds, 0.0)
        rows.append([str(seeds), f"{same:.1%}", f"{interval:.1%}", f"{_groups(seeds, 2.0)[0]:.1%}"])
    print(f"\ngroups\n\n{markdown_table(header, rows)}")


if __name__ == "__main__":
    main()
