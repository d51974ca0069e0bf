"""The rows of a run as series: which rows belong together, and to which plugin."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tbtools
from tbtools.eventfile import messages
from tbtools.runs.timeline.stable_order import stable_order
from tests.builders import START, EventFileBuilder
from tests.memory import held_after

if TYPE_CHECKING:
    from tbtools.runs.columns import RunColumns


def columns(directory: Path, *files: EventFileBuilder, restarts: str = "keep") -> RunColumns:
    for number, builder in enumerate(files):
        builder.write(directory / f"events.out.tfevents.{number}")
    return tbtools.load(directory, restarts=restarts)["."].data.columns


def names(found: RunColumns) -> list[tuple[str, str, int]]:
    return [(series.tag, series.plugin, series.count) for series in found.series]


def test_each_kind_of_value_has_its_plugin(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version().scalar("a", 1, 0.5)
    builder.image("b", 1, b"png").audio("c", 1, b"wav").histogram("d", 1, [1.0], [1.0])
    builder.text("e", 1, "words").tensor("f", 1, [[1.0, 2.0]], plugin="pr_curves")
    builder.value("g", 1, plugin="hparams").value("h", 1).tensor("i", 1, [1.0, 2.0])
    builder.tensor_scalar("j", 1, 0.5, plugin="mine")
    assert names(columns(tmp_path, builder)) == [
        ("a", "scalars", 1),
        ("b", "images", 1),
        ("c", "audio", 1),
        ("d", "histograms", 1),
        ("e", "text", 1),
        ("f", "pr_curves", 1),
        ("g", "hparams", 1),
        ("h", "", 1),
        ("i", "", 1),
        ("j", "mine", 1),
    ]


def test_the_plugin_may_be_declared_in_any_file_of_the_run(tmp_path: Path) -> None:
    first, second, third = EventFileBuilder(), EventFileBuilder(), EventFileBuilder()
    first.tensor_scalar("loss", 1, 0.5, plugin=None)
    second.tensor_scalar("loss", 2, 0.25, plugin="scalars")
    third.tensor_scalar("loss", 3, 0.125, plugin=None)
    found = columns(tmp_path, first, second, third)
    assert names(found) == [("loss", "scalars", 3)]
    assert [series.scalar for series in found.series] == [True]


def test_the_first_declaration_holds(tmp_path: Path) -> None:
    first = EventFileBuilder().tensor_scalar("loss", 1, 0.5, plugin="mine")
    second = EventFileBuilder().tensor_scalar("loss", 2, 0.5, plugin="scalars")
    assert names(columns(tmp_path, first, second)) == [("loss", "mine", 2)]


def test_under_the_plugin_scalars_only_numbers_are_scalars(tmp_path: Path) -> None:
    builder = EventFileBuilder().tensor_scalar("loss", 1, 0.5).value("loss", 2)
    builder.tensor("loss", 3, [1.0, 2.0]).strings("loss", 4, ["1.0"], plugin="scalars")
    found = columns(tmp_path, builder)
    assert names(found) == [("loss", "", 3), ("loss", "scalars", 1)]
    assert [series.scalar for series in found.series] == [False, True]


def test_one_tag_with_numbers_and_pictures_has_two_series(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("a", 1, 0.5).image("a", 1, b"png").scalar("a", 2, 0.25)
    found = columns(tmp_path, builder)
    assert names(found) == [("a", "images", 1), ("a", "scalars", 2)]
    assert found.of(found.series[1]).tolist() == [0, 2]


def test_simple_values_and_tensor_scalars_of_one_tag_are_one_series(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("a", 1, 0.5).tensor_scalar("a", 2, 0.25, "float64")
    assert names(columns(tmp_path, builder)) == [("a", "scalars", 2)]


def test_a_simple_value_is_a_scalar_whatever_the_tag_declares(tmp_path: Path) -> None:
    builder = EventFileBuilder().value("a", 1, plugin="mine", simple_value=0.5)
    builder.value("a", 2, simple_value=0.5)
    assert names(columns(tmp_path, builder)) == [("a", "scalars", 2)]


def test_tags_are_in_natural_order(tmp_path: Path) -> None:
    builder = EventFileBuilder()
    for tag in ("layer_10/w", "layer_9/w", "layer_9", "Loss", "layer_9/b", "accuracy"):
        builder.scalar(tag, 1, 0.0)
    tags = [series.tag for series in columns(tmp_path, builder).series]
    assert tags == ["Loss", "accuracy", "layer_9", "layer_9/b", "layer_9/w", "layer_10/w"]


def test_tags_that_are_no_utf8_show_their_bytes(tmp_path: Path) -> None:
    builder = EventFileBuilder()
    for tag in (b"\xff\xfe", "ü".encode(), b"\x1b[31m"):
        value = b"\x0a" + bytes([len(tag)]) + tag + b"\x15\x00\x00\x00\x3f"
        summary = b"\x0a" + bytes([len(value)]) + value
        builder.raw_record(b"\x10\x01\x2a" + bytes([len(summary)]) + summary)
    found = {series.tag for series in columns(tmp_path, builder).series}
    assert found == {"\\xff\\xfe", "ü", "\x1b[31m"}


def test_rows_of_a_series_stay_in_file_order_across_files(tmp_path: Path) -> None:
    first = EventFileBuilder().scalar("a", 9, 1.0).scalar("b", 0, 0.0).scalar("a", 3, 2.0)
    second = EventFileBuilder().scalar("a", 1, 3.0)
    found = columns(tmp_path, first, second)
    (series,) = [series for series in found.series if series.tag == "a"]
    assert found.rows.value[found.of(series)].tolist() == [1.0, 2.0, 3.0]
    assert found.rows.file_of(found.of(series)).tolist() == [0, 0, 1]


@pytest.mark.parametrize(("every", "most"), [(1, 0.5), (10, 4.5)])
def test_what_is_held_beside_the_columns_of_the_file(
    every: int, most: float, tmp_path: Path
) -> None:
    """NumPy tells tracemalloc what it takes; the scan's 24 bytes a row it does not take itself."""
    builder = EventFileBuilder()
    for step in range(3000):
        builder.scalar("loss", step, 0.5).scalar("lr", step, 0.5)
        if step % every == 0:
            builder.scalar("validation/loss", step, 0.5)
    builder.write(tmp_path / "events.out.tfevents.1")
    tbtools.read_scalars(tmp_path)  # imports what it needs
    run = tbtools.load(tmp_path, cache=False)["."]
    (file,) = run.data.files
    assert file.values.row_bytes == 24 * file.values.count
    rows, held = held_after(lambda: len(run.scalars()))
    assert rows == file.values.count
    assert held - 20_000 < most * file.values.count


