"""Tables in every format that endings stand for, read back by other programs."""

from __future__ import annotations

import gzip
import json
import math
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import tbtools
from tests.builders import EventFileBuilder
from tests.commands import ROOT, TBTOOLS, call, environment
from tests.tables import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOSTILE = "=1+1"


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """Two runs: numbers of several types, some that are none, and a tag that is a formula."""
    builder = EventFileBuilder().scalars("loss", [(0, 0.1), (1, math.nan), (2, -math.inf)])
    builder.tensor_scalar("count", 2**53 + 1, 7, "int64").tensor_scalar(
        "exact", 0, 1 / 3, "float64"
    )
    builder.write(tmp_path / "logs" / "a" / "events.out.tfevents.1")
    EventFileBuilder().scalar(HOSTILE, 0, 0.5).write(
        tmp_path / "logs" / "b" / "events.out.tfevents.1"
    )
    return tmp_path / "logs"


def read_workbook(path: Path) -> pd.DataFrame:
    openpyxl = pytest.importorskip("openpyxl")
    (sheet,) = openpyxl.load_workbook(path).worksheets
    names, *rows = sheet.iter_rows()
    # "f" would be a formula, "b" a bool.
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n"}
    cells = [[cell.value for cell in row] for row in rows]
    return pd.DataFrame(cells, columns=[cell.value for cell in names])


def read_compressed(path: Path) -> pd.DataFrame:
    plain = path.with_suffix("")
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    return READERS[plain.suffix](plain)


def read_json(path: Path) -> pd.DataFrame:
    return pd.DataFrame(json.loads(path.read_text()))


def read_lines(path: Path) -> pd.DataFrame:
    return pd.DataFrame([json.loads(line) for line in path.read_text().splitlines()])


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": read_csv,
    ".json": read_json,
    ".jsonl": read_lines,
    ".xlsx": read_workbook,
    ".csv.gz": read_compressed,
    ".json.gz": read_compressed,
    ".jsonl.gz": read_compressed,
}
WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "inf": math.inf}
WORDS |= {"-inf": -math.inf}


def numbers(frame: pd.DataFrame) -> list[float]:
    """The values; JSON has the words for those that are none beside them, workbooks in place."""
    told = frame.get("nonfinite", pd.Series([None] * len(frame)))
    return [
        WORDS[words["value"]] if isinstance(words, dict) else float(WORDS.get(value, value))
        for value, words in zip(frame["value"], told, strict=True)
    ]


@pytest.mark.parametrize("ending", READERS)
def test_every_format_has_every_point(logdir: Path, ending: str) -> None:
    target = logdir.parent / f"out{ending}"
    assert call("export", str(logdir), "-o", str(target)).status == 0
    frame, want = READERS[ending](target), tbtools.load(logdir).scalars()
    for name in ("run", "tag", "step"):
        assert [str(cell) for cell in frame[name]] == [str(cell) for cell in want[name]], name
    assert frame["wall_time"].tolist() == want["wall_time"].tolist()
    stored = np.where(want["tag"] == "exact", want["value"], want["value"].astype(np.float32))
    got = np.array(numbers(frame))
    np.testing.assert_array_equal(
        np.where(want["tag"] == "exact", got, got.astype(np.float32)), stored
    )
    again = logdir.parent / f"again{ending}"
    tbtools.export(logdir, again)
    assert again.read_bytes() == target.read_bytes()  # no time of writing, and no name


@pytest.mark.parametrize("ending", [".csv.gz", ".json", ".xlsx"])
def test_aggregates_too(logdir: Path, ending: str) -> None:
    target = logdir.parent / f"out{ending}"
    arguments = ["--tag", "exact", "--statistics", "mean,std"]
    assert call("aggregate", str(logdir), *arguments, "-o", str(target)).status == 0
    (row,) = READERS[ending](target).to_dict("records")
    assert (row["tag"], row["runs"], row["mean"]) == ("exact", 1, 1 / 3)
    assert pd.isna(row.get("std"))  # of one run there is no spread


