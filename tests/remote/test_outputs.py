"""Results that are written into a bucket."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools.eventfile.source import read_bytes, source_of
from tests.builders import write_foreign
from tests.commands import ROOT, TBTOOLS, Result, call, environment
from tests.remote.conftest import FILE, points

if TYPE_CHECKING:
    from tests.remote.conftest import Bucket

OUTPUTS = {
    "findings.json": ["detect"],
    "page.html": ["report"],
    "scalars.csv": ["export"],
    "scalars.parquet": ["export"],
    "smooth.csv": ["smooth"],
    "mean.csv": ["aggregate"],
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output(name: str, bucket: Bucket, logs: Path, tmp_path: Path) -> None:
    [command] = OUTPUTS[name]
    inputs = [str(logs / "b")] if command == "smooth" else [str(logs)]
    local = call(command, *inputs, "-o", str(tmp_path / name))
    done = call(command, *inputs, "-o", f"{bucket.url}/results/{name}")
    assert (done.status, local.status) == (0, 0)
    assert f"{bucket.url}/results/{name}" in done.out + done.err
    assert bucket.get(f"results/{name}") == (tmp_path / name).read_bytes()
    again = call(command, *inputs, "-o", f"{bucket.url}/results/{name}")
    assert (again.status, "exists; name another" in again.err) == (2, True)
    forced = call(command, *inputs, "-o", f"{bucket.url}/results/{name}", "--force")
    assert forced.status == 0


def test_what_appears_meanwhile_stays(bucket: Bucket, logs: Path) -> None:
    def appear(method: str, _: str) -> None:
        if method == "PUT":
            bucket.served.fault = lambda _method, _path: None
            bucket.put("r.json", b"theirs")

    bucket.served.fault = appear
    result = call("detect", str(logs), "-o", f"{bucket.url}/r.json")
    assert (result.status, "exists; name another" in result.err) == (2, True)
    assert bucket.get("r.json") == b"theirs"


def test_python(bucket: Bucket, logs: Path) -> None:
    url = f"{bucket.url}/page.html"
    assert tbtools.report(logs, url) == url
    assert bucket.get("page.html").startswith(b"<!doctype html>")


DIRECTORIES = {
    "merge": ["merge", "logs/a"],
    "edit": ["edit", "logs", "--rename", "s/^/x/"],
    "compact": ["compact", "logs", "--thin", "16"],
    "repair": ["repair", "logs"],
    "import": ["import", "foreign"],
    "export of texts": ["export", "logs", "--data", "text"],
}


def _objects(url: str) -> dict[str, bytes]:
    source = source_of(url)
    return {
        name: content
        for name, path, kind in source.list(url)
        for name, content in (
            {f"{name}/{below}": each for below, each in _objects(path).items()}
            if kind == "directory"
            else {name: read_bytes(path)}
        ).items()
    }


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", DIRECTORIES)
def test_a_directory(
    name: str, bucket: Bucket, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_foreign(tmp_path / "foreign")
    url = f"{bucket.url}/results/made"
    assert call(*DIRECTORIES[name], "-o", "made").status == 0
    done = call(*DIRECTORIES[name], "-o", url)
    assert (done.status, url in done.out + done.err) == (0, True), done.err
    assert _objects(url) == _files(tmp_path / "made") != {}
    before = bucket.served.requests.copy()
    again = call(*DIRECTORIES[name], "-o", url)
    assert (again.status, "exists; name another" in again.err) == (2, True), again.err
    assert not [each for each in bucket.served.requests[len(before) :] if each.method == "PUT"]


@pytest.mark.parametrize("command", ["smooth", "aggregate"])
def test_a_directory_of_curves(command: str, bucket: Bucket, logs: Path, tmp_path: Path) -> None:
    url = f"{bucket.url}/curves"
    for target in (str(tmp_path / "curves"), url):
        assert call(command, str(logs), "-o", target).status == 0
    assert tbtools.read_scalars(url).equals(tbtools.read_scalars(tmp_path / "curves"))
    again = call(command, str(logs), "-o", url, "--force")
    assert (again.status, "exists; name another" in again.err) == (2, True), again.err


def test_a_directory_that_is_not_sent_as_a_whole(bucket: Bucket, logs: Path) -> None:
    """What is there is told, and no second attempt writes among it."""
    from tests.remote.servers import Fault

    def refuse(method: str, path: str) -> Fault | None:
        return Fault("403 Forbidden") if method == "PUT" and "/b/" in path else None

    bucket.served.fault = refuse
    url = f"{bucket.url}/edited"
    result = call("edit", str(logs), "--shift-steps", "3", "-o", url)
    assert (result.status, result.err.count("\n")) == (2, 1), result.err
    assert re.search(f"{url}: forbidden.*; 2 of 3 files were sent and are there", result.err)
    bucket.served.fault = lambda _method, _path: None
    assert sorted(_objects(url)) == ["a/events.out.tfevents.1", "a/events.out.tfevents.2"]
    again = call("edit", str(logs), "--shift-steps", "3", "-o", url)
    assert (again.status, "exists; name another" in again.err) == (2, True)


def wait_for_rest(pid: int) -> None:
    """Waits until all threads of a process wait for something: for a core they may wait long."""
    looks = 0
    while looks < 5:  # that it sleeps is no chance
        states = []
        for task in Path(f"/proc/{pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):  # the thread has ended
                states.append(task.read_text().rpartition(")")[2].split()[0])
        looks = 0 if "R" in states else looks + 1
        time.sleep(0.04)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the states of threads")
def test_a_signal_while_a_directory_is_sent(bucket: Bucket, logs: Path, tmp_path: Path) -> None:
    waiting = threading.Event()
    ended = threading.Event()

    def wait(method: str, path: str) -> None:
        if method == "PUT" and "/b/" in path:
            waiting.set()
            ended.wait(20)

    bucket.served.fault = wait
    url = f"{bucket.url}/edited"
    command = [*TBTOOLS, "edit", os.fspath(logs), "--shift-steps", "3", "-o", url]
    (tmp_path / "tmp").mkdir()
    settings = environment(TMPDIR=os.fspath(tmp_path / "tmp"))
    with subprocess.Popen(command, env=settings, cwd=ROOT, stderr=subprocess.PIPE) as process:
        assert waiting.wait(60)
        while len(_objects(url)) < 2:
            source_of(url).forget(url)
            time.sleep(0.05)
        wait_for_rest(process.pid)  # until it has taken note of the answers
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
    ended.set()
    assert process.returncode == 143
    assert f"tbtools: {url}: 2 of 3 files were sent and are there\n" in told.decode()
    assert told.endswith(b"tbtools: interrupted\n")
    assert not list((tmp_path / "tmp").iterdir())


def test_no_directory_inside_what_is_read(bucket: Bucket, logs: Path) -> None:
    bucket.put_folder(logs, "logs")
    bucket.put("file", b"")
    refused = {"logs/new": "is read", "file": "this is a file"}
    for key, reason in refused.items():
        result = call(
            "edit", f"{bucket.url}/logs", "--shift-steps", "3", "-o", f"{bucket.url}/{key}"
        )
        assert (result.status, reason in result.err) == (2, True), result.err
    result = call("merge", str(logs / "a"), "-o", "http://127.0.0.1:9/merged")
    assert (result.status, "nothing can be written by HTTP" in result.err) == (2, True), result.err


def test_what_is_never_written(bucket: Bucket, logs: Path) -> None:
    bucket.put("logs/" + FILE, points(3).bytes())
    refused = {
        "smooth": f"{bucket.url}/logs/{FILE}",
        "export": f"{bucket.url}/logs",
    }
    for command, url in refused.items():
        result = call(command, str(logs / "b"), "-o", url, "--force")
        assert (result.status, result.err.count("\n")) == (2, 1), result.err
        assert url in result.err
    assert bucket.get("logs/" + FILE) == points(3).bytes()
    with pytest.raises(tbtools.InvalidArgument, match="written locally"):
        tbtools.EventFileWriter(f"{bucket.url}/run")


def test_no_such_bucket(bucket: Bucket, logs: Path) -> None:
    url = f"{bucket.url}-not-there/r.json"
    assert call("detect", str(logs), "-o", url) == Result(
        2, "", f"tbtools: {url}: no such bucket\n"
    )


# --- what it takes -------------------------------------------------------------------------------


def test_the_end_line_tells_requests_and_bytes(bucket: Bucket, logs: Path) -> None:
    bucket.put_folder(logs, "logs")
    before = len(bucket.served.requests)
    result = call("summarize", f"{bucket.url}/logs")
    asked = bucket.served.since(before)
    told = re.search(r"^(\d+) requests, (.*) received\n\Z", result.err, re.MULTILINE)
    assert told is not None
    assert int(told[1]) == len(asked)
    assert told[2] == size_of(logs)
    assert "request" not in call("summarize", str(logs)).err


def size_of(logs: Path) -> str:
    return f"{sum(path.stat().st_size for path in logs.rglob('*tfevents*')) / 1000:.2f} kB"


@pytest.mark.parametrize("command", ["summarize", "detect"])
def test_a_dry_run_reads_nothing(
    command: str, bucket: Bucket, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TBTOOLS_CACHE", str(tmp_path / "cache"))
    bucket.put_folder(logs, "logs")
    bucket.served.latency = 0.01
    url = f"{bucket.url}/logs"
    before = len(bucket.served.requests)
    first = call(command, url, "--dry-run")
    assert first.status == 0
    size = size_of(logs)
    assert first.out == f"{url}: 2 runs, 3 event files, {size}; to read: {size} by 3 requests\n"
    assert not [each for each in bucket.served.since(before) if each.status == 206]
    assert call(command, url).status == 0
    bucket.put("logs/b/" + FILE, points(70).bytes() + points(75, first=70).bytes())
    second = call(command, url, "--dry-run")
    assert second.out.endswith("2 known from earlier; to read: 210 B by 1 request\n")


def test_a_dry_run_of_local_files(logs: Path) -> None:
    result = call("summarize", str(logs), "--dry-run")
    size = size_of(logs)
    assert result == Result(0, f"{logs}: 2 runs, 3 event files, {size}; to read: {size}\n", "")
    assert "has no effect" in call("summarize", str(logs), "--dry-run", "-o", "x.json").err
