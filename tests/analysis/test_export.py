"""Export: every point, in every format, without holding more than one run."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
import tracemalloc
import unicodedata
import wave
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tensorboard.plugins.hparams import plugin_data_pb2 as api
from tensorboard.plugins.hparams import summary_v2

import tbtools
from tbtools.errors import (
    InvalidArgument,
    NoEventFiles,
    OutputExists,
    OutputInsideInput,
    UnknownTag,
)
from tbtools.render import arrow
from tbtools.runs import reading
from tests.builders import START, EventFileBuilder
from tests.commands import ROOT, Screen, call, process
from tests.tables import read_csv

if TYPE_CHECKING:
    from pathlib import Path

NAN, INF = math.nan, math.inf
LOGS = str(ROOT / "tests/logs")
PNG = b"\x89PNG\r\n\x1a\n rest"
READERS = {
    "csv": read_csv,
    "jsonl": lambda path: pd.read_json(path, lines=True, precise_float=True),
    "parquet": pd.read_parquet,
    "feather": pd.read_feather,
}


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two runs, one with values that are not finite and a float64."""
    EventFileBuilder().scalars("loss", [(0, 0.1), (5, 0.3), (5, 0.2)]).scalar("acc", 5, 0.7).write(
        tmp_path / "logs" / "a" / "events.out.tfevents.1"
    )
    EventFileBuilder().scalars("loss", [(0, NAN), (1, INF), (2, -INF)]).tensor_scalar(
        "acc", 1, 1 / 3, "float64"
    ).write(tmp_path / "logs" / "b" / "events.out.tfevents.1")
    return tmp_path / "logs"


def exported(logs: Path, name: str, **options: Any) -> Path:
    target = logs.parent / name
    tbtools.export(tbtools.load(logs), target, **options)
    return target


class TestLong:
    @pytest.mark.parametrize("ending", ["parquet", "feather"])
    def test_binary_formats_hold_the_frame(self, logs: Path, ending: str) -> None:
        got = READERS[ending](exported(logs, f"out.{ending}"))
        want = tbtools.load(logs).scalars()
        assert got["run"].tolist() == want["run"].tolist()
        assert got["tag"].tolist() == want["tag"].tolist()
        numbers = ["step", "wall_time", "value"]
        pd.testing.assert_frame_equal(got[numbers], want[numbers], check_exact=True)
        assert isinstance(got["run"].dtype, pd.CategoricalDtype)

    def test_csv_has_the_shortest_decimals(self, logs: Path) -> None:
        lines = exported(logs, "out.csv").read_text().splitlines()
        assert lines[:3] == [
            "run,tag,step,wall_time,value",
            f"a,acc,5,{START + 5},0.7",
            f"a,loss,0,{START},0.1",
        ]
        assert [line.rsplit(",", 1)[1] for line in lines[5:]] == [
            *("0.3333333333333333", "NaN", "inf", "-inf")
        ]

    def test_json_lines_are_json(self, logs: Path) -> None:
        text = exported(logs, "out.jsonl").read_text()
        rows = [json.loads(line, parse_constant=lambda name: pytest.fail(name)) for line in
                text.splitlines()]  # fmt: skip
        assert rows[0] == {
            "run": "a",
            "tag": "acc",
            "step": 5,
            "wall_time": START + 5,
            "value": 0.7,
        }
        assert [row.get("nonfinite") for row in rows[-3:]] == [
            {"value": "NaN"},
            {"value": "Infinity"},
            {"value": "-Infinity"},
        ]
        assert rows[-1]["value"] is None

    def test_only_some_tags_and_steps(self, logs: Path) -> None:
        got = read_csv(exported(logs, "out.csv", tags="lo*", steps=(1, None)))
        assert got[["run", "step"]].values.tolist() == [["a", 5], ["a", 5], ["b", 1], ["b", 2]]
        with pytest.raises(UnknownTag, match="close: 'loss'"):
            exported(logs, "none.csv", tags="losss")
        with pytest.raises(InvalidArgument, match="no points in steps 9:; they go from 0 to 5"):
            exported(logs, "none.csv", steps=(9, None))
        assert not (logs.parent / "none.csv").exists()

    def test_texts_are_grown_from_batch_to_batch(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(arrow, "_GROUP_ROWS", 3)
        for number in range(9):
            EventFileBuilder().scalars(f"tag{number}", [(0, 1.0), (1, 2.0)]).write(
                tmp_path / "logs" / f"run{number}" / "events.out.tfevents.1"
            )
        want = tbtools.load(tmp_path / "logs").scalars()
        for ending in ("parquet", "feather"):
            got = READERS[ending](exported(tmp_path / "logs", f"out.{ending}"))
            assert got["run"].tolist() == want["run"].tolist()
            assert got["tag"].tolist() == want["tag"].tolist()

    def test_only_texts_have_dictionaries_in_parquet(self, logs: Path) -> None:
        """Those of numbers that hardly repeat make files larger, and slow to write."""
        parquet = pytest.importorskip("pyarrow.parquet")
        group = parquet.ParquetFile(exported(logs, "out.parquet")).metadata.row_group(0)
        columns = [group.column(number) for number in range(group.num_columns)]
        encodings = {column.path_in_schema: column.encodings for column in columns}
        for name, used in encodings.items():
            assert ("RLE_DICTIONARY" in used) == (name in ("run", "tag")), name
        assert "DELTA_BINARY_PACKED" in encodings["step"]

    def test_names_of_strangers_are_quoted(self, tmp_path: Path) -> None:
        tag = 'a,"b"\nc'
        EventFileBuilder().scalar(tag, 0, 1.0).write(tmp_path / "logs" / "events.out.tfevents.1")
        assert read_csv(exported(tmp_path / "logs", "out.csv"))["tag"].tolist() == [tag]


@pytest.mark.parametrize("wide", [False, True])
def test_memory_does_not_grow_with_the_number_of_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wide: bool
) -> None:
    monkeypatch.setattr(reading, "_FILES_AHEAD", 2)  # which it may grow to be
    frame = pd.DataFrame({"step": np.arange(10_000), "wall_time": START, "value": 1.0})
    peaks = []
    for count in (4, 16):
        folder = tmp_path / str(count)
        tbtools.write(pd.concat(frame.assign(run=f"run{n}") for n in range(count)), folder)
        experiment = tbtools.load(folder)
        tracemalloc.start()
        tbtools.export(experiment, tmp_path / f"{count}.csv", wide=wide)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    columns = 42 * len(frame)  # what the scan of one run holds, in bytes
    assert peaks[1] - peaks[0] < 12 * columns / 4


