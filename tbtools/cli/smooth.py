"""`tbtools smooth`: smoothed runs beside the raw ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tbtools.cli.options import paths_argument, selection_options
from tbtools.cli.target import readers_may_leave, say, target_options

if TYPE_CHECKING:
    from tbtools.cli.options import SelectionOptions
    from tbtools.render.smoothed import SmoothedRun

# As tbtools.analysis.smoothers has them; that module imports NumPy, which help needs not.
METHODS = ("ema", "time_weighted_ema", "gaussian", "median", "rolling", "savgol")


@click.command("smooth")
@paths_argument
@click.option(
    "--weight",
    type=float,
    default=0.6,
    show_default=True,
    help="TensorBoard's slider, 0 to below 1; as much smoothing in every method.",
)
@click.option("--method", type=click.Choice(METHODS), default="ema", show_default=True, help="How.")
@click.option(
    "--window", type=float, metavar="POINTS", help="Width of the window, instead of a weight."
)
@click.option(
    "--by",
    metavar="AXIS",
    default="step",
    show_default=True,
    help="Along what time_weighted_ema measures distances: step, wall_time, relative_time, or the "
    "tag of another scalar.",
)
@selection_options
@target_options("DIR|FILE", "A log directory; or a table: .csv, .jsonl, .parquet, .feather.")
def command(
    paths: tuple[str, ...],
    weight: float,
    method: Any,
    window: float | None,
    by: str,
    selection: SelectionOptions,
    target: str,
    force: bool,
    said: str,
) -> int:
    """Smoothed scalars, which TensorBoard shows beside the raw ones.

    NaN and infinities stay where they are. ema is TensorBoard's own smoothing, time_weighted_ema
    that of W&B.

    \b
    Examples:
      tbtools smooth logs/ -o logs-smoothed --weight 0.9
      tbtools smooth logs/ -o smoothed.parquet --method savgol --window 51
      tbtools smooth logs/ -o logs-median --method median --tag 'loss/*'
    """
    from tbtools.analysis.smooth import Smoothing
    from tbtools.render.smoothed import write_smoothed
    from tbtools.render.terminal.progress import scan_progress
    from tbtools.render.terminal.smoothed import SmoothedView

    smoothing = Smoothing(method, weight, window, by)
    written: list[SmoothedRun] = []
    with readers_may_leave(), scan_progress() as progress:
        written = write_smoothed(
            selection.load(paths),
            target,
            smoothing,
            tags=selection.tags,
            steps=selection.steps,
            force=force,
            inputs=paths,
            progress=progress,
        )
    say(SmoothedView(written, smoothing, target), said, target)
    return 0
