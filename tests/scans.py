"""Both scans over the same bytes, and what they tell differently."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.eventfile import _scan_protobuf
from tbtools.eventfile.scan import FileColumns, scan_file
from tbtools.eventfile.value_rows import value_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

try:
    import tbtools.eventfile._scan as compiled
except ModuleNotFoundError:  # built without a compiler
    compiled = None  # type: ignore[assignment]

SCANNERS: dict[str, Any] = {
    "compiled": compiled and compiled.Scanner,
    "protobuf": _scan_protobuf.Scanner,
}
WALL_TIMES_AND_VALUES = ("value", "number", "wall_time", "mark_wall_time")
VALUES = ("tag_id", "kind", "dtype", "step", "wall_time", "value", "offset", "length")


# --- files -------------------------------------------------------------------------------------


def scan_content(folder: Path, content: bytes) -> FileColumns:
    """The columns of a file with that content."""
    path = folder / "events.out.tfevents.1"
    path.write_bytes(content)
    return scan_file(path)


def problem_places(columns: FileColumns) -> list[tuple[str, int, int]]:
    """Kind, offset and length of each problem."""
    return [(problem.kind, problem.offset, problem.length) for problem in columns.problems]


def assert_same_columns(a: FileColumns, b: FileColumns, *, but: tuple[str, ...] = ()) -> None:
    """Fails where the two differ in any attribute but those named."""
    for field in dataclasses.fields(FileColumns):
        if field.name in (*but, "memory"):
            continue
        names = VALUES if field.name == "values" else (field.name,)
        for name in names:
            ours, theirs = getattr(a, name), getattr(b, name)
            if isinstance(ours, np.ndarray):
                assert ours.dtype == theirs.dtype, name
                ours, theirs = _exact(name, ours), _exact(name, theirs)
            assert ours == theirs, name


# --- scanners ----------------------------------------------------------------------------------


def feeds(data: bytes, scanner: Any, more: int) -> Iterator[tuple[NDArray[np.uint8], int, int]]:
    """What `Scanner.feed` is to be called with, time and again: what it wants and `more` bytes.

    Each buffer is a new array, which has not one byte more than it holds (a bytearray has one),
    so that a sanitizer sees a read behind it.
    """
    while scanner.wanted:
        count = min(scanner.wanted + more, len(data) - scanner.cursor)
        buffer = np.frombuffer(data, np.uint8, count, scanner.cursor).copy()
        yield buffer, scanner.cursor, count


def scan_bytes(scanner_type: Any, data: bytes, more: int | None = None) -> dict[str, Any]:
    """All that a scanner finds in a file of these bytes.

    Args:
        scanner_type: One of `SCANNERS`.
        data: The file.
        more: How many bytes beyond those wanted each feed holds; all that there are unless told.
    """
    scanner = scanner_type(len(data))
    for buffer, base, count in feeds(data, scanner, len(data) if more is None else more):
        scanner.feed(buffer, base, count)
    return comparable(scanner.finish())


def scan_in_parts(scanner_type: Any, data: bytes, places: list[int]) -> dict[str, Any]:
    """All that scanners find together that start at the beginning and at some places, in order."""
    scanner = scanner_type(len(data))
    feed_until(scanner, data, places[0])
    for start, end in itertools.pairwise([*places, len(data)]):
        part = scanner_type(len(data), start)
        feed_until(part, data, end)
        if not scanner.absorb(part):
            feed_until(scanner, data, end)
    return comparable(scanner.finish())


def feed_until(scanner: Any, data: bytes, end: int) -> None:
    """Feeds a scanner to an offset, and beyond it what it cannot do without."""
    while scanner.wanted and scanner.cursor < end:
        count = min(max(end - scanner.cursor, scanner.wanted), len(data) - scanner.cursor)
        buffer = np.frombuffer(data, np.uint8, count, scanner.cursor).copy()
        scanner.feed(buffer, scanner.cursor, count)


def comparable(found: dict[str, Any]) -> dict[str, Any]:
    """What a scanner has found, so that it can be compared with what others have."""
    rows = value_rows(found)
    found |= {name: getattr(rows, name) for name in (*VALUES, "number")}
    return {name: _comparable(name, item) for name, item in found.items()}


def _comparable(name: str, item: Any) -> Any:
    """Columns as their bytes."""
    if item is None or isinstance(item, int | tuple | list | bytes):
        return item
    if isinstance(item, np.ndarray):
        return _exact(name, item)
    if name not in WALL_TIMES_AND_VALUES or not len(memoryview(item)):
        return memoryview(item).tobytes()
    return _exact(name, np.frombuffer(item, np.float64))


def _exact(name: str, column: np.ndarray[Any, Any]) -> bytes:
    """The bytes of a column: 0.0 is not -0.0, but one NaN is as good as another."""
    if name in WALL_TIMES_AND_VALUES:
        column = np.where(np.isnan(column), np.nan, column)
    return column.tobytes()


def differences(a: dict[str, Any], b: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The names under which the two have different things, and these things."""
    assert a.keys() == b.keys()
    return {name: (a[name], b[name]) for name in a if a[name] != b[name]}