class TestColumnsBeside:
    @pytest.fixture
    def paused(self, tmp_path: Path) -> Path:
        """A run that was killed after 2 s, and went on an hour later."""
        for number, (start, steps) in enumerate([(START, (0, 1, 2)), (START + 3600, (3, 4))]):
            builder = EventFileBuilder().file_version(wall_time=start)
            for second, step in enumerate(steps):
                builder.scalar("loss", step, 1 / (1 + step), start + second)
                if step != 1:
                    builder.scalar("tokens", step, 100.0 * step, start + second)
            builder.write(tmp_path / "logs" / f"events.out.tfevents.{number}")
        return tmp_path / "logs"

    @pytest.mark.parametrize(
        ("x", "want"),
        [
            ("relative", [0, 1, 2, 3600, 3601]),
            ("active", [0, 1, 2, 2, 3]),
            ("tokens", [0, 100, 200, 300, 400]),  # between two steps on the line
        ],
    )
    def test_an_axis(self, paused: Path, x: str, want: list[float]) -> None:
        target = paused.parent / "out.csv"
        told = call("export", str(paused), "--tag", "loss", "--x", x, "-o", str(target))
        assert (told.status, told.err) == (0, "")
        got = read_csv(target)
        assert list(got.columns) == ["run", "tag", "step", "wall_time", "value", x]
        assert got[x].tolist() == pytest.approx(want)
        assert read_csv(exported(paused, "same.csv", tags="loss", x=x)).equals(got)

    def test_smoothed_values_as_tensorboard_has_them(self, paused: Path) -> None:
        target = paused.parent / "out.parquet"
        arguments = ["--tag", "loss", "--smoothing", "0.5", "-o", str(target)]
        assert call("export", str(paused), *arguments).status == 0
        got = pd.read_parquet(target)
        last, want = 0.0, []
        for number, value in enumerate(got["value"], 1):  # the formula in vz_line_chart
            last = 0.5 * last + 0.5 * value
            want.append(last / (1 - 0.5**number))
        assert got["smoothed"].tolist() == pytest.approx(want, rel=1e-15)
        assert got["value"].tolist() == np.float32(1 / np.arange(1, 6)).tolist()

    def test_along_what_a_method_measures(self, paused: Path) -> None:
        target = exported(
            paused, "out.csv", tags="loss", x="wall", smoothing=0.9, method="time_weighted_ema"
        )
        run = tbtools.load(paused)["."]
        want = tbtools.smooth(run, 0.9, "time_weighted_ema", by="wall")
        own = want[want["tag"] == "loss"]["value"]
        assert read_csv(target)["smoothed"].tolist() == pytest.approx(own.tolist(), rel=1e-15)

    def test_a_tag_called_like_a_column(self, tmp_path: Path) -> None:
        EventFileBuilder().scalar("value", 3, 0.1).write(
            tmp_path / "logs" / "events.out.tfevents.1"
        )
        got = read_csv(exported(tmp_path / "logs", "out.csv", x="value", smoothing=0.0))
        assert got[["value", "smoothed", "x/value"]].to_numpy().tolist() == [
            [0.1, pytest.approx(0.1), 0.1]
        ]

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--x", "wall"], "--x has no effect with wall"),
            (["--x", "tokens", "--wide"], "a wide table has no column for an axis"),
            (["--smoothing", "0.5", "--wide"], "a wide table has no column for an axis"),
            (["--method", "median"], "--method has no effect without --smoothing"),
            (["--x", "lr"], "no tag 'lr'"),
            (["--x", "active", "--data", "histograms"], "takes no x"),
            (["--smoothing", "0.5", "--data", "text"], "takes no smoothing"),
            (["--smoothing", "1"], "1.0 is not in the range 0<=x<1"),
        ],
    )
    def test_what_makes_no_sense(self, paused: Path, arguments: list[str], told: str) -> None:
        result = call("export", str(paused), "-o", str(paused.parent / "out.csv"), *arguments)
        assert result.status == 2
        assert told in result.err
        assert not (paused.parent / "out.csv").exists()


class TestWide:
    def test_a_row_a_step_and_a_column_a_tag(self, logs: Path) -> None:
        target = logs.parent / "out.csv"
        told = tbtools.export(tbtools.load(logs), target, wide=True)
        assert target.read_text().splitlines() == [
            "run,step,acc,loss",
            "a,0,,0.1",
            "a,5,0.7,0.2",
            "b,0,,NaN",
            "b,1,0.3333333333333333,inf",
            "b,2,,-inf",
        ]
        assert (told.count, told.left_out) == (5, 1)

    def test_what_is_missing_is_no_nan(self, logs: Path) -> None:
        parquet = pytest.importorskip("pyarrow.parquet")
        table = parquet.read_table(exported(logs, "out.parquet", wide=True))
        assert table["acc"].to_pylist()[:2] == [None, pytest.approx(0.7)]
        assert math.isnan(table["loss"].to_pylist()[2])
        rows = exported(logs, "out.jsonl", wide=True).read_text().splitlines()
        assert json.loads(rows[0]) == {"run": "a", "step": 0, "loss": 0.1}
        assert json.loads(rows[2])["nonfinite"] == {"loss": "NaN"}

    def test_a_tag_called_like_a_column(self, tmp_path: Path) -> None:
        EventFileBuilder().scalar("step", 3, 1.5).write(tmp_path / "logs" / "events.out.tfevents.1")
        got = read_csv(exported(tmp_path / "logs", "out.csv", wide=True))
        assert got.to_dict("list") == {"run": ["."], "step": [3], "tag/step": [1.5]}

    def test_no_column_takes_the_place_of_another(self, tmp_path: Path) -> None:
        values = {"step": 1.0, "tag/step": 2.0, "run": 3.0, "tag/tag/run": 4.0, "tag/run": 5.0}
        builder = EventFileBuilder()
        for tag, value in values.items():
            builder.scalar(tag, 3, value)
        builder.write(tmp_path / "logs" / "events.out.tfevents.1")
        got = read_csv(exported(tmp_path / "logs", "out.csv", wide=True)).iloc[0].to_dict()
        assert sorted(got.items(), key=str)[2:] == [
            *(("tag/run", 5.0), ("tag/step", 2.0), ("tag/tag/run", 4.0)),
            *(("tag/tag/step", 1.0), ("tag/tag/tag/run", 3.0)),
        ]


