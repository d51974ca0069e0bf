"""`tbtools plot`: curves in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from tbtools.cli.options import paths_argument, selection_options

if TYPE_CHECKING:
    from tbtools.cli.options import SelectionOptions


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
@click.option(
    "--x",
    "x",
    type=click.Choice(["step", "relative", "wall"]),
    default="step",
    show_default=True,
    help="What lies along the x axis.",
)
@click.option("--log", is_flag=True, help="Logarithmic y axis.")
def command(
    paths: tuple[str, ...],
    selection: SelectionOptions,
    smoothing: float,
    x: Literal["step", "relative", "wall"],
    log: bool,
) -> int:
    """Curves in the terminal: a chart a tag, a line a run.

    Onsets of findings are marked at the top. Without colours each run has a sign of its own.

    \b
    Examples:
      tbtools plot logs/ --tag val/loss
      tbtools plot logs/ --tag '*/loss' --run '*seed*' --smoothing 0.9 --log
    """
    from tbtools.analysis.judgement import judge
    from tbtools.render.output import terminal
    from tbtools.render.terminal.plot import PlotView
    from tbtools.render.terminal.progress import scan_progress
    from tbtools.runs.selection import Selector
    from tbtools.runs.series import read_scalars_of

    experiment = selection.load(paths)
    with scan_progress() as progress:
        experiment.scan(progress)
    selector = Selector(selection.selection)
    series = [
        each
        for run in experiment.values()
        for each in read_scalars_of(run, selector).series.values()
    ]
    selector.require_match()
    view = PlotView(
        series=series,
        findings=list(judge(experiment, selection.selection).findings),
        runs=list(experiment),
        smoothing=smoothing,
        x=x,
        log=log,
    )
    view.show(terminal())
    return 0
