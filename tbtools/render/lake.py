"""Scalars as a data set of Parquet files that is added to: what an engine exports.

Beside the files, a group of runs each, lies a manifest: which runs are in which file, and what
their event files were like. Files that it does not name are of a call that was broken off, and are
removed by the next one.
"""

from __future__ import annotations

import json
import os
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tbtools.errors import ForeignFiles, InvalidArgument
from tbtools.eventfile.source import NamedErrors, source_of
from tbtools.render.arrow import require_pyarrow, write_arrow
from tbtools.render.directories import require_apart
from tbtools.render.export_tables import LONG_SCHEMA, long_batch
from tbtools.render.files import output_path, replaced_whole, require_parent
from tbtools.runs.data import RunDiagnostics
from tbtools.runs.diagnostics import require_readable
from tbtools.runs.engine import over_runs
from tbtools.runs.inputs import require_points
from tbtools.runs.scalars import read_scalars_of
from tbtools.runs.selection import Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tbtools.render.batches import Batch
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection

_MANIFEST = "_manifest.json"  # readers of data sets pass over names that begin so
_VERSION = 1
_PREFIX = "runs-"
# Not a name that *.parquet finds.
_UNFINISHED = ".unfinished"

# What is damaged in a run was told when it was written: it is not read again for that.
_TOLD = RunDiagnostics("", 0, 0, (), (), is_unreadable=False)

# A run's event files: the name, size, time of last change and identity of each.
State = list[list[Any]]


