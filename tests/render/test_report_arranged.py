"""How the charts of a page are arranged, and along which axes they are drawn."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tbtools.errors import UnknownTag
from tbtools.render.report import report
from tests.builders import EventFileBuilder
from tests.render.report_logs import page_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.render.conftest import OpenPage

    Open = Callable[..., OpenPage]

STEPS = np.arange(40)
CURVES = {
    "train/loss": np.float32(2 / (1 + STEPS)),
    "val/loss": np.float32(2 / (1 + STEPS) + STEPS / 40),
    "val/lower": np.float32(2 / (1 + STEPS) + STEPS / 40 - 0.25),
    "val/upper": np.float32(2 / (1 + STEPS) + STEPS / 40 + 0.5),
    "signed": np.float32(np.sign(STEPS - 20.0) * 10.0 ** np.abs(STEPS / 5 - 4)),
    "samples": np.float32(STEPS**2),
}
NOTES = """Words at the **top**.

# val

Before the group.

# Not a place

<img src=x onerror="window.pwned=1">

## signed

Before the chart.
"""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from torch.utils.tensorboard import SummaryWriter

    folder = tmp_path_factory.mktemp("arranged") / "logs"
    with SummaryWriter(str(folder / "a")) as writer:
        for tag, values in CURVES.items():
            for step, value in zip(STEPS, values, strict=True):
                writer.add_scalar(tag, value, step)
        writer.add_custom_scalars(
            {
                "Mine": {
                    "both": ["Multiline", ["train/loss", r"val/lo.*ss"]],
                    "within": ["Margin", ["val/loss", "val/lower", "val/upper"]],
                    "for ever": ["Multiline", [r"(v+)+$"]],
                }
            }
        )
    return folder


@pytest.fixture(scope="module")
def arranged(logs: Path) -> Path:
    return report(
        logs, logs.parent / "r.html", pin="signed", order=["val/*"], notes=NOTES, smoothing=0.0
    )


def drawn(page: OpenPage, title: str, section: str = "#charts") -> list[dict[str, Any]]:
    """The traces of the first chart of a title, and its axes."""
    page.page.wait_for_function(
        """([title, section]) => {
             const card = [...document.querySelectorAll(section + ' .card')].find((each) =>
               each.querySelector('h3').textContent === title);
             card?.scrollIntoView({block: 'center'});
             return card?.querySelector('.plot').data && !card.card.stale;
           }""",
        arg=[title, section],
    )
    found: list[dict[str, Any]] = page.js(
        """([title, section]) => {
             const card = [...document.querySelectorAll(section + ' .card')].find((each) =>
               each.querySelector('h3').textContent === title);
             const {data, layout} = card.querySelector('.plot');
             return data.map((trace) => ({
               x: Array.from(trace.x), y: Array.from(trace.y), fill: trace.fill ?? null,
               dash: trace.line?.dash, opacity: trace.opacity, range: layout.yaxis.range}));
           }""",
        [title, section],
    )
    return found


def test_order_and_pins_of_charts(arranged: Path) -> None:
    page = page_of(arranged.read_text("utf-8"))
    tags = [each["tag"] for each in page["tags"]]
    assert tags == ["val/loss", "val/lower", "val/upper", "samples", "signed", "train/loss"]
    assert [tags[number] for number in page["pinned"]] == ["signed"]
    assert [[tags[number] for number in pair] for pair in page["pairs"]] == [
        ["train/loss", "val/loss"]
    ]


@pytest.mark.parametrize("name", ["pin", "order"])
def test_what_no_tag_matches_is_refused(logs: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownTag, match="lossy"):
        report(logs, tmp_path / "r.html", **{name: "lossy"})


def test_the_command_arranges_likewise(logs: Path, arranged: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(NOTES, "utf-8")
    command = [sys.executable, "-m", "tbtools", "report", str(logs), "-o", "-", "--smoothing", "0"]
    command += ["--pin", "signed", "--order", "val/*", "--notes", str(tmp_path / "notes.md")]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout == arranged.read_bytes()


def test_words_that_are_no_utf_8_are_shown_with_backslashes(logs: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_bytes(b"a \xff b")
    command = [sys.executable, "-m", "tbtools", "report", str(logs), "-o", "-"]
    done = subprocess.run(
        [*command, "--notes", str(tmp_path / "notes.md")], capture_output=True, check=True
    )
    assert page_of(done.stdout.decode())["words"][0]["html"] == "<p>a \\xff b</p>\n"


@pytest.mark.browser
def test_words_stand_where_they_belong(arranged: Path, open_page: Open) -> None:
    page = open_page(arranged)
    words = page.page.locator(".words").all_inner_texts()
    assert words[0] == "Words at the top."
    assert any(each.startswith("Before the group.") for each in words)
    after = page.js(
        """() => [...document.querySelectorAll('#charts .words')].map((each) =>
             [each.closest('details').querySelector('h2').textContent.replace(/ \\d+$/, ''),
              each.nextElementSibling.querySelector('h3').textContent])"""
    )
    assert ["val", "val/loss"] in after
    assert ["Pinned", "signed"] in after
    assert page.js("window.pwned === undefined && !document.querySelector('.words img')")


@pytest.mark.browser
def test_layouts_of_custom_scalars_are_drawn(arranged: Path, open_page: Open) -> None:
    page = open_page(arranged)
    both = drawn(page, "both")
    assert [each["dash"] for each in both] == ["solid", "dash"]
    for trace, tag in zip(both, ("train/loss", "val/loss"), strict=True):
        np.testing.assert_array_equal(trace["y"], CURVES[tag])
    band, line = drawn(page, "within")
    np.testing.assert_array_equal(line["y"], CURVES["val/loss"])
    outline = [*CURVES["val/upper"], *reversed(CURVES["val/lower"])]
    np.testing.assert_array_equal(band["y"], outline)
    assert "for ever" not in page.page.locator("#charts").inner_text()
    assert "for ever" in page.page.locator("#provenance").inner_text()


@pytest.mark.browser
def test_training_and_validation_in_one_chart(arranged: Path, open_page: Open) -> None:
    page = open_page(arranged)
    page.page.check("#paired")
    found = drawn(page, "train/loss, val/loss")
    for trace, tag in zip(found, ("train/loss", "val/loss"), strict=True):
        np.testing.assert_array_equal(trace["y"], CURVES[tag])


@pytest.mark.browser
def test_any_scalar_is_an_axis(logs: Path, arranged: Path, open_page: Open) -> None:
    page = open_page(arranged)
    page.page.get_by_label("Another scalar as x axis").select_option("samples")
    (trace,) = drawn(page, "val/upper")
    np.testing.assert_array_equal(trace["x"], CURVES["samples"])
    np.testing.assert_array_equal(trace["y"], CURVES["val/upper"])
    page.page.get_by_role("radio", name="Step").check()
    (trace,) = drawn(page, "val/upper")
    np.testing.assert_array_equal(trace["x"], STEPS)


@pytest.mark.browser
def test_a_symmetric_logarithmic_axis(arranged: Path, open_page: Open) -> None:
    page = open_page(arranged)
    page.page.check("#log")
    page.page.check("#symlog")
    assert not page.page.is_checked("#log")
    (trace,) = drawn(page, "signed")
    # Equal steps of the exponent are equal steps along the axis, on both sides, far from zero.
    values = np.array(trace["y"])
    np.testing.assert_array_equal(np.sign(values), np.sign(CURVES["signed"]))
    rises = np.diff(values[30:])
    np.testing.assert_allclose(rises, 0.2, atol=0.01)
    ticks = page.page.locator("#charts .card", has_text="signed").first.locator(".ytick")
    assert {"0", "100", "-100"} <= set(ticks.all_text_contents())


@pytest.mark.browser
def test_the_reader_sets_the_ends_of_an_axis(arranged: Path, open_page: Open) -> None:
    page = open_page(arranged)
    (trace,) = drawn(page, "val/upper")
    before = trace["range"]
    card = page.page.locator("#charts .card", has_text="val/upper").last
    card.locator("summary[aria-label='Limits of val/upper']").click()
    card.get_by_label("top of the y axis").fill("1.5")
    card.get_by_label("top of the y axis").press("Enter")
    (trace,) = drawn(page, "val/upper")
    assert trace["range"] == [before[0], 1.5]


def test_a_layout_that_cannot_be_decoded_is_told(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalars("loss", [(0, 1.0), (1, 0.5)])
    builder.strings("custom_scalars__config__", 0, ["\x00broken"], plugin="custom_scalars")
    builder.write(tmp_path / "logs" / "a" / "events.out.tfevents.1")
    page = page_of(report(tmp_path / "logs", tmp_path / "r.html").read_text("utf-8"))
    assert page["layouts"] == []
    assert any("layout" in text for text in page["undecodable"])
