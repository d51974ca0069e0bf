"""What a recipe must say; the training loop does the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from torch import nn

    from reference_training.data.loader import Batch, Samples
    from reference_training.distributed import World
    from reference_training.meter import Point
    from reference_training.runlog import Log

LOSS = "loss"
LEARNING_RATE = "learning_rate"
GRAD_NORM = "grad_norm"
STEP_MS = "step_ms"
THROUGHPUT = "throughput"
MFU = "mfu"
MEMORY = "memory"
SEEN = "seen"

TAGS = {
    LOSS: "train/loss",
    LEARNING_RATE: "optim/learning_rate",
    GRAD_NORM: "optim/grad_norm",
    STEP_MS: "time/step_ms",
    MFU: "perf/mfu",
    MEMORY: "memory/peak_gib",
}
"""What the loop logs, with its tags: a group, a slash, a name in snake case with its unit."""


class Task:
    """A model, its data and what to make of them.

    Attributes:
        model: On the CPU when the task is made; the loop moves it.
        samples: What the batches are made of.
        total_steps: The last optimizer step.
        epoch_steps: Steps in which the data is seen once; at least 1.
        units: What is counted in a step: ``tokens`` or ``samples``.
        units_per_step: How many of them.
        tags: Tag by what the loop can log; what is not in it is not logged.
        metrics: Tags by which a run is judged.
        architecture: What `models.build` takes.
        fingerprint: Tells the data from other data.
    """

    model: nn.Module
    samples: Samples
    total_steps: int
    epoch_steps: int
    units: str = "samples"
    units_per_step: int
    tags: ClassVar[Mapping[str, str]] = {
        **TAGS,
        THROUGHPUT: "perf/samples_per_second",
        SEEN: "data/samples_seen",
    }
    metrics: ClassVar[Sequence[str]]
    architecture: Mapping[str, Any]
    fingerprint: str

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return next(self.model.parameters()).device

    def loss(self, module: nn.Module, batch: Batch) -> torch.Tensor:
        """The mean loss of a batch, a scalar.

        Args:
            module: The model, or what wraps it for several processes: call this one.
            batch: On the device.
        """
        raise NotImplementedError

    def flops_per_unit(self) -> float | None:
        """Operations that training spends on a unit, forward and backward; None if not known."""
        return None

    def describe(self) -> Mapping[str, Any]:
        """What a person should know about the model and the data, by name."""
        return {}

    def begin(self, log: Log) -> None:
        """Logs what is there before the first step."""

    def evaluate(self, world: World) -> Mapping[str, float]:
        """Scalars of the model as it is now, by tag; in evaluation mode, without gradients."""
        return {}

    def show(self, log: Log, step: int) -> None:
        """Logs pictures and the like of the model as it is now, after each evaluation."""

    def finish(self, log: Log, step: int, points: Sequence[Point]) -> None:
        """Logs what can be said at the end.

        Args:
            log: The run's log.
            step: The last step.
            points: Those that this process has logged, since the run began or was resumed.
        """

    def state_dict(self) -> dict[str, Any]:
        """What the task must remember in a checkpoint: tensors and plain values."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where `state_dict` was."""
