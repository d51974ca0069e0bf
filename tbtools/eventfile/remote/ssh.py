"""Files behind SSH, by SFTP: asyncssh, which knows ~/.ssh/config, known hosts, agents and jumps."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import os
import stat
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import unquote

import asyncssh

from tbtools import system
from tbtools.eventfile.remote.credentials import credentials_of
from tbtools.eventfile.remote.directory import Listed, RemoteSource, identity_of, os_error
from tbtools.eventfile.remote.traffic import traffic
from tbtools.eventfile.source_types import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from asyncssh import SFTPAttrs, SFTPClient

    from tbtools.eventfile.source_types import Kind

Answer = TypeVar("Answer")

_TRIES = 3
_CONNECT_SECONDS = 20
_NANOSECONDS = 1_000_000_000
_KINDS: dict[int, Kind] = {
    stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link"
}  # fmt: skip


class _Host(NamedTuple):
    """Where to connect to, and as whom; "" and 0 for what the user's configuration says."""

    name: str
    port: int
    user: str
    password: str


class SshSource(RemoteSource):
    """Files behind SSH. Paths are absolute; ``/~/`` is the home directory."""

    def __init__(self) -> None:
        super().__init__()
        # Where directories that were looked at lie behind links.
        self._real: dict[str, str] = {}

    def fetch_status(self, path: str) -> Status:
        """By two requests at once; links are followed."""
        real, attributes = self._looked_at(path)
        if stat.S_ISDIR(attributes.permissions or 0):
            self._real[path] = real
        return _status(attributes, real)

    def _looked_at(self, place: str) -> tuple[str, SFTPAttrs]:
        """Where it lies behind links, and what is there."""
        traffic.count(2)
        name = _remote_name(place)

        async def ask(client: SFTPClient) -> tuple[Any, SFTPAttrs]:
            return await asyncio.gather(client.realpath(name), client.stat(name))

        real, attributes = _answer(place, ask)
        scheme, _, rest = place.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}{real}", attributes

    def resolve(self, path: str) -> str:
        """By a request."""
        place = self.place(path)
        try:
            return self._looked_at(place)[0]
        except OSError:  # nothing is there
            return place

    def identity(self, place: str) -> tuple[int, ...]:
        """That of the directory it really is."""
        return identity_of(self._real_place(place))

    def _real_place(self, place: str) -> str:
        """Where it lies behind links, as far as this is known."""
        above = place
        while above not in self._real and "/" in above:
            above = above.rpartition("/")[0]
        return self._real.get(above, above) + place[len(above) :]

    def fetch_entries(self, path: str) -> dict[str, Listed]:
        """By one request for each 100 or so, which the server decides."""
        traffic.count()
        name = _remote_name(path)

        async def ask(client: SFTPClient) -> Any:
            return await client.readdir(name)

        entries, real = {}, self._real_place(path)
        for entry in _answer(path, ask):
            base = entry.filename
            if base in (".", ".."):
                continue
            kind = _KINDS.get(stat.S_IFMT(entry.attrs.permissions or 0), "other")
            status = _status(entry.attrs, f"{real}/{base}") if kind == "file" else None
            entries[base] = Listed(kind, status)
        return entries

    def requests(self, size: int) -> int:
        """As `fetch` makes them."""
        return 3 * super().requests(size)

    def fetch(self, path: str, status: Status, offset: int, length: int) -> memoryview:
        """By three requests: the file is opened, read and closed."""
        place = self.place(path)
        name = _remote_name(place)

        async def ask(client: SFTPClient) -> bytes:
            async with client.open(name, "rb") as file:
                data: bytes = await file.read(length, offset)
                return data

        data = _answer(place, ask)
        traffic.count(3, len(data))
        return memoryview(data)

    def write(self, path: str, local_file: str, *, force: bool) -> None:
        """Written beside it and renamed."""
        place = self.place(path)
        name = _remote_name(place)
        beside = f"{name}.{os.getpid()}.part"

        async def ask(client: SFTPClient) -> None:
            if not force and await client.exists(name):
                raise os_error(errno.EEXIST, path=path)
            try:
                await client.put(local_file, beside)
                if force:
                    await client.posix_rename(beside, name)
                else:  # which fails where there is a file
                    await client.rename(beside, name)
            except asyncssh.SFTPError:
                with contextlib.suppress(asyncssh.SFTPError):
                    await client.remove(beside)
                raise

        traffic.count(4)
        _answer(place, ask)

    def make_directory(self, path: str) -> None:
        """Made where it is not there."""
        place = self.place(path)

        async def ask(client: SFTPClient) -> None:
            await client.makedirs(_remote_name(place), exist_ok=True)

        traffic.count()
        _answer(place, ask)


