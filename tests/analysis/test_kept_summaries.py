"""Summaries that the index has: the same as without it, and nothing is read for them."""

from __future__ import annotations

import json
import os
import shutil
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, precondition

from tbtools import load, summarize
from tbtools.analysis import kept_summaries, summary
from tbtools.eventfile.index.index import FileIndex
from tbtools.eventfile.source import using
from tests.builders import START, EventFileBuilder
from tests.eventfile.test_index_histories import FILES, Histories
from tests.indexes import counted, eager_index, let_clocks_tick
from tests.sources import FailingSource, error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "events.out.tfevents.1"


def told(logs: Path | str, now: float = 2 * START, **how: Any) -> str:
    """All that a summary says, which NaN would make unlike itself."""
    found = summarize(load(logs, skip_unreadable=True, **how), now=now)
    sparklines = [series.sparkline for run in found.runs for series in run.tags]
    return json.dumps([found.to_dict(), sparklines])


def look(logs: Path | str, **how: Any) -> set[str]:
    """Sums up with the index and without; tells of which runs files were opened with it."""
    with counted() as opened:
        found = told(logs, **how)
    with counted():
        assert found == told(logs, **how, cache=False)
    return set(opened)


@pytest.fixture(autouse=True)
def eager(tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """There is too much to be judged as soon as there is a point."""
    with eager_index(tmp_path / "cache") as patch:
        patch.setattr(summary, "_JUDGED_POINTS", 0)
        # Columns of files are not kept beside: what is not opened is known from summaries.
        patch.setattr("tbtools.eventfile.index.index._pays", lambda *_: False)
        yield patch


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Runs with all that a summary can say of one."""
    logs = tmp_path / "logs"
    curve = [(step, 1 / (step + 1)) for step in range(40)]
    EventFileBuilder().scalars("loss", curve).write(logs / "plain" / FILE)
    EventFileBuilder().scalars("loss", [(0, float("nan")), (1, float("inf"))]).write(
        logs / "nonfinite" / FILE
    )
    EventFileBuilder().scalars("loss", [(3, 1), (1, 2)]).text("note", 3, "words").write(
        logs / "back" / FILE
    )
    EventFileBuilder().scalars("loss", curve).corrupt_data_crc().scalars("loss", curve).write(
        logs / "damaged" / FILE
    )
    EventFileBuilder().scalars("loss", curve).truncate(5).write(logs / "truncated" / FILE)
    EventFileBuilder().scalars("loss", curve).write(logs / "resumed" / FILE)
    later = EventFileBuilder()
    for step in range(20, 30):
        later.scalar("loss", step, step, START + 1000 + step)
    later.write(logs / "resumed" / f"{FILE[:-1]}2")
    EventFileBuilder().file_version().write(logs / "empty" / FILE)
    (logs / "foreign").mkdir()
    (logs / "foreign" / FILE).write_bytes(b"no event file" * 10)
    return logs


def names(logs: Path) -> set[str]:
    return {path.name for path in logs.iterdir()}


def test_nothing_is_opened_for_the_second_summary(logs: Path) -> None:
    assert look(logs) == names(logs)
    assert look(logs) == set()


def test_summaries_of_cases(cases: Path) -> None:
    look(cases)
    look(cases)


def test_how_a_path_is_spelled_makes_no_difference(
    logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(logs)
    monkeypatch.chdir(logs)
    assert look(".") == look(f"../{logs.name}/") == look(f"{logs}/") == set()
    assert look("damaged") == set()


@pytest.mark.parametrize("policy", ["keep", "preempt", "session_log"])
def test_each_restart_policy_has_its_own(policy: str, logs: Path) -> None:
    look(logs)
    assert look(logs, restarts=policy) == names(logs)
    assert look(logs, restarts=policy) == set()


def test_the_state_is_that_of_the_time(logs: Path) -> None:
    look(logs)
    for now in (START, START + 10, START + 700, START + 1e6):
        assert look(logs, now=now) == set()


def test_only_what_has_changed_is_read(logs: Path, tmp_path: Path) -> None:
    look(logs)
    let_clocks_tick(tmp_path)
    with (logs / "plain" / FILE).open("ab") as file:
        file.write(EventFileBuilder().scalar("loss", 99, 1.0).bytes())
    EventFileBuilder().scalar("loss", 1, 1.0).write(logs / "new" / FILE)
    EventFileBuilder().scalar("loss", 1, 1.0).write(logs / "empty" / f"{FILE}.more")
    shutil.rmtree(logs / "back")
    assert look(logs) == {"plain", "new", "empty"}
    assert look(logs) == set()


def test_a_link_that_is_read_once_is_told(logs: Path) -> None:
    look(logs)
    (logs / "plain" / f"{FILE}.link").symlink_to(logs / "damaged" / FILE)
    assert look(logs) == look(logs) == {"damaged"}


def test_a_look_at_one_run_leaves_the_others(logs: Path) -> None:
    assert look(logs, runs="plain") == {"plain"}
    assert look(logs, exclude_runs="plain") == names(logs) - {"plain"}
    assert look(logs) == set()


def test_what_could_not_be_read_is_looked_for_again(logs: Path) -> None:
    refused = str(logs / "plain" / FILE)
    with using(
        FailingSource(lambda what, path: error(5) if (what, path) == ("read", refused) else None)
    ):
        told(logs)
    assert look(logs) == {"plain"}


def test_what_was_just_written_is_read_anew(logs: Path, eager: pytest.MonkeyPatch) -> None:
    eager.setattr("tbtools.eventfile.index.index._SETTLED_AFTER", 2_000_000_000)
    assert look(logs) == look(logs) == names(logs)


def test_runs_that_were_read_before_are_not_taken_for_what_lies_there_now(
    logs: Path, tmp_path: Path
) -> None:
    held = load(logs)
    held.scan()
    let_clocks_tick(tmp_path)
    path = logs / "plain" / FILE
    times = path.stat()
    content = EventFileBuilder().scalars("loss", [(step, 7) for step in range(40)]).bytes()
    assert len(content) == times.st_size
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    summarize(held)
    assert look(logs) == names(logs)


def test_summaries_of_other_code_count_no_more(logs: Path, eager: pytest.MonkeyPatch) -> None:
    look(logs)
    eager.setattr(kept_summaries, "code_digest", lambda _: "f" * 16)
    assert look(logs) == names(logs)
    assert look(logs) == set()


def test_where_the_code_cannot_be_told_nothing_is_kept(
    logs: Path, eager: pytest.MonkeyPatch
) -> None:
    eager.setattr(kept_summaries, "code_digest", lambda _: None)
    assert look(logs) == look(logs) == names(logs)


def test_small_chunks_are_joined(logs: Path, tmp_path: Path, eager: pytest.MonkeyPatch) -> None:
    eager.setattr(kept_summaries, "_RUNS_A_CHUNK", 3)
    eager.setattr(kept_summaries, "_CHUNKS_MORE", 2)
    for number in range(12):
        EventFileBuilder().scalar("loss", number, 1.0).write(logs / f"new{number}" / FILE)
        new = {f"new{number}"} if number else names(logs)
        assert look(logs) == new
    assert look(logs) == set()
    chunks = [number for number, data in FileIndex(str(logs)).kept("summaries-resume") if data]
    assert len(chunks) <= 21 / 3 + 2


def test_what_can_be_judged_is_read(logs: Path, eager: pytest.MonkeyPatch) -> None:
    look(logs)
    eager.setattr(summary, "_JUDGED_POINTS", 10**6)
    assert look(logs) == names(logs)


def test_many_at_once(logs: Path) -> None:
    want = told(logs, cache=False)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(told(logs))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [want] * 8


class SummaryHistories(Histories):
    """The same histories of files and of the index, as summaries."""

    def __init__(self) -> None:
        super().__init__()
        patch = pytest.MonkeyPatch()
        patch.setattr(summary, "_JUDGED_POINTS", -1)
        patch.setattr(kept_summaries, "_RUNS_A_CHUNK", 1)
        patch.setattr(kept_summaries, "_CHUNKS_MORE", 1)
        self.patch = patch

    def teardown(self) -> None:
        self.patch.undo()
        super().teardown()

    @precondition(lambda self: any((self.logs / name).exists() for name in FILES))
    @invariant()
    def summaries_are_those_without_an_index(self) -> None:
        """Twice: the second finds what the first one has kept."""
        want = told(self.logs, cache=False)
        assert told(self.logs) == told(self.logs) == want


TestSummaryHistories = SummaryHistories.TestCase
TestSummaryHistories.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
