"""What the screen shows besides curves, and along other axes; each against what was logged."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("textual", reason="the extra watch is not installed")

import tbtools
from tbtools.live.app.rows import run_row
from tests.builders import START
from tests.live.screen import screen_of, watch_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.logs import Log

TO_RUN = ["slash", "type:one", "enter"]


def _png() -> bytes:
    Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")  # noqa: N806
    file = io.BytesIO()
    Image.fromarray(np.repeat(np.array([0, 255], np.uint8), 2).reshape(2, 2)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Three runs that differ in their rate; the first has a value of each kind."""
    for number, (name, rate) in enumerate([("one", 0.1), ("two", 0.2), ("three", 0.3)]):
        with tbtools.EventFileWriter(tmp_path / name) as log:
            log.add_hparams({"rate": rate, "same": 7}, wall_time=START)
            for step in range(50):
                loss = 2 / (1 + step) + number
                log.add_scalar("val/loss", loss, step, wall_time=START + step)
                log.add_scalar("speed", 100.0 - step, step, wall_time=START + step)
            if name == "one":
                for step in (0, 10, 20):
                    log.add_histogram("weights", [[step, step, 8]], step, wall_time=START)
                    log.add_text("notes", f"*said* at {step}\x1b[31m", step, wall_time=START)
                    log.add_encoded_image("faces", _png(), step, START, width=2, height=2)
    return tmp_path


def seen(logs: Path, keys: list[str], **how: object) -> str:
    watch = watch_of(logs, lambda: START + 50)
    return screen_of(watch, (120, 40), keys, **how)  # type: ignore[arg-type]


def test_histograms_as_a_heat_map(logs: Path) -> None:
    shown = seen(logs, [*TO_RUN, "v"], many_colors=False)
    assert "weights" in shown
    assert "step 20" in shown
    assert "8 values, median 20, from 20 to 20" in shown
    # All of each lie at its own value: a staircase of the darkest shade.
    assert shown.count("█") > 20
    before = seen(logs, [*TO_RUN, "v", "2", "left", "left"], many_colors=False)
    assert "8 values, median 0, from 0 to 0" in before


def test_a_heat_map_is_in_the_order_of_steps(tmp_path: Path) -> None:
    with tbtools.EventFileWriter(tmp_path / "one") as log:
        for step in (20, 0, 10):
            log.add_histogram("weights", [[step, step, 8]], step, wall_time=START + step)
    watch = watch_of(tmp_path, lambda: START + 50, restarts="keep")
    rows = screen_of(watch, (120, 40), ["v"], many_colors=False).splitlines()
    # The values are the steps: the higher, the further to the right.
    places = [line.index("█") for line in rows if "█" in line]
    assert len(places) == 3
    assert places == sorted(places, reverse=True)


def test_pictures_and_texts(logs: Path) -> None:
    picture = seen(logs, [*TO_RUN, "v", "v"], ascii_only=True, colors=False)
    assert "faces" in picture
    assert "@@@@@@@@" in picture
    text = seen(logs, [*TO_RUN, "v", "v", "v", "2", "left"])
    assert r"*said* at 10\x1b[31m" in text


def test_what_cannot_be_shown_is_told(logs: Path) -> None:
    with tbtools.EventFileWriter(logs / "one") as log:
        log.add_encoded_image("faces", b"\x89PNG\r\n\x1a\n", 30, START + 60, width=2, height=2)
    shown = seen(logs, [*TO_RUN, "v", "v"], ascii_only=True, colors=False)
    assert "3 of 4, step 20" in shown
    assert "png picture that cannot be decoded" in shown
    assert "@@@@@@@@" in shown


def test_many_values_are_thinned_evenly_and_that_is_told(tmp_path: Path) -> None:
    with tbtools.EventFileWriter(tmp_path / "one") as log:
        for step in range(0, 200, 2):
            log.add_text("notes", f"said at {step}", step, wall_time=START + step)
    shown = seen(tmp_path, ["v"])
    assert "50 of 100, step 198" in shown
    assert "said at 198" in shown
    assert "said at 0" in seen(tmp_path, ["v", "2", *["shift+left"] * 5])


def test_views_that_a_run_does_not_have_are_passed_over(logs: Path) -> None:
    assert "hparams" in seen(logs, ["slash", "type:two", "enter", "v"])
    assert "do not differ in a hyperparameter" in seen(logs, ["slash", "type:two", "enter", "v"])


def test_hyperparameters_against_siblings(logs: Path) -> None:
    shown = seen(logs, ["down", "v"])  # a run without pictures
    assert "best val/loss" in shown
    rate = next(line for line in shown.splitlines() if " rate " in line)
    assert rate.rstrip().endswith(("0.1", "0.2", "0.3"))
    assert "same" not in shown
    # 2 / 50 + 2 and 2 / 50 are the worst and the best of the three.
    assert "2.04" in shown
    assert "0.04" in shown


