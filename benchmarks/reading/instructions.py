"""How many instructions the scan takes a record: that does not depend on what else is running.

`python -m benchmarks.reading.instructions FILE` scans a file on one core; `a_record` counts by
callgrind, and takes the difference of two files, so that Python's start is not counted.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_COLLECTED = re.compile(r"Collected : (\d+)")


def a_record(files: Sequence[tuple[Path, int]]) -> float | None:
    """Instructions a record; None without a valgrind that knows this processor.

    Args:
        files: Two event files of records of one kind, and how many each has.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    (less, few), (more, many) = [(_instructions(valgrind, path), count) for path, count in files]
    return None if less is None or more is None else (more - less) / (many - few)


def _instructions(valgrind: str, path: Path) -> int | None:
    command = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable]
    command += ["-m", "benchmarks.reading.instructions", str(path)]
    # Python's start takes as many each time, but for a thread that waits in a loop.
    same = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=same)
    found = _COLLECTED.search(done.stderr)
    return None if done.returncode or found is None else int(found[1])


def _scan(path: str) -> None:
    from tbtools.eventfile.scan import scan_file

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    scan_file(path)


if __name__ == "__main__":
    _scan(sys.argv[1])
