"""A training that was killed and goes on gives what it would have given."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from reference_training import checkpoint
from reference_training.command_line import main
from tests.reference_training.conftest import TINY_LANGUAGE
from tests.reference_training.reading import events, read_run

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.reference_training.reading import Trained

EXACT = ("train/loss", "optim/grad_norm", "optim/learning_rate", "val/loss")
"""Tags whose values do not depend on the clock."""

# A checkpoint (10, 20) is due in the middle of a point's steps (every 3), and dropout draws from
# torch's own random numbers: both must be gone on with.
OPTIONS = (*TINY_LANGUAGE, "--log-every=3", "--dropout=0.1", "--flush-seconds=1")


def wait_for(condition: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.01)


def exact(run: Trained) -> dict[str, list[tuple[int, float]]]:
    return {tag: run.points[tag] for tag in EXACT}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[int, float]]]:
    directory = tmp_path_factory.mktemp("uninterrupted")
    assert main(["pretrain", *OPTIONS, f"--logdir={directory}"]) == 0
    return exact(read_run(directory / "pretrain"))


def test_killed_by_its_own_fault_and_resumed_it_is_the_same_to_the_last_bit(
    finish: Callable[..., str],
    train: Callable[..., Trained],
    capsys: pytest.CaptureFixture[str],
    uninterrupted: dict[str, list[tuple[int, float]]],
) -> None:
    options = ("pretrain", *OPTIONS, "--inject=crash@26")
    finish(*options, status=-signal.SIGKILL)
    run = train(*options)
    said = capsys.readouterr().err
    assert "resumed from" in said
    assert "step-00000020" in said
    assert exact(run) == uninterrupted
    first, second = (events(file) for file in run.files)
    abandoned = [event.step for event in first if event.summary.value and event.step > 20]
    assert abandoned == [21, 24]  # what a reader must hide
    (start,) = (e for e in second if e.session_log.status == e.session_log.START)
    assert start.step == 21


def test_killed_at_any_moment_and_resumed_it_is_the_same_to_the_last_bit(
    tmp_path: Path,
    start: Callable[..., subprocess.Popen[str]],
    train: Callable[..., Trained],
    uninterrupted: dict[str, list[tuple[int, float]]],
) -> None:
    run = tmp_path / "pretrain"
    process = start("pretrain", *OPTIONS, "--inject=stall@17:60")
    wait_for(lambda: checkpoint.newest(run), process)
    process.kill()
    process.communicate()
    assert exact(train("pretrain", *OPTIONS)) == uninterrupted


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_asked_to_stop_it_writes_a_checkpoint_and_goes_on_from_there(
    tmp_path: Path,
    train: Callable[..., Trained],
    capsys: pytest.CaptureFixture[str],
    uninterrupted: dict[str, list[tuple[int, float]]],
    number: int,
    status: int,
) -> None:
    # truth.json is written when the run begins; the signal comes in the stall, or not before it.
    truth = tmp_path / "pretrain" / "truth.json"

    def send() -> None:
        while not truth.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    threading.Thread(target=send, daemon=True).start()
    stopped = train("pretrain", *OPTIONS, "--inject=stall@1:1.5", status=status)
    assert "stopped at step 1; the same command goes on from there" in capsys.readouterr().err
    assert checkpoint.load(stopped.path).step == 1
    assert "_hparams_/session_end_info" not in stopped.plugins  # neither success nor failure
    assert exact(train("pretrain", *OPTIONS)) == uninterrupted


def test_tbtools_reads_the_resumed_run_as_one_curve(
    tmp_path: Path, train: Callable[..., Trained], finish: Callable[..., str]
) -> None:
    import tbtools

    options = ("--epochs=60", "--checkpoint-every=20", "--threads=1")
    whole = train("regression", *options, name="whole")
    finish("regression", *options, "--inject=crash@51", "--run-name=killed", status=-9)
    train("regression", *options, name="killed")
    killed = tbtools.load(tmp_path)["killed"]
    frame = killed.scalars("Loss/train")
    assert list(zip(frame["step"], frame["value"], strict=True)) == whole.points["Loss/train"]
    assert killed.problems.empty


def test_a_run_without_a_checkpoint_begins_anew_and_hides_what_it_wrote(
    train: Callable[..., Trained],
) -> None:
    options = ("--epochs=20", "--threads=1")
    first = train("regression", *options)
    shutil.rmtree(checkpoint.folder(first.path))
    run = train("regression", *options)
    assert run.points["Loss/train"] == first.points["Loss/train"]
    (begin,) = (e for e in events(run.files[1]) if e.session_log.status == e.session_log.START)
    assert begin.step == 0


def test_a_finished_run_is_left_as_it_is(
    train: Callable[..., Trained], capsys: pytest.CaptureFixture[str]
) -> None:
    first = train("regression", "--epochs=5")
    again = train("regression", "--epochs=5")
    assert again.files == first.files
    assert "is finished: 5 steps" in capsys.readouterr().err


def test_a_finished_run_can_be_made_longer(train: Callable[..., Trained]) -> None:
    train("regression", "--epochs=5")
    assert [step for step, _ in train("regression", "--epochs=8").points["Loss/train"]] == [
        *range(1, 9)
    ]


def test_a_checkpoint_can_be_gone_on_with_in_another_run(
    tmp_path: Path, train: Callable[..., Trained]
) -> None:
    options = ("--epochs=8", "--checkpoint-every=5")
    whole = train("regression", *options, name="whole")
    path = checkpoint.folder(whole.path) / "step-00000005"
    fork = train("regression", *options, f"--resume={path}", name="fork")
    assert fork.points["Loss/train"] == whole.points["Loss/train"][5:]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--seed=1",), "is of another training: --seed was 0 and is 1. Give the same options"),
        (("--resume=never",), "has a run already: give another --run-name"),
        (("--resume=nowhere",), "nowhere is no checkpoint, and no run that has one"),
    ],
)
def test_what_does_not_fit_is_refused(
    train: Callable[..., Trained],
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    complaint: str,
) -> None:
    first = train("regression", "--epochs=5")
    assert train("regression", "--epochs=9", *options, status=1).files == first.files
    assert complaint in capsys.readouterr().err


def test_another_recipe_is_refused(
    train: Callable[..., Trained], capsys: pytest.CaptureFixture[str]
) -> None:
    train("regression", "--epochs=2", name="mine")
    train("digits", "--source=sklearn", "--epochs=1", name="mine", status=1)
    assert "the recipe was regression and is digits" in capsys.readouterr().err


def test_other_data_is_refused(
    tmp_path: Path, train: Callable[..., Trained], capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = tmp_path / "own.txt"
    corpus.write_text("abcdefghij" * 200)
    options = (*TINY_LANGUAGE, f"--corpus={corpus}", "--validation-windows=1", "--steps=2")
    train("pretrain", *options)
    corpus.write_text("abcdefghik" * 200)
    train("pretrain", *options, "--steps=4", status=1)
    assert "was trained on other data" in capsys.readouterr().err


def test_event_files_of_others_are_not_mixed_with(
    tmp_path: Path, train: Callable[..., Trained], capsys: pytest.CaptureFixture[str]
) -> None:
    first = train("regression", "--epochs=2")
    shutil.rmtree(checkpoint.folder(first.path))
    (first.path / "config.json").unlink()
    train("regression", "--epochs=2", status=1)
    assert "event files of another writer" in capsys.readouterr().err
