"""Scalars of runs as DataFrames: long, one row a point, and wide, one row a step."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.eventfile.discover import natural_key
from tbtools.runs.numbers import DTYPE_NAMES
from tbtools.runs.statistics import scalar_rows, series_statistics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from tbtools.runs.columns import RunColumns, Series
    from tbtools.runs.statistics import SeriesStatistics

    # First and last step, both included; None for no bound.
    Steps = tuple[int | None, int | None] | None


class DuplicateSteps(UserWarning):
    """A wide frame has one cell for several points: the last one written is shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one directory contributes to a run: the run's own files, or a sub-run folded into it.

    Attributes:
        run: The run that it is shown as.
        source: The run that it is in the log directory.
        columns: Its columns.
        tag_names: Shown tag by tag; None where they are the same.
    """

    run: str
    source: str
    columns: RunColumns
    tag_names: dict[str, str] | None = None

    def shown_tag(self, tag: str) -> str:
        """The name under which a tag is shown."""
        return self.tag_names.get(tag, tag) if self.tag_names else tag

    def within(self, steps: Steps) -> Part:
        """The same, only with the points between two steps, both included."""
        return replace(self, columns=self.columns.within(*steps)) if steps else self

    def statistics(self) -> list[SeriesStatistics]:
        """All its series in numbers, under the tags that are shown."""
        return [
            replace(each, tag=self.shown_tag(each.tag)) for each in series_statistics(self.columns)
        ]

    def chosen(self, tags: frozenset[str]) -> list[Series]:
        """The series of scalars whose shown tags are among those given."""
        return [series for series in self.columns.scalars() if self.shown_tag(series.tag) in tags]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Neighbouring rows of the result: the scalars of one part."""

    part: Part
    series: list[Series]
    first: int
    end: int

    @property
    def here(self) -> slice:
        return slice(self.first, self.end)

    @property
    def counts(self) -> list[int]:
        return [series.count for series in self.series]


def _chunks(parts: Sequence[Part], tags: frozenset[str]) -> Iterator[_Chunk]:
    end = 0
    for part in parts:
        series = part.chosen(tags)
        first, end = end, end + sum(each.count for each in series)
        if first < end:
            yield _Chunk(part, series, first, end)


