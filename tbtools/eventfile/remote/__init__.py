"""Logs that lie elsewhere: in object stores, behind HTTP and SSH, in whatever fsspec knows.

Nothing of this is imported before a path with such a scheme is given.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from tbtools.errors import MissingExtra, MissingPackage

if TYPE_CHECKING:
    from tbtools.eventfile.source_types import Source

# Schemes that obstore reads, and of those that fsspec reads the ones that are worth a hint where it
# is missing.
_OBJECTS = frozenset(("s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss", "http", "https"))
_SSH = frozenset(("ssh", "sftp"))
_OTHERS = frozenset(("hdfs", "webhdfs", "ftp", "smb", "hf", "oss", "dbfs"))


def remote_source(scheme: str) -> Source | None:
    """The source for the paths of a scheme; None where there is none.

    Args:
        scheme: In small letters.

    Raises:
        MissingExtra: What reads it is not installed.
    """
    if scheme in _OBJECTS:
        _require("obstore", scheme, "remote")
        if scheme in ("http", "https"):
            from tbtools.eventfile.remote.pages import PageSource

            return PageSource()
        from tbtools.eventfile.remote.objects import ObjectSource

        return ObjectSource()
    if scheme in _SSH:
        _require("asyncssh", scheme, "ssh")
        from tbtools.eventfile.remote.ssh import SshSource

        return SshSource()
    if find_spec("fsspec") is None:
        if scheme in _OTHERS:
            raise MissingPackage(f"{scheme}://", "fsspec")
        return None
    from tbtools.eventfile.remote.others import other_source

    return other_source(scheme)


def _require(module: str, scheme: str, extra: str) -> None:
    if find_spec(module) is None:
        raise MissingExtra(f"{scheme}://", extra)
