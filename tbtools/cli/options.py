"""Options that mean the same in every command: what is selected, and where the result goes."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tbtools.cli.completion import complete_runs, complete_tags
from tbtools.cli.parameters import AxisName, LogPath, StepRange
from tbtools.vocabulary import (
    AXES,
    FOREIGN_FORMATS,
    OUTPUT_FORMATS,
    RESTART_POLICIES,
    SMOOTHING_METHODS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tbtools.render.output import View
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.selection import Selection

    Command = TypeVar("Command", bound=Callable[..., Any])


# In the context's `meta`: the experiments of the command.
LOADED = "tbtools.loaded"
# There too: whether the command is called again and again, and goes on with what it has read.
REDRAWING = "tbtools.redrawing"
# A signal ends this process at once, and an engine's workers with it. What then tidies up behind
# them, a process of Python's own, is not to say so.
_UNSAID = "ignore:resource_tracker:UserWarning"


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


@dataclass(frozen=True, slots=True)
class SelectionOptions:
    """What the selection options say, by the names of their parameters.

    Attributes:
        runs: --run.
        exclude_runs: --exclude-run.
        tags: --tag.
        exclude_tags: --exclude-tag.
        steps: --steps.
        where: --where.
        restarts: --restarts.
        no_cache: --no-cache.
        also: --also.
    """

    runs: tuple[str, ...]
    exclude_runs: tuple[str, ...]
    tags: tuple[str, ...]
    exclude_tags: tuple[str, ...]
    steps: tuple[int | None, int | None]
    where: str | None
    restarts: str
    no_cache: bool
    also: str | None

    @property
    def selection(self) -> Selection:
        """The tags and steps, for the analyses."""
        from tbtools.runs.selection import Selection, as_steps

        return Selection(tags=self.tags, exclude_tags=self.exclude_tags, steps=as_steps(self.steps))

    def check(self) -> None:
        """Refuses what is wrong whatever the runs are, before they are waited for.

        Raises:
            InvalidExpression: --where cannot be read.
            InvalidArgument: There is no such format of --also.
        """
        from tbtools.eventfile.foreign.formats import Also
        from tbtools.runs.where import parse_where

        if self.where is not None:
            parse_where(self.where)
        if self.also is not None:
            Also.of(self.also)

    @property
    def arguments(self) -> dict[str, Any]:
        """The same as keyword arguments of the analyses."""
        return {
            "tags": self.tags or None,
            "exclude_tags": self.exclude_tags or None,
            "steps": self.steps,
        }

    def load(
        self,
        paths: Sequence[str],
        *,
        groups: Sequence[str] = (),
        fold: bool = False,
        skip_unreadable: bool = False,
        engine: str | None = None,
    ) -> Experiment:
        """The experiment under the paths, with the selected runs.

        Args:
            paths: The paths.
            groups: --group: hyperparameters that `add_hparams` wrote lie in a directory of their
                own, and runs that are put together by them are folded.
            fold: As for `tbtools.load`.
            skip_unreadable: As for `tbtools.load`; the command then ends with `finish`.
            engine: As for `tbtools.load`; where its work can be watched is told.

        Raises:
            NoEventFiles: There is nothing to read.
            UnknownRun: A name or glob matches no run.
            InvalidExpression: --where cannot be read, or names what no run has.
        """
        from tbtools.render.format import plural, printable
        from tbtools.runs.loading import load

        context = click.get_current_context()
        loaded: list[Experiment] = context.meta.setdefault(LOADED, [])
        if loaded and context.meta.get(REDRAWING):
            loaded[0].refresh()
            return loaded[0]
        if engine is not None and _UNSAID not in sys.warnoptions:
            sys.warnoptions.append(_UNSAID)
        experiment = load(
            paths,
            runs=self.runs or None,
            exclude_runs=self.exclude_runs or None,
            where=self.where,
            restarts=self.restarts,
            fold=fold or any(each.startswith("hparam:") for each in groups),
            skip_unreadable=skip_unreadable,
            cache=not self.no_cache,
            engine=engine,
            also=self.also,
        )
        if experiment.engine is not None and not loaded:
            click.echo(str(experiment.engine), err=True)
        loaded.append(experiment)
        for name, count in experiment.lacking.items():
            click.echo(
                f"--where leaves out {plural(count, 'run')} without {printable(name)}", err=True
            )
        return experiment

    def load_with_accepted(
        self, path: str, accepted: str, engine: str | None = None
    ) -> tuple[Experiment, Experiment]:
        """The runs under a path, and accepted ones, of which alone the options select some.

        Args:
            path: The path.
            accepted: Another; or one with a glob, of the names of runs below what stands before it.
            engine: As for `load`.

        Raises:
            click.UsageError: --run besides a glob.
        """
        from tbtools.runs.inputs import split_glob

        directory, glob = split_glob(accepted)
        chosen = self
        if glob is not None:
            refuse_option("runs", f"with the glob of {accepted}")
            chosen = replace(self, runs=(glob,))
        every = replace(self, runs=(), exclude_runs=(), where=None)
        return every.load([path], engine=engine), chosen.load([directory], engine=engine)


@dataclass(frozen=True, slots=True)
class Output:
    """What the output options say.

    Attributes:
        format: One of the command's formats; None for that of the file's ending.
        path: The file to write; None or ``-`` for standard output.
        force: Whether a file that is there may be replaced.
        csv_safe: Whether no text in CSV may be a formula to a spreadsheet.
        no_pager: Whether long output goes to a terminal as it is.
    """

    format: str | None
    path: str | None
    force: bool
    csv_safe: bool = False
    no_pager: bool = False

    @property
    def chosen_format(self) -> str:
        """The format, of those that the command offers.

        Raises:
            InvalidArgument: The file's ending means another one, or one that the command lacks.
        """
        from tbtools.render.output import output_format

        return output_format(self.path, self.format, _offered_formats())

    def check(self) -> None:
        """Refuses what cannot be written, before any work is done.

        Raises:
            OutputExists: There is a file, and nothing allows to replace it.
            InvalidArgument: As for `chosen_format`.
            click.UsageError: --force without a file.
        """
        from tbtools.render.files import require_free

        if self.chosen_format != "csv":
            refuse_option("csv_safe", "but on CSV")
        if self.path is None or self.path == "-":
            if not _writes_another_file():
                refuse_option("force", "without -o FILE")
        else:
            require_free(self.path, force=self.force)

    def write(self, view: View) -> None:
        """Shows a result as the options say.

        A reader who has seen enough (``| head``) is no trouble, and the verdict stays.
        """
        from tbtools.cli.pager import paged
        from tbtools.render.files import is_standard_output
        from tbtools.render.output import print_totals, write_view

        try:
            with contextlib.nullcontext() if self.no_pager else paged():
                write_view(
                    view, self.chosen_format, self.path, force=self.force, csv_safe=self.csv_safe
                )
            if self.chosen_format != "table" or not is_standard_output(self.path or "-"):
                print_totals(view.totals(), self.path)
        except BrokenPipeError:
            discard_stdout()


def _offered_formats() -> tuple[str, ...]:
    """What the --format of the command that is being run takes."""
    context = click.get_current_context(silent=True)
    if context is None:
        return OUTPUT_FORMATS
    types = (each.type for each in context.command.params if each.name == "format")
    return tuple(next((each.choices for each in types if isinstance(each, click.Choice)), ()))


def _writes_another_file() -> bool:
    """Whether an option besides -o names a file, as --report of `diff` does."""
    context = click.get_current_context()
    return context.params.get("page") is not None


def discard_stdout() -> None:
    """After a write to it has failed: Python's own flush at exit would fail once more."""
    # Where there is none, or one without a file as in a notebook, nothing is flushed at exit.
    with contextlib.suppress(AttributeError, io.UnsupportedOperation):
        descriptor = sys.stdout.fileno()
        os.close(descriptor)  # first: there may be none left
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def paths_argument(command: Command) -> Command:
    """One or several PATHs."""
    return click.argument(
        "paths", metavar="PATH...", nargs=-1, required=True, type=LogPath(readable=False)
    )(command)


