"""`tbtools verify`: whether event files are sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.ending import TROUBLE, print_unreadable
from tbtools.cli.options import paths_argument, refuse_option
from tbtools.cli.outputs import output_options

if TYPE_CHECKING:
    from tbtools.cli.outputs import Output

_DAMAGED = 1


@click.command("verify")
@paths_argument
@click.option("--all", "show_all", is_flag=True, help="List the sound files too.")
@click.option("--strict", is_flag=True, help="Also decode every event with protobuf.")
@output_options
def command(paths: tuple[str, ...], show_all: bool, strict: bool, output: Output) -> int:
    """Whether event files are sound, and where not.

    Checks the frame and both checksums of every record, and that it is an event by its outermost
    fields. With --strict, protobuf must be able to decode all of it. Neither decodes pictures,
    sounds, tensors or what else plugins hold, nor judges values. The exit status is 0 if all files
    are sound, 1 if one is damaged or cut off, 2 if one cannot be read or a PATH has no event file.

    \b
    Examples:
      tbtools verify logs/
      tbtools verify logs/ --strict
      tbtools verify logs/ --format json | jq '.files[] | select(.status != "sound")'
    """
    from tbtools.analysis.verify import verify
    from tbtools.render.terminal.progress import scan_progress
    from tbtools.render.terminal.verification import VerificationView
    from tbtools.runs.loading import load

    output.check()
    if output.chosen_format != "table":
        refuse_option("show_all", "on JSON and CSV, which have all files")
    with scan_progress() as progress:
        verification = verify(load(paths, skip_unreadable=True), progress, strict=strict)
    output.write(VerificationView(verification, show_all=show_all))
    print_unreadable(verification.unreadable_paths)
    if verification.unreadable_paths or not verification.readable:
        return TROUBLE
    return 0 if verification.sound else _DAMAGED
