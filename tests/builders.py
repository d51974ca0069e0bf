"""A small hand writer of event files for tests, independent of `tbtools.eventfile.writer`.

Frames are made here from ``struct`` and ``google_crc32c``, so that what the reading code is tested
with does not come from the code next to it. Every method adds one record and returns the builder::

    builder = EventFileBuilder().file_version().scalar("loss", 1, 0.5).scalar("loss", 2, 0.25)
    path = builder.corrupt_data_crc().write(tmp_path / "run" / "events.out.tfevents.1")

Wall times default to ``START + step``, so that a test sees at once which record it looks at.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import google_crc32c
import numpy as np

from tbtools.eventfile import messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

START = 1_700_000_000.0
FILE_VERSION = "brain.Event:2"

# TensorFlow's DataType numbers, from tensorflow/core/framework/types.proto.
DATA_TYPES = {
    "float32": 1,
    "float64": 2,
    "int32": 3,
    "uint8": 4,
    "int16": 5,
    "int8": 6,
    "string": 7,
    "int64": 9,
    "bool": 10,
    "bfloat16": 14,
    "uint16": 17,
    "float16": 19,
    "uint32": 22,
    "uint64": 23,
}
# The field of TensorProto for a value that is not packed into tensor_content.
VALUE_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "int32": "int_val",
    "uint8": "int_val",
    "int16": "int_val",
    "int8": "int_val",
    "int64": "int64_val",
    "bool": "bool_val",
    "bfloat16": "half_val",
    "uint16": "int_val",
    "float16": "half_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
}
SCALAR_TYPES = tuple(VALUE_FIELDS)
SESSION_START = 1


def masked_crc(data: bytes) -> int:
    """The checksum of a TFRecord: CRC-32C, rotated right by 15 bits, plus a constant."""
    crc = int(google_crc32c.value(data))
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(data: bytes) -> bytes:
    """One record: u64 length, u32 checksum of it, data, u32 checksum of the data."""
    length = struct.pack("<Q", len(data))
    return b"".join(
        (length, struct.pack("<I", masked_crc(length)), data, struct.pack("<I", masked_crc(data)))
    )


def bfloat16_bits(value: float) -> int:
    """The upper half of a float32: exact for the values that a test should choose."""
    return int(np.float32(value).view(np.uint32)) >> 16


def scalar_tensor(
    value: float, dtype: str, *, packed: bool = True, shape: tuple[int, ...] = ()
) -> Any:
    """A TensorProto of one number of any of SCALAR_TYPES, in tensor_content or its own field."""
    tensor = messages.TensorProto(dtype=DATA_TYPES[dtype])
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    if packed:
        number = (
            np.uint16(bfloat16_bits(value)) if dtype == "bfloat16" else np.dtype(dtype).type(value)
        )
        tensor.tensor_content = number.tobytes()
    elif dtype == "bfloat16":
        tensor.half_val.append(bfloat16_bits(value))
    elif dtype == "float16":
        tensor.half_val.append(int(np.float16(value).view(np.uint16)))
    elif dtype in ("float32", "float64"):
        getattr(tensor, VALUE_FIELDS[dtype]).append(value)
    else:
        getattr(tensor, VALUE_FIELDS[dtype]).append(int(value))
    return tensor


class EventFileBuilder:
    """The bytes of one event file, record by record, sound or not.

    Attributes:
        offsets: Byte offset of each record so far.
    """

    def __init__(self) -> None:
        self._content = bytearray()
        self.offsets: list[int] = []

    # --- records -----------------------------------------------------------------------------

    def raw_record(self, data: bytes) -> EventFileBuilder:
        """A sound frame around any bytes."""
        self.offsets.append(len(self._content))
        self._content += frame(data)
        return self

    def raw_bytes(self, data: bytes) -> EventFileBuilder:
        """Bytes without a frame: garbage between records."""
        self._content += data
        return self

    def event(self, step: int = 0, wall_time: float | None = None, **what: Any) -> EventFileBuilder:
        """An Event with the fields given, as in ``event(3, file_version="x")``."""
        time = START + step if wall_time is None else wall_time
        return self.raw_record(
            messages.Event(wall_time=time, step=step, **what).SerializeToString()
        )

    def values(self, step: int, *values: Any, wall_time: float | None = None) -> EventFileBuilder:
        """An Event with a Summary of the Value messages given, none included."""
        return self.event(step, wall_time, summary=messages.Summary(value=values))

    # --- what stands in an event -------------------------------------------------------------

    def file_version(
        self, version: str = FILE_VERSION, step: int = 0, wall_time: float | None = None
    ) -> EventFileBuilder:
        """The event that a file begins with."""
        return self.event(step, wall_time, file_version=version)

    def session_log(
        self, status: int, step: int, wall_time: float | None = None
    ) -> EventFileBuilder:
        """A SessionLog; status 1 START, 2 STOP, 3 CHECKPOINT."""
        return self.event(step, wall_time, session_log=messages.SessionLog(status=status))

    def session_start(self, step: int, wall_time: float | None = None) -> EventFileBuilder:
        """What ``SummaryWriter(purge_step=step)`` writes: from here on, earlier points are void."""
        return self.session_log(SESSION_START, step, wall_time)

    def graph(self, graph_def: bytes, step: int = 0) -> EventFileBuilder:
        """A GraphDef, as the bytes that stand in the event."""
        return self.event(step, graph_def=graph_def)

    # --- values, one an event ----------------------------------------------------------------

    def value(
        self,
        tag: str,
        step: int,
        *,
        wall_time: float | None = None,
        plugin: str | None = None,
        content: bytes = b"",
        **what: Any,
    ) -> EventFileBuilder:
        """A Value with the fields given; metadata only where a plugin is named."""
        value = messages.Value(tag=tag, **what)
        if plugin is not None:
            value.metadata.plugin_data.plugin_name = plugin
            value.metadata.plugin_data.content = content
        return self.values(step, value, wall_time=wall_time)

    def scalar(
        self, tag: str, step: int, value: float, wall_time: float | None = None
    ) -> EventFileBuilder:
        """A float32 simple_value, as tensorboardX and torch write it: without metadata."""
        return self.value(tag, step, wall_time=wall_time, simple_value=value)

    def scalars(
        self, tag: str, points: Iterable[tuple[int, float]], wall_time: float | None = None
    ) -> EventFileBuilder:
        """One event a (step, value) pair."""
        for step, value in points:
            self.scalar(tag, step, value, wall_time)
        return self

    def tensor_scalar(
        self,
        tag: str,
        step: int,
        value: float,
        dtype: str = "float32",
        *,
        packed: bool = True,
        shape: tuple[int, ...] = (),
        plugin: str | None = "scalars",
        wall_time: float | None = None,
    ) -> EventFileBuilder:
        """A tensor of one element, as TF2 writes scalars; ``dtype`` is one of SCALAR_TYPES."""
        tensor = scalar_tensor(value, dtype, packed=packed, shape=shape)
        return self.value(tag, step, wall_time=wall_time, plugin=plugin, tensor=tensor)

    def tensor(
        self,
        tag: str,
        step: int,
        array: Any,
        *,
        plugin: str | None = "",
        content: bytes = b"",
        wall_time: float | None = None,
    ) -> EventFileBuilder:
        """A numpy array in tensor_content, under any plugin."""
        array = np.asarray(array)
        tensor = messages.TensorProto(
            dtype=DATA_TYPES[array.dtype.name], tensor_content=array.tobytes()
        )
        for size in array.shape:
            tensor.tensor_shape.dim.add(size=size)
        return self.value(
            tag, step, wall_time=wall_time, plugin=plugin, content=content, tensor=tensor
        )

    def strings(
        self,
        tag: str,
        step: int,
        strings: Sequence[str | bytes],
        *,
        plugin: str | None,
        shape: tuple[int, ...] | None = None,
        wall_time: float | None = None,
    ) -> EventFileBuilder:
        """A string tensor; of shape [len(strings)] unless told."""
        tensor = messages.TensorProto(dtype=DATA_TYPES["string"])
        for size in (len(strings),) if shape is None else shape:
            tensor.tensor_shape.dim.add(size=size)
        tensor.string_val.extend(s.encode() if isinstance(s, str) else s for s in strings)
        return self.value(tag, step, wall_time=wall_time, plugin=plugin, tensor=tensor)

    def text(
        self,
        tag: str,
        step: int,
        *strings: str,
        shape: tuple[int, ...] | None = None,
        wall_time: float | None = None,
    ) -> EventFileBuilder:
        """Text of any shape; one string has shape [] unless told, as in tf.summary.text."""
        if shape is None and len(strings) == 1:
            shape = ()
        return self.strings(tag, step, strings, plugin="text", shape=shape, wall_time=wall_time)

    def histogram(
        self,
        tag: str,
        step: int,
        limits: Sequence[float],
        counts: Sequence[float],
        *,
        minimum: float = 0.0,
        maximum: float = 0.0,
        wall_time: float | None = None,
    ) -> EventFileBuilder:
        """An old-style HistogramProto, as tensorboardX, torch and TF1 write it."""
        histo = messages.HistogramProto(
            min=minimum, max=maximum, num=sum(counts), bucket_limit=limits, bucket=counts
        )
        return self.value(tag, step, wall_time=wall_time, histo=histo)

    def image(
        self,
        tag: str,
        step: int,
        encoded: bytes,
        width: int = 1,
        height: int = 1,
        wall_time: float | None = None,
    ) -> EventFileBuilder:
        """An old-style Image, as tensorboardX, torch and TF1 write it."""
        image = {"width": width, "height": height, "colorspace": 3, "encoded_image_string": encoded}
        return self.value(tag, step, wall_time=wall_time, image=image)

    def audio(
        self, tag: str, step: int, encoded: bytes, rate: float = 44100.0, frames: int = 1
    ) -> EventFileBuilder:
        """An old-style Audio of one channel, as tensorboardX, torch and TF1 write it."""
        audio = {
            "sample_rate": rate,
            "num_channels": 1,
            "length_frames": frames,
            "encoded_audio_string": encoded,
            "content_type": "audio/wav",
        }
        return self.value(tag, step, audio=audio)

    # --- damage ------------------------------------------------------------------------------

    def corrupt_data_crc(self) -> EventFileBuilder:
        """Flips a bit in the last record's data checksum."""
        self._content[-1] ^= 0x01
        return self

    def corrupt_length(self) -> EventFileBuilder:
        """Flips a bit in the last record's length, so that its checksum does not hold."""
        self._content[self.offsets[-1]] ^= 0x01
        return self

    def truncate(self, count: int) -> EventFileBuilder:
        """Takes the last ``count`` bytes away."""
        del self._content[len(self._content) - count :]
        return self

    # --- out ---------------------------------------------------------------------------------

    def bytes(self) -> bytes:
        """The content so far."""
        return bytes(self._content)

    def write(self, path: Path) -> Path:
        """Writes the content so far, over what is there, making the folder; returns the path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.bytes())
        return path


def write_foreign(logs: Path) -> None:
    """Logs of another program, in two directories."""
    for name in ("a", "b"):
        (logs / name).mkdir(parents=True)
        (logs / name / "metrics.csv").write_text("step,loss\n0,1.0\n1,0.5\n")


def write_two_runs(logs: Path) -> None:
    """Runs a and b, of two points and a picture each."""
    for name in ("a", "b"):
        builder = EventFileBuilder().file_version()
        builder.scalars("loss", [(0, 1.0), (1, 0.5)], START).image("x", 0, b"\x89PNG")
        builder.write(logs / name / "events.out.tfevents.1")
