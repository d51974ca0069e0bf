"""Records of scalars, encoded many at a time.

One record, as torch and tensorboardX write it (tensorflow/core/util/event.proto, summary.proto):

    09 <float64 wall time>  10 <varint step>
    2a <length>  0a <length>  0a <length> <tag>  15 <float32 value>

A step of 0 is left out, as protobuf does it with what is zero. A float64 is a tensor of rank 0, and
its tag is declared as one of the plugin scalars, as TensorFlow 2 writes it: instead of 15

    4a 0b  0a 09  0a 07 "scalars"  42 0e  08 02  12 00  32 08 <float64 value>
"""

from __future__ import annotations

import functools
import struct
from typing import TYPE_CHECKING

import numpy as np

from tbtools.errors import UnwritableValue
from tbtools.eventfile.records import FRAME_SIZE, HEADER_SIZE, masked_crc32c

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Rows encoded at once: their columns stay in the processor's cache.
_BLOCK = 1 << 14
# So many points, and fewer, are encoded faster one by one.
_FEW = 50
# The least number that takes one byte, two, ...
_LEAST_OF_SIZE = np.uint64(1) << np.arange(0, 70, 7, dtype=np.uint64)
_SINGLE = b"\x15"
_DOUBLE = b"\x4a\x0b\x0a\x09\x0a\x07scalars\x42\x0e\x08\x02\x12\x00\x32\x08"
_CASTAGNOLI = 0x82F63B78  # the polynomial of CRC-32C, its bits reversed (RFC 3720, B.4)


def encode_scalars(
    tag: str,
    steps: NDArray[np.int64],
    wall_times: NDArray[np.float64],
    values: NDArray[np.float64],
    *,
    wide: bool = False,
) -> Iterator[bytes]:
    """Whole records, one a point, ready to be written behind one another.

    Args:
        tag: The time series.
        steps: int64, shape (n,).
        wall_times: float64, shape (n,), seconds since the epoch.
        values: float64, shape (n,); written as float32, each rounded to the nearest.
        wide: Whether they are written as float64.

    Yields:
        The records of some neighbouring points.

    Raises:
        UnwritableValue: A finite value is infinite as float32.
    """
    if steps.size <= _FEW:
        yield b"".join(_one_by_one(tag, steps, wall_times, values, wide=wide))
        return
    with np.errstate(over="ignore"):
        stored = values.astype("<f8" if wide else "<f4")
    lost = np.isfinite(values) & ~np.isfinite(stored)
    if lost.any():
        raise _unwritable(values[lost][0], tag)
    sizes = varint_sizes(steps)
    bounds = np.flatnonzero(np.diff(sizes)) + 1
    for first, end in zip([0, *bounds.tolist()], [*bounds.tolist(), steps.size], strict=True):
        for start in range(first, end, _BLOCK):
            here = slice(start, min(start + _BLOCK, end))
            yield _encode(tag.encode(), steps[here], wall_times[here], stored[here])


def _unwritable(value: float, tag: str) -> UnwritableValue:
    return UnwritableValue(f"{value} of {tag} does not fit into float32")


def _one_by_one(
    tag: str,
    steps: NDArray[np.int64],
    wall_times: NDArray[np.float64],
    values: NDArray[np.float64],
    *,
    wide: bool,
) -> Iterator[bytes]:
    name = tag.encode()
    pack, size = ("<d", 8) if wide else ("<f", 4)
    value = b"\x0a" + _varint(len(name)) + name + (_DOUBLE if wide else _SINGLE)
    summary = b"\x0a" + _varint(len(value) + size) + value
    content = b"\x2a" + _varint(len(summary) + size) + summary
    for step, wall_time, number in zip(
        steps.tolist(), wall_times.tolist(), values.tolist(), strict=True
    ):
        at_step = b"\x10" + _varint(step % (1 << 64)) if step else b""
        try:
            stored = struct.pack(pack, number)
        except OverflowError:
            raise _unwritable(number, tag) from None
        data = b"\x09" + struct.pack("<d", wall_time) + at_step + content + stored
        yield record_header(len(data)) + data + masked_crc32c(data).to_bytes(4, "little")


@functools.lru_cache(1 << 10)
def record_header(size: int) -> bytes:
    """What stands in front of a record's data."""
    length = size.to_bytes(8, "little")
    return length + masked_crc32c(length).to_bytes(4, "little")


def varint_sizes(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bytes of each step: none for 0, seven bits a byte else, and ten for a negative one."""
    return np.searchsorted(_LEAST_OF_SIZE, steps.view(np.uint64), side="right")


def _varint(size: int) -> bytes:
    encoded = bytearray()
    while size > 0x7F:
        encoded.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*encoded, size])


def _encode(
    tag: bytes,
    steps: NDArray[np.int64],
    wall_times: NDArray[np.float64],
    values: NDArray[np.float32] | NDArray[np.float64],
) -> bytes:
    """Records of one length: the steps take up the same number of bytes."""
    step_size = int(varint_sizes(steps[:1])[0])
    size = values.itemsize
    field = _SINGLE if size == 4 else _DOUBLE
    value = b"\x0a" + _varint(len(tag)) + tag + field + bytes(size)
    summary = b"\x0a" + _varint(len(value)) + value
    step = b"\x10" + bytes(step_size) if step_size else b""
    data = b"\x09" + bytes(8) + step + b"\x2a" + _varint(len(summary)) + summary
    record = np.frombuffer(record_header(len(data)) + data + bytes(4), np.uint8)
    records = np.tile(record, (steps.size, 1))
    assert record.size == FRAME_SIZE + len(data)
    at = HEADER_SIZE
    records[:, at + 1 : at + 9] = _bytes_of(wall_times.astype("<f8"))
    put_varints(records[:, at + 10 : at + 10 + step_size], steps)
    records[:, -4 - size : -4] = _bytes_of(values)
    records[:, -4:] = _bytes_of(masked_crcs(records[:, at:-4]).astype("<u4"))
    return records.tobytes()


def put_varints(columns: NDArray[np.uint8], numbers: NDArray[np.int64]) -> None:
    """Writes numbers that all take as many bytes as there are columns."""
    bits = numbers.view(np.uint64)
    for byte in range(columns.shape[1]):
        septet = (bits >> np.uint64(7 * byte) & np.uint64(0x7F)).astype(np.uint8)
        columns[:, byte] = septet | (0x80 if byte < columns.shape[1] - 1 else 0)


def _bytes_of(column: NDArray[np.generic]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(column).view(np.uint8).reshape(len(column), -1)


@functools.cache
def _crc_table() -> NDArray[np.uint32]:
    """What a byte does to a CRC."""
    table: NDArray[np.uint32] = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        odd = (table & 1).astype(bool)
        table = table >> np.uint32(1)
        table[odd] ^= np.uint32(_CASTAGNOLI)
    return table


def masked_crcs(rows: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """The masked CRC-32C of each row, byte by byte for all rows at once; see `masked_crc32c`."""
    table = _crc_table()
    crc = np.full(len(rows), 0xFFFFFFFF, np.uint32)
    for column in np.ascontiguousarray(rows.T):
        crc = table[(crc ^ column) & np.uint32(0xFF)] ^ crc >> np.uint32(8)
    crc ^= np.uint32(0xFFFFFFFF)
    rotated: NDArray[np.uint32] = crc >> np.uint32(15) | crc << np.uint32(17)
    return rotated + np.uint32(0xA282EAD8)
