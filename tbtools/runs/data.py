"""What stands behind a run: its event files as columns, and the sub-runs folded into it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from tbtools import system
from tbtools.eventfile.aside import brought_back, put_aside
from tbtools.eventfile.rescan import FileChange, first_scan, rescan
from tbtools.eventfile.scan import scan_file
from tbtools.runs.columns import RunColumns, gather
from tbtools.runs.parts import Part
from tbtools.runs.timeline.notes import change_note, link_note
from tbtools.runs.timeline.rows import readable_tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tbtools.eventfile.discover import RunFiles
    from tbtools.eventfile.foreign.formats import Also
    from tbtools.eventfile.index.index import FileIndex
    from tbtools.eventfile.problems import Problem
    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.spool import Spool
    from tbtools.runs.engine import Engine
    from tbtools.runs.plugins.hparams import HParams
    from tbtools.runs.plugins.values import Undecodable
    from tbtools.runs.statistics import SeriesStatistics
    from tbtools.runs.timeline.notes import Note
    from tbtools.vocabulary import RestartPolicy

# Written when a training session ends, or at once by writers that do not follow it.
SESSION_END_TAG = "_hparams_/session_end_info"


class RunDiagnostics(NamedTuple):
    """What is known of one run when it has been read; it is kept when the run is released.

    Attributes:
        run: The run's name.
        event_files: How many event files were read.
        superseded: How many points restarts have superseded.
        problems: Damaged stretches, each with the path of its file.
        notes: What should be known of its timeline.
        is_unreadable: Whether not one event could be read, although its files are not empty.
        has_scalars: Whether there is one point of a scalar.
    """

    run: str
    event_files: int
    superseded: int
    problems: tuple[tuple[str, Problem], ...]
    notes: tuple[Note, ...]
    is_unreadable: bool
    has_scalars: bool = False


class KnownHParams(NamedTuple):
    """What another process has read of the hyperparameters of a run.

    Attributes:
        hparams: Those that can be decoded.
        problems: What is wrong with the others.
        is_session: Whether there is nothing else in the run, see `tbtools.runs.folding`.
    """

    hparams: HParams
    problems: list[Undecodable]
    is_session: bool


class RunData:
    """The data of a run.

    Attributes:
        name: Its path relative to the log directory; ``.`` for the log directory itself.
        found: Its event files, as they were found at first.
        path: Its directory.
        found_under: The path, as it was given, under which it was found.
        restarts: The restart policy.
        index: What is known of its files from earlier; None where they are to be read.
        engine: What does work over many runs in other processes; None for this one.
        also: Which files of other programs were taken when it was found; None for none.
        changes: What the last `refresh` has found.
        known_hparams: Its hyperparameters, where another process has read them.
    """

    def __init__(
        self,
        files: RunFiles,
        restarts: RestartPolicy,
        name: str | None = None,
        found_under: str | None = None,
        index: FileIndex | None = None,
    ) -> None:
        self.name = files.name if name is None else name
        self.found_under = files.path if found_under is None else found_under
        self.found = files
        self.path = files.path
        self.restarts: RestartPolicy = restarts
        self.index = index
        self.engine: Engine | None = None
        self.also: Also | None = None
        self._paths = files.event_files
        self._links = files.duplicates
        self._read_anew: tuple[Note, ...] = ()
        self._files: tuple[FileColumns, ...] | None = None
        self._columns: RunColumns | None = None
        # What is kept when the columns are released.
        self._diagnostics: RunDiagnostics | None = None
        self.known_hparams: KnownHParams | None = None
        self.changes: tuple[FileChange, ...] = ()
        # Sub-runs that are shown as a part of this one, with the names their tags then have.
        self._folded: tuple[tuple[RunData, dict[str, str]], ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        """What was found, without what was read: another process reads it when asked for it."""
        return {
            **self.__dict__,
            "_files": None,
            "_columns": None,
            "_diagnostics": None,
            "known_hparams": None,
            "engine": None,
        }

    # -- what is there

    @property
    def read_path(self) -> str:
        """What was named to be read of it: its directory, or one event file."""
        return self.found_under if self.found_under in self._paths else self.path

    @property
    def event_files(self) -> tuple[str, ...]:
        """The paths of its event files, sorted by name."""
        return self._paths

    @property
    def files(self) -> tuple[FileColumns, ...]:
        """The columns of its event files."""
        files = self._files  # which another thread may let go of meanwhile
        if files is None:
            files = self._files = tuple(self.scan_file(path) for path in self._paths)
            if self.index is not None:
                self.index.save()
        elif any(file.rows_aside for file in files):
            files = self._files = tuple(map(brought_back, files))
        return files

    def scan_file(self, path: str) -> FileColumns:
        """The columns of one of its event files."""
        return scan_file(path) if self.index is None else self.index.scan_file(path)

    def afresh(self) -> RunData:
        """The same files, to be read from their beginnings."""
        return RunData(
            self.found._replace(event_files=self._paths), self.restarts, self.name, self.found_under
        )

    @property
    def all_files(self) -> tuple[FileColumns, ...]:
        """Those, and those of the sub-runs folded into it."""
        return (*self.files, *(file for run, _ in self._folded for file in run.files))

    @property
    def own_tags(self) -> set[str]:
        """All tags that its own event files hold, which is known without gathering their rows."""
        return {readable_tag(name) for file in self.files for name in file.tag_names}

    @property
    def columns(self) -> RunColumns:
        """What is left of its rows after restarts, by series."""
        columns = self._columns
        if columns is None:
            columns = self._columns = gather(self.files, self.restarts)
        return columns

    @property
    def parts(self) -> list[Part]:
        """Its own columns, and those of the sub-runs folded into it."""
        folded = [
            Part(self.name, run.name, run.columns, tag_names) for run, tag_names in self._folded
        ]
        return [Part(self.name, self.name, self.columns), *folded]

    @property
    def has_scalars(self) -> bool:
        """Whether there is one point of a scalar."""
        return any(part.columns.has_scalars for part in self.parts)

    @property
    def start_time(self) -> float:
        """Wall time of its first event, in seconds since the epoch; NaN where none is known."""
        times = [part.columns.timeline.start_time for part in self.parts]
        return min((time for time in times if time == time), default=float("nan"))

    def file_notes(self) -> Iterator[Note]:
        """What should be known of its files, whatever becomes of their points."""
        for link, target in self._links:
            yield link_note(link, target)
        yield from self._read_anew

    def iter_notes(self) -> Iterator[Note]:
        """Each note, about the tags that are shown."""
        yield from self.file_notes()
        for part in self.parts:
            for note in part.columns.notes:
                yield note if note.tag is None else replace(note, tag=part.shown_tag(note.tag))

    @property
    def is_unreadable(self) -> bool:
        """Whether not one event could be read of it, although its files are not empty."""
        problems = any(True for _ in self.iter_problems())
        return problems and not any(file.events for file in self.all_files)

    @property
    def diagnostics(self) -> RunDiagnostics:
        """Its problems, notes and superseded points; known without reading it a second time."""
        known = self._diagnostics
        if known is None:
            known = self._diagnostics = self._diagnose()
        return known

    @property
    def has_ended(self) -> bool:
        """Whether its writer said after the last point that the training session has ended.

        A session's end that was written with the hyperparameters, as torch and tensorboardX do at
        once, says nothing: points came later, or there are none but the hyperparameters.
        """
        every = [part.columns for part in self.parts]
        if not any(SESSION_END_TAG in columns.rows.tags for columns in every):
            return False
        filled = [(columns, each) for columns in every for each in columns.series if each.count]
        ends = [
            float(columns.rows.wall_time[columns.of(each)[-1]])
            for columns, each in filled
            if each.tag == SESSION_END_TAG
        ]
        if not ends or all(each.plugin == "hparams" for _, each in filled):
            return False
        return max(ends) >= max(columns.timeline.end_time for columns in every)

    def _diagnose(self) -> RunDiagnostics:
        return RunDiagnostics(
            run=self.name,
            event_files=len(self.all_files),
            superseded=self.superseded,
            problems=tuple(self.iter_problems()),
            notes=tuple(self.iter_notes()),
            is_unreadable=self.is_unreadable,
            has_scalars=self.has_scalars,
        )

    @property
    def superseded(self) -> int:
        """How many points restarts have superseded."""
        return sum(part.columns.superseded for part in self.parts)

    def statistics(self) -> list[SeriesStatistics]:
        """All its series in numbers, as `tags` shows them, without pandas."""
        return [statistics for part in self.parts for statistics in part.statistics()]

    def iter_problems(self) -> Iterator[tuple[str, Problem]]:
        """Each damaged stretch, with the path of its file; none of copies that are not read."""
        for run in (self, *(run for run, _ in self._folded)):
            damaged = [file for file in run.files if file.problems]
            copies = run.columns.timeline.copies.left_out if damaged and len(run.files) > 1 else []
            left_out = {file.path for file, _ in copies}
            for file in damaged:
                if file.path not in left_out:
                    yield from ((file.path, problem) for problem in file.problems)

    @property
    def unread(self) -> list[tuple[str, Problem]]:
        """What the operating system has refused so far, with the path of its file."""
        if self._diagnostics is not None:
            problems = list(self._diagnostics.problems)
        else:
            problems = [(each.path, found) for each in self._files or () for found in each.problems]
        return [(path, problem) for path, problem in problems if problem.kind == "unreadable"]

    def frame_attrs(self) -> dict[str, Any]:
        """What a frame says about itself: the restart policy, what it left out, damage, notes."""
        known = self.diagnostics
        return {
            "restarts": self.restarts,
            "superseded": known.superseded,
            "problems": [{"file": path, **asdict(each)} for path, each in known.problems],
            "notes": [note.to_dict() for note in known.notes],
        }

    def expect(self, event_files: Sequence[str]) -> None:
        """Takes note of event files that are there now; they are read by the next refresh."""
        if event_files != self._paths:
            self._paths = tuple(sorted({*self._paths, *event_files}))

    def refresh(self) -> int:
        """See `Run.refresh`."""
        self.changes = ()
        if self._files is None:
            return 0
        before = {file.path: file for file in self._files}
        looks = [
            rescan(before[path]) if path in before else first_scan(path) for path in self._paths
        ]
        self.changes = tuple(
            FileChange(look.columns.path, look.change, look.new_rows)
            for look in looks
            if look.change is not None
        )
        self._read_anew += tuple(
            change_note(each.path, each.kind)
            for each in self.changes
            if each.kind in ("shrank", "replaced", "healed")
        )
        if self.changes:
            self.hold([look.columns for look in looks])
        return sum(look.new_rows for look in looks)

    def hold(self, files: Sequence[FileColumns]) -> None:
        """Takes over columns that were scanned elsewhere."""
        self._files, self._columns, self._diagnostics = tuple(files), None, None
        self.known_hparams = None

    def know(self, diagnostics: RunDiagnostics) -> None:
        """Takes over what another process that has read the run knows of it.

        What went wrong when it was read before stays known: some of a result may rest on that.
        """
        before = self._diagnostics
        if before is not None:
            known = dict.fromkeys((*before.problems, *diagnostics.problems))
            lost = before.is_unreadable or diagnostics.is_unreadable
            diagnostics = diagnostics._replace(problems=tuple(known), is_unreadable=lost)
        if diagnostics.run is not self.name:  # one that this process does not hold yet
            diagnostics = diagnostics._replace(run=self.name)
        self._diagnostics = diagnostics

    @property
    def row_bytes(self) -> int:
        """The bytes of the rows of its event files, which have been read."""
        return sum(file.values.row_bytes for file in self.all_files)

    @property
    def is_read(self) -> bool:
        """Whether its event files have been read."""
        return self._files is not None

    @property
    def is_as_found(self) -> bool:
        """Whether only its event files are known: unread, without links or sub-runs."""
        return self._files is None and not (self._links or self._read_anew or self._folded)

    @property
    def is_gathered(self) -> bool:
        """Whether its columns have been made."""
        return self._columns is not None

    @property
    def sources(self) -> tuple[str, ...]:
        """Its own name, and those of the sub-runs folded into it."""
        return (self.name, *(run.name for run, _ in self._folded))

    def unfold(self) -> None:
        """Shows it without its sub-runs again."""
        self._folded = ()
        self._diagnostics = None

    def release(self) -> None:
        """Forgets what was read but for its diagnostics; it is read again when it is asked for."""
        if self._columns is not None and self._diagnostics is None:
            self._diagnostics = self._diagnose()
        self._files, self._columns = None, None

    def release_columns(self) -> None:
        """Forgets how its rows are gathered, which is made again when it is asked for."""
        self._columns = None

    def rest(self) -> None:
        """Lets go of the memory that looking at rows took that are mapped.

        The columns of several files are copies of their rows, and are made again.
        """
        files = self._files or ()
        mappings = {id(file.mapping): file.mapping for file in files if file.mapping}
        if mappings and len(files) > 1:
            self._columns = None
        for mapping in mappings.values():
            system.let_go_of(mapping)
        for run, _ in self._folded:
            run.rest()

    def put_aside(self, spool: Spool, *, whole: bool) -> None:
        """Lets its rows lie in a spool until they are asked for, and forgets how they are gathered.

        Args:
            spool: Always the same one.
            whole: Whether all of them; else of the last file those that make up blocks.
        """
        self._columns = None
        if self._files is not None:
            last = len(self._files) - 1
            self._files = tuple(
                put_aside(file, spool, whole=whole or place < last)
                for place, file in enumerate(self._files)
            )

    def fold(self, run: RunData, tag_names: dict[str, str]) -> None:
        """Shows a sub-run as part of this run, its tags under the names given."""
        self._folded += ((run, tag_names),)
        self._diagnostics = None
