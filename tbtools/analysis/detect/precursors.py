"""What had become abnormal before a run went wrong: its learning rate, gradient or loss scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tbtools.analysis.detect.judged import fold_text, place_of, points_before
from tbtools.analysis.detect.signals import robust
from tbtools.analysis.objective import machinery_of
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from tbtools.analysis.detect.findings import Finding
    from tbtools.analysis.detect.run_axis import RunAxis
    from tbtools.analysis.objective import Machinery
    from tbtools.runs.series import ScalarSeries

    Array = NDArray[np.float64]

# What has precursors: a plateau or a slow step has none.
_KINDS = frozenset({"divergence", "nonfinite", "explosion"})
# Fewer points before the onset tell nothing.
LEAST_POINTS = 12
# A norm is abnormal that lies so far above the first half of what was before the onset, in standard
# deviations of its points and as a factor, in so many points up to the onset.
HEIGHT = 4.0
FACTOR = 2.0
LASTING = 3
# A rate or a scale changed shortly before if it was within this part of the points, or so many.
SHORTLY = 0.1
SHORTLY_POINTS = 5
# A rate went up if it is so many times what it was at the point before, ...
RAISED = 1.5
# ... and a scale came down that is this part of what it was.
LOWERED = 1 / 4
HUGE = 1e30


def with_precursors(found: list[Finding], axes: Mapping[str, RunAxis]) -> list[Finding]:
    """Adds to the findings that went first in their run what was abnormal before them.

    Args:
        found: The findings, with their causes.
        axes: The axis of each run.

    Returns:
        The findings. The evidence of those that have some has ``precursors``, the earliest first:
        ``tag``, ``step``, ``steps_before``, ``change`` (what happened) and ``factor``. The message
        names the first of them.
    """
    return [_with_precursors(each, axes[each.run]) if _leads(each) else each for each in found]


def _leads(finding: Finding) -> bool:
    cause = finding.evidence.get("cause")
    own = {"tag": finding.tag, "step": finding.onset_step}
    first = cause is None or {key: cause[key] for key in own} == own
    return first and finding.is_serious and finding.kind in _KINDS


def _with_precursors(finding: Finding, axis: RunAxis) -> Finding:
    series = axis.series[finding.tag]
    onset = series.find(finding.onset_step, finding.onset_time)
    if axis.is_time or series.steps_go_back:
        return finding  # a lead in steps means nothing
    before = sorted(_precursors(series, onset, axis), key=lambda each: int(each["step"]))
    if not before:
        return finding
    first = before[0]
    witness = axis.series[first["tag"]]
    place = place_of(witness, witness.find(first["step"]))
    since = "at" if machinery_of(witness.tag) == "learning_rate" else "from"
    lead = f", {plural(first['steps_before'], 'step')} before" if first["steps_before"] else ""
    text = f"{finding.message}; {first['tag']} {first['change']} {since} {place}{lead}"
    return replace(finding, message=text, evidence=dict(finding.evidence) | {"precursors": before})


def _precursors(series: ScalarSeries, onset: int, axis: RunAxis) -> Iterator[dict[str, Any]]:
    for tag, witness in axis.series.items():
        look = _LOOKS.get(machinery_of(tag))
        if look is None or tag == series.tag or witness.steps_go_back:
            continue
        # The rate and the scale of a step act in that step, its gradient is seen after it.
        side: Literal["left", "right"] = "left" if look is _norm else "right"
        end = int(points_before(witness, series, np.array([onset]), side)[0])
        value = witness.value[:end]
        found = look(value) if end >= LEAST_POINTS else None
        if found is not None:
            index, change, factor = found
            step = int(witness.step[index])
            yield {
                "tag": tag,
                "step": step,
                "steps_before": int(series.step[onset]) - step,
                "change": change,
                "factor": factor,
            }


def _norm(value: Array) -> tuple[int, str, float] | None:
    """A norm that had left its level, up to the end."""
    half = len(value) // 2
    y = np.log(np.clip(np.nan_to_num(value, nan=HUGE, posinf=HUGE), 1 / HUGE, HUGE))
    usual = y[half // 4 : half]
    level = robust.median(usual)
    high = level + max(np.log(FACTOR), HEIGHT * robust.sigma(usual - level))
    low = np.flatnonzero(robust.running_median(y, 3) <= high)
    begin = int(low[-1]) + 1 if len(low) else 0
    if begin <= half or len(y) - begin < LASTING:
        return None
    factor = float(np.exp(robust.median(y[-LASTING:]) - level))
    return begin, f"rose {_times(factor)}", factor


def _rate(value: Array) -> tuple[int, str, float] | None:
    """A rate that was raised shortly before."""
    late = value[-_shortly(value) - 1 :]
    with np.errstate(divide="ignore", invalid="ignore"):
        times = late[1:] / late[:-1]
    raised = np.flatnonzero(np.isfinite(times) & (times >= RAISED))
    if not len(raised):
        return None
    at, factor = int(raised[-1]), float(times[raised[-1]])
    return len(value) - len(late) + at + 1, f"went up {_times(factor)}", factor


def _scale(value: Array) -> tuple[int, str, float] | None:
    """A scale that was halved again and again shortly before."""
    late = value[-_shortly(value) - 1 :]
    if not np.isfinite(late).all() or late[0] <= 0 or late[-1] > LOWERED * late[0]:
        return None
    at = int(np.flatnonzero(late >= late[0])[-1]) + 1
    factor = float(late[0] / max(late[-1], 1 / HUGE))
    return len(value) - len(late) + at, f"fell {_times(factor)}", factor


def _times(factor: float) -> str:
    return fold_text(factor) if factor >= 10 else f"{factor:.2g}-fold"


def _shortly(value: Array) -> int:
    return max(SHORTLY_POINTS, int(SHORTLY * len(value)))


_LOOKS: dict[Machinery | None, Callable[[Array], tuple[int, str, float] | None]] = {
    "learning_rate": _rate,
    "gradient_norm": _norm,
    "loss_scale": _scale,
}
