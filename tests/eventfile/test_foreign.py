"""Logs of other programs, read where they lie and imported: the same, and what was written."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import pickle
import shutil
import sqlite3
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tbtools
from tbtools.errors import NoEventFiles
from tbtools.eventfile.foreign.formats import FORMATS
from tbtools.eventfile.source import using
from tbtools.vocabulary import FOREIGN_FORMATS
from tests.commands import call
from tests.sources import MemorySource

INT64 = st.integers(-(2**63), 2**63 - 1)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


def series_of(path: Any, **options: Any) -> dict[str, list[tuple[int, float]]]:
    """Steps and values by tag, of the one run that is read where it lies."""
    frame = tbtools.load(path, also=options.pop("also", FOREIGN_FORMATS), **options).scalars()
    return {
        str(tag): list(zip(rows["step"].tolist(), rows["value"].tolist(), strict=True))
        for tag, rows in frame.groupby("tag", observed=True)
    }


def bits(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Each point, its numbers as their bits; a NaN is one, whatever its sign."""
    columns = [frame[name].tolist() for name in ("run", "tag", "step")]
    numbers = [
        [struct.pack("<d", math.nan if math.isnan(each) else each) for each in frame[name]]
        for name in ("wall_time", "value")
    ]
    return sorted(zip(*columns, *numbers, strict=True))


def imported(tmp_path: Path, *paths: Path | str, **options: Any) -> tbtools.Experiment:
    """The event files that `import` makes."""
    out = tmp_path / "imported"
    tbtools.write(tbtools.import_([os.fspath(path) for path in paths], **options), out)
    assert {file.status for file in tbtools.verify(out).files} == {"sound"}
    return tbtools.load(out)


def test_every_format_has_a_name() -> None:
    assert set(FORMATS) == set(FOREIGN_FORMATS)


# --- what each program writes --------------------------------------------------------------------


def write_keras(path: Path) -> None:
    """As keras.callbacks.CSVLogger: a row an epoch, NA where an epoch ended early."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["epoch", "accuracy", "loss", "val_loss"])
        writer.writeheader()
        writer.writerow({"epoch": 0, "accuracy": 0.5, "loss": 1.25, "val_loss": 2.5})
        writer.writerow({"epoch": 1, "accuracy": 0.75, "loss": 0.5, "val_loss": "NA"})


def write_lightning(path: Path) -> None:
    """As lightning.fabric.loggers.CSVLogger: all keys in the header, empty where there is none."""
    rows = [{"epoch": 0, "step": 9, "train_loss": 0.5}, {"epoch": 0, "step": 9, "val_loss": 0.25}]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["epoch", "step", "train_loss", "val_loss"])
        writer.writeheader()
        writer.writerows(rows)


def write_trainer_state(path: Path) -> None:
    """As transformers.TrainerState.save_to_json."""
    state = {
        "best_metric": None, "epoch": 1.0, "global_step": 20, "is_hyper_param_search": False,
        "log_history": [
            {"epoch": 0.5, "grad_norm": 1.5, "learning_rate": 5e-05, "loss": 2.25, "step": 10},
            {"epoch": 0.5, "eval_loss": 2.0, "eval_runtime": 0.5, "step": 10},
            {"epoch": 1.0, "step": 20, "total_flos": 1.2e18, "train_loss": 2.125},
        ],
        "logging_steps": 10, "max_steps": 20, "num_train_epochs": 1, "train_batch_size": 8,
        "trial_name": None, "trial_params": {"lr": 0.5},
    }  # fmt: skip
    path.write_text(json.dumps(state, indent=2, sort_keys=True) + "\n")


def write_history(path: Path) -> None:
    """As `json.dump` of the rows of wandb's run.scan_history()."""
    rows = [
        {"_step": 0, "_timestamp": 1.75e9, "_runtime": 0.5, "loss": 1.5, "lr": None},
        {"_step": 5, "_timestamp": 1750000001.25, "_runtime": 1.75, "loss": math.nan, "lr": 0.5},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_mlflow(run: Path) -> None:
    """As mlflow.store.tracking.FileStore."""
    (run / "metrics" / "train").mkdir(parents=True)
    (run / "params").mkdir()
    (run / "meta.yaml").write_text("artifact_uri: file:///a\nrun_id: 1f\nrun_name: swift\n")
    (run / "metrics" / "train" / "loss").write_text("1750000000000 1.5 0\n1750000002500 0.5 7\n")
    (run / "metrics" / "old").write_text("1750000001000 0.25\n")
    (run / "params" / "lr").write_text("0.001")
    (run / "params" / "optimizer").write_text("adam")
    (run / "params" / "nesterov").write_text("True")


def write_offline(path: Path) -> None:
    """As wandb 0.22.3 has written it, of `OFFLINE_LOGGED`."""
    shutil.copyfile(Path(__file__).parent / "foreign" / "wandb-0.22.3.wandb", path)


def write_trackio(path: Path) -> None:
    """As trackio's sqlite_storage.py."""
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT NOT NULL, "
            "run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL)"
        )
        database.execute(
            "CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_name TEXT NOT NULL, "
            "config TEXT NOT NULL, created_at TEXT NOT NULL)"
        )
        for run, scale in (("a", 1.0), ("b", 2.0)):
            database.executemany(
                "INSERT INTO metrics (timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?)",
                [
                    (f"2025-06-15T15:06:4{n}+00:00", run, n, json.dumps({"loss": scale / (n + 1)}))
                    for n in range(2)
                ],
            )
            config = json.dumps({"lr": scale, "_Username": "me"})
            database.execute("INSERT INTO configs VALUES (NULL, ?, ?, '')", (run, config))
    database.close()


