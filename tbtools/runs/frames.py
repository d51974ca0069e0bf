"""Scalars of runs as DataFrames: long, one row a point, and wide, one row a step."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import InvalidArgument
from tbtools.eventfile.discover import natural_key
from tbtools.runs.diagnostics import require_readable
from tbtools.runs.numbers import DTYPE_NAMES
from tbtools.runs.selection import Selection, Selector
from tbtools.runs.statistics import scalar_rows
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

    import pandas as pd
    from numpy.typing import NDArray

    from tbtools.runs.columns import SeriesRows
    from tbtools.runs.parts import Part, Steps
    from tbtools.runs.plugins.values import Undecodable
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Globs


class DuplicateSteps(UserWarning):
    """A wide frame has one cell for several points: the last one written is shown."""


class UndecodableValues(UserWarning):
    """A frame leaves out values that cannot be decoded; its `attrs` say which."""


def tell_undecodable(
    frame: pd.DataFrame, problems: Sequence[tuple[str, Undecodable]]
) -> pd.DataFrame:
    """Says of a frame which values are not in it: in its `attrs`, and by a warning.

    Args:
        frame: The frame, with the `attrs` of its runs.
        problems: The names of runs, each with a value of it that cannot be decoded.

    Warns:
        UndecodableValues: There is one.
    """
    if problems:
        frame.attrs["problems"] = [
            *frame.attrs["problems"],
            *({"run": run, **problem.to_dict()} for run, problem in problems),
        ]
        run, first = problems[0]
        message = (
            f"{plural(len(problems), 'value')} left out that cannot be decoded "
            f"(attrs['problems'] has all): run {run}: {first}"
        )
        warnings.warn(message, UndecodableValues, stacklevel=_levels_inside())
    return frame


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Neighbouring rows of the result: the scalars of one part."""

    part: Part
    series: list[SeriesRows]
    rows: NDArray[np.int64]
    here: slice

    @property
    def counts(self) -> list[int]:
        return [series.count for series in self.series]

    def run(self) -> list[str]:
        return [self.part.run] * len(self.series)

    def tag(self) -> list[str]:
        return [self.part.shown_tag(series.tag) for series in self.series]

    def file(self) -> list[str]:
        return [file.path for file in self.part.columns.rows.files]

    def source_run(self) -> list[str]:
        return [self.part.source] * len(self.series)

    def source_tag(self) -> list[str]:
        return [series.tag for series in self.series]


def _chunks(selected: Sequence[tuple[Part, list[SeriesRows]]]) -> Iterator[_Chunk]:
    end = 0
    for part, series in selected:
        first, end = end, end + sum(each.count for each in series)
        if first < end:
            yield _Chunk(part, series, scalar_rows(part.columns, series), slice(first, end))


