"""A training that asks `tbtools` about its own log, and acts on what that says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tbtools import Experiment, Finding

KINDS = ("nonfinite", "divergence", "explosion", "collapse")
"""What is acted on: what the training will not recover from by itself."""

LOWERED = 0.1
"""What the learning rate is multiplied with where it is lowered."""


class Guard:
    """Judges the log of a run, again and again; what was read once is not read again.

    Args:
        directory: The run's folder.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._log: Experiment | None = None
        self._known: set[tuple[str, str]] = set()

    def news(self) -> Finding | None:
        """What is wrong that was not before: the finding that began first; None for nothing."""
        import tbtools

        if self._log is None:
            self._log = tbtools.load(self._directory, runs=".", cache=False)
        self._log.refresh()
        found = [
            each
            for each in tbtools.detect(self._log)
            if each.ongoing and each.fails(KINDS) and (each.tag, each.kind) not in self._known
        ]
        self._known |= {(each.tag, each.kind) for each in found}
        return min(found, key=lambda each: each.onset_step, default=None)
