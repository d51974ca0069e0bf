"""Runs judged by accepted ones: bands, verdicts, how often they are wrong, and what CI gets."""

from __future__ import annotations

import json
import math
import re
import statistics
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import numpy as np
import pytest

import tbtools
from tests.builders import EventFileBuilder
from tests.commands import ROOT, call, environment, process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

stats = pytest.importorskip("scipy.stats", reason="scipy says what is right")
FILE = "events.out.tfevents.1"
STEPS = 60


def write(path: Path, **series: Floats) -> Path:
    builder = EventFileBuilder().file_version()
    for tag, values in series.items():
        builder.scalars(tag.replace("__", "/"), [(10 * n, float(v)) for n, v in enumerate(values)])
    builder.write(path / FILE)
    return path


def curve(random: np.random.Generator, points: int = STEPS) -> Floats:
    return 2 * np.exp(-np.arange(points) / 20) + 1 + 0.02 * random.normal(size=points)


@pytest.fixture
def accepted(tmp_path: Path) -> Path:
    """Six runs of a loss that falls, an accuracy that rises, and a norm."""
    random = np.random.default_rng(1)
    for seed in range(6):
        values = curve(random)
        write(
            tmp_path / "accepted" / f"seed{seed}",
            loss=values,
            accuracy=4 - curve(random),
            norm=curve(random),
        )
    return tmp_path / "accepted"


def candidate(
    folder: Path, changed: str = "", change: Callable[[Floats], Floats] = np.copy
) -> Path:
    """A run like the accepted ones, but for one tag."""
    random = np.random.default_rng(99)
    series = {"loss": curve(random), "accuracy": 4 - curve(random), "norm": curve(random)}
    if changed:
        series[changed] = change(series[changed])
    return write(folder / "candidate", **series)


def since(first: int, change: float) -> Callable[[Floats], Floats]:
    return lambda values: values + np.where(np.arange(values.size) >= first, change, 0.0)


@pytest.mark.parametrize(
    ("tag", "change", "verdict", "step"),
    [
        ("", np.copy, "normal", None),
        ("loss", since(30, 0.5), "worse", 300),
        ("loss", since(30, -0.5), "better", 300),
        ("accuracy", since(30, -0.5), "worse", 300),
        ("accuracy", since(30, 0.5), "better", 300),
        ("norm", since(30, 0.5), "abnormal", 300),
        ("norm", since(30, -0.5), "abnormal", 300),
        ("loss", since(30, math.nan), "worse", 300),
        ("accuracy", since(59, math.inf), "worse", 590),
        ("loss", lambda values: values[:30], "short", None),
        ("loss", lambda values: values[:0], "missing", None),
    ],
)
def test_verdicts(
    accepted: Path,
    tmp_path: Path,
    tag: str,
    change: Callable[[Floats], Floats],
    verdict: str,
    step: int | None,
) -> None:
    found = tbtools.diff_against(candidate(tmp_path, tag, change), accepted)
    by_tag = {each.tag: each for each in found.tags}
    assert {each: by_tag[each].verdict for each in by_tag} == {
        each: verdict if each == tag else "normal" for each in ("accuracy", "loss", "norm")
    }
    assert by_tag[tag or "loss"].since_step == step
    assert found.is_normal == (verdict in ("normal", "better"))
    status = call("diff", str(tmp_path / "candidate"), "--against", str(accepted)).status
    assert status == (not found.is_normal)


@pytest.mark.parametrize(("tag", "verdict"), [("loss", "worse"), ("norm", "abnormal")])
def test_nan_at_steps_that_no_accepted_run_has(
    tag: str, verdict: str, accepted: Path, tmp_path: Path
) -> None:
    """A run that goes on longer, and fails there, is no better than they are."""

    better = 0.5 if tag == "loss" else 0.0

    def longer(values: Floats) -> Floats:
        return np.append(values - better, [values[-1], np.nan, np.nan])

    found = tbtools.diff_against(candidate(tmp_path, tag, longer), accepted)
    [one] = [each for each in found.tags if each.tag == tag]
    at = 10 * (STEPS + 1)
    assert (one.verdict, one.since_step, one.until_step, one.ongoing) == (
        verdict, at, at + 10, True,
    )  # fmt: skip
    assert f"nan at step {at}" in one.reason