class TestHparams:
    def test_one_row_a_run_with_final_values(self, tmp_path: Path) -> None:
        for number, name in enumerate(("adam", "sgd")):
            with tbtools.EventFileWriter(tmp_path / "logs" / name) as writer:
                writer.add_hparams({"lr": 0.1, "name": name, "deep": True})
                writer.add_scalar("acc", 0.1 + number, 3)
        EventFileBuilder().scalar("loss", 0, 1.0).write(
            tmp_path / "logs" / "none" / "events.out.tfevents.1"
        )
        target = exported(tmp_path / "logs", "out.csv", data="hparams")
        assert target.read_text().splitlines() == [
            "run,deep,lr,name,acc",
            "adam,true,0.1,adam,0.1",
            "sgd,true,0.1,sgd,1.1",
        ]

    def test_a_parameter_that_some_runs_do_not_have(self, tmp_path: Path) -> None:
        for name, hparams in (("a", {"lr": 0.5}), ("b", {"steps": 5.0})):
            with tbtools.EventFileWriter(tmp_path / "logs" / name) as writer:
                writer.add_hparams(hparams)
        target = exported(tmp_path / "logs", "out.csv", data="hparams")
        assert target.read_text().splitlines()[1:] == ["a,0.5,", "b,,5.0"]

    @pytest.fixture
    def diverged(self, tmp_path: Path) -> Path:
        """Of three runs one ends in NaN, one well, and one never logged the loss."""
        for name, points in (("a", [1.0, NAN]), ("b", [1.0, 0.5]), ("c", [])):
            with tbtools.EventFileWriter(tmp_path / "logs" / name) as writer:
                writer.add_hparams({"lr": 0.5, "run": name})
                for step, value in enumerate(points):
                    writer.add_scalar("loss", value, step)
        return tmp_path / "logs"

    def test_a_final_nan_is_not_a_value_that_there_is_not(self, diverged: Path) -> None:
        assert exported(diverged, "out.csv", data="hparams").read_text().splitlines() == [
            "run,lr,hparam/run,loss,loss (best),loss (end)",
            "a,0.5,a,NaN,1.0,NaN",
            "b,0.5,b,0.5,0.5,0.5",
            "c,0.5,c,,,",
        ]
        rows = exported(diverged, "out.jsonl", data="hparams").read_text().splitlines()
        gone = {"loss": "NaN", "loss (end)": "NaN"}
        assert [json.loads(row).get("nonfinite") for row in rows] == [gone, None, None]
        assert "loss" not in json.loads(rows[2])
        parquet = pytest.importorskip("pyarrow.parquet")
        loss = parquet.read_table(exported(diverged, "out.parquet", data="hparams"))["loss"]
        assert math.isnan(loss[0].as_py())
        assert loss.to_pylist()[1:] == [0.5, None]

    def test_for_people_and_papers(self, diverged: Path) -> None:
        rows = json.loads(exported(diverged, "out.json", data="hparams").read_text())
        lines = exported(diverged, "out.jsonl", data="hparams").read_text().splitlines()
        assert rows == [json.loads(line) for line in lines]
        assert exported(diverged, "out.md", data="hparams").read_text().splitlines() == [
            "| run | lr | hparam/run | loss | loss (best) | loss (end) |",
            "| --- | ---: | --- | ---: | ---: | ---: |",
            "| a | 0.5 | a | nan | 1 | nan |",
            "| b | 0.5 | b | 0.5 | 0.5 | 0.5 |",
            "| c | 0.5 | c | - | - | - |",
        ]
        assert exported(diverged, "out.tex", data="hparams").read_text().splitlines()[3:6] == [
            r"\midrule",
            r"a & 0.5 & a & nan & 1 & nan \\",
            r"b & 0.5 & b & 0.5 & 0.5 & 0.5 \\",
        ]
        shown = call("export", str(diverged), "--data", "hparams", "-o", "-", "--format", "table")
        assert shown.out.splitlines()[:2] == [
            "run   lr  hparam/run  loss  loss (best)  loss (end)",
            "a    0.5  a            nan            1         nan",
        ]

    @pytest.mark.parametrize(
        ("target", "options", "message"),
        [
            ("out.csv", {"format": "latex"}, "the ending means csv, and --format is latex"),
            ("out.tex", {"format": "csv"}, "the ending means tex, and --format is csv"),
            ("out.md", {"format": "json"}, "the ending means markdown, and --format is json"),
            ("out.md", {"csv_safe": True}, "only CSV has cells that may be formulas"),
            ("-", {"format": "table", "data": "scalars"}, "only an export of hparams can be table"),
            ("out.tex", {"data": "scalars"}, "no format has this ending|there is no .tex"),
        ],
    )
    def test_forms_that_it_cannot_have(
        self, diverged: Path, tmp_path: Path, target: str, options: dict[str, Any], message: str
    ) -> None:
        path = target if target == "-" else str(tmp_path / target)
        with pytest.raises(tbtools.InvalidArgument, match=message):
            tbtools.export(diverged, path, **{"data": "hparams", **options})

    def test_types_in_csv_and_json_lines(self, cases: Path, tmp_path: Path) -> None:
        experiment = tbtools.load(cases / "25_hparams_types")
        tbtools.export(experiment, tmp_path / "out.csv", "hparams")
        with (tmp_path / "out.csv").open(newline="") as file:
            header, first, second = csv.reader(file)
        assert header == [
            *("run", "bool", "dict", "layer.0/size", "list", "loss", "nan", "none", "num"),
            *("hparam/run", "str", "metric/loss", "metric/loss (best)", "metric/loss (end)"),
        ]
        # Of 1, 1/2, 1/3, 1/4, 1/5 as float32 the least, and the mean of the last three.
        end = np.mean((1 / np.array([3.0, 4.0, 5.0], np.float32)).astype(float))
        assert first == [
            *("r0", "false", '{"k": 2.0}', "3.0", '[1.0, "x"]', "mse", "NaN", "null", "1e+300"),
            *("clash", 'a,"b"\nc', "0.2", "0.2", f"{end}"),
        ]
        assert second[1] == "true"
        tbtools.export(experiment, tmp_path / "out.jsonl", "hparams")
        row = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])
        assert row == {
            "run": "r0",
            "bool": False,
            "dict": {"k": 2.0},
            "layer.0/size": 3.0,
            "list": [1.0, "x"],
            "loss": "mse",
            "nan": None,
            "none": None,
            "num": 1e300,
            "hparam/run": "clash",
            "str": 'a,"b"\nc',
            "metric/loss": 0.2,
            "metric/loss (best)": 0.2,
            "metric/loss (end)": end,
            "nonfinite": {"nan": "NaN"},
        }

    @pytest.mark.parametrize("ending", ["parquet", "feather"])
    def test_types_in_binary_formats(self, cases: Path, tmp_path: Path, ending: str) -> None:
        feather = pytest.importorskip("pyarrow.feather")
        parquet = pytest.importorskip("pyarrow.parquet")
        target = tmp_path / f"out.{ending}"
        tbtools.export(tbtools.load(cases / "25_hparams_types"), target, "hparams")
        table = (parquet if ending == "parquet" else feather).read_table(target)
        types = {field.name: field.type for field in table.schema}
        assert str(types["bool"]) == "bool"
        assert {name for name in types if str(types[name]) == "double"} == {
            *("layer.0/size", "nan", "num"),
            *("metric/loss", "metric/loss (best)", "metric/loss (end)"),
        }
        row = table.to_pylist()[0]
        assert row["bool"] is False
        assert row["none"] is None
        assert json.loads(row["list"]) == [1.0, "x"]
        assert json.loads(row["dict"]) == {"k": 2.0}
        assert row["str"] == 'a,"b"\nc'

    @pytest.fixture
    def mixed(self, tmp_path: Path) -> Path:
        """Hyperparameters of several types, some set to None, some that a run does not have."""
        runs = {
            "a": {"x": 1.5, "deep": True, "n": 2.0, "s": "ü", "z": -0.0},
            "b": {"x": "auto", "deep": None, "n": None, "s": None, "list": [NAN, "ü"]},
            "c": {"x": NAN},
        }
        for name, hparams in runs.items():
            info = api.SessionStartInfo()
            for key, value in hparams.items():
                if isinstance(value, list):
                    info.hparams[key].list_value.extend(value)
                elif isinstance(value, bool):
                    info.hparams[key].bool_value = value
                elif value is None:
                    info.hparams[key].null_value = 0
                else:
                    field = "string_value" if isinstance(value, str) else "number_value"
                    setattr(info.hparams[key], field, value)
            summary = summary_v2._summary_pb(
                "_hparams_/session_start_info", api.HParamsPluginData(session_start_info=info)
            )
            content = summary.value[0].metadata.plugin_data.content
            EventFileBuilder().value(
                "_hparams_/session_start_info", 0, plugin="hparams", content=content
            ).write(tmp_path / "logs" / name / "events.out.tfevents.1")
        return tmp_path / "logs"

    def test_null_is_not_what_there_is_not(self, mixed: Path) -> None:
        assert exported(mixed, "out.csv", data="hparams").read_text().splitlines() == [
            "run,deep,n,s,x,z,list",
            "a,true,2.0,ü,1.5,-0.0,",
            'b,null,null,null,auto,,"[""NaN"", ""ü""]"',
            "c,,,,NaN,,",
        ]
        rows = exported(mixed, "out.jsonl", data="hparams").read_text().splitlines()
        assert [json.loads(row) for row in rows] == [
            {"run": "a", "deep": True, "n": 2.0, "s": "ü", "x": 1.5, "z": 0.0},
            {"run": "b", "deep": None, "n": None, "s": None, "x": "auto", "list": ["NaN", "ü"]},
            {"run": "c", "x": None, "nonfinite": {"x": "NaN"}},
        ]

    def test_mixed_columns_are_json_text_in_parquet(self, mixed: Path) -> None:
        parquet = pytest.importorskip("pyarrow.parquet")
        table = parquet.read_table(exported(mixed, "out.parquet", data="hparams")).to_pydict()
        assert [json.loads(cell) for cell in table["x"]] == [1.5, "auto", "NaN"]
        assert [table[name] for name in ("deep", "n", "s", "list")] == [
            [True, None, None],
            [2.0, None, None],
            ["ü", None, None],
            [None, '["NaN", "ü"]', None],
        ]

    def test_what_cannot_be_decoded_leaves_the_rest(self, mixed: Path, tmp_path: Path) -> None:
        EventFileBuilder().value(
            "_hparams_/session_start_info", 0, plugin="hparams", content=b"\xff"
        ).write(mixed / "broken" / "events.out.tfevents.1")
        result = call("export", str(mixed), "--data", "hparams", "-o", f"{tmp_path}/out.csv")
        assert result.status == 2
        assert "not written: run broken: '_hparams_/session_start_info' at step 0" in result.err
        assert len((tmp_path / "out.csv").read_text().splitlines()) == 4

    def test_a_selection_changes_no_value(self, cases: Path) -> None:
        path = str(cases / "28_hparams_sibling")
        whole = call("export", path, "--data", "hparams", "-o", "-").out
        rows = list(csv.DictReader(io.StringIO(whole)))
        assert [(row["run"], row["final/acc"], row["eval/loss"]) for row in rows] == [
            ("a", "0.4", ""),
            ("b", "", "0.4"),
        ]
        some = call("export", path, "--run", "b", "--data", "hparams", "-o", "-").out
        (row,) = csv.DictReader(io.StringIO(some))
        assert row == {name: value for name, value in rows[1].items() if name in row}
        assert list(row) == ["run", "lr", "eval/loss", "eval/loss (best)", "eval/loss (end)"]


