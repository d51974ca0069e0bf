"""`tbtools aggregate`: curves of repeated runs as one curve with its spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tbtools.cli.ending import finish, require_all_paths
from tbtools.cli.options import (
    axis_option,
    paths_argument,
    selection_options,
)
from tbtools.cli.parameters import Alignment
from tbtools.cli.target import check_target, show_summary, target_options
from tbtools.vocabulary import DEFAULT_STATISTICS, NONFINITE_POLICIES

if TYPE_CHECKING:
    from tbtools.cli.options import SelectionOptions


@click.command("aggregate")
@paths_argument
@click.option(
    "--group",
    "groups",
    metavar="PATTERN",
    multiple=True,
    help="Which runs repeat one another: a glob a group, one regular expression with names, "
    "(?P<lr>...), or hparam:NAME,NAME. All of them without.",
)
@click.option(
    "--statistics",
    metavar="NAMES",
    default=",".join(DEFAULT_STATISTICS),
    show_default=True,
    help="With commas between; also q25 and other quantiles, mean_ci, median_ci, iqm_ci.",
)
@click.option(
    "--align",
    type=Alignment(),
    help="How different steps come together: at points that exist, on lines between them, or on "
    "a grid.  [default: exact for steps, else interpolate]",
)
@axis_option("--x", help="Along what runs are brought together")
@click.option(
    "--nonfinite",
    type=click.Choice(NONFINITE_POLICIES),
    default="poison",
    show_default=True,
    help="What NaN and infinities do.",
)
@click.option(
    "--min-runs", type=click.IntRange(1), metavar="N", help="Leave out points of fewer runs."
)
@selection_options
@target_options("DIR|FILE", "A log directory, one run a statistic; or .csv, .parquet, ...")
def command(
    paths: tuple[str, ...],
    groups: tuple[str, ...],
    statistics: str,
    align: Any,
    x: str,
    nonfinite: Any,
    min_runs: int | None,
    selection: SelectionOptions,
    target: str,
    force: bool,
    summary_format: str,
    csv_safe: bool,
) -> int:
    """Curves of repeated runs, such as seeds, as one with its spread.

    No run counts beyond its ends. How many runs are behind each point is a column, and listed where
    it changes. All PATHs must be readable.

    \b
    Examples:
      tbtools aggregate logs/ -o logs-mean
      tbtools aggregate logs/ --group 'lr=(?P<lr>[^_]+)' -o by-lr.csv
      tbtools aggregate logs/ --group 'ppo_*' --group 'sac_*' --statistics iqm,iqm_ci -o out
      tbtools aggregate logs/ --x tokens_seen --align 1e6 -o by-tokens.parquet
    """
    from tbtools.analysis.aggregate import aggregate
    from tbtools.render.terminal.aggregate import AggregateView
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.progress import aggregating_progress, scan_progress
    from tbtools.render.write import require_free_target, write

    check_target(target, summary_format)
    # Hyperparameters that were written by add_hparams lie in a directory of their own.
    experiment = selection.load(paths, fold=any(each.startswith("hparam:") for each in groups))
    require_free_target(target, force=force, inputs=paths)
    with scan_progress() as progress:
        experiment.scan(progress)
    diagnostics = Diagnostics([experiment], selection.selection)
    require_all_paths(diagnostics)
    with aggregating_progress() as aggregating:
        result = aggregate(
            experiment,
            group=groups or None,
            x=x,
            align=align,
            statistics=[name.strip() for name in statistics.split(",")],
            nonfinite=nonfinite,
            min_runs=min_runs,
            progress=aggregating,
            **selection.arguments,
        )
    write(
        result,
        target,
        force=force,
        csv_safe=csv_safe and target.lower().endswith((".csv", "-")),
        inputs=paths,
    )
    show_summary(
        AggregateView(result, target, diagnostics), summary_format, target, csv_safe=csv_safe
    )
    return finish(diagnostics)
