"""What becomes of logs that are made smaller, to look at before it is done."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from tbtools.runs.diagnostics import run_note_dicts
from tbtools.showing import Completed, Planned, frame_of
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from tbtools.analysis.edit.results import Asset, PluginEdit
    from tbtools.analysis.pieces import Copy, Rewritten
    from tbtools.analysis.session_starts import SessionStart
    from tbtools.analysis.stretches import ScannedFile
    from tbtools.runs.timeline.notes import RunNote

RUN_COLUMNS = ("run", "output", "event_files", "values", "kept", "superseded", "bytes")


@dataclass(frozen=True, slots=True)
class RunCompaction(Completed):
    """What becomes of one run.

    Attributes:
        run: Its name.
        output: Where its event file goes, relative to the directory that is written; None where
            nothing of it stays.
        event_files: How many it has.
        values: How many values they have.
        kept: How many of them stay.
        superseded: How many are left out because a later session has superseded them.
        bytes: The bytes of its event files.
        start_time: Wall time of its first event, seconds since the epoch; 0 where none is known.
        rewritten: How many records do not stay byte for byte: they lose values, or get the metadata
            of their tag.
        pieces: What is written, in order.
        files: Its event files.
        rows: For each file, the rows that stay.
    """

    _plumbing: ClassVar[frozenset[str]] = frozenset({"pieces", "files", "rows"})

    run: str
    output: str | None
    event_files: int
    values: int
    kept: int
    superseded: int
    bytes: int
    start_time: float
    rewritten: int
    pieces: tuple[Copy | Rewritten | SessionStart, ...] = field(repr=False)
    files: tuple[ScannedFile, ...] = field(repr=False)
    rows: tuple[NDArray[np.int64], ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """As the JSON of `tbtools compact` has it."""
        return {name: getattr(self, name) for name in RUN_COLUMNS}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Compaction(Planned):
    """What becomes of the logs of some runs; `tbtools.write` or `write` carries it out.

    Attributes:
        runs: One by one.
        plugins: What stays of each, by name.
        assets: Files beside them, as those of the projector and the profiler.
        problems: Damaged stretches, which are left out, and what could not be read: run, file,
            offset, length, kind, message.
        run_notes: What should be known of the timelines, each with the name of the run.
        read_paths: The directories and event files that are read.
    """

    _plumbing: ClassVar[frozenset[str]] = frozenset({"run_notes", "read_paths"})

    runs: tuple[RunCompaction, ...]
    plugins: tuple[PluginEdit, ...]
    assets: tuple[Asset, ...]
    problems: tuple[dict[str, Any], ...]
    run_notes: tuple[RunNote, ...]
    read_paths: tuple[str, ...]

    def __repr__(self) -> str:
        """How much there is, on one line."""
        return f"<Compaction: {self.kept:,} of {plural(self.values, 'value')} stay>"

    @property
    def values(self) -> int:
        """How many values the runs have."""
        return sum(run.values for run in self.runs)

    @property
    def kept(self) -> int:
        """How many of them stay."""
        return sum(run.kept for run in self.runs)

    @property
    def superseded(self) -> int:
        """How many are left out because a later session has superseded them."""
        return sum(run.superseded for run in self.runs)

    @property
    def notes(self) -> tuple[dict[str, Any], ...]:
        """What should be known of the timelines: run, kind, message, tag, count."""
        return tuple(run_note_dicts(self.run_notes))

    def to_frame(self) -> pd.DataFrame:
        """One row a run: the keys of `RunCompaction.to_dict`.

        `attrs` holds the rest of `to_dict`.
        """
        return frame_of(self.to_dict(), "runs", RUN_COLUMNS)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools compact`."""
        return {
            "runs": [run.to_dict() for run in self.runs],
            "plugins": [asdict(plugin) for plugin in self.plugins],
            "assets": [{"file": each.file, "output": each.output} for each in self.assets],
            "superseded": self.superseded,
            "problems": list(self.problems),
            "notes": list(self.notes),
        }
