"""Logs for tests of reports, and the page read back without a browser."""

from __future__ import annotations

import base64
import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from tests.builders import START, EventFileBuilder

LOGS = Path(__file__).parents[2] / "tests" / "logs"

IMAGE = '<img src=x onerror="window.pwned=1">'
SCRIPT = "</script><script>window.pwned=1</script>"
HOSTILE_TAGS = (
    "loss",
    f"train/{IMAGE}",
    f"train/{SCRIPT}",
    "__proto__",
    "constructor",
    "toString/hasOwnProperty",
    "a" * 300,
    "x/%{y}<b>bold</b><br>${1}{{7*7}}",
    "-- <!-- ]]> \u2028 \u202e",
)
HOSTILE_RUNS = (
    IMAGE.replace("/", "_"),
    SCRIPT.replace("/", "_"),
    "a'\"&lt;b{{7*7}}${1}",
    "x" * 180,
    "русский 中文 🔥 \u202egnp.exe",
)
HOSTILE_TEXT = (
    f"{IMAGE}{SCRIPT} [x](javascript:window.pwned=1) ![i](http://evil.example/x.png) "
    "<svg onload=window.pwned=1> <iframe srcdoc='<script>parent.pwned=1</script>'></iframe>"
)
TINY_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def hostile_value(run: int, step: int) -> tuple[float, int, float]:
    """Value, step and wall time of a point of a hostile run: each is broken in its own way."""
    return (
        (float(step), step, START + step),
        (float("nan") if step % 7 == 0 else float(step) ** 2, 2**62 + step, 0.0),
        (float("inf") if step == 20 else 1e308 * (-1) ** step, -step, -1e18),
        (0.0, 49 - step, float("nan")),
        (-1e-30 * step, step, 1e300),
    )[run]


def write_hostile_logs(folder: Path) -> Path:
    """Logs whose names, texts and numbers try to break out of a page."""
    for run, name in enumerate(HOSTILE_RUNS):
        builder = EventFileBuilder().file_version()
        for step in range(50):
            value, at, time = hostile_value(run, step)
            for tag in HOSTILE_TAGS:
                builder.tensor_scalar(tag, at, value, dtype="float64", wall_time=time)
        builder.text(f"note/{IMAGE}", 1, HOSTILE_TEXT)
        builder.image(f"img/{SCRIPT}", 1, b"\x89PNG\r\n\x1a\n broken", 10, 10)
        builder.image("img/script", 1, b"<svg onload=window.pwned=1>", 10, 10)
        builder.image("img/fine", 1, TINY_PNG, 1, 1)
        builder.write(folder / name / "events.out.tfevents.1")
    return folder


def write_scalars(path: Path, tag: str, values: np.ndarray, first_step: int = 0) -> Path:
    """One run with one series of float32."""
    builder = EventFileBuilder().file_version()
    for step, value in enumerate(values.tolist(), start=first_step):
        builder.scalar(tag, step, value)
    return builder.write(path / "events.out.tfevents.1")


def page_of(html: str) -> dict[str, Any]:
    """What stands in the page as JSON."""
    match = re.search(r'<script type="application/json" id="page">(.*?)</script>', html, re.DOTALL)
    assert match is not None
    page: dict[str, Any] = json.loads(match[1])
    return page


def objectives_of(page: dict[str, Any]) -> list[tuple[str, str]]:
    """The objectives of a page: tag, and which way is better."""
    return [(page["tags"][each["tag"]]["tag"], each["better"]) for each in page["objectives"]]


def arrays_of(html: str) -> list[np.ndarray]:
    """The arrays of the page, unpacked as columns.py says, by other code than data.js."""
    match = re.search(r'<script type="text/plain" id="numbers">(.*?)</script>', html, re.DOTALL)
    assert match is not None
    data = zlib.decompress(base64.b64decode(match[1]))
    arrays = []
    offset = 0
    for code, length in page_of(html)["arrays"]:
        dtype = np.dtype({"d4": "<i4", "u1": "u1"}.get(code, f"<{code}"))
        size = length * dtype.itemsize
        planes = np.frombuffer(data, np.uint8, size, offset).reshape(dtype.itemsize, length)
        stored = np.ascontiguousarray(planes.T).view(dtype).reshape(-1)
        arrays.append(np.cumsum(stored, dtype=np.int64) if code == "d4" else stored)
        offset += size
    assert offset == len(data)
    return arrays
