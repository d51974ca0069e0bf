"""Rows of named cells made into logs: which column is the step, the time, the run, a series."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from tbtools.eventfile.foreign.log import (
    ForeignLog,
    NoNumber,
    as_number,
    as_step,
    as_time,
    encodable,
    refusal,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tbtools.eventfile.foreign.log import Reading

Cells: TypeAlias = "Mapping[str, object]"

# In the order in which they are looked for, as they are called in small letters. W&B writes _step,
# Lightning step, Keras and many loops only the epoch.
STEP_COLUMNS = (
    "step", "_step", "global_step", "trainer/global_step", "iteration", "iter", "epoch",
)  # fmt: skip
# Those of TensorBoard and of ours, W&B, MLflow's tables and trackio.
TIME_COLUMNS = ("wall_time", "wall time", "_timestamp", "timestamp")
RUN_COLUMN = "run"
# A table with one row a point, as `tbtools export` writes it.
_TAG_COLUMN, _VALUE_COLUMN, _DTYPE_COLUMN = "tag", "value", "dtype"
_DTYPES = ("float32", "float64")
_NAMES_SHOWN = 12
_MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A row, and where it stands.

    Attributes:
        cells: Name of the column to what is in it.
        line: Its number, from 1.
        offset: Of its first byte in the file.
        length: Its bytes.
    """

    cells: Cells
    line: int
    offset: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a table mean.

    Attributes:
        step: The one of steps.
        time: The one of wall times; None for none.
        run: The one of runs, likewise.
        tag: The one of tags, where there is a row a point; None where each column is a series.
        series: Those of values.
    """

    step: str
    time: str | None
    run: str | None
    tag: str | None
    series: tuple[str, ...]


def step_column(names: Collection[str]) -> str | None:
    """The column that holds the step by its name; None where none does."""
    return _first(names, STEP_COLUMNS)


def _first(names: Collection[str], wanted: Sequence[str]) -> str | None:
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(name.strip().lower(), name)
    return next((known[each] for each in wanted if each in known), None)


def meaning_of(names: Sequence[str], reading: Reading, path: str) -> Columns:
    """What the columns of these names mean.

    Raises:
        OSError: It cannot be told; the text says what to do.
    """
    shown = ", ".join(names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")
    for option, name in (("step", reading.step), ("time", reading.time), ("run", reading.run)):
        if name and name not in names:
            raise refusal(f"no column {name} for the {option}; there are {shown}", path)
    step = reading.step or step_column(names)
    if step is None:
        raise refusal(
            f"no column tells the step; name it with --step COL of `tbtools import`: {shown}", path
        )
    time = reading.time or _first(names, TIME_COLUMNS)
    run = reading.run or _first(names, (RUN_COLUMN,))
    tag, value = _first(names, (_TAG_COLUMN,)), _first(names, (_VALUE_COLUMN,))
    if tag is not None and value is not None:
        return Columns(step, time, run, tag, (value,))
    series = tuple(name for name in names if name not in {step, time, run})
    return Columns(step, time, run, None, series)


@dataclass(slots=True)
class _Seen:
    """What was in a column: how many numbers, and the first cells that are none."""

    numbers: int = 0
    others: list[tuple[ForeignLog, Row, str]] = field(default_factory=list)
    more: Counter[ForeignLog] = field(default_factory=Counter)

    def add(self, log: ForeignLog, row: Row, message: str) -> None:
        """Adds a cell that is no number; of many only how many there are in a log."""
        if len(self.others) < _MOST_KEPT:
            self.others.append((log, row, message))
        else:
            self.more[log] += 1


class RowReader:
    """Makes logs of rows, one a run.

    Args:
        columns: What the columns mean.
        modified: When the file was last changed, in seconds since the epoch.
        tag: What the only series is called where its column is called ``value``.
    """

    def __init__(self, columns: Columns, modified: float, tag: str = "") -> None:
        self.logs: dict[str, ForeignLog] = {}
        self._columns = columns
        self._modified = modified
        self._tag = tag if len(columns.series) == 1 else ""
        self._seen: defaultdict[str, _Seen] = defaultdict(_Seen)
        self._without_step = 0

    def log_of(self, cells: Cells) -> ForeignLog:
        """The log of the run that a row belongs to."""
        run = self._columns.run
        name = "" if run is None else encodable(_run_name(cells.get(run)))
        if name not in self.logs:
            self.logs[name] = ForeignLog(self._modified)
        return self.logs[name]

    def read(self, rows: Iterable[Row]) -> dict[str, ForeignLog]:
        """The logs by their runs; ``""`` where no column tells it."""
        for row in rows:
            log = self.log_of(row.cells)
            try:
                step = as_step(row.cells.get(self._columns.step))
                time = as_time(row.cells.get(self._columns.time)) if self._columns.time else None
            except NoNumber as error:
                _tell(log, row, str(error))
                continue
            if step is None:
                self._tell_without_step(log, row)
            elif self._columns.tag is not None:
                self._add_point(log, row, step, time)
            else:
                self._add_series(log, row, step, time)
        self._tell_others()
        return self.logs

    def _add_point(self, log: ForeignLog, row: Row, step: int, time: float | None) -> None:
        cells = row.cells
        tag = cells.get(self._columns.tag or "")
        if not isinstance(tag, str) or not tag:
            _tell(log, row, "no tag")
            return
        try:
            value = as_number(_cell(cells, self._columns.series[0]))
        except NoNumber as error:
            _tell(log, row, f"{tag}: {error}")
            return
        if value is not None:
            log.add(tag, step, time, value)
            if cells.get(_DTYPE_COLUMN) in _DTYPES:
                log.dtypes[tag] = cells[_DTYPE_COLUMN]  # type: ignore[assignment]

    def _add_series(self, log: ForeignLog, row: Row, step: int, time: float | None) -> None:
        for name in self._columns.series:
            cell = _cell(row.cells, name)
            try:
                value = as_number(cell)
            except NoNumber as error:
                self._seen[name].add(log, row, str(error))
                continue
            if value is not None:
                self._seen[name].numbers += 1
                tag = self._tag if self._tag and name.strip().lower() == _VALUE_COLUMN else name
                log.add(tag, step, time, value)

    def _tell_without_step(self, log: ForeignLog, row: Row) -> None:
        """Rows without a number, as of a configuration, are none."""
        numbers = [name for name in self._columns.series if _is_number(_cell(row.cells, name))]
        if numbers:
            _tell(log, row, f"no {self._columns.step}, which tells the step")

    def _tell_others(self) -> None:
        """A column without one number holds texts; else what is no number is damage."""
        for name, seen in self._seen.items():
            if not seen.numbers:
                for log in {*(log for log, _, _ in seen.others), *seen.more}:
                    log.left_out.append(encodable(name))
                continue
            for log, row, message in seen.others:
                _tell(log, row, encodable(f"{name}: {message}"))
            for log, count in seen.more.items():
                log.tell_of_more(count)


def _cell(cells: Cells, name: str) -> object:
    """What is in a cell; what `tbtools export` writes as null beside what it was is that again."""
    cell = cells.get(name)
    if cell is None and f"nonfinite/{name}" in cells:
        return cells[f"nonfinite/{name}"]
    return cell


def _run_name(cell: object) -> str:
    return "" if cell is None else str(cell)


def _is_number(cell: object) -> bool:
    try:
        return as_number(cell) is not None
    except NoNumber:
        return False


def _tell(log: ForeignLog, row: Row, message: str) -> None:
    log.tell(f"line {row.line}: {message}", row.offset, row.length)


def require_distinct(names: Sequence[str], path: str) -> None:
    """Refuses a table in which two columns have one name.

    Raises:
        OSError: They do.
    """
    again = [name for name, count in Counter(names).items() if count > 1 and name]
    if again:
        raise refusal(f"{again[0]} is the name of several columns; rename them", path)
