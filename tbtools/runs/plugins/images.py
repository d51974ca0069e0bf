"""Pictures, still and animated."""

from __future__ import annotations

import base64
import io
import struct
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import MissingExtra, UndecodablePayload
from tbtools.runs.plugins.tensors import tensor_to_numpy, wrong_tensor
from tbtools.runs.plugins.values import POINT_COLUMNS, decoded, none_in, rows_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from PIL.Image import Image as PillowImage

    from tbtools.runs.plugins.values import StoredValue, Undecodable

# The pixels of all frames of a picture together that may be decoded: where Pillow begins to warn
# of decompression bombs, a quarter of a gibibyte of RGB.
MAX_PIXELS = 1024**3 // 4 // 3

# Only these are decoded and shown: what TensorBoard shows, and WebP. Pillow knows many more, some
# of which start other programs.
_SIGNATURES = (
    ("png", 0, b"\x89PNG\r\n\x1a\n"),
    ("jpeg", 0, b"\xff\xd8\xff"),
    ("gif", 0, b"GIF87a"),
    ("gif", 0, b"GIF89a"),
    ("webp", 8, b"WEBP"),
    ("bmp", 0, b"BM"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Image:
    """A picture as it was stored.

    Attributes:
        data: The encoded bytes: `pathlib.Path("x.png").write_bytes(image.data)` saves it.
        width: In pixels, as the event file says; what is encoded may differ, and `to_pil` and
            `to_numpy` show what is encoded.
        height: Likewise.
    """

    data: bytes
    width: int
    height: int

    @property
    def format(self) -> str:
        """What the bytes begin like: png, jpeg, gif, webp, bmp, or else unknown."""
        for name, offset, signature in _SIGNATURES:
            if self.data.startswith(signature, offset):
                return name
        return "unknown"

    def to_pil(self) -> PillowImage:
        """The decoded picture; of an animation its first frame, from which `seek` goes on.

        Raises:
            MissingExtra: Pillow is not installed.
            UndecodablePayload: The bytes are no picture of a known `format`, are damaged, or have
                more than `MAX_PIXELS` pixels in all frames together.
        """
        picture = _open(self.data, self.format)
        with _pillow_errors(self.format):
            picture.load()
        return picture

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """The decoded picture as an array.

        Returns:
            uint8 of shape (height, width, channels), of an animation (frames, height, width,
            channels). Channels are 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA). A grey picture
            of 16 bits is uint16.

        Raises:
            MissingExtra: Pillow is not installed.
            UndecodablePayload: As `to_pil`.
        """
        picture = _open(self.data, self.format)
        with _pillow_errors(self.format):
            frames = _frames(picture)
        return frames if getattr(picture, "is_animated", False) else frames[0]

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows: the picture as it is, without decoding it here."""
        bundle = {"text/plain": repr(self)}
        if self.format != "unknown":
            bundle[f"image/{self.format}"] = base64.b64encode(self.data).decode("ascii")
        return bundle

    def __repr__(self) -> str:
        return f"<Image {self.format} {self.width}x{self.height}, {len(self.data)} bytes>"


def images(value: StoredValue) -> list[Image]:
    """The pictures of a value, of which there may be several.

    A value is an `image` (one picture) or a tensor of strings: width, height, pictures.

    Raises:
        UndecodablePayload: It is neither.
    """
    if value.message.WhichOneof("value") == "image":
        stored = value.message.image
        return [Image(stored.encoded_image_string, stored.width, stored.height)]
    strings = tensor_to_numpy(value.tensor)
    if strings.dtype != object or strings.ndim != 1 or len(strings) < 2:
        raise wrong_tensor("pictures", strings)
    width, height = (_size(text) for text in strings[:2])
    return [Image(data, width, height) for data in strings[2:]]


def image_files(value: StoredValue) -> list[tuple[str, bytes]]:
    """The pictures of a value as files: ending and content of each.

    Raises:
        UndecodablePayload: As `images`.
    """
    endings = {"jpeg": "jpg", "unknown": "bin"}
    return [(endings.get(each.format, each.format), each.data) for each in images(value)]


def images_frame(
    values: Iterable[StoredValue], problems: list[Undecodable] | None = None
) -> pd.DataFrame:
    """Pictures; none is decoded for the frame.

    Args:
        values: The values.
        problems: As for `values.decoded`.

    Returns:
        One row a picture: tag, step, wall_time, index (its place among those of its value),
        width, height (pixels, as stored), format, image (an `Image`).

    Raises:
        UndecodablePayload: A value holds no pictures.
    """
    rows = [
        (*value.point, index, image.width, image.height, image.format, image)
        for value, found in decoded(values, images, problems)
        for index, image in enumerate(found)
    ]
    dtypes = {
        **POINT_COLUMNS,
        "index": "int64",
        "width": "int64",
        "height": "int64",
        "format": "category",
        "image": "object",
    }
    return rows_frame(rows, dtypes)


def _size(text: bytes) -> int:
    # Nine digits: int() itself takes signs, spaces and underscores, and any length.
    if not text.isdigit() or len(text) > 9:
        raise UndecodablePayload(f"picture of size {text[:20]!r}")
    return int(text)


@contextmanager
def _pillow_errors(name: str) -> Iterator[None]:
    """Makes an `UndecodablePayload` of what Pillow raises at damaged or immense pictures."""
    try:
        from PIL.Image import DecompressionBombError, DecompressionBombWarning
    except ImportError as error:
        raise MissingExtra("decoding pictures", "image") from error
    try:
        yield
    except (DecompressionBombError, DecompressionBombWarning) as error:
        raise UndecodablePayload(f"{name} picture too large to decode: {error}") from error
    except (OSError, EOFError, SyntaxError, ValueError, IndexError, struct.error) as error:
        raise UndecodablePayload(f"{name} picture that cannot be decoded: {error}") from error


def _open(data: bytes, name: str) -> PillowImage:
    if name == "unknown":
        raise UndecodablePayload(none_in(data, "picture of a known format"))
    with _pillow_errors(name):
        import PIL.Image

        picture = PIL.Image.open(io.BytesIO(data), formats=[name])
        width, height, frames = picture.width, picture.height, getattr(picture, "n_frames", 1)
        if name == "gif":
            width, height = _gif_canvas(data)
        pixels = width * height * frames
    if pixels > MAX_PIXELS:
        raise UndecodablePayload(f"{name} picture of {pixels} pixels; up to {MAX_PIXELS} are read")
    return picture


def _gif_canvas(data: bytes) -> tuple[int, int]:
    """What all frames of a GIF span: Pillow's canvas grows where one is beyond the screen."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = 13 + _palette_bytes(flags)
    with suppress(IndexError, struct.error):  # it ends there, for Pillow too
        while (kind := data[position]) != ord(";"):
            position += 1
            if kind == ord(","):
                left, top, own_width, own_height, flags = struct.unpack_from("<4HB", data, position)
                width, height = max(width, left + own_width), max(height, top + own_height)
                position += 9 + _palette_bytes(flags) + 1
            elif kind == ord("!"):
                position += 1
            else:  # as Pillow passes over what it does not know
                continue
            while size := data[position]:
                position += 1 + size
            position += 1
    return width, height


def _palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 128 else 0


def _frames(picture: PillowImage) -> np.ndarray[Any, Any]:
    """All frames, stacked: (frames, height, width, channels)."""
    mode = _array_mode(picture)
    count = getattr(picture, "n_frames", 1)
    first = _pixels(picture, mode)
    # Not stacked from a list: that would hold all frames twice.
    frames = np.empty((count, *first.shape), first.dtype)
    frames[0] = first
    for index in range(1, count):
        picture.seek(index)
        frames[index] = _pixels(picture, mode)
    return frames


def _pixels(picture: PillowImage, mode: str) -> np.ndarray[Any, Any]:
    pixels = np.array(picture if mode == picture.mode else picture.convert(mode))
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels


def _array_mode(picture: PillowImage) -> str:
    """The Pillow mode in which the picture becomes an array, that of all frames of an animation."""
    if picture.mode.startswith("I"):
        return "I;16"
    transparent = "transparency" in picture.info or picture.mode in ("LA", "RGBA")
    grey = picture.mode in ("1", "L", "LA") and not getattr(picture, "is_animated", False)
    return {
        (True, False): "L",
        (True, True): "LA",
        (False, False): "RGB",
        (False, True): "RGBA",
    }[grey, transparent]
