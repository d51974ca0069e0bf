"""The timeline of a run: order, overlaps, evaluations, clocks, copies, and the notes about them."""

from __future__ import annotations

import shutil
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto import graph_pb2
from tensorboardX import SummaryWriter

import tbtools
from tests.builders import START, EventFileBuilder
from tests.commands import call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tbtools.runs.run import Run


def read(path: Path, restarts: str = "resume") -> Run:
    return tbtools.load(path, restarts=restarts)["."]


def steps(run: Run, tag: str = "loss") -> list[int]:
    return run.scalars(tag)["step"].tolist()


def notes(run: Run) -> list[tuple[str, str | None, int]]:
    return [(note.kind, note.tag, note.count) for note in run.data.iter_notes()]


def session(
    directory: Path,
    name: str,
    at: Iterable[int],
    start: float,
    *,
    every: float = 1.0,
    tag: str = "loss",
    value: Callable[[int], float] = float,
) -> float:
    """Writes one event file, a point a step; returns when it ended."""
    time = START + start
    builder = EventFileBuilder().file_version(wall_time=time)
    for step in at:
        time += every
        builder.scalar(tag, step, value(step), time)
    builder.write(directory / f"events.out.tfevents.{name}")
    return time - START


# --- the cases of the public reports -----------------------------------------------------------


def test_case_int32_wrap(cases: Path) -> None:
    run = read(cases / "01_int32_wrap")
    found = run.scalars()["step"].tolist()
    assert len(found) == 10
    assert found[:4] == sorted(found[:4])
    assert found[3] == 2_000_683_008
    assert found[4] == -1_627_389_952
    assert notes(run) == [("step_wraps", "eval/episode_reward", 1)]


def test_case_reset_each_epoch(cases: Path) -> None:
    run = read(cases / "04e_reset_div")
    assert steps(run, "batch_loss") == [*range(100)] * 3
    assert notes(run) == [("steps_go_back", "batch_loss", 2)]
    (row,) = run.data.statistics()
    assert (row.first_step, row.last_step, row.last) == (0, 99, pytest.approx(349))


def test_case_continued_runs(cases: Path) -> None:
    merged = tbtools.merge(cases / "05_sb3")
    assert (merged.points, merged.superseded) == (60, 0)


def test_case_overlap_of_a_requeued_job(cases: Path) -> None:
    run = read(cases / "07_overlap_requeue")
    assert steps(run) == [*range(200)]
    assert run.superseded == 21


def test_case_clock_behind(cases: Path) -> None:
    run = read(cases / "08_clock_behind")
    assert steps(run) == [*range(200)]
    assert run.superseded == 20
    assert ("clock_skew", None, 1) in notes(run)


def test_case_ranks_that_restart(cases: Path) -> None:
    run = read(cases / "09_ddp")
    assert len(steps(run)) == 400
    assert run.superseded == 40
    assert notes(run) == [("overlapping_writers", "loss", 200)]
    found = steps(run)
    assert all(later - step >= -1 for step, later in pairwise(found))
    lines = call("summarize", str(cases / "09_ddp")).out.splitlines()
    [drawn] = [line.split()[-1] for line in lines if line.startswith("loss ")]
    assert len(drawn) == 16
    assert list(drawn) == sorted(drawn, reverse=True)


@pytest.mark.parametrize("name", ["copy", "bak", "rsync", "run"])
def test_case_names(cases: Path, name: str) -> None:
    run = read(cases / "14_names" / name)
    assert steps(run) == [*range(50)]
    copies = [] if name == "run" else [("duplicate_file", None, 1)]
    assert notes(run) == copies
    assert run.superseded == 0


def test_case_workers_that_take_turns(cases: Path) -> None:
    run = read(cases / "41_alternating")
    assert steps(run) == [*range(300)]
    assert run.superseded == 0
    assert run.data.statistics()[0].last == pytest.approx(0.1137, abs=5e-5)
    assert notes(run) == []
    frame = tbtools.smooth(run, 0.6)
    assert frame["value"][frame["step"] == 200].item() == pytest.approx(0.1732, abs=5e-5)
    assert not tbtools.detect(run).of("stall")


def test_case_names_of_files_in_another_order(cases: Path) -> None:
    run = tbtools.load(cases / "44_names_order")["run"]
    assert steps(run, "val/loss") == [*range(200)]
    (row,) = run.data.statistics()
    assert (row.first, row.last) == (2.0, pytest.approx(0.01))
    assert tbtools.smooth(run, 0.6)["value"].iloc[0] == 2.0


def test_case_asynchronous_environments(cases: Path) -> None:
    run = read(cases / "45_async")
    (row,) = run.data.statistics()
    frame = run.scalars()
    assert (row.count, row.first_step, row.last_step) == (300, 0, 299)
    assert (row.first, row.last) == (frame["value"].iloc[0], frame["value"].iloc[-1])
    assert [(kind, tag) for kind, tag, _ in notes(run)] == [("steps_go_back", "loss")]


