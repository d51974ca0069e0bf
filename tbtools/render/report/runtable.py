"""The table of runs, as texts with what they are sorted by."""

from __future__ import annotations

import sys
from datetime import UTC
from typing import TYPE_CHECKING, Any

from tbtools.render.format import format_count, format_duration, format_time
from tbtools.render.report.hparams import setting_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tbtools.render.report.hparams import RunSettings

    Row = Mapping[str, Any]
    Cell = dict[str, Any] | None

# Hyperparameters beyond which nobody reads on.
_MOST_HPARAMS = 12
# What the runs were started with comes before a third objective, which few look at.
_FIRST_OBJECTIVES = 2


def run_table(
    rows: Sequence[Row], objectives: Sequence[Mapping[str, Any]], settings: RunSettings
) -> dict[str, Any]:
    """The table of runs.

    Args:
        rows: The runs, as `run_row` has them.
        objectives: As `objective_columns` has them.
        settings: The hyperparameters.

    Returns:
        ``columns``: each with its name, ``kind`` (``text``, or ``run``, ``status``, ``spark``,
        ``notes``, which are drawn in their own way), whether it holds numbers, and its ``cells``,
        one a run, None for nothing; ``sort``: the column by which the runs are sorted at first, the
        best first, and whether that descends.

        A cell has ``text``, ``sort`` (None where it has no place in the order), and perhaps
        ``small`` behind it, ``title``, and ``style``.
    """
    columns = [
        _column("Run", [_cell(row["name"], number) for number, row in enumerate(rows)], kind="run"),
        _column("Status", [_status(row["status"]) for row in rows], kind="status"),
    ]
    by_run = [{cell["run"]: cell for cell in objective["cells"]} for objective in objectives]
    for number, objective in enumerate(objectives[:_FIRST_OBJECTIVES]):
        if number == 0:
            spark = _column(f"{objective['name']}, drawn", [None] * len(rows), kind="spark")
            columns.append(spark)
        columns += _objective_columns(objective, by_run[number], len(rows))
    columns += [
        _column("Steps", [_steps(row["last_step"]) for row in rows], number=True),
        _column("Duration", [_duration(row["start"], row["end"]) for row in rows], number=True),
    ]
    columns += [
        _column(name, [_setting(each, name) for each in settings.values], number=True)
        for name in settings.varying[:_MOST_HPARAMS]
    ]
    for objective, cells in list(zip(objectives, by_run, strict=True))[_FIRST_OBJECTIVES:]:
        columns += _objective_columns(objective, cells, len(rows))
    if any(row["remarks"] for row in rows):
        columns.append(_column("Notes", [_remarks(row) for row in rows], kind="notes"))
    sort = None
    if objectives:
        # Behind name, status and curve.
        sort = {"column": 3, "descending": objectives[0]["better"] == "max"}
    return {"columns": columns, "sort": sort}


def _column(
    name: str,
    cells: Sequence[Cell],
    *,
    kind: str = "text",
    label: str | None = None,
    number: bool = False,
) -> dict[str, Any]:
    return {"name": name, "label": label, "kind": kind, "number": number, "cells": cells}


def _cell(text: str, sort: float | str | bool | None, **more: str | None) -> dict[str, Any]:
    return {"text": text, "sort": sort} | {key: value for key, value in more.items() if value}


def _status(status: Row) -> Cell:
    style = status["severity"] or "fine"
    return _cell(status["text"], status["rank"], title=status["message"], style=style)


def _objective_columns(objective: Row, cells: Mapping[int, Row], runs: int) -> list[dict[str, Any]]:
    arrow = "↓" if objective["better"] == "min" else "↑"

    def of(make: Callable[[Row], Cell]) -> list[Cell]:
        return [make(cells[run]) if run in cells else None for run in range(runs)]

    def best(cell: Row) -> Cell:
        if cell["best"] is None:
            return None
        leads = cell["run"] == objective["leader"] and len(cells) > 1
        step = f"@{format_count(cell['best_step'])}"
        return _cell(cell["best_text"], cell["best"], small=step, style="best" if leads else None)

    def last(cell: Row) -> Cell:
        return _cell(
            cell["last_text"], cell["last"], style=None if cell["last"] is not None else "error"
        )

    name = objective["name"]
    return [
        _column(f"{name} {arrow} best", of(best), number=True),
        _column("final", of(last), number=True, label=f"{name}, final"),
    ]


def _steps(last: int | None) -> Cell:
    return None if last is None else _cell(format_count(last), last)


def _duration(start: float | None, end: float | None) -> Cell:
    if start is None or end is None:
        return None
    title = f"{format_time(start, UTC)} to {format_time(end, UTC)}"
    seconds = min(end - start, sys.float_info.max)  # JSON has no infinity
    return _cell(format_duration(seconds), seconds, title=title)


def _setting(values: Mapping[str, Any], name: str) -> Cell:
    return _cell(setting_text(values[name]), values[name]) if name in values else None


def _remarks(row: Row) -> Cell:
    title = "\n".join(each["message"] for each in (*row["notes"], *row["problems"]))
    return _cell("; ".join(row["remarks"]), len(row["remarks"]), title=title)
