"""Which runs a look has to do with: those that the operating system tells of, or all of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tbtools.eventfile.notices import Notices
from tbtools.eventfile.source import source_of

if TYPE_CHECKING:
    from tbtools.runs.experiment import Experiment

# However much the system tells: what it does not is found so many seconds later.
_LOOK_AT_ALL = 60.0


class Lookout:
    """Refreshes an experiment, without a look at runs in whose directories nothing was written."""

    def __init__(self) -> None:
        self._notices = Notices()
        self._runs: dict[str, list[str]] = defaultdict(list)
        self._looked = float("-inf")

    def begin(self, experiment: Experiment, now: float) -> None:
        """Watches the directories of an experiment, at all of which somebody looks next.

        Args:
            experiment: The experiment.
            now: The present, in seconds.
        """
        self._looked = now
        if experiment.directories is None or not _tells(experiment):
            self._notices.close()
            return
        self._notices.watch(experiment.directories)
        self._runs.clear()
        for name, run in experiment.all_runs.items():
            self._runs[run.path].append(name)

    def refresh(self, experiment: Experiment, now: float) -> tuple[int, set[str] | None]:
        """Reads what was added to runs.

        Args:
            experiment: That of the last call of `begin`.
            now: The present, in seconds.

        Returns:
            How many points are new, and which runs may have changed; None where any may have.
        """
        written = self._notices.written() if _tells(experiment) else None
        if written is None or not 0 <= now - self._looked < _LOOK_AT_ALL:
            points = experiment.refresh()
            self.begin(experiment, now)
            return points, None
        names = {name for directory in written for name in self._runs[directory]}
        return experiment.refresh_known(names), names


def _tells(experiment: Experiment) -> bool:
    return all(source_of(each).tells for each in experiment.paths)
