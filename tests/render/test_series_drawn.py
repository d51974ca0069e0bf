"""Series as pages and figures draw them: their order, their time, the place of their findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tbtools
from tbtools.errors import InvalidArgument
from tbtools.render.report import report
from tbtools.render.terminal.canvas import Canvas
from tests.builders import START, EventFileBuilder
from tests.commands import call
from tests.render.report_logs import LOGS, arrays_of, page_of

if TYPE_CHECKING:
    from pathlib import Path


def write_points(
    path: Path, tag: str, points: list[tuple[int, float]], start: float = START
) -> None:
    """A file of one series, a point a second."""
    builder = EventFileBuilder().file_version()
    for second, (step, value) in enumerate(points):
        builder.scalar(tag, step, value, wall_time=start + second)
    builder.write(path)


def drawn(logs: Path, tmp_path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    html = report(logs, tmp_path / "r.html", plotlyjs="cdn").read_text("utf-8")
    return page_of(html), arrays_of(html)


def traces(logs: Path, **options: Any) -> list[Any]:
    return list(tbtools.plot(logs, smoothing=0, findings=False, **options).data)


def test_epochs_are_passes_of_one_line(tmp_path: Path) -> None:
    points = [(step, 3.0 - epoch - step / 100) for epoch in range(3) for step in range(100)]
    write_points(tmp_path / "logs" / "tfevents.1", "loss", points)
    page, arrays = drawn(tmp_path / "logs", tmp_path)
    (series,) = page["series"]
    np.testing.assert_array_equal(arrays[series["step"]], [step for step, _ in points])
    np.testing.assert_allclose(arrays[series["value"]], [value for _, value in points], rtol=1e-6)
    assert series["breaks"] == {"step": [100, 200]}
    (trace,) = traces(tmp_path / "logs")
    assert trace.mode == "lines"
    assert np.flatnonzero(np.isnan(trace.y)).tolist() == [100, 201]
    (along_time,) = traces(tmp_path / "logs", x="relative")
    assert not np.isnan(along_time.y).any()
    (note,) = page["runs"][0]["notes"]
    assert (note["kind"], note["count"]) == ("steps_go_back", 2)
    assert page["runs"][0]["remarks"] == ["steps go back"]


def test_steps_in_any_order_are_dots(tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(300).tolist()
    write_points(tmp_path / "logs" / "tfevents.1", "loss", [(step, 1.0) for step in order])
    page, _ = drawn(tmp_path / "logs", tmp_path)
    assert page["series"][0]["breaks"] == {"step": "dots"}
    (trace,) = traces(tmp_path / "logs")
    assert trace.mode == "markers"
    assert trace.x.tolist() == order


def test_ranks_that_write_side_by_side_are_not_joined(tmp_path: Path) -> None:
    for rank in range(2):
        points = [(step, float(rank)) for step in range(50)]
        write_points(tmp_path / "logs" / f"tfevents.{rank}", "loss", points, START + rank / 4)
    page, _ = drawn(tmp_path / "logs", tmp_path)
    assert page["series"][0]["n"] == 100
    assert page["series"][0]["breaks"] == {"step": "dots", "time": "dots"}
    (trace,) = traces(tmp_path / "logs")
    assert trace.mode == "markers"


def test_a_counter_that_wraps_breaks_once(tmp_path: Path) -> None:
    steps = [
        *range(0, 2_000_683_009, 666_894_336),
        *range(-1_627_389_952, 1_800_000_000, 666_894_336),
    ]
    points = [(step, float(number)) for number, step in enumerate(steps)]
    write_points(tmp_path / "logs" / "tfevents.1", "reward", points)
    page, arrays = drawn(tmp_path / "logs", tmp_path)
    (series,) = page["series"]
    assert arrays[series["step"]].tolist() == steps
    assert series["breaks"] == {"step": [4]}
    (trace,) = traces(tmp_path / "logs")
    assert np.flatnonzero(np.isnan(trace.y)).tolist() == [4]


def test_thinned_passes_still_break(tmp_path: Path) -> None:
    values = np.random.default_rng(1).standard_normal(9000)
    points = [(number % 1000, float(value)) for number, value in enumerate(values)]
    write_points(tmp_path / "logs" / "tfevents.1", "loss", points)
    page, arrays = drawn(tmp_path / "logs", tmp_path)
    (series,) = page["series"]
    step = arrays[series["step"]]
    assert len(step) < 2100
    assert len(series["breaks"]["step"]) == 8
    for begin in series["breaks"]["step"]:
        assert step[begin] < step[begin - 1]


def test_relative_time_counts_from_the_runs_first_event_everywhere(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    builder = EventFileBuilder().file_version()
    for step in range(100):
        builder.scalar("train/loss", step, 1.0, wall_time=START + step)
        if step >= 60:
            builder.scalar("val/loss", step, 2.0, wall_time=START + step)
    builder.write(logs / "run" / "tfevents.1")
    page, arrays = drawn(logs, tmp_path)
    (validation,) = [
        each for each in page["series"] if page["tags"][each["tag"]]["tag"] == "val/loss"
    ]
    assert arrays[validation["ms"]].tolist() == [1000 * second for second in range(60, 100)]
    assert {each["start"] for each in page["series"]} == {START}
    (trace,) = traces(logs, tags="val/loss", x="relative")
    assert trace.x.tolist() == list(range(60, 100))
    result = tbtools.aggregate(logs, tags="val/*", x="relative")
    assert result.series[0].x.tolist() == list(range(60, 100))
    shown = call("plot", str(logs), "--tag", "val/loss", "--x", "relative")
    assert shown.status == 0
    assert "1 min" in shown.out


def test_groups_count_from_the_first_event_too(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    for seed in range(2):
        builder = EventFileBuilder().file_version().scalar("lr", 0, 0.1, wall_time=START)
        for step in range(60, 90):
            builder.scalar("val/loss", step, float(seed), wall_time=START + step)
        builder.write(logs / f"seed_{seed}" / "tfevents.1")
    page, arrays = drawn(logs, tmp_path)
    (series,) = [each for each in page["group_series"] if each["tag"] == "val/loss"]
    assert series["start"] == START
    assert arrays[series["ms"]].tolist() == [1000 * second for second in range(60, 90)]


@pytest.mark.parametrize("x", ["step", "relative", "active", "wall"])
def test_a_finding_that_began_before_what_is_drawn_stands_at_the_edge(
    tmp_path: Path, x: str
) -> None:
    run = tbtools.load(LOGS)["diverged"]
    (whole,) = [each for each in tbtools.detect(run, tags="train/loss") if each.ongoing][:1]
    steps = (whole.onset_step + 50, None)
    html = report(
        run, tmp_path / "r.html", tags="train/loss", steps=steps, plotlyjs="cdn"
    ).read_text("utf-8")
    page, arrays = page_of(html), arrays_of(html)
    first = int(arrays[page["series"][0]["step"]][0])
    found = [each for group in page["findings"] for each in group["findings"]]
    (finding,) = [each for each in found if each["kind"] == whole.kind]
    assert finding["onset_step"] == whole.onset_step
    assert finding["from"][0] == first
    assert finding["outside"]
    figure = tbtools.plot(run, "train/loss", steps=steps, x=x, smoothing=0)
    trace = figure.data[0]
    marks = {str(shape.x0) for shape in figure.layout.shapes}
    assert str(trace.x[0]) in marks or trace.x[0] in {shape.x0 for shape in figure.layout.shapes}


@pytest.mark.parametrize("x", ["step", "relative", "wall"])
def test_a_method_smooths_a_figure_as_smooth_does(tmp_path: Path, x: str) -> None:
    """A median of three points knows no spike of one; along an axis it is what `smooth` gives."""
    values = [1.0, 2.0, 2.0, 90.0, 2.0, 2.0, 1.0]
    write_points(tmp_path / "tfevents.1", "loss", [(s * s, v) for s, v in enumerate(values)])
    given = {"smoothing": 0.5, "x": x, "findings": False}
    assert max(tbtools.plot(tmp_path, method="ema", **given).data[-1].y) > 40
    assert max(tbtools.plot(tmp_path, method="median", **given).data[-1].y) == 2.0
    drawn = tbtools.plot(tmp_path, method="time_weighted_ema", **given).data[-1].y
    smooth = tbtools.smooth(tmp_path, 0.5, "time_weighted_ema", by=x)
    assert list(drawn) == pytest.approx(smooth["value"].tolist())
    with pytest.raises(InvalidArgument, match="no method 'middle'"):
        tbtools.plot(tmp_path, method="middle")  # type: ignore[arg-type]


def test_runs_without_a_judgement_are_not_called_healthy(tmp_path: Path) -> None:
    write_points(tmp_path / "logs" / "short" / "tfevents.1", "loss", [(0, 1.0), (1, 0.9)])
    write_points(tmp_path / "logs" / "rate" / "tfevents.1", "lr", [(s, 0.1) for s in range(40)])
    page, _ = drawn(tmp_path / "logs", tmp_path)
    assert {run["status"]["text"] for run in page["runs"]} == {"not judged"}
    [line] = page["not_judged"]
    assert line == (
        "not judged for divergence, plateaus and overfitting: "
        "1 series without a known objective (--objective GLOB=min|max): lr; "
        "1 with fewer than 8 finite points: loss"
    )


def test_a_terminal_line_does_not_connect_two_passes() -> None:
    def rows(passes: np.ndarray | None) -> list[str]:
        canvas = Canvas(20, 5, "*")
        x, y = np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 1.0, 0.0, 0.0])
        canvas.line(x, y, 0, passes)
        return ["".join(text for text, _ in canvas.stretches(row)) for row in range(5)]

    assert rows(np.array([0, 0, 1, 1])) == ["*" * 20, *[" " * 20] * 3, "*" * 20]
    assert all("*" in row for row in rows(None))
