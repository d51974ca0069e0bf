"""Scalars as DataFrames, long and wide, against pandas, TensorBoard's loader and tbparse."""

from __future__ import annotations

import math
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import tbparse
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.util import tensor_util

import tbtools
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.runs.experiment import Experiment


def write(logdir: Path, **runs: EventFileBuilder) -> Path:
    for name, builder in runs.items():
        builder.write(logdir / name / "events.out.tfevents.1")
    return logdir


@pytest.fixture
def two_runs(tmp_path: Path) -> Experiment:
    """Runs run_9 and run_10, tags loss and lr, some steps of their own."""
    nine, ten = EventFileBuilder().file_version(), EventFileBuilder().file_version()
    nine.scalars("loss", [(0, 0.1), (1, 0.2), (3, 0.3)]).scalars("lr", [(0, 1e-3)])
    ten.scalars("lr", [(5, 2e-3)]).scalars("loss", [(1, 0.4), (2, math.nan)])
    return tbtools.load(write(tmp_path, run_9=nine, run_10=ten))


# --- long ------------------------------------------------------------------------------------


def test_each_point_has_its_file_where_that_is_asked_for(tmp_path: Path) -> None:
    builders = [EventFileBuilder().scalars("loss", [(5 * number, 0.5)]) for number in range(3)]
    for number, (run, builder) in enumerate(zip("aab", builders, strict=True)):
        builder.write(tmp_path / run / f"events.out.tfevents.{number}")
    experiment = tbtools.load(tmp_path)
    frame = experiment.scalars(file=True)
    assert list(frame.columns) == ["run", "tag", "step", "wall_time", "value", "file"]
    files = [path for run in experiment.values() for path in run.event_files]
    assert frame["file"].tolist() == files
    assert frame["file"].dtype == pd.CategoricalDtype(files)
    assert experiment["b"].scalars(file=True)["file"].tolist() == files[2:]
    for column in ("file", "dtype"):
        with pytest.raises(tbtools.InvalidArgument, match=f"a wide frame has no {column}"):
            experiment.scalars(wide=True, **{column: True})


def test_the_long_frame_is_in_natural_order_of_runs_and_tags_then_as_written(
    two_runs: Experiment,
) -> None:
    frame = two_runs.scalars()
    assert list(frame.columns) == ["run", "tag", "step", "wall_time", "value"]
    assert list(frame.index) == list(range(7))
    rows = frame[["run", "tag", "step"]].astype({"run": str, "tag": str}).to_numpy().tolist()
    assert rows == [
        ["run_9", "loss", 0],
        ["run_9", "loss", 1],
        ["run_9", "loss", 3],
        ["run_9", "lr", 0],
        ["run_10", "loss", 1],
        ["run_10", "loss", 2],
        ["run_10", "lr", 5],
    ]
    assert frame["wall_time"].tolist() == [START + step for step in frame["step"]]
    assert np.isnan(frame["value"].iloc[5])


def test_the_dtypes_of_the_long_frame(two_runs: Experiment) -> None:
    frame = two_runs.scalars(dtype=True)
    dtypes = frame.dtypes.astype(str).to_dict()
    assert dtypes == {
        "run": "category",
        "tag": "category",
        "step": "int64",
        "wall_time": "float64",
        "value": "float64",
        "dtype": "category",
    }
    assert frame["run"].cat.categories.tolist() == ["run_9", "run_10"]
    assert frame["tag"].cat.categories.tolist() == ["loss", "lr"]
    assert set(frame["dtype"]) == {"float32"}
    assert not frame["run"].cat.ordered


def test_a_runs_frame_has_no_column_for_the_run(two_runs: Experiment) -> None:
    frame = two_runs["run_9"].scalars()
    assert list(frame.columns) == ["tag", "step", "wall_time", "value"]
    assert len(frame) == 4


def test_categories_are_those_that_have_points(two_runs: Experiment) -> None:
    frame = two_runs.scalars("lr", steps=(1, None))
    assert frame["run"].cat.categories.tolist() == ["run_10"]
    assert frame["tag"].cat.categories.tolist() == ["lr"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((1, 2), [1, 1, 2]),
        ((None, 0), [0, 0]),
        ((3, None), [3, 5]),
        ((None, None), [0, 1, 3, 0, 1, 2, 5]),
    ],
)
def test_steps_are_bounds_that_are_included(
    two_runs: Experiment, steps: tuple[int | None, int | None], expected: list[int]
) -> None:
    assert two_runs.scalars(steps=steps)["step"].tolist() == expected


