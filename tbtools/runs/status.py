"""The state of a run: whether it is still being written, and how it ended."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from tbtools.runs.parts import Part
    from tbtools.runs.run import Run
    from tbtools.vocabulary import RunStatus

# A run counts as being written for this long after its last event, or for some of its own rhythm.
# Ten minutes: writers flush every two (TensorBoard, torch and tensorboardX alike), and an
# evaluation in between takes a while.
_RECENT_SECONDS = 600.0
_RECENT_GAPS = 3.0
# Longer gaps are no rhythm: wall times may be anything.
_LONGEST_PATIENCE = 30 * 86400.0
_RHYTHM_ROWS = 200


class Ending(NamedTuple):
    """What the state of a run is made of, whatever time it is.

    Attributes:
        status: Its state, once it is not recent any more.
        patience: How long after its last event it counts as being written, in seconds; None where
            that makes no difference.
    """

    status: RunStatus
    patience: float | None = None

    def at(self, now: float, end_time: float | None) -> RunStatus:
        """The state at a time.

        Args:
            now: The time, seconds since the epoch.
            end_time: Wall time of the last event, likewise; None where not known.
        """
        if self.patience is None or end_time is None:
            return self.status
        return "training" if abs(now - end_time) <= self.patience else self.status


def run_times(run: Run) -> tuple[float | None, float | None]:
    """Wall times of its first and last event, seconds since the epoch; None where not known."""
    timelines = [part.columns.timeline for part in run.data.parts]
    starts = [each.start_time for each in timelines if math.isfinite(each.start_time)]
    ends = [each.end_time for each in timelines if math.isfinite(each.end_time)]
    return min(starts, default=None), max(ends, default=None)


def run_status(run: Run, now: float | None = None, *, has_points: bool = True) -> RunStatus:
    """The state of a run.

    Args:
        run: The run.
        now: The time by which it is recent, seconds since the epoch; the present by default.
        has_points: Whether there is a point of what is looked at.
    """
    ending = run_ending(run, has_points=has_points)
    return ending.at(time.time() if now is None else now, run_times(run)[1])


def run_ending(run: Run, *, has_points: bool = True) -> Ending:
    """How a run ended, if it did; `has_points` as for `run_status`."""
    parts = run.data.parts
    if not has_points or not any(each.count for part in parts for each in part.columns.series):
        return Ending("unreadable" if run.data.diagnostics.is_unreadable else "empty")
    if run.data.has_ended:
        from tbtools.runs.plugins.hparams import ended_well

        return Ending("finished" if ended_well(run.data) else "stopped")
    return Ending("stopped", patience_of(run))


def patience_of(run: Run) -> float:
    """How long after its last event a run counts as being written, in seconds."""
    gaps = (_RECENT_GAPS * _rhythm(part) for part in run.data.parts)
    return min(max(_RECENT_SECONDS, *gaps), _LONGEST_PATIENCE)


@np.errstate(over="ignore", invalid="ignore")  # wall times may be anything
def _rhythm(part: Part) -> float:
    """Seconds between its last events, typically."""
    times = np.sort(part.columns.rows.wall_time[-_RHYTHM_ROWS:])
    gaps = times[1:] - times[:-1]
    gaps = gaps[gaps > 0]
    return float(np.sort(gaps)[gaps.size // 2]) if gaps.size else 0.0
