"""The models, each rebuilt from the plain dictionary that a checkpoint carries."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reference_training.errors import CheckpointError
from reference_training.models.lora import adapt
from reference_training.models.perceptron import Perceptron
from reference_training.models.transformer import Transformer, TransformerShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn


def architecture(model: Perceptron | Transformer, lora_rank: int = 0) -> dict[str, Any]:
    """What `build` needs to make the model anew, in values that JSON can hold."""
    if isinstance(model, Perceptron):
        return {"kind": "perceptron", "widths": list(model.widths)}
    return {"kind": "transformer", **asdict(model.shape), "lora_rank": lora_rank}


def build(made_of: Mapping[str, Any]) -> nn.Module:
    """A model with random weights of the architecture that a checkpoint names.

    Raises:
        CheckpointError: The checkpoint names none that is known here.
    """
    shape = dict(made_of)
    kind = shape.pop("kind", None)
    rank = shape.pop("lora_rank", 0)
    if kind == "perceptron":
        return Perceptron(shape["widths"])
    if kind == "transformer":
        model = Transformer(TransformerShape(**shape))
        if rank:
            adapt(model, rank)
        return model
    raise CheckpointError(f"the checkpoint's architecture {kind!r} is not known")
