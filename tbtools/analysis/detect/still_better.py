"""A part that has come to rest while the run gets better is no trouble of the run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.signals.excursion import students
from tbtools.analysis.detect.signals.trend import trend
from tbtools.analysis.main_objective import rank_objectives

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tbtools.analysis.detect.findings import Finding
    from tbtools.analysis.detect.judged import Judged
    from tbtools.vocabulary import Objective

Key = tuple[str, str]

# One-sided 99.9 %, and this part of all that the series improved: it is still getting better.
SIGNIFICANT = 3.09
WORTH = 0.05
# Fewer points tell no trend.
LEAST_POINTS = 8
WINDOWS = 32
# These say nothing of where the level of a series goes.
_PASSING = frozenset({"spike", "stall"})


def with_rest(
    found: Sequence[Finding],
    judged: Mapping[Key, Judged],
    objectives: Mapping[str, Objective] | None,
) -> list[Finding]:
    """Plateaus as infos where what the run is judged by still gets better.

    The box loss of a detector is level, and its precision rises; the reward for the right form of
    answers has come to its cap, and the sum of rewards grows. What never learned is no such part,
    and one evaluation that is level is no info because the training loss falls: evaluations come
    first in what a run is judged by.

    Args:
        found: The findings.
        judged: The series that have an objective.
        objectives: Which way is better, by glob over tags, as the user says.
    """
    at_rest = [one for one in found if _is_at_rest(one)]
    if not at_rest:
        return list(found)
    told = {(one.run, one.tag) for one in found if one.kind not in _PASSING}
    main = _main({one.run for one in at_rest}, judged.values(), objectives)
    changed = {}
    for one in at_rest:
        better = main.get(one.run)
        if better is None or (one.run, better.series.tag) in told:
            continue
        if _improves_since(better, judged[one.run, one.tag], one):
            changed[id(one)] = _as_info(one, better.series.tag)
    return [changed.get(id(one), one) for one in found]


def _is_at_rest(one: Finding) -> bool:
    learned = one.kind == "plateau" and one.evidence["improvement_before"] > 0
    return learned and one.severity == "warning"


def _main(
    runs: Iterable[str], judged: Iterable[Judged], objectives: Mapping[str, Objective] | None
) -> dict[str, Judged]:
    """The series by which each of some runs is judged at a glance."""
    fits: dict[str, dict[str, Judged]] = defaultdict(dict)
    for fit in judged:
        fits[fit.series.run][fit.series.tag] = fit
    main = {}
    for run in runs:
        points = {run: {tag: len(fit) for tag, fit in fits[run].items()}}
        tag = rank_objectives(points, objectives).of_run(run)
        if tag is not None:
            main[run] = fits[run][tag]
    return main


def _improves_since(better: Judged, flat: Judged, plateau: Finding) -> bool:
    """Whether a series still gets better while another is level."""
    onset = len(flat) - int(plateau.evidence["points_since"]) // flat.width
    begin = better.count_before(flat.series, int(flat.points[onset]))
    tail = better.y[begin:]
    if len(tail) < LEAST_POINTS:
        return False
    levels = robust.window_means(tail, max(1, len(tail) // WINDOWS))
    spread = robust.noise_of_levels(levels)
    improvement, error = trend(levels, spread)
    all_improved = float(robust.quantile(better.y, 0.98) - robust.quantile(better.y, 0.02))
    limit = students(SIGNIFICANT, 0.37 * len(levels)) * error
    return improvement > max(limit, WORTH * all_improved)


def _as_info(one: Finding, better: str) -> Finding:
    return replace(
        one,
        severity="info",
        message=f"{one.message}; {better} still gets better",
        evidence={**one.evidence, "still_gets_better": better},
    )
