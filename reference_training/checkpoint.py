"""Checkpoints: everything that a training needs to go on as if it had never stopped.

A checkpoint is a folder ``checkpoints/step-00000100`` in the run::

    training.pt      model, optimizer, step, options, unfinished point, what the task remembers
    rank-0000.pt     each process's random states
    about.json       the same step and options, for people

It is written under another name and then renamed, so that a folder of that name is always whole.
All is loaded with ``weights_only=True``: a checkpoint from a stranger cannot run code.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_state_dict,
    set_state_dict,
)

from reference_training.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    from reference_training.distributed import World

FORMAT = 1
"""1: the first."""

_NAME = re.compile(r"step-(\d{8,})")
_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as it was read.

    Attributes:
        path: Its folder.
        step: Optimizer steps done.
        recipe: The recipe that wrote it.
        config: Its options, as `TrainConfig.to_dict` gives them.
        architecture: What `models.build` takes.
        fingerprint: Of the data.
        task: What the task remembers.
        meter: The point that is due next, so far.
        model: Parameters by name.
        optimizer: The optimizer's state by parameter name.
    """

    path: Path
    step: int
    recipe: str
    config: dict[str, Any]
    architecture: dict[str, Any]
    fingerprint: str
    task: dict[str, Any]
    meter: dict[str, Any]
    model: dict[str, torch.Tensor]
    optimizer: dict[str, Any]


def folder(run: Path) -> Path:
    """Where the checkpoints of a run are."""
    return run / "checkpoints"


def newest(run: Path) -> Path | None:
    """The checkpoint of a run with the most steps, or None."""
    found = _all(run)
    return found[-1] if found else None


def locate(path: Path) -> Path:
    """The checkpoint that a path means: itself, or the newest of the run that it is.

    Raises:
        CheckpointError: It is neither.
    """
    if (path / "training.pt").is_file():
        return path
    found = newest(path)
    if found is None:
        raise CheckpointError(f"{path} is no checkpoint, and no run that has one")
    return found


def load(path: Path) -> Checkpoint:
    """Reads a checkpoint, or the newest of a run, onto the CPU.

    Raises:
        CheckpointError: There is none, or it cannot be read.
    """
    path = locate(path)
    content = _read(path / "training.pt")
    if content.get("format") != FORMAT:
        raise CheckpointError(f"{path} has format {content.get('format')}; this reads {FORMAT}")
    del content["format"]
    return Checkpoint(path=path, **content)


def save(
    run: Path,
    step: int,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    about: Mapping[str, Any],
    world: World,
    keep: int,
) -> Path:
    """Writes a checkpoint; every process must call it.

    Args:
        run: The run's folder.
        step: Optimizer steps done.
        model: Before it was wrapped for several processes, or sharded.
        optimizer: Of that model.
        about: The other fields of `Checkpoint`.
        world: The processes.
        keep: How many of the newest stay; 0 is all.

    Returns:
        The checkpoint's folder.
    """
    final = folder(run) / f"step-{step:08d}"
    beside = folder(run) / f".{final.name}.tmp"
    weights, moments = get_state_dict(model, optimizer, options=_WHOLE)
    if world.first:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
    world.barrier()
    _write(random_state(), beside / f"rank-{world.rank:04d}.pt")
    world.barrier()
    if world.first:
        content = {"format": FORMAT, "step": step, **about}
        _write({**content, "model": weights, "optimizer": moments}, beside / "training.pt")
        (beside / "about.json").write_text(json.dumps(_readable(content), indent=2) + "\n")
        _put_in_place(beside, final)
        _prune(run, keep)
    world.barrier()
    return final


def restore(
    checkpoint: Checkpoint,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    world: World,
) -> None:
    """Puts a checkpoint's values where they were.

    Args:
        checkpoint: What `load` gave.
        model: Of the same architecture.
        optimizer: Of that model.
        world: The processes. If there are more than wrote the checkpoint, the others' random states
            stay as their seeds made them.

    Raises:
        CheckpointError: The model has other parameters.
    """
    try:
        set_state_dict(
            model,
            optimizer,
            model_state_dict=checkpoint.model,  # type: ignore[arg-type]
            optim_state_dict=checkpoint.optimizer,
            options=_WHOLE,
        )
    except (RuntimeError, KeyError) as error:
        raise CheckpointError(f"{checkpoint.path} is of another model: {error}") from error
    path = checkpoint.path / f"rank-{world.rank:04d}.pt"
    if path.exists():
        set_random_state(_read(path))


def random_state() -> dict[str, Any]:
    """The state of every generator that a training may draw from, in plain values."""
    numpy_state = np.random.get_state(legacy=False)  # noqa: NPY002 - the one that others draw from
    assert isinstance(numpy_state, dict)
    numpy_state["state"] = {
        "key": numpy_state["state"]["key"].tolist(),
        "pos": int(numpy_state["state"]["pos"]),
    }
    state = {
        "python": random.getstate(),
        "numpy": numpy_state,
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def set_random_state(state: dict[str, Any]) -> None:
    """Puts the generators back to a `random_state`."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    np.random.set_state(state["numpy"])  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])


def _all(run: Path) -> list[Path]:
    if not folder(run).is_dir():
        return []
    found = ((_NAME.fullmatch(path.name), path) for path in folder(run).iterdir())
    return [path for _, path in sorted((int(name[1]), path) for name, path in found if name)]


def _write(content: dict[str, Any], path: Path) -> None:
    with path.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> dict[str, Any]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds for a file that is not its own
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds no dictionary")
    return content


def _put_in_place(beside: Path, final: Path) -> None:
    """Renames a finished folder; one of the same step, from before a restart, makes way."""
    if final.exists():
        old = final.with_name(f".{final.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        final.rename(old)
        beside.rename(final)
        shutil.rmtree(old)
    else:
        beside.rename(final)
    directory = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # the rename itself survives a power cut
    finally:
        os.close(directory)


def _prune(run: Path, keep: int) -> None:
    for path in _all(run)[:-keep] if keep else []:
        shutil.rmtree(path)


def _readable(content: dict[str, Any]) -> dict[str, Any]:
    """The fields that a person can read."""
    names = ("format", "step", "recipe", "config", "architecture", "fingerprint")
    return {name: content[name] for name in names}
