"""What goes wrong around the model: rates, speeds, gradients and the scale of the loss of a run.

Only series whose tags name them are looked at, and where no speed is logged the wall times of one
series. A run has at most one finding of each sort, for its groups of parameters, its layers and its
ways to say how fast it is go wrong together.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.detectors import (
    gradient,
    loss_scale,
    schedule,
    throughput,
    vanishing,
    waiting,
    warm_up,
)
from tbtools.analysis.detect.judged import Judged
from tbtools.analysis.detect.signals import slowdown
from tbtools.analysis.objective import (
    evaluation_pace_of,
    is_clipping,
    is_players,
    is_reward,
    machinery_of,
    may_be_minimised,
    role_of,
)
from tbtools.runs.shared import shared_by_names
from tbtools.vocabulary import EVALUATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tbtools.analysis.detect.findings import Finding
    from tbtools.analysis.objective import Machinery
    from tbtools.runs.series import ScalarSeries

    Key = tuple[str, str]
    Declared = Callable[[str, tuple[str, ...]], Mapping[str, Any]]

# What says how much there is to do in a step.
_WORK = re.compile(
    r"batch.?size|length|seq.?len|resolution|(image|img|crop|picture).?size", re.IGNORECASE
)


def find(
    parts: Mapping[str, Parts],
    judged: Mapping[str, list[Judged]],
    scales: Mapping[Key, Finding],
    declared: Declared,
) -> list[Finding]:
    """Looks at the machinery of each run.

    Args:
        parts: All series of each run.
        judged: Those of them that have an objective; a run without any may be missing.
        scales: What is told already of those whose scale has changed.
        declared: The hyperparameters of a run whose names have one of some words in them.
    """
    found: list[Finding] = []
    for run, own in parts.items():
        found += _of_run(run, own, judged.get(run, []), scales, declared)
    return found


@dataclass(frozen=True, slots=True)
class Parts:
    """The series of one run by what of the machinery they measure.

    Attributes:
        series: All of them.
        by_part: Those of each part; None is none of it.
        has_rewards: Whether one is what an agent gets.
    """

    series: Sequence[ScalarSeries]
    by_part: Mapping[Machinery | None, Sequence[ScalarSeries]]
    has_rewards: bool

    @classmethod
    def of(cls, series: Sequence[ScalarSeries]) -> Parts:
        """Those of all series of a run."""
        places, has_rewards = _said_by(tuple([one.tag for one in series]))
        by_part = {part: [series[at] for at in own] for part, own in places.items()}
        return cls(series, by_part, has_rewards)

    def __getitem__(self, part: Machinery) -> Sequence[ScalarSeries]:
        return self.by_part.get(part, ())

    @property
    def is_logged(self) -> bool:
        """Whether there is any machinery; else wall times alone tell of it."""
        return self.by_part.keys() != {None}


@shared_by_names
def _said_by(tags: tuple[str, ...]) -> tuple[dict[Machinery | None, list[int]], bool]:
    """Where the tags of each part stand, and whether there are rewards."""
    places: dict[Machinery | None, list[int]] = defaultdict(list)
    for at, tag in enumerate(tags):
        places[machinery_of(tag)].append(at)
    return dict(places), any(map(is_reward, tags))


def training_loss(judged: Iterable[Judged]) -> Judged | None:
    """What training minimises: the series with the most points that is of no evaluation.

    Args:
        judged: The series of one run that have an objective.
    """
    found, points = None, -1
    for one in judged:
        # Most roles need not be known: only of those with more points.
        if one.objective == "min" and len(one) > points and not _evaluates(one.series):
            found, points = one, len(one)
    return found


def _evaluates(series: ScalarSeries) -> bool:
    return role_of(series.tag, series.run) in EVALUATIONS


def _of_run(
    run: str,
    parts: Parts,
    judged: list[Judged],
    scales: Mapping[Key, Finding],
    declared: Declared,
) -> Iterator[Finding]:
    loss = training_loss(judged)
    if not parts.is_logged:
        yield from _slower(parts, loss)
        return
    rates = [one for one in parts["learning_rate"] if np.isfinite(one.value).any()]
    if rates:
        warm_ups = partial(declared, run, warm_up.HPARAMS)
        yield from schedule.find(rates, loss, warm_ups)
    yield from _first(loss_scale.find(one) for one in parts["loss_scale"])
    yield from _of_gradients(parts, judged, scales, partial(declared, run, gradient.HPARAMS))
    yield from _slower(parts, loss)
    yield from _first(_waits(parts))


def _of_gradients(
    parts: Parts,
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
    witness = loss or _witness(parts.series, judged)
    if witness is not None or not any(is_players(one.tag) for one in parts.series):
        yield from _first(gradient.rising(one, witness, sure=loss is not None) for one in calm)
    if loss is not None:
        told = ((one, scales.get((one.run, one.tag))) for one in norms)
        collapsed = (vanishing.since_collapse(one, its, loss) for one, its in told if its)
        yield from _first(chain(collapsed, (vanishing.from_the_start(one, loss) for one in calm)))


def _witness(series: Sequence[ScalarSeries], judged: list[Judged]) -> Judged | None:
    """What says whether a run learns where no loss of it has an objective."""
    rewards = [one for one in judged if is_reward(one.series.tag)]
    if rewards:
        return max(rewards, key=len)
    training = [one for one in series if not _evaluates(one)]
    sums = [Judged(one, "min") for one in training if may_be_minimised(one.tag)]
    return max(sums, key=len, default=None)


def _waits(parts: Parts) -> Iterator[Finding | None]:
    for data in parts["data_time"]:
        for step in parts["step_time"]:
            if data.tag.rpartition("/")[0] == step.tag.rpartition("/")[0]:
                yield waiting.for_data(data, step)
    yield from map(waiting.share_of_time, parts["data_share"])


def _slower(parts: Parts, loss: Judged | None) -> Iterator[Finding]:
    """What the run logs of its speed; where that shows nothing, what its wall times say.

    And where these do not, whether its evaluations take longer.
    """
    logged = list(_first(throughput.of_tag(one, "speed") for one in parts["speed"]))
    logged = logged or [
        _of_larger_steps(found, parts["speed"])
        for found in _first(throughput.of_tag(one, "step_time") for one in parts["step_time"])
    ]
    if logged:
        yield from (_of_more_work(found, parts) for found in logged)
        return
    # A step of an agent may be an episode, and these become longer as it learns.
    by_clock = None if parts.has_rewards else _slower_by_clock(parts, loss)
    if by_clock is not None:
        yield _of_more_work(_of_larger_steps(by_clock, parts["speed"]), parts)
        return
    paces = ((one, evaluation_pace_of(one.tag)) for one in parts.by_part.get(None, ()))
    yield from _first(throughput.of_evaluations(one, pace) for one, pace in paces if pace)


def _slower_by_clock(parts: Parts, loss: Judged | None) -> Finding | None:
    densest, points = None, -1
    for one in chain.from_iterable(parts.by_part.values()):
        if len(one.step) > points and not _evaluates(one):
            densest, points = one, len(one.step)
    if densest is None:
        return None
    if loss is not None and 2 * len(loss.series.step) > len(densest.step):
        densest = loss.series
    return throughput.of_clock(densest)


def _of_more_work(found: Finding, parts: Parts) -> Finding:
    """Steps that take longer as batches or sequences that are logged grow: it was meant."""
    times = float(found.evidence["times_as_long"])
    for one in parts.by_part.get(None, ()):
        if not _WORK.search(one.tag) or found.onset_step <= one.step[0]:
            continue
        late = one.value[one.step >= found.onset_step]
        before = one.value[one.step < found.onset_step]
        if len(late) and np.median(late) >= times**0.5 * np.median(before) > 0:
            text = f"{found.message}; {one.tag} grew: there is more to do in a step"
            return replace(found, severity="info", message=text)
    return found


def _of_larger_steps(found: Finding, speeds: Sequence[ScalarSeries]) -> Finding:
    """Steps that take longer though a logged speed did not fall: there is more to do in each."""
    whole = [one for one in speeds if np.isfinite(one.value).sum() >= slowdown.LEAST_POINTS]
    if not whole:
        return found
    text = f"{found.message}; {whole[0].tag} did not fall: there is more to do in a step"
    return replace(found, severity="info", message=text)


def _first(found: Iterable[Finding | None]) -> Iterable[Finding]:
    """The first one that is a finding, if there is any."""
    return islice(filter(None, found), 1)
