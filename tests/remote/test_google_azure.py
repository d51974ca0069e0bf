"""Google's and Azure's stores: the same as S3 in each of the ways that lead to it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools.eventfile.source import read_bytes, source_of
from tests.commands import Result, call
from tests.remote.comparing import hold_the_same
from tests.remote.conftest import FILE, points
from tests.remote.servers import Fault
from tests.remote.test_s3 import large_file, second_look

if TYPE_CHECKING:
    from pathlib import Path

    from tests.remote.conftest import Bucket

pytestmark = pytest.mark.parametrize("bucket", ["gs", "az"], indirect=True)


def scheme_of(bucket: Bucket) -> str:
    return bucket.url.partition(":")[0]


@pytest.mark.parametrize("command", ["summarize", "summarize several", "export", "detect"])
def test_a_command_says_what_it_says_of_local_files(
    command: str, bucket: Bucket, logs: Path, tmp_path: Path
) -> None:
    bucket.put_folder(logs, "some/logs")
    hold_the_same(command, str(logs), f"{bucket.url}/some/logs", tmp_path)


def test_names_with_odd_letters(bucket: Bucket) -> None:
    bucket.put("läufe/a b/x=1,y#2?%20/" + FILE, points(3).bytes())
    experiment = tbtools.load(f"{bucket.url}/läufe")
    assert list(experiment) == ["a b/x=1,y#2?%20"]
    assert len(experiment.scalars()) == 3


def test_a_large_file_is_read_in_large_ranges(bucket: Bucket) -> None:
    content = large_file()
    bucket.put("logs/" + FILE, content)
    before = len(bucket.served.requests)
    assert tbtools.load(f"{bucket.url}/logs")["."].tags["count"].tolist() == [3, 100]
    reads = [each for each in bucket.served.since(before) if each.status == 206]
    assert len(reads) == -(-len(content) // (8 << 20)) > 2
    assert sum(each.sent for each in reads) == len(content)


def test_the_second_look_reads_what_is_new(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_look(bucket, tmp_path, monkeypatch, runs=20, grown=5)


def test_an_object_is_the_same_however_it_is_looked_at(bucket: Bucket) -> None:
    """Azure's lists have ETags without quotation marks, which its headers have."""
    bucket.put("logs/" + FILE, points(10).bytes())
    url = f"{bucket.url}/logs/{FILE}"
    alone = source_of(url).look(url)
    [(_, path, _)] = source_of(url).list(f"{bucket.url}/logs")
    assert source_of(url).stat(path) == alone
    assert alone.is_exact


def test_refresh(bucket: Bucket, logs: Path) -> None:
    bucket.put_folder(logs, "logs")
    experiment = tbtools.load(f"{bucket.url}/logs")
    assert len(experiment.scalars()) == 150
    before = len(bucket.served.requests)
    assert experiment.refresh() == 0
    assert len(bucket.served.since(before)) == 1
    bucket.put("logs/b/" + FILE, points(70).bytes() + points(75, first=70).bytes())
    assert experiment.refresh() == 5


def test_an_object_that_is_replaced_after_it_was_listed(bucket: Bucket) -> None:
    bucket.put("logs/" + FILE, points(10).bytes())
    experiment = tbtools.load(f"{bucket.url}/logs")
    bucket.put("logs/" + FILE, points(30).bytes())
    assert len(experiment.scalars()) in (10, 30)
    experiment.refresh()
    assert len(experiment.scalars()) == 30


def test_an_output(bucket: Bucket, logs: Path, tmp_path: Path) -> None:
    url = f"{bucket.url}/results/findings.json"
    assert call("detect", str(logs), "-o", str(tmp_path / "local.json")).status == 0
    assert call("detect", str(logs), "-o", url).status == 0
    assert read_bytes(url) == (tmp_path / "local.json").read_bytes()
    again = call("detect", str(logs), "-o", url)
    assert (again.status, "exists; name another" in again.err) == (2, True), again.err
    assert call("detect", str(logs), "-o", url, "--force").status == 0


def test_a_directory(bucket: Bucket, logs: Path, tmp_path: Path) -> None:
    url = f"{bucket.url}/results/merged"
    assert call("merge", str(logs / "a"), "-o", str(tmp_path / "merged")).status == 0
    assert call("merge", str(logs / "a"), "-o", url).status == 0
    [made] = (tmp_path / "merged").iterdir()
    assert read_bytes(f"{url}/{made.name}") == made.read_bytes()
    again = call("merge", str(logs / "a"), "-o", url)
    assert (again.status, "exists; name another" in again.err) == (2, True), again.err


@pytest.mark.parametrize("fault", [Fault("503 Service Unavailable"), Fault(cut=True)])
def test_what_passes_is_tried_again(fault: Fault, bucket: Bucket, logs: Path) -> None:
    bucket.put_folder(logs, "logs")
    expected = tbtools.read_scalars(logs)
    bucket.served.first(3, fault)
    assert tbtools.read_scalars(f"{bucket.url}/logs").equals(expected)


def test_nothing_there(bucket: Bucket) -> None:
    url = f"{bucket.url}/logs"
    assert call("summarize", url) == Result(2, "", f"tbtools: {url}: No such file or directory\n")


def test_no_such_bucket(bucket: Bucket, logs: Path) -> None:
    url = f"{bucket.url}-not-there/logs"
    words = {"gs": "no such bucket", "az": "no such container"}[scheme_of(bucket)]
    assert call("summarize", url) == Result(2, "", f"tbtools: {url}: {words}\n")
    written = call("detect", str(logs), "-o", f"{url}/r.json")
    assert (written.status, written.err) == (2, f"tbtools: {url}/r.json: {words}\n")


def test_credentials_that_are_refused(
    bucket: Bucket, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put_folder(logs, "logs")
    url = f"{bucket.url}/logs"
    name, wrong = {
        "gs": ("GOOGLE_BEARER_TOKEN", "another"),
        "az": ("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"another" * 9).decode()),
    }[scheme_of(bucket)]
    monkeypatch.setenv(name, wrong)
    # Azurite calls it as Azure does what a network rule refuses.
    words = {"gs": "the server does not know these credentials", "az": "forbidden"}[
        scheme_of(bucket)
    ]
    assert call("summarize", url) == Result(2, "", f"tbtools: {url}: {words}\n")
    written = call("detect", str(logs), "-o", f"{url}/r.json")
    # It is looked for first, and what answers that says no more than a number.
    assert (written.status, written.err) == (2, f"tbtools: {url}/r.json: forbidden\n")


def test_settings_that_cannot_be_right(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    name, value, words = {
        "gs": ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json", "No such file or directory"),
        "az": ("AZURE_STORAGE_ACCOUNT_KEY", "no base64!", "Invalid Access Key"),
    }[scheme_of(bucket)]
    monkeypatch.delenv("GOOGLE_BEARER_TOKEN", raising=False)
    monkeypatch.setenv(name, value)
    result = call("summarize", bucket.url)
    assert (result.status, result.err.count("\n"), words in result.err) == (2, 1, True), result