class ScalarTable:
    """The scalars of some series as columns, from which both kinds of frame are made.

    Args:
        parts: The runs, in the order in which they are to appear.
        tags: The shown tags to take.

    Attributes:
        runs: Names of the runs that have points, in order.
        tags: Tags that have points, in natural order.
        run_code: int32, index into runs.
        tag_code: int32, index into tags.
        step: int64.
        wall_time: float64, seconds since the epoch.
        value: float64.
        dtype: uint8, DataType numbers.
        source_runs: Names of the runs as they are in the log directory.
        source_run_code: int32, index into source_runs.
        source_tags: Tags as they are in the event files.
        source_tag_code: int32, index into source_tags.
    """

    def __init__(self, parts: Sequence[Part], tags: frozenset[str]) -> None:
        chunks = list(_chunks(parts, tags))
        self.runs = list(dict.fromkeys(chunk.part.run for chunk in chunks))
        self.source_runs = list(dict.fromkeys(chunk.part.source for chunk in chunks))
        self.tags = sorted({tag for chunk in chunks for tag in _shown(chunk)}, key=natural_key)
        self.source_tags = sorted(
            {series.tag for chunk in chunks for series in chunk.series}, key=natural_key
        )
        size = chunks[-1].end if chunks else 0
        self.run_code = np.empty(size, np.int32)
        self.tag_code = np.empty(size, np.int32)
        self.source_run_code = np.empty(size, np.int32)
        self.source_tag_code = np.empty(size, np.int32)
        self.step = np.empty(size, np.int64)
        self.wall_time = np.empty(size, np.float64)
        self.value = np.empty(size, np.float64)
        self.dtype = np.empty(size, np.uint8)
        for chunk in chunks:
            self._fill(chunk)

    def _fill(self, chunk: _Chunk) -> None:
        here, rows = chunk.here, chunk.part.columns.rows
        chosen = scalar_rows(chunk.part.columns, chunk.series)
        for name in ("step", "wall_time", "value", "dtype"):
            np.take(getattr(rows, name), chosen, out=getattr(self, name)[here])
        self.run_code[here] = self.runs.index(chunk.part.run)
        self.source_run_code[here] = self.source_runs.index(chunk.part.source)
        self.tag_code[here] = _codes(self.tags, _shown(chunk), chunk.counts)
        source_tags = [series.tag for series in chunk.series]
        self.source_tag_code[here] = _codes(self.source_tags, source_tags, chunk.counts)

    def long(self, *, run: bool, dtype: bool, source: bool) -> pd.DataFrame:
        """One row a point: run, tag, step, wall_time, value.

        Args:
            run: Whether there is a column for the run.
            dtype: Whether there is one for the type on disk.
            source: Whether there are two for run and tag before folding.
        """
        import pandas as pd

        columns: dict[str, Any] = {}
        if run:
            columns["run"] = pd.Categorical.from_codes(
                self.run_code, categories=pd.Index(self.runs)
            )
        columns["tag"] = pd.Categorical.from_codes(self.tag_code, categories=pd.Index(self.tags))
        columns |= {"step": self.step, "wall_time": self.wall_time, "value": self.value}
        if dtype:
            names = list(DTYPE_NAMES.values())
            codes = np.searchsorted(list(DTYPE_NAMES), self.dtype)
            columns["dtype"] = pd.Categorical.from_codes(codes, categories=pd.Index(names))
        if source:
            columns["source_run"] = pd.Categorical.from_codes(
                self.source_run_code, categories=pd.Index(self.source_runs)
            )
            columns["source_tag"] = pd.Categorical.from_codes(
                self.source_tag_code, categories=pd.Index(self.source_tags)
            )
        return pd.DataFrame(columns, copy=False)

    def wide(self, columns: str) -> pd.DataFrame:
        """One row a step; NaN where a series has no point at that step.

        Args:
            columns: ``"run"``, ``"tag"``, or ``"both"`` for pairs of run and tag.

        Warns:
            DuplicateSteps: A series has several points at one step; the last one is shown.
        """
        import pandas as pd

        steps, row = np.unique(self.step, return_inverse=True)
        if columns == "both":
            pair = self.run_code * np.int64(len(self.tags)) + self.tag_code
            present, column = np.unique(pair, return_inverse=True)
            names: pd.Index[Any] = pd.MultiIndex.from_arrays(
                [
                    [self.runs[key // len(self.tags)] for key in present],
                    [self.tags[key % len(self.tags)] for key in present],
                ],
                names=["run", "tag"],
            )
        else:
            column = (self.run_code if columns == "run" else self.tag_code).astype(np.int64)
            names = pd.Index(self.runs if columns == "run" else self.tags, name=columns)
        cells = np.full((len(names), steps.size), np.nan)
        # Points are in the order written, and of equal indices the last one assigned stays.
        cells[column, row] = self.value
        frame = pd.DataFrame(cells.T, index=pd.Index(steps, name="step"), columns=names, copy=False)
        duplicates = self.step.size - np.unique(column * steps.size + row).size
        if duplicates:
            frame.attrs["duplicates"] = duplicates
            message = (
                f"{duplicates} points share run, tag and step with a later one, which is shown; "
                "the long frame has them all"
            )
            warnings.warn(message, DuplicateSteps, stacklevel=4)
        return frame


def _shown(chunk: _Chunk) -> list[str]:
    return [chunk.part.shown_tag(series.tag) for series in chunk.series]


def _codes(names: list[str], tags: list[str], counts: list[int]) -> NDArray[np.int32]:
    code = {name: i for i, name in enumerate(names)}
    return np.repeat(np.array([code[tag] for tag in tags], np.int32), counts)
