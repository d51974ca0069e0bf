"""Which way is better for the tags of a run: what their words say, and what the user says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tbtools.analysis.objective.meaning import directions
from tbtools.errors import InvalidObjective, UnknownTag, UnsupportedType
from tbtools.vocabulary import OBJECTIVES

if TYPE_CHECKING:
    from tbtools.vocabulary import Objective


def parse_objectives(rules: Iterable[str]) -> dict[str, Objective]:
    """Reads rules of the form ``GLOB=min|max|none``, as the option ``--objective`` takes them.

    Args:
        rules: The rules, in order.

    Raises:
        InvalidObjective: A rule has no ``=``, an empty glob, or another word behind it.
    """
    known: dict[str, Objective] = {direction: direction for direction in OBJECTIVES}
    parsed: dict[str, Objective] = {}
    for rule in rules:
        glob, _, direction = rule.rpartition("=")
        if not glob or direction not in known:
            raise InvalidObjective(rule)
        parsed[glob] = known[direction]
    return parsed


def objectives_of(
    tags: Iterable[str], overrides: Mapping[str, Objective] | None = None
) -> dict[str, Objective]:
    """Says which way is better for each tag of one run.

    Args:
        tags: All tags of the run: a loss beside a reward has no objective.
        overrides: Direction by glob, matched against the whole tag with case; the last that matches
            holds, over everything that the words say.

    Raises:
        InvalidObjective: An override is none of ``min``, ``max``, ``none``.
        UnsupportedType: The overrides are no mapping.
    """
    overrides = {} if overrides is None else overrides
    if not isinstance(overrides, Mapping):
        raise UnsupportedType(f"objectives is {overrides!r}, not a mapping of globs to directions")
    for glob, direction in overrides.items():
        if direction not in OBJECTIVES:
            raise InvalidObjective(f"{glob}={direction}")
    own = dict(directions(tuple(tags)))
    return {tag: _overridden(tag, overrides) or own[tag] for tag in own} if overrides else own


def require_objectives(tags: Iterable[str], overrides: Mapping[str, Objective] | None) -> None:
    """Refuses a direction for tags that are not there: with a typing mistake it has no effect.

    Args:
        tags: The tags of all runs.
        overrides: As for `objectives_of`.

    Raises:
        InvalidObjective: An override is none of ``min``, ``max``, ``none``.
        UnsupportedType: The overrides are no mapping.
        UnknownTag: A glob matches no tag.
    """
    objectives_of((), overrides)
    known = dict.fromkeys(tags)
    for glob in overrides or ():
        if not any(fnmatchcase(tag, glob) for tag in known):
            raise UnknownTag(glob, known)


def _overridden(tag: str, overrides: Mapping[str, Objective]) -> Objective | None:
    matching = (overrides[glob] for glob in reversed(list(overrides)) if fnmatchcase(tag, glob))
    return next(matching, None)
