"""Sweeps: runs with hyperparameters, of which some diverge."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tensorboardX.summary import hparams

from tests.builders import EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

JUMP = 60


def write_run(
    folder: Path, settings: Mapping[str, Any], *, fails: bool, jump: int = JUMP, seconds: float = 1
) -> None:
    """A loss of 100 steps that goes down, or jumps up at a step."""
    builder = EventFileBuilder().file_version()
    write_hparams(builder, settings)
    for step in range(100):
        wobble = ((step * 7919) % 13 - 6) / 300
        level = 9.0 if fails and step >= jump else 2 * math.exp(-step / 30)
        wall_time = 1_700_000_000.0 + seconds * step
        builder.scalar("train/loss", step, level + wobble, wall_time)
    builder.write(folder / "events.out.tfevents.1")


def write_related_runs(logs: Path) -> None:
    """Runs about which other runs have something to say.

    Hyperparameters of the run above ask for a warm-up that there is not, and say where gradients
    are clipped; where a plateau will be depends on its siblings; two ranks write one run.
    """
    for number in range(24):
        run = logs / f"lr{number % 3}" / f"seed{number}"
        above = EventFileBuilder().file_version()
        write_hparams(above, {"lr": 0.1 * (number % 3), "warmup_steps": 40.0, "max_grad_norm": 1.0})
        above.write(run / "events.out.tfevents.1")
        for rank in range(2 if number % 5 == 0 else 1):
            train = EventFileBuilder().file_version(wall_time=1e9 + rank / 2)
            for step in range(200):
                wobble = (step * 7919 + number + rank) % 13 - 6
                rests = max(0.3 + number / 100, 2.0 / (1 + step / 5))
                loss = (rests if number % 2 else 2 / (1 + step)) + wobble / 500
                wall_time = 1e9 + step + rank / 2
                train.scalar("loss", step, loss, wall_time)
                train.scalar("lr", step, 0.1, wall_time)
                train.scalar("grad_norm", step, 2.0 + wobble / 10, wall_time)
            train.write(run / "train" / f"events.out.tfevents.{rank}")
        if number % 8 == 0:
            broken = [(step, 0.5 if step < 30 else float("nan")) for step in range(60)]
            EventFileBuilder().scalars("loss", broken).write(run / "eval" / "events.out.tfevents.1")


def write_hparams(builder: EventFileBuilder, settings: Mapping[str, Any]) -> None:
    """The hyperparameters of a run, as tensorboardX stores them; nothing where there are none."""
    for summary in hparams(dict(settings), {}) if settings else ():
        for value in summary.value:
            builder.event(0, summary={"value": [_plugin_value(value)]})


def _plugin_value(value: Any) -> dict[str, Any]:
    plugin = value.metadata.plugin_data
    data = {"plugin_name": plugin.plugin_name, "content": plugin.content}
    return {"tag": value.tag, "metadata": {"plugin_data": data}}
