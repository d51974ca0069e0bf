"""Plans smaller logs: fewer pictures and histograms, thinned scalars, one event file a run.

Nothing is written here; `tbtools.render.compacted.write_compaction` carries out the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.compacted import Compaction, RunCompaction
from tbtools.analysis.edit.assets import asset_plugins, assets_of, distinct_assets
from tbtools.analysis.edit.results import PluginEdit
from tbtools.analysis.edit.runs import DECLARATIONS, GRAPH_MARKS, plugin_of
from tbtools.analysis.edit.seen import GRAPHS
from tbtools.analysis.file_groups import group_files
from tbtools.analysis.judgement import judge
from tbtools.analysis.pieces import Rewritten, pieces_of, result_name
from tbtools.analysis.places import Folders
from tbtools.analysis.prominent import prominent
from tbtools.analysis.stretches import ScannedFile
from tbtools.errors import InvalidArgument, MissingExtra
from tbtools.runs.diagnostics import problem_dicts, require_readable
from tbtools.runs.inputs import open_inputs, require_events
from tbtools.runs.reading import read_each
from tbtools.runs.selection import EVERYTHING, Selection, Selector, as_globs, choose, matches
from tbtools.runs.timeline.restarts import check_policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from tbtools.analysis.edit.results import Asset
    from tbtools.analysis.file_groups import FileGroup
    from tbtools.runs.inputs import Inputs, RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.selection import Globs
    from tbtools.runs.timeline.notes import RunNote

_SCALARS = "scalars"
# Fewer points than these tell no curve; `tbtools.render.thinning` thins to no fewer either.
_LEAST_POINTS = 16
# So many points on each side of the steps that a finding names stay: enough to see what it says.
_AROUND = 25


@dataclass(frozen=True, slots=True)
class Limit:
    """Which values of a tag stay: ``first:N``, ``last:N``, or ``every:N`` and the last.

    Attributes:
        what: ``first``, ``last`` or ``every``.
        count: N, at least 1.
    """

    what: str
    count: int

    @classmethod
    def of(cls, rule: object) -> Limit:
        """From its text.

        Raises:
            InvalidArgument: It is none.
        """
        what, _, count = str(rule).partition(":")
        if what not in ("first", "last", "every") or not count.isdecimal() or not int(count):
            raise InvalidArgument(f"{rule!r} is none of first:N, last:N and every:N")
        return cls(what, int(count))

    def chosen(self, total: int) -> NDArray[np.int64]:
        """Which of so many values in a row stay."""
        if self.what == "every":
            return np.union1d(np.arange(0, total, self.count), np.arange(total)[-1:])
        part = slice(self.count) if self.what == "first" else slice(-self.count, None)
        return np.arange(total)[part]


def compact(
    runs: RunsLike,
    progress: Callable[[int, int], None] | None = None,
    *,
    plugins: Globs = None,
    limits: Mapping[str, str] | None = None,
    thin: int | None = None,
    tags: Globs = None,
    exclude_tags: Globs = None,
    steps: Steps = None,
    restarts: str = "resume",
) -> Compaction:
    """Plans smaller logs of the same runs: one event file each, records byte for byte.

    Points that a restart has superseded are left out, as by `merge`. Hyperparameters and layouts of
    custom scalars are never thinned.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        progress: As for `Experiment.scan`.
        plugins: Globs of plugins that stay; all where not given. ``graphs`` are the graph of a run
            and what was traced of it, ``projector`` its embeddings.
        limits: Plugin to which values of each of its tags stay: ``last:N``, ``first:N``, or
            ``every:N`` and the last.
        thin: How many points of each scalar stay, about: those that MinMaxLTTB chooses, and
            besides these all that are not finite, the first and last of each writer session, and
            those around the steps that findings name.
        tags: Globs; all tags where not given.
        exclude_tags: Globs of tags that are left out.
        steps: First and last step, both included; None for no bound.
        restarts: ``resume``, ``preempt``, ``session_log`` or ``keep``.

    Returns:
        The plan; its `write` or `tbtools.write` carries it out.

    Raises:
        UnknownTag: A glob matches no tag.
        InvalidArgument: There is no such plugin or rule, or nothing would be left.
        NoEventFiles: There is nothing to read under a path.
        InputChanged: A file was replaced while it was read.
        MissingExtra: Thinning needs the extra ``report``.
    """
    policy = check_policy(restarts)
    wishes = _Wishes(as_globs(plugins), _as_limits(limits), _as_points(thin))
    inputs = open_inputs(runs)
    selector = Selector(Selection.of(tags, steps, exclude_tags=exclude_tags), scalars=False)
    around = {} if thin is None else _found_steps(inputs)
    folders = Folders(list(inputs.runs.values()))
    compacted: list[RunCompaction] = []
    counts: dict[str, list[int]] = {}
    assets: list[Asset] = []
    run_notes: list[RunNote] = []
    for name, run in read_each(inputs.runs, progress):
        run.data.diagnostics  # noqa: B018 - known from now on, also when the run is let go
        run_notes += [(name, note) for note in run.data.file_notes()]
        for group in group_files({name: run}, policy, union=False):
            group.select(selector)
            superseded = sum(group.superseded_by_tag().values())
            _restrict(group, wishes, {tag: around.get((name, tag)) for tag in group.rows.tags})
            _count(group, counts)
            compacted.append(_compacted(name, folders.of(run), group, superseded))
            run_notes += group.notes()
        beside = asset_plugins(run.data.path)
        for plugin in beside:
            counts.setdefault(plugin, [0, 0, 0, 0])
        assets += assets_of(run.data.path, folders.of(run), filter(wishes.has, beside))
    selector.require_match()
    require_readable(inputs.runs)
    require_events(inputs.runs.values())
    wishes.require_used(set(counts))
    if not any(run.kept for run in compacted):
        raise InvalidArgument("nothing would be left: no value is selected")
    return Compaction(
        runs=tuple(compacted),
        plugins=tuple(PluginEdit(plugin, *counts[plugin]) for plugin in sorted(counts)),
        assets=tuple(distinct_assets(assets, [run.output for run in compacted])),
        problems=tuple(problem_dicts(inputs.runs, inputs.unreadable)),
        run_notes=tuple(run_notes),
        read_paths=tuple(dict.fromkeys(run.data.read_path for run in inputs.runs.values())),
    )


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What is to stay.

    Attributes:
        plugins: Globs; none for all.
        limits: By plugin.
        points: How many points of a scalar; None for all.
    """

    plugins: tuple[str, ...]
    limits: Mapping[str, Limit]
    points: int | None

    def has(self, plugin: str) -> bool:
        """Whether values of a plugin stay."""
        return matches(plugin, self.plugins)

    def require_used(self, plugins: set[str]) -> None:
        """Refuses what is about plugins that there are not.

        Raises:
            InvalidArgument: One is not there.
        """
        for glob in (*self.plugins, *self.limits):
            if not choose(plugins, glob):
                known = ", ".join(sorted(plugins - {""}))
                raise InvalidArgument(f"no plugin {glob!r}; there are {known}")


