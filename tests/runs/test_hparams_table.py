"""One row a run: hyperparameters and final metrics, as TensorBoard's hparams plugin joins them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tensorboard.plugins.hparams import plugin_data_pb2, summary_v2

import tbtools
from tbtools.errors import InvalidArgument, UndecodablePayload
from tbtools.eventfile import messages
from tests.builders import START, EventFileBuilder
from tests.tables import read_csv

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def value_of(summary: Any) -> Any:
    """A Summary.Value that TensorBoard made, as one of ours."""
    return messages.Value.FromString(summary.value[0].SerializeToString())


def session(**hparams: Any) -> EventFileBuilder:
    pb = summary_v2.hparams_pb(hparams, start_time_secs=START)
    return EventFileBuilder().file_version().values(0, value_of(pb))


def declaring_value(*metrics: tuple[str, str]) -> Any:
    """An experiment whose metrics are pairs of tag and group."""
    declared = [summary_v2.Metric(tag, group) for tag, group in metrics]
    return value_of(summary_v2.hparams_config_pb(hparams=[], metrics=declared))


def declaring(*metrics: tuple[str, str]) -> EventFileBuilder:
    """The event file of such an experiment."""
    return EventFileBuilder().file_version().values(0, declaring_value(*metrics))


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


@pytest.mark.parametrize(
    ("hparams", "metrics", "columns"),
    [
        (["loss"], ["loss"], {"metric/loss"}),
        (["loss", "metric/loss"], ["loss"], {"metric/metric/loss"}),
        (["loss"], ["loss", "metric/loss"], {"metric/loss", "metric/metric/loss"}),
        (["run"], ["hparam/run"], {"hparam/run"}),
    ],
)
def test_no_metric_takes_the_place_of_another_name(
    tmp_path: Path, hparams: list[str], metrics: list[str], columns: set[str]
) -> None:
    builder = session(**{name: number for number, name in enumerate(hparams)})
    for number, tag in enumerate(metrics):
        builder.scalar(tag, 1, 0.5 + number)
    found = table(tmp_path, a=builder)
    assert set(found.columns) == {*hparams, *columns}
    assert sorted(found.loc["a", hparams]) == list(range(len(hparams)))
    assert sorted(found.loc["a", sorted(columns)]) == [0.5 + n for n in range(len(metrics))]
    tbtools.export(tmp_path, tmp_path / "out.csv", "hparams")
    [row] = read_csv(tmp_path / "out.csv").to_dict("records")
    assert row.pop("run") == "a"
    values = [*range(len(hparams)), *(0.5 + n for n in range(len(metrics)))]
    assert sorted(row.values()) == sorted(values)


def test_a_metric_of_a_run_inside_and_a_tag_of_that_name(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        a=session(lr=0.5).scalar("train/loss", 1, 1.0),
        a__train=EventFileBuilder().scalar("loss", 1, 2.0),
    )
    assert found.loc["a"].to_dict() == {"lr": 0.5, "train/loss": 1.0, "run/train/loss": 2.0}


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


def test_a_group_below_the_log_directory_itself(tmp_path: Path) -> None:
    top = session(lr=0.1).values(0, declaring_value(("loss", "train")))
    found = table(tmp_path, top=top, train=EventFileBuilder().scalar("loss", 1, 1.0))
    assert found.loc["."].to_dict() == {"lr": 0.1, "train/loss": 1.0}


def search(logdir: Path) -> Path:
    """Two sessions as Keras writes them: hyperparameters above, scalars in train and validation."""
    for number in range(2):
        session(units=16 + number).write(logdir / f"run-{number}" / "events.out.tfevents.1")
        for place, value in (("train", 0.5), ("validation", 0.75)):
            scalars = EventFileBuilder().tensor_scalar("epoch_loss", 3, value + number)
            scalars.write(logdir / f"run-{number}" / place / "events.out.tfevents.1.v2")
    return logdir


KERAS = {"units": 17.0, "train/epoch_loss": 1.5, "validation/epoch_loss": 1.75}


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (None, KERAS),
        ((), KERAS),
        ((("epoch_loss", ""),), KERAS),
        ((("epoch_loss", "validation"),), {"units": 17.0, "validation/epoch_loss": 1.75}),
    ],
    ids=["no experiment", "no metrics", "no group", "a group"],
)
@pytest.mark.parametrize("runs", [None, "run-1"])
def test_a_session_has_the_metrics_of_the_runs_inside_it(
    tmp_path: Path, metrics: Any, expected: dict[str, float], runs: str | None
) -> None:
    if metrics is not None:
        declaring(*metrics).write(search(tmp_path) / "events.out.tfevents.1")
    found = tbtools.load(search(tmp_path), runs=runs).hparams()
    assert found.loc["run-1"].to_dict() == expected


def test_a_run_belongs_to_the_nearest_session_above_it(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        outer=session(lr=0.1).scalar("loss", 1, 1.0),
        outer__inner=session(lr=0.2).scalar("loss", 1, 2.0),
        outer__inner__eval=EventFileBuilder().scalar("loss", 1, 3.0),
        outer__eval=EventFileBuilder().scalar("loss", 1, 4.0),
    )
    assert found.loc["outer"].to_dict() == {"lr": 0.1, "loss": 1.0, "eval/loss": 4.0}
    assert found.loc["outer/inner"].to_dict() == {"lr": 0.2, "loss": 2.0, "eval/loss": 3.0}


@pytest.mark.parametrize("runs", [None, "b"])
def test_the_metrics_that_a_sibling_declares_hide_nothing(cases: Path, runs: str | None) -> None:
    found = tbtools.load(cases / "28_hparams_sibling", runs=runs).hparams()
    assert found.loc["b"].dropna().to_dict() == pytest.approx({"lr": 0.1, "eval/loss": 0.4})
    if runs is None:
        assert found.loc["a"].dropna().to_dict() == pytest.approx({"lr": 0.1, "final/acc": 0.4})


def test_what_is_declared_above_counts_for_a_run_that_is_selected(tmp_path: Path) -> None:
    run = session(lr=0.1).scalar("loss", 1, 1.0).scalar("accuracy", 1, 0.5)
    table(tmp_path, top=declaring(("loss", "")), a=run, b=run)
    found = tbtools.load(tmp_path, runs="b").hparams()
    assert found.loc["b"].to_dict() == {"lr": 0.1, "loss": 1.0}


def test_what_cannot_be_decoded_takes_no_other_run_down(tmp_path: Path) -> None:
    broken = EventFileBuilder().value("_hparams_/x", 0, plugin="hparams", content=b"\xff")
    half = session(lr=0.3).value("_hparams_/x", 0, plugin="hparams", content=b"\xff")
    with pytest.warns(
        tbtools.UndecodableValues, match="2 values left out .* run broken: '_hparams"
    ):
        found = table(tmp_path, a=session(lr=0.1), broken=broken, half=half)
    assert found["lr"].to_dict() == {"a": 0.1, "half": 0.3}
    assert [(each["run"], each["kind"]) for each in found.attrs["problems"]] == [
        ("broken", "undecodable"),
        ("half", "undecodable"),
    ]
    with pytest.raises(UndecodablePayload, match="run half: '_hparams_/x' at step 0: no hparams"):
        _ = tbtools.load(tmp_path)["half"].hparams


def test_types_of_the_frame(cases: Path) -> None:
    found = tbtools.load(cases / "25_hparams_types").hparams()
    assert found["bool"].tolist() == [False, True]
    assert found.loc["r0", "list"] == [1.0, "x"]
    assert found.loc["r0", "dict"] == {"k": 2.0}
    assert found["none"].tolist() == [None, None]
    assert found["str"].tolist() == ['a,"b"\nc'] * 2


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


@pytest.mark.corpus
def test_a_search_by_keras_has_the_metrics_of_train_and_validation(corpus: Path) -> None:
    logs = corpus / "Alwaysproblem+tensorboard-review" / "log" / "text_hp" / "hparam_tuning"
    experiment = tbtools.load(logs)
    found = experiment.hparams()
    assert found.index.tolist() == [f"run-{number}" for number in range(9)]
    assert list(found.columns) == [
        *("num_units", "optimizers"),
        *(f"{place}/epoch_{tag}" for place in ("train", "validation") for tag in
          ("accuracy", "loss")),
    ]  # fmt: skip
    for name in found.index:
        last = experiment[f"{name}/validation"].scalars("epoch_loss")["value"].iloc[-1]
        assert found.loc[name, "validation/epoch_loss"] == last


@pytest.mark.corpus
def test_an_experiment_that_is_declared_four_times_declares_everything(corpus: Path) -> None:
    search = corpus / "Alwaysproblem+tensorboard-review" / "logs" / "hparam_tuning"
    top = tbtools.load(search)["."]
    assert len(top.event_files) == 4
    theirs = [
        plugin_data_pb2.HParamsPluginData.FromString(value.plugin_content).experiment
        for value in tbtools.load(search, restarts="keep")["."].values("hparams")
    ]
    assert len(theirs) == 4
    assert {each.name for each in top.hparams.declared} == {
        info.name for each in theirs for info in each.hparam_infos
    }
    assert {(each.group, each.tag) for each in top.hparams.metrics} == {
        (info.name.group, info.name.tag) for each in theirs for info in each.metric_infos
    }


def test_what_metrics_have_reached_is_what_runs_are_ranked_by(tmp_path: Path) -> None:
    """`best` of each run and level, and numpy of the values that were written."""
    losses = {name: np.abs(np.linspace(-2, depth, 50)) for name, depth in (("a", 1), ("b", 2))}
    for name, values in losses.items():
        builder = session(lr=0.1, **{"loss (best)": 7.0}).scalar("acc", 0, 0.5)
        builder.scalars("loss", [(step, float(value)) for step, value in enumerate(values)])
        builder.scalars("lr/group", [(1, 1.0), (2, 3.0)])
        builder.write(tmp_path / name / "events.out.tfevents.1")
    logs = tbtools.load(tmp_path)
    found = logs.hparams(("last", "best", "end"))
    assert list(found.columns) == [
        *("loss (best)", "lr", "acc", "loss", "metric/loss (best)", "loss (end)"),
        *("lr/group", "lr/group (end)"),
    ]
    for name, values in losses.items():
        row = found.loc[name]
        assert row["loss (best)"] == 7.0
        assert row["loss"] == pytest.approx(values[-1])
        assert row["metric/loss (best)"] == pytest.approx(values.min())
        assert row["loss (end)"] == pytest.approx(values[-20:].mean())
    for at, column in (("last", "loss"), ("best", "metric/loss (best)"), ("end", "loss (end)")):
        ranked = {each.run: each.value for each in logs.best("loss", at=at).runs}
        assert found[column].to_dict() == ranked
        assert logs.hparams(at)[column].to_dict() == ranked
    assert logs.hparams().columns.tolist() == ["loss (best)", "lr", "acc", "loss", "lr/group"]
    tbtools.export(tmp_path, tmp_path / "out.csv", "hparams")
    assert read_csv(tmp_path / "out.csv").columns.tolist() == ["run", *found.columns]


@pytest.mark.parametrize("at", ["middle", (), ("best", "step=3")])
def test_only_what_metrics_can_have_reached_may_be_asked_for(tmp_path: Path, at: Any) -> None:
    session(lr=0.1).scalar("loss", 0, 1.0).write(tmp_path / "events.out.tfevents.1")
    with pytest.raises(InvalidArgument, match="is none of last, best, end"):
        tbtools.load(tmp_path).hparams(at)


def test_a_direction_of_the_configuration_says_what_is_best(tmp_path: Path) -> None:
    session(lr=0.1).scalars("thing", [(0, 1.0), (1, 3.0), (2, 2.0)]).write(
        tmp_path / "a" / "events.out.tfevents.1"
    )
    assert "thing (best)" not in tbtools.load(tmp_path).hparams("best")
    (tmp_path / "tbtools.toml").write_text('[objectives]\n"thing" = "max"\n')
    assert tbtools.load(tmp_path).hparams("best")["thing (best)"].tolist() == [3.0]
