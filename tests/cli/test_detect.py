"""`tbtools detect`: what it prints, and when it fails."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.builders import EventFileBuilder
from tests.commands import ROOT, Screen, call, plain
from tests.golden import assert_golden
from tests.tables import read_csv

if TYPE_CHECKING:
    from pathlib import Path

KEYS = [
    "run",
    "tag",
    "kind",
    "severity",
    "onset_step",
    "onset_time",
    "end_step",
    "ongoing",
    "best_step",
    "best_value",
    "last_good_step",
    "message",
    "provisional",
    "evidence",
]


def _wobble(step: int) -> float:
    return ((step * 7919) % 13 - 6) / 300


@pytest.fixture
def judged_logdir(tmp_path: Path) -> Path:
    """`well` goes down, `blown` jumps at step 60 and is NaN from step 90 on, `odd` spikes once."""
    curves = {
        "well": lambda s: 2 * math.exp(-s / 30) + 0.1,
        "blown": lambda s: math.nan if s >= 90 else 9.0 if s >= 60 else 2 * math.exp(-s / 30),
        "odd": lambda s: 5.0 if s == 50 else 2 * math.exp(-s / 30) + 0.1,
    }
    for run, curve in curves.items():
        points = [(s, curve(s) + _wobble(s)) for s in range(100)]
        EventFileBuilder().file_version().scalars("train/loss", points).write(
            tmp_path / "logs" / run / "events.out.tfevents.1"
        )
    return tmp_path / "logs"


def _found(logdir: Path, *options: str) -> list[dict[str, object]]:
    result = call("detect", os.fspath(logdir), "--format", "json", *options)
    assert "scalars read; " in result.err

    def refuse(text: str) -> float:
        raise AssertionError(f"{text} is no JSON")

    findings: list[dict[str, object]] = json.loads(result.out, parse_constant=refuse)["findings"]
    return findings


def test_whole_output(judged_logdir: Path) -> None:
    result = call("detect", os.fspath(judged_logdir))
    assert result.err == ""
    assert result.status == 1
    assert_golden("cli/detect.txt", result.out.replace(os.fspath(judged_logdir), "LOGS"))


@pytest.fixture
def flat_logdir(tmp_path: Path) -> Path:
    """Five tags that stop at one step, and a spike in each of two."""
    builder = EventFileBuilder().file_version()
    for tag in ("loss/total", "loss/box", "loss/class", "val/loss", "val/accuracy"):
        points = [(s, 1 - min(s, 80) / 100 + _wobble(s)) for s in range(300)]
        if tag == "val/accuracy":
            points = [(s, 1 - value) for s, value in points]
        if tag.startswith("val"):
            points[200] = (200, 0.0 if "accuracy" in tag else 9.0)
        builder.scalars(tag, points)
    builder.write(tmp_path / "logs" / "flat" / "events.out.tfevents.1")
    builder.write(tmp_path / "logs" / "same" / "events.out.tfevents.1")
    return tmp_path / "logs"


def test_one_line_a_cause(flat_logdir: Path) -> None:
    lines = call("detect", os.fspath(flat_logdir)).out.splitlines()
    assert [line for line in lines if not line.startswith(" ")][:2] == ["flat", "same"]
    assert len(lines) == 7
    assert lines[1].startswith("  warning plateau       loss/box and 4 tags  ")
    assert lines[2].startswith("  info    spike         val/accuracy and 1 tag  ")
    assert lines[-1].endswith(
        "; 10 series judged, 2 runs with 10 warnings (plateau), 4 infos (spike)"
    )
    assert len(_found(flat_logdir)) == 14


@pytest.mark.parametrize("width", [50, 60, 80, 200])
def test_on_a_terminal_nothing_is_wider_than_it(
    flat_logdir: Path, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    shown = plain(call("detect", os.fspath(flat_logdir), "--run", "flat", out=Screen()).out)
    lines = [line.rstrip() for line in shown.splitlines() if line.startswith(" ")]
    assert [line for line in lines if len(line) > width] == []
    assert ("█" in shown) == (width >= 80)
    assert "and 4 tags" in shown
    assert "95%" in shown


def test_the_worst_run_comes_first(judged_logdir: Path) -> None:
    (judged_logdir / "blown").rename(judged_logdir / "zero")
    lines = call("detect", os.fspath(judged_logdir)).out.splitlines()
    assert [line for line in lines if not line.startswith(" ")][:2] == ["zero", "odd"]


def test_json_has_the_promised_keys_and_places_the_onset(judged_logdir: Path) -> None:
    findings = _found(judged_logdir)
    assert all(list(finding) == KEYS for finding in findings)
    blown = {each["kind"]: each for each in findings if each["run"] == "blown"}
    assert blown["divergence"]["onset_step"] == 60
    assert blown["divergence"]["last_good_step"] == 59
    assert blown["nonfinite"]["onset_step"] == 90
    assert not [each for each in findings if each["run"] == "well"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ((), 1),
        (("--fail-on", "none"), 0),
        (("--fail-on", "plateau"), 0),
        (("--fail-on", "nonfinite"), 1),
        (("--run", "well"), 0),
        (("--run", "odd", "--fail-on", "spike"), 0),  # a spike that recovered is an info
        (("--steps", ":50"), 0),
        (("--objective", "train/loss=none"), 1),  # values that are not finite need no objective
    ],
)
def test_exit_status(judged_logdir: Path, options: tuple[str, ...], status: int) -> None:
    assert call("detect", os.fspath(judged_logdir), *options).status == status


def test_objective_turns_the_verdict(judged_logdir: Path) -> None:
    kinds = {each["kind"] for each in _found(judged_logdir, "--objective", "train/loss=none")}
    assert kinds == {"nonfinite"}


@pytest.mark.parametrize("command", ["detect", "diff", "report"])
def test_an_objective_of_no_tag_is_refused(
    command: str, judged_logdir: Path, tmp_path: Path
) -> None:
    paths = [os.fspath(judged_logdir)] * (2 if command == "diff" else 1)
    output = ["-o", os.fspath(tmp_path / "page.html")] if command == "report" else []
    result = call(command, *paths, *output, "--objective", "train/los=min")
    assert result.status == 2
    assert result.out == ""
    assert "no tag 'train/los'; close: 'train/loss'" in result.err
    assert not list(tmp_path.glob("page*"))


def test_csv_has_a_row_a_finding(judged_logdir: Path) -> None:
    import io

    text = call("detect", os.fspath(judged_logdir), "--format", "csv").out
    frame = read_csv(io.StringIO(text))
    assert list(frame.columns) == KEYS[:-1]
    assert frame["kind"].tolist() == [each["kind"] for each in _found(judged_logdir)]


def test_junit_is_xml_with_a_case_a_run(judged_logdir: Path) -> None:
    text = call("detect", os.fspath(judged_logdir), "--format", "junit").out
    suite = ET.fromstring(text)
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert set(cases) == {"well", "blown", "odd"}
    assert [case for case in cases if cases[case].find("failure") is not None] == ["blown"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "0")


def test_junit_has_an_error_for_what_could_not_be_read(judged_logdir: Path) -> None:
    path = judged_logdir / "lost" / "events.out.tfevents.1"
    path.parent.mkdir()
    path.write_bytes(b"What a fine day for a text that is no event file at all.")
    missing = f"{judged_logdir}-nowhere"
    result = call("detect", os.fspath(judged_logdir), missing, "--format", "junit")
    suite = ET.fromstring(result.out)
    errors = {
        case.get("name"): str(error.text)
        for case in suite.iter("testcase")
        for error in case.iter("error")
    }
    assert result.status == 2
    assert suite.get("errors") == "2"
    assert "not an event file" in errors[f"{judged_logdir}/lost"]
    assert errors[missing] == "No such file or directory"


def test_junit_and_text_count_what_was_not_judged(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalars("lr", [(step, 0.1) for step in range(30)])
    builder.scalars("loss", [(0, 1.0), (1, 0.9)]).write(tmp_path / "a" / "events.out.tfevents.1")
    EventFileBuilder().text("note", 0, "x").write(tmp_path / "b" / "events.out.tfevents.1")
    shown = call("detect", os.fspath(tmp_path)).out.splitlines()
    assert shown[-2].endswith("; 0 series judged, no findings")
    assert shown[-1] == (
        "not judged for divergence, plateaus and overfitting: "
        "1 series with fewer than 8 finite points: loss; "
        "1 without a known objective (--objective GLOB=min|max): lr; "
        "not judged: 1 run without scalars"
    )
    suite = ET.fromstring(call("detect", os.fspath(tmp_path), "--format", "junit").out)
    outputs = [str(each.text) for each in suite.iter("system-out")]
    assert outputs[1] == "not judged: 1 run without scalars"
    assert "without a known objective" in outputs[0]
    kept = json.loads(call("detect", os.fspath(tmp_path), "--format", "json").out)
    assert [(each["run"], each["tag"]) for each in kept["not_judged"]] == [
        ("b", None), ("a", "loss"), ("a", "lr"),
    ]  # fmt: skip


def test_junit_of_hostile_names(tmp_path: Path) -> None:
    points = [(step, math.nan) for step in range(30)]
    EventFileBuilder().scalars('<loss>&"\x1b[31m\x00\ufffe\uffff', points).write(
        tmp_path / "]]><x>" / "events.out.tfevents.1"
    )
    text = call("detect", os.fspath(tmp_path), "--format", "junit").out
    assert len(list(ET.fromstring(text).iter("testcase"))) == 1
    assert "\x1b" not in text


def test_wrong_kind_and_wrong_objective_are_one_line(judged_logdir: Path) -> None:
    for options in (("--fail-on", "eruption"), ("--objective", "loss=downwards")):
        result = call("detect", os.fspath(judged_logdir), *options)
        assert result.status == 2
        assert result.out == ""
        assert result.err.count("\n") == 1
        assert options[1].split("=")[0] in result.err


def test_the_same_as_the_python_api(judged_logdir: Path) -> None:
    import tbtools

    findings = tbtools.detect(tbtools.load(judged_logdir))
    assert json.loads(json.dumps(findings.to_dict()["findings"])) == _found(judged_logdir)


def test_summarize_and_detect_agree(judged_logdir: Path) -> None:
    shown = json.loads(call("summarize", os.fspath(judged_logdir), "--format", "json").out)
    findings = [each for run in shown["runs"] for each in run["findings"]]
    assert shown["judged"]
    assert sorted(map(str, findings)) == sorted(map(str, _found(judged_logdir)))


def test_example_stops_a_diverged_job(judged_logdir: Path, tmp_path: Path) -> None:
    job = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "tbtools").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tbtools "$@"\n')
    (tools / "tbtools").chmod(0o755)
    result = subprocess.run(
        [ROOT / "examples" / "stop_diverged_job.sh", judged_logdir, str(job.pid), "1"],
        env={
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.fspath(ROOT),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert job.wait(timeout=60) == -15
    assert result.returncode == 1
    assert "divergence" in result.stdout


def test_example_judges_a_frame_from_elsewhere() -> None:
    result = subprocess.run(
        [sys.executable, ROOT / "examples" / "judge_a_frame.py"],
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.startswith("warning: overfitting in val_loss")
    assert "last good step: 3000" in result.stdout


def test_markdown_and_latex_have_a_row_a_finding(tmp_path: Path) -> None:
    values = [(step, math.nan if step > 30 else 1.0 / step) for step in range(1, 61)]
    path = tmp_path / "a_b|c" / "events.out.tfevents.1"
    EventFileBuilder().scalars("train/loss", values).write(path)
    result = call("detect", str(tmp_path), "--format", "markdown")
    head, _, *rows = result.out.splitlines()
    assert (result.status, head) == (1, "| severity | kind | run | tag | since step | what |")
    assert [row.split(" | ")[:2] for row in rows] == [["| error", "nonfinite"]]
    assert "| a\\_b\\|c | train/loss | 31 | " in rows[0]
    latex = call("detect", str(tmp_path), "--format", "latex").out.splitlines()
    assert latex[:4] == [
        r"\begin{tabular}{llllrl}",
        r"\toprule",
        r"severity & kind & run & tag & since step & what \\",
        r"\midrule",
    ]
    assert latex[4].startswith(r"error & nonfinite & a\_b\textbar{}c & train/loss & 31 & ")