def test_case_evaluations_of_tasks(cases: Path) -> None:
    run = read(cases / "60b_torch_eval_tasks")
    found = {each.tag: each.count for each in run.data.statistics()}
    assert found == {"arc/acc": 1, "gsm8k/acc": 1, "mmlu/acc": 1, "n_samples": 1}
    assert run.superseded == 2


# --- order -------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", ["abc", "cba", "bca"])
@pytest.mark.parametrize("time", [0.0, -START])
def test_files_of_one_wall_time_stand_in_the_order_of_their_steps(
    tmp_path: Path, names: str, time: float
) -> None:
    for name, first in zip(names, (0, 100, 200), strict=True):
        session(tmp_path, name, range(first, first + 120), time, every=0.0)
    run = read(tmp_path)
    assert steps(run) == list(range(320))
    assert run.superseded == 40
    assert len(steps(read(tmp_path, "keep"))) == 360


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_sessions_stand_in_the_order_of_their_times(tmp_path: Path, names: str) -> None:
    end = session(tmp_path, names[0], range(10), 0)
    session(tmp_path, names[1], range(10, 20), end + 5)
    run = read(tmp_path)
    assert steps(run) == [*range(20)]
    assert run.data.statistics()[0].last == 19.0
    by_file = [*range(20)] if names == "ab" else [*range(10, 20), *range(10)]
    assert steps(read(tmp_path, "keep")) == by_file


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_the_graph_is_that_of_the_last_session(tmp_path: Path, names: str) -> None:
    for number, name in enumerate(names):
        graph = graph_pb2.GraphDef()
        graph.node.add(name=f"model_{number}", op="Relu")
        builder = EventFileBuilder().file_version(wall_time=START + 100 * number)
        builder.graph(graph.SerializeToString())
        builder.scalar("loss", number, 1.0, START + 100 * number)
        builder.write(tmp_path / f"events.out.tfevents.{name}")
    found = read(tmp_path).graph()
    assert found is not None
    assert found.nodes()["name"].tolist() == ["model_1"]


def test_a_clock_that_is_set_back_inside_a_file_changes_nothing(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version(wall_time=START)
    for step in range(20):
        builder.scalar("loss", step, 1.0, START + step - (50 if step > 9 else 0))
    builder.write(tmp_path / "events.out.tfevents.1")
    assert steps(read(tmp_path)) == [*range(20)]


def test_sessions_of_one_file_follow_each_other_whatever_the_clock_says(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version(wall_time=START)
    builder.scalars("loss", [(step, 1.0) for step in range(10)], START + 100)
    builder.session_start(5, START + 20)
    builder.scalars("loss", [(step, 2.0) for step in range(5, 12)], START + 30)
    builder.write(tmp_path / "events.out.tfevents.1")
    run = read(tmp_path)
    assert steps(run) == [*range(12)]
    assert run.superseded == 5


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 15), st.floats(0.1, 3)),
        min_size=1,
        max_size=4,
    ),
    st.randoms(use_true_random=False),
)
def test_names_of_files_never_matter(
    writers: list[tuple[int, int, float]], random: np.random.Generator
) -> None:
    names = [f"{number:02}" for number in range(len(writers))]
    shuffled = list(names)
    random.shuffle(shuffled)
    found = []
    for chosen in (names, shuffled):
        with tempfile.TemporaryDirectory() as folder:
            for number, (start, count, every) in enumerate(writers):
                steps_of = range(number, number + count)
                session(Path(folder), chosen[number], steps_of, start + number / 64, every=every)
            run = read(Path(folder))
            frame = run.scalars()
            found.append((frame.to_numpy().tolist(), run.superseded))
    assert found[0] == found[1]


# --- overlaps ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dying", [1, 5, 30])
@pytest.mark.parametrize("scratch", [False, True])
def test_a_job_that_is_replaced_while_it_dies(tmp_path: Path, dying: int, scratch: bool) -> None:
    taken_up = 0 if scratch else 100
    long = 400 if scratch else 150
    session(tmp_path, "1", range(long), 0)
    session(tmp_path, "2", range(taken_up, taken_up + 300), long - dying)
    run = read(tmp_path)
    assert steps(run) == [*range(taken_up + 300)]
    assert run.superseded == long - taken_up


