"""Makes tests/logs: five small runs by the writers that people use, the same values every time.

The curves are simulated, so that each run is small and shows one thing; tests/logs/README.md says
what. The writers run under a clock of our own. Hyperparameters, which are a map, come in another
order in each making.

    python tests/make_logs.py
"""

from __future__ import annotations

import contextlib
import logging
import math
import re
import shutil
import unittest.mock
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorboard.summary
import tensorboardX
import torch
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import summary_v2 as hparams_summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from torch.utils.tensorboard import SummaryWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGS = Path(__file__).parent / "logs"
MONDAY = 1_772_438_400.0  # 2026-03-02 08:00 UTC
SECONDS_A_STEP = 0.42
VOCABULARY = 256  # of bytes; an untrained model's loss is its logarithm
WARMUP = 100


class Clock:
    """Stands in for time.time, so that wall times are the same in every making."""

    def __init__(self, start: float) -> None:
        self.now = start

    def __call__(self) -> float:
        """The time, as time.time tells it."""
        return self.now


@contextlib.contextmanager
def clock_at(start: float) -> Iterator[Clock]:
    """Lets time stand still at `start`, until the clock is set forward."""
    clock = Clock(start)
    with unittest.mock.patch("time.time", clock):
        yield clock


class Training:
    """A small language model's training, as its log tells it.

    The loss falls by a power law from that of guessing; noise of neighbouring steps is alike, as it
    is with batches from one stream; the gradient's norm is log-normal.
    """

    def __init__(
        self, seed: int, *, lr: float = 1e-3, floor: float = 1.32, steps: int = 2000
    ) -> None:
        self.random = np.random.default_rng(seed)
        self.lr = lr
        self.floor = floor
        self.steps = steps
        self.noise = 0.0

    def expected_loss(self, step: int) -> float:
        """Without noise."""
        return self.floor + (math.log(VOCABULARY) - self.floor) * (1 + step / 55) ** -0.85

    def loss(self, step: int) -> float:
        """Of one batch."""
        self.noise = 0.7 * self.noise + 0.03 * self.random.standard_normal()
        return self.expected_loss(step) * (1 + self.noise)

    def validation_loss(self, step: int) -> float:
        """Of many batches: hardly any noise, and a gap that opens slowly."""
        gap = 0.02 + 0.06 * step / self.steps
        return self.expected_loss(step) + gap + 0.006 * self.random.standard_normal()

    def accuracy(self, loss: float) -> float:
        """Of the next byte, which goes with the loss."""
        return float(np.clip(math.exp(-0.62 * loss) + 0.008 * self.random.standard_normal(), 0, 1))

    def learning_rate(self, step: int) -> float:
        """Linear warm-up, then a cosine down to a tenth."""
        if step < WARMUP:
            return self.lr * (step + 1) / WARMUP
        progress = (step - WARMUP) / (self.steps - WARMUP)
        return self.lr * (0.55 + 0.45 * math.cos(math.pi * progress))

    def gradient_norm(self, step: int) -> float:
        """Large at first, then about a half, with a long tail upwards."""
        level = 0.45 + 3.0 * math.exp(-step / 40)
        return level * float(self.random.lognormal(0, 0.25))

    def tokens_per_second(self) -> float:
        """About steady; an evaluation or a busy disk slows some steps."""
        slow = 0.7 if self.random.random() < 0.02 else 1.0
        return 61_000 * slow * float(self.random.normal(1, 0.01))

    def hparams(self) -> dict[str, bool | float | str]:
        """What the run was started with."""
        return {
            "lr": self.lr,
            "batch_size": 64,
            "layers": 6,
            "dropout": 0.1,
            "optimizer": "adamw",
            "compile": True,
        }


