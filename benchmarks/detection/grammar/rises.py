"""Runs that get worse for good: divergence and overfitting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.grammar.attributes import (
    DESCENTS,
    descent,
    measure,
    noise,
    rounded,
    steps,
)
from benchmarks.detection.grammar.logged import logged, window
from benchmarks.detection.grammar.oracle import clear, lost

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log
    from benchmarks.detection.grammar.attributes import Array, Draw, Measure, Noise

WORDS = ("training loss", "training loss", "held-out loss", "error", "share", "percent", "ratio",
         "reward")  # fmt: skip
HEIGHTS = (0.4, 0.7, 1.0, 3.0, 30.0)
EVENTS = (
    "jump", "ramp to the end", "ramp, then a level", "ever faster", "jump, half made good",
    "stairs up", "to the start", "relapses, then for good", "between two levels",
    "slower and slower", "ever longer relapses", "sawtooth up", "swings that grow", "a few levels",
)  # fmt: skip
# Where what came and went before is there for good, as a part of the time since the onset.
LASTS = {"relapses, then for good": 0.4, "ever longer relapses": 0.7}
PLACES = (0.05, 0.2, 0.5, 0.8, 0.95)


def divergence(draw: Draw, log: Log) -> bool:
    """A curve that has got worse, and stays so."""
    one = measure(draw, WORDS)
    at = steps(draw)
    n = len(at)
    t = np.linspace(0, 1, n)
    onset = round(n * draw.pick("onset", PLACES))
    if onset < 5 or n - onset < 5:
        return False
    before = descent(draw, t, (*DESCENTS, "level at the end", "getting worse"))
    height = draw.pick("height", HEIGHTS)
    event = draw.pick("event", EVENTS)
    rises = rise(event, n - onset)
    reached = 1 - before[:onset].min()
    worse = before.copy()
    # Nothing is learned any more from the onset on.
    worse[onset:] = before[onset - 1] + rises * height * reached
    if event == "to the start":
        worse[onset:] = before[0]
    worse = np.minimum(worse, one.worst)
    hum = noise(draw, worse)
    loss, had = lost(worse, onset)
    logged(draw, log, one, at, worse, hum)
    first, last = onset_window(worse, onset, hum)
    # It may be said to begin with the first relapse, or with what lasts.
    last = max(last, onset + round(LASTS.get(event, 0.0) * (n - onset)) + 2)
    if draw.picked["before"] == "getting worse":
        first = min(first, int(np.argmin(before[:onset])) - 2)
    log.true("divergence", one.tag, at[onset], window(at, first, last),
             also=("overfitting", "collapse"))  # fmt: skip
    return had >= 0.1 and loss >= 0.35 * had and clear(loss, hum, onset, n - onset)


def rise(event: str, n: int) -> Array:
    """The course of what gets worse, from the onset on: about 1 at its end."""
    t = np.arange(1, n + 1) / n
    courses = {
        "ramp to the end": t,
        "ramp, then a level": np.minimum(t / 0.4, 1),
        "ever faster": np.expm1(4 * t) / np.expm1(4),
        "slower and slower": np.sqrt(t),
        "jump, half made good": 1 + np.exp(-t / 0.15),
        "stairs up": np.ceil(4 * t) / 4,
        "relapses, then for good": (t < 0.1) | ((t > 0.2) & (t < 0.3)) | (t > 0.4),
        "ever longer relapses": np.where(
            t < 0.7, np.where(np.sin(2 * np.pi * np.sqrt(9 * t)) > 0, 1.0, 0.1), 1.0
        ),
        "sawtooth up": 0.6 * t + 0.4 * (5 * t % 1),
        "swings that grow": t * (1.1 + np.sin(12 * np.pi * t)),
        "a few levels": np.array([0.6, 1.4, 0.9, 1.2])[np.minimum((4 * t).astype(int), 3)],
        "between two levels": 1 - 0.5 * (np.arange(n) // max(n // 12, 1) % 2),
    }
    return np.asarray(courses.get(event, np.ones(n)), float)


def onset_window(worse: Array, onset: int, hum: Noise) -> tuple[int, int]:
    """The points at which nobody could say that it had not begun.

    From two points before the onset (three of what is averaged), or as long before as the rise
    takes to be seen, to where all that has come since is seen: its mean lies four standard errors
    above the level.
    """
    n, grace = len(worse), 3 if hum.kind == "smoothed" else 2
    counted = (1 - hum.correlation) / (1 + hum.correlation)
    gain = np.cumsum(worse[onset:] - worse[onset - 1])
    number = np.arange(1, n - onset + 1)
    height = float(np.max(worse[onset:]) - worse[onset - 1])
    needed = 4 * hum.sd * np.sqrt(number / counted)
    # Where there is no noise at all, a twentieth of the rise is what is seen.
    seen = (gain > needed) & (worse[onset:] - worse[onset - 1] > 0.05 * height)
    last = int(np.argmax(seen)) if seen.any() else n - onset - 1
    early = min(last, onset // 2)
    flat = _nearly_best(worse, onset, hum)
    return min(onset - early, flat) - grace, onset + last + grace


def _nearly_best(worse: Array, onset: int, hum: Noise) -> int:
    """From where on the curve before is as good as it ever was, but for the noise."""
    out = np.flatnonzero(worse[:onset] > np.min(worse[:onset]) + max(2 * hum.sd, 1e-9))
    return max(int(out[-1]) + 1 if len(out) else 0, onset - max(len(worse) // 20, 2))


FALLS = ("power law", "exponential", "fast and slow", "straight", "late")
RISES = ("straight", "slower and slower", "ever faster", "then a level", "jump", "stairs")
LEARNED = ("power law", "exponential", "straight")


def overfitting(draw: Draw, log: Log) -> bool:
    """What is held out gets worse while training goes on to improve."""
    one = measure(draw, ("held-out loss", "held-out loss", "error", "share", "percent", "ratio"))
    at = steps(draw, (8, 12, 20, 40, 100, 300, 1000))
    n = len(at)
    t = np.linspace(0, 1, n)
    best = draw.pick("best at", (0.1, 0.2, 0.35, 0.5, 0.7))
    bottom = max(round(best * n), 2)
    form = draw.pick("event", RISES)
    # Two points or three, and then others at once, are no level that was lost.
    if n - bottom < 4 or (form == "jump" and bottom < 4):
        return False
    fall = descent(draw, np.arange(n) / bottom, FALLS)
    height = draw.pick("height", (0.2, 0.35, 0.6, 1.0, 3.0))
    left = np.arange(1, n - bottom + 1) / (n - bottom)
    shapes = {
        "straight": left,
        "slower and slower": np.sqrt(left),
        "ever faster": left**2.5,
        "then a level": np.minimum(left / 0.5, 1),
        "jump": np.ones(n - bottom),
        "stairs": np.ceil(4 * left) / 4,
    }
    worse = fall.copy()
    reached = 1 - fall[bottom - 1]
    worse[bottom:] = fall[bottom - 1] + shapes[form] * height * reached
    worse = np.minimum(worse, one.worst)
    hum = noise(draw, worse)
    layout = draw.pick("training logged", ("with it", "with it", "20 times as often", "by itself"))
    dense = np.linspace(0, 1, n * 20) if layout == "20 times as often" else t
    trained = _trained(draw, one, dense)
    if layout == "with it":
        logged(draw, log, one, at, worse, hum, others={one.twin: rounded(hum, trained)})
    elif layout == "20 times as often":
        often = np.interp(np.arange(1, len(dense) + 1) / 20, np.arange(1, n + 1), at)
        log.add(one.twin, np.maximum.accumulate(np.ceil(often)), trained)
        logged(draw, log, one, at, worse, hum, restarts=("none",))
    else:
        # As Keras does it: the same tag in two runs.
        tag = draw.one(("epoch_loss", "loss") if one.bad > one.good else ("epoch_accuracy",))
        one = one._replace(tag=tag, twin=tag)
        log.session("train")
        log.add(tag, at, rounded(hum, trained))
        log.session(draw.one(("validation", "val", "eval")))
        log.add(tag, at, rounded(hum, one.values(worse + hum.points)))
    first, last = onset_window(worse, bottom, hum)
    log.true("overfitting", one.tag, at[bottom], window(at, first, last), also=("divergence",))
    loss, had = lost(worse, bottom)
    floor = 0.2 * had
    after = worse[bottom:] - worse[bottom - 1]
    shown = int(np.count_nonzero(after > 0.3 * after.max()))
    return loss >= floor and clear(loss, hum, bottom, shown)


def _trained(draw: Draw, one: Measure, t: Array) -> Array:
    """The training series beside, which goes on to improve."""
    learned = {"power law": (1 + 20 * t) ** -0.8, "exponential": np.exp(-4 * t), "straight": 1 - t}
    course = learned[draw.pick("training", LEARNED)]
    values = one.values(course * 0.95 - 0.1)
    if one.twin.endswith("loss") and not one.tag.endswith("loss"):
        values = 0.2 + 3 * course
    return np.asarray(values + np.std(values) * 0.05 * draw.rng.normal(size=len(t)))


__all__ = ["divergence", "overfitting"]
