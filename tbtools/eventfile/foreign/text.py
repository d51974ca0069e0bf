"""Text of strangers, and where its lines begin."""

from __future__ import annotations

import codecs

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, or as its byte order mark says; other bytes are escaped."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "backslashreplace")
    return data.decode("utf-8", "backslashreplace")


class Lines:
    """Where the lines of a file begin, in bytes.

    Args:
        data: The file.
    """

    def __init__(self, data: bytes) -> None:
        self._starts = [0]
        position = data.find(b"\n")
        while position >= 0:
            self._starts.append(position + 1)
            position = data.find(b"\n", position + 1)
        self._starts.append(len(data))

    def place(self, first: int, last: int) -> tuple[int, int]:
        """Offset and length of some lines, which are numbered from 1."""
        end = len(self._starts) - 1
        start = self._starts[min(first - 1, end)]
        return start, self._starts[min(last, end)] - start
