"""What a finding costs, and the checkpoint to go on from."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

import tbtools
from tbtools.analysis.checkpoints import step_of
from tbtools.eventfile.source import using
from tests.builders import EventFileBuilder
from tests.sources import FailingSource, error
from tests.sweeps import write_run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("checkpoint-500", 500),
        ("epoch=3-step=500.ckpt", 500),
        ("epoch=3-step=500-v1.ckpt", 500),
        ("megatron_gpt--val_loss=2.10-step=500-consumed_samples=8000.0.ckpt", 500),
        ("global_step500", 500),
        ("step-500", 500),
        ("step_500.pt", 500),
        ("model_step_0000500.safetensors", 500),
        ("iter_0000500", 500),
        ("best_iter_500.pth", 500),
        ("model.ckpt-500.index", 500),
        ("model_0000499.pth", 499),
        ("rl_model_500_steps.zip", 500),
        ("checkpoint_500", 500),
        ("checkpoint_3_500.pt", 500),
        ("ep3-ba500-rank0.pt", 500),
        ("checkpoint-0", 0),
        ("model.ckpt-500.data-00000-of-00001", None),
        ("ckpt-5.index", None),
        ("checkpoint_000005", None),
        ("epoch_3.pth", None),
        ("epoch=3.ckpt", None),
        ("last.ckpt", None),
        ("checkpoint3.pt", None),
        ("events.out.tfevents.1772438400.node7", None),
        ("timestep_embedding.py", None),
    ],
)
def test_the_step_that_a_name_says(name: str, step: int | None) -> None:
    assert step_of(name) == step


def _divergence(logs: Path) -> dict[str, Any]:
    [finding] = tbtools.detect(logs)
    assert (finding.kind, finding.onset_step, finding.last_good_step) == ("divergence", 60, 59)
    return {**finding.evidence, "message": finding.message}


def test_cost_and_the_newest_checkpoint_before(tmp_path: Path) -> None:
    write_run(tmp_path / "run", {}, fails=True, seconds=120)
    (tmp_path / "run" / "checkpoint-20").mkdir()
    for step in (40, 59, 60, 80):
        path = tmp_path / "run" / "Checkpoints" / f"epoch=1-step={step}.ckpt"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = _divergence(tmp_path)
    assert found["cost"] == {"seconds": 39 * 120, "share": 39 / 99}
    expected = tmp_path / "run" / "Checkpoints" / "epoch=1-step=59.ckpt"
    assert found["checkpoint"] == {"path": str(expected), "step": 59}
    assert found["message"].endswith(
        ". 1.3 h since then, 39% of its time; "
        "newest checkpoint before: Checkpoints/epoch=1-step=59.ckpt"
    )


def test_little_time_is_in_the_evidence_only_and_later_checkpoints_do_not_count(
    tmp_path: Path,
) -> None:
    write_run(tmp_path / "run", {}, fails=True)
    (tmp_path / "run" / "checkpoint-60").mkdir()
    found = _divergence(tmp_path)
    assert found["cost"]["seconds"] == 39
    assert "checkpoint" not in found
    assert found["message"].endswith("last good step 59; the change is 473 times the noise")


def test_pauses_between_sessions_cost_nothing(tmp_path: Path) -> None:
    for first, last, pause in ((0, 80, 0.0), (80, 100, 1e6)):
        builder = EventFileBuilder().file_version(wall_time=1e9 + 60 * first + pause)
        for step in range(first, last):
            value = 9.0 if step >= 60 else 2.0 - step / 60
            value += ((step * 7919) % 13 - 6) / 300
            builder.scalar("loss", step, value, 1e9 + 60 * step + pause)
        builder.write(tmp_path / "run" / f"events.out.tfevents.{int(pause) + 1}")
    assert _divergence(tmp_path)["cost"] == {"seconds": 38 * 60, "share": 38 / 98}


def test_clocks_that_go_back_tell_no_cost(tmp_path: Path) -> None:
    builder = EventFileBuilder()
    for step in range(100):
        value = 9.0 if step >= 60 else 2.0 - step / 60
        value += ((step * 7919) % 13 - 6) / 300
        builder.scalar("loss", step, value, 1e9 + (step if step != 70 else 50))
    builder.write(tmp_path / "run" / "events.out.tfevents.1")
    assert "cost" not in _divergence(tmp_path)


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path) -> None:
    write_run(tmp_path / "run", {}, fails=True)
    (tmp_path / "run" / "checkpoints").mkdir()

    def failure(operation: str, path: str) -> OSError | None:
        is_ours = operation == "list" and path.endswith("checkpoints")
        return error(errno.EIO) if is_ours and armed else None

    armed = False
    with using(FailingSource(failure)):
        experiment = tbtools.load(tmp_path)
        armed = True
        [finding] = tbtools.detect(experiment)
    assert finding.evidence["checkpoint"] == {"error": "Input/output error"}


def test_summaries_say_the_same(tmp_path: Path) -> None:
    write_run(tmp_path / "run", {}, fails=True, seconds=120)
    (tmp_path / "run" / "step_59.pt").touch()
    [run] = tbtools.summarize(tmp_path).runs
    assert [each.to_dict() for each in run.findings] == [
        each.to_dict() for each in tbtools.detect(tmp_path)
    ]
