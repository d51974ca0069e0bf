"""What a comparison finds, as plain objects."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tbtools.analysis.diff.evidence import Evidence
from tbtools.runs.diagnostics import Provenance
from tbtools.runs.numbers import json_number
from tbtools.showing import Shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from tbtools.runs.plugins.values import Undecodable
    from tbtools.vocabulary import Objective

Side = Literal["a", "b"]
_RUN_KEYS = ("a", "b", "only_in", "identical", "points_a", "points_b")
# What could not be compared, with the side that has it.
NotCompared: TypeAlias = "tuple[Side, Undecodable]"


@dataclass(frozen=True, slots=True)
class CurveSide:
    """One of the two curves of a tag.

    Attributes:
        count: How many points it has.
        nonfinite: How many of them are NaN or infinite.
        dtype: How its values are stored.
        final: The last value written, maybe not finite.
        final_step: Its step.
        best: The best finite value in the tag's direction; None without a direction.
        best_step: Where it was reached first.
        reaches_step: The first step at which it is as good as the other's best ever is; None if it
            never is.
        reaches_seconds: How long after its run's first event that is.
        reaches_x: Where on the axis of the comparison that is; None too where that is not known.
        steps_per_second: While sessions last: pauses between them do not count.
        end: The level at its own end, maybe not finite: the mean of its last quarter.
        at: The last value up to each step that was asked for; None where it has not come so far.
        sparkline: Means of the finite values in stretches of the axis that either spans; None for a
            stretch without any.
    """

    count: int
    nonfinite: int
    dtype: str
    final: float
    final_step: int
    best: float | None = None
    best_step: int | None = None
    reaches_step: int | None = None
    reaches_seconds: float | None = None
    reaches_x: float | None = None
    steps_per_second: float | None = None
    end: float = math.nan
    at: Mapping[int, float | None] = field(default_factory=dict)
    sparkline: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class PointDifference:
    """Two series, point by point: the k-th point of a step in one with the k-th in the other.

    Attributes:
        common_steps: How many points they have in common.
        differing: How many of these differ.
        first_step: The first step at which they do.
        first_values: The two values there; None for what is no number.
        max_difference: The greatest finite absolute difference.
        max_step: Where that is.
        area: Of what lies between the curves, units of the axis times values.
        mean_gap: How much b lies above a on average over what both span of the axis.
    """

    common_steps: int
    differing: int
    first_step: int | None = None
    first_values: tuple[float, float] | None = None
    max_difference: float | None = None
    max_step: int | None = None
    area: float | None = None
    mean_gap: float | None = None


@dataclass(frozen=True, slots=True)
class TagDiff:
    """One tag of two runs, or of two groups.

    Attributes:
        tag: The tag.
        plugin: The plugin that shows it.
        identical: Whether every point has its twin.
        only_in: The side that has the tag, where only one does.
        objective: Which way is better.
        a: The curve of a, for scalars of single runs.
        b: The curve of b.
        points: Their points compared; None where one side has none, and for groups.
        evidence: Whether the difference is real; None where nothing can be said at all.
        count_a: How many points a has.
        count_b: How many points b has.
        level_a: The mean of a over the last quarter of the points that both have, maybe not finite;
            None for what is no scalar, or has no such points. For groups, of the means of the runs.
        level_b: The mean of b.
        end_a: Where on the axis, or along times at which step, a ends; of groups, the first of
            their runs to end.
        end_b: Where b does.
        shorter: The side that ends before the other by more than half of what usually lies between
            its points: levels are then those of the middle of the longer one.
    """

    tag: str
    plugin: str
    identical: bool
    only_in: Side | None
    objective: Objective
    count_a: int
    count_b: int
    level_a: float | None = None
    level_b: float | None = None
    end_a: float | None = None
    end_b: float | None = None
    shorter: Side | None = None
    a: CurveSide | None = None
    b: CurveSide | None = None
    points: PointDifference | None = None
    evidence: Evidence | None = None

    @property
    def is_of_groups(self) -> bool:
        """Whether it is of groups of runs."""
        return self.a is None and self.b is None and self.evidence is not None

    @property
    def better(self) -> Side | None:
        """The side that is better, beyond noise."""
        verdict = self.evidence.verdict if self.evidence else None
        return {"better": "b", "worse": "a"}.get(verdict or "")  # type: ignore[return-value]

    def to_dict(self) -> dict[str, Any]:
        """As the JSON has it."""
        points = self.points or PointDifference(0, 0)
        evidence = self.evidence or Evidence(None, None, "")
        first = points.first_values or (None, None)
        return {
            "tag": self.tag,
            "plugin": self.plugin,
            "identical": self.identical,
            "only_in": self.only_in,
            "objective": self.objective,
            "count_a": self.count_a,
            "count_b": self.count_b,
            "common_steps": points.common_steps,
            "differing_points": points.differing,
            "first_difference_step": points.first_step,
            "first_difference_a": self._number(first[0], self.a),
            "first_difference_b": self._number(first[1], self.b),
            "max_abs_difference": json_number(points.max_difference),
            "max_abs_difference_step": points.max_step,
            "area_between": json_number(points.area),
            "mean_gap": json_number(points.mean_gap),
            **self._side("a", self.a),
            **self._side("b", self.b),
            "level_a": json_number(self.level_a),
            "level_b": json_number(self.level_b),
            "axis_end_a": json_number(self.end_a),
            "axis_end_b": json_number(self.end_b),
            "shorter": self.shorter,
            "change": json_number(evidence.change),
            "change_low": json_number(evidence.low),
            "change_high": json_number(evidence.high),
            "confidence": evidence.confidence,
            "compared_points": evidence.points,
            "effective_points": evidence.effective_points,
            "runs_a": evidence.runs_a,
            "runs_b": evidence.runs_b,
            "probability_of_improvement": evidence.improvement,
            "probability_of_improvement_low": evidence.improvement_low,
            "probability_of_improvement_high": evidence.improvement_high,
            "p_value": evidence.p_value,
            "better": self.better,
            "verdict": evidence.verdict,
            "reason": evidence.reason,
        }

    @staticmethod
    def _number(value: float | None, side: CurveSide | None) -> float | int | None:
        return json_number(value, side.dtype) if side else None

    def _side(self, name: Side, side: CurveSide | None) -> dict[str, Any]:
        numbers = side or CurveSide(0, 0, "float64", math.nan, 0)
        return {
            f"nonfinite_{name}": numbers.nonfinite,
            f"final_{name}": self._number(numbers.final, side),
            f"final_step_{name}": numbers.final_step if side else None,
            f"end_{name}": json_number(numbers.end) if side else None,
            f"best_{name}": self._number(numbers.best, side),
            f"best_step_{name}": numbers.best_step,
            f"reaches_step_{name}": numbers.reaches_step,
            f"reaches_seconds_{name}": json_number(numbers.reaches_seconds),
            f"reaches_x_{name}": json_number(numbers.reaches_x),
            f"steps_per_second_{name}": json_number(numbers.steps_per_second),
        }


@dataclass(frozen=True, slots=True)
class HParamDiff:
    """A hyperparameter that differs.

    Attributes:
        name: Its name.
        a: Its value in a; None where a does not have it.
        b: Its value in b.
        only_in: The side that has it, where only one does.
    """

    name: str
    a: Any
    b: Any
    only_in: Side | None = None

    def to_dict(self) -> dict[str, Any]:
        """As the JSON has it."""
        return {name: _json(getattr(self, name)) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class TextDiff:
    """A text that differs.

    Attributes:
        tag: Its tag.
        step: The step of the first text that differs, or that only one side has.
        lines: What differs, as `difflib.unified_diff` gives it, without the file names.
    """

    tag: str
    step: int
    lines: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As the JSON has it."""
        return {"tag": self.tag, "step": self.step, "lines": list(self.lines)}


