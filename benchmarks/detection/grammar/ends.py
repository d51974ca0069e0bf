"""Runs that come to another end: plateaus, collapses, values that are no numbers, stalls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.grammar.attributes import descent, measure, noise, steps
from benchmarks.detection.grammar.logged import SIBLINGS, STEADY_COMPANY, logged, window
from benchmarks.detection.grammar.oracle import shown_level
from benchmarks.detection.grammar.rises import WORDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    # What is flat from the start has its scatter for a measure.
    from_start = stop == "from the start" and (1 - hum.correlation) * n >= 20
    return from_start or (onset > 0 and shown_level(1 - floor, hum, n - onset))


# What may not vanish, by its words.
VITAL = ("train/entropy", "losses/entropy", "policy_entropy", "codebook/active_codes",
         "perplexity/codebook_usage", "repr/std", "embedding_std", "feature_rank", "loss/D",
         "d_loss", "train/grad_norm", "diversity")  # fmt: skip
WAYS = ("at once", "in a twentieth", "in a fifth", "in steps")


def vanishing(draw: Draw, log: Log) -> bool:
    """What may not vanish falls to a small part of what it was, and stays there."""
    tag = draw.pick("words", VITAL)
    at = steps(draw, (40, 100, 300, 1000, 5000))
    n = len(at)
    onset = round(n * draw.pick("onset", (0.2, 0.5, 0.8)))
    left = draw.pick("left", (0.05, 0.01, 0.0))
    since = np.arange(n) - onset + 1
    way = draw.pick("event", WAYS)
    takes = {"at once": 1, "in a twentieth": n // 20, "in a fifth": n // 5, "in steps": n // 5}[way]
    gone = np.clip(since / max(takes, 1), 0, 1)
    if way == "in steps":
        gone = np.ceil(3 * gone) / 3
    sd = draw.pick("amount", (0.02, 0.1, 0.3))
    level = draw.rng.uniform(0.5, 4) * (1 + 0.3 * np.exp(-8 * np.arange(n) / n))
    values = level * np.maximum(left, 1e-4) ** gone * draw.rng.lognormal(0, sd, n)
    values[(gone >= 1) & (left == 0)] = 0.0
    log.add(tag, at, values)
    if draw.pick("company", ("alone", "loss")) == "loss":
        log.add(
            "train/loss", at, (1 + np.arange(n) / n * 20) ** -0.5 * draw.rng.lognormal(0, 0.02, n)
        )
    grace = max(2, takes // 3)
    log.true("collapse", tag, at[onset], window(at, onset - grace, onset + grace))
    return n - onset - takes >= max(8, n // 10) and onset >= 12


def collapse(draw: Draw, log: Log) -> bool:
    """A score that is lost at once, a loss that is exactly zero, or what vanishes."""
    if draw.pick("sort", ("lost", "lost", "vanishing")) == "vanishing":
        return vanishing(draw, log)
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


BROKEN = ("for good", "the last points", "now and then, then for good", "infinite, then NaN",
          "more and more often", "most of the end")  # fmt: skip


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
    bad, onset, begins = _bad(broken, n, onset, draw.rng)
    # A score or a reward may not be measured at each point.
    seldom = broken == "most of the end" and one.bad < one.good
    if begins < 0 or np.count_nonzero(bad) < 3 or seldom:
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


def _bad(
    broken: str, n: int, onset: int, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], int, int]:
    """Which points are none, where that begins for good, and where with single ones."""
    if broken == "the last points":
        onset = n - int(rng.integers(3, 6))
    since = np.arange(n) - onset
    bad, begins = since >= 0, onset
    if broken == "now and then, then for good":
        begins = onset - 9
        bad[[max(begins, 0), max(onset - 5, 0)]] = True
    elif broken in {"more and more often", "most of the end"}:
        share = np.clip(since / (n - onset), 0, 1) ** 0.5 if broken[:4] == "more" else 0.7
        bad &= rng.random(n) < share
        bad[[onset, -1]] = True
        if np.count_nonzero(bad) < 8:
            begins = -1
    return bad, onset, begins


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
