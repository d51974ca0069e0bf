"""Findings, and the events that they belong to."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, overload

from tbtools.runs.diagnostics import HasProvenance, Provenance
from tbtools.showing import Completed, Shown
from tbtools.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import pandas as pd

    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import FindingKind, Severity

KEYS = (
    "run",
    "tag",
    "kind",
    "severity",
    "onset_step",
    "onset_time",
    "end_step",
    "ongoing",
    "best_step",
    "best_value",
    "last_good_step",
    "message",
    "provisional",
    "evidence",
)


def finite_or_none(number: float) -> float | None:
    """The number; None where it is not finite."""
    return float(number) if math.isfinite(number) else None


def _all_finite(value: Any) -> Any:
    """Evidence as JSON can hold it: of what is infinite the largest number, of NaN None."""
    if isinstance(value, Mapping):
        return {name: _all_finite(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_all_finite(each) for each in value]
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return None if math.isnan(value) else math.copysign(sys.float_info.max, value)


@dataclass(frozen=True)
class Finding(Completed):
    """One thing that is wrong with one series.

    Attributes:
        run: The run's name.
        tag: The tag.
        kind: What is the matter.
        severity: ``error``, ``warning`` or ``info``.
        onset_step: Step of the first point of the trouble, not of the one that proved it.
        onset_time: Its wall time, in seconds since the epoch; None where it is not known. Where
            steps repeat it says which point is meant.
        end_step: Step of the last point of the trouble.
        ongoing: Whether the trouble lasts to the end of the series.
        best_step: Step of the best value before the trouble ended; None without an objective.
        best_value: That value.
        last_good_step: The step to go back to; None where no point is good.
        message: One sentence: what happened, since when, how sure.
        evidence: The numbers behind it: numbers, strings, lists and dicts of them, all finite: what
            is beyond the largest number is that one.
        provisional: Whether what would be an error may still recover, by what the series came back
            from before or by the learning rate's schedule; then it is a warning.
    """

    _plumbing: ClassVar[frozenset[str]] = frozenset({"of_points"})

    run: str
    tag: str
    kind: FindingKind
    severity: Severity
    onset_step: int
    onset_time: float | None
    end_step: int
    ongoing: bool
    best_step: int | None
    best_value: float | None
    last_good_step: int | None
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    provisional: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "evidence", _all_finite(self.evidence))

    @classmethod
    def of_points(
        cls,
        series: ScalarSeries,
        first: int,
        last: int,
        *,
        ongoing: bool,
        kind: FindingKind,
        severity: Severity,
        message: str,
        evidence: Mapping[str, Any],
        last_good: int | None = None,
    ) -> Finding:
        """A finding about a series without a best value.

        Args:
            series: The series.
            first: Index of the first point of the trouble.
            last: Index of its last point.
            ongoing: Whether the trouble lasts to the end.
            kind: What is the matter.
            severity: How much it matters.
            message: What happened, since when.
            evidence: The numbers behind it.
            last_good: Index of the last good point; None where there is none.
        """
        return cls(
            run=series.run,
            tag=series.tag,
            kind=kind,
            severity=severity,
            onset_step=int(series.step[first]),
            onset_time=finite_or_none(series.wall_time[first]),
            end_step=int(series.step[last]),
            ongoing=ongoing,
            best_step=None,
            best_value=None,
            last_good_step=None if last_good is None else int(series.step[last_good]),
            message=message,
            evidence=evidence,
        )

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON has it: exactly the keys of `KEYS`."""
        values = {key: getattr(self, key) for key in KEYS}
        return values | {"evidence": dict(self.evidence)}

    @property
    def is_serious(self) -> bool:
        """Whether it is more than an info."""
        return self.severity != "info"

    def fails(self, kinds: Collection[str]) -> bool:
        """Whether it is of one of the kinds, serious and settled."""
        return self.kind in kinds and self.is_serious and not self.provisional


def worst(findings: Iterable[Finding]) -> Finding:
    """The most severe of some findings, at least one; of equals the first."""
    return min(findings, key=lambda each: SEVERITIES.index(each.severity))


def _place_in_event(finding: Finding) -> tuple[bool, int]:
    """Sorts what went first to the front; its step need not be the lowest where steps go back."""
    cause = finding.evidence.get("cause", {})
    went_first = (cause.get("tag"), cause.get("step")) == (finding.tag, finding.onset_step)
    return not went_first, finding.onset_step


@dataclass(frozen=True, slots=True)
class NotJudged:
    """A series, or a run, of which no finding was looked for, or not every kind.

    Attributes:
        run: The run's name.
        tag: The tag; None for all of the run.
        reason: Why.
    """

    run: str
    tag: str | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"run": self.run, "tag": self.tag, "reason": self.reason}


def is_judged(not_judged: Collection[str | None], scalars: Collection[str]) -> bool:
    """Whether at least one of a run's series was judged for every kind of finding.

    Args:
        not_judged: The tags that were not, None for all of the run.
        scalars: The tags of its scalars.
    """
    return None not in not_judged and not set(scalars) <= set(not_judged)


@dataclass(frozen=True, repr=False)
class Findings(HasProvenance, Shown, Sequence[Finding]):
    """Findings in order: run by run, the worst first, then the earliest.

    Attributes:
        findings: All of them.
        not_judged: The series and runs that were not judged, or not for every kind.
        provenance: What should be known of the runs.
    """

    findings: tuple[Finding, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Findings: ...
    def __getitem__(self, index: int | slice) -> Finding | Findings:
        """The finding at an index, or the findings of a slice."""
        if isinstance(index, slice):
            return replace(self, findings=self.findings[index])
        return self.findings[index]

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __repr__(self) -> str:
        """How many there are, on one line."""
        counts = Counter(each.severity for each in self)
        parts = [f"{counts[name]} {name}" for name in SEVERITIES if counts[name]]
        text = f"<Findings: {', '.join(parts) or 'none'}"
        if self.not_judged:
            text += f"; {len(self.not_judged)} not judged"
        return f"{text}>"

    def of(self, *kinds: FindingKind) -> Findings:
        """Only the findings of some kinds."""
        return replace(self, findings=tuple(each for each in self if each.kind in kinds))

    def causes(self) -> tuple[Findings, ...]:
        """The findings gathered: those of one run that began together are one event.

        Returns:
            One group an event, in the order of `self`; the finding that went first comes first.
        """
        groups: dict[tuple[str, Any], list[Finding]] = {}
        for number, finding in enumerate(self):
            cause = finding.evidence.get("cause", number)
            groups.setdefault((finding.run, str(cause)), []).append(finding)
        return tuple(
            replace(self, findings=tuple(sorted(group, key=_place_in_event)))
            for group in groups.values()
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it: findings, superseded, problems, notes, not_judged."""
        return {
            "findings": [finding.to_dict() for finding in self],
            **self.provenance.to_dict(),
            "not_judged": [each.to_dict() for each in self.not_judged],
        }

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame with a row a finding and the columns of `KEYS`.

        Steps are of pandas' nullable Int64, so that a missing one does not make floats of all.
        `attrs` holds superseded, problems, notes and not_judged.
        """
        import pandas as pd

        frame = pd.DataFrame([finding.to_dict() for finding in self], columns=list(KEYS))
        steps = ["onset_step", "end_step", "best_step", "last_good_step"]
        numbers = ["best_value", "onset_time"]
        frame.attrs |= self.provenance.to_dict()
        frame.attrs["not_judged"] = [each.to_dict() for each in self.not_judged]
        return frame.astype({**dict.fromkeys(steps, "Int64"), **dict.fromkeys(numbers, "float64")})
