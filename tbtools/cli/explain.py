"""`tbtools explain`: everything known about one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.ending import TROUBLE, finish
from tbtools.cli.options import is_given, objective_option, refuse_option
from tbtools.cli.outputs import output_options_with
from tbtools.cli.parameters import LogPath
from tbtools.cli.selecting import selection_options

if TYPE_CHECKING:
    from tbtools.cli.outputs import Output
    from tbtools.cli.selecting import SelectionOptions


@click.command("explain")
@click.argument("place", metavar="PATH", type=LogPath(readable=False))
@click.argument("more_tags", metavar="[TAG]...", nargs=-1)
@click.option(
    "--budget",
    type=click.IntRange(1),
    metavar="N",
    help="Leave out what tells least, so that there are at most N characters; it is said what.",
)
@objective_option
@selection_options
@output_options_with("markdown")
def command(
    place: str,
    more_tags: tuple[str, ...],
    budget: int | None,
    objectives: tuple[str, ...],
    selection: SelectionOptions,
    output: Output,
) -> int:
    """Everything known about one run, on a page.

    Findings with their evidence, hyperparameters against those of the other runs, curves in a few
    points that keep extremes, what was not checked, damage and superseded points; each number with
    its step and file, so that it can be checked.

    PATH is the run, and the runs in the directories beside it are the others; or it is a log
    directory, and --run names the run in it. TAGs restrict findings and curves, as --tag does.

    \b
    Examples:
      tbtools explain logs/baseline
      tbtools explain logs/ --run baseline 'loss/*'
      tbtools explain logs/baseline --format json --budget 8000
      tbtools explain logs/baseline -o baseline.md
    """
    from tbtools.analysis.beside import load_with_siblings, named_run
    from tbtools.analysis.explain import explain_run
    from tbtools.analysis.objective import parse_objectives
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.explanation import ExplanationView
    from tbtools.render.terminal.progress import judging_progress, scan_progress
    from tbtools.runs.inputs import open_inputs

    output.check()
    if output.chosen_format == "csv":
        refuse_option("budget", "on CSV")
    directions = parse_objectives(objectives)
    selection = selection._replace(tags=(*selection.tags, *more_tags))
    every = selection._replace(runs=())
    experiment = load_with_siblings(place, lambda paths: every.load(paths, skip_unreadable=True))
    inputs = open_inputs(experiment)
    name = named_run(inputs, selection.runs if is_given("runs") else None)
    with scan_progress() as progress, judging_progress() as judging:
        explanation = explain_run(
            inputs, name, selection.selection, directions, progress=progress, judging=judging
        )
    view = ExplanationView(explanation)
    if budget is not None:
        view = view.shortened(budget, output.chosen_format)
    output.write(view)
    diagnostics = Diagnostics([experiment], selection.selection)
    finish(diagnostics)
    # The other runs were not named: what of them could not be read is told, and no trouble.
    is_read = place not in diagnostics.unreadable_paths() and explanation.status != "unreadable"
    return 0 if is_read else TROUBLE
