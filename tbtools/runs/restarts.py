"""Restarts: which rows of a run are shown, by one of four policies.

`resume` is ours (`sessions.py`); `preempt` and `session_log` are what the two backends of
TensorBoard do, so that their curves can be had exactly; `keep` leaves everything in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from tbtools.runs import rows as row_kinds
from tbtools.runs.sessions import find_sessions, superseded_by_resume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.rows import RunRows

RestartPolicy = Literal["resume", "preempt", "session_log", "keep"]
RESTART_POLICIES: tuple[RestartPolicy, ...] = get_args(RestartPolicy)

_NEVER = np.iinfo(np.int64).max


def superseded(rows: RunRows, policy: RestartPolicy) -> NDArray[np.bool_] | None:
    """Which rows the policy leaves out.

    Args:
        rows: The run.
        policy: One of `RESTART_POLICIES`.

    Returns:
        bool for each row, or None where nothing is left out.
    """
    if policy == "resume":
        return superseded_by_resume(rows, find_sessions(rows))
    if policy == "preempt":
        return _by_preemption(rows)
    if policy == "session_log":
        return _by_session_log(rows)
    return None


def check_policy(policy: str) -> RestartPolicy:
    """The policy, if there is one of that name.

    Raises:
        ValueError: There is none.
    """
    if policy not in RESTART_POLICIES:
        names = ", ".join(RESTART_POLICIES)
        raise ValueError(f"no restart policy {policy!r}; there are {names}")
    return policy


def _or_none(mask: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    return mask if mask.any() else None


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


def _by_preemption(rows: RunRows) -> NDArray[np.bool_] | None:
    """TensorBoard's Rust server (reservoir.rs, StageReservoir::offer).

    Per tag, a point at step s drops the points in front of it at steps >= s. A value that is only a
    tag is passed over there before it comes to this.
    """
    triggers = rows.kind != 0
    return _or_none(_least_step_behind(rows.tag_id, rows.step, triggers) <= rows.step)


def _by_session_log(rows: RunRows) -> NDArray[np.bool_] | None:
    """TensorBoard's Python backend (event_accumulator.py, EventAccumulator._ProcessEvent).

    With a file_version of at least 2, a SessionLog.START at step s drops whatever came before at
    steps >= s. Before such a file_version, a summary whose step lies below that of the latest event
    drops the points of its own tags at steps >= its own. Neither touches tensors. The file_version
    holds on from one file of the run to the next.
    """
    old_style_end = _old_style_end(rows)
    starts = [
        mark
        for mark in rows.marks(row_kinds.SESSION_LOG)
        if mark.status == row_kinds.SESSION_START and mark.row >= old_style_end
    ]
    # Rows in front of the first START look at all of them, and so on.
    least = np.full(rows.count + 1, _NEVER)
    for mark in starts:
        least[mark.row] = min(least[mark.row], mark.step)
    least_start_behind = np.minimum.accumulate(least[::-1])[::-1][1:]
    goes_back = _goes_back(rows, old_style_end)
    least_summary_behind = _least_step_behind(rows.tag_id, rows.step, goes_back)
    dropped = (np.minimum(least_start_behind, least_summary_behind) <= rows.step) & (
        rows.kind != row_kinds.TENSOR
    )
    return _or_none(dropped)


def _old_style_end(rows: RunRows) -> int:
    """The first row behind an event whose file_version is at least 2; all rows where there is none.

    A later file_version below 2 is not looked for: no writer has written one since 2015.
    """
    for mark in rows.marks(row_kinds.FILE_VERSION):
        version = rows.files[mark.file].file_version or ""
        number = version.rpartition(":")[2]
        if number.replace(".", "", 1).isdigit() and float(number) >= 2:
            return mark.row
    return rows.count


def _goes_back(rows: RunRows, end: int) -> NDArray[np.bool_]:
    """Of the first rows, those at a step below that of the latest event in front of them."""
    goes_back = np.zeros(rows.count, bool)
    other_events = sorted(
        (mark.row, mark.step)
        for kind in (
            row_kinds.FILE_VERSION,
            row_kinds.GRAPH_DEF,
            row_kinds.SESSION_LOG,
            row_kinds.TAGGED_RUN_METADATA,
            row_kinds.META_GRAPH_DEF,
        )
        for mark in rows.marks(kind)
        if mark.row < end
    )
    # Any other event sets the latest step, also to a lower one; a summary only ever raises it.
    bounds = [(0, -1), *other_events]
    for (first, latest), (last, _) in zip(bounds, [*bounds[1:], (end, 0)], strict=True):
        if first < last:
            steps = rows.step[first:last]
            before = np.maximum.accumulate(np.concatenate([[latest], steps[:-1]]))
            goes_back[first:last] = steps < before
    return goes_back
