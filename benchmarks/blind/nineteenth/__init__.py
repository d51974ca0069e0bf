"""The nineteenth set: what a course on training shows, and what its recipes look like.

`NINETEENTH` is by an author who has seen no detector and no family of an older set, and takes the
part of a teacher: each failure of the textbook once or twice as it really looks in logs (families
called `lesson_…` are exercises, those called `recipe_…` published recipes), and sound runs that
look odd to a beginner. 20 of its families have 6 to 14 points in their main series. It was frozen
before it was ever scored: `frozen.json` has a digest of what each family makes
(`benchmarks.blind.frozen`).

Labels are what nine of ten experienced engineers would say without being asked twice who look at
the plot of that tag at its end; they follow the rules of `benchmarks.blind.sixteenth`. A run may
have several labels: a scale that falls to one and the NaN that made it fall, a rate of nothing and
the loss that rests from there on.
"""

from __future__ import annotations

from benchmarks.blind.nineteenth import (
    agents,
    generators,
    language,
    machines,
    sounds,
    tables,
    vision,
)
from benchmarks.blind.runs import registered

__all__ = [
    "NINETEENTH",
    "agents",
    "generators",
    "language",
    "machines",
    "sounds",
    "tables",
    "vision",
]

NINETEENTH = registered("nineteenth")
