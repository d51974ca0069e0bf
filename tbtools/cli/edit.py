"""`tbtools edit`: logs with other names, other steps or fewer tags, and all else byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tbtools.cli.ending import finish
from tbtools.cli.options import engine_option, is_given, refuse_option
from tbtools.cli.outputs import Output, csv_safe_option
from tbtools.cli.parameters import FirstTime, LogPath
from tbtools.cli.selecting import selection_options
from tbtools.vocabulary import COLLISION_POLICIES, OUTPUT_FORMATS

if TYPE_CHECKING:
    from tbtools.cli.selecting import SelectionOptions

_CHANGING_NOTHING = frozenset(
    (
        *("paths", "target", "dry_run", "in_place", "backup", "summary_format", "csv_safe"),
        *("no_cache", "restarts", "on_collision", "engine"),
    )
)
_REPEATABLE = "Repeatable: one after the other."
# What people call it who come to drop something.
_SYNONYMS = {
    f"--{exclude}{what}": f"--{drop}{what}"
    for what in ("run", "tag", "plugin")
    for exclude, drop in (("", "keep-"), ("exclude-", "drop-"))
}


@click.command("edit")
@click.argument("paths", metavar="PATH...", nargs=-1, type=LogPath(readable=False))
@click.option(
    "--rename", multiple=True, metavar="s/RE/NEW/", help=f"Tags get other names. {_REPEATABLE}"
)
@click.option(
    "--map", "table", metavar="FILE.csv", type=LogPath(dir_okay=False, readable=False),
    help="Tags get the names in a table of two columns, old,new; before --rename.",
)  # fmt: skip
@click.option(
    "--rename-run", "rename_runs", multiple=True, metavar="s/RE/NEW/",
    help=f"Runs get other names, below DIR. {_REPEATABLE}",
)  # fmt: skip
@click.option(
    "--on-collision", type=click.Choice(COLLISION_POLICIES),
    help="What becomes of tags or runs that would get one name.  [default: refused]",
)  # fmt: skip
@click.option(
    "--split-by-tag", metavar="REGEX",
    help="Tags go to a run below their own, called like the group; the match is cut out.",
)  # fmt: skip
@click.option("--split-sessions", is_flag=True, help="Each writer session becomes a run.")
@click.option("--plugin", "plugins", metavar="GLOB", multiple=True, help="Only these plugins.")
@click.option(
    "--exclude-plugin", "exclude_plugins", metavar="GLOB", multiple=True, help="Not these plugins."
)
@click.option(
    "--unwrap-steps", is_flag=True,
    help="Counters go on where they began anew, or wrapped at 32 bits.",
)  # fmt: skip
@click.option("--scale-steps", metavar="F", default="1", help="Multiply steps: 4, 0.5 or 1/2048.")
@click.option("--shift-steps", metavar="N", type=int, default=0, help="Add N to steps.")
@click.option(
    "--concat", is_flag=True,
    help="Runs become one, each behind the one before; with --rename-run, those of one name.",
)  # fmt: skip
@click.option(
    "--set-wall-time", "first_wall_time", metavar="first=TIME", type=FirstTime(),
    help="Move all wall times so that the first event was then.",
)  # fmt: skip
@engine_option
@selection_options
@click.option("--dry-run", is_flag=True, help="Say what would become of the logs; write nothing.")
@click.option(
    "-o", "--output", "target", metavar="DIR", type=LogPath(readable=False),
    help="The log directory that is made.",
)  # fmt: skip
@click.option("--in-place", is_flag=True, help="Change the logs where they lie; needs --backup.")
@click.option(
    "--backup", metavar="DIR", type=LogPath(readable=False),
    help="With --in-place: the directory in which what was there is kept.",
)  # fmt: skip
@click.option(
    "--undo", metavar="DIR", type=LogPath(readable=False),
    help="Put back what --in-place --backup DIR has changed; without PATH.",
)  # fmt: skip
@click.option(
    "--format", "summary_format", type=click.Choice(OUTPUT_FORMATS), default="table",
    show_default=True, help="How to show what was done.",
)  # fmt: skip
@csv_safe_option
def command(
    paths: tuple[str, ...],
    selection: SelectionOptions,
    table: str | None,
    target: str | None,
    dry_run: bool,
    in_place: bool,
    backup: str | None,
    undo: str | None,
    summary_format: str,
    csv_safe: bool,
    engine: str | None,
    rename: tuple[str, ...],
    **wishes: Any,
) -> int:
    """Logs with other names, other steps or fewer tags, and all else byte for byte the same.

    First it is chosen what stays, by the names and steps that there are (--run, --tag, --plugin,
    --steps); then runs become several (--split-by-tag, --split-sessions), and tags and runs get
    their names (--map, --rename, --rename-run); then steps change
    (--unwrap-steps, --scale-steps, --concat, --shift-steps), and last wall times. Layouts of custom
    scalars, metrics of hyperparameters and the projector's config follow. Without --in-place
    nothing is changed where it lies; DIR must not be there yet.

    \b
    Examples:
      tbtools edit logs/ --exclude-tag 'debug/*' --rename 's/^/eval\\//' -o logs-edited
      tbtools edit logs/ --concat --rename-run 's/PPO_\\d+/PPO/' -o joined
      tbtools edit logs/ --split-by-tag '^(train|val)/' -o two-runs
      tbtools edit logs/ --exclude-plugin images --steps 1000: --dry-run
      tbtools edit logs/ --rename 's/^/eval\\//' --in-place --backup logs-before
      tbtools edit --undo logs-before
    """
    from tbtools.analysis.edit import edit
    from tbtools.analysis.edit.names import name_table
    from tbtools.render.edited import write_edit
    from tbtools.render.in_place import edit_in_place
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.render.terminal.edit import EditView
    from tbtools.render.terminal.progress import scan_progress
    from tbtools.render.write import require_free_run

    if undo is not None:
        return _undo(undo)
    _check(paths, target, backup, dry_run=dry_run, in_place=in_place)
    _refuse_without_effect(summary_format, selection.where)
    names: list[str | dict[str, str]] = [*([name_table(table)] if table else []), *rename]
    experiment = selection.load(paths, skip_unreadable=True, engine=engine)
    place = backup if in_place else target
    if place is not None:
        require_free_run(place, force=None, inputs=paths)
    with scan_progress() as progress:
        given = {name: value if value != () else None for name, value in wishes.items()}
        arguments: dict[str, Any] = {**given, **selection.arguments}
        plan = edit(experiment, progress, rename=names or None, **arguments)
    if in_place and backup is not None:
        edit_in_place(plan, backup)
    elif target is not None:
        write_edit(plan, target)
    view = EditView(plan, target, backup)
    Output(summary_format, None, force=False, csv_safe=csv_safe).write(view)
    return finish(Diagnostics([experiment], selection.selection, count_superseded=False))


def _undo(backup: str) -> int:
    """Puts back what was changed in place."""
    from tbtools.render.format import plural, printable
    from tbtools.render.in_place import undo

    context = click.get_current_context()
    for each in context.command.params:
        if each.name not in ("undo", None) and is_given(str(each.name)):
            raise click.UsageError("--undo DIR stands alone", context)
    count = undo(backup)
    click.echo(f"{printable(backup)}: {plural(count, 'file')} put back")
    return 0


def _check(
    paths: tuple[str, ...],
    target: str | None,
    backup: str | None,
    *,
    dry_run: bool,
    in_place: bool,
) -> None:
    """Refuses what does not say what is to be done, and where to.

    Raises:
        click.UsageError: It does not.
    """
    context = click.get_current_context()
    if not paths:
        raise click.UsageError("Missing argument 'PATH...'", context)
    if dry_run:
        for each in ("target", "in_place", "backup"):
            refuse_option(each, "with --dry-run")
    elif in_place:
        for each in ("target", "rename_runs", "concat", "split_by_tag", "split_sessions"):
            refuse_option(each, "with --in-place: files stay where they are")
        if backup is None:
            raise click.UsageError("--in-place needs --backup DIR", context)
    elif target is None:
        raise click.UsageError("say where to with -o DIR, or look at it with --dry-run", context)
    else:
        refuse_option("backup", "without --in-place")


def _refuse_without_effect(summary_format: str, where: str | None) -> None:
    """Refuses options that have no effect, and a command that would change nothing.

    Raises:
        click.UsageError: There is one.
    """
    context = click.get_current_context()
    if summary_format != "csv":
        refuse_option("csv_safe", "but on CSV")
    if where is None:
        refuse_option("restarts", "without --where: points that a restart has superseded stay")
    given = [each.name for each in context.command.params if each.name and is_given(each.name)]
    if not set(given) - _CHANGING_NOTHING:
        raise click.UsageError("nothing is to be changed: say what", context)


for _option in command.params:
    _option.opts += [_SYNONYMS[name] for name in _option.opts if name in _SYNONYMS]
