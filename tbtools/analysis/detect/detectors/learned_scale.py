"""Which changes of scale come with learning, and are no fault."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tbtools.analysis.detect.signals import change, robust
from tbtools.analysis.objective import is_deviation, is_players

if TYPE_CHECKING:
    from tbtools.analysis.detect.judged import Judged
    from tbtools.analysis.objective import Vital
    from tbtools.runs.series import ScalarSeries

# So many times is a change of scale, whatever changes, and so many what changes at once.
MUCH, AT_ONCE = 100.0, 20.0
SPREADS = frozenset({"spread", "noise"})
# Levels of a reward that tell how much it gains in all.
ENDS = 16
# This part of all that a reward gains is a leap, and this part the least with which values grow.
LEAP = 0.4
WORTH = 0.25
# What falls with the loss by this part of its own fall, in logarithms, may be a term of it.
ALIKE = 0.5
# Farther than so many times a gradient falls only with a loss that falls by as good as all.
VANISHED = 300.0
# So many parts since a change tell where a reward was.
LEVELS = 20


@dataclass(frozen=True)
class Beside:
    """What else is known of a run.

    Attributes:
        rewards: What its agent gets.
        loss: What it minimises, if that has an objective.
    """

    rewards: tuple[Judged, ...]
    loss: Judged | None


NOTHING = Beside((), None)


@dataclass(frozen=True)
class Change:
    """A change of scale.

    Attributes:
        index: Of the first point of the new scale, among the finite ones.
        before: The level of absolute values before.
        after: The same at the end.
        gradual: As of a `change.Step`.
        ended: Whether it has come to a new scale.
    """

    index: int
    before: float
    after: float
    gradual: bool = False
    ended: bool = True

    @property
    def times(self) -> float:
        """How many times the one is the other."""
        low, high = sorted([self.before, self.after])
        return high / low if low > 0 else math.inf


def is_learned(
    found: Change, vital: Vital | None, series: ScalarSeries, onset: int, beside: Beside
) -> bool:
    """Whether a change is what comes with learning.

    Values and their losses grow with the rewards that they foretell, the losses by the same factor
    again and again only with such a reward, and fall to nothing when all is foretold; the entropy
    of a policy falls as they grow, a gradient as the loss does, and so do the loss's own terms.

    Args:
        found: The change.
        vital: What its series says of the state of the model.
        series: The series.
        onset: The first point of the change in it.
        beside: What else is known of its run.
    """
    small = found.times < MUCH
    if vital == "gradient" and beside.loss is not None:
        if found.after > found.before:
            # Beside a loss that stands still it is told as that (`gradient.rising`).
            return bool(found.times < AT_ONCE)
        learned = _improves(beside.loss, series, onset) and _leaps(beside.loss, series, onset)
        # What is left of a loss has a gradient.
        far = found.times >= VANISHED
        return learned and not (far and not _falls_with(beside.loss, series, onset, found.times))
    if vital is None and found.after < found.before and beside.loss is not None:
        return _falls_with(beside.loss, series, onset, found.times)
    grew = found.after > found.before
    noisier = grew and small and (vital == "noise" or _is_variety(found, vital, series))
    if noisier and not beside.rewards:
        return True  # the noise of what it is, nobody says; nor what more codes are for
    grew = noisier or (grew and vital in {"player", None})
    of_player = vital == "player" and is_players(series.tag)
    foretold = of_player and found.after < found.before
    if not grew and not foretold and not (small and vital in SPREADS):
        return False
    anyhow = foretold or (grew and (found.gradual or (small and vital is not None)))
    # What foretells the reward grows with it, and not beside one that hardly gains anything.
    worth = WORTH if noisier or vital == "player" else 0.0
    return any(
        _improves(reward, series, onset, worth)
        and (anyhow or _leaps(reward, series, onset))
        and (found.ended or not of_player or _gains_ever_faster(reward, series, onset))
        for reward in beside.rewards
    )


def _is_variety(found: Change, vital: Vital | None, series: ScalarSeries) -> bool:
    """Whether it grows again and again, and is how many or how mixed: codes, ranks, an entropy."""
    return vital == "spread" and not found.ended and not is_deviation(series.tag)


def _gains_ever_faster(reward: Judged, series: ScalarSeries, onset: int) -> bool:
    """Whether a reward gains as much in the last third since a point as in the two before it."""
    since = reward.y[reward.count_before(series, onset) :]
    width = max(1, len(since) // LEVELS)
    first, late, end = (
        robust.median(part[:width])
        for part in (since, since[2 * len(since) // 3 :], since[len(since) - width :])
    )
    return late - end >= first - late


def _improves(judged: Judged, series: ScalarSeries, onset: int, worth: float = 0.0) -> bool:
    """Whether it is better at the end than ever before a point of another series.

    By more than a part of all that it gains.
    """
    first = judged.count_before(series, onset)
    if not 0 < first < len(judged):
        return False
    gain, all_of_it = judged.gain_from(first)
    return gain > worth * all_of_it


def _falls_with(loss: Judged, series: ScalarSeries, onset: int, times: float) -> bool:
    """Whether a loss falls about as many times as what may be a term of it, in logarithms."""
    first = loss.count_before(series, onset)
    value = loss.series.value[loss.points]
    before, after = value[:first], value[first:]
    if not len(before) or not len(after):
        return False
    level, end = robust.median(before), robust.median(after[-max(1, len(after) // 4) :])
    return bool(0 < end <= level * times**-ALIKE)


def _leaps(judged: Judged, series: ScalarSeries, onset: int) -> bool:
    """Whether a good part of all that it gains is gained in two or three tenths of the run."""
    first = judged.count_before(series, onset)
    before, after = judged.y[:first], judged.y[first:]
    near = max(1, int(change.SUDDEN_PART * len(judged)))
    later = after[: 3 * near][-near:]
    gained = robust.median(before[-near:]) - robust.median(later)
    levels = robust.window_medians(judged.y, max(1, len(judged) // ENDS), ENDS)
    return bool(gained >= LEAP * (levels.max() - levels.min()))
