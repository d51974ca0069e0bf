"""Where a series is going: its level at a later step, by a power law with an offset.

The law is level(t) = c + a (t + t0)^-b with a >= 0, lower is better, and t from 0 at the first step
to 1 at the last. For each b and t0 of a grid c and a follow by least squares from the levels of
windows; the grid is averaged, each with the weight of its posterior under flat priors, SSE to the
power of -n/2 with n the effective number of levels (docs/detection.md). So an exponent that the
data do not tell makes the interval wide, where the best fit alone would be sure of itself.

What the law does not know is learnt from its own past: later levels are forecast from the first
part of what is there, and the interval is as much wider as that missed. Where it missed by far,
nothing is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.signals.excursion import students
from tbtools.analysis.detect.signals.trend import lag_one
from tbtools.analysis.objective import bound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged, Scale
    from tbtools.runs.series import ScalarSeries

    Array = NDArray[np.float64]

# Levels over the series.
WINDOWS = 40
# Fewer points tell no exponent.
LEAST_POINTS = 24
# How far ahead it is told, as a part of the steps so far: what has been tested.
AHEAD = 0.5
# From these parts of the levels the later ones are foreseen, to see how well.
ORIGINS = (0.45, 0.55, 0.67)
# A miss of so many half-widths: the law does not hold.
FAR = 2.0
# What is added for what no earlier forecast shows: so that real series, too, are where it is said.
WIDER = 2.0
# A rate that varies by this factor in its later half is scheduled.
CHANGED = 1.1
EXPONENTS = np.geomspace(0.1, 16, 14)
KNEES = np.geomspace(0.002, 4, 12)
# Laws of less weight, beside that of the best, change nothing.
NEGLIGIBLE = 1e-6
# Quantiles of the normal distribution at the middles of as many equal parts.
_NODES = 41
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Forecast:
    """The level of a series at a later step.

    Attributes:
        step: The step.
        value: The level, as the median of what may be.
        low: The lower end of its interval at 95 %.
        high: The upper end.
    """

    step: int
    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"step": self.step, "value": self.value, "interval": [self.low, self.high]}


@dataclass(frozen=True, slots=True)
class _Levels:
    """Levels of windows, and where they are: 0 at the first step, 1 at the last."""

    at: Array
    level: Array

    def until(self, count: int) -> _Levels:
        """The first of them."""
        return _Levels(self.at[:count] / self.at[count - 1], self.level[:count])


@dataclass(frozen=True, slots=True)
class Law:
    """The law of one series: a few numbers, from which its level at any later step follows.

    Attributes:
        first: The first step of the series.
        last: Its last step.
        levels: Its levels.
        best: The best level that there can be, lower is better.
        wider: How much wider the interval has to be, by how earlier forecasts have missed.
        scale: How a level is turned back to what was logged.
    """

    first: int
    last: int
    levels: _Levels
    best: float
    wider: float
    scale: Scale

    @np.errstate(all="ignore")  # what is too large has no forecast
    def at(self, step: int) -> Forecast | None:
        """The level at a later step; None where that is too far.

        Args:
            step: The step, later than the last one by no more than `AHEAD` of the steps.
        """
        span = self.last - self.first
        if not 0 < step - self.last <= AHEAD * span or step > np.iinfo(np.int64).max:
            return None
        found = _quantiles(self.levels, (step - self.first) / span, self.best)
        if found is None or not np.isfinite(found).all():
            return None
        low, value, high = found
        lower = max(self.best, value - self.wider * (value - low))
        upper = value + self.wider * (high - value)
        ends = sorted([self.scale.logged(lower), self.scale.logged(upper)])
        return Forecast(step, self.scale.logged(value), *ends)


@np.errstate(all="ignore")
def law_of(judged: Judged, rate: ScalarSeries | None = None) -> Law | None:
    """The law that a series follows; None where it follows none, or that cannot be told.

    Args:
        judged: A series with an objective.
        rate: The run's learning rate, if it logs one: where that has not been constant, what it
            does next is not known.
    """
    steps = judged.series.step[judged.ends]
    if len(judged) < LEAST_POINTS or judged.series.steps_go_back or not _is_constant(rate):
        return None
    first, last = int(steps[0]), int(steps[-1])
    if first == last:
        return None
    best = _best_possible(judged)
    levels = _levels((steps.astype(np.float64) - float(first)) / (last - first), judged.y)
    wider = _misses(levels, best)
    return None if wider is None else Law(first, last, levels, best, wider, judged.scale)


def level_at_end(judged: Judged) -> float:
    """The last of its levels, as it is forecast.

    Args:
        judged: A series with an objective, not empty.
    """
    width = max(1, len(judged) // WINDOWS)
    return float(robust.window_means(judged.y, width)[-1])


def _is_constant(rate: ScalarSeries | None) -> bool:
    if rate is None:
        return True
    later = rate.value[rate.value.size // 2 :]
    later = later[np.isfinite(later)]
    return not later.size or bool(later.max() <= CHANGED * later.min())


def _best_possible(judged: Judged) -> float:
    """The best level that there can be, lower is better: that of the tag, or zero of a loss."""
    if judged.log:
        return -np.inf
    known = bound(judged.series.tag, float(judged.series.value[judged.points].max()))
    if judged.objective == "max":
        return -np.inf if known is None else -known
    lowest = float(judged.y.min())
    return 0.0 if lowest >= 0 else -np.inf


def _levels(at: Array, y: Array) -> _Levels:
    width = max(1, len(y) // WINDOWS)
    level = robust.window_means(y, width)
    ends = at[len(y) - len(level) * width :].reshape(-1, width)
    return _Levels(ends.mean(axis=1), level)


def _misses(levels: _Levels, best: float) -> float | None:
    """How much wider the interval has to be, by how earlier forecasts have missed.

    None where one has missed so far that the law does not hold.
    """
    n = len(levels.level)
    missed = []
    for part in ORIGINS:
        known = int(part * n)
        first = levels.until(known)
        for ahead in (1 + AHEAD / 2, 1 + AHEAD):
            at = levels.at / levels.at[known - 1]
            near = np.abs(at - ahead).argsort()[:3]
            if near.max() >= n or at[-1] < ahead - 0.1:
                continue
            found = _quantiles(first, float(at[near].mean()), best)
            if found is None:
                return None
            low, value, high = found
            actual = robust.median(levels.level[near])
            missed.append((actual - value) / ((high - value) if actual > value else (value - low)))
    worst = np.abs(missed)
    if not len(worst) or worst.max() > FAR:
        return None
    return WIDER * max(1.0, float(worst.max()))


def _quantiles(levels: _Levels, where: float, best: float) -> tuple[float, float, float] | None:
    """The lower end, the median and the upper end of the level at a place beyond the last one."""
    n = len(levels.level)
    model = (levels.at + KNEES[:, None, None]) ** -EXPONENTS[:, None]
    model = model.reshape(-1, n)
    ahead = ((where + KNEES[:, None]) ** -EXPONENTS).ravel()
    mean = model.mean(axis=1)
    centred = model - mean[:, None]
    square = np.sum(centred**2, axis=1)
    middle = float(levels.level.mean())
    a = np.maximum(centred @ (levels.level - middle) / square, 0.0)
    residuals = levels.level - middle - a[:, None] * centred
    sse = np.sum(residuals**2, axis=1)
    least = int(np.argmin(sse))
    if sse[least] <= 1e-18 * n * float(np.max(levels.level**2)):
        return None  # without noise there is no interval
    r = lag_one(residuals[least])
    effective = n * (1 - r) / (1 + r)
    freedom = effective - 4
    if freedom < 3:
        return None
    centre = middle + a * (ahead - mean)
    weight = np.where(centre >= best, (sse / sse[least]) ** (-effective / 2), 0.0)
    if not weight.any():
        return None
    variance = sse / freedom * effective / n
    error = np.sqrt(variance * (1 + (n / effective) * (1 / n + (ahead - mean) ** 2 / square)))
    kept = weight > NEGLIGIBLE * weight.max()
    centre, error, weight = centre[kept], error[kept], weight[kept]
    nodes = _students_nodes(freedom)
    values = (centre[:, None] + error[:, None] * nodes).ravel()
    return _weighted(values, np.repeat(weight, len(nodes)))


def _students_nodes(freedom: float) -> Array:
    """Quantiles of Student's distribution at the middles of equal parts, nearly."""
    from statistics import NormalDist  # which takes its time

    normal = NormalDist()
    parts = (np.arange(_NODES) + 0.5) / _NODES
    return np.array([students(normal.inv_cdf(part), freedom) for part in parts.tolist()])


def _weighted(values: Array, weight: Array) -> tuple[float, float, float]:
    order = np.argsort(values)
    share = np.cumsum(weight[order])
    share = (share - weight[order] / 2) / share[-1]
    tail = (1 - CONFIDENCE) / 2
    low, middle, high = np.interp([tail, 0.5, 1 - tail], share, values[order])
    return float(low), float(middle), float(high)
