"""The sixteenth set: whole runs as one would draw them from all that people upload in a year.

`SIXTEENTH` is by an author who has seen no detector and no family of an older set. Its jobs are of
language, pictures, speech, generators, tables, graphs, agents, robots, clients and teachers, with
the tags that their frameworks or they themselves write, of 6 to 3,000 points and evaluations rarer
than training losses. More than 25 of its families have 6 to 14 points in their main series, as the
logs that people paste into issues have. It was frozen before it was ever scored: `frozen.json` has
a digest of what each family makes (`benchmarks.blind.frozen`).

Labels are what nine of ten experienced engineers would say without being asked twice who look at
the plot of that tag at its end; they follow the rules of `benchmarks.blind.fourteenth`, with this
one: a run that has learned and lies level for less than a third of its length is healthy, one that
lies level for half of it and more is a plateau, and what lies between is tolerated as one.
"""

from __future__ import annotations

from benchmarks.blind.runs import registered
from benchmarks.blind.sixteenth import (
    agents,
    detecting,
    finetuned,
    generators,
    images,
    less_usual,
    machines,
    mixed,
    preferred,
    pretraining,
    robots,
    short,
    sounds,
    tables,
    together,
)

__all__ = [
    "SIXTEENTH",
    "agents",
    "detecting",
    "finetuned",
    "generators",
    "images",
    "less_usual",
    "machines",
    "mixed",
    "preferred",
    "pretraining",
    "robots",
    "short",
    "sounds",
    "tables",
    "together",
]

SIXTEENTH = registered("sixteenth")
