"""The options that all recipes share, and how options are read and checked.

A recipe's options are a frozen dataclass that extends `TrainConfig`. Each field carries its help,
so that the command line, ``--help`` and the table in the run are made of one thing.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from reference_training.errors import ConfigError
from reference_training.faults import KINDS, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

_Config = TypeVar("_Config")


@dataclass(frozen=True)
class Option:
    """What is known of an option besides type and default: ``seed: Annotated[int, Option(...)]``.

    A class that only changes the default of an inherited option writes ``seed: int = 1``.

    Attributes:
        help: What it is, with its unit.
        choices: The only values allowed, if not empty.
        minimum: The smallest number allowed.
        above: A number that the value must exceed.
        may_change: Whether a resumed run may be given another value than it was begun with.
    """

    help: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    above: float | None = None
    may_change: bool = False


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """What every recipe can be told."""

    logdir: Annotated[
        Path, Option("folder of runs, as tensorboard --logdir takes it", may_change=True)
    ]
    run_name: Annotated[
        str, Option("the run's folder in it (default: the recipe's name)", may_change=True)
    ] = ""
    writer: Annotated[
        str,
        Option(
            "package that writes the event files; none writes nothing at all",
            choices=("tensorboardx", "torch", "none"),
            may_change=True,
        ),
    ] = "tensorboardx"
    resume: Annotated[
        str,
        Option(
            "auto goes on from the run's newest checkpoint, if it has one; never only begins new "
            "runs; else the path of a checkpoint",
            may_change=True,
        ),
    ] = "auto"
    inject: Annotated[
        tuple[Fault, ...],
        Option(
            f"faults, separated by commas: KIND@STEP with KIND one of {', '.join(KINDS)} "
            "(stall@STEP:SECONDS)",
            may_change=True,
        ),
    ] = ()

    seed: Annotated[
        int, Option("decides the initial weights and the order of the data", minimum=0)
    ] = 0
    batch_size: Annotated[
        int, Option("samples in an optimizer step, over all processes", minimum=1)
    ] = 32
    accumulate: Annotated[
        int, Option("parts in which a batch goes through the model, to need less memory", minimum=1)
    ] = 1
    learning_rate: Annotated[float, Option("peak learning rate", above=0)] = 1e-3
    final_learning_rate: Annotated[
        float, Option("learning rate at the end, as a fraction of the peak", minimum=0)
    ] = 0.1
    schedule: Annotated[
        str, Option("learning rate after the warmup", choices=("cosine", "constant"))
    ] = "cosine"
    warmup_steps: Annotated[
        int, Option("steps over which the learning rate rises from 0", minimum=0)
    ] = 0
    weight_decay: Annotated[
        float, Option("AdamW's decoupled weight decay, of matrices", minimum=0)
    ] = 0.0
    clip: Annotated[float, Option("largest norm of the gradient; 0 is no limit", minimum=0)] = 0.0

    device: Annotated[
        str, Option("where to compute", choices=("auto", "cpu", "cuda", "mps"), may_change=True)
    ] = "auto"
    precision: Annotated[
        str,
        Option(
            "number format of matrix products; auto is bfloat16 on CUDA devices that have it",
            choices=("auto", "float32", "bfloat16"),
        ),
    ] = "auto"
    compile: Annotated[
        str,
        Option(
            "torch.compile; auto is on for CUDA", choices=("auto", "on", "off"), may_change=True
        ),
    ] = "auto"
    threads: Annotated[
        int, Option("CPU threads; 0 leaves it to torch", minimum=0, may_change=True)
    ] = 0
    fsdp: Annotated[bool, Option("shard the model over the processes (FSDP2)", may_change=True)] = (
        False
    )

    log_every: Annotated[
        int,
        Option(
            "steps between two points, each the mean of the steps since the last; 0 is an epoch",
            minimum=0,
            may_change=True,
        ),
    ] = 1
    eval_every: Annotated[
        int, Option("steps between two evaluations; 0 is an epoch", minimum=0, may_change=True)
    ] = 0
    checkpoint_every: Annotated[
        int, Option("steps between two checkpoints; 0 is an epoch", minimum=0, may_change=True)
    ] = 0
    guard: Annotated[
        str,
        Option(
            "what to do where tbtools finds in the run's own log, at an evaluation, that it went "
            "wrong: stop, or lower the learning rate tenfold",
            choices=("off", "stop", "lower"),
            may_change=True,
        ),
    ] = "off"
    keep_checkpoints: Annotated[
        int,
        Option("how many of the newest checkpoints stay; 0 is all", minimum=0, may_change=True),
    ] = 2
    flush_seconds: Annotated[
        int,
        Option(
            "how long a point may wait in memory before it is in the file",
            minimum=1,
            may_change=True,
        ),
    ] = 10

    @property
    def recipe(self) -> str:
        """The recipe that this config is of, as it is called on the command line."""
        return type(self).__name__.removesuffix("Config").lower()

    @property
    def run_directory(self) -> Path:
        """Where the run's event files, checkpoints and truth.json are."""
        return self.logdir / (self.run_name or self.recipe)

    def problems(self) -> list[str]:
        """What is wrong with the values taken together; each class adds its own."""
        found = []
        if self.batch_size % self.accumulate:
            found.append(
                f"--batch-size {self.batch_size} is not a multiple of "
                f"--accumulate {self.accumulate}"
            )
        if ".." in Path(self.run_name).parts or Path(self.run_name).is_absolute():
            found.append(f"--run-name {self.run_name}: a name inside --logdir is needed")
        return found

    def to_dict(self) -> dict[str, Any]:
        """The options with values that JSON can hold, in the order of the fields."""
        return {field.name: plain(getattr(self, field.name)) for field in dataclasses.fields(self)}

    def differences(self, earlier: Mapping[str, Any]) -> list[str]:
        """What differs from a run's earlier options and must not, one sentence each.

        Args:
            earlier: The `to_dict` of the run as it was begun.
        """
        now = self.to_dict()
        return [
            f"{flag(field.name)} was {earlier[field.name]} and is {now[field.name]}"
            for field in dataclasses.fields(self)
            if not option_of(type(self), field.name).may_change
            and field.name in earlier
            and earlier[field.name] != now[field.name]
        ]


