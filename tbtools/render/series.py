"""How a series is drawn on pages and in figures: its times, its line, the place of its findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.detect import Finding
    from tbtools.runs.series import ScalarSeries

# Faint raw lines behind smoothed ones say something while they can be distinguished.
MOST_RAW_LINES = 20
# Milliseconds that have a date: the wall times of strangers may be anything. Plotly's dates end
# with the year 9999, and the chart needs a margin.
LAST_DATE = 2.4e14
# Where the smoothing slider stands at first, as TensorBoard's; shorter series are smoothed only
# where it is asked for: what is left of so few points would be another curve.
SMOOTHING = 0.6
LEAST_SMOOTHED = 31
# A line with fewer points than these between two places where it goes back, or to another writer,
# shows nothing but the strokes back and forth; its points are drawn alone.
_POINTS_A_PASS = 4


def smoothing_weight(points: int, smoothing: float | None) -> float:
    """The weight with which a series of so many points is drawn; None for what is usual."""
    if smoothing is None:
        return SMOOTHING if points >= LEAST_SMOOTHED else 0.0
    return smoothing


def drawn_start(series: ScalarSeries) -> float:
    """Seconds since the epoch from which relative time is drawn; 0 where no time is known."""
    return series.start_time if np.isfinite(series.start_time) else 0.0


def drawn_seconds(series: ScalarSeries) -> NDArray[np.float64]:
    """Relative time in seconds; 0 where the wall time is not known."""
    seconds: NDArray[np.float64] = np.nan_to_num(series.relative_time)
    return seconds


def line_breaks(x: NDArray[Any], session: NDArray[np.int64]) -> NDArray[np.int64] | Literal["dots"]:
    """Where a line of points in the order written has to break, because x goes back.

    The steps of an epoch's counter, of one that wraps, or of a run that was resumed go back: what
    follows is another pass, and a stroke from the end of the one to the start of the next would
    look like values that nobody wrote. So would the strokes between writers that take turns at
    every step.

    Args:
        x: Where the points lie, shape (n,).
        session: The writer session of each point.

    Returns:
        The indices of the points that a new pass begins with; ``"dots"`` where they are so many, or
        writers take turns so often, that no line connects anything: as of steps that arrive in any
        order, or of several ranks that write the same tag.
    """
    breaks = np.flatnonzero(x[1:] < x[:-1]) + 1
    often = len(x) / _POINTS_A_PASS
    return "dots" if breaks.size > often or _turns(session) > often else breaks


def line_passes(x: NDArray[Any], session: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of the pass that each point belongs to; only points of one pass are connected.

    Args:
        x: Where the points lie, shape (n,).
        session: The writer session of each point.
    """
    breaks = line_breaks(x, session)
    if isinstance(breaks, str):
        return np.arange(len(x))
    begins = np.zeros(len(x), np.int64)
    begins[breaks] = 1
    return np.cumsum(begins)


def _turns(session: NDArray[np.int64]) -> int:
    """How often a writer session goes on after another one has written."""
    changes = int((session[1:] != session[:-1]).sum())
    return changes + 1 - np.unique(session).size if changes else 0


def finding_ends(finding: Finding, series: ScalarSeries) -> tuple[int, int]:
    """The points of a drawn series at which a finding begins and ends.

    A finding that began before the first point that is drawn, or ends after the last one, begins or
    ends at the nearest one.
    """
    onset = series.find(finding.onset_step, finding.onset_time)
    if finding.ongoing:
        return onset, series.step.size - 1
    # Where steps repeat, the end is the first point of its step that is not before the onset.
    at = np.flatnonzero(series.step == finding.end_step)
    later = at[at >= onset]
    return onset, int(later[0]) if later.size else max(onset, series.find(finding.end_step))


def is_onset_drawn(finding: Finding, series: ScalarSeries) -> bool:
    """Whether the point at which a finding began is one of those that are drawn."""
    return bool((series.step == finding.onset_step).any())
