"""What is in one event file: its tags, its records, its events."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.eventfile.problems import Problem, undecodable
from tbtools.eventfile.reader import (
    EventFileReader,
    decoded_event,
    plain_scalars,
    records_and_problems,
)
from tbtools.eventfile.records import FRAME_SIZE, RecordReader
from tbtools.eventfile.scan import scan_readable
from tbtools.runs.columns import gather
from tbtools.runs.numbers import json_number
from tbtools.runs.statistics import series_statistics
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.eventfile.source_types import SourceFile
    from tbtools.runs.columns import RunColumns, SeriesRows

# The number of the field of Event to what it is called there.
_MARKS = {
    3: "file_version",
    4: "graph_def",
    6: "log_message",
    7: "session_log",
    8: "tagged_run_metadata",
    9: "meta_graph_def",
}
_KINDS = {
    0: "no value",
    2: "simple_value",
    3: "obsolete_old_style_histogram",
    4: "image",
    5: "histo",
    6: "audio",
    8: "tensor",
}
_SHOWN_BYTES = 200  # of a text
_SESSION_STATUS = {0: "unspecified", 1: "START", 2: "STOP", 3: "CHECKPOINT"}


@dataclass(frozen=True, slots=True)
class TagInspection:
    """One tag of a file.

    Attributes:
        tag: The tag.
        plugin: The plugin that shows it; "" where this file declares none.
        stored_as: How its values are stored: ``simple_value``, ``tensor (float64)``, ``histo``, ...
        count: How many values.
        first_step: The lowest step.
        last_step: The highest step.
        out_of_order: How many have a lower step than the one in front of them.
        first_time: Wall time of the first, seconds since the epoch.
        last_time: Wall time of the last.
        bytes: The size of the values.
    """

    tag: str
    plugin: str
    stored_as: str
    count: int
    first_step: int
    last_step: int
    out_of_order: int
    first_time: float
    last_time: float
    bytes: int

    def to_dict(self) -> dict[str, Any]:
        """The fields, with None for a wall time that is not finite."""
        times = {name: json_number(getattr(self, name)) for name in ("first_time", "last_time")}
        return {**asdict(self), **times}


@dataclass(frozen=True, slots=True)
class Inspection:
    """One event file.

    Attributes:
        file: Its path.
        bytes: Its size.
        records: How many whole records with sound checksums it has.
        events: How many of them are events.
        file_version: For example ``brain.Event:2``; None where no event says.
        writer: What wrote it, where the first event says; "" elsewhere.
        sessions: How many writer sessions it has.
        first_time: Wall time of the first event, seconds since the epoch; None without any.
        last_time: The greatest wall time.
        other_events: Events that are no summaries, by kind.
        tags: Its tags, in natural order.
        problems: Its damaged stretches.
    """

    file: str
    bytes: int
    records: int
    events: int
    file_version: str | None
    writer: str
    sessions: int
    first_time: float | None
    last_time: float | None
    other_events: dict[str, int]
    tags: tuple[TagInspection, ...]
    problems: tuple[Problem, ...]

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values."""
        return {
            **asdict(self),
            "first_time": json_number(self.first_time),
            "last_time": json_number(self.last_time),
            "tags": [tag.to_dict() for tag in self.tags],
        }


def inspect_file(path: str) -> Inspection:
    """Looks at one event file; nothing that restarts would leave out is left out.

    Args:
        path: The file.

    Raises:
        FileError: It cannot be read.
    """
    columns = gather([scan_readable(path)], "keep")
    file = columns.rows.files[0]
    sessions = columns.timeline.sessions
    ends = [each.end_time for each in sessions if np.isfinite(each.end_time)]
    kinds, counts = np.unique(file.mark_kind, return_counts=True)
    return Inspection(
        file=path,
        bytes=file.size,
        records=file.records,
        events=file.events,
        file_version=file.file_version,
        writer=_writer(path) if file.events else "",
        sessions=len(sessions),
        first_time=file.first_wall_time,
        last_time=max(ends, default=None),
        other_events={
            _MARKS[kind]: count for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True)
        },
        tags=tuple(_tag_inspections(columns)),
        problems=file.problems,
    )


def _writer(path: str) -> str:
    first = next(iter(EventFileReader(path)), None)
    return "" if first is None else str(first.source_metadata.writer)


def _tag_inspections(columns: RunColumns) -> Iterator[TagInspection]:
    filled = (series for series in columns.series if series.count)
    for series, numbers in zip(filled, series_statistics(columns), strict=True):
        rows = columns.of(series)
        step = columns.rows.step[rows]
        yield TagInspection(
            tag=series.tag,
            plugin=series.plugin,
            stored_as=_stored_as(columns, series, numbers.dtype),
            count=series.count,
            first_step=numbers.first_step,
            last_step=numbers.last_step,
            out_of_order=int((step[1:] < step[:-1]).sum()),
            first_time=numbers.first_time,
            last_time=numbers.last_time,
            bytes=int(columns.rows.length[rows].sum()),
        )


