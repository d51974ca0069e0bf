"""Explosion and collapse: the scale of a series changed for good, whatever its objective is.

Asked of the logarithm of absolute values. How large a change has to be follows from what the tag
measures: an order of magnitude of what may not vanish, or may not grow, two of anything else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.detectors import zero
from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import HUGE, fold_text, place_of
from tbtools.analysis.detect.signals import change, excursion, growth, robust
from tbtools.analysis.detect.signals.change import BEGINNINGS, SMOOTH, Least
from tbtools.analysis.objective import better_alone, is_players, vital_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged
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
    float(np.log(100.0)), float(np.log(20.0)), float(np.log(10.0)), NEAR, longest=0.1, part=0.05
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
# The same of what grows up to the last point.
GROWS_ON: dict[Vital | None, float] = dict.fromkeys(
    ("player", "size", "generator", "noise", "spread"), VITAL.gap
)
ANYTHING_GROWS_ON = FALLS.at_once
# Levels of a reward that tell how much it gains in all.
ENDS = 16
# This part of all that a reward gains is a leap, and this part the least with which values grow.
LEAP = 0.4
WORTH = 0.25
# What falls with the loss by this part of its own fall, in logarithms, may be a term of it.
ALIKE = 0.5
# The steps of a schedule that does not repeat its values differ by no more than this part of them.
EVEN = 0.1
# What falls by so many times more in the later half of its way than in the earlier is on its way to
# zero, as what follows a learning rate is; what these measure does not.
FASTER = 1.5
FOLLOW_NO_RATE = frozenset({"spread", "noise", "dead", "gradient"})
SPREADS = frozenset({"spread", "noise"})
# Of fewer points than tell a scale, so many before and so many behind are three times apart at the
# least, and so many times in all, up to so much, of what may not grow whatever is learned.
BEFORE, BEHIND, FEW = 4, 3, 20
EXPLODED, LARGE = 1000.0, 100.0
NEVER_GROW = frozenset({"gradient", "size", "generator"})
# What fell so many times farther before has collapsed there.
FAR_MORE = 100.0
# The level at the end is that of this part of what came after the onset.
END_PART = 4
# ... and of what grows on that of so many parts of the series.
LAST = 20
# Losses grow by the square of what is foretold, and by an order of magnitude more at the most.
BEYOND_SQUARE = 10.0


@dataclass(frozen=True)
class Beside:
    """What else is known of a run.

    Attributes:
        rewards: What its agent gets.
        loss: What it minimises, if that has an objective.
    """

    rewards: tuple[Judged, ...]
    loss: Judged | None


NOTHING = Beside((), None)


@dataclass(frozen=True)
class Change:
    """A change of scale.

    Attributes:
        index: Of the first point of the new scale, among the finite ones.
        before: The level of absolute values before.
        after: The same at the end.
        gradual: As of a `change.Step`.
        ended: Whether it has come to a new scale.
    """

    index: int
    before: float
    after: float
    gradual: bool = False
    ended: bool = True

    @property
    def times(self) -> float:
        """How many times the one is the other."""
        low, high = sorted([self.before, self.after])
        return high / low if low > 0 else math.inf


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
    if _is_learned(found, vital, series, int(finite[found.index]), beside):
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
    index = BEFORE + int(apart[0])
    # What rises from point to point is at its end where it will stay at the least.
    after = max(robust.median(value[index:]), robust.median(value[-BEHIND:]))
    found = Change(index, robust.median(value[:index]), after)
    return found if found.times >= EXPLODED and found.after >= LARGE else None


def _changed(value: Array, vital: Vital | None) -> Change | None:
    if len(value) < change.LEAST_POINTS + excursion.PERSISTENT:
        return None
    ways = [(1, least) for least in MAY_NOT_GROW.get(vital, (GROWS,))]
    ways += [(-1, least) for least in MAY_NOT_VANISH.get(vital, (FALLS,))]
    least, most = float(value.min()), float(value.max())
    if most == 0 or least > most / np.exp(min(way.at_once for _, way in ways)):
        return None
    floor = least if least > 0 else max(SMALLEST, float(value[value > 0].min()) / 100)
    points = np.log(np.maximum(value, floor))
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
    return _grows_on(value, points, vital)


def _grows_on(value: Array, points: Array, vital: Vital | None) -> Change | None:
    """A scale that grows up to the last point, and has no new level yet."""
    rest = growth.find(points, GROWS_ON.get(vital, ANYTHING_GROWS_ON))
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


def _is_learned(
    found: Change, vital: Vital | None, series: ScalarSeries, onset: int, beside: Beside
) -> bool:
    """Whether a change is what comes with learning.

    Values and their losses grow with the rewards that they foretell, and the losses fall to nothing
    when all is foretold; the entropy of a policy falls as they grow, a gradient as the loss does,
    and so do the loss's own terms.
    """
    small = found.times < np.exp(GROWS.gap)
    if vital == "gradient" and beside.loss is not None:
        if found.after > found.before:
            # Beside a loss that stands still it is told as that (`gradient.rising`).
            return bool(found.times < np.exp(GROWS.at_once))
        return _improves(beside.loss, series, onset) and _leaps(beside.loss, series, onset)
    if vital is None and found.after < found.before and beside.loss is not None:
        return _falls_with(beside.loss, series, onset, found.times)
    grew = found.after > found.before
    noisier = grew and small and vital == "noise"
    if noisier and not beside.rewards:
        return True  # the noise of what it is, nobody says
    grew = noisier or (grew and vital in {"player", None})
    foretold = found.after < found.before and vital == "player" and is_players(series.tag)
    if not grew and not foretold and not (small and vital in SPREADS):
        return False
    anyhow = foretold or (grew and (found.gradual or (small and vital is not None)))
    # What foretells the reward grows with it, and not beside one that hardly gains anything.
    worth = WORTH if vital in {"player", "noise"} else 0.0
    return any(
        _improves(reward, series, onset, worth)
        and (anyhow or _leaps(reward, series, onset))
        and (not found.gradual or _is_of_its_scale(reward, series, onset, found.times))
        for reward in beside.rewards
    )


def _is_of_its_scale(reward: Judged, series: ScalarSeries, onset: int, times: float) -> bool:
    """Whether what is foretold grew so much that its squares, as losses are, may do so."""
    first = reward.count_before(series, onset)
    value = np.abs(reward.series.value[reward.points])
    end = max(1, len(value) // LAST)
    before, after = robust.median(value[:first][-end:]), robust.median(value[-end:])
    return bool(times * before**2 <= BEYOND_SQUARE * after**2)


def _improves(judged: Judged, series: ScalarSeries, onset: int, worth: float = 0.0) -> bool:
    """Whether it is better at the end than ever before a point of another series.

    By more than a part of all that it gains.
    """
    first = judged.count_before(series, onset)
    if not 0 < first < len(judged):
        return False
    gain, all_of_it = judged.gain_from(first)
    return gain > worth * all_of_it


def _falls_with(loss: Judged, series: ScalarSeries, onset: int, times: float) -> bool:
    """Whether a loss falls about as many times as what may be a term of it, in logarithms."""
    first = loss.count_before(series, onset)
    value = loss.series.value[loss.points]
    before, after = value[:first], value[first:]
    if not len(before) or not len(after):
        return False
    level, end = robust.median(before), robust.median(after[-max(1, len(after) // 4) :])
    return bool(0 < end <= level * times**-ALIKE)


def _leaps(judged: Judged, series: ScalarSeries, onset: int) -> bool:
    """Whether a good part of all that it gains is gained in two or three tenths of the run."""
    first = judged.count_before(series, onset)
    before, after = judged.y[:first], judged.y[first:]
    near = max(1, int(change.SUDDEN_PART * len(judged)))
    later = after[: 3 * near][-near:]
    gained = robust.median(before[-near:]) - robust.median(later)
    levels = robust.window_medians(judged.y, max(1, len(judged) // ENDS), ENDS)
    return bool(gained >= LEAP * (levels.max() - levels.min()))


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
