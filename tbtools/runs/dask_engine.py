"""Work in other processes and on other machines, by dask.distributed."""

from __future__ import annotations

import logging
import signal
from collections import deque
from concurrent.futures import CancelledError
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from tbtools.errors import EngineError, MissingExtra
from tbtools.system import usable_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
S = TypeVar("S")

# Tasks that wait for each worker, so that none waits for the next one, and no more: what they
# give is held by workers until its turn comes.
_AHEAD = 2
_CONNECT_SECONDS = 10
# Another process is there within seconds of the end of one. Where none comes, those that start them
# have given up.
_NO_WORKERS_SECONDS = 60
_CLOSE_SECONDS = 1
# By this, arrays are given back to the operating system one by one, and to get them anew takes
# longer than what is done with them.
_TRIMMING = "MALLOC_TRIM_THRESHOLD_"
# Messages that were sent, which have all runs in them, are kept for Dask's developers: by default
# the last 1,000 of each connection, which takes 1 kB a run.
_FEW_KEPT = {"distributed.admin.low-level-log-length": 1}


def _distributed() -> Any:
    """The library, which has no types.

    Raises:
        MissingExtra: It is not installed.
    """
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise MissingExtra("engine dask", "distributed") from error
    return distributed


def dask_engine(given: Any) -> DaskEngine:
    """The engine of a client, of the scheduler at an address, or of this machine.

    Args:
        given: A `distributed.Client`; an address; None for the client that this process has
            already, or else for a process a core, which end with this one.

    Raises:
        MissingExtra: Dask is not installed.
        EngineError: There is no scheduler at the address.
    """
    distributed = _distributed()
    if isinstance(given, distributed.Client):
        return DaskEngine(given)
    if given is not None:
        return DaskEngine(_connected(given))
    try:
        return DaskEngine(distributed.default_client())
    except ValueError:
        return DaskEngine(_local())


def _client(of: Any, **options: Any) -> Any:
    import dask

    with dask.config.set(_FEW_KEPT):
        return _distributed().Client(of, **options)


@lru_cache(maxsize=8)
def _connected(address: str) -> Any:
    try:
        return _client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise EngineError(f"no Dask scheduler at {address}: {error}") from error


def _local() -> Any:
    distributed = _distributed()
    import dask

    timeout = "distributed.scheduler.no-workers-timeout"
    environment = "distributed.nanny.pre-spawn-environ"
    given = dask.config.get(environment)
    settings = {
        timeout: dask.config.get(timeout) or _NO_WORKERS_SECONDS,
        environment: {name: value for name, value in given.items() if name != _TRIMMING},
        **_FEW_KEPT,
    }
    try:
        with dask.config.set(settings):
            cluster = distributed.LocalCluster(
                n_workers=usable_cores(),
                threads_per_worker=1,  # between scans Python runs on one core a process
                dashboard_address="127.0.0.1:0",
                preload=__name__,
                silence_logs=logging.CRITICAL,  # what fails, the command tells
            )
    except (OSError, RuntimeError) as error:
        raise EngineError(
            f"no processes could be started: {error} (a script needs `if __name__ == '__main__':`)"
        ) from error
    return _client(cluster)


def dask_setup(_worker: Any) -> None:
    """Called by Dask in each process that `_local` starts.

    Ctrl-C is for the process that did, with which they end at once; and so is telling what fails.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("distributed.worker").setLevel(logging.CRITICAL)


class DaskEngine:
    """An engine as `tbtools.runs.engine` has it.

    Attributes:
        client: The `distributed.Client`.
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    def __repr__(self) -> str:
        """How many workers, and where to watch them."""
        workers = len(self.client.nthreads()) or "no"
        return f"dask: {workers} workers; dashboard at {self.client.dashboard_link}"

    @property
    def workers(self) -> int:
        """How many threads the workers have; at least one, for they may be yet to come."""
        threads: int = sum(self.client.nthreads().values())
        return max(1, threads)

    @property
    def shares_directory(self) -> bool:
        """Whether the workers were started by this process."""
        return isinstance(self.client.cluster, _distributed().LocalCluster)

    def map(self, function: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
        """Calls a function with each item; a call whose worker is lost is done again.

        Yields:
            The results, in order.

        Raises:
            EngineError: Workers were lost by one item again and again, lack the function, or there
                are none; or there is no scheduler any more.
        """
        distributed = _distributed()
        waiting: deque[Any] = deque()
        try:
            for item in items:
                waiting.append(self.client.submit(function, item, pure=False))
                if len(waiting) > _AHEAD * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except distributed.KilledWorker as error:
            hint = "" if self.shares_directory else " (the workers' logs say more)"
            raise EngineError(
                f"{error.allowed_failures + 1} workers were lost one after the other by the same "
                f"runs; out of memory?{hint}"
            ) from error
        except (
            distributed.scheduler.NoWorkerError,
            distributed.scheduler.NoValidWorkerError,
        ) as error:
            raise EngineError(
                f"no worker was left for {error.timeout:.0f} s, and none came; out of memory?"
            ) from error
        except (CancelledError, OSError) as error:
            if isinstance(error, OSError) and self.client.status == "running":
                raise  # an error of the work
            self._give_up()
            raise EngineError("the Dask scheduler is gone") from error
        except ModuleNotFoundError as error:
            raise EngineError(f"workers have another environment: {error}") from error
        finally:
            if self.client.status != "closed":
                self.client.cancel(list(waiting))

    def _give_up(self) -> None:
        """Ends a client whose scheduler is gone: it would ask for it as long as it lives."""
        self.client.close(timeout=_CLOSE_SECONDS)
        _connected.cache_clear()
