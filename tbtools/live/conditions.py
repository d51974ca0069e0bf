"""What is waited for: kinds of findings, the end of runs, or an expression of ``--where``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tbtools.errors import InvalidArgument, InvalidExpression, UnsupportedType
from tbtools.runs.where import parse_where
from tbtools.vocabulary import FINDING_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tbtools.analysis.detect import Finding
    from tbtools.runs.where import Where

# Besides the kinds of findings: any of them, and that a run is over.
FINDING, FINISHED = "finding", "finished"
# Behind a kind: also what may still recover.
_EARLY = "?"
WORDS = (FINDING, FINISHED, *FINDING_KINDS)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition.

    Attributes:
        text: As it was given.
        kinds: The kinds of findings that are meant; none for none.
        early: Those of which also what may still recover is meant.
        finished: Whether the end of a run is meant.
        where: The expression that has to be true of a run; None for none.
    """

    text: str
    kinds: tuple[str, ...] = ()
    early: tuple[str, ...] = ()
    finished: bool = False
    where: Where | None = None

    @property
    def named_kinds(self) -> tuple[str, ...]:
        """The kinds that are asked for by their names."""
        return () if self.kinds == FINDING_KINDS else self.kinds

    def is_met_by(self, finding: Finding) -> bool:
        """Whether a finding is meant: it is serious, and settled unless that is not asked for."""
        return finding.fails(self.kinds) or (finding.kind in self.early and finding.is_serious)


def parse_condition(text: str) -> Condition:
    """Reads a condition: words with commas between them, or an expression.

    Raises:
        InvalidExpression: It is neither.
        UnsupportedType: It is no text.
    """
    if not isinstance(text, str):
        raise UnsupportedType(f"condition {text!r} is no text")
    given = [part.strip() for part in text.split(",") if part.strip()]
    words = [each.removesuffix(_EARLY) for each in given]
    if words and all(word in WORDS for word in words) and FINISHED + _EARLY not in given:
        early = [each.removesuffix(_EARLY) for each in given if each.endswith(_EARLY)]
        return Condition(text, _kinds(words), _kinds(early), finished=FINISHED in words)
    try:
        return Condition(text, where=parse_where(text))
    except InvalidExpression as error:
        if any(sign in text for sign in "<>=!~"):
            raise
        known = ", ".join(WORDS)
        raise InvalidArgument(
            f"{text!r} is neither an expression such as 'val/loss<1.8' nor of {known}"
        ) from error


def _kinds(words: Sequence[str]) -> tuple[str, ...]:
    """The kinds of findings that words mean."""
    if FINDING in words:
        return FINDING_KINDS
    return tuple(word for word in words if word in FINDING_KINDS)


def split_action(text: str) -> tuple[Condition, str | None]:
    """Reads ``CONDITION`` or ``CONDITION=COMMAND``.

    An expression may have an equals sign in it, and so may a command: the condition ends in front
    of the first one that leaves something whole before it.

    Raises:
        InvalidArgument: There is no condition at its beginning, or the command is empty.
    """
    place = text.find("=")
    while place >= 0:
        try:
            condition = parse_condition(text[:place])
        except InvalidArgument:
            place = text.find("=", place + 1)
            continue
        command = text[place + 1 :]
        if command.startswith("="):  # of a relation
            place = text.find("=", place + 2)
            continue
        if not command.strip():
            raise InvalidArgument(f"{text!r} has no command behind the condition")
        return condition, command
    return parse_condition(text), None
