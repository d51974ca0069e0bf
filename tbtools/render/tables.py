"""Tables written batch by batch: CSV, JSON lines, JSON, Parquet, Feather, workbooks of Excel.

Memory holds one batch at a time, so that it does not grow with the table.
"""

from __future__ import annotations

import gzip
import io
import json
import math
import os
import re
from itertools import chain, groupby, islice, repeat
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar, Protocol, cast

import numpy as np

from tbtools.errors import InvalidArgument
from tbtools.eventfile.source import as_path
from tbtools.extensions import compiled
from tbtools.render.arrow import require_pyarrow, write_arrow
from tbtools.render.batches import NULL, gathered
from tbtools.render.csv_text import CsvText, csv_line
from tbtools.render.decimals import narrowed, shortest_decimals
from tbtools.render.files import output_path, replaced_whole
from tbtools.render.workbook import require_xlsxwriter, write_workbook
from tbtools.runs.plugins.hparams import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tbtools.render.batches import Batch, Kind
    from tbtools.vocabulary import TableFormat

# Written as text in one go: enough that series of a few points cost by the point.
_ROWS_AT_ONCE = 5_000
_LINES_AT_ONCE = 50_000  # some megabytes

_ENDINGS: dict[str, TableFormat] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
    ".xlsx": "xlsx",
}
# Formats that are text, of which a file may be compressed.
_TEXTS = frozenset({"csv", "jsonl", "json"})
_GZIP = ".gz"
# Whoever writes one of these means a file, and not a log directory of that name.
_OTHER_FILES = frozenset(
    (
        *(_GZIP, ".bz2", ".xz", ".zst", ".zip", ".tsv", ".txt", ".xls", ".ods"),
        *(".html", ".md", ".tex", ".pkl", ".pickle", ".h5", ".hdf5", ".npy", ".npz", ".orc"),
        *(".db", ".sqlite", ".png", ".jpg", ".svg", ".pdf"),
    )
)

# lr=0.1 and run.2 have none.
_LIKE_AN_ENDING = re.compile(r"\.[a-zA-Z]\w*")

# Endings of theirs that no text can take the place of.
_OTHER_FORMATS = {ending: ending.removeprefix(".") for ending in _OTHER_FILES - {".txt", ".tsv"}}


def is_table(path: str | os.PathLike[str]) -> bool:
    """Whether a path means a table rather than a directory, perhaps one of no format of ours."""
    return as_path(path) == "-" or Path(path).suffix.lower() in {*_ENDINGS, *_OTHER_FILES}


def means_table(path: str | os.PathLike[str]) -> bool:
    """The same where both are written: an ending that no format has is no directory, either.

    Raises:
        InvalidArgument: The name has such an ending, is no directory yet, and has no ``/`` behind.
    """
    name = as_path(path)
    if is_table(name):
        return True
    ending = Path(name).suffix
    if _LIKE_AN_ENDING.fullmatch(ending) and not name.endswith("/") and not Path(name).is_dir():
        known = ", ".join(_ENDINGS)
        raise InvalidArgument(
            f"{name}: no format has this ending; known are {known}; a directory is {name}/"
        )
    return False


def table_format(path: str | os.PathLike[str]) -> str | None:
    """The format that a file's ending stands for, ``.csv.gz`` too; None for none of them."""
    name = as_path(path).lower()
    found = _ENDINGS.get(Path(name.removesuffix(_GZIP)).suffix)
    return None if _is_compressed(name) and found not in _TEXTS else found


def _is_compressed(path: str | os.PathLike[str]) -> bool:
    return as_path(path).lower().endswith(_GZIP)


def write_table(
    path: str | os.PathLike[str],
    schema: Mapping[str, Kind],
    batches: Iterable[Batch],
    *,
    format: str | None = None,  # noqa: A002 - the option's name
    force: bool = False,
    csv_safe: bool = False,
) -> None:
    """Writes a table.

    Args:
        path: The file; ``-`` for standard output.
        schema: The columns, in order.
        batches: Their rows.
        format: One of `tbtools.vocabulary.TABLE_FORMATS`; by default that of the ending, and CSV
            for ``-``. Text with ``.gz`` behind its ending is compressed.
        force: Whether a file that is there may be replaced.
        csv_safe: Whether no text in CSV may be a formula to a spreadsheet.

    Raises:
        InvalidArgument: The ending is not known, or it is no CSV that is to be safe; or a workbook
            cannot hold it.
        MissingExtra: Parquet and Feather need pyarrow, workbooks XlsxWriter.
        OutputExists: There is a file, and `force` does not allow to replace it.
        FileError: It cannot be written; then nothing is left behind.
    """
    chosen = require_format(path, format)
    if csv_safe and chosen != "csv":
        raise InvalidArgument(f"{os.fspath(path)}: only CSV has cells that may be formulas")
    compressed = _is_compressed(path)
    binary = compressed or chosen not in _TEXTS
    with replaced_whole(path, force=force, binary=binary) as file:
        if compressed:
            # Without a name and a time, so that the same table makes the same file.
            with gzip.GzipFile("", "wb", fileobj=cast("IO[bytes]", file), mtime=0) as packed:
                encoded = io.TextIOWrapper(packed, "utf-8", "backslashreplace", newline="")
                encoded.writelines(_text(schema, batches, chosen, safe=csv_safe))
                encoded.flush()
        elif chosen in _TEXTS:
            text = cast("io.TextIOWrapper", file)
            lines = _text(schema, batches, chosen, safe=csv_safe, on_screen=text.isatty())
            text.writelines(lines)
        elif chosen == "xlsx":
            write_workbook(cast("IO[bytes]", file), os.fspath(path), schema, batches)
        else:
            write_arrow(cast("IO[bytes]", file), schema, batches, chosen)


