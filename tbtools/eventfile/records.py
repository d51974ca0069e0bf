"""TFRecord frames: reading, also of files that grow or are damaged, and writing.

A frame, little-endian (tensorflow/core/lib/io/record_writer.h):

    offset   size
    0        8      length of the data
    8        4      masked CRC-32C of these 8 bytes
    12       length data
    12+len   4      masked CRC-32C of the data
"""

from __future__ import annotations

import functools
import struct
from array import array
from typing import TYPE_CHECKING, NamedTuple

from tbtools import errors
from tbtools.eventfile.content import foreign_content
from tbtools.eventfile.source import as_path, open_file, source_of
from tbtools.extensions import compiled

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import BinaryIO, Self

    from tbtools.eventfile.source_types import SourceFile

HEADER_SIZE = 12
FRAME_SIZE = 16  # what a record takes up beyond its data
_HEADER = struct.Struct("<QI")
_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
# A CRC stored next to the data it is of would make the CRC of both a constant, hence the mask
# (tensorflow/core/lib/hash/crc32c.h).
_MASK_DELTA = 0xA282EAD8
# A file can be made so that every few bytes begin a record that ends with the file and has a wrong
# checksum at its end; summing them all would take time in the square of the file's size. Searches
# in one file may sum this many bytes per byte of it, which no accident comes near.
_SEARCH_EFFORT = 8
_SEARCH_BLOCKS = 1 << 12, 1 << 18  # bytes looked at together: at first, and at most
_BLOCK = 1 << 16  # read at once, for most records are small


class Record(NamedTuple):  # a frozen dataclass takes as long to make as the checksum
    """One sound record.

    Attributes:
        offset: Byte offset of the frame's first byte in the file.
        data: The bytes inside the frame.
    """

    offset: int
    data: bytes

    @property
    def end(self) -> int:
        """Byte offset behind the frame, where the next record starts."""
        return self.offset + FRAME_SIZE + len(self.data)


@functools.cache  # the statement that imports costs as much as the checksum
def _crc32c() -> Callable[[bytes], int]:
    import google_crc32c

    value: Callable[[bytes], int] = google_crc32c.value
    return value


def masked_crc32c(data: bytes) -> int:
    """The checksum of TFRecord: CRC-32C, rotated right by 15 bits, plus a constant."""
    crc = _crc32c()(data)
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


_checksum_of_length = functools.lru_cache(1 << 10)(masked_crc32c)  # few lengths are different


def write_record(file: BinaryIO, data: bytes) -> int:
    """Writes one record, in one call of ``file.write``.

    Returns:
        The bytes written: the data and 16 more.
    """
    file.write(framed(data))
    return FRAME_SIZE + len(data)


def framed(data: bytes) -> bytes:
    """One record around the data."""
    length = struct.pack("<Q", len(data))
    checksums = _CHECKSUM.pack(masked_crc32c(length)), _CHECKSUM.pack(masked_crc32c(data))
    return b"".join((length, checksums[0], data, checksums[1]))


