"""Hyperparameters, as three writers and the corpus have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2, summary_v2
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboardX import SummaryWriter
from torch.utils.tensorboard import SummaryWriter as TorchWriter

import tbtools
from tbtools.errors import UndecodablePayload
from tbtools.runs.plugins.hparams import DeclaredHParam, DeclaredMetric, HParams
from tests.runs.event_values import (
    UNTIMED,
    corpus_file,
    read_values,
    stored,
    stored_tensor,
    strings_tensor,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tbtools.runs.plugins.values import StoredValue

TENSORFLOW_RUN = (
    "Alwaysproblem+tensorboard-review/log/text_hp/hparam_tuning/run-0/"
    "events.out.tfevents.1585754872.ezio-virtual-machine.111180.151.v2"
)
LIGHTNING_RUN = "phlippe+saved_models/tutorial8/tensorboards/events.out.tfevents.MNIST"
SETTINGS = {"lr": 1e-3, "layers": 4, "optimizer": "adam", "amsgrad": True}
VALUES = st.booleans() | st.floats() | st.text(st.characters(codec="utf-8"), max_size=20)


def values_of(summary: Any) -> list[StoredValue]:
    return [stored(value) for value in summary.value]


def message(**data: Any) -> StoredValue:
    """A value with one HParamsPluginData, made by TensorBoard's own functions."""
    content = plugin_data_pb2.HParamsPluginData(**data)
    return values_of(summary_v2._summary_pb("_hparams_/any", content))[0]


def session_end(**fields: Any) -> StoredValue:
    return message(session_end_info=plugin_data_pb2.SessionEndInfo(**fields))


def single_run(directory: Path) -> HParams:
    """The HParams of the sub-run that `add_hparams` makes."""
    (run,) = {path.parent for path in directory.rglob("*tfevents*") if path.parent != directory}
    return HParams.from_values(read_values(run, "hparams"))


def test_what_tensorboardx_writes_keeps_its_types(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_hparams(SETTINGS, {"accuracy": 0.9}, name="trial")
    found = single_run(tmp_path)
    assert dict(found) == {"lr": 1e-3, "layers": 4.0, "optimizer": "adam", "amsgrad": True}
    assert {name: type(value) for name, value in found.items()} == {
        "amsgrad": bool,
        "layers": float,
        "lr": float,
        "optimizer": str,
    }
    assert found.metrics == (DeclaredMetric("accuracy"),)
    assert found.status == "success"
    assert DeclaredHParam("amsgrad", type="bool") in found.declared


def test_what_torch_writes_has_bools_as_numbers(tmp_path: Path) -> None:
    with TorchWriter(str(tmp_path)) as writer:
        writer.add_hparams(
            SETTINGS, {"accuracy": 0.9}, {"optimizer": ["adam", "sgd"], "layers": [2, 4]}
        )
    found = single_run(tmp_path)
    assert dict(found) == {"lr": 1e-3, "layers": 4.0, "optimizer": "adam", "amsgrad": 1.0}
    assert type(found["amsgrad"]) is float
    assert DeclaredHParam("optimizer", type="string", choices=("adam", "sgd")) in found.declared
    assert DeclaredHParam("layers", type="float64", choices=(2.0, 4.0)) in found.declared


def test_what_tensorboards_api_writes() -> None:
    start = summary_v2.hparams_pb(SETTINGS, trial_id="trial-7", start_time_secs=1000.5)
    config = summary_v2.hparams_config_pb(
        [
            summary_v2.HParam("lr", summary_v2.RealInterval(0.0, 1.0), "learning rate", "*eta*"),
            summary_v2.HParam("optimizer", summary_v2.Discrete(["adam", "sgd"])),
            summary_v2.HParam("other"),
        ],
        [summary_v2.Metric("loss", "validation", "val loss", "mean", summary_v2.Metric.VALIDATION)],
        time_created_secs=900.0,
    )
    end = session_end(status=api_pb2.STATUS_FAILURE, end_time_secs=1060.5)
    found = HParams.from_values([*values_of(config), *values_of(start), end])
    assert dict(found) == SETTINGS
    assert (found.group_name, found.status) == ("trial-7", "failure")
    assert (found.start_time, found.end_time) == (1000.5, 1060.5)
    assert found.experiment == {"time_created": 900.0}
    assert found.declared == (
        DeclaredHParam("lr", "learning rate", "*eta*", "float64", interval=(0.0, 1.0)),
        DeclaredHParam("optimizer", type="string", choices=("adam", "sgd")),
        DeclaredHParam("other"),
    )
    assert found.metrics == (
        DeclaredMetric("loss", "validation", "val loss", "mean", "validation"),
    )


@UNTIMED
@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=10), VALUES, max_size=5))
def test_any_names_and_values_come_back(settings: dict[str, Any]) -> None:
    found = HParams.from_values(values_of(summary_v2.hparams_pb(settings, trial_id="t")))
    assert list(found) == sorted(settings)
    for name, value in settings.items():
        assert type(found[name]) is type(value)
        assert found[name] == value or value != value  # NaN


