"""`tbtools plot`: curves in a terminal, with colours, without, and in ASCII."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.builders import START, EventFileBuilder
from tests.commands import ROOT, call, on_terminal, plain
from tests.golden import assert_golden

if TYPE_CHECKING:
    from pathlib import Path


def test_curves_of_several_runs_piped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = call("plot", "tests/logs", "--tag", "optim/lr", "--run", "[bdp]*")
    assert (result.status, result.err) == (0, "")
    assert_golden("plot/learning_rate.txt", result.out)


def test_on_a_terminal_lines_are_braille_in_colours_and_fit() -> None:
    status, shown = on_terminal("plot", "tests/logs", "--tag", "val/loss", columns=70)
    assert status == 0
    assert "\x1b[" in shown
    lines = plain(shown).split("\n")
    assert max(map(len, lines)) <= 70
    assert any("\u2800" < character <= "\u28ff" for character in shown)
    assert any("▼ nonfinite at 1,399" in line for line in lines)


def test_without_colours_each_run_has_a_sign() -> None:
    _, shown = on_terminal("plot", "tests/logs", "--tag", "val/loss", columns=70, NO_COLOR="1")
    assert not any("\u2800" <= character <= "\u28ff" for character in shown)
    legend = [line.split() for line in plain(shown).split("\n") if line.startswith("  ")]
    signs = [line[0] for line in legend if len(line) > 1 and line[1] in ("baseline", "plateau")]
    assert len(set(signs)) == 2


def test_in_ascii_where_the_terminal_knows_no_more() -> None:
    status, shown = on_terminal(
        "plot", "tests/logs", "--tag", "val/loss", columns=70, PYTHONIOENCODING="ascii"
    )
    assert status == 0
    assert plain(shown).isascii()


def test_nan_is_a_gap(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version()
    for step in range(60):
        builder.scalar("loss", step, float("nan") if 20 <= step < 40 else 1.0)
    builder.write(tmp_path / "tfevents.1")
    shown = call("plot", os.fspath(tmp_path), "--smoothing", "0").out
    (line,) = [each for each in shown.splitlines() if each.count("*") > 10]
    assert line.count("*") == pytest.approx(62, abs=3)
    assert " " * 28 in line.rstrip()


@pytest.mark.parametrize(
    "options", [["--log"], ["--x", "relative"], ["--x", "active"], ["--x", "wall_time"]]
)
def test_axes(options: list[str]) -> None:
    result = call("plot", os.fspath(ROOT / "tests" / "logs"), "--tag", "val/loss", *options)
    assert result.status == 0
    assert "baseline  1.5875" in result.out


def test_along_another_scalar(tmp_path: Path) -> None:
    builder = EventFileBuilder()
    for step in range(50):
        builder.scalar("loss", step, 1.0)
    for step in range(10, 40, 5):
        builder.scalar("tokens", step, 1e6 * step)
    builder.write(tmp_path / "tfevents.1")
    result = call("plot", os.fspath(tmp_path), "--tag", "loss", "--x", "tokens")
    assert result.status == 0
    assert "loss  smoothing 0.6, along tokens" in result.out
    # From step 10 to step 35 the axis is known: of 50 points 26.
    assert (result.out.split()[-2:], result.err) == (
        ["26", "points"],
        "24 points left out, where tokens has no value\n",
    )
    assert re.search(r"^ +1e\+07 +2e\+07 +3e\+07$", result.out, re.MULTILINE)


@pytest.mark.parametrize("axis", ["step", "relative", "loss"])
def test_groups_of_runs_are_their_means(tmp_path: Path, axis: str) -> None:
    for name, level in (("a_1", 1.0), ("a_2", 2.0), ("a_3", 6.0), ("b_1", 5.0), ("other", 9.0)):
        builder = EventFileBuilder()
        for step in range(20):
            builder.scalar("loss", step, level + step, START + step)
        builder.write(tmp_path / name / "tfevents.1")
    arguments = ["--group", "a_*", "--group", "b_*", "--smoothing", "0", "--x", axis]
    result = call("plot", os.fspath(tmp_path), *arguments)
    assert result.status == 0
    assert "1 run in no group, and not shown\n" in result.err
    assert "2 groups of 4 runs, 1 tag, 2 series" in result.out
    lines = {line.split()[1]: line.split() for line in result.out.splitlines() if " run" in line}
    # The mean of 20, 21 and 25; along the loss itself, of the one run that gets as far as 25.
    assert lines["a"] == ["*", "a", "(3", "runs)", "25" if axis == "loss" else "22"]
    assert lines["b"] == ["+", "b", "(1", "run)", "24"]


def test_several_tags_are_several_charts() -> None:
    logs = os.fspath(ROOT / "tests" / "logs")
    out = call("plot", logs, "--tag", "*/loss", "--steps", ":500").out
    assert out.count("smoothing 0.6") == 2


def test_without_a_tag_the_one_that_tells_most_is_drawn() -> None:
    logs = os.fspath(ROOT / "tests" / "logs" / "baseline")
    drawn = call("plot", logs).out
    assert drawn.startswith(json.loads(call("best", logs, "--format", "json").out)["by"])
    assert drawn.count("smoothing 0.6") == 1
    assert "more: --tag '*' draws all" in drawn


def test_the_legend_has_the_last_value_as_written_and_as_drawn(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version()
    for step, value in enumerate((1.0, 2.0)):
        builder.scalar("loss", step, value)
    builder.write(tmp_path / "events.out.tfevents.1.host.1.0")
    smoothed = call("plot", os.fspath(tmp_path), "--smoothing", "0.5").out
    # TensorBoard's debiased mean: (0.5 * 0.5 * 1 + 0.5 * 2) / (1 - 0.25).
    assert re.search(r"\.  +2    1\.6667$", smoothed, re.MULTILINE)
    assert "smoothed" not in call("plot", os.fspath(tmp_path), "--smoothing", "0").out


def test_a_method_smooths_as_it_says(tmp_path: Path) -> None:
    """The median of three points knows no spike of one."""
    builder = EventFileBuilder().file_version()
    for step, value in enumerate((1.0, 2.0, 2.0, 90.0, 2.0, 2.0, 1.0)):
        builder.scalar("loss", step, value)
    builder.write(tmp_path / "events.out.tfevents.1.host.1.0")
    arguments = ("plot", os.fspath(tmp_path), "--smoothing", "0.5")
    assert re.search(r"^ *\d\d ", call(*arguments).out, re.MULTILINE)
    median = call(*arguments, "--method", "median").out
    assert "loss  smoothing 0.5 by median" in median
    assert not re.search(r"^ *\d\d ", median, re.MULTILINE)
    refused = call("plot", os.fspath(tmp_path), "--smoothing", "0", "--method", "median")
    assert refused.status == 2
    assert "--method has no effect with --smoothing 0" in refused.err


def test_nothing_finite(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version().scalar("loss", 1, float("nan"))
    builder.write(tmp_path / "tfevents.1")
    assert "nothing finite to draw" in call("plot", os.fspath(tmp_path)).out


def test_strangers_names_steer_no_terminal(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version().scalar("loss\x1b[31m", 1, 1.0)
    builder.write(tmp_path / "run\x1b]0;x\x07" / "tfevents.1")
    out = call("plot", os.fspath(tmp_path)).out
    assert "\x1b" not in out
    assert "\x07" not in out


def test_an_unknown_tag_is_named(tmp_path: Path) -> None:
    EventFileBuilder().scalar("loss", 1, 1.0).write(tmp_path / "tfevents.1")
    result = call("plot", os.fspath(tmp_path), "--tag", "lost")
    assert result.status == 2
    assert result.err == "tbtools: no tag 'lost'; close: 'loss'\n"


def test_very_many_runs_are_counted(tmp_path: Path) -> None:
    for number in range(20):
        builder = EventFileBuilder().file_version()
        for step, value in enumerate(np.linspace(1, 0, 30).tolist()):
            builder.scalar("loss", step, value)
        builder.write(tmp_path / f"run{number}" / "tfevents.1")
    told = "the best 16 of 20 runs: --limit 0 draws all"
    assert told in call("plot", os.fspath(tmp_path)).out


FAR = {
    "steps": [(2**62 + step, 1.0, START + step) for step in range(3)],
    "steps of all size": [(-(2**63), 1.0, START), (0, 2.0, START + 1), (2**63 - 1, 0.5, START + 2)],
    "values": [(0, 1.7e308, START), (1, -1.7e308, START + 1)],
    "times": [(0, 1.0, -1e300), (1, 2.0, 1e300), (2, 1.0, float("nan")), (3, 1.0, float("inf"))],
    "one moment": [(0, 1.0, 1e300), (1, 1.0, 1e300)],
}


@pytest.mark.parametrize("axis", ["step", "relative", "active", "wall"])
@pytest.mark.parametrize("name", FAR)
def test_numbers_of_any_size_are_drawn(name: str, axis: str, tmp_path: Path) -> None:
    builder = EventFileBuilder()
    for step, value, wall_time in FAR[name]:
        builder.tensor_scalar("loss", step, value, "float64", wall_time=wall_time)
    builder.write(tmp_path / "events.out.tfevents.1")
    result = call("plot", str(tmp_path), "--x", axis)
    assert result.status == 0
    assert "*" in result.out or "+" in result.out


def _write_levels(logs: Path, levels: dict[str, float]) -> None:
    for run, level in levels.items():
        builder = EventFileBuilder().file_version()
        for step in range(40):
            builder.scalar("val/loss", step, level)
        builder.write(logs / run / "tfevents.1")


def _legend(shown: str) -> list[str]:
    """The runs that are named below the chart, in their order."""
    return re.findall(r"^  (?!the )\S+ (\w+) .*\d", plain(shown), re.MULTILINE)


def test_the_best_of_many_runs_are_drawn(tmp_path: Path) -> None:
    _write_levels(tmp_path, {f"run{number}": (7 * number) % 20 for number in range(20)})
    logs = os.fspath(tmp_path)
    few = call("plot", logs, "--limit", "3").out
    # 7 n modulo 20 is 0, 1 and 2 for these.
    assert _legend(few) == ["run0", "run3", "run6"]
    assert "the best 3 of 20 runs: --limit 0 draws all" in few
    assert len(_legend(call("plot", logs, "--limit", "0").out)) == 20
    assert "draws all" not in call("plot", logs, "--limit", "20").out


def test_names_stand_at_the_ends_of_the_lines(tmp_path: Path) -> None:
    _write_levels(tmp_path, {"low": 1.0, "middle": 2.0, "high": 3.0})
    rows = [line for line in call("plot", os.fspath(tmp_path)).out.splitlines() if "│" in line]
    ends = {line.rsplit(maxsplit=1)[-1]: row for row, line in enumerate(rows) if line[-1].isalpha()}
    assert (ends["high"], ends["low"]) == (0, len(rows) - 1)
    assert ends["middle"] == pytest.approx((len(rows) - 1) / 2, abs=0.5)
    _, narrow = on_terminal("plot", os.fspath(tmp_path), columns=60)
    assert not [line for line in plain(narrow).splitlines() if "│" in line and "high" in line]


def test_lines_that_end_together_have_a_row_each(tmp_path: Path) -> None:
    _write_levels(tmp_path, {f"same{number}": 1.0 for number in range(5)})
    rows = [line for line in call("plot", os.fspath(tmp_path)).out.splitlines() if "│" in line]
    assert sorted(line[-5:] for line in rows if "same" in line) == [f"same{n}" for n in range(5)]


@pytest.mark.parametrize(
    ("marker", "signs"),
    [("braille", {chr(0x2800 + bits) for bits in range(256)}), ("block", set("▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"))],
)
def test_dots_as_they_are_asked_for(marker: str, signs: set[str], tmp_path: Path) -> None:
    _write_levels(tmp_path, {"a": 1.0, "b": 2.0})
    out = call("plot", os.fspath(tmp_path), "--marker", marker).out
    chart = {sign for line in out.splitlines() if "│" in line for sign in line.split("│")[1]}
    assert chart & signs
    assert not chart & set("*+")
    # Without colours the second line is dashed, and the legend says so.
    assert "━━ a" in out
    assert "╍╍ b" in out


def test_signs_as_they_are_asked_for() -> None:
    logs = os.fspath(ROOT / "tests" / "logs")
    _, shown = on_terminal("plot", logs, "--tag", "val/loss", "--marker", "ascii", columns=90)
    assert "  * baseline" in plain(shown)
    assert not any("\u2800" <= character <= "\u28ff" for character in shown)


def test_a_console_without_braille_gets_blocks() -> None:
    logs = os.fspath(ROOT / "tests" / "logs")
    _, shown = on_terminal("plot", logs, "--tag", "val/loss", columns=90, TERM="linux")
    assert any(character in "▘▝▀▖▌▞▛▗▚▐▜▄▙▟" for character in shown)


def test_where_colours_come_again_lines_are_dashed(tmp_path: Path) -> None:
    _write_levels(tmp_path, {f"run{number:02}": number for number in range(12)})
    _, shown = on_terminal("plot", os.fspath(tmp_path), columns=90)
    assert plain(shown).count("━━ run") == 10
    assert plain(shown).count("╍╍ run") == 2
    top = next(line for line in plain(shown).splitlines() if "run11" in line and "│" in line)
    # Of ten dots each six are drawn.
    dots = sum((ord(sign) - 0x2800).bit_count() for sign in top if 0x2800 <= ord(sign) < 0x2900)
    cells = len(top.split("│")[1].rsplit(maxsplit=1)[0])
    assert dots / (2 * cells) == pytest.approx(0.6, abs=0.1)


def test_a_run_has_one_colour_in_all_charts(tmp_path: Path) -> None:
    for run, tags in (("a", ["x/loss"]), ("b", ["x/loss", "y/loss"])):
        builder = EventFileBuilder().file_version()
        for tag in tags:
            for step in range(9):
                builder.scalar(tag, step, 1.0 + step)
        builder.write(tmp_path / run / "tfevents.1")
    _, shown = on_terminal(
        "plot", os.fspath(tmp_path), "--tag", "*", columns=90, COLORTERM="truecolor"
    )
    colors = re.findall(r"\x1b\[([\d;]+)m━━\x1b\[0m b", shown)
    assert len(colors) == 2
    assert len(set(colors)) == 1
