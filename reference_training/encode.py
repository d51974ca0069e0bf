"""Sounds and moving pictures, encoded with what is at hand and logged."""

from __future__ import annotations

import io
import math
import wave
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from reference_training.runlog import Log

SAMPLE_RATE = 8000
"""Samples a second; enough for `HIGHEST`."""

LOWEST, HIGHEST = 220.0, 1760.0
"""Hz of the lowest and the highest loss: three octaves."""

SECONDS = 2.0
"""How long a whole training sounds."""


def loss_sound(losses: Sequence[float]) -> NDArray[np.float32]:
    """A training as a tone that falls as its loss falls.

    A loss curve is heard in two seconds without looking: a healthy one glides down and levels off,
    a spike chirps, a divergence climbs, and a loss that is not finite is silent.

    Args:
        losses: In the order of their steps.

    Returns:
        (samples,) from -1 to 1.
    """
    values = np.asarray(losses, dtype=np.float64)
    count = int(SAMPLE_RATE * SECONDS)
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(count, dtype=np.float32)
    low, high = values[finite].min(), values[finite].max()
    heights = np.where(finite, values - low, 0) / (high - low or 1)
    at = np.arange(count) * len(values) // count
    pitches = LOWEST * 2 ** (heights * math.log2(HIGHEST / LOWEST))
    phase = 2 * np.pi * np.cumsum(pitches[at]) / SAMPLE_RATE
    return (0.5 * np.sin(phase) * finite[at]).astype(np.float32)


def add_sound(log: Log, tag: str, samples: NDArray[np.float32], step: int) -> None:
    """Logs a sound as 16-bit WAV.

    Args:
        log: The run's log.
        tag: Its tag.
        samples: (samples,) from -1 to 1, at `SAMPLE_RATE`.
        step: Optimizer steps done.
    """
    encoded = io.BytesIO()
    with wave.open(encoded, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    fields = {
        "sample_rate": SAMPLE_RATE,
        "num_channels": 1,
        "length_frames": len(samples),
        "encoded_audio_string": encoded.getvalue(),
        "content_type": "audio/wav",
    }
    log.media(tag, "audio", fields, step)


def add_movie(
    log: Log, tag: str, frames: Sequence[NDArray[np.uint8]], seconds: float, step: int
) -> None:
    """Logs a moving picture as GIF, which TensorBoard shows among the images.

    Args:
        log: The run's log.
        tag: Its tag.
        frames: Each (height, width) or (height, width, 3).
        seconds: How long a frame stays.
        step: Optimizer steps done.
    """
    from PIL import Image

    pictures = [Image.fromarray(frame) for frame in frames]
    encoded = io.BytesIO()
    pictures[0].save(
        encoded,
        "GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=round(1000 * seconds),
        loop=0,
    )
    fields = {
        "height": pictures[0].height,
        "width": pictures[0].width,
        "colorspace": len(pictures[0].getbands()),
        "encoded_image_string": encoded.getvalue(),
    }
    log.media(tag, "image", fields, step)
