"""Series whose steps go back: they are judged in the order in which they were written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import tbtools
from tbtools.analysis.detect import Finding, Findings, detect_series
from tbtools.runs.series import ScalarSeries
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path

BATCHES = 60


def falling(n: int, seed: int = 0, sigma: float = 0.02) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, sigma, n)
    return 2 * (1 + np.arange(n) / (n / 10)) ** -0.7 + 0.1 + noise


def counted_in_epochs(
    value: np.ndarray, tag: str = "loss", *, batches: int = BATCHES, timed: bool = True
) -> ScalarSeries:
    """A series whose step is the batch in the epoch."""
    n = value.size
    times = START + np.arange(n) if timed else None
    return ScalarSeries.from_arrays("run", tag, np.arange(n) % batches, value, times)


def the_only(findings: Findings) -> Finding:
    assert len(findings) == 1, [each.message for each in findings]
    return findings[0]


# -- a counter that starts anew with each epoch


@pytest.mark.parametrize("epochs", [2, 3, 7, 20, 50])
@pytest.mark.parametrize("timed", [True, False])
def test_a_healthy_training_has_no_findings(epochs: int, timed: bool) -> None:
    for seed in range(3):
        y = falling(epochs * BATCHES, seed)
        assert not detect_series([counted_in_epochs(y, timed=timed)])


@pytest.mark.parametrize("epochs", [2, 3, 7, 20, 50])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_divergence_in_any_epoch_is_found_to_the_point(epochs: int, part: float) -> None:
    y = falling(epochs * BATCHES)
    at = int(part * y.size)
    y[at:] += 5
    found = the_only(detect_series([counted_in_epochs(y)]))
    assert found.kind == "divergence"
    # A tenth of the run is as long as spikes last.
    assert found.provisional == (part > 0.9)
    assert (found.onset_step, found.onset_time) == (at % BATCHES, START + at)
    assert found.last_good_step == (at - 1) % BATCHES
    assert f"step {at % BATCHES} (point {at + 1:,} of {y.size:,})" in found.message


@pytest.mark.parametrize("epochs", [4, 20])
def test_nan_from_the_third_epoch_on(epochs: int) -> None:
    y = falling(epochs * BATCHES)
    y[2 * BATCHES + 5 :] = np.nan
    found = the_only(detect_series([counted_in_epochs(y)]))
    assert (found.kind, found.onset_step, found.last_good_step) == ("nonfinite", 5, 4)
    assert f"NaN from step 5 (point {2 * BATCHES + 6} of {y.size:,}) on" in found.message


def test_a_spike_names_its_point() -> None:
    y = falling(5 * BATCHES)
    y[3 * BATCHES + 7] += 8
    found = the_only(detect_series([counted_in_epochs(y)]))
    assert (found.kind, found.onset_step) == ("spike", 7)
    assert "step 7 (point 188 of 300)" in found.message


def test_a_plateau_has_no_rate_a_step_for_nobody_knows_the_steps() -> None:
    y = 2 - np.minimum(np.arange(600), 240) / 240
    y = y + np.random.default_rng(0).normal(0, 0.02, 600)
    found = the_only(detect_series([counted_in_epochs(y)]))
    assert (found.kind, found.severity) == ("plateau", "warning")
    assert abs(found.evidence["points_since"] - 360) < 40
    assert not [key for key in found.evidence if "per_1000_steps" in key]
    rising = ScalarSeries.from_arrays("run", "loss", np.arange(600), y)
    assert "improvement_per_1000_steps" in detect_series([rising])[0].evidence


@pytest.mark.parametrize("timed", [True, False])
def test_a_learning_rate_at_its_end_explains_a_plateau(timed: bool) -> None:
    y = 2 - np.minimum(np.arange(600), 240) / 240
    y = y + np.random.default_rng(0).normal(0, 0.02, 600)
    ended = np.maximum(1 - np.arange(600) / 540, 0) * 0.1
    dead = np.where(np.arange(600) < 240, 0.1, 0.0)
    for rate, severity in ((ended, "info"), (dead, "warning")):
        pair = [
            counted_in_epochs(each, tag, timed=timed) for each, tag in ((y, "loss"), (rate, "lr"))
        ]
        found = the_only(detect_series(pair).of("plateau"))
        assert found.severity == severity
        assert "the learning rate is" in found.message


# -- training and validation


def overfitted(epochs: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """A training loss of each batch, a validation loss of each epoch that rises after the 15th."""
    rng = np.random.default_rng(3)
    training = 2 * np.exp(-3 * np.arange(epochs * BATCHES) / (epochs * BATCHES))
    epoch = np.arange(epochs)
    validation = 0.8 + np.where(epoch < 15, 0.08 * (15 - epoch), 0.05 * (epoch - 15))
    return training + rng.normal(0, 0.02, training.size), validation + rng.normal(0, 0.01, epochs)


@pytest.mark.parametrize("timed", [True, False])
def test_overfitting_is_found_beside_a_training_loss_that_is_counted_in_epochs(timed: bool) -> None:
    training, validation = overfitted()
    times = START + BATCHES * np.arange(1.0, validation.size + 1) if timed else None
    rising = ScalarSeries.from_arrays("run", "val/loss", np.arange(40), validation, times)
    found = the_only(
        detect_series([counted_in_epochs(training, "train/loss", timed=timed), rising])
    )
    assert (found.tag, found.kind, found.severity) == ("val/loss", "overfitting", "warning")
    assert abs(found.onset_step - 15) <= 2


def test_where_both_get_worse_it_is_no_overfitting_however_the_steps_are_counted() -> None:
    training, validation = overfitted()
    training[16 * BATCHES :] += np.linspace(0, 3, 24 * BATCHES)
    times = START + BATCHES * np.arange(1.0, validation.size + 1)
    rising = ScalarSeries.from_arrays("run", "val/loss", np.arange(40), validation, times)
    findings = detect_series([counted_in_epochs(training, "train/loss"), rising])
    assert {each.kind for each in findings} == {"divergence"}


# -- what began together


def test_causes_go_by_time_where_steps_go_back() -> None:
    """NaN at batch 20 of the third epoch has nothing to do with NaN at batch 21 of the seventh."""
    early, late, with_it = (falling(600, seed) for seed in range(3))
    early[2 * BATCHES + 20 :] = np.nan
    late[7 * BATCHES + 1 :] = np.nan
    with_it[7 * BATCHES - 1 :] = np.nan
    tags = {"loss/a": early, "loss/b": late, "loss/c": with_it}
    findings = detect_series([counted_in_epochs(y, tag) for tag, y in tags.items()])
    assert [each.tag for each in findings] == ["loss/a", "loss/c", "loss/b"]
    assert [[each.tag for each in event] for event in findings.causes()] == [
        ["loss/a"],
        ["loss/c", "loss/b"],
    ]
    assert findings[2].message.endswith("loss/c went first, at step 59 (point 420 of 600)")


# -- environments, wraps, writers


@pytest.mark.parametrize("seed", range(5))
def test_steps_that_several_environments_report_in_any_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = np.arange(400) + rng.integers(-15, 16, 400)
    reward = np.minimum(np.arange(400) / 3, 200) + rng.normal(0, 8, 400)
    healthy = ScalarSeries.from_arrays("run", "reward", steps, reward, START + np.arange(400))
    assert not [each for each in detect_series([healthy]) if each.kind != "plateau"]
    collapsed = replace(healthy, value=np.where(np.arange(400) < 300, reward, 5.0))
    found = the_only(detect_series([collapsed]))
    assert (found.kind, found.onset_step) == ("divergence", steps[300])


def test_environments_that_are_reset() -> None:
    """The step counts from 0 after each reset, at lengths that differ."""
    rng = np.random.default_rng(1)
    steps = np.concatenate([np.arange(n) for n in rng.integers(5, 80, 20)])
    y = -falling(steps.size)
    times = START + np.arange(steps.size)
    assert not detect_series([ScalarSeries.from_arrays("run", "reward", steps, y, times)])
    y[-60:] -= 4
    found = the_only(detect_series([ScalarSeries.from_arrays("run", "reward", steps, y, times)]))
    assert (found.kind, found.onset_time) == ("divergence", START + steps.size - 60)


def test_a_step_that_wraps_around() -> None:
    steps = (np.arange(300) * 20_000_000 + 2**31) % 2**32 - 2**31
    y = falling(300)
    assert not detect_series([ScalarSeries.from_arrays("run", "loss", steps, y)])
    y[250:] += 6
    found = the_only(detect_series([ScalarSeries.from_arrays("run", "loss", steps, y)]))
    assert (found.kind, found.onset_step) == ("divergence", steps[250])
    assert found.last_good_step == steps[249]
    assert "(point 251 of 300)" in found.message


@pytest.mark.parametrize("diverges", [False, True])
def test_two_writers_side_by_side(diverges: bool, tmp_path: Path) -> None:
    """Each is half a second behind the other; a fault of both is one fault."""
    for rank in (0, 1):
        y = falling(200, rank, 0.05)
        if diverges:
            y[150:] += 4
        builder = EventFileBuilder().file_version(wall_time=START + rank / 2)
        for step, value in enumerate(y.tolist()):
            builder.scalar("loss", step, value, wall_time=START + 10 * step + rank / 2)
        builder.write(tmp_path / f"events.out.tfevents.{rank}")
    findings = tbtools.detect(tmp_path)
    assert [note["kind"] for note in findings.notes] == ["overlapping_writers"]
    if not diverges:
        assert not findings
        return
    found = the_only(findings)
    assert (found.kind, found.onset_step, found.last_good_step) == ("divergence", 150, 149)


def test_a_restart_whose_forerunner_wrote_on_meanwhile_is_no_stall(tmp_path: Path) -> None:
    """What was superseded was written in the gap between the points that are left."""
    old = EventFileBuilder().file_version(wall_time=START)
    for step in range(300):
        old.scalar("loss", step, 1.0, wall_time=START + step)
    old.write(tmp_path / "events.out.tfevents.1")
    new = EventFileBuilder().file_version(wall_time=START + 298)
    for step in range(100, 400):
        new.scalar("loss", step, 1.0, wall_time=START + 200 + step)
    new.write(tmp_path / "events.out.tfevents.2")
    assert tbtools.load(tmp_path)["."].superseded == 200
    assert not tbtools.detect(tmp_path).of("stall")


# -- frames


def test_a_frame_is_judged_in_the_order_of_its_rows() -> None:
    y = falling(300)
    y[250:] += 5
    steps = np.arange(300) % 100
    long = pd.DataFrame({"step": steps, "tag": "loss", "value": y})
    wide = pd.DataFrame({"loss": y}, index=steps)
    for frame in (long, wide):
        found = the_only(tbtools.detect(frame))
        assert (found.kind, found.onset_step) == ("divergence", 50)
        assert "(point 251 of 300)" in found.message


# -- a selection of steps


@pytest.mark.parametrize(
    ("steps", "found"), [((0, 10), True), ((20, 30), True), ((45, 59), True), ((None, 1), True)]
)
def test_what_goes_on_to_the_end_touches_all_steps_of_later_epochs(
    steps: tuple[int | None, int | None], found: bool, tmp_path: Path
) -> None:
    y = falling(5 * BATCHES)
    y[3 * BATCHES + 20 :] += 5
    with tbtools.EventFileWriter(tmp_path) as writer:
        for number, value in enumerate(y.tolist()):
            writer.add_scalar("loss", value, number % BATCHES, wall_time=START + number)
    assert bool(tbtools.detect(tmp_path, steps=steps)) == found


def test_a_fault_of_the_last_epoch_does_not_touch_the_steps_before_it(tmp_path: Path) -> None:
    y = falling(5 * BATCHES)
    y[-20:] = np.nan
    with tbtools.EventFileWriter(tmp_path) as writer:
        for number, value in enumerate(y.tolist()):
            writer.add_scalar("loss", value, number % BATCHES, wall_time=START + number)
    assert not tbtools.detect(tmp_path, steps=(0, BATCHES - 21))
    assert tbtools.detect(tmp_path, steps=(0, BATCHES - 20))
