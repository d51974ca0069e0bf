"""`where`: which runs are meant, by what is known of them: ``lr>=1e-3 and status!=stopped``.

The grammar, which docs/cli.md tells with examples::

    any        = every ("or" every)*
    every      = one ("and" one)*
    one        = "not" one | "(" any ")" | subject relation literal
    subject    = NAME | ("first" | "last" | "final" | "min" | "max" | "end") "(" NAME ")"
    relation   = "<" | "<=" | ">" | ">=" | "==" | "=" | "!=" | "~" | "!~"

Nothing of it is ever run as a program. What a run does not have is neither true nor false of it, as
NULL in SQL: a run of which the whole remains unknown does not match, and is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

from tbtools.errors import InvalidArgument, InvalidExpression, UnsupportedType, close_names
from tbtools.runs.numbers import as_number
from tbtools.runs.plugins.hparams import json_text
from tbtools.vocabulary import FINDING_KINDS, STATUS_KINDS, RunStatus, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tbtools.vocabulary import FindingKind

    Truth: TypeAlias = bool | None

# What is known of every run without a name of the user's.
PROPERTIES = ("run", "status", "steps", "duration")
# What a series can be by one number; a bare tag is its last value.
FORMS = ("first", "last", "min", "max", "end")
# What a run does not have; None is a value that a hyperparameter may have.
MISSING = object()

_TOKEN = re.compile(
    r"(?P<quoted>'[^']*'|\"[^\"]*\")|(?P<relation><=|>=|==|!=|!~|[<>=~])|(?P<bracket>[()])"
    r"|(?P<word>[^\s<>=!~()'\"]+)|(?P<blank>\s+)|(?P<wrong>.)|(?P<end>\Z)"
)
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(s|m|min|h|d)")
_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda value, wanted: value < wanted,
    "<=": lambda value, wanted: value <= wanted,
    ">": lambda value, wanted: value > wanted,
    ">=": lambda value, wanted: value >= wanted,
}
_WORDS = {"true": True, "false": False, "none": None, "null": None}
# No person nests deeper, and Python's own stack must not be what ends it.
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison.

    Attributes:
        name: What is compared: a property, a hyperparameter or a tag.
        form: Which number of a series; "" where none is said.
        is_property: Whether it is one of `PROPERTIES`, written without quotes.
        relation: ``<``, ``<=``, ``>``, ``>=``, ``==``, ``!=``, ``~`` or ``!~``.
        wanted: With what; a number, a text, a bool or None.
        start: Where its name stands in the text.
        end: Where that ends.
    """

    name: str
    form: str
    is_property: bool
    relation: str
    wanted: float | str | bool | None
    start: int
    end: int

    @property
    def kinds(self) -> list[FindingKind]:
        """The kinds of findings that a comparison of the status asks about."""
        if not self.is_property or self.name != "status":
            return []
        return [kind for kind in FINDING_KINDS if fnmatchcase(kind, str(self.wanted))]

    @property
    def lacked(self) -> str:
        """What a run lacks of which it is neither true nor false."""
        return "what detect can judge" if self.kinds else self.name

    def holds(self, values: Callable[[Comparison], Any]) -> Truth:
        """Whether it is true of a run; None where that is not known."""
        value = values(self)
        if value is MISSING:
            return None
        if self.relation in _ORDERS:
            number = as_number(value)
            return None if number is None else _ORDERS[self.relation](number, self.wanted)  # type: ignore[arg-type]
        is_same = _globbed if "~" in self.relation else _equal
        values_of_it = value if isinstance(value, frozenset) else (value,)
        same = any(is_same(each, self.wanted) for each in values_of_it)
        return same != self.relation.startswith("!")


@dataclass(frozen=True, slots=True)
class _Not:
    part: _Node

    def holds(self, values: Callable[[Comparison], Any]) -> Truth:
        truth = self.part.holds(values)
        return None if truth is None else not truth


@dataclass(frozen=True, slots=True)
class _Joined:
    """Parts of which one decides alone: one that is true of an "or", that is false of an "and"."""

    decisive: bool
    parts: tuple[_Node, ...]

    def holds(self, values: Callable[[Comparison], Any]) -> Truth:
        truths = [part.holds(values) for part in self.parts]
        if self.decisive in truths:
            return self.decisive
        return None if None in truths else not self.decisive


_Node: TypeAlias = Comparison | _Not | _Joined


@dataclass(frozen=True, slots=True)
class Where:
    """An expression.

    Attributes:
        text: As it was given.
        comparisons: All of it, in order.
    """

    text: str
    comparisons: tuple[Comparison, ...]
    _root: _Node

    def holds(self, values: Callable[[Comparison], Any]) -> Truth:
        """Whether it is true of a run; None where what the run does not have would decide.

        Args:
            values: The value of what is compared, or `MISSING`.
        """
        return self._root.holds(values)

    def error(self, reason: str, at: Comparison) -> InvalidExpression:
        """An error that points at the name of a comparison."""
        return InvalidExpression(reason, self.text, at.start, at.end)

    def no_match(self, runs: int, lacking: Mapping[str, int]) -> InvalidArgument:
        """An error that says that it is true of none of so many runs, and what these lack."""
        told = [f"{plural(count, 'run')} without {name}" for name, count in lacking.items()]
        why = f" ({'; '.join(told)})" if told else ""
        return InvalidArgument(f"{self.text!r} is true of none of {plural(runs, 'run')}{why}")