class TestMedia:
    @pytest.fixture
    def media(self, tmp_path: Path) -> Path:
        sound = io.BytesIO()
        with wave.open(sound, "wb") as opened:
            opened.setparams((1, 2, 8000, 0, "NONE", ""))
            opened.writeframes(b"\0\0" * 10)
        builder = EventFileBuilder()
        builder.image("samples/x", 3, PNG + b"1").image("samples/x", 3, PNG + b"2")
        builder.image("../../up", 4, b"\xff\xd8\xff jpeg").image("samples/x", -5, b"what")
        builder.audio("tone", 0, sound.getvalue())
        builder.strings("notes", 7, ["one", "zwei ü"], plugin="text")
        builder.tensor("broken", 1, np.arange(3.0), plugin="images")
        builder.write(tmp_path / "logs" / "run" / "events.out.tfevents.1")
        return tmp_path / "logs"

    def files(self, folder: Path) -> dict[str, bytes]:
        found = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in found}

    def test_pictures_are_written_as_they_were_stored(self, media: Path) -> None:
        target = media.parent / "out"
        told = tbtools.export(tbtools.load(media), target, "images")
        files = self.files(target)
        index = read_csv(io.BytesIO(files.pop("index.csv")))
        assert files == {
            "run/samples/x/00000003.png": PNG + b"1",
            "run/samples/x/00000003-2.png": PNG + b"2",
            "run/samples/x/_-0000005.bin": b"what",
            "run/_/_/up/00000004.jpg": b"\xff\xd8\xff jpeg",
        }
        assert set(index["file"]) == set(files)
        assert set(index["tag"]) == {"samples/x", "../../up"}
        assert told.count == 4
        [undecodable] = told.undecodable
        assert "run run: 'broken' at step 1" in undecodable
        assert told.to_dict()["undecodable"] == [undecodable]
        [problem] = told.problems
        assert problem.pop("message") in undecodable
        assert problem == {"run": "run", "kind": "undecodable", "tag": "broken", "step": 1}

    def test_sounds_and_texts(self, media: Path) -> None:
        tbtools.export(tbtools.load(media), media.parent / "audio", "audio")
        [sound] = (media.parent / "audio").rglob("*.wav")
        with wave.open(str(sound)) as opened:
            assert opened.getnframes() == 10
        tbtools.export(tbtools.load(media), media.parent / "text", "text")
        files = self.files(media.parent / "text")
        assert files["run/notes/00000007.md"] == b"one"
        assert files["run/notes/00000007-2.md"].decode() == "zwei ü"

    def test_tags_that_would_be_one_file_stay_apart(self, tmp_path: Path) -> None:
        EventFileBuilder().text("A:b", 0, "1").text("a_b", 0, "2").text("A?b", 0, "3").write(
            tmp_path / "logs" / "events.out.tfevents.1"
        )
        files = self.files(exported(tmp_path / "logs", "out", data="text"))
        assert sorted(files) == [
            *("A_b-2/00000000.md", "A_b/00000000.md", "a_b-3/00000000.md", "index.csv")
        ]

    def check_names(self, folder: Path, wanted: set[tuple[str, str]]) -> pd.DataFrame:
        """Exports texts that say their run and tag, and reads each back by the index."""
        target = folder / "out"
        told = tbtools.export(folder / "logs", target, "text")
        with (target / "index.csv").open(newline="") as opened:  # pandas 2.2 reads no NUL
            index = pd.DataFrame(csv.DictReader(opened))
        assert told.count == len(index)
        assert set(zip(index["run"], index["tag"], strict=True)) == wanted
        files = self.files(target)
        assert set(index["file"]) == files.keys() - {"index.csv"}
        for each in index.itertuples():
            assert files[str(each.file)].decode() == f"{each.run}|{each.tag}|{each.step}"
        return index

    def test_every_name_is_written_under_one_that_every_system_takes(self, tmp_path: Path) -> None:
        tags = [
            *("img", "val/img", "VAL/IMG", "val//img", "a", "a/00000000.md", "a/00000000-2.md"),
            *(
                "index.csv",
                "Index.CSV/x",
                "CON",
                "nul.png/x",
                "com1",
                "x/..",
                "../../../etc/passwd",
            ),
            *(
                "caf\u00e9",
                "cafe\u0301",
                "CAFE\u0301",
                "-rf",
                ".hidden/.x",
                "end. ",
                "end",
                "0.part",
            ),
            *("x" * 3000, "x" * 2999 + "y", "/".join("ab" for _ in range(3000)), "é" * 200),
            *("a\rb", "a\nb", '"', "a,b", "a\x00b", "\u202egnp", "a\u2028b", "🔥" * 90, ".", "/"),
        ]
        runs = ["train", "train/val", "Train", "index.csv", "aux", "a", "r/00000000.md"]
        wanted = set()
        for run in runs:
            builder = EventFileBuilder()
            for tag in tags:
                for step in (0, -3):
                    builder.text(tag, step, f"{run}|{tag}|{step}")
                wanted.add((run, tag))
            builder.write(tmp_path / "logs" / run / "events.out.tfevents.1")
        index = self.check_names(tmp_path, wanted)
        for path in index["file"]:
            assert len(path.encode()) < 500
            parts = path.split("/")
            for part in parts:
                assert 0 < len(part.encode()) <= 120
                assert part[0] not in ".- "
                assert part[-1] not in ". "
                assert part.split(".")[0].upper() not in {"CON", "NUL", "COM1", "AUX"}
                assert part.isprintable()
                assert not set(part) & set('<>:"\\|?*')
        # On a file system that knows neither case nor normal form, no two files are one, and none
        # is where a directory is.
        files = [unicodedata.normalize("NFD", path).casefold() for path in index["file"]]
        directories = {
            "/".join(path.split("/")[:end])
            for path in files
            for end in range(1, path.count("/") + 1)
        }
        assert len(set(files)) == len(files)
        assert not directories & {*files, "index.csv"}

    def test_names_that_are_sound_stay(self, tmp_path: Path) -> None:
        names = {"lr/0.001": "val/loss curve", "2024-01-02": "layer.0/weight", "größe": "中文/🔥"}
        for run, tag in names.items():
            EventFileBuilder().text(tag, 5, f"{run}|{tag}|5").write(
                tmp_path / "logs" / run / "events.out.tfevents.1"
            )
        index = self.check_names(tmp_path, set(names.items()))
        assert set(index["file"]) == {f"{run}/{tag}/00000005.md" for run, tag in names.items()}

    def test_a_selection_changes_no_name(self, tmp_path: Path) -> None:
        EventFileBuilder().text("A:b", 0, "1").text("a_b", 0, "2").write(
            tmp_path / "logs" / "events.out.tfevents.1"
        )
        tbtools.export(tmp_path / "logs", tmp_path / "out", "text", tags="a_b")
        assert "a_b-2/00000000.md" in self.files(tmp_path / "out")

    def test_a_directory_that_holds_something_is_never_written_to(self, media: Path) -> None:
        target = media.parent / "out"
        target.mkdir()
        (target / "mine").touch()
        with pytest.raises(OutputExists):
            tbtools.export(tbtools.load(media), target, "images")
        with pytest.raises(OutputInsideInput):
            tbtools.export(tbtools.load(media), media / "run" / "pictures", "images")

    def test_nothing_to_write_is_refused(self, logs: Path) -> None:
        with pytest.raises(InvalidArgument, match="no images"):
            exported(logs, "out", data="images")
        assert not (logs.parent / "out").exists()


