"""The eighth set: runs as people log them today, by an author who has seen no detector.

`EIGHTH` has them all. Shapes, tags and lengths are after what `trainer_state.json`, `results.csv`
and `metrics.csv` of public repositories hold and what people have asked about in issues: language
models from scratch and fine-tuned, preferences and rewards, diffusion, boxes and masks, speech,
tables, recommendations, graphs, agents, small projects. Two thirds are ordinary, of eight to three
hundred evaluations; a third is awkward. At least half of them are healthy, and each kind that a
label can have is that of four families or more, divergence that of eight. It was frozen before it
was ever scored: `frozen.json` has a digest of what each family makes (`benchmarks.blind.frozen`).

Labels are what nine of ten experienced engineers would say without being asked twice, who look at
the plot at its end. They follow the rules of the other sets (`benchmarks.blind.windows`,
`benchmarks.blind.seventh`), with these besides:

- A change for the worse that carries a label is three times the noise from point to point or more,
  and a t-test of the last third against the best one sees it at p < 0.001, but for a few runs whose
  thirds are too short or too steep for that test and plain to the eye.
- The onset of overfitting may be told as the best step or as where the rise is seen: its window
  spans both (`benchmarks.blind.eighth.making.says_overfitting`).
- A healthy curve that is level for long at its end may be told as a plateau: its family tolerates
  that.
"""

from __future__ import annotations

from benchmarks.blind.eighth import (
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
    "EIGHTH",
    "finetuned",
    "generating",
    "hearing",
    "machines",
    "playing",
    "pretraining",
    "seeing",
    "tables",
]

EIGHTH = registered("eighth")
