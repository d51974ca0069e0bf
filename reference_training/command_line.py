"""``python -m reference_training RECIPE [--option value …] --logdir DIR``."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from reference_training import device, distributed
from reference_training.config import TrainConfig, flag, from_strings, option_of, plain
from reference_training.errors import ConfigError, Diverged, NonFiniteLoss, TrainingError
from reference_training.recipes.digits import DigitsConfig, DigitsTask
from reference_training.recipes.export import ExportConfig, export
from reference_training.recipes.finetune import Finetune, FinetuneConfig
from reference_training.recipes.pretrain import Pretrain, PretrainConfig
from reference_training.recipes.regression import Regression, RegressionConfig
from reference_training.recipes.sweep import SweepConfig, variations
from reference_training.train import Outcome, Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reference_training.distributed import World
    from reference_training.task import Task


@dataclass(frozen=True)
class Recipe:
    """A recipe that trains.

    Attributes:
        summary: What it trains, in a line.
        config: Its options.
        task: Makes its task of them.
    """

    summary: str
    config: type[TrainConfig]
    task: Callable[[Any], Task]


RECIPES = {
    "regression": Recipe("a two-layer network on random data", RegressionConfig, Regression),
    "digits": Recipe("a classifier of handwritten digits", DigitsConfig, DigitsTask),
    "pretrain": Recipe("a language model from scratch", PretrainConfig, Pretrain),
    "finetune": Recipe("a pretrained language model on another text", FinetuneConfig, Finetune),
}
OTHERS = {
    "sweep": "digits or pretrain with several learning rates, batch sizes and seeds",
    "export": "a checkpoint to torch.export and safetensors",
}

OK, FAILED, WRONG_OPTIONS = 0, 1, 2
"""Exit statuses; one that a signal stopped has 128 and its number, as a shell says it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a recipe; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        return _dispatch(arguments)
    except ConfigError as error:
        for problem in error.problems:
            _complain(problem)
        return WRONG_OPTIONS
    except TrainingError as error:
        _complain(str(error))
        return FAILED
    except OSError as error:  # a folder that cannot be written, a disk that is full
        _complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return FAILED
    except KeyboardInterrupt:  # before or after training; while it lasts, Stopper listens
        _complain("interrupted")
        return 128 + signal.SIGINT


def _dispatch(arguments: list[str]) -> int:
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if name in ("", "-h", "--help"):
        sys.stdout.write(_overview())
        return OK if name else WRONG_OPTIONS
    if name in RECIPES:
        recipe = RECIPES[name]
        config = _read(name, recipe.summary, [recipe.config], rest)[0]
        return _train(recipe, [config])
    if name == "sweep":
        return _sweep(rest)
    if name == "export":
        config = _read(name, OTHERS[name], [ExportConfig], rest)[0]
        return _export(config)
    raise ConfigError([f"{name!r} is no recipe; the recipes are {', '.join([*RECIPES, *OTHERS])}"])


def _train(recipe: Recipe, configs: Sequence[TrainConfig]) -> int:
    """Trains one run after another; one that diverges does not keep the others from training."""
    status = OK
    with distributed.joined(device.kind(configs[0].device)) as world:
        for config in configs:
            try:
                outcome = _train_one(recipe, config, world)
            except (NonFiniteLoss, Diverged) as error:
                _complain(f"{config.run_directory}: {error}")
                status = FAILED
                continue
            if outcome.signal:
                _complain(f"stopped at step {outcome.step}; the same command goes on from there")
                return 128 + outcome.signal
    return status


def _train_one(recipe: Recipe, config: TrainConfig, world: World) -> Outcome:
    parts = world.size * config.accumulate
    if config.batch_size % parts:
        raise ConfigError(
            [f"--batch-size {config.batch_size} cannot be shared by {parts} parts of equal size"]
        )
    compute = device.choose(config, world.local_rank)
    return Trainer(recipe.task(config), config, compute, world).run()


