"""The whole screen of `tbtools watch`: what is seen, and what keys do."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("textual", reason="the extra watch is not installed")

from tests.builders import START, EventFileBuilder
from tests.golden import assert_golden
from tests.live.screen import screen_of, watch_of

if TYPE_CHECKING:
    from pathlib import Path

    from tbtools.live.watch import Watch

STEPS = 400


def _write(logs: Path, run: str, loss: dict[int, float], begun: float, lr: float) -> None:
    builder = EventFileBuilder().file_version(wall_time=begun)
    for step, value in loss.items():
        builder.scalar("train/loss", step, value, begun + step)
        builder.scalar("optim/lr", step, lr, begun + step)
        if step % 40 == 0:
            builder.scalar("val/loss", step, value + 0.1, begun + step)
    (logs / run).mkdir(parents=True)
    builder.write(logs / run / "events.out.tfevents.1.host.1.0")


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tbtools.live.app.bars.format_time", lambda _: "2023-11-14 22:13:20 UTC")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A run that is being written, one that was, and one that lost its way at step 200."""
    falling = {step: 2.0 / (1 + step / 100) for step in range(0, STEPS, 2)}
    lost = {step: math.nan if step >= 200 else value for step, value in falling.items()}
    _write(tmp_path / "logs", "good", falling, START - STEPS, 1e-3)
    _write(tmp_path / "logs", "old", {s: 1.5 * v for s, v in falling.items()}, START - 9e5, 3e-4)
    _write(tmp_path / "logs", "astray", lost, START - 1e6, 1e-2)
    return tmp_path / "logs"


@pytest.fixture
def watch(logs: Path) -> Watch:
    return watch_of(logs, lambda: START)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (300, 80)])
def test_first_screen(watch: Watch, size: tuple[int, int]) -> None:
    seen = screen_of(watch, size)
    assert max(map(len, seen.splitlines())) <= size[0]
    assert_golden(f"watch/{size[0]}x{size[1]}.txt", seen)


def test_the_name_of_a_pane_stands_by_itself(watch: Watch) -> None:
    titles = [
        next(line for line in screen_of(watch, (width, 20)).splitlines() if "Charts" in line)
        for width in range(50, 74)
    ]
    assert any("smoothing" in title for title in titles)
    assert not [title for title in titles if "Charts" not in title.split()]


def test_one_chart_has_all_the_place_and_a_legend(watch: Watch) -> None:
    assert_golden("watch/one_chart.txt", screen_of(watch, (100, 30), ["f", "right", "right"]))


def test_ascii_without_colours(watch: Watch) -> None:
    seen = screen_of(watch, (100, 30), ascii_only=True, colors=False)
    assert seen.isascii()
    assert_golden("watch/ascii.txt", seen)


def test_help_tells_every_key(watch: Watch) -> None:
    seen = screen_of(watch, (100, 70), ["question_mark"])
    for told in ("Ctrl-P", "Space", "crosshair to the left", "lr>=1e-3 val/loss<2", "S  "):
        assert told in seen
    assert "Everywhere" not in screen_of(watch_again(watch), (100, 70), ["question_mark", "escape"])


def watch_again(watch: Watch) -> Watch:
    """Another watch of the same: one cannot be begun twice."""
    [path] = watch.follower.watched.paths
    return watch_of(path, lambda: START)  # type: ignore[arg-type]


def listed(seen: str) -> list[str]:
    """The names of the runs that are listed, in their order."""
    return [
        match[1] for match in re.finditer(r"^[^\w\n]{3}(good|old|astray)\b", seen, re.MULTILINE)
    ]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ["astray", "good", "old"]),
        ("o*d", ["good", "old"]),
        ("status:training", ["good"]),
        ("status:nonfinite", ["astray"]),
        ("train/loss<1", ["good", "old"]),
        ("max(train/loss)>2.5", ["old"]),
        ("go optim/lr>1e-4 train/loss<1", ["good"]),
        ("run==old or run==astray", ["astray", "old"]),
        ("nothing", []),
    ],
)
def test_the_filter_holds_while_it_is_typed(watch: Watch, typed: str, names: list[str]) -> None:
    seen = screen_of(watch, (120, 36), ["slash", *([f"type:{typed}"] if typed else [])])
    assert listed(seen) == names


def test_a_filter_that_cannot_be_read_is_told_and_leaves_the_list(watch: Watch) -> None:
    seen = screen_of(watch, (120, 36), ["slash", "type:loss<"])
    assert "expected a number or a text here" in seen.splitlines()[-1]
    assert len(listed(seen)) == 3
    unknown = screen_of(watch_again(watch), (120, 36), ["slash", "type:foo<3"])
    assert "no run has a hyperparameter or scalar 'foo'" in unknown.splitlines()[-1]


def test_escape_takes_the_filter_away(watch: Watch) -> None:
    assert len(listed(screen_of(watch, (120, 36), ["slash", "type:old", "escape", "escape"]))) == 3


