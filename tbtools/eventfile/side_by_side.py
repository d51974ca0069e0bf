"""One large file, scanned in parts on several cores.

Where a record begins is known once all in front of it has been read. So each part but the first
begins where a whole record is found, and what is found there counts once the scan of what is in
front has come to that very place. Where it has not, damage or a record inside another has misled
the search, and that scan goes on through the part: the result is that of one scan of the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from tbtools.eventfile.threads import claimed_cores, submitted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tbtools.eventfile.source_types import SourceFile

# Fewer bytes take about as long as it takes to start a thread and to join what it has found.
_LEAST_BYTES = 4 << 20
# Parts cost memory for a moment, and joining them is the work of one core.
_MOST_PARTS = 8
# How far to look for a record where a part is to begin: at first, and where none is so near.
_LOOKED_THROUGH = 1 << 14, 1 << 20


class Scanner(Protocol):
    """One of the implementations of the scan; what is said of it in `_scan.pyx` holds for all."""

    cursor: int
    wanted: int

    def __init__(
        self, size: int, position: int = 0, tags: Sequence[tuple[bytes, bytes]] = ()
    ) -> None: ...
    def feed(self, buffer: bytearray, base: int, count: int) -> None:
        """Scans as far as the bytes go."""

    def finish(self) -> dict[str, Any]:
        """What was found."""
        ...


class JoiningScanner(Scanner, Protocol):
    """One that runs beside others and can take in what they have found."""

    def absorb(self, other: Self) -> bool:
        """Takes in what was found further on, and tells whether it could."""
        ...


def scan_parts(
    file: SourceFile,
    scanner: JoiningScanner,
    size: int,
    read_until: Callable[[SourceFile, Any, int], None],
) -> None:
    """Lets a scanner come to the end of a file, with others like it at work on parts of the file.

    Args:
        file: The file, which several threads may read at once.
        scanner: Stands where the scan begins.
        size: How long the file is taken to be.
        read_until: Feeds a scanner until it has come to an offset.

    Raises:
        OSError: The file cannot be read.
        Exception: What else `read_until` raises.
    """
    start = scanner.cursor
    if size - start < 2 * _LEAST_BYTES:
        read_until(file, scanner, size)
        return
    with claimed_cores(min((size - start) // _LEAST_BYTES, _MOST_PARTS)) as cores:
        places = [start + (size - start) * part // cores for part in range(1, cores)]
        found = [_first_record(file, type(scanner), size, place, read_until) for place in places]
        starts = sorted({place for place in found if place is not None})
        parts = [type(scanner)(size, place) for place in starts]
        if not parts:
            read_until(file, scanner, size)
            return
        from concurrent.futures import ThreadPoolExecutor

        ends = [*starts[1:], size]
        with ThreadPoolExecutor(len(parts)) as pool:
            scans = [
                submitted(pool, read_until, file, part, end)
                for part, end in zip(parts, ends, strict=True)
            ]
            read_until(file, scanner, starts[0])
            for part, end, scan in zip(parts, ends, scans, strict=True):
                scan.result()
                if not scanner.absorb(part):
                    read_until(file, scanner, end)


def _first_record(
    file: SourceFile,
    make: type[Scanner],
    size: int,
    place: int,
    read_until: Callable[[SourceFile, Any, int], None],
) -> int | None:
    """Where the first whole record seems to begin, at a place or shortly behind it."""
    for looked_through in _LOOKED_THROUGH:
        scanner = make(size, place)
        read_until(file, scanner, min(place + looked_through, size))
        found = scanner.finish()
        if found["records"]:
            offsets, lengths = (
                np.frombuffer(found[name], np.int64) for name in ("damage_offset", "damage_length")
            )
            misses = offsets.size and offsets[0] == place
            return place + int(lengths[0]) if misses else place
    return None
