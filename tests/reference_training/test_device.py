from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from reference_training import device
from reference_training.command_line import main
from reference_training.config import TrainConfig
from reference_training.distributed import World
from reference_training.recipes.pretrain import Pretrain, PretrainConfig
from reference_training.train import Trainer
from tests.reference_training.reading import read_run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_here_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["regression", "--logdir=x", "--device=cuda"]) == 2
    assert "--device cuda: torch sees none; here is" in capsys.readouterr().err


def test_the_cpu_is_described_in_one_line(tmp_path: Path) -> None:
    compute = device.choose(TrainConfig(logdir=tmp_path, device="cpu", precision="bfloat16"))
    assert compute.describe().startswith("cpu (")
    assert compute.describe().endswith(", bfloat16 autocast, not compiled, 1 threads")
    assert "\n" not in compute.describe()
    assert compute.peak_flops is None
    with compute.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("name", "flops"),
    [
        # Dense bfloat16 of the data sheets, in TFLOP/s.
        ("NVIDIA H100 80GB HBM3", 989),
        ("NVIDIA H100 PCIe", 756),
        ("NVIDIA H100 NVL", 835),
        ("NVIDIA H200", 989),
        ("NVIDIA A100-SXM4-80GB", 312),
        ("NVIDIA L4", 121),
        ("NVIDIA L40S", 362),
        ("NVIDIA L40", None),
        ("NVIDIA GB200", None),
        ("NVIDIA GeForce RTX 4090", None),
    ],
)
def test_the_peak_is_that_of_the_very_device(name: str, flops: float | None) -> None:
    assert device.peak_flops(name) == (flops and flops * 1e12)


def test_utilization_is_operations_a_second_over_the_peak(tmp_path: Path) -> None:
    config = PretrainConfig(
        logdir=tmp_path, size="tiny", steps=3, corpus_bytes=60_000, validation_windows=1
    )
    task = Pretrain(config)
    compute = replace(device.choose(config), peak_flops=1e12)
    Trainer(task, config, compute, World()).run()
    run = read_run(config.run_directory)
    # Of PaLM's formula: 12 * 2 layers * 32 wide * 32 tokens, and 6 a parameter but the positions.
    learned = sum(each.numel() for each in task.model.parameters()) - 32 * 32
    for speed, used in zip(
        run.values("perf/tokens_per_second"), run.values("perf/mfu"), strict=True
    ):
        assert used == pytest.approx(speed * (6 * learned + 24_576) / 1e12, rel=1e-5)


def test_memory_is_that_of_the_process(tmp_path: Path) -> None:
    compute = device.choose(TrainConfig(logdir=tmp_path, device="cpu"))
    assert 0.05 < compute.peak_memory_gib() < 64
