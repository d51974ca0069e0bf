"""What the list of runs says of each: its state, how fast it is, how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.objective import machinery_of
from tbtools.analysis.schedule_end import schedule_end
from tbtools.runs.scalars import read_scalars_of
from tbtools.runs.selection import Selection, Selector
from tbtools.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tbtools.analysis.detect import Finding
    from tbtools.analysis.main_objective import Objectives
    from tbtools.live.run import FollowedRun
    from tbtools.runs.series import ScalarSeries
    from tbtools.runs.statistics import SeriesStatistics
    from tbtools.vocabulary import RunStatus

# Steps a second are those of the last points: what it did hours ago says nothing of now.
_SPEED_POINTS = 20
_SPARKS = 12
# Under which transformers and Lightning log the epoch.
_EPOCH_TAGS = ("train/epoch", "epoch")
# What a schedule says is asked again when there are so many times as many points of it.
_SAME_SCHEDULE = 1.1


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the list.

    Attributes:
        name: Its name.
        status: Its state; None of one that has not been read.
        last_step: Its highest step; None where there is none.
        last_time: Wall time of its last event, seconds since the epoch.
        total_steps: How many it will take, as it says, by its epochs, or by its learning rate; None
            where not known.
        is_by_rate: Whether the learning rate says so.
        speed: Steps a second, of its last points; None where not known.
        remaining: Seconds that it still needs at that speed; None where its end is not known.
        tag: The tag that it is judged by; None where no tag of its own tells.
        best: The best value of that.
        last: The last one.
        curve: That in a few values, for a sparkline; NaN for gaps.
        findings: What is wrong with it, the worst first.
        tags: Its scalars, in natural order.
    """

    name: str
    status: RunStatus | None
    last_step: int | None
    last_time: float
    total_steps: int | None
    is_by_rate: bool
    speed: float | None
    remaining: float | None
    tag: str | None
    best: float | None
    last: float | None
    curve: tuple[float, ...]
    findings: tuple[Finding, ...]
    tags: tuple[str, ...]

    @property
    def trouble(self) -> int:
        """How bad its worst finding is that goes on: the place in `SEVERITIES`; beyond for none."""
        if not self.findings:  # as most, and this is asked of all of them at each look
            return len(SEVERITIES)
        serious = (each.severity for each in self.findings if each.ongoing and each.is_serious)
        places = [SEVERITIES.index(severity) for severity in serious]
        return min(places, default=len(SEVERITIES))


def in_order(rows: Sequence[RunRow]) -> list[RunRow]:
    """The worst first; among equals the newest."""
    return sorted(rows, key=lambda row: (row.trouble, -row.last_time))


def scalars_of(followed: FollowedRun, selection: Selection) -> dict[str, SeriesStatistics]:
    """The selected scalars of a run in numbers, by tag."""
    return {
        each.tag: each
        for each in followed.statistics
        if each.last is not None and selection.has_tag(each.tag)
    }


def run_row(followed: FollowedRun, objectives: Objectives, selection: Selection) -> RunRow:
    """What is known of a run that was read."""
    run = followed.run
    numbers = scalars_of(followed, selection)
    tag = objectives.of_run(followed.name)
    selected = Selector(Selection(tags=(tag,))) if tag is not None else None
    series = read_scalars_of(run, selected).series.get(tag) if tag is not None else None
    best = last = None
    if tag is not None and series is not None:
        lower = objectives.by_run[followed.name][tag] == "min"
        best = numbers[tag].min if lower else numbers[tag].max
        last = numbers[tag].last
    speed = _speed(series) if series is not None and followed.is_written else None
    declared = followed.total_steps or _steps_of_epochs(followed, numbers)
    total = declared or (_steps_of_rate(followed, numbers) if followed.is_written else None)
    remaining = None
    if speed and total is not None and followed.last_step is not None:
        remaining = max(0.0, total - followed.last_step) / speed
    return RunRow(
        name=followed.name,
        status=followed.status,
        last_step=followed.last_step,
        last_time=followed.last_time,
        total_steps=total,
        is_by_rate=declared is None and total is not None,
        speed=speed,
        remaining=remaining,
        tag=tag,
        best=best,
        last=last,
        curve=_curve(series),
        findings=followed.findings,
        tags=tuple(numbers),
    )


def _steps_of_epochs(followed: FollowedRun, tags: Collection[str]) -> int | None:
    """How many steps the epochs that a run wants will take, by the steps of those it has taken."""
    tag = next((each for each in _EPOCH_TAGS if each in tags), None)
    if followed.total_epochs is None or tag is None:
        return None
    series = read_scalars_of(followed.run, Selector(Selection(tags=(tag,)))).series[tag]
    # Where epochs are whole numbers, only the first points of two tell how many steps one takes.
    first, last = (series.value == series.value[place] for place in (0, -1))
    begin, end = int(first.argmax()), int(last.argmax())
    epochs = float(series.value[end] - series.value[begin])
    steps = int(series.step[end] - series.step[begin])
    if not (epochs > 0 and steps > 0):
        return None
    left = (followed.total_epochs - float(series.value[end])) * steps / epochs
    return round(int(series.step[end]) + left)


def _steps_of_rate(followed: FollowedRun, numbers: Mapping[str, SeriesStatistics]) -> int | None:
    """The step at which the learning rate will be zero, where its schedule tells."""
    tag = next((each for each in numbers if machinery_of(each) == "learning_rate"), None)
    if tag is None:
        return None
    count, end = followed.rate_end
    if not count <= numbers[tag].count <= _SAME_SCHEDULE * count:
        series = read_scalars_of(followed.run, Selector(Selection(tags=(tag,)))).series[tag]
        end = schedule_end(series.step, series.value)
        followed.rate_end = series.step.size, end
    is_over = end is not None and followed.last_step is not None and followed.last_step > end
    return None if is_over else end


def _speed(series: ScalarSeries) -> float | None:
    """Steps a second over the last points of the session that wrote last."""
    own = series.session[-_SPEED_POINTS:] == series.session[-1]
    step, time = series.step[-_SPEED_POINTS:][own], series.wall_time[-_SPEED_POINTS:][own]
    seconds = float(time[-1] - time[0])
    steps = int(step[-1]) - int(step[0])
    return steps / seconds if seconds > 0 and steps > 0 else None


def _curve(series: ScalarSeries | None) -> tuple[float, ...]:
    """The mean of each of a few stretches; NaN where nothing is finite."""
    if series is None:
        return ()
    values = series.value
    starts = np.linspace(0, values.size, min(_SPARKS, values.size), endpoint=False).astype(int)
    finite = np.isfinite(values)
    counts = np.add.reduceat(finite, starts, dtype=np.int64)
    # Divided first: the sum of two doubles may be none.
    shares = np.where(finite, values, 0.0) / np.repeat(
        np.maximum(counts, 1), np.diff(starts, append=values.size)
    )
    means = np.add.reduceat(shares, starts)
    return tuple(np.where(counts > 0, means, np.nan).tolist())
