"""An open page that is written anew shows the next one, and stands as it stood."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools.render.report.page_file import settle_page
from tbtools.render.report.write import write_report

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page


def write_points(logs: Path, steps: range, name: str) -> None:
    with tbtools.EventFileWriter(logs / name) as writer:
        for step in steps:
            writer.add_scalar("loss", 1 / (1 + step), step)


def opened(chromium: Browser, path: Path, trouble: list[str]) -> Page:
    page = chromium.new_context(viewport={"width": 1000, "height": 400}).new_page()
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text))
    page.goto(path.as_uri())
    page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
    page.evaluate("window.before = true")
    return page


@pytest.mark.browser
@pytest.mark.parametrize("how", ["written", "settled"])
def test_an_open_page_is_read_again_only_when_it_is_another_one(
    how: str, tmp_path: Path, chromium: Browser
) -> None:
    logs, path = tmp_path / "logs", tmp_path / "r.html"
    write_points(logs, range(5), "a")
    experiment = tbtools.load(logs)
    write_report(experiment, path, live=0.2)
    trouble: list[str] = []
    page = opened(chromium, path, trouble)
    looks: list[str] = []
    page.on("framenavigated", lambda frame: looks.append(frame.url))
    for wanted in (2, 5):
        write_report(experiment, path, live=0.2, force=True)  # the same
        for _ in range(100):
            page.wait_for_timeout(100)
            if len(looks) >= wanted:
                break
        assert len(looks) >= wanted
    assert page.evaluate("window.before")
    assert {url.partition("?")[0] for url in looks} == {path.as_uri()}
    assert page.locator("iframe").count() <= 1
    if how == "written":
        write_report(experiment, path, live=0.2, title="next", force=True)
    else:
        settle_page(path)
    page.wait_for_function("() => !window.before", timeout=30_000)
    assert trouble == []
    page.context.close()


@pytest.mark.browser
def test_an_open_page_shows_the_next_one_as_it_stood(tmp_path: Path, chromium: Browser) -> None:
    logs, path = tmp_path / "logs", tmp_path / "r.html"
    for name in "ab":
        write_points(logs, range(5), name)
    experiment = tbtools.load(logs)
    write_report(experiment, path, live=1.0)
    trouble: list[str] = []
    page = opened(chromium, path, trouble)
    page.locator(".run-list:not(.groups) li", has_text="b").locator("input").uncheck()
    page.locator("#charts button[aria-label='Numbers of loss']").click()
    page.evaluate("scrollTo(0, 200)")
    write_points(logs, range(5, 9), "a")
    experiment.refresh()
    write_report(experiment, path, live=None, force=True)
    page.wait_for_function("() => !window.before", timeout=30_000)
    page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
    assert page.locator(".run-list li", has_text="b").locator("input").is_checked() is False
    assert page.locator("#charts .values").first.is_visible()
    assert page.evaluate("scrollY") == 200
    assert re.search(r"\b9\b", page.locator("#charts .values").first.inner_text())
    assert trouble == []
    page.context.close()
