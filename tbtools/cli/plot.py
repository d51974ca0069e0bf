"""`tbtools plot`: curves in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.ending import finish
from tbtools.cli.options import (
    Output,
    axis_option,
    pager_option,
    paths_argument,
    selection_options,
)
from tbtools.cli.redraw import watch_option

if TYPE_CHECKING:
    from tbtools.cli.options import SelectionOptions
    from tbtools.vocabulary import Axis


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
@axis_option("--x", help="What lies along the x axis", tags=False)
@click.option("--log", is_flag=True, help="Logarithmic y axis.")
@pager_option
@watch_option
def command(
    paths: tuple[str, ...],
    selection: SelectionOptions,
    smoothing: float,
    x: Axis,
    log: bool,
    no_pager: bool,
) -> int:
    """Curves in the terminal: a chart a tag, a line a run.

    Without --tag it is the one tag that tells most of how good the runs are; --tag '*' draws all.
    Onsets of findings are marked at the top. Without colours each run has a sign of its own.

    \b
    Examples:
      tbtools plot logs/ --tag val/loss
      tbtools plot logs/ --tag '*/loss' --run '*seed*' --smoothing 0.9 --log
    """
    from tbtools.analysis.judgement import judge
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.plot import PlotView, most_telling
    from tbtools.render.terminal.progress import judging_progress, scan_progress
    from tbtools.runs.diagnostics import require_readable
    from tbtools.runs.inputs import require_points
    from tbtools.runs.selection import Selector
    from tbtools.runs.series import read_scalars_of

    experiment = selection.load(paths, skip_unreadable=True)
    with scan_progress() as progress:
        experiment.scan(progress)
    selector = Selector(selection.selection)
    series = [
        each
        for run in experiment.values()
        for each in read_scalars_of(run, selector).series.values()
    ]
    require_readable(experiment)
    require_points(experiment.values(), selector)
    with judging_progress() as judging:
        judgement = judge(experiment, selection.selection, judging=judging)
    asked = selection.selection.tags
    drawn = series if asked else most_telling(series, judgement.objectives)
    view = PlotView(
        logdir=experiment.logdir,
        series=drawn,
        other_tags=len({each.tag for each in series} - {each.tag for each in drawn}),
        findings=list(judgement.findings),
        runs=list(experiment),
        smoothing=smoothing,
        x=x,
        log=log,
    )
    Output("table", None, force=False, no_pager=no_pager).write(view)
    return finish(Diagnostics([experiment], selection.selection))
