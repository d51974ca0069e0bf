"""Files behind HTTP: single ones, and folders of which the server sends a page with links.

HTTP knows no directories. What `python -m http.server`, Apache, nginx and others send for one is a
page that links to what lies in it; a path that answers with HTML is taken for such a page.
"""

from __future__ import annotations

import base64
import errno
import functools
import posixpath
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

import obstore
from obstore import exceptions
from obstore.store import HTTPStore

from tbtools.eventfile.discover import is_event_file
from tbtools.eventfile.remote.credentials import credentials_of
from tbtools.eventfile.remote.directory import Listed, os_error
from tbtools.eventfile.remote.objects import CLIENT, RETRIES, ObjectSource, Refusals, status_of
from tbtools.eventfile.remote.requests import answered, side_by_side
from tbtools.eventfile.remote.traffic import traffic
from tbtools.eventfile.source_types import Status

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import ClientConfig, ObjectStore

_PAGE_BYTES = 50_000_000  # of a page of links: some 100,000 of them


class PageSource(ObjectSource):
    """Files behind HTTP. Paths stay as they stand in URLs, with their percent signs."""

    def store_of(self, place: str) -> tuple[ObjectStore, str]:
        """The server of a path, with the credentials that were given for it."""
        scheme, _, rest = place.partition("://")
        host, _, key = rest.partition("/")
        return _server(f"{scheme}://{host}", *credentials_of(place)), unquote(key)

    def fetch_status(self, path: str) -> Status:
        """By one request; by two where a URL is signed for reading alone, or HEAD is refused."""
        try:
            found = self._asked(path, {"head": True})
        except FileNotFoundError:
            raise
        except OSError as refused:
            try:
                found = self._asked(path, {"range": (0, 1)})
            except (OSError, exceptions.NotSupportedError):
                raise refused from None
        if str(found.attributes.get("Content-Type", "")).startswith("text/html"):
            return Status("directory", 0, self.identity(path), 0)
        return status_of(path, found.meta)

    def _asked(self, path: str, options: Any) -> GetResult:
        store, key = self.store_of(path)
        traffic.count()
        with Refusals(path):
            return answered(lambda: obstore.get(store, key, options=options))

    def look(self, path: str) -> Status:
        """By one request; folders are listed one by one."""
        self.forget(path)
        return self.stat(path)

    def fetch_entries(self, path: str) -> dict[str, Listed]:
        """By one request, and one for each event file in it, which tells its size."""
        found = self._asked(path, {})
        with Refusals(path):
            if found.meta["size"] > _PAGE_BYTES:
                raise os_error(errno.EFBIG, "this page is too large to be a list of files", path)
            page = bytes(answered(found.bytes))
        entries = {
            name: Listed("directory" if is_directory else "file", None)
            for name, is_directory in _links(page, path)
        }
        files = [name for name in entries if is_event_file(unquote(name))]
        looks = side_by_side(lambda name: self._status(f"{path}/{name}"), files)
        return entries | {
            name: Listed("file", status) for name, status in zip(files, looks, strict=True)
        }

    def _status(self, path: str) -> Status | None:
        try:
            return self.fetch_status(path)
        except OSError:  # whoever reads it meets the same, and tells
            return None

    def entry_name(self, name: str) -> str:
        """Without percent signs."""
        return unquote(name)

    def fetch(self, path: str, status: Status, offset: int, length: int) -> memoryview:
        """By one request; where the server knows no ranges, it is the rest of the whole file."""
        try:
            return super().fetch(path, status, offset, length)
        except exceptions.NotSupportedError:
            pass
        found = self._asked(self.place(path), {})
        with Refusals(path):
            data = memoryview(answered(found.bytes))
        traffic.count(0, len(data))
        return data[offset:]

    def write(self, path: str, local_file: str, *, force: bool) -> None:
        """Nothing is written to HTTP servers."""
        self.require_writable(path)

    def require_writable(self, path: str) -> None:
        """None is."""
        raise os_error(errno.EOPNOTSUPP, "nothing can be written by HTTP", path)


@functools.cache
def _server(root: str, user: str, query: str) -> HTTPStore:
    client: ClientConfig = dict(CLIENT)  # type: ignore[assignment]
    if user:
        pair = unquote(user) if ":" in user else f"{unquote(user)}:"
        token = base64.b64encode(pair.encode()).decode()
        client["default_headers"] = {"Authorization": f"Basic {token}"}
    url = f"{root}?{query}" if query else root
    return HTTPStore.from_url(url, client_options=client, retry_config=RETRIES)


class _LinkParser(HTMLParser):
    """The targets of the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes note of a link."""
        if tag == "a":
            self.targets += [value for name, value in attrs if name == "href" and value]


def _links(page: bytes, path: str) -> list[tuple[str, bool]]:
    """What a page links to that lies directly below it: names, and whether they are directories."""
    parser = _LinkParser()
    parser.feed(page.decode(errors="replace"))
    base = urlsplit(f"{path}/")
    found: dict[str, bool] = {}
    for target in parser.targets:
        url = urlsplit(urljoin(base.geturl(), target))
        below = url.path.removeprefix(base.path)
        name = below.rstrip("/")
        is_elsewhere = url.netloc != base.netloc or below == url.path or url.query
        if is_elsewhere or not name or "/" in unquote(name) or posixpath.normpath(name) != name:
            continue
        found[name] = found.get(name, False) or below.endswith("/")
    return list(found.items())
