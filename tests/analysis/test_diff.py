"""Differences of runs: point by point, at the end, against noise, across seeds."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tbtools
from tbtools.analysis.diff import parse_limits, violations
from tbtools.analysis.diff.evidence import across_runs, against_noise
from tbtools.analysis.diff.points import Placed, aligned_pair, compare_points, describe, twins
from tbtools.errors import InvalidArgument, NoEventFiles, UnknownRun, UnknownTag
from tbtools.runs.levels import window_start
from tbtools.runs.series import ScalarSeries
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAN, INF = math.nan, math.inf


def curve(points: Sequence[tuple[int, float]], *, seconds: float = 1.0) -> Placed:
    """A curve along its steps."""
    steps = np.array([step for step, _ in points], np.int64)
    values = [value for _, value in points]
    series = ScalarSeries.from_arrays("run", "loss", steps, values, START + steps * seconds)
    return Placed(series, steps)


def write(path: Path, points: Sequence[tuple[int, float]], tag: str = "loss") -> Path:
    EventFileBuilder().file_version().scalars(tag, points).write(path / "events.out.tfevents.1")
    return path


def one(result: Any, tag: str = "loss") -> Any:
    """The only pair's comparison of a tag."""
    [run] = result.runs
    return next(each for each in run.tags if each.tag == tag)


class TestPoints:
    def test_the_first_step_at_which_they_differ_and_the_greatest_difference(self) -> None:
        a = curve([(0, 1.0), (10, 2.0), (20, 3.0), (30, 4.0)])
        b = curve([(0, 1.0), (10, 2.25), (20, 2.0), (40, 9.0)])
        found = compare_points(a, b, 0.0, 0.0)
        assert (found.common_steps, found.differing) == (3, 2)
        assert (found.first_step, found.first_values) == (10, (2.0, 2.25))
        assert (found.max_difference, found.max_step) == (1.0, 20)

    def test_the_same_points_are_the_same_whatever_they_are(self) -> None:
        a = curve([(0, NAN), (1, INF), (2, -INF), (2, -0.0)])
        found = compare_points(a, curve([(2, -INF), (2, 0.0), (1, INF), (0, NAN)]), 0.0, 0.0)
        assert (found.common_steps, found.differing, found.first_step) == (4, 0, None)
        assert (found.max_difference, found.max_step) == (0.0, None)

    def test_nonfinite_against_finite_differs_and_has_no_size(self) -> None:
        found = compare_points(curve([(0, NAN), (1, 1.0)]), curve([(0, 1.0), (1, INF)]), 0, 1e9)
        assert (found.differing, found.first_step, found.max_difference) == (2, 0, None)

    def test_points_of_one_step_are_told_apart_by_their_order(self) -> None:
        a, b = np.array([5, 1, 5, 2, 5]), np.array([5, 5, 3, 1])
        assert [each.tolist() for each in twins(a, b)] == [[1, 0, 2], [3, 0, 1]]

    @settings(deadline=None)
    @given(
        values=st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=30),
        rtol=st.sampled_from([0.0, 1e-3, 0.5]),
        atol=st.sampled_from([0.0, 1e-6, 2.0]),
    )
    def test_tolerances_are_numpys(
        self, values: list[tuple[float, float]], rtol: float, atol: float
    ) -> None:
        left, right = np.array(values).T
        with np.errstate(all="ignore"):
            close = np.isclose(right, left, rtol=rtol, atol=atol, equal_nan=True)
        a, b = (curve(list(enumerate(side))) for side in (left, right))
        found = compare_points(a, b, rtol, atol)
        assert found.differing == int((~close).sum())
        assert found.first_step == (None if close.all() else int(np.argmin(close)))

    @settings(deadline=None)
    @given(
        sides=st.tuples(
            *[
                st.dictionaries(st.integers(0, 40), st.floats(-9, 9), min_size=2, max_size=12)
                for _ in range(2)
            ]
        )
    )
    def test_the_area_is_that_of_a_fine_integral(self, sides: Any) -> None:
        integrate = pytest.importorskip("scipy.integrate")
        a, b = (curve(sorted(side.items())) for side in sides)
        found = compare_points(a, b, 0, 0)
        low, high = max(a.x[0], b.x[0]), min(a.x[-1], b.x[-1])
        if low >= high:
            assert (found.area, found.mean_gap) == (None, None)
            return
        x = np.linspace(low, high, 40_001)
        gap = np.interp(x, b.x, b.curve.value) - np.interp(x, a.x, a.curve.value)
        assert found.area == pytest.approx(integrate.trapezoid(abs(gap), x), abs=0.02)
        assert found.mean_gap == pytest.approx(integrate.trapezoid(gap, x) / (high - low), abs=0.01)

    def test_areas_of_huge_values_are_infinite_and_no_warning(self) -> None:
        a, b = curve([(step, 0.0) for step in range(4)]), curve([(s, 8e307) for s in range(4)])
        assert compare_points(a, b, 0, 0).area == INF

    def test_curves_without_common_steps_meet_on_their_lines(self) -> None:
        step, left, right = aligned_pair(curve([(0, 0.0), (4, 4.0)]), curve([(1, 5.0), (3, 7.0)]))
        assert step.tolist() == [1, 3]
        assert left.tolist() == [1.0, 3.0]
        assert right.tolist() == [5.0, 7.0]


