"""What goes wrong around the model: speeds, learning rates, gradients, the scale of the loss."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tbtools
from tbtools.analysis.detect import Finding, detect_series
from tbtools.runs.series import ScalarSeries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KINDS = ("throughput", "learning_rate", "gradient", "loss_scale")
N = 400
POINT = np.arange(N)
START = 1.7e9
COSINE = 1e-3 * (1 + np.cos(np.pi * POINT / N)) / 2
LOSS_NOISE = np.random.default_rng(3).normal(0, 0.02, N)


def logged(tag: str, value: Any, seconds: Any = 1.0) -> ScalarSeries:
    """A series with a point at every tenth step; from one to the next it takes so many seconds."""
    value = np.broadcast_to(np.asarray(value, float), N)
    times = START + np.cumsum(np.broadcast_to(np.asarray(seconds, float), N))
    return ScalarSeries.from_arrays("run", tag, 10 * POINT, value, times)


def noise(scale: float, seed: int = 0) -> np.ndarray:
    return np.exp(np.random.default_rng(seed).normal(0, scale, N))


def found(*series: ScalarSeries, declared: dict[str, Any] | None = None) -> list[Finding]:
    findings = detect_series(series, declared=lambda *_: declared or {})
    return [each for each in findings if each.kind in KINDS]


def loss() -> ScalarSeries:
    return logged("train/loss", 1 + 3 * np.exp(-POINT / 60) + 0.02 * np.log(noise(1.0, 9)))


# -- throughput


@pytest.mark.parametrize(
    ("tag", "turned"),
    [
        ("perf/tokens_per_second", True),
        ("global_step/sec", True),
        ("train/wps", True),
        ("iteration-time", False),
        ("train/step_time", False),
        ("time", False),
    ],
)
def test_steps_that_take_twice_as_long_from_a_point_on(tag: str, turned: bool) -> None:
    seconds = 0.2 * np.where(POINT < 250, 1.0, 2.0) * noise(0.05)
    [one] = found(logged(tag, 1 / seconds if turned else seconds, seconds), loss())
    assert (one.kind, one.severity, one.ongoing) == ("throughput", "warning", True)
    assert abs(one.onset_step - 2500) <= 20
    assert one.evidence["times_as_long"] == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("ramp", [1, 3, 8])
def test_the_first_slow_step_is_named_where_noise_hides_it(ramp: int) -> None:
    """A step of 0.2 s that takes 0.32 s from point 250 on, or comes to that within some points."""
    late = []
    for seed in range(20):
        seconds = 0.2 + 0.12 * np.clip((POINT - 249) / ramp, 0, 1)
        [one] = found(logged("step_time", seconds * noise(0.15, seed)))
        late.append(one.onset_step - 2500)
    assert max(map(abs, late)) <= 10 * (ramp + 4)


def test_wall_times_tell_it_where_no_speed_is_logged() -> None:
    seconds = np.where(POINT < 250, 3.0, 6.0) * noise(0.1)
    value = loss().value
    [one] = found(logged("train/loss", value, seconds))
    assert (one.kind, one.tag, one.evidence["measured"]) == ("throughput", "train/loss", "clock")
    assert one.evidence["level_before"] == pytest.approx(0.3, rel=0.05)  # 3 s for ten steps
    assert one.evidence["level_after"] == pytest.approx(0.6, rel=0.05)
    # The steps of an agent may be episodes, which become longer as it learns.
    assert not found(logged("train/reward", POINT / 9 + np.log(noise(1.0)), seconds))


def test_a_speed_that_wall_times_contradict_is_an_info() -> None:
    """The batch became smaller: as many steps as before, with fewer samples."""
    samples = np.where(POINT < 250, 512, 128) * noise(0.05)
    [one] = found(logged("samples_per_second", samples, noise(0.05)), loss())
    assert (one.severity, one.onset_step) == ("info", 2500)
    assert "by the wall times only 1 times" in one.message


def test_evaluations_that_take_most_of_the_time_contradict_no_speed() -> None:
    seconds = np.where(POINT < 250, 0.2, 0.36) * noise(0.05)
    pauses = np.where(POINT % 25 == 24, 20.0, 0.0)
    [one] = found(logged("step_time", seconds, seconds + pauses), loss())
    assert (one.severity, one.onset_step) == ("warning", 2500)
    assert "wall times" not in one.message


@pytest.mark.parametrize(("times", "kinds"), [(1.2, 1), (1.08, 0)])
def test_a_little_slower_is_an_info(times: float, kinds: int) -> None:
    slower = np.where(POINT < 200, 1.0, times) * noise(0.02)
    findings = found(logged("examples/sec", 9000 / slower, slower))
    assert [(each.severity, each.onset_step) for each in findings] == [("info", 2000)] * kinds


def test_ever_slower_from_the_first_step_on() -> None:
    slower = 1 / (1 - 0.7 * POINT / N) * noise(0.03)
    [one] = found(logged("fps", 900 / slower, slower))
    assert (one.severity, one.onset_step) == ("warning", 10)


def test_steps_now_and_then_that_take_ever_longer() -> None:
    every = POINT % 20 == 19
    seconds = noise(0.03) * (1 + every * np.where(POINT < 200, 2.0, 2.0 + (POINT - 200) / 10))
    [one] = found(logged("step_time", seconds))
    assert one.evidence["now_and_then"]
    assert 1900 <= one.onset_step <= 2600
    # 1 + 2 / 20 seconds in the mean before; 1 + (2 + 15) / 20 in the last hundred.
    assert one.evidence["times_as_long"] == pytest.approx(1.85 / 1.1, rel=0.1)


def cumulative() -> np.ndarray:
    """A speed counted from the start of the run: 20 points of filling a buffer, then learning."""
    return (POINT + 1) / np.cumsum(np.where(POINT < 20, 0.1, 1.0))


def busier_hours() -> np.ndarray:
    """Others have the machine for ever longer, but not at the end."""
    shared = [range(130, 160), range(230, 270), range(310, 386)]
    return (1 + 0.03 * (POINT // 100)) * np.where(np.isin(POINT, np.r_[tuple(shared)]), 2, 1)


@pytest.mark.parametrize(
    "seconds",
    [
        noise(0.05),
        noise(0.4),
        noise(0.05) * np.where(POINT == 0, 300, 1),
        noise(0.05) * (1 + 3 * np.exp(-POINT / 5)),
        noise(0.05) * np.where(POINT % 25 == 24, 30, 1),
        noise(0.05) * np.where((POINT > 100) & (POINT < 180), 2, 1),
        noise(0.05) * (1 + 0.4 * np.sin(POINT / 20)),
        noise(0.03) * busier_hours(),
        1 / cumulative(),
    ],
    ids=[
        "steady",
        "noisy",
        "compiled",
        "warms_up",
        "validates",
        "busy",
        "day_and_night",
        "busier_hours",
        "counted",
    ],
)
def test_what_is_no_slowdown(seconds: np.ndarray) -> None:
    assert not found(logged("train/step_time", seconds))
    assert not found(logged("train/samples_per_second", 1 / seconds))
    assert not found(logged("train/loss", loss().value, seconds))


def test_evaluations_that_take_longer_are_an_info() -> None:
    """They may have more to do: longer answers, more classes that were found."""
    slower = np.where(POINT < 250, 1.0, 3.0) * noise(0.05)
    for series in (logged("eval/samples_per_second", 1 / slower), logged("eval/runtime", slower)):
        [told] = found(series)
        assert (told.kind, told.severity, told.onset_step) == ("throughput", "info", 2500)
        assert told.message.startswith("evaluations take ")
    assert not found(logged("eval/runtime", slower**0.3))


def test_clocks_are_no_speeds() -> None:
    slower = np.where(POINT < 250, 1.0, 3.0) * noise(0.05)
    assert not found(logged("time/time_elapsed", np.cumsum(slower)))
    assert not found(logged("train/time", np.cumsum(slower)))


@pytest.mark.parametrize("runs", [True, False], ids=["a_clock", "ever_longer"])
def test_a_time_that_never_falls(runs: bool) -> None:
    """Epochs of 60 s that take 20 s longer each, whose durations or whose ends are logged."""
    seconds = 60.0 + 20 * np.arange(16)
    times = START + np.cumsum(seconds + 5)
    value = np.cumsum(seconds) if runs else seconds
    series = ScalarSeries.from_arrays("run", "epoch_time", np.arange(16), value, times)
    by_value = [each for each in found(series) if each.evidence["measured"] == "step_time"]
    assert [(each.kind, each.severity) for each in by_value] == (
        [] if runs else [("throughput", "warning")]
    )


def test_steps_that_are_logged_less_often_are_no_slowdown() -> None:
    """The 5 s that a script evaluates for at each point are spread over more steps, or fewer."""
    steps = np.cumsum(np.where(POINT < 200, 100, 10))
    times = START + np.cumsum(np.where(POINT < 200, 100, 10) * 0.1 + 5)
    series = ScalarSeries.from_arrays("run", "train/loss", steps, loss().value, times)
    assert not found(series)


def test_steps_that_wait_for_data() -> None:
    step = logged("train/time", 0.5 * noise(0.05))
    [one] = found(step, logged("train/data_time", 0.3 * noise(0.1)))
    assert (one.tag, one.kind, one.severity) == ("train/data_time", "throughput", "info")
    assert one.evidence["share"] == pytest.approx(0.6, rel=0.02)
    # One step in ten waits for all of them.
    bursts = logged("train/data_time", np.where(POINT % 10, 0.01, 3.0))
    [one] = found(logged("train/time", 0.2 + bursts.value), bursts)
    assert one.evidence["share"] == pytest.approx(0.309 / 0.509, rel=0.02)
    assert not found(step, logged("train/data_time", 0.1 * noise(0.1)))
    assert not found(step, logged("train/data_time", 100 * noise(0.1)))  # in milliseconds
    assert not found(step, logged("data/data_time", 0.3 * noise(0.1)))  # of something else


def test_slower_since_a_restart_is_an_info(tmp_path: Path) -> None:
    written(tmp_path, [("fps", range(200), [100.0] * 200), ("fps", range(200, 400), [50.0] * 200)])
    [one] = tbtools.detect(tmp_path).of("throughput")
    assert (one.severity, one.onset_step, one.evidence["at_restart"]) == ("info", 200, True)
    assert "since the restart at step 200" in one.message


def written(folder: Path, sessions: Sequence[tuple[str, range, Sequence[float]]]) -> None:
    """Writes a session a file, each an hour after the one before."""
    for number, (tag, steps, values) in enumerate(sessions):
        begin = START + 3600 * number
        with tbtools.EventFileWriter(folder, wall_time=begin) as writer:
            for at, (step, value) in enumerate(zip(steps, values, strict=True)):
                writer.add_scalar(tag, value, step, begin + at)


# -- learning rate


def test_speeds_so_small_that_they_have_no_reciprocal_are_none() -> None:
    assert not found(logged("fps", 1e-320 * POINT))
    slower = np.where(POINT < 250, 100.0, 30.0) * noise(0.05)
    [one] = found(logged("fps", np.where(POINT % 7 == 3, 1e-320, slower)))
    assert (one.kind, one.onset_step) == ("throughput", 2500)


def test_durations_far_from_what_clocks_tell() -> None:
    times = 1e308 * (-1.0) ** (1 + np.arange(12))  # up by more than a float64 holds, and down
    series = ScalarSeries.from_arrays("run", "epoch_time", np.arange(12), np.arange(1.0, 13), times)
    assert not found(series)


def test_slower_between_pauses() -> None:
    """Each fifth step is an evaluation, and all take longer from point 40 of 68 on."""
    point = np.arange(68)
    usual = np.where(point < 40, 0.2, 0.3) * noise(0.02)[:68] * np.where(point % 5, 1.0, 2.0)
    usual[0] = 3.3
    series = ScalarSeries.from_arrays("run", "batch_time", 10 * point, usual)
    [one] = found(series)
    assert (one.kind, one.onset_step) == ("throughput", 400)


@pytest.mark.parametrize("onset", [7, 42])
def test_slower_early_and_late_in_a_short_log(onset: int) -> None:
    point = np.arange(50)
    seconds = np.where(point < onset, 1.0, 2.0) * noise(0.03)[:50]
    [one] = found(ScalarSeries.from_arrays("run", "step_time", point, seconds))
    assert (one.kind, one.onset_step) == ("throughput", onset)


def test_steps_that_take_longer_as_logged_batches_grow_are_an_info() -> None:
    larger = np.where(POINT < 200, 1.0, 2.0)
    seconds = larger * noise(0.03)
    timed = logged("step_time", seconds, seconds)
    [one] = found(timed, logged("batch-size", 64 * larger))
    assert (one.kind, one.severity, one.onset_step) == ("throughput", "info", 2000)
    assert "batch-size grew" in one.message
    [one] = found(timed, logged("batch-size", 64.0))
    assert one.severity == "warning"


def test_milliseconds_that_only_grow_are_no_time_since_the_start() -> None:
    point = np.arange(24)
    seconds = 0.3 + 0.05 * point
    times = START + np.cumsum(100 * seconds)
    [one] = found(ScalarSeries.from_arrays("run", "iteration_ms", point, 1e3 * seconds, times))
    assert (one.kind, one.onset_step) == ("throughput", 1)


def cosine(n: int = N) -> np.ndarray:
    return 1e-3 * (1 + np.cos(np.pi * np.arange(n) / n)) / 2


@pytest.mark.parametrize("group", [0.0, None])
def test_a_rate_that_is_zero_while_training_goes_on(group: float | None) -> None:
    rates = [logged("lr/pg0", np.where(POINT < 300, 1e-3, 0))]
    if group is not None:
        rates.append(logged("lr/pg1", group))
    still = logged("train/loss", 2 + 0.05 * np.log(noise(1.0)))
    [one] = found(*rates, still)
    assert (one.kind, one.severity, one.onset_step) == ("learning_rate", "warning", 3000)
    assert one.last_good_step == 2990
    assert "nothing is learned" in one.message


def test_a_rate_below_zero() -> None:
    """A polynomial schedule that goes on beyond its end."""
    [one] = found(logged("lr", 1e-3 * (1 - (POINT + 1) / 250)), logged("loss", 2.3 * noise(0.02)))
    assert (one.kind, one.onset_step) == ("learning_rate", 2490)
    assert "negative" in one.message


def test_a_rate_of_zero_all_along() -> None:
    [one] = found(logged("learning_rate", 0.0), logged("loss", 2.3 * noise(0.02)))
    assert (one.kind, one.severity, one.onset_step) == ("learning_rate", "warning", 0)


def test_a_rate_of_zero_behind_an_infinite_one_fell_from_no_peak() -> None:
    rates = [logged("lr/pg0", 0.0), logged("lr/pg1", np.where(POINT < 1, np.inf, 0.0))]
    assert not [each for each in found(*rates) if "peak" in each.message]


def test_a_rate_that_was_rounded_is_not_zero() -> None:
    falling = logged("train/loss", 4 - POINT / 200 + 0.02 * np.log(noise(1.0)))
    [one] = found(logged("lr", np.round(cosine() / 10, 4)), falling)
    assert (one.kind, one.severity) == ("learning_rate", "info")
    assert "the loss still falls" in one.message


def test_training_after_the_end_of_the_schedule() -> None:
    rate = 1e-3 * np.clip(1 - POINT / 250, 0, 1)
    [one] = found(logged("lr", rate), logged("train/loss", 2 * noise(0.01)))
    assert (one.onset_step, one.evidence["zeros"]) == (2500, 150)
    assert "after the end of the schedule" in one.message


def test_a_rate_so_low_that_single_precision_loses_its_steps_is_zero() -> None:
    """Halved at each point: to 2**-24 after 24 of them, and to 0 in a file after more than 100.

    Less than a hundredth is left after seven.
    """
    rate = np.float32(1e-3 * 0.5**POINT)
    assert rate[100] > 0 == rate[150]
    [one] = found(logged("lr", rate), logged("train/loss", 2 * noise(0.01)))
    assert (one.kind, one.severity, one.onset_step) == ("learning_rate", "warning", 70)
    assert one.message.startswith("is 0, or next to nothing beside its peak of 0.001, from step 70")


def test_a_schedule_that_begins_anew_when_a_run_is_resumed(tmp_path: Path) -> None:
    whole = cosine()
    written(tmp_path, [("lr", range(300), whole[:300]), ("lr", range(300, 400), whole[:100])])
    [one] = tbtools.detect(tmp_path).of("learning_rate")
    assert (one.severity, one.onset_step, one.last_good_step) == ("warning", 300, 299)
    assert "at the restart" in one.message
    assert "began anew" in one.message


def test_a_warm_up_that_is_done_again_when_a_run_is_resumed(tmp_path: Path) -> None:
    whole = cosine() * np.minimum(1, (POINT + 1) / 30)
    written(tmp_path, [("lr", range(300), whole[:300]), ("lr", range(300, 400), whole[:100])])
    [one] = tbtools.detect(tmp_path).of("learning_rate")
    assert (one.severity, one.onset_step) == ("warning", 300)
    assert "warms up again" in one.message


def test_a_rate_that_becomes_infinite_does_not_warm_up() -> None:
    rate = np.where(POINT < N - 1, POINT / N, np.inf)
    assert not found(logged("lr", rate))
    assert [each.kind for each in detect_series([logged("lr", rate)])] == ["nonfinite"]


def test_evidence_that_overflows_is_finite() -> None:
    value = np.where(POINT < 200, 1e-12, 1e300) * noise(0.05)
    [one] = found(logged("train/step_time", value))
    assert (one.kind, one.onset_step) == ("throughput", 2000)
    json.dumps(one.to_dict(), allow_nan=False)


@pytest.mark.parametrize("tag", ["batch_size", "train/step_time", "lr", "loss_weight"])
def test_a_series_without_points_says_nothing_of_the_others(tag: str) -> None:
    slower = logged("train/data_time", np.where(POINT < 200, 1.0, 2.0))
    speed = logged("train/tokens_per_second", np.where(POINT < 200, 2.0, 1.0))
    risen = logged("train/loss", np.where(POINT < 5, 1.0, 9.0) * noise(0.01))
    expected = found(slower, speed, risen)
    assert "throughput" in {each.kind for each in expected}
    assert found(slower, speed, risen, ScalarSeries.from_arrays("run", tag, [], [])) == expected


@pytest.mark.parametrize("resumed", [130, 199, 200, 201, 240, 290])
@pytest.mark.parametrize("shape", ["restarts", "triangles"])
def test_a_cyclic_schedule_goes_on_when_a_run_is_resumed(
    tmp_path: Path, shape: str, resumed: int
) -> None:
    cycle = POINT % 100 / 100
    if shape == "restarts":  # Loshchilov and Hutter 2017
        whole = 1e-3 * (1 + np.cos(np.pi * cycle)) / 2
    else:  # Smith 2017, to a tenth
        whole = 1e-3 * (0.1 + 0.9 * (1 - np.abs(2 * cycle - 1)))
    written(
        tmp_path,
        [("lr", range(resumed), whole[:resumed]), ("lr", range(resumed, N), whole[resumed:])],
    )
    assert not tbtools.detect(tmp_path).of("learning_rate")


@pytest.mark.parametrize(("low", "kinds"), [(0.2, 1), (0.6, 0)])
def test_a_rate_that_falls_to_a_part_when_a_run_is_resumed(
    tmp_path: Path, low: float, kinds: int
) -> None:
    whole = cosine()
    anew = low * whole[200] * (1 + np.arange(200) / 200)
    written(tmp_path, [("lr", range(200), whole[:200]), ("lr", range(200, 400), anew)])
    found = tbtools.detect(tmp_path).of("learning_rate")
    assert [(each.severity, each.onset_step) for each in found] == [("info", 200)] * kinds
    assert all("fell 5" in each.message for each in found)


def test_a_step_of_a_schedule_where_a_run_is_resumed(tmp_path: Path) -> None:
    steps = 1e-3 * 0.1 ** (POINT // 150)
    written(tmp_path, [("lr", range(150), steps[:150]), ("lr", range(150, 400), steps[150:])])
    assert not tbtools.detect(tmp_path).of("learning_rate")


def test_a_rate_that_is_cut_until_nothing_moves() -> None:
    cut = 1e-3 * 0.1 ** np.clip((POINT - 100) // 10 + 1, 0, 8)  # a hundredth at the second cut
    [one] = found(logged("lr", cut), loss())
    assert (one.kind, one.severity, one.onset_step) == ("learning_rate", "info", 1100)
    assert "72% of the run" in one.message  # 290 of 400 points
    assert not found(logged("lr/pg0", cut), logged("lr/pg1", 1e-3), loss())


@pytest.mark.parametrize(
    ("rate", "first", "last"),
    [
        # 250 points to the end: 0 at the 250th, a hundredth of a line is left three points before.
        (1e-3 * np.clip(1 - POINT / 250, 0, 1), 250, 250),
        (np.where(POINT < 250, 1e-3 * (1 + np.cos(np.pi * POINT / 250)) / 2, 0), 250, 250),
        (1e-3 * (0.1 + 0.9 * np.clip(1 - POINT / 250, 0, 1)), 250, 250),
        # A hundredth after 2 / log10(e) = 4.605 of its times, 92.1 points.
        (1e-3 * np.exp(-POINT / 20), 92, 93),
        (np.maximum(1e-3 * np.exp(-POINT / 20), 1e-8), 92, 93),
        (1e-3 * 0.1 ** (POINT // 40), 80, 80),
    ],
    ids=["line", "cosine", "line_to_a_floor", "exponential", "with_a_floor", "stairs"],
)
def test_where_nothing_is_left_of_a_rate(rate: np.ndarray, first: int, last: int) -> None:
    [one] = found(logged("lr", rate), logged("train/loss", 2 * noise(0.01)))
    assert one.kind == "learning_rate"
    assert 10 * first <= one.onset_step <= 10 * last


def test_a_group_whose_rate_becomes_zero_while_another_is_high() -> None:
    frozen, high = logged("lr/frozen", 0.0), logged("lr/head", 1e-3)
    lost = logged("lr/body", np.where(POINT < 150, 1e-4, 0.0))
    [one] = found(frozen, lost, high, loss())
    assert (one.tag, one.severity, one.onset_step) == ("lr/body", "info", 1500)
    assert "lr/head" in one.message


def swings() -> np.ndarray:
    """Triangles of 50 points, each twice as high as that before it: 1 at the 25th, 2 at 75."""
    return 1e-4 * (0.1 + (1 - np.abs(POINT % 50 - 25) / 25)) * 2.0 ** (POINT // 50)


@pytest.mark.parametrize(
    ("rate", "first", "last"),
    [
        (1e-3 * (POINT + 1) / N, 0, 0),
        (1e-3 * np.minimum(1, (POINT + 1) / 300), 0, 0),
        (swings(), 51, 75),
        (np.where(POINT < 150, 1e-3, np.where(POINT < 250, 1e-4, 1e-3)), 250, 250),
        (1e-3 * (1 - POINT % 80 / 160), 80, 80),  # to a half, and back to its peak
        (1e-3 * (1 - POINT / N) / np.where((POINT >= 200) & (POINT % 2 == 0), 4, 1), 200, 200),
    ],
    ids=["warms_up", "warms_up_for_long", "swings", "raised", "begun_anew", "to_and_fro"],
)
def test_what_no_schedule_does(rate: np.ndarray, first: int, last: int) -> None:
    [one] = found(logged("lr", rate), loss())
    assert (one.kind, one.severity) == ("learning_rate", "info")
    assert 10 * first <= one.onset_step <= 10 * last


def test_a_rate_that_is_adapted_is_no_schedule() -> None:
    """PPO's, multiplied or divided by 1.5 as the divergence asks."""
    turns = np.random.default_rng(0).choice([-1, 0, 1], N)
    assert not found(logged("Loss/learning_rate", 1e-3 * 1.5 ** np.clip(turns.cumsum(), -8, 8)))


