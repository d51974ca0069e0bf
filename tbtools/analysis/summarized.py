"""What `summarize` finds: runs at a glance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tbtools.analysis.detect import Findings, is_judged
from tbtools.runs.diagnostics import HasProvenance, Provenance
from tbtools.runs.numbers import json_number
from tbtools.showing import Tabled
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    import pandas as pd

    from tbtools.analysis.series_summary import ObjectiveSummary, SeriesTable
    from tbtools.eventfile.problems import Problem
    from tbtools.runs.timeline.notes import Note
    from tbtools.vocabulary import RunStatus


@dataclass(frozen=True, slots=True, repr=False)
class RunSummary:
    """One run.

    Attributes:
        run: Its name.
        path: Its directory.
        event_files: How many event files it has.
        bytes: Their size.
        sessions: How many writer sessions.
        points: How many points are shown, of all kinds.
        superseded: How many points restarts have superseded.
        first_step: Lowest step; None for a run without points.
        last_step: Highest step.
        start_time: Wall time of the first event, seconds since the epoch; None without any.
        end_time: Wall time of the last event.
        status: ``training`` (the last event is recent), ``finished`` (its hparams' end follows its
            last point), ``stopped``, ``empty`` (no points), ``unreadable`` (not one event, though
            there are bytes).
        tags: Its series, in natural order of their tags.
        objective: The series by which it is judged at a glance, see `rank_objectives`; None where
            no tag tells which way is better.
        problems: Damaged stretches, each with the path of its file.
        notes: What should be known of its timeline.
        findings: What is wrong with it, with what was not judged.
    """

    run: str
    path: str
    event_files: int
    bytes: int
    sessions: int
    points: int
    superseded: int
    first_step: int | None
    last_step: int | None
    start_time: float | None
    end_time: float | None
    status: RunStatus
    tags: SeriesTable
    objective: ObjectiveSummary | None
    problems: tuple[tuple[str, Problem], ...]
    notes: tuple[Note, ...] = ()
    findings: Findings = field(default_factory=Findings)

    def __repr__(self) -> str:
        """Its name, size and state, on one line."""
        size = f"{plural(len(self.tags), 'series')}, {plural(self.points, 'point')}"
        return f"<RunSummary {self.run!r}: {size}, {self.status}>"

    @property
    def nonfinite(self) -> int:
        """How many values of all its series are NaN or infinite."""
        return self.tags.nonfinite

    @property
    def is_judged(self) -> bool:
        """Whether at least one of its series was judged for every kind of finding."""
        not_judged = {each.tag for each in self.findings.not_judged}
        return None not in not_judged and is_judged(not_judged, self.tags.scalars())

    @property
    def duration(self) -> float | None:
        """Seconds from the first event to the last."""
        if self.start_time is None or self.end_time is None:
            return None
        return self.end_time - self.start_time

    def to_dict(self) -> dict[str, Any]:
        """As design and README promise the JSON."""
        return {
            "run": self.run,
            "path": self.path,
            "event_files": self.event_files,
            "bytes": self.bytes,
            "sessions": self.sessions,
            "points": self.points,
            "superseded": self.superseded,
            "first_step": self.first_step,
            "last_step": self.last_step,
            "start_time": json_number(self.start_time),
            "end_time": json_number(self.end_time),
            "status": self.status,
            "objective": self.objective and self.objective.to_dict(),
            "tags": [series.statistics.to_dict() for series in self.tags],
            "findings": [each.to_dict() for each in self.findings],
            "not_judged": [each.to_dict() for each in self.findings.not_judged],
            "problems": [{"file": file, **each.to_dict()} for file, each in self.problems],
            "notes": [{"run": self.run, **note.to_dict()} for note in self.notes],
        }


def tell(
    found: RunSummary, run: str, path: str, objective: ObjectiveSummary | None, findings: Findings
) -> RunSummary:
    """Tells a summary that nobody has seen yet what is known when all runs have been read.

    A copy with these would take five times as long, and runs are thousands.
    """
    complete = object.__setattr__
    complete(found, "run", run)
    complete(found, "path", path)
    complete(found, "objective", objective)
    complete(found, "findings", findings)
    return found


@dataclass(frozen=True, slots=True, repr=False)
class Summary(Tabled, HasProvenance):
    """An experiment.

    Attributes:
        logdir: The path, as it was given.
        runs: Its runs, in natural order of their names.
        unreadable: Directories that could not be looked into, with the reason.
        left_out: How many runs have none of the points that were asked for, and are left out.
        judged: Whether the runs have their findings; not where there was too much to judge.
        configuration: The tbtools.toml that was followed; None without.
        kinds_off: The kinds of findings that it does not want: nothing is said of them.
        provenance: What should be known of all runs, also of those that are left out.
    """

    logdir: str
    runs: tuple[RunSummary, ...]
    unreadable: tuple[tuple[str, Problem], ...] = ()
    left_out: int = 0
    judged: bool = True
    configuration: str | None = None
    kinds_off: tuple[str, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)

    def __repr__(self) -> str:
        """How much there is, on one line."""
        points = plural(sum(run.points for run in self.runs), "point")
        return f"<Summary {self.logdir!r}: {plural(len(self.runs), 'run')}, {points}>"

    @property
    def readable(self) -> bool:
        """Whether there is a run of which something could be read."""
        return self.left_out > 0 or any(run.status != "unreadable" for run in self.runs)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools summarize`."""
        return {
            "logdir": self.logdir,
            "judged": self.judged,
            "configuration": self.configuration,
            "kinds_off": list(self.kinds_off),
            "runs": [run.to_dict() for run in self.runs],
            **self.provenance.to_dict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a series: run, and what `to_dict` has of each tag.

        `attrs` holds superseded, problems and notes of all runs.
        """
        import pandas as pd

        frame = pd.DataFrame(
            [
                {"run": run.run, **series.statistics.to_dict()}
                for run in self.runs
                for series in run.tags
            ]
        )
        frame.attrs |= self.provenance.to_dict()
        return frame
