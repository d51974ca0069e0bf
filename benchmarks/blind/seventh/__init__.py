"""The seventh set: logs as dirty as real ones, by an author who has seen no detector.

`SEVENTH` has them all. Two thirds of the families are ordinary: runs of eight to sixty evaluations,
an epoch a point, with several tags from several places of a program, rounded to what `print` shows,
scores of small validation sets and of hundreds in percent, noise whose neighbours are alike and
whose tails are heavy, rates that callbacks cut, runs that were resumed or are unfinished. A third
is awkward. Half of them are healthy, and each kind that a label can have is that of four families
or more; many a run has two troubles, as runs do. It was frozen before it was ever scored:
`frozen.json` has a digest of what each family makes (`benchmarks.blind.frozen`).

Labels are what an experienced engineer would say at the end of the run. They follow the rules of
the other sets (`benchmarks.blind.windows`, `benchmarks.blind.sixth`), with these besides:

- What gets worse from its first point on has its onset there; what never learns, at chance or at
  the worse bound of its score, is a plateau since then.
- Noise with a memory blurs a date more than its size says: windows are those of the independent
  noise whose means vary as much (`benchmarks.blind.seventh.making.felt`).
- What the log tells on every line, as clipping at each step, is dated within its first fifth.
"""

from __future__ import annotations

from benchmarks.blind.runs import registered
from benchmarks.blind.seventh import (
    again,
    blips,
    boxes,
    clocks,
    fits,
    hearts,
    idle,
    loops,
    numbers,
    odd,
    rates,
    returns,
    sizes,
    tables,
    tuned,
    worse,
)

__all__ = [
    "SEVENTH",
    "again",
    "blips",
    "boxes",
    "clocks",
    "fits",
    "hearts",
    "idle",
    "loops",
    "numbers",
    "odd",
    "rates",
    "returns",
    "sizes",
    "tables",
    "tuned",
    "worse",
]

SEVENTH = registered("seventh")
