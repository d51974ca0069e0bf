"""Work by processes that this one becomes: what one alone gives, whatever becomes of the others.

Each in a process of its own: one in which other tests have started threads is not forked.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.commands import ROOT, environment
from tests.sweeps import write_related_runs

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no forks but on Linux")

# Of so few runs the work would not be handed out, and the machine may have one core.
CORES = """
import os, sys
from tbtools.runs import engine
engine._SECONDS_A_PROCESS = 1e-9
engine.usable_cores = lambda: int(os.environ["CORES"])
forks = []
os.register_at_fork(after_in_parent=lambda: forks.append(None))
"""
JUDGES = """
import json, tbtools
from tbtools.analysis.judgement import judge
told = []
experiment = tbtools.load(sys.argv[1])
one = judge(experiment, judging=lambda done, total: told.append((done, total)))
assert told == sorted(told) and told[-1][0] == told[-1][1]
found = one.to_dict(), repr(one.findings.findings), repr(one.trends), repr(one.tags), one.points
known = [repr(run.data.diagnostics) for run in experiment.values()]
best = tbtools.best(sys.argv[1], sys.argv[2]).to_dict()
print(json.dumps([len(forks), *found, known, best]))
"""
# Numbers up to nine, where one process may do another thing with one of them.
WORKS = """
import contextlib, os, sys, warnings
from tbtools import system
from tbtools.runs.forks import in_forks
here = os.getpid()
assert system.may_fork()
def work(number):
    if number == 4:
        trouble()
    return number, os.getpid() != here
def children():
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(-1, os.WNOHANG)
"""


def script(text: str, *arguments: str, cores: int = 3) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", text, *arguments], cwd=ROOT, capture_output=True, text=True,
        env=environment(CORES=f"{cores}", TBTOOLS_CACHE="off"), timeout=240, check=False,
    )  # fmt: skip


def judged(path: Path, tag: str, cores: int) -> tuple[int, list[Any]]:
    """How many processes there were besides, and what was found."""
    done = script(CORES + JUDGES, os.fspath(path), tag, cores=cores)
    assert (done.returncode, done.stderr) == (0, "")
    forks, *found = json.loads(done.stdout)
    return forks, found


def check_the_same(path: Path, tag: str) -> None:
    alone, expected = judged(path, tag, 1)
    others, found = judged(path, tag, 3)
    assert (alone, others > 2) == (0, True)
    assert found == expected


def test_the_same_is_found_of_related_runs(tmp_path: Path) -> None:
    write_related_runs(tmp_path)
    check_the_same(tmp_path, "loss")


def test_the_same_is_found_of_the_test_logs() -> None:
    check_the_same(ROOT / "tests" / "logs", "train/loss")


@pytest.mark.corpus
def test_the_same_is_found_of_real_runs(corpus: Path) -> None:
    check_the_same(corpus, "Loss")


def test_little_is_judged_by_one_process() -> None:
    text = CORES.replace("engine._SECONDS_A_PROCESS = 1e-9\n", "") + JUDGES
    done = script(text, "tests/logs", "train/loss")
    assert json.loads(done.stdout)[0] == 0


TROUBLES = {
    "it is killed": "os.kill(os.getpid(), 9)",
    "it ends": "os._exit(0)",
    "it has no memory": "raise MemoryError",
    "it cannot read": "raise OSError(5, 'Input/output error')",
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("processes", [1, 2, 4])
def test_what_a_process_does_not_give_is_done_by_the_first(trouble: str, processes: int) -> None:
    text = f"""
def trouble():
    if os.getpid() != here: {TROUBLES[trouble]}
found = list(in_forks(work, list(range(10)), {processes}))
assert [number for number, _ in found] == list(range(10)), found
elsewhere = [number for number, there in found if there]
assert 4 not in elsewhere
assert len(elsewhere) == (9 if {processes} > 1 else 0), found
assert children() is None
"""
    assert script(WORKS + text).stderr == ""


def test_no_process_is_left_to_do_anything() -> None:
    text = """
def work(number):
    if os.getpid() != here: os.kill(os.getpid(), 9)
    return number
assert list(in_forks(work, list(range(10)), 3)) == list(range(10))
assert children() is None
"""
    assert script(WORKS + text).stderr == ""


def test_no_process_can_be_had() -> None:
    text = """
import errno
def fork(): raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
os.fork = fork
def trouble(): pass
is_open = set()
for _ in range(5):
    assert list(in_forks(work, list(range(10)), 3)) == [(number, False) for number in range(10)]
    is_open.add(len(os.listdir("/proc/self/fd")))
assert len(is_open) == 1, is_open
"""
    assert script(WORKS + text).stderr == ""


def test_a_process_that_works_for_another_one_has_none_for_it() -> None:
    text = """
