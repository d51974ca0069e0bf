"""What does not look like seeds is said, and what does is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import EventFileBuilder
from tests.commands import call
from tests.sweeps import write_hparams

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.mark.parametrize("at", [[], ["--at", "last"]])
@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        ({"seed_1": {}, "seed_2": {}, "seed_10": {}}, None),
        ({"s1/eval": {}, "s2/eval": {}}, None),
        ({"Nov27_18-00-11_gpu1": {}, "Dec02_03-10-59_gpu1": {}}, None),
        ({"1k3x9z2q": {}, "9f0a7c1b": {}}, None),
        ({"lr=0.1_s1": {}, "lr=0.1_s2": {}}, None),
        ({"a,seed=one,b": {}, "a,seed=two,b": {}}, None),
        ({"r1": {"lr": 0.1, "seed": 1}, "r2": {"lr": 0.1, "seed": 2}}, None),
        ({"r1": {"exp.output_dir": "a"}, "r2": {"exp.output_dir": "b"}}, None),
        ({"baseline": {}, "diverged": {}}, "names differ in more than numbers: baseline, diverged"),
        ({"r1/train": {}, "r1/val": {}}, "names differ in more than numbers: r1/train, r1/val"),
        ({"lr=0.1_s1": {}, "lr=0.2_s1": {}}, "lr not the same in all names"),
        ({"r1": {"lr": 0.1}, "r2": {"lr": 0.2}}, "lr not the same in all"),
        ({"r1": {"lr": 0.1, "wd": 0.0}, "r2": {"lr": 0.1}}, "wd not the same in all"),
    ],
)
def test_runs_that_are_no_repeats(
    tmp_path: Path, runs: Mapping[str, Mapping[str, Any]], reason: str | None, at: list[str]
) -> None:
    for name, settings in runs.items():
        builder = EventFileBuilder().scalars("loss", [(0, 1.0), (1, 0.5)])
        if settings:
            write_hparams(builder, settings)
        builder.write(tmp_path / "logs" / name / "events.out.tfevents.1")
    result = call(
        "aggregate", str(tmp_path / "logs"), *at, "--format", "json", "-o", str(tmp_path / "o.csv")
    )
    assert result.status == 0
    told = [] if reason is None else [{"group": "all", "reason": reason}]
    assert json.loads(result.out)["unlike"] == told
    assert (f"all: may not be repeats of one run (--group): {reason}" in result.besides) == bool(
        told
    )
