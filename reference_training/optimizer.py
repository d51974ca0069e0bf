"""The optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.utils import clip_grad_norm_, get_total_norm

from reference_training.distributed import full

if TYPE_CHECKING:
    from torch import nn


def adamw(model: nn.Module, learning_rate: float, weight_decay: float) -> torch.optim.AdamW:
    """AdamW in one kernel for all parameters that learn; with a weight decay of 0 it is Adam.

    Matrices decay; biases and norms, which have one dimension, do not (as GPT-2 was trained).

    Args:
        model: On its device, sharded already if it will be.
        learning_rate: The peak; the loop sets each step's.
        weight_decay: Of matrices.
    """
    learning = [each for each in model.parameters() if each.requires_grad]
    matrices = [each for each in learning if each.dim() >= 2]
    vectors = [each for each in learning if each.dim() < 2]
    groups = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=learning_rate, fused=True
    )


def clip_gradient(model: nn.Module, maximum: float) -> torch.Tensor:
    """Scales the gradient down to a norm.

    Args:
        model: With gradients.
        maximum: The largest norm; 0 only measures.

    Returns:
        The norm before, a scalar on the device; not finite if any gradient is not.
    """
    if maximum:
        return full(clip_grad_norm_(model.parameters(), maximum))
    gradients = [each.grad for each in model.parameters() if each.grad is not None]
    return full(get_total_norm(gradients))
