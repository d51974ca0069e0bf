"""What all results have in common: short on a prompt, and damage stands in the attrs of frames."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import tbtools
from tbtools.eventfile.source import using
from tests.builders import START, EventFileBuilder
from tests.sources import CountingSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def accepted_beside(logdir: Path) -> Path:
    """Three runs like b."""
    for name in ("one", "two", "three"):
        shutil.copytree(logdir / "b", logdir / "accepted" / name)
    return logdir / "accepted"


MAKE: dict[str, Callable[[Path], Any]] = {
    "summarize": tbtools.summarize,
    "detect": tbtools.detect,
    "diff": lambda logdir: tbtools.diff(logdir / "a", logdir / "b"),
    "diff_against": lambda logdir: tbtools.diff_against(logdir / "a", accepted_beside(logdir)),
    "aggregate": tbtools.aggregate,
    "merge": lambda logdir: tbtools.merge(logdir / "a"),
    "repair": tbtools.repair,
    "import": lambda logdir: tbtools.import_(with_csv(logdir)),
    "compact": tbtools.compact,
    "edit": lambda logdir: tbtools.edit(logdir, rename="s/^/x/"),
    "verify": tbtools.verify,
    "best": tbtools.best,
    "compare_scores": tbtools.compare_scores,
    "explain": lambda logdir: tbtools.explain(logdir, "a"),
}


def with_csv(logdir: Path) -> Path:
    """The directory with a log of another program, one cell of which is damaged."""
    (logdir / "metrics.csv").write_text("step,loss\n0,1.5\n1,?\n")
    return logdir


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """Two runs of a hundred tags; a was resumed, and one of its records is damaged."""
    for name in "ab":
        first, second = EventFileBuilder(), EventFileBuilder()
        for tag in range(100):
            first.scalars(f"loss/{tag:03}", [(step, 1.0) for step in range(12)])
        first.write(tmp_path / name / "events.out.tfevents.1")
    for tag in range(100):
        for step in range(10, 14):
            second.scalar(f"loss/{tag:03}", step, 0.5, START + 100 + step)
    second.scalar("loss/000", 14, 0.5, START + 114).corrupt_data_crc()
    second.write(tmp_path / "a" / "events.out.tfevents.2")
    return tmp_path


@pytest.mark.parametrize("name", ["compact", "edit", "import", "repair"])
def test_plans_carry_themselves_out(
    name: str, logdir: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plan = MAKE[name](logdir)
    folder = tmp_path_factory.mktemp("out")
    plan.write(folder / "a")
    tbtools.write(plan, folder / "b")
    written = [
        {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        for out in (folder / "a", folder / "b")
    ]
    assert written[0] == written[1] != {}
    with pytest.raises(tbtools.OutputExists):
        plan.write(folder / "a")


@pytest.mark.parametrize("name", MAKE)
def test_results_are_one_short_line_on_a_prompt(name: str, logdir: Path) -> None:
    result = MAKE[name](logdir)
    text = repr(result)
    assert "\n" not in text
    assert len(text) < 400
    assert text.startswith(f"<{type(result).__name__}")


def test_parts_of_results_are_short_too(logdir: Path) -> None:
    run = tbtools.summarize(logdir).runs[0]
    assert repr(run) == "<RunSummary 'a': 100 series, 1,400 points, stopped>"
    series = tbtools.aggregate(logdir).series[0]
    assert repr(series) == "<AggregatedSeries 'all/loss/000': 2 runs, 14 points>"
    pair = tbtools.diff(logdir / "a", logdir / "b").runs[0]
    assert repr(pair) == "<RunDiff '.', '.': 100 of 100 tags differ>"


def framed(kind: type) -> list[str]:
    """The public methods and properties of a class that give a frame."""
    found = []
    for name, member in inspect.getmembers(kind):
        function = member.fget if isinstance(member, property) else member
        if name[0] != "_" and inspect.isfunction(function):
            returned = inspect.signature(function).return_annotation
            found += [name] if returned == "pd.DataFrame" else []
    return found


# What is decoded from one value of a run, or is a curve of a result, and knows of no file.
DECODED = {tbtools.HParams, tbtools.Layout, tbtools.Embedding, tbtools.BandCurve}


def test_every_result_with_a_frame_is_tried(logdir: Path) -> None:
    exported = [getattr(tbtools, name) for name in tbtools.__all__]
    results = {each for each in exported if hasattr(each, "to_frame")}
    assert results == DECODED | {type(make(logdir)) for make in MAKE.values()}


@pytest.mark.parametrize("name", MAKE)
def test_frames_of_results_carry_damage_and_notes(name: str, logdir: Path) -> None:
    result = MAKE[name](logdir)
    attrs = result.to_frame().attrs
    (problem,) = attrs["problems"]
    assert problem["kind"] == ("undecodable" if name == "import" else "bad_data")
    # Those look at files, not at what runs make of them.
    if name not in ("verify", "repair", "edit", "import"):
        assert attrs["notes"] == []
        assert attrs["superseded"] == 200
    for key in attrs.keys() & result.to_dict().keys():
        assert name == "summarize" or attrs[key] == result.to_dict()[key]


@pytest.mark.parametrize("name", framed(tbtools.Run))
def test_frames_of_a_run_carry_damage_and_notes(name: str, logdir: Path) -> None:
    member = getattr(tbtools.load(logdir)["a"], name)
    attrs = (member() if callable(member) else member).attrs
    assert attrs["restarts"] == "resume"
    assert attrs["superseded"] == 200
    assert [each["kind"] for each in attrs["problems"]] == ["bad_data"]
    assert attrs["notes"] == []


@pytest.mark.parametrize("name", framed(tbtools.Experiment))
def test_frames_of_an_experiment_carry_damage_and_notes(name: str, logdir: Path) -> None:
    member = getattr(tbtools.load(logdir), name)
    attrs = (member() if callable(member) else member).attrs
    assert attrs["restarts"] == "resume"
    assert attrs["superseded"] == {"a": 200, "b": 0}
    assert [(each["run"], each["kind"]) for each in attrs["problems"]] == [("a", "bad_data")]
    assert attrs["notes"] == []


@pytest.mark.parametrize("x", ["a", ["a", "b"]])
def test_smoothed_frames_carry_damage_and_notes(x: Any, logdir: Path) -> None:
    experiment = tbtools.load(logdir)
    given = [experiment[name] for name in x] if isinstance(x, list) else experiment[x]
    attrs = tbtools.smooth(given).attrs
    assert [each["kind"] for each in attrs["problems"]] == ["bad_data"]
    assert attrs["superseded"] == (200 if x == "a" else {"a": 200, "b": 0})


@pytest.mark.parametrize("name", ["summarize", "detect", "diff", "aggregate", "merge", "verify"])
def test_results_say_what_the_json_of_the_command_says(
    name: str, logdir: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    paths = {"diff": [logdir / "a", logdir / "b"], "merge": [logdir / "a"]}.get(name, [logdir])
    output = (
        ["-o", str(tmp_path_factory.mktemp("out") / name)] if name in ("aggregate", "merge") else []
    )
    command = [sys.executable, "-m", "tbtools", name, *map(str, paths), *output]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True)
    shown = json.loads(done.stdout or f"nothing: {done.stderr}")
    told = json.loads(json.dumps(MAKE[name](logdir).to_dict()))
    assert {key: shown[key] for key in told} == told


@pytest.mark.parametrize("given", [["a", "a/{}"], ["a/{}", "a"], ["link", "a"], ["a/{}", "./a/{}"]])
def test_a_run_and_its_file_are_read_once(
    given: list[str], logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(logdir)
    file = "events.out.tfevents.1"
    (logdir / "link").symlink_to(f"a/{file}")
    paths = [path.format(file) for path in given]
    experiment = tbtools.load(paths)
    assert len(experiment) == 1
    assert len(experiment.scalars()) == (1400 if "a" in given else 1200)
    experiment.refresh()
    assert len(experiment) == 1
    mixed = [tbtools.load(paths[0])["."], paths[1]]
    (run,) = tbtools.summarize(mixed).runs
    assert run.points == (1400 if "a" in given else 1200)


def test_runs_of_one_name_and_directory_are_never_lost(logdir: Path) -> None:
    runs = [tbtools.load(logdir, restarts=policy)["a"] for policy in ("resume", "keep")]
    summary = tbtools.summarize(runs)
    assert [run.points for run in summary.runs] == [1400, 1600]
    runs.append(tbtools.load(logdir, restarts="preempt")["a"])
    with pytest.raises(tbtools.InvalidArgument, match="name them in a mapping"):
        tbtools.summarize(runs)


def test_what_has_no_scalars_is_called_as_it_was_given(tmp_path: Path) -> None:
    path = EventFileBuilder().text("note", 1, "words").write(tmp_path / "events.out.tfevents.1")
    for given in (path, tmp_path):
        for call in (tbtools.smooth, tbtools.plot, tbtools.aggregate):
            with pytest.raises(tbtools.InvalidArgument) as caught:
                call(given)
            assert str(caught.value).startswith(f"{given}: no ")


def test_what_is_handed_over_is_read_once(logdir: Path) -> None:
    sizes = [path.stat().st_size for path in logdir.glob("?/*")]
    for call in (
        tbtools.summarize,
        tbtools.detect,
        tbtools.verify,
        lambda x: tbtools.report(x, logdir.parent / "r.html"),
    ):
        given = [tbtools.load(logdir)["a"], logdir / "b"]
        source = CountingSource()
        with using(source):
            call(given)
        assert sum(sizes) <= source.bytes_read < sum(sizes) + min(sizes)
