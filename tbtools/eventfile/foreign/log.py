"""What a file of another program holds, whatever its format."""

from __future__ import annotations

import errno
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from tbtools.eventfile.problems import Problem
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from tbtools.vocabulary import ProblemKind, ScalarDtype

HParam: TypeAlias = "bool | float | str | None"

# A number as JSON has it, or as programs write one into CSV: no underscores, no other digits.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_NONFINITE = {
    **dict.fromkeys(("nan", "+nan", "-nan"), math.nan),
    **dict.fromkeys(("inf", "+inf", "infinity", "+infinity"), math.inf),
    **dict.fromkeys(("-inf", "-infinity"), -math.inf),
}
# What stands where there is no value; Keras writes NA.
_ABSENT = frozenset(("", "na", "n/a", "null", "none"))
_MOST_STEP = 2**63
# Seconds since the epoch from here on are milliseconds, or the year 5138.
_NO_SECONDS = 1e11
_PROBLEMS_TOLD = 100
_MOST_SHOWN = 40
# Doubles hold every integer up to here.
_EXACT_INTEGERS = 2**53


class NoNumber(ValueError):
    """A cell that is none; its text completes a sentence."""


def as_number(cell: object) -> float | None:
    """The number in a cell: the nearest double; None where the cell says that there is none.

    Raises:
        NoNumber: It is something else, or a number beyond every double.
    """
    if isinstance(cell, str):
        return _text_number(cell)
    if cell is None or isinstance(cell, float):
        return cell
    if not isinstance(cell, int) or isinstance(cell, bool):
        raise NoNumber(f"{_shown(cell)} is no number")
    try:
        return float(cell)
    except OverflowError:
        raise NoNumber(f"{_shown(cell)} is beyond every float64") from None


def _text_number(cell: str) -> float | None:
    if cell.isascii() and "_" not in cell:  # a digit of Python's own is in few cells
        try:
            number = float(cell)
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            return number
    word = cell.strip().lower()
    if word in _ABSENT:
        return None
    if word in _NONFINITE:
        return _NONFINITE[word]
    what = "is beyond every float64" if _NUMBER.fullmatch(word) else "is no number"
    raise NoNumber(f"{_shown(cell)} {what}")


def as_step(cell: object) -> int | None:
    """The step in a cell, an int64, exact also beyond 2**53; None where there is none.

    Raises:
        NoNumber: It is no whole number, or none that an int64 holds.
    """
    text = cell.strip() if isinstance(cell, str) else cell
    step: int
    if isinstance(text, int) and not isinstance(text, bool):
        step = text
    elif isinstance(text, str) and re.fullmatch(r"[+-]?[0-9]{1,40}", text, re.ASCII):
        step = int(text)
    else:
        number = as_number(cell)
        if number is None:
            return None
        if not number.is_integer():  # so do infinities and NaN
            raise NoNumber(f"{_shown(cell)} is no whole number, and so no step")
        step = int(number)
    if not -_MOST_STEP <= step < _MOST_STEP:
        raise NoNumber(f"{_shown(cell)} is no step: no int64 holds it")
    return step


def as_time(cell: object) -> float | None:
    """The wall time in a cell, in seconds since the epoch; None where there is none.

    Args:
        cell: Seconds, or a text as ISO 8601 has it; one without a zone is UTC.

    Raises:
        NoNumber: It is something else.
    """
    if isinstance(cell, str) and "-" in cell[1:] and not _NUMBER.fullmatch(cell.strip()):
        try:
            time = datetime.fromisoformat(cell.strip())
        except ValueError:
            raise NoNumber(f"{_shown(cell)} is no time") from None
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    seconds = as_number(cell)
    if seconds is not None and not abs(seconds) < _NO_SECONDS:
        raise NoNumber(f"{_shown(cell)} is no time in seconds since the epoch")
    return seconds


def as_hparam(value: object) -> HParam:
    """A hyperparameter as an event file holds it; a text where no double holds it."""
    if isinstance(value, str):
        return encodable(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) <= _EXACT_INTEGERS:
        return value
    return encodable(str(value))


