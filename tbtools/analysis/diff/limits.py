"""Limits that a change must keep to, such as ``val/loss>+2%``: for those who let machines watch."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tbtools.errors import InvalidArgument, UnknownTag
from tbtools.runs.selection import matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tbtools.analysis.diff.results import Diff, RunDiff, TagDiff

_LIMIT = re.compile(
    r"(?P<tag>.+?)\s*(?P<relation>[<>])\s*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)"
    r"\s*(?P<percent>%?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Limit:
    """How far b may lie from a.

    Attributes:
        tag: A tag, or a glob.
        relation: ``>`` where the change must not be greater, ``<`` where it must not be less.
        bound: The greatest or least change of the level that is allowed.
        percent: Whether the bound is in percent of the level of a.
        text: As it was given.
    """

    tag: str
    relation: Literal["<", ">"]
    bound: float
    percent: bool
    text: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A limit that a tag does not keep.

    Attributes:
        limit: The limit.
        run: The name of b.
        tag: The tag.
        message: In words, with the numbers.
    """

    limit: Limit
    run: str
    tag: str
    message: str


def parse_limits(texts: Sequence[str]) -> list[Limit]:
    """Reads limits of the form ``TAG>+2%``, ``TAG<-0.01``.

    Raises:
        InvalidArgument: One has another form.
    """
    limits = []
    for text in texts:
        match = _LIMIT.fullmatch(text.strip())
        if not match:
            raise InvalidArgument(
                f"limit {text!r} is not of the form TAG>+NUMBER or TAG<-NUMBER, with or without %"
            )
        bound = float(match["number"])
        relation: Literal["<", ">"] = "<" if match["relation"] == "<" else ">"
        limits.append(Limit(match["tag"], relation, bound, bool(match["percent"]), text))
    return limits


def violations(diff: Diff, limits: Sequence[Limit]) -> list[Violation]:
    """What does not keep to the limits.

    The change is that of the level, the mean over the last quarter of the steps that both have.
    Where there is no finite level on both sides, no limit is kept to.

    Raises:
        UnknownTag: No run has the tag of a limit: a guard that never looks at anything is no guard.
    """
    found = []
    for limit in limits:
        looked_at = False
        for run in diff.runs:
            for tag in run.tags:
                if tag.plugin == "scalars" and matches(tag.tag, (limit.tag,)):
                    looked_at = True
                    message = _broken(tag, limit)
                    if message:
                        found.append(Violation(limit, _name(run), tag.tag, message))
        if not looked_at:
            raise UnknownTag(limit.tag, {tag.tag for run in diff.runs for tag in run.tags})
    return found


def _name(run: RunDiff) -> str:
    return run.b or run.a or "."


def _broken(tag: TagDiff, limit: Limit) -> str | None:
    if tag.only_in:
        return f"{tag.tag}: only {tag.only_in} has it"
    for name, level in (("a", tag.level_a), ("b", tag.level_b)):
        if level is None or not math.isfinite(level):
            return f"{tag.tag}: {name} has no finite level at steps that both have"
    assert tag.level_a is not None
    assert tag.level_b is not None
    change = tag.level_b - tag.level_a
    bound = limit.bound / 100 * abs(tag.level_a) if limit.percent else limit.bound
    kept = change <= bound if limit.relation == ">" else change >= bound
    if kept:
        return None
    share = f" ({change / abs(tag.level_a):+.2%})" if tag.level_a else ""
    return f"{tag.tag}: {tag.level_a:.6g} -> {tag.level_b:.6g}{share}, limit {limit.text}"