def test_enter_on_a_finding_goes_to_its_place(watch: Watch) -> None:
    seen = screen_of(watch, (120, 36), ["3", "enter"])
    assert "at 200" in seen


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (["s"], "smoothing 0.8"),
        (["S", "S"], "x step"),
        (["l"], "log  x step"),
        (["x"], "x relative"),
        (["x", "x"], "x active"),
        (["x", "x", "x"], "x wall"),
        (["2", "plus"], "zoomed"),
        (["2", "right", "shift+right", "plus", "full_stop", "comma"], "zoomed  at "),
    ],
)
def test_keys_of_charts(watch: Watch, keys: list[str], told: str) -> None:
    title = next(
        line for line in screen_of(watch, (120, 36), keys).splitlines() if "Charts" in line
    )
    assert told in title


def test_zoom_shows_a_part_and_0_all(watch: Watch) -> None:
    zoomed = screen_of(watch, (120, 36), ["2", "plus", "plus"])
    assert "150" in zoomed
    assert "zoomed" not in screen_of(watch_again(watch), keys=["2", "plus", "right", "0"])


def test_the_crosshair_tells_the_value(watch: Watch) -> None:
    seen = screen_of(watch, (120, 40), ["slash", "type:good", "enter", "S", "S", "f", "left"])
    # The last point of validation is at step 360: 2 / (1 + 3.6) + 0.1.
    assert "at 360" in seen
    assert "0.53478" in seen


def test_what_is_kept_comes_back(watch: Watch, tmp_path: Path) -> None:
    kept = tmp_path / "state" / "screen.json"
    keys = ["down", "space", "2", "down", "p", "s", "l", "x", "slash", "type:o"]
    screen_of(watch, keys=keys, settings_path=kept)
    found = json.loads(kept.read_text())
    assert found | {"theme": ""} == {
        "theme": "", "smoothing": 0.8, "x": "relative", "log": True, "filter": "o",
        "runs": ["good"], "tags": ["train/loss"], "view": "scalars", "superseded": False,
    }  # fmt: skip
    from tbtools.live.app.settings import Settings

    again = screen_of(watch_again(watch), settings=Settings.load(kept))
    assert "smoothing 0.8  log  x relative" in again
    assert "● train/loss" in again
    assert "●" in next(line for line in again.splitlines() if re.match(r"\W*good", line))


@pytest.mark.parametrize("text", ["", "[]", '{"smoothing": "x"}', '{"runs": 3}', "\x00"])
def test_what_was_kept_by_others_is_no_fault(tmp_path: Path, text: str) -> None:
    from tbtools.live.app.settings import Settings

    path = tmp_path / "screen.json"
    path.write_text(text)
    assert Settings.load(path) == Settings()


def test_strangers_names_steer_nothing(tmp_path: Path) -> None:
    tag = "[bold red]x[/] \x1b[31m\u202eloss"
    run = "[link=x]run\x1b]0;title\x07"
    builder = EventFileBuilder().file_version(wall_time=START)
    for step in range(100):
        builder.scalar(tag, step, math.nan if step > 50 else 1.0, START + step)
    (tmp_path / run).mkdir()
    builder.write(tmp_path / run / "events.out.tfevents.1.host.1.0")
    watch = watch_of(tmp_path, lambda: START + 100)
    seen = screen_of(watch, (160, 40), ["slash", "type:[", "enter", "3"])
    assert not set(seen) & {"\x1b", "\x07", "\u202e"}
    assert r"[bold red]x[/] \x1b[31m\u202eloss" in seen
    assert r"[link=x]run\x1b]0;title\x07" in seen


def test_what_is_written_meanwhile_appears(logs: Path) -> None:
    watch = watch_of(logs, lambda: START, interval=0.2)
    assert "late" not in screen_of(watch)

    def write(*_: object) -> None:
        if not (logs / "late").exists():
            _write(logs, "late", {step: 1.0 + step for step in range(50)}, START - 50, 1e-3)

    watch = watch_of(logs, lambda: START, interval=0.2)
    watch.on_begun = write
    assert "late" in screen_of(watch, keys=["down", "wait:late", "up"])


def test_a_directory_without_runs_is_waited_for(tmp_path: Path) -> None:
    assert "waiting for runs in logs" in screen_of(watch_of(tmp_path / "none", lambda: START))


def test_a_report_of_what_is_listed(
    watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("plotly", reason="the extra report is not installed")
    monkeypatch.chdir(tmp_path)
    seen = screen_of(watch, keys=["slash", "type:old", "enter", "o"])
    assert "watch-report.html was written" in seen
    page = (tmp_path / "watch-report.html").read_text()
    assert '"old"' in page
    assert '"astray"' not in page


def test_the_palette_has_the_keys_by_name(watch: Watch) -> None:
    assert "write a report" in screen_of(watch, (120, 40), ["ctrl+p", "type:report"]).lower()
