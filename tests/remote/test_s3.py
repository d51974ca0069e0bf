"""Logs in a bucket: the same as on a disk, with few requests, and in order where they fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import tbtools
from tests.commands import Result, call
from tests.remote.comparing import COMMANDS, hold_the_same
from tests.remote.conftest import FILE, points
from tests.remote.servers import BUSY, EXPIRED, FORBIDDEN, Fault

if TYPE_CHECKING:
    from pathlib import Path

    from tests.remote.conftest import Bucket


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_what_it_says_of_local_files(
    command: str, bucket: Bucket, logs: Path, tmp_path: Path
) -> None:
    bucket.put_folder(logs, "some/logs")
    hold_the_same(command, str(logs), f"{bucket.url}/some/logs", tmp_path)


def large_file() -> bytes:
    """Twenty megabytes."""
    events = points(3)
    for step in range(100):
        events.image("picture", step, bytes(200_000))
    return events.bytes()


def test_python(bucket: Bucket, logs: Path) -> None:
    bucket.put_folder(logs, "logs")
    experiment = tbtools.load(f"{bucket.url}/logs")
    assert list(experiment) == ["a", "b"]
    expected = tbtools.read_scalars(logs)
    assert experiment.scalars().equals(expected)
    assert experiment["a"].text()["step"].tolist() == [3]
    assert experiment["a"].embeddings() == []
    assert tbtools.read_scalars(f"{bucket.url}/logs/b/{FILE}")["step"].tolist() == list(range(70))


def test_embeddings(bucket: Bucket) -> None:
    config = 'embeddings { tensor_name: "t" tensor_path: "%s" }'
    bucket.put("logs/" + FILE, points(3).bytes())
    bucket.put("logs/t.tsv", b"1\t2\n3\t4\n")
    bucket.put("other/t.tsv", b"5\t6\n")
    bucket.put("logs/projector_config.pbtxt", (config % "t.tsv").encode())
    [embedding] = tbtools.load(f"{bucket.url}/logs")["."].embeddings()
    assert embedding.directory == f"{bucket.url}/logs"
    assert embedding.vectors().tolist() == [[1, 2], [3, 4]]
    for elsewhere in ("../other/t.tsv", "/other/t.tsv", f"{bucket.url}/other/t.tsv"):
        bucket.put("logs/projector_config.pbtxt", (config % elsewhere).encode())
        [embedding] = tbtools.load(f"{bucket.url}/logs")["."].embeddings()
        with pytest.raises(tbtools.UndecodablePayload, match=r"is no file inside"):
            embedding.vectors()


def test_names_with_odd_letters(bucket: Bucket) -> None:
    bucket.put("läufe/a b/x=1,y#2?%20/" + FILE, points(3).bytes())
    experiment = tbtools.load(f"{bucket.url}/läufe")
    assert list(experiment) == ["a b/x=1,y#2?%20"]
    assert len(experiment.scalars()) == 3


def test_keys_that_stand_for_directories(bucket: Bucket) -> None:
    bucket.put("logs/", b"")
    bucket.put("logs/a/", b"")
    bucket.put("logs/a/" + FILE, points(3).bytes())
    for path in ("/logs/", "//logs", "/logs/a/../", "/logs/./", "/logs//"):
        assert list(tbtools.load(f"{bucket.url}{path}")) == ["a"]
    assert list(tbtools.load(bucket.url)) == ["logs/a"]


def test_a_large_file_is_read_in_large_ranges(bucket: Bucket) -> None:
    content = large_file()
    bucket.put("logs/" + FILE, content)
    before = len(bucket.served.requests)
    assert tbtools.load(f"{bucket.url}/logs")["."].tags["count"].tolist() == [3, 100]
    reads = [each for each in bucket.served.since(before) if each.status == 206]
    assert len(reads) == -(-len(content) // (8 << 20)) > 2
    assert sum(each.sent for each in reads) == len(content)


# --- what is read again --------------------------------------------------------------------------


def test_the_second_look_reads_what_is_new(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_look(bucket, tmp_path, monkeypatch, runs=100, grown=5)


@pytest.mark.minutes
def test_the_second_look_at_a_thousand_runs(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert second_look(bucket, tmp_path, monkeypatch, runs=1000, grown=10) <= 30


def second_look(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, runs: int, grown: int
) -> int:
    """Holds what it costs; returns the requests."""
    monkeypatch.setenv("TBTOOLS_CACHE", str(tmp_path / "cache"))
    old, new = points(1000).bytes(), points(1010, first=1000).bytes()
    for number in range(runs):
        bucket.put(f"logs/run{number}/{FILE}", old)
    bucket.served.latency = 0.001  # no scan is so fast that it does not pay to keep it
    url = f"{bucket.url}/logs"
    assert call("summarize", url).status == 0
    for number in range(grown):
        bucket.put(f"logs/run{number}/{FILE}", old + new)
    before = len(bucket.served.requests)
    second = call("summarize", url, "--format", "json")
    asked = bucket.served.since(before)
    assert second.out == call("summarize", url, "--format", "json", "--no-cache").out
    # The list, twice two looks for a tbtools.toml above it, and one read of each that has grown.
    assert len(asked) <= -(-runs // 1000) + 4 + grown
    reads = [each for each in asked if each.status == 206]
    # With the 64 bytes in front of them, which tell that it is the same file.
    assert sum(each.sent for each in reads) == grown * (len(new) + 64)
    return len(asked)


def test_pictures_are_not_fetched_to_be_counted(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TBTOOLS_CACHE", str(tmp_path / "cache"))
    events = points(3)
    for step in range(20):
        events.image("picture", step, b"\x89PNG" + bytes(200_000))
    bucket.put("logs/" + FILE, events.bytes())
    bucket.served.latency = 0.03
    assert call("summarize", f"{bucket.url}/logs").status == 0
    before = len(bucket.served.requests)
    assert "23" in call("summarize", f"{bucket.url}/logs").out
    assert not [each for each in bucket.served.since(before) if each.status == 206]


def test_refresh(bucket: Bucket, logs: Path) -> None:
    bucket.put_folder(logs, "logs")
    experiment = tbtools.load(f"{bucket.url}/logs")
    assert len(experiment.scalars()) == 150
    before = len(bucket.served.requests)
    assert experiment.refresh() == 0
    assert len(bucket.served.since(before)) == 1
    bucket.put("logs/b/" + FILE, points(70).bytes() + points(75, first=70).bytes())
    bucket.put("logs/c/" + FILE, points(4).bytes())
    before = len(bucket.served.requests)
    assert experiment.refresh() == 5 + 4
    assert len(bucket.served.since(before)) == 3
    assert [change.kind for change in experiment["b"].changes] == ["grown"]
    bucket.put("logs/b/" + FILE, points(80).bytes())
    assert experiment["b"].refresh() == 5
    bucket.put("logs/b/" + FILE, points(20, first=10).bytes())
    assert experiment.refresh() == 10
    assert [change.kind for change in experiment["b"].changes] == ["shrank"]


def test_a_reader_follows_an_object(bucket: Bucket) -> None:
    bucket.put("logs/" + FILE, points(3).bytes())
    tbtools.load(f"{bucket.url}/logs").scan()  # after which the list is known
    reader = tbtools.EventFileReader(f"{bucket.url}/logs/{FILE}")
    assert [event.step for event in reader] == [0, 1, 2]
    bucket.put("logs/" + FILE, points(5).bytes())
    assert [event.step for event in reader] == [3, 4]
    assert [event.step for event in reader] == []


def test_an_object_that_is_replaced_after_it_was_listed(bucket: Bucket) -> None:
    bucket.put("logs/" + FILE, points(10).bytes())
    experiment = tbtools.load(f"{bucket.url}/logs")
    bucket.put("logs/" + FILE, points(30).bytes())
    assert len(experiment.scalars()) in (10, 30)
    experiment.refresh()
    assert len(experiment.scalars()) == 30


def test_an_object_that_is_replaced_while_it_is_read(bucket: Bucket) -> None:
    content = large_file()
    bucket.put("logs/" + FILE, content)
    experiment = tbtools.load(f"{bucket.url}/logs")
    reads = []

    def replace(method: str, path: str) -> None:
        if method == "GET" and path.endswith(FILE):
            reads.append(path)
            if len(reads) == 2:
                bucket.put("logs/" + FILE, content[::-1])

    bucket.served.fault = replace
    experiment.scan()
    assert experiment["."].problems["message"].tolist() == [
        "it was replaced while it was read; run again"
    ]


# --- what fails ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [Fault("500 Internal Server Error", BUSY), Fault("503 Slow Down", BUSY), Fault(cut=True)],
)
def test_what_passes_is_tried_again(fault: Fault, bucket: Bucket, logs: Path) -> None:
    bucket.put_folder(logs, "logs")
    expected = tbtools.read_scalars(logs)
    bucket.served.first(3, fault)
    assert tbtools.read_scalars(f"{bucket.url}/logs").equals(expected)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("400 Bad Request", EXPIRED), "the credentials have expired; get new ones"),
        (Fault("403 Forbidden", FORBIDDEN), "forbidden"),
        (Fault("418 I'm a teapot"), "the server answers 418"),
    ],
)
def test_what_does_not_pass_is_one_line(
    fault: Fault, words: str, bucket: Bucket, logs: Path
) -> None:
    bucket.put_folder(logs, "logs")
    bucket.served.fault = lambda _method, _path: fault
    url = f"{bucket.url}/logs"
    assert call("summarize", url) == Result(2, "", f"tbtools: {url}: {words}\n")


def test_no_such_bucket(bucket: Bucket) -> None:
    url = f"{bucket.url}-not-there/logs"
    assert call("summarize", url) == Result(2, "", f"tbtools: {url}: no such bucket\n")


def test_nothing_there(bucket: Bucket) -> None:
    url = f"{bucket.url}/logs"
    assert call("summarize", url) == Result(2, "", f"tbtools: {url}: No such file or directory\n")
    bucket.put("logs/readme.txt", b"words")
    assert "no event files" in call("summarize", url).err


def test_what_could_be_read_is_shown(bucket: Bucket, logs: Path) -> None:
    bucket.put_folder(logs, "logs")
    forbidden = Fault("403 Forbidden", FORBIDDEN)
    bucket.served.fault = lambda _, path: forbidden if "/logs/b/" in path else None
    result = call("summarize", f"{bucket.url}/logs", "--format", "json")
    assert (result.status, '"count": 80' in result.out) == (2, True)
    assert f"{bucket.url}/logs/b/{FILE}: forbidden" in result.err


def test_a_token_that_expires_meanwhile(bucket: Bucket, logs: Path) -> None:
    bucket.put_folder(logs, "logs")
    expired = Fault("400 Bad Request", EXPIRED)
    left = [2]  # files that are read before

    def fault(_method: str, path: str) -> Fault | None:
        left[0] -= path.endswith((FILE, "tfevents.2"))
        return expired if left[0] < 0 else None

    bucket.served.fault = fault
    result = call("summarize", f"{bucket.url}/logs", "--format", "csv")
    assert (result.status, result.err.count("the credentials have expired")) == (2, 1)
    assert result.out.count("loss,") in (1, 2)


def test_new_credentials_are_taken(
    bucket: Bucket, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put_folder(logs, "logs")
    bucket.served.fault = lambda *_: Fault("400 Bad Request", EXPIRED)
    with pytest.raises(tbtools.NoEventFiles, match="expired"):
        tbtools.load(f"{bucket.url}/logs")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another-key")
    bucket.served.fault = lambda *_: None
    before = len(bucket.served.keys)
    assert len(tbtools.load(f"{bucket.url}/logs")) == 2
    assert set(bucket.served.keys[before:]) == {"another-key"}


def test_a_tbtools_toml_in_the_bucket_counts(bucket: Bucket, logs: Path) -> None:
    bucket.put_folder(logs, "team/logs")
    before = call("detect", f"{bucket.url}/team/logs", "--format", "json").out
    bucket.put("team/tbtools.toml", b'ignore-tags = ["loss"]')
    after = call("detect", f"{bucket.url}/team/logs", "--format", "json").out
    assert ('"kind": "divergence"' in before, '"kind": "divergence"' in after) == (True, False)


def test_an_object_that_may_be_read_but_not_listed(bucket: Bucket) -> None:
    bucket.put("logs/" + FILE, points(7).bytes())
    forbidden = Fault("403 Forbidden", FORBIDDEN)
    bucket.served.fault = lambda _, path: None if path.endswith(FILE) else forbidden
    assert len(tbtools.read_scalars(f"{bucket.url}/logs/{FILE}")) == 7
