"""Sounds."""

from __future__ import annotations

import base64
import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tbtools.errors import UndecodablePayload
from tbtools.runs.plugins.tensors import tensor_to_numpy, wrong_tensor
from tbtools.runs.plugins.values import POINT_COLUMNS, decoded, rows_frame
from tbtools.runs.plugins.wav import is_wav, parse_wav

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
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
        """The samples of a WAV file of integers or floats.

        Returns:
            float32 of shape (frames, channels); integers are scaled to [-1, 1], floats are as they
            are, mostly in it.

        Raises:
            UndecodablePayload: The bytes are no WAV file, or hold neither.
        """
        return parse_wav(self.data).samples()

    def _repr_html_(self) -> str | None:
        """A player, for notebooks; None if the bytes are no WAV, whatever the content type says."""
        if not is_wav(self.data):
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
    if is_wav(data):
        with suppress(UndecodablePayload):  # to_numpy says what is wrong
            sound = parse_wav(data)
            rate, channels, frames = sound.rate, sound.channels, sound.frames
    return Audio(data, _sniffed(data), float(rate), frames, channels, text)


def _sniffed(data: bytes) -> str:
    return _WAV if is_wav(data) else _OTHER
