"""What goes wrong quietly: what stands still, what is learnt by heart, and what only looks so."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.analysis.detect import Finding, detect_series
from tbtools.runs.series import ScalarSeries


def found(steps: np.ndarray | None = None, **series: np.ndarray) -> list[Finding]:
    """What is found in series of one run, whose tags have `__` for `/`."""
    one = [
        ScalarSeries.from_arrays(
            "run",
            tag.replace("__", "/"),
            np.arange(len(values)) if steps is None else steps,
            values,
            1.7e9 + np.arange(len(values)) * 60.0,
        )
        for tag, values in series.items()
    ]
    return list(detect_series(one))


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(each.severity, each.kind, each.tag) for each in findings]


def noise(n: int, sigma: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sigma, n)


def valley(n: int, best: float, rise: float) -> np.ndarray:
    """Falls by 0.4 to its best, a part of the run, and rises to its end."""
    t = np.linspace(0, 1, n)
    return 0.4 * np.clip(1 - t / best, 0, 1) ** 2 + rise * np.clip((t - best) / (1 - best), 0, 1)


def falling(n: int) -> np.ndarray:
    return 0.05 + np.exp(-4 * np.linspace(0, 1, n))


# Overfitting


@pytest.mark.parametrize("loss", ["train__bpr_loss", "train__ctc_loss", "train__nll", "mse"])
def test_a_score_is_held_against_the_training_loss_whatever_it_is_called(loss: str) -> None:
    score = 0.66 - valley(80, 0.25, 0.1) + noise(80, 0.005)
    [finding] = found(valid__ndcg=score, **{loss: falling(80)})
    assert (finding.severity, finding.kind) == ("warning", "overfitting")
    assert finding.evidence["training_tag"] == loss.replace("__", "/")
    assert 10 <= finding.onset_step <= 32


def test_a_score_is_no_twin_of_what_is_no_objective() -> None:
    score = 0.66 - valley(80, 0.25, 0.3) + noise(80, 0.005)
    kinds = [each.kind for each in found(valid__ndcg=score, train__policy_loss=falling(80))]
    assert kinds == ["divergence"]


def test_what_falls_since_the_training_loss_is_nan_is_no_overfitting() -> None:
    loss = falling(100)
    loss[60:] = np.nan
    score = 0.9 - 0.8 * np.exp(-np.arange(100) / 15) + noise(100, 0.01)
    score[60:] = 0.1 + noise(40, 0.01)
    findings = found(eval__accuracy=score, train__loss=loss)
    assert {each.kind for each in findings} == {"nonfinite", "divergence"}
    assert next(each for each in findings if each.kind == "divergence").onset_step == 60


def test_overfitting_before_the_training_loss_is_nan_is_told() -> None:
    loss = falling(200)
    loss[170:] = np.nan
    worse = 2 + valley(200, 0.3, 0.5) + noise(200, 0.01)
    worse[170:] = np.nan
    findings = found(val__loss=worse, train__loss=loss)
    assert ("warning", "overfitting", "val/loss") in told(findings)


def test_a_training_loss_that_is_never_a_number_is_no_twin() -> None:
    findings = found(val__loss=1 + valley(80, 0.3, 0.4), train__loss=np.full(80, np.nan))
    assert "overfitting" not in [each.kind for each in findings]


@pytest.mark.parametrize("seed", range(5))
def test_a_slow_rise_is_seen_although_what_was_before_was_noisier(seed: int) -> None:
    steps = np.arange(160)
    loss = np.where(steps < 80, 1 - steps / 300, 0.6 + (steps - 80) * 0.001)
    loss += noise(160, 1.0, seed) * np.where(steps < 80, 0.08, 0.012)
    [finding] = [
        each
        for each in found(val__loss=loss, train__loss=falling(160))
        if each.severity == "warning"
    ]
    assert finding.kind == "overfitting"
    assert 75 <= finding.onset_step <= 110


@pytest.mark.parametrize("seed", range(5))
def test_a_slow_rise_through_much_noise_is_seen_by_its_slope(seed: int) -> None:
    steps = np.arange(150)
    score = 27 - 12 * np.clip(1 - steps / 45, 0, 1) ** 2 - 2 * np.clip(steps - 45, 0, None) / 105
    findings = found(val__bleu=score + noise(150, 0.45, seed), train__loss=falling(150))
    assert ("warning", "overfitting", "val/bleu") in told(findings)


@pytest.mark.parametrize("seed", range(20))
def test_a_validation_loss_at_its_level_does_not_overfit(seed: int) -> None:
    loss = 1 + np.exp(-np.arange(200) / 20) + noise(200, 0.02, seed)
    findings = found(val__loss=loss, train__loss=falling(200))
    assert "overfitting" not in [each.kind for each in findings]


def correlated(n: int, correlation: float, seed: int) -> np.ndarray:
    """Noise of unit variance that is correlated from point to point."""
    shocks = noise(n, (1 - correlation**2) ** 0.5, seed)
    values = [float(noise(1, 1.0, seed)[0])]
    for shock in shocks[1:]:
        values.append(correlation * values[-1] + shock)
    return np.array(values)


def test_noise_that_is_correlated_from_evaluation_to_evaluation_is_no_overfitting() -> None:
    steps = np.arange(40)
    level = 0.5 + np.exp(-steps / 6.7)
    alarms = [
        seed
        for seed in range(200)
        if told(
            [
                each
                for each in found(
                    train__loss=falling(40), val__loss=level + 0.1 * correlated(40, 0.5, seed)
                )
                if each.kind == "overfitting"
            ]
        )
    ]
    assert len(alarms) <= 4


@pytest.mark.parametrize(
    "losses",
    [
        [0.95, 0.68, 0.62, 0.68, 0.73, 0.82],
        [0.96, 0.71, 0.63, 0.64, 0.68, 0.76, 0.82],
        [0.95, 0.6, 0.66, 0.74, 0.8, 0.89],
    ],
)
def test_six_evaluations_are_enough_where_each_is_worse_than_the_one_before(
    losses: list[float],
) -> None:
    run = [
        ScalarSeries.from_arrays("run", "eval/loss", np.arange(len(losses)) * 20 + 20, losses),
        ScalarSeries.from_arrays(
            "run", "train/loss", np.arange(20 * len(losses)), falling(20 * len(losses))
        ),
    ]
    findings = detect_series(run)
    assert told(list(findings)) == [("warning", "overfitting", "eval/loss")]
    assert findings[0].onset_step == 20 + 20 * int(np.argmin(losses))
    assert not findings.not_judged


@pytest.mark.parametrize(
    "losses",
    [
        [0.95, 0.68, 0.62, 0.68],
        [0.95, 0.68, 0.62, 0.68, 0.66, 0.82],  # not in order
        [0.95, 0.68, 0.62, 0.63, 0.65, 0.66],  # a little
        [0.95, 0.6, 0.66, 0.74, 0.8],  # one of five
    ],
)
def test_fewer_evaluations_or_less_of_a_rise_are_not_judged(losses: list[float]) -> None:
    run = [
        ScalarSeries.from_arrays("run", "eval/loss", np.arange(len(losses)) * 20 + 20, losses),
        ScalarSeries.from_arrays("run", "train/loss", np.arange(100), falling(100)),
    ]
    findings = detect_series(run)
    assert not list(findings)
    assert [each.reason for each in findings.not_judged] == ["fewer than 8 finite points"]


@pytest.mark.parametrize("seed", range(5))
def test_a_rise_of_which_a_jump_is_less_than_half_is_overfitting(seed: int) -> None:
    steps = np.arange(32)
    loss = 1 + np.clip(1 - steps / 15, 0, 1) + 0.03 * np.clip(steps - 15, 0, None)
    loss += 0.3 * (steps >= 23) + noise(32, 0.03, seed)
    alarms = [each for each in found(val__loss=loss, train__loss=falling(32)) if each.ongoing]
    assert told(alarms) == [("warning", "overfitting", "val/loss")]
    assert 11 <= alarms[0].onset_step <= 20


@pytest.mark.parametrize("tag", ["metrics/mAP50-95(B)", "coco/bbox_mAP", "BLEU", "ndcg@10"])
def test_what_only_evaluations_measure_needs_no_word_that_says_so(tag: str) -> None:
    score = 0.55 - valley(120, 0.3, 0.15) + noise(120, 0.006)
    findings = found(**{tag: score, "train/box_loss": falling(120)})
    alarms = [each for each in findings if each.severity == "warning"]
    assert told(alarms) == [("warning", "overfitting", tag)]
    assert alarms[0].evidence["training_tag"] == "train/box_loss"
    assert 18 <= alarms[0].onset_step <= 50
    # Said to be of training it is no evaluation.
    findings = found(**{f"train/{tag}": score, "train/box_loss": falling(120)})
    assert "overfitting" not in [each.kind for each in findings]


def test_what_hurts_training_and_validation_at_once_is_no_overfitting() -> None:
    """A jump of both after which the training loss falls a little, and stays above what it was."""
    steps = np.arange(60)
    jumped = steps > 17
    train = np.where(jumped, 0.0281 + 0.0135 * np.exp(-3.0 * (steps - 18)), 0.0285 - 1e-4 * steps)
    valid = np.where(jumped, 0.0268 - 1e-7 * steps, 0.0275 - 1.7e-4 * steps)
    kinds = {each.kind for each in found(train__loss=train, val__loss=valid)}
    assert "overfitting" not in kinds
    assert "divergence" in kinds


# Plateaus


@pytest.mark.parametrize(("level", "severity"), [(0.897, "info"), (0.86, "warning")])
def test_a_success_rate_that_may_be_within_a_tenth_of_its_bound_has_learnt(
    level: float, severity: str
) -> None:
    rate = level - 0.6 * np.exp(-np.arange(300) / 12) + noise(300, 0.03, 2)
    [finding] = found(rollout__success_rate=np.minimum(rate, 1))
    assert (finding.severity, finding.kind) == (severity, "plateau")


def test_what_seems_to_improve_through_noise_is_more_seldom_level_than_what_does_not() -> None:
    """The beginning of a fine-tuning: it learns the format at once, and the matter slowly."""
    steps = np.arange(90)

    def level(slope: float) -> int:
        course = 2.05 + 1.7 * np.exp(-steps / 5) - slope * steps / 90
        runs = (found(train__loss=course + noise(90, 0.2, seed)) for seed in range(60))
        return sum("plateau" in [each.kind for each in run] for run in runs)

    assert level(0.2) <= 20
    assert level(0.0) >= 45


@pytest.mark.parametrize("warm_up", [1, 12, 30])
def test_what_never_learnt_is_told_although_the_rate_was_warmed_up(warm_up: int) -> None:
    steps = np.arange(200)
    rate = 2e-5 * np.minimum(1, (steps + 1) / warm_up) * (1 - steps / 200)
    findings = found(train__loss=np.log(2) + noise(200, 0.01), train__learning_rate=rate)
    assert ("warning", "plateau", "train/loss") in told(findings)


def test_what_is_flat_since_the_rate_came_down_is_at_its_end() -> None:
    steps = np.arange(400)
    rate = np.where(steps < 200, 0.1, 0.001)
    loss = np.where(steps < 200, 2 - steps / 250, 1.0) + noise(400, 0.01)
    assert told(found(train__loss=loss, lr=rate)) == [
        ("info", "learning_rate", "lr"),
        ("info", "plateau", "train/loss"),
    ]


@pytest.mark.parametrize(("tag", "scale"), [("eval__success_rate", 1), ("val__acc", 100)])
def test_a_score_that_has_learnt_nine_in_ten_is_done(tag: str, scale: float) -> None:
    score = 0.92 - 0.8 * np.exp(-np.arange(300) / 15) + noise(300, 0.01)
    assert told(found(**{tag: scale * score})) == [("info", "plateau", tag.replace("__", "/"))]


def test_a_score_at_nine_in_ten_from_the_start_has_learnt_nothing() -> None:
    [finding] = found(val__accuracy=0.92 + noise(300, 0.01))
    assert (finding.severity, finding.kind) == ("warning", "plateau")


@pytest.mark.parametrize("seed", range(5))
def test_a_descent_much_higher_than_the_noise_ends_where_noise_hides_it(seed: int) -> None:
    t = np.linspace(0, 1, 1000)
    left = 30 * np.exp(-t / 0.03)
    [finding] = found(loss=3 + left + noise(1000, 0.2, seed))
    assert finding.kind == "plateau"
    first = int(np.argmax(left < 0.4))
    assert first <= finding.onset_step <= first + 150


@pytest.mark.parametrize("at", [700, 711, 723, 735])
def test_what_stands_still_since_a_step_does_so_to_the_point(at: int) -> None:
    loss = np.where(np.arange(2800) < at, 2.0, 1.0) + noise(2800, 0.05)
    [finding] = found(loss=loss)
    assert (finding.kind, finding.onset_step) == ("plateau", at)


# Averages that start at zero


def average(values: np.ndarray, kept: float) -> np.ndarray:
    """The moving average that starts at zero, as optimisers and progress bars without a correction
    have it: kept times what it was, and the rest of what comes."""
    out, last = np.empty(len(values)), 0.0
    for index, value in enumerate(values):
        out[index] = last = kept * last + (1 - kept) * value
    return out


@pytest.mark.parametrize("kept", [0.8, 0.9, 0.98])
@pytest.mark.parametrize("end", [12, 30, 100, 600])
def test_an_average_that_starts_at_zero_does_not_diverge(kept: float, end: int) -> None:
    loss = 1.5 + 4 * (1 + np.arange(600)) ** -0.3 + noise(600, 0.2)
    assert found(train__loss=average(loss, kept)[:end]) == []


def test_the_best_of_an_average_is_none_of_its_first_points() -> None:
    loss = average(2 + valley(400, 0.3, 0.5) + noise(400, 0.02), 0.9)
    [finding] = found(val__loss=loss, train__loss=falling(400))
    assert finding.kind == "overfitting"
    assert 100 <= finding.best_step <= 160
    assert finding.best_value == pytest.approx(2, abs=0.05)


def test_a_loss_that_rises_from_its_start_diverges_all_the_same() -> None:
    assert [each.kind for each in found(loss=0.7 + 0.02 * np.arange(200) + noise(200, 0.05))] == [
        "divergence"
    ]


# What was never learnt


def test_a_rise_at_first_is_no_part_of_what_is_flat() -> None:
    rise = np.where(np.arange(1100) < 160, 0.0, 0.8)
    alarms = [found(rollout__ep_rew_mean=-11 + rise + noise(1100, 1.0, each)) for each in range(16)]
    plateaus = [each for [each] in filter(None, alarms)]
    assert all((each.severity, each.kind) == ("warning", "plateau") for each in plateaus)
    assert all(80 <= each.onset_step <= 240 for each in plateaus)
    assert len(plateaus) >= 10


def test_what_seems_to_learn_is_not_said_to_have_learnt_nothing() -> None:
    # Over the whole it improves by four and a half standard errors.
    rising = np.linspace(0.53, 0.63, 39)
    alarms = [found(accuracy=rising + noise(39, 0.04, seed)) for seed in range(40)]
    assert sum(map(bool, alarms)) <= 2
    flat = [found(accuracy=np.full(39, 0.53) + noise(39, 0.04, seed)) for seed in range(40)]
    assert sum(told(each) == [("warning", "plateau", "accuracy")] for each in flat) >= 36


# What falls because all does


def test_a_term_of_the_loss_falls_as_the_loss_does() -> None:
    t = np.arange(600)
    decades = np.where(t < 400, -2 - t / 400, -3 - 3 * np.clip((t - 400) / 30, 0, 1))
    loss = 10 ** (decades + noise(600, 0.05))
    alone = found(some__quantity=loss * 0.2)
    assert told(alone) == [("warning", "collapse", "some/quantity")]
    assert found(train__loss=loss, some__quantity=loss * 0.2) == []


def test_one_rate_that_came_down_to_nothing_while_another_is_high_is_told() -> None:
    t = np.arange(500)
    gone = 1e-4 * 10.0 ** (-t / 8)
    [told_of] = found(current_lr_0=gone, current_lr_1=1e-4 * 0.9999**t)
    assert (told_of.severity, told_of.kind, told_of.tag) == (
        "info",
        "learning_rate",
        "current_lr_0",
    )
    assert told_of.onset_step in (16, 17)  # a hundredth, to the rounding
    assert "while current_lr_1 is at 0.95 of its peak" in told_of.message
    # A part of the model that is frozen on the way may be meant; from the start it is.
    [frozen] = found(lr__head=1e-4 * 0.9999**t, lr__body=np.where(t < 50, 1e-4, 0.0))
    assert (frozen.severity, frozen.tag, frozen.onset_step) == ("info", "lr/body", 50)
    assert found(lr__head=1e-4 * 0.9999**t, lr__body=np.zeros(500)) == []
