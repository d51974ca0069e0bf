"""The findings of an experiment, with what it takes to show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect import Findings, detect_series
from tbtools.analysis.detect.runs import series_of_parts
from tbtools.runs.select import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tbtools.analysis.detect import Finding, Series
    from tbtools.analysis.objective import Objective
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.frames import Steps

# How many stretches of equal numbers of points the curve of a finding shows.
_BINS = 24


@dataclass(frozen=True, slots=True)
class Curve:
    """A series small enough for a line of text.

    Attributes:
        values: Means of the finite values in stretches of equally many points; None for a stretch
            without any.
        onset: The stretch in which the finding began.
    """

    values: tuple[float | None, ...]
    onset: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What detection has to say of an experiment.

    Attributes:
        logdir: The path, as it was given.
        runs: Names of the runs that were judged, in natural order.
        series: How many series of scalars were judged.
        findings: All findings: run by run, the worst first, then the earliest.
        curves: The curve of each finding, in the same order.
    """

    logdir: str
    runs: tuple[str, ...]
    series: int
    findings: Findings
    curves: tuple[Curve, ...]

    def fails(self, kinds: Sequence[str]) -> bool:
        """Whether there is a finding of one of the kinds that is more than an info."""
        return any(each.kind in kinds and each.severity != "info" for each in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools detect`."""
        return self.findings.to_dict()


def judge(
    experiment: Experiment,
    *,
    tags: Sequence[str] = (),
    steps: Steps = None,
    objectives: Mapping[str, Objective] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Judgement:
    """Judges all series of an experiment.

    Args:
        experiment: Its runs; they are all read, since a run's training and validation may lie in
            runs of their own.
        tags: Globs; only findings about tags that one of them matches are kept, all where there
            are none.
        steps: First and last step that count, both included; None for no bound.
        objectives: Which way is better, by glob, as for `tbtools.detect`.
        progress: As for `Experiment.scan`.
    """
    experiment.scan(progress)
    # Series that are not asked for still tell: a twin in training, the learning rate.
    series = list(series_of_parts(experiment.parts(), steps=steps))
    found = detect_series(series, objectives=objectives)
    findings = Findings(tuple(each for each in found if matches(each.tag, tags)))
    by_name = {(each.run, each.tag): each for each in series}
    return Judgement(
        logdir=experiment.logdir,
        runs=tuple(experiment),
        series=sum(matches(each.tag, tags) for each in series),
        findings=findings,
        curves=tuple(_curve(by_name[each.run, each.tag], each) for each in findings),
    )


def _curve(series: Series, finding: Finding) -> Curve:
    count = len(series.value)
    bins = min(count, _BINS)
    edges = np.arange(bins) * count // bins
    finite = np.isfinite(series.value)
    with np.errstate(over="ignore"):
        totals = np.add.reduceat(np.where(finite, series.value, 0.0), edges)
    many = np.add.reduceat(finite, edges, dtype=np.int64)
    means = [
        float(total) / int(number) if number and np.isfinite(total) else None
        for total, number in zip(totals, many, strict=True)
    ]
    point = int(np.argmax(series.step >= finding.onset_step))
    return Curve(tuple(means), int(np.searchsorted(edges, point, side="right")) - 1)
