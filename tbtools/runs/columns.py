"""The rows of a run, without what was superseded, gathered by time series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.eventfile.discover import natural_key
from tbtools.runs import rows as row_kinds
from tbtools.runs.restarts import superseded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tbtools.runs.restarts import RestartPolicy
    from tbtools.runs.rows import RunRows

# The plugin of values that are no tensors, by their kind; a tensor's is what the metadata declares.
_PLUGIN_OF_KIND = {
    row_kinds.SIMPLE_VALUE: "scalars",
    row_kinds.OLD_HISTOGRAM: "histograms",
    row_kinds.IMAGE: "images",
    row_kinds.HISTOGRAM: "histograms",
    row_kinds.AUDIO: "audio",
}


@dataclass(frozen=True, slots=True)
class Series:
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


@dataclass(frozen=True, slots=True, eq=False)
class RunColumns:
    """What is left of a run's rows after restarts, gathered by series.

    Attributes:
        rows: The rows as they stand in the files.
        series: In natural order of their tags. One tag has two where it holds both numbers and,
            say, pictures.
        order: int64, the rows that count: those of the first series in file order, then those of
            the second, and so on.
        superseded: How many rows were left out.
    """

    rows: RunRows
    series: tuple[Series, ...]
    order: NDArray[np.int64]
    superseded: int

    def of(self, series: Series) -> NDArray[np.int64]:
        """The rows of one series, in file order."""
        return self.order[series.first : series.end]

    def scalars(self) -> Iterator[Series]:
        """The series of numbers."""
        return (series for series in self.series if series.scalar)

    def within(self, first: int | None, last: int | None) -> RunColumns:
        """The same, only with steps from `first` to `last`, both included; None for no bound."""
        if first is None and last is None:
            return self
        step = self.rows.step[self.order]
        kept = np.ones(step.size, bool)
        if first is not None:
            kept &= step >= first
        if last is not None:
            kept &= step <= last
        before = np.concatenate([[0], np.cumsum(kept)])
        series = tuple(
            replace(each, first=int(before[each.first]), end=int(before[each.end]))
            for each in self.series
        )
        return replace(self, series=series, order=self.order[kept])


def _plugin_codes(rows: RunRows) -> tuple[list[str], NDArray[np.int64]]:
    """The names of the plugins in the run, and for each row the index of its own."""
    names = list(dict.fromkeys(["", *_PLUGIN_OF_KIND.values(), *rows.plugins]))
    code_of_kind = np.zeros(256, np.int64)
    for kind, plugin in _PLUGIN_OF_KIND.items():
        code_of_kind[kind] = names.index(plugin)
    declared = np.array([names.index(plugin) for plugin in rows.plugins], np.int64)
    codes = code_of_kind[rows.kind]
    by_metadata = (rows.kind == row_kinds.TENSOR) | (rows.kind == 0)
    if by_metadata.any():
        codes = np.where(by_metadata, declared[rows.tag_id], codes)
        # Under the plugin scalars only what reads as one number is a scalar.
        codes[(codes == names.index("scalars")) & (rows.dtype == 0)] = 0
    return names, codes


def _stable_order(keys: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """np.argsort(keys, kind="stable"), which NumPy does in linear time only for 16 bits."""
    low = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable")
    if count <= 1 << 16:
        return low
    high = np.argsort((keys[low] >> 16).astype(np.uint16), kind="stable")
    return low[high] if count <= 1 << 32 else np.argsort(keys, kind="stable")


def _series_keys(rows: RunRows, codes: NDArray[np.int64], plugins: int) -> NDArray[np.int64]:
    """The distinct pairs of tag and plugin, as tag_id * plugins + code."""
    present = np.zeros(len(rows.tags) * plugins, bool)
    present[rows.tag_id * np.int64(plugins) + codes] = True
    return np.flatnonzero(present)


def gather(rows: RunRows, policy: RestartPolicy) -> RunColumns:
    """Leaves out what the policy calls superseded and gathers the rest by series.

    Args:
        rows: The run.
        policy: One of `RESTART_POLICIES`.
    """
    plugins, codes = _plugin_codes(rows)
    keys = _series_keys(rows, codes, len(plugins)).tolist()
    names = [(rows.tags[key // len(plugins)], plugins[key % len(plugins)]) for key in keys]
    shown = sorted(range(len(keys)), key=lambda i: (natural_key(names[i][0]), names[i][1]))
    number = np.zeros(len(rows.tags) * len(plugins), np.int64)
    number[[keys[i] for i in shown]] = np.arange(len(keys))

    series_of_row = number[rows.tag_id * np.int64(len(plugins)) + codes]
    left_out = superseded(rows, policy)
    if left_out is None:
        order = _stable_order(series_of_row, len(keys))
    else:
        kept = np.flatnonzero(~left_out)
        series_of_row = series_of_row[kept]
        order = kept[_stable_order(series_of_row, len(keys))]
    ends = np.cumsum(np.bincount(series_of_row, minlength=len(keys))).tolist()
    series = tuple(
        Series(
            tag=names[i][0],
            tag_id=keys[i] // len(plugins),
            plugin=names[i][1],
            scalar=names[i][1] == "scalars",
            first=first,
            end=end,
        )
        for i, first, end in zip(shown, [0, *ends], ends, strict=False)
    )
    return RunColumns(rows, series, order, rows.count - order.size)
