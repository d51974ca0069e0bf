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
    """Turns a plateau into a finding.

    Args:
        judged: The series.
        flat: What `plateau.find` found in it.
        rate: The run's learning rate, where it logs one.
    """
    ended = _ended(rate)
    best = judged.best
    return Finding(
        run=judged.series.run,
        tag=judged.series.tag,
        kind="plateau",
        severity="warning" if ended is None else "info",
        onset_step=judged.step(flat.onset),
        end_step=judged.step(len(judged) - 1),
        ongoing=True,
        best_step=judged.step(best),
        best_value=judged.value(best),
        last_good_step=None,
        message=_message(judged, flat, ended),
        evidence=_evidence(judged, flat, ended),
    )


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
        "improvement_per_1000_steps": flat.improvement * per_thousand,
        "improvement_interval": [
            (flat.improvement - 1.96 * flat.error) * per_thousand,
            (flat.improvement + 1.96 * flat.error) * per_thousand,
        ],
        "improvement_before": flat.before,
        "points_since": len(judged) - flat.onset,
        "logarithmic": judged.log,
    }
    return evidence | ({} if ended is None else {"learning_rate_part_of_peak": ended})


def _message(judged: Judged, flat: Plateau, ended: float | None) -> str:
    points = len(judged) - flat.onset
    low, high = flat.improvement - 1.96 * flat.error, flat.improvement + 1.96 * flat.error
    unit = " in its logarithm" if judged.log else ""
    since = "from the start" if flat.onset == 0 else f"since step {judged.step(flat.onset):,}"
    text = (
        f"no improvement {since}: {judged.logged(flat.level):.4g}, changed by {-high:+.2g} to "
        f"{-low:+.2g}{unit} over {points:,} points (95 % interval)"
    )
    if ended is not None:
        text += f"; the learning rate is at its end ({100 * ended:.2g} % of its peak)"
    return text
