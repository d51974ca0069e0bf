"""Two ends of one trade-off: a detector that misses less raises more false alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.analysis.detect.signals import robust
from tbtools.analysis.objective import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tbtools.analysis.detect.judged import Judged

_PAIRS = (
    ("precision", "recall"),
    ("sensitivity", "specificity"),
    ("fnr", "fpr"),
    ("fn", "fp"),
    ("tpr", "tnr"),
    ("frr", "far"),
)
_OPPOSITES = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])}
# Of these only behind ``false`` or ``true``.
_OUTCOMES = {
    "negative": "positive",
    "negatives": "positives",
    "positive": "negative",
    "positives": "negatives",
}
_KNOWN = frozenset({"false", "true"})
# What is exchanged is worth this part of what it costs.
_WORTH = 0.5
# Levels at both ends are those of this part of the points.
_END = 5


def is_exchanged(others: Iterable[Judged], judged: Judged) -> bool:
    """Whether what got worse is one end of a trade-off, whose other end gained about as much.

    Args:
        others: Series with an objective.
        judged: The series that got worse.
    """
    opposite = _opposite(words(judged.series.tag))
    return opposite is not None and any(
        other.series.run == judged.series.run
        and words(other.series.tag) == opposite
        and -_worse(other) >= _WORTH * max(_worse(judged), 0.0)
        for other in others
    )


def opposite_of(tag: str, others: Iterable[str]) -> str | None:
    """The tag of the other end of a trade-off, if one of them is.

    Args:
        tag: The tag of one end.
        others: Tags of the same run.
    """
    opposite = _opposite(words(tag))
    if opposite is None:
        return None
    return next((other for other in others if words(other) == opposite), None)


def _opposite(said: tuple[str, ...]) -> tuple[str, ...] | None:
    """The words of the other end."""
    for at, word in enumerate(said):
        other = _OPPOSITES.get(word)
        if other is None and at and said[at - 1] in _KNOWN:
            other = _OUTCOMES.get(word)
        if other is not None:
            return (*said[:at], other, *said[at + 1 :])
    return None


def _worse(judged: Judged) -> float:
    """By how much a series is worse at its end than at its beginning, in its own unit."""
    raw = judged.series.value[judged.points]
    raw = raw if judged.objective == "min" else -raw
    part = max(1, len(raw) // _END)
    return robust.median(raw[-part:]) - robust.median(raw[:part])
