"""`tbtools summarize`: what is in these logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.dry_run import dry_run_option, tell_cost
from tbtools.cli.ending import finish
from tbtools.cli.options import engine_option, paths_argument, refuse_option
from tbtools.cli.outputs import output_options_with
from tbtools.cli.redraw import watch_option
from tbtools.cli.selecting import selection_options

if TYPE_CHECKING:
    from tbtools.cli.outputs import Output
    from tbtools.cli.selecting import SelectionOptions

SORTINGS = ("name", "written", "steps", "points", "duration", "best")


@click.command("summarize")
@paths_argument
@click.option("--tags", "by_tag", is_flag=True, help="One row a tag instead of one a run.")
@click.option(
    "--sort",
    type=click.Choice(SORTINGS),
    default="name",
    show_default=True,
    help="Order of the runs; all but name put the greatest, latest or best first.",
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Show at most N rows.")
@dry_run_option
@engine_option
@watch_option
@selection_options
@output_options_with("markdown", "latex")
def command(
    paths: tuple[str, ...],
    by_tag: bool,
    sort: str,
    limit: int | None,
    dry_run: bool,
    engine: str | None,
    selection: SelectionOptions,
    output: Output,
) -> int:
    """What is in these logs: one row a run, or a tag.

    With one run, or --tags, there is one row a tag. Damage, notes and superseded points stand on
    standard error. The exit status is 2 where a PATH could not be read.

    \b
    Examples:
      tbtools summarize logs/
      tbtools summarize logs/ --sort written --limit 20 --watch
      tbtools summarize logs/baseline --tag 'loss/*'
      tbtools summarize logs/ --format json | jq '.runs[].run'
    """
    from tbtools.analysis.summary import summarize
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.progress import judging_progress, scan_progress
    from tbtools.render.terminal.summary import SummaryView

    output.check()
    if output.chosen_format == "json":
        refuse_option("by_tag", "on JSON, which has all tags")
    experiment = selection.load(paths, skip_unreadable=True, engine=engine)
    if dry_run:
        return tell_cost(experiment)
    with scan_progress() as progress, judging_progress() as judging:
        summary = summarize(experiment, progress=progress, judging=judging, **selection.arguments)
    output.write(SummaryView(summary, by_tag=by_tag, sort=sort, limit=limit))
    return finish(Diagnostics([experiment], selection.selection))
