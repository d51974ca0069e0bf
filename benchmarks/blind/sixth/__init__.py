"""The sixth set: whole runs as ordinary people have them, by an author who has seen no detector.

`SIXTH` has them all. Two thirds of the families are ordinary: shapes, tags and lengths that
everybody's runs have, from ten evaluations to twenty thousand points. A third is awkward. At least
half of them are healthy, and each kind that a label can have is that of four families or more; many
a run has two troubles, as runs do. It was frozen before it was ever scored: `frozen.json` has a
digest of what each family makes (`benchmarks.blind.frozen`).

Labels are what an experienced engineer would say at the end of the run. They follow the rules of
the other sets (`benchmarks.blind.windows`, `benchmarks.blind.fourth`, `benchmarks.blind.fifth`),
with these besides:

- A healthy curve that is level for long at its end may be told as a plateau, unless it stands at a
  bound of its metric: its family tolerates that warning.
- A stall is dated by the points on either side of the gap.
- A value that leaves its scale by decades is dated on the scale of its logarithm.
"""

from __future__ import annotations

from benchmarks.blind.runs import registered
from benchmarks.blind.sixth import (
    clocks,
    crafts,
    downward,
    memory,
    motions,
    numbers,
    rates,
    sights,
    tables,
    upward,
    words,
)

__all__ = [
    "SIXTH",
    "clocks",
    "crafts",
    "downward",
    "memory",
    "motions",
    "numbers",
    "rates",
    "sights",
    "tables",
    "upward",
    "words",
]

SIXTH = registered("sixth")
