"""Writer sessions, and the policy `resume`: what a later session supersedes, and what not."""

from __future__ import annotations

import cProfile
import itertools
import math
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tbtools
from tbtools.eventfile import messages
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tbtools.runs.run import Run

Points = list[tuple[str, int]]


@dataclass
class Writer:
    """What one session writes, in order: pairs of tag and step, one a second."""

    points: Points
    start: float = 0.0
    start_step: int | None = None
    every: float = 1.0
    builder: EventFileBuilder = field(default_factory=EventFileBuilder)

    @property
    def end(self) -> float:
        return self.start + self.every * len(self.points)

    def build(self) -> EventFileBuilder:
        self.builder.file_version(wall_time=START + self.start)
        if self.start_step is not None:
            self.builder.session_start(self.start_step, START + self.start)
        for number, (tag, step) in enumerate(self.points, 1):
            time = START + self.start + self.every * number
            self.builder.scalar(tag, step, 1.0, time)
        return self.builder


def one_after_another(*sessions: Points, pause: float = 100.0) -> list[Writer]:
    writers: list[Writer] = []
    for points in sessions:
        writers.append(Writer(points, writers[-1].end + pause if writers else 0.0))
    return writers


def series(tag: str, *steps: Iterable[int]) -> Points:
    return [(tag, step) for part in steps for step in part]


def every_tag(tags: Sequence[str], steps: Iterable[int]) -> Points:
    """All tags at each step, as a training loop does."""
    return [(tag, step) for step in steps for tag in tags]


def write(directory: Path, writers: Sequence[Writer], order: Sequence[int] | None = None) -> Path:
    """The files, named so that they sort as the writers are given, or in another order."""
    for number, writer in enumerate(writers):
        place = order[number] if order else number
        writer.build().write(directory / f"events.out.tfevents.17{place:08}.host")
    return directory


def load(directory: Path, restarts: str = "resume") -> Run:
    return tbtools.load(directory, restarts=restarts)["."]


def kept(run: Run) -> list[Points]:
    """The points that are left of each file, in the order written."""
    rows = run.data.columns.rows
    left: list[Points] = [[] for _ in rows.files]
    for row in sorted(run.data.columns.order.tolist()):
        file = int(rows.file_of(row))
        left[file].append((rows.tags[rows.tag_id[row]], int(rows.step[row])))
    return left


def resumed(tmp_path: Path, *writers: Writer) -> list[Points]:
    return kept(load(write(tmp_path, writers)))


# --- what a session is -----------------------------------------------------------------------


def test_each_file_is_a_session_and_so_is_what_follows_a_start(tmp_path: Path) -> None:
    first = EventFileBuilder().file_version().session_start(0, START)
    first.scalar("a", 1, 0.0).scalar("a", 2, 0.0).session_start(2, START + 10)
    first.scalar("a", 2, 0.0, START + 11).write(tmp_path / "events.out.tfevents.1")
    EventFileBuilder().write(tmp_path / "events.out.tfevents.2")  # nothing in it: no session
    second = EventFileBuilder().scalar("a", 9, 0.0).scalar("a", 7, 0.0)
    second.write(tmp_path / "events.out.tfevents.3")
    sessions = load(tmp_path, "keep").sessions
    assert [Path(file).name[-1] for file in sessions["file"]] == ["1", "1", "3"]
    assert sessions["start_step"].tolist()[:2] == [0, 2]
    assert sessions["start_step"].isna().tolist() == [False, False, True]
    assert sessions["start_time"].tolist() == [START, START + 10, START + 9]
    assert sessions["end_time"].tolist() == [START + 2, START + 11, START + 9]
    assert sessions["first_step"].tolist() == [1, 2, 7]
    assert sessions["last_step"].tolist() == [2, 2, 9]
    assert sessions["points"].tolist() == [2, 1, 2]
    assert sessions["superseded"].tolist() == [0, 0, 0]


