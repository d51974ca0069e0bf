"""Of which pieces of which event files a merged run consists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.stretches import Stretches, open_unchanged, stretches_to_copy
from tbtools.errors import InvalidArgument
from tbtools.eventfile.messages import Value
from tbtools.runs.selection import choose
from tbtools.runs.timeline import rows as row_kinds
from tbtools.runs.timeline.timeline import build_timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.source import Identity
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection
    from tbtools.runs.timeline.sessions import Session
    from tbtools.vocabulary import RestartPolicy

    # A file, and the run that it is of.
    Owned = tuple[str, FileColumns]
    # File, offset and length of the value that a tag's metadata comes with.
    Place = tuple[FileColumns, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """Stretches of a file that are copied as they are, one after the other.

    Attributes:
        file: The file.
        start: int64, shape (n,), increasing: offsets of their first bytes.
        end: int64, shape (n,): offsets behind their last bytes.
    """

    file: FileColumns
    start: NDArray[np.int64]
    end: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A record that is not copied as it is: some of its values, or with its tag's metadata.

    Attributes:
        file: The file.
        offset: Of the record.
        values: Offset and length of each value that it keeps, and the place (file, offset, length)
            of the value whose metadata it gets, or None.
    """

    file: FileColumns
    offset: int
    values: tuple[tuple[int, int, tuple[FileColumns, int, int] | None], ...]


@dataclass(frozen=True, slots=True)
class MergedSession:
    """What became of one writer session.

    Attributes:
        run: The run that it is of.
        file: Path of its event file.
        start_time: Wall time of its first event, seconds since the epoch; NaN where it has none.
        first_step: Lowest step; None without points.
        last_step: Highest step.
        points: How many points it has that were asked for.
        superseded: How many of these later sessions have superseded.
    """

    run: str
    file: str
    start_time: float
    first_step: int | None
    last_step: int | None
    points: int
    superseded: int


