"""Watches runs until something happens, and has alarms given meanwhile."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from tbtools.live.alarms import alarm_of
from tbtools.live.delivery import Delivery
from tbtools.live.episodes import Span
from tbtools.live.events import Event
from tbtools.live.state import Key
from tbtools.runs.status import run_times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tbtools.analysis.detect import Finding
    from tbtools.live.conditions import Condition
    from tbtools.live.delivery import Target
    from tbtools.live.follower import Follower
    from tbtools.live.run import FollowedRun
    from tbtools.live.state import GivenAlarms

Outcome = Literal["reached", "finding", "timeout"]
# A look takes at most a quarter of the time, however large the log directory is.
_PAUSE_OF_LOOK = 3.0


@dataclass(frozen=True, slots=True)
class Action:
    """What is done when a condition is met.

    Attributes:
        condition: The condition.
        target: What the alarm is delivered to.
    """

    condition: Condition
    target: Target

    @property
    def name(self) -> str:
        """What tells it from others, from one watch to the next."""
        return f"{self.condition.text}={self.target.label}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is waited for, and what is done meanwhile.

    Attributes:
        actions: What is done when conditions are met.
        until: What ends the watch; None for nothing.
        fail_on: Kinds of findings that end it as a failure.
        timeout: Seconds after which it ends in any case; None for never.
        interval: Seconds between two looks; None for the follower's own.
    """

    actions: tuple[Action, ...] = ()
    until: Condition | None = None
    fail_on: tuple[str, ...] = ()
    timeout: float | None = None
    interval: float | None = None