def test_nan_at_the_end_is_usual_where_accepted_runs_have_it(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    for name in ("candidate", *(f"accepted/seed{seed}" for seed in range(6))):
        write(tmp_path / name, loss=np.append(curve(random), np.nan))
    [one] = tbtools.diff_against(tmp_path / "candidate", tmp_path / "accepted").tags
    assert one.verdict == "normal"


def test_one_place_by_hand(accepted: Path, tmp_path: Path) -> None:
    """The band at a step, from the sample's mean and deviation and Student's t by scipy."""
    values = np.random.default_rng(3).normal(size=7)
    for seed, value in enumerate(values[:6]):
        write(tmp_path / "one" / f"seed{seed}", loss=np.array([value]))
    run = write(tmp_path / "run", loss=np.array([40.0]))
    (tag,) = tbtools.diff_against(run, tmp_path / "one").tags
    sample = [float(np.float32(value)) for value in values[:6]]
    scale = statistics.stdev(sample) * math.sqrt(1 + 1 / 6)
    assert tag.z == pytest.approx((40 - statistics.mean(sample)) / scale, rel=1e-12)
    # One step and its mean at the end are one and the same place.
    limit = stats.t.isf(0.025, df=5)
    assert tag.limit == pytest.approx(limit, rel=1e-9)
    assert tag.curve is not None
    assert tag.curve.high[0] == pytest.approx(statistics.mean(sample) + limit * scale, rel=1e-9)
    assert tag.p_value == pytest.approx(1 / 7)


def walk(random: np.random.Generator) -> Floats:
    return 0.1 * random.normal(size=STEPS).cumsum() + random.normal()


def skewed(random: np.random.Generator) -> Floats:
    return np.exp(random.normal(size=STEPS) + random.normal())


def counted(random: np.random.Generator) -> Floats:
    return random.binomial(50, np.linspace(0.5, 0.95, STEPS)) / 50


@pytest.mark.parametrize("make", [curve, walk, skewed, counted])
@pytest.mark.parametrize("runs", [5, 12])
def test_false_alarms_are_as_rare_as_told(make: Callable[..., Floats], runs: int) -> None:
    """Of 150 runs like the accepted ones; 5 % are promised, and 9 % is three deviations more."""
    from tbtools.analysis.band import band_of

    random = np.random.default_rng(runs)
    alarms = 0
    for _ in range(150):
        curves = np.array([make(random) for _ in range(runs + 1)])
        alarms += band_of(curves[:-1], curves[-1], 0.05).outside.any()
    assert alarms / 150 <= 0.09


def test_what_is_called_detectable_is_found_four_times_in_five() -> None:
    from tbtools.analysis.band import band_of

    random = np.random.default_rng(4)
    samples = [random.normal(size=(8, 1)) for _ in range(400)]
    shifts = [band_of(sample, np.zeros(1), 0.05).detectable(0) for sample in samples]
    found = 0
    for _ in range(400):  # a shift in units of the true deviation, which the mean one estimates
        band = band_of(random.normal(size=(8, 1)), random.normal(size=1) + np.mean(shifts), 0.05)
        found += bool(abs(band.z[0]) > band.limit)
    assert found / 400 == pytest.approx(0.8, abs=0.08)


def test_the_limit_is_that_of_the_greatest_of_many_t() -> None:
    """Against the greatest |t| of simulated smooth curves: never below, and not far above."""
    from tbtools.analysis.band import limit_of, path_length

    random = np.random.default_rng(5)
    basis = np.cos(np.outer(np.arange(8), np.linspace(0, 3, 80)))
    basis /= np.sqrt((basis**2).sum(axis=0))
    greatest, lengths = [], []
    for _ in range(3000):
        curves = random.normal(size=(11, 8)) @ basis
        rest = curves[:-1] - curves[:-1].mean(axis=0)
        scale = np.sqrt((rest**2).sum(axis=0) / 9 * 1.1)
        greatest.append(np.abs((curves[-1] - curves[:-1].mean(axis=0)) / scale).max())
        lengths.append(path_length(rest))
    true = float(np.quantile(greatest, 0.95))
    limit = limit_of(float(np.mean(lengths)), 80, 9, 0.05)
    assert 0.97 * true < limit < 1.15 * true


def test_fewer_than_three_accepted_runs_and_none_in_common_are_refused(
    accepted: Path, tmp_path: Path
) -> None:
    run = candidate(tmp_path)
    with pytest.raises(tbtools.InvalidArgument, match="2 accepted runs say nothing"):
        tbtools.diff_against(run, [accepted / "seed0", accepted / "seed1"])
    with pytest.raises(tbtools.UnknownTag, match="reward"):
        tbtools.diff_against(run, accepted, tags="reward")
    lonely = write(tmp_path / "lonely", reward=np.ones(4))
    assert call("diff", str(lonely), "--against", str(accepted), "--tag", "reward").status == 2


def test_a_run_that_is_judged_is_none_of_the_accepted(accepted: Path) -> None:
    found = tbtools.diff_against(accepted / "seed3", accepted)
    assert found.accepted == ("seed0", "seed1", "seed2", "seed4", "seed5")


def test_what_lies_beside_the_accepted_runs_is_judged(accepted: Path, tmp_path: Path) -> None:
    candidate(tmp_path)
    found = tbtools.diff_against(tmp_path, accepted)
    assert {each.run for each in found.tags} == {"candidate"}
    assert len(found.accepted) == 6


def test_steps_that_are_not_shared_are_read_between_points(accepted: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(8)
    builder = EventFileBuilder().file_version()
    for number, value in enumerate(curve(random)):
        builder.scalar("loss", 10 * number + 5, float(value))
    builder.write(tmp_path / "between" / FILE)
    (tag,) = tbtools.diff_against(tmp_path / "between", accepted, tags="loss").tags
    assert (tag.verdict, tag.points, tag.last_step) == ("normal", STEPS - 1, 585)


@pytest.mark.parametrize("pattern", ["accepted", "accepted/seed*", "accepted/seed[0-4]"])
def test_accepted_runs_are_a_directory_or_a_glob(
    accepted: Path, tmp_path: Path, pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate(tmp_path)
    monkeypatch.chdir(tmp_path)
    shown = json.loads(call("diff", "candidate", "--against", pattern, "--format", "json").out)
    assert len(shown["accepted"]) == (5 if "[" in pattern else 6)
    none = call("diff", "candidate", "--against", "accepted/no*")
    assert none.status == 2
    assert "no*" in none.err


def test_what_ci_gets(accepted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = candidate(tmp_path, "loss", since(30, 0.5))
    random = np.random.default_rng(2)
    for folder in (run, *accepted.iterdir()):  # a stranger's name
        builder = EventFileBuilder().file_version()
        tag = "<b>&\x1b[31m|`]]>"
        builder.scalars(tag, list(enumerate(random.normal(size=20)))).write(folder / f"{FILE}0")
    monkeypatch.chdir(tmp_path)
    words = ["diff", "candidate", "--against", "accepted"]
    junit = ET.fromstring(call(*words, "--format", "junit").out)
    assert (junit.get("tests"), junit.get("failures")) == ("4", "1")
    (failure,) = junit.iter("failure")
    assert failure.get("type") == "worse"
    assert "since step 300" in (failure.text or "")
    (sarif,) = json.loads(call(*words, "--format", "sarif").out)["runs"]
    assert [each["ruleId"] for each in sarif["results"]] == ["worse"]
    (place,) = sarif["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"].startswith("candidate/")
    done = call(*words, "-o", "comment.md", "--report", "bands.svg")
    assert done.status == 1
    comment = (tmp_path / "comment.md").read_text()
    assert comment.startswith(
        "**unlike the accepted runs: candidate; 1 of 4 tags, from step 300 on**"
    )
    assert "(<bands.svg>)" in comment
    assert "<b>" not in call(*words, "--tag", "*b*", "--format", "markdown").out
    picture = ET.fromstring((tmp_path / "bands.svg").read_text())
    assert len(list(picture.iter("{http://www.w3.org/2000/svg}polygon"))) == 4
    assert {each.tag.rpartition("}")[2] for each in picture.iter()} <= {
        *("svg", "g", "text", "polygon", "polyline", "line"),
    }
    assert call(*words, "--report", "bands.svg").status == 2  # it is there


@pytest.mark.parametrize(
    "words",
    [["--x", "relative"], ["--rtol", "1"], ["--fail-on", "loss>1"], ["--baseline", "a"],
     ["--report", "page.html"], ["other"], ["--against", "logs/*", "--run", "a"]],
)  # fmt: skip
def test_options_of_other_comparisons_are_refused(words: list[str], accepted: Path) -> None:
    run = str(accepted / "seed0")
    assert call("diff", run, "--against", str(accepted), *words).status == 2
    assert call("diff", run, run, "--format", "junit").status == 2


def test_the_examples_work(accepted: Path, tmp_path: Path) -> None:
    workflow = (ROOT / "examples" / "training_regression.yml").read_text()
    lines = re.sub(r"\\\n\s*", "", workflow)
    commands = re.findall(r"tbtools (diff .*?)(?: \|\| true)?\n", lines)
    assert len(commands) == 3
    (tmp_path / "logs").mkdir()
    accepted.rename(tmp_path / "logs" / "accepted")
    candidate(tmp_path / "logs", "loss", since(30, 0.5))
    for command in commands:
        words = [each.strip("'") for each in command.replace("val/*", "loss").split()]
        assert process(*words, cwd=tmp_path).status == 1
    import subprocess
    import sys

    test = ROOT / "examples" / "test_training_regression.py"
    for run, status in (("candidate", 1), ("accepted/seed0", 0)):
        logs = {"CANDIDATE": f"logs/{run}", "ACCEPTED": "logs/accepted"}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)],
            cwd=tmp_path, env=environment(**logs), capture_output=True, check=False, text=True,
        )  # fmt: skip
        assert done.returncode == status, done.stdout
