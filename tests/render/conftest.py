"""A real Chromium for what only a browser can tell."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@dataclass
class OpenPage:
    """A page in the browser.

    Attributes:
        page: Playwright's.
        trouble: Messages and errors of its console.
        requests: Every URL that it asked for, beside its own and those of data.
    """

    page: Page
    trouble: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def js(self, expression: str, argument: Any = None) -> Any:
        """The value of a JavaScript expression."""
        return self.page.evaluate(expression, argument)

    def settle(self) -> None:
        """Waits until every card near the screen is drawn."""
        self.page.wait_for_timeout(60)
        self.page.wait_for_function(
            """() => [...document.querySelectorAll('.card')].every((element) => {
                 const box = element.getBoundingClientRect();
                 const inside = box.bottom > 0 && box.top < innerHeight && box.height > 0;
                 return !inside || !element.card || !element.card.stale;
               })"""
        )

    def scroll_to(self, tag: str) -> None:
        """Scrolls to the card of a tag, and waits until it is drawn as it is to be now."""
        self.page.wait_for_function(
            """(tag) => {
                 const element = [...document.querySelectorAll('#charts .card')].find((each) =>
                   each.querySelector('h3').textContent === tag);
                 element.scrollIntoView({block: 'center'});
                 return !element.card.stale;
               }""",
            arg=tag,
        )
        self.settle()

    def scroll_through(self) -> None:
        """Scrolls from top to bottom, so that everything is drawn once."""
        height = self.js("document.documentElement.scrollHeight")
        for y in range(0, height, 600):
            self.js(f"scrollTo(0, {y})")
            self.settle()
        self.js("scrollTo(0, 0)")
        self.settle()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(_NAMES)} is in the PATH")
    with playwright.sync_playwright() as driver:
        # Without its sandbox: as root in a container there is none.
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., OpenPage]]:
    """Opens files; every page must end without trouble and without a request."""
    opened: list[OpenPage] = []
    contexts = []

    def open_file(path: Path, width: int = 1280, height: int = 900, **options: Any) -> OpenPage:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.set_default_timeout(8000)
        found = OpenPage(context.new_page())
        found.page.on("console", lambda message: found.trouble.append(message.text))
        found.page.on("pageerror", lambda error: found.trouble.append(str(error)))
        found.page.on("request", lambda request: _note(found, request.url, path))
        found.page.goto(path.as_uri())
        # A function: an expression would be evaluated, which the page's policy forbids.
        found.page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
        found.settle()
        opened.append(found)
        return found

    yield open_file
    for context in contexts:
        context.close()
    for page in opened:
        assert page.trouble == []
        assert page.requests == []


def _note(found: OpenPage, url: str, path: Path) -> None:
    if not url.startswith(("data:", "blob:")) and url != path.as_uri():
        found.requests.append(url)