@dataclass(frozen=True, slots=True, repr=False)
class RunDiff:
    """Two runs, or two groups of runs.

    Attributes:
        a: The name of the one; None where it has no twin.
        b: The name of the other.
        tags: All tags of both, in natural order.
        hparams: The hyperparameters that differ.
        text: The texts that differ.
        not_compared: What of which side could not be compared: hyperparameters that cannot be
            decoded, and values of files that have changed meanwhile.
        points_a: How many points of a were compared, of all kinds; of groups, scalars.
        points_b: How many of b.
    """

    a: str | None
    b: str | None
    tags: tuple[TagDiff, ...] = ()
    hparams: tuple[HParamDiff, ...] = ()
    text: tuple[TextDiff, ...] = ()
    not_compared: tuple[NotCompared, ...] = ()
    points_a: int = 0
    points_b: int = 0

    def __repr__(self) -> str:
        """The two names, and how many tags differ, on one line."""
        differ = sum(not tag.identical for tag in self.tags)
        return f"<RunDiff {self.a!r}, {self.b!r}: {differ} of {len(self.tags)} tags differ>"

    @property
    def identical(self) -> bool:
        """Whether all was compared, and there is no difference at all."""
        return (
            self.a is not None
            and self.b is not None
            and not self.hparams
            and not self.text
            and not self.not_compared
            and all(tag.identical for tag in self.tags)
        )

    @property
    def only_in(self) -> Side | None:
        """The side that has the run, where only one does."""
        return "b" if self.a is None else "a" if self.b is None else None


