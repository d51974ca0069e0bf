"""What other tools do wrong on logs like these, and tbtools does not: each failure by its name.

Each docstring says what the other tool does, as it was seen with the versions that pip installed in
2026; the numbers are those of the list of what peers do badly that the design rests on.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import tbtools
from tests.builders import START, EventFileBuilder
from tests.commands import call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

NAN = math.nan


def write_runs(folder: Path, runs: Mapping[str, Sequence[tuple[int, float]]]) -> Path:
    for name, points in runs.items():
        EventFileBuilder().file_version().scalars("loss", points).write(
            folder / name / "events.out.tfevents.1"
        )
    return folder


def test_tensorboard_ui_csv_loses_points_and_the_spike_with_them(tmp_path: Path) -> None:
    """1. TensorBoard's CSV download: of 12,000 points 1,000, without the spike at step 6,543."""
    values = np.random.default_rng(0).random(12_000)
    values[6543] = 100.0
    frame = pd.DataFrame({"step": np.arange(12_000), "wall_time": START, "value": values})
    tbtools.write(frame, tmp_path / "big")
    target = tmp_path / "out.csv"
    result = call("export", str(tmp_path / "big"), "-o", str(target))
    assert (result.status, result.out, result.err) == (0, f"{target}: 12,000 rows of 1 run\n", "")
    got = pd.read_csv(target)
    assert (len(got), got["step"].iloc[0], got["value"].max()) == (12_000, 0, 100.0)


def test_tensorboard_reducer_thins_long_runs_at_random(tmp_path: Path) -> None:
    """3. tb-reducer --lax-steps on 20,000 and 25,000 points: 8,007 common steps of 20,000."""
    for name, count in (("long0", 20_000), ("long1", 25_000)):
        frame = pd.DataFrame({"step": np.arange(count), "wall_time": START, "value": 1.0})
        tbtools.write(frame, tmp_path / name)
    result = tbtools.aggregate(tmp_path)
    assert [(each.points, each.runs) for each in result.series[0].stretches()] == [
        (20_000, 2),
        (5_000, 1),
    ]


def test_tensorboard_reducer_makes_nothing_of_steps_that_differ(tmp_path: Path) -> None:
    """4. tb-reducer on as many points at other steps: an empty CSV, and no error."""
    write_runs(tmp_path, {"disj0": [(0, 1.0), (2, 1.0)], "disj1": [(1, 3.0), (3, 3.0)]})
    assert tbtools.aggregate(tmp_path).to_frame()["runs"].tolist() == [1, 1, 1, 1]
    on_lines = tbtools.aggregate(tmp_path, align="interpolate").to_frame()
    assert on_lines["runs"].tolist() == [1, 2, 2, 1]


def test_tensorboard_reducer_loses_ten_steps_of_a_run_that_began_later(tmp_path: Path) -> None:
    """4. tb-reducer on runs of 100 points, one ten steps later: 90 of them."""
    runs = {name: [(first + step, 1.0) for step in range(100)] for name, first in
            (("off0", 0), ("off1", 10))}  # fmt: skip
    result = tbtools.aggregate(write_runs(tmp_path, runs))
    told = [(each.first, each.last, each.runs) for each in result.series[0].stretches()]
    assert told == [(0, 9, 1), (10, 99, 2), (100, 109, 1)]


def test_tensorboard_reducer_lets_a_diverged_run_vanish(tmp_path: Path) -> None:
    """5. tb-reducer -r mean,std: the mean of 7 and NaN is 7, and the std is empty."""
    write_runs(tmp_path, {"nan0": [(0, 7.0)], "nan1": [(0, NAN)]})
    frame = tbtools.aggregate(tmp_path).to_frame()
    assert frame["mean"].isna().all()
    assert (frame["runs"].item(), frame["nonfinite"].item()) == (2, 1)
    dropped = tbtools.aggregate(tmp_path, nonfinite="drop").to_frame()
    assert (dropped["mean"].item(), dropped["runs"].item(), dropped["nonfinite"].item()) == (
        7,
        1,
        1,
    )


def test_tbparse_reads_one_text_of_four(tmp_path: Path) -> None:
    """6. SummaryReader(event_types={'text'}): one of four texts."""
    EventFileBuilder().text("a", 0, "1").text("b", 0, "2").strings(
        "c", 1, ["3", "4"], plugin="text"
    ).scalars("loss", [(0, 1.0)]).write(tmp_path / "logs" / "events.out.tfevents.1")
    result = call("export", str(tmp_path / "logs"), "--data", "text", "-o", f"{tmp_path}/text")
    assert result.out == f"{tmp_path}/text: 4 files of 1 run\n"


