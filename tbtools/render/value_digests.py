"""Digests of many values in whatever order: whether all were copied, and nothing else was."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from tbtools.eventfile.wire import METADATA_KEY, without_metadata
from tbtools.render.copying import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.source_types import SourceFile

    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]

# Values of so many bytes, such as scalars, are digested many at a time.
_SMALL = 64
# Where the two halves of a digest begin: any two numbers that differ.
_BEGIN = np.array([0x243F6A8885A308D3, 0x13198A2E03707344], np.uint64)
# How many digests there are.
DIGESTS = 1 << 128


def values_digest(columns: FileColumns, file: SourceFile, rows: Ints) -> int:
    """A sum over values of 128-bit digests of tag, step, wall time and bytes, without metadata.

    Args:
        columns: Of the file.
        file: It.
        rows: Of the values, in the order of the file.

    Returns:
        Below 2^128; the digest of the values of several files is the sum of theirs, modulo it.
    """
    total = 0
    names = np.array([_word(name) for name in columns.tag_names], np.uint64)
    heads = np.stack(
        [
            columns.step[rows].astype(np.int64).view(np.uint64),
            columns.wall_time[rows].astype(np.float64).view(np.uint64),
            names[columns.tag_id[rows]],
        ]
    )
    offset, length = columns.offset[rows], columns.length[rows].astype(np.int64)
    first = 0
    while first < rows.size:
        base = int(offset[first])
        end = max(int(np.searchsorted(offset, base + BLOCK)), first + 1)
        here = slice(first, end)
        block = file.read_at(base, int(offset[end - 1] + length[end - 1]) - base)
        for number, values in _by_size(block, offset[here] - base, length[here]):
            low, high = _mixed(heads[:, here][:, number], values)
            total += (_sum(high) << 64) + _sum(low)
        first = end
    return total % DIGESTS


def _by_size(block: bytes, start: Ints, length: Ints) -> Iterator[tuple[Ints, Words]]:
    """The values without their metadata, those of one size at a time: which, and their words."""
    data = np.frombuffer(block, np.uint8)
    parts: dict[int, list[tuple[Ints, bytes]]] = {}
    alone = [np.flatnonzero(length > _SMALL)]
    for size in np.flatnonzero(np.bincount(length[length <= _SMALL])).tolist():
        number = np.flatnonzero(length == size)
        values = data[start[number, None] + np.arange(size)]
        maybe = (values == METADATA_KEY).any(axis=1)
        parts[size] = [(number[~maybe], values[~maybe].tobytes())]
        alone.append(number[maybe])
    for each in np.concatenate(alone).tolist():
        value = without_metadata(block[start[each] : start[each] + length[each]])
        if len(value) > _SMALL:
            value = hashlib.blake2b(value).digest() + b"\1"  # larger than any small one
        parts.setdefault(len(value), []).append((np.array([each]), value))
    for size, of_size in parts.items():
        number = np.concatenate([each for each, _ in of_size])
        yield number, _as_words(b"".join(value for _, value in of_size), number.size, size)


def _as_words(values: bytes, count: int, size: int) -> Words:
    """Values of one size as words, shape (words, n), the size behind them."""
    room = -(-size // 8) * 8 + 8
    padded = np.zeros((count, room), np.uint8)
    padded[:, :size] = np.frombuffer(values, np.uint8).reshape(count, size)
    words = padded.view(np.uint64).T
    words[-1] = size
    return words


def _mixed(heads: Words, words: Words) -> Words:
    """Both halves of the digest of each value, shape (2, n).

    Each word is taken in by the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable
    pseudorandom number generators", 2014).
    """
    state = np.repeat(_BEGIN[:, None], heads.shape[1], axis=1)
    for word in (*heads, *words):
        state ^= word
        state ^= state >> np.uint64(30)
        state *= np.uint64(0xBF58476D1CE4E5B9)
        state ^= state >> np.uint64(27)
        state *= np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return state


def _word(name: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "little")


def _sum(words: Words) -> int:
    """Of all words, which does not fit into one."""
    half = np.uint64(32)
    return (int((words >> half).sum()) << 32) + int((words << half >> half).sum())
