"""Which trouble is the same: a run is judged again and again while it grows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tbtools.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from tbtools.analysis.detect import Finding


class Span(NamedTuple):
    """Where something lies in a run.

    Attributes:
        low: Its lowest step.
        high: Its highest step.
        began: Wall time of its first point, seconds since the epoch; None where not known.
        weight: How bad it is: by the severity, and whether that is settled.
    """

    low: int
    high: int
    began: float | None
    weight: int = 0

    @classmethod
    def of(cls, finding: Finding) -> Span:
        """That of a finding."""
        low, high = sorted((finding.onset_step, finding.end_step))
        weight = 2 * (len(SEVERITIES) - SEVERITIES.index(finding.severity)) - finding.provisional
        return cls(low, high, finding.onset_time, weight)


@dataclass(slots=True)
class Episode:
    """One stretch of trouble, as far as it was seen.

    Attributes:
        low: The lowest step at which it was seen.
        high: The highest step.
        seen: Wall time of the run's last event when it was last seen, seconds since the epoch.
        weight: How bad it has been.
    """

    low: int
    high: int
    seen: float
    weight: int

    def holds(self, span: Span) -> bool:
        """Whether a later judgement means the same trouble.

        With more points an onset moves, so steps must overlap, and no more. What began after all
        that was there when this was last seen is another: a run that went back to a checkpoint, or
        was begun anew, reaches the same steps again.
        """
        overlaps = span.low <= self.high and self.low <= span.high
        return overlaps and (span.began is None or span.began <= self.seen)

    def extend(self, span: Span, seen: float) -> None:
        """Takes note that it was seen again."""
        self.low, self.high = min(self.low, span.low), max(self.high, span.high)
        self.seen = max(self.seen, seen)
        self.weight = max(self.weight, span.weight)


class Episodes:
    """The findings that were told."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], list[Episode]] = defaultdict(list)

    def is_news(self, finding: Finding, seen: float) -> bool:
        """Whether a finding is new, or has become worse; takes note of it.

        Args:
            finding: The finding.
            seen: Wall time of the run's last event, seconds since the epoch; infinite where it is
                not known.
        """
        span = Span.of(finding)
        known = self._known[finding.run, finding.tag, finding.kind]
        for episode in known:
            if episode.holds(span):
                before = episode.weight
                episode.extend(span, seen)
                return episode.weight > before
        known.append(Episode(span.low, span.high, seen, span.weight))
        return True
