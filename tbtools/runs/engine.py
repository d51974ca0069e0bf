"""Where work over many runs is done: in this process, or by an engine in others.

Work takes runs, one after the other, and gives a result that can be joined with that of other runs.
In this process it is called once, with all of them, or where it says which runs must come together,
for groups of these. An engine calls it for groups of runs, wherever it likes and as often as it
must; the results come in the order of the groups.
"""

from __future__ import annotations

import os
import uuid
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from tbtools.errors import InvalidArgument
from tbtools.eventfile.index.index import FileIndex
from tbtools.eventfile.mapped import MappedRows
from tbtools.eventfile.source import source_of
from tbtools.runs.forks import in_forks
from tbtools.runs.reading import OneByOne, check_progress, file_size, read_ahead, read_each
from tbtools.system import may_fork, usable_cores

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Generator,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from tbtools.runs.data import RunDiagnostics
    from tbtools.runs.run import Run

T = TypeVar("T")
S = TypeVar("S")

# A task should take far longer than the millisecond or so that handing it out takes, and be small
# enough that one that is lost is soon done again. So many bytes of scalars take about 0.2 s.
BYTES_A_TASK = 64_000_000
_RUNS_A_TASK = 256
# Here it should be so large that looking at it costs more than beginning, and small beside what
# memory holds: a million scalars, of which work makes some copies.
_ROWS_AT_ONCE = 24_000_000
# What judging takes, the work that asks for families, of short series and of long ones; and how
# much of it makes up for a process, with what it looks up once, and what it sends.
_SECONDS_A_SERIES, _SECONDS_A_BYTE = 1.6e-4, 1e-8
_SECONDS_A_PROCESS = 0.2
# What one process does alone, reading and writing, takes longer than what more than these would
# judge; each of them has some of Python's memory to itself.
_MOST_PROCESSES = 16
# So many groups that processes end at about the same time, and progress can be told.
_SHARES_A_PROCESS = 16
# A small log directory is cut so that each worker gets several groups, and none waits for the last.
_TASKS_A_WORKER = 4


