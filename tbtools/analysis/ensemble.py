"""Statistics across runs, at each point of a common axis."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tbtools.errors import InvalidArgument, UnsupportedType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Center = Literal["mean", "median", "iqm"]

STATISTICS = (
    *("mean", "std", "stderr", "median", "min", "max", "iqm", "var", "sum"),
    *("mean_ci", "median_ci", "iqm_ci"),
)
DEFAULT_STATISTICS = ("mean", "std", "stderr", "median", "min", "max", "iqm")
_QUANTILE = re.compile(r"q(\d{1,2}(?:\.\d+)?)$")
# Bootstrap estimates held at once, 8 bytes each.
_CHUNK = 4_000_000


def check_statistics(names: Sequence[str]) -> None:
    """Refuses statistics that there are not.

    Raises:
        InvalidArgument: One is none of `STATISTICS`, and no quantile such as ``q25``.
    """
    if not names:
        raise InvalidArgument("no statistics asked for")
    for name in names:
        if name not in STATISTICS and not _QUANTILE.match(name):
            known = ", ".join(STATISTICS)
            raise InvalidArgument(
                f"no statistic {name!r}; there are {known} and quantiles such as q25"
            )


def runs_needed(column: str) -> int:
    """How many runs a column of `Ensemble.statistics` needs: a spread is one of two at least."""
    return 2 if column in ("std", "stderr", "var") or column.endswith(("_low", "_high")) else 1


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How confidence intervals are made: by percentiles of the resampled estimates.

    Attributes:
        level: How much of the distribution lies inside, 0 to 1.
        resamples: How many times the runs are drawn anew.
        seed: Of the draws: the same gives the same intervals.
    """

    level: float = 0.95
    resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.level < 1.0:
            raise InvalidArgument(f"level {self.level} is not between 0 and 1")
        if self.resamples < 1:
            raise InvalidArgument(f"{self.resamples} resamples are none")


def as_bootstrap(given: Bootstrap | None) -> Bootstrap:
    """How intervals are made: as given, or the default.

    Raises:
        UnsupportedType: It is no `Bootstrap`.
    """
    if given is None or isinstance(given, Bootstrap):
        return given or Bootstrap()
    raise UnsupportedType(f"bootstrap={given!r} is no tbtools.Bootstrap")


