"""What changed its scale, among all the series of a run."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tbtools.analysis.detect import machinery
from tbtools.analysis.detect.detectors import adversary, scale, spike
from tbtools.analysis.detect.detectors.learned_scale import Beside
from tbtools.analysis.detect.judged import Judged
from tbtools.analysis.objective import better_alone, is_reward, machinery_of, vital_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tbtools.analysis.detect.findings import Finding
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Directions = Mapping[str, Mapping[str, Objective]]

Key = tuple[str, str]

# Of these a change of scale is told by `machinery`, or is a schedule; or it may fall, too.
_JUDGED_APART = frozenset({"learning_rate", "loss_scale", "speed", "step_time", "clipped"})


def changes(
    series: list[ScalarSeries], directions: Directions, fits: Mapping[str, list[Judged]]
) -> dict[Key, Finding]:
    """Looks for changes of scale in the series of some runs.

    Args:
        series: The series in which something is unusual; of what is as it is none would be a fault.
        directions: Which way is better, by run and tag.
        fits: The series that have an objective, by run.
    """
    beside = cache(lambda run: _beside(fits[run]))
    found = {}
    for one in series:
        objective = directions[one.run][one.tag]
        if not scale.may_change(one, objective) or machinery_of(one.tag) in _JUDGED_APART:
            continue
        finding = scale.find(one, objective, beside(one.run))
        if finding is None and objective == "none" and vital_of(one.tag) == "adversary":
            finding = adversary.find(one)
        if finding is not None:
            found[one.run, one.tag] = finding
    return found


def tenfold(
    series: list[ScalarSeries], judged: Collection[Key], told: Collection[Key]
) -> Iterator[Finding]:
    """Looks for spikes of what may not grow and has no objective, where nothing else is told of it.

    Args:
        series: The series in which something is unusual.
        judged: Those that have an objective, by run and tag.
        told: Those of which something is told.
    """
    for one in series:
        key = one.run, one.tag
        if key in judged or key in told or vital_of(one.tag) not in scale.MAY_NOT_GROW:
            continue
        # What has an objective by its words has none here because somebody says so.
        if better_alone(one.tag) != "none":
            continue
        if spike.may_be_tenfold(one.value):
            found = spike.find_tenfold(Judged(one, "min"))
            if found is not None:
                yield found


def _beside(judged: list[Judged]) -> Beside:
    rewards = tuple(one for one in judged if is_reward(one.series.tag))
    return Beside(rewards, machinery.training_loss(judged))
