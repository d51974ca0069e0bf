"""Checkpoints in the folder of a run, known by their names, which tell the step.

A name is believed: what is in the file is not looked at. Names with nothing but an epoch
(``epoch_3.pth``, ``checkpoint3.pt``), a counter of saves (``ckpt-5.index`` of tf.train.Checkpoint,
``checkpoint_000005`` of Ray) or no number at all (``last.ckpt``) tell no step and are passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tbtools.eventfile.source import source_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Whole names, each with who writes it; the group is the step.
_NAMES = {
    r"checkpoint-(\d+)": "transformers.Trainer and the scripts of diffusers, folders",
    r"(?:.*[-_])?step=(\d+)(?:[-_.].*)?": "Lightning, NeMo: epoch=3-step=500.ckpt",
    r"(?:.*[-_])?(?:global_?)?steps?[-_]?(\d+)(?:[-_.].*)?": (
        "DeepSpeed (global_step500), torchtitan (step-500), and many scripts (step_500.pt)"
    ),
    r"(?:.*[-_])?iter[-_](\d+)(?:\.\w+)?": "Megatron-LM (iter_0000500), MMEngine (iter_500.pth)",
    r"model\.ckpt-(\d+)\.index": "TensorFlow 1's Saver and Estimator",
    r"model_(\d{7})\.pth": "Detectron2's PeriodicCheckpointer",
    r".*_(\d+)_steps\.zip": "Stable-Baselines3's CheckpointCallback",
    r"checkpoint_([1-9]\d*|0)": "flax.training.checkpoints",
    r"checkpoint_\d+_(\d+)\.pt": "fairseq: epoch and updates",
    r"ep\d+-ba(\d+)(?:-rank\d+)?(?:\.pt)?": "Composer's CheckpointSaver",
}
_NAME = re.compile("|".join(f"(?:{name})" for name in _NAMES))
# Folders of a run in which checkpoints are looked for, too.
_FOLDER = re.compile(r"checkpoints?|ckpts?|weights|models?", re.IGNORECASE)


class Checkpoint(NamedTuple):
    """A checkpoint.

    Attributes:
        path: The file or folder.
        step: The step that its name says.
    """

    path: str
    step: int


def step_of(name: str) -> int | None:
    """The step that the name of a checkpoint says; None for any other name."""
    match = _NAME.fullmatch(name)
    return None if match is None else int(next(group for group in match.groups() if group))


def find_checkpoints(folder: str) -> list[Checkpoint]:
    """The checkpoints of a run.

    Args:
        folder: The run's folder; those in it that are called after checkpoints are looked at too.

    Raises:
        OSError: One of them cannot be listed.
    """
    return list(_found(folder, deeper=True))


def newest_before(checkpoints: Iterable[Checkpoint], step: int) -> Checkpoint | None:
    """The checkpoint with the greatest step that is at most a step."""
    before = [each for each in checkpoints if each.step <= step]
    return max(before, key=lambda each: each.step, default=None)


def nearest(checkpoints: Iterable[Checkpoint], step: int) -> Checkpoint | None:
    """The checkpoint whose step is nearest to a step; of two the earlier one."""
    return min(checkpoints, key=lambda each: (abs(each.step - step), each.step), default=None)


def _found(folder: str, *, deeper: bool) -> Iterator[Checkpoint]:
    for name, path, kind in sorted(source_of(folder).list(folder)):
        if (step := step_of(name)) is not None:
            yield Checkpoint(path, step)
        elif deeper and kind == "directory" and _FOLDER.fullmatch(name):
            yield from _found(path, deeper=False)
