"""What detection has to say: findings, gathered under their causes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, overload

from tbtools.showing import Shown

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["nonfinite", "divergence", "plateau", "overfitting", "spike", "stall"]
Severity = Literal["error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
KEYS = (
    "run",
    "tag",
    "kind",
    "severity",
    "onset_step",
    "end_step",
    "ongoing",
    "best_step",
    "best_value",
    "last_good_step",
    "message",
    "evidence",
)


@dataclass(frozen=True)
class Finding:
    """One thing that `detect` has to say about one series.

    Attributes:
        run: The run's name.
        tag: The tag.
        kind: What is the matter.
        severity: ``error``, ``warning`` or ``info``.
        onset_step: Step of the first point of the trouble, not of the one that proved it.
        end_step: Step of the last point of the trouble.
        ongoing: Whether the trouble lasts to the end of the series.
        best_step: Step of the best value before the trouble ended; None without an objective.
        best_value: That value.
        last_good_step: The step to go back to; None where no point is good.
        message: One sentence: what happened, since when, how sure.
        evidence: The numbers behind it: numbers, strings, lists and dicts of them, all finite.
    """

    run: str
    tag: str
    kind: Kind
    severity: Severity
    onset_step: int
    end_step: int
    ongoing: bool
    best_step: int | None
    best_value: float | None
    last_good_step: int | None
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON has it: exactly the keys of `KEYS`."""
        values = {key: getattr(self, key) for key in KEYS}
        return values | {"evidence": dict(self.evidence)}


def _place_in_event(finding: Finding) -> tuple[int, bool]:
    cause = finding.evidence.get("cause", {})
    return finding.onset_step, cause.get("tag") != finding.tag


@dataclass(frozen=True)
class Findings(Shown, Sequence[Finding]):
    """Findings in order: run by run, the worst first, then the earliest.

    Attributes:
        findings: All of them.
    """

    findings: tuple[Finding, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Findings: ...
    def __getitem__(self, index: int | slice) -> Finding | Findings:
        """The finding at an index, or the findings of a slice."""
        if isinstance(index, slice):
            return Findings(self.findings[index])
        return self.findings[index]

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def of(self, *kinds: Kind) -> Findings:
        """Only the findings of some kinds."""
        return Findings(tuple(finding for finding in self if finding.kind in kinds))

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
            Findings(tuple(sorted(group, key=_place_in_event))) for group in groups.values()
        )

    def to_dict(self) -> dict[str, list[dict[str, Any]]]:
        """The findings as JSON has them: ``{"findings": [...]}``."""
        return {"findings": [finding.to_dict() for finding in self]}

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame with a row a finding and the columns of `KEYS`.

        Steps are of pandas' nullable Int64, so that a missing one does not make floats of all.
        """
        import pandas as pd

        frame = pd.DataFrame([finding.to_dict() for finding in self], columns=list(KEYS))
        steps = ["onset_step", "end_step", "best_step", "last_good_step"]
        return frame.astype({**dict.fromkeys(steps, "Int64"), "best_value": "float64"})
