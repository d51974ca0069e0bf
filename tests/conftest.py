"""The corpus of real event files, and the two implementations of the scan."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tbtools.eventfile import records, scan
from tests.scans import SCANNERS

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform == "win32":
    from tests.lacking import pytest_collection_modifyitems, pytest_pycollect_makemodule  # noqa: F401

# Tests write in memory where there is enough of it: to remove a file from a disk takes some
# milliseconds, and they make a hundred thousand. Processes that they start inherit this.
_MEMORY = Path("/dev/shm")
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 2 << 30:
    os.environ["TMPDIR"] = os.fspath(_MEMORY)
    tempfile.tempdir = None  # is looked for anew

# Each test reads its files; those of the index say where theirs lies. Processes inherit this.
os.environ["TBTOOLS_CACHE"] = "off"
# What was told must not keep the next run of a test from being told.
os.environ["TBTOOLS_STATE"] = "off"

# A shell has what it starts in the background ignore Ctrl-C, and processes inherit that too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Nothing is timed in a test: an example that takes long on a busy machine is none the worse.
# Whether the suite passes depends on the code alone; `make explore` looks at other examples.
settings.register_profile("tbtools", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, derandomize=False)
settings.load_profile("tbtools")


@pytest.hookimpl(specname="pytest_collection_modifyitems", trylast=True)
def pytest_start_with_slow_files(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker of several: else the others would wait for the one that has such a file last."""
    if hasattr(config, "workerinput"):
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the garbage collector need not look at them so often.

    They are not frozen: Hypothesis asks the collector who refers to its random numbers.
    """
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _own_scratch_space(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Dask's processes of a user share one, whose locks and leftovers those of others wait for.

    It warns of that, and a warning is an error here.
    """
    folder = os.fspath(tmp_path_factory.mktemp("dask"))
    os.environ["DASK_TEMPORARY_DIRECTORY"] = folder  # is read when it is imported
    if "dask" in sys.modules:
        sys.modules["dask"].config.set(temporary_directory=folder)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real event files; TBTOOLS_CORPUS names it, relative to the repository."""
    folder = Path(__file__).parents[1] / os.environ.get("TBTOOLS_CORPUS", "../shared/corpus")
    if not folder.is_dir():
        pytest.skip(f"no corpus of real event files at {folder}: set TBTOOLS_CORPUS")
    return folder


@pytest.fixture(scope="session")
def corpus_files(corpus: Path) -> list[Path]:
    """Every event file of the corpus, in the order of its path."""
    return sorted(path for path in corpus.rglob("*tfevents*") if path.is_file())


@pytest.fixture(scope="session")
def cases() -> Path:
    """Small logs after public reports; TBTOOLS_CASES names them, relative to the repository."""
    folder = Path(__file__).parents[1] / os.environ.get("TBTOOLS_CASES", "../shared/cases")
    if not folder.is_dir():
        pytest.skip(f"no logs after public reports at {folder}: set TBTOOLS_CASES")
    return folder


@pytest.fixture(params=["compiled", "protobuf"])
def scan_implementation(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Runs the test once under each scan, and makes sure that it did; and so with records."""
    name: str = request.param
    if SCANNERS[name] is None:
        pytest.skip("the compiled scan has not been built")
    monkeypatch.setattr(scan, "_scanner", SCANNERS[name])
    if name == "protobuf":
        monkeypatch.setattr(records, "_sound_records", lambda: records._sound_record)
        monkeypatch.setattr("tbtools.analysis.inspection.plain_scalars", lambda: lambda _: None)
    assert scan.implementation() == name
    yield name
    assert scan.implementation() == name