def write_late_trackio(path: Path) -> None:
    """As trackio 0.43: runs of one name told apart by ids, JSON as bytes, objects in it as such."""
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, "
            "timestamp TEXT NOT NULL, run_name TEXT NOT NULL, step INTEGER NOT NULL, "
            "metrics TEXT NOT NULL, log_id TEXT, space_id TEXT)"
        )
        database.execute(
            "CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, "
            "run_name TEXT NOT NULL, config TEXT NOT NULL, created_at TEXT NOT NULL, "
            "UNIQUE(run_id))"
        )
        for run_id, run, step, metrics in (
            ("id1", "a", 0, b'{"loss":1.0,"train":{"acc":0.5}}'),
            ("id1", "a", 5, b'{"loss":"NaN"}'),
            ("id2", "a", 0, b'{"loss":3.0}'), ("id3", "b", 1, b'{"loss":2.0}'),
        ):  # fmt: skip
            database.execute(
                "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) "
                "VALUES (?, '2025-06-15T15:06:40+00:00', ?, ?, ?)",
                (run_id, run, step, metrics),
            )
        for run_id, run, config in (("id1", "a", b'{"lr":0.5}'), ("id2", "a", b'{"lr":0.7}')):
            database.execute(
                "INSERT INTO configs VALUES (NULL, ?, ?, ?, '')", (run_id, run, config)
            )
    database.close()


def test_late_trackio(tmp_path: Path) -> None:
    write_late_trackio(tmp_path / "proj.db")
    logs = tbtools.load(tmp_path, also="trackio")
    assert list(logs) == ["proj/a-id1", "proj/a-id2", "proj/b"]
    assert [dict(run.hparams) for run in logs.values()] == [{"lr": 0.5}, {"lr": 0.7}, {}]
    frame = logs["proj/a-id1"].scalars()
    assert frame["tag"].tolist() == ["loss", "loss", "train/acc"]
    assert frame["step"].tolist() == [0, 5, 0]
    assert np.array_equal(frame["value"], [1.0, math.nan, 0.5], equal_nan=True)
    assert logs["proj/a-id2"].scalars()["value"].tolist() == [3.0]
    assert logs["proj/b"].scalars()["value"].tolist() == [2.0]


def test_keras(tmp_path: Path) -> None:
    write_keras(tmp_path / "training.csv")
    found = series_of(tmp_path / "training.csv")
    assert found == {
        "accuracy": [(0, 0.5), (1, 0.75)], "loss": [(0, 1.25), (1, 0.5)], "val_loss": [(0, 2.5)]
    }  # fmt: skip


