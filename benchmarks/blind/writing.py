"""Writes a labelled run as the event files that its training would have left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tbtools

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.blind.runs import LabelledRun


def write(run: LabelledRun, logdir: Path) -> None:
    """One event file a session, its points in the order of their wall times."""
    for session in run.sessions:
        points = [
            (time, number, tag, step, value)
            for number, (tag, series) in enumerate(session.series.items())
            for step, time, value in zip(
                series.steps.tolist(),
                series.wall_times.tolist(),
                series.values.tolist(),
                strict=True,
            )
        ]
        points.sort(key=lambda point: point[:2])
        directory = logdir / run.name / session.run
        with tbtools.EventFileWriter(directory, wall_time=points[0][0]) as writer:
            for time, _, tag, step, value in points:
                writer.add_scalar(tag, value, step, time)