def _text(
    schema: Mapping[str, Kind],
    batches: Iterable[Batch],
    format: str,  # noqa: A002 - the option's name
    *,
    safe: bool,
    on_screen: bool = False,
) -> Iterator[str]:
    if format == "csv":
        return _csv_lines(schema, batches, _Csv(on_screen=on_screen, safe=safe))
    lines = _lines(schema, batches, _Json(schema))
    return lines if format == "jsonl" else _in_brackets(lines)


def _in_brackets(lines: Iterable[str]) -> Iterator[str]:
    """JSON lines as one array."""
    between = "[\n"
    for some in lines:
        yield between + some.removesuffix("\n").replace("\n", ",\n")
        between = ",\n"
    yield "\n]\n" if between != "[\n" else "[]\n"


def require_format(path: str | os.PathLike[str], format: str | None = None) -> str:  # noqa: A002
    """The format of a table, before any work is done.

    Raises:
        InvalidArgument: The ending is not known, or means another format.
        MissingExtra: It needs pyarrow or XlsxWriter.
    """
    path, _ = output_path(path)
    ending = table_format(path) or _OTHER_FORMATS.get(Path(path).suffix.lower())
    if format and ending and format != ending:
        raise InvalidArgument(f"{path}: the ending means {ending}, and --format is {format}")
    chosen = format or ("csv" if path == "-" else table_format(path))
    if chosen is None:
        endings = ", ".join(_ENDINGS)
        raise InvalidArgument(f"{path}: no format has this ending; known are {endings}")
    if chosen in ("parquet", "feather"):
        require_pyarrow(chosen)
    if chosen == "xlsx":
        require_xlsxwriter()
    return chosen


class _Encoder(Protocol):
    # What Python calls a number that is not finite, to what it is called here.
    nonfinite: ClassVar[Mapping[str, str]]
    # Whether that stands in its cell.
    has_nonfinite_cells: ClassVar[bool]

    def text(self, cell: str) -> str: ...

    def json(self, cell: Any) -> str: ...

    def row(self, cells: Sequence[str]) -> str:
        """The line of a row; missing cells are empty."""

    def between(self, columns: int) -> list[str]:
        """What stands in front of each cell of a row without missing ones, and behind the last."""


def _lines(
    schema: Mapping[str, Kind], batches: Iterable[Batch], encoder: _Encoder
) -> Iterator[str]:
    """The rows as text, many at a time."""
    table_text = compiled("tbtools.render._table_text")

    def kind(batch: Batch) -> tuple[bool, Mapping[str, str]]:
        return table_text is not None and _is_plain(batch, encoder), batch.dtypes

    for (is_plain, _), alike in groupby(batches, kind):
        if is_plain:
            for batch in alike:
                yield from _plain_lines(table_text, schema, batch, encoder)
            continue
        for some in gathered(alike, _ROWS_AT_ONCE):
            rows = zip(*[_cells(some, name, encoder) for name in schema], strict=True)
            yield from map(encoder.row, rows)


def _is_plain(batch: Batch, encoder: _Encoder) -> bool:
    """Whether rows differ by numbers alone, and no cell is missing."""
    columns = [column for column in batch.columns.values() if not isinstance(column, str)]
    return bool(columns) and all(
        isinstance(column, np.ndarray)
        and not isinstance(column, np.ma.MaskedArray)
        and column.dtype in (np.int64, np.float64)
        and (encoder.has_nonfinite_cells or np.isfinite(column).all())
        for column in columns
    )


def _plain_lines(
    table_text: Any, schema: Mapping[str, Kind], batch: Batch, encoder: _Encoder
) -> Iterator[str]:
    *between, ending = encoder.between(len(schema))
    texts, numbers = [""], []
    for text, name in zip(between, schema, strict=True):
        texts[-1] += text
        column = batch.columns[name]
        if isinstance(column, str):
            texts[-1] += encoder.text(column)
        else:
            numbers.append(narrowed(np.asarray(column), batch.dtypes.get(name, "float64")))
            texts.append("")
    texts[-1] += ending
    pieces = [text.encode(errors="surrogatepass") for text in texts]
    words = [encoder.nonfinite[word].encode() for word in ("nan", "inf", "-inf")]
    for first in range(0, batch.rows, _LINES_AT_ONCE):
        end = min(first + _LINES_AT_ONCE, batch.rows)
        yield table_text.lines(pieces, numbers, first, end, words)