def test_what_was_found_as_such_is_loaded_again_as_such(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_lightning(tmp_path / name / "metrics.csv")
    (tmp_path / "lines").mkdir()
    write_history(tmp_path / "lines" / "history.jsonl")
    found = tbtools.load(tmp_path, also="csv")
    points = found["one"].scalars()["value"].tolist()
    again = tbtools.load(found["one"])
    assert [len(run.scalars()) for run in again.values()] == [len(points)]
    for run in (found["one"], pickle.loads(pickle.dumps(found["one"]))):
        assert tbtools.load(run)["."].scalars()["value"].tolist() == points
    assert list(tbtools.load(found, runs="t*")) == ["two"]
    lines = tbtools.load(tmp_path / "lines", also="jsonl")["."]
    assert len(tbtools.load([found["one"], lines])) == 2
    with pytest.raises(NoEventFiles):
        tbtools.load(found["one"], also="hf")


def test_lightning(tmp_path: Path) -> None:
    (tmp_path / "version_0").mkdir()
    write_lightning(tmp_path / "version_0" / "metrics.csv")
    logs = tbtools.load(tmp_path, also="csv")
    assert list(logs) == ["version_0"]
    found = series_of(tmp_path)
    assert found == {
        "epoch": [(9, 0.0), (9, 0.0)], "train_loss": [(9, 0.5)], "val_loss": [(9, 0.25)]
    }  # fmt: skip


def test_hugging_face(tmp_path: Path) -> None:
    write_trainer_state(tmp_path / "trainer_state.json")
    found = series_of(tmp_path)
    assert found.keys() == {
        "train/epoch", "train/grad_norm", "train/learning_rate", "train/loss", "eval/loss",
        "eval/runtime", "train/total_flos", "train/train_loss",
    }  # fmt: skip
    assert found["train/loss"] == [(10, 2.25)]
    assert found["train/learning_rate"] == [(10, float(np.float32(5e-05)))]
    hparams = dict(tbtools.load(tmp_path, also="hf")["."].hparams)
    assert hparams == {
        "max_steps": 20, "num_train_epochs": 1, "train_batch_size": 8, "logging_steps": 10,
        "lr": 0.5,
    }  # fmt: skip


def test_weights_and_biases(tmp_path: Path) -> None:
    write_history(tmp_path / "history.jsonl")
    frame = tbtools.load(tmp_path, also="jsonl").scalars(["loss", "lr"])
    assert frame["wall_time"].tolist() == [1.75e9, 1750000001.25, 1750000001.25]
    assert frame["step"].tolist() == [0, 5, 5]
    assert np.array_equal(frame["value"], [1.5, math.nan, 0.5], equal_nan=True)
    pd.read_json(tmp_path / "history.jsonl", lines=True).to_csv(tmp_path / "h.csv", index=False)
    assert set(series_of(tmp_path / "h.csv")) == {"_runtime", "loss", "lr"}
    chart = "Step,sunny-1 - loss,sunny-1 - loss__MIN,calm - 2 - loss\n0,1.5,1.25,\n9,0.5,0.5,3\n"
    (tmp_path / "chart.csv").write_text(chart)
    runs = tbtools.load(tmp_path / "chart.csv", also="csv")
    assert list(runs) == ["calm - 2", "sunny-1"]
    assert runs["calm - 2"].scalars()["value"].tolist() == [3.0]
    assert set(runs["sunny-1"].tags["tag"]) == {"loss", "loss__MIN"}


def test_mlflow(tmp_path: Path) -> None:
    write_mlflow(tmp_path / "mlruns" / "0" / "1f")
    (tmp_path / "mlruns" / "0" / "meta.yaml").write_text("experiment_id: '0'\nname: Default\n")
    logs = tbtools.load(tmp_path / "mlruns", also="mlflow")
    assert list(logs) == ["0/1f"]
    frame = logs.scalars()
    assert frame["tag"].tolist() == ["old", "train/loss", "train/loss"]
    assert frame["wall_time"].tolist() == [1.750000001e9, 1.75e9, 1.7500000025e9]
    assert frame["step"].tolist() == [0, 0, 7]
    assert dict(logs["0/1f"].hparams) == {
        "lr": 0.001, "optimizer": "adam", "nesterov": True
    }  # fmt: skip


def test_offline_weights_and_biases(tmp_path: Path) -> None:
    """Five calls of ``log`` with a loss, an accuracy and a word, and two at steps 10 and 12."""
    folder = tmp_path / "wandb" / "offline-run-20261127_210957-5gr0ape0"
    folder.mkdir(parents=True)
    write_offline(folder / "run-5gr0ape0.wandb")
    logs = tbtools.load(tmp_path / "wandb", also="wandb")
    [(name, run)] = logs.items()
    assert name == folder.name
    assert dict(run.hparams) == {"lr": 0.5, "net/depth": 3, "net/name": "mlp", "flag": True}
    found = series_of(tmp_path / "wandb", also="wandb")
    assert found.pop("_runtime")[0] == (0, 0.102496732)
    loss = found.pop("loss")
    assert loss[:5] == [(step, 1 / (step + 1)) for step in range(5)]
    assert loss[5][0] == 10
    assert math.isnan(loss[5][1])
    assert found == {
        "train/acc": [(step, step / 4) for step in range(5)],
        "inf": [(10, math.inf)], "count": [(10, 7.0)], "late": [(12, 1e300)],
    }  # fmt: skip
    times = run.scalars("count")["wall_time"].tolist()
    assert times == [1.7958137977753155e9]


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes of protobuf."""
    size = len(content)
    key = number << 3 | 2
    prefix = b""
    for each in (key, size):
        while each > 0x7F:
            prefix += bytes([each & 0x7F | 0x80])
            each >>= 7
        prefix += bytes([each])
    return prefix + content


def _logged(step: int, loss: float, words: int) -> bytes:
    """A record of a call of ``log``."""
    cells = {"_step": step, "_timestamp": 1.75e9 + step, "loss": loss, "note": "x" * words}
    items = b"".join(
        _field(1, _field(2, name.encode()) + _field(16, json.dumps(value).encode()))
        for name, value in cells.items()
    )
    return _field(2, items)


def _framed(records: list[bytes]) -> bytes:
    """As LevelDB's doc/log_format.md says, with W&B's header."""
    data = bytearray(b":W&B\xe1\xbe\x00")
    for record in records:
        left, first = record, True
        while True:
            room = 32768 - len(data) % 32768
            if room < 7:
                data += bytes(room)
                continue
            part, left = left[: room - 7], left[room - 7 :]
            kind = (1 if first else 4) if not left else (2 if first else 3)
            checksum = zlib.crc32(bytes([kind]) + part)
            data += struct.pack("<IHB", checksum, len(part), kind) + part
            first = False
            if not left:
                break
    return bytes(data)


@settings(max_examples=20)
@given(words=st.lists(st.one_of(st.integers(0, 200), st.integers(32_000, 70_000)), min_size=1,
                      max_size=8), data=st.data())  # fmt: skip
def test_offline_files_of_any_lengths_and_damaged_ones(
    words: list[int], data: st.DataObject
) -> None:
    records = [_logged(step, step / 4, count) for step, count in enumerate(words)]
    content = _framed(records)
    want = [(step, step / 4) for step in range(len(words))]
    with using(MemorySource({"mem://logs/run-1.wandb": content}), "mem"):
        assert series_of("mem://logs/run-1.wandb", also="wandb")["loss"] == want
    at = data.draw(st.integers(7, len(content) - 1))
    kind = data.draw(st.sampled_from(["cut", "flip"]))
    damaged = bytearray(content[:at] if kind == "cut" else content)
    if kind == "flip":
        damaged[at] ^= 0x10
    with using(MemorySource({"mem://logs/run-1.wandb": bytes(damaged)}), "mem"):
        logs = tbtools.load("mem://logs/run-1.wandb", also="wandb")
        frame = logs.scalars()
        found = frame[frame["tag"] == "loss"]
        points = list(zip(found["step"], found["value"], strict=True))
        assert [point for point in want if point in points] == points
        whole = sum(len(_framed(records[: count + 1])) <= at // 32768 * 32768
                    for count in range(len(records)))  # fmt: skip
        assert points[:whole] == want[:whole]  # all that ends in front of the damaged block
        if len(points) < len(want) and kind == "flip":
            assert not tbtools.verify(logs).sound


def test_trackio(tmp_path: Path) -> None:
    write_trackio(tmp_path / "project.db")
    logs = tbtools.load(tmp_path, also="trackio")
    assert list(logs) == ["project/a", "project/b"]
    frame = logs["project/b"].scalars()
    assert frame["value"].tolist() == [2.0, 1.0]
    assert frame["wall_time"].tolist() == [1750000000.0, 1750000001.0]
    assert dict(logs["project/b"].hparams) == {"lr": 2.0}
    with sqlite3.connect(tmp_path / "project.db") as writer:  # which keeps what is new beside it
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("INSERT INTO metrics SELECT NULL, timestamp, 'c', 7, metrics FROM metrics")
        writer.commit()
        assert (
            tbtools.load(tmp_path, also="trackio")["project/c"].scalars()["step"].tolist()
            == [7] * 4
        )
    writer.close()
    assert list(tbtools.load(tmp_path, also="trackio")) == [f"project/{run}" for run in "abc"]
    assert [each.name for each in tmp_path.iterdir()] == ["project.db"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboards_own_downloads(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.scalar import scalars_plugin

    values = [1 / 3, math.nan, 1e-30, -math.inf, 0.1]
    with tbtools.EventFileWriter(tmp_path / "logs" / "train") as writer:
        for step, value in enumerate(values):
            writer.add_scalar("loss", value, 2**53 + 1 + step, wall_time=1.75e9 + step / 7)
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(tmp_path / "logs")).Reload()
    context = base_plugin.TBContext(
        data_provider=MultiplexerDataProvider(multiplexer, str(tmp_path / "logs"))
    )
    plugin, request = scalars_plugin.ScalarsPlugin(context), RequestContext()
    points, _ = plugin.scalars_impl(request, "loss", "train", "", scalars_plugin.OutputFormat.JSON)
    rows, _ = plugin.scalars_impl(request, "loss", "train", "", scalars_plugin.OutputFormat.CSV)
    (tmp_path / "csv").mkdir()
    (tmp_path / "json").mkdir()
    (tmp_path / "csv" / "run-train-tag-loss.csv").write_text(rows, newline="")
    (tmp_path / "json" / "run-train-tag-loss.json").write_text(json.dumps(points))
    truth = bits(tbtools.load(tmp_path / "logs").scalars())
    for kind in ("csv", "json"):
        assert bits(tbtools.load(tmp_path / kind, also=kind).scalars()) == truth
        out = tmp_path / f"from {kind}"
        tbtools.write(tbtools.import_(tmp_path / kind), out)
        assert bits(tbtools.load(out).scalars()) == truth


# --- read and imported is the same ---------------------------------------------------------------

WRITERS = {
    "csv": ("metrics.csv", write_lightning),
    "hf": ("trainer_state.json", write_trainer_state),
    "jsonl": ("history.jsonl", write_history),
    "mlflow": ("run", write_mlflow),
    "trackio": ("project.db", write_trackio),
    "wandb": ("run-5gr0ape0.wandb", write_offline),
    "late trackio": ("project.db", write_late_trackio),
}


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_imported_is_what_is_read(name: str, tmp_path: Path) -> None:
    file, write = WRITERS[name]
    (tmp_path / "logs").mkdir()
    write(tmp_path / "logs" / file)
    also = name.rpartition(" ")[2]
    read = tbtools.load(tmp_path / "logs", also=also)
    made = imported(tmp_path, tmp_path / "logs")
    assert list(made) == list(read)
    assert bits(made.scalars()) == bits(read.scalars())
    assert made.hparams().equals(read.hparams())
    told = call("diff", str(tmp_path / "logs"), str(tmp_path / "imported"), "--also", also)
    assert told.status == 0, told


RESERVED = {
    "step", "_step", "global_step", "trainer/global_step", "iteration", "iter", "epoch",
    "wall_time", "wall time", "_timestamp", "timestamp", "run", "tag", "value",
}  # fmt: skip
SERIES = st.lists(st.tuples(INT64, st.floats(0, 2e9), st.floats(width=32)), min_size=1, max_size=80)


@settings(max_examples=25)
@given(st.dictionaries(NAMES, SERIES, min_size=1, max_size=3))
def test_what_is_exported_comes_back(
    tmp_path_factory: pytest.TempPathFactory, series: dict[str, list[tuple[int, float, float]]]
) -> None:
    folder = tmp_path_factory.mktemp("export")
    with tbtools.EventFileWriter(folder / "logs" / "run") as writer:
        for tag, points in series.items():
            for step, time, value in points:
                writer.add_scalar(tag, value, step, wall_time=time)
    logs = tbtools.load(folder / "logs", restarts="keep")
    truth = bits(logs.scalars())
    for ending in ("csv", "jsonl"):
        tbtools.export(logs, folder / f"table.{ending}")
        plan = tbtools.import_(folder / f"table.{ending}")
        assert not any(file.problems for file in plan.files)
        tbtools.write(plan, folder / ending)
        back = tbtools.load(folder / ending, restarts="keep").scalars()
        assert bits(back.assign(run="run")) == truth


@settings(max_examples=40)
@given(
    st.lists(st.tuples(INT64, st.floats(), st.floats(width=32)), max_size=60),
    st.sampled_from(["\n", "\r\n"]), st.sampled_from([",", ";", "\t"]), st.booleans(),
    st.tuples(NAMES, NAMES).filter(
        lambda names: len({name.strip() for name in (*names, "", "step")}) == 4
        and not any(" - " in name or name.strip().lower() in RESERVED for name in names)
    ),
)  # fmt: skip
def test_wide_tables(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, float, float]], newline: str, comma: str, mark: bool,
    names: tuple[str, str],
) -> None:  # fmt: skip
    """Whatever quotes, ends of lines, marks, names and numbers, the numbers come back."""
    file = io.StringIO(newline="")
    # Up to Python 3.12 the writer leaves a carriage return alone unquoted, which ends a line.
    quoting = csv.QUOTE_ALL if "\r" in "".join(names) else csv.QUOTE_MINIMAL
    writer = csv.writer(file, delimiter=comma, lineterminator=newline, quoting=quoting)
    writer.writerow(["step", *names])
    writer.writerows((step, repr(wide), repr(single)) for step, wide, single in rows)
    path = tmp_path_factory.mktemp("wide") / "metrics.csv"
    path.write_bytes(file.getvalue().encode("utf-8-sig" if mark else "utf-8"))
    frame = (
        tbtools.load(path, also="csv", restarts="keep")["."].scalars(dtype=True) if rows else None
    )
    for place, name in enumerate(names, 1):
        if frame is None:
            continue
        own = frame[frame["tag"] == name.strip()]
        assert own["step"].tolist() == [row[0] for row in rows]
        want = [row[place] for row in rows]
        assert np.array_equal(own["value"].to_numpy(), want, equal_nan=True) or (
            own["dtype"].iloc[0] == "float32" and [float(str(np.float32(x))) for x in want] == want
        )


# --- what cannot be read -------------------------------------------------------------------------

REFUSED = {
    "no step": ("a.csv", "a,b\n1,2\n", "no column tells the step; name it with --step COL"),
    "two columns of a name": ("a.csv", "step,a,a\n1,2,3\n", "a is the name of several columns"),
    "nothing": ("a.csv", "", "no header of CSV"),
    "no numbers": ("a.csv", "epoch;loss\n0;0,5\n", "no numbers in loss"),
    "no numbers in JSON": ("a.jsonl", '{"step": 1, "ok": true}\n', "no numbers in ok"),
    "no JSON lines": ("a.jsonl", "words\n", "not one line is an object"),
    "no list": ("a.json", "{}", "no list of JSON"),
    "no triples": ("a.json", "[1]", "item 1 is no object, and no triple"),
    "no history": ("trainer_state.json", "{}", "it has no log_history"),
    "no database": ("a.db", "SQLite format 3\0" * 9, "no database that SQLite reads"),
    "no offline file": ("run.wandb", ":W&B", "it does not begin like one"),
    "another file": ("a.txt", "step\n", "no log in a format that is read"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_told_is_refused_with_the_way_out(case: str, tmp_path: Path) -> None:
    name, content, message = REFUSED[case]
    (tmp_path / name).write_text(content)
    result = call("import", str(tmp_path / name), "-o", str(tmp_path / "out"))
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    assert message in result.err
    assert not (tmp_path / "out").exists()


# File, points that are read, and for each problem its kind and words of it.
DAMAGED: dict[str, tuple[str, str | bytes, list[tuple[int, float]], list[tuple[str, str]]]] = {
    "cells": ("a.csv", "step,x,name\n1,0.5,a\nfoo,1,b\n3,abc,c\n4,1e999,d\n", [(1, 0.5)], [
        ("undecodable", "line 3: 'foo' is no number"),
        ("undecodable", "line 4: x: 'abc' is no number"),
        ("undecodable", "line 5: x: '1e999' is beyond every float64"),
    ]),
    "rows": ("a.csv", "step,x\n1,2\n3\n4,5,6\n7", [(1, 2.0)], [
        ("undecodable", "line 3: 1 cells"), ("undecodable", "line 4: 3 cells"),
        ("truncated", "line 5: 1 cells"),
    ]),
    "a quote without end": ("a.csv", 'step,x\n1,2\n3,"4\n5,6\n', [(1, 2.0)],
                            [("undecodable", "line 3: unexpected end")]),
    "a cell without end": ("a.csv", f'step,x\n1,"{"9" * 2_000_000}"\n3,4\n', [(3, 4.0)],
                           [("undecodable", "line 2: field larger")]),
    "digits of other scripts": ("a.csv", "step,x\n1,\u0661\n2,1_0\n3,4\n", [(3, 4.0)], [
        ("undecodable", "line 2: x: '\u0661' is no number"),
        ("undecodable", "line 3: x: '1_0' is no number"),
    ]),
    "milliseconds": ("a.csv", "step,timestamp,x\n1,1700000000000,2\n3,1700000000,4\n", [(3, 4.0)],
                     [("undecodable", "line 2: '1700000000000' is no time")]),
    "steps": ("a.jsonl", ('{"step": 0.5, "x": 1}\n{"step": 9223372036854775808, "x": 1}\n'
                          '{"x": 1}\n{"step": 2.0, "x": 3}\n'), [(2, 3.0)], [
        ("undecodable", "line 1: 0.5 is no whole number"),
        ("undecodable", "line 2: 9223372036854775808 is no step: no int64"),
        ("undecodable", "line 3: no step"),
    ]),
    "an end": ("a.jsonl", '{"step": 1, "x": 2}\n{"step": 2, "x"', [(1, 2.0)],
               [("truncated", "line 2: no object")]),
    "deep": ("a.jsonl", '{"step": 1, "x": 2}\n' + '{"x":' * 90_000 + "\n", [(1, 2.0)],
             [("undecodable", "line 2: no object")]),
    "a huge integer": ("a.jsonl", '{"step": 1, "x": 2}\n{"step": 2, "x": ' + "9" * 400 + "}\n",
                       [(1, 2.0)], [("undecodable", "is beyond every float64")]),
    "an entry": ("trainer_state.json", '{"log_history": [{"step": 1, "x": "NaN"}, {"x": 1}]}',
                 [(1, math.nan)], [("undecodable", "line 2: no step")]),
    "bytes that are no text": ("a.csv", b"step,x\n1,2\n2,\xff\n", [(1, 2.0)],
                               [("undecodable", "line 3: x: ")]),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_what_is_damaged_is_told_and_the_rest_is_read(case: str, tmp_path: Path) -> None:
    name, content, points, problems = DAMAGED[case]
    data = content.encode() if isinstance(content, str) else content
    (tmp_path / name).write_bytes(data)
    frame = tbtools.load(tmp_path / name, also=FOREIGN_FORMATS, restarts="keep").scalars()
    assert frame["step"].tolist() == [step for step, _ in points]
    assert np.array_equal(frame["value"], [value for _, value in points], equal_nan=True)
    told = frame.attrs["problems"]
    assert [each["kind"] for each in told] == [kind for kind, _ in problems]
    for each, (_, words) in zip(told, problems, strict=True):
        assert words in each["message"]
        assert 0 <= each["offset"] <= each["offset"] + each["length"] <= len(data)
    plan = tbtools.import_(tmp_path / name)
    assert [each.message for each in plan.files[0].problems] == [each["message"] for each in told]


ABSENT = ["", "NA", "N/A", "null", "None"]
LOGGED = {"NaN": math.nan, "nan": math.nan, "inf": math.inf, "-Infinity": -math.inf}


def test_each_word_for_no_number_has_one_meaning(tmp_path: Path) -> None:
    words = [*ABSENT, *LOGGED]
    rows = "".join(f"{step},{word},1\n" for step, word in enumerate(words))
    (tmp_path / "metrics.csv").write_text(f"step,x,y\n{rows}")
    objects = [{"step": step, "x": word, "y": 1} for step, word in enumerate(words)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(each) + "\n" for each in objects))
    for name in ("metrics.csv", "a.jsonl"):
        found = series_of(tmp_path / name)["x"]
        assert [step for step, _ in found] == [*range(len(ABSENT), len(words))]
        assert np.array_equal([x for _, x in found], [*LOGGED.values()], equal_nan=True)


def test_names_of_strangers_take_no_effect(tmp_path: Path) -> None:
    names = ["\x1b[31mred", "<script>", "../../up", "\\ud800", "a\\u0000b"]
    cells = "".join(f', "{name}": 1' for name in names).replace("\x1b", "\\u001b")
    (tmp_path / "a.jsonl").write_text(
        f'{{"step": 1, "run": "../../out"{cells}, "t\\u001b": "w"}}\n'
    )
    for format_ in ("table", "json"):
        result = call(
            "import", str(tmp_path / "a.jsonl"), "-o", str(tmp_path / "made"), "--force",
            "--format", format_,
        )  # fmt: skip
        assert result.status == 0, result
        assert "\x1b" not in result.out + result.err
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.jsonl", "made"]
    made = tbtools.load(tmp_path / "made")
    assert len(made.scalars()) == len(names)


# --- what the user says --------------------------------------------------------------------------


def test_columns_that_the_user_names(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"n": [3, 5, 3], "at": ["2025-06-15T15:06:40Z", "2025-06-15 15:06:41.5", ""],
         "seed": [1, 1, 2], "x": [0.5, 0.25, 4.0]}
    )  # fmt: skip
    table.to_csv(tmp_path / "table.csv", index=False)
    logs = imported(tmp_path, tmp_path / "table.csv", step="n", time="at", run="seed")
    assert list(logs) == ["1", "2"]
    assert logs["1"].scalars()["wall_time"].tolist() == [1.75e9, 1750000001.5]
    assert logs["2"].scalars()["step"].tolist() == [3]
    result = call("import", str(tmp_path / "table.csv"), "-o", str(tmp_path / "o"), "--step", "m")
    assert (result.status, "no column m for the step; there are n, at" in result.err) == (2, True)


@pytest.mark.parametrize(
    ("values", "dtype", "stored"),
    [
        ([0.5, 1e-45], None, "float32"), ([0.1, 5e-05, math.nan], None, "float32"),
        ([1 / 3], None, "float64"), ([1e300], None, "float64"),
        ([0.1, 1 / 3], "float32", "float32"),
        ([0.1], "float64", "float64"),
    ],
)  # fmt: skip
def test_types(values: list[float], dtype: str | None, stored: str, tmp_path: Path) -> None:
    rows = "".join(f"{step},{value!r}\n" for step, value in enumerate(values))
    (tmp_path / "metrics.csv").write_text(f"step,x\n{rows}")
    found = imported(tmp_path, tmp_path / "metrics.csv", dtype=dtype).scalars(dtype=True)
    assert set(found["dtype"]) == {stored}
    truth = np.array(values).astype(stored).astype(float)
    assert np.array_equal(found["value"], truth, equal_nan=True)


def test_a_table_that_tells_its_types(tmp_path: Path) -> None:
    with tbtools.EventFileWriter(tmp_path / "logs") as writer:
        writer.add_scalar("single", 0.1, 0, 1.5)
        writer.add_scalar("double", 0.1, 0, 1.5, dtype="float64")
    truth = tbtools.load(tmp_path / "logs").scalars(dtype=True)
    truth.to_csv(tmp_path / "table.csv", index=False)
    back = imported(tmp_path, tmp_path / "table.csv").scalars(dtype=True)
    pd.testing.assert_frame_equal(back, truth, check_exact=True)


def test_a_log_that_grows_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("step,x\n0,1.5\n1,2.5\n2")
    logs = tbtools.load(tmp_path, also="csv")
    assert logs.scalars()["value"].tolist() == [1.5, 2.5]
    stamp = path.stat()
    with path.open("a") as file:
        file.write(",3.5\n3,4.5\n")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # the time of points without one
    assert logs.refresh() == 2
    assert logs.scalars()["value"].tolist() == [1.5, 2.5, 3.5, 4.5]
    assert logs.scalars().attrs["problems"] == []
    assert logs.refresh() == 0


def test_only_on_request_and_only_logs(tmp_path: Path) -> None:
    for name in ("metrics.csv", "b/predictions.csv", "b/notes.json", "b/words.jsonl", "b/x.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("step,x\n1,2\n" if name == "metrics.csv" else "id,y\n1,2\n")
    with pytest.raises(tbtools.NoEventFiles):
        tbtools.load(tmp_path)
    assert list(tbtools.load(tmp_path, also=FOREIGN_FORMATS)) == ["."]
    with pytest.raises(tbtools.InvalidArgument, match="no format 'tsv'; there are csv"):
        tbtools.load(tmp_path, also="csv,tsv")


def test_logs_on_a_remote_source(tmp_path: Path) -> None:
    write_lightning(tmp_path / "metrics.csv")
    data = (tmp_path / "metrics.csv").read_bytes()
    with using(MemorySource({"mem://logs/a?b%20/metrics.csv": data}), "mem"):
        logs = tbtools.load("mem://logs", also="csv")
        assert list(logs) == ["a?b%20"]
        assert len(logs.scalars()) == 4
        tbtools.write(tbtools.import_("mem://logs"), tmp_path / "out")
    assert len(tbtools.load(tmp_path / "out").scalars()) == 4
