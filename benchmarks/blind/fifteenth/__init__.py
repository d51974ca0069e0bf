"""The fifteenth set: event files as people upload them in a year, drawn from all of them.

`FIFTEENTH` has whole runs, by an author who has seen no detector and no family of an older set:
students with one series of ten points, labs, companies and robots, in the tags that their
frameworks or they themselves write, of 5 to 3,000 points, with evaluations rarer than training
losses. More than two in five of the jobs are sound, in their ordinary shapes and in the less usual
ones. It was frozen before it was ever scored: `frozen.json` has a digest of what each family makes
(`benchmarks.blind.frozen`).

Labels are what nine of ten experienced engineers would say without being asked twice who look at
the plot of that tag at its end; they follow the rules of `benchmarks.blind.fourteenth`.
"""

from __future__ import annotations

from benchmarks.blind.fifteenth import (
    adversarial,
    classifying,
    classroom,
    control,
    detecting,
    diffusing,
    finetunes,
    fleets,
    ordinary,
    preferences,
    robotics,
    sciences,
    scratch,
    speech,
    tabular,
    together,
)
from benchmarks.blind.runs import registered

__all__ = [
    "FIFTEENTH",
    "adversarial",
    "classifying",
    "classroom",
    "control",
    "detecting",
    "diffusing",
    "finetunes",
    "fleets",
    "ordinary",
    "preferences",
    "robotics",
    "sciences",
    "scratch",
    "speech",
    "tabular",
    "together",
]

FIFTEENTH = registered("fifteenth")