class TestRefusals:
    def test_an_unknown_ending(self, logs: Path) -> None:
        with pytest.raises(InvalidArgument, match=r"no format has this ending; known are \.csv"):
            exported(logs, "out.xls")

    def test_an_unknown_kind(self, logs: Path) -> None:
        with pytest.raises(InvalidArgument, match="no data 'graph'; there are scalars"):
            exported(logs, "out", data="graph")

    @pytest.mark.parametrize("data", ["graphs", "tensors"])
    def test_there_is_none(self, logs: Path, data: str) -> None:
        with pytest.raises(InvalidArgument, match=f"there are no {data}"):
            exported(logs, "out", data=data)
        assert not (logs.parent / "out").exists()

    @pytest.mark.parametrize(
        ("data", "options", "refused"),
        [
            ("hparams", {"tags": "loss", "wide": True}, "no tags, no wide"),
            ("hparams", {"steps": (1, None)}, "no steps"),
            ("images", {"format": "csv", "force": True}, "no format, no force"),
            ("text", {"wide": True}, "no wide"),
            ("graphs", {"tags": "x", "steps": (1, 2)}, "no tags, no steps"),
        ],
    )
    def test_what_means_nothing_for_the_kind(
        self, logs: Path, data: str, options: dict[str, Any], refused: str
    ) -> None:
        with pytest.raises(InvalidArgument, match=f"an export of {data} takes {refused}$"):
            exported(logs, "out", data=data, **options)

    def test_a_file_that_is_there(self, logs: Path) -> None:
        exported(logs, "out.csv")
        with pytest.raises(OutputExists):
            exported(logs, "out.csv")
        exported(logs, "out.csv", force=True)


