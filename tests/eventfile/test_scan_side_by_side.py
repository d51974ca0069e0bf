"""A scan in parts finds what one scan of the whole finds; `tests/fuzz` tries it on mutants."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tbtools.eventfile import scan, side_by_side, threads
from tbtools.eventfile.rescan import rescan
from tbtools.eventfile.scan import scan_file
from tests.builders import EventFileBuilder
from tests.scans import SCANNERS, assert_same_columns, problem_places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tbtools.eventfile.scan import FileColumns

pytestmark = pytest.mark.skipif(
    SCANNERS["compiled"] is None, reason="the compiled scan has not been built"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.out.tfevents.1"


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[bool]]:
    """Lets scans use so many cores for however few bytes; the list tells which parts counted."""

    def use(cores: int) -> list[bool]:
        joined: list[bool] = []

        class Telling(SCANNERS["compiled"]):  # type: ignore[misc]
            __module__ = SCANNERS["compiled"].__module__

            def absorb(self, other: Any) -> bool:
                joined.append(super().absorb(other))
                return joined[-1]

        monkeypatch.setattr(scan, "_scanner", Telling)
        monkeypatch.setattr(threads, "usable_cores", lambda: cores)
        monkeypatch.setattr(side_by_side, "_LEAST_BYTES", 64)
        return joined

    return use


def at_once(path: Path) -> FileColumns:
    """The columns by the other implementation, which knows no parts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "_scanner", SCANNERS["protobuf"])
        return scan_file(path)


def points(first: int, count: int, *tags: str) -> EventFileBuilder:
    builder = EventFileBuilder()
    for step in range(first, first + count):
        for tag in tags:
            builder.scalar(tag, step, step / 8)
    return builder


def varied() -> bytes:
    """Tags that come late, a plugin declared twice, a number that is no float32, and marks."""
    first = points(0, 80, "a", "b").session_start(80)
    first.tensor_scalar("c", 1, 0.1, "float64", plugin="scalars").text("t", 2, "x" * 300)
    last = EventFileBuilder().tensor_scalar("c", 2, 1.5, plugin="other").file_version()
    last.session_start(200).raw_record(b"\0\1")
    more = [points(step, 80, *tags).bytes() for step, tags in ((80, "bd"), (160, "da"))]
    return first.bytes() + more[0] + last.bytes() + more[1]


@pytest.mark.parametrize("cores", [2, 3, 7])
def test_parts_are_one_scan(path: Path, in_parts: Callable[[int], list[bool]], cores: int) -> None:
    joined = in_parts(cores)
    path.write_bytes(varied())
    assert_same_columns(scan_file(path), at_once(path))
    assert joined == [True] * (cores - 1)


@pytest.mark.parametrize("cores", [2, 3, 7])
def test_damage_anywhere_is_met_as_in_one_scan(
    path: Path, in_parts: Callable[[int], list[bool]], cores: int
) -> None:
    joined = in_parts(cores)
    chance, whole = random.Random(cores), varied()
    for _ in range(40):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 1, 8))):
            content[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(content[: chance.choice((len(whole), chance.randrange(len(whole))))])
        assert_same_columns(scan_file(path), at_once(path))
    assert 0.5 * len(joined) < sum(joined)


def test_records_inside_a_record_are_no_part(
    path: Path, in_parts: Callable[[int], list[bool]]
) -> None:
    joined = in_parts(2)
    builder = points(0, 10, "a").image("picture", 1, points(0, 200, "inside").bytes())
    path.write_bytes(builder.bytes() + points(10, 10, "a").bytes())
    columns = scan_file(path)
    assert joined == [False]
    assert columns.tag_names == [b"a", b"picture"]
    assert columns.records == 21
    assert not problem_places(columns)


def test_a_long_addition_is_read_in_parts(
    path: Path, in_parts: Callable[[int], list[bool]]
) -> None:
    joined = in_parts(3)
    content = varied()
    path.write_bytes(content[:200])
    columns = scan_file(path)
    joined.clear()
    path.write_bytes(content)
    look = rescan(columns)
    assert not look.read_anew
    assert joined == [True, True]
    assert_same_columns(look.columns, at_once(path), but=("fingerprint",))


def test_scans_side_by_side_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "usable_cores", lambda: 3)
    claim = threads.claimed_cores
    with claim(2) as first, claim(2) as second, claim(2) as third:
        assert (first, second, third) == (2, 1, 1)
    with claim(2) as again, claim(0) as least:
        assert (again, least) == (2, 1)


def test_a_file_that_shrinks_meanwhile_is_read_anew(
    path: Path, in_parts: Callable[[int], list[bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts(3)
    content = varied()
    path.write_bytes(content)
    read_until, shrunk = scan._read_until, threading.Event()

    def shrinking(file: Any, scanner: Any, end: int) -> None:
        if end == len(content) and not shrunk.is_set():  # the last part
            shrunk.set()
            path.write_bytes(content[:1000])
        read_until(file, scanner, end)

    monkeypatch.setattr(scan, "_read_until", shrinking)
    assert_same_columns(scan_file(path), at_once(path))
    assert shrunk.is_set()
