"""`tbtools report`: the command around the page."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.commands import ROOT, call, process
from tests.render.report_logs import objectives_of, page_of

if TYPE_CHECKING:
    from pathlib import Path

LOGS = os.fspath(ROOT / "tests" / "logs")


def test_a_page_with_what_was_selected(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    result = call(
        "report", LOGS, "-o", os.fspath(path), "--run", "base*", "--run", "plateau",
        "--tag", "*/loss", "--steps", "100:", "--smoothing", "0.9", "--title", "Two <runs>",
        "--objective", "train/*=max", "--plotlyjs", "directory",
    )  # fmt: skip
    assert (result.status, result.out, result.err) == (0, "", "")
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
    assert result.err == ""


def test_sub_runs_are_part_of_the_run_that_made_them(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    call("report", LOGS, "-o", os.fspath(path), "--plotlyjs", "directory")
    names = [run["name"] for run in page_of(path.read_text("utf-8"))["runs"]]
    assert names == ["baseline", "diverged", "media", "plateau", "resumed"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "{tmp}/there.html"], "exists"),
        (["-o", "{tmp}/nowhere/r.html"], "no such directory"),
        (["-o", "{tmp}/r.html", "--objective", "loss"], "GLOB=min"),
        (["-o", "{tmp}/r.html", "--run", "nobody"], "no run 'nobody'"),
        (["-o", "{tmp}/r.html", "--smoothing", "1"], "--smoothing"),
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


@pytest.mark.browser
def test_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("kaleido")
    if not any(map(shutil.which, ("chromium", "google-chrome", "chrome"))):
        pytest.skip("no Chrome")
    path = tmp_path / "loss.svg"
    result = call(
        "report", LOGS, "-o", os.fspath(path), "--format", "svg", "--tag", "*/loss",
        "--style", "paper",
    )  # fmt: skip
    assert (result.status, result.err) == (0, "")
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
    assert (result.status, result.err) == (1, "")
    page = page_of(path.read_text("utf-8"))
    assert [group["name"] for group in page["groups"]] == [
        pair[side] for side in ("a", "b") for pair in page["diff"]["pairs"]
    ]
