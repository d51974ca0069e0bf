"""CSV with a header: a row a step or a row a point.

TensorBoard's own downloads ("Wall time,Step,Value", tensorboard/plugins/scalar/scalars_plugin.py),
Keras' CSVLogger (a row an epoch, NA where there is no value), Lightning's metrics.csv (a row a step
with empty cells), histories and charts of W&B, and what `tbtools export` and pandas write.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

from tbtools.eventfile.foreign.log import ForeignLog, refusal
from tbtools.eventfile.foreign.names import download_tag
from tbtools.eventfile.foreign.rows import (
    RUN_COLUMN,
    Row,
    RowReader,
    meaning_of,
    require_distinct,
    step_column,
)
from tbtools.eventfile.foreign.text import Lines, decoded
from tbtools.eventfile.source import open_file, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.eventfile.foreign.log import Reading

_DELIMITERS = ",;\t"
_MOST_IN_A_CELL = 1 << 20
_HEAD = 1 << 16
# A chart of W&B has a column a run and metric: "sunny-1 - loss" (docs.wandb.ai, "Export data").
_CHART = " - "


def is_log(path: str) -> bool:
    """Whether a CSV file has a header with a column of steps."""
    names = _first_names(path)
    return len(names) > 1 and step_column(names) is not None


def has_one(path: str) -> bool:
    """Whether its header has no column that tells runs, and it is no chart."""
    return not any(name.lower() == RUN_COLUMN or _CHART in name for name in _first_names(path))


def _first_names(path: str) -> list[str]:
    with open_file(path) as file:
        head = decoded(file.read_at(0, _HEAD))
    try:
        return _header(head)
    except (csv.Error, StopIteration):
        return []


def _header(text: str) -> list[str]:
    return [name.strip() for name in next(_reader(text))]


def _reader(text: str) -> Iterator[list[str]]:
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    csv.field_size_limit(_MOST_IN_A_CELL)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def read(path: str, reading: Reading, modified: float) -> dict[str, ForeignLog]:
    """The logs in a CSV file by run.

    Raises:
        OSError: It cannot be read, or not be understood.
    """
    data = read_bytes(path)
    text = decoded(data)
    try:
        names = _header(text)
    except (csv.Error, StopIteration):
        raise refusal("no header of CSV", path) from None
    require_distinct(names, path)
    rows = _Rows(text, data, names)
    charts = {name: tuple(name.rsplit(_CHART, 1)) for name in names if _CHART in name}
    if charts and len(charts) == len(names) - 1 and not reading.run:
        logs = _read_charts(rows, names, charts, reading, path, modified)
    else:
        named = [name for name in names if name]
        columns = meaning_of(named, reading, path)
        logs = RowReader(columns, modified, download_tag(path)).read(rows)
    log = next(iter(logs.values()), None) or logs.setdefault("", ForeignLog(modified))
    log.left_out += [
        f"column {n}, which has no name" for n, name in enumerate(names, 1) if not name
    ]
    for message, offset, length, is_cut in rows.problems:
        log.tell(message, offset, length, is_cut=is_cut)
    return logs


def _read_charts(
    rows: _Rows,
    names: list[str],
    charts: dict[str, tuple[str, ...]],
    reading: Reading,
    path: str,
    modified: float,
) -> dict[str, ForeignLog]:
    """One log a run, of which each column says the name."""
    logs: dict[str, ForeignLog] = {}
    common = [name for name in names if name and name not in charts]
    for run in dict.fromkeys(run for run, _ in charts.values()):
        own = {name: tag for name, (of, tag) in charts.items() if of == run}
        columns = replace(meaning_of([*common, *own.values()], reading, path), run=None)
        renamed = (
            Row(
                {own.get(name, name): cell for name, cell in row.cells.items()},
                row.line,
                row.offset,
                row.length,
            )
            for row in rows
        )
        logs[run] = RowReader(columns, modified).read(renamed).get("", ForeignLog(modified))
    return logs


class _Rows:
    """The rows of a CSV file behind its header, and what is wrong with them."""

    def __init__(self, text: str, data: bytes, names: list[str]) -> None:
        self.problems: list[tuple[str, int, int, bool]] = []
        self._text = text
        self._names = names
        self._lines = Lines(data)
        self._count = len(text.splitlines())

    def __iter__(self) -> Iterator[Row]:
        self.problems = []
        reader = _reader(self._text)
        next(reader)
        last = reader.line_num  # type: ignore[attr-defined]
        while True:
            problem = ""
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                cells, problem = [], str(error)
            first, last = last + 1, reader.line_num  # type: ignore[attr-defined]
            place = self._lines.place(first, last)
            is_last = last >= self._count
            if not problem and not any(cells):
                continue
            if not problem and len(cells) == len(self._names):
                yield Row(dict(zip(self._names, cells, strict=True)), first, *place)
                continue
            is_cut = is_last and not self._text.endswith("\n")
            found = problem or f"{len(cells)} cells, and the header has {len(self._names)}"
            self.problems.append((f"line {first}: {found}", *place, is_cut))
