"""What is drawn on a page is what was written, and what is not drawn is told."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tbtools
from tbtools.analysis.diff import diff
from tbtools.render.report import diff_report, report
from tests.builders import START, EventFileBuilder
from tests.render.report_logs import LOGS, page_of, write_scalars

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.render.conftest import OpenPage

    Open = Callable[..., OpenPage]

pytestmark = pytest.mark.browser

CARD = """[...document.querySelectorAll('#charts .card')].find((each) =>
  each.querySelector('h3').textContent === tag)"""


def of_card(page: OpenPage, tag: str, expression: str) -> Any:
    """An expression of `card`, the element of a tag, when it has been drawn."""
    page.scroll_to(tag)
    return page.js(f"(tag) => {{ const card = {CARD}; return {expression}; }}", tag)


def traces(page: OpenPage, tag: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = of_card(
        page,
        tag,
        """(card.querySelector('.plot').data || []).map((trace) => ({...trace,
             x: Array.from(trace.x, Number),
             y: Array.from(trace.y, (each) => Number.isFinite(each) ? each : null)}))""",
    )
    return found


def y_range(page: OpenPage, tag: str) -> list[float]:
    found: list[float] = of_card(page, tag, "card.querySelector('.plot')._fullLayout.yaxis.range")
    return found


def one_run(tmp_path: Path, values: np.ndarray, open_page: Open, **options: Any) -> OpenPage:
    write_scalars(tmp_path / "logs" / "run", "loss", values)
    return open_page(report(tmp_path / "logs", tmp_path / "r.html", **options))


def test_raw_values_leave_the_chart_only_with_an_arrow(tmp_path: Path, open_page: Open) -> None:
    values = np.linspace(1, 0.5, 60)
    values[-1] = 1.3
    page = one_run(tmp_path, values, open_page, smoothing=0.95)
    low, high = y_range(page, "loss")
    assert low < 0.5 < 1.3 < high
    values[30] = 90
    page = one_run(tmp_path / "far", values, open_page, smoothing=0.95)
    assert y_range(page, "loss")[1] < 90
    arrows = "[...card.querySelectorAll('.annotation-text')].map((each) => each.textContent)"
    assert "↑ 90" in of_card(page, "loss", arrows)


def test_an_arrow_stands_where_the_line_leaves_the_chart(tmp_path: Path, open_page: Open) -> None:
    values = np.append([900, 300, 90], np.linspace(2, 1, 80))
    page = one_run(tmp_path, values, open_page)
    assert y_range(page, "loss")[1] < 900
    place = """(({left, width}, axis) => (left - axis.left) / axis.width)(
        [...card.querySelectorAll('.annotation-text')].find((each) =>
            each.textContent === '↑ 900').getBoundingClientRect(),
        card.querySelector('.nsewdrag').getBoundingClientRect())"""
    assert 0 <= of_card(page, "loss", place) < 0.05


def test_a_series_of_six_points_has_no_outliers(tmp_path: Path, open_page: Open) -> None:
    page = one_run(tmp_path, np.array([2.5, 0.3, 0.1, 0.11, 0.1, 0.09]), open_page)
    assert y_range(page, "loss")[1] > 2.5


def test_a_short_series_is_smoothed_only_where_it_is_asked_for(
    tmp_path: Path, open_page: Open
) -> None:
    values = np.array([1.0, 0.8, 0.5, 0.3, 0.15], np.float32)
    page = one_run(tmp_path, values, open_page)
    (line,) = traces(page, "loss")
    assert line["mode"] == "lines+markers"
    np.testing.assert_array_equal(line["y"], values)
    page.page.fill("input[aria-label='Smoothing weight']", "0.9")
    page.settle()
    marked = [each for each in traces(page, "loss") if "markers" in each["mode"]]
    assert [each["y"] for each in marked] == [values.tolist()]
    asked = one_run(tmp_path / "asked", values, open_page, smoothing=0.6)
    assert len(traces(asked, "loss")) == 2


def test_nothing_stands_on_a_logarithmic_axis_where_the_value_has_no_place(
    tmp_path: Path, open_page: Open
) -> None:
    values = np.concatenate([np.ones(40), np.zeros(500), np.full(10, 0.25)])
    page = one_run(tmp_path, values, open_page)
    page.page.check("#log")
    page.settle()
    for trace in traces(page, "loss"):
        drawn = dict(zip(trace["x"], trace["y"], strict=True))
        assert {x for x, y in drawn.items() if y is None} == set(range(40, 540))
    assert min(y_range(page, "loss")) > -3


def test_a_thinned_series_is_drawn_as_means_between_its_extremes(
    tmp_path: Path, open_page: Open
) -> None:
    values = np.random.default_rng(2).standard_normal(30_000).astype(np.float32)
    values[12_345] = 9.0
    page = one_run(tmp_path, values, open_page, smoothing=0)
    band, line = traces(page, "loss")
    assert band["fill"] == "toself"
    assert (max(band["y"]), min(band["y"])) == pytest.approx((9.0, values.min()))
    assert np.std(line["y"]) < 0.4  # of single values it would be 1
    page.page.locator("#charts .plot").hover()
    heads = page.page.locator("#tooltip th").all_inner_texts()
    assert heads[2:5] == ["Mean", "Least, greatest", "Of steps"]
    cells = page.page.locator("#tooltip tbody td").all_inner_texts()
    first, last = (int(each.replace(",", "")) for each in cells[4].split("\u2013"))
    inside = values[first : last + 1].astype(float)
    told = [float(cells[2]), *map(float, cells[3].split(", "))]
    assert told == pytest.approx([inside.mean(), inside.min(), inside.max()], rel=2e-4)


def test_a_zoom_beyond_what_is_stored_says_how_to_see_more(tmp_path: Path, open_page: Open) -> None:
    page = one_run(tmp_path, np.sin(np.arange(30_000) / 900), open_page)
    page.page.locator("#charts .plot").scroll_into_view_if_needed()
    box = page.page.locator("#charts .plot").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    for _ in range(2):
        page.page.mouse.move(box["x"] + 150, middle)
        page.page.mouse.down()
        page.page.mouse.move(box["x"] + 174, middle, steps=4)
        page.page.mouse.up()
        page.settle()
    said = page.page.locator("#charts .stored").inner_text()
    assert "tbtools report LOGS -o zoom.html --tag 'loss' --steps " in said
    page.page.get_by_role("radio", name="Relative").check()  # another axis: no half of a zoom
    page.settle()
    whole = of_card(page, "loss", "card.querySelector('.plot')._fullLayout.yaxis.range")
    assert whole[0] < -1 < 1 < whole[1]
    assert not page.page.locator("#charts .stored").is_visible()


def test_around_a_finding_every_point_is_drawn(tmp_path: Path) -> None:
    values = np.concatenate([np.exp(-np.arange(20_000) / 4000), np.full(2000, np.nan)])
    values[:20_000] += 0.01 * np.random.default_rng(0).standard_normal(20_000)
    write_scalars(tmp_path / "logs" / "run", "train/loss", values)
    from tests.render.report_logs import arrays_of

    html = report(tmp_path / "logs", tmp_path / "r.html", plotlyjs="cdn").read_text("utf-8")
    page, arrays = page_of(html), arrays_of(html)
    (series,) = page["series"]
    (finding,) = [each for group in page["findings"] for each in group["findings"]]
    drawn = set(arrays[series["step"]][arrays[series["step"]] == arrays[series["to"]]].tolist())
    onset = finding["onset_step"]
    assert set(range(onset - 10, onset + 11)) <= drawn


def test_small_curves_have_one_scale_of_steps(tmp_path: Path, open_page: Open) -> None:
    write_scalars(tmp_path / "logs" / "long", "loss", np.linspace(1, 0.1, 600))
    write_scalars(tmp_path / "logs" / "short", "loss", np.linspace(1, 0.5, 200))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    ends = page.js(
        """() => Object.fromEntries([...document.querySelectorAll('table.runs tbody tr')].map(
             (row) => {
               const path = row.querySelector('path').getAttribute('d');
               const last = path.split(/[ML]/).pop().split(' ')[0];
               return [row.querySelector('th').textContent, Number(last)];
             }))"""
    )
    assert ends["short"] == pytest.approx(ends["long"] / 3, abs=1.5)


def test_a_list_of_many_runs_shows_how_their_names_differ(tmp_path: Path, open_page: Open) -> None:
    for run, rate in itertools.product(range(60), ("0.1", "0.01")):
        name = f"cifar10_resnet18_lr{rate}_bs128_seed{run}_cosine_warmup_augmented_v2"
        write_scalars(tmp_path / "logs" / name, "loss", np.linspace(1, run / 60, 3))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    seen = page.js(
        """() => {
             const room = document.querySelector('.sidebar').getBoundingClientRect().bottom;
             return [...document.querySelectorAll('.run-list:not(.groups) li')].filter(
               (item) => item.getBoundingClientRect().bottom < Math.min(room, innerHeight),
             ).map((item) => {
               const name = item.querySelector('.name') ?? item;
               return [name.textContent, name.scrollHeight <= name.clientHeight + 2,
                       name.scrollWidth <= name.clientWidth];
             });
           }"""
    )
    assert seen[0][0] == "cifar10_resnet18_…cosine_warmup_augmented_v2"
    assert len(seen) > 8
    for name, is_high_enough, is_wide_enough in seen[1:]:
        assert re.fullmatch(r"lr0\.0?1_bs128_seed\d+", name)
        assert is_high_enough
        assert is_wide_enough
    assert len({name for name, *_ in seen}) == len(seen)


class TestOneLongRunAmongMany:
    """A chart begins with most runs, says what goes on, and shows the whole after a click."""

    @staticmethod
    def write(folder: Path, short: int) -> Path:
        for run in range(short):
            write_scalars(folder / f"s{run}", "loss", np.linspace(2, 1 + run / 99, 100))
        write_scalars(folder / "long", "loss", np.linspace(2, 0, 5000))
        return report(folder, folder.parent / "r.html", smoothing=0)

    @staticmethod
    def seen(page: OpenPage) -> tuple[float, str]:
        """The end of the x axis of the main chart, and what is said above it."""
        page.settle()
        end: float = page.js("document.querySelector('.hero .plot')._fullLayout.xaxis.range[1]")
        words = page.page.locator(".hero .beyond")
        return end, words.inner_text() if words.is_visible() else ""

    def test_words_and_clicks(self, tmp_path: Path, open_page: Open) -> None:
        page = open_page(self.write(tmp_path / "logs", 12))
        end, words = self.seen(page)
        assert 99 <= end < 110
        assert words == "1 line goes on to step 4,999. Show all"
        low = page.js("document.querySelector('.hero .plot')._fullLayout.yaxis.range[0]")
        assert 0.9 < low < 1  # without what lies beyond
        page.page.locator(".hero .beyond button").click()
        end, words = self.seen(page)
        assert 4999 <= end < 5500
        assert words == "Show where most runs are"
        assert page.js("document.querySelector('.hero .plot')._fullLayout.yaxis.range[0]") < 0
        page.page.locator(".hero .beyond button").click()
        assert self.seen(page)[0] < 110

    def test_linked_charts(self, tmp_path: Path, open_page: Open) -> None:
        page = open_page(self.write(tmp_path / "logs", 12))
        page.page.check("#linked")
        page.page.locator(".hero .beyond button").click()
        assert self.seen(page)[0] >= 4999
        page.page.locator(".hero .beyond button").click()
        assert self.seen(page)[0] < 110

    def test_small_curves_end_there_too(self, tmp_path: Path, open_page: Open) -> None:
        page = open_page(self.write(tmp_path / "logs", 12))
        drawn = page.js(
            """() => [...document.querySelectorAll('table.runs tbody tr')].map((row) => {
                 const paths = [...row.querySelectorAll('td svg path')];
                 const points = paths[0].getAttribute('d').match(/[ML]\\d+/g).length;
                 return [row.querySelector('th').textContent, paths.length, points];
               })"""
        )
        assert {name: paths for name, paths, _ in drawn if paths > 1} == {"long": 2}
        assert min(points for *_, points in drawn) > 50

    @pytest.mark.parametrize("short", [3, 8])
    def test_of_few_runs_all_is_shown(self, tmp_path: Path, open_page: Open, short: int) -> None:
        page = open_page(self.write(tmp_path / "logs", short))
        end, words = self.seen(page)
        assert end >= 4999
        assert words == ""


def test_no_two_runs_look_alike(tmp_path: Path, open_page: Open) -> None:
    for run in range(25):
        write_scalars(tmp_path / "logs" / f"s{run}", "loss", np.linspace(1, run / 25, 40))
    path = report(tmp_path / "logs", tmp_path / "r.html", smoothing=0, group="s1*")
    page = open_page(path)
    looks = [(each["line"]["color"], each["line"]["dash"]) for each in traces(page, "loss")]
    assert len(looks) == len(set(looks)) == 25
    figure = tbtools.plot(tmp_path / "logs", "loss", smoothing=0)
    drawn = {trace.name: (trace.line.color, trace.line.dash) for trace in figure.data}
    runs = page_of(path.read_text("utf-8"))["runs"]
    assert drawn == {run["name"]: (run["color"], run["dash"]) for run in runs}
    page.page.check("#grouped")
    page.settle()
    lines = [each for each in traces(page, "loss") if not each.get("fill")]
    looks = [(each["line"]["color"], each["line"]["dash"]) for each in lines]
    assert len(looks) == len(set(looks)) == 15


@pytest.mark.parametrize("width", [400, 1440])
def test_ticks_are_whole(tmp_path: Path, open_page: Open, width: int) -> None:
    builder = EventFileBuilder().file_version()
    for step in range(50):
        at = START + 90_000 * step
        builder.scalar("large", step, 1e5 + 1234567.0 * step, wall_time=at)
        builder.scalar("exact", step, 1234.5678 + step * 1e-3, wall_time=at)
        builder.scalar("small", step, -1.25e-12 * step, wall_time=at)
    builder.write(tmp_path / "logs" / "run" / "tfevents.1")
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"), width=width)
    outside = """[...card.querySelectorAll('.xtick text, .ytick text')].filter((text) => {
      const [inner, outer] = [text, card.querySelector('.main-svg')].map((each) =>
        each.getBoundingClientRect());
      return inner.left < outer.left - 1 || inner.right > outer.right + 1 ||
        inner.bottom > outer.bottom + 1;
    }).map((each) => each.textContent)"""
    for axis in ("Step", "Wall time"):
        page.page.get_by_role("radio", name=axis).check()
        for tag in ("large", "exact", "small"):
            assert of_card(page, tag, outside) == []


def test_hidden_runs_are_silent(open_page: Open, tmp_path: Path) -> None:
    page = open_page(report(LOGS, tmp_path / "r.html"))
    assert "diverged" in page.page.locator(".findings").inner_text()
    page.page.locator(".run-list li", has_text="diverged").locator("input").uncheck()
    page.settle()
    assert "diverged" not in page.page.locator(".findings").inner_text()
    total = page.page.locator("#findings-title small").inner_text()
    assert " of " in total
    told = of_card(page, "train/loss", "card.querySelector('.notes').textContent")
    assert "divergence" not in told
    page.page.get_by_role("button", name="Hide all").click()
    page.settle()
    assert of_card(page, "train/loss", "card.querySelectorAll('.xtick').length") == 0
    said = of_card(page, "train/loss", "card.querySelector('.nothing').textContent")
    assert said == "No run that is shown has this."
    page.page.get_by_role("button", name="Show all").click()
    page.settle()
    assert of_card(page, "train/loss", "card.querySelectorAll('.xtick').length") > 2


def test_a_diff_of_groups_draws_the_difference_of_their_means(
    tmp_path: Path, open_page: Open
) -> None:
    random = np.random.default_rng(4)
    curves = {}
    for rate in ("low", "high"):
        for seed in range(3):
            curves[rate, seed] = random.standard_normal(50)
            write_scalars(tmp_path / "logs" / f"{rate}_{seed}", "loss", curves[rate, seed])
    groups = ["low_*", "high_*"]
    logs = tbtools.load(tmp_path / "logs")
    result = diff(logs, group=groups)
    page = open_page(
        diff_report(result, logs, None, tmp_path / "d.html", group=groups, smoothing=0)
    )
    page.scroll_through()
    drawn = page.js("Array.from(document.querySelector('#charts .group .plot').data.at(-1).y)")
    means = {
        rate: np.mean([curves[rate, seed] for seed in range(3)], axis=0) for rate in ("low", "high")
    }
    sign = 1 if result.runs[0].a == "low" else -1
    np.testing.assert_allclose(drawn, sign * (means["high"] - means["low"]), atol=1e-5)
    assert page.page.locator("#charts .group h2").first.inner_text().startswith("Differences")


def test_the_page_ends_with_what_is_on_it(tmp_path: Path, open_page: Open) -> None:
    for run in range(300):
        name = f"experiment_with_a_long_name/learning_rate_{run}/seed"
        write_scalars(tmp_path / "logs" / name, "loss", np.linspace(1, run / 300, 3))
    page = open_page(report(tmp_path / "logs", tmp_path / "r.html"))
    last = page.js("document.querySelector('#provenance').getBoundingClientRect().bottom + scrollY")
    assert page.js("document.documentElement.scrollHeight") <= last + 100


def test_a_page_does_not_say_where_the_files_lie(tmp_path: Path) -> None:
    logs = tmp_path / "home" / "mylogs"
    write_scalars(logs / "run", "loss", np.linspace(1, 0, 20))
    other = write_scalars(tmp_path / "elsewhere" / "run2", "loss", np.linspace(1, 0, 20))
    html = report(logs, tmp_path / "r.html", plotlyjs="cdn").read_text("utf-8")
    assert page_of(html)["title"] == "mylogs"
    assert str(tmp_path) not in html
    runs = {"a": tbtools.load(logs)["run"], "b": tbtools.load(other)["."]}
    html = report(runs, tmp_path / "r2.html", plotlyjs="cdn").read_text("utf-8")
    assert str(tmp_path) not in html
    page = diff_report(diff(logs, other), logs, other, tmp_path / "d.html", plotlyjs="cdn")
    assert str(tmp_path) not in page.read_text("utf-8")
    html = report(logs, tmp_path / "r3.html", plotlyjs="cdn", show_paths=True).read_text("utf-8")
    assert str(logs / "run" / "events.out.tfevents.1") in html
