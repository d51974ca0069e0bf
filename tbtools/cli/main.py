"""The command `tbtools`: finds the subcommand, turns errors into one line and an exit status."""

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

import click

from tbtools import system
from tbtools.cli.ending import TROUBLE, finish_paths
from tbtools.cli.outputs import discard_stdout
from tbtools.cli.selecting import LOADED
from tbtools.errors import InvalidExpression, TbtoolsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tbtools.runs.experiment import Experiment

# Products of matrices are small here. A thread a core, which NumPy's BLAS starts when it is
# imported, costs more than it brings, most of all on login nodes, which have many cores and limits.
# Arrow's allocator says a line of its own where it cannot have a thread.
_LIBRARIES = {
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}

# What there may be too few of, for which no file is to blame.
_LACKING = (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM)

# Command to what it is for; each lies in the module of its name, which is imported when it is
# called: `tbtools --help` imports none.
_COMMANDS = {
    "summarize": "What is in these logs: one row a run, or a tag.",
    "detect": "Which runs went wrong, how, and since when.",
    "best": "Which runs are best, and what sets them apart.",
    "explain": "Everything known about one run, on a page.",
    "watch": "Training followed while it goes on, with alarms that act.",
    "plot": "Curves in the terminal.",
    "figure": "A figure for a paper: PDF, SVG, PNG or TeX.",
    "report": "A page to send to a colleague, or a picture.",
    "diff": "How runs differ, since when, and whether it is more than noise.",
    "merge": "The pieces of one training as one run, in one clean event file.",
    "aggregate": "Curves of repeated runs, such as seeds, as one with its spread.",
    "smooth": "Smoothed scalars, which TensorBoard shows beside the raw ones.",
    "export": "Every point of all runs and tags as one table, or as files.",
    "inspect": "What is in one event file: tags, records, events.",
    "verify": "Whether event files are sound, and where not.",
    "repair": "What is whole in damaged, cut-off or compressed event files.",
    "edit": "Logs with other names, other steps or fewer tags, all else kept.",
    "compact": "Smaller logs: fewer pictures and histograms, thinned scalars.",
    "import": "Logs of other programs as event files, which TensorBoard shows.",
    "mcp": "Answers coding agents about logs (Model Context Protocol).",
    "cache": "What is kept of earlier looks, so that the next one is fast.",
}


# What people type, and what does that here.
_MEANT = {"ls": "summarize", "tail": "summarize", "show": "explain", "compare": "diff"}


class _Commands(click.Group):
    """Subcommands that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"tbtools.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[:1] == ["help"]:
            if args[1:] in ([], ["help"]):
                click.echo(ctx.get_help())
                ctx.exit()
            args = [*args[1:], "--help"]
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            import difflib

            close = [_MEANT[args[0]]] if args[0] in _MEANT else None
            close = close or difflib.get_close_matches(args[0], _COMMANDS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(_COMMANDS)}"
            raise click.UsageError(f"no command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        before = _traffic()
        try:
            status = super().invoke(ctx)
            _print_traffic(before)
            return status
        except BrokenPipeError:  # the reader has what it wanted; click would make it status 1
            discard_stdout()
            return _finish_early(ctx.meta.get(LOADED, ()))
        except TbtoolsError as error:
            _print_unread(ctx.meta.get(LOADED, ()), str(error))
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    import platform
    from importlib.metadata import version

    from tbtools.eventfile.scan import implementation

    scan = implementation()
    slow = "" if scan == "compiled" else " (slow: built without a compiler, or asked for)"
    click.echo(f"tbtools {version('tbtools')}, Python {platform.python_version()}")
    click.echo(f"scan: {scan}{slow}")
    ctx.exit()


@click.command(
    cls=_Commands,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`tbtools help COMMAND`, or `tbtools COMMAND --help`, has the options, with examples.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version, and which scan is in use.",
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """What is in TensorBoard logs, which runs went wrong, and since which step.

    A PATH is a log directory, a run, or one event file.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _traffic() -> tuple[int, int]:
    """The requests of this process so far, and the bytes that they have brought."""
    module = sys.modules.get("tbtools.eventfile.remote.traffic")
    return (module.traffic.requests, module.traffic.bytes_read) if module else (0, 0)


