"""What each update of the weights is to be: its learning rate, and the longest gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reference_training.config import TrainConfig


@dataclass(frozen=True)
class Update:
    """An update of the weights.

    Attributes:
        learning_rate: Its learning rate.
        clip: The largest norm of its gradient; 0 is no limit.
    """

    learning_rate: float
    clip: float


def schedule(config: TrainConfig, total_steps: int) -> Callable[[int], Update]:
    """The update of each step, which depends on the step alone: a resumed run needs no state of it.

    Args:
        config: Gives the rate's peak, warmup, form and end, and the clip.
        total_steps: The last step; the first is 1.
    """
    return lambda step: Update(learning_rate(step, total_steps, config), config.clip)


def learning_rate(step: int, total_steps: int, config: TrainConfig) -> float:
    """The learning rate of a step: warmup, then half a cosine (Loshchilov and Hutter 2017) or flat.

    Args:
        step: The step about to be taken; the first is 1.
        total_steps: The last step.
        config: Gives the peak, the warmup, the form and the end.
    """
    if step <= config.warmup_steps:
        return config.learning_rate * step / config.warmup_steps
    if config.schedule == "constant":
        return config.learning_rate
    progress = (step - config.warmup_steps) / max(1, total_steps - config.warmup_steps)
    end = config.final_learning_rate
    return config.learning_rate * (end + (1 - end) * (1 + math.cos(math.pi * progress)) / 2)
