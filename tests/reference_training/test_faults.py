from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import torch

from reference_training.data.loader import Batch
from reference_training.faults import DIVERGENCE_FACTOR, KINDS, Fault
from reference_training.injection import FaultPlan
from reference_training.schedule import Update

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.reference_training.reading import Trained

REGRESSION = ["--epochs=40", "--schedule=constant", "--threads=1"]


@pytest.mark.parametrize(
    "text", ["", "nan", "nan@", "nan@x", "nan@0", "nan@3:1", "stall@3", "stall@3:-1", "stall@3:inf"]
)
def test_what_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"KIND@STEP|stall@STEP|integer|first step"):
        Fault.parse(text)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_reads_back_as_it_is_shown(kind: str) -> None:
    fault = Fault(kind, 7, 0.25 if kind == "stall" else 0.0)
    assert Fault.parse(str(fault)) == fault


def batches_of(
    plan: FaultPlan, steps: range, *parts: Batch, flush: Callable[[int], None] = print
) -> list[list[Batch]]:
    """The batches that a training gets, and takes a step with each."""
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.AdamW(model.parameters())
    plan.watch(optimizer)
    got = []
    for batch in plan.batches(steps, [list(parts) for _ in steps], model, optimizer, flush):
        got.append(batch)
        optimizer.step()
    return got


def test_a_plan_without_faults_changes_nothing_and_writes_nothing(tmp_path: Path) -> None:
    plan = FaultPlan((), tmp_path / "truth.json")
    update, part = Update(0.1, 1.0), Batch(torch.arange(6), torch.arange(6))

    def loss(_module: torch.nn.Module, _batch: Batch) -> torch.Tensor:
        return torch.tensor(2.0)

    assert plan.guarded
    assert plan.schedule(lambda _: update, 1.0)(5) == update
    assert plan.loss(loss) is loss
    for batch in batches_of(plan, range(1, 4), part):
        assert torch.equal(batch[0].targets, part.targets)
    plan.write()
    assert list(tmp_path.iterdir()) == []