@dataclass(frozen=True, slots=True, repr=False)
class Diff(Shown):
    """A comparison.

    Attributes:
        a: What was compared, as it was given.
        b: With what.
        runs: Pair by pair; runs without a twin last.
        x: The axis along which levels, areas and verdicts are: ``step``, ``relative``,
            ``active``, ``wall`` or a tag.
        provenance_a: What should be known of the runs of a.
        provenance_b: Those of b.
    """

    a: str
    b: str
    runs: tuple[RunDiff, ...]
    x: str = "step"
    provenance_a: Provenance = field(default_factory=Provenance)
    provenance_b: Provenance = field(default_factory=Provenance)

    def __repr__(self) -> str:
        """What was compared, and how many pairs differ, on one line."""
        differ = sum(not run.identical for run in self.runs)
        return f"<Diff {self.a!r}, {self.b!r}: {differ} of {len(self.runs)} pairs of runs differ>"

    @property
    def superseded(self) -> int:
        """How many points of both sides restarts have superseded."""
        return self.provenance_a.superseded + self.provenance_b.superseded

    @property
    def problems(self) -> tuple[dict[str, Any], ...]:
        """What of the files is damaged or could not be read: side, run, file, kind, message, ..."""
        return (
            *({"side": "a", **each} for each in self.provenance_a.problems),
            *({"side": "b", **each} for each in self.provenance_b.problems),
            *(
                {"side": side, "run": run.a if side == "a" else run.b, **each.to_dict()}
                for run in self.runs
                for side, each in run.not_compared
            ),
        )

    @property
    def compared_all(self) -> bool:
        """Whether there is nothing that could not be compared."""
        return not any(run.not_compared for run in self.runs)

    @property
    def notes(self) -> tuple[dict[str, Any], ...]:
        """What should be known of the timelines: side, run, kind, message, tag, count."""
        return (
            *({"side": "a", **each} for each in self.provenance_a.notes),
            *({"side": "b", **each} for each in self.provenance_b.notes),
        )

    @property
    def identical(self) -> bool:
        """Whether there is no difference at all."""
        return all(run.identical for run in self.runs)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools diff`."""
        return {
            "a": self.a,
            "b": self.b,
            "x": self.x,
            "identical": self.identical,
            "runs": [{name: getattr(run, name) for name in _RUN_KEYS} for run in self.runs],
            "tags": self._of_runs("tags"),
            "hparams": self._of_runs("hparams"),
            "text": self._of_runs("text"),
            "superseded": self.superseded,
            "problems": list(self.problems),
            "notes": list(self.notes),
        }

    def _of_runs(self, name: str) -> list[dict[str, Any]]:
        """What differs of all pairs of runs, each with the names of its pair."""
        return [
            {"run_a": run.a, "run_b": run.b, **each.to_dict()}
            for run in self.runs
            for each in getattr(run, name)
        ]

    def to_frame(self) -> pd.DataFrame:
        """One row a tag of each pair: what `to_dict` has of it."""
        import pandas as pd

        result = self.to_dict()
        frame = pd.DataFrame(result["tags"])
        frame.attrs |= {name: result[name] for name in ("superseded", "problems", "notes")}
        steps = [name for name in frame.columns if name.endswith(("_step", "_step_a", "_step_b"))]
        return frame.astype(dict.fromkeys(steps, "Int64"))

    def _repr_html_(self) -> str:
        """The tags as a table, for notebooks."""
        verdict = "the same" if self.identical else "different"
        return f"<p>{verdict}</p>{self.to_frame().to_html(max_rows=60, escape=True)}"


def _json(value: Any) -> Any:
    return json_number(value) if isinstance(value, float) else value
