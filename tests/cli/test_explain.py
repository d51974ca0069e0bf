"""`tbtools explain`: which run is meant, what is told, and whether its numbers are the files'."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import tbtools
from tests.builders import EventFileBuilder
from tests.commands import call
from tests.golden import assert_golden
from tests.sweeps import write_run

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`bad` diverges at 60 and was resumed at 80; `good` does not; `plain` has no hparams."""
    folder = tmp_path / "logs"
    write_run(folder / "bad", {"lr": 0.1, "model": "cnn"}, fails=True, seconds=120)
    write_run(folder / "good", {"lr": 0.01, "model": "cnn"}, fails=False, seconds=120)
    write_run(folder / "plain", {}, fails=False)
    later = EventFileBuilder().file_version(wall_time=1.7e9 + 2e5)
    for step in range(80, 90):
        later.scalar("train/loss", step, 9.0 + step % 3 / 100, 1.7e9 + 2e5 + step)
    later.scalar("odd", 85, math.nan, 1.7e9 + 2.1e5)
    later.text("notes", 85, "hello", wall_time=1.7e9 + 2.1e5)
    later.scalar("lost", 85, 0.0).corrupt_data_crc().write(folder / "bad" / "events.out.tfevents.2")
    (folder / "bad" / "checkpoint-50").mkdir()
    monkeypatch.chdir(tmp_path)
    return folder


def _explained(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call("explain", *arguments, "--format", "json").out)
    return found


def test_whole_page(logs: Path) -> None:
    result = call("explain", "logs/bad")
    assert result.status == 0
    assert result.err.startswith("logs/bad/events.out.tfevents.2: bad_data at byte 620: ")
    assert result.err.endswith("\n20 points superseded by restarts\n")
    assert_golden("cli/explain.txt", result.out.replace(os.fspath(logs), "LOGS"))


def test_evidence_is_in_words() -> None:
    diverged = Path(__file__).parents[2] / "examples/logs/diverged"
    page = call("explain", os.fspath(diverged), "--tag", "*loss", "--tag", "optim/*").out
    (evidence,) = (line for line in page.splitlines() if "precursors" in line and "485" in line)
    assert "precursors (tag optim/learning_rate, step 350, steps_before 1, change went" in evidence
    assert ", sudden yes, " in evidence
    assert not re.search("[][{}']|True|False|None", evidence)


@pytest.mark.parametrize("arguments", [("logs/bad",), ("logs", "--run", "bad"), ("logs/bad/",)])
def test_the_run_is_a_path_or_named_in_its_log_directory(
    logs: Path, arguments: tuple[str, ...]
) -> None:
    assert logs.is_dir()
    found = _explained(*arguments)
    assert found["path"].rstrip("/") == "logs/bad"
    assert found["siblings"] == 2
    assert found["hparams"]["lr"] == {
        "value": 0.1, "others": 1, "same": 0, "least": 0.01, "median": 0.01, "greatest": 0.01,
        "most_common": None,
    }  # fmt: skip
    assert found["nearest"]["healthy"].endswith("good")
    assert found["nearest"]["differences"] == {"lr": [0.1, 0.01]}


def test_each_number_stands_in_the_file_that_is_named(logs: Path) -> None:
    found = _explained("logs/bad")
    [curve] = [each for each in found["curves"] if each["tag"] == "train/loss"]
    assert len(curve["points"]) == len(curve["sessions"]) == len(curve["reasons"])
    assert curve["of"] == 90
    stored: dict[str, dict[int, float]] = {}
    for session in found["sessions"]:
        for event in tbtools.EventFileReader(session["file"]):
            for value in event.summary.value:
                if value.tag == "train/loss":
                    stored.setdefault(session["file"], {})[event.step] = value.simple_value
    for (step, value), session in zip(curve["points"], curve["sessions"], strict=True):
        file = found["sessions"][session]["file"]
        assert stored[file][step] == pytest.approx(value, rel=1e-6)
    assert {found["sessions"][each]["file"] for each in curve["sessions"]} == set(stored)
    shown = [value for _, value in curve["points"]]
    kept = [stored[min(stored)][step] for step in range(80)] + [*stored[max(stored)].values()]
    assert (min(shown), max(shown)) == pytest.approx((min(kept), max(kept)))
    [divergence] = [each for each in found["findings"] if each["kind"] == "divergence"]
    assert divergence["files"]["onset"] == min(stored)
    assert divergence["files"]["end"] == max(stored)
    assert [60, "divergence begins"] in [
        [point[0], reason] for point, reason in zip(curve["points"], curve["reasons"], strict=True)
    ]


