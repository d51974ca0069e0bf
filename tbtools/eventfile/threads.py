"""Which threads do what: how many there may be, and what is done where there is no room for one."""

from __future__ import annotations

import mmap
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from tbtools.system import usable_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future, ThreadPoolExecutor

_P = ParamSpec("_P")
_T = TypeVar("_T")

# The stack of a thread, 8 MB where nothing else is said, and what it allocates to begin with.
_THREAD_BYTES = 32_000_000

_claim = threading.Lock()
_claimed = 0


@contextmanager
def claimed_cores(most: int) -> Iterator[int]:
    """How many cores the caller may use, of those that no other caller has claimed; at least one.

    Args:
        most: How many would be of use.
    """
    global _claimed
    with _claim:
        cores = max(min(usable_cores() - _claimed, most), 1)
        _claimed += cores
    try:
        yield cores
    finally:
        with _claim:
            _claimed -= cores


class Threads:
    """A pool whose threads, and the modules that they need, are there once there is work for them.

    Args:
        most: How many threads there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._pool: ThreadPoolExecutor | None = None

    def submit(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """As `submitted`."""
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(self._most)
        return submitted(self._pool, work, *args, **kwargs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()


def submitted(
    pool: ThreadPoolExecutor, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
) -> Future[_T]:
    """The future of a call in a pool; the call is over where no thread can be had.

    Args:
        pool: Whose threads.
        work: What is called.
        args: Its arguments.
        kwargs: And those with a name.
    """
    try:
        # Who starts a thread that finds no memory waits for it without end: CPython issue 140746.
        mmap.mmap(-1, _THREAD_BYTES).close()
        return pool.submit(work, *args, **kwargs)
    except (RuntimeError, OSError):  # limits on processes or memory
        from concurrent.futures import Future

        done: Future[_T] = Future()
        done.set_result(work(*args, **kwargs))
        return done
