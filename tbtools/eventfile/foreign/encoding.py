"""A `ForeignLog` as the bytes of an event file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from tbtools.eventfile.records import FRAME_SIZE, write_record
from tbtools.eventfile.scalar_records import encode_scalars
from tbtools.eventfile.writer import FILE_VERSION, hparams_event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tbtools.eventfile.foreign.log import ForeignLog

_WRITER = "tbtools import"
_TRIED = 256


def is_single(values: NDArray[np.float64]) -> bool:
    """Whether each number is a float32, or the shortest decimal of one.

    The second are numbers of which a program has written no more digits than tell a float32 from
    its neighbours: 0.1 is the float32 that is nearest to it, which every table shows as 0.1.
    """
    finite = values[np.isfinite(values)]
    return all(map(_are_single, (finite[:_TRIED], finite[_TRIED:])))


def _are_single(values: NDArray[np.float64]) -> bool:
    with np.errstate(over="ignore"):
        near = values.astype(np.float32)
    differ = near != values
    if not np.isfinite(near).all():
        return False
    shortest = near[differ].astype(str).astype(np.float64)
    return bool(np.array_equal(shortest, values[differ]))


def encoded(log: ForeignLog, dtype: str = "") -> bytes:
    """An event file: its version, the hyperparameters, a record a point in their order.

    Args:
        log: The log.
        dtype: ``float32`` or ``float64`` for all series; "" where the numbers tell.

    Raises:
        UnwritableValue: A number does not fit into float32, and that was asked for.
    """
    from tbtools.eventfile.messages import Event

    file = io.BytesIO()
    start = log.wall_time[0] if log.wall_time else log.modified
    first = Event(wall_time=start, file_version=FILE_VERSION, source_metadata={"writer": _WRITER})
    write_record(file, first.SerializeToString())
    if log.hparams:
        write_record(file, hparams_event(log.hparams, start).SerializeToString())
    file.writelines(_records_in_order(log, dtype))
    return file.getvalue()


def series_dtypes(log: ForeignLog, dtype: str = "") -> dict[str, str]:
    """The type of each series: as asked for, as the file says, or by its numbers."""
    value, tag = np.array(log.value), np.array(log.tag)
    return {
        name: dtype
        or log.dtypes.get(name)
        or ("float32" if is_single(value[tag == number]) else "float64")
        for name, number in log.tags.items()
    }


def _records_in_order(log: ForeignLog, dtype: str) -> list[bytes]:
    steps, times = np.array(log.step, np.int64), np.array(log.wall_time)
    values, tags = np.array(log.value), np.array(log.tag)
    by_tag = np.argsort(tags, kind="stable")
    bounds = np.searchsorted(tags[by_tag], np.arange(len(log.tags) + 1))
    dtypes = series_dtypes(log, dtype)
    records: list[bytes] = []
    for name, number in log.tags.items():
        rows = by_tag[bounds[number] : bounds[number + 1]]
        is_wide = dtypes[name] == "float64"
        for data in encode_scalars(name, steps[rows], times[rows], values[rows], wide=is_wide):
            records.extend(_split(data))
    # by_tag says where each record belongs.
    place = np.argsort(by_tag, kind="stable")
    return [records[row] for row in place.tolist()]


def _split(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        end = start + FRAME_SIZE + int.from_bytes(data[start : start + 8], "little")
        yield data[start:end]
        start = end
