"""The fifth set: what people's runs mostly are, by an author who has seen no detector.

`FIFTH` has them all. Two thirds of the families are ordinary: the shapes, tags and lengths that
everybody's runs have, in the frameworks that people use. A third is awkward. Half of them are
healthy, some have an excursion that is over, and each kind that a label can have is that of four
families or more; a family may have several. It was frozen before it was ever scored: `frozen.json`
has a digest of what each family makes (`benchmarks.blind.frozen`).

Labels are what an experienced engineer would say at the end of the run. They follow the rules of
the other sets (`benchmarks.blind.windows`, `benchmarks.blind.fourth`), with these besides:

- Nothing is labelled that one does not see who looks at the plot.
- A healthy family makes sense at each of its beginnings.
- Where several series show a trouble at different steps, the window spans from the first to the
  last of them.
"""

from __future__ import annotations

from benchmarks.blind.fifth import (
    bumps,
    classrooms,
    clipped,
    detectors,
    gymnasium,
    inflated,
    invalid,
    lost,
    painters,
    precision,
    preferences,
    rote,
    schedulers,
    silence,
    slowed,
    stuck,
    texts,
    uneven,
    unstable,
    voices,
)
from benchmarks.blind.runs import registered

__all__ = [
    "FIFTH",
    "bumps",
    "classrooms",
    "clipped",
    "detectors",
    "gymnasium",
    "inflated",
    "invalid",
    "lost",
    "painters",
    "precision",
    "preferences",
    "rote",
    "schedulers",
    "silence",
    "slowed",
    "stuck",
    "texts",
    "uneven",
    "unstable",
    "voices",
]

FIFTH = registered("fifth")