def test_a_selection_of_nothing_is_refused(two_runs: Experiment) -> None:
    for scalars in (two_runs.scalars, two_runs["run_9"].scalars):
        with pytest.raises(tbtools.UnknownTag, match=r"no tag 'los\*x'"):
            scalars("los*x")
        with pytest.raises(tbtools.InvalidArgument, match="no points in steps 9:9; they go from"):
            scalars("loss", steps=(9, 9))
        for steps in (300, "1:2", (1,), (1, 2, 3), (0.5, 2), ("a", None)):
            with pytest.raises(tbtools.InvalidArgument, match="is no pair"):
                scalars(steps=steps)  # type: ignore[arg-type]
        with pytest.raises(tbtools.InvalidArgument, match="steps 2:1 end before they start"):
            scalars(steps=(2, 1))
        with pytest.raises(tbtools.InvalidArgument, match="neither a name or glob"):
            scalars(5)  # type: ignore[arg-type]


def test_tags_are_chosen_by_name_and_glob(two_runs: Experiment) -> None:
    assert set(two_runs.scalars("lr")["tag"]) == {"lr"}
    assert set(two_runs.scalars("l*")["tag"]) == {"lr", "loss"}
    assert set(two_runs.scalars(["lr", "lo*"])["tag"]) == {"lr", "loss"}
    with pytest.raises(tbtools.UnknownTag, match="no tag 'los'; close: 'loss'"):
        two_runs.scalars("los")
    with pytest.raises(tbtools.UnknownTag, match="no tag 'los'; close: 'loss'"):
        two_runs["run_9"].scalars("los")


@pytest.mark.parametrize("wide", [False, True])
def test_nothing_to_show_is_an_empty_frame_of_the_same_dtypes(
    two_runs: Experiment, tmp_path: Path, wide: bool
) -> None:
    EventFileBuilder().text("notes", 1, "no scalars").write(
        tmp_path / "texts" / "events.out.tfevents.1"
    )
    texts = tbtools.load(tmp_path / "texts")
    for some, none in (
        (two_runs.scalars(wide=wide), texts.scalars(wide=wide)),
        (two_runs["run_9"].scalars(wide=wide), texts["."].scalars(wide=wide)),
    ):
        assert len(none) == 0
        assert none.index.dtype == some.index.dtype
        assert none.index.name == some.index.name
        assert none.columns.names == some.columns.names
        assert none.attrs.keys() == some.attrs.keys()
        if not wide:
            kinds = (frame.dtypes.astype(str).tolist() for frame in (none, some))
            assert next(kinds) == next(kinds)


def test_attrs_say_the_policy_what_was_superseded_and_what_is_damaged(tmp_path: Path) -> None:
    first = EventFileBuilder().scalars("a", [(1, 0.0), (2, 0.0)])
    second = EventFileBuilder().scalars("a", [(2, 0.0), (3, 0.0)], START + 50).truncate(3)
    other = EventFileBuilder().scalar("a", 1, 0.0).scalar("a", 2, 0.0).corrupt_data_crc()
    first.write(tmp_path / "x" / "events.out.tfevents.1")
    second.write(tmp_path / "x" / "events.out.tfevents.2")
    other.write(tmp_path / "y" / "events.out.tfevents.1")
    experiment = tbtools.load(tmp_path, restarts="preempt")
    attrs = experiment.scalars().attrs
    assert attrs["restarts"] == "preempt"
    assert attrs["superseded"] == {"x": 1, "y": 0}
    problems = [(each["run"], Path(each["file"]).name, each["kind"]) for each in attrs["problems"]]
    assert problems == [
        ("x", "events.out.tfevents.2", "truncated"),
        ("y", "events.out.tfevents.1", "bad_data"),
    ]
    assert set(attrs["problems"][0]) == {"run", "file", "offset", "length", "kind", "message"}
    run = experiment["x"]
    assert run.scalars().attrs["superseded"] == run.superseded == 1
    assert [each["kind"] for each in run.scalars(wide=True).attrs["problems"]] == ["truncated"]
    assert run.problems["kind"].tolist() == ["truncated"]
    assert experiment["y"].problems["offset"].tolist() == [other.offsets[-1]]
    # Written and read again by pandas: nothing in them that JSON does not know.
    assert pd.io.json.ujson_dumps(attrs)


