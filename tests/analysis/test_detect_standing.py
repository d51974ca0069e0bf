"""Runs of few evaluations that never learn, stand at what guessing is worth, or only seem to."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.analysis.detect import Finding, detect_series
from tbtools.runs.series import ScalarSeries


def found(**series: list[float] | np.ndarray) -> list[Finding]:
    """What is found in series of one run, whose tags have `__` for `/`."""
    return list(
        detect_series(
            ScalarSeries.from_arrays(
                "run",
                tag.replace("__", "/"),
                np.arange(1, len(values) + 1),
                np.asarray(values, float),
                1.7e9 + np.arange(len(values)) * 60.0,
            )
            for tag, values in series.items()
        )
    )


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(each.severity, each.kind, each.tag) for each in findings if each.is_serious]


LOSS = [1.2, 0.19, 0.11, 0.057, 0.034, 0.025, 0.015, 0.01, 0.0099, 0.0091, 0.0085, 0.0075]
LOSS += [0.0074, 0.0057, 0.0047]


@pytest.mark.parametrize("at", [None, 2, 7])
@pytest.mark.parametrize("tag", ["Val Dice", "val_accuracy", "eval__f1"])
def test_a_score_at_zero_is_told_though_next_to_nothing_was_right_once(
    tag: str, at: int | None
) -> None:
    score = np.zeros(15)
    if at is not None:
        score[at] = 0.0007
    [finding] = found(train__loss=LOSS, **{tag: score})
    assert (finding.severity, finding.kind, finding.onset_step) == ("warning", "plateau", 1)
    assert "from the start at 0" in finding.message


@pytest.mark.parametrize("n", [10, 15])
def test_one_value_throughout_few_evaluations_is_told(n: int) -> None:
    findings = found(val__accuracy=np.full(n, 0.292), train__loss=LOSS[:n])
    assert told(findings) == [("warning", "plateau", "val/accuracy")]
    assert "it does not move at all" in findings[0].message


def test_the_share_of_one_class_is_told_though_another_is_guessed_now_and_then() -> None:
    score = np.full(15, 0.0577)
    score[[0, 1, 4, 7, 11, 14]] = [0.0522, 0.0559, 0.0559, 0.0558, 0.057, 0.0569]
    [finding] = found(val__accuracy=score)
    assert (finding.severity, finding.kind) == ("warning", "plateau")
    assert finding.onset_step <= 4


def test_few_evaluations_about_one_level_are_told() -> None:
    rng = np.random.default_rng(0)
    alarms = [told(found(val__loss=0.0017 * (1 + 0.03 * rng.normal(size=18)))) for _ in range(40)]
    # Seven in ten, by simulation of the test on normal noise.
    assert sum(map(bool, alarms)) >= 28
    assert {kind for one in alarms for _, kind, _ in one} == {"plateau"}


@pytest.mark.parametrize("n", [12, 16, 20])
@pytest.mark.parametrize("shape", ["line", "power"])
def test_few_evaluations_that_improve_by_six_times_their_noise_are_not(n: int, shape: str) -> None:
    t = np.linspace(0, 1, n)
    fall = 1 - t if shape == "line" else ((1 + 20 * t) ** -0.5 - 0.218) / 0.782
    rng = np.random.default_rng(1)
    alarms = [told(found(val__loss=5 + 0.6 * fall + 0.1 * rng.normal(size=n))) for _ in range(100)]
    assert sum(map(bool, alarms)) <= 5


def test_a_score_that_leaves_zero_late_is_healthy() -> None:
    score = np.append(np.zeros(9), np.linspace(0.1, 0.8, 9))
    assert told(found(val__iou=score, train__loss=np.geomspace(1, 0.1, 18))) == []


def test_successes_that_come_late_are_no_plateau() -> None:
    rng = np.random.default_rng(2)
    won = rng.random(82) < np.clip((np.arange(82) - 40) / 30, 0, 0.95)
    assert told(found(episode__reward=won.astype(float))) == []


def test_what_was_better_for_some_points_of_a_stretch_is_no_plateau() -> None:
    loss = [0.627, 0.448, 0.196, 0.108, 0.084, 0.351, 0.281, 0.25, 0.222, 0.208, 0.238, 0.267]
    loss += [0.274, 0.284, 0.272, 0.26, 0.29, 0.28, 0.27, 0.3, 0.27, 0.26, 0.29, 0.28, 0.305]
    loss += [0.259, 0.25, 0.24, 0.245, 0.232]
    assert "plateau" not in [kind for _, kind, _ in told(found(loss=loss))]


def test_what_may_have_got_worse_by_as_much_is_not_shown_to_be_level() -> None:
    loss = [0.716, 0.614, 0.534, 0.557, 0.494, 0.504, 0.467, 0.477, 0.429, 0.42, 0.442, 0.394]
    loss += [0.406, 0.384, 0.37, 0.402, 0.431, 0.436, 0.432, 0.432, 0.437]
    assert told(found(val_loss=loss)) == []


def test_a_smooth_mean_that_comes_back_is_no_plateau() -> None:
    mean = [0.083, 0.048, 0.057, 0.044, 0.033, 0.029, 0.024, 0.022, 0.01, 0.01, 0.02, 0.03, 0.03]
    mean += [0.05, 0.06, 0.06, 0.07, 0.11]
    assert told(found(EpRewMean=mean)) == []


def test_noise_that_hides_an_improvement_of_most_of_the_loss_is_no_plateau() -> None:
    loss = [6.77, 6.22, 8.22, 5.42, 8.2, 4.67, 3.79, 4.84, 8.52, 7.31, 4.3, 6.64, 6.13, 6.7, 4.29]
    assert told(found(loss_rpn_loc=np.array(loss) / 1000)) == []


def test_a_loss_that_may_have_been_halved_is_no_plateau() -> None:
    loss = [110, 20, 11, 7.1, 5.6, 3.7, 3.4, 3.1, 2.3, 2.4, 3.0, 2.9, 2.3, 2.2, 2.0, 2.1, 2.9, 2.7]
    assert told(found(loss=np.array([*loss, 3.2, 2.6]) / 1000)) == []


def halved(values: np.ndarray, first: int = 1) -> np.ndarray:
    """With every other point at zero."""
    values = values.copy()
    values[first::2] = 0
    return values


LEARNED = 0.2 + 0.3 * np.exp(-np.arange(12) / 4) + 0.01 * np.cos(np.arange(12) ** 2)


@pytest.mark.parametrize("first", [0, 1])
def test_epochs_without_data_are_told(first: int) -> None:
    """What Keras logs where the data set has run out: each even epoch is empty."""
    val = np.repeat(LEARNED[::2], 2)  # the validation is not made anew
    findings = found(loss=halved(LEARNED, first), accuracy=halved(1 - LEARNED, first), val_loss=val)
    assert sorted(told(findings)) == [
        ("warning", "collapse", "accuracy"),
        ("warning", "collapse", "loss"),
    ]
    assert {each.onset_step for each in findings} == {first + 1}
    assert "exactly 0 at every other point, 6 of 12" in findings[0].message


def test_zeros_elsewhere_are_no_epochs_without_data() -> None:
    twice = halved(LEARNED)
    twice[4] = 0
    once = LEARNED.copy()
    once[[3, 7]] = 0
    outcomes = np.tile([0.0, 1.0], 6)
    for values in (twice, once, outcomes, halved(LEARNED)[:7]):
        findings = found(loss=values, accuracy=values)
        assert not [each for each in findings if "every other point" in each.message]
