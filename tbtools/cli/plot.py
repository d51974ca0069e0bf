"""`tbtools plot`: curves in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from tbtools.cli.options import paths_argument, selection_options

if TYPE_CHECKING:
    from tbtools.cli.options import Selection


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
    type=click.Choice(["step", "relative", "wall_time"]),
    default="step",
    show_default=True,
    help="What lies along the x axis.",
)
@click.option("--log", is_flag=True, help="Logarithmic y axis.")
def command(
    paths: tuple[str, ...],
    selection: Selection,
    smoothing: float,
    x: Literal["step", "relative", "wall_time"],
    log: bool,
) -> int:
    """Curves in the terminal: a chart a tag, a line a run.

    Onsets of findings are marked at the top. Without colours each run has a sign of its own.

    \b
    Examples:
      tbtools plot logs/ --tag val/loss
      tbtools plot logs/ --tag '*/loss' --run '*seed*' --smoothing 0.9 --log
    """
    from tbtools.errors import UnknownTag
    from tbtools.render.output import terminal
    from tbtools.render.series import Selection as Shown
    from tbtools.render.series import findings_within, scalar_series
    from tbtools.render.terminal.plot import PlotView
    from tbtools.render.terminal.progress import scan_progress

    experiment = selection.load(paths)
    with scan_progress() as progress:
        experiment.scan(progress)
    shown = Shown(selection.tags, selection.steps)
    series = [each for run in experiment.values() for each in scalar_series(run, shown)]
    if not series:
        every = (each for run in experiment.values() for each in scalar_series(run, Shown()))
        raise UnknownTag(next(iter(selection.tags), "*"), {each.tag for each in every})
    view = PlotView(
        series=series,
        findings=list(findings_within(experiment, series, shown, None)),
        runs=list(experiment),
        smoothing=smoothing,
        x=x,
        log=log,
    )
    view.show(terminal())
    return 0
