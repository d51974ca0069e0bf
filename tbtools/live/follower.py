"""Follows the runs under a path: reads what is new, judges what has changed, says what is news."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from tbtools import system
from tbtools.analysis.configuration import Configuration, configuration_of
from tbtools.analysis.detect.detectors.stall import silences
from tbtools.analysis.detect.pairs import family
from tbtools.analysis.judging import judge_series
from tbtools.errors import NoEventFiles
from tbtools.eventfile.spool import Spool
from tbtools.live.asking import is_true_of
from tbtools.live.budget import Budget
from tbtools.live.episodes import Episodes
from tbtools.live.events import Event
from tbtools.live.lookout import Lookout
from tbtools.live.run import FollowedRun
from tbtools.live.watched import interval_of
from tbtools.runs.experiment import Experiment
from tbtools.runs.inputs import open_inputs
from tbtools.runs.reading import read_ahead
from tbtools.runs.scalars import read_scalars_of
from tbtools.runs.selection import choose
from tbtools.runs.timeline.restarts import check_policy
from tbtools.runs.where import parse_where

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tbtools.analysis.detect import Finding
    from tbtools.live.events import EventKind
    from tbtools.live.watched import Watched
    from tbtools.runs.run import Run
    from tbtools.runs.where import Where
    from tbtools.vocabulary import FileChangeKind, Objective

# Judging takes at most so much of the time of one core, whatever is written: runs wait their turn.
_SHARE = 0.01
# A run whose files nobody has touched for so long is not being written; it is not even read.
_IDLE_SECONDS = 3600.0
# So many points of runs are in memory, of 24 to 50 bytes each; those of others lie in a file. At
# first more: what is there already is read by the screen next, which somebody waits for.
_MOST_HELD, _FIRST_HELD = 150_000, 6_000_000
# What was freed is given back after the first look, and then so often: that takes a millisecond.
_GIVE_BACK_SECONDS = 60.0
# How a training can be over, that of a run around it or of its family included.
_OVER = ("finished", "stopped", "stalled")
_TOLD: dict[FileChangeKind, str] = {
    "shrank": "has become shorter, and was read anew",
    "replaced": "is another file now, and was read anew",
    "unreadable": "cannot be read any more; what was read of it stays",
}


class Follower:
    """Follows runs: each call of `poll` reads what was added since the last one.

    Runs that nobody has written to for an hour when they are found first are history: they are not
    read until they change, and no event is about them. What is found at first in the others is
    news.

    Attributes:
        watched: What is followed.
        experiment: All runs under the paths; None as long as there is none.
        runs: Those that are selected, by name, in natural order.
        interval: Seconds between two looks that ask neither a disk nor a server too much.
        changed: The runs of which the last look found something new.
        judged: Those whose findings are of the last look.
        points: How many points were read since the first look.
        history: Whether runs are also read and judged that are not written any more.
    """

    def __init__(
        self,
        watched: Watched,
        *,
        clock: Callable[[], float] = time.time,
        share: float = _SHARE,
        history: bool = False,
    ) -> None:
        """Looks at nothing yet.

        Args:
            watched: What to follow.
            clock: The present, in seconds since the epoch.
            share: How much of one core's time judging may take; 1 for no limit.
            history: Whether runs are also read and judged that are not written any more; events
                are about the others all the same.

        Raises:
            InvalidExpression: `where` cannot be read.
            InvalidArgument: There is no such restart policy.
        """
        check_policy(watched.restarts)
        self.watched = watched
        self.experiment: Experiment | None = None
        self.runs: dict[str, FollowedRun] = {}
        self.interval = interval_of(watched.paths)
        self.clock = clock
        self.changed: list[str] = []
        self.judged: list[str] = []
        self.points = 0
        self.history = history
        self._where = None if watched.where is None else parse_where(watched.where)
        self._known: dict[str, FollowedRun] = {}
        self._families: dict[tuple[object, ...], list[str]] = defaultdict(list)
        self._episodes = Episodes()
        self._waiting: dict[str, None] = {}  # to be judged, those that wait longest first
        self._budget = Budget(share)
        self._told: set[str] = set()
        self._is_first = True
        self._configuration = Configuration()
        self._lookout = Lookout()
        self._spool = Spool()
        self._kept: list[str] = []  # runs whose rows are in memory
        self._given_back = float("-inf")
        self._room = 0  # for so many points of runs that are looked at
        self._names: list[str] = []  # that are selected, whether or not `where` is true of them

    @property
    def objectives(self) -> Mapping[str, Objective]:
        """Which way is better, by glob, as the user and tbtools.toml say."""
        return self._configuration.objectives

    # -- looking

    def poll(self, *, thorough: bool = False) -> list[Event]:
        """Reads what is new; judges runs that have changed.

        Args:
            thorough: Whether all of them are judged, however long that takes.

        Returns:
            What has happened since the last call, in order.

        Raises:
            InvalidConfiguration: The tbtools.toml of the runs cannot be read.
        """
        is_first, self._is_first = self._is_first, False
        now = self.clock()
        if self.history:
            self._put_aside()  # from which the screen has read since the last look
        self.changed, self.judged = [], []
        self._room = _FIRST_HELD if is_first and self.history else _MOST_HELD
        if not is_first and now - self._given_back > _GIVE_BACK_SECONDS:
            self._given_back = now
            # Rows of many small files that were moved to a spool leave holes.
            system.give_back_memory()
        try:
            changed = self.changed = self._look(now, is_first=is_first)
        except NoEventFiles as error:
            return self._tell(now, None, f"waiting for event files: {error}")
        except OSError as error:  # a server, or a network file system, that is away
            return self._tell(now, None, str(error))
        events = [event for name in changed for event in self._file_events(now, name)]
        for name in changed:
            events += self._state_events(now, self.runs[name])
        self._waiting |= dict.fromkeys(changed)
        for name in self._due(thorough=thorough):
            events += self._judge(now, name)
        for followed in self.runs.values():
            if followed.is_watched and followed.is_written:
                events += self._silence_events(now, followed)
        if not self.history:
            self._release_idle(now)
            self._put_aside()
        return events

    def has_used(self, followed: FollowedRun) -> None:
        """Takes note that a run was read from; lets go of it where much is in memory already."""
        self._room -= followed.points
        if self._room < 0:
            followed.run.data.put_aside(self._spool, whole=not followed.is_written)

    def _put_aside(self) -> None:
        """Keeps in memory what was written last, and so will be again, and not much of it."""
        room, names = _MOST_HELD, dict.fromkeys((*self.changed, *self.judged, *self._kept))
        self._kept = []
        for name in names:
            followed = self._known[name]
            room -= followed.points
            if room < 0 or not followed.is_written:
                followed.run.data.put_aside(self._spool, whole=not followed.is_written)
                continue
            self._kept.append(name)
            if name not in self._waiting:
                followed.run.data.release_columns()

    def _release_idle(self, now: float) -> None:
        """Lets go of runs that have been over for a while: a watch goes on for weeks."""
        for name, followed in self.runs.items():
            idle = not followed.is_written and now - followed.arrived > _IDLE_SECONDS
            if idle and followed.is_read and name not in self._waiting:
                followed.release()

    def _look(self, now: float, *, is_first: bool) -> list[str]:
        """The selected runs that have changed; everything has been read of them."""
        touched = None
        if self.experiment is None:
            self.experiment = self._load()
            self._lookout.begin(self.experiment, now)
        else:
            points, touched = self._lookout.refresh(self.experiment, now)
            self.points += points
        runs = self.experiment.all_runs
        if touched is None:
            self._names = choose(runs, self.watched.runs, self.watched.exclude_runs)
        looked_at = [name for name in self._names if touched is None or name in touched]
        changed = [n for n in looked_at if self._has_changed(now, runs[n], is_first=is_first)]
        for run in read_ahead([runs[name] for name in changed]):
            followed = self._known[run.name]
            followed.take_note(now, at_first=is_first)
            followed.is_watched = followed.is_watched or not is_first or followed.is_written
            self.has_used(followed)
        if touched is None:
            for name in runs.keys() - set(self._names):
                if runs[name].data.is_read:  # what has appeared is read before we know of it
                    runs[name].data.release()
        if touched is None or changed:
            self._select(self._names, changed)
        return [name for name in changed if name in self.runs]

    def _load(self) -> Experiment:
        watched = self.watched
        experiment = Experiment(
            watched.paths, restarts=watched.restarts, skip_unreadable=True, cache=watched.cache
        )
        found = configuration_of(open_inputs(experiment)).reporting(watched.kinds)
        objectives = found.with_objectives(watched.objectives)
        self._configuration = replace(found, objectives=objectives)
        return experiment

    def _has_changed(self, now: float, run: Run, *, is_first: bool) -> bool:
        followed = self._known.get(run.name)
        if followed is not None:
            return bool(run.changes) if followed.is_read else followed.has_changed()
        followed = self._known[run.name] = FollowedRun(run.name, run)
        self._families[family(run.name)].append(run.name)
        if not is_first or self.history:
            return True
        followed.has_changed()
        return followed.idle_seconds(now) <= _IDLE_SECONDS

    def _select(self, names: Sequence[str], changed: Collection[str]) -> None:
        """Takes over which runs are meant; what `where` says is asked of those that changed."""
        if self._where is not None:
            assert self.experiment is not None  # which was looked at
            matching = self.runs.keys() - set(changed)
            for name in changed:
                if is_true_of(self._where, name, self.experiment.all_runs):
                    matching.add(name)
            names = [name for name in names if name in matching]
        self.runs = {name: self._known[name] for name in names}

    def is_true_of(self, where: Where, name: str) -> bool:
        """Whether an expression is known to be true of a run that is watched."""
        assert self.experiment is not None
        watched = self._known[name].is_watched
        return watched and is_true_of(where, name, self.experiment.all_runs)

    # -- what happens

    def _file_events(self, now: float, name: str) -> Iterator[Event]:
        for change in self._known[name].run.changes:
            if change.kind in _TOLD:
                yield Event("problem", now, name, f"{change.path} {_TOLD[change.kind]}")

    def _state_events(self, now: float, followed: FollowedRun) -> Iterator[Event]:
        before, followed.told = followed.told, followed.status
        if before == followed.status or not followed.is_watched:
            return
        if followed.status == "unreadable":
            yield self._event("problem", now, followed, "nothing could be read of it")
        step = "" if followed.last_step is None else f" at step {followed.last_step:,}"
        if followed.is_written and before != "stalled":
            yield self._event("run", now, followed, f"is being written{step}")
        elif followed.is_written:
            yield self._event("run", now, followed, f"is being written again{step}")
        elif followed.status in ("finished", "stopped"):
            if before is None:
                yield self._event("run", now, followed, "is there")
            yield self._event("finished", now, followed, f"{followed.status}{step}")

    def _silence_events(self, now: float, followed: FollowedRun) -> Iterator[Event]:
        if any(
            each.is_watched and each.status == "finished" and each.arrived >= followed.arrived
            for each in self._of_its_writer(followed, followed.above)
        ):
            followed.status = followed.told = "finished"  # which was told of the run around it
            return
        if not followed.is_silent(now):
            return
        others = [each for each in self._written_together(followed) if each.is_watched]
        if any(each.is_written and not each.is_silent(now) for each in others):
            return  # its writer is alive
        over = [each.status for each in others if each.status in _OVER]
        if over or followed.silence is None:
            followed.status = followed.told = over[0] if over else "stopped"
            if not over:
                message = f"{followed.status} at step {followed.last_step:,}, without a word"
                yield self._event("finished", now, followed, message)
            return
        followed.status = followed.told = "stalled"
        finding = followed.silence.finding(now - followed.arrived)
        followed.findings = (*followed.findings, finding)
        self.judged.append(followed.name)
        yield from self._news(now, followed, [finding])

    def around(self, followed: FollowedRun) -> list[str]:
        """The runs in which it lies that the same training writes."""
        return [each.name for each in self._of_its_writer(followed, followed.above)]

    def _written_together(self, followed: FollowedRun) -> Iterator[FollowedRun]:
        """The other runs that the same training writes: those around it, and its family."""
        names = (*followed.above, *self._families[family(followed.name)])
        return self._of_its_writer(followed, dict.fromkeys(names))

    def _of_its_writer(self, followed: FollowedRun, names: Iterable[str]) -> Iterator[FollowedRun]:
        for name in names:
            other = self._known.get(name)
            if other is not None and other is not followed and not followed.has_other_writer(other):
                yield other

    def _news(
        self, now: float, followed: FollowedRun, findings: Sequence[Finding]
    ) -> Iterator[Event]:
        for finding in findings:
            if finding.is_serious and self._episodes.is_news(finding, followed.last_time):
                yield self._event("finding", now, followed, finding.message, finding)

    def _event(
        self,
        kind: EventKind,
        now: float,
        followed: FollowedRun,
        message: str,
        finding: Finding | None = None,
    ) -> Event:
        return Event(kind, now, followed.name, message, followed.status, finding)

    def _tell(self, now: float, run: str | None, message: str) -> list[Event]:
        """A problem, once as long as it is the same."""
        if message in self._told:
            return []
        self._told.add(message)
        return [Event("problem", now, run, message)]

    # -- judging

    def _due(self, *, thorough: bool) -> Iterator[str]:
        """The runs that are to be judged now, one of each family."""
        self._budget.accrue()
        while self._waiting and (thorough or self._budget.is_left):
            name = next(iter(self._waiting))
            if name not in self.runs:
                del self._waiting[name]
                continue
            with self._budget.spent():
                yield name

    def _is_judged(self, name: str) -> bool:
        followed = self.runs.get(name)
        return followed is not None and followed.is_read

    def _judge(self, now: float, name: str) -> list[Event]:
        """Judges a run together with those that belong to it."""
        assert self.experiment is not None
        runs = self.experiment.all_runs
        judged = [each for each in self._families[family(name)] if self._is_judged(each)]
        above = [each for each in self._known[name].above if self._is_judged(each)]
        together = {each: runs[each] for each in dict.fromkeys((*above, *judged))}
        for each in judged:
            self._waiting.pop(each, None)
        self.judged += judged
        series = [
            one
            for each, run in together.items()
            for one in read_scalars_of(run, name=each).series.values()
        ]
        selection = self.watched.selection
        chosen = {(one.run, one.tag) for one in series if selection.has_tag(one.tag)}
        found = judge_series(
            series,
            chosen,
            selection,
            self._configuration,
            runs=together,
            objectives=self._configuration.objectives,
        )
        rhythms = silences(series)
        events: list[Event] = []
        for each in judged:
            followed = self.runs[each]
            followed.findings = tuple(one for one in found if one.run == each)
            followed.silence = rhythms.get(each)
            self.has_used(followed)
            if followed.is_watched:
                events += self._news(now, followed, followed.findings)
        return events
