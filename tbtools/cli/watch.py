"""`tbtools watch`: training followed while it goes on, with alarms that act."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from tbtools.cli.ending import TROUBLE
from tbtools.cli.options import objective_option, paths_argument
from tbtools.cli.parameters import Duration, KindList
from tbtools.cli.selecting import selection_options

if TYPE_CHECKING:
    from tbtools.cli.selecting import SelectionOptions
    from tbtools.live.events import Event
    from tbtools.live.watch import Watch

_STATUS = {"reached": 0, "finding": 1, "timeout": TROUBLE}


@click.command("watch")
@paths_argument
@click.option(
    "--on",
    "actions",
    metavar="COND[=COMMAND]",
    multiple=True,
    help="Run a command, once, when a run meets a condition: kinds of findings, finding, finished, "
    "or an expression as of --where. Repeatable.",
)
@click.option(
    "--webhook",
    "webhooks",
    metavar="URL",
    multiple=True,
    envvar="TBTOOLS_WEBHOOK",
    help="Post alarms to this URL, in the shape that Slack and Discord want on theirs. Repeatable.",
)
@click.option(
    "--until",
    metavar="COND",
    help="End when this is reached: finding, finished (no run is written any more), kinds, or an "
    "expression.",
)
@click.option(
    "--fail-on",
    type=KindList(),
    default="none",
    show_default=True,
    help="End with 1 at a finding of these kinds that is more than an info.",
)
@click.option("--timeout", type=Duration(), help="End after so long, such as 90, 15m or 2h.")
@click.option(
    "--interval",
    type=Duration(),
    help="Time between two looks.  [default: 2 s, for URLs 30 s]",
)
@click.option(
    "--repeat", type=Duration(), help="Give an alarm again after so long, as long as it lasts."
)
@click.option(
    "--cooldown",
    type=Duration(),
    help="Least time between two alarms of one condition about one run.",
)
@click.option(
    "--quiet", is_flag=True, help="Print no events; what went wrong is told all the same."
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(("text", "jsonl")),
    help="A line an event.  [default: the whole screen on a terminal, else text]",
)
@objective_option
@selection_options
def command(
    paths: tuple[str, ...],
    actions: tuple[str, ...],
    webhooks: tuple[str, ...],
    until: str | None,
    fail_on: tuple[str, ...],
    timeout: float | None,
    interval: float | None,
    repeat: float | None,
    cooldown: float | None,
    quiet: bool,
    shape: str | None,
    objectives: tuple[str, ...],
    selection: SelectionOptions,
) -> int:
    """Training followed while it goes on, with alarms that act.

    On a terminal it shows runs, charts and findings on the whole screen; ? tells the keys. Else,
    and with --format, prints a line for each run that appears, each finding that is new or has
    become worse, and each run that is over. A PATH need not be there yet. Runs that nobody has
    written to for an hour are history, and are not looked at before they change. A command is no
    line of a shell: it is split into arguments, in which {run}, {tag}, {kind}, {step}, {job} and
    {pid} are put; it has the alarm in TBTOOLS_ALARM_... and as JSON on standard input. Each alarm
    is given once a finding, also where watch is started again. The exit status is 0 where what
    --until says was reached, 1 for a finding of --fail-on, 2 for trouble, as where the time is up
    before.

    \b
    Examples:
      tbtools watch logs/
      tbtools watch logs/ --on divergence,nonfinite,stall='scancel {job}'
      tbtools watch logs/ --until finished --fail-on divergence && python evaluate.py
      tbtools watch logs/ --until 'val/loss<1.8' --timeout 6h
      tbtools watch logs/ --webhook https://hooks.slack.com/services/... --format jsonl
    """
    from tbtools.analysis.objective import parse_objectives
    from tbtools.live.api import watch
    from tbtools.live.app.run import hindrance, run_app
    from tbtools.live.lines import begun_line, ended_line

    made = watch(
        paths,
        runs=selection.runs or None,
        exclude_runs=selection.exclude_runs or None,
        where=selection.where,
        restarts=selection.restarts,
        cache=not selection.no_cache,
        objectives=parse_objectives(objectives),
        on=actions,
        webhooks=webhooks,
        until=until,
        fail_on=fail_on,
        timeout=timeout,
        interval=interval,
        repeat=repeat,
        cooldown=cooldown or 0.0,
        **selection.arguments,
    )
    if shape is None and not quiet and sys.stdout is not None and sys.stdout.isatty():
        reason = hindrance()
        if reason is None:
            run_app(made)
            return _status(made) if made.outcome else 0
        # Standard output is what is looked at, wherever standard error goes.
        click.echo(f"lines of text: {reason}")
    if not quiet:
        made.on_begun = lambda: click.echo(begun_line(made), err=True)
    for event in made:
        _show(event, shape or "text", quiet=quiet)
    if not quiet:
        click.echo(ended_line(made), err=True)
    return _status(made)


def _status(watch: Watch) -> int:
    """Where nothing is waited for, the end of the time is what was asked for.

    There is no verdict on a run of which nothing could be read.
    """
    if any(each.status == "unreadable" for each in watch.follower.runs.values()):
        return TROUBLE
    if watch.outcome == "timeout" and watch.plan.until is None:
        return 0
    return _STATUS[watch.outcome or "timeout"]


def _show(event: Event, shape: str, *, quiet: bool) -> None:
    from tbtools.live.lines import event_cells
    from tbtools.render.format import printable
    from tbtools.render.output import terminal
    from tbtools.render.terminal.lines import print_cells

    if event.kind == "problem":
        run = "" if event.run is None else f"run {printable(event.run)}: "
        click.echo(f"tbtools: {run}{printable(event.message)}", err=True)
    if quiet or (event.kind == "problem" and shape == "text"):
        return
    if shape == "jsonl":
        click.echo(json.dumps(event.to_dict(), allow_nan=False))
    else:
        print_cells(terminal(), event_cells(event))
        sys.stdout.flush()
