"""What a step gives, kept on the device until a point is due, and fetched late.

Reading a value from a CUDA device (``loss.item()``) makes the host wait until the device has caught
up, and the device then waits for the host's next kernel. So losses and gradient norms are added up
where they are; when a point is due, one small copy is started; and it is read when the next point
is due, long after it has arrived. On the CPU there is nothing to wait for, and it is read at once.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from reference_training.device import Clock

if TYPE_CHECKING:
    from reference_training.device import Compute, Lap
    from reference_training.distributed import World

NEVER = 0
"""As a step: none; the first step is 1."""


@dataclass(frozen=True)
class Point:
    """The steps since the last point, as one.

    Attributes:
        step: The last of them, or the first bad one.
        wall_time: When the host had sent it off, in seconds since the epoch.
        loss: Mean loss over the steps and the processes.
        grad_norm: Mean norm of the gradient before clipping, of the steps.
        learning_rate: That of the last step.
        steps: How many steps.
        seconds: How long they took on the device.
        bad_step: The first step with a loss or gradient that is not finite, or `NEVER`.
        stop: Whether any process was asked to stop.
    """

    step: int
    wall_time: float
    loss: float
    grad_norm: float
    learning_rate: float
    steps: int
    seconds: float
    bad_step: int
    stop: bool


@dataclass(frozen=True)
class _Sent:
    """A point on its way from the device."""

    step: int
    wall_time: float
    learning_rate: float
    steps: int
    lap: Lap
    values: torch.Tensor

    def arrive(self) -> Point:
        seconds = self.lap.seconds()  # on CUDA waits for an event behind the copy
        loss, grad_norm, bad_step, stop = self.values.tolist()
        return Point(
            step=int(bad_step) or self.step,
            wall_time=self.wall_time,
            loss=loss / self.steps,
            grad_norm=grad_norm / self.steps,
            learning_rate=self.learning_rate,
            steps=self.steps,
            seconds=seconds,
            bad_step=int(bad_step),
            stop=bool(stop),
        )


class Meter:
    """Adds up what steps give, and guards the weights against what is not finite.

    Args:
        compute: Where the values are.
        world: The processes; all of them must ask for a point at the same steps.
        guarded: Whether `guard` marks bad steps.
    """

    def __init__(self, compute: Compute, world: World, *, guarded: bool) -> None:
        self._device = compute.device
        self._world = world
        self._guarded = guarded
        self._sums = torch.zeros(2, device=self._device)
        self._bad_step = torch.zeros((), device=self._device)
        self._steps = 0
        self._clock = Clock(self._device)
        self._sent: deque[_Sent] = deque()

    def add(self, loss: torch.Tensor, grad_norm: torch.Tensor) -> None:
        """Adds a step's loss, this process's mean, and gradient norm: scalars on the device."""
        self._sums += torch.stack([loss.detach(), grad_norm.detach()])
        self._steps += 1

    def guard(
        self,
        step: int,
        loss: torch.Tensor,
        grad_norm: torch.Tensor,
        optimizer: torch.optim.Optimizer,
    ) -> None:
        """Keeps the optimizer from taking a step whose loss or gradient is not finite.

        The host does not know yet whether it is. But the fused optimizers take a flag on the
        device, which `torch.amp.GradScaler` uses for the same: where ``found_inf`` is not zero, the
        kernel leaves weights and moments as they are. Here it stays set from the first bad step on,
        so that the weights are those before it whenever the host gets to know.
        """
        if not self._guarded:
            return
        finite = torch.isfinite(loss.detach()) & torch.isfinite(grad_norm.detach())
        self._bad_step = torch.where(finite | (self._bad_step != NEVER), self._bad_step, step)
        optimizer.found_inf = (self._bad_step != NEVER).float()  # type: ignore[attr-defined]

    def send(self, step: int, learning_rate: float, *, stop: bool) -> None:
        """Ends the stretch of steps: starts the copy of their point, and does not wait for it.

        Args:
            step: The last step.
            learning_rate: Its learning rate.
            stop: Whether this process was asked to stop; the point then says so to all.
        """
        means = self._sums / self._world.size
        self._world.sum(means)
        marks = torch.stack([self._bad_step, torch.full_like(self._bad_step, float(stop))])
        self._world.maximum(marks)
        values = torch.cat([means, marks])
        if self._device.type == "cuda":
            arrived = torch.empty(4, pin_memory=True)
            arrived.copy_(values, non_blocking=True)
        else:
            arrived = values.cpu()
        self._sent.append(
            _Sent(step, time.time(), learning_rate, self._steps, self._clock.lap(), arrived)
        )
        self._sums.zero_()
        self._steps = 0

    def arrived(self) -> list[Point]:
        """The points that can be read without waiting: on CUDA all but the one just sent."""
        waiting = 1 if self._device.type == "cuda" else 0
        return [self._sent.popleft().arrive() for _ in range(len(self._sent) - waiting)]

    def drain(self) -> list[Point]:
        """All points that were sent; waits for the last."""
        return [self._sent.popleft().arrive() for _ in range(len(self._sent))]

    def bad_step(self) -> int:
        """The first bad step of any process so far, or `NEVER`; waits for the device."""
        bad_step = self._bad_step.clone()
        self._world.maximum(bad_step)
        return int(bad_step)

    def restart_clock(self) -> None:
        """Leaves what came since the last point, an evaluation say, out of the steps' time."""
        self._clock.restart()

    def state_dict(self) -> dict[str, Any]:
        """The stretch that is not ended yet, as the mean of the processes; all must ask for it."""
        means = self._sums / self._world.size
        self._world.sum(means)
        return {"sums": means.cpu(), "steps": self._steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on where `state_dict` was."""
        self._sums.copy_(state["sums"])
        self._steps = int(state["steps"])
