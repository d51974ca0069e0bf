"""Which hyperparameters go with better runs: rank correlations, and how sure they are.

Spearman's correlation of a hyperparameter and how good runs are, with the interval of Bonett and
Wright, "Sample size requirements for estimating Pearson, Kendall and Spearman correlations",
Psychometrika 65, 2000: Fisher's z with the variance (1 + rho^2 / 2) / (n - 3). Of many
hyperparameters one fits well by chance: the intervals hold for all of them together (Bonferroni).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.numbers import as_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CONFIDENCE = 0.95
# With fewer runs the interval of a correlation of 0.6 reaches zero, if of one hyperparameter alone.
FEWEST_RUNS = 13


@dataclass(frozen=True, slots=True)
class Importance:
    """How a hyperparameter goes with what runs are ranked by.

    Attributes:
        name: The hyperparameter.
        correlation: Spearman's, of it with how good the runs are: positive where more is better.
        low: The lower end of its interval; None for fewer than four runs.
        high: The upper end.
        runs: How many runs have it.
        greater: Of a hyperparameter with two values that are no numbers the one that counts as
            more; None for numbers.
    """

    name: str
    correlation: float
    low: float | None
    high: float | None
    runs: int
    greater: Any = None

    @property
    def is_clear(self) -> bool:
        """Whether the interval is on one side of zero."""
        return self.low is not None and self.high is not None and self.low * self.high > 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__}


def importances(
    goodness: Mapping[str, float], settings: Mapping[str, Mapping[str, Any]]
) -> tuple[Importance, ...]:
    """How each hyperparameter that varies goes with how good runs are, the strongest first.

    Those with three and more values that are no numbers have no order, and are left out.

    Args:
        goodness: By run, the greater the better; a run that is not finite is minus infinity.
        settings: The hyperparameters of the runs, by run.
    """
    names = dict.fromkeys(name for run in goodness for name in settings.get(run, {}))
    ordered = {}
    for name in names:
        runs = [run for run in goodness if name in settings.get(run, {})]
        codes, greater = _codes([settings[run][name] for run in runs])
        if codes is not None and np.unique(codes).size > 1:
            ordered[name] = codes, np.array([goodness[run] for run in runs]), greater
    level = 1 - (1 - CONFIDENCE) / max(len(ordered), 1)
    found = []
    for name, (codes, good, greater) in ordered.items():
        if np.unique(good).size > 1:
            rho = _spearman(codes, good)
            found.append(
                Importance(name, rho, *_interval(rho, good.size, level), good.size, greater)
            )
    return tuple(sorted(found, key=lambda each: (not each.is_clear, -abs(each.correlation))))


def _codes(values: Sequence[Any]) -> tuple[Floats | None, Any]:
    """Values as numbers in their order, where they have one, and the greater of two texts."""
    numbers = [None if isinstance(value, bool) else as_number(value) for value in values]
    if None not in numbers:
        found = np.array(numbers, np.float64)
        return (found if np.isfinite(found).all() else None), None
    kinds = sorted({repr(value): value for value in values}.items())
    if len(kinds) != 2:
        return None, None
    text, greater = kinds[1]
    return np.array([float(repr(value) == text) for value in values]), greater


def _spearman(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(mean_ranks(a), mean_ranks(b))[0, 1])


def mean_ranks(values: Floats) -> Floats:
    """Ranks, of equal values their mean."""
    _, number, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[number.reshape(-1)]
    return ranks


def _interval(rho: float, runs: int, confidence: float) -> tuple[float | None, float | None]:
    if runs < 4:
        return None, None
    # A perfect order has no finite z: it counts as half a swap of neighbours away from it.
    most = 1 - 6 / (runs * (runs**2 - 1))
    z = math.atanh(max(-most, min(most, rho)))
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt((1 + rho**2 / 2) / (runs - 3))
    return math.tanh(z - reach), math.tanh(z + reach)
