"""The band in which a curve lies that is like some others: over all its points at once.

``docs/diff.md`` has the method, its sources, and how often it is wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST_RUNS = 3
# The power for which `Band.detectable` is told, and the normal quantile of it.
POWER = 0.8
_POWER_QUANTILE = 0.8416212335729143
# Beyond the numbers that a limit may have.
_GREATEST_LIMIT = 1e12
# Values are stored as float32 mostly: no spread is known to be less than the last bit.
_ROUNDING = 2.0**-23
# Of the greatest value of all, below which others are as good as zero.
_SMALLEST = 2.0**-30


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """What accepted curves say of another one.

    Attributes:
        mean: float64, shape (m,): theirs at each place, in units; or of the logarithms.
        scale: float64, shape (m,): how far another curve usually lies from it: the standard
            deviation of its distance, that of the mean included.
        limit: How many of these are allowed, at all places at once.
        runs: How many curves there are, n.
        logarithmic: Whether the logarithms of the values are judged.
        unit: A power of two by which values are divided, so that no square is too large.
        z: float64, shape (m,): how many deviations the curve lies above; infinite where it is not
            finite.
        accepted: float64, shape (n,): for each accepted curve the greatest distance from all
            others, the one that is judged among them, as a share of the limit.
        judged: The same of the one that is judged.
    """

    mean: Floats
    scale: Floats
    limit: float
    runs: int
    logarithmic: bool
    unit: float
    z: Floats
    accepted: Floats
    judged: float

    @property
    def outside(self) -> NDArray[np.bool_]:
        """At which places the curve lies outside, shape (m,).

        Nowhere, if an accepted curve lies as far from the others by the same measure.
        """
        if (self.accepted >= self.judged).any():
            return np.zeros(self.z.size, bool)
        return np.abs(self.z) > self.limit

    @property
    def center(self) -> Floats:
        """The mean in the units of the values, the geometric one of logarithms, shape (m,)."""
        return self._in_units(self.mean)

    @property
    def low(self) -> Floats:
        """The lower edge, shape (m,)."""
        return self._in_units(self.mean - self.limit * self.scale)

    @property
    def high(self) -> Floats:
        """The upper edge, shape (m,)."""
        return self._in_units(self.mean + self.limit * self.scale)

    @np.errstate(over="ignore")
    def _in_units(self, numbers: Floats) -> Floats:
        return (np.exp(numbers) if self.logarithmic else numbers) * self.unit

    @np.errstate(over="ignore")
    def detectable(self, place: int) -> float:
        """The least rise at a place that four in five curves with it would be found by.

        From the normal approximation of the noncentral t distribution (Abramowitz and Stegun 1964,
        26.7.10).
        """
        freedom = self.runs - 1
        spread = math.sqrt(1 + self.limit**2 / (2 * freedom))
        shift = self.limit * (1 - 1 / (4 * freedom)) + _POWER_QUANTILE * spread
        shift *= float(self.scale[place])
        if self.logarithmic:
            return float(self.center[place] * np.expm1(shift))
        return shift * self.unit


def band_of(accepted: Floats, judged: Floats, false_alarms: float) -> Band:
    """Learns the band from accepted curves and judges another one by it.

    At each place the distance from the mean is a Student's t with n - 1 degrees of freedom, if the
    values are normal there. The limit holds for the greatest of all places at once: it is the lower
    of Bonferroni's and the one of the theory of random fields, which knows how alike neighbouring
    places are (Worsley, "Local maxima and the expected Euler characteristic of excursion sets of
    chi-square, F and t fields", Adv. Appl. Probab. 26, 1994). Logarithms are judged where all
    values are positive and the logarithms less skewed.

    Args:
        accepted: Finite, shape (n, m): n curves, at least `FEWEST_RUNS`, at m places.
        judged: Shape (m,), maybe not finite.
        false_alarms: How often a curve of the same kind may lie outside.
    """
    finite = np.isfinite(judged)
    judged = np.where(finite, judged, accepted[0])
    size = float(max(np.abs(accepted).max(), np.abs(judged).max()))
    unit = 2.0 ** max(math.frexp(size)[1] - 1, -1000)
    accepted, judged = accepted / unit, judged / unit
    least = _least_spread(accepted)
    logarithmic = _is_for_logarithms(accepted, judged)
    if logarithmic:
        least = least / accepted.mean(axis=0)
        accepted, judged = np.log(accepted), np.log(judged)
    count = len(accepted)
    mean = accepted.mean(axis=0)
    rest = accepted - mean
    deviation = np.maximum(np.sqrt((rest**2).sum(axis=0) / (count - 1)), least)
    scale = deviation * math.sqrt(1 + 1 / count)
    limit = limit_of(path_length(rest), mean.size, count - 1, false_alarms)
    together = np.vstack([accepted[:, finite], judged[finite]])
    distances = _greatest_distances(together, least[finite]) / limit
    return Band(
        mean=mean,
        scale=scale,
        limit=limit,
        runs=count,
        logarithmic=logarithmic,
        unit=unit,
        z=np.where(finite, (judged - mean) / scale, np.inf),
        accepted=distances[:-1],
        judged=float(distances[-1]) if finite.all() else math.inf,
    )


def _is_for_logarithms(accepted: Floats, judged: Floats) -> bool:
    if not ((accepted > 0).all() and (judged > 0).all()):
        return False
    return _skewness(np.log(accepted)) < _skewness(accepted)


def _skewness(curves: Floats) -> float:
    """How skewed the deviations from the mean are, all places together."""
    rest = curves - curves.mean(axis=0)
    deviation = np.sqrt((rest**2).mean(axis=0))
    spread = deviation > 0
    return abs(float(((rest[:, spread] / deviation[spread]) ** 3).mean())) if spread.any() else 0.0


def _least_spread(accepted: Floats) -> Floats:
    """No spread is less than that of rounding, shape (m,).

    Values that are multiples of something, as accuracies are of a share of the examples, may agree
    by chance. Rounding to multiples of q adds noise of q / sqrt(12) (Sheppard 1898).
    """
    apart = np.diff(np.sort(accepted, axis=0), axis=0)
    rounding = np.maximum(np.abs(accepted).max(axis=0), _SMALLEST) * _ROUNDING
    gaps = np.where(apart > rounding, apart, np.inf).min(axis=0)
    seen = gaps[np.isfinite(gaps)]
    # Not the least of all: means, as that of the end, are multiples of less.
    quantum = float(np.quantile(seen, 0.1, method="higher")) if seen.size else 0.0
    least: Floats = np.maximum(quantum / math.sqrt(12), rounding)
    return least


def _greatest_distances(curves: Floats, least: Floats) -> Floats:
    """For each curve its greatest distance from the mean of the others, in their deviations."""
    count = len(curves) - 1
    if not curves.shape[1]:
        return np.zeros(len(curves))
    rest = curves - curves.mean(axis=0)  # of which sums lose no digits
    total, power = rest.sum(axis=0), (rest**2).sum(axis=0)
    mean = (total - rest) / count
    variance = np.maximum(power - rest**2 - count * mean**2, 0.0) / (count - 1)
    scale = np.maximum(np.sqrt(variance), least) * math.sqrt(1 + 1 / count)
    distances: Floats = (np.abs(rest - mean) / scale).max(axis=1)
    return distances


def path_length(rest: Floats) -> float:
    """How far the deviations turn from the first place to the last, in radians.

    The vectors of deviations, made of length 1, go a way on a sphere; where neighbours are alike it
    is short. It is the integral of the root of the second spectral moment (Sun, "Tail probabilities
    of the maxima of Gaussian random fields", Ann. Probab. 21, 1993).

    Args:
        rest: Deviations from the mean, shape (n, m).
    """
    size = np.sqrt((rest**2).sum(axis=0))
    unit = rest[:, size > 0] / size[size > 0]
    # The angle by the chord, which is exact for small ones.
    chords = np.sqrt(((unit[:, 1:] - unit[:, :-1]) ** 2).sum(axis=0))
    return float((2 * np.arcsin(np.minimum(chords / 2, 1.0))).sum())


def limit_of(length: float, places: int, freedom: int, false_alarms: float) -> float:
    """What the greatest absolute t of all places exceeds so often, at most.

    Args:
        length: As `path_length` gives it.
        places: How many there are.
        freedom: Degrees of freedom.
        false_alarms: How often.
    """
    low, high = 0.0, math.log(_GREATEST_LIMIT)
    for _ in range(80):
        middle = (low + high) / 2
        if chance_beyond(math.exp(middle), length, places, freedom) > false_alarms:
            low = middle
        else:
            high = middle
    return math.exp(high)


def chance_beyond(limit: float, length: float, places: int, freedom: int) -> float:
    """How often the greatest absolute t of all places exceeds a limit, at most; see `limit_of`."""
    one = 2 * student_tail(limit, freedom)
    crossings = length / math.pi * math.pow(1 + limit**2 / freedom, -(freedom - 1) / 2)
    return min(places * one, one + crossings, 1.0)


@cache
def _quadrature() -> tuple[Floats, Floats]:
    """Nodes and weights of Gauss and Legendre, which take an eigenvalue problem to find."""
    return np.polynomial.legendre.leggauss(60)


def student_tail(t: float, freedom: int) -> float:
    """How often Student's t exceeds a number, to some ten digits also far out.

    With t = sqrt(n) cot(b) the density of b is that of sin(b) to the power of n - 1.

    Args:
        t: Above 0.
        freedom: Degrees of freedom, n.
    """
    end = math.atan(math.sqrt(freedom) / t)
    nodes, weights = _quadrature()
    angle = (nodes + 1) * end / 2
    # By the greatest, so that no power is too small for a number.
    share = np.exp((freedom - 1) * np.log(np.sin(angle) / math.sin(end)))
    integral = float(share @ weights) * end / 2
    log_whole = 0.5 * math.log(math.pi) + math.lgamma(freedom / 2) - math.lgamma((freedom + 1) / 2)
    return float(integral * math.exp((freedom - 1) * math.log(math.sin(end)) - log_whole))