class ScalarTable:
    """The scalars of some series, from which both kinds of frame are made.

    Columns are made when a frame needs them: of millions of points, the memory of each one costs
    more time than what is computed.

    Args:
        selected: Each part of the runs, in the order in which they are to appear, with the series
            of it to take.

    Attributes:
        runs: Names of the runs that have points, in order.
        tags: Tags that have points, in natural order.
        size: How many points there are.
    """

    def __init__(self, selected: Sequence[tuple[Part, list[SeriesRows]]]) -> None:
        self._chunks = list(_chunks(selected))
        self.runs = list(dict.fromkeys(chunk.part.run for chunk in self._chunks))
        self.tags = self._distinct(_Chunk.tag)
        self.size = self._chunks[-1].here.stop if self._chunks else 0

    def _distinct(self, names: Callable[[_Chunk], list[str]]) -> list[str]:
        return sorted({name for chunk in self._chunks for name in names(chunk)}, key=natural_key)

    def _column(self, name: str, dtype: type[np.generic]) -> NDArray[Any]:
        """A column of the event files, for all points."""
        column = np.empty(self.size, dtype)
        for chunk in self._chunks:
            values = chunk.part.columns.rows.values
            taken = getattr(values, name)
            if taken.dtype == dtype:
                # Other modes than clip take into a buffer first; all rows are there.
                np.take(taken, chunk.rows, out=column[chunk.here], mode="clip")
            else:
                column[chunk.here] = np.take(taken, chunk.rows, mode="clip")
        return column

    def _codes(
        self, categories: list[str], names: Callable[[_Chunk], list[str]]
    ) -> NDArray[np.signedinteger[Any]]:
        """For each point the index of its name, in as few bytes as pandas keeps codes in."""
        number = {name: i for i, name in enumerate(categories)}
        codes = np.empty(self.size, np.min_scalar_type(-len(categories) - 1))
        for chunk in self._chunks:
            codes[chunk.here] = np.repeat([number[name] for name in names(chunk)], chunk.counts)
        return codes

    def _categorical(
        self, categories: list[str], names: Callable[[_Chunk], list[str]]
    ) -> pd.Categorical[Any]:
        return _categorical(self._codes(categories, names), categories)

    def _files(self) -> pd.Categorical[Any]:
        paths = list(dict.fromkeys(path for chunk in self._chunks for path in chunk.file()))
        number = {path: i for i, path in enumerate(paths)}
        codes = np.empty(self.size, np.min_scalar_type(-len(paths) - 1))
        for chunk in self._chunks:
            own = np.array([number[path] for path in chunk.file()], codes.dtype)
            codes[chunk.here] = own[chunk.part.columns.rows.file_of(chunk.rows)]
        return _categorical(codes, paths)

    def long(
        self, *, run: bool, dtype: bool = False, file: bool = False, source: bool = False
    ) -> pd.DataFrame:
        """One row a point: run, tag, step, wall_time, value.

        Args:
            run: Whether there is a column for the run.
            dtype: Whether there is one for the type on disk.
            file: Whether there is one for the event file.
            source: Whether there are two for run and tag before folding.
        """
        import pandas as pd

        columns: dict[str, Any] = {}
        if run:
            columns["run"] = self._categorical(self.runs, _Chunk.run)
        columns["tag"] = self._categorical(self.tags, _Chunk.tag)
        columns["step"] = self._column("step", np.int64)
        columns["wall_time"] = self._column("wall_time", np.float64)
        columns["value"] = self._column("number", np.float64)
        if dtype:
            codes = np.searchsorted(list(DTYPE_NAMES), self._column("dtype", np.uint8))
            columns["dtype"] = _categorical(codes, list(DTYPE_NAMES.values()))
        if file:
            columns["file"] = self._files()
        if source:
            runs = list(dict.fromkeys(chunk.part.source for chunk in self._chunks))
            columns["source_run"] = self._categorical(runs, _Chunk.source_run)
            tags = self._distinct(_Chunk.source_tag)
            columns["source_tag"] = self._categorical(tags, _Chunk.source_tag)
        return pd.DataFrame(columns, copy=False)

    def wide(self, columns: str) -> pd.DataFrame:
        """One row a step; NaN where a series has no point at that step.

        Args:
            columns: ``"run"``, ``"tag"``, or ``"both"`` for pairs of run and tag.

        Warns:
            DuplicateSteps: A series has several points at one step; the last one is shown.
        """
        import pandas as pd

        steps, row = np.unique(self._column("step", np.int64), return_inverse=True)
        if columns == "both":
            pair = self._codes(self.runs, _Chunk.run).astype(np.int64) * len(self.tags)
            pair += self._codes(self.tags, _Chunk.tag)
            present, column = np.unique(pair, return_inverse=True)
            names: pd.Index[Any] = pd.MultiIndex.from_arrays(
                [
                    [self.runs[key // len(self.tags)] for key in present],
                    [self.tags[key % len(self.tags)] for key in present],
                ],
                names=["run", "tag"],
            )
        else:
            shown = self.runs if columns == "run" else self.tags
            column = self._codes(shown, _Chunk.run if columns == "run" else _Chunk.tag)
            column = column.astype(np.int64)
            names = pd.Index(shown, name=columns)
        cells = np.full((len(names), steps.size), np.nan)
        # Points are in the order written, and of equal indices the last one assigned stays.
        cells[column, row] = self._column("number", np.float64)
        frame = pd.DataFrame(cells.T, index=pd.Index(steps, name="step"), columns=names, copy=False)
        filled = np.zeros(cells.shape, bool)
        filled[column, row] = True
        duplicates = self.size - np.count_nonzero(filled)
        if duplicates:
            frame.attrs["duplicates"] = duplicates
            message = (
                f"{duplicates} points share run, tag and step with a later one, which is shown; "
                "the long frame has them all"
            )
            warnings.warn(message, DuplicateSteps, stacklevel=_levels_inside())
        return frame


def _levels_inside() -> int:
    """How far above the caller the first line is that is not of this package."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - as pandas and warnings do
    level = 1
    while frame and frame.f_globals.get("__name__", "").startswith("tbtools."):
        frame, level = frame.f_back, level + 1
    return level


def _categorical(codes: NDArray[Any], categories: list[str]) -> pd.Categorical[Any]:
    import pandas as pd

    return pd.Categorical.from_codes(codes, categories=pd.Index(categories), validate=False)


def scalars_frame(
    runs: Mapping[str, Run],
    tags: Globs = None,
    *,
    steps: Steps = None,
    wide: bool = False,
    dtype: bool = False,
    file: bool = False,
    source: bool = False,
    run: bool = True,
) -> pd.DataFrame:
    """The scalars of several runs, or of one; see `Experiment.scalars` and `Run.scalars`.

    Args:
        runs: The runs by the names that they have in the frame.
        tags: Which tags.
        steps: First and last step, both included; None for no bound.
        wide: One row a step, instead of one row a point.
        dtype: Adds a column with the type on disk.
        file: Adds a column with the path of the event file.
        source: Adds the columns source_run and source_tag.
        run: Whether the frame tells the runs apart. That of one run, which it is without, has no
            column for it, is empty where nothing could be read, and its `attrs` are to be added.
    """
    if wide and (dtype or file):
        raise InvalidArgument(f"a wide frame has no {'dtype' if dtype else 'file'} of its points")
    selector = Selector(Selection.of(tags, steps))
    table = ScalarTable(
        [
            selector.choose(replace(part, run=name))
            for name, each in runs.items()
            for part in each.data.parts
        ]
    )
    if run:
        require_readable(runs)
    selector.require_match()
    if wide:
        columns = "both" if run else "tag"
        frame = table.wide("run" if run and [tags] == table.tags else columns)
    else:
        frame = table.long(run=run, dtype=dtype, file=file, source=source)
    if run:
        frame.attrs |= joined_attrs(runs)
    return frame


def joined_attrs(runs: Mapping[str, Run]) -> dict[str, Any]:
    """What a frame says of its runs, each of which says it of itself."""
    each = {name: run.data.frame_attrs() for name, run in runs.items()}
    policies = list(dict.fromkeys(attrs["restarts"] for attrs in each.values()))
    joined: dict[str, Any] = {
        "restarts": ", ".join(policies),
        "superseded": {name: attrs["superseded"] for name, attrs in each.items()},
    }
    for key in ("problems", "notes"):
        joined[key] = [{"run": name, **one} for name, attrs in each.items() for one in attrs[key]]
    return joined
