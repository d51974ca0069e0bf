"""`tbtools best`: which runs are best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.completion import complete_tags
from tbtools.cli.ending import finish
from tbtools.cli.options import engine_option, group_option, objective_option, paths_argument
from tbtools.cli.outputs import output_options_with
from tbtools.cli.parameters import Place
from tbtools.cli.selecting import selection_options
from tbtools.vocabulary import DEFAULT_TOP

if TYPE_CHECKING:
    from tbtools.cli.outputs import Output
    from tbtools.cli.selecting import SelectionOptions


@click.command("best")
@paths_argument
@click.option(
    "--by",
    metavar="TAG",
    shell_complete=complete_tags,
    help="What is ranked by.  [default: what tells most of the runs, which is named]",
)
@click.option(
    "--at",
    type=Place(),
    default="end",
    show_default=True,
    help="The level of the last part with its uncertainty, the last value, the best one, or the "
    "last one up to a step.",
)
@click.option(
    "--top",
    type=click.IntRange(0),
    default=DEFAULT_TOP,
    show_default=True,
    metavar="N",
    help="How many are shown, in every format; 0 for all.",
)
@group_option("Rank runs that repeat one another as groups")
@objective_option
@engine_option
@selection_options
@output_options_with("markdown", "latex")
def command(
    paths: tuple[str, ...],
    by: str | None,
    at: str,
    top: int,
    groups: tuple[str, ...],
    objectives: tuple[str, ...],
    engine: str | None,
    selection: SelectionOptions,
    output: Output,
) -> int:
    """Which runs are best, and what sets them apart.

    With the hyperparameters that are not the same in all, the checkpoint nearest to the value, how
    long it took, and what is wrong with each; runs that cannot be told from the first are marked,
    and what was not ranked is counted. The exit status is 2 where nothing can be ranked.

    \b
    Examples:
      tbtools best logs/
      tbtools best logs/ --by val/loss --at best --top 3
      tbtools best logs/ --where 'lr>=1e-3 and status!=diverged' --format latex
      tbtools best logs/ --group hparam:lr,batch_size
      tbtools best logs/ --at step=10000 --objective 'score/*=min'
    """
    from tbtools.analysis.best import best
    from tbtools.analysis.objective import parse_objectives
    from tbtools.render.format import printable
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.progress import judging_progress, scan_progress
    from tbtools.render.terminal.ranking import RankingView

    output.check()
    directions = parse_objectives(objectives)
    experiment = selection.load(paths, groups=groups, skip_unreadable=True, engine=engine)
    with scan_progress() as progress, judging_progress() as judging:
        ranking = best(
            experiment,
            by,
            at=at,
            top=top or None,
            group=groups or None,
            objectives=directions,
            progress=progress,
            judging=judging,
            **selection.arguments,
        )
    output.write(RankingView(ranking, experiment.logdir))
    for problem in ranking.problems:
        if problem["kind"] == "undecodable":
            text = f"not shown: run {problem['run']}: {problem['message']}"
            click.echo(printable(text), err=True)
    return finish(Diagnostics([experiment], selection.selection))
