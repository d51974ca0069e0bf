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
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.eventfile.threads import submitted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    Array = np.ndarray[Any, Any]
    # A code and what is stored.
    Stored = tuple[str, Array]

_DTYPES = {
    code: np.dtype(name)
    for code, name in {"f4": "<f4", "f8": "<f8", "u1": "u1", "u4": "<u4", "d4": "<i4"}.items()
}
_INT32 = np.iinfo(np.int32)
# Of deflate: what zlib does by default takes twice as long, and makes a fiftieth less of it.
_LEVEL = 4
# What is deflated in one go, by another thread: enough that handing it over costs nothing.
_AT_ONCE = 1 << 20


class Columns:
    """Collects arrays; each is known by its number from then on.

    Attributes:
        shapes: ``[code, length]`` of each array, in order.
    """

    def __init__(self) -> None:
        self.shapes: list[tuple[str, int]] = []
        self._known: dict[tuple[str, bytes], int] = {}
        self._deflate = zlib.compressobj(_LEVEL)
        self._thread = ThreadPoolExecutor(1)
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._parts: list[Future[bytes]] = []

    def floats(self, values: Array) -> int:
        """Adds floats: as float32 where that holds all of them exactly, else as float64."""
        return self.add(stored_floats(values, [len(values)])[0])

    def rough(self, values: Array, digits: int = 7) -> int:
        """Adds floats of which so many digits will do, seven at most."""
        return self.add(("f4", rough_floats(values, digits)))

    def integers(self, values: Array) -> int:
        """Adds integers: as differences where these fit 32 bits, else as float64."""
        return self.add(stored_integers(values, [len(values)])[0])

    def bytes(self, values: Array) -> int:
        """Adds integers from 0 to 255."""
        return self.add(("u1", values))

    def counts(self, values: Array) -> int:
        """Adds integers that are not negative and less than 2³²."""
        return self.add(("u4", values))

    def add(self, stored: Stored) -> int:
        """Adds an array as it is to be stored."""
        code, values = stored
        array = np.ascontiguousarray(values, dtype=_DTYPES[code])
        planes = array.view(np.uint8).reshape(-1, array.itemsize).T.tobytes()
        self._waiting.append(planes)
        self._waiting_bytes += len(planes)
        if self._waiting_bytes >= _AT_ONCE:
            self._hand_over()
        self.shapes.append((code, array.size))
        return len(self.shapes) - 1

    def add_once(self, stored: Stored) -> int:
        """The number of an array as it is to be stored, which is added where it is a new one."""
        code, values = stored
        data = np.ascontiguousarray(values, dtype=_DTYPES[code]).tobytes()
        number = self._known.get((code, data))
        if number is None:
            number = self._known[code, data] = self.add(stored)
        return number

    def size(self, number: int) -> int:
        """How many numbers an array has."""
        return self.shapes[number][1]

    def _hand_over(self) -> None:
        if self._parts:
            self._parts[-1].result()  # one after the other, whichever threads they are of
        data = b"".join(self._waiting)
        self._waiting, self._waiting_bytes = [], 0
        self._parts.append(submitted(self._thread, self._deflate.compress, data))

    def to_base64(self) -> str:
        """All arrays as text. Nothing can be added any more."""
        self._hand_over()
        data = b"".join(part.result() for part in self._parts) + self._deflate.flush()
        self._thread.shutdown()
        return base64.b64encode(data).decode("ascii")


def stored_floats(values: Array, ends: Sequence[int]) -> list[Stored]:
    """Floats as `Columns.floats` stores them.

    Args:
        values: Several arrays, none of which is empty, one behind the other.
        ends: Where each ends.
    """
    values = np.asarray(values, np.float64)
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    same = (narrow == values) | (np.isnan(narrow) & np.isnan(values))
    stored: list[Stored] = []
    for first, end in pairwise((0, *ends)):
        if same[first:end].all():
            stored.append(("f4", narrow[first:end]))
        else:
            stored.append(("f8", values[first:end]))
    return stored


def rough_floats(values: Array, digits: int) -> Array:
    """Floats as `Columns.rough` stores them."""
    with np.errstate(over="ignore"):
        narrow = np.asarray(values).astype(np.float32)
    # Bits that nobody needs are zeros, which deflate makes nothing of.
    spare = 23 - math.ceil(digits * math.log2(10))
    if spare > 0:
        narrow = (narrow.view(np.uint32) & np.uint32(-1 << spare & 0xFFFFFFFF)).view(np.float32)
    return narrow


def stored_integers(values: Array, ends: Sequence[int]) -> list[Stored]:
    """Integers as `Columns.integers` stores them; arguments as for `stored_floats`."""
    values = np.asarray(values)
    with np.errstate(invalid="ignore"):  # what is too large is stored as it is
        wide, whole = values.astype(np.float64), values.astype(np.int64)
    differences, exact = (np.diff(each, prepend=each[:1]) for each in (wide, whole))
    firsts = np.array([0, *ends[:-1]])[: len(values)]
    differences[firsts], exact[firsts] = wide[firsts], whole[firsts]
    fits = (differences >= _INT32.min) & (differences <= _INT32.max)
    stored: list[Stored] = []
    for first, end in pairwise((0, *ends)):
        if fits[first:end].all():
            stored.append(("d4", exact[first:end]))
        else:
            stored.append(("f8", wide[first:end]))
    return stored
