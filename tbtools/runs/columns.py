"""The rows of a run in the order of its timeline, without what was superseded, by time series."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.eventfile.discover import natural_key
from tbtools.runs.loops import loops
from tbtools.runs.plugins.table import PLUGINS
from tbtools.runs.row_order import RowOrder
from tbtools.runs.shared import shared_by_names
from tbtools.runs.timeline import rows as row_kinds
from tbtools.runs.timeline.timeline import build_timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.timeline.notes import Note
    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.timeline import Timeline
    from tbtools.vocabulary import RestartPolicy

    _BySeries = tuple[tuple["SeriesRows", ...], RowOrder]

# A row belongs to no plugin, to one that has kinds of its own, or to the one that its metadata
# declares.
_PLUGINS = ("", *(name for name, plugin in PLUGINS.items() if plugin.kinds))
_SLOT = {plugin: slot for slot, plugin in enumerate(_PLUGINS)}
_SCALARS, _DECLARED, _BY_METADATA = _SLOT["scalars"], len(_PLUGINS), 255
_SLOTS = len(_PLUGINS) + 1
# How many rows are looked at together for one of a scalar.
_LOOKED_AT = 1 << 16
_SLOT_OF_KIND = np.zeros(256, np.uint8)
_SLOT_OF_KIND[[0, row_kinds.TENSOR]] = _BY_METADATA
for _name in _PLUGINS[1:]:
    _SLOT_OF_KIND[list(PLUGINS[_name].kinds)] = _SLOT[_name]


@dataclass(slots=True)  # not frozen: making one takes half the time
class SeriesRows:
    """One time series of a run, as a stretch of `RunColumns.order`; runs that are alike share it.

    Attributes:
        tag: Its tag.
        tag_id: The tag's number in the run.
        plugin: The plugin that shows it; "" where none is declared.
        scalar: Whether all its values are numbers of the plugin scalars.
        first: Where its rows start in the order.
        end: Where they end.
        count: How many points it has.
    """

    tag: str
    tag_id: int
    plugin: str
    scalar: bool
    first: int
    end: int
    count: int = field(init=False)

    def __post_init__(self) -> None:
        # It is asked for again and again.
        self.count = self.end - self.first


class Stretches(NamedTuple):
    """Where the rows of some series of a run are.

    Attributes:
        order: int64, the order of the run's rows by series.
        firsts: int64, where the rows of each series start in it.
        ends: int64, where they end.
    """

    order: NDArray[np.int64]
    firsts: NDArray[np.int64]
    ends: NDArray[np.int64]


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
        """The rows that count; made anew each time.

        Those of the first series in the order of the timeline, then those of the second, and so on.
        """
        return self._by_series[1].all()

    @property
    def count(self) -> int:
        """How many they are."""
        return self._by_series[1].size

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

    @property
    def has_scalars(self) -> bool:
        """Whether a point of a scalar is left: for that, no row needs to be gathered."""
        if self._chosen or "_by_series" in vars(self):
            return any(each.count for each in self.scalars())
        key_of_shape, _ = _keys(self.rows)
        is_scalar = key_of_shape % _SLOTS == _SCALARS
        shape, left_out = self.rows.values.shape, self.timeline.superseded
        for first in range(0, shape.size, _LOOKED_AT):  # mostly the first rows tell
            here = slice(first, first + _LOOKED_AT)
            found = is_scalar[shape[here]]
            if (found if left_out is None else found & ~left_out[here]).any():
                return True
        return False

    def order_of(self, series: Sequence[SeriesRows]) -> RowOrder:
        """The rows of several series that have points, one behind the other."""
        order = self._by_series[1]
        return order if len(series) == len(self.series) else order.stretches(*_bounds(series))

    def of(self, series: SeriesRows) -> NDArray[np.int64]:
        """The rows of one series, in the order of the timeline."""
        return self._by_series[1].stretch(series.first, series.end)

    def stretches(self, series: Sequence[SeriesRows]) -> Stretches:
        """Where the rows of some series are, for loops over all of them."""
        return Stretches(self.order, *_bounds(series))

    def scalars(self) -> Iterator[SeriesRows]:
        """The series of numbers."""
        return (series for series in self.series if series.scalar)

    def within(self, first: int | None, last: int | None) -> RunColumns:
        """The same, only with steps from `first` to `last`, both included; None for no bound."""
        if first is None and last is None:
            return self
        order = self.order
        kept = is_within(self.rows.step[order], first, last)
        before = np.concatenate([[0], np.cumsum(kept)])
        series = [
            replace(each, first=int(before[each.first]), end=int(before[each.end]))
            for each in self.series
        ]
        return self.only(series, order[kept])

    def only(self, series: Sequence[SeriesRows], order: NDArray[np.int64]) -> RunColumns:
        """The same timeline with other series, which stand in this order one behind the other."""
        ends = np.array([each.end for each in series], np.int64)
        return RunColumns(self.timeline, (tuple(series), RowOrder.of(order, ends)))


def is_within(step: NDArray[np.int64], first: int | None, last: int | None) -> NDArray[np.bool_]:
    """Which steps lie between two, both included; None for no bound."""
    within = np.ones(step.size, bool)
    if first is not None:
        within &= step >= first
    if last is not None:
        within &= step <= last
    return within


def _bounds(series: Sequence[SeriesRows]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where series start and end in the order of a run's rows."""
    firsts = np.array([each.first for each in series], np.int64)
    return firsts, np.array([each.end for each in series], np.int64)


