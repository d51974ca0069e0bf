"""Judges the series of whole runs, and restricts what is found to what was selected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.analysis.declared import hyperparameters
from tbtools.analysis.detect import Findings, detect_series
from tbtools.analysis.outlook import with_outlooks
from tbtools.analysis.remedy import with_remedies
from tbtools.analysis.series_summary import stretch_means

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Container,
        Iterable,
        Mapping,
        Sequence,
    )

    from tbtools.analysis.configuration import Configuration
    from tbtools.analysis.declared import Asked
    from tbtools.analysis.detect import Finding
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Key = tuple[str, str]
    Progress = Callable[[int, int], None] | None

# How many stretches of equal numbers of points the trend of a finding shows.
_BINS = 24


class FindingTrend(NamedTuple):
    """The series of a finding, small enough for a line of text.

    Attributes:
        values: Means of the finite values in stretches of equally many points; None for a stretch
            without any.
        onset: The stretch in which the finding began.
    """

    values: tuple[float | None, ...]
    onset: int


def judge_series(
    series: Sequence[ScalarSeries],
    chosen: Collection[Key],
    selection: Selection,
    configuration: Configuration,
    *,
    runs: Mapping[str, Run],
    objectives: Mapping[str, Objective] | None = None,
    progress: Progress = None,
) -> Findings:
    """What is found about the series of whole runs, as it is told.

    Args:
        series: All series of the runs.
        chosen: Run and tag of each series that is selected.
        selection: What is selected.
        configuration: What is said of the runs.
        runs: The runs: their hyperparameters, and the folders in which checkpoints may be.
        objectives: Which way is better, by glob, that of the configuration included.
        progress: As for `detect_series`.
    """
    found = found_in(
        series,
        chosen,
        selection,
        configuration,
        folders={name: run.path for name, run in runs.items()},
        objectives=objectives,
        progress=progress,
        declared=hyperparameters(runs),
    )
    return replace(
        found,
        findings=with_outlooks(found, series, objectives),
        not_judged=(*found.not_judged, *configuration.ignored(chosen)),
    )


def found_in(
    series: Sequence[ScalarSeries],
    chosen: Collection[Key],
    selection: Selection,
    configuration: Configuration,
    *,
    folders: Mapping[str, str],
    objectives: Mapping[str, Objective] | None,
    progress: Progress,
    declared: Asked,
) -> Findings:
    """The findings of `judge_series` without outlooks, and without the series that are ignored.

    Args:
        series: As for `judge_series`.
        chosen: Likewise.
        selection: Likewise.
        configuration: Likewise.
        folders: The folder of each run.
        objectives: As for `judge_series`.
        progress: As for `detect_series`.
        declared: Likewise.
    """
    judged = detect_series(series, objectives=objectives, progress=progress, declared=declared)
    found = restrict(configuration.apply(judged), series, chosen, selection)
    return replace(found, findings=with_remedies(found, series, folders))


def restrict(
    findings: Findings, series: Iterable[ScalarSeries], chosen: Container[Key], selection: Selection
) -> Findings:
    """What is found about the series that are selected, and touches the steps that are.

    A finding touches a range of steps if any of its own steps lies in it: what began before and is
    still going on belongs to what is looked at.

    Args:
        findings: What `detect_series` found.
        series: What it was given.
        chosen: Run and tag of each series that is selected.
        selection: What is selected.
    """
    if selection.is_all:
        return findings
    by_key = {(each.run, each.tag): each for each in series}
    return replace(
        findings,
        findings=tuple(
            each
            for each in findings
            if (each.run, each.tag) in chosen
            and _touches(each, by_key[each.run, each.tag], selection)
        ),
        not_judged=tuple(each for each in findings.not_judged if (each.run, each.tag) in chosen),
    )


def _touches(finding: Finding, series: ScalarSeries, selection: Selection) -> bool:
    if selection.steps is None:
        return True
    steps = np.array([finding.onset_step, finding.end_step])
    if series.steps_go_back:
        begin = series.find(finding.onset_step, finding.onset_time)
        ends = np.flatnonzero(series.step == finding.end_step)
        steps = series.step[begin : None if finding.ongoing else int(ends[-1]) + 1]
    first, last = selection.steps
    return (last is None or int(steps.min()) <= last) and (
        first is None or int(steps.max()) >= first
    )


def trend_of(series: ScalarSeries, finding: Finding) -> FindingTrend:
    """The series of a finding, small enough for a line of text."""
    count = series.value.size
    means = stretch_means(series.value, series.session, _BINS)
    point = series.find(finding.onset_step, finding.onset_time)
    # The last of the stretches, which begin at number * count // len(means), that begins by then.
    return FindingTrend(means, ((point + 1) * len(means) - 1) // count)
