"""Payloads read back from the event files, by the places that the scan noted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import UndecodablePayload
from tbtools.eventfile.source import open_file
from tbtools.eventfile.wire import metadata_of, varint
from tbtools.runs.plugins.values import Damaged, StoredValue, sound
from tbtools.runs.selection import as_globs, matches, select_tags
from tbtools.runs.timeline import rows as row_kinds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.source_types import SourceFile
    from tbtools.runs.parts import Part
    from tbtools.runs.timeline.rows import Mark, RunRows


def _open(columns: FileColumns) -> SourceFile:
    """Opens an event file to read from the places that its scan noted.

    Raises:
        UndecodablePayload: It is gone, or another one stands there now.
    """
    with _refused(columns.path):
        file = open_file(columns.path)
    length = len(columns.fingerprint)
    with contextlib.ExitStack() as closing:
        closing.callback(file.close)
        with _refused(columns.path):
            same = file.read_at(columns.position - length, length) == columns.fingerprint
        if not same:
            raise UndecodablePayload(f"{file.path}: changed since it was scanned; read it again")
        closing.pop_all()
    return file


def _read(file: SourceFile, offset: int, length: int) -> bytes:
    with _refused(file.path):
        data = file.read_at(offset, length)
    if len(data) < length:  # since it was opened
        raise UndecodablePayload(f"{file.path}: shorter than when it was scanned; read it again")
    return data


@contextlib.contextmanager
def _refused(path: str) -> Iterator[None]:
    """Makes an `UndecodablePayload` of what the operating system refuses: the run was readable."""
    try:
        yield
    except OSError as error:
        raise UndecodablePayload(f"{path}: {error.strerror}") from error


def mark_content(rows: RunRows, mark: Mark) -> bytes:
    """The content of an event that is no summary.

    Raises:
        UndecodablePayload: The file has changed since it was scanned.
    """
    with _open(rows.files[mark.file]) as file:
        return _read(file, mark.offset, mark.length)


class _Files:
    """The files of a run, each opened when first read from; one is open at a time."""

    def __init__(self, rows: RunRows) -> None:
        self._rows = rows
        self._index: int | None = None
        self._file: SourceFile | None = None

    def read(self, index: int, offset: int, length: int) -> bytes:
        if self._file is None or index != self._index:
            self.close()
            self._file = _open(self._rows.files[index])
            self._index = index
        return _read(self._file, offset, length)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def row_bytes(rows: RunRows, row: int) -> bytes:
    """The Summary.Value of a row, undecoded."""
    [file] = rows.file_of(np.array([row])).tolist()
    with contextlib.closing(_Files(rows)) as files:
        return files.read(file, int(rows.offset[row]), int(rows.length[row]))


def _without_tag(data: bytes) -> bytes:
    """A Summary.Value without its first field, where that is the tag: 0x0a, length, name."""
    if data[:1] != b"\x0a":
        return data
    length = shift = 0
    for position, byte in enumerate(data[1:11], 1):  # a varint has ten bytes at most
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return data[position + 1 + length :]
    return data


def _decode(data: bytes, path: str) -> Any:
    """The Summary.Value, or `Damaged`."""
    from google.protobuf.message import DecodeError

    from tbtools.eventfile.messages import Value

    # Writers in C++ do not check that a tag is UTF-8, which protobuf refuses. The scan knows it.
    for form in (data, _without_tag(data)):
        try:
            return Value.FromString(form)
        except DecodeError:
            continue
    return Damaged(path, data, "Summary.Value")


def _metadata(rows: RunRows, files: _Files, tag_id: int) -> Any:
    """The tag's metadata, or `Damaged`; None where the run has none.

    Of the value that it was stored with nothing else is decoded: it may be damaged for itself.
    """
    from google.protobuf.message import DecodeError

    from tbtools.eventfile.messages import SummaryMetadata

    place = rows.metadata[tag_id]
    if not place:
        return None
    data = metadata_of(files.read(*place))
    try:
        return SummaryMetadata.FromString(data)
    except DecodeError:
        return Damaged(rows.files[place[0]].path, data, "SummaryMetadata")


def descriptions(parts: Sequence[Part]) -> Iterator[tuple[str | None, str | None]]:
    """Display name and description of each series that has points, in the order of statistics.

    They are in the event files alone: None where these are gone, or the metadata is damaged.

    Args:
        parts: What the run consists of.
    """
    for part in parts:
        rows = part.columns.rows
        bare = _scalars_with_metadata(rows)
        with contextlib.closing(_Files(rows)) as files:
            for series in part.columns.series:
                if series.count:
                    first = part.columns.of(series)[:1] if series.tag_id in bare else None
                    yield _description(rows, files, series.tag_id, first)


def _description(
    rows: RunRows, files: _Files, tag_id: int, first: NDArray[np.int64] | None
) -> tuple[str | None, str | None]:
    """By the tag's metadata, or by that of its first row where none declares a plugin."""
    try:
        metadata = sound(_metadata(rows, files, tag_id))
        if metadata is None and first is not None:
            [file] = rows.file_of(first).tolist()
            metadata = sound(_read_row(rows, files, int(first[0]), file)[2]).metadata
    except UndecodablePayload:
        return None, None
    return (metadata.display_name, metadata.summary_description) if metadata else ("", "")


