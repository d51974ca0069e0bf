"""The filter of the list of runs: globs over names, states, and expressions of ``--where``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tbtools.errors import InvalidExpression
from tbtools.runs.where import parse_where

if TYPE_CHECKING:
    from tbtools.live.app.rows import RunRow
    from tbtools.runs.where import Where

_STATE = "status:"
_RELATION = re.compile(r"[<>=~]")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs are listed: those of which all is true.

    Attributes:
        globs: Parts of names, or globs.
        states: States, or kinds of findings.
        where: An expression; None for none.
    """

    globs: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    where: Where | None = None

    def matches(self, row: RunRow) -> bool:
        """Whether name and state are such; of the expression others must ask."""
        if not (self.globs or self.states):
            return True
        states = {str(row.status), *(each.kind for each in row.findings if each.is_serious)}
        if row.findings and any(each.kind == "divergence" for each in row.findings):
            states.add("diverged")
        named = all(fnmatchcase(row.name, f"*{glob}*") for glob in self.globs)
        return named and all(any(s.startswith(state) for s in states) for state in self.states)


def parse_filter(text: str) -> Filter:
    """Reads what was typed: ``seed* status:stalled lr>=1e-3 val/loss<2``.

    Args:
        text: Words, of which those with a relation are expressions, all of which must be true; or
            one whole expression.

    Raises:
        InvalidExpression: An expression in it cannot be read.
    """
    if not _RELATION.search(text):
        return _of_words(text.split(), None)
    try:
        return Filter(where=parse_where(text))
    except InvalidExpression:
        words = text.split()
        asked = [word for word in words if _RELATION.search(word)]
        others = [word for word in words if not _RELATION.search(word)]
        if not asked or set(others) & {"and", "or", "not"}:
            raise
        return _of_words(others, parse_where(" and ".join(asked)))


def _of_words(words: list[str], where: Where | None) -> Filter:
    states = [word.removeprefix(_STATE) for word in words if word.startswith(_STATE)]
    globs = [word for word in words if not word.startswith(_STATE)]
    return Filter(tuple(globs), tuple(states), where)
