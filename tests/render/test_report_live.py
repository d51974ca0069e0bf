"""An open page that is written anew shows the next one, and stands as it stood."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools.render.report.write import write_report

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


def write_points(logs: Path, steps: range, name: str) -> None:
    with tbtools.EventFileWriter(logs / name) as writer:
        for step in steps:
            writer.add_scalar("loss", 1 / (1 + step), step)


@pytest.mark.browser
def test_an_open_page_shows_the_next_one_as_it_stood(tmp_path: Path, chromium: Browser) -> None:
    logs, path = tmp_path / "logs", tmp_path / "r.html"
    for name in "ab":
        write_points(logs, range(5), name)
    experiment = tbtools.load(logs)
    write_report(experiment, path, live=1.0)
    context = chromium.new_context(viewport={"width": 1000, "height": 400})
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
    page.evaluate("window.before = true")
    page.locator(".run-list:not(.groups) li", has_text="b").locator("input").uncheck()
    page.locator("#charts button[aria-label='Numbers of loss']").click()
    page.evaluate("scrollTo(0, 200)")
    write_points(logs, range(5, 9), "a")
    experiment.refresh()
    write_report(experiment, path, live=None, force=True)
    page.wait_for_function("() => !window.before", timeout=15000)
    page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
    assert page.locator(".run-list li", has_text="b").locator("input").is_checked() is False
    assert page.locator("#charts .values").first.is_visible()
    assert page.evaluate("scrollY") == 200
    assert re.search(r"\b9\b", page.locator("#charts .values").first.inner_text())
    assert trouble == []
    context.close()