def may_fork(number): return system.may_fork()
assert list(in_forks(may_fork, list(range(10)), 3)) == [False] * 10
assert system.may_fork()
"""
    assert script(WORKS + text).stderr == ""


def test_an_error_is_that_of_one_process() -> None:
    text = """
def trouble(): raise ValueError("four")
found = []
try:
    for each, _ in in_forks(work, list(range(10)), 3): found.append(each)
except ValueError as error:
    assert str(error) == "four" and found == [0, 1, 2, 3], found
else:
    raise AssertionError
assert children() is None
"""
    assert script(WORKS + text).stderr == ""


def test_a_warning_is_seen_by_who_asked() -> None:
    text = """
def trouble(): warnings.warn("four", RuntimeWarning)
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    found = list(in_forks(work, list(range(10)), 3))
assert [str(each.message) for each in told] == ["four"]
assert [number for number, there in found if not there] == [4]
"""
    assert script(WORKS + text).stderr == ""


def test_nobody_hears_of_forks_from_libraries_that_warn_of_them() -> None:
    text = """
def trouble(): pass
os.register_at_fork(before=lambda: warnings.warn("os.fork() was called", RuntimeWarning))
assert len(list(in_forks(work, list(range(10)), 3))) == 10
"""
    assert script(WORKS + text).stderr == ""


def test_handlers_of_signals_are_called_in_the_first_process_alone() -> None:
    text = """
import signal
signal.signal(signal.SIGUSR1, lambda *_: os.write(2, b"handled"))
def trouble():
    if os.getpid() != here: os.kill(os.getpid(), signal.SIGUSR1)
found = list(in_forks(work, list(range(10)), 3))
assert all(there for _, there in found), found
"""
    assert script(WORKS + text).stderr == ""


def test_signals_are_held_no_longer_where_one_came_right_before() -> None:
    text = """
import signal
hold = signal.pthread_sigmask
def interrupted(how, signals):
    before = hold(how, signals)
    if how == signal.SIG_BLOCK and signals: raise KeyboardInterrupt  # from its handler
    return before
signal.pthread_sigmask = interrupted
def trouble(): pass
try:
    list(in_forks(work, list(range(10)), 3))
except KeyboardInterrupt:
    assert not hold(signal.SIG_BLOCK, ())
else:
    raise AssertionError
"""
    assert script(WORKS + text).stderr == ""


def test_what_cannot_be_sent_is_made_here() -> None:
    text = """
def work(number): return (lambda: number) if number == 4 else number
found = list(in_forks(work, list(range(10)), 3))
assert found.pop(4)() == 4 and found == [0, 1, 2, 3, 5, 6, 7, 8, 9]
"""
    assert script(WORKS + text).stderr == ""


def test_processes_end_where_not_all_is_taken() -> None:
    text = """
def trouble(): pass
some = in_forks(work, list(range(10)), 3)
assert next(some) == (0, True)
some.close()
assert children() is None
"""
    assert script(WORKS + text).stderr == ""


def test_when_a_process_is_not_forked() -> None:
    text = """
import multiprocessing, threading
from multiprocessing.pool import ThreadPool
assert multiprocessing.get_context("fork").Pool(1).apply(system.may_fork) is False
"""
    assert script(WORKS + text).stderr == ""
    text = """
import threading, time
seen = []
thread = threading.Thread(target=lambda: seen.append(system.may_fork()))
thread.start(); thread.join()
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
assert seen == [False] and not system.may_fork()
"""
    assert script(WORKS + text).stderr == ""


SLOW = (
    CORES
    + """
import signal, time
from tbtools.analysis.judged_runs import Judging
def judge(self, read):
    os.write(2, b"judges\\n")  # at once, not between what others write
    time.sleep(3600)
Judging.__call__ = judge
sys.argv[1:] = ["detect", "tests/logs"]
from tbtools.__main__ import main
main()
"""
)


def _as_in_a_terminal() -> None:
    """What the background or nohup lets this process ignore is ignored by what it starts."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


def _end_all(group: int) -> None:
    """Else a test that fails would wait for them."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


@pytest.mark.parametrize("to", ["the first", "all"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_ends_all_processes(number: signal.Signals, to: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW], cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        env=environment(CORES="2", TBTOOLS_CACHE="off"), start_new_session=True,
        preexec_fn=_as_in_a_terminal,
    )  # fmt: skip
    with child, contextlib.ExitStack() as at_last:
        at_last.callback(_end_all, child.pid)
        assert child.stderr is not None
        for _ in range(2):
            assert child.stderr.readline() == b"judges\n"
        if to == "all":
            os.killpg(child.pid, number)
        else:
            child.send_signal(number)
        # Ends when no process has the pipes any more.
        _, told = child.communicate(timeout=60)
    if number == signal.SIGKILL:
        assert (child.returncode, told) == (-number, b"")
    else:
        assert (child.returncode, told) == (128 + number, b"tbtools: interrupted\n")
