"""What comes back from ever farther, or never all the way: what is told, and when it is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tbtools.analysis.detect.learning_rate import is_usual, swings_as_often
from tbtools.analysis.detect.signals import memory
from tbtools.analysis.detect.tasks import became_harder

if TYPE_CHECKING:
    from tbtools.analysis.detect.judged import Judged
    from tbtools.analysis.detect.signals.crests import Crests
    from tbtools.analysis.detect.tasks import Given
    from tbtools.runs.series import ScalarSeries


def are_planned(
    judged: Judged, growing: Crests, rate: ScalarSeries | None, given: Given, explained: str | None
) -> bool:
    """Whether cycles of the rate, harder tasks or other settings explain swings.

    Args:
        judged: The series that swings.
        growing: Its swings.
        rate: The run's learning rate, where it logs one.
        given: What the run is given to do.
        explained: What explains a level that was there before, if anything does.
    """
    at = growing.onset.index
    if became_harder(given.tasks, judged, at) or swings_as_often(rate, judged, at, growing.count):
        return True
    # A score that improves is no reason to be thrown out by orders of magnitude.
    if explained is None or (judged.log and explained == "learns"):
        return False
    return is_usual(judged, at, growing.after)


def is_a_wandering_mean(judged: Judged, growing: Crests) -> bool:
    """Whether a running mean may swing so by the noise that it is of, or by its first points.

    Args:
        judged: The series that swings.
        growing: Its swings.
    """
    if judged.width > 1:
        return False
    carried = memory.carries(judged.y, growing.rise)
    return carried or memory.began(judged.y, growing.rise, growing.onset)


def evidence(judged: Judged, growing: Crests) -> dict[str, Any]:
    """The numbers behind swings, in the unit that was logged.

    Args:
        judged: The series that swings.
        growing: Its swings.
    """
    return {
        "level_before": judged.logged(growing.before),
        "level_after": judged.logged(growing.after),
        "standard_errors": growing.standard_errors,
        "points_since": judged.count(len(judged) - growing.onset.index),
        "crests": growing.count,
        "crests_grow": growing.grow,
        "logarithmic": judged.log,
    }


def text(evidence: dict[str, Any], since: str) -> str:
    """What the message says of them.

    Args:
        evidence: Of the finding.
        since: Since when.
    """
    how = "ever higher" if evidence["crests_grow"] else "and never came all the way back"
    levels = f"from {evidence['level_before']:.4g} to {evidence['level_after']:.4g}"
    return f"rose {evidence['crests']} times {since}, {how}: {levels}"
