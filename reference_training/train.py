"""The training loop: every recipe is trained by it.

Read `Trainer.run` first: what a training does, in order. A *step* is one update of the weights;
step s is the s-th, and everything that is logged with step s is of the model or the batch of the
s-th update. There is one step axis in a run, for all tags: a reader can then compare them, and tell
a resumed run from an earlier one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from reference_training import checkpoint
from reference_training import task as tasks
from reference_training.data.loader import Batch, batches
from reference_training.data.streams import generator
from reference_training.distributed import Spread
from reference_training.errors import CheckpointError, Diverged, NonFiniteLoss, RunExists
from reference_training.guard import LOWERED, Guard
from reference_training.injection import FaultPlan
from reference_training.meter import NEVER, Meter, Point
from reference_training.optimizer import adamw, clip_gradient
from reference_training.progress import Progress, of_first_process
from reference_training.provenance import command_line, provenance, table
from reference_training.runlog import Log, NullLog, RunLog
from reference_training.schedule import Update, schedule
from reference_training.stopper import Stopper

if TYPE_CHECKING:
    from reference_training.config import TrainConfig
    from reference_training.device import Compute
    from reference_training.distributed import World
    from reference_training.task import Task


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    Attributes:
        step: Optimizer steps done.
        signal: The signal that stopped it, or 0.
        points: What this process has logged of steps.
    """

    step: int
    signal: int
    points: list[Point]


