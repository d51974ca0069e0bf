"""A pretrained language model learns another domain, whole or by low-rank adapters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import torch

from reference_training import checkpoint
from reference_training.config import Option, TrainConfig
from reference_training.data.text import Vocabulary, read_corpus
from reference_training.errors import CheckpointError
from reference_training.models import architecture, build
from reference_training.models.lora import adapt
from reference_training.models.transformer import Transformer
from reference_training.recipes.language import LanguageTask, validation_loss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reference_training.checkpoint import Checkpoint
    from reference_training.distributed import World

BASE_LOSS = "val/base_loss"
"""The loss on what the model was pretrained on: how much of it is forgotten."""


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig(TrainConfig):
    """Options of the recipe."""

    checkpoint: Annotated[
        Path, Option("what pretrain made: a checkpoint, or the folder of its run")
    ]
    adapter: Annotated[
        str,
        Option(
            "none trains all weights; lora trains low-rank adapters and leaves the rest as it is",
            choices=("none", "lora"),
        ),
    ] = "none"
    rank: Annotated[int, Option("of the adapters", minimum=1)] = 8
    corpus: Annotated[
        Path | None, Option("a text file (default: the English of pydoc's help topics)")
    ] = None
    corpus_bytes: Annotated[int, Option("bytes of it to use at most; 0 is all", minimum=0)] = 0
    steps: Annotated[int, Option("optimizer steps", minimum=1, may_change=True)] = 200
    validation_windows: Annotated[
        int, Option("samples that a validation loss is the mean of", minimum=1, may_change=True)
    ] = 64
    batch_size: int = 16
    warmup_steps: int = 20
    clip: float = 1.0
    eval_every: int = 50
    checkpoint_every: int = 100


class Finetune(LanguageTask):
    """A checkpoint's model goes on with another corpus; validation tells both domains apart."""

    def __init__(self, config: FinetuneConfig) -> None:
        base = checkpoint.load(config.checkpoint)
        model, vocabulary = pretrained(base)
        corpus = read_corpus(
            config.corpus, config.corpus_bytes, vocabulary=vocabulary, otherwise="topics"
        )
        earlier = base.config["corpus"]
        self._base_corpus = read_corpus(
            Path(earlier) if earlier else None, base.config["corpus_bytes"], vocabulary=vocabulary
        )
        torch.manual_seed(config.seed)
        rank = config.rank if config.adapter == "lora" else 0
        if rank:
            adapt(model, rank)
        self.architecture = architecture(model, lora_rank=rank)
        super().__init__(
            model,
            corpus,
            batch_size=config.batch_size,
            steps=config.steps,
            seed=config.seed,
            validation_windows=config.validation_windows,
        )
        self._base_step = base.step

    def describe(self) -> Mapping[str, Any]:
        """Also what it was pretrained on."""
        return {
            **super().describe(),
            "pretrained": f"{self._base_step} steps on {self._base_corpus.name}",
        }

    def evaluate(self, world: World) -> dict[str, float]:
        """The loss on the new domain, and on the old."""
        old = validation_loss(
            self.model,
            self._base_corpus.held_out,
            self._validation_windows,
            self._batch_size,
            world,
        )
        return {**super().evaluate(world), BASE_LOSS: old}

    def state_dict(self) -> dict[str, Any]:
        """What the tokens mean."""
        return {"characters": self.corpus.vocabulary.characters}


def pretrained(base: Checkpoint) -> tuple[Transformer, Vocabulary]:
    """The model of a checkpoint, and what its tokens mean.

    Raises:
        CheckpointError: It is not one of ``pretrain``.
    """
    model = build(base.architecture)
    if base.recipe != "pretrain" or not isinstance(model, Transformer):
        raise CheckpointError(f"{base.path} is of {base.recipe}; one of pretrain is needed")
    model.load_state_dict(base.model)
    return model, Vocabulary(base.task["characters"])