class TestRuns:
    def test_paths_runs_and_mappings(self, logs: Path) -> None:
        experiment = tbtools.load(logs)
        texts = set()
        for number, x in enumerate((logs, experiment, dict(experiment), list(experiment.values()))):
            told = tbtools.export(x, logs.parent / f"{number}.csv")
            texts.add((logs.parent / f"{number}.csv").read_text())
        assert len(texts) == 1
        assert told.to_dict() == {
            "data": "scalars",
            "count": told.count,
            "runs": len(experiment),
            "left_out": 0,
            "undecodable": [],
            "superseded": 0,
            "problems": [],
            "notes": list(told.notes),
        }

    def test_what_should_be_known_of_the_runs(self, tmp_path: Path) -> None:
        builder = EventFileBuilder().scalars("loss", [(0, 1.0), (2, 2.0), (1, 3.0), (3, 0.0)])
        builder.corrupt_data_crc().write(tmp_path / "a" / "events.out.tfevents.1")
        told = tbtools.export(tmp_path / "a", tmp_path / "out.csv")
        assert (told.count, told.superseded) == (3, 0)
        assert [each["kind"] for each in told.problems] == ["bad_data"]
        assert [each["kind"] for each in told.notes] == ["steps_go_back"]

    def test_an_empty_run_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "events.out.tfevents.1").touch()
        for data, name in (("scalars", "out.csv"), ("hparams", "out.csv"), ("images", "out")):
            with pytest.raises(NoEventFiles, match="no event could be read"):
                tbtools.export(tmp_path / "a", tmp_path / name, data)
            assert not (tmp_path / name).exists()
        EventFileBuilder().image("im", 0, b"x").write(tmp_path / "im" / "events.out.tfevents.1")
        with pytest.raises(InvalidArgument, match="no scalars"):
            tbtools.export(tmp_path / "im", tmp_path / "out.csv")

    def test_rows_stand_in_the_order_written(self, cases: Path, tmp_path: Path) -> None:
        tbtools.export(cases / "44_names_order", tmp_path / "out.csv")
        rows = read_csv(tmp_path / "out.csv")
        assert rows["step"].tolist() == list(range(200))
        assert (rows["value"].iloc[0], rows["value"].iloc[-1]) == (2.0, 0.01)
        tbtools.export(cases / "04e_reset_div", tmp_path / "back.csv")
        want = tbtools.read_scalars(cases / "04e_reset_div")
        assert read_csv(tmp_path / "back.csv")["step"].tolist() == want["step"].tolist()


class TestCommand:
    def test_standard_output(self) -> None:
        result = call("export", f"{LOGS}/baseline", "-o", "-", "--tag", "val/loss")
        assert (result.status, result.err) == (0, "standard output: 20 rows of 1 run\n")
        assert len(result.out.splitlines()) == 21
        lines = call("export", f"{LOGS}/baseline", "-o", "-", "--format", "jsonl").out
        assert json.loads(lines.splitlines()[0])["tag"] == "optim/grad_norm"

    def test_parquet_to_a_pipe(self) -> None:
        command = [sys.executable, "-m", "tbtools", "export", LOGS, "-o", "-"]
        done = subprocess.run([*command, "--format", "parquet"], capture_output=True, check=True)
        assert len(pd.read_parquet(io.BytesIO(done.stdout))) == len(tbtools.read_scalars(LOGS))

    def test_what_cannot_be_decoded_is_trouble(self, tmp_path: Path) -> None:
        EventFileBuilder().tensor("broken", 1, np.arange(3.0), plugin="images").write(
            tmp_path / "logs" / "events.out.tfevents.1"
        )
        result = call("export", str(tmp_path / "logs"), "--data", "images", "-o", f"{tmp_path}/o")
        assert result.status == 2
        assert "not written: run .: 'broken' at step 1" in result.err

    def test_a_name_cannot_steer_the_terminal(self, tmp_path: Path) -> None:
        EventFileBuilder().scalar("x\x1b[31m", 0, 1.0).write(
            tmp_path / "logs" / "events.out.tfevents.1"
        )
        shown = call("export", str(tmp_path / "logs"), "-o", "-", out=Screen())
        assert "x\\x1b[31m" in shown.out
        piped = process("export", str(tmp_path / "logs"), "-o", "-")
        assert "x\x1b[31m" in piped.out  # data is data


