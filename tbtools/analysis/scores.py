"""Groups of runs compared by one number a run, over one task or many.

The estimates are those of Agarwal et al., "Deep Reinforcement Learning at the Edge of the
Statistical Precipice" (NeurIPS 2021, arXiv:2108.13264); docs/aggregate.md has the formulas.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tbtools.analysis.best import best
from tbtools.analysis.ensemble import as_bootstrap, ranks_of
from tbtools.analysis.grouping import group_runs
from tbtools.analysis.repeats import differences
from tbtools.analysis.scored import Estimate, GroupScores, Improvement, Scores
from tbtools.errors import InvalidArgument
from tbtools.runs.inputs import open_inputs
from tbtools.runs.numbers import is_number, stored_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.ensemble import Bootstrap, Center
    from tbtools.runs.inputs import Inputs, RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.selection import Globs
    from tbtools.vocabulary import Objective

    Floats: TypeAlias = NDArray[np.float64]
    # For each number of runs of each draw, how often it was drawn: shape (draws, runs).
    Counts: TypeAlias = NDArray[np.float64]
    Keys: TypeAlias = "str | Sequence[str] | None"

# A profile has a point at each score, or so many of them, evenly spaced.
_MOST_THRESHOLDS = 101


def compare_scores(
    runs: RunsLike,
    by: str | None = None,
    *,
    at: str = "end",
    group: Keys = None,
    tasks: Keys = None,
    target: float | None = None,
    tags: Globs = None,
    exclude_tags: Globs = None,
    steps: Steps = None,
    objectives: Mapping[str, Objective] | None = None,
    bootstrap: Bootstrap | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Scores:
    """Compares groups of repeated runs by one number a run, with intervals.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        by: The tag that gives a run's score; by default what `best` ranks by.
        at: Of which point or part of it, as for `best`.
        group: Which runs repeat one another, as `group_runs` reads it; all of them where not given.
        tasks: Which runs were measured on the same task, likewise: the bootstrap draws within each
            task. Scores of several tasks must be on one scale, say normalised. Only tasks that all
            groups have count. All runs are of one task where not given.
        target: A score that is good enough: the optimality gap is how far runs stay behind it.
        tags: Names or globs: only these may be `by`.
        exclude_tags: Those that may not.
        steps: First and last step that count, both included.
        objectives: Which way is better, by glob, as for `detect`.
        bootstrap: How intervals are made: level, resamples, seed.
        progress: As for `Experiment.scan`.

    Returns:
        The groups, the one with the best interquartile mean first. A score that is not finite
        counts as the worst.

    Raises:
        InvalidArgument: As for `best` and `group_runs`; the groups have no task in common; or
            `target` is no finite number.
        UnknownTag: No run has the tag, or a glob matches none.
        NoEventFiles: There is nothing to read under a path.
        UnsupportedType: `bootstrap` is none.

    Examples:
        >>> scores = tbtools.compare_scores("examples/logs/sweep", group="hparam:learning_rate")
        >>> (first,) = scores.improvements
        >>> first.group, first.over
        ('learning_rate=0.003', 'learning_rate=0.001')
    """
    if target is not None and not (is_number(target) and np.isfinite(target)):
        raise InvalidArgument(f"target={target!r} is no finite number")
    resampling = as_bootstrap(bootstrap)
    inputs = open_inputs(runs)
    ranking = best(
        inputs,
        by,
        at=at,
        tags=tags,
        exclude_tags=exclude_tags,
        steps=steps,
        objectives=objectives,
        progress=progress,
    )
    sign = 1.0 if ranking.direction == "max" else -1.0
    scores = {
        each.run: sign * stored_number(each.value, each.dtype)
        if np.isfinite(each.value)
        else -np.inf
        for each in ranking.runs
    }
    members, left_out = _members(inputs, scores, group, tasks)
    draw = _Draws(resampling)
    samples = {
        name: [
            _Sample(np.array([scores[run] for run in runs]), draw(len(runs)))
            for runs in by_task.values()
        ]
        for name, by_task in members.items()
    }
    thresholds = _thresholds(np.array(list(scores.values())))
    groups = []
    for name, parts in samples.items():
        gap = None if target is None else draw.estimate(_gap(parts, sign * target), parts)
        profile = [draw.estimate(column, parts) for column in _profile(parts, thresholds)]
        groups.append(
            GroupScores(
                group=name,
                runs=tuple(run for runs in members[name].values() for run in runs),
                iqm=draw.estimate(_middle(parts, "iqm"), parts, sign),
                mean=draw.estimate(_mean(parts), parts, sign),
                median=draw.estimate(_median(parts), parts, sign),
                optimality_gap=gap,
                profile=tuple(profile),
            )
        )
    groups.sort(key=lambda each: -sign * each.iqm.value)
    return Scores(
        by=ranking.by,
        direction=ranking.direction,
        at=at,
        target=target,
        tasks=tuple(next(iter(members.values()))) if tasks is not None else (),
        level=draw.level,
        groups=tuple(groups),
        improvements=tuple(
            Improvement(
                one.group, other.group, _improvement(draw, samples[one.group], samples[other.group])
            )
            for one, other in combinations(groups, 2)
        ),
        thresholds=tuple((sign * thresholds + 0.0).tolist()),  # no -0.0
        left_out={**ranking.not_ranked, **left_out},
        unlike=differences(
            {name: list(own.values()) for name, own in members.items()},
            {name: inputs.runs[name] for name in scores},
            inputs.all_runs,
        ),
        provenance=ranking.provenance,
    )


def _members(
    inputs: Inputs, scores: Mapping[str, float], group: Keys, tasks: Keys
) -> tuple[dict[str, dict[str, tuple[str, ...]]], dict[str, str]]:
    """The runs of each group, by task, and why others are left out.

    Raises:
        InvalidArgument: No task is in all groups.
    """
    runs = {name: run for name, run in inputs.runs.items() if name in scores}
    grouping = group_runs(runs, group, all_runs=inputs.all_runs)
    of_tasks = group_runs(runs, tasks, all_runs=inputs.all_runs)
    left_out = dict.fromkeys(of_tasks.left_out, "of no task")
    left_out |= dict.fromkeys(grouping.left_out, "in no group")
    task_of = {run: each.name for each in of_tasks.groups for run in each.runs}
    members: dict[str, dict[str, list[str]]] = {each.name: {} for each in grouping.groups}
    for each in grouping.groups:
        for run in each.runs:
            if run in task_of:
                members[each.name].setdefault(task_of[run], []).append(run)
    common = [
        each.name for each in of_tasks.groups if all(each.name in own for own in members.values())
    ]
    if not common:
        raise InvalidArgument("no task is in all groups: there is nothing to compare them by")
    for own in members.values():
        for task in own.keys() - set(common):
            left_out |= dict.fromkeys(own[task], f"task {task} is not in all groups")
    return {
        name: {task: tuple(own[task]) for task in common} for name, own in members.items()
    }, left_out


class _Sample:
    """The scores of a group on one task, the lowest first, and how often each was drawn.

    Row 0 of `counts` is the sample itself: each score once.
    """

    def __init__(self, scores: Floats, counts: Counts) -> None:
        self.scores = np.sort(scores)
        self.counts = counts

    def mean(self, values: Floats) -> Floats:
        """The mean of something that each run has, in each draw: shape (draws, ...)."""
        return _weighted(self.counts, values) / len(self.scores)


class _Draws:
    """Draws runs anew, and makes intervals of what comes of it."""

    def __init__(self, bootstrap: Bootstrap) -> None:
        self.level = bootstrap.level
        self._resamples = bootstrap.resamples
        self._random = np.random.default_rng(bootstrap.seed)

    def __call__(self, runs: int) -> Counts:
        drawn = self._random.multinomial(runs, [1 / runs] * runs, self._resamples)
        return np.vstack([np.ones((1, runs)), drawn])

    def estimate(self, values: Floats, parts: Sequence[_Sample], sign: float = 1.0) -> Estimate:
        """The value of the sample, first of `values`, and percentiles of those of the draws.

        Where one of `parts` is of a single run, nobody knows the spread.
        """
        value, drawn = sign * float(values[0]) + 0.0, sign * values[1:] + 0.0
        if any(len(each.scores) < 2 for each in parts):
            return Estimate(value, None, None)
        tail = (1.0 - self.level) / 2
        # No line between two draws: one of them may be infinite.
        low = np.quantile(drawn, tail, method="lower")
        high = np.quantile(drawn, 1.0 - tail, method="higher")
        return Estimate(value, float(low), float(high))


def _weighted(weights: Floats, values: Floats) -> Floats:
    """``weights @ values`` in which nothing of an infinite value is nothing."""
    wild = np.isinf(values)
    if not wild.any():
        return weights @ values
    total: Floats = weights @ np.where(wild, 0.0, values)
    for end in (-np.inf, np.inf):
        total[weights @ (values == end).astype(float) > 0] = end
    return total


def _mean(parts: Sequence[_Sample]) -> Floats:
    """The mean over tasks of the mean over runs."""
    return np.mean([each.mean(each.scores) for each in parts], axis=0)  # type: ignore[no-any-return]


def _median(parts: Sequence[_Sample]) -> Floats:
    """The median over tasks of the mean over runs; of a single task over its runs."""
    if len(parts) == 1:
        return _middle(parts, "median")
    return np.median([each.mean(each.scores) for each in parts], axis=0)


def _middle(parts: Sequence[_Sample], center: Center) -> Floats:
    """The interquartile mean, or the median, of the runs of all tasks together."""
    scores = np.concatenate([each.scores for each in parts])
    order = np.argsort(scores, kind="stable")
    counts = np.concatenate([each.counts for each in parts], axis=1)[:, order]
    first, last = (int(rank) for rank in ranks_of(center, np.array(scores.size)))
    ends = np.cumsum(counts, axis=1)
    inside = np.maximum(np.minimum(ends, last) - np.maximum(ends - counts, first), 0.0)
    return _weighted(inside, scores[order]) / (last - first)


def _gap(parts: Sequence[_Sample], target: float) -> Floats:
    """How far runs stay behind the target, those beyond it by nothing: mean over tasks of means."""
    gaps = [each.mean(np.maximum(target - each.scores, 0.0)) for each in parts]
    return np.mean(gaps, axis=0)  # type: ignore[no-any-return]


def _profile(parts: Sequence[_Sample], thresholds: Floats) -> Floats:
    """The share of runs better than each threshold, the mean over tasks: (thresholds, draws)."""
    shares = [
        each.mean((each.scores[:, None] > thresholds[None, :]).astype(float)) for each in parts
    ]
    return np.mean(shares, axis=0).T  # type: ignore[no-any-return]


def _wins(one: Sequence[_Sample], other: Sequence[_Sample]) -> Floats:
    """How often a run of one is better than one of the other, ties half: the mean over tasks.

    That is Mann and Whitney's U by the number of pairs.
    """
    shares = []
    for own, theirs in zip(one, other, strict=True):
        a, b = own.scores[:, None], theirs.scores[None, :]
        better = (a > b) + 0.5 * (a == b)
        pairs = a.size * b.size
        shares.append(((own.counts @ better) * theirs.counts).sum(axis=1) / pairs)
    return np.mean(shares, axis=0)  # type: ignore[no-any-return]


def _improvement(draw: _Draws, one: Sequence[_Sample], other: Sequence[_Sample]) -> Estimate:
    return draw.estimate(_wins(one, other), [*one, *other])


def _thresholds(scores: Floats) -> Floats:
    """Each finite score, or the span of them in even parts: shape (n,), ascending."""
    finite = np.unique(scores[np.isfinite(scores)])
    if finite.size <= _MOST_THRESHOLDS:
        return finite
    return np.linspace(finite[0], finite[-1], _MOST_THRESHOLDS)
