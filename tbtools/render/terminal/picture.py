"""Pictures in characters: two pixels a cell where there are colours, else signs of grey."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.render.terminal.heatmap import ASCII_SHADES, SHADES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.render.terminal.chart import Cells

    Pixels = NDArray[np.uint8]

# Of 256 values: finer differences than a cell shows would only make more to send.
_STEP = 8


def small_picture(image: Any, most: int) -> Pixels:
    """A decoded picture, made no larger than some pixels either way.

    Args:
        image: Of Pillow.
        most: Pixels.

    Returns:
        uint8, shape (height, width, 3); what is transparent is grey.
    """
    from PIL import Image

    if image.mode.startswith("I"):  # grey of 16 bits, which Pillow neither shrinks nor converts
        image = Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
    image.thumbnail((most, most))
    whole = image.convert("RGBA")
    behind = Image.new("RGBA", whole.size, (127, 127, 127, 255))
    return np.asarray(Image.alpha_composite(behind, whole).convert("RGB"))


def picture_rows(
    pixels: Pixels, width: int, height: int, *, ascii_only: bool, colors: bool
) -> list[Cells]:
    """A picture in cells, as large as there is room for; a cell is twice as high as wide.

    Args:
        pixels: uint8, shape (height, width, 3).
        width: In cells.
        height: In cells.
        ascii_only: Whether there are only ASCII's signs.
        colors: Whether there are many colours.
    """
    own_height, own_width = pixels.shape[:2]
    scale = min(width / own_width, 2 * height / own_height)
    columns = max(1, min(width, round(own_width * scale)))
    lines = max(2, min(2 * height, round(own_height * scale)))
    lines += lines % 2
    seen = _resampled(pixels, lines, columns)
    if colors and not ascii_only:
        seen = seen // _STEP * _STEP
        return [_halves(seen[row], seen[row + 1]) for row in range(0, lines, 2)]
    signs = " " + (ASCII_SHADES if ascii_only else SHADES)
    # Luma after ITU-R BT.601; light is drawn.
    grey = seen.reshape(lines // 2, 2, columns, 3).mean(axis=1) @ [0.299, 0.587, 0.114]
    place = np.minimum((grey / 256 * len(signs)).astype(int), len(signs) - 1)
    return [[("".join(signs[each] for each in row), "")] for row in place]


def _resampled(pixels: Pixels, height: int, width: int) -> NDArray[np.int64]:
    """The mean of the pixels below each new one; shape (height, width, 3)."""
    own_height, own_width = pixels.shape[:2]
    rows = np.arange(height) * own_height // height
    columns = np.arange(width) * own_width // width
    whole = pixels.astype(np.int64)
    if height <= own_height:
        counts = np.diff(np.append(rows, own_height))
        whole = np.add.reduceat(whole, rows, axis=0) // counts[:, None, None]
    else:
        whole = whole[rows]
    if width <= own_width:
        counts = np.diff(np.append(columns, own_width))
        return np.add.reduceat(whole, columns, axis=1) // counts[None, :, None]
    return whole[:, columns]


def _halves(upper: NDArray[np.int64], lower: NDArray[np.int64]) -> Cells:
    pairs = zip(_names(upper), _names(lower), strict=True)
    return [("▀" * len(list(same)), f"{a} on {b}") for (a, b), same in groupby(pairs)]


def _names(pixels: NDArray[np.int64]) -> list[str]:
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in pixels.tolist()]
