"""`tbtools report`: a page to send to a colleague."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from tbtools.cli.options import objective_option, paths_argument, selection_options

if TYPE_CHECKING:
    from tbtools.cli.options import SelectionOptions


@click.command("report")
@paths_argument
@click.option(
    "-o",
    "--output",
    "path",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False),
    help="The file to write; - is standard output.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["html", "png", "svg", "pdf"]),
    default="html",
    show_default=True,
    help="A page, or a picture of the charts (needs the extra image, and a Chrome).",
)
@click.option("--title", metavar="TEXT", help="The heading; the path by default.")
@selection_options
@click.option(
    "--smoothing",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.6,
    show_default=True,
    help="Where TensorBoard's smoothing slider stands at first.",
)
@objective_option
@click.option(
    "--group",
    "groups",
    metavar="GLOB",
    multiple=True,
    help="Runs that repeat one another, for their mean and band; by default told by their seeds."
    " As in `tbtools aggregate`. Repeatable.",
)
@click.option(
    "--media",
    "media_megabytes",
    metavar="MB",
    type=click.FloatRange(0),
    default=8,
    show_default=True,
    help="How many megabytes of pictures and sounds the page may hold.",
)
@click.option(
    "--plotlyjs",
    type=click.Choice(["inline", "cdn", "directory"]),
    default="inline",
    show_default=True,
    help="plotly.js in the page (4.8 MB), from its maker's server, or beside the page.",
)
@click.option(
    "--style",
    type=click.Choice(["screen", "paper"]),
    default="screen",
    show_default=True,
    help="Of a picture: paper has the sizes of print.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def command(
    paths: tuple[str, ...],
    path: str,
    kind: Literal["html", "png", "svg", "pdf"],
    title: str | None,
    selection: SelectionOptions,
    smoothing: float,
    objectives: tuple[str, ...],
    groups: tuple[str, ...],
    media_megabytes: float,
    plotlyjs: Literal["inline", "cdn", "directory"],
    style: Literal["screen", "paper"],
    force: bool,
) -> int:
    """A page to send to a colleague: runs, findings, charts, pictures, in one file.

    It opens in any browser, without a server or a network.

    \b
    Examples:
      tbtools report logs/ -o report.html
      tbtools report logs/ -o report.html --run '*seed*' --tag 'val/*' --objective 'score=min'
      tbtools report logs/ -o loss.pdf --format pdf --tag '*/loss' --style paper
    """
    from tbtools.analysis.objective import parse_objectives
    from tbtools.render.files import require_free
    from tbtools.render.terminal.progress import scan_progress

    if path != "-":
        require_free(path, force=force)
    directions = parse_objectives(objectives)
    experiment = selection.load(paths, fold=True)
    with scan_progress() as progress:
        experiment.scan(progress)
    if kind != "html":
        from tbtools.render.figures import plot, write_figure

        figure = plot(
            experiment,
            selection.tags or None,
            steps=selection.steps,
            smoothing=smoothing,
            objectives=directions,
            style=style,
        )
        write_figure(figure, path, kind, force=force)
        return 0
    from tbtools.render.report import report

    report(
        experiment,
        path,
        title=title,
        tags=selection.tags or None,
        steps=selection.steps,
        smoothing=smoothing,
        objectives=directions,
        group=groups or None,
        media_bytes=round(media_megabytes * 1e6),
        plotlyjs=plotlyjs,
        force=force,
    )
    return 0
