"""What is drawn of real logs is what `tbtools.load` reads of them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tbtools
from tbtools.render.report import report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from tests.render.conftest import OpenPage

# The lines of the chart with a number, when it is drawn; nothing as long as it is not.
LINES = """(number) => {
  const {card, element} = window.charts[number];
  card.element.scrollIntoView({block: 'center'});
  if (card.stale) return null;
  const list = (values) => values && Array.from(values, (each) => Number.isFinite(each) ? each
    : String(each));
  return card.lines.map(({runs, series}) => ({run: runs[0], thinned: Boolean(series.to),
    step: list(series.step), value: list(series.value), count: list(series.count),
    low: list(series.low), high: list(series.high), breaks: series.breaks ?? null}));
}"""


def numbers(values: list[Any]) -> np.ndarray:
    words = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
    return np.array([words[each] if isinstance(each, str) else each for each in values], float)


def compare(line: dict[str, Any], rows: pd.DataFrame) -> None:
    """A line of a chart, with the points of its series in the order written."""
    value, step = rows["value"].to_numpy(), rows["step"].to_numpy()
    drawn = numbers(line["value"])
    if line["count"] is None:
        np.testing.assert_array_equal(numbers(line["step"]), step.astype(float))
        np.testing.assert_array_equal(drawn, value)
        return
    count = numbers(line["count"]).astype(int)
    first = np.r_[0, count.cumsum()[:-1]]
    assert count.sum() == len(value)
    np.testing.assert_array_equal(numbers(line["step"]), step[first].astype(float))
    if not line["thinned"]:  # one of each bucket
        np.testing.assert_array_equal(drawn, value[first])
        return
    with np.errstate(invalid="ignore", over="ignore"):
        scale = np.maximum.reduceat(np.abs(value), first)
        mean = np.add.reduceat(value, first) / count
    np.testing.assert_allclose(drawn, mean, atol=2e-6 * np.nanmax(scale, initial=0), rtol=1e-5)
    for name, extreme in (("low", np.minimum), ("high", np.maximum)):
        np.testing.assert_allclose(numbers(line[name]), extreme.reduceat(value, first), rtol=1e-4)


@pytest.mark.minutes
@pytest.mark.corpus
@pytest.mark.browser
def test_a_tenth_of_all_charts_has_the_values_of_the_files(
    corpus: Path, tmp_path: Path, open_page: Callable[..., OpenPage]
) -> None:
    chosen = random.Random(17)
    compared = 0
    for folder in sorted(path for path in corpus.iterdir() if path.is_dir()):
        experiment = tbtools.load(folder)
        try:
            page = open_page(report(experiment, tmp_path / f"{folder.name}.html", smoothing=0.0))
        except tbtools.InvalidArgument:
            continue  # no value at all
        page.page.context.set_default_timeout(60_000)
        tags = page.js(
            """() => {
              window.charts = [...document.querySelectorAll('#charts .card:has(.plot)')]
                .filter((element) => element.card?.lines && element.card.tag.series?.length)
                .map((element) => ({element, card: element.card}));
              return window.charts.map(({card}) => card.tag.parts ? null : card.tag.tag);
            }"""
        )
        names = page.js(
            "JSON.parse(document.getElementById('page').textContent).runs.map((run) => run.name)"
        )
        known = [number for number, tag in enumerate(tags) if tag is not None]
        for number in chosen.sample(known, -(-len(known) // 10)):
            page.page.wait_for_function(f"(number) => ({LINES})(number) !== null", arg=number)
            frame = experiment.scalars(tags[number])
            by_run = dict(tuple(frame.groupby("run", observed=True, sort=False)))
            lines = page.js(LINES, number)
            assert {names[line["run"]] for line in lines} == set(by_run)
            for line in lines:
                compare(line, by_run[names[line["run"]]])
                compared += 1
        page.page.context.close()
    assert compared > 50
