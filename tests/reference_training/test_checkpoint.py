from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from reference_training import checkpoint
from reference_training.distributed import World
from reference_training.errors import CheckpointError
from reference_training.models.perceptron import Perceptron
from reference_training.optimizer import adamw

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = {
    "recipe": "regression",
    "config": {"seed": 0},
    "architecture": {"kind": "perceptron", "widths": [3, 2, 1]},
    "fingerprint": "x",
    "task": {"frames": [torch.ones(2)]},
    "meter": {"steps": 0},
}


def trained(seed: int = 0, steps: int = 3) -> tuple[Perceptron, torch.optim.AdamW]:
    torch.manual_seed(seed)
    model = Perceptron([3, 2, 1])
    optimizer = adamw(model, 0.1, 0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.ones(4, 3)).square().mean().backward()
        optimizer.step()
    return model, optimizer


def save(run: Path, step: int, keep: int = 0, recipe: str = "regression") -> Path:
    return checkpoint.save(run, step, *trained(), {**ABOUT, "recipe": recipe}, World(), keep)


def test_a_restored_training_goes_on_to_the_last_bit(tmp_path: Path) -> None:
    model, optimizer = trained()
    checkpoint.save(tmp_path, 3, model, optimizer, ABOUT, World(), 0)
    other, other_optimizer = trained(seed=9, steps=0)
    found = checkpoint.load(tmp_path)
    checkpoint.restore(found, other, other_optimizer, World())
    for one, its in ((model, optimizer), (other, other_optimizer)):
        its.zero_grad()
        one(torch.ones(4, 3)).square().mean().backward()
        its.step()
    for kept, again in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(kept, again)
    assert (found.step, found.recipe, found.fingerprint) == (3, "regression", "x")
    assert found.config == {"seed": 0}
    assert torch.equal(found.task["frames"][0], torch.ones(2))


def test_every_random_generator_goes_on(tmp_path: Path) -> None:
    path = save(tmp_path, 1)

    def draw() -> tuple[float, float, float]:
        return random.random(), float(np.random.random()), float(torch.rand(()))  # noqa: NPY002

    checkpoint.restore(checkpoint.load(path), *trained(), World())
    first = draw()
    assert draw() != first
    checkpoint.restore(checkpoint.load(path), *trained(), World())
    assert draw() == first


def test_the_newest_is_found_and_old_ones_go(tmp_path: Path) -> None:
    for step in (5, 99_999_999, 100_000_000, 10):
        save(tmp_path, step, keep=2)
    names = sorted(path.name for path in checkpoint.folder(tmp_path).iterdir())
    assert names == ["step-100000000", "step-99999999"]
    newest = checkpoint.newest(tmp_path)
    assert newest is not None
    assert newest.name == "step-100000000"


def test_one_that_was_being_written_does_not_count(tmp_path: Path) -> None:
    path = save(tmp_path, 5)
    torn = path.with_name(".step-00000009.tmp")
    path.rename(torn)
    assert checkpoint.newest(tmp_path) is None
    with pytest.raises(CheckpointError, match="no checkpoint, and no run that has one"):
        checkpoint.load(tmp_path)
    assert save(tmp_path, 9).is_dir()
    assert not torn.exists()


def test_one_of_the_same_step_is_replaced(tmp_path: Path) -> None:
    save(tmp_path, 5, recipe="digits")
    path = save(tmp_path, 5, recipe="pretrain")
    assert checkpoint.load(path).recipe == "pretrain"
    assert [each.name for each in checkpoint.folder(tmp_path).iterdir()] == ["step-00000005"]


def test_damage_is_named(tmp_path: Path) -> None:
    path = save(tmp_path, 5)
    file = path / "training.pt"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"training\.pt cannot be read"):
        checkpoint.load(path)


def test_a_checkpoint_cannot_run_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (print, ("gotcha",))

    path = save(tmp_path, 5)
    torch.save({"format": 1, "model": Evil()}, path / "training.pt")
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoint.load(path)


def test_another_format_is_told(tmp_path: Path) -> None:
    path = save(tmp_path, 5)
    torch.save({"format": 99}, path / "training.pt")
    with pytest.raises(CheckpointError, match="has format 99; this reads 1"):
        checkpoint.load(path)


def test_another_model_is_told(tmp_path: Path) -> None:
    save(tmp_path, 5)
    other = Perceptron([3, 4, 1])
    with pytest.raises(CheckpointError, match="is of another model"):
        checkpoint.restore(checkpoint.load(tmp_path), other, adamw(other, 0.1, 0), World())


def test_people_can_read_what_it_is_of(tmp_path: Path) -> None:
    import json

    about = json.loads((save(tmp_path, 5) / "about.json").read_text())
    assert about == {"format": 1, "step": 5} | {
        k: ABOUT[k] for k in ABOUT if k not in ("task", "meter")
    }


def test_a_process_more_than_before_keeps_its_own_random_state(tmp_path: Path) -> None:
    save(tmp_path, 5)
    model, optimizer = trained()
    state = torch.get_rng_state()
    found = checkpoint.load(tmp_path)
    checkpoint.restore(found, model, optimizer, World(rank=1, size=1))
    assert torch.equal(torch.get_rng_state(), state)
