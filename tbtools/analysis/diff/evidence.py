"""Whether a difference is real: against the noise of two curves, or across runs that repeat.

``docs/diff.md`` has the methods, their sources, and how often each is wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

import numpy as np

from tbtools.analysis.level import CURVE_CONFIDENCE, FEWEST_POINTS, level_in_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.level import Level
    from tbtools.vocabulary import Objective

    Floats = NDArray[np.float64]

# Of b, compared with a. Tags without an objective have none.
Verdict = Literal["better", "worse", "no evidence"]

_RESAMPLES = 2000
_MOST_PAIRS = 10_000_000  # compared at once
_SIGNIFICANCE = 0.05
_POWER = 0.8
# No training is evaluated more often.
_MOST_WANTED = 1_000_000
# Below so many ways to deal the runs anew, all are tried.
_MOST_ARRANGEMENTS = 20_000


@dataclass(frozen=True, slots=True)
class Evidence:
    """Whether a difference is more than noise.

    Attributes:
        verdict: Whether b is better or worse than a; None where the tag has no direction.
        change: The level of b minus that of a.
        low: The lower end of the interval of the change; None where there is none.
        high: The upper end.
        confidence: Of the interval: 0.99 for the noise of two curves, 0.95 for groups of runs.
        points: How many points of two curves it rests on; None for groups.
        effective_points: How many independent points these are worth.
        runs_a: How many runs a is.
        runs_b: How many runs b is.
        improvement: For groups, the probability that a run of b is better than one of a.
        improvement_low: The lower end of its interval.
        improvement_high: The upper end.
        p_value: For groups, of the permutation test that there is no difference.
        reason: In words, what the verdict rests on.
    """

    verdict: Verdict | None
    change: float | None
    reason: str
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    points: int | None = None
    effective_points: float | None = None
    runs_a: int = 1
    runs_b: int = 1
    improvement: float | None = None
    improvement_low: float | None = None
    improvement_high: float | None = None
    p_value: float | None = None


def _verdict(low: float, high: float, objective: Objective) -> Verdict | None:
    if objective == "none":
        return None
    if low <= 0 <= high:
        return "no evidence"
    return "better" if (low > 0) == (objective == "max") else "worse"


def against_noise(a: Floats, b: Floats, objective: Objective) -> Evidence:
    """Compares the ends of two curves with the noise of their difference.

    The interval is that of the mean of the differences, as `level_in_time` has it.

    Args:
        a: Values of the one over the last steps that both have, in the order of the steps.
        b: Those of the other at the same steps.
        objective: Which way is better.
    """
    spoilt = [name for name, values in (("a", a), ("b", b)) if not np.isfinite(values).all()]
    if spoilt:
        return _spoilt(a, b, objective)
    if a.size < FEWEST_POINTS:
        change = float(np.mean(b - a)) if a.size else None
        verdict: Verdict | None = None if objective == "none" else "no evidence"
        reason = f"{a.size} points at the end are too few to tell noise; {FEWEST_POINTS} would do"
        return Evidence(verdict, change, reason, points=a.size)
    with np.errstate(over="ignore"):
        level = level_in_time(b - a)
    low, high = level.low, level.high
    if low is None or high is None:
        reason = "the difference is too great for a number"
        return Evidence(None if objective == "none" else "no evidence", None, reason, points=a.size)
    return Evidence(
        verdict=_verdict(low, high, objective),
        change=level.mean,
        reason=(
            f"the last {level.count} points of one run each, "
            f"worth {level.effective:.3g} independent ones{_points_wanted(level)}"
        ),
        low=low,
        high=high,
        confidence=CURVE_CONFIDENCE,
        points=level.count,
        effective_points=level.effective,
    )


def _points_wanted(level: Level) -> str:
    """How many points would do, where the interval holds zero: it shrinks with their root."""
    assert level.spread is not None
    if level.spread < abs(level.mean):
        return ""
    if level.mean == 0:
        return ": there is no change at all"
    wanted = level.count * (level.spread / level.mean) ** 2
    most = f"{wanted:,.0f}" if wanted < _MOST_WANTED else f"over {_MOST_WANTED:,}"
    return f": the interval holds zero, about {most} at the end would tell a change of this size"


def _spoilt(a: Floats, b: Floats, objective: Objective) -> Evidence:
    """One curve, or both, ends with values that are not finite."""
    lost = [not np.isfinite(values).all() for values in (a, b)]
    names = " and ".join(name for name, is_lost in zip("ab", lost, strict=True) if is_lost)
    verdict: Verdict | None = "no evidence"
    if objective == "none":
        verdict = None
    elif lost == [False, True]:
        verdict = "worse"
    elif lost == [True, False]:
        verdict = "better"
    return Evidence(verdict, None, f"{names} is not finite at the end", points=a.size)


def across_runs(a: Sequence[float], b: Sequence[float], objective: Objective) -> Evidence:
    """Compares two groups of runs, each run by one number.

    The probability of improvement is that of Agarwal et al., "Deep RL at the Edge of the
    Statistical Precipice", NeurIPS 2021 (as rliable computes it): how often a run of b is better
    than one of a, ties counting half. A verdict wants two things: the permutation test of it, which
    holds for any number of runs, below 0.05; and a bootstrap interval of the difference of the
    means without zero, where there is one.

    Args:
        a: One number a run; one that is not finite counts as worse than all that are.
        b: The same of the other group.
        objective: Which way is better.
    """
    sign = 1.0 if objective == "max" else -1.0
    rank_a, rank_b = (_comparable(np.array(group, np.float64), sign) for group in (a, b))
    improvement = float(_improvement(rank_a, rank_b))
    p_value = _permutation_p(rank_a, rank_b)
    finite = np.isfinite([*a, *b])
    low = high = change = None
    random = np.random.default_rng(0)
    if finite.all():
        change = float(np.mean(b) - np.mean(a))
        low, high = _interval(
            _resampled(random, np.array(b)).mean(axis=1)
            - _resampled(random, np.array(a)).mean(axis=1)
        )
    drawn = _resampled(random, rank_a), _resampled(random, rank_b)
    at_once = max(1, _MOST_PAIRS // (rank_a.size * rank_b.size))
    wins = [
        _improvement(drawn[0][first : first + at_once], drawn[1][first : first + at_once])
        for first in range(0, _RESAMPLES, at_once)
    ]
    least, most = _interval(np.concatenate(wins))
    verdict: Verdict | None = None if objective == "none" else "no evidence"
    clear = low is None or high is None or not low <= 0 <= high
    if verdict and p_value < _SIGNIFICANCE and clear:
        verdict = "better" if improvement > 0.5 else "worse"
    return Evidence(
        verdict=verdict,
        change=change,
        reason=_group_reason(len(a), len(b), p_value, int((~finite).sum()))
        + ("" if verdict in ("better", "worse") else _runs_wanted(len(a), len(b), improvement)),
        low=low,
        high=high,
        confidence=1 - _SIGNIFICANCE,
        runs_a=len(a),
        runs_b=len(b),
        improvement=None if objective == "none" else improvement,
        improvement_low=None if objective == "none" else least,
        improvement_high=None if objective == "none" else most,
        p_value=p_value,
    )


def _group_reason(runs_a: int, runs_b: int, p_value: float, nonfinite: int) -> str:
    least = 2 / math.comb(runs_a + runs_b, runs_a)
    reason = f"{runs_a} and {runs_b} runs, permutation p = {p_value:.2g}"
    if least > _SIGNIFICANCE:
        reason += f" (which can be no less than {least:.2g} with so few)"
    return reason + (f"; {nonfinite} not finite at the end" if nonfinite else "")


def _runs_wanted(runs_a: int, runs_b: int, improvement: float) -> str:
    """How many runs would do.

    At least so many that the permutation test can tell at all; and by Noether, "Sample size
    determination for some common nonparametric tests", JASA 82, 1987, so many that it tells such a
    probability of improvement in four of five cases.
    """
    if improvement == 0.5:
        return ""
    share = runs_a / (runs_a + runs_b)
    reach = (NormalDist().inv_cdf(1 - _SIGNIFICANCE / 2) + NormalDist().inv_cdf(_POWER)) ** 2
    total = reach / (12 * share * (1 - share) * (improvement - 0.5) ** 2)
    least = max(runs_a, runs_b)
    while 2 / math.comb(2 * least, least) >= _SIGNIFICANCE:
        least += 1
    each = max(least, math.ceil(total / 2))
    if each <= max(runs_a, runs_b):
        return "; the change of the mean is not clear"
    return f"; about {each:,} runs a side would tell such a difference"


def _comparable(values: Floats, sign: float) -> Floats:
    """Greater is better, and what is not finite is worst."""
    return np.where(np.isfinite(values), sign * values, -np.inf)


def _improvement(a: Floats, b: Floats) -> Floats:
    """How often one of the last axis of b is greater than one of that of a; ties count half."""
    greater = (b[..., :, None] > a[..., None, :]).mean(axis=(-2, -1))
    ties = (b[..., :, None] == a[..., None, :]).mean(axis=(-2, -1))
    improvement: Floats = greater + ties / 2
    return improvement


def _resampled(random: np.random.Generator, values: Floats) -> Floats:
    drawn: Floats = values[random.integers(0, values.size, (_RESAMPLES, values.size))]
    return drawn


def _interval(estimates: Floats) -> tuple[float, float]:
    low, high = np.quantile(estimates, [_SIGNIFICANCE / 2, 1 - _SIGNIFICANCE / 2])
    return float(low), float(high)


def _permutation_p(a: Floats, b: Floats) -> float:
    """How often runs dealt into groups at random differ as much, in either direction.

    What is dealt are mid-ranks, whose sum tells the probability of improvement.
    """
    from_all = np.concatenate([a, b])
    _, number, counts = np.unique(from_all, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[number]
    expected = b.size * ranks.mean()
    seen = abs(ranks[a.size :].sum() - expected) - 1e-9
    arrangements = math.comb(from_all.size, b.size)
    if arrangements <= _MOST_ARRANGEMENTS:
        sums = np.array([sum(dealt) for dealt in combinations(ranks.tolist(), b.size)])
        return float(np.mean(np.abs(sums - expected) >= seen))
    random = np.random.default_rng(0)
    dealt = random.permuted(np.tile(ranks, (_MOST_ARRANGEMENTS, 1)), axis=1)[:, : b.size]
    extreme = int((np.abs(dealt.sum(axis=1) - expected) >= seen).sum())
    return (extreme + 1) / (_MOST_ARRANGEMENTS + 1)  # what was seen is one of the arrangements
