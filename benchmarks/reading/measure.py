"""One measurement in a fresh process, so that its peak of memory and its imports are its own.

This process itself stays small: on Linux a child's peak starts from what its parent had.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LOAD_CYCLE = re.compile(r"Finished load cycle \(([\d.]+)(ns|µs|ms|s)\)")
_UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one process took.

    Attributes:
        seconds: The work itself, as the process or the server's log tells; else the whole process.
        cpu_seconds: User and system time, all threads: of the work where the process tells it, else
            of the whole process.
        peak_bytes: The most memory that it held.
        points: How many points it read; None where nobody counts.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    points: int | None = None


class ReaderFailed(RuntimeError):
    """A reader ended with an error; its text is the last line that it wrote."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Something to be measured.

    Attributes:
        name: As the tables show it.
        command: What is run; None for TensorBoard's Rust server on `logdir`.
        logdir: What it reads.
        rounds: In how many rounds; the slow ones in fewer.
        environment: Variables set for it.
        own_time: Whether it prints JSON with the seconds of the work itself.
    """

    name: str
    command: tuple[str, ...] | None
    logdir: str = ""
    rounds: int = 5
    environment: dict[str, str] = field(default_factory=dict)
    own_time: bool = False

    def measure(self) -> Measurement:
        """Runs it once.

        Raises:
            ReaderFailed: It ended with an exit status other than 0.
        """
        if self.command is None:
            return _measure_rust_server(self.logdir)
        return _measure_process(self.command, self.environment, own_time=self.own_time)


def _wait(process: subprocess.Popen[str], started: float) -> tuple[float, float, int]:
    """Seconds since `started`, CPU seconds and peak bytes of a process that comes to its end."""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    scale = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes on macOS, else KiB
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale


# NumPy's threads wait in a loop for the first 20 ms, which nobody here has any use for.
_SAME = {"OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def _inherited() -> dict[str, str]:
    # A start that compiles every module anew is not what users wait for.
    return {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _measure_process(
    command: Sequence[str], environment: dict[str, str], *, own_time: bool
) -> Measurement:
    with subprocess.Popen(
        command,
        env={**_inherited(), **_SAME, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        started = time.perf_counter()
        assert process.stdout
        output = process.stdout.read().splitlines()
        seconds, cpu, peak = _wait(process, started)
    if process.returncode:
        raise ReaderFailed(output[-1] if output else f"exit status {process.returncode}")
    if not own_time:
        return Measurement(seconds, cpu, peak)
    own = json.loads(output[-1])
    return Measurement(own["seconds"], own["cpu_seconds"], peak, own["points"])


def parse_load_cycle(line: str) -> float | None:
    """The seconds in a line of the Rust server's log that tells the end of a load cycle."""
    found = _LOAD_CYCLE.search(line)
    return float(found[1]) * _UNITS[found[2]] if found else None


def _measure_rust_server(logdir: str) -> Measurement:
    """One load cycle of TensorBoard's Rust server with all samples kept.

    It checks no checksums unless parsing fails, which is its default.
    """
    import tensorboard_data_server  # type: ignore[import-untyped]

    plugins = ("scalars", "images", "histograms", "text", "audio", "pr_curves", "hparams", "graphs")
    command = [
        tensorboard_data_server.server_binary(),
        *("--logdir", logdir, "--reload", "once", "--port", "0", "--die-after-stdin", "--verbose"),
        *("--samples-per-plugin", ",".join(f"{plugin}=all" for plugin in plugins)),
    ]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        started = time.perf_counter()
        assert process.stdin
        assert process.stderr
        lines: list[str] = []
        for line in process.stderr:
            lines.append(line)
            if parse_load_cycle(line) is not None:
                break
        process.stdin.close()
        _, cpu, peak = _wait(process, started)
    seconds = parse_load_cycle(lines[-1]) if lines else None
    if seconds is None:
        raise ReaderFailed(lines[-1].strip() if lines else "the server wrote no log")
    return Measurement(seconds, cpu, peak)


@dataclass(frozen=True, slots=True)
class Result:
    """Of one reader all rounds, or why it failed."""

    reader: Reader
    rounds: tuple[Measurement, ...]
    failure: str = ""

    def median(self, attribute: str) -> float:
        """The median over the rounds; NaN where there is none."""
        values = [getattr(each, attribute) for each in self.rounds]
        return statistics.median(values) if values else float("nan")

    def least(self, attribute: str) -> float:
        """The least of the rounds; NaN where there is none."""
        return min((getattr(each, attribute) for each in self.rounds), default=float("nan"))

    @property
    def points(self) -> int | None:
        """How many points it read."""
        return self.rounds[0].points if self.rounds else None


def measure_all(readers: Sequence[Reader], said: Callable[[str], None]) -> dict[str, Result]:
    """Measures in rounds, in each one every reader in turn, so that all meet the same weather.

    Args:
        readers: What is measured; one that fails is left out of later rounds.
        said: Is told what has been measured.
    """
    rounds: dict[str, list[Measurement]] = {reader.name: [] for reader in readers}
    failures: dict[str, str] = {}
    for number in range(max(reader.rounds for reader in readers)):
        for reader in readers:
            if number >= reader.rounds or reader.name in failures:
                continue
            try:
                rounds[reader.name].append(reader.measure())
            except ReaderFailed as error:
                failures[reader.name] = str(error)
                said(f"  {reader.name}: {error}")
            else:
                said(f"  {reader.name}: {rounds[reader.name][-1].seconds:.3f} s")
    return {
        reader.name: Result(reader, tuple(rounds[reader.name]), failures.get(reader.name, ""))
        for reader in readers
    }
