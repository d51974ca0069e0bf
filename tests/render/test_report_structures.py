"""Graphs, meshes and embeddings on a page, and pictures, histograms and curves over their steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import tbtools
from tbtools.render.report import report
from tbtools.render.report.structures import principal_components
from tests.commands import ROOT
from tests.render.report_logs import LOGS, arrays_of, page_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.render.conftest import OpenPage

    Open = Callable[..., OpenPage]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(LOGS, tmp_path_factory.mktemp("report") / "r.html")


def test_principal_components_are_the_directions_of_most_variance() -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 5)) * (1, 9, 2, 4, 1) + 7
    places, share = principal_components(vectors)
    values, directions = np.linalg.eigh(np.cov(vectors.T))
    assert share == pytest.approx(values[-2:].sum() / values.sum())
    for component in (0, 1):
        wanted = (vectors - vectors.mean(0)) @ directions[:, -1 - component]
        np.testing.assert_allclose(np.abs(places[:, component]), np.abs(wanted), atol=1e-9)


@pytest.mark.parametrize(
    "vectors", [np.zeros((0, 3)), np.ones((4, 3)), np.ones((5, 1)), [[1e300, 0.0], [-1e300, 1.0]]]
)
def test_components_of_what_spreads_nowhere_are_finite(vectors: np.ndarray) -> None:
    places, share = principal_components(np.array(vectors))
    assert places.shape == (len(vectors), 2)
    assert np.isfinite(places).all()
    assert 0 <= share <= 1


def test_meshes_and_graphs_are_those_of_the_run(tmp_path: Path) -> None:
    run = tbtools.load(ROOT / "examples" / "logs")["media"]
    html = report(run, tmp_path / "r.html").read_text("utf-8")
    page, arrays = page_of(html), arrays_of(html)
    frame = run.meshes()
    (series,) = page["mesh"]
    assert series["steps"] == frame["step"].tolist()
    for item, mesh in zip(series["items"], frame["mesh"], strict=True):
        vertices, faces, _ = item
        np.testing.assert_allclose(arrays[vertices].reshape(-1, 3), mesh.vertices, rtol=1e-4)
        np.testing.assert_array_equal(arrays[faces].reshape(-1, 3), mesh.faces)
    (graph,) = page["graphs"]
    nodes = run.graph().nodes()
    assert [node[0] for node in graph["items"][0]] == nodes["name"].tolist()
    assert graph["limited"] == f"{len(nodes)} nodes"
    (embedding,) = page["embeddings"]
    (found,) = run.embeddings()
    assert embedding["items"][0]["labels"] == found.metadata()["label"].tolist()
    assert len(arrays[embedding["items"][0]["x"]]) == len(found.vectors())


def test_a_mesh_that_has_no_room_is_told(tmp_path: Path) -> None:
    page = page_of(report(LOGS, tmp_path / "r.html", media_bytes=10).read_text("utf-8"))
    assert page["mesh"] == []
    assert page["refused"] > 0


def card(page: OpenPage, section: str, more: str = "") -> str:
    """A selector of the first card of a group of charts, scrolled to."""
    found = f"details.group:has(h2:text('{section}')) .card{more} >> nth=0"
    page.page.locator(found).scroll_into_view_if_needed()
    page.settle()
    return found


@pytest.mark.browser
def test_steps_stand_beside_one_another(example: Path, open_page: Open) -> None:
    page = open_page(example)
    images = page.page.locator(card(page, "Images", ":has(.segmented)"))
    images.get_by_role("radio", name="Grid").check()
    steps = images.locator("thead th").all_inner_texts()
    assert len(steps) > 2
    assert images.locator("tbody tr").first.locator("img").count() == len(steps)
    images.get_by_role("slider").fill("0")
    assert images.locator("thead th").all_inner_texts() == steps[:1]


@pytest.mark.browser
def test_linked_sliders_stand_at_one_step(example: Path, open_page: Open) -> None:
    page = open_page(example)
    page.page.check("#linked")
    images = page.page.locator(card(page, "Images", ":has(.segmented)"))
    images.get_by_role("slider").fill("1")
    step = images.locator("output").inner_text()
    curves = page.page.locator(card(page, "Precision", ":has(.segmented)"))
    assert curves.locator("output").inner_text() == step


@pytest.mark.browser
def test_histograms_as_ridges_and_curves_over_all_steps(example: Path, open_page: Open) -> None:
    page = open_page(example)
    html = example.read_text("utf-8")
    selector = card(page, "Histograms", ":has(.segmented)")
    histograms = page.page.locator(selector)
    histograms.get_by_role("radio", name="Ridges").check()
    data = histograms.locator(".plot").evaluate("(each) => each.data.map(({y}) => Array.from(y))")
    title = histograms.locator("h3").get_attribute("title")
    series = next(each for each in page_of(html)["histograms"] if each["tag"] == title)
    density = arrays_of(html)[series["density"]].reshape(-1, series["bins"])
    assert len(data) == len(density)
    base = len(data) - 1
    np.testing.assert_allclose(np.array(data[0][1:-1]) - base, 1.8 * density[0] / 255, atol=1e-6)
    curves = page.page.locator(card(page, "Precision", ":has(.segmented)"))
    one = curves.locator(".plot").evaluate("(each) => each.data.length")
    steps = curves.get_by_role("slider").get_attribute("max")
    curves.get_by_role("radio", name="All").check()
    assert curves.locator(".plot").evaluate("(each) => each.data.length") == one * (int(steps) + 1)


@pytest.mark.browser
def test_a_mesh_is_turned_and_a_graph_unfolded(example: Path, open_page: Open) -> None:
    page = open_page(example)
    canvas = page.page.locator(card(page, "Meshes")).locator("canvas").first
    picture = "(each) => each.toDataURL()"
    before = canvas.evaluate(picture)
    canvas.press("ArrowRight")
    page.settle()
    turned = canvas.evaluate(picture)
    assert turned != before
    canvas.drag_to(canvas, source_position={"x": 50, "y": 50}, target_position={"x": 120, "y": 50})
    page.settle()
    assert canvas.evaluate(picture) not in (before, turned)
    graph = page.page.locator(card(page, "Graphs"))
    assert graph.locator("details details").count() == 0
    graph.locator("summary").first.click()
    graph.locator("details li").first.wait_for()
