"""`tbtools import`: logs of other programs as event files."""

from __future__ import annotations

import click

from tbtools.cli.ending import finish_unreadable
from tbtools.cli.options import paths_argument
from tbtools.cli.target import check_target, show_summary, target_options
from tbtools.vocabulary import FOREIGN_FORMATS, SCALAR_DTYPES


@click.command("import")
@paths_argument
@click.option(
    "--from",
    "formats",
    metavar="FORMATS",
    help=f"Only these formats: {','.join(FOREIGN_FORMATS)}; by default the files' names tell.",
)
@click.option("--step", metavar="COL", help="The column that holds the step.")
@click.option("--time", metavar="COL", help="That of wall times, in seconds or as ISO 8601.")
@click.option("--run-column", "run", metavar="COL", help="That of runs.")
@click.option(
    "--dtype",
    type=click.Choice(SCALAR_DTYPES),
    help="The type of all series.  [default: float32 where no number is more]",
)
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@target_options("DIR", "The log directory, which is made.")
def command(
    paths: tuple[str, ...],
    formats: str | None,
    step: str | None,
    time: str | None,
    run: str | None,
    dtype: str | None,
    dry_run: bool,
    target: str,
    force: bool,
    summary_format: str,
    csv_safe: bool,
) -> int:
    """Logs of other programs as event files, which TensorBoard shows.

    PATHs are files, or directories that are searched for them: CSV with a column of steps
    (TensorBoard's, Keras', Lightning's, W&B's), JSON lines, JSON that TensorBoard offers for
    download, trainer_state.json. Nothing is changed where it lies. To look at them without
    importing, give --also to the other commands.

    \b
    Examples:
      tbtools import lightning_logs/ -o logs
      tbtools import results.csv --step iteration --run-column seed -o logs --dry-run
      tbtools summarize lightning_logs/ --also csv
    """
    from tbtools.analysis.importing import import_
    from tbtools.render.event_files import write_import
    from tbtools.render.terminal.importing import ImportView
    from tbtools.render.write import require_free_run

    check_target(target, summary_format)
    require_free_run(target, force=force, inputs=paths)
    imported = import_(paths, formats, step=step, time=time, run=run, dtype=dtype)
    if not dry_run:
        write_import(imported, target, force=force)
    view = ImportView(imported, target, planned=dry_run)
    show_summary(view, summary_format, target, csv_safe=csv_safe)
    return finish_unreadable(imported.unreadable_paths)
