"""`tbtools compact`: smaller logs of the same runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.ending import finish
from tbtools.cli.options import paths_argument
from tbtools.cli.selecting import selection_options
from tbtools.cli.target import check_target, show_summary, target_options

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tbtools.cli.selecting import SelectionOptions

_RULE = "last:N|first:N|every:N"
_LIMITED = ("images", "histograms", "audio", "text", "mesh", "pr_curves")


def _limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each plugin of which some values of a tag may be enough."""
    for plugin in reversed(_LIMITED):
        name = f"--{plugin.replace('_', '-')}"
        option = click.option(name, plugin, metavar=_RULE, help=f"Which {plugin} of each tag stay.")
        command = option(command)
    return command


@click.command("compact")
@paths_argument
@click.option(
    "--keep", metavar="PLUGINS",
    help="Only these plugins, with commas between them: scalars,hparams,text. Globs.",
)  # fmt: skip
@_limit_options
@click.option(
    "--thin", type=int, metavar="N",
    help="About N points of each scalar, and all that are not finite or that findings name.",
)  # fmt: skip
@selection_options
@target_options("DIR", "The log directory that is made.", replaces=False)
def command(
    paths: tuple[str, ...],
    keep: str | None,
    thin: int | None,
    selection: SelectionOptions,
    target: str,
    summary_format: str,
    csv_safe: bool,
    **limits: str | None,
) -> int:
    """Smaller logs of the same runs: fewer pictures and histograms, thinned scalars.

    The event files of a run become one, without what restarts have superseded; records that stay
    are copied byte for byte. What was written is read back, and every value compared with the one
    that it is a copy of. Nothing is changed where it lies; DIR must not be there yet.

    \b
    Examples:
      tbtools compact logs/ --images last:5 --histograms every:10 -o logs-small
      tbtools compact logs/ --keep scalars,hparams,text --thin 10000 -o logs-small
    """
    from tbtools.analysis.compact import compact
    from tbtools.render.compacted import write_compaction
    from tbtools.render.terminal.compact import CompactionView
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.progress import scan_progress
    from tbtools.render.write import require_free_run

    check_target(target, summary_format)
    experiment = selection.load(paths, skip_unreadable=True)
    require_free_run(target, force=None, inputs=paths)
    with scan_progress() as progress:
        plan = compact(
            experiment,
            progress,
            plugins=keep.split(",") if keep is not None else None,
            limits={plugin: rule for plugin, rule in limits.items() if rule is not None},
            thin=thin,
            restarts=selection.restarts,
            **selection.arguments,
        )
    size = write_compaction(plan, target)
    show_summary(CompactionView(plan, target, size), summary_format, target, csv_safe=csv_safe)
    diagnostics = Diagnostics([experiment], selection.selection, count_superseded=False)
    return finish(diagnostics._replace(run_notes=plan.run_notes))
