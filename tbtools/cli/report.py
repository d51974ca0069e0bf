"""`tbtools report`: a page to send to a colleague."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

import click

from tbtools.cli.ending import finish
from tbtools.cli.options import (
    group_option,
    method_option,
    objective_option,
    paths_argument,
    refuse_option,
)
from tbtools.cli.parameters import LogPath
from tbtools.cli.selecting import selection_options
from tbtools.vocabulary import PICTURE_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tbtools.cli.selecting import SelectionOptions
    from tbtools.render.report.write import WrittenReport
    from tbtools.runs.experiment import Experiment
    from tbtools.vocabulary import Objective, PictureFormat, SmoothingMethod

_FORMATS = ("html", *PICTURE_FORMATS)
# Options that only a page has, and that only a picture has.
_OF_PAGES = (
    "title",
    "groups",
    "media_megabytes",
    "pinned",
    "order",
    "notes",
    "plotlyjs",
    "show_paths",
    "live",
)
_OF_PICTURES = ("method", "style")


@click.command("report")
@paths_argument
@click.option(
    "-o",
    "--output",
    "path",
    metavar="FILE",
    required=True,
    type=LogPath(dir_okay=False, readable=False),
    help="The file to write; - is standard output.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(_FORMATS),
    help="A page, or a picture of the charts (needs the extra image, and a Chrome)."
    "  [default: what the ending of FILE says, else html]",
)
@click.option(
    "--title", metavar="TEXT", help="The heading; the name of the log directory by default."
)
@selection_options
@click.option(
    "--smoothing",
    type=click.FloatRange(0, 1, max_open=True),
    help="Where TensorBoard's smoothing slider stands at first."
    "  [default: 0.6, and none for series of up to 30 points]",
)
@method_option("How a picture is smoothed; a page does as TensorBoard.")
@objective_option
@group_option(
    "Runs that repeat one another, for their mean and band; by default those whose names differ "
    "only in a seed"
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
    "--pin",
    "pinned",
    metavar="GLOB",
    multiple=True,
    help="Tags whose charts stand first; repeatable.",
)
@click.option(
    "--order",
    metavar="GLOB",
    multiple=True,
    help="Tags whose charts stand before all others, in this order; repeatable.",
)
@click.option(
    "--notes",
    metavar="FILE.md",
    type=click.File(encoding="utf-8", errors="backslashreplace"),
    help="Words in Markdown; a heading that is a tag or a group of charts says before which chart "
    "what follows stands, what comes before stands at the top.",
)
@click.option(
    "--plotlyjs",
    type=click.Choice(["inline", "cdn", "directory"]),
    default="inline",
    show_default=True,
    help="plotly.js in the page (0.7 MB), from its maker's server, or beside the page.",
)
@click.option(
    "--style",
    type=click.Choice(["screen", "paper"]),
    default="screen",
    show_default=True,
    help="Of a picture: paper has the sizes of print.",
)
@click.option(
    "--show-paths",
    is_flag=True,
    help="Say on the page where the files lie, not only their paths inside the log directory.",
)
@click.option(
    "--live",
    is_flag=True,
    help="Write the page anew while runs go on; an open browser shows it, and keeps its state.",
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
def command(
    paths: tuple[str, ...],
    path: str,
    kind: str | None,
    title: str | None,
    selection: SelectionOptions,
    smoothing: float | None,
    method: Any,
    objectives: tuple[str, ...],
    groups: tuple[str, ...],
    media_megabytes: float,
    pinned: tuple[str, ...],
    order: tuple[str, ...],
    notes: TextIO | None,
    plotlyjs: Literal["inline", "cdn", "directory"],
    style: Literal["screen", "paper"],
    show_paths: bool,
    live: bool,
    force: bool,
) -> int:
    """A page to send to a colleague: runs, findings, charts, pictures, in one file.

    It opens in any browser, without a server or a network. A FILE that ends in .png, .svg or .pdf
    becomes a picture of the charts.

    \b
    Examples:
      tbtools report logs/ -o report.html
      tbtools report logs/ -o report.html --run '*seed*' --tag 'val/*' --objective 'score=min'
      tbtools report logs/ -o report.html --pin 'val/*' --notes notes.md
      tbtools report logs/ -o loss.pdf --tag '*/loss' --style paper
    """
    from tbtools.analysis.objective import parse_objectives
    from tbtools.live.report import await_runs, keep_written
    from tbtools.render.files import require_free
    from tbtools.render.output import output_format
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.progress import (
        building_progress,
        judging_progress,
        scan_progress,
    )

    chosen = output_format(path, kind, _FORMATS)
    _refuse_options_without_effect(chosen, path)
    if path != "-":
        require_free(path, force=force)
    directions = parse_objectives(objectives)
    if live:
        selection.check()
    load = partial(selection.load, paths, groups=groups, skip_unreadable=True)
    experiment = await_runs(load, _waiting()) if live else load()
    diagnostics = Diagnostics([experiment], selection.selection)
    if chosen != "html":
        with scan_progress() as progress:
            experiment.scan(progress)
        picture = cast("PictureFormat", chosen)
        _write_picture(
            experiment, path, picture, selection, directions, smoothing, method, style, force=force
        )
        return finish(diagnostics)
    from tbtools.render.format import printable
    from tbtools.render.output import print_totals
    from tbtools.render.report.data import Arrangement
    from tbtools.render.report.write import write_report
    from tbtools.render.terminal.report import report_totals

    words = notes.read() if notes else ""

    def write(live_seconds: float | None, again: bool) -> WrittenReport:
        return write_report(
            experiment,
            path,
            title=title,
            selection=selection.selection,
            smoothing=smoothing,
            objectives=directions,
            group=groups or None,
            media_bytes=round(media_megabytes * 1e6),
            arrangement=Arrangement(pinned, order, words),
            plotlyjs=plotlyjs,
            show_paths=show_paths,
            live=live_seconds,
            force=force or again,
            progress=progress,
            judging=judging,
            building=building,
        )

    with (
        scan_progress() as progress,
        judging_progress() as judging,
        building_progress() as building,
    ):
        if live:
            written = keep_written(experiment, path, write, _waiting())
        else:
            written = write(None, False)
    print_totals(report_totals(written), path)
    for text in written.undecodable:
        click.echo(printable(f"not shown: {text}"), err=True)
    return finish(diagnostics)


def _waiting() -> Callable[[Exception], None]:
    """Tells what is waited for, each reason once."""
    told: set[str] = set()

    def tell(reason: Exception) -> None:
        from tbtools.render.format import printable

        line = f"tbtools: waiting: {printable(str(reason).splitlines()[0])}"
        if line not in told:
            told.add(line)
            click.echo(line, err=True)

    return tell


def _write_picture(
    experiment: Experiment,
    path: str,
    kind: PictureFormat,
    selection: SelectionOptions,
    objectives: dict[str, Objective],
    smoothing: float | None,
    method: SmoothingMethod,
    style: Literal["screen", "paper"],
    *,
    force: bool,
) -> None:
    from tbtools.render.figures import plot, write_figure
    from tbtools.render.output import print_totals
    from tbtools.render.terminal.progress import judging_progress
    from tbtools.render.terminal.report import picture_totals

    with judging_progress() as judging:
        figure = plot(
            experiment,
            **selection.arguments,
            smoothing=smoothing,
            method=method,
            objectives=objectives,
            style=style,
            judging=judging,
        )
    write_figure(figure, path, kind, force=force)
    print_totals(picture_totals(figure), path)


def _refuse_options_without_effect(kind: str, path: str) -> None:
    """Refuses options that were given and mean nothing for what is written.

    Raises:
        click.UsageError: One of them was given.
    """
    if kind == "html":
        useless = dict.fromkeys(_OF_PICTURES, "on a page")
    else:
        useless = dict.fromkeys(_OF_PAGES, f"on a picture ({kind})")
        if click.get_current_context().params["smoothing"] == 0:
            useless["method"] = "with --smoothing 0"
    if path == "-":
        useless["force"] = "with -o -"
        useless["live"] = "with -o -"
        if click.get_current_context().params["plotlyjs"] == "directory":
            useless["plotlyjs"] = "with -o -: there is no directory; take inline or cdn"
    for parameter, reason in useless.items():
        refuse_option(parameter, reason)