def test_tbparse_mixes_runs_in_one_frame(tmp_path: Path) -> None:
    """6. SummaryReader(dir) without dir_name: rows of all runs, and nothing says of which."""
    runs = {f"run{number}": [(0, float(number))] for number in range(17)}
    write_runs(tmp_path / "logs", runs)
    target = tmp_path / "out.csv"
    call("export", str(tmp_path / "logs"), "-o", str(target))
    got = pd.read_csv(target)
    assert dict(zip(got["run"], got["value"], strict=True)) == {
        name: points[0][1] for name, points in runs.items()
    }


def test_tbparse_pivot_puts_lists_of_no_order_into_cells(tmp_path: Path) -> None:
    """7. pivot=True on a restart: [0.235, 0.335] at step 100, [0.333, 0.233] at step 101."""
    first = [(step, step / 8) for step in range(120)]
    again = [(step, 100 + step / 8) for step in range(100, 200)]
    for number, points in enumerate((first, again)):
        EventFileBuilder().scalars("loss", points, START + 1000 * number).write(
            tmp_path / "logs" / f"events.out.tfevents.{number}"
        )
    target = tmp_path / "out.csv"
    result = call(
        "export", str(tmp_path / "logs"), "--wide", "--restarts", "keep", "-o", f"{target}"
    )
    assert result.out == f"{target}: 200 rows of 1 run\n"
    assert result.err.startswith("20 points left out")
    got = pd.read_csv(target)
    assert got["loss"].dtype == np.float64
    # The last one written stands in the cell, at every step.
    assert got["loss"].tolist() == [value for _, value in (*first[:100], *again)]


def test_tblike_makes_one_run_of_three(tmp_path: Path) -> None:
    """8. tblike convert: runs in directories named by date become one, 150 points become 50."""
    names = [f"2025010{day}_000000" for day in (1, 2, 3)]
    write_runs(tmp_path / "exp", {name: [(step, 1.0) for step in range(50)] for name in names})
    result = tbtools.aggregate(tmp_path / "exp")
    assert result.series[0].members == tuple(names)
    assert set(result.to_frame()["runs"]) == {3}
    target = tmp_path / "out.csv"
    call("export", str(tmp_path / "exp"), "-o", str(target))
    assert pd.read_csv(target)["run"].value_counts().to_dict() == dict.fromkeys(names, 50)


@pytest.mark.parametrize("arguments", [["merge"], ["aggregate"], ["smooth"], ["export"]])
def test_tensorboard_reducer_deletes_a_directory_that_nobody_named(
    tmp_path: Path, arguments: list[str]
) -> None:
    """14. tb-reducer with overwrite and the name 'precious my out.csv': rm -rf of 'precious'."""
    write_runs(tmp_path, {"logs": [(0, 1.0)], "precious": [(0, 2.0)], "my": [(0, 3.0)]})
    ending = "" if arguments == ["merge"] else ".csv"
    target = tmp_path / f"precious my out{ending}"
    before = {path: path.read_bytes() for path in tmp_path.rglob("*tfevents*")}
    for _ in range(2):  # the second time there is something to replace
        result = call(*arguments, str(tmp_path / "logs"), "-o", str(target), "--force")
        assert result.status == 0
    assert target.exists()
    after = {path: path.read_bytes() for path in tmp_path.glob("[!p]*/*tfevents*")}
    after |= {path: path.read_bytes() for path in (tmp_path / "precious").iterdir()}
    assert after == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing option '-o'"),
        (["-o", "{}/x.npz"], "x.npz: no format has this ending; known are .csv"),
        (["-o", "{}/x.csv", "--statistics", "mean,mode"], "no statistic 'mode'; there are mean"),
    ],
)
def test_tensorboard_reducer_crashes_on_wrong_arguments(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    """21. tb-reducer without -o, or with no known operation: AttributeError; .csv.gz: folders."""
    write_runs(tmp_path / "logs", {"a": [(0, 1.0)]})
    result = call("aggregate", f"{tmp_path}/logs", *(each.format(tmp_path) for each in arguments))
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert result.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


@pytest.mark.parametrize("how", ["exact", "interpolate", 1.0])
def test_autolineplotter_goes_on_with_the_last_value_of_short_seeds(
    tmp_path: Path, how: str | float
) -> None:
    """27. autolineplotter pads short seeds with their last value, in the plot and in the CSV."""
    write_runs(tmp_path, {"short": [(0, 1.0)], "long": [(0, 3.0), (1, 5.0)]})
    frame = tbtools.aggregate(tmp_path, align=how).to_frame()  # type: ignore[arg-type]
    assert frame["mean"].tolist() == [2.0, 5.0]
    assert frame["runs"].tolist() == [2, 1]
