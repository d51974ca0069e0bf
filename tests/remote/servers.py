"""Servers on loopback, with faults on demand, that count what is asked of them."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
import http.client
import os
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import Request as Asked
from urllib.request import urlopen

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

EXPIRED = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"""
FORBIDDEN = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"""
UNAUTHENTICATED = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AuthenticationRequired</Code><Message>Authentication required.</Message></Error>"""
BUSY = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"""


class Request(NamedTuple):
    """A request, and how many bytes of content were sent in answer."""

    method: str
    path: str
    status: int
    sent: int


class Fault(NamedTuple):
    """What a request is answered with: a status and a body, or half of what it asked for."""

    status: str = ""
    body: bytes = b""
    cut: bool = False


@dataclass
class Served:
    """What a server did, and what it shall do.

    Attributes:
        url: Where it listens.
        requests: Those so far.
        keys: The names of the keys that signed them, of S3.
        latency: Seconds before each answer.
        fault: What a request, by method and path, is answered with; None for the truth.
        ranges: Whether an HTTP server knows them.
        secret: The query or header without which it answers nothing.
    """

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    latency: float = 0.0
    fault: Callable[[str, str], Fault | None] = lambda _method, _path: None
    ranges: bool = True
    secret: str = ""

    def since(self, count: int) -> list[Request]:
        return self.requests[count:]

    def first(self, count: int, fault: Fault, method: str = "GET") -> None:
        """Answers the first requests of a method with a fault, and all others with the truth."""
        left = [count]

        def next_fault(asked: str, _path: str) -> Fault | None:
            if asked != method or left[0] == 0:
                return None
            left[0] -= 1
            return fault

        self.fault = next_fault


class _Counting:
    """A WSGI application around another one."""

    def __init__(self, application: Any, served: Served) -> None:
        self._application = application
        self._served = served

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        served = self._served
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        signed = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
        served.keys.append(signed.partition("/")[0])
        time.sleep(served.latency)
        fault = served.fault(method, path)
        if fault is not None and fault.status:
            served.requests.append(Request(method, path, int(fault.status[:3]), 0))
            start_response(fault.status, [("Content-Type", "application/xml")])
            return [fault.body if method != "HEAD" else b""]
        told: list[str] = []

        def note_status(status: str, headers: Any, *rest: Any) -> Any:
            told.append(status)
            return start_response(status, headers, *rest)

        body = b"".join(self._application(environ, note_status))
        if fault is not None:
            body = body[: len(body) // 2]
        served.requests.append(Request(method, path, int(told[0][:3]), len(body)))
        return [body]


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: object, **__: object) -> None:
        pass


@contextlib.contextmanager
def counted(application: Any) -> Iterator[Served]:
    """A WSGI application on a port of its own."""
    served = Served()
    counting = _Counting(application, served)
    server = make_server("127.0.0.1", 0, counting, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_port}"
    with _running(server):
        yield served


@contextlib.contextmanager
def s3_server() -> Iterator[Served]:
    """moto's S3, with keys that anybody may use."""
    with counted(DomainDispatcherApplication(create_backend_app)) as served:
        yield served


GOOGLE_TOKEN = "token-of-tests"


@contextlib.contextmanager
def google_server() -> Iterator[Served]:
    """Google's XML API: what it has in common with S3 is moto's, the rest is ours.

    That is the token, and how one asks that nothing be there (docs/xml-api/reference-headers).
    """
    s3 = DomainDispatcherApplication(create_backend_app)

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_AUTHORIZATION") != f"Bearer {GOOGLE_TOKEN}":
            start_response("401 Unauthorized", [("Content-Type", "application/xml")])
            return [UNAUTHENTICATED]
        environ["HTTP_AUTHORIZATION"] = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/x"
        if environ.get("HTTP_X_GOOG_IF_GENERATION_MATCH") == "0":
            environ["HTTP_IF_NONE_MATCH"] = "*"
        answered: Iterable[bytes] = s3(environ, start_response)
        return answered

    with counted(answer) as served:
        yield served


# Those of Azurite, which everybody knows.
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


