"""Writer sessions: what one writer wrote between opening and closing.

A session is an event file, or the part of it after a SessionLog.START.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.timeline import rows as row_kinds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.timeline.rows import RunRows

_WRITER = re.compile(r"tfevents\.\d{9,}\.(?P<host>[^/]+?)(\.\d+){0,2}(\.v2)?$")


@dataclass(frozen=True, slots=True)
class Session:
    """One writer session of a run.

    Attributes:
        file: Index of its event file.
        first_row: Its first row in the run.
        end_row: The row behind its last.
        start_step: The step of the SessionLog.START that opens it; None without.
        start_time: Wall time of its first event, seconds since the epoch; NaN where it has none.
        end_time: Its greatest wall time.
        host: The machine that wrote it, as the file's name says; "" where it does not.
    """

    file: int
    first_row: int
    end_row: int
    start_step: int | None
    start_time: float
    end_time: float
    host: str


def find_sessions(rows: RunRows) -> list[Session]:
    """The writer sessions of a run, in file order; a file without events has none."""
    sessions = []
    for index, file in enumerate(rows.files):
        if not file.events:
            continue
        is_start = (file.mark_kind == row_kinds.SESSION_LOG) & (
            file.mark_status == row_kinds.SESSION_START
        )
        starts = np.flatnonzero(is_start).tolist()
        # The first START opens the file, unless values stand in front of it.
        opens = bool(starts) and file.mark_row[starts[0]] == 0
        bounds = [None, *starts] if not opens else list(starts)
        for number, start in enumerate(bounds):
            end = bounds[number + 1] if number + 1 < len(bounds) else None
            sessions.append(_session(rows, index, start, end, is_first=number == 0))
    return sessions


def _session(
    rows: RunRows, index: int, start: int | None, end: int | None, *, is_first: bool
) -> Session:
    """The session between two START marks of a file; None stands for its beginning and its end."""
    file = rows.files[index]
    first = 0 if start is None else int(file.mark_row[start])
    last = file.values.count if end is None else int(file.mark_row[end])
    # A file's first session also has the marks in front of its START.
    marks = file.mark_wall_time[0 if is_first else start : end]
    end_time = max(_latest(marks), _latest(file.wall_time[first:last]))
    if is_first:
        start_time = file.first_wall_time
    else:
        start_time = float(marks[0])
    offset = int(rows.starts[index])
    return Session(
        file=index,
        first_row=offset + first,
        end_row=offset + last,
        start_step=None if start is None else int(file.mark_step[start]),
        start_time=float("nan") if start_time is None else start_time,
        end_time=end_time if end_time > -np.inf else float("nan"),
        host=_host(file.path),
    )


def _host(path: str) -> str:
    """From a name such as ``events.out.tfevents.<time>.<host>.<process>.<number>.v2``."""
    name = _WRITER.search(path)
    return name["host"] if name else ""


def _latest(times: NDArray[np.float64]) -> float:
    """The greatest finite one; -inf where there is none."""
    latest = float(times.max(initial=-np.inf))
    if np.isfinite(latest):
        return latest
    return float(times[np.isfinite(times)].max(initial=-np.inf))
