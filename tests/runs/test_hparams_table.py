"""One row a run: hyperparameters and final metrics, as TensorBoard's hparams plugin joins them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tensorboard.plugins.hparams import summary_v2

import tbtools
from tbtools.eventfile import messages
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def value_of(summary: Any) -> Any:
    """A Summary.Value that TensorBoard made, as one of ours."""
    return messages.Value.FromString(summary.value[0].SerializeToString())


def session(**hparams: Any) -> EventFileBuilder:
    pb = summary_v2.hparams_pb(hparams, start_time_secs=START)
    return EventFileBuilder().file_version().values(0, value_of(pb))


def declaring(*metrics: tuple[str, str]) -> EventFileBuilder:
    """An experiment whose metrics are pairs of tag and group."""
    declared = [summary_v2.Metric(tag, group) for tag, group in metrics]
    pb = summary_v2.hparams_config_pb(hparams=[], metrics=declared)
    return EventFileBuilder().file_version().values(0, value_of(pb))


def table(logdir: Path, **runs: EventFileBuilder) -> pd.DataFrame:
    for name, builder in runs.items():
        folder = logdir if name == "top" else logdir / name.replace("__", "/")
        builder.write(folder / "events.out.tfevents.1")
    return tbtools.load(logdir).hparams()


def test_a_row_a_run_with_hyperparameters_and_its_scalars(tmp_path: Path) -> None:
    a = session(lr=0.1, opt="adam").scalars("loss", [(1, 3.0), (2, 2.0)])
    b = session(lr=0.2, opt="sgd", nesterov=True).scalar("accuracy", 1, 0.75)
    found = table(tmp_path, a=a, b=b, plain=EventFileBuilder().scalar("loss", 1, 9.0))
    assert found.index.tolist() == ["a", "b"]
    assert found.index.name == "run"
    assert list(found.columns) == ["lr", "opt", "nesterov", "loss", "accuracy"]
    assert found["lr"].tolist() == [0.1, 0.2]
    assert found["opt"].tolist() == ["adam", "sgd"]
    assert found["nesterov"].tolist() == [None, True]
    assert found.loc["a", "loss"] == 2.0
    assert np.isnan(found.loc["b", "loss"])


def test_the_final_value_is_the_last_one_that_restarts_left(tmp_path: Path) -> None:
    session(lr=0.1).scalars("loss", [(1, 3.0), (2, 2.0), (3, 1.0)]).write(
        tmp_path / "r" / "events.out.tfevents.1"
    )
    again = EventFileBuilder().scalars("loss", [(1, 5.0), (2, 4.0)], START + 100)
    again.write(tmp_path / "r" / "events.out.tfevents.2")
    assert tbtools.load(tmp_path).hparams()["loss"].tolist() == [4.0]
    assert tbtools.load(tmp_path, restarts="session_log").hparams()["loss"].tolist() == [4.0]


def test_declared_metrics_are_the_only_ones(tmp_path: Path) -> None:
    run = session(lr=0.1).scalar("loss", 1, 1.0).scalar("lr_now", 1, 0.1)
    found = table(tmp_path, top=declaring(("loss", "")), a=run)
    assert list(found.columns) == ["lr", "loss"]


def test_the_nearest_declaration_above_a_run_counts(tmp_path: Path) -> None:
    run = session(lr=0.1).scalar("loss", 1, 1.0).scalar("accuracy", 1, 0.5)
    declarations = {"top": declaring(("loss", "")), "search": declaring(("accuracy", ""))}
    found = table(tmp_path, **declarations, search__a=run, b=run)
    assert found.loc["search/a"].dropna().to_dict() == {"lr": 0.1, "accuracy": 0.5}
    assert found.loc["b"].dropna().to_dict() == {"lr": 0.1, "loss": 1.0}


def test_a_metric_of_a_group_is_in_the_run_below(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        top=declaring(("loss", "train"), ("loss", "validation"), ("gone", "x")),
        a=session(lr=0.1),
        a__train=EventFileBuilder().scalar("loss", 1, 1.0),
        a__validation=EventFileBuilder().scalar("loss", 1, 2.0),
    )
    assert found.loc["a"].to_dict() == {"lr": 0.1, "train/loss": 1.0, "validation/loss": 2.0}


def test_a_metric_that_is_called_like_a_hyperparameter_is_told_apart(tmp_path: Path) -> None:
    found = table(tmp_path, a=session(loss="mse").scalar("loss", 1, 0.5))
    assert found.loc["a"].to_dict() == {"loss": "mse", "metric/loss": 0.5}


def test_values_keep_their_types(tmp_path: Path) -> None:
    found = table(tmp_path, a=session(f=0.5, s="text", b=False, n=3))
    row = found.loc["a"].to_dict()
    assert row == {"f": 0.5, "s": "text", "b": False, "n": 3.0}
    assert isinstance(row["b"], (bool, np.bool_))


def test_a_value_that_is_no_number_is_shown_as_it_is(tmp_path: Path) -> None:
    found = table(tmp_path, a=session(lr=0.1).scalars("loss", [(1, 1.0), (2, float("nan"))]))
    assert np.isnan(found.loc["a", "loss"])


def test_without_hyperparameters_the_table_is_empty(tmp_path: Path) -> None:
    found = table(tmp_path, a=EventFileBuilder().scalar("loss", 1, 1.0))
    assert found.shape == (0, 0)
    assert found.index.name == "run"


@pytest.mark.corpus
def test_the_search_of_the_corpus_has_its_metrics(corpus: Path) -> None:
    search = corpus / "Alwaysproblem+tensorboard-review" / "logs" / "hparam_tuning"
    experiment = tbtools.load(search)
    found = experiment.hparams()
    assert found.index.tolist() == ["run-0"]
    metrics = [each.tag for each in experiment["."].hparams.metrics]
    assert metrics
    for name in found.index:
        run = experiment[name]
        for tag in metrics:
            points = run.scalars(tag)
            assert found.loc[name, tag] == points["value"].iloc[-1]
