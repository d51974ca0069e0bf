"""The fourteenth set: what the help desk of a large laboratory sees in a year.

`FOURTEENTH` has whole runs, by an author who has seen no detector: language models from scratch,
fine-tuned and preferred, pictures, sound, generators, tables and graphs, games and robots, clients
and teachers, and what their machines do. Each family is a job with the tags of its framework, its
usual length and interval, and evaluations rarer than training losses. Nearly half of the families
are sound runs, in the shapes that people ask about and need not. It was frozen before it was ever
scored: `frozen.json` has a digest of what each family makes (`benchmarks.blind.frozen`).

Labels are what nine of ten experienced engineers would say without being asked twice who look at
the plot of that tag at its end; they follow the rules of `benchmarks.blind.windows` and those of
`benchmarks.blind.thirteenth`, with this one: a slow change that begins while the curve still gets
better is dated anywhere from where it was made to begin, or from the lowest point of the curve; and
what a run had achieved, of which a fifth must be lost, is counted without its first tenth.
"""

from __future__ import annotations

from benchmarks.blind.fourteenth import (
    boxes,
    finetuning,
    generating,
    hearing,
    learning,
    less_usual,
    machines,
    playing,
    preferring,
    pretraining,
    robots,
    seeing,
    settings,
    small_models,
    tables,
)
from benchmarks.blind.runs import registered

__all__ = [
    "FOURTEENTH",
    "boxes",
    "finetuning",
    "generating",
    "hearing",
    "learning",
    "less_usual",
    "machines",
    "playing",
    "preferring",
    "pretraining",
    "robots",
    "seeing",
    "settings",
    "small_models",
    "tables",
]

FOURTEENTH = registered("fourteenth")
