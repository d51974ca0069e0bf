"""NaN and infinities: from a point on, or a few that recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.findings import Finding, finite_or_none
from tbtools.analysis.detect.judged import place_of, points_before
from tbtools.analysis.objective import words
from tbtools.runs.numbers import stretches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective, Severity

# Ratios and correlations that are 0 / 0 where nothing varies, as returns that are all alike.
RATIOS = frozenset(
    ["variance", "r2", "corr", "correlation", "pearson", "spearman", "kendall", "kappa", "mcc"]
)
# So is the spread of one value alone.
SPREADS = frozenset(["std", "stdev", "stddev", "sd", "var", "variance"])
# A loss that is NaN once is lost, but for one of some masked batch while others are numbers; a
# gradient norm overflows for some steps, and the scale of the loss is lowered until it does not.
OVERFLOWS = 3
# The trouble began with the first bad points of which each outweighs so many good ones: infinities
# that come a few points before the NaN are its beginning.
OUTWEIGHS = 5
# From so many stretches of bad points on they may be usual.
LEAST_STRETCHES = 5
# Of the last quarter of a loss that is no number ever more often so much is none, and of all of one
# that was none for a while.
OFTEN = 0.1
# What has a smaller probability has not come about by chance.
CHANCE = 1e-3


def find(
    series: ScalarSeries, objective: Objective, others: Iterable[ScalarSeries] = ()
) -> list[Finding]:
    """Looks for values that are no numbers.

    They last from where the balance of bad points over good ones, counted from the end, is largest:
    a loss that is NaN for good but for a lucky point now and then has one onset, not many. That is
    the first of those that came shortly before.

    Args:
        series: Any series; an objective is not needed.
        objective: Which way is better.
        others: What else was measured of the same model, and is NaN where its weights are.
    """
    bad = ~np.isfinite(series.value)
    if not bad.any():
        return []
    where = np.flatnonzero(bad)
    if _is_usual(bad) and not (objective == "min" and _has_begun(bad)):
        return [_now_and_then(series, where)]
    lasting, ongoing = _largest_balance(bad, 1)
    onset = min(_largest_balance(bad, OUTWEIGHS)[0], lasting) if ongoing else int(where[0])
    last = len(bad) - 1 if ongoing else int(where[-1])
    good = np.flatnonzero(~bad[:onset])
    last_good = int(good[-1]) if len(good) else None
    undefined = _is_undefined(series)
    absent = _is_absent(series, objective, others)
    provisional = (
        ongoing
        and not undefined
        and (_may_recover(bad, lasting, objective) or _is_of_a_batch(bad, lasting, series, others))
    )
    recovered = not ongoing and not undefined
    often = recovered and _becomes_usual(bad, objective)
    long = recovered and _lasted_long(bad, objective)
    serious: Severity = "warning" if provisional or absent or often or long else "error"
    return [
        Finding(
            run=series.run,
            tag=series.tag,
            kind="nonfinite",
            severity=serious if often or long or (ongoing and not undefined) else "info",
            onset_step=int(series.step[onset]),
            onset_time=finite_or_none(series.wall_time[onset]),
            end_step=int(series.step[last]),
            ongoing=ongoing,
            best_step=None,
            best_value=None,
            last_good_step=None if last_good is None else int(series.step[last_good]),
            message=_message(series, where, onset, lasting, last_good, ongoing=ongoing)
            + ("; a ratio of what does not vary is undefined, and no fault" if undefined else "")
            + (
                "; nothing is measured, as of an absent class: the losses are numbers"
                if absent
                else ""
            )
            + (f"; {len(where) / len(bad):.0%} of all points" if long else "")
            + ("; ever more often" if often else "")
            + ("; it may recover, as such values do" if provisional else ""),
            evidence=_evidence(series, where, onset, lasting if ongoing else None),
            provisional=provisional,
        )
    ]


def _is_usual(bad: NDArray[np.bool_]) -> bool:
    """Whether points are no numbers now and then, as often from the first to the last.

    Where labels are missing a score is undefined, and what is measured at every tenth step may be
    filled up with NaN: numbers come after each such stretch, and the first of two halves has no
    fewer than the second one by more than chance (three standard errors of a share).
    """
    lasted = _stretches(bad)
    if len(lasted) < LEAST_STRETCHES or (bad[-1] and lasted[-1] > lasted[:-1].max()):
        return False
    return not _is_more_later(bad)


def _has_begun(bad: NDArray[np.bool_]) -> bool:
    """Whether so many numbers before the first that is none are no chance where most are none now.

    With a share of bad points since then, so many good ones in a row have a probability.
    """
    first = int(np.argmax(bad))
    return bool((1 - bad[first:].mean()) ** first < CHANCE)


def _is_more_later(bad: NDArray[np.bool_]) -> bool:
    """Whether the later half has more bad points than the earlier one, by more than chance."""
    first, second = (float(half.mean()) for half in np.array_split(bad, 2))
    share = float(bad.mean())
    return bool(second - first > 3 * (share * (1 - share) * 4 / len(bad)) ** 0.5)


def _becomes_usual(bad: NDArray[np.bool_], objective: Objective) -> bool:
    """Whether a loss is no number ever more often, and in a tenth of the points in the end.

    Single steps without a number are skipped; so many are not.
    """
    often = float(bad[-max(1, len(bad) // 4) :].mean()) >= OFTEN
    return objective == "min" and often and _is_more_later(bad)


def _lasted_long(bad: NDArray[np.bool_], objective: Objective) -> bool:
    """Whether a loss that was a number was none for a tenth of the run, though it recovered."""
    later = bad[int(np.argmin(bad)) :]  # what is none at first may not be measured yet
    least = max(OVERFLOWS, OFTEN * len(bad))
    return bool(objective == "min" and np.count_nonzero(later) >= least)


def _stretches(bad: NDArray[np.bool_]) -> NDArray[np.intp]:
    """How many bad points follow one another, each time."""
    begins, ends = stretches(bad)
    return ends - begins


def _now_and_then(series: ScalarSeries, where: NDArray[np.intp]) -> Finding:
    first, count = int(where[0]), len(where)
    text = f"{count:,} of {len(series.value):,} points are {_kinds(series.value[where])}, "
    return Finding.of_points(
        series,
        first,
        int(where[-1]),
        ongoing=False,
        kind="nonfinite",
        severity="info",
        message=text + f"first at {place_of(series, first)}, with numbers in between all along",
        evidence=_evidence(series, where, first, None),
        last_good=first - 1 if first else None,
    )


def _largest_balance(bad: NDArray[np.bool_], weight: int) -> tuple[int, bool]:
    """Where the balance of bad points over good ones, to the end, is largest; whether it is any."""
    balance = np.cumsum(np.where(bad, weight, -1)[::-1])[::-1]
    at = int(np.argmax(balance))
    return at, bool(balance[at] > 0)


def _is_undefined(series: ScalarSeries) -> bool:
    """Whether its NaN may be 0 / 0: a ratio now and then, the spread of one value always."""
    if np.isinf(series.value).any():
        return False
    own = words(series.tag)
    return not RATIOS.isdisjoint(own) or (
        not SPREADS.isdisjoint(own) and bool(np.isnan(series.value).all())
    )


def _is_absent(series: ScalarSeries, objective: Objective, others: Iterable[ScalarSeries]) -> bool:
    """Whether a score is no number from first to last, though the weights are."""
    return bool(
        objective == "max"
        and np.isnan(series.value).all()
        and any(np.isfinite(other.value[-1:]).all() for other in others if other is not series)
    )


def _may_recover(bad: NDArray[np.bool_], onset: int, objective: Objective) -> bool:
    """Whether as many bad points in a row were followed by good ones before, or are usual."""
    lasted = len(bad) - onset
    longest = int(_stretches(bad[:onset]).max(initial=0))
    return lasted <= longest or (objective == "none" and lasted < OVERFLOWS <= onset)


def _is_of_a_batch(
    bad: NDArray[np.bool_], onset: int, series: ScalarSeries, others: Iterable[ScalarSeries]
) -> bool:
    """Whether a point or two are no numbers while something else, measured then, is one."""
    if not onset > 0 or len(bad) - onset >= OVERFLOWS:
        return False
    last = np.array([len(bad) - 1])
    return any(
        np.isfinite(other.value[points_before(other, series, last, "left")[0] :]).any()
        for other in others
        if other is not series
    )


def is_nan_with_the_weights(series: ScalarSeries, objective: Objective) -> bool:
    """Whether a series is of numbers that a model without any has not, as accuracies are.

    Args:
        series: Any series.
        objective: Which way is better.
    """
    return objective == "min" or not RATIOS.isdisjoint(words(series.tag))


def _kinds(part: NDArray[np.float64]) -> str:
    names = []
    if np.isnan(part).any():
        names.append("NaN")
    if np.isinf(part).any():
        names.append("infinite")
    return " and ".join(names)


def _message(
    series: ScalarSeries,
    where: NDArray[np.intp],
    onset: int,
    lasting: int,
    last_good: int | None,
    *,
    ongoing: bool,
) -> str:
    place = place_of(series, lasting if ongoing else onset)
    if not ongoing:
        points = "one point is" if len(where) == 1 else f"{len(where):,} points are"
        what = _kinds(series.value[where])
        return f"{points} {what}, first at {place}; finite again afterwards"
    kinds = _kinds(series.value[lasting:])
    if lasting == 0:
        return f"{kinds} from the first point on, {place}: never finite"
    text = f"{kinds} from {place} on"
    if onset < lasting:
        first = _kinds(series.value[onset:lasting])
        text += f"; it began at {place_of(series, onset)} ({first})"
    if last_good is not None:
        text += f"; last finite{' before' * (onset < lasting)} at {place_of(series, last_good)}"
    earlier = where[where < onset]
    if len(earlier):
        what = _kinds(series.value[earlier])
        text += f"; {what} already at {place_of(series, int(earlier[0]))}"
        text += f", in {len(earlier):,} points" if len(earlier) > 1 else ""
    return text


def _evidence(
    series: ScalarSeries, where: NDArray[np.intp], onset: int, lasting: int | None
) -> dict[str, Any]:
    evidence: dict[str, Any] = {
        "what": _kinds(series.value[onset:]),
        "count": len(where),
        "points": len(series.value),
        "first_step": int(series.step[where[0]]),
    }
    if lasting is not None:
        evidence["lasting_step"] = int(series.step[lasting])
    wall_time = float(series.wall_time[onset])
    if np.isfinite(wall_time):
        evidence["wall_time"] = wall_time
    return evidence
