"""The smallest example: a two-layer network learns random data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import torch
from torch.nn import functional

from reference_training.config import Option, TrainConfig
from reference_training.data.loader import Batch
from reference_training.data.streams import epoch_rows, generator
from reference_training.models import architecture
from reference_training.models.perceptron import Perceptron
from reference_training.task import LEARNING_RATE, LOSS, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

INPUTS, HIDDEN, SAMPLES = 10, 32, 256
NOISE = 0.1


@dataclass(frozen=True, kw_only=True)
class RegressionConfig(TrainConfig):
    """Options of the recipe."""

    batch_size: int = SAMPLES
    learning_rate: float = 1e-2
    checkpoint_every: int = 25
    epochs: Annotated[
        int, Option("how often the data is gone through", minimum=1, may_change=True)
    ] = 100


class Regression(Task):
    """Ten random numbers in, a noisy linear function of them out, mean squared error."""

    # The names that a beginner's script has; tools must cope with them, so one recipe uses them.
    tags: ClassVar[Mapping[str, str]] = {LOSS: "Loss/train", LEARNING_RATE: "Learning Rate"}
    metrics = ("Loss/train",)

    def __init__(self, config: RegressionConfig) -> None:
        torch.manual_seed(config.seed)
        self.model = Perceptron([INPUTS, HIDDEN, 1])
        self.architecture = architecture(self.model)
        self.samples = RandomData(config.batch_size, config.seed)
        self.epoch_steps = SAMPLES // config.batch_size
        self.total_steps = config.epochs * self.epoch_steps
        self.units_per_step = config.batch_size
        self.fingerprint = f"random {config.seed}"

    def loss(self, module: nn.Module, batch: Batch) -> torch.Tensor:
        """Mean squared error."""
        return functional.mse_loss(module(batch.inputs), batch.targets)


class RandomData:
    """Samples of a random linear function with noise.

    Args:
        batch_size: Samples in a batch.
        seed: The run's seed.
    """

    def __init__(self, batch_size: int, seed: int) -> None:
        random = generator(seed, "regression data")
        self._batch_size = batch_size
        self._seed = seed
        self._inputs = torch.randn(SAMPLES, INPUTS, generator=random)
        weights = torch.randn(INPUTS, 1, generator=random)
        noise = torch.randn(SAMPLES, 1, generator=random)
        self._targets = self._inputs @ weights + NOISE * noise

    def rows(self, step: int) -> torch.Tensor:
        """Which samples make up the batch of a step."""
        return epoch_rows(self._seed, SAMPLES, self._batch_size, step)

    def gather(self, rows: torch.Tensor) -> Batch:
        """These samples."""
        return Batch(self._inputs[rows], self._targets[rows])
