"""Gathers the findings of a run that began together under one cause."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tbtools.analysis.detect.findings import Finding
    from tbtools.runs.series import ScalarSeries

# Onsets so near to each other, as a part of the run's steps, are one event ...
NEAR = 0.01
# ... of what comes slowly and has no sharper onset ...
NEAR_SLOW = 0.1
# ... or so few points of the series apart: the gradient norm is NaN a point before the loss.
POINTS = 3


def with_causes(series: list[ScalarSeries], found: list[Finding]) -> list[Finding]:
    """Adds to each finding the event that it belongs to, where there are more of that.

    Errors of a run are of one event whatever their kind: the loss diverges, the gradient norm is
    NaN. Of what is no error only findings of one kind and severity that are ongoing are.

    Args:
        series: All series.
        found: Their findings.

    Returns:
        The findings. The evidence of those of one event has the same ``cause``: tag and step of the
        earliest of them. The message of the other errors names it.
    """
    reach = _reaches(series)
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
        for event in _events(findings, reach):
            out += _gathered(event)
    return out


def _events(findings: list[Finding], reach: dict[tuple[str, str], float]) -> list[list[Finding]]:
    """Findings of one run, split where the next one began much later than the last."""
    events: list[list[Finding]] = []
    for finding in sorted(
        findings,
        key=lambda each: (each.onset_step, each.onset_time or 0, len(each.tag)),
    ):
        if events and _belongs(finding, events[-1][-1], reach):
            events[-1].append(finding)
        else:
            events.append([finding])
    return events


def _reaches(series: list[ScalarSeries]) -> dict[tuple[str, str], float]:
    """How many steps apart onsets of one event may lie, by series."""
    last: dict[str, int] = {}
    first: dict[str, int] = {}
    for one in series:
        if len(one.step):
            low, high = int(one.step.min()), int(one.step.max())
            last[one.run] = max(last.get(one.run, high), high)
            first[one.run] = min(first.get(one.run, low), low)
    reach = {}
    for one in series:
        if len(one.step):
            whole = last[one.run] - first[one.run]
            spacing = (int(one.step.max()) - int(one.step.min())) / max(1, len(one.step) - 1)
            reach[one.run, one.tag] = max(NEAR * whole, POINTS * spacing)
    return reach


def _belongs(finding: Finding, other: Finding, reach: dict[tuple[str, str], float]) -> bool:
    apart = finding.onset_step - other.onset_step
    near = max(reach[finding.run, finding.tag], reach[other.run, other.tag])
    slowly = 1.0 if finding.severity == "error" else NEAR_SLOW / NEAR
    return apart <= slowly * near


def _gathered(event: list[Finding]) -> list[Finding]:
    if len(event) < 2:
        return event
    first = event[0]
    cause = {"tag": first.tag, "step": first.onset_step}
    told = f"; {first.tag} went first, at step {first.onset_step:,}"
    rest = [
        replace(
            finding,
            message=finding.message + (told if finding.severity == "error" else ""),
            evidence=dict(finding.evidence) | {"cause": cause},
        )
        for finding in event[1:]
    ]
    return [replace(first, evidence=dict(first.evidence) | {"cause": cause}), *rest]