def selection_options(command: Command) -> Command:
    """--run, --tag, --steps, --where, --restarts and --no-cache, handed over as `selection`."""
    decorators = [
        click.option(
            "--run",
            "runs",
            metavar="GLOB",
            shell_complete=complete_runs,
            multiple=True,
            help="Only these runs; * matches / too. Repeatable.",
        ),
        click.option(
            "--exclude-run",
            "exclude_runs",
            metavar="GLOB",
            shell_complete=complete_runs,
            multiple=True,
            help="Not these runs.",
        ),
        click.option(
            "--tag",
            "tags",
            metavar="GLOB",
            shell_complete=complete_tags,
            multiple=True,
            help="Only these tags; * matches / too. Repeatable.",
        ),
        click.option(
            "--exclude-tag",
            "exclude_tags",
            metavar="GLOB",
            shell_complete=complete_tags,
            multiple=True,
            help="Not these tags.",
        ),
        click.option(
            "--steps",
            type=StepRange(),
            default=":",
            show_default=False,
            help="Only steps from A to B, both included.",
        ),
        click.option(
            "--where",
            metavar="EXPR",
            help="Only runs of which this is true: 'lr>=1e-3 and status!=diverged'.",
        ),
        click.option(
            "--restarts",
            type=click.Choice(RESTART_POLICIES),
            default="resume",
            show_default=True,
            help="What to do about points that a restart has written again.",
        ),
        click.option(
            "--no-cache",
            is_flag=True,
            help="Read all files anew, and keep nothing for the next time (`tbtools cache`).",
        ),
        click.option(
            "--also",
            metavar="FORMATS",
            help=f"Also read logs of other programs: {','.join(FOREIGN_FORMATS)} (docs/import.md).",
        ),
    ]
    return _gathered(command, decorators, "selection", SelectionOptions)


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


