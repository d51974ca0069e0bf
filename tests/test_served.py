"""What the commands write is shown by a running TensorBoard, point by point, and read by tbparse.

What has to be there is computed here from the numbers that the logs were made of, by pandas.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tbparse import SummaryReader

from tests.builders import START, EventFileBuilder
from tests.commands import call
from tests.served import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.served import Server

SEEDS = 3
POINTS = 1200  # more than TensorBoard shows of a tag unless it is told to show all
PNG = b"\x89PNG\r\n\x1a\n"
WEIGHT = 0.9
DAMAGED = 500


def losses() -> Any:
    """float32, one row a seed; of the last one the end is NaN."""
    random = np.random.default_rng(0)
    values = (random.normal(size=(SEEDS, POINTS)) + 3).astype(np.float32)
    values[-1, -5:] = np.nan
    return values


def times(seed: int) -> Any:
    return START + 5000.0 * seed + np.arange(POINTS)


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands wrote of three seeds, and of a training of two pieces."""
    folder = tmp_path_factory.mktemp("served")
    for seed, values in enumerate(losses()):
        builder = EventFileBuilder().file_version(wall_time=START + 5000.0 * seed)
        for step, (value, time) in enumerate(zip(values.tolist(), times(seed), strict=True)):
            builder.scalar("loss", step, value, time)
        builder.write(folder / "seeds" / f"seed{seed}" / "events.out.tfevents.1")
    for number, (first, end) in enumerate([(0, 1000), (700, POINTS)]):
        builder = EventFileBuilder().file_version(wall_time=START + 9000.0 * number + first)
        for step in range(first, end):
            time = START + 9000.0 * number + step
            builder.scalar("loss", step, step + number / 2, time)
            # Metadata comes with the first value alone, which the second piece has not.
            builder.tensor_scalar(
                "acc", step, step / 4, plugin=None if step != first else "scalars", wall_time=time
            )
            if step % 100 == 0:
                builder.image("sample", step, PNG + bytes([number]), wall_time=time)
                builder.text("note", step, f"piece {number}", wall_time=time)
                builder.histogram("weights", step, [float(step)], [number + 1], wall_time=time)
        builder.write(folder / "pieces" / f"events.out.tfevents.{number}")
    damaged = EventFileBuilder().file_version()
    for step in range(POINTS):
        damaged.scalar("loss", step, step / 8, START + step)
        if step == DAMAGED:
            damaged.corrupt_data_crc()
    damaged.write(folder / "damaged" / "events.out.tfevents.1")
    rows = [f"{step},{START + step},{step / 8}" for step in range(POINTS)]
    (folder / "table.csv").write_text("\n".join(["step,wall_time,loss", *rows]))
    for words in (
        ["merge", f"{folder}/pieces", "-o", f"{folder}/out/merged"],
        ["aggregate", f"{folder}/seeds", "-o", f"{folder}/out/over_seeds"],
        ["smooth", f"{folder}/seeds", "--weight", str(WEIGHT), "-o", f"{folder}/out/smooth"],
        ["edit", f"{folder}/out/merged", "--rename", "s/^/eval-/", "--scale-steps", "2",
         "--shift-steps", "10", "--split-by-tag", "^(?=(acc))", "-o", f"{folder}/out/edited"],
        ["compact", f"{folder}/pieces", "--images", "last:5", "--histograms", "every:5",
         "--text", "first:3", "-o", f"{folder}/out/compacted"],
        ["merge", f"{folder}/pieces", "--same", "objective=loss", "--tag", "objective",
         "-o", f"{folder}/out/renamed"],
        ["repair", f"{folder}/damaged", "-o", f"{folder}/out/repaired"],
        ["import", f"{folder}/table.csv", "-o", f"{folder}/out/imported"],
    ):  # fmt: skip
        (folder / "out").mkdir(exist_ok=True)
        assert call(*words).status == 0
    return folder / "out"


Curve = list[tuple[float, int, float]]


