from __future__ import annotations

import math

import pytest
import torch

from reference_training.device import Compute
from reference_training.distributed import World
from reference_training.meter import NEVER, Meter
from reference_training.optimizer import adamw
from reference_training.progress import Progress, duration

CPU = Compute(torch.device("cpu"), "a processor", bfloat16=False, compiled=False, peak_flops=None)


def meter(*, guarded: bool = True) -> Meter:
    return Meter(CPU, World(), guarded=guarded)


def test_a_point_is_the_mean_of_its_steps() -> None:
    measured = meter()
    for loss, norm in ((1.0, 10.0), (2.0, 20.0), (6.0, 60.0)):
        measured.add(torch.tensor(loss), torch.tensor(norm))
    measured.send(3, 0.5, stop=False)
    measured.add(torch.tensor(7.0), torch.tensor(1.0))
    measured.send(4, 0.25, stop=True)
    first, second = measured.drain()
    assert (first.step, first.steps, first.loss, first.grad_norm) == (3, 3, 3.0, 30.0)
    assert (first.learning_rate, first.bad_step, first.stop) == (0.5, NEVER, False)
    assert first.seconds > 0
    assert (second.step, second.steps, second.loss, second.stop) == (4, 1, 7.0, True)
    assert measured.drain() == []


def test_an_unfinished_stretch_goes_on_where_it_was() -> None:
    before, after = meter(), meter()
    before.add(torch.tensor(1.0), torch.tensor(2.0))
    after.load_state_dict(before.state_dict())
    after.add(torch.tensor(4.0), torch.tensor(2.0))
    after.send(2, 0.1, stop=False)
    (point,) = after.drain()
    assert (point.steps, point.loss, point.grad_norm) == (2, 2.5, 2.0)


def parameter_and_optimizer() -> tuple[torch.nn.Linear, torch.optim.AdamW]:
    model = torch.nn.Linear(3, 1)
    return model, adamw(model, 0.1, 0.0)


@pytest.mark.parametrize(("loss", "norm"), [(math.nan, 1.0), (math.inf, 1.0), (1.0, math.inf)])
def test_no_step_is_taken_from_the_first_bad_one_on(loss: float, norm: float) -> None:
    measured = meter()
    model, optimizer = parameter_and_optimizer()
    weights = []
    for step, (each_loss, each_norm) in enumerate([(1, 1), (loss, norm), (1, 1)], start=5):
        model(torch.ones(1, 3)).sum().backward()
        measured.add(torch.tensor(float(each_loss)), torch.tensor(float(each_norm)))
        measured.guard(
            step, torch.tensor(float(each_loss)), torch.tensor(float(each_norm)), optimizer
        )
        optimizer.step()
        weights.append(model.weight.detach().clone())
    assert torch.equal(weights[0], weights[1])
    assert torch.equal(weights[0], weights[2])
    assert measured.bad_step() == 6
    measured.send(7, 0.1, stop=False)
    (point,) = measured.drain()
    assert (point.bad_step, point.step) == (6, 6)


def test_an_unguarded_meter_lets_everything_through() -> None:
    measured = meter(guarded=False)
    model, optimizer = parameter_and_optimizer()
    before = model.weight.detach().clone()
    model(torch.ones(1, 3)).sum().backward()
    measured.guard(1, torch.tensor(math.nan), torch.tensor(1.0), optimizer)
    optimizer.step()
    assert not torch.equal(model.weight, before)
    assert measured.bad_step() == NEVER


def test_the_progress_line_tells_loss_speed_and_time_left() -> None:
    from reference_training.meter import Point

    progress = Progress(total_steps=100, unit="tokens", units_per_step=1000, stream=None)
    for step in (10, 20):
        progress.update(Point(step, 0.0, 2.5, 1.0, 0.1, 10, 5.0, NEVER, stop=False))
    assert progress.line() == "step 20/100  loss 2.5000  2,000 tokens/s  500.0 ms/step  40 s left"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (7325, "2 h 2 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
