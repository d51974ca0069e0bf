"""The learning rate of each step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_training.config import TrainConfig


def learning_rate(step: int, total_steps: int, config: TrainConfig) -> float:
    """The learning rate of a step: warmup, then half a cosine (Loshchilov and Hutter 2017) or flat.

    It depends on the step alone, so a resumed run needs no state of a scheduler.

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
