"""What shells offer for names of runs and tags: those under the paths that stand in the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.errors import TbtoolsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

# Nobody looks through more, and shells ask before they show them.
_MOST = 1000


def complete_runs(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of runs that begin so."""
    return _beginning(_names(context, tags=False), incomplete)


def complete_tags(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Tags that begin so."""
    return _beginning(_names(context, tags=True), incomplete)


def _names(context: click.Context, *, tags: bool) -> Iterator[str]:
    from tbtools.runs.loading import load

    arguments = [each for each in context.command.params if each.param_type_name == "argument"]
    given = [context.params.get(each.name or "") for each in arguments]
    paths = [path for each in given if each for path in ([each] if isinstance(each, str) else each)]
    # Where the option that is being completed has no value yet, click leaves all words over.
    paths = paths or [each for each in context.args if not each.startswith("-")]
    try:
        experiment = load(paths, skip_unreadable=True)
        if not tags:
            yield from experiment
            return
        for run in experiment.each_run():
            yield from (each.tag for each in run.data.statistics())
    except TbtoolsError:  # a shell has no place for a message: it offers nothing
        return


def _beginning(names: Iterator[str], incomplete: str) -> list[str]:
    # A line break would be two names, and a shell may act on other control characters.
    fitting = (name for name in names if name.startswith(incomplete) and name.isprintable())
    return list(dict.fromkeys(fitting))[:_MOST]
