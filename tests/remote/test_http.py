"""Logs behind HTTP: single files, and folders by the pages that list them."""

from __future__ import annotations

import base64
import traceback
from typing import TYPE_CHECKING

import pytest

import tbtools
from tests.commands import Result, call
from tests.remote.comparing import COMMANDS, hold_the_same
from tests.remote.conftest import FILE, points
from tests.remote.servers import Fault, http_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.remote.servers import Served


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Served]:
    with http_server(tmp_path) as served:
        yield served


@pytest.mark.parametrize("command", ["summarize", "explain", "verify", "export", "merge"])
def test_a_command_says_what_it_says_of_local_files(
    command: str, web: Served, logs: Path, tmp_path: Path
) -> None:
    assert command in COMMANDS
    hold_the_same(command, str(logs), f"{web.url}/logs", tmp_path)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_file(ranges: bool, web: Served, logs: Path) -> None:
    web.ranges = ranges
    frame = tbtools.read_scalars(f"{web.url}/logs/b/{FILE}")
    assert frame.equals(tbtools.read_scalars(logs / "b" / FILE))


@pytest.mark.parametrize("status", ["403 Forbidden", "405 Method Not Allowed"])
def test_a_url_that_is_signed_for_reading_alone(status: str, web: Served, logs: Path) -> None:
    web.fault = lambda method, _path: Fault(status) if method == "HEAD" else None
    frame = tbtools.read_scalars(f"{web.url}/logs/b/{FILE}?X-Amz-Signature=1")
    assert frame.equals(tbtools.read_scalars(logs / "b" / FILE))


def test_names_with_odd_letters(web: Served, tmp_path: Path) -> None:
    points(3).write(tmp_path / "läufe" / "a b" / "x=1,y#2?%20" / FILE)
    experiment = tbtools.load(f"{web.url}/l%C3%A4ufe/")
    assert list(experiment) == ["a b/x=1,y#2?%20"]
    assert len(experiment.scalars()) == 3


def test_the_second_look_reads_what_is_new(
    web: Served, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    monkeypatch.setenv("TBTOOLS_CACHE", str(tmp_path / "cache"))
    for path in logs.rglob("*tfevents*"):
        os.utime(path, (1_772_438_400, 1_772_438_400))  # long settled
    web.latency = 0.01
    first = call("summarize", f"{web.url}/logs", "--format", "json")
    new = points(75, first=70).bytes()
    with (logs / "b" / FILE).open("ab") as file:
        file.write(new)
    before = len(web.requests)
    second = call("summarize", f"{web.url}/logs", "--format", "json")
    assert '"count": 75' in second.out
    assert '"count": 75' not in first.out
    assert sum(each.sent for each in web.since(before)) == len(new) + 64


def test_credentials_reach_the_server_and_nobody_else(
    web: Served, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TBTOOLS_CACHE", str(tmp_path / "cache"))
    web.latency = 0.01
    secrets = {
        f"{web.url}/logs/b/{FILE}?X-Amz-Signature=0fe1&x=%2F": "X-Amz-Signature=0fe1&x=%2F",
        f"{web.url}/logs?sig=0fe1": "sig=0fe1",
        f"{web.url.replace('//', '//me:0fe1@')}/logs": (
            "Basic " + base64.b64encode(b"me:0fe1").decode()
        ),
        f"{web.url.replace('//', '//0fe1@')}/logs": (
            "Basic " + base64.b64encode(b"0fe1:").decode()
        ),
    }
    for url, web.secret in secrets.items():
        for options in (
            ["--format", "json"],
            [],
            ["--run", "none"],
            ["-o", f"{tmp_path}/no/x.json"],
        ):
            result = call("summarize", url, *options)
            assert result.status == (2 if len(options) == 2 and "json" not in options else 0)
            assert "0fe1" not in result.out + result.err
        experiment = tbtools.load(url)
        assert len(experiment.scalars()) >= 70
        assert "0fe1" not in repr(experiment) + experiment.logdir + str(experiment.paths)
        web.secret = "another"
        refused = call("summarize", url)
        assert (refused.status, refused.err.endswith(": forbidden\n")) == (2, True)
        assert "0fe1" not in refused.err
        with pytest.raises(tbtools.NoEventFiles) as raised:
            tbtools.load(url)
        assert "0fe1" not in "".join(traceback.format_exception(raised.value))
    kept = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert kept
    assert not any(b"0fe1" in each for each in kept)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("404 Not Found"), "No such file or directory"),
        (Fault("401 Unauthorized"), "forbidden"),
        (Fault("410 Gone"), "the server answers 410"),
    ],
)
def test_what_is_refused_is_one_line(fault: Fault, words: str, web: Served) -> None:
    web.fault = lambda _method, _path: fault
    url = f"{web.url}/logs"
    assert call("summarize", url) == Result(2, "", f"tbtools: {url}: {words}\n")


def test_a_page_without_logs(web: Served, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<a href='/elsewhere'>x<a href='?C=N'><a href='../'><a>")
    url = f"{web.url}/"
    result = call("summarize", url)
    assert (result.status, "no event files" in result.err) == (2, True)


def test_a_server_that_is_not_there(web: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from tbtools.eventfile.remote import objects, pages

    pages._server.cache_clear()
    monkeypatch.setitem(objects.RETRIES, "max_retries", 1)
    url = "http://127.0.0.1:9/logs"
    assert call("summarize", url) == Result(2, "", f"tbtools: {url}: the server does not answer\n")
