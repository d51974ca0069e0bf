"""Says what a plateau is: its numbers, and whether the learning rate has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.findings import Finding

if TYPE_CHECKING:
    from tbtools.analysis.detect.plateau import Plateau
    from tbtools.analysis.detect.series import Judged, Series

# Decayed to this part of its peak a learning rate moves nothing any more.
ENDED = 0.05


def plateau_finding(judged: Judged, flat: Plateau, rate: Series | None) -> Finding:
    """Turns a plateau into a finding: a warning, or where nothing more was to come an info.

    Args:
        judged: The series.
        flat: What `plateau.find` found in it.
        rate: The run's learning rate, where it logs one.
    """
    ended, bound = _ended(rate), _at_bound(judged, flat)
    best = judged.best
    return Finding(
        run=judged.series.run,
        tag=judged.series.tag,
        kind="plateau",
        severity="warning" if ended is None and not bound else "info",
        onset_step=judged.step(flat.onset),
        end_step=judged.step(len(judged) - 1),
        ongoing=True,
        best_step=judged.step(best),
        best_value=judged.value(best),
        last_good_step=None,
        message=_message(judged, flat, ended, bound=bound),
        evidence=_evidence(judged, flat, ended),
    )


def _at_bound(judged: Judged, flat: Plateau) -> bool:
    """Whether there is nothing left to improve: a reward or a score at its cap, a loss of zero.

    A cap is known by being hit exactly, again and again, after there was something to learn.
    """
    tail = judged.y[flat.onset :]
    if judged.objective == "min" and not np.all(tail >= 0):
        return False
    hits = float(np.mean(tail == judged.y[judged.best]))
    capped = judged.objective == "max" and flat.before > 0
    return hits > 0.5 and (capped or float(judged.y[judged.best]) == 0.0)


def _ended(rate: Series | None) -> float | None:
    """The part of its peak that the learning rate has come down to, where that is its end."""
    if rate is None:
        return None
    values = rate.value[np.isfinite(rate.value)]
    peak = float(values.max())
    if peak <= 0 or values[-1] > ENDED * peak:
        return None
    return float(values[-1] / peak)


def _evidence(judged: Judged, flat: Plateau, ended: float | None) -> dict[str, Any]:
    steps = judged.step(len(judged) - 1) - judged.step(flat.onset)
    per_thousand = 1000 / steps if steps > 0 else 0.0
    evidence = {
        "level": judged.logged(flat.level),
        "improvement": flat.improvement,
        "improvement_interval": _interval(flat),
        "improvement_per_1000_steps": flat.improvement * per_thousand,
        "improvement_per_1000_steps_interval": [limit * per_thousand for limit in _interval(flat)],
        "improvement_before": flat.before,
        "points_since": len(judged) - flat.onset,
        "logarithmic": judged.log,
    }
    return evidence | ({} if ended is None else {"learning_rate_part_of_peak": ended})


def _interval(flat: Plateau) -> list[float]:
    """The improvement's 95 % interval."""
    return [flat.improvement - 1.96 * flat.error, flat.improvement + 1.96 * flat.error]


def _message(judged: Judged, flat: Plateau, ended: float | None, *, bound: bool) -> str:
    points = len(judged) - flat.onset
    low, high = _interval(flat)
    since = "from the start" if flat.onset == 0 else f"since step {judged.step(flat.onset):,}"
    unit = " of its logarithm" if judged.log else ""
    what = "no improvement beyond the noise" if low <= 0 else "next to no improvement"
    text = (
        f"{what} {since}: {judged.logged(flat.level):.4g} over {points:,} points, "
        f"improvement{unit} {low:.2g} to {high:.2g} (95 % interval)"
    )
    if flat.before > 0:
        text += f" after {flat.before:.2g} before"
    if bound:
        text += "; it is at its bound: nothing is left to improve"
    if ended is not None:
        text += f"; the learning rate is at its end ({100 * ended:.2g} % of its peak)"
    return text