class FileGroup:
    """Event files to which one restart policy is applied together.

    Args:
        files: Each with the run that it is of, in the order of their names.
        policy: The restart policy.

    Attributes:
        rows: Their rows.
        sessions: Their writer sessions, in file order.
        kept: bool for each row: whether it goes into the merged run.
    """

    def __init__(self, files: Sequence[Owned], policy: RestartPolicy) -> None:
        self.timeline = build_timeline([file for _, file in files], policy)
        self.rows = self.timeline.rows
        self.sessions = self.timeline.sessions
        run_of = {id(file): run for run, file in files}
        self._runs = [run_of[id(file)] for file in self.rows.files]
        left_out = self.timeline.superseded
        self._superseded = np.zeros(self.rows.count, bool) if left_out is None else left_out
        self._selected = np.ones(self.rows.count, bool)

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which rows go into the merged run."""
        return self._selected & ~self._superseded

    def select(self, selection: Selection) -> None:
        """Leaves out what is not selected, which does not count as superseded."""
        chosen = set(choose(self.rows.tags, selection.tags, selection.exclude_tags))
        wanted = np.array([tag in chosen for tag in self.rows.tags], bool)
        self._selected = wanted[self.rows.tag_id]
        first, last = selection.steps or (None, None)
        if first is not None:
            self._selected &= self.rows.step >= first
        if last is not None:
            self._selected &= self.rows.step <= last

    def selected_tags(self) -> set[str]:
        """The tags of which something is selected."""
        return self._tags_among(self.rows.tag_id[self._selected])

    def run_of(self, session: Session) -> str:
        """The run that a session is of."""
        return self._runs[session.file]

    def tags_of(self, session: Session) -> set[str]:
        """The tags that a session wrote, of those that are selected."""
        here = slice(session.first_row, session.end_row)
        return self._tags_among(self.rows.tag_id[here][self._selected[here]])

    def _tags_among(self, tag_ids: NDArray[np.int32]) -> set[str]:
        counts = np.bincount(tag_ids, minlength=len(self.rows.tags)).tolist()
        return {tag for tag, count in zip(self.rows.tags, counts, strict=True) if count}

    def superseded_by_tag(self) -> dict[str, int]:
        """Tag to how many of its points are superseded, for those that have such."""
        left_out = self.rows.tag_id[self._selected & self._superseded]
        counts = np.bincount(left_out, minlength=len(self.rows.tags)).tolist()
        return {tag: count for tag, count in zip(self.rows.tags, counts, strict=True) if count}

    def merged_session(self, session: Session) -> MergedSession:
        """What became of a session."""
        here = slice(session.first_row, session.end_row)
        selected = self._selected[here]
        step = self.rows.step[here][selected]
        return MergedSession(
            run=self.run_of(session),
            file=self.rows.files[session.file].path,
            start_time=session.start_time,
            first_step=int(step.min()) if step.size else None,
            last_step=int(step.max()) if step.size else None,
            points=step.size,
            superseded=int((selected & self._superseded[here]).sum()),
        )

    def metadata_to_add(self, order: Sequence[Session]) -> dict[int, Place]:
        """Rows that will be their tag's first ones, and have no metadata.

        Metadata comes with a tag's first value; where that one is left out, or comes later now, the
        tag would be of no plugin.

        Args:
            order: The sessions as they will follow each other.
        """
        if not any(self.rows.metadata):
            return {}
        rows, kept = self.rows, self.kept
        first_rows = np.full(len(rows.tags), -1, np.int64)
        for session in order:
            own = session.first_row + np.flatnonzero(kept[session.first_row : session.end_row])
            first = np.full(len(rows.tags), rows.count)
            np.minimum.at(first, rows.tag_id[own], own)
            is_new = (first_rows < 0) & (first < rows.count)
            first_rows[is_new] = first[is_new]
        result = {}
        for row, place in zip(first_rows.tolist(), rows.metadata, strict=True):
            if row < 0 or place is None:
                continue
            file = int(rows.file_of(np.array([row]))[0])
            if (file, int(rows.offset[row])) == place[:2]:
                continue
            own = _read_value(rows.files[file], int(rows.offset[row]), int(rows.length[row]))
            if not own.metadata.plugin_data.plugin_name:
                result[row] = (rows.files[place[0]], *place[1:])
        return result


def group_files(runs: Mapping[str, Run], policy: RestartPolicy, *, union: bool) -> list[FileGroup]:
    """The event files of some runs, together or, with `union`, each run for itself."""
    owned: dict[Identity | str, Owned] = {}
    for name, run in runs.items():
        for file in run.files:
            # A file that is given twice, perhaps by a link, is one file.
            owned.setdefault(file.identity if any(file.identity) else file.path, (name, file))
    files = list(owned.values())
    if union:
        groups = [[own for own in files if own[0] == name] for name in runs]
        return [FileGroup(group, policy) for group in groups if group]
    if not files:
        return []
    # As they would stand in one directory: their names begin with the time.
    files.sort(key=lambda own: (Path(own[1].path).name, own[1].path))
    return [FileGroup(files, policy)]


def refuse_shared_tags(groups: Sequence[FileGroup]) -> None:
    """Refuses the union of runs of which two have a tag that was asked for.

    Raises:
        InvalidArgument: They are no different writers.
    """
    writer: dict[str, str] = {}
    for group in groups:
        for session in group.sessions:
            run = group.run_of(session)
            for tag in sorted(group.tags_of(session)):
                if writer.setdefault(tag, run) != run:
                    raise InvalidArgument(
                        f"both {writer[tag]!r} and {run!r} have {tag!r}; a union is of different "
                        "tags: leave it out by choosing tags"
                    )


def refuse_concurrent_runs(group: FileGroup) -> None:
    """Refuses runs that wrote one tag, of those asked for, at the same time.

    Raises:
        InvalidArgument: They are no pieces of one training.
    """
    latest: dict[str, tuple[float, str]] = {}
    for session in sorted(group.sessions, key=lambda each: each.start_time):
        run = group.run_of(session)
        for tag in sorted(group.tags_of(session)):
            end_time, other = latest.get(tag, (-np.inf, run))
            if other != run and session.start_time < end_time:
                raise InvalidArgument(
                    f"{other!r} and {run!r} wrote {tag!r} at the same time: these are no pieces of "
                    "one training. Runs that repeat one another can be aggregated; "
                    "restarts=keep merges them all the same"
                )
            if session.end_time >= end_time:
                latest[tag] = (session.end_time, run)


def pieces_of(
    groups: Sequence[FileGroup], ordered: Sequence[tuple[FileGroup, Session]]
) -> Iterator[Copy | Rewritten]:
    """What the merged file consists of, in order.

    Args:
        groups: All groups.
        ordered: Their sessions, as they will follow each other.
    """
    plans = {}
    for group in groups:
        own = [session for each, session in ordered if each is group]
        plans[id(group)] = _GroupPlan(group, own)
    for group, session in ordered:
        yield from plans[id(group)].pieces(session)


class _GroupPlan:
    """Which bytes of each file of a group are left, and in which of its sessions they are."""

    def __init__(self, group: FileGroup, order: Sequence[Session]) -> None:
        self._group = group
        self._metadata = group.metadata_to_add(order)
        self._stretches: dict[int, Stretches] = {}

    def pieces(self, session: Session) -> Iterator[Copy | Rewritten]:
        rows = self._group.rows
        file = rows.files[session.file]
        if session.file not in self._stretches:
            here = slice(int(rows.starts[session.file]), int(rows.starts[session.file + 1]))
            changed = np.zeros(file.tag_id.size, bool)
            changed[
                [row - here.start for row in self._metadata if here.start <= row < here.stop]
            ] = True
            kept = self._group.kept[here]
            self._stretches[session.file] = stretches_to_copy(file, kept, changed)
        stretches = self._stretches[session.file]
        first, last = np.searchsorted(stretches.start, self._bounds(session)).tolist()
        alone = np.isin(stretches.start[first:last], list(stretches.rewritten))
        for at in (*(first + np.flatnonzero(alone)).tolist(), last):
            if at > first:
                yield Copy(file, stretches.start[first:at], stretches.end[first:at])
            if at < last:
                offset = int(stretches.start[at])
                yield self._rewritten(session.file, offset, stretches.rewritten[offset])
            first = at + 1

    def _bounds(self, session: Session) -> tuple[int, int]:
        """The bytes of a session: from its START on, which itself is never copied."""
        file = self._group.rows.files[session.file]
        own = [each for each in self._group.sessions if each.file == session.file]
        is_start = (file.mark_kind == row_kinds.SESSION_LOG) & (
            file.mark_status == row_kinds.SESSION_START
        )
        starts = file.mark_offset[is_start].tolist()
        bounds = [0, *starts[len(starts) - len(own) + 1 :], file.position]
        number = own.index(session)
        return bounds[number], bounds[number + 1]

    def _rewritten(self, number: int, offset: int, rows_of_file: NDArray[np.int64]) -> Rewritten:
        rows = self._group.rows
        first = int(rows.starts[number])
        values = tuple(
            (int(rows.offset[row]), int(rows.length[row]), self._metadata.get(row))
            for row in (first + rows_of_file).tolist()
        )
        return Rewritten(rows.files[number], offset, values)


def _read_value(file: FileColumns, offset: int, length: int) -> Value:
    with open_unchanged(file) as opened:
        return Value.FromString(opened.read_at(offset, length))
