"""A figure in a notebook that follows a watch, in a real kernel."""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import tbtools
from tbtools.errors import InvalidArgument, MissingPackage

if TYPE_CHECKING:
    from pathlib import Path

CELL = """
import threading, time, tbtools
from tbtools.live.watch import Watch

logs = {logs!r}
log = tbtools.EventFileWriter(logs + "/<b>run</b>")

def write(*_):
    for step in range(write.done, write.done + 10):
        log.add_scalar("val/loss", 1 / (1 + step), step)
    log.flush()
    write.done += 10

write.done = 0
write()
# Each look finds ten more points than the one before.
look = Watch._look
Watch._look = lambda self, **how: (write(), look(self, **how))[1]
watch = tbtools.watch(
    logs, interval=0.01, until="val/loss<0.021", callback=tbtools.LiveFigure(smoothing=0)
)
watch.outcome
"""


def test_a_figure_is_drawn_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("plotly", reason="the extra report is not installed")
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    monkeypatch.setenv("PLOTLY_RENDERER", "plotly_mimetype")
    monkeypatch.setenv("TBTOOLS_STATE", "off")
    cell = nbformat.v4.new_code_cell(CELL.format(logs=str(tmp_path)))
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    figure, events, outcome = notebook.cells[0].outputs
    assert outcome["data"]["text/plain"] == "'reached'"
    [curve] = figure["data"]["application/vnd.plotly.v1+json"]["data"]
    # 1 / 48 is the first below 0.021, of the fifth ten; the last look finds ten more.
    steps = np.frombuffer(base64.b64decode(curve["x"]["bdata"]), curve["x"]["dtype"])
    assert steps.tolist() == list(range(60))
    told = events["data"]["text/html"]
    assert "&lt;b&gt;run&lt;/b&gt;: is being written at step 19" in told
    assert "<b>" not in told


def test_without_a_notebook_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("plotly", reason="the extra report is not installed")
    with pytest.raises(InvalidArgument, match="and this is none"):
        tbtools.LiveFigure("val/loss")
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    with pytest.raises(MissingPackage, match="draws in a notebook needs ipython"):
        tbtools.LiveFigure("val/loss")