def expected() -> dict[tuple[str, str], Curve]:
    """Run and tag to the points that have to be there, in TensorBoard's order."""
    curves: dict[tuple[str, str], Any] = {}
    steps = np.arange(POINTS)
    piece = (steps >= 700).astype(int)
    time = START + 9000.0 * piece + steps
    curves["merged", "loss"] = time, steps, steps + piece / 2
    curves["merged", "acc"] = time, steps, steps / 4
    for tag in ("loss", "acc"):
        _, _, values = curves["compacted", tag] = curves["merged", tag]
        run = "edited/acc" if tag == "acc" else "edited"
        curves[run, f"eval-{tag}"] = time, 2 * steps + 10, values
    curves["renamed", "objective"] = curves["merged", "loss"]
    whole = steps != DAMAGED
    curves["repaired", "loss"] = (START + steps)[whole], steps[whole], steps[whole] / 8
    curves["imported", "loss"] = START + steps, steps, steps / 8
    frame = pd.DataFrame(losses().T.astype(np.float64))
    statistics = {
        "mean": frame.mean(axis=1, skipna=False),
        "std": frame.std(axis=1, skipna=False),
        "stderr": frame.sem(axis=1, skipna=False),
        "median": frame.median(axis=1, skipna=False),
        "min": frame.min(axis=1, skipna=False),
        "max": frame.max(axis=1, skipna=False),
        "iqm": frame.mean(axis=1, skipna=False),  # of three runs none is left out
    }
    for name, values in statistics.items():
        # The runs began 5,000 seconds apart, and were as fast as one another.
        curves[f"over_seeds/{name}", "loss"] = times(0), steps, values
    for seed in range(SEEDS):
        average = frame[seed].ewm(alpha=1 - WEIGHT, adjust=True, ignore_na=True).mean()
        values = average.where(frame[seed].notna())
        curves[f"smooth/seed{seed}", "loss"] = times(seed), steps, values
    return {
        key: list(zip(*(np.asarray(column).tolist() for column in columns), strict=True))
        for key, columns in curves.items()
    }


@pytest.fixture(scope="module", params=["python", "rust"])
def server(logdir: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(logdir, f"--load_fast={str(request.param == 'rust').lower()}") as served:
        served.wait_for_points(sum(map(len, expected().values())))
        yield served


def assert_same(got: list[Any], want: Curve) -> None:
    assert len(got) == len(want)
    for (time, step, value), (want_time, want_step, want_value) in zip(got, want, strict=True):
        assert (time, step) == (want_time, want_step)
        # Event files hold float32, and pandas sums in another order.
        assert value == pytest.approx(want_value, rel=1e-6, nan_ok=True)


def test_every_run_tag_and_point_is_shown(server: Server) -> None:
    shown, curves = server.scalars(), expected()
    assert shown.keys() == curves.keys()
    for key, want in curves.items():
        # TensorBoard's JSON has the word "NaN" for what JSON has no number for.
        points = [(*place, math.nan if value == "NaN" else value) for *place, value in shown[key]]
        assert_same(points, want)


LOGGED = list(range(0, POINTS, 100))


@pytest.mark.parametrize(
    ("run", "prefix", "pictures", "texts", "histograms"),
    [
        ("merged", "", LOGGED, LOGGED, LOGGED),
        ("edited", "eval-", LOGGED, LOGGED, LOGGED),
        ("compacted", "", LOGGED[-5:], LOGGED[:3], [*LOGGED[::5], LOGGED[-1]]),
    ],
)
def test_pictures_texts_and_histograms_of_both_pieces_are_shown(
    server: Server,
    run: str,
    prefix: str,
    pictures: list[int],
    texts: list[int],
    histograms: list[int],
) -> None:
    def moved(steps: list[int]) -> list[int]:
        return [2 * step + 10 for step in steps] if prefix else steps

    shown = server.get("plugin/images/images", run=run, tag=f"{prefix}sample")
    assert [each["step"] for each in shown] == moved(pictures)
    contents = [server.content(f"plugin/images/individualImage?{each['query']}&") for each in shown]
    assert contents == [PNG + bytes([int(step >= 700)]) for step in pictures]
    shown = server.get("plugin/text/text", run=run, tag=f"{prefix}note")
    assert [each["step"] for each in shown] == moved(texts)
    assert [each["text"] for each in shown] == [
        f"<p>piece {int(step >= 700)}</p>" for step in texts
    ]
    shown = server.get("plugin/histograms/histograms", run=run, tag=f"{prefix}weights")
    assert [step for _, step, _ in shown] == moved(histograms)


def test_tbparse_reads_the_same_points(logdir: Path) -> None:
    # tbparse takes scalars of TensorFlow 2 for tensors.
    reader = SummaryReader(
        str(logdir), extra_columns={"wall_time", "dir_name"}, event_types={"scalars"}
    )
    frame = reader.scalars
    curves = {key: want for key, want in expected().items() if not key[1].endswith("acc")}
    assert set(zip(frame["dir_name"], frame["tag"], strict=True)) == set(curves)
    for (run, tag), want in curves.items():
        rows = frame[(frame["dir_name"] == run) & (frame["tag"] == tag)]
        columns = (rows[name].tolist() for name in ("wall_time", "step", "value"))
        assert_same(list(zip(*columns, strict=True)), want)
