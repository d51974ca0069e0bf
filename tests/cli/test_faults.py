"""Every command, with each call that it makes failing or its file changing, one after the other.

What comes is the answer of before or after a change, or the file is named; a verdict is only on
what was read; nothing partial is left.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import sys
import threading
from functools import cache
from typing import TYPE_CHECKING

import pytest
from tensorboard.plugins.hparams.metadata import SESSION_START_INFO_TAG
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from tbtools.cli.main import _COMMANDS
from tbtools.eventfile.source import using
from tests.builders import START, EventFileBuilder
from tests.commands import call
from tests.engines import PickledEngine
from tests.faulty import CHANGES, FAILURES, Call, FaultySource
from tests.sources import error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.commands import Result
    from tests.faulty import Fault

    Answer = tuple[Result, dict[str, bytes]]
    After = Callable[[Fault, str], Answer]

FILE = "events.out.tfevents.1"
COMMANDS = {
    "summarize": ["summarize", "logs"],
    "summarize tags": ["summarize", "logs", "--tags"],
    "verify": ["verify", "logs"],
    "inspect": ["inspect", f"logs/b/{FILE}"],
    "inspect records": ["inspect", f"logs/b/{FILE}", "--records"],
    "inspect events": ["inspect", f"logs/b/{FILE}", "--events"],
    "detect": ["detect", "logs"],
    "detect to SARIF": ["detect", "logs", "--format", "sarif", "-o", "work/out.sarif"],
    "best": ["best", "logs", "--by", "loss"],
    "explain": ["explain", "logs/a"],
    "explain to a page": ["explain", "logs/a", "-o", "work/out.md"],
    "diff": ["diff", "logs/a", "logs/b"],
    "diff against": ["diff", "logs/a", "--against", "accepted", "-o", "work/out.sarif"],
    "smooth": ["smooth", "logs", "-o", "work/out"],
    "smooth to a table": ["smooth", "logs", "-o", "work/out.csv"],
    "aggregate": ["aggregate", "logs", "-o", "work/out"],
    "aggregate to a table": ["aggregate", "logs", "-o", "work/out.csv"],
    "merge": ["merge", "logs/a", "-o", "work/out"],
    "repair": ["repair", "logs", "-o", "work/out"],
    "import": ["import", "logs", "-o", "work/out"],
    "summarize of CSV": ["summarize", "logs", "--also", "csv"],
    "compact": ["compact", "logs", "--images", "last:1", "-o", "work/out"],
    "merge of names": ["merge", "logs/a", "--same", "losses=loss", "-o", "work/out"],
    "edit": ["edit", "logs", "--rename", "s/^/x/", "--shift-steps", "3", "-o", "work/out"],
    "export": ["export", "logs", "-o", "work/out.csv"],
    "wide export": ["export", "logs", "--wide", "-o", "work/out.jsonl"],
    "export to standard output": ["export", "logs", "-o", "-"],
    "export of pictures": ["export", "logs", "--data", "images", "-o", "work/out"],
    "export of texts": ["export", "logs", "--data", "text", "-o", "work/out"],
    "export of hyperparameters": ["export", "logs", "--data", "hparams", "-o", "work/out.csv"],
    "plot": ["plot", "logs"],
    "report": ["report", "logs", "-o", "work/out.html"],
    "figure": ["figure", "logs", "-o", "work/out.tex"],
}
COMMANDS |= {
    f"{name} by an engine": [*COMMANDS[name], "--engine", "dask"]
    for name in ("summarize", "detect", "best", "aggregate to a table")
}
VERDICTS = ("detect", "diff", "inspect", "verify")
WRITING = [
    name
    for name, words in COMMANDS.items()
    if "-o" in words and words[-1] != "-" and "--engine" not in words
]


@cache
def _logs() -> dict[str, bytes]:
    """A run of two files with pictures and texts, one of scalars, and one of another program."""
    rows = "".join(f"{step},{START + step},{1 / (step + 1)}\n" for step in range(30))
    data = HParamsPluginData()
    data.session_start_info.hparams["lr"].number_value = 0.5
    first = EventFileBuilder().file_version()
    first.value(SESSION_START_INFO_TAG, 0, plugin="hparams", content=data.SerializeToString())
    first.scalars("loss", [(step, 1 / (step + 1)) for step in range(40)])
    first.image("picture", 0, b"\x89PNG").text("note", 0, "good day")
    second = EventFileBuilder().file_version()
    for step in range(40, 60):
        second.scalar("loss", step, 1 / (step + 1), START + 500 + step)
    other = EventFileBuilder().file_version()
    other.scalars("loss", [(step, 2 / (step + 1)) for step in range(50)])
    runs = ("b", "../accepted/x", "../accepted/y", "../accepted/z")
    return {
        "c/metrics.csv": f"step,wall_time,loss\n{rows}".encode(),
        f"a/{FILE}": first.bytes(),
        "a/events.out.tfevents.2": second.bytes(),
        **{f"{run}/{FILE}": other.bytes() for run in runs},
    }


def write_logs(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in _logs().items():
        path = folder.joinpath(*name.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # waits for a disk, thousands of times
    # Its work is done in this process, where sources fail.
    monkeypatch.setattr("tbtools.runs.dask_engine.dask_engine", lambda _: PickledEngine())
    return tmp_path


def answer(folder: Path, command: str, source: FaultySource) -> Answer:
    """What a command said, and what it wrote."""
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    with using(source):
        result = call(*COMMANDS[command])
    # A page has the time of its making in it.
    written = {
        path.relative_to(work).as_posix(): b"" if command == "report" else path.read_bytes()
        for path in work.rglob("*")
        if path.is_file()
    }
    assert "Traceback" not in result.err
    assert not [name for name in written if ".tbtools-" in name]
    return result, written


def check(folder: Path, command: str, at: Call, fault: Fault, whole: Answer, after: After) -> None:
    """What a command may do where something happens at one of its calls."""
    write_logs(folder / "logs")
    result, written = answer(folder, command, FaultySource(at, fault))
    # What stands on the page of a run; its list of files has paths, too, but no failure.
    pages = [path.read_text() for path in (folder / "work").glob("*.html")]
    on_page = [each for each in "".join(pages).split(">") if os.strerror(errno.EIO) in each]
    if (result, written) == whole:
        return
    if fault in CHANGES.values() and (result, written) == after(fault, at.path):
        return
    assert result.status in (0, 1, 2)
    said = result.out + result.err + b"".join(written.values()).decode(errors="replace")
    said += "".join(on_page)
    # `best` tells what a run has no checkpoint for in the row of the run.
    in_its_row = COMMANDS[command][0] == "best" and os.strerror(errno.EIO) in said
    assert in_its_row or at.path in said or ": ".join(os.path.split(at.path)) in said, result
    if COMMANDS[command][0] in VERDICTS:
        assert result.status == 2, result


def test_every_command_that_reads_is_tried() -> None:
    assert {words[0] for words in COMMANDS.values()} == set(_COMMANDS) - {
        *("cache", "mcp"),
        "watch",  # which waits for what cannot be read: tests/live/test_faults.py
    }


def _faults(command: str) -> dict[str, Fault]:
    """All of them where reading is all there is to it; all failures are one to the others."""
    if command in ("verify", "detect", "diff"):
        return FAILURES | CHANGES
    # What an engine does is what is done without: only what is lost on the way is of interest.
    few = command == "report" or command.endswith("by an engine")
    return {"EIO": FAILURES["EIO"], **({} if few else CHANGES)}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_call(folder: Path, command: str) -> None:
    write_logs(folder / "logs")
    source = FaultySource()
    whole = answer(folder, command, source)
    assert whole[0].status == (1 if command == "diff" else 0)
    assert len(source.called()) >= 6

    @cache  # whenever a file was changed, this is what there is now
    def after(fault: Fault, path: str) -> Answer:
        return answer(folder, command, FaultySource())

    for at in source.called():
        for name, fault in _faults(command).items():
            if name in FAILURES or (folder / at.path).is_file():
                try:
                    check(folder, command, at, fault, whole, after)
                except (AssertionError, Exception) as reason:
                    reason.add_note(f"{name} at {at}")
                    raise


@pytest.mark.parametrize("command", COMMANDS)
def test_short_reads(folder: Path, command: str) -> None:
    write_logs(folder / "logs")
    whole = answer(folder, command, FaultySource())
    for most in (1, 7):
        assert answer(folder, command, FaultySource(most=most)) == whole


# --- writing -------------------------------------------------------------------------------------

# By which files are made, filled and named; and by which what is unfinished is taken away.
STEPS = {"open", "os.mkdir", "os.rename", "os.link", "os.chmod", "tempfile.mkstemp"}
STEPS |= {"tempfile.mkdtemp", "os.remove", "os.rmdir", "fsync"}
CLEANING = ("os.remove", "os.rmdir")


class FaultyDisk:
    """Lets one of the steps fail.

    Attributes:
        below: Where.
        left: How many steps it takes until then; 0 for never.
        last: The last step.
    """

    def __init__(self) -> None:
        self.below = "/"
        self.left = 0
        self.last = ""
        self._lock = threading.Lock()

    def step(self, event: str, path: object = None) -> None:
        if not self.left or event not in STEPS:
            return
        place = os.path.abspath(str(path or self.below))  # noqa: PTH100 - follows no links
        with self._lock:  # several threads write
            if self.left and place.startswith(self.below):
                self.left -= 1
                self.last = event
                if not self.left:
                    raise error(errno.ENOSPC)


_disk = FaultyDisk()
# A hook stays until the process ends.
sys.addaudithook(lambda event, details, step=_disk.step: step(event, *details[:1]))


def visible(work: Path) -> set[str]:
    return {
        path.relative_to(work).as_posix()
        for path in work.rglob("*")
        if path.is_file() and ".tbtools-" not in str(path)
    }


@pytest.mark.parametrize("command", WRITING)
def test_each_step_of_writing(folder: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_logs(folder / "logs")
    work = folder / "work"
    answer(folder, command, FaultySource())
    whole = visible(work)
    monkeypatch.setattr(os, "fsync", lambda _: _disk.step("fsync"))
    _disk.below = str(work)
    for number in range(1, 1000):
        shutil.rmtree(work)
        work.mkdir()
        _disk.left = number
        result = call(*COMMANDS[command])
        if _disk.left:  # it took fewer steps
            _disk.left = 0
            assert result.status == 0
            assert number > 4
            return
        # A step that fails may have another way, as where there are no hard links.
        assert visible(work) == (whole if result.status == 0 else visible(work) & whole)
        if _disk.last not in CLEANING:
            assert visible(work) in (set(), whole)
            assert list(work.glob(".tbtools-*")) == []
        if result.status:
            assert (result.status, result.out) == (2, "")
            assert result.err.startswith(f"tbtools: {COMMANDS[command][-1]}")
            assert result.err.endswith(": No space left on device\n")


@pytest.mark.parametrize("command", WRITING)
def test_each_length_of_a_full_disk(folder: Path, command: str) -> None:
    write_logs(folder / "logs")
    _, written = answer(folder, command, FaultySource())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    longest = max(path.stat().st_size for path in (folder / "work").rglob("*") if path.is_file())
    for most in sorted({0, 1, longest // 2, longest - 1, longest}):
        shutil.rmtree(folder / "work")
        (folder / "work").mkdir()
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
        try:
            result = call(*COMMANDS[command])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        if most == longest:
            assert (result.status, visible(folder / "work")) == (0, set(written))
        else:
            assert (result.status, list((folder / "work").iterdir())) == (2, [])
            assert result.err == f"tbtools: {COMMANDS[command][-1]}: File too large\n"
