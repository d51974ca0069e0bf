"""Every command, and everything that can be wrong with what it is given.

Nothing matches, nothing can be read, a path is mistyped: the exit status is 2, each path is named
in one line on standard error, and nothing is written. Damage that was read past is no failure.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from tensorboard.plugins.hparams.metadata import SESSION_START_INFO_TAG
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from tbtools.vocabulary import PAGE_FORMATS
from tests.builders import START, EventFileBuilder
from tests.commands import call, unprivileged
from tests.pictures import one_browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.commands import Result

# Each command with what it writes; PATHS stands for the paths.
COMMANDS = {
    "summarize": ["summarize", "PATHS"],
    "detect": ["detect", "PATHS", "--fail-on", "none"],
    "plot": ["plot", "PATHS"],
    "best": ["best", "PATHS"],
    "diff": ["diff", "PATHS", "sound/a"],
    "merge": ["merge", "PATHS", "-o", "out"],
    "repair": ["repair", "PATHS", "-o", "out"],
    "compact": ["compact", "PATHS", "-o", "out"],
    "edit": ["edit", "PATHS", "--shift-steps", "1", "-o", "out"],
    "edit in words": ["edit", "PATHS", "--shift-steps", "1", "--dry-run"],
    "aggregate": ["aggregate", "PATHS", "-o", "out"],
    "aggregate to a table": ["aggregate", "PATHS", "-o", "out.csv"],
    "smooth": ["smooth", "PATHS", "-o", "out"],
    "smooth to standard output": ["smooth", "PATHS", "-o", "-"],
    "export": ["export", "PATHS", "-o", "out.csv"],
    "export to standard output": ["export", "PATHS", "-o", "-"],
    "export of texts": ["export", "PATHS", "--data", "text", "-o", "out"],
    "export of pictures": ["export", "PATHS", "--data", "images", "-o", "out"],
    "export of sounds": ["export", "PATHS", "--data", "audio", "-o", "out"],
    "export of hyperparameters": ["export", "PATHS", "--data", "hparams", "-o", "out.csv"],
    "report": ["report", "PATHS", "-o", "out.html"],
    "report of a picture": ["report", "PATHS", "-o", "out.svg"],
    "figure": ["figure", "PATHS", "-o", "out.tex"],
    "verify": ["verify", "PATHS"],
    "inspect": ["inspect", "PATHS"],
    "inspect of records": ["inspect", "PATHS", "--records"],
    "inspect of events": ["inspect", "PATHS", "--events"],
}


def _formats(command: str) -> list[str]:
    """What the --format of a command takes; of `diff` what it takes of two runs."""
    options = importlib.import_module(f"tbtools.cli.{command}").command.params
    kinds = [each.type.choices for each in options if "--format" in each.opts]
    of_others = ("junit", "sarif") if command == "diff" else ()  # those of --against
    return [kind for kind in list(*kinds) if kind not in of_others]


COMMANDS |= {
    f"{name} as {kind}": [*words, "--format", kind]
    for name, words in COMMANDS.items()
    if "-o" not in words
    for kind in _formats(words[0])
    if kind != "table"
}
COMMANDS |= {
    f"{command} as {kind}": [*COMMANDS[command][:-2], "-o", "out", "--format", kind]
    for command in ("merge", "repair", "compact", "edit", "aggregate", "smooth")
    for kind in _formats(command)
    if kind != "table"
}
COMMANDS |= {
    f"{command} as {kind}": [command, "PATHS", "-o", "out", "--format", kind]
    for command in ("export", "report")
    for kind in _formats(command)
    if kind not in PAGE_FORMATS
}
OF_HPARAMS = {
    f"export of hyperparameters as {kind}": [
        *("export", "PATHS", "--data", "hparams", "-o", "out", "--format", kind)
    ]
    for kind in PAGE_FORMATS
}
COMMANDS |= OF_HPARAMS


def _of(*commands: str) -> list[str]:
    return [name for name, words in COMMANDS.items() if words[0] in commands]


SELECTING = [name for name in COMMANDS if name not in _of("verify", "inspect", "repair")]
# Those that make one result of all paths refuse if one is missing; the others go on with the rest.
TOGETHER = _of("merge", "aggregate", "figure")
SEVERAL = [name for name in COMMANDS if name not in _of("diff", "inspect")]
# Those whose --format is that of the file.
WRITING = ("export", "report", "figure")
# What the closing line says of the 40 scalars in 2 series, and 5 other values, in one file.
CLOSING = {
    "summarize": "1 run, 1 event file, 2.12 kB, 45 points",
    "detect": "1 run, 1 event file, 40 scalars read; ",
    "plot": "1 run, 1 tag, 1 series, 20 points",
    "best": "sound/b: 1 run ranked by accuracy",
    "diff": "compared: 1 pair of runs, ",
    "merge": "45 points of 1 session of 1 run",
    "repair": "1 file .0 repaired., 46 records, 0 B lost",
    "compact": "1 event file as 1, .* as .*, 45 of 45 values; all compared",
    "edit": "1 file, 45 of 45 values, 44 of them changed",
    "aggregate": "1 run in 1 group, 2 tags, 40 points",
    "smooth": "1 run, 2 series, 40 points, ema of weight 0.6",
    "export": " of 1 run",
    "report": " 1 run",
    "figure": "2 charts, 2 lines of 1 run",
    "verify": "1 file, 46 records, ",
    "inspect": "sound/b/events.out.tfevents.1: (6 tags, 45 values|46 events)$",
}
# The file or directory that each writes; the others write to standard output.
TARGETS = {
    name: words[words.index("-o") + 1]
    for name, words in COMMANDS.items()
    if "-o" in words and "-" not in words
}
# What is wrong with a path: a part of the reason that stands behind it.
UNREADABLE = {
    "README.md": "not an event file|no event file|not one",
    "random/events.out.tfevents.1": "no event file|not one",
    "random": "no event file|not one|is a directory",
    "empty": "no event files|is a directory",
    "nowhere": "No such file or directory",
    "nowhere/at/all": "No such file or directory",
}
# Of which there is no run that a result could tell of.
ABSENT = ("empty", "nowhere", "nowhere/at/all")
# Reports what is there, or takes no such option.
WITHOUT_TAGS = ("export of hyperparameters", *OF_HPARAMS)


def _hparams() -> HParamsPluginData:
    data = HParamsPluginData()
    data.session_start_info.hparams["lr"].number_value = 0.5
    return data


def _run() -> EventFileBuilder:
    builder = EventFileBuilder().file_version().image("picture", 0, b"\x89PNG")
    builder.audio("sound", 0, b"RIFF", 8000.0, 80).text("note", 0, "good day")
    builder.value(
        SESSION_START_INFO_TAG, 0, plugin="hparams", content=_hparams().SerializeToString()
    )
    for step in range(20):
        builder.scalar("loss", step, 1 / (step + 1)).scalar("accuracy", step, step / 20)
    return builder.text("note", 3, "hello")


@cache
def _logs() -> dict[str, bytes]:
    """Sound runs, damaged ones, and what holds no events."""
    name = "events.out.tfevents.1"
    sound, random = _run().bytes(), bytes(range(7, 256)) * 40
    damaged = _run().text("note", 4, "bye").corrupt_data_crc().scalar("loss", 21, 0.01)
    damaged.raw_record(b"\xff\xff\xff")  # sound, and no Event
    return {
        f"sound/a/{name}": sound,
        f"sound/b/{name}": sound,
        f"damaged/{name}": damaged.bytes(),
        f"random/{name}": random,
        "README.md": b"# Not an event file, but a text of some length.\n" * 9,
        f"some/good/{name}": sound,
        f"some/bad/{name}": random,
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The logs in the current directory, and an empty folder."""
    for path, content in _logs().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def _few_browsers() -> Iterator[None]:
    with one_browser():
        yield


