"""The page in a real browser: every control does what it says, and nothing else happens."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import tbtools
from tbtools.analysis.diff import diff
from tbtools.analysis.judgement import detect
from tbtools.analysis.smooth import smooth
from tbtools.render.colors import SEVERITY_COLORS, SEVERITY_DASHES
from tbtools.render.report import diff_report, report
from tests.builders import START, EventFileBuilder
from tests.commands import ROOT
from tests.render.report_logs import LOGS, arrays_of, page_of, write_hostile_logs, write_scalars

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.render.conftest import OpenPage

pytestmark = pytest.mark.browser

# What is drawn in the chart of a tag: the traces of lines, with the run that each belongs to.
LINES = """(tag) => {
  const card = [...document.querySelectorAll('#charts .card')].find((each) =>
    each.querySelector('h3').textContent === tag);
  card.scrollIntoView({block: 'center'});
  return (card.querySelector('.plot').data || []).filter((trace) => trace.runs).map((trace) => ({
    runs: trace.runs, faint: trace.opacity < 1, x: Array.from(trace.x, Number),
    y: Array.from(trace.y, (value) => Number.isFinite(value) ? value : null),
    fill: trace.fill || null}));
}"""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(LOGS, tmp_path_factory.mktemp("report") / "r.html", title="examples")


def lines(page: OpenPage, tag: str) -> list[dict[str, Any]]:
    """The lines of a chart, scrolled to and drawn anew if need be."""
    page.scroll_to(tag)
    found: list[dict[str, Any]] = page.js(LINES, tag)
    return found


def chart(page: OpenPage, tag: str) -> Locator:
    heading = page.page.get_by_role("heading", name=tag, exact=True)
    return page.page.locator("#charts .card", has=heading)


def run_names(page: OpenPage) -> list[str]:
    names: list[str] = page.js(
        "JSON.parse(document.getElementById('page').textContent).runs.map((run) => run.name)"
    )
    return names


def set_smoothing(page: OpenPage, weight: float) -> None:
    page.page.fill("input[aria-label='Smoothing weight']", str(weight))
    page.settle()


def test_the_slider_smooths_as_tbtools_does(
    example: Path, open_page: Callable[..., OpenPage]
) -> None:
    page = open_page(example)
    names = run_names(page)
    experiment = tbtools.load(LOGS)
    for weight in (0.0, 0.3, 0.95):
        set_smoothing(page, weight)
        for tag in ("train/loss", "val/accuracy", "optim/grad_norm"):
            drawn = {names[each["runs"][0]]: each for each in lines(page, tag) if not each["faint"]}
            frame = experiment.scalars(tag)
            assert set(drawn) == set(frame["run"].unique())
            for run, rows in frame.groupby("run", observed=True):
                wanted = smooth(rows["value"], weight).to_numpy()
                wanted = np.where(np.isfinite(wanted), wanted, np.nan)
                got = np.array(drawn[str(run)]["y"], dtype=float)
                np.testing.assert_array_equal(drawn[str(run)]["x"], rows["step"])
                np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_a_hidden_run_vanishes_from_every_chart(
    example: Path, open_page: Callable[..., OpenPage]
) -> None:
    page = open_page(example)
    page.scroll_through()
    number = run_names(page).index("resumed")
    page.page.locator(".run-list li", has_text="resumed").locator("input").uncheck()
    page.scroll_through()
    tags = page.js(
        "[...document.querySelectorAll('#charts .card:has(.plot) h3')]"
        ".map((each) => each.textContent)"
    )
    scalars = {str(tag) for tag in tbtools.load(LOGS).scalars()["tag"].unique()}
    for tag in scalars & set(tags):
        assert all(number not in each["runs"] for each in lines(page, tag))
    assert "7 of 8 shown" in page.page.locator("#sidebar summary").inner_text()
    page.page.get_by_role("button", name="Show all").click()
    assert any(number in each["runs"] for each in lines(page, "train/loss"))


def test_only_and_hide_all(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example)
    number = run_names(page).index("plateau")
    row = page.page.locator(".run-list li", has_text="plateau")
    row.hover()
    row.get_by_role("button", name="only").click()
    assert {each["runs"][0] for each in lines(page, "train/loss")} == {number}
    page.page.get_by_role("button", name="Hide all").click()
    assert lines(page, "train/loss") == []


def test_filtering_runs_then_hiding_them(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example)
    page.page.fill("input[aria-label^='Filter runs']", "^(base|div)")
    assert page.page.locator(".run-list li:visible").count() == 2
    assert page.page.locator("table.runs tbody tr:visible").count() == 2
    page.page.get_by_role("button", name="Hide all").click()
    names = run_names(page)
    left = {names[each["runs"][0]] for each in lines(page, "train/loss")}
    assert left == {"media", "plateau", "resumed"}


def test_searching_tags(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example)
    page.page.fill("#tag-filter", "loss$")
    counts = page.page.locator(".group:visible summary small").all_inner_texts()
    assert counts == ["1", "1 of 2", "1 of 2"]
    shown = page.page.locator("#charts .card:visible h3").all_inner_texts()
    assert set(shown) == {"hparam/val_loss", "train/loss", "val/loss"}
    page.page.fill("#tag-filter", "(unclosed")
    assert page.page.locator("#charts .card:visible").count() == 0
    page.page.fill("#tag-filter", "")
    assert page.page.locator("#charts .card:visible").count() > 15


def test_a_finding_leads_to_its_place(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example)
    page.page.locator(".finding a", has_text="train/loss").first.click()
    # It scrolls there, and takes its time.
    page.page.wait_for_function(
        """(card) => {
             const { top, height } = card.getBoundingClientRect();
             return 0 <= top && top < 900 - height / 2;
           }""",
        arg=chart(page, "train/loss").element_handle(),
    )
    page.settle()
    assert page.js("document.activeElement.closest('.card').querySelector('h3').textContent") == (
        "train/loss"
    )


def test_findings_and_restarts_are_marked_where_they_are(
    example: Path, open_page: Callable[..., OpenPage]
) -> None:
    page = open_page(example)
    lines(page, "train/loss")
    shapes = page.js(
        """() => [...document.querySelectorAll('#charts .card')].find((each) =>
             each.querySelector('h3').textContent === 'train/loss')
             .querySelector('.plot').layout.shapes.map(({type, x0, x1, line}) =>
               [type, x0, x1, line.dash ?? null, line.dash ? line.color : null])"""
    )
    findings = [each for each in detect(tbtools.load(LOGS)) if each.tag == "train/loss"]
    assert findings
    for finding in findings:
        style = [SEVERITY_DASHES[finding.severity], SEVERITY_COLORS[finding.severity]]
        assert ["line", finding.onset_step, finding.onset_step, *style] in shapes
        if finding.kind == "plateau":
            assert ["rect", finding.onset_step, finding.end_step, None, None] in shapes
    assert {finding.severity for finding in findings} == {"error", "warning"}
    for resumed_at in (600, 1200):
        assert ["line", resumed_at, resumed_at, None, None] in shapes


def test_the_x_axis(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example)
    frame = tbtools.load(LOGS)["baseline"].scalars("train/loss")
    seconds = (frame["wall_time"] - frame["wall_time"].iloc[0]).to_numpy()
    names = run_names(page)

    def baseline_x() -> np.ndarray:
        drawn = lines(page, "train/loss")
        (line,) = [e for e in drawn if names[e["runs"][0]] == "baseline" and not e["faint"]]
        return np.array(line["x"])

    page.page.get_by_role("radio", name="Relative").check()
    page.settle()
    ratio = baseline_x()[1:] / seconds[1:]
    assert ratio == pytest.approx(1 / 3600, rel=1e-3)  # the longest run took two hours
    page.page.get_by_role("radio", name="Wall time").check()
    page.settle()
    np.testing.assert_allclose(baseline_x() / 1000, frame["wall_time"], atol=1e-3)
    page.page.get_by_role("radio", name="Step").check()
    np.testing.assert_array_equal(baseline_x(), frame["step"])


def test_the_active_axis_has_no_pauses(tmp_path: Path, open_page: Callable[..., OpenPage]) -> None:
    for run, pause in (("s_1", 3600), ("s_2", 1800)):
        for number, (start, steps) in enumerate([(START, range(3)), (START + pause, range(3, 5))]):
            builder = EventFileBuilder().file_version(wall_time=start)
            for second, step in enumerate(steps):
                builder.scalar("loss", step, 1 / (1 + step), start + second)
            builder.write(tmp_path / "logs" / run / f"events.out.tfevents.{number}")
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html", smoothing=0))
    page.page.get_by_role("radio", name="Active").check()
    page.settle()
    drawn = [line["x"] for line in lines(page, "loss") if len(line["runs"]) == 1]
    assert drawn == [[0, 1, 2, 2, 3]] * 2  # seconds
    assert "active" in page.page.evaluate("location.href")


def axis_of(page: OpenPage, tag: str, what: str, axis: str = "yaxis") -> Any:
    lines(page, tag)
    return page.js(
        """([tag, axis, what]) => [...document.querySelectorAll('#charts .card')].find((each) =>
             each.querySelector('h3').textContent === tag)
             .querySelector('.plot')._fullLayout[axis][what]""",
        [tag, axis, what],
    )


def test_logarithmic_axes_and_outliers(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example)
    set_smoothing(page, 0)
    low, high = axis_of(page, "optim/grad_norm", "range")
    assert high < 10  # one run blows up to 85: the chart is about the others
    said = chart(page, "optim/grad_norm").locator(".annotation-text").all_text_contents()
    assert any(text.startswith("↑ 8") for text in said)
    page.page.uncheck("#outliers")
    page.settle()
    assert axis_of(page, "optim/grad_norm", "range")[1] > 85
    page.page.check("#log")
    page.settle()
    assert axis_of(page, "optim/grad_norm", "type") == "log"
    low, high = axis_of(page, "optim/grad_norm", "range")
    assert 10**high > 85
    assert 10**low < 0.3


def test_a_zoom_stays_until_a_double_click(
    example: Path, open_page: Callable[..., OpenPage]
) -> None:
    page = open_page(example)
    lines(page, "train/loss")
    box = chart(page, "train/loss").locator(".plot").bounding_box()
    assert box is not None
    left, right, middle = box["x"] + 100, box["x"] + 200, box["y"] + box["height"] / 2
    page.page.mouse.move(left, middle)
    page.page.mouse.down()
    page.page.mouse.move(right, middle, steps=5)
    page.page.mouse.up()
    page.settle()
    zoomed = axis_of(page, "train/loss", "range", axis="xaxis")
    assert 0 < zoomed[0] < zoomed[1] < 1600
    set_smoothing(page, 0.9)
    assert axis_of(page, "train/loss", "range", axis="xaxis") == zoomed
    page.page.mouse.dblclick((left + right) / 2, middle)
    page.settle()
    whole = axis_of(page, "train/loss", "range", axis="xaxis")
    assert whole[0] <= 0
    assert whole[1] >= 1996


def test_a_larger_chart_has_the_whole_width(
    example: Path, open_page: Callable[..., OpenPage]
) -> None:
    page = open_page(example)
    lines(page, "train/loss")
    card = chart(page, "train/loss")
    button = card.get_by_role("button", name="Larger")
    button.click()
    page.settle()
    assert button.get_attribute("aria-pressed") == "true"
    width = "(element) => element.getBoundingClientRect().width"
    whole = page.page.locator("#charts").evaluate(width)
    assert card.evaluate(width) == pytest.approx(whole, abs=1)
    # Plotly waits for 100 ms before it draws the chart in its new size.
    page.page.wait_for_function(
        "(plot) => plot._fullLayout.width === plot.clientWidth",
        arg=card.locator(".plot").element_handle(),
    )


def test_without_a_mouse(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example)
    keyboard = page.page.keyboard
    keyboard.press("Tab")
    assert page.js("document.activeElement.className") == "skip"
    page.page.locator(".run-list input").first.focus()
    keyboard.press("Space")
    assert "7 of 8 shown" in page.page.locator("#sidebar summary").inner_text()
    keyboard.press("Tab")
    assert page.js("document.activeElement.textContent") == "only"
    keyboard.press("Enter")
    assert "1 of 8 shown" in page.page.locator("#sidebar summary").inner_text()
    page.page.get_by_role("button", name="Show all").click()
    page.page.locator("#smoothing").focus()
    keyboard.press("End")
    page.settle()
    assert page.page.input_value("input[aria-label='Smoothing weight']") == "0.999"
    page.page.locator(".finding a", has_text="train/loss").first.focus()
    keyboard.press("Enter")
    page.settle()
    reached = "document.activeElement.closest('.card').querySelector('h3').textContent"
    assert page.js(reached) == "train/loss"


def test_pointing_shows_the_values_of_all_runs(
    example: Path, open_page: Callable[..., OpenPage]
) -> None:
    page = open_page(example)
    lines(page, "train/loss")
    plot = chart(page, "train/loss").locator(".plot")
    plot.hover()
    rows = page.js(
        "[...document.querySelectorAll('#tooltip tbody tr')].map((row) =>"
        " [...row.cells].map((cell) => cell.textContent))"
    )
    assert len(rows) >= 4
    shown = {row[1]: row for row in rows}
    frame = tbtools.load(LOGS)["baseline"].scalars("train/loss")
    step = int(shown["baseline"][4].replace(",", ""))
    at = int(np.flatnonzero(frame["step"] == step)[0])
    assert float(shown["baseline"][3]) == pytest.approx(frame["value"].iloc[at], rel=1e-4)
    smoothed = smooth(frame["value"], 0.6).iloc[at]
    assert float(shown["baseline"][2]) == pytest.approx(smoothed, rel=1e-4)
    plot.focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("ArrowRight")
    assert page.page.locator("#tooltip").is_visible()
    page.page.keyboard.press("Escape")
    assert not page.page.locator("#tooltip").is_visible()


def test_sorting_the_runs(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example)

    def order() -> list[str]:
        return [text.strip() for text in page.page.locator("table.runs tbody th").all_inner_texts()]

    header = page.page.locator("th[aria-sort]")
    others = ["media", "media/hparams", "media/losses_train", "media/losses_val"]
    assert order() == ["resumed", "baseline", "diverged", "plateau", *others]
    assert header.get_attribute("aria-sort") == "descending"
    page.page.get_by_role("button", name="val/accuracy ↑ best").click()
    assert order() == ["plateau", "diverged", "baseline", "resumed", *others]
    assert header.get_attribute("aria-sort") == "ascending"
    page.page.get_by_role("button", name="Run", exact=True).click()
    assert order() == run_names(page)


def test_long_names_stand_below_their_directory(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    names = [f"sweeps/2026-11/learning_rate_{n}/seed_{n % 2}" for n in range(4)] + ["baseline"]
    for name in names:
        write_scalars(tmp_path / "logs" / name, "loss", np.linspace(1, 0, 30))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    for name in names:  # whole, to a screen reader
        assert page.page.get_by_role("checkbox", name=name, exact=True).count() == 1
    items = page.page.locator(".run-list:not(.groups) li:not(.directory) .name")
    told = [item.text_content() for item in items.all()]
    wanted = ["baseline", *(f"learning_rate_{n} · seed_{n % 2}" for n in range(4))]
    assert sorted(map(str, told)) == wanted
    assert page.page.locator(".run-list .directory:visible").all_inner_texts() == ["sweeps/"]
    page.page.fill("input[aria-label^='Filter runs']", "baseline")
    assert page.page.locator(".run-list .directory:visible").count() == 0


def test_words_of_names_stay_whole_on_a_telephone(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    for lr, critic in itertools.product((0.003, 0.01), (0.01, 0.3)):
        name = f"ppo_learning_rate={lr}_critic_rate={critic}_gamma=0.99"
        write_scalars(tmp_path / "logs" / name, "loss", np.linspace(1, 0, 30))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"), width=400)
    broken = page.js(
        r"""() => [...document.querySelectorAll('table.runs .called')].flatMap((name) => {
             const text = name.firstChild, range = document.createRange();
             return [...text.data.matchAll(/\S+/g)].filter((word) => {
               range.setStart(text, word.index);
               range.setEnd(text, word.index + word[0].length);
               return range.getClientRects().length > 1;
             }).map((word) => word[0]);
           })"""
    )
    assert page.js("document.querySelectorAll('table.runs .called').length") == 4
    assert broken == []


@pytest.mark.parametrize("width", [400, 1280])
def test_notes_are_whole_or_counted(
    example: Path, open_page: Callable[..., OpenPage], width: int
) -> None:
    page = open_page(example, width=width)
    page.scroll_through()
    lists = page.js(
        """() => [...document.querySelectorAll('#charts .notes')].map((list) => {
             const {right, bottom} = list.getBoundingClientRect();
             const notes = [...list.children].filter((note) => !note.hidden);
             return {
               texts: notes.map((note) => note.textContent),
               inside: notes.every((note) => {
                 const box = note.getBoundingClientRect();
                 return box.right <= right + 1 && box.bottom <= bottom + 1;
               })};
           })"""
    )
    assert all(each["inside"] for each in lists)
    resumed_and_found = [each["texts"] for each in lists if len(each["texts"]) > 1]
    assert any(texts[-1].startswith("+") for texts in resumed_and_found)


def test_every_finding_is_told_once(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example)
    findings = detect(tbtools.load(LOGS))
    links = page.page.locator(".finding a").all_inner_texts()
    more = re.findall(r"and (\d+) more", " ".join(page.page.locator(".finding").all_inner_texts()))
    assert Counter(links) <= Counter(each.tag for each in findings)
    assert len(links) + sum(map(int, more)) == len(findings)
    assert page.page.locator("#findings-title small").inner_text() == str(len(findings))
    kinds = page.page.locator(".finding").evaluate_all(
        "(items) => items.map((item) => item.querySelector('.kind').textContent + ' '"
        " + item.querySelector('strong').textContent)"
    )
    assert len(kinds) == len(set(kinds))


def test_single_values_are_told_the_best_first(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    for name, value in {"a": 0.5, "b": 0.25, "c": float("nan"), "d": 0.75}.items():
        write_scalars(tmp_path / "logs" / name, "final/loss", np.array([value]), first_step=9)
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))

    def told() -> list[str]:
        return chart(page, "final/loss").locator("tbody tr").all_inner_texts()

    assert told() == ["b\t0.25\t@9", "a\t0.5\t@9", "d\t0.75\t@9", "c\tnan\t@9"]
    page.page.locator(".run-list li", has_text="a").locator("input").uncheck()
    page.settle()
    assert [row[0] for row in told()] == ["b", "d", "c"]
    assert page.page.locator(".plot").count() == 0


def test_hyperparameters_without_values_of_an_objective(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    for run, name in enumerate(("sgd", "adam")):
        with tbtools.EventFileWriter(tmp_path / "logs" / f"settings_{run}") as writer:
            writer.add_hparams({"rate": 0.1 * run, "optimizer": name})
    write_scalars(tmp_path / "logs" / "training", "loss", np.linspace(1, 0, 30))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    page.scroll_through()
    assert page.page.locator(".parallel-line:visible").count() == 2
    assert page.page.get_by_label("Hyperparameter", exact=True).count() == 0


def test_what_the_page_cannot_show_is_said(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    builder = EventFileBuilder().scalar("loss", 0, 1.0).tensor_scalar("own", 0, 1.0, plugin="mine")
    builder.write(tmp_path / "logs" / "events.out.tfevents.1")
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    said = page.page.locator("#provenance").inner_text()
    assert "1 tag of the plugin mine (in Python: run.plugin_data())" in said


def test_the_table_of_a_chart_has_the_numbers_of_all_points(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    values = (2 + np.random.default_rng(3).standard_normal(9000)).astype(np.float32)
    values[4567] = -40.0
    write_scalars(tmp_path / "logs", "loss", values)
    path = report(tmp_path / "logs", tmp_path / "r.html")
    page = open_page(path)
    page.page.locator("#charts .card").get_by_role("button", name="Numbers of loss").click()
    (row,) = page.page.locator("#charts .values tbody tr").all_inner_texts()
    cells = row.split("\t")
    assert cells[2] == "-40 at 4,567"  # reads back as it is stored
    assert cells[5] == "9,000"
    assert int(cells[6].replace(",", "")) < 2100
    weight = 0.9
    set_smoothing(page, weight)
    (line,) = [each for each in lines(page, "loss") if not each["faint"] and not each["fill"]]
    exact = pd.Series(values, dtype=float).ewm(alpha=1 - weight).mean()
    first, last = bucket_ends(path)
    np.testing.assert_array_equal(line["x"], (first + last) / 2)
    wanted = [exact[low : high + 1].mean() for low, high in zip(first, last, strict=True)]
    error = np.array(line["y"]) - wanted
    assert np.sqrt(np.mean(error**2)) < 0.15 * np.sqrt((1 - weight) / (1 + weight))


def bucket_ends(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last step of each point of the only series of a page."""
    html = path.read_text("utf-8")
    (series,), arrays = page_of(html)["series"], arrays_of(html)
    return arrays[series["step"]], arrays[series["to"]]


