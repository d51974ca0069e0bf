"""Signals that end a process: all is cleaned up, and one line said; status 128 + signal."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

import tbtools
from tests.builders import EventFileBuilder, write_two_runs
from tests.commands import ROOT, TBTOOLS, Result, environment, process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGS = "tests/logs"
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
SAID = b"tbtools: interrupted\n"


@pytest.fixture(autouse=True)
def _as_in_a_terminal() -> Iterator[None]:
    """Children ignore signals where the tests run in the background or under nohup."""
    former = {each: signal.getsignal(each) for each in STATUS}
    for each in STATUS:
        signal.signal(each, signal.default_int_handler)
    yield
    for each, handler in former.items():
        signal.signal(each, handler)


@pytest.fixture
def long(tmp_path: Path) -> str:
    """An event file whose events take a while to show."""
    one = EventFileBuilder().file_version().scalars("loss", [(i, 1.0) for i in range(1000)])
    path = tmp_path / "logs" / "events.out.tfevents.1"
    path.parent.mkdir()
    path.write_bytes(one.bytes() * 50)
    return os.fspath(path)


def _written(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if each.name != "logs"]


def _writing(folder: Path, *arguments: str, before: str = "exec") -> subprocess.Popen[bytes]:
    """A process that has begun to write its output in a folder, started by a line of bash."""
    child = subprocess.Popen(
        ["bash", "-c", f'{before} "$@"', "bash", *TBTOOLS, *arguments],
        stderr=subprocess.PIPE, env=environment(), cwd=ROOT,
    )  # fmt: skip
    while not _written(folder):
        assert child.poll() is None
        time.sleep(0.01)
    return child


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("number", STATUS)
def test_a_signal(number: signal.Signals, times: int, long: str, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with _writing(tmp_path, "inspect", long, "--events", "-o", os.fspath(out)) as child:
        for _ in range(times):  # as `timeout` and shells do
            child.send_signal(number)
        _, err = child.communicate()
    assert (child.returncode, err) == (STATUS[number], SAID)
    assert _written(tmp_path) == []


@pytest.mark.parametrize("number", STATUS)
def test_a_signal_while_a_directory_is_written(
    number: signal.Signals, long: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    builder = EventFileBuilder().file_version()
    for step in range(3000):
        builder.image("picture", step, b"\x89PNG")
    builder.write(tmp_path / "logs" / "pictures" / "events.out.tfevents.2")
    arguments = ["export", os.fspath(tmp_path / "logs" / "pictures"), "--data", "images"]
    with _writing(tmp_path, *arguments, "-o", os.fspath(out)) as child:
        child.send_signal(number)
        _, err = child.communicate()
    assert (child.returncode, err) == (STATUS[number], SAID)
    assert _written(tmp_path) == []


@pytest.mark.parametrize(
    ("before", "number"),
    [("exec nohup", signal.SIGHUP), ("trap '' TERM; exec", signal.SIGTERM)],
    ids=["nohup", "trap"],
)
def test_what_is_ignored_stays_ignored(
    before: str, number: signal.Signals, long: str, tmp_path: Path
) -> None:
    out = tmp_path / "out.txt"
    arguments = ["inspect", long, "--events", "-o", os.fspath(out)]
    with _writing(tmp_path, *arguments, before=before) as child:
        assert _written(tmp_path) != ["out.txt"]
        child.send_signal(number)
        child.communicate()
    assert child.returncode == 0
    assert _written(tmp_path) == ["out.txt"]


@pytest.mark.parametrize("number", STATUS)
def test_a_terminal_that_is_gone(number: signal.Signals, long: str, tmp_path: Path) -> None:
    arguments = ["inspect", long, "--events", "-o", os.fspath(tmp_path / "out.txt")]
    for before in ("exec 2>&-; exec", "exec 2>/dev/full; exec"):
        with _writing(tmp_path, *arguments, before=before) as child:
            child.send_signal(number)
        assert child.returncode == STATUS[number]
        assert _written(tmp_path) == []


ROUNDS = 40
# Places of which some swallow every exception, with or without a word.
PLACES = {
    "a call": "send()",
    "a destructor": "type('', (), {'__del__': send})()",
    "a callback of a weak reference": "one = {1}; seen = weakref.ref(one, send); del one",
    "a block that passes over all": "with contextlib.suppress(BaseException): send()",
}
STARTING = """
import contextlib, os, signal, sys, weakref
def send(*_):
    os.kill(os.getpid(), NUMBER)
