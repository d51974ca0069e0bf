"""trackio's projects: an SQLite database each, with a row a call of `log`.

The tables are those of trackio/sqlite_storage.py: ``metrics`` (timestamp, run_name, step, metrics
as JSON) and ``configs`` (run_name, config as JSON). JSON is text or, of late, bytes; later versions
tell runs by a run_id, so that two may have one name.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tbtools.eventfile.foreign.json_lines import parsed
from tbtools.eventfile.foreign.log import ForeignLog, as_hparam, encodable, flattened, refusal
from tbtools.eventfile.foreign.rows import Columns, Row, RowReader
from tbtools.eventfile.source import is_file, open_file, source_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tbtools.eventfile.foreign.log import Reading

_MAGIC = b"SQLite format 3\0"
_STEP, _TIME, _RUN, _RUN_ID = "step", "timestamp", "run_name", "run_id"
_METRICS = "SELECT rowid AS number, * FROM metrics ORDER BY rowid"
_CONFIGS = "SELECT * FROM configs ORDER BY rowid"
_NEEDED = {_STEP, _TIME, _RUN, "metrics"}
_BESIDE = ("-wal", "-journal")
# Tables, pictures and the like say so.
_MEDIA_KEY = "_type"


def is_log(path: str) -> bool:
    """Whether it is a database with a table of metrics as trackio has it."""
    with open_file(path) as file:
        if file.read_at(0, len(_MAGIC)) != _MAGIC:
            return False
    with _opened(path) as database:
        return set(_columns(database, "metrics")) >= _NEEDED


@contextlib.contextmanager
def _opened(path: str) -> Iterator[sqlite3.Connection]:
    """The database, read-only; with what its writer has not moved into it yet, as SQLite does."""
    if source_of(path).is_remote:
        raise refusal("databases are read locally; copy it, and its -wal file", path)
    place = source_of(path).resolve(path)
    # Where no writer is at work SQLite is told so: else it puts files of its own beside.
    is_written = any(is_file(place + ending) for ending in _BESIDE)
    how = "mode=ro" if is_written else "mode=ro&immutable=1"
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{quote(place)}?{how}", uri=True)
        ) as database:
            yield database
    except sqlite3.Error as error:
        raise refusal(f"no database that SQLite reads: {error}", path) from error


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    """Those of a table, no view; none where there is no such table."""
    found = database.execute(
        "SELECT info.name FROM sqlite_master JOIN pragma_table_info(sqlite_master.name) AS info "
        "WHERE sqlite_master.type = 'table' AND sqlite_master.name = ?",
        (table,),
    )
    return [name for (name,) in found]


def read(path: str, reading: Reading, modified: float) -> dict[str, ForeignLog]:
    """The logs in a project by run.

    Raises:
        OSError: It cannot be read, or is no project of trackio.
    """
    with _opened(path) as database:
        if not set(_columns(database, "metrics")) >= _NEEDED:
            raise refusal("no project of trackio: it has no table of metrics", path)
        rows = _rows(database, _METRICS, "number", _STEP, _TIME, "metrics")
        configs = []
        if {_RUN, "config"} <= set(_columns(database, "configs")):
            configs = _rows(database, _CONFIGS, "config")
    names = _run_names(run for run, *_ in rows)
    table = [
        Row({**_object(text), _STEP: step, _TIME: time, _RUN: names[run]}, number)
        for run, number, step, time, text in rows
    ]
    found = dict.fromkeys(name for row in table for name in row.cells)
    series = tuple(name for name in found if name not in (_STEP, _TIME, _RUN))
    reader = RowReader(Columns(_STEP, _TIME, _RUN, None, series), modified)
    logs = reader.read(table)
    for row, (*_, text) in zip(table, rows, strict=True):
        if text and not _object(text):
            reader.log_of(row.cells).tell(f"row {row.line}: its metrics are no object of JSON")
    for run, text in configs:
        log = reader.log_of({_RUN: names.get(run, run[0])})
        chosen = {name: value for name, value in _object(text).items() if name[:1] != "_"}
        log.hparams = {encodable(name): as_hparam(value) for name, value in chosen.items()}
    return logs


def _rows(database: sqlite3.Connection, query: str, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a query: name and id of the run (None in early versions), and some columns."""
    found = database.execute(query)
    names = [name for name, *_ in found.description]
    places = [names.index(name) if name in names else -1 for name in (_RUN, _RUN_ID, *columns)]
    picked = ([row[place] if place >= 0 else None for place in places] for row in found)
    return [((name, own_id), *rest) for name, own_id, *rest in picked]


def _run_names(runs: Iterable[tuple[str, str | None]]) -> dict[tuple[str, str | None], str]:
    """What runs are called: by their names, those of one name with their ids behind it."""
    distinct = dict.fromkeys(runs)
    counts = Counter(name for name, _ in distinct)
    return {
        (name, own_id): name if counts[name] == 1 else f"{name}-{own_id}"
        for name, own_id in distinct
    }


def _object(text: object) -> dict[str, Any]:
    try:
        if isinstance(text, bytes):
            text = text.decode()
        found = parsed(text) if isinstance(text, str) else None
        named = found if isinstance(found, dict) else {}
        plain = {
            name: value
            for name, value in named.items()
            if not (isinstance(value, dict) and _MEDIA_KEY in value)
        }
        return flattened(plain)
    except (ValueError, RecursionError):
        return {}
