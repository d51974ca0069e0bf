"""Without the packages of an extra, the message names it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools.errors import MissingExtra
from tests.commands import call
from tests.render.report_logs import LOGS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("package", ["plotly", "tsdownsample", "nh3"])
def test_reports_and_figures_name_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"a report needs.*tbtools\[report\]"):
        tbtools.report(LOGS, tmp_path / "r.html")
    with pytest.raises(MissingExtra, match=r"a figure needs.*tbtools\[report\]"):
        tbtools.plot(LOGS, "train/loss")
    assert list(tmp_path.iterdir()) == []


def test_curves_in_the_terminal_and_displays_need_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("plotly", "tsdownsample", "nh3"):
        monkeypatch.setitem(sys.modules, package, None)
    assert call("plot", str(LOGS), "--tag", "train/loss").status == 0
    assert "8 runs" in tbtools.load(LOGS)._repr_html_()
