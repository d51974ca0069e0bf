"""Writes event files that TensorBoard, tbparse and tbtools read."""

from __future__ import annotations

import itertools
import os
import socket
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tbtools import errors
from tbtools.eventfile.records import write_record
from tbtools.eventfile.source import NamedErrors, as_path, bad_path, source_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import BinaryIO, Self

    from numpy.typing import ArrayLike

FILE_VERSION = "brain.Event:2"
# The greatest number of seconds in a file's name: readers may make an int64 of it.
_LAST_SECOND = 2.0**62

# tensorflow/core/framework/types.proto, tensorflow/core/util/event.proto and
# tensorboard/plugins/hparams/api.proto.
_DT_DOUBLE, _DT_STRING = 2, 7
_SESSION_START = 1
_HPARAMS_STATUS = {"success": 1, "failure": 2}
# Doubles, as which hyperparameters are stored, hold every integer up to here.
_EXACT_INTEGERS = 2**53

_writers = itertools.count()


class EventFileWriter:
    """Writes one new event file into a directory, which is made where there is none.

    The file is called ``events.out.tfevents.<seconds>.<host>.<pid>.<number>``, as no other file is:
    two writers of one second, one process, of forked processes or on two hosts never share one, and
    none is written over. What is written reaches the operating system at `flush` and `close`, and
    whenever a buffer is full; it is never forced to the disk. A writer belongs to one thread:

        with EventFileWriter("logs/run") as writer:
            writer.add_scalar("loss", 0.5, step=1)

    Wall times are seconds since the epoch; where none is given it is now.

    Args:
        directory: The run's directory.
        filename_suffix: Goes behind the file's name.
        wall_time: Of the file's first event, and in its name.

    Attributes:
        path: The file.

    Raises:
        FileError: The file cannot be made.
        UnsupportedType: The directory is no path.
        InvalidArgument: The suffix cannot be the end of a file's name, or the directory is a URL.
        UnwritableValue: The wall time is no number.

    Examples:
        >>> with tbtools.EventFileWriter("mine") as writer:
        ...     writer.add_scalar("loss", 0.5, step=1)
        >>> tbtools.load("mine").scalars()["value"].tolist()
        [0.5]
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        filename_suffix: str = "",
        wall_time: float | None = None,
    ) -> None:
        first = self._event(
            wall_time, 0, file_version=FILE_VERSION, source_metadata={"writer": "tbtools"}
        )
        name = as_path(directory)
        if source_of(name).is_remote:
            raise errors.InvalidArgument(
                f"{name}: event files are written locally; copy them there"
            )
        with NamedErrors(name), bad_path(name):
            self._file = _create(Path(name), first.wall_time, filename_suffix)
        self.path = os.fspath(self._file.name)
        self._declared: set[str] = set()
        self.add_event(first)
        self.flush()  # a reader that finds the file finds an event file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def add_scalar(
        self,
        tag: str,
        value: float,
        step: int,
        wall_time: float | None = None,
        *,
        dtype: Literal["float32", "float64"] = "float32",
    ) -> None:
        """Adds a number.

        Args:
            tag: The time series.
            value: The number; infinities and NaN are numbers too.
            step: The step, an int64.
            wall_time: Seconds since the epoch; now where none is given.
            dtype: float32 is written as a simple_value, as torch and tensorboardX do, and every
                reader takes it for a scalar. float64 is written as a tensor of plugin scalars,
                which tbparse lists as a tensor, and TensorBoard's Rust server leaves out.

        Raises:
            UnwritableValue: A finite number is infinite as float32, or it is no number.
        """
        value = _as_number(tag, value)
        if dtype == "float64":
            tensor = {"dtype": _DT_DOUBLE, "tensor_shape": {}, "double_val": [value]}
            self._add_value(tag, step, wall_time, plugin="scalars", tensor=tensor)
            return
        try:
            struct.pack("<f", value)
        except OverflowError as error:
            message = f'{value} of {tag} does not fit into float32; write it with dtype="float64"'
            raise errors.UnwritableValue(message) from error
        self._add_value(tag, step, wall_time, simple_value=value)

    def add_text(self, tag: str, text: str, step: int, wall_time: float | None = None) -> None:
        """Adds a text, which TensorBoard shows as Markdown."""
        tensor = {"dtype": _DT_STRING, "tensor_shape": {}, "string_val": [text.encode()]}
        self._add_value(tag, step, wall_time, plugin="text", tensor=tensor)

    def add_histogram(
        self, tag: str, buckets: ArrayLike, step: int, wall_time: float | None = None
    ) -> None:
        """Adds a histogram that has been counted already.

        Args:
            tag: The time series.
            buckets: Shape [k, 3]: left edge, right edge and count of each bucket, from left to
                right; written as float64.
            step: The step, an int64.
            wall_time: Seconds since the epoch; now where none is given.

        Raises:
            UnwritableValue: Not of that shape.
        """
        import numpy as np

        rows = np.asarray(buckets, dtype="<f8")
        if rows.ndim != 2 or rows.shape[1] != 3:
            raise errors.UnwritableValue(
                f"histogram {tag} has shape {rows.shape}; [k, 3] is wanted: left, right, count"
            )
        tensor = {
            "dtype": _DT_DOUBLE,
            "tensor_shape": {"dim": [{"size": size} for size in rows.shape]},
            "tensor_content": rows.tobytes(),
        }
        self._add_value(tag, step, wall_time, plugin="histograms", tensor=tensor)

    def add_encoded_image(
        self,
        tag: str,
        encoded: bytes,
        step: int,
        wall_time: float | None = None,
        *,
        width: int,
        height: int,
    ) -> None:
        """Adds a picture as the bytes of a PNG, JPEG or GIF file.

        Args:
            tag: The time series.
            encoded: The file's bytes; they are not looked into.
            step: The step, an int64.
            wall_time: Seconds since the epoch; now where none is given.
            width: In pixels.
            height: In pixels.
        """
        image = {"width": width, "height": height, "encoded_image_string": encoded}
        self._add_value(tag, step, wall_time, image=image)

    def add_hparams(
        self,
        hparams: Mapping[str, bool | float | str | None],
        *,
        group_name: str = "",
        wall_time: float | None = None,
    ) -> None:
        """Adds the run's hyperparameters.

        TensorBoard joins them with the last values of the scalars in the same directory.

        Args:
            hparams: Name to value, NumPy's scalars included. Integers and floats are stored as
                doubles: the format knows no integers.
            group_name: Runs of one group count as repetitions of each other.
            wall_time: When the run began; now where none is given.

        Raises:
            UnwritableValue: A value is something else, or an integer that no double holds.
        """
        begun = time.time() if wall_time is None else wall_time
        self.add_event(hparams_event(hparams, begun, group_name))

    def add_hparams_end(
        self, status: Literal["success", "failure"], wall_time: float | None = None
    ) -> None:
        """Adds how the run ended, and when, to what TensorBoard shows with the hyperparameters."""
        ended = time.time() if wall_time is None else wall_time
        info = {"status": _HPARAMS_STATUS[status], "end_time_secs": ended}
        self.add_event(_hparams_data_event("session_end_info", info, ended))

    def session_start(self, step: int, wall_time: float | None = None) -> None:
        """Says that a resumed run goes on from a step: what stands at it and after it is void."""
        self.add_event(self._event(wall_time, step, session_log={"status": _SESSION_START}))

    def add_event(self, event: Any) -> None:
        """Adds a `messages.Event`, or TensorBoard's."""
        self.add_record(event.SerializeToString())

    def add_record(self, data: bytes) -> None:
        """Adds a serialised event as it is, such as `Record.data` of another file."""
        write_record(self._file, data)

    def flush(self) -> None:
        """Hands everything written so far to the operating system, for readers to see."""
        self._file.flush()

    def close(self) -> None:
        """Flushes and closes the file; once closed, it stays so."""
        self._file.close()

    def _event(self, wall_time: float | None, step: int, **what: Any) -> Any:
        from tbtools.eventfile import messages

        wall_time = time.time() if wall_time is None else wall_time
        try:
            return messages.Event(wall_time=wall_time, step=step, **what)
        except (TypeError, ValueError) as error:
            message = f"no event has wall_time={wall_time!r} and step={step!r}: {error}"
            raise errors.UnwritableValue(message) from error

    def _add_value(
        self, tag: str, step: int, wall_time: float | None, *, plugin: str = "", **what: Any
    ) -> None:
        """Adds a value; readers want the plugin's name with a tag's first value, and only there."""
        if plugin and tag not in self._declared:
            self._declared.add(tag)
            what["metadata"] = {"plugin_data": {"plugin_name": plugin}}
        event = self._event(wall_time, step)
        try:
            event.summary.value.add(tag=tag, **what)
        except (TypeError, ValueError) as error:
            raise errors.UnwritableValue(f"tag {tag!r} cannot be written so: {error}") from error
        self.add_event(event)


