from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.plugins.hparams import plugin_data_pb2

from reference_training import runlog
from reference_training.encode import SAMPLE_RATE, add_movie, add_sound
from reference_training.errors import MissingData, TrainingError
from reference_training.runlog import NullLog, RunLog
from tests.reference_training.reading import events, read_run

PACKAGES = ("tensorboardx", "torch")


def open_log(
    directory: Path, package: str = "tensorboardx", purge_step: int | None = None
) -> RunLog:
    return RunLog(directory, package, purge_step=purge_step, flush_seconds=1000)


@pytest.mark.parametrize("package", PACKAGES)
def test_two_writers_in_one_second_do_not_share_a_file(tmp_path: Path, package: str) -> None:
    logs = [open_log(tmp_path, package) for _ in range(3)]
    for number, log in enumerate(logs):
        log.scalars({"a": float(number)}, number)
    for log in logs:
        log.close(success=None)
    run = read_run(tmp_path)
    assert len(run.files) == 3
    assert sorted(run.points["a"]) == [(0, 0.0), (1, 1.0), (2, 2.0)]


def test_files_of_one_second_are_in_the_order_of_their_sessions(tmp_path: Path) -> None:
    for number in range(12):
        log = open_log(tmp_path)
        log.scalars({"a": float(number)}, number)
        log.close(success=None)
    by_second: dict[str, list[float]] = {}
    for file in sorted(tmp_path.iterdir()):
        (value,) = (v.tensor.float_val[0] for e in events(file) for v in e.summary.value)
        by_second.setdefault(file.name.split(".")[3], []).append(value)
    assert [value for values in by_second.values() for value in values] == [*range(12)]


@pytest.mark.parametrize("package", PACKAGES)
def test_scalars_of_a_step_are_one_event_with_their_tags_as_they_are(
    tmp_path: Path, package: str
) -> None:
    values = {"Learning Rate": 0.25, "Loss/train": float("nan"), "größe (%)": 1.5}
    log = open_log(tmp_path, package)
    log.scalars(values, 7, wall_time=1234.5)
    log.close(success=None)
    run = read_run(tmp_path)
    assert list(run.points) == list(values)
    assert run.points["Learning Rate"] == [(7, 0.25)]
    (event,) = (event for event in events(run.files[0]) if event.summary.value)
    assert (event.step, event.wall_time) == (7, 1234.5)


