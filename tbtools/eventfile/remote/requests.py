"""Requests in threads: many at once, and such that a signal need not wait for."""

from __future__ import annotations

import functools
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_AT_ONCE = 16

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, "tbtools-requests")


def submitted(request: Callable[[], Answer]) -> Future[Answer]:
    """A request whose answer is asked for later."""
    return _pool().submit(request)


def side_by_side(request: Callable[[Asked], Answer], asked: Iterable[Asked]) -> Iterator[Answer]:
    """The answers to requests, in their order, several made at once."""
    return _pool().map(request, asked)


def answered(request: Callable[[], Answer]) -> Answer:
    """The answer to a request of a library that runs no signal handlers while it waits.

    Python runs them in the main thread, which must not be in the library for that.
    """
    if threading.current_thread() is threading.main_thread():
        return submitted(request).result()
    return request()
