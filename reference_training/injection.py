"""How the faults that were asked for strike a training.

Each is a real event in a real training, not a number written into a log: the learning rate does go
up, the process does die. What was asked for, and when each fault struck, stands in ``truth.json``
beside the event files.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from reference_training.data.loader import Batch
from reference_training.faults import DIVERGENCE_FACTOR, KINDS
from reference_training.schedule import Update

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reference_training.faults import Fault

Schedule = Callable[[int], Update]
Loss = Callable[[torch.nn.Module, Batch], torch.Tensor]

GUARD_OFF = frozenset({"nan", "divergence"})
"""Faults that ask for weights which the guard against non-finite losses would save."""

SHOWN_LATER = frozenset({"divergence", "plateau"})
"""Faults of an update: the loss of their step, which is computed before it, is still sound."""


class FaultPlan:
    """Lets the faults strike, through the schedule, the loss and the batches of a training.

    Args:
        faults: What was asked for.
        truth: Where ``truth.json`` is kept.
        writes: Whether this process keeps it; the first process of several does.
        about: What else ``truth.json`` should say, by key.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        truth: Path,
        *,
        writes: bool = True,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self._faults = tuple(faults)
        self._truth = truth
        self._writes = writes
        self._about = dict(about or {})
        self._step = 0
        self._entries = self._read()
        for fault in self._faults:
            self._entries.setdefault(str(fault), _entry(fault))

    @property
    def guarded(self) -> bool:
        """Whether a non-finite loss stops the run, as it does where no fault forbids it."""
        return not any(fault.kind in GUARD_OFF for fault in self._faults)

    def schedule(self, schedule: Schedule, peak: float) -> Schedule:
        """A schedule that goes wrong.

        Args:
            schedule: The update of each step.
            peak: Its highest learning rate, which ``divergence`` multiplies.
        """

        def update(step: int) -> Update:
            if self._since("plateau", step) or self._since("collapse", step):
                return replace(schedule(step), learning_rate=0.0)
            if self._since("divergence", step):
                return Update(learning_rate=peak * DIVERGENCE_FACTOR, clip=0.0)
            return schedule(step)

        return update

    def loss(self, loss: Loss) -> Loss:
        """A loss that is NaN for the batches of a step."""
        if not any(fault.kind == "nan" for fault in self._faults):
            return loss

        def faulty(module: torch.nn.Module, batch: Batch) -> torch.Tensor:
            value = loss(module, batch)
            return value * float("nan") if self._at("nan", self._step) else value

        return faulty

    def batches(
        self,
        steps: Iterable[int],
        batches: Iterable[list[Batch]],
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        flush: Callable[[int], None],
    ) -> Iterator[list[Batch]]:
        """The batches of the steps, before which a training stalls, collapses or is killed.

        Args:
            steps: The step of each.
            batches: Of which ``spike`` shuffles the targets.
            model: Its weights collapse.
            optimizer: Its moments are forgotten in a collapse: they would lead out of it.
            flush: Called with the last step before the process is killed, so that a crash leaves
                points behind the last checkpoint, as one does that comes just after a flush.
        """
        for step, parts in zip(steps, batches, strict=True):
            self._step = step
            for fault in self._faults:
                if fault.step == step:
                    self._strike_before(fault, model, optimizer, flush)
            yield [Batch(each.inputs, self._targets(each.targets)) for each in parts]

    def watch(self, optimizer: torch.optim.Optimizer) -> None:
        """Has the optimizer note the faults of a step once the step is taken."""

        def note(*_: object) -> None:
            for fault in self._faults:
                if fault.step == self._step:
                    self._strike(fault)

        if self._faults:
            optimizer.register_step_post_hook(note)

    def _strike_before(
        self,
        fault: Fault,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        flush: Callable[[int], None],
    ) -> None:
        if fault.kind == "stall":
            time.sleep(fault.seconds)
        elif fault.kind == "collapse":
            _collapse(model, optimizer)
        elif fault.kind == "crash" and not self._has_struck(fault):
            flush(fault.step - 1)
            self._strike(fault)
            os.kill(os.getpid(), signal.SIGKILL)

    def _targets(self, targets: torch.Tensor) -> torch.Tensor:
        """Those of a part of the step's batch, of any shape."""
        if not self._at("spike", self._step):
            return targets
        order = torch.randperm(targets.numel(), generator=torch.Generator().manual_seed(self._step))
        return targets.flatten()[order.to(targets.device)].view_as(targets)

    def write(self) -> None:
        """Writes ``truth.json``, whole or not at all; nothing where no fault was asked for."""
        if not self._writes or not self._entries:
            return
        content = {**self._about, "faults": list(self._entries.values())}
        beside = self._truth.with_name(f".{self._truth.name}.tmp")
        beside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        beside.replace(self._truth)

    def _read(self) -> dict[str, dict[str, Any]]:
        """What was asked for before this process began: a crash does not strike twice."""
        if not self._truth.exists():
            return {}
        found = json.loads(self._truth.read_text(encoding="utf-8"))["faults"]
        return {entry["fault"]: entry for entry in found}

    def _has_struck(self, fault: Fault) -> bool:
        return self._entries[str(fault)]["struck_at"] is not None

    def _strike(self, fault: Fault) -> None:
        self._entries[str(fault)]["struck_at"] = time.time()
        self.write()

    def _at(self, kind: str, step: int) -> bool:
        return any(fault.kind == kind and fault.step == step for fault in self._faults)

    def _since(self, kind: str, step: int) -> bool:
        return any(fault.kind == kind and fault.step <= step for fault in self._faults)


def _entry(fault: Fault) -> dict[str, Any]:
    return {
        "fault": str(fault),
        "kind": fault.kind,
        "step": fault.step,
        "seconds": fault.seconds,
        "first_affected_step": fault.step + (fault.kind in SHOWN_LATER),
        "what": KINDS[fault.kind],
        "struck_at": None,
    }


def _collapse(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    optimizer.state.clear()
