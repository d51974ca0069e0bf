"""`tbtools detect`: which runs went wrong, how, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.ending import finish_verdict
from tbtools.cli.options import (
    objective_option,
    output_options_with,
    paths_argument,
    selection_options,
)
from tbtools.cli.parameters import KindList
from tbtools.vocabulary import FAILING_KINDS

if TYPE_CHECKING:
    from tbtools.cli.options import Output, SelectionOptions

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
@objective_option
@selection_options
@output_options_with("junit")
def command(
    paths: tuple[str, ...],
    fail_on: tuple[str, ...],
    objectives: tuple[str, ...],
    selection: SelectionOptions,
    output: Output,
) -> int:
    """Which runs went wrong, how, and since when.

    Finds divergence, values that are not finite, explosions, collapses, plateaus, overfitting,
    spikes and stalls; each with the step at which it began and the last good one. What may still
    recover is a warning, on which --fail-on does not fail. What was not judged is counted, with
    the reason. The exit status is 2 where a PATH, or a file below it, could not be read, whatever
    was found in the others.

    \b
    Examples:
      tbtools detect logs/
      tbtools detect logs/ --fail-on divergence,nonfinite,plateau || scancel $JOB
      tbtools detect logs/ --objective 'score/*=min' --format json
      tbtools detect logs/ --format junit -o findings.xml
    """
    from tbtools.analysis.judgement import judge
    from tbtools.analysis.objective import parse_objectives
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.findings import JudgementView
    from tbtools.render.terminal.progress import judging_progress, scan_progress

    output.check()
    directions = parse_objectives(objectives)
    experiment = selection.load(paths, skip_unreadable=True)
    with scan_progress() as progress, judging_progress() as judging:
        judgement = judge(
            experiment,
            selection.selection,
            objectives=directions,
            progress=progress,
            judging=judging,
        )
    diagnostics = Diagnostics([experiment], selection.selection)
    output.write(JudgementView(judgement, diagnostics, fail_on=fail_on))
    return finish_verdict(diagnostics, _FOUND if judgement.fails(fail_on) else 0)
