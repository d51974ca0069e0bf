"""The eighteenth set: what someone on call for a training platform writes down in a year.

`EIGHTEENTH` is by an author who has seen no detector and no family of an older set. Its families
are the jobs that such a person was asked about, after what people tell of in public issues, and as
many that nobody asked about, which are sound. At least 25 of them have 6 to 14 points in their main
series, as the logs that people paste into issues have. It was frozen before it was ever scored:
`frozen.json` has a digest of what each family makes (`benchmarks.blind.frozen`).

Labels are what nine of ten experienced engineers would say without being asked twice who look at
the plot of that tag at its end; they follow the rules of `benchmarks.blind.sixteenth`.
"""

from __future__ import annotations

from benchmarks.blind.eighteenth import (
    agents,
    finetuned,
    generators,
    images,
    pasted,
    preferred,
    pretraining,
    robots,
    scenes,
    sounds,
    tables,
    together,
)
from benchmarks.blind.runs import registered

__all__ = [
    "EIGHTEENTH",
    "agents",
    "finetuned",
    "generators",
    "images",
    "pasted",
    "preferred",
    "pretraining",
    "robots",
    "scenes",
    "sounds",
    "tables",
    "together",
]

EIGHTEENTH = registered("eighteenth")