class RecordReader:
    """Reads the records of one file, in order; an iterator that can be taken up again.

    The end of the file ends the iteration; once the file has grown, it goes on. A record that
    cannot be read raises, and the reader stands where reading can go on:

    - `TruncatedRecord`: at the incomplete record. Read on when the file has grown; or others stand
      behind where it broke off: see `resynchronise`.
    - `BadData`: behind the damaged record. Read on.
    - `BadLength`: at the damaged record, for where it ends is unknown: see `resynchronise`.

    The file is opened when first read from, and again after `close`::

        with RecordReader(path) as records:
            for record in records:
                ...

    Attributes:
        path: The file, as it was given.
        offset: Byte offset at which the next record starts.
    """

    def __init__(self, path: str | os.PathLike[str], offset: int = 0) -> None:
        self.path = as_path(path)
        self.offset = offset
        self._file: SourceFile | None = None
        self._block = b""
        self._block_start = 0
        # The data of sound records that follow one another from an offset on, the last one first.
        self._ahead: list[bytes] = []
        self._ahead_offset = 0
        self._known_size = 0
        self._search_effort = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file. Reading on opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._block = b""
            self._ahead = []
            self._known_size = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Record:
        """Reads the next record.

        Raises:
            StopIteration: The file ends here.
            TruncatedRecord: The file ends inside the record.
            BadLength: The checksum of the length does not hold.
            BadData: The checksum of the data does not hold.
            FileError: The file cannot be read.
        """
        if (record := self._sound_at_hand()) is not None:
            return record
        left = self._at_least(FRAME_SIZE)
        if left == 0:
            raise StopIteration
        if left < HEADER_SIZE:
            raise errors.TruncatedRecord(self.path, self.offset, FRAME_SIZE - left)
        header = self._read_at(self.offset, HEADER_SIZE)
        length, want = _HEADER.unpack(header)
        got = masked_crc32c(header[:8])
        if got != want:
            self._block = b""  # they may have changed when they are asked for again
            content = "" if self.offset else foreign_content(self.file, left)
            raise errors.BadLength(self.path, self.offset, got, want, content)
        if length > left - FRAME_SIZE:
            left = self._at_least(FRAME_SIZE + length)
        if length > left - FRAME_SIZE:
            raise errors.TruncatedRecord(self.path, self.offset, FRAME_SIZE + length - left)
        return self._read_body(length)

    def _sound_at_hand(self) -> Record | None:
        """The next record, where it is sound and has been read already."""
        if self.offset != self._ahead_offset or not self._ahead:
            start = self.offset - self._block_start
            if not 0 <= start <= len(self._block) - FRAME_SIZE:
                return None
            self._ahead = _sound_records()(self._block, start)[::-1]
            if not self._ahead:
                return None
        data = self._ahead.pop()
        record = Record(self.offset, data)
        self.offset = self._ahead_offset = self.offset + FRAME_SIZE + len(data)
        return record

    def _read_body(self, length: int) -> Record:
        body = self._read_at(self.offset + HEADER_SIZE, length + _CHECKSUM.size)
        record = Record(self.offset, body[:length])
        (want,) = _CHECKSUM.unpack_from(body, length)
        got = masked_crc32c(record.data)
        if got != want:
            inside = self._records_inside(record)
            self.offset = record.end if inside is None else inside
            broken_off = inside is not None
            raise errors.BadData(self.path, record.offset, got, want, broken_off=broken_off)
        self.offset = record.end
        return record

    def _records_inside(self, record: Record) -> int | None:
        """Where in a record with bad data whole records begin that lead behind its end.

        There it broke off, and another writer went on.
        """
        size = self.offset + self.bytes_left()
        ahead = record.offset + 1
        for start, _ in self._possible_headers(ahead, min(size, record.end + FRAME_SIZE - 1), size):
            if start < ahead:  # what begins at a record of those that led nowhere does so, too
                continue
            if self._search_effort >= _SEARCH_EFFORT * size:
                break
            ahead, checked = self._followed(start, record.end, size)
            self._search_effort += checked
            if ahead >= record.end:
                return start
        return None

    def _followed(self, start: int, end: int, size: int) -> tuple[int, int]:
        """How far whole records lead, at most to the first one that ends at `end` or behind.

        Returns:
            The end of the last one, and how many bytes of data were checked.
        """
        checked = 0
        while start < end and size - start >= FRAME_SIZE:
            header = self._read_at(start, HEADER_SIZE)
            length, want = _HEADER.unpack(header)
            if length > size - start - FRAME_SIZE or masked_crc32c(header[:8]) != want:
                break
            checked += length
            if not self._data_checks_out(start + HEADER_SIZE, length):
                break
            start += FRAME_SIZE + length
        return start, checked

    def resynchronise(self) -> bool:
        """Behind what cannot be read: goes to the next offset at which a whole record checks out.

        Returns:
            Whether there is one. If not, the reader stays where it is; when the file has grown,
            there may be one.
        """
        size = self.offset + self.bytes_left()
        for offset, length in self._possible_headers(self.offset + 1, size, size):
            if self._search_effort >= _SEARCH_EFFORT * size:
                break
            self._search_effort += length
            if self._data_checks_out(offset + HEADER_SIZE, length):
                self.offset = offset
                return True
        return False

    def _possible_headers(self, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
        """Offsets and lengths of sound headers of records that would end within the size.

        There is room for a frame between each and `end`.
        """
        positions = _SEARCH_BLOCKS[0]
        while start + FRAME_SIZE <= end:
            positions = min(positions, end - FRAME_SIZE + 1 - start)
            block = self._read_at(start, positions + HEADER_SIZE - 1)
            for index, length in _sound_headers(block, size - FRAME_SIZE - start):
                yield start + index, length
            start += positions
            positions = min(2 * positions, _SEARCH_BLOCKS[1])

    def _data_checks_out(self, offset: int, length: int) -> bool:
        body = self._read_at(offset, length + _CHECKSUM.size)
        return _CHECKSUM.unpack_from(body, length) == (masked_crc32c(body[:length]),)

    @property
    def file(self) -> SourceFile:
        """The file, open."""
        if self._file is None:
            if self.offset:  # it was read before, and may have grown since
                source_of(self.path).forget(self.path)
            self._file = open_file(self.path)
        return self._file

    def bytes_left(self) -> int:
        """How many bytes there are now from `offset` to the end of the file.

        Negative where the file has shrunk to less than what has been read of it.
        """
        return self.file.size() - self.offset

    def _at_least(self, count: int) -> int:
        """As `bytes_left`, but the file is asked only where there were fewer than that before."""
        if self._known_size - self.offset < count:
            self._known_size = self.offset + self.bytes_left()
        return self._known_size - self.offset

    def _read_at(self, offset: int, count: int) -> bytes:
        """Bytes that are in the file, unless it has just been cut short."""
        start = offset - self._block_start
        if not 0 <= start <= len(self._block) - count:
            self._block, self._block_start = self.file.read_at(offset, max(count, _BLOCK)), offset
            start = 0
        data = self._block[start : start + count]
        if len(data) < count:
            raise errors.TruncatedRecord(self.path, offset, count - len(data))
        return data


@functools.cache
def _sound_records() -> Callable[[bytes, int], list[bytes]]:
    """`_scan.sound_records`, or the same in Python, which looks at one record at a time."""
    extension = compiled("tbtools.eventfile._scan")
    return _sound_record if extension is None else extension.sound_records


def _sound_record(block: bytes, start: int) -> list[bytes]:
    data_start = start + HEADER_SIZE
    length, want = _HEADER.unpack_from(block, start)
    data_end = data_start + length
    if data_end + _CHECKSUM.size > len(block):
        return []
    if _checksum_of_length(block[start : start + 8]) != want:
        return []
    data = block[data_start:data_end]
    return [data] if _CHECKSUM.unpack_from(block, data_end) == (masked_crc32c(data),) else []


def record_starts(block: bytes) -> tuple[bytes | bytearray, int]:
    """Where records begin in a block: the first at 0, each other one where a length leads.

    Args:
        block: Bytes of a file; its checksums are not looked at.

    Returns:
        int64 offsets, as a buffer, of those whose length stands in the block; and where the last of
        these leads.
    """
    extension = compiled("tbtools.eventfile._scan")
    return _record_starts(block) if extension is None else extension.record_starts(block)


def _record_starts(block: bytes) -> tuple[bytes, int]:
    starts, at = array("q"), 0
    while len(block) - at >= _LENGTH.size:
        starts.append(at)
        # A wrong length keeps within an int64, too.
        at += FRAME_SIZE + (_LENGTH.unpack_from(block, at)[0] & (1 << 62) - 1)
    return starts.tobytes(), at


def _sound_headers(block: bytes, room: int) -> Iterator[tuple[int, int]]:
    """Finds headers, at any place, whose checksum holds.

    Args:
        block: At least 12 bytes.
        room: The greatest length that a record at the first byte can have.

    Yields:
        Place and length of each, in order.
    """
    import numpy as np

    content = np.frombuffer(block, np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(content, HEADER_SIZE)
    lengths = np.ascontiguousarray(windows[:, :8]).view("<u8")[:, 0]
    # Lengths that the file cannot hold rule out nearly every place without a checksum, and where
    # they do not, as in a region of zeros, few are different.
    places = np.flatnonzero(lengths <= (room - np.arange(lengths.size)).astype(np.uint64))
    possible, which = np.unique(lengths[places], return_inverse=True)
    checksums = [masked_crc32c(struct.pack("<Q", length)) for length in possible.tolist()]
    want = np.ascontiguousarray(windows[places, 8:]).view("<u4")[:, 0]
    for place in places[np.array(checksums, "<u4")[which] == want].tolist():
        yield place, int(lengths[place])


def read_records(path: str | os.PathLike[str]) -> Iterator[Record]:
    """Reads the records of one file, as long as they are sound.

    Raises:
        TruncatedRecord: The file ends inside a record.
        BadLength: The checksum of a length does not hold.
        BadData: The checksum of a record's data does not hold; `RecordReader` can read on.
        FileError: The file cannot be read.
        UnsupportedType: It is no path.

    Examples:
        >>> [file] = tbtools.load("examples/logs/baseline")["."].event_files
        >>> sum(1 for _ in tbtools.read_records(file))
        629
    """
    with RecordReader(path) as records:
        yield from records
