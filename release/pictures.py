"""Makes the pictures of docs/images anew: ``python -m release.pictures [NAME...]``.

Pages are taken by Chromium, the screen of `tbtools watch` by Textual: of examples/logs, of a sweep
and of trainings that it runs first, which takes a minute or two. It needs what the tests need. Look
at the pictures afterwards. `walkthrough.png` is drawn by docs/walkthrough.md, `watch_session.svg`
was recorded.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from playwright.sync_api import sync_playwright

from tbtools.render.report import report
from tests.live.screen import screen_of, watch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
EXAMPLES = ROOT / "examples" / "logs"
# By run what goes wrong in it.
_FAULTS = {"healthy": "", "diverges": "divergence@600", "nan": "nan@900"}
_SCREENS = {
    "watch.svg": ("trained", ("3", "enter")),
    "watch_chart.svg": ("trained", ("3", "enter", "f")),
    "watch_histograms.svg": ("examples", ("slash", "type:media", "enter", "v")),
}
_COLUMNS_AND_ROWS = 130, 40
_DRAWN = 1_500  # milliseconds, until charts have come to rest


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True)  # noqa: S603 - our own scripts


def trained(folder: Path) -> Path:
    """The logs of trainings, one of them healthy."""
    common = ("--epochs=4", "--log-every=10", "--eval-every=100", f"--logdir={folder}")
    for name, fault in _FAULTS.items():
        faults = [f"--inject={fault}"] if fault else []
        _run("-m", "reference_training", "digits", *common, f"--run-name={name}", *faults)
    return folder


def screens(folder: Path, wanted: Sequence[str]) -> None:
    """Pictures of `tbtools watch`."""
    chosen = {name: how for name, how in _SCREENS.items() if name in wanted}
    logs = {"examples": EXAMPLES}
    if any(what == "trained" for what, _ in chosen.values()):
        logs["trained"] = trained(folder / "logs")
    for name, (what, keys) in chosen.items():
        taken: list[str] = []
        screen_of(
            watch_of(logs[what], time.time),
            _COLUMNS_AND_ROWS,
            keys,
            then=lambda app, taken=taken: taken.append(
                app.export_screenshot(title="tbtools watch")
            ),
        )
        (IMAGES / name).write_text(taken[0], "utf-8")


def _whole(page: Page) -> None:
    """The page as it opens."""


def _chart(page: Page) -> None:
    """One chart in the whole width, under the pointer, beyond the onset of a divergence."""
    page.evaluate(
        """() => {
             const card = [...document.querySelectorAll('#charts .card')].find((each) =>
               each.querySelector('h3').textContent === 'train/loss');
             card.scrollIntoView({block: 'center'});
             card.querySelector('[aria-label="Larger"]').click();
           }"""
    )
    page.wait_for_timeout(_DRAWN)
    plot = page.locator("#charts .card.wide .plot").first
    plot.scroll_into_view_if_needed()
    page.wait_for_timeout(_DRAWN)
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.62 * box["width"], box["y"] + box["height"] / 2)


_PAGES: dict[str, tuple[str, int, Literal["light", "dark"], Callable[[Page], None]]] = {
    "report.png": ("examples", 900, "light", _whole),
    "report-charts.png": ("examples", 740, "dark", _chart),
    "report-crowd.png": ("crowd", 740, "light", _whole),
}


def pages(folder: Path, wanted: Sequence[str]) -> None:
    """Pictures of the pages of `tbtools report`."""
    logs = {"examples": EXAMPLES, "crowd": folder / "rl_sweep"}
    if "report-crowd.png" in wanted:
        _run("examples/rl_sweep.py", str(logs["crowd"]), "70")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name, (what, height, scheme, prepare) in _PAGES.items():
            if name not in wanted:
                continue
            html = report(logs[what], folder / f"{what}.html", force=True)
            page = browser.new_page(viewport={"width": 1280, "height": height}, color_scheme=scheme)
            page.goto(f"file://{html}")
            page.wait_for_timeout(_DRAWN)
            prepare(page)
            page.wait_for_timeout(_DRAWN)
            page.screenshot(path=IMAGES / name)


def main() -> None:
    """Makes the pictures that are named, or all."""
    wanted = sys.argv[1:] or [*_PAGES, *_SCREENS]
    if unknown := set(wanted) - _PAGES.keys() - _SCREENS.keys():
        raise SystemExit(f"{', '.join(sorted(unknown))}: none of {', '.join((*_PAGES, *_SCREENS))}")
    with tempfile.TemporaryDirectory() as folder:
        pages(Path(folder), wanted)
        screens(Path(folder), wanted)


if __name__ == "__main__":
    main()