def log_steps(writer: Any, training: Training, clock: Clock, steps: range) -> None:
    """Logs every fourth step, and the validation every hundredth."""
    start = clock.now
    for step in steps:
        clock.now = start + SECONDS_A_STEP * (step - steps.start)
        if step % 4 == 0:
            loss = training.loss(step)
            writer.add_scalar("train/loss", loss, step)
            writer.add_scalar("train/accuracy", training.accuracy(loss), step)
            writer.add_scalar("optim/lr", training.learning_rate(step), step)
            writer.add_scalar("optim/grad_norm", training.gradient_norm(step), step)
        if step % 20 == 0:
            writer.add_scalar("perf/tokens_per_s", training.tokens_per_second(), step)
        if step % 100 == 99:
            loss = training.validation_loss(step)
            writer.add_scalar("val/loss", loss, step)
            writer.add_scalar("val/accuracy", training.accuracy(loss), step)


def add_hparams(writer: Any, training: Training, module: Any) -> None:
    """Into the run itself; ``add_hparams`` would make a run of its own below it."""
    for summary in module.hparams(training.hparams(), {"val/loss": 0.0}):
        writer.file_writer.add_summary(summary)


def baseline(directory: Path) -> None:
    """A healthy run, by tensorboardX."""
    training = Training(1)
    with clock_at(MONDAY) as clock:
        writer = tensorboardX.SummaryWriter(str(directory))
        add_hparams(writer, training, tensorboardX.summary)
        log_steps(writer, training, clock, range(2000))
        writer.close()


def resumed(directory: Path) -> None:
    """Crashed twice and resumed from the last checkpoint, by torch; purge_step given only once."""
    training = Training(2)
    parts = [(range(760), {}), (range(600, 1340), {"purge_step": 600}), (range(1200, 2000), {})]
    for number, (steps, options) in enumerate(parts):
        with clock_at(MONDAY + 3600 * number) as clock:
            writer = SummaryWriter(str(directory), **options)
            if number == 0:
                add_hparams(writer, training, torch.utils.tensorboard.summary)
            log_steps(writer, training, clock, steps)
            writer.close()


class Diverging(Training):
    """The learning rate is too high: from step 1,180 on it falls apart, at 1,300 into NaN."""

    def expected_loss(self, step: int) -> float:
        """Climbs to more than that of guessing."""
        away = max(0, step - 1180) / 45
        return super().expected_loss(step) + 5.5 * (1 - math.exp(-(away**2)))

    def loss(self, step: int) -> float:
        """NaN once the weights are."""
        return math.nan if step >= 1300 else super().loss(step)

    def validation_loss(self, step: int) -> float:
        """NaN once the weights are."""
        return math.nan if step >= 1300 else super().validation_loss(step)

    def gradient_norm(self, step: int) -> float:
        """Rises before the loss does."""
        if step >= 1300:
            return math.nan
        return super().gradient_norm(step) * math.exp(min(5.0, max(0, step - 1150) / 25))


def diverged(directory: Path) -> None:
    """Blows up and ends in NaN, by tensorboardX."""
    training = Diverging(3, lr=8e-3)
    with clock_at(MONDAY + 86_400) as clock:
        writer = tensorboardX.SummaryWriter(str(directory))
        add_hparams(writer, training, tensorboardX.summary)
        log_steps(writer, training, clock, range(1400))
        writer.close()


class Stuck(Training):
    """Nothing is learnt any more after step 600."""

    def expected_loss(self, step: int) -> float:
        """Stays where it is."""
        return super().expected_loss(min(step, 600))

    def validation_loss(self, step: int) -> float:
        """Stays where it is, but for noise."""
        return super().validation_loss(min(step, 600))


def plateau(directory: Path) -> None:
    """Gets stuck, by TensorBoard's own writers: scalars are tensors, as TensorFlow 2 has it."""
    training = Stuck(4, lr=2e-5, floor=1.6)
    with clock_at(MONDAY + 2 * 86_400) as clock:
        events = EventFileWriter(str(directory))
        hparams = hparams_summary.hparams_pb(training.hparams(), start_time_secs=clock.now)
        events.add_event(event_pb2.Event(wall_time=clock.now, summary=hparams))
        events.close()
        clock.now += 1
        writer = tensorboard.summary.Writer(tensorboard.summary.DirectoryOutput(str(directory)))
        log_steps(writer, training, clock, range(2000))
        writer.close()