def _as_limits(limits: object) -> dict[str, Limit]:
    if limits is None:
        return {}
    if not isinstance(limits, Mapping):
        raise InvalidArgument(f"limits={limits!r} is no mapping of plugins to rules")
    found = {str(plugin): Limit.of(rule) for plugin, rule in limits.items()}
    for plugin in (*DECLARATIONS, _SCALARS):
        if plugin in found:
            raise InvalidArgument(f"there is no limit for {plugin}; scalars are thinned")
    return found


def _as_points(points: object) -> int | None:
    if points is None:
        return None
    if isinstance(points, bool) or not isinstance(points, int) or points < _LEAST_POINTS:
        raise InvalidArgument(f"thin={points!r} is no number of points from {_LEAST_POINTS} on")
    if find_spec("tsdownsample") is None:
        raise MissingExtra("thinning", "report")
    return points


def _found_steps(inputs: Inputs) -> dict[tuple[str, str], set[int]]:
    """Run and tag to the steps that findings about it name."""
    found: dict[tuple[str, str], set[int]] = {}
    for each in judge(inputs, EVERYTHING).findings:
        steps = (each.onset_step, each.end_step, each.best_step, each.last_good_step)
        known = found.setdefault((each.run, each.tag), set())
        known |= {int(step) for step in steps if step is not None}
    return found


