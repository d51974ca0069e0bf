"""The reference logs record real trainings, which learned, or went wrong where they should."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tbtools

LOGS = Path(__file__).parents[2] / "examples" / "logs"
GPU_LOGS = LOGS.parent / "gpu_logs"
HEALTHY = ("baseline", "resumed", "finetuned", "lora", "media")
SWEEP = tuple(
    f"sweep/learning_rate={rate},batch_size=16,seed={seed}"
    for rate in (0.001, 0.003)
    for seed in range(3)
)


@pytest.fixture(scope="module")
def logs() -> tbtools.Experiment:
    return tbtools.load(LOGS)


def values(run: Any, tag: str) -> list[float]:
    return list(run.scalars(tag)["value"])


def text(run: Any, tag: str) -> str:
    (shown,) = run.text(f"{tag}*")["text"]
    return str(shown)


def truth(name: str) -> dict[str, Any]:
    (fault,) = json.loads((LOGS / name / "truth.json").read_text())["faults"]
    assert isinstance(fault, dict)
    return fault


def findings(run: Any, kind: str) -> list[Any]:
    return [each for each in tbtools.detect(run).findings if each.kind == kind]


def test_all_are_there_and_small(logs: tbtools.Experiment) -> None:
    below_media = {"media/loss_by_split/train", "media/loss_by_split/test"}
    wrong = {"diverged", "plateau", "overfitting"}
    assert set(logs) == {*HEALTHY, *SWEEP} | below_media | wrong
    assert sum(path.stat().st_size for path in LOGS.rglob("*") if path.is_file()) < 4_000_000
    assert all(run.problems.empty for run in logs.values())


def test_they_hold_no_path_of_the_machine_they_were_made_on() -> None:
    for path in LOGS.rglob("*"):
        if path.is_file():
            assert not re.search(rb"/(home|root|tmp|work|Users|usr)/", path.read_bytes()), path


def test_pretraining_beats_the_frequencies_of_bytes_by_far(logs: tbtools.Experiment) -> None:
    told = text(logs["baseline"], "run/description")
    entropy = float(re.findall(r"unigram entropy \| ([\d.]+) nats", told)[0])
    assert values(logs["baseline"], "val/loss")[-1] < 0.65 * entropy


def test_two_crashes_changed_nothing(logs: tbtools.Experiment) -> None:
    whole, resumed = logs["baseline"], logs["resumed"]
    assert len(resumed.sessions) == 3
    for tag in ("train/loss", "val/loss", "optim/grad_norm", "optim/learning_rate"):
        assert values(resumed, tag) == values(whole, tag)


@pytest.mark.parametrize("name", ["finetuned", "lora"])
def test_finetuning_beats_the_base_on_its_domain(logs: tbtools.Experiment, name: str) -> None:
    loss, old = values(logs[name], "val/loss"), values(logs[name], "val/base_loss")
    assert loss[-1] < 0.9 * loss[0]
    assert old[0] == values(logs["baseline"], "val/loss")[-1]


def test_low_rank_adapters_forget_less(logs: tbtools.Experiment) -> None:
    assert (
        values(logs["lora"], "val/base_loss")[-1] < values(logs["finetuned"], "val/base_loss")[-1]
    )


def test_mnist_digits_are_told_apart(logs: tbtools.Experiment) -> None:
    assert "MNIST" in text(logs["media"], "run/description")
    assert values(logs["media"], "Test Accuracy")[-1] > 0.95


@pytest.mark.parametrize("name", [*HEALTHY, *SWEEP])
def test_nothing_is_found_in_the_healthy(logs: tbtools.Experiment, name: str) -> None:
    found = [each for each in tbtools.detect(logs[name]).findings if each.severity != "info"]
    if name == "finetuned":  # the machine had other work from then on, as the wall times show
        (slower,) = found
        assert (slower.kind, slower.onset_step) == ("throughput", 152)
        times = logs[name].scalars("train/loss").set_index("step")["wall_time"]
        before, after = (times[120] - times[60]) / 60, (times[200] - times[140]) / 60
        assert after > 1.3 * before
    else:
        assert found == []


def test_the_divergence_is_found_where_it_was_made(logs: tbtools.Experiment) -> None:
    (found,) = findings(logs["diverged"], "divergence")
    assert found.tag == "train/loss"
    assert found.onset_step == truth("diverged")["first_affected_step"]


def test_the_first_nan_is_found(logs: tbtools.Experiment) -> None:
    onsets = {each.tag: each.onset_step for each in findings(logs["diverged"], "nonfinite")}
    for tag in ("train/loss", "val/loss"):
        points = logs["diverged"].scalars(tag)
        assert onsets[tag] == points["step"][~np.isfinite(points["value"])].iloc[0]


def test_the_plateau_is_found_where_it_was_made(logs: tbtools.Experiment) -> None:
    struck = truth("plateau")["first_affected_step"]
    onsets = {each.tag: each.onset_step for each in findings(logs["plateau"], "plateau")}
    assert abs(onsets["train/loss"] - struck) <= 60


def test_the_overfitting_is_found(logs: tbtools.Experiment) -> None:
    (found,) = (
        each for each in findings(logs["overfitting"], "overfitting") if each.tag == "val/loss"
    )
    assert not findings(logs["overfitting"], "divergence")
    loss = values(logs["overfitting"], "val/loss")
    assert found.best_value == min(loss)
    assert loss[-1] > 1.05 * min(loss)


def test_the_sweep_can_be_compared(logs: tbtools.Experiment) -> None:
    compared = logs.hparams().loc[list(SWEEP)]
    assert list(compared["seed"]) == [0, 1, 2, 0, 1, 2]


@pytest.fixture(scope="module")
def gpu_logs() -> tbtools.Experiment:
    return tbtools.load(LOGS.parent / "gpu_logs")


def test_the_runs_of_a_gpu_are_whole_and_small(gpu_logs: tbtools.Experiment) -> None:
    assert set(gpu_logs) == {"gpt2", "gpt2_resumed", "gpt2_diverged"}
    assert sum(path.stat().st_size for path in GPU_LOGS.rglob("*") if path.is_file()) < 300_000
    assert all(run.problems.empty for run in gpu_logs.values())


def test_a_gpu_learns_at_the_speed_that_the_docs_tell(gpu_logs: tbtools.Experiment) -> None:
    run = gpu_logs["gpt2"]
    assert "H100" in text(run, "run/provenance")
    loss = values(run, "val/loss")
    assert loss[0] == pytest.approx(math.log(50_304), abs=0.2)  # nothing is known of the vocabulary
    assert loss[-1] < math.log(3)
    speed, utilization = (
        float(np.median(values(run, tag))) for tag in ("perf/tokens_per_second", "perf/mfu")
    )
    assert speed == pytest.approx(479_900, rel=1e-3)
    # PaLM's definition by hand: 124 million parameters without positions, 12 layers of width 768.
    flops = 6 * (124_475_904 - 1024 * 768) + 12 * 12 * 768 * 1024
    assert utilization == pytest.approx(speed * flops / 989e12, rel=0.01)
    assert not [each for each in tbtools.detect(run).findings if each.severity == "error"]


def test_on_a_gpu_a_killed_run_goes_on(gpu_logs: tbtools.Experiment) -> None:
    run = gpu_logs["gpt2_resumed"]
    assert len(run.sessions) == 2
    steps = list(run.scalars("train/loss")["step"])
    assert steps == list(range(5, 601, 5))
    # Up to the kill both runs had the same batches; the schedules differ by the runs' lengths.
    assert values(run, "train/loss")[0] == pytest.approx(
        values(gpu_logs["gpt2_diverged"], "train/loss")[0], rel=1e-3
    )


def test_on_a_gpu_a_learning_rate_too_high_ends_in_nan(gpu_logs: tbtools.Experiment) -> None:
    (finding,) = (
        each
        for each in findings(gpu_logs["gpt2_diverged"], "nonfinite")
        if each.tag == "train/loss"
    )
    assert finding.onset_step == 370
    before = {each["tag"]: each for each in finding.evidence["precursors"]}
    assert before["optim/learning_rate"]["step"] == 350