class Ensemble:
    """The values of several runs, in order at each point.

    Args:
        values: float64, shape (n, m): n runs, m points.
        present: bool, shape (n, m): whether the run counts at the point. A value that counts may be
            infinite, or NaN, which makes NaN of all statistics at its point.
        bootstrap: How intervals are made.

    Attributes:
        count: int64, shape (m,): the runs behind each point.
    """

    def __init__(
        self, values: Floats, present: NDArray[np.bool_], bootstrap: Bootstrap | None = None
    ) -> None:
        self._bootstrap = bootstrap or Bootstrap()
        self._poisoned = (present & np.isnan(values)).any(axis=0)
        self.count: NDArray[np.int64] = present.sum(axis=0, dtype=np.int64)
        self._sorted = np.sort(np.where(present, values, np.nan), axis=0)
        self._rank = np.arange(len(values))[:, None]

    def statistics(self, names: Sequence[str]) -> dict[str, Floats]:
        """Statistics by name, each of shape (m,).

        Args:
            names: Of `STATISTICS`, or quantiles such as ``q25``. An interval gives two columns:
                ``mean_ci`` gives ``mean_low`` and ``mean_high``.

        Returns:
            NaN where no run counts, where a NaN does, and where a spread would need a second run.

        Raises:
            InvalidArgument: There is no such statistic.
        """
        check_statistics(names)
        result: dict[str, Floats] = {}
        with np.errstate(invalid="ignore", over="ignore"):  # infinite values, huge values
            for name in names:
                if name.endswith("_ci"):
                    center = name.removesuffix("_ci")
                    low, high = self.interval(center)  # type: ignore[arg-type]
                    result |= {f"{center}_low": low, f"{center}_high": high}
                elif quantile := _QUANTILE.match(name):
                    result[name] = self.quantile(float(quantile[1]) / 100)
                else:
                    result[name] = _METHODS[name](self)
        return result

    def _valid(self, result: Floats, least: int = 1) -> Floats:
        result[self._poisoned | (self.count < least)] = np.nan
        return result

    def _trimmed_mean(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> Floats:
        """Mean of the values of ranks from `low` to below `high`."""
        inside = (self._rank >= low) & (self._rank < high)
        total: Floats = np.where(inside, self._sorted, 0.0).sum(axis=0)
        return self._valid(total / np.maximum(high - low, 1))

    def mean(self) -> Floats:
        """The mean."""
        return self._trimmed_mean(*ranks_of("mean", self.count))

    def median(self) -> Floats:
        """The median: the mean of the two in the middle of an even number."""
        return self._trimmed_mean(*ranks_of("median", self.count))

    def iqm(self) -> Floats:
        """The interquartile mean, as rliable has it: without the lowest and highest n // 4."""
        return self._trimmed_mean(*ranks_of("iqm", self.count))

    def sum(self) -> Floats:
        """The sum of the runs behind the point."""
        inside = self._rank < self.count
        return self._valid(np.where(inside, self._sorted, 0.0).sum(axis=0))

    def var(self) -> Floats:
        """The variance of the sample, with n - 1; NaN for one run."""
        inside = self._rank < self.count
        deviation = np.where(inside, self._sorted - self.mean(), 0.0)
        variance = (deviation**2).sum(axis=0) / np.maximum(self.count - 1, 1)
        return self._valid(variance, least=2)

    def std(self) -> Floats:
        """The standard deviation of the sample: the root of the variance."""
        return np.sqrt(self.var())

    def stderr(self) -> Floats:
        """The standard error of the mean: the standard deviation by the root of n."""
        return self.std() / np.sqrt(np.maximum(self.count, 1))

    def quantile(self, q: float) -> Floats:
        """A quantile, on straight lines between the values (NumPy's default, Hyndman and Fan 7)."""
        place = (np.maximum(self.count, 1) - 1) * q
        below = np.floor(place).astype(np.int64)
        low = np.take_along_axis(self._sorted, below[None, :], axis=0)[0]
        above = np.minimum(below + 1, np.maximum(self.count, 1) - 1)
        high = np.take_along_axis(self._sorted, above[None, :], axis=0)[0]
        part = place - below
        between = (part > 0) & (low != high)  # two infinities have no difference
        return self._valid(np.where(between, low + (high - low) * part, low))

    def lowest(self) -> Floats:
        """The least value."""
        return self.quantile(0.0)

    def highest(self) -> Floats:
        """The greatest value."""
        return self.quantile(1.0)

    def interval(self, center: Center) -> tuple[Floats, Floats]:
        """A bootstrap confidence interval: percentiles of the estimate over runs drawn anew.

        A draw of n runs is a count for each rank, and the estimate a weighted sum of the sorted
        values; so all draws at all points are one product of matrices for each number of runs.

        Args:
            center: What is estimated.

        Returns:
            Its ends, each of shape (m,); NaN where there are fewer than two runs, or a value that
            is not finite.
        """
        low, high = (np.full(self.count.shape, np.nan) for _ in range(2))
        for count in np.unique(self.count[self.count >= 2]).tolist():
            weights = self._draws(center, count)
            columns = np.flatnonzero(self.count == count)
            values = self._sorted[:count, columns].T
            finite = np.isfinite(values).all(axis=1)
            columns, values = columns[finite], values[finite]
            size = max(1, _CHUNK // len(weights))
            for first in range(0, len(columns), size):
                here = slice(first, first + size)
                tail = (1.0 - self._bootstrap.level) / 2
                ends = np.quantile(values[here] @ weights.T, [tail, 1.0 - tail], axis=1)
                low[columns[here]], high[columns[here]] = ends
        return low, high

    def _draws(self, center: Center, count: int) -> Floats:
        """For each draw the weight of each rank in the estimate, shape (resamples, count)."""
        random = np.random.default_rng([self._bootstrap.seed, count])
        times = random.multinomial(count, [1 / count] * count, self._bootstrap.resamples)
        ends = np.cumsum(times, axis=1)
        first, last = (int(rank) for rank in ranks_of(center, np.array(count)))
        inside = np.minimum(ends, last) - np.maximum(ends - times, first)
        weights: Floats = np.maximum(inside, 0) / (last - first)
        return weights


def ranks_of(
    center: Center, count: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of the sorted values the estimate is the mean of: from a rank to below another."""
    if center == "mean":
        return np.zeros_like(count), count
    if center == "median":
        return np.maximum(count - 1, 0) // 2, count // 2 + 1
    return count // 4, count - count // 4


_METHODS: dict[str, Callable[[Ensemble], Floats]] = {
    "mean": Ensemble.mean,
    "std": Ensemble.std,
    "stderr": Ensemble.stderr,
    "median": Ensemble.median,
    "min": Ensemble.lowest,
    "max": Ensemble.highest,
    "iqm": Ensemble.iqm,
    "var": Ensemble.var,
    "sum": Ensemble.sum,
}