def _scalars_with_metadata(rows: RunRows) -> set[int]:
    """Tag ids of numbers whose Value is longer than a tag and a number, as by tensorboardX.

    The scan notes metadata that declares a plugin, and theirs declares none.
    """
    shapes = rows.values.shapes
    simple = shapes.kind == row_kinds.SIMPLE_VALUE
    longest = zip(shapes.tag_id[simple].tolist(), shapes.length[simple].tolist(), strict=True)
    return {tag_id for tag_id, length in longest if length > _bare_length(rows.tags[tag_id])}


def _bare_length(tag: str) -> int:
    """The bytes of a Value of a tag and a float32: keys, the length of the tag, and both."""
    size = len(tag.encode(errors="backslashreplace"))
    return 1 + len(varint(size)) + size + 5


def _values_of_part(
    part: Part,
    plugins: Sequence[str],
    tags: frozenset[str],
    kind: int | None,
    most: int | None,
) -> Iterator[StoredValue]:
    rows = part.columns.rows
    files = _Files(rows)
    try:
        for series in part.columns.series:
            tag = part.shown_tag(series.tag)
            if tag not in tags or not matches(series.plugin, plugins):
                continue
            numbers = part.columns.of(series)
            metadata = _metadata(rows, files, series.tag_id)
            if kind is not None:
                numbers = numbers[rows.kind[numbers] == kind]
            if most is not None and numbers.size > most:
                numbers = numbers[np.linspace(numbers.size - 1, 0, most).astype(int)[::-1]]
            for row, file in zip(numbers.tolist(), rows.file_of(numbers).tolist(), strict=True):
                yield StoredValue(tag, *_read_row(rows, files, row, file), metadata)
    finally:
        files.close()


def _read_row(rows: RunRows, files: _Files, row: int, file: int) -> tuple[int, float, Any]:
    """Step, wall time and message of a row."""
    data = files.read(file, int(rows.offset[row]), int(rows.length[row]))
    message = _decode(data, rows.files[file].path)
    return int(rows.step[row]), float(rows.wall_time[row]), message


def all_values(parts: Sequence[Part], plugin: str) -> Iterator[StoredValue]:
    """Every value of the tags of a plugin, superseded or not, in the order written.

    For what is no time series: hyperparameters that a session set stay set when a later session
    writes its own at the same step.

    Args:
        parts: What the run consists of.
        plugin: The plugin that the metadata of the tags declares.
    """
    for part in parts:
        rows = part.columns.rows
        tag_ids = [tag_id for tag_id, name in enumerate(rows.plugins) if name == plugin]
        if not tag_ids:
            continue
        declared = np.isin(rows.tag_id, tag_ids) & np.isin(rows.kind, [0, row_kinds.TENSOR])
        order = part.columns.timeline.order
        numbers = np.flatnonzero(declared) if order is None else order[declared[order]]
        files = _Files(rows)
        try:
            metadata = {tag_id: _metadata(rows, files, tag_id) for tag_id in tag_ids}
            for row, file in zip(numbers.tolist(), rows.file_of(numbers).tolist(), strict=True):
                tag_id = int(rows.tag_id[row])
                tag = part.shown_tag(rows.tags[tag_id])
                yield StoredValue(tag, *_read_row(rows, files, row, file), metadata[tag_id])
        finally:
            files.close()


def stored_values(
    parts: Sequence[Part],
    plugins: str | Sequence[str] | None,
    tags: str | Sequence[str] | None,
    kind: int | None = None,
    most: int | None = None,
) -> Iterator[StoredValue]:
    """The values of some tags and plugins, series by series, each in the order written.

    Args:
        parts: What the run consists of.
        plugins: Names or globs; None for all.
        tags: Names or globs; None for all.
        kind: The number of the only field of Summary.Value that is meant; None for any.
        most: So many of each series at most are read, evenly spread, the last among them; None for
            all.

    Raises:
        UnknownTag: A tag without wildcards is shown by none of the plugins.
    """
    wanted = as_globs(plugins)
    known = {
        part.shown_tag(series.tag)
        for part in parts
        for series in part.columns.series
        if matches(series.plugin, wanted)
    }
    chosen = frozenset(select_tags(sorted(known), as_globs(tags)))
    return (value for part in parts for value in _values_of_part(part, wanted, chosen, kind, most))