def test_one_late_event_at_the_close(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version(wall_time=START)
    builder.scalars("loss", [(0, 0.0)], START)
    for step in range(1, 50):
        builder.scalar("loss", step, 0.0, START + step)
    builder.scalar("loss", 50, 0.0, START + 5000).scalar("total_time", 50, 5000.0, START + 5000)
    builder.write(tmp_path / "events.out.tfevents.1")
    session(tmp_path, "2", range(40, 90), 100)
    run = read(tmp_path)
    assert steps(run) == [*range(90)]
    assert ("superseded", "total_time", 1) in notes(run)


@pytest.mark.parametrize("apart", [0.0, 0.4, 3.0])
@pytest.mark.parametrize("ranks", [2, 4])
def test_ranks_side_by_side_are_kept(tmp_path: Path, apart: float, ranks: int) -> None:
    for rank in range(ranks):
        session(tmp_path, f"{rank}", range(100), apart * rank + rank / 64)
    run = read(tmp_path)
    assert run.superseded == 0
    assert sorted(steps(run)) == sorted([*range(100)] * ranks)
    assert notes(run) == [("overlapping_writers", "loss", 100)]


def test_a_rank_that_dies_early_is_kept(tmp_path: Path) -> None:
    session(tmp_path, "0", range(1000), 0)
    session(tmp_path, "1", range(50), 0.5)
    assert read(tmp_path).superseded == 0


def test_overlap_is_judged_by_the_series_that_are_shared(tmp_path: Path) -> None:
    # The old job's other thread writes on for as long as the new job runs.
    end = session(tmp_path, "1", range(100), 0)
    session(tmp_path, "1b", range(1000), 0, tag="gpu")
    session(tmp_path, "2", range(80, 200), end + 10)
    run = read(tmp_path)
    assert steps(run) == [*range(200)]
    assert len(steps(run, "gpu")) == 1000


def test_training_and_validation_writers_of_one_directory(tmp_path: Path) -> None:
    session(tmp_path, "train", range(100), 0)
    session(tmp_path, "val", range(0, 100, 10), 3, every=10, tag="val/loss")
    run = read(tmp_path)
    assert (run.superseded, notes(run)) == (0, [])


@pytest.mark.parametrize("turns", [2, 3, 7])
def test_workers_that_take_turns_write_one_series(tmp_path: Path, turns: int) -> None:
    for worker in range(2):
        builder = EventFileBuilder().file_version(wall_time=START + worker / 64)
        for step in range(100 * turns):
            if step // 100 % 2 == worker:
                builder.scalar("loss", step, float(step), START + 1 + step)
        builder.write(tmp_path / f"events.out.tfevents.{worker}")
    run = read(tmp_path)
    assert steps(run) == [*range(100 * turns)]
    assert run.superseded == 0


# --- evaluations -------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [[100, 200, 300], [300, 200, 100], [200, 100, 300]])
def test_evaluations_of_checkpoints_keep_every_score(tmp_path: Path, order: list[int]) -> None:
    time = session(tmp_path, "training", range(400), 0)
    for number, step in enumerate(order):
        time = session(tmp_path, f"z{number}", [step], time + 60, tag="eval/acc")
    run = read(tmp_path)
    assert steps(run, "eval/acc") == order
    assert steps(run) == [*range(400)]
    assert run.superseded == 0


def test_a_checkpoint_that_is_evaluated_again(tmp_path: Path) -> None:
    time = 0.0
    for name, step in zip("abc", [100, 200, 100], strict=True):
        time = session(tmp_path, name, [step], time + 60)
    run = read(tmp_path)
    assert steps(run) == [200, 100]
    assert run.superseded == 1


def test_one_more_evaluation_takes_nothing_of_a_curve(tmp_path: Path) -> None:
    time = session(tmp_path, "training", range(0, 400, 10), 0, tag="val/acc")
    session(tmp_path, "z", [200], time + 60, tag="val/acc")
    run = read(tmp_path)
    assert steps(run, "val/acc") == [*range(0, 400, 10), 200]


def test_tags_that_lose_all_their_points_are_named(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version(wall_time=START)
    builder.scalars("loss", [(step, 1.0) for step in range(50)], START + 1)
    builder.scalar("test/score", 49, 1.0, START + 2).scalar("test/score", 48, 1.0, START + 2)
    builder.write(tmp_path / "events.out.tfevents.1")
    session(tmp_path, "2", range(20, 60), 100)
    run = read(tmp_path)
    assert notes(run) == [("superseded", "test/score", 2)]
    assert run.superseded == 32
    assert run.scalars().attrs["notes"] == [
        {
            "kind": "superseded",
            "message": "all 2 points of test/score were superseded by a later session",
            "tag": "test/score",
            "count": 2,
        }
    ]


def test_the_only_point_of_a_tag_is_named_as_such(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version(wall_time=START)
    builder.scalars("loss", [(step, 1.0) for step in range(50)], START + 1)
    builder.scalar("done", 49, 1.0, START + 2).write(tmp_path / "events.out.tfevents.1")
    session(tmp_path, "2", range(20, 60), 100)
    assert [note.message for note in read(tmp_path).data.iter_notes()] == [
        "the only point of done was superseded by a later session"
    ]


# --- clocks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("behind", [60.0, 3600.0, 86400.0])
@pytest.mark.parametrize("back", [0, 1, 20])
def test_a_resumed_job_on_a_machine_whose_clock_is_behind(
    tmp_path: Path, behind: float, back: int
) -> None:
    end = session(tmp_path, "1", range(500), 0)
    session(tmp_path, "2", range(500 - back, 900), end + 5 - behind)
    run = read(tmp_path)
    assert steps(run) == [*range(900)]
    assert run.superseded == back
    assert [kind for kind, *_ in notes(run)] == ["clock_skew"]


@pytest.mark.parametrize("every", [1, 100])
@pytest.mark.parametrize(
    ("first", "back", "second", "hours", "superseded"),
    [
        (5, 1, 60, 1, 1),
        (5, 2, 60, 1, 0),  # it may have begun there: all is kept
        (8, 0, 100, 1, 0),
        (10, 0, 100, 24, 0),
        (12, 3, 200, 2, 3),
        (20, 10, 100, 1, 10),
        (100, 95, 200, 2, 0),
    ],
)
def test_a_short_first_session_and_a_clock_that_is_behind(
    tmp_path: Path, first: int, back: int, second: int, hours: int, superseded: int, every: int
) -> None:
    end = session(tmp_path, "1", range(0, first * every, every), 0)
    begin = (first - back) * every
    at = range(begin, begin + second * every, every)
    session(tmp_path, "2", at, end + 60 - 3600 * hours)
    run = read(tmp_path)
    assert run.superseded == superseded
    assert set(steps(run)) == {*range(0, begin + second * every, every)}
    assert notes(run)[0] == ("clock_skew", None, 1)


@pytest.mark.parametrize("second", [range(3), range(30), range(0, 300, 10), range(300)])
def test_a_second_try_that_is_cut_short_is_no_question_of_clocks(
    tmp_path: Path, second: range
) -> None:
    end = session(tmp_path, "1", range(100), 0)
    session(tmp_path, "2", second, end + 60)
    run = read(tmp_path)
    assert steps(run) == [*second]
    assert notes(run) == []


@pytest.mark.parametrize("policy", ["resume", "keep"])
def test_a_clock_that_is_set_back_inside_a_session_is_told(tmp_path: Path, policy: str) -> None:
    builder = EventFileBuilder().file_version(wall_time=START)
    for step in range(200):
        builder.scalar("loss", step, 1.0, START + 30 * step - (7200 if step >= 90 else 0))
    builder.write(tmp_path / "events.out.tfevents.1")
    run = read(tmp_path, policy)
    assert steps(run) == [*range(200)]
    assert notes(run) == [("clock_skew", None, 1)]


def test_series_that_were_written_one_after_the_other_set_no_clock_back(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version(wall_time=START)
    for tag in ("a", "b"):
        for step in range(100):
            builder.scalar(tag, step, 1.0, START + 30 * step)
    builder.write(tmp_path / "events.out.tfevents.1")
    assert notes(read(tmp_path)) == []


@pytest.mark.parametrize("every", [1.0, 2.0, 5.0])
def test_a_clock_that_is_a_little_behind_is_told(tmp_path: Path, every: float) -> None:
    # By its clock the second job was at step 100 some steps before the first one.
    end = session(tmp_path, "1", range(120), 0, every=every)
    session(tmp_path, "2", range(100, 200), end - 25 * every, every=every)
    run = read(tmp_path)
    assert sorted(steps(run)) == sorted([*range(120), *range(100, 200)])
    assert notes(run) == [("clock_skew", None, 1), ("overlapping_writers", "loss", 20)]


@pytest.mark.parametrize(
    ("tag", "scores"),
    [(tag, [at]) for tag in ("acc", "loss") for at in (100, 500, 999)] + [("acc", [100, 200, 300])],
)
def test_an_evaluation_that_is_dated_before_its_training(
    tmp_path: Path, tag: str, scores: list[int]
) -> None:
    builder = EventFileBuilder().file_version(wall_time=START + 5000)
    for step in range(1000):
        builder.scalar("loss", step, 1.0, START + 5000 + step)
        if step % 100 == 0:
            builder.scalar("acc", step, 0.5, START + 5000 + step)
    builder.write(tmp_path / "events.out.tfevents.1")
    session(tmp_path, "2", scores, 0, tag=tag, value=lambda _: 0.25)
    run = read(tmp_path)
    assert run.superseded == 0
    last = run.scalars(tag).tail(len(scores))
    assert (last["step"].tolist(), set(last["value"])) == (scores, {0.25})
    assert notes(run)[0] == ("clock_skew", None, 1)


@pytest.mark.parametrize(
    ("first", "second", "start_step", "superseded"),
    [
        (range(300), range(200, 290), None, 0),
        (range(120), range(100, 111), None, 0),
        (range(120), range(50, 119), None, 0),
        (range(120), range(100, 110), 100, 20),
        (range(120), range(40, 60), 40, 80),
        (range(0, 30, 10), range(30, 60, 10), None, 0),
        (range(1, 6), range(4, 9), None, 0),
    ],
)
def test_a_resumed_job_that_ends_early_on_a_clock_that_is_behind(
    tmp_path: Path, first: range, second: range, start_step: int | None, superseded: int
) -> None:
    end = session(tmp_path, "1", first, 0)
    builder = EventFileBuilder().file_version(wall_time=START + end - 3600)
    if start_step is not None:
        builder.session_start(start_step, START + end - 3600)
    for number, step in enumerate(second):
        builder.scalar("loss", step, 1.0, START + end - 3600 + number)
    builder.write(tmp_path / "events.out.tfevents.2")
    run = read(tmp_path)
    assert steps(run) == [*first[: len(first) - superseded], *second]
    assert (run.superseded, notes(run)) == (superseded, [("clock_skew", None, 1)])


@pytest.mark.parametrize(
    ("jobs", "behind"),
    [
        ([range(12), range(12, 13), range(13, 53)], 1),
        ([range(9), range(9, 10)], 1),
        ([range(2), range(2, 3)], 1),
        ([range(60), range(60, 100), range(100, 101), range(101, 120)], 2),
    ],
)
def test_the_only_point_of_a_job_on_a_clock_that_is_behind(
    tmp_path: Path, jobs: list[range], behind: int
) -> None:
    end = 0.0
    for number, each in enumerate(jobs):
        clock = end + 60 - 3600 * (number == behind)
        end += 60 + session(tmp_path, str(number), each, clock) - clock
    run = read(tmp_path)
    assert steps(run) == [step for each in jobs for step in each]
    assert (run.superseded, notes(run)) == (0, [("clock_skew", None, 1)])


@pytest.mark.parametrize(("reached", "superseded"), [(99, 0), (101, 1), (120, 1)])
def test_a_job_that_died_at_its_first_point_is_replaced_by_one_that_gets_there(
    tmp_path: Path, reached: int, superseded: int
) -> None:
    session(tmp_path, "1", range(100, 101), 0)
    session(tmp_path, "2", range(95, reached), 60)
    assert read(tmp_path).superseded == superseded


@pytest.mark.parametrize("taken_up", [96, 97, 90])
def test_a_start_that_crashed_takes_nothing_of_one_on_a_clock_that_is_behind(
    tmp_path: Path, taken_up: int
) -> None:
    session(tmp_path, "1", range(3), 0)
    session(tmp_path, "2", range(97), 30 - 3600)
    session(tmp_path, "3", range(taken_up, 200), 160)
    run = read(tmp_path)
    assert steps(run) == [*range(200)]
    assert notes(run) == [("clock_skew", None, 1)]


def test_each_writer_of_a_job_keeps_its_points_on_a_clock_that_is_behind(tmp_path: Path) -> None:
    for number, (at, start) in enumerate([(range(125), 0.0), (range(100, 200), 300.0 - 3600)]):
        session(tmp_path, f"{number}", at, start)
        session(tmp_path, f"{number}v", at[::10], start + 0.5, every=9.9, tag="val")
    run = read(tmp_path)
    assert steps(run) == [*range(200)]
    assert steps(run, "val") == [*range(0, 200, 10)]
    assert notes(run) == [("clock_skew", None, 2)]


def ranks_of_two_machines(
    directory: Path, random: np.random.Generator, *lives: tuple[range, float]
) -> None:
    """Two ranks in step; the clock of the second one's machine is an hour ahead."""
    for number, (at, start) in enumerate(lives):
        together = START + start + np.cumsum(random.uniform(0.8, 1.2, len(at)))
        for rank, host in enumerate(("left", "right")):
            times = together + rank * 3600 + random.uniform(0, 0.1, len(at))
            builder = EventFileBuilder().file_version(wall_time=float(times[0]) - 1)
            for step, time in zip(at, times.tolist(), strict=True):
                builder.scalar("loss", step, 1.0, time)
            name = f"events.out.tfevents.{int(times[0])}.{host}.{number}.0"
            builder.write(directory / name)


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_ranks_on_machines_whose_clocks_are_an_hour_apart(
    tmp_path: Path, seed: int, restarts: bool
) -> None:
    lives = [(range(100), 0.0), (range(80, 200), 200.0)]
    ranks_of_two_machines(tmp_path, np.random.default_rng(seed), *lives[: 1 + restarts])
    run = read(tmp_path)
    count = 200 if restarts else 100
    assert sorted(steps(run)) == sorted([*range(count)] * 2)
    assert run.superseded == 40 * restarts
    assert notes(run) == [
        ("clock_skew", None, 1 + restarts),
        ("overlapping_writers", "loss", count),
    ]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("variation", [0.01, 0.2])
def test_a_training_that_is_run_again_on_another_machine(
    tmp_path: Path, seed: int, variation: float
) -> None:
    random = np.random.default_rng(seed)
    for number, host in enumerate(("left", "right")):
        pauses = random.uniform(1 - variation, 1 + variation, 100)
        times = START + number * 3600 + np.cumsum(pauses)
        builder = EventFileBuilder().file_version(wall_time=START + number * 3600)
        for step, time in enumerate(times.tolist()):
            builder.scalar("loss", step, 1.0, time)
        builder.write(tmp_path / f"events.out.tfevents.{int(times[0])}.{host}.1.0")
    run = read(tmp_path)
    assert steps(run) == [*range(100)]
    assert notes(run) == [("superseded", None, 100)]
    assert [note.message for note in run.data.iter_notes()] == [
        "all 100 points that left wrote (loss) were superseded by a later session of right"
    ]


def test_jobs_that_go_to_and_fro_between_two_clocks(tmp_path: Path) -> None:
    time, reached = 0.0, 0
    for number in range(6):
        behind = 7200.0 if number % 2 else 0.0
        first = max(reached - 10, 0)
        time = behind + session(tmp_path, f"{number}", range(first, first + 110), time - behind)
        time, reached = time + 10, first + 110
    run = read(tmp_path)
    assert steps(run) == [*range(reached)]


def test_where_steps_do_not_tell_everything_is_kept(tmp_path: Path) -> None:
    # Did the run of 100 to 900 come first, or did it go back from 700 to 100? Nobody knows.
    session(tmp_path, "1", range(100, 900), 0)
    session(tmp_path, "2", range(700), 5000)
    run = read(tmp_path)
    assert run.superseded == 0
    assert len(steps(run)) == 1500
    assert ("clock_skew", None, 1) in notes(run)


def test_a_restart_from_scratch_is_no_question_of_clocks(tmp_path: Path) -> None:
    end = session(tmp_path, "1", range(100, 10_001, 100), 0)
    session(tmp_path, "2", range(10, 5_001, 10), end + 60)
    run = read(tmp_path)
    assert steps(run) == [*range(10, 5_001, 10)]
    assert notes(run) == []


# --- counters that reset or wrap ---------------------------------------------------------------


def test_a_counter_that_resets_each_epoch_is_no_evidence_of_a_restart(tmp_path: Path) -> None:
    end = session(tmp_path, "1", [*range(100)] * 3, 0)
    session(tmp_path, "2", [*range(100)] * 2, end + 60)
    run = read(tmp_path)
    assert run.superseded == 0
    assert steps(run) == [*range(100)] * 5
    assert notes(run) == [("steps_go_back", "loss", 3)]


def test_a_counter_that_resets_is_cut_where_the_others_turned_back(tmp_path: Path) -> None:
    def epochs(first: int, last: int, start: float, name: str) -> float:
        builder = EventFileBuilder().file_version(wall_time=START + start)
        for number, step in enumerate(range(first * 10, last * 10)):
            time = START + start + number + 1
            builder.scalar("loss", step, 1.0, time).scalar("batch", step % 10, 1.0, time)
        builder.write(tmp_path / f"events.out.tfevents.{name}")
        return start + (last - first) * 10

    end = epochs(0, 8, 0, "1")
    epochs(6, 10, end + 60, "2")
    run = read(tmp_path)
    assert steps(run) == [*range(100)]
    assert steps(run, "batch") == [*range(10)] * 10


def epochs(
    which: range, broken: int, score: str, *, first: int = 0, before: bool = False
) -> list[tuple[str, int]]:
    """What a job writes: a loss at each of 100 batches an epoch, a score at each epoch.

    Args:
        which: The epochs.
        broken: How many batches of the last one.
        score: Whether the score counts in an ``epoch``, or stands at the last ``batch``; or none.
        first: The first batch.
        before: Whether the score of an epoch is written before it.
    """
    points: list[tuple[str, int]] = []
    for epoch in which:
        batches = range(first if epoch == which[0] else 0, broken if epoch == which[-1] else 100)
        scores = [("score", epoch if score == "epoch" else 99)] if score else []
        if before:
            points += [] if batches.start else scores
        points += [("loss", batch) for batch in batches]
        if not before and batches.stop == 100:
            points += scores
    return points


def write_sessions(directory: Path, *sessions: list[tuple[str, int]]) -> Run:
    """Writes them one after another with a real writer."""
    for number, points in enumerate(sessions):
        with SummaryWriter(str(directory), filename_suffix=f".{number}") as writer:
            for tag, step in points:
                writer.add_scalar(tag, float(number), step)
    return read(directory)


@pytest.mark.parametrize(("score", "before"), [("epoch", False), ("epoch", True), ("", False)])
@pytest.mark.parametrize(
    ("first", "second", "superseded"),
    [
        ((range(3), 50, 0), (range(2, 6), 100, 0), 50),
        ((range(3), 70, 0), (range(2, 6), 100, 50), 20),
        ((range(3), 50, 0), (range(2, 6), 100, 50), 0),
        ((range(3), 50, 0), (range(2, 3), 30, 0), 50),
        ((range(3), 100, 0), (range(3, 6), 100, 0), 0),
        ((range(1), 50, 0), (range(4), 100, 0), 50),
        ((range(2), 50, 0), (range(1, 4), 100, 0), 50),
    ],
)
def test_an_epoch_that_broke_off_is_redone(
    tmp_path: Path,
    first: tuple[range, int, int],
    second: tuple[range, int, int],
    superseded: int,
    score: str,
    before: bool,
) -> None:
    earlier, later = (
        epochs(which, broken, score, first=start, before=before)
        for which, broken, start in (first, second)
    )
    run = write_sessions(tmp_path, earlier, later)
    losses = [step for tag, step in earlier if tag == "loss"]
    kept = losses[: len(losses) - superseded]
    assert steps(run) == kept + [step for tag, step in later if tag == "loss"]
    if score:
        assert steps(run, "score") == sorted(
            {step for tag, step in earlier + later if tag != "loss"}
        )


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("broken", [30, 100])
@pytest.mark.parametrize("redone", [0, 1, 2, 3])
def test_epochs_are_redone_from_the_one_that_the_score_tells(
    tmp_path: Path, redone: int, broken: int, before: bool
) -> None:
    earlier = epochs(range(4), broken, "epoch", before=before)
    run = write_sessions(tmp_path, earlier, epochs(range(redone, 6), 100, "epoch", before=before))
    assert steps(run) == [*range(100)] * 6
    assert steps(run, "score") == [*range(6)]


def test_whole_epochs_that_may_have_been_redone_are_kept(tmp_path: Path) -> None:
    # From the third epoch on, from scratch, or three more of them? Nobody knows.
    earlier, later = epochs(range(3), 100, "batch"), epochs(range(3), 100, "batch")
    run = write_sessions(tmp_path, earlier, later)
    assert steps(run) == [*range(100)] * 6
    assert steps(run, "score") == [99] * 6
    assert notes(run) == [("steps_go_back", "loss", 4)]


def test_epochs_of_several_lengths_are_kept(tmp_path: Path) -> None:
    lengths = [100, 100, 40]
    earlier = [("loss", batch) for length in lengths for batch in range(length)]
    later = [("loss", batch) for length in (60, 100) for batch in range(length)]
    assert write_sessions(tmp_path, earlier, later).superseded == 0


def test_three_jobs_that_redo_epochs(tmp_path: Path) -> None:
    run = write_sessions(
        tmp_path,
        epochs(range(3), 50, "epoch"),
        epochs(range(2, 5), 20, "epoch"),
        epochs(range(3, 6), 100, "epoch"),
    )
    assert steps(run) == [*range(100)] * 6
    assert steps(run, "score") == [*range(6)]


def test_jobs_of_one_epoch_each(tmp_path: Path) -> None:
    run = write_sessions(
        tmp_path, *(epochs(range(each, each + 1), 100, "epoch") for each in range(3))
    )
    assert steps(run) == [*range(100)] * 3
    assert steps(run, "score") == [*range(3)]


def test_a_run_that_wraps_and_is_resumed(tmp_path: Path) -> None:
    def int32(step: int) -> int:
        return (step + 2**31) % 2**32 - 2**31

    million = 1_000_000
    counted = [int32(step) for step in range(0, 4200 * million, 100 * million)]
    end = session(tmp_path, "1", counted[:30], 0)
    session(tmp_path, "2", counted[25:], end + 60)
    run = read(tmp_path)
    assert steps(run) == counted
    assert run.superseded == 5
    assert [(kind, count) for kind, _, count in notes(run)] == [("step_wraps", 1)]


@pytest.mark.parametrize("names", ["ab", "ba"])
@pytest.mark.parametrize("redone", [0, 3])
def test_a_counter_that_wraps_from_one_session_to_the_next(
    tmp_path: Path, names: str, redone: int
) -> None:
    steps_of = range(2**31 - 10_000_000, 2**31 + 10_000_000, 1_000_000)
    counted = [(step + 2**31) % 2**32 - 2**31 for step in steps_of]
    end = session(tmp_path, names[0], counted[: 10 + redone], 0)
    session(tmp_path, names[1], counted[10:], end + 60)
    run = read(tmp_path)
    assert steps(run) == counted
    assert run.superseded == redone
    assert notes(run) == [("step_wraps", "loss", 1)]


def test_a_large_counter_that_is_set_back_has_not_wrapped(tmp_path: Path) -> None:
    session(tmp_path, "1", [*range(0, 3_000_000_000, 1_000_000)] * 2, 0)
    assert notes(read(tmp_path)) == [("steps_go_back", "loss", 1)]


# --- copies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["resume", "keep"])
@pytest.mark.parametrize("part", [1.0, 0.5])
def test_a_copy_is_read_once(tmp_path: Path, policy: str, part: float) -> None:
    session(tmp_path, "1", range(50), 0)
    original = tmp_path / "events.out.tfevents.1"
    copy = tmp_path / "a-copy.tfevents.1"
    copy.write_bytes(original.read_bytes()[: int(original.stat().st_size * part)])
    run = read(tmp_path, policy)
    assert steps(run) == [*range(50)]
    assert [kind for kind, *_ in notes(run)] == ["duplicate_file"]
    assert len(run.event_files) == 2


def test_a_file_that_went_on_after_it_was_copied(tmp_path: Path) -> None:
    session(tmp_path, "1", range(50), 0)
    shutil.copy(tmp_path / "events.out.tfevents.1", tmp_path / "events.out.tfevents.1.bak")
    session(tmp_path, "1", range(80), 0)
    run = read(tmp_path)
    assert steps(run) == [*range(80)]
    assert "is the beginning of" in next(run.data.iter_notes()).message


@pytest.mark.parametrize("beside", ["", "1", "2", "12"])
def test_files_that_were_put_one_behind_the_other(tmp_path: Path, beside: str) -> None:
    end = session(tmp_path, "1", range(120), 0)
    session(tmp_path, "2", range(100, 200), end + 60)
    files = [tmp_path / f"events.out.tfevents.{name}" for name in "12"]
    (tmp_path / "all.tfevents").write_bytes(b"".join(file.read_bytes() for file in files))
    for file in files:
        if file.name[-1] not in beside:
            file.unlink()
    run = read(tmp_path)
    assert steps(run) == [*range(200)]
    assert run.superseded == 20
    assert notes(run) == [("duplicate_file", None, 1)] * len(beside)


@pytest.mark.parametrize("cut", [False, True])
def test_damage_of_a_copy_that_is_not_read_is_no_problem_of_the_run(
    tmp_path: Path, cut: bool
) -> None:
    session(tmp_path, "1", range(50), 0)
    whole = (tmp_path / "events.out.tfevents.1").read_bytes()
    (tmp_path / ".events.out.tfevents.1.x8F2").write_bytes(whole[: -100 if cut else None])
    run = read(tmp_path)
    assert len(run.problems) == 0
    assert steps(run) == [*range(50)]
    assert notes(run) == [("duplicate_file", None, 1)]


def damaged(path: Path, places: Sequence[float], cut: bool = False) -> bytes:
    """The bytes of a file with some flipped, or with its middle cut out, at parts of its length."""
    data = bytearray(path.read_bytes())
    at = [int(len(data) * place) for place in places]
    if cut:
        return bytes(data[: at[0]] + data[at[1] :])
    for place in at:
        data[place] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize("policy", ["resume", "keep"])
@pytest.mark.parametrize("names", ["ab", "ba"])
@pytest.mark.parametrize(
    ("places", "cut"),
    [([0.5], False), ([0.01], False), ([0.999], False), ([0.2, 0.6], False), ([0.3, 0.8], True)],
)
def test_a_damaged_copy_is_read_once(
    tmp_path: Path, policy: str, names: str, places: list[float], cut: bool
) -> None:
    session(tmp_path, names[0], range(100), 0.25, every=1.125)
    original = tmp_path / f"events.out.tfevents.{names[0]}"
    (tmp_path / f"events.out.tfevents.{names[1]}").write_bytes(damaged(original, places, cut))
    run = read(tmp_path, policy)
    assert steps(run) == [*range(100)]
    assert (notes(run), run.superseded) == ([("duplicate_file", None, 1)], 0)
    assert next(run.data.iter_notes()).message == (
        f"events.out.tfevents.{names[1]} is a damaged copy of {original.name}; read once"
    )


def test_of_two_damaged_copies_nothing_is_lost(tmp_path: Path) -> None:
    session(tmp_path, "a", range(100), 0.25, every=1.125)
    original = tmp_path / "events.out.tfevents.a"
    (tmp_path / "events.out.tfevents.b").write_bytes(damaged(original, [0.3]))
    original.write_bytes(damaged(original, [0.7]))
    run = read(tmp_path)
    assert steps(run) == [*range(100)]
    assert notes(run) == [("duplicate_file", None, 1)]
    assert next(run.data.iter_notes()).message == (
        "events.out.tfevents.b is a copy of events.out.tfevents.a, both are damaged; "
        "read for 1 value that only it holds"
    )


def test_equal_values_at_other_times_are_no_copy(tmp_path: Path) -> None:
    end = session(tmp_path, "1", range(50), 0)
    session(tmp_path, "2", range(50), end + 1)
    run = read(tmp_path)
    assert run.superseded == 50
    assert notes(run) == [] or notes(run)[0][0] != "duplicate_file"


# --- any files ---------------------------------------------------------------------------------

any_session = st.tuples(
    st.integers(0, 200),  # start, seconds
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(-5, 40)), max_size=25),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(any_session, min_size=1, max_size=4))
def test_inside_a_session_points_stay_as_written(
    sessions: Sequence[tuple[int, list[tuple[str, int]]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, (start, points) in enumerate(sessions):
            time = START + start + number / 64
            builder = EventFileBuilder().file_version(wall_time=time)
            for at, (tag, step) in enumerate(points):
                builder.scalar(tag, step, 1.0, time + at)
            builder.write(Path(folder) / f"events.out.tfevents.{number}")
        run = read(Path(folder))
        rows = run.data.columns.rows
        for each in run.data.columns.series:
            own = run.data.columns.of(each)
            for file in range(len(rows.files)):
                assert (np.diff(own[rows.file_of(own) == file]) > 0).all()
        assert sum(each.count for each in run.data.columns.series) + run.superseded == rows.count


# --- links, and files that change while they are followed ----------------------------------------


def test_a_link_to_a_file_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    session(tmp_path / "run", "1", range(50), 0)
    (tmp_path / "run" / "latest.tfevents").symlink_to("events.out.tfevents.1")
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "events.out.tfevents.1").symlink_to("../run/events.out.tfevents.1")
    experiment = tbtools.load(tmp_path)
    assert list(experiment) == ["run"]
    run = experiment["run"]
    assert steps(run) == [*range(50)]
    assert notes(run) == [("duplicate_file", None, 1)] * 2


def test_a_file_that_is_replaced_while_it_is_followed(tmp_path: Path) -> None:
    session(tmp_path, "1", range(50), 0)
    experiment = tbtools.load(tmp_path)
    assert len(experiment.scalars()) == 50
    session(tmp_path, "2", range(30), 5)
    (tmp_path / "events.out.tfevents.2").replace(tmp_path / "events.out.tfevents.1")
    experiment.refresh()
    assert len(experiment.scalars()) == 30
    assert notes(experiment["."]) == [("read_anew", None, 1)]
