"""Writers that wrote the same steps at a time, such as the ranks of a job: each is judged alone.

In the order of the run's timeline they take turns. A loss that is NaN in one rank for good would be
finite again after each of its points, and one that diverges there would oscillate.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.align import union
from tbtools.analysis.detect.findings import Findings, worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.detect.findings import Finding
    from tbtools.runs.series import ScalarSeries

# Workers that take turns write each step once, two ranks twice; some log less than the others.
_SHARED = 1.5


def writers_apart(series: Sequence[ScalarSeries]) -> list[list[ScalarSeries]]:
    """The series of each writer.

    Args:
        series: All series of the runs in question.

    Returns:
        First all series, of the first writer where there are several; then those of each further
        writer, with the other series of its run.
    """
    if not any(session.any() for session in _whole_arrays(each.session for each in series)):
        return [list(series)]
    apart = {(each.run, each.tag): _of_writers(each) for each in series}
    writers: dict[str, int] = defaultdict(int)
    for (run, _), own in apart.items():
        writers[run] = max(writers[run], len(own))
    return [
        [
            own[number % len(own)]
            for (run, _), own in apart.items()
            if number == 0 or number < writers[run]
        ]
        for number in range(max(writers.values(), default=1))
    ]


def _whole_arrays(arrays: Iterable[NDArray[np.int64]]) -> Iterable[NDArray[np.int64]]:
    """What some arrays are stretches of: those of the series of a run mostly of one array."""
    wholes = {}
    for array in arrays:
        whole = array.base if isinstance(array.base, np.ndarray) else array
        wholes[id(whole)] = whole
    return wholes.values()


def _of_writers(series: ScalarSeries) -> list[ScalarSeries]:
    """A series writer by writer; where the job was restarted, one writer goes on with another."""
    changes = np.count_nonzero(series.session[1:] != series.session[:-1])
    if changes == series.restarts.size:  # one session after the other
        return [series]
    launches = [
        _ranks(own, series.step[own], series.session[own])
        for own in np.split(np.arange(series.step.size), series.restarts)
    ]
    count = max(map(len, launches))
    if count == 1:
        return [series]
    return [
        series.at(np.concatenate([own[number % len(own)] for own in launches]))
        for number in range(count)
    ]


def _ranks(
    points: NDArray[np.int64], step: NDArray[np.int64], session: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """The points of each writer; those that take turns are one."""
    _, rank = np.unique(session, return_inverse=True)
    order = np.lexsort((step, rank))
    is_other = (np.diff(step[order]) != 0) | (np.diff(rank[order]) != 0)
    if 1 + np.count_nonzero(is_other) < _SHARED * union([step]).size:
        return [points]
    by_rank = points[np.argsort(rank, kind="stable")]
    return np.split(by_rank, np.cumsum(np.bincount(rank))[:-1])


def joined(lanes: Sequence[Sequence[ScalarSeries]], found: Sequence[Findings]) -> Findings:
    """The findings of all writers: of one kind about one series of several the worst.

    Args:
        lanes: What `writers_apart` says.
        found: The findings of each.
    """
    writers: Counter[tuple[str, str | None]] = Counter(
        (each.run, each.tag) for lane in lanes for each in lane
    )
    alike: dict[tuple[object, ...], list[Finding]] = defaultdict(list)
    for findings in found:
        for number, each in enumerate(findings):
            apart = number if writers[each.run, each.tag] == 1 else None
            alike[each.run, each.tag, each.kind, apart].append(each)
    not_judged = Counter(each for findings in found for each in findings.not_judged)
    return Findings(
        tuple(_worst(each, writers) for each in alike.values()),
        tuple(each for each, count in not_judged.items() if count == writers[each.run, each.tag]),
    )


def _worst(found: Sequence[Finding], writers: Mapping[tuple[str, str | None], int]) -> Finding:
    finding = worst(found)
    of = writers[finding.run, finding.tag]
    if len(found) == of:
        return finding
    message = f"{finding.message}; in {len(found)} of {of} writers"
    return replace(
        finding, message=message, evidence={**finding.evidence, "writers": [len(found), of]}
    )
