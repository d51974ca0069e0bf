"""The numbers of every series, against pandas over the same points."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tbtools
from tests.builders import SCALAR_TYPES, START, EventFileBuilder

if TYPE_CHECKING:
    from tbtools.runs.run import Run
    from tbtools.runs.statistics import SeriesStatistics


def run_of(directory: Path, *files: EventFileBuilder) -> Run:
    for number, builder in enumerate(files):
        builder.write(directory / f"events.out.tfevents.{number}")
    return tbtools.load(directory)["."]


def by_tag(run: Run) -> dict[str, SeriesStatistics]:
    return {each.tag: each for each in run.data.statistics()}


def truth(run: Run) -> pd.DataFrame:
    """By tag: what pandas says of the long frame."""
    frame = run.scalars()
    finite = frame["value"].where(np.isfinite(frame["value"]))
    groups = frame.assign(finite=finite).groupby("tag", observed=True)
    table = groups.agg(
        count=("value", "size"),
        first_step=("step", "min"),
        last_step=("step", "max"),
        first=("value", lambda values: values.iloc[0]),
        last=("value", lambda values: values.iloc[-1]),
        first_time=("wall_time", lambda times: times.iloc[0]),
        last_time=("wall_time", lambda times: times.iloc[-1]),
        min=("finite", "min"),
        max=("finite", "max"),
        finite=("finite", "count"),
    )
    table["nonfinite"] = table["count"] - table["finite"]
    for extreme in ("min", "max"):
        reached = frame[finite == frame["tag"].map(table[extreme]).astype("float64")]
        table[f"{extreme}_step"] = reached.groupby("tag", observed=True)["step"].first()
    return table


def assert_as_pandas_says(run: Run) -> None:
    found = {tag: each for tag, each in by_tag(run).items() if each.plugin == "scalars"}
    table = truth(run)
    assert list(found) == table.index.tolist()
    for tag, row in table.iterrows():
        for name, want in row.drop("finite").items():
            got = getattr(found[str(tag)], str(name))
            if got is None:
                assert math.isnan(want), (tag, name)
            else:
                assert got == want or (math.isnan(got) and math.isnan(want)), (tag, name)


numbers = st.sampled_from([0.0, -0.0, 1.5, -2.0, math.nan, math.inf, -math.inf, 1e30])
points = st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(-3, 9), numbers)


@settings(max_examples=60, deadline=None)
@given(st.lists(points, min_size=1, max_size=30))
def test_of_any_points_pandas_says_the_same(points: list[Any]) -> None:
    builder = EventFileBuilder().file_version()
    for number, (tag, step, value) in enumerate(points):
        builder.scalar(tag, step, value, START + number)
    with tempfile.TemporaryDirectory() as folder:
        assert_as_pandas_says(run_of(Path(folder), builder))


@pytest.mark.corpus
def test_of_the_corpus_pandas_says_the_same(corpus: Path) -> None:
    experiment = tbtools.load(corpus)
    compared = 0
    for run in experiment.values():
        if any(each.plugin == "scalars" for each in run.data.statistics()):
            assert_as_pandas_says(run)
            compared += 1
    assert compared == 199


def test_extremes_are_of_finite_values_where_first_reached(tmp_path: Path) -> None:
    values = [math.nan, 3.0, -math.inf, 1.0, math.inf, 3.0, 1.0, math.nan]
    builder = EventFileBuilder().scalars("a", enumerate(values, 10))
    each = by_tag(run_of(tmp_path, builder))["a"]
    assert (each.min, each.min_step, each.max, each.max_step) == (1.0, 13, 3.0, 11)
    assert each.nonfinite == 4
    assert each.first is not None
    assert math.isnan(each.first)


def test_a_series_without_a_finite_value_has_no_extremes(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalars("a", [(1, math.nan), (2, math.inf)])
    builder.scalars("b", [(1, 1.0)])
    each = by_tag(run_of(tmp_path, builder))["a"]
    assert (each.min, each.min_step, each.max, each.max_step) == (None, None, None, None)
    assert (each.count, each.nonfinite, each.last) == (2, 2, math.inf)


@pytest.mark.parametrize("dtype", SCALAR_TYPES)
def test_the_dtype_is_that_on_disk(tmp_path: Path, dtype: str) -> None:
    builder = EventFileBuilder().tensor_scalar("a", 1, 1.0, dtype).tensor_scalar("a", 2, 0.0, dtype)
    run = run_of(tmp_path, builder)
    assert by_tag(run)["a"].dtype == dtype
    assert run.scalars(dtype=True)["dtype"].tolist() == [dtype, dtype]
    assert run.scalars()["value"].tolist() == [1.0, 0.0]


def test_several_dtypes_are_mixed(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("a", 1, 0.5).tensor_scalar("a", 2, 0.5, "float64")
    assert by_tag(run_of(tmp_path, builder))["a"].dtype == "mixed"


def test_other_data_are_counted_and_have_no_numbers(tmp_path: Path) -> None:
    builder = EventFileBuilder().image("i", 3, b"png").image("i", 7, b"png")
    builder.value("h", 0, plugin="hparams")
    found = by_tag(run_of(tmp_path, builder))
    assert (found["i"].plugin, found["i"].count) == ("images", 2)
    assert (found["i"].first_step, found["i"].last_step) == (3, 7)
    assert (found["i"].first_time, found["i"].last_time) == (START + 3, START + 7)
    assert (found["i"].first, found["i"].min, found["i"].dtype) == (None, None, "")
    assert (found["h"].plugin, found["h"].count) == ("hparams", 1)


def test_tags_that_only_look_alike_keep_their_own_numbers(tmp_path: Path) -> None:
    builder = EventFileBuilder()
    for tag, value in ((b"\xff", b"\x00\x00\x80\x3f"), (b"\\xff", b"\x00\x00\x00\x40")):
        message = b"\x0a" + bytes([len(tag)]) + tag + b"\x15" + value
        summary = b"\x0a" + bytes([len(message)]) + message
        builder.raw_record(b"\x10\x01\x2a" + bytes([len(summary)]) + summary)
    assert sorted(each.last or 0.0 for each in run_of(tmp_path, builder).data.statistics()) == [
        1.0,
        2.0,
    ]


def test_what_was_superseded_as_a_whole_is_not_listed(tmp_path: Path) -> None:
    first = EventFileBuilder().scalar("a", 5, 0.0).scalar("b", 5, 0.0).scalar("a", 6, 0.0)
    second = EventFileBuilder().scalar("a", 5, 0.0, START + 50).scalar("a", 6, 0.0, START + 51)
    run = run_of(tmp_path, first, second)
    assert list(by_tag(run)) == ["a"]
    assert run.superseded == 3


# --- as a frame ------------------------------------------------------------------------------


def test_the_frame_of_tags_has_a_row_a_series(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalars("a", [(1, 0.5), (4, 0.25)]).image("i", 3, b"png")
    builder.scalars("n", [(1, math.nan)])
    tags = run_of(tmp_path, builder).tags
    assert tags["tag"].tolist() == ["a", "i", "n"]
    assert tags["plugin"].tolist() == ["scalars", "images", "scalars"]
    assert tags["count"].tolist() == [2, 1, 1]
    assert tags["min_step"].tolist() == [4, pd.NA, pd.NA]
    assert tags["max"].tolist()[0] == 0.5
    dtypes = tags.dtypes.astype(str).to_dict()
    assert dtypes["min_step"] == dtypes["max_step"] == "Int64"
    assert {dtypes[name] for name in ("count", "first_step", "last_step", "nonfinite")} == {"int64"}
    floats = ("first", "last", "min", "max", "first_time", "last_time")
    assert {dtypes[name] for name in floats} == {"float64"}


def test_the_frame_of_a_run_without_series_has_the_same_dtypes(tmp_path: Path) -> None:
    empty = run_of(tmp_path / "empty", EventFileBuilder().file_version()).tags
    full = run_of(tmp_path / "full", EventFileBuilder().scalar("a", 1, 0.5)).tags
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
