"""The norm of the gradient: always zero or clipped, or rising while the loss stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of, points_before
from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.as_good import behind_the_last_as_good
from tbtools.analysis.detect.signals.onset import Onset, locate_level
from tbtools.analysis.objective import is_limit
from tbtools.runs.numbers import distinct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged
    from tbtools.runs.series import ScalarSeries

    Array = NDArray[np.float64]

LEAST_POINTS = excursion.BEFORE + excursion.PERSISTENT
# Nearly all points, for always.
ALWAYS = 0.85
# Where it is not always active, fewer are clipped than this.
USUALLY = 0.7
# Clipping that is always active has been so for this part of the run, and to its end.
LEAST_PART = 0.25
# Gradients multiplied with less are clipped.
CLIPPED_TO = 0.999
# What torch adds to a norm before it divides by it leaves a clipped one so far from the limit.
WITHIN = 1e-3
# An order of magnitude, or what noise leaves of it, is a warning; half of that worth a word.
ROSE = 8.0
ROSE_SOMEWHAT = 3.0
# ... and so much for good, though the loss goes on to fall.
ROSE_MEANWHILE = 4.0
# In a log of so few points half of that is worth a word.
FEW_POINTS = 20
ROSE_IN_FEW = 4.0
# The first part of a run is warm-up.
WARM_UP = 0.1
# Points whose median is no spike.
SMOOTH = 5
# Standard errors by which a loss still falls.
FALLS = 3.0
# From so many of its points a level of a loss is known.
LEAST_THIRD = 2
# A part of what it had achieved that is next to nothing ...
FLAT = 0.1
# ... and one that does not explain an order of magnitude.
WORTH = 0.25
# Points that rise with no more than this part of the slope of a line are not on it.
NOT_YET = 0.25
# A burst is this many times the usual norm of so many points about it; more than this part of the
# points since they began, so many of them and so many times the part before, are no tail.
BURST = 10.0
ABOUT = 31
OFTEN = 0.05
BURSTS = 6
MORE_OFTEN = 4.0
MEANWHILE = "still gets better"
# Hyperparameters that say at which norm gradients are clipped.
LIMITS = (
    "max_grad_norm",
    "gradient_clip_val",
    "clip_grad_norm",
    "grad_clip",
    "grad_norm_clip",
    "clip_norm",
    "gradient_clipping",
    "clip_grad",
    "max_norm",
)
HPARAMS = tuple(name.replace("_", "") for name in LIMITS)


def zero(series: ScalarSeries) -> Finding | None:
    """Looks for a norm that is exactly zero all along; one that becomes zero is a collapse.

    Args:
        series: A norm of all gradients.
    """
    if len(series.value) < LEAST_POINTS or series.value.any():
        return None
    return Finding.of_points(
        series,
        0,
        len(series.value) - 1,
        ongoing=True,
        kind="gradient",
        severity="info",
        message=f"is exactly 0 in all {len(series.value):,} points: nothing flows back, or it is "
        "taken after the gradients were cleared",
        evidence={"points": len(series.value)},
    )


def clipped(series: ScalarSeries, declared: Callable[[], Mapping[str, Any]]) -> Finding | None:
    """Looks at a norm for clipping that is always active.

    A norm that was logged after it was clipped is the limit in nearly all points; one that was
    logged before lies beyond the limit that the hyperparameters tell.

    Args:
        series: A norm of gradients.
        declared: Gives the hyperparameters of its run.
    """
    points = np.flatnonzero(np.isfinite(series.value) & (series.value > 0))
    value = series.value[points]
    if len(value) < LEAST_POINTS:
        return None
    largest = float(value.max())
    at_limit = value >= largest * (1 - WITHIN)
    since = _since(at_limit)
    if since is not None and len(distinct(value)) > 1:
        text = f"is {largest:.4g} in {_share(at_limit, since)}: the limit at which gradients are "
        return _always(series, points, text + "clipped", largest, at_limit, since)
    always = since is not None and len(value) == len(series.value)
    if always and not is_limit(series.tag):
        text = f"is exactly {largest:.4g} in all {len(value):,} points: gradients are clipped or "
        return _always(series, points, text + "normalised all along", largest, at_limit, 0)
    limit = _limit(declared())
    if limit is None or (since := _since(value > limit)) is None:
        return None
    times = robust.median(value[since:]) / limit
    text = f"is beyond {limit:g}, at which gradients are clipped, in "
    text += f"{_share(value > limit, since)}, {times:.3g} times that in the median"
    return _always(series, points, text, limit, value > limit, since)


def clipped_share(series: ScalarSeries) -> Finding | None:
    """Looks at the share of steps that were clipped, where that is logged.

    Args:
        series: The share, as 0 to 1 or as 0 to 100.
    """
    points = np.flatnonzero(np.isfinite(series.value))
    value = series.value[points]
    if len(value) < LEAST_POINTS or value.min() < 0:
        return None
    whole = 100.0 if value.max() > 1 else 1.0
    full = value >= ALWAYS * whole
    since = _since(full)
    if since is None:
        return None
    text = "gradients are clipped in nearly all steps: "
    text += f"{robust.median(value[since:]):.4g} in the median"
    return _always(series, points, text, None, full, since)


def clip_factor(series: ScalarSeries) -> Finding | None:
    """Looks at what gradients are multiplied with to clip them, where that is logged.

    Args:
        series: The factor, 1 where they are not.
    """
    points = np.flatnonzero(np.isfinite(series.value) & (series.value > 0))
    value = series.value[points]
    if len(value) < LEAST_POINTS or value.max() > 1 or len(distinct(value)) == 1:
        return None
    less = value < CLIPPED_TO
    since = _since(less)
    if since is None:
        return None
    text = f"gradients are multiplied with less than 1 in {_share(less, since)}, with "
    text += f"{robust.median(value[since:]):.4g} in the median"
    return _always(series, points, text, None, less, since)


def _since(active: NDArray[np.bool_]) -> int | None:
    """The first point from which clipping is nearly always active, in half of the run at least.

    It is where the surplus of active points over the usual ones, counted from the end, is largest.
    """
    since = int(np.argmax(np.cumsum((active - USUALLY)[::-1])[::-1]))
    long = len(active) - since >= max(LEAST_POINTS - 1, LEAST_PART * len(active))
    return since if long and active[since:].mean() >= ALWAYS else None


def _share(active: NDArray[np.bool_], since: int) -> str:
    where = "its points" if since < WARM_UP * len(active) else "its points from there on"
    return f"{active[since:].mean():.0%} of {where}"


def _limit(declared: Mapping[str, Any]) -> float | None:
    for name, value in declared.items():
        last = name.lower().replace("-", "_").rpartition("/")[2].rpartition(".")[2]
        known = last in LIMITS and isinstance(value, (int, float)) and not isinstance(value, bool)
        if known and 0 < value < np.inf:
            return float(value)
    return None


def _always(
    series: ScalarSeries,
    points: NDArray[np.intp],
    text: str,
    limit: float | None,
    active: NDArray[np.bool_],
    since: int,
) -> Finding:
    evidence: dict[str, Any] = {
        "share": float(active[since:].mean()),
        "points": len(points) - since,
    }
    if limit is not None:
        evidence["limit"] = limit
    return Finding.of_points(
        series,
        int(points[since]),
        int(points[-1]),
        ongoing=True,
        kind="gradient",
        severity="info",
        message=f"{text}; each step has the same length, whatever the gradient is",
        evidence=evidence,
    )


def rising(series: ScalarSeries, witness: Judged | None, *, sure: bool) -> Finding | None:
    """Looks for a norm that rises by an order of magnitude while nothing is learned.

    Args:
        series: A norm of gradients.
        witness: What training minimises, or what an agent gets; None where that is not known.
        sure: Whether it is the loss of training: what else may be at the best that it can have.
    """
    points = np.flatnonzero(np.isfinite(series.value) & (series.value > 0))
    if len(points) < LEAST_POINTS:
        return None
    y = np.log(series.value[points])
    rise = excursion.find(y, robust.noise_of_points(y))
    if rise is None:
        return None
    index = locate_level(y, rise)
    warm = int(WARM_UP * len(y))
    few = len(y) < FEW_POINTS
    if few and not index:
        return None  # what is usual is not known
    if index < max(1, warm):
        # It rises from the start, and not as it does in a warm-up only.
        index, before = 0, robust.median(y[warm : max(2 * warm, warm + 1)])
    else:
        before = robust.median(y[index // 2 : index])
    after = robust.median(y[-max(excursion.PERSISTENT, len(y) // 20) :])
    somewhat = ROSE_IN_FEW if few else ROSE_SOMEWHAT
    if after - before < np.log(ROSE if witness is None else somewhat):
        return None
    half = (before + after) / 2
    if witness is None and index and robust.running_median(y[:index], SMOOTH).max() > half:
        return None  # it came back from there before
    times = float(np.exp(after - before))
    bend = int(points[index])
    learns = "" if witness is None else _learns(witness, series, bend, times)
    if learns == MEANWHILE and (few or not (sure and index) or times < ROSE_MEANWHILE):
        return None
    is_fault = learns != MEANWHILE and not few
    index = _behind_level(y, index, rise)
    onset = int(points[index])
    text = f"rose {times:,.3g}-fold since {place_of(series, onset)}, from {np.exp(before):.4g} to "
    text += f"{np.exp(after):.4g}"
    evidence: dict[str, Any] = {
        "level_before": float(np.exp(before)),
        "level_after": float(np.exp(after)),
        "points_since": len(y) - index,
    }
    if witness is not None:
        text += f", while {witness.series.tag} {learns}"
        evidence |= {"loss": witness.series.tag, "loss_improves": learns == MEANWHILE}
    return Finding.of_points(
        series,
        onset,
        int(points[-1]),
        ongoing=True,
        kind="gradient",
        severity="warning" if is_fault and times >= ROSE and sure else "info",
        message=text,
        evidence=evidence,
        last_good=int(points[index - 1]) if index else None,
    )


def _learns(witness: Judged, series: ScalarSeries, onset: int, times: float) -> str:
    """What a loss does while a norm rises so many times, for a message."""
    if stands_still(witness, series, onset):
        return "does not get better"
    # Next to nothing that is learned meanwhile explains no order of magnitude.
    hardly = times >= ROSE and stands_still(witness, series, onset, WORTH)
    return "hardly gets better" if hardly else MEANWHILE


def _behind_level(y: Array, bend: int, rise: excursion.Excursion) -> int:
    """Where a norm has left its level, if that is later than the bend of its rise.

    A line along stairs bends half a stair before the first of them. The points between the two
    places say whether they are on a line from the bend on, or still at the level.

    Args:
        y: Logarithms of the norm.
        bend: Where a line along the rise meets the level.
        rise: The rise.
    """
    left = behind_the_last_as_good(y, Onset(bend, sudden=False), rise).index
    if left <= bend:
        return bend
    half = left + int(np.argmax(y[left:] > rise.base + rise.gap / 2))
    above = y[bend:left] - robust.median(y[bend // 2 : bend])
    line = (rise.gap / 2) * np.arange(left - bend) / max(1, half - bend)
    return left if (above * line).sum() < NOT_YET * (line**2).sum() else bend


def is_rise(finding: Finding) -> bool:
    """Whether a finding is one of `rising` that is no part of learning.

    Args:
        finding: Any finding.
    """
    evidence = finding.evidence
    if finding.kind != "gradient" or "level_before" not in evidence:
        return False
    if evidence.get("loss_improves"):
        return False
    return bool(evidence["level_after"] > evidence["level_before"])


def stands_still(loss: Judged, series: ScalarSeries, onset: int, gain: float = FLAT) -> bool:
    """Whether a loss has fallen by next to nothing since a point of another series.

    Args:
        loss: The loss, or a reward.
        series: The other series.
        onset: Its point.
        gain: The part of what it had achieved that it may have gained.
    """
    begin = int(points_before(loss.series, series, np.array([onset]), "left")[0])
    first = int(np.searchsorted(loss.points, begin))
    before, after = loss.y[:first], loss.y[first:]
    third = len(after) // 3
    if third < LEAST_THIRD or (begin and not len(before)):
        return False
    level = robust.median(after[:third])
    error = loss.noise * (np.pi / third) ** 0.5
    achieved = robust.quantile(before, 0.75) - level if len(before) else 0.0
    return bool(level - robust.median(after[-third:]) <= max(FALLS * error, gain * achieved))


def bursts(series: ScalarSeries) -> Finding | None:
    """Looks for a norm that is many times the usual one again and again, since some point.

    Args:
        series: A norm of gradients.
    """
    points = np.flatnonzero(np.isfinite(series.value) & (series.value > 0))
    if len(points) < ABOUT:
        return None
    y = np.log(series.value[points])
    if y.max() - robust.quantile(y, OFTEN) < np.log(BURST):
        return None
    high = y - robust.running_median(y, ABOUT) > np.log(BURST)
    if np.count_nonzero(high[1:] & ~high[:-1]) < BURSTS:
        return None
    split = robust.least_squares_split(high.astype(float))
    if high[:split].mean() * MORE_OFTEN > high[split:].mean():
        split = 0
    split += int(np.argmax(high[split:]))
    share = float(high[split:].mean())
    if share < OFTEN:
        return None
    onset, highest = int(points[split]), split + int(np.argmax(y[split:]))
    return Finding.of_points(
        series,
        onset,
        int(points[-1]),
        ongoing=True,
        kind="gradient",
        severity="info",
        message=f"since {place_of(series, onset)} it is more than ten times the usual norm in "
        f"{share:.0%} of its points, up to {np.exp(y[highest]):.4g}",
        evidence={"share": share, "points": len(points) - split, "most": float(np.exp(y[highest]))},
        last_good=int(points[split - 1]) if split else None,
    )
