"""`tbtools export`: everything, for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tbtools.cli.ending import TROUBLE, finish
from tbtools.cli.options import (
    axis_option,
    engine_option,
    method_option,
    paths_argument,
    refuse_option,
)
from tbtools.cli.outputs import csv_safe_option
from tbtools.cli.parameters import LogPath
from tbtools.cli.selecting import selection_options
from tbtools.runs.plugins.table import export_kinds
from tbtools.vocabulary import PAGE_FORMATS, TABLE_FORMATS

if TYPE_CHECKING:
    from tbtools.cli.selecting import SelectionOptions


@click.command("export")
@paths_argument
@click.option(
    "--data",
    type=click.Choice(export_kinds()),
    default="scalars",
    show_default=True,
    help="Tables, or a directory of files: images, audio, text, tensors, meshes, graphs.",
)
@click.option("--wide", is_flag=True, help="One column a tag instead of one row a point.")
@axis_option("--x", help="An axis as a column of its own")
@click.option(
    "--smoothing",
    type=click.FloatRange(0, 1, max_open=True),
    metavar="W",
    help="A column of smoothed values beside the raw ones, by TensorBoard's weight.",
)
@method_option("How it smooths; time_weighted_ema measures along --x.")
@click.option(
    "--format",
    "format",
    type=click.Choice(tuple(dict.fromkeys((*TABLE_FORMATS, *PAGE_FORMATS)))),
    help="Of a table; table, markdown and latex are for hparams.  [default: by the ending; "
    "csv for -]",
)
@engine_option
@selection_options
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE|DIR",
    required=True,
    type=LogPath(readable=False),
    help="Where to; - is standard output.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@csv_safe_option
def command(
    paths: tuple[str, ...],
    data: Any,
    wide: bool,
    x: str,
    smoothing: float | None,
    method: Any,
    format: str | None,  # noqa: A002 - the option's name
    engine: str | None,
    selection: SelectionOptions,
    target: str,
    force: bool,
    csv_safe: bool,
) -> int:
    """Every point of all runs and tags as one table, or as files.

    Nothing is thinned. With --engine it is a directory of Parquet files, to which the next call
    adds what is new. Tables are long (run, tag, step, wall_time, value) or wide. Pictures, sounds
    and texts become files as they were stored. Memory does not grow with the number of runs. The
    exit status is 2 where something could not be decoded or a PATH could not be read.

    \b
    Examples:
      tbtools export logs/ -o scalars.parquet
      tbtools export logs/ -o - --tag 'val/*' | mlr --icsv --opprint head
      tbtools export logs/ -o curves.csv --tag val/loss --x relative --smoothing 0.9
      tbtools export logs/ -o hparams.csv --data hparams
      tbtools export logs/ -o hparams.tex --data hparams
      tbtools export logs/ -o pictures --data images --run baseline
      tbtools export logs/ -o samples.gif --data images --tag 'samples*'
    """
    from tbtools.render.export import export
    from tbtools.render.output import print_totals
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.export import export_totals, lines_not_written
    from tbtools.render.terminal.progress import scan_progress

    if target == "-":
        refuse_option("force", "with -o -")
    if data != "scalars":
        refuse_option("engine", "but on scalars")
    if smoothing is None:
        refuse_option("method", "without --smoothing")
    if x in ("step", "wall") and method != "time_weighted_ema":
        refuse_option("x", f"with {x}: step and wall_time are columns anyway")
    experiment = selection.load(paths, fold=data == "hparams", skip_unreadable=True, engine=engine)
    with scan_progress() as progress:
        exported = export(
            experiment,
            target,
            data,
            wide=wide,
            x=x,
            smoothing=smoothing,
            method=method,
            format=format,
            force=force,
            csv_safe=csv_safe,
            progress=progress,
            **selection.arguments,
        )
    print_totals(export_totals(exported), target)
    for line in lines_not_written(exported):
        click.echo(line, err=True)
    diagnostics = Diagnostics([experiment], selection.selection)
    return finish(diagnostics, TROUBLE if exported.undecodable else 0)
