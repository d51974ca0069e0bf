"""`tbtools figure`: what the files hold, against the numbers that were written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

import tbtools
from tests.builders import EventFileBuilder
from tests.commands import call, process

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("matplotlib", reason="the extra figure is not installed")
from PIL import Image

FILE = "events.out.tfevents.1"
VALUES = {
    f"lr={lr}_seed={seed}": [(step, lr * step + seed) for step in range(0, 50, 5)]
    for lr in (1, 2)
    for seed in (0, 1, 4)
}
EVIL = "a$b_{\x1b[31m%"


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for run, points in VALUES.items():
        EventFileBuilder().scalars("loss", points).write(tmp_path / "logs" / run / FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "logs"


def drawn(text: str) -> list[np.ndarray]:
    """The coordinates of each plot of a .tex file, shape (n, 2)."""
    pair = re.compile(r"\(([^,()]+),([^,()]+)\)")
    plots = re.findall(r"coordinates \{(.*?)\}", text, re.DOTALL)
    return [np.array([list(map(float, each)) for each in pair.findall(plot)]) for plot in plots]


@pytest.mark.parametrize(
    ("band", "middle", "low", "high"),
    [
        ("minmax", np.median, np.min, np.max),
        ("std", np.mean, lambda x: x.mean() - x.std(ddof=1), lambda x: x.mean() + x.std(ddof=1)),
        ("stderr", np.mean, None, lambda x: x.mean() + x.std(ddof=1) / np.sqrt(x.size)),
        ("quartiles", np.median, lambda x: np.quantile(x, 0.25), lambda x: np.quantile(x, 0.75)),
    ],
)
def test_lines_and_bands_of_groups(logs: Path, band, middle, low, high) -> None:  # type: ignore[no-untyped-def]
    result = call("figure", "logs", "--group", "(?P<lr>lr=.)", "--band", band, "-o", "f.tex")
    assert result.status == 0, result.err
    assert "f.tex: 1 chart, 2 lines of 6 runs, 3.3 x 2.2 in" in result.out
    text = (logs.parent / "f.tex").read_text()
    bands_and_lines = drawn(text)
    for number, lr in enumerate((1, 2)):
        around, line = bands_and_lines[2 * number : 2 * number + 2]
        steps = np.arange(0, 50, 5)
        seeds = np.array([0.0, 1.0, 4.0])
        np.testing.assert_allclose(line, [(s, middle(lr * s + seeds)) for s in steps])
        above = [(s, high(lr * s + seeds)) for s in steps]
        np.testing.assert_allclose(around[:10], above)
        if low:
            below = [(s, low(lr * s + seeds)) for s in steps]
            np.testing.assert_allclose(around[10:], below[::-1])
    assert r"rectangle (3.3000in,2.2000in);" in text
    assert text.count(r"\begin{axis}") == text.count(r"\end{axis}") == 1


def test_a_pdf_has_its_size_and_its_fonts(logs: Path) -> None:
    call("figure", "logs", "-o", "f.pdf", "--size", "84x56mm")
    content = (logs.parent / "f.pdf").read_bytes()
    (box,) = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", content)
    assert [float(each) / 72 * 25.4 for each in box] == pytest.approx([84, 56], abs=0.001)
    assert b"/FontFile2" in content
    assert b"/Type3" not in content
    assert b"CreationDate" not in content


def test_pictures_have_their_size_and_come_out_the_same_again(logs: Path) -> None:
    first = tbtools.figure("logs", "a.png", size=(3.3, 2.2))
    assert (first.width, first.height, first.runs, first.curves) == (3.3, 2.2, 6, 6)
    with Image.open("a.png") as image:
        assert image.size == (990, 660)
    tbtools.figure("logs", "a.svg")
    tbtools.figure("logs", "b.svg")
    svg = (logs.parent / "a.svg").read_text()
    assert 'width="237.6pt" height="158.4pt"' in svg
    assert "<text" not in svg  # letters are shapes
    assert svg == (logs.parent / "b.svg").read_text()


def test_names_are_shown_as_they_are_and_labels_as_their_author_says(tmp_path: Path) -> None:
    for run in (EVIL, "b"):
        EventFileBuilder().scalars("l", [(1, 1.0), (2, 3.0)]).write(tmp_path / "logs" / run / FILE)
    labels = tmp_path / "labels.toml"
    labels.write_text('b = "50 % $\\\\eta^2$"\nstep = "updates"\n')
    for ending in ("tex", "pdf"):
        target = os.fspath(tmp_path / f"f.{ending}")
        result = call("figure", str(tmp_path / "logs"), "-o", target, "--labels", str(labels))
        assert result.status == 0, result.err
        assert "\x1b" not in result.out + result.err
    text = (tmp_path / "f.tex").read_text()
    assert r"{50 \% $\eta^2$}" in text
    assert r"a\$b\_\{\textbackslash{}x1b[31m\%" in text
    assert "xlabel={updates}" in text
    labels.write_text('c = "C"\n')
    result = call(
        "figure", str(tmp_path / "logs"), "-o", target, "--labels", str(labels), "--force"
    )
    assert (result.status, "nothing is called 'c'" in result.err) == (2, True)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_latex_takes_it_at_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures and tables, of names that mean something to TeX."""
    for run in (EVIL, "b~^&#\\input"):
        points = [(step, 1 / (1 + step)) for step in range(1, 40)]
        EventFileBuilder().scalars("loss_%", points).write(tmp_path / "logs" / run / FILE)
    monkeypatch.chdir(tmp_path)
    for command in (
        "figure logs -o f.tex --size 3x2in",
        "figure logs --group * --log -o g.tex",
        "best logs -o t.tex",
        "diff logs --baseline b~^&#\\input -o d.tex",
    ):
        assert call(*command.split()).status < 2, command
    page = r"""
\documentclass{article}\usepackage{pgfplots,booktabs}\pgfplotsset{compat=1.16}\begin{document}
\setbox0\hbox{\input{f.tex}}\typeout{size \the\wd0 x\the\ht0}\box0
\input{g.tex} \input{t.tex} \input{d.tex}
\end{document}"""
    (tmp_path / "page.tex").write_text(page)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        capture_output=True, text=True, errors="replace", check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    [width, height] = re.findall(r"size ([\d.]+)ptx([\d.]+)pt", done.stdout)[0]
    # TeX's point is 1/72.27 in.
    assert [float(width) / 72.27, float(height) / 72.27] == pytest.approx([3, 2], abs=0.01)


