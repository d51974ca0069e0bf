"""Alignment of curves, and the axes along which they can be looked at."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tbtools
from tbtools.analysis.align import INTERPOLATED, MISSING, OWN, align
from tbtools.errors import InvalidArgument, UnknownTag
from tbtools.runs.scalars import read_scalars_of
from tbtools.runs.selection import Selection, Selector
from tbtools.runs.series import RunScalars, last_of_each
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path

NAN = math.nan


def steps(*values: int) -> Any:
    return np.array(values, np.int64)


def test_exact_takes_every_step_and_only_points_that_exist() -> None:
    aligned = align([steps(0, 2, 4), steps(2, 3)], "exact")
    assert aligned.x.tolist() == [0, 2, 3, 4]
    assert aligned.x.dtype == np.int64
    assert aligned.state.tolist() == [[OWN, OWN, MISSING, OWN], [MISSING, OWN, OWN, MISSING]]
    values = aligned.values([np.array([0.0, 2.0, 4.0]), np.array([20.0, 30.0])])
    np.testing.assert_array_equal(values, [[0, 2, NAN, 4], [NAN, 20, 30, NAN]])


def test_interpolation_never_goes_beyond_a_curves_ends() -> None:
    aligned = align([steps(0, 10), steps(4, 6, 20)], "interpolate")
    assert aligned.x.tolist() == [0, 4, 6, 10, 20]
    assert aligned.state.tolist() == [
        [OWN, INTERPOLATED, INTERPOLATED, OWN, MISSING],
        [MISSING, OWN, OWN, INTERPOLATED, OWN],
    ]
    values = aligned.values([np.array([0.0, 1.0]), np.array([0.0, 1.0, 8.0])])
    np.testing.assert_allclose(values, [[0, 0.4, 0.6, 1, NAN], [NAN, 0, 1, 3, 8]], rtol=1e-15)


def test_a_nan_spoils_the_lines_to_it_but_no_point() -> None:
    aligned = align([steps(0, 2, 4, 6), steps(1, 3, 5)], "interpolate")
    values = aligned.values([np.array([0.0, NAN, 4.0, 6.0]), np.zeros(3)])
    np.testing.assert_array_equal(values[0], [0, NAN, NAN, NAN, 4, 5, 6])


def test_a_grid_has_the_multiples_of_its_spacing() -> None:
    aligned = align([steps(3, 13), steps(8, 21)], 5)
    assert aligned.x.tolist() == [5, 10, 15, 20]
    assert aligned.x.dtype == np.int64
    assert aligned.state.tolist() == [
        [INTERPOLATED, INTERPOLATED, MISSING, MISSING],
        [MISSING, INTERPOLATED, INTERPOLATED, INTERPOLATED],
    ]
    np.testing.assert_allclose(
        aligned.values([np.array([3.0, 13.0]), np.array([8.0, 21.0])]),
        [[5, 10, NAN, NAN], [NAN, 10, 15, 20]],
    )


def test_a_grid_of_fractions() -> None:
    assert align([np.array([0.3, 1.2])], 0.5).x.tolist() == [0.5, 1.0]


def test_nothing_to_align() -> None:
    assert align([], "exact").x.size == 0
    assert align([steps()], 10).x.size == 0
    assert align([steps(), steps(1)], "interpolate").state.tolist() == [[MISSING], [OWN]]


@pytest.mark.parametrize("how", ["nearest", 0, -1.0, math.inf, NAN])
def test_what_is_no_alignment_is_refused(how: Any) -> None:
    with pytest.raises(InvalidArgument, match="spacing of a grid"):
        align([steps(1)], how)


def test_a_grid_that_no_memory_holds_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="points here"):
        align([steps(0, 10**15)], 1)


CURVES = st.lists(
    st.dictionaries(st.integers(-50, 50), st.floats(-1e3, 1e3), min_size=1, max_size=12),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(curves=CURVES)
def test_interpolation_is_numpys_and_points_are_kept_exactly(
    curves: list[dict[int, float]],
) -> None:
    places = [steps(*sorted(curve)) for curve in curves]
    columns = [np.array([curve[x] for x in sorted(curve)]) for curve in curves]
    aligned = align(places, "interpolate")
    values = aligned.values(columns)
    for curve, x, y, row in zip(curves, places, columns, values, strict=True):
        want = np.interp(aligned.x, x, y, left=NAN, right=NAN)
        np.testing.assert_allclose(row, want, rtol=1e-12, atol=1e-9)
        for at, value in zip(aligned.x.tolist(), row.tolist(), strict=True):
            if at in curve:
                assert value == curve[at]


def test_of_points_at_one_x_the_last_written_is_taken() -> None:
    x = np.array([3.0, 1.0, NAN, 3.0, 2.0, 1.0])
    assert last_of_each(x).tolist() == [5, 4, 3]
    assert last_of_each(np.empty(0)).tolist() == []


class TestAxes:
    @pytest.fixture
    def run(self, tmp_path: Path) -> Any:
        builder = EventFileBuilder().text("note", 0, "first", wall_time=START - 5)
        for step, tokens in [(0, 0), (10, 1000), (20, 4000)]:
            builder.scalar("tokens_seen", step, tokens)
        builder.scalars("loss", [(0, 3.0), (5, 2.0), (10, 1.0), (18, 0.8), (30, 0.5)])
        builder.write(tmp_path / "events.out.tfevents.1")
        return tbtools.load(tmp_path)["."]

    def test_step_and_time(self, run: Any) -> None:
        scalars = chosen(run)
        assert scalars.places("loss", "step").tolist() == [0, 5, 10, 18, 30]
        wall = [START + step for step in (0, 5, 10, 18, 30)]
        # From the run's first event of any kind, not the series'.
        relative = [5, 10, 15, 23, 35]
        for name, want in (("wall", wall), ("wall_time", wall), ("relative", relative)):
            assert scalars.places("loss", name).tolist() == want
        assert scalars.places("loss", "relative_time").tolist() == relative

    def test_active_time_has_no_pauses_between_sessions(self, tmp_path: Path) -> None:
        first = EventFileBuilder().file_version(wall_time=START)
        first.scalars("loss", [(0, 3.0), (10, 2.0)]).scalar("other", 12, 0.0)
        first.write(tmp_path / "events.out.tfevents.1")
        second = EventFileBuilder().file_version(wall_time=START + 1000)
        second.scalar("loss", 20, 1.0, START + 1005).scalar("loss", 30, 0.5, START + 1015)
        second.write(tmp_path / "events.out.tfevents.2")
        # The first session ended with the last event of any tag, 12 seconds after it began.
        run = tbtools.load(tmp_path)["."]
        assert chosen(run).places("loss", "active").tolist() == [0, 10, 17, 27]
        (trace,) = tbtools.plot(run, "loss", x="active", smoothing=0).data
        assert trace.x.tolist() == [0, 10, 17, 27]
        frame = tbtools.aggregate(run, tags="loss", x="active").to_frame()
        assert frame["active"].tolist() == [0, 10, 17, 27]
        with pytest.raises(tbtools.InvalidArgument, match="is for runs"):
            tbtools.smooth(run.scalars(), method="time_weighted_ema", by="active")

    def test_another_scalar_between_its_points_and_not_beyond_them(self, run: Any) -> None:
        scalars = chosen(run, x="tokens_seen")
        assert list(scalars.series) == ["loss"]
        np.testing.assert_allclose(
            scalars.places("loss", "tokens_seen"), [0, 500, 1000, 3400, NAN], rtol=1e-12
        )

    def test_an_axis_that_the_run_does_not_have(self, run: Any) -> None:
        with pytest.raises(UnknownTag, match="close: 'tokens_seen'"):
            chosen(run, x="token_seen")


def chosen(run: Any, **options: Any) -> RunScalars:
    return read_scalars_of(run, Selector(Selection.of("loss")), **options)
