"""tbtools.toml: what it says, where it is looked for, and what wins."""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools.eventfile.source import using
from tests.builders import EventFileBuilder
from tests.commands import Result, call
from tests.faulty import FAILURES, Call, FaultySource
from tests.sources import MemorySource
from tests.sweeps import write_run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A loss that jumps, and a score that nobody knows, which falls, in a run."""
    write_run(tmp_path / "project" / "logs" / "run", {}, fails=True)
    points = [(step, 5.0 if step < 60 else 1 + step % 3 / 10) for step in range(100)]
    EventFileBuilder().scalars("cleverness", points).write(
        tmp_path / "project" / "logs" / "run" / "events.out.tfevents.2"
    )
    return tmp_path / "project" / "logs"


def _found(logs: Path, *options: str) -> set[tuple[str, str]]:
    shown = json.loads(call("detect", os.fspath(logs), "--format", "json", *options).out)
    return {(each["tag"], each["kind"]) for each in shown["findings"]}


LOSS = ("train/loss", "divergence")
SCORE = ("cleverness", "divergence")


@pytest.mark.parametrize("place", ["logs/tbtools.toml", "tbtools.toml", "pyproject.toml"])
def test_it_is_found_in_the_log_directory_or_above(logs: Path, place: str) -> None:
    path = logs.parent / place
    head = "[tool.tbtools.objectives]" if place == "pyproject.toml" else "[objectives]"
    path.write_text(f'{head}\ncleverness = "max"\n')
    assert _found(logs) == {LOSS, SCORE}
    assert f"; as {path} says" in call("detect", os.fspath(logs)).out
    assert f"; as {path} says" in call("summarize", os.fspath(logs)).out
    summary = json.loads(call("summarize", os.fspath(logs), "--format", "json").out)
    assert len(summary["runs"][0]["findings"]) == 2
    assert {(each.tag, each.kind) for each in tbtools.detect(logs)} == {LOSS, SCORE}
    assert {(each.tag, each.kind) for each in tbtools.detect(tbtools.load(logs)["run"])} == {
        LOSS, SCORE,
    }  # fmt: skip
    [pair] = tbtools.diff(logs, logs).runs
    assert {each.tag: each.objective for each in pair.tags} == {
        "train/loss": "min", "cleverness": "max",
    }  # fmt: skip


def test_the_nearest_one_counts_alone_and_is_named_from_here(
    logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (logs / "tbtools.toml").write_text('kinds-off = ["divergence"]\n')
    (logs.parent / "tbtools.toml").write_text('[objectives]\ncleverness = "max"\n')
    monkeypatch.chdir(logs.parent)
    result = call("detect", "logs")
    assert result.status == 0
    assert "no findings; as logs/tbtools.toml says, without divergence" in result.out
    monkeypatch.chdir(logs)
    assert "as tbtools.toml says" in call("detect", "run").out


def test_kinds_that_are_off_are_named_wherever_nothing_is_said_of_them(
    logs: Path, tmp_path: Path
) -> None:
    (logs / "tbtools.toml").write_text('kinds-off = ["divergence", "plateau"]\n')
    says = f"as {logs / 'tbtools.toml'} says, without divergence, plateau"
    run = os.fspath(logs / "run")
    assert f"; {says}" in call("summarize", os.fspath(logs)).out
    assert f"- judged {says}" in call("explain", run).out.replace("\\", "")
    for command in ("detect", "summarize", "explain"):
        shown = json.loads(call(command, run, "--format", "json").out)
        assert shown["kinds_off"] == ["divergence", "plateau"]
    page = tmp_path / "page.html"
    assert call("report", os.fspath(logs), "-o", os.fspath(page)).status == 0
    assert "tbtools.toml says, without divergence, plateau" in page.read_text(encoding="utf-8")


def test_a_pyproject_without_the_table_is_passed_over(logs: Path) -> None:
    (logs / "pyproject.toml").write_text('[project]\nname = "tbtools-user"\n')
    (logs.parent / "tbtools.toml").write_text('[objectives]\ncleverness = "max"\n')
    assert _found(logs) == {LOSS, SCORE}


def test_what_is_asked_for_wins(logs: Path) -> None:
    (logs / "tbtools.toml").write_text(
        'kinds-off = ["divergence"]\nlimit = 0\n[objectives]\ncleverness = "max"\n'
    )
    assert _found(logs) == set()
    assert _found(logs, "--kind", "divergence") == {LOSS, SCORE}
    assert call("detect", os.fspath(logs), "--fail-on", "divergence").status == 1
    none = ("--kind", "divergence", "--objective", "clever*=none")
    assert _found(logs, *none) == {LOSS}


def test_ignored_tags_are_told_and_not_judged(logs: Path) -> None:
    (logs / "tbtools.toml").write_text('ignore-tags = ["train/*"]\n')
    assert _found(logs) == set()
    shown = json.loads(call("detect", os.fspath(logs), "--format", "json").out)
    assert {"run": "run", "tag": "train/loss", "reason": "an ignored tag"} in shown["not_judged"]
    assert "not judged: 1 series with an ignored tag: train/loss" in call(
        "detect", os.fspath(logs)
    ).out  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("objective = 1", "no key 'objective'; did you mean 'objectives'?"),
        ('kinds-off = ["divergnce"]', "no kind 'divergnce'; did you mean 'divergence'?"),
        ('ignore-tags = "loss"', "ignore-tags is 'loss', not a list of texts"),
        ('[objectives]\nloss = "down"', "no objective of 'loss' 'down'; there are min, max, none"),
        ("limit = true", "limit is True, not a number of lines"),
        ("limit = ", "is no TOML"),
        ("limit = " + "[" * 99_999, "is no TOML"),
        ("objectives = 1", "objectives is no table"),
    ],
)
@pytest.mark.parametrize("command", ["detect", "summarize"])
def test_what_it_may_not_say_is_one_line(logs: Path, text: str, message: str, command: str) -> None:
    (logs / "tbtools.toml").write_text(text)
    result = call(command, os.fspath(logs))
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"tbtools: {logs / 'tbtools.toml'}: ")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_a_mark_of_the_byte_order_is_passed_over(logs: Path) -> None:
    (logs / "tbtools.toml").write_text('kinds-off = ["divergence"]', encoding="utf-8-sig")
    assert _found(logs) == set()


@pytest.mark.parametrize("text", ['tool = "tbtools"', 'tool = ["tbtools"]', "[tool]\ntbtools = 1"])
def test_a_pyproject_without_tables_is_one_line(logs: Path, text: str) -> None:
    (logs / "pyproject.toml").write_text(text)
    result = call("detect", os.fspath(logs))
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    assert result.err.startswith(f"tbtools: {logs / 'pyproject.toml'}: tool")


@pytest.mark.parametrize("operation", ["stat", "open", "status", "read"])
def test_where_it_cannot_be_read_there_is_no_verdict(logs: Path, operation: str) -> None:
    path = logs / "tbtools.toml"
    path.write_text("limit = 9")
    with using(FaultySource(Call(operation, os.fspath(path), 0), FAILURES["EIO"])):
        result = call("detect", os.fspath(logs))
    assert result == Result(2, "", f"tbtools: {path}: {os.strerror(errno.EIO)}\n")


def test_it_is_read_from_where_the_logs_are(logs: Path) -> None:
    (logs / "tbtools.toml").write_text('[objectives]\ncleverness = "max"\n')
    with using(MemorySource.of(logs, "mem://place/logs"), scheme="mem"):
        found = tbtools.detect("mem://place/logs")
    assert {(each.tag, each.kind) for each in found} == {LOSS, SCORE}
