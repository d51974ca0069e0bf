"""What is measured, in a process of its own: `python -m benchmarks.reading.readers NAME LOGDIR`.

Prints one line of JSON: seconds and CPU seconds of the work itself, and how many points came of it.
With a third argument, another log directory, that one is read before the clock starts, so that
nobody's imports are counted. Every reader gets what serves it best, with nothing thinned out.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tbtools.eventfile.source_types import Entry, Status

    # From a log directory to how many points were read, or None where nobody counts.
    Work = Callable[[str], int | None]


def _event_files(logdir: str) -> Iterator[Path]:
    for directory, _, names in os.walk(logdir):
        yield from (Path(directory, name) for name in sorted(names) if "tfevents" in name)


def _tbtools() -> Work:
    """Scalars as a long DataFrame; TBTOOLS_PURE_PYTHON=1 makes it the fallback's."""
    import tbtools

    return lambda logdir: len(tbtools.read_scalars(logdir))


def _load() -> Work:
    """What a second load costs before its frame is made; how many records nobody counts."""
    import tbtools

    return lambda logdir: tbtools.load(logdir).scan()


def _scan() -> Work:
    """The scan alone, on one core: columns of files, of which no run and no frame is made."""
    from tbtools.eventfile.scan import scan_file

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return lambda logdir: sum(scan_file(path).values.count for path in _event_files(logdir))


def _discover(seconds_a_call: float = 0.0) -> Work:
    """Finds the runs, each directory listed once; as if each call took so long."""
    from tbtools.eventfile.discover import discover
    from tbtools.eventfile.source import LocalSource, using

    class Slow(LocalSource):
        def stat(self, path: str) -> Status:
            time.sleep(seconds_a_call)
            return super().stat(path)

        def list(self, path: str) -> Iterator[Entry]:
            time.sleep(seconds_a_call)
            return super().list(path)

    def find(logdir: str) -> None:
        with using(Slow() if seconds_a_call else LocalSource()):
            discover(logdir)

    return find


def _summarize() -> Work:
    """What `tbtools summarize` shows, without showing it."""
    import tbtools
    from tbtools.analysis.summary import summarize

    return lambda logdir: sum(run.points for run in summarize(tbtools.load(logdir)).runs)


def _tbparse() -> Work:
    """Scalars as a long DataFrame; which run they are from only where there are several."""
    import tbparse

    def read(logdir: str) -> int:
        runs = {path.parent for path in _event_files(logdir)}
        columns = {"dir_name"} if len(runs) > 1 else None
        reader = tbparse.SummaryReader(logdir, extra_columns=columns, event_types={"scalars"})
        return len(reader.scalars)

    return read


def _event_accumulator() -> Work:
    """TensorBoard's Python backend, run by run, then a DataFrame of what it calls scalars."""
    import pandas as pd
    from tensorboard.backend.event_processing import event_accumulator

    keep_all = dict.fromkeys(event_accumulator.DEFAULT_SIZE_GUIDANCE, 0)

    def scalars(directory: str) -> Iterator[tuple[str, str, float, int, float]]:
        accumulator = event_accumulator.EventAccumulator(directory, keep_all)
        accumulator.Reload()
        for tag in accumulator.Tags()["scalars"]:
            for event in accumulator.Scalars(tag):
                yield directory, tag, event.wall_time, event.step, event.value

    def read(logdir: str) -> int:
        directories = sorted({str(path.parent) for path in _event_files(logdir)})
        rows = [row for directory in directories for row in scalars(directory)]
        return len(pd.DataFrame(rows, columns=["run", "tag", "wall_time", "step", "value"]))

    return read


def _checksum() -> Work:
    """All bytes read, a mebibyte at a time, and their CRC-32C: the least that a check can cost."""
    import google_crc32c

    def read(logdir: str) -> None:
        for path in _event_files(logdir):
            crc = 0
            with path.open("rb", buffering=0) as file:
                while piece := file.read(1 << 20):
                    crc = google_crc32c.extend(crc, piece)

    return read


def _limit() -> Work:
    """limit.c, compiled for this processor: what a reader cannot go below that checks and fills."""
    source = Path(__file__).with_name("limit.c")
    with tempfile.TemporaryDirectory() as folder:
        library = f"{folder}/limit.so"
        flags = ("-O3", "-march=native", "-shared", "-fPIC")
        subprocess.run(["cc", *flags, str(source), "-o", library], check=True)
        count = ctypes.CDLL(library).read_scalars
    count.restype = ctypes.c_int64
    return lambda logdir: sum(max(0, count(os.fsencode(path))) for path in _event_files(logdir))


READERS: dict[str, Callable[[], Work]] = {
    "tbtools": _tbtools,
    "load": _load,
    "scan": _scan,
    "discover": _discover,
    "discover_slowly": lambda: _discover(0.005),
    "summarize": _summarize,
    "tbparse": _tbparse,
    "EventAccumulator": _event_accumulator,
    "checksum": _checksum,
    "limit": _limit,
}


def main(name: str, logdir: str, warm_up: str | None = None) -> None:
    work = READERS[name]()
    if warm_up:
        work(warm_up)
    started, cpu_started = time.perf_counter(), time.process_time()
    points = work(logdir)
    cpu_seconds, seconds = time.process_time() - cpu_started, time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "points": points}))


if __name__ == "__main__":
    main(*sys.argv[1:])
