"""Damage, notes and superseded points of runs: lines for standard error, and keys for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tbtools.eventfile.source import paths_of, source_of
from tbtools.render.format import format_count, plural, printable
from tbtools.render.terminal.problems import problem_text
from tbtools.runs.diagnostics import note_dicts, problem_dicts, runs_below, unreadable_paths
from tbtools.vocabulary import NOTE_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tbtools.eventfile.problems import Problem
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.selection import Selection
    from tbtools.runs.timeline.notes import RunNote
    from tbtools.vocabulary import NoteKind

_PROBLEMS_SHOWN = 20
_NAMES_SHOWN = 5


class Diagnostics(NamedTuple):
    """What should be known of the runs that a command has read.

    Attributes:
        experiments: The runs; two for a comparison.
        selection: Notes about tags that are not selected are left out.
        count_superseded: Whether the lines have the number of superseded points; `merge` shows it
            itself, for the selected tags.
        run_notes: The notes, where they are not those of the runs one by one.
    """

    experiments: Sequence[Experiment]
    selection: Selection
    count_superseded: bool = True
    run_notes: Sequence[RunNote] | None = None

    @property
    def superseded(self) -> int:
        """How many points of the runs restarts have superseded."""
        return sum(run.superseded for run in self._runs())

    def to_dict(self) -> dict[str, Any]:
        """The keys that stand in the JSON of every command that reads runs."""
        return {
            "problems": [
                each for one in self.experiments for each in problem_dicts(one, one.unreadable)
            ],
            "notes": [each for one in self.experiments for each in note_dicts(one)],
            "superseded": self.superseded,
        }

    def unreadable_paths(self) -> dict[str, str]:
        """The paths that were named and could not be read, with the reason."""
        return {
            path: reason
            for one in self.experiments
            for path, reason in unreadable_paths(one).items()
        }

    @property
    def has_unread(self) -> bool:
        """Whether the operating system refused a file or directory."""
        return any(problem.kind == "unreadable" for _, problem in self._problems())

    @property
    def has_unread_remotely(self) -> bool:
        """Whether a server refused a file or directory, which it may give another time."""
        return any(
            problem.kind == "unreadable" and source_of(path).is_remote
            for path, problem in self._problems()
        )

    def lines(self) -> Iterator[str]:
        """A line a problem, up to a limit, and a line a kind of note."""
        named = self.unreadable_paths()
        problems = [
            (file, problem) for file, problem in self._problems() if not _is_below(file, named)
        ]
        for file, problem in problems[:_PROBLEMS_SHOWN]:
            yield f"{printable(file)}: {problem_text(problem)}"
        if len(problems) > _PROBLEMS_SHOWN:
            rest = plural(len(problems) - _PROBLEMS_SHOWN, "more problem")
            yield f"and {rest}: `tbtools verify` lists them"
        yield from self._unreadable_runs(named)
        superseded = self.superseded if self.count_superseded else 0
        if superseded:
            yield f"{plural(superseded, 'point')} superseded by restarts"
        notes = self.run_notes
        if notes is None:
            notes = [(run.run, note) for run in self._runs() for note in run.notes]
        notes = [
            each for each in notes if each[1].tag is None or self.selection.has_tag(each[1].tag)
        ]
        for kind in NOTE_KINDS:
            if of_kind := [each for each in notes if each[1].kind == kind]:
                yield note_line(kind, of_kind)

    def _runs(self) -> Iterator[Any]:
        return (run.data.diagnostics for one in self.experiments for run in one.values())

    def _problems(self) -> Iterator[tuple[str, Problem]]:
        for one in self.experiments:
            for run in one.values():
                yield from run.data.diagnostics.problems
            yield from one.unreadable.items()

    def _unreadable_runs(self, named: Iterable[str]) -> Iterator[str]:
        count = sum(
            run.data.diagnostics.is_unreadable
            for one in self.experiments
            for path in one.paths
            if path not in named
            for run in runs_below(one, path)
        )
        if count:
            yield f"{plural(count, 'run')} could not be read"


def _is_below(file: str, paths: Iterable[str]) -> bool:
    parts = paths_of(file)
    return any(file == path or file.startswith(parts.join(path, "")) for path in paths)


def note_line(kind: NoteKind, notes: Sequence[RunNote]) -> str:
    """One line for all notes of a kind.

    Args:
        kind: The kind.
        notes: Those of this kind, at least one.
    """
    count = sum(note.count for _, note in notes)
    tags = f"{plural(len(notes), 'tag')} of {_runs(notes)}"
    if kind == "steps_go_back":
        return f"steps go back in {tags}: points are taken in the order written"
    if kind == "step_wraps":
        return f"the step counter wraps at 32 bits in {tags}: points are in the order written"
    if kind == "overlapping_writers":
        return f"several writers wrote the same steps of {tags}: all points are kept"
    if kind == "duplicate_file":
        are = (
            "file is a copy of, or a link to, another"
            if count == 1
            else ("files are copies of, or links to, others")
        )
        return f"{format_count(count)} {are}, read once: {_runs(notes)}"
    if kind == "read_anew":
        changed = "file was" if count == 1 else "files were"
        return f"{format_count(count)} {changed} replaced and read anew: {_runs(notes)}"
    if kind == "clock_skew":
        return (
            f"wall times contradict the steps in {plural(count, 'session')} of {_runs(notes)}: "
            "clocks differ, or were set back"
        )
    return _superseded_line(notes)


def _superseded_line(notes: Sequence[RunNote]) -> str:
    """Tags that have lost all points, and what machines have lost."""
    by_tag = [(run, note) for run, note in notes if note.tag is not None]
    lines = [f"{_run(run)}: {printable(note.message)}" for run, note in notes if note.tag is None]
    if by_tag:
        tags = f"{plural(len(by_tag), 'tag')} of {_runs(by_tag)}"
        names = _some([printable(note.tag or "") for _, note in by_tag], ", ")
        lines.insert(0, f"{tags} lost all points to later sessions: {names}")
    return _some(lines, "; ")


def _runs(notes: Sequence[RunNote]) -> str:
    names = list(dict.fromkeys(run for run, _ in notes))
    return _run(names[0]) if len(names) == 1 else f"{format_count(len(names))} runs"


def _run(name: str | None) -> str:
    return "the runs taken together" if name is None else f"run {printable(name)}"


def _some(names: Sequence[str], separator: str) -> str:
    shown = list(dict.fromkeys(names))
    rest = len(shown) - _NAMES_SHOWN
    return separator.join(shown[:_NAMES_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