def test_values_that_no_known_writer_makes_are_plain_too() -> None:
    info = plugin_data_pb2.SessionStartInfo()
    info.hparams["nothing"].null_value = 0
    info.hparams["unset"].SetInParent()
    info.hparams["betas"].list_value.extend([0.9, 0.999])
    info.hparams["schedule"].struct_value.update({"warmup": 10, "kinds": ["cosine", True]})
    assert dict(HParams.from_values([message(session_start_info=info)])) == {
        "betas": [0.9, 0.999],
        "nothing": None,
        "schedule": {"warmup": 10.0, "kinds": ["cosine", True]},
        "unset": None,
    }


def test_a_session_that_resumes_has_the_last_word() -> None:
    first = values_of(summary_v2.hparams_pb({"lr": 0.1, "seed": 1}, "a", start_time_secs=1.0))
    second = values_of(summary_v2.hparams_pb({"lr": 0.01}, "b", start_time_secs=5.0))
    crashed = session_end(status=api_pb2.STATUS_FAILURE, end_time_secs=4.0)
    running = session_end(status=api_pb2.STATUS_RUNNING)
    found = HParams.from_values([*first, crashed, *second, running])
    assert dict(found) == {"lr": 0.01, "seed": 1.0}
    assert (found.group_name, found.start_time) == ("b", 5.0)
    assert (found.status, found.end_time) == ("running", None)


def test_a_session_that_starts_again_has_not_ended() -> None:
    first = values_of(summary_v2.hparams_pb({"lr": 0.1}, "a", start_time_secs=1.0))
    ended = session_end(status=api_pb2.STATUS_SUCCESS, end_time_secs=4.0)
    found = HParams.from_values([*first, ended, *values_of(summary_v2.hparams_pb({"seed": 2}))])
    assert dict(found) == {"lr": 0.1, "seed": 2.0}
    assert (found.status, found.end_time) == ("unknown", None)


def test_experiments_of_a_run_are_joined() -> None:
    first = summary_v2.hparams_config_pb(
        [summary_v2.HParam("lr", display_name="rate"), summary_v2.HParam("seed")],
        [summary_v2.Metric("loss"), summary_v2.Metric("acc")],
        time_created_secs=1.0,
    )
    second = summary_v2.hparams_config_pb(
        [summary_v2.HParam("lr", display_name="learning rate")],
        [summary_v2.Metric("loss", "validation"), summary_v2.Metric("loss", display_name="train")],
    )
    found = HParams.from_values([*values_of(first), *values_of(second)])
    assert found.declared == (DeclaredHParam("lr", "learning rate"), DeclaredHParam("seed"))
    assert found.metrics == (
        DeclaredMetric("loss", display_name="train"),
        DeclaredMetric("acc"),
        DeclaredMetric("loss", "validation"),
    )


