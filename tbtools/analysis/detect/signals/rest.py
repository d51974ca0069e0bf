"""Where a descent comes to rest: the first window of the level, and what was improved before it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# A level has so many windows at least.
LEAST_WINDOWS = 8
# Less than this part of a descent is its end: no improvement, and no beginning of a stretch,
# however little noise there is.
END = 0.01
# A descent is seen from where nine in ten windows are better, and not from its first moments.
DESCENT = 0.9
# A stretch whose beginning lies so many standard errors above its median has not yet begun.
DEPARTURE = 3.5
# A descent that comes to an end at once, or ever more slowly as exponentials and power laws do, is
# told from one in a line by three standard errors, squared.
SHAPED = 9.0
# A flat stretch is a step of a staircase if an earlier one, overcome since, was longer than this
# part of it.
PRECEDENT = 0.6


def first_window(level: Array, spread: float) -> int:
    """The first window of the flat stretch at the end; the number of windows where there is none.

    It is the earliest window from which on nothing improves: no beginning of the stretch, of
    whatever length up to half of it, lies significantly above its median.

    Args:
        level: Levels of windows.
        spread: Their noise.
    """
    return robust.first_level(level, spread, DEPARTURE, LEAST_WINDOWS)


def end_of_descent(level: Array) -> float:
    """What is left of a descent when it has come to its end.

    Args:
        level: Levels of windows.
    """
    return END * (robust.quantile(level, DESCENT) - robust.median(level[len(level) // 2 :]))


def only_got_quieter(level: Array, spread: float) -> bool:
    """Whether a series that seems to have improved only became quieter as training went on.

    Args:
        level: Levels of windows.
        spread: Their noise in the later half.
    """
    early = early_noise(level, spread)
    return early > spread and _begins_level(level - robust.median(level), early)


def early_noise(level: Array, spread: float) -> float:
    """Noise of the earlier half, from second differences, which tell it from a descent.

    Args:
        level: Levels of windows.
        spread: Their noise in the later half: it is no less.
    """
    return max(spread, robust.sigma(np.diff(level[: len(level) // 2], 2)) / 6**0.5)


def bend(level: Array, onset: int, spread: float, *, shaped: bool) -> int:
    """The window at which a descent becomes a constant, by least squares, near an onset.

    `first_window` errs to the early side by as much as noise hides of the descent. The descent
    starts where the stretch starts whose improvement is compared; the constant is the flat
    stretch's median.

    Args:
        level: Levels of windows.
        onset: What `first_window` found.
        spread: Their noise.
        shaped: Whether the descent may be a step, or a parabola, which meets the constant without a
            bend. That is nearer to where the descent ends; the end of the line, nearer to where
            most of it was done, is what improvements are compared about.
    """
    begin = onset * onset // len(level)
    last = len(level) - begin - LEAST_WINDOWS // 2 - 1
    worth = SHAPED * spread**2 if shaped else np.inf
    return begin + robust.bend(level[begin:], robust.median(level[onset:]), last, worth)


def improved_before(level: Array, onset: int) -> float:
    """What was improved in a stretch before the onset that is as long as the one after it, in log.

    The stretch after goes from o to n windows; the one before, from o * o / n to o, spans the same
    ratio. A power law improves by the factor (o / n) ** power less in the second than in the first,
    wherever o is; a stretch of equal length would reach into the steep beginning of any curve.

    Args:
        level: Levels of windows.
        onset: The first of those that are flat.
    """
    begin = onset * onset // len(level)
    end = max(begin + 1, min(begin + 3, onset))
    # Of few points a window is one, and a spike of two or three no improvement when it is over.
    smooth = robust.running_median(level, 5)
    return robust.median(smooth[begin:end]) - robust.median(level[onset:])


def is_a_step(level: Array, onset: int, least: float) -> bool:
    """Whether an earlier flat stretch, overcome since, was about as long as the one at the end.

    Args:
        level: Levels of windows.
        onset: Where the stretch at the end begins.
        least: Less than this is no improvement.
    """
    _, *better = robust.records(robust.running_median(level, 5)[: onset + 3], least)
    longest = max((after - before for before, after in pairwise(better)), default=0)
    return longest >= PRECEDENT * (len(level) - onset)


def _begins_level(excess: Array, spread: float) -> bool:
    """Whether no beginning of a stretch, of up to half of it, lies well above its median."""
    beginning = excess[: (len(excess) + 1) // 2]
    sums = np.minimum(np.maximum(beginning, -4 * spread), 4 * spread).cumsum()
    limits = DEPARTURE * spread * np.sqrt(np.arange(1, len(sums) + 1))
    return bool((sums <= limits).all())


def tiny(level: Array) -> float:
    """What counts as no noise at all.

    Args:
        level: Levels.
    """
    return 1e-9 * float(np.abs(level).max()) + robust.TINY
