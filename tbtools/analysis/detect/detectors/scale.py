"""Explosion and collapse: the scale of a series changed for good, whatever its objective is.

Asked of the logarithm of absolute values. How large a change has to be follows from what the tag
measures: an order of magnitude of what may not vanish, or may not grow, two of anything else.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.detectors import zero
from tbtools.analysis.detect.detectors.learned_scale import (
    AT_ONCE,
    MUCH,
    NOTHING,
    SPREADS,
    Beside,
    Change,
    is_learned,
)
from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import HUGE, fold_text, place_of
from tbtools.analysis.detect.signals import change, excursion, growth, robust
from tbtools.analysis.detect.signals.change import BEGINNINGS, SMOOTH, Least
from tbtools.analysis.objective import better_alone, vital_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from tbtools.analysis.objective import Vital
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Array = NDArray[np.float64]
    Way = tuple[int, Least]

# There is no logarithm of less.
SMALLEST = float(np.finfo(np.float64).smallest_subnormal)
NEAR = float(np.log(3.0))
# Two orders of magnitude from level to level, of what happens at once a fifth of that, and one
# between the extremes on both sides. What grows may take longer, for what falls that slowly may be
# learned.
FALLS = Least(
    float(np.log(MUCH)), float(np.log(AT_ONCE)), float(np.log(10.0)), NEAR, longest=0.1, part=0.05
)
GROWS = replace(FALLS, longest=0.6, from_below=True)
# One order of magnitude of what is vital; of what grows, where it was at rest for a fifth of the
# series, for much of it grows when training begins.
VITAL = Least(
    float(np.log(10.0)),
    float(np.log(8.0)),
    NEAR,
    NEAR,
    longest=0.4,
    part=0.05,
    from_below=True,
)
VITAL_GROWS = replace(VITAL, longest=0.6, part=change.LONG_PART)
LEAPS = replace(GROWS, at_once=VITAL.gap, apart=float(np.log(6.0)))
VANISHES = replace(VITAL, part=0.02)
MAY_NOT_GROW: dict[Vital | None, tuple[Least, ...]] = {
    "gradient": (LEAPS,),
    "player": (VITAL_GROWS, GROWS),
    "size": (VITAL_GROWS, GROWS),
    "generator": (VITAL_GROWS, GROWS),
    "noise": (VITAL_GROWS, GROWS),
}
MAY_NOT_VANISH: dict[Vital | None, tuple[Least, ...]] = {
    "gradient": (VITAL, FALLS),
    "code": (VITAL, FALLS),
    "adversary": (VITAL, FALLS),
    "spread": (VANISHES, FALLS),
    "noise": (VANISHES, FALLS),
    "dead": (VANISHES, FALLS),
}
# How many times as large what grows up to the last point has become, as a logarithm; the divergence
# of a code is learned, and may grow for long.
GROWS_ON: dict[Vital | None, float] = {
    "player": VITAL.gap,
    "size": VITAL.gap,
    "generator": VITAL.gap,
    "spread": VITAL.gap,
    "noise": float(np.log(5.0)),
    "code": FALLS.gap,
}
ANYTHING_GROWS_ON = float(np.log(50.0))
# Its level at the end is that of one of so many parts of its points.
LAST = 20
# The steps of a schedule that does not repeat its values differ by no more than this part of them.
EVEN = 0.1
# What falls by so many times more in the later half of its way than in the earlier is on its way to
# zero, as what follows a learning rate is; what these measure does not.
FASTER = 1.5
FOLLOW_NO_RATE = frozenset({"spread", "noise", "dead", "gradient"})
# Of fewer points than tell a scale, so many before and so many behind are three times apart at the
# least, and so many times in all, up to so much, of what may not grow whatever is learned.
BEFORE, BEHIND, FEW = 4, 3, 20
EXPLODED, LARGE = 1000.0, 100.0
NEVER_GROW = frozenset({"gradient", "size", "generator"})
# The loss of a player that was zero but for its noise has to come to so many times that.
FROM_ZERO = 100.0
PLAYS = frozenset({"adversary", "generator"})
# What fell so many times farther before has collapsed there.
FAR_MORE = 100.0
# The level at the end is that of this part of what came after the onset.
END_PART = 4


def may_change(series: ScalarSeries, objective: Objective) -> bool:
    """Whether a change of its scale would be a fault: not of a reward, nor of a loss above zero.

    Args:
        series: Any series.
        objective: Which way is better.
    """
    return objective == "none" or (objective == "min" and not _ends_above_zero(series.value))


def find(series: ScalarSeries, objective: Objective, beside: Beside = NOTHING) -> Finding | None:
    """Looks for a scale that changed for good, or a series that became exactly zero at once.

    Args:
        series: Any series.
        objective: Which way is better; of a series that has one the scale may change.
        beside: What else is known of its run.
    """
    if not may_change(series, objective):
        return None
    finite = np.flatnonzero(np.isfinite(series.value))
    value = np.minimum(np.abs(series.value[finite]), HUGE)
    if not len(value):
        return None
    # Of a loss one point that is none is enough: that of the first batch.
    ended = zero.find(value, 1 if objective == "min" else zero.ZEROS)
    found, vital = None if ended is None else Change(*ended, 0.0), None
    # A ratio such as an explained variance has no scale.
    if found is None and objective == "none" and better_alone(series.tag) != "max":
        vital = vital_of(series.tag)
        if vital == "divergence":
            vital = "size" if beside.rewards else "code"
        found = _died(value) if vital == "dead" else _changed(value, vital)
        if found is None and vital in NEVER_GROW:
            found = _exploded_in_few(value)
    if found is None or (vital in SPREADS and _goes_through_zero(series.value[finite], found)):
        return None
    if vital in PLAYS and _came_out_of_zero(series.value[finite[: found.index]], found):
        return None
    if is_learned(found, vital, series, int(finite[found.index]), beside):
        return None
    return _finding(series, finite, found, objective, died=vital == "dead")


def _ends_above_zero(value: Array) -> bool:
    last = float(value[-1]) if len(value) else 0.0
    return last != 0 and math.isfinite(last)


def _died(share: Array) -> Change | None:
    """A share that became nearly all, as a collapse of what is left."""
    most = float(share.max())
    if most > 100:
        return None  # a number of units, of an unknown number
    whole = 100.0 if most > 1 else 1.0
    found = _changed(whole - share, "dead")
    if found is None or found.after > found.before:
        return None
    return Change(found.index, whole - found.before, whole - found.after)


def _exploded_in_few(value: Array) -> Change | None:
    """Values that are all beyond all before them, by orders of magnitude, in few points."""
    if not BEFORE + BEHIND <= len(value) < FEW:
        return None
    before = np.maximum.accumulate(value)[BEFORE - 1 : -BEHIND]
    after = np.minimum.accumulate(value[::-1])[::-1][BEFORE : len(value) - BEHIND + 1]
    apart = np.flatnonzero((before > 0) & (after > np.exp(NEAR) * before))
    if not len(apart):
        return None
    split = BEFORE + int(apart[0])
    base = robust.median(value[:split])
    # What rises from point to point began behind the last one that was near the level before ...
    index = int(np.flatnonzero(value[:split] <= np.exp(NEAR / 2) * base)[-1]) + 1
    # ... and is at its end where it will stay at the least.
    level = max(robust.median(value[split:]), robust.median(value[-BEHIND:]))
    found = Change(index, base, level)
    return found if found.times >= EXPLODED and found.after >= LARGE else None


def _changed(value: Array, vital: Vital | None) -> Change | None:
    if len(value) < change.LEAST_POINTS + excursion.PERSISTENT:
        return None
    ways = [(1, least) for least in MAY_NOT_GROW.get(vital, (GROWS,))]
    ways += [(-1, least) for least in MAY_NOT_VANISH.get(vital, (FALLS,))]
    least, most = float(value.min()), float(value.max())
    grows_on = GROWS_ON.get(vital, ANYTHING_GROWS_ON)
    if most == 0 or least > most / np.exp(min(grows_on, *(way.at_once for _, way in ways))):
        return None
    floor = least if least > 0 else max(SMALLEST, float(value[value > 0].min()) / 100)
    points = np.log(np.maximum(value, floor))
    stepped = _stepped(value, points, vital, ways)
    if stepped is not None and stepped.after < stepped.before:
        return stepped
    growing = _grows_on(value, points, grows_on)
    if stepped is None or growing is None:
        return stepped or growing
    return replace(stepped, ended=False)


def _stepped(value: Array, points: Array, vital: Vital | None, ways: list[Way]) -> Change | None:
    """A scale that was one, and is another."""
    for level, beginnings, asked in _levels(points, ways):
        for sign, way in asked:
            for begin in beginnings:
                step = change.find(sign * level, begin, way)
                if step is None or _is_scheduled(value[begin:], step.begin - begin):
                    continue
                onset = begin + change.begins(sign * points[begin:], step.begin - begin)
                follows = sign < 0 and vital not in FOLLOW_NO_RATE
                if follows and _falls_ever_faster(points[onset:]):
                    continue
                end = max(excursion.PERSISTENT, (len(value) - step.begin) // END_PART)
                before, after = (
                    robust.median(value[begin : step.begin]),
                    robust.median(value[-end:]),
                )
                found = Change(onset, before, after, step.gradual)
                if sign < 0 and value[: step.begin].max() * after > FAR_MORE * before**2:
                    continue  # it goes on falling
                # What came half of the way back again by the end is no scale for good.
                least_now = way.apart if sign < 0 else way.at_once
                if found.before > 0 and found.times >= np.exp(least_now):
                    return found
    return None


def _grows_on(value: Array, points: Array, least: float) -> Change | None:
    """A scale that grows up to the last point, and has no new level yet."""
    rest = growth.find(points, least)
    if rest is None or _is_scheduled(value, rest):
        return None
    end = max(excursion.PERSISTENT, len(value) // LAST)
    before, after = robust.median(value[:rest]), robust.median(value[-end:])
    return Change(rest, before, after, gradual=True, ended=False)


def _levels(points: Array, ways: list[Way]) -> Iterator[tuple[Array, list[int], list[Way]]]:
    """Smoothed levels, where each may begin to be at its level before, and what changes are asked.

    Args:
        points: The points.
        ways: Up or down, and what makes such a change.
    """
    beginnings = sorted({int(part * len(points)) for part in BEGINNINGS})
    narrower = robust.running_median(points, SMOOTH)
    yield narrower, beginnings, ways
    apart = min(way.apart for _, way in ways)
    long = [(sign, replace(way, part=max(change.LONG_PART, way.part))) for sign, way in ways]
    for part, widest, may_be in WIDE:
        wide = min(int(part * len(points)) | 1, widest)
        first, last = robust.median(points[:wide]), robust.median(points[-wide:])
        if wide > SMOOTH and abs(last - first) >= apart and may_be(narrower, first, last):
            level, half = robust.running_median(points, wide), wide // 2
            # The ends repeat the first and last points; so they say nothing of what is at rest.
            level[:half], level[-half:] = level[half], level[-half - 1]
            yield level, [0], long
            narrower = level


def _came_back_up(level: Array, low: float, high: float) -> bool:
    """Whether it was more than half-way up, and nearly down again, before it is high for good."""
    up = level > (low + high) / 2
    down = np.flatnonzero(level <= low + (high - low) / 4)
    return bool(high > low and up.any() and len(down) and down[-1] > np.argmax(up))


# Where medians of few points do not tell, those of this part of the points do, up to so many: what
# was elsewhere for a shorter time has come back. In medians of more a drift looks like a step; they
# tell only of what grew, and came back, and grew again.
WIDE: tuple[tuple[float, int, Callable[[Array, float, float], bool]], ...] = (
    (0.05, 101, lambda _level, _first, _last: True),
    (0.2, 2001, _came_back_up),
    (0.45, 4001, _came_back_up),
)


def _falls_ever_faster(level: Array) -> bool:
    """Whether a fall is steeper the longer it lasts, up to the last point."""
    part = len(level) // 4
    if part < excursion.BEFORE:
        return False
    first, middle, last = (
        robust.median(each)
        for each in (level[:part], level[len(level) // 2 - part // 2 :][:part], level[-part:])
    )
    return middle - last > FASTER * max(first - middle, 0.0) and middle - last > NEAR


def _goes_through_zero(value: Array, found: Change) -> bool:
    """Whether what falls to little changes its sign, as the entropy of a density may.

    Args:
        value: The values, with their signs.
        found: The change.
    """
    before, after = value[: found.index], value[found.index :]
    end = after[-max(excursion.PERSISTENT, len(after) // END_PART) :]
    beyond = abs(robust.median(end)) > robust.noise_of_points(end)
    return beyond and robust.median(before) * robust.median(end) < 0


def _came_out_of_zero(before: Array, found: Change) -> bool:
    """Whether a loss was zero but for its noise, as that of a player is that enters late."""
    middle = robust.median(before)
    noise = robust.sigma(before - middle)
    is_zero = before.min() < 0 < before.max() and abs(middle) < noise
    return bool(is_zero and found.before < found.after < FROM_ZERO * noise)


def _is_scheduled(value: Array, index: int) -> bool:
    """Whether a series moves as nothing that is measured does.

    It repeats its values before, or its way to values that it repeats has no noise. What is
    measured and has collapsed repeats its least value, too: one code, no unit that is alive.
    """
    before = value[:index]
    return robust.repeats(before) or (robust.repeats(value[index:]) and _is_smooth(before))


def _is_smooth(value: Array) -> bool:
    steps = robust.median(np.abs(np.diff(value)))
    return robust.median(np.abs(np.diff(value, 2))) <= EVEN * steps


def _finding(
    series: ScalarSeries,
    finite: NDArray[np.intp],
    found: Change,
    objective: Objective,
    *,
    died: bool,
) -> Finding:
    onset = int(finite[found.index])
    last_good = int(finite[found.index - 1])
    grew = found.after > found.before
    points = len(finite) - found.index
    place = place_of(series, onset)
    if died:
        text = f"rose at {place}, from about {found.before:.4g} to {found.after:.4g}, and stayed "
        text += f"there for {points:,} points: next to nothing is left"
    elif found.after == 0:
        text = f"is exactly 0 from {place} on, in {points:,} points; before it was about "
        text += f"{found.before:.4g}"
    elif not found.ended:
        text = (
            f"has grown {fold_text(found.times)} since {place}, from about {found.before:.4g} to "
        )
        text += f"{found.after:.4g}, by the same factor again and again, for {points:,} points"
    else:
        text = f"{'grew' if grew else 'fell'} {fold_text(found.times)} at {place}, from about "
        text += f"{found.before:.4g} to {found.after:.4g}, and stayed there for {points:,} points"
    if objective == "min":
        text += ": look at the labels, the mask and the precision of the weights"
    return Finding.of_points(
        series,
        onset,
        int(finite[-1]),
        ongoing=True,
        kind="explosion" if grew and not died else "collapse",
        severity="error" if objective == "min" else "warning",
        message=text,
        evidence={
            "level_before": found.before,
            "level_after": found.after,
            "points_since": points,
        },
        last_good=last_good,
    )
