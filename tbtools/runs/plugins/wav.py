"""WAV files of integers and of floats (Microsoft, "Multiple channel audio data and WAVE files")."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import UndecodablePayload
from tbtools.runs.plugins.values import none_in

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTEGERS, _FLOATS, _EXTENSIBLE = 1, 3, 0xFFFE
_HEADER, _CHUNK = 12, 8
_WIDTHS = {_INTEGERS: (1, 2, 3, 4), _FLOATS: (4, 8)}
# Of an extensible format the first bytes of the GUID of its subformat are its number.
_SUBFORMAT = 24


@dataclass(frozen=True, slots=True)
class Wav:
    """A WAV file.

    Attributes:
        is_float: Whether its samples are floats.
        channels: How many channels there are.
        rate: Frames a second.
        width: The bytes of a sample.
        data: Whole frames, little-endian.
    """

    is_float: bool
    channels: int
    rate: int
    width: int
    data: memoryview

    @property
    def frames(self) -> int:
        """How many samples each channel has."""
        return len(self.data) // (self.channels * self.width)

    def samples(self) -> np.ndarray[Any, Any]:
        """float32 of shape (frames, channels): integers in [-1, 1], floats as they are."""
        if self.is_float:
            flat: np.ndarray[Any, Any] = np.frombuffer(self.data, dtype=f"<f{self.width}")
        else:
            flat = _integers(self.data, self.width) / np.float32(1 << (8 * self.width - 1))
        with np.errstate(over="ignore"):  # a double may be beyond every float32
            flat = flat.astype(np.float32)
        return flat.reshape(-1, self.channels)


def is_wav(data: bytes) -> bool:
    """Whether bytes begin as a WAV file."""
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def parse_wav(data: bytes) -> Wav:
    """The parts of a WAV file; what its sizes claim beyond its end is not there.

    Raises:
        UndecodablePayload: It is none, or of a format that is neither integers nor floats.
    """
    if is_wav(data):
        layout = None
        for name, content in _chunks(memoryview(data)):
            if name == b"fmt ":
                layout = _layout(content)
            elif name == b"data" and layout is not None:
                is_float, channels, rate, width = layout
                whole = len(content) // (channels * width) * channels * width
                return Wav(is_float, channels, rate, width, content[:whole])
    raise UndecodablePayload(none_in(data, "WAV of integers or floats"))


def _chunks(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    position = _HEADER
    while position + _CHUNK <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        position += _CHUNK
        yield name, data[position : position + size]
        position += size + size % 2


def _layout(content: memoryview) -> tuple[bool, int, int, int] | None:
    """Whether samples are floats, channels, rate, and bytes a sample; None for other formats."""
    if len(content) < struct.calcsize("<HHIIHH"):
        return None
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", content)
    if kind == _EXTENSIBLE and len(content) >= _SUBFORMAT + 2:
        (kind,) = struct.unpack_from("<H", content, _SUBFORMAT)
    width = (bits + 7) // 8
    if not channels or width not in _WIDTHS.get(kind, ()):
        return None
    return kind == _FLOATS, channels, rate, width


def _integers(data: memoryview, width: int) -> np.ndarray[Any, Any]:
    """float32 of samples of `width` bytes: unsigned where it is 1, else signed."""
    if width == 1:
        return np.frombuffer(data, dtype=np.uint8).astype(np.float32) - 128
    if width == 3:
        high_bytes = np.zeros((len(data) // 3, 4), dtype=np.uint8)
        high_bytes[:, 1:] = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
        return (high_bytes.view("<i4").reshape(-1) >> 8).astype(np.float32)
    return np.frombuffer(data, dtype=f"<i{width}").astype(np.float32)