class TestCurves:
    a = curve([(0, 4.0), (10, 2.0), (20, 1.0), (30, 1.5)], seconds=2.0)
    b = curve([(0, 4.0), (10, 3.0), (20, 2.0), (30, 1.9)])

    def test_final_best_and_when_the_others_best_was_reached(self) -> None:
        side = describe(self.a, self.b, "min", START - 5)
        assert (side.final, side.final_step) == (1.5, 30)
        assert (side.best, side.best_step) == (1.0, 20)
        assert (side.reaches_step, side.reaches_seconds) == (20, 45.0)
        assert describe(self.b, self.a, "min", START).reaches_step is None

    def test_upwards_the_greatest_is_best(self) -> None:
        side = describe(self.b, self.a, "max", START)
        assert (side.best, side.best_step, side.reaches_step) == (4.0, 0, 0)

    def test_without_a_direction_nothing_is_best(self) -> None:
        side = describe(self.a, self.b, "none", START)
        assert (side.best, side.best_step, side.reaches_step) == (None, None, None)

    def test_values_that_are_not_finite_are_never_best(self) -> None:
        side = describe(curve([(0, NAN), (1, -INF), (2, 5.0)]), self.a, "min", START)
        assert (side.best, side.nonfinite, side.reaches_step) == (5.0, 2, None)

    def test_speed_leaves_out_the_pauses_between_sessions(self) -> None:
        steps = np.arange(0, 60, 10)
        times = START + np.array([0.0, 5, 10, 3610, 3615, 3620])
        series = ScalarSeries.from_arrays("run", "loss", steps, np.ones(6), times)
        run = dataclasses.replace(series, session=np.array([1, 1, 1, 2, 2, 2]))
        assert describe(Placed(run, steps), None, "min", START).steps_per_second == 2.0

    def test_sparklines_share_their_steps(self) -> None:
        long, short = curve([(s, float(s)) for s in range(160)]), curve([(0, 1.0), (79, 3.0)])
        shown = describe(long, short, "min", START).sparkline
        assert shown[:2] == (4.5, 14.5)
        assert len(shown) == 16
        cells = describe(short, long, "min", START).sparkline
        assert [number for number, cell in enumerate(cells) if cell is not None] == [0, 7]


class TestNoise:
    def autoregressive(self, random: Any, count: int, phi: float) -> Any:
        noise = random.normal(size=count + 500)
        values = np.zeros(count + 500)
        for i in range(1, count + 500):
            values[i] = phi * values[i - 1] + noise[i]
        return values[500:]

    @pytest.mark.parametrize(("count", "phi"), [(20, 0.0), (100, 0.5), (300, 0.9)])
    def test_curves_that_differ_by_noise_alone_are_hardly_ever_told_apart(
        self, count: int, phi: float
    ) -> None:
        random = np.random.default_rng(7)
        told = sum(
            against_noise(
                self.autoregressive(random, count, phi),
                self.autoregressive(random, count, phi),
                "min",
            ).verdict
            != "no evidence"
            for _ in range(300)
        )
        assert told <= 0.05 * 300

    def test_a_difference_of_the_noise_itself_is_told_from_a_hundred_points(self) -> None:
        random = np.random.default_rng(8)
        verdicts = [
            against_noise(random.normal(size=100), random.normal(size=100) - 1.5, "min").verdict
            for _ in range(50)
        ]
        assert verdicts.count("better") >= 49

    def test_few_points_that_are_alike_prove_little(self) -> None:
        random = np.random.default_rng(7)
        told = sum(
            against_noise(
                self.autoregressive(random, 30, 0.95), self.autoregressive(random, 30, 0.95), "min"
            ).verdict
            != "no evidence"
            for _ in range(200)
        )
        assert told <= 0.2 * 200

    def test_curves_that_drift_apart_differ(self) -> None:
        random = np.random.default_rng(7)
        apart = np.linspace(0.5, 1.0, 40) + random.normal(0, 0.05, 40)
        found = against_noise(np.zeros(40), apart, "min")
        assert found.verdict == "worse"
        assert found.effective_points == pytest.approx(40, rel=0.5)

    def test_effective_points_of_an_autoregressive_series(self) -> None:
        random = np.random.default_rng(7)
        found = against_noise(np.zeros(4000), self.autoregressive(random, 4000, 0.8), "min")
        assert found.effective_points == pytest.approx(4000 * 0.2 / 1.8, rel=0.1)

    def test_the_interval_holds_its_level_for_white_noise(self) -> None:
        random = np.random.default_rng(9)
        inside = 0
        for _ in range(1000):
            found = against_noise(np.zeros(200), random.normal(0.3, 1.0, 200), "max")
            assert found.low is not None
            assert found.high is not None
            inside += found.low <= 0.3 <= found.high
        assert 0.98 <= inside / 1000 <= 1.0
        assert found.confidence == 0.99

    def test_the_direction_is_that_of_the_tag(self) -> None:
        low, high = np.linspace(0, 0.1, 50), np.linspace(5, 5.1, 50)
        assert against_noise(high, low, "min").verdict == "better"
        assert against_noise(high, low, "max").verdict == "worse"
        assert against_noise(high, low, "none").verdict is None
        assert against_noise(low, low, "min").verdict == "no evidence"

    def test_few_points_are_no_evidence(self) -> None:
        found = against_noise(np.zeros(3), np.ones(3), "max")
        assert (found.verdict, found.change, found.low) == ("no evidence", 1.0, None)
        assert "3 points at the end are too few" in found.reason
        assert against_noise(np.empty(0), np.empty(0), "min").change is None

    def test_four_points_are_evidence_of_what_is_far_beyond_their_noise(self) -> None:
        a = 1.8 + np.array([0.002, -0.004, 0.001, 0.003])
        noise = np.array([-0.003, 0.004, 0.002, -0.001])
        assert against_noise(a, 2.2 + noise, "min").verdict == "worse"
        assert against_noise(a, 1.802 + noise, "min").verdict == "no evidence"

    def test_a_curve_that_ends_in_nan_is_worse(self) -> None:
        fine, lost = np.ones(30), np.append(np.ones(29), NAN)
        assert against_noise(fine, lost, "max").verdict == "worse"
        assert against_noise(lost, fine, "min").verdict == "better"
        assert against_noise(lost, lost, "min").verdict == "no evidence"
        assert against_noise(lost, lost, "min").reason == "a and b is not finite at the end"

    def test_the_window_is_the_last_quarter_and_of_short_curves_more(self) -> None:
        sizes = {count: count - window_start(count) for count in (1000, 80, 40, 24, 5, 1, 0)}
        assert sizes == {1000: 250, 80: 20, 40: 20, 24: 12, 5: 3, 1: 1, 0: 0}


