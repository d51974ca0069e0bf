"""Reads and judges beside the screen, in a thread of its own: keys never wait for a file."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tbtools.analysis.judgement import found_kinds
from tbtools.analysis.main_objective import Objectives, rank_objectives
from tbtools.errors import TbtoolsError
from tbtools.eventfile.discover import natural_key
from tbtools.live.app.rows import RunRow, run_row, scalars_of
from tbtools.live.app.samples import (
    Curve,
    Samples,
    Wanted,
    curves_of,
    hparams_of,
    read_samples,
    tags_by_view,
)
from tbtools.live.asking import names_above
from tbtools.runs.matching import matching_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import Any

    from tbtools.live.events import Event
    from tbtools.live.run import FollowedRun
    from tbtools.live.watch import Watch
    from tbtools.runs.where import Where
    from tbtools.vocabulary import RunStatus

    Key = tuple[str, str]
    Task = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known at one time.

    Attributes:
        rows: The runs, in natural order.
        tags: The scalars of all of them, the most telling first.
        shown: What was asked for, of which the following are.
        curves: Scalars, by run and tag.
        samples: Values of other tags, likewise.
        tags_by_view: The tags of other views that the chosen run has.
        hparams: The hyperparameters of all runs, where these are what is looked at.
        matching: The runs of which the expression of the filter is true; None without one.
        trouble: Why the expression cannot be asked of these runs, or what ended the reading.
        time: When that was, seconds since the epoch; 0 before the first look.
    """

    rows: tuple[RunRow, ...] = ()
    tags: tuple[str, ...] = ()
    shown: Wanted | None = None
    curves: Mapping[Key, Curve] = field(default_factory=dict)
    samples: Mapping[Key, Samples] = field(default_factory=dict)
    tags_by_view: Mapping[str, Mapping[str, Collection[str]]] = field(default_factory=dict)
    hparams: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    matching: frozenset[str] | None = None
    trouble: str = ""
    time: float = 0.0