class Watch:
    """A watch: its events, one by one, as they happen.

    Attributes:
        outcome: How it ended: what was waited for is there (``reached``), there was a finding of
            `fail_on` (``finding``), or the time was up (``timeout``); None as long as it goes on.
        given: How many alarms were given.
        findings: How many findings were told.
        on_begun: Called after the first look.
        sleep: Waits between two looks, for so many seconds.
    """

    def __init__(
        self,
        follower: Follower,
        plan: Plan,
        alarms: GivenAlarms,
        *,
        delivery: Delivery | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.follower = follower
        self.plan = plan
        self.outcome: Outcome | None = None
        self.given = 0
        self.findings = 0
        self.on_begun: Callable[[], object] = lambda: None
        self._alarms = alarms
        self._delivery = delivery or Delivery()
        self.sleep = sleep
        self._begun = follower.clock()
        self._held: set[str] = set()
        self._true: set[tuple[str, str]] = set()

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return self.follower.clock() - self._begun

    @property
    def interval(self) -> float:
        """Seconds between two looks."""
        return self.follower.interval if self.plan.interval is None else self.plan.interval

    def __iter__(self) -> Iterator[Event]:
        """Looks again and again; waits between two looks."""
        is_first = True
        try:
            while True:
                begun = time.monotonic()
                events = list(self._look())
                if is_first:
                    self.on_begun()
                    is_first = False
                yield from events
                if self.outcome is not None:
                    # Of what has been written nothing is left unjudged.
                    yield from self._look(thorough=True)
                    break
                self.sleep(self._pause(time.monotonic() - begun))
        finally:
            self._delivery.close()
        yield from self._failures()

    def _pause(self, took: float) -> float:
        pause = max(self.interval - took, _PAUSE_OF_LOOK * took)
        if self.plan.timeout is not None:
            pause = min(pause, self.plan.timeout - self.seconds)
        return max(pause, 0.0)

    def _look(self, *, thorough: bool = False) -> Iterator[Event]:
        events = self.follower.poll(thorough=thorough)
        events += self._expressions()
        for event in events:
            self.findings += event.kind == "finding"
            yield event
            reached = self._conclude(event)
            if reached is not None:
                yield reached
            self._give_for(event)
        for followed in self._with_alarms():
            self._give_findings(followed)
        yield from self._failures()
        if self.outcome is None and (end := self._end()) is not None:
            yield end

    # -- what it waits for

    def _conclude(self, event: Event) -> Event | None:
        """Ends the watch where an event does; tells what was reached by a finding."""
        finding, until = event.finding, self.plan.until
        if finding is not None and finding.fails(self.plan.fail_on):
            self.outcome = "finding"
        elif self.outcome is None and until is not None:
            if finding is not None and until.is_met_by(finding):
                self.outcome = "reached"
                return replace(event, kind="reached", condition=until.text)
            if event.kind == "reached" and event.condition == until.text:
                self.outcome = "reached"
        return None

    def _end(self) -> Event | None:
        """What ends the watch, and is no event of a run."""
        until = self.plan.until
        watched = [each for each in self.follower.runs.values() if each.is_watched]
        is_over = watched and not any(each.status in ("training", "empty") for each in watched)
        if until is not None and until.finished and is_over:
            self.outcome = "reached"
            counts = Counter(str(each.status) for each in watched)
            ended = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
            message = f"no run is being written any more: {ended}"
            return Event("reached", self.follower.clock(), None, message, condition=until.text)
        if self.plan.timeout is not None and self.seconds >= self.plan.timeout:
            self.outcome = "timeout"
        return None

    def _expressions(self) -> list[Event]:
        """Which expressions have become true, and of which runs."""
        conditions = [each.condition for each in self.plan.actions]
        if self.plan.until is not None:
            conditions.append(self.plan.until)
        asked = {each.text: each.where for each in conditions if each.where is not None}
        events = []
        for text, where in asked.items():
            for name in self.follower.changed:
                followed = self.follower.runs[name]
                if (text, name) not in self._true and self.follower.is_true_of(where, name):
                    self._true.add((text, name))
                    step = "" if followed.last_step is None else f" at step {followed.last_step:,}"
                    message, now = f"{text} is true{step}", self.follower.clock()
                    events.append(
                        Event("reached", now, name, message, followed.status, condition=text)
                    )
        return events

    # -- alarms

    def _with_alarms(self) -> list[FollowedRun]:
        """The runs whose findings may be due."""
        runs = self.follower.runs
        if self._alarms.repeats:
            return [each for each in runs.values() if each.findings]
        names = dict.fromkeys((*self.follower.judged, *sorted(self._held)))
        return [runs[name] for name in names if name in runs]

    def _give_findings(self, followed: FollowedRun) -> None:
        self._held.discard(followed.name)
        if not followed.is_watched:
            return
        for action in self.plan.actions:
            for finding in sorted(followed.findings, key=_is_consequence):
                if action.condition.is_met_by(finding):
                    event = Event(
                        "finding", self.follower.clock(), followed.name, finding.message,
                        followed.status, finding,
                    )  # fmt: skip
                    key = Key(action.name, followed.name, finding.tag, finding.kind)
                    self._give(action, event, key, Span.of(finding), followed)

    def _give_for(self, event: Event) -> None:
        """Gives the alarms of an event without a finding."""
        if event.run is None or event.finding is not None:
            return
        followed = self.follower.runs[event.run]
        span = Span(0, 0, run_times(followed.run)[0])
        for action in self.plan.actions:
            condition = action.condition
            finished = event.kind == "finished" and condition.finished
            if finished or (condition.where is not None and event.condition == condition.text):
                key = Key(action.name, event.run, "", event.kind)
                self._give(action, event, key, span, followed)

    def _give(
        self, action: Action, event: Event, key: Key, span: Span, followed: FollowedRun
    ) -> None:
        finding = event.finding
        given = self._alarms.claim(
            key,
            span,
            followed.last_time,
            event.time,
            lasts=finding is not None and finding.ongoing,
            together=_tags_of_event(finding, followed.findings) if finding is not None else (),
            around=self.follower.around(followed),
        )
        if given is None:
            if self._alarms.is_held(key, span, event.time):
                self._held.add(followed.name)
            return
        self.given += 1
        logdir = followed.run.data.found_under
        alarm = alarm_of(action.condition.text, event, followed.run, logdir)
        self._delivery.send(action.target, alarm, partial(self._alarms.finish, given))

    def _failures(self) -> Iterator[Event]:
        now = self.follower.clock()
        for run, message in self._delivery.failures():
            yield Event("problem", now, run, message)
        if self._alarms.problem:
            yield Event("problem", now, None, self._alarms.problem)
            self._alarms.problem = ""


def _tags_of_event(finding: Finding, findings: Sequence[Finding]) -> set[str]:
    """The tags of the findings that began together with one."""
    cause = finding.evidence.get("cause")
    return {each.tag for each in findings if cause and each.evidence.get("cause") == cause}


def _is_consequence(finding: Finding) -> bool:
    """Whether another one went first, for which an alarm is given then."""
    return bool(finding.evidence.get("cause", {}).get("tag", finding.tag) != finding.tag)
