"""Tables that come from elsewhere: what stands in them is read as it is meant, or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import tbtools
from tbtools.errors import InvalidArgument

GOES_NAN = np.r_[np.linspace(2, 1, 30), np.full(10, np.nan)]
# A table with a gap somewhere has its steps as floats, as pandas.read_csv makes it.
STEPS = pd.Series(np.arange(100.0, 140.0))


@pytest.mark.parametrize(
    "given",
    [
        pd.DataFrame({"step": STEPS, "value": GOES_NAN}),
        pd.DataFrame({"step": STEPS.astype("Int64"), "value": pd.array(GOES_NAN, "Float64")}),
        pd.Series(GOES_NAN, index=STEPS),
        pd.Series(pd.array(GOES_NAN, "Float64"), index=STEPS),
        pd.DataFrame({"loss": GOES_NAN}, index=STEPS),
    ],
    ids=["floats", "nullable", "series", "nullable series", "wide"],
)
def test_steps_of_any_type_of_number(given: pd.DataFrame | pd.Series) -> None:
    [finding] = [each for each in tbtools.detect(given) if each.kind == "nonfinite"]
    assert (finding.onset_step, finding.last_good_step) == (130, 129)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (np.arange(40) / 10, "0.1"),
        (np.r_[0.0, np.nan, np.arange(38.0)], "nan"),
        (np.r_[0.0, np.inf, np.arange(38.0)], "inf"),
        (pd.date_range("2026-01-01", periods=40), "2026-01-01"),
        ([f"epoch {n}" for n in range(40)], "epoch 0"),
    ],
    ids=["epochs", "gap", "infinite", "dates", "texts"],
)
def test_steps_that_are_no_whole_numbers_are_refused(steps: object, said: str) -> None:
    wanted = f"the steps of 'loss' are no whole numbers: {said}.*reset_index"
    values = np.linspace(2, 1, 40)
    with pytest.raises(InvalidArgument, match=wanted):
        tbtools.detect(pd.Series(values, index=steps, name="loss"))  # type: ignore[call-overload]
    with pytest.raises(InvalidArgument, match=wanted):
        tbtools.detect(pd.DataFrame({"tag": "loss", "step": steps, "value": values}))
    with pytest.raises(InvalidArgument, match=wanted):
        tbtools.detect(pd.DataFrame({"loss": values}, index=steps))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (list("abc"), "holds no numbers: .*'a'"),
        ([1j, 2j, 3j], "holds complex128, no real numbers"),
        (pd.date_range("2026-01-01", periods=3), "holds datetime64.*, no real numbers"),
    ],
    ids=["texts", "complex", "dates"],
)
def test_values_that_are_no_numbers_are_refused(values: object, said: str) -> None:
    for given in (pd.Series(values, name="lr"), pd.DataFrame({"lr": values})):
        for analyse in (tbtools.detect, tbtools.smooth):
            with pytest.raises(InvalidArgument, match=f"^'lr' {said}"):
                analyse(given)
    with pytest.raises(InvalidArgument, match=f"^the Series {said}"):
        tbtools.detect(pd.Series(values))
    rows = {"step": range(3), "value": [3.0, 2.0, 1.0]}
    with pytest.raises(InvalidArgument, match=f"^'value' {said}"):
        tbtools.detect(pd.DataFrame({**rows, "value": values}))
    with pytest.raises(InvalidArgument, match=f"^'wall_time' {said}"):
        tbtools.detect(pd.DataFrame({**rows, "wall_time": values}))


class TestAColumnOfSteps:
    """A wide frame as a CSV file has it: a row a step, which is a column."""

    STEP = np.arange(0, 4000, 100)
    LOSS = np.r_[np.linspace(2, 1, 30), np.full(10, np.nan)]
    ACC = np.linspace(0.1, 0.9, 40)

    def test_it_tells_the_steps_and_is_no_tag(self) -> None:
        found = tbtools.detect(
            pd.DataFrame({"step": self.STEP, "loss": self.LOSS, "acc": self.ACC})
        )
        [finding] = [each for each in found if each.kind == "nonfinite"]
        assert (finding.run, finding.tag) == (".", "loss")
        assert (finding.onset_step, finding.last_good_step) == (3000, 2900)
        assert all(each.tag != "step" for each in (*found, *found.not_judged))

    def test_the_index_is_no_matter(self) -> None:
        whole = pd.DataFrame({"step": self.STEP, "loss": self.LOSS, "acc": self.ACC})
        part = whole[whole.index % 2 == 0]
        [finding] = [each for each in tbtools.detect(part) if each.kind == "nonfinite"]
        assert finding.onset_step == 3000

    def test_sparse_rows(self) -> None:
        evaluated = np.where(np.arange(40) % 4 == 0, self.ACC, np.nan)
        frame = pd.DataFrame({"step": self.STEP, "loss": self.ACC[::-1], "val/acc": evaluated})
        assert not [each for each in tbtools.detect(frame) if each.kind == "nonfinite"]

    def test_runs_and_wall_times_beside_it(self) -> None:
        sound = pd.DataFrame({"step": self.STEP, "loss": self.ACC[::-1], "run": "sound"})
        broken = pd.DataFrame({"step": self.STEP, "loss": self.LOSS, "run": "broken"})
        frame = pd.concat([sound.assign(acc=self.ACC), broken], ignore_index=True)
        frame["wall_time"] = 1.7e9 + frame["step"]
        [finding] = [each for each in tbtools.detect(frame) if each.kind == "nonfinite"]
        assert (finding.run, finding.tag, finding.onset_step) == ("broken", "loss", 3000)
        assert finding.onset_time == 1.7e9 + 3000

    def test_beside_an_index_of_that_name_it_is_a_tag(self) -> None:
        index = pd.Index(self.STEP, name="step")
        frame = pd.DataFrame({"step": np.arange(40), "loss": self.LOSS}, index=index)
        [finding] = [each for each in tbtools.detect(frame) if each.kind == "nonfinite"]
        assert finding.onset_step == 3000
        assert [each.tag for each in tbtools.detect(frame).not_judged] == ["step"]

    @pytest.mark.parametrize("method", ["ema", "time_weighted_ema"])
    def test_smoothing_leaves_it_as_it_is(self, method: str) -> None:
        step = self.STEP**2  # not even
        one = pd.DataFrame({"run": "a", "step": step, "acc": self.ACC})
        frame = pd.concat([one, one.assign(run="b", acc=self.LOSS)], ignore_index=True)
        smoothed = tbtools.smooth(frame, 0.9, method)  # type: ignore[arg-type]
        for run, values in (("a", self.ACC), ("b", self.LOSS)):
            expected = tbtools.smooth(pd.Series(values, index=step), 0.9, method)  # type: ignore[arg-type]
            part = smoothed[smoothed["run"] == run]
            assert part["step"].tolist() == step.tolist()
            np.testing.assert_array_equal(part["acc"], expected)
