"""The twelfth set: the last measure, by an author who has seen no detector.

`TWELFTH` has them all. Shapes, tags and lengths are after what public `trainer_state.json`,
`results.csv` and `progress.csv` hold and what people have asked about in issues: language models
from scratch and tuned, preferences and rewards, pictures, boxes, masks and medicine, diffusion and
adversaries, speech, tables, recommendations, graphs, forecasts, federated and continual learning,
agents and robots, student projects. More than half of the families are healthy, a dozen of them
with rates and speeds that look like trouble. It was frozen before it was ever scored: `frozen.json`
has a digest of what each family makes (`benchmarks.blind.frozen`).

Labels are what nine of ten experienced engineers would say without being asked twice, who look at
the plot at its end; the rules are those of the other sets (`benchmarks.blind.windows`), with these
besides:

- What creeps in may be told at any point until a third (a turn of the level), a half (a speed) or
  seven tenths (what goes by factors) of the change have come (`benchmarks.blind.twelfth.making`).
- A rate that decays to nothing is dated from a tenth of its peak to where it is nothing at all.
- A scale of the loss is dated from its first halving until it is at the bottom.
- A healthy curve that is level for long at its end may be told as a plateau: its family tolerates
  that. Where two opinions about a speed are legitimate its family tolerates both.
"""

from __future__ import annotations

from benchmarks.blind.runs import registered
from benchmarks.blind.twelfth import (
    finetuned,
    generating,
    hearing,
    machines,
    playing,
    pretraining,
    rates,
    schedules,
    seeing,
    tables,
)

__all__ = [
    "TWELFTH",
    "finetuned",
    "generating",
    "hearing",
    "machines",
    "playing",
    "pretraining",
    "rates",
    "schedules",
    "seeing",
    "tables",
]

TWELFTH = registered("twelfth")