def _restrict(group: FileGroup, wishes: _Wishes, around: Mapping[str, set[int] | None]) -> None:
    """Leaves out what is not wanted of a run."""
    rows, columns = group.rows, group.columns
    chosen = np.zeros(rows.count, bool)
    for series in columns.series:
        if not wishes.has(series.plugin):
            continue
        if series.plugin in DECLARATIONS:  # also those that a later session wrote again
            chosen[rows.tag_id == series.tag_id] = True
            continue
        own = columns.of(series)
        own = own[group.kept[own]]
        if series.scalar and wishes.points is not None:
            own = own[_thinned(group, own, wishes.points, around[series.tag] or set())]
        elif series.plugin in wishes.limits:
            own = own[wishes.limits[series.plugin].chosen(own.size)]
        chosen[own] = True
    group.restrict(chosen, marks=() if wishes.has(GRAPHS) else GRAPH_MARKS)


def _thinned(
    group: FileGroup, own: NDArray[np.int64], points: int, around: set[int]
) -> NDArray[np.int64]:
    """Which points of a series stay."""
    values, step = group.rows.value[own], group.rows.step[own]
    if own.size <= points:
        return np.arange(own.size)
    finite = np.isfinite(values)
    session = group.timeline.session_of(own)
    turns = np.flatnonzero(np.diff(session))
    named = np.flatnonzero(np.isin(step, list(around)))
    near = (named[:, None] + np.arange(-_AROUND, _AROUND + 1)).ravel()
    kept: NDArray[np.int64] = np.unique(
        np.concatenate(
            [
                prominent(values, finite, points),
                np.flatnonzero(~finite),
                turns,
                turns + 1,
                near[(near >= 0) & (near < own.size)],
            ]
        )
    )
    return kept


def _count(group: FileGroup, counts: dict[str, list[int]]) -> None:
    """Adds plugin to values, their bytes, values that stay, their bytes."""
    rows, kept = group.rows, group.kept
    shapes = rows.values.shapes
    pairs = zip(shapes.tag_id.tolist(), shapes.kind.tolist(), strict=True)
    plugins = [plugin_of(kind, rows.plugins[tag]) for tag, kind in pairs]
    for plugin in dict.fromkeys(plugins):
        own = rows.values.of_shape(np.array([each == plugin for each in plugins], bool))
        known = counts.setdefault(plugin, [0, 0, 0, 0])
        for place, chosen in ((0, own), (2, own & kept)):
            known[place] += int(chosen.sum())
            known[place + 1] += int(rows.length[chosen].sum(dtype=np.int64))
    if any(np.isin(file.mark_kind, GRAPH_MARKS).any() for file in rows.files):
        counts.setdefault(GRAPHS, [0, 0, 0, 0])


def _compacted(name: str, folder: Path, group: FileGroup, superseded: int) -> RunCompaction:
    rows, kept = group.rows, group.kept
    pieces = tuple(pieces_of([group]))
    times = [file.first_wall_time for file in rows.files]
    start_time = min((time for time in times if time and np.isfinite(time)), default=0.0)
    bounds = zip(rows.starts[:-1].tolist(), rows.starts[1:].tolist(), strict=True)
    count = int(kept.sum())
    return RunCompaction(
        run=name,
        output=(folder / result_name(start_time)).as_posix() if pieces else None,
        event_files=len(rows.files),
        values=rows.count,
        kept=count,
        superseded=superseded,
        bytes=sum(file.size for file in rows.files),
        start_time=start_time,
        rewritten=sum(isinstance(piece, Rewritten) for piece in pieces),
        pieces=pieces,
        files=tuple(ScannedFile.of(file) for file in rows.files),
        rows=tuple(np.flatnonzero(kept[first:end]) for first, end in bounds),
    )
