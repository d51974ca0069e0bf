"""What the writer writes, read by TensorBoard, by tbparse and by our own reader."""

from __future__ import annotations

import math
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import tbparse
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.util import tensor_util

from tbtools import errors
from tbtools.eventfile import messages, writer
from tbtools.eventfile.reader import EventFileReader
from tbtools.eventfile.records import read_records
from tbtools.eventfile.writer import EventFileWriter

# tbparse 0.0.9 under pandas 3.1; nothing of ours uses pandas here.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame")

MAX_FLOAT32 = float(np.finfo(np.float32).max)
FLOATS = [0.1, -0.0, 1e-45, 1e-46, MAX_FLOAT32, math.pi, math.inf, -math.inf, 3]


def float32(numbers: list[float]) -> list[float]:
    """As float32 holds them."""
    return [float(number) for number in np.array(numbers, "f4")]


def events(path: str) -> list[Any]:
    reader = EventFileReader(path, strict=True)
    return list(reader)


def values(path: str) -> list[Any]:
    """All values, as TensorBoard's loader gives them, which migrates old forms to tensors."""
    return [value for event in EventFileLoader(path).Load() for value in event.summary.value]


def accumulated(path: str) -> EventAccumulator:
    accumulator = EventAccumulator(path, size_guidance={"scalars": 0, "tensors": 0, "images": 0})
    accumulator.Reload()
    return accumulator


def same_floats(a: list[float], b: list[float]) -> bool:
    """Equal to the last bit, NaNs and the sign of zero included."""
    return np.array(a, "f8").tobytes() == np.array(b, "f8").tobytes()


class TestFile:
    def test_begins_as_tensorboard_wants_it(self, tmp_path: Path) -> None:
        before = time.time()
        with EventFileWriter(tmp_path / "new" / "run") as file:
            pass
        (first,) = events(file.path)
        assert (first.file_version, first.step) == ("brain.Event:2", 0)
        assert first.source_metadata.writer == "tbtools"
        assert before <= first.wall_time <= time.time()
        assert accumulated(file.path).file_version == 2

    def test_name_tells_time_host_and_process(self, tmp_path: Path) -> None:
        with EventFileWriter(tmp_path, filename_suffix=".v2", wall_time=7.9) as file:
            pass
        host = re.escape(socket.gethostname())
        name = Path(file.path).name
        assert re.fullmatch(
            rf"events\.out\.tfevents\.0000000007\.{host}\.{os.getpid()}\.\d+\.v2", name
        )
        assert events(file.path)[0].wall_time == 7.9

    @pytest.mark.parametrize("wall_time", [math.nan, math.inf, -math.inf, 1e300, -5.0])
    def test_a_time_that_no_clock_tells(self, tmp_path: Path, wall_time: float) -> None:
        with EventFileWriter(tmp_path, wall_time=wall_time) as file:
            file.add_scalar("loss", 1.0, 1, wall_time)
        assert re.match(r"events\.out\.tfevents\.\d{10,19}\.", Path(file.path).name)
        found = [event.wall_time for event in events(file.path)]
        np.testing.assert_array_equal(found, [wall_time, wall_time])

    def test_names_are_unique_within_a_second(self, tmp_path: Path) -> None:
        files = [EventFileWriter(tmp_path, wall_time=1.0) for _ in range(20)]
        for file in files:
            file.add_scalar("loss", 1.0, 1)
            file.close()
        assert len({file.path for file in files}) == 20
        assert all(len(events(file.path)) == 2 for file in files)

    def test_another_hosts_file_is_not_written_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        host, pid = socket.gethostname(), os.getpid()
        theirs = tmp_path / f"events.out.tfevents.0000000001.{host}.{pid}.0"
        theirs.write_bytes(b"theirs")
        monkeypatch.setattr(writer, "_writers", iter(range(10)))
        with EventFileWriter(tmp_path, wall_time=1.0) as file:
            pass
        assert theirs.read_bytes() == b"theirs"
        assert Path(file.path).name.endswith(".1")

    def test_forked_processes_have_files_of_their_own(self, tmp_path: Path) -> None:
        # A process of its own: forking one in which other tests have started threads is unsound.
        script = """
import os, sys
from tbtools.eventfile.writer import EventFileWriter
EventFileWriter(sys.argv[1], wall_time=1.0).close()
children = [os.fork() for _ in range(2)]
with EventFileWriter(sys.argv[1], wall_time=1.0) as writer:
    writer.add_scalar("loss", 1.0, 1)
if 0 not in children:
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
"""
        command = [sys.executable, "-c", script, str(tmp_path)]
        subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
        # One before; then the parent, two children, and the second fork in the first child.
        sizes = sorted(len(events(str(path))) for path in tmp_path.iterdir())
        assert sizes == [1, 2, 2, 2, 2]

    def test_is_readable_from_the_start_and_after_flush(self, tmp_path: Path) -> None:
        with EventFileWriter(tmp_path) as file:
            assert len(events(file.path)) == 1
            file.add_scalar("loss", 1.0, 1)
            file.flush()
            assert len(events(file.path)) == 2

    def test_closing(self, tmp_path: Path) -> None:
        file = EventFileWriter(tmp_path)
        file.close()
        file.close()
        with pytest.raises(ValueError, match="closed file"):
            file.add_scalar("loss", 1.0, 1)

    def test_a_failure_inside_with_keeps_what_was_written(self, tmp_path: Path) -> None:
        file = EventFileWriter(tmp_path)
        file.add_scalar("loss", 1.0, 1)
        with pytest.raises(ZeroDivisionError), file:
            file.add_scalar("loss", 1 / 0, 2)
        assert [event.step for event in events(file.path)] == [0, 1]


