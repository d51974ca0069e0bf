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
# A series has noise if one in so many of its points is worse than the one before.
NOISY = 0.05


def plateau_finding(judged: Judged, flat: Plateau, rate: Series | None) -> Finding:
    """Turns a plateau into a finding: a warning, or an info if it is over or at its end anyway.

    Args:
        judged: The series.
        flat: What `plateau.find` or `past_plateau.find` found in it.
        rate: The run's learning rate, where it logs one.
    """
    ongoing = flat.end == len(judged)
    ended = _ended(rate) if ongoing else None
    bound = ongoing and _at_bound(judged, flat)
    best = int(np.argmin(judged.y[: flat.end]))
    return Finding(
        run=judged.series.run,
        tag=judged.series.tag,
        kind="plateau",
        severity="warning" if ongoing and ended is None and not bound else "info",
        onset_step=judged.step(flat.onset),
        end_step=judged.step(flat.end - 1),
        ongoing=ongoing,
        best_step=judged.step(best),
        best_value=judged.value(best),
        last_good_step=None,
        message=_message(judged, flat, ended, bound=bound),
        evidence=_evidence(judged, flat, ended),
    )


def _at_bound(judged: Judged, flat: Plateau) -> bool:
    """Whether there is nothing left to improve: a score at its cap, a loss of zero.

    A cap is known by being hit exactly, again and again, by a series that went back now and then
    before; one that did not has no noise, and stands still wherever it stops.
    """
    tail = judged.y[flat.onset :]
    hits = float(np.mean(tail == judged.y[judged.best]))
    if hits <= 0.5:
        return False
    if judged.objective == "min":
        return float(judged.y[judged.best]) == 0.0 and bool(np.all(tail >= 0))
    return bool(np.mean(np.diff(judged.y[: flat.onset + 1]) > 0) > NOISY) if flat.onset else False


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
    evidence = {
        "level": judged.logged(flat.level),
        "improvement": flat.improvement,
        "improvement_interval": _interval(flat),
        "improvement_per_1000_steps": flat.improvement * _per_thousand(judged, flat),
        "improvement_per_1000_steps_interval": _interval(flat, _per_thousand(judged, flat)),
        "improvement_before": flat.before,
        "points_since": flat.end - flat.onset,
        "logarithmic": judged.log,
    }
    return evidence | ({} if ended is None else {"learning_rate_part_of_peak": ended})


def _per_thousand(judged: Judged, flat: Plateau) -> float:
    """What part of the stretch a thousand steps are."""
    steps = judged.step(flat.end - 1) - judged.step(flat.onset)
    return 1000 / steps if steps > 0 else 0.0


def _interval(flat: Plateau, part: float = 1.0) -> list[float]:
    """The improvement's 95 % interval, of a part of the stretch."""
    half = 1.96 * flat.error
    # No -0.0 where nothing moved at all.
    return [(flat.improvement - half) * part + 0.0, (flat.improvement + half) * part + 0.0]


def _message(judged: Judged, flat: Plateau, ended: float | None, *, bound: bool) -> str:
    low, high = _interval(flat)
    text = "no improvement beyond the noise" if low <= 0 else "next to no improvement"
    text += f" {_since(judged, flat)} at {judged.logged(flat.level):.4g}: {low:.2g} to {high:.2g}"
    text += " of its logarithm" if judged.log else ""
    text += f" over {flat.end - flat.onset:,} points (95 % interval)"
    if flat.before > 0:
        text += f", after {flat.before:.2g} before"
    if flat.end < len(judged):
        text += f"; it is over: then it improved to {judged.value(judged.best):.4g}"
    if bound:
        text += "; it is at its bound: nothing is left to improve"
    if ended is not None:
        text += f"; the learning rate is at its end ({100 * ended:.2g} % of its peak)"
    return text


def _since(judged: Judged, flat: Plateau) -> str:
    onset = f"step {judged.step(flat.onset):,}"
    if flat.end < len(judged):
        return f"from {onset} to step {judged.step(flat.end - 1):,}"
    return "from the start" if flat.onset == 0 else f"since {onset}"