def _call(command: str, *paths: str, options: tuple[str, ...] = ()) -> Result:
    words = [word for part in COMMANDS[command] for word in (paths if part == "PATHS" else (part,))]
    return call(*words, *options)


def _written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(("out", ".tb")))


def _assert_one_line(result: Result, *parts: str) -> None:
    assert result.status == 2
    assert "Traceback" not in result.err
    assert result.err.count("\n") == 1, result.err
    assert result.err.startswith("tbtools: ")
    for part in parts:
        assert any(each in result.err for each in part.split("|")), result.err


@pytest.mark.parametrize("path", UNREADABLE)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_path_that_is_not_to_be_read(folder: Path, command: str, path: str) -> None:
    result = _call(command, path)
    _assert_one_line(result, path, UNREADABLE[path])
    assert _written(folder) == []
    if path in ABSENT:
        assert result.out == ""  # in no format: what has no findings looks sound


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_without_permission(folder: Path, command: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs the right to give files to nobody")
    file = folder / "sound" / "a" / "events.out.tfevents.1"
    # Modules are imported when they are needed, which nobody else may read where they lie.
    _call(command, "sound/b/events.out.tfevents.1" if command == "inspect" else "sound/b")
    for name in _written(folder):
        (folder / name).rename(folder / f"earlier-{name}")
    file.chmod(0)
    with unprivileged(folder):
        result = _call(command, os.fspath(file.relative_to(folder)))
    file.chmod(0o644)
    assert result.status == 2
    assert "Permission denied" in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--tag", "los"), "no tag 'los'; close: 'loss'"),
        (("--tag", "nosuch*"), "no tag 'nosuch*'"),
        (("--tag", "*", "--tag", "nosuch*"), "no tag 'nosuch*'"),
        (("--exclude-tag", "nosuch*"), "no tag 'nosuch*'"),
        (("--run", "nosuch*"), "no run 'nosuch*'"),
        (("--exclude-run", "nosuch*"), "no run 'nosuch*'"),
        (("--exclude-run", "*"), "no run is left"),
        (("--steps", "1000:"), "no points in steps 1000:"),
        (("--where", "last(loss)>1e9"), "is true of none of 2 runs"),
    ],
)
@pytest.mark.parametrize("command", SELECTING)
def test_a_selection_that_matches_nothing(
    folder: Path, command: str, options: tuple[str, ...], message: str
) -> None:
    result = _call(command, "sound", options=options)
    if command in _of("diff"):
        result = call("diff", "sound", "sound", *COMMANDS[command][3:], *options)
    if command in WITHOUT_TAGS and options[0] in ("--tag", "--exclude-tag", "--steps"):
        message = "takes no"
    if "--data" in COMMANDS[command]:  # whose tags are others
        message = message.replace("; close: 'loss'", "")
    _assert_one_line(result, message)
    assert result.out == ""
    assert _written(folder) == []


