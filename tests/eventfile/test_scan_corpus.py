"""Both scans over the corpus: files of many writers, from public repositories."""

from __future__ import annotations

import concurrent.futures
from typing import TYPE_CHECKING

import pytest

from tbtools.eventfile.problems import Problem
from tbtools.eventfile.scan import scan_file
from tests.eventfile.scan_truth import assert_is_truth
from tests.scans import SCANNERS, assert_same_columns, differences, scan_bytes

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus


@pytest.mark.usefixtures("scan_implementation")
def test_columns_are_what_tensorboard_reads(
    corpus_files: list[Path], scan_implementation: str
) -> None:
    # Of the Python scan, that it agrees with the compiled one on all files is shown below.
    files = corpus_files if scan_implementation == "compiled" else corpus_files[::10]
    for path in files:
        columns = scan_file(path)
        if "not_an_event_file" not in [problem.kind for problem in columns.problems]:
            assert_is_truth(columns, path.read_bytes())


@pytest.mark.skipif(SCANNERS["compiled"] is None, reason="the compiled scan has not been built")
def test_scans_agree(corpus_files: list[Path]) -> None:
    for path in corpus_files:
        content = path.read_bytes()
        compiled, protobuf = (scan_bytes(scanner, content) for scanner in SCANNERS.values())
        assert not differences(compiled, protobuf), path


def test_problems(corpus_files: list[Path]) -> None:
    """Eight files are placeholders that a history rewriter left; all others are sound."""
    found = {
        path: columns.problems for path in corpus_files if (columns := scan_file(path)).problems
    }
    assert [path.name.endswith(".REMOVED.git-id") for path in found] == [True] * 8
    for path, problems in found.items():
        message = "plain text, not an event file"
        assert problems == (Problem(0, 40, "not_an_event_file", message),), path


@pytest.mark.usefixtures("scan_implementation")
def test_files_are_scanned_side_by_side(corpus_files: list[Path]) -> None:
    files = [path for path in corpus_files if path.stat().st_size < 100_000][:40]
    alone = [scan_file(path) for path in files]
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        for columns, expected in zip(threads.map(scan_file, files), alone, strict=True):
            assert_same_columns(columns, expected)
