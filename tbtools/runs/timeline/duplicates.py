"""The same file twice in one run: a copy, a backup, or what an interrupted copy has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns

_COMPARED = ("offset", "length", "step", "kind", "dtype")


def without_duplicates(
    files: Sequence[FileColumns],
) -> tuple[list[FileColumns], list[tuple[FileColumns, FileColumns]]]:
    """Leaves out files whose values another file of the run begins with.

    Two writers never write the same values at the same offsets and at the same times, to the
    microsecond, so what is equal in all of these is a copy. Files without values stay.

    Args:
        files: The files of a run, sorted by name.

    Returns:
        The files that count, in their order, and pairs of a file that does not and the one that it
        is a copy of. Of equal files the one with the shortest name counts.
    """
    groups: dict[Hashable, list[FileColumns]] = {}
    for file in files:
        if file.tag_id.size:
            groups.setdefault(_beginning(file), []).append(file)
    copies: dict[int, FileColumns] = {}
    for group in groups.values():
        kept: list[FileColumns] = []
        for file in sorted(group, key=lambda each: (-each.tag_id.size, len(each.path), each.path)):
            whole = next((each for each in kept if _begins_with(each, file)), None)
            if whole is None:
                kept.append(file)
            else:
                copies[id(file)] = whole
    return (
        [file for file in files if id(file) not in copies],
        [(file, copies[id(file)]) for file in files if id(file) in copies],
    )


def _beginning(file: FileColumns) -> Hashable:
    return (
        file.tag_names[int(file.tag_id[0])],
        int(file.offset[0]),
        int(file.step[0]),
        file.wall_time[:1].tobytes(),
        file.value[:1].tobytes(),
    )


def _begins_with(whole: FileColumns, part: FileColumns) -> bool:
    count = part.tag_id.size
    return (
        all(np.array_equal(getattr(whole, name)[:count], getattr(part, name)) for name in _COMPARED)
        and _same_bits(whole.wall_time[:count], part.wall_time)
        and _same_bits(whole.value[:count], part.value)
        and np.array_equal(whole.tag_id[:count], part.tag_id)
        and whole.tag_names[: len(part.tag_names)] == part.tag_names
    )


def _same_bits(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    return np.array_equal(a.view(np.int64), b.view(np.int64))
