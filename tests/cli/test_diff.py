"""`tbtools diff`, as people, programs and CI see it."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.builders import START, EventFileBuilder
from tests.commands import SUPERSEDED, Screen, call, plain, process, shell
from tests.golden import assert_golden

if TYPE_CHECKING:
    from pathlib import Path

LOGS = "tests/logs"


def told(*arguments: str) -> Any:
    result = call("diff", *arguments, "--format", "json")
    assert result.besides == ""
    return json.loads(result.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("runs", [f"{LOGS}/baseline", f"{LOGS}/diverged"]),
        ("same", [f"{LOGS}/baseline", f"{LOGS}/baseline"]),
        ("media", [f"{LOGS}/baseline", f"{LOGS}/media"]),
        ("baseline", [LOGS, "--baseline", "baseline", "--run", "[bpr]*", "--tag", "val/*"]),
        ("tolerance", [f"{LOGS}/baseline", f"{LOGS}/resumed", "--atol", "1e9"]),
        ("markdown", [f"{LOGS}/baseline", f"{LOGS}/plateau", "--format", "markdown"]),
    ],
)
def test_pipe(name: str, arguments: list[str]) -> None:
    result = call("diff", *arguments)
    resumed = name in ("baseline", "tolerance")
    shown = result.besides if name == "markdown" else result.err
    assert shown == (SUPERSEDED if resumed else "")
    assert "\x1b" not in result.out
    assert_golden(f"cli/diff_{name}.txt", result.out)


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """Two groups of five seeds, of which the second is better."""
    random = np.random.default_rng(0)
    for name, level in (("sgd", 1.0), ("adam", 0.5)):
        for seed in range(5):
            points = [(step, level + float(random.normal(0, 0.05))) for step in range(40)]
            EventFileBuilder().scalars("loss", points).write(
                tmp_path / f"{name}_s{seed}" / "events.out.tfevents.1"
            )
    return tmp_path


def test_groups(seeds: Path) -> None:
    result = call("diff", str(seeds), "--group", "sgd_*", "--group", "adam_*")
    assert (result.status, result.err) == (1, "")
    assert_golden("cli/diff_groups.txt", result.out)


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    result = call("diff", f"{LOGS}/baseline", f"{LOGS}/diverged", out=Screen())
    assert_golden(f"cli/diff_terminal_{columns}.txt", plain(result.out))


def test_along_another_scalar(tmp_path: Path) -> None:
    for name, stride in (("small", 1), ("large", 2)):
        builder = EventFileBuilder()
        for number in range(41):
            builder.scalar("tokens_seen", number * stride, 1000.0 * number, START + number)
            builder.scalar("loss", number * stride, 10.0 - number / 8, START + number)
        builder.write(tmp_path / name / "events.out.tfevents.1")
    result = call("diff", f"{tmp_path}/small", f"{tmp_path}/large", "--x", "tokens_seen")
    assert (result.status, result.err) == (1, "")
    assert_golden("cli/diff_along.txt", result.out.replace(str(tmp_path), "logs"))
    told_limit = call(
        "diff", f"{tmp_path}/small", f"{tmp_path}/large", "--x", "tokens_seen",
        "--fail-on", "loss>+0",
    )  # fmt: skip
    assert told_limit.status == 0


class TestStatus:
    def test_same_different_trouble(self) -> None:
        base, other = f"{LOGS}/baseline", f"{LOGS}/plateau"
        assert call("diff", base, base).status == 0
        assert call("diff", base, other).status == 1
        assert call("diff", base, "nowhere").status == 2
        assert call("diff", base).status == 2
        assert call("diff", base, base, "--tag", "nothing").status == 2

    @pytest.mark.parametrize(
        ("limit", "status"),
        [("val/loss>+2%", 1), ("val/loss>+90%", 0), ("val/*<-0.5", 0), ("val/accuracy<-1%", 1)],
    )
    def test_with_limits_only_these_decide(self, limit: str, status: int) -> None:
        arguments = [f"{LOGS}/baseline", f"{LOGS}/plateau", "--fail-on", limit]
        assert call("diff", *arguments).status == status
        broken = told(*arguments)["violations"]
        assert bool(broken) == bool(status)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--fail-on", "val/loss"], "limit 'val/loss' is not of the form TAG>+NUMBER"),
            (["--fail-on", "vall/loss>+2%"], "no tag 'vall/loss'; close: 'val/loss'"),
            (["--objective", "loss"], "objective 'loss' is not GLOB=min"),
            (["--rtol", "-1"], "Invalid value for '--rtol'"),
            (["--x", "val/los"], "no tag 'val/los'; close: 'val/loss'"),
        ],
    )
    def test_mistakes_are_told_in_one_line(self, arguments: list[str], message: str) -> None:
        result = call("diff", f"{LOGS}/baseline", f"{LOGS}/plateau", *arguments)
        assert (result.status, result.out) == (2, "")
        assert message in result.err
        assert result.err.count("\n") == 1


class TestForPrograms:
    def test_csv_has_a_row_a_tag(self) -> None:
        result = call("diff", f"{LOGS}/baseline", f"{LOGS}/plateau", "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(result.out)))
        assert [row["tag"] for row in rows][-1] == "val/loss"
        assert rows[-1]["verdict"] == "worse"

    def test_numbers_are_those_that_were_stored(self) -> None:
        tags = {tag["tag"]: tag for tag in told(f"{LOGS}/baseline", f"{LOGS}/plateau")["tags"]}
        assert tags["optim/lr"]["first_difference_a"] == 1e-05
        assert tags["val/loss"]["objective"] == "min"
        assert tags["val/loss"]["better"] == "a"

    def test_markdown_lets_nothing_of_a_stranger_through(self, tmp_path: Path) -> None:
        for name, value in (("a", 1.0), ("b", 2.0)):
            EventFileBuilder().scalar("<img src=x>|`*\x1b[31m", 0, value).write(
                tmp_path / name / "events.out.tfevents.1"
            )
        result = call("diff", str(tmp_path / "a"), str(tmp_path / "b"), "--format", "markdown")
        assert "<img" not in result.out
        assert "\x1b" not in result.out
        assert r"&lt;img src=x&gt;\|\`\*" in result.out

    def test_a_result_goes_to_a_file(self, tmp_path: Path) -> None:
        target = tmp_path / "diff.json"
        arguments = (f"{LOGS}/baseline", f"{LOGS}/plateau", "--format", "json", "-o", str(target))
        assert call("diff", *arguments).status == 1
        assert json.loads(target.read_text())["identical"] is False
        assert "exists" in call("diff", *arguments).err

    def test_a_reader_who_has_seen_enough_is_no_trouble(self) -> None:
        line = f"tbtools diff {LOGS}/baseline {LOGS}/plateau | head -1; echo ${{PIPESTATUS[0]}}"
        result = shell(line)
        assert result.err == ""
        assert result.out.splitlines()[-1] == "1"


def test_strangers_names_and_texts_cannot_steer_the_terminal(tmp_path: Path) -> None:
    for name, value in (("a", 1.0), ("b", 2.0)):
        EventFileBuilder().scalar("x\x1b]0;evil\x07", 0, value).text(
            "note", 0, f"{value} \x1b[2J[red]"
        ).write(tmp_path / name / "events.out.tfevents.1")
    result = process("diff", str(tmp_path / "a"), str(tmp_path / "b"))
    assert "\x1b" not in result.out
    assert "\\x1b[2J[red]" in result.out


def test_one_path_alone_is_compared_with_nothing() -> None:
    result = call("diff", LOGS)
    assert (result.status, result.out) == (2, "")
    for way_out in ("second PATH", "--baseline", "--group", "--against"):
        assert way_out in result.err