def test_seeds_as_mean_and_band(tmp_path: Path, open_page: Callable[..., OpenPage]) -> None:
    random = np.random.default_rng(5)
    curves = [random.standard_normal(60) + seed for seed in range(3)]
    for seed, curve in enumerate(curves):
        write_scalars(tmp_path / "logs" / f"seed_{seed}", "loss", curve)
    write_scalars(tmp_path / "logs" / "other", "loss", np.linspace(1, 0, 60))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html", smoothing=0))
    page.page.check("#grouped")
    page.settle()
    drawn = lines(page, "loss")
    (band,) = [each for each in drawn if each["fill"]]
    mean, spread = np.mean(curves, axis=0), np.std(curves, axis=0, ddof=1)
    np.testing.assert_allclose(band["y"], [*(mean + spread), *(mean - spread)[::-1]], atol=1e-5)
    alone = [each for each in drawn if not each["fill"] and len(each["runs"]) == 1]
    assert len(alone) == 1


def test_images_follow_their_slider(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example)
    card = page.page.locator(".media-card", has_text="samples/ring")
    card.scroll_into_view_if_needed()
    page.settle()
    last = card.locator("img").get_attribute("src")
    card.locator("input[type=range]").fill("0")
    assert card.locator("img").get_attribute("src") != last
    assert "step 0" in card.inner_text()
    stored = tbtools.load(LOGS)["media"].images("samples/ring")["image"].iloc[0].data
    natural = card.locator("img").evaluate(
        "(image) => image.decode().then(() => image.naturalWidth)"
    )
    assert natural == 48
    assert len(stored) > 0


