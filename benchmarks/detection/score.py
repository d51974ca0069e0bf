"""Scores a detector on labelled curves: what it finds, where, and what it cries wolf at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.detection.curves import Curve, Family
from tbtools.analysis.detect import Findings, detect_series
from tbtools.runs.series import ScalarSeries

# A gradual onset is right within this part of the run, a sudden one within so many points.
GRADUAL = 0.10
SUDDEN = 3

# When the first point was written, seconds since the epoch.
START = 1.7e9

# Kinds of which an info is enough.
INFOS = ("spike", "gradient", "learning_rate", "throughput")

# (kind, tag, onset step or None) for each warning or error that a detector gives on a curve.
Alarm = tuple[str, str, int | None]
Detector = Callable[[Curve], list[Alarm]]


def judged(curve: Curve, part: float = 1.0) -> Findings:
    """What tbtools finds in a curve.

    Args:
        curve: The curve.
        part: How much of it has been written so far.
    """
    return detect_series(
        _series(curve, tag, end)
        for tag, (step, _) in curve.series.items()
        if (end := round(part * len(step)))
    )


def _series(curve: Curve, tag: str, end: int) -> ScalarSeries:
    """The first points of a series of a curve, with its wall times and sessions."""
    step, value = (part[:end] for part in curve.series[tag])
    times = None if curve.seconds is None else START + np.cumsum(curve.seconds[:end])
    series = ScalarSeries.from_arrays("run", tag, step, value, times)
    restarts = np.array([each for each in curve.restarts if each < end], np.int64)
    series.session = np.searchsorted(restarts, np.arange(end), "right")
    series.restarts = restarts
    return series


def tbtools_detector(curve: Curve) -> list[Alarm]:
    """The alarms of tbtools: errors and warnings; where these are what is asked for, infos, too."""
    findings = [f for f in judged(curve) if f.is_serious or f.kind == curve.kind in INFOS]
    return [(f.kind, f.tag, f.onset_step) for f in findings]


def with_errors(family: Family, count: int, parts: int) -> list[int]:
    """The seeds of the curves that show an error at some time while they are written.

    Args:
        family: A family of healthy curves.
        count: How many of its curves.
        parts: At how many equal parts of its length each is judged.
    """
    return [
        curve.seed
        for curve in family.curves(count)
        if any(
            finding.severity == "error"
            for part in range(1, parts + 1)
            for finding in judged(curve, part / parts)
        )
    ]


@dataclass
class Score:
    """What a detector did on the curves of one family.

    Attributes:
        family: The family.
        kind: The label of its curves.
        curves: How many there were.
        found: On how many the labelled kind was found on the labelled series.
        placed: On how many of these the onset was right.
        errors: Onset errors of those found, in points where sudden, else as a part of the run.
        alarmed: On how many there was an alarm of another kind than the label.
        misses: Seeds of the curves that were not found.
        misplaced: Seeds of the curves found with a wrong onset.
        false: Seeds of these curves.
    """

    family: str
    kind: str
    curves: int = 0
    found: int = 0
    placed: int = 0
    errors: list[float] = field(default_factory=list)
    alarmed: int = 0
    misses: list[int] = field(default_factory=list)
    misplaced: list[int] = field(default_factory=list)
    false: list[int] = field(default_factory=list)


def score(family: Family, count: int, detector: Detector = tbtools_detector) -> Score:
    """Runs a detector over a family.

    Args:
        family: The family.
        count: How many of its curves.
        detector: The detector.
    """
    result = Score(family.name, family.kind)
    for curve in family.curves(count):
        add(result, curve, detector(curve))
    return result


def add(result: Score, curve: Curve, alarms: Iterable[Alarm]) -> None:
    """Adds the alarms on one curve."""
    result.curves += 1
    alarms = list(alarms)
    hits = [onset for kind, tag, onset in alarms if (kind, tag) == (curve.kind, curve.tag)]
    if hits:
        result.found += 1
        error = onset_error(curve, hits[0])
        result.errors.append(error)
        right = error <= tolerance(curve)
        result.placed += right
        if not right:
            result.misplaced.append(curve.seed)
    elif curve.kind != "healthy":
        result.misses.append(curve.seed)
    if any(kind != curve.kind for kind, _, _ in alarms):
        result.alarmed += 1
        result.false.append(curve.seed)


def tolerance(curve: Curve) -> float:
    """The largest onset error that is right."""
    if curve.window is not None:
        return 0.0
    return SUDDEN if curve.sudden else GRADUAL


def onset_error(curve: Curve, onset_step: int | None) -> float:
    """How far an onset is off: points for a sudden fault, else the part of the run's points.

    Where a window is known, from that.
    """
    if onset_step is None:
        return float("inf")
    step = curve.series[curve.tag][0]
    index = int(np.searchsorted(step, onset_step))
    first, last = curve.window or (curve.onset, curve.onset)
    points = max(first - index, index - last, 0)
    return float(points) if curve.sudden else points / len(step)