def test_a_run_inside_another_has_its_hyperparameters(logs: Path) -> None:
    for name, level in (("one", 1.0), ("two", 3.0)):
        with tbtools.EventFileWriter(logs / name / "eval") as log:
            log.add_scalar("val/loss", level, 0, wall_time=START + 49)
    shown = seen(logs, ["slash", "type:eval", "enter", "v"])
    rate = next(line for line in shown.splitlines() if " rate " in line)
    assert rate.rstrip().endswith(("0.1", "0.2"))
    assert re.search(r"3 │.*\n(.*│.*\n)+.* 1 │", shown)


def test_the_scalar_of_a_chart_along_the_x_axis(logs: Path) -> None:
    shown = seen(logs, [*TO_RUN, "S", "S", "2", "down", "X"])
    assert "x speed" in shown
    # The last loss was written where the speed was 51, at the left end.
    title = next(line for line in shown.splitlines() if "val/loss " in line and "best" not in line)
    assert title.rstrip().endswith("0.04")
    assert "x step" in seen(logs, [*TO_RUN, "2", "down", "X", "X"])


def test_a_run_without_the_axis_is_not_drawn(logs: Path) -> None:
    with tbtools.EventFileWriter(logs / "slow") as log:
        log.add_scalar("val/loss", 1.0, 0, wall_time=START)
    shown = seen(logs, [*TO_RUN, "2", "down", "X", "slash", *["backspace"] * 3, "type:slow"])
    assert "nothing to draw along speed" in shown


def test_what_was_superseded_is_faint_on_request(tmp_path: Path) -> None:
    for name, first, level in (("a", 0, 1.0), ("b", 50, 3.0)):
        with tbtools.EventFileWriter(tmp_path / "run") as log:
            for step in range(first, 100):
                time = START + step + (100 if name == "b" else 0)
                log.add_scalar("loss", level, step, wall_time=time)
    keys = ["S", "S", "f"]
    without = seen(tmp_path, keys, colors=False, ascii_only=True)
    shown = seen(tmp_path, [*keys, "h"], colors=False, ascii_only=True)
    assert "with superseded points" in shown
    body = [line.partition("|")[2] for line in shown.splitlines() if " |" in line]
    assert not [line for line in without.splitlines() if "...." in line.partition("|")[2]]
    # The first half of the lower line is the run, the second was superseded.
    lower = next(line for line in body if "...." in line).rstrip()
    stars, dots = lower.count("*"), lower.count(".")
    assert stars == pytest.approx(dots, abs=3)
    assert lower == "*" * stars + "." * dots


@pytest.mark.parametrize(
    ("epochs", "hparams", "total"),
    [
        ([step / 20 for step in range(50)], {"num_train_epochs": 5}, 100),
        ([step // 20 for step in range(50)], {"max_epochs": 4}, 80),
        ([0.0] * 50, {"max_epochs": 4}, None),
        ([step / 20 for step in range(50)], {"max_steps": 70, "epochs": 9}, 70),
        ([step / 20 for step in range(50)], {"lr": 3}, None),
    ],
)
def test_when_it_will_be_over(
    log: Log, epochs: list[float], hparams: dict[str, float], total: int | None
) -> None:
    with tbtools.EventFileWriter(log.directory / "a") as writer:
        writer.add_hparams(hparams, wall_time=START)
        for step, epoch in enumerate(epochs):
            writer.add_scalar("epoch", epoch, step, wall_time=START + 2 * step)
            writer.add_scalar("val/loss", 1 / (1 + step), step, wall_time=START + 2 * step)
    watch = watch_of(log.directory, lambda: START + 100)
    watch.follower.poll(thorough=True)
    from tbtools.analysis.main_objective import rank_objectives

    followed = watch.follower.runs["a"]
    objectives = rank_objectives({"a": {"val/loss": 50}}, {})
    row = run_row(followed, objectives, watch.follower.watched.selection)
    assert row.total_steps == total
    # A step takes two seconds.
    assert row.remaining == (None if total is None else pytest.approx(2 * (total - 49)))


def test_the_schedule_of_the_rate_tells_when_it_will_be_over(tmp_path: Path) -> None:
    with tbtools.EventFileWriter(tmp_path / "a") as writer:
        for step in range(60):
            writer.add_scalar("lr", 1e-3 * (1 - step / 200), step, wall_time=START + 2 * step)
            writer.add_scalar("val/loss", 1 / (1 + step), step, wall_time=START + 2 * step)
    watch = watch_of(tmp_path, lambda: START + 118)
    shown = screen_of(watch, (200, 40))
    # 141 steps of two seconds are left.
    assert "step 59 of 200 by its learning rate, ETA 4 min 42 s" in shown


def test_the_arguments_of_transformers_tell_the_steps(log: Log) -> None:
    with tbtools.EventFileWriter(log.directory / "a") as writer:
        writer.add_text("args/text_summary", '{"max_steps": 90, "lr": 1}', 0, wall_time=START)
        writer.add_scalar("loss", 1.0, 1, wall_time=START)
    watch = watch_of(log.directory, lambda: START + 1)
    watch.follower.poll(thorough=True)
    assert watch.follower.runs["a"].total_steps == 90
