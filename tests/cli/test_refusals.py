"""What cannot be written is refused in one line, with status 2, and nothing is touched."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import tbtools
from tests.builders import START, EventFileBuilder
from tests.commands import ROOT, TBTOOLS, Result, call, environment, unprivileged
from tests.engines import PickledEngine

if TYPE_CHECKING:
    from pathlib import Path

# Each command with what it writes: a directory, a table, files of pictures.
COMMANDS = {
    "merge": (["merge", "logs/a"], "out"),
    "repair": (["repair", "logs"], "out"),
    "import": (["import", "logs"], "out"),
    "compact": (["compact", "logs", "--thin", "20"], "out"),
    "edit": (["edit", "logs", "--shift-steps", "3"], "out"),
    "aggregate": (["aggregate", "logs"], "out"),
    "aggregate to a table": (["aggregate", "logs"], "out.csv"),
    "smooth": (["smooth", "logs"], "out"),
    "smooth to a table": (["smooth", "logs"], "out.parquet"),
    "export": (["export", "logs"], "out.csv"),
    "export of pictures": (["export", "logs", "--data", "images"], "out"),
    "diff": (["diff", "logs/a", "logs/b", "--format", "json"], "out.json"),
    "edit by an engine": (["edit", "logs", "--shift-steps", "3", "--engine", "dask"], "out"),
    "aggregate by an engine": (["aggregate", "logs", "--engine", "dask"], "out"),
}
# This one adds to what there is.
LAKE = {"export by an engine": (["export", "logs", "--engine", "dask"], "out")}
# These replace no directory at all.
NEVER_REPLACING = ("export of pictures", "repair", "edit", "edit by an engine", "compact")
DIRECTORIES = [name for name, (_, out) in COMMANDS.items() if "." not in out]
FILES = [name for name in COMMANDS if name not in DIRECTORIES]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs in logs, in the current directory."""
    values = np.random.default_rng(0).normal(size=(2, 5000))
    frame = pd.concat(
        pd.DataFrame({"run": name, "step": np.arange(5000), "wall_time": START, "value": own})
        for name, own in zip("ab", values, strict=True)
    )
    tbtools.write(frame, tmp_path / "logs")
    rows = "".join(f"{step},{step / 7}\n" for step in range(9000))
    (tmp_path / "logs" / "a" / "metrics.csv").write_text(f"step,loss\n{rows}")
    for name in "ab":
        builder = EventFileBuilder().image("x", 0, b"\x89PNG" + b"\0" * 100_000)
        builder.text("note", 0, f"{name} " * 50_000)
        builder.write(tmp_path / "logs" / name / "events.out.tfevents.2")
    monkeypatch.chdir(tmp_path)
    # The processes of a real one take seconds to start; a small disk gets them.
    monkeypatch.setattr("tbtools.runs.dask_engine.dask_engine", lambda _: PickledEngine())
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def assert_refused(result: Result, message: str) -> None:
    assert (result.status, result.out) == (2, "")
    *started, told = result.err.splitlines(keepends=True)
    assert told.startswith("tbtools: ")
    assert message in told
    assert re.fullmatch("|pickled\n|dask: .*\n", "".join(started))  # an engine, if there is one


