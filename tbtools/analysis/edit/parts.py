"""Runs that become several: by their writer sessions, or by what their tags are called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.edit.names import require_inside
from tbtools.errors import InvalidArgument
from tbtools.eventfile.discover import natural_key
from tbtools.runs.timeline.rows import FILE_VERSION, SESSION_LOG, join_files
from tbtools.runs.timeline.sessions import find_sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns

_END = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a writer session has of its file.

    Attributes:
        file: The number of the file in the run.
        first_row: Its first row in the file.
        end_row: The row behind its last.
        start: The offset of the mark that begins it.
        end: The offset of the mark behind it.
        start_time: Wall time of its first event, seconds since the epoch; NaN for none.
        version_time: When the version of the file is said to be from, which it has not of its own;
            None where nothing is to be said.
    """

    file: int
    first_row: int
    end_row: int
    start: int
    end: int
    start_time: float
    version_time: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """What of a run becomes a run of its own; without anything said, all of it.

    Attributes:
        name: What it is called below the run; "" for what stays the run itself.
        homes: Tag to the name of the part to which it goes, and what it is called there, for those
            that do not stay in the run itself.
        session: The writer session that it is; None for all.
        has_assets: Whether the files beside event files go with it, as those of the projector.
    """

    name: str = ""
    homes: Mapping[bytes, tuple[str, bytes]] = field(default_factory=dict)
    session: Stretch | None = None
    has_assets: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole run."""
        return not self.homes and self.session is None

    def rows(self, number: int, file: FileColumns) -> NDArray[np.bool_]:
        """bool, for each row of a file: whether it is of the part."""
        if self.session is not None:
            rows = np.arange(file.values.count)
            first, end = self.session.first_row, self.session.end_row
            inside: NDArray[np.bool_] = (rows >= first) & (rows < end)
            return inside & (self.session.file == number)
        here = [self.homes.get(name, ("",))[0] == self.name for name in file.tag_names]
        own = np.array(here, bool)[file.values.shapes.tag_id]
        return file.values.of_shape(own)

    def marks(self, number: int, file: FileColumns) -> NDArray[np.bool_]:
        """bool, for each mark of a file: whether it is of the part.

        Versions and sessions of the writer are of each part of its tags, and all else of the run.
        """
        if self.session is not None:
            offset = file.mark_offset
            inside: NDArray[np.bool_] = (offset >= self.session.start) & (offset < self.session.end)
            return inside & (self.session.file == number)
        if not self.name:
            return np.ones(file.mark_kind.size, bool)
        return np.isin(file.mark_kind, (FILE_VERSION, SESSION_LOG))

    def has_empty(self, number: int) -> bool:
        """Whether a file without a value is of the part."""
        return self.session.file == number if self.session is not None else not self.name

    def start_times(self, files: Sequence[FileColumns]) -> list[float]:
        """When it began; none where nothing is known."""
        found = [file.first_wall_time for file in files]
        if self.session is not None:
            found = [self.session.start_time]
        return [time for time in found if time is not None and np.isfinite(time)]

    def version_time(self, number: int) -> float | None:
        """When the version is from with which its part of a file begins; None where it has one."""
        session = self.session
        return session.version_time if session is not None and session.file == number else None

    def tag(self, name: bytes) -> bytes:
        """What a tag is called in the part, before it is renamed."""
        return self.homes[name][1] if name in self.homes else name


@dataclass(frozen=True, slots=True)
class TagSplit:
    """A regular expression by which tags go to runs below their own.

    Attributes:
        pattern: Its group is the name of the run; what it matches is cut out of the tag.
    """

    pattern: re.Pattern[str]

    @classmethod
    def of(cls, expression: object) -> TagSplit:
        """From its text.

        Raises:
            InvalidArgument: It is no regular expression with one group.
        """
        if not isinstance(expression, str):
            raise InvalidArgument(f"{expression!r} is no regular expression")
        try:
            pattern = re.compile(expression)
        except (re.error, RecursionError, OverflowError) as error:
            raise InvalidArgument(f"{expression!r}: {error}") from error
        if pattern.groups != 1:
            raise InvalidArgument(
                f"{expression!r} has {pattern.groups} groups: one says which run a tag goes to, "
                "as in '^(train|val)/'"
            )
        return cls(pattern)

    def home(self, tag: str) -> tuple[str, str] | None:
        """The run below its own that a tag goes to, and what it is called there; None for none.

        Raises:
            InvalidArgument: Nothing would be left of its name, or the run has no name.
        """
        found = self.pattern.search(tag)
        if found is None or not found[1]:
            return None
        left = tag[: found.start()] + tag[found.end() :]
        if not left:
            raise InvalidArgument(f"nothing would be left of the name {tag!r}")
        require_inside(found[1])
        return found[1], left


def session_parts(files: Sequence[FileColumns]) -> list[Part]:
    """A part a writer session, in the order of the files; the whole run where there is one."""
    stretches = list(_stretches(files))
    if len(stretches) < 2:
        return [Part()]
    return [
        Part(f"session_{number}", session=each, has_assets=number == len(stretches))
        for number, each in enumerate(stretches, 1)
    ]


def _stretches(files: Sequence[FileColumns]) -> Iterator[Stretch]:
    rows = join_files(files)
    sessions = find_sessions(rows)
    for one, behind in pairwise([*sessions, None]):
        if one is None:
            continue
        file = files[one.file]
        base = int(rows.starts[one.file])
        ends = behind is None or behind.file != one.file
        own = (file.mark_offset >= one.offset) & (file.mark_kind == FILE_VERSION)
        if behind is not None and not ends:
            own &= file.mark_offset < behind.offset
        yield Stretch(
            file=one.file,
            first_row=one.first_row - base,
            end_row=one.end_row - base,
            start=one.offset,
            end=_END if ends or behind is None else behind.offset,
            start_time=one.start_time,
            version_time=one.start_time if file.file_version and not own.any() else None,
        )


def tag_parts(
    files: Sequence[FileColumns], split: TagSplit, stays: Callable[[bytes], bool]
) -> list[Part]:
    """A part for each run that tags go to, and in front of them what stays in the run.

    Args:
        files: The files of the run.
        split: Says which tag goes where.
        stays: Whether a tag has a name by which TensorBoard looks for it in the run itself.
    """
    homes: dict[bytes, tuple[str, bytes]] = {}
    for name in dict.fromkeys(name for file in files for name in file.tag_names):
        home = split.home(name.decode(errors="surrogateescape"))
        if home is not None and not stays(name):
            homes[name] = home[0], home[1].encode(errors="surrogateescape")
    runs = sorted({run for run, _ in homes.values()}, key=natural_key)
    return [Part(homes=homes), *(Part(run, homes, has_assets=False) for run in runs)]
