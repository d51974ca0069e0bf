"""Servers that the tests of a module share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.builders import START, EventFileBuilder

pytest.importorskip("obstore")
pytest.importorskip("moto")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.remote.servers import Served

FILE = "events.out.tfevents.1"


class Bucket:
    """A bucket of a server.

    Attributes:
        url: What leads to it, where the environment says how.
        served: The server.
    """

    def __init__(self, served: Served, url: str) -> None:
        from obstore.store import from_url

        self.served, self.url = served, url
        self._store = from_url(url, client_options={"allow_http": True})

    def put(self, key: str, content: bytes) -> None:
        self._store.put(key, content)

    def get(self, key: str) -> bytes:
        return bytes(self._store.get(key).bytes())

    def put_folder(self, folder: Path, key: str) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                self.put(f"{key}/{path.relative_to(folder).as_posix()}", path.read_bytes())


@pytest.fixture(scope="session")
def s3() -> Iterator[Served]:
    from tests.remote.servers import s3_server

    with s3_server() as served:
        yield served


@pytest.fixture(scope="session")
def google() -> Iterator[Served]:
    from tests.remote.servers import google_server

    with google_server() as served:
        yield served


@pytest.fixture(scope="session")
def azure() -> Iterator[Served]:
    from tests.remote.servers import azure_server

    with azure_server() as served:
        yield served


_buckets = iter(range(1_000_000))


@pytest.fixture(params=["s3"])
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket, which the environment leads to."""
    scheme = request.param
    served: Served = request.getfixturevalue({"s3": "s3", "gs": "google", "az": "azure"}[scheme])
    for name in [name for name in os.environ if name.startswith(("AWS_", "GOOGLE_", "AZURE_"))]:
        monkeypatch.delenv(name)
    for name, value in _settings(scheme, served).items():
        monkeypatch.setenv(name, value)
    name = f"bucket{next(_buckets)}"
    _make(scheme, served, name)
    yield Bucket(served, f"{scheme}://{name}")
    served.latency = 0.0
    served.fault = lambda _method, _path: None


def _settings(scheme: str, served: Served) -> dict[str, str]:
    from tests.remote.servers import AZURE_ACCOUNT, AZURE_KEY, GOOGLE_TOKEN

    return {
        "s3": {
            "AWS_ACCESS_KEY_ID": "key-of-tests",
            "AWS_SECRET_ACCESS_KEY": "secret-of-tests",
            "AWS_ENDPOINT_URL": served.url,
            "AWS_REGION": "us-east-1",
        },
        "gs": {"GOOGLE_BASE_URL": served.url, "GOOGLE_BEARER_TOKEN": GOOGLE_TOKEN},
        "az": {
            "AZURE_STORAGE_ACCOUNT_NAME": AZURE_ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY,
            "AZURE_STORAGE_ENDPOINT": f"{served.url}/{AZURE_ACCOUNT}",
        },
    }[scheme]


def _make(scheme: str, served: Served, name: str) -> None:
    from urllib.request import Request, urlopen

    from tests.remote.servers import GOOGLE_TOKEN, make_container

    if scheme == "az":
        make_container(served, name)
        return
    headers = {"Authorization": f"Bearer {GOOGLE_TOKEN}"} if scheme == "gs" else {}
    urlopen(Request(f"{served.url}/{name}", method="PUT", headers=headers)).close()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A run that was resumed, and another one, in a local folder."""
    resumed = EventFileBuilder()
    for step in range(50, 80):
        resumed.scalar("loss", step, 1.0, START + 100 + step)
    first = points(60).text("note", 3, "words")
    first.write(tmp_path / "logs" / "a" / FILE)
    resumed.write(tmp_path / "logs" / "a" / "events.out.tfevents.2")
    points(70).write(tmp_path / "logs" / "b" / FILE)
    points(9).write(tmp_path / "one.tfevents")
    return tmp_path / "logs"


def points(count: int, first: int = 0) -> EventFileBuilder:
    return EventFileBuilder().scalars("loss", [(step, step) for step in range(first, count)])
