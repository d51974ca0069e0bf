"""The rows of a run in the order of its timeline, without what was superseded, by time series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tbtools.eventfile.discover import natural_key
from tbtools.runs.plugins.table import PLUGINS
from tbtools.runs.timeline import rows as row_kinds
from tbtools.runs.timeline.stable_order import stable_order
from tbtools.runs.timeline.timeline import build_timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.timeline.notes import Note
    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.timeline import Timeline
    from tbtools.vocabulary import RestartPolicy

    _BySeries = tuple[tuple["SeriesRows", ...], NDArray[np.int64]]

# A row belongs to no plugin, to one that has kinds of its own, or to the one that its metadata
# declares.
_PLUGINS = ("", *(name for name, plugin in PLUGINS.items() if plugin.kinds))
_UNKNOWN, _SCALARS, _DECLARED = 0, _PLUGINS.index("scalars"), len(_PLUGINS)
_SLOTS = len(_PLUGINS) + 1
# By the kind of a row, for values that are no tensors.
_SLOT_OF_KIND = np.zeros(256, np.uint8)
for _slot, _name in enumerate(_PLUGINS[1:], 1):
    _SLOT_OF_KIND[list(PLUGINS[_name].kinds)] = _slot


@dataclass(frozen=True, slots=True)
class SeriesRows:
    """One time series of a run, as a stretch of `RunColumns.order`.

    Attributes:
        tag: Its tag.
        tag_id: The tag's number in the run.
        plugin: The plugin that shows it; "" where none is declared.
        scalar: Whether all its values are numbers of the plugin scalars.
        first: Where its rows start in the order.
        end: Where they end.
    """

    tag: str
    tag_id: int
    plugin: str
    scalar: bool
    first: int
    end: int

    @property
    def count(self) -> int:
        """How many points it has."""
        return self.end - self.first


@dataclass(frozen=True, eq=False)
class RunColumns:
    """What is left of a run's rows after restarts, by series.

    The rows are gathered by series when that is first asked for.

    Attributes:
        timeline: The run's timeline.
    """

    timeline: Timeline
    _chosen: _BySeries | None = None

    @cached_property
    def _by_series(self) -> _BySeries:
        return self._chosen or _gather(self.timeline)

    @property
    def series(self) -> tuple[SeriesRows, ...]:
        """In natural order of their tags.

        One tag has two where it holds both numbers and, say, pictures.
        """
        return self._by_series[0]

    @property
    def order(self) -> NDArray[np.int64]:
        """The rows that count.

        Those of the first series in the order of the timeline, then those of the second, and so on.
        """
        return self._by_series[1]

    @property
    def rows(self) -> RunRows:
        """The rows as they stand in the files."""
        return self.timeline.rows

    @property
    def superseded(self) -> int:
        """How many rows were left out."""
        left_out = self.timeline.superseded
        return 0 if left_out is None else int(np.count_nonzero(left_out))

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """What should be known of the timeline."""
        return tuple(
            self.timeline.notes(lambda: [(each.tag, self.of(each)) for each in self.scalars()])
        )

    def of(self, series: SeriesRows) -> NDArray[np.int64]:
        """The rows of one series, in the order of the timeline."""
        return self.order[series.first : series.end]

    def scalars(self) -> Iterator[SeriesRows]:
        """The series of numbers."""
        return (series for series in self.series if series.scalar)

    def within(self, first: int | None, last: int | None) -> RunColumns:
        """The same, only with steps from `first` to `last`, both included; None for no bound."""
        if first is None and last is None:
            return self
        kept = is_within(self.rows.step[self.order], first, last)
        before = np.concatenate([[0], np.cumsum(kept)])
        series = [
            replace(each, first=int(before[each.first]), end=int(before[each.end]))
            for each in self.series
        ]
        return self.only(series, self.order[kept])

    def only(self, series: Sequence[SeriesRows], order: NDArray[np.int64]) -> RunColumns:
        """The same timeline with other series, which are stretches of this order."""
        return RunColumns(self.timeline, (tuple(series), order))


def is_within(step: NDArray[np.int64], first: int | None, last: int | None) -> NDArray[np.bool_]:
    """Which steps lie between two, both included; None for no bound."""
    within = np.ones(step.size, bool)
    if first is not None:
        within &= step >= first
    if last is not None:
        within &= step <= last
    return within


def _plugin_slots(rows: RunRows) -> NDArray[np.uint8]:
    """For each shape of rows its plugin: an index into `_PLUGINS`, or `_DECLARED`."""
    shapes = rows.values.shapes
    slots = _SLOT_OF_KIND[shapes.kind]
    by_metadata = np.flatnonzero((shapes.kind == row_kinds.TENSOR) | (shapes.kind == 0))
    if by_metadata.size:
        known = {plugin: slot for slot, plugin in enumerate(_PLUGINS)}
        declared = np.array([known.get(name, _DECLARED) for name in rows.plugins], np.uint8)
        slots[by_metadata] = declared[shapes.tag_id[by_metadata]]
        # Under the plugin scalars only what reads as one number is a scalar.
        slots[(slots == _SCALARS) & (shapes.dtype == 0)] = _UNKNOWN
    return slots


def _series_names(rows: RunRows, keys: list[int]) -> list[tuple[str, str]]:
    """Tag and plugin of each key, which is tag_id * _SLOTS + slot."""
    names = []
    for key in keys:
        tag_id, slot = divmod(key, _SLOTS)
        plugin = rows.plugins[tag_id] if slot == _DECLARED else _PLUGINS[slot]
        names.append((rows.tags[tag_id], plugin))
    return names


def gather(files: Sequence[FileColumns], policy: RestartPolicy) -> RunColumns:
    """The columns of a run.

    Args:
        files: The event files of the run, sorted by name.
        policy: The restart policy.
    """
    return RunColumns(build_timeline(files, policy))


def _gather(timeline: Timeline) -> _BySeries:
    rows = timeline.rows
    key_of_shape = np.multiply(rows.values.shapes.tag_id, _SLOTS, dtype=np.int64)
    key_of_shape += _plugin_slots(rows)
    shape = rows.values.shape
    counts = _count(shape, key_of_shape, len(rows.tags) * _SLOTS)
    keys = np.flatnonzero(counts)
    names = _series_names(rows, keys.tolist())
    shown = sorted(range(keys.size), key=lambda i: (natural_key(names[i][0]), names[i][1]))
    keys = keys[shown]

    kept = _kept_rows(timeline)
    if kept is not None:
        shape = shape[kept]
        counts = _count(shape, key_of_shape, counts.size)
    number = np.zeros(counts.size, np.min_scalar_type(keys.size))
    number[keys] = np.arange(keys.size)
    if keys.size > 1:
        # There are all of them: no checking.
        order = stable_order(np.take(number[key_of_shape], shape, mode="clip"), keys.size)
    else:
        order = np.arange(shape.size)
    ends = np.cumsum(counts[keys]).tolist()
    series = tuple(
        SeriesRows(
            tag=names[i][0],
            tag_id=key // _SLOTS,
            plugin=names[i][1],
            scalar=key % _SLOTS == _SCALARS,
            first=first,
            end=end,
        )
        for i, key, first, end in zip(shown, keys.tolist(), [0, *ends], ends, strict=False)
    )
    order = order if kept is None else kept[order]
    return series, order


def _count(
    shape: NDArray[np.int32], key_of_shape: NDArray[np.int64], keys: int
) -> NDArray[np.int64]:
    """How many rows have each key."""
    counts = np.zeros(keys, np.int64)
    np.add.at(counts, key_of_shape, np.bincount(shape, minlength=key_of_shape.size))
    return counts


def _kept_rows(timeline: Timeline) -> NDArray[np.int64] | None:
    """The rows that are not superseded, in the order written; None for all as they stand."""
    if timeline.superseded is None:
        return timeline.order
    if timeline.order is None:
        return np.flatnonzero(~timeline.superseded)
    return timeline.order[~timeline.superseded[timeline.order]]
