"""Ended before any step that changes files, or at any moment, a command leaves all or nothing.

What else a SIGKILL leaves is gone when it has run again; SIGTERM leaves nothing else.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import EventFileBuilder, write_foreign, write_two_runs
from tests.commands import ROOT, call

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    # Each with what was in work, and what in logs.
    States = list[tuple[dict[str, str], dict[str, str]]]

# For each of some signals, runs a command again and again, sent it before its first change of a
# file, its second, and so on until it is no longer, or at so many random moments; after each, tells
# what is there, and what after another run, and makes everything as it was.
SCRIPT = """
import gc, hashlib, json, os, random, shutil, signal, sys, time
from pathlib import Path
from tbtools.cli.main import run
from tbtools.cli.signals import take_signals
from tbtools.runs import dask_engine
from tests.engines import PickledEngine

dask_engine.dask_engine = lambda _: PickledEngine()  # whose work is done in the child
numbers, moments, folder, *arguments = sys.argv[1:]
moments = int(moments)
work = folder + "/work"
CHANGES = {"open", "os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "os.chmod",
           "os.chown", "fcntl.flock"}

def killed_before(number, sent=signal.SIGKILL):
    child = os.fork()
    if not child:
        left = number
        def watch(event, details):
            nonlocal left
            inside = event == "fcntl.flock" or os.path.abspath(str(details[0])).startswith(work)
            if event in CHANGES and inside:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), sent)
        take_signals(lambda status, _: os._exit(status))
        sys.addaudithook(watch)
        os._exit(run(arguments))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def killed_after(seconds, sent):
    child = os.fork()
    if not child:
        os._exit(run(arguments))
    time.sleep(seconds)
    os.kill(child, sent)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def files(path):
    found = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return {str(each.relative_to(folder)): hashlib.md5(each.read_bytes()).hexdigest()
            for each in found}

os.chdir(folder)
shutil.copytree("before", "work")
run(arguments)  # what is imported once is not imported by each child
shutil.rmtree("work")
shutil.copytree("before", "work")
gc.freeze()  # a child that looked through all of these objects would have to copy them
gc.disable()
began = time.monotonic()
killed_before(-1)
length = time.monotonic() - began

def tell(sent):
    ended = -sent if sent == signal.SIGKILL else 128 + sent
    status = ended
    number = 0
    while status == ended:
        number += 1
        shutil.rmtree("work", ignore_errors=True)
        shutil.copytree("before", "work")
        if moments and number <= moments:
            status = killed_after(random.uniform(0, length), sent)
            if status == 0:  # it was faster this time
                status = ended
        elif moments:
            status = killed_before(-1)
        else:
            status = killed_before(number, sent)
        found = [files(Path(folder, name)) for name in ("work", "logs")]
        if status == ended:
            again = killed_before(-1)
            assert again in (0, 1, 2), again
            hidden = [str(each) for each in Path(folder, "work").rglob(".tbtools-*")]
            assert not hidden, (number, hidden)
        print(json.dumps([sent, status, *found, files(Path(folder, "work"))]))

for each in numbers.split(","):
    tell(int(each))
"""

COMMANDS = {
    "merge": ["merge", "logs/a", "-o", "work/out"],
    "repair": ["repair", "logs", "-o", "work/out"],
    "import": ["import", "foreign", "-o", "work/out"],
    "compact": ["compact", "logs", "--thin", "16", "-o", "work/out"],
    "merge of names": ["merge", "logs/a", "--same", "losses=loss", "-o", "work/out"],
    "edit": ["edit", "logs", "--rename", "s/^/x/", "-o", "work/out"],
    "aggregate": ["aggregate", "logs", "-o", "work/out"],
    "aggregate to a table": ["aggregate", "logs", "-o", "work/out.csv"],
    "smooth": ["smooth", "logs", "-o", "work/out"],
    "export": ["export", "logs", "-o", "work/out.jsonl"],
    "export of pictures": ["export", "logs", "--data", "images", "-o", "work/out"],
    "diff": ["diff", "logs/a", "logs/b", "--format", "json", "-o", "work/out.json"],
    "edit by an engine": [
        "edit",
        "logs",
        "--rename",
        "s/^/x/",
        "--engine",
        "dask",
        "-o",
        "work/out",
    ],
    "aggregate by an engine": ["aggregate", "logs", "--engine", "dask", "-o", "work/out.csv"],
}
SIGNALS = (signal.SIGKILL, signal.SIGTERM)


def prepare(folder: Path) -> None:
    """Two runs in logs, and a file of somebody's in the directory that is written to."""
    write_two_runs(folder / "logs")
    write_foreign(folder / "foreign")
    (folder / "before").mkdir()
    (folder / "before" / "mine").write_text("mine")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prepare(tmp_path)
    return tmp_path


