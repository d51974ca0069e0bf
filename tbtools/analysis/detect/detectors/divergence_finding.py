"""Says what a divergence is: its numbers, and why it may still be made good."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.detectors import returning
from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from tbtools.analysis.detect.judged import Judged
    from tbtools.analysis.detect.signals.excursion import Excursion
    from tbtools.analysis.detect.signals.onset import Onset

# The median of so many points at the end is a level.
MEDIAN_OF = 5
# Why a rise may still be made good, as it completes "it may recover: ".
DOUBTS = {
    "young": "too few points were written since to be sure",
    "recovering": "it is on its way back",
    "precedent": "a smaller rise before it lasted longer",
    "improving": "its level improves all the same",
    "goes on": "the learning rate went up there, and has not come down again",
    "turned on": "another term of the loss was turned on there",
    "learns": "a score of the run still improves",
    "traded": "the whole reward improves, of which it may be a term",
    "changed": "a setting was changed there",
    "weighted": "the weight of a term was raised meanwhile",
    "scatters": "its points scatter about as far as it got worse",
    "comes back": "it came back each time",
    "part of the way": "it came part of the way back each time",
}


def divergence_finding(
    judged: Judged, onset: Onset, evidence: dict[str, Any], doubt: str | None
) -> Finding:
    """Turns a divergence into a finding: an error, or a provisional warning where it may recover.

    Args:
        judged: The series.
        onset: Where it got worse.
        evidence: The numbers behind it, as `describe` gives them; more are added.
        doubt: Why it may recover, a key of `DOUBTS`; None where it is settled.
    """
    if not np.isfinite(judged.series.value[-1]):
        # What got worse and then is no number any more does not come back.
        doubt = None
    best = judged.best_until(onset.index)
    if doubt is not None:
        evidence["may_recover"] = DOUBTS[doubt]
    if is_at_restart(judged, onset):
        evidence["at_restart"] = True
    return Finding(
        run=judged.series.run,
        tag=judged.series.tag,
        kind="divergence",
        severity="error" if doubt is None else "warning",
        onset_step=judged.step(onset.index),
        onset_time=judged.time(onset.index),
        end_step=judged.last_step(-1),
        ongoing=True,
        best_step=judged.step(best),
        best_value=judged.value(best),
        last_good_step=judged.step(onset.index - 1) if onset.index > 0 else None,
        message=_message(judged, onset, evidence),
        evidence=evidence,
        provisional=doubt is not None,
    )


def is_at_restart(judged: Judged, onset: Onset) -> bool:
    """Whether the run was restarted where a divergence began, or one point before.

    Args:
        judged: The series.
        onset: Where it began.
    """
    behind = int(judged.points[onset.index]) - judged.series.restarts
    return bool(np.any((behind >= 0) & (behind <= judged.width)))


def level_at_end(judged: Judged, rise: Excursion, onset: Onset) -> float:
    """The level at the end of a rise: of few points, which are in order, the last one."""
    if len(judged) < MEDIAN_OF:
        return float(judged.y[-1])
    last = max(MEDIAN_OF, rise.width)
    return robust.median(judged.y[max(onset.index, len(judged) - last) :])


def describe(judged: Judged, rise: Excursion, onset: Onset) -> dict[str, Any]:
    """The numbers behind a rise, in the unit that was logged."""
    return {
        "level_before": judged.logged(rise.base),
        "level_after": judged.logged(level_at_end(judged, rise, onset)),
        "standard_errors": float(min(1e9, rise.gap / rise.noise)) if rise.noise > 0 else None,
        "points_since": judged.count(len(judged) - onset.index),
        "sudden": onset.sudden,
        "logarithmic": judged.log,
    }


def _told(doubt: str) -> str:
    return f"; it may recover: {doubt}"


def is_young(finding: Finding) -> bool:
    """Whether a finding is provisional for nothing but the few points since.

    Args:
        finding: Any finding.
    """
    return finding.kind == "divergence" and finding.evidence.get("may_recover") == DOUBTS["young"]


def settled(finding: Finding) -> Finding:
    """A young divergence of which another series says that it lasts.

    Args:
        finding: The divergence.
    """
    evidence = {key: value for key, value in finding.evidence.items() if key != "may_recover"}
    return replace(
        finding,
        severity="error",
        provisional=False,
        message=finding.message.replace(_told(DOUBTS["young"]), ""),
        evidence=evidence,
    )


def _message(judged: Judged, onset: Onset, evidence: dict[str, Any]) -> str:
    before, after = evidence["level_before"], evidence["level_after"]
    since = f"since {judged.place(onset.index)}"
    if "oscillation_grew" in evidence:
        times = f"{min(evidence['oscillation_grew'], 1e6):,.0f} times as much"
        text = f"oscillates {times} {since}; its worse side went from {before:.4g} to {after:.4g}"
    elif "crests" in evidence:
        text = returning.text(evidence, since)
    else:
        how = "jumped" if onset.sudden else "went"
        text = f"{how} from {before:.4g} to {after:.4g} {since} and did not come back"
    points = evidence["points_since"]
    text += f" in {points:,} point" + "s" * (points != 1)
    text += "; the run was restarted there" if "at_restart" in evidence else ""
    if onset.index == 0:
        text += "; it never was better than at the start"
    else:
        text += f"; last good {judged.place(onset.index - 1)}"
    if "may_recover" in evidence:
        text += _told(evidence["may_recover"])
    errors = evidence["standard_errors"]
    if errors is None:
        return f"{text}; there is no noise"
    return f"{text}; the change is {min(errors, 1e6):,.0f} times the noise"