@shared_by_names
def _in_natural_order(
    tags: tuple[str, ...], plugins: tuple[str, ...], keys: bytes
) -> tuple[list[tuple[str, int, str, bool]], NDArray[np.int32]]:
    """The series of a run as they are shown.

    Args:
        tags: Those of the run.
        plugins: What each tag declares.
        keys: int64, one a series, in order: tag_id * _SLOTS + slot.

    Returns:
        Tag, tag id, plugin and whether it is one of scalars, of each; and by key its place.
    """
    places = np.zeros(len(tags) * _SLOTS, np.int32)
    found = []
    for key in np.frombuffer(keys, np.int64).tolist():
        tag_id, slot = divmod(key, _SLOTS)
        plugin = plugins[tag_id] if slot == _DECLARED else _PLUGINS[slot]
        found.append((key, tags[tag_id], tag_id, plugin, slot == _SCALARS))
    found.sort(key=lambda each: (natural_key(each[1]), each[3]))
    places[[key for key, *_ in found]] = np.arange(len(found))
    return [each[1:] for each in found], places


@shared_by_names
def _series(
    tags: tuple[str, ...], plugins: tuple[str, ...], keys: bytes, ends: bytes
) -> tuple[SeriesRows, ...]:
    """The series of `_in_natural_order`, with where each ends in the order: int64."""
    shown, _ = _in_natural_order(tags, plugins, keys)
    bounds = pairwise([0, *np.frombuffer(ends, np.int64).tolist()])
    return tuple(
        SeriesRows(*each, first, end) for each, (first, end) in zip(shown, bounds, strict=True)
    )


@shared_by_names
def _declared(plugins: tuple[str, ...]) -> NDArray[np.uint8]:
    """The slot of what each tag declares."""
    return np.array([_SLOT.get(name, _DECLARED) for name in plugins], np.uint8)


def gather(files: Sequence[FileColumns], policy: RestartPolicy) -> RunColumns:
    """The columns of a run.

    Args:
        files: The event files of the run, sorted by name.
        policy: The restart policy.
    """
    return RunColumns(build_timeline(files, policy))


def _keys(rows: RunRows) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Tag and slot of each shape as one number, tag_id * _SLOTS + slot, and those that occur."""
    shapes = rows.values.shapes
    keys: tuple[NDArray[np.int32], NDArray[np.int64]] = loops.series_keys(
        shapes.tag_id, shapes.kind, shapes.dtype, _SLOT_OF_KIND, _declared(rows.plugins),
        _SLOTS, _BY_METADATA, _SCALARS,
    )  # fmt: skip
    return keys


def _gather(timeline: Timeline) -> _BySeries:
    rows = timeline.rows
    key_of_shape, keys = _keys(rows)
    names = rows.tags, rows.plugins, keys.tobytes()
    shown, places = _in_natural_order(*names)
    place_of_shape = places[key_of_shape]
    order = _order(rows.values.shape, len(shown), place_of_shape, _kept_rows(timeline))
    return _series(*names, order.ends.tobytes()), order


def _order(
    shape: NDArray[np.int32],
    count: int,
    series_of_shape: NDArray[np.int32],
    kept: NDArray[np.int64] | None,
) -> RowOrder:
    """The rows that are kept by their series."""
    spaced = loops.evenly_spaced(shape, count, series_of_shape) if kept is None else None
    if spaced is not None:
        return RowOrder(spaced[1], spaced[0])
    return RowOrder.of(*loops.stable_order(shape, count, series_of_shape, kept))


def _kept_rows(timeline: Timeline) -> NDArray[np.int64] | None:
    """The rows that are not superseded, in the order written; None for all as they stand."""
    if timeline.superseded is None:
        return timeline.order
    if timeline.order is None:
        return np.flatnonzero(~timeline.superseded)
    return timeline.order[~timeline.superseded[timeline.order]]
