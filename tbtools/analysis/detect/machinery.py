"""What goes wrong around the model: rates, speeds, gradients and the scale of the loss of a run.

Only series whose tags name them are looked at, and where no speed is logged the wall times of one
series. A run has at most one finding of each sort, for its groups of parameters, its layers and its
ways to say how fast it is go wrong together.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from itertools import islice, starmap
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tbtools.analysis.detect.detectors import gradient, loss_scale, schedule, throughput
from tbtools.analysis.detect.judged import Judged
from tbtools.analysis.objective import (
    is_clipping,
    is_players,
    is_reward,
    machinery_of,
    may_be_minimised,
    role_of,
)
from tbtools.vocabulary import EVALUATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tbtools.analysis.detect.findings import Finding
    from tbtools.analysis.objective import Machinery
    from tbtools.runs.series import ScalarSeries

    Key = tuple[str, str]
    Declared = Callable[[str, tuple[str, ...]], Mapping[str, Any]]


def find(
    series: Iterable[ScalarSeries],
    judged: Mapping[Key, Judged],
    scales: Mapping[Key, Finding],
    declared: Declared,
) -> list[Finding]:
    """Looks at the machinery of each run.

    Args:
        series: All series.
        judged: Those with an objective.
        scales: What is told already of those whose scale has changed.
        declared: The hyperparameters of a run whose names have one of some words in them.
    """
    by_run: dict[str, list[ScalarSeries]] = defaultdict(list)
    for one in series:
        by_run[one.run].append(one)
    found: list[Finding] = []
    for run, own in by_run.items():
        fits = [judged[run, one.tag] for one in own if (run, one.tag) in judged]
        found += _of_run(own, fits, scales, declared)
    return found


def training_loss(judged: Iterable[Judged]) -> Judged | None:
    """What training minimises: the series with the most points that is of no evaluation.

    Args:
        judged: The series of one run that have an objective.
    """
    losses = [one for one in judged if one.objective == "min"]
    # Most roles need not be known: the first one that will do is the one.
    longest_first = sorted(losses, key=len, reverse=True)
    return next((one for one in longest_first if not _evaluates(one.series)), None)


def _evaluates(series: ScalarSeries) -> bool:
    return role_of(series.tag, series.run) in EVALUATIONS


def _of_run(
    series: list[ScalarSeries],
    judged: list[Judged],
    scales: Mapping[Key, Finding],
    declared: Declared,
) -> Iterator[Finding]:
    loss = training_loss(judged)
    parts: dict[Machinery | None, list[ScalarSeries]] = defaultdict(list)
    for one in series:
        parts[machinery_of(one.tag)].append(one)
    rates = [one for one in parts["learning_rate"] if np.isfinite(one.value).any()]
    run = series[0].run
    if rates:
        warm_ups = partial(declared, run, schedule.HPARAMS)
        yield from schedule.find(rates, loss.series if loss else None, warm_ups)
    yield from _first(loss_scale.find(one) for one in parts["loss_scale"])
    yield from _of_gradients(
        series, parts, judged, scales, partial(declared, run, gradient.HPARAMS)
    )
    yield from _slower(parts, loss)
    yield from _first(_waits(parts))


def _of_gradients(
    series: list[ScalarSeries],
    parts: Mapping[Machinery | None, list[ScalarSeries]],
    judged: list[Judged],
    scales: Mapping[Key, Finding],
    limits: Callable[[], Mapping[str, Any]],
) -> Iterator[Finding]:
    norms = sorted(parts["gradient_norm"], key=lambda one: len(one.tag))
    yield from _first(gradient.clipped(one, limits) for one in norms)
    yield from _first(map(gradient.zero, norms[:1]))  # the others may be of frozen layers
    shares = (one for one in parts["clipped"] if norms or is_clipping(one.tag))
    yield from _first(gradient.clipped_share(one) for one in shares)
    yield from _first(map(gradient.clip_factor, parts["clip_factor"]))
    yield from _first(map(gradient.bursts, norms))
    if not norms:
        return
    loss = training_loss(judged)
    calm = [one for one in norms if (one.run, one.tag) not in scales]
    witness = loss or _witness(series, judged)
    if witness is not None or not any(is_players(one.tag) for one in series):
        yield from _first(gradient.rising(one, witness, sure=loss is not None) for one in calm)
    if loss is not None:
        told = ((one, scales.get((one.run, one.tag))) for one in norms)
        yield from _first(gradient.vanished(one, its, loss) for one, its in told if its)


def _witness(series: list[ScalarSeries], judged: list[Judged]) -> Judged | None:
    """What says whether a run learns where no loss of it has an objective."""
    rewards = [one for one in judged if is_reward(one.series.tag)]
    if rewards:
        return max(rewards, key=len)
    training = [one for one in series if not _evaluates(one)]
    sums = [Judged(one, "min") for one in training if may_be_minimised(one.tag)]
    return max(sums, key=len, default=None)


def _waits(parts: Mapping[Machinery | None, list[ScalarSeries]]) -> Iterator[Finding | None]:
    for data in parts["data_time"]:
        for step in parts["step_time"]:
            if data.tag.rpartition("/")[0] == step.tag.rpartition("/")[0]:
                yield throughput.waiting(data, step)
    yield from map(throughput.waiting_share, parts["data_share"])


def _slower(
    parts: Mapping[Machinery | None, list[ScalarSeries]], loss: Judged | None
) -> Iterator[Finding]:
    """What the run logs of its speed, and where that shows nothing, what its wall times say."""
    measured: tuple[Literal["speed", "step_time"], ...] = ("speed", "step_time")
    series = ((one, how) for how in measured for one in parts.get(how, ()))
    logged = list(_first(starmap(throughput.of_tag, series)))
    if logged:
        yield from logged
        return
    written = [one for every in parts.values() for one in every]
    if any(is_reward(one.tag) for one in written):
        return  # a step of an agent may be an episode, and these become longer as it learns
    densest_first = sorted(written, key=lambda one: len(one.step), reverse=True)
    densest = next((one for one in densest_first if not _evaluates(one)), None)
    if densest is None:
        return
    if loss is not None and 2 * len(loss.series.step) > len(densest.step):
        densest = loss.series
    if (found := throughput.of_clock(densest)) is not None:
        yield found


def _first(found: Iterable[Finding | None]) -> Iterable[Finding]:
    """The first one that is a finding, if there is any."""
    return islice(filter(None, found), 1)
