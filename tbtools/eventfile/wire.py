"""Protobuf's wire format: events taken apart and put together again without decoding them.

For what the messages cannot do: to say where a field lies, and to keep the bytes of fields that no
program of today knows, or that protobuf refuses, such as a tag that is not UTF-8.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

VARINT, FIXED64, BYTES, GROUP_START, GROUP_END, FIXED32 = range(6)

# Field numbers of Event, Summary, Summary.Value, SummaryMetadata and its PluginData.
_SUMMARY, _VALUE, _METADATA, _PLUGIN_DATA, _PLUGIN_NAME, _PLUGIN_CONTENT = 5, 1, 9, 1, 1, 2
_WALL_TIME, _STEP, _TAG = 1, 2, 1
# What the field of a Summary.Value that holds its metadata begins with.
METADATA_KEY = _METADATA << 3 | BYTES


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """A varint, and the position behind it."""
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7


def varint(number: int) -> bytes:
    """A number of at least 0 as a varint."""
    result = bytearray()
    while number > 0x7F:
        result.append(number & 0x7F | 0x80)
        number >>= 7
    result.append(number)
    return bytes(result)


def _field_end(data: bytes, position: int, number: int, wire_type: int) -> tuple[int, int]:
    """Where the field's content starts and ends; the bytes are known to be sound."""
    if wire_type == VARINT:
        return position, read_varint(data, position)[1]
    if wire_type == FIXED64:
        return position, position + 8
    if wire_type == FIXED32:
        return position, position + 4
    if wire_type == BYTES:
        size, start = read_varint(data, position)
        return start, start + size
    end = position
    while True:  # a group: to its end mark, over the groups inside
        key, end = read_varint(data, end)
        if key == number << 3 | GROUP_END:
            return position, end
        end = _field_end(data, end, key >> 3, key & 7)[1]


def fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, wire type, start and end of the content of each field of a sound message."""
    while start < end:
        key, start = read_varint(data, start)
        content, start = _field_end(data, start, key >> 3, key & 7)
        yield key >> 3, key & 7, content, start


def bytes_field(number: int, content: bytes) -> bytes:
    """A field of a string, bytes or a message."""
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def _without(data: bytes, number: int) -> bytes:
    """A message without the fields of a number."""
    kept = bytearray()
    begin = 0
    for own, wire_type, _, end in fields(data, 0, len(data)):
        if own != number or wire_type != BYTES:
            kept += data[begin:end]
        begin = end
    return bytes(kept)


def contents(data: bytes, number: int) -> list[bytes]:
    """The contents of the fields of a number of a sound message."""
    return [
        data[start:end]
        for own, wire_type, start, end in fields(data, 0, len(data))
        if own == number and wire_type == BYTES
    ]


def event_with_values(event: bytes, values: Iterable[bytes]) -> bytes:
    """An event whose summary holds these values instead of its own.

    Args:
        event: A sound Event message.
        values: Summary.Value messages.
    """
    content = b"".join(bytes_field(_VALUE, value) for value in values)
    return _without(event, _SUMMARY) + bytes_field(_SUMMARY, content)


def metadata_of(value: bytes) -> bytes:
    """The SummaryMetadata of a sound Summary.Value; empty where it has none."""
    # Contents of a message that stands several times, one behind the other, are merged.
    return b"".join(contents(value, _METADATA))


def declares_plugin(value: bytes) -> bool:
    """Whether a sound Summary.Value names the plugin of its tag."""
    return any(contents(_plugin_data(value), _PLUGIN_NAME)[-1:])


def plugin_content(value: bytes) -> bytes:
    """What a sound Summary.Value holds for the plugin of its tag; empty where there is nothing."""
    return b"".join(contents(_plugin_data(value), _PLUGIN_CONTENT)[-1:])


def _plugin_data(value: bytes) -> bytes:
    return b"".join(contents(metadata_of(value), _PLUGIN_DATA))


def value_with_metadata(value: bytes, metadata: bytes) -> bytes:
    """A sound Summary.Value with this metadata instead of its own."""
    return _without(value, _METADATA) + bytes_field(_METADATA, metadata)


def without_metadata(value: bytes) -> bytes:
    """A sound Summary.Value without what says of which plugin its tag is."""
    return _without(value, _METADATA)


def with_tag(value: bytes, tag: bytes) -> bytes:
    """A sound Summary.Value with another tag; one that has none gets it."""
    renamed = with_contents(value, {_TAG: lambda _: tag})
    return renamed if contents(value, _TAG) else bytes_field(_TAG, tag) + renamed


def with_contents(data: bytes, changes: Mapping[int, Callable[[bytes], bytes | None]]) -> bytes:
    """A sound message in which the contents of some fields are others.

    All else stays as it is, byte for byte and in its order.

    Args:
        data: The message.
        changes: Number of a field of strings, bytes or messages, to what makes its new content of
            the old one; None leaves it out.
    """
    parts = []
    begin = 0
    for number, wire_type, start, end in fields(data, 0, len(data)):
        part: bytes | None = data[begin:end]
        if wire_type == BYTES and number in changes:
            content = data[start:end]
            changed = changes[number](content)
            if changed != content:
                part = None if changed is None else bytes_field(number, changed)
        if part is not None:
            parts.append(part)
        begin = end
    return b"".join(parts)


def edited_event(
    event: bytes,
    values: Mapping[int, bytes | None],
    *,
    step: int | None = None,
    seconds: float = 0.0,
) -> bytes:
    """A sound Event with other values, at another step or time; all else is as it was.

    Args:
        event: The message.
        values: Where in it a Summary.Value starts, to what stands there instead; None leaves the
            value out.
        step: None for its own.
        seconds: What is added to its wall time.
    """
    parts: list[bytes] = []
    begin = at_step = 0
    has_time, has_step = not seconds, False
    for number, wire_type, start, end in fields(event, 0, len(event)):
        part = event[begin:end]
        if number == _SUMMARY and wire_type == BYTES and values:
            part = _edited_summary(event, begin, start, end, values)
        elif number == _WALL_TIME and wire_type == FIXED64:
            at_step, has_time = len(parts) + 1, True
            if seconds:
                [wall_time] = struct.unpack_from("<d", event, start)
                part = _time_field(wall_time + seconds)
        elif number == _STEP and wire_type == VARINT and step is not None:
            part = b"" if has_step else _step_field(step)
            has_step = True
        parts.append(part)
        begin = end
    if step is not None and not has_step:
        parts.insert(at_step, _step_field(step))
    if not has_time:
        parts.insert(0, _time_field(seconds))
    return b"".join(parts)


def _time_field(wall_time: float) -> bytes:
    return varint(_WALL_TIME << 3 | FIXED64) + struct.pack("<d", wall_time)


def _step_field(step: int) -> bytes:
    """Nothing for 0, as writers have it."""
    return varint(_STEP << 3 | VARINT) + varint(step % (1 << 64)) if step else b""


def _edited_summary(
    event: bytes, begin: int, start: int, end: int, values: Mapping[int, bytes | None]
) -> bytes:
    parts = []
    at = start
    is_changed = False
    for _, _, value, behind in fields(event, start, end):
        part: bytes | None = event[at:behind]
        if value in values:
            is_changed = True
            changed = values[value]
            part = None if changed is None else bytes_field(_VALUE, changed)
        if part is not None:
            parts.append(part)
        at = behind
    return bytes_field(_SUMMARY, b"".join(parts)) if is_changed else event[begin:end]
