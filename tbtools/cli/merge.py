"""`tbtools merge`: the pieces of one training as one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.ending import finish, require_all_paths
from tbtools.cli.parameters import LogPath, SameTags, joined_names
from tbtools.cli.selecting import selection_options
from tbtools.cli.target import check_target, show_summary, target_options

if TYPE_CHECKING:
    from tbtools.cli.selecting import SelectionOptions


@click.command("merge")
@click.argument("paths", metavar="RUN...", nargs=-1, required=True, type=LogPath(readable=False))
@click.option(
    "--union",
    is_flag=True,
    help="The runs are different writers: bring their different tags together.",
)
@click.option(
    "--same", multiple=True, metavar="NAME=TAG,TAG", type=SameTags(),
    help="These tags (globs) are one thing, called NAME. Repeatable.",
)  # fmt: skip
@selection_options
@target_options("DIR", "The directory of the merged run, which is made.")
def command(
    paths: tuple[str, ...],
    union: bool,
    same: tuple[tuple[str, tuple[str, ...]], ...],
    selection: SelectionOptions,
    target: str,
    force: bool,
    summary_format: str,
    csv_safe: bool,
) -> int:
    """The pieces of one training as one run, in one clean event file.

    Several event files or directories come together by the restart policy. Records that are kept
    are copied byte for byte, whatever they hold; what a later session has superseded, and what is
    damaged, is left out and listed. All RUNs must be readable.

    \b
    Examples:
      tbtools merge logs/run -o logs/run-clean
      tbtools merge logs/monday logs/tuesday -o logs/whole
      tbtools merge logs/old logs/new --same loss=train/loss,Loss/train -o logs/whole
      tbtools merge logs/run/train logs/run/val --union -o logs/together
    """
    from tbtools.analysis.merge import merge
    from tbtools.render.merged import write_merge
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.merge import MergeView, loss_line
    from tbtools.render.terminal.progress import scan_progress
    from tbtools.render.write import require_free_run

    check_target(target, summary_format)
    experiment = selection.load(paths)
    require_free_run(target, force=force, inputs=paths)
    with scan_progress() as progress:
        experiment.scan(progress)
    diagnostics = Diagnostics([experiment], selection.selection, count_superseded=False)
    require_all_paths(diagnostics)
    merged = merge(
        experiment,
        union=union,
        restarts=selection.restarts,
        same=joined_names(same),
        **selection.arguments,
    )
    write_merge(merged, target, force=force)
    show_summary(MergeView(merged, target), summary_format, target, csv_safe=csv_safe)
    if line := loss_line(merged):
        click.echo(f"tbtools: {line}", err=True)
    return finish(diagnostics._replace(run_notes=merged.run_notes))