def test_a_start_behind_values_begins_a_second_session(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("a", 1, 0.0).scalar("a", 2, 0.0)
    builder.session_start(2).scalar("a", 2, 0.0).scalar("a", 3, 0.0)
    run = load(builder.write(tmp_path / "events.out.tfevents.1").parent)
    assert run.sessions["points"].tolist() == [2, 2]
    assert kept(run) == [series("a", [1, 2, 3])]


def test_sessions_without_points_have_no_steps(tmp_path: Path) -> None:
    EventFileBuilder().file_version().write(tmp_path / "events.out.tfevents.1")
    sessions = load(tmp_path).sessions
    assert sessions["points"].tolist() == [0]
    assert sessions["first_step"].isna().all()
    assert str(sessions["first_step"].dtype) == "Int64"


def test_values_older_than_their_file_say_when_the_run_ran(tmp_path: Path) -> None:
    from tensorboardX import SummaryWriter  # a script that makes event files of another log

    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(3):
            writer.add_scalar("loss", 1.0, step, walltime=START + 10 * step)
    run = tbtools.load(tmp_path)["."]
    sessions = run.sessions
    assert sessions.start_time.tolist() == [START]
    assert sessions.end_time.tolist() == [START + 20]
    summary = tbtools.summarize(tmp_path).runs[0]
    assert summary.duration == 20
    assert summary.status == "stopped"


def test_a_converted_training_that_was_resumed_is_one_curve(tmp_path: Path) -> None:
    from tensorboardX import SummaryWriter

    for suffix, first, begins in (("1", 0, START), ("2", 5, START + 1000)):
        with SummaryWriter(str(tmp_path), filename_suffix=suffix) as writer:
            for step in range(first, first + 10):
                writer.add_scalar("loss", float(suffix), step, walltime=begins + step)
    frame = tbtools.read_scalars(tmp_path)
    assert frame.step.tolist() == list(range(15))
    assert frame.value.tolist() == [1.0] * 5 + [2.0] * 10


def test_seconds_since_the_start_do_not_say_when_a_run_ran(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version(wall_time=START)
    for step in range(3):
        builder.scalar("loss", step, 1.0, wall_time=float(step))
    builder.write(tmp_path / "events.out.tfevents.1")
    assert tbtools.load(tmp_path)["."].sessions.end_time.tolist() == [START]


def test_steps_of_any_size_are_exact(tmp_path: Path) -> None:
    largest, odd = 2**63 - 1, 2**53 + 1
    builder = EventFileBuilder().scalars("a", [(-(2**63), 0.0), (largest, 0.0)])
    builder.session_start(largest).write(tmp_path / "events.out.tfevents.1")
    EventFileBuilder().scalar("b", odd, 0.0).write(tmp_path / "events.out.tfevents.2")
    run = load(tmp_path, "keep")
    assert run.sessions["first_step"].tolist() == [-(2**63), pd.NA, odd]
    assert run.sessions["last_step"].tolist() == [largest, pd.NA, odd]
    assert run.sessions["start_step"].tolist() == [pd.NA, largest, pd.NA]
    assert run.tags["min_step"].tolist() == [-(2**63), odd]


def test_a_run_without_sessions_has_an_empty_frame_of_them(tmp_path: Path) -> None:
    EventFileBuilder().write(tmp_path / "none" / "events.out.tfevents.1")
    EventFileBuilder().scalar("a", 1, 0.0).write(tmp_path / "one" / "events.out.tfevents.1")
    none, one = load(tmp_path / "none").sessions, load(tmp_path / "one").sessions
    assert len(none) == 0
    assert none.dtypes.astype(str).to_dict() == one.dtypes.astype(str).to_dict()


# --- the contract, sentence by sentence ------------------------------------------------------


def test_the_earlier_session_loses_all_tags_from_the_lowest_first_step_on(tmp_path: Path) -> None:
    earlier = [*every_tag(["loss", "lr"], range(120)), ("val", 90), ("val", 110)]
    later = series("lr", range(101, 150)) + series("loss", range(100, 150))
    left = resumed(tmp_path, *one_after_another(earlier, later))
    assert left == [[*every_tag(["loss", "lr"], range(100)), ("val", 90)], later]


def test_a_session_that_goes_on_where_the_earlier_one_ended_supersedes_nothing(
    tmp_path: Path,
) -> None:
    earlier, later = series("a", range(10)), series("a", range(10, 20))
    assert resumed(tmp_path, *one_after_another(earlier, later)) == [earlier, later]


def test_the_last_step_written_again_is_superseded(tmp_path: Path) -> None:
    left = resumed(tmp_path, *one_after_another(series("a", range(10)), series("a", range(9, 20))))
    assert left == [series("a", range(9)), series("a", range(9, 20))]


def test_a_restart_from_scratch_supersedes_everything(tmp_path: Path) -> None:
    earlier = [*every_tag(["loss", "lr"], range(50)), ("val", 49)]
    later = every_tag(["loss", "lr"], range(20))
    assert resumed(tmp_path, *one_after_another(earlier, later)) == [[], later]


def test_sessions_that_overlap_in_wall_time_are_concurrent_writers(tmp_path: Path) -> None:
    ranks = [Writer(series("loss", range(100)), start) for start in (0.0, 0.5, 40.0, 60.0)]
    assert resumed(tmp_path, *ranks) == [rank.points for rank in ranks]


def test_ranks_that_restart_together_supersede_all_ranks_of_before(tmp_path: Path) -> None:
    before = [Writer(series("loss", range(100)), start) for start in (0.0, 3.0)]
    after = [Writer(series("loss", range(50, 150)), start) for start in (500.0, 503.0)]
    left = resumed(tmp_path, *before, *after)
    assert left == [series("loss", range(50))] * 2 + [series("loss", range(50, 150))] * 2


def test_a_session_that_starts_as_the_earlier_one_ends_is_no_concurrent_writer(
    tmp_path: Path,
) -> None:
    earlier = Writer(series("a", range(10)))
    later = Writer(series("a", range(5, 15)), earlier.end)
    assert resumed(tmp_path, earlier, later) == [series("a", range(5)), later.points]


def test_sessions_that_share_no_tag_are_other_writers(tmp_path: Path) -> None:
    training, script = series("loss", range(100)), series("test/accuracy", range(10))
    assert resumed(tmp_path, *one_after_another(training, script)) == [training, script]


def test_repeated_steps_inside_one_session_stay(tmp_path: Path) -> None:
    points = series("a", [1, 2, 2, 2, 1, 0, 7, 3]) + series("b", [0, 0, 0])
    assert resumed(tmp_path, Writer(points)) == [points]


def test_repeated_steps_of_the_later_session_stay(tmp_path: Path) -> None:
    later = series("a", [5, 6, 5, 6, 7])
    left = resumed(tmp_path, *one_after_another(series("a", range(10)), later))
    assert left == [series("a", range(5)), later]


def test_a_start_says_where_it_went_on_whatever_is_shared(tmp_path: Path) -> None:
    earlier = Writer(every_tag(["loss", "lr"], range(100)))
    later = Writer(series("other", range(60, 70)), 1000.0, start_step=60)
    left = resumed(tmp_path, earlier, later)
    assert left == [every_tag(["loss", "lr"], range(60)), later.points]


def test_a_start_below_the_first_point_written_counts(tmp_path: Path) -> None:
    earlier = Writer(series("loss", range(100)))
    later = Writer(series("loss", range(70, 120)), 1000.0, start_step=60)
    assert resumed(tmp_path, earlier, later)[0] == series("loss", range(60))


def test_a_start_at_a_step_never_reached_supersedes_nothing(tmp_path: Path) -> None:
    earlier = Writer(series("loss", range(10)))
    later = Writer(series("loss", range(10, 20)), 1000.0, start_step=10)
    assert resumed(tmp_path, earlier, later) == [earlier.points, later.points]


def test_concurrent_writers_stay_concurrent_when_one_of_them_starts_anew(tmp_path: Path) -> None:
    long = Writer(series("loss", range(1000)))
    other = Writer(series("loss", range(50)), 200.0, start_step=0)
    assert resumed(tmp_path, long, other) == [long.points, other.points]


def test_tensors_and_pictures_are_superseded_with_the_scalars(tmp_path: Path) -> None:
    first, second = EventFileBuilder(), EventFileBuilder()
    for step in range(10):
        first.scalar("loss", step, 0.0).tensor_scalar("tf2", step, 0.0).image("i", step, b"p")
    for step in range(5, 15):
        second.scalar("loss", step, 0.0, START + 100 + step)
    first.write(tmp_path / "events.out.tfevents.1")
    second.write(tmp_path / "events.out.tfevents.2")
    run = load(tmp_path)
    assert [each.last_step for each in run.data.statistics()] == [4, 14, 4]
    assert run.superseded == 15


# --- chains ----------------------------------------------------------------------------------


def test_a_chain_of_restarts_leaves_one_curve(tmp_path: Path) -> None:
    chain = [range(100), range(80, 150), range(120, 130), range(90, 200), range(200, 220)]
    left = resumed(tmp_path, *one_after_another(*(series("a", steps) for steps in chain)))
    expected = [range(80), range(80, 90), [], range(90, 200), range(200, 220)]
    assert left == [series("a", steps) for steps in expected]


def test_what_is_superseded_stays_so_whatever_comes_after(tmp_path: Path) -> None:
    chain = [range(100), range(10, 20), range(15, 30)]
    left = resumed(tmp_path, *one_after_another(*(series("a", steps) for steps in chain)))
    assert left == [series("a", steps) for steps in (range(10), range(10, 15), range(15, 30))]


def test_wall_times_tell_the_order_of_sessions_not_file_names(tmp_path: Path) -> None:
    writers = one_after_another(
        series("a", range(100)), series("a", range(50, 150)), series("a", range(140, 160))
    )
    for number, order in enumerate(itertools.permutations(range(3))):
        for writer in writers:
            writer.builder = EventFileBuilder()
        left = kept(load(write(tmp_path / str(number), writers, order)))
        expected = [range(50), range(50, 140), range(140, 160)]
        assert [left[place] for place in order] == [series("a", steps) for steps in expected]


# --- series that tell nothing about where training went on -----------------------------------


def test_what_every_start_writes_at_step_0_is_no_restart_from_scratch(tmp_path: Path) -> None:
    start = [("parameters", 0), ("config/batch", 0)]
    earlier = start + series("loss", range(100))
    later = start + series("loss", range(80, 150))
    left = resumed(tmp_path, *one_after_another(earlier, later))
    assert left == [start + series("loss", range(80)), later]


def test_a_test_script_that_writes_the_epoch_too_supersedes_nothing(tmp_path: Path) -> None:
    training = every_tag(["loss", "epoch"], range(100))
    script = [("test/accuracy", 0), ("epoch", 0)]
    assert resumed(tmp_path, *one_after_another(training, script)) == [training, script]


def test_one_evaluation_of_an_old_checkpoint_supersedes_nothing(tmp_path: Path) -> None:
    training = every_tag(["loss", "val"], range(100))
    script = [("val", 57)]
    assert resumed(tmp_path, *one_after_another(training, script)) == [training, script]


def test_tasks_evaluated_at_several_checkpoints_keep_every_score(tmp_path: Path) -> None:
    steps = [100, 200, 300]
    tasks = [every_tag([f"{task}/acc", f"{task}/f1", "n_samples"], steps) for task in "abc"]
    left = resumed(tmp_path, *one_after_another(*tasks))
    scores = [every_tag([f"{task}/acc", f"{task}/f1"], steps) for task in "ab"]
    assert left == [*scores, tasks[2]]


def test_a_series_with_a_new_name_after_a_restart_does_not_keep_what_was_abandoned(
    tmp_path: Path,
) -> None:
    before = every_tag(["loss", "lr", "acc"], range(100))
    after = every_tag(["loss", "lr", "accuracy"], range(50, 150))
    left = resumed(tmp_path, *one_after_another(before, after))
    assert left == [every_tag(["loss", "lr", "acc"], range(50)), after]


def test_an_evaluation_of_several_checkpoints_takes_nothing_from_the_training(
    tmp_path: Path,
) -> None:
    training = [*series("loss", range(500)), ("val", 500), *series("loss", range(500, 1000))]
    training.append(("val", 1000))
    scores = series("val", [500, 1000])
    left = resumed(tmp_path, *one_after_another(training, scores))
    assert left == [series("loss", range(1000)), scores]


@pytest.mark.parametrize("before", [0, 400])
@pytest.mark.parametrize("shared", [["n_samples"], ["n_samples", "seconds"]])
def test_tasks_that_share_most_of_their_series_keep_every_score(
    tmp_path: Path, before: int, shared: list[str]
) -> None:
    steps = [100, 200, 300]
    tasks = [every_tag([f"{task}/acc", *shared], steps) for task in "abc"]
    training = [series("loss", range(before))] if before else []
    left = resumed(tmp_path, *one_after_another(*training, *tasks))
    assert left == [*training, series("a/acc", steps), series("b/acc", steps), tasks[2]]


@pytest.mark.parametrize("every", [1, 5])
@pytest.mark.parametrize("own", [[], ["val/f1"]])
@pytest.mark.parametrize(
    "checkpoints", [[15, 30, 45], [45, 30, 15], [30, 45, 15], [46, 47, 48], [48, 47, 46], [0, 49]]
)
def test_scores_of_a_training_that_are_taken_again_leave_it_whole(
    tmp_path: Path, checkpoints: list[int], own: list[str], every: int
) -> None:
    training = [
        (tag, step)
        for step in range(50)
        for tag in ("train/loss", "val/acc")
        if tag == "train/loss" or step % every == 0
    ]
    script = every_tag(["val/acc", *own], checkpoints)
    left = resumed(tmp_path, *one_after_another(training, script))
    assert [point for point in left[0] if point[0] == "train/loss"] == series(
        "train/loss", range(50)
    )
    assert {*left[0], *left[1]} == {*training, *script}
    assert left[1] == script


def test_a_script_that_also_writes_the_loss_of_its_checkpoints_leaves_the_training_whole(
    tmp_path: Path,
) -> None:
    training = series("loss", range(0, 500, 5))
    script = every_tag(["eval/acc", "loss"], [100, 200, 300, 400])
    left = resumed(tmp_path, *one_after_another(training, script))
    assert left == [[point for point in training if point not in script], script]


@pytest.mark.parametrize("seed", range(40))
def test_scripts_that_evaluate_checkpoints_in_any_order_lose_no_score(
    tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    training = every_tag(["loss", "lr", "val/acc", "val/loss"][: rng.randint(1, 4)], range(50))
    writers = [training]
    for task in "abc":
        checkpoints = rng.sample(range(50), rng.randint(2, 8))
        if rng.random() < 0.7:
            checkpoints.sort(reverse=rng.random() < 0.5)
        tags = rng.choice([["val/acc"], ["val/acc", "val/loss"], [f"{task}/acc", "n_samples"]])
        writers.append(every_tag(tags, checkpoints))
    left = resumed(tmp_path, *one_after_another(*writers))
    assert set(itertools.chain(*left)) == set(itertools.chain(*writers))


@pytest.mark.parametrize("every", [1, 2, 10])
def test_a_training_of_two_writers_that_is_run_again_and_cut_short(
    tmp_path: Path, every: int
) -> None:
    lives = [
        [Writer(series("loss", range(last)), at), Writer(series("val", range(0, last, every)), at)]
        for last, at in ((300, 0.0), (55, 1000.0))
    ]
    for number, (_, scores) in enumerate(lives):
        scores.start, scores.every = 1000.0 * number + 0.01, float(every)
    left = resumed(tmp_path, *lives[0], *lives[1])
    assert left == [[], [], *(writer.points for writer in lives[1])]


@pytest.mark.parametrize("every", [10, 5])
def test_a_job_of_two_writers_is_rolled_back_as_one(tmp_path: Path, every: int) -> None:
    first = [
        Writer(series("loss", range(200))),
        Writer(series("val", range(0, 200, every)), 0.01, every=float(every) - 0.1),
    ]
    again = series("val", range(100, 106, every))
    second = [Writer(series("loss", range(95, 106)), 300.0), Writer(again, 305.0)]
    left = resumed(tmp_path, *first, *second)
    assert left == [
        series("loss", range(95)),
        series("val", range(0, 95, every)),
        *(writer.points for writer in second),
    ]


def test_a_writer_that_outlives_the_job_belongs_to_none_of_its_starts(tmp_path: Path) -> None:
    monitor = Writer(series("gpu", range(1000)))
    lives = [
        Writer(series("loss", at), start)
        for at, start in ((range(100), 5.0), (range(50, 200), 300.0))
    ]
    left = resumed(tmp_path, monitor, *lives)
    assert left == [monitor.points, series("loss", range(50)), lives[1].points]


@pytest.mark.parametrize(
    ("scripts", "left"),
    [
        ([[10, 20, 30, 40], [30, 50]], [[10, 20, 40], [30, 50]]),
        ([[10, 20, 30, 40], [15, 25]], [[10, 20, 30, 40], [15, 25]]),
        ([[30], [10, 40]], [[30], [10, 40]]),
        ([[10, 30, 50], [20, 40], [20, 30, 40]], [[10, 50], [], [20, 30, 40]]),
        ([[10, 20, 30, 40], [30, 40, 50]], [[10, 20], [30, 40, 50]]),
    ],
)
def test_scripts_that_evaluate_checkpoints_upwards(
    tmp_path: Path, scripts: list[list[int]], left: list[list[int]]
) -> None:
    found = resumed(tmp_path, *one_after_another(*(series("acc", steps) for steps in scripts)))
    assert found == [series("acc", steps) for steps in left]


@pytest.mark.parametrize("last", [300, 990, 1000])
def test_a_fine_tuning_that_gets_no_further_takes_nothing_of_its_pretraining(
    tmp_path: Path, last: int
) -> None:
    before = every_tag(["pretrain/loss", "lr", "grad_norm"], range(0, 1000, 10))
    after = every_tag(["ft/loss", "lr", "grad_norm"], range(0, last, 10))
    assert resumed(tmp_path, *one_after_another(before, after)) == [before, after]


@pytest.mark.parametrize("training", [False, True])
def test_newest_checkpoints_first(tmp_path: Path, training: bool) -> None:
    parts = [series("loss", range(1000))] if training else []
    scripts = [series("eval/acc", [800, 900]), series("eval/acc", [100, 200])]
    left = resumed(tmp_path, *one_after_another(*parts, *scripts))
    assert left == [*parts, *scripts]


def test_an_evaluation_that_also_logs_its_configuration_keeps_every_score(tmp_path: Path) -> None:
    first, second = [("config", 0), ("acc", 500)], [("config", 0), ("acc", 300)]
    left = resumed(tmp_path, *one_after_another(first, second))
    assert left == [[("acc", 500)], second]


def test_a_training_that_goes_on_with_its_scores_alone_is_no_evaluation(tmp_path: Path) -> None:
    training = every_tag(["loss", "val"], range(0, 100, 10)) + series("loss", range(100, 120))
    later = series("val", range(50, 200, 10))
    left = resumed(tmp_path, *one_after_another(training, later))
    assert left == [every_tag(["loss", "val"], range(0, 50, 10)), later]


def test_a_session_that_ended_at_its_first_step_is_superseded_by_the_next(tmp_path: Path) -> None:
    crashed = every_tag(["loss", "lr"], [0])
    once_more = every_tag(["loss", "lr"], [0])
    later = every_tag(["loss", "lr"], range(10))
    assert resumed(tmp_path, *one_after_another(crashed, once_more, later)) == [[], [], later]


def test_texts_of_an_abandoned_history_go_with_it(tmp_path: Path) -> None:
    session = [("text", 0), ("text", 0), *series("loss", range(20))]
    assert resumed(tmp_path, *one_after_another(session, session)) == [[], session]


def test_two_sessions_of_one_step_are_the_same_step_twice(tmp_path: Path) -> None:
    crashed = every_tag(["loss", "lr"], [0])
    assert resumed(tmp_path, *one_after_another(crashed, crashed)) == [[], crashed]


def test_who_writes_everything_at_step_0_does_not_count_steps(tmp_path: Path) -> None:
    points = series("loss", [0] * 20)
    assert resumed(tmp_path, *one_after_another(points, points)) == [points, points]


# --- series that do not count in the same steps ----------------------------------------------


def epochs(first: int, last: int, batches: int = 100) -> Points:
    """The loss in batches, the accuracy in epochs."""
    points: Points = []
    for epoch in range(first, last):
        points += series("loss", range(epoch * batches, (epoch + 1) * batches))
        points.append(("accuracy", epoch))
    return points


def test_batches_and_epochs_are_each_cut_where_they_are_taken_up(tmp_path: Path) -> None:
    earlier = epochs(0, 10) + series("loss", range(1000, 1050))
    later = epochs(8, 20)
    left = resumed(tmp_path, *one_after_another(earlier, later))
    assert left == [epochs(0, 8), later]


def test_what_only_the_earlier_wrote_is_cut_by_the_order_of_writing(tmp_path: Path) -> None:
    earlier = [*epochs(0, 4), ("score", 4), *epochs(4, 9), ("score", 9), *epochs(9, 10)]
    later = epochs(8, 20)
    left = resumed(tmp_path, *one_after_another(earlier, later))
    assert left[0] == [*epochs(0, 4), ("score", 4), *epochs(4, 8)]


def test_steps_that_every_start_counts_anew_do_not_take_the_others_along(tmp_path: Path) -> None:
    def session(first: int, last: int) -> Points:
        """The speed is logged by the batches since the start."""
        return [
            point
            for step in range(first, last)
            for point in (("loss", step), ("speed", step - first))
        ]

    whole = session(0, 500)
    earlier = [*whole[:600], ("val", 300), *whole[600:], ("val", 500)]
    later = session(400, 900)
    left = resumed(tmp_path, *one_after_another(earlier, later))
    # The speed is of the later session alone, from 0 on.
    assert left == [
        [*series("loss", range(300)), ("val", 300), *series("loss", range(300, 400))],
        later,
    ]


def test_a_warm_up_that_every_start_logs_does_not_take_the_others_along(tmp_path: Path) -> None:
    warm_up = series("warm_up", range(50))
    until_4000 = [*series("loss", range(0, 2000, 10)), ("val", 2000)]
    until_4000 += series("loss", range(2000, 4000, 10))
    earlier = [*warm_up, *until_4000, ("loss", 4000), ("val", 4000), ("loss", 4010)]
    later = [*warm_up, *series("loss", range(4000, 6000, 10))]
    left = resumed(tmp_path, *one_after_another(earlier, later))
    assert left == [until_4000, later]


def test_an_unshared_series_of_other_steps_is_cut_by_the_order_of_writing(tmp_path: Path) -> None:
    earlier = epochs(0, 10)
    later = series("accuracy", range(8, 20))
    left = resumed(tmp_path, *one_after_another(earlier, later))
    assert left == [epochs(0, 8) + series("loss", range(800, 900)), later]


def test_a_coarser_log_of_a_restart_from_scratch_is_no_other_clock(tmp_path: Path) -> None:
    earlier = every_tag(["loss", "lr"], range(0, 1000, 10))
    later = [("lr", 0), *every_tag(["loss", "lr"], range(100, 1000, 100))]
    assert resumed(tmp_path, *one_after_another(earlier, later)) == [[], later]


def test_a_point_in_front_by_chance_is_no_other_clock(tmp_path: Path) -> None:
    # The reward is logged when an episode ends, one of them between the log at 100 and that at 110.
    earlier = [*series("loss", range(0, 110, 10)), ("reward", 104), ("loss", 110), ("reward", 112)]
    later = [("loss", 102), ("reward", 113), ("loss", 112), ("reward", 125)]
    left = resumed(tmp_path, *one_after_another(earlier, later))
    assert left == [series("loss", range(0, 110, 10)), later]


# --- wall times that tell nothing ------------------------------------------------------------


@pytest.mark.parametrize("time", [math.nan, math.inf, -math.inf])
def test_a_session_without_wall_times_neither_supersedes_nor_is_superseded(
    tmp_path: Path, time: float
) -> None:
    known = one_after_another(*(series("a", range(10)) for _ in range(3)))
    odd = EventFileBuilder()
    for step in range(10):
        odd.scalar("a", step, 0.0, time)
    odd.write(tmp_path / "events.out.tfevents.1800000000.host")
    left = kept(load(write(tmp_path, known)))
    assert [len(points) for points in left] == [0, 0, 10, 10]


def test_one_wall_time_that_is_no_number_does_not_hide_the_others(tmp_path: Path) -> None:
    earlier = EventFileBuilder().scalar("a", 0, 0.0, START).scalar("a", 1, 0.0, math.nan)
    earlier.scalar("a", 2, 0.0, START + 2).write(tmp_path / "events.out.tfevents.1")
    Writer(series("a", [1, 2]), 50.0).build().write(tmp_path / "events.out.tfevents.2")
    run = load(tmp_path)
    assert run.sessions["end_time"].tolist()[0] == START + 2
    assert kept(run)[0] == [("a", 0)]


def test_wall_times_that_all_are_equal_leave_the_order_of_the_files(tmp_path: Path) -> None:
    writers = [Writer(series("a", range(10)), every=0.0), Writer(series("a", [5, 6]), every=0.0)]
    assert resumed(tmp_path, *writers) == [series("a", range(5)), series("a", [5, 6])]


# --- any sessions ----------------------------------------------------------------------------

any_points = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 12)), max_size=20)
any_writers = st.lists(
    st.builds(
        Writer,
        points=any_points,
        start=st.sampled_from([0.0, 5.0, 30.0, 60.0, 90.0]),
        start_step=st.none() | st.integers(0, 12),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(any_writers)
def test_superseded_points_belong_to_sessions_that_had_ended(writers: list[Writer]) -> None:
    for number, writer in enumerate(writers):
        writer.start += number / 1024  # files that are equal are copies
    with tempfile.TemporaryDirectory() as folder:
        left = kept(load(write(Path(folder), writers)))
    for number, writer in enumerate(writers):
        remaining = iter(writer.points)
        assert all(point in remaining for point in left[number])  # in order, nothing invented
        if len(left[number]) == len(writer.points):
            continue
        assert any(
            (
                other.start >= writer.end
                and (other.start_step is not None or shared_tags(writer, other))
            )
            or (
                other.start >= writer.start
                and any(was_dying(writer, other, tag) for tag in shared_tags(writer, other))
            )
            or any(goes_on(writer, other, tag) for tag in shared_tags(writer, other))
            for place, other in enumerate(writers)
            if place != number
        )


def shared_tags(a: Writer, b: Writer) -> set[str]:
    return {tag for tag, _ in a.points} & {tag for tag, _ in b.points}


def goes_on(a: Writer, b: Writer, tag: str) -> bool:
    """Whether one begins and ends at greater steps than the other, whatever the clocks say."""
    first, second = ([step for name, step in each.points if name == tag] for each in (a, b))
    return min(first) < min(second) and max(first) < max(second)


def was_dying(earlier: Writer, later: Writer, tag: str) -> bool:
    """Whether it wrote little of the tag after the later one had begun to."""
    times = [earlier.start + at for at, (name, _) in enumerate(earlier.points, 1) if name == tag]
    begin = min(later.start + at for at, (name, _) in enumerate(later.points, 1) if name == tag)
    return sum(time > begin for time in times) <= max(2, len(times) / 3)


@settings(max_examples=50, deadline=None)
@given(any_points)
def test_a_single_session_loses_nothing(points: Points) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert kept(load(write(Path(folder), [Writer(points)]))) == [points]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(2, 12)), min_size=1, max_size=5),
    st.sampled_from([["a"], ["a", "b"], ["a", "b", "c"]]),
)
def test_of_plain_restarts_the_rust_server_shows_the_same(
    sessions: list[tuple[int, int]], tags: list[str]
) -> None:
    # Where all tags are written at each step, the rule for runs and the server's for tags are one.
    chain: list[range] = []
    reached = 0
    for back, count in sessions:  # each session goes on from a step that was reached before
        first = max(reached - back, 0)
        chain.append(range(first, first + count))
        reached = first + count
    writers = one_after_another(*(every_tag(tags, steps) for steps in chain))
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), writers)
        assert kept(load(Path(folder))) == kept(load(Path(folder), "preempt"))