def _print_traffic(before: tuple[int, int]) -> None:
    """Prints what servers were asked for since; nothing where none was."""
    requests, received = (now - then for now, then in zip(_traffic(), before, strict=True))
    if requests:
        from tbtools.render.format import format_bytes, plural

        line = f"{plural(requests, 'request')}, {format_bytes(received)} received"
        click.echo(line, err=True)


def _print_error(*lines: str) -> None:
    from tbtools.render.format import printable

    click.echo("tbtools: " + "\n".join(map(printable, lines)), err=True)


def _print_unread(experiments: Iterable[Experiment], message: str) -> None:
    """What could not be read, and may be why there is no result; but for what the message names."""
    for experiment in experiments:
        lost = list(experiment.unreadable.items())
        for run in experiment.values():
            lost += run.data.unread
        for path, problem in lost:
            if path not in message:
                _print_error(f"{path}: {problem.message}")


def _finish_early(experiments: Sequence[Experiment]) -> int:
    """Prints which paths could not be read; gives the exit status."""
    if not experiments:
        return 0
    from tbtools.render.terminal.diagnostics import Diagnostics
    from tbtools.runs.selection import EVERYTHING

    return finish_paths(Diagnostics(experiments, EVERYTHING))


def _usage_message(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{message} (see `{context.command_path} --help`)" if context else message


def _os_error_message(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is None and error.errno in _LACKING:
        return reason
    # Who writes to standard output besides us is click, which shows its help.
    name = "standard output" if error.filename is None else error.filename or repr("")
    return f"{name}: {reason}"


def _exhausted_message(error: Exception) -> str:
    """That memory, threads or open files ran out, in the words of any library; "" for any other."""
    # NumPy tells a page about how to install it, and last what the loader said.
    reason = next(iter(str(error).strip().splitlines()[::-1]), "")
    if isinstance(error, MemoryError):
        return f"out of memory ({reason})" if reason else "out of memory"
    if isinstance(error, (SyntaxError, SystemError)):
        # What CPython's parser says of sound code for which it finds no memory, and what CPython
        # says of a compiled module that found none and has not set an error.
        return f"out of memory, or a damaged installation: {reason}"
    said = any(words in reason for words in ("start new thread", "out of memory"))
    return reason if said or isinstance(error, ImportError) else ""


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line.

    Args:
        arguments: Those behind the program's name; of this process by default.

    Returns:
        The exit status: 0, 1 (a verdict: different, damaged, diverged), 2 trouble.
    """
    status: Any = 0
    try:
        status = cli.main(arguments, prog_name="tbtools", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # click's, where nobody reads its help: no trouble
        discard_stdout()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        _print_error(_usage_message(error))
        return TROUBLE
    except InvalidExpression as error:
        _print_error(*str(error).split("\n"))
        return TROUBLE
    except (TbtoolsError, OSError) as error:
        _print_error(str(error) if isinstance(error, TbtoolsError) else _os_error_message(error))
        if isinstance(error, OSError):
            discard_stdout()
        return TROUBLE
    return status if isinstance(status, int) else 0


def main() -> int:
    """Runs the command line of this process; gives the exit status.

    Raises:
        MemoryError: Memory, threads or open files ran out; in any library, with the reason. Then
            the process has to end at once: what found none may crash where it tidies up.
    """
    for name, value in _LIBRARIES.items():
        os.environ.setdefault(name, value)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What the terminal has no letters for is shown as an escape: é as \\xe9.
        sys.stdout.reconfigure(encoding=system.OUTPUT_ENCODING, errors="backslashreplace")
    if not sys.warnoptions:
        # NumPy's, with a line of our code: that values are not finite is told where they are shown.
        warnings.simplefilter("ignore", RuntimeWarning)
    with contextlib.suppress(ImportError):  # built without a compiler
        from tbtools.cli import _exit_status

        _exit_status.hold(TROUBLE)
    try:
        return run()
    except Exception as error:
        if message := _exhausted_message(error):
            raise MemoryError(ascii(message)[1:-1]) from error
        import traceback

        traceback.print_exc()
        return TROUBLE
