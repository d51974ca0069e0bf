"""The eleventh set: what people log today in many trades, by an author who has seen no detector.

`ELEVENTH` has them all: language models from scratch and tuned, rewards and groups, diffusion and
adversaries, boxes, masks and volumes, speech, agents and robots, tables, clicks, graphs, clients,
pupils, and the clocks and rates around them. Tags, lengths and rounding are after what
`trainer_state.json`, `results.csv`, `metrics.csv` and `progress.csv` of public repositories hold.
Half of them are healthy, and more than ten of these only look as if rate or speed were wrong. It
was frozen before it was ever scored: `frozen.json` has a digest of what each family makes
(`benchmarks.blind.frozen`).

Labels are what nine of ten experienced engineers would say without being asked twice, who look at
the plot at its end. They follow the rules of the other sets (`benchmarks.blind.windows`), with
these besides:

- A change for the worse that carries a label is three times the noise from point to point or more,
  or, where there are few points, one that a t-test of the last third against the best sees at
  p < 0.001.
- The window holds each moment that a fair engineer could name: of overfitting the best step and
  where the rise is seen; of a growth or a collapse by decades, from where it is felt to where most
  of it is done; of a rate that decays by itself, from a tenth of its peak to nothing at all.
- A stall, and a speed that only the clock tells, may be told of any series written meanwhile.
- Where two opinions are legitimate both are tolerated; a healthy curve that is level for long at
  its end may be told as a plateau.
"""

from __future__ import annotations

from benchmarks.blind.eleventh import (
    finetuned,
    generating,
    hearing,
    machines,
    playing,
    pretraining,
    seeing,
    tables,
)
from benchmarks.blind.runs import registered

__all__ = [
    "ELEVENTH",
    "finetuned",
    "generating",
    "hearing",
    "machines",
    "playing",
    "pretraining",
    "seeing",
    "tables",
]

ELEVENTH = registered("eleventh")
