"""What happens to runs that are watched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from tbtools.analysis.detect import Finding
    from tbtools.vocabulary import RunStatus

EventKind = Literal["run", "finding", "finished", "problem", "reached"]
EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that has happened.

    Attributes:
        kind: ``run``: a run appeared, or goes on that was not being written before. ``finding``: a
            finding is new, or has become worse. ``finished``: a run is over. ``problem``: a file
            has shrunk, was replaced or cannot be read, or an alarm failed. ``reached``: what was
            waited for is there.
        time: When it was seen, seconds since the epoch.
        run: The run's name; None where it is about none.
        status: The state of the run; None where it is about none.
        finding: Of ``finding``.
        message: One sentence, for people.
        condition: Of ``reached``: what was waited for.
    """

    kind: EventKind
    time: float
    run: str | None
    message: str
    status: RunStatus | None = None
    finding: Finding | None = None
    condition: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """A line of `tbtools watch --format jsonl`."""
        return {
            "event": self.kind,
            "time": self.time,
            "run": self.run,
            "status": self.status,
            "condition": self.condition,
            "message": self.message,
            "finding": None if self.finding is None else self.finding.to_dict(),
        }
