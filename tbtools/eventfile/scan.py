"""One pass over an event file gives its columns.

The pass itself is done by one of two implementations of the same interface, `_scan` (compiled) and
`_scan_protobuf` (where the package was built without a compiler, or TBTOOLS_PURE_PYTHON=1 asks for
it); `implementation()` tells which. This module reads the file, hands its bytes on, and names what
comes back. `rescan` follows a file that changes.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tbtools.eventfile import problems
from tbtools.eventfile.content import recognised
from tbtools.eventfile.side_by_side import scan_parts
from tbtools.eventfile.source import open_file
from tbtools.eventfile.source_types import Status
from tbtools.eventfile.value_rows import array, value_rows
from tbtools.extensions import compiled

if TYPE_CHECKING:
    from mmap import mmap

    from numpy.typing import NDArray

    from tbtools.eventfile.growing import ColumnMemory
    from tbtools.eventfile.problems import Problem
    from tbtools.eventfile.side_by_side import JoiningScanner, Scanner
    from tbtools.eventfile.source_types import Identity, SourceFile
    from tbtools.eventfile.value_rows import ValueRows

# Raised whenever a scan finds something else in the same bytes than before, so that what an index
# has of earlier ones is not taken for it.
SCAN_VERSION = 2
# Read at once: large enough that system calls cost nothing, small enough to stay in the cache.
_CHUNK = 1 << 20
# Bytes in front of the position that are compared before a scan goes on there: one that was
# replaced by another file of the same name and a greater length is found out.
_FINGERPRINT = 64

MARK_DTYPES: dict[str, type[np.generic]] = {
    "mark_kind": np.uint8,
    "mark_status": np.uint8,
    "mark_step": np.int64,
    "mark_wall_time": np.float64,
    "mark_row": np.int64,
    "mark_offset": np.int64,
    "mark_length": np.int64,
}
_DAMAGE_DTYPES: dict[str, type[np.generic]] = {
    "damage_kind": np.uint8,
    "damage_offset": np.int64,
    "damage_length": np.int64,
    "damage_got": np.uint32,
    "damage_want": np.uint32,
}
# Kinds of damage as the scanners number them; 3 is a record that is no Event, 4 a truncated one.
_BAD_LENGTH, _BAD_DATA, _BROKEN_OFF, _CUT_OFF = 1, 2, 5, 6


@dataclass(frozen=True, slots=True, eq=False)
class FileColumns:
    """What one pass over an event file found.

    Arrays of the same group have one length. The **values** have a row for each Summary.Value that
    has a tag or a value, in file order; the **marks** one for each event that is no summary.

    Attributes:
        path: The file, as it was given.
        size: Its length when the scan began, in bytes.
        identity: Device and inode; another file under the same name has another.
        modified: When it was last changed, as of the beginning of the scan; nanoseconds since the
            epoch.
        position: Where the next scan goes on: behind the last whole record.
        fingerprint: The bytes in front of the position (up to 64).
        records: How many whole records with sound checksums there are.
        events: How many of them are Event messages.
        file_version: As the first event that has one says, for example ``brain.Event:2``.
        tag_names: int32 tag id to name, as the bytes in the file.
        tag_plugins: Tag id to the plugin name that the tag's metadata declares; b"" for none.
        tag_metadata: Tag id to (offset, length) of the Value with the metadata; -1 for none.
        values: The rows of values; the properties below have one entry for each.
        mark_kind: uint8, the number of the Event field that is set: 3 file_version, 4 graph_def, 6
            log_message, 7 session_log, 8 tagged_run_metadata, 9 meta_graph_def.
        mark_status: uint8, for session_log: 1 START, 2 STOP, 3 CHECKPOINT.
        mark_step: int64.
        mark_wall_time: float64, seconds since the epoch.
        mark_row: int64, how many rows of values stand in front of it.
        mark_offset: int64, where the field's content starts in the file.
        mark_length: int64, its bytes.
        damage: Damaged stretches that a longer file will not heal, in order.
        tail: The problem that the file ends with, if any.
        memory: Where the values, the places that are told of them, and the marks of a file that
            has grown can grow further.
        is_compressed: Whether all this is of what the file holds when gzip decompresses it.
        row_problems: What could not be read of a file that is read as an event file and is none.
        rows_aside: How many rows of values lie elsewhere, which are all: see
            `tbtools.eventfile.aside`.
        mapping: Of the spool in which the rows of values lie, where they do; that of several files
            may be one.
    """

    path: str
    size: int
    identity: Identity
    modified: int
    position: int
    fingerprint: bytes
    records: int
    events: int
    file_version: str | None
    tag_names: list[bytes]
    tag_plugins: list[bytes]
    tag_metadata: list[tuple[int, int]]
    values: ValueRows
    mark_kind: NDArray[np.uint8]
    mark_status: NDArray[np.uint8]
    mark_step: NDArray[np.int64]
    mark_wall_time: NDArray[np.float64]
    mark_row: NDArray[np.int64]
    mark_offset: NDArray[np.int64]
    mark_length: NDArray[np.int64]
    damage: tuple[Problem, ...]
    tail: Problem | None
    memory: tuple[ColumnMemory | None, ...] = field(default=(None, None, None), repr=False)
    is_compressed: bool = False
    row_problems: tuple[Problem, ...] = ()
    rows_aside: int = 0
    mapping: mmap | None = field(default=None, repr=False)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, in the order of the file."""
        damage = self.damage + self.row_problems
        return (*damage, self.tail) if self.tail else damage

    @property
    def tag_id(self) -> NDArray[np.int32]:
        """int32; made anew each time, like all that are no attributes of `ValueRows`."""
        return self.values.tag_id

    @property
    def kind(self) -> NDArray[np.uint8]:
        """uint8, the number of the Summary.Value field that is set.

        2 simple_value, 3 obsolete_old_style_histogram, 4 image, 5 histo, 6 audio, 8 tensor, 0 none.
        """
        return self.values.kind

    @property
    def dtype(self) -> NDArray[np.uint8]:
        """uint8, TensorFlow's DataType where the value reads as one number, else 0."""
        return self.values.dtype

    @property
    def step(self) -> NDArray[np.int64]:
        """int64."""
        return self.values.step

    @property
    def wall_time(self) -> NDArray[np.float64]:
        """float64, seconds since the epoch."""
        return self.values.wall_time

    @property
    def value(self) -> NDArray[np.float64]:
        """float64; NaN where dtype is 0."""
        return self.values.value

    @property
    def offset(self) -> NDArray[np.int64]:
        """int64, where the Value message starts in the file."""
        return self.values.offset

    @property
    def length(self) -> NDArray[np.uint32]:
        """uint32, its bytes."""
        return self.values.length

    @property
    def first_wall_time(self) -> float | None:
        """Of the first event that has a value or a mark; None in a file without."""
        if not self.mark_row.size and not self.wall_time.size:
            return None
        if self.mark_row.size and self.mark_row[0] == 0:
            return float(self.mark_wall_time[0])
        return float(self.wall_time[0])


