"""Stored numbers as they were meant: a float32 of 0.1 is 0.1, not 0.10000000149011612."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# DataType numbers (TensorFlow's types.proto) as people know them.
DTYPE_NAMES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    9: "int64",
    10: "bool",
    14: "bfloat16",
    17: "uint16",
    19: "float16",
    22: "uint32",
    23: "uint64",
}
# Types whose values are whole numbers: shown without a point.
_WHOLE = frozenset(
    {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"}
)
# float64 holds every whole number below.
_EXACT = 2.0**53


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """The values that occur, each once, rising, where none is NaN: as `numpy.unique` has them.

    That one imports `numpy.ma`, which takes a tenth of the time of a small `summarize`.
    """
    ordered = np.sort(values)
    first = np.ones(ordered.size, bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def stretches(flags: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where stretches that are true begin, and the index after the last of each.

    Args:
        flags: bool [values].
    """
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    return edges[::2], edges[1::2]


def is_number(given: object) -> bool:
    """Whether an argument is a number; True and False are none."""
    return isinstance(given, (int, float, np.number)) and not isinstance(given, bool)


def as_number(value: Any) -> float | None:
    """A hyperparameter as a number, for some writers store all of them as texts; or None."""
    if not isinstance(value, (int, float, str)) or "_" in str(value):
        return None  # 2024_01 is a number to Python alone
    try:
        return float(value)
    except ValueError:
        return None


def is_whole(dtype: str) -> bool:
    """Whether values of a type are whole numbers."""
    return dtype in _WHOLE


def stored_number(value: float, dtype: str) -> float | int:
    """The number whose shortest decimal is the shortest that reads back as the stored value.

    A float32 of 0.1 is 0.10000000149011612 in float64; what was meant, and reads back, is 0.1.
    Whole numbers are an int, unless float64 may have rounded them.

    Args:
        value: As the frames have it.
        dtype: How it is stored on disk: ``float32``, ``float64``, ``int64``, ...
    """
    if not math.isfinite(value):
        return value
    if dtype in _WHOLE and abs(value) < _EXACT:
        return int(value)
    if dtype in ("float32", "bfloat16"):
        return float(str(np.float32(value)))
    if dtype == "float16":
        return float(str(np.float16(value)))
    return value


def json_number(value: float | None, dtype: str = "float64") -> float | int | None:
    """As `stored_number`; None for what JSON has no number for."""
    if value is None or not math.isfinite(value):
        return None
    return value if dtype == "float64" else stored_number(value, dtype)
