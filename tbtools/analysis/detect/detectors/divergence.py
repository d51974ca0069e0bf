"""The objective got worse for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.signals import excursion, oscillation, robust
from tbtools.analysis.detect.signals.onset import locate

if TYPE_CHECKING:
    from tbtools.analysis.detect.judged import Judged
    from tbtools.analysis.detect.signals.excursion import Excursion
    from tbtools.analysis.detect.signals.onset import Onset


def find(judged: Judged) -> Finding | None:
    """Looks for a blow-up, a jump that stays, a drift up from the best, a collapse, an oscillation.

    Args:
        judged: A series with an objective.
    """
    growing = oscillation.find(judged.y, judged.noise)
    if growing is None:
        rise = excursion.find(judged.y, judged.noise)
        if rise is None:
            return None
        onset = locate(judged.y, rise)
        return _finding(judged, onset, describe(judged, rise, onset))
    evidence = {
        "level_before": judged.logged(growing.before),
        "level_after": judged.logged(growing.after),
        "standard_errors": growing.standard_errors,
        "points_since": len(judged) - growing.onset.index,
        "oscillation_grew": growing.times,
        "logarithmic": judged.log,
    }
    return _finding(judged, growing.onset, evidence)


def _finding(judged: Judged, onset: Onset, evidence: dict[str, Any]) -> Finding:
    best = int(np.argmin(judged.y[: max(1, onset.index)]))
    return Finding(
        run=judged.series.run,
        tag=judged.series.tag,
        kind="divergence",
        severity="error",
        onset_step=judged.step(onset.index),
        onset_time=judged.time(onset.index),
        end_step=judged.step(len(judged) - 1),
        ongoing=True,
        best_step=judged.step(best),
        best_value=judged.value(best),
        last_good_step=judged.step(onset.index - 1) if onset.index > 0 else None,
        message=_message(judged, onset, evidence),
        evidence=evidence,
    )


def describe(judged: Judged, rise: Excursion, onset: Onset) -> dict[str, Any]:
    """The numbers behind a rise, in the unit that was logged."""
    end = judged.y[max(onset.index, len(judged) - max(5, rise.width)) :]
    return {
        "level_before": judged.logged(rise.base),
        "level_after": judged.logged(robust.median(end)),
        "standard_errors": float(min(1e9, rise.gap / rise.noise)) if rise.noise > 0 else None,
        "points_since": len(judged) - onset.index,
        "sudden": onset.sudden,
        "logarithmic": judged.log,
    }


def _message(judged: Judged, onset: Onset, evidence: dict[str, Any]) -> str:
    before, after = evidence["level_before"], evidence["level_after"]
    errors = evidence["standard_errors"]
    sure = "without any noise" if errors is None else f"{min(errors, 1e6):,.0f} standard errors"
    sure += f", {evidence['points_since']:,} points"
    since = f"since {judged.place(onset.index)}"
    if "oscillation_grew" in evidence:
        times = f"{min(evidence['oscillation_grew'], 1e6):,.0f} times as much"
        text = f"oscillates {times} {since}; its worse side"
        text += f" went from {before:.4g} to {after:.4g} ({sure})"
    else:
        how = "jumped" if onset.sudden else "went"
        text = f"{how} from {before:.4g} to {after:.4g} {since} and did not come back ({sure})"
    if onset.index == 0:
        return f"{text}; it never was better than at the start"
    return f"{text}; last good {judged.place(onset.index - 1)}"
