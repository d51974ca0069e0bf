"""CRC-32C of the compiled scan: by the processor's instruction and by table."""

from __future__ import annotations

from pathlib import Path

import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st

compiled = pytest.importorskip("tbtools.eventfile._scan", reason="the scan has not been compiled")

# RFC 3720, B.4: 32 bytes each, and the iSCSI read command at its end.
VECTORS = [
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(reversed(range(32))), 0x113FDB5C),
    (
        bytes.fromhex(
            "01c00000 00000000 00000000 00000000 14000000 00000400"
            "00000014 00000018 28000000 00000000 02000000 00000000"
        ),
        0xD9963A56,
    ),
]
# The sum goes by words of 8 bytes, and three lanes of 1,024 bytes at once.
LENGTHS = range(5001)
by_both = pytest.mark.parametrize("by_table", [False, True])


def sample(size: int) -> bytes:
    """Bytes of which no two stretches are the same."""
    return b"".join((i * 0x9E3779B1 & 0xFFFFFFFF).to_bytes(4, "big") for i in range(size // 4 + 1))


@by_both
@pytest.mark.parametrize(("data", "crc"), VECTORS)
def test_vectors_of_the_rfc(data: bytes, crc: int, by_table: bool) -> None:
    assert compiled.crc32c(data, by_table) == crc


@by_both
def test_every_length(by_table: bool) -> None:
    data = memoryview(sample(LENGTHS[-1]))
    for size in LENGTHS:
        assert compiled.crc32c(data[:size], by_table) == google_crc32c.value(bytes(data[:size]))


@by_both
@pytest.mark.parametrize("start", range(1, 16))
def test_every_alignment(start: int, by_table: bool) -> None:
    data = memoryview(sample(9000))
    for size in [*range(20), *range(1016, 1033), *range(3064, 3081), *range(6136, 6153), 8000]:
        want = google_crc32c.value(bytes(data[start : start + size]))
        assert compiled.crc32c(data[start : start + size], by_table) == want


@by_both
@given(data=st.binary(max_size=20_000))
def test_any_bytes(data: bytes, by_table: bool) -> None:
    assert compiled.crc32c(data, by_table) == google_crc32c.value(data)


def test_the_instruction_is_used_where_there_is_one() -> None:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        pytest.skip("the system does not tell what its processor can do")
    words = cpuinfo.read_text().split()
    assert compiled.crc_by_instruction() == ("sse4_2" in words or "crc32" in words)
