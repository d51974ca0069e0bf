"""Figures: the numbers in them, their marks, and pictures of them."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import tbtools
from tbtools.analysis.detect import Findings
from tbtools.analysis.diff import Diff, diff
from tbtools.analysis.judgement import detect
from tbtools.errors import InvalidArgument, MissingBrowser, MissingExtra, OutputExists, UnknownTag
from tbtools.render.colors import RUN_COLORS, SEVERITY_COLORS, run_colors
from tbtools.render.figures import plot, plot_diff, plot_findings, write_figure
from tests.builders import EventFileBuilder
from tests.pictures import one_browser
from tests.render.report_logs import LOGS, write_hostile_logs, write_scalars

if TYPE_CHECKING:
    from pathlib import Path

    import plotly.graph_objects as go

    from tbtools.vocabulary import PictureFormat


def line(figure: go.Figure, run: str, *, raw: bool = False, axis: str = "x") -> go.Scatter:
    (found,) = [
        trace
        for trace in figure.data
        if trace.name == run and (trace.opacity < 1) == raw and trace.xaxis == axis
    ]
    return found


@pytest.fixture(scope="module")
def experiment() -> tbtools.Experiment:
    return tbtools.load(LOGS)


def test_a_line_is_the_smoothed_series_and_the_raw_one_stands_behind(
    experiment: tbtools.Experiment,
) -> None:
    figure = plot(experiment, "train/loss", smoothing=0.9)
    frame = experiment["baseline"].scalars("train/loss")
    np.testing.assert_array_equal(line(figure, "baseline").x, frame["step"])
    np.testing.assert_allclose(line(figure, "baseline").y, tbtools.smooth(frame["value"], 0.9))
    np.testing.assert_array_equal(line(figure, "baseline", raw=True).y, frame["value"])


def test_a_run_and_a_path_can_be_drawn(experiment: tbtools.Experiment) -> None:
    alone = plot(experiment["baseline"], "train/*")
    assert {trace.name for trace in alone.data} == {"baseline"}
    assert [each.text for each in alone.layout.annotations] == ["train/accuracy", "train/loss"]
    assert len(plot(LOGS, "optim/lr").data) == 8


def test_colours_are_those_of_the_run_whatever_is_drawn(experiment: tbtools.Experiment) -> None:
    wanted = run_colors(list(experiment))
    for tags in ("train/loss", "optim/lr"):
        for trace in plot(experiment, tags).data:
            assert trace.line.color == wanted[trace.name]
    assert len(set(RUN_COLORS)) == len(RUN_COLORS)


def test_findings_and_restarts_are_marked(experiment: tbtools.Experiment) -> None:
    figure = plot(experiment, "train/loss")
    marks = {(shape.x0, shape.line.color) for shape in figure.layout.shapes if shape.type == "line"}
    for finding in detect(experiment):
        if finding.tag == "train/loss":
            assert (finding.onset_step, SEVERITY_COLORS[finding.severity]) in marks
    assert {x for x, _ in marks} >= {600, 1200}
    assert len(plot(experiment, "train/loss", findings=False).layout.shapes) == 2


def test_axes(experiment: tbtools.Experiment) -> None:
    frame = experiment["baseline"].scalars("val/loss")
    relative = line(plot(experiment, "val/loss", x="relative"), "baseline").x
    start = experiment["baseline"].data.start_time
    np.testing.assert_allclose(relative, frame["wall_time"] - start)
    wall = line(plot(experiment, "val/loss", x="wall_time"), "baseline").x
    seconds = np.array(wall, "datetime64[ms]").astype(np.int64) / 1000
    np.testing.assert_allclose(seconds, frame["wall_time"], atol=1e-3)
    figure = plot(experiment, "val/loss", log=True, steps=(500, None))
    assert figure.layout.yaxis.type == "log"
    assert min(line(figure, "baseline").x) >= 500


def test_long_series_are_thinned_with_their_extremes(tmp_path: Path) -> None:
    values = np.random.default_rng(2).standard_normal(50_000).astype(np.float32)
    values[12_345] = 99.0
    write_scalars(tmp_path, "loss", values)
    trace = line(plot(tmp_path, "loss", smoothing=0), ".")
    assert len(trace.x) <= 2010
    assert 12_345 in trace.x
    assert max(trace.y) == 99.0


def test_outliers_leave_the_others_their_room(tmp_path: Path) -> None:
    calm, wild = np.linspace(2, 1, 200), np.linspace(2, 1, 200)
    wild[190:] = 1e6
    write_scalars(tmp_path / "calm", "loss", calm)
    write_scalars(tmp_path / "wild", "loss", wild)
    figure = plot(tmp_path, "loss", smoothing=0)
    low, high = figure.layout.yaxis.range
    assert low < 1
    assert 2 < high < 2.2
    assert [each.text for each in figure.layout.annotations] == ["loss", "↑ 1000000"]
    arrow = figure.layout.annotations[1]
    assert (arrow.x, arrow.xanchor) == (190, "right")
    assert plot(tmp_path / "calm", "loss", smoothing=0).layout.yaxis.range is None
    log_range = plot(tmp_path, "loss", smoothing=0, log=True).layout.yaxis.range
    assert log_range is not None
    assert log_range[1] < 1


def test_long_names_stand_below_the_charts(tmp_path: Path) -> None:
    for seed in range(3):
        name = f"learning_rate=0.00{seed},batch_size={2**seed},seed={seed}"
        write_scalars(tmp_path / "logs" / name, "loss", np.linspace(1, 0, 20))
        write_scalars(tmp_path / "short" / f"s{seed}", "loss", np.linspace(1, 0, 20))
    below, beside = plot(tmp_path / "logs"), plot(tmp_path / "short")
    assert below.layout.legend.orientation == "h"
    assert beside.layout.legend.orientation is None
    assert below.layout.height > beside.layout.height  # the charts keep their room


def test_paper_style_tells_lines_apart_without_colours(tmp_path: Path) -> None:
    for number in range(len(RUN_COLORS) + 1):
        write_scalars(tmp_path / f"run{number}", "loss", np.linspace(1, 0, 20))
    figure = plot(tmp_path, "loss", style="paper")
    assert figure.layout.width == 648
    assert line(figure, "run0").line.color == line(figure, f"run{len(RUN_COLORS)}").line.color
    assert line(figure, "run0").line.dash != line(figure, f"run{len(RUN_COLORS)}").line.dash


def test_names_are_no_markup(tmp_path: Path) -> None:
    figure = plot(write_hostile_logs(tmp_path / "logs"), ["loss", "x/*"])
    for trace in figure.data:
        assert "<" not in trace.name
    assert all("<" not in each.text for each in figure.layout.annotations)


def test_what_there_is_not(experiment: tbtools.Experiment, tmp_path: Path) -> None:
    with pytest.raises(UnknownTag, match="train/loss"):
        plot(experiment, "train/los")
    with pytest.raises(UnknownTag):
        plot(experiment, "nothing/*")
    with pytest.raises(InvalidArgument, match="style"):
        plot(experiment, "train/loss", style="poster")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="x="):
        plot(experiment, "train/loss", x="epoch")  # type: ignore[arg-type]
    builder = EventFileBuilder().file_version()
    for number in range(30):
        builder.scalar(f"layer{number}/norm", 1, 1.0)
    builder.write(tmp_path / "tfevents.1")
    with pytest.raises(InvalidArgument, match="30 tags"):
        plot(tmp_path)


def test_findings_as_bars(experiment: tbtools.Experiment) -> None:
    findings = detect(experiment)
    figure = plot_findings(findings)
    assert len(figure.data) == len(findings)
    spans = {tuple(trace.x) for trace in figure.data}
    assert spans == {(each.onset_step, each.end_step) for each in findings}
    assert plot_findings(Findings()).layout.annotations[0].text == "no findings"


@pytest.mark.browser
def test_pictures(experiment: tbtools.Experiment, tmp_path: Path) -> None:
    pytest.importorskip("kaleido")
    if not any(map(shutil.which, ("chromium", "google-chrome", "chrome"))):
        pytest.skip("no Chrome")
    figure = plot(experiment, "val/loss")
    kinds: dict[PictureFormat, bytes] = {"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF"}
    with one_browser():
        for kind, start in kinds.items():
            path = tmp_path / f"figure.{kind}"
            write_figure(figure, path, kind)
            assert path.read_bytes().startswith(start)
            with pytest.raises(OutputExists):
                write_figure(figure, path, kind)


def test_pictures_without_a_chrome_say_how_to_get_one(
    experiment: tbtools.Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kaleido = pytest.importorskip("kaleido")
    from kaleido.errors import ChromeNotFoundError

    def without(*_: object, **__: object) -> None:
        raise ChromeNotFoundError

    monkeypatch.setattr(kaleido, "calc_fig_sync", without)
    with pytest.raises(MissingBrowser, match="plotly_get_chrome"):
        write_figure(plot(experiment, "val/loss"), tmp_path / "f.png", "png")
    assert list(tmp_path.iterdir()) == []


def test_a_chrome_that_does_not_start_is_told_in_one_line(
    experiment: tbtools.Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("kaleido")
    monkeypatch.setenv("BROWSER_PATH", shutil.which("false") or "/bin/false")
    with pytest.raises(MissingBrowser, match="does not start") as raised:
        write_figure(experiment.plot("val/loss"), tmp_path / "f.png", "png")
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_pictures_without_kaleido_name_the_extra(
    experiment: tbtools.Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(MissingExtra, match=r"tbtools\[image\]"):
        write_figure(plot(experiment, "val/loss"), tmp_path / "f.png", "png")


def test_a_diff_as_changes_with_their_intervals(experiment: tbtools.Experiment) -> None:
    result = diff(experiment["baseline"], experiment["plateau"])
    figure = plot_diff(result)
    (worse,) = [trace for trace in figure.data if trace.name == "worse"]
    told = {tag.tag: tag for tag in result.runs[0].tags}
    for name, change, up in zip(worse.y, worse.x, worse.error_x.array, strict=True):
        tag = told[name]
        assert tag.evidence is not None
        assert change == pytest.approx(100 * (tag.level_b - tag.level_a) / tag.level_a)
        assert change + up == pytest.approx(100 * tag.evidence.high / tag.level_a)
    same = plot_diff(diff(experiment["baseline"], experiment["baseline"]))
    assert {x for trace in same.data for x in trace.x} == {0}
    assert plot_diff(Diff("a", "b", ())).layout.annotations[0].text == "no difference"


def test_an_aggregate_as_lines_and_bands(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    curves = [random.standard_normal(40).astype(np.float32) for _ in range(4)]
    for seed, curve in enumerate(curves):
        write_scalars(tmp_path / f"seed{seed}", "loss", curve)
    result = tbtools.aggregate(tmp_path)
    band, mean = result.plot().data
    np.testing.assert_allclose(mean.y, np.mean(curves, axis=0), rtol=1e-5, atol=1e-7)
    upper = np.mean(curves, axis=0) + np.std(curves, axis=0, ddof=1)
    np.testing.assert_allclose(band.y[:40], upper, rtol=1e-5)
    band, median = result.plot("median").data
    np.testing.assert_allclose(median.y, np.median(curves, axis=0), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(band.y[:40], np.max(curves, axis=0))
    with pytest.raises(InvalidArgument, match="middle"):
        result.plot("iqr")


def test_a_narrow_view_shows_the_findings_of_the_whole(experiment: tbtools.Experiment) -> None:
    onsets = {each.onset_step for each in detect(experiment) if each.tag == "train/loss"}
    figure = plot(experiment["diverged"], "train/loss", steps=(1000, 1400), smoothing=0)
    drawn = {shape.x0 for shape in figure.layout.shapes}
    assert drawn == {step for step in onsets if 1000 <= step <= 1400}
