"""Heat maps, pictures and dots in characters, against what can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.render.terminal.heatmap import HeatMap, density, value_bounds
from tbtools.render.terminal.picture import picture_rows, small_picture
from tbtools.render.terminal.scatter import Dot, scatter_rows
from tbtools.runs.plugins.histograms import Histogram


def histogram(edges: list[float], counts: list[float]) -> Histogram:
    left, right = np.array(edges[:-1]), np.array(edges[1:])
    return Histogram(left, right, np.array(counts), edges[0], edges[-1], sum(counts))


def _luma(color: str) -> float:
    red, green, blue = bytes.fromhex(color[1:])
    return 0.299 * red + 0.587 * green + 0.114 * blue


def plain(rows: list[list[tuple[str, str]]]) -> list[str]:
    return ["".join(text for text, _ in row) for row in rows]


def test_counts_are_spread_evenly_over_their_buckets() -> None:
    # 3 of 4 between 0 and 2, 1 of 4 between 2 and 3: by bins of one half.
    shares = density([histogram([0, 2, 3], [3, 1])], 0, 4, 8)
    assert shares[0].tolist() == pytest.approx([3 / 16] * 4 + [1 / 8] * 2 + [0, 0])


def test_a_bucket_without_width_is_a_point() -> None:
    shares = density([histogram([1, 1], [5]), histogram([4, 4], [2])], 0, 4, 4)
    assert shares.tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]


def test_a_heat_map_has_each_histogram_at_its_steps() -> None:
    low, high = histogram([0, 1, 2], [8, 0]), histogram([0, 1, 2], [0, 8])
    heat = HeatMap([0, 100], [low, high], ascii_only=False, colors=False)
    assert plain(heat.rows(4, 2)) == ["  ██", "██  "]
    assert heat.labels(3) == ["2", "1", "0"]
    # The share is a half each: the root of it, of four shades.
    even = HeatMap([0, 1], [low, histogram([0, 1, 2], [4, 4])], ascii_only=False, colors=False)
    assert plain(even.rows(2, 2)) == [" ▓", "█▓"]


def test_a_heat_map_in_colours_has_two_bins_a_cell() -> None:
    one = histogram([0, 1, 2], [8, 0])
    [[cell]] = HeatMap([5], [one], ascii_only=False, colors=True).rows(3, 1)
    assert cell[0] == "▄▄▄"
    [[light]] = HeatMap([5], [one], ascii_only=False, colors=True, light=True).rows(3, 1)
    # What is most stands out from the background, whichever it is.
    assert _luma(cell[1]) > 200 > 100 > _luma(light[1])


def test_histograms_without_bounds_are_none() -> None:
    empty = Histogram(np.empty(0), np.empty(0), np.empty(0), 0, 0, 0)
    assert value_bounds([empty]) is None
    assert value_bounds([histogram([-np.inf, 1], [1])]) is None
    assert value_bounds([histogram([-1.7e308, 1.7e308], [1])]) == (-1.7e308, 1.7e308)


def test_a_picture_has_two_pixels_a_cell() -> None:
    pixels = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [0, 0, 0]]], np.uint8)
    rows = picture_rows(pixels, 2, 10, ascii_only=False, colors=True)
    assert rows == [[("▀", "#f80000 on #0000f8"), ("▀", "#00f800 on #000000")]]


def test_a_picture_without_colours_is_grey() -> None:
    pixels = np.repeat(np.array([0, 255], np.uint8), 12).reshape(4, 2, 3)
    assert plain(picture_rows(pixels, 2, 2, ascii_only=True, colors=False)) == ["  ", "@@"]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "CMYK"])
def test_pictures_of_all_modes_are_made_small(mode: str) -> None:
    Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")  # noqa: N806
    assert small_picture(Image.new(mode, (500, 40)), 100).shape == (8, 100, 3)


def test_grey_of_16_bits_and_what_is_transparent() -> None:
    Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")  # noqa: N806
    grey = Image.fromarray(np.array([[0, 128 * 256, 65535]], np.uint16))
    assert small_picture(grey, 9)[0].tolist() == [[0] * 3, [128] * 3, [255] * 3]
    assert small_picture(Image.new("RGBA", (1, 1), (255, 0, 0, 0)), 9).tolist() == [[[127] * 3]]


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (37, 53)])
def test_a_picture_fits_and_keeps_its_proportions(shape: tuple[int, int]) -> None:
    rows = picture_rows(np.zeros((*shape, 3), np.uint8), 20, 8, ascii_only=False, colors=True)
    wide = sum(len(text) for text, _ in rows[0])
    assert 1 <= wide <= 20
    assert 1 <= len(rows) <= 8
    assert wide == 20 or len(rows) == 8


def test_dots_stand_at_their_values() -> None:
    dots = [Dot(0, 1.0, "", False), Dot(5, 2.0, "red", True), Dot(10, 3.0, "", False)]
    assert plain(scatter_rows(dots, 8, 5, ascii_only=True)) == [
        "3 |    o",
        "  |  @  ",
        "1 |o    ",
        "  +-----",
        "   0  10",
    ]


@pytest.mark.parametrize(
    ("values", "columns"),
    [
        ([1e-4, 1e-2, 1.0], [0, 2, 4]),  # a hundred times: by the logarithm
        ([0.0, 0.5, 1.0], [0, 2, 4]),
        (["adam", "sgd", True], [2, 4, 0]),  # in the order of their names
        ([3, 3, 3], [2, 2, 2]),
    ],
)
def test_where_values_lie_along_the_axis(values: list[float], columns: list[int]) -> None:
    dots = [Dot(x, float(row), "", False) for row, x in enumerate(values)]
    drawn = plain(scatter_rows(dots, 8, 5, ascii_only=True))[2::-1]
    assert [row.index("o") - 3 for row in drawn] == columns
