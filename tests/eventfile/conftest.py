"""Real event files for the tests of this folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def corpus_files() -> list[Path]:
    """Every event file of the corpus, in the order of its path."""
    root = Path(__file__).parents[2]
    corpus = root / os.environ.get("TBTOOLS_CORPUS", "../shared/corpus")
    if not corpus.is_dir():
        pytest.skip("no corpus of real event files: set TBTOOLS_CORPUS")
    return sorted(path for path in corpus.rglob("*tfevents*") if path.is_file())
