"""What noise explains: how much of a series a rise at its end has to, for there to be one.

A rise along a straight line explains less of noise than one of any shape, and says more where
points scatter; a rise of few points that do not scatter is large beside their second differences
(von Neumann 1941). All thresholds are simulated (`python -m benchmarks.detection thresholds`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.signals.isotonic import falling, squares_left
from tbtools.analysis.detect.signals.trend import lag_one

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# By number of points: the sum of squares that the rise explains, as a multiple of what is left,
# which noise of a constant level exceeds in one series of a hundred
# (`python -m benchmarks.detection thresholds`). It is correlated from point to point, by 0.5, of
# which few points do not show anything, and from 64 points on, where correlation shows, by 0.3.
# Between them logarithms are interpolated.
LEAST_EXPLAINED = {
    8: 25_000.0,
    10: 240.0,
    12: 56.0,
    14: 23.0,
    16: 15.0,
    20: 8.2,
    24: 5.8,
    32: 3.6,
    48: 2.0,
    64: 0.82,
    96: 0.54,
    128: 0.4,
}
# The same of a rise along a line, in one of two hundred, for it is asked beside the other.
LEAST_OF_A_LINE = {
    8: 140.0,
    10: 40.0,
    12: 20.0,
    14: 12.0,
    16: 8.7,
    20: 5.6,
    24: 4.0,
    32: 2.7,
    48: 1.5,
    64: 0.66,
    96: 0.43,
    128: 0.32,
}
# The same where a twin that goes on falling is evidence of its own: of independent noise one in a
# hundred. Its correlation is taken to be as large as the points allow by one standard error: where
# it is a half, it is one in ten to twenty, most of which are short.
LEAST_BESIDE_A_TWIN = {
    8: 19.0,
    10: 7.5,
    12: 4.6,
    16: 2.4,
    20: 1.6,
    24: 1.2,
    32: 0.92,
    40: 0.85,
    48: 0.65,
    64: 0.4,
}
# And of the rise itself, in standard deviations of points by their second differences: of any
# number of points up to so many.
LEAST_RISE = 6.6
MOST_OF_A_RISE = 32
# Noise that is seen to be correlated by more explains more.
CORRELATION = 0.3
MOST_CORRELATION = 0.85
# A line has this many points.
LEAST_POINTS = 3


def how_sure(level: Array, fit: Array, explained: float) -> float:
    """How many times what noise reaches there is, by that of three tests which says most.

    Args:
        level: The levels.
        fit: Their best fit with one valley.
        explained: What its rise explains.
    """
    count = len(level)
    caution = _caution(level - fit)
    valley = explained / (least_explained(count) * caution)
    line = explained_by_a_line(level) / (least_explained(count, LEAST_OF_A_LINE) * caution)
    apart = rise_in_noise(level) / LEAST_RISE if count <= MOST_OF_A_RISE else 0.0
    return float(max(valley, line, apart))


def how_sure_beside_a_twin(level: Array) -> float:
    """The same by a line alone, where a twin that goes on falling says as much.

    Args:
        level: The levels.
    """
    return beside_a_twin(level) / least_explained(len(level), LEAST_BESIDE_A_TWIN)


def beside_a_twin(y: Array) -> float:
    """What a rise along a line explains, less by what the noise may be correlated.

    Args:
        y: Values, at least eight.
    """
    explained, rest = _line(y)
    count = len(y)
    # Of few points it is estimated too low (Marriott and Pope 1954).
    correlation = float(rest[1:] @ rest[:-1]) / max(float(rest @ rest), robust.TINY)
    correlation = (count * correlation + 1) / (count - 4) + 1 / count**0.5
    return explained / _variance_of_means(min(MOST_CORRELATION, max(0.0, correlation)))


def explained_by_a_line(y: Array) -> float:
    """What a rise along a straight line to the end explains, as a multiple of what is left.

    Args:
        y: Values, more than `LEAST_POINTS`.
    """
    return _line(y)[0]


def _line(y: Array) -> tuple[float, Array]:
    """That, and what a falling fit and the line behind it leave."""
    y = y - y.mean()
    at = np.arange(len(y), dtype=np.float64)
    count = np.arange(len(y), 0, -1)
    along, level, squares = _to_the_end(at), _to_the_end(y), _to_the_end(y * y)
    both = _to_the_end(at * y) - along * level / count
    length = _to_the_end(at * at) - along * along / count
    lines = squares - level * level / count
    lines -= np.clip(both, 0, None) ** 2 / np.maximum(length, robust.TINY)
    falls = squares_left(y)
    left = np.append(lines[0], falls[:-1] + lines[1:])[: 1 - LEAST_POINTS]
    least = max(0.0, float(left.min())) + 1e-12 * float(y @ y) + robust.TINY
    split = int(np.argmin(left))
    slope = max(0.0, float(both[split])) / max(float(length[split]), robust.TINY)
    after = y[split:] - y[split:].mean() - slope * (at[split:] - at[split:].mean())
    rest = np.concatenate([y[:split] - falling(y[:split]), after])
    return float((falls[-1] - left.min()) / least), rest


def _to_the_end(x: Array) -> Array:
    """The sum of each value and all behind it."""
    return np.cumsum(x[::-1])[::-1]


def rise_in_noise(y: Array) -> float:
    """The rise from the best three points in a row to the last, in noise of second differences.

    Args:
        y: Values, at least six.
    """
    means = np.convolve(y, np.full(3, 1 / 3), "valid")
    noise = float(np.sqrt(np.mean(np.diff(y, 2) ** 2) / 6))
    return float(means[-1] - means[:-3].min()) / max(noise, robust.TINY)


def least_explained(points: int, table: Mapping[int, float] = LEAST_EXPLAINED) -> float:
    """`LEAST_EXPLAINED` of any number of points.

    Args:
        points: How many, at least eight.
        table: That, or the one of a line.
    """
    known = np.log(list(table)), np.log(list(table.values()))
    return float(np.exp(np.interp(np.log(points), *known)))


def _caution(rest: Array) -> float:
    """How many times as much a rise has to explain: means of correlated noise vary by as much.

    Args:
        rest: What the fit leaves.
    """
    return max(1.0, _variance_of_means(lag_one(rest)) / _variance_of_means(CORRELATION))


def _variance_of_means(correlation: float) -> float:
    """How many times as large as of independent noise it is."""
    return (1 + correlation) / (1 - correlation)
