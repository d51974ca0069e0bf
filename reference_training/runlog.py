"""The run's log: a SummaryWriter, and what one must know to use it well.

Pictures, histograms, text and the rest are written by tensorboardX's own calls,
``log.writer.add_*``. This module holds what those calls leave open:

- an event file of its own for each writer session, also where two begin in one second;
- all scalars of a step in one event, under exactly the tags given;
- a flush after which the events *are* in the file;
- hyperparameters in the run itself, with a status that is true at the end.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from reference_training.errors import MissingData, TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import torch

FLUSH_TIMEOUT = 60.0
"""Seconds that `RunLog.flush` waits for the writer's thread before it gives up."""


class Log(Protocol):
    """Where a training leaves its values: `RunLog`, or `NullLog` on processes that do not log."""

    writer: Any
    """The SummaryWriter, for ``add_image`` and the like."""

    def scalars(
        self, values: Mapping[str, float], step: int, wall_time: float | None = None
    ) -> None:
        """Writes the scalars of a step, by tag."""

    def media(self, tag: str, kind: str, fields: Mapping[str, Any], step: int) -> None:
        """Writes a picture or a sound that is encoded already."""

    def graph(self, model: torch.nn.Module, inputs: torch.Tensor) -> None:
        """Writes the model's graph."""

    def begin(self, hparams: Mapping[str, Any], metrics: Sequence[str], group: str) -> None:
        """Writes the hyperparameters."""

    def flush(self, step: int, checkpoint: str = "") -> None:
        """Returns once everything logged is in the file."""

    def close(self, *, success: bool | None) -> None:
        """Ends the log."""


class RunLog:
    """Writes one writer session of a run.

    Args:
        directory: The run's folder, which is there.
        package: ``tensorboardx`` or ``torch``.
        purge_step: The first step that this session will write, where it resumes an earlier one:
            readers then hide what the earlier one wrote from this step on. None begins a run.
        flush_seconds: How often the writer's thread writes out what waits.
    """

    def __init__(
        self, directory: Path, package: str, *, purge_step: int | None, flush_seconds: int
    ) -> None:
        self._package = _package(package)
        # Both packages name a file by the second, and tensorboardX by nothing else that differs:
        # two sessions in one second would write over each other. The session's number comes first,
        # for readers take the files of a run in the order of their names.
        session = sum(1 for path in directory.iterdir() if "tfevents" in path.name)
        self._suffix = f".{session:04d}.{uuid.uuid4().hex[:8]}"
        self.writer = self._package.writer(
            str(directory),
            purge_step=purge_step,
            flush_secs=flush_seconds,
            filename_suffix=self._suffix,
        )
        self._hparams_end: Any = None

    def scalars(
        self, values: Mapping[str, float], step: int, wall_time: float | None = None
    ) -> None:
        """Writes the scalars of a step as one event.

        One event instead of one each is half of the work for six tags. And ``add_scalar`` of
        tensorboardX turns all but letters, digits and ``-_./`` of a tag into underscores; here a
        tag stays what it is.

        Args:
            values: By tag; kept as float32, as TensorBoard's scalars are.
            step: Optimizer steps done.
            wall_time: When the values came to be, in seconds since the epoch; now if None.
        """
        summary = self._package.summary()
        for tag, value in values.items():
            summary.value.add(tag=tag, simple_value=value)
        self.writer.file_writer.add_summary(summary, step, wall_time)

    def media(self, tag: str, kind: str, fields: Mapping[str, Any], step: int) -> None:
        """Writes a picture or a sound that is encoded already.

        ``add_video`` and ``add_audio`` would need moviepy and soundfile to encode; what they write
        is this.

        Args:
            tag: Its tag.
            kind: ``image`` or ``audio``.
            fields: The fields of Summary.Image or Summary.Audio.
            step: Optimizer steps done.
        """
        summary = self._package.summary()
        encoded = getattr(summary.value.add(tag=tag), kind)
        for name, field in fields.items():
            setattr(encoded, name, field)
        self.writer.file_writer.add_summary(summary, step)

    def graph(self, model: torch.nn.Module, inputs: torch.Tensor) -> None:
        """Writes the model's graph, traced with these inputs."""
        with warnings.catch_warnings():
            # Both packages trace by torch.jit, which torch deprecates; they know no other way yet.
            warnings.filterwarnings("ignore", message=".*torch.jit", category=DeprecationWarning)
            self.writer.add_graph(model, inputs)

    def begin(self, hparams: Mapping[str, Any], metrics: Sequence[str], group: str) -> None:
        """Writes the hyperparameters at the beginning, with the names of what will judge them.

        ``add_hparams`` would put them into a run of their own, below this one, and call it a
        success before it has begun. Written here, TensorBoard finds the metrics in the run's own
        scalars.

        Args:
            hparams: Text, truth values and numbers by name.
            metrics: The tags of scalars that tell how good the run is.
            group: Runs of one group, which differ by their seed, say, are averaged in the view.
        """
        experiment, start, end = self._package.hparams(dict(hparams), dict.fromkeys(metrics, 0))
        with self._hparams_content(start) as content:
            content.session_start_info.group_name = group
            content.session_start_info.start_time_secs = time.time()
        self.writer.file_writer.add_summary(experiment)
        self.writer.file_writer.add_summary(start)
        self._hparams_end = end

    def flush(self, step: int, checkpoint: str = "") -> None:
        """Returns once everything logged so far is in the file, so that not even SIGKILL loses it.

        ``flush`` of tensorboardX does not wait for its queue: events on their way to the writer's
        thread come after it. So a mark is sent behind them, and flushed until it is there. The mark
        is the one that TensorFlow writes with a checkpoint (SessionLog.CHECKPOINT).

        Args:
            step: Optimizer steps done.
            checkpoint: The name of the checkpoint that follows, if one does.

        Raises:
            TrainingError: It is not there after `FLUSH_TIMEOUT`, for the disk is full, say.
        """
        for file_writer in self.writer.all_writers.values():
            mark = self._package.event()
            mark.session_log.status = mark.session_log.CHECKPOINT
            mark.session_log.checkpoint_path = checkpoint
            file_writer.add_event(mark, step)
            self._wait_for(file_writer, mark.SerializeToString())

    def close(self, *, success: bool | None) -> None:
        """Writes how the run ended, flushes and closes the file.

        Args:
            success: None where it has not ended, but will be resumed.
        """
        if self._hparams_end is not None and success is not None:
            with self._hparams_content(self._hparams_end) as content:
                # Status of api.proto: 1 is success, 2 is failure.
                content.session_end_info.status = 1 if success else 2
                content.session_end_info.end_time_secs = time.time()
            self.writer.file_writer.add_summary(self._hparams_end)
        self.writer.close()

    def _wait_for(self, file_writer: Any, last: bytes) -> None:
        (path,) = Path(file_writer.get_logdir()).glob(f"*{self._suffix}")
        deadline = time.monotonic() + FLUSH_TIMEOUT
        while not _ends_with(path, last):
            file_writer.flush()
            if time.monotonic() > deadline:
                raise TrainingError(f"{path}: events are not written after {FLUSH_TIMEOUT:g} s")
            time.sleep(0.001)

    @contextlib.contextmanager
    def _hparams_content(self, summary: Any) -> Iterator[Any]:
        """The message inside a summary's metadata, put back when it has been changed."""
        plugin = summary.value[0].metadata.plugin_data
        content = self._package.hparams_content()
        content.ParseFromString(plugin.content)
        yield content
        plugin.content = content.SerializeToString()


