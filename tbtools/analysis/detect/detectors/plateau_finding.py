"""Says what a plateau is: its numbers, and whether the learning rate has ended."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.detectors import guessing
from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.learning_rate import DEAD, LAST_PART, rate_along
from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.witnesses import is_whole_loss
from tbtools.analysis.objective import bound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.detect.detectors.plateau import Plateau
    from tbtools.analysis.detect.judged import Judged
    from tbtools.runs.series import ScalarSeries

# Schedules end at zero, or at a tenth of their peak; what is a little more is on its way there.
ENDED = 0.12
# What was flat already while the rate was still to be above this part of its peak, is not flat
# because the rate is at its end.
COMING_DOWN = 2 / 3
# What is missing to a known bound, as a part of it, when nothing more is to come ...
NEARLY = 0.015
# ... and when next to nothing is, of a score that has learnt: nine in ten are right.
CLOSE = 0.1
# What a score without a known bound comes to that is a share, and stays at, when all is right.
ALL = (1.0, 100.0)
# What came to rest slowly, and has been level for less than this last part of its points, is done.
SHORT = 1 / 3
# What did not was in the last quarter before nearly as fast as in the quarter before that.
AS_FAST = 0.8
# What has become better by so many times its noise was learned.
LEARNED = 3.0
# A series has noise if one in so many of its points is worse than the one before.
NOISY = 0.05


@dataclass(frozen=True)
class Ended:
    """A learning rate that has come to its end.

    Attributes:
        part: Its last value as a part of its peak.
        step: The first step since when it is so low.
        place: The same for a message.
        dead: Whether it has been next to zero for longer than schedules have it.
        part_since_onset: Its highest value since the onset of a plateau as a part of its peak.
    """

    part: float
    step: int
    place: str
    dead: bool
    part_since_onset: float

    @property
    def explains(self) -> bool:
        """Whether the plateau is there because nothing more was to come."""
        return not self.dead and self.part_since_onset <= COMING_DOWN


def plateau_finding(
    judged: Judged,
    flat: Plateau,
    rate: ScalarSeries | None,
    scores: Sequence[Judged] = (),
    losses: Sequence[Judged] = (),
) -> Finding:
    """Turns a plateau into a finding: a warning; an info if it is over, short or at its end anyway.

    Args:
        judged: The series.
        flat: What `plateau.find` or `past_plateau.find` found in it.
        rate: The run's learning rate, where it logs one.
        scores: Series of the run of which more is better,
        losses: and of which less is.
    """
    ongoing = flat.end == len(judged)
    ended = _ended(rate, judged, flat.onset) if ongoing else None
    nothing = _measures_nothing(judged, flat) and not any(map(is_learned, (*scores, *losses)))
    bound = ongoing and not nothing and _at_bound(judged, flat)
    classes = guessing.classes_of(judged, judged.logged(flat.level), scores) if ongoing else None
    short = ongoing and not bound and _is_done(judged, flat)
    explained = ended is not None and ended.explains
    evidence = _evidence(judged, flat, ended, classes)
    if short or (explained and not bound):
        evidence["explained_by"] = "learning_rate" if explained else "end"
    best = int(np.argmin(judged.y[: flat.end]))
    return Finding(
        run=judged.series.run,
        tag=judged.series.tag,
        kind="plateau",
        severity="warning" if ongoing and not (bound or explained or short) else "info",
        onset_step=judged.step(flat.onset),
        onset_time=judged.time(flat.onset),
        end_step=judged.last_step(flat.end - 1),
        ongoing=ongoing,
        best_step=judged.step(best),
        best_value=judged.value(best),
        last_good_step=None,
        message=_message(judged, flat, ended, classes, bound=bound, nothing=nothing, short=short),
        evidence=evidence,
    )


def unexplained(finding: Finding, reason: str) -> Finding:
    """A plateau that is an info for the end of the learning rate or of the run, as a warning.

    Args:
        finding: The plateau.
        reason: What else explains it.
    """
    evidence = {key: value for key, value in finding.evidence.items() if key != "explained_by"}
    message = f"{finding.message}; that does not explain it: {reason}"
    return replace(finding, severity="warning", message=message, evidence=evidence)


def ideal_of(judged: Judged) -> float | None:
    """The best that the values of a series can be, turned as they are; None where nobody knows.

    What its tag says that it is, or zero for what is to be small; and no value is better.
    """
    if judged.log:
        return None
    best = _bound(judged)
    if best is None:
        best = 0.0 if judged.objective == "min" else math.inf
    best = -best if judged.objective == "max" else best
    return best if float(judged.y.min()) >= best > -math.inf else None


def _bound(judged: Judged) -> float | None:
    return bound(judged.series.tag, float(judged.series.value[judged.points].max()))


def _at_bound(judged: Judged, flat: Plateau) -> bool:
    """Whether there is nothing left to improve: a score at its cap, a loss of zero.

    A cap that is known from the tag, as 1 of an accuracy, is reached but for `NEARLY` of it, or
    `CLOSE` to it by learning: what stood there from the start may be as good as guessing is.

    A cap is known by being hit exactly, again and again, by a series that went back now and then
    before; one that did not has no noise, and stands still wherever it stops. Where that is exactly
    1 or 100, for the whole second half of the stretch, all is right: no share is larger.
    """
    # The error of a level is a third of that of a trend: what may be near is not shown to be far.
    level = judged.logged(flat.level - 2 * flat.error / 12**0.5)
    if _is_near(judged, level, CLOSE if flat.before > 0 else NEARLY):
        return True
    tail = judged.y[flat.onset :]
    hits = float(np.mean(tail == judged.y[judged.best]))
    if hits <= 0.5:
        return False
    if judged.objective == "min":
        return float(judged.y[judged.best]) == 0.0 and bool(np.all(tail >= 0))
    if flat.onset == 0:
        return False
    if judged.value(judged.best) in ALL and bool(np.all(tail[len(tail) // 2 :] == tail.min())):
        return True
    # What the tag says that it can be, is no cap elsewhere.
    went_back = float(np.mean(np.diff(judged.y[: flat.onset + 1]) > 0))
    return _bound(judged) is None and went_back > NOISY


def _measures_nothing(judged: Judged, flat: Plateau) -> bool:
    """Whether the loss of a run is zero all along."""
    whole = flat.onset == 0 and flat.end == len(judged) and is_whole_loss(judged.series.tag)
    return whole and flat.level == 0 and judged.objective == "min"


def is_learned(other: Judged) -> bool:
    """Whether a score or a loss has become better, or is as good as it can be.

    Args:
        other: A series with an objective.
    """
    if not len(other):
        return False
    if _is_near(other, other.value(other.best), NEARLY):
        return True
    part = max(1, len(other) // 4)
    gain = robust.median(other.y[:part]) - robust.median(other.y[-part:])
    return gain > LEARNED * other.noise


def _is_done(judged: Judged, flat: Plateau) -> bool:
    """Whether it is short and learning has come to rest slowly, as that of a sound run does."""
    quarter = flat.onset // 4
    if flat.before <= 0 or flat.end - flat.onset >= SHORT * len(judged) or not quarter:
        return False
    width = max(1, quarter // 2)
    half, later = (
        robust.median(judged.y[max(0, at - width // 2) :][:width])
        for at in (2 * quarter, 3 * quarter)
    )
    return later - flat.level < AS_FAST * (half - later)


def _is_near(judged: Judged, level: float, part: float) -> bool:
    best = _bound(judged)
    return best is not None and abs(level - best) <= part * abs(best)


def _ended(rate: ScalarSeries | None, judged: Judged, onset: int) -> Ended | None:
    if rate is None:
        return None
    finite = np.flatnonzero(np.isfinite(rate.value))
    values = rate.value[finite]
    peak = float(values.max())
    if peak <= 0 or values[-1] > ENDED * peak:
        return None
    low, next_to_zero = (_since_below(values, part * peak) for part in (ENDED, DEAD))
    # Where steps go back the points are counted instead.
    along = finite if rate.steps_go_back else rate.step[finite]
    span = int(along[-1]) - int(along[0])
    dead = next_to_zero < len(along) and along[-1] - along[next_to_zero] > LAST_PART * span
    # Not that at the onset alone: what never learnt did not from the warm-up on.
    highest = float(rate_along(rate, judged)[onset:].max())
    return Ended(
        part=float(values[-1] / peak),
        step=int(rate.step[finite[low]]),
        place=place_of(rate, int(finite[low])),
        dead=bool(dead),
        part_since_onset=highest / peak,
    )


def _since_below(values: NDArray[np.float64], limit: float) -> int:
    """The index from which on no value is above a limit; their number where the last one is."""
    return int(np.flatnonzero(values > limit)[-1]) + 1


def _evidence(
    judged: Judged, flat: Plateau, ended: Ended | None, classes: int | None
) -> dict[str, Any]:
    evidence: dict[str, Any] = {
        "level": judged.logged(flat.level),
        "improvement": flat.improvement,
        "improvement_interval": _interval(flat),
        "improvement_before": flat.before,
        "points_since": judged.count(flat.end - flat.onset),
        "logarithmic": judged.log,
    }
    # Where steps go back nobody knows how many they were.
    if not judged.series.steps_go_back:
        part = _per_thousand(judged, flat)
        evidence["improvement_per_1000_steps"] = flat.improvement * part
        evidence["improvement_per_1000_steps_interval"] = _interval(flat, part)
    if classes is not None:
        evidence["classes_guessed"] = classes
    if ended is not None:
        evidence["learning_rate_part_of_peak"] = ended.part
        evidence["learning_rate_ended_step"] = ended.step
    return evidence


def _per_thousand(judged: Judged, flat: Plateau) -> float:
    """What part of the stretch a thousand steps are."""
    steps = judged.last_step(flat.end - 1) - judged.step(flat.onset)
    return 1000 / steps if steps > 0 else 0.0


def _interval(flat: Plateau, part: float = 1.0) -> list[float]:
    """The improvement's 95 % interval, of a part of the stretch."""
    half = 1.96 * flat.error
    # No -0.0 where nothing moved at all.
    return [(flat.improvement - half) * part + 0.0, (flat.improvement + half) * part + 0.0]


