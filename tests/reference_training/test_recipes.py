"""Each recipe at its smallest, and what it wrote as TensorBoard's loader and tbtools read it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest
import torch

import tbtools
from reference_training import checkpoint
from tests.reference_training.conftest import TINY_LANGUAGE, trained

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.reference_training.reading import Trained

PACKAGES = ("tensorboardx", "torch")
SMALL_DIGITS = ("--source=sklearn", "--epochs=2", "--threads=1")
TEXTS = {f"run/{name}/text_summary": "text" for name in ("config", "provenance", "description")}
HPARAMS = {
    f"_hparams_/{name}": "hparams"
    for name in ("experiment", "session_start_info", "session_end_info")
}
LOOP_TAGS = {
    "optim/grad_norm",
    "time/step_ms",
    "memory/peak_gib",
}


@pytest.fixture(scope="module")
def small_digits(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A training of `SMALL_DIGITS`, for tests that only look at it."""
    return trained(tmp_path_factory.mktemp("small_digits"), "digits", *SMALL_DIGITS)


def assert_tbtools_agrees(run: Trained) -> None:
    """tbtools reads the same tags, plugins, steps and values, and finds nothing wrong."""
    read = tbtools.load(run.path.parent)[run.path.name]
    assert read.problems.empty
    plugins = dict(zip(read.tags["tag"], read.tags["plugin"], strict=True))
    assert plugins == run.plugins | dict.fromkeys(run.points, "scalars")
    for tag, points in run.points.items():
        frame = read.scalars(tag)
        assert list(zip(frame["step"], frame["value"], strict=True)) == points


def test_regression_logs_its_two_tags(train: Callable[..., Trained]) -> None:
    run = train("regression", "--threads=1")
    assert set(run.points) == {"Loss/train", "Learning Rate"}
    assert run.plugins == TEXTS | HPARAMS
    loss = run.values("Loss/train")
    assert len(loss) == 100
    assert loss[-1] < 0.1 * loss[0]
    assert_tbtools_agrees(run)


@pytest.mark.parametrize("package", PACKAGES)
def test_digits_logs_every_kind_of_data(train: Callable[..., Trained], package: str) -> None:
    run = train("digits", *SMALL_DIGITS, f"--writer={package}")
    by_class = {f"accuracy_by_class/{which}" for which in ("mean", "lowest", "highest")}
    assert set(run.points) == LOOP_TAGS | by_class | {
        "Loss/train",
        "Learning Rate",
        "Test Accuracy",
        "Loss/test",
        "perf/samples_per_second",
        "data/samples_seen",
    }
    layers = [f"layers/{layer}/{part}" for layer in range(3) for part in ("weight", "bias")]
    mesh = {tag: plugin for tag, plugin in run.plugins.items() if plugin == "mesh"}
    assert len(mesh) == 3  # vertices, colours, faces; each package has its own suffixes
    assert run.plugins == TEXTS | HPARAMS | mesh | {
        "custom_scalars__config__": "custom_scalars",
        "digits/train": "images",
        "digits/wrong": "images",
        "confusion": "images",
        "first_layer/units": "images",
        "loss/heard": "audio",
        **{f"pr/{digit}": "pr_curves" for digit in range(10)},
        **{f"weights/{layer}": "histograms" for layer in layers},
        **{f"gradients/{layer}": "histograms" for layer in layers},
    }
    assert run.graphs["__run_graph__"] == "graphs"
    assert_tbtools_agrees(run)
    graph = tbtools.load(run.path.parent)["digits"].graph()
    assert graph is not None


def test_digits_are_logged_each_epoch_on_the_axis_of_steps(small_digits: Trained) -> None:
    run = small_digits
    epoch = 1438 // 64
    assert [step for step, _ in run.points["Loss/train"]] == [epoch, 2 * epoch]
    assert [step for step, _ in run.points["Test Accuracy"]] == [0, epoch, 2 * epoch]
    assert run.steps["confusion"] == [0, epoch, 2 * epoch]
    assert run.steps["gradients/layers/0/weight"] == [epoch, 2 * epoch]
    assert run.values("Learning Rate") == pytest.approx([0.001, 0.001])


def test_digits_below_the_run_and_beside_the_events(small_digits: Trained) -> None:
    experiment = tbtools.load(small_digits.path)
    assert set(experiment) == {".", "loss_by_split/train", "loss_by_split/test"}
    split = experiment["loss_by_split/test"].scalars("loss_by_split")
    whole = experiment["."].scalars("Loss/test")
    assert list(split["value"]) == list(whole["value"])
    (embedding,) = experiment["."].embeddings()
    assert embedding.vectors().shape == (14**2, 128)


