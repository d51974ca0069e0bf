"""The clocks of sessions, corrected where steps contradict them.

Sessions are ordered by wall time. Where steps contradict that, nothing is lost to a clock
(`skew.py`).

An evaluation that is dated before its training is told by the same: it has the score of a step that
nothing had reached by then. It is taken to come last, and supersedes nothing. The only point of a
job that died is taken to come behind the training that it went on with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.timeline.clocks import in_file_order, plain_clocks
from tbtools.runs.timeline.ranks import ranks_apart
from tbtools.runs.timeline.scripts import evaluates, main_tags
from tbtools.runs.timeline.skew import GAP, NEAR, Correction
from tbtools.runs.timeline.traces import is_evaluation

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.clocks import Clocks
    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.sessions import Session
    from tbtools.runs.timeline.traces import Trace


def corrected_clocks(
    rows: RunRows,
    step: NDArray[np.int64],
    sessions: Sequence[Session],
    traces: Sequence[dict[int, Trace]],
    evidence: Sequence[Sequence[int]],
    scripts: Collection[int],
) -> Clocks:
    """The times of the sessions, corrected where steps contradict them.

    Args:
        rows: The run.
        step: Its steps, unwrapped.
        sessions: Its writer sessions.
        traces: Of each session, by tag id.
        evidence: Of each session, the tags that count the training's steps.
        scripts: The sessions that evaluate a training, in whatever order.
    """
    clocks = plain_clocks(sessions)
    known = list(evidence)
    while (tag := _common_counter(traces, known)) is not None:
        counters = {
            number: own[tag]
            for number, own in enumerate(traces)
            if tag in known[number] and own[tag].moves and number not in scripts
        }
        if apart := ranks_apart(rows, step, sessions, clocks, counters):
            clocks = clocks.moved(apart)
        clocks = Correction(rows, step, sessions, clocks, counters).run()
        known = [[] if tag in own else own for own in known]
    if early := _early_evaluations(clocks, traces):
        undecided = {(other, number) for number in early for other in range(len(sessions))}
        clocks = clocks.moved(early)._replace(undecided=clocks.undecided | undecided)
    return in_file_order(clocks, sessions)


def _early_evaluations(clocks: Clocks, traces: Sequence[dict[int, Trace]]) -> dict[int, float]:
    """The evaluations that seem to come before their training, and the seconds to where they stand.

    They have the score of a step that nothing had reached by then, and that a training reaches
    which writes the same tag afterwards; or they are the only point of a job that went on with it.
    """
    moving: dict[int, list[int]] = {}
    for number, own in enumerate(traces):
        for tag, trace in own.items():
            if trace.moves and np.isfinite(clocks.start[number]):
                moving.setdefault(tag, []).append(number)
    furthest = {
        tag: -max((traces[each][tag].max_step, -each) for each in numbers)[1]
        for tag, numbers in moving.items()
    }
    reached: dict[int, int] = {}
    early = {}
    for number in np.argsort(clocks.start, kind="stable").tolist():
        own = traces[number]
        trainings = {tag: furthest[tag] for tag in own if tag in furthest}
        if any(
            clocks.end[number] <= clocks.start[training]
            and _is_ahead(tag, own, traces[training], reached.get(tag))
            for tag, training in trainings.items()
        ):
            early[number] = float(clocks.end[np.isfinite(clocks.end)].max() - clocks.start[number])
            continue
        if is_evaluation(own):
            later = [
                (float(clocks.end[each]), own[tag].max_step, traces[each][tag])
                for tag in trainings
                if reached.get(tag, own[tag].max_step - 1) < own[tag].max_step
                for each in moving[tag]
                if clocks.end[number] <= clocks.start[each]
            ]
            if (behind := _continued(later)) is not None:
                early[number] = behind - float(clocks.start[number])
                continue
        for tag, trace in own.items():
            reached[tag] = max(trace.max_step, reached.get(tag, trace.max_step))
    return early


def _is_ahead(
    tag: int, script: dict[int, Trace], training: dict[int, Trace], reached: int | None
) -> bool:
    """Whether a session evaluates a training that by the clock had not begun.

    Args:
        tag: A tag of both.
        script: The traces of the session.
        training: Those of the training.
        reached: The greatest step of the tag so far.
    """
    score, counter = script[tag], training[tag]
    if reached is not None and reached >= score.max_step - NEAR * counter.spacing:
        return False
    if is_evaluation(script):
        begin = counter.first_step + NEAR * counter.spacing
        if begin < score.max_step <= counter.max_step + GAP * counter.spacing:
            return True
    main = [training[each] for each in main_tags(training)]
    begin = max(each.first_step + NEAR * each.spacing for each in main)
    shared = script.keys() & training.keys()
    return score.max_step > begin and evaluates(training, script, shared)


def _continued(later: Sequence[tuple[float, int, Trace]]) -> float | None:
    """When the trainings ended with which the only point of a job went on; None without.

    They end in front of it, and none of them has its step.

    Args:
        later: The end of a training that by the clock came later, the step, and their common trace.
    """
    if any(trace.first_step <= step <= trace.max_step for _, step, trace in later):
        return None
    ends = [
        end
        for end, step, trace in later
        if trace.first_step < step <= trace.max_step + GAP * trace.spacing
    ]
    return max(ends, default=None)


def _common_counter(
    traces: Sequence[dict[int, Trace]], evidence: Sequence[Sequence[int]]
) -> int | None:
    """The tag by which most sessions count their steps; None where no two share one.

    Args:
        traces: Of each session, by tag id.
        evidence: Of each session, the tags that count; none of those that are no more asked for.
    """
    sessions: dict[int, int] = {}
    rows: dict[int, int] = {}
    for own, known in zip(traces, evidence, strict=True):
        for tag in known:
            if own[tag].moves:
                sessions[tag] = sessions.get(tag, 0) + 1
                rows[tag] = rows.get(tag, 0) + own[tag].rows.size
    shared = [tag for tag, count in sessions.items() if count > 1]
    return max(shared, key=lambda tag: (sessions[tag], rows[tag], -tag), default=None)
