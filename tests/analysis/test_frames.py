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
