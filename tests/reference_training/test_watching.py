"""`--guard`: a training asks about its own log, and acts on what that says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import tbtools
from reference_training import device
from reference_training.distributed import World
from reference_training.errors import Diverged
from reference_training.faults import Fault
from reference_training.guard import Guard
from reference_training.recipes.regression import Regression, RegressionConfig
from reference_training.train import Trainer
from tests.commands import ROOT
from tests.reference_training.reading import read_run

if TYPE_CHECKING:
    from pathlib import Path

STRUCK = 100
LOGS = ROOT / "tests" / "logs"


def trainer(directory: Path, **options: object) -> Trainer:
    config = RegressionConfig(
        logdir=directory,
        threads=1,
        epochs=300,
        log_every=1,
        eval_every=10,
        schedule="constant",
        **options,  # type: ignore[arg-type]
    )
    return Trainer(Regression(config), config, device.choose(config), World())


def test_a_training_that_goes_wrong_is_stopped_soon(tmp_path: Path) -> None:
    made = trainer(tmp_path, guard="stop", inject=(Fault("collapse", STRUCK),))
    with pytest.raises(Diverged, match=r"by the guard: Loss/train: .* since step 100"):
        made.run()
    last = read_run(made.run_directory).points["Loss/train"][-1][0]
    assert STRUCK < last <= STRUCK + 20
    [summary] = tbtools.summarize(made.run_directory).runs
    assert summary.status == "stopped"


def test_a_sound_training_goes_on_to_its_end(tmp_path: Path) -> None:
    made = trainer(tmp_path, guard="stop")
    assert made.run().step == 300


def test_the_rate_is_lowered_once_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = trainer(tmp_path, guard="lower")
    finding = tbtools.detect(LOGS / "diverged").of("divergence")[0]
    # At the tenth evaluation, and not again.
    answers = iter([None] * 9 + [finding])
    monkeypatch.setattr(made.guard, "news", lambda: next(answers, None))
    made.run()
    rates = dict(read_run(made.run_directory).points["Learning Rate"])
    assert {step: round(rate, 9) for step, rate in rates.items()} == {
        step: 1e-2 if step <= 100 else 1e-3 for step in range(1, 301)
    }


def test_what_is_known_is_no_news() -> None:
    guard = Guard(LOGS / "diverged")
    first = guard.news()
    assert first is not None
    assert (first.tag, first.kind) == ("optim/grad_norm", "explosion")  # before the loss went up
    assert guard.news() is None
