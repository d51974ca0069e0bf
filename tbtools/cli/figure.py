"""`tbtools figure`: a figure for a publication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tbtools.cli.ending import finish, require_all_paths
from tbtools.cli.options import axis_option, group_option, paths_argument, refuse_option
from tbtools.cli.parameters import Alignment, LogPath
from tbtools.cli.selecting import selection_options
from tbtools.vocabulary import BANDS, FIGURE_DATA, FIGURE_FORMATS, FIGURE_STYLES

if TYPE_CHECKING:
    from tbtools.cli.selecting import SelectionOptions


@click.command("figure")
@paths_argument
@click.option(
    "-o",
    "--output",
    "path",
    metavar="FILE",
    required=True,
    type=LogPath(dir_okay=False, readable=False),
    help="A .pdf, .svg, .png, or .tex for pgfplots; - is standard output.",
)
@click.option(
    "--format",
    "format",
    type=click.Choice(FIGURE_FORMATS),
    help="What to write.  [default: by the ending of FILE, else pdf]",
)
@click.option(
    "--data",
    type=click.Choice(FIGURE_DATA),
    default="scalars",
    show_default=True,
    help="Curves, or ridgelines of histograms.",
)
@group_option("Which runs make a line together; each its own without")
@click.option(
    "--band",
    type=click.Choice(BANDS),
    help="What lies around the line of a group, and so what the line is.  [default: mean_ci]",
)
@click.option(
    "--align",
    type=Alignment(),
    help="As in `tbtools aggregate`.  [default: interpolate]",
)
@axis_option("--x", help="What lies along the x axis")
@click.option("--log", is_flag=True, help="Logarithmic y axes.")
@click.option(
    "--labels",
    metavar="FILE",
    type=LogPath(dir_okay=False, readable=False),
    help='What names are called: a TOML file of "lr=0.1" = "$\\\\eta=0.1$".',
)
@click.option(
    "--style",
    type=click.Choice(FIGURE_STYLES),
    default="paper",
    show_default=True,
    help="Fonts and sizes.",
)
@click.option(
    "--size",
    metavar="WxH",
    help="3.3x2.2in, also in cm, mm and pt.  [default: a column of a page, or two]",
)
@click.option(
    "--columns", type=click.IntRange(1), metavar="N", help="Charts side by side.  [default: 2]"
)
@selection_options
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def command(
    paths: tuple[str, ...],
    path: str,
    format: Any,  # noqa: A002 - the option's name
    data: Any,
    groups: tuple[str, ...],
    band: Any,
    align: Any,
    x: str,
    log: bool,
    labels: str | None,
    style: Any,
    size: str | None,
    columns: int | None,
    selection: SelectionOptions,
    force: bool,
) -> int:
    """A figure for a paper: a chart a tag, a line a run or a group of runs with its band.

    Fonts are embedded, colours are told apart by the colour-blind and dashes in black and white,
    the size is exact. What is thinned or left out is said. All PATHs must be readable.

    \b
    Examples:
      tbtools figure logs/ --tag val/loss -o loss.pdf
      tbtools figure logs/ --tag return --group hparam:lr --band iqm_ci -o lr.pdf
      tbtools figure logs/ --tag 'val/*' --labels names.toml --size 6.75x2in -o val.tex
      tbtools figure logs/ --data histograms --run baseline -o weights.svg
    """
    from tbtools.render.output import print_totals
    from tbtools.render.publication.write import figure
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.figure import figure_totals
    from tbtools.render.terminal.progress import aggregating_progress, scan_progress

    if path == "-":
        refuse_option("force", "with -o -")
    experiment = selection.load(paths, groups=groups)
    with scan_progress() as progress:
        experiment.scan(progress)
    diagnostics = Diagnostics([experiment], selection.selection)
    require_all_paths(diagnostics)
    with aggregating_progress() as aggregating:
        written = figure(
            experiment,
            path,
            data,
            group=groups or None,
            band=band,
            align=align,
            x=x,
            log=log,
            labels=labels,
            style=style,
            size=size,
            columns=columns,
            format=format,
            force=force,
            progress=aggregating if groups else None,
            **selection.arguments,
        )
    for line in (written.caption, *written.remarks):
        if line:
            click.echo(line, err=True)
    print_totals(figure_totals(written), path)
    return finish(diagnostics)