def test_what_is_thinned_missing_or_left_out_is_said(tmp_path: Path) -> None:
    values = np.sin(np.arange(5000) / 50).tolist()
    values[123], values[2500] = float("nan"), 7.5
    for run, points in (("long", enumerate(values)), ("short", [(0, 1.0), (9, 2.0)])):
        builder = EventFileBuilder().scalars("loss", list(points))
        builder.write(tmp_path / "logs" / run / FILE)
    target = tmp_path / "f.tex"
    written = tbtools.figure(tmp_path / "logs", target)
    assert any("of 5,000 points drawn" in note for note in written.remarks)
    assert any("1 point not finite" in note for note in written.remarks)
    line, _ = drawn(target.read_text())
    assert np.isnan(line[line[:, 0] == 123, 1]).all()
    assert np.nanmax(line[:, 1]) == 7.5
    grouped = tbtools.figure(tmp_path / "logs", target, group="*", band="minmax", force=True)
    assert any("fewer than 2 runs behind them" in note for note in grouped.remarks)
    only = tbtools.figure(tmp_path / "logs", target, group="short", force=True)
    assert any("1 run in no group" in note for note in only.remarks)
    assert any("one run, and so no band" in note for note in only.remarks)


def test_ridges_are_densities(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    tensorboardx = pytest.importorskip("tensorboardX")
    with tensorboardx.SummaryWriter(str(tmp_path / "logs")) as writer:
        for step in range(30):
            writer.add_histogram("w", rng.normal(0, 1, 20_000), step)
    target = tmp_path / "f.tex"
    result = call("figure", str(tmp_path / "logs"), "--data", "histograms", "-o", str(target))
    assert result.status == 0, result.err
    assert "20 of 30 histograms drawn" in result.err
    lines = drawn(target.read_text())[1::2]
    assert len(lines) == 20
    tops = np.array(
        [line[:, 1] - base for line, base in zip(lines, range(19, -1, -1), strict=True)]
    )
    x = lines[0][:, 0]
    assert tops.max() == pytest.approx(2.5)
    for top in tops[:, 1:-1]:  # a normal distribution: its variance is 1 and half lies below 0
        middle = x[1:-1]
        assert np.average(middle**2, weights=top) == pytest.approx(1, abs=0.1)
        assert np.average(middle, weights=top) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "f.jpg"], "only pdf, svg, png, latex"),
        (["-o", "f.pdf", "--band", "std"], "band has no effect without group"),
        (["-o", "f.pdf", "--size", "3x"], "no size such as 3.3x2.2in"),
        (["-o", "f.pdf", "--size", "0.1x2in"], "0.8 to 60 inches"),
        (["-o", "f.pdf", "--data", "histograms", "--log"], "log has no effect on histograms"),
        (["-o", "f.pdf", "--data", "histograms"], "histograms"),
        (["-o", "f.pdf", "--tag", "nothing"], "nothing"),
        (["-o", "f.pdf", "--size", "1x0.8in", "--style", "slides"], "no room"),
        (["-o", "f.pdf", "--labels", "logs/none.toml"], "none.toml"),
        (["-o", "no/where/f.pdf"], "no/where"),
    ],
)
def test_refusals(logs: Path, options: list[str], said: str) -> None:
    result = call("figure", "logs", *options)
    assert (result.status, result.out) == (2, "")
    assert said in result.err
    assert result.err.count("\n") == 1
    assert not (logs.parent / "f.pdf").exists()


