"""`tbtools inspect`: what is in one event file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.outputs import output_options
from tbtools.cli.parameters import LogPath

if TYPE_CHECKING:
    from tbtools.cli.outputs import Output


def _require_file(path: str) -> None:
    from tbtools.errors import NoEventFiles
    from tbtools.eventfile.source import source_of

    try:
        kind = source_of(path).stat(path).kind
    except OSError as error:
        raise NoEventFiles(f"{path}: {error.strerror}") from error
    if kind == "directory":
        raise NoEventFiles(f"{path} is a directory; `tbtools summarize {path}` shows its runs")
    if kind != "file":  # a pipe would be waited for, a device read without end
        raise NoEventFiles(f"{path}: not a regular file")


@click.command("inspect")
@click.argument("file", metavar="FILE", type=LogPath(readable=False))
@click.option("--records", "what", flag_value="records", help="List the records of the file.")
@click.option("--events", "what", flag_value="events", help="List its events, decoded.")
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Show at most N tags, records or events."
)
@output_options
def command(file: str, what: str | None, limit: int | None, output: Output) -> None:
    """What is in one event file: its tags by plugin, its records, its events.

    Nothing is left out: superseded points are listed too, and damage stands in its place.

    \b
    Examples:
      tbtools inspect logs/run/events.out.tfevents.1700000000.host.1.0
      tbtools inspect FILE --records --limit 20
      tbtools inspect FILE --events | grep loss
    """
    from tbtools.analysis.inspection import inspect_file, inspect_records
    from tbtools.errors import NoEventFiles
    from tbtools.render.terminal.inspection import EventsView, InspectionView, RecordsView

    _require_file(file)
    output.check()
    view: InspectionView | RecordsView | EventsView
    if what is None:
        view = InspectionView(inspect_file(file), limit=limit)
    else:
        listing = RecordsView if what == "records" else EventsView
        view = listing(file, inspect_records(file), limit)
    output.write(view)
    if view.nothing_read:
        raise NoEventFiles(f"{file}: not one event could be read")