class NullLog:
    """Does nothing, at no cost: a process that does not log needs no ``if`` for it."""

    def __init__(self) -> None:
        self.writer = _NullWriter()

    def scalars(
        self, values: Mapping[str, float], step: int, wall_time: float | None = None
    ) -> None:
        """Does nothing."""

    def media(self, tag: str, kind: str, fields: Mapping[str, Any], step: int) -> None:
        """Does nothing."""

    def graph(self, model: torch.nn.Module, inputs: torch.Tensor) -> None:
        """Does nothing."""

    def begin(self, hparams: Mapping[str, Any], metrics: Sequence[str], group: str) -> None:
        """Does nothing."""

    def flush(self, step: int, checkpoint: str = "") -> None:
        """Does nothing."""

    def close(self, *, success: bool | None) -> None:
        """Does nothing."""


class _NullWriter:
    """A SummaryWriter whose every ``add_*`` does nothing."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("add_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


@dataclass(frozen=True)
class _Package:
    """The same things of tensorboardX and of torch, whose messages are not each other's."""

    writer: Any
    event: Any
    summary: Any
    hparams: Any
    hparams_content: Any


def _package(name: str) -> _Package:
    try:
        return _imported(name)
    except ImportError as error:
        raise MissingData(
            f"--writer {name} needs {error.name}: pip install tbtools[train]"
        ) from error


def _imported(name: str) -> _Package:
    if name == "torch":
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
        from torch.utils.tensorboard import SummaryWriter
        from torch.utils.tensorboard.summary import hparams

        return _Package(SummaryWriter, Event, Summary, hparams, HParamsPluginData)
    import tensorboardX
    import tensorboardX.summary
    from tensorboardX.proto import event_pb2, plugin_hparams_pb2, summary_pb2

    return _Package(
        tensorboardX.SummaryWriter,
        event_pb2.Event,
        summary_pb2.Summary,
        tensorboardX.summary.hparams,
        plugin_hparams_pb2.HParamsPluginData,
    )


def _ends_with(path: Path, record_data: bytes) -> bool:
    """Whether the last record of a file is this: its data, then four bytes of checksum."""
    size = len(record_data) + 4
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) < size:
            return False
        file.seek(-size, os.SEEK_END)
        return file.read(len(record_data)) == record_data
