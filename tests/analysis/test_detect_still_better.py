"""Parts of a run that come to rest while the run gets better by what it is judged by."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.analysis.detect import Finding, detect_series
from tbtools.runs.series import ScalarSeries

STEPS = np.arange(1, 301)
AT_REST = 2 * np.exp(-STEPS / 20) + 1
RISES = 20 + 8 * STEPS / 300


def noise(sd: float, seed: int = 0) -> np.ndarray:
    return sd * np.random.default_rng(seed).standard_normal(len(STEPS))


def plateau_of(tag: str, **series: np.ndarray) -> Finding:
    """The plateau of a tag among series of one run, whose tags have `__` for `/`."""
    found = detect_series(
        ScalarSeries.from_arrays(
            "run", name.replace("__", "/"), STEPS, values, 1.7e9 + STEPS * 60.0
        )
        for name, values in series.items()
    )
    [plateau] = [one for one in found.of("plateau") if one.tag == tag]
    return plateau


@pytest.mark.parametrize(
    ("part", "main"),
    [
        ("losses__l_pix", "metrics__psnr"),
        ("train__loss_box", "val__mAP"),
        ("train__loss", "val__accuracy"),
    ],
)
def test_a_part_at_rest_is_an_info_while_the_run_gets_better(part: str, main: str) -> None:
    better = RISES / (1 if "psnr" in main else 100) + noise(0.1 if "psnr" in main else 0.004, 1)
    found = plateau_of(part.replace("__", "/"), **{part: AT_REST + noise(0.03), main: better})
    tag = main.replace("__", "/")
    assert (found.severity, found.ongoing) == ("info", True)
    assert found.evidence["still_gets_better"] == tag
    assert found.message.endswith(f"{tag} still gets better")


def test_the_reward_of_a_right_form_is_an_info_while_all_rewards_grow() -> None:
    form = 0.5 - 0.3 * np.exp(-STEPS / 20) + noise(0.01)
    total = form + 0.6 * (1 - np.exp(-STEPS / 200)) + noise(0.05, 1)
    found = plateau_of("rewards/format/mean", rewards__format__mean=form, reward=total)
    assert found.severity == "info"


@pytest.mark.parametrize(
    ("main", "values"),
    [
        ("val__accuracy", 0.7 - 0.5 * np.exp(-STEPS / 20) + noise(0.01, 1)),  # as level
        ("val__accuracy", 0.3 + np.minimum(STEPS, 60) / 200 + noise(0.01, 1)),  # was better before
        ("val__accuracy", 0.3 + 0.00001 * STEPS + noise(0.01, 1)),  # by nothing worth the name
        ("val__accuracy", 0.3 + np.minimum(STEPS, 180) / 400 + noise(0.01, 1)),  # no more
        ("lr", 1e-4 + STEPS * 1e-6),  # nothing that a run is judged by
    ],
)
def test_it_is_a_warning_where_the_run_does_not(main: str, values: np.ndarray) -> None:
    assert plateau_of(
        "train/loss", train__loss=AT_REST + noise(0.03), **{main: values}
    ).severity == ("warning")


def test_an_evaluation_at_rest_is_a_warning_though_the_training_loss_falls() -> None:
    found = plateau_of(
        "val/loss", val__loss=AT_REST + noise(0.03), train__loss=3 * STEPS**-0.3 + noise(0.01, 1)
    )
    assert found.severity == "warning"


def test_a_training_loss_beside_an_evaluation_of_the_same_folder_is_no_part_of_it() -> None:
    found = plateau_of("mse/val", mse__val=AT_REST + noise(0.03), mse__train=3 * STEPS**-0.3)
    assert found.severity == "warning"


def test_a_reward_at_rest_is_a_warning_though_a_score_rises() -> None:
    reward = plateau_of(
        "rollout/ep_rew_mean", rollout__ep_rew_mean=9 - AT_REST, eval__iou=RISES / 99
    )
    assert reward.severity == "warning"


def test_what_never_learned_is_a_warning_whatever_the_run_does() -> None:
    found = plateau_of("train/loss_cls", train__loss_cls=2.3 + noise(0.03), val__psnr=RISES)
    assert found.severity == "warning"


@pytest.mark.parametrize(
    ("level_since", "power", "severity"),
    [(260, 3, "info"), (230, 1.5, "info"), (180, 3, "warning"), (90, 3, "warning")],
)
def test_what_came_slowly_to_rest_at_the_end_of_a_run_may_be_done(
    level_since: int, power: float, severity: str
) -> None:
    learned = 1 - 0.9 * (1 - np.minimum(STEPS / level_since, 1)) ** power
    found = plateau_of("val/accuracy", val__accuracy=0.7 * learned + noise(0.002))
    assert (found.severity, found.ongoing) == (severity, True)
    assert ("it may be done" in found.message) == (severity == "info")


def test_what_stopped_at_its_full_pace_is_not_done() -> None:
    learned = 3 - 2 * np.minimum(STEPS / 225, 1)
    found = plateau_of("loss", loss=learned + noise(0.02))
    assert (found.severity, found.ongoing) == ("warning", True)


def plateaus_of_recall(recall: np.ndarray, precision: np.ndarray) -> list[tuple[str, str]]:
    series = {"metrics/recall": recall, "metrics/precision": precision}
    found = detect_series(
        ScalarSeries.from_arrays("run", tag, np.arange(len(values)), values)
        for tag, values in series.items()
    )
    return [(one.severity, one.tag) for one in found.of("plateau")]


def test_one_end_of_a_trade_off_is_an_info_while_the_other_gets_better() -> None:
    recall = 0.88 + noise(0.015)[:40]
    precision = 0.92 - 0.3 * np.exp(-np.arange(40) / 12)
    gained = plateaus_of_recall(recall, precision + noise(0.01, 1)[:40])
    assert gained == [("info", "metrics/recall")]
    level = plateaus_of_recall(recall, 0.92 + noise(0.01, 1)[:40])
    assert ("warning", "metrics/recall") in level
    nothing = plateaus_of_recall(0 * recall, precision + noise(0.01, 1)[:40])
    assert nothing == [("warning", "metrics/recall")]
