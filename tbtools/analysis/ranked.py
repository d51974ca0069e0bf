"""What `best` gives: runs, or groups of runs, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tbtools.runs.diagnostics import HasProvenance, Provenance
from tbtools.runs.numbers import json_number
from tbtools.runs.plugins.hparams import json_value
from tbtools.showing import Tabled
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from tbtools.analysis.checkpoints import Checkpoint
    from tbtools.analysis.detect import Finding
    from tbtools.analysis.forest import Forest
    from tbtools.analysis.importance import Importance
    from tbtools.analysis.outlook import Outlook
    from tbtools.vocabulary import Objective, RunStatus


_EXPECTED = ("expected", "expected_low", "expected_high")


@dataclass(frozen=True, slots=True, repr=False)
class RankedRun:
    """A run, or a group of runs that repeat one another, and its place.

    Attributes:
        rank: From 1 on; runs with the same value share it, and so do those that are not finite.
        run: The name of the run or group.
        value: What it is ranked by; of a group the mean of its runs. Maybe not finite.
        dtype: How the value is stored, where it is one that is stored.
        low: The lower end of its interval; None where there is none.
        high: The upper end.
        tied: Whether it cannot be told from the first; None where nobody can tell.
        step: Where the run had it: the step of the value, of the level at the end the last one.
            None for groups, and so are the next three.
        wall_time: When that was, seconds since the epoch.
        seconds: How long after the run's first event.
        status: The state of the run.
        checkpoint: The checkpoint in its folder that is nearest to the step.
        checkpoint_error: Why that is not known; None where the folder could be listed.
        hparams: Those hyperparameters of it that are not the same in all runs that are ranked.
        findings: What is wrong with it.
        runs: The names of the runs of a group; of a run its own.
        points: How many points of the tag the run has; of a group the least that one has.
        is_short: Whether these are one or two, and of most that are ranked at least ten.
        outlook: Where the tag will be if the run goes on as it has; None of groups, of runs that
            have finished or have a warning about it, and where that cannot be told.
    """

    rank: int
    run: str
    value: float
    dtype: str = "float64"
    low: float | None = None
    high: float | None = None
    tied: bool | None = None
    step: int | None = None
    wall_time: float | None = None
    seconds: float | None = None
    status: RunStatus | None = None
    checkpoint: Checkpoint | None = None
    checkpoint_error: str | None = None
    hparams: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    runs: tuple[str, ...] = ()
    points: int = 0
    is_short: bool = False
    outlook: Outlook | None = None

    def __repr__(self) -> str:
        """Its place and value, on one line."""
        return f"<RankedRun {self.rank}: {self.run!r}, {self.value:.6g}>"

    def to_dict(self) -> dict[str, Any]:
        """As the JSON has it."""
        return {
            "rank": self.rank,
            "run": self.run,
            "value": json_number(self.value, self.dtype),
            "low": json_number(self.low),
            "high": json_number(self.high),
            "tied": self.tied,
            "step": self.step,
            "wall_time": json_number(self.wall_time),
            "seconds": json_number(self.seconds),
            "status": self.status,
            "checkpoint": self.checkpoint and self.checkpoint.path,
            "checkpoint_step": self.checkpoint and self.checkpoint.step,
            "checkpoint_error": self.checkpoint_error,
            "hparams": {name: json_value(value) for name, value in self.hparams.items()},
            "findings": [each.to_dict() for each in self.findings],
            "runs": list(self.runs),
            "points": self.points,
            "is_short": self.is_short,
            "outlook": self.outlook and {"tag": self.outlook.tag, **self.outlook.to_dict()},
        }


@dataclass(frozen=True, slots=True, repr=False)
class Ranking(Tabled, HasProvenance):
    """Runs in order, the best first.

    Attributes:
        by: The tag by which they are ranked.
        direction: Which way is better.
        at: Of which point or part of the series: ``end``, ``last``, ``best``, ``step=N``.
        runner_up: The tag by which they would be ranked otherwise; None where `by` was asked for,
            or there is no other.
        runs: The best of them, as many as were asked for.
        ranked: How many were ranked.
        grouped: Whether these are groups of runs.
        confidence: Of the intervals; None where there can be none.
        not_ranked: The runs that were not, with the reason.
        importance: How the hyperparameters go with how good the runs are, the strongest first.
        forest: Which of them a random forest needs to foretell it; None where the extra
            ``importance`` is not installed or there are too few runs.
        provenance: What should be known of the runs.
    """

    by: str
    direction: Objective
    at: str
    runner_up: str | None
    runs: tuple[RankedRun, ...]
    ranked: int
    grouped: bool = False
    confidence: float | None = None
    not_ranked: Mapping[str, str] = field(default_factory=dict)
    importance: tuple[Importance, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    forest: Forest | None = None

    def __repr__(self) -> str:
        """What is ranked and which is best, on one line."""
        what = plural(self.ranked, "group" if self.grouped else "run")
        return f"<Ranking of {what} by {self.by!r}: {self.runs[0].run!r} is best>"

    @property
    def without_tag(self) -> int:
        """How many runs were not ranked because they do not have the tag."""
        return sum(reason == f"no {self.by}" for reason in self.not_ranked.values())

    @property
    def hparams(self) -> tuple[str, ...]:
        """The names of the hyperparameters that are not the same in all runs."""
        return tuple(dict.fromkeys(name for each in self.runs for name in each.hparams))

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools best`."""
        return {
            "by": self.by,
            "direction": self.direction,
            "at": self.at,
            "runner_up": self.runner_up,
            "ranked": self.ranked,
            "confidence": self.confidence,
            "runs": [each.to_dict() for each in self.runs],
            "not_ranked": [{"run": run, "reason": why} for run, why in self.not_ranked.items()],
            "without_tag": self.without_tag,
            "importance": [each.to_dict() for each in self.importance],
            "forest": self.forest and self.forest.to_dict(),
            **self.provenance.to_dict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a run: what `to_dict` has of it, and a column ``hparam/NAME`` each.

        Findings are their kinds, with commas between. `attrs` holds by, direction, at, superseded,
        problems and notes.
        """
        import pandas as pd

        frame = pd.DataFrame([self.row(each) for each in self.runs])
        told = {"by": self.by, "direction": self.direction, "at": self.at}
        frame.attrs |= told | self.provenance.to_dict()
        steps = dict.fromkeys(("step", "checkpoint_step", "expected_step"), "Int64")
        numbers = dict.fromkeys(
            ("value", "low", "high", "wall_time", "seconds", *_EXPECTED), "float64"
        )
        return frame.astype({**steps, **numbers})

    def row(self, one: RankedRun) -> dict[str, Any]:
        """The cells of one run in a table, by the name of the column."""
        cells = one.to_dict()
        settings = cells.pop("hparams")
        findings = dict.fromkeys(each["kind"] for each in cells.pop("findings"))
        cells["runs"] = len(cells["runs"])
        cells |= _expected(cells.pop("outlook"))
        cells |= {f"hparam/{name}": settings.get(name) for name in self.hparams}
        return cells | {"findings": ",".join(findings)}


def _expected(outlook: Mapping[str, Any] | None) -> dict[str, Any]:
    """An outlook as cells."""
    if outlook is None:
        return dict.fromkeys(("expected_step", *_EXPECTED, "reaches_best"))
    low, high = outlook["interval"]
    return {
        "expected_step": outlook["step"],
        **dict(zip(_EXPECTED, (outlook["value"], low, high), strict=True)),
        "reaches_best": outlook["reaches_best"],
    }
