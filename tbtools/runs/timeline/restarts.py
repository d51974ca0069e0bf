"""The restart policies `preempt` and `session_log`: what the two backends of TensorBoard leave out.

`resume` (`resume.py`) is ours; `keep` leaves everything in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.errors import InvalidArgument
from tbtools.runs.timeline import rows as row_kinds
from tbtools.vocabulary import RESTART_POLICIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.timeline.rows import Mark, RunRows
    from tbtools.vocabulary import RestartPolicy

_NEVER = np.iinfo(np.int64).max


def check_policy(policy: str) -> RestartPolicy:
    """The policy, if there is one of that name.

    Raises:
        InvalidArgument: There is none.
    """
    if policy not in RESTART_POLICIES:
        names = ", ".join(RESTART_POLICIES)
        raise InvalidArgument(f"no restart policy {policy!r}; there are {names}")
    return policy


def _or_none(mask: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    return mask if mask.any() else None


def _reached(least: NDArray[np.int64], rows: RunRows) -> NDArray[np.bool_] | None:
    """The rows whose step is not below the least one that comes behind them."""
    return _or_none((least <= rows.step) & (least != _NEVER))


def _least_step_behind(
    tag_id: NDArray[np.int32], step: NDArray[np.int64], triggers: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """For each row the least step of the triggers that come behind it under the same tag."""
    least = np.full(step.size, _NEVER)
    order = np.argsort(tag_id, kind="stable")
    candidates = np.where(triggers, step, _NEVER)[order]
    bounds = np.flatnonzero(np.diff(tag_id[order])) + 1
    for rows, steps in zip(np.split(order, bounds), np.split(candidates, bounds), strict=True):
        least[rows[:-1]] = np.minimum.accumulate(steps[:0:-1])[::-1]
    return least


def superseded_by_preemption(rows: RunRows) -> NDArray[np.bool_] | None:
    """TensorBoard's Rust server (reservoir.rs, StageReservoir::offer).

    Per tag, a value at step s drops those in front of it at steps >= s, whatever they are: also a
    value that is only a tag, or of a dtype that the server does not show.
    """
    triggers = np.ones(rows.count, bool)
    return _reached(_least_step_behind(rows.tag_id, rows.step, triggers), rows)


def superseded_by_session_log(rows: RunRows) -> NDArray[np.bool_] | None:
    """TensorBoard's Python backend (event_accumulator.py, EventAccumulator._ProcessEvent).

    With a file_version of at least 2, a SessionLog.START at step s drops whatever came before at
    steps >= s. Before such a file_version, a summary whose step lies below that of the latest event
    drops the points of its own tags at steps >= its own. Neither touches tensors. The file_version
    holds on from one file of the run to the next.
    """
    version = _version_mark(rows)
    starts = [
        mark
        for mark in rows.marks(row_kinds.SESSION_LOG)
        if mark.status == row_kinds.SESSION_START and version and mark.place > version.place
    ]
    # Rows in front of the first START look at all of them, and so on.
    least = np.full(rows.count + 1, _NEVER)
    for mark in starts:
        least[mark.row] = min(least[mark.row], mark.step)
    least_start_behind = np.minimum.accumulate(least[::-1])[::-1][1:]
    goes_back = _goes_back(rows, version) & ~_repeats_in_its_event(rows)
    least_summary_behind = _least_step_behind(rows.tag_id, rows.step, goes_back)
    dropped = _reached(np.minimum(least_start_behind, least_summary_behind), rows)
    return None if dropped is None else _or_none(dropped & (rows.kind != row_kinds.TENSOR))


def _version_mark(rows: RunRows) -> Mark | None:
    """The first event whose file_version is at least 2.

    A later file_version below 2 is not looked for: no writer has written one since 2015.
    """
    for mark in rows.marks(row_kinds.FILE_VERSION):
        if _version_number(rows.files[mark.file].file_version or "") >= 2:
            return mark
    return None


def _version_number(file_version: str) -> float:
    """As event_util.ParseFileVersion has it, -1 for what is none included."""
    try:
        return float(file_version.rpartition("brain.Event:")[2])
    except ValueError:
        return -1.0


def _goes_back(rows: RunRows, version: Mark | None) -> NDArray[np.bool_]:
    """The rows in front of the version at a step below that of the latest event before them."""
    goes_back = np.zeros(rows.count, bool)
    end = version.row if version else rows.count
    other_events = [
        (mark.row, mark.step)
        for mark in rows.marks()
        if version is None or mark.place < version.place
    ]
    # Any other event sets the latest step, also to a lower one; a summary only ever raises it.
    bounds = [(0, -1), *other_events]
    for (first, latest), (last, _) in zip(bounds, [*bounds[1:], (end, 0)], strict=True):
        if first < last:
            steps = rows.step[first:last]
            before = np.maximum.accumulate(np.concatenate([[latest], steps[:-1]]))
            goes_back[first:last] = steps < before
    return goes_back


def _repeats_in_its_event(rows: RunRows) -> NDArray[np.bool_]:
    """Rows whose tag stands in front of them in the same event, which purges before it adds any."""
    begins_event = np.ones(rows.count, bool)
    # Two checksums and a length, 16 bytes, lie between two events; between two values of one a
    # field number and a length, at most 6.
    begins_event[1:] = rows.offset[1:] - rows.offset[:-1] - rows.length[:-1] >= 16
    begins_event[rows.starts[rows.starts < rows.count]] = True
    event = np.cumsum(begins_event)
    order = np.argsort(rows.tag_id, kind="stable")
    repeats = np.zeros(rows.count, bool)
    repeats[order[1:]] = (np.diff(rows.tag_id[order]) == 0) & (np.diff(event[order]) == 0)
    return repeats