def told(
    folder: Path, *arguments: str, signals: Iterable[signal.Signals], moments: int = 0
) -> dict[int, States]:
    """By signal, what was in work and in logs after each death, and last without one.

    After each, another run makes the whole result, or finds it there. With `moments` it is killed
    at so many random ones.
    """
    numbers = ",".join(str(int(each)) for each in signals)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", SCRIPT, numbers,
         str(moments), str(folder), *arguments],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    lines: list[Any] = [
        json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")
    ]
    found: dict[int, States] = {}
    for number in signals:
        mine = [line[1:] for line in lines if line[0] == number]
        assert mine[-1][0] in (0, 1), done.stderr
        assert all(again == mine[-1][1] for *_, again in mine)
        found[number] = [(work, logs) for _, work, logs, _ in mine]
    return found


@pytest.fixture(scope="module", params=COMMANDS)
def told_of_a_command(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[int, States]:
    """By both signals: it takes a while until the first run."""
    folder = tmp_path_factory.mktemp("killed")
    prepare(folder)
    return told(folder, *COMMANDS[request.param], signals=SIGNALS)


def visible(work: dict[str, str]) -> dict[str, str]:
    """Without what hidden, unfinished files and directories are in the way of the next to come."""
    return {name: found for name, found in work.items() if not name.startswith("work/.tbtools-")}


def sound(states: States, *others: dict[str, str], clean: bool) -> int:
    """How many deaths there were; what was seen after each has to be all, or one of the others.

    Hidden leftovers are passed over, or not where it is to be clean.
    """
    whole, logs = states[-1]
    assert visible(whole) == whole
    assert all(each == logs for _, each in states)
    seen = [(work if clean else visible(work)) for work, _ in states[:-1]]
    assert all(each in (whole, *others) for each in seen)
    for work, _ in states[:-1]:
        # What is left behind is no event file to anybody, unless it is a whole one.
        left = {name: found for name, found in work.items() if name not in visible(work)}
        assert {found for name, found in left.items() if "tfevents" in name} <= {
            found for state in (whole, *others) for found in state.values()
        }
    return len(seen)


@pytest.mark.parametrize("number", SIGNALS)
def test_there_is_the_whole_result_or_none(
    told_of_a_command: dict[int, States], number: signal.Signals
) -> None:
    states = told_of_a_command[number]
    none = {"work/mine": states[0][0]["work/mine"]}
    assert sound(states, none, clean=number != signal.SIGKILL) >= 3


@pytest.mark.parametrize("number", SIGNALS)
def test_an_earlier_result_stays_or_gives_way_to_a_whole_one(
    folder: Path, number: signal.Signals
) -> None:
    call("aggregate", str(folder / "logs"), "--statistics", "min", "-o", str(folder / "before/out"))
    command = ["aggregate", "logs", "--force", "-o", "work/out"]
    states = told(folder, *command, signals=[number])[number]
    former = states[0][0]
    if number != signal.SIGKILL:
        assert sound(states, former, clean=True) >= 5
        return
    none = {"work/mine": former["work/mine"]}
    # Between the two renames the former one has stepped aside: there is none, and it is whole.
    assert sound(states, former, none, clean=False) >= 5
    aside = [work for work, _ in states if visible(work) == none]
    assert all(set(former.values()) <= set(work.values()) for work in aside)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("moments", [3, pytest.param(200, marks=pytest.mark.minutes)])
@pytest.mark.parametrize("command", ["edit", "compact", "repair", "import"])
def test_killed_at_random_moments(folder: Path, command: str, moments: int) -> None:
    """The logs are such that reading and writing them takes most of the time."""
    builder = EventFileBuilder().file_version()
    for step in range(2000):
        builder.scalar("loss", step, step / 7).image("sample", step, bytes(2000))
    builder.corrupt_data_crc().write(folder / "logs" / "long" / "events.out.tfevents.1")
    rows = [f"{step},{step / 7}" for step in range(20_000)]
    (folder / "foreign" / "long.csv").write_text("\n".join(["step,loss", *rows]))
    found = told(folder, *COMMANDS[command], signals=[signal.SIGKILL], moments=moments)
    states = found[signal.SIGKILL]
    assert sound(states, {"work/mine": states[0][0]["work/mine"]}, clean=False) == moments
