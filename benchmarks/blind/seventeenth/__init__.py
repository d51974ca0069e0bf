"""The seventeenth set: a sample of what those who train write whose projects one finds in public.

`SEVENTEENTH` is by an author who has seen no detector and no family of an older set. A list was
made of 127 projects that log to TensorBoard or to a table, by framework and task, and for each was
drawn with a fixed seed whether its run is sound, or which trouble it has of those that people tell
of in such projects; some jobs were added where a kind was rare or a project has several usual runs.
More than 25 of its families have 6 to 14 points in their main series, as the logs that people paste
into issues have. It was frozen before it was ever scored: `frozen.json` has a digest of what each
family makes (`benchmarks.blind.frozen`).

Labels are what nine of ten experienced engineers would say without being asked twice who look at
the plot of that tag at its end; they follow the rules of `benchmarks.blind.sixteenth`.
"""

from __future__ import annotations

from benchmarks.blind.runs import registered
from benchmarks.blind.seventeenth import (
    agents,
    detecting,
    finetuned,
    generators,
    images,
    preferred,
    pretraining,
    robots,
    scenes,
    science,
    sounds,
    tables,
)

__all__ = [
    "SEVENTEENTH",
    "agents",
    "detecting",
    "finetuned",
    "generators",
    "images",
    "preferred",
    "pretraining",
    "robots",
    "scenes",
    "science",
    "sounds",
    "tables",
]

SEVENTEENTH = registered("seventeenth")
