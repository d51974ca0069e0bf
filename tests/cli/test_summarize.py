"""`tbtools summarize`, as people and as programs see it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from tests.builders import EventFileBuilder
from tests.commands import (
    ROOT,
    SUPERSEDED,
    Screen,
    call,
    environment,
    on_terminal,
    plain,
    process,
    unprivileged,
)
from tests.golden import assert_golden
from tests.tables import read_csv

if TYPE_CHECKING:
    from pathlib import Path

LOGS = "tests/logs"


def _no_constant(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


def summary(*arguments: str) -> Any:
    """The JSON, read by a parser that takes no NaN."""
    result = call("summarize", *arguments, "--format", "json")
    assert (result.status, "tbtools: " in result.err) == (0, False)
    return json.loads(result.out, parse_constant=_no_constant)


def table(*arguments: str) -> list[dict[str, str]]:
    """The rows of the CSV."""
    result = call("summarize", *arguments, "--format", "csv")
    assert (result.status, "tbtools: " in result.err) == (0, False)
    return list(csv.DictReader(io.StringIO(result.out)))


# -- for a person


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("runs", [LOGS]),
        ("run", [f"{LOGS}/diverged"]),
        ("tags", [LOGS, "--tags", "--tag", "*loss*"]),
        ("keep", [LOGS, "--restarts", "keep", "--run", "resumed", "--run", "baseline"]),
        ("limit", [LOGS, "--sort", "best", "--limit", "3"]),
        ("steps", [LOGS, "--steps", "500:1000", "--tag", "train/loss"]),
        ("two_paths", [f"{LOGS}/plateau", f"{LOGS}/media"]),
    ],
)
def test_pipe(name: str, arguments: list[str]) -> None:
    result = call("summarize", *arguments)
    resumed = name in ("runs", "tags", "limit", "steps")
    assert (result.status, result.err) == (0, SUPERSEDED if resumed else "")
    assert "\x1b" not in result.out
    assert not any(line != line.rstrip() for line in result.out.splitlines())
    # What several paths share is shown as an absolute path.
    assert_golden(f"cli/summarize_{name}.txt", result.out.replace(os.fspath(ROOT), "ROOT"))


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 120, 200])
def test_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = call("summarize", LOGS, out=Screen()).out
    assert_golden(f"cli/summarize_{columns}_columns.txt", plain(shown))


def test_terminal_says_which_columns_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    every = call("summarize", LOGS).out.splitlines()[0]
    for columns in range(10, 200, 30):
        monkeypatch.setenv("COLUMNS", str(columns))
        head, *lines = plain(call("summarize", LOGS, out=Screen()).out).splitlines()
        below = " ".join(lines)  # the line is broken between words where it is too long
        hidden = below.partition("hidden in this width: ")[2].partition("tests/logs")[0]
        for name in ("steps", "points", "duration", "last event (UTC)", "best", "trend", "health"):
            assert name in every
            assert (name in head) != (name in hidden)


def test_real_terminal_and_its_width() -> None:
    status, shown = on_terminal("summarize", LOGS, columns=40, NO_COLOR="1")
    assert status == 0
    assert "hidden in this width: steps, points,\nduration, last" in plain(shown)
    assert "media/\n  losses_train" in plain(shown)


@pytest.mark.parametrize(
    ("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_on_a_terminal(env: dict[str, str], coloured: bool) -> None:
    _, shown = on_terminal("summarize", LOGS, columns=160, **env)
    assert ("\x1b[31m" in shown) == coloured  # red for what is not finite


def test_colour_in_a_pipe_where_it_is_forced() -> None:
    plain = process("summarize", LOGS)
    forced = process("summarize", LOGS, env=environment(FORCE_COLOR="1"))
    assert "\x1b" not in plain.out
    assert "\x1b[31m" in forced.out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_every_encoding_has_a_way_to_show_it(encoding: str, tmp_path: Path) -> None:
    EventFileBuilder().scalar("损失/é/🚀", 1, 0.5).write(
        tmp_path / "日本" / "events.out.tfevents.1"
    )
    env = environment(PYTHONIOENCODING=encoding)
    result = process("summarize", os.fspath(tmp_path), env=env, encoding=encoding)
    assert (result.status, result.err) == (0, "")
    tag = "损失/é/🚀".encode(encoding, "backslashreplace").decode(encoding)
    assert tag in result.out
    assert ("▁" in result.out) == (encoding == "utf-8")
    assert ("…" in result.out) is False


HOSTILE = {
    "\x1b[31mred\x1b[0m": r"\x1b[31mred\x1b[0m",
    "\x9b31m": r"\x9b31m",
    "\x1b]8;;http://x\x07link": r"\x1b]8;;http://x\x07link",
    "[red]markup[/red]": "[red]markup[/red]",
    ":smile:": ":smile:",
    "new\nline": r"new\x0aline",
    "tab\there": r"tab\x09here",
    "\u202ertl": r"\u202ertl",
    "zero\u200bwidth": r"zero\u200bwidth",
    "": "''",
    "  ": "'  '",
    " edge": "' edge'",
    "a" * 5000: "a" * 5000,
    "中文字符" * 30: "中文字符" * 30,
}


def _hostile_logdir(folder: Path) -> Path:
    builder = EventFileBuilder().file_version()
    for tag in HOSTILE:
        builder.scalar(tag, 1, 0.5)
    builder.write(folder / "\x1b[31m[red]" / "events.out.tfevents.1")
    return folder


def test_names_of_strangers_in_a_pipe(tmp_path: Path) -> None:
    shown = call("summarize", os.fspath(_hostile_logdir(tmp_path))).out
    assert "\x1b" not in shown
    assert r"run \x1b[31m[red] in " in shown
    rows = shown.splitlines()[4:-1]
    assert len(rows) == len(HOSTILE)
    for visible in HOSTILE.values():
        assert any(row.startswith(visible + " ") for row in rows)


def test_names_of_strangers_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("TERM", "dumb")  # no escapes of our own
    for shape in ("table", "csv", "json"):
        arguments = ["summarize", os.fspath(_hostile_logdir(tmp_path)), "--format", shape]
        shown = call(*arguments, out=Screen()).out
        assert not set(shown) & {"\x1b", "\x9b", "\t", "\u202e", "\u200b"}


def test_csv_in_a_pipe_has_the_names_as_they_are(tmp_path: Path) -> None:
    tags = {row["tag"] for row in table(os.fspath(_hostile_logdir(tmp_path)))}
    assert tags == set(HOSTILE)


# -- for programs


def test_json_keys_are_those_that_were_promised() -> None:
    result = summary(LOGS)
    run = result["runs"][0]
    assert {"logdir", "runs"} <= result.keys()
    assert {
        "run", "path", "event_files", "bytes", "sessions", "superseded", "first_step", "last_step",
        "start_time", "end_time", "status", "tags", "findings", "problems",
    } <= run.keys()  # fmt: skip
    assert {
        "tag", "plugin", "count", "first_step", "last_step", "first", "last", "min", "min_step",
        "max", "max_step", "nonfinite",
    } <= run["tags"][0].keys()  # fmt: skip


def test_json_of_a_problem(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("loss", 1, 0.5).scalar("loss", 2, 0.5).corrupt_data_crc()
    path = builder.scalar("loss", 3, 0.5).write(tmp_path / "events.out.tfevents.1")
    (problem,) = summary(os.fspath(tmp_path))["runs"][0]["problems"]
    assert {"file", "offset", "kind", "message"} <= problem.keys()
    assert (problem["file"], problem["offset"], problem["kind"]) == (
        os.fspath(path), builder.offsets[1], "bad_data",
    )  # fmt: skip


def test_json_has_null_for_what_is_not_finite(logdir: Path) -> None:
    tags = {each["tag"]: each for run in summary(os.fspath(logdir))["runs"] for each in run["tags"]}
    loss = tags["val/loss"]
    assert (loss["first"], loss["last"], loss["min"], loss["max"]) == (0.1, None, 0.1, 0.3)
    assert (loss["min_step"], loss["max_step"], loss["nonfinite"]) == (0, 1, 2)
    assert tags["accuracy"]["last"] == 2 / 3
    assert tags["notes"]["first"] is None
    assert tags["notes"]["plugin"] == "text"


def test_float32_is_the_shortest_decimal_everywhere(logdir: Path) -> None:
    path = os.fspath(logdir)
    assert " 0.0001" in call("summarize", path, "--tags").out
    assert '"last": 0.0001,' in call("summarize", path, "--format", "json").out
    (row,) = [row for row in table(path, "--tags") if row["tag"] == "lr"]
    assert (row["first"], row["last"], row["min"], row["max"]) == ("0.0001",) * 4


def test_csv_read_by_pandas_is_the_json(logdir: Path) -> None:
    for path in (os.fspath(logdir), LOGS):
        text = call("summarize", path, "--tags", "--format", "csv").out
        frame = read_csv(io.StringIO(text), keep_default_na=True)
        rows = [{"run": run["run"], **tag} for run in summary(path)["runs"] for tag in run["tags"]]
        told = pd.DataFrame(rows)
        assert list(frame.columns) == list(told.columns)
        numbers = ["count", "first_step", "last_step", "first", "last", "min", "max", "min_step",
                   "max_step", "nonfinite"]  # fmt: skip
        for name in numbers:
            ours, theirs = frame[name].to_numpy(float), told[name].to_numpy(float)
            finite = np.isfinite(theirs)
            assert (ours[finite] == theirs[finite]).all()
            assert not np.isfinite(ours[~finite]).any()
        assert (frame[["run", "tag", "plugin"]] == told[["run", "tag", "plugin"]]).all(axis=None)


def test_csv_of_runs_is_the_json() -> None:
    for row, run in zip(table(LOGS), summary(LOGS)["runs"], strict=True):
        same = ("run", "path", "event_files", "sessions", "points", "superseded", "last_step",
                "status")  # fmt: skip
        assert {name: row[name] for name in same} == {name: str(run[name]) for name in same}
        assert row["objective"] == run["objective"]["tag"]
        assert float(row["best"]) == run["objective"]["best"]
        assert int(row["nonfinite"]) == sum(tag["nonfinite"] for tag in run["tags"])


def test_output_file_holds_what_the_pipe_does(tmp_path: Path) -> None:
    for shape in ("table", "json", "csv"):
        path = tmp_path / shape
        result = call("summarize", LOGS, "--format", shape, "-o", os.fspath(path))
        assert (result.status, result.err) == (0, SUPERSEDED)
        assert result.out.startswith(f"{path}: {LOGS}: 8 runs, ")
        piped = call("summarize", LOGS, "--format", shape, "-o", "-")
        assert path.read_text() == piped.out
        assert (piped.err if shape == "table" else piped.besides) == SUPERSEDED


# -- what is shown


def _runs(*arguments: str) -> list[str]:
    return [run["run"] for run in summary(*arguments)["runs"]]


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("name", "baseline", "resumed"),
        ("written", "media", "baseline"),
        ("steps", "baseline", "media/hparams"),
        ("points", "baseline", "media/hparams"),
        ("duration", "resumed", "media/hparams"),
    ],
)
def test_sort(sort: str, first: str, last: str) -> None:
    runs = _runs(LOGS, "--sort", sort)
    assert len(runs) == 8
    assert (runs[0], runs[-1]) == (first, last)


def test_sort_by_best_puts_runs_judged_alike_together(tmp_path: Path) -> None:
    bests = {"a": ("acc", 0.5), "b": ("acc", 0.9), "c": ("loss", 2.0), "d": ("loss", 1.0),
             "e": ("lr", 0.1)}  # fmt: skip
    for run, (tag, value) in bests.items():
        EventFileBuilder().scalar(tag, 1, value).write(tmp_path / run / "events.out.tfevents.1")
    assert _runs(os.fspath(tmp_path), "--sort", "best") == ["b", "a", "d", "c", "e"]


def test_limit_is_said() -> None:
    assert _runs(LOGS, "--limit", "2") == ["baseline", "diverged"]
    assert summary(LOGS, "--limit", "2")["total_runs"] == 8
    assert len(table(LOGS, "--limit", "2")) == 2
    assert call("summarize", LOGS, "--limit", "2").out.endswith("2 of 8 rows shown (--limit)\n")


@pytest.mark.parametrize(
    ("steps", "count"), [("5:9", 5), ("5:", 6), (":9", 10), ("5", 1), (":", 11), ("-9:0", 1)]
)
def test_steps_include_both_ends(steps: str, count: int, tmp_path: Path) -> None:
    points = [(step, float(step)) for step in range(11)]
    EventFileBuilder().scalars("loss", points).write(tmp_path / "events.out.tfevents.1")
    (run,) = summary(os.fspath(tmp_path), "--steps", steps)["runs"]
    assert run["points"] == run["tags"][0]["count"] == count


def test_runs_without_the_tag_are_left_out_and_counted() -> None:
    assert _runs(LOGS, "--tag", "losses") == ["media/losses_train", "media/losses_val"]
    assert "6 runs without such points left out" in call("summarize", LOGS, "--tag", "losses").out


def test_a_damaged_run_is_never_left_out(tmp_path: Path) -> None:
    EventFileBuilder().scalar("loss", 1, 0.5).write(tmp_path / "a" / "events.out.tfevents.1")
    damaged = EventFileBuilder().scalar("lr", 1, 0.5).scalar("lr", 2, 0.5).truncate(3)
    damaged.write(tmp_path / "b" / "events.out.tfevents.1")
    assert _runs(os.fspath(tmp_path), "--tag", "loss") == ["a", "b"]


def test_restarts_keep_shows_what_resume_supersedes() -> None:
    (kept,) = summary(f"{LOGS}/resumed", "--restarts", "keep")["runs"]
    (resumed,) = summary(f"{LOGS}/resumed")["runs"]
    assert (kept["superseded"], resumed["superseded"]) == (0, 319)
    assert kept["points"] == resumed["points"] + 319


# -- health


def test_a_run_that_is_being_written_is_healthy_though_its_last_record_is_not_whole(
    tmp_path: Path,
) -> None:
    now = time.time()
    builder = EventFileBuilder().scalar("loss", 1, 0.5, wall_time=now).scalar("loss", 2, 0.5)
    builder.truncate(5).write(tmp_path / "events.out.tfevents.1")
    result = call("summarize", os.fspath(tmp_path))
    assert result.status == 0
    assert result.out.splitlines()[1].endswith(", training")
    assert "truncated at byte 42: the file ends inside a record" in result.err


def test_a_run_that_stopped_in_the_middle_of_a_record(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("loss", 1, 0.5).scalar("loss", 2, 0.5).truncate(5)
    builder.write(tmp_path / "events.out.tfevents.1")
    shown = call("summarize", os.fspath(tmp_path)).out
    assert shown.splitlines()[1].endswith("), 1 problem")


def test_nothing_readable_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "events.out.tfevents.1").write_bytes(b"no event file, whatever it is called" * 3)
    for shape in ("table", "json", "csv"):
        result = call("summarize", os.fspath(tmp_path), "--format", shape)
        assert result.status == 2
        assert result.err.startswith(f"tbtools: {tmp_path}: events.out.tfevents.1: ")
        assert "not an event file" in result.err
        assert result.err.count("\n") == 1


def test_empty_files_are_told_as_empty(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "events.out.tfevents.1").touch()
    EventFileBuilder().file_version().write(tmp_path / "b" / "events.out.tfevents.1")
    result = call("summarize", os.fspath(tmp_path))
    assert (result.status, result.err) == (0, "")
    assert [line.split()[-1] for line in result.out.splitlines()[1:3]] == ["empty", "empty"]


def test_what_may_not_be_read_is_told_and_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("closed", "open", "secret"):
        EventFileBuilder().scalar("loss", 1, 0.5).write(
            tmp_path / "logs" / name / "events.out.tfevents.1"
        )
    (tmp_path / "logs" / "closed").chmod(0)
    (tmp_path / "logs" / "secret" / "events.out.tfevents.1").chmod(0)
    monkeypatch.chdir(tmp_path)
    with unprivileged(tmp_path):
        result = call("summarize", "logs")
        only_closed = call("summarize", "logs/secret")
    (tmp_path / "logs" / "closed").chmod(0o755)
    assert result.status == 0
    assert result.err == (
        "logs/secret/events.out.tfevents.1: Permission denied\n"
        "logs/closed: Permission denied\n"
        "1 run could not be read\n"
    )
    assert "logs: 1 run, 1 event file, 42 B, 1 point; 1 run could not be read\n" in result.out
    assert only_closed.status == 2


@pytest.mark.corpus
@pytest.mark.parametrize("columns", [100, 160])
def test_names_of_the_corpus_are_whole(
    columns: int, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = plain(call("summarize", os.fspath(corpus), out=Screen()).out)
    assert "220 runs, 257 event files" in shown
    assert "; 6 runs could not be read" in " ".join(shown.split())
    _, *body = shown.partition("\nhidden in this width")[0].splitlines()
    directory, names = "", []
    for line in body:
        if line.endswith("/"):
            directory = line
        else:
            name = re.split(r" {2,}", line.strip())[0]
            names.append(directory + name if line.startswith("  ") else name)
    whole = [name for name in names if "…" not in name]
    assert set(whole) <= set(_runs(os.fspath(corpus)))
    assert len(names) == 226
    assert len(whole) > 190


def test_the_zone_is_told_once_where_all_have_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    winter, summer = 1_767_600_000.0, 1_783_238_400.0  # 2026-01-05 08:00 UTC, 2026-07-05 08:00 UTC
    for run, wall_time in (("a", winter), ("b", winter), ("c", summer), ("d", 1e300)):
        EventFileBuilder().scalar("loss", 1, 0.5, wall_time=wall_time).write(
            tmp_path / run / "events.out.tfevents.1"
        )
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    same = call("summarize", os.fspath(tmp_path), "--run", "[ab]").out
    assert "  last event (CET)  " in same
    assert "  2026-01-05 09:00  " in same
    mixed = call("summarize", os.fspath(tmp_path)).out
    assert "  last event  " in mixed
    for told in ("2026-01-05 09:00 CET", "2026-07-05 10:00 CEST", "1e+300 s"):
        assert f"  {told}  " in mixed


# -- for a pull request, and a paper


@pytest.fixture
def two_runs(tmp_path: Path) -> str:
    for name, values in {"a|b": [(1, 0.5), (2, 0.25)], "c": [(1, 4.0), (3, 0.0001)]}.items():
        path = tmp_path / name / "events.out.tfevents.1"
        EventFileBuilder().scalars("train_loss", values).write(path)
    return os.fspath(tmp_path)


def test_markdown_has_a_row_a_run_or_a_tag(two_runs: str) -> None:
    rows = call("summarize", two_runs, "--format", "markdown").out.splitlines()
    assert rows[0].startswith("| run | steps | points | duration | last event")
    assert rows[0].endswith("| judged by | last | best | trend | health |")
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| a\\|b", "| c"]
    rows = call("summarize", two_runs, "--tags", "--format", "markdown").out.splitlines()
    assert "| c | train\\_loss | scalars | 2 | 1..3 | 4 | 0.0001 | 0.0001 @ 3 | 4 @ 1 |" in rows[3]
    [*_, row] = call("summarize", f"{two_runs}/c", "--format", "markdown").out.splitlines()
    assert row.startswith("| train\\_loss | scalars | 2 ")


def test_latex_has_a_tabular_without_curves(two_runs: str, tmp_path: Path) -> None:
    path = tmp_path / "table.tex"
    assert call("summarize", two_runs, "--limit", "1", "-o", str(path)).status == 0
    lines = path.read_text(encoding="ascii").splitlines()
    assert lines[0].startswith("\\begin{tabular}{l")
    assert lines[2].endswith(r"& judged by & last & best & health \\")
    [row] = lines[4:-2]
    assert row.startswith(r"a\textbar{}b & 1..2 & 2 & ")
    assert r" & train\_loss & 0.25 & 0.25 @ 2 & " in row