def test_no_event_file_is_replaced(logs: Path) -> None:
    path = "logs/lr=1_seed=0/" + FILE
    before = (logs.parent / path).read_bytes()
    result = call("figure", "logs", "--format", "latex", "-o", path, "--force")
    assert (result.status, result.out) == (2, "")
    assert "which is no result of tbtools and is never replaced" in result.err
    assert (logs.parent / path).read_bytes() == before


def test_more_lines_than_can_be_told_apart(tmp_path: Path) -> None:
    for number in range(21):
        EventFileBuilder().scalar("l", 1, 1.0).write(tmp_path / "logs" / str(number) / FILE)
    with pytest.raises(tbtools.InvalidArgument, match="nobody tells 21 lines apart"):
        tbtools.figure(tmp_path / "logs", tmp_path / "f.pdf")


@pytest.mark.parametrize("ending", ["png", "tex"])
def test_a_legend_that_leaves_the_charts_no_room_is_told(logs: Path, ending: str) -> None:
    for run in range(10, 20):
        EventFileBuilder().scalars("loss", VALUES["lr=1_seed=0"]).write(
            logs / (str(run) * 15) / FILE
        )
    told = call("figure", str(logs), "--run", "1*", "-o", f"small.{ending}").err
    [share] = re.findall(r"the legend takes (\d+)% of the height: choose runs", told)
    assert 50 < int(share) < 100
    for options in (["--run", "1*", "--size", "3.3x9in"], ["--run", "lr=1*"]):
        result = call("figure", str(logs), *options, "-o", f"fit.{ending}", "--force")
        assert (result.status, "the legend takes" in result.err) == (0, False)


def test_a_formula_that_is_none_is_named(logs: Path) -> None:
    with pytest.raises(tbtools.InvalidArgument, match="no formula"):
        tbtools.figure("logs", "f.pdf", labels={"loss": r"$\frac{1$"})


def test_a_logarithmic_axis_has_nothing_of_zero_or_less(tmp_path: Path) -> None:
    for run, values in (("a", [4.0, 2.0, 0.0]), ("b", [0.0, 4.0, 0.0])):
        builder = EventFileBuilder().scalars("l", list(enumerate(values)))
        builder.write(tmp_path / "logs" / run / FILE)
    written = tbtools.figure(
        tmp_path / "logs", tmp_path / "f.tex", group="*", band="minmax", log=True
    )
    assert sum("logarithmic axis" in remark for remark in written.remarks) == 2
    text = (tmp_path / "f.tex").read_text()
    assert "ymode=log" in text
    band, line = drawn(text)
    assert line[:2].tolist() == [[0, 2], [1, 3]]  # the medians of 4 and 0, and of 2 and 4
    assert np.isnan(line[2, 1])
    assert band.tolist() == [[0, 4], [1, 4], [1, 2], [0, 2]]  # cut at 2, the least above 0
    for ending in ("pdf", "png"):
        tbtools.figure(tmp_path / "logs", tmp_path / f"f.{ending}", log=True)


def test_standard_output(logs: Path) -> None:
    result = process("figure", os.fspath(logs), "-o", "-", "--format", "latex")
    assert result.out.startswith("% Made by tbtools")
    assert "1 chart, 6 lines" in result.err


def test_an_aggregate_is_drawn_with_labels(logs: Path) -> None:
    figure = tbtools.aggregate("logs", group=r"lr=(?P<lr>.)").plot(
        labels={"lr=1": "slow", "loss": "Loss <b>"}
    )
    names = {trace.name for trace in figure.data}
    assert names == {"slow", "lr=2"}
    assert figure.layout.annotations[0].text == "Loss &lt;b&gt;"