def test_the_movie_goes_on_after_a_crash(train: Callable[..., Trained]) -> None:
    import io

    from PIL import Image

    from tests.reference_training.reading import events

    train("digits", *SMALL_DIGITS)
    run = train("digits", *SMALL_DIGITS, "--epochs=3")
    (movie,) = (
        value.tensor.string_val[2]
        for event in events(run.files[1])
        for value in event.summary.value
        if value.tag == "first_layer/units"
    )
    assert Image.open(io.BytesIO(movie)).n_frames == 4  # before, and after each of three epochs


@pytest.mark.parametrize("package", PACKAGES)
def test_pretrain_learns_and_logs(train: Callable[..., Trained], package: str) -> None:
    run = train("pretrain", *TINY_LANGUAGE, f"--writer={package}")
    assert set(run.points) == LOOP_TAGS | {
        "train/loss",
        "val/loss",
        "val/bits_per_byte",
        "optim/learning_rate",
        "perf/tokens_per_second",
        "data/tokens_seen",
    }
    assert run.plugins == TEXTS | HPARAMS | {
        "custom_scalars__config__": "custom_scalars",
        "samples/generated/text_summary": "text",
        "loss/heard": "audio",
    }
    assert [step for step, _ in run.points["train/loss"]] == [*range(1, 31)]
    assert [step for step, _ in run.points["val/loss"]] == [0, 15, 30]
    batch = 16 * 32  # sequences, and the tokens of each
    assert run.points["data/tokens_seen"] == [(step, step * batch) for step in range(1, 31)]
    loss = run.values("val/loss")
    assert loss[0] == pytest.approx(math.log(256), rel=0.05)
    assert loss[2] < loss[1] < loss[0]
    assert run.values("val/bits_per_byte")[2] == pytest.approx(loss[2] / math.log(2))
    assert_tbtools_agrees(run)


def test_where_a_run_comes_from_stands_in_it(tiny_language: Trained) -> None:
    run = tiny_language
    config, origin = run.text("run/config"), run.text("run/provenance")
    assert "| learning_rate | 0.002 |" in config
    assert "| seed | 0 |" in config
    assert f"| torch | {torch.__version__} |" in origin
    assert "| command | python -m reference_training" in origin
    assert "| device | cpu" in origin
    assert "unigram entropy" in run.text("run/description")
    kept = json.loads((run.path / "config.json").read_text())
    assert (kept["recipe"], kept["config"]["size"]) == ("pretrain", "tiny")


def test_character_level_with_accumulation(train: Callable[..., Trained]) -> None:
    run = train("pretrain", *TINY_LANGUAGE, "--level=character", "--accumulate=4")
    assert "val/bits_per_character" in run.points
    whole = train("pretrain", *TINY_LANGUAGE, "--level=character", name="whole")
    assert run.values("train/loss") == pytest.approx(whole.values("train/loss"), rel=1e-4)


def test_bfloat16_is_close_to_float32(
    train: Callable[..., Trained], tiny_language: Trained
) -> None:
    rough, exact = train("pretrain", *TINY_LANGUAGE, "--precision=bfloat16"), tiny_language
    assert rough.values("train/loss") != exact.values("train/loss")
    assert rough.values("train/loss") == pytest.approx(exact.values("train/loss"), rel=0.02)
    assert "bfloat16 autocast" in rough.text("run/provenance")


@pytest.mark.slow
# torch's compiler imports parts of torch that torch has deprecated.
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_compiled_model_learns_the_same(train: Callable[..., Trained]) -> None:
    options = ("--source=sklearn", "--epochs=1", "--log-every=1", "--threads=1")
    compiled = train("digits", *options, "--compile=on", name="compiled")
    plain = train("digits", *options, name="plain")
    assert compiled.values("Loss/train") == pytest.approx(plain.values("Loss/train"), rel=1e-4)
    assert ", compiled," in compiled.text("run/provenance")


