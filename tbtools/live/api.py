"""`tbtools.watch`: runs that are followed from Python."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tbtools.errors import InvalidArgument, UnsupportedType
from tbtools.eventfile.source import as_path
from tbtools.live.commands import Command
from tbtools.live.conditions import parse_condition, split_action
from tbtools.live.follower import Follower
from tbtools.live.state import GivenAlarms, state_path
from tbtools.live.watch import Action, Plan, Watch
from tbtools.live.watched import Watched
from tbtools.live.webhooks import Webhook
from tbtools.runs.selection import Selection, as_globs
from tbtools.vocabulary import FAILING_KINDS, FINDING_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tbtools.live.conditions import Condition
    from tbtools.live.events import Event
    from tbtools.runs.experiment import LogPath
    from tbtools.runs.parts import Steps
    from tbtools.runs.selection import Globs
    from tbtools.vocabulary import Objective

# What alarms are about unless something else is said.
DEFAULT_ALARMS = ",".join((*FAILING_KINDS, "stall"))


def watch(
    path: LogPath | Sequence[LogPath],
    *,
    runs: Globs = None,
    exclude_runs: Globs = None,
    tags: Globs = None,
    exclude_tags: Globs = None,
    steps: Steps = None,
    where: str | None = None,
    objectives: Mapping[str, Objective] | None = None,
    restarts: str = "resume",
    cache: bool = True,
    on: Sequence[str] | Mapping[str, str] = (),
    webhooks: Sequence[str] = (),
    until: str | None = None,
    fail_on: Sequence[str] = (),
    timeout: float | None = None,
    interval: float | None = None,
    repeat: float | None = None,
    cooldown: float = 0,
    callback: Callable[[Event], object] | None = None,
) -> Watch:
    """Follows runs while they are written, and has alarms given.

    Iterating over what is returned looks at the logs again and again, and gives an event for a run
    that appears, a finding that is new or has become worse, and a run that is over. Runs that
    nobody writes any more are not looked at before they change.

    Args:
        path: A log directory, a run, or one event file, or several; it need not be there yet.
        runs: Which runs; a name, a glob, or several.
        exclude_runs: Which runs not, likewise.
        tags: Findings about other tags are left out; names or globs.
        exclude_tags: Findings about these are left out, likewise.
        steps: First and last step; findings that do not touch them are left out.
        where: Which runs, as for `load`; a run may come to match later.
        objectives: Which way is better, as for `detect`; globs may match nothing yet.
        restarts: The restart policy, as for `load`.
        cache: As for `load`.
        on: Conditions and the commands that are run when they are met first:
            ``{"divergence,nonfinite": "scancel {job}"}``, or texts ``CONDITION=COMMAND``, or
            conditions alone, of which webhooks are told. See docs/watch.md.
        webhooks: URLs that alarms are posted to; of divergence, nonfinite and stall, unless `on`
            has conditions without a command.
        until: What ends the watch: ``finding``, ``finished``, kinds, or an expression.
        fail_on: Kinds of findings that end it.
        timeout: Seconds after which it ends.
        interval: Seconds between two looks; 2 by default, for URLs 30.
        repeat: Seconds after which an alarm is given again as long as its cause lasts.
        cooldown: Seconds that lie at least between two alarms of one condition about one run.
        callback: Called with each event; then the watch runs to its end before this returns. In a
            notebook a `LiveFigure` shows what has come.

    Returns:
        The watch: iterate over it for its events (`Event`); its `outcome` says how it ended.

    Raises:
        InvalidExpression: An expression cannot be read.
        InvalidArgument: A condition, a command, a URL, a duration or the policy is none.
        UnsupportedType: `path` is none.
    """
    names = _paths(path)
    conditions, actions = _actions(on, webhooks)
    until_ = None if until is None else parse_condition(until)
    failing = _kinds(fail_on)
    _require_seconds(timeout=timeout, interval=interval, repeat=repeat, cooldown=cooldown)
    asked = [*conditions, *([until_] if until_ else [])]
    watched = Watched(
        paths=names,
        runs=as_globs(runs),
        exclude_runs=as_globs(exclude_runs),
        where=where,
        selection=Selection.of(tags, steps, exclude_tags=exclude_tags),
        objectives=objectives,
        restarts=restarts,
        kinds=(*failing, *(kind for each in asked for kind in each.named_kinds)),
        cache=cache,
    )
    follower = Follower(watched)
    given = GivenAlarms(state_path(names, ".json"), repeat=repeat, cooldown=cooldown)
    plan = Plan(tuple(actions), until_, failing, timeout, interval)
    made = Watch(follower, plan, given)
    if callback is not None:
        if not callable(callback):
            raise UnsupportedType(f"callback={callback!r} cannot be called")
        _run(made, callback)
    return made


def _run(watch: Watch, callback: Callable[[Event], object]) -> None:
    """Gives all events to a callback; a figure is drawn between looks, and at the end."""
    from tbtools.live.notebook import LiveFigure

    figure = callback if isinstance(callback, LiveFigure) else None
    if figure is not None:
        figure.follow(watch)
    for event in watch:
        callback(event)
    if figure is not None:
        figure.draw(watch)


def _actions(
    on: Sequence[str] | Mapping[str, str], webhooks: Sequence[str]
) -> tuple[list[Condition], list[Action]]:
    """All conditions, and what is done when they are met.

    Raises:
        InvalidArgument: One is none; or nothing is done when it is met.
    """
    read: list[tuple[Condition, str | None]]
    if isinstance(on, Mapping):
        read = [(parse_condition(condition), command) for condition, command in on.items()]
    else:
        read = [split_action(text) for text in _texts("on", on)]
    hooks = [Webhook.parse(url) for url in _texts("webhooks", webhooks)]
    alone = [condition for condition, command in read if command is None]
    if alone and not hooks:
        text = alone[0].text
        raise InvalidArgument(
            f"nothing is done on {text!r}: write {text}=COMMAND, or name a webhook"
        )
    actions = [
        Action(condition, Command.parse(command))
        for condition, command in read
        if command is not None
    ]
    posted = alone or [parse_condition(DEFAULT_ALARMS)]
    actions += [Action(condition, hook) for hook in hooks for condition in posted]
    return [each.condition for each in actions], actions


def _paths(given: object) -> list[str]:
    """One path or several.

    Raises:
        UnsupportedType: It is none.
        InvalidArgument: There is none in it.
    """
    if isinstance(given, (str, bytes, os.PathLike)) or not isinstance(given, Sequence):
        return [as_path(given)]
    if not given:
        raise InvalidArgument("no path is given: give a log directory, a run or an event file")
    return [as_path(each) for each in given]


def _texts(name: str, given: object) -> list[str]:
    """One text or several.

    Raises:
        UnsupportedType: It is none.
    """
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, Sequence) or not all(isinstance(each, str) for each in texts):
        raise UnsupportedType(f"{name}={given!r} is no text, nor several of them")
    return list(texts)


def _kinds(given: object) -> tuple[str, ...]:
    kinds = _texts("fail_on", given)
    for kind in kinds:
        if kind not in FINDING_KINDS:
            raise InvalidArgument(f"{kind!r} is none of {', '.join(FINDING_KINDS)}")
    return tuple(kinds)


def _require_seconds(**durations: float | None) -> None:
    for name, seconds in durations.items():
        is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if seconds is not None and not (is_number and 0 <= seconds < math.inf):
            raise InvalidArgument(f"{name}={seconds!r} is no number of seconds")