class Interrupting:
    def find_spec(name, path, target=None):
        if name == MODULE:
            PLACE
sys.meta_path.insert(0, Interrupting)
"""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("module", "number"),
    [
        *((module, signal.SIGTERM) for module in ("tbtools.cli.main", "click", "numpy")),
        *(("tbtools.cli.summarize", number) for number in STATUS),
    ],
)
def test_a_signal_while_it_starts(
    number: signal.Signals, tmp_path: Path, module: str, place: str
) -> None:
    """In the import of a module, as its finder sees it."""
    script = STARTING.replace("NUMBER", str(int(number))).replace("MODULE", repr(module))
    (tmp_path / "sitecustomize.py").write_text(script.replace("PLACE", PLACES[place]))
    path = os.pathsep.join([os.fspath(tmp_path), os.fspath(ROOT)])
    result = process("summarize", LOGS, env=environment(PYTHONPATH=path))
    assert result == Result(STATUS[number], "", SAID.decode())


def test_ctrl_c_before_the_signals_are_taken(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        STARTING.replace("NUMBER", "signal.SIGINT")
        .replace("MODULE", "'tbtools.cli.signals'")
        .replace("PLACE", "send()")
    )
    path = os.pathsep.join([os.fspath(tmp_path), os.fspath(ROOT)])
    result = process("summarize", LOGS, env=environment(PYTHONPATH=path))
    assert result == Result(STATUS[signal.SIGINT], "", SAID.decode())


@pytest.mark.slow
def test_a_signal_at_any_moment(tmp_path: Path) -> None:
    """From the start of Python to its end; what was written is whole, or not there."""
    write_two_runs(tmp_path / "logs")
    for number, name in enumerate("ab"):  # as runs are called that repeat one another
        (tmp_path / "logs" / name).rename(tmp_path / "logs" / f"seed{number}")
    out = tmp_path / "out"
    arguments = [*TBTOOLS, "aggregate", os.fspath(tmp_path / "logs"), "-o", os.fspath(out)]
    started = time.monotonic()
    subprocess.run(arguments, env=environment(), cwd=ROOT, check=True, capture_output=True)
    longest = time.monotonic() - started
    whole = {each.name: each.read_bytes() for each in out.rglob("*") if each.is_file()}
    ends: Counter[int] = Counter()
    for number in range(ROUNDS):
        shutil.rmtree(out, ignore_errors=True)
        with subprocess.Popen(
            arguments,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(),
            cwd=ROOT,
        ) as child:
            time.sleep(longest * number / ROUNDS)
            child.terminate()
            _, err = child.communicate()
        ends[child.returncode] += 1
        # Before our code runs, Python is ended by the signal; when the result is told, it is there.
        assert (child.returncode, err) in [(143, SAID), (-15, b""), (0, b"")]
        found = {each.name: each.read_bytes() for each in out.rglob("*") if each.is_file()}
        assert found == whole or (found == {} and child.returncode)
        assert {each.name for each in tmp_path.iterdir()} <= {"logs", "out"}
    assert ends[143] > ROUNDS / 4


def test_python_s_own_handlers_are_left_alone(tmp_path: Path) -> None:
    def work() -> None:
        merged = tbtools.merge("tests/logs/resumed")
        tbtools.write(merged, tmp_path / "out")
        done.append([signal.getsignal(each) for each in STATUS])

    before = [signal.getsignal(each) for each in STATUS]
    done: list[object] = []
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert done == [before]
