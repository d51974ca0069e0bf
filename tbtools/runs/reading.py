"""Reading the event files of many runs, run after run, on all cores where that pays."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tbtools.errors import UnsupportedType
from tbtools.eventfile.source import NamedErrors, source_of
from tbtools.eventfile.threads import Threads
from tbtools.system import usable_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from tbtools.eventfile.mapped import MappedRows
    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.data import RunData
    from tbtools.runs.run import Run

# How far reading goes ahead of what is made of it: far enough that no core waits for small files,
# not so far that large ones pile up.
_FILES_AHEAD = 64
_BYTES_AHEAD = 256_000_000
# Small files are scanned several to a task: a thread that waits for the interpreter's lock after
# each waits longer than the file takes.
_FILES_AT_ONCE = 16
_BYTES_AT_ONCE = 2_000_000
# Smaller files are scanned by the thread that wants them: others would wait for the interpreter's
# lock, up to 5 ms each time (sys.getswitchinterval), for scans that take a tenth of one. But it is
# others that wait for files which take a millisecond, as those of a network do.
_FILE_FOR_THREADS = 500_000
_WAITED_FOR = 1e-3
# Where each file is a request, so many of them wait for a thread, that none waits for a file.
_FILES_A_THREAD = 8


def file_size(path: str) -> int:
    """How many bytes a file has; 0 where it cannot be looked at, which reading it tells."""
    try:
        return source_of(path).stat(path).size
    except OSError:
        return 0


def _scan_files(files: Sequence[tuple[RunData, str]], rows: MappedRows | None) -> list[FileColumns]:
    scans = [run.scan_file(path) for run, path in files]
    return scans if rows is None else rows.laid(scans)


def check_progress(progress: object) -> None:
    """Refuses what cannot be called with the work that is done and that of all.

    Raises:
        UnsupportedType: It is neither a callable nor None.
    """
    if progress is not None and not callable(progress):
        raise UnsupportedType(f"{progress!r} cannot be called to tell the progress")


def read_ahead(
    runs: Sequence[Run],
    progress: Callable[[int, int], None] | None = None,
    *,
    threads: int | None = None,
    rows: MappedRows | None = None,
) -> Iterator[Run]:
    """Yields the runs in order, each of them read; scans of the next ones go on meanwhile.

    The scan holds no lock of the interpreter, so that threads use all cores.

    Args:
        runs: The runs; those that have been read already are not read again.
        progress: Called now and then with the bytes that have been read and those of all files.
        threads: How many threads scan local files; one a core by default.
        rows: Where rows go that are to stay read; they stay in memory where not given.
    """
    requests = max((source_of(run.data.path).at_once for run in runs), default=0)
    ahead = _Ahead(progress, [run for run in runs if not run.data.is_read], requests, rows)
    try:
        with Threads(requests or threads or usable_cores()) as pool:
            waiting = deque(runs)
            while waiting or ahead.runs:
                if ahead.is_low():
                    while waiting and ahead.has_room():
                        ahead.add(waiting.popleft(), pool)
                    ahead.submit(pool)
                yield ahead.next()
    finally:
        for index in {run.data.index for run in runs if run.data.index is not None}:
            index.save()


class ReadingCost(NamedTuple):
    """What it takes to read the event files of some runs.

    Attributes:
        runs: How many runs.
        files: How many event files they have.
        bytes: The size of all.
        unread_files: How many files something has to be read of; the index knows the others.
        unread_bytes: How much of them.
        requests: How many requests that takes; 0 for local files.
    """

    runs: int
    files: int
    bytes: int
    unread_files: int
    unread_bytes: int
    requests: int


def reading_cost(runs: Sequence[Run]) -> ReadingCost:
    """What it would take to read the event files of some runs, without reading any.

    Raises:
        FileError: One cannot be looked at.
    """
    size = 0
    unread = []
    requests = 0
    paths = [(run.data, path) for run in runs for path in run.event_files]
    for data, path in paths:
        with NamedErrors(path):
            whole = source_of(path).stat(path).size
            left = whole if data.index is None else data.index.unread_bytes(path)
        size += whole
        if left:
            unread.append(left)
            requests += source_of(path).requests(left)
    return ReadingCost(len(runs), len(paths), size, len(unread), sum(unread), requests)


def read_each(
    runs: Mapping[str, Run],
    progress: Callable[[int, int], None] | None = None,
    *,
    threads: int | None = None,
) -> Iterator[tuple[str, Run]]:
    """Yields names and runs as `read_ahead` does, so that memory does not grow with their number.

    What was read of a run for this is let go when the next run is asked for, and so is the memory
    in which rows of others are looked at.

    Args:
        runs: Name to run.
        progress: As for `read_ahead`.
        threads: Likewise.
    """
    unread = [not run.data.is_read for run in runs.values()]
    read = read_ahead(list(runs.values()), progress, threads=threads)
    for name, run, forget in zip(runs, read, unread, strict=True):
        yield name, run
        if forget:
            run.data.release()
        else:
            run.data.rest()


class OneByOne(Mapping[str, "Run"]):
    """Runs that have been read, of which whoever iterates over them looks at one at a time.

    When the next one is asked for, the memory in which rows of the last one are looked at is let go
    of, where there are so many that they are mapped.

    Args:
        runs: Name to run.
    """

    def __init__(self, runs: Mapping[str, Run]) -> None:
        self._runs = runs

    def __getitem__(self, name: str) -> Run:
        return self._runs[name]

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[str]:
        for name, run in self._runs.items():
            yield name
            run.data.rest()


class _Task:
    """Files that are scanned one after the other by one thread."""

    def __init__(self) -> None:
        self.files: list[tuple[RunData, str]] = []
        self.bytes = 0
        self.scans: Future[list[FileColumns]] | list[FileColumns]

    def scan(self, place: int) -> FileColumns:
        """The columns of one of them; waits for the thread."""
        scans = self.scans if isinstance(self.scans, list) else self.scans.result()
        return scans[place]


class _Ahead:
    """The runs whose files are being scanned, in order."""

    def __init__(
        self,
        progress: Callable[[int, int], None] | None,
        unread: list[Run],
        requests: int,
        rows: MappedRows | None,
    ) -> None:
        check_progress(progress)
        self._rows = rows
        self._are_requests = requests > 0
        self._files_at_once = 1 if requests else _FILES_AT_ONCE
        self._scanned_here, self._waited = 0, 0.0  # files, and seconds that others had the core
        self._files_ahead = max(_FILES_AHEAD, _FILES_A_THREAD * requests)
        # Each with the task of each of its files, the file's place in it, and the bytes of all.
        self.runs: deque[tuple[Run, list[tuple[_Task, int]], int]] = deque()
        self._task = _Task()  # the one that is not complete yet
        self._progress = progress
        self._total = sum(file_size(path) for run in unread for path in run.event_files if progress)
        self._done = 0
        self._files = 0
        self._bytes = 0

    def is_low(self) -> bool:
        """Whether half of what there is room for is done."""
        return not self.runs or (
            2 * self._files < self._files_ahead and 2 * self._bytes < _BYTES_AHEAD
        )

    def has_room(self) -> bool:
        return not self.runs or (self._files < self._files_ahead and self._bytes < _BYTES_AHEAD)

    def add(self, run: Run, pool: Threads) -> None:
        """Takes a run in; its last files may wait for others until `submit`."""
        places, size = [], 0
        for path in () if run.data.is_read else run.event_files:
            task = self._task
            places.append((task, len(task.files)))
            task.files.append((run.data, path))
            task.bytes += (own := file_size(path))
            size += own
            if task.bytes >= _BYTES_AT_ONCE or len(task.files) >= self._files_at_once:
                self.submit(pool)
        self.runs.append((run, places, size))
        self._files += len(places)
        self._bytes += size

    def submit(self, pool: Threads) -> None:
        """Has what is in the task scanned, by another thread where that pays."""
        task, self._task = self._task, _Task()
        if not task.files:
            return
        is_large = task.bytes > _FILE_FOR_THREADS * len(task.files)
        is_slow = self._waited > _WAITED_FOR * self._scanned_here
        if is_large or is_slow or self._are_requests:
            task.scans = pool.submit(_scan_files, task.files, self._rows)
            return
        start, worked = time.perf_counter(), time.thread_time()
        task.scans = _scan_files(task.files, self._rows)
        self._waited += time.perf_counter() - start - (time.thread_time() - worked)
        self._scanned_here += len(task.files)

    def next(self) -> Run:
        run, files, size = self.runs.popleft()
        if files and not run.data.is_read:  # without any, another thread has let the run go
            run.data.hold([task.scan(place) for task, place in files])
        self._files -= len(files)
        self._bytes -= size
        self._done += size
        if self._progress:
            self._progress(self._done, self._total)
        return run
