"""A validation series that gets worse while its training twin still improves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.detectors import few, plateau, plateau_finding
from tbtools.analysis.detect.detectors.divergence_finding import describe, level_at_end
from tbtools.analysis.detect.detectors.unlearned import never_learned
from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import Judged, points_before
from tbtools.analysis.detect.learning_rate import restart
from tbtools.analysis.detect.signals import chance, excursion, rest, robust, unimodal
from tbtools.analysis.detect.signals.as_good import behind_the_last_as_good
from tbtools.analysis.detect.signals.excursion import Excursion
from tbtools.analysis.detect.signals.onset import Onset, least_squares_bend, locate
from tbtools.analysis.detect.signals.trend import trend

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries

    Array = NDArray[np.float64]

# The twin that still improves is evidence of its own: half of the effect that a divergence needs
# is enough, and one standard error less.
EFFECT = excursion.EFFECT / 2
CONFIDENCE = excursion.LEAST_CONFIDENCE
# Of so few points the valley's fit places the onset better than windows do.
FEW = 60
# A training series whose end is worse than its last points before by so many times its noise
# has been hurt itself.
WORSE = 3.0
# What goes on falling comes to this part of what was left, by the first and the last of so many
# parts of it.
LEARNED = 0.8
PARTS = 8
# ... and to this part beside so few points that they may be in order by chance.
LEARNED_BY_HEART = 0.5
IN_ORDER = 5
# Of a descent this part is left when it is at its bottom.
BOTTOM = 0.25


def find(
    training: Judged,
    validation: Judged,
    rate: ScalarSeries | None = None,
    *,
    rises: bool = True,
) -> Finding | None:
    """Looks for overfitting in a pair.

    Args:
        training: The training series.
        validation: The validation series of the same quantity.
        rate: The run's learning rate, where it logs one.
        rises: Whether the validation series may have a rise beyond the noise of its points.
    """
    whole, validation = validation, _while_it_trains(training, validation)
    # What is zero from a point on has learned nothing by heart.
    if not len(validation) or few.to_zero(validation) is not None:
        return None
    rise, onset = _rise(validation, rises=rises or validation is not whole)
    if rise is None:
        rise, onset = _rise_beside(training, validation)
    if rise is None or onset is None or never_learned(validation):
        return None
    standard_errors = _improvement_since(training, validation, max(0, onset.index - 1))
    least = -plateau.SIGNIFICANT if len(validation) >= IN_ORDER else plateau.SIGNIFICANT
    if standard_errors is None or standard_errors < least:
        return None
    if onset.sudden and not _goes_on_rising(validation, onset.index):
        return None
    level = level_at_end(validation, rise, onset)
    if restart(rate, validation, onset.index, level) == "explains":
        return None
    best = validation.best_until(onset.index)
    evidence = describe(validation, rise, onset)
    evidence |= {"training_tag": training.series.tag, "training_standard_errors": standard_errors}
    before, after = evidence["level_before"], evidence["level_after"]
    step = validation.step(best)
    twin = "still improves" if standard_errors > plateau.SIGNIFICANT else "holds its level"
    text = (
        f"got worse from {before:.4g} to {after:.4g} since {validation.place(onset.index)} "
        f"while {_twin_name(training, validation)} {twin}; best at {validation.place(best)}"
    )
    return Finding(
        run=validation.series.run,
        tag=validation.series.tag,
        kind="overfitting",
        severity="warning",
        onset_step=validation.step(onset.index),
        onset_time=validation.time(onset.index),
        end_step=validation.last_step(-1),
        ongoing=True,
        best_step=step,
        best_value=validation.value(best),
        last_good_step=step,
        message=text,
        evidence=evidence,
    )


def _while_it_trains(training: Judged, validation: Judged) -> Judged:
    """A validation series up to where the training series is no number any more, to its end.

    What gets worse from there on, has nothing to do with what the training series was before.
    """
    series = training.series
    end = int(training.ends[-1]) + 1 if len(training) else 0
    if end == len(series.value):
        return validation
    [before] = points_before(validation.series, series, np.array([end]), "left")
    return Judged(validation.series.at(np.arange(before)), validation.objective)


def _twin_name(training: Judged, validation: Judged) -> str:
    """The tag of the training series, with its run where that is another."""
    own, tag = training.series, training.series.tag
    return tag if own.run == validation.series.run else f"{tag} of the run {own.run}"


def _rise(validation: Judged, *, rises: bool) -> tuple[Excursion | None, Onset | None]:
    """A rise beyond the noise; of few points also a valley, whose noise is not known before."""
    y = validation.y
    rise = excursion.find(y, few.floor(validation), EFFECT, CONFIDENCE) if rises else None
    onset = None if rise is None else behind_the_last_as_good(y, locate(y, rise), rise)
    valley = _valley(validation) if rise is None or len(y) <= FEW else None
    if valley is not None and not (onset and onset.sudden and valley.leap > unimodal.LEAP):
        # Few points behind a jump do not tell whether it goes on.
        jumped = len(y) - valley.high >= excursion.PERSISTENT
        begin = few.begins(valley) if jumped else Onset(valley.onset, sudden=False)
        return rise or valley.as_rise(len(y)), begin
    return (rise, onset) if rise is not None else _slope_from_bottom(y)


def _valley(validation: Judged) -> unimodal.Valley | None:
    return few.valley(validation) or unimodal.of_few(validation.y)


def _rise_beside(training: Judged, validation: Judged) -> tuple[Excursion | None, Onset | None]:
    """A rise that noise alone may explain, while the training series goes on falling.

    More points tell by themselves, and what is best near its end is no worse for it.
    """
    n = len(validation)
    if n > max(chance.LEAST_BESIDE_A_TWIN) or validation.best > (1 - unimodal.LEAST_PART) * n:
        return None, None
    valley = few.valley(validation, beside=True) or unimodal.of_few_beside(validation.y)
    if valley is None or not _goes_on_falling(training, validation, valley.onset):
        return None, None
    # Whether it rose at once, points that scatter do not tell.
    return valley.as_rise(len(validation)), Onset(valley.onset, sudden=False)


def _goes_on_falling(training: Judged, validation: Judged, onset: int) -> bool:
    """Whether the training series falls to a part of what was left there."""
    if not len(training):
        return False
    ideal = plateau_finding.ideal_of(training)
    if ideal is None and not training.log:
        return False
    left = np.exp(training.y) if ideal is None else training.y - ideal
    left = left[training.count_before(validation.series, int(validation.points[onset])) :]
    some = max(1, len(left) // PARTS)
    part = LEARNED if len(validation) >= IN_ORDER else LEARNED_BY_HEART
    return len(left) > 1 and robust.median(left[-some:]) <= part * robust.median(left[:some])


def _slope_from_bottom(y: Array) -> tuple[Excursion | None, Onset | None]:
    """The same where a descent is over: a slope is seen through noise that hides a gap.

    How steep the descent was, and the noise that it had, are no measure of what is at its bottom.
    """
    width = max(1, len(y) // plateau.WINDOWS)
    level = robust.window_means(y, width)
    smooth = robust.running_median(level, 3)
    lowest = int(np.argmin(smooth))
    base = float(smooth[lowest])
    fall = robust.quantile(smooth[: lowest + 1], 0.75) - base
    if robust.median(smooth[-excursion.PERSISTENT :]) - base <= EFFECT * fall:
        return None, None
    begin = int(np.argmax(smooth <= base + BOTTOM * fall))
    begin += least_squares_bend(level[begin:])
    tail = level[begin:]
    if len(tail) < max(rest.LEAST_WINDOWS, unimodal.LEAST_PART * len(level)):
        return None, None
    improvement, error = trend(tail, robust.noise_of_levels(tail))
    gap = -improvement
    least = max(EFFECT * fall, excursion.students(CONFIDENCE, 0.37 * len(tail)) * error)
    if gap <= max(least, robust.noise_of_points(y)):
        return None, None
    at = len(y) - len(tail) * width
    return Excursion(gap, base, at, len(y) - 1, width, error, fall), Onset(at, sudden=False)


def _goes_on_rising(validation: Judged, onset: int) -> bool:
    """Whether it gets worse after its onset too; a jump that stays is no overfitting."""
    after = _standard_errors(validation.y[onset:])
    return after is not None and after < -plateau.SIGNIFICANT


def _improvement_since(training: Judged, validation: Judged, index: int) -> float | None:
    """By how many standard errors a training series has improved since a point of validation.

    None where too few points of it came later to say, and where it jumped to a worse level, from
    which it may improve: then the training itself was hurt.
    """
    y = training.y[training.count_before(validation.series, int(validation.points[index])) :]
    first, last = y[: excursion.BEFORE], y[-max(1, len(y) // 4) :]
    if len(y) and robust.median(last) - first.max() > WORSE * training.noise:
        return None
    return _standard_errors(y)


def _standard_errors(y: Array) -> float | None:
    if len(y) < excursion.PERSISTENT:
        return None
    level = robust.window_means(y, max(1, len(y) // plateau.WINDOWS))
    improvement, error = trend(level, robust.noise_of_levels(level))
    if error == 0:
        return float(np.sign(improvement)) * 1e9
    return float(np.clip(improvement / error, -1e9, 1e9))