def test_updates_from_the_step_of_the_fault_on(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    sound = Update(0.1, clip=1.0)
    for kind, wrong in (
        ("divergence", Update(2.0 * DIVERGENCE_FACTOR, clip=0.0)),
        ("plateau", Update(0.0, clip=1.0)),
        ("collapse", Update(0.0, clip=1.0)),
    ):
        schedule = FaultPlan([Fault(kind, 5)], truth).schedule(lambda _: sound, 2.0)
        assert [schedule(step) for step in (4, 5, 6)] == [sound, wrong, wrong]


def test_a_spike_shuffles_the_targets_of_one_step(tmp_path: Path) -> None:
    plan = FaultPlan([Fault("spike", 5)], tmp_path / "truth.json")
    targets = torch.arange(60).view(3, 20)
    for step, (part,) in zip(
        range(4, 7), batches_of(plan, range(4, 7), Batch(targets, targets)), strict=True
    ):
        assert part.targets.shape == targets.shape
        assert torch.equal(part.targets, targets) == (step != 5)
        assert torch.equal(part.targets.flatten().sort().values, targets.flatten())


def test_the_loss_of_one_step_is_nan(tmp_path: Path) -> None:
    plan = FaultPlan([Fault("nan", 5)], tmp_path / "truth.json")
    loss = plan.loss(lambda _, batch: batch.targets.sum())
    part = Batch(torch.ones(2), torch.ones(2))
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.AdamW(model.parameters())
    seen = [
        float(loss(model, *batch))
        for batch in plan.batches(range(4, 7), [[part]] * 3, model, optimizer, print)
    ]
    assert seen == pytest.approx([2.0, math.nan, 2.0], nan_ok=True)


def test_only_the_process_that_keeps_the_truth_writes_it(tmp_path: Path) -> None:
    plan = FaultPlan([Fault("nan", 1)], tmp_path / "truth.json", writes=False)
    plan.write()
    batches_of(plan, range(1, 3))
    assert list(tmp_path.iterdir()) == []


def test_a_crash_that_has_struck_does_not_strike_again(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    fault = Fault("crash", 3)
    entry = {"fault": str(fault), "kind": "crash", "step": 3, "seconds": 0.0, "struck_at": 1.0}
    truth.write_text(json.dumps({"faults": [entry]}))
    for writes in (True, False):  # every process of several must know
        plan = FaultPlan([fault], truth, writes=writes)
        assert len(batches_of(plan, range(2, 5))) == 3


def test_the_truth_tells_what_and_when(train: Callable[..., Trained]) -> None:
    run = train("regression", *REGRESSION, "--inject=spike@10,plateau@30")
    truth = json.loads((run.path / "truth.json").read_text())
    assert (truth["recipe"], truth["loss_tag"], truth["seed"]) == ("regression", "Loss/train", 0)
    told = [(each["kind"], each["step"], each["first_affected_step"]) for each in truth["faults"]]
    assert told == [("spike", 10, 10), ("plateau", 30, 31)]
    assert all(each["struck_at"] > 0 for each in truth["faults"])
    assert run.text("run/faults") == "Injected on purpose: spike@10, plateau@30"


def test_a_spike_jumps_and_recovers(train: Callable[..., Trained]) -> None:
    loss = train("regression", *REGRESSION, "--inject=spike@20").values("Loss/train")
    assert loss[19] > 2 * loss[18]
    assert loss[21] < 1.2 * loss[18]


def test_a_plateau_stays_where_it_is(train: Callable[..., Trained]) -> None:
    run = train("regression", *REGRESSION, "--inject=plateau@20")
    assert run.values("Learning Rate")[18:21] == pytest.approx([0.01, 0.0, 0.0])
    loss = run.values("Loss/train")
    assert loss[18] > loss[19]
    # The same weights on the same data; only the order of the sums differs.
    assert loss[19:] == pytest.approx([loss[19]] * len(loss[19:]), rel=1e-5)


def test_a_divergence_gets_worse_for_good(train: Callable[..., Trained]) -> None:
    run = train("regression", *REGRESSION, "--inject=divergence@20")
    loss = run.values("Loss/train")
    assert len(loss) == 40
    assert loss[19] < loss[0]
    assert min(loss[21:]) > 10 * loss[0]


def test_after_a_collapse_the_model_answers_the_same_to_everything(
    train: Callable[..., Trained],
) -> None:
    options = [
        "--source=sklearn",
        "--epochs=3",
        "--log-every=1",
        "--threads=1",
        "--inject=collapse@30",
    ]
    run = train("digits", *options)
    accuracy = dict(run.points["Test Accuracy"])
    assert accuracy[22] > 0.6
    assert accuracy[66] < 0.2
    loss = dict(run.points["Loss/train"])
    assert loss[30] == pytest.approx(math.log(10), rel=1e-5)
    assert loss[66] == pytest.approx(math.log(10), rel=1e-5)


def test_a_nan_on_request_is_let_through(train: Callable[..., Trained]) -> None:
    loss = train("regression", *REGRESSION, "--inject=nan@10").values("Loss/train")
    assert [step for step, value in enumerate(loss, start=1) if math.isnan(value)] == [
        *range(10, 41)
    ]


@pytest.mark.parametrize("writer", ["tensorboardx", "torch"])
def test_weights_that_are_nan_are_no_reason_to_stop_showing_the_rest(
    train: Callable[..., Trained], writer: str
) -> None:
    options = ["--source=sklearn", "--epochs=3", "--threads=1", f"--writer={writer}"]
    run = train("digits", *options, "--inject=nan@30")
    accuracy = dict(run.points["Test Accuracy"])
    assert accuracy[22] > 0.6
    assert accuracy[66] < 0.2
    assert math.isnan(dict(run.points["Loss/train"])[66])


def test_a_stall_is_a_gap_in_time(train: Callable[..., Trained]) -> None:
    from tests.reference_training.reading import events

    run = train("regression", *REGRESSION, "--inject=stall@10:0.7")
    times = [
        event.wall_time
        for event in events(run.files[0])
        if any(value.tag == "Loss/train" for value in event.summary.value)
    ]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[8] >= 0.7