def _pick_scanner() -> type[Scanner]:
    extension = compiled("tbtools.eventfile._scan")
    if extension is not None:
        return cast("type[Scanner]", extension.Scanner)
    from tbtools.eventfile import _scan_protobuf

    return _scan_protobuf.Scanner


_scanner: type[Scanner] = _pick_scanner()


def implementation() -> str:
    """Which scan is in use: ``"compiled"`` or ``"protobuf"``."""
    return "compiled" if _scanner.__module__.endswith("._scan") else "protobuf"


class FileShrank(Exception):
    """The file ends where more was expected of it; no error, for whoever reads tries again."""

    def __init__(self, size: int) -> None:
        self.size = size


_buffers = threading.local()


def _buffer(size: int) -> bytearray:
    """This thread's buffer, of at least that many bytes; one for an outsize record is not kept."""
    buffer: bytearray | None = getattr(_buffers, "buffer", None)
    if buffer is None:
        buffer = _buffers.buffer = bytearray(_CHUNK)
    return buffer if len(buffer) >= size else bytearray(size)


def _read_until(file: SourceFile, scanner: Scanner, end: int) -> None:
    """Feeds the scanner from its cursor to an offset, and beyond it only what it cannot do without.

    Raises:
        FileShrank: The file ends before that.
    """
    buffer = _buffer(0)
    base, count = scanner.cursor, 0
    while scanner.wanted and scanner.cursor < end:
        kept = base + count - scanner.cursor
        larger = _buffer(scanner.wanted)
        larger[:kept] = memoryview(buffer)[count - kept : count]
        buffer, base, count = larger, scanner.cursor, kept
        room = min(len(buffer), max(end - base, scanner.wanted))
        while count < scanner.wanted:
            got = file.read_into(memoryview(buffer)[count:room], base + count)
            if not got:
                raise FileShrank(base + count)
            count += got
        scanner.feed(buffer, base, count)


def _problem(kind: int, offset: int, length: int, got: int, want: int) -> Problem:
    if kind == _BAD_LENGTH:
        return problems.bad_length(offset, length, got, want, found=True)
    if kind in (_BAD_DATA, _BROKEN_OFF):
        broken_off = kind == _BROKEN_OFF
        return problems.bad_data(offset, length, got, want, broken_off=broken_off)
    if kind == _CUT_OFF:
        return problems.cut_off(offset, length)
    return problems.undecodable(offset, length)


