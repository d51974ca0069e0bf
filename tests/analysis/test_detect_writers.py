"""Writers that wrote the same steps at a time, such as ranks: each is judged by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import tbtools
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# The step at which the trouble of a rank begins, and how long it then lasts.
ONSET, STEPS = 151, 200


def healthy(step: int) -> float:
    return 2 / (1 + step / 20) + 0.1


def bad(kind: str, step: int) -> float:
    return float("nan") if kind == "nonfinite" else 50.0 + step


def write_rank(
    directory: Path, rank: int, steps: Iterable[int], kind: str | None, start: float = START
) -> None:
    noise = np.random.default_rng(rank).uniform(1, 1.02, STEPS)
    builder = EventFileBuilder().file_version(wall_time=start)
    for number, step in enumerate(steps):
        value = bad(kind, step) if kind and step >= ONSET else healthy(step) * noise[step]
        builder.scalar("loss", step, value, start + number + 0.01 * rank)
        if rank == 0:
            builder.scalar("accuracy", step, bad("nonfinite", step), start + number)
    builder.write(directory / f"events.out.tfevents.{start:.0f}.{rank}")


@pytest.mark.parametrize("kind", ["nonfinite", "divergence"])
@pytest.mark.parametrize(("ranks", "failing"), [(2, 0), (2, 1), (4, 0), (4, 3), (8, 0), (8, 7)])
def test_one_rank_that_fails(tmp_path: Path, ranks: int, failing: int, kind: str) -> None:
    for rank in range(ranks):
        write_rank(tmp_path, rank, range(STEPS), kind if rank == failing else None)
    findings = tbtools.detect(tmp_path)
    [of_all] = [each for each in findings if each.tag == "accuracy"]
    [found] = [each for each in findings if each.tag == "loss"]
    assert (found.kind, found.severity, found.provisional) == (kind, "error", False)
    assert (found.onset_step, found.last_good_step) == (ONSET, ONSET - 1)
    assert f"in 1 of {ranks} writers" in found.message
    assert found.evidence["writers"] == [1, ranks]
    assert "writers" not in of_all.message
    [shown] = tbtools.summarize(tmp_path).runs
    assert tuple(shown.findings) == tuple(findings)
    explanation = tbtools.explain(tmp_path)
    places = explanation.places[[each.tag for each in explanation.findings].index("loss")]
    assert {file.rpartition(".")[2] for file in places.values()} == {str(failing)}


def test_what_all_ranks_have_is_said_once(tmp_path: Path) -> None:
    for rank in range(4):
        write_rank(tmp_path, rank, range(STEPS), "nonfinite")
    [found] = [each for each in tbtools.detect(tmp_path) if each.tag == "loss"]
    assert (found.onset_step, "writers" in found.message) == (ONSET, False)


def test_a_series_of_one_writer_keeps_all_findings_of_a_kind(tmp_path: Path) -> None:
    """Whatever writers another run has: a rate is zero from 150 on, and leaps at 400."""
    rates = [0.1] * 150 + [0.0] * 150 + [0.1] * 100 + [5.0] * 100
    alone = EventFileBuilder().scalars("lr", list(enumerate(rates)))
    alone.write(tmp_path / "alone" / "events.out.tfevents.1")
    for rank in range(2):
        write_rank(tmp_path / "ranks", rank, range(STEPS), None)
    found = [each for each in tbtools.detect(tmp_path) if each.run == "alone"]
    assert [(each.kind, each.onset_step) for each in found] == [
        ("learning_rate", 150),
        ("learning_rate", 400),
    ]
    assert not any("writers" in each.message for each in found)


@pytest.mark.parametrize("ranks", [(2, 2), (1, 2), (4, 2), (2, 4)])
def test_ranks_that_were_restarted_go_on_with_those_before(
    tmp_path: Path, ranks: tuple[int, int]
) -> None:
    before, after = ranks
    for rank in range(before):
        write_rank(tmp_path, rank, range(100), None)
    for rank in range(after):
        failing = "divergence" if rank == after - 1 else None
        write_rank(tmp_path, rank, range(90, STEPS), failing, START + 7200)
    findings = [each for each in tbtools.detect(tmp_path) if each.tag == "loss"]
    assert [(each.kind, each.onset_step) for each in findings] == [("divergence", ONSET)]


def test_workers_that_take_turns_are_one_writer(tmp_path: Path) -> None:
    for worker in range(2):
        builder = EventFileBuilder().file_version(wall_time=START)
        for step in range(STEPS):
            if step // 50 % 2 == worker:
                # The last points of a worker are no end: the other one goes on.
                lost = worker == 1 and 95 <= step < 100
                builder.scalar("loss", step, np.nan if lost else healthy(step), START + step)
        builder.write(tmp_path / f"events.out.tfevents.{worker}")
    [found] = tbtools.detect(tmp_path)
    assert (found.kind, found.severity, found.onset_step) == ("nonfinite", "info", 95)
    assert "writers" not in found.message


@pytest.mark.parametrize("jump", [100, 101, 120])
def test_a_rise_says_that_the_run_was_restarted_where_it_begins(tmp_path: Path, jump: int) -> None:
    noise = np.random.default_rng(0).uniform(1, 1.02, STEPS)
    for part, steps in enumerate((range(100), range(100, STEPS))):
        builder = EventFileBuilder()
        for step in steps:
            value = healthy(step) * noise[step] if step < jump else 9 + noise[step]
            builder.scalar("loss", step, value, START + 60 * step + 7200 * part)
        builder.write(tmp_path / f"events.out.tfevents.{part}")
    [found] = [each for each in tbtools.detect(tmp_path) if each.kind == "divergence"]
    assert found.onset_step == jump
    at_restart = jump <= 101
    assert found.evidence.get("at_restart", False) == at_restart
    assert ("the run was restarted there" in found.message) == at_restart


@pytest.mark.parametrize("restarted", [True, False])
def test_at_a_restart_a_jump_is_said_to_be_of_it(tmp_path: Path, restarted: bool) -> None:
    noise = np.random.default_rng(0).normal(0, 0.02, 400)
    builders = [EventFileBuilder(), EventFileBuilder()]
    for step in range(400):
        value = 1.9 + 3.3 * np.exp(-step / 40) + 0.11 * (step >= 250) + noise[step]
        late = step >= 250
        wall_time = START + 60 * step + 7200 * (late and restarted)
        builders[late and restarted].scalar("loss", step, value, wall_time)
    for part, builder in enumerate(builders[: 1 + restarted]):
        builder.write(tmp_path / f"events.out.tfevents.{part}")
    [found] = tbtools.detect(tmp_path).of("divergence")
    assert found.onset_step == 250
    assert found.evidence.get("at_restart", False) == restarted
