"""Scripts that evaluate a training: they write scores of its checkpoints, and resume nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tbtools.runs.timeline.clocks import Clocks
    from tbtools.runs.timeline.traces import Trace

# Series with at least this part of the points of the longest one are what a session mostly writes.
_MAIN_PART = 1 / 2
# The last checkpoint lies at most so many distances behind the last score.
_NEXT = 2
# Checkpoints lie at least so many distances of the training's log apart.
_SPARSE = 2


def main_tags(traces: dict[int, Trace]) -> set[int]:
    """What a session mostly writes: series with at least half of the points of the longest one."""
    most = max(trace.rows.size for trace in traces.values())
    return {tag for tag, trace in traces.items() if trace.rows.size >= _MAIN_PART * most}


def evaluates(training: dict[int, Trace], script: dict[int, Trace], shared: Iterable[int]) -> bool:
    """Whether a session is no training that goes on but evaluates another one.

    It writes nothing of what the other one mostly wrote, and gets no further.

    Args:
        training: The traces of the other session.
        script: Those of the session.
        shared: Tags that both count by.
    """
    return main_tags(training).isdisjoint(script) and _gets_no_further(training, script, shared)


def scores_again(before: dict[int, Trace], after: dict[int, Trace], shared: Iterable[int]) -> bool:
    """Whether a later session evaluates checkpoints of an earlier one, rather than resumes it.

    It gets no further, and writes not all that the earlier one mostly wrote; or it goes through the
    checkpoints backwards.

    Args:
        before: The traces of the earlier session.
        after: Those of the later one.
        shared: Tags that both count by.
    """
    if all(after[tag].descends for tag in shared):
        return True
    main = {tag for tag in main_tags(before) if before[tag].moves}
    return not main <= after.keys() and _gets_no_further(before, after, shared)


def find_scripts(clocks: Clocks, traces: Sequence[dict[int, Trace]]) -> frozenset[int]:
    """The sessions that have scores of some checkpoints of a training that was over.

    They get no further, and write not all that it mostly wrote, and that at points which lie
    further apart, or under its own tags from a later step on.

    Args:
        clocks: When the sessions ran.
        traces: Of each session, by tag id.
    """
    ended = iter(np.argsort(clocks.end, kind="stable").tolist())
    following = next(ended, None)
    training: Trace | None = None
    main: set[int] = set()
    scripts = set()
    for number in np.argsort(clocks.start, kind="stable").tolist():
        own = traces[number]
        while following is not None and clocks.end[following] <= clocks.start[number]:
            if following not in scripts and traces[following]:
                longest = max(traces[following].values(), key=lambda trace: trace.rows.size)
                if longest.moves and (training is None or longest.max_step >= training.max_step):
                    training, main = longest, main_tags(traces[following])
            following = next(ended, None)
        if (
            training is not None
            and not main <= own.keys()
            and _reached(own) <= training.max_step + _NEXT * training.spacing
            and _is_selective(own, training, shares=not main.isdisjoint(own))
        ):
            scripts.add(number)
    return frozenset(scripts)


def _reached(traces: dict[int, Trace]) -> float:
    return max((trace.max_step for trace in traces.values()), default=-np.inf)


def _is_selective(script: dict[int, Trace], training: Trace, *, shares: bool) -> bool:
    """Whether points are those of chosen checkpoints: a training that runs again has all steps."""
    series = [trace for trace in script.values() if trace.moves]
    if all(trace.spacing >= _SPARSE * training.spacing for trace in series):
        return True
    return shares and all(trace.first_step > training.first_step for trace in series)


def _gets_no_further(
    training: dict[int, Trace], script: dict[int, Trace], shared: Iterable[int]
) -> bool:
    return all(
        script[tag].max_step <= training[tag].max_step + _NEXT * training[tag].spacing
        for tag in shared
    )
