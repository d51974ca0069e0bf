"""A page that is written anew as long as its runs go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

import tbtools
from tbtools.live.report import await_runs, keep_written
from tbtools.render.report.write import write_report
from tests.render.report_logs import page_of

if TYPE_CHECKING:
    from pathlib import Path


def write_points(logs: Path, steps: range, name: str = "a") -> None:
    with tbtools.EventFileWriter(logs / name) as writer:
        for step in steps:
            writer.add_scalar("loss", 1 / (1 + step), step)


def last_step(path: Path) -> int:
    return int(page_of(path.read_text("utf-8"))["runs"][0]["last_step"])


def test_a_page_is_written_anew_until_its_runs_are_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs, path = tmp_path / "logs", tmp_path / "r.html"
    write_points(logs, range(5))
    experiment = tbtools.load(logs)
    told: list[tuple[float | None, int]] = []

    def write(live: float | None, again: bool) -> Any:
        written = write_report(experiment, path, live=live, force=again)
        told.append((page_of(path.read_text("utf-8"))["live"], last_step(path)))
        return written

    def sleep(seconds: float) -> None:
        assert seconds >= 0.5
        if len(told) == 1:
            write_points(logs, range(5, 9))
        if len(told) == 2:
            with tbtools.EventFileWriter(logs / "a") as writer:
                writer.add_hparams({"lr": 0.1})
                writer.add_hparams_end("success")

    monkeypatch.setattr(time, "sleep", sleep)
    written = keep_written(experiment, path, write, pytest.fail, 0.5)
    assert told == [(0.5, 4), (0.5, 8), (None, 8)]
    assert written.runs == 1


@pytest.mark.parametrize("content", [b"", None], ids=["no byte", "no value"])
def test_the_first_value_of_an_empty_log_is_waited_for(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs, path = tmp_path / "logs", tmp_path / "r.html"
    if content is None:
        write_points(logs, range(0))
    else:
        (logs / "a").mkdir(parents=True)
        (logs / "a" / "events.out.tfevents.1").write_bytes(content)
    experiment = tbtools.load(logs)
    told: list[str] = []

    def write(live: float | None, again: bool) -> Any:
        told.append(f"written, live: {live}")
        return write_report(experiment, path, live=live, force=again)

    def sleep(_: float) -> None:
        told.append("slept")
        if told.count("slept") == 2:
            write_points(logs, range(3), "b")
        if told.count("slept") == 3:  # training is over
            for name in "ab":
                with tbtools.EventFileWriter(logs / name) as writer:
                    writer.add_scalar("loss", 1, 5)
                    writer.add_hparams({"lr": 0.1})
                    writer.add_hparams_end("success")

    monkeypatch.setattr(time, "sleep", sleep)
    keep_written(experiment, path, write, lambda _: told.append("waiting"), 0.5)
    assert told == [
        *("written, live: 0.5", "waiting", "slept") * 2,
        *("written, live: 0.5", "slept", "written, live: None"),
    ]
    assert len(page_of(path.read_text("utf-8"))["runs"]) == 2


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("options", "before", "reason"),
    [
        ([], None, "No such file"),
        ([], "directory", "no event files"),
        (["--run", "b*"], "a", "no run 'b*'"),
        (["--where", "lr>1"], "a", "no run has a hyperparameter or scalar 'lr'"),
        (["--tag", "val/*"], "a", "no tag 'val/*'"),
        (["--steps", "100:"], "a", "no points in steps"),
    ],
)
def test_what_is_not_there_yet_is_waited_for_and_told(
    options: list[str], before: str | None, reason: str, tmp_path: Path
) -> None:
    logs, path = tmp_path / "logs", tmp_path / "r.html"
    if before == "directory":
        logs.mkdir()
    elif before:
        write_points(logs, range(5), before)
    command = [sys.executable, "-m", "tbtools", "report", str(logs), "-o", str(path), "--live"]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 128 + signal.SIGINT
        assert process.stderr.read() == "tbtools: interrupted\n"
    assert line.startswith("tbtools: waiting: ")
    assert reason in line
    assert not path.exists()


@pytest.mark.parametrize("options", [["--where", "lr>"], ["--also", "nonsense"]])
def test_what_is_wrong_whatever_comes_is_not_waited_for(options: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tbtools", "report", str(tmp_path), "--live", *options]
    command += ["-o", str(tmp_path / "r.html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "waiting" not in done.stderr


@pytest.mark.parametrize("options", [{}, {"runs": "b"}], ids=["no file", "no such run"])
def test_runs_that_come_later_are_found(
    options: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Exception] = []
    write_points(tmp_path / "logs", range(3), "a") if options else None
    monkeypatch.setattr(time, "sleep", lambda _: write_points(tmp_path / "logs", range(3), "b"))
    found = await_runs(lambda: tbtools.load(tmp_path / "logs", **options), told.append)
    assert list(found) == ["b"]
    assert len(told) == 1


def test_an_empty_log_that_nobody_writes_any_more_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "events.out.tfevents.1"
    file.parent.mkdir()
    file.touch()
    os.utime(file, (0, time.time() - 7200))
    command = [sys.executable, "-m", "tbtools", "report", str(file.parent), "--live"]
    command += ["-o", str(tmp_path / "r.html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "no event could be read" in done.stderr
    assert "waiting" not in done.stderr


def test_a_page_of_runs_that_are_over_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    command = [sys.executable, "-m", "tbtools", "report", "tests/logs", "-o", str(path), "--live"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert page_of(path.read_text("utf-8"))["live"] is None
    assert "8 runs" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_the_page_that_a_signal_leaves_waits_for_no_other(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    write_points(tmp_path / "logs", range(5))
    command = [sys.executable, "-m", "tbtools", "report", str(tmp_path / "logs"), "-o", str(path)]
    with subprocess.Popen([*command, "--live"], stderr=subprocess.PIPE, text=True) as process:
        while not path.exists():
            time.sleep(0.1)
        assert page_of(path.read_text("utf-8"))["live"] == 10
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 128 + signal.SIGINT
    assert page_of(path.read_text("utf-8"))["live"] is None
    assert last_step(path) == 4


@pytest.mark.parametrize("output", ["-", "r.png"])
def test_where_no_page_can_be_written_anew(tmp_path: Path, output: str) -> None:
    output = output if output == "-" else str(tmp_path / output)
    command = [sys.executable, "-m", "tbtools", "report", "tests/logs", "-o", output, "--live"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--live" in done.stderr
