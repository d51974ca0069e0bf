"""The second set: other families, mechanisms and names than the first, made to be scored once.

`SECOND` has them all. Half of them or more are healthy and awkward, and each kind that a label can
have is that of five families or more. Shapes are after the issues and papers named with each
family, and after the mechanisms in `generators`. It was frozen before it was ever scored.

Labels follow the rules of the first set (`benchmarks.blind.windows`); where a window is wider, the
reason stands beside it. Three rules more:

- A curve that has less than two standard deviations of a point left to gain after two fifths of the
  run may be called a plateau or not: its family tolerates the warning.
- What is true but meant, as a step that takes longer on longer sequences, is tolerated as a warning
  and never as an error.
- Where two kinds are both right, as an explosion and a divergence of a loss that grows by decades,
  the label names the others.
"""

from __future__ import annotations

from benchmarks.blind.runs import registered
from benchmarks.blind.second import (
    agents,
    broken_numbers,
    clocks,
    diverging,
    excursions,
    magnitudes,
    memorising,
    norms,
    oddities,
    pictures,
    rates,
    scalers,
    schedules,
    sessions,
    standing,
    texts,
)

__all__ = [
    "SECOND",
    "agents",
    "broken_numbers",
    "clocks",
    "diverging",
    "excursions",
    "magnitudes",
    "memorising",
    "norms",
    "oddities",
    "pictures",
    "rates",
    "scalers",
    "schedules",
    "sessions",
    "standing",
    "texts",
]

SECOND = registered("second")
