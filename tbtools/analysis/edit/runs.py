"""What becomes of one run: of its rows and marks, file by file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.edit.parts import Part
from tbtools.analysis.edit.records import Changes
from tbtools.analysis.edit.steps import StepChange
from tbtools.analysis.stretches import open_unchanged
from tbtools.eventfile.scan import scan_open
from tbtools.eventfile.wire import bytes_field, declares_plugin
from tbtools.runs.columns import is_within
from tbtools.runs.plugins.table import PLUGINS
from tbtools.runs.timeline import rows as row_kinds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.edit.followers import Followers
    from tbtools.analysis.edit.records import ValueChange
    from tbtools.analysis.stretches import ScannedFile
    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.parts import Steps

    # Number of the file in its run, offset and length of a Value.
    Declared = tuple[int, int, int]

# What says how a run was set up, or how it is to be shown: no points of a time series. Neither
# steps nor names that TensorBoard looks for are changed.
_CUSTOM_SCALARS, _HPARAMS = "custom_scalars", "hparams"
DECLARATIONS = frozenset({_CUSTOM_SCALARS, _HPARAMS})
FIXED_NAMES = DECLARATIONS | {
    "graph_keras_model", "graph_run_metadata", "graph_run_metadata_graph",
}  # fmt: skip
_METRICS_TAG = b"_hparams_/experiment"
_OF_KIND = {kind: plugin.name for plugin in PLUGINS.values() for kind in plugin.kinds}
# Of these marks the step says when they were; a graph and the version of the file have none.
_LOG_MESSAGE = 6
_AT_STEPS = (_LOG_MESSAGE, row_kinds.SESSION_LOG, row_kinds.TAGGED_RUN_METADATA)
# What stands in the marks of a graph.
GRAPH_MARKS = (row_kinds.GRAPH_DEF, row_kinds.META_GRAPH_DEF, row_kinds.TAGGED_RUN_METADATA)


def plugin_of(kind: int, declared: str) -> str:
    """The plugin that a value belongs to: by what it is, else by the metadata of its tag."""
    return _OF_KIND.get(kind, declared)


def tag_plugins(
    files: Sequence[FileColumns], declared: Mapping[bytes, str]
) -> set[tuple[bytes, str]]:
    """Each tag with each plugin that its values belong to."""
    pairs = set()
    for file in files:
        shapes = file.values.shapes
        for tag, kind in set(zip(shapes.tag_id.tolist(), shapes.kind.tolist(), strict=True)):
            name = file.tag_names[tag]
            pairs.add((name, plugin_of(kind, declared[name])))
    return pairs


@dataclass(frozen=True, slots=True, eq=False)
class RunEdit:
    """What becomes of a run.

    Attributes:
        files: Its event files.
        plugins: Tag to the plugin that its metadata declares; "" for none.
        dropped: The tags that are left out, each with its plugin.
        part: What of the run it is about; all where not given.
        drops_graphs: Whether graphs and run metadata are left out.
        steps: Points outside of these are left out; None for no bound.
        names: The tags that get another name.
        change: What becomes of steps.
        seconds: What is added to wall times.
        followers: What follows the names; None where no name changes.
        values: By file, rows whose values name tags that get another name, and what becomes of
            them.
        declared: Tag to where its metadata stands, of those whose metadata is to move on: by file
            the row that gets it.
    """

    files: tuple[ScannedFile, ...]
    plugins: Mapping[bytes, str]
    dropped: Collection[tuple[bytes, str]] = frozenset()
    part: Part = field(default_factory=Part)
    drops_graphs: bool = False
    steps: Steps = None
    names: Mapping[bytes, bytes] = field(default_factory=dict)
    change: StepChange = field(default_factory=StepChange)
    seconds: float = 0.0
    followers: Followers | None = None
    values: Mapping[int, Mapping[int, ValueChange]] = field(default_factory=dict)
    declared: Mapping[int, Mapping[int, Declared]] = field(default_factory=dict)

    def changes(self, number: int, file: FileColumns) -> Changes:
        """What becomes of the rows and marks of a file."""
        offset = self.change.offsets_of(number, file.tag_id)
        return Changes(
            kept=self.kept(number, file),
            marks=self.part.marks(number, file)
            & ~np.isin(file.mark_kind, GRAPH_MARKS if self.drops_graphs else ()),
            tags={
                tag: self.names[name]
                for tag, name in enumerate(file.tag_names)
                if name in self.names
            },
            steps=None if self.change.is_none else self._steps(file, offset),
            mark_steps=self._mark_steps(file, offset),
            seconds=self.seconds,
            metadata={
                row: (self.files[place[0]], *place[1:])
                for row, place in self.declared.get(number, {}).items()
            },
            values=self.values.get(number, {}),
        )

    def kept(self, number: int, file: FileColumns) -> NDArray[np.bool_]:
        """bool, for each row of a file: whether it stays."""
        shapes = file.values.shapes
        names = [file.tag_names[tag] for tag in shapes.tag_id.tolist()]
        pairs = [
            (name, plugin_of(kind, self.plugins[name]))
            for name, kind in zip(names, shapes.kind.tolist(), strict=True)
        ]
        kept = np.array([pair not in self.dropped for pair in pairs], bool)
        rows: NDArray[np.bool_] = file.values.of_shape(kept)
        if not self.part.is_whole:
            rows &= self.part.rows(number, file)
        if self.steps is not None:
            rows &= is_within(file.step, *self.steps) | self.is_declaration(file)
        return rows

    def is_declaration(self, file: FileColumns) -> NDArray[np.bool_]:
        """bool, for each row: whether it is no point of a time series."""
        declares = np.array([self.plugins[name] in DECLARATIONS for name in file.tag_names], bool)
        shapes = file.values.shapes
        of_shape = declares[shapes.tag_id] & np.isin(shapes.kind, [0, row_kinds.TENSOR])
        rows: NDArray[np.bool_] = file.values.of_shape(of_shape)
        return rows

    @property
    def moves_marks(self) -> bool:
        """Whether marks get another time, or may get another step."""
        return bool(self.seconds) or not self.change.is_none

    def steps_of(self, number: int, file: FileColumns) -> NDArray[np.int64]:
        """The new step of each row of a file."""
        return self._steps(file, self.change.offsets_of(number, file.tag_id))

    def _steps(self, file: FileColumns, offset: NDArray[np.int64] | None) -> NDArray[np.int64]:
        step = file.step.copy()
        moved = ~self.is_declaration(file)
        step[moved] = self.change.of(step[moved], None if offset is None else offset[moved])
        return step

    def _mark_steps(
        self, file: FileColumns, offset: NDArray[np.int64] | None
    ) -> NDArray[np.int64] | None:
        """Those of marks, which move as what was written behind them."""
        if self.change.is_none:
            return None
        step = file.mark_step.copy()
        moved = np.isin(file.mark_kind, _AT_STEPS)
        behind = None
        if offset is not None:
            behind = np.append(offset, offset[-1:])[file.mark_row[moved]] if offset.size else None
        step[moved] = self.change.of(step[moved], behind)
        return step

    def followed(
        self, file: FileColumns, kept: NDArray[np.bool_]
    ) -> Iterator[tuple[int, int, int, str]]:
        """Values that name tags: row, offset, length, and the method of `Followers` for them."""
        for tag, name in enumerate(file.tag_names):
            plugin = self.plugins[name]
            if plugin == _CUSTOM_SCALARS or (plugin == _HPARAMS and name == _METRICS_TAG):
                which = "layout" if plugin == _CUSTOM_SCALARS else "metrics"
                for row in np.flatnonzero((file.tag_id == tag) & kept).tolist():
                    yield row, int(file.offset[row]), int(file.length[row]), which

    def longer(self, name: bytes) -> int:
        """How many bytes the values of a tag get longer by its new name."""
        new = self.names.get(name, name)
        return len(bytes_field(1, new)) - len(bytes_field(1, name))

    def with_metadata(
        self, files: Sequence[FileColumns], places: Sequence[tuple[bytes, Declared | None]]
    ) -> RunEdit:
        """The same, with the metadata of tags whose first value goes at the next one that stays.

        Args:
            files: The files of the run.
            places: Each tag with where its metadata stands.
        """
        kept = [self.kept(number, file) for number, file in enumerate(files)]
        declared: dict[int, dict[int, Declared]] = {}
        for name, place in places:
            if place is None:
                continue
            number, offset, _ = place
            file = files[number]
            row = int(np.searchsorted(file.offset, offset))
            if kept[number][row]:
                continue
            if (found := _next_row(files, kept, name)) is not None:
                declared.setdefault(found[0], {})[found[1]] = place
        return replace(self, declared=declared)

    def columns(self, number: int) -> FileColumns:
        """The columns of a file as they were when the edit was planned.

        Raises:
            InputChanged: It is another file by now, or has become shorter.
        """
        scanned = self.files[number]
        with open_unchanged(scanned) as opened:
            return scan_open(opened, most=scanned.position)


def _next_row(
    files: Sequence[FileColumns], kept: Sequence[NDArray[np.bool_]], name: bytes
) -> tuple[int, int] | None:
    """File and row of the first value of a tag that stays; None where that has metadata."""
    for number, file in enumerate(files):
        if name not in file.tag_names:
            continue
        rows = np.flatnonzero((file.tag_id == file.tag_names.index(name)) & kept[number])
        if rows.size:
            row = int(rows[0])
            with open_unchanged(file) as opened:
                value = opened.read_at(int(file.offset[row]), int(file.length[row]))
            return None if declares_plugin(value) else (number, row)
    return None
