"""The callbacks of examples/ stop real trainers, where those are installed."""

from __future__ import annotations

import importlib.util
import math
from typing import TYPE_CHECKING, Any

import pytest

from tests.commands import ROOT

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

torch = pytest.importorskip("torch", reason="a trainer wants torch")
BAD = 40
STEPS = 400


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def loss_of(parameter: torch.Tensor, step: int) -> torch.Tensor:
    """A loss that falls, and is NaN from a step on."""
    value = 2 / (1 + 0.05 * step) if step < BAD else math.nan
    return parameter * 0 + value


@pytest.mark.filterwarnings("ignore")
def test_lightning(tmp_path: Path) -> None:
    pytest.importorskip("lightning", reason="the callback of Lightning wants lightning")
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.loggers import TensorBoardLogger

    class Model(LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(()))

        def training_step(self, _batch: Any, _number: int) -> torch.Tensor:
            loss = loss_of(self.weight, self.global_step)
            self.log("train/loss", loss)
            return loss

        def validation_step(self, _batch: Any, _number: int) -> None:
            self.log("val/loss", loss_of(self.weight.detach(), self.global_step))

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=1e-3)

    guard = example("guard_lightning").Guard()
    data = torch.utils.data.DataLoader(torch.zeros(STEPS, 1))
    trainer = Trainer(
        max_steps=STEPS, val_check_interval=10, limit_val_batches=1, log_every_n_steps=1,
        logger=TensorBoardLogger(tmp_path), callbacks=[guard], accelerator="cpu", devices=1,
        enable_progress_bar=False, enable_checkpointing=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(Model(), data, data)
    assert guard.finding is not None
    assert guard.finding.kind == "nonfinite"
    assert BAD <= trainer.global_step <= BAD + 20


@pytest.mark.filterwarnings("ignore")
def test_transformers(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the callback of the Trainer wants transformers")
    pytest.importorskip("accelerate", reason="the Trainer of transformers wants accelerate")
    from transformers import Trainer, TrainerCallback, TrainingArguments

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(()))

        def forward(self, x: torch.Tensor, **_: Any) -> dict[str, torch.Tensor]:
            return {"loss": loss_of(self.weight, step.step), "logits": x}

    class Counter(TrainerCallback):  # type: ignore[misc]
        step = 0

        def on_step_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
            self.step = state.global_step

    step = Counter()
    guard = example("guard_transformers").Guard(str(tmp_path / "logs"))
    arguments = TrainingArguments(
        output_dir=str(tmp_path), report_to="tensorboard",
        logging_steps=1, eval_strategy="steps", eval_steps=10, max_steps=STEPS, use_cpu=True,
        per_device_train_batch_size=1, save_strategy="no", logging_nan_inf_filter=False,
        disable_tqdm=True, **logging_directory(tmp_path / "logs"),
    )  # fmt: skip
    data = [{"x": torch.zeros(1)} for _ in range(STEPS)]
    trainer = Trainer(Model(), arguments, train_dataset=data, eval_dataset=data[:1],
                      callbacks=[step, guard])  # fmt: skip
    trainer.train()
    assert guard.finding is not None
    assert guard.finding.kind == "nonfinite"
    assert BAD <= trainer.state.global_step <= BAD + 20


def logging_directory(directory: Path) -> dict[str, str]:
    """Where it logs: an argument, or since transformers 5 an environment variable."""
    import dataclasses
    import os

    from transformers import TrainingArguments

    if "logging_dir" in {each.name for each in dataclasses.fields(TrainingArguments)}:
        return {"logging_dir": str(directory)}
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(directory)
    return {}
