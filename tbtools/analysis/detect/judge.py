"""Judges series: what each detector finds, and what belongs together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect import machinery
from tbtools.analysis.detect.causes import is_near, with_causes
from tbtools.analysis.detect.company import with_company
from tbtools.analysis.detect.detectors import (
    blank,
    divergence,
    few_at_rest,
    gradient,
    nonfinite,
    overfitting,
    past_plateau,
    plateau,
    recurring,
    spike,
    stall,
    unbounded,
)
from tbtools.analysis.detect.detectors.plateau_finding import ideal_of, plateau_finding
from tbtools.analysis.detect.findings import Finding, Findings, NotJudged
from tbtools.analysis.detect.judged import OUTCOMES, AsItIs, Judged
from tbtools.analysis.detect.learning_rate import learning_rates, restarts_within
from tbtools.analysis.detect.opposites import is_exchanged
from tbtools.analysis.detect.pairs import pairs
from tbtools.analysis.detect.precursors import with_precursors
from tbtools.analysis.detect.run_axis import run_axes
from tbtools.analysis.detect.scales import changes, tenfold
from tbtools.analysis.detect.screen import (
    CANDIDATES,
    NOT_FINITE,
    NOTHING,
    UNUSUAL,
    first_look,
    look,
)
from tbtools.analysis.detect.signals import excursion, unimodal
from tbtools.analysis.detect.still_better import with_parts_at_rest
from tbtools.analysis.detect.tasks import Given, given
from tbtools.analysis.detect.writers import joined, writers_apart
from tbtools.analysis.objective import objectives_of
from tbtools.runs.numbers import distinct
from tbtools.runs.reading import check_progress
from tbtools.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tbtools.analysis.detect._screen_python import Measure
    from tbtools.analysis.detect.detectors.plateau import Plateau
    from tbtools.analysis.detect.run_axis import RunAxis
    from tbtools.analysis.detect.screen import Candidate
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Directions = dict[str, dict[str, Objective]]

Key = tuple[str, str]

# These say nothing of how large the other values of a series are.
_SAY_NO_SIZE = frozenset({"nonfinite", "stall"})
# These are told of what is not judged for anything else, too.
_NO_JUDGEMENT = _SAY_NO_SIZE | {"spike"}

# Fewer points are no trend: so many make a level, and so many must stand beyond it.
LEAST_POINTS = excursion.BEFORE + excursion.PERSISTENT


@np.errstate(over="ignore", invalid="ignore")  # what is not finite is a finding
def detect_series(
    series: Iterable[ScalarSeries],
    *,
    objectives: Mapping[str, Objective] | None = None,
    progress: Callable[[int, int], None] | None = None,
    declared: Callable[[str, tuple[str, ...]], Mapping[str, Any]] | None = None,
) -> Findings:
    """Judges time series; those of one run together, for pairs, causes and learning rates.

    Writers that wrote the same steps at a time are judged one by one.

    Args:
        series: All series of the runs in question, sibling runs included. Their points are judged
            in the order given, whatever their steps are.
        objectives: Which way is better, by glob over tags, where the words of a tag mislead.
        progress: Called now and then with the series that have been judged and those of all.
        declared: Gives the hyperparameters of a run whose names have one of some words in them, in
            lower case and without `_` and `-`; called for few runs.

    Returns:
        The findings: run by run in the order given, the worst first, then the earliest; with the
        series that were not judged for every kind.

    Raises:
        InvalidObjective: A direction is none of ``min``, ``max``, ``none``.
        UnsupportedType: `progress` cannot be called.
    """
    check_progress(progress)
    every = list(series)
    lanes = writers_apart(every)
    found = [
        _detect(lane, objectives, progress if lane is lanes[0] else None, declared)
        for lane in lanes
    ]
    if len(found) == 1:
        return found[0]
    findings = joined(lanes, found)
    return replace(
        findings,
        findings=tuple(_in_order(every, findings.findings, run_axes(every, findings.findings))),
    )


def _detect(
    every: list[ScalarSeries],
    objectives: Mapping[str, Objective] | None,
    progress: Callable[[int, int], None] | None,
    declared: Callable[[str, tuple[str, ...]], Mapping[str, Any]] | None,
) -> Findings:
    by_run: dict[str, list[ScalarSeries]] = defaultdict(list)
    for one in every:
        by_run[one.run].append(one)
    directions = {
        run: objectives_of([one.tag for one in own], objectives) for run, own in by_run.items()
    }
    ways = [directions[one.run][one.tag] for one in every]
    seen, measures = first_look([one.value for one in every], ways, divergence.FEW + 1)
    fits = _fits(every, ways, seen, measures)
    judged = {(fit.series.run, fit.series.tag): fit for fit in fits if fit is not None}
    looked = _candidates(judged)
    of_run: dict[str, list[Judged]] = defaultdict(list)
    for fit in judged.values():
        of_run[fit.series.run].append(fit)
    unusual = [one for one, flags in zip(every, seen, strict=True) if flags & UNUSUAL]
    found: list[Finding] = stall.find(every)
    found += _nonfinite(every, directions, seen)
    scaled = changes(unusual, directions, of_run)
    found += scaled.values()
    parts = {
        run: machinery.Parts.of([one for one in own if len(one.step)])
        for run, own in by_run.items()
    }
    found += machinery.find(parts, of_run, scaled, declared or (lambda *_: {}))
    found += filter(None, map(unbounded.find, judged.values()))
    blanks = {
        (one.run, one.tag): one
        for find in (blank.find, recurring.find)
        for one in filter(None, map(find, judged.values()))
    }
    found += blanks.values()
    told = {(one.run, one.tag) for one in found if one.kind not in _SAY_NO_SIZE}
    found += tenfold(unusual, judged, told)
    rates = learning_rates(one for own in parts.values() for one in own["learning_rate"])
    short = _with_few_steps(judged)
    overfitted = _overfitted(judged, rates, looked, short)
    lost = [one for one in scaled.values() if one.kind == "collapse"]
    if lost and overfitted:
        overfitted = _not_lost(overfitted, lost, run_axes(every, [*lost, *overfitted.values()]))
    found += overfitted.values()
    left = {key for key, may in looked.items() if may is not NOTHING}
    left |= {
        key
        for key, fit in judged.items()
        if not isinstance(fit, AsItIs) and len(fit) <= divergence.FEW
    }
    left -= scaled.keys() | blanks.keys() | short
    few = {key for key in short - overfitted.keys() if _is_course_of_few(judged[key])}
    left |= few
    runs = {run for run, _ in left}
    grown = scaled | {(one.run, one.tag): one for one in found if gradient.is_rise(one)}
    tasks = given((one for one in every if one.run in runs and len(one.step)), judged, grown)
    for number, (key, fit) in enumerate(judged.items()):
        if key not in left:
            continue
        if progress:
            progress(number, len(judged))
        if key in few:
            found += _at_rest(fit, rates.get(key[0]), tasks[key[0]])
            found += _spikes(fit, looked[key], len(fit))
        elif key in overfitted:
            found += _spikes(fit, looked[key], len(fit))
        else:
            found += _trend(fit, rates.get(key[0]), tasks[key[0]], looked[key])
    if progress:
        progress(len(judged), len(judged))
    has_finding = {(one.run, one.tag) for one in found if one.kind not in _NO_JUDGEMENT}
    axes = run_axes(every, found)
    found = with_parts_at_rest(with_company(found, axes), judged, objectives)
    return Findings(
        findings=tuple(_in_order(every, with_precursors(with_causes(found, axes), axes), axes)),
        not_judged=tuple(_not_judged(every, fits, short, has_finding)),
    )


def _fits(
    series: Iterable[ScalarSeries],
    ways: Iterable[Objective],
    seen: Iterable[int],
    measures: Iterable[Measure],
) -> list[Judged | None]:
    """The series made fit for judging; None for those without an objective."""
    measure = iter(measures)
    fits: list[Judged | None] = []
    for one, way, flags in zip(series, ways, seen, strict=True):
        known = next(measure) if flags & UNUSUAL else None
        if way == "none":
            fits.append(None)
        else:
            fits.append(Judged(one, way, known) if known else AsItIs(one, way, flags))
    return fits


def _candidates(judged: Mapping[Key, Judged]) -> dict[Key, Candidate]:
    """What each series with an objective may have."""
    looked = iter(look([fit for fit in judged.values() if not isinstance(fit, AsItIs)]))
    return {
        key: CANDIDATES[fit.seen] if isinstance(fit, AsItIs) else next(looked)
        for key, fit in judged.items()
    }


def _with_few_steps(judged: Mapping[Key, Judged]) -> set[Key]:
    """The series whose points lie at so few steps that they are samples of these, and no course."""
    firsts = [fit.series.step[:LEAST_POINTS] for fit in judged.values()]
    whole = [first for first in firsts if len(first) == LEAST_POINTS]
    steps = np.concatenate([np.empty(0, np.int64), *whole]).reshape(-1, LEAST_POINTS)
    # Of most series the first steps tell.
    rising = np.all(steps[:, 1:] > steps[:, :-1], axis=1)
    if len(whole) == len(firsts) and rising.all():
        return set()
    tell = iter(rising.tolist())
    return {
        key
        for first, (key, fit) in zip(firsts, judged.items(), strict=True)
        if not (len(first) == LEAST_POINTS and next(tell))
        and len(distinct(fit.series.step)) < LEAST_POINTS
    }


def _is_course_of_few(fit: Judged) -> bool:
    """Whether it is one though it has few points: each at a step of its own, and in order."""
    step = fit.series.step
    few = unimodal.FEWEST_BESIDE <= len(fit.y) <= len(step) < LEAST_POINTS
    return few and bool((step[1:] > step[:-1]).all())


def _not_judged(
    series: Sequence[ScalarSeries],
    fits: Sequence[Judged | None],
    short: Collection[Key],
    told: Collection[Key],
) -> Iterator[NotJudged]:
    """The series that are judged for values that are not finite and for stalls only, and why.

    Args:
        series: All series.
        fits: Each made fit, where it has an objective.
        short: Those at too few steps.
        told: Those of which something was told though they are short.
    """
    for one, fit in zip(series, fits, strict=True):
        if isinstance(fit, AsItIs) and not short:
            continue
        if fit is None:
            yield NotJudged(one.run, one.tag, "no known objective")
        elif (one.run, one.tag) in told:
            continue
        elif len(fit) < LEAST_POINTS:
            few = "outcomes that differ" if fit.width > 1 else "finite points"
            least = LEAST_POINTS * (OUTCOMES if fit.width > 1 else 1)
            yield NotJudged(one.run, one.tag, f"fewer than {least} {few}")
        elif (one.run, one.tag) in short:
            yield NotJudged(one.run, one.tag, f"points at fewer than {LEAST_POINTS} steps")


def _nonfinite(
    series: list[ScalarSeries], directions: Directions, seen: Iterable[int]
) -> Iterator[Finding]:
    bad = [one for one, flags in zip(series, seen, strict=True) if flags & NOT_FINITE]
    of_run: dict[str, list[ScalarSeries]] = defaultdict(list)
    for one in series if bad else ():
        if nonfinite.is_nan_with_the_weights(one, directions[one.run][one.tag]):
            of_run[one.run].append(one)
    for one in bad:
        # The runs that `add_scalars` makes lie in the one whose model they are of.
        around = accumulate(one.run.split("/"), "{}/{}".format)
        beside = [other for run in around for other in of_run.get(run, ())]
        yield from nonfinite.find(one, directions[one.run][one.tag], beside)


def _overfitted(
    judged: dict[Key, Judged],
    rates: Mapping[str, ScalarSeries],
    looked: Mapping[Key, Candidate],
    short: Collection[Key],
) -> dict[Key, Finding]:
    found = {}
    for training, validation in pairs(judged.values()):
        key = validation.series.run, validation.series.tag
        if key in short and not _is_course_of_few(validation):
            continue
        rate = rates.get(training.series.run)
        finding = blank.never_measured(training, validation)
        finding = finding or overfitting.find(training, validation, rate, rises=looked[key].rises)
        if finding is not None and not is_exchanged(judged.values(), validation):
            found[key] = finding
    return found


def _not_lost(
    overfitted: Mapping[Key, Finding], lost: Sequence[Finding], axes: Mapping[str, RunAxis]
) -> dict[Key, Finding]:
    """What is learned by heart, without what got worse where something of the model collapsed."""
    return {
        key: one
        for key, one in overfitted.items()
        if not any(each.run == one.run and is_near(one, each, axes[one.run]) for each in lost)
    }


def _trend(
    judged: Judged,
    rate: ScalarSeries | None,
    task: Given,
    may: Candidate,
) -> list[Finding]:
    """Divergence, or where there is none, a plateau, ongoing or over; and spikes before."""
    diverged = divergence.find(judged, rate, task, rises=may.rises, swings=may.swings)
    if diverged is not None:
        points = int(diverged.evidence["points_since"]) // judged.width
        return [diverged, *_spikes(judged, may, len(judged) - points)]
    rest = _at_rest(judged, rate, task, rests=may.rests)
    return [*rest, *_spikes(judged, may, len(judged))]


def _at_rest(
    judged: Judged, rate: ScalarSeries | None, task: Given, *, rests: bool = True
) -> list[Finding]:
    flat = _flat(judged, rate, task, rests=rests)
    if flat is None or restarts_within(rate, judged, flat.onset, flat.end):
        return []
    return [plateau_finding(judged, flat, rate, task.scores, task.losses)]


def _spikes(judged: Judged, may: Candidate, end: int) -> list[Finding]:
    """Spikes that were over before a point, at which something else began."""
    few = len(judged) < spike.LEAST_WINDOWS
    found = spike.find(judged, end) if few or may.spikes else None
    return [] if found is None else [found]


def _flat(judged: Judged, rate: ScalarSeries | None, task: Given, *, rests: bool) -> Plateau | None:
    """The plateau at the end, or else the longest that is over."""
    y, flat, windows = judged.y, None, None
    if few_at_rest.warms_up(judged, rate):
        return None
    if rests and len(y) >= plateau.LEAST_POINTS:
        windows = plateau.windows(y)
        scale = plateau.MOVED if judged.log else None
        flat = plateau.find(y, windows, scale=scale, ideal=ideal_of(judged))
    flat = flat or few_at_rest.find(judged, task)
    if flat is None and windows is not None:
        flat = past_plateau.find(y, windows)
    return flat


def _in_order(
    series: list[ScalarSeries], found: Iterable[Finding], axes: Mapping[str, RunAxis]
) -> list[Finding]:
    runs: dict[str, int] = {}
    for one in series:
        runs.setdefault(one.run, len(runs))
    return sorted(
        found,
        key=lambda each: (
            runs[each.run],
            SEVERITIES.index(each.severity),
            axes[each.run].onset(each),
            each.tag,
        ),
    )