def _cells(batches: Sequence[Batch], name: str, encoder: _Encoder) -> Iterable[str]:
    """The cells of a column as text."""
    columns = [batch.columns[name] for batch in batches]
    arrays = [column for column in columns if isinstance(column, np.ndarray)]
    # Of an integer among others that are none, all but the text would be the same.
    if len(arrays) == len(columns) and len({array.dtype for array in arrays}) == 1:
        return _numbers(arrays, batches[0].dtypes.get(name, "float64"), encoder)
    return chain.from_iterable(_own_cells(batch, name, encoder) for batch in batches)


def _own_cells(batch: Batch, name: str, encoder: _Encoder) -> Iterable[str]:
    column = batch.columns[name]
    if isinstance(column, str):
        return repeat(encoder.text(column), batch.rows)
    if isinstance(column, np.ndarray):
        return _numbers([column], batch.dtypes.get(name, "float64"), encoder)
    return ["" if cell is None else _cell(cell, encoder) for cell in column]


def _numbers(
    columns: Sequence[np.ndarray[Any, Any]], dtype: str, encoder: _Encoder
) -> Iterable[str]:
    masked = any(isinstance(column, np.ma.MaskedArray) for column in columns)
    values = np.concatenate([np.ma.getdata(column) for column in columns] if masked else columns)
    if values.dtype.kind == "f":
        values = shortest_decimals(values, dtype)
    cells = list(map(repr, values.tolist()))
    for row in np.flatnonzero(~np.isfinite(values)).tolist():
        cells[row] = encoder.nonfinite[cells[row]]
    if masked:
        mask = np.concatenate([np.ma.getmaskarray(column) for column in columns])
        for row in np.flatnonzero(mask).tolist():
            cells[row] = ""
    return cells


def _cell(cell: Any, encoder: _Encoder) -> str:
    if isinstance(cell, str):
        return encoder.text(cell)
    if isinstance(cell, float):
        return repr(cell) if math.isfinite(cell) else encoder.nonfinite[repr(cell)]
    return encoder.json(None if cell is NULL else cell)


class _Csv(CsvText):
    """A missing cell is empty, and so that one can tell, NaN is not."""

    nonfinite: ClassVar[Mapping[str, str]] = {"nan": "NaN", "inf": "inf", "-inf": "-inf"}
    has_nonfinite_cells: ClassVar[bool] = True

    def row(self, cells: Sequence[str]) -> str:
        return csv_line(cells)

    def between(self, columns: int) -> list[str]:
        return ["", *[","] * (columns - 1), "\n"]

    def json(self, cell: Any) -> str:
        text = json_text(cell)
        return text if isinstance(cell, (int, float)) else self.text(text)


def _csv_lines(
    schema: Mapping[str, Kind], batches: Iterable[Batch], encoder: _Csv
) -> Iterator[str]:
    # Reading may find that there is nothing to write; then nothing is, not even the header.
    first = list(islice(rest := _lines(schema, batches, encoder), 1))
    yield encoder.line(schema)
    yield from chain(first, rest)


class _Json:
    """JSON has no word for NaN and infinities: the cell is null, and what it was stands beside."""

    nonfinite: ClassVar[Mapping[str, str]] = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    has_nonfinite_cells: ClassVar[bool] = False

    def __init__(self, schema: Mapping[str, Kind]) -> None:
        self._keys = [f"{json.dumps(name)}: " for name in schema]
        kinds = enumerate(schema.values())
        self._numbers = [number for number, kind in kinds if kind in ("number", "json")]

    def text(self, cell: str) -> str:
        return json.dumps(cell)

    def json(self, cell: Any) -> str:
        return json_text(cell, ascii_only=True)

    def row(self, cells: Sequence[str]) -> str:
        words = [number for number in self._numbers if cells[number] in _NONFINITE_WORDS]
        members = [
            key + ("null" if number in words else cell)
            for number, (key, cell) in enumerate(zip(self._keys, cells, strict=True))
            if cell
        ]
        if words:
            values = ", ".join(f'{self._keys[number]}"{cells[number]}"' for number in words)
            members.append(f'"nonfinite": {{{values}}}')
        return "{" + ", ".join(members) + "}\n"

    def between(self, columns: int) -> list[str]:
        first, *others = self._keys
        return ["{" + first, *(f", {key}" for key in others), "}\n"]


_NONFINITE_WORDS = frozenset(_Json.nonfinite.values())
