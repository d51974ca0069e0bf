"""Smoothing: each method against its published formula, written down here once more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tbtools
from tbtools.analysis import _ema_python, smoothers
from tbtools.analysis.smoothers import SMOOTHING_METHODS, smooth_values, window_of
from tbtools.errors import InvalidArgument, NoEventFiles, UnknownTag
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path

NAN, INF = math.nan, math.inf
WEIGHTS = st.floats(0, 0.9999)
NUMBERS = st.floats(-1e6, 1e6)


@pytest.fixture(params=["compiled", "python"])
def loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both implementations of the moving averages, provably."""
    if request.param == "compiled":
        compiled = pytest.importorskip("tbtools.analysis._ema", reason="built without a compiler")
        monkeypatch.setattr(smoothers, "_loops", compiled)
        assert smoothers._loops.__file__.endswith(".so")
    else:
        monkeypatch.setattr(smoothers, "_loops", _ema_python)
        assert smoothers._loops.__file__.endswith("_ema_python.py")
    return str(request.param)


def published_ema(values: list[float], weight: float) -> list[float]:
    """TensorBoard's description of its smoothing, point by point."""
    finite = [value for value in values if math.isfinite(value)]
    if all(value == finite[0] for value in finite):
        return values
    last, number, result = 0.0, 0, []
    for value in values:
        if not math.isfinite(value):
            result.append(value)
            continue
        last = last * weight + (1 - weight) * value
        number += 1
        result.append(last / (1 - weight**number))
    return result


def same(got: Any, want: Any) -> bool:
    return np.array(got).tobytes() == np.array(want, np.float64).tobytes()


@pytest.mark.usefixtures("loops")
class TestEma:
    def test_the_numbers_of_tensorboards_own_example(self) -> None:
        got = tbtools.smooth(pd.Series([1, 0.5, NAN, 0.4, 0.3]), 0.6)
        assert got.round(5).tolist()[:2] == [1.0, 0.6875]
        assert math.isnan(got[2])
        assert got.round(5).tolist()[3:] == [0.54082, 0.43015]

    @pytest.mark.parametrize("weight", [0.0, 0.1, 0.6, 0.9, 0.99, 0.999])
    def test_the_bits_are_those_of_the_published_algorithm(self, weight: float) -> None:
        values = np.random.default_rng(0).normal(size=3000).cumsum()
        got = tbtools.smooth(pd.Series(values), weight)
        assert same(got, published_ema(values.tolist(), weight))

    def test_nonfinite_points_pass_through_and_leave_the_rest_alone(self) -> None:
        got = tbtools.smooth(pd.Series([INF, 1.0, NAN, 2.0, -INF, 4.0]), 0.5)
        alone = tbtools.smooth(pd.Series([1.0, 2.0, 4.0]), 0.5)
        assert got[[0, 4]].tolist() == [INF, -INF]
        assert math.isnan(got[2])
        assert got[[1, 3, 5]].tolist() == alone.tolist()

    def test_pandas_says_the_same_within_rounding(self) -> None:
        values = pd.Series(np.random.default_rng(1).normal(size=5000) + 3)
        values[::7] = NAN
        want = values.ewm(alpha=0.1, adjust=True, ignore_na=True).mean().where(values.notna())
        np.testing.assert_allclose(tbtools.smooth(values, 0.9), want, rtol=1e-12)


@pytest.mark.usefixtures("loops")
@settings(deadline=None)
@given(values=st.lists(st.floats(), min_size=1, max_size=50), weight=WEIGHTS)
def test_ema_of_any_values_is_the_published_one(values: list[float], weight: float) -> None:
    if not any(map(math.isfinite, values)):
        want = values
    else:
        want = published_ema(values, weight)
    got = tbtools.smooth(pd.Series(values, dtype=float), weight)
    np.testing.assert_array_equal(got, want)