def test_histograms_of_many_runs_are_one_table(tmp_path: Path) -> None:
    for run, steps in (("a", (1, 2)), ("b", (1,))):
        builder = EventFileBuilder()
        for step in steps:
            builder.histogram("w", step, [1.0, 2.0], [3.0, 1.0], minimum=0.0, maximum=2.0)
        builder.write(tmp_path / "logs" / run / "events.out.tfevents.1")
    for kind, read in READERS.items():
        path = tmp_path / f"all.{kind}"
        exported = tbtools.export(tmp_path / "logs", path, "histograms")
        assert (exported.count, exported.runs, exported.undecodable) == (6, 2, ())
        table = read(path)
        assert list(table) == ["run", "tag", "step", "wall_time", "left", "right", "count"]
        assert table["run"].tolist() == ["a"] * 4 + ["b"] * 2
        assert table["left"].tolist() == [0, 1] * 3
        assert table["count"].tolist() == [3, 1] * 3
    shown = call("export", str(tmp_path / "logs"), "--data", "distributions", "-o", "-").out
    rows = list(csv.DictReader(io.StringIO(shown)))
    # Half of what was counted lies below two thirds of the first bucket.
    assert [float(row["bp5000"]) for row in rows] == pytest.approx([2 / 3] * 3)
    only = call("export", str(tmp_path / "logs"), "--data", "histograms", "-o", "-", "--steps", "2")
    assert only.out.count("\n") == 3
    refused = call("export", str(tmp_path / "logs"), "--data", "pr_curves", "-o", "-")
    assert (refused.status, refused.out) == (2, "")


def read_ply(data: bytes) -> tuple[str, np.ndarray, np.ndarray]:
    """Header, vertices and faces by Turk's description of the format."""
    header, _, body = data.partition(b"end_header\n")
    kinds = {"float": "<f4", "uchar": "u1"}
    words = [line.split() for line in header.decode("ascii").splitlines()]
    counts = [int(each[2]) for each in words if each[0] == "element"]
    fields = [
        (each[2], kinds[each[1]]) for each in words if each[0] == "property" and len(each) == 3
    ]
    vertices = np.frombuffer(body, fields, counts[0])
    rest = body[vertices.nbytes :]
    faces = np.frombuffer(rest, [("n", "u1"), ("v", "<i4", 3)])
    assert len(counts) == 1 or counts[1] == len(faces)
    return header.decode(), vertices, faces


def test_meshes_as_other_programs_read_them(tmp_path: Path) -> None:
    tensorboardx = pytest.importorskip("tensorboardX")
    corners = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0.5]]], np.float32)
    colors = np.array([[[255, 0, 0], [0, 255, 0], [1, 2, 3]]])
    with tensorboardx.SummaryWriter(str(tmp_path / "logs" / "a")) as writer:
        settings = {"camera": {"cls": "PerspectiveCamera"}}
        triangle = np.array([[[0, 1, 2]]])
        writer.add_mesh("tri", corners, colors, triangle, settings, global_step=7)
        writer.add_mesh("cloud", corners, global_step=7)
    told = tbtools.export(tmp_path / "logs", tmp_path / "out", "meshes")
    assert (told.count, told.runs) == (2, 1)
    header, vertices, faces = read_ply((tmp_path / "out/a/tri/00000007.ply").read_bytes())
    assert header.startswith("ply\nformat binary_little_endian 1.0\ncomment config {")
    assert json.loads(header.split("comment config ")[1].splitlines()[0]) == settings
    assert [list(map(float, row)) for row in vertices[["x", "y", "z"]]] == corners[0].tolist()
    assert [list(map(int, row)) for row in vertices[["red", "green", "blue"]]] == colors[0].tolist()
    assert faces["n"].tolist() == [3]
    assert faces["v"].tolist() == [[0, 1, 2]]
    _, vertices, faces = read_ply((tmp_path / "out/a/cloud/00000007.ply").read_bytes())
    assert (vertices.dtype.names, faces.size) == (("x", "y", "z"), 0)
    index = read_csv(tmp_path / "out" / "index.csv")
    assert index[["tag", "step"]].to_numpy().tolist() == [["cloud", 7], ["tri", 7]]


def test_tensors_that_nothing_else_shows(tmp_path: Path) -> None:
    matrix = np.arange(6, dtype=np.int64).reshape(2, 3)
    builder = EventFileBuilder().tensor("w", 1, matrix, plugin="mine")
    builder.tensor("logits", 2, np.float32([0.5, -1]), plugin="scalars").scalar("loss", 2, 1.0)
    builder.strings("words", 3, ["a", "ü"], plugin="mine").text("note", 1, "x")
    builder.write(tmp_path / "logs" / "a" / "events.out.tfevents.1")
    told = tbtools.export(tmp_path / "logs", tmp_path / "out", "tensors")
    assert told.count == 3
    out = tmp_path / "out" / "a"
    np.testing.assert_array_equal(np.load(out / "w/00000001.npy"), matrix)
    assert np.load(out / "logits/00000002.npy").dtype == np.float32
    assert json.loads((out / "words/00000003.json").read_text()) == ["a", "ü"]
    index = read_csv(tmp_path / "out" / "index.csv").set_index("tag")
    assert index["shape"].to_dict() == {"w": "2x3", "logits": "2", "words": "2"}
    result = call("export", str(tmp_path / "logs"), "--data", "tensors", "--tag", "w",
                  "--steps", "1", "-o", str(tmp_path / "one"))  # fmt: skip
    assert (result.status, "1 file of 1 run" in result.out) == (0, True)