@pytest.mark.parametrize("package", PACKAGES)
def test_what_was_flushed_survives_a_kill(tmp_path: Path, package: str) -> None:
    script = f"""
import os, signal
from pathlib import Path
from reference_training.runlog import RunLog
log = RunLog(Path({str(tmp_path)!r}), {package!r}, purge_step=None, flush_seconds=1000)
for step in range(300):
    log.scalars({{"a": float(step)}}, step)
log.writer.add_scalars("b", {{"c": 1.0}}, 300)
log.flush(300, checkpoint="step-00000300")
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == -signal.SIGKILL
    run = read_run(tmp_path)
    assert run.points["a"] == [(step, float(step)) for step in range(300)]
    mark = events(run.files[0])[-1]
    assert mark.session_log.status == mark.session_log.CHECKPOINT
    assert (mark.step, mark.session_log.checkpoint_path) == (300, "step-00000300")
    (beside,) = (path for path in tmp_path.iterdir() if path.is_dir())
    files = [Path(root) / name for root, _, names in os.walk(beside) for name in names]
    assert [v.tag for file in files for e in events(file) for v in e.summary.value] == ["b"]


def test_a_flush_that_does_not_come_through_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runlog, "FLUSH_TIMEOUT", 0.0)
    monkeypatch.setattr(runlog, "_ends_with", lambda path, data: False)
    log = open_log(tmp_path)
    with pytest.raises(TrainingError, match="not written after 0 s"):
        log.flush(1)
    log.close(success=None)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_resumed_session_says_from_which_step_on(tmp_path: Path, package: str) -> None:
    log = open_log(tmp_path, package, purge_step=41)
    log.close(success=None)
    marks = [event for event in events(read_run(tmp_path).files[0]) if event.session_log.status]
    assert [(mark.session_log.status, mark.step) for mark in marks] == [(1, 41)]


def hparams_of(directory: Path) -> dict[str, Any]:
    return {
        value.tag: plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
        for file in read_run(directory).files
        for event in events(file)
        for value in event.summary.value
        if value.tag.startswith("_hparams_/")
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_hparams_are_in_the_run_with_their_group(tmp_path: Path, package: str) -> None:
    log = open_log(tmp_path, package)
    log.begin({"seed": 3, "rate": 0.5, "schedule": "cosine"}, ["val/loss"], group="rate=0.5")
    log.close(success=None)
    found = hparams_of(tmp_path)
    start = found["_hparams_/session_start_info"].session_start_info
    assert start.hparams["seed"].number_value == 3
    assert start.hparams["schedule"].string_value == "cosine"
    assert start.group_name == "rate=0.5"
    assert start.start_time_secs > 0
    (metric,) = found["_hparams_/experiment"].experiment.metric_infos
    assert metric.name.tag == "val/loss"
    assert "_hparams_/session_end_info" not in found  # it goes on


@pytest.mark.parametrize(("success", "status"), [(True, 1), (False, 2)])
@pytest.mark.parametrize("package", PACKAGES)
def test_the_end_says_how_it_went(
    tmp_path: Path, package: str, *, success: bool, status: int
) -> None:
    log = open_log(tmp_path, package)
    log.begin({"seed": 3}, ["val/loss"], group="")
    log.close(success=success)
    end = hparams_of(tmp_path)["_hparams_/session_end_info"].session_end_info
    assert end.status == status  # api.proto: 1 is success, 2 is failure
    assert end.end_time_secs > 0


@pytest.mark.parametrize("package", PACKAGES)
def test_sounds_and_movies_decode(tmp_path: Path, package: str) -> None:
    import io
    import wave

    from PIL import Image

    frames = [np.full((6, 8), shade, dtype=np.uint8) for shade in (0, 120, 240)]
    log = open_log(tmp_path, package)
    add_sound(log, "heard", np.array([0, 0.5, -0.5, 1], dtype=np.float32), 5)
    add_movie(log, "seen", frames, 0.25, 5)
    log.close(success=None)
    run = read_run(tmp_path)
    assert run.plugins == {"heard": "audio", "seen": "images"}
    values = {v.tag: v for e in events(run.files[0]) for v in e.summary.value}
    with wave.open(io.BytesIO(values["heard"].tensor.string_val[0])) as sound:
        assert sound.getframerate() == SAMPLE_RATE
        samples = np.frombuffer(sound.readframes(9), "<i2")
    assert samples.tolist() == [0, 16383, -16383, 32767]
    width, height, encoded = values["seen"].tensor.string_val
    assert (width, height) == (b"8", b"6")
    movie = Image.open(io.BytesIO(encoded))
    assert movie.n_frames == 3
    assert movie.info["duration"] == 250


@pytest.mark.parametrize("package", PACKAGES)
def test_a_graph_is_traced(tmp_path: Path, package: str) -> None:
    log = open_log(tmp_path, package)
    log.graph(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU()), torch.zeros(1, 3))
    log.close(success=None)
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    (graph,) = (e.graph_def for e in events(read_run(tmp_path).files[0]) if e.graph_def)
    assert "Linear" in str(GraphDef.FromString(graph))


def test_a_package_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingData, match="--writer tensorboardx needs tensorboardX: pip install"):
        open_log(tmp_path)


def test_a_log_that_does_nothing_takes_every_call(tmp_path: Path) -> None:
    log = NullLog()
    log.scalars({"a": 1.0}, 1)
    log.media("a", "image", {}, 1)
    log.graph(torch.nn.ReLU(), torch.zeros(1))
    log.begin({}, [], "")
    log.writer.add_histogram("a", [1], 1)
    log.flush(1)
    log.close(success=True)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(AttributeError, match="flush"):
        log.writer.flush()


def test_both_logs_have_the_same_methods() -> None:
    def methods(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    assert methods(RunLog) == methods(NullLog)