def _remote_name(place: str) -> str:
    """The path of a file on its host."""
    name = "/" + place.partition("://")[2].partition("/")[2]
    return name.removeprefix("/~/") if name != "/~" else "."


def _status(attributes: SFTPAttrs, place: str) -> Status:
    """SFTP tells seconds, and nothing that no program can set back."""
    mode = attributes.permissions or 0
    kind = _KINDS.get(stat.S_IFMT(mode), "other")
    modified = (attributes.mtime or 0) * _NANOSECONDS + (attributes.mtime_ns or 0)
    return Status(kind, attributes.size or 0, identity_of(place), modified, modified)


def _host_of(place: str) -> _Host:
    host = place.partition("://")[2].partition("/")[0]
    user, _, name = host.rpartition("@")
    password = credentials_of(place).user.partition(":")[2]
    base, colon, port = name.rpartition(":")
    if not colon or name.endswith("]"):
        base, port = name, ""
    return _Host(base.strip("[]"), int(port or 0), unquote(user), unquote(password))


class _Connections:
    """Connections that stay open, used by a thread that runs what waits for them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._clients: dict[_Host, asyncio.Task[SFTPClient]] = {}
        threading.Thread(target=self._loop.run_forever, daemon=True, name="tbtools-ssh").start()

    def run(self, host: _Host, ask: Callable[[SFTPClient], Coroutine[Any, Any, Answer]]) -> Answer:
        """An answer; after a connection has been lost, that of another one."""
        return asyncio.run_coroutine_threadsafe(self._tried(host, ask), self._loop).result()

    async def _tried(
        self, host: _Host, ask: Callable[[SFTPClient], Coroutine[Any, Any, Answer]]
    ) -> Answer:
        for wait in range(_TRIES - 1):
            task = self._client(host)
            try:
                return await ask(await task)
            except (
                asyncssh.ConnectionLost,
                asyncssh.SFTPConnectionLost,
                asyncssh.SFTPNoConnection,
            ):
                if self._clients.get(host) is task:
                    del self._clients[host]
                await asyncio.sleep(wait)
        return await ask(await self._client(host))

    def _client(self, host: _Host) -> asyncio.Task[SFTPClient]:
        task = self._clients.get(host)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._clients[host] = self._loop.create_task(_connected(host))
        return task


async def _connected(host: _Host) -> SFTPClient:
    options: dict[str, Any] = {
        "port": host.port or (),
        "username": host.user or (),
        "connect_timeout": _CONNECT_SECONDS,
    }
    if host.password:
        options["password"] = host.password
    connection = await asyncssh.connect(host.name, **options)
    return await connection.start_sftp_client()


@functools.cache
def _connections() -> _Connections:
    return _Connections()


# Threads do not come with a process that was forked.
system.after_fork(_connections.cache_clear)


def _answer(place: str, ask: Callable[[SFTPClient], Coroutine[Any, Any, Answer]]) -> Answer:
    """What a host answers.

    Raises:
        OSError: It refuses, or cannot be reached.
    """
    host = _host_of(place)
    try:
        return _connections().run(host, ask)
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
        raise os_error(errno.ENOENT, path=place) from error
    except asyncssh.SFTPPermissionDenied as error:
        raise os_error(errno.EACCES, path=place) from error
    except asyncssh.PermissionDenied as error:
        raise os_error(errno.EACCES, f"{host.name} knows none of your keys", place) from error
    except asyncssh.HostKeyNotVerifiable as error:
        reason = f"{host.name} is not in ~/.ssh/known_hosts; connect with ssh once"
        raise os_error(errno.EACCES, reason, place) from error
    except asyncssh.Error as error:
        raise os_error(errno.EIO, f"SSH: {error.reason}", place) from error
    except TimeoutError as error:
        raise os_error(errno.ETIMEDOUT, f"{host.name} does not answer", place) from error