def _stored_as(columns: RunColumns, series: SeriesRows, dtype: str) -> str:
    kinds = np.unique(columns.rows.kind[columns.of(series)]).tolist()
    names = [_KINDS[kind] for kind in kinds]
    if dtype and names == ["tensor"]:
        return f"tensor ({dtype})"
    return ", ".join(names)


@dataclass(slots=True)  # not frozen: making one takes half the time, and files have millions
class RecordInspection:
    """One record, or a stretch that is none.

    Attributes:
        offset: Its first byte.
        length: Its bytes, frame included.
        state: ``ok``, or the kind of the problem.
        data: The data of a sound record that is an event; None for any other.
        scalar: What `plain_scalars` tells of it.
        message: What the matter is; "" for a sound record.
        is_whole: Whether all that its length says stands there, data and both checksums.
    """

    offset: int
    length: int
    state: str
    data: bytes | None = None
    scalar: tuple[float, int, str, float] | None = None
    message: str = ""
    is_whole: bool = True
    _event: Any = None

    @property
    def event(self) -> Any:
        """The decoded `messages.Event` of a sound record that is one, else None."""
        if self._event is None and self.data is not None:
            self._event = decoded_event(self.data)
        return self._event


def inspect_records(path: str) -> Iterator[RecordInspection]:
    """The records of a file one after the other, with what is damaged in its place.

    Args:
        path: The file.

    Raises:
        FileError: It cannot be read.
    """
    scalar_of = plain_scalars()
    with RecordReader(path) as reader:
        for item in records_and_problems(reader):
            if isinstance(item, Problem):
                yield _damaged(item, is_whole=_is_whole(reader.file, item))
                continue
            offset, data = item
            size = FRAME_SIZE + len(data)
            record = RecordInspection(offset, size, "ok", data, scalar_of(data))
            if record.scalar is None and record.event is None:
                record = _damaged(undecodable(offset, size), is_whole=True)
            yield record


def _is_whole(file: SourceFile, problem: Problem) -> bool:
    """Whether a problem is a record of which only the data is damaged: none that broke off."""
    if problem.kind != "bad_data":
        return False
    length = int.from_bytes(file.read_at(problem.offset, 8), "little")
    return problem.length == length + FRAME_SIZE


def _damaged(problem: Problem, *, is_whole: bool) -> RecordInspection:
    return RecordInspection(
        problem.offset, problem.length, problem.kind, message=problem.message, is_whole=is_whole
    )


def describe_event(event: Any, what: str | None) -> list[tuple[str, str]]:
    """What an event holds, for a person: (tag or kind, text) for each value.

    Args:
        event: A `messages.Event`.
        what: Which of its contents is set.
    """
    if what == "summary":
        values = event.summary.value[:]  # a list is gone through in a third of the time
        return [(value.tag, describe_value(value)) for value in values]
    if what is None:
        return [("-", "no content")]
    content = getattr(event, what)
    if what == "file_version":
        return [(what, content)]
    if what == "session_log":
        status = _SESSION_STATUS.get(content.status, str(content.status))
        return [(what, " ".join(part for part in (status, content.msg) if part))]
    if what == "log_message":
        return [(what, content.message)]
    size = len(content) if isinstance(content, bytes) else content.ByteSize()
    return [(what, f"{plural(size, 'byte')}")]


def describe_value(value: Any) -> str:
    """A Summary.Value in a few words; numbers as they are, payloads by kind and size."""
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return describe_float(value.simple_value)
    if kind == "histo":
        histo = value.histo
        return f"histogram of {histo.num:g} values from {histo.min:g} to {histo.max:g}"
    if kind == "image":
        image = value.image
        size = len(image.encoded_image_string)
        return f"image {image.width} x {image.height}, {plural(size, 'byte')}"
    if kind == "audio":
        audio = value.audio
        size = len(audio.encoded_audio_string)
        length = f"{plural(audio.length_frames, 'frame')} at {audio.sample_rate:g} Hz"
        return f"audio {length}, {plural(size, 'byte')}"
    if kind == "tensor":
        return _describe_tensor(value.tensor)
    plugin = value.metadata.plugin_data
    if plugin.plugin_name:
        return f"{plugin.plugin_name}: {plural(len(plugin.content), 'byte')} of plugin data"
    return "no value"


def describe_float(value: float) -> str:
    """A float32 as the shortest decimal that reads back."""
    return str(np.float32(value))


def _describe_tensor(tensor: Any) -> str:
    from tbtools.errors import UndecodablePayload
    from tbtools.runs.plugins.tensors import tensor_to_numpy

    try:
        array = tensor_to_numpy(tensor)
    except UndecodablePayload as error:
        return f"tensor that cannot be decoded: {error}"
    if not array.size or (array.size > 1 and array.dtype != object):
        shape = " x ".join(map(str, array.shape))
        return f"tensor {shape}, {'strings' if array.dtype == object else array.dtype}"
    first = array.reshape(-1)[0]
    if array.dtype != object:
        return f"{first} ({array.dtype})"
    text = repr(first[:_SHOWN_BYTES].decode(errors="backslashreplace"))
    return text if array.size == 1 else f"{plural(array.size, 'string')}, the first {text}"
