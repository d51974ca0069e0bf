"""Scalars of runs, read as time series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tbtools.errors import UnknownTag
from tbtools.eventfile.discover import natural_key
from tbtools.runs.diagnostics import require_readable
from tbtools.runs.engine import engine_of, over_runs
from tbtools.runs.numbers import DTYPE_NAMES, distinct
from tbtools.runs.reading import read_each
from tbtools.runs.row_order import RowOrder
from tbtools.runs.selection import Selection, Selector
from tbtools.runs.series import RunScalars, ScalarSeries, axis_name
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tbtools.eventfile.value_rows import ValueRows
    from tbtools.runs.columns import SeriesRows
    from tbtools.runs.parts import Part
    from tbtools.runs.run import Run


def read_scalars_of(
    run: Run, selector: Selector | None = None, x: str = "step", name: str | None = None
) -> RunScalars:
    """The selected scalars of a run as arrays.

    Args:
        run: The run.
        selector: What is selected; everything by default.
        x: The axis they will be looked at along.
        name: What the run is called; its own name where not given.

    Raises:
        UnknownTag: The axis is a tag that the run does not have.
    """
    selector = selector or Selector(Selection())
    name = run.name if name is None else name
    start_time = run.data.start_time
    parts = run.data.parts
    found: list[ScalarSeries] = []
    for whole in parts:
        part, chosen = selector.choose(whole)
        scalars = [each for each in chosen if each.scalar]  # the selector may be for all plugins
        found += _series(name, part, scalars, start_time)
    by_tag = {each.tag: each for each in found}  # in order where they are of one part
    if len(parts) > 1 or len(by_tag) < len(found):
        by_tag = _of_parts(found)
    return RunScalars(
        run=name,
        start_time=start_time,
        series=by_tag,
        all_tags=scalar_tags(run),
        axis=None if axis_name(x) in AXES else _axis(run, x, start_time),
    )


def read_superseded_of(run: Run, tag: str) -> ScalarSeries | None:
    """The points of a scalar that restarts have superseded, in the order written; None for none.

    Args:
        run: The run.
        tag: The tag, as it is shown.
    """
    found: list[ScalarSeries] = []
    for part in run.data.parts:
        left_out = part.columns.timeline.superseded
        if left_out is None:
            continue
        values, numbers = part.columns.rows.values, np.flatnonzero(left_out)
        for each in part.columns.scalars():
            if part.shown_tag(each.tag) != tag:
                continue
            shape = values.shape[numbers]
            own = (values.shapes.tag_id[shape] == each.tag_id) & (values.shapes.dtype[shape] != 0)
            if own.any():
                order = RowOrder.of(numbers[own], np.array([np.count_nonzero(own)]))
                found += _series_of(
                    run.name, part, [(tag, each.tag_id)], order, run.data.start_time
                )
    return _joined(found) if found else None


def scalar_tags(run: Run) -> frozenset[str]:
    """The tags of all scalars of a run."""
    return frozenset[str]().union(
        *(
            part.shown_tags([each for each in part.columns.series if each.scalar and each.count])
            for part in run.data.parts
        )
    )


def stream_scalars(
    runs: Mapping[str, Run],
    selection: Selection | Selector | None = None,
    x: str = "step",
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[RunScalars]:
    """The selected scalars of many runs, of which the next ones are read meanwhile on all cores.

    Of a run that had not been read before, only these series stay in memory. An engine reads some
    runs after the others, and sends these series.

    Args:
        runs: Name to run.
        selection: What is selected; everything by default. Of a selector that is handed over, its
            owner requires the match, for other runs may have the tags.
        x: The axis they will be looked at along.
        progress: As for `Experiment.scan`.

    Raises:
        UnknownTag: A run does not have the tag that is the axis; or, at the end, a name or glob
            matched no tag.
        NoEventFiles: At the end, if not one event of any run could be read.
        InvalidArgument: Likewise, if there was no point in the steps.
    """
    own = not isinstance(selection, Selector)
    selector = selection if isinstance(selection, Selector) else Selector(selection or Selection())
    if engine_of(runs) is None:
        for name, run in read_each(runs, progress):
            yield read_scalars_of(run, selector, x, name)
    else:
        reading = Reading(selector.selection, selector.scalars, x)
        for scalars, matched in over_runs(runs, reading, progress):
            selector.join(matched)
            yield from scalars
    require_readable(runs)
    if own:
        selector.require_match()


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads scalars, for `over_runs`."""

    selection: Selection
    scalars: bool = True
    x: str = "step"

    def __call__(self, read: Iterator[tuple[str, Run]]) -> tuple[list[RunScalars], Selector]:
        """What was read, and what of the selection has matched."""
        selector = Selector(self.selection, scalars=self.scalars)
        return [read_scalars_of(run, selector, self.x, name) for name, run in read], selector


