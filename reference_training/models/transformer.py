"""A decoder-only transformer language model, of GPT-2's architecture (Radford et al. 2019)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

SIZES: dict[str, dict[str, int]] = {
    "tiny": {"layers": 2, "heads": 2, "width": 32, "context": 32},
    "small": {"layers": 4, "heads": 4, "width": 128, "context": 128},
    "gpt2": {"layers": 12, "heads": 12, "width": 768, "context": 1024},
}
"""Sizes by name. ``gpt2`` is the 124 million parameter model; its vocabulary is in `VOCABULARY`."""

VOCABULARY = {"gpt2": 50304}
"""Vocabulary of a size that does not take the corpus's own. GPT-2 has 50,257 tokens, rounded up to
a multiple of 64 for the matrix units. Bytes use 256 of them, but the model then has the published
model's number of parameters and cost, and its speed can be compared."""


@dataclass(frozen=True)
class TransformerShape:
    """The numbers that make a transformer.

    Attributes:
        vocabulary: How many tokens there are.
        context: The most tokens that it sees at once.
        layers: How many blocks.
        heads: Attention heads in a block.
        width: Size of a token's vector, a multiple of heads.
        dropout: The fraction of values dropped in training.
    """

    vocabulary: int
    context: int
    layers: int
    heads: int
    width: int
    dropout: float = 0.0


class Transformer(nn.Module):
    """The model: token and position vectors, blocks, a norm, and the token vectors again as output.

    Output and input share one matrix, which is used by name in `forward`, so that checkpoints, FSDP
    and safetensors see one parameter.
    """

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        self.shape = shape
        self.token_vectors = nn.Embedding(shape.vocabulary, shape.width)
        self.position_vectors = nn.Embedding(shape.context, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width)
        self.apply(_initialize)
        # The sum of 2 * layers residual branches keeps the variance of one (GPT-2, section 2.3).
        for block in self.blocks:
            for last in (block.attention.output, block.feed_forward.output):  # type: ignore[union-attr]
                nn.init.normal_(last.weight, std=0.02 / math.sqrt(2 * shape.layers))  # type: ignore[arg-type, union-attr]

    def forward(self, tokens: torch.Tensor, targets: torch.Tensor | None = None) -> torch.Tensor:
        """Predicts each next token.

        Args:
            tokens: (batch, length) of int64, length up to the shape's context.
            targets: The same, one token later; or None.

        Returns:
            Without targets the logits, (batch, length, vocabulary); with them the mean cross
            entropy in nats per token, a float32 scalar.
        """
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        stream = self.token_vectors(tokens) + self.position_vectors(positions)
        for block in self.blocks:
            stream = block(stream)
        logits = functional.linear(self.norm(stream), self.token_vectors.weight)
        if targets is None:
            return logits
        return functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())

    def flops_per_token(self) -> float:
        """Floating-point operations that training spends on a token, forward and backward.

        6 N + 12 L H Q T of Chowdhery et al. 2022 (PaLM), appendix B: N parameters without the
        position vectors, L layers, H heads of size Q, T tokens of context.
        """
        shape = self.shape
        parameters = sum(each.numel() for each in self.parameters())
        parameters -= self.position_vectors.weight.numel()
        return 6 * parameters + 12 * shape.layers * shape.width * shape.context

    @torch.no_grad()
    def generate(
        self, prompt: torch.Tensor, count: int, generator: torch.Generator, limit: int | None = None
    ) -> torch.Tensor:
        """Samples tokens one by one at temperature 1.

        The model always sees a whole context, padded behind the last token where its causal mask
        hides it: one shape, so that a compiled model is compiled once.

        Args:
            prompt: (length,) of int64, length at least 1.
            count: How many tokens to add.
            generator: On the CPU; training's own random numbers are not touched.
            limit: Only the first so many tokens of the vocabulary may come.

        Returns:
            (length + count,) of int64 on the CPU.
        """
        tokens = prompt.cpu()
        device = prompt.device
        for _ in range(count):
            window = tokens[-self.shape.context :]
            padded = functional.pad(window, (0, self.shape.context - len(window)))
            logits = self(padded[None].to(device))[0, len(window) - 1, :limit]
            chances = logits.float().softmax(-1).cpu()
            # A diverged model gives NaN, and there is nothing to choose from.
            if not torch.isfinite(chances).all():
                break
            chosen = torch.multinomial(chances, 1, generator=generator)
            tokens = torch.cat([tokens, chosen])
        return tokens


class Block(nn.Module):
    """Attention and a feed-forward net, each after a norm and added to the stream."""

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(shape.width)
        self.attention = Attention(shape)
        self.feed_forward_norm = nn.LayerNorm(shape.width)
        self.feed_forward = FeedForward(shape)

    def forward(self, stream: torch.Tensor) -> torch.Tensor:
        """Maps (batch, length, width) to the same."""
        stream = stream + self.attention(self.attention_norm(stream))
        return stream + self.feed_forward(self.feed_forward_norm(stream))  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Causal self-attention with several heads; on CUDA a flash attention kernel."""

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.dropout = shape.dropout
        self.input = nn.Linear(shape.width, 3 * shape.width)
        self.output = nn.Linear(shape.width, shape.width)

    def forward(self, stream: torch.Tensor) -> torch.Tensor:
        """Maps (batch, length, width) to the same."""
        batch, length, width = stream.shape
        query, key, value = (
            part.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
            for part in self.input(stream).split(width, dim=2)
        )
        mixed = functional.scaled_dot_product_attention(
            query, key, value, dropout_p=self.dropout if self.training else 0.0, is_causal=True
        )
        mixed = mixed.transpose(1, 2).reshape(batch, length, width)
        return functional.dropout(self.output(mixed), self.dropout, self.training)


class FeedForward(nn.Module):
    """Two linear layers with GELU between them, four times as wide inside."""

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        self.dropout = shape.dropout
        self.input = nn.Linear(shape.width, 4 * shape.width)
        self.output = nn.Linear(4 * shape.width, shape.width)

    def forward(self, stream: torch.Tensor) -> torch.Tensor:
        """Maps (batch, length, width) to the same."""
        inside = functional.gelu(self.input(stream), approximate="tanh")
        return functional.dropout(self.output(inside), self.dropout, self.training)


def _initialize(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