def test_a_run_without_problems_has_an_empty_frame_of_them(tmp_path: Path) -> None:
    write(tmp_path, good=EventFileBuilder().scalar("a", 1, 0.0))
    write(tmp_path, bad=EventFileBuilder().scalar("a", 1, 0.0).truncate(1))
    experiment = tbtools.load(tmp_path)
    good, bad = experiment["good"].problems, experiment["bad"].problems
    assert len(good) == 0
    assert good.dtypes.astype(str).to_dict() == bad.dtypes.astype(str).to_dict()


# --- wide ------------------------------------------------------------------------------------


def test_one_tag_wide_has_a_column_a_run(two_runs: Experiment) -> None:
    wide = two_runs.scalars("loss", wide=True)
    expected = pd.DataFrame(
        {"run_9": [0.1, 0.2, np.nan, 0.3], "run_10": [np.nan, 0.4, np.nan, np.nan]},
        index=pd.Index([0, 1, 2, 3], name="step"),
    )
    expected.columns.name = "run"
    pd.testing.assert_frame_equal(wide.astype("float32"), expected.astype("float32"))
    assert wide.index.dtype == "int64"


def test_several_tags_wide_have_a_column_a_pair(two_runs: Experiment) -> None:
    wide = two_runs.scalars(wide=True)
    assert wide.columns.names == ["run", "tag"]
    pairs = [("run_9", "loss"), ("run_9", "lr"), ("run_10", "loss"), ("run_10", "lr")]
    assert wide.columns.tolist() == pairs
    assert wide["run_9"]["loss"].dropna().index.tolist() == [0, 1, 3]
    assert two_runs.scalars(["loss"], wide=True).columns.names == ["run", "tag"]


def test_a_run_wide_has_a_column_a_tag(two_runs: Experiment) -> None:
    wide = two_runs["run_9"].scalars(wide=True)
    assert (wide.columns.name, wide.columns.tolist()) == ("tag", ["loss", "lr"])
    assert wide.index.tolist() == [0, 1, 3]


def test_duplicate_steps_show_the_last_one_written_and_are_said(tmp_path: Path) -> None:
    points = [(1, 1.0), (2, 2.0), (2, 3.0), (2, 4.0), (1, 5.0)]
    experiment = tbtools.load(write(tmp_path, r=EventFileBuilder().scalars("a", points)))
    with pytest.warns(tbtools.DuplicateSteps, match="^3 points share run, tag and step"):
        wide = experiment.scalars("a", wide=True)
    assert wide["r"].to_dict() == {1: 5.0, 2: 4.0}
    assert wide.attrs["duplicates"] == 3
    assert "duplicates" not in experiment.scalars().attrs


