"""W&B's offline files, ``run-ID.wandb``: a log of records, of which histories and configs are read.

The file is one of LevelDB (github.com/google/leveldb, doc/log_format.md) with a header of its own
and the CRC-32 of zlib (wandb/sdk/internal/datastore.py); its records are those of
wandb/proto/wandb_internal.proto, whose field numbers stand below.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

from tbtools.eventfile.foreign.json_lines import logs_of, parsed
from tbtools.eventfile.foreign.log import ForeignLog, as_hparam, encodable, flattened, refusal
from tbtools.eventfile.foreign.rows import Row
from tbtools.eventfile.source import read_bytes
from tbtools.eventfile.wire import VARINT, contents, fields, read_varint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.eventfile.foreign.log import HParam, Reading

_HEADER = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
_BLOCK = 1 << 15
_FRAME = struct.Struct("<IHB")  # checksum of the type and the data, length, type
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4

_HISTORY, _CONFIG, _RUN = 2, 5, 17  # of Record
_RUN_CONFIG = 4  # of RunRecord
_HISTORY_STEP, _STEP_NUMBER = 2, 1  # of HistoryRecord, of HistoryStep
_ITEM = 1  # of HistoryRecord and ConfigRecord
_KEY, _NESTED_KEY, _VALUE = 1, 2, 16  # of their items
_STEP = "_step"
# Pictures, tables and histograms are objects that say what they are.
_MEDIA_KEY = "_type"


def read(path: str, reading: Reading, modified: float) -> dict[str, ForeignLog]:
    """The log of the run.

    Raises:
        OSError: It cannot be read, or is none of W&B's files.
    """
    data = read_bytes(path)
    if not data.startswith(_HEADER):
        raise refusal("no offline file of W&B: it does not begin like one", path)
    rows: list[Row] = []
    hparams: dict[str, HParam] = {}
    problems: list[tuple[str, int, int, bool]] = []
    for number, (start, end, record) in enumerate(_records(data, problems), 1):
        try:
            _read_record(record, Row({}, number, start, end - start), rows, hparams)
        except (ValueError, IndexError):  # checksums hold, so that its writer meant it
            problems.append((f"record {number} cannot be decoded", start, end - start, False))
    logs = logs_of(rows, reading, path, modified)
    log = next(iter(logs.values()))
    log.hparams |= hparams
    for message, offset, length, is_cut in problems:
        log.tell(message, offset, length, is_cut=is_cut)
    return logs


def _records(
    data: bytes, problems: list[tuple[str, int, int, bool]]
) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and content of each sound record; the others are told.

    After damage reading goes on with the next block, as LevelDB does.
    """
    at = len(_HEADER)
    begin = at
    parts: list[bytes] = []
    while at < len(data):
        block_end = (at // _BLOCK + 1) * _BLOCK
        if block_end - at < _FRAME.size:  # filled up with zeros
            at = block_end
            continue
        frame = _frame(data, at, min(block_end, len(data)))
        if frame is None:
            end = min(block_end, len(data))
            is_cut = end == len(data)
            what = "the file ends inside a record" if is_cut else "a record is damaged"
            problems.append((f"{what}, at byte {at}", at, end - at, is_cut))
            at, parts = block_end, []
            continue
        kind, content = frame
        end = at + _FRAME.size + len(content)
        if kind in (_FULL, _FIRST):
            begin, parts = at, []
        elif not parts:  # the beginning was damaged
            at = end
            continue
        parts.append(content)
        at = end
        if kind in (_FULL, _LAST):
            yield begin, end, b"".join(parts)
            parts = []
    if parts:
        problems.append(
            (f"the file ends inside a record, at byte {begin}", begin, len(data) - begin, True)
        )


def _frame(data: bytes, at: int, end: int) -> tuple[int, bytes] | None:
    """Type and content of a part of a record; None where it is not whole or its checksum wrong."""
    if end - at < _FRAME.size:
        return None
    checksum, length, kind = _FRAME.unpack_from(data, at)
    content = data[at + _FRAME.size : at + _FRAME.size + length]
    is_whole = len(content) == length and at + _FRAME.size + length <= end
    if not is_whole or kind not in (_FULL, _FIRST, _MIDDLE, _LAST):
        return None
    return (kind, content) if zlib.crc32(bytes([kind]) + content) == checksum else None


def _read_record(record: bytes, row: Row, rows: list[Row], hparams: dict[str, HParam]) -> None:
    """Adds a row of history to the rows, or a config to the hyperparameters."""
    for history in contents(record, _HISTORY):
        cells = _items(history)
        for step in contents(history, _HISTORY_STEP):
            cells.setdefault(_STEP, _number(step))
        rows.append(Row(cells, row.line, row.offset, row.length))
    configs = [each for run in contents(record, _RUN) for each in contents(run, _RUN_CONFIG)]
    for config in (*configs, *contents(record, _CONFIG)):
        for name, value in _items(config).items():
            if not name.startswith("_"):  # W&B's own
                hparams[encodable(name)] = as_hparam(value)


def _items(message: bytes) -> dict[str, Any]:
    """Names and values, those of objects by the names of all that they are in.

    Raises:
        ValueError: A value is no JSON, or a name no UTF-8.
    """
    found: dict[str, Any] = {}
    for item in contents(message, _ITEM):
        keys = contents(item, _NESTED_KEY) or contents(item, _KEY)
        name = "/".join(key.decode() for key in keys)
        for text in contents(item, _VALUE)[-1:]:
            value = parsed(text.decode())
            if not isinstance(value, dict):
                found[name] = value
            elif _MEDIA_KEY not in value:
                found |= flattened(value, f"{name}/")
    return found


def _number(step: bytes) -> int:
    numbers = [
        read_varint(step, start)[0]
        for number, wire_type, start, _ in fields(step, 0, len(step))
        if number == _STEP_NUMBER and wire_type == VARINT
    ]
    return numbers[-1] if numbers else 0
