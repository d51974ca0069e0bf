"""Work on all cores, by processes that this one becomes by forks.

Python's code runs on one core a process. A process that is forked has all that this one has read,
for nothing, and takes milliseconds to start. Whatever it does not give is worked out here, so that
results, errors and warnings are those of one process: also where it is killed for want of memory.
"""

from __future__ import annotations

import contextlib
import pickle
import warnings
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tbtools import system

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from multiprocessing import connection as connections

    Connection = connections.Connection[Any, Any]

T = TypeVar("T")
S = TypeVar("S")


def in_forks(
    function: Callable[[S], T], items: Sequence[S], processes: int
) -> Generator[T, None, None]:
    """What a function gives of each item, in order.

    Who does not take all should close the iterator: that ends the processes.

    Args:
        function: Gives the same in whichever process, and what can be pickled.
        items: What it is called with. Of those that come later few have been begun.
        processes: How many are to be at it, see `system.may_fork`; 1 for this one alone.

    Raises:
        Exception: What the function raises.
    """
    forks = _Forks(function, items)
    try:
        if processes > 1:
            forks.start(min(processes, len(items)))
        for number, item in enumerate(items):
            yield from forks.given(number) or (function(item),)
    finally:
        forks.end()


class _Forks(Generic[S, T]):
    """Processes each of which works on one item at a time.

    Args:
        function: As for `in_forks`.
        items: Likewise.
    """

    def __init__(self, function: Callable[[S], T], items: Sequence[S]) -> None:
        self._function = function
        self._items = items
        self._left = iter(range(len(items)))
        self._processes: list[tuple[int, Connection]] = []
        self._at_work: dict[Connection, int] = {}
        self._given: dict[int, tuple[T, ...]] = {}

    def start(self, count: int) -> None:
        """Starts so many processes, or as many as limits on processes and memory leave."""
        with contextlib.suppress(OSError):
            for _ in range(count):
                self._hand_out(self._started())

    def _started(self) -> Connection:
        from multiprocessing.connection import Pipe

        ours, theirs = Pipe()
        with theirs, system.signals_held(), warnings.catch_warnings():
            # Python and libraries warn of threads: also of OpenBLAS's, which are ready for forks,
            # and JAX of its own, which nobody there waits for.
            warnings.simplefilter("ignore")
            process = system.begin_fork(lambda: _work(self._function, self._items, theirs))
            self._processes.append((process, ours))
        return ours

    def _hand_out(self, connection: Connection) -> None:
        number = next(self._left, None)
        if number is not None:
            # Where the process is gone, nobody gives this one.
            with contextlib.suppress(OSError):
                connection.send(number)
                self._at_work[connection] = number

    def given(self, number: int) -> tuple[T, ...]:
        """What a process gives of an item, which is waited for; nothing where none does."""
        from multiprocessing.connection import wait

        while number in self._at_work.values():
            ready = wait(list(self._at_work))
            for connection in [each for each in self._at_work if each in ready]:
                done = self._at_work.pop(connection)
                with contextlib.suppress(OSError, EOFError):
                    given = connection.recv_bytes()
                    self._given[done] = pickle.loads(given)  # noqa: S301 - from our own process
                    self._hand_out(connection)
        return self._given.pop(number, ())

    def end(self) -> None:
        """Ends the processes, whatever they are at."""
        system.end_forks([process for process, _ in self._processes])
        for _, connection in self._processes:
            connection.close()


def _work(function: Callable[[S], T], items: Sequence[S], connection: Connection) -> None:
    """What a process does until it is ended; of an item that it cannot do it gives nothing."""
    warnings.simplefilter("error")  # which nobody would see
    with contextlib.suppress(OSError, EOFError):
        while True:
            number = connection.recv()
            try:
                given = pickle.dumps((function(items[number]),))
            except Exception:  # noqa: BLE001 - whoever began this process has it again
                given = pickle.dumps(())
            connection.send_bytes(given)