def parse_where(text: str) -> Where:
    """Reads an expression.

    Raises:
        InvalidExpression: It is none; the text says what is expected, and where.
        UnsupportedType: It is no text.
    """
    if not isinstance(text, str):
        raise UnsupportedType(f"where={text!r} is no text")
    parser = _Parser(text)
    root = parser.any(0)
    parser.expect_end()
    return Where(text, tuple(parser.comparisons), root)


def as_duration(text: str) -> float | None:
    """The seconds that a text means: ``90``, ``15m``, ``2h``, ``3d``; None for any other."""
    match = _DURATION.fullmatch(text)
    return float(match[1]) * _SECONDS[match[2]] if match else as_number(text)


class _Parser:
    """Reads the tokens from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self.comparisons: list[Comparison] = []

    def _is(self, *texts: str) -> bool:
        return self._tokens[0].group() in texts

    def _take(self) -> re.Match[str]:
        return self._tokens.pop(0)

    def _refuse(self, reason: str, token: re.Match[str] | None = None) -> InvalidExpression:
        found = token or self._tokens[0]
        return InvalidExpression(reason, self._text, *found.span())

    def any(self, depth: int) -> _Node:
        """Parts joined by "or" of parts joined by "and", which binds closer."""

        def every() -> _Node:
            return self._joined("and", False, lambda: self._one(depth))

        return self._joined("or", True, every)

    def _joined(self, word: str, decisive: bool, part: Callable[[], _Node]) -> _Node:
        parts = [part()]
        while self._is(word):
            self._take()
            parts.append(part())
        return parts[0] if len(parts) == 1 else _Joined(decisive, tuple(parts))

    def _one(self, depth: int) -> _Node:
        if depth > _DEEPEST:
            raise self._refuse(f"more than {_DEEPEST} levels of brackets and nots")
        if self._is("not"):
            self._take()
            return _Not(self._one(depth + 1))
        if self._is("("):
            self._take()
            inner = self.any(depth + 1)
            if not self._is(")"):
                raise self._refuse("here a ) is missing, or an and or or")
            self._take()
            return inner
        comparison = self._comparison()
        self.comparisons.append(comparison)
        return comparison

    def expect_end(self) -> None:
        if self._tokens[0].lastgroup != "end":
            raise self._refuse("expected and, or, or the end here; names with blanks want quotes")

    def _comparison(self) -> Comparison:
        token, name, form = self._subject()
        is_property = not form and token.lastgroup == "word" and name in PROPERTIES
        relation = self._take()
        if relation.lastgroup != "relation":
            known = "< <= > >= == != ~ !~"
            raise self._refuse(f"expected a relation behind {name!r}: {known}", relation)
        literal = self._take()
        if literal.lastgroup not in ("word", "quoted"):
            raise self._refuse("expected a number or a text here", literal)
        said = {"=": "=="}.get(relation.group(), relation.group())
        wanted = self._literal(literal, said, name if is_property else "")
        return Comparison(name, form, is_property, said, wanted, *token.span())

    def _subject(self) -> tuple[re.Match[str], str, str]:
        token = self._take()
        if token.lastgroup not in ("word", "quoted"):
            raise self._refuse("expected the name of a hyperparameter or tag here", token)
        if token.lastgroup == "quoted" or not self._is("("):
            return token, _unquoted(token), ""
        form = {"final": "last"}.get(token.group(), token.group())
        if form not in FORMS:
            raise self._refuse(f"{form}(...) is none of {', '.join(FORMS)}", token)
        self._take()
        inner = self._take()
        if inner.lastgroup not in ("word", "quoted") or not self._is(")"):
            raise self._refuse(f"expected one tag in {form}(...)", inner)
        self._take()
        return inner, _unquoted(inner), form

    def _literal(self, token: re.Match[str], relation: str, of: str) -> float | str | bool | None:
        text = _unquoted(token)
        if of == "status":
            return self._status(token, text, is_glob="~" in relation)
        if "~" in relation:
            return text
        number = None if token.lastgroup == "quoted" else as_number(text)
        if of == "duration":
            number = as_duration(text) if number is None else number
        if number is None and (relation in _ORDERS or of in ("steps", "duration")):
            such = " such as 90, 15m, 2h or 3d" if of == "duration" else ""
            raise self._refuse(f"expected a number here{such}", token)
        if token.lastgroup == "quoted" or of == "run":
            return text
        return _WORDS.get(text.lower(), text) if number is None else number

    def _status(self, token: re.Match[str], text: str, *, is_glob: bool) -> str:
        known = (*get_args(RunStatus), *STATUS_KINDS)
        if any(fnmatchcase(word, text) for word in known) if is_glob else text in known:
            return STATUS_KINDS.get(text, text)
        close = ", ".join(close_names(text, known) or known)
        raise self._refuse(f"no status {text!r}; there are {close}", token)


def _tokens(text: str) -> Iterator[re.Match[str]]:
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "wrong":
            reason = "this quote has no end" if token.group() in "'\"" else "it means nothing"
            raise InvalidExpression(reason, text, *token.span())
        if token.lastgroup != "blank":
            yield token


def _unquoted(token: re.Match[str]) -> str:
    return token.group()[1:-1] if token.lastgroup == "quoted" else token.group()


def _equal(value: Any, wanted: float | str | bool | None) -> bool:
    if isinstance(wanted, str):
        return wanted == _text(value)
    if isinstance(value, str) and value.lower() in _WORDS:
        value = _WORDS[value.lower()]
    if wanted is None:
        return value is None
    number = as_number(value)
    both_nan = number != number and wanted != wanted
    return number is not None and (number == wanted or both_nan)


def _globbed(value: Any, wanted: Any) -> bool:
    return fnmatchcase(_text(value), wanted)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json_text(value)
