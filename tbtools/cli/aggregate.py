"""`tbtools aggregate`: curves of repeated runs as one curve with its spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tbtools.cli.completion import complete_tags
from tbtools.cli.ending import finish, require_all_paths
from tbtools.cli.options import (
    axis_option,
    engine_option,
    group_option,
    objective_option,
    paths_argument,
    refuse_option,
)
from tbtools.cli.parameters import Alignment, LeastRuns, Place
from tbtools.cli.selecting import selection_options
from tbtools.cli.target import check_target, is_csv, show_summary, target_options
from tbtools.vocabulary import DEFAULT_STATISTICS, NONFINITE_POLICIES, REPEATED_POLICIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tbtools.cli.selecting import SelectionOptions
    from tbtools.runs.experiment import Experiment


@click.command("aggregate")
@paths_argument
@group_option("Which runs repeat one another; all of them without")
@click.option(
    "--statistics",
    metavar="NAMES",
    default=",".join(DEFAULT_STATISTICS),
    show_default=True,
    help="With commas between; also var, sum, q25 and other quantiles, mean_ci, median_ci, iqm_ci.",
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
    "--repeated",
    type=click.Choice(REPEATED_POLICIES),
    default="last",
    show_default=True,
    help="What counts of several points of a run at one place.",
)
@click.option(
    "--min-runs",
    type=LeastRuns(),
    help="Leave out points of fewer runs; all: those that a run with the tag lacks.",
)
@click.option(
    "--strict", is_flag=True, help="Refuse groups whose runs differ in tags or in their steps."
)
@click.option(
    "--at",
    type=Place(),
    help="Compare groups by one number a run, in place of curves: intervals, probability of "
    "improvement; the file has performance profiles.",
)
@click.option(
    "--by",
    metavar="TAG",
    shell_complete=complete_tags,
    help="With --at: the tag.  [default: that of `tbtools best`]",
)
@group_option("With --at: which runs were measured on the same task", "--tasks")
@click.option(
    "--target",
    "goal",
    type=float,
    metavar="SCORE",
    help="With --at: what is good enough; the optimality gap is how far runs stay behind it.",
)
@objective_option
@engine_option
@selection_options
@target_options("DIR|FILE", "A log directory, one run a statistic; or .csv, .parquet, ...")
def command(
    paths: tuple[str, ...],
    groups: tuple[str, ...],
    statistics: str,
    align: Any,
    x: str,
    nonfinite: Any,
    repeated: Any,
    min_runs: Any,
    strict: bool,
    at: str | None,
    by: str | None,
    tasks: tuple[str, ...],
    goal: float | None,
    objectives: tuple[str, ...],
    engine: str | None,
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
      tbtools aggregate logs/ --group hparam:algo --tasks hparam:env --at end -o profiles.csv
    """
    from tbtools.render.format import printable
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.progress import scan_progress
    from tbtools.render.write import require_free_target, require_table, write

    how = {"x": x, "align": align, "nonfinite": nonfinite, "repeated": repeated}
    how |= {"min_runs": min_runs, "strict": strict}
    of_curves, of_scores = ("statistics", *how), ("by", "tasks")
    for option in of_curves if at is not None else (*of_scores, "goal", "objectives"):
        refuse_option(option, "with --at" if at is not None else "without --at")
    if at is not None:
        require_table(target)
    check_target(target, summary_format)
    experiment = selection.load(paths, groups=(*groups, *tasks), engine=engine)
    require_free_target(target, force=force, inputs=paths)
    diagnostics = Diagnostics([experiment], selection.selection)
    if engine is None:
        with scan_progress() as progress:
            experiment.scan(progress)
        require_all_paths(diagnostics)
    arguments = {"group": groups or None, **selection.arguments}
    if at is None:
        names = [name.strip() for name in statistics.split(",")]
        result, view = _curves(experiment, statistics=names, **how, **arguments)
    else:
        options = {"by": by, "at": at, "tasks": tasks or None, "target": goal}
        result, view = _scores(experiment, objectives, **options, **arguments)
    require_all_paths(diagnostics)
    write(
        result,
        target,
        force=force,
        csv_safe=csv_safe and (target == "-" or is_csv(target)),
        inputs=paths,
    )
    shown = view(result, target, diagnostics)
    show_summary(shown, summary_format, target, csv_safe=csv_safe)
    for name, why in result.unlike.items():
        text = f"{name}: may not be repeats of one run (--group): {why}"
        click.echo(printable(text), err=True)
    return finish(diagnostics)


def _curves(experiment: Experiment, **options: Any) -> tuple[Any, Any]:
    from tbtools.analysis.aggregate import aggregate
    from tbtools.render.terminal.aggregate import AggregateView
    from tbtools.render.terminal.progress import aggregating_progress

    with aggregating_progress() as progress:
        return aggregate(experiment, progress=progress, **options), AggregateView


def _scores(experiment: Experiment, objectives: Sequence[str], **options: Any) -> tuple[Any, Any]:
    from tbtools.analysis.objective import parse_objectives
    from tbtools.analysis.scores import compare_scores
    from tbtools.render.terminal.scores import ScoresView

    directions = parse_objectives(objectives)
    return compare_scores(experiment, objectives=directions, **options), ScoresView