def test_what_was_not_checked_damage_and_superseded_points(logs: Path) -> None:
    assert logs.is_dir()
    found = _explained("logs/bad")
    assert found["superseded"] == 20
    [problem] = found["problems"]
    assert problem["kind"] == "bad_data"
    reasons = {each["tag"]: each["reason"] for each in found["not_checked"]}
    assert reasons == {
        "odd": "no known objective",
        "notes": "text: only scalars are judged",
    }
    plain = _explained("logs/plain")
    assert {"tag": None, "reason": "hyperparameters: none are stored"} in plain["not_checked"]
    assert plain["findings"] == []
    assert plain["nearest"] is None


def test_the_same_in_python(logs: Path) -> None:
    found = _explained("logs", "--run", "bad")
    explained = tbtools.explain("logs", "bad")
    assert json.loads(json.dumps(explained.to_dict())) == found
    assert explained.to_dict() == tbtools.explain(tbtools.load("logs"), "bad").to_dict()
    frame = explained.to_frame()
    assert list(frame.columns) == ["tag", "step", "value", "file", "reason"]
    assert len(frame) == sum(len(each["points"]) for each in found["curves"])
    alone = tbtools.explain(tbtools.load("logs")["bad"])
    assert alone.siblings == 0
    assert [each.to_dict() for each in alone.findings] == [
        each.to_dict() for each in explained.findings
    ]


def test_tags_and_steps_restrict_curves_and_findings(logs: Path) -> None:
    assert logs.is_dir()
    assert [each["tag"] for each in _explained("logs/bad", "train/*")["curves"]] == ["train/loss"]
    early = _explained("logs/bad", "--steps", ":20")
    assert early["findings"] == []
    assert [each["of"] for each in early["curves"]] == [21]
    assert call("explain", "logs/bad", "nothing").status == 2


def test_a_run_full_of_trouble_fits_a_budget(tmp_path: Path) -> None:
    for number in range(30):
        builder = EventFileBuilder()
        for tag in range(4):
            name = f"part{number}/loss{tag}"
            builder.scalars(name, [(step, math.nan) for step in range(20)])
        builder.corrupt_data_crc().write(tmp_path / "run" / f"events.out.tfevents.{number}")
    short = _explained(os.fspath(tmp_path / "run"), "--budget", "8000")
    assert short["findings"][0]["severity"] == "error"
    assert 0 < len(short["findings"]) < 120
    left = 120 - len(short["findings"])
    assert f"{left} of 120 findings" in short["left_out"]
    page = call("explain", os.fspath(tmp_path / "run"), "--budget", "3000")
    assert page.status == 0
    assert "- onset at step 0" in page.out


@pytest.mark.parametrize("form", ["json", "markdown", "table"])
def test_a_budget_is_kept_and_what_is_left_out_is_told(logs: Path, form: str) -> None:
    assert logs.is_dir()
    length: Callable[..., int] = lambda *more: len(  # noqa: E731
        call("explain", "logs/bad", "--format", form, *more).out
    )
    whole = length()
    closing = 200 if form == "table" else 0  # the closing line does not count
    for budget in (whole, int(whole * 0.8), int(whole * 0.6)):
        assert length("--budget", str(budget)) <= budget + closing
    short = _explained("logs/bad", "--budget", "5500")
    assert short["left_out"]
    assert [each["kind"] for each in short["findings"]] == [
        each["kind"] for each in _explained("logs/bad")["findings"]
    ]
    refused = call("explain", "logs/bad", "--format", form, "--budget", "10")
    assert refused.status == 2
    assert refused.err.startswith("tbtools: a budget of 10 is too little: ")