class Engine(Protocol):
    """Calls functions in other processes."""

    @property
    def workers(self) -> int:
        """How many calls it does at a time."""
        ...

    @property
    def shares_directory(self) -> bool:
        """Whether they have the current directory of this process."""
        ...

    def map(self, function: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
        """The results in the order of the items, of which few are taken ahead."""
        ...


def engine_named(name: object) -> Engine | None:
    """The engine that is meant.

    Args:
        name: None for this process; ``dask`` for processes on this machine, or for the client that
            the process has already; ``dask:ADDRESS`` for the scheduler there; or a
            `distributed.Client`.

    Raises:
        InvalidArgument: It is none of these.
        MissingExtra: Dask is not installed.
        EngineError: There is no scheduler at the address.
    """
    if name is None:
        return None
    kind, colon, address = name.partition(":") if isinstance(name, str) else ("", "", "")
    is_client = type(name).__module__.partition(".")[0] == "distributed"
    if not is_client and (kind != "dask" or (colon and not address)):
        raise InvalidArgument(f"engine {name!r} is neither dask nor dask:ADDRESS")
    from tbtools.runs.dask_engine import dask_engine

    return dask_engine(name if is_client else address or None)


def engine_of(runs: Mapping[str, Run]) -> Engine | None:
    """What does work over some runs in other processes; None for this one."""
    return next((run.data.engine for run in runs.values() if run.data.engine), None)


def over_runs(
    runs: Mapping[str, Run],
    work: Callable[[Iterator[tuple[str, Run]]], T],
    progress: Callable[[int, int], None] | None = None,
    *,
    together: Callable[[str], object] | None = None,
    keep: bool = False,
    portion: Callable[[Any, Collection[str]], Any] | None = None,
) -> Generator[T, None, None]:
    """Does work over runs, where they say; what is known of each is kept, and nothing else.

    Args:
        runs: Name to run.
        work: Takes names and runs as `read_each` gives them. For an engine it can be pickled, and
            so can what it gives, which must not depend on which runs come together.
        progress: As for `read_each`; of an engine after each group.
        together: Gives what runs have in common that must come together, by the name of each; by
            this process only taken with `keep`.
        keep: Whether what was read of the runs that come together is kept as long as the work goes
            on, and by this process also after it; they are all read before it begins. Beyond what
            memory should hold it is mapped from a temporary file.
        portion: Gives the work for some runs, by their names, as other processes are to do it.

    Yields:
        What the work gives: once, or for each group.

    Raises:
        InvalidArgument: A path is relative, and the engine has another current directory.
        EngineError: The engine has lost the processes that did it, again and again.
    """
    engine = engine_of(runs)
    if engine is None:
        yield from _here(runs, work, progress, together, portion, keep=keep)
        return
    check_progress(progress)
    if not engine.shares_directory:
        _require_absolute(runs)
    sizes = sizes_of(runs)
    total = sum(sizes.values())
    share = total // (_TASKS_A_WORKER * engine.workers) + 1
    groups = groups_of(runs, sizes, together=together, most=min(share, BYTES_A_TASK))
    tasks = ((portion(work, group.keys()) if portion else work, group) for group in groups)
    done = 0
    task: _Task[T] = _Task(keep)
    for result in engine.map(task, tasks):
        for name, known in result.diagnostics.items():
            runs[name].data.know(known)
            done += sizes[name]
        if progress:
            progress(done, total)
        yield result.result


def _here(
    runs: Mapping[str, Run],
    work: Callable[[Iterator[tuple[str, Run]]], T],
    progress: Callable[[int, int], None] | None,
    together: Callable[[str], object] | None,
    portion: Callable[[Any, Collection[str]], Any] | None,
    *,
    keep: bool,
) -> Iterator[T]:
    """What `over_runs` does without an engine."""
    if not keep:
        yield work(read_each(runs, progress))
    elif together is None:
        _kept(runs, progress)
        yield work(iter(OneByOne(runs).items()))
    else:
        _kept(runs, progress)
        yield from _by_families(runs, work, together, portion)


def _by_families(
    runs: Mapping[str, Run],
    work: Callable[[Iterator[tuple[str, Run]]], T],
    together: Callable[[str], object],
    portion: Callable[[Any, Collection[str]], Any] | None,
) -> Iterator[T]:
    """What work gives of groups of runs that have been read, on all cores where that pays."""
    sizes = {name: run.data.row_bytes for name, run in runs.items()}
    processes = _processes_for(runs, sizes)
    most = _ROWS_AT_ONCE
    if processes > 1:
        most = min(most, sum(sizes.values()) // _SHARES_A_PROCESS) // processes
    groups = list(groups_of(runs, sizes, together=together, most=most))

    def done(group: dict[str, Run]) -> Done[T]:
        own = portion(work, group.keys()) if portion and processes > 1 else work
        result: T = own(iter(group.items()))
        diagnostics = {name: run.data.diagnostics for name, run in group.items()}
        for run in group.values():
            run.data.rest()
        return Done(result, diagnostics)

    with closing(in_forks(done, groups, processes)) as every:
        for each in every:
            for name, known in each.diagnostics.items():
                runs[name].data.know(known)
            yield each.result


def _processes_for(runs: Mapping[str, Run], sizes: Mapping[str, int]) -> int:
    """How many processes work that looks at families of runs, which have been read, is worth."""
    series = sum(len(file.tag_names) for run in runs.values() for file in run.data.all_files)
    seconds = _SECONDS_A_SERIES * series + _SECONDS_A_BYTE * sum(sizes.values())
    processes = min(usable_cores(), _MOST_PROCESSES, int(seconds / _SECONDS_A_PROCESS))
    return processes if processes > 1 and may_fork() else 1


def _kept(
    runs: Mapping[str, Run],
    progress: Callable[[int, int], None] | None = None,
    threads: int | None = None,
) -> Iterator[tuple[str, Run]]:
    every = list(runs.values())
    for _ in read_ahead(every, progress, threads=threads, rows=MappedRows()):
        pass
    return iter(runs.items())


def _require_absolute(runs: Mapping[str, Run]) -> None:
    for run in runs.values():
        path = run.data.path
        if not source_of(path).is_remote and not os.path.isabs(path):
            raise InvalidArgument(
                f"{path}: workers have current directories of their own; name the whole path"
            )


def sizes_of(runs: Mapping[str, Run]) -> dict[str, int]:
    """The bytes of the event files of each run."""
    return {name: sum(map(file_size, run.event_files)) for name, run in runs.items()}


def groups_of(
    runs: Mapping[str, Run],
    sizes: Mapping[str, int],
    *,
    together: Callable[[str], object] | None = None,
    most: int = BYTES_A_TASK,
) -> Iterator[dict[str, Run]]:
    """Runs in groups of about so many bytes.

    Args:
        runs: Name to run.
        sizes: Name to bytes.
        together: As for `over_runs`.
        most: The bytes of a group.
    """
    group: dict[str, Run] = {}
    size = 0
    for names in _families(runs, together):
        group |= {name: runs[name] for name in names}
        size += sum(sizes[name] for name in names)
        if size >= most or len(group) >= _RUNS_A_TASK:
            yield group
            group, size = {}, 0
    if group:
        yield group


def _families(
    names: Iterable[str], together: Callable[[str], object] | None
) -> Iterable[Sequence[str]]:
    if together is None:
        return zip(names)
    families: dict[object, list[str]] = {}
    for name in names:
        families.setdefault(together(name), []).append(name)
    return families.values()


class Done(NamedTuple, Generic[T]):
    """What a task gives.

    Attributes:
        result: That of the work.
        diagnostics: What is known of each run.
    """

    result: T
    diagnostics: dict[str, RunDiagnostics]


@dataclass(frozen=True, slots=True)
class OnceAProcess(Generic[T]):
    """What work needs of other runs: each process that does it reads these once, and keeps that.

    Attributes:
        runs: Name to run.
        work: Makes it of them, as for `over_runs`.
        call: What tells it from others.
    """

    runs: Mapping[str, Run] = field(compare=False)
    work: Callable[[Iterator[tuple[str, Run]]], T] = field(compare=False)
    call: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __call__(self) -> Done[T]:
        """What the work gives."""
        return _made_once(self)


def once_a_process(
    engine: Engine, runs: Mapping[str, Run], work: Callable[[Iterator[tuple[str, Run]]], T]
) -> OnceAProcess[T]:
    """What the processes of an engine need of some runs for work over others.

    Raises:
        InvalidArgument: As for `over_runs`.
    """
    if not engine.shares_directory:
        _require_absolute(runs)
    return OnceAProcess(runs, work)


@lru_cache(maxsize=1)
def _made_once(needed: OnceAProcess[T]) -> Done[T]:
    task: _Task[T] = _Task(keep=False, call=needed.call)
    return task((needed.work, needed.runs))


@dataclass(frozen=True, slots=True)
class _Task(Generic[T]):
    """Work on a group of runs, in whatever process.

    Attributes:
        keep: As for `over_runs`.
        call: What all tasks of one call of `over_runs` have in common.
    """

    keep: bool
    call: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __call__(
        self, task: tuple[Callable[[Iterator[tuple[str, Run]]], T], Mapping[str, Run]]
    ) -> Done[T]:
        work, group = task
        for run in group.values():
            if run.data.index is not None:
                run.data.index = _index_of(self.call, run.data.index.root)
        diagnostics: dict[str, RunDiagnostics] = {}
        # One thread: there is a worker for each core.
        read = _kept(group, threads=1) if self.keep else read_each(group, threads=1)
        result = work(_noting(read, diagnostics))
        return Done(result, diagnostics)


def _noting(
    read: Iterator[tuple[str, Run]], diagnostics: dict[str, RunDiagnostics]
) -> Iterator[tuple[str, Run]]:
    for name, run in read:
        yield name, run
        diagnostics[name] = run.data.diagnostics


@lru_cache(maxsize=1)
def _index_of(call: str, root: str) -> FileIndex:
    """The index of a log directory, opened once in each process: it names all of its files."""
    return FileIndex(root)
