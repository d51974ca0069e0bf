"""What all results have in common: short on a prompt, and damage stands in the attrs of frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import tbtools
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAKE: dict[str, Callable[[Path], Any]] = {
    "summarize": tbtools.summarize,
    "detect": tbtools.detect,
    "diff": lambda logdir: tbtools.diff(logdir / "a", logdir / "b"),
    "aggregate": tbtools.aggregate,
    "merge": lambda logdir: tbtools.merge(logdir / "a"),
    "verify": tbtools.verify,
}


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """Two runs of a hundred tags; a was resumed, and one of its records is damaged."""
    for name in "ab":
        first, second = EventFileBuilder(), EventFileBuilder()
        for tag in range(100):
            first.scalars(f"loss/{tag:03}", [(step, 1.0) for step in range(12)])
        first.write(tmp_path / name / "events.out.tfevents.1")
    for tag in range(100):
        for step in range(10, 14):
            second.scalar(f"loss/{tag:03}", step, 0.5, START + 100 + step)
    second.scalar("loss/000", 14, 0.5, START + 114).corrupt_data_crc()
    second.write(tmp_path / "a" / "events.out.tfevents.2")
    return tmp_path


@pytest.mark.parametrize("name", MAKE)
def test_results_are_one_short_line_on_a_prompt(name: str, logdir: Path) -> None:
    result = MAKE[name](logdir)
    text = repr(result)
    assert "\n" not in text
    assert len(text) < 400
    assert text.startswith(f"<{type(result).__name__}")


def test_parts_of_results_are_short_too(logdir: Path) -> None:
    run = tbtools.summarize(logdir).runs[0]
    assert repr(run) == "<RunSummary 'a': 100 series, 1400 points, stopped>"
    series = tbtools.aggregate(logdir).series[0]
    assert repr(series) == "<AggregatedSeries 'all/loss/000': 2 runs, 14 points>"
    pair = tbtools.diff(logdir / "a", logdir / "b").runs[0]
    assert repr(pair) == "<RunDiff '.', '.': 100 of 100 tags differ>"


@pytest.mark.parametrize("name", ["summarize", "detect", "diff", "aggregate", "merge"])
def test_frames_carry_damage_and_notes(name: str, logdir: Path) -> None:
    attrs = MAKE[name](logdir).to_frame().attrs
    (problem,) = attrs["problems"]
    assert problem["kind"] == "bad_data"
    assert attrs["notes"] == []


def test_the_frame_of_a_summary_counts_what_was_superseded(logdir: Path) -> None:
    assert tbtools.summarize(logdir).to_frame().attrs["superseded"] == 200


@pytest.mark.parametrize("objectives", [5, "loss=min", ["loss=min"]])
def test_objectives_that_are_no_mapping_are_refused(objectives: Any, logdir: Path) -> None:
    with pytest.raises(tbtools.UnsupportedType, match="not a mapping"):
        tbtools.detect(logdir, objectives=objectives)


def test_objectives_of_no_tag_are_refused(logdir: Path) -> None:
    frame = tbtools.read_scalars(logdir)
    for given in (logdir, frame):
        with pytest.raises(tbtools.UnknownTag, match="close: 'loss/000'"):
            tbtools.detect(given, objectives={"loss/0000": "min"})


def test_an_empty_list_does_not_select_everything(logdir: Path) -> None:
    experiment = tbtools.load(logdir)
    for call in (
        lambda: experiment.scalars(tags=[]),
        lambda: tbtools.detect(experiment, tags=[]),
        lambda: tbtools.load(logdir, runs=[]),
    ):
        with pytest.raises(tbtools.InvalidArgument, match="None selects everything"):
            call()


def test_a_run_under_several_spellings_is_read_once(
    logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(logdir)
    (logdir / "link").symlink_to("a")
    experiment = tbtools.load(["./a", "a/", logdir, logdir / "a", "link"])
    assert set(experiment) == {"./a", f"{logdir}/b"}
    experiment.refresh()
    assert set(experiment) == {"./a", f"{logdir}/b"}


@pytest.mark.parametrize("name", [0, None, b"a"])
def test_a_name_of_another_type_is_an_unknown_run(name: Any, logdir: Path) -> None:
    experiment = tbtools.load(logdir)
    assert name not in experiment
    with pytest.raises(tbtools.UnknownRun, match="known: 'a', 'b'"):
        experiment[name]


def test_a_path_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(tbtools.NoEventFiles, match="null"):
        tbtools.summarize(f"{tmp_path}/a\0b")


@pytest.mark.parametrize("smoothing", ["0.6", None, 1.0, float("nan")])
def test_a_smoothing_that_there_cannot_be_is_refused(smoothing: Any, logdir: Path) -> None:
    with pytest.raises(tbtools.InvalidArgument, match="not 0 to below 1"):
        tbtools.report(logdir, logdir.parent / "report.html", smoothing=smoothing)
