"""The table of hyperparameters for people: on a terminal, in Markdown, in LaTeX, as one JSON."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from tbtools.errors import InvalidArgument
from tbtools.eventfile.source import as_path
from tbtools.render.files import replaced_whole
from tbtools.render.format import format_number
from tbtools.render.output import terminal
from tbtools.render.shared import hparam_text
from tbtools.render.tables import table_format
from tbtools.render.terminal.lines import shown_name
from tbtools.render.terminal.table import Column, print_table
from tbtools.render.text_tables import latex_table, markdown_table
from tbtools.runs.numbers import json_number
from tbtools.runs.plugins.hparams import json_value
from tbtools.runs.tables import free_name
from tbtools.vocabulary import PAGE_FORMATS

if TYPE_CHECKING:
    import os
    from collections.abc import Collection

    from tbtools.runs.plugins.hparams_table import HParamsTable

_ENDINGS = {".json": "json", ".md": "markdown", ".markdown": "markdown", ".tex": "latex"}


def page_format(path: str | os.PathLike[str], format: str | None) -> str | None:  # noqa: A002
    """Which of these a file is to be; None for a table of another kind.

    Raises:
        InvalidArgument: Its ending means another format.
    """
    own = _ENDINGS.get(Path(as_path(path)).suffix.lower())
    ending = own or table_format(path)
    if format in PAGE_FORMATS and ending not in (None, format):
        raise InvalidArgument(f"{path}: the ending means {ending}, and --format is {format}")
    return format if format in PAGE_FORMATS else own if format is None else None


def column_label(name: str, names: Collection[str]) -> str:
    """The column of a hyperparameter or metric, which may be called like that of the runs."""
    return free_name(name, {"run", *names}, "hparam") if name == "run" else name


def write_page(
    table: HParamsTable,
    path: str | os.PathLike[str],
    format: str,  # noqa: A002 - the option's name
    *,
    force: bool,
) -> None:
    """Writes the table.

    Args:
        table: The hyperparameters and metrics.
        path: The file; ``-`` for standard output.
        format: One of `tbtools.vocabulary.PAGE_FORMATS`.
        force: Whether a file that is there may be replaced.

    Raises:
        OutputExists: There is a file, and `force` does not allow to replace it.
        FileError: It cannot be written; then nothing is left behind.
    """
    with replaced_whole(path, force=force) as opened:
        file = cast("IO[str]", opened)
        if format == "json":
            rows = [_json_row(table, run) for run in table.rows]
            json.dump(rows, file, indent=2, allow_nan=False)
            file.write("\n")
        elif format == "table":
            print_table(terminal(file), _columns(table))
        else:
            lines = markdown_table if format == "markdown" else latex_table
            file.writelines(f"{line}\n" for line in lines(_columns(table)))


def _json_row(table: HParamsTable, run: str) -> dict[str, Any]:
    """The cells of a run; of what is not finite a null, and what it was beside."""
    row: dict[str, Any] = {"run": run}
    nonfinite = {}
    for name, value in table.rows[run].items():
        label = column_label(name, (*table.hparams, *table.metrics))
        if not isinstance(value, float):
            row[label] = json_value(value)
            continue
        row[label] = json_number(value, table.dtypes.get(name, "float64"))
        if not math.isfinite(value):
            nonfinite[label] = json_value(value)
    return row | ({"nonfinite": nonfinite} if nonfinite else {})


def _columns(table: HParamsTable) -> list[Column]:
    columns = [Column("run", [shown_name(run) for run in table.rows], names=True)]
    names = (*table.hparams, *table.metrics)
    for name in names:
        cells = [_cell(table, run, name) for run in table.rows]
        values = [row[name] for row in table.rows.values() if row.get(name) is not None]
        right = all(isinstance(value, (int, float)) for value in values)
        columns.append(Column(shown_name(column_label(name, names)), cells, right))
    return columns


def _cell(table: HParamsTable, run: str, name: str) -> str:
    row = table.rows[run]
    if name not in row:
        return "-"
    if name in table.dtypes:
        return format_number(cast("float", row[name]), table.dtypes[name])
    return hparam_text(row[name])
