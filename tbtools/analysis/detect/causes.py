"""Gathers the findings of a run that began together under one cause."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tbtools.analysis.detect.findings import Finding
    from tbtools.analysis.detect.series import Series

# Onsets so near to each other, as a part of the run's steps, are one event ...
NEAR = 0.01
# ... or so few points of the series apart: the gradient norm is NaN a point before the loss.
POINTS = 3


def with_causes(series: list[Series], found: list[Finding]) -> list[Finding]:
    """Adds to each finding the event that it belongs to, where that began in another series.

    Args:
        series: All series.
        found: Their findings.

    Returns:
        The findings. The evidence of those of one event has the same ``cause``: tag and step of the
        earliest of them. The message of the others names it.
    """
    reach = _reaches(series)
    rest = [finding for finding in found if finding.severity != "error"]
    out = list(rest)
    errors = sorted(
        (finding for finding in found if finding.severity == "error"),
        key=lambda finding: (finding.run, finding.onset_step, finding.evidence.get("wall_time", 0)),
    )
    event: list[Finding] = []
    for finding in errors:
        if event and _belongs(finding, event[-1], reach):
            event.append(finding)
        else:
            out += _gathered(event)
            event = [finding]
    return out + _gathered(event)


def _reaches(series: list[Series]) -> dict[tuple[str, str], float]:
    """How many steps apart onsets of one event may lie, by series."""
    last: dict[str, int] = {}
    first: dict[str, int] = {}
    for one in series:
        if len(one.step):
            last[one.run] = max(last.get(one.run, int(one.step[-1])), int(one.step[-1]))
            first[one.run] = min(first.get(one.run, int(one.step[0])), int(one.step[0]))
    reach = {}
    for one in series:
        if len(one.step):
            whole = last[one.run] - first[one.run]
            spacing = (int(one.step[-1]) - int(one.step[0])) / max(1, len(one.step) - 1)
            reach[one.run, one.tag] = max(NEAR * whole, POINTS * spacing)
    return reach


def _belongs(finding: Finding, other: Finding, reach: dict[tuple[str, str], float]) -> bool:
    apart = finding.onset_step - other.onset_step
    near = max(reach[finding.run, finding.tag], reach[other.run, other.tag])
    return finding.run == other.run and apart <= near


def _gathered(event: list[Finding]) -> list[Finding]:
    if len(event) < 2:
        return event
    first = event[0]
    cause = {"tag": first.tag, "step": first.onset_step}
    rest = [
        replace(
            finding,
            message=f"{finding.message}; {first.tag} went first, at step {first.onset_step:,}",
            evidence=dict(finding.evidence) | {"cause": cause},
        )
        for finding in event[1:]
    ]
    return [replace(first, evidence=dict(first.evidence) | {"cause": cause}), *rest]
