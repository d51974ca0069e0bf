"""The fourth set: one more author, who has seen none of the others' families and no detector.

`FOURTH` has them all. More than half of them are healthy and awkward, or have an excursion that is
over, and each kind that a label can have is that of five families. It was frozen before it was ever
scored: `frozen.json` has a digest of what each family makes (`benchmarks.blind.frozen`).

Labels are what an experienced engineer would say at the end of the run. They follow the rules of
the other sets (`benchmarks.blind.windows`, `benchmarks.blind.second`, `benchmarks.blind.third`),
with these besides:

- A healthy curve that is level for long at its end may be told as a plateau, unless it stands at a
  bound of its metric: its family tolerates that warning.
- Where the trouble of a run has an effect that is told as another kind, as a rate of zero has in a
  loss that stands still, the label names that kind or the family tolerates it.
- A finding about any of the series that show the trouble counts.
"""

from __future__ import annotations

from benchmarks.blind.fourth import (
    blips,
    corpora,
    dwindled,
    embeddings,
    lenses,
    level,
    notebooks,
    pace,
    physics,
    plant,
    playing,
    rising,
    rote,
    runaway,
    slopes,
    sluggish,
    sundry,
    synthesis,
    tuned,
    underflow,
    undetermined,
    unheard,
    waves,
)
from benchmarks.blind.runs import registered

__all__ = [
    "FOURTH",
    "blips",
    "corpora",
    "dwindled",
    "embeddings",
    "lenses",
    "level",
    "notebooks",
    "pace",
    "physics",
    "plant",
    "playing",
    "rising",
    "rote",
    "runaway",
    "slopes",
    "sluggish",
    "sundry",
    "synthesis",
    "tuned",
    "underflow",
    "undetermined",
    "unheard",
    "waves",
]

FOURTH = registered("fourth")