@pytest.mark.usefixtures("loops")
class TestTimeWeightedEma:
    def test_each_point_is_the_sum_that_wandb_describes(self) -> None:
        rng = np.random.default_rng(2)
        x = np.sort(rng.choice(10_000, 60, replace=False)).astype(float)
        y = rng.normal(size=60)
        decay = math.sqrt(0.8)
        units = (x - x[0]) / (x[-1] - x[0]) * 1000
        want = [
            np.average(y[: i + 1], weights=decay ** (units[i] - units[: i + 1])) for i in range(60)
        ]
        got = tbtools.smooth(pd.Series(y, index=x), 0.8, "time_weighted_ema")
        np.testing.assert_allclose(got, want, rtol=1e-12)

    def test_weights_are_held_below_the_greatest_of_wandb(self) -> None:
        series = pd.Series([1.0, 2.0, 5.0])
        high, greatest = (
            tbtools.smooth(series, weight, "time_weighted_ema") for weight in (0.9999, 0.999**2)
        )
        np.testing.assert_allclose(high, greatest, rtol=1e-15)

    def test_points_count_in_the_order_written_and_falls_of_x_are_no_distance(self) -> None:
        """A counter of steps that restarts: as if it had gone on from where it was."""
        values = [3.0, 1.0, 2.0, 7.0, 4.0, 5.0]
        restarts = pd.Series(values, index=[0, 10, 30, 0, 10, 30])
        goes_on = pd.Series(values, index=[0, 10, 30, 30, 40, 60])
        got = tbtools.smooth(restarts, 0.9, "time_weighted_ema")
        assert got.index.tolist() == [0, 10, 30, 0, 10, 30]
        assert got.tolist() == tbtools.smooth(goes_on, 0.9, "time_weighted_ema").tolist()

    def test_an_x_that_is_not_known_is_passed_over(self) -> None:
        values, known = np.array([3.0, 1.0, 2.0, 7.0]), np.array([0.0, 10.0, 10.0, 30.0])
        options = {"method": "time_weighted_ema", "weight": 0.9}
        got = smooth_values(values, np.array([0.0, 10.0, NAN, 30.0]), **options)
        assert got.tolist() == smooth_values(values, known, **options).tolist()

    def test_points_of_one_x_are_a_plain_mean(self) -> None:
        got = tbtools.smooth(pd.Series([1.0, 2.0, 6.0], index=[5, 5, 5]), 0.9, "time_weighted_ema")
        assert got.tolist() == [1.0, 1.5, 3.0]

    def test_dates_are_distances_in_time(self) -> None:
        seconds = pd.Series([1.0, 2.0, 0.0], index=[0, 60, 200])
        dates = seconds.set_axis(pd.Timestamp("2026-11-23") + pd.to_timedelta([0, 60, 200], "s"))
        got = tbtools.smooth(dates, 0.9, "time_weighted_ema").tolist()
        assert got == tbtools.smooth(seconds, 0.9, "time_weighted_ema").tolist()

    def test_an_index_without_distances_is_refused(self) -> None:
        with pytest.raises(InvalidArgument, match="no distances"):
            tbtools.smooth(pd.Series([1.0, 2.0], index=["a", "b"]), 0.9, "time_weighted_ema")


def window_mean(y: np.ndarray[Any, Any], size: int, reduction: Any) -> list[float]:
    half = size // 2
    return [reduction(y[max(0, i - half) : i + half + 1]) for i in range(len(y))]


