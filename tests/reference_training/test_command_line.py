from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from reference_training.command_line import OTHERS, RECIPES, main
from reference_training.config import from_strings, option_of
from reference_training.errors import ConfigError
from reference_training.faults import Fault
from reference_training.recipes.digits import DigitsConfig
from reference_training.recipes.export import ExportConfig
from reference_training.recipes.pretrain import PretrainConfig
from reference_training.recipes.sweep import SweepConfig, variations

if TYPE_CHECKING:
    from pathlib import Path

CONFIGS = [*(recipe.config for recipe in RECIPES.values()), SweepConfig, ExportConfig]


def test_all_mistakes_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    mistakes = (
        "--sed 3 --seed x --writer ink --learning-rate -1 --inject boom@3 --clip inf --batch-size"
    )
    assert main(["digits", *mistakes.split()]) == 2
    assert capsys.readouterr().err == (
        "reference_training: --sed is not an option of digits\n"
        "reference_training: 3 is not an option of digits\n"
        "reference_training: --batch-size needs a value\n"
        "reference_training: --logdir is needed: folder of runs, as tensorboard --logdir takes it\n"
        "reference_training: --writer: 'ink' is not one of tensorboardx, torch, none\n"
        "reference_training: --inject: 'boom@3' is not KIND@STEP with KIND one of "
        "nan, divergence, spike, plateau, collapse, crash, stall\n"
        "reference_training: --seed: 'x' is not an integer\n"
        "reference_training: --learning-rate: -1.0 is not above 0\n"
        "reference_training: --clip: inf is not finite\n"
    )


def test_values_that_do_not_go_together_are_told(tmp_path: Path) -> None:
    given = {"logdir": str(tmp_path), "batch_size": "10", "accumulate": "3", "run_name": "../x"}
    with pytest.raises(ConfigError) as caught:
        from_strings(DigitsConfig, given)
    assert caught.value.problems == [
        "--batch-size 10 is not a multiple of --accumulate 3",
        "--run-name ../x: a name inside --logdir is needed",
    ]


def test_an_unknown_recipe_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["digit"]) == 2
    assert "'digit' is no recipe; the recipes are regression, digits" in capsys.readouterr().err


def test_no_recipe_shows_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in [*RECIPES, *OTHERS])


@pytest.mark.parametrize("recipe", [*RECIPES, *OTHERS])
def test_help_tells_every_option(recipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([recipe, "--help"])
    shown = capsys.readouterr().out
    classes = {
        "sweep": [SweepConfig, DigitsConfig],
        "export": [ExportConfig],
        **{name: [each.config] for name, each in RECIPES.items()},
    }
    varied = ("learning_rate", "batch_size", "seed") if recipe == "sweep" else ()
    for config in classes[recipe]:
        for field in dataclasses.fields(config):
            told = f"  --{field.name.replace('_', '-')}\n" in shown
            assert told == (field.name not in varied)
    assert max(len(line) for line in shown.splitlines()) <= 88


def test_help_tells_defaults_and_what_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["finetune", "-h"])
    shown = capsys.readouterr().out
    assert shown.startswith(
        "python -m reference_training finetune [--option value ...] --logdir DIR\n\n"
        "a pretrained language model on another text\n\n"
        "  --logdir\n"
        "      folder of runs, as tensorboard --logdir takes it; needed\n"
        "  --checkpoint\n"
        "      what pretrain made: a checkpoint, or the folder of its run; needed\n"
    )
    assert (
        "  --seed\n      decides the initial weights and the order of the data; default 0\n"
    ) in shown
    assert "  --fsdp\n      shard the model over the processes (FSDP2)\n" in shown


@pytest.mark.parametrize("config", CONFIGS)
def test_every_option_is_documented(config: type) -> None:
    for field in dataclasses.fields(config):
        assert option_of(config, field.name).help


def test_no_option_can_be_taken_for_one_of_torchrun() -> None:
    # torchrun reads the whole line and takes a unique beginning of its own options for them.
    torchrun = "--nnodes --nproc-per-node --rdzv-id --role --run-path --log-dir --redirects --tee"
    ours = {f"--{field.name.replace('_', '-')}" for c in CONFIGS for field in dataclasses.fields(c)}
    assert not [(a, b) for a in ours for b in torchrun.split() if b.startswith(a)]


def test_options_become_values(tmp_path: Path) -> None:
    config = from_strings(
        PretrainConfig,
        {"logdir": "logs", "corpus": "a.txt", "inject": "nan@3,stall@4:0.5", "fsdp": "true"},
    )
    assert (config.logdir.name, config.corpus and config.corpus.name) == ("logs", "a.txt")
    assert config.inject == (Fault("nan", 3), Fault("stall", 4, 0.5))
    assert config.fsdp
    assert config.batch_size == PretrainConfig(logdir=tmp_path).batch_size
    assert json.loads(json.dumps(config.to_dict()))["inject"] == ["nan@3", "stall@4:0.5"]


def test_a_resumed_run_may_be_longer_but_not_another(tmp_path: Path) -> None:
    begun = PretrainConfig(logdir=tmp_path)
    longer = dataclasses.replace(begun, steps=999, device="cpu", inject=(Fault("crash", 3),))
    assert longer.differences(begun.to_dict()) == []
    other = dataclasses.replace(begun, seed=1, size="tiny")
    assert other.differences(begun.to_dict()) == [
        "--seed was 0 and is 1",
        "--size was small and is tiny",
    ]


def test_a_sweep_varies_everything_with_everything(tmp_path: Path) -> None:
    sweep = SweepConfig(learning_rates=(1e-3, 0.01), batch_sizes=(8,), seeds=(0, 1))
    runs = list(variations(sweep, DigitsConfig(logdir=tmp_path)))
    assert [(run.learning_rate, run.batch_size, run.seed) for run in runs] == [
        (1e-3, 8, 0),
        (1e-3, 8, 1),
        (0.01, 8, 0),
        (0.01, 8, 1),
    ]
    assert runs[0].run_directory == tmp_path / "sweep" / "learning_rate=0.001,batch_size=8,seed=0"
    assert len({run.run_directory for run in runs}) == 4


@pytest.mark.parametrize("recipe", [["--recipe=pretrain"], ["--recipe", "pretrain"]])
def test_a_sweep_takes_the_options_of_its_recipe(
    recipe: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", *recipe, "--size=tiny", "--epochs=3", "--logdir=x"]) == 2
    assert capsys.readouterr().err == "reference_training: --epochs=3 is not an option of sweep\n"


def test_a_sweep_of_another_recipe_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "--recipe=export", "--logdir=x"]) == 2
    assert "--recipe: 'export' is not one of digits, pretrain" in capsys.readouterr().err


def test_a_sweep_of_nothing_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "--seeds=,", "--logdir=x", "--learning-rate=1"]) == 2
    assert capsys.readouterr().err == (
        "reference_training: --learning-rate=1 is not an option of sweep\n"
        "reference_training: --seeds is empty\n"
    )


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["regression", f"--logdir={tmp_path / 'file'}"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"reference_training: {tmp_path / 'file' / 'regression'}: Not a directory"
    )
