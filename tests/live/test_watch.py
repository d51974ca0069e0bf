"""Watching until something happens; alarms come once, whoever watches and how often."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools.live.conditions import parse_condition
from tbtools.live.delivery import Delivery
from tbtools.live.state import GivenAlarms
from tbtools.live.watch import Action, Plan, Watch
from tests.builders import EventFileBuilder
from tests.commands import TBTOOLS, Screen, call, environment
from tests.live.logs import EVERY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tbtools.live.alarms import Alarm
    from tests.live.logs import Log


class Bell:
    """A target that counts."""

    label = "bell"

    def __init__(self) -> None:
        self.alarms: list[Alarm] = []

    def deliver(self, alarm: Alarm) -> None:
        self.alarms.append(alarm)

    @property
    def about(self) -> list[tuple[str, str]]:
        return [(each.values["run"], each.values.get("kind", "")) for each in self.alarms]


@pytest.fixture
def bell() -> Bell:
    return Bell()


def watching(
    log: Log,
    script: Iterator[object],
    *actions: Action,
    alarms: GivenAlarms | None = None,
    **plan: object,
) -> Watch:
    """A watch that has the script go on whenever it waits, and gives up behind its end."""

    def sleep(_: float) -> None:
        log.now += EVERY
        if next(script, script) is script:
            raise TimeoutError("nothing was reached")

    until = plan.pop("until", None)
    return Watch(
        log.follow(),
        Plan(actions, parse_condition(until) if until else None, **plan),  # type: ignore[arg-type]
        alarms or GivenAlarms(None),
        delivery=Delivery(()),
        sleep=sleep,
    )


def training(log: Log, steps: range, run: str = "a", bad: int | None = None) -> Iterator[None]:
    """One that logs a point at a time, NaN from some step on."""
    for step in steps:
        value = math.nan if bad is not None and step >= bad else 2 / (1 + 0.05 * step)
        log.write(run, step, value)
        yield


@pytest.mark.parametrize(
    ("plan", "outcome", "last"),
    [
        ({"until": "finding"}, "reached", 30),
        ({"until": "nonfinite,stall"}, "reached", 30),
        ({"until": "train/loss<1.0"}, "reached", 21),
        ({"until": "steps>=40"}, "reached", 40),
        ({"fail_on": ("nonfinite",)}, "finding", 30),
        ({"until": "finding", "fail_on": ("nonfinite",)}, "finding", 30),
        ({"timeout": 10 * EVERY}, "timeout", 9),
    ],
)
def test_what_ends_a_watch(log: Log, plan: dict[str, object], outcome: str, last: int) -> None:
    watch = watching(log, training(log, range(100), bad=30), **plan)
    events = list(watch)
    assert watch.outcome == outcome
    assert watch.follower.runs["a"].last_step == last
    reached = [each.condition for each in events if each.kind == "reached"]
    assert reached == ([plan["until"]] if outcome == "reached" else [])


def test_finished_is_when_no_run_is_written_any_more(log: Log) -> None:
    script = itertools.chain(
        training(log, range(50)), training(log, range(30), "b"), itertools.repeat(None, 200)
    )
    watch = watching(log, script, until="finished")
    *_, last = watch
    assert last.kind == "reached"
    assert last.message == "no run is being written any more: 2 stalled"


def test_an_alarm_is_given_once_a_finding(log: Log, bell: Bell) -> None:
    actions = [
        Action(parse_condition(text), bell) for text in ("nonfinite", "train/loss<1", "finished")
    ]
    script = training(log, range(100), bad=30)
    list(watching(log, script, *actions, until="steps>=90"))
    assert bell.about == [("a", ""), ("a", "nonfinite")]
    assert [each.condition for each in bell.alarms] == ["train/loss<1", "nonfinite"]


def test_what_may_still_recover_is_alarmed_where_it_is_asked_for(log: Log, bell: Bell) -> None:
    def diverging() -> Iterator[None]:
        for step in range(160):
            log.write("a", step, 2 / (1 + 0.05 * step) if step < 120 else 50.0)
            yield

    early = Bell()
    settled = Action(parse_condition("divergence"), bell)
    actions = [settled, Action(parse_condition("divergence?"), early)]
    script = diverging()
    list(watching(log, script, *actions, until="steps>=125"))
    assert (bell.about, early.about) == ([], [("a", "divergence")])
    list(watching(log, script, settled, until="steps>=150"))  # and so on
    assert bell.about == [("a", "divergence")]


def test_one_trouble_is_one_alarm_whatever_it_takes_along(log: Log, bell: Bell) -> None:
    """Series that follow the one that went first, and the runs of `add_scalars` inside the run."""

    def failing() -> Iterator[None]:
        for step in range(80):
            for tag, first in {"train/loss": 50, "a_consequence": 52, "val/loss": 52}.items():
                log.write("a", step, 1 / (1 + step) if step < first else math.nan, tag)
            log.write("a/loss/train", step, 1 / (1 + step) if step < 50 else math.nan, "loss")
            yield

    action = Action(parse_condition("nonfinite"), bell)
    list(watching(log, failing(), action, until="steps>=75"))
    assert [(each.values["run"], each.values["tag"]) for each in bell.alarms] == [
        ("a", "train/loss")
    ]


def test_an_alarm_is_not_given_again_by_the_next_watch(
    log: Log, bell: Bell, tmp_path: Path
) -> None:
    kept = tmp_path / "state" / "given.json"
    action = Action(parse_condition("nonfinite"), bell)
    for last in (60, 90):
        alarms = GivenAlarms(kept)
        script = training(log, range(last - 59, last + 1), bad=30)
        list(watching(log, script, action, alarms=alarms, until=f"steps>={last}"))
    assert bell.about == [("a", "nonfinite")]
    # Another run with the same fault is another one.
    script = training(log, range(60), run="b", bad=30)
    list(watching(log, script, action, alarms=GivenAlarms(kept), until="run=b and steps>=50"))
    assert bell.about == [("a", "nonfinite"), ("b", "nonfinite")]


def test_two_watches_at_a_time_give_it_once(log: Log, bell: Bell, tmp_path: Path) -> None:
    for _ in training(log, range(60), bad=30):
        log.now += EVERY
    action = Action(parse_condition("nonfinite"), bell)
    start = threading.Barrier(4)

    def watch() -> None:
        made = watching(
            log, iter(()), action, alarms=GivenAlarms(tmp_path / "given.json"), until="finding"
        )
        start.wait()
        list(made)

    threads = [threading.Thread(target=watch) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert bell.about == [("a", "nonfinite")]


def test_an_alarm_whose_giver_died_is_given_by_the_next(log: Log, tmp_path: Path) -> None:
    kept = tmp_path / "given.json"
    alarms = GivenAlarms(kept)
    assert _claim(alarms) is not None
    stored = json.loads(kept.read_text())
    dead = subprocess.Popen(["true"])
    dead.wait()
    stored["given"][0]["owner"] = f"{os.uname().nodename}:{dead.pid}"
    kept.write_text(json.dumps(stored))
    again = _claim(GivenAlarms(kept))
    assert again is not None
    GivenAlarms(kept).finish(again)


def _claim(alarms: GivenAlarms, low: int = 5, now: float = 100.0, **options: bool) -> object:
    from tbtools.live.episodes import Span
    from tbtools.live.state import Key

    return alarms.claim(Key("c", "a", "loss", "spike"), Span(low, low, 50.0), 60.0, now, **options)


def test_repeat_and_cooldown() -> None:
    repeating = GivenAlarms(None, repeat=60)
    first = _claim(repeating)
    assert first is not None
    repeating.finish(first)  # type: ignore[arg-type]
    assert _claim(repeating, now=159, lasts=True) is None
    assert _claim(repeating, now=160, lasts=False) is None
    assert _claim(repeating, now=160, lasts=True) is not None
    cooling = GivenAlarms(None, cooldown=60)
    assert _claim(cooling) is not None
    assert _claim(cooling, low=9, now=159) is None
    assert _claim(cooling, low=9, now=160) is not None


@pytest.mark.parametrize("content", ["no JSON", "[]", '{"given": [{"a": 1}]}'])
def test_what_cannot_be_kept_is_told_and_given_all_the_same(
    log: Log, bell: Bell, tmp_path: Path, content: str
) -> None:
    (tmp_path / "given.json").write_text(content)
    alarms = GivenAlarms(tmp_path / "given.json")
    action = Action(parse_condition("nonfinite"), bell)
    events = list(watching(log, training(log, range(60), bad=30), action, alarms=alarms,
                           until="steps>=50"))  # fmt: skip
    assert bell.about == [("a", "nonfinite")]
    [problem] = [each for each in events if "given.json" in each.message]
    assert problem.kind == "problem"
    assert (tmp_path / "given.json").read_text() == content


def test_a_failure_of_a_hook_is_an_event(log: Log) -> None:
    from tbtools.live.commands import Command

    action = Action(parse_condition("nonfinite"), Command.parse("sh -c 'exit 7'"))
    events = list(watching(log, training(log, range(40), bad=30), action, until="steps>=39"))
    [problem] = [each for each in events if "status 7" in each.message]
    assert (problem.kind, problem.run) == ("problem", "a")


# Real processes


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Path]:
    """A log directory in which a thread writes a run that gets NaN, until the test is over."""
    stop = threading.Event()

    def write() -> None:
        with tbtools.EventFileWriter(tmp_path / "logs" / "a") as writer:
            for step in itertools.count():
                writer.add_scalar("loss", 1 / (1 + step) if step < 30 else math.nan, step)
                writer.flush()
                if stop.wait(0.01):
                    return

    thread = threading.Thread(target=write)
    thread.start()
    while not list(tmp_path.glob("logs/a/*")):
        time.sleep(0.01)
    yield tmp_path / "logs"
    stop.set()
    thread.join()


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--until", "finding"], 0),
        (["--until", "steps>100"], 0),
        (["--until", "finished", "--fail-on", "nonfinite"], 1),
        (["--until", "loss>5", "--timeout", "0.2"], 2),
        (["--timeout", "0.2"], 0),
    ],
)
def test_exit_status(growing: Path, options: list[str], status: int) -> None:
    result = call("watch", str(growing), *options, "--interval", "0.05")
    assert (result.status, "Traceback" in result.err) == (status, False)
    assert result.err.splitlines()[-1].startswith(
        {0: "reached", 1: "ended by a finding", 2: "the time is up"}[status]
        if options != ["--timeout", "0.2"]
        else "the time is up"
    )


def test_a_line_of_json_an_event(growing: Path) -> None:
    result = call("watch", str(growing), "--until", "finding", "--interval", "0.05",
                  "--format", "jsonl")  # fmt: skip
    events = [json.loads(line) for line in result.out.splitlines()]
    assert events[0]["event"] == "run"
    assert {"event", "time", "run", "finding"} <= events[0].keys()
    [reached] = [each for each in events if each["event"] == "reached"]
    assert reached["finding"]["kind"] == "nonfinite"
    # Whose finding it was is what `detect` finds in the same log.
    [found] = tbtools.detect(growing).of("nonfinite")
    assert reached["finding"]["onset_step"] == found.onset_step == 30


def test_quiet_prints_nothing(growing: Path) -> None:
    result = call("watch", str(growing), "--until", "finding", "--interval", "0.05", "--quiet")
    assert (result.status, result.out, result.err) == (0, "", "")


def watched_on_a_terminal(logs: Path, tmp_path: Path, **redirected: int) -> str:
    """What a terminal shows of a watch of which some streams are redirected."""
    ours, theirs = os.openpty()
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs} | redirected
    subprocess.run(
        [*TBTOOLS, "watch", str(logs), "--until", "finding", "--interval", "0.05"],
        check=True, timeout=60, **streams,
        env=environment(TBTOOLS_STATE=str(tmp_path / "state"), TERM="xterm"),
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how Linux tells that the other end is closed
        while part := os.read(ours, 1 << 16):
            shown += part
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals")
@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ("stdin", "lines of text: standard input, which keys come from, is no terminal\n"),
        ("stderr", "lines of text: standard error, which the screen is drawn on, is no terminal\n"),
    ],
)
def test_a_screen_that_a_redirected_stream_hinders_is_told_of(
    growing: Path, tmp_path: Path, stream: str, said: str
) -> None:
    shown = watched_on_a_terminal(growing, tmp_path, **{stream: subprocess.DEVNULL})
    assert shown.startswith(said)
    assert "being written" in shown


def test_without_textual_it_says_how_to_get_the_screen(
    growing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = "Textual is not installed: pip install 'tbtools[watch]' shows the whole screen"
    monkeypatch.setattr("tbtools.live.app.run.hindrance", lambda: why)
    result = call("watch", str(growing), "--until", "finding", "--interval", "0.05", out=Screen())
    assert result.status == 0
    assert result.out.startswith(f"lines of text: {why}\n")
    assert "being written" in result.out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(growing: Path, tmp_path: Path, number: int) -> None:
    child = subprocess.Popen(
        [*TBTOOLS, "watch", str(growing), "--interval", "0.05"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(TBTOOLS_STATE=str(tmp_path / "state")),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert child.stdout is not None
    assert "being written" in child.stdout.readline()
    child.send_signal(number)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 128 + number
    assert said.splitlines()[-1] == "tbtools: interrupted"


def test_a_hook_that_runs_is_not_ended_with_the_watch(growing: Path, tmp_path: Path) -> None:
    done = tmp_path / "done"
    begin, end = (f"open({str(path)!r}, 'w')" for path in (tmp_path / "began", done))
    script = f"import time; {begin}; time.sleep(1); {end}"
    child = subprocess.Popen(
        [*TBTOOLS, "watch", str(growing), "--interval", "0.05",
         "--on", f'nonfinite={sys.executable} -c "{script}"'],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env=environment(TBTOOLS_STATE="off"),
    )  # fmt: skip
    while not (tmp_path / "began").exists():
        time.sleep(0.02)
    os.killpg(child.pid, signal.SIGTERM)  # as Slurm does, to all of a group
    assert child.wait(60) == 128 + signal.SIGTERM
    for _ in range(500):
        if done.exists():
            return
        time.sleep(0.02)
    pytest.fail("the hook did not end")


def test_in_python(growing: Path) -> None:
    events = []
    watch = tbtools.watch(growing, until="finding", interval=0.05, callback=events.append)
    assert watch.outcome == "reached"
    assert events[0].kind == "run"
    for event in tbtools.watch(growing, until="steps>0", interval=0.05):
        assert isinstance(event, tbtools.Event)


@pytest.mark.parametrize(
    "options",
    [["--on", "divergance=x"], ["--on", "divergence"], ["--on", "divergence=x {foo}"],
     ["--on", "divergence=sh -c {run}"], ["--until", "loss<"], ["--webhook", "x"],
     ["--timeout", "soon"], ["--interval", "0"], ["--fail-on", "x"], ["--where", "lr>"]],
)  # fmt: skip
def test_what_is_wrong_is_told_at_once_in_a_line(tmp_path: Path, options: list[str]) -> None:
    result = call("watch", str(tmp_path), *options)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("tbtools: ")
    assert len(result.err.splitlines()) <= 3  # an expression is shown, with the place


def test_names_of_strangers_steer_no_terminal(tmp_path: Path) -> None:
    name = "\x1b]0;title\x07[red]"
    EventFileBuilder().scalars(name, [(step, math.nan) for step in range(9)]).write(
        tmp_path / name / "events.out.tfevents.1"
    )
    EventFileBuilder().scalar("x", 1, 1.0, time.time()).write(
        tmp_path / name / "events.out.tfevents.2"
    )
    result = call("watch", str(tmp_path), "--until", "finding")
    assert result.status == 0
    assert "\x1b" not in result.out + result.err
    assert "[red]" in result.out