class TestWindows:
    y = np.random.default_rng(3).normal(size=80).cumsum()

    @pytest.mark.parametrize(("method", "reduction"), [("rolling", np.mean), ("median", np.median)])
    def test_rolling_and_median_take_the_points_that_exist(
        self, method: Any, reduction: Any
    ) -> None:
        got = tbtools.smooth(pd.Series(self.y), method=method, window=7)
        np.testing.assert_allclose(got, window_mean(self.y, 7, reduction), rtol=1e-12)

    def test_gaussian_weighs_the_points_that_exist(self) -> None:
        sigma = 11 / (2 * math.sqrt(math.pi))
        reach = int(4 * sigma + 0.5)  # where scipy cuts the kernel off
        i = np.arange(80)
        kernel = np.exp(-0.5 * ((i[:, None] - i) / sigma) ** 2) * (abs(i[:, None] - i) <= reach)
        got = tbtools.smooth(pd.Series(self.y), method="gaussian", window=11)
        np.testing.assert_allclose(got, kernel @ self.y / kernel.sum(axis=1), rtol=1e-12)

    def test_savgol_is_the_middle_of_a_fitted_parabola(self) -> None:
        got = tbtools.smooth(pd.Series(self.y), method="savgol", window=9)
        for i in range(4, 76):
            parabola = np.polynomial.Polynomial.fit(
                range(i - 4, i + 5), self.y[i - 4 : i + 5], deg=2
            )
            assert got[i] == pytest.approx(parabola(i), rel=1e-9)

    @pytest.mark.parametrize("method", ["gaussian", "median", "rolling", "savgol"])
    def test_a_series_shorter_than_the_window_is_smoothed_all_the_same(self, method: Any) -> None:
        got = tbtools.smooth(pd.Series([1.0, 2.0]), method=method, window=99)
        assert got.between(1.0, 2.0).all()

    def test_a_recovered_blow_up_leaves_no_trace_in_other_windows(self) -> None:
        y = np.linspace(1, 2, 30)
        y[15] = 1e300
        got = tbtools.smooth(pd.Series(y), method="rolling", window=5)
        np.testing.assert_allclose(got[18:28], y[18:28], rtol=1e-9)

    @pytest.mark.parametrize("weight", [0.5, 0.9, 0.99])
    @pytest.mark.parametrize("method", ["ema", "gaussian", "rolling"])
    def test_a_weight_leaves_the_same_noise_by_every_method(
        self, method: Any, weight: float
    ) -> None:
        impulse = np.zeros(4001)
        impulse[2000] = 1.0
        noise = (smooth_values(impulse, method=method, weight=weight) ** 2).sum()
        assert noise == pytest.approx((1 - weight) / (1 + weight), rel=0.07)
        assert window_of(weight) == pytest.approx((1 + weight) / (1 - weight))


@pytest.mark.parametrize("method", SMOOTHING_METHODS)
class TestEveryMethod:
    def test_a_constant_series_is_unchanged(self, method: Any) -> None:
        values = [0.1, NAN, 0.1, 0.1]
        assert same(tbtools.smooth(pd.Series(values), 0.9, method), values)

    def test_nonfinite_points_stay_where_they_are(self, method: Any) -> None:
        values = pd.Series([1.0, NAN, 2.0, INF, 3.0, -INF, 5.0])
        got = tbtools.smooth(values, 0.7, method)
        assert got.isna().tolist() == values.isna().tolist()
        assert got[[3, 5]].tolist() == [INF, -INF]
        assert np.isfinite(got[[0, 2, 4, 6]]).all()

    @pytest.mark.parametrize("values", [[], [NAN], [7.0]])
    def test_too_few_points_to_smooth(self, method: Any, values: list[float]) -> None:
        assert same(tbtools.smooth(pd.Series(values, dtype=float), 0.7, method), values)

    @settings(deadline=None)
    @given(values=st.lists(NUMBERS, min_size=1, max_size=40), weight=st.floats(0, 0.99))
    def test_no_value_leaves_the_range(
        self, method: Any, values: list[float], weight: float
    ) -> None:
        if method == "savgol":  # a parabola overshoots
            return
        got = tbtools.smooth(pd.Series(values), weight, method)
        slack = 1e-9 * max(map(abs, values))
        assert min(values) - slack <= got.min()
        assert got.max() <= max(values) + slack


