"""Sub-runs of `add_scalars` and `add_hparams`, of the writers that make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tensorboardX
from torch.utils.tensorboard import SummaryWriter as TorchWriter

import tbtools
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

WRITERS = pytest.mark.parametrize("writer", [TorchWriter, tensorboardX.SummaryWriter])


def rows(frame: pd.DataFrame, *columns: str) -> list[list[object]]:
    return frame[list(columns)].astype(object).drop_duplicates().to_numpy().tolist()


def scalars(path: Path, **tags: float) -> None:
    builder = EventFileBuilder().file_version()
    for tag, value in tags.items():
        builder.scalar(tag, 1, value)
    builder.write(path / "events.out.tfevents.1")


@WRITERS
@pytest.mark.parametrize("tag", ["loss", "data/losses", "Train Loss"])
def test_the_curves_of_add_scalars_are_tags_of_their_run(
    tmp_path: Path, writer: Callable[..., TorchWriter], tag: str
) -> None:
    with writer(str(tmp_path / "exp" / "run_1")) as log:
        log.add_scalar("lr", 0.1, 0)
        for step in range(3):
            log.add_scalars(tag, {"train": 1.0 - step, "val/best": 2.0 - step}, step)
    assert len(tbtools.load(tmp_path)) == 3
    experiment = tbtools.load(tmp_path, fold=True)
    assert list(experiment) == ["exp/run_1"]
    stored = tag if writer is TorchWriter else tag.replace(" ", "_")
    run = experiment["exp/run_1"]
    assert run.tags["tag"].tolist() == ["lr", f"{stored}/train", f"{stored}/val/best"]
    frame = experiment.scalars(f"{stored}/*")
    assert list(frame.columns)[-2:] == ["source_run", "source_tag"]
    assert rows(frame, "run", "tag", "source_tag") == [
        ["exp/run_1", f"{stored}/train", stored],
        ["exp/run_1", f"{stored}/val/best", stored],
    ]
    assert set(frame["source_run"]) < set(tbtools.load(tmp_path))
    assert run.scalars(f"{stored}/train")["value"].tolist() == [1.0, 0.0, -1.0]
    assert list(run.scalars().columns)[-2:] == ["source_run", "source_tag"]


@WRITERS
def test_the_session_of_one_add_hparams_is_part_of_its_run(
    tmp_path: Path, writer: Callable[..., TorchWriter]
) -> None:
    with writer(str(tmp_path / "run_1")) as log:
        log.add_scalar("loss", 0.5, 7)
        log.add_hparams({"lr": 0.1, "depth": 3}, {"accuracy": 0.75})
    experiment = tbtools.load(tmp_path, fold=True)
    assert list(experiment) == ["run_1"]
    assert dict(experiment["run_1"].hparams) == {"depth": 3.0, "lr": 0.1}
    table = experiment.hparams()
    assert table.index.tolist() == ["run_1"]
    assert table.loc["run_1"].to_dict() == {"depth": 3.0, "lr": 0.1, "accuracy": 0.75}
    assert rows(experiment.scalars("loss"), "source_tag") == [["loss"]]


@WRITERS
def test_several_sessions_of_one_writer_stay_runs_of_their_own(
    tmp_path: Path, writer: Callable[..., TorchWriter]
) -> None:
    # As in the tutorial of add_hparams: a loop that writes one session after the other.
    with writer(str(tmp_path)) as log:
        for number in range(3):
            name = {"run_name": f"s{number}"} if writer is TorchWriter else {"name": f"s{number}"}
            log.add_hparams({"lr": 0.1 * number}, {"accuracy": 0.5 + 0.1 * number}, **name)
    experiment = tbtools.load(tmp_path, fold=True)
    assert list(experiment) == [".", "s0", "s1", "s2"]
    assert len(experiment.hparams()) == 3


@pytest.mark.corpus
def test_the_sessions_of_a_search_are_no_parts_of_their_search(corpus: Path) -> None:
    search = corpus / "Alwaysproblem+tensorboard-review" / "logs" / "hparam_tuning"
    plain, folded = tbtools.load(search), tbtools.load(search, fold=True)
    assert list(folded) == list(plain)
    assert folded.hparams().equals(plain.hparams())


def test_runs_that_only_lie_in_a_run_stay_runs(tmp_path: Path) -> None:
    scalars(tmp_path, lr=0.1)
    scalars(tmp_path / "train", loss=1.0)
    scalars(tmp_path / "loss_a", loss=1.0, lr=0.1)
    scalars(tmp_path / "loss_", loss=1.0)
    scalars(tmp_path / "lossy", loss=1.0)
    assert len(tbtools.load(tmp_path, fold=True)) == 5


def test_a_curve_without_a_run_around_it_is_a_run(tmp_path: Path) -> None:
    scalars(tmp_path / "exp" / "loss_train", loss=1.0)
    assert list(tbtools.load(tmp_path, fold=True)) == ["exp/loss_train"]


def test_what_lies_in_a_folded_run_is_not_lost(tmp_path: Path) -> None:
    scalars(tmp_path, lr=0.1)
    scalars(tmp_path / "loss_a", loss=1.0)
    scalars(tmp_path / "loss_a" / "loss_b", loss=2.0)
    experiment = tbtools.load(tmp_path, fold=True)
    assert list(experiment) == [".", "loss_a/loss_b"]
    assert sorted(experiment.scalars()["value"].astype("float32")) == sorted(
        tbtools.load(tmp_path).scalars()["value"].astype("float32")
    )


def test_a_sub_run_brings_its_problems_and_what_was_superseded(tmp_path: Path) -> None:
    scalars(tmp_path, lr=0.1)
    folder = tmp_path / "loss_a"
    EventFileBuilder().scalars("loss", [(1, 0.0), (2, 0.0)]).write(folder / "tfevents.1")
    later = EventFileBuilder().scalars("loss", [(2, 0.0), (3, 0.0)], START + 9)
    later.raw_bytes(b"x").write(folder / "tfevents.2")
    run = tbtools.load(tmp_path, fold=True)["."]
    assert run.superseded == 1
    assert run.problems["kind"].tolist() == ["truncated"]
    assert run.scalars().attrs["superseded"] == 1
    assert len(run.data.parts) == 2
    assert run.sessions["superseded"].tolist() == [0, 1, 0]


def test_a_folded_run_is_not_there_by_its_own_name(tmp_path: Path) -> None:
    scalars(tmp_path / "r", lr=0.1)
    scalars(tmp_path / "r" / "loss_a", loss=1.0)
    with pytest.raises(tbtools.UnknownRun, match="no run 'r/loss_a'"):
        _ = tbtools.load(tmp_path, fold=True)["r/loss_a"]
    with pytest.raises(tbtools.UnknownRun, match="no run 'r/loss_a'"):
        tbtools.load(tmp_path, runs="r/loss_a", fold=True)
    assert list(tbtools.load(tmp_path, runs="r/loss_a")) == ["r/loss_a"]


def test_payloads_of_sub_runs_come_under_the_shown_tags(tmp_path: Path) -> None:
    scalars(tmp_path, lr=0.1)
    EventFileBuilder().text("note", 1, "words").write(tmp_path / "note_a" / "tfevents")
    run = tbtools.load(tmp_path, fold=True)["."]
    assert run.text()["tag"].tolist() == ["note/a"]
    assert run.text("note/a")["step"].tolist() == [1]


def test_refresh_folds_what_has_come(tmp_path: Path) -> None:
    scalars(tmp_path, lr=0.1)
    experiment = tbtools.load(tmp_path, fold=True)
    scalars(tmp_path / "loss_a", loss=1.0)
    assert experiment.refresh() == 1
    assert list(experiment) == ["."]
    assert experiment["."].tags["tag"].tolist() == ["lr", "loss/a"]
    # With a second tag it is no curve of an add_scalars any more.
    EventFileBuilder().scalar("other", 1, 0.5).write(tmp_path / "loss_a" / "tfevents.2")
    assert experiment.refresh() == 1
    assert list(experiment) == [".", "loss_a"]
    assert experiment["."].tags["tag"].tolist() == ["lr"]
