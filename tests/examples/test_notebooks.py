"""The notebooks of examples/ run from top to bottom, and are stored with outputs worth a look."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.commands import ROOT

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
NAMES = ["comparing_seeds", "finding_a_divergence", "images_and_histograms", "quick_tour"]


def outputs(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        output
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
        for output in cell["outputs"]
    ]


def test_the_notebooks_that_there_are() -> None:
    assert [path.stem for path in NOTEBOOKS] == NAMES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_are_stored_with_outputs_and_without_places(path: Path) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    found = outputs(notebook)
    assert any("image/png" in each.get("data", {}) for each in found)
    assert all(each["output_type"] != "error" for each in found)
    texts = re.sub(r'"image/png": "[^"]*"', "", path.read_text("utf-8"))
    for place in (ROOT.parent, Path.home(), Path(tempfile.gettempdir())):
        assert f"{place}/" not in texts
    assert path.stat().st_size < 400_000


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    # Figures as JSON: pictures would need a Chrome.
    monkeypatch.setenv("PLOTLY_RENDERER", "plotly_mimetype")
    notebook = nbformat.read(path, as_version=4)
    stored = [each["output_type"] for each in outputs(notebook)]
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    client.execute()
    assert [each["output_type"] for each in outputs(notebook)] == stored
