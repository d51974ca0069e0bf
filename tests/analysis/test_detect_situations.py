"""Findings around the model in logs of many shapes, short ones too, and in logs that are sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import tbtools
from tests.analysis.machinery_courses import SICK, SOUND
from tests.analysis.machinery_situations import write

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {
    *("throughput", "learning_rate", "gradient", "loss_scale", "stall", "collapse", "explosion"),
}
# What says the same of a gradient.
ALSO = {"gradient": {"explosion"}, "collapse": {"gradient"}}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", SICK)
def test_what_goes_wrong_is_told_where_it_begins(tmp_path: Path, name: str, seed: int) -> None:
    kind, make = SICK[name]
    sessions, first, last = make(np.random.default_rng([seed, len(name)]))
    steps = write(tmp_path, sessions)
    told = [one for one in tbtools.detect(tmp_path) if one.kind in {kind, *ALSO.get(kind, ())}]
    right = range(steps[max(first, 0)], steps[min(last, len(steps) - 1)] + 1)
    assert any(one.onset_step in right for one in told), (right, told)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_is_not_told(tmp_path: Path, name: str, seed: int) -> None:
    write(tmp_path, SOUND[name](np.random.default_rng([seed, len(name)])))
    assert [one for one in tbtools.detect(tmp_path) if one.kind in KINDS] == []
