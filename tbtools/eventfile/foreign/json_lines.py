"""JSON lines, an object a step: histories of W&B, logs of many training loops, `tbtools export`.

Also a file of JSON with a list: of TensorBoard's triples of wall time, step and value
(tensorboard/plugins/scalar/scalars_plugin.py), or of such objects.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tbtools.eventfile.foreign.log import ForeignLog, flattened, refusal
from tbtools.eventfile.foreign.names import download_tag
from tbtools.eventfile.foreign.rows import Row, RowReader, meaning_of, step_column
from tbtools.eventfile.foreign.text import Lines, decoded
from tbtools.eventfile.source import open_file, read_bytes

if TYPE_CHECKING:
    from tbtools.eventfile.foreign.log import Reading

_HEAD = 1 << 16
_TRIPLE = ("wall_time", "step", "value")


def is_log(path: str) -> bool:
    """Whether one of the first lines is an object with a step."""
    with open_file(path) as file:
        lines = decoded(file.read_at(0, _HEAD)).split("\n")
    return any(step_column(flattened(found)) for found in map(_object, lines) if found)


def is_list(path: str) -> bool:
    """Whether a file of JSON begins with a list."""
    with open_file(path) as file:
        head = decoded(file.read_at(0, 64)).lstrip()
    return head.startswith("[") and head[1:].lstrip().startswith(("[", "{"))


def parsed(text: str) -> Any:
    """What JSON says; NaN and infinities are numbers.

    Raises:
        ValueError: It is none.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = parsed(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def read(path: str, reading: Reading, modified: float) -> dict[str, ForeignLog]:
    """The logs in a file of JSON lines by run.

    Raises:
        OSError: It cannot be read, or not be understood.
    """
    data = read_bytes(path)
    lines = decoded(data).split("\n")
    places = Lines(data)
    rows, problems = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = places.place(number, number)
        found = _object(line)
        if found is None:
            is_cut = number == len(lines)  # no newline is behind it
            problems.append((f"line {number}: no object of JSON", *place, is_cut))
        else:
            rows.append(Row(_flat(found), number, *place))
    if not rows and problems:
        raise refusal("not one line is an object of JSON", path)
    logs = logs_of(rows, reading, path, modified)
    log = next(iter(logs.values()))
    for message, offset, length, is_cut in problems:
        log.tell(message, offset, length, is_cut=is_cut)
    return logs


def _flat(found: dict[str, Any]) -> dict[str, object]:
    try:
        return flattened(found)
    except RecursionError:
        return {}


def logs_of(rows: list[Row], reading: Reading, path: str, modified: float) -> dict[str, ForeignLog]:
    """The logs that rows of objects are, by run."""
    if not rows:
        return {"": ForeignLog(modified)}
    names = dict.fromkeys(name for row in rows for name in row.cells)
    own = [name for name in names if not name.startswith("nonfinite/")]
    columns = meaning_of(own, reading, path)
    return RowReader(columns, modified, download_tag(path)).read(rows)


def read_list(path: str, reading: Reading, modified: float) -> dict[str, ForeignLog]:
    """The logs in a file of JSON that is one list.

    Raises:
        OSError: It cannot be read, or not be understood.
    """
    try:
        found = parsed(decoded(read_bytes(path)))
    except ValueError as error:
        raise refusal(f"no JSON: {error}", path) from None
    if not isinstance(found, list):
        raise refusal("no list of JSON; a log is one of objects, or of triples", path)
    rows = []
    for number, each in enumerate(found, 1):
        if isinstance(each, dict):
            rows.append(Row(_flat(each), number))
        elif isinstance(each, list) and len(each) == len(_TRIPLE):
            rows.append(Row(dict(zip(_TRIPLE, each, strict=True)), number))
        else:
            raise refusal(f"item {number} is no object, and no triple of TensorBoard", path)
    return logs_of(rows, reading, path, modified)
