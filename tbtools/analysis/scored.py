"""What `compare_scores` gives: groups of runs by one number a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tbtools.runs.diagnostics import HasProvenance, Provenance
from tbtools.runs.numbers import json_number
from tbtools.showing import Tabled
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from tbtools.vocabulary import Objective

_STATISTICS = ("iqm", "mean", "median", "optimality_gap")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its bootstrap interval.

    Attributes:
        value: It; maybe infinite.
        low: The lower end; None where a task has a single run, whose spread nobody knows.
        high: The upper end.
    """

    value: float
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, Any]:
        """As the JSON has it: null what is not finite."""
        return {name: json_number(getattr(self, name)) for name in ("value", "low", "high")}


@dataclass(frozen=True, slots=True, repr=False)
class GroupScores:
    """The scores of a group of runs that repeat one another.

    Attributes:
        group: Its name.
        runs: Those that count, task by task.
        iqm: The interquartile mean of the runs of all tasks together.
        mean: The mean over tasks of the mean over runs.
        median: The median over tasks of the mean over runs; of a single task over its runs.
        optimality_gap: How far runs stay behind the target; None where there is none.
        profile: The share of runs that are better than each threshold of the `Scores`.
    """

    group: str
    runs: tuple[str, ...]
    iqm: Estimate
    mean: Estimate
    median: Estimate
    optimality_gap: Estimate | None
    profile: tuple[Estimate, ...]

    def __repr__(self) -> str:
        """Its name and score, on one line."""
        return (
            f"<GroupScores {self.group!r}: {plural(len(self.runs), 'run')}, {self.iqm.value:.6g}>"
        )

    def statistics(self) -> dict[str, Estimate]:
        """The estimates that there are, by name."""
        named = {name: getattr(self, name) for name in _STATISTICS}
        return {name: each for name, each in named.items() if each is not None}

    def to_dict(self) -> dict[str, Any]:
        """Everything but the profile."""
        estimates = {name: each.to_dict() for name, each in self.statistics().items()}
        return {"group": self.group, "runs": list(self.runs), "optimality_gap": None} | estimates


@dataclass(frozen=True, slots=True)
class Improvement:
    """How probable it is that a run of one group is better than one of another on the same task.

    Attributes:
        group: The one.
        over: The other.
        probability: Ties count half; the mean over tasks.
    """

    group: str
    over: str
    probability: Estimate

    def to_dict(self) -> dict[str, Any]:
        """As the JSON has it."""
        return {"group": self.group, "over": self.over} | self.probability.to_dict()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scores(Tabled, HasProvenance):
    """Groups by one number a run.

    Attributes:
        by: The tag.
        direction: Which way is better.
        at: Of which point or part of the series.
        target: What is good enough; None where that was not said.
        tasks: Those that count; none where all runs are of one.
        level: Of the intervals.
        groups: The groups, the one with the best interquartile mean first.
        improvements: Of each two groups, the one that comes first over the other.
        thresholds: Of the profiles: scores, from the worst to the best.
        left_out: The runs that do not count, with the reason.
        unlike: Of groups whose runs do not look like repeats of one another, by name: what else
            they differ in.
        provenance: What should be known of the runs.
    """

    by: str
    direction: Objective
    at: str
    target: float | None
    tasks: tuple[str, ...]
    level: float
    groups: tuple[GroupScores, ...]
    improvements: tuple[Improvement, ...]
    thresholds: tuple[float, ...]
    left_out: Mapping[str, str]
    unlike: Mapping[str, str] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)

    def __repr__(self) -> str:
        """What is compared, on one line."""
        return f"<Scores of {plural(len(self.groups), 'group')} by {self.by!r}>"

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools aggregate --at`."""
        return {
            "by": self.by,
            "direction": self.direction,
            "at": self.at,
            "target": self.target,
            "tasks": list(self.tasks),
            "level": self.level,
            "groups": [each.to_dict() for each in self.groups],
            "improvements": [each.to_dict() for each in self.improvements],
            "left_out": [{"run": run, "reason": why} for run, why in self.left_out.items()],
            "unlike": [{"group": group, "reason": why} for group, why in self.unlike.items()],
            **self.provenance.to_dict(),
        }

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a group: its name, how many runs, and value, low and high of each estimate."""
        for each in self.groups:
            row: dict[str, Any] = {"group": each.group, "runs": len(each.runs)}
            for name, one in each.statistics().items():
                row |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
            yield row

    def to_frame(self) -> pd.DataFrame:
        """The `rows`."""
        import pandas as pd

        frame = pd.DataFrame(list(self.rows()))
        told = {"by": self.by, "direction": self.direction, "at": self.at}
        frame.attrs |= told | self.provenance.to_dict()
        return frame

    def profiles(self) -> pd.DataFrame:
        """The performance profiles: group, score, and the share of runs that are better.

        Columns: group, score, share, low, high; a row a group and threshold.
        """
        import pandas as pd

        rows = [
            (each.group, score, share.value, share.low, share.high)
            for each in self.groups
            for score, share in zip(self.thresholds, each.profile, strict=True)
        ]
        return pd.DataFrame(rows, columns=["group", "score", "share", "low", "high"])
