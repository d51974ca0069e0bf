"""Scanning files through the index: what is known of a file is not read again."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from tbtools.eventfile.index.checksum import crc32c
from tbtools.eventfile.index.entries import decode, encode
from tbtools.eventfile.index.store import Store
from tbtools.eventfile.rescan import rescan
from tbtools.eventfile.scan import scan_file
from tbtools.eventfile.source import open_file, source_of

if TYPE_CHECKING:
    from tbtools.eventfile.index.store import Found
    from tbtools.eventfile.rescan import Rescan
    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.source_types import Status

# An entry is written where reading its file took so many times as long as writing the entry will,
# as measured on two cores of a virtual machine. Files that the system has in memory are so fast to
# scan that only those pay that hold little but pictures and the like.
_PAYS_TIMES = 10.0
_SECONDS_AN_ENTRY, _SECONDS_A_BYTE = 30e-6, 2e-9
# Nothing is written before it has to do with so much time: who waits less gains nothing.
_PAYS_FROM_SECONDS = 0.02
# The coarsest clock of a file system, FAT's, has two seconds. What was written to a file so shortly
# before it was scanned may have left its times as they were.
_SETTLED_AFTER = 2_000_000_000
# Of a file that has grown some stretches are compared, one for each so many bytes but not more than
# so many: it may be another one by now that has the same end. Shorter ones are scanned anew.
_SAMPLED_BYTES = 512
_BYTES_A_SAMPLE = 1 << 20
_SAMPLES = 16


class FileKey(NamedTuple):
    """What a file is known by; as in `entries.Head`."""

    inode: int
    size: int
    modified: int
    changed: int


class FileIndex:
    """Scans the event files under a directory, and keeps what was found for the next time.

    The columns of a file are those of a scan of the whole file. They are taken from the index where
    the file's inode, size, and the times of its last changes are what they were, and that was at
    least two seconds after the last change; those of an object where its ETag is. A large file that
    has only become longer is scanned from where the index ends, if the bytes in front of that and
    some samples are the same; a remote one whatever its size, and without samples, which cost a
    request each. In all other cases a file is scanned anew.

    It can be used by many threads, and the index by many processes.

    Attributes:
        root: The directory.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._store: Store | None = None
        # What was scanned before it paid to write anything.
        self._waiting: list[tuple[FileColumns, Status, int, bool]] = []
        self._seconds = 0.0

    def __reduce__(self) -> tuple[Any, ...]:
        return FileIndex, (self.root,)

    def scan_file(self, path: str) -> FileColumns:
        """As `scan.scan_file`, but that what is known is not read again.

        Args:
            path: The event file.
        """
        store, status = self._open_store(), _status(path)
        if status is None or not store.is_usable:
            return scan_file(path)
        found = store.find(path)
        if found is not None and _is_unchanged(found, status):
            columns = _columns(found, path, status)
            if columns is not None:
                return columns
            found = None
        return self._scan(path, status, found)

    def unread_bytes(self, path: str) -> int:
        """How much of a file a scan would read.

        Args:
            path: The event file.

        Raises:
            OSError: It cannot be looked at.
        """
        status = source_of(path).stat(path)
        store = self._open_store()
        found = store.find(path) if store.is_usable and _status(path) is not None else None
        if found is None:
            return status.size
        if _is_unchanged(found, status):
            return 0
        return status.size - found.head.position if _may_go_on(found, path, status) else status.size

    def kept(self, kind: str) -> list[tuple[int, Any]]:
        """What `keep` was given, by its numbers.

        Args:
            kind: As for `keep`.
        """
        store = self._open_store()
        return list(store.kept(kind)) if store.is_usable else []

    def pays(self, seconds: float, making: float, size: int) -> bool:
        """Whether to keep what took so long to find.

        Args:
            seconds: How long that was.
            making: How long it takes to make the bytes that are kept.
            size: How many there are.
        """
        cost = making + size * _SECONDS_A_BYTE
        return seconds >= max(_PAYS_FROM_SECONDS, _PAYS_TIMES * cost)

    def keep(self, kind: str, number: int, data: bytes) -> None:
        """Keeps what was found of many files together, for `kept`.

        Args:
            kind: What it is, one name without a slash.
            number: What was kept under it before counts no more.
            data: Its bytes.
        """
        with self._lock:
            if self._store is not None:
                self._seconds = max(self._seconds, _PAYS_FROM_SECONDS)
                self._store.keep(kind, number, data)

    def save(self) -> None:
        """Writes what was scanned since, where that pays; else it waits for what comes."""
        with self._lock:
            if self._store is not None and self._seconds >= _PAYS_FROM_SECONDS:
                self._store.commit()

    def _open_store(self) -> Store:
        if self._store is None:
            with self._lock:
                if self._store is None:
                    self._store = Store(self.root)
        return self._store

    def _scan(self, path: str, status: Status, found: Found | None) -> FileColumns:
        now, start = time.time_ns(), time.perf_counter()
        look = _continued(path, status, found) if found is not None else None
        columns = look.columns if look is not None else scan_file(path)
        seconds = time.perf_counter() - start
        if _pays(columns, seconds) and _describes(columns, path, status):
            is_settled = status.is_exact or status.changed < now - _SETTLED_AFTER
            sample = _sample(path, columns.position)
            if sample is not None:
                self._keep(columns, status, sample, is_settled, seconds)
        return columns

    def _keep(
        self, columns: FileColumns, status: Status, sample: int, is_settled: bool, seconds: float
    ) -> None:
        with self._lock:
            self._seconds += seconds
            self._waiting.append((columns, status, sample, is_settled))
            if self._seconds < _PAYS_FROM_SECONDS or self._store is None:
                return
            for each, its_status, its_sample, its_settled in self._waiting:
                if self._store.has_room(each.values.row_bytes):
                    entry = encode(each, its_status, sample=its_sample, is_settled=its_settled)
                    self._store.add(each.path, entry)
            self._waiting.clear()