def export_lake(
    runs: Mapping[str, Run],
    path: str | os.PathLike[str],
    selection: Selection,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[int, int]:
    """Writes the scalars of runs that are new, or have changed, into a directory of Parquet files.

    The columns are those of the long table. Runs that are gone stay in it. The notes and damage of
    runs that have not changed are not told again.

    Args:
        runs: The runs, which have an engine; it must see the directory under the same path.
        path: The directory; it is made where there is none.
        selection: Which tags and steps; the same each time.
        progress: As for `Experiment.scan`.

    Returns:
        How many rows were written, of how many runs.

    Raises:
        MissingExtra: Parquet needs pyarrow.
        ForeignFiles: There is something else in the directory.
        OutputInsideInput: It lies in a directory that is read, or the other way round.
        InvalidArgument: It holds another selection, or is no local directory; or there is no point
            in the runs that are to be written.
        UnknownTag: None of these has the tag.
        FileError: It cannot be written.
    """
    require_pyarrow("a data set", "pyarrow.parquet")
    name, folder = output_path(path)
    if source_of(name).is_remote:
        raise InvalidArgument(f"{name}: a data set is written into a local directory")
    require_apart(folder, {run.data.found_under for run in runs.values()}, name)
    require_parent(folder)
    with NamedErrors(name):
        is_new = not folder.exists()
        folder.mkdir(exist_ok=True)
        lake = _Lake.at(folder, _described(runs, selection))
        states = {name: _state(run) for name, run in runs.items()}
        known = {name: state for part in lake.parts.values() for name, state in part.items()}
        new = {name: run for name, run in runs.items() if known.get(name) != states[name]}
        selector, rows, filled, parts = Selector(selection), 0, 0, {}
        if new:
            writing = _Writing(folder.absolute(), selection)
            with _nothing_left(lake, is_new=is_new):
                for part in over_runs(new, writing, progress):
                    selector.join(part.selector)
                    rows += part.rows
                    filled += part.filled
                    # What was not all read is written again, whatever it is like then.
                    parts[part.file] = {
                        name: [] if runs[name].data.unread else states[name] for name in part.runs
                    }
                require_readable(new)
                require_points(new.values(), selector)
        for run in runs.keys() - new.keys():
            runs[run].data.know(_TOLD)
        lake.add(parts)
    return rows, filled


@contextmanager
def _nothing_left(lake: _Lake, *, is_new: bool) -> Iterator[None]:
    """Takes away what was written by work that fails, and a directory that was made for it."""
    try:
        yield
    except BaseException:
        # What a worker is still writing is left for the next call; what is told is what failed.
        with suppress(OSError):
            lake.sweep()
            if is_new:
                lake.folder.rmdir()
        raise


def _described(runs: Mapping[str, Run], selection: Selection) -> dict[str, Any]:
    return {
        "tags": list(selection.tags),
        "exclude_tags": list(selection.exclude_tags),
        "steps": selection.steps and list(selection.steps),
        "restarts": next(iter(runs.values())).restarts,
    }


def _state(run: Run) -> State:
    every = []
    for path in run.event_files:
        status = source_of(path).stat(path)
        name = path.rpartition("/")[2]
        every.append([name, status.size, str(status.modified), str(status.identity[-1])])
    return every


@dataclass(frozen=True, slots=True)
class _Part:
    """A file that was written.

    Attributes:
        file: Its name, which it has yet to get.
        runs: The runs that it was made of, also those without rows.
        rows: How many rows it has.
        filled: How many runs these are of.
        selector: What matched.
    """

    file: str
    runs: tuple[str, ...]
    rows: int
    filled: int
    selector: Selector


@dataclass(frozen=True, slots=True)
class _Writing:
    """Writes runs as one file, for `over_runs`."""

    folder: Path
    selection: Selection

    def __call__(self, read: Iterator[tuple[str, Run]]) -> _Part:
        selector = Selector(self.selection)
        names, rows, filled = [], 0, set()

        def batches() -> Iterator[Batch]:
            nonlocal rows
            for name, run in read:
                names.append(name)
                for tag, series in read_scalars_of(run, selector, name=name).series.items():
                    rows += series.step.size
                    filled.add(name)
                    yield long_batch(name, tag, series)

        # A name of its own for each attempt: a worker that is taken for lost may still write.
        file = f"{_PREFIX}{uuid.uuid4().hex}.parquet"
        with (self.folder / (file + _UNFINISHED)).open("wb") as stream:
            write_arrow(stream, LONG_SCHEMA, batches(), "parquet")
        return _Part(file, tuple(names), rows, len(filled), selector)


@dataclass(slots=True)
class _Lake:
    """A directory, and what its manifest says.

    Attributes:
        folder: The directory.
        selection: What was selected.
        parts: File to the runs in it, with the state in which they were.
    """

    folder: Path
    selection: dict[str, Any]
    parts: dict[str, dict[str, State]] = field(default_factory=dict)

    @classmethod
    def at(cls, folder: Path, selection: dict[str, Any]) -> _Lake:
        manifest = folder / _MANIFEST
        if not manifest.exists():
            for each in folder.iterdir():
                if not each.name.startswith(_PREFIX):
                    raise ForeignFiles(os.fspath(folder), each.name)
            lake = cls(folder, selection)
        else:
            said = json.loads(manifest.read_text("utf-8"))
            if (said["version"], said["selection"]) != (_VERSION, selection):
                raise InvalidArgument(
                    f"{folder}: it holds another selection, or is of another version of tbtools; "
                    "name another directory"
                )
            lake = cls(folder, selection, said["parts"])
        lake.sweep()
        return lake

    def sweep(self) -> None:
        """Removes files that the manifest does not name."""
        for each in self.folder.iterdir():
            if each.name.startswith(_PREFIX) and each.name not in self.parts:
                each.unlink()

    def add(self, parts: dict[str, dict[str, State]]) -> None:
        """Adds files, and takes the runs in them out of those that have them already."""
        anew = {name for runs in parts.values() for name in runs}
        kept = {}
        for file, runs in self.parts.items():
            left = {name: state for name, state in runs.items() if name not in anew}
            if len(left) == len(runs):
                kept[file] = runs
            elif left:
                kept[self._without(file, anew)] = left
        self.parts = kept | parts
        for file in self.parts:
            unfinished = self.folder / (file + _UNFINISHED)
            if unfinished.exists():
                unfinished.rename(self.folder / file)
        said = {"version": _VERSION, "selection": self.selection, "parts": self.parts}
        with replaced_whole(self.folder / _MANIFEST, force=True, binary=False) as stream:
            json.dump(said, stream)  # type: ignore[arg-type]
        self.sweep()

    def _without(self, file: str, runs: set[str]) -> str:
        """A file with the rows of other runs than these."""
        pq = require_pyarrow("a data set", "pyarrow.parquet")
        pc = require_pyarrow("a data set", "pyarrow.compute")
        table = pq.read_table(self.folder / file, partitioning=None)
        rows = pc.is_in(table["run"].cast("string"), require_pyarrow("a data set").array([*runs]))
        name = f"{_PREFIX}{uuid.uuid4().hex}.parquet"
        pq.write_table(table.filter(pc.invert(rows)), self.folder / (name + _UNFINISHED))
        return name