def test_what_torch_adds_to_one_run_is_joined(tmp_path: Path) -> None:
    for hparams, metrics in (({"lr": 0.1, "seed": 1}, {"loss": 2.0}), ({"lr": 0.2}, {"acc": 0.5})):
        with TorchWriter(str(tmp_path)) as writer:
            writer.add_hparams(hparams, metrics, run_name="trial")
    run = tbtools.load(tmp_path)["trial"]
    assert len(run.event_files) == 2
    assert dict(run.hparams) == {"lr": 0.2, "seed": 1.0}
    assert {metric.tag for metric in run.hparams.metrics} == {"loss", "acc"}
    assert run.hparams.status == "success"


@pytest.mark.parametrize(
    ("number", "name"), [(0, "unknown"), (1, "success"), (2, "failure"), (3, "running")]
)
def test_status_names_are_those_of_the_plugin(number: int, name: str) -> None:
    assert api_pb2.Status.Name(number) == f"STATUS_{name.upper()}"
    assert HParams.from_values([session_end(status=number)]).status == name


def test_a_status_without_a_name_is_told_by_its_number() -> None:
    assert HParams.from_values([session_end(status=9)]).status == "status 9"


def test_a_run_without_hparams_is_empty_and_false() -> None:
    found = HParams.from_values([])
    assert not found
    assert dict(found) == {}
    assert found.status == "unknown"


def test_they_compare_as_mappings_do() -> None:
    assert HParams({"lr": 0.1}, status="success") == HParams({"lr": 0.1}) == {"lr": 0.1}
    assert HParams({"lr": 0.1}) != HParams({"lr": 0.2})


def test_frames_and_dicts_hold_everything() -> None:
    found = HParams({"lr": 0.1, "amsgrad": True}, metrics=(DeclaredMetric("loss"),))
    frame = found.to_frame()
    assert list(frame.columns) == ["name", "value"]
    assert frame["value"].tolist() == [0.1, True]
    assert found.to_dict()["settings"] == {"lr": 0.1, "amsgrad": True}
    assert found.to_dict()["metrics"][0]["tag"] == "loss"
    assert repr(found) == "<HParams {'lr': 0.1, 'amsgrad': True}, status unknown>"


def test_what_is_no_message_of_the_plugin_is_refused() -> None:
    broken = stored_tensor(strings_tensor([b""], []), "_hparams_/experiment", 0, "hparams")
    broken.message.metadata.plugin_data.content = b"\xff\xff"
    with pytest.raises(UndecodablePayload, match="_hparams_/experiment' at step 0: no hparams"):
        HParams.from_values([broken])
    fine = values_of(summary_v2.hparams_pb({"lr": 0.1}))
    found, problems = HParams.from_decodable([broken, *fine])
    assert dict(found) == {"lr": 0.1}
    assert [each.to_dict() for each in problems] == [
        {
            "kind": "undecodable",
            "tag": "_hparams_/experiment",
            "step": 0,
            "message": "'_hparams_/experiment' at step 0: no hparams message in 2 bytes",
        }
    ]


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("path", "truth"),
    [
        (TENSORFLOW_RUN, {"num_units": 16.0, "optimizers": "RMSprop"}),
        (LIGHTNING_RUN, {"lr": 1e-4, "img_shape": "(1, 28, 28)"}),
    ],
)
def test_hparams_of_the_corpus(path: str, truth: dict[str, Any]) -> None:
    values = read_values(corpus_file(path), "hparams")
    found = HParams.from_values(values)
    assert dict(found).items() >= truth.items()
    assert found.status == "success"
    for value in values:
        if value.tag == hparams_metadata.SESSION_START_INFO_TAG:
            theirs = hparams_metadata.parse_session_start_info_plugin_data(value.plugin_content)
            assert dict(found) == {
                name: getattr(setting, setting.WhichOneof("kind"))
                for name, setting in theirs.hparams.items()
            }