class TestScalar:
    def write(self, directory: Path, numbers: list[float], **options: Any) -> str:
        with EventFileWriter(directory, wall_time=5.0) as file:
            for i, number in enumerate(numbers):
                file.add_scalar("train/loss", number, i, 10.5 + i, **options)
        return file.path

    def test_float32_is_what_tensorboard_reads(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, [*FLOATS, math.nan])
        read = accumulated(path).Scalars("train/loss")
        assert same_floats([event.value for event in read], float32([*FLOATS, math.nan]))
        assert [event.step for event in read] == list(range(10))
        assert [event.wall_time for event in read] == [10.5 + i for i in range(10)]

    def test_float32_is_what_tbparse_reads(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, FLOATS)
        frame = tbparse.SummaryReader(path, extra_columns={"wall_time"}).scalars
        assert same_floats(frame["value"].tolist(), float32(FLOATS))
        assert frame["tag"].unique().tolist() == ["train/loss"]
        assert frame["step"].tolist() == list(range(9))
        assert frame["wall_time"].tolist() == [10.5 + i for i in range(9)]

    def test_float64_keeps_every_bit(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, [*FLOATS, 1e300, math.nan], dtype="float64")
        read = [tensor_util.make_ndarray(value.tensor) for value in values(path)]
        assert {(array.dtype, array.shape) for array in read} == {(np.dtype("f8"), ())}
        assert same_floats([float(array) for array in read], [*FLOATS, 1e300, math.nan])
        assert accumulated(path).SummaryMetadata("train/loss").plugin_data.plugin_name == "scalars"
        frame = tbparse.SummaryReader(path).tensors
        assert same_floats([float(value) for value in frame["value"]], [*FLOATS, 1e300, math.nan])

    @given(
        st.lists(
            st.tuples(
                st.text(st.characters(exclude_categories=["Cs"])),
                st.floats(),
                st.integers(-(2**63), 2**63 - 1),
                st.floats(allow_nan=False),
            )
        )
    )
    def test_any_point_comes_back(
        self, tmp_path_factory: pytest.TempPathFactory, points: list[tuple[str, float, int, float]]
    ) -> None:
        with EventFileWriter(tmp_path_factory.mktemp("run")) as file:
            for tag, number, step, wall_time in points:
                file.add_scalar(tag, number, step, wall_time, dtype="float64")
        read = [
            (value.tag, value.tensor.double_val[0], event.step, event.wall_time)
            for event in events(file.path)
            for value in event.summary.value
        ]
        assert [row[0::2] + row[3:] for row in read] == [row[0::2] + row[3:] for row in points]
        assert same_floats([row[1] for row in read], [row[1] for row in points])

    def test_a_number_too_large_for_float32_is_refused(self, tmp_path: Path) -> None:
        with EventFileWriter(tmp_path) as file:
            with pytest.raises(errors.UnwritableValue, match=r"1e\+39 of loss .*float64"):
                file.add_scalar("loss", 1e39, 1)
            file.add_scalar("loss", 1e39, 2, dtype="float64")
        assert [event.step for event in events(file.path)] == [0, 2]

    @pytest.mark.parametrize("number", [np.float32(0.5), np.int64(1), np.array(2.5), True])
    def test_whatever_is_a_number(self, number: Any, tmp_path: Path) -> None:
        path = self.write(tmp_path, [number])
        assert accumulated(path).Scalars("train/loss")[0].value == float(number)

    def test_a_step_that_is_no_int64_is_refused(self, tmp_path: Path) -> None:
        with EventFileWriter(tmp_path) as file:
            for step in (2**63, 0.5):
                with pytest.raises((ValueError, TypeError)):
                    file.add_scalar("loss", 1.0, step)  # type: ignore[arg-type]

    def test_wall_time_is_now_unless_told(self, tmp_path: Path) -> None:
        before = time.time()
        with EventFileWriter(tmp_path, wall_time=1.0) as file:
            file.add_scalar("loss", 1.0, 1)
        assert before <= events(file.path)[1].wall_time <= time.time()


