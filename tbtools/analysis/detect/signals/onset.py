"""Where a lasting rise begins: to the point where it is sudden, by extrapolation elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.excursion import Scale

if TYPE_CHECKING:
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
# So many ends of a slope are tried ...
ENDS = 8
# ... so many places at which a ramp begins and ends, and so many about the best; its height is such
# a power of the part that lies behind.
BENDS = 24
FINER = 12
# Which of two bends is right is asked of so many times as many points before them as lie between
# them, and of as many behind; of so many at least.
HINGED = 3
LEAST_HINGED = 10
# So many levels make a staircase.
STAIRS = 5
POWERS = (0.5, 0.75, 1.0, 1.25)
# The models of so many points are kept: levels are hardly ever more.
SHARED = 128


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
    split = robust.least_squares_split(y)
    levels = float(split * y[:split].var() + (len(y) - split) * y[split:].var())
    ends = np.linspace(bend.index + 1, len(y) - 1, ENDS)
    slope = min(_squares_about_slope(y, bend.index, end) for end in ends)
    ramp, squares = _ramp(y)
    index = _hinge(y, bend.index, ramp) if squares < slope else bend.index
    slope = min(slope, squares)
    if levels <= slope * len(y) ** (2 / len(y)):
        return split
    edges, stairs = _staircase(y)
    if stairs * len(y) ** (2 * (len(edges) - 1) / len(y)) >= slope:
        return index
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
    pairs = np.array([[bend - begin, len(part)], [ramp - begin, len(part)]])
    squares = _ramps(pairs, np.arange(len(part)), 1.0).squares(part)
    return bend if squares[0] * len(part) ** (2 / len(part)) <= squares[1] else ramp


def _staircase(y: Array) -> tuple[list[int], float]:
    """Where some levels begin and end that fit best, split one after the other, and what is left.

    Args:
        y: Values.
    """
    edges = [0, len(y)]
    while len(edges) <= STAIRS:
        parts = [y[begin:end] for begin, end in pairwise(edges)]
        splits = [robust.least_squares_split(part) if len(part) > 1 else 0 for part in parts]
        gains = [
            len(part) * part.var() - at * part[:at].var() - (len(part) - at) * part[at:].var()
            if at
            else 0.0
            for part, at in zip(parts, splits, strict=True)
        ]
        best = int(np.argmax(gains))
        if not splits[best]:
            break
        edges = sorted([*edges, edges[best] + splits[best]])
    left = sum(len(part) * part.var() for part in (y[b:e] for b, e in pairwise(edges)))
    return edges, float(left)


def _squares_about_slope(y: Array, bend: int, end: float) -> float:
    """What is left about a line that bends upwards at one point and is level from another on."""
    away = np.arange(len(y)) - bend
    model = np.stack([np.ones(len(y)), np.minimum(away, 0), np.clip(away, 0, end - bend)], axis=1)
    rest = y - model @ np.linalg.lstsq(model, y, rcond=None)[0]
    return float(rest @ rest)


def _ramp(y: Array) -> tuple[int, float]:
    """The first point of the ramp between two levels that fits best, and the squares about it.

    It may be steeper at its beginning or at its end: a number more for Schwarz's criterion.
    """
    cost = len(y) ** (1 / len(y))
    ramps = [_ramp_of(y, power) for power in POWERS]
    return min(ramps, key=lambda ramp: ramp[1] * (1 if ramp[2] == 1 else cost))[:2]


def _ramp_of(y: Array, power: float) -> tuple[int, float, float]:
    """That of one power, sought in a coarse grid of beginnings and ends, then in finer ones."""
    last = len(y) - 1
    ramps = _coarse_ramps(len(y), power)
    at, apart = ramps.at, last / (BENDS - 1)
    bend, end = ramps.best(y[at])
    for _ in range(2):
        ramps = _ramps_about(bend, end, apart, FINER, last, at, power)
        bend, end = ramps.best(y[at])
        apart *= 2 / (FINER - 1)
    best = _ramps(np.array([[bend, end]]), np.arange(len(y)), power)
    return bend, float(best.squares(y)[0]), power


@dataclass(frozen=True)
class _Ramps:
    """Ramps from 0 to 1, and what is needed to fit them.

    Attributes:
        pairs: Where each begins and ends.
        at: The points of which there are values.
        values: Those of each ramp less their mean.
        sums: The sums of their squares.
    """

    pairs: Array
    at: NDArray[np.intp]
    values: Array
    sums: Array

    def squares(self, y: Array) -> Array:
        """What is left of values about each."""
        centred = y - y.mean()
        return np.asarray(centred @ centred - (self.values @ centred) ** 2 / self.sums)

    def best(self, y: Array) -> tuple[int, float]:
        """The beginning and the end of the ramp that fits best."""
        bend, end = self.pairs[int(np.argmin(self.squares(y)))]
        return int(bend), float(end)


def _ramps(pairs: Array, at: NDArray[np.intp], power: float) -> _Ramps:
    values = np.clip((at - pairs[:, :1]) / (pairs[:, 1:] - pairs[:, :1]), 0, 1) ** power
    values -= values.mean(axis=1, keepdims=True)
    return _Ramps(pairs, at, values, np.maximum((values**2).sum(axis=1), excursion.TINY))


def _ramps_about(
    bend: int, end: float, apart: float, count: int, last: int, at: NDArray[np.intp], power: float
) -> _Ramps:
    """Ramps that begin and end at so many places about these."""
    bends = np.linspace(max(0, bend - apart), min(last - 1, bend + apart), count).astype(int)
    ends = np.linspace(max(1, end - 2 * apart), min(last, end + 2 * apart), count)
    pairs = np.stack(np.meshgrid(bends, ends), axis=-1).reshape(-1, 2)
    return _ramps(pairs[pairs[:, 1] > pairs[:, 0]], at, power)


@lru_cache(maxsize=8)  # half a megabyte each
def _coarse_ramps(n: int, power: float) -> _Ramps:
    """Ramps anywhere in n points, at no more of these than are needed: the same for all series."""
    every = max(1, n // SHARED)
    at = np.arange(every // 2, n, every)
    return _ramps_about((n - 1) // 2, float(n - 1), (n - 1) / 2, BENDS, n - 1, at, power)


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
    n = len(y)
    if n < 4:
        return 0
    model, solution = _broken_lines(n) if n <= SHARED else _broken_lines.__wrapped__(n)
    centred = y - y.mean()
    moments, fit = (model @ centred).reshape(-1, 3), (solution @ centred).reshape(-1, 3)
    explained = np.sum(fit * moments, axis=1)
    falls_then_rises = (fit[:, 1] <= slower * fit[:, 2]) & (fit[:, 2] > 0)
    return int(np.argmax(np.where(falls_then_rises, explained, -np.inf)))


@lru_cache(maxsize=64)
def _broken_lines(n: int) -> tuple[Array, Array]:
    """Of n points the models of all broken lines, and what solves them.

    Three rows a bend: height at the bend, slope before it, slope after it. They are the same for
    all series of a length.
    """
    away = np.arange(n) - np.arange(n - 1)[:, None]
    rows = [np.ones(away.shape), np.minimum(away, 0), np.maximum(away, 0)]
    model = np.stack(rows, axis=1).astype(float)
    # The first bend has no points before it; a little of the identity keeps its system solvable.
    normal = model @ model.transpose(0, 2, 1) + 1e-9 * np.eye(3)
    solution = np.linalg.solve(normal, model)
    return model.reshape(-1, n), solution.reshape(-1, n)
