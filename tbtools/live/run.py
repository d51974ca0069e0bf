"""A run that is followed: when something came last, how fast it is, whether it is over."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any

from tbtools.analysis.declared import trainer_arguments
from tbtools.errors import UndecodablePayload
from tbtools.eventfile.source import source_of
from tbtools.live.asking import names_above
from tbtools.runs.status import run_ending, run_times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.analysis.detect import Finding
    from tbtools.analysis.detect.detectors.stall import Silence
    from tbtools.runs.run import Run
    from tbtools.runs.statistics import SeriesStatistics
    from tbtools.vocabulary import RunStatus

# Writers flush every two minutes unless told otherwise (TensorBoard, torch and tensorboardX alike).
_FLUSH_SECONDS = 120.0
# So many arrivals tell when the next is due.
_ARRIVALS = 3
_ARRIVALS_KEPT = 50
# events.out.tfevents.SECONDS.HOST.PID.NUMBER, as TensorFlow and torch name them.
_WRITER = re.compile(r"tfevents\.\d+\.([^/]+)\.(\d+)\.\d+[^/]*\Z")
# Tags that hold what a training says of itself: hyperparameters, and transformers' arguments.
_DECLARING = frozenset(("_hparams_/session_start_info", "args/text_summary"))
# Names by which trainings call their number of steps, as Lightning, transformers, Keras and scripts
# after them have it.
_TOTALS = (
    "max_steps", "total_steps", "num_train_steps", "train_steps", "max_train_steps", "num_steps",
    "max_iters", "max_iterations", "total_iters", "total_timesteps", "steps",
)  # fmt: skip
_EPOCHS = ("num_train_epochs", "max_epochs", "num_epochs", "epochs", "n_epochs")


class FollowedRun:
    """A run of a `Follower`.

    Attributes:
        name: Its name.
        above: The names of the runs in which it may lie.
        run: The run itself.
        status: Its state; None of one that has not been read.
        findings: What the last judgement found, the worst first.
        is_watched: Whether it was written to since the watch began, or shortly before: events are
            about such runs only.
        arrived: When something came last, by the follower's clock.
        last_time: Wall time of its last event, seconds since the epoch; infinite where not known.
        last_step: The highest step; None where there is none.
        total_steps: How many it wants to take, as its hyperparameters or transformers' arguments
            say; None where they do not.
        total_epochs: Likewise.
        statistics: Its series in numbers, as of the last time that something came.
        patience: How long after its last event it counts as being written, in seconds; 0 of one
            that has ended.
        silence: What there is to be said if nothing comes any more; None without a rhythm.
        rate_end: Of so many points of its learning rate it was told at which step that is zero.
        told: The state that events have told last.
    """

    def __init__(self, name: str, run: Run) -> None:
        self.name = name
        self.above = names_above(name)
        self.run = run
        self.status: RunStatus | None = None
        self.findings: tuple[Finding, ...] = ()
        self.is_watched = False
        self.arrived = 0.0
        self.last_time = float("inf")
        self.last_step: int | None = None
        self.total_steps: int | None = None
        self.total_epochs: int | None = None
        self.statistics: Sequence[SeriesStatistics] = ()
        self.patience = 0.0
        self.silence: Silence | None = None
        self.rate_end: tuple[int, int | None] = (0, None)
        self.told: RunStatus | None = None
        self._declaring: frozenset[str] = frozenset()
        self._files: tuple[tuple[str, int, int], ...] = ()
        self._gaps: deque[float] = deque(maxlen=_ARRIVALS_KEPT)

    @property
    def is_read(self) -> bool:
        """Whether it was read; what is not written any more is not."""
        return self.run.data.is_read

    @property
    def is_written(self) -> bool:
        """Whether it is being written."""
        return self.status == "training"

    def has_other_writer(self, other: FollowedRun) -> bool:
        """Whether another run is known to be written by another process."""
        mine, its = writer_of(self.run), writer_of(other.run)
        return mine is not None and its is not None and mine != its

    @property
    def points(self) -> int:
        """How many points it had when something came last."""
        return sum(each.count for each in self.statistics)

    # -- while it is not read

    def has_changed(self) -> bool:
        """Whether its files are others, or longer, than at the last call; nothing is read."""
        before, self._files = self._files, self._look()
        return before != self._files

    def release(self) -> None:
        """Lets go of what was read; it is read again when its files change."""
        self.has_changed()
        self.statistics = ()
        self.run.data.release()

    def idle_seconds(self, now: float) -> float:
        """How long its files have not been changed, at the last call of `has_changed`."""
        return min((now - modified / 1e9 for _, _, modified in self._files), default=0.0)

    def _look(self) -> tuple[tuple[str, int, int], ...]:
        found = []
        for path in self.run.event_files:
            try:
                status = source_of(path).stat(path)
            except OSError:  # gone, or closed; told once the run is read
                continue
            found.append((path, status.size, status.modified))
        return tuple(found)

    # -- when it was read

    def take_note(self, now: float, *, at_first: bool = False) -> None:
        """Takes note that something came.

        Args:
            now: The present by the follower's clock.
            at_first: Whether it is looked at for the first time, and may have come earlier.
        """
        if not at_first and self.is_written:
            self._gaps.append(now - self.arrived)
        end = run_times(self.run)[1]
        ending = run_ending(self.run)
        self.last_time = float("inf") if end is None else end
        self.arrived = min(now, self.last_time) if at_first else now
        self.statistics = self.run.data.statistics()
        self.patience = ending.patience or 0.0
        steps = [each.last_step for each in self.statistics if each.count]
        self.last_step = max(steps, default=None)
        declaring = _DECLARING & self.run.data.own_tags
        if declaring != self._declaring:
            self._declaring = declaring
            said = _said(self.run)
            self.total_steps = _whole_number(said, _TOTALS)
            self.total_epochs = _whole_number(said, _EPOCHS)
        self.status = self._status(ending.at(now, end), now)

    def _status(self, status: RunStatus, now: float) -> RunStatus:
        if status in ("training", "stopped") and self._is_complete():
            return "finished"
        if status == "stopped" and not self.run.data.has_ended and self.arrived == now:
            return "training"  # by another clock than ours
        return status

    def _is_complete(self) -> bool:
        """Whether it has taken all the steps that it wanted to; counted from 0 or from 1."""
        return (
            self.total_steps is not None
            and self.last_step is not None
            and self.total_steps - 1 <= self.last_step <= self.total_steps
        )

    def is_silent(self, now: float) -> bool:
        """Whether nothing has come for longer than its own rhythm, and its writer's, explain.

        Of a run that is too short to have one, for as long as any run counts as being written.
        """
        if not self.is_written:
            return False
        if self.silence is None:
            return now - self.arrived > self.patience
        usual = max(self._gaps) if len(self._gaps) >= _ARRIVALS else _FLUSH_SECONDS
        return now - self.arrived > self.silence.rhythm.patience + usual


def writer_of(run: Run) -> tuple[str, str] | None:
    """Host and number of the process that writes a run, as the name of its last file says."""
    found = _WRITER.search(run.event_files[-1]) if run.event_files else None
    return (found[1], found[2]) if found else None


def _said(run: Run) -> Mapping[str, Any]:
    """What a training says of itself; nothing where that cannot be read, which others tell."""
    try:
        return {**trainer_arguments(run), **run.hparams}
    except UndecodablePayload:
        return {}


def _whole_number(said: Mapping[str, Any], names: Sequence[str]) -> int | None:
    """The first of some names that is a whole number above 1: transformers says -1 for none."""
    for name in names:
        value = said.get(name)
        if isinstance(value, (int, float)) and value > 1 and float(value).is_integer():
            return int(value)
    return None
