"""Object stores, by obstore: S3 and what speaks its language, Google's, Azure's."""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import obstore
from obstore import exceptions
from obstore.store import from_url

from tbtools.eventfile.remote.directory import (
    Listed,
    RemoteSource,
    identity_of,
    os_error,
)
from tbtools.eventfile.remote.requests import answered
from tbtools.eventfile.remote.traffic import traffic
from tbtools.eventfile.source_types import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from obstore import ObjectMeta
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

# A server that is overloaded or restarts is back within that; who waits at a terminal does not wait
# for longer, and no presigned URL or token expires meanwhile.
RETRIES: RetryConfig = {
    "max_retries": 6,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=5),
        "base": 2,
    },
}
# Plain HTTP is only ever used where the user's own URL or endpoint says so. A slow line may take
# its time for a range, as long as something comes.
CLIENT: ClientConfig = {
    "allow_http": True,
    "connect_timeout": "10s",
    "read_timeout": "30s",
    "timeout": "10m",
}
_SETTINGS = ("AWS_", "GOOGLE_", "AZURE_")  # names of variables that obstore and boto3 read
_STORES_KEPT = 64
_PAGE = 1000  # keys that S3 and Google tell in one answer
_NANOSECONDS = 1_000_000_000
_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
# Where machines in a cloud get their credentials, which are asked when nothing else gives any.
_METADATA = re.compile(r"http://(169\.254\.|metadata\.google\.internal)")
# What has to be done, by the server's code for what is wrong.
_WORDS = {
    "NoSuchBucket": "no such bucket",
    "ContainerNotFound": "no such container",
    "ExpiredToken": "the credentials have expired; get new ones",
    "ExpiredTokenException": "the credentials have expired; get new ones",
    "TokenRefreshRequired": "the credentials have expired; get new ones",
    "InvalidAccessKeyId": "the server does not know these credentials",
    "InvalidToken": "the server does not know these credentials",
    "SignatureDoesNotMatch": "the server does not know these credentials",
    "AuthenticationRequired": "the server does not know these credentials",
    "AuthenticationFailed": "the server does not know these credentials",
    "InvalidAuthenticationInfo": "the server does not know these credentials",
    "NoAuthenticationInformation": "no credentials were found (docs/remote.md)",
    "PermanentRedirect": "the bucket is in another region; set AWS_REGION",
    "AuthorizationHeaderMalformed": "the bucket is in another region; set AWS_REGION",
    "AccessDenied": "forbidden",
    "AllAccessDisabled": "forbidden",
    "AuthorizationFailure": "forbidden",
    "AuthorizationPermissionMismatch": "forbidden",
}
_NUMBERS = {
    "no such bucket": errno.ENOENT,
    "no such container": errno.ENOENT,
    "the bucket is in another region; set AWS_REGION": errno.EIO,
}


# Others, such as 405, obstore takes for one of these kinds too.
_TOLD_BY_KIND = frozenset(("401", "403", "404", "409", "412"))
_KINDS: tuple[tuple[type[BaseException], int, str], ...] = (
    (FileNotFoundError, errno.ENOENT, ""),
    (exceptions.AlreadyExistsError, errno.EEXIST, ""),
    (exceptions.PreconditionError, errno.ESTALE, "it was replaced while it was read; run again"),
    (exceptions.PermissionDeniedError, errno.EACCES, "forbidden"),
    (exceptions.UnauthenticatedError, errno.EACCES, "forbidden"),
)


@dataclass(frozen=True, slots=True)
class ObjectStatus(Status):
    """The status of an object.

    Attributes:
        etag: What its store calls this content of it; "" where it calls it nothing.
    """

    etag: str = field(default="", compare=False)


