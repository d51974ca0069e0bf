"""Oscillation that grows: the median stays where it was, but the points leave it on both sides.

It is an excursion again, not of the values but of the logarithm of how far they spread within short
blocks. What counts as growing noise is therefore judged by the same rule as what counts as rising
loss: beyond what noise does by itself, for good, and without precedent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.onset import Onset, locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.detect.signals.excursion import Excursion

    Array = NDArray[np.float64]

# Blocks over the series: a wave is seen if its period is no longer than two of them.
BLOCKS = 24
# Fewer points in a block have no spread.
LEAST_POINTS = 4
# Fewer points before the swings do not tell the noise.
LEAST_BEFORE = 16
# Fewer blocks have no trend.
LEAST_BLOCKS = 8
# The spread grows at least to three times what it was.
LEAST = float(np.log(3.0))
# Standard deviation of the logarithm of a mean distance, for one point: the distances of normal
# noise from their centre vary by sqrt(pi / 2 - 1) of their mean.
SPREAD_NOISE = float(np.sqrt(np.pi / 2 - 1))
# The worse side has to get worse too: a standard error less will do.
CONFIDENCE = excursion.LEAST_CONFIDENCE
# The worse side is where a quarter of the points are worse: a sine is there at 0.71 of its height,
# and isolated spikes do not reach it.
WORSE_SIDE = 0.75
# Where the level improves, the worse side is worse by this part of the swings.
WORSENS = 0.05
# Where it fell and rose again meanwhile, by so many standard errors of a quarter of noise, too.
SURELY = 1.0
# Blocks that make the two sides at the end.
END = 3


@dataclass(frozen=True)
class Oscillation:
    """An oscillation that grows to the end.

    Attributes:
        onset: Where it begins.
        before: The worse side of the points at its best, before or since.
        after: The worse side at the end.
        times: By how much the points' distance from their local mean has grown.
        standard_errors: How far that is beyond the noise.
        improves: Whether the level is better than ever all the same.
    """

    onset: Onset
    before: float
    after: float
    times: float
    standard_errors: float
    improves: bool


def find(y: Array, noise: float) -> Oscillation | None:
    """Looks for an oscillation that grows until the worse side of the points is worse for good.

    Args:
        y: Values, lower is better.
        noise: Noise of single points.
    """
    width = block_width(len(y))
    growth = None if width is None else _growth(y, width, noise)
    if width is None or growth is None:
        return None
    every, first = width // 2, growth.first
    # The noise of all points is mostly that of the swings themselves.
    if first >= LEAST_BEFORE:
        noise = min(noise, robust.noise_of_points(y[:first]))
    worse = robust.window_quantiles(y[: max(width, first)], width, BLOCKS, WORSE_SIDE)
    before = float(worse.min())
    end = y[-END * width :]
    better, after = robust.quantile(end, 1 - WORSE_SIDE), robust.quantile(end, WORSE_SIDE)
    if after - noise <= before:
        before = _best_since(y, width)
        # Of noise that grows its quarter is known no better than that.
        noise = max(noise, SURELY * (after - better) / len(end) ** 0.5)
    least = max(3 * noise, 2 * excursion.EFFECT * excursion.progress(worse, before))
    if not better < before < after - noise or after - better < least:
        return None
    if not _swings_more(y, first, every, noise):
        return None
    improves = _improves(y, first, width)
    # What is better now and then, and at other times no worse than it was, has learnt something; so
    # has what had stood still before, and is better by more than it swings.
    if improves and after - before < WORSENS * (after - better):
        return None
    gained = robust.median(y[:first]) - better if improves and robust.repeats(y[:first]) else 0.0
    if after - better <= gained:
        return None
    onset = Onset(first, growth.sudden)
    return Oscillation(onset, before, after, growth.times, growth.standard_errors, improves)


def begins(y: Array, noise: float, rise: Excursion, onset: Onset) -> int | None:
    """The first point of swings of which a rise is the later part; None where it begins by itself.

    Args:
        y: Values, lower is better.
        noise: Noise of single points.
        rise: The rise.
        onset: Where it begins; what is sudden or steep is dated to the point, and blocks are not.
    """
    width = block_width(len(y))
    growth = None if width is None else _growth(y, width, noise)
    if width is None or growth is None or growth.first < LEAST_BEFORE:
        return None
    blocks = 2 if onset.sudden else 1 if onset.steep else 0
    if growth.first >= onset.index - blocks * width:
        return None
    # Swings fall by as much as is lost in the end, again and again.
    moves = np.diff(robust.running_median(y[growth.first :], 3))
    if -moves[moves < -2 * noise].sum() < rise.gap:
        return None
    return growth.first if _swings_more(y, growth.first, width // 2, noise) else None


@dataclass(frozen=True)
class _Growth:
    """A spread that grows: the first point, and as of an `Oscillation`."""

    first: int
    sudden: bool
    times: float
    standard_errors: float


def _growth(y: Array, width: int, noise: float) -> _Growth | None:
    every = width // 2
    spread = log_spread(y, every, noise)
    own_noise = SPREAD_NOISE / width**0.5
    growth = excursion.find(spread, own_noise, confidence=CONFIDENCE)
    if growth is None or growth.gap < LEAST:
        return None
    linear = _in_linear_units(growth)
    onset = locate(np.exp(spread), linear, least_noise=linear.base * own_noise)
    # The block in which it begins is half over the one before.
    first = len(y) - (len(spread) - onset.index) * every if onset.index else 0
    return _Growth(first, onset.sudden, float(np.exp(growth.gap)), growth.gap / growth.noise)


def block_width(points: int) -> int | None:
    """How many points make a block; None where there are too few blocks.

    Args:
        points: Points of a series.
    """
    width = max(LEAST_POINTS, points // BLOCKS)
    return width if points >= LEAST_BLOCKS * width else None


def _best_since(y: Array, width: int) -> float:
    """The worse side at its best, where it got worse again though the level fell meanwhile.

    Of what is won or lost it leaps between the two: it has to be worse in each block at the end.
    """
    worse = robust.window_quantiles(y, width, BLOCKS, WORSE_SIDE)
    before = float(excursion.smoothed(worse)[:-END].min())
    least = before + WORSENS * (float(worse[-END:].max()) - before)
    return before if np.all(worse[-END:] > least) else float(worse.max())


def _improves(y: Array, onset: int, width: int) -> bool:
    """Whether the level is better at the end than it ever was before the onset."""
    levels = robust.window_medians(y[: max(width, onset)], width, BLOCKS)
    return robust.median(y[-END * width :]) < float(levels.min())


def _swings_more(y: Array, onset: int, every: int, noise: float) -> bool:
    """Whether points lie farther from a line through their block, too: a slope is no swing."""
    spread = log_spread(y, every, noise, degree=1)
    first = max(1, (onset - len(y) % every) // every)
    return robust.median(spread[-END:]) - robust.median(spread[:first]) > LEAST / 2


def _in_linear_units(growth: Excursion) -> Excursion:
    """The same growth of the spread itself, which begins to grow where its logarithm leaps."""
    base = float(np.exp(growth.base))
    return replace(growth, base=base, gap=float(np.expm1(growth.gap)) * base)


def log_spread(y: Array, every: int, noise: float | Array, degree: int = 0) -> Array:
    """Logarithm of the mean distance of a block's points from their mean; noise keeps it finite.

    From the mean and not the median, which of points that swing between two sides is on either.

    Args:
        y: Values.
        every: Points from one block to the next, which is twice as long; the last block ends with
            the data.
        noise: Noise of single points; of many series a column.
        degree: 1 for the distance from their least-squares line.
    """
    ending = y[..., y.shape[-1] % every :]
    blocks = np.lib.stride_tricks.sliding_window_view(ending, 2 * every, axis=-1)[..., ::every, :]
    blocks = blocks[..., :: max(1, every // robust.SAMPLE) | 1]
    centred = blocks - blocks.mean(axis=-1, keepdims=True)
    if degree:
        along = np.arange(blocks.shape[-1]) - (blocks.shape[-1] - 1) / 2
        centred -= (centred @ along / np.sum(along**2))[..., None] * along
    distance = np.abs(centred).mean(axis=-1)
    return np.asarray(np.log(distance + 0.1 * noise + robust.TINY))
