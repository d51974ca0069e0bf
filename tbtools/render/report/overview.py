"""What the page says first: the runs, how good each got, what went wrong."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.objective import objectives_of, words
from tbtools.render.series import drawn_seconds
from tbtools.runs.plugins.hparams import json_text, read_decodable_hparams
from tbtools.vocabulary import SEVERITIES, VALIDATION_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tbtools.analysis.detect import Finding, Findings
    from tbtools.runs.run import Run
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

# Columns of the run table beyond which nobody reads on.
MOST_OBJECTIVES = 3
_MAIN = frozenset({"loss", "reward", "return"})


def run_row(name: str, run: Run, shown_path: Callable[[str], str]) -> dict[str, Any]:
    """What the run table says of a run beside its objectives and hyperparameters.

    Args:
        name: What the run is called.
        run: The run.
        shown_path: Makes of a file's path the one that is shown.
    """
    rows = [part.columns.rows for part in run.parts]
    steps = [each.step for each in rows if each.count]
    times = [each.wall_time[np.isfinite(each.wall_time)] for each in rows]
    times = [each for each in times if each.size]
    return {
        "name": name,
        "files": len(run.all_files),
        "bytes": sum(file.size for file in run.all_files),
        "points": sum(part.columns.order.size for part in run.parts),
        "superseded": run.superseded,
        "first_step": min((int(each.min()) for each in steps), default=None),
        "last_step": max((int(each.max()) for each in steps), default=None),
        "start": min((float(each.min()) for each in times), default=None),
        "end": max((float(each.max()) for each in times), default=None),
        "problems": [
            {
                "file": shown_path(file),
                "offset": problem.offset,
                "kind": problem.kind,
                "message": problem.message,
            }
            for file, problem in run.iter_problems()
        ],
    }


def directions(
    series: Sequence[ScalarSeries], overrides: Mapping[str, Objective] | None
) -> dict[str, Objective]:
    """Which way is better for each tag of which some run's tags tell."""
    tags: dict[str, list[str]] = {}
    for each in series:
        tags.setdefault(each.run, []).append(each.tag)
    found: dict[str, Objective] = {}
    for names in tags.values():
        for tag, direction in objectives_of(names, overrides).items():
            if direction != "none" or tag not in found:
                found[tag] = direction
    return found


def main_objectives(
    series: Sequence[ScalarSeries], found: Mapping[str, Objective]
) -> list[tuple[str, Objective]]:
    """The objectives by which the runs are compared, the most telling first.

    Those with more than one point, of these those that at least half as many runs have as have any,
    then validation before training, a loss or a reward before another, then the one that most runs
    have; the shortest tag among equals.
    """
    moving = {each.tag for each in series if len(each.value) > 1}
    runs = Counter(each.tag for each in series if found[each.tag] != "none")
    most = max(runs.values(), default=0)

    def prominence(tag: str) -> tuple[bool | int | str, ...]:
        said = set(words(tag))
        return (
            tag not in moving,
            2 * runs[tag] < most,
            not said & VALIDATION_WORDS,
            not said & _MAIN,
            -runs[tag],
            len(tag),
            tag,
        )

    chosen = sorted(runs, key=prominence)[:MOST_OBJECTIVES]
    return [(tag, found[tag]) for tag in chosen]


def findings_by_cause(findings: Findings, series: Sequence[ScalarSeries]) -> list[dict[str, Any]]:
    """The events behind the findings, the worst first; in each the earliest finding first."""
    starts = {(each.run, each.tag): each for each in series}
    causes = [list(cause) for cause in findings.causes()]
    causes.sort(key=lambda cause: min(SEVERITIES.index(each.severity) for each in cause))
    return [
        {
            "severity": min((each.severity for each in cause), key=SEVERITIES.index),
            "findings": [_finding(each, starts.get((each.run, each.tag))) for each in cause],
        }
        for cause in causes
    ]


def _finding(finding: Finding, series: ScalarSeries | None) -> dict[str, Any]:
    """The finding, with its times in seconds since the start of its series."""
    told: dict[str, Any] = {
        "run": finding.run,
        "tag": finding.tag,
        "kind": finding.kind,
        "severity": finding.severity,
        "onset_step": finding.onset_step,
        "end_step": finding.end_step,
        "ongoing": finding.ongoing,
        "message": finding.message,
    }
    if series is not None:
        seconds = drawn_seconds(series)
        onset = series.find(finding.onset_step, finding.onset_time)
        told["onset_second"] = float(seconds[onset])
        told["end_second"] = float(
            seconds[-1 if finding.ongoing else series.find(finding.end_step)]
        )
    return told


def hparams_of(runs: Sequence[Run]) -> dict[str, Any]:
    """Hyperparameters: names, whether the runs differ in them, each run's values, and problems."""
    read = [(run.name, *read_decodable_hparams(run)) for run in runs]
    settings = [dict(hparams) for _, hparams, _ in read]
    names = list(dict.fromkeys(name for each in settings for name in each))
    present = [each for each in settings if each]
    return {
        "names": names,
        "varying": [
            any(each.get(name) != present[0].get(name) for each in present) for name in names
        ],
        "values": [[_shown(each.get(name)) for name in names] for each in settings],
        "undecodable": [f"run {run}: {text}" for run, _, problems in read for text in problems],
    }


def _shown(value: Any) -> float | str | bool | None:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return float(value) if np.isfinite(value) else str(value)
    return json_text(value)
