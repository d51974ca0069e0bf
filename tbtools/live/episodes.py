"""Which findings are news: the same trouble is judged again and again while a run grows."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tbtools.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from tbtools.analysis.detect import Finding


@dataclass(slots=True)
class Episode:
    """One stretch of trouble of one series, as far as it was seen.

    Attributes:
        onset_step: The lowest step at which it was seen to begin.
        end_step: The highest step that it was seen to last to.
        seen: Wall time of the run's last event when it was last seen, seconds since the epoch.
        weight: How bad it has been; see `weight_of`.
    """

    onset_step: int
    end_step: int
    seen: float
    weight: int

    def is_of(self, finding: Finding) -> bool:
        """Whether a later judgement means the same trouble.

        With more points an onset moves, so steps must overlap, and no more. What began after all
        that was there when this was last seen is another: a run that went back to a checkpoint, or
        was begun anew, reaches the same steps again.
        """
        low, high = sorted((finding.onset_step, finding.end_step))
        overlaps = low <= self.end_step and self.onset_step <= high
        return overlaps and (finding.onset_time is None or finding.onset_time <= self.seen)

    def extend(self, finding: Finding, seen: float) -> None:
        """Takes note that it was seen again."""
        self.onset_step = min(self.onset_step, finding.onset_step, finding.end_step)
        self.end_step = max(self.end_step, finding.onset_step, finding.end_step)
        self.seen = max(self.seen, seen)
        self.weight = max(self.weight, weight_of(finding))

    @classmethod
    def of(cls, finding: Finding, seen: float) -> Episode:
        """A new one."""
        low, high = sorted((finding.onset_step, finding.end_step))
        return cls(low, high, seen, weight_of(finding))


class Episodes:
    """All trouble that was seen."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], list[Episode]] = defaultdict(list)

    def is_news(self, finding: Finding, seen: float) -> bool:
        """Whether a finding is new, or has become worse; takes note of it.

        Args:
            finding: The finding.
            seen: Wall time of the run's last event, seconds since the epoch.
        """
        if not math.isfinite(seen):
            seen = math.inf
        known = self._known[finding.run, finding.tag, finding.kind]
        for episode in known:
            if episode.is_of(finding):
                before = episode.weight
                episode.extend(finding, seen)
                return episode.weight > before
        known.append(Episode.of(finding, seen))
        return True


def weight_of(finding: Finding) -> int:
    """How bad a finding is: by its severity, and whether that is settled."""
    return 2 * (len(SEVERITIES) - SEVERITIES.index(finding.severity)) - finding.provisional
