"""`tbtools repair`: what is whole in damaged event files."""

from __future__ import annotations

import click

from tbtools.cli.ending import finish_unreadable
from tbtools.cli.options import paths_argument
from tbtools.cli.target import check_target, show_summary, target_options


@click.command("repair")
@paths_argument
@click.option(
    "--mend-checksums",
    is_flag=True,
    help="Keep records of which only a checksum is wrong; a log message in front of each says so.",
)
@target_options("DIR", "The directory of the repaired files, which is made.", replaces=False)
def command(
    paths: tuple[str, ...],
    mend_checksums: bool,
    target: str,
    summary_format: str,
    csv_safe: bool,
) -> int:
    """What is whole in event files, written as it lies, without what is damaged.

    All event files of the PATHs are written, sound ones too: whole records are copied byte for
    byte, files compressed with gzip are decompressed, and a file that holds only what another one
    of its run has is left out. Nothing is changed where it lies; DIR must not be there yet.

    \b
    Examples:
      tbtools repair logs/ -o logs-repaired
      tbtools repair events.out.tfevents.1700000000.host.gz -o run
      tbtools verify logs-repaired
    """
    from tbtools.analysis.repair import repair
    from tbtools.render.event_files import write_repair
    from tbtools.render.terminal.progress import scan_progress
    from tbtools.render.terminal.repair import RepairView
    from tbtools.render.write import require_free_run
    from tbtools.runs.loading import load

    check_target(target, summary_format)
    experiment = load(paths, skip_unreadable=True)
    require_free_run(target, force=None, inputs=paths)
    with scan_progress() as progress:
        repaired = repair(experiment, progress, mend_checksums=mend_checksums)
    write_repair(repaired, target)
    show_summary(RepairView(repaired, target), summary_format, target, csv_safe=csv_safe)
    return finish_unreadable(repaired.unreadable_paths)
