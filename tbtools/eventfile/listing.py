"""Looking at many paths: one after the other, or side by side where that takes long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from tbtools.eventfile.source import source_of
from tbtools.eventfile.threads import submitted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor

    from tbtools.eventfile.source_types import Entry, Source

    Listing = tuple[list[Entry], OSError | None]

Result = TypeVar("Result")

# A local file system takes some ten microseconds for a directory and about one for an entry; a
# network takes milliseconds for each.
_QUICK_DIRECTORY = 1e-3
_QUICK_ENTRY = 2e-5
# So many directories tell which of them it is.
_TRIED = 16
_AT_ONCE = 32
_AHEAD = 256


def each_path(
    work: Callable[[str], Result], names: Collection[str], path_of: Callable[[str], str] = str
) -> list[Result]:
    """What comes of a look at each path; side by side where they are remote.

    Args:
        work: Looks, by the name.
        names: The paths, or what they are called.
        path_of: Gives the path of a name.
    """
    at_once = max((source_of(path_of(name)).at_once for name in names), default=0)
    if not at_once or len(names) == 1:
        return [work(name) for name in names]
    return _side_by_side(work, names, at_once)


def each_quickly(look: Callable[[str], Result], paths: Sequence[str]) -> list[Result]:
    """What comes of a look at each path that is only waited for.

    Side by side, where most of the first have taken a millisecond and more.

    Args:
        look: Such as `Source.stat`.
        paths: The paths.
    """
    found = []
    slow = 0
    for path in paths[:_TRIED]:
        start = time.perf_counter()
        found.append(look(path))
        slow += time.perf_counter() - start > _QUICK_DIRECTORY
    rest = paths[_TRIED:]
    if 2 * slow > _TRIED:
        return found + _side_by_side(look, rest, _AT_ONCE)
    return found + [look(path) for path in rest]


def _side_by_side(
    work: Callable[[str], Result], names: Collection[str], at_once: int
) -> list[Result]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(at_once) as pool:
        looks = [submitted(pool, work, name) for name in names]
        return [look.result() for look in looks]


class Lister:
    """Lists directories; those that come next meanwhile, once the source has proved slow.

    Args:
        source: Where they lie.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._tried = 0
        self._slow = 0  # of those that were tried
        self._pool: ThreadPoolExecutor | None = None
        self._ahead: dict[str, Future[Listing]] = {}

    def list(self, path: str, next_paths: Sequence[tuple[str, str]] = ()) -> Listing:
        """The entries of a directory.

        Args:
            path: The directory.
            next_paths: Those that will be listed next, the last one first, each with its name.

        Returns:
            The entries, and why there may be more of them that cannot be listed.
        """
        if self._pool is None and self._is_slow():
            self._start()
        if self._pool is not None and 2 * len(self._ahead) < _AHEAD:
            for each, _ in next_paths[-_AHEAD:]:
                if each not in self._ahead:
                    self._ahead[each] = submitted(self._pool, self._entries, each)
        future = self._ahead.pop(path, None)
        return self._entries(path) if future is None else future.result()

    def close(self) -> None:
        """Ends the threads."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _is_slow(self) -> bool:
        return self._tried >= _TRIED and 2 * self._slow > self._tried

    def _start(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._pool = ThreadPoolExecutor(_AT_ONCE)

    def _entries(self, path: str) -> Listing:
        start = time.perf_counter()
        entries: list[Entry] = []
        refused = None
        try:
            entries.extend(self._source.list(path))  # what comes before it fails stays
        except OSError as error:
            refused = error
        taken = time.perf_counter() - start
        self._tried += 1
        self._slow += taken > _QUICK_DIRECTORY + _QUICK_ENTRY * len(entries)
        return entries, refused