def test_csv_has_the_points(logs: Path) -> None:
    assert logs.is_dir()
    lines = call("explain", "logs/plain", "--format", "csv").out.splitlines()
    assert lines[0] == "tag,step,value,file,reason"
    assert len(lines) - 1 == sum(len(each["points"]) for each in _explained("logs/plain")["curves"])
    assert call("explain", "logs/plain", "--format", "csv", "--budget", "9").status == 2


def test_which_run_is_meant_must_be_said(logs: Path) -> None:
    result = call("explain", os.fspath(logs))
    assert (result.status, result.out) == (2, "")
    assert "3 runs are meant, name one (--run): bad, good, plain" in result.err
    assert call("explain", os.fspath(logs), "--run", "bd").status == 2
    assert call("explain", f"{logs}-nowhere").status == 2


def test_directories_beside_it_that_are_no_runs_are_not_searched(logs: Path) -> None:
    write_run(logs / "deep" / "er" / "run", {"lr": 1.0}, fails=False)
    assert _explained("logs/bad")["siblings"] == 2
    assert _explained("logs", "--run", "bad")["siblings"] == 3


def test_one_event_file_and_an_unreadable_sibling(logs: Path) -> None:
    (logs / "junk").mkdir()
    (logs / "junk" / "events.out.tfevents.9").write_bytes(b"What a fine day for a text." * 3)
    assert call("explain", "logs/good").status == 0
    file = call("explain", "logs/good/events.out.tfevents.1", "--format", "json")
    assert json.loads(file.out)["siblings"] == 0
    junk = call("explain", "logs/junk", "--format", "json")
    assert (junk.status, json.loads(junk.out)["status"]) == (2, "unreadable")


def test_hostile_names_do_nothing(tmp_path: Path) -> None:
    points = [(step, math.nan) for step in range(30)]
    EventFileBuilder().scalars("<b>[loss](http://e)\x1b[31m\n# x", points).write(
        tmp_path / "a_b*\u202e" / "events.out.tfevents.1"
    )
    text = call("explain", os.fspath(tmp_path), "--format", "markdown").out
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<b>" not in text
    assert "\n# x" not in text
    assert r"\[loss\](http" in text


def test_a_run_inside_a_trial_has_its_hyperparameters(tmp_path: Path) -> None:
    # As Keras writes them: the trial's directory has the hyperparameters, those in it the curves.
    for trial, rate in (("run-0", 0.1), ("run-1", 0.01), ("run-2", 0.01)):
        with tbtools.EventFileWriter(tmp_path / trial) as writer:
            writer.add_hparams({"lr": rate})
        for name in ("train", "validation"):
            write_run(tmp_path / trial / name, {}, fails=trial == "run-0")
    explanation = tbtools.explain(tmp_path, "run-0/train")
    [rate] = explanation.hparams
    assert (rate.name, rate.value, rate.others, rate.same) == ("lr", 0.1, 2, 0)
    assert explanation.nearest is not None
    assert explanation.nearest.healthy in ("run-1", "run-2")
    assert not [each for each in explanation.not_checked if "hyperparameter" in each["reason"]]
    found = json.loads(call("detect", str(tmp_path), "--format", "json").out)
    assert (found["failures"]["failed"], found["failures"]["healthy"]) == (1, 2)


@pytest.mark.parametrize(
    ("points", "told"),
    [(30, "none, of 1 series judged"), (6, "none, for no series was judged")],
)
def test_where_nothing_was_found_it_says_where_that_was_looked_for(
    tmp_path: Path, points: int, told: str
) -> None:
    builder = EventFileBuilder()
    for tag in ("train/loss", "what_nobody_knows"):
        builder.scalars(tag, [(step, 1 / (1 + step)) for step in range(points)])
    builder.write(tmp_path / "run" / "events.out.tfevents.1")
    assert f"## Findings: {told}\n" in call("explain", os.fspath(tmp_path / "run")).out


def test_a_run_that_could_not_be_read_is_not_without_findings(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "events.out.tfevents.1").write_bytes(b"no event file" * 100)
    result = call("explain", os.fspath(tmp_path / "run"))
    assert "## Findings: none, for no series was judged\n" in result.out
    assert "- nothing could be read\n" in result.out
