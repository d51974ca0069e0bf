"""Judges runs by accepted ones: regression tests of training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.align import OWN, align
from tbtools.analysis.band import FEWEST_RUNS, band_of
from tbtools.analysis.configuration import configuration_of
from tbtools.analysis.diff.regressions import BandCurve, Regression, TagRegression
from tbtools.analysis.objective import objectives_of, require_objectives
from tbtools.errors import InvalidArgument
from tbtools.eventfile.discover import natural_key
from tbtools.eventfile.source import source_of
from tbtools.runs.diagnostics import Provenance, require_readable
from tbtools.runs.engine import Done, engine_of, once_a_process, over_runs
from tbtools.runs.inputs import open_inputs, require_points
from tbtools.runs.scalars import Reading, read_scalars_of, stream_scalars
from tbtools.runs.selection import Selection, Selector
from tbtools.runs.series import last_of_each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.band import Band
    from tbtools.analysis.diff.regressions import Verdict
    from tbtools.runs.data import RunDiagnostics
    from tbtools.runs.engine import Engine
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.run import Run
    from tbtools.runs.series import RunScalars, ScalarSeries
    from tbtools.vocabulary import Objective

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Progress = Callable[[int, int], None] | None
    Known = tuple[list[RunScalars], Selector]

# Of all tags of a run together: so often a run like the accepted ones is called something else.
FALSE_ALARMS = 0.05
# The level at the end is the mean over so much of the steps that were judged.
_END = 0.25
# Where curves share fewer of their steps than this, accepted ones are read between their points.
_SHARED = 0.5


def diff_against(
    runs: RunsLike,
    accepted: RunsLike,
    *,
    tags: str | Sequence[str] | None = None,
    exclude_tags: str | Sequence[str] | None = None,
    steps: Steps = None,
    objectives: Mapping[str, Objective] | None = None,
    progress: Progress = None,
) -> Regression:
    """Says whether runs are like accepted ones, and if not, since which step.

    From the accepted runs the band of each tag is learned, step by step, in which another run like
    them lies at all steps at once. ``docs/diff.md`` has the method and how often it is wrong.

    Args:
        runs: What is judged, each run by itself: a path, a `Run`, an `Experiment`, or several.
        accepted: Those that it should be like, three at least. A run that is judged is left out; if
            all are below `runs`, they are not judged.
        tags: Globs; all scalars where not given.
        exclude_tags: Globs of tags that are left out.
        steps: First and last step, both included; None for no bound.
        objectives: Which way is better, by glob over tags; their words tell for the others.
        progress: Called now and then with the bytes that have been read and those of all files.

    Raises:
        InvalidArgument: There are fewer than three accepted runs, or no points in the steps.
        UnknownTag: A glob, also one of the objectives, matches no tag.
        NoEventFiles: There is nothing to read under a path.
    """
    inputs, others = open_inputs(runs), open_inputs(accepted)
    judging, models = _apart(inputs.runs, others.runs)
    if len(models) < FEWEST_RUNS:
        left_out = " besides those that are judged" * (len(models) < len(others.runs))
        raise InvalidArgument(
            f"{len(models)} accepted runs{left_out} say nothing of what is usual: "
            f"{FEWEST_RUNS} at least are needed, and more find smaller changes"
        )
    selector = Selector(Selection.of(tags, steps, exclude_tags=exclude_tags))
    known = _known(models, selector, engine_of(judging), progress)
    directions = configuration_of(inputs).with_objectives(objectives)
    judged: list[TagRegression] = []
    work = _Judging(selector.selection, known, directions)
    for matched, some, diagnostics in over_runs(judging, work, progress):
        selector.join(matched)
        judged += some
        for name, each in diagnostics.items():
            models[name].data.know(each)
    require_readable(models)
    require_readable(judging)
    require_points([*models.values(), *judging.values()], selector)
    require_objectives((each.tag for each in judged), objectives)
    every = {**{f"{others.label}/{name}": run for name, run in models.items()}, **judging}
    return Regression(
        logdir=inputs.label,
        accepted=tuple(models),
        false_alarms=FALSE_ALARMS,
        tags=tuple(judged),
        provenance=Provenance.of(every, {**others.unreadable, **inputs.unreadable}),
    )


def _known(
    models: Mapping[str, Run], selector: Selector, engine: Engine | None, progress: Progress
) -> Callable[[], Done[Known]]:
    """What is known of the accepted runs: read here, or by the processes that judge by it."""
    if engine is not None:
        return once_a_process(engine, models, Reading(selector.selection))
    read = list(stream_scalars(models, selector, progress=progress))
    return lambda: Done((read, selector), {})


@dataclass(frozen=True, slots=True)
class _Judging:
    """Judges runs by accepted ones, for `over_runs`."""

    selection: Selection
    known: Callable[[], Done[Known]]
    directions: Mapping[str, Objective]

    def __call__(
        self, read: Iterator[tuple[str, Run]]
    ) -> tuple[Selector, list[TagRegression], dict[str, RunDiagnostics]]:
        known = self.known()
        accepted, matched = known.result
        selector = Selector(self.selection)
        selector.join(matched)
        judged = [
            each
            for name, run in read
            for each in _judge_run(
                read_scalars_of(run, selector, name=name), accepted, self.directions
            )
        ]
        return selector, judged, known.diagnostics


def _apart(
    judged: Mapping[str, Run], accepted: Mapping[str, Run]
) -> tuple[dict[str, Run], dict[str, Run]]:
    """Both sides without the runs that are on both: of the side that has others besides.

    So one of the accepted can be judged by the rest, and by all of them what lies beside them.
    """
    known = {_place(run) for run in accepted.values()}
    others = {name: run for name, run in judged.items() if _place(run) not in known}
    places = {_place(run) for run in judged.values()}
    rest = {name: run for name, run in accepted.items() if _place(run) not in places}
    return (others, dict(accepted)) if others and not rest else (dict(judged), rest)


def _place(run: Run) -> str:
    return source_of(run.path).resolve(run.path)


@dataclass(frozen=True, slots=True)
class _Lost:
    """Values that are not finite, at steps that the accepted runs do not have."""

    since_step: int
    until_step: int
    value: float
    ongoing: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """A tag of a run at the places where it was judged: the steps, and behind them the end."""

    steps: Whole
    values: Floats
    band: Band
    first_of_end: int
    short: str
    lost: _Lost | None


def _judge_run(
    run: RunScalars, accepted: Sequence[RunScalars], directions: Mapping[str, Objective]
) -> Iterator[TagRegression]:
    models = {
        tag: [each for each in accepted if tag in each.series] for tag in _tags(run, accepted)
    }
    every = run.all_tags.union(*(each.all_tags for each in accepted))
    objectives = objectives_of(every, directions)
    common = [tag for tag in models if tag in run.series and len(models[tag]) >= FEWEST_RUNS]
    judged = {
        tag: _judge(run.series[tag], [each.series[tag] for each in models[tag]], len(common))
        for tag in common
    }
    share, is_farthest = _share_as_far(judged, models)
    for tag, having in models.items():
        found = judged.get(tag)
        count = f"{len(having)} of {len(accepted)} accepted runs have it"
        empty = TagRegression(run.run, tag, "not judged", objectives[tag], runs=len(having))
        if tag not in run.series:
            missing = len(having) == len(accepted)
            verdict: Verdict = "missing" if missing else "not judged"
            yield replace(empty, verdict=verdict, reason=f"{count}, and this one has not")
        elif len(having) < FEWEST_RUNS:
            yield replace(empty, reason=count)
        elif found is None:
            yield replace(empty, reason="there is no step at which all have a finite value")
        else:
            yield _described(replace(empty, p_value=share), found, is_farthest=is_farthest)


def _tags(run: RunScalars, accepted: Sequence[RunScalars]) -> list[str]:
    return sorted({*run.series}.union(*(each.series for each in accepted)), key=natural_key)


def _share_as_far(
    judged: Mapping[str, _Judged | None], models: Mapping[str, Sequence[RunScalars]]
) -> tuple[float, bool]:
    """The share of all runs, the one that is judged included, that are as far from the others.

    And whether that is the one alone.

    By the tag in which each is the farthest. No distribution is assumed, only that the order in
    which runs were made says nothing (Vovk, Gammerman and Shafer, "Algorithmic learning in a random
    world", 2005).
    """
    own, others = 0.0, dict[str, float]()
    for tag, found in judged.items():
        if found is None:
            continue
        own = np.inf if found.lost else max(own, found.band.judged)
        for each, far in zip(models[tag], found.band.accepted.tolist(), strict=True):
            others[each.run] = max(others.get(each.run, 0.0), far)
    as_far = sum(far >= own for far in others.values())
    return (1 + as_far) / (1 + len(others)), not as_far


def _judge(judged: ScalarSeries, accepted: Sequence[ScalarSeries], tags: int) -> _Judged | None:
    """One tag; the level at the end is judged as one more place behind the last step."""
    curves = [_by_step(each) for each in (judged, *accepted)]
    steps, values = _on_one_axis(curves)
    if not steps.size:
        return None
    first_of_end = int(np.searchsorted(steps, steps[-1] - (steps[-1] - steps[0]) * _END))
    end = values[:, first_of_end:]
    # A sum of large values might be infinite, one of shares is not.
    places = np.hstack([values, (end / end.shape[1]).sum(axis=1, keepdims=True)])
    last, *others = (int(step[-1]) for step, _ in curves)
    short = last < min(others) - _spacing(curves[1][0]) / 2
    return _Judged(
        steps,
        places[0],
        band_of(places[1:], places[0], FALSE_ALARMS / tags),
        first_of_end,
        f"it ends at step {last:,}, accepted runs go on to {min(others):,}" * short,
        _lost(curves, steps),
    )


def _lost(curves: Sequence[tuple[Whole, Floats]], steps: Whole) -> _Lost | None:
    """What the first curve has that is not finite besides these steps, where no other has such."""
    own, values = curves[0]
    at = np.flatnonzero(~np.isfinite(values) & ~np.isin(own, steps))
    if not at.size or not all(np.isfinite(value).all() for _, value in curves[1:]):
        return None
    ongoing = bool(at[-1] == own.size - 1)
    return _Lost(int(own[at[0]]), int(own[at[-1]]), float(values[at[0]]), ongoing)


def _by_step(series: ScalarSeries) -> tuple[Whole, Floats]:
    """Its steps, rising, and values: of several at one step the last one written."""
    kept = last_of_each(series.step)
    return series.step[kept], series.value[kept]


def _on_one_axis(curves: Sequence[tuple[Whole, Floats]]) -> tuple[Whole, Floats]:
    """The steps at which curves are compared, shape (m,), and their values, shape (n, m).

    The first is the one that is judged, whose steps these are; the others are finite there. A line
    between two points has less noise than a point: it is only drawn where steps are not shared.
    """
    own = curves[0][0]
    aligned = align([step for step, _ in curves], "interpolate")
    at = np.searchsorted(aligned.x, own)
    values = aligned.values([value for _, value in curves])[:, at]
    finite = np.isfinite(values[1:]).all(axis=0)
    shared = finite & (aligned.state[:, at] == OWN).all(axis=0)
    kept = shared if shared.sum() >= _SHARED * finite.sum() else finite
    return own[kept], values[:, kept]


def _spacing(steps: Whole) -> float:
    return float(np.median(np.diff(steps))) if steps.size > 1 else 0.0


def _described(empty: TagRegression, judged: _Judged, *, is_farthest: bool) -> TagRegression:
    band, steps = judged.band, judged.steps
    outside = band.outside & is_farthest
    bad = _bad(band, empty.objective)
    verdict = _verdict(outside, bad, empty.objective)
    concerned = outside & bad if verdict == "worse" else outside
    if verdict == "normal" and judged.short:
        verdict = "short"
    end = steps.size  # the place of the level
    where = np.flatnonzero(concerned[:end])
    seen = concerned[:end] if where.size else concerned
    at = int(np.argmax(np.where(seen if seen.any() else True, np.abs(band.z[: seen.size]), -1.0)))
    low, high = band.low, band.high
    found = replace(
        empty,
        verdict=verdict,
        reason=judged.short,
        points=int(end),
        outside=int(where.size),
        z=float(band.z[at]),
        z_step=int(steps[at]) if at < end else None,
        value=float(judged.values[at]),
        low=float(low[at]),
        high=float(high[at]),
        limit=band.limit,
        last_step=int(steps[-1]),
        level=float(judged.values[end]),
        level_z=float(band.z[end]),
        level_low=float(low[end]),
        level_high=float(high[end]),
        detectable=band.detectable(end),
        curve=BandCurve(steps, judged.values[:end], band.center[:end], low[:end], high[:end]),
    )
    lost = judged.lost
    if lost and verdict not in ("worse", "abnormal"):
        return replace(
            found,
            verdict="abnormal" if empty.objective == "none" else "worse",
            reason=f"it is {lost.value} at step {lost.since_step:,}, where no accepted run is",
            since_step=lost.since_step,
            until_step=lost.until_step,
            ongoing=lost.ongoing,
        )
    if not concerned.any():
        return found
    since = where[0] if where.size else judged.first_of_end
    until = where[-1] if where.size and not concerned[end] else end - 1
    return replace(
        found,
        since_step=int(steps[since]),
        until_step=int(steps[until]),
        ongoing=bool(concerned[end] or concerned[end - 1]),
    )


def _bad(band: Band, objective: Objective) -> NDArray[np.bool_]:
    """At which places the curve is on the wrong side of the mean, or not finite."""
    z = -band.z if objective == "max" else band.z
    return (z > 0) | ~np.isfinite(z)


def _verdict(outside: NDArray[np.bool_], bad: NDArray[np.bool_], objective: Objective) -> Verdict:
    if not outside.any():
        return "normal"
    if objective == "none":
        return "abnormal"
    return "worse" if (outside & bad).any() else "better"
