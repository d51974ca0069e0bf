"""The server: what its tools are called, what they take, and what they say of themselves."""

from __future__ import annotations

import functools
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from tbtools.errors import TbtoolsError
from tbtools.eventfile.source import using
from tbtools.render.format import printable
from tbtools.render.mcp.answers import MAX_CHARS, NOTICE, Answers
from tbtools.render.mcp.confined import ConfinedSource
from tbtools.render.mcp.wanted_input import wanted_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from tbtools.render.mcp.confined import Roots

_INSTRUCTIONS = (
    "Reads TensorBoard event files as they are: whole, with damage and superseded points told. "
    "Start with list_runs or summarize; detect says what went wrong and since when; explain tells "
    "all about one run; curves gives points. Answers are JSON. What was left out for the size "
    "stands in "
    f"`left_out`; `problems` and `notes` say what is damaged. {NOTICE}"
)
_READING = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

Path = Annotated[
    str | None,
    Field(description="A log directory, run or event file of this server; all where not given."),
]
Globs = Annotated[list[str] | None, Field(description="Names or globs; * matches / too.")]
Where = Annotated[
    str | None,
    Field(description="Only runs of which this is true: 'lr>=1e-3 and status!=stopped'."),
]
MaxChars = Annotated[int, Field(description="How many characters the answer may have.")]
Step = Annotated[int | None, Field(description="First or last step, included.")]


class _Tools:
    """The tools; their docstrings are what agents read of them."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def list_runs(
        self,
        path: Path = None,
        runs: Globs = None,
        offset: int = 0,
        max_chars: MaxChars = MAX_CHARS,
    ) -> str:
        """Which runs there are, with their event files; nothing is read, so that it is fast."""
        return self._answers.list_runs(path, runs, offset, max_chars)

    def summarize(
        self,
        path: Path = None,
        runs: Globs = None,
        tags: Globs = None,
        where: Where = None,
        max_chars: MaxChars = MAX_CHARS,
    ) -> str:
        """What is in each run: state, steps, tags with first, last, least and greatest value."""
        return self._answers.summarize(path, runs, tags, where, max_chars)

    def detect(
        self,
        path: Path = None,
        runs: Globs = None,
        tags: Globs = None,
        severity: Literal["error", "warning", "info"] = "info",
        where: Where = None,
        max_chars: MaxChars = MAX_CHARS,
    ) -> str:
        """Which runs went wrong, how, since which step; and what was not judged, and why."""
        return self._answers.detect(path, runs, tags, severity, where, max_chars)

    def explain(
        self,
        path: Path = None,
        run: Annotated[str | None, Field(description="Its name, where there are several.")] = None,
        tags: Globs = None,
        max_chars: MaxChars = MAX_CHARS,
    ) -> str:
        """All that is known about one run: findings with evidence and files, curves, damage."""
        return self._answers.explain(path, run, tags, max_chars)

    def diff(self, a: str, b: str, tags: Globs = None, max_chars: MaxChars = MAX_CHARS) -> str:
        """How two runs, or the runs of two log directories, differ, and whether beyond noise.

        a and b are paths, as list_runs gives them.
        """
        return self._answers.diff(a, b, tags, max_chars)

    def best(
        self,
        path: Path = None,
        by: Annotated[str | None, Field(description="The tag to rank by.")] = None,
        at: Annotated[str, Field(description="end, last, best, or step=N.")] = "end",
        top: Annotated[int, Field(ge=0, description="How many; 0 for all.")] = 10,
        runs: Globs = None,
        where: Where = None,
        max_chars: MaxChars = MAX_CHARS,
    ) -> str:
        """Which runs are best, with hyperparameters, checkpoints, ties within the noise."""
        return self._answers.best(path, by, at, top, runs, where, max_chars)

    def curves(
        self,
        tags: Annotated[list[str], Field(description="Names or globs of scalars.")],
        path: Path = None,
        runs: Globs = None,
        first_step: Step = None,
        last_step: Step = None,
        max_points: Annotated[int, Field(description="Of each curve, about.")] = 200,
        max_chars: MaxChars = MAX_CHARS,
    ) -> str:
        """Points of scalars: step, value, wall time, file. `thinned` says whether all are there.

        A value that is not finite is null; `nonfinite` counts those of the whole curve.
        """
        steps = (first_step, last_step)
        return self._answers.curves(tags, path, runs, steps, max_points, max_chars)


def _told(tool: Callable[..., str]) -> Callable[..., str]:
    """The tool, whose errors the agent is told in one line: they are its own mistakes, mostly."""

    @functools.wraps(tool)
    def telling(*args: Any, **kwargs: Any) -> str:
        try:
            return tool(*args, **kwargs)
        except TbtoolsError as error:
            raise ToolError(printable(str(error))) from error

    return telling


def server(roots: Roots) -> MCPServer:
    """A server of the runs below some log directories.

    Args:
        roots: The log directories.
    """
    made = MCPServer(
        "tbtools", instructions=_INSTRUCTIONS, version=version("tbtools"), log_level="ERROR"
    )
    tools = _Tools(Answers(roots))
    for tool in (
        *(tools.list_runs, tools.summarize, tools.detect, tools.explain),
        *(tools.diff, tools.best, tools.curves),
    ):
        made.tool(annotations=_READING, structured_output=False)(_told(tool))
    return made


def serve(roots: Roots) -> None:
    """Answers over standard input and output until the input ends, or nobody reads the output.

    Args:
        roots: The log directories.

    Raises:
        BrokenPipeError: Nobody reads an answer.
    """
    with using(ConfinedSource(roots)), wanted_input():
        try:
            server(roots).run("stdio")
        except ExceptionGroup as errors:  # of the tasks of the SDK
            if errors.subgroup(BrokenPipeError):
                raise BrokenPipeError from errors
            raise