@pytest.mark.parametrize("adapter", ["none", "lora"])
def test_finetune_gets_better_on_its_domain(
    train: Callable[..., Trained], tiny_language: Trained, adapter: str
) -> None:
    base = tiny_language
    options = ("--steps=20", "--eval-every=10", "--validation-windows=16", "--threads=1")
    run = train(
        "finetune", f"--checkpoint={base.path}", f"--adapter={adapter}", "--rank=4", *options
    )
    loss, old = run.values("val/loss"), run.values("val/base_loss")
    assert old[0] == pytest.approx(base.values("val/loss")[-1], rel=1e-6)
    assert loss[-1] < loss[0]
    before, after = checkpoint.load(base.path).model, checkpoint.load(run.path).model
    if adapter == "lora":
        kept = {name.replace(".base.", "."): each for name, each in after.items()}
        assert all(torch.equal(kept[name], each) for name, each in before.items())
        assert "adapters" in run.text("run/description") or "of them" in run.text("run/description")
    else:
        assert all(not torch.equal(after[name], each) for name, each in before.items())
    assert_tbtools_agrees(run)


def test_finetune_needs_what_pretrain_made(
    train: Callable[..., Trained], capsys: pytest.CaptureFixture[str]
) -> None:
    other = train("regression", "--epochs=1")
    from reference_training.command_line import main

    arguments = ["finetune", f"--checkpoint={other.path}", f"--logdir={other.path.parent}"]
    assert main(arguments) == 1
    assert "is of regression; one of pretrain is needed" in capsys.readouterr().err


def test_a_sweep_is_ready_to_be_compared(train: Callable[..., Trained]) -> None:
    sweep = train(
        "sweep",
        *SMALL_DIGITS[:1],
        "--epochs=1",
        "--threads=1",
        "--learning-rates=0.001,0.003",
        "--seeds=0,1",
    )
    experiment = tbtools.load(sweep.path, runs="*seed=?")
    assert list(experiment) == [
        f"learning_rate={rate},batch_size=64,seed={seed}"
        for rate in ("0.001", "0.003")
        for seed in (0, 1)
    ]
    compared = experiment.hparams()
    assert list(compared["learning_rate"]) == [0.001, 0.001, 0.003, 0.003]
    assert list(compared["seed"]) == [0, 1, 0, 1]


def test_a_sweep_goes_on_where_it_was_and_past_a_run_that_fails(
    train: Callable[..., Trained], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--recipe=digits", *SMALL_DIGITS, "--epochs=1", "--seeds=0,1")
    train("sweep", *options)
    again = train("sweep", *options, "--seeds=0,1,2")
    said = capsys.readouterr().err
    assert said.count("is finished: 22 steps") == 2
    assert len([path for path in again.path.iterdir() if path.is_dir()]) == 3
    train("sweep", *options, "--learning-rates=1e30,0.001", "--seeds=0", status=1, name="bad")
    said = capsys.readouterr().err
    assert (
        "learning_rate=1e+30,batch_size=64,seed=0: the loss or its gradient is not finite" in said
    )
    assert said.count("finished 22 steps") == 1


@pytest.mark.parametrize("recipe", ["regression", "digits", "pretrain", "lora"])
def test_export_computes_what_the_checkpoint_computes(
    train: Callable[..., Trained], recipe: str
) -> None:
    options = {
        "regression": ("--epochs=2",),
        "digits": (*SMALL_DIGITS, "--epochs=1"),
        "pretrain": (*TINY_LANGUAGE, "--steps=2"),
    }
    run = train(
        "pretrain" if recipe == "lora" else recipe, *options.get(recipe, options["pretrain"])
    )
    if recipe == "lora":
        few = ("--steps=2", "--validation-windows=1", "--threads=1")
        run = train("finetune", f"--checkpoint={run.path}", "--adapter=lora", *few)
    exported = train("export", f"--checkpoint={run.path}")
    for kind in ("program", "weights"):
        assert exported.values(f"export/{kind}_max_difference")[0] <= 1e-5
    program = torch.export.load(exported.path / "model.pt2").module()
    about = json.loads((exported.path / "model.json").read_text())
    assert about["step"] == checkpoint.load(run.path).step
    assert "lora_rank" not in about["architecture"]
    widths = {"regression": 10, "digits": 64}
    inputs = torch.zeros(7, 32, dtype=torch.int64)
    assert len(program(torch.zeros(7, widths[recipe]) if recipe in widths else inputs)) == 7


def test_export_of_nothing_is_told(
    train: Callable[..., Trained], capsys: pytest.CaptureFixture[str]
) -> None:
    train("export", "--checkpoint=nowhere", status=1)
    assert "nowhere is no checkpoint" in capsys.readouterr().err


def test_nothing_is_written_if_nothing_is_to_be(train: Callable[..., Trained]) -> None:
    run = train("regression", "--epochs=3", "--writer=none", "--inject=spike@2")
    assert not run.path.exists()
