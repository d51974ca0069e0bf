"""Logs behind SSH, read by SFTP from OpenSSH's server."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

import pytest

import tbtools
from tests.commands import Result, call
from tests.remote.comparing import hold_an_output, hold_the_same
from tests.remote.conftest import FILE, points

pytest.importorskip("asyncssh")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    from tests.remote.servers import ssh_server

    home = tmp_path_factory.mktemp("home")
    with ssh_server(home) as host:
        yield host, home


@pytest.fixture
def host(server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> str:
    """The beginning of URLs."""
    monkeypatch.setenv("HOME", str(server[1]))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return f"ssh://{getpass.getuser()}@{server[0]}"


@pytest.mark.parametrize("command", ["summarize", "verify", "explain", "export texts", "merge"])
def test_a_command_says_what_it_says_of_local_files(
    command: str, host: str, logs: Path, tmp_path: Path
) -> None:
    hold_the_same(command, str(logs), f"{host}{logs}", tmp_path)


def test_an_output(host: str, logs: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    hold_an_output(f"{host}{tmp_path}/out/r.json", logs, tmp_path)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["r.json"]


def test_a_directory(host: str, logs: Path, tmp_path: Path) -> None:
    url = f"{host}{tmp_path}/deep/below/edited"
    edit = ["edit", str(logs), "--shift-steps", "3", "-o"]
    for target in (str(tmp_path / "local"), url):
        assert call(*edit, target).status == 0
    for path in (tmp_path / "local").rglob("*tfevents*"):
        sent = tmp_path / "deep" / "below" / "edited" / path.relative_to(tmp_path / "local")
        assert sent.read_bytes() == path.read_bytes()
    again = call(*edit, url)
    assert (again.status, "exists; name another" in again.err) == (2, True), again.err


def test_links_are_followed_once(host: str, logs: Path, tmp_path: Path) -> None:
    (logs / "up").symlink_to(logs)
    (logs / "c").symlink_to(logs / "b")
    (logs / "d").mkdir()
    (logs / "d" / "linked.tfevents").symlink_to(logs / "b" / FILE)
    (tmp_path / "seen").symlink_to(logs)
    (tmp_path / "elsewhere").mkdir()
    points(3).write(tmp_path / "elsewhere" / FILE)
    (logs / "e").symlink_to(tmp_path / "elsewhere")
    for path in (logs, tmp_path / "seen"):
        assert list(tbtools.load(f"{host}{path}")) == list(tbtools.load(path)) == ["a", "b", "e"]


def test_no_link_leads_out_of_a_run(host: str, logs: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.tsv").write_text("1\t2\n")
    (logs / "a" / "t.tsv").symlink_to(tmp_path / "secret.tsv")
    config = logs / "a" / "projector_config.pbtxt"
    config.write_text('embeddings { tensor_name: "t" tensor_path: "t.tsv" }')
    [embedding] = tbtools.load(f"{host}{logs}")["a"].embeddings()
    with pytest.raises(tbtools.UndecodablePayload, match="is no file inside"):
        embedding.vectors()


def test_a_connection_that_is_lost_is_made_anew(host: str, logs: Path) -> None:
    from tbtools.eventfile.remote import ssh

    experiment = tbtools.load(f"{host}{logs}")
    connections = ssh._connections()
    for task in connections._clients.values():
        connections._loop.call_soon_threadsafe(task.result()._handler._writer.channel.abort)
    assert len(experiment.scalars()) == 150


def test_refresh(host: str, logs: Path) -> None:
    experiment = tbtools.load(f"{host}{logs}")
    assert len(experiment.scalars()) == 150
    with (logs / "b" / FILE).open("ab") as file:
        file.write(points(75, first=70).bytes())
    assert experiment.refresh() == 5
    (logs / "b" / FILE).unlink()
    assert experiment.refresh() == 0
    assert experiment["b"].problems["kind"].tolist() == ["unreadable"]


def test_the_second_look_opens_nothing(
    host: str, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tbtools.eventfile.index import index
    from tbtools.eventfile.remote.traffic import traffic

    monkeypatch.setenv("TBTOOLS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(index, "_PAYS_FROM_SECONDS", 0.0)
    monkeypatch.setattr(index, "_PAYS_TIMES", 0.0)
    for path in logs.rglob("*tfevents*"):
        os.utime(path, (1_772_438_400, 1_772_438_400))
    first = call("summarize", f"{host}{logs}", "--format", "json")
    before = traffic.bytes_read
    assert call("summarize", f"{host}{logs}", "--format", "json").out == first.out
    assert traffic.bytes_read == before


def test_what_is_refused_is_one_line(host: str, tmp_path: Path) -> None:
    url = f"{host}{tmp_path}/nothing"
    missing = f"tbtools: {url}: No such file or directory\n"
    assert call("summarize", url) == Result(2, "", missing)


def test_a_host_that_is_not_known(
    host: str, server: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tbtools.eventfile.remote import ssh

    ssh._connections.cache_clear()
    known = server[1] / ".ssh" / "known_hosts"
    text = known.read_text()
    known.write_text("")
    words = "127.0.0.1 is not in ~/.ssh/known_hosts; connect with ssh once"
    try:
        url = f"{host}{tmp_path}"
        assert call("summarize", url) == Result(2, "", f"tbtools: {url}: {words}\n")
    finally:
        known.write_text(text)


def test_a_password_is_not_shown(host: str, tmp_path: Path) -> None:
    url = f"{host.replace('@', ':hunter2@')}{tmp_path}/nothing"
    result = call("summarize", url)
    assert (result.status, "hunter2" in result.err) == (2, False)