@pytest.mark.parametrize(
    "rate",
    [
        COSINE * (1 + np.random.default_rng(0).normal(0, 0.005, N)),
        COSINE * np.where(POINT % 2, 1, 0.1),
        np.maximum(1e-6, COSINE) * (1 + 1e-7 * (POINT % 3)),
    ],
    ids=["jitters", "of two groups", "rounded"],
)
def test_a_schedule_that_turns_often_explains_a_plateau_at_its_end(rate: np.ndarray) -> None:
    left = np.interp(POINT, [0, 280, N], [3.0, 1.0, 1.0])
    series = [logged("lr", rate), logged("train/loss", left + LOSS_NOISE)]
    found = [each for each in detect_series(series) if each.tag == "train/loss"]
    assert not any(each.is_serious for each in found)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
@pytest.mark.parametrize("points", [1, 9])
def test_a_scale_without_a_value_is_none(value: float, points: int) -> None:
    series = ScalarSeries.from_arrays(
        "run", "train/loss_scale", np.arange(points), np.full(points, value)
    )
    assert not detect_series([series]).of("loss_scale")


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("clients/sampled", True),
        ("fl/num_clients", True),
        ("num_workers", True),
        ("worker/batch_size", False),
        ("env/num_nodes", False),
        ("clients/mask_ratio", False),
    ],
)
def test_who_takes_part_is_no_task(tag: str, told: bool) -> None:
    loss = 3 * np.exp(-POINT / 60) + 0.3 + LOSS_NOISE + np.where(POINT < N // 2, 0, 0.8)
    changed = np.where(POINT < N // 2, 20, 10)
    found = detect_series([logged(tag, changed), logged("train/loss", loss)])
    assert bool(found.of("divergence")) == told


def test_a_rate_that_is_adapted_explains_no_plateau() -> None:
    """It came down, and up again by a little: that is no restart of a schedule."""
    turns = np.random.default_rng(0).choice([-1, 0, 1], N)
    rate = np.where(POINT < N - 20, 1e-2, 1e-4) * 1.5 ** np.clip(turns.cumsum(), -4, 4)
    rate[-10], rate[-1] = 1e-5, 1e-4
    reward = 12 - 14 * np.exp(-POINT / 12) + np.random.default_rng(1).normal(0, 0.4, N)
    series = [logged("Loss/learning_rate", rate), logged("Train/mean_reward", reward)]
    [one] = [each for each in detect_series(series) if each.tag == "Train/mean_reward"]
    assert (one.kind, one.severity) == ("plateau", "warning")


def test_two_optimizers_that_write_to_one_tag_all_along() -> None:
    assert not found(logged("lr", np.where(POINT % 2, 1e-3, 1e-4) * (1 - POINT / N)), loss())


def test_a_schedule_begun_anew_near_its_peak_when_a_run_is_resumed(tmp_path: Path) -> None:
    whole = cosine()
    assert whole[100] < whole[0] / 1.15
    written(tmp_path, [("lr", range(100), whole[:100]), ("lr", range(100, 400), whole[:300])])
    [one] = tbtools.detect(tmp_path).of("learning_rate")
    assert (one.severity, one.onset_step) == ("warning", 100)


def test_a_schedule_that_goes_on_when_a_run_is_resumed(tmp_path: Path) -> None:
    whole = cosine()
    written(tmp_path, [("lr", range(300), whole[:300]), ("lr", range(300, 400), whole[300:])])
    assert not tbtools.detect(tmp_path).of("learning_rate")


def test_a_rate_beyond_all_before_is_an_info() -> None:
    [one] = found(logged("lr", np.where(POINT < 200, 1e-4, 1e-3)), loss())
    assert (one.kind, one.severity, one.onset_step) == ("learning_rate", "info", 2000)


@pytest.mark.parametrize(
    "rate",
    [
        cosine(),
        1e-3 * np.minimum(1, POINT / 50),
        1e-3 * 0.1 ** (POINT // 100),
        np.tile(cosine(100), 4),
        np.concatenate([cosine(50), cosine(100), cosine(250)]),
        1e-3 * 10.0 ** np.minimum(0, POINT // 10 - 3),
        1e-3 * np.clip(1 - POINT / 395, 0, 1),
        1e-5 * 10 ** (POINT / 100),
        np.full(N, 3e-4),
    ],
    ids=[
        "cosine",
        "warm_up",
        "steps",
        "restarts",
        "longer_cycles",
        "by_steps",
        "linear",
        "range_test",
        "constant",
    ],
)
def test_what_schedules_do(rate: np.ndarray) -> None:
    assert not found(logged("train/learning_rate", rate), loss())


def test_a_rate_that_is_multiplied_until_the_loss_gets_worse_is_a_warning() -> None:
    rate = logged("lr", 1e-6 * 1.03**POINT)
    worse = 0.5 + 2 * np.exp(-POINT / 40) + np.clip(POINT - 250, 0, None) / 50
    [one] = found(rate, logged("train/loss", worse * noise(0.02)))
    assert (one.kind, one.severity, one.onset_step) == ("learning_rate", "warning", 0)
    assert "132,450-fold in all" in one.message
    flat_first = logged("lr", np.where(POINT < 200, 1e-6, 1e-6 + (POINT - 199) * 1e-6))
    assert not [
        one
        for one in found(flat_first, logged("train/loss", worse * noise(0.02)))
        if one.severity == "warning"
    ]
    back = 0.5 + 2 * np.exp(-POINT / 40) + np.exp(-(((POINT - 200) / 30) ** 2))
    assert not found(rate, logged("train/loss", back * noise(0.02)))


def test_a_frozen_group_is_no_rate_of_zero() -> None:
    frozen = logged("lr/backbone", np.where(POINT < 100, 0, 1e-4))
    assert not found(frozen, logged("lr/head", 1e-3), loss())
    assert not found(logged("lr/frozen", 0.0), logged("lr/head", 1e-3), loss())


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"warmup_steps": 500}, 1),
        ({"num_warmup_steps": 500.0}, 1),
        ({"warmup_ratio": 0.1}, 1),
        ({"warmup_steps": 0}, 0),
        ({"warmup_ratio": 0.0}, 0),
        ({"warmup_steps": 5}, 0),  # over before the second point
        ({"warmup_epochs": 5}, 0),  # nobody knows how many steps that is
        ({"warmup_type": "linear"}, 0),
        ({}, 0),
    ],
)
def test_a_constant_rate_with_a_warm_up_that_was_asked_for(
    declared: dict[str, Any], expected: int
) -> None:
    findings = found(logged("lr", 1e-3), loss(), declared=declared)
    assert [each.kind for each in findings] == ["learning_rate"] * expected