def picture(random: np.random.Generator, step: int) -> np.ndarray:
    """A grey ring, 48 by 48, that comes out of noise; uint8, channels first."""
    y, x = np.mgrid[-1:1:48j, -1:1:48j]
    ring = np.exp(-(((np.hypot(x, y) - 0.6) / 0.15) ** 2))
    share = min(1.0, step / 800)
    mixed = share * ring + (1 - share) * random.random((48, 48))
    return (255 * mixed).astype(np.uint8)[np.newaxis]


def tone(random: np.random.Generator, step: int) -> torch.Tensor:
    """Half a second of a decaying A at 8 kHz, under noise that fades with the steps."""
    t = np.arange(4000) / 8000
    noise = math.exp(-step / 300) * random.uniform(-1, 1, 4000)
    return torch.from_numpy(0.4 * np.exp(-4 * t) * (np.sin(2 * np.pi * 440 * t) + noise))[None]


def add_media(writer: SummaryWriter, random: np.random.Generator, step: int) -> None:
    """One of each kind of data."""
    writer.add_image("samples/ring", picture(random, step), step)
    for layer, spread in (("encoder", 0.02 + step / 40_000), ("head", 0.05)):
        writer.add_histogram(f"weights/{layer}", random.normal(0, spread, 5000), step)
    labels = random.integers(0, 2, 400)
    scores = np.clip(0.5 + (labels - 0.5) * step / 1500 + random.normal(0, 0.25, 400), 0, 1)
    writer.add_pr_curve("val/pr", labels, scores, step, num_thresholds=31)
    writer.add_text(
        "samples/text", f"**step {step}**\n\n> " + "the same ring " * (step // 400), step
    )
    if step % 400 == 0:
        writer.add_audio("samples/tone", tone(random, step), step, sample_rate=8000)


def add_tetrahedron(writer: SummaryWriter) -> None:
    """A mesh of four corners and four coloured faces."""
    corners = torch.tensor([[[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]])
    colors = torch.tensor([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]]])
    faces = torch.tensor([[[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]])
    writer.add_mesh("samples/mesh", vertices=corners, colors=colors, faces=faces)


def media(directory: Path) -> None:
    """Pictures, histograms, text, sound, curves, a mesh, a graph and hyperparameters, by torch."""
    random = np.random.default_rng(5)
    training = Training(5, steps=800)
    with clock_at(MONDAY + 3 * 86_400) as clock:
        writer = SummaryWriter(str(directory))
        writer.add_text("config", "| name | value |\n| --- | --- |\n| lr | 0.001 |")
        model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        writer.add_graph(model, torch.zeros(1, 4))
        add_tetrahedron(writer)
        for step in range(0, 801, 100):
            clock.now += 100 * SECONDS_A_STEP
            losses = {"train": training.loss(step), "val": training.validation_loss(step)}
            writer.add_scalar("train/loss", losses["train"], step)
            writer.add_scalars("losses", losses, step)
            add_media(writer, random, step)
        writer.add_hparams(
            training.hparams(), {"hparam/val_loss": losses["val"]}, run_name="hparams"
        )
        writer.close()


def rename_event_files(directory: Path) -> None:
    """Takes this machine's name and process out of the file names, and keeps their order."""
    for number, path in enumerate(sorted(directory.rglob("*tfevents*"))):
        seconds = re.search(r"tfevents\.(\d+)", path.name)
        assert seconds is not None
        path.rename(path.with_name(f"events.out.tfevents.{seconds[1]}.node7.4242.{number}"))


def main() -> None:
    """Makes every run anew."""
    logging.getLogger("tensorboardX").setLevel(logging.ERROR)  # it warns at every NaN
    for make in (baseline, resumed, diverged, plateau, media):
        directory = LOGS / make.__name__
        shutil.rmtree(directory, ignore_errors=True)
        torch.manual_seed(0)
        make(directory)
        rename_event_files(directory)


if __name__ == "__main__":
    main()
