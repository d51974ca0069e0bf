"""A part that has come to rest while the run gets better is no trouble of the run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from tbtools.analysis.detect.detectors.plateau import SIGNIFICANT, still_improves
from tbtools.analysis.detect.detectors.unlearned import never_learned
from tbtools.analysis.detect.opposites import opposite_of
from tbtools.analysis.detect.signals import robust
from tbtools.analysis.main_objective import rank_objectives
from tbtools.analysis.objective import is_loss, is_score, role_of
from tbtools.vocabulary import EVALUATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.analysis.detect.findings import Finding
    from tbtools.analysis.detect.judged import Judged
    from tbtools.vocabulary import Objective

Key = tuple[str, str]

# A series got better by this part of all that it improved.
WORTH = 0.05
# One standard error, of the later half: it still does.
GOES_ON = 1.0
# Fewer points tell no trend, and those that end before this part of the plateau not of all of it.
LEAST_POINTS = 8
REACHES = 0.8
WINDOWS = 32
# These say nothing of where the level of a series goes.
_PASSING = frozenset({"spike", "stall"})


def with_parts_at_rest(
    found: Sequence[Finding],
    judged: Mapping[Key, Judged],
    objectives: Mapping[str, Objective] | None,
) -> list[Finding]:
    """Plateaus as infos where what the run is judged by still gets better.

    The box loss of a detector is level, and its precision rises; the reward for the right form of
    answers has come to its cap, and the sum of rewards grows. What never learned is no such part,
    nor is what is measured on data held out. Beside a loss any score counts that is not of
    training, and beside one end of a trade-off the other.

    Args:
        found: The findings.
        judged: The series that have an objective.
        objectives: Which way is better, by glob over tags, as the user says.
    """
    level = [one for one in found if one.kind == "plateau" and one.severity == "warning"]
    if not level:
        return list(found)
    told = {(one.run, one.tag) for one in found if one.kind not in _PASSING}
    fits: dict[str, dict[str, Judged]] = defaultdict(dict)
    for (run, tag), fit in judged.items():
        fits[run][tag] = fit
    witnesses = cache(lambda run: _witnesses(run, fits[run], objectives))
    changed = {}
    for one in level:
        own = fits[one.run]
        judges = _other_end(own, one.tag)
        if _is_at_rest(one):
            main, scores = witnesses(one.run)
            judges += (*main, *scores) if is_loss(one.tag) else main
        untold = (tag for tag in judges if (one.run, tag) not in told)
        better = (tag for tag in untold if _improves_since(own[tag], own[one.tag], one))
        if (named := next(better, None)) is not None:
            changed[id(one)] = _as_info(one, named)
    return [changed.get(id(one), one) for one in found]


def _other_end(fits: Mapping[str, Judged], tag: str) -> tuple[str, ...]:
    """The tag of the other end of a trade-off: recall is level while precision is what is gained.

    A detector that finds nothing has nothing to exchange.
    """
    other = None if never_learned(fits[tag]) else opposite_of(tag, fits)
    return () if other is None else (other,)


def _is_at_rest(one: Finding) -> bool:
    return one.evidence["improvement_before"] > 0 and role_of(one.tag, one.run) not in EVALUATIONS


def _witnesses(
    run: str, fits: Mapping[str, Judged], objectives: Mapping[str, Objective] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tag by which a run is judged at a glance, and its scores that are not of training."""
    points = {run: {tag: len(fit) for tag, fit in fits.items()}}
    main = rank_objectives(points, objectives).of_run(run)
    scores = (tag for tag in fits if is_score(tag) and role_of(tag, run) != "train")
    return (() if main is None else (main,)), tuple(scores)


def _improves_since(better: Judged, flat: Judged, plateau: Finding) -> bool:
    """Whether a series got better while another is level, and still does."""
    onset = len(flat) - int(plateau.evidence["points_since"]) // flat.width
    begin = better.count_before(flat.series, int(flat.points[onset]))
    tail = better.y[begin:]
    if len(tail) < LEAST_POINTS:
        return False
    end = flat.count_before(better.series, int(better.points[-1]))
    if end - onset < REACHES * (len(flat) - onset):
        return False
    worth = WORTH * float(robust.quantile(better.y, 0.98) - robust.quantile(better.y, 0.02))
    levels = robust.window_means(tail, max(1, len(tail) // WINDOWS))
    later = levels[len(levels) // 2 :]
    got_better = still_improves(levels, robust.noise_of_levels(levels), SIGNIFICANT, worth)
    return got_better and still_improves(later, robust.noise_of_levels(later), GOES_ON, worth / 4)


def _as_info(one: Finding, better: str) -> Finding:
    return replace(
        one,
        severity="info",
        message=f"{one.message}; {better} still gets better",
        evidence={**one.evidence, "still_gets_better": better},
    )