@pytest.mark.parametrize("data", ["hparams", "histograms"])
def test_workbooks_of_other_data(logdir: Path, data: str) -> None:
    with tbtools.EventFileWriter(logdir / "a") as writer:
        writer.add_hparams({"lr": 1e-3, "fast": True, "name": HOSTILE, "seed": math.nan})
    histograms = EventFileBuilder().histogram("weights", 3, [1.0, 2.0], [2.0, 1.0])
    histograms.write(logdir / "a" / "events.out.tfevents.9")
    target = logdir.parent / "out.xlsx"
    tbtools.export(logdir, target, data)
    openpyxl = pytest.importorskip("openpyxl")
    names, row, *_ = openpyxl.load_workbook(target).worksheets[0].iter_rows(values_only=True)
    cells = dict(zip(names, row, strict=True))
    if data == "hparams":
        assert (cells["lr"], cells["fast"], cells["name"]) == (1e-3, True, HOSTILE)
        assert cells["seed"] == "NaN"
    else:
        assert (cells["run"], cells["tag"], cells["step"]) == ("a", "weights", 3)


def test_what_no_sheet_holds_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"step": [0], "text": ["a" * 32_768]})
    with pytest.raises(tbtools.InvalidArgument, match="a text of 32,768 characters"):
        tbtools.write(frame, tmp_path / "out.xlsx")
    wide = pd.DataFrame(np.zeros((1, 16_385)))
    with pytest.raises(tbtools.InvalidArgument, match="16385 columns"):
        tbtools.write(wide, tmp_path / "out.xlsx")
    assert not (tmp_path / "out.xlsx").exists()


def test_texts_in_workbooks_stay_what_they_are(tmp_path: Path) -> None:
    texts = ["=HYPERLINK(1)", "http://a.example", "{=1}", "a\x00\x1b[31m\r\n", "\ud800", "007", ""]
    tbtools.write(pd.DataFrame({"text": texts}, dtype=object), tmp_path / "out.xlsx")
    got = read_workbook(tmp_path / "out.xlsx")["text"].fillna("").tolist()
    # Control characters are escaped as ECMA-376 has it (ST_Xstring).
    assert got[:3] + got[5:] == texts[:3] + texts[5:]
    assert got[3].startswith("a_x0000__x001B_[31m") or got[3] == texts[3]
    assert got[4] == r"\ud800"


@pytest.mark.parametrize("command", ["aggregate", "smooth"])
@pytest.mark.parametrize("name", ["out.prq", "out.CSVX", "out.v2"])
def test_an_unknown_ending_is_no_directory(logdir: Path, command: str, name: str) -> None:
    target = str(logdir.parent / name)
    result = call(command, str(logdir), "--tag", "exact", "-o", target)
    assert (result.status, result.out) == (2, "")
    assert "no format has this ending; known are .csv, " in result.err
    assert f"a directory is {target}/" in result.err
    assert not (logdir.parent / name).exists()
    assert call(command, str(logdir), "--tag", "exact", "-o", f"{target}/").status == 0
    assert (logdir.parent / name).is_dir()
    # It is one now.
    again = call(command, str(logdir), "--tag", "exact", "-o", target, "--force")
    assert again.status == 0


@pytest.mark.parametrize("name", ["lr=0.1", "run.2", "a.b-c", ".hidden"])
def test_other_names_are_directories(logdir: Path, name: str) -> None:
    frame = tbtools.load(logdir).scalars("exact")
    tbtools.write(frame, logdir.parent / name)
    assert (logdir.parent / name).is_dir()


@pytest.mark.parametrize("ending", [".csv.gz", ".json", ".xlsx"])
def test_safe_cells_are_those_of_csv(logdir: Path, ending: str) -> None:
    target = logdir.parent / f"out{ending}"
    result = call("smooth", str(logdir), "-o", str(target), "--csv-safe")
    if ending == ".csv.gz":
        assert result.status == 0
        assert f"'{HOSTILE}" in gzip.decompress(target.read_bytes()).decode()
    else:
        assert (result.status, target.exists()) == (2, False)


@pytest.mark.parametrize("ending", [".csv.gz", ".json", ".xlsx"])
def test_a_full_disk_is_one_line(logdir: Path, ending: str) -> None:
    (logdir.parent / f"full{ending}").symlink_to("/dev/full")
    result = call("export", str(logdir), "-o", str(logdir.parent / f"full{ending}"))
    assert (result.status, result.out) == (2, "")
    assert result.err.splitlines()[-1].endswith("No space left on device")
    assert "Traceback" not in result.err


def test_a_pipe_that_nobody_reads_is_no_traceback(logdir: Path) -> None:
    command = [*TBTOOLS, "export", str(logdir), "-o", "-", "--format", "xlsx"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert process.returncode in (0, 2)


def test_endings_are_told_without_case(logdir: Path) -> None:
    target = logdir.parent / "OUT.CSV.GZ"
    tbtools.export(logdir, target)
    assert b"run,tag,step" in gzip.decompress(target.read_bytes())
