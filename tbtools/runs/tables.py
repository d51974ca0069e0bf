"""Small tables of a run as DataFrames: its series, its writer sessions, what is damaged.

Each has the same dtypes with rows and without, and integers never pass through floats.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from tbtools.eventfile.problems import Problem
    from tbtools.runs.columns import RunColumns
    from tbtools.runs.statistics import SeriesStatistics
    from tbtools.runs.timeline.notes import Note

_TAGS_DTYPES = {
    "tag": "str",
    "plugin": "str",
    "count": "int64",
    "first_step": "int64",
    "last_step": "int64",
    "first_time": "float64",
    "last_time": "float64",
    "dtype": "str",
    "first": "float64",
    "last": "float64",
    "min": "float64",
    "min_step": "Int64",
    "max": "float64",
    "max_step": "Int64",
    "nonfinite": "int64",
}
_DESCRIBED = {"display_name": "object", "description": "object"}
_SESSION_DTYPES = {
    "file": "str",
    "start_step": "Int64",
    "start_time": "float64",
    "end_time": "float64",
    "first_step": "Int64",
    "last_step": "Int64",
    "points": "int64",
    "superseded": "int64",
}
_PROBLEM_DTYPES = {
    "file": "str",
    "offset": "int64",
    "length": "int64",
    "kind": "str",
    "message": "str",
}
_NOTE_DTYPES = {"kind": "str", "message": "str", "tag": "object", "count": "int64"}


def _frame(rows: Sequence[Mapping[str, Any]], dtypes: Mapping[str, str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            name: pd.Series([row[name] for row in rows], dtype=dtype)
            for name, dtype in dtypes.items()
        }
    )


def free_name(name: str, taken: Collection[str], prefix: str) -> str:
    """A name beside others: with a prefix in front, once or more, where it is taken."""
    while name in taken:
        name = f"{prefix}/{name}"
    return name


def tags_frame(
    statistics: Iterable[SeriesStatistics], described: Iterable[tuple[str | None, str | None]]
) -> pd.DataFrame:
    """One row a series: the attributes of `SeriesStatistics`, its display name and description."""
    rows = [
        {name: getattr(each, name) for name in _TAGS_DTYPES}
        | dict(zip(_DESCRIBED, texts, strict=True))
        for each, texts in zip(statistics, described, strict=True)
    ]
    return _frame(rows, _TAGS_DTYPES | _DESCRIBED)


def problems_frame(problems: Iterable[tuple[str, Problem]]) -> pd.DataFrame:
    """One row a problem, of pairs with the path of its file."""
    rows = [{"file": path, **asdict(problem)} for path, problem in problems]
    return _frame(rows, _PROBLEM_DTYPES)


def notes_frame(notes: Iterable[Note]) -> pd.DataFrame:
    """One row a note."""
    return _frame([note.to_dict() for note in notes], _NOTE_DTYPES)


def sessions_frame(parts: Iterable[RunColumns]) -> pd.DataFrame:
    """One row a writer session, in file order; see `Run.sessions`."""
    return _frame([row for columns in parts for row in session_rows(columns)], _SESSION_DTYPES)


def session_rows(columns: RunColumns) -> Iterator[dict[str, Any]]:
    """The same as dicts; `file` is a path."""
    rows = columns.rows
    kept = np.zeros(rows.count, bool)
    kept[columns.order] = True
    for session in columns.timeline.sessions:
        here = slice(session.first_row, session.end_row)
        step = rows.step[here]
        yield {
            "file": rows.files[session.file].path,
            "start_step": session.start_step,
            "start_time": session.start_time,
            "end_time": session.end_time,
            "first_step": int(step.min()) if step.size else None,
            "last_step": int(step.max()) if step.size else None,
            "points": step.size,
            "superseded": int((~kept[here]).sum()),
        }
