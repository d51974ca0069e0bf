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
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import FrameType

    import pandas as pd
    from numpy.typing import NDArray

    from tbtools.runs.columns import SeriesRows
    from tbtools.runs.parts import Part, Steps
    from tbtools.runs.plugins.values import Undecodable
    from tbtools.runs.row_order import RowOrder
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


@dataclass(slots=True)
class _Chunk:
    """Neighbouring rows of the result: the scalars of one part.

    Attributes:
        part: The part; None where its rows are only passing through.
        runs: The run that it is shown as; one name, like the next.
        sources: The run that it is.
        tags: The tag of each series, as it is shown.
        source_tags: The same as they are stored.
        counts: How many points each has.
        order: Which rows of the part they are.
        columns: Columns of the part, those that are still to be taken.
        here: Where they stand in the result.
    """

    part: Part | None
    runs: list[str]
    sources: list[str]
    tags: list[str]
    source_tags: list[str]
    counts: list[int]
    order: RowOrder
    columns: dict[str, NDArray[Any]]
    here: slice

    @classmethod
    def of(cls, part: Part, series: list[SeriesRows], first: int, *, keep: bool) -> _Chunk:
        order, values = part.columns.order_of(series), part.columns.rows.values
        return cls(
            part=part if keep else None,
            runs=[part.run],
            sources=[part.source],
            tags=[part.shown_tag(each.tag) for each in series],
            source_tags=[each.tag for each in series],
            counts=[each.count for each in series],
            order=order,
            columns={name: getattr(values, name) for name in ("step", "wall_time", "number")},
            here=slice(first, first + order.size),
        )


