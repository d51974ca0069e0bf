"""The objective got worse for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.analysis.detect.detectors import few, returning
from tbtools.analysis.detect.detectors.divergence_finding import (
    describe,
    divergence_finding,
    is_at_restart,
    level_at_end,
)
from tbtools.analysis.detect.detectors.unlearned import never_learned
from tbtools.analysis.detect.learning_rate import is_usual, restart
from tbtools.analysis.detect.opposites import is_exchanged
from tbtools.analysis.detect.signals import (
    contrast,
    crests,
    excursion,
    jump,
    memory,
    oscillation,
    recovery,
    since_start,
)
from tbtools.analysis.detect.signals.as_good import behind_the_last_as_good
from tbtools.analysis.detect.signals.onset import Onset, locate, locate_in_blocks
from tbtools.analysis.detect.signals.steep import first_of_steep
from tbtools.analysis.detect.tasks import (
    NOTHING,
    Given,
    became_harder,
    exploded,
    has_exploded,
    is_weighted,
    turned_on,
    was_changed,
)
from tbtools.analysis.detect.witnesses import (
    is_contradicted,
    is_of_chance,
    is_term,
    is_traded,
    scores_improve,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tbtools.analysis.detect.findings import Finding
    from tbtools.analysis.detect.judged import Judged
    from tbtools.analysis.detect.signals.excursion import Excursion
    from tbtools.runs.series import ScalarSeries

# Of so few points the noise before a rise is hardly known. The fit of a valley says whether one is
# there; without a twin that still improves it explains so many times what it has to.
FEW = 24
SURE = 2.0
# Of so many where a first look shows that it may rise.
MORE = 64
# A rise in the scatter of its points is as good as certain from so many standard errors on.
CERTAIN = 15.0
# With one of these a level that was there before is no fault.
EXPLAIN = frozenset({"changed", "weighted", "learns", "traded"})


def find(
    judged: Judged,
    rate: ScalarSeries | None = None,
    given: Given = NOTHING,
    *,
    rises: bool = True,
    swings: bool = True,
) -> Finding | None:
    """Looks for a blow-up, a jump that stays, a drift up from the best, a collapse, an oscillation.

    Args:
        judged: A series with an objective.
        rate: The run's learning rate, where it logs one.
        given: What the run is given to do.
        rises: Whether it may have a rise that lasts,
        swings: and whether an oscillation that grows.
    """
    if judged.objective == "max" and never_learned(judged):
        return None
    if judged.width == 1 and since_start.is_mean(judged.y):
        return _of_draws(judged, rate, given)
    rise, onset = _at_once(judged, given)
    if rise is None or onset is None:
        rise, onset = _by_levels(judged, given, rises=rises, swings=swings)
        if rise is None or onset is None:
            return (_of_waves(judged) or _of_crests(judged, rate, given)) if swings else None
        if judged.width == 1 and memory.began(judged.y, rise, onset):
            return None
        if judged.width == 1 and since_start.is_luck(judged.y, rise.low):
            return None
        if recovery.comes_down(judged.y, rise, onset, judged.noise):
            return None
    risen = _of_rise(judged, rise, onset, rate, given)
    if risen is None:
        # What explains that a loss is higher may not explain that it is thrown out ever higher.
        return _of_crests(judged, rate, given) if swings and judged.log else None
    # The crest of a wave at the end of many is no rise of its own.
    waves = _of_waves(judged, settled=not risen.provisional) if swings else None
    earlier = waves is not None and _points_since(waves) > _points_since(risen)
    return waves if earlier else risen


def _at_once(judged: Judged, given: Given) -> tuple[Excursion | None, Onset | None]:
    """What is lost, whatever noise and course it had: a score of zero, a loss beyond all."""
    rise = few.at_the_end(judged)
    if rise is not None:
        return rise, Onset(rise.high, sudden=True)
    if judged.width > 1 or not _may_rise(judged):
        return None, None
    rise = few.to_zero(judged)
    if rise is not None:
        return rise, Onset(rise.high, sudden=True)
    rise = few.beyond(judged)
    if rise is None or is_contradicted(given, judged, 1):
        return None, None
    return rise, Onset(1, sudden=False)


def _by_levels(
    judged: Judged, given: Given, *, rises: bool, swings: bool
) -> tuple[Excursion | None, Onset | None]:
    """A rise of levels, or of the points at a restart, of some dozen or of the fit of a valley."""
    white = judged.width > 1
    rise, onset = _rise(judged, white=white) if rises else None, None
    if rise is not None:
        onset = _onset(judged, rise, swings=swings)
    if rises and _scatters(judged, rise, onset):
        together = few.contrast_of(judged)
        if together is not None and (rise is None or _is_told_by_all(judged, together[0])):
            return together
    if rise is None and white:
        return None, None
    if rise is None and rises:
        if len(judged.series.restarts) or given.explosions:
            rise, onset = _with_evidence(judged, given, swings=swings)
        if rise is None:
            rise, onset = _of_few(judged)
    few_points = not white and len(judged) <= MORE and _may_rise(judged)
    if few_points and (onset is None or not onset.sudden):
        valley, bend = _valley(judged)
        rise, onset = rise or valley, bend or onset
    return (rise, onset) if rise is not None else _far_above(judged, given)


def _far_above(judged: Judged, given: Given) -> tuple[Excursion | None, Onset | None]:
    """A loss several times what it was right before, where nothing else of the run is better."""
    rise = few.above(judged)
    if rise is None or is_contradicted(given, judged, rise.high):
        return None, None
    return rise, Onset(rise.high, sudden=True)


def _scatters(judged: Judged, rise: Excursion | None, onset: Onset | None) -> bool:
    """Whether levels show no rise, or one that is hardly beyond the noise of its points."""
    if rise is None or onset is None:
        return True
    return not onset.sudden and _is_scatter(judged, rise)


def _is_scatter(judged: Judged, rise: Excursion) -> bool:
    return rise.gap < contrast.SUDDEN * judged.noise


def _is_told_by_all(judged: Judged, rise: contrast.Contrast) -> bool:
    """Whether all points say more than levels: what is small beside a descent they place late."""
    return _is_scatter(judged, rise) and rise.gap > excursion.EFFECT * rise.progress


def _may_rise(judged: Judged) -> bool:
    """Whether a first look shows a rise, which sorts out what is of more points and shows none."""
    if len(judged) <= FEW:
        return True
    split = excursion.split(next(excursion.scales(judged.y)))
    least = jump.BETWEEN if len(judged) <= jump.MOST else excursion.LEAST_CONFIDENCE
    return split is not None and split[0] > least * judged.noise


def _valley(judged: Judged) -> tuple[Excursion | None, Onset | None]:
    """A rise that the fit of a valley shows, from its first point that is worse."""
    valley = few.valley(judged)
    if valley is None or valley.sure < SURE:
        return None, None
    onset = few.begins(valley)
    if not onset.sudden:
        onset = Onset(onset.index + 1, sudden=False)
    elif onset.index < excursion.BEFORE:
        return None, None  # a first point that is another is no level
    return valley.as_rise(len(judged)), onset


def _rise(judged: Judged, *, white: bool) -> Excursion | None:
    but = None if white else _carried(judged)
    return excursion.find(judged.y, few.floor(judged), white=white, but=but)


def _carried(judged: Judged) -> Callable[[Excursion], bool]:
    """Says of a rise that noise with a memory may have carried the series there."""
    return lambda rise: memory.carries(judged.y, rise)


def _with_evidence(
    judged: Judged, given: Given, *, swings: bool
) -> tuple[Excursion | None, Onset | None]:
    """A jump where the run was restarted, or a rise when the gradient had exploded.

    That is evidence too: half of the effect will do, and half of that where the norm goes first.
    """
    effect = excursion.EFFECT / (4 if given.explosions else 2)
    rise = excursion.find(
        judged.y, judged.noise, effect, excursion.LEAST_CONFIDENCE, but=_carried(judged)
    )
    onset = None if rise is None else _onset(judged, rise, swings=swings)
    if rise is None or onset is None:
        return None, None
    if has_exploded(given.explosions, judged, onset.index):
        return rise, onset
    enough = rise.gap > excursion.EFFECT / 2 * rise.progress
    if not (enough and onset.sudden and is_at_restart(judged, onset)):
        return None, None
    return rise, onset


def _of_few(judged: Judged) -> tuple[Excursion | None, Onset | None]:
    """A jump in few points; where steps go back another training begins, which may learn yet."""
    rise = jump.find(judged.y, judged.noise)
    if rise is None or judged.step(rise.high) < judged.step(rise.low):
        return None, None
    return rise, Onset(rise.high, sudden=True)


def _points_since(finding: Finding) -> int:
    """How many points a divergence has lasted."""
    return int(finding.evidence["points_since"])


def _of_waves(judged: Judged, *, settled: bool = False) -> Finding | None:
    growing = oscillation.find(judged.y, judged.noise)
    if growing is None:
        return None
    evidence = {
        "level_before": judged.logged(growing.before),
        "level_after": judged.logged(growing.after),
        "standard_errors": growing.standard_errors,
        "points_since": judged.count(len(judged) - growing.onset.index),
        "oscillation_grew": growing.times,
        "logarithmic": judged.log,
    }
    doubt = None if settled else recovery.doubt_of_waves(judged.y, growing)
    return divergence_finding(judged, growing.onset, evidence, doubt)


def _of_crests(judged: Judged, rate: ScalarSeries | None, given: Given) -> Finding | None:
    growing = crests.find(judged.y)
    if growing is None or returning.is_a_wandering_mean(judged, growing):
        return None
    given_doubt = _by_what_is_given(given, judged, growing.onset)
    explained = given_doubt if given_doubt in EXPLAIN else None
    if returning.are_planned(judged, growing, rate, given, explained):
        return None
    doubt = "comes back" if growing.grow else "part of the way"
    return divergence_finding(judged, growing.onset, returning.evidence(judged, growing), doubt)


def _of_draws(judged: Judged, rate: ScalarSeries | None, given: Given) -> Finding | None:
    rise = since_start.got_worse(judged.y)
    if rise is None:
        return None
    return _of_rise(judged, rise, Onset(rise.low + 1, sudden=False), rate, given)


def _of_rise(
    judged: Judged, rise: Excursion, onset: Onset, rate: ScalarSeries | None, given: Given
) -> Finding | None:
    evidence = describe(judged, rise, onset)
    level = level_at_end(judged, rise, onset)
    raised = restart(rate, judged, onset.index, level)
    if raised == "explains" and is_at_restart(judged, onset):
        raised = "goes on"  # no schedule raised it, but that the run began anew
    if raised == "explains" or became_harder(given.tasks, judged, onset.index):
        return None
    if onset.index <= 1 and _is_explained_from_the_start(given, judged):
        return None
    if is_exchanged((*given.scores, *given.losses), judged):
        return None
    if is_of_chance(given.losses, judged, onset.index):
        return None
    given_doubt = _by_what_is_given(given, judged, onset)
    is_explained = given_doubt in EXPLAIN and not exploded(given.explosions, judged, onset.index)
    if is_explained and is_usual(judged, onset.index, level):
        return None
    doubt = raised or given_doubt
    if len(judged) - onset.index < few.LASTING:
        doubt = doubt or "young"
    doubt = doubt or recovery.doubt(
        judged.y, rise, onset, noise=judged.noise, logarithmic=judged.log
    )
    if doubt is None and _hides_in_scatter(rise):
        doubt = "scatters"
    return divergence_finding(judged, onset, evidence, doubt)


def _hides_in_scatter(rise: Excursion) -> bool:
    return isinstance(rise, contrast.Contrast) and rise.scatters and rise.gap < CERTAIN * rise.noise


def _is_explained_from_the_start(given: Given, judged: Judged) -> bool:
    return (
        is_traded(given.scores, judged, 0)
        or is_term(given.losses, judged)
        or is_weighted(given.others, judged, 0)
    )


def _by_what_is_given(given: Given, judged: Judged, onset: Onset) -> str | None:
    if onset.index == 0:
        if turned_on(given.terms, judged, 0):
            return "turned on"
        return "learns" if scores_improve(given, judged, 0) else None
    if is_traded(given.scores, judged, onset.index):
        return "traded"
    if was_changed(given.others, judged, onset.index):
        return "changed"
    if turned_on(given.terms, judged, onset.index):
        return "turned on"
    if not onset.sudden and is_weighted(given.others, judged, onset.index):
        return "weighted"
    if is_at_restart(judged, onset):
        return None
    return "learns" if scores_improve(given, judged, onset.index) else None


def _onset(judged: Judged, rise: Excursion, *, swings: bool) -> Onset:
    if judged.width > 1:
        return locate_in_blocks(judged.y, rise)
    bend = behind_the_last_as_good(judged.y, locate(judged.y, rise), rise)
    onset = first_of_steep(judged.y, bend, rise)
    if not swings:
        return onset
    begins = oscillation.begins(judged.y, judged.noise, rise, onset)
    if begins is None:
        begins = crests.begins(judged.y, onset)
    return onset if begins is None else Onset(begins, sudden=False)
