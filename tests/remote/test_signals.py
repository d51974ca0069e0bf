"""Ctrl-C while a server does not answer."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from tests.commands import ROOT, TBTOOLS, environment

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def silent() -> Iterator[tuple[int, threading.Event]]:
    """A server that takes connections and says nothing; its port, and whether one has come."""
    connected = threading.Event()
    held = []

    def take() -> None:
        try:
            while True:
                held.append(server.accept()[0])
                connected.set()
        except OSError:  # closed
            return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield server.getsockname()[1], connected
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for each in held:
        each.close()


@pytest.mark.parametrize(
    "url", ["s3://bucket/logs", "http://127.0.0.1:PORT/x", "ssh://127.0.0.1:PORT/x"]
)
def test_a_signal_ends_it_at_once(url: str, silent: tuple[int, threading.Event]) -> None:
    port, connected = silent
    settings = environment(
        AWS_ACCESS_KEY_ID="k",
        AWS_SECRET_ACCESS_KEY="s",
        AWS_REGION="us-east-1",
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
    )
    command = [*TBTOOLS, "summarize", url.replace("PORT", str(port))]
    with subprocess.Popen(command, env=settings, cwd=ROOT, stderr=subprocess.PIPE) as process:
        assert connected.wait(60)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)  # the server is waited for longer than that
    assert (process.returncode, told) == (130, b"tbtools: interrupted\n")
