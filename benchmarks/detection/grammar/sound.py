"""Runs with the same tags, lengths, noises and restarts, and no trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.grammar.attributes import descent, measure, noise, rounded, steps
from benchmarks.detection.grammar.logged import logged
from benchmarks.detection.grammar.rises import WORDS

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log
    from benchmarks.detection.grammar.attributes import Draw

BUMPS = ("none", "none", "none", "spike", "bump made good", "slower, then faster")


def healthy(draw: Draw, log: Log) -> bool:
    """A run that improves to its end."""
    one = measure(draw, WORDS)
    at = steps(draw)
    n = len(at)
    t = np.linspace(0, 1, n)
    worse = descent(draw, t)
    hum = noise(draw, worse)
    bump = draw.pick("bump", BUMPS)
    place = draw.rng.uniform(0.15, 0.6)
    if bump == "spike" and n >= 20:
        worse[round(place * n)] += draw.rng.uniform(0.5, 5)
    if bump == "bump made good":
        worse += draw.rng.uniform(0.2, 1) * np.exp(-(((t - place) / 0.03) ** 2))
    if bump == "slower, then faster":
        worse = worse**0.7
    # What still improves has to do so by more than noise, or a level end would be right to be told.
    gained = worse[n // 2] - worse[-1]
    twin = {}
    if one.twin and draw.pick("beside training", (True, False)):
        trained = (
            one.values(worse * 0.98 - 0.02)
            if not one.twin.endswith("loss") or one.tag.endswith("loss")
            else 0.2 + 3 * worse
        )
        twin = {one.twin: rounded(hum, trained)}
    logged(draw, log, one, at, worse, hum, others=twin)
    stairs = draw.picked["before"] == "stairs"
    return not stairs and gained > 0 and (hum.sd == 0 or gained >= hum.sd) and (
        hum.correlation < 0.9 or n >= 300)  # fmt: skip