def test_a_run_of_empty_files_has_no_series(tmp_path: Path) -> None:
    found = columns(tmp_path, EventFileBuilder(), EventFileBuilder().file_version())
    assert found.series == ()
    assert found.order.size == 0
    assert found.superseded == 0


def test_a_series_that_was_superseded_as_a_whole_is_still_known(tmp_path: Path) -> None:
    first = EventFileBuilder().scalar("a", 5, 0.0).scalar("b", 5, 0.0).scalar("a", 6, 0.0)
    second = EventFileBuilder().scalar("a", 5, 0.0, START + 50).scalar("a", 6, 0.0, START + 51)
    found = columns(tmp_path, first, second, restarts="resume")
    assert names(found) == [("a", "scalars", 2), ("b", "scalars", 0)]
    assert found.superseded == 3


@pytest.mark.parametrize(("first", "last"), [(3, 7), (None, 7), (3, None), (None, None), (8, 2)])
def test_within_steps_nothing_else_changes(
    tmp_path: Path, first: int | None, last: int | None
) -> None:
    builder = EventFileBuilder()
    for step in (0, 5, 3, 7, 8, 3, -4):
        builder.scalar("b", step, step).scalar("a", step + 1, step)
    found = columns(tmp_path, builder)
    inside = found.within(first, last)
    assert names(inside)
    assert [series.tag for series in inside.series] == ["a", "b"]
    for whole, part in zip(found.series, inside.series, strict=True):
        steps = found.rows.step[found.of(whole)]
        kept = np.ones(steps.size, bool)
        kept &= steps >= first if first is not None else kept
        kept &= steps <= last if last is not None else kept
        assert inside.rows.step[inside.of(part)].tolist() == steps[kept].tolist()


