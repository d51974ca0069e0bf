"""Protobuf's wire format: events taken apart and put together again without decoding them.

For what the messages cannot do: to say where a field lies, and to keep the bytes of fields that no
program of today knows, or that protobuf refuses, such as a tag that is not UTF-8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VARINT, FIXED64, BYTES, GROUP_START, GROUP_END, FIXED32 = range(6)

# Field numbers of Event, Summary, Summary.Value, SummaryMetadata and its PluginData.
_SUMMARY, _VALUE, _METADATA, _PLUGIN_DATA, _PLUGIN_NAME, _PLUGIN_CONTENT = 5, 1, 9, 1, 1, 2


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


def _varint(number: int) -> bytes:
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


def _bytes_field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | BYTES) + _varint(len(content)) + content


def _without(data: bytes, number: int) -> bytes:
    """A message without the fields of a number."""
    kept = bytearray()
    begin = 0
    for own, wire_type, _, end in fields(data, 0, len(data)):
        if own != number or wire_type != BYTES:
            kept += data[begin:end]
        begin = end
    return bytes(kept)


def _contents(data: bytes, number: int) -> list[bytes]:
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
    content = b"".join(_bytes_field(_VALUE, value) for value in values)
    return _without(event, _SUMMARY) + _bytes_field(_SUMMARY, content)


def metadata_of(value: bytes) -> bytes:
    """The SummaryMetadata of a sound Summary.Value; empty where it has none."""
    # Contents of a message that stands several times, one behind the other, are merged.
    return b"".join(_contents(value, _METADATA))


def declares_plugin(value: bytes) -> bool:
    """Whether a sound Summary.Value names the plugin of its tag."""
    return any(_contents(_plugin_data(value), _PLUGIN_NAME)[-1:])


def plugin_content(value: bytes) -> bytes:
    """What a sound Summary.Value holds for the plugin of its tag; empty where there is nothing."""
    return b"".join(_contents(_plugin_data(value), _PLUGIN_CONTENT)[-1:])


def _plugin_data(value: bytes) -> bytes:
    return b"".join(_contents(metadata_of(value), _PLUGIN_DATA))


def value_with_metadata(value: bytes, metadata: bytes) -> bytes:
    """A sound Summary.Value with this metadata instead of its own."""
    return _without(value, _METADATA) + _bytes_field(_METADATA, metadata)
