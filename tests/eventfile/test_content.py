"""Files that are called like event files, and say what they are instead."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tbtools.analysis.inspection import inspect_records
from tbtools.errors import RecordError
from tbtools.eventfile.reader import EventFileReader
from tbtools.eventfile.records import read_records
from tbtools.eventfile.scan import scan_file
from tests.builders import EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("scan_implementation")

GZIP = "gzip-compressed; decompress it first, or let `tbtools repair` do it"
LFS = "a Git LFS pointer; `git lfs pull` fetches the file"
UNPACK = "; decompress it first"
ARCHIVE = "an archive; unpack it first"
ANNEX = "a git-annex pointer; `git annex get` fetches the file"
APPLE = "what macOS keeps beside a file (AppleDouble), not an event file"
PAGE = "a web page: what a server sent instead of a file"
TEXT = "plain text, not an event file"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
EVENTS = EventFileBuilder().scalars("loss", [(step, step) for step in range(50)]).bytes()


def zipped(content: bytes) -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("events.out.tfevents.1", content)
        return file.getvalue()


def unknown(size: int) -> str:
    return f"not one whole record in {size:,} bytes: not an event file"


FILES = {
    "gzip": (gzip.compress(EVENTS), GZIP),
    "gzip of nothing": (gzip.compress(b""), GZIP),
    "bzip2": (bz2.compress(EVENTS), f"bzip2-compressed{UNPACK}"),
    "fast bzip2": (bz2.compress(EVENTS, 1), f"bzip2-compressed{UNPACK}"),
    "xz": (lzma.compress(EVENTS), f"xz-compressed{UNPACK}"),
    "zstd": (bytes.fromhex("28b52ffd") + bytes(60), f"zstd-compressed{UNPACK}"),
    "lz4": (bytes.fromhex("04224d18") + bytes(60), f"lz4-compressed{UNPACK}"),
    "zip": (zipped(EVENTS), ARCHIVE),
    "lfs": (POINTER, LFS),
    "git-annex": (b"/annex/objects/SHA256E-s2138--4d7a2146.0\n", ANNEX),
    "AppleDouble": (bytes.fromhex("0005160700020000") + b"Mac OS X        ", APPLE),
    "web page": (b"\n<!DOCTYPE html>\n<title>404</title>\n", PAGE),
    "UTF-16": ("Wie man die Läufe liest\n".encode("utf-16"), TEXT),
    "text": ("Wie man die Läufe liest\n".encode(), TEXT),
    "short text": (b"a,b\n", TEXT),
    "text cut in a character": (b"x" * 4095 + "ü".encode() * 100, TEXT),
    "zeros": (bytes(5000), "5,000 zero bytes and nothing else"),
    "a few zeros": (bytes(7), "7 zero bytes and nothing else"),
    "many zeros": (bytes((1 << 20) + 20), "1,048,596 zero bytes and nothing else"),
    "zeros and a byte": (bytes(1 << 20) + b"\1", unknown(1048577)),
    "noise": (random.Random(0).randbytes(100), unknown(100)),
    "a program": (b"\x7fELF" + bytes(60), unknown(64)),
}


@pytest.mark.parametrize("name", FILES)
def test_is_said(name: str, tmp_path: Path) -> None:
    content, message = FILES[name]
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(content)
    (problem,) = scan_file(path).problems
    assert (problem.kind, problem.offset, problem.length) == ("not_an_event_file", 0, len(content))
    assert problem.message == message
    (record,) = inspect_records(str(path))
    assert (record.state, record.message) == ("not_an_event_file", message)
    reader = EventFileReader(path)
    for records in (read_records(path), reader, reader):
        with pytest.raises(RecordError) as caught:
            next(iter(records))
        if len(content) >= 12 and message != unknown(len(content)):  # else no length is read
            assert str(caught.value) == f"{path}: {message}"
    assert reader.problems == [problem]


@given(length=st.integers(1, 11))
def test_the_beginning_of_an_event_file_is_incomplete_and_no_text(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    path = tmp_path_factory.mktemp("f") / "events.out.tfevents.1"
    path.write_bytes(EVENTS[:length])
    assert [problem.kind for problem in scan_file(path).problems] == ["truncated"]


def test_an_empty_file_has_no_problem(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    assert scan_file(tmp_path / "f").problems == ()


def test_text_behind_which_records_stand_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a text in front" + EVENTS)
    columns = scan_file(path)
    assert [problem.kind for problem in columns.problems] == ["bad_length"]
    assert columns.step.size == 50
