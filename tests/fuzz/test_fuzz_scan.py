"""Mutants of event files: both scans must tell the same, and all of it must make sense."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tbtools.errors import BadLength, RecordError, TruncatedRecord
from tbtools.eventfile.records import RecordReader
from tbtools.eventfile.rescan import rescan
from tbtools.eventfile.scan import scan_file
from tests.builders import frame
from tests.fuzz import fuzz
from tests.fuzz.checks import check_scans
from tests.fuzz.mutants import Generator
from tests.fuzz.pool import built_events, real_events
from tests.scans import SCANNERS, assert_same_columns, scan_bytes, scan_content

REGRESSIONS = sorted(Path(__file__).parent.glob("regressions/*"))
MUTANTS = 2500
needs_both = pytest.mark.skipif(
    SCANNERS["compiled"] is None, reason="the compiled scan has not been built"
)


@needs_both
@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.stem)
def test_mutants_that_failed_once(path: Path) -> None:
    check_scans(path.read_bytes(), random.Random(0))


@needs_both
@pytest.mark.parametrize("seed", range(8))
def test_mutants(seed: int) -> None:
    generator, pool = Generator(seed), built_events()
    for number in range(MUTANTS):
        content = generator.file(pool)
        try:
            check_scans(content, generator.random)
        except AssertionError as error:
            error.add_note(f"mutant {number} of seed {seed}: {content.hex()}")
            raise


@needs_both
@pytest.mark.corpus
def test_mutants_of_real_events(corpus_files: list[Path]) -> None:
    generator, pool = Generator("real"), real_events(corpus_files[::4])
    for _ in range(MUTANTS):
        check_scans(generator.file(pool), generator.random)


@pytest.mark.usefixtures("scan_implementation")
def test_mutants_that_grow_are_as_scanned_at_once(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    generator, pool = Generator("growing"), built_events()
    for _ in range(300):
        content = b"".join(generator.file(pool) for _ in range(3))
        path.write_bytes(b"")
        columns = scan_file(path)
        while columns.size < len(content):
            more = generator.random.randrange(1, 400)
            with path.open("ab") as file:
                file.write(content[columns.size : columns.size + more])
            look = rescan(columns)
            assert not look.read_anew
            columns = look.columns
        assert_same_columns(columns, scan_file(path))


@pytest.mark.usefixtures("scan_implementation")
def test_record_reader_meets_the_same_damage(tmp_path: Path) -> None:
    generator, pool = Generator("reader"), built_events()
    for _ in range(500):
        content = b"".join(generator.file(pool) for _ in range(2))
        columns = scan_content(tmp_path, content)
        count, met = read_records(columns.path, len(content))
        assert count == columns.records
        assert met == [
            (problem.offset, problem.length)
            for problem in columns.problems
            if problem.kind != "undecodable"  # the reader does not look inside
        ]


def read_records(path: str, size: int) -> tuple[int, list[tuple[int, int]]]:
    """The number of records, and (offset, length) of the stretches that are none."""
    count, met = 0, []
    with RecordReader(path) as reader:
        while reader.offset < size:
            try:
                next(reader)
                count += 1
            except RecordError as error:
                found = error.recoverable or (
                    isinstance(error, (BadLength, TruncatedRecord)) and reader.resynchronise()
                )
                met.append((error.offset, (reader.offset if found else size) - error.offset))
                if not found:
                    break
    return count, met


def test_mutants_are_worth_it() -> None:
    """Enough of them are read, and enough are not, for either to be tried."""
    generator, pool = Generator(1), built_events()
    found = [scan_bytes(SCANNERS["protobuf"], generator.file(pool)) for _ in range(1000)]
    records = sum(each["records"] for each in found)
    undecodable = sum(each["damage_kind"].count(3) for each in found)
    assert 0.2 * records < undecodable < 0.8 * records
    numbers = sum(len(each["dtype"].replace(b"\0", b"")) for each in found)
    marks = sum(len(each["mark_kind"]) for each in found)
    damaged = sum(len(each["damage_kind"]) for each in found) - undecodable
    assert min(numbers, marks, damaged) > 50


def test_what_fails_is_made_small_and_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(content: bytes) -> None:
        assert b"loss" not in content

    monkeypatch.setattr(fuzz, "check", check)
    monkeypatch.setattr(fuzz, "REGRESSIONS", tmp_path)
    monkeypatch.setattr(fuzz, "BATCH", 10)
    failed = fuzz.run_batch(1, 0, [b"\x2a\x0a\x0a\x08\x0a\x06a/loss"])
    assert failed > 0
    stored = [path.read_bytes() for path in tmp_path.iterdir()]
    assert frame(b"loss") in stored
    assert all(b"loss" in content for content in stored)
