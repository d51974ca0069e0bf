"""`tbtools smooth`: smoothed runs beside the raw ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tbtools.cli.ending import finish
from tbtools.cli.options import axis_option, method_option, paths_argument, refuse_option
from tbtools.cli.selecting import selection_options
from tbtools.cli.target import check_target, is_csv, show_summary, target_options

if TYPE_CHECKING:
    from tbtools.cli.selecting import SelectionOptions


@click.command("smooth")
@paths_argument
@click.option(
    "--smoothing",
    "--weight",
    "weight",
    type=float,
    default=0.6,
    show_default=True,
    help="TensorBoard's slider, 0 to below 1; as much smoothing in every method.",
)
@method_option("How.")
@click.option(
    "--window", type=float, metavar="POINTS", help="Width of the window, instead of a weight."
)
@axis_option("--x", "--by", "by", help="Along what time_weighted_ema measures distances")
@selection_options
@target_options("DIR|FILE", "A log directory; or a table: .csv, .jsonl, .parquet, .xlsx, ...")
def command(
    paths: tuple[str, ...],
    weight: float,
    method: Any,
    window: float | None,
    by: str,
    selection: SelectionOptions,
    target: str,
    force: bool,
    summary_format: str,
    csv_safe: bool,
) -> int:
    """Smoothed scalars, which TensorBoard shows beside the raw ones.

    NaN and infinities stay where they are. ema is TensorBoard's own smoothing, time_weighted_ema
    that of W&B.

    \b
    Examples:
      tbtools smooth logs/ -o logs-smoothed --smoothing 0.9
      tbtools smooth logs/ -o smoothed.parquet --method savgol --window 51
      tbtools smooth logs/ -o logs-median --method median --tag 'loss/*'
    """
    from tbtools.analysis.smooth import Smoothing
    from tbtools.render.smoothed import write_smoothed
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.progress import scan_progress
    from tbtools.render.terminal.smoothed import SmoothedView

    check_target(target, summary_format)
    if method != "time_weighted_ema":
        refuse_option("by", f"on {method}: only time_weighted_ema measures distances")
    if window is not None:
        refuse_option("weight", "with --window")
    smoothing = Smoothing(method, weight, window, by)
    experiment = selection.load(paths, skip_unreadable=True)
    with scan_progress() as progress:
        written = write_smoothed(
            experiment,
            target,
            smoothing,
            force=force,
            csv_safe=csv_safe and (target == "-" or is_csv(target)),
            inputs=paths,
            progress=progress,
            **selection.arguments,
        )
    diagnostics = Diagnostics([experiment], selection.selection)
    show_summary(
        SmoothedView(written, smoothing, target, diagnostics),
        summary_format,
        target,
        csv_safe=csv_safe,
    )
    return finish(diagnostics)
