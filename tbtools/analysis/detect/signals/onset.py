"""Where a lasting rise begins: to the point where it is sudden, by extrapolation elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.excursion import Scale
from tbtools.extensions import compiled_or_python

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    from tbtools.analysis.detect.signals.excursion import Excursion

    Array = NDArray[np.float64]

# Crossings are looked for this many standard deviations above the base: high enough that noise does
# not cross by itself, low enough that an exponential rise has only just begun.
CROSSING = 8.0
# A rise that begins in this first part of a series which by then had achieved next to nothing,
# beside what it lost, is a rise from the start.
START = 0.15
NOTHING = 0.1
# A rise that takes no more windows than this is looked at in finer ones ...
UNRESOLVED = 2
# ... over so many of the coarser before it, in which its base and noise are taken anew.
LOCAL = 16
# A rise of any power up to the fourth took less than so many times as long to half its height as it
# took from there.
AHEAD = 6
# So many ends of a slope are tried.
ENDS = 8
# Which of two bends is right is asked of so many times as many points before them as lie between
# them, and of as many behind; of so many at least.
HINGED = 3
LEAST_HINGED = 10
# So many levels make a staircase.
STAIRS = 5

_fits: ModuleType = compiled_or_python("tbtools.analysis.detect._fits")


@dataclass(frozen=True)
class Onset:
    """Where a rise begins.

    Attributes:
        index: Index of its first point.
        sudden: Whether half of the gap is there from one point to the next.
        steep: Whether it rises by more than its noise from point to point.
    """

    index: int
    sudden: bool
    steep: bool = False


def locate(y: Array, rise: Excursion, least_noise: float = 0.0, start: float = START) -> Onset:
    """Finds the first point of a rise.

    Args:
        y: Values, lower is better.
        rise: What `excursion.find` has found in them.
        least_noise: What the noise of single points is known to be at least.
        start: What begins to rise in this first part, having achieved nothing, rose from the start.
    """
    scale = _scale_reaching(y, rise)
    level = excursion.smoothed(scale.level)
    low = min(max(0, (rise.low - scale.start) // scale.width), len(level) - 1)
    half = _crossing(level, low, rise.base + 0.5 * rise.gap)
    split = _split(y, scale, half, rise)
    if split is not None:
        return Onset(split, sudden=True)
    bend = _bend(y, scale, low, rise, least_noise)
    if bend.index <= start * len(y) and rise.progress <= NOTHING * rise.gap:
        # Unless it came down to there from the first points on.
        fallen = robust.median(y[: excursion.BEFORE]) - rise.base
        return bend if fallen > NOTHING * rise.gap else Onset(0, sudden=False)
    return bend


def locate_level(y: Array, rise: Excursion) -> int:
    """The first point of a rise from one level to another, at once or along a slope.

    A slope is that from the bend which `locate` finds, or a ramp between two levels, whichever
    leaves less. It has two numbers more than two levels have, which cost what they do in Schwarz's
    criterion, for noise bends it early.

    Args:
        y: Values, lower is better.
        rise: What `excursion.find` has found in them.
    """
    bend = locate(y, rise, start=0.0)  # it was level before, and did not fall
    if bend.sudden:
        return bend.index
    y = np.clip(y, rise.base - 0.5 * rise.gap, rise.base + 1.5 * rise.gap)
    split, _, levels, _ = _fits.two_levels(y)
    slope = _fits.slope(y, bend.index, np.linspace(bend.index + 1, len(y) - 1, ENDS))
    # A number more for Schwarz's criterion where it is no straight one.
    ramp, squares = _fits.ramp(y, len(y) ** (1 / len(y)))
    least = min(slope, squares)
    if levels <= least * len(y) ** (2 / len(y)):
        return int(split)
    edges, stairs = _staircase(y)
    if stairs * len(y) ** (2 * (len(edges) - 1) / len(y)) >= least:
        return _hinge(y, bend.index, ramp) if squares < slope else bend.index
    heights = np.diff([y[begin:end].mean() for begin, end in pairwise(edges)])
    return edges[1 + int(np.argmax(heights >= heights.max() / 2))]


def _hinge(y: Array, bend: int, ramp: int) -> int:
    """Which of two points a level bends upwards at, by the points about them.

    A ramp is fitted to all of the rise, whose later course may be another one and pull its
    beginning to and fro. These points have to say so as clearly as two numbers more would.

    Args:
        y: Values.
        bend: One of the points.
        ramp: The other.
    """
    apart = abs(bend - ramp)
    begin = max(0, min(bend, ramp) - max(HINGED * apart, LEAST_HINGED))
    part = y[begin : max(bend, ramp) + max(apart, LEAST_HINGED)]
    about_bend, about_ramp = (_fits.squares_about_ramp(part, at - begin) for at in (bend, ramp))
    return bend if about_bend * len(part) ** (2 / len(part)) <= about_ramp else ramp


def _staircase(y: Array) -> tuple[list[int], float]:
    """Where some levels begin and end that fit best, split one after the other, and what is left.

    Args:
        y: Values.
    """
    edges = [0, len(y)]
    parts = [_fits.two_levels(y)]
    while len(edges) <= STAIRS:
        best = max(range(len(parts)), key=lambda part: parts[part][-1])
        if not parts[best][0]:
            break
        edges.insert(best + 1, edges[best] + parts[best][0])
        parts[best : best + 1] = [
            _fits.two_levels(y[begin:end]) for begin, end in pairwise(edges[best : best + 3])
        ]
    return edges, sum(whole for _, whole, _, _ in parts)


def locate_in_blocks(y: Array, rise: Excursion) -> Onset:
    """The same for means of outcomes, of which a few are enough to be a level.

    Args:
        y: Means, lower is better.
        rise: The rise.
    """
    good = int(np.argmax(y <= rise.base + 0.5 * rise.gap))
    return Onset(good + robust.least_squares_split(y[good:]), sudden=True)


def _bend(y: Array, scale: Scale, low: int, rise: Excursion, least_noise: float) -> Onset:
    """Where a level leaves its base: by the bend of a broken line, or in finer windows.

    Args:
        y: All values.
        scale: Windows around the rise.
        low: The window with the best level before it.
        rise: The rise, whose base is not far under that of these windows.
        least_noise: As for `locate`.
    """
    level = excursion.smoothed(scale.level)
    noise = robust.noise_of_levels(scale.level[: max(low + 1, 16)])
    noise = max(noise, least_noise / scale.width**0.5)
    base = min(robust.median(level[max(0, low - 3) : low + 2]), rise.base + 3 * noise)
    height = min(rise.gap, CROSSING * noise) if noise > 0 else 0.1 * rise.gap
    top = _crossing(level, low, base + height)
    inside = _last(level[: top + 1] < base + 0.5 * height)
    if top - inside <= UNRESOLVED and scale.width > 1:
        finer, before = _finer(y, scale, inside, top)
        return _bend(y, finer, before, replace(rise, base=base), least_noise)
    # As far before the best level as after it, no higher, and not so far that what the noise does
    # there outweighs the rise.
    begin = max(2 * low - top, _last(level[: low + 1] > base + 0.5 * height) + 1)
    begin = max(begin, inside - max(LOCAL, AHEAD * (top - inside)))
    # Spikes of two windows have no weight in it.
    bend = begin + least_squares_bend(robust.running_median(scale.level, 5)[begin : top + 1])
    return Onset(max(scale.point(bend), 0), sudden=False)


def _finer(y: Array, scale: Scale, inside: int, top: int) -> tuple[Scale, int]:
    """Windows half as wide around a rise, and the one that is the last before it.

    Args:
        y: All values.
        scale: The windows now.
        inside: The last window before the rise.
        top: The first one that is up.
    """
    width = scale.width // 2
    end = min(len(y), scale.point(top + 3))
    begin = max(0, scale.point(inside - LOCAL))
    level = robust.window_medians(y[begin:end], width, len(y))
    finer = Scale(level, end - len(level) * width, width)
    return finer, max(0, (scale.point(inside) - finer.start) // width - 1)


def _last(true: NDArray[np.bool_]) -> int:
    """Index of the last true element; -1 where there is none."""
    where = np.flatnonzero(true)
    return int(where[-1]) if len(where) else -1


def _scale_reaching(y: Array, rise: Excursion) -> Scale:
    """The finest windows that reach back to the best level and some way beyond."""
    reach = min(len(y), int(1.3 * (len(y) - rise.low)) + 16)
    for scale in excursion.scales(y):
        if len(y) - scale.start >= reach - scale.width:
            break
    return scale


def _crossing(level: Array, low: int, threshold: float) -> int:
    """The window at which levels go above a threshold for good.

    Noise makes the last window below it late and the first above it early, by as much on average.
    """
    above = level[low:] > threshold
    if not above.any():
        return len(level) - 1
    first = int(np.argmax(above))
    last = len(above) - int(np.argmin(above[::-1])) if not above.all() else 0
    return low + (first + max(first, last)) // 2


def _split(y: Array, scale: Scale, window: int, rise: Excursion) -> int | None:
    """The first point after a step, where points around a window make one; else None."""
    margin = 4 * scale.width + 8
    begin = max(0, scale.point(window) - margin)
    part = y[begin : scale.point(window) + margin]
    ceiling = rise.base + 1.5 * rise.gap
    clipped = np.clip(part, rise.base - 0.5 * rise.gap, ceiling)
    at = robust.least_squares_split(clipped)
    noise = level_and_noise(clipped[:at])[1]
    # A drift goes on rising after any split; of a jump this is all.
    whole = max(rise.gap, robust.median(y[-max(5, rise.width) :]) - rise.base)
    # As many points on each side as make their median good to a quarter of the gap, and to an
    # eighth: of few some leap somewhere on any slope, over many any slope leaps.
    for part_of_gap in (5, 10):
        count = max(3, int((part_of_gap * noise / rise.gap) ** 2))
        before = robust.median(clipped[max(0, at - count) : at])
        after = robust.median(clipped[at : at + count])
        if before - rise.base > 0.25 * whole or after - before < 0.6 * whole:
            return None
    # A jump that fits in few points has its noise from more points before them.
    ahead = max(0, begin - LOCAL)
    capped = np.minimum(y[ahead : begin + at], ceiling)
    return ahead + _first_unexplained(capped)


def level_and_noise(y: Array) -> tuple[float, float]:
    """Median of the points before a step and their noise.

    Args:
        y: The points, at least one.
    """
    middle = robust.median(y)
    return middle, max(robust.noise_of_points(y), robust.sigma(y - middle))


def _first_unexplained(y: Array) -> int:
    """The first point of a blow-up, which takes some points, that noise does not explain.

    Points of the blow-up itself make the noise before it look larger: so it is taken again from
    what is left, until nothing changes.

    Args:
        y: Values up to a point of the blow-up.
    """
    at = len(y)
    while at > excursion.BEFORE:
        middle, noise = level_and_noise(y[:at])
        first = _last(y[:at] < middle + 4 * noise) + 1
        if first in (0, at):
            break
        at = first
    return at


def least_squares_bend(y: Array, slower: float = 1e-9) -> int:
    """The index at which a falling or level line bends into a rising one, by least squares.

    Args:
        y: Values, at least one.
        slower: What part of the slope behind the bend the line before it may rise with.

    Returns:
        Index of the value at the bend.
    """
    return int(_fits.bend(np.ascontiguousarray(y), slower)) if len(y) >= 4 else 0