@pytest.mark.parametrize("how", ["hparams", "arguments"])
def test_what_a_run_says_of_itself_is_read(tmp_path: Path, how: str) -> None:
    with tbtools.EventFileWriter(tmp_path) as writer:
        if how == "hparams":
            writer.add_hparams({"warmup_steps": 100})
        else:  # as transformers' TensorBoardCallback does
            writer.add_text(
                "args/text_summary", json.dumps({"warmup_steps": 100, "output_dir": "x{}"}), 0
            )
        for step in range(50):
            writer.add_scalar("train/learning_rate", 1e-3, 10 * step, START + step)
    [one] = tbtools.detect(tmp_path).of("learning_rate")
    assert one.evidence["hparam"] == "warmup_steps"


# -- gradients


def test_a_norm_that_was_logged_after_it_was_clipped() -> None:
    [one] = found(logged("grad_norm", np.minimum(1.0, 3 * noise(0.3))), loss())
    assert (one.kind, one.severity, one.evidence["limit"]) == ("gradient", "info", 1.0)
    assert one.evidence["share"] > 0.99


def test_a_norm_beyond_the_limit_that_was_asked_for() -> None:
    norm = logged("train/grad_norm", 4 * noise(0.3))
    [one] = found(norm, loss(), declared={"max_grad_norm": 1.0})
    assert one.evidence["limit"] == 1.0
    assert "4" in one.message
    assert not found(norm, loss(), declared={"max_grad_norm": 5.0})
    assert not found(norm, loss())


