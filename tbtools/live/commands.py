"""Commands that alarms run. What comes from a log is an argument of its own, or not at all."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tbtools import system
from tbtools.errors import InvalidArgument, UnsupportedType
from tbtools.live.alarms import PLACEHOLDERS, SAFE
from tbtools.live.delivery import Failure

if TYPE_CHECKING:
    from tbtools.live.alarms import Alarm

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# What takes an argument for a program: there a stranger's name could be anything.
_INTERPRETERS = frozenset(
    {"sh", "bash", "dash", "zsh", "ksh", "fish", "csh", "tcsh", "ssh", "su", "eval", "-c", "-e"}
    | {"cmd", "powershell", "pwsh", "-command", "-encodedcommand"}
)
# Programs of Windows that cmd reads, whatever their arguments are.
_SCRIPTS = (".bat", ".cmd")
# No command that acts on an alarm takes longer, unless it hangs.
_LONGEST = 600.0  # seconds
_PREFIX = "TBTOOLS_ALARM_"


@dataclass(frozen=True, slots=True)
class Command:
    """A command with placeholders, as ``scancel {job}``.

    It is split into arguments as a shell would, once and for all; then each placeholder is replaced
    inside its argument. No shell ever sees it.

    Attributes:
        text: As it was given.
        arguments: Its arguments, with placeholders.
    """

    text: str
    arguments: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Command:
        """Reads a command.

        Raises:
            InvalidArgument: A quote has no end, there is no such program or placeholder, or a text
                that may come from a stranger would become part of a program.
        """
        if not isinstance(text, str):
            raise UnsupportedType(f"command {text!r} is no text")
        try:
            arguments = tuple(shlex.split(text))
        except ValueError as error:
            raise InvalidArgument(f"command {text!r}: {error}".lower()) from error
        if not arguments:
            raise InvalidArgument("a command is empty")
        if not _PLACEHOLDER.search(arguments[0]) and shutil.which(arguments[0]) is None:
            raise InvalidArgument(f"command {text!r}: there is no program {arguments[0]!r}")
        interpreted = False
        for argument in arguments:
            for name in _PLACEHOLDER.findall(argument):
                _require_known(text, name, interpreted=interpreted)
            interpreted = interpreted or _is_interpreter(argument)
        return cls(text, arguments)

    @property
    def label(self) -> str:
        """What it is called where it fails."""
        return f"command {self.text!r}"

    def filled(self, alarm: Alarm) -> list[str]:
        """Its arguments.

        Raises:
            Failure: The alarm has no such value, or one that would be taken for an option.
        """
        return [_filled(argument, alarm) for argument in self.arguments]

    def deliver(self, alarm: Alarm) -> None:
        """Runs it, with the alarm in its environment and, as JSON, on standard input.

        Raises:
            Failure: It cannot be run, ends with another status than 0, or does not end.
        """
        arguments = self.filled(alarm)
        with tempfile.TemporaryFile() as said:
            try:
                # Ctrl-C ends the watch, and not what it has begun.
                process = subprocess.Popen(  # noqa: S603 - what the user asks for
                    arguments,
                    stdin=subprocess.PIPE,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    env=os.environ | environment(alarm),
                    **system.OWN_GROUP,
                )
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or error
                raise Failure(f"cannot be run: {reason}", is_final=True) from error
            try:
                process.communicate(alarm.to_json().encode() + b"\n", timeout=_LONGEST)
            except subprocess.TimeoutExpired:
                system.end_group(process)
                process.wait()
                raise Failure(f"did not end within {_LONGEST:.0f} s, and was killed") from None
            if process.returncode:
                raise Failure(f"ended with status {process.returncode}{_last_line(said)}")


def environment(alarm: Alarm) -> dict[str, str]:
    """The environment variables of an alarm; a null byte, which none can hold, is left out."""
    return {_PREFIX + name.upper(): value.replace("\0", "") for name, value in alarm.values.items()}


def _is_interpreter(argument: str) -> bool:
    name = re.split(r"[\\/]", argument)[-1].lower()
    return name.removesuffix(".exe") in _INTERPRETERS or name.endswith(_SCRIPTS)


def _require_known(text: str, name: str, *, interpreted: bool) -> None:
    if name not in PLACEHOLDERS:
        known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
        raise InvalidArgument(f"command {text!r}: no {{{name}}}; there are {known}")
    if interpreted and name not in SAFE:
        raise InvalidArgument(
            f"command {text!r}: {{{name}}} would become part of a program, and names come from "
            f"strangers; use the environment variable {_PREFIX}{name.upper()} there"
        )


def _filled(argument: str, alarm: Alarm) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in alarm.values:
            hint = "; log it as the hyperparameter slurm_job_id" if name == "job" else ""
            raise Failure(f"{{{name}}} is not known of this{hint}", is_final=True)
        return alarm.values[name]

    filled = _PLACEHOLDER.sub(value, argument)
    if "\0" in filled or (filled.startswith("-") and not argument.startswith("-")):
        raise Failure(f"{argument} would be {filled!r}, which is no argument", is_final=True)
    return filled


def _last_line(said: object) -> str:
    """The last line of what a command has said, behind a colon."""
    size = said.seek(0, os.SEEK_END)  # type: ignore[attr-defined]
    said.seek(max(0, size - 1000))  # type: ignore[attr-defined]
    lines = said.read().decode(errors="replace").strip().splitlines()  # type: ignore[attr-defined]
    return f": {lines[-1]}" if lines else ""