class ScalarTable:
    """The scalars of some series, from which both kinds of frame are made.

    Columns are made when a frame needs them: of millions of points, the memory of each one costs
    more time than what is computed.

    Args:
        selected: Each part of the runs, in the order in which they are to appear, with the series
            of it to take.
        keep: Whether the columns of the parts are needed any more. Else nobody else may have them:
            each is let go of when it is taken, or becomes one of the frame, of which but one can be
            made, without dtypes and files.

    Attributes:
        runs: Names of the runs that have points, in order.
        tags: Tags that have points, in natural order.
        size: How many points there are.
    """

    def __init__(
        self, selected: Iterable[tuple[Part, list[SeriesRows]]], *, keep: bool = True
    ) -> None:
        self._keep = keep
        self._free: NDArray[Any] | None = None
        self._chunks: list[_Chunk] = []
        self.size = 0
        for part, series in selected:
            if series:
                self._chunks.append(_Chunk.of(part, series, self.size, keep=keep))
                self.size = self._chunks[-1].here.stop
        self.runs = self._in_order("runs")
        self.tags = self._distinct("tags")

    def _distinct(self, names: str) -> list[str]:
        found = {name for chunk in self._chunks for name in getattr(chunk, names)}
        return sorted(found, key=natural_key)

    def _in_order(self, names: str) -> list[str]:
        return list(dict.fromkeys(name for chunk in self._chunks for name in getattr(chunk, names)))

    def _column(self, name: str) -> NDArray[Any]:
        """A column of the event files, for all points: int64 of steps, else float64."""
        column = self._room(np.dtype(np.int64 if name == "step" else np.float64))
        for chunk in self._chunks:
            stored = chunk.columns[name] if self._keep else chunk.columns.pop(name)
            is_free = not self._keep and stored.flags.writeable and stored.nbytes == column.nbytes
            if is_free and chunk.order.size == self.size and chunk.order.is_as_stored:
                return stored
            chunk.order.take(stored, column[chunk.here])
            if is_free:
                self._free = stored
        return column

    def _room(self, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Memory for a column: that of one that was taken, for what is new costs page faults."""
        free, self._free = self._free, None
        return np.empty(self.size, dtype) if free is None else free.view(dtype)

    def _codes(self, categories: list[str], names: str) -> NDArray[np.signedinteger[Any]]:
        """For each point the index of its name, in as few bytes as pandas keeps codes in."""
        dtype = np.min_scalar_type(-len(categories) - 1)
        if len(categories) == 1:
            return np.zeros(self.size, dtype)
        number = {name: i for i, name in enumerate(categories)}
        codes = np.empty(self.size, dtype)
        for chunk in self._chunks:
            own = np.array([number[name] for name in getattr(chunk, names)], dtype)
            codes[chunk.here] = own if own.size == 1 else np.repeat(own, chunk.counts)
        return codes

    def _categorical(self, categories: list[str], names: str) -> pd.Categorical[Any]:
        return _categorical(self._codes(categories, names), categories)

    def _dtypes(self) -> pd.Categorical[Any]:
        codes = np.empty(self.size, np.int8)
        known = np.array(list(DTYPE_NAMES))
        for chunk in self._chunks:
            assert chunk.part
            stored = chunk.part.columns.rows.values.dtypes(chunk.order.all())
            codes[chunk.here] = np.searchsorted(known, stored)
        return _categorical(codes, list(DTYPE_NAMES.values()))

    def _files(self) -> pd.Categorical[Any]:
        every = [chunk.part.columns.rows for chunk in self._chunks if chunk.part]
        paths = list(dict.fromkeys(file.path for rows in every for file in rows.files))
        number = {path: i for i, path in enumerate(paths)}
        codes = np.empty(self.size, np.min_scalar_type(-len(paths) - 1))
        for chunk, rows in zip(self._chunks, every, strict=True):
            own = np.array([number[file.path] for file in rows.files], codes.dtype)
            codes[chunk.here] = own[rows.file_of(chunk.order.all())]
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
            columns["run"] = self._categorical(self.runs, "runs")
        columns["tag"] = self._categorical(self.tags, "tags")
        columns["step"] = self._column("step")
        columns["wall_time"] = self._column("wall_time")
        columns["value"] = self._column("number")
        if dtype:
            columns["dtype"] = self._dtypes()
        if file:
            columns["file"] = self._files()
        if source:
            columns["source_run"] = self._categorical(self._in_order("sources"), "sources")
            tags = self._distinct("source_tags")
            columns["source_tag"] = self._categorical(tags, "source_tags")
        return pd.DataFrame(columns, copy=False)

    def wide(self, columns: str) -> pd.DataFrame:
        """One row a step; NaN where a series has no point at that step.

        Args:
            columns: ``"run"``, ``"tag"``, or ``"both"`` for pairs of run and tag.

        Warns:
            DuplicateSteps: A series has several points at one step; the last one is shown.
        """
        import pandas as pd

        steps, row = np.unique(self._column("step"), return_inverse=True)
        if columns == "both":
            pair = self._codes(self.runs, "runs").astype(np.int64) * len(self.tags)
            pair += self._codes(self.tags, "tags")
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
            column = self._codes(shown, f"{columns}s").astype(np.int64)
            names = pd.Index(shown, name=columns)
        cells = np.full((len(names), steps.size), np.nan)
        # Points are in the order written, and of equal indices the last one assigned stays.
        cells[column, row] = self._column("number")
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
    keep: bool = True,
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
        keep: Whether what was read of the runs is needed any more; else it is let go of.
    """
    if wide and (dtype or file):
        raise InvalidArgument(f"a wide frame has no {'dtype' if dtype else 'file'} of its points")
    keep = keep or dtype or file
    selector = Selector(Selection.of(tags, steps))
    table = ScalarTable(
        (
            selector.choose(replace(part, run=name))
            for name, each in runs.items()
            for part in each.data.parts
        ),
        keep=keep,
    )
    if run:
        require_readable(runs)
    selector.require_match()
    attrs = joined_attrs(runs) if run else {}
    if not keep:
        for each in runs.values():
            each.data.release()
    if wide:
        columns = "both" if run else "tag"
        frame = table.wide("run" if run and [tags] == table.tags else columns)
    else:
        frame = table.long(run=run, dtype=dtype, file=file, source=source)
    frame.attrs |= attrs
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
