"""Numbers for the page: typed arrays, one behind the other, deflated and in base64.

Each array is stored byte plane by byte plane (first all lowest bytes, then all second ones, ...):
exponents of neighbouring floats and high bytes of small integers are alike, and deflate finds that.
The page's script, ``data.js``, undoes it all.

| code | array | as stored |
| --- | --- | --- |
| `f4`, `f8` | float32, float64 | as they are |
| `u1`, `u4` | uint8, uint32 | as they are |
| `d4` | integers | int32 differences of neighbours; the first against 0 |
"""

from __future__ import annotations

import base64
import math
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

_DTYPES = {"f4": "<f4", "f8": "<f8", "u1": "u1", "u4": "<u4", "d4": "<i4"}
_INT32 = np.iinfo(np.int32)


class Columns:
    """Collects arrays; each is known by its number from then on.

    Attributes:
        shapes: ``[code, length]`` of each array, in order.
    """

    def __init__(self) -> None:
        self.shapes: list[tuple[str, int]] = []
        self._deflate = zlib.compressobj(6)
        self._parts: list[bytes] = []

    def floats(self, values: Array) -> int:
        """Adds floats: as float32 where that holds all of them exactly, else as float64."""
        values = np.asarray(values, np.float64)
        with np.errstate(over="ignore"):
            narrow = values.astype(np.float32)
        exact = np.array_equal(narrow.astype(np.float64), values, equal_nan=True)
        return self._add("f4", narrow) if exact else self._add("f8", values)

    def rough(self, values: Array, digits: int = 7) -> int:
        """Adds floats of which so many digits will do, seven at most."""
        with np.errstate(over="ignore"):
            narrow = np.asarray(values).astype(np.float32)
        # Bits that nobody needs are zeros, which deflate makes nothing of.
        spare = 23 - math.ceil(digits * math.log2(10))
        if spare > 0:
            narrow = (narrow.view(np.uint32) & np.uint32(-1 << spare & 0xFFFFFFFF)).view(np.float32)
        return self._add("f4", narrow)

    def integers(self, values: Array) -> int:
        """Adds integers: as differences where these fit 32 bits, else as float64."""
        values = np.asarray(values)
        wide = np.diff(values.astype(np.float64), prepend=0.0)
        if values.size and (wide.min() < _INT32.min or wide.max() > _INT32.max):
            return self._add("f8", values.astype(np.float64))
        return self._add("d4", np.diff(values.astype(np.int64), prepend=0))

    def bytes(self, values: Array) -> int:
        """Adds integers from 0 to 255."""
        return self._add("u1", values)

    def counts(self, values: Array) -> int:
        """Adds integers that are not negative and less than 2³²."""
        return self._add("u4", values)

    def _add(self, code: str, values: Array) -> int:
        stored = np.ascontiguousarray(values, dtype=_DTYPES[code])
        planes = stored.view(np.uint8).reshape(-1, stored.itemsize).T
        self._parts.append(self._deflate.compress(planes.tobytes()))
        self.shapes.append((code, len(stored)))
        return len(self.shapes) - 1

    def to_base64(self) -> str:
        """All arrays as text. Nothing can be added any more."""
        data = b"".join(self._parts) + self._deflate.flush()
        return base64.b64encode(data).decode("ascii")
