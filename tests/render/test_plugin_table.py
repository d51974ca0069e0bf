"""A plugin is known to all of tbtools by its row in the table of plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import tbtools
from tbtools.analysis.judgement import judge
from tbtools.render.report import media
from tbtools.render.report.data import page_data
from tbtools.runs.plugins.table import PLUGINS, Plugin, function_at
from tbtools.runs.plugins.text import text_of
from tests.builders import EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path


def poem_files(value: Any) -> list[tuple[str, bytes]]:
    """A poem as a file of its own."""
    return [("poem", str(text_of(value)).encode())]


def poem_lines(value: Any) -> list[str]:
    """The verses of a poem."""
    return str(text_of(value)).split(" / ")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two runs with a poem each, of which the second verses differ."""
    for name, verse in (("a", "three"), ("b", "two")):
        EventFileBuilder().strings("p", 7, [f"one / {verse}"], plugin="poems", shape=()).write(
            tmp_path / "logs" / name / "events.out.tfevents.1"
        )
    return tmp_path / "logs"


@pytest.fixture
def poems(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin `poems`, in the table of plugins and in that of the page."""
    plugin = Plugin(
        "poems",
        "run.text()",
        frame="tbtools.runs.plugins.text:text_frame",
        files=f"{__name__}:poem_files",
        compared="lines",
        lines=f"{__name__}:poem_lines",
        noun="poem",
        described=" in all",
    )
    monkeypatch.setitem(PLUGINS, "poems", plugin)


def page_of(logs: Path) -> dict[str, Any]:
    runs = tbtools.load(logs)
    return page_data(runs, judge(runs), title="", root=str(logs), smoothing=0.0).page


@pytest.mark.usefixtures("poems")
def test_a_plugin_of_the_table_is_exported(logs: Path, tmp_path: Path) -> None:
    done = tbtools.export(tbtools.load(logs), tmp_path / "out", "poems")
    assert done.count == 2
    assert (tmp_path / "out" / "a" / "p" / "00000007.poem").read_bytes() == b"one / three"


@pytest.mark.usefixtures("poems")
def test_a_plugin_of_the_table_is_compared_as_it_says(logs: Path) -> None:
    runs = tbtools.load(logs)
    (text,) = tbtools.diff(runs["a"], runs["b"]).runs[0].text
    assert text.lines == ("@@ -1,2 +1,2 @@", " one", "-three", "+two")


@pytest.mark.usefixtures("poems")
def test_a_plugin_of_the_table_is_no_unknown_one(logs: Path) -> None:
    assert tbtools.load(logs)["a"].plugin_data().empty
    assert page_of(logs)["unshown"] == [("2 poems in all", "run.text()")]


@pytest.mark.usefixtures("poems")
def test_a_section_of_the_page_shows_a_plugin(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = media.Section("Poems", "text", 5, lambda value, _: f"<p>{text_of(value)}</p>")
    monkeypatch.setitem(media.SECTIONS, "poems", section)
    page = page_of(logs)
    assert {"plugin": "poems", "title": "Poems", "card": "text"} in page["sections"]
    assert [series["items"] for series in page["poems"]] == [
        ["<p>one / three</p>"],
        ["<p>one / two</p>"],
    ]
    assert page["unshown"] == []


def test_a_plugin_that_is_in_no_table_is_bytes(logs: Path) -> None:
    runs = tbtools.load(logs)
    assert runs["a"].plugin_data()["plugin"].tolist() == ["poems"]
    assert page_of(logs)["unshown"] == [("2 tags of the plugin poems", "run.plugin_data()")]
    with pytest.raises(tbtools.InvalidArgument, match="no data 'poems'"):
        tbtools.export(runs, logs.parent / "out", "poems")


@pytest.mark.parametrize("plugin", PLUGINS.values(), ids=PLUGINS)
def test_every_function_that_the_table_names_exists(plugin: Plugin) -> None:
    for path in filter(None, (plugin.frame, plugin.files, plugin.lines)):
        assert callable(function_at(path))
    assert bool(plugin.lines) == (plugin.compared == "lines")


def test_the_page_shows_only_plugins_of_the_table() -> None:
    assert set(media.SECTIONS) <= set(PLUGINS)
