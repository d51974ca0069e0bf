"""Charts in a notebook's cell."""

from __future__ import annotations

import base64
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools.errors import InvalidArgument, UnknownTag
from tests.render.report_logs import LOGS, page_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.importorskip("anywidget", reason="anywidget is not installed")

# What a notebook does with a widget: its module's `render`, a model, an element.
SHOW = """async ([esm, values, background]) => {
  document.body.style.background = background;
  const { default: { render } } = await import(`data:text/javascript;base64,${esm}`);
  const el = document.createElement('div');
  setTimeout(() => document.body.append(el), 50);
  render({ model: { get: (name) => values[name], on: () => {}, save_changes: () => {},
      set: (name, value) => { values[name] = value; window.kept = value; } }, el });
}"""


def test_it_holds_the_page_of_the_chart() -> None:
    shown = tbtools.widget(LOGS, "train/loss", smoothing=0.5)
    page = page_of(shown.page)
    assert [each["tag"] for each in page["tags"]] == ["train/loss"]
    assert page["smoothing"] == 0.5
    assert (shown.theme, shown.height) == ("auto", 480)


@pytest.mark.parametrize("wrong", [{"theme": "blue"}, {"height": 0}, {"smoothing": 2}])
def test_what_there_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        tbtools.widget(LOGS, "train/loss", **wrong)
    with pytest.raises(UnknownTag):
        tbtools.widget(LOGS, "nothing")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("theme", "background", "wanted"),
    [("auto", "#111", "dark"), ("auto", "#fff", "light"), ("light", "#111", "light")],
)
def test_it_is_drawn_in_the_colours_of_the_notebook(
    chromium: Browser, theme: str, background: str, wanted: str
) -> None:
    shown = tbtools.widget(LOGS, "train/loss", theme=theme)
    module = files("tbtools.render.report").joinpath("assets", "widget.js").read_bytes()
    context = chromium.new_context(viewport={"width": 1000, "height": 700})
    notebook = context.new_page()
    trouble: list[str] = []
    notebook.on("pageerror", lambda error: trouble.append(str(error)))
    notebook.on("request", lambda request: request.url.startswith("http") and trouble.append("?"))
    values = {"page": shown.page, "theme": shown.theme, "height": shown.height, "choices": ""}
    notebook.evaluate(SHOW, [base64.b64encode(module).decode(), values, background])
    frame = notebook.frame_locator("iframe")
    frame.locator("#charts .plot .scatterlayer .trace").first.wait_for(timeout=30_000)
    assert frame.locator("html").get_attribute("data-theme") == wanted
    assert not frame.locator(".masthead").is_visible()
    frame.locator("#log").check()
    frame.get_by_role("button", name="Dark colours" if wanted == "light" else "Light").click()
    assert frame.locator("html").get_attribute("data-theme") != wanted
    if theme == "auto":  # the notebook itself changes its colours
        other = {"dark": "#fff", "light": "#111"}[wanted]
        frame.get_by_role("button", name="colours").click()
        notebook.evaluate("(other) => { document.body.style.background = other; }", other)
        switched = frame.locator(f"html[data-theme={'light' if wanted == 'dark' else 'dark'}]")
        switched.wait_for(state="attached")
    assert frame.locator("#log").is_checked()
    # What is chosen is kept, and stands there when the notebook is opened again.
    notebook.wait_for_function("() => window.kept?.startsWith('#s=')")
    kept = notebook.evaluate("window.kept")
    notebook.evaluate("document.querySelector('iframe').remove()")
    again = values | {"choices": kept}
    notebook.evaluate(SHOW, [base64.b64encode(module).decode(), again, background])
    frame.locator("#charts .plot .scatterlayer .trace").first.wait_for(timeout=30_000)
    assert frame.locator("#log").is_checked()
    assert frame.locator("html").get_attribute("data-theme") == wanted
    assert trouble == []
    context.close()
