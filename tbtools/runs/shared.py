"""What runs have in common: those of one experiment mostly have the same tags."""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Result = TypeVar("Result")

# So many lists of names are remembered, and none that is longer: a file may have a million tags.
_LISTS_KEPT = 64
_LONGEST = 1_000


def shared_by_names(function: Callable[..., Result]) -> Callable[..., Result]:
    """Remembers what a function says of a tuple of names, so that runs alike share the object.

    Args:
        function: Its first argument is the names; all can be hashed, and the result is not changed.
    """
    remembering = lru_cache(_LISTS_KEPT)(function)

    @wraps(function)
    def call(names: Sequence[object], *rest: object) -> Result:
        return (remembering if len(names) <= _LONGEST else function)(names, *rest)

    return call