def test_graphs_are_what_tensorflow_stores(tmp_path: Path) -> None:
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    graph = GraphDef()
    graph.node.add(name="x", op="Placeholder")
    graph.node.add(name="y", op="Relu", input=["x"])
    logs = tmp_path / "logs"
    EventFileBuilder().graph(graph.SerializeToString()).write(logs / "a" / "events.out.tfevents.1")
    EventFileBuilder().scalar("loss", 1, 1.0).write(logs / "b" / "events.out.tfevents.1")
    told = tbtools.export(logs, tmp_path / "out", "graphs")
    assert (told.count, told.runs) == (1, 1)
    assert GraphDef.FromString((tmp_path / "out" / "a" / "graph.pb").read_bytes()) == graph
    assert (tmp_path / "out" / "index.csv").read_text().splitlines()[1] == "a/graph.pb,a,graph,,,0,"
    EventFileBuilder().graph(b"\xff").write(tmp_path / "bad" / "events.out.tfevents.1")
    result = call("export", str(tmp_path / "bad"), "--data", "graphs", "-o", str(tmp_path / "x"))
    assert (result.status, "no GraphDef" in result.err) == (2, True)


def test_texts_have_the_shape_of_their_tensor(tmp_path: Path) -> None:
    builder = EventFileBuilder().strings("table", 0, list("abcdef"), plugin="text", shape=(2, 3))
    builder.strings("one", 0, ["x"], plugin="text", shape=())
    builder.write(tmp_path / "logs" / "events.out.tfevents.1")
    tbtools.export(tmp_path / "logs", tmp_path / "out", "text")
    index = read_csv(tmp_path / "out" / "index.csv")
    table = index[index["tag"] == "table"]
    assert table["shape"].tolist() == ["2x3"] * 6
    cells = [(tmp_path / "out" / file).read_text() for file in table["file"]]
    assert cells == list("abcdef")
    assert table["index"].tolist() == [0, 1, 2, 3, 4, 5]
    assert index[index["tag"] == "one"]["shape"].isna().all()


class TestSheets:
    @pytest.fixture
    def pictures(self, tmp_path: Path) -> Path:
        """A red picture at two steps, and a blue one, and a 16-bit grey, at one."""
        image = pytest.importorskip("PIL.Image", reason="the extra image is not installed")
        red, blue = image.new("RGB", (8, 4), (255, 0, 0)), image.new("RGB", (400, 400), (0, 0, 255))
        grey = image.fromarray(np.full((8, 4), 0x8000, np.uint16))
        for run, those in (("a", [(0, red), (10, blue)]), ("b", [(10, grey)])):
            builder = EventFileBuilder()
            for step, picture in those:
                file = io.BytesIO()
                picture.save(file, "PNG")
                builder.image("x", step, file.getvalue())
            builder.write(tmp_path / "logs" / run / "events.out.tfevents.1")
        return tmp_path / "logs"

    def test_a_contact_sheet(self, pictures: Path) -> None:
        image = pytest.importorskip("PIL.Image")
        target = pictures.parent / "sheet.png"
        result = call("export", str(pictures), "--data", "images", "-o", str(target))
        assert (result.status, result.err) == (0, "")
        assert result.out.endswith("sheet.png: 3 pictures of 2 runs\n")
        pixels = np.asarray(image.open(target).convert("RGB")).reshape(-1, 3)
        counts = {tuple(color): int((pixels == color).all(1).sum())
                  for color in ([255, 0, 0], [0, 0, 255], [128, 128, 128])}  # fmt: skip
        # 8x4 grows twentyfold, 400x400 is made small; a grey of 16 bits is the same grey of 8.
        assert counts == {(255, 0, 0): 160 * 80, (0, 0, 255): 160 * 160, (128,) * 3: 80 * 160}

    def test_an_animation_shows_the_last_picture_of_each(self, pictures: Path) -> None:
        image = pytest.importorskip("PIL.Image")
        told = tbtools.export(pictures, pictures.parent / "x.gif", "images")
        assert (told.count, told.left_out) == (3, 0)
        with image.open(pictures.parent / "x.gif") as opened:
            assert (opened.format, opened.n_frames) == ("GIF", 2)
            first = np.asarray(opened.convert("RGB")).reshape(-1, 3)
            opened.seek(1)
            second = np.asarray(opened.convert("RGB")).reshape(-1, 3)
        assert (first == [255, 0, 0]).all(1).sum() == 160 * 80
        assert not (first == [0, 0, 255]).all(1).any()
        assert (second == [0, 0, 255]).all(1).sum() == 160 * 160

    def test_what_there_is_no_room_for_is_told(self, tmp_path: Path) -> None:
        image = pytest.importorskip("PIL.Image", reason="the extra image is not installed")
        file = io.BytesIO()
        image.new("L", (2, 2)).save(file, "PNG")
        builder = EventFileBuilder().image("x", 99, b"\x89PNG\r\n\x1a\n broken")
        for step in range(40):
            builder.image("x", step, file.getvalue())
        builder.write(tmp_path / "logs" / "events.out.tfevents.1")
        result = call("export", str(tmp_path / "logs"), "--data", "images",
                      "-o", str(tmp_path / "x.png"))  # fmt: skip
        assert result.status == 2  # one cannot be decoded
        assert "x.png: 12 pictures of 1 run\n" in result.out
        assert "28 pictures left out: there is room for some" in result.err
        assert "not written: run .: 'x' at step 99" in result.err

    def test_mistakes(self, pictures: Path) -> None:
        target = pictures.parent / "x.gif"
        target.write_text("mine")
        arguments = ["export", str(pictures), "--data", "images", "-o", str(target)]
        assert "exists" in call(*arguments).err
        assert "takes no csv_safe" in call(*arguments, "--csv-safe").err
        for other in ("x.jpg", "x.MP4"):
            result = call(*arguments[:-1], str(pictures.parent / other))
            assert result.status == 2
            assert "images become one .png or .gif, or a directory" in result.err
        assert target.read_text() == "mine"
        assert call(*arguments, "--force").status == 0
        with pytest.raises(InvalidArgument, match="no points in steps 11:"):
            tbtools.export(pictures, target, "images", steps=(11, None), force=True)
