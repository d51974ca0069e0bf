"""What notebooks display."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import pytest

import tbtools
from tbtools.analysis.detect import Findings
from tbtools.analysis.judgement import detect
from tbtools.render.shown import RENDERERS
from tbtools.showing import Shown, html_of
from tests.builders import EventFileBuilder
from tests.render.report_logs import LOGS, write_hostile_logs

if TYPE_CHECKING:
    from pathlib import Path


class Elements(HTMLParser):
    """The elements of some HTML, its text, and whether it is well-formed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


def test_an_experiment_says_who_is_best_and_what_went_wrong() -> None:
    shown = Elements(html_of(tbtools.load(LOGS)))
    assert "8 runs" in shown.text
    row = re.search(r"diverged .*?nonfinite|diverged .*?divergence", shown.text)
    assert row is not None
    best = tbtools.load(LOGS)["baseline"].scalars("val/accuracy")["value"].max()
    assert str(np.float32(best)) in shown.text
    assert {"svg", "path", "table"} <= shown.names


def test_a_run_with_nothing_but_an_info_says_so(tmp_path: Path) -> None:
    y = 0.2 + np.exp(-np.arange(200) / 40) + np.random.default_rng(0).normal(0, 0.01, 200)
    y[120] = 3.0  # a spike, and back
    with tbtools.EventFileWriter(tmp_path / "spiky") as writer:
        for step, value in enumerate(y.tolist()):
            writer.add_scalar("train/loss", value, step)
    shown = html_of(tbtools.load(tmp_path))
    assert re.search(r"spiky</td><td [^>]*>1 info</td>", shown)


def test_a_run_shows_its_tags_and_what_restarts_dropped() -> None:
    shown = Elements(html_of(tbtools.load(LOGS)["resumed"]))
    assert "train/loss" in shown.text
    assert "319 points superseded by restarts" in shown.text


def test_findings_and_none() -> None:
    findings = detect(tbtools.load(LOGS))
    shown = Elements(html_of(findings))
    assert f"{len(findings)} findings" in shown.text
    assert findings[0].message in shown.text
    assert "0 findings" in html_of(Findings())


def test_what_should_be_known_stands_beside_the_title(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version().scalar("lr", 0, 0.1)
    for number in range(20):
        builder.scalar("loss", number % 10, 1 / (number + 1))
    builder.corrupt_data_crc().write(tmp_path / "logs" / "run" / "tfevents.1")
    experiment = tbtools.load(tmp_path / "logs")
    for x in (experiment, experiment["run"], detect(experiment)):
        text = Elements(html_of(x)).text
        assert "1 problem in event files, see .problems" in text
        assert "steps go back, see .notes" in text
    assert "1 not fully judged (1 no known objective)" in Elements(html_of(detect(experiment))).text
    assert "no findings" in Elements(html_of(experiment)).text


def test_names_of_strangers_are_text(tmp_path: Path) -> None:
    experiment = tbtools.load(write_hostile_logs(tmp_path / "logs"))
    harmless = {"div", "p", "b", "span", "table", "thead", "tbody", "tr", "th", "td", "svg", "path"}
    for x in (experiment, *experiment.values(), detect(experiment)):
        assert Elements(html_of(x)).names <= harmless


def test_nan_is_a_gap_in_the_line() -> None:
    html = html_of(tbtools.load(LOGS)["diverged"])
    paths = re.findall(r'd="([^"]*)"', html)
    assert paths
    assert all("nan" not in path for path in paths)


def test_what_has_no_display() -> None:
    with pytest.raises(TypeError, match="int") as raised:
        html_of(3)
    assert isinstance(raised.value, tbtools.TbtoolsError)


def test_every_result_that_can_be_drawn_is_in_the_table() -> None:
    for name in tbtools.__all__:
        getattr(tbtools, name)
    drawn = {each.__name__ for each in Shown.__subclasses__()}
    assert drawn == {each.__name__ for each, renderer in RENDERERS.items() if renderer.plot}


def test_results_show_themselves() -> None:
    experiment = tbtools.load(LOGS)
    assert "8 runs" in experiment._repr_html_()
    assert "train/loss" in experiment["baseline"]._repr_html_()
    assert {trace.name for trace in experiment.plot("optim/lr").data} == {
        "baseline", "diverged", "plateau", "resumed",
    }  # fmt: skip
    assert experiment["baseline"].plot("optim/*", smoothing=0).layout.annotations[1].text == (
        "optim/lr"
    )
    findings = detect(experiment)
    assert len(findings.plot().data) == len(findings)
    assert "findings" in findings._repr_html_()