def test_other_media_are_there(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example)
    page.scroll_through()
    text = page.page.locator(".media-card", has_text="samples/text")
    assert text.locator("strong").inner_text() == "step 800"
    assert page.page.locator("audio").count() == 1
    histogram = page.page.locator("#charts .card", has_text="weights/encoder")
    assert len(histogram.locator(".plot").evaluate("(plot) => plot.data")) == 9
    histogram.get_by_role("radio", name="Density").check()
    assert histogram.locator(".plot").evaluate("(plot) => plot.data[0].type") == "heatmap"
    curve = page.page.locator("#charts .card", has_text="val/pr")
    recall = curve.locator(".plot").evaluate("(plot) => Array.from(plot.data[0].x)")
    frame = tbtools.load(LOGS)["media"].pr_curves("val/pr")
    np.testing.assert_allclose(recall, frame[frame["step"] == 800]["recall"], rtol=1e-6)
    assert page.page.locator(".parallel-line:visible").count() == 5


def test_a_theme_of_ones_own(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example, color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.js(background)
    page.page.click("#theme")
    page.settle()
    assert page.js(background) != dark
    grid = page.js("document.querySelector('.hero .plot').layout.xaxis.gridcolor")
    assert grid == "#e9ecf0"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(example: Path, open_page: Callable[..., OpenPage], scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page(example, color_scheme=scheme)
    page.scroll_through()
    found = axe.Axe().run(page.page).response["violations"]
    told = [(each["id"], [node["html"][:120] for node in each["nodes"][:3]]) for each in found]
    assert told == []


@pytest.mark.parametrize("width", [400, 1280, 3840])
def test_nothing_sticks_out_or_jumps(
    example: Path, open_page: Callable[..., OpenPage], width: int
) -> None:
    page = open_page(example, width=width)
    page.scroll_through()
    assert page.js("document.documentElement.scrollWidth") <= width
    shift = page.js(
        """() => new Promise((resolve) => {
             let sum = 0;
             new PerformanceObserver((list) => {
               for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
             }).observe({type: 'layout-shift', buffered: true});
             setTimeout(() => resolve(sum), 200);
           })"""
    )
    assert shift < 0.1  # "good" by web.dev's Cumulative Layout Shift


def test_printing_draws_everything(example: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(example, color_scheme="dark")
    assert page.js("document.querySelectorAll('#charts .plot.js-plotly-plot').length") < 12
    page.js(
        "() => addEventListener('beforeprint', () => { window.printed ="
        " document.querySelector('.hero .plot').layout.xaxis.gridcolor; })"
    )
    pdf = page.page.pdf()
    assert pdf.startswith(b"%PDF")
    assert page.js("window.printed") == "#e9ecf0"  # light, and dark again behind it
    assert page.js("document.documentElement.dataset.theme") is None
    plots = page.js("document.querySelectorAll('.plot').length")
    assert page.js("document.querySelectorAll('.plot.js-plotly-plot').length") == plots


def test_the_examples_take_four_pages(tmp_path: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(report(ROOT / "examples" / "logs", tmp_path / "r.html"))
    for size in ("A4", "Letter"):
        pages = re.findall(rb"/Type */Page\b", page.page.pdf(format=size))
        assert len(pages) <= 4, size
    page.page.set_viewport_size({"width": 718, "height": 1000})
    page.page.emulate_media(media="print")
    hero, main = (page.page.locator(name).first.bounding_box() for name in (".hero", ".overview"))
    assert hero is not None
    assert main is not None
    assert hero["width"] == pytest.approx(main["width"], abs=2)
    assert not page.page.locator(".toolbar").is_visible()


def test_colours_and_whole_width_on_paper(
    example: Path, open_page: Callable[..., OpenPage]
) -> None:
    page = open_page(example)
    page.scroll_through()
    page.page.set_viewport_size({"width": 720, "height": 1000})  # A4 less its margins
    page.page.emulate_media(media="print")
    for name in (".swatch", ".status", ".note", ".finding .kind"):
        kept = page.js(
            "(name) => getComputedStyle(document.querySelector(name)).printColorAdjust", name
        )
        assert kept == "exact"  # browsers leave backgrounds out otherwise
    assert not page.page.locator("audio").is_visible()
    width = "(name) => document.querySelector(name).getBoundingClientRect().width"
    assert page.js(width, ".parallel svg") <= page.js(width, ".card.double")


def test_strangers_can_run_nothing(tmp_path: Path, open_page: Callable[..., OpenPage]) -> None:
    page = open_page(report(write_hostile_logs(tmp_path / "logs"), tmp_path / "r.html"))
    page.scroll_through()
    for link in page.page.locator(".finding a").all()[:4]:
        link.click()
        page.settle()
    for plot in page.page.locator(".plot:visible").all()[:6]:
        plot.hover()
    for button in page.page.get_by_role("button", name="Numbers of").all()[:4]:
        button.click()
    page.page.check("#log")
    page.page.get_by_role("radio", name="Wall time").check()
    page.scroll_through()
    assert page.js("window.pwned") is None
    assert page.js("document.documentElement.scrollWidth") <= 1280
    names = page.page.locator(".run-list .name").all_inner_texts()
    assert any("onerror" in name for name in names)


def test_a_name_turns_no_text_but_its_own(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    write_scalars(tmp_path / "logs" / "\u202ebackwards", "loss", np.linspace(1, 0, 30))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    # The fact behind the name: "Best loss 0 by NAME at step 29" reads on from left to right.
    places = page.js(
        """() => {
             const text = [...document.querySelector('#facts').children]
               .find((each) => each.textContent.startsWith('Best')).lastChild;
             return [...text.data].map((_, i) => {
               const range = new Range();
               range.setStart(text, i);
               range.setEnd(text, i + 1);
               return range.getBoundingClientRect().left;
             });
           }"""
    )
    assert len(places) > 5
    assert places == sorted(places)


def test_an_injected_script_would_not_run(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    path = report(LOGS, tmp_path / "r.html")
    html = path.read_text("utf-8").replace("</main>", "</main><script>window.pwned=1</script>")
    path.write_text(html, "utf-8")
    page = open_page(path)
    assert page.js("window.pwned") is None
    assert any("Content Security Policy" in text for text in page.trouble)
    page.trouble.clear()


def test_plotly_beside_the_page_is_loaded(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    page = open_page(report(LOGS, tmp_path / "r.html", plotlyjs="directory"))
    assert page.page.locator(".hero .scatterlayer .trace").count() > 3
    assert page.requests == [(tmp_path / "plotly.min.js").as_uri()]
    page.requests.clear()


def test_a_log_without_scalars(tmp_path: Path, open_page: Callable[..., OpenPage]) -> None:
    builder = EventFileBuilder().file_version().text("note", 1, "**hello**", wall_time=START)
    builder.write(tmp_path / "logs" / "run" / "tfevents.1")
    (tmp_path / "logs" / "empty").mkdir()
    (tmp_path / "logs" / "empty" / "tfevents.2").write_bytes(b"")
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    assert page.page.locator(".prose strong").inner_text() == "hello"
    assert page.page.locator("#smoothing").count() == 0


@pytest.mark.slow
@pytest.mark.corpus
def test_pages_of_real_logs(
    corpus: Path, tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    for number, name in enumerate(
        ["phlippe+saved_models", "tensorflow+tensorboard", "mrahtz+learning-from-human-preferences"]
    ):
        page = open_page(report(corpus / name, tmp_path / f"{number}.html"))
        page.scroll_through()
        drawn = page.js("document.querySelectorAll('.plot.js-plotly-plot').length")
        assert drawn == page.js("document.querySelectorAll('.plot').length") > 0


def test_steps_that_go_back_are_passes_and_it_is_noted(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    builder = EventFileBuilder().file_version()
    for number in range(300):
        builder.scalar("loss", number % 100, 2 - number / 300, wall_time=START + number)
    builder.write(tmp_path / "logs" / "tfevents.1")
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html", smoothing=0))
    (line,) = lines(page, "loss")
    assert [index for index, y in enumerate(line["y"]) if y is None] == [100, 201]
    page.page.get_by_role("radio", name="Relative").check()
    page.settle()
    (line,) = lines(page, "loss")
    assert None not in line["y"]
    assert chart(page, "loss").locator(".note:visible").all_inner_texts() == ["steps go back"]
    assert "steps go back" in page.page.locator("table.runs tbody").inner_text()
    assert "the steps of" in page.page.locator("#provenance").inner_text()


def test_a_finding_outside_the_steps_is_marked_at_the_edge(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    finding = next(
        each for each in detect(tbtools.load(LOGS)["diverged"], tags="train/loss") if each.ongoing
    )
    path = report(
        tbtools.load(LOGS)["diverged"], tmp_path / "r.html", tags="train/loss",
        steps=(finding.onset_step + 50, None),
    )  # fmt: skip
    page = open_page(path)
    (line, *_) = lines(page, "train/loss")
    shapes = (
        chart(page, "train/loss")
        .locator(".plot")
        .evaluate("(plot) => plot.layout.shapes.map((shape) => shape.x0)")
    )
    assert line["x"][0] in shapes
    assert "not shown" in chart(page, "train/loss").locator(".note").first.inner_text()
    page.page.locator(".finding a").first.click()
    page.settle()


def test_what_was_not_judged_is_not_called_healthy(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    write_scalars(tmp_path / "logs" / "run", "lr", np.linspace(1, 0, 30))
    (tmp_path / "logs" / "bad").mkdir()
    (tmp_path / "logs" / "bad" / "events.out.tfevents.2").write_bytes(b"no records " * 9)
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    statuses = page.page.locator("table.runs .status").all_inner_texts()
    assert statuses == ["not judged", "not judged"]
    panel = page.page.locator("section[aria-labelledby=findings-title]").inner_text()
    assert "not judged: 1 run that could not be read." in panel
    assert "1 series without a known objective (--objective GLOB=min|max): lr" in panel


def test_a_diff_shows_what_differs(tmp_path: Path, open_page: Callable[..., OpenPage]) -> None:
    experiment = tbtools.load(LOGS)
    a, b = experiment["baseline"], experiment["plateau"]
    page = open_page(diff_report(diff(a, b), a, b, tmp_path / "d.html", smoothing=0))
    rows = page.page.locator(".pair tbody tr").all_inner_texts()
    assert any(row.startswith("val/loss") and row.endswith("worse") for row in rows)
    page.scroll_through()
    drawn = page.js(
        "Array.from(document.querySelector('#charts .group .card:nth-child(5) .plot').data[1].y)"
    )
    wide = [run.scalars("train/loss").set_index("step")["value"] for run in (a, b)]
    np.testing.assert_allclose(drawn, wide[1] - wide[0], rtol=1e-6, atol=1e-7)


def test_a_comparison_of_many_runs_counts_them(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    names = ["base", *(f"sweep/a_long_name_of_a_run_with_the_number_{run}" for run in range(5))]
    for run, name in enumerate(names):
        write_scalars(tmp_path / "logs" / name, "loss", np.linspace(2, run, 9))
    experiment = tbtools.load(tmp_path / "logs")
    result = diff(experiment, baseline="base")
    page = open_page(diff_report(result, experiment, None, tmp_path / "d.html"))
    assert page.page.locator("h1").inner_text() == "base and 5 others"
    assert "b (5 others) compared with a (base)" in page.page.locator("#overview").inner_text()
    assert page.page.locator(".matrix thead th").all_inner_texts() == ["Tag", *names[1:]]


def test_a_page_of_one_run_does_not_say_which_is_best(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    write_scalars(tmp_path / "logs", "loss", np.linspace(2, 1, 9))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    assert "Best loss 1 at step 8" in page.page.locator("#facts").inner_text()


def test_texts_and_meshes_stay_in_their_cards(
    tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    summary = pytest.importorskip("tensorboardX")
    command = "python -m train " + " ".join(f"--an-option-{n}=with/a/value" for n in range(9))
    for name in "ab":
        with summary.SummaryWriter(str(tmp_path / "logs" / name)) as writer:
            writer.add_text("run", f"| name | value |\n| --- | --- |\n| command | {command} |", 1)
            corners = np.random.default_rng(1).random((1, 30, 3), np.float32)
            writer.add_mesh("ball", corners, global_step=1)
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"), width=1440)
    page.scroll_through()
    wide = "(each) => each.scrollWidth - each.clientWidth"
    assert page.page.locator(".prose").first.evaluate(wide) == 0
    high = "(each) => each.scrollHeight - each.clientHeight"
    assert page.page.locator(".media:has(canvas)").evaluate(high) == 0


def test_a_diff_tells_nan_from_nothing(tmp_path: Path, open_page: Callable[..., OpenPage]) -> None:
    experiment = tbtools.load(LOGS)
    a, b = experiment["baseline"], experiment["diverged"]
    page = open_page(diff_report(diff(a, b), a, b, tmp_path / "d.html"))
    row = page.page.locator(".pair tbody tr", has_text="train/loss").locator("td")
    assert row.nth(3).inner_text() == "nan"


def test_runs_that_are_the_same(tmp_path: Path, open_page: Callable[..., OpenPage]) -> None:
    a = tbtools.load(LOGS)["baseline"]
    page = open_page(diff_report(diff(a, a), a, a, tmp_path / "d.html"))
    assert "no difference at all" in page.page.locator("#overview").inner_text()
