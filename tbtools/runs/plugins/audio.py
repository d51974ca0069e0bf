"""Sounds."""

from __future__ import annotations

import base64
import io
import math
import wave
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import UndecodablePayload
from tbtools.runs.plugins.tensors import tensor_to_numpy, wrong_tensor
from tbtools.runs.plugins.values import POINT_COLUMNS, decoded, none_in, rows_frame

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from tbtools.runs.plugins.values import StoredValue, Undecodable

_WAV = "audio/wav"
_OTHER = "application/octet-stream"  # what TensorBoard serves where it does not know better


_ENDINGS = {"audio/wav": "wav", "audio/mpeg": "mp3", "audio/flac": "flac", "audio/ogg": "ogg"}


@dataclass(frozen=True, slots=True, repr=False)
class Audio:
    """A sound as it was stored.

    Attributes:
        data: The encoded bytes.
        content_type: Their MIME type: as the event file says, or by what they begin like.
        sample_rate: Frames a second; 0 where neither the event file nor the bytes tell.
        frames: How many samples each channel has; 0 likewise.
        channels: How many channels there are; 0 likewise.
        label: What the writer called it, mostly "".
    """

    data: bytes
    content_type: str
    sample_rate: float
    frames: int
    channels: int
    label: str = ""

    @property
    def seconds(self) -> float:
        """How long it lasts; 0 where that is not known, or claimed to be no length of time."""
        known = self.frames > 0 and 0 < self.sample_rate < math.inf
        return self.frames / self.sample_rate if known else 0.0

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """The samples of a WAV file of integers.

        Returns:
            float32 of shape (frames, channels), in [-1, 1].

        Raises:
            UndecodablePayload: The bytes are no WAV file, or hold no integers.
        """
        with _open_wav(self.data) as sound:
            width, channels = sound.getsampwidth(), sound.getnchannels()
            samples = sound.readframes(sound.getnframes())
        if width > 4:
            raise UndecodablePayload(f"WAV of {8 * width} bits a sample")
        return _samples(samples, width, channels)

    def _repr_html_(self) -> str | None:
        """A player, for notebooks; None if the bytes are no WAV, whatever the content type says."""
        if not _is_wav(self.data):
            return None
        data = base64.b64encode(self.data).decode("ascii")
        return f'<audio controls src="data:{_WAV};base64,{data}"></audio>'

    def __repr__(self) -> str:
        return (
            f"<Audio {self.content_type!r} of {self.seconds:.3g} s, {self.sample_rate:g} Hz,"
            f" {self.channels} channels, {len(self.data)} bytes>"
        )


def sounds(value: StoredValue) -> list[Audio]:
    """The sounds of a value, of which there may be several.

    A value is an `audio` (one sound) or a tensor of strings, of shape [k] (sounds) or [k, 2]
    (sounds and their labels).

    Raises:
        UndecodablePayload: It is neither.
    """
    if value.message.WhichOneof("value") == "audio":
        stored = value.message.audio
        return [
            Audio(
                stored.encoded_audio_string,
                stored.content_type or _sniffed(stored.encoded_audio_string),
                stored.sample_rate,
                stored.length_frames,
                stored.num_channels,
            )
        ]
    strings = tensor_to_numpy(value.tensor)
    if strings.dtype != object or not (strings.ndim == 1 or strings.shape[1:] == (2,)):
        raise wrong_tensor("sounds", strings)
    pairs = strings if strings.ndim == 2 else [(data, b"") for data in strings]
    return [_from_bytes(data, label) for data, label in pairs]


def audio_files(value: StoredValue) -> list[tuple[str, bytes]]:
    """The sounds of a value as files: ending and content of each.

    Raises:
        UndecodablePayload: As `sounds`.
    """
    return [(_ENDINGS.get(each.content_type, "bin"), each.data) for each in sounds(value)]


def audio_frame(
    values: Iterable[StoredValue], problems: list[Undecodable] | None = None
) -> pd.DataFrame:
    """Sounds; none is decoded for the frame.

    Args:
        values: The values.
        problems: As for `values.decoded`.

    Returns:
        One row a sound: tag, step, wall_time, index (its place among those of its value), label,
        sample_rate (float64, frames a second), frames, channels, content_type, audio (an `Audio`).

    Raises:
        UndecodablePayload: A value holds no sounds.
    """
    rows = [
        (
            *value.point,
            index,
            audio.label,
            audio.sample_rate,
            audio.frames,
            audio.channels,
            audio.content_type,
            audio,
        )
        for value, found in decoded(values, sounds, problems)
        for index, audio in enumerate(found)
    ]
    dtypes = {
        **POINT_COLUMNS,
        "index": "int64",
        "label": "str",
        "sample_rate": "float64",
        "frames": "int64",
        "channels": "int64",
        "content_type": "category",
        "audio": "object",
    }
    return rows_frame(rows, dtypes)


def _from_bytes(data: bytes, label: bytes) -> Audio:
    text = label.decode("utf-8", "backslashreplace")
    rate, frames, channels = 0, 0, 0
    if _is_wav(data):
        with suppress(UndecodablePayload), _open_wav(data) as sound:  # to_numpy says what is wrong
            rate, channels = sound.getframerate(), sound.getnchannels()
            # A stream's header may claim frames without end.
            frames = min(sound.getnframes(), len(data) // (channels * sound.getsampwidth()))
    return Audio(data, _sniffed(data), float(rate), frames, channels, text)


def _is_wav(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def _sniffed(data: bytes) -> str:
    return _WAV if _is_wav(data) else _OTHER


def _open_wav(data: bytes) -> wave.Wave_read:
    try:
        return wave.open(io.BytesIO(data), "rb")
    except (wave.Error, EOFError, RuntimeError) as error:
        raise UndecodablePayload(f"{none_in(data, 'WAV of integers')}: {error}") from error


def _samples(data: bytes, width: int, channels: int) -> np.ndarray[Any, Any]:
    """Interleaved little-endian samples of `width` bytes: unsigned where it is 1, else signed."""
    data = data[: len(data) // (width * channels) * width * channels]
    if width == 1:
        scaled = np.frombuffer(data, dtype=np.uint8).astype(np.float32) - 128
    elif width == 3:
        high_bytes = np.zeros((len(data) // 3, 4), dtype=np.uint8)
        high_bytes[:, 1:] = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
        scaled = (high_bytes.view("<i4").reshape(-1) >> 8).astype(np.float32)
    else:
        scaled = np.frombuffer(data, dtype=f"<i{width}").astype(np.float32)
    return (scaled / np.float32(1 << (8 * width - 1))).reshape(-1, channels)