@pytest.mark.parametrize("bad", UNREADABLE)
@pytest.mark.parametrize("command", SEVERAL)
def test_one_of_several_paths_is_not_to_be_read(folder: Path, command: str, bad: str) -> None:
    result = _call(command, "sound/a", bad)
    _assert_paths(result, bad)
    if command in TOGETHER:
        assert _written(folder) == []
    else:
        # What could be done is done.
        assert _written(folder) == ([TARGETS[command]] if command in TARGETS else [])
        assert result.out


def _assert_paths(result: Result, *paths: str) -> None:
    lines = [line for line in result.err.splitlines() if line.startswith("tbtools: ")]
    assert result.status == 2
    assert len(lines) == len(paths), result.err
    for path, line in zip(paths, lines, strict=True):
        assert path in line


@pytest.mark.parametrize("data", ["hparams", "images", "audio", "text"])
@pytest.mark.parametrize("to", ["-", "out"])
def test_an_export_of_what_no_run_has(folder: Path, data: str, to: str) -> None:
    EventFileBuilder().scalar("loss", 0, 1.0).write(folder / "plain" / "events.out.tfevents.1")
    options = ["--format", "csv"] if data == "hparams" and to == "out" else []
    if data != "hparams" and to == "-":
        pytest.skip("files make a directory")
    result = call("export", "plain", "--data", data, "-o", to, *options)
    _assert_one_line(result, f"plain: no {data}")
    assert (result.out, _written(folder)) == ("", [])


@pytest.mark.parametrize("command", [*_of("plot"), *_of("export")])
def test_a_run_without_scalars_has_nothing_to_draw(folder: Path, command: str) -> None:
    EventFileBuilder().file_version().write(folder / "plain" / "events.out.tfevents.1")
    result = _call(command, "plain")
    _assert_one_line(result, "plain: no ")
    assert (result.out, _written(folder)) == ("", [])


@pytest.mark.parametrize("command", COMMANDS)
def test_the_closing_line(folder: Path, command: str) -> None:
    """What was done stands last on standard output, or on standard error where that holds data."""
    of_a_file = command in _of("inspect")
    result = _call(command, "sound/b/events.out.tfevents.1" if of_a_file else "sound/b")
    words = COMMANDS[command]
    data_on_stdout = "-" in words or (words[-2] == "--format" and words[0] not in WRITING)
    lines = (result.err if data_on_stdout else result.out).splitlines()
    closing = next(line for line in lines if re.search(CLOSING[words[0]], line))
    assert closing in (lines[:1] if data_on_stdout else lines[-2:])
    if command in TARGETS:
        assert closing.startswith(f"{TARGETS[command]}: ")


