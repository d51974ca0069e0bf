"""A running TensorBoard, asked over HTTP as its page asks."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ADDRESS = re.compile(r"at (http://localhost:\d+)")
# As many as there may be of each: where 0 is given, which should mean all, nothing is shown.
_EVERYTHING = ",".join(f"{name}=1000000" for name in ("scalars", "images", "histograms", "text"))
_PATIENCE = 90.0  # seconds; starting takes some ten of them on a busy machine


class Server:
    """TensorBoard's answers.

    Args:
        address: ``http://localhost:PORT``.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def content(self, route: str, **query: str) -> bytes:
        """What a data endpoint gives."""
        url = f"{self._address}/data/{route}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return bytes(answer.read())

    def get(self, route: str, **query: str) -> Any:
        """What a data endpoint says, from JSON."""
        return json.loads(self.content(route, **query))

    def post(self, route: str, content: dict[str, Any]) -> Any:
        """What a data endpoint says to a request."""
        body = json.dumps(content).encode()
        url = f"{self._address}/data/{route}"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def wait_for_points(self, count: int) -> None:
        """Waits until so many scalars are shown: reading goes on after the server has come up."""
        deadline = time.monotonic() + _PATIENCE
        while (shown := sum(map(len, self.scalars().values()))) < count:
            assert time.monotonic() < deadline, f"{shown} of {count} points"
            time.sleep(0.2)

    def scalars(self) -> dict[tuple[str, str], list[list[Any]]]:
        """Run and tag to what is shown of it: wall time, step and value of each point."""
        return {
            (run, tag): self.get("plugin/scalars/scalars", run=run, tag=tag)
            for run, tags in self.get("plugin/scalars/tags").items()
            for tag in tags
        }


@contextlib.contextmanager
def serving(logdir: Path, *options: str) -> Iterator[Server]:
    """Starts TensorBoard on a free port; nothing is thinned out unless the options say so."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir), "--port=0"]
    with subprocess.Popen(
        [*command, f"--samples_per_plugin={_EVERYTHING}", "--reload_interval=1", *options],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Server(_address(process))
        finally:
            process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    """Waits until it says where it listens; one that says nothing is killed."""
    assert process.stderr is not None
    timer = threading.Timer(_PATIENCE, process.kill)
    timer.start()
    said = ""
    for line in process.stderr:
        said += line
        found = _ADDRESS.search(line)
        if found:
            timer.cancel()
            return str(found[1])
    pytest.fail(f"TensorBoard did not start:\n{said}")
