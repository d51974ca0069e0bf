"""Tags become numbers: the same for the same bytes, in the order of the file, however many."""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tbtools.eventfile.rescan import rescan
from tbtools.eventfile.scan import scan_file
from tests.builders import frame
from tests.fuzz.mutants import varint
from tests.scans import SCANNERS, assert_same_columns, scan_bytes, scan_content

if TYPE_CHECKING:
    from collections.abc import Sequence

under_both = pytest.mark.usefixtures("scan_implementation")


def span(content: bytes) -> bytes:
    return varint(len(content)) + content


def tagged(tag: bytes) -> bytes:
    """A record with one value of that tag, which need not be text."""
    return frame(b"\x2a" + span(b"\x0a" + span(b"\x0a" + span(tag))))


def check(folder: Path, tags: Sequence[bytes]) -> None:
    """Scans values with these tags, and compares with what a dict makes of them."""
    columns = scan_content(folder, b"".join(map(tagged, tags)))
    numbers: dict[bytes, int] = {}
    expected = [numbers.setdefault(tag, len(numbers)) for tag in tags]
    assert columns.tag_id.tolist() == expected
    assert columns.tag_names == list(numbers)


# The name is hashed in words of 8 bytes: names that differ in the last word, in their length only,
# and in zeros at their end.
ENDS = (b"", b"a", b"b", b"a\0", b"\0a")
SIMILAR = [bytes(size) + end for size in range(26) for end in ENDS if size + len(end)]


@under_both
def test_similar_names_are_different_tags(tmp_path: Path) -> None:
    check(tmp_path, SIMILAR * 3)


@under_both
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(st.sampled_from(SIMILAR), st.binary(min_size=1, max_size=40)), max_size=40
    ).flatmap(lambda names: st.lists(st.sampled_from(names), max_size=80) if names else st.just([]))
)
def test_any_names_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, names: list[bytes]
) -> None:
    check(tmp_path_factory.mktemp("f"), names)


@under_both
def test_rounds_that_change(tmp_path: Path) -> None:
    """Tags are expected in the order of the last round; here the rounds are not alike."""
    chance = random.Random(3)
    names = [b"tag/%d" % i for i in range(300)]
    rounds = []
    for _ in range(30):
        rounds += chance.sample(names, chance.randrange(1, 300))
    check(tmp_path, rounds)


@under_both
def test_very_long_names(tmp_path: Path) -> None:
    long = [bytes([letter]) * (1 << 20) for letter in b"abc"]
    almost = long[0][:-1] + b"x"
    check(tmp_path, [*long, almost, *long, long[0][:-1], almost])


@under_both
def test_numbers_stay_when_the_file_grows(tmp_path: Path) -> None:
    names = [b"%d" % i for i in range(3000)]
    chance = random.Random(5)
    content = [tagged(chance.choice(names)) for _ in range(10_000)]
    before = scan_content(tmp_path, b"".join(content[:4000]))
    with Path(before.path).open("ab") as file:
        file.write(b"".join(content[4000:]))
    after = rescan(before).columns
    assert after.tag_names[: len(before.tag_names)] == before.tag_names
    assert_same_columns(after, scan_file(before.path))


# --- many ----------------------------------------------------------------------------------------

# Names that a hash might take for each other: they differ in one place, in all, or hardly at all.
FAMILIES = {
    "numbered": lambda i: b"layer/%d/weight" % i,
    "first word": lambda i: struct.pack("<Q", i) + b"x" * 8,
    "last word": lambda i: b"x" * 8 + struct.pack("<Q", i),
    "high bytes": lambda i: struct.pack("<Q", i << 40),
    "high bytes in the middle": lambda i: b"x" * 8 + struct.pack("<Q", i << 32) + b"y" * 9,
    "two words that cancel": lambda i: struct.pack("<QQ", i, i),
    "multiples of a power of two": lambda i: struct.pack("<Q", i << 16) + b"x" * 3,
}


@pytest.mark.skipif(SCANNERS["compiled"] is None, reason="the compiled scan has not been built")
@pytest.mark.parametrize("family", FAMILIES)
def test_time_grows_with_the_number_of_tags_not_with_its_square(family: str) -> None:
    seconds = []
    for count in (2500, 40_000):
        content = b"".join(tagged(FAMILIES[family](i)) for i in range(count))
        found = scan_bytes(SCANNERS["compiled"], content)
        assert len(found["tag_names"]) == count
        np.testing.assert_array_equal(np.frombuffer(found["tag_id"], np.int32), np.arange(count))
        seconds.append(min(seconds_to_scan(content) for _ in range(3)))
    # 16 times where it is linear, 256 times where it is quadratic.
    assert seconds[1] < 64 * seconds[0]


def seconds_to_scan(content: bytes) -> float:
    """Of this thread's own processor time, so that busy neighbours matter little."""
    start = time.thread_time()
    scan_bytes(SCANNERS["compiled"], content)
    return time.thread_time() - start
