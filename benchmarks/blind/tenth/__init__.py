"""The tenth set: runs as people log them today, many with more than one trouble.

`TENTH` has them all. Shapes, tags and lengths are after what `trainer_state.json`, `results.csv`
and `progress.csv` of public repositories hold and what people have asked about in issues. Half of
the families are healthy, ten of these look like troubles of rate or speed; the other half has 6 to
12 families of each kind that a label can have, often two or three labels in one run. It was frozen
before it was ever scored: `frozen.json` has a digest of what each family makes
(`benchmarks.blind.frozen`).

Labels are what nine of ten experienced engineers would say without being asked twice, who look at
the plot at its end, by the rules of `benchmarks.blind.windows` and `benchmarks.blind.eighth`, with
these besides:

- A change of scale (gradient, explosion, collapse) may be dated where it begins and until it is
  halfway there on a linear or on a logarithmic axis, whichever is later
  (`benchmarks.blind.tenth.making.grows`).
- A rate that decays to nothing may be dated from where a tenth of its peak is left to where nothing
  is (`benchmarks.blind.tenth.making.fades`).
- What is seen in the clock alone is seen in each series of the run: a slowing or a stall may be
  told of any of them.
"""

from __future__ import annotations

from benchmarks.blind.runs import registered
from benchmarks.blind.tenth import (
    agents,
    healthy_rates,
    images,
    language,
    paces,
    precision,
    rates,
    rewards,
    tables,
)

__all__ = [
    "TENTH",
    "agents",
    "healthy_rates",
    "images",
    "language",
    "paces",
    "precision",
    "rates",
    "rewards",
    "tables",
]

TENTH = registered("tenth")