# --- thousands of files ----------------------------------------------------------------------


def scratch(number: int) -> Points:
    return every_tag(["loss", "lr"], range(3))


def a_little_back(number: int) -> Points:
    return [("config", 0), *every_tag(["loss", "lr"], range(5 * number, 5 * number + 7))]


def other_tags(number: int) -> Points:
    return series(f"loss/{number}", range(3))


def evaluations(number: int) -> Points:
    return [("val", 0), ("val", 0), ("loss", 3)] if number else series("loss", range(100))


def two_clocks(number: int) -> Points:
    return epochs(number, number + 2, batches=4)


def calls_to_resume(directory: Path, count: int, session: Any) -> int:
    """How many calls of functions it takes to read a run of that many files."""
    folder = directory / f"{session.__name__}-{count}"
    write(folder, one_after_another(*(session(number) for number in range(count)), pause=1.0))
    run = load(folder)
    assert len(run.data.files) == count
    profile = cProfile.Profile()
    profile.runcall(lambda: run.data.columns)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("session", [scratch, a_little_back, other_tags, evaluations, two_clocks])
def test_four_times_the_files_take_about_four_times_the_calls(tmp_path: Path, session: Any) -> None:
    few, many = (calls_to_resume(tmp_path, count, session) for count in (100, 400))
    assert many < 5 * few


def test_concurrent_writers_by_the_hundred_take_calls_in_proportion(tmp_path: Path) -> None:
    def calls(count: int) -> int:
        folder = tmp_path / str(count)
        write(folder, [Writer(scratch(rank), 0.001 * rank) for rank in range(count)])
        run = load(folder)
        assert len(run.data.files) == count
        profile = cProfile.Profile()
        profile.runcall(lambda: run.data.columns)
        assert run.superseded == 0
        return sum(entry.callcount for entry in profile.getstats())

    assert calls(400) < 5 * calls(100)


def test_values_that_are_only_a_tag_take_part(tmp_path: Path) -> None:
    # hparams stand in metadata, in values that hold nothing else.
    for number in range(2):
        builder = EventFileBuilder().file_version(wall_time=START + 100 * number)
        builder.values(
            0, messages.Value(tag="_hparams_/experiment"), wall_time=START + 100 * number
        )
        builder.write(tmp_path / f"events.out.tfevents.{number}")
    assert load(tmp_path).sessions["superseded"].tolist() == [1, 0]
