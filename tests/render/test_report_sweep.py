"""What readers do with hyperparameters: colour, group, panels, filters, brushes, comparisons."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import spearmanr

import tbtools
from tbtools.analysis.diff import diff
from tbtools.errors import TbtoolsError
from tbtools.render.report import diff_report, report
from tests.builders import START
from tests.render.report_logs import page_of, write_scalars

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.render.conftest import OpenPage

    Open = Callable[..., OpenPage]

pytestmark = pytest.mark.browser

RATES = (0.1, 0.01, 0.001)
STEPS = np.arange(5)


def losses(rate: float, optimizer: str, seed: int) -> np.ndarray:
    """What a run logs: float32, as they are stored."""
    level = -np.log10(rate) / 4 + (optimizer == "sgd") + seed / 8
    return np.float32(level + 1 / (1 + STEPS)).astype(float)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep") / "logs"
    for number, one in enumerate(itertools.product(RATES, ("adam", "sgd"), range(2))):
        rate, optimizer, seed = one
        with tbtools.EventFileWriter(folder / f"run{number}") as writer:
            settings = {"lr": rate, "opt": optimizer, "seed": seed, "none": None, "on": True}
            writer.add_hparams(settings)
            writer.add_text("config", f"one\n\nrate {rate}\n\nthree", 0)
            for step, value in zip(STEPS, losses(*one), strict=True):
                writer.add_scalar("val/loss", value, int(step), wall_time=START + 60.0 * step)
    return folder


@pytest.fixture(scope="module")
def sweep(logs: Path) -> Path:
    return report(logs, logs.parent / "r.html")


def card_lines(page: OpenPage) -> list[dict[str, Any]]:
    """The lines of all charts of the loss but the large one: title, runs, colour, values."""
    page.js("document.querySelector('#charts .card').scrollIntoView()")
    page.settle()
    found: list[dict[str, Any]] = page.js(
        """() => [...document.querySelectorAll('#charts .card:has(.plot)')]
          .filter((card) => card.querySelector('h3').textContent.startsWith('val/loss'))
          .flatMap((card) => card.card.lines.map((line) => ({
             title: card.querySelector('h3').textContent, name: line.name, runs: line.runs,
             color: line.color, y: Array.from(line.series.value),
             spread: Array.from(line.series.spread ?? [])})))"""
    )
    return found


def choose(page: OpenPage, label: str, value: str) -> None:
    page.page.get_by_label(label, exact=True).select_option(value)
    page.settle()


WHERE = [
    "lr>=1e-2", "lr=0.01 and opt=adam", "not lr<=0.01 or seed==1", "opt~a*", "opt!~'[ab]*'",
    "val/loss<1.2", "min(val/loss)<0.8", "max(val/loss) >= 2.5", "final('val/loss')!=0.45",
    "first(val/loss)==1.25", "end(val/loss)<1", "run~run1*", "run=run3", "steps>3", "duration>=4m",
    "duration<240", "status=stopped", "status!=diverged", "on=true",
    "on!=true or (lr>0.05 and seed<1)",
    "none=none", "lr>5", "missing>3", "opt>3", "lr", "(lr>1", "lr>'a", "status=done", "third(x)>1",
    "lr ~ 0.0?", "lr!=0.1 and", "not not seed=0", "opt='adam'", "lr==nan",
]  # fmt: skip


def test_runs_are_filtered_as_where_does(logs: Path, sweep: Path, open_page: Open) -> None:
    page = open_page(sweep)
    for text in WHERE:
        try:
            wanted: list[str] | None = list(tbtools.load(logs, where=text))
        except TbtoolsError as error:
            wanted = [] if "is true of none" in str(error) else None
        page.page.fill("#where", text)
        page.page.wait_for_timeout(30)
        wrong = page.page.locator("#where-error").is_visible()
        assert wrong == (wanted is None), text
        if wanted is None:
            continue
        listed = page.js(
            "[...document.querySelectorAll('.run-list:not(.groups) .name')]"
            ".map((each) => each.textContent)"
        )
        assert sorted(listed) == sorted(wanted), text
    page.page.fill("#where", "lr=0.1")
    page.page.press("#where", "Enter")
    assert {run for line in card_lines(page) for run in line["runs"]} == {0, 1, 2, 3}


def test_runs_are_coloured_by_what_they_have(sweep: Path, open_page: Open) -> None:
    page = open_page(sweep)
    for name, key in (("lr", lambda run: run // 4), ("opt", lambda run: run // 2 % 2)):
        choose(page, "Colour by", name)
        colors = {line["runs"][0]: line["color"] for line in card_lines(page)}
        by_value: dict[int, set[str]] = {}
        for run, color in colors.items():
            by_value.setdefault(key(run), set()).add(color)
        assert all(len(each) == 1 for each in by_value.values())
        assert len(set.union(*by_value.values())) == len(by_value)
        swatches = page.js(
            """[...document.querySelectorAll('.run-list:not(.groups) .swatch')]
               .map((each) => getComputedStyle(each).backgroundColor)"""
        )
        assert len(set(swatches)) == len(by_value)
    assert page.page.locator(".legend li").all_inner_texts() == ["adam", "sgd"]
    choose(page, "Colour by", "")
    assert len({line["color"] for line in card_lines(page)}) == 10


def test_runs_are_grouped_by_what_they_have(sweep: Path, open_page: Open) -> None:
    page = open_page(sweep)
    choose(page, "Group by", "lr")
    found = card_lines(page)
    assert [each["name"] for each in found] == ["lr 0.001 (4)", "lr 0.01 (4)", "lr 0.1 (4)"]
    for each, rate in zip(found, sorted(RATES), strict=True):
        all_runs = np.array(
            [losses(rate, *rest) for rest in itertools.product(("adam", "sgd"), range(2))]
        )
        np.testing.assert_allclose(each["y"], all_runs.mean(0), rtol=1e-12)
        np.testing.assert_allclose(each["spread"], all_runs.std(0, ddof=1), rtol=1e-9)


def test_charts_are_divided_into_panels(sweep: Path, open_page: Open) -> None:
    page = open_page(sweep)
    choose(page, "Panels by", "opt")
    panels: dict[str, set[int]] = {}
    for line in card_lines(page):
        panels.setdefault(line["title"], set()).update(line["runs"])
    assert panels == {
        "val/loss · opt adam": {0, 1, 4, 5, 8, 9},
        "val/loss · opt sgd": {2, 3, 6, 7, 10, 11},
    }
    ranges = page.js(
        "[...document.querySelectorAll('#charts .plot')].slice(0, 2)"
        ".map((each) => each.layout.yaxis.range)"
    )
    assert ranges[0] == ranges[1]
    choose(page, "Panels by", "")
    assert {line["title"] for line in card_lines(page)} == {"val/loss"}


def test_a_part_of_an_axis_shows_its_runs(sweep: Path, open_page: Open) -> None:
    page = open_page(sweep)
    axes = [axis["name"] for axis in page_of(sweep.read_text("utf-8"))["hparams"]["axes"]]
    assert axes[0] == "val/loss"
    handle = page.page.locator(".brush-handle").nth(axes.index("lr"))
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] / 2
    page.page.mouse.move(x, box["y"] + 0.75 * box["height"])
    page.page.mouse.down()
    page.page.mouse.move(x, box["y"] + box["height"], steps=3)
    page.page.mouse.up()
    assert {run for line in card_lines(page) for run in line["runs"]} == {8, 9, 10, 11}
    page.page.get_by_role("button", name="Show all").click()
    assert page.page.locator(".brush:not([hidden])").count() == 0
    assert len(card_lines(page)) == 12


def test_importance_is_the_rank_correlation(sweep: Path) -> None:
    hparams = page_of(sweep.read_text("utf-8"))["hparams"]
    ends = [losses(*one).min() for one in itertools.product(RATES, ("adam", "sgd"), range(2))]
    rates = [rate for rate in RATES for _ in range(4)]
    found = {each["name"]: each["correlation"] for each in hparams["importance"]}
    assert found["lr"] == pytest.approx(spearmanr(rates, -np.array(ends)).statistic)
    assert set(found) == {"lr", "opt", "seed"}


def test_two_runs_are_compared(sweep: Path, open_page: Open) -> None:
    page = open_page(sweep)
    for run in ("run1", "run6"):
        page.page.get_by_role("button", name=f"Compare {run} with", exact=False).click()
    panel = page.page.locator("#compared")
    page.page.wait_for_function("() => document.querySelector('#compared .plot')?.data?.length")
    a, b = losses(0.1, "adam", 1), losses(0.01, "sgd", 0)
    drawn = page.js("Array.from(document.querySelector('#compared .plot').data[0].y)")
    np.testing.assert_allclose(drawn, b - a, atol=1e-12)
    changed = panel.locator(".hparam-differences li").all_inner_texts()
    assert changed == ["lr 0.1 → 0.01", "opt adam → sgd", "seed 1 → 0"]
    assert panel.locator(".removed").inner_text().strip() == "- rate 0.1"
    assert panel.locator(".added").inner_text().strip() == "+ rate 0.01"
    assert {run for line in card_lines(page) for run in line["runs"]} == {1, 6}
    panel.get_by_role("button", name="Swap").click()
    page.page.wait_for_function("() => document.querySelector('#compared .plot')?.data?.length")
    drawn = page.js("Array.from(document.querySelector('#compared .plot').data[0].y)")
    np.testing.assert_allclose(drawn, a - b, atol=1e-12)
    panel.get_by_role("button", name="Close").click()
    assert panel.is_hidden()
    assert len(card_lines(page)) == 12


def test_many_pairs_stand_in_a_table_of_verdicts(tmp_path: Path, open_page: Open) -> None:
    random = np.random.default_rng(7)
    for side in "ab":
        for run in range(3):
            values = random.normal(1 + (side == "b") * run, 0.01, 60)
            write_scalars(tmp_path / side / f"run{run}", "val/loss", values)
        ends = np.where((np.arange(60) >= 47) & (side == "b"), np.nan, np.linspace(2, 1, 60))
        write_scalars(tmp_path / side / "run3", "val/loss", ends)
    a, b = (tbtools.load(tmp_path / side) for side in "ab")
    result = diff(a, b)
    page = open_page(diff_report(result, a, b, tmp_path / "d.html"))
    cells = page.page.locator(".matrix tbody td")
    verdicts = [run.tags[0].evidence.verdict for run in result.runs if run.tags[0].evidence]
    titles = [str(cells.nth(i).get_attribute("title")) for i in range(4)]
    assert [title.split(":")[0] for title in titles] == verdicts
    assert page.page.locator(".matrix .error").count() == verdicts.count("worse") > 0
    assert cells.nth(3).inner_text() == "from step 47"  # a number alone would be a change
    assert page.page.locator("details.pair[open]").count() == 0
