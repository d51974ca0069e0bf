"""A real Chromium for what only a browser can tell."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request

    Scheme = Literal["dark", "light"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@dataclass
class OpenPage:
    """A page in the browser.

    Attributes:
        page: Playwright's.
        path: The file that it shows.
        trouble: Messages and errors of its console.
        requests: Every URL that it asked for, beside its own and those of data.
    """

    page: Page
    path: Path
    trouble: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Takes note of what happens, from now on."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", self._fail)
        self.page.on("request", self._note)

    def leave(self) -> None:
        """Shows nothing, with the pointer outside, and listens no more."""
        self.page.mouse.up()
        self.page.mouse.move(-1, -1)
        self.page.goto("about:blank")
        self.page.remove_listener("console", self._hear)
        self.page.remove_listener("pageerror", self._fail)
        self.page.remove_listener("request", self._note)

    def _hear(self, message: ConsoleMessage) -> None:
        self.trouble.append(message.text)

    def _fail(self, error: Error) -> None:
        self.trouble.append(str(error))

    def _note(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")) and request.url != self.path.as_uri():
            self.requests.append(request.url)

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


@pytest.fixture(scope="session")
def tabs() -> list[Page]:
    """Tabs that no test has at the moment.

    A tab has a process of its own. When it shows the next page, it has compiled the scripts of the
    pages; to open one in a new process takes three times as long.
    """
    return []


@pytest.fixture
def open_page(chromium: Browser, tabs: list[Page]) -> Iterator[Callable[..., OpenPage]]:
    """Opens files; every page must end without trouble and without a request."""
    opened: list[OpenPage] = []

    def open_file(
        path: Path, width: int = 1280, height: int = 900, color_scheme: Scheme = "light"
    ) -> OpenPage:
        found = OpenPage(tabs.pop() if tabs else chromium.new_context().new_page(), path)
        opened.append(found)
        found.listen()
        found.page.set_default_timeout(30_000)
        found.page.set_viewport_size({"width": width, "height": height})
        found.page.emulate_media(media="null", color_scheme=color_scheme)
        found.page.goto(path.as_uri())
        # A function: an expression would be evaluated, which the page's policy forbids.
        found.page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
        found.settle()
        return found

    yield open_file
    for page in opened:
        if not page.page.is_closed():
            page.leave()
            tabs.append(page.page)
    for page in opened:
        assert page.trouble == []
        assert page.requests == []
