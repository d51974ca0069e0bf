"""A part that has come to rest while the run gets better is no trouble of the run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.signals.excursion import students
from tbtools.analysis.detect.signals.trend import trend
from tbtools.analysis.main_objective import rank_objectives
from tbtools.analysis.objective import is_score, may_be_minimised, role_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
    first in what a run is judged by. Beside a loss any score counts that is not of training.

    Args:
        found: The findings.
        judged: The series that have an objective.
        objectives: Which way is better, by glob over tags, as the user says.
    """
    at_rest = [one for one in found if _is_at_rest(one)]
    if not at_rest:
        return list(found)
    told = {(one.run, one.tag) for one in found if one.kind not in _PASSING}
    fits: dict[str, dict[str, Judged]] = defaultdict(dict)
    for (run, tag), fit in judged.items():
        fits[run][tag] = fit
    changed = {}
    for one in at_rest:
        own = fits[one.run]
        judges = (tag for tag in _judges(one, own, objectives) if (one.run, tag) not in told)
        better = next((tag for tag in judges if _improves_since(own[tag], own[one.tag], one)), None)
        if better is not None:
            changed[id(one)] = _as_info(one, better)
    return [changed.get(id(one), one) for one in found]


def _is_at_rest(one: Finding) -> bool:
    learned = one.kind == "plateau" and one.evidence["improvement_before"] > 0
    return learned and one.severity == "warning"


def _judges(
    one: Finding, fits: Mapping[str, Judged], objectives: Mapping[str, Objective] | None
) -> Iterator[str]:
    """The tags by which the run of a finding is judged."""
    points = {one.run: {tag: len(fit) for tag, fit in fits.items()}}
    main = rank_objectives(points, objectives).of_run(one.run)
    if main is not None:
        yield main
    if not is_score(one.tag):
        yield from (tag for tag in fits if is_score(tag) and role_of(tag, one.run) != "train")
        yield from (tag for tag in fits if _are_terms(tag, one.tag))


def _are_terms(tag: str, other: str) -> bool:
    """Whether two losses stand side by side in a folder, as terms of one sum do."""
    folder, slash, _ = tag.rpartition("/")
    beside = tag != other and bool(slash) and other.rpartition("/")[0] == folder
    return beside and may_be_minimised(tag) and may_be_minimised(other)


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
