"""Low-rank adapters (Hu et al. 2021): a frozen matrix plus the product of two thin ones."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import nn
from torch.nn import functional

_Layer = TypeVar("_Layer", bound=nn.Module)

ALPHA = 16.0
"""The adapters' scale is ALPHA / rank, so that the learning rate need not follow the rank."""


class LowRank(nn.Module):
    """A linear layer that does not learn, with an adapter that does.

    At first the adapter adds nothing: one of its factors is zero.

    Args:
        base: The layer; its weight and bias are frozen.
        rank: Columns of the thin matrices.
    """

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.scale = ALPHA / rank
        self.down = nn.Parameter(torch.empty(rank, base.in_features))
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Maps (..., in) to (..., out)."""
        added = functional.linear(functional.linear(inputs, self.down), self.up)
        return self.base(inputs) + self.scale * added  # type: ignore[no-any-return]

    def merged(self) -> nn.Linear:
        """An ordinary layer that computes the same; the frozen one is changed to be it."""
        with torch.no_grad():
            self.base.weight += self.scale * self.up @ self.down
        return self.base


def adapt(model: nn.Module, rank: int) -> None:
    """Freezes a model and puts an adapter on each of its linear layers, in place."""
    model.requires_grad_(False)
    for parent, name, layer in _children(model, nn.Linear):
        setattr(parent, name, LowRank(layer, rank))


def merge(model: nn.Module) -> None:
    """Adds the adapters to the matrices they sit on, in place, and unfreezes the model."""
    for parent, name, layer in _children(model, LowRank):
        setattr(parent, name, layer.merged())
    model.requires_grad_(True)


def _children(model: nn.Module, kind: type[_Layer]) -> list[tuple[nn.Module, str, _Layer]]:
    return [
        (parent, name, child)
        for parent in list(model.modules())
        for name, child in parent.named_children()
        if isinstance(child, kind)
    ]
