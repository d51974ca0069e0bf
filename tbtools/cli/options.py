"""Options that mean the same in every command, and how an option is asked for and refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from tbtools.cli.parameters import AxisName, LogPath
from tbtools.vocabulary import AXES, SMOOTHING_METHODS

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = TypeVar("Command", bound=Callable[..., Any])


def is_given(parameter: str) -> bool:
    """Whether an option of the command that is being run was given, rather than left to default."""
    context = click.get_current_context()
    source = context.get_parameter_source(parameter)
    # To click before 8.3, no argument at all of any number is one that was given.
    return source is click.core.ParameterSource.COMMANDLINE and context.params.get(parameter) != ()


def refuse_option(parameter: str, reason: str) -> None:
    """Refuses an option that would have no effect, where it was given.

    Args:
        parameter: The name of the option's parameter.
        reason: Completes "--option has no effect ...".

    Raises:
        click.UsageError: It was given.
    """
    if not is_given(parameter):
        return
    context = click.get_current_context()
    option = next(each for each in context.command.params if each.name == parameter)
    name = next((each for each in option.opts if each.startswith("--")), option.opts[0])
    raise click.UsageError(f"{name} has no effect {reason}", context)


def paths_argument(command: Command) -> Command:
    """One or several PATHs."""
    return click.argument(
        "paths", metavar="PATH...", nargs=-1, required=True, type=LogPath(readable=False)
    )(command)


def axis_option(*names: str, help: str, tags: bool = True) -> Callable[[Command], Command]:  # noqa: A002
    """An option that names an axis.

    Args:
        names: Those of the option and its parameter.
        help: What it is for.
        tags: Whether it may be the tag of another scalar.
    """
    what = f"{', '.join(AXES)}, or the tag of another scalar" if tags else ", ".join(AXES)
    return click.option(
        *names,
        type=AxisName(tags=tags),
        metavar="AXIS",
        default="step",
        show_default=True,
        help=f"{help}: {what}.",
    )


def objective_option(command: Command) -> Command:
    """--objective, handed over as `objectives`, for `parse_objectives`."""
    return click.option(
        "--objective",
        "objectives",
        metavar="GLOB=min|max|none",
        multiple=True,
        help="Which way is better for these tags, where their words do not say. Repeatable.",
    )(command)


def method_option(text: str) -> Callable[[Command], Command]:
    """--method, handed over as `method`.

    Args:
        text: What it says of the command's smoothing.
    """
    return click.option(
        "--method",
        type=click.Choice(SMOOTHING_METHODS),
        default="ema",
        show_default=True,
        help=text,
    )


def engine_option(command: Command) -> Command:
    """--engine, handed over as `engine`, for what goes over all runs."""
    return click.option(
        "--engine",
        metavar="dask[:ADDRESS]",
        help="Do the work in other processes: on this machine, or by the Dask scheduler there.",
    )(command)


def group_option(what: str, name: str = "--group") -> Callable[[Command], Command]:
    """An option that says which runs belong together, in the one way of `group_runs`.

    Args:
        what: What becomes of them.
        name: Of the option; its parameter is called ``groups`` or like it.
    """
    return click.option(
        name,
        "groups" if name == "--group" else name.strip("-"),
        metavar="KEYS",
        multiple=True,
        help=f"{what}: hparam:NAME,NAME (the same hyperparameters), one regular expression with "
        "names such as 'lr=(?P<lr>[^_]+)', or a glob a group. Repeatable.",
    )


def gathered(
    command: Command, decorators: list[Callable[[Any], Any]], name: str, made: type[Any]
) -> Command:
    """Adds options and hands their values over as one named tuple, of the class `made`."""
    import functools

    fields = made._fields

    @functools.wraps(command)
    def gathering(**values: Any) -> Any:
        chosen = made(**{field: values.pop(field) for field in fields})
        return command(**values, **{name: chosen})

    # Options that the command itself has lie on the function; they stay where they are.
    decorated: Any = gathering
    for decorator in reversed(decorators):
        decorated = decorator(decorated)
    result: Command = decorated
    return result
