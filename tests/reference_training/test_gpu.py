"""What only a CUDA device can show."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import torch

from reference_training import device
from reference_training.distributed import World
from reference_training.recipes.pretrain import Pretrain, PretrainConfig
from reference_training.train import Trainer
from tests.reference_training.conftest import ROOT, TINY_LANGUAGE
from tests.reference_training.reading import read_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reference_training.data.loader import Batch
    from tests.reference_training.reading import Trained

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),
]


class Watched(Trainer):
    """Raises an error where a step waits for the device."""

    def _step(self, step: int, parts: list[Batch]) -> float:
        torch.cuda.set_sync_debug_mode("error")
        try:
            return super()._step(step, parts)
        finally:
            torch.cuda.set_sync_debug_mode("default")


def test_no_step_waits_for_the_device(tmp_path: Path) -> None:
    config = PretrainConfig(
        logdir=tmp_path, size="tiny", steps=30, corpus_bytes=60_000, compile="off", log_every=5
    )
    compute = device.choose(config)
    assert compute.device.type == "cuda"
    Watched(Pretrain(config), config, compute, World()).run()
    assert [step for step, _ in read_run(config.run_directory).points["train/loss"]] == [
        *range(5, 31, 5)
    ]


def test_the_gpu_gives_the_losses_of_the_cpu(train: Callable[..., Trained]) -> None:
    gpu = train("pretrain", *TINY_LANGUAGE, name="gpu")
    cpu = train("pretrain", *TINY_LANGUAGE, "--device=cpu", name="cpu")
    assert "bfloat16 autocast, compiled" in gpu.text("run/provenance")
    assert gpu.values("train/loss") == pytest.approx(cpu.values("train/loss"), rel=0.02)
    assert 0 < gpu.values("memory/peak_gib")[-1] < 1


def test_a_resumed_run_goes_on_closely(train: Callable[..., Trained]) -> None:
    options = (*TINY_LANGUAGE, "--schedule=constant", "--dropout=0.1")
    whole = train("pretrain", *options, name="whole")
    train("pretrain", *options, "--steps=20", name="two")
    two = train("pretrain", *options, name="two")
    assert two.values("train/loss") == pytest.approx(whole.values("train/loss"), rel=0.02)


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_deterministic_and_resumed_is_the_same_to_the_last_bit(
    tmp_path: Path, precision: str
) -> None:
    options = (*TINY_LANGUAGE, "--dropout=0.1", "--deterministic", f"--precision={precision}")
    losses = []
    for name, crash in (("whole", ()), ("again", ()), ("killed", ("--inject=crash@26",))):
        command = [sys.executable, "-m", "reference_training", "pretrain", *options, *crash]
        command += [f"--logdir={tmp_path}", f"--run-name={name}"]
        for _ in range(2 if crash else 1):
            subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=300)
        losses.append(read_run(tmp_path / name).points["train/loss"])
    whole, again, killed = losses
    assert len(whole) == 30
    assert whole == again == killed
