"""Runs that come to another end: plateaus, collapses, values that are no numbers, stalls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.grammar.attributes import descent, measure, noise, steps
from benchmarks.detection.grammar.logged import SIBLINGS, STEADY_COMPANY, logged, window
from benchmarks.detection.grammar.oracle import clear
from benchmarks.detection.grammar.rises import WORDS

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log
    from benchmarks.detection.grammar.attributes import Draw

STOPS = ("bend", "exponential", "step", "stairs", "from the start")


def plateau(draw: Draw, log: Log) -> bool:
    """A curve that stops improving long before the end, and far from its bound."""
    one = measure(draw, WORDS)
    at = steps(draw, (20, 40, 100, 300, 1000, 5000))
    n = len(at)
    stop = draw.pick("stops", STOPS)
    onset = (
        0 if stop == "from the start" else max(round(n * draw.pick("onset", (0.1, 0.2, 0.35))), 4)
    )
    index = np.arange(n)
    floor = 0.4
    shapes = {
        "bend": np.maximum(1 - index / max(onset, 1), 0),
        "exponential": np.exp(-6 * index / max(onset, 1)),
        "step": (index < onset).astype(float),
        "stairs": np.maximum(1 - np.floor(3 * index / max(onset, 1)) / 3, 0),
        "from the start": np.zeros(n),
    }
    worse = floor + (1 - floor) * shapes[stop]
    if stop == "from the start":
        worse += 1 - floor
    hum = noise(draw, worse)
    if (hum.correlation > 0.5 and n < 300) or (hum.kind == "none" and stop == "from the start"):
        return False
    logged(draw, log, one, at, worse, hum, STEADY_COMPANY)
    left = np.flatnonzero(worse > worse[-1] + max(2 * hum.sd, 0.02 * (1 - floor)))
    bend = int(left[-1]) + 1 if len(left) else 0
    early = max(2, n // 20, bend - onset if stop == "exponential" else 0)
    grace = max(n // 10, 3)
    log.true("plateau", one.tag, at[onset],
             window(at, min(bend, onset) - early, max(bend, onset) + grace))  # fmt: skip
    return stop == "from the start" or clear(1 - floor, hum, onset, n - onset)


ENDS = ("to zero", "to chance", "to one value", "ramp to zero")


def collapse(draw: Draw, log: Log) -> bool:
    """A score that is lost from one point to the next, or a loss that is exactly zero."""
    one = measure(draw, ("training loss", "share", "share", "percent", "reward"))
    at = steps(draw, (20, 40, 100, 300, 1000, 5000))
    n = len(at)
    onset = round(n * draw.pick("onset", (0.2, 0.5, 0.8)))
    if onset < 8 or n - onset < 6:
        return False
    worse = descent(draw, np.linspace(0, 1, n), ("power law", "exponential", "straight", "late"))
    hum = noise(draw, worse)
    if one.bad < one.good:
        if worse[0] - worse[onset - 1] < max(0.35, 3 * hum.sd):
            return False
        end = draw.pick("event", ("to zero", "to chance", "to one value"))
        worse[onset:] = {"to zero": one.worst, "to chance": 1.0, "to one value": 0.93}[end]
        hum.points[onset:] *= {"to zero": 0.0, "to chance": 1.0, "to one value": 0.0}[end]
        if not np.isfinite(one.bound) and end == "to zero":
            return False
        if worse[onset] < worse[0]:
            worse[onset:] = worse[0]
    else:
        draw.picked["event"] = "loss of exactly zero"
        worse[onset:] = -one.good / (one.bad - one.good)
        hum.points[onset:] = 0
        if one.good < 0:
            return False
    logged(draw, log, one, at, worse, hum)
    log.true("collapse", one.tag, at[onset], window(at, onset - 2, onset + 2),
             also=("divergence", "overfitting"))  # fmt: skip
    return True


BROKEN = ("for good", "now and then, then for good", "infinite, then NaN", "more and more often",
          "most of the end")  # fmt: skip


def nonfinite(draw: Draw, log: Log) -> bool:
    """Values that are no numbers any more."""
    one = measure(draw, ("training loss", "training loss", "held-out loss", "share", "reward"))
    at = steps(draw)
    n = len(at)
    onset = round(n * draw.pick("onset", (0.05, 0.2, 0.5, 0.8, 0.95)))
    if onset < 3 or n - onset < 4:
        return False
    worse = descent(draw, np.linspace(0, 1, n))
    hum = noise(draw, worse)
    broken = draw.pick("event", BROKEN)
    since = np.arange(n) - onset
    bad = since >= 0
    begins = onset
    if broken == "now and then, then for good":
        if onset < 12:
            return False
        bad[[onset - 9, onset - 5]] = True
        begins = onset - 9
    if broken == "more and more often":
        chance = np.clip(since / (n - onset), 0, 1) ** 0.5
        bad = (draw.rng.random(n) < chance) & (since >= 0)
        bad[onset] = bad[-1] = True
        if np.count_nonzero(bad) < 8:
            return False
    if broken == "most of the end":
        bad &= draw.rng.random(n) < 0.7
        bad[onset] = True
        if np.count_nonzero(bad) < 8:
            return False
    hum.points[bad] = np.nan
    if broken == "infinite, then NaN":
        hum.points[onset : onset + max((n - onset) // 3, 1)] = (
            np.inf if one.bad > one.good else -np.inf
        )
    logged(draw, log, one._replace(bound=np.inf if one.bad > one.good else -np.inf), at, worse, hum)
    grace = max(n // 20, 2) if broken == "more and more often" else 1
    log.true("nonfinite", one.tag, at[onset], window(at, begins - 1, onset + grace))
    return True


def stall(draw: Draw, log: Log) -> bool:
    """Nothing is written for long, and then it goes on."""
    one = measure(draw, WORDS)
    at = steps(draw, (40, 100, 300, 1000, 5000))
    n = len(at)
    hum = noise(draw, worse := descent(draw, np.linspace(0, 1, n)))
    spacing = float(np.median(np.diff(at))) * log.seconds_per_step
    onset = round(n * draw.pick("onset", (0.2, 0.5, 0.8, 0.95)))
    seconds = draw.pick("hours", (0.5, 2, 12)) * 3600
    if seconds < 200 * spacing or onset < 8 or n - onset < 2:
        return False
    if draw.pick("pauses", ("none", "none", "evaluations")) == "evaluations":
        every = max(n // 12, 3)
        for index in range(every, n, every):
            log.pause(int(at[index]), 8 * spacing)
    log.pause(int(at[onset]), seconds)
    logged(draw, log, one, at, worse, hum)
    # A run is told of once, about any of its series.
    tags = (one.tag, "train/lr", "lr", "train/grad_norm", "system/gpu_memory_gb", *SIBLINGS)
    log.true("stall", tags, at[onset], window(at, onset - 2, onset + 2))
    return draw.picked.get("restart", "none") == "none"