class TestGroups:
    @settings(deadline=None, max_examples=30)
    @given(
        a=st.lists(st.integers(0, 8), min_size=1, max_size=5),
        b=st.lists(st.integers(0, 8), min_size=1, max_size=5),
    )
    def test_the_probability_of_improvement_is_that_of_rliable(
        self, a: list[int], b: list[int]
    ) -> None:
        stats = pytest.importorskip("scipy.stats")
        # rliable: U of Mann and Whitney by the number of pairs, ties counting half.
        want = stats.mannwhitneyu(b, a, alternative="greater").statistic / (len(a) * len(b))
        up, down = across_runs(a, b, "max"), across_runs(a, b, "min")
        assert up.improvement == pytest.approx(want)
        assert down.improvement == pytest.approx(1 - want)

    @settings(deadline=None, max_examples=30)
    @given(
        values=st.lists(st.floats(-5, 5), min_size=6, max_size=11, unique=True),
        size=st.integers(2, 4),
    )
    def test_the_p_value_is_the_exact_one_of_mann_and_whitney(
        self, values: list[float], size: int
    ) -> None:
        stats = pytest.importorskip("scipy.stats")
        a, b = values[:size], values[size:]
        want = stats.mannwhitneyu(a, b, method="exact").pvalue
        assert across_runs(a, b, "max").p_value == pytest.approx(want)

    def test_many_runs_are_dealt_at_random(self) -> None:
        stats = pytest.importorskip("scipy.stats")
        random = np.random.default_rng(3)
        a, b = random.normal(size=15), random.normal(0.6, size=15)
        want = stats.mannwhitneyu(a, b, method="exact").pvalue
        assert across_runs(a, b, "max").p_value == pytest.approx(want, abs=0.01)

    def test_the_interval_is_that_of_a_bootstrap_of_both_groups(self) -> None:
        stats = pytest.importorskip("scipy.stats")
        random = np.random.default_rng(4)
        a, b = random.normal(size=8), random.normal(1.0, size=6)
        want = stats.bootstrap(
            (b, a),
            lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis),
            method="percentile",
            n_resamples=20_000,
            random_state=0,
        ).confidence_interval
        found = across_runs(a, b, "max")
        assert found.low == pytest.approx(want.low, abs=0.05)
        assert found.high == pytest.approx(want.high, abs=0.05)

    def test_three_seeds_against_three_prove_nothing(self) -> None:
        found = across_runs([1.0, 1.1, 1.2], [5.0, 5.1, 5.2], "max")
        assert found.verdict == "no evidence"
        assert found.improvement == 1.0
        assert (found.runs_a, found.runs_b) == (3, 3)
        assert "can be no less than 0.1 with so few" in found.reason

    def test_five_against_five_do(self) -> None:
        a, b = [1.0, 1.1, 1.2, 1.0, 1.3], [5.0, 5.1, 5.2, 4.9, 5.3]
        assert across_runs(a, b, "max").verdict == "better"
        assert across_runs(a, b, "min").verdict == "worse"
        assert across_runs(a, b, "none").verdict is None
        assert across_runs(a, b, "none").improvement is None

    def test_a_group_that_diverged_does_not_vanish(self) -> None:
        found = across_runs([1.0, 1.1, 1.2, 1.0, 1.3], [NAN] * 5, "min")
        assert (found.verdict, found.change, found.low) == ("worse", None, None)
        assert "5 not finite at the end" in found.reason

    def test_groups_of_one_distribution_are_hardly_ever_told_apart(self) -> None:
        random = np.random.default_rng(11)
        verdicts = [
            across_runs(random.lognormal(size=5), random.lognormal(size=5), "min").verdict
            for _ in range(200)
        ]
        assert verdicts.count("no evidence") >= 0.94 * 200


