"""The same finding in many runs, as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tbtools.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tbtools.analysis.detect import Finding
    from tbtools.vocabulary import FindingKind, Severity


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings of one kind and severity about one tag, in whichever runs they are.

    Attributes:
        kind: Their kind.
        severity: Their severity.
        tag: Their tag.
        runs: The runs, in the order of the findings.
        out_of: How many runs have the tag.
        first_onset: The lowest step at which one of them began.
        last_onset: The highest.
        seconds: How long the runs have been training since, in all; None where no finding says.
        checkpoints: How many of the runs have a checkpoint from before it.
    """

    kind: FindingKind
    severity: Severity
    tag: str
    runs: tuple[str, ...]
    out_of: int
    first_onset: int
    last_onset: int
    seconds: float | None = None
    checkpoints: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "tag": self.tag,
            "runs": list(self.runs),
            "out_of": self.out_of,
            "first_onset_step": self.first_onset,
            "last_onset_step": self.last_onset,
            "seconds": self.seconds,
            "checkpoints": self.checkpoints,
        }


def finding_groups(
    findings: Iterable[Finding], runs_with: Mapping[str, int]
) -> tuple[FindingGroup, ...]:
    """Gathers findings of sibling runs.

    Args:
        findings: Those of all runs.
        runs_with: How many runs have each tag.

    Returns:
        Every finding in one group; the worst first, then what most runs have.
    """
    alike: dict[tuple[Severity, FindingKind, str], list[Finding]] = {}
    for each in findings:
        alike.setdefault((each.severity, each.kind, each.tag), []).append(each)
    groups = [
        FindingGroup(
            kind=kind,
            severity=severity,
            tag=tag,
            runs=tuple(dict.fromkeys(each.run for each in found)),
            out_of=runs_with[tag],
            first_onset=min(each.onset_step for each in found),
            last_onset=max(each.onset_step for each in found),
            seconds=_seconds(found),
            checkpoints=len(
                {each.run for each in found if "path" in each.evidence.get("checkpoint", {})}
            ),
        )
        for (severity, kind, tag), found in alike.items()
    ]
    groups.sort(key=lambda each: (SEVERITIES.index(each.severity), -len(each.runs)))
    return tuple(groups)


def _seconds(findings: Iterable[Finding]) -> float | None:
    """How long their runs went on; of several findings of a run the longest."""
    of_runs: dict[str, float] = {}
    for each in findings:
        if cost := each.evidence.get("cost"):
            of_runs[each.run] = max(cost["seconds"], of_runs.get(each.run, 0.0))
    return sum(of_runs.values()) if of_runs else None