def _message(
    judged: Judged,
    flat: Plateau,
    ended: Ended | None,
    classes: int | None,
    *,
    bound: bool,
    nothing: bool,
    short: bool,
) -> str:
    text = f"no improvement {_since(judged, flat)} at {judged.logged(flat.level):.4g}, "
    text += f"in {judged.count(flat.end - flat.onset):,} points: {_change(flat)}"
    text += " of its logarithm" if judged.log else ""
    if flat.before > 0:
        text += f", after {_amount(flat.before)} before"
    if flat.end < len(judged):
        text += f"; it is over: then it improved to {judged.value(judged.best):.4g}"
    if classes is not None:
        about = "" if classes <= guessing.EXACT_CLASSES else "about "
        text += f"; that is {about}ln {classes}, what guessing among {classes} classes gives: look "
        text += "at the labels, the inputs and the learning rate"
    if nothing:
        text += "; a loss that is 0 all along measures nothing: look at the labels, the mask and "
        text += "the precision of the weights"
    if bound:
        text += "; it is at its bound: nothing is left to improve"
    if short:
        part = (flat.end - flat.onset) / len(judged)
        text += f"; it came slowly to rest, for the last {part:.0%} of the run: it may be done"
    if ended is not None:
        state = "dead" if ended.dead else "at its end"
        text += f"; the learning rate is {state} "
        text += f"({100 * ended.part:.2g}% of its peak, low since {ended.place})"
    return text


def _change(flat: Plateau) -> str:
    low, high = _interval(flat)
    if flat.error == 0:
        still = flat.improvement == 0
        return "it does not move at all" if still else f"it moved by {_amount(high)}"
    if high < 0:
        return f"it got worse by {_amount(-high)} to {_amount(-low)} (95%)"
    return f"it improved by at most {_amount(high)} (95%)"


def _amount(change: float) -> str:
    """Two digits, and no exponent where there need not be one: ``0.039``, ``114``."""
    return f"{change:,.0f}" if 100 <= abs(change) < 1e6 else f"{change:.2g}"


def _since(judged: Judged, flat: Plateau) -> str:
    onset = judged.place(flat.onset)
    if flat.end < len(judged):
        return f"from {onset} to {judged.place(flat.end - 1)}"
    # What came before the first point that counts is no number, or no loss yet.
    first = flat.onset == 0 and judged.points[0] < judged.width
    return "from the start" if first else f"since {onset}"
