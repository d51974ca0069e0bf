"""What findings say: in which direction, of which run, by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import tbtools
from tests.builders import EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path

STEPS = 200


def _noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.01, STEPS)


def _write(folder: Path, tag: str, values: np.ndarray) -> None:
    builder = EventFileBuilder().scalars(tag, list(enumerate(values.tolist())))
    builder.write(folder / "events.out.tfevents.1")


def _message(logs: Path, kind: str) -> str:
    [found] = [each for each in tbtools.detect(logs) if each.kind == kind]
    return found.message


@pytest.mark.parametrize(
    ("tag", "sign", "words"),
    [
        ("train/loss", 1, "2 spikes from step 80 on, the highest to 6 at step 150, and back"),
        ("episode_reward", -1, "2 dips from step 80 on, the deepest to -6 at step 150, and back"),
    ],
)
def test_spikes_of_a_reward_are_dips_and_the_first_is_told(
    tmp_path: Path, tag: str, sign: int, words: str
) -> None:
    values = 2 * np.exp(-np.arange(STEPS) / 60) + _noise()
    values[80], values[150] = 4.0, 6.0
    _write(tmp_path, tag, sign * values)
    assert _message(tmp_path, "spike").startswith(words)


def test_a_twin_of_another_run_is_named_with_its_run(tmp_path: Path) -> None:
    step = np.arange(STEPS)
    _write(tmp_path / "fold" / "train", "epoch_loss", 2 * np.exp(-step / 60) + _noise())
    rise = np.maximum(step - 80, 0) / 100
    _write(
        tmp_path / "fold" / "validation", "epoch_loss", 2 * np.exp(-step / 30) + rise + _noise(1)
    )
    message = _message(tmp_path, "overfitting")
    assert "while epoch_loss of the run fold/train still improves" in message


@pytest.mark.parametrize("scale", [1, 10_000])
def test_a_plateau_says_how_much_may_have_been_improved_at_most(tmp_path: Path, scale: int) -> None:
    values = scale * (1 + 2 * np.exp(-np.arange(STEPS) / 12) + _noise())
    _write(tmp_path, "train/loss", values)
    [found] = [each for each in tbtools.detect(tmp_path) if each.kind == "plateau"]
    _, most = found.evidence["improvement_interval"]
    shown = f"{most:.2g}" if scale == 1 else f"{most:.0f}"
    assert f": it improved by at most {shown} (95%), after " in found.message
    assert "e+" not in found.message.partition(" points")[2]
