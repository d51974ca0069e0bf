"""Tables as workbooks of Excel, by XlsxWriter, row by row."""

from __future__ import annotations

import importlib
import math
import shutil
import tempfile
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import InvalidArgument, MissingExtra
from tbtools.render.batches import NULL
from tbtools.render.decimals import shortest_decimals
from tbtools.runs.plugins.hparams import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tbtools.render.batches import Batch, Kind

# What a sheet holds (Microsoft: Excel specifications and limits), the line of names included.
_MOST_ROWS, _MOST_COLUMNS, _LONGEST_TEXT = 1_048_576, 16_384, 32_767
# A cell is a float64: whole numbers from here on are text, which loses nothing.
_EXACT = 2**53
_NO_TIME = datetime(1980, 1, 1, tzinfo=UTC)  # the first that a zip archive knows


def require_xlsxwriter() -> Any:
    """XlsxWriter, which has no types.

    Raises:
        MissingExtra: It is not installed.
    """
    try:
        return importlib.import_module("xlsxwriter")
    except ModuleNotFoundError as error:
        raise MissingExtra("writing workbooks", "excel") from error


def write_workbook(
    file: IO[bytes], path: str, schema: Mapping[str, Kind], batches: Iterable[Batch]
) -> None:
    """Writes a table as the only sheet of a workbook; no text in it is a formula or a link.

    A sheet has no NaN and no infinities: they are texts, as in CSV.

    Args:
        file: Where to.
        path: Its name, for errors.
        schema: The columns, in order.
        batches: Their rows.

    Raises:
        InvalidArgument: A sheet does not hold so many rows or columns, or so long a text.
        MissingExtra: XlsxWriter is not installed.
    """
    if len(schema) > _MOST_COLUMNS:
        raise InvalidArgument(
            f"{path}: {len(schema)} columns; a sheet of Excel has {_MOST_COLUMNS}"
        )
    xlsxwriter = require_xlsxwriter()
    # Not into the file at once: a zip archive that cannot be ended says so when it is forgotten.
    with tempfile.TemporaryFile() as whole:
        try:
            with xlsxwriter.Workbook(whole, {"constant_memory": True}) as workbook:
                # Else the time of writing is in it, and the same table makes another file.
                workbook.set_properties({"created": _NO_TIME})
                _write_sheet(workbook.add_worksheet(), path, schema, batches)
        except xlsxwriter.exceptions.FileCreateError as error:  # around an OSError
            raise error.args[0] from error
        whole.seek(0)
        shutil.copyfileobj(whole, file)


def _write_sheet(
    sheet: Any, path: str, schema: Mapping[str, Kind], batches: Iterable[Batch]
) -> None:
    for number, row in enumerate(_rows(schema, batches)):
        if number == _MOST_ROWS:
            most = f"{_MOST_ROWS - 1:,}"
            raise InvalidArgument(f"{path}: more rows than the {most} of a sheet of Excel")
        for place, cell in enumerate(row):
            if isinstance(cell, str):
                _write_text(sheet, number, place, cell, path)
            elif isinstance(cell, bool):
                sheet.write_boolean(number, place, cell)
            elif cell is not None:
                sheet.write_number(number, place, cell)


def _write_text(sheet: Any, row: int, column: int, text: str, path: str) -> None:
    """Writes a text as it is, which `write` would take for a formula or a link."""
    # A lone surrogate, of an undecodable path, has no place in XML.
    encodable = text.encode(errors="backslashreplace").decode()
    if sheet.write_string(row, column, encodable):
        size = f"{len(encodable):,}"
        raise InvalidArgument(
            f"{path}: a text of {size} characters; a cell of Excel has {_LONGEST_TEXT:,} at most"
        )


def _rows(schema: Mapping[str, Kind], batches: Iterable[Batch]) -> Iterator[Iterable[Any]]:
    yield schema
    for batch in batches:
        yield from zip(*(_cells(batch, name) for name in schema), strict=True)


def _cells(batch: Batch, name: str) -> list[Any]:
    column = batch.columns[name]
    if isinstance(column, str):
        return [column] * batch.rows
    if isinstance(column, np.ndarray) and column.dtype.kind == "f":
        stored = batch.dtypes.get(name, "float64")
        values = shortest_decimals(np.ma.getdata(column).astype(np.float64), stored)
        column = np.ma.masked_array(values, np.ma.getmaskarray(column))
    cells = column.tolist() if isinstance(column, np.ndarray) else column
    return [_cell(cell) for cell in cells]


def _cell(cell: Any) -> str | bool | float | None:
    if cell is None or isinstance(cell, (str, bool)):
        return cell
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else "NaN" if math.isnan(cell) else str(cell)
    if isinstance(cell, int):
        return cell if abs(cell) < _EXACT else str(cell)
    return json_text(None if cell is NULL else cell)
