"""Random numbers that are a function of what they are for.

The batch of step s is drawn from a generator made of (seed, purpose, s) alone. So the position in
the data is the step: a resumed run sees the batches that it would have seen, on one process or on
many.
"""

from __future__ import annotations

import hashlib

import torch


def generator(seed: int, purpose: str, index: int = 0) -> torch.Generator:
    """A generator on the CPU, always the same for the same arguments.

    Args:
        seed: The run's seed.
        purpose: What the numbers are for; different purposes are independent.
        index: A step or an epoch.
    """
    digest = hashlib.blake2b(f"{seed}/{purpose}/{index}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)


def epoch_rows(seed: int, count: int, batch_size: int, step: int) -> torch.Tensor:
    """Which of ``count`` samples make up the batch of a step: every epoch a new order.

    An epoch has ``count // batch_size`` steps; the samples left over change with the order.

    Args:
        seed: The run's seed.
        count: How many samples there are.
        batch_size: How many make a batch.
        step: The step; the first is 1.

    Returns:
        (batch_size,) of int64.
    """
    epoch, at = divmod(step - 1, count // batch_size)
    order = torch.randperm(count, generator=generator(seed, "order", epoch))
    return order[at * batch_size : (at + 1) * batch_size]
