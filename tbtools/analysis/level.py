"""Means with their uncertainty: of the end of one curve, and across runs that repeat one another.

``docs/best.md`` and ``docs/diff.md`` have the methods and their sources.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Beyond this lies one in a hundred values of the self-normalised statistic of a mean (Lobato,
# "Testing that a dependent process is uncorrelated", JASA 96, 2001, table 1).
_LOBATO_99 = 99.46
CURVE_CONFIDENCE = 0.99
RUNS_CONFIDENCE = 0.95
# Of fewer points nobody can tell the noise.
FEWEST_POINTS = 4
# With fewer than this are worth, noise that drifts looks like a difference too often: the interval
# is widened in proportion (docs/diff.md has how often a verdict is wrong).
_ENOUGH_EFFECTIVE_POINTS = 10.0
_QUANTILE_POINTS = 20_001


@dataclass(frozen=True, slots=True)
class Level:
    """A mean.

    Attributes:
        mean: It; maybe not finite.
        spread: How far its interval reaches to either side; None where nobody can tell.
        count: Of how many values.
        effective: How many independent values these are worth.
    """

    mean: float
    spread: float | None
    count: int
    effective: float | None = None

    @property
    def low(self) -> float | None:
        """The lower end of its interval."""
        return None if self.spread is None else self.mean - self.spread

    @property
    def high(self) -> float | None:
        """The upper end."""
        return None if self.spread is None else self.mean + self.spread


@np.errstate(over="ignore", invalid="ignore")
def level_in_time(values: Floats) -> Level:
    """The mean of neighbouring points of a curve, with an interval of 99 %.

    The interval is self-normalised: partial sums of the deviations in place of an estimate of the
    variance. So neighbours that are alike, as those of smoothed or slowly drifting curves are, make
    it wider without a bandwidth to choose.

    Args:
        values: Shape (n,), at least one, in the order of the steps.
    """
    mean = float(np.mean(values))
    if values.size < FEWEST_POINTS or not math.isfinite(mean):
        return Level(mean, None, values.size)
    sums = np.cumsum(values - mean)
    spread = math.sqrt(_LOBATO_99 * float(np.mean(sums**2))) / values.size
    effective = _effective_points(values)
    spread *= max(1.0, _ENOUGH_EFFECTIVE_POINTS / effective)
    if not math.isfinite(spread):  # beyond the squares that there are
        return Level(mean, None, values.size)
    return Level(mean, spread, values.size, effective)


def _effective_points(values: Floats) -> float:
    """How many independent points tell as much about a mean: n (1 - r) / (1 + r).

    r is the correlation of neighbours, of what is left when a straight line is taken away: curves
    that drift apart do so for a reason, noise that drifts comes back.
    """
    time = np.arange(values.size) - (values.size - 1) / 2
    rest = values - values.mean()
    rest -= time * (time @ rest) / (time @ time)
    power = float(rest @ rest)
    if power == 0.0:
        return float(values.size)
    correlation = max(float(rest[1:] @ rest[:-1]) / power, 0.0)
    return max(values.size * (1.0 - correlation) / (1.0 + correlation), 1.0)


@np.errstate(over="ignore", invalid="ignore")
def level_across_runs(values: Floats) -> Level:
    """The mean over runs that repeat one another, with Student's interval of 95 %.

    Args:
        values: One a run, shape (n,), at least one.
    """
    mean = float(np.mean(values))
    if values.size < 2 or not math.isfinite(mean):
        return Level(mean, None, values.size)
    error = float(np.std(values, ddof=1)) / math.sqrt(values.size)
    return Level(mean, error * student_quantile(values.size - 1), values.size)


def student_quantile(freedom: int, confidence: float = RUNS_CONFIDENCE) -> float:
    """How many standard errors a two-sided interval of Student's t reaches.

    With t = sqrt(n) tan(a), the density of a is that of cos(a) to the power of n - 1.

    Args:
        freedom: Degrees of freedom, n.
        confidence: Of the interval.
    """
    angle = np.linspace(0, math.pi / 2, _QUANTILE_POINTS)
    density = np.cos(angle) ** (freedom - 1)
    share = np.cumsum(density) - (density + density[0]) / 2  # trapezia, up to their common width
    at = float(np.interp(confidence * share[-1], share, angle))
    return math.sqrt(freedom) * math.tan(at)


def is_tied(one: Level, other: Level) -> bool | None:
    """Whether two levels cannot be told apart; None where nobody can tell.

    The intervals of two independent means make one of their difference, as their variances do.
    """
    if one.spread is None or other.spread is None:
        return None
    return abs(one.mean - other.mean) <= math.hypot(one.spread, other.spread)