def test_many_tags_of_many_plugins_take_no_table_of_tags_by_plugins(tmp_path: Path) -> None:
    values = [
        messages.Value(tag=f"t{number}", metadata={"plugin_data": {"plugin_name": f"p{number}"}})
        for number in range(20_000)
    ]
    found = columns(tmp_path, EventFileBuilder().values(1, *values))
    assert len(found.series) == 20_000
    assert (found.series[-1].tag, found.series[-1].plugin) == ("t19999", "p19999")


values = st.tuples(
    st.sampled_from(["a", "b", "c/10", "c/9"]),
    st.sampled_from(["scalar", "tensor", "image", "text", "nothing", "declared"]),
    st.integers(-5, 5),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(values, max_size=15), min_size=1, max_size=3))
def test_every_row_is_in_one_series_of_its_tag(files: list[list[Any]]) -> None:
    builders = []
    for number, events in enumerate(files):
        # Files that begin at different times are no copies of each other.
        builder = EventFileBuilder().file_version(wall_time=START + 1000 * number)
        for place, (tag, what, step) in enumerate(events):
            time = START + 1000 * number + place
            if what == "scalar":
                builder.scalar(tag, step, 1.0, time)
            elif what == "tensor":
                builder.tensor_scalar(tag, step, 1.0, plugin=None, wall_time=time)
            elif what == "image":
                builder.image(tag, step, b"png", wall_time=time)
            elif what == "text":
                builder.text(tag, step, "words", wall_time=time)
            else:
                plugin = "scalars" if what == "declared" else None
                builder.value(tag, step, plugin=plugin, wall_time=time)
        builders.append(builder)
    with tempfile.TemporaryDirectory() as folder:
        found = columns(Path(folder), *builders)
    assert sorted(found.order.tolist()) == list(range(sum(map(len, files))))
    for series in found.series:
        here = found.of(series)
        assert {found.rows.tags[i] for i in found.rows.tag_id[here]} == {series.tag}
        assert (np.diff(here) > 0).all()
        assert not series.scalar or (found.rows.dtype[here] > 0).all()
    pairs = [(series.tag, series.plugin) for series in found.series]
    assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize("count", [1, 2, 300, 70_000, 5_000_000])
def test_rows_are_sorted_as_numpy_sorts_them(count: int) -> None:
    numbers = np.random.default_rng(count).integers(0, count, 20_000)
    expected = np.argsort(numbers, kind="stable").tolist()
    assert stable_order(numbers, count).tolist() == expected


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        (EventFileBuilder().scalar("a", 5, 0.5), None, True),
        (EventFileBuilder().image("a", 5, b"png"), None, False),
        (EventFileBuilder().image("a", 5, b"png").tensor_scalar("b", 5, 0.5), None, True),
        (EventFileBuilder().tensor_scalar("b", 5, 0.5, plugin="mine"), None, False),
        # The second session began at a step that all scalars of the first lie behind.
        (
            EventFileBuilder().image("a", 1, b"png").scalar("b", 5, 0.5),
            EventFileBuilder().session_start(2, START + 9).image("a", 3, b"png"),
            False,
        ),
        (
            EventFileBuilder().scalar("b", 1, 0.5).scalar("b", 5, 0.5),
            EventFileBuilder().session_start(2, START + 9).image("a", 3, b"png"),
            True,
        ),
    ],
)
@pytest.mark.parametrize("gathered", [False, True])
def test_whether_scalars_are_left_is_told_without_their_series_and_with_them(
    tmp_path: Path,
    first: EventFileBuilder,
    second: EventFileBuilder | None,
    left: bool,
    gathered: bool,
) -> None:
    files = (first,) if second is None else (first, second)
    found = columns(tmp_path, *files, restarts="resume")
    if gathered:
        assert any(series.scalar and series.count for series in found.series) == left
    assert found.has_scalars == left
