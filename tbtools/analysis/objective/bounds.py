"""What a tag can reach at most: the bound in the direction that is better."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tbtools.analysis.objective.meaning import meaning_of

if TYPE_CHECKING:
    from tbtools.vocabulary import Objective

# Rounding, and means of many ones, may go so far beyond 1 before a share is one in percent.
_ONE = 1 + 1e-6


def bound(tag: str, largest: float = 1.0) -> float | None:
    """Says the best value that a tag can have, where its words tell.

    Args:
        tag: The tag.
        largest: The largest value of the series. A share beyond 1 is in percent: the bound of an
            accuracy that reached 97.3 is 100.

    Returns:
        1 or 100 for an accuracy, an F1, an IoU or an R², 0 for a mean squared error or an error
        rate, 1 for a perplexity; None where there is no bound, or none is known.
    """
    low, high, better = _range(tag)
    best = low if better == "min" else high
    if math.isinf(best):
        return None
    percent = best == 1.0 and better == "max" and largest > _ONE
    return 100.0 if percent else best


def worst(tag: str) -> float | None:
    """Says the worst value that a score can have, where its words tell.

    Args:
        tag: The tag.

    Returns:
        0 for an accuracy, an F1, an IoU; None for a loss, and where none is known.
    """
    low, high, better = _range(tag)
    return None if better == "min" or math.isinf(low) or math.isinf(high) else low


def _range(tag: str) -> tuple[float, float, Objective]:
    """The least and the largest value that a tag can have, and which way is better."""
    meaning = meaning_of(tag)
    measure = meaning.measure or meaning.head
    if measure is None:
        return -math.inf, math.inf, "none"
    if meaning.measure and meaning.better != measure.better:  # written with neg before it
        return 0 - measure.high, 0 - measure.low, meaning.better
    return measure.low, measure.high, measure.better