def _series(
    run: str, part: Part, chosen: Sequence[SeriesRows], start_time: float
) -> Iterator[ScalarSeries]:
    if not chosen:
        return iter(())
    tags = list(zip(part.shown_tags(chosen), [each.tag_id for each in chosen], strict=True))
    return _series_of(run, part, tags, part.columns.order_of(chosen), start_time)


def _series_of(
    run: str, part: Part, tags: Sequence[tuple[str, int]], order: RowOrder, start_time: float
) -> Iterator[ScalarSeries]:
    """Series of some rows, whose arrays are stretches of those of all these rows.

    Args:
        run: Their run.
        part: The part of it.
        tags: The tag of each, as it is shown, and its number.
        order: The rows of the first, then those of the second, and so on.
        start_time: Of the run's first event.
    """
    rows, timeline = part.columns.rows, part.columns.timeline
    step, wall_time, value = map(order.taken, (rows.step, rows.wall_time, rows.values.number))
    session, pauses = timeline.sessions_in(order), timeline.pauses
    stored = {dtype for dtype in rows.values.shapes.dtype.tolist() if dtype}
    alike = _dtype_name(stored) if len(stored) == 1 else None
    several = len(timeline.sessions) > 1
    restarts = np.empty(0, np.int64)
    ends = [0, *order.ends.tolist()]
    for (tag, tag_id), (first, end) in zip(tags, pairwise(ends), strict=True):
        own = slice(first, end)
        sessions = session[own]
        if several:
            restarts = timeline.restarts_in(sessions)
        # By position, for names would take as long again.
        yield ScalarSeries(
            run,
            tag,
            alike or _dtype_name(_stored_as(rows.values, tag_id, order, own)),
            step[own],
            wall_time[own],
            value[own],
            sessions,
            restarts,
            start_time,
            pauses,
        )


def _dtype_name(codes: set[int]) -> str:
    return DTYPE_NAMES[min(codes)] if len(codes) == 1 else "mixed"


def _stored_as(values: ValueRows, tag_id: int, order: RowOrder, own: slice) -> set[int]:
    """The dtypes of a series, of which its rows are only asked where its tag has several."""
    shapes = values.shapes
    codes = set(shapes.dtype[(shapes.tag_id == tag_id) & (shapes.dtype != 0)].tolist())
    if len(codes) > 1:
        codes = set(distinct(values.dtypes(order.stretch(own.start, own.stop))).tolist())
    return codes


def _of_parts(series: Sequence[ScalarSeries]) -> dict[str, ScalarSeries]:
    """Series of several parts by tag, in natural order; of those shown under one tag one."""
    found: dict[str, list[ScalarSeries]] = {}
    for each in series:
        found.setdefault(each.tag, []).append(each)
    return {tag: _joined(found[tag]) for tag in sorted(found, key=natural_key)}


def _joined(series: Sequence[ScalarSeries]) -> ScalarSeries:
    """One series of several that are shown under one tag: sub-runs folded into their run."""
    if len(series) == 1:
        return series[0]
    first = series[0]
    lengths = np.cumsum([0, *(each.step.size for each in series[:-1])])
    dtypes = {each.dtype for each in series}
    return replace(
        first,
        dtype=first.dtype if len(dtypes) == 1 else "mixed",
        step=np.concatenate([each.step for each in series]),
        wall_time=np.concatenate([each.wall_time for each in series]),
        value=np.concatenate([each.value for each in series]),
        session=np.concatenate([each.session for each in series]),
        restarts=np.concatenate(
            [each.restarts + before for each, before in zip(series, lengths, strict=True)]
        ),
    )


def _axis(run: Run, tag: str, start_time: float) -> ScalarSeries:
    """The series of a tag, whatever is selected.

    Raises:
        UnknownTag: The run has no such scalar.
    """
    found: list[ScalarSeries] = []
    for part in run.data.parts:
        named = [each for each in part.columns.scalars() if part.shown_tag(each.tag) == tag]
        found += _series(run.name, part, [each for each in named if each.count], start_time)
    if not found:
        known = {
            part.shown_tag(each.tag) for part in run.data.parts for each in part.columns.scalars()
        }
        raise UnknownTag(tag, sorted(known, key=natural_key))
    return _joined(found)
