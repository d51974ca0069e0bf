"""Whole outputs, compared with the files in tests/golden.

``TBTOOLS_UPDATE_GOLDEN=1 pytest`` writes them anew; the diff is then to be read like code.
"""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, output: str) -> None:
    """Fails where the output is not what the file says."""
    path = _FOLDER / name
    if os.environ.get("TBTOOLS_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(output, encoding="utf-8")
    assert output == path.read_text(encoding="utf-8")