def _sweep(arguments: list[str]) -> int:
    # Which other options there are depends on the recipe; a wrong one is told with all mistakes.
    first = _Parser(allow_abbrev=False, add_help=False)
    first.add_argument("--recipe", nargs="?", default=SweepConfig.recipe)
    name = first.parse_known_args(arguments)[0].recipe
    recipe = RECIPES.get(name, RECIPES[SweepConfig.recipe])
    varied = ("learning_rate", "batch_size", "seed")
    sweep, base = _read(
        "sweep", OTHERS["sweep"], [SweepConfig, recipe.config], arguments, without=varied
    )
    return _train(recipe, list(variations(sweep, base)))


def _export(config: ExportConfig) -> int:
    for tag, difference in export(config).items():
        sys.stdout.write(f"{tag} {difference:.3g}\n")
    sys.stdout.write(
        f"wrote model.pt2, model.safetensors and model.json in {config.run_directory}\n"
    )
    return OK


def _read(
    name: str,
    summary: str,
    classes: Sequence[type[Any]],
    arguments: Sequence[str],
    without: Sequence[str] = (),
) -> list[Any]:
    """The configs that a command line makes, one of each class.

    Raises:
        ConfigError: With all that is wrong with it.
        SystemExit: Help was asked for, and is shown.
    """
    parser = _Parser(prog=name, allow_abbrev=False, add_help=False)
    fields = [
        (config, field)
        for config in classes
        for field in dataclasses.fields(config)
        if field.name not in without
    ]
    for _, field in fields:
        # nargs="?": an option without its value is then one mistake among others.
        more: dict[str, Any] = (
            {"action": "store_const", "const": "true"} if field.default is False else {"nargs": "?"}
        )
        parser.add_argument(flag(field.name), default=argparse.SUPPRESS, **more)
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(_help(name, summary, fields))
        raise SystemExit(OK)
    found, unknown = parser.parse_known_args(arguments)
    problems = [f"{word} is not an option of {name}" for word in unknown]
    given = {key: value for key, value in vars(found).items() if value is not None}
    problems += [
        f"{flag(key)} needs a value" for key, value in vars(found).items() if value is None
    ]
    configs = []
    for config in classes:
        own = {field.name for field in dataclasses.fields(config)}
        try:
            configs.append(from_strings(config, {key: given[key] for key in own & given.keys()}))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return configs


class _Parser(argparse.ArgumentParser):
    """Raises what it has to complain about."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError([message])


def _help(name: str, summary: str, fields: Sequence[tuple[type, dataclasses.Field[Any]]]) -> str:
    """All options of a recipe, those that are needed first."""
    lines = [
        f"python -m reference_training {name} [--option value ...] --logdir DIR",
        "",
        summary,
        "",
    ]
    for config, field in sorted(
        fields, key=lambda each: each[1].default is not dataclasses.MISSING
    ):
        option = option_of(config, field.name)
        text = f"{option.help} ({', '.join(option.choices)})" if option.choices else option.help
        if field.default is dataclasses.MISSING:
            text += "; needed"
        elif field.default is not False and field.default not in (None, "", ()):
            text += f"; default {_as_typed(field.default)}"
        lines += [f"  {flag(field.name)}", textwrap.indent(textwrap.fill(text, 82), " " * 6)]
    return "\n".join(lines) + "\n"


def _as_typed(default: Any) -> str:
    value = plain(default)
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _overview() -> str:
    lines = ["python -m reference_training RECIPE [--option value ...] --logdir DIR", ""]
    summaries = {name: recipe.summary for name, recipe in RECIPES.items()} | OTHERS
    lines += [f"  {name:<12}{summary}" for name, summary in summaries.items()]
    lines += ["", "Options of a recipe: python -m reference_training RECIPE --help", ""]
    return "\n".join(lines)


def _complain(text: str) -> None:
    sys.stderr.write(f"reference_training: {text}\n")
