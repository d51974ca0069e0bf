"""Along what the findings of a run are put in order: its steps, or time where steps go back."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tbtools.analysis.detect.findings import Finding
    from tbtools.runs.series import ScalarSeries


@dataclass(frozen=True)
class RunAxis:
    """The axis of one run.

    Attributes:
        series: The series of the run by tag.
    """

    series: Mapping[str, ScalarSeries]
    _spacings: dict[str, float] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def is_time(self) -> bool:
        """Whether it is wall time: steps go back somewhere, and every point has a time."""
        every = self.series.values()
        return any(one.steps_go_back for one in every) and all(
            bool(np.isfinite(one.wall_time).all()) for one in every
        )

    def onset(self, finding: Finding) -> float:
        """Where a finding began."""
        if self.is_time and finding.onset_time is not None:
            return finding.onset_time
        return finding.onset_step

    def lasting(self, finding: Finding) -> float:
        """Since when it was there for good: what is not finite may begin before that."""
        if self.is_time:
            return self.onset(finding)
        return float(finding.evidence.get("lasting_step", finding.onset_step))

    def place(self, finding: Finding) -> str:
        """The same for a message."""
        series = self.series[finding.tag]
        return place_of(series, series.find(finding.onset_step, finding.onset_time))

    def spacing(self, tag: str) -> float:
        """How far two points of a series are apart; of times the median, for runs pause."""
        if tag not in self._spacings:
            self._spacings[tag] = self._spacing(tag)
        return self._spacings[tag]

    def _spacing(self, tag: str) -> float:
        series = self.series[tag]
        if self.is_time:
            gaps = np.diff(series.wall_time)
            gaps = gaps[gaps > 0]
            return robust.median(gaps) if gaps.size else 0.0
        low, high = _bounds(series)
        return (high - low) / max(1, series.step.size - 1)

    @cached_property
    def length(self) -> float:
        """How long the run is, without its pauses."""
        every = [one for one in self.series.values() if one.step.size]
        if self.is_time:
            return max((self.spacing(one.tag) * (one.step.size - 1) for one in every), default=0.0)
        bounds = [_bounds(one) for one in every]
        lows, highs = (low for low, _ in bounds), (high for _, high in bounds)
        return float(max(highs, default=0) - min(lows, default=0))


def _bounds(series: ScalarSeries) -> tuple[int, int]:
    """The lowest and the highest step of a series that has points."""
    if not series.steps_go_back:
        return int(series.step[0]), int(series.step[-1])
    return int(series.step.min()), int(series.step.max())


def run_axes(series: Iterable[ScalarSeries], found: Iterable[Finding]) -> dict[str, RunAxis]:
    """The axes of the runs that have findings.

    Args:
        series: All series.
        found: Their findings.
    """
    by_run: dict[str, dict[str, ScalarSeries]] = {finding.run: {} for finding in found}
    for one in series:
        if one.run in by_run:
            by_run[one.run][one.tag] = one
    return {run: RunAxis(own) for run, own in by_run.items()}