def test_trouble_is_stronger_than_a_verdict(folder: Path) -> None:
    builder = EventFileBuilder().scalars("loss", [(step, float("nan")) for step in range(9)])
    builder.write(folder / "nan" / "events.out.tfevents.1")
    assert call("detect", "nan").status == 1
    assert call("detect", "nan", "nowhere").status == 2
    assert call("verify", "damaged").status == 1
    assert call("verify", "damaged", "nowhere").status == 2
    assert call("diff", "sound/a", "damaged").status == 1
    assert call("diff", "sound/a", "nowhere").status == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_damage_that_was_read_past_is_no_failure(folder: Path, command: str) -> None:
    of_a_file = command in _of("inspect")
    result = _call(command, "damaged/events.out.tfevents.1" if of_a_file else "damaged")
    assert result.status == (1 if command in _of("diff", "verify") else 0)
    shown = result.out + result.err if command in _of("verify", "inspect", "repair") else result.err
    assert "damaged/events.out.tfevents.1" in result.out + result.err
    assert "bad_data" in shown or "2 problems" in shown
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    "command", [name for name in SEVERAL if name not in _of("verify", "repair")]
)
def test_runs_that_cannot_be_read_are_counted(folder: Path, command: str) -> None:
    result = _call(command, "some")
    assert result.status == 0
    assert "some/bad/events.out.tfevents.1: not one whole record" in result.err
    assert "1 run could not be read\n" in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["summarize"],
        ["detect"],
        ["diff", "sound/a"],
        ["merge", "-o", "out"],
        ["aggregate", "-o", "out"],
        ["smooth", "-o", "out"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_json_has_problems_notes_and_superseded(folder: Path, arguments: list[str]) -> None:
    name = "events.out.tfevents."
    one = EventFileBuilder().scalars("loss", [(0, 1.0), (1, 0.9), (0, 1.0), (1, 0.5), (2, 0.3)])
    one.corrupt_data_crc().write(folder / "noted" / f"{name}1")
    again = EventFileBuilder().scalar("loss", 2, 0.3, START + 100)
    again.scalar("loss", 3, 0.2, START + 101).write(folder / "noted" / f"{name}2")
    result = call(*arguments[:1], "noted", *arguments[1:], "--format", "json")
    told: dict[str, Any] = json.loads(result.out)
    for where in [told, *told["runs"]] if arguments[0] == "summarize" else [told]:
        assert [each["kind"] for each in where["problems"]] == ["bad_data"]
        assert [each["kind"] for each in where["notes"]] == ["steps_go_back"]
    assert "steps go back in 1 tag of run .: points are taken in the order written" in result.err


@pytest.mark.parametrize(
    "selected",
    [[], ["--tag", "acc"], ["--steps", "50:"], ["--tag", "acc", "--steps", "50:"]],
    ids=" ".join,
)
def test_every_command_knows_the_same_of_the_runs(folder: Path, selected: list[str]) -> None:
    """Also of runs without a point that is selected: here all that there is to know is of these."""
    for number, steps in enumerate((range(40), range(30, 45))):
        builder = EventFileBuilder().file_version(wall_time=START + 100 * number)
        for step in steps:
            builder.scalar("loss", step, 1.0, START + 100 * number + step)
        builder.scalar("note", 3, 1.0).scalar("note", 2, 1.0)
        builder.corrupt_data_crc().write(folder / "logs" / "other" / f"tfevents.{number}")
    EventFileBuilder().scalars("acc", [(step, 1.0) for step in range(60)]).write(
        folder / "logs" / "chosen" / "tfevents"
    )
    shutil.copy(folder / "logs/other/tfevents.0", folder / "logs/other/tfevents.0.bak")
    told = {}
    for command in ("summarize", "detect", "smooth", "aggregate"):
        output = ["-o", command] if command in ("smooth", "aggregate") else []
        found = json.loads(call(command, "logs", *selected, *output, "--format", "json").out)
        told[command] = {key: found[key] for key in ("superseded", "problems", "notes")}
    assert told["summarize"]["superseded"] == 10
    assert len(told["summarize"]["problems"]) == 2  # the copy is not read
    assert {each["kind"] for each in told["summarize"]["notes"]} >= {"duplicate_file"}
    assert all(each == told["detect"] for each in told.values()), told


@pytest.mark.parametrize(("runs", "tag"), [(["x"], False), (["x"], True), (["x", "y"], True)])
def test_what_was_superseded_is_named(folder: Path, runs: list[str], tag: bool) -> None:
    for run in runs:
        for number, host in enumerate("ba"):
            builder = EventFileBuilder().file_version(wall_time=START + 1000 * number)
            for step in range(50):
                pause = step * (1 + number * step / 50)  # no rank, which would keep step
                builder.scalar("loss", step, 1.0, START + 1000 * number + pause)
            if tag and not number:
                builder.scalar("done", 49, 1.0, START + 60)
            name = f"events.out.tfevents.{int(START) + 1000 * number}.{host}.1.0"
            builder.write(folder / "lost" / run / name)
    if tag:
        lost = [f"run {run}: all 51 points that b wrote (loss, done)" for run in runs]
    else:
        lost = [f"run {run}: all 50 points that b wrote (loss)" for run in runs]
    expected = "; ".join(f"{each} were superseded by a later session of a" for each in lost)
    if tag:
        of = f"{len(runs)} tags of 2 runs" if len(runs) > 1 else "1 tag of run x"
        expected = f"{of} lost all points to later sessions: done; {expected}"
    assert expected in call("summarize", "lost").err.splitlines()


# -- options that would have no effect, and endings that contradict the format


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("summarize sound --force", "--force has no effect without -o FILE"),
        ("summarize sound -o - --force", "--force has no effect without -o FILE"),
        ("summarize sound --tags --format json", "--tags has no effect on JSON"),
        ("summarize sound --tags -o out.json", "--tags has no effect on JSON"),
        ("verify sound --all --format csv", "--all has no effect on JSON and CSV"),
        ("smooth sound -o out --x wall", "--x has no effect on ema"),
        (
            "smooth sound -o out --method median --window 5 --smoothing 0.5",
            "--smoothing has no effect",
        ),
        ("smooth sound -o out --window 5", "ema has a weight and no window"),
        ("smooth sound -o - --format json", "--format has no effect with -o -"),
        ("aggregate sound -o - --force", "--force has no effect with -o -"),
        ("export sound -o - --force", "--force has no effect with -o -"),
        ("export sound --data text --wide -o out", "an export of text takes no wide"),
        ("export sound --data text -o out.csv", "text make a directory; out.csv would be a file"),
        ("export sound -o out.csv --format jsonl", "out.csv: the ending means csv"),
        ("export sound -o out.xlsx --format csv", "out.xlsx: the ending means xlsx"),
        ("summarize sound -o out.json --format csv", "out.json: the ending means json"),
        (
            "summarize sound -o out.html",
            "out.html: there is no .html here, only table, json, csv, markdown",
        ),
        ("verify sound -o out.md", "out.md: there is no .md here, only table, json, csv"),
        (
            "detect sound -o out.pdf",
            "out.pdf: there is no .pdf here, only table, json, csv, markdown",
        ),
        ("diff sound/a sound/b -o d.html", "-o d.html is no page; --report d.html makes one"),
        ("merge sound -o out.csv", "event files make a directory; out.csv would be a file"),
        ("plot sound --x nosuch", "no tag 'nosuch'"),
        ("merge resumd -o merged", "resumd: No such file or directory"),
        ("aggregate resumd -o merged", "resumd: No such file or directory"),
        ("smooth resumd -o merged", "resumd: No such file or directory"),
        ("export resumd --data text -o merged", "resumd: No such file or directory"),
    ],
)
def test_refused_in_one_line(folder: Path, line: str, message: str) -> None:
    before = sorted(folder.rglob("*"))
    result = call(*line.split())
    _assert_one_line(result, message)
    assert result.out == ""
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (["summarize", "sound", "-o", "out.json"], "{\n"),
        (["summarize", "sound", "-o", "out.csv"], "run,path,"),
        (["summarize", "sound", "-o", "out.txt"], "run  "),
        (["detect", "sound", "-o", "out.xml"], "<?xml "),
        (["diff", "sound/a", "sound/b", "-o", "out.md"], "**the same"),
        (["diff", "sound/a", "sound/b", "-o", "out.md", "--format", "markdown"], "**the same"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else None,
)
def test_the_ending_is_the_format(folder: Path, arguments: list[str], start: str) -> None:
    assert call(*arguments).status == 0
    (name,) = _written(folder)
    assert (folder / name).read_text().startswith(start)


@pytest.mark.parametrize(("former", "axis"), [("relative_time", "relative"), ("wall_time", "wall")])
def test_former_names_of_axes(folder: Path, former: str, axis: str) -> None:
    for command in (
        ["plot", "sound", "--x"],
        ["aggregate", "sound", "-o", "-", "--align", "1", "--x"],
        ["diff", "sound/a", "sound/b", "--format", "json", "--x"],
        ["smooth", "sound", "-o", "-", "--method", "time_weighted_ema", "--by"],
    ):
        assert call(*command, former).out == call(*command, axis).out
