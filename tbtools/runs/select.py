"""Choosing runs, tags and steps: the same words in Python and on the command line."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tbtools.errors import UnknownRun, UnknownTag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tbtools.errors import UnknownName

_WILDCARDS = frozenset("*?[")


def as_globs(globs: str | Sequence[str] | None) -> tuple[str, ...]:
    """The globs as a tuple; empty for everything."""
    if globs is None:
        return ()
    return (globs,) if isinstance(globs, str) else tuple(globs)


def matches(name: str, globs: Sequence[str]) -> bool:
    """Whether one of the globs matches, or is the name itself; no globs match everything.

    ``*`` also matches ``/``: tags and runs are paths, and ``loss*`` means ``loss/train``.
    """
    return not globs or any(name == glob or fnmatchcase(name, glob) for glob in globs)


def select_tags(tags: Iterable[str], globs: str | Sequence[str] | None) -> list[str]:
    """The tags that are meant.

    Raises:
        UnknownTag: A name without wildcards is none of the tags.
    """
    return _select(tags, globs, UnknownTag)


def select_runs(runs: Iterable[str], globs: str | Sequence[str] | None) -> list[str]:
    """The runs that are meant.

    Raises:
        UnknownRun: A name without wildcards is none of the runs.
    """
    return _select(runs, globs, UnknownRun)


def _select(
    names: Iterable[str], globs: str | Sequence[str] | None, error: type[UnknownName]
) -> list[str]:
    wanted = as_globs(globs)
    known = dict.fromkeys(names)
    for glob in wanted:
        if not _WILDCARDS & set(glob) and glob not in known:
            raise error(glob, known)
    return choose(known, wanted)


def choose(names: Iterable[str], globs: str | Sequence[str] | None) -> list[str]:
    """Those of the names that are meant, whether or not there are any."""
    wanted = as_globs(globs)
    known = dict.fromkeys(names)
    if not wanted:
        return list(known)
    # Tags may have wildcards in their names: "loss[0]" means itself where it exists, not "loss0".
    patterns = [glob for glob in wanted if glob not in known]
    return [
        name
        for name in known
        if name in wanted or any(fnmatchcase(name, pattern) for pattern in patterns)
    ]
