"""Writer sessions: what one writer wrote between opening and closing.

A session is an event file, or the part of it after a SessionLog.START, or after one more
file_version: that of another file which was put behind it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.timeline import rows as row_kinds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.timeline.rows import RunRows

# September 2001: smaller numbers, such as seconds since the start, do not say when a run ran.
_FIRST_TIME = 1e9
# Values that are so many seconds older than their file were measured before it was opened; a clock
# that is set right moves by less.
_OLDER = 3600.0
_WRITER = re.compile(r"tfevents\.\d{9,}\.(?P<host>[^/]+?)(\.\d+){0,2}(\.v2)?$")


@dataclass(frozen=True, slots=True)
class Session:
    """One writer session of a run.

    Attributes:
        file: Index of its event file.
        first_row: Its first row in the run.
        end_row: The row behind its last.
        start_step: The step of the SessionLog.START that opens it; None without.
        start_time: Wall time of its first event, seconds since the epoch; NaN where it has none. Of
            its first value where all of them are an hour older than the file.
        end_time: Its greatest wall time; likewise.
        offset: The offset in its file of the mark that begins it; 0 where it begins the file.
        host: The machine that wrote it, as the file's name says; "" where it does not.
    """

    file: int
    first_row: int
    end_row: int
    start_step: int | None
    start_time: float
    end_time: float
    offset: int
    host: str


def find_sessions(rows: RunRows) -> list[Session]:
    """The writer sessions of a run, in file order; a file without events has none."""
    sessions = []
    for index, file in enumerate(rows.files):
        if not file.events:
            continue
        begins = _beginnings(file)
        for number, (begin, end) in enumerate(zip(begins, [*begins[1:], None], strict=True)):
            sessions.append(_session(rows, index, begin, end, is_first=number == 0))
    return sessions


def _beginnings(file: FileColumns) -> list[int | None]:
    """The marks of a file that begin a session; None for its beginning, where no START opens it."""
    kinds = file.mark_kind.tolist()
    if row_kinds.SESSION_LOG not in kinds and row_kinds.FILE_VERSION not in kinds[1:]:
        return [None]
    is_start = (file.mark_kind == row_kinds.SESSION_LOG) & (
        file.mark_status == row_kinds.SESSION_START
    )
    is_version = file.mark_kind == row_kinds.FILE_VERSION
    is_version[:1] = False
    # A START opens what begins there anyway: the file, unless values stand in front of it, and what
    # begins with a version. torch and tensorboardX repeat the version in front of a START.
    begins: list[int | None] = [None]
    for mark in np.flatnonzero(is_start | is_version).tolist():
        before = begins[-1]
        row = 0 if before is None else int(file.mark_row[before])
        is_opened = before is not None and bool(is_start[before])
        if file.mark_row[mark] == row:
            if is_version[mark]:
                continue
            if not is_opened:
                begins.pop()
        begins.append(mark)
    return begins


def _session(
    rows: RunRows, index: int, start: int | None, end: int | None, *, is_first: bool
) -> Session:
    """The session between two marks of a file; None stands for its beginning and its end."""
    file = rows.files[index]
    first = 0 if start is None else int(file.mark_row[start])
    last = file.values.count if end is None else int(file.mark_row[end])
    # A file's first session also has the marks in front of its START.
    marks = file.mark_wall_time[0 if is_first else start : end]
    values = file.wall_time[first:last]
    latest = _latest(values)
    start_time = file.first_wall_time if is_first else float(marks[0])
    if start_time is not None and _FIRST_TIME <= latest < start_time - _OLDER:
        # The values have times of their own, as where a script makes event files of another log:
        # that the file was opened, and all that it has besides, was later, and not of the run.
        start_time, end_time = float(values[values >= _FIRST_TIME][0]), latest
    else:
        end_time = max(_latest(marks), latest)
    start_row = int(rows.starts[index])
    return Session(
        file=index,
        first_row=start_row + first,
        end_row=start_row + last,
        start_step=_start_step(file, start),
        start_time=float("nan") if start_time is None else start_time,
        end_time=end_time if end_time > -np.inf else float("nan"),
        offset=0 if is_first or start is None else int(file.mark_offset[start]),
        host=_host(file.path),
    )


def _start_step(file: FileColumns, mark: int | None) -> int | None:
    """The step of the mark that begins a session, if that is a SessionLog.START."""
    if mark is None or file.mark_kind[mark] != row_kinds.SESSION_LOG:
        return None
    return int(file.mark_step[mark])


def _host(path: str) -> str:
    """From a name such as ``events.out.tfevents.<time>.<host>.<process>.<number>.v2``."""
    name = _WRITER.search(path)
    return name["host"] if name else ""


def _latest(times: NDArray[np.float64]) -> float:
    """The greatest finite one; -inf where there is none."""
    latest = float(times.max(initial=-np.inf))
    if math.isfinite(latest):
        return latest
    return float(times[np.isfinite(times)].max(initial=-np.inf))