class TestOtherData:
    def test_text(self, tmp_path: Path) -> None:
        with EventFileWriter(tmp_path) as file:
            for step, text in enumerate(("", "*naïve* 日本\n")):
                file.add_text("notes", text, step)
        arrays = [tensor_util.make_ndarray(value.tensor) for value in values(file.path)]
        assert [array.item().decode() for array in arrays] == ["", "*naïve* 日本\n"]
        frame = tbparse.SummaryReader(file.path).text
        assert frame["tag"].tolist() == ["notes", "notes"]
        assert frame["value"].tolist() == ["", "*naïve* 日本\n"]

    def test_histogram(self, tmp_path: Path) -> None:
        buckets = [[-1.5, 0.1, 3.0], [0.1, 0.3, 0.0], [0.3, 1e300, 2.0**60]]
        with EventFileWriter(tmp_path) as file:
            file.add_histogram("weights", buckets, 4)
            file.add_histogram("weights", np.array(buckets[:1], "f4"), 5)
            file.add_histogram("weights", np.empty((0, 3)), 6)
        read = [tensor_util.make_ndarray(value.tensor) for value in values(file.path)]
        assert read[0].tolist() == buckets
        assert read[1].tolist() == np.array(buckets[:1], "f4").tolist()
        assert read[2].shape == (0, 3)
        (first, *_) = values(file.path)
        assert first.metadata.plugin_data.plugin_name == "histograms"
        frame = tbparse.SummaryReader(file.path).tensors
        assert np.array_equal(frame["value"][0], buckets)

    @pytest.mark.parametrize("shape", [(3,), (2, 2), (1, 1, 3)])
    def test_no_histogram(self, shape: tuple[int, ...], tmp_path: Path) -> None:
        with (
            EventFileWriter(tmp_path) as file,
            pytest.raises(errors.UnwritableValue, match="left, right, count"),
        ):
            file.add_histogram("weights", np.zeros(shape), 1)

    def test_image(self, tmp_path: Path) -> None:
        encoded = b"\x89PNG\r\n\x1a\n and so on"
        with EventFileWriter(tmp_path) as file:
            file.add_encoded_image("samples", encoded, 3, 99.5, width=4, height=2)
        (image,) = accumulated(file.path).Images("samples")
        assert (image.encoded_image_string, image.width, image.height) == (encoded, 4, 2)
        assert (image.step, image.wall_time) == (3, 99.5)
        (value,) = values(file.path)
        assert tensor_util.make_ndarray(value.tensor).tolist() == [b"4", b"2", encoded]

    def test_session_start_makes_tensorboard_purge(self, tmp_path: Path) -> None:
        with EventFileWriter(tmp_path) as file:
            for step in range(10):
                file.add_scalar("loss", 0.0, step)
            file.session_start(5)
            file.add_scalar("loss", 1.0, 5)
        read = accumulated(file.path).Scalars("loss")
        assert [(event.step, event.value) for event in read] == [
            *((step, 0.0) for step in range(5)),
            (5, 1.0),
        ]

    def test_plugin_is_declared_with_the_first_value_of_a_tag(self, tmp_path: Path) -> None:
        with EventFileWriter(tmp_path) as file:
            for step in range(2):
                file.add_text("a", "x", step)
                file.add_scalar("b", 1.0, step, dtype="float64")
        declared = [
            value.HasField("metadata")
            for event in events(file.path)
            for value in event.summary.value
        ]
        assert declared == [True, True, False, False]


