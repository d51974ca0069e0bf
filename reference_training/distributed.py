"""Several processes: who this one is, what they sum, and how a model is spread over them.

``torchrun`` starts the processes and says by environment variables who is who
(https://docs.pytorch.org/docs/stable/elastic/run.html); without it there is one.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed
from torch import nn
from torch.distributed.tensor import DTensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reference_training.device import Compute


@dataclass(frozen=True)
class World:
    """The processes that train together.

    Attributes:
        rank: This process among all; 0 logs and writes checkpoints.
        local_rank: This process among those of its machine: its CUDA device.
        size: How many there are.
    """

    rank: int = 0
    local_rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that logs."""
        return self.rank == 0

    def sum(self, values: torch.Tensor) -> None:
        """Replaces the values by their sums over the processes."""
        if self.size > 1:
            torch.distributed.all_reduce(values, torch.distributed.ReduceOp.SUM)

    def maximum(self, values: torch.Tensor) -> None:
        """Replaces the values by their maxima over the processes."""
        if self.size > 1:
            torch.distributed.all_reduce(values, torch.distributed.ReduceOp.MAX)

    def barrier(self) -> None:
        """Waits until every process is here."""
        if self.size > 1:
            torch.distributed.barrier()


@contextlib.contextmanager
def joined(device_kind: str) -> Iterator[World]:
    """Joins the processes that ``torchrun`` started, and leaves them at the end.

    Args:
        device_kind: ``cuda`` talks by NCCL, anything else by gloo.
    """
    if "RANK" not in os.environ:
        yield World()
        return
    world = World(
        int(os.environ["RANK"]), int(os.environ["LOCAL_RANK"]), int(os.environ["WORLD_SIZE"])
    )
    if device_kind == "cuda":
        device = torch.device("cuda", world.local_rank)
        torch.cuda.set_device(device)
        torch.distributed.init_process_group("nccl", device_id=device)
    else:
        torch.distributed.init_process_group("gloo")
    try:
        yield world
    finally:
        torch.distributed.destroy_process_group()


class Spread:
    """A model as the training uses it: compiled, and spread over the processes.

    Args:
        model: On its device already. Compilation and sharding change it in place, so that
            evaluation and checkpoints go on using it under the same parameter names.
        compute: Says whether to compile.
        world: The processes.
        sharded: Parameters, gradients and moments live in shards (FSDP2) instead of copies (DDP).

    Attributes:
        model: What was given.
        module: What a training step calls.
    """

    def __init__(self, model: nn.Module, compute: Compute, world: World, *, sharded: bool) -> None:
        self.model = model
        self.module: nn.Module = model
        self._sharded = sharded and world.size > 1
        if self._sharded:
            self._shard(compute, world)
        else:
            if world.size > 1:
                ids = [compute.device] if compute.device.type == "cuda" else None
                self.module = nn.parallel.DistributedDataParallel(model, device_ids=ids)
            if compute.compiled:
                # Around DDP, so that the compiler cuts the backward pass where gradients are sent.
                self.module.compile()

    def _shard(self, compute: Compute, world: World) -> None:
        """Shards block by block, so that one block at a time is gathered for its computation."""
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

        mesh = init_device_mesh(compute.device.type, (world.size,))
        numbers: dict[str, Any] = {}
        if compute.bfloat16:
            numbers["mp_policy"] = MixedPrecisionPolicy(
                param_dtype=torch.bfloat16, reduce_dtype=torch.float32
            )
        for block in getattr(self.model, "blocks", ()):
            if compute.compiled:
                block.compile()
            fully_shard(block, mesh=mesh, **numbers)
        fully_shard(self.model, mesh=mesh, **numbers)

    def reshard(self) -> None:
        """Gives back what a forward pass without a backward pass has gathered of other shards.

        FSDP2 keeps the outermost parameters gathered for the backward pass that usually follows.
        """
        if self._sharded:
            self.model.reshard()  # type: ignore[operator]

    def synchronizing(self, on: bool) -> contextlib.AbstractContextManager[object]:
        """The context of one micro-batch: gradients are summed over the processes with the last."""
        if self._sharded:
            self.model.set_requires_gradient_sync(on)  # type: ignore[operator]
        elif not on and isinstance(self.module, nn.parallel.DistributedDataParallel):
            return self.module.no_sync()
        return contextlib.nullcontext()


def full(values: torch.Tensor) -> torch.Tensor:
    """A tensor of which FSDP2 gives each process a part, whole; any other as it is."""
    return values.full_tensor() if isinstance(values, DTensor) else values