def flag(name: str) -> str:
    """The command line's name of a field."""
    return "--" + name.replace("_", "-")


def plain(value: Any) -> Any:
    """A config's value as JSON has it."""
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, Path | Fault) else value


def option_of(config: type, name: str) -> Option:
    """What is known of a config's option, by its field's name: from the class that declares it."""
    for each in config.__mro__[:-1]:
        hint = typing.get_type_hints(each, include_extras=True)[name]
        if typing.get_origin(hint) is Annotated:
            (option,) = hint.__metadata__
            assert isinstance(option, Option)
            return option
    raise TypeError(f"{config.__name__}.{name} has no Option")


def from_strings(config: type[_Config], given: Mapping[str, str]) -> _Config:
    """Makes a config of what the command line gave.

    Args:
        config: The recipe's class.
        given: Text by field name; a field that is not in it keeps its default.

    Raises:
        ConfigError: With everything that is wrong.
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    hints = typing.get_type_hints(config)
    for field in dataclasses.fields(config):  # type: ignore[arg-type]
        option = option_of(config, field.name)
        if field.name in given:
            try:
                values[field.name] = _convert(hints[field.name], given[field.name])
                _check(option, values[field.name])
            except ValueError as error:
                problems.append(f"{flag(field.name)}: {error}")
        elif field.default is dataclasses.MISSING:
            problems.append(f"{flag(field.name)} is needed: {option.help}")
    if problems:
        raise ConfigError(problems)
    made = config(**values)
    problems = made.problems()  # type: ignore[attr-defined]
    if problems:
        raise ConfigError(problems)
    return made


def _check(option: Option, value: Any) -> None:
    """Raises ValueError where a value is outside of what its option allows."""
    if option.choices and value not in option.choices:
        raise ValueError(f"{value!r} is not one of {', '.join(option.choices)}")
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, float) and not math.isfinite(number):
            raise ValueError(f"{number} is not finite")
        if option.minimum is not None and number < option.minimum:
            raise ValueError(f"{number} is less than {option.minimum}")
        if option.above is not None and number <= option.above:
            raise ValueError(f"{number} is not above {option.above}")


def _convert(kind: Any, text: str) -> Any:
    if typing.get_origin(kind) is tuple:
        of = typing.get_args(kind)[0]
        return tuple(_convert(of, part) for part in text.split(",") if part.strip())
    if kind is bool:
        return text == "true"
    if kind is Fault:
        return Fault.parse(text)
    if kind in (int, float):
        return _number(kind, text)
    # Path | None, Path and str are made of text as it is.
    return Path(text) if kind is Path or Path in typing.get_args(kind) else text


def _number(kind: type[int | float], text: str) -> int | float:
    try:
        return kind(text)
    except ValueError:
        wanted = "an integer" if kind is int else "a number"
        raise ValueError(f"{text!r} is not {wanted}") from None