def _tail_problem(found: dict[str, Any]) -> Problem | None:
    kind, offset, length, got, want = found["tail"]
    if kind == _BAD_LENGTH:
        return problems.bad_length(offset, length, got, want, found=False)
    return problems.truncated(offset, length) if kind else None


def _damage(found: dict[str, Any]) -> tuple[Problem, ...]:
    if not found["damage_kind"]:
        return ()
    columns = [array(found[name], dtype).tolist() for name, dtype in _DAMAGE_DTYPES.items()]
    return tuple(_problem(*row) for row in zip(*columns, strict=True))


def is_still_damaged(file: SourceFile, size: int, problem: Problem) -> bool:
    """Whether a scan of the file, as it is now, would find the same damage in its place.

    Args:
        file: The file.
        size: Its length.
        problem: The damaged stretch, which a scan has found and behind which it went on.

    Raises:
        FileShrank: The file is shorter.
    """
    scanner = _scanner(size, problem.offset)
    _read_until(file, scanner, problem.offset + problem.length)
    found = scanner.finish()
    if damage := _damage(found):
        return damage[0] == problem
    # The record behind it was not looked at, so that a search would go on there.
    kind, offset, _, got, want = found["tail"]
    searches = kind in (_BAD_LENGTH, _BROKEN_OFF, _CUT_OFF)
    return searches and problem == _problem(kind, offset, problem.length, got, want)


def unreadable_columns(path: str, error: OSError) -> FileColumns:
    """Those of a file of which nothing could be read, with the reason as its tail."""
    nothing = Status("other", 0, (0, 0), 0)
    return replace(
        _named(path, nothing, b"", _scanner(0).finish()), tail=problems.unreadable(error)
    )


def _named(path: str, status: Status, fingerprint: bytes, found: dict[str, Any]) -> FileColumns:
    version: bytes | None = found["file_version"]
    marks: dict[str, Any] = {name: array(found[name], dtype) for name, dtype in MARK_DTYPES.items()}
    return FileColumns(
        path=path,
        size=status.size,
        identity=status.identity,
        modified=status.modified,
        position=found["position"],
        fingerprint=fingerprint,
        records=found["records"],
        events=found["events"],
        file_version=None if version is None else version.decode(errors="backslashreplace"),
        tag_names=found["tag_names"],
        tag_plugins=found["tag_plugins"],
        tag_metadata=found["tag_metadata"],
        damage=_damage(found),
        tail=_tail_problem(found),
        values=value_rows(found),
        **marks,
    )


def scan_open(
    file: SourceFile, after: FileColumns | None = None, most: int | None = None
) -> FileColumns:
    """Scans an open file to its end.

    Args:
        file: The file.
        after: The columns of an earlier scan, behind which this one goes on; only what is new is in
            the result, and tags keep their numbers.
        most: How long the file is at most taken to be.

    Raises:
        FileShrank: The file is shorter than it said, or than the earlier scan has read of it.
    """
    status = file.status()
    if most is not None:
        status = replace(status, size=min(status.size, most))
    start = after.position if after else 0
    if status.size < start:
        raise FileShrank(status.size)
    tags = list(zip(after.tag_names, after.tag_plugins, strict=True)) if after else []
    scanner = _scanner(status.size, start, tags)
    if file.is_shared and implementation() == "compiled":  # the other holds the interpreter's lock
        scan_parts(file, cast("JoiningScanner", scanner), status.size, _read_until)
    else:
        _read_until(file, scanner, status.size)
    found = scanner.finish()
    fingerprint_start = max(found["position"] - _FINGERPRINT, 0)
    fingerprint = file.read_at(fingerprint_start, found["position"] - fingerprint_start)
    columns = _named(file.path, status, fingerprint, found)
    tail = columns.tail and recognised(file, columns.tail)
    if tail is columns.tail and not file.row_problems:
        return columns
    return replace(columns, tail=tail, row_problems=file.row_problems)


def scan_readable(path: str) -> FileColumns:
    """Reads an event file from beginning to end; whatever is wrong with it stands in the result.

    Args:
        path: The event file.

    Raises:
        FileError: The operating system refuses.
    """
    with open_file(path) as file:
        most = None
        while True:
            try:
                return scan_open(file, most=most)
            except FileShrank as shrank:  # what was read is of no file that there is
                # Less each time, also where a file system tells a size that it does not have.
                most = shrank.size


def scan_file(path: str | os.PathLike[str]) -> FileColumns:
    """As `scan_readable`, but that the operating system refuses stands in the result, too."""
    path = os.fspath(path)
    try:
        return scan_readable(path)
    except OSError as error:
        return unreadable_columns(path, error)
