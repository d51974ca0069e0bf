"""What Azure's answers are like (learn.microsoft.com: List Blobs, Get Blob); no emulator."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import tbtools
from tbtools.eventfile.source import source_of
from tests.remote.conftest import FILE, points
from tests.remote.servers import AZURE_ACCOUNT, AZURE_KEY, counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

CONTENT = points(10).bytes()
MODIFIED = "Wed, 09 Sep 2026 09:20:02 GMT"
LIST = f"""<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ServiceEndpoint="https://a.blob.core.windows.net/" ContainerName="c">
<Prefix>logs/</Prefix><Blobs><Blob><Name>logs/{FILE}</Name><Properties>
<Last-Modified>{MODIFIED}</Last-Modified><Etag>0x8CBFF45D8A29A19</Etag>
<Content-Length>{len(CONTENT)}</Content-Length><Content-Type>application/octet-stream</Content-Type>
<BlobType>BlockBlob</BlobType></Properties></Blob></Blobs><NextMarker/></EnumerationResults>"""


def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """A container with one event file, of which only what is there now can be read."""
    etag = '"0x8CBFF45D8A29A19"'
    length = ("Content-Length", str(len(CONTENT)))
    headers = [("ETag", etag), ("Last-Modified", MODIFIED), ("x-ms-blob-type", "BlockBlob"), length]
    if "comp=list" in environ["QUERY_STRING"]:
        start_response("200 OK", [("Content-Type", "application/xml")])
        return [LIST.encode()]
    if not environ["PATH_INFO"].endswith(FILE):
        start_response("404 The specified blob does not exist.", [])
        return [b""]
    if environ.get("HTTP_IF_MATCH", etag) != etag:
        start_response("412 Precondition Failed", [])
        return [b""]
    if environ["REQUEST_METHOD"] == "HEAD":
        start_response("200 OK", headers)
        return [b""]
    whole = f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"
    start_response("206 Partial Content", [*headers, ("Content-Range", whole)])
    return [CONTENT]


def test_an_object_is_the_same_however_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists have ETags without the quotation marks that headers have, and that are asked for."""
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", AZURE_ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", AZURE_KEY)
    with counted(answer) as served:
        monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"{served.url}/{AZURE_ACCOUNT}")
        url = f"az://c/logs/{FILE}"
        alone = source_of(url).look(url)
        assert len(tbtools.read_scalars("az://c/logs")) == 10
        assert source_of(url).stat(url) == alone
        assert not [each for each in served.requests if each.status == 412]