def hparams_event(
    hparams: Mapping[str, bool | float | str | None], begun: float, group_name: str = ""
) -> Any:
    """The event of a run's hyperparameters; see `EventFileWriter.add_hparams`."""
    values = {name: _json_value(name, value) for name, value in hparams.items()}
    info = {"hparams": values, "group_name": group_name, "start_time_secs": begun}
    return _hparams_data_event("session_start_info", info, begun)


def _hparams_data_event(part: str, info: dict[str, Any], wall_time: float) -> Any:
    """An event with a value whose metadata are the data, as the hparams plugin has it."""
    from tbtools.eventfile import messages

    # Maps have no order of their own: the same hyperparameters are to give the same bytes.
    content = messages.HParamsPluginData(**{part: info}).SerializeToString(deterministic=True)
    metadata = {"plugin_data": {"plugin_name": "hparams", "content": content}}
    event = messages.Event(wall_time=wall_time)
    event.summary.value.add(tag=f"_hparams_/{part}", metadata=metadata)
    return event


def _as_number(tag: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise errors.UnwritableValue(f"{value!r} of {tag!r} is no number") from error


def seconds_in_name(wall_time: float) -> str:
    """What an event file's name says of its first wall time, which no clock need have told."""
    seconds = wall_time if wall_time > 0 else 0.0  # which NaN is not
    return f"{int(min(seconds, _LAST_SECOND)):010d}"


def _create(directory: Path, seconds: float, suffix: object) -> BinaryIO:
    if not isinstance(suffix, str) or "/" in suffix:
        raise errors.InvalidArgument(f"filename_suffix={suffix!r} cannot end a file's name")
    directory.mkdir(parents=True, exist_ok=True)
    host, pid = socket.gethostname(), os.getpid()
    first = f"events.out.tfevents.{seconds_in_name(seconds)}.{host}.{pid}"
    while True:
        number = next(_writers)
        path = directory / f"{first}.{number}{suffix}"
        try:
            return path.open("xb")
        except FileExistsError:  # by a host of the same name: the next number
            continue


def _json_value(name: str, value: Any) -> Any:
    """The value as a google.protobuf.Value: protobuf before 6 makes none of a dict."""
    from tbtools.eventfile import messages

    if hasattr(value, "item"):  # a NumPy scalar
        value = value.item()
    if value is None:
        return messages.JsonValue(null_value=0)
    if isinstance(value, bool):
        return messages.JsonValue(bool_value=value)
    if isinstance(value, str):
        return messages.JsonValue(string_value=value)
    if isinstance(value, int) and abs(value) > _EXACT_INTEGERS:
        raise errors.UnwritableValue(
            f"hyperparameter {name} is an integer beyond 2**53, which a double rounds; "
            "give it as a str"
        )
    if isinstance(value, int | float):
        return messages.JsonValue(number_value=value)
    raise errors.UnwritableValue(
        f"hyperparameter {name} = {value!r} is no bool, int, float, str or None; give it as a str"
    )