class ObjectSource(RemoteSource):
    """Objects under keys; a directory is what keys have in common."""

    def store_of(self, place: str) -> tuple[ObjectStore, str]:
        """The store of a path, and the key there."""
        scheme, _, rest = place.partition("://")
        bucket, _, key = rest.partition("/")
        return _store(f"{scheme}://{bucket}", _settings()), key

    def fetch_status(self, path: str) -> Status:
        """By one request where it is an object, by two elsewhere."""
        store, key = self.store_of(path)
        if key:
            try:
                return self.head(store, key, path)
            except FileNotFoundError:
                pass
        if next(self._pages(store, key, path, 1), None) is None and key:
            raise os_error(errno.ENOENT, path=path)
        return Status("directory", 0, self.identity(path), 0)

    def head(self, store: ObjectStore, key: str, path: str) -> Status:
        """The status of an object."""
        traffic.count()
        with Refusals(path):
            return status_of(path, answered(lambda: obstore.head(store, key)))

    def fetch_entries(self, path: str) -> dict[str, Listed]:
        """By one request for each 1,000 of them."""
        store, key = self.store_of(path)
        traffic.count()
        with Refusals(path):
            found = answered(lambda: obstore.list_with_delimiter(store, key or None))
        names = [each.rpartition("/")[2] for each in found["common_prefixes"]]
        entries = {name: Listed("directory", None) for name in names}
        for meta in found["objects"]:
            name = meta["path"].rpartition("/")[2]
            entries.setdefault(name, Listed("file", status_of(f"{path}/{name}", meta)))
        traffic.count(max(len(entries) - 1, 0) // _PAGE)
        return entries

    def look(self, path: str) -> Status:
        """All that lies below it, by one request for each 1,000 objects."""
        place = self.place(path)
        self.forget(place)
        store, key = self.store_of(place)
        directories: dict[str, dict[str, Listed]] = {}
        skipped = len(key) + 1 if key else 0
        try:
            for page in self._pages(store, key, place, _PAGE):
                for meta in page:
                    _add(directories, place, meta["path"][skipped:], meta)
        except PermissionError as error:
            return self._unlisted(place, error)
        if not directories:
            return self.fetch_status(place)
        self._remember(directories)
        return Status("directory", 0, self.identity(place), 0)

    def _unlisted(self, place: str, refusal: PermissionError) -> Status:
        """The status of an object that may be read where nothing may be listed."""
        store, key = self.store_of(place)
        try:
            return self.head(store, key, place)
        except OSError:
            raise refusal from None

    def _pages(
        self, store: ObjectStore, key: str, path: str, size: int
    ) -> Iterator[Sequence[ObjectMeta]]:
        """The objects below a key, request by request; obstore repeats none whose answer is cut."""
        last, cut = None, 0
        while True:
            try:
                for page in _pages_after(store, key, last, path, size):
                    last = page[-1]["path"]
                    yield page
                return
            except ConnectionResetError:
                cut += 1
                if cut > RETRIES["max_retries"]:
                    raise

    def fetch(self, path: str, status: Status, offset: int, length: int) -> memoryview:
        """By one request; of the very object that was listed, where it has an ETag.

        Raises:
            OSError: ESTALE: it has been replaced since.
        """
        store, key = self.store_of(self.place(path))
        options: Any = {"range": (offset, offset + length)}
        if isinstance(status, ObjectStatus) and status.etag:
            options["if_match"] = status.etag
        traffic.count()
        with Refusals(path):
            data = memoryview(answered(lambda: obstore.get(store, key, options=options).bytes()))
        traffic.count(0, len(data))
        return data

    def write(self, path: str, local_file: str, *, force: bool) -> None:
        """In parts where it is large; by a condition where nothing may be there."""
        store, key = self.store_of(self.place(path))
        traffic.count()
        with Refusals(path), open(local_file, "rb") as file:
            answered(lambda: obstore.put(store, key, file, mode="overwrite" if force else "create"))


def _pages_after(
    store: ObjectStore, key: str, last: str | None, path: str, size: int
) -> Iterator[Sequence[ObjectMeta]]:
    """The objects below a key and behind another one."""
    pages = iter(obstore.list(store, key or None, offset=last, chunk_size=size))
    traffic.count()
    with Refusals(path):
        page = answered(lambda: next(pages, None))
    while page:
        yield page
        with Refusals(path):
            page = answered(lambda: next(pages, None))
        traffic.count(bool(page))


def _add(directories: dict[str, dict[str, Listed]], root: str, name: str, meta: ObjectMeta) -> None:
    """Enters an object under its directory, and that under those above it."""
    above, _, base = f"{root}/{name}".rpartition("/")
    known = directories.get(above)
    if known is None:
        known = directories[above] = {}
        _enter_directory(directories, root, above)
    if base:  # a key that ends with a slash stands for a directory
        known.setdefault(base, Listed("file", status_of(f"{above}/{base}", meta)))


def _enter_directory(directories: dict[str, dict[str, Listed]], root: str, path: str) -> None:
    """Enters a directory in the one above it, and that likewise, up to one that is there."""
    directory = Listed("directory", None)
    while path != root:
        path, _, name = path.rpartition("/")
        siblings = directories.setdefault(path, {})
        if siblings.get(name) == directory:
            return
        siblings[name] = directory


def status_of(path: str, meta: ObjectMeta) -> Status:
    """What a listing tells of an object.

    Stores tell seconds; what is below stands for the ETag, so that two objects of the same second
    and size are told apart.
    """
    etag, modified = _quoted(meta["e_tag"]), int(meta["last_modified"].timestamp())
    below = 0
    if etag:
        digest = hashlib.blake2b(etag.encode(), digest_size=8).digest()
        below = int.from_bytes(digest, "little") % _NANOSECONDS
    time = modified * _NANOSECONDS + below
    identity = identity_of(path)
    return ObjectStatus(
        "file", meta["size"], identity, time, time, is_exact=bool(etag), etag=etag or ""
    )


def _quoted(etag: str | None) -> str | None:
    """An ETag as headers have it (RFC 9110, 8.8.3): Azure's lists leave the quotation marks out."""
    return f'"{etag}"' if etag and not etag.endswith('"') else etag


def _settings() -> tuple[tuple[str, str], ...]:
    """What the environment says now: a notebook may have got new credentials."""
    return tuple(item for item in os.environ.items() if item[0].startswith(_SETTINGS))


@functools.lru_cache(_STORES_KEPT)
def _store(root: str, _: tuple[tuple[str, str], ...]) -> ObjectStore:
    provider = None
    if root.startswith("s3"):
        provider = _profile_credentials()
    options: dict[str, Any] = {"client_options": CLIENT, "retry_config": RETRIES}
    if provider is not None:
        options["credential_provider"] = provider
    try:
        return from_url(root, **options)
    except (exceptions.BaseError, ValueError) as error:
        raise os_error(errno.EINVAL, first_words(error), root) from None


def _profile_credentials() -> Any:
    """Those of ~/.aws and single sign-on, which boto3 knows; None for those of the environment."""
    if "AWS_ACCESS_KEY_ID" in os.environ or "AWS_SKIP_SIGNATURE" in os.environ:
        return None
    try:
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:
        return None
    import boto3

    session = boto3.Session()
    return Boto3CredentialProvider(session) if session.get_credentials() else None


class Refusals:
    """Makes an OSError, in words without URLs, of what a store refuses in a ``with``.

    What it cannot do at all passes.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, exceptions.NotSupportedError):
            return
        if isinstance(error, ValueError):  # which has empty parts, or dots
            raise os_error(errno.EINVAL, "no object can have this name", self._path) from None
        if isinstance(error, (exceptions.BaseError, FileNotFoundError)):
            # Not from that error: a traceback would show its URLs.
            raise refusal(error, self._path) from None


def refusal(error: BaseException, path: str) -> OSError:
    """What a store has refused.

    Args:
        error: As obstore raises it; its text has URLs with signatures, and is not shown.
        path: The path that it was about.
    """
    text = str(error)
    code, status = _CODE.search(text), _STATUS.search(text)
    words = _WORDS.get(code[1]) if code else None
    if words:
        return os_error(_NUMBERS.get(words, errno.EACCES), words, path)
    if status is None or status[1] in _TOLD_BY_KIND:
        for kind, number, reason in _KINDS:
            if isinstance(error, kind):
                return os_error(number, reason, path)
    if _METADATA.search(text):
        return os_error(errno.EACCES, "no credentials were found (docs/remote.md)", path)
    if status:
        said = f"{status[1]} {code[1]}" if code else status[1]
        return os_error(errno.EIO, f"the server answers {said}", path)
    if "response body" in text:
        return os_error(errno.ECONNRESET, "the server cut the connection", path)
    if "HTTP error" in text:
        return os_error(errno.EIO, "the server does not answer", path)
    return os_error(errno.EIO, first_words(error), path)


def first_words(error: BaseException) -> str:
    """The first line of an error, without the URLs in it and what obstore says of all errors."""
    line = re.sub(r"^Generic \w+ error: ", "", str(error).strip().partition("\n")[0])
    return re.sub(r"\w+://\S+", "…", line)
