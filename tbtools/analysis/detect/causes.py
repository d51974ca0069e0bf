"""Gathers the findings of a run that began together under one cause."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tbtools.analysis.detect.findings import Finding
    from tbtools.analysis.detect.run_axis import RunAxis

# Onsets so near to each other, as a part of the run, are one event ...
NEAR = 0.01
# ... of what comes slowly and has no sharper onset ...
NEAR_SLOW = 0.1
# ... or so few points of the series apart: the gradient norm is NaN a point before the loss.
POINTS = 3


def with_causes(found: list[Finding], axes: Mapping[str, RunAxis]) -> list[Finding]:
    """Adds to each finding the event that it belongs to, where there are more of that.

    Errors of a run are of one event whatever their kind: the loss diverges, the gradient norm is
    NaN. Of what is no error only findings of one kind and severity that are ongoing are.

    Args:
        found: The findings.
        axes: The axis of each run.

    Returns:
        The findings. The evidence of those of one event has the same ``cause``: tag and step of the
        earliest of them. The message of the other errors names it.
    """
    alike: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    out: list[Finding] = []
    for finding in found:
        if finding.severity == "error":
            alike[finding.run, "error"].append(finding)
        elif finding.ongoing:
            alike[finding.run, finding.severity, finding.kind].append(finding)
        else:
            out.append(finding)
    for findings in alike.values():
        axis = axes[findings[0].run]
        for event in _events(findings, axis):
            out += _gathered(event, axis)
    return out


def _events(findings: list[Finding], axis: RunAxis) -> list[list[Finding]]:
    """Findings of one run, split where the next one began much later than the last."""
    if len(findings) == 1:
        return [findings]
    events: list[list[Finding]] = []
    for finding in sorted(
        findings,
        key=lambda each: (axis.onset(each), each.onset_time or 0, len(each.tag)),
    ):
        if events and _belongs(finding, events[-1][-1], axis):
            events[-1].append(finding)
        else:
            events.append([finding])
    return events


def _belongs(finding: Finding, other: Finding, axis: RunAxis) -> bool:
    apart = axis.onset(finding) - axis.lasting(other)
    slowly = 1.0 if finding.severity == "error" else NEAR_SLOW / NEAR
    return apart <= slowly * _near(finding, other, axis)


def _near(finding: Finding, other: Finding, axis: RunAxis) -> float:
    points = POINTS * max(axis.spacing(finding.tag), axis.spacing(other.tag))
    return max(NEAR * axis.length, points)


def is_near(finding: Finding, other: Finding, axis: RunAxis) -> bool:
    """Whether two findings of a run began at one place.

    Args:
        finding: The one.
        other: The other.
        axis: The axis of their run.
    """
    return abs(axis.onset(finding) - axis.onset(other)) <= _near(finding, other, axis)


def _gathered(event: list[Finding], axis: RunAxis) -> list[Finding]:
    if len(event) < 2:
        return event
    first = event[0]
    cause: dict[str, Any] = {"tag": first.tag, "step": first.onset_step}
    if axis.is_time:
        cause["wall_time"] = first.onset_time
    earlier = f"; {first.tag} went first, at {axis.place(first)}"
    rest = [
        replace(
            finding,
            message=finding.message + (earlier if finding.severity == "error" else ""),
            evidence=dict(finding.evidence) | {"cause": cause},
        )
        for finding in event[1:]
    ]
    return [replace(first, evidence=dict(first.evidence) | {"cause": cause}), *rest]
