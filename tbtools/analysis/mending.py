"""Records of which only a checksum is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tbtools.analysis.stretches import ScannedFile, open_unchanged
from tbtools.eventfile.reader import decoded_event
from tbtools.eventfile.records import FRAME_SIZE, HEADER_SIZE, masked_crc32c

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.eventfile.problems import Problem
    from tbtools.eventfile.scan import FileColumns

# Of an outsize stretch without a whole record, not one record is to be expected.
_MOST_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class Mended:
    """A record that is written with checksums that it did not have.

    Attributes:
        file: Its file.
        offset: Where it starts.
        length: Its bytes, frame included.
        what: What is wrong with it: ``length`` or ``data``.
    """

    file: ScannedFile
    offset: int
    length: int
    what: str


def mended(file: FileColumns) -> Iterator[Mended]:
    """The records of a file that lead to the next one, and that protobuf decodes as an event.

    Where the checksum of the length is wrong, that of the data has to hold over what was passed
    over; where that of the data is wrong, any of its numbers may be, too.

    Raises:
        InputChanged: The file is no longer the one that was scanned.
    """
    damaged = [each for each in file.damage if each.kind in ("bad_length", "bad_data")]
    damaged = [each for each in damaged if FRAME_SIZE <= each.length <= _MOST_BYTES]
    if not damaged:
        return
    scanned = ScannedFile.of(file)
    with open_unchanged(file) as opened:
        for problem in damaged:
            what = _mendable(opened.read_at(problem.offset, problem.length), problem)
            if what:
                yield Mended(scanned, problem.offset, problem.length, what)


def _mendable(frame: bytes, problem: Problem) -> str:
    """Which checksum of a whole record can be mended; "" where there is no such record."""
    data = frame[HEADER_SIZE:-4]
    event = decoded_event(data)
    if event is None or event.WhichOneof("what") is None:
        return ""
    if problem.kind == "bad_length":
        return "length" if masked_crc32c(data) == int.from_bytes(frame[-4:], "little") else ""
    return "data" if int.from_bytes(frame[:8], "little") == len(data) else ""
