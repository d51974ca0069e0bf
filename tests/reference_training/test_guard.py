"""A loss that is not finite stops the run before the weights take it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from reference_training import checkpoint, device
from reference_training.distributed import World
from reference_training.errors import NonFiniteLoss
from reference_training.recipes.regression import Regression, RegressionConfig
from reference_training.train import Trainer
from tests.reference_training.reading import read_run

if TYPE_CHECKING:
    from pathlib import Path

    from reference_training.data.loader import Batch

BAD_STEP = 8


class Poisoned(Regression):
    """Regression in which one sample of one step is infinite."""

    def loss(self, module: torch.nn.Module, batch: Batch) -> torch.Tensor:
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls == BAD_STEP:
            targets = batch.targets.clone()
            targets[0] = math.inf
            batch = replace(batch, targets=targets)
        return super().loss(module, batch)


def config_in(directory: Path, **options: object) -> RegressionConfig:
    return RegressionConfig(
        logdir=directory,
        threads=1,
        epochs=30,
        schedule="constant",
        **options,  # type: ignore[arg-type]
    )


def trained(kind: type[Regression], config: RegressionConfig) -> Regression:
    task = kind(config)
    Trainer(task, config, device.choose(config), World()).run()
    return task


@pytest.mark.parametrize("log_every", [1, 5, 0])
def test_the_run_stops_at_the_step_with_the_weights_of_the_step_before(
    tmp_path: Path, log_every: int
) -> None:
    task = Poisoned(config := config_in(tmp_path, log_every=log_every))
    with pytest.raises(NonFiniteLoss, match=f"at step {BAD_STEP}") as caught:
        Trainer(task, config, device.choose(config), World()).run()
    assert caught.value.step == BAD_STEP
    sound = trained(Regression, replace(config, epochs=BAD_STEP - 1, run_name="sound"))
    for bad, good in zip(task.model.parameters(), sound.model.parameters(), strict=True):
        assert torch.equal(bad, good)


@pytest.mark.parametrize("log_every", [1, 5])
def test_the_log_is_flushed_and_shows_the_bad_step(tmp_path: Path, log_every: int) -> None:
    config = config_in(tmp_path, log_every=log_every, checkpoint_every=4)
    with pytest.raises(NonFiniteLoss):
        trained(Poisoned, config)
    points = read_run(config.run_directory).points["Loss/train"]
    assert points[-1][0] == BAD_STEP
    assert not math.isfinite(points[-1][1])
    assert all(math.isfinite(value) for _, value in points[:-1])


def test_no_checkpoint_is_written_of_steps_that_were_not_taken(tmp_path: Path) -> None:
    # Step 10 is due for a checkpoint before step 30 is due for a point.
    config = config_in(tmp_path, log_every=30, checkpoint_every=5)
    with pytest.raises(NonFiniteLoss):
        trained(Poisoned, config)
    assert checkpoint.load(config.run_directory).step == 5


def test_the_hparams_say_that_the_run_failed(tmp_path: Path) -> None:
    from tensorboard.plugins.hparams import plugin_data_pb2

    from tests.reference_training.reading import events

    config = config_in(tmp_path)
    with pytest.raises(NonFiniteLoss):
        trained(Poisoned, config)
    (file,) = config.run_directory.glob("events*")
    (end,) = (
        plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
        for event in events(file)
        for value in event.summary.value
        if value.tag == "_hparams_/session_end_info"
    )
    assert end.session_end_info.status == 2  # STATUS_FAILURE of api.proto
