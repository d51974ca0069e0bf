"""`tbtools detect`: which runs went wrong, how, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.dry_run import dry_run_option, tell_cost
from tbtools.cli.ending import finish_verdict
from tbtools.cli.options import (
    engine_option,
    is_given,
    objective_option,
    paths_argument,
    refuse_option,
)
from tbtools.cli.outputs import output_options_with
from tbtools.cli.parameters import KindList
from tbtools.cli.selecting import selection_options
from tbtools.vocabulary import DEFAULT_LIMIT, FAILING_KINDS, SEVERITIES

if TYPE_CHECKING:
    from tbtools.cli.outputs import Output
    from tbtools.cli.selecting import SelectionOptions

_FOUND = 1


@click.command("detect")
@paths_argument
@click.option(
    "--fail-on",
    type=KindList(),
    default=",".join(FAILING_KINDS),
    show_default=True,
    help="Exit with 1 on a finding of these kinds that is more than an info; none for never.",
)
@click.option(
    "--kind",
    "kinds",
    type=KindList(none=False),
    default="",
    show_default=False,
    help="Show only findings of these kinds; --fail-on is judged by all.",
)
@click.option(
    "--severity",
    type=click.Choice(SEVERITIES),
    default="info",
    show_default=True,
    help="Show only findings that are at least so severe.",
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=DEFAULT_LIMIT,
    show_default=True,
    metavar="N",
    help="Show at most N lines of findings; 0 for all. Of a table only.",
)
@objective_option
@dry_run_option
@engine_option
@selection_options
@output_options_with("markdown", "latex", "junit", "sarif")
def command(
    paths: tuple[str, ...],
    fail_on: tuple[str, ...],
    kinds: tuple[str, ...],
    severity: str,
    limit: int,
    objectives: tuple[str, ...],
    dry_run: bool,
    engine: str | None,
    selection: SelectionOptions,
    output: Output,
) -> int:
    """Which runs went wrong, how, and since when.

    Finds divergence, values that are not finite, explosions, collapses, plateaus, overfitting,
    spikes and stalls, and what is wrong with speed, learning rate, gradients and loss scale; each
    with the step at which it began and the last good one. What may still recover is a warning, on
    which --fail-on does not fail. What four runs or more have in common is one line; where runs
    with errors and such without have different hyperparameters, that is told. What was not judged
    is counted, with the reason. A tbtools.toml in the log directory or above it is followed. The
    exit status is 2 where a PATH, or a file below it, could not be read, whatever was found in the
    others.

    \b
    Examples:
      tbtools detect logs/
      tbtools detect logs/ --fail-on divergence,nonfinite,plateau || scancel $JOB
      tbtools detect logs/ --severity error --kind divergence
      tbtools detect logs/ --objective 'score/*=min' --format json
      tbtools detect logs/ --format junit -o findings.xml
    """
    from tbtools.analysis.configuration import configuration_of
    from tbtools.analysis.failures import failures_of
    from tbtools.analysis.judgement import judge
    from tbtools.analysis.objective import parse_objectives
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.findings import JudgementView
    from tbtools.render.terminal.progress import judging_progress, scan_progress
    from tbtools.runs.inputs import open_inputs

    output.check()
    if output.chosen_format != "table":
        refuse_option("limit", "but on a table")
    directions = parse_objectives(objectives)
    experiment = selection.load(paths, skip_unreadable=True, engine=engine)
    if dry_run:
        return tell_cost(experiment)
    configuration = configuration_of(open_inputs(experiment))
    asked = (*kinds, *(fail_on if is_given("fail_on") else ()))
    with scan_progress() as progress, judging_progress() as judging:
        judgement = judge(
            experiment,
            selection.selection,
            objectives=directions,
            configuration=configuration.reporting(asked),
            progress=progress,
            judging=judging,
        )
    diagnostics = Diagnostics([experiment], selection.selection)
    if configuration.limit is not None and not is_given("limit"):
        limit = configuration.limit
    output.write(
        JudgementView(
            judgement,
            diagnostics,
            fail_on=fail_on,
            failures=failures_of(experiment, judgement, experiment.all_runs),
            kinds=kinds,
            severities=SEVERITIES[: SEVERITIES.index(severity) + 1],
            limit=limit,
        )
    )
    return finish_verdict(diagnostics, _FOUND if judgement.fails(fail_on) else 0)
