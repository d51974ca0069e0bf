"""`tbtools.compact`: what stays is what was asked for, as it was, and it is proven."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tbtools
from tbtools.errors import InvalidArgument, OutputDiffers
from tbtools.render import compacted
from tests.analysis.test_merge import PNG, points, session
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections import Counter

LOGS = Path(__file__).parents[1] / "logs"
NAME = "events.out.tfevents.1"


def compacted_run(source: Path, target: Path, **options: Any) -> Any:
    plan = tbtools.compact(source, **options)
    plan.write(target)
    assert tbtools.verify(target, strict=True).sound
    return tbtools.load(target)["."]


@pytest.mark.parametrize("run", ["baseline", "diverged", "media", "plateau", "resumed"])
def test_without_options_a_run_stays_in_one_file(run: str, tmp_path: Path) -> None:
    tbtools.compact(LOGS / run).write(tmp_path / "out")
    for name, before in tbtools.load(LOGS / run).items():
        after = tbtools.load(tmp_path / "out")[name]
        assert len(after.event_files) == 1
        assert after.superseded == 0
        assert _without_declarations(points(after)) == _without_declarations(points(before))
        if before.hparams:
            assert after.hparams == before.hparams


def _without_declarations(found: Counter[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    """Hyperparameters of all sessions stay, of which a run shows those of the last."""
    return {point: count for point, count in found.items() if point[1] != "hparams"}


def test_limits_of_each_tag(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version()
    for step in range(23):
        builder.image("a", step, PNG).image("b", step + 100, PNG).text("note", step, "words")
        builder.scalar("loss", step, step / 2)
    builder.write(tmp_path / "run" / NAME)
    limits = {"images": "last:5", "text": "every:10"}
    run = compacted_run(tmp_path / "run", tmp_path / "out", limits=limits)
    assert run.images("a")["step"].tolist() == [18, 19, 20, 21, 22]
    assert run.images("b")["step"].tolist() == [118, 119, 120, 121, 122]
    assert run.text()["step"].tolist() == [0, 10, 20, 22]
    assert len(run.scalars()) == 23
    first = compacted_run(tmp_path / "run", tmp_path / "first", limits={"text": "first:2"})
    assert first.text()["step"].tolist() == [0, 1]


def test_plugins_that_stay(tmp_path: Path) -> None:
    builder = session(0, 9, START).image("x", 3, PNG).text("note", 3, "words").graph(b"\x12\x00")
    builder.write(tmp_path / "run" / NAME)
    run = compacted_run(tmp_path / "run", tmp_path / "out", plugins=["scalars", "te*"])
    assert run.tags["plugin"].unique().tolist() == ["scalars", "text"]
    assert not run.data.files[0].mark_kind.tolist().count(4)
    graph = compacted_run(tmp_path / "run", tmp_path / "graph", plugins=["scalars", "graphs"])
    assert graph.data.files[0].mark_kind.tolist().count(4) == 1


def test_the_metadata_of_a_tag_moves_to_the_first_value_that_stays(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version()
    for step in range(9):
        plugin = "text" if step == 0 else None
        builder.strings("note", step, [f"{step}".encode()], plugin=plugin)
    builder.write(tmp_path / "run" / NAME)
    run = compacted_run(tmp_path / "run", tmp_path / "out", limits={"text": "last:2"})
    assert run.text()["text"].tolist() == ["7", "8"]


def test_thinning_keeps_what_matters(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    first = EventFileBuilder().file_version()
    values = (2 / np.sqrt(np.arange(1, 6001)) + random.normal(0, 0.01, 6000)).astype(np.float32)
    values[[1234, 1236]] = np.nan
    values[4000:4003] = 50.0  # a spike
    for step, value in enumerate(values[:3000].tolist()):
        first.scalar("loss", step, value, START + step)
    first.write(tmp_path / "run" / NAME)
    second = EventFileBuilder().file_version(wall_time=START + 9000)
    for step, value in enumerate(values[3000:].tolist(), 3000):
        second.scalar("loss", step, value, START + 9000 + step)
    second.write(tmp_path / "run" / "events.out.tfevents.2")
    findings = tbtools.detect(tmp_path / "run")
    run = compacted_run(tmp_path / "run", tmp_path / "out", thin=100)
    got = run.scalars("loss")
    want = tbtools.load(tmp_path / "run")["."].scalars("loss")
    assert {0, 1234, 1236, 2999, 3000, 4000, 4001, 4002, 5999} <= set(got["step"])
    assert 100 <= len(got) < 100 + 60 * 2 * len(list(findings)) + 20
    assert not got.merge(want, how="left", indicator=True)["_merge"].eq("left_only").any()
    for each in findings:
        if each.onset_step is not None:
            near = range(max(each.onset_step - 25, 0), min(each.onset_step + 26, 6000))
            assert set(near) <= set(got["step"])


def _altered(**last: Any) -> bytes:
    """Three scalars and two texts, of which some are others than those of `_altered()`."""
    texts = last.get("texts", ("short", "long " * 100))
    made = {"tag": "loss", "step": 8, "value": 0.5, "wall_time": START + 1} | last
    builder = EventFileBuilder().scalar("loss", 7, 0.25).scalar("lr", 8, 0.75, START + 1)
    builder.scalar(made["tag"], made["step"], made["value"], made["wall_time"])
    return builder.text("a", 0, texts[0]).text("b", 0, texts[1]).bytes()


@pytest.mark.parametrize(
    "other",
    [
        {"tag": "losS"},
        {"step": 9},
        {"value": np.nextafter(np.float32(0.5), np.float32(1))},
        {"wall_time": START + 1 + 1e-6},
        {"texts": ("shorn", "long " * 100)},
        {"texts": ("short", "long " * 99 + "lonG ")},
        {"tag": "lr", "value": 0.75, "step": 7},
    ],
)
def test_whatever_differs_is_not_written(
    other: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / NAME).write_bytes(_altered())
    data = [_altered()]

    def broken(file: Any, *_: Any) -> None:
        file.write(data[0])

    monkeypatch.setattr(compacted, "write_piece", broken)
    tbtools.compact(tmp_path / "run").write(tmp_path / "same")
    data[0] = _altered(**other)
    with pytest.raises(OutputDiffers):
        tbtools.compact(tmp_path / "run").write(tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "same"]


def test_what_differs_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session(0, 9, START).write(tmp_path / "run" / NAME)
    write = compacted.write_piece

    def broken(file: Any, piece: Any, inputs: Any) -> None:
        start = file.tell()
        write(file, piece, inputs)
        file.flush()
        file.seek(start)
        data = session(0, 8, START).scalar("loss", 8, 0.5).scalar("lr", 8, 0.1).bytes()
        file.write(data[-(2 * 42) :])
        file.seek(0, 2)

    monkeypatch.setattr(compacted, "write_piece", broken)
    with pytest.raises(OutputDiffers):
        tbtools.compact(tmp_path / "run").write(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"plugins": ["nothing"]}, "no plugin 'nothing'; there are scalars"),
        ({"limits": {"images": "last:5"}}, "no plugin 'images'"),
        ({"limits": {"images": "last"}}, "'last' is none of first:N"),
        ({"limits": {"images": "last:0"}}, "'last:0' is none of first:N"),
        ({"limits": {"scalars": "last:1"}}, "scalars are thinned"),
        ({"thin": 3}, "is no number of points from 16 on"),
        ({"steps": (100, None)}, "no points in steps 100:"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    session(0, 9, START).write(tmp_path / NAME)
    with pytest.raises(InvalidArgument, match=message):
        tbtools.compact(tmp_path, **options)