class TestRuns:
    def test_a_run_and_itself_are_the_same(self, tmp_path: Path) -> None:
        EventFileBuilder().scalars("loss", [(0, 1.0), (1, NAN)]).text("note", 0, "hi").image(
            "im", 0, b"png"
        ).write(tmp_path / "a" / "events.out.tfevents.1")
        result = tbtools.diff(tmp_path / "a", tmp_path / "a")
        assert result.identical
        assert all(tag.identical for tag in result.runs[0].tags)
        assert [tag.tag for tag in result.runs[0].tags] == ["im", "loss", "note"]

    def test_wall_times_are_no_difference(self, tmp_path: Path) -> None:
        for name, time in (("a", START), ("b", START + 1e6)):
            EventFileBuilder().scalar("loss", 0, 1.0, time).write(
                tmp_path / name / "events.out.tfevents.1"
            )
        assert tbtools.diff(tmp_path / "a", tmp_path / "b").identical

    def test_tolerance_decides_what_is_the_same(self, tmp_path: Path) -> None:
        a = write(tmp_path / "a", [(0, 1.0), (1, 2.0)])
        b = write(tmp_path / "b", [(0, 1.0), (1, 2.0001)])
        assert one(tbtools.diff(a, b)).points.first_step == 1
        assert tbtools.diff(a, b, rtol=1e-3).identical
        assert tbtools.diff(a, b, atol=1e-3).identical
        for tolerance in (NAN, INF, -1.0):
            with pytest.raises(InvalidArgument, match="is not finite and at least 0"):
                tbtools.diff(a, b, atol=tolerance)

    def test_a_missing_point_and_a_missing_tag_are_differences(self, tmp_path: Path) -> None:
        a = write(tmp_path / "a", [(0, 1.0), (1, 2.0)])
        b = write(tmp_path / "b", [(0, 1.0)])
        EventFileBuilder().scalar("acc", 0, 1.0).write(b / "events.out.tfevents.2")
        result = tbtools.diff(a, b)
        assert not one(result).identical
        assert (one(result).count_a, one(result).count_b, one(result).points.differing) == (2, 1, 0)
        assert (one(result, "acc").only_in, one(result, "acc").count_b) == ("b", 1)
        assert not tbtools.diff(a, b, tags="acc*").identical
        assert not tbtools.diff(b, a).identical

    def test_payloads_are_compared_by_their_bytes_without_metadata(self, tmp_path: Path) -> None:
        def run(name: str, pixels: bytes, *, twice: bool) -> Path:
            builder = EventFileBuilder().tensor("t", 0, np.arange(3.0), plugin="mine")
            plugin = "mine" if twice else None
            builder.tensor("t", 1, np.arange(2.0), plugin=plugin).image("im", 5, b"first")
            builder.image("im", 5, pixels).write(tmp_path / name / "events.out.tfevents.1")
            return tmp_path / name

        a, b = run("a", b"one", twice=True), run("b", b"two", twice=False)
        result = tbtools.diff(a, b)
        assert one(result, "t").identical
        image = one(result, "im")
        assert (image.plugin, image.identical) == ("images", False)
        assert (image.points.common_steps, image.points.differing) == (2, 1)
        assert image.points.first_step == 5

    def test_hyperparameters_that_differ(self, tmp_path: Path) -> None:
        settings = {"lr": 0.1, "name": "adam", "nan": NAN, "flag": True}
        changed = {"lr": 0.2, "name": "adam", "nan": NAN, "flag": 1, "new": None}
        for name, hparams in (("a", settings), ("b", changed)):
            with tbtools.EventFileWriter(tmp_path / name) as writer:
                writer.add_hparams(hparams)
        [run] = tbtools.diff(tmp_path / "a", tmp_path / "b").runs
        told = [(each.name, each.a, each.b, each.only_in) for each in run.hparams]
        assert told == [
            ("lr", 0.1, 0.2, None),
            ("new", None, None, "b"),
        ]

    def test_texts_that_differ_line_by_line(self, tmp_path: Path) -> None:
        for name, line in (("a", "lr: 0.1"), ("b", "lr: 0.2")):
            EventFileBuilder().text("config", 0, f"model: x\n{line}\nsteps: 5").text(
                "only", 1, "x"
            ).write(tmp_path / name / "events.out.tfevents.1")
        result = tbtools.diff(tmp_path / "a", tmp_path / "b")
        [text] = result.runs[0].text
        assert (text.tag, text.step) == ("config", 0)
        assert text.lines == ("@@ -1,3 +1,3 @@", " model: x", "-lr: 0.1", "+lr: 0.2", " steps: 5")

    def test_a_text_that_only_one_has(self, tmp_path: Path) -> None:
        a = write(tmp_path / "a", [(0, 1.0)])
        b = write(tmp_path / "b", [(0, 1.0)])
        EventFileBuilder().strings("note", 3, ["one", "two"], plugin="text").write(
            b / "events.out.tfevents.2"
        )
        [text] = tbtools.diff(a, b).runs[0].text
        assert (text.step, text.lines) == (3, ("@@ -0,0 +1,2 @@", "+one", "+two"))

    def test_only_some_tags_and_steps(self, tmp_path: Path) -> None:
        a = write(tmp_path / "a", [(0, 1.0), (5, 2.0)])
        b = write(tmp_path / "b", [(0, 9.0), (5, 2.0)])
        assert tbtools.diff(a, b, steps=(1, None)).identical
        with pytest.raises(UnknownTag, match="close: 'loss'"):
            tbtools.diff(a, b, tags="los")
        with pytest.raises(InvalidArgument, match="nothing to compare with"):
            tbtools.diff(a)
        with pytest.raises(InvalidArgument, match="baseline 'a' is of one log directory, or of gr"):
            tbtools.diff(a, b, baseline="a")

    def test_verdicts_of_real_curves(self, tmp_path: Path) -> None:
        random = np.random.default_rng(1)

        def decay(level: float) -> list[tuple[int, float]]:
            noise = random.normal(0, 0.05, 400)
            return [(s, level + 2 * math.exp(-s / 80) + noise[s]) for s in range(400)]

        a = write(tmp_path / "a", decay(1.0))
        same = write(tmp_path / "same", decay(1.0))
        better = write(tmp_path / "better", decay(0.9))
        assert one(tbtools.diff(a, same)).better is None
        found = one(tbtools.diff(a, better))
        assert (found.better, found.evidence.verdict, found.evidence.points) == ("b", "better", 100)
        assert found.evidence.low < -0.1 < found.evidence.high
        assert found.level_b - found.level_a == pytest.approx(found.evidence.change)
        assert one(tbtools.diff(better, a)).better == "a"
        turned = tbtools.diff(a, better, objectives={"loss": "max"})
        assert one(turned).better == "a"

    def test_steps_that_never_coincide_are_compared_on_lines(self, tmp_path: Path) -> None:
        a = write(tmp_path / "a", [(2 * s, 1.0 + s % 2) for s in range(100)])
        b = write(tmp_path / "b", [(2 * s + 1, 3.0 + s % 2) for s in range(100)])
        found = one(tbtools.diff(a, b))
        assert (found.points.common_steps, found.evidence.verdict) == (0, "worse")
        assert found.evidence.change == pytest.approx(2.0, abs=0.05)


