"""The notebooks of examples/ run from top to bottom, and are stored with outputs worth a look.

``TBTOOLS_UPDATE_GOLDEN=1 pytest -m slow tests/examples`` stores their outputs anew; it needs a
Chrome for the pictures.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.commands import ROOT

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
NAMES = ["comparing_seeds", "finding_a_divergence", "images_and_histograms", "quick_tour"]
NAMES += ["the_whole_way"]
TRAINS = {"the_whole_way"}


def outputs(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        output
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
        for output in cell["outputs"]
    ]


def store(notebook: Any, path: Path) -> None:
    """Keeps what it shows, but not when it ran."""
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)
    notebook["metadata"] = json.loads(path.read_text("utf-8"))["metadata"]
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")


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
    if path.stem in TRAINS:
        pytest.importorskip("torch", reason="it trains: the extra train is not installed")
    update = bool(os.environ.get("TBTOOLS_UPDATE_GOLDEN"))
    # Otherwise figures as JSON: pictures would need a Chrome.
    monkeypatch.setenv("PLOTLY_RENDERER", "png" if update else "plotly_mimetype")
    notebook = nbformat.read(path, as_version=4)
    stored = [each["output_type"] for each in outputs(notebook)]
    client = nbclient.NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    client.execute()
    if update:
        store(notebook, path)
        return
    assert [each["output_type"] for each in outputs(notebook)] == stored
