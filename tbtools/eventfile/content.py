"""What a file is that is called like an event file and is none."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from tbtools.eventfile.problems import Problem
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from tbtools.eventfile.source_types import SourceFile

GZIP_MAGIC = b"\x1f\x8b"
_HEADER_SIZE = 12  # of a record: its length and the checksum of that
# How files begin, and what they are: of compressors and archivers by their formats' definitions
# (RFC 8878 for Zstandard), of pointers by https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
# and https://git-annex.branchable.com/internals/pointer_file/. A first record, which tells the
# version, is shorter than any of these would make it.
_UNPACK = "; decompress it first"
_BEGINNINGS: tuple[tuple[bytes | tuple[bytes, ...], str], ...] = (
    (GZIP_MAGIC, f"gzip-compressed{_UNPACK}, or let `tbtools repair` do it"),
    (tuple(b"BZh%d" % level for level in range(1, 10)), f"bzip2-compressed{_UNPACK}"),
    (b"\xfd7zXZ\0", f"xz-compressed{_UNPACK}"),
    (b"\x28\xb5\x2f\xfd", f"zstd-compressed{_UNPACK}"),
    (b"\x04\x22\x4d\x18", f"lz4-compressed{_UNPACK}"),
    ((b"PK\3\4", b"7z\xbc\xaf\x27\x1c"), "an archive; unpack it first"),
    (
        b"version https://git-lfs.github.com/spec/",
        "a Git LFS pointer; `git lfs pull` fetches the file",
    ),
    (b"/annex/objects/", "a git-annex pointer; `git annex get` fetches the file"),
    (b"\0\5\x16\7", "what macOS keeps beside a file (AppleDouble), not an event file"),
    ((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "plain text, not an event file"),
)
_WEB_PAGES = b"<!doctype html", b"<html"
_LOOKED_AT = 4096
_BLOCK = 1 << 20
# Below that many bytes, text could be the start of a record's length.
_LEAST_TEXT = 4
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1b")


def recognised(file: SourceFile, tail: Problem) -> Problem:
    """Says what a file is of which not one record could be read.

    Args:
        file: The file.
        tail: The problem that it ends with.

    Returns:
        The problem as it was; in a file that is no event file, ``not_an_event_file`` with what it
        is instead, where that is known.
    """
    if tail.offset:
        return tail
    if tail.kind == "truncated" and tail.length >= _HEADER_SIZE:
        return tail  # it begins with a sound length
    what = foreign_content(file, tail.length)
    return Problem(0, tail.length, "not_an_event_file", what) if what else tail


def foreign_content(file: SourceFile, size: int) -> str:
    """What a file is instead of an event file; "" where that is not known."""
    start = file.read_at(0, min(size, _LOOKED_AT))
    for beginning, what in _BEGINNINGS:
        if start.startswith(beginning):
            return what
    if start.lstrip().lower().startswith(_WEB_PAGES):
        return "a web page: what a server sent instead of a file"
    if len(start) < _LEAST_TEXT:
        return ""
    if not any(start):
        return f"{plural(size, 'zero byte')} and nothing else" if _is_zero(file, size) else ""
    return "plain text, not an event file" if _is_text(start) else ""


def _is_zero(file: SourceFile, size: int) -> bool:
    return not any(
        file.read_at(offset, min(_BLOCK, size - offset)).strip(b"\0")
        for offset in range(0, size, _BLOCK)
    )


def _is_text(start: bytes) -> bool:
    """Whether it is UTF-8 without control characters, but perhaps cut inside a character."""
    if any(byte < ord(" ") and byte not in _TEXT_CONTROLS for byte in start):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True
