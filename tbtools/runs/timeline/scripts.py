"""Scripts that evaluate a training: they write scores of its checkpoints, and resume nothing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.timeline.order import overlapping_sessions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.clocks import Clocks
    from tbtools.runs.timeline.traces import Trace

# Series with at least this part of the points of the longest one are what a session mostly writes.
_MAIN_PART = 1 / 2
# The last checkpoint lies at most so many distances of its log behind a training.
_NEXT = 1
# Checkpoints are scored by tens: what has more points is a log, whose steps may only be shifted.
_FEW_POINTS = 20
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

    It gets no further, and writes not all that the earlier one mostly wrote, or has series of its
    own and leaves out steps; or it goes through the checkpoints backwards.

    Args:
        before: The traces of the earlier session.
        after: Those of the later one.
        shared: Tags that both count by.
    """
    if all(after[tag].descends for tag in shared):
        return True
    main = {tag for tag in main_tags(before) if before[tag].moves}
    leaves_out = all(after[tag].spacing >= _SPARSE * before[tag].spacing for tag in shared)
    is_other = not main <= after.keys() or (leaves_out and not after.keys() <= before.keys())
    return bool(main) and is_other and _gets_no_further(before, after, shared)


def is_other_training(
    before: dict[int, Trace], after: dict[int, Trace], shared: Iterable[int]
) -> bool:
    """Whether a session that scores an earlier one again, by its tags, is a training of its own.

    It has a log as dense as the earlier one, not scores of some checkpoints.

    Args:
        before: The traces of the earlier session.
        after: Those of the later one.
        shared: Tags that both count by.
    """
    return all(
        after[tag].rows.size > _FEW_POINTS and after[tag].spacing < _SPARSE * before[tag].spacing
        for tag in shared
    )


def find_scripts(
    step: NDArray[np.int64], clocks: Clocks, traces: Sequence[dict[int, Trace]]
) -> frozenset[int]:
    """The sessions that have scores of some checkpoints, of a training that was over or of none.

    Those of a training get no further, and write not all that it mostly wrote, at points that lie
    further apart, or under its own tags from a later step on. What runs beside them does not train
    either: of a training that is resumed by two writers, one may write no more than a script does.

    Args:
        step: The steps of the run.
        clocks: When the sessions ran.
        traces: Of each session, by tag id.
    """
    ended = iter(np.argsort(clocks.end, kind="stable").tolist())
    following = next(ended, None)
    training: Trace | None = None
    main: set[int] = set()
    scripts = _choosers(step, clocks, traces)
    for cluster in overlapping_sessions(clocks):
        together = {tag for number in cluster for tag in traces[number]}
        start = clocks.start[cluster[0]]
        while following is not None and clocks.end[following] <= start:
            if following not in scripts and traces[following]:
                longest = max(traces[following].values(), key=lambda trace: trace.rows.size)
                if longest.moves and (training is None or longest.max_step >= training.max_step):
                    training, main = longest, main_tags(traces[following])
            following = next(ended, None)
        if training is not None and not main <= together:
            scripts.update(each for each in cluster if _is_script(traces[each], training, main))
    return frozenset(scripts)


def _choosers(
    step: NDArray[np.int64], clocks: Clocks, traces: Sequence[dict[int, Trace]]
) -> set[int]:
    """The sessions that have scores of chosen checkpoints, told by themselves.

    They have few points, and between its own one of them leaves out steps that those before it, or
    the next one, have under the same tag. A training that is resumed, or runs again, has them all.
    """
    few = {
        number: {tag: sorted(set(step[trace.rows].tolist())) for tag, trace in own.items()}
        for number, own in enumerate(traces)
        if all(trace.rows.size <= _FEW_POINTS and not trace.resets for trace in own.values())
    }
    known: dict[int, list[int]] = {}
    before: dict[int, list[int]] = {}
    chosen: set[int] = set()
    for number in np.argsort(clocks.start, kind="stable").tolist():
        for tag, own in few.get(number, {}).items():
            seen = known.setdefault(tag, [])
            if _leaves_out(own, seen) or _leaves_out(before.get(tag, own), own):
                chosen.add(tag)
            for each in own:
                insort(seen, each)
            before[tag] = own
    return {number for number, own in few.items() if own and chosen.issuperset(own)}


def _leaves_out(steps: list[int], others: list[int]) -> bool:
    """Whether some rising steps lack others that lie between them."""
    between = others[bisect_right(others, steps[0]) : bisect_left(others, steps[-1])]
    return not set(between) <= set(steps)


def _is_script(own: dict[int, Trace], training: Trace, main: set[int]) -> bool:
    """Whether a session has scores of chosen checkpoints: a training that runs again has all steps.

    Args:
        own: Its traces.
        training: The longest series of a training that was over.
        main: What that mostly wrote.
    """
    series = [trace for trace in own.values() if trace.moves]
    reached = max((trace.max_step for trace in own.values()), default=0)
    if reached > training.max_step + _NEXT * training.spacing:
        return False
    if all(trace.spacing >= _SPARSE * training.spacing for trace in series):
        return True
    begins_later = all(trace.first_step > training.first_step for trace in series)
    return begins_later and not main.isdisjoint(own)


def _gets_no_further(
    training: dict[int, Trace], script: dict[int, Trace], shared: Iterable[int]
) -> bool:
    return all(
        script[tag].max_step <= training[tag].max_step + _NEXT * training[tag].spacing
        for tag in shared
    )
