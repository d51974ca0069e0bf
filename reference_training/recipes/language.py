"""What pretraining and fine-tuning share: a language model, its validation, its samples."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from reference_training.data.streams import generator
from reference_training.data.text import Corpus, Windows
from reference_training.encode import add_sound, loss_sound
from reference_training.task import LOSS, SEEN, TAGS, THROUGHPUT, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from torch import nn

    from reference_training.data.loader import Batch
    from reference_training.distributed import World
    from reference_training.meter import Point
    from reference_training.models.transformer import Transformer
    from reference_training.runlog import Log

VALIDATION_LOSS = "val/loss"
SAMPLE_TOKENS = 200
"""Tokens of the text that is generated at each evaluation."""


class LanguageTask(Task):
    """A transformer learns to predict the next token of a corpus.

    Args:
        model: A `Transformer`, with adapters or without.
        corpus: What it learns.
        context: Tokens in a sample.
        batch_size: Samples in a batch, over all processes.
        steps: Optimizer steps.
        seed: The run's seed.
        validation_windows: Samples that a validation loss is the mean of.
    """

    units = "tokens"
    tags: ClassVar[Mapping[str, str]] = {
        **TAGS,
        THROUGHPUT: "perf/tokens_per_second",
        SEEN: "data/tokens_seen",
    }
    metrics = (VALIDATION_LOSS,)

    def __init__(
        self,
        model: Transformer,
        corpus: Corpus,
        *,
        batch_size: int,
        steps: int,
        seed: int,
        validation_windows: int,
    ) -> None:
        context = model.shape.context
        self.model: Transformer = model
        self.corpus = corpus
        self.samples = Windows(corpus.train, context, batch_size, seed)
        self.total_steps = steps
        self.units_per_step = batch_size * context
        self.epoch_steps = max(1, len(corpus.train) // self.units_per_step)
        self.fingerprint = corpus.fingerprint()
        self._seed = seed
        self._batch_size = batch_size
        self._validation_windows = validation_windows
        learns_whole = all(each.requires_grad for each in model.parameters())
        self._flops = model.flops_per_token() if learns_whole else None

    def loss(self, module: nn.Module, batch: Batch) -> torch.Tensor:
        """Cross entropy of the next token, in nats."""
        return module(batch.inputs, batch.targets)  # type: ignore[no-any-return]

    def flops_per_unit(self) -> float | None:
        """Of a token; not known where part of the model is frozen, for the formula counts it."""
        return self._flops

    def describe(self) -> Mapping[str, Any]:
        """Size, data, and the loss of a model that knows only how frequent each token is."""
        parameters = list(self.model.parameters())
        unit = self.corpus.vocabulary.unit
        return {
            "model": f"transformer, {_count(parameters):,} parameters",
            "learning": f"{_count(each for each in parameters if each.requires_grad):,} of them",
            "corpus": self.corpus.name,
            f"training {unit}s": f"{len(self.corpus.train):,}",
            f"validation {unit}s": f"{len(self.corpus.held_out):,}",
            "unigram entropy": f"{self.corpus.unigram_entropy():.4f} nats per {unit}",
        }

    def begin(self, log: Log) -> None:
        """Training and validation in one chart, and the speed in another."""
        log.writer.add_custom_scalars(
            {
                "loss": {"train and validation": ["Multiline", [self.tags[LOSS], VALIDATION_LOSS]]},
                "speed": {"throughput": ["Multiline", [self.tags[THROUGHPUT]]]},
            }
        )

    def evaluate(self, world: World) -> dict[str, float]:
        """The validation loss, in nats per token and in bits."""
        loss = validation_loss(
            self.model, self.corpus.held_out, self._validation_windows, self._batch_size, world
        )
        unit = self.corpus.vocabulary.unit
        return {VALIDATION_LOSS: loss, f"val/bits_per_{unit}": loss / math.log(2)}

    def show(self, log: Log, step: int) -> None:
        """A text that the model goes on with from the beginning of the validation part."""
        prompt = self.corpus.held_out[: self.model.shape.context // 4].long()
        tokens = self.model.generate(
            prompt.to(self.device),
            SAMPLE_TOKENS,
            generator(self._seed, "sample", step),
            limit=len(self.corpus.vocabulary),
        )
        decode = self.corpus.vocabulary.decode
        told, written = decode(tokens[: len(prompt)]), decode(tokens[len(prompt) :])
        log.writer.add_text(
            "samples/generated", f"{_code(told)}\n\nwent on:\n\n{_code(written)}", step
        )

    def finish(self, log: Log, step: int, points: Sequence[Point]) -> None:
        """The loss as sound."""
        add_sound(log, "loss/heard", loss_sound([point.loss for point in points]), step)


def validation_loss(
    model: Transformer, tokens: torch.Tensor, count: int, batch_size: int, world: World
) -> float:
    """The mean loss over samples spread evenly over a text; each process takes a share.

    Args:
        model: In evaluation mode.
        tokens: The text.
        count: How many samples; rounded up so that all batches are full and all shares equal.
        batch_size: Samples that go through the model at once, over all processes.
        world: The processes.
    """
    device = next(model.parameters()).device
    share = max(1, batch_size // world.size)
    together = share * world.size
    count = -(-count // together) * together
    windows = Windows(tokens, model.shape.context, share, seed=0)
    mine = windows.spread_rows(count)[world.rank :: world.size]
    total = torch.zeros((), device=device)
    for rows in torch.split(mine, share):
        batch = windows.gather(rows).to(device)
        total += model(batch.inputs, batch.targets)
    total /= len(mine) // share
    world.sum(total)
    return float(total) / world.size


def _count(parameters: Iterable[nn.Parameter]) -> int:
    return sum(each.numel() for each in parameters)


def _code(text: str) -> str:
    """Text as a Markdown code block, whatever is in it."""
    return "\n".join("    " + line for line in text.splitlines())
