"""The thirteenth set: whole runs as people log them today, by an author who has seen no detector.

`THIRTEENTH` has them all: language models from scratch, fine-tuned and preferred, pictures, sound,
tables, agents, machines, clients and teachers. Tags, lengths and shapes are after public
`trainer_state.json`, `results.csv` and `progress.csv` and after issues and papers, which families
name. More than 40 of the families are healthy, and a quarter of those look like trouble of rates or
speed and are none. It was frozen before it was ever scored: `frozen.json` has a digest of what each
family makes (`benchmarks.blind.frozen`).

Labels are what nine of ten experienced engineers would say without being asked twice who look at
the plot of that tag at its end; they follow the rules of `benchmarks.blind.windows`, with these:

- What carries a label as worse is three times the noise from point to point, a fifth of what the
  run had achieved, and seen by a t-test of the last third against the best one at p < 0.001, but
  for a few that rise too steeply at their end for that test and are plain to the eye.
- A window holds each moment that a fair engineer could name: of a jump the jump, of a slow change
  from where it begins to where it has gone a third of its way, of growth by decades until it is
  tenfold, of a rate that fades from a tenth of its peak to nothing.
- Where two opinions are legitimate both are tolerated: another kind that says the same counts, and
  a healthy curve that is level for long at its end may be told as a plateau.
"""

from __future__ import annotations

from benchmarks.blind.runs import registered
from benchmarks.blind.thirteenth import (
    finetuning,
    generating,
    hearing,
    learning,
    machines,
    playing,
    pretraining,
    seeing,
    tables,
)

__all__ = [
    "THIRTEENTH",
    "finetuning",
    "generating",
    "hearing",
    "learning",
    "machines",
    "playing",
    "pretraining",
    "seeing",
    "tables",
]

THIRTEENTH = registered("thirteenth")
