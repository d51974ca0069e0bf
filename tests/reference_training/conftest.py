"""Trains small things in this process or in others, and reads what they wrote with TensorBoard."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("torch", reason="the trainer needs the extra `train`")
pytest.importorskip("tensorboardX", reason="the trainer needs the extra `train`")

import torch

from tests.reference_training.reading import Trained, read_run

if TYPE_CHECKING:
    from collections.abc import Callable

# Torch's threads wait for each other by spinning: with other work on the machine, two are slower
# than one.
torch.set_num_threads(1)

ROOT = Path(__file__).parents[2]

TINY_LANGUAGE = [
    "--size=tiny",
    "--steps=30",
    "--eval-every=15",
    "--checkpoint-every=10",
    "--corpus-bytes=60000",
    "--validation-windows=16",
    "--threads=1",
]
"""Options with which a language model trains for about a second."""


def trained(folder: Path, recipe: str, *options: str) -> Trained:
    """Trains in this process, below a folder."""
    from reference_training.command_line import main

    assert main([recipe, *options, f"--logdir={folder}"]) == 0
    return read_run(folder / recipe)


@pytest.fixture(scope="session")
def tiny_language(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The model of `TINY_LANGUAGE`, for tests that only look at it."""
    return trained(tmp_path_factory.mktemp("tiny_language"), "pretrain", *TINY_LANGUAGE)


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Trained]:
    """Trains in this process, below ``tmp_path``; the exit status must be as expected."""
    from reference_training.command_line import main

    def run(recipe: str, *options: str, name: str = "", status: int = 0) -> Trained:
        arguments = [recipe, *options, f"--logdir={tmp_path}", f"--run-name={name or recipe}"]
        assert main(arguments) == status
        return read_run(tmp_path / (name or recipe))

    return run


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a training in a process of its own, with one thread and warnings as errors."""

    def begin(*arguments: str, launcher: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", *(launcher or ("-m",)), "reference_training"]
        return subprocess.Popen(
            [*command, *arguments, f"--logdir={tmp_path}"],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


@pytest.fixture
def finish(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., str]:
    """Runs a training in a process of its own to its end; gives what it said."""

    def run(*arguments: str, status: int = 0, launcher: tuple[str, ...] = ()) -> str:
        process = start(*arguments, launcher=launcher)
        _, said = process.communicate(timeout=120)
        assert process.returncode == status, said
        return said

    return run
