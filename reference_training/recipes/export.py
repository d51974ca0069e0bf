"""A trained checkpoint as a program and as plain weights, for those who do not have this code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - evaluated by config.option_of
from typing import TYPE_CHECKING, Annotated, Any

import torch

from reference_training import checkpoint
from reference_training.config import Option, TrainConfig
from reference_training.data.streams import generator
from reference_training.errors import MissingData, TrainingError
from reference_training.models import build
from reference_training.models.lora import merge
from reference_training.models.perceptron import Perceptron
from reference_training.provenance import table
from reference_training.runlog import RunLog

if TYPE_CHECKING:
    from torch import nn

EXAMPLES = 3
"""Samples in the check: not the number that the program was traced with, for it must take any."""

TOLERANCE = 1e-5
"""The largest difference of an output, relative to the largest output: float32 rounding of sums
that a compiler may order otherwise."""


@dataclass(frozen=True, kw_only=True)
class ExportConfig(TrainConfig):
    """Options of the recipe."""

    checkpoint: Annotated[Path, Option("a checkpoint, or the folder of a run")]


def export(config: ExportConfig) -> dict[str, float]:
    """Writes ``model.pt2`` (torch.export), ``model.safetensors`` and ``model.json`` into the run.

    Adapters are merged into the weights. Both files are read back, and must give the outputs that
    the model gives.

    Returns:
        The largest relative difference of each, by tag.

    Raises:
        CheckpointError: There is no such checkpoint.
        TrainingError: What was read back gives other outputs.
    """
    found = checkpoint.load(config.checkpoint)
    model = build(found.architecture)
    model.load_state_dict(found.model)
    merge(model)
    model.eval()
    directory = config.run_directory
    directory.mkdir(parents=True, exist_ok=True)
    program = _write_program(model, directory / "model.pt2")
    weights = _write_weights(model, found.architecture, directory / "model.safetensors")
    about: dict[str, Any] = {
        "recipe": found.recipe,
        "step": found.step,
        "architecture": found.architecture,
    }
    about["architecture"].pop("lora_rank", None)
    about["task"] = found.task if found.recipe in ("pretrain", "finetune") else {}
    (directory / "model.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    differences = {
        "export/program_max_difference": _difference(model, program),
        "export/weights_max_difference": _difference(model, weights),
    }
    _log(config, found.step, differences)
    for tag, difference in differences.items():
        if not difference <= TOLERANCE:
            raise TrainingError(
                f"{tag} is {difference:g}: what was exported computes something else"
            )
    return differences


def _write_program(model: nn.Module, path: Path) -> nn.Module:
    """Traces the model for any number of samples, and gives what can be read back."""
    inputs = _inputs(model, 2)
    shapes = ({0: torch.export.Dim("batch")},)
    torch.export.save(torch.export.export(model, (inputs,), dynamic_shapes=shapes), path)
    return torch.export.load(path).module()


def _write_weights(model: nn.Module, made_of: dict[str, Any], path: Path) -> nn.Module:
    """Writes the parameters by name, and gives a new model with those that can be read back."""
    try:
        from safetensors.torch import load_file, save_file
    except ImportError as error:
        raise MissingData("safetensors is not installed: pip install 'tbtools[train]'") from error
    weights = {name: each.contiguous() for name, each in model.state_dict().items()}
    save_file(weights, path, metadata={"format": "pt"})
    again = build({**made_of, "lora_rank": 0} if "lora_rank" in made_of else made_of)
    again.load_state_dict(load_file(path))
    return again.eval()


def _inputs(model: nn.Module, count: int) -> torch.Tensor:
    random = generator(0, "export", count)
    if isinstance(model, Perceptron):
        return torch.rand(count, model.widths[0], generator=random)
    shape: Any = model.shape
    return torch.randint(shape.vocabulary, (count, shape.context), generator=random)


def _difference(model: nn.Module, other: nn.Module) -> float:
    inputs = _inputs(model, EXAMPLES)
    with torch.no_grad():
        want, got = model(inputs), other(inputs)
    return float((want - got).abs().max() / want.abs().max())


def _log(config: ExportConfig, step: int, differences: dict[str, float]) -> None:
    if config.writer == "none":
        return
    log = RunLog(
        config.run_directory,
        config.writer,
        purge_step=None,
        flush_seconds=config.flush_seconds,
    )
    log.writer.add_text("run/config", table(config.to_dict()), step)
    log.scalars(differences, step)
    log.close(success=True)
