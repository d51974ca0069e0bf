"""The warm-up of a learning rate: it is not there though it was asked for, or does not end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import fold_text, place_of
from tbtools.analysis.detect.signals import excursion
from tbtools.analysis.detect.signals.onset import locate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Severity

    Array = NDArray[np.float64]

# Fewer points do not tell that a rate never changes, or rises all along.
LEAST_POINTS = 10
# A rate that rises for this part of the run, in all so many times, has too long a warm-up.
LONG_WARM_UP = 0.6
RISES = 2.0
# By the same factor at each point so many times, it is tried which rate is best (Smith 2017).
TRIED = 100.0
# The logarithms of such rates are off a line by less than this part of their way, ...
EVEN = 0.1
# ... and what gets worse in this first part of the run does not by such a rate.
WARM = 0.1
# So many rises in the later half of the way, or more, are no rests.
LAST_RISES = 3
# What is in the names of hyperparameters that say how long a rate warms up.
HPARAMS = ("warmup",)


def find(
    series: ScalarSeries, loss: Judged | None, declared: Callable[[], Mapping[str, Any]]
) -> Finding | None:
    """Looks at how a rate begins.

    Args:
        series: A learning rate with a value that is finite.
        loss: What training minimises.
        declared: Gives the run's hyperparameters, which say whether there is a warm-up.
    """
    return _missing(series, declared) or _rising(series, loss)


def _rising(series: ScalarSeries, loss: Judged | None) -> Finding | None:
    """A rate that rises from the first point to the last, or nearly as long."""
    value = series.value
    n = len(value)
    top = int(np.nanargmax(value))
    way = value[: top + 1]
    if n < LEAST_POINTS or top < LONG_WARM_UP * n or way[-1] <= RISES * way[0]:
        return None
    if not np.isfinite(way).all():
        return None
    rises = np.diff(way)
    late = rises[len(rises) // 2 :]
    if not (rises >= 0).all() or np.count_nonzero(late) < LAST_RISES:
        return None
    if _is_multiplied(way):
        return _without_bound(series, top, loss)
    text = f"rises from {way[0]:.4g} at the first point to {way[-1]:.4g} at "
    if top == n - 1:
        text += f"the last of {n:,}: the warm-up does not end"
    else:
        text += f"{place_of(series, top)}: the warm-up takes {top / n:.0%} of the run"
    return _until(series, top, "info", text)


def _without_bound(series: ScalarSeries, top: int, loss: Judged | None) -> Finding | None:
    """A rate that is multiplied at each point, where that has made the loss worse for good."""
    if loss is None or top < len(series.value) - 1 or not _is_even(series.value):
        return None
    rise = excursion.find(loss.y, loss.noise)
    if rise is None or locate(loss.y, rise).index < WARM * len(loss):
        return None
    first, last = series.value[0], series.value[top]
    text = f"is multiplied all along, {fold_text(last / first)} in all from {first:.4g} at the "
    text += (
        f"first point to {last:.4g} at {place_of(series, top)}, and {loss.series.tag} got worse "
    )
    text += "under it: a test of rates does that, and no schedule"
    return _until(series, top, "warning", text)


def _until(series: ScalarSeries, top: int, severity: Severity, text: str) -> Finding:
    first, last = series.value[[0, top]].tolist()
    return Finding.of_points(
        series,
        0,
        top,
        ongoing=top == len(series.value) - 1,
        kind="learning_rate",
        severity=severity,
        message=text,
        evidence={"level_before": first, "level_after": last},
    )


def _is_multiplied(value: Array) -> bool:
    """Whether a rate that rises does so by about the same factor from one point to the next."""
    if value[0] <= 0 or value[-1] < TRIED * value[0]:
        return False
    half = len(value) // 2
    return bool(value[-1] / value[half] > (value[half] / value[0]) ** 0.5)


def _is_even(value: Array) -> bool:
    """Whether the factor is the same throughout: logarithms lie on a line."""
    along = np.log(value)
    line = np.linspace(along[0], along[-1], len(along))
    return bool(np.abs(along - line).max() < EVEN * (along[-1] - along[0]))


def _missing(series: ScalarSeries, declared: Callable[[], Mapping[str, Any]]) -> Finding | None:
    """A rate that never changes, where the hyperparameters ask for a warm-up."""
    value = series.value
    if len(value) < LEAST_POINTS or not (value == value[0]).all() or value[0] <= 0:
        return None
    for name, amount in declared().items():
        steps = _steps_of_warm_up(name, amount, int(series.step.max()))
        # Two points within it would have shown it.
        if steps is not None and np.count_nonzero(series.step < steps) >= 2:
            return Finding.of_points(
                series,
                0,
                len(value) - 1,
                ongoing=True,
                kind="learning_rate",
                severity="warning",
                message=f"is {value[0]:.4g} from the first point on and never changes, though "
                f"{name} is {amount:g}: there is no warm-up",
                evidence={"level": float(value[0]), "hparam": name, "declared": float(amount)},
            )
    return None


def _steps_of_warm_up(name: str, amount: object, last_step: int) -> float | None:
    """How many steps a hyperparameter says that the warm-up takes; None where it says nothing."""
    known = name.lower().replace("_", "").replace("-", "")
    if HPARAMS[0] not in known or isinstance(amount, bool) or not isinstance(amount, (int, float)):
        return None
    if known.endswith(("steps", "iters", "iterations", "updates")):
        return float(amount)
    if known.endswith(("ratio", "fraction", "proportion", "frac", "pct")) and amount < 1:
        return float(amount) * last_step
    return None
