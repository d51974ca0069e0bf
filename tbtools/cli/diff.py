"""`tbtools diff`: how runs differ, since when, and whether it is more than noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.ending import TROUBLE, finish_verdict, require_all_paths
from tbtools.cli.options import (
    axis_option,
    engine_option,
    group_option,
    objective_option,
    refuse_option,
)
from tbtools.cli.outputs import output_options_with
from tbtools.cli.parameters import LogPath
from tbtools.cli.selecting import selection_options

if TYPE_CHECKING:
    from tbtools.cli.outputs import Output
    from tbtools.cli.selecting import SelectionOptions

_DIFFERENT = 1


@click.command("diff")
@click.argument("a", type=LogPath(readable=False))
@click.argument("b", type=LogPath(readable=False), required=False)
@click.option("--baseline", metavar="RUN", help="Compare all other runs (or groups) with this one.")
@group_option("Compare groups of runs that repeat one another")
@click.option(
    "--against",
    metavar="PATH",
    type=LogPath(readable=False),
    help="Judge the runs in A by the accepted runs there, three at least: a log directory, or a "
    "glob in quotes, such as 'accepted/seed*'. The status is 1 if one is unlike them.",
)
@axis_option("--x", help="Along what ends, areas and verdicts are compared")
@click.option(
    "--rtol", type=click.FloatRange(0), default=0.0, help="Relative tolerance.  [default: 0]"
)
@click.option(
    "--atol", type=click.FloatRange(0), default=0.0, help="Absolute tolerance.  [default: 0]"
)
@objective_option
@click.option(
    "--fail-on",
    "limits",
    metavar="LIMIT",
    multiple=True,
    help="Exit with 1 if, and only if, b breaks a limit: TAG>+2% of the change of the level at the "
    "end, best(TAG)>1.9 of b; also end(TAG), final(TAG), at(STEP, TAG). Repeatable.",
)
@click.option(
    "--report",
    "page",
    metavar="FILE",
    type=LogPath(dir_okay=False, readable=False),
    help="Also write a page with the curves and their differences, as `tbtools report` does; with "
    "--against a picture of curves and bands, FILE.svg.",
)
@engine_option
@selection_options
@output_options_with("markdown", "latex", "junit", "sarif")
def command(
    a: str,
    b: str | None,
    baseline: str | None,
    groups: tuple[str, ...],
    against: str | None,
    x: str,
    rtol: float,
    atol: float,
    objectives: tuple[str, ...],
    limits: tuple[str, ...],
    page: str | None,
    engine: str | None,
    selection: SelectionOptions,
    output: Output,
) -> int:
    """How runs differ, since when, and whether it is more than noise.

    A and B are runs, event files, or log directories, whose runs are matched by name. The exit
    status is 0 if they are the same, 1 if not, 2 in trouble; with --fail-on it is 1 only where a
    limit is broken. With --against the band of each tag is learned from accepted runs, and the
    answer is since which step A is outside.

    \b
    Examples:
      tbtools diff logs/monday logs/tuesday
      tbtools diff logs/ --baseline baseline --tag 'val/*'
      tbtools diff logs/ --group 'adam_*' --group 'sgd_*'
      tbtools diff logs/small logs/large --x tokens_seen
      tbtools diff logs/monday logs/tuesday --report diff.html
      tbtools diff main/ pr/ --fail-on 'val/loss>+2%' --format markdown
      tbtools diff logs/pr --against 'logs/main-seed*' --format junit -o diff.xml
    """
    from tbtools.analysis.diff import diff, parse_limits, violations
    from tbtools.analysis.objective import parse_objectives
    from tbtools.render.files import require_free
    from tbtools.render.output import output_format
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.diff import DiffView, lines_not_compared
    from tbtools.render.terminal.progress import (
        building_progress,
        judging_progress,
        scan_progress,
    )

    if against is not None:
        return _against(a, b, against, objectives, page, engine, selection, output)
    if b is None and baseline is None and not groups:
        raise click.UsageError(
            f"{a} is to be compared with what? Name a second PATH, one of its runs (--baseline), "
            "groups of them (--group), or accepted runs (--against)"
        )
    refuse_option("engine", "without --against")
    if output.path is not None and output.path.lower().endswith((".html", ".htm")):
        raise click.UsageError(f"-o {output.path} is no page; --report {output.path} makes one")
    if output.chosen_format in ("junit", "sarif"):
        raise click.UsageError(f"--format {output.chosen_format} is of --against")
    output.check()
    if page is not None:
        output_format(page, None, ["html"])
        require_free(page, force=output.force)
    bounds = parse_limits(limits)
    directions = parse_objectives(objectives)
    together = groups or b is None
    paths = [a] if b is None else [a, b]
    first = selection.load(paths if together else [a], groups=groups)
    second = None if together else selection.load([b or ""])
    with scan_progress() as progress:
        result = diff(
            first,
            second,
            baseline=baseline,
            group=groups or None,
            x=x,
            rtol=rtol,
            atol=atol,
            objectives=directions,
            at_steps={limit.step for limit in bounds if limit.step is not None},
            progress=progress,
            **selection.arguments,
        )
    experiments = [first] if second is None else [first, second]
    diagnostics = Diagnostics(experiments, selection.selection)
    require_all_paths(diagnostics)
    broken = violations(result, bounds)
    if page is not None:
        from tbtools.render.report import diff_report

        with judging_progress() as judging, building_progress() as building:
            diff_report(
                result,
                first,
                second,
                page,
                objectives=directions,
                group=groups or None,
                force=output.force,
                judging=judging,
                building=building,
                **selection.arguments,
            )
    output.write(DiffView(result, broken if limits else None, diagnostics))
    different = bool(broken) if limits else not result.identical
    for line in lines_not_compared(result):
        click.echo(line, err=True)
    verdict = _DIFFERENT if different else 0
    return finish_verdict(diagnostics, verdict if result.compared_all else TROUBLE)


def _against(
    path: str,
    other: str | None,
    against: str,
    objectives: tuple[str, ...],
    picture: str | None,
    engine: str | None,
    selection: SelectionOptions,
    output: Output,
) -> int:
    """Judges runs by accepted ones."""
    from tbtools.analysis.diff import diff_against
    from tbtools.analysis.objective import parse_objectives
    from tbtools.render.files import require_free
    from tbtools.render.terminal.against import RegressionView, write_picture
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.progress import scan_progress

    if other is not None:
        raise click.UsageError(f"--against says what A is compared with: leave out {other}")
    for name in ("baseline", "groups", "x", "rtol", "atol", "limits"):
        refuse_option(name, "with --against")
    output.check()
    if picture is not None:
        if not picture.lower().endswith(".svg"):
            raise click.UsageError(f"--report {picture}: with --against it is a picture, FILE.svg")
        require_free(picture, force=output.force)
    directions = parse_objectives(objectives)
    runs, accepted = selection.load_with_accepted(path, against, engine)
    with scan_progress() as progress:
        result = diff_against(
            runs, accepted, objectives=directions, progress=progress, **selection.arguments
        )
    diagnostics = Diagnostics([runs, accepted], selection.selection)
    require_all_paths(diagnostics)
    if picture is not None:
        write_picture(result, picture, force=output.force)
    output.write(RegressionView(result, runs, picture))
    verdict = 0 if result.is_normal else _DIFFERENT
    return finish_verdict(diagnostics, verdict if result.is_judged else TROUBLE)
