"""The command itself: help, mistakes of users, streams that fail, signals."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tbtools.cli import main as cli
from tests.builders import EventFileBuilder
from tests.commands import ROOT, SUPERSEDED, TBTOOLS, call, environment, process, shell

if TYPE_CHECKING:
    from pathlib import Path

LOGS = "tests/logs"
BASELINE = f"{LOGS}/baseline/events.out.tfevents.1772438400.node7.4242.0"


def test_help_lists_every_command_with_what_its_own_help_says_first() -> None:
    listed = call("--help").out
    for name, purpose in cli._COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(purpose)}$", listed, re.MULTILINE)


def test_without_arguments_there_is_help() -> None:
    assert call() == call("--help")


@pytest.mark.parametrize("name", cli._COMMANDS)
def test_every_command_has_help_with_examples(name: str) -> None:
    shown = call(name, "--help")
    assert (shown.status, shown.err) == (0, "")
    assert f"  tbtools {name} " in shown.out.partition("Examples:")[2]


def test_version_tells_the_scan(scan_implementation: str) -> None:
    shown = call("--version")
    assert shown.status == 0
    assert re.fullmatch(
        rf"tbtools \d+\.\d+\.\d+\S*, Python 3\.\d+\.\d+\S*\nscan: {scan_implementation}.*\n",
        shown.out,
    )


def test_help_of_a_command_can_be_asked_for_in_words() -> None:
    assert call("help").out == call("help", "help").out == call("--help").out
    assert call("help", "best").out == call("best", "--help").out
    assert "Usage: tbtools best" in call("help", "best").out


# -- mistakes: one line that names the thing and the way out, exit status 2


# What is looked for in messages of click is what it says in all its versions.
MISTAKES = [
    ("sumarize", "no command 'sumarize'; did you mean 'summarize'?"),
    ("compare a b", "no command 'compare'; did you mean 'diff'?"),
    ("help sumarize", "no command 'sumarize'; did you mean 'summarize'?"),
    ("frobnicate", "no command 'frobnicate'; there are summarize, "),
    ("--nope", "--nope"),
    ("summarize", "Missing argument 'PATH...' (see `tbtools summarize --help`)"),
    ("summarize x --tagz y", "--tagz"),
    ("summarize nowhere", "nowhere: No such file or directory"),
    ("summarize docs", "docs: no event files (no regular file has 'tfevents' in its name)"),
    ("summarize /dev/null", "/dev/null: neither a directory nor a regular file"),
    (f"summarize {LOGS} --format yaml", "'yaml' is not one of 'table', 'json', 'csv'"),
    (f"summarize {LOGS} --sort size", "'size' is not one of 'name', 'written', "),
    (f"summarize {LOGS} --limit 0", "0 is not in the range x>=1"),
    (f"summarize {LOGS} --limit", "'--limit' requires an argument"),
    (f"summarize {LOGS} --restarts x", "'x' is not one of 'resume', "),
    (f"summarize {LOGS} --steps 9:5", "'9:5' ends before it starts"),
    (f"summarize {LOGS} --steps ten", "'ten' is no range of steps such as 100:200"),
    (f"summarize {LOGS} --steps=", "give steps such as 100:200, 100: or :200"),
    (f"summarize {LOGS} --steps 5000:", "no points in steps 5000:; they go from 0 to 1999"),
    (f"summarize {LOGS} --run basline", "no run 'basline'; close: 'baseline'"),
    (f"summarize {LOGS} --run q*", "no run 'q*'; known: 'baseline', 'diverged', "),
    (f"summarize {LOGS} --run b* --run q*", "no run 'q*'; known: "),
    (f"summarize {LOGS} --tag train/los", "no tag 'train/los'; close: 'train/loss'"),
    (f"summarize {LOGS} --tag q*", "no tag 'q*'; known: '_hparams_/experiment', "),
    (f"summarize {LOGS} -o nowhere/x", "nowhere: there is no such directory; make it first"),
    (f"summarize {LOGS} -o docs", "'docs' is a directory"),
    (f"summarize {LOGS} -o pyproject.toml", "pyproject.toml exists; name another, or allow"),
    ("inspect", "Missing argument 'FILE'"),
    ("inspect nowhere", "nowhere: No such file or directory"),
    ("inspect /dev/zero", "/dev/zero: not a regular file"),
    (f"inspect {LOGS}", f"{LOGS} is a directory; `tbtools summarize {LOGS}` shows its runs"),
    ("inspect a b", "Got unexpected extra argument (b)"),
    ("verify", "Missing argument 'PATH...'"),
    ("verify nowhere", "nowhere: No such file or directory"),
]


@pytest.mark.parametrize(("line", "message"), MISTAKES)
def test_a_mistake_is_told_in_one_line(line: str, message: str) -> None:
    result = call(*line.split(" "))
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("tbtools: ")
    assert result.err.count("\n") == 1
    assert message in result.err


def test_a_mistake_is_told_as_it_is_by_a_real_process() -> None:
    result = process("summarize", "no\x1b[31m\nwhere")
    assert result.status == 2
    assert result.out == ""
    assert result.err == r"tbtools: no\x1b[31m\x0awhere: No such file or directory" + "\n"


# -- streams that fail


@pytest.mark.parametrize(
    "command",
    [
        f"summarize {LOGS} --format json",
        f"summarize {LOGS} --format csv",
        f"detect {LOGS}",
        f"detect {LOGS} --format junit",
        f"plot {LOGS} --tag val/loss",
        f"diff {LOGS}/baseline {LOGS}/diverged",
        f"diff {LOGS}/baseline {LOGS}/diverged --format markdown",
        f"merge {LOGS}/baseline -o OUT/merged",
        f"aggregate {LOGS} --tag val/loss -o OUT/aggregate.csv",
        f"smooth {LOGS} -o OUT/smooth",
        f"smooth {LOGS} -o -",
        f"export {LOGS} -o OUT/scalars.csv",
        f"export {LOGS} -o -",
        f"export {LOGS} -o - --format jsonl",
        f"export {LOGS} -o - --format parquet",
        f"report {LOGS} -o OUT/report.html",
        f"report {LOGS} -o -",
        f"summarize {LOGS} -o OUT/summary.json",
    ],
)
def test_full_disk_at_standard_output(command: str, tmp_path: Path) -> None:
    result = shell(f"tbtools {command.replace('OUT', os.fspath(tmp_path))} > /dev/full")
    assert result.status == 2
    assert result.err == "tbtools: standard output: No space left on device\n"


@pytest.mark.parametrize(
    "command", [f"summarize {LOGS}", f"verify {LOGS}", f"inspect {BASELINE} --events", "--help"]
)
class TestStreams:
    def test_full_disk(self, command: str) -> None:
        result = shell(f"tbtools {command} > /dev/full")
        assert result.status == 2
        assert result.err == "tbtools: standard output: No space left on device\n"

    def test_reader_that_has_seen_enough(self, command: str) -> None:
        result = shell(f"set -o pipefail; tbtools {command} | true")
        assert (result.status, result.err) == (0, SUPERSEDED * command.startswith("summarize"))

    def test_closed_output_is_no_traceback(self, command: str) -> None:
        result = shell(f"tbtools {command} >&-")
        assert "Traceback" not in result.err
        assert result.err.count("\n") <= 1


def test_a_verdict_stays_when_nobody_reads_it(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version().scalar("loss", 1, 1.0).corrupt_data_crc()
    builder.write(tmp_path / "events.out.tfevents.1")
    result = shell(f"set -o pipefail; tbtools verify {tmp_path} | true")
    assert (result.status, result.err) == (1, "")


@pytest.mark.parametrize(
    "command",
    ["summarize", "detect", "plot", "export -o -", "export -o - --format parquet",
     "export --data hparams -o -", "report -o -"],
)  # fmt: skip
@pytest.mark.parametrize("reader", ["true", "head -c 4"])
def test_a_path_that_could_not_be_read_is_told_when_nobody_reads_the_rest(
    command: str, reader: str
) -> None:
    result = shell(f"set -o pipefail; tbtools {command} {LOGS} no-such-path | {reader}")
    assert result.status == 2
    assert "tbtools: no-such-path: " in result.err
    assert "Traceback" not in result.err


def test_head_of_many_events_ends_them_early(tmp_path: Path) -> None:
    one = EventFileBuilder().file_version().scalars("loss", [(i, 1.0) for i in range(1000)])
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(one.bytes() * 300)  # some three hundred thousand records
    result = shell(f"set -o pipefail; tbtools inspect {path} --events | head -2")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[1].endswith("step 0  loss: 1.0")


# -- signals


def test_a_killed_process_leaves_no_half_file(tmp_path: Path) -> None:
    one = EventFileBuilder().file_version().scalars("loss", [(i, 1.0) for i in range(1000)])
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(one.bytes() * 300)
    out = tmp_path / "out" / "events.txt"
    out.parent.mkdir()
    arguments = ["inspect", os.fspath(path), "--events", "-o", os.fspath(out)]
    with subprocess.Popen([*TBTOOLS, *arguments], env=environment(), cwd=ROOT) as child:
        while not any(file.stat().st_size for file in out.parent.iterdir()):
            assert child.poll() is None
            time.sleep(0.01)
        child.kill()
    assert not out.exists()


# -- how it is called


def test_a_fault_of_ours_is_told_whole_and_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "run", lambda: {}["missing"])
    assert cli.main() == 2
    assert "KeyError: 'missing'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("MemoryError()", "out of memory"),
        ("MemoryError('8 GB')", "out of memory (8 GB)"),
        (
            "SyntaxError('expected \\':\\'', ('a.py', 1, 1, '', 1, 1))",
            "out of memory, or a damaged installation: expected ':' (a.py, line 1)",
        ),
        (
            "SystemError('error return without exception set')",
            "out of memory, or a damaged installation: error return without exception set",
        ),
        ("ImportError('a page\\nlib.so: failed to map segment')", "lib.so: failed to map segment"),
        ("RuntimeError('can\\'t start new thread')", "can't start new thread"),
        # As protobuf says it.
        ("TypeError('descriptor pool: out of memory')", "descriptor pool: out of memory"),
    ],
)
def test_what_ran_out_is_told_in_a_line(error: str, reason: str) -> None:
    """And the process ends there: libraries that found no memory crash where they tidy up."""
    script = f"""
import atexit, os
import tbtools.__main__
from tbtools.cli.main import cli
def fail(*_, **__):
    raise {error}
cli.main = fail
atexit.register(os.abort)
tbtools.__main__.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment(), cwd=ROOT,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"tbtools: {reason}\n")


def test_no_line_of_our_code_is_shown(tmp_path: Path) -> None:
    """As Python shows with its warnings, where NumPy takes differences of endless times."""
    builder = EventFileBuilder()
    for step in range(40):
        time = math.inf if step > 30 else 1.7e9 + step
        builder.tensor_scalar("loss", step, 1e308, "float64", wall_time=time)
    builder.write(tmp_path / "events.out.tfevents.1")
    for command in ("detect", "summarize", "plot"):
        result = process(command, os.fspath(tmp_path))
        assert result.status == 0
        assert ".py" not in result.err


def test_python_m_tbtools_is_tbtools() -> None:
    assert process("verify", LOGS) == shell(f"tbtools verify {LOGS}")
