"""What functions take as runs: paths, runs, experiments and several of these, all of them alike."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import tbtools
from tests.builders import START, EventFileBuilder
from tests.render.report_logs import page_of

if TYPE_CHECKING:
    from collections.abc import Callable


# Each function of runs; what is made of one of them says of how many points it is.
COUNT: dict[str, Callable[[Any], int]] = {
    "aggregate": lambda x: int(tbtools.aggregate(x).to_frame()["runs"].sum()),
    "best": lambda x: 30 * len(tbtools.best(x).runs),
    "compact": lambda x: tbtools.compact(x).kept,
    "compare_scores": lambda x: 30 * sum(len(g.runs) for g in tbtools.compare_scores(x).groups),
    "detect": lambda x: 30 * [each.kind for each in tbtools.detect(x)].count("nonfinite"),
    "diff": lambda x: sum(run.points_a for run in tbtools.diff(x, "logs/a").runs),
    "diff_against": lambda x: 30 * (tbtools.diff_against(x, accepted()).logdir != ""),
    "diff_report": lambda x: 30 * (write_diff(x).read_text("utf-8").count("identical") > 0),
    "edit": lambda x: tbtools.edit(x, shift_steps=1).kept,
    "explain": lambda x: tbtools.explain(x).curves[0].of,
    "export": lambda x: tbtools.export(x, "x.csv", force=True).count,
    "figure": lambda x: 30 * (tbtools.figure(x, "x.tex", force=True).runs > 0),
    "load": lambda x: len(tbtools.load(x).scalars()),
    "merge": lambda x: tbtools.merge(x).points,
    "plot": lambda x: max(len(trace.x) for trace in tbtools.plot(x).data),
    "read_scalars": lambda x: len(tbtools.read_scalars(x)),
    "repair": lambda x: sum(file.records for file in tbtools.repair(x).files),
    "report": lambda x: 30 * len(page_of(written(x).read_text("utf-8"))["runs"]),
    "smooth": lambda x: len(tbtools.smooth(x)),
    "summarize": lambda x: sum(run.points for run in tbtools.summarize(x).runs),
    "widget": lambda x: 30 * len(page_of(tbtools.widget(x).page)["runs"]),
    "verify": lambda x: sum(file.records for file in tbtools.verify(x).files),
}


def accepted() -> Path:
    """Three runs of what the others are."""
    for name in "xyz":
        folder = Path("accepted", name)
        if not folder.exists():
            shutil.copytree("logs/a", folder)
    return Path("accepted")


def written(given: Any) -> Path:
    return tbtools.report(given, "r.html", force=True)


def write_diff(given: Any) -> Path:
    found = tbtools.diff(given, "logs/a")
    return tbtools.diff_report(found, given, "logs/a", "d.html", force=True)


GIVEN: dict[str, Callable[[], Any]] = {
    "a path": lambda: "logs/a",
    "a file": lambda: "logs/a/events.out.tfevents.1",
    "a PathLike": lambda: Path("logs/a"),
    "a list": lambda: ["logs/a"],
    "a list of PathLikes": lambda: [Path("logs/a")],
    "an experiment": lambda: tbtools.load("logs/a"),
    "an experiment of a selection": lambda: tbtools.load("logs", runs="a"),
    "a run": lambda: tbtools.load("logs")["a"],
    "a list of runs": lambda: [tbtools.load("logs")["a"]],
    "a list of experiments": lambda: [tbtools.load("logs/a")],
}


@pytest.fixture(autouse=True)
def _logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        builder = EventFileBuilder()
        for step in range(30):
            value = math.nan if step > 20 else 1 / (1 + step)
            builder.scalar("loss", step, value, START + step + 100 * (name == "b"))
        builder.write(tmp_path / "logs" / name / "events.out.tfevents.1")
    monkeypatch.chdir(tmp_path)


def test_these_are_all_functions_of_runs() -> None:
    # `watch` follows paths, under which there may be no run yet.
    no_runs = {"import_", "read_records", "watch", "write", "write_figure"}
    functions = {name for name in tbtools.__all__ if name[0].islower()}
    assert COUNT.keys() == functions - no_runs


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("name", COUNT)
def test_every_function_takes_them_all(name: str, given: str) -> None:
    assert COUNT[name](GIVEN[given]()) == COUNT[name]("logs/a") == 30


@pytest.mark.parametrize("given", [b"logs", [b"logs"]])
@pytest.mark.parametrize("name", [*COUNT, "EventFileReader", "read_records"])
def test_a_path_of_bytes_is_told_as_what_it_is(name: str, given: Any) -> None:
    call = COUNT.get(name) or (lambda path: list(getattr(tbtools, name)(path)))
    if name not in COUNT:
        given = b"logs"
    with pytest.raises(tbtools.UnsupportedType, match=r"bytes is no path; os\.fsdecode makes one"):
        call(given)


def test_an_experiment_alone_is_itself_and_with_options_its_paths() -> None:
    experiment = tbtools.load("logs", runs="a", restarts="keep")
    assert tbtools.load(experiment) is experiment
    assert [*tbtools.load(experiment, runs="b")] == ["b"]
    assert tbtools.load(experiment, restarts="preempt")["b"].restarts == "preempt"
    both = tbtools.load([experiment["a"], Path("logs/b")])
    assert [*both] == ["logs/a", "logs/b"]
    with pytest.raises(tbtools.UnsupportedType, match="dict is no path"):
        tbtools.load({"a": experiment["a"]})  # type: ignore[arg-type]
    assert os.fsdecode(b"logs") == tbtools.load(os.fsdecode(b"logs")).logdir
