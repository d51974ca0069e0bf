"""The same file twice in one run: a copy, a backup, or what an interrupted copy has left."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.runs.timeline.rows import FILE_VERSION

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns

# An odd number without pattern (2^64 divided by the golden ratio), as hashes are mixed with.
_MIX = np.uint64(0x9E3779B97F4A7C15)
# Of a damaged copy at least so much is left; less may be chance.
_MOST = 1 / 2


class Copies(NamedTuple):
    """What several files of a run hold.

    Attributes:
        kept: The files that count, in their order.
        left_out: Pairs of a file that does not count and the one that it is a copy of.
        repeated: Of files that count although they are copies, for they hold something that their
            originals lack: the original, and int64 for each row the row of that, or -1.
    """

    kept: list[FileColumns]
    left_out: list[tuple[FileColumns, FileColumns]]
    repeated: list[tuple[FileColumns, FileColumns, NDArray[np.int64]]]


def find_copies(files: Sequence[FileColumns]) -> Copies:
    """Finds files whose values another file of the run holds too.

    Two writers never write the same values at the same times, to the microsecond, in files that
    lie alike, so what is equal in all of these is a copy: whole, cut off, or with damage. Files
    without values stay. Of equal files the one with the shortest name counts.

    Args:
        files: The files of a run, sorted by name.
    """
    copies: dict[int, FileColumns] = {}
    repeated = []
    known: dict[Hashable, list[FileColumns]] = {}
    for file in sorted(files, key=_completeness):
        if not file.values.count:
            continue
        places = set(_places(file))
        alike = {id(each): each for place in places for each in known.get(place, [])}
        for whole in alike.values():
            rows = _rows_in(whole, file)
            in_both = rows >= 0
            if in_both.all() and next(new_marks(whole, file, rows), None) is None:
                copies[id(file)] = whole
                break
            is_damaged = file.damage or whole.damage
            if in_both.all() or (is_damaged and in_both.mean() > _MOST):
                repeated.append((file, whole, rows))
                break
        else:
            for place in places:
                known.setdefault(place, []).append(file)
    return Copies(
        [file for file in files if id(file) not in copies],
        [(file, copies[id(file)]) for file in files if id(file) in copies],
        repeated,
    )


def _completeness(file: FileColumns) -> tuple[int, int, int, str]:
    return -file.values.count, len(file.damage), len(file.path), file.path


def _places(file: FileColumns) -> Iterator[Hashable]:
    """What a copy has in common with its original: damage seldom hits all of these.

    Files that were put one behind the other begin with a version each.
    """
    yield file.first_wall_time
    yield from file.mark_wall_time[file.mark_kind == FILE_VERSION].tolist()
    offsets = int(file.values.place_offset[0]), file.values.last_offset
    for row, offset in zip((0, -1), offsets, strict=True):
        yield offset, int(file.step[row]), float(file.wall_time[row])


def _rows_in(whole: FileColumns, part: FileColumns) -> NDArray[np.int64]:
    """For each row of a part the row of the whole, or -1; -1 for all where they do not lie alike.

    They do where any lies at the same offset, or all are moved to another version: a file that was
    put behind another one.
    """
    names = {name: number for number, name in enumerate(whole.tag_names)}
    number = np.array([names.get(name, -1) for name in part.tag_names], np.int64)
    wanted, there = _hashes(part, number[part.tag_id]), _hashes(whole, whole.tag_id)
    order = np.argsort(there, kind="stable")
    found = order[np.searchsorted(there[order], wanted).clip(max=order.size - 1)]
    in_both: NDArray[np.bool_] = there[found] == wanted
    apart = (whole.offset[found] - part.offset)[in_both]
    moved = np.subtract.outer(_version_offsets(whole), _version_offsets(part)[:1])
    # Without a version of its own nothing tells that a file was moved.
    is_moved = moved.size and (apart == moved).all(axis=1).any()
    in_both &= bool((apart == 0).any() or is_moved)
    return np.where(in_both, found, -1)


def _version_offsets(file: FileColumns) -> NDArray[np.int64]:
    offsets: NDArray[np.int64] = file.mark_offset[file.mark_kind == FILE_VERSION]
    return offsets


def _hashes(file: FileColumns, tag: NDArray[np.integer]) -> NDArray[np.uint64]:
    """A number for each row that is equal for equal rows, wherever they lie in a file."""
    bits = (file.wall_time.view(np.uint64), file.value.view(np.uint64), file.step.view(np.uint64))
    mixed = np.zeros(file.step.size, np.uint64)
    for column in (*bits, tag, file.length, file.kind, file.dtype):
        mixed = (mixed ^ column.astype(np.uint64)) * _MIX
        mixed ^= mixed >> np.uint64(32)
    return mixed


def mark_keys(file: FileColumns) -> list[tuple[int, int, float, int]]:
    """What a mark has in common with that of a copy."""
    columns = (file.mark_kind, file.mark_step, file.mark_wall_time, file.mark_length)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def new_marks(whole: FileColumns, part: FileColumns, rows: NDArray[np.int64]) -> Iterator[int]:
    """The marks of a part that the whole lacks, by their numbers.

    Where the two lie alike all along, marks that differ in nothing else differ in their places.

    Args:
        whole: The whole.
        part: The part.
        rows: int64, for each row of the part that of the whole, or -1; some are there.
    """
    shared = rows >= 0
    apart = whole.offset[rows[shared]] - part.offset[shared]
    is_alike = int(np.ptp(apart) == 0)
    there, here = whole.mark_offset * is_alike, (part.mark_offset + apart[0]) * is_alike
    known = Counter(zip(mark_keys(whole), there.tolist(), strict=True))
    for number, key in enumerate(zip(mark_keys(part), here.tolist(), strict=True)):
        if known[key]:
            known[key] -= 1
        else:
            yield number