@contextlib.contextmanager
def azure_server() -> Iterator[Served]:
    """Microsoft's emulator, Azurite, behind what counts."""
    azurite = shutil.which("azurite-blob")
    if azurite is None:
        pytest.skip("no azurite-blob here (npm install -g azurite)")
    port = _free_port()
    command = [
        azurite, "--silent", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck",
        "--blobHost", "127.0.0.1", "--blobPort", str(port),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as emulator:
        try:
            _wait_for(port)
            with counted(_Forwarding(port)) as served:
                yield served
        finally:
            emulator.terminate()


class _Forwarding:
    """A WSGI application that asks the server at another port, and changes nothing."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        headers = {
            name[5:].replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if environ.get(name):
                headers[name.replace("_", "-")] = environ[name]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        connection.request(environ["REQUEST_METHOD"], environ["RAW_URI"], body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        one_hop = ("transfer-encoding", "connection", "keep-alive", "content-length")
        told = [(name, value) for name, value in answer.getheaders() if name.lower() not in one_hop]
        length = answer.getheader("Content-Length", str(len(content)))
        start_response(f"{answer.status} {answer.reason}", [*told, ("Content-Length", length)])
        return [content]


def make_container(served: Served, name: str) -> None:
    """Makes a container of Azurite's account, by a request that is signed with its key."""
    path = f"/{AZURE_ACCOUNT}/{name}"
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    told = "".join(f"{each}:{value}\n" for each, value in headers.items())
    lines = "\n" * 12
    signed = f"PUT{lines}{told}/{AZURE_ACCOUNT}{path}\nrestype:container"
    key = hmac.new(base64.b64decode(AZURE_KEY), signed.encode(), hashlib.sha256)
    signature = base64.b64encode(key.digest()).decode()
    headers["Authorization"] = f"SharedKey {AZURE_ACCOUNT}:{signature}"
    url = f"{served.url}{path}?restype=container"
    urlopen(Asked(url, method="PUT", headers=headers)).close()


class _Files(SimpleHTTPRequestHandler):
    """What `python -m http.server` does; with ranges where `served.ranges` says so."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: Any, served: Served, **options: Any) -> None:
        self._served = served
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        self._answer(super().do_GET)

    def do_HEAD(self) -> None:
        self._answer(super().do_HEAD)

    def _answer(self, answer: Callable[[], None]) -> None:
        served, path = self._served, urlsplit(self.path)
        time.sleep(served.latency)
        fault = served.fault(self.command, path.path)
        if served.secret and served.secret not in (path.query, self.headers.get("Authorization")):
            fault = Fault("403 Forbidden")
        if fault is not None:
            served.requests.append(Request(self.command, path.path, int(fault.status[:3]), 0))
            self.send_error(int(fault.status[:3]))
            return
        asked = self.headers.get("Range")
        if asked and served.ranges:
            self._send_range(asked.removeprefix("bytes="))
            return
        served.requests.append(Request(self.command, path.path, 200, 0))
        answer()

    def _send_range(self, asked: str) -> None:
        path = Path(self.translate_path(self.path))
        content = path.read_bytes()
        first, last = (int(each) for each in asked.split("-"))
        data = content[first : last + 1]
        self._served.requests.append(Request("GET", urlsplit(self.path).path, 206, len(data)))
        self.send_response(206)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Range", f"bytes {first}-{first + len(data) - 1}/{len(content)}")
        self.send_header("Last-Modified", self.date_time_string(int(path.stat().st_mtime)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def http_server(folder: Path) -> Iterator[Served]:
    """The files of a folder, and pages that list them."""
    served = Served()
    handler = functools.partial(_Files, directory=str(folder), served=served)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_port}"
    with _running(server):
        yield served


@contextlib.contextmanager
def _running(server: Any) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def ssh_server(home: Path) -> Iterator[str]:
    """OpenSSH's server for SFTP; a client with this home directory is let in.

    Yields:
        The host and port.
    """
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if sshd is None or shutil.which("ssh-keygen") is None:
        pytest.skip("no openssh-server here")
    keys = home / ".ssh"
    keys.mkdir(mode=0o700, parents=True)
    for name in ("id_ed25519", "host"):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name))
    port = _free_port()
    host = f"127.0.0.1:{port}"
    (keys / "authorized_keys").write_text((keys / "id_ed25519.pub").read_text())
    (keys / "known_hosts").write_text(f"[127.0.0.1]:{port} {(keys / 'host.pub').read_text()}")
    configuration = keys / "sshd_config"
    # Without PAM and without root's rights it takes accounts for locked that nobody logs in to.
    pam = "no" if os.geteuid() == 0 else "yes"
    configuration.write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {keys / 'host'}\nPidFile none\n"
        f"AuthorizedKeysFile {keys / 'authorized_keys'}\nStrictModes no\nUsePAM {pam}\n"
        "PasswordAuthentication no\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n"
    )
    if os.geteuid() == 0:  # where it lets go of its rights
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    command = [sshd, "-D", "-e", "-f", str(configuration)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(port)
            yield host
        finally:
            server.terminate()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    pytest.fail("it does not listen")
