"""Credentials that stand in a URL: they go to the server that wants them, and nowhere else.

Everything but the sources sees and shows the URL without them.
"""

from __future__ import annotations

import re
import threading
from typing import NamedTuple

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://(?:(?P<user>[^/@?#]*)@)?(?P<rest>.*)", re.DOTALL
)
# Where a `?` is the beginning of a query, and no letter of a name.
_WITH_QUERY = frozenset(("http", "https"))


class Credentials(NamedTuple):
    """What was taken out of a URL.

    Attributes:
        user: What stands in front of the ``@`` of a host: ``name:password``, or a token.
        query: What stands behind the ``?``, as the signature of a presigned URL.
    """

    user: str = ""
    query: str = ""


_known: dict[str, Credentials] = {}
_lock = threading.Lock()


def put_aside(path: str) -> str:
    """A path without the credentials in it, which `credentials_of` then knows.

    A user's name without a password stays, but for HTTP, where it may be a token.
    """
    found = _URL.fullmatch(path)
    if found is None:
        return path
    scheme, user, rest = found["scheme"].lower(), found["user"] or "", found["rest"]
    query = fragment = ""
    if scheme in _WITH_QUERY:
        rest, _, fragment = rest.partition("#")
        rest, _, query = rest.partition("?")
    elif ":" not in user:
        return path
    if not (user or query or fragment):
        return path
    name = "" if scheme in _WITH_QUERY else user.partition(":")[0]
    shown = f"{scheme}://{name}{'@' if name else ''}{rest}"
    place = shown.rstrip("/")
    with _lock:
        for below in [each for each in _known if each.startswith(f"{place}/")]:
            del _known[below]  # what is given last counts
        _known[place] = Credentials(user, query)
    return shown


def credentials_of(path: str) -> Credentials:
    """Those that were given with a path, or with the nearest one above it."""
    while path and not path.endswith(":"):
        if path in _known:
            return _known[path]
        path = path.rpartition("/")[0].rstrip("/")
    return Credentials()
