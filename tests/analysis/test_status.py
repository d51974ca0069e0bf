"""Whether a run has finished: its hyperparameters say so after its last point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

from tbtools.analysis.summary import summarize
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path


def statuses(logdir: Path) -> dict[str, str]:
    return {run.run: run.status for run in summarize(logdir).runs}


def keras_like(
    ended: bool, *, points_after: int = 0, status: int = api_pb2.STATUS_SUCCESS
) -> EventFileBuilder:
    """What the callbacks of Keras write: the start, the epochs, and at the end the end."""
    builder = EventFileBuilder().file_version()
    start = plugin_data_pb2.SessionStartInfo(start_time_secs=START)
    start.hparams["lr"].number_value = 0.1
    end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=START + 10)
    _message(builder, metadata.SESSION_START_INFO_TAG, START, session_start_info=start)
    for step in range(10):
        builder.scalar("epoch_loss", step, 0.5, wall_time=START + step)
    if ended:
        _message(builder, metadata.SESSION_END_INFO_TAG, START + 10, session_end_info=end)
    for step in range(points_after):
        builder.scalar("epoch_loss", 10 + step, 0.5, wall_time=START + 11 + step)
    return builder


def _message(builder: EventFileBuilder, tag: str, wall_time: float, **info: Any) -> None:
    content = plugin_data_pb2.HParamsPluginData(version=0, **info).SerializeToString()
    builder.value(tag, 0, wall_time=wall_time, plugin=metadata.PLUGIN_NAME, content=content)


@pytest.mark.parametrize(
    ("ended", "points_after", "status"),
    [(True, 0, "finished"), (False, 0, "stopped"), (True, 1, "stopped")],
)
def test_keras_says_when_it_is_done(
    ended: bool, points_after: int, status: str, tmp_path: Path
) -> None:
    builder = keras_like(ended, points_after=points_after)
    builder.write(tmp_path / "events.out.tfevents.1")
    assert statuses(tmp_path) == {".": status}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (api_pb2.STATUS_SUCCESS, "finished"),
        (api_pb2.STATUS_UNKNOWN, "finished"),
        (api_pb2.STATUS_FAILURE, "stopped"),
        (api_pb2.STATUS_RUNNING, "stopped"),
    ],
)
def test_an_end_in_failure_is_not_called_finished(status: int, state: str, tmp_path: Path) -> None:
    keras_like(ended=True, status=status).write(tmp_path / "events.out.tfevents.1")
    assert statuses(tmp_path) == {".": state}


def test_a_run_that_was_taken_up_after_its_end_has_not_finished(tmp_path: Path) -> None:
    keras_like(ended=True).write(tmp_path / "events.out.tfevents.1")
    more = EventFileBuilder().file_version(wall_time=START + 100)
    more.scalar("epoch_loss", 10, 0.5, wall_time=START + 101)
    more.write(tmp_path / "events.out.tfevents.2")
    assert statuses(tmp_path) == {".": "stopped"}


@pytest.mark.parametrize("library", ["torch.utils.tensorboard", "tensorboardX"])
@pytest.mark.parametrize("metrics", [{}, {"final": 0.5}])
def test_a_success_that_is_written_at_once_says_nothing(
    library: str, metrics: dict[str, float], tmp_path: Path
) -> None:
    """torch and tensorboardX write the end with the hyperparameters, before the training."""
    module = pytest.importorskip(library)
    with module.SummaryWriter(str(tmp_path)) as writer:
        writer.add_hparams({"lr": 0.1}, metrics)
        for step in range(10):
            writer.add_scalar("loss", 0.5, step)
    assert "finished" not in statuses(tmp_path).values()


def test_wall_times_that_are_none_make_no_run_a_living_one(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version()
    for step, time in enumerate((START, 1e300, -1e300, START + 5)):
        builder.scalar("loss", step, 0.5, wall_time=time)
    builder.write(tmp_path / "run" / "events.out.tfevents.1")
    assert statuses(tmp_path) == {"run": "stopped"}