def test_a_norm_of_zero_all_along() -> None:
    nothing = logged("train/grad_norm", 0.0)
    [one] = found(nothing, loss())
    assert (one.kind, one.severity, one.evidence["points"]) == ("gradient", "info", N)
    # A layer may be frozen; the norm of all is what counts.
    assert not found(logged("grad_norm", noise(0.2)), logged("grad_norm/layer.0", 0.0), loss())


def test_a_norm_that_never_moves_is_clipped_or_normalised() -> None:
    [one] = found(logged("grad_norm", 0.5), loss())
    assert (one.kind, one.severity, one.onset_step) == ("gradient", "info", 0)
    assert "exactly 0.5 in all 400 points: gradients are clipped or normalised" in one.message
    assert not found(logged("max_grad_norm", 0.5), logged("grad_norm_clip", 0.5), loss())


def test_clipping_that_is_always_active_from_some_point_on() -> None:
    norm = np.where(POINT < N // 3, 0.4 * noise(0.1), 1 - 1e-6 * noise(0.5))
    [one] = found(logged("train/grad_norm", norm), loss())
    assert (one.kind, one.severity, one.onset_step) == ("gradient", "info", 10 * (N // 3))
    assert one.evidence["points"] == N - N // 3
    late = np.where(POINT < 4 * N // 5, 0.4 * noise(0.1), 1 - 1e-6 * noise(0.5))
    assert not found(logged("train/grad_norm", late), loss())


def test_the_share_of_steps_that_were_clipped() -> None:
    norm = logged("train/gnorm", 4 * noise(0.3))
    [one] = found(norm, logged("train/clip", 100.0), loss())
    assert (one.tag, one.kind, one.severity) == ("train/clip", "gradient", "info")
    assert not found(norm, logged("train/clip", 40 * noise(0.1)), loss())
    # What SB3's PPO clips are ratios of probabilities.
    assert not found(logged("train/clip_fraction", 0.99), loss())


@pytest.mark.parametrize("sudden", [True, False])
def test_a_norm_that_rises_while_the_loss_stands_still(sudden: bool) -> None:
    part = np.where(POINT < 200, 0, 1 if sudden else (POINT - 200) / 200)
    [one] = found(logged("optim/grad_norm", 0.5 * 20.0**part * noise(0.2)), loss())
    assert (one.kind, one.severity) == ("gradient", "warning")
    assert abs(one.onset_step - 2000) <= (20 if sudden else 400)
    assert 7 < one.evidence["level_after"] < 11


def test_a_norm_that_rises_twentyfold_is_not_explained_by_a_reward_that_gains_a_little() -> None:
    norm = noise(0.2) * 20 ** np.clip((POINT - 160) / 120, 0, 1)
    reward = 100 * (1 - np.exp(-POINT / 90)) + np.random.default_rng(1).normal(0, 1, N)
    [one] = found(logged("actor/grad_norm", norm), logged("episode_reward", reward))
    assert (one.kind, one.severity) == ("gradient", "info")
    assert one.onset_step == pytest.approx(1600, abs=150)
    learns = reward + np.clip(POINT - 160, 0, None) / 3
    assert not found(logged("actor/grad_norm", norm), logged("episode_reward", learns))


def test_a_norm_that_rises_twentyfold_is_not_explained_by_a_loss_that_falls_a_little() -> None:
    norm = logged("grad_norm", noise(0.2) * 20 ** np.clip((POINT - 160) / 120, 0, 1))
    loss = 2.8 + 2 * np.exp(-POINT / 60) - 0.001 * np.clip(POINT - 160, 0, None)
    [one] = found(norm, logged("train/loss", loss * noise(0.005, 1)))
    assert (one.kind, one.severity) == ("gradient", "warning")
    assert "train/loss hardly gets better" in one.message
    learns = loss - 0.006 * np.clip(POINT - 160, 0, None)
    [one] = found(norm, logged("train/loss", learns * noise(0.005, 1)))
    assert (one.kind, one.severity) == ("gradient", "info")
    assert "train/loss still gets better" in one.message


@pytest.mark.parametrize(("times", "told"), [(2.5, False), (6, True)])
def test_a_norm_that_rises_fourfold_for_good_is_told_though_the_loss_falls(
    times: float, told: bool
) -> None:
    norm = noise(0.2) * times ** np.clip((POINT - 160) / 120, 0, 1)
    loss = 1 + 3 * np.exp(-POINT / 150)
    findings = found(logged("grad_norm", norm), logged("train/loss", loss * noise(0.01, 1)))
    kinds = [(one.kind, one.severity) for one in findings]
    assert kinds == ([("gradient", "info")] if told else [])
    # From the start on it is what is usual while a loss falls.
    norm = logged("grad_norm", noise(0.2) * times ** (POINT / N))
    assert not found(norm, logged("train/loss", loss * noise(0.01, 1)))


@pytest.mark.parametrize("seed", range(4))
def test_a_norm_that_rises_in_stairs_begins_with_the_first_of_them(seed: int) -> None:
    stairs = np.clip((POINT - 160) // 30 + 1, 0, None)
    norm = logged("grad_norm", noise(0.1, seed) * 1.4**stairs)
    [one] = found(norm, logged("train/loss", 2 + 0.05 * np.log(noise(1.0, 10 + seed))))
    assert (one.kind, one.severity) == ("gradient", "warning")
    assert one.onset_step == pytest.approx(1600, abs=50)


def test_a_norm_that_rises_within_a_few_points_is_named_at_the_first() -> None:
    late = []
    for seed in range(20):
        part = np.clip((POINT - 249) / 5, 0, 1)
        [one] = found(logged("grad_norm", 8.0**part * noise(0.4, seed)), loss())
        late.append(one.onset_step - 2500)
    assert max(map(abs, late)) <= 60


def test_norms_that_do_what_norms_do() -> None:
    falling = logged("train/loss", 4 - POINT / 200 + 0.02 * np.log(noise(1.0)))
    rising = logged("grad_norm", 0.5 * 20.0 ** (POINT / N) * noise(0.2))
    assert not found(rising, falling)
    assert not found(logged("grad_norm", 0.5 * 2.0 ** (POINT / N) * noise(0.2)), loss())
    assert not found(logged("grad_norm", noise(1.0)), loss())


# -- the scale of the loss


@pytest.mark.parametrize("tag", ["loss-scale", "train/loss_scale", "scaler/scale", "grad_scale"])
@pytest.mark.parametrize("floor", [0, 7])
def test_a_scale_that_is_halved_until_nothing_is_left(tag: str, floor: int) -> None:
    exponent = np.maximum(floor, 16 - np.maximum(0, (POINT - 297) // 3))
    [one] = found(logged(tag, 2.0**exponent), loss())
    assert (one.kind, one.severity) == ("loss_scale", "warning")
    assert one.onset_step == 3000
    assert (one.evidence["level_before"], one.evidence["level_after"]) == (2.0**16, 2.0**floor)


def test_a_scale_that_is_next_to_nothing_from_one_point_to_the_next() -> None:
    """What it comes to is no power of two: pytorch/pytorch #157436."""
    [one] = found(logged("amp/grad_scaler", np.where(POINT < 200, 131072.0, 5e-23)), loss())
    assert (one.kind, one.onset_step, one.evidence["level_after"]) == ("loss_scale", 2000, 5e-23)


def test_a_scale_that_was_halved_until_it_is_zero() -> None:
    scale = np.where(POINT < 200, 65536.0, 65536.0 / 4.0 ** np.minimum(POINT - 199, 200))
    scale = np.where((POINT < 5) | (POINT >= 280), 0.0, scale)  # at first there is none yet
    [one] = found(logged("loss_scale", scale), loss())
    assert (one.kind, one.onset_step, one.evidence["level_after"]) == ("loss_scale", 2000, 0.0)


def test_a_scale_below_one_that_is_halved_all_along() -> None:
    [one] = found(logged("loss scale", 0.5 ** (1 + POINT // 32)), loss())
    assert (one.kind, one.severity) == ("loss_scale", "warning")
    assert re.match(r"fell from 0\.[0-9]+ to 0\.0001221 since step ", one.message)


def test_a_scale_below_one_that_is_halved_until_it_is_zero() -> None:
    scale = np.where(POINT < 300, 0.5 ** (1 + POINT // 12), 0.0)
    [one] = found(logged("loss_scale", scale), loss())
    assert (one.kind, one.severity, one.evidence["level_after"]) == ("loss_scale", "warning", 0.0)


def test_a_scale_that_finds_another_place_is_an_info() -> None:
    """Eight halvings, and then it is doubled and halved as before: gradients are larger."""
    exponent = np.maximum(8, 16 - np.maximum(0, POINT - 200)) + (POINT // 15) % 2
    [one] = found(logged("train/loss_scale", 2.0**exponent), loss())
    assert (one.kind, one.severity, one.onset_step) == ("loss_scale", "info", 2010)


@pytest.mark.parametrize(
    "scale",
    [
        np.full(N, 1.0),
        np.full(N, 512.0),
        2.0 ** np.maximum(8, 16 - POINT),
        2.0 ** (12 + (POINT // 40) % 3),
        2.0 ** np.minimum(16, 8 + POINT // 50),
        np.linspace(100, 0.5, N),
        np.where(POINT < 90, 0.5, 0.5 * 0.97 ** (POINT - 90)),
        np.where(POINT < 90, 0.5, 0.0),
    ],
    ids=[
        *("none", "static", "starts_high", "comes_and_goes", "grows", "weight", "small weight"),
        "weight that is turned off",
    ],
)
def test_scales_that_are_healthy(scale: np.ndarray) -> None:
    assert not found(logged("train/loss_scale", scale), loss())


# -- what became abnormal before


def spoiled(at: int = 351) -> ScalarSeries:
    """A loss that jumps to fifty times what it was at a point."""
    return logged("train/loss", np.where(at > POINT, loss().value, 50 * noise(0.1)))


def norm(rises_at: int) -> ScalarSeries:
    return logged("optim/grad_norm", 0.5 * noise(0.2) * np.where(rises_at > POINT, 1, 8))


def divergence(*series: ScalarSeries) -> Finding:
    [one] = [
        each
        for each in detect_series(series)
        if (each.kind, each.tag) == ("divergence", "train/loss")
    ]
    assert one.onset_step == 3510
    return one


def test_the_first_abnormal_series_is_named_with_its_lead() -> None:
    rate = logged("lr", np.where(POINT < 340, 1e-3, 2e-3))
    one = divergence(spoiled(), rate, norm(310))
    first, second = one.evidence["precursors"]
    assert (first["tag"], first["step"], first["steps_before"]) == ("optim/grad_norm", 3100, 410)
    assert first["factor"] == pytest.approx(8, rel=0.2)
    assert (second["tag"], second["step"], second["factor"]) == ("lr", 3400, pytest.approx(2))
    assert re.search(
        r"optim/grad_norm rose [78].*-fold from step 3,100, 410 steps before", one.message
    )
    [only] = divergence(spoiled(), rate).evidence["precursors"]
    assert only["tag"] == "lr"


def test_a_loss_scale_that_fell_before_not_a_number() -> None:
    value = np.where(POINT < 351, loss().value, np.nan)
    scale = logged("train/loss_scale", 2.0 ** (16 - np.clip(POINT - 340, 0, 12)))
    found = detect_series([logged("train/loss", value), scale])
    [one] = [each for each in found if each.kind == "nonfinite"]
    [only] = one.evidence["precursors"]
    assert (only["tag"], only["step"], only["change"]) == (
        "train/loss_scale",
        3410,
        "fell 2,048-fold",
    )


@pytest.mark.parametrize(
    "witness",
    [
        logged("optim/grad_norm", 0.5 * noise(0.4)),
        norm(351),  # with it, not before
        logged("optim/grad_norm", noise(0.2) * np.where((POINT > 250) & (POINT < 300), 8, 1)),
        logged("optim/grad_norm", noise(0.2) * 3 ** (-POINT / 100)),
        logged("lr", cosine()),
        logged("lr", np.where(POINT < 100, 1e-4, 1e-3)),  # long before
        logged("train/loss_scale", 2.0 ** (12 + POINT // 100)),
    ],
    ids=["noise", "at_once", "came_back", "falls", "schedule", "long_before", "scale_grows"],
)
def test_what_is_usual_is_no_precursor(witness: ScalarSeries) -> None:
    assert "precursors" not in divergence(spoiled(), witness).evidence


def test_larger_batches_take_longer_and_are_no_slowdown() -> None:
    """Batches twice as large from point 200 on: a step takes nearly twice as long."""
    seconds = np.where(POINT < 200, 1.0, 1.9) * noise(0.02)
    samples = np.where(POINT < 200, 128, 256) / seconds
    time, speed = logged("step_time", seconds, seconds), logged("samples_per_second", samples)
    assert [each.severity for each in found(time)] == ["warning"]
    [one] = found(time, speed)
    assert (one.severity, one.tag) == ("info", "step_time")
    assert "samples_per_second did not fall" in one.message


@pytest.mark.parametrize(("rate", "kinds"), [(1e-9, 1), (1e-6, 0)])
def test_a_rate_that_was_never_high_enough_to_teach(rate: float, kinds: int) -> None:
    findings = found(logged("lr", rate), logged("train/loss", 2.3 * noise(0.005)))
    told = [(each.kind, each.severity, each.onset_step) for each in findings]
    assert told == [("learning_rate", "warning", 0)] * kinds
    assert all("as good as 0, 1e-09 at most" in each.message for each in findings)


def test_a_schedule_with_its_warm_up_that_begins_anew(tmp_path: Path) -> None:
    """The session warms up from zero, to six times what the rate was, and comes down again."""
    whole = cosine() * np.minimum(1, POINT / 8)
    written(tmp_path, [("lr", range(300), whole[:300]), ("lr", range(300, 400), whole[:100])])
    [one] = tbtools.detect(tmp_path).of("learning_rate")
    assert (one.severity, one.last_good_step) == ("warning", 299)
    assert 300 <= one.onset_step <= 301
