"""Judges the series of runs: what each detector says, and what belongs together."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect import (
    divergence,
    nonfinite,
    overfitting,
    past_plateau,
    plateau,
    spike,
    stall,
)
from tbtools.analysis.detect.causes import with_causes
from tbtools.analysis.detect.findings import SEVERITIES, Finding, Findings
from tbtools.analysis.detect.pairs import pairs
from tbtools.analysis.detect.plateau_finding import plateau_finding
from tbtools.analysis.detect.series import Judged, Series
from tbtools.analysis.objective import objectives_of, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tbtools.analysis.detect.plateau import Plateau
    from tbtools.analysis.objective import Objective

Key = tuple[str, str]


def detect_series(
    series: Iterable[Series], *, objectives: Mapping[str, Objective] | None = None
) -> Findings:
    """Judges time series; those of one run together, for pairs, causes and learning rates.

    Args:
        series: All series of the runs in question, sibling runs included.
        objectives: Which way is better, by glob over tags, where the words of a tag say it wrongly.

    Returns:
        The findings: run by run in the order given, the worst first, then the earliest.

    Raises:
        InvalidObjective: A direction is none of ``min``, ``max``, ``none``.
    """
    written = list(series)
    every = [one.in_order() for one in written]
    judged = _with_objectives(every, objectives)
    found: list[Finding] = stall.find(written)
    for one in every:
        found += nonfinite.find(one)
    overfitted = _overfitted(every, judged)
    found += overfitted.values()
    rates = learning_rates(every)
    for key, fit in judged.items():
        if key not in overfitted:
            found += _trend(fit, rates.get(fit.series.run))
    return _in_order(every, with_causes(every, found))


def _with_objectives(
    series: list[Series], overrides: Mapping[str, Objective] | None
) -> dict[Key, Judged]:
    tags: dict[str, list[str]] = defaultdict(list)
    for one in series:
        tags[one.run].append(one.tag)
    directions = {run: objectives_of(names, overrides) for run, names in tags.items()}
    return {
        (one.run, one.tag): Judged(one, directions[one.run][one.tag])
        for one in series
        if directions[one.run][one.tag] != "none"
    }


def _overfitted(series: list[Series], judged: dict[Key, Judged]) -> dict[Key, Finding]:
    found = {}
    for training, validation in pairs(series):
        first = judged.get((training.run, training.tag))
        second = judged.get((validation.run, validation.tag))
        if first is None or second is None:
            continue
        finding = overfitting.find(first, second)
        if finding is not None:
            found[validation.run, validation.tag] = finding
    return found


def _trend(judged: Judged, rate: Series | None) -> list[Finding]:
    """Divergence, or where there is none, a plateau, ongoing or over, and spikes."""
    if (diverged := divergence.find(judged)) is not None:
        return [diverged]
    found = []
    if (flat := _flat(judged)) is not None:
        found.append(plateau_finding(judged, flat, rate))
    if (spikes := spike.find(judged)) is not None:
        found.append(spikes)
    return found


def _flat(judged: Judged) -> Plateau | None:
    """The plateau at the end, or else the longest that is over."""
    if len(judged) < plateau.LEAST_POINTS:
        return None
    windows = plateau.windows(judged.y)
    return plateau.find(judged.y, windows) or past_plateau.find(judged.y, windows)


def learning_rates(series: list[Series]) -> dict[str, Series]:
    """The learning rate of each run that logs one, known by its tag."""
    found: dict[str, Series] = {}
    for one in series:
        parts = words(one.tag)
        named = "lr" in parts or ("learning" in parts and "rate" in parts)
        if named and one.run not in found and np.isfinite(one.value).any():
            found[one.run] = one
    return found


def _in_order(series: list[Series], found: list[Finding]) -> Findings:
    runs: dict[str, int] = {}
    for one in series:
        runs.setdefault(one.run, len(runs))
    ordered = sorted(
        found, key=lambda f: (runs[f.run], SEVERITIES.index(f.severity), f.onset_step, f.tag)
    )
    return Findings(tuple(ordered))
