"""Requests in threads: many at once, and such that a signal need not wait for."""

from __future__ import annotations

import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from tbtools.eventfile.threads import submitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

_AT_ONCE = 16

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, "tbtools-requests")


def begun(request: Callable[[], Answer]) -> Future[Answer]:
    """A request whose answer is waited for later."""
    return submitted(_pool(), request)


def side_by_side(request: Callable[[Asked], Answer], each: Iterable[Asked]) -> list[Answer]:
    """The answers to requests, in their order, several made at once."""
    answers = [submitted(_pool(), request, one) for one in each]
    return [answer.result() for answer in answers]


def answered(request: Callable[[], Answer]) -> Answer:
    """The answer to a request of a library that runs no signal handlers while it waits.

    Python runs them in the main thread, which must not be in the library for that.
    """
    if threading.current_thread() is threading.main_thread():
        return begun(request).result()
    return request()
