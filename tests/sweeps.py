"""A sweep: runs with hyperparameters, of which some diverge."""

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


def write_hparams(builder: EventFileBuilder, settings: Mapping[str, Any]) -> None:
    """The hyperparameters of a run, as tensorboardX stores them; nothing where there are none."""
    for summary in hparams(dict(settings), {}) if settings else ():
        for value in summary.value:
            builder.event(0, summary={"value": [_plugin_value(value)]})


def _plugin_value(value: Any) -> dict[str, Any]:
    plugin = value.metadata.plugin_data
    data = {"plugin_name": plugin.plugin_name, "content": plugin.content}
    return {"tag": value.tag, "metadata": {"plugin_data": data}}
