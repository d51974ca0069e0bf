"""Whatever else fsspec knows: HDFS, FTP, SMB, the Hugging Face hub and so on."""

from __future__ import annotations

import errno
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import fsspec
from fsspec.core import url_to_fs

from tbtools.eventfile.remote.credentials import credentials_of
from tbtools.eventfile.remote.directory import Listed, RemoteSource, identity_of, os_error
from tbtools.eventfile.remote.traffic import traffic
from tbtools.eventfile.source_types import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fsspec import AbstractFileSystem

    from tbtools.eventfile.source_types import Kind

# What file systems call the same.
_VERSIONS = ("ETag", "etag", "md5Hash", "md5", "checksum", "blob_id")
_TIMES = ("mtime", "LastModified", "last_modified", "modified", "updated", "created")
_NANOSECONDS = 1_000_000_000


def other_source(scheme: str) -> OtherSource | None:
    """The source for a scheme; None where fsspec does not know it.

    Raises:
        OSError: What fsspec needs for it is not installed.
    """
    if scheme not in fsspec.available_protocols():
        return None
    return OtherSource()


class OtherSource(RemoteSource):
    """Files of a file system of fsspec."""

    def fetch_status(self, path: str) -> Status:
        """By what the file system needs for it, which is counted as one request."""
        traffic.count()
        system, name = _system_of(path)
        return _status(path, self._answer(path, lambda: system.info(name)))

    def fetch_entries(self, path: str) -> dict[str, Listed]:
        """Likewise."""
        traffic.count()
        system, name = _system_of(path)
        entries = {}
        for info in self._answer(path, lambda: system.ls(name, detail=True, refresh=True)):
            base = info["name"].rstrip("/").rpartition("/")[2]
            status = _status(f"{path}/{base}", info)
            known = status if status.kind == "file" else None
            entries[base] = Listed("link" if info.get("islink") else status.kind, known)
        return entries

    def fetch(self, path: str, status: Status, offset: int, length: int) -> memoryview:
        """Likewise."""
        place = self.place(path)
        system, name = _system_of(place)
        data = self._answer(place, lambda: system.cat_file(name, offset, offset + length))
        traffic.count(1, len(data))
        return memoryview(data)

    def write(self, path: str, local_file: str, *, force: bool) -> None:
        """Written in its place: not all file systems can rename."""
        place = self.place(path)
        system, name = _system_of(place)
        traffic.count(2)
        if not force and self._answer(place, lambda: system.exists(name)):
            raise os_error(errno.EEXIST, path=path)
        self._answer(place, lambda: system.put_file(local_file, name))

    def make_directory(self, path: str) -> None:
        """All file systems of fsspec take one that is there."""
        place = self.place(path)
        system, name = _system_of(place)
        traffic.count()
        self._answer(place, lambda: system.makedirs(name, exist_ok=True))

    def _answer(self, path: str, ask: Any) -> Any:
        """What a file system answers; what it raises is any error of any library, not to be shown.

        Raises:
            OSError: It refuses.
        """
        try:
            return ask()
        except OSError as error:
            raise os_error(error.errno or _number_of(error), path=path) from None
        except Exception as error:  # noqa: BLE001 - those of any library; named, not hidden
            raise os_error(errno.EIO, type(error).__name__, path) from None


def _number_of(error: OSError) -> int:
    if isinstance(error, FileNotFoundError):
        return errno.ENOENT
    return errno.EACCES if isinstance(error, PermissionError) else errno.EIO


def _system_of(place: str) -> tuple[AbstractFileSystem, str]:
    """The file system of a path, and the path there; fsspec keeps those that it has made."""
    user = credentials_of(place).user
    url = place
    if user:
        scheme, _, rest = place.partition("://")
        host, slash, below = rest.partition("/")
        url = f"{scheme}://{user}@{host.rpartition('@')[2]}{slash}{below}"
    try:
        system, name = url_to_fs(url)
    except ImportError as error:
        raise os_error(errno.ENOSYS, str(error), place) from error
    except (OSError, ValueError) as error:
        raise os_error(errno.EIO, type(error).__name__, place) from None
    return system, name


def _status(path: str, info: Mapping[str, Any]) -> Status:
    kinds: dict[str, Kind] = {"file": "file", "directory": "directory"}
    kind = kinds.get(info["type"], "other")
    version = next((str(info[key]) for key in _VERSIONS if info.get(key)), "")
    time = next((_nanoseconds(info[key]) for key in _TIMES if info.get(key)), 0)
    if version:
        digest = hashlib.blake2b(version.encode(), digest_size=8).digest()
        time += int.from_bytes(digest, "little") % _NANOSECONDS
    size = info.get("size") or 0
    return Status(kind, size, identity_of(path), time, time, is_exact=bool(version))


def _nanoseconds(time: Any) -> int:
    if isinstance(time, datetime):
        return int(time.timestamp()) * _NANOSECONDS + time.microsecond * 1000
    return int(time * _NANOSECONDS) if isinstance(time, (int, float)) else 0
