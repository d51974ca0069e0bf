"""What is imported when: commands start fast because they load only what they use."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.builders import EventFileBuilder
from tests.commands import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

BASELINE = "tests/logs/baseline/events.out.tfevents.1772438400.node7.4242.0"
HEAVY = {"pandas", "plotly", "scipy", "PIL", "torch", "tensorboard", "tensorboardX", "tensorflow"}
PROTOBUF = {"google.protobuf", "google_crc32c"}
SHOWN = {"rich", "click"}
REMOTE = {"obstore", "asyncssh", "fsspec", "boto3", "tbtools.eventfile.remote"}
REMOTE |= {"dask", "distributed", "tbtools.runs.dask_engine"}


def modules_after(statement: str, **env: str) -> set[str]:
    """The modules and their parents that a fresh interpreter has after a statement."""
    script = (
        "import contextlib, io, json, sys\n"
        "out = contextlib.redirect_stdout(io.StringIO())\n"
        "with out, contextlib.redirect_stderr(io.StringIO()):\n"
        f"    {statement}\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=True, env=environment(**env), cwd=ROOT,
    )  # fmt: skip
    assert done.stderr == ""
    return set(json.loads(done.stdout))


def command(line: str) -> str:
    return f"from tbtools.cli.main import run; assert run({line.split()!r}) == 0"


def test_import_costs_nothing() -> None:
    loaded = modules_after("import tbtools")
    assert not loaded & (HEAVY | PROTOBUF | SHOWN | {"numpy"})


@pytest.mark.parametrize(
    "line", ["--help", "summarize --help", "inspect --help", "verify --help", "watch --help"]
)
def test_help(line: str) -> None:
    loaded = modules_after(command(line))
    assert not loaded & (HEAVY | PROTOBUF | {"numpy", "rich", "tempfile"})


@pytest.mark.parametrize(
    "line", ["summarize tests/logs", "verify tests/logs",
             "summarize tests/logs --format json", "summarize tests/logs --format csv"],
)  # fmt: skip
def test_summarize_and_verify(line: str, tmp_path: Path) -> None:
    unwanted = HEAVY | REMOTE | {"tempfile", "rich.table", "rich.progress", "numpy.ma", "hashlib"}
    unwanted |= {"shutil", "subprocess", "concurrent.futures.thread", "logging"}
    loaded = modules_after(command(line), TBTOOLS_CACHE=str(tmp_path))
    assert "numpy" in loaded
    # NumPy 1 brings numpy.ma by itself, and rich 13.7 its tables.
    assert not loaded & (unwanted - modules_after("import numpy, rich.console"))
    if "tbtools.eventfile._scan" in loaded:
        assert not loaded & PROTOBUF


def test_a_summary_of_too_much_to_be_judged_needs_no_detectors(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version()
    for number in range(1_001):
        builder.scalar(f"loss_{number}", 1, 0.5)
    builder.write(tmp_path / "logs" / "events.out.tfevents.1")
    loaded = modules_after(command(f"summarize {tmp_path}/logs"), TBTOOLS_CACHE="off")
    assert "tbtools.analysis.summary" in loaded
    assert not {name for name in loaded if name.startswith("tbtools.analysis.detect.d")}
    assert not loaded & {"tbtools.analysis.detect.judge", "tbtools.analysis.judging"}


def test_findings_as_a_table_need_no_xml(tmp_path: Path) -> None:
    line = command("detect tests/logs/baseline")
    unwanted = HEAVY | {"urllib.request", "http.client", "ssl", "xml.sax.saxutils"}
    assert not modules_after(line, TBTOOLS_CACHE=str(tmp_path)) & unwanted


def test_judging_needs_no_masked_arrays(tmp_path: Path) -> None:
    loaded = modules_after(command("summarize examples/logs"), TBTOOLS_CACHE=str(tmp_path))
    assert not loaded & ({"numpy.ma", "scipy", "pandas"} - modules_after("import numpy"))


@pytest.mark.parametrize(("asked", "threads"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_the_command_starts_no_threads_for_products(asked: dict[str, str], threads: str) -> None:
    script = (
        "import os, sys\n"
        "from tbtools.cli.main import main\n"
        "assert 'numpy' not in sys.modules\n"
        "sys.argv = ['tbtools', '--help']\n"
        "try:\n    main()\n"
        "finally:\n    sys.stderr.write(os.environ['OPENBLAS_NUM_THREADS'])"
    )
    without = {name: value for name, value in environment().items() if "NUM_THREADS" not in name}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=True, env=without | asked, cwd=ROOT,
    )  # fmt: skip
    assert done.stderr == threads


def test_inspect_needs_protobuf_and_no_pandas() -> None:
    loaded = modules_after(command(f"inspect {BASELINE}"))
    assert not loaded & HEAVY


def test_the_slow_scan_needs_no_pandas_either() -> None:
    loaded = modules_after(command("summarize tests/logs"), TBTOOLS_PURE_PYTHON="1")
    assert "google.protobuf" in loaded
    assert not loaded & HEAVY


def test_public_names_are_sorted_and_can_be_imported() -> None:
    script = (
        "import tbtools\n"
        "    assert tbtools.__all__ == sorted(tbtools.__all__), tbtools.__all__\n"
        "    assert all(hasattr(tbtools, name) for name in tbtools.__all__)\n"
        "    assert set(dir(tbtools)) >= {*tbtools.__all__, '__version__'}\n"
        "    assert not hasattr(tbtools, 'nonsense')"
    )
    modules_after(script)
