"""`tbtools plot`: curves in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tbtools.cli.ending import finish
from tbtools.cli.options import (
    axis_option,
    group_option,
    method_option,
    paths_argument,
    refuse_option,
)
from tbtools.cli.outputs import Output, pager_option
from tbtools.cli.redraw import watch_option
from tbtools.cli.selecting import selection_options
from tbtools.vocabulary import MARKERS

if TYPE_CHECKING:
    from tbtools.cli.selecting import SelectionOptions
    from tbtools.vocabulary import Marker


@click.command("plot")
@paths_argument
@selection_options
@click.option(
    "--smoothing",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.6,
    show_default=True,
    help="TensorBoard's weight; 0 for none.",
)
@method_option("How it smooths; time_weighted_ema measures along --x.")
@axis_option("--x", help="What lies along the x axis")
@group_option("Draw the mean of runs that repeat one another, not each run")
@click.option("--log", is_flag=True, help="Logarithmic y axis.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=16,
    show_default=True,
    metavar="N",
    help="Draw at most the N best runs of each tag; 0 for all.",
)
@click.option(
    "--marker",
    type=click.Choice(MARKERS),
    help="How lines are drawn.  [default: what the terminal can]",
)
@pager_option
@watch_option
def command(
    paths: tuple[str, ...],
    selection: SelectionOptions,
    smoothing: float,
    method: Any,
    x: str,
    groups: tuple[str, ...],
    log: bool,
    limit: int,
    marker: Marker | None,
    no_pager: bool,
) -> int:
    """Curves in the terminal: a chart a tag, a line a run.

    Without --tag it is the one tag that tells most of how good the runs are; --tag '*' draws all.
    Onsets of findings are marked at the top. Without colours each run has a sign of its own; where
    colours come again, lines are dashed.

    \b
    Examples:
      tbtools plot logs/ --tag val/loss
      tbtools plot logs/ --tag '*/loss' --run '*seed*' --smoothing 0.9 --log
      tbtools plot logs/ --tag val/loss --group hparam:lr --x tokens_seen
    """
    from tbtools.analysis.judgement import judge
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.plot import PlotView, objectives_of
    from tbtools.render.terminal.plot_lines import lines_of_groups, lines_of_runs
    from tbtools.render.terminal.progress import judging_progress, scan_progress
    from tbtools.runs.diagnostics import require_readable
    from tbtools.runs.inputs import require_points
    from tbtools.runs.scalars import read_scalars_of
    from tbtools.runs.selection import Selector

    if smoothing == 0:
        refuse_option("method", "with --smoothing 0")
    experiment = selection.load(paths, groups=groups, skip_unreadable=True)
    with scan_progress() as progress:
        experiment.scan(progress)
    selector = Selector(selection.selection)
    drawn = lines_of_runs((read_scalars_of(run, selector, x) for run in experiment.values()), x)
    require_readable(experiment)
    require_points(experiment.values(), selector)
    with judging_progress() as judging:
        judgement = judge(experiment, selection.selection, judging=judging)
    tags = {each.tag for each in drawn.series}
    objectives = objectives_of(drawn.series, judgement.objectives)
    shown = tags if selection.tags else {*objectives.ranked[:1]} or tags
    if groups:
        drawn = lines_of_groups(experiment, shown, selection.selection, groups, x)
    series = [each for each in drawn.series if each.tag in shown]
    view = PlotView(
        logdir=experiment.logdir,
        series=series,
        other_tags=len(tags - shown),
        findings=[] if groups else list(judgement.findings),
        runs=[each.run for each in series] if groups else list(experiment),
        smoothing=smoothing,
        method=method,
        x=x,
        log=log,
        directions={tag: way for own in objectives.by_run.values() for tag, way in own.items()},
        limit=limit,
        marker=marker,
        places=drawn.places,
        behind=drawn.runs if groups else None,
    )
    Output("table", None, force=False, no_pager=no_pager).write(view)
    for note in drawn.notes:
        click.echo(note, err=True)
    return finish(Diagnostics([experiment], selection.selection))