def on_a_small_disk(folder: Path, *arguments: str) -> Result:
    """Runs a command with a disk of 64 kB at the directory ``small``, which only it sees."""
    small = folder / "small"
    small.mkdir(exist_ok=True)
    script = 'mount -t tmpfs -o size=64k none "$0" && "$@"; status=$?; ls -A "$0"; exit $status'
    private = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", script, str(small)]
    if subprocess.run([*private, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a private file system needs user namespaces, which are not allowed here")
    done = subprocess.run(
        [*private, *TBTOOLS, *arguments],
        capture_output=True, text=True, check=False, cwd=folder,
        env=environment(PYTHONPATH=str(ROOT)),
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


# Which workers fill; the others with an engine write in the client, as they do without.
@pytest.mark.parametrize("name", [*(each for each in COMMANDS if "engine" not in each), *LAKE])
def test_a_full_disk(folder: Path, name: str) -> None:
    arguments, out = (COMMANDS | LAKE)[name]
    before = contents(folder / "logs")
    result = on_a_small_disk(folder, *arguments, "-o", f"small/{out}")
    # What the disk holds afterwards is on standard output: nothing.
    assert_refused(result, f"small/{out}: No space left on device")
    assert contents(folder / "logs") == before


@pytest.mark.parametrize("name", COMMANDS | LAKE)
def test_a_folder_that_may_not_be_written(folder: Path, name: str) -> None:
    arguments, out = (COMMANDS | LAKE)[name]
    (folder / "closed").mkdir(mode=0o555)
    # Modules are imported when they are needed, which nobody else may read where they lie.
    assert call(*arguments, "-o", out).status != 2
    with unprivileged(folder):
        result = call(*arguments, "-o", f"closed/{out}")
    assert_refused(result, f"closed/{out}: Permission denied")
    assert not list((folder / "closed").iterdir())


@pytest.mark.parametrize("name", COMMANDS | LAKE)
def test_a_folder_that_there_is_not(folder: Path, name: str) -> None:
    arguments, out = (COMMANDS | LAKE)[name]
    assert_refused(call(*arguments, "-o", f"no/{out}"), "no: there is no such directory")


@pytest.mark.parametrize("name", COMMANDS)
def test_something_is_there(folder: Path, name: str) -> None:
    arguments, out = COMMANDS[name]
    place = folder / out
    if name in DIRECTORIES:
        place.mkdir()
        place = place / "mine"
    place.write_text("mine")
    foreign = name in DIRECTORIES and name not in NEVER_REPLACING
    message = "holds mine, which is no result of tbtools" if foreign else "exists; name another"
    assert_refused(call(*arguments, "-o", out), f"{out} {message}")
    assert place.read_text() == "mine"


@pytest.mark.parametrize("name", [*DIRECTORIES, *LAKE])
@pytest.mark.parametrize("place", ["logs/a/out", "logs/a", ".", "link/out"])
def test_an_output_inside_an_input_or_around_it(folder: Path, name: str, place: str) -> None:
    arguments, _ = (COMMANDS | LAKE)[name]
    (folder / "link").symlink_to(folder / "logs" / "a")
    before = contents(folder)
    assert_refused(call(*arguments, "-o", place), "one inside the other")
    assert contents(folder) == before


@pytest.mark.parametrize("name", DIRECTORIES)
@pytest.mark.parametrize("place", ["logs/a2", "logs/a/out"])
def test_an_output_beside_an_event_file(folder: Path, name: str, place: str) -> None:
    (command, _, *options), _ = COMMANDS[name]
    file = "metrics.csv" if name == "import" else "events.out.tfevents.2"
    result = call(command, f"logs/a/{file}", *options, "-o", place)
    if command in ("aggregate", "smooth"):  # there are no scalars in it
        assert_refused(result, "no scalars")
    else:
        assert (result.status, result.err) == (0, "pickled\n" * ("engine" in name))
        assert result.out.splitlines()[-1].startswith(f"{place}: ")
    around = call(command, "logs/a/events.out.tfevents.2", *options, "-o", "logs")
    assert_refused(around, "one inside the other")


@pytest.mark.parametrize("name", DIRECTORIES)
def test_a_training_is_never_replaced_whatever_is_allowed(folder: Path, name: str) -> None:
    arguments, _ = COMMANDS[name]
    EventFileBuilder().scalar("loss", 0, 1.0).write(folder / "other" / "events.out.tfevents.1")
    before = contents(folder)
    if name not in NEVER_REPLACING:
        arguments = [*arguments, "--force"]
    result = call(*arguments, "-o", "other")
    assert result.status == 2
    assert "other" in result.err
    assert contents(folder) == before


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", ["logs/a/events.out.tfevents.2", "link.csv"])
def test_no_event_file_is_replaced_by_a_table(folder: Path, name: str, place: str) -> None:
    arguments, _ = COMMANDS[name]
    if "aggregate" in name or "smooth" in name:
        place = "link.csv"  # by whose ending these tell that a table is meant
    elif name == "diff":
        arguments = [*arguments[:-2], "--format", "csv"]
    elif "export" in name:
        arguments = [*arguments, "--format", "csv"]
    (folder / "link.csv").symlink_to(folder / "logs/a/events.out.tfevents.2")
    before = contents(folder)
    result = call(*arguments, "-o", place, "--force")
    assert_refused(result, "which is no result of tbtools and is never replaced")
    assert contents(folder) == before


def test_a_table_is_not_called_like_an_event_file(folder: Path) -> None:
    result = call("export", "logs", "--format", "csv", "-o", "logs/a/events.out.tfevents.3")
    assert_refused(result, "by this name all readers take it for an event file")


@pytest.mark.parametrize("there", ["its own result", "a result", "something else"])
@pytest.mark.parametrize("command", COMMANDS)
def test_the_way_out_that_a_refusal_names_is_one(folder: Path, command: str, there: str) -> None:
    arguments, name = COMMANDS[command]
    if there == "its own result":
        assert call(*arguments, "-o", name).status < 2
    elif there == "a result":
        (folder / "logs").rename(folder / name)
        assert call("smooth", name, "-o", "logs").status == 0
        shutil.copytree(folder / name / "a", folder / "logs" / "a", dirs_exist_ok=True)
    else:
        (folder / name).mkdir()
        (folder / name / "notes.txt").write_text("mine")
    refused = call(*arguments, "-o", name)
    assert refused.status == 2
    if "--force" in refused.err:
        assert call(*arguments, "-o", name, "--force").status < 2
    else:
        assert re.search("another name|name another|is a directory", refused.err)
        assert call(*arguments, "-o", f"other-{name}").status < 2