def text_hparam(text: str) -> HParam:
    """A hyperparameter of a program that keeps only texts: a number or truth where it reads so."""
    if text in ("True", "False"):
        return text == "True"
    if not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    exact = math.isfinite(number) and not (number.is_integer() and abs(number) > _EXACT_INTEGERS)
    return number if exact else text


def encodable(text: str) -> str:
    """A text that UTF-8 holds: halves of characters, which JSON allows, are escaped."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def flattened(value: dict[str, object], prefix: str = "") -> dict[str, object]:
    """An object without objects in it; their names are joined with ``/``."""
    flat: dict[str, object] = {}
    for name, each in value.items():
        if isinstance(each, dict):
            flat |= flattened(each, f"{prefix}{name}/")
        else:
            flat[prefix + name] = each
    return flat


def _shown(cell: object) -> str:
    try:
        text = repr(cell)
    except ValueError:  # an integer of thousands of digits
        text = "an integer"
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def refusal(reason: str, path: str) -> OSError:
    """What is raised for a file that cannot be understood; the text says the way out."""
    return OSError(errno.EINVAL, reason, path)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the user says of files that does not stand in them.

    Attributes:
        step: The column that holds the step; "" where the format tells.
        time: The column of wall times, likewise.
        run: The column that says which run a row belongs to, likewise.
        dtype: The type of all series; "" where the numbers tell, as `encoding.is_single` says.
    """

    step: str = ""
    time: str = ""
    run: str = ""
    dtype: str = ""


class ForeignLog:
    """The scalars and hyperparameters of one run in a file, in the order of the file.

    Attributes:
        modified: When the file was last changed: the wall time of points that have none.
        tags: Tag to its number.
        tag: Of each point, the number of its tag.
        step: Of each point, an int64.
        wall_time: Of each point, seconds since the epoch.
        value: Of each point.
        dtypes: Tag to the type that the file says it has.
        hparams: The hyperparameters.
        problems: What could not be read, at most a hundred and a line about the rest.
        left_out: Names of columns that hold no numbers.
        has_times: Whether the file tells the wall time of any point.
    """

    def __init__(self, modified: float) -> None:
        self.modified = modified
        self.tags: dict[str, int] = {}
        self.tag: list[int] = []
        self.step: list[int] = []
        self.wall_time: list[float] = []
        self.value: list[float] = []
        self.dtypes: dict[str, ScalarDtype] = {}
        self.hparams: dict[str, HParam] = {}
        self.left_out: list[str] = []
        self.has_times = False
        self._problems: list[Problem] = []
        self._untold = 0

    def add(self, tag: str, step: int, wall_time: float | None, value: float) -> None:
        """Adds a point."""
        if wall_time is not None:
            self.has_times = True
        self.tag.append(self.tags.setdefault(encodable(tag), len(self.tags)))
        self.step.append(step)
        self.wall_time.append(self.modified if wall_time is None else wall_time)
        self.value.append(value)

    def tell(self, message: str, offset: int = 0, length: int = 0, *, is_cut: bool = False) -> None:
        """Takes note of what cannot be read.

        Args:
            message: What, and where.
            offset: Of its first byte in the file.
            length: Its bytes.
            is_cut: Whether the file ends inside of it, and may go on.
        """
        if len(self._problems) < _PROBLEMS_TOLD:
            kind: ProblemKind = "truncated" if is_cut else "undecodable"
            self._problems.append(Problem(offset, length, kind, message))
        else:
            self._untold += 1

    def tell_of_more(self, count: int) -> None:
        """Takes note of places like those that were told."""
        self._untold += count

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read, in the order of the file."""
        self._problems.sort(key=lambda problem: problem.offset)
        if not self._untold:
            return tuple(self._problems)
        rest = f"{plural(self._untold, 'more place')} like these"
        return (*self._problems, Problem(0, 0, "undecodable", rest))
