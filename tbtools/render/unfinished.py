"""What is undone where a process ends at once, as by a signal, and no block is left in order."""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_undo: dict[object, Callable[[], None]] = {}


@contextmanager
def unfinished(undo: Callable[[], None]) -> Iterator[None]:
    """Has `undo_all` undo what the block does, until it is left.

    Args:
        undo: What undoes it, wherever between two calls it stands; it waits for no other thread.
    """
    key = object()
    _undo[key] = undo
    try:
        yield
    finally:
        del _undo[key]


def undo_all() -> None:
    """Undoes what is unfinished, the latest first; the process has to end then."""
    for undo in reversed(list(_undo.values())):
        with contextlib.suppress(OSError):  # the next run of the same output tries again
            undo()
