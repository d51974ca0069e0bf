"""Histograms, and the distributions that TensorBoard draws from them.

Two layouts are on disk and one comes out. HistogramProto (`histo`, from tensorboardX, torch and
TensorFlow 1) holds right-hand edges and counts, the outermost edges often at ±DBL_MAX. TensorFlow 2
writes a tensor of shape [k, 3]: left, right, count. The first becomes the second as TensorBoard
turns it (`tensorboard/data_compat.py`): empty buckets at both ends are dropped, and the smallest
and largest value seen become the outer edges. Unlike there, float64 stays float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import UndecodablePayload
from tbtools.runs.plugins.tensors import tensor_to_numpy, wrong_tensor
from tbtools.runs.plugins.values import POINT_COLUMNS, decoded, repeated_points, rows_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from tbtools.runs.plugins.values import StoredValue, Undecodable

    Array = np.ndarray[Any, Any]
    _Point = tuple[str, int, float]

# The normal distribution function, in 1/100 of a percent, at -∞, -1.5, -1, -0.5, 0, 0.5, 1, 1.5
# and ∞ standard deviations (`tensorboard/plugins/distribution/compressor.py`).
BASIS_POINTS = (0, 668, 1587, 3085, 5000, 6915, 8413, 9332, 10000)

_STATISTICS = ("min", "max", "num", "sum", "sum_squares")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Histogram:
    """One histogram.

    Attributes:
        left: Left edge of each bucket; float64, shape (k,). k is 0 where nothing was counted.
        right: Right edge of each bucket, likewise.
        count: What was counted in each bucket, likewise; weights may make it fractional.
        min: The smallest value seen (of a tensor: the outermost left edge).
        max: The largest value seen (of a tensor: the outermost right edge).
        num: How many values were seen (of a tensor: the sum of the counts).
        sum: Their sum; NaN where it was not stored, which no tensor does.
        sum_squares: The sum of their squares; NaN likewise.
    """

    left: Array
    right: Array
    count: Array
    min: float
    max: float
    num: float
    sum: float = float("nan")
    sum_squares: float = float("nan")

    def quantiles(self) -> Array:
        """The values at TensorBoard's nine `BASIS_POINTS`, as its distributions tab draws them.

        Linear between a bucket's edges by cumulated weight. Float64, shape (9,); zeros where there
        is no bucket.
        """
        points = np.array(BASIS_POINTS, dtype=np.float64)
        if not len(self.count):
            return np.zeros_like(points)
        smallest, largest = self.left[0], self.right[-1]
        with np.errstate(over="ignore", invalid="ignore"):  # edges and counts may be immense
            cumulated = (self.count * points[-1] / (self.count.sum() or 1.0)).cumsum()
            bucket = np.searchsorted(cumulated, points, side="right")
            inside = bucket < len(cumulated)  # beyond the last bucket is the largest value
            bucket = bucket[inside]
            before = np.where(bucket > 0, cumulated[bucket - 1], 0.0)
            low = np.where(before > 0, np.maximum(self.right[bucket - 1], smallest), smallest)
            high = np.minimum(self.right[bucket], largest)
            share = (points[inside] - before) * (high - low) / (cumulated[bucket] - before)
            values = np.full_like(points, largest)
            values[inside] = low + share
        return values

    def __eq__(self, other: object) -> bool:
        """Whether all buckets and statistics are the same, NaN being the same as NaN."""
        if not isinstance(other, Histogram):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, name), getattr(other, name), equal_nan=True)
            for name in ("left", "right", "count", *_STATISTICS)
        )

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def __repr__(self) -> str:
        return (
            f"<Histogram of {self.num:g} values from {self.min:g} to {self.max:g}"
            f" in {len(self.count)} buckets>"
        )


def histogram(value: StoredValue) -> Histogram:
    """The histogram that a value holds, in either layout.

    Raises:
        UndecodablePayload: It holds no histogram: not [k, 3], fewer edges than counts, or counts
            that are negative or not finite.
    """
    if value.message.WhichOneof("value") == "histo":
        return _from_proto(value.message.histo)
    return _from_tensor(tensor_to_numpy(value.tensor))


def histograms_frame(
    values: Iterable[StoredValue], problems: list[Undecodable] | None = None
) -> pd.DataFrame:
    """The buckets of histograms.

    A histogram of nothing has no bucket and so no row here; `histogram_statistics_frame` has it.

    Args:
        values: The values.
        problems: As for `values.decoded`.

    Returns:
        One row a bucket: tag, step, wall_time, left, right, count (float64).

    Raises:
        UndecodablePayload: A value holds no histogram.
    """
    points, histograms = _decoded(values, problems)
    frame = repeated_points(points, [len(found.count) for found in histograms])
    for name in ("left", "right", "count"):
        columns = [getattr(found, name) for found in histograms]
        frame[name] = np.concatenate([np.empty(0), *columns])
    return frame


def histogram_statistics_frame(
    values: Iterable[StoredValue], problems: list[Undecodable] | None = None
) -> pd.DataFrame:
    """What is known of each histogram as a whole.

    Args:
        values: The values.
        problems: As for `values.decoded`.

    Returns:
        One row a histogram: tag, step, wall_time, min, max, num, sum, sum_squares (float64, see
        `Histogram`), buckets (how many; int64).

    Raises:
        UndecodablePayload: A value holds no histogram.
    """
    dtypes = {**POINT_COLUMNS, **dict.fromkeys(_STATISTICS, "float64"), "buckets": "int64"}
    return _frame_of(
        values,
        problems,
        lambda found: (*(getattr(found, name) for name in _STATISTICS), len(found.count)),
        dtypes,
    )


def distributions_frame(
    values: Iterable[StoredValue], problems: list[Undecodable] | None = None
) -> pd.DataFrame:
    """Histograms as TensorBoard's distributions: their values at nine `BASIS_POINTS`.

    Args:
        values: The values.
        problems: As for `values.decoded`.

    Returns:
        One row a histogram: tag, step, wall_time, and bp0, bp668, … bp10000 (float64).

    Raises:
        UndecodablePayload: A value holds no histogram.
    """
    dtypes = {**POINT_COLUMNS, **{f"bp{point}": "float64" for point in BASIS_POINTS}}
    return _frame_of(values, problems, Histogram.quantiles, dtypes)


def _decoded(
    values: Iterable[StoredValue], problems: list[Undecodable] | None
) -> tuple[list[_Point], list[Histogram]]:
    found = list(decoded(values, histogram, problems))
    return [value.point for value, _ in found], [each for _, each in found]


def _frame_of(
    values: Iterable[StoredValue],
    problems: list[Undecodable] | None,
    columns_of: Callable[[Histogram], Iterable[float]],
    dtypes: dict[str, str],
) -> pd.DataFrame:
    found = zip(*_decoded(values, problems), strict=True)
    rows = [(*point, *columns_of(each)) for point, each in found]
    return rows_frame(rows, dtypes)


def _from_proto(proto: Any) -> Histogram:
    counts = _checked_counts(np.array(proto.bucket, dtype=np.float64))
    rights = np.array(proto.bucket_limit, dtype=np.float64)
    filled = np.flatnonzero(counts > 0)
    first, after = (filled[0], filled[-1] + 1) if len(filled) else (0, 0)
    inner = rights[first : max(after - 1, 0)]
    if len(inner) < after - first - 1:
        raise UndecodablePayload(f"histogram of {len(counts)} counts and {len(rights)} edges")
    outer = slice(0, after - first)  # nothing where no bucket is left
    return Histogram(
        left=np.concatenate([[proto.min], inner])[outer],
        right=np.concatenate([inner, [proto.max]])[outer],
        count=counts[first:after],
        **{name: getattr(proto, name) for name in _STATISTICS},
    )


def _from_tensor(tensor: Array) -> Histogram:
    if tensor.size and (tensor.ndim != 2 or tensor.shape[1] != 3 or tensor.dtype.kind not in "fiu"):
        raise wrong_tensor("histogram", tensor)
    buckets = tensor.reshape(-1, 3).astype(np.float64)
    left, right, count = (np.ascontiguousarray(column) for column in buckets.T)
    _checked_counts(count)
    return Histogram(
        left=left,
        right=right,
        count=count,
        min=float(left[0]) if len(left) else float("nan"),
        max=float(right[-1]) if len(right) else float("nan"),
        num=float(count.sum()),
    )


def _checked_counts(counts: Array) -> Array:
    """The counts, of which a share in basis points can be formed."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = counts.sum() * BASIS_POINTS[-1]
    if not np.isfinite(total) or np.any(counts < 0):
        raise UndecodablePayload("histogram with counts that are negative or not finite")
    return counts
