"""From rows to batches on the device: this process's share, in parts, prepared ahead of time."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reference_training.distributed import World

_Item = TypeVar("_Item")

AHEAD = 2
"""Batches prepared in advance: one that waits and one in the making hide the CPU's work behind the
device's, and more would only take memory."""


@dataclass(frozen=True)
class Batch:
    """Samples and what should come of them, with the samples along the first dimension."""

    inputs: torch.Tensor
    targets: torch.Tensor

    def pin(self) -> Batch:
        """The same in page-locked memory, from which a copy to CUDA does not make the host wait."""
        return Batch(self.inputs.pin_memory(), self.targets.pin_memory())

    def to(self, device: torch.device) -> Batch:
        """The same on a device; the copy runs beside the host where the memory is pinned."""
        return Batch(
            self.inputs.to(device, non_blocking=True), self.targets.to(device, non_blocking=True)
        )


class Samples(Protocol):
    """What batches are made of."""

    def rows(self, step: int) -> torch.Tensor:
        """Which samples make up the whole batch of a step, over all processes."""

    def gather(self, rows: torch.Tensor) -> Batch:
        """These samples, on the CPU."""


def batches(
    samples: Samples,
    steps: range,
    world: World,
    accumulate: int,
    device: torch.device,
) -> Iterator[list[Batch]]:
    """This process's share of each step's batch, as parts of equal size on the device.

    Process r of n takes the r-th n-th of the rows, so n processes together see the samples that one
    would see.

    Args:
        samples: Where they come from.
        steps: The steps to make batches for.
        world: The processes.
        accumulate: How many parts.
        device: Where the parts go. For CUDA a thread makes them ahead of time, in pinned memory.
    """

    def parts(step: int) -> list[Batch]:
        if device.type == "cuda":
            torch.cuda.set_device(device)  # of this thread; pinning would else use the first one
        share = samples.rows(step).chunk(world.size)[world.rank]
        made = [samples.gather(rows) for rows in share.chunk(accumulate)]
        return [batch.pin() for batch in made] if device.type == "cuda" else made

    made = ahead(parts, steps) if device.type == "cuda" else map(parts, steps)
    for step_parts in made:
        yield [batch.to(device) for batch in step_parts]


def ahead(make: Callable[[int], _Item], steps: range) -> Iterator[_Item]:
    """Makes the items in a thread, a few ahead of whoever takes them.

    An exception in the thread is raised where the item would have come.
    """
    made: queue.Queue[_Item | BaseException] = queue.Queue(maxsize=AHEAD)
    stopped = threading.Event()

    def put(item: _Item | BaseException) -> bool:
        while not stopped.is_set():
            try:
                made.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for step in steps:
                if not put(make(step)):
                    return
        except BaseException as error:  # noqa: BLE001 - raised again by whoever takes the item
            put(error)

    thread = threading.Thread(target=work, name="batches", daemon=True)
    thread.start()
    try:
        for _ in steps:
            item = made.get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()
