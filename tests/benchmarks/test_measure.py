"""Measurements of real processes: that they measure what they say, not how much it is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.reading import logs, machine
from benchmarks.reading.measure import Reader, ReaderFailed, measure_all, parse_load_cycle
from benchmarks.reading.workloads import workloads

if TYPE_CHECKING:
    from pathlib import Path


def python(code: str, **options: object) -> Reader:
    return Reader("python", (sys.executable, "-c", code), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("431.620882ms", 0.431620882), ("1.5s", 1.5), ("19.61µs", 1.961e-05), ("90ns", 9e-8)],
)
def test_the_rust_server_tells_its_load_time(text: str, seconds: float) -> None:
    line = f"[2026-01-01T00:00:00Z INFO  rustboard_core::cli] Finished load cycle ({text})\n"
    assert parse_load_cycle(line) == pytest.approx(seconds)
    assert parse_load_cycle("[...] Starting load cycle") is None


def test_the_peak_is_the_childs_own() -> None:
    # From a process of its own, as `python -m benchmarks` is: this one has imported too much.
    code = """
import sys
from benchmarks.reading.measure import Reader
for size in (0, 200_000_000):
    print(Reader("x", (sys.executable, "-c", f"x = b'x' * {size}")).measure().peak_bytes)
"""
    command = [sys.executable, "-c", code]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    small, large = map(int, output.split())
    assert small < 100_000_000
    assert 200_000_000 <= large < 300_000_000


def test_cpu_time_counts_all_threads_and_not_sleep() -> None:
    asleep = python("import time; time.sleep(0.5)").measure()
    assert asleep.seconds >= 0.5 > asleep.cpu_seconds


def test_a_reader_may_tell_its_own_time() -> None:
    told = '{"seconds": 3.5, "cpu_seconds": 2.5, "points": 7}'
    measured = python(f"print('noise'); print({told!r})", own_time=True).measure()
    assert (measured.seconds, measured.cpu_seconds, measured.points) == (3.5, 2.5, 7)


def test_a_reader_that_fails_is_told_with_its_reason_and_not_run_again() -> None:
    failing = python("raise ValueError('no such thing')", rounds=3)
    with pytest.raises(ReaderFailed, match="ValueError: no such thing"):
        failing.measure()
    said: list[str] = []
    result = measure_all([failing], said.append)["python"]
    assert result.failure == "ValueError: no such thing"
    assert len(said) == 1


def test_rounds_are_interleaved(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    code = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
    readers = [
        Reader(name, (sys.executable, "-c", code, str(trace), name), rounds=rounds)
        for name, rounds in (("a", 3), ("b", 1), ("c", 2))
    ]
    results = measure_all(readers, lambda _: None)
    assert trace.read_text() == "abcaca"
    assert [len(result.rounds) for result in results.values()] == [3, 1, 2]


def test_all_readers_find_the_same_points(tmp_path: Path) -> None:
    logs.many_runs(tmp_path / "logs", 3, steps=10)
    names = ["tbtools", "summarize", "tbparse", "EventAccumulator"]
    for name in [*names, *(["limit"] if shutil.which("cc") else [])]:
        command = [sys.executable, "-m", "benchmarks.reading.readers", name, str(tmp_path / "logs")]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert json.loads(output.splitlines()[-1])["points"] == 600, name


def test_the_rust_server_is_measured(tmp_path: Path) -> None:
    logs.one_series(tmp_path, 1000)
    measured = Reader("server", None, str(tmp_path)).measure()
    assert 0 < measured.seconds < 60
    assert measured.peak_bytes > 1_000_000


@pytest.mark.parametrize("module", ["__main__", "analysis"])
def test_the_measuring_process_stays_small(module: str) -> None:
    """A child's peak of memory starts from what its parent had."""
    code = f"import benchmarks.{module}, sys; print('numpy' in sys.modules)"
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert output.strip() == "False"


def test_workloads_begin_with_tbtools_and_scale(tmp_path: Path) -> None:
    for workload in workloads(tmp_path, 0.01):
        names = [reader.name for reader in workload.readers]
        assert len(set(names)) == len(names)
        assert all(hasattr(logs, log.generator) for log in workload.logs)
    assert {log.amount for workload in workloads(tmp_path, 1) for log in workload.logs} == {
        *(2_000_000, 100, 250, 500, 1000, 1500, 10_000, 100_000, 100_000_000, 300_000_000)
    }


def test_the_machine_is_described_without_its_name() -> None:
    import platform

    described = machine.describe()
    assert platform.python_version() in described
    assert "pandas" in described
    assert platform.node() not in described
