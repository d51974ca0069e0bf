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
        name: Its name.
        served: The server.
    """

    def __init__(self, served: Served, name: str) -> None:
        from obstore.store import from_url

        self.served, self.name = served, name
        self._store = from_url(
            f"s3://{name}", endpoint=served.url, client_options={"allow_http": True}
        )

    @property
    def url(self) -> str:
        return f"s3://{self.name}"

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


_buckets = iter(range(1_000_000))


@pytest.fixture
def bucket(s3: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket, which the environment leads to."""
    from urllib.request import Request, urlopen

    settings = {
        "AWS_ACCESS_KEY_ID": "key-of-tests",
        "AWS_SECRET_ACCESS_KEY": "secret-of-tests",
        "AWS_ENDPOINT_URL": s3.url,
        "AWS_REGION": "us-east-1",
    }
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    name = f"bucket{next(_buckets)}"
    urlopen(Request(f"{s3.url}/{name}", method="PUT")).close()
    yield Bucket(s3, name)
    s3.latency = 0.0
    s3.fault = lambda _method, _path: None


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