class Reader:
    """Has a watch look again and again, and reads what the screen wants to show.

    Args:
        watch: The watch; the reader takes over how it waits between two looks.
        show: Called in the reader's thread with each new snapshot, and what has happened.
        ended: Called there when the watch has come to its end.
    """

    def __init__(
        self,
        watch: Watch,
        show: Callable[[Snapshot, tuple[Event, ...]], object],
        ended: Callable[[BaseException | None], object],
    ) -> None:
        self.watch = watch
        self._show = show
        self._ended = ended
        self._thread = threading.Thread(target=self._run, name="tbtools-watch", daemon=True)
        self._changed = threading.Condition()
        self._stopped = False
        self._wanted = Wanted()
        self._shown: Wanted | None = None
        self._where: Where | None = None
        self._tasks: list[Task] = []
        self._asked = False  # for something that was not served yet
        self._busy = False
        self._rows: dict[str, RunRow] = {}
        self._objectives = Objectives({}, {}, ())
        self._tags: tuple[str, ...] = ()
        self._tags_of: dict[str, tuple[str, ...]] = {}
        self._curves: dict[Key, Curve] = {}
        self._samples: dict[Key, Samples] = {}
        self._views: dict[str, Mapping[str, Mapping[str, int]]] = {}
        self._hparams: dict[str, Mapping[str, Any]] = {}
        self._matching: frozenset[str] | None = None
        self._trouble = ""
        self._events: list[Event] = []
        self._looked = 0.0

    # -- from the screen's thread

    def start(self) -> None:
        """Begins to look."""
        self.watch.sleep = self._wait
        self._thread.start()

    def stop(self) -> None:
        """Ends as soon as what is being read has been read."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def want(self, wanted: Wanted) -> None:
        """Says what the screen shows; it comes with the next snapshot."""
        with self._changed:
            if wanted != self._wanted:
                self._wanted, self._asked = wanted, True
                self._changed.notify()

    def ask(self, where: Where | None) -> None:
        """Says which expression runs must match."""
        with self._changed:
            if where != self._where:
                self._where, self._asked = where, True
                self._changed.notify()

    def do(self, task: Task) -> None:
        """Has something done that reads from the runs."""
        with self._changed:
            self._tasks.append(task)
            self._asked = True
            self._changed.notify()

    @property
    def is_asked(self) -> bool:
        """Whether something was asked for that has not been shown yet."""
        return self._asked or self._busy

    # -- in the reader's thread

    def _run(self) -> None:
        try:
            for event in self.watch:
                self._events.append(event)
                if self._stopped:
                    return
        except _Stopped:
            return
        except BaseException as error:  # noqa: BLE001 - it is shown, and raised where the app ends
            self._ended(error)
        else:
            self._ended(None)

    def _wait(self, seconds: float) -> None:
        """Between two looks: shows what is new, and reads what is asked for meanwhile."""
        self._looked = self.watch.follower.clock()
        self._take_over()
        self._match()
        self._read(anew=set(self.watch.follower.changed))
        self._publish()
        deadline = time.monotonic() + seconds
        while self._is_asked_until(deadline):
            if self._stopped:
                raise _Stopped
            with self._changed:
                tasks, self._tasks, self._asked, self._busy = self._tasks, [], False, True
            for task in tasks:
                task()
            self._match()
            self._read(anew=set())
            self._publish()
            self._busy = False

    def _is_asked_until(self, deadline: float) -> bool:
        """Waits until something is asked for; False where the time is up before."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._asked or self._stopped, max(0.0, deadline - time.monotonic())
            )

    def _publish(self) -> None:
        events, self._events = tuple(self._events), []
        snapshot = Snapshot(
            tuple(self._rows.values()),
            self._tags,
            self._shown,
            dict(self._curves),
            dict(self._samples),
            dict(self._views),
            _with_those_above(self._hparams),
            self._matching,
            self._trouble,
            self._looked,
        )
        self._show(snapshot, events)

    def _take_over(self) -> None:
        """Makes the rows anew of the runs of which something is new."""
        follower = self.watch.follower
        runs = {name: each for name, each in follower.runs.items() if each.is_read}
        stale = {*follower.changed, *follower.judged, *(runs.keys() - self._rows.keys())}
        stale |= {name for name, row in self._rows.items() if row.status != _status(runs, name)}
        stale &= runs.keys()
        gone = self._rows.keys() - runs.keys()
        if stale and self._rank(sorted(stale)):
            stale = set(runs)
        for name in stale:
            self._rows[name] = run_row(runs[name], self._objectives, follower.watched.selection)
            follower.has_used(runs[name])
        for name in gone:
            del self._rows[name]
        if stale or gone:
            self._rows = {name: self._rows[name] for name in runs}

    def _rank(self, names: Iterable[str]) -> bool:
        """Ranks the objectives anew where runs have other tags than before; whether it did."""
        runs, selection = self.watch.follower.runs, self.watch.follower.watched.selection
        points: dict[str, dict[str, int]] = {}
        for name in names:
            numbers = scalars_of(runs[name], selection)
            points[name] = {tag: each.count for tag, each in numbers.items()}
        tags = {name: tuple(each) for name, each in points.items()}
        if all(self._tags_of.get(name) == own for name, own in tags.items()):
            return False
        self._tags_of |= tags
        for name in self._tags_of.keys() & runs.keys() - points.keys():
            points[name] = dict.fromkeys(self._tags_of[name], 2)
        objectives = rank_objectives(points, self.watch.follower.objectives)
        known = {tag for own in points.values() for tag in own}
        others = sorted(known - set(objectives.ranked), key=natural_key)
        self._tags = (*objectives.ranked, *others)
        before, self._objectives = self._objectives, objectives
        return before.ranked != objectives.ranked

    def _match(self) -> None:
        with self._changed:
            where = self._where
        self._trouble, self._matching = "", None
        experiment = self.watch.follower.experiment
        if where is None or experiment is None:
            return
        try:
            chosen, _ = matching_runs(where, list(self._rows), experiment.all_runs, found_kinds)
        except TbtoolsError as error:
            self._trouble = str(error)
        else:
            self._matching = frozenset(chosen)

    def _read(self, anew: set[str]) -> None:
        """Reads what is wanted: that of changed runs, and what is not yet there."""
        with self._changed:
            wanted, before = self._wanted, self._shown
        if before is None or (before.axis, before.superseded) != (wanted.axis, wanted.superseded):
            self._curves = {}
        runs = self.watch.follower.runs
        if before is None or before.view != wanted.view:
            self._samples = {}
        for run in anew & runs.keys():  # of what only grew, the number of values says what is new
            if any(each.kind not in ("grown", "new") for each in runs[run].run.changes):
                self._samples = {key: kept for key, kept in self._samples.items() if key[0] != run}
        self._shown = wanted
        asked = {run for run, _ in wanted.keys[-1:] if run in self._rows}  # the chosen one
        self._views = {
            run: self._views[run]
            if run in self._views.keys() - anew
            else tags_by_view(runs[run].run)
            for run in asked
        }
        self._read_curves(wanted, anew)
        self._read_samples(wanted)
        if wanted.view == "hparams":
            unknown = self._rows.keys() - (self._hparams.keys() - anew)
            self._hparams |= {run: hparams_of(runs[run].run) for run in unknown}

    def _read_curves(self, wanted: Wanted, anew: set[str]) -> None:
        keys = wanted.keys if wanted.view == "scalars" else ()
        before = self._curves
        self._curves = {key: before[key] for key in keys if key in before and key[0] not in anew}
        lacking: dict[str, list[str]] = {}
        for run, tag in keys:
            if (run, tag) not in self._curves and tag in getattr(self._rows.get(run), "tags", ()):
                lacking.setdefault(run, []).append(tag)
        for run, tags in lacking.items():
            found = curves_of(self.watch.follower.runs[run].run, tags, wanted)
            self._curves |= {(run, tag): curve for tag, curve in found.items()}

    def _read_samples(self, wanted: Wanted) -> None:
        before, self._samples = self._samples, {}
        for run, tag in wanted.keys:
            count = self._views.get(run, {}).get(wanted.view, {}).get(tag)
            if count is None:
                continue
            kept = before.get((run, tag))
            if kept is None or kept.count != count:
                kept = read_samples(self.watch.follower.runs[run].run, wanted.view, tag, count)
            self._samples[run, tag] = kept


def _with_those_above(hparams: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The hyperparameters of each run; where it has none, those of the run around it."""
    found = {}
    for name, own in hparams.items():
        above = (hparams[each] for each in names_above(name) if hparams.get(each))
        found[name] = own or next(above, own)
    return found


def _status(runs: Mapping[str, FollowedRun], name: str) -> RunStatus | None:
    return runs[name].status if name in runs else None


class _Stopped(Exception):
    """The screen is gone."""