class TestWhatUsersHave:
    def test_a_long_frame_is_smoothed_series_by_series(self) -> None:
        frame = pd.DataFrame(
            {
                "tag": ["a", "b", "a", "b", "a"],
                "step": [0, 0, 1, 1, 2],
                "value": [1.0, 10.0, 2.0, 30.0, 4.0],
            }
        )
        got = tbtools.smooth(frame, 0.5)
        for tag, part in frame.groupby("tag"):
            want = tbtools.smooth(part["value"], 0.5)
            assert got.loc[got["tag"] == tag, "value"].tolist() == want.tolist()
        assert frame["value"].tolist() == [1.0, 10.0, 2.0, 30.0, 4.0]

    def test_a_wide_frame_is_smoothed_column_by_column(self) -> None:
        frame = pd.DataFrame({"a": [1.0, NAN, 2.0], "b": [3.0, 4.0, NAN]})
        got = tbtools.smooth(frame, 0.5)
        assert same(got["a"], published_ema([1.0, NAN, 2.0], 0.5))
        assert same(got["b"], published_ema([3.0, 4.0, NAN], 0.5))

    def test_a_run_gives_its_long_frame(self, tmp_path: Path) -> None:
        points = [(0, 1.0), (10, 0.5), (20, 0.25)]
        EventFileBuilder().scalars("loss", points).write(tmp_path / "events.out.tfevents.1")
        run = tbtools.load(tmp_path)["."]
        got = tbtools.smooth(run)
        assert got.columns.tolist() == ["tag", "step", "wall_time", "value"]
        assert got["wall_time"].tolist() == [START, START + 10, START + 20]
        assert got["value"].tolist() == published_ema([1.0, 0.5, 0.25], 0.6)
        assert tbtools.smooth(tbtools.load(tmp_path))["value"].equals(got["value"])

    def test_by_wall_time_takes_distances_in_time(self) -> None:
        frame = pd.DataFrame(
            {"step": [0, 1, 2], "wall_time": [0.0, 1.0, 500.0], "value": [0.0, 1.0, 0.0]}
        )
        by_time = tbtools.smooth(frame, 0.9, "time_weighted_ema", by="wall_time")
        want = tbtools.smooth(frame.set_index("wall_time")["value"], 0.9, "time_weighted_ema")
        assert by_time["value"].tolist() == want.tolist()

    def test_by_another_scalar_takes_distances_along_it(self, tmp_path: Path) -> None:
        """Of two runs, each with an axis of its own, which is known at every second step only."""
        for run, factor in (("a", 1.0), ("b", 3.0)):
            builder = EventFileBuilder()
            for step in range(0, 11, 2):
                builder.scalar("tokens", step, factor * step**2)
            for step in range(12):
                builder.scalar("loss", step, float(step % 3))
            builder.write(tmp_path / run / "events.out.tfevents.1")
        experiment = tbtools.load(tmp_path)
        got = tbtools.smooth(experiment, 0.9, "time_weighted_ema", by="tokens")
        known = [float(step**2) for step in range(0, 11, 2)]
        places = np.interp(np.arange(11), range(0, 11, 2), known)
        for run in "ab":
            loss = got[(got["run"] == run) & (got["tag"] == "loss")]["value"]
            # The twelfth point lies beyond the axis: nowhere, as smooth_values has it.
            want = smooth_values(
                np.arange(12) % 3.0, np.append(places, NAN), method="time_weighted_ema", weight=0.9
            )
            assert loss.tolist() == pytest.approx(want.tolist())
        with pytest.raises(UnknownTag, match="no tag 'token'; close: 'tokens'"):
            tbtools.smooth(experiment, 0.9, "time_weighted_ema", by="token")

    def test_relative_time_has_the_distances_of_wall_time(self) -> None:
        frame = pd.DataFrame(
            {"step": [0, 1, 2], "wall_time": [7.0, 8.0, 507.0], "value": [0.0, 1.0, 0.0]}
        )
        one, other = (
            tbtools.smooth(frame, 0.9, "time_weighted_ema", by=by)["value"].tolist()
            for by in ("wall_time", "relative_time")
        )
        assert one == other

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"weight": 1.0}, "weight 1.0"),
            ({"weight": -0.1}, "weight -0.1"),
            ({"weight": NAN}, "weight nan"),
            ({"method": "loess"}, "no method 'loess'; there are ema"),
            ({"by": "wall_time"}, "ema takes points in their order; by='wall_time' is for time_w"),
            ({"window": 5}, "ema has a weight and no window"),
            ({"method": "median", "window": 0}, "window 0"),
        ],
    )
    def test_nonsense_is_refused(self, options: dict[str, Any], message: str) -> None:
        with pytest.raises(InvalidArgument, match=message):
            tbtools.smooth(pd.Series([1.0]), **options)

    def test_what_has_no_scalars_is_refused(self) -> None:
        for x, message in (([1.0, 2.0], "float is no path"), (3, "int is no path")):
            with pytest.raises(TypeError, match=message):
                tbtools.smooth(x)  # type: ignore[call-overload]
        for empty in ([], {}):
            with pytest.raises(InvalidArgument, match="no run is given"):
                tbtools.smooth(empty)

    def test_values_that_are_no_numbers_are_refused(self) -> None:
        for x in (pd.Series(["a"], name="loss"), pd.DataFrame({"loss": ["a"]})):
            with pytest.raises(InvalidArgument, match="'loss' holds no numbers"):
                tbtools.smooth(x)

    def test_runs_without_events_or_scalars_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        (tmp_path / "empty" / "events.out.tfevents.1").touch()
        with pytest.raises(NoEventFiles, match="no event could be read"):
            tbtools.smooth(tmp_path / "empty")
        EventFileBuilder().image("im", 0, b"x").write(tmp_path / "im" / "events.out.tfevents.1")
        for x in (tmp_path / "im", tbtools.load(tmp_path / "im")["."]):
            with pytest.raises(InvalidArgument, match="no scalars"):
                tbtools.smooth(x)

    def test_paths_runs_and_mappings(self, tmp_path: Path) -> None:
        for name, value in (("a", 1.0), ("b", 2.0)):
            EventFileBuilder().scalars("loss", [(0, value), (1, 3.0)]).write(
                tmp_path / name / "events.out.tfevents.1"
            )
        experiment = tbtools.load(tmp_path)
        want = tbtools.smooth(experiment)
        for x in (tmp_path, str(tmp_path), dict(experiment), list(experiment.values())):
            got = tbtools.smooth(x)
            assert got.equals(want)
            assert got.attrs["superseded"] == {"a": 0, "b": 0}
            assert (got.attrs["problems"], got.attrs["notes"]) == ([], [])
        several = tbtools.smooth([tmp_path / "a", tmp_path / "b"])
        assert several["value"].tolist() == want["value"].tolist()


class TestReports:
    """What was reported of other tools; the logs of it."""

    def test_workers_that_take_turns(self, cases: Path) -> None:
        frame = tbtools.smooth(cases / "41_alternating", 0.6)
        assert frame["step"].tolist() == list(range(300))
        assert frame["value"][200] == pytest.approx(0.1732, abs=5e-5)

    def test_files_whose_names_do_not_sort_as_they_were_written(self, cases: Path) -> None:
        frame = tbtools.smooth(cases / "44_names_order")
        assert (frame["step"].tolist(), frame["value"][0]) == (list(range(200)), 2.0)

    def test_a_counter_that_restarts_each_epoch(self, cases: Path) -> None:
        """The jump in the third epoch does not show in the first."""
        for method in ("ema", "time_weighted_ema", "median"):
            frame = tbtools.smooth(cases / "04e_reset_div", method=method)
            raw = tbtools.read_scalars(cases / "04e_reset_div")
            assert frame["step"].tolist() == raw["step"].tolist()
            assert frame["value"][:200].max() <= raw["value"][:200].max()
        assert frame.attrs["notes"][0]["kind"] == "steps_go_back"
