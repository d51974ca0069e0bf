"""Pictures of a classifier: tiles, a confusion matrix, the loss as a landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import nn

CELL = 28
"""Pixels of a confusion matrix's cell."""

PAPER = np.array([255, 255, 255])
INK = np.array([31, 78, 121])
"""Colours of a count of nothing, and of all: apart in brightness, not only in hue."""


def tiles(images: torch.Tensor, columns: int) -> NDArray[np.uint8]:
    """Pictures side by side, with a line of one pixel between them.

    Args:
        images: (count, height, width); the smallest value is black, the largest white.
        columns: Pictures in a row.

    Returns:
        (rows * (height + 1) - 1, columns * (width + 1) - 1).
    """
    count, height, width = images.shape
    rows = -(-count // columns)
    low, high = images.min(), images.max()
    scaled = ((images - low) / (high - low).clamp(min=1e-12) * 255).to(torch.uint8).numpy()
    sheet = np.zeros((rows * (height + 1), columns * (width + 1)), dtype=np.uint8)
    for number, image in enumerate(scaled):
        top, left = number // columns * (height + 1), number % columns * (width + 1)
        sheet[top : top + height, left : left + width] = image
    return sheet[:-1, :-1]


def confusion(labels: torch.Tensor, predictions: torch.Tensor, classes: int) -> torch.Tensor:
    """How often each class (row) was taken for each (column): (classes, classes) of int64."""
    pairs = labels * classes + predictions
    return torch.bincount(pairs, minlength=classes * classes).view(classes, classes)


def confusion_picture(matrix: torch.Tensor) -> NDArray[np.uint8]:
    """A confusion matrix with its counts: rows are the truth, columns what was predicted.

    Args:
        matrix: (classes, classes) of int64. A cell's colour is its share of its row.

    Returns:
        (height, width, 3): a row of column numbers, a column of row numbers, and the cells.
    """
    from PIL import Image, ImageDraw

    classes = len(matrix)
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    size = (classes + 1) * CELL
    image = Image.new("RGB", (size, size), tuple(PAPER.tolist()))
    draw = ImageDraw.Draw(image)

    def write(text: str, row: int, column: int, colour: str) -> None:
        center = ((column + 0.5) * CELL, (row + 0.5) * CELL)
        draw.text(center, text, fill=colour, anchor="mm")

    for row in range(classes):
        write(str(row), row + 1, 0, "black")
        write(str(row), 0, row + 1, "black")
        for column in range(classes):
            share = float(shares[row, column])
            left, top = (column + 1) * CELL, (row + 1) * CELL
            colour = tuple(np.rint(PAPER + share * (INK - PAPER)).astype(int).tolist())
            draw.rectangle((left, top, left + CELL - 2, top + CELL - 2), fill=colour)
            count = int(matrix[row, column])
            if count:
                write(str(count), row + 1, column + 1, "white" if share > 0.5 else "black")
    return np.asarray(image)


def landscape(
    model: nn.Module,
    loss: Callable[[], float],
    points: int,
    radius: float,
    generator: torch.Generator,
) -> NDArray[np.float32]:
    """The loss around the weights, along two random directions (Li et al. 2018).

    A direction is scaled, parameter by parameter, to the norm of the weights, so that flat and
    sharp do not depend on how large these are.

    Args:
        model: Its weights are moved, and put back.
        loss: Computes the loss of the model as it is.
        points: How many along each direction.
        radius: How far, as a share of the weights' norm.
        generator: On the CPU.

    Returns:
        (points, points) of losses; the weights themselves are in the middle.
    """
    weights = [each.detach().clone() for each in model.parameters()]
    directions = [[_direction(each, generator) for each in weights] for _ in range(2)]
    steps = torch.linspace(-radius, radius, points)
    heights = np.empty((points, points), dtype=np.float32)
    with torch.no_grad():
        for row, first in enumerate(steps.tolist()):
            for column, second in enumerate(steps.tolist()):
                _set(
                    model,
                    [
                        weight + first * one + second * two
                        for weight, one, two in zip(weights, *directions, strict=True)
                    ],
                )
                heights[row, column] = loss()
        _set(model, weights)
    return heights


def surface(
    heights: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.int32]]:
    """A grid of heights as a mesh from -1 to 1 in all directions.

    Args:
        heights: (rows, columns); shown by their logarithm, for losses span orders of magnitude.

    Returns:
        Vertices (1, count, 3), their colours (1, count, 3) from low to high, and triangles
        (1, faces, 3) as numbers of vertices.
    """
    rows, columns = heights.shape
    logarithms = np.log(np.maximum(np.nan_to_num(heights, nan=0.0, posinf=1e30), 1e-12))
    low, high = logarithms.min(), logarithms.max()
    levels = (logarithms - low) / (high - low or 1)
    across, along = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows))
    vertices = np.stack([across, along, 2 * levels - 1], axis=-1).reshape(1, -1, 3)
    colours = np.rint(INK + levels[..., None] * (PAPER - INK)).reshape(1, -1, 3)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1)
    triangles = np.concatenate(
        [
            np.stack([corner, corner + 1, corner + columns], axis=-1),
            np.stack([corner + 1, corner + columns + 1, corner + columns], axis=-1),
        ]
    )
    return vertices.astype(np.float32), colours.astype(np.uint8), triangles[None].astype(np.int32)


def _direction(weight: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    random = torch.randn(weight.shape, generator=generator).to(weight.device)
    scale: torch.Tensor = weight.norm() / random.norm().clamp(min=1e-12)
    return random * scale


def _set(model: nn.Module, values: Sequence[torch.Tensor]) -> None:
    for parameter, value in zip(model.parameters(), values, strict=True):
        parameter.copy_(value)