def csv_safe_option(command: Command) -> Command:
    """--csv-safe, for whatever writes CSV."""
    return click.option(
        "--csv-safe",
        is_flag=True,
        help="In CSV, put ' in front of texts that begin with = + - @, which spreadsheets run.",
    )(command)


def pager_option(command: Command) -> Command:
    """--no-pager, for whatever may print more than a terminal has lines."""
    return click.option(
        "--no-pager", is_flag=True, help="Do not show what is long with $PAGER, or less."
    )(command)


def output_options(command: Command) -> Command:
    """--format, -o and --force, handed over as `output`."""
    return _with_output(command, OUTPUT_FORMATS)


def output_options_with(*formats: str) -> Callable[[Command], Command]:
    """`output_options` with formats of the command's own; the view has a ``to_<format>`` each."""

    def decorate(command: Command) -> Command:
        return _with_output(command, (*OUTPUT_FORMATS, *formats))

    return decorate


def _with_output(command: Command, formats: Sequence[str]) -> Command:
    decorators = [
        click.option(
            "--format",
            "format",
            type=click.Choice(formats),
            help="How to show it.  [default: by the ending of the file, else table]",
        ),
        click.option(
            "-o",
            "--output",
            "path",
            metavar="FILE",
            type=LogPath(dir_okay=False, readable=False),
            help="Write to this file instead; - is standard output.",
        ),
        click.option("--force", is_flag=True, help="Replace the file if it is there."),
        csv_safe_option,
        pager_option,
    ]
    return _gathered(command, decorators, "output", Output)


def _gathered(
    command: Command, decorators: list[Callable[[Any], Any]], name: str, made: type[Any]
) -> Command:
    """Adds options and hands their values over as one object."""
    import functools

    fields = list(made.__dataclass_fields__)

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
