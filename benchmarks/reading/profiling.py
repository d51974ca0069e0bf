"""Where tbtools spends its time: `python -m benchmarks.reading.profiling JOB LOGDIR`, as JSON.

The scan runs without the interpreter's lock in threads of its own; to the profiler it is the time
that the main thread waits for them.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
import time
from pathlib import Path

_SHOWN = 8
_WARM_UP = Path(__file__).parents[2] / "examples" / "logs" / "baseline"


def _read_scalars(logdir: str) -> None:
    import tbtools

    tbtools.read_scalars(logdir)


def _summarize(logdir: str) -> None:
    import tbtools
    from tbtools.analysis.summary import summarize

    summarize(tbtools.load(logdir))


JOBS = {"read_scalars": _read_scalars, "summarize": _summarize}


def _name(function: tuple[str, int, str]) -> str:
    path, _, name = function
    if path == "~":  # built in
        waits = "acquire" in name and "lock" in name
        return "waiting for the scan" if waits else name.strip("<>")
    return f"{Path(path).stem}.{name}"


def profile(job: str, logdir: str) -> list[tuple[str, float]]:
    """The functions that cost most by themselves, with their part of the whole.

    Args:
        job: One of `JOBS`.
        logdir: What it reads.
    """
    JOBS[job](str(_WARM_UP))  # imports are not profiled
    profiler = cProfile.Profile(time.perf_counter)
    profiler.enable()
    JOBS[job](logdir)
    profiler.disable()
    own_seconds: dict[str, float] = {}
    for function, numbers in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        own_seconds[_name(function)] = own_seconds.get(_name(function), 0.0) + numbers[2]
    total = sum(own_seconds.values())
    largest = sorted(own_seconds.items(), key=lambda item: -item[1])[:_SHOWN]
    return [(name, seconds / total) for name, seconds in largest]


if __name__ == "__main__":
    print(json.dumps(profile(*sys.argv[1:])))
