"""The event files of one run, one behind the other: rows whose tags have one numbering."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.eventfile.value_rows import concatenated
from tbtools.runs.loops import loops
from tbtools.runs.shared import shared_by_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.value_rows import ValueRows

# Numbers of the fields of Summary.Value, which are the `kind` of a row.
SIMPLE_VALUE, OLD_HISTOGRAM, IMAGE, HISTOGRAM, AUDIO, TENSOR = 2, 3, 4, 5, 6, 8
# Numbers of the fields of Event, which are the kind of a mark.
FILE_VERSION, GRAPH_DEF, SESSION_LOG, TAGGED_RUN_METADATA, META_GRAPH_DEF = 3, 4, 7, 8, 9
SESSION_START = 1  # SessionLog.START


@dataclass(frozen=True, eq=False)
class RunRows:
    """All rows of a run, in file order: files by name, each from its beginning to its end.

    What the properties hold is made of `values` when it is first asked for: code that all runs go
    through asks there.

    Attributes:
        files: The columns of each file.
        starts: int64, the first row of each file, and behind them the number of rows.
        tags: Tag id to name.
        plugins: Tag id to the plugin that the tag's metadata declares; "" for none. The first file
            that declares one counts: metadata comes with a tag's first value only.
        metadata: Tag id to (file, offset, length) of the Value with the metadata; None for none.
        values: The rows, whose tag ids are those of the run.
    """

    files: tuple[FileColumns, ...]
    starts: NDArray[np.int64]
    tags: tuple[str, ...]
    plugins: tuple[str, ...]
    metadata: Sequence[tuple[int, int, int] | None]
    values: ValueRows

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.values.count

    @cached_property
    def tag_id(self) -> NDArray[np.int32]:
        """int32, across the files."""
        return self.values.tag_id

    @property
    def tag_of_rows(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The shape of each row, and the tag of each shape."""
        return self.values.shape, self.values.shapes.tag_id

    @cached_property
    def kind(self) -> NDArray[np.uint8]:
        """uint8, as in FileColumns, like the columns that follow."""
        return self.values.kind

    @cached_property
    def dtype(self) -> NDArray[np.uint8]:
        """uint8."""
        return self.values.dtype

    @property
    def step(self) -> NDArray[np.int64]:
        """int64."""
        return self.values.step

    @property
    def wall_time(self) -> NDArray[np.float64]:
        """float64, seconds since the epoch."""
        return self.values.wall_time

    @cached_property
    def value(self) -> NDArray[np.float64]:
        """float64."""
        return self.values.value

    @cached_property
    def offset(self) -> NDArray[np.int64]:
        """int64."""
        return self.values.offset

    @cached_property
    def length(self) -> NDArray[np.uint32]:
        """uint32."""
        return self.values.length

    def counts(
        self, chosen: NDArray[np.bool_], first: int = 0, end: int | None = None
    ) -> NDArray[np.int64]:
        """How many of the rows that are chosen each tag has.

        Args:
            chosen: For each row, whether it counts.
            first: The first row that is looked at.
            end: The row behind the last one; None for all.
        """
        here = slice(first, end)
        shape, tag_of_shape = self.tag_of_rows
        found: NDArray[np.int64] = loops.counts(
            shape[here], len(self.tags), tag_of_shape, chosen[here].view(np.uint8)
        )
        return found

    def file_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The index of the file that each of the rows is from."""
        return np.searchsorted(self.starts, rows, side="right") - 1

    def marks(self, kind: int | None = None) -> list[Mark]:
        """The marks of one kind, or all, in file order."""
        return [
            Mark(
                file=index,
                row=int(self.starts[index] + file.mark_row[i]),
                status=int(file.mark_status[i]),
                step=int(file.mark_step[i]),
                wall_time=float(file.mark_wall_time[i]),
                offset=int(file.mark_offset[i]),
                length=int(file.mark_length[i]),
            )
            for index, file in enumerate(self.files)
            for i in _where(file.mark_kind, kind)
        ]


class Mark(NamedTuple):
    """An event that is no summary.

    Attributes:
        file: Index of its file.
        row: How many rows of the run stand in front of it.
        status: For a SessionLog its status, else 0.
        step: Its step.
        wall_time: Its wall time, seconds since the epoch.
        offset: Where its content starts in the file.
        length: The bytes of its content.
    """

    file: int
    row: int
    status: int
    step: int
    wall_time: float
    offset: int
    length: int

    @property
    def place(self) -> tuple[int, int]:
        """Its file and offset: less than those of what stands behind it in the run."""
        return self.file, self.offset


def _where(mark_kind: NDArray[np.uint8], kind: int | None) -> list[int]:
    chosen = mark_kind == kind if kind is not None else np.ones(mark_kind.size, bool)
    return np.flatnonzero(chosen).tolist()


def readable_tag(name: bytes) -> str:
    """Names that are no UTF-8 keep their bytes visible, and stay different from each other."""
    return name.decode(errors="backslashreplace")


@shared_by_names
def _readable_tags(names: tuple[bytes, ...]) -> tuple[str, ...]:
    return tuple(readable_tag(name) for name in names)


def _number_tags(
    files: Sequence[FileColumns],
) -> tuple[tuple[bytes, ...], list[NDArray[np.int32]] | None]:
    """The tags of all files by their numbers, and for each file what its own become, if others."""
    if len(files) == 1:
        return tuple(files[0].tag_names), None
    ids: dict[bytes, int] = {}
    translations = [
        np.array([ids.setdefault(name, len(ids)) for name in file.tag_names], np.int32)
        for file in files
    ]
    return tuple(ids), translations


def _declarations(
    files: Sequence[FileColumns], names: Sequence[bytes]
) -> tuple[tuple[str, ...], Sequence[tuple[int, int, int] | None]]:
    if not any(any(file.tag_plugins) for file in files):
        return ("",) * len(names), (None,) * len(names)
    ids = {name: number for number, name in enumerate(names)}
    plugins = [""] * len(names)
    metadata: list[tuple[int, int, int] | None] = [None] * len(names)
    for index, file in enumerate(files):
        for name, plugin, place in zip(
            file.tag_names, file.tag_plugins, file.tag_metadata, strict=True
        ):
            tag_id = ids[name]
            if plugin and metadata[tag_id] is None:
                plugins[tag_id] = readable_tag(plugin)
                metadata[tag_id] = (index, *place)
    return tuple(plugins), metadata


def join_files(files: Sequence[FileColumns]) -> RunRows:
    """Puts the files of a run one behind the other.

    Args:
        files: At least one, in the order of their names.
    """
    names, translations = _number_tags(files)
    plugins, metadata = _declarations(files, names)
    return RunRows(
        files=tuple(files),
        starts=np.array([*accumulate((file.values.count for file in files), initial=0)], np.int64),
        tags=_readable_tags(names),
        plugins=plugins,
        metadata=metadata,
        values=concatenated([file.values for file in files], translations),
    )
