"""Numbers on disk as text: whatever is written reads back as the number that was stored."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tbtools
from tests.builders import EventFileBuilder
from tests.commands import call
from tests.tables import read_csv

# What each type on disk can hold; doubles that happen to be float32 among them.
STORED: dict[str, Any] = {
    "float32": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "float64": st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(2**14, 2**43).map(lambda thousand: thousand * 1024.0),
    "float16": st.floats(width=16, allow_nan=False, allow_infinity=False),
    "int64": st.integers(-(2**53), 2**53),
}


def read_lines(path: Path) -> pd.DataFrame:
    """JSON lines by the standard library: pandas makes whole numbers of what looks like them."""
    return pd.DataFrame([json.loads(line) for line in path.read_text().splitlines()])


@settings(max_examples=25, deadline=None)
@given(st.fixed_dictionaries(STORED))
@example(dict.fromkeys(STORED, 50331648) | {"float16": 0.1})
def test_scalars_read_back_as_they_were_stored(stored: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        builder = EventFileBuilder()
        for dtype, value in stored.items():
            builder.tensor_scalar(dtype, 1, value, dtype)
        builder.write(folder / "logs" / "a" / "events.out.tfevents.1")
        with tbtools.EventFileWriter(folder / "logs" / "a") as writer:
            writer.add_hparams({"seed": stored["float64"]})
        texts: list[dict[str, Any]] = []
        for ending, read in (("csv", read_csv), ("jsonl", read_lines)):
            for data, options in (("scalars", {"wide": True}), ("hparams", {})):
                target = folder / f"{data}.{ending}"
                tbtools.export(folder / "logs", target, data, **options)
                texts.append(read(target).iloc[0].to_dict())
                if data == "hparams":
                    assert texts[-1]["seed"] == stored["float64"]
            tbtools.export(folder / "logs", target, force=True)
            texts.append(read(target).set_index("tag")["value"].to_dict())
        summary = json.loads(call("summarize", f"{folder}/logs", "--format", "json").out)
        series = [tag for tag in summary["runs"][0]["tags"] if tag["plugin"] == "scalars"]
        texts.append({each["tag"]: each["last"] for each in series})
        for text in texts:
            for dtype, value in stored.items():
                kind = np.dtype(dtype).type
                assert kind(text[dtype]) == kind(value), (text, dtype)


@pytest.mark.parametrize("value", [1234567936.0, 50331648.0, 2.0**53, 16777216.0 * 3])
def test_a_seed_is_the_seed(tmp_path: Path, value: float) -> None:
    for number in range(2):
        with tbtools.EventFileWriter(tmp_path / f"logs/run{number}") as writer:
            writer.add_hparams({"seed": value * (1 + number)})
            writer.add_scalar("loss", 0.1, 1)
    tbtools.export(tmp_path / "logs", tmp_path / "out.csv", "hparams")
    assert (tmp_path / "out.csv").read_text().splitlines() == [
        "run,seed,loss",
        f"run0,{value!r},0.1",
        f"run1,{2 * value!r},0.1",
    ]


def test_an_interpolated_extreme_is_no_stored_value(tmp_path: Path) -> None:
    points = {"a": [(0, 0.1), (3, 0.2)], "b": [(1, 9.0), (2, 9.0)]}
    for name, of_run in points.items():
        EventFileBuilder().scalars("loss", of_run).write(
            tmp_path / "logs" / name / "events.out.tfevents.1"
        )
    aggregate = tbtools.aggregate(tmp_path / "logs", align="interpolate")
    tbtools.write(aggregate, tmp_path / "out.csv")
    written, frame = read_csv(tmp_path / "out.csv"), aggregate.to_frame()
    low, high = (float(np.float32(value)) for value in (0.1, 0.2))
    truth = np.interp([0, 1, 2, 3], [0, 3], [low, high])
    assert written["min"].to_numpy() == pytest.approx(truth, rel=1e-15)
    assert written["min"].tolist() == frame["min"].tolist()
