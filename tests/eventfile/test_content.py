"""Files that are called like event files, and say what they are instead."""

from __future__ import annotations

import gzip
import random
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
TEXT = "plain text, not an event file"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
EVENTS = EventFileBuilder().scalars("loss", [(step, step) for step in range(50)]).bytes()


def unknown(size: int) -> str:
    return f"not one whole record in {size:,} bytes: not an event file"


FILES = {
    "gzip": (gzip.compress(EVENTS), GZIP),
    "gzip of nothing": (gzip.compress(b""), GZIP),
    "lfs": (POINTER, LFS),
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
