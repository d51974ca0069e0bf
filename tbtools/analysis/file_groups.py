"""Event files that are merged together: what of them is kept, and in which order."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tbtools.errors import InvalidArgument
from tbtools.runs.columns import gather, is_within
from tbtools.runs.selection import choose
from tbtools.runs.timeline import rows as row_kinds
from tbtools.runs.timeline.notes import link_note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.same_tags import SameTags
    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.source_types import Identity
    from tbtools.runs.columns import RunColumns
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selector
    from tbtools.runs.timeline.notes import RunNote
    from tbtools.runs.timeline.sessions import Session
    from tbtools.vocabulary import RestartPolicy

    # A file, and the run that it is of.
    Owned = tuple[str, FileColumns]

_HPARAMS = "hparams"


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
        columns: What is left of them after restarts.
        renamed: Files, by their `id`, to which of their rows get another name for their tag.

    Attributes:
        columns: What is left of them after restarts.
        rows: Their rows.
        sessions: Their writer sessions, in file order.
        kept: bool for each row: whether it goes into the merged run.
        dropped_marks: Kinds of marks that do not.
    """

    def __init__(
        self,
        files: Sequence[Owned],
        columns: RunColumns,
        renamed: Mapping[int, NDArray[np.bool_]] | None = None,
    ) -> None:
        self.columns = columns
        self.timeline = columns.timeline
        self.rows = self.timeline.rows
        self.sessions = self.timeline.sessions
        run_of = {id(file): run for run, file in files}
        self._owners = list(dict.fromkeys(run_of.values()))
        self._runs = [run_of[id(file)] for file in self.rows.files]
        left_out = self.timeline.superseded
        self._renamed = renamed or {}
        self._declared = self._declarations()
        self._superseded = (
            np.zeros(self.rows.count, bool) if left_out is None else left_out & ~self._declared
        )
        self._selected = np.ones(self.rows.count, bool)
        self.dropped_marks: tuple[int, ...] = ()

    def _declarations(self) -> NDArray[np.bool_]:
        """The rows that hold hyperparameters.

        They are no points of a time series: what a session set stays set when a later one writes
        its own at the same step. So none of them is superseded, and steps do not select them.
        """
        tags = np.array([plugin == _HPARAMS for plugin in self.rows.plugins], bool)
        if not tags.any():
            return np.zeros(self.rows.count, bool)
        is_message = np.isin(self.rows.kind, [0, row_kinds.TENSOR])
        declared: NDArray[np.bool_] = tags[self.rows.tag_id] & is_message
        return declared

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which rows go into the merged run."""
        return self._selected & ~self._superseded

    @property
    def renamed_values(self) -> int:
        """How many values go into the merged run under another tag than theirs."""
        if not self._renamed:
            return 0
        kept = np.split(self.kept, self.rows.starts[1:-1])
        pairs = zip(self.rows.files, kept, strict=True)
        return sum(int((own & self._renamed.get(id(file), False)).sum()) for file, own in pairs)

    def select(self, selector: Selector) -> None:
        """Leaves out what is not selected, which does not count as superseded."""
        selection = selector.selection
        # A tag that lost all its points is no match, but its points count as superseded.
        left = set(self._counts(~self._superseded))
        lost = choose(set(self.rows.tags) - left, selection.tags, selection.exclude_tags)
        chosen = selector.choose_tags(left) | set(lost)
        wanted = np.array([tag in chosen for tag in self.rows.tags], bool)
        values = self.rows.values
        if not wanted.all():
            self._selected = values.of_shape(wanted[values.shapes.tag_id])
        kept = self.kept
        if selection.steps is not None and kept.any():
            selector.see_steps(self.rows.step[kept])
            within = is_within(self.rows.step, *selection.steps)
            self._selected &= within | self._declared
            kept &= within
        selector.matched |= bool(kept.any())

    def restrict(self, chosen: NDArray[np.bool_], marks: tuple[int, ...] = ()) -> None:
        """Leaves out more, which does not count as superseded.

        Args:
            chosen: bool for each row: whether it stays.
            marks: Kinds of marks that are left out.
        """
        self._selected &= chosen
        self.dropped_marks = marks

    def run_of(self, session: Session) -> str:
        """The run that a session is of."""
        return self._runs[session.file]

    def tags_of(self, session: Session) -> set[str]:
        """The tags that a session wrote, of those that are selected."""
        return set(self._counts(self._selected, session.first_row, session.end_row))

    def _counts(
        self, chosen: NDArray[np.bool_], first: int = 0, end: int | None = None
    ) -> dict[str, int]:
        """Tag to how many of its rows are chosen, for those that have such."""
        counts = self.rows.counts(chosen, first, end).tolist()
        return {tag: count for tag, count in zip(self.rows.tags, counts, strict=True) if count}

    def superseded_by_tag(self) -> dict[str, int]:
        """Tag to how many of its points are superseded, for those that have such."""
        return self._counts(self._selected & self._superseded)

    def lost_tags(self) -> list[str]:
        """The tags all of whose points are superseded."""
        superseded = self.superseded_by_tag()
        kept = self._counts(self.kept) if superseded else {}
        return [tag for tag in superseded if tag not in kept]

    def losses(self) -> dict[tuple[str, str], int]:
        """How many points a run loses to another run: (loser, winner) to their number."""
        found: dict[tuple[str, str], int] = {}
        left_out = self._selected & self._superseded
        for later, rows in self.timeline.cuts:
            winner = self.run_of(self.sessions[later])
            for earlier in np.unique(self.timeline.session_of(rows)).tolist():
                session = self.sessions[earlier]
                loser = self.run_of(session)
                if loser == winner:
                    continue
                own = rows[(rows >= session.first_row) & (rows < session.end_row)]
                if count := int(left_out[own].sum()):
                    found[loser, winner] = found.get((loser, winner), 0) + count
        return found

    def notes(self) -> Iterator[RunNote]:
        """What should be known of the timeline."""
        run = self._owners[0] if len(self._owners) == 1 else None
        for note in self.columns.notes:
            yield run, note

    @property
    def blocks(self) -> list[list[int]]:
        """The sessions in the order of the timeline, those together that overlap.

        The policies that take the files in the order of their names mix no sessions.
        """
        if self.timeline.policy == "resume":
            return self.timeline.clusters
        return [[number] for number in range(len(self.sessions))]

    def kept_rows(self) -> Iterator[NDArray[np.int64]]:
        """The rows that go into the merged run, in the order of the timeline, block by block."""
        kept, order = self.kept, self.timeline.order
        end = 0
        for block in self.blocks:
            own = [self.sessions[number] for number in block]
            first, end = end, end + sum(each.end_row - each.first_row for each in own)
            if order is None:
                [session] = own
                rows = np.flatnonzero(kept[session.first_row : session.end_row])
                rows += session.first_row
                yield rows
            else:
                rows = order[first:end]
                yield rows[kept[rows]]

    def merged_session(self, session: Session) -> MergedSession:
        """What became of a session."""
        here = slice(session.first_row, session.end_row)
        selected = self._selected[here]
        step = self.rows.step[here]
        step = step if selected.all() else step[selected]  # mostly all of millions
        return MergedSession(
            run=self.run_of(session),
            file=self.rows.files[session.file].path,
            start_time=session.start_time,
            first_step=int(step.min()) if step.size else None,
            last_step=int(step.max()) if step.size else None,
            points=step.size,
            superseded=int(np.count_nonzero(selected & self._superseded[here])),
        )


def group_files(
    runs: Mapping[str, Run],
    policy: RestartPolicy,
    *,
    union: bool,
    same: SameTags | None = None,
) -> list[FileGroup]:
    """The event files of some runs, together or, with `union`, each run for itself.

    Args:
        runs: The runs.
        policy: The restart policy.
        union: See above.
        same: Tags that are one thing; those of different names are different where not given.
    """
    owned: dict[Identity | str, Owned] = {}
    renamed = {}
    for name, run in runs.items():
        for file in run.data.files:
            if _identity(file) in owned:
                continue
            joined = same.joined(file) if same else file
            if same and joined is not file:
                renamed[id(joined)] = same.renamed(file)
            owned[_identity(file)] = name, joined
    files = list(owned.values())
    if union:
        groups = [[own for own in files if own[0] == name] for name in runs]
        return [
            FileGroup(group, _columns_of(runs, group, policy), renamed) for group in groups if group
        ]
    if not files:
        return []
    # As they would stand in one directory: their names begin with the time.
    files.sort(key=lambda own: (Path(own[1].path).name, own[1].path))
    return [FileGroup(files, _columns_of(runs, files, policy), renamed)]


def _identity(file: FileColumns) -> Identity | str:
    """What tells a file from others: one that is given twice, perhaps by a link, is one file."""
    return file.identity if any(file.identity) else file.path


def shared_file_notes(runs: Mapping[str, Run]) -> Iterator[RunNote]:
    """For each file of a run that is a file of a run before it."""
    paths: dict[Identity | str, str] = {}
    for name, run in runs.items():
        for file in run.data.files:
            first = paths.setdefault(_identity(file), file.path)
            if first != file.path:
                yield name, link_note(file.path, first)


def _columns_of(
    runs: Mapping[str, Run], files: Sequence[Owned], policy: RestartPolicy
) -> RunColumns:
    """Those that a run has already, if the files are all of its files and the policy is its own."""
    scanned = [file for _, file in files]
    own = runs[files[0][0]].data
    same = len(scanned) == len(own.files) and all(map(operator.is_, scanned, own.files))
    return own.columns if same and policy == own.restarts else gather(scanned, policy)


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