def _status(path: str) -> Status | None:
    """The status of a file that can be told from itself at another time; None for any other."""
    try:
        status = source_of(path).stat(path)
    except OSError:
        return None
    tells = status.kind == "file" and status.changed and isinstance(status.identity[-1], int)
    return status if tells else None


def key_now(path: str) -> FileKey | None:
    """What tells a local file from another one at the same path, and from itself at other times."""
    status = _status(path)
    return None if status is None or status.is_exact else _key(status)


def key_of(columns: FileColumns, began: int) -> FileKey | None:
    """The key of what was scanned of a file.

    Args:
        columns: What was found, here or by an earlier process.
        began: A time before that, and before these columns were asked for, in nanoseconds since the
            epoch.

    Returns:
        None where the file may have changed since, or so shortly before that its times do not tell.
    """
    status = _status(columns.path)
    if status is None or status.is_exact or status.changed >= began - _SETTLED_AFTER:
        return None
    then = (columns.identity, columns.size, columns.modified)
    return _key(status) if then == (status.identity, status.size, status.modified) else None


def _key(status: Status) -> FileKey:
    return FileKey(int(status.identity[-1]), status.size, status.modified, status.changed)


def _describes(columns: FileColumns, path: str, status: Status) -> bool:
    """Whether a status is that of the file when the scan began."""
    then = (columns.identity, columns.size, columns.modified)
    if then != (status.identity, status.size, status.modified):
        return False
    # An object that was replaced in front of the first read is another one since.
    return not status.is_exact or _status(path) == status


def _is_unchanged(found: Found, status: Status) -> bool:
    head = found.head
    then = (head.inode, head.size, head.modified, head.changed)
    return head.is_settled and then == _key(status)


def _columns(found: Found, path: str, status: Status) -> FileColumns | None:
    try:
        entry = found.entry()
        return (
            None
            if entry is None
            else decode(entry, found.place.first_bytes, found.head, path, status)
        )
    except OSError:
        return None


def _may_go_on(found: Found, path: str, status: Status) -> bool:
    """Whether a file has become longer, by its status."""
    head = found.head
    if head.inode != status.identity[-1] or head.size >= status.size:
        return False
    return head.position >= _BYTES_A_SAMPLE or source_of(path).is_remote


def _continued(path: str, status: Status, found: Found) -> Rescan | None:
    """A look at a file that has become longer; None where it may be another one by now."""
    head = found.head
    if not _may_go_on(found, path, status) or _sample(path, head.position) != head.sample:
        return None
    before = _columns(found, path, status)
    look = None if before is None else rescan(before)
    return None if look is None or look.change == "unreadable" else look


def _pays(columns: FileColumns, seconds: float) -> bool:
    """Whether to write the columns of a file, given how long it took to get them.

    Of a file that has grown this is how long the new part took, so that a large entry is not
    written again for a few new records.
    """
    cost = _SECONDS_AN_ENTRY + columns.values.row_bytes * _SECONDS_A_BYTE
    return seconds >= _PAYS_TIMES * cost


def _sample(path: str, end: int) -> int | None:
    """A checksum of some stretches in front of an offset; None where they cannot be read."""
    count = min(end // _BYTES_A_SAMPLE, _SAMPLES)
    if not count or source_of(path).is_remote:
        return 0
    try:
        with open_file(path) as file:
            pieces = [file.read_at(end * i // count, _SAMPLED_BYTES) for i in range(count)]
    except OSError:
        return None
    return crc32c(b"".join(pieces))
