"""An engine that does what one of other processes does, in this one: it pickles all that passes."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class PickledEngine:
    """See `tbtools.runs.engine.Engine`.

    Attributes:
        tasks: How many calls it has done.
    """

    workers = 3
    shares_directory = True

    def __init__(self) -> None:
        self.tasks = 0

    def __str__(self) -> str:
        return "pickled"

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """What the calls give, in order."""
        for item in items:
            self.tasks += 1
            sent = pickle.loads(pickle.dumps((function, item)))
            yield pickle.loads(pickle.dumps(sent[0](sent[1])))
