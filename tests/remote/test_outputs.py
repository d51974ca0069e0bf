"""Results that are written into a bucket."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import tbtools
from tests.commands import Result, call
from tests.remote.conftest import FILE, points

if TYPE_CHECKING:
    from pathlib import Path

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


def test_what_is_never_written(bucket: Bucket, logs: Path) -> None:
    bucket.put("logs/" + FILE, points(3).bytes())
    refused = {
        "merge": f"{bucket.url}/merged",
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
