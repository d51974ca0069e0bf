"""Precision-recall curves, against the page of TensorBoard's plugin."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tensorboardX import SummaryWriter
from torch.utils.tensorboard import SummaryWriter as TorchWriter

from tbtools.errors import UndecodablePayload
from tbtools.eventfile import messages
from tbtools.runs.plugins.pr_curves import pr_curves_frame
from tbtools.runs.plugins.tensors import tensor_to_numpy
from tests.runs.event_values import read_values, stored_tensor

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of the HTML sanitizer it imports
    from tensorboard.plugins.pr_curve.pr_curves_plugin import PrCurvesPlugin

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = ["tp", "fp", "tn", "fn"]
RNG = np.random.default_rng(3)
LABELS = RNG.integers(0, 2, 200)
PREDICTIONS = np.clip(LABELS * 0.3 + RNG.uniform(0, 0.6, 200), 0, 1)


@pytest.mark.parametrize("writer_class", [SummaryWriter, TorchWriter])
def test_what_the_writers_write_as_tensorboard_shows_it(tmp_path: Path, writer_class: Any) -> None:
    with writer_class(str(tmp_path)) as writer:
        writer.add_pr_curve("digit 0", LABELS, PREDICTIONS, 1, num_thresholds=101)
        writer.add_pr_curve("digit 0", LABELS, 1 - PREDICTIONS, 2, num_thresholds=101)
    values = read_values(tmp_path, "pr_curves")
    frame = pr_curves_frame(values)
    assert list(frame.columns) == [
        "tag", "step", "wall_time", "threshold", *COUNTS, "precision", "recall",
    ]  # fmt: skip
    assert len(frame) == 2 * 101
    for value in values:
        shown = PrCurvesPlugin._make_pr_entry(
            None, value.step, value.wall_time, tensor_to_numpy(value.tensor)
        )
        ours = frame[frame["step"] == value.step].iloc[: len(shown["thresholds"])]
        assert ours["threshold"].tolist() == shown["thresholds"]
        assert ours["precision"].tolist() == shown["precision"]
        assert ours["recall"].tolist() == shown["recall"]
        assert ours["tp"].tolist() == shown["true_positives"]
        assert ours["fn"].tolist() == shown["false_negatives"]
        assert (frame.loc[frame["step"] == value.step, COUNTS].sum(axis=1) == len(LABELS)).all()


def test_a_row_is_what_its_threshold_gives(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_pr_curve("t", LABELS, PREDICTIONS, 1, num_thresholds=101)
    frame = pr_curves_frame(read_values(tmp_path, "pr_curves"))
    for row in frame.iloc[[10, 50, 70]].itertuples():
        # The writer sorts predictions into buckets as wide as the thresholds are apart.
        predicted = np.floor(PREDICTIONS * 100) >= round(row.threshold * 100)
        hits = (predicted & (LABELS == 1)).sum()
        assert row.precision == pytest.approx(hits / predicted.sum(), rel=1e-6)
        assert row.recall == pytest.approx(hits / (LABELS == 1).sum(), rel=1e-6)


def test_an_empty_frame_has_the_dtypes_of_a_full_one() -> None:
    curve = messages.TensorProto(dtype=1, float_val=[1.0])
    for size in (6, 2):
        curve.tensor_shape.dim.add(size=size)
    full, empty = pr_curves_frame([stored_tensor(curve)]), pr_curves_frame([])
    assert full["threshold"].tolist() == [0.0, 1.0]
    assert empty.drop(columns="tag").dtypes.equals(full.drop(columns="tag").dtypes)


@pytest.mark.parametrize("shape", [[5, 4], [6], [6, 2, 2]])
def test_what_is_no_curve_is_refused(shape: list[int]) -> None:
    proto = messages.TensorProto(dtype=1)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    with pytest.raises(UndecodablePayload, match="curve in a tensor of float32, shape"):
        pr_curves_frame([stored_tensor(proto)])
