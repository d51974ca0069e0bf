"""No warning of NumPy reaches the user: of wall times that are none, and of the greatest values.

Warnings are errors in the tests.
"""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tbtools
from tbtools.analysis.detect import detect_series
from tbtools.runs.series import ScalarSeries
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LARGEST = float(np.finfo(np.float64).max)
TIMES = {
    "plain": [START + step for step in range(60)],
    "not finite": [math.nan, math.inf, -math.inf, START] * 15,
    "endless": [math.inf] * 60,
    "huge": [LARGEST, -LARGEST, START, 1e300, -1e300] * 12,
}
VALUES = {
    "plain": [1 / (step + 1) for step in range(60)],
    "huge": [LARGEST, -LARGEST, 1.0] * 20,
    "growing": [10.0 ** (5 * step) for step in range(60)],
    "not finite": [math.nan, math.inf, -math.inf, 1.0] * 15,
}


def three_of(run: Path, out: Path) -> Path:
    """Three runs like one."""
    for name in "xyz":
        shutil.copytree(run, out / "accepted" / name)
    return out / "accepted"


FUNCTIONS: dict[str, Callable[[Path, Path], Any]] = {
    "aggregate": lambda logs, _: tbtools.aggregate(logs),
    "best": lambda logs, _: tbtools.best(logs, "loss"),
    "detect": lambda logs, _: tbtools.detect(logs),
    "diff": lambda logs, _: tbtools.diff(logs / "a", logs / "b"),
    "diff_against": lambda logs, out: tbtools.diff_against(logs / "a", three_of(logs / "b", out)),
    "compact": lambda logs, _: tbtools.compact(logs, thin=16),
    "edit": lambda logs, _: tbtools.edit(logs, scale_steps=2),
    "explain": lambda logs, _: tbtools.explain(logs / "a").to_dict(),
    "merge": lambda logs, _: tbtools.merge(logs / "a"),
    "plot": lambda logs, _: tbtools.plot(logs),
    "repair": lambda logs, _: tbtools.repair(logs),
    "report": lambda logs, out: tbtools.report(logs, out / "r.html"),
    "smooth": lambda logs, _: tbtools.smooth(logs),
    "summarize": lambda logs, _: tbtools.summarize(logs).to_dict(),
}


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_warns(name: str, times: str, values: str, tmp_path: Path) -> None:
    for run in ("a", "b"):
        for number in range(2):
            builder = EventFileBuilder().file_version()
            numbers = zip(TIMES[times], VALUES[values], strict=True)
            for step, (time, value) in enumerate(numbers):
                at = step + 30 * number
                builder.tensor_scalar("loss", at, value, "float64", wall_time=time + 1000 * number)
            builder.write(tmp_path / "logs" / run / f"events.out.tfevents.{number}")
    FUNCTIONS[name](tmp_path / "logs", tmp_path)


@pytest.mark.parametrize("tag", ["loss", "train/grad_norm", "kl", "activation"])
def test_values_so_small_that_a_part_of_them_is_none_have_no_warning(tag: str) -> None:
    smallest = float(np.finfo(np.float64).smallest_subnormal)
    values = np.array([smallest, 0.5, 1.0, 0.0] * 32)
    detect_series([ScalarSeries.from_arrays("run", tag, np.arange(128), values)])


TAGS = (
    *("loss", "train/loss", "val/loss", "eval/accuracy", "val/f1", "rollout/ep_rew_mean"),
    *("success_rate", "lr", "Loss/learning_rate", "grad_norm", "loss_scale", "clients/sampled"),
    *("speed", "explained_variance"),
)
LENGTHS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 16, 24, 30, 64, 200)
COURSES: tuple[Callable[[np.random.Generator, int], Any], ...] = (
    lambda _, n: np.zeros(n),
    lambda random, n: np.full(n, random.choice([1, 0.5, -1, 1e30, 5e-324])),
    lambda random, n: np.cumsum(random.random(n) < 0.3) / np.arange(1, n + 1),
    lambda random, n: np.exp(random.normal(0, random.choice([0.1, 3, 100]), n)),
    lambda random, n: random.normal(size=n).cumsum(),
    lambda _, n: 0.5 ** np.arange(n),
    lambda random, n: random.integers(-3, 3, n) * random.choice([1, 5e-324, 1e300]),
    lambda random, n: 1e-3 * 1.5 ** np.clip(random.integers(-1, 2, n).cumsum(), -8, 8),
    lambda random, n: np.concatenate([random.normal(size=n), np.full(9, 0.3)])[:n][::-1],
    lambda random, n: np.concatenate([[-1e5], random.normal(size=n)])[:n],
    lambda random, n: (random.random(n) < 0.1) * 1.0,
)


@pytest.mark.parametrize("part", range(10))
def test_runs_of_short_series_of_any_kind_have_no_warning(part: int) -> None:
    for seed in range(200 * part, 200 * part + 200):
        random = np.random.default_rng(seed)
        run = []
        for tag in random.choice(TAGS, random.integers(1, 6), replace=False):
            count = int(random.choice(LENGTHS))
            values = np.asarray(COURSES[random.integers(len(COURSES))](random, count), float)
            if count and random.random() < 0.2:
                values[random.integers(count, size=1 + count // 8)] = random.choice(
                    [np.nan, np.inf, 0]
                )
            steps = np.arange(count) * random.integers(1, 50)
            run.append(ScalarSeries.from_arrays("run", str(tag), steps, values))
        detect_series(run)
