"""A multilayer perceptron."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence


class Perceptron(nn.Module):
    """Linear layers with ReLU between them.

    Args:
        widths: How many values go in, are between, and come out: ``[784, 256, 128, 10]`` has three
            linear layers.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.layers = nn.ModuleList(nn.Linear(wide, next_) for wide, next_ in pairwise(widths))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Maps (batch, widths[0]) to (batch, widths[-1]); what comes out is not squashed."""
        return self.layers[-1](self.hidden(inputs))  # type: ignore[no-any-return]

    def hidden(self, inputs: torch.Tensor) -> torch.Tensor:
        """What the last layer sees: (batch, widths[-2])."""
        for layer in self.layers[:-1]:
            inputs = torch.relu(layer(inputs))
        return inputs
