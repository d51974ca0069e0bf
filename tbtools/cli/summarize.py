"""`tbtools summarize`: what is in these logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.options import output_options, paths_argument, selection_options

if TYPE_CHECKING:
    from tbtools.cli.options import Output, SelectionOptions

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
@selection_options
@output_options
def command(
    paths: tuple[str, ...],
    by_tag: bool,
    sort: str,
    limit: int | None,
    selection: SelectionOptions,
    output: Output,
) -> None:
    """What is in these logs: one row a run, or a tag.

    With one run, or --tags, there is one row a tag. Problems stand below the table. The exit
    status is 2 where nothing could be read.

    \b
    Examples:
      tbtools summarize logs/
      tbtools summarize logs/ --sort written --limit 20
      tbtools summarize logs/baseline --tag 'loss/*'
      tbtools summarize logs/ --format json | jq '.runs[].run'
    """
    from tbtools.analysis.summary import summarize
    from tbtools.errors import NoEventFiles
    from tbtools.render.terminal.progress import scan_progress
    from tbtools.render.terminal.summary import SummaryView

    output.require_free()
    experiment = selection.load(paths)
    with scan_progress() as progress:
        summary = summarize(
            experiment, tags=selection.tags, steps=selection.steps, progress=progress
        )
    output.write(SummaryView(summary, by_tag=by_tag, sort=sort, limit=limit))
    if not summary.readable:
        raise NoEventFiles(f"{', '.join(paths)}: not one event could be read")
