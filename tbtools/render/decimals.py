"""Columns of stored numbers as the decimals that were meant, many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.numbers import stored_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Any decimal of 6 digits comes back from a normal float32, and 9 tell any two of them apart
# (FLT_DIG and FLT_DECIMAL_DIG of C).
_FEWEST_DIGITS, _MOST_DIGITS = 6, 9
_LEAST_NORMAL = 2.0**-126
# Powers of ten up to here are exact float64s, by which a division rounds once, and so correctly.
_POWERS = np.array([float(f"1e{power}") for power in range(23)])


def shortest_decimals(values: Floats, dtype: str) -> Floats:
    """For each value the float64 whose shortest decimal is the shortest that reads back as it.

    The same as `stored_number`, value by value; but for most float32 without a loop.

    Args:
        values: float64, shape (n,).
        dtype: How they are stored on disk.
    """
    if dtype != "float32":
        exact = dtype in ("float64", "mixed") or dtype.startswith(("int", "uint", "bool"))
        return values if exact else _one_by_one(values, dtype)
    result = values.copy()
    size = np.abs(values)
    mantissa, _ = np.frexp(size)
    # Below a power of two values lie closer together, so that the nearest decimal may not be the
    # shortest.
    plain = np.isfinite(values) & (size >= _LEAST_NORMAL) & (mantissa != 0.5)
    exponent = np.floor(np.log10(size, where=plain, out=np.zeros_like(size))).astype(np.int64)
    plain &= (exponent >= _MOST_DIGITS - _POWERS.size) & (
        exponent <= _FEWEST_DIGITS - 2 + _POWERS.size
    )
    left = np.flatnonzero(plain)
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS + 1):
        decimal = _rounded(values[left], digits - 1 - exponent[left])
        with np.errstate(over="ignore"):
            reads_back = decimal.astype(np.float32) == values[left].astype(np.float32)
        result[left[reads_back]] = decimal[reads_back]
        left = left[~reads_back]
    rest = np.concatenate([left, np.flatnonzero(~plain & np.isfinite(values) & (values != 0))])
    result[rest] = _one_by_one(values[rest], dtype)
    return result


def narrowed(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    """The values in a type of which each has the shortest decimal that `shortest_decimals` has.

    Args:
        values: int64 or float64, shape (n,).
        dtype: How they are stored on disk.
    """
    if values.dtype.kind == "f":
        is_float32 = dtype == "float32"
        values = values.astype(np.float32) if is_float32 else shortest_decimals(values, dtype)
    return np.ascontiguousarray(values)


def _rounded(values: Floats, places: NDArray[np.int64]) -> Floats:
    """Values rounded to so many places behind the point, or before it where negative."""
    power = _POWERS[np.abs(places)]
    behind = places >= 0
    whole = np.rint(np.where(behind, values * power, values / power))
    rounded: Floats = np.where(behind, whole / power, whole * power)
    return rounded


def _one_by_one(values: Floats, dtype: str) -> Floats:
    return np.array([stored_number(value, dtype) for value in values.tolist()], np.float64)