class Trainer:
    """Trains one task into one run.

    Args:
        task: What to train.
        config: How.
        compute: On what.
        world: With which other processes.
    """

    def __init__(self, task: Task, config: TrainConfig, compute: Compute, world: World) -> None:
        self.task = task
        self.config = config
        self.compute = compute
        self.world = world
        self.run_directory = config.run_directory
        self.spread = Spread(task.model.to(compute.device), compute, world, sharded=config.fsdp)
        self.optimizer = adamw(task.model, config.learning_rate, config.weight_decay)
        self.faults = FaultPlan(
            config.inject,
            self.run_directory / "truth.json",
            writes=world.first and config.writer != "none",
            about={"recipe": config.recipe, "loss_tag": task.tags[tasks.LOSS], "seed": config.seed},
        )
        # Where a fault is asked for, what the update is made of goes wrong; the loop does not.
        self.rate_factor = 1.0
        self.planned = schedule(config, task.total_steps)
        self.schedule = self.faults.schedule(self._guarded_update, config.learning_rate)
        self.loss = self.faults.loss(task.loss)
        self.faults.watch(self.optimizer)
        self.meter = Meter(compute, world, guarded=self.faults.guarded)
        self.progress = Progress(
            task.total_steps, task.units, task.units_per_step, of_first_process(world.first)
        )
        self.log: Log = NullLog()
        self.points: list[Point] = []
        self.stop = False
        self.guard = Guard(self.run_directory)

    # ---------------------------------------------------------------- a whole training

    def run(self) -> Outcome:
        """Trains from where the run is to its end, to a signal, or to a loss that is not finite.

        Raises:
            NonFiniteLoss: The weights are those before that step.
            RunExists: The run's folder has a run that is not to be gone on with.
            CheckpointError: The checkpoint to go on from is of another training.
            Diverged: The guard has stopped it.
        """
        begun = self._restore()
        self.world.barrier()  # all have looked at the folder before the first one writes to it
        if begun >= self.task.total_steps:
            self.progress.say(f"{self.run_directory} is finished: {begun} steps")
            return Outcome(begun, 0, [])
        self.log = self._open_log(begun)
        success: bool | None = False
        try:
            with Stopper() as stopper:
                self._begin(begun)
                step = self._fit(begun, stopper)
            finished = step == self.task.total_steps
            if finished:
                self.task.finish(self.log, step, self.points)
                self.progress.say(f"finished {step} steps: {self.run_directory}")
            success = True if finished else None
        finally:
            self.log.close(success=success)
        return Outcome(step, stopper.signal, self.points)

    def _fit(self, begun: int, stopper: Stopper) -> int:
        """Takes the steps after ``begun``; returns the last one taken."""
        steps = range(begun + 1, self.task.total_steps + 1)
        parts_of_steps = batches(
            self.task.samples, steps, self.world, self.config.accumulate, self.compute.device
        )
        parts_of_steps = self.faults.batches(
            steps, parts_of_steps, self.task.model, self.optimizer, self.log.flush
        )
        step = begun
        for step, parts in zip(steps, parts_of_steps, strict=True):
            rate = self._step(step, parts)
            if self._due("log_every", step):
                self.meter.send(step, rate, stop=bool(stopper.signal))
                self._take(self.meter.arrived())
            stop = self.stop or (self.world.size == 1 and bool(stopper.signal))
            evaluate, save = self._due("eval_every", step), self._due("checkpoint_every", step)
            if evaluate or save or stop:
                self._catch_up(step, rate)
            if evaluate:
                self._evaluate(step)
                if self.config.guard != "off":
                    self._ask_guard(step)
            if save or stop:
                self._save(step)
            if stop:
                break
        return step

    def _step(self, step: int, parts: list[Batch]) -> float:
        """One update of the weights, without waiting for the device; returns its learning rate."""
        update = self.schedule(step)
        for group in self.optimizer.param_groups:
            group["lr"] = update.learning_rate
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._gradient(parts)
        norm = clip_gradient(self.task.model, update.clip)
        self.meter.add(loss, norm)
        self.meter.guard(step, loss, norm, self.optimizer)
        self.optimizer.step()
        return update.learning_rate

    def _gradient(self, parts: list[Batch]) -> torch.Tensor:
        """Adds up the gradient of a batch, part by part; returns its mean loss."""
        total = torch.zeros((), device=self.compute.device)
        for number, part in enumerate(parts, start=1):
            # Gradients are sent to the other processes once a step, beside the last backward pass.
            with self.spread.synchronizing(number == len(parts)):
                with self.compute.autocast():
                    loss = self.loss(self.spread.module, part) / len(parts)
                loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    # ---------------------------------------------------------------- what is due now and then

    def _due(self, option: str, step: int) -> bool:
        """Whether something that is done every so many steps, and at the end, is due."""
        every = getattr(self.config, option) or self.task.epoch_steps
        return step % every == 0 or step == self.task.total_steps

    def _take(self, points: list[Point]) -> None:
        """Logs points, and stops the training where one says so."""
        for point in points:
            self.log.scalars(self._scalars(point), point.step, point.wall_time)
            self.points.append(point)
            self.progress.update(point)
            self.stop = self.stop or point.stop
            if point.bad_step != NEVER:
                self.log.flush(point.bad_step)
                raise NonFiniteLoss(point.bad_step)

    def _catch_up(self, step: int, rate: float) -> None:
        """Waits for the device, to know that the weights to be judged or kept are this step's."""
        self._take(self.meter.drain())
        if self.meter.bad_step() != NEVER:
            self.meter.send(step, rate, stop=False)
            self._take(self.meter.drain())

    def _scalars(self, point: Point) -> dict[str, float]:
        """What a point has to say, by tag."""
        speed = point.steps * self.task.units_per_step / point.seconds
        values = {
            tasks.LOSS: point.loss,
            tasks.LEARNING_RATE: point.learning_rate,
            tasks.GRAD_NORM: point.grad_norm,
            tasks.STEP_MS: point.seconds / point.steps * 1e3,
            tasks.THROUGHPUT: speed,
            tasks.MEMORY: self.compute.peak_memory_gib(),
            tasks.SEEN: point.step * self.task.units_per_step,
        }
        flops, peak = self.task.flops_per_unit(), self.compute.peak_flops
        if flops is not None and peak is not None:
            # Model FLOP/s utilization: Chowdhery et al. 2022 (PaLM), appendix B.
            values[tasks.MFU] = speed * flops / (peak * self.world.size)
        tags = self.task.tags
        return {tags[name]: value for name, value in values.items() if name in tags}

    def _evaluate(self, step: int) -> None:
        """Judges the model and shows it; the time is not counted as that of steps."""
        self.task.model.eval()
        with torch.no_grad(), self.compute.autocast():
            values = self.task.evaluate(self.world)
            self.spread.reshard()
            self.log.scalars(values, step)
            self.task.show(self.log, step)
            self.spread.reshard()
        self.task.model.train()
        if values:
            shown = "  ".join(f"{tag} {value:.4f}" for tag, value in values.items())
            self.progress.say(f"step {step}  {shown}")
        self.meter.restart_clock()

    def _guarded_update(self, step: int) -> Update:
        """The update that is planned, at the rate to which the guard has lowered it."""
        planned = self.planned(step)
        return replace(planned, learning_rate=planned.learning_rate * self.rate_factor)

    def _ask_guard(self, step: int) -> None:
        """Stops the training, or lowers its rate, where its log says that it went wrong.

        Raises:
            Diverged: It is to be stopped.
        """
        self.log.flush(step)
        finding = self.guard.news() if self.world.first and self.config.writer != "none" else None
        wrong = torch.tensor(float(finding is not None), device=self.compute.device)
        self.world.maximum(wrong)  # all processes do the same
        self.meter.restart_clock()
        if not wrong.item():
            return
        what = (
            "another process found it" if finding is None else f"{finding.tag}: {finding.message}"
        )
        if self.config.guard == "stop":
            raise Diverged(f"stopped at step {step} by the guard: {what}")
        self.rate_factor *= LOWERED
        self.progress.say(f"step {step}  learning rate times {LOWERED:g}: {what}")

    def _save(self, step: int) -> None:
        """Writes a checkpoint, after the points up to it are in the event file."""
        if self.config.writer == "none":
            return
        self.log.flush(step, checkpoint=f"step-{step:08d}")
        about = {
            "recipe": self.config.recipe,
            "config": self.config.to_dict(),
            "architecture": dict(self.task.architecture),
            "fingerprint": self.task.fingerprint,
            "task": self.task.state_dict(),
            "meter": self.meter.state_dict(),
        }
        checkpoint.save(
            self.run_directory,
            step,
            self.task.model,
            self.optimizer,
            about,
            self.world,
            self.config.keep_checkpoints,
        )
        self.meter.restart_clock()

    # ---------------------------------------------------------------- begin, resume, end

    def _restore(self) -> int:
        """Goes back to where the run is, if it is to be resumed; returns the steps done."""
        # Each process draws its own dropout; the weights were made before, alike on all.
        torch.manual_seed(generator(self.config.seed, "process", self.world.rank).initial_seed())
        path = self._checkpoint_to_resume()
        if path is None:
            return 0
        found = checkpoint.load(path)
        self._must_fit(found.recipe, found.config, str(found.path))
        if found.fingerprint != self.task.fingerprint:
            raise CheckpointError(f"{found.path} was trained on other data than is here now")
        checkpoint.restore(found, self.task.model, self.optimizer, self.world)
        self.meter.load_state_dict(found.meter)
        self.task.load_state_dict(found.task)
        self.progress.say(f"resumed from {found.path}")
        return found.step

    def _checkpoint_to_resume(self) -> Path | None:
        """The checkpoint to go on from; None begins anew."""
        resume = self.config.resume
        if resume not in ("auto", "never"):
            return checkpoint.locate(Path(resume))
        if self.config.writer == "none" or not _event_files(self.run_directory):
            return None
        if resume == "never":
            raise RunExists(
                f"{self.run_directory} has a run already: give another --run-name, or --resume auto"
            )
        about = self.run_directory / "config.json"
        if not about.exists():
            raise RunExists(
                f"{self.run_directory} has event files of another writer: give another --run-name"
            )
        earlier = json.loads(about.read_text(encoding="utf-8"))
        self._must_fit(earlier["recipe"], earlier["config"], str(self.run_directory))
        return checkpoint.newest(self.run_directory)

    def _must_fit(self, recipe: str, earlier: dict[str, object], where: str) -> None:
        differences = self.config.differences(earlier)
        if recipe != self.config.recipe:
            differences.insert(0, f"the recipe was {recipe} and is {self.config.recipe}")
        if differences:
            raise CheckpointError(
                f"{where} is of another training: {', '.join(differences)}. Give the same options, "
                "or another --run-name"
            )

    def _open_log(self, begun: int) -> Log:
        if self.config.writer == "none" or not self.world.first:
            return NullLog()
        directory = self.run_directory
        directory.mkdir(parents=True, exist_ok=True)
        # A run without a checkpoint begins anew, and hides what it wrote before (purge_step 0).
        first = begun + 1 if begun else 0
        purge_step = first if _event_files(directory) else None
        log = RunLog(
            directory,
            self.config.writer,
            purge_step=purge_step,
            flush_seconds=self.config.flush_seconds,
        )
        about = {"recipe": self.config.recipe, "config": self.config.to_dict()}
        (directory / "config.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        return log

    def _begin(self, begun: int) -> None:
        """Logs what the run is made of; at its beginning also the model before the first step."""
        config = self.config
        self.progress.say(f"{config.recipe}: {self.compute.describe()}")
        origin = provenance(self.compute, self.world, command_line())
        for name, rows in (
            ("config", config.to_dict()),
            ("provenance", origin),
            ("description", self.task.describe()),
        ):
            self.log.writer.add_text(f"run/{name}", table(rows), begun)
        if config.inject:
            self.log.writer.add_text(
                "run/faults", "Injected on purpose: " + ", ".join(map(str, config.inject)), begun
            )
        self.faults.write()
        hparams = {name: value for name, value in config.to_dict().items() if name in HPARAMS}
        group = ",".join(f"{name}={value}" for name, value in hparams.items() if name != "seed")
        self.log.begin(hparams, self.task.metrics, group)
        if begun == 0:
            self.task.begin(self.log)
            self._evaluate(0)


HPARAMS = (
    "seed",
    "batch_size",
    "learning_rate",
    "schedule",
    "warmup_steps",
    "final_learning_rate",
    "weight_decay",
    "clip",
    "precision",
    "epochs",
    "steps",
    "size",
    "level",
    "dropout",
    "adapter",
    "rank",
)
"""Options that the hparams view compares."""


def _event_files(directory: Path) -> bool:
    return directory.is_dir() and any("tfevents" in path.name for path in directory.iterdir())
