"""What an edit is going to do, to look at before it is done."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from tbtools.runs.diagnostics import run_note_dicts
from tbtools.showing import Completed, Planned, frame_of
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from tbtools.analysis.edit.names import Collision
    from tbtools.analysis.edit.runs import RunEdit
    from tbtools.runs.timeline.notes import RunNote

FILE_COLUMNS = ("run", "file", "output", "values", "kept", "changed", "bytes")


@dataclass(frozen=True, slots=True)
class FileEdit(Completed):
    """What becomes of one event file.

    Attributes:
        run: The run that it is of.
        file: Its path.
        output: Where it goes, relative to the directory that is written; None where nothing of it
            stays.
        values: How many values it has.
        kept: How many of them stay.
        changed: How many of those do not stay byte for byte.
        bytes: How long it is, up to the last whole record.
        is_whole: Whether it is copied as it is.
        size: How long it was when it was read.
        edit: What becomes of its run.
        number: Its number in the run.
    """

    _plumbing: ClassVar[frozenset[str]] = frozenset({"edit", "number", "size"})

    run: str
    file: str
    output: str | None
    values: int
    kept: int
    changed: int
    bytes: int
    is_whole: bool
    size: int = field(repr=False)
    edit: RunEdit = field(repr=False)
    number: int = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """As the JSON of `tbtools edit` has it."""
        return {name: getattr(self, name) for name in FILE_COLUMNS}


@dataclass(frozen=True, slots=True)
class TagEdit:
    """A tag that gets another name.

    Attributes:
        run: The run that it is of.
        tag: Its name.
        to: Its new name.
        values: How many of its values stay.
    """

    run: str
    tag: str
    to: str
    values: int


@dataclass(frozen=True, slots=True)
class PluginEdit:
    """What stays of a plugin.

    Attributes:
        plugin: Its name; "" for what no plugin is known of.
        values: How many values it has.
        bytes: Their bytes, as they stand in the files.
        kept: How many of the values stay.
        kept_bytes: The bytes of those that stay, as they will be.
    """

    plugin: str
    values: int
    bytes: int
    kept: int
    kept_bytes: int


@dataclass(frozen=True, slots=True)
class Asset:
    """A file beside the event files of a run that goes with them.

    Attributes:
        file: Its path.
        output: Where it goes, relative to the directory that is written.
        text: What is written; None for what is in the file.
    """

    file: str
    output: str
    text: str | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Edit(Planned):
    """What becomes of the logs of some runs; `tbtools.write` or `write` carries it out.

    Attributes:
        files: One by one, by run and name.
        runs: Run to the directory, relative to that which is written, in which it goes.
        tags: Those that get another name.
        plugins: What stays of each, by name.
        collisions: Tags and runs that get one name.
        assets: Files beside them, as those of the projector and the profiler.
        problems: Damaged stretches, which are left out, and what could not be read: run, file,
            offset, length, kind, message.
        run_notes: What should be known of the files, each with the name of its run.
        read_paths: The directories and event files that are read.
    """

    _plumbing: ClassVar[frozenset[str]] = frozenset({"run_notes", "read_paths"})

    files: tuple[FileEdit, ...]
    runs: Mapping[str, str]
    tags: tuple[TagEdit, ...]
    plugins: tuple[PluginEdit, ...]
    collisions: tuple[Collision, ...]
    assets: tuple[Asset, ...]
    problems: tuple[dict[str, Any], ...]
    run_notes: tuple[RunNote, ...]
    read_paths: tuple[str, ...]

    def __repr__(self) -> str:
        """How much there is, on one line."""
        return (
            f"<Edit: {plural(self.written_files, 'file')}, {self.kept:,} of "
            f"{plural(self.values, 'value')} stay, {self.changed:,} of them changed>"
        )

    @property
    def values(self) -> int:
        """How many values the files have."""
        return sum(file.values for file in self.files)

    @property
    def kept(self) -> int:
        """How many of them stay."""
        return sum(file.kept for file in self.files)

    @property
    def changed(self) -> int:
        """How many of those do not stay byte for byte."""
        return sum(file.changed for file in self.files)

    @property
    def written_files(self) -> int:
        """How many event files are written."""
        return sum(file.output is not None for file in self.files)

    @property
    def notes(self) -> tuple[dict[str, Any], ...]:
        """What should be known of the files: run, kind, message, tag, count."""
        return tuple(run_note_dicts(self.run_notes))

    def to_frame(self) -> pd.DataFrame:
        """One row a file: the keys of `FileEdit.to_dict`.

        `attrs` holds the rest of `to_dict`.
        """
        return frame_of(self.to_dict(), "files", FILE_COLUMNS)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools edit`."""
        return {
            "files": [file.to_dict() for file in self.files],
            "runs": [{"run": run, "to": to} for run, to in self.runs.items()],
            "tags": [asdict(tag) for tag in self.tags],
            "plugins": [asdict(plugin) for plugin in self.plugins],
            "collisions": [asdict(each) for each in self.collisions],
            "assets": [{"file": each.file, "output": each.output} for each in self.assets],
            "problems": list(self.problems),
            "notes": list(self.notes),
        }
