"""Several processes on the CPU, started by torchrun as on GPUs, talking by gloo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reference_training import checkpoint, command_line
from reference_training.distributed import World
from reference_training.errors import ConfigError
from reference_training.recipes.regression import RegressionConfig
from tests.reference_training.conftest import TINY_LANGUAGE
from tests.reference_training.reading import read_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.reference_training.reading import Trained

TWO = ("-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone", "-m")
"""torchrun as a module, so that the interpreter's -W error does not reach the workers: torch warns
of its own code there."""


def the_same(two: Trained, one: Trained) -> None:
    for tag in ("train/loss", "val/loss", "optim/grad_norm"):
        assert [step for step, _ in two.points[tag]] == [step for step, _ in one.points[tag]]
        # The same samples, summed in another order, in float32.
        assert two.values(tag) == pytest.approx(one.values(tag), rel=1e-4)


def test_two_processes_give_the_losses_of_one_and_the_first_logs(
    tmp_path: Path, finish: Callable[..., str], tiny_language: Trained
) -> None:
    said = finish("pretrain", *TINY_LANGUAGE, "--accumulate=2", launcher=TWO)
    assert said.count("finished 30 steps") == 1
    two = read_run(tmp_path / "pretrain")
    assert len(two.files) == 1
    assert "| processes | 2 |" in two.text("run/provenance")
    the_same(two, tiny_language)


@pytest.mark.slow
def test_two_sharded_processes_crash_and_one_goes_on(
    tmp_path: Path,
    finish: Callable[..., str],
    train: Callable[..., Trained],
    tiny_language: Trained,
) -> None:
    finish("pretrain", *TINY_LANGUAGE, "--fsdp", "--inject=crash@26", launcher=TWO, status=1)
    found = checkpoint.load(tmp_path / "pretrain")
    assert found.step == 20
    assert {path.name for path in found.path.glob("rank-*")} == {"rank-0000.pt", "rank-0001.pt"}
    the_same(train("pretrain", *TINY_LANGUAGE), tiny_language)


def test_a_batch_that_cannot_be_shared_is_told(tmp_path: Path) -> None:
    config = RegressionConfig(logdir=tmp_path, batch_size=6, accumulate=3)
    with pytest.raises(ConfigError, match="--batch-size 6 cannot be shared by 12 parts"):
        command_line._train_one(command_line.RECIPES["regression"], config, World(0, 0, 4))
