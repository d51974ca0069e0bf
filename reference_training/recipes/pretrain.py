"""A language model from scratch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - evaluated by config.option_of
from typing import Annotated, Any

import torch

from reference_training.config import Option, TrainConfig
from reference_training.data.text import read_corpus
from reference_training.models import architecture
from reference_training.models.transformer import SIZES, VOCABULARY, Transformer, TransformerShape
from reference_training.recipes.language import LanguageTask


@dataclass(frozen=True, kw_only=True)
class PretrainConfig(TrainConfig):
    """Options of the recipe."""

    size: Annotated[str, Option("the model's size", choices=tuple(SIZES))] = "small"
    level: Annotated[str, Option("what a token is", choices=("byte", "character"))] = "byte"
    corpus: Annotated[
        Path | None, Option("a text file (default: the source code of Python's standard library)")
    ] = None
    corpus_bytes: Annotated[int, Option("bytes of it to use at most; 0 is all", minimum=0)] = (
        4_000_000
    )
    dropout: Annotated[float, Option("fraction of values dropped in training", minimum=0)] = 0.0
    steps: Annotated[int, Option("optimizer steps", minimum=1, may_change=True)] = 600
    validation_windows: Annotated[
        int, Option("samples that a validation loss is the mean of", minimum=1, may_change=True)
    ] = 64
    batch_size: int = 16
    learning_rate: float = 2e-3
    warmup_steps: int = 50
    weight_decay: float = 0.1
    clip: float = 1.0
    eval_every: int = 100
    checkpoint_every: int = 100

    def problems(self) -> list[str]:
        """Also what cannot be of the model."""
        found = super().problems()
        if self.dropout >= 1:
            found.append(f"--dropout {self.dropout:g} leaves nothing")
        return found


class Pretrain(LanguageTask):
    """A transformer with random weights learns a corpus."""

    def __init__(self, config: PretrainConfig) -> None:
        corpus = read_corpus(config.corpus, config.corpus_bytes, config.level)
        torch.manual_seed(config.seed)
        shape = TransformerShape(
            vocabulary=VOCABULARY.get(config.size, len(corpus.vocabulary)),
            dropout=config.dropout,
            **SIZES[config.size],
        )
        model = Transformer(shape)
        self.architecture = architecture(model)
        super().__init__(
            model,
            corpus,
            batch_size=config.batch_size,
            steps=config.steps,
            seed=config.seed,
            validation_windows=config.validation_windows,
        )

    def state_dict(self) -> dict[str, Any]:
        """What the tokens mean: without it the model cannot be used."""
        return {"characters": self.corpus.vocabulary.characters}
