"""New steps: counters made to go on where they began anew, and steps scaled and moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.align import union
from tbtools.errors import InvalidArgument
from tbtools.runs.timeline.traces import WRAP, counter_wraps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_LIMIT = (1 << 63) - 1


def as_scale(scale: float | str | Fraction) -> Fraction:
    """A factor of steps: a number above 0, or a text such as ``1/2048``.

    Raises:
        InvalidArgument: It is none.
    """
    try:
        # A float is meant as it is written: 0.1 is a tenth.
        factor = Fraction(repr(scale) if isinstance(scale, float) else scale)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        factor = Fraction(0)
    # Beyond these no step stays one; and what multiplies them stays fast.
    if not 0 < factor < _LIMIT or factor.denominator > _LIMIT:
        raise InvalidArgument(f"{scale!r} is no factor above 0, such as 4, 0.5 or 1/2048")
    return factor


@dataclass(frozen=True, slots=True)
class Offsets:
    """What is added to the steps of a tag in one file.

    Attributes:
        first_row: int64, increasing: rows of the file from which each holds.
        offset: int64.
    """

    first_row: NDArray[np.int64]
    offset: NDArray[np.int64]

    def at(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """What is added at some rows; nothing in front of the first."""
        return np.append(0, self.offset)[np.searchsorted(self.first_row, rows, side="right")]


@dataclass(frozen=True, slots=True)
class StepChange:
    """How the steps of a run change: (step + offset) * scale, rounded down, + shift.

    Attributes:
        offsets: File and tag id in it, to what makes its counter go on.
        scale: The factor.
        shift: What is added last.
    """

    offsets: Mapping[tuple[int, int], Offsets] = field(default_factory=dict)
    scale: Fraction = Fraction(1)
    shift: int = 0

    @property
    def is_none(self) -> bool:
        """Whether every step stays."""
        return not self.offsets and self.scale == 1 and not self.shift

    def offsets_of(self, file: int, tag_id: NDArray[np.int32]) -> NDArray[np.int64] | None:
        """What is added to the step of each row of a file; None for nothing.

        Args:
            file: Its number in the run.
            tag_id: int32, of each of its rows.
        """
        own = {tag: offsets for (number, tag), offsets in self.offsets.items() if number == file}
        if not own:
            return None
        result = np.zeros(tag_id.size, np.int64)
        for tag, offsets in own.items():
            rows = np.flatnonzero(tag_id == tag)
            result[rows] = offsets.at(rows)
        return result

    def of(self, step: NDArray[np.int64], offset: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """The new steps.

        Args:
            step: int64.
            offset: int64, what is added first; None for nothing.

        Raises:
            InvalidArgument: One of them is no int64.
        """
        if not step.size:
            return step
        added = int(np.abs(offset).max()) if offset is not None else 0
        largest = max(abs(int(step.min())), abs(int(step.max()))) + added
        scale = self.scale
        if largest * max(scale, Fraction(1)) + abs(self.shift) >= _LIMIT:
            raise InvalidArgument(f"steps up to {largest} would no longer fit into 64 bits")
        moved = step if offset is None else step + offset
        if scale != 1:
            if largest * scale.numerator < _LIMIT:
                moved = moved * scale.numerator // scale.denominator
            else:
                exact = [each * scale.numerator // scale.denominator for each in moved.tolist()]
                moved = np.array(exact, np.int64)
        return moved + self.shift


def spacing(step: NDArray[np.int64]) -> int:
    """How far a counter goes from the end of one count to the beginning of the next.

    A counter that does not begin at 0 has been written for the first time after one spacing; for
    one that does it is the usual distance of two steps.
    """
    distinct = union([step])
    if distinct.size and distinct[0] > 0:
        return int(distinct[0])
    distance = np.sort(np.diff(distinct))
    return int(distance[distance.size // 2]) if distance.size else 1


def unwrapping(
    steps: Sequence[Mapping[bytes, tuple[NDArray[np.int64], NDArray[np.int64]]]],
) -> dict[tuple[int, bytes], Offsets]:
    """What makes counters that began anew, or wrapped at 32 bits, go on.

    Tags that begin anew equally often are written by one counter: at the first time all that follow
    it move by the same, so that each count begins right behind the end of the one before. Tags that
    never go back stay as they are.

    Args:
        steps: For each file of a run, in order, tag to its rows there and their steps.

    Returns:
        File number and tag to offsets, for those that change.
    """
    counters: dict[int, dict[bytes, _Counts]] = {}
    for tag in dict.fromkeys(tag for file in steps for tag in file):
        own = [(number, *file[tag]) for number, file in enumerate(steps) if tag in file]
        counts = _Counts(own)
        if counts.falls.size:
            counters.setdefault(counts.falls.size, {})[tag] = counts
    found: dict[tuple[int, bytes], Offsets] = {}
    for alike in counters.values():
        offsets = _offsets(list(alike.values()))
        for tag, counts in alike.items():
            for number, each in counts.by_file(offsets):
                found[number, tag] = each
    return found


class _Counts:
    """A tag of which the steps go back: how often it was counted from the beginning."""

    def __init__(self, files: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]]) -> None:
        self.step = np.concatenate([step for _, _, step in files])
        falls = np.flatnonzero(self.step[1:] < self.step[:-1])
        self.falls = falls
        self.wraps = counter_wraps(self.step, falls)
        self._files = files

    def by_count(self) -> list[NDArray[np.int64]]:
        """The steps of each count."""
        return np.split(self.step, self.falls + 1)

    def by_file(self, offsets: NDArray[np.int64]) -> list[tuple[int, Offsets]]:
        """In each file from which rows on each offset holds.

        Args:
            offsets: int64, one for each count.
        """
        found = []
        first = 0
        for number, rows, step in self._files:
            count = np.searchsorted(self.falls + 1, np.arange(first, first + step.size), "right")
            begins = np.flatnonzero(np.diff(count, prepend=-1))
            own = offsets[count[begins]]
            if own.any():
                found.append((number, Offsets(rows[begins], own)))
            first += step.size
        return found


def _offsets(alike: Sequence[_Counts]) -> NDArray[np.int64]:
    """What is added in each count of tags that one counter writes."""
    if all(each.wraps.all() for each in alike):
        return np.arange(alike[0].falls.size + 1) * WRAP
    counts = zip(*(each.by_count() for each in alike), strict=True)
    return ends_joined([np.concatenate(parts) for parts in counts])


def ends_joined(counts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """What is added to the steps of several counts so that each goes on behind the one before.

    Args:
        counts: The steps of each, in order; one may be empty.

    Raises:
        InvalidArgument: A sum does not fit into 64 bits.
    """
    offsets = []
    end: int | None = None
    for step in counts:
        offset = 0
        if step.size:
            if end is not None:
                offset = end + spacing(step) - int(step.min())
            end = offset + int(step.max())
        offsets.append(offset)
    if any(abs(offset) > _LIMIT for offset in (*offsets, end or 0)):
        raise InvalidArgument("steps, one behind the other, would no longer fit into 64 bits")
    return np.array(offsets, np.int64)