class TestHparams:
    HPARAMS: ClassVar[dict[str, Any]] = {
        "lr": 0.1,
        "layers": 3,
        "seed": 2**53,
        "optimizer": "adam",
        "amp": True,
        "clip": None,
        "momentum": np.float32(0.5),
        "nesterov": np.bool_(False),
    }
    STORED: ClassVar[dict[str, Any]] = {
        "lr": ("number_value", 0.1),
        "layers": ("number_value", 3.0),
        "seed": ("number_value", 2.0**53),
        "optimizer": ("string_value", "adam"),
        "amp": ("bool_value", True),
        "clip": ("null_value", 0),
        "momentum": ("number_value", 0.5),
        "nesterov": ("bool_value", False),
    }

    def test_types_are_kept(self, tmp_path: Path) -> None:
        with EventFileWriter(tmp_path) as file:
            file.add_hparams(self.HPARAMS, group_name="g", wall_time=3.5)
            file.add_hparams_end("failure", wall_time=9.5)
        contents = {
            value.tag: value.metadata.plugin_data.content
            for value in values(file.path)
            if value.metadata.plugin_data.plugin_name == "hparams"
        }
        start = hparams_metadata.parse_session_start_info_plugin_data(
            contents[hparams_metadata.SESSION_START_INFO_TAG]
        )
        kinds = {name: value.WhichOneof("kind") for name, value in start.hparams.items()}
        assert {
            name: (k, getattr(start.hparams[name], k)) for name, k in kinds.items()
        } == self.STORED
        assert (start.group_name, start.start_time_secs) == ("g", 3.5)
        end = hparams_metadata.parse_session_end_info_plugin_data(
            contents[hparams_metadata.SESSION_END_INFO_TAG]
        )
        assert (end.status, end.end_time_secs) == (api_pb2.STATUS_FAILURE, 9.5)

    def test_tbparse_reads_them(self, tmp_path: Path) -> None:
        with EventFileWriter(tmp_path) as file:
            file.add_hparams(self.HPARAMS)
        frame = tbparse.SummaryReader(file.path).hparams
        read = dict(zip(frame["tag"], frame["value"], strict=True))
        assert read == {name: value for name, (_, value) in self.STORED.items()}

    def test_the_same_ones_give_the_same_bytes(self, tmp_path: Path) -> None:
        records = []
        for i, names in enumerate((list(self.HPARAMS), list(self.HPARAMS)[::-1])):
            with EventFileWriter(tmp_path / str(i)) as file:
                file.add_hparams({name: self.HPARAMS[name] for name in names}, wall_time=1.0)
            records.append([record.data for record in read_records(file.path)][1:])
        assert records[0] == records[1]

    @pytest.mark.parametrize("value", [[1, 2], {}, 2**53 + 1, -(2**60), 10**400, object()])
    def test_what_would_not_come_back_is_refused(self, value: Any, tmp_path: Path) -> None:
        with (
            EventFileWriter(tmp_path) as file,
            pytest.raises(
                errors.UnwritableValue, match=r"hyperparameter betas .* give it as a str"
            ),
        ):
            file.add_hparams({"betas": value})
        assert len(events(file.path)) == 1


class TestPassThrough:
    def test_records_stay_as_they_are(self, tmp_path: Path) -> None:
        odd = [b"", b"\xff", bytes(100_000), b"\x10\x80\x80\x00"]  # the last: a varint, overlong
        with EventFileWriter(tmp_path) as file:
            for data in odd:
                file.add_record(data)
        assert [record.data for record in read_records(file.path)][1:] == odd

    @pytest.mark.corpus
    def test_real_files_stay_as_they_are(self, corpus_files: list[Path], tmp_path: Path) -> None:
        for i, path in enumerate(corpus_files[::40]):
            theirs = [record.data for record in read_records(path)]
            with EventFileWriter(tmp_path / str(i)) as file:
                for data in theirs:
                    file.add_record(data)
            assert [record.data for record in read_records(file.path)][1:] == theirs

    @pytest.mark.parametrize("event", [messages.Event(step=3), event_pb2.Event(step=3)])
    def test_events(self, event: Any, tmp_path: Path) -> None:
        with EventFileWriter(tmp_path) as file:
            file.add_event(event)
        assert events(file.path)[1].step == 3