class TestAxes:
    """Two runs of one course, of which b takes two steps, and 4 tokens, where a takes one of 4."""

    @pytest.fixture
    def sides(self, tmp_path: Path) -> list[Path]:
        for name, stride in (("a", 1), ("b", 2)):
            builder = EventFileBuilder().file_version()
            for number in range(41):
                step, time = number * stride, START + number
                builder.scalar("tokens", step, 4.0 * number, time)
                builder.scalar("loss", step, 10.0 - number / 8, time)
            builder.write(tmp_path / name / "events.out.tfevents.1")
        return [tmp_path / "a", tmp_path / "b"]

    @pytest.mark.parametrize("x", ["relative_time", "wall_time", "tokens"])
    def test_along_another_axis_the_curves_are_one(self, sides: list[Path], x: str) -> None:
        found = one(tbtools.diff(*sides, tags="loss", x=x))
        assert (found.points.area, found.evidence.change) == (0.0, 0.0)
        assert found.a.sparkline == found.b.sparkline
        by_step = one(tbtools.diff(*sides, tags="loss"))
        assert by_step.evidence.verdict == "worse"
        # From step 0 to 40 b rises above a by 1/16 a step: a triangle of 40 by 2.5.
        assert by_step.points.area == pytest.approx(50.0)
        # Whether they are the same is asked point by point, whatever the axis.
        assert (found.identical, found.points.first_step) == (False, 2)
        assert found.points == dataclasses.replace(by_step.points, area=0.0, mean_gap=0.0)

    def test_the_area_is_in_units_of_the_axis(self, sides: list[Path], tmp_path: Path) -> None:
        flat = EventFileBuilder().file_version()
        for number in range(41):
            flat.scalar("tokens", number, 4.0 * number, START + number)
            flat.scalar("loss", number, 0.0, START + number)
        flat.write(tmp_path / "flat" / "events.out.tfevents.1")
        for x, unit in (("step", 1), ("relative_time", 1), ("tokens", 4)):
            found = one(tbtools.diff(sides[0], tmp_path / "flat", tags="loss", x=x))
            assert found.points.area == pytest.approx(7.5 * 40 * unit)
            assert found.points.mean_gap == pytest.approx(-7.5)

    def test_where_the_others_best_was_reached(self, sides: list[Path]) -> None:
        result = tbtools.diff(*sides, tags="loss", x="tokens")
        found = one(result)
        assert (found.b.reaches_step, found.b.reaches_seconds, found.b.reaches_x) == (80, 40, 160)
        told = result.to_dict()
        assert (told["x"], told["tags"][0]["reaches_x_a"]) == ("tokens", 160.0)

    def test_groups_are_compared_where_all_of_them_have_been(self, sides: list[Path]) -> None:
        found = one(tbtools.diff(*sides, group=["*a", "*b"], tags="loss", x="tokens"))
        assert found.level_a == found.level_b == 10 - 35 / 8
        by_step = one(tbtools.diff(*sides, group=["*a", "*b"], tags="loss"))
        assert (by_step.level_a, by_step.level_b) == (10 - 35 / 8, 10 - 17.5 / 8)

    def test_a_tag_that_is_nowhere_on_the_axis(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            EventFileBuilder().scalar("early", 0, 1.0).scalars(
                "tokens", [(5, 1.0), (6, 2.0)]
            ).write(tmp_path / name / "events.out.tfevents.1")
        found = one(tbtools.diff(tmp_path / "a", tmp_path / "b", x="tokens"), "early")
        assert (found.identical, found.level_a, found.points.area) == (True, None, None)
        assert found.a.sparkline == (None,) * 16
        grouped = one(tbtools.diff(tmp_path, group=["a", "b"], x="tokens"), "early")
        assert (grouped.identical, grouped.only_in, grouped.evidence) == (False, None, None)

    def test_an_axis_that_a_run_does_not_have_is_an_error(self, sides: list[Path]) -> None:
        with pytest.raises(UnknownTag, match="no tag 'token'; close: 'tokens'"):
            tbtools.diff(*sides, x="token")


class TestLogdirs:
    @pytest.fixture
    def logs(self, tmp_path: Path) -> Path:
        for side, names in (("x", ("base", "more", "gone")), ("y", ("base", "more", "new"))):
            for name in names:
                value = 2.0 if (side, name) == ("y", "more") else 1.0
                write(tmp_path / side / name, [(0, value)])
        return tmp_path

    def test_runs_are_matched_by_name_and_what_has_no_twin_is_told(self, logs: Path) -> None:
        result = tbtools.diff(logs / "x", logs / "y")
        told = [(run.a, run.b, run.only_in, run.identical) for run in result.runs]
        assert told == [
            ("base", "base", None, True),
            ("more", "more", None, False),
            ("gone", None, "a", False),
            (None, "new", "b", False),
        ]
        assert not result.identical
        assert (result.a, result.b) == (str(logs / "x"), str(logs / "y"))

    def test_all_others_with_a_baseline(self, logs: Path) -> None:
        result = tbtools.diff(logs / "y", baseline="base")
        told = [(run.a, run.b, run.identical) for run in result.runs]
        assert told == [("base", "more", False), ("base", "new", True)]
        with pytest.raises(UnknownRun, match="close: 'base'"):
            tbtools.diff(logs / "y", baseline="bas")

    def test_runs_are_let_go(self, logs: Path) -> None:
        experiment = tbtools.load(logs / "y")
        experiment["more"].scalars()
        tbtools.diff(experiment, baseline="base")
        assert [run.data.is_read for run in experiment.values()] == [False, True, False]

    @pytest.mark.parametrize("options", [{"baseline": "base"}, {"group": ["base", "[mn]*"]}])
    def test_progress_ends_with_every_byte_and_each_run_is_read_once(
        self, logs: Path, options: dict[str, Any]
    ) -> None:
        told: list[tuple[int, int]] = []
        tbtools.diff(
            logs / "y", objectives={"loss": "min"}, progress=lambda *at: told.append(at), **options
        )
        size = sum(path.stat().st_size for path in (logs / "y").rglob("*tfevents*"))
        assert [total for _, total in told] == [size] * 3
        assert told[-1] == (size, size)

    def test_groups_of_seeds(self, tmp_path: Path) -> None:
        random = np.random.default_rng(0)
        for name, level in (("sgd", 1.0), ("adam", 0.2)):
            for seed in range(5):
                points = [(s, level + float(random.normal(0, 0.1))) for s in range(40)]
                write(tmp_path / f"{name}_s{seed}", points)
        result = tbtools.diff(tmp_path, group=["sgd_*", "adam_*"])
        [run] = result.runs
        assert (run.a, run.b) == ("sgd", "adam")
        found = one(result)
        assert (found.better, found.evidence.runs_a, found.evidence.runs_b) == ("b", 5, 5)
        assert found.evidence.improvement == 1.0
        assert found.level_a == pytest.approx(1.0, abs=0.1)
        turned = tbtools.diff(tmp_path, group="(?P<optimizer>.*)_s", baseline="optimizer=sgd")
        assert one(turned).better == "b"
        with pytest.raises(InvalidArgument, match="only group"):
            tbtools.diff(tmp_path, group="*")
        with pytest.raises(InvalidArgument, match="no group 'rmsprop'; there are 'sgd', 'adam'"):
            tbtools.diff(tmp_path, group=["sgd_*", "adam_*"], baseline="rmsprop")

    def test_groups_from_two_log_directories(self, logs: Path) -> None:
        result = tbtools.diff(
            logs / "x", logs / "y", group=[f"{logs}/x/*", f"{logs}/y/*"], objectives={"loss": "min"}
        )
        found = one(result)
        assert (found.evidence.runs_a, found.evidence.runs_b) == (3, 3)
        assert (found.level_a, found.level_b) == (1.0, pytest.approx(4 / 3))
        assert found.only_in is None

    def test_a_run_without_points_at_the_end_has_the_level_of_its_last(
        self, tmp_path: Path
    ) -> None:
        write(tmp_path / "a0", [(0, 5.0), (100, 1.0)])
        write(tmp_path / "b0", [(0, 9.0), (10, 3.0), (101, 2.0)])
        found = one(tbtools.diff(tmp_path, group=["a*", "b*"]))
        assert (found.level_a, found.level_b) == (1.0, 3.0)


class TestJson:
    def test_it_has_the_promised_keys_and_no_number_that_is_none(self, tmp_path: Path) -> None:
        a = write(tmp_path / "a", [(0, 0.1), (1, NAN)])
        b = write(tmp_path / "b", [(0, 0.3), (1, INF)])
        told = json.loads(json.dumps(tbtools.diff(a, b).to_dict(), allow_nan=False))
        assert set(told) >= {"a", "b", "identical", "tags", "hparams", "text"}
        [tag] = told["tags"]
        promised = {
            *("tag", "only_in", "count_a", "count_b", "common_steps", "first_difference_step"),
            *("max_abs_difference", "max_abs_difference_step", "final_a", "final_b"),
            *("best_a", "best_b", "better"),
        }
        assert set(tag) >= promised
        assert (tag["best_a"], tag["best_b"]) == (0.1, 0.3)
        assert (tag["final_a"], tag["nonfinite_a"], tag["nonfinite_b"]) == (None, 1, 1)

    def test_the_frame_has_a_row_a_tag(self, tmp_path: Path) -> None:
        a = write(tmp_path / "a", [(0, 0.1)])
        frame = tbtools.diff(a, a).to_frame()
        assert frame["tag"].tolist() == ["loss"]
        assert frame["first_difference_step"].isna().all()

    def test_a_notebook_is_told_whether_they_are_the_same(self, tmp_path: Path) -> None:
        a = write(tmp_path / "a", [(0, 0.1)], tag="<b>")
        html = tbtools.diff(a, a)._repr_html_()
        assert html.startswith("<p>the same</p>")
        assert "<b>" not in html


class TestLimits:
    @pytest.fixture
    def worse(self, tmp_path: Path) -> Any:
        a = write(tmp_path / "a", [(s, 2.0) for s in range(8)])
        b = write(tmp_path / "b", [(s, 2.1) for s in range(8)])
        return tbtools.diff(a, b)

    @pytest.mark.parametrize(
        ("limit", "broken"),
        [
            ("loss>+2%", True),
            ("loss>2%", True),
            ("loss > 6 %", False),
            ("lo*>+0.05", True),
            ("loss>+.2", False),
            ("loss<-1%", False),
            ("loss<+10%", True),
            ("loss>1e-3", True),
        ],
    )
    def test_they_are_kept_or_not(self, worse: Any, limit: str, broken: bool) -> None:
        found = violations(worse, parse_limits([limit]))
        assert bool(found) == broken
        if broken:
            assert found[0].tag == "loss"
            assert "loss: 2 -> 2.1 (+5.00%)" in found[0].message

    @pytest.mark.parametrize("text", ["loss", "loss>", ">2%", "loss=2", "loss>two", "loss>2%%"])
    def test_other_forms_are_refused(self, text: str) -> None:
        with pytest.raises(InvalidArgument, match=r"not of the form TAG>\+NUMBER"):
            parse_limits([text])

    def test_a_guard_of_a_tag_that_there_is_not_is_an_error(self, worse: Any) -> None:
        with pytest.raises(UnknownTag, match="val/loss"):
            violations(worse, parse_limits(["val/loss>+2%"]))

    def test_what_cannot_be_compared_keeps_to_no_limit(self, tmp_path: Path) -> None:
        a = write(tmp_path / "a", [(0, 1.0)])
        nan = write(tmp_path / "nan", [(0, NAN)])
        without = write(tmp_path / "without", [(0, 1.0)], tag="other")
        limits = parse_limits(["loss>+50%"])
        assert "b has no finite level" in violations(tbtools.diff(a, nan), limits)[0].message
        assert violations(tbtools.diff(a, without), limits)[0].message == "loss: only a has it"
        assert "a has no finite level" in violations(tbtools.diff(nan, a), limits)[0].message

    @pytest.mark.parametrize(
        ("limit", "message"),
        [
            # b is the same run, cut at step 9 of 39: 1 at its end, where a has come to 4.
            ("loss>+2%", "b ends at 9, a at 39: nothing is known of b's end; up to there"),
            ("end(loss)<-50%", "b ends at 9, a at 39"),
            ("final(loss)<0", "b ends at 9, a at 39"),
            ("best(loss)<-1", None),
            ("best(loss)>+2%", None),
            ("at(9, loss)>+1%", None),
            ("at(9, loss)<+1%", "loss: 3.1 -> 3.1 (+0.00%), limit at(9, loss)<+1%"),
            ("at(10, loss)>+1%", "loss: b has no finite value at step 10"),
        ],
    )
    def test_a_run_that_was_cut_short_passes_nothing_that_is_about_the_end(
        self, tmp_path: Path, limit: str, message: str | None
    ) -> None:
        points = [(step, 4 - step / 10) for step in range(40)]
        a, b = write(tmp_path / "a", points), write(tmp_path / "b", points[:10])
        result = tbtools.diff(a, b, at_steps=[9, 10])
        found = [each.message for each in violations(result, parse_limits([limit]))]
        if limit.startswith("best(loss)>"):
            message = "loss: 0.1 -> 3.1 (+3000.00%), limit best(loss)>+2%"
        assert len(found) == (message is not None)
        assert message is None or message in found[0]
        # The longer run passes what it keeps to.
        longer = tbtools.diff(b, a, at_steps=[9, 10])
        assert longer.runs[0].tags[0].shorter == "a"
        assert violations(longer, parse_limits(["loss>+2%", "final(loss)>0.2"])) == []

    @pytest.mark.parametrize(
        ("limit", "broken"),
        [
            ("best(loss)>0.9", True),
            ("best(loss)>1", False),
            ("best( loss ) > + 10 %", False),
            ("at( 5 , loss ) > - 10 %", True),
            ("final(loss)>2", True),
            ("last(loss)>3", False),
            ("final(loss)>+1", True),
            ("end(loss)>2.2", True),  # the mean of 1.5, 2, 3 and 2.5
            ("end(loss)>2.25", False),
            ("at(5, loss)>1.4", True),
            ("at(5, loss)>1.5", False),
            ("end(loss)>+10%", True),
            ("loss>2.2", True),
            ("loss>2.25", False),
            ("lo*<2.3", True),
        ],
    )
    def test_the_numbers_of_a_run_by_themselves(
        self, tmp_path: Path, limit: str, broken: bool
    ) -> None:
        values = [4.0, 3.0, 2.0, 1.0, 1.5, 2.0, 3.0, 2.5]
        a = write(tmp_path / "a", [(step, 1.0) for step in range(8)])
        b = write(tmp_path / "b", list(enumerate(values)))
        result = tbtools.diff(a, b, at_steps=[4, 5])
        limit = limit.replace("at(5", "at(4")
        assert bool(violations(result, parse_limits([limit]))) == broken

    @pytest.mark.parametrize(
        ("limit", "broken"),
        [
            ("acc<0.89", False),
            ("acc<0.8901", True),
            ("end(acc)<0.89", False),
            ("final(acc)<0.89", False),
            ("best(acc)<0.89", False),
            ("at(7, acc)<0.89", False),
            ("acc<-0.01", False),
            ("acc<-0.00999", True),
            ("final(acc)<-0.01", False),
            ("acc<-1%", True),
            ("acc<-0", True),
        ],
    )
    def test_what_float32_rounds_away_breaks_none(
        self, tmp_path: Path, limit: str, broken: bool
    ) -> None:
        """0.89 is 0.8899999856948853 as a float32, and 0.9 is 0.8999999761581421."""
        a = write(tmp_path / "a", [(step, 0.9) for step in range(8)], tag="acc")
        b = write(tmp_path / "b", [(step, 0.89) for step in range(8)], tag="acc")
        result = tbtools.diff(a, b, at_steps=[7])
        assert bool(violations(result, parse_limits([limit]))) == broken
        back = limit.replace("<", ">").replace("-", "+").replace("0.89", "0.9")
        broken = broken and "0.8901" not in limit
        assert bool(violations(tbtools.diff(b, a, at_steps=[7]), parse_limits([back]))) == broken

    def test_the_least_change_is_one(self, tmp_path: Path) -> None:
        more = float(np.nextafter(np.float32(0.9), np.float32(1)))
        a = write(tmp_path / "a", [(step, 0.9) for step in range(8)])
        b = write(tmp_path / "b", [(step, more) for step in range(8)])
        assert violations(tbtools.diff(a, b), parse_limits(["loss>+0"]))
        assert not violations(tbtools.diff(a, a), parse_limits(["loss>+0", "loss<-0"]))

    def test_a_run_that_is_missing_breaks_a_limit(self, tmp_path: Path) -> None:
        for name in ("a/x", "a/y", "b/x"):
            write(tmp_path / name, [(step, 1.0) for step in range(8)])
        [missing] = violations(
            tbtools.diff(tmp_path / "a", tmp_path / "b"), parse_limits(["loss>+2%"])
        )
        assert (missing.run, missing.tag, missing.message) == ("y", None, "run y: only a has it")

    def test_a_group_is_as_long_as_its_shortest_run(self, tmp_path: Path) -> None:
        for name, last in {"a1": 40, "a2": 40, "b1": 40, "b2": 12}.items():
            write(tmp_path / name, [(step, 1.0) for step in range(last)])
        groups = tbtools.diff(tmp_path, group=["a*", "b*"])
        assert (groups.runs[0].tags[0].end_a, groups.runs[0].tags[0].end_b) == (39, 11)
        [cut] = violations(groups, parse_limits(["loss>+2%"]))
        assert "b ends at 11, a at 39" in cut.message
        with pytest.raises(InvalidArgument, match="groups of runs are compared by TAG alone"):
            violations(groups, parse_limits(["best(loss)>2"]))

    def test_what_a_limit_cannot_ask(self, tmp_path: Path) -> None:
        a = write(tmp_path / "a", [(0, 1.0)], tag="thing")
        result = tbtools.diff(a, a)
        with pytest.raises(InvalidArgument, match="which way is better is not known of 'thing'"):
            violations(result, parse_limits(["best(thing)>2"]))
        with pytest.raises(InvalidArgument, match="diff was not asked for step 3"):
            violations(result, parse_limits(["at(3, thing)>2"]))
        with pytest.raises(InvalidArgument, match="has no step"):
            parse_limits(["at(thing)>2"])

    @pytest.mark.parametrize(("last", "shorter"), [(39, None), (38, "b"), (36, "b"), (41, "a")])
    def test_a_side_is_shorter_by_more_than_half_of_the_usual_distance(
        self, tmp_path: Path, last: int, shorter: str | None
    ) -> None:
        a = write(tmp_path / "a", [(10 * step, 1.0) for step in range(40)])
        b = write(tmp_path / "b", [(10 * step + 3, 1.0) for step in range(last + 1)])
        [tag] = tbtools.diff(a, b).runs[0].tags
        assert tag.shorter == shorter
        for time in ("wall", "relative", "active"):
            assert tbtools.diff(a, b, x=time).runs[0].tags[0].shorter == shorter

    def test_tags_with_relations_in_them(self, tmp_path: Path) -> None:
        [limit] = parse_limits(["a<b>/x>+5%"])
        assert (limit.tag, limit.relation, limit.bound) == ("a<b>/x", ">", 5.0)


class TestInputs:
    @pytest.fixture
    def logs(self, tmp_path: Path) -> Path:
        write(tmp_path / "logs" / "x", [(0, 1.0), (5, 2.0), (3, 3.0)])
        write(tmp_path / "logs" / "y", [(0, 1.0), (1, 2.0)])
        return tmp_path / "logs"

    def test_mappings_and_lists_of_runs(self, logs: Path) -> None:
        experiment = tbtools.load(logs)
        one_by_one = [{"x": experiment["x"]}, [experiment["x"]], experiment["x"], logs / "x"]
        for a in one_by_one:
            found = tbtools.diff(a, {"y": experiment["y"]})
            assert (found.b, one(found).count_b) == ("y", 2)
        assert tbtools.diff(dict(experiment), baseline="x").b == "y"
        groups = tbtools.diff({"x": experiment["x"]}, {"y": experiment["y"]}, group=["x", "y"])
        assert (groups.a, groups.b) == ("x", "y")

    def test_what_should_be_known_of_both_sides(self, logs: Path) -> None:
        builder = EventFileBuilder().scalars("loss", [(0, 1.0), (1, 2.0)]).corrupt_data_crc()
        builder.write(logs / "y" / "events.out.tfevents.1")
        for found in (
            tbtools.diff(logs / "x", logs / "y"),
            tbtools.diff(logs, baseline="x"),
            tbtools.diff(logs, group=["x", "y"]),
        ):
            assert [(each["side"], each["kind"]) for each in found.notes] == [
                ("a", "steps_go_back")
            ]
            assert [(each["side"], each["kind"]) for each in found.problems] == [("b", "bad_data")]
            for told in (found.to_dict(), found.to_frame().attrs):
                assert told["problems"] == list(found.problems)
                assert told["notes"] == list(found.notes)
                assert told["superseded"] == 0

    def test_nothing_to_compare_is_refused(self, logs: Path, tmp_path: Path) -> None:
        with pytest.raises(InvalidArgument, match="'x' is the only run"):
            tbtools.diff({"x": tbtools.load(logs)["x"]}, baseline="x")
        with pytest.raises(InvalidArgument, match="is for points, and groups"):
            tbtools.diff(logs, group=["x", "y"], rtol=0.1)
        with pytest.raises(InvalidArgument, match="atol='a' is not finite"):
            tbtools.diff(logs / "x", logs / "y", atol="a")  # type: ignore[arg-type]
        (tmp_path / "junk").mkdir()
        (tmp_path / "junk" / "events.out.tfevents.1").write_bytes(b"no event file" * 9)
        with pytest.raises(NoEventFiles):
            tbtools.diff(logs / "x", tmp_path / "junk")
        (tmp_path / "empty").mkdir()
        (tmp_path / "empty" / "events.out.tfevents.1").touch()
        with pytest.raises(NoEventFiles, match="no event could be read"):
            tbtools.diff(tmp_path / "empty", tmp_path / "empty")
        for x in ([], {}):
            with pytest.raises(InvalidArgument, match="no run is given"):
                tbtools.diff(x, logs)

    def test_runs_without_values_are_the_same(self, tmp_path: Path) -> None:
        for name in "ab":
            EventFileBuilder().file_version().write(tmp_path / name / "events.out.tfevents.1")
        found = tbtools.diff(tmp_path / "a", tmp_path / "b")
        assert found.identical
        assert (found.runs[0].points_a, found.runs[0].points_b) == (0, 0)
        EventFileBuilder().scalar("loss", 1, 0.5).write(tmp_path / "b" / "events.out.tfevents.2")
        found = tbtools.diff(tmp_path / "a", tmp_path / "b")
        assert one(found).only_in == "b"
        assert (found.runs[0].points_a, found.runs[0].points_b) == (0, 1)
        with pytest.raises(UnknownTag):
            tbtools.diff(tmp_path / "a", tmp_path / "a", tags="loss")

    def test_hyperparameters_are_points_as_in_a_summary(self, tmp_path: Path) -> None:
        with tbtools.EventFileWriter(tmp_path / "a") as writer:
            writer.add_scalar("loss", 0.5, 1)
            writer.add_text("note", "words", 1)
            writer.add_hparams({"lr": 0.1})
            writer.add_hparams_end("success")
        (found,) = tbtools.diff(tmp_path / "a", tmp_path / "a").runs
        assert found.points_a == found.points_b == 4
        assert tbtools.summarize(tmp_path / "a").runs[0].points == 4

    def test_damage_of_runs_without_a_twin_is_told(self, logs: Path, tmp_path: Path) -> None:
        builder = EventFileBuilder().scalar("loss", 1, 0.5).scalar("loss", 2, 0.5)
        builder.corrupt_data_crc().write(tmp_path / "b" / "lonely" / "events.out.tfevents.1")
        builder.write(tmp_path / "b" / "another" / "events.out.tfevents.1")
        found = tbtools.diff(logs, tmp_path / "b")
        assert [each["kind"] for each in found.problems] == ["bad_data", "bad_data"]
        (lonely,) = (run for run in found.runs if run.b == "lonely")
        assert (lonely.points_a, lonely.points_b) == (0, 1)

    def test_relative_time_counts_from_the_first_event_of_the_run(self, tmp_path: Path) -> None:
        for name, delay in (("a", 0.0), ("b", 10.0)):
            builder = EventFileBuilder().file_version(wall_time=START)
            for step in range(40):
                builder.scalar("loss", step, 40.0 - step, START + delay + step)
            builder.write(tmp_path / name / "events.out.tfevents.1")
        for x in ("relative", "relative_time"):
            told = one(tbtools.diff(tmp_path / "a", tmp_path / "b", x=x))
            assert (told.a.reaches_x, told.b.reaches_x) == (39.0, 49.0)
