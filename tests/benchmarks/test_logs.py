"""The generated logs are what the writers that they stand for would have written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from google_crc32c import value as crc32c
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2

import tbtools
from benchmarks.reading import logs
from tbtools.eventfile.records import read_records
from tbtools.eventfile.scan import scan_file

if TYPE_CHECKING:
    from pathlib import Path


def only_file(logdir: Path) -> Path:
    (path,) = (path for path in logdir.rglob("*tfevents*") if path.is_file())
    return path


def test_records_carry_the_masked_checksum_of_their_content() -> None:
    events = np.frombuffer(b"abcdefghij", np.uint8).reshape(2, 5)
    for row, frame in zip(events, logs.frames(events), strict=True):
        crc = crc32c(row.tobytes())
        masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
        assert frame.tobytes()[:8] == (5).to_bytes(8, "little")
        assert frame.tobytes()[12:17] == row.tobytes()
        assert frame.tobytes()[17:] == masked.to_bytes(4, "little")


@pytest.mark.parametrize("steps", [1, 3, 130, 16_500])
def test_one_series_is_byte_for_byte_what_torch_writes(tmp_path: Path, steps: int) -> None:
    """Every length of a step as a varint; step 0, which is left out, included."""
    tensorboard = pytest.importorskip("torch.utils.tensorboard")
    logs.one_series(tmp_path / "ours", steps)
    writer = tensorboard.SummaryWriter(tmp_path / "torch", flush_secs=600)
    for step in range(steps):
        writer.add_scalar("y=2x", step, step, logs.START + step * logs.SECONDS_PER_STEP)
    writer.close()

    # The first record has the wall time at which the writer was made.
    ours = [record.data for record in read_records(only_file(tmp_path / "ours"))][1:]
    theirs = [record.data for record in read_records(only_file(tmp_path / "torch"))][1:]
    assert ours == theirs


def test_training_series_have_all_tags_at_each_step(tmp_path: Path) -> None:
    logs.training_series(tmp_path, 20 * 150)
    frame = tbtools.read_scalars(tmp_path, wide=True)
    assert frame.shape == (150, 20)
    assert set(frame.columns.get_level_values("tag")) == set(logs.TRAINING_TAGS)
    assert np.isfinite(frame.to_numpy()).all()

    accumulator = EventAccumulator(str(tmp_path)).Reload()
    events = accumulator.Scalars("loss/train")
    assert [event.value for event in events] == frame[".", "loss/train"].tolist()


def test_runs_beyond_the_distinct_ones_are_copies(tmp_path: Path) -> None:
    logs.many_runs(tmp_path, 51, steps=3)
    files = sorted(path for path in tmp_path.rglob("*tfevents*") if path.is_file())
    assert len(files) == 51
    assert all(scan_file(path).tag_id.size == 60 for path in files)
    twins = [path.read_bytes() for path in files if path.parent.name in ("run0000", "run0050")]
    assert twins[0] == twins[1]
    assert len({path.read_bytes() for path in files}) == 50


def test_pictures_and_histograms_decode(tmp_path: Path) -> None:
    logs.pictures(tmp_path, 1_000_000)
    path = only_file(tmp_path)
    assert 1_000_000 <= path.stat().st_size < 1_500_000
    events = [event_pb2.Event.FromString(record.data) for record in read_records(path)][1:]
    values = [value for event in events for value in event.summary.value]
    pictures = [value.image for value in values if value.HasField("image")]
    histograms = [value.histo for value in values if value.HasField("histo")]
    assert {(picture.width, picture.height) for picture in pictures} == {(256, 256)}
    assert len(values) == len(pictures) + len(histograms)
    assert all(sum(each.bucket) == each.num == 100_000 for each in histograms)
    assert all(each.bucket_limit[-1] == each.max for each in histograms)
    sizes = [sum(each.ByteSize() for each in part) for part in (pictures, histograms)]
    assert 0.5 < sizes[0] / sizes[1] < 2
