"""Results written as event files, in which TensorBoard shows them."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.ensemble import runs_needed
from tbtools.analysis.pieces import Copy, Rewritten, result_name
from tbtools.analysis.session_starts import SessionStart
from tbtools.errors import UnwritableValue
from tbtools.eventfile.records import FRAME_SIZE, HEADER_SIZE, write_record
from tbtools.eventfile.scalar_records import encode_scalars
from tbtools.eventfile.source import read_bytes
from tbtools.eventfile.wire import event_with_values, metadata_of, value_with_metadata
from tbtools.eventfile.writer import FILE_VERSION
from tbtools.render.copying import Inputs
from tbtools.render.directories import directory_whole
from tbtools.render.names import distinct_paths, run_paths
from tbtools.render.results import RESULT_WRITER
from tbtools.runs.timeline.rows import SESSION_START

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence
    from typing import BinaryIO

    from numpy.typing import NDArray

    from tbtools.analysis.aggregated import Aggregate, AggregatedSeries
    from tbtools.analysis.importing import Import
    from tbtools.analysis.mending import Mended
    from tbtools.analysis.repair import Repair
    from tbtools.render.directories import NewDirectory

    # Steps, wall times and values of one time series.
    Points = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]

_MAX_STEP = int(np.iinfo(np.int64).max)
# LogMessage.Level (tensorflow/core/util/event.proto).
_WARN = 30


def write_version(file: BinaryIO, command: str, wall_time: float) -> None:
    """Writes the event that a file begins with, which says what it is a result of."""
    from tbtools.eventfile.messages import Event

    event = Event(
        wall_time=wall_time,
        file_version=FILE_VERSION,
        source_metadata={"writer": f"{RESULT_WRITER}{command}"},
    )
    write_record(file, event.SerializeToString())


def _session_start(piece: SessionStart) -> bytes:
    from tbtools.eventfile.messages import Event

    event = Event(wall_time=piece.wall_time, step=piece.step)
    event.session_log.status = SESSION_START
    data: bytes = event.SerializeToString()
    return data


def write_repair(repair: Repair, directory: str | os.PathLike[str]) -> None:
    """Writes the repaired files, as they lay; sound records are copied byte for byte.

    Args:
        repair: The plan.
        directory: The directory, which is made.

    Raises:
        InputChanged: An event file was replaced or cut short since the plan was made.
        TbtoolsError: The directory is not free; see `directory_whole`.
        FileError: It cannot be written; then nothing is left behind.
    """
    with directory_whole(directory, inputs=repair.read_paths) as made:
        for each in repair.files:
            if each.output is None:
                continue
            with made.file(each.output) as file, Inputs() as inputs:
                for piece in each.pieces:
                    write_piece(file, piece, inputs)


def write_import(
    imported: Import, directory: str | os.PathLike[str], *, force: bool = False
) -> None:
    """Writes an event file for each file of each run.

    Args:
        imported: The plan.
        directory: The log directory, which is made.
        force: Whether an earlier result that is there may be replaced.

    Raises:
        UnwritableValue: A number does not fit into the type that was asked for.
        TbtoolsError: The directory is not free; see `directory_whole`.
        FileError: It cannot be written, or a file not be read any more; then nothing is left.
    """
    with directory_whole(directory, force=force, inputs=imported.read_paths) as made:
        files = [file for file in imported.files if file.status == "read"]
        runs = run_paths(file.run for file in files)
        taken: Counter[str] = Counter()
        for each in files:
            data = read_bytes(each.source)
            name = f"{runs[each.run]}/{result_name(each.start_time)}"
            taken[name] += 1
            again = f".{taken[name]}" if taken[name] > 1 else ""
            with made.file(name + again) as file:
                file.write(data)


def write_piece(
    file: BinaryIO, piece: Copy | Rewritten | SessionStart | Mended, inputs: Inputs
) -> None:
    """Writes one piece to the end of a file."""
    if isinstance(piece, Copy):
        inputs.copy(piece, file)
    elif isinstance(piece, Rewritten):
        write_record(file, _rewritten(piece, inputs))
    elif isinstance(piece, SessionStart):
        write_record(file, _session_start(piece))
    else:
        _write_mended(file, piece, inputs)


def _write_mended(file: BinaryIO, piece: Mended, inputs: Inputs) -> None:
    """Writes a record with checksums that hold, behind a message that says so."""
    from tbtools.eventfile.messages import Event

    frame = inputs.read(piece.file, piece.offset, piece.length)
    data = frame[HEADER_SIZE : HEADER_SIZE - FRAME_SIZE]
    event = Event.FromString(data)
    note = Event(wall_time=event.wall_time, step=event.step)
    note.log_message.level = _WARN
    note.log_message.message = (
        f"{RESULT_WRITER}repair: the checksum of the {piece.what} of the next record was wrong, "
        f"at byte {piece.offset} of {Path(piece.file.path).name}"
    )
    write_record(file, note.SerializeToString())
    write_record(file, data)


def _rewritten(piece: Rewritten, inputs: Inputs) -> bytes:
    """An event with only some of its values, or with metadata that it did not have."""
    length = int.from_bytes(inputs.read(piece.file, piece.offset, 8), "little")
    event = inputs.read(piece.file, piece.offset + HEADER_SIZE, length)
    values = []
    for offset, length, place in piece.values:
        value = inputs.read(piece.file, offset, length)
        if place is not None:
            value = value_with_metadata(value, metadata_of(inputs.read(*place)))
        values.append(value)
    return event_with_values(event, values)


def _write_run(
    made: NewDirectory, run: str, command: str, sessions: Sequence[Mapping[str, Points]]
) -> None:
    reached = -1
    with made.file(f"{run}/{result_name(_first_time(sessions[0]))}") as file:
        write_version(file, command, _first_time(sessions[0]))
        for number, series in enumerate(sessions):
            if number and reached < _MAX_STEP:  # a mark at a step voids what is there
                mark = SessionStart(reached + 1, _first_time(series))
                write_record(file, _session_start(mark))
            for tag, points in series.items():
                file.writelines(encode_scalars(tag, *points))
                reached = max(reached, int(points[0].max(initial=-1)))


def _first_time(series: Mapping[str, Points]) -> float:
    """The least wall time; 0 where none is known."""
    times = np.concatenate([each[1] for each in series.values()])
    return float(times[np.isfinite(times)].min(initial=np.inf)) if np.isfinite(times).any() else 0.0


def write_runs(
    runs: Iterable[tuple[str, Sequence[Mapping[str, Points]]]],
    directory: str | os.PathLike[str],
    *,
    command: str,
    force: bool = False,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> None:
    """Writes runs of scalars, one event file each.

    Args:
        runs: Name, and for each writer session tag to steps, wall times and values; taken one by
            one. Where there are several sessions, each tag goes on beyond what it had reached.
        directory: The log directory, which is made. The run ``.`` lies in itself.
        command: Which command they are a result of.
        force: Whether an earlier result that is there may be replaced.
        inputs: What they are made from.

    Raises:
        UnwritableValue: A finite value is infinite as float32.
        TbtoolsError: The directory is not free; see `directory_whole`.
        FileError: It cannot be written; then nothing is left behind.
    """
    with directory_whole(directory, force=force, inputs=inputs) as made:
        for run, sessions in runs:
            _write_run(made, run, command, sessions)


def write_aggregate(
    aggregate: Aggregate,
    directory: str | os.PathLike[str],
    *,
    force: bool = False,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> None:
    """Writes one run a statistic: ``<group>/mean``, ``<group>/std``, and so on.

    Where there is one group, of all runs, its name is left out. A spread that is none, for one run
    is behind its point, is no point.

    Args:
        aggregate: The result.
        directory: The log directory, which is made.
        force: Whether an earlier result that is there may be replaced.
        inputs: What else was read for it than the directories of its runs.

    Raises:
        UnwritableValue: The axis has fractions, and steps have none.
        TbtoolsError: The directory is not free; see `directory_whole`.
        FileError: It cannot be written; then nothing is left behind.
    """
    alone = [group.name for group in aggregate.groups] == ["all"]
    groups = distinct_paths(group.name for group in aggregate.groups)
    runs: dict[str, dict[str, Points]] = {}
    for series in aggregate.series:
        steps = _whole_steps(series, aggregate.x)
        for name, values in series.statistics.items():
            run = name if alone else f"{groups[series.group]}/{name}"
            has_spread = series.runs >= runs_needed(name)
            points = (steps[has_spread], series.wall_time[has_spread], values[has_spread])
            runs.setdefault(run, {})[series.tag] = points
    read = (*inputs, *aggregate.read_paths)
    write_runs(
        ((run, [each]) for run, each in runs.items()),
        directory,
        command="aggregate",
        force=force,
        inputs=read,
    )


def _whole_steps(series: AggregatedSeries, axis: str) -> NDArray[np.int64]:
    steps = series.x.astype(np.int64)
    if not np.array_equal(steps, series.x):
        raise UnwritableValue(
            f"{axis} has fractions at {series.tag}, and the steps of event files have none: align "
            "to a grid of whole numbers, or write a table"
        )
    return steps
