"""What a reader should know of runs besides their points: damage, notes, superseded points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tbtools.errors import NoEventFiles
from tbtools.eventfile.source import path_below
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tbtools.eventfile.problems import Problem
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.plugins.values import Undecodable
    from tbtools.runs.run import Run
    from tbtools.runs.timeline.notes import RunNote


# Kinds of problems that concern a file as a whole: nothing of it could be read.
OF_WHOLE_FILES = frozenset({"not_an_event_file", "unreadable"})


def count_read(event_files: int, problems: Iterable[tuple[str, Problem]]) -> int:
    """How many of the event files of a run could be read.

    Args:
        event_files: How many it has.
        problems: What is wrong with them, each with the path of the file.
    """
    return event_files - len({file for file, each in problems if each.kind in OF_WHOLE_FILES})


def runs_below(experiment: Experiment, path: str) -> list[Run]:
    """The selected runs that were found under one of the given paths."""
    return [run for run in experiment.values() if run.data.found_under == path]


def unreadable_paths(experiment: Experiment) -> dict[str, str]:
    """Which of the paths that were named could not be read, and why.

    A path counts as read if one event of one selected run below it could be read.
    """
    reasons = {
        path: experiment.unreadable[path].message
        for path in experiment.paths
        if path in experiment.unreadable
    }
    for path in experiment.paths:
        below = [run.data for run in runs_below(experiment, path)]
        if below and all(each.diagnostics.is_unreadable for each in below):  # the others unread
            problems = [each for run in below for each in run.diagnostics.problems]
            reasons[path] = reason_of(path, problems)
    return reasons


def reason_of(path: str, problems: Sequence[tuple[str, Problem]]) -> str:
    """Why nothing under a path could be read.

    Args:
        path: The path that was named.
        problems: Those of its files, at least one, each with the path of the file.
    """
    if len(problems) == 1:
        file, problem = problems[0]
        name = "" if file == path else f"{path_below(file, path)}: "
        return name + problem.message
    files = len({file for file, _ in problems})
    return f"no event could be read in {plural(files, 'file')} (`tbtools verify` lists the reasons)"


def require_readable(runs: Mapping[str, Run]) -> None:
    """Refuses to make a result of nothing.

    Raises:
        NoEventFiles: Not one event of any of the runs could be read.
    """
    every = [run.data.diagnostics for run in runs.values()]
    if not every or not all(each.is_unreadable for each in every):
        return
    problems = [(file, problem) for each in every for file, problem in each.problems]
    file, problem = problems[0]
    rest = len({path for path, _ in problems}) - 1
    more = f"; and {plural(rest, 'more file')} without a readable event" * bool(rest)
    raise NoEventFiles(f"{file}: {problem.message}{more}")


def problem_dicts(
    runs: Mapping[str, Run], unreadable: Mapping[str, Problem]
) -> Iterator[dict[str, Any]]:
    """What is damaged or could not be read, as JSON has it.

    Args:
        runs: The runs, by name.
        unreadable: Paths that could not be read, as `Experiment.unreadable` has them.
    """
    for name, run in runs.items():
        for file, problem in run.data.diagnostics.problems:
            yield {"run": name, "file": file, **problem.to_dict()}
    for path, problem in unreadable.items():
        yield {"run": None, "file": path, **problem.to_dict()}


def note_dicts(runs: Mapping[str, Run]) -> Iterator[dict[str, Any]]:
    """What should be known of the runs' timelines, as JSON has it."""
    return run_note_dicts(
        (name, note) for name, run in runs.items() for note in run.data.diagnostics.notes
    )


def run_note_dicts(run_notes: Iterable[RunNote]) -> Iterator[dict[str, Any]]:
    """The same of notes that each have the name of their run."""
    for run, note in run_notes:
        yield {"run": run, **note.to_dict()}


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a result says of the runs that it was made of.

    Attributes:
        superseded: How many of their points restarts have superseded.
        problems: Damaged stretches and what could not be read: run, file, offset, length, kind,
            message; and values that could not be decoded: run, tag, step, kind, message.
        notes: What should be known of their timelines: run, kind, message, tag, count.
    """

    superseded: int = 0
    problems: tuple[dict[str, Any], ...] = ()
    notes: tuple[dict[str, Any], ...] = ()

    @classmethod
    def of(
        cls,
        runs: Mapping[str, Run],
        unreadable: Mapping[str, Problem] | None = None,
        undecodable: Iterable[tuple[str, Undecodable]] = (),
    ) -> Provenance:
        """That of some runs, which have been read.

        Args:
            runs: The runs, by name.
            unreadable: Paths that could not be read.
            undecodable: Values that could not be decoded, each with the name of its run.
        """
        return cls(
            sum(run.data.diagnostics.superseded for run in runs.values()),
            (
                *problem_dicts(runs, unreadable or {}),
                *({"run": run, **problem.to_dict()} for run, problem in undecodable),
            ),
            tuple(note_dicts(runs)),
        )

    def to_dict(self) -> dict[str, Any]:
        """The keys that stand in the JSON of every result, and in the `attrs` of frames."""
        return {
            "superseded": self.superseded,
            "problems": list(self.problems),
            "notes": list(self.notes),
        }


class HasProvenance:
    """A result with what should be known of the runs that it was made of."""

    __slots__ = ()

    provenance: Provenance

    @property
    def superseded(self) -> int:
        """How many points of the runs restarts have superseded."""
        return self.provenance.superseded

    @property
    def problems(self) -> tuple[dict[str, Any], ...]:
        """What of the runs' files is damaged or could not be read: run, file, kind, message, ..."""
        return self.provenance.problems

    @property
    def notes(self) -> tuple[dict[str, Any], ...]:
        """What should be known of the runs' timelines: run, kind, message, tag, count."""
        return self.provenance.notes
