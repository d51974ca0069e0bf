"""Histograms and distributions, against TensorBoard's own converters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard import data_compat
from tensorboard.compat.proto import histogram_pb2, summary_pb2
from tensorboard.plugins.distribution import compressor
from tensorboard.util import tensor_util
from tensorboardX import SummaryWriter

from tbtools.errors import UndecodablePayload
from tbtools.eventfile import messages
from tbtools.runs.plugins.histograms import (
    BASIS_POINTS,
    Histogram,
    distributions_frame,
    histogram,
    histogram_statistics_frame,
    histograms_frame,
)
from tests.runs.event_values import UNTIMED, corpus_file, read_values, stored, stored_tensor

if TYPE_CHECKING:
    from pathlib import Path

    from tbtools.runs.plugins.values import StoredValue

KERAS_RUN = (
    "Alwaysproblem+tensorboard-review/log-base/train/"
    "events.out.tfevents.1589601848.LEMON.7188.149.v2"
)
TENSOR_RUN = (
    "Alwaysproblem+tensorboard-review/logs/custom/20200328-162351/"
    "events.out.tfevents.1585383831.YONGXIdeMacBook-Pro.local.66143.345.v2"
)
FINITE = st.floats(-1e6, 1e6, width=32)
COUNTS = st.lists(st.integers(0, 1000).map(float) | st.just(0.0), max_size=12)


def proto_of(counts: list[float], edges: list[float], low: float, high: float) -> Any:
    return histogram_pb2.HistogramProto(
        min=low, max=high, num=sum(counts), sum=1.5, sum_squares=2.5, bucket=counts,
        bucket_limit=edges,
    )  # fmt: skip


@st.composite
def protos(draw: st.DrawFn) -> Any:
    """HistogramProtos as writers make them: rising edges, the smallest and largest value inside."""
    counts = draw(COUNTS)
    edges = sorted(draw(st.lists(FINITE, min_size=len(counts), max_size=len(counts))))
    low, high = sorted([draw(FINITE), draw(FINITE)])
    return proto_of(counts, edges, low, high)


def of_proto(proto: Any) -> StoredValue:
    return stored(summary_pb2.Summary.Value(tag="weights", histo=proto))


def of_buckets(buckets: Any, dtype: str = "float64") -> StoredValue:
    array = np.array(buckets, dtype=dtype)
    return stored_tensor(tensor_util.make_tensor_proto(array), plugin="histograms")


def tensorboard_buckets(value: StoredValue) -> np.ndarray[Any, Any]:
    """The [k, 3] tensor that TensorBoard makes of a value: float32 from an old one."""
    theirs = summary_pb2.Summary.Value.FromString(value.message.SerializeToString())
    return np.asarray(tensor_util.make_ndarray(data_compat.migrate_value(theirs).tensor))


def buckets_of(found: Histogram) -> np.ndarray[Any, Any]:
    return np.stack([found.left, found.right, found.count], axis=1)


@UNTIMED
@given(protos())
def test_old_histograms_become_what_tensorboard_makes_of_them(proto: Any) -> None:
    value = of_proto(proto)
    np.testing.assert_array_equal(
        buckets_of(histogram(value)).astype(np.float32), tensorboard_buckets(value)
    )


@UNTIMED
@given(protos())
def test_quantiles_are_tensorboards_of_the_same_buckets(proto: Any) -> None:
    found = histogram(of_proto(proto))
    truth = compressor.compress_histogram(buckets_of(found).tolist())
    assert [point for point, _ in truth] == list(BASIS_POINTS)
    np.testing.assert_allclose(
        found.quantiles(), [value for _, value in truth], rtol=1e-12, atol=1e-12
    )


def test_quantiles_of_evenly_spread_values_are_the_values_of_their_share() -> None:
    found = histogram(of_buckets([[0.0, 50.0, 5.0], [50.0, 100.0, 5.0]]))
    np.testing.assert_allclose(found.quantiles(), np.array(BASIS_POINTS) / 100, rtol=1e-12)


def test_quantiles_of_nothing_are_zeros_as_tensorboards_are() -> None:
    found = histogram(of_buckets(np.zeros((0, 3))))
    assert found.quantiles().tolist() == [value for _, value in compressor.compress_histogram([])]
    counted_nothing = [[1.0, 2.0, 0.0], [2.0, 3.0, 0.0]]
    truth = [value for _, value in compressor.compress_histogram(counted_nothing)]
    assert histogram(of_buckets(counted_nothing)).quantiles().tolist() == truth == [3.0] * 9


def test_float64_edges_stay_float64() -> None:
    found = histogram(of_proto(proto_of([1.0, 1.0], [0.1, 1.0], 0.05, 0.7)))
    assert found.left.tolist() == [0.05, 0.1]
    assert found.right.tolist() == [0.1, 0.7]


def test_the_statistics_are_those_that_were_stored() -> None:
    old = of_proto(proto_of([0.0, 3.0], [-1.0, 1.0], -0.5, 0.5))
    new = of_buckets([[-0.5, 0.0, 1.0], [0.0, 0.5, 2.0]])
    frame = histogram_statistics_frame([old, new])
    assert list(frame.columns) == [
        "tag", "step", "wall_time", "min", "max", "num", "sum", "sum_squares", "buckets",
    ]  # fmt: skip
    assert frame.iloc[0, 3:].tolist() == [-0.5, 0.5, 3.0, 1.5, 2.5, 1]
    assert frame.iloc[1, 3:6].tolist() == [-0.5, 0.5, 3.0]
    assert frame.iloc[1, 6:8].isna().all()
    assert frame["buckets"].tolist() == [1, 2]


def test_a_histogram_of_nothing_has_no_buckets_and_is_still_told_of() -> None:
    values = [of_buckets(np.zeros((0, 3))), of_buckets([[0.0, 1.0, 1.0]])]
    assert len(histograms_frame(values)) == 1
    assert histogram_statistics_frame(values)["buckets"].tolist() == [0, 1]


def test_both_layouts_give_the_same_frame() -> None:
    old = of_proto(proto_of([0.0, 1.0, 2.0, 0.0], [-9.0, 0.0, 5.0, 9.0], -0.5, 2.0))
    new = of_buckets([[-0.5, 0.0, 1.0], [0.0, 2.0, 2.0]], "float32")
    from_old = histograms_frame([old]).drop(columns="tag")
    from_new = histograms_frame([new]).drop(columns="tag")
    assert from_old.equals(from_new)
    assert list(from_old.columns) == ["step", "wall_time", "left", "right", "count"]


@pytest.mark.parametrize(
    "frame_of", [histograms_frame, histogram_statistics_frame, distributions_frame]
)
def test_empty_frames_have_the_dtypes_of_full_ones(frame_of: Any) -> None:
    full = frame_of([of_buckets([[0.0, 1.0, 1.0]])])
    empty = frame_of([])
    assert len(empty) == 0
    assert empty.drop(columns="tag").dtypes.equals(full.drop(columns="tag").dtypes)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (of_buckets([1.0, 2.0, 3.0]), r"tensor of float64, shape \[3\]"),
        (of_buckets([[1.0, 2.0]]), r"shape \[1, 2\]"),
        (of_buckets([["a", "b", "c"]], "S1"), "tensor of strings"),
        (of_buckets([[0.0, 1.0, -1.0]]), "negative or not finite"),
        (of_proto(proto_of([1.0, float("nan")], [0.0, 1.0], 0.0, 1.0)), "negative or not finite"),
        (of_proto(proto_of([1.0, 1.0, 1.0], [0.0], 0.0, 1.0)), "3 counts and 1 edges"),
        (stored(messages.Value(simple_value=1.0)), "holds simple_value"),
    ],
)
def test_what_is_no_histogram_is_refused_by_name(value: StoredValue, message: str) -> None:
    with pytest.raises(UndecodablePayload, match=rf"at step 1: .*{message}"):
        histograms_frame([value])


@UNTIMED
@given(st.lists(st.tuples(*[st.floats(allow_nan=True)] * 2, st.floats(0)), max_size=5))
def test_no_buckets_make_the_quantiles_fail(buckets: list[tuple[float, float, float]]) -> None:
    try:
        found = histogram(of_buckets(np.array(buckets).reshape(-1, 3)))
    except UndecodablePayload:
        return
    assert found.quantiles().shape == (len(BASIS_POINTS),)


def test_histograms_compare_by_their_contents() -> None:
    buckets = [[0.0, 1.0, 2.0]]
    assert histogram(of_buckets(buckets)) == histogram(of_buckets(buckets))
    assert histogram(of_buckets(buckets)) != histogram(of_buckets([[0.0, 1.0, 3.0]]))
    assert histogram(of_buckets(buckets)) != 3
    assert (
        repr(histogram(of_buckets(buckets))) == "<Histogram of 2 values from 0 to 1 in 1 buckets>"
    )


def test_what_tensorboardx_writes(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).normal(size=2000)
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_histogram("weights", samples, 1)
        writer.add_histogram("weights", samples * 2, 2)
    values = read_values(tmp_path)
    frame = histograms_frame(values)
    assert frame.groupby("step")["count"].sum().to_dict() == {1: 2000.0, 2: 2000.0}
    first = frame[frame["step"] == 1]
    assert first["left"].iloc[0] == samples.min()
    assert first["right"].iloc[-1] == samples.max()
    assert (first["left"].to_numpy()[1:] == first["right"].to_numpy()[:-1]).all()
    statistics = histogram_statistics_frame(values)
    np.testing.assert_allclose(statistics["sum"], [samples.sum(), 2 * samples.sum()], rtol=1e-12)
    np.testing.assert_allclose(statistics["sum_squares"][0], (samples**2).sum(), rtol=1e-12)
    # A bucket is what the quantiles are known to.
    spread = distributions_frame(values).loc[0, "bp0":"bp10000"].to_numpy(dtype=float)
    truth = np.quantile(samples, np.array(BASIS_POINTS) / 10_000)
    assert np.abs(spread - truth).max() < (first["right"] - first["left"]).max()


@pytest.mark.corpus
@pytest.mark.parametrize("run", [KERAS_RUN, TENSOR_RUN])
def test_every_histogram_of_real_runs_as_tensorboard_reads_it(run: str) -> None:
    values = [
        value
        for value in read_values(corpus_file(run))
        if value.message.WhichOneof("value") == "histo" or value.plugin_name == "histograms"
    ]
    assert len(values) >= 20
    spread = distributions_frame(values)
    for index, value in enumerate(values):
        buckets = tensorboard_buckets(value)
        found = histogram(value)
        np.testing.assert_array_equal(buckets_of(found).astype(buckets.dtype), buckets)
        truth = [quantile for _, quantile in compressor.compress_histogram(buckets.tolist())]
        # TensorBoard has rounded the edges of old histograms to float32 by then.
        np.testing.assert_allclose(
            spread.loc[index, "bp0":"bp10000"].to_numpy(dtype=float),
            truth,
            rtol=1e-5,
            atol=2e-7 * np.abs(buckets[:, :2]).max(),
        )
