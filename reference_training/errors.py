"""What can go wrong in training, each as its own class.

Every error is a `TrainingError` and also the builtin error that one would expect::

    TrainingError
    ├── ConfigError(ValueError)           the options do not make sense; has all the problems
    ├── MissingData(FileNotFoundError)    the data or the package that carries it is not here
    ├── CheckpointError(ValueError)       a checkpoint is missing, damaged, or of another training
    ├── RunExists(FileExistsError)        a run of this name is there and must not be mixed with
    ├── NonFiniteLoss(ArithmeticError)    the loss or its gradient is no number; has the step
    └── Diverged(RuntimeError)            the guard says that the training went wrong
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class TrainingError(Exception):
    """Base class of every error that the trainer raises on purpose."""


class ConfigError(TrainingError, ValueError):
    """The options do not make sense.

    Attributes:
        problems: One sentence for each mistake; all that could be found, not only the first.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


class MissingData(TrainingError, FileNotFoundError):
    """The data, or the package that carries it, is not on this machine."""


class CheckpointError(TrainingError, ValueError):
    """A checkpoint is missing, cannot be read, or belongs to another training."""


class RunExists(TrainingError, FileExistsError):
    """A run of this name exists already, and two trainings must not share one."""


class NonFiniteLoss(TrainingError, ArithmeticError):
    """The loss or its gradient is not a finite number.

    Attributes:
        step: The first optimizer step concerned. It was not taken: the weights are those of the
            step before.
    """

    def __init__(self, step: int) -> None:
        super().__init__(
            f"the loss or its gradient is not finite at step {step}; the step was not taken, "
            f"and the last checkpoint is sound. Lower --learning-rate or set --clip, then go on "
            f"with --resume auto"
        )
        self.step = step


class Diverged(TrainingError, RuntimeError):
    """The guard has stopped a training that went wrong."""