def test_the_warning_points_at_the_line_that_asked(tmp_path: Path) -> None:
    write(tmp_path, r=EventFileBuilder().scalars("a", [(1, 1.0), (1, 2.0)]))
    experiment = tbtools.load(tmp_path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        experiment.scalars(wide=True)
        experiment["r"].scalars(wide=True)
        tbtools.read_scalars(tmp_path, wide=True)
    assert [each.filename for each in caught] == [__file__] * 3


def test_a_step_that_stays_in_a_name_like_a_glob_is_not_mixed_up(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("a[0]", 1, 1.0).scalar("a0", 1, 2.0)
    wide = tbtools.load(write(tmp_path, r=builder)).scalars("a[0]", wide=True)
    assert wide["r"].to_dict() == {1: 1.0}


points = st.tuples(
    st.sampled_from(["x", "y/z"]),
    st.sampled_from(["a", "b", "c"]),
    st.integers(-3, 6),
    st.floats(width=32),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(points, min_size=1, max_size=40))
def test_wide_is_what_pandas_pivots_out_of_long(points: list[Any]) -> None:
    builders = {"x": EventFileBuilder(), "y/z": EventFileBuilder()}
    for number, (run, tag, step, value) in enumerate(points):
        builders[run].scalar(tag, step, value, START + number)
    with tempfile.TemporaryDirectory() as folder:
        experiment = tbtools.load(write(Path(folder), **builders))
        long = experiment.scalars()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", tbtools.DuplicateSteps)
            wide = experiment.scalars(wide=True)
    assert len(long) == len(points)
    last = long.drop_duplicates(["run", "tag", "step"], keep="last")
    pivot = last.pivot(index="step", columns=["run", "tag"], values="value")
    pivot = pivot.sort_index(axis="columns")
    pd.testing.assert_frame_equal(
        wide.sort_index(axis="columns"),
        pivot.set_axis(pd.MultiIndex.from_tuples(pivot.columns, names=["run", "tag"]), axis=1),
        check_exact=True,
    )


# --- every bit ------------------------------------------------------------------------------


def loaded_by_tensorboard(path: Path) -> Iterator[tuple[str, int, float, float]]:
    """The float32 and float64 scalars of a file, in file order."""
    for event in LegacyEventFileLoader(str(path)).Load():
        for value in event.summary.value:
            if value.HasField("simple_value"):
                yield value.tag, event.step, event.wall_time, value.simple_value
            elif value.metadata.plugin_data.plugin_name == "scalars":
                number = float(tensor_util.make_ndarray(value.tensor).item())
                yield value.tag, event.step, event.wall_time, number


def bits(numbers: Any) -> list[int]:
    return np.asarray(numbers, np.float64).view(np.uint64).tolist()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.integers(-(2**63), 2**63 - 1),
            st.floats(width=32),
            st.floats(),
            st.floats(allow_nan=False),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_every_bit_is_what_tensorboard_loads(points: list[Any]) -> None:
    builder = EventFileBuilder()
    for tag, step, small, large, time in points:
        builder.scalar(tag, step, small, time)
        builder.tensor_scalar(f"{tag}64", step, large, "float64", wall_time=time)
    with tempfile.TemporaryDirectory() as folder:
        path = builder.write(Path(folder) / "events.out.tfevents.1")
        frame = tbtools.read_scalars(folder, restarts="keep")
        truth = pd.DataFrame(loaded_by_tensorboard(path), columns=["tag", "step", "time", "value"])
    for tag, want in truth.groupby("tag"):
        got = frame[frame["tag"] == tag]
        assert got["step"].tolist() == want["step"].tolist()
        assert bits(got["wall_time"]) == bits(want["time"])
        number = ~np.isnan(want["value"].to_numpy())
        assert bits(got["value"][number]) == bits(want["value"][number])
        assert np.isnan(got["value"][~number]).all()


@pytest.mark.corpus
@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")  # tbparse's own
def test_of_the_corpus_tbparse_reads_the_same(corpus: Path) -> None:
    """Where it can read: run by run, scalars that are simple values."""
    compared = 0
    for name, run in tbtools.load(corpus, restarts="session_log").items():
        rows = run.data.columns.rows
        if len(run.event_files) != 1 or not 0 < rows.count < 400 or (rows.kind == 8).any():
            continue
        theirs = tbparse.SummaryReader(run.event_files[0], extra_columns={"wall_time"}).scalars
        ours = run.scalars()
        assert len(theirs) == len(ours), name
        if len(ours):
            ours = ours.astype({"tag": str}).sort_values(["tag", "step"], kind="stable")
            theirs = theirs.sort_values(["tag", "step"], kind="stable")
            assert ours["tag"].tolist() == theirs["tag"].tolist()
            assert ours["step"].tolist() == theirs["step"].tolist()
            assert bits(ours["wall_time"]) == bits(theirs["wall_time"])
            assert bits(ours["value"]) == bits(theirs["value"])
            compared += len(ours)
    assert compared == 8_395


def test_integers_are_exact_as_far_as_a_double_goes(tmp_path: Path) -> None:
    builder = EventFileBuilder()
    builder.tensor_scalar("n", 1, 2**53, "int64").tensor_scalar("n", 2, -(2**31), "int32")
    frame = tbtools.read_scalars(write(tmp_path, r=builder), dtype=True)
    assert frame["value"].tolist() == [2.0**53, -(2.0**31)]
    assert frame["dtype"].tolist() == ["int64", "int32"]


def test_frames_own_their_data(two_runs: Experiment) -> None:
    first = two_runs.scalars()
    first.loc[:, "value"] = -1.0
    first.loc[:, "step"] = -1
    assert (two_runs.scalars()["value"] != -1.0).all()
    assert (two_runs.scalars()["step"] >= 0).all()
