"""`tbtools report`: the command around the page."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from pathlib import Path

import pytest

import tbtools
from tbtools.errors import InvalidArgument
from tests.builders import EventFileBuilder
from tests.commands import ROOT, SUPERSEDED, call, process
from tests.render.report_logs import objectives_of, page_of

LOGS = os.fspath(ROOT / "tests" / "logs")


def test_a_page_with_what_was_selected(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    result = call(
        "report", LOGS, "-o", os.fspath(path), "--run", "base*", "--run", "plateau",
        "--tag", "*/loss", "--steps", "100:", "--smoothing", "0.9", "--title", "Two <runs>",
        "--objective", "train/*=max", "--plotlyjs", "directory",
    )  # fmt: skip
    assert (result.status, result.err) == (0, "")
    assert re.fullmatch(
        rf"{path}: 2 runs, [\d,]+ points in 4 series, \d+ findings, \d+ kB\n", result.out
    )
    page = page_of(path.read_text("utf-8"))
    assert [run["name"] for run in page["runs"]] == ["baseline", "plateau"]
    assert [tag["tag"] for tag in page["tags"]] == ["train/loss", "val/loss"]
    assert ("train/loss", "max") in objectives_of(page)
    assert (page["title"], page["smoothing"]) == ("Two <runs>", 0.9)
    assert "<title>Two &lt;runs&gt;</title>" in path.read_text("utf-8")


def test_the_page_on_standard_output() -> None:
    result = process("report", LOGS, "-o", "-", "--plotlyjs", "cdn")
    assert result.status == 0
    assert result.out.startswith("<!doctype html>")
    assert result.out.endswith("</html>\n")
    totals = r"standard output: 8 runs, [\d,]+ points in .*\n"
    assert re.fullmatch(totals + SUPERSEDED, result.err)


@pytest.mark.parametrize("logs", [LOGS, os.fspath(ROOT / "examples" / "logs")])
def test_the_page_counts_and_names_as_other_commands_do(tmp_path: Path, logs: str) -> None:
    path = os.fspath(tmp_path / "r.html")
    written = call("report", logs, "-o", path, "--plotlyjs", "directory")
    page = page_of(Path(path).read_text("utf-8"))
    runs = json.loads(call("summarize", logs, "--format", "json").out)["runs"]
    names = [run["run"] for run in runs]
    assert [run["name"] for run in page["runs"]] == names
    assert page["facts"][0]["parts"] == [[f"{len(names)} runs", True]]
    assert f": {len(names)} runs, " in written.out
    series = {
        (run["run"], tag["tag"], tag["count"])
        for run in runs
        for tag in run["tags"]
        if tag["plugin"] == "scalars"
    }
    assert series == {
        (names[each["run"]], page["tags"][each["tag"]]["tag"], each["n"]) for each in page["series"]
    }
    findings = json.loads(call("detect", logs, "--format", "json").out)["findings"]
    told = [each for cause in page["findings"] for each in cause["findings"]]
    keys = ("run", "tag", "kind", "severity", "onset_step", "message")
    assert sorted([each[key] for key in keys] for each in told) == sorted(
        [each[key] for key in keys] for each in findings
    )
    assert page["count"] == str(len(findings))
    for run, shown in zip(runs, page["runs"], strict=True):
        severities = [each["severity"] for each in run["findings"]]
        serious = [each for each in severities if each != "info"]
        assert shown["status"]["severity"] == (serious[0] if serious else None)
        more = re.search(r"\+(\d+)$", shown["status"]["text"])
        assert (int(more[1]) if more else 0) == max(len(serious) - 1, 0)
        if severities and not serious:
            assert shown["status"]["text"] == f"{len(severities)} info"
    again = call(
        "report", logs, "-o", path, "--force", *(f"--run={name}" for name in names),
        *(f"--tag={tag['tag']}" for tag in page["tags"]), "--plotlyjs", "directory",
    )  # fmt: skip
    assert again.status == 0
    assert call("detect", logs, *(f"--tag={tag['tag']}" for tag in page["tags"])).status < 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "{tmp}/there.html"], "exists"),
        (["-o", "{tmp}/nowhere/r.html"], "no such directory"),
        (["-o", "{tmp}/r.html", "--objective", "loss"], "GLOB=min"),
        (["-o", "{tmp}/r.html", "--run", "nobody"], "no run 'nobody'"),
        (["-o", "{tmp}/r.html", "--smoothing", "1"], "--smoothing"),
        (["-o", "{tmp}/r.html", "--tag", "nosuch*"], "no tag 'nosuch*'"),
        (["-o", "{tmp}/r.png", "--tag", "nosuch*"], "no tag 'nosuch*'"),
        (["-o", "{tmp}/r.html", "--steps", "100000:"], "no points in steps 100000:"),
        (["-o", "{tmp}/r.svg", "--steps", "100000:"], "no points in steps 100000:"),
        (["-o", "{tmp}/r.html", "--group", "hparam:nonsense"], "hyperparameter 'nonsense'"),
        (["-o", "{tmp}/r.pdf", "--format", "html"], "the ending means pdf"),
        (["-o", "{tmp}/r.html", "--format", "png"], "the ending means html"),
        (["-o", "{tmp}/r.json"], "no .json here, only html, png"),
        (["-o", "{tmp}/r.txt"], "no .txt here, only html, png"),
        (["-o", "{tmp}/r.json", "--format", "html"], "no .json here, only html, png"),
        (["-o", "{tmp}/r.foo"], "no .foo here, only html, png"),
        (["-o", "{tmp}/r.png", "--group", "hparam:nonsense"], "--group has no effect"),
        (["-o", "{tmp}/r.svg", "--media", "3"], "--media has no effect"),
        (["-o", "{tmp}/r.pdf", "--plotlyjs", "cdn"], "--plotlyjs has no effect"),
        (["-o", "{tmp}/r.pdf", "--title", "x"], "--title has no effect"),
        (["-o", "{tmp}/r.html", "--style", "paper"], "--style has no effect"),
        (["-o", "{tmp}/r.html", "--method", "median"], "--method has no effect on a page"),
        (
            ["-o", "{tmp}/r.png", "--method", "median", "--smoothing", "0"],
            "--method has no effect with --smoothing 0",
        ),
        (["-o", "-", "--force"], "--force has no effect"),
        (["-o", "-", "--plotlyjs", "directory"], "--plotlyjs has no effect"),
        ([], "--output"),
    ],
)
def test_what_a_user_can_do_wrong_is_one_line(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "there.html").write_text("mine")
    result = call("report", LOGS, *(each.format(tmp=tmp_path) for each in arguments))
    assert result.status == 2
    assert message in result.err
    assert result.err.count("\n") == 1
    assert (tmp_path / "there.html").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["there.html"]


@pytest.mark.parametrize("ending", [".json", ".txt", ".foo", ".png"])
def test_endings_of_other_files_are_refused_in_python_and_by_diff_too(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"r{ending}"
    said = re.escape(f"{path}: there is no {ending} here, only html")
    with pytest.raises(InvalidArgument, match=said):
        tbtools.report(LOGS, path)
    pair = (f"{LOGS}/baseline", f"{LOGS}/plateau")
    result = tbtools.diff(*pair)
    with pytest.raises(InvalidArgument, match=said):
        tbtools.diff_report(result, *pair, path)
    done = call("diff", *pair, "--report", os.fspath(path))
    assert (done.status, done.out) == (2, "")
    assert re.fullmatch(f"tbtools: {said}\n", done.err)
    assert not path.exists()


def test_a_page_that_is_asked_for_may_have_any_ending_that_no_other_file_has(
    tmp_path: Path,
) -> None:
    assert tbtools.report(LOGS, tmp_path / "page").exists()
    asked = call("report", LOGS, "-o", f"{tmp_path}/page.foo", "--format", "html")
    assert asked.status == 0
    assert (tmp_path / "page.foo").read_bytes() == (tmp_path / "page").read_bytes()


@pytest.mark.parametrize("ending", ["html", "svg"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lgos", "lgos: No such file or directory"),
        ("empty", "no event files"),
        ("no bytes", "no event could be read"),
        ("no values", "no "),
        ("README.md", "not an event file"),
        ("random", "not an event file"),
    ],
)
def test_paths_that_hold_nothing_leave_nothing(
    tmp_path: Path, name: str, message: str, ending: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "no bytes").mkdir()
    (tmp_path / "no bytes" / "events.out.tfevents.1").touch()
    EventFileBuilder().file_version().write(tmp_path / "no values" / "events.out.tfevents.1")
    (tmp_path / "README.md").write_text("# Notes on the runs\n" * 9)
    (tmp_path / "random").mkdir()
    noise = random.Random(0).randbytes(3000)
    (tmp_path / "random" / "events.out.tfevents.1").write_bytes(noise)
    page = tmp_path / f"r.{ending}"
    result = call("report", os.fspath(tmp_path / name), "-o", os.fspath(page))
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert result.err.count("\n") == 1
    assert not page.exists()


def test_a_path_that_cannot_be_read_is_an_error_after_the_rest_is_done(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "events.out.tfevents.1").write_bytes(b"no records at all" * 9)
    page = tmp_path / "r.html"
    result = call(
        "report", f"{LOGS}/baseline", os.fspath(tmp_path / "bad"), "-o", os.fspath(page),
        "--plotlyjs", "cdn",
    )  # fmt: skip
    assert result.status == 2
    assert "1 run could not be read" in result.out
    assert "not an event file" in result.err
    shown = page_of(page.read_text("utf-8"))
    statuses = sorted(run["status"]["text"] for run in shown["runs"])
    assert statuses == ["no findings", "not judged"]
    assert shown["not_judged"][-1] == "not judged: 1 run that could not be read"


def test_a_plotly_of_the_user_is_kept_unless_forced(tmp_path: Path) -> None:
    arguments = ["report", LOGS, "--plotlyjs", "directory", "-o"]
    (tmp_path / "plotly.min.js").write_text("mine")
    refused = call(*arguments, os.fspath(tmp_path / "r.html"))
    assert refused.status == 2
    assert "plotly.min.js exists" in refused.err
    assert (tmp_path / "plotly.min.js").read_text() == "mine"
    assert not (tmp_path / "r.html").exists()
    assert call(*arguments, os.fspath(tmp_path / "r.html"), "--force").status == 0
    assert call(*arguments, os.fspath(tmp_path / "again.html")).status == 0


@pytest.mark.browser
def test_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("kaleido")
    if not any(map(shutil.which, ("chromium", "google-chrome", "chrome"))):
        pytest.skip("no Chrome")
    path = tmp_path / "loss.svg"
    result = call(
        "report", LOGS, "-o", os.fspath(path), "--tag", "*/loss", "--style", "paper",
    )  # fmt: skip
    assert (result.status, result.err) == (0, SUPERSEDED)
    assert result.out == f"{path}: 2 charts of 5 runs\n"
    assert "val/loss" in path.read_text("utf-8")


def test_a_page_of_a_diff(tmp_path: Path) -> None:
    path = tmp_path / "diff.html"
    result = call(
        "diff", f"{LOGS}/baseline", f"{LOGS}/plateau", "--tag", "val/*", "--report",
        os.fspath(path),
    )  # fmt: skip
    assert (result.status, result.err) == (1, "")
    (pair,) = page_of(path.read_text("utf-8"))["diff"]["pairs"]
    assert (pair["a"], pair["b"]) == ("baseline", "plateau")
    assert [tag["tag"] for tag in pair["tags"]] == ["val/accuracy", "val/loss"]
    again = call("diff", f"{LOGS}/baseline", f"{LOGS}/plateau", "--report", os.fspath(path))
    assert again.status == 2
    assert "exists" in again.err


def test_a_page_of_groups(tmp_path: Path) -> None:
    path = tmp_path / "diff.html"
    result = call(
        "diff", LOGS, "--group", "baseline", "--group", "[pr]*", "--tag", "val/*", "--report",
        os.fspath(path),
    )  # fmt: skip
    assert (result.status, result.err) == (1, SUPERSEDED)
    page = page_of(path.read_text("utf-8"))
    assert [group["name"] for group in page["groups"]] == [
        pair[side] for side in ("a", "b") for pair in page["diff"]["pairs"]
    ]
