"""Curves with one point at each place of an axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.errors import InvalidArgument
from tbtools.vocabulary import REPEATED_POLICIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.align import Axis
    from tbtools.vocabulary import RepeatedPolicy

    Floats = NDArray[np.float64]


def check_repeated(how: str) -> None:
    """Refuses what is no policy.

    Raises:
        InvalidArgument: It is none of `REPEATED_POLICIES`.
    """
    if how not in REPEATED_POLICIES:
        raise InvalidArgument(f"repeated={how!r} is none of {', '.join(REPEATED_POLICIES)}")


@dataclass(frozen=True, slots=True, eq=False)
class Distinct:
    """The places at which curves have points.

    Attributes:
        x: int64 or float64, shape (m,), strictly increasing.
        size: How many points have a place.
    """

    x: Axis
    size: int
    _order: NDArray[np.int64]
    _starts: NDArray[np.int64]

    @classmethod
    def of(cls, x: Axis) -> Distinct:
        """Of points in the order written; those whose x is not finite have no place.

        Args:
            x: int64 or float64, shape (n,).
        """
        order = np.argsort(x, kind="stable")
        order = order[np.isfinite(x)[order]]
        in_order = x[order]
        starts = np.flatnonzero(np.append(True, in_order[1:] != in_order[:-1])[: order.size])
        return cls(in_order[starts], order.size, order, starts)

    @property
    def repeated(self) -> int:
        """How many points came on top of another one at their place."""
        return self.size - self.x.size

    @property
    def first_repeated(self) -> float:
        """The first place with several points; there is one."""
        counts = np.diff(self._starts, append=self.size)
        return float(self.x[np.flatnonzero(counts > 1)[0]])

    def values(self, columns: Floats, how: RepeatedPolicy) -> Floats:
        """What the curves have at each place.

        Args:
            columns: Shape (k, n): k curves with points at the same places.
            how: What counts of several: the ``last`` or the ``first`` that was written, or their
                ``mean``.

        Returns:
            Shape (k, m).
        """
        if how == "mean" and self.repeated:
            with np.errstate(over="ignore", invalid="ignore"):  # infinite values, huge values
                sums = np.add.reduceat(columns[:, self._order], self._starts, axis=1)
                means: Floats = sums / np.diff(self._starts, append=self.size)
            return means
        ends = np.append(self._starts[1:], self.size)[: self._starts.size] - 1
        taken: Floats = columns[:, self._order[self._starts if how == "first" else ends]]
        return taken
