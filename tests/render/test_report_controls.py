"""What readers do with a page: send its state, save its charts, compare many runs."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import tbtools
from tbtools.render.report import report
from tbtools.render.run_names import cut_rests, short_names, tight_names
from tbtools.vocabulary import FINDING_KINDS
from tests.commands import call
from tests.render.report_logs import LOGS, page_of, write_hostile_logs, write_scalars
from tests.sweeps import write_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.render.conftest import OpenPage

    Open = Callable[..., OpenPage]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(LOGS, tmp_path_factory.mktemp("report") / "r.html", title="examples")


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crowd")
    for run in range(120):
        name = f"sweep/lr={run % 3},seed={run // 3}"
        write_scalars(folder / "logs" / name, "loss", np.linspace(1, run / 120, 12))
    return report(folder / "logs", folder / "r.html")


def choices(page: OpenPage) -> dict[str, Any]:
    """What the controls of a page stand at."""
    found: dict[str, Any] = page.js(
        """() => ({
             smoothing: document.querySelector('#smoothing').value,
             log: document.querySelector('#log').checked,
             x: document.querySelector('.segmented input:checked').value,
             tags: document.querySelector('#tag-filter').value,
             theme: document.documentElement.dataset.theme ?? null,
             sorted: document.querySelector('th[aria-sort]').textContent,
             open: [...document.querySelectorAll('details.group')].map((each) => each.open),
             hidden: [...document.querySelectorAll('.run-list:not(.groups) input')]
               .filter((each) => !each.checked).length,
             range: document.querySelector('.hero .plot').layout.xaxis.range,
           })"""
    )
    return found


def drag(page: OpenPage, plot: str, start: float, end: float) -> None:
    box = page.page.locator(plot).first.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.page.mouse.move(box["x"] + start * box["width"], y)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + end * box["width"], y, steps=4)
    page.page.mouse.up()
    page.settle()


def wait_for_address(page: OpenPage, before: str) -> str:
    page.page.wait_for_function("(before) => location.hash !== before", arg=before)
    found: str = page.js("location.hash")
    return found


def test_the_address_holds_what_was_chosen(example: Path, open_page: Open) -> None:
    page = open_page(example)
    begun = choices(page)
    drag(page, ".hero .plot", 0.3, 0.6)
    page.page.fill("input[aria-label='Smoothing weight']", "0.9")
    page.page.check("#log")
    page.page.fill("#tag-filter", "loss")
    page.page.click("#theme")
    page.page.get_by_role("button", name="Run", exact=True).click()
    page.page.locator(".run-list li", has_text="plateau").locator("input").uncheck()
    page.page.locator("details.group summary").first.click()
    chosen = choices(page)
    assert chosen != begun
    address = wait_for_address(page, "")
    page.page.wait_for_timeout(600)
    address = page.js("location.href")
    again = open_page(example)
    again.page.goto(address)
    again.page.reload()
    again.page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
    again.settle()
    assert choices(again) == chosen
    again.requests.clear()  # the same file, opened once more


def test_the_browser_goes_back(example: Path, open_page: Open) -> None:
    page = open_page(example)
    page.page.check("#log")
    first = wait_for_address(page, "")
    page.page.get_by_role("radio", name="Wall time").check()
    wait_for_address(page, first)
    page.page.go_back()
    page.page.wait_for_function("() => document.querySelector('.segmented input').checked")
    assert choices(page)["log"] is True
    page.page.go_back()
    page.page.wait_for_function("() => !document.querySelector('#log').checked")
    page.requests.clear()


@pytest.mark.parametrize("address", ["#s=", "#s=AAAA", "#s=eJyrVirOz03Myy9KVrJSAhIA", "#charts"])
def test_an_address_that_means_nothing_changes_nothing(
    example: Path, open_page: Open, address: str
) -> None:
    page = open_page(example)
    begun = choices(page)
    page.js(f"location.hash = '{address}'")
    page.page.wait_for_timeout(150)
    assert choices(page) == begun


def saved(page: OpenPage, action: Callable[[], None]) -> tuple[str, bytes]:
    with page.page.expect_download() as found:
        action()
    path = found.value.path()
    return found.value.suggested_filename, path.read_bytes()


def test_charts_are_saved_as_pictures_and_numbers(example: Path, open_page: Open) -> None:
    page = open_page(example)
    card = page.page.locator(".hero")
    heading = card.locator("h3").inner_text().replace("\n", "")

    def save(kind: str) -> tuple[str, bytes]:
        card.locator(".menu summary[title=Save]").click()
        return saved(page, card.get_by_role("button", name=kind).click)

    name, content = save("SVG")
    assert (name, content[:4]) == (heading.replace("/", "_") + ".svg", b"<svg")
    assert b"baseline" in content  # in the legend
    assert save("PNG")[1][:8] == b"\x89PNG\r\n\x1a\n"
    rows = list(csv.DictReader(io.StringIO(save("CSV")[1].decode())))
    frame = tbtools.load(LOGS).scalars(heading)
    told = {(each["run"], int(each["step"])): float(each["value"]) for each in rows}
    wanted = {
        (str(run), step): value
        for run, step, value in zip(frame["run"], frame["step"], frame["value"], strict=True)
    }
    assert told == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("length", [20, 70])
def test_the_legend_of_a_picture_has_all_names(
    tmp_path: Path, open_page: Open, length: int
) -> None:
    for run in range(28):
        write_scalars(tmp_path / "logs" / f"{run:02}{'x' * length}", "loss", np.linspace(1, run, 5))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    page.page.locator(".hero .menu summary[title=Save]").click()
    button = page.page.locator(".hero .menu button", has_text="SVG")
    _, content = saved(page, button.click)
    picture = ET.fromstring(content.decode())
    height = float(picture.attrib["height"])
    legend = next(each for each in picture.iter() if each.get("class") == "legend")
    names = [each.text or "" for each in legend.iter() if each.get("class") == "legendtext"]
    assert len(names) == 28
    (box,) = [each for each in legend.iter() if each.get("class") == "bg"]
    top = float(re.findall(r"translate\([^,]+, *([^)]+)\)", legend.attrib["transform"])[0])
    # Plotly cuts off what has no room: the box is then no higher than the picture.
    assert float(box.attrib["height"]) > 28 * 18
    assert top + float(box.attrib["height"]) <= height


def test_the_csv_of_thinned_lines_says_how_to_get_all(tmp_path: Path, open_page: Open) -> None:
    values = np.random.default_rng(1).standard_normal(9000).astype(np.float32)
    write_scalars(tmp_path / "logs", "it's", values)
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    page.page.locator("#charts .menu summary[title=Save]").click()
    _, content = saved(page, page.page.get_by_role("button", name="CSV", exact=True).click)
    first, *rows = content.decode().splitlines()
    assert "of 9,000 points; all: tbtools export LOGS --tag 'it'\\''s'" in first
    (head, *told) = list(csv.reader(rows))
    assert sum(int(row[head.index("points")]) for row in told) == 9000


def test_the_table_of_runs_is_saved_as_it_is_sorted(example: Path, open_page: Open) -> None:
    page = open_page(example)
    _, content = saved(page, page.page.get_by_role("button", name="Save as CSV").click)
    rows = list(csv.reader(io.StringIO(content.decode())))
    shown = [text.strip() for text in page.page.locator("table.runs tbody th").all_inner_texts()]
    assert [row[0] for row in rows[1:]] == shown
    assert rows[0][:2] == ["Run", "Status"]


def test_linked_charts_share_a_zoom_and_a_crosshair(example: Path, open_page: Open) -> None:
    page = open_page(example)
    begun = choices(page)
    page.page.check("#linked")
    drag(page, ".hero .plot", 0.3, 0.6)
    # One after the other they are drawn anew.
    page.page.wait_for_function(
        """() => {
             const charts = [...document.querySelectorAll('.js-plotly-plot')];
             const linked = charts.filter((each) => each.closest('.card').card.lines);
             const ranges = linked.map((each) => each.layout.xaxis.range.map(Math.round).join());
             return ranges.length > 1 && new Set(ranges).size === 1;
           }"""
    )
    assert choices(page)["range"] != begun["range"]
    page.page.locator(".hero").get_by_role("button", name="Numbers of").click()
    heads = page.page.locator(".hero .values th[scope=col]").all_inner_texts()
    assert heads[1:4] == ["At A", "At B", "\u0394"]
    row = page.page.locator(".hero .values tbody tr").first.locator("td").all_inner_texts()
    if row[0]:
        assert float(row[2]) == pytest.approx(float(row[1]) - float(row[0]), abs=1e-3)
    page.page.locator(".hero .plot").hover()
    lines = "[...document.querySelectorAll('.crosshair')].filter((each) => !each.hidden).length"
    assert page.js(lines) > 1
    page.page.locator("#range").click()
    page.page.wait_for_function(
        "(low) => document.querySelector('.hero .plot').layout.xaxis.range[0] === low",
        arg=begun["range"][0],
    )


def test_keys(example: Path, open_page: Open) -> None:
    page = open_page(example)
    keyboard = page.page.keyboard
    keyboard.press("?")
    assert page.page.locator("#help").is_visible()
    keyboard.press("l")  # of the help, which is open, and not of the page behind it
    assert not choices(page)["log"]
    keyboard.press("Escape")
    keyboard.press("l")
    keyboard.press("3")
    keyboard.press("/")
    keyboard.type("l?3")
    assert {key: choices(page)[key] for key in ("log", "x", "tags")} == {
        "log": True, "x": "wall", "tags": "l?3",
    }  # fmt: skip


def test_everything_about_a_run(tmp_path: Path, open_page: Open) -> None:
    page = open_page(report(LOGS, tmp_path / "r.html"))
    row = page.page.locator("table.runs tbody tr", has_text="diverged")
    row.hover()
    row.get_by_role("button", name="Everything about diverged").click()
    told = page.page.locator(".explained").inner_text()
    one = tbtools.explain(LOGS, "diverged")
    assert f"Findings: {len(one.findings)}" in told
    assert all(finding.message in told for finding in one.findings)
    assert all(f"{each.name}: " in told for each in one.hparams)
    assert str(LOGS) not in told
    page.page.keyboard.press("Escape")
    assert page.page.locator(".explained").count() == 0


def test_what_is_told_of_a_run_is_no_markup_of_strangers(tmp_path: Path, open_page: Open) -> None:
    page = open_page(report(write_hostile_logs(tmp_path / "logs"), tmp_path / "r.html"))
    for button in page.page.locator(".about").all():
        button.focus()
        button.press("Enter")
        page.page.keyboard.press("Escape")
    assert page.js("window.pwned") is None


def test_a_crowd_has_its_best_runs_in_colour(crowd: Path, open_page: Open) -> None:
    page = open_page(crowd)
    told = page_of(crowd.read_text("utf-8"))
    best = sorted(
        range(120), key=lambda run: float(told["table"]["columns"][3]["cells"][run]["sort"])
    )
    data = "document.querySelector('.hero .plot').data"
    drawn = page.js(f"{data}.filter((each) => each.runs).map((each) => each.runs[0])")
    assert set(drawn) == set(best[:5])
    outline = page.js(f"{data}.filter((each) => each.crowd)[1].y")
    high, low = outline[len(outline) // 2 - 1 :][:2]
    ends = np.arange(5, 120) / 120  # but for the best five
    assert [low, high] == pytest.approx(np.percentile(ends, [10, 90]), abs=1 / 120)
    assert "115 other runs" in page.page.locator(".hero .annotation-text").first.text_content()
    page.page.locator(".run-list li").nth(20).hover()
    assert page.page.locator(".hero .spotlight").count() == 1


@pytest.mark.parametrize("width", [400, 1440, 3840])
def test_names_at_the_ends_of_lines_stay_inside_their_chart(
    width: int, tmp_path: Path, open_page: Open
) -> None:
    for run in range(40):  # the best end at the top
        name = f"a2c_seed=0_learning_rate={run / 100}_gamma=0.{run}"
        write_scalars(tmp_path / "logs" / name, "accuracy", np.linspace(0, run / 39, 50))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"), width=width)
    plot, *places = page.js(
        """() => {
             const boxOf = (element) => {
               const {left, top, right, bottom} = element.getBoundingClientRect();
               return {left, top, right, bottom, text: element.textContent};
             };
             const hero = document.querySelector('.hero .plot');
             const texts = [...hero.querySelectorAll('.annotation-text')].map(boxOf);
             return [boxOf(hero), ...texts];
           }"""
    )
    names = [each for each in places if "gamma" in each["text"]]
    assert len(names) == 5
    note = next(each for each in places if "other runs" in each["text"])
    for each in names:
        assert plot["top"] <= each["top"] < each["bottom"] <= plot["bottom"]
        assert plot["left"] <= each["left"] < each["right"] <= plot["right"]
        assert each["top"] >= note["bottom"] - 1 or each["left"] >= note["right"]


def test_names_of_short_runs_stand_beside_the_axis(tmp_path: Path, open_page: Open) -> None:
    for run in range(40):  # the best end where the chart has hardly begun
        name = f"learning_rate={run / 100}_gamma=0.{run}"
        write_scalars(
            tmp_path / "logs" / name, "accuracy", np.linspace(0, run / 39, 2 * (60 - run))
        )
    write_scalars(tmp_path / "logs" / "long", "accuracy", np.linspace(0, 0.01, 3_000))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"), width=800)
    axis, *names = page.js(
        """() => [
             document.querySelector('.hero .plot .gridlayer').getBoundingClientRect().left,
             ...[...document.querySelectorAll('.hero .annotation-text')]
               .filter((each) => each.textContent.includes('gamma'))
               .map((each) => each.getBoundingClientRect().left),
           ]"""
    )
    assert len(names) == 5
    assert min(names) >= axis


def test_directories_in_a_long_list_of_runs_show_how_they_end(
    tmp_path: Path, open_page: Open
) -> None:
    for run in range(60):
        for part in ("train", "held_out/validation"):
            path = tmp_path / "logs/hyperparameters_of_transformers" / f"trial_{run}" / part
            write_scalars(path, "loss", np.linspace(1, run / 60, 12))
    write_scalars(tmp_path / "logs/another_model", "loss", np.ones(12))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"), width=1440)
    told = page.js(
        """() => {
             const place = document.querySelector('.run-list.long').getBoundingClientRect();
             const headings = [...document.querySelectorAll('.run-list.long .directory')];
             return headings.filter((each) => each.title.includes('trial_')).map((each) => {
               const range = document.createRange();
               const text = each.lastChild.lastChild ?? each.lastChild;
               range.setStart(text, text.data.indexOf('trial_'));
               range.setEnd(text, text.data.length);
               return range.getBoundingClientRect().right <= place.right;
             });
           }"""
    )
    assert len(told) > 5
    assert all(told)


@pytest.mark.parametrize("width", [500, 1440])
def test_rows_of_a_long_table_show_how_names_end(
    width: int, tmp_path: Path, open_page: Open
) -> None:
    for run in range(120):
        algorithm = ("ppo", "a2c_baseline")[run % 2]
        name = f"reinforcement_learning/{algorithm}_environment_CartPole-v{run // 60}_seed_{run}"
        write_scalars(tmp_path / "logs" / name / str(run % 3), "loss", np.linspace(1, 0, 12))
    write_scalars(tmp_path / "logs/another_model", "loss", np.ones(12))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"), width=width)
    cut = page.js(
        """() => [...document.querySelectorAll('table.runs .called')].map((each) => {
             const {right} = each.getBoundingClientRect();
             const range = document.createRange();
             range.selectNodeContents(each.lastChild);
             return [each.textContent, right - range.getBoundingClientRect().right];
           })"""
    )
    assert len(cut) > 10
    assert all(len(name) > 48 for name, _ in cut if name != "another_model")
    # Where a screen has room for a few letters only, the sign that something is left out is all.
    assert all(room >= 0 for _, room in cut) == (width > 500)
    assert page.js(
        """() => [...document.querySelectorAll('table.runs .called > span')]
             .every((each) => getComputedStyle(each).textOverflow === 'ellipsis')"""
    )


def test_long_names_are_told_apart_where_there_is_little_room(
    tmp_path: Path, open_page: Open
) -> None:
    for run in range(48):
        settings = {"learning_rate": run % 2, "critic_rate": run // 2 % 2, "gamma": run // 4 % 2}
        pairs = "_".join(f"{name}=0.{value + 5}" for name, value in settings.items())
        name = f"a2c_seed={run // 8}_{pairs}"
        write_scalars(tmp_path / "logs" / name, "accuracy", np.linspace(0, run / 47, 50))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"), width=1440)
    labels = page.page.locator(".hero .annotation-text").all_text_contents()
    assert [each for each in labels if "other runs" not in each] == [
        *("5 · 0.6 · 0.6 · 0.6", "5 · 0.5 · 0.6 · 0.6", "5 · 0.6 · 0.5 · 0.6"),
        *("5 · 0.5 · 0.5 · 0.6", "5 · 0.6 · 0.6 · 0.5"),
    ]
    entries = page.page.locator("#sidebar .run-list:not(.groups) li")
    assert entries.first.inner_text() == "a2c_seed · learning_rate · critic_rate · gamma"
    assert "5 · 0.6 · 0.6 · 0.6" in (entries.nth(1).text_content() or "")
    # Nothing is cut off without a sign: 0.99 is not to be read as 0.9.
    cut = page.js(
        """() => [...document.querySelectorAll('.runs .called, .run-list .directory')].filter(
             (each) => each.scrollWidth > each.parentElement.clientWidth
               && getComputedStyle(each).textOverflow !== 'ellipsis').length"""
    )
    assert cut == 0


def test_the_list_of_runs_is_sorted_as_their_table_is(tmp_path: Path, open_page: Open) -> None:
    ends = {
        "single": 0,
        "one_of_two_directories/seed_9": 1,
        "one_of_two_directories/seed_10": 3,
        "the_other_directory/seed_1": 2,
    }
    for name, end in ends.items():
        write_scalars(tmp_path / "logs" / name, "val/loss", np.linspace(9, end, 9))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))

    def told() -> list[str]:
        items = page.page.locator("#sidebar .run-list:not(.groups) li")
        return items.evaluate_all(
            "(items) => items.map((item) => item.querySelector('label')?.title ?? item.title)"
        )

    single, nine, ten, other = ends
    one_of_two, the_other = "one_of_two_directories/", "the_other_directory/"
    assert told() == [single, one_of_two, nine, ten, the_other, other]  # the best first
    page.page.get_by_role("button", name="val/loss ↓ best").click()
    assert told() == [one_of_two, ten, nine, the_other, other, single]  # the worst first
    page.page.get_by_role("button", name="Run", exact=True).click()
    assert told() == [one_of_two, nine, ten, single, the_other, other]  # in natural order
    page.page.fill("#run-filter", "seed_1")
    assert told() == [one_of_two, ten, the_other, other]


def test_a_finding_of_many_runs_is_told_once(tmp_path: Path, open_page: Open) -> None:
    for run in range(9):
        values = np.exp(-np.arange(60) / 20)
        values[40 + run :] = np.nan if run < 6 else values[40 + run :]
        write_scalars(tmp_path / "logs" / f"r{run}", "train/loss", values)
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    items = page.page.locator(".finding")
    assert items.count() == 1
    assert "in 6 of 9 runs, since steps 40 to 45" in items.inner_text()
    page.page.locator(".run-list li", has_text="r0").locator("input").uncheck()
    assert "5 of them shown" in items.inner_text()
    items.get_by_role("button", name="Show only these").click()
    assert "6 of 9 shown" in page.page.locator("#sidebar summary").inner_text()


def test_what_the_failing_runs_share_is_told_as_in_the_terminal(
    tmp_path: Path, open_page: Open
) -> None:
    """12 of 40 runs fail, those whose learning rate is beyond 0.003."""
    rates = (0.0003, 0.001, 0.003, 0.01, 0.003, 0.001, 0.0003, 0.03, 0.001, 0.1)
    for number in range(40):
        settings = {"lr": rates[number % 10], "seed": float(number * 7 % 40)}
        fails = settings["lr"] > 0.003
        write_run(tmp_path / "logs" / f"run{number:02}", settings, fails=fails, jump=60)
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    shared = page.page.locator(".failing li")
    split, nearest = shared.all_inner_texts()
    assert split.startswith(
        "lr > 0.003: 12 of 12 runs have errors, of the others 0 of 28 (p = 0.0005"
    )
    told = [line.strip() for line in call("detect", str(tmp_path / "logs")).out.splitlines()]
    assert told[1:3] == [split, nearest]
    healthy, failed = re.findall(r"run\d\d", nearest)
    page.page.get_by_role("button", name="Compare the two").click()
    assert page.page.locator("#compared h2").inner_text().split() == [failed, "→", healthy]
    assert "2 of 40 shown" in page.page.locator("#sidebar summary").inner_text()
    assert not page.trouble


def test_where_nothing_tells_failing_runs_apart_nothing_is_said(
    tmp_path: Path, open_page: Open
) -> None:
    for number in range(4):
        settings = {"lr": 0.1 * (1 + number)}
        write_run(tmp_path / "logs" / f"run{number}", settings, fails=number == 3)
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    assert page.page.locator(".finding.error").count() == 1
    assert page.page.locator(".failing").count() == 0


@pytest.mark.parametrize("width", [1000, 1280])
def test_nothing_is_cut_off_in_controls_and_findings(
    width: int, tmp_path: Path, open_page: Open
) -> None:
    for run in ("a", "b"):
        values = np.where(np.arange(60) < 40, 1.0, np.nan)
        write_scalars(tmp_path / "logs" / run, "loss", values)
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"), width=width)
    kinds = page.js(
        """(kinds) => {
             const kind = document.querySelector('.finding .kind');
             const left = kind.nextElementSibling.getBoundingClientRect().left;
             return kinds.filter((each) => {
               kind.textContent = each;
               return kind.getBoundingClientRect().right > left;
             });
           }""",
        FINDING_KINDS,
    )
    assert kinds == []
    fields = page.js(
        """() => [...document.querySelectorAll('input[type=search]')].filter((field) => {
             const context = document.createElement('canvas').getContext('2d');
             context.font = getComputedStyle(field).font;
             const style = getComputedStyle(field);
             const room = field.clientWidth - parseFloat(style.paddingLeft)
               - parseFloat(style.paddingRight);
             return context.measureText(field.placeholder).width > room;
           }).map((field) => field.placeholder)"""
    )
    assert fields == []


def test_a_click_on_a_line_pins_its_run(tmp_path: Path, open_page: Open) -> None:
    for name, end in (("a", 0.0), ("b", 1.0)):
        write_scalars(tmp_path / "logs" / name, "loss", np.full(40, end))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    x, y = page.js(
        """() => {
             const plot = document.querySelector('.hero .plot');
             const {xaxis, yaxis, _size: size} = plot._fullLayout;
             const box = plot.getBoundingClientRect();
             return [box.left + size.l + xaxis.c2p(20), box.top + size.t + yaxis.c2p(1)];
           }"""
    )
    page.page.mouse.click(x, y)
    page.settle()
    assert page.page.locator(".run-list .pinned").inner_text().strip().startswith("b")
    widths = page.js("document.querySelector('.hero .plot').data.map((each) => each.line.width)")
    assert max(widths) > min(widths)


def smoothing_to_opening(page: OpenPage) -> float:
    """Processor time for a change of the smoothing as a part of that for opening the page."""
    session = page.page.context.new_cdp_session(page.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        found: float = next(each["value"] for each in metrics if each["name"] == "TaskDuration")
        return found

    page.page.reload()
    page.page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
    page.settle()
    page.requests.clear()  # the same file, opened once more
    opening = spent()
    page.page.fill("input[aria-label='Smoothing weight']", "0.9")
    page.settle()
    return (spent() - opening) / opening


def test_a_page_of_very_many_runs_has_few_elements(tmp_path: Path, open_page: Open) -> None:
    for run in range(700):
        name = f"sweep/rate={run % 7},seed={run // 7}"
        write_scalars(tmp_path / "logs" / name, "loss", np.linspace(1, run / 700, 9))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    assert page.js("document.querySelectorAll('*').length") < 4000
    assert smoothing_to_opening(page) < 0.6  # 0.25 as measured
    # The last run is there when one scrolls to it.
    scroll = page.page.locator("section[aria-labelledby=runs-title] .scroll")
    scroll.evaluate("(element) => element.scrollTo(0, element.scrollHeight)")
    page.page.wait_for_timeout(100)
    last = page.page.locator("table.runs tbody th").last.get_attribute("scope")
    assert last == "row"
    page.page.fill("#run-filter", "seed=99$")
    assert page.page.locator("table.runs tbody tr:visible").count() == 7


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["x/lr=0.1,bs=16/s=1", "x/lr=0.2,bs=16/s=2"], ["lr 0.1 · s 1", "lr 0.2 · s 2"]),
        (
            ["ppo_seed=0_learning_rate=1e-3_bs=8", "ppo_seed=0_learning_rate=1e-4_bs=16"],
            ["learning_rate 1e-3 · bs 8", "learning_rate 1e-4 · bs 16"],
        ),
        (["lr=0.1-opt=adam", "lr=-0.2-opt=adam"], ["lr 0.1", "lr -0.2"]),
        (["a", "a/b"], ["a", "a/b"]),
        (["a/x", "b/x"], ["a", "b"]),
        (["alone/run"], ["alone/run"]),
        (["a/b", "a,b"], ["a/b", "a,b"]),
        (
            ["base", "sweep/lr=1,bs=8,s=0", "sweep/lr=2,bs=8,s=0"],
            ["base", "sweep/lr 1", "sweep/lr 2"],
        ),
        (["base", "lr=1_seed=0", "lr=1_seed=1"], ["base", "seed 0", "seed 1"]),
        (["r/base", "r/ppo/lr=1,s=2", "r/ppo/lr=3,s=2"], ["base", "ppo/lr 1", "ppo/lr 3"]),
        (["ppo/lr=1", "ppo/lr=2", "sac/alone/x"], ["ppo/lr 1", "ppo/lr 2", "sac/alone/x"]),
        (["seed=0", "seed=1", "seed 0/x"], ["seed=0", "seed=1", "seed 0/x"]),
        (["a", "a/", ""], ["a", "a/", ""]),
        (["a/" * 1500 + end for end in ("x", "y/z")], ["a/" * 1484 + end for end in ("x", "y/z")]),
    ],
)
def test_names_show_what_differs(names: list[str], wanted: list[str]) -> None:
    assert short_names(names) == wanted


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (["lr 1 · s 2", "lr 2 · s 2"], [("lr · s", "1 · 2"), ("lr · s", "2 · 2")]),
        (["a/lr 1 · s 2", "a/lr 2 · s 2"], [("a/lr · s", "1 · 2"), ("a/lr · s", "2 · 2")]),
        (["base", "x/base", "lr 1 · s 2"], [("", "base"), ("x/", "base"), ("", "lr 1 · s 2")]),
        (["lr 1", "lr 2"], [("", "lr 1"), ("", "lr 2")]),
        (["lr 1 · adam", "lr 2 · adam"], [("", "lr 1 · adam"), ("", "lr 2 · adam")]),
        (
            [f"cifar10_resnet18_{name}_cosine_v2" for name in ("sgd_lr0.1", "adam_lr0.3")],
            [("cifar10_resnet18_…cosine_v2", name) for name in ("sgd_lr0.1", "adam_lr0.3")],
        ),
        (
            [f"x/a-name-of-some-length-seed-{seed}" for seed in "12"],
            [("x/a-name-of-some-length-", f"seed-{seed}") for seed in "12"],
        ),
        (["of_more_than_22_letters", "base"], [("", "of_more_than_22_letters"), ("", "base")]),
        (
            ["of_more_than_22_letters", "of_more_than_22_letters_"],
            [("", "of_more_than_22_letters"), ("", "of_more_than_22_letters_")],
        ),
    ],
)
def test_keys_stand_above_values(shown: list[str], wanted: list[tuple[str, str]]) -> None:
    assert tight_names(shown) == wanted


def test_rests_that_are_too_long_are_cut_where_they_do_not_differ() -> None:
    tight = [("x/", f"a{'b' * 40}{n}{'c' * 40}") for n in range(3)] + [("", "short")]
    cut = cut_rests(tight)
    assert len(set(cut)) == 4
    assert [n for n in range(3) if str(n) in cut[n]] == [0, 1, 2]
    assert max(map(len, cut)) <= 34
    assert cut[3] == "short"
