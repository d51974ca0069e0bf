"""A remote file, read in ranges: in large ones, and ahead, where all of it is read."""

from __future__ import annotations

import errno
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tbtools.eventfile.remote.requests import begun
from tbtools.eventfile.source_types import SourceFile, Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    # Of the file of a status, offset and length to the bytes, fewer only
    # where the file ends, more where the server gives no less.
    Fetch = Callable[[Status, int, int], memoryview]

# Who asks for so much at once reads all of the file, or all that is left of it. Of object stores a
# request costs some 30 ms and a connection brings 50 to 100 MB a second, so that at 8 MiB most of
# the time goes into bytes: what AWS advises (Performance guidelines for Amazon S3: 8 to 16 MB).
_SCANNED = 1 << 20
_LARGE = 8 << 20
# Others want a record or a payload here and there; its neighbours come with it.
_SMALL = 256 << 10
_PIECES_AHEAD = 2


class _Piece(NamedTuple):
    start: int
    data: memoryview

    def holds(self, offset: int) -> bool:
        return self.start <= offset < self.start + len(self.data)


def range_count(size: int) -> int:
    """How many ranges there are in so many bytes."""
    return -(-size // _LARGE)


class RangeFile(SourceFile):
    """A file of which ranges are fetched; the last two of them are kept.

    Args:
        path: The file, as it was given.
        status: Its status when it was opened.
        fetch: Gets a range.
        look: Gets the status that it has now.
    """

    def __init__(self, path: str, status: Status, fetch: Fetch, look: Callable[[], Status]) -> None:
        self.path = path
        self._status = status
        self._fetch = fetch
        self._look = look
        self._pieces: deque[_Piece] = deque(maxlen=2)
        self._ahead: deque[tuple[int, Future[memoryview]]] = deque()

    def status(self) -> Status:
        """As it was when it was opened: an object does not change, another one takes its place."""
        return self._status

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Of a piece that is there, else of one that is fetched."""
        if not len(buffer) or offset >= self._status.size:
            return 0
        piece = next((each for each in self._pieces if each.holds(offset)), None)
        if piece is None:
            piece = self._next_piece(offset, len(buffer))
        found = piece.data[offset - piece.start :][: len(buffer)]
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Lets go of all pieces."""
        self._pieces.clear()
        self._drop_ahead()

    def _next_piece(self, offset: int, asked: int) -> _Piece:
        last = self._pieces[-1] if self._pieces else None
        goes_on = last is not None and offset == last.start + len(last.data)
        if self._ahead and self._ahead[0][0] == offset:
            data = self._ahead.popleft()[1].result()
        else:
            self._drop_ahead()
            size = _LARGE if goes_on or asked >= _SCANNED else max(asked, _SMALL)
            data = self._first_of(offset, min(size, self._status.size - offset))
        piece = _Piece(offset, data)
        self._pieces.append(piece)
        if goes_on:
            self._read_ahead(offset + len(data))
        return piece

    def _first_of(self, offset: int, length: int) -> memoryview:
        """A range; of the object that is there now where nothing was read of the one before it."""
        try:
            return self._fetch(self._status, offset, length)
        except OSError as error:
            if error.errno != errno.ESTALE or self._pieces:
                raise
        self._status = self._look()
        return self._fetch(self._status, offset, length)

    def _read_ahead(self, offset: int) -> None:
        if self._ahead:
            offset = self._ahead[-1][0] + _LARGE
        while len(self._ahead) < _PIECES_AHEAD and offset < self._status.size:
            length = min(_LARGE, self._status.size - offset)
            self._ahead.append((offset, begun(partial(self._fetch, self._status, offset, length))))
            offset += _LARGE

    def _drop_ahead(self) -> None:
        for _, future in self._ahead:
            future.cancel()
        self._ahead.clear()
